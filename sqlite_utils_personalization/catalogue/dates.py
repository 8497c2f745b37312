"""Japanese calendar days out of the dates and timestamps that sources give.

A plain date is taken as it stands, also where it was cut from a UTC timestamp, which is a day early in
Japan for every moment before 09:00. Deadlines that early are in practice 00:00, whose last day is that
day before: the cut is right. An opening may be shown a day early, a closed item never as open.
"""

import re
from datetime import datetime, timedelta

from sqlite_utils_personalization.catalogue.tables import normal
from sqlite_utils_personalization.clock import JAPAN

_JAPAN = JAPAN.utcoffset(None)
_UTC = timedelta(0)
_MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d):([0-5]\d)(?::([0-5]\d)(?:[.]\d+)?)?(Z|[+-]\d\d:?\d\d)?)?",
    re.ASCII,
)


def first_day(value: object) -> str | None:
    """ISO day in Japan of an opening, in Japanese time unless it says otherwise; None if it is no date."""
    moment, _ = _in_japan(value, _JAPAN)
    return _day(moment)


def last_day(value: object) -> str | None:
    """ISO day in Japan that is the last before a deadline; None if it is no date.

    A deadline at 00:00 ends the day before.
    """
    moment, has_time = _in_japan(value, _JAPAN)
    if moment and has_time and moment.time() == datetime.min.time():
        moment = _shifted(moment, timedelta(days=-1))
    return _day(moment)


def day_written(value: object) -> str | None:
    """ISO day in Japan of a timestamp that SQLite wrote, in UTC unless it says otherwise; None if it is no date."""
    moment, _ = _in_japan(value, _UTC)
    return _day(moment)


def moment_written(value: object) -> datetime | None:
    """Such a timestamp on a clock in Japan, to the second, without a zone; None if it is no date."""
    moment, _ = _in_japan(value, _UTC)
    return moment


def may_be_cut(one: object, other: object) -> bool:
    """Whether one of two dates a day apart may be the other, cut from its UTC timestamp.

    Of two plain dates nobody knows; beside a timestamp only its own day in UTC is.
    """
    (first, first_timed), (second, second_timed) = (
        _in_japan(value, _JAPAN) for value in (one, other)
    )
    if first is None or second is None or (first_timed and second_timed):
        return False
    if not (first_timed or second_timed):
        return abs(first - second) == timedelta(days=1)
    timed, plain = (first, second) if first_timed else (second, first)
    in_utc = _shifted(timed, -_JAPAN)
    return in_utc is not None and in_utc.date() == plain.date()


def _in_japan(value: object, assumed: timedelta) -> tuple[datetime | None, bool]:
    match = _MOMENT.fullmatch(normal(value))
    day, hours, minutes, seconds, zone = match.groups() if match else ("",) * 5
    try:
        midnight = datetime.fromisoformat(day)
    except ValueError:
        return None, False
    if hours is None:
        return midnight, False
    clock = timedelta(hours=int(hours), minutes=int(minutes), seconds=int(seconds or 0))
    if clock > timedelta(days=1):
        return None, True
    offset = _offset(zone) if zone else assumed
    return _shifted(midnight, clock + _JAPAN - offset), True


def _offset(zone: str) -> timedelta:
    if zone == "Z":
        return _UTC
    size = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
    return -size if zone.startswith("-") else size


def _shifted(moment: datetime, by: timedelta) -> datetime | None:
    try:
        return moment + by
    except OverflowError:
        return None


def _day(moment: datetime | None) -> str | None:
    return moment.date().isoformat() if moment else None
