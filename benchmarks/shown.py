"""The lists of programs of a night, read back through the evidence and counted, by nothing that ranks them."""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

from benchmarks.near import has_near
from sqlite_utils_personalization.formula.formula import evidence_link

TOP_K = 10
DEEP = 30
SOON_DAYS = (3, 7, 14)
MOST_SHOWN = 10
# The days an item without a closing date is open.
NO_END = 10_000

_PLACES = f"""
SELECT l.profile_id, r.run_id, k.industries, k.prefecture, c.item_id, c.title, c.prefectures <> 'nationwide',
    julianday(c.closes_on) - julianday(r.as_of)
FROM am_personalization_recommendation_log l {evidence_link()}
WHERE r.run_id = ? AND l.recommendation_type = 'program' ORDER BY l.rec_id
"""
_OPEN = """
FROM am_personalization_run_candidate JOIN am_personalization_candidate c USING (candidate_id)
JOIN am_personalization_run r USING (run_id)
WHERE run_id = :run AND c.recommendation_type = 'program' AND c.left_out IS NULL
    AND coalesce(c.opens_on <= r.as_of, 1) AND coalesce(c.closes_on >= r.as_of, 1)
"""
# For how many days more something is open in the prefecture that names the industry, or is for all of them.
_OWN_DAYS = f"""
SELECT max(coalesce(julianday(c.closes_on) - julianday(r.as_of), {NO_END}))
{_OPEN} AND c.prefectures <> 'nationwide' AND instr(c.prefectures, :prefecture) AND (
    :industries IS NULL OR c.industries = 'any'
    OR c.industries <> 'unknown' AND c.industries GLOB '*[' || :industries || ']*'
)
"""


class Place(NamedTuple):
    """One place on a list; days_left is None where no closing date is known."""

    item_id: str
    title: str
    is_local: bool
    days_left: float | None


class Shown(NamedTuple):
    """The programs that one customer was shown in one run, and what the customer declared."""

    profile_id: int
    run_id: int
    industries: str | None
    prefecture: str | None
    places: list[Place]


def shown(db: sqlite3.Connection, run_id: int) -> Iterator[Shown]:
    """The lists of a run, by profile_id, one at a time; read-only."""
    for key, rows in groupby(db.execute(_PLACES, (run_id,)), key=lambda row: row[:4]):
        profile_id, run, industries, prefecture = key
        places = [Place(*row[4:]) for row in rows]
        yield Shown(profile_id, run, industries, prefecture, places)


class Counts:
    """Sums over lists of one run: what is kept grows with the items that are shown, not with the customers."""

    def __init__(self, db: sqlite3.Connection, run_id: int) -> None:
        self._own_days = lru_cache(1 << 14)(lambda *declared: _own_days(db, run_id, *declared))
        self._open = db.execute(f"SELECT count(*) {_OPEN}", {"run": run_id}).fetchone()[0]
        self._of: Counter[str] = Counter()
        self._items: Counter[str] = Counter()

    def add(self, one: Shown, eve: Shown | None) -> None:
        """Count a list; eve is that of the same customer the night before."""
        of, places = self._of, one.places
        left = [each.days_left for each in places if each.days_left is not None]
        known = {each.item_id for each in eve.places} if eve else set()
        of["lists"] += 1
        of["full"] += len(places) == TOP_K
        of["rows"] += len(places)
        of["undated"] += len(places) - len(left)
        for days in SOON_DAYS:
            of[f"in {days}"] += sum(days_left <= days for days_left in left)
        of["near"] += has_near(tuple(each.title for each in places))
        of["same"] += sum(each.item_id in known for each in places)
        own_days = self._own_days(one.prefecture, one.industries) if one.prefecture else None
        for days in (0, SOON_DAYS[-1]):
            if own_days is not None and own_days >= days:
                of[f"fits {days}"] += 1
                of[f"own {days}"] += any(each.is_local for each in places)
        self._items.update(each.item_id for each in places)

    def described(self, reached: int) -> dict[str, str]:
        """What was counted, in words; reached are the items on anyone's list of DEEP places."""
        of, rows = self._of, self._of["rows"]
        most = sum(n for _, n in self._items.most_common(MOST_SHOWN))
        soon = SOON_DAYS[-1]
        on_lists = f"of {self._open:,} open items, on anyone's list"
        return {
            "lists": f"{of['lists']:,}",
            f"lists of {TOP_K} places": share(of["full"], of["lists"]),
            **{
                f"places closing within {days} days": share(of[f"in {days}"], rows)
                for days in SOON_DAYS
            },
            "places without a closing date": share(of["undated"], rows),
            "lists with near-duplicates": share(of["near"], of["lists"]),
            f"places of the {MOST_SHOWN} most shown": share(most, rows),
            "own-prefecture item, where one that fits is open": share(of["own 0"], of["fits 0"]),
            f"own-prefecture item, where one is open for {soon} days more": share(
                of[f"own {soon}"], of[f"fits {soon}"]
            ),
            f"{on_lists} of {TOP_K}": f"{len(self._items):,}",
            f"{on_lists} of {DEEP}": f"{reached:,}",
            "places as the night before, if nothing is read": share(of["same"], rows),
        }


def share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"


def _own_days(
    db: sqlite3.Connection, run_id: int, prefecture: str, industries: str | None
) -> float | None:
    given = {"run": run_id, "prefecture": prefecture, "industries": industries}
    days: float | None = db.execute(_OWN_DAYS, given).fetchone()[0]
    return days
