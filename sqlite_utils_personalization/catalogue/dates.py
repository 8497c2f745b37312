"""Japanese calendar days out of the dates and timestamps that sources give.

A plain date is taken as it stands, also where it was cut from a UTC timestamp, which is a day early in
Japan for every moment before 09:00. Deadlines that early are in practice 00:00, whose last day is that
day before: the cut is right. An opening may be shown a day early, a closed item never as open.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from sqlite_utils_personalization.catalogue.candidate import LeftOut
from sqlite_utils_personalization.catalogue.plain_text import normal
from sqlite_utils_personalization.catalogue.written_dates import Written, may_be_several, written
from sqlite_utils_personalization.clock import JAPAN

_JAPAN = JAPAN.utcoffset(None)
_UTC = timedelta(0)


def first_day(value: object) -> str | None:
    """ISO day in Japan of an opening, in Japanese time unless it says otherwise; None if it is no date of one."""
    found = written(value)
    moment, _ = _in_japan(found, _JAPAN)
    return None if found and found.closes else _day(moment)


def last_day(value: object) -> str | None:
    """ISO day in Japan that is the last before a deadline; None if it is no date of one.

    A deadline at 00:00 ends the day before.
    """
    found = written(value)
    moment, has_time = _in_japan(found, _JAPAN)
    if found and found.opens:
        return None
    if moment and has_time and moment.time() == datetime.min.time():
        moment = _shifted(moment, timedelta(days=-1))
    return _day(moment)


def window(opens: Iterable[object], closes: Iterable[object]) -> tuple[str | None, str | None]:
    """First and last day out of all that is stated of them, None where nothing is; LeftOut if one is not readable.

    Where two are given, the narrower: an item may be missed, not shown when it is closed.
    """
    opens_on = max(_days(first_day, opens), default=None)
    closes_on = min(_days(last_day, closes), default=None)
    if opens_on and closes_on and closes_on < opens_on:
        raise LeftOut("closes before it opens")
    return opens_on, closes_on


def opening(value: object) -> str | None:
    """first_day of a value that is stated, None of one that is not; LeftOut if it is not readable."""
    return next(iter(_days(first_day, [value])), None)


def deadline(value: object) -> str | None:
    """last_day of a value that is stated, None of one that is not; LeftOut if it is not readable."""
    return next(iter(_days(last_day, [value])), None)


def _days(read: Callable[[object], str | None], values: Iterable[object]) -> list[str]:
    days = []
    for value in filter(normal, values):
        day = read(value)
        if day is None:
            raise LeftOut("date ambiguous" if may_be_several(value) else "date not readable")
        days.append(day)
    return days


def day_written(value: object) -> str | None:
    """ISO day in Japan of a timestamp that SQLite wrote, in UTC unless it says otherwise; None if it is no date."""
    moment, _ = _in_japan(written(value), _UTC)
    return _day(moment)


def moment_written(value: object) -> datetime | None:
    """Such a timestamp on a clock in Japan, to the second, without a zone; None if it is no date."""
    moment, _ = _in_japan(written(value), _UTC)
    return moment


def may_be_cut(one: object, other: object) -> bool:
    """Whether one of two dates a day apart may be the other, cut from its UTC timestamp.

    Of two plain dates nobody knows; beside a timestamp only its own day in UTC is.
    """
    (first, first_timed), (second, second_timed) = (
        _in_japan(written(value), _JAPAN) for value in (one, other)
    )
    if first is None or second is None or (first_timed and second_timed):
        return False
    if not (first_timed or second_timed):
        return abs(first - second) == timedelta(days=1)
    timed, plain = (first, second) if first_timed else (second, first)
    in_utc = _shifted(timed, -_JAPAN)
    return in_utc is not None and in_utc.date() == plain.date()


def _in_japan(found: Written | None, assumed: timedelta) -> tuple[datetime | None, bool]:
    """The moment on a clock in Japan, and whether a time was written; assumed is the offset of what says none."""
    if found is None:
        return None, False
    midnight = datetime.combine(found.day, datetime.min.time())
    if found.clock is None:
        return midnight, False
    # A time in any other form was written by a person, in Japan.
    offset = assumed if found.iso else _JAPAN
    if found.zone:
        offset = _offset(found.zone)
    return _shifted(midnight, found.clock + _JAPAN - offset), True


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
