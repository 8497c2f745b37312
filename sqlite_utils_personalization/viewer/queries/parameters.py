"""What may be given to a question, type by type: read as a person types or pastes it, or refused in a sentence.

Nothing of the file is read here: whether a customer or a night is there is looked up in lookups.py.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import date
from typing import NoReturn
from urllib.parse import parse_qsl

from sqlite_utils_personalization.billing.reconcile.classes import CLASSES
from sqlite_utils_personalization.clock import parse_month, utc
from sqlite_utils_personalization.errors import PersonalizationError, short_repr
from sqlite_utils_personalization.model.kinds import TYPES
from sqlite_utils_personalization.viewer.queries.queries import Parameter, Question

MOST_ROWS, DEFAULT_ROWS = 1000, 100
LATEST = "latest"
_LARGEST = 2**53
_INVISIBLE = "\u200b\u2060\ufeff"
_MOMENT = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.]\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)", re.ASCII
)
_DAY = re.compile(
    r"(\d{4})(?:-(\d\d)-(\d\d)|/(\d{1,2})/(\d{1,2})|年(\d{1,2})月(\d{1,2})日)", re.ASCII
)
_MONTH = re.compile(r"(\d{4})(?:-(\d\d)|/(\d{1,2})|年(\d{1,2})月)", re.ASCII)
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+", re.ASCII)
# What a plus in an address is read as, after seconds and nine digits of them at the most.
_LOST_PLUS = re.compile(r"(T\d\d:\d\d\S{0,13}) (?=\d\d:?\d\d$)", re.ASCII)


class WrongParameter(PersonalizationError):
    """What was given to a question cannot be, or is not there: which parameter, and with which HTTP status."""

    def __init__(self, parameter: str, what: str, todo: str, status: int = 400) -> None:
        super().__init__(what, todo)
        self.parameter = parameter
        self.status = status


def read_form(question: Question, query_string: str, *, is_form: bool) -> dict[str, str]:
    """What is given for each parameter of the question, as its SQL takes it; empty where nothing is. Read-only.

    WrongParameter of what is unknown, given twice, cannot be, or missing; is_form says that nothing may be given.
    Datasette's own parameters begin with an underscore.
    """
    known = {parameter.name: parameter for parameter in question.parameters}
    given: dict[str, str] = {}
    for name, text in parse_qsl(query_string, keep_blank_values=True):
        if name.startswith("_"):
            continue
        if name not in known:
            names = f"it has {', '.join(known)}" if known else "it has none"
            raise WrongParameter(
                name, f"{short_repr(name)} is no parameter of {question.name}", names
            )
        if name in given:
            raise WrongParameter(name, f"the parameter {name} is given twice", "give it once")
        given[name] = text.strip().strip(_INVISIBLE).strip()
    if not is_form or any(given.values()):
        for parameter in question.parameters:
            if parameter.is_required and not given.get(parameter.name):
                raise WrongParameter(
                    parameter.name,
                    f"the parameter {parameter.name} is missing",
                    f"give {parameter.meaning}",
                )
    return {name: _read(parameter, given.get(name, "")) for name, parameter in known.items()}


def _read(parameter: Parameter, text: str) -> str:
    if not text:
        return ""
    try:
        return READERS[parameter.type](text)
    except (ValueError, PersonalizationError):
        # What is pasted for a customer may be a key.
        given = "this" if parameter.type == "customer" else short_repr(text)
        raise WrongParameter(
            parameter.name,
            f"the parameter {parameter.name} cannot be {given}",
            f"give {_FORMS.get(parameter.type, parameter.meaning)}",
        ) from None


def plain(text: str) -> str:
    """Full-width digits and letters as those of a keyboard, without the spaces around them, seen or not."""
    return unicodedata.normalize("NFKC", text).strip().strip(_INVISIBLE).strip()


def integer(least: int, most: int) -> Callable[[str], str]:
    """How a whole number from least to most is read, also as pages write it: 41,448."""

    def read(text: str) -> str:
        text = plain(text)
        if _GROUPED.fullmatch(text):
            text = text.replace(",", "")
        if not re.fullmatch("[0-9]{1,16}", text, re.ASCII) or not least <= int(text) <= most:
            _refuse()
        return str(int(text))

    return read


def choice(values: Sequence[str]) -> Callable[[str], str]:
    """How one of these words is read."""

    def read(text: str) -> str:
        text = plain(text).lower()
        return text if text in values else _refuse()

    return read


def one_day(text: str) -> str:
    """A day: 2026-07-22, and as it is written in Japan, 2026/7/22 and 2026年7月22日."""
    found = _DAY.fullmatch(plain(text))
    if not found:
        _refuse()
    return date(*(int(part) for part in found.groups() if part)).isoformat()


def one_month(text: str) -> str:
    """A month: 2026-07, 2026/7 and 2026年7月."""
    found = _MONTH.fullmatch(plain(text))
    if not found:
        _refuse()
    year, month = (int(part) for part in found.groups() if part)
    return parse_month(f"{year:04}-{month:02}").name


def _day(text: str) -> str:
    return one_month(text) if _MONTH.fullmatch(plain(text)) else one_day(text)


def _time(text: str) -> str:
    text = _LOST_PLUS.sub(r"\1+", plain(text))
    if "T" not in text and " " not in text:
        return _day(text)
    return utc(text) if _MOMENT.fullmatch(text) else _refuse()


def _night(text: str) -> str:
    text = plain(text)
    if text.lower() == LATEST:
        return LATEST
    return integer(1, _LARGEST)(text) if text.isdecimal() else one_day(text)


def _latest_or_month(text: str) -> str:
    return LATEST if plain(text).lower() == LATEST else one_month(text)


def _customer(text: str) -> str:
    text = plain(text.rstrip("…")).lower()
    is_one = re.fullmatch("[0-9a-f]{8,64}|[0-9]{1,16}", text, re.ASCII)
    return text if is_one else _refuse()


def _refuse() -> NoReturn:
    raise ValueError


# Of each type of a parameter, what a text gives the SQL; ValueError or PersonalizationError where it can be none.
READERS: dict[str, Callable[[str], str]] = {
    "night": _night,
    "whole_night": _night,
    "customer": _customer,
    "type": choice(TYPES),
    "day": _day,
    "time": _time,
    "month": _latest_or_month,
    "per": choice(("day", "month")),
    "class": choice(tuple(CLASSES)),
    "score": integer(1, 100),
    "size": integer(1, MOST_ROWS),
    "number": integer(0, _LARGEST),
    "rec_id": integer(1, _LARGEST),
    # As another program wrote it.
    "item_id": str,
    "rule": str,
}
_A_DAY = "a day in Japan such as 2026-07-22, or a month such as 2026-07"
_FORMS = {
    "customer": "the profile_id, the first 8 digits of the hash or more, or all 64 of them",
    "type": f"one of {', '.join(TYPES)}",
    "day": _A_DAY,
    "time": f"{_A_DAY}, or a time with its zone such as 2026-07-22T09:00+09:00",
    "night": "a day such as 2026-07-22, a run_id, or latest",
    "whole_night": "a day such as 2026-07-22, a run_id, or latest",
    "month": "a month such as 2026-07, or latest",
    "per": "day or month",
    "class": f"one of {', '.join(CLASSES)}",
    "score": "a whole number from 1 to 100",
    "size": f"a whole number from 1 to {MOST_ROWS}",
    "number": "next of the previous page, a whole number",
    "rec_id": "a whole number",
}
