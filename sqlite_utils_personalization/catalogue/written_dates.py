"""The forms in which sources write a day and a time of day, in any width; docs/catalogue.md lists them.

Read is only what has one meaning: a year in full or of a named era, a month and a day, in that order.
"""

import re
from datetime import date, timedelta
from typing import NamedTuple

from sqlite_utils_personalization.catalogue.plain_text import normal

_ERAS = {"令和": 2018, "令": 2018, "r": 2018, "平成": 1988, "平": 1988, "h": 1988}
_ERAS |= {"昭和": 1925, "昭": 1925, "s": 1925}
_WEEKDAYS = "月火水木金土日"
_DIGITS = dict(zip("〇零一二三四五六七八九", "00123456789", strict=True))
_KANJI = re.compile(r"[〇零一二三四五六七八九十]{1,4}(?=\s?[年月日時分])")
# Typed for a hyphen where they were.
_DASHES = str.maketrans("‐‑‒–—−ー―", "--------")
# No date is written longer.
_LONGEST, _ISO_LENGTH = 60, 10

_YEAR = r"(?:(?P<year>\d{4})|(?P<era>令和|平成|昭和|令|平|昭|[RHS])\s?(?P<of_era>\d{1,2}|元))"
_DAY = re.compile(
    rf"{_YEAR}\s?(?:年\s?(?P<month>\d{{1,2}})\s?月\s?(?P<day>\d{{1,2}})\s?日"
    r"|(?P<sign>\s?[-/.]\s?)(?P<month_2>\d{1,2})(?P=sign)(?P<day_2>\d{1,2}))"
    r"|(?P<year_3>(?:19|20|21)\d\d)(?P<month_3>\d\d)(?P<day_3>\d\d)",
    re.ASCII | re.IGNORECASE,
)
_WEEKDAY = re.compile(rf"\s?\((?P<weekday>[{_WEEKDAYS}])(?:曜日?)?(?:[・,]?祝日?)?\)")
_CLOCK = re.compile(
    r"(?:T|\s?)(?:(?P<half>午前|午後)\s?)?(?P<hours>\d{1,2})"
    r"(?::(?P<minutes>\d\d)(?::(?P<seconds>\d\d)(?:[.]\d{1,9})?)?|\s?時(?:\s?(?P<minutes_2>\d{1,2})\s?分|(?P<past>半))?)"
    r"(?:\s?(?P<zone>Z|[+-]\d\d:?\d\d))?|\s?(?P<noon>正午)",
    re.ASCII,
)
_COMPACT_CLOCK = re.compile(
    r"T?(?P<hours>\d\d)(?P<minutes>\d\d)(?P<seconds>\d\d)?(?P<zone>Z|[+-]\d\d:?\d\d)?", re.ASCII
)
_ENDING = re.compile(
    r"\s?(?:(?P<from>から|より)|(?P<until>(?:まで|迄)?\s?(?:\(?(?:必着|締切|厳守|(?:当日)?消印有効)\)?)?))?"
)
# 令和8年(2026年): one year in two calendars.
_TWICE = re.compile(rf"({_YEAR}\s?年)\s?\(([^()]{{1,10}}年)\)", re.ASCII | re.IGNORECASE)
# Looks like a day, but of no year, or in an order that nobody knows.
_LIKE_A_DAY = re.compile(r"\d\s?(?:[-/.年月日]|\Z)|[上中下]旬|月末|年度", re.ASCII)


class Written(NamedTuple):
    """A day and, where it was written, the time after its beginning and the zone.

    iso: as SQLite writes it. opens, closes: it says that something begins then, or ends.
    """

    day: date
    clock: timedelta | None
    zone: str | None
    iso: bool
    opens: bool
    closes: bool


