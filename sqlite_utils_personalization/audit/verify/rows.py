"""Does every log row stand where its evidence says, and say what its evidence says?"""

import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from functools import cache

from sqlite_utils_personalization.audit.verify import Finding, guarded
from sqlite_utils_personalization.audit.verify.schema import LOG
from sqlite_utils_personalization.database import has_table
from sqlite_utils_personalization.schema.state import packaged_objects, tables

_OURS = "am_personalization_"
_RUN = "am_personalization_run"
# Rows of one table that are not there; whoever removed more is found by the first.
MOST_MISSING = 1_000

_RANGES = """
SELECT e.first_rec_id, e.n, e.first_seq, t.run_id, t.list_id, coalesce(d.places, 0) AS places,
    lag(e.first_rec_id + e.n) OVER (ORDER BY e.first_rec_id) AS free
FROM am_personalization_evidence e
LEFT JOIN am_personalization_list t ON t.list_id = e.list_id
LEFT JOIN (
    SELECT list_id, count(*) AS places FROM am_personalization_decision GROUP BY list_id
) d ON d.list_id = e.list_id
"""
_BROKEN_RANGES = f"""
SELECT run_id, first_rec_id, CASE
    WHEN list_id IS NULL THEN 'its list does not exist'
    WHEN first_seq < 1 OR first_seq + n - 1 > places
        THEN 'it covers places ' || first_seq || ' to ' || (first_seq + n - 1) || ', but its list has ' || places
    ELSE 'it overlaps the evidence before it' END
FROM ({_RANGES})
WHERE list_id IS NULL OR first_seq < 1 OR first_seq + n - 1 > places OR first_rec_id < free
ORDER BY first_rec_id
"""
# A row is held against its decision, its run, and the first row of its range for the customer, by type and bytes,
# whatever type and collation the log's columns were given. The order of the joins is fixed, so that the log is walked
# once, in its own order. A run that is gone is named once, and says nothing of when.
_WRONG_ROWS = """
SELECT t.run_id, e.first_rec_id + d.seq - e.first_seq, CASE
    WHEN l.rec_id IS NULL THEN 'missing'
    WHEN l.profile_id IS NOT f.profile_id THEN 'profile_id'
    WHEN t.profile_id IS NOT NULL AND t.profile_id <> l.profile_id THEN 'profile_id'
    WHEN l.recommendation_type IS NOT c.recommendation_type COLLATE BINARY THEN 'recommendation_type'
    WHEN l.score IS NOT d.score THEN 'score'
    ELSE 'served_at' END
FROM am_personalization_evidence e
CROSS JOIN am_personalization_list t ON t.list_id = e.list_id
LEFT JOIN am_personalization_run r ON r.run_id = t.run_id
LEFT JOIN am_personalization_recommendation_log f ON f.rec_id = e.first_rec_id
CROSS JOIN am_personalization_decision d
    ON d.list_id = e.list_id AND d.seq BETWEEN e.first_seq AND e.first_seq + e.n - 1
LEFT JOIN am_personalization_candidate c ON c.candidate_id = d.candidate_id
LEFT JOIN am_personalization_recommendation_log l ON l.rec_id = e.first_rec_id + d.seq - e.first_seq
WHERE e.first_rec_id > :after AND e.first_rec_id <= :last AND (
    l.rec_id IS NULL OR l.profile_id IS NOT f.profile_id
    OR (t.profile_id IS NOT NULL AND t.profile_id <> l.profile_id)
    OR l.recommendation_type IS NOT c.recommendation_type COLLATE BINARY
    OR l.score IS NOT d.score
    OR (r.run_id IS NOT NULL AND l.served_at IS NOT r.served_at COLLATE BINARY)
)
"""
# How many rows are as they should be, which takes less than to ask which are not, and whether no number of
# theirs is a float, which equals the integer of the same value.
_RIGHT_ROWS = """
SELECT count(*), coalesce(min(typeof(l.profile_id) = 'integer' AND typeof(l.score) = 'integer'), 1)
FROM am_personalization_evidence e
CROSS JOIN am_personalization_list t ON t.list_id = e.list_id
CROSS JOIN am_personalization_run r ON r.run_id = t.run_id
CROSS JOIN am_personalization_recommendation_log f ON f.rec_id = e.first_rec_id
CROSS JOIN am_personalization_decision d
    ON d.list_id = e.list_id AND d.seq BETWEEN e.first_seq AND e.first_seq + e.n - 1
CROSS JOIN am_personalization_candidate c ON c.candidate_id = d.candidate_id
CROSS JOIN am_personalization_recommendation_log l ON l.rec_id = e.first_rec_id + d.seq - e.first_seq
WHERE e.first_rec_id > :after AND e.first_rec_id <= :last AND (t.profile_id IS NULL OR t.profile_id = f.profile_id)
    AND l.score = d.score AND l.profile_id = f.profile_id
    AND l.recommendation_type = c.recommendation_type COLLATE BINARY
    AND l.served_at = r.served_at COLLATE BINARY
"""
_WRONG_TYPES = """
SELECT t.run_id, l.rec_id, CASE WHEN typeof(l.score) = 'integer' THEN 'profile_id' ELSE 'score' END
FROM am_personalization_recommendation_log l CROSS JOIN am_personalization_evidence e
CROSS JOIN am_personalization_list t ON t.list_id = e.list_id
WHERE (typeof(l.score) <> 'integer' OR typeof(l.profile_id) <> 'integer') AND e.first_rec_id = (
    SELECT max(first_rec_id) FROM am_personalization_evidence WHERE first_rec_id <= l.rec_id
) AND l.rec_id < e.first_rec_id + e.n AND l.score = (
    SELECT d.score FROM am_personalization_decision d
    WHERE d.list_id = e.list_id AND d.seq = l.rec_id - e.first_rec_id + e.first_seq
)
"""
# So few that Ctrl-C is heard.
_RANGES_AT_ONCE = 2_000
_SOME_RANGES = """
SELECT max(first_rec_id), count(*), sum(n) FROM (
    SELECT first_rec_id, n FROM am_personalization_evidence
    WHERE first_rec_id > ? ORDER BY first_rec_id LIMIT ?
)
"""


