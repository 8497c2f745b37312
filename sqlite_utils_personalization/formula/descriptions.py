"""How a declared vector and an item are described to people: one wording for every page, receipt and command."""

from typing import NamedTuple

from sqlite_utils_personalization.catalogue.candidate import ANY, NATIONWIDE, UNKNOWN, Candidate
from sqlite_utils_personalization.catalogue.industries import DIVISIONS
from sqlite_utils_personalization.formula.sentences import days, industries, level_name
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.language import ngettext, pgettext
from sqlite_utils_personalization.model.kinds import NO_INDUSTRY, Declared


class Described(NamedTuple):
    """One fact: a label, what is to be said, and whether it is known; is_japanese tells the language of the text."""

    label: str
    text: str
    is_known: bool
    is_japanese: bool = False

    @property
    def phrase(self) -> str:
        """Both in one; what is not known says itself what it is."""
        if not self.is_known:
            return self.text
        return pgettext("fact", "{label} {text}", label=self.label, text=self.text)


def describe_declared(declared: Declared) -> tuple[Described, ...]:
    """What was declared, in the order of Declared."""
    return tuple(_declared(column, value) for column, value in declared._asdict().items())


def describe_item(item: Candidate, days_left: int | None = None) -> dict[str, Described]:
    """The facts of an item, by column; with days_left, how long it is open."""
    closes_on, level = item.closes_on, level_name(item.risk_level)
    if closes_on and days_left is not None:
        closes_on = _left(closes_on, days_left)
    area = item.prefectures
    area = _("nationwide") if area == NATIONWIDE else area.replace(",", "、")
    names = Described(_("industries"), *_named(item.industries))
    return {
        "industries": names,
        "prefectures": Described(_("prefectures"), area, True, item.prefectures != NATIONWIDE),
        "opens_on": _dated(_("opens"), item.opens_on, _("no opening date")),
        "closes_on": _dated(_("closes"), closes_on, closing(item.rolling)),
        "risk_level": _dated(_("risk level"), level, _("no risk level")),
    }


def closing(rolling: object) -> str:
    """What an item without a closing date is said to be, by its rolling."""
    if rolling == 1:
        return _("applications at any time")
    return _("closing date not known") if rolling == 0 else _("no closing date")


def _left(closes_on: str, days_left: int) -> str:
    return ngettext("{day} ({n} day left)", "{day} ({n} days left)", days_left, day=closes_on)


def _declared(column: str, value: str | int | None) -> Described:
    labels = {
        "industries": _("industry"),
        "prefecture": _("prefecture"),
        "horizon_days": _("horizon"),
        "risk_level": _("risk tolerance"),
    }
    label = labels.get(column, column.replace("_", " "))
    if value is None:
        return Described(label, _("not declared"), False)
    if column == "industries":
        return Described(label, *_named(str(value)))
    if column.endswith("_days") and isinstance(value, int):
        return Described(label, days(value), True)
    if column == "risk_level":
        return Described(label, level_name(str(value)), True)
    return Described(label, str(value), True, column == "prefecture")


def _named(letters: str) -> tuple[str, bool, bool]:
    """The text for these letters, that it is known, and whether it is Japanese."""
    special = {
        ANY: _("any industry"),
        UNKNOWN: _("industries not known"),
        NO_INDUSTRY: _("a pack that the model does not know"),
    }
    if letters in special:
        return special[letters], True, False
    # In a file that was tampered with, anything may stand here.
    return industries([letter for letter in letters if letter in DIVISIONS]) or letters, True, True


def _dated(label: str, text: str | None, unknown: str) -> Described:
    return Described(label, text or unknown, bool(text))