def written(value: object) -> Written | None:
    """What a source wrote, or None where that is no day, or more than one; read-only."""
    text = _TWICE.sub(_once, _in_digits(_one_width(value)))
    found = _DAY.match(text)
    if not found or len(text) > _LONGEST:
        return None
    day = _day(found)
    weekday = _WEEKDAY.match(text, found.end())
    at = weekday.end() if weekday else found.end()
    if day is None or (weekday and _WEEKDAYS[day.weekday()] != weekday["weekday"]):
        return None
    clock = _clock(text, at, is_compact=bool(found["year_3"]))
    ending = _ENDING.fullmatch(text, clock.end() if clock else at)
    if not ending:
        return None
    iso = found["sign"] == "-" and len(found[0]) == _ISO_LENGTH
    says = bool(ending["from"]), bool(ending["until"])
    if clock is None:
        return Written(day, None, None, iso, *says)
    passed = _passed(clock.groupdict())
    zone = clock.groupdict().get("zone")
    return None if passed is None else Written(day, passed, zone, iso, *says)


def may_be_several(value: object) -> bool:
    """Whether a value that written() does not read may be one day or another, or some day of many; read-only."""
    text = _in_digits(_one_width(value))[:_LONGEST]
    found = _DAY.match(text)
    return not (found and _day(found) is None) and bool(_LIKE_A_DAY.search(text))


def _once(twice: re.Match[str]) -> str:
    """One year of two that are the same; both, where they are not."""
    years = [_DAY.match(f"{year}1月1日") for year in (twice[1], twice[twice.lastindex or 0])]
    days = {_day(year) for year in years if year}
    return twice[1] if len(days) == 1 and all(years) else twice[0]


def _clock(text: str, at: int, is_compact: bool) -> re.Match[str] | None:
    if is_compact and (clock := _COMPACT_CLOCK.match(text, at)):
        return clock
    # Of 2026/9/117:00 nobody knows where the day ends.
    return (
        None if text[at : at + 1].isdigit() and text[at - 1].isdigit() else _CLOCK.match(text, at)
    )


def _one_width(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    is_long = isinstance(value, str) and len(value) > 4 * _LONGEST
    return "" if is_long else normal(value).translate(_DASHES)


def _in_digits(text: str) -> str:
    """text with 二十六 and 二〇二六 before 年, 月, 日, 時 and 分 as 26 and 2026."""
    return _KANJI.sub(lambda number: _number(number[0]), text)


def _number(kanji: str) -> str:
    tens, ten, ones = kanji.partition("十")
    if not ten:
        return "".join(map(_DIGITS.__getitem__, kanji))
    if len(tens) > 1 or len(ones) > 1 or "十" in ones:
        return kanji
    return str(10 * int(_DIGITS.get(tens, "1")) + int(_DIGITS.get(ones, "0")))


def _day(found: re.Match[str]) -> date | None:
    year, month, day = (
        next(
            (found[f"{part}{n}"] for n in ("", "_2", "_3") if found.groupdict().get(f"{part}{n}")),
            None,
        )
        for part in ("year", "month", "day")
    )
    if found["era"]:
        of_era = 1 if found["of_era"] == "元" else int(found["of_era"])
        year = str(_ERAS[found["era"].lower()] + of_era) if of_era else None
    try:
        return date(int(year or 0), int(month or 0), int(day or 0))
    except ValueError:
        return None


def _passed(clock: dict[str, str | None]) -> timedelta | None:
    """Time since the day began; None where the clock has no such time, or two."""
    if clock.get("noon"):
        return timedelta(hours=12)
    hours = int(clock["hours"] or 0)
    minutes = int(clock["minutes"] or clock.get("minutes_2") or (30 if clock.get("past") else 0))
    seconds = int(clock["seconds"] or 0)
    if clock.get("half"):
        # 午後12時 is noon to some and midnight to others.
        if hours > 11:
            return None
        hours += 12 * (clock["half"] == "午後")
    passed = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    return None if minutes > 59 or seconds > 59 or passed > timedelta(days=1) else passed