def check_rows(db: sqlite3.Connection) -> Iterator[Finding]:
    """Hold the log against the evidence, both ways as far as evidence reaches; read-only."""
    is_whole = True
    for run_id, rec_id, fault in db.execute(_BROKEN_RANGES):
        is_whole = False
        what = f"evidence from row {rec_id} on: {fault}"
        yield Finding(
            "evidence-broken", what, run_id, rec_id, "am_personalization_evidence", rec_id
        )
    after, has_odd = -(2**63), False
    while (found := db.execute(_SOME_RANGES, (after, _RANGES_AT_ONCE)).fetchone())[1]:
        last, _, rows = found
        right, are_integers = db.execute(_RIGHT_ROWS, {"after": after, "last": last}).fetchone()
        # Of ranges that go beyond their lists the number says nothing.
        is_right = right == rows and is_whole
        has_odd |= not (is_right and are_integers)
        if not is_right:
            for row in db.execute(_WRONG_ROWS, {"after": after, "last": last}):
                yield _wrong(*row)
        after = last
    if has_odd:
        for row in db.execute(_WRONG_TYPES).fetchall():
            yield _wrong(*row)


def _wrong(run_id: int, rec_id: int, column: str) -> Finding:
    is_missing = column == "missing"
    fault = "is missing" if is_missing else f"has another {column} than its evidence"
    code = "log-row-missing" if is_missing else "log-row-changed"
    return Finding(code, f"log row {rec_id} {fault}", run_id, rec_id, LOG, rec_id)


def check_references(db: sqlite3.Connection) -> Iterator[Finding]:
    """Follow every reference from our tables, a finding for each row that is not there; read-only."""
    missing: dict[tuple[str, object], Counter[str]] = {}
    for table in tables():
        yield from guarded("reference", _follow(db, table, missing), None, table)
    for (parent, number), counts in missing.items():
        of = ", ".join(f"{n} of {table.removeprefix(_OURS)}" for table, n in counts.items())
        name = parent.removeprefix(_OURS)
        code, run_id = "row-missing", None
        if parent == _RUN:
            code, run_id = "run-missing", number if isinstance(number, int) else None
        shown = number if isinstance(number, int | str) else repr(number)
        what = f"{name} {shown} is missing, and rows refer to it: {of}"
        yield Finding(code, what, run_id, None, parent, shown)


def lost_runs(db: sqlite3.Connection) -> set[int]:
    """The runs that seals or lists name and that have no row; read-only."""
    return {
        run_id
        for table in ("seal", "list")
        for (run_id,) in db.execute(
            f"SELECT DISTINCT run_id FROM {_OURS}{table} WHERE run_id IS NOT NULL"
            f" AND run_id NOT IN (SELECT run_id FROM {_RUN})"
        )
    }


def _follow(
    db: sqlite3.Connection, table: str, missing: dict[tuple[str, object], Counter[str]]
) -> Iterator[Finding]:
    # As the packaged migrations have the references: a table that was made again may have none.
    for column, parent, key in _references(table):
        if has_table(db, table) and has_table(db, parent):
            for number, n in db.execute(
                f"SELECT {column}, count(*) FROM {table} WHERE {column} IS NOT NULL"
                f" AND {column} NOT IN (SELECT {key} FROM {parent})"
                f" GROUP BY {column} LIMIT {MOST_MISSING}"
            ):
                missing.setdefault((parent, number), Counter())[table] += n
    yield from ()


@cache
def _references(table: str) -> list[tuple[str, str, str]]:
    found = re.findall(
        r"^ *(\w+) [^,\n]*REFERENCES (\w+)\((\w+)\)", packaged_objects()[table], re.MULTILINE
    )
    # What a correction takes back is followed with the deliveries.
    return [one for one in found if one[0] != "reversal_of"]
