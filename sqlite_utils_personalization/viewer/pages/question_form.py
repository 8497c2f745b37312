"""The form of a question: a field for each parameter, with what there is to choose from in the file, and its labels."""

import re
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from sqlite_utils_personalization.billing.reconcile.classes import CLASSES
from sqlite_utils_personalization.catalogue.rule_names import rule_name
from sqlite_utils_personalization.database import has_table
from sqlite_utils_personalization.errors import sentence
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.language import pgettext
from sqlite_utils_personalization.model.kinds import TYPES
from sqlite_utils_personalization.viewer.formats import month, type_name
from sqlite_utils_personalization.viewer.pages.audit_page import Found, fields
from sqlite_utils_personalization.viewer.pages.money import class_name
from sqlite_utils_personalization.viewer.pages.named_rows import named_rows
from sqlite_utils_personalization.viewer.pages.parameters import (
    COLS,
    MOST_NIGHTS,
    NEWEST_NIGHTS,
    PageParameter,
    Wrong,
    night_choices,
    one_of,
    size,
    whole,
)
from sqlite_utils_personalization.viewer.queries.lookups import rules
from sqlite_utils_personalization.viewer.queries.parameters import WrongParameter, read_text
from sqlite_utils_personalization.viewer.queries.queries import Parameter, Question

# Rows of a page, where nothing else is asked for.
SIZE = 20
_MONTHS = """
SELECT DISTINCT month FROM am_personalization_reconciliation ORDER BY month DESC LIMIT 100
"""
# What is told by the links of a page, and by no field of its form.
_UNSEEN = ("after", "seen", "full")
# A hash or a key that was pasted is not shown again.
_LONGEST_CUSTOMER = 16


def told(wrong: WrongParameter) -> str:
    """What is wrong and what to do, below a field."""
    return _("{what} {todo}", what=sentence(wrong.what), todo=sentence(wrong.todo))


def choices(question: Question, db: sqlite3.Connection) -> dict[str, list[Any]]:
    """What the selects of the form have that depends on the file: nights, months kept, rules; by type of parameter."""
    kinds = {one.type for one in question.parameters}
    found: dict[str, list[Any]] = {}
    if kinds & {"night", "whole_night"}:
        found["night"] = found["whole_night"] = named_rows(db, NEWEST_NIGHTS, {})
    if "month" in kinds:
        is_kept = has_table(db, "am_personalization_reconciliation")
        found["month"] = [name for (name,) in db.execute(_MONTHS)] if is_kept else []
    if "rule" in kinds:
        found["rule"] = rules(db)
    return found


def asked_for(
    question: Question, asked: Mapping[str, str], known: Mapping[str, list[Any]]
) -> list[str]:
    """What was asked, parameter by parameter, as paper needs it; known is what choices says."""
    said = []
    for one in question.parameters:
        if one.name in asked:
            value = _VALUES.get(one.type, str)(asked[one.name])
            if one.type in ("night", "whole_night"):
                value = dict(night_choices(known[one.type], value, "")).get(value, value)
            said.append(_("{name}: {value}", name=_label(question, one), value=value))
    return said


def form_of(
    question: Question,
    found: Found,
    known: Mapping[str, list[Any]],
    looked_up: Mapping[str, str],
) -> list[dict[str, Any]]:
    """The fields, with what was given in them and what is wrong with it.

    known is what choices says, and looked_up what was found for the parameters.
    """
    kinds = {one.name: one for one in question.parameters}
    form = [
        one for one in fields(parameters_of(question), found.asked) if one["name"] not in _UNSEEN
    ]
    for field in form:
        parameter, name = kinds.get(field["name"]), field["name"]
        if parameter is None or name == "size":
            continue
        if not field["wrong"]:
            field["value"] = str(found.asked.values.get(name) or "")
        if parameter.type == "customer":
            field["value"] = looked_up.get(name) or field["value"][:_LONGEST_CUSTOMER]
        if parameter.type in known:
            field["choices"] = _select(parameter, field["value"], known[parameter.type])
            # Older nights than can be chosen from can be written.
            if len(field["choices"]) > MOST_NIGHTS and "night" in parameter.type:
                field["suggested"], field["choices"] = field["choices"][1:], None
        # Such a field shows a day, and no month or time.
        if field["kind"] == "date" and not re.fullmatch(r"(\d{4}-\d\d-\d\d)?", field["value"]):
            field["kind"] = "text"
        if not field["choices"] and field["kind"] != "date":
            field["hint"] = parameter.said()
    return form


