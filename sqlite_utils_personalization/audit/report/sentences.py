"""A measure in the words of a person: its value, and that it left its band."""

from fractions import Fraction

from sqlite_utils_personalization.audit.report.measure_names import (
    DAYS,
    INDEX,
    ITEMS,
    POINTS,
    SHARE,
    UNITS,
    family_of,
    said,
)
from sqlite_utils_personalization.audit.report.report import Measure
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.language import ngettext

# Digits behind the point, and of a part of a hundred.
_DIGITS = {ITEMS: 0, DAYS: 0, POINTS: 1, INDEX: 2, SHARE: 1}


def name_of(one: Measure) -> str:
    """What is measured."""
    return said(one.name, one.rule)


def number_of(name: str, number: Fraction | None) -> str:
    """A number of a measure in its unit, rounded; a dash where it is not known."""
    if number is None:
        return "-"
    unit = UNITS[family_of(name)]
    if unit == SHARE:
        # Of a few among many customers one digit says nothing.
        digits = _DIGITS[unit] + (0 < number < Fraction(1, 100))
        return _("{number} %", number=_rounded(number * 100, digits))
    text = _rounded(number, _DIGITS[unit])
    if unit == DAYS:
        return ngettext("{n} day", "{n} days", round(number))
    return text


def _rounded(number: Fraction, digits: int) -> str:
    # Halves go to the even digit, on every machine.
    scaled = round(number * 10**digits)
    sign, text = "-" if scaled < 0 else "", str(abs(scaled)).rjust(digits + 1, "0")
    before = f"{int(text[: len(text) - digits]):,}"
    return f"{sign}{before}.{text[-digits:]}" if digits else f"{sign}{before}"


def sentence(one: Measure) -> str | None:
    """That the measure left its usual band, and by which side; None if it did not."""
    now, lowest, highest = one.value.number, one.lowest, one.highest
    if not one.is_outside or now is None or lowest is None or highest is None:
        return None
    shown = {
        "name": name_of(one),
        "value": number_of(one.name, now),
        "usual": number_of(one.name, one.usual),
        "lowest": number_of(one.name, lowest),
        "highest": number_of(one.name, highest),
    }
    if UNITS[family_of(one.name)] == INDEX:
        return _("{name}: {value}, more than {highest}", **shown)
    if now > highest:
        return _(
            "{name}: {value}, more than the usual {lowest} to {highest} around {usual}", **shown
        )
    return _("{name}: {value}, less than the usual {lowest} to {highest} around {usual}", **shown)
