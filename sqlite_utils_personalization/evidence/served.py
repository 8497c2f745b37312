"""Who gets which list: digested when a run is frozen, and held against what was served when it is sealed and verified.

Whoever doubles, hides, moves or swaps a customer's list while a night is open changes this digest, which stands in the
run row and in the seal.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from hashlib import sha256
from heapq import merge
from itertools import chain, groupby
from operator import itemgetter
from typing import Any

from sqlite_utils_personalization.evidence.leaves import run_salt
from sqlite_utils_personalization.language import N_
from sqlite_utils_personalization.transaction import read_batches

FORMAT = "personalization-served/1"
# Why a customer with a place on the map has no rows.
GONE = N_("profile deleted while the run was under way")

_SERVED = """
SELECT e.first_rec_id, l.profile_id, t.list_sha256, e.first_seq, e.n FROM am_personalization_evidence e
CROSS JOIN am_personalization_list t ON t.list_id = e.list_id
LEFT JOIN am_personalization_recommendation_log l ON l.rec_id = e.first_rec_id
WHERE t.run_id = :run_id AND e.first_rec_id > max(:after, :first - 1) AND e.first_rec_id <= :last
ORDER BY e.first_rec_id LIMIT :batch
"""
_WAITING = """
SELECT u.position, u.profile_id, t.list_sha256, u.first_seq, u.n FROM am_personalization_run_customer u
LEFT JOIN am_personalization_list t ON t.list_id = u.list_id
WHERE u.run_id = :run_id AND u.position > :after ORDER BY u.position LIMIT :batch
"""
_OF_GONE = """
SELECT profile_id, due_json FROM am_personalization_unserved WHERE run_id = ? AND reason = ? ORDER BY profile_id
"""

# The digest of a list, the first of its places and how many.
Range = tuple[str, int, int]
# profile_id, and what the customer gets of which list.
Served = tuple[int, list[Range]]


def served_sha256(salt: str, customers: Iterable[Served]) -> str:
    """The sha256 of the form's name, the run's salt, then a line per customer, in order of profile_id.

    A line is a JSON array of the profile_id and of ranges, in the order of the log: the digest of a list, the first of
    its places, and how many.
    """
    digest = sha256(f"{FORMAT}\n{salt}\n".encode())
    for profile_id, lists in customers:
        listed = ",".join(f'["{one}",{first},{n}]' for one, first, n in lists)
        digest.update(f"[{profile_id},[{listed}]]\n".encode())
    return digest.hexdigest()


def by_customer(rows: Iterable[tuple[int, str, int, int]]) -> Iterator[Served]:
    """The ranges of lists, customer by customer, of rows that come so."""
    for profile_id, found in groupby(rows, key=itemgetter(0)):
        yield profile_id, [(one, first, n) for _, one, first, n in found]


def served_of_run(db: sqlite3.Connection, run_id: int, first: int | None, last: int | None) -> str:
    """served_sha256 of a run that has logged everything, from what it logged between its bounds; read-only.

    A customer who was gone meanwhile counts with what was due besides.
    """
    at = {"run_id": run_id, "first": first, "last": last}
    return _digest(db, run_id, read_batches(db, _SERVED, at))


def served_of_open_run(db: sqlite3.Connection, run_id: int) -> str:
    """The same of a run that no seal covers, from all that it logged, then what it has left; read-only."""
    logged = read_batches(db, _SERVED, {"run_id": run_id, "first": 1, "last": 2**53})
    return _digest(db, run_id, logged, read_batches(db, _WAITING, {"run_id": run_id}))


def _digest(
    db: sqlite3.Connection,
    run_id: int,
    logged: Iterable[tuple[Any, ...]],
    waiting: Iterable[tuple[Any, ...]] = (),
) -> str:
    gone = {
        number: [tuple(one) for one in json.loads(due or "[]")]
        for number, due in db.execute(_OF_GONE, (run_id, GONE))
    }
    # What was due to who is gone was noted, the rest of the map included.
    rows = chain(logged, (row for row in waiting if row[1] not in gone))
    here = by_customer(row[1:] for row in rows)
    together = groupby(merge(here, sorted(gone.items()), key=_order), key=_order)
    customers = ((number, [one for _, found in of for one in found]) for number, of in together)
    return served_sha256(run_salt(db, run_id), customers)


def _order(served: Served) -> int:
    # Of a row that is missing from the log nobody knows whose it was.
    return -1 if served[0] is None else served[0]
