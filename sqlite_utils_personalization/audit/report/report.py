"""Whether a night was like the nights before it: each measure beside what is usual of it."""

import re
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from statistics import median
from typing import NamedTuple

from sqlite_utils_personalization.audit.report.bands import Bands
from sqlite_utils_personalization.audit.report.measure_names import SHARE, UNITS, family_of, of_rule
from sqlite_utils_personalization.audit.report.past_nights import (
    PastNight,
    measured,
    nights,
    with_repeats,
)
from sqlite_utils_personalization.audit.report.values import Value, values_of
from sqlite_utils_personalization.clock import day_of
from sqlite_utils_personalization.errors import InvalidInput, NotFound, short_repr
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.model.kinds import TYPES

# Two weeks are shown of each measure.
NIGHTS = 14
PREVIOUS, MEDIAN = "previous", "median"
DEFAULT = f"{MEDIAN}:{NIGHTS}"
MOST_NIGHTS = 366
_MEDIAN = re.compile(rf"{MEDIAN}:([0-9]{{1,3}})")
UP, DOWN, SAME = "up", "down", "same"
Progress = Callable[[str, int, int], None]


class Against(NamedTuple):
    """What a night is held against: the one before it, the median of so many before it, or that of a day."""

    text: str
    nights: int
    as_of: str | None = None


@dataclass(frozen=True)
class Measure:
    """A measure of a night, what is usual of it, and its values on the nights up to this one, oldest first.

    usual is what it is held against, lowest and highest are the band around it, None where nothing is known to be
    usual; rule is that of what is left out by one.
    """

    name: str
    value: Value
    usual: Fraction | None
    lowest: Fraction | None
    highest: Fraction | None
    nights: tuple[Fraction | None, ...]
    rule: str | None = None

    @property
    def change(self) -> Fraction | None:
        now = self.value.number
        return None if now is None or self.usual is None else now - self.usual

    @property
    def arrow(self) -> str | None:
        if self.change is None:
            return None
        return SAME if self.change == 0 else UP if self.change > 0 else DOWN

    @property
    def is_outside(self) -> bool | None:
        now = self.value.number
        if now is None or self.lowest is None or self.highest is None:
            return None
        return not self.lowest <= now <= self.highest


@dataclass(frozen=True)
class Report:
    """A night's measures; compared are the nights before it whose values are shown, oldest first."""

    night: PastNight
    against: Against
    compared: tuple[PastNight, ...]
    measures: tuple[Measure, ...]

    @property
    def outside(self) -> list[Measure]:
        return [one for one in self.measures if one.is_outside]


def against_of(text: object) -> Against:
    """What a night is held against, by its name; InvalidInput if it is none."""
    if text == PREVIOUS:
        return Against(PREVIOUS, 1)
    found = _MEDIAN.fullmatch(text) if isinstance(text, str) else None
    if found and 1 <= int(found[1]) <= MOST_NIGHTS:
        return Against(f"{MEDIAN}:{int(found[1])}", int(found[1]))
    if isinstance(text, str) and text.startswith(MEDIAN):
        raise InvalidInput(
            f"against is {short_repr(text)}", f"give {MEDIAN}: and 1 to {MOST_NIGHTS} nights"
        )
    day = day_of(text, "against")
    return Against(day, 1, day)


def report(
    db: sqlite3.Connection,
    as_of: str | None,
    against: Against,
    bands: Bands,
    progress: Progress = lambda stage, done, total: None,
) -> Report:
    """The report of a day's night, by default the latest; writes temporary tables only.

    What a night did not keep is counted in what it logged. NotFound of a night that is not there.
    """
    found = nights(db, as_of, 2 * max(NIGHTS, against.nights) + 1)
    if not found or as_of not in (None, found[0].as_of):
        raise _no_night(as_of)
    night = found[0]
    if against.as_of == night.as_of:
        raise InvalidInput(_("a night is not held against itself"), _("give another day"))
    most = max(NIGHTS, against.nights)
    counted: dict[int, PastNight] = {}
    wanted = found[: most + 1]
    for done, one in enumerate(wanted, 1):
        counted[one.run_id] = _counted(db, one, _before(found, one))
        progress("Counting", done, len(wanted))
    fixed = _of_day(db, against)
    return made(
        [counted.get(one.run_id, one) for one in found],
        against,
        bands,
        fixed and _counted(db, fixed, next(iter(nights(db, fixed.as_of, 2)[1:]), None)),
    )


