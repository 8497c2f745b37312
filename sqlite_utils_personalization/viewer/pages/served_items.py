"""Which night is meant, and how many customers got each of some items in it; read-only.

It is told by the ranges of evidence and the lists of the night, without its log.
"""

import json
import sqlite3
from collections.abc import Iterable
from math import ceil
from typing import NamedTuple

from sqlite_utils_personalization.formula.evaluation import decoded_row

# Counting reads every range and every place of a night. More of either than this is counted only where it is asked for.
MOST_COUNTED = 20_000
# Finding who got an item walks the ranges of evidence, of so many customers in 50 ms at most.
MOST_WALKED = 150_000
# Measured at 1,000,000, for the rarest item, and more for a slower machine.
_WALKED_PER_S = 2_000_000

_NIGHT = """
SELECT r.run_id, r.as_of, r.top_k, r.profiles, g.first_rec_id, coalesce(s.last_rec_id, 9007199254740992),
    (SELECT min(list_id) FROM am_personalization_list t WHERE t.run_id = r.run_id),
    (SELECT max(list_id) FROM am_personalization_list t WHERE t.run_id = r.run_id)
FROM am_personalization_run r
LEFT JOIN am_personalization_run_progress g USING (run_id)
LEFT JOIN am_personalization_seal s USING (run_id)
WHERE r.run_id = (
    SELECT max(run_id) FROM am_personalization_run WHERE :night IN ('latest', as_of, cast(run_id AS text))
)
"""
# A hint that SQLite knows since 3.35: read once, not again for each mention.
ONCE = "AS MATERIALIZED" if sqlite3.sqlite_version_info >= (3, 35) else "AS"
# Customers with the same part of the same list are counted first, and its places then.
_CUSTOMERS = f"""
WITH given {ONCE} (
    SELECT list_id, first_seq, n, count(*) AS customers FROM am_personalization_evidence
    WHERE first_rec_id >= :first_rec_id AND first_rec_id <= :last_rec_id
        AND list_id >= :first_list AND list_id <= :last_list
    GROUP BY list_id, first_seq, n
),
placed {ONCE} (
    SELECT list_id, seq, candidate_id FROM am_personalization_decision
    WHERE list_id >= :first_list AND list_id <= :last_list
        AND candidate_id IN (SELECT value FROM json_each(:candidates))
)
SELECT p.candidate_id, sum(g.customers)
FROM given g JOIN placed p ON p.list_id = g.list_id AND p.seq >= g.first_seq AND p.seq < g.first_seq + g.n
GROUP BY p.candidate_id
"""


class ServedNight(NamedTuple):
    """A run, and where its rows and lists are; what is None is not there, since nothing was logged or listed."""

    run_id: int
    as_of: str
    top_k: int
    profiles: int
    first_rec_id: int | None
    last_rec_id: int
    first_list: int | None
    last_list: int | None

    @property
    def is_small(self) -> bool:
        """Whether its customers are counted at once."""
        lists = (self.last_list or 0) - (self.first_list or 0) + 1
        return self.profiles <= MOST_COUNTED and lists <= MOST_COUNTED


def walk_s(customers: int) -> int:
    """How many seconds at most it takes to look at each of so many customers, from 1."""
    return ceil(customers / _WALKED_PER_S)


def find_night(db: sqlite3.Connection, night: str | None = None) -> ServedNight | None:
    """The run of this day, number, or latest; of several of a day the last. None if there is none.

    ValueError if its row holds what no run has.
    """
    row = db.execute(_NIGHT, {"night": night or "latest"}).fetchone()
    if row is None:
        return None
    found = ServedNight(*decoded_row(row))
    if not all(isinstance(number, int) for number in (found.top_k, found.profiles)):
        raise ValueError(f"run {found.run_id} is not readable")
    return found


def customers_by_item(
    db: sqlite3.Connection, night: ServedNight, candidate_ids: Iterable[int]
) -> dict[int, int]:
    """How many customers got each of these candidates; who got none is not among them."""
    at = {**night._asdict(), "candidates": json.dumps(list(candidate_ids))}
    return dict(db.execute(_CUSTOMERS, at).fetchall())
