"""Is every stored list the one that follows from what the run saw, place by place?"""

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import chain, groupby, islice
from operator import itemgetter

from sqlite_utils_personalization.audit.verify import Finding
from sqlite_utils_personalization.audit.verify.lists import Decided, Row, decided_lists
from sqlite_utils_personalization.evidence.leaves import keep_digests
from sqlite_utils_personalization.model.kinds import POINTS, listed
from sqlite_utils_personalization.scoring.run_digest import Places

_TABLES = (
    "CREATE TEMP TABLE plan_same (cohort_no INTEGER, owner INTEGER, list_id INTEGER,"
    " PRIMARY KEY (cohort_no, owner)) WITHOUT ROWID",
    "CREATE TEMP TABLE plan_due (cohort_no INTEGER, owner INTEGER, list_id INTEGER, n INTEGER)",
)
# Where the index that keeps a list's key unique was dropped there may be two; the second follows from nothing.
_SAME_LIST = """
INSERT OR IGNORE INTO plan_same
SELECT cohort_id, coalesce(profile_id, 0), list_id FROM am_personalization_list
WHERE run_id = ? ORDER BY list_id
"""
_STORED = f"""
SELECT %s seq, candidate_id, {listed(POINTS)}, score
FROM am_personalization_decision WHERE list_id IN (SELECT value FROM json_each(?)) ORDER BY list_id, seq
"""
_NOT_DECIDED = """
SELECT d.list_id, d.seq FROM am_personalization_list t
JOIN am_personalization_decision d USING (list_id)
WHERE t.run_id = ? AND NOT EXISTS (SELECT 1 FROM plan_due p WHERE p.list_id = t.list_id)
"""
_FIRST_ROWS = (
    "CREATE TEMP TABLE plan_first AS SELECT list_id, first_seq, n, min(first_rec_id) AS rec_id"
    " FROM am_personalization_evidence GROUP BY list_id, first_seq, n",
    "CREATE INDEX temp.plan_first_list ON plan_first(list_id)",
)
_ROW_OF_PLACE = """
SELECT min(rec_id + :seq - first_seq) FROM plan_first
WHERE list_id = :list_id AND :seq BETWEEN first_seq AND first_seq + n - 1
"""

# Lists between two writes to temporary tables.
_BATCH = 200


class Comparison:
    """What the lists of a planned run should be, held against those it has; a candidate's number is its id."""

    def __init__(self, db: sqlite3.Connection, run_id: int, top_k: int) -> None:
        self._db = db
        self._run_id = run_id
        self._top_k = top_k
        self._scored: Counter[str] = Counter()
        self._rows: Counter[tuple[str, int]] = Counter()
        self._knows_first_rows = False

    def findings(self, tick: Callable[[int], None]) -> Iterator[Finding]:
        """Decide every list again and hold the stored one against it, a tick for each.

        Fills plan_due with the lists there should be, and how many places each has, NULL where the stored one has
        another number; keeps the digests of those that are as they should be.
        """
        for statement in _TABLES:
            self._db.execute(statement)
        self._db.execute(_SAME_LIST, (self._run_id,))
        lists = decided_lists(self._db, self._top_k)
        while batch := list(islice(lists, _BATCH)):
            same: list[tuple[int, str]] = []
            due = []
            found = self._stored(batch)
            for decided in batch:
                stored = [] if decided.list_id is None else found.get(decided.list_id, [])
                if decided.list_id is not None and stored == decided.rows:
                    same.append((decided.list_id, decided.sha256))
                else:
                    yield from self._differences(decided, stored)
                n = len(stored) if len(stored) == len(decided.rows) else None
                due.append((*decided[:3], n))
            self._db.executemany("INSERT INTO plan_due VALUES (?, ?, ?, ?)", due)
            self._count(batch)
            keep_digests(self._db, self._run_id, same)
            tick(len(batch))
        self._db.execute("CREATE INDEX temp.plan_due_list ON plan_due(list_id)")
        for list_id, seq in self._db.execute(_NOT_DECIDED, (self._run_id,)):
            yield self._not_decided(list_id, seq)

    def counts(self) -> Places:
        """How many customers should have a recommendation, and how many log rows there should be."""
        rows = [(kind, score, n) for (kind, score), n in self._rows.items()]
        return Places(self._scored.items(), rows)

    def _stored(self, batch: list[Decided]) -> dict[int, list[Row]]:
        lists = {one.list_id: one.rows for one in batch if one.list_id is not None}
        numbers = json.dumps([*lists])
        # Each list begins at 1 and goes up, so as many lists as there are numbers end where these end.
        together = [*chain.from_iterable(lists[number] for number in sorted(lists))]
        if self._db.execute(_STORED % "", (numbers,)).fetchall() == together:
            return lists
        found = groupby(self._db.execute(_STORED % "list_id,", (numbers,)), key=itemgetter(0))
        return {list_id: [row[1:] for row in rows] for list_id, rows in found}

    def _count(self, batch: list[Decided]) -> None:
        for decided in batch:
            if not decided.customers:
                continue
            for kind in {kind for kind, _ in decided.places}:
                self._scored[kind] += decided.customers
            for place, n in decided.places.items():
                self._rows[place] += decided.customers * n

    def _differences(self, decided: Decided, stored: list[Row]) -> Iterator[Finding]:
        found = {row[0]: row for row in stored}
        for row in decided.rows:
            if found.pop(row[0], None) != row:
                where, rec_id = self._where(decided.list_id, row[0])
                (item,) = self._db.execute(
                    "SELECT item_id FROM plan_candidate WHERE candidate_no = ?", row[1:2]
                ).fetchone()
                message = f"{where} should be {item}, with the formula's points"
                yield Finding("decision-wrong", message, self._run_id, rec_id)
        for seq in found:
            yield self._not_decided(decided.list_id, seq)

    def _not_decided(self, list_id: int | None, seq: int) -> Finding:
        where, rec_id = self._where(list_id, seq)
        message = f"{where} does not follow from what run {self._run_id} saw"
        return Finding("decision-wrong", message, self._run_id, rec_id)

    def _where(self, list_id: int | None, seq: int) -> tuple[str, int | None]:
        # Made for the first fault only; without it, each further one would walk all of the evidence.
        if not self._knows_first_rows:
            for statement in _FIRST_ROWS:
                self._db.execute(statement)
            self._knows_first_rows = True
        at = {"seq": seq, "list_id": list_id}
        (rec_id,) = self._db.execute(_ROW_OF_PLACE, at).fetchone()
        return f"place {seq} of list {list_id}", rec_id