def _counted(db: sqlite3.Connection, night: PastNight, before: PastNight | None) -> PastNight:
    night = measured(db, night)
    return with_repeats(db, night, before) if before else night


def _before(found: Sequence[PastNight], night: PastNight) -> PastNight | None:
    return next((one for one in found if one.as_of < night.as_of), None)


def _of_day(db: sqlite3.Connection, against: Against) -> PastNight | None:
    if against.as_of is None:
        return None
    found = nights(db, against.as_of)
    if not found or found[0].as_of != against.as_of:
        raise _no_night(against.as_of)
    return found[0]


def _no_night(as_of: str | None) -> NotFound:
    if as_of is None:
        return NotFound(_("no night is finished"), _("score one: personalization-score"))
    return NotFound(_("no night of {day} is finished", day=as_of), _("give the day of one that is"))


def made(
    found: Sequence[PastNight], against: Against, bands: Bands, fixed: PastNight | None = None
) -> Report:
    """The report of the first of these nights, newest first, as far as they are counted; fixed is that of a day."""
    most = max(NIGHTS, against.nights)
    values = [_values(found, at, against, fixed) for at in range(min(len(found), most + 1))]
    before = values[1 : against.nights + 1]
    held = [_values([fixed], 0, against, fixed)] if fixed else before
    least = bands.least_nights if against.text.startswith(MEDIAN) else 1
    rules = _rules(found[: NIGHTS + 1])
    shown = values[: NIGHTS + 1][::-1]
    measures = []
    for name in sorted({**values[0], **rules}, key=_place):
        rule = rules.get(name)
        usual = _usual([_value(one, name, rule).number for one in held], least)
        history = tuple(_value(one, name, rule).number for one in shown)
        band = _band(bands, name, usual)
        measures.append(Measure(name, _value(values[0], name, rule), usual, *band, history, rule))
    compared = tuple(found[1 : NIGHTS + 1][::-1])
    return Report(found[0], against, compared, tuple(filter(_is_of_some_night, measures)))


def _place(name: str) -> tuple[int, int, str]:
    """By family, then by type."""
    kind = name.partition(".")[2]
    return [*UNITS].index(family_of(name)), TYPES.index(kind) if kind in TYPES else -1, name


def _band(
    bands: Bands, name: str, usual: Fraction | None
) -> tuple[Fraction | None, Fraction | None]:
    band = bands.of(name)
    if band is None or (usual is None and band.at_most is None):
        return None, None
    # A fixed limit holds whatever was usual.
    lowest, highest = band.around(usual or Fraction(0))
    is_share = UNITS[family_of(name)] == SHARE
    return max(lowest, Fraction(0)), min(highest, Fraction(1)) if is_share else highest


def _values(
    found: Sequence[PastNight], at: int, against: Against, fixed: PastNight | None
) -> dict[str, Value]:
    others = [fixed] if fixed else found[at + 1 : at + 1 + against.nights]
    return values_of(found[at], others)


def _value(values: Mapping[str, Value], name: str, rule: str | None) -> Value:
    # What a rule left out nothing by is not written down.
    return values.get(name) or Value(Fraction(0) if rule is not None else None)


def _usual(found: Sequence[Fraction | None], least: int) -> Fraction | None:
    known = [one for one in found if one is not None]
    return Fraction(median(known)) if len(known) >= least else None


def _rules(found: Sequence[PastNight]) -> dict[str, str]:
    """What was left out by a rule on any of the nights, by its name."""
    return {
        of_rule(kind, rule): rule
        for night in found
        for kind, rules in night.left_out.items()
        for rule in rules
    }


def _is_of_some_night(one: Measure) -> bool:
    """Not so the scores of a type that was never shown."""
    return one.usual is not None or any(number is not None for number in one.nights)
