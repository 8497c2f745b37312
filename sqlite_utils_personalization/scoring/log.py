"""The recommendation log, written in short transactions, each chunk together with the evidence for its rows."""

import sqlite3
import time
from collections.abc import Iterator
from typing import NamedTuple

from sqlite_utils_personalization.evidence.served import GONE
from sqlite_utils_personalization.model.kinds import TYPES
from sqlite_utils_personalization.preferences.customer import active_condition
from sqlite_utils_personalization.scoring.guards import guards_aside
from sqlite_utils_personalization.transaction import Turns, transaction

# What one transaction logs at most where nobody else waits: each commit waits for the disk.
CHUNK_CUSTOMERS = 50_000
CHUNK_ROWS = 300_000
# In company it is a tenth of that at most, and as much as takes no longer than this.
IN_COMPANY = 10
CHUNK_S = 0.05

_CREATE_CHUNK = """
CREATE TEMP TABLE IF NOT EXISTS plan_chunk (
    position INTEGER PRIMARY KEY, profile_id INTEGER, list_id INTEGER, first_seq INTEGER, due INTEGER, n INTEGER,
    first_rec_id INTEGER
)
"""
# Many customers share a range: its rows are counted once, and nobody's are counted again in the log.
_CREATE_SIZES = f"""
CREATE TEMP TABLE IF NOT EXISTS plan_size (
    list_id INTEGER, first_seq INTEGER, n INTEGER, {", ".join(TYPES)}, PRIMARY KEY (list_id, first_seq, n)
) WITHOUT ROWID
"""
_SIZES = f"""
INSERT INTO plan_size
SELECT u.list_id, u.first_seq, u.n, {", ".join(f"sum(c.recommendation_type = '{kind}')" for kind in TYPES)}
FROM (
    SELECT DISTINCT list_id, first_seq, n FROM am_personalization_run_customer WHERE run_id = :run_id
) u CROSS JOIN am_personalization_decision d
    ON d.list_id = u.list_id AND d.seq BETWEEN u.first_seq AND u.first_seq + u.n - 1
CROSS JOIN am_personalization_candidate c ON c.candidate_id = d.candidate_id
GROUP BY u.list_id, u.first_seq, u.n
"""
# A customer who was deleted or erased keeps the place on the map and gets no rows.
_FILL_CHUNK = """
INSERT INTO plan_chunk
SELECT position, profile_id, list_id, first_seq, due, n, :last + 1 + sum(n) OVER (ORDER BY position) - n FROM (
    SELECT u.position, u.profile_id, u.list_id, u.first_seq, u.n AS due,
        CASE WHEN p.profile_id IS NULL THEN 0 ELSE u.n END AS n
    FROM am_personalization_run_customer u
    LEFT JOIN am_personalization_profile p ON p.profile_id = u.profile_id AND {active}
    WHERE u.run_id = :run_id
    ORDER BY u.position LIMIT :customers
)
"""
# With all that was due to them from here on; places of one customer lie next to each other.
_GONE = f"""
INSERT INTO am_personalization_unserved(run_id, profile_id, cohort_id, reason, due_json)
SELECT :run_id, u.profile_id, t.cohort_id, '{GONE}', (
    SELECT json_group_array(json_array(list_sha256, first_seq, n)) FROM (
        SELECT o.list_sha256, r.first_seq, r.n FROM am_personalization_run_customer r
        JOIN am_personalization_list o USING (list_id)
        WHERE r.run_id = :run_id AND r.position >= u.position AND r.position < u.position + 8 * (
            SELECT top_k FROM am_personalization_run WHERE run_id = :run_id
        ) AND r.profile_id = u.profile_id ORDER BY r.position
    )
)
FROM (SELECT min(position) AS position, profile_id, list_id FROM plan_chunk WHERE n = 0 GROUP BY profile_id) u
JOIN am_personalization_list t USING (list_id)
WHERE NOT EXISTS (
    SELECT 1 FROM am_personalization_unserved x WHERE x.run_id = :run_id AND x.profile_id = u.profile_id
)
"""
_EVIDENCE = """
INSERT INTO am_personalization_evidence(first_rec_id, n, list_id, first_seq)
SELECT first_rec_id, n, list_id, first_seq FROM plan_chunk WHERE n > 0 ORDER BY position
"""
# The join order is the order of rec_id, so that the log is appended to.
_LOG = """
INSERT INTO am_personalization_recommendation_log(rec_id, profile_id, recommendation_type, score, served_at)
SELECT u.first_rec_id + d.seq - u.first_seq, u.profile_id, c.recommendation_type, d.score, r.served_at
FROM am_personalization_run r CROSS JOIN plan_chunk u
CROSS JOIN am_personalization_decision d
    ON d.list_id = u.list_id AND d.seq BETWEEN u.first_seq AND u.first_seq + u.n - 1
CROSS JOIN am_personalization_candidate c ON c.candidate_id = d.candidate_id
WHERE r.run_id = :run_id AND u.n > 0
"""
_ADDED = f"""
SELECT {", ".join(f"coalesce(sum(s.{kind}), 0)" for kind in TYPES)}
FROM plan_chunk u JOIN plan_size s ON s.list_id = u.list_id AND s.first_seq = u.first_seq AND s.n = u.due
WHERE u.n > 0
"""
_LEFT = """
SELECT recommendation_type, count(*) FROM am_personalization_run_customer u
JOIN am_personalization_decision d ON d.list_id = u.list_id AND d.seq BETWEEN u.first_seq AND u.first_seq + u.n - 1
JOIN am_personalization_candidate c USING (candidate_id)
WHERE u.run_id = ? GROUP BY 1
"""
_LAST = """
SELECT max(
    coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'am_personalization_recommendation_log'), 0),
    coalesce((SELECT max(rec_id) FROM am_personalization_recommendation_log), 0)
)
"""
_FORGET = (
    "DELETE FROM am_personalization_run_customer WHERE run_id = :run_id AND position <= :cursor"
)
_ADVANCE = """
UPDATE am_personalization_run_progress SET cursor = :cursor, logged = logged + :rows,
    first_rec_id = coalesce(first_rec_id, CASE WHEN :rows THEN :last + 1 END)
WHERE run_id = :run_id
"""


