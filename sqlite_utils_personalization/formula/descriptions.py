"""How a declared vector and an item are described to people: one wording for every page, receipt and command."""

from typing import NamedTuple

from sqlite_utils_personalization.catalogue.candidate import ANY, NATIONWIDE, UNKNOWN, Candidate
from sqlite_utils_personalization.catalogue.industries import DIVISIONS
from sqlite_utils_personalization.formula.sentences import days, industries
from sqlite_utils_personalization.model.kinds import NO_INDUSTRY, Declared

UNKNOWN_PACK = "a pack that the model does not know"
NOTHING = "not declared"
_LABELS = {
    "industries": "industry",
    "horizon_days": "horizon",
    "risk_level": "risk tolerance",
}
# What an item without a closing date is said to be, by its rolling.
CLOSING = {1: "applications at any time", 0: "closing date not known", None: "no closing date"}
_INDUSTRIES = {ANY: "any industry", UNKNOWN: "industries not known", NO_INDUSTRY: UNKNOWN_PACK}


class Described(NamedTuple):
    """One fact: a label, what is to be said, and whether it is known; is_japanese tells the language of the text."""

    label: str
    text: str
    is_known: bool
    is_japanese: bool = False

    @property
    def phrase(self) -> str:
        """Both in one; what is not known says itself what it is."""
        return f"{self.label} {self.text}" if self.is_known else self.text


def describe_declared(declared: Declared) -> tuple[Described, ...]:
    """What was declared, in the order of Declared."""
    return tuple(_declared(column, value) for column, value in declared._asdict().items())


def describe_item(item: Candidate, days_left: int | None = None) -> dict[str, Described]:
    """The facts of an item, by column; with days_left, how long it is open."""
    left = "" if days_left is None else f" ({days(days_left)} left)"
    area = item.prefectures
    return {
        "industries": Described(
            "industries", _named(item.industries), True, item.industries not in _INDUSTRIES
        ),
        "prefectures": Described("prefectures", area.replace(",", "、"), True, area != NATIONWIDE),
        "opens_on": _dated("opens", item.opens_on, "no opening date"),
        "closes_on": _dated("closes", item.closes_on and item.closes_on + left, _undated(item)),
        "risk_level": _dated("risk level", item.risk_level, "no risk level"),
    }


def _declared(column: str, value: str | int | None) -> Described:
    label = _LABELS.get(column, column.replace("_", " "))
    if value is None:
        return Described(label, NOTHING, False)
    if column == "industries":
        return Described(label, _named(str(value)), True, value not in _INDUSTRIES)
    if column.endswith("_days") and isinstance(value, int):
        return Described(label, days(value), True)
    return Described(label, str(value), True, column == "prefecture")


def _named(letters: str) -> str:
    if letters in _INDUSTRIES:
        return _INDUSTRIES[letters]
    # In a file that was tampered with, anything may stand here.
    return industries([letter for letter in letters if letter in DIVISIONS]) or letters


def _undated(item: Candidate) -> str:
    # In a file that was tampered with, anything may stand here.
    return CLOSING.get(item.rolling, CLOSING[None])


def _dated(label: str, text: str | None, unknown: str) -> Described:
    return Described(label, text or unknown, bool(text))
