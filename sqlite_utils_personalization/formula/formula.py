"""The formula as SQL text: `formula.sql` is its only statement, this module the only reader.

The night, the replay view, replay and verification all splice these expressions over the same aliases
r (run), k (cohort) and c (candidate), so none of them can disagree with another. Likewise `evidence_link.sql`, the way
from a log row l to what it was decided from: t (list), r, k, d (decision) and c.
"""

import re
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from sqlite_utils_personalization.model.kinds import POINTS, TYPES, listed

# Whether candidate c is an item, and not what stands for a type that nothing lists.
IS_ITEM = """substr(c.why, 1, 12) <> '{"wildcard":' AND c.candidate_id IS NOT NULL"""
# Lists of terms, for ORDER BY.
_ORDERS = ("tie_order", "rank_order")
_HEADING = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


class Reads(NamedTuple):
    """What a component depends on: declared columns, columns of the item, and the days left until it closes."""

    declared: tuple[str, ...]
    item: tuple[str, ...]
    days_left: bool


@cache
def expressions(computed: tuple[str, ...] = ()) -> dict[str, str]:
    """Every named expression of the formula, each complete in itself; read-only.

    Those named in computed are taken for columns of the query, and cost nothing to repeat.
    """
    found: dict[str, str] = {}
    for name, body in _bodies().items():
        grouped = {
            earlier: sql if earlier in _ORDERS else f"({sql})" for earlier, sql in found.items()
        }
        found[name] = name if name in computed else " ".join(body.split()).format(**grouped)
    return found


def splice(sql: str, computed: tuple[str, ...] = ()) -> str:
    """Return sql with each {name} replaced by that expression of the formula.

    {evidence_link}, {rank_order} and the lists of kinds.py stand for their text: {decided_points} as columns,
    {points_as_decided} as a condition, both over d, {types} as texts.

    Example:

        splice("select {score} from run r, cohort k, candidate c")
    """
    found = expressions(computed)
    # A list in parentheses would be a row value.
    grouped = {name: text if name in _ORDERS else f"({text})" for name, text in found.items()}
    return sql.format(**grouped, **_lists(tuple(found[name] for name in POINTS)))


@cache
def reads(component: str) -> Reads:
    """What the points of one of COMPONENTS depend on, in the order in which the formula names it."""
    text = expressions()[f"{component}_points"]
    declared, item = (tuple(dict.fromkeys(re.findall(rf"\b{of}\.(\w+)", text))) for of in "kc")
    return Reads(declared, item, "{days_left}" in _bodies()[f"{component}_points"])


def replay_view() -> str:
    """The view v_personalization_replay, which 900 carries word for word; read-only."""
    return splice(_text("replay_view.sql")).strip()


def evidence_link() -> str:
    """The joins from a log row l to its evidence; where one leads nowhere, what follows is NULL."""
    return _text("evidence_link.sql").strip()


@cache
def _bodies() -> dict[str, str]:
    _, *parts = _HEADING.split(_text("formula.sql"))
    caps = " ".join(f"WHEN '{kind}' THEN r.{kind}_cap" for kind in TYPES)
    found = {}
    for name, body in zip(parts[::2], parts[1::2], strict=True):
        if name == "score":
            found["points"] = " + ".join(f"{{{component}}}" for component in POINTS)
            found["cap"] = f"CASE c.recommendation_type {caps} END"
        found[name] = body
    return found


@cache
def _lists(points: tuple[str, ...]) -> dict[str, str]:
    as_decided = (f"d.{name} = ({text})" for name, text in zip(POINTS, points, strict=True))
    return {
        "evidence_link": evidence_link(),
        "decided_points": listed(POINTS, "d.", ",\n    "),
        "points_as_decided": "\n            AND ".join(as_decided),
        "types": ", ".join(f"'{kind}'" for kind in TYPES),
    }


@cache
def _text(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