class Chunk(NamedTuple):
    """What one transaction did: places of the map dealt with, and log rows per type."""

    customers: int
    rows: dict[str, int]


def customers_left(db: sqlite3.Connection, run_id: int) -> int:
    """How many places of its map the run still has to deal with; read-only."""
    sql = "SELECT count(*) FROM am_personalization_run_customer WHERE run_id = ?"
    left: int = db.execute(sql, (run_id,)).fetchone()[0]
    return left


def rows_left(db: sqlite3.Connection, run_id: int) -> dict[str, int]:
    """The log rows per type the run still has to add; read-only."""
    return dict(db.execute(_LEFT, (run_id,)).fetchall())


def falsely_gone(db: sqlite3.Connection, run_id: int) -> list[int]:
    """profile_ids of customers that a run noted as gone, who are there and were never erased; read-only."""
    sql = f"""
        SELECT x.profile_id FROM am_personalization_unserved x JOIN am_personalization_profile p USING (profile_id)
        WHERE x.run_id = ? AND x.reason = ? AND {active_condition(db, "p.profile_id")} ORDER BY 1
    """
    return [profile_id for (profile_id,) in db.execute(sql, (run_id, GONE))]


def log_chunks(db: sqlite3.Connection, run_id: int) -> Iterator[Chunk]:
    """Log what the run has left, a transaction per chunk; another process may be doing the same."""
    for statement in (_CREATE_CHUNK, _CREATE_SIZES, "DELETE FROM plan_size"):
        db.execute(statement)
    db.execute(_SIZES, {"run_id": run_id})
    longest = db.execute("SELECT coalesce(max(n), 1) FROM plan_size").fetchone()[0]
    most = max(1, min(CHUNK_CUSTOMERS, CHUNK_ROWS // longest))
    # Whether anybody is there shows only once something was committed.
    customers = at_most = max(1, most // IN_COMPANY)
    turns = Turns(db)
    while True:
        with transaction(db, "IMMEDIATE"), guards_aside(db):
            began = time.monotonic()
            chunk = _log_chunk(db, run_id, customers)
        held_s = time.monotonic() - began
        if chunk is None:
            return
        yield chunk
        is_shared = turns.give(held_s)
        in_time = max(1, min(at_most, int(customers * CHUNK_S / held_s)))
        customers = in_time if is_shared else most


def _log_chunk(db: sqlite3.Connection, run_id: int, at_most: int) -> Chunk | None:
    # Read again in each transaction: another starter, or another program's rows, may have come between.
    at = {"run_id": run_id, "last": _last_rec_id(db)}
    db.execute("DELETE FROM plan_chunk")
    fill = _FILL_CHUNK.format(active=active_condition(db, "p.profile_id"))
    db.execute(fill, {**at, "customers": at_most})
    customers, last = db.execute("SELECT count(*), max(position) FROM plan_chunk").fetchone()
    if not customers:
        return None
    db.execute(_GONE, at)
    db.execute(_EVIDENCE)
    db.execute(_LOG, at)
    rows = dict(zip(TYPES, db.execute(_ADDED).fetchone(), strict=True))
    at["cursor"] = last
    db.execute(_FORGET, at)
    db.execute(_ADVANCE, {**at, "rows": sum(rows.values())})
    return Chunk(customers, rows)


def _last_rec_id(db: sqlite3.Connection) -> int:
    last: int = db.execute(_LAST).fetchone()[0]
    return last
