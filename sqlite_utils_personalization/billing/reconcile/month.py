"""A Japanese calendar month as an interval of UTC."""

import re
from datetime import datetime
from typing import NamedTuple

from sqlite_utils_personalization.clock import JAPAN, utc
from sqlite_utils_personalization.errors import PersonalizationError


class Month(NamedTuple):
    """From start, inclusive, to end, exclusive, both as delivered_at is written."""

    name: str
    start: str
    end: str


def month(name: str) -> Month:
    """The month of that name, YYYY-MM. PersonalizationError if it is none."""
    found = re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])", name, re.ASCII)
    if not found or not 1000 <= int(found[1]) < 9999:
        raise PersonalizationError(f"{name!r} is not a month", "write it like 2026-07")
    year, number = int(found[1]), int(found[2])
    start = datetime(year, number, 1, tzinfo=JAPAN)
    end = datetime(year + number // 12, number % 12 + 1, 1, tzinfo=JAPAN)
    return Month(name, utc(start), utc(end))
