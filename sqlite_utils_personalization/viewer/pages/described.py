"""What was declared and what an item was, as a page shows it: a label and a text for each fact, from their JSON."""

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from sqlite_utils_personalization.catalogue.candidate import UNDATED, Candidate
from sqlite_utils_personalization.formula.descriptions import describe_declared, describe_item
from sqlite_utils_personalization.model.kinds import Declared
from sqlite_utils_personalization.viewer.formats import capital, fact_text


def declared_facts(declared: Mapping[str, Any] | None) -> list[tuple[str, Markup]]:
    """What Declared.to_dict() gave, in words; nothing of None."""
    if not declared:
        return []
    found = describe_declared(Declared.from_dict(declared))
    return [(capital(fact.label), fact_text(fact)) for fact in found]


def item_facts(kind: str, item: Mapping[str, Any] | None) -> list[tuple[str, Markup]]:
    """What inputs_dict() of audit/replay_result.py gave of an item of this type, in words; nothing of None."""
    if not item:
        return []
    found = describe_item(candidate_of(kind, item), item["days_left"])
    return [(capital(fact.label), fact_text(fact)) for fact in found.values()]


def candidate_of(kind: str, item: Mapping[str, Any]) -> Candidate:
    """The candidate that this JSON is of."""
    given = {name: item[name] for name in Candidate._fields if name in item}
    rolling = next((key for key, name in UNDATED.items() if name == item["closing"]), None)
    return Candidate(
        **{**given, "recommendation_type": kind, "rolling": rolling, "left_out": item.get("rule")}
    )
