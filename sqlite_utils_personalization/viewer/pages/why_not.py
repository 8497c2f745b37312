"""The page that says why an item was not recommended to a customer on a night: the form, and the answer under it."""

import sqlite3
from collections.abc import Mapping
from typing import Any

from sqlite_utils_personalization.audit.why_not import is_missing
from sqlite_utils_personalization.audit.why_not import why_not as answer
from sqlite_utils_personalization.errors import PersonalizationError, capitalize, sentence
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.model.kinds import TYPES
from sqlite_utils_personalization.viewer.failure import Failure
from sqlite_utils_personalization.viewer.formats import type_name
from sqlite_utils_personalization.viewer.pages.asked_about import (
    CUSTOMER,
    find_customer,
    find_items,
)
from sqlite_utils_personalization.viewer.pages.audit_page import AuditPage, Found, fields
from sqlite_utils_personalization.viewer.pages.described import declared_facts, item_facts
from sqlite_utils_personalization.viewer.pages.named_rows import named_rows
from sqlite_utils_personalization.viewer.pages.parameters import (
    NEWEST_NIGHTS,
    NIGHT,
    PageParameter,
    night_choices,
    one_of,
    words,
)
from sqlite_utils_personalization.viewer.pages.readable import readable
from sqlite_utils_personalization.viewer.pages.served_items import find_night
from sqlite_utils_personalization.viewer.pages.trust import trust

# Every other value of what was declared is tried.
_LIMIT_MS = 3_000


@readable
def read(db: sqlite3.Connection, found: Found) -> dict[str, Any]:
    """answer, as personalization-why-not --json has it, or None where something is missing or has to be chosen; its
    nearest is looked for only with nearest=on.

    choices are the items that are meant perhaps, matches how many there are, nights the newest runs to choose from,
    and findings those of the last verification that touch the answer.
    """
    asked = found.asked
    data: dict[str, Any] = {
        "answer": None,
        "choices": [],
        "matches": 0,
        "findings": [],
        "nights": named_rows(db, NEWEST_NIGHTS, {}),
    }
    if not (asked["customer"] and asked["item"]):
        return data
    night = find_night(db, asked["night"])
    if night is None:
        text = _("No night of {value} was scored.", value=asked["night"] or "-")
        raise _unknown(found, "night", _("No such night"), text)
    profile_id = find_customer(db, asked["customer"], night.run_id)
    if profile_id is None:
        text = _(
            "There is no customer {value}, or several whose hash begins so.",
            value=asked["customer"],
        )
        raise _unknown(found, "customer", _("No such customer"), text)
    items, matches = find_items(db, night.run_id, profile_id, asked["item"], asked["type"])
    if matches > 1:
        return data | {"choices": items, "matches": matches}
    item_id, kind = asked["item"], asked["type"]
    if items:
        item_id, kind = items[0]["item_id"], items[0]["recommendation_type"]
    try:
        why = answer(
            db, profile_id, item_id, night.run_id, kind, with_nearest=asked["nearest"] == "on"
        )
    except PersonalizationError as error:
        title = _("It cannot be told")
        raise Failure(409, title, sentence(error.what), sentence(error.todo)) from error
    tables = {"am_personalization_run", "am_personalization_candidate"}
    touched = trust(db, found.record_file).touching(
        run_ids={night.run_id},
        rec_ids=set() if why.rec_id is None else {why.rec_id},
        tables=tables if why.reason == "evidence differs" else (),
    )
    return data | {"answer": why.to_dict(), "matches": matches, "findings": touched}


@readable
def show(found: Found, data: dict[str, Any]) -> dict[str, Any]:
    """The form with its choices, and the answer in words."""
    links, why = found.links, data["answer"]
    texts = {name: value for name, value in found.asked.texts.items() if name != "after"}
    title = _("Why was it not recommended?")
    return {
        "title": title,
        "crumbs": [(_("Overview"), links.home()), (title, "")],
        "nearest_url": why
        and is_missing(why["reason"])
        and found.asked["nearest"] != "on"
        and links.why_not(**{**texts, "nearest": "on"}),
        "form": _form(found, data["nights"]),
        "here_url": links.why_not().partition("?")[0],
        "why": why,
        "heading": why and heading(why["reason"]),
        "would": why and found.asked["nearest"] == "on" and _would(why),
        "declared": declared_facts(why and why["declared"]),
        "item": item_facts(why["recommendation_type"], why["item"]) if why else [],
        "item_url": why
        and why["recommendation_type"]
        and why["title"]
        and links.item(why["recommendation_type"], why["item_id"], night=why["run_id"]),
        "choice_url": lambda one: links.why_not(
            **{**texts, "item": one["item_id"], "type": one["recommendation_type"]}
        ),
        "search_url": links.search(q=found.asked["item"]) if found.asked["item"] else "",
    }


def heading(reason: str) -> str:
    """A reason of audit/why_not.py as a heading."""
    names = {
        "recommended": _("It was recommended"),
        "not eligible": _("It was not open to this customer"),
        "left out": _("It was left out of the catalogue"),
        "no points": _("It had no points for this customer"),
        "same programme": _("Another round of the same programme stands for it"),
        "handed over before": _("It had been handed over before"),
        "below the cut": _("Others ranked before it"),
        "not in the catalogue": _("It was not in the catalogue of that night"),
        "not scored": _("Nothing was recommended to this customer"),
        "not a customer": _("The customer was not there that night"),
        "evidence differs": _("What is stored does not explain it"),
    }
    return names.get(reason, reason)


def _would(why: Mapping[str, Any]) -> str:
    """What would have brought it in, where something might have."""
    if near := why["nearest"]:
        return _(
            "{change}: then place {place} with {points} points",
            change=near["sentence"],
            place=near["rank"],
            points=near["points"],
        )
    return _("no single change of what was declared") if is_missing(why["reason"]) else ""


def _form(found: Found, nights: list[dict[str, Any]]) -> list[dict[str, Any]]:
    shown = [one for one in fields(PAGE.parameters, found.asked) if one["name"] != "nearest"]
    choices = night_choices(nights, found.asked.texts.get("night", ""), _("the latest"))
    for field in shown:
        if field["name"] == "night":
            field["choices"] = choices
    return shown


def _unknown(found: Found, name: str, title: str, text: str) -> Failure:
    texts = {key: value for key, value in found.asked.texts.items() if key != name}
    return Failure(
        404,
        title,
        text,
        capitalize(_("give another, or look for it:")),
        {
            _("Ask again"): found.links.why_not(**texts),
            _("Search"): found.links.search(q=found.asked[name]),
        },
    )


PAGE = AuditPage(
    "why_not",
    "/why-not",
    read,
    show,
    (
        CUSTOMER,
        PageParameter(
            "type",
            one_of(*TYPES),
            lambda: _("Type of item"),
            choices=lambda: [("", _("any")), *((kind, type_name(kind)) for kind in TYPES)],
        ),
        PageParameter("item", words, lambda: _("Item (id, or words of its title)")),
        NIGHT,
        PageParameter("nearest", one_of("on"), lambda: _("Nearest change")),
    ),
    "overview",
    at_least_ms=lambda found: _LIMIT_MS,
)
