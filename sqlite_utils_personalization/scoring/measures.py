"""What a night was like: how many items it showed, how often, how long they stay open, and whom it showed nothing.

Counted are places that were shown and items, not what stands for a type that nothing lists. All of it is integers, of
which the night keeps every one: shares are taken where they are read.
"""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import accumulate
from typing import Any, NamedTuple

from sqlite_utils_personalization.catalogue.areas import PREFECTURES
from sqlite_utils_personalization.formula.formula import splice

MOST_SHOWN = 10
SOON_DAYS = 14
# Where in counts_json they are, beside the counts of the types.
KEY = "measures"

# What is listed as two items and reads as one: of one family wherever it is, or of one title.
_ITEMS = splice("""
SELECT c.candidate_id, c.recommendation_type, {days_left}, c.prefectures, coalesce(c.family_name, c.title),
    substr(c.why, 1, 12) = '{{"wildcard":', c.left_out IS NULL AND {is_open}
FROM {{items}} c, (SELECT :as_of AS as_of) r
""")
# Numbers sort faster than texts.
_PLACES = """
SELECT candidate_id, area * :scores + score AS place, sum(customers) FROM {shown} GROUP BY candidate_id, place
"""
_SCORES = 1000
_PREFECTURES = ",".join(PREFECTURES)
_AREAS = {one: _PREFECTURES.index(one) + 1 for one in PREFECTURES}
# Of a declared prefecture, as the area of what was shown: where it begins in the list of all, 0 of none.
AREA = f"coalesce(instr('{_PREFECTURES}', prefecture), 0)"
# Slices that show two of what reads alike.
_NEAR = """
SELECT coalesce(sum(customers), 0) FROM (
    SELECT slice_no, max(customers) AS customers FROM (
        SELECT s.slice_no, k.kin_no, max(s.customers) AS customers, count(*) AS n
        FROM {shown} s CROSS JOIN temp.measured_kin k ON k.candidate_id = s.candidate_id
        GROUP BY s.slice_no, k.kin_no
    ) WHERE n > 1 GROUP BY slice_no
)
"""
_LISTS = "SELECT coalesce(sum(customers), 0) FROM {slices}"
_KIN = "CREATE TEMP TABLE measured_kin (candidate_id INTEGER PRIMARY KEY, kin_no INTEGER)"


class Shown(NamedTuple):
    """Where to read what was shown, and out of what; each a table or a SELECT in parentheses, for FROM.

    A slice is what some customers were shown alike of one ranked list: slices has a row for each, with customers, how
    many they are; shown has each of its rows, with slice_no, customers, area (the AREA they declared), candidate_id and
    score. items has the candidates of the run, as am_personalization_candidate; no other may be shown.
    """

    slices: str
    shown: str
    items: str


class CountedItem(NamedTuple):
    """A candidate as it is counted; days_left until it closes, None where no closing date is known.

    areas are those it names, none of what is nationwide.
    """

    recommendation_type: str
    days_left: int | None
    areas: frozenset[int]
    reading: str
    is_wildcard: bool
    is_open: bool


class CountedPlaces(NamedTuple):
    """The items of a run by candidate_id, and how many rows show which, by area and score."""

    items: dict[int, CountedItem]
    places: list[tuple[int, int, int, int]]

    def by_score(self) -> Iterator[tuple[str, int, int]]:
        """Rows per type and score, what stands for a type that nothing lists among them."""
        found: Counter[tuple[str, int]] = Counter()
        for candidate_id, _, score, rows in self.places:
            found[self.items[candidate_id].recommendation_type, score] += rows
        return ((kind, score, rows) for (kind, score), rows in found.items())


def count(db: sqlite3.Connection, as_of: str, of: Shown) -> CountedPlaces:
    """Count what was shown once, set by set; read-only."""
    # Braces of the formula's own text are none of ours.
    found = db.execute(_ITEMS.replace("{items}", of.items), {"as_of": as_of})
    items = {
        number: CountedItem(kind, left, _areas(named), reading, bool(wildcard), bool(is_open))
        for number, kind, left, named, reading, wildcard, is_open in found
    }
    places = db.execute(_PLACES.replace("{shown}", of.shown), {"scores": _SCORES})
    return CountedPlaces(
        items, [(number, *divmod(at, _SCORES), rows) for number, at, rows in places]
    )


@lru_cache(maxsize=1000)
def _areas(prefectures: str) -> frozenset[int]:
    """The AREA of each that an item names."""
    return frozenset(_AREAS[one] for one in prefectures.split(",") if one in _AREAS)


def measures(db: sqlite3.Connection, of: Shown, counted: CountedPlaces) -> dict[str, Any]:
    """The measures of what was shown, as integers; writes to a temporary table only.

    rows and lists count what customers were shown: a list is what one customer was shown of one ranked list, and
    near_duplicate_lists those with two items of one type that read alike. open_items could be shown to somebody,
    shown_items were; top_rows are those of the MOST_SHOWN shown most. dated_rows have a closing date, soon_rows one
    within SOON_DAYS, and median_days_left is the lower median of them, None of none. area_rows show a program to who
    declared a prefecture, own_area_rows one that names it.
    """
    items = {number: one for number, one in counted.items.items() if not one.is_wildcard}
    places = [place for place in counted.places if place[0] in items]
    rows: Counter[int] = Counter()
    days: Counter[int] = Counter()
    declared = own = 0
    for number, area, _, n in places:
        one = items[number]
        rows[number] += n
        if one.days_left is not None:
            days[one.days_left] += n
        if area and one.recommendation_type == "program":
            declared += n
            own += n * (area in one.areas)
    lists, near = _lists(db, of, {number: items[number] for number in rows})
    return {
        "rows": rows.total(),
        "lists": lists,
        "near_duplicate_lists": near,
        "open_items": sum(one.is_open for one in items.values()),
        "shown_items": len(rows),
        "top_rows": sum(n for _, n in rows.most_common(MOST_SHOWN)),
        "dated_rows": days.total(),
        "median_days_left": median(days),
        "soon_rows": sum(n for left, n in days.items() if left <= SOON_DAYS),
        "area_rows": declared,
        "own_area_rows": own,
    }


def median(counted: Counter[int]) -> int | None:
    """The lower median of numbers, each so many times; None of none."""
    return quantile(counted, 1, 2)


def quantile(counted: Counter[int], part: int, of: int) -> int | None:
    """The least number that part of so many numbers, in order, do not exceed; None of none."""
    numbers, wanted = sorted(counted), counted.total() * part
    reached = zip(numbers, accumulate(counted[one] for one in numbers), strict=True)
    return next((number for number, n in reached if n * of >= wanted and n), None)


def _lists(db: sqlite3.Connection, of: Shown, shown: dict[int, CountedItem]) -> tuple[int, int]:
    """How many lists there are, and how many show two items that read alike."""
    alike: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, one in shown.items():
        alike[one.recommendation_type, one.reading].append(number)
    _note_kin(db, (numbers for numbers in alike.values() if len(numbers) > 1))
    near = db.execute(_NEAR.replace("{shown}", of.shown)).fetchone()[0]
    db.execute("DROP TABLE temp.measured_kin")
    return db.execute(_LISTS.replace("{slices}", of.slices)).fetchone()[0], near


def _note_kin(db: sqlite3.Connection, families: Iterable[list[int]]) -> None:
    db.execute("DROP TABLE IF EXISTS temp.measured_kin")
    db.execute(_KIN)
    db.executemany(
        "INSERT INTO temp.measured_kin VALUES (?, ?)",
        ((number, kin) for kin, numbers in enumerate(families) for number in numbers),
    )
