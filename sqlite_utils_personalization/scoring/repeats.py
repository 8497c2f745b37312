"""How many rows of a night show a customer an item that the same customer was given on the night before.

That is the latest night of a day before that was finished when this one was frozen; what it logged stays as it is,
whoever is erased later, so it can be counted again.
"""

import json
import sqlite3
from functools import lru_cache
from typing import Any

from sqlite_utils_personalization.database import has_table
from sqlite_utils_personalization.scoring.measures import KEY
from sqlite_utils_personalization.scoring.slices import PLACES, GivenPlaces, logged

# Of the measures a night keeps: the run it was held against, and the rows; both None where there was none.
BEFORE, REPEATED = "before_run_id", "repeated_rows"

_SEAL = "am_personalization_seal"
_NIGHT_BEFORE = f"""
SELECT run_id FROM am_personalization_run JOIN {_SEAL} USING (run_id)
WHERE as_of < ? AND seal_id <= ? ORDER BY as_of DESC, run_id DESC LIMIT 1
"""
_BOUNDS = f"""
SELECT CAST(coalesce(first_rec_id, 1) AS INTEGER), CAST(coalesce(last_rec_id, 0) AS INTEGER)
FROM {_SEAL} WHERE run_id = ?
"""
# Most customers share both lists with others, and many lists hold the same items: each two are compared once.
_PAIRS = """
SELECT shown, before, sum(customers) FROM (
    SELECT customers, (SELECT group_concat(d.candidate_id) FROM {shown}) AS shown,
        (SELECT group_concat(d.candidate_id) FROM {before}) AS before
    FROM (
        SELECT n.list_no, n.ranges, o.list_no AS old_list, o.ranges AS old_ranges, count(*) AS customers
        FROM {now} n CROSS JOIN {then} o ON o.profile_id = n.profile_id GROUP BY 1, 2, 3, 4
    ) p
) GROUP BY shown, before
"""
# What stands for a type that nothing lists is none.
_ITEMS = """
SELECT candidate_id, recommendation_type, item_id, profile_id FROM {items}
WHERE substr(why, 1, 12) <> '{{"wildcard":'
"""
_KEPT = 1 << 14
_MOST = 2**53


def night_before(db: sqlite3.Connection, as_of: str, sealed_until: int = _MOST) -> int | None:
    """The run of the latest night of a day before as_of, of those that are finished, by the seal of that number.

    Read-only.
    """
    if not has_table(db, _SEAL):
        return None
    found = db.execute(_NIGHT_BEFORE, (as_of, sealed_until)).fetchone()
    return found[0] if found else None


def kept(counts_json: Any) -> dict[str, Any]:
    """The measures in the counts of a night, whatever they are; empty of a night that kept none."""
    try:
        found = json.loads(counts_json)[KEY]
    except (ValueError, TypeError, LookupError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def held_against(counts_json: object) -> int | None:
    """The run that a night says it was held against, None if it says none."""
    found = kept(counts_json).get(BEFORE)
    return found if type(found) is int and 0 < found <= _MOST else None


def repeats(db: sqlite3.Connection, now: GivenPlaces, before: int | None) -> dict[str, int | None]:
    """What is kept of a night that is held against a finished run; writes temporary tables only."""
    if before is None:
        return {BEFORE: None, REPEATED: None}
    # Without its seal, what it logged is anywhere.
    bounds = db.execute(_BOUNDS, (before,)).fetchone() or (1, _MOST)
    return {BEFORE: before, REPEATED: repeated_rows(db, now, given_before(db, before, *bounds))}


def given_before(db: sqlite3.Connection, run_id: int, first: int, last: int) -> GivenPlaces:
    """What a run logged between its bounds, beside what is counted; fills a temporary table."""
    return logged(db, run_id, first, last, "plan_given_before")


def repeated_rows(db: sqlite3.Connection, now: GivenPlaces, then: GivenPlaces) -> int:
    """How many rows of now show what the same customer has in then, whatever changed of it; read-only."""
    numbers: dict[tuple[object, ...], int] = {}
    items, old_items = (
        {
            str(candidate): numbers.setdefault((*item,), len(numbers))
            for candidate, *item in db.execute(_ITEMS.format(items=of.items))
        }
        for of in (now, then)
    )

    @lru_cache(_KEPT)
    def before(text: str | None) -> frozenset[int]:
        return frozenset(old_items[one] for one in _listed(text) if one in old_items)

    @lru_cache(_KEPT)
    def shown(text: str | None) -> list[int]:
        return [items[one] for one in _listed(text) if one in items]

    return sum(
        customers * sum(map(before(old).__contains__, shown(new)))
        for new, old, customers in db.execute(_pairs(now, then))
    )


def _pairs(now: GivenPlaces, then: GivenPlaces) -> str:
    shown = PLACES.format(ranges="p.ranges", list_no="p.list_no", decisions=now.decisions)
    before = PLACES.format(ranges="p.old_ranges", list_no="p.old_list", decisions=then.decisions)
    return _PAIRS.format(shown=shown, before=before, now=now.given, then=then.given)


def _listed(text: str | None) -> list[str]:
    return text.split(",") if text else []
