"""Moments: UTC as every table of ours writes it, and the one time zone everything here is dated in."""

import re
from datetime import date, datetime, timedelta, timezone
from typing import NamedTuple

from sqlite_utils_personalization.errors import InvalidInput, short_repr
from sqlite_utils_personalization.language import gettext as _

# Japan has no daylight saving time.
JAPAN = timezone(timedelta(hours=9), "JST")


def right_now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(timezone.utc)


def utc_now() -> str:
    """This moment as every table of ours writes it, in milliseconds: `2026-07-22T18:05:00.123Z`."""
    return utc(right_now())


def japan_day(moment: datetime | None = None) -> str:
    """The day in Japan, YYYY-MM-DD, at a moment that has a zone; by default today."""
    return (moment or right_now()).astimezone(JAPAN).date().isoformat()


def is_day(text: object) -> bool:
    """Whether text is a day that there is, written like 2026-07-22 and in no other way."""
    try:
        return isinstance(text, str) and date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def day_of(value: object, name: str) -> str:
    """The day that text, a date or a moment stands for, of a moment with a zone that in Japan.

    InvalidInput, which names it, if it is none.
    """
    if isinstance(value, datetime):
        return japan_day(value) if value.tzinfo else value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str) and is_day(value):
        return value
    raise InvalidInput(
        _("{name} is not a day", name=name), _("write it like {example}", example="2026-07-22")
    )


def utc(value: str | datetime) -> str:
    """The moment as %Y-%m-%dT%H:%M:%fZ, to the millisecond. InvalidInput if it is none, or has no zone."""
    try:
        moment = value if isinstance(value, datetime) else parse_moment(value)
        if moment.tzinfo is None:
            raise ValueError("no zone")
        return f"{moment.astimezone(timezone.utc).isoformat(timespec='milliseconds')[:-6]}Z"
    except (AttributeError, TypeError, ValueError, OverflowError):
        raise InvalidInput(
            _("{value} is not a time with its zone", value=short_repr(value)),
            _("write it like {example}", example="2026-07-22T09:30:00+09:00"),
        ) from None


def parse_moment(text: str) -> datetime:
    """The moment in ISO 8601, with or without a zone. ValueError if it is none."""
    # Python 3.10 knows neither Z nor fractions of any other length than 3 and 6 digits.
    text = re.sub(r"[zZ]$", "+00:00", text)
    return datetime.fromisoformat(
        re.sub(r"[.](\d{1,6})\d*", lambda part: f".{part[1]:0<6}", text, count=1)
    )


def japan_time(utc: str | None) -> str:
    """`2026-07-22T18:05:00.123Z` as `2026-07-23 03:05 JST`; what is not a UTC time is returned as it is."""
    try:
        moment = parse_moment(utc or "")
    except ValueError:
        return utc or ""
    if moment.tzinfo is None:
        return utc or ""
    return moment.astimezone(JAPAN).strftime("%Y-%m-%d %H:%M %Z")


class Month(NamedTuple):
    """A Japanese calendar month in UTC: from start, inclusive, to end, exclusive, as delivered_at is written."""

    name: str
    start: str
    end: str


def parse_month(name: str | date) -> Month:
    """The month of that name, YYYY-MM, or that a date is in. InvalidInput if it is none."""
    if isinstance(name, date):
        name = day_of(name, "month")[:7]
    is_text = isinstance(name, str)
    found = re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])", name, re.ASCII) if is_text else None
    if not found or not 1000 <= int(found[1]) < 9999:
        raise InvalidInput(
            _("{value} is not a month", value=short_repr(name)),
            _("write it like {example}", example="2026-07"),
        )
    year, number = int(found[1]), int(found[2])
    start = datetime(year, number, 1, tzinfo=JAPAN)
    end = datetime(year + number // 12, number % 12 + 1, 1, tzinfo=JAPAN)
    return Month(name, utc(start), utc(end))
