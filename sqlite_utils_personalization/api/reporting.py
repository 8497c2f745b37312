"""Whether a night was like the nights before it. Only read."""

import os
from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path
from typing import TypedDict

from sqlite_utils_personalization.api.opened import File, listed, path_of, reading
from sqlite_utils_personalization.audit.report.bands import load_bands
from sqlite_utils_personalization.audit.report.measure_names import (
    SHARE,
    UNITS,
    every_name,
    family_of,
)
from sqlite_utils_personalization.audit.report.past_nights import PastNight
from sqlite_utils_personalization.audit.report.report import DEFAULT, Measure, Report, against_of
from sqlite_utils_personalization.audit.report.report import report as report_of
from sqlite_utils_personalization.audit.report.sentences import name_of, sentence
from sqlite_utils_personalization.audit.thresholds import Threshold, parse
from sqlite_utils_personalization.clock import day_of
from sqlite_utils_personalization.database import require_evidence
from sqlite_utils_personalization.errors import InvalidInput, NotIntact, PersonalizationError
from sqlite_utils_personalization.language import gettext as _

# How many measures left their band, for a threshold.
OUTSIDE = "outside"
_DIGITS = 6


class ComparedNight(TypedDict):
    """A night before the one reported on; was_kept says whether it kept its measures, or they were counted again."""

    run_id: int
    as_of: str
    was_kept: bool


class ReportedMeasure(TypedDict):
    """A measure of a night; numbers are exact to six decimals, and None where nothing is known.

    unit is 'items', 'share' (0 to 1), 'days', 'points' or 'index'; part and whole are those of a share. usual is what
    it is held against, lowest and highest the band around it, difference the value less usual, and arrow 'up', 'down'
    or 'same'. sentence is there if is_outside. history has the values of up to 14 nights before and of this one, oldest
    first.
    """

    measure: str
    measured: str
    unit: str
    value: float | None
    part: int | None
    whole: int | None
    usual: float | None
    lowest: float | None
    highest: float | None
    difference: float | None
    arrow: str | None
    is_outside: bool | None
    sentence: str | None
    history: list[float | None]


class NightReport(TypedDict):
    """A night beside those before it, oldest first; outside counts the measures that left their band.

    crossed has a sentence for each threshold that holds.
    """

    run_id: int
    as_of: str
    was_kept: bool
    against: str
    compared: list[ComparedNight]
    outside: int
    crossed: list[str]
    measures: list[ReportedMeasure]


def report(
    file: File,
    *,
    night: str | None = None,
    against: str = DEFAULT,
    bands: str | os.PathLike[str] | None = None,
    fail_if: Iterable[str] = (),
    progress: Callable[[str, int, int], None] | None = None,
) -> NightReport:
    """Hold a day's night, by default the latest, against the nights before it; read-only.

    against is 'previous', 'median:N' of N nights before, 1 to 366, or the day of another night. bands is a file that
    says how far from that is usual. fail_if are thresholds such as 'coverage<20%' or 'outside>0', of which crossed
    tells the ones that hold. NotFound of a night that is not there, InvalidInput, NoSchema.
    """
    found, crossed = reported(
        file, night=night, against=against, bands=bands, fail_if=fail_if, progress=progress
    )
    return as_object(found, crossed)


def reported(
    file: File,
    *,
    night: str | None = None,
    against: str = DEFAULT,
    bands: str | os.PathLike[str] | None = None,
    fail_if: Iterable[str] = (),
    progress: Callable[[str, int, int], None] | None = None,
) -> tuple[Report, list[str]]:
    """The same, as an object to be shown, and the sentences of the thresholds that hold."""
    day = None if night is None else day_of(night, "night")
    held, limits = against_of(against), [*listed(fail_if, "fail_if")]
    usual = load_bands(None if bands is None else Path(path_of(bands, "bands")))
    for one in limits:
        # Before anything is counted; a rule is known by what it left out.
        if not (isinstance(one, str) and one.strip().startswith("left_out.")):
            _threshold(one, [])
    with reading(file) as (conn, path):
        require_evidence(conn, path)
        try:
            found = report_of(conn, day, held, usual, progress or (lambda stage, done, total: None))
        except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
            if isinstance(error, PersonalizationError):
                raise
            raise NotIntact(
                _("what a night logged is not what a night writes"), _("run personalization-verify")
            ) from None
    numbers = {one.name: one.value.number for one in found.measures}
    thresholds = [_threshold(one, [*numbers]) for one in limits]
    values = {**dict.fromkeys(every_name()), **numbers, OUTSIDE: Fraction(len(found.outside))}
    sentences = (one.crossed(values) for one in thresholds)
    return found, [one for one in sentences if one is not None]


def _threshold(text: object, more: list[str]) -> Threshold:
    if not isinstance(text, str):
        raise InvalidInput("fail_if has what is no text", "give thresholds such as 'outside>0'")
    names = [OUTSIDE, *dict.fromkeys([*every_name(), *more])]
    counts = [name for name in names if name == OUTSIDE or UNITS[family_of(name)] != SHARE]
    return parse(text, names, counts)


def as_object(found: Report, crossed: Iterable[str] = ()) -> NightReport:
    """A report as it stands in JSON, its sentences in the language that is spoken."""
    return {
        **_night(found.night),
        "against": found.against.text,
        "compared": [_night(one) for one in found.compared],
        "outside": len(found.outside),
        "crossed": [*crossed],
        "measures": [_measure(one) for one in found.measures],
    }


def _night(night: PastNight) -> ComparedNight:
    return {"run_id": night.run_id, "as_of": night.as_of, "was_kept": night.is_kept}


def _measure(one: Measure) -> ReportedMeasure:
    return {
        "measure": one.name,
        "measured": name_of(one),
        "unit": UNITS[family_of(one.name)],
        "value": _number(one.value.number),
        "part": one.value.part,
        "whole": one.value.whole,
        "usual": _number(one.usual),
        "lowest": _number(one.lowest),
        "highest": _number(one.highest),
        "difference": _number(one.change),
        "arrow": one.arrow,
        "is_outside": one.is_outside,
        "sentence": sentence(one),
        "history": [_number(number) for number in one.nights],
    }


def _number(number: Fraction | None) -> float | None:
    if number is None or number.denominator == 1:
        return None if number is None else int(number)
    return float(round(number, _DIGITS))
