"""The columns of the questions as a page shows them: what each is called, how its values are written, where they lead.

JSON and CSV have the names and values of the SQL; what a tampered file has in place of a value is shown as it is.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from markupsafe import Markup

from sqlite_utils_personalization.catalogue.rule_names import rule_name
from sqlite_utils_personalization.formula.declared import noted_reason
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.language import message_of, pgettext
from sqlite_utils_personalization.model.kinds import TYPES
from sqlite_utils_personalization.viewer.formats import (
    NONE,
    capital,
    channel_name,
    hash_short,
    moment,
    number,
    tag,
    type_name,
    yen,
)
from sqlite_utils_personalization.viewer.links import Links
from sqlite_utils_personalization.viewer.pages.customer import verdict_tags
from sqlite_utils_personalization.viewer.pages.money import (
    class_name,
    source_names,
    state_names,
)

# Numbers that name something, and are not counted.
_IDS = {
    *("rec_id", "first_rec_id", "last_rec_id", "profile_id", "run_id", "run_id_before"),
    *("run_id_after", "candidate_id", "seal_id", "sealed_by", "delivery_id", "number", "status"),
}
_HASHES = {"model_sha256", "root", "tree_root", "delivery_key", "user_token_hash"}
# Columns that are read as a text, and not as a figure or a name.
_WIDE = {"title", "reason", "sentence", "finding", "sources", "item_facts_from"}


class Cell(NamedTuple):
    """A value as it is shown, where it leads, its class, and whether it is a title or a sentence in English."""

    text: Any
    url: str = ""
    css: str = "w"
    kind: str = ""


def css_of(column: str) -> str:
    """The class of a column: that of figures, of texts, or of names."""
    if column in _WIDE:
        return "pa-wide"
    return "n" if column in _IDS or is_figure(column) else "w"


def is_figure(column: str) -> bool:
    """Whether its values are amounts or counts."""
    return column.endswith(("_yen", "_points", "_quantity")) or column in _FIGURES


_FIGURES = {
    *TYPES,
    *("again", "profiles", "rejected", "logged", "left_out_items", "top_k", "rank", "score"),
    *("runs", "rank_before", "rank_after", "score_before", "score_after", "days_left", "lead_days"),
    *("declared_deadline_horizon_days", "cap", "recomputed_score", "rec_ids", "rows_planned"),
    *("rows_in_evidence", "rows_sealed", "leaves", "deliveries", "charged", "reversed", "rows"),
}


def cell(links: Links, row: Mapping[str, Any], column: str) -> Cell:
    """One value of a row."""
    value, css = row[column], css_of(column)
    if value is None:
        return Cell(NONE, css=css)
    url = _url(links, row, column)
    if column == "title":
        return Cell(value, url, css, "title")
    return Cell(text_of(column, value), url, css)


def text_of(column: str, value: Any) -> Markup | str:
    """The value of a column as a person reads it."""
    if not isinstance(value, str):
        return yen(value) if column.endswith("_yen") else _figure(column, value)
    if column.endswith("_at"):
        return moment(value)
    if column in _HASHES:
        return hash_short(value)
    if column == "verdict" and value in verdict_tags():
        return tag(*verdict_tags()[value])
    say = _SAID.get(column)
    return say(value) if say else value


def _figure(column: str, value: Any) -> str:
    return str(value) if column in _IDS else number(value)


def _url(links: Links, row: Mapping[str, Any], column: str) -> str:
    value = row[column]
    if isinstance(value, int):
        if column in ("rec_id", "first_rec_id", "last_rec_id"):
            return links.recommendation(value)
        if column == "profile_id":
            return links.customer(value)
        if column in ("run_id", "run_id_before", "run_id_after"):
            return links.night(value)
    elif column in _NIGHTS:
        return links.night(row.get(_NIGHTS[column]) or value)
    elif column in ("title", "item_id"):
        kind, item_id = row.get("recommendation_type"), row.get("item_id")
        night = row.get("run_id") or row.get("run_id_after")
        return links.item(kind, item_id, night=night) if kind in TYPES and item_id else ""
    elif column == "period":
        return links.money(value[:7])
    elif column == "month":
        return links.money(value)
    elif column == "class" and row.get("month"):
        return links.money(row["month"], value.replace(" ", "-"))
    return ""


# Days of nights, and the column with the run, where there is one.
_NIGHTS = {"as_of": "run_id", "as_of_before": "run_id_before", "as_of_after": "run_id_after"}


def _of(names: Callable[[], Mapping[str, str]]) -> Callable[[str], str]:
    return lambda value: names().get(value, value)


def _changes() -> dict[str, str]:
    return {
        "new": pgettext("change", "new"),
        "gone": pgettext("change", "gone"),
        "up": pgettext("change", "up"),
        "down": pgettext("change", "down"),
        "score": pgettext("change", "other score"),
    }


def _states() -> dict[str, str]:
    return {
        "finished": pgettext("night", "finished"),
        "running": pgettext("night", "running"),
        "unknown": pgettext("night", "unknown"),
    }


def _closings() -> dict[str, str]:
    return {
        "dated": pgettext("closing", "dated"),
        "rolling": pgettext("closing", "open all year"),
        "unknown": pgettext("closing", "unknown"),
    }


def _reasons() -> dict[str, str]:
    """Of a change of a list, and of nothing on it."""
    return {
        "model or top_k changed": _("the model or the length of the lists changed"),
        "not a customer yet": _("not a customer yet"),
        "erased": _("erased"),
        "no longer a customer": _("no longer a customer"),
        "rejected on one of the nights": _("the declaration was rejected on one of the nights"),
        "declaration changed": _("the declaration changed"),
        "handed over before": _("handed over before"),
        "dismissed or applied for": _("dismissed or applied for"),
        "no longer kept back": _("no longer kept back"),
        "closes too soon": _("closes too soon"),
        "days passed, or the rest of the list changed": _(
            "days passed, or the rest of the list changed"
        ),
        "rejected": _("the declaration was rejected"),
        "gone during the night": _("gone during the night"),
        "nothing declared": _("nothing was declared that earns points"),
        "nothing earned a point": _("no open item earned a point"),
    }


def _findings() -> dict[str, str]:
    """Of the questions about evidence."""
    return {
        "no more up to last_rec_id, and the log goes on - ask again with after": _(
            "no more up to the last row of this page, and the log goes on"
        ),
        "sealed as rows of other programs": _("sealed as rows of other programs"),
        "not sealed yet - the next night seals them": _(
            "not sealed yet: the next night seals them"
        ),
        "evidence is missing - run personalization-verify": _(
            "evidence is missing: run personalization-verify"
        ),
        "not finished - run personalization-score for this night again": _(
            "not finished: run personalization-score for this night again"
        ),
        "its seal is missing": _("its seal is missing"),
        "its seal does not follow from the one before it": _(
            "its seal does not follow from the one before it"
        ),
        "the run is not the one that was sealed": _("the run is not the one that was sealed"),
        "the evidence is not what was sealed": _("the evidence is not what was sealed"),
        "the log ends before what was sealed": _("the log ends before what was sealed"),
        "nothing wrong at a glance": _("nothing wrong at a glance"),
    }


def _reason(value: str) -> str:
    # Those of a reconciled row, and of a catalogue that changed, are in the catalogues themselves.
    return _reasons().get(value) or noted_reason(value)


def _sources(value: str) -> str:
    try:
        found = dict(json.loads(value))
    except (ValueError, TypeError):
        return value
    sources, states = source_names(), state_names()
    return " · ".join(
        _("{name}: {value}", name=sources.get(name, name), value=states.get(state, state))
        for name, state in found.items()
    )


_SAID: dict[str, Callable[[str], str]] = {
    "recommendation_type": type_name,
    "channel": channel_name,
    "rule": rule_name,
    "class": class_name,
    "customer": _of(lambda: {"erased": _("erased")}),
    "change": _of(_changes),
    "state": _of(_states),
    "closing": _of(_closings),
    "item_closing": _of(_closings),
    "reason": _reason,
    "sentence": noted_reason,
    "finding": _of(_findings),
    "sources": _sources,
    "declared_risk_tolerance": message_of,
    "item_risk_level": message_of,
    "item_industries": message_of,
    "item_prefectures": message_of,
}


def column_name(column: str) -> str:
    """What a column is called in the language that is spoken."""
    if column in TYPES:
        return capital(type_name(column))
    return {**_of_recommendations(), **_of_nights(), **_of_money()}.get(column, column)


def _of_recommendations() -> dict[str, str]:
    return {
        "rec_id": _("Recommendation"),
        "profile_id": _("Customer"),
        "customer": _("Hash"),
        "user_token_hash": _("Hash of the key"),
        "recommendation_type": _("Type"),
        "item_id": _("Item id"),
        "candidate_id": _("Version"),
        "title": _("Title"),
        "rank": _("Place"),
        "score": _("Score"),
        "verdict": _("Verdict"),
        "recomputed_score": _("Score recomputed"),
        "cap": _("Cap"),
        "change": pgettext("column", "Change"),
        "reason": _("Reason"),
        "sentence": _("In detail"),
        "rule": _("Rule"),
        "rank_before": _("Place before"),
        "rank_after": _("Place after"),
        "score_before": _("Score before"),
        "score_after": _("Score after"),
        "declared_industries": _("Industries declared"),
        "declared_prefecture": _("Prefecture declared"),
        "declared_deadline_horizon_days": _("Deadline declared (days)"),
        "declared_risk_tolerance": _("Risk declared"),
        "item_industries": _("Industries of the item"),
        "item_prefectures": _("Prefectures of the item"),
        "item_closes_on": _("Closes"),
        "item_closing": _("Closing"),
        "item_risk_level": _("Risk of the item"),
        "item_facts_from": _("Where it was read"),
        "industry_points": _("Points: industry"),
        "deadline_points": _("Points: deadline"),
        "risk_points": _("Points: risk"),
        "days_left": _("Days left"),
        "lead_days": _("Days of notice"),
        "opens_on": _("Opens"),
        "closes_on": _("Closes"),
        "closing": _("Closing"),
        "last_updated_at": _("Declared last"),
    }


def _of_nights() -> dict[str, str]:
    return {
        "run_id": _("Run"),
        "run_id_before": _("Run before"),
        "run_id_after": _("Run after"),
        "as_of": _("Night"),
        "as_of_before": _("Night before"),
        "as_of_after": _("Night after"),
        "again": _("Again"),
        "runs": _("Runs"),
        "state": _("State"),
        "profiles": _("Customers"),
        "rejected": _("Rejected"),
        "logged": _("Recommendations"),
        "left_out_items": _("Items left out"),
        "top_k": _("Places"),
        "served_at": _("Logged"),
        "finished_at": _("Finished"),
        "model_sha256": _("Model"),
        "package_version": _("Version of the package"),
        "first_rec_id": _("First row"),
        "last_rec_id": _("Last row"),
        "rec_ids": _("Rows"),
        "first_served_at": _("First logged"),
        "last_served_at": _("Last logged"),
        "sealed_by": _("Seal"),
        "seal_id": _("Seal"),
        "finding": _("Finding"),
        "rows_planned": _("Rows planned"),
        "rows_in_evidence": _("Rows in the evidence"),
        "rows_sealed": _("Rows sealed"),
        "leaves": _("Leaves"),
        "root": _("Root"),
        "tree_root": _("Head"),
    }


def _of_money() -> dict[str, str]:
    return {
        "period": _("Period"),
        "first_day": _("First day"),
        "last_day": _("Last day"),
        "month": _("Month"),
        "class": _("Class"),
        "rows": _("Rows"),
        "number": _("Number"),
        "channel": _("Channel"),
        "slot": _("Slot"),
        "status": _("Status"),
        "deliveries": _("Deliveries"),
        "charged": _("Charged"),
        "reversed": _("Taken back"),
        "owed_yen": _("Owed"),
        "metered_yen": _("Metered"),
        "invoiced_yen": _("Invoiced"),
        "usage_quantity": _("Quantity metered"),
        "stripe_quantity": _("Quantity in Stripe"),
        "sources": _("Sources"),
        "reconciled_at": _("Reconciled"),
        "decided_at": _("Decided"),
        "delivered_at": _("Delivered"),
        "recorded_at": _("Delivery recorded"),
        "reversed_at": _("Taken back at"),
        "metered_at": _("Metered at"),
        "metered_recorded_at": _("Metering recorded"),
        "delivery_id": _("Delivery"),
        "delivery_key": _("Key of the delivery"),
    }