def _select(parameter: Parameter, value: str, known: list[Any]) -> list[tuple[str, str]]:
    empty = _("the latest") if parameter.default else _("all")
    if parameter.type in ("night", "whole_night"):
        if parameter.name == "before":
            empty = _("the night before")
        return night_choices(known, value, empty)
    name_of = _VALUES[parameter.type]
    return [
        ("", empty),
        *((one, name_of(one)) for one in dict.fromkeys([*known, *filter(None, [value])])),
    ]


def parameters_of(question: Question) -> tuple[PageParameter, ...]:
    """Those of the question as of any page, how many columns, and how many rows came before."""
    own = [
        _size(question) if one.type == "size" else _parameter(question, one)
        for one in question.parameters
    ]
    seen = (
        [PageParameter("seen", whole(0), lambda: _("Rows before"))] if question.next_column else []
    )
    return (*own, COLS, *seen, *([_FULL] if question.walks_night else []))


_FULL = PageParameter("full", one_of("on"), lambda: _("All customers looked at"))


def _size(question: Question) -> PageParameter:
    rows = size(SIZE)
    return replace(rows, label=lambda: _("Days per page")) if question.ends_itself else rows


def _parameter(question: Question, parameter: Parameter) -> PageParameter:
    def read_one(text: str) -> str:
        try:
            return read_text(parameter, text)
        except WrongParameter as wrong:
            raise Wrong(told(wrong)) from None

    return PageParameter(
        parameter.name,
        read_one,
        partial(_label, question, parameter),
        "",
        partial(_CHOICES[parameter.type], parameter) if parameter.type in _CHOICES else None,
        "date" if parameter.type in ("day", "time") else "text",
        is_raw=True,
    )


def _types(parameter: Parameter) -> list[tuple[str, str]]:
    return [("", _("all")), *((kind, type_name(kind)) for kind in TYPES)]


def _classes(parameter: Parameter) -> list[tuple[str, str]]:
    return [("", _("all")), *((kind, class_name(kind)) for kind in CLASSES)]


def _periods(parameter: Parameter) -> list[tuple[str, str]]:
    return [("", _("day")), ("month", _("month"))]


_CHOICES = {"type": _types, "class": _classes, "per": _periods}
_VALUES: dict[str, Callable[[str], str]] = {
    "type": type_name,
    "class": class_name,
    "month": lambda name: str(month(name)),
    "rule": rule_name,
    "per": lambda per: {"day": _("day"), "month": _("month")}.get(per, per),
}


def _label(question: Question, parameter: Parameter) -> str:
    if any(one.name == "before" for one in question.parameters):
        sides = {"night": _("Later night"), "before": _("Earlier night")}
        if parameter.name in sides:
            return sides[parameter.name]
    labels = {
        "customer": _("Customer (number or hash)"),
        "type": pgettext("form", "Type"),
        "since": _("From day"),
        "until": _("To day"),
        "night": _("Night"),
        "min_score": _("Lowest score"),
        "rec_id": _("Recommendation (number)"),
        "item_id": _("Item id"),
        "rule": _("Rule"),
        "per": _("Added up by"),
        "month": _("Month (Japan)"),
        "class": _("Class"),
    }
    return labels.get(parameter.name, parameter.name)
