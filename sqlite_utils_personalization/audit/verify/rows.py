"""Does every log row stand where its evidence says, and say what its evidence says?"""

import sqlite3
from collections.abc import Callable, Iterator

from sqlite_utils_personalization.audit.verify import Finding

_OURS = (
    "recommendation_log",
    "run_candidate",
    "candidate",
    "list",
    "decision",
    "evidence",
    "unserved",
    "seal",
)
_RANGES = """
SELECT e.first_rec_id, e.n, t.run_id, t.list_id, r.run_id AS known_run, (
        SELECT count(*) FROM am_personalization_decision d WHERE d.list_id = e.list_id
    ) AS places, lag(e.first_rec_id + e.n) OVER (ORDER BY e.first_rec_id) AS free
FROM am_personalization_evidence e
LEFT JOIN am_personalization_list t ON t.list_id = e.list_id
LEFT JOIN am_personalization_run r ON r.run_id = t.run_id
"""
_BROKEN_RANGES = f"""
SELECT run_id, first_rec_id, CASE
    WHEN list_id IS NULL THEN 'its list does not exist'
    WHEN known_run IS NULL THEN 'its run does not exist'
    WHEN places <> n THEN 'it covers ' || n || ' rows, but its list has ' || places || ' places'
    ELSE 'it overlaps the evidence before it' END
FROM ({_RANGES})
WHERE list_id IS NULL OR known_run IS NULL OR places <> n OR first_rec_id < free
ORDER BY first_rec_id
"""
# A row is held against its decision, its run, and the first row of its range for the customer. The order of the joins
# is fixed, so that the log is walked once, in its own order.
_WRONG_ROWS = """
SELECT t.run_id, e.first_rec_id + d.seq - 1, CASE
    WHEN l.rec_id IS NULL THEN 'missing'
    WHEN l.profile_id IS NOT f.profile_id THEN 'profile_id'
    WHEN t.profile_id IS NOT NULL AND t.profile_id <> l.profile_id THEN 'profile_id'
    WHEN l.recommendation_type IS NOT c.recommendation_type THEN 'recommendation_type'
    WHEN l.score IS NOT d.score THEN 'score'
    ELSE 'served_at' END
FROM am_personalization_evidence e
CROSS JOIN am_personalization_list t ON t.list_id = e.list_id
CROSS JOIN am_personalization_run r ON r.run_id = t.run_id
LEFT JOIN am_personalization_recommendation_log f ON f.rec_id = e.first_rec_id
CROSS JOIN am_personalization_decision d ON d.list_id = e.list_id AND d.seq <= e.n
LEFT JOIN am_personalization_candidate c ON c.candidate_id = d.candidate_id
LEFT JOIN am_personalization_recommendation_log l ON l.rec_id = e.first_rec_id + d.seq - 1
WHERE e.first_rec_id > :after AND e.first_rec_id <= :last AND (
    l.rec_id IS NULL OR l.profile_id IS NOT f.profile_id
    OR (t.profile_id IS NOT NULL AND t.profile_id <> l.profile_id)
    OR l.recommendation_type IS NOT c.recommendation_type OR l.score IS NOT d.score
    OR l.served_at IS NOT r.served_at
)
"""
# So few that the bar moves and Ctrl-C is heard.
_RANGES_AT_ONCE = 2_000
_SOME_RANGES = """
SELECT max(first_rec_id), count(*) FROM (
    SELECT first_rec_id FROM am_personalization_evidence
    WHERE first_rec_id > ? ORDER BY first_rec_id LIMIT ?
)
"""


def check_rows(
    db: sqlite3.Connection, tick: Callable[[int], None] = lambda n: None
) -> Iterator[Finding]:
    """Hold the log against the evidence, both ways as far as evidence reaches, a tick for every range; read-only."""
    for run_id, rec_id, fault in db.execute(_BROKEN_RANGES):
        yield Finding("evidence", run_id, rec_id, f"evidence from row {rec_id} on: {fault}")
    after = -(2**63)
    while (found := db.execute(_SOME_RANGES, (after, _RANGES_AT_ONCE)).fetchone())[1]:
        last, ranges = found
        for run_id, rec_id, column in db.execute(_WRONG_ROWS, {"after": after, "last": last}):
            fault = (
                "is missing" if column == "missing" else f"has another {column} than its evidence"
            )
            yield Finding("log", run_id, rec_id, f"log row {rec_id} {fault}")
        after = last
        tick(ranges)


def check_references(db: sqlite3.Connection) -> Iterator[Finding]:
    """Follow every reference from our tables; read-only."""
    for name in _OURS:
        table = f"am_personalization_{name}"
        for _, rowid, parent, _ in db.execute(f"PRAGMA foreign_key_check({table})"):
            where = f"row {rowid}" if rowid is not None else "a row"
            rec_id = rowid if name == "recommendation_log" else None
            yield Finding(
                "reference", None, rec_id, f"{table}: {where} refers to a missing row of {parent}"
            )
