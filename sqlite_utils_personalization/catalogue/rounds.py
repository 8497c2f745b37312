"""Rounds of a program, as jGrants' details have them in `workflow`: which of them one can apply to on a day."""

import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sqlite_utils_personalization.catalogue.areas import PREFECTURES, prefectures
from sqlite_utils_personalization.catalogue.candidate import NATIONWIDE, LeftOut
from sqlite_utils_personalization.catalogue.dates import window
from sqlite_utils_personalization.catalogue.plain_text import cut, plain

NONE_OPEN = "no round open"
# What names a round is kept as evidence.
_NAME_LENGTH = 60
_NEVER = "9999-12-31"


class Round(NamedTuple):
    """What one round says: its name, its area as prefectures() gives it, and when it is open."""

    name: str
    area: str
    opens_on: str | None
    closes_on: str | None


def has_rounds(value: object) -> bool:
    """Whether a program states its rounds, if only that there are none; read-only."""
    return value is not None and str(value).strip() not in ("", "null")


def round_of(value: object, area: object, as_of: str) -> Round:
    """The round open on the ISO day as_of, of those in the JSON of `workflow`; area is the program's own; read-only.

    Of several, the one that closes last. Where another is for other prefectures, both as one: the area of both, and
    only the days on which both are open, so that nobody is shown a round that is over. LeftOut where none is open, or
    where what could be open cannot be read.
    """
    faults: list[str] = []
    found = list(_readable(value, area, faults))
    open_now = [one for one in found if _is_open(one, as_of)]
    if not open_now:
        raise LeftOut(faults[0] if faults else NONE_OPEN)
    return _as_one(sorted(open_now, key=_last_first))


def _readable(value: object, area: object, faults: list[str]) -> Iterator[Round]:
    for entry in _entries(value):
        try:
            yield _round(entry, area)
        except LeftOut as fault:
            faults.append(str(fault))


def _entries(value: object) -> list[dict[str, Any]]:
    try:
        entries = json.loads(value) if isinstance(value, str) else None
    except (ValueError, RecursionError):
        entries = None
    if isinstance(entries, dict):
        entries = [entries]
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise LeftOut("rounds not readable")
    return entries


def _round(entry: dict[str, Any], area: object) -> Round:
    opens, closes = (entry.get(f"acceptance_{end}_datetime") for end in ("start", "end"))
    name = cut(plain(entry.get("fiscal_year_round") or entry.get("id")), _NAME_LENGTH)
    opens_on, closes_on = window((opens,), (closes,))
    stated = entry.get("target_area_search")
    if isinstance(stated, list):
        stated = " / ".join(map(str, stated))
    return Round(name, prefectures(plain(stated) or area), opens_on, closes_on)


def _is_open(one: Round, as_of: str) -> bool:
    # What says neither is no round: nobody knows that it is open.
    is_dated = one.opens_on or one.closes_on
    return bool(is_dated) and (one.opens_on or as_of) <= as_of <= (one.closes_on or _NEVER)


def _last_first(one: Round) -> tuple[object, ...]:
    days = [-int(day.replace("-", "")) for day in (one.closes_on or _NEVER, one.opens_on or "0")]
    return (*days, one.name, one.area)


def _as_one(rounds: Sequence[Round]) -> Round:
    """The first of them, and each further one that is for a prefecture that those before it are not for."""
    known: set[str] = set()
    together = []
    for one in rounds:
        names = {*PREFECTURES} if one.area == NATIONWIDE else {*one.area.split(",")}
        if not known >= names:
            together.append(one)
            known |= names
    named = dict.fromkeys(one.name for one in together if one.name)
    return Round(
        cut("、".join(named), _NAME_LENGTH),
        prefectures(" ".join(known)),
        max((one.opens_on for one in together if one.opens_on), default=None),
        min((one.closes_on for one in together if one.closes_on), default=None),
    )
