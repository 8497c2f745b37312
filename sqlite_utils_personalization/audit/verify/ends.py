"""Did each run look at the deliveries and the feedback that there were when it was frozen, no less and no more?

Runs are numbered as they are frozen, and events as they are written; what a run looked at is sealed before the run is.
So it looked no less far than the run before it, and no further than the seals before its own reach. In between clocks
alone tell, and those are set back: remarks are made of that.
"""

import sqlite3
from collections.abc import Iterator
from itertools import chain, pairwise
from typing import NamedTuple

from sqlite_utils_personalization.audit.verify import Finding
from sqlite_utils_personalization.audit.verify.events import sealed_segments
from sqlite_utils_personalization.database import has_table

_RUN = "am_personalization_run"
_RUNS = """
SELECT run_id, coalesce({column}, 0), started_at, repeat_days IS NOT NULL, (
    SELECT min(seal_id) FROM am_personalization_seal s WHERE s.run_id = r.run_id
) FROM am_personalization_run r WHERE {column} IS NULL OR typeof({column}) = 'integer' ORDER BY run_id
"""
_OVERLOOKED = """
SELECT count(*), min({number}), max({number}) FROM {table}
WHERE {number} > ? AND {number} <= ? AND {written} < ?
"""
_LARGEST = 2**63 - 1


class _Looked(NamedTuple):
    """A column of runs, the table it speaks of, what numbers its rows and when each was written down."""

    column: str
    table: str
    number: str
    written: str


_LOOKED = (
    _Looked("delivery_end", "am_personalization_delivery", "delivery_id", "recorded_at"),
    _Looked("feedback_end", "am_personalization_feedback", "feedback_id", "given_at"),
)


def check_ends(db: sqlite3.Connection) -> Iterator[Finding]:
    """Hold how far each run looked against its seal and the runs before it; read-only."""
    for at in _LOOKED:
        reached = [(one.seal_id, one.end) for one in sealed_segments(db) if one.table == at.table]
        last, before = 0, 0
        for run_id, end, _, _, seal_id in db.execute(_RUNS.format(column=at.column)).fetchall():
            known = _last(db, at) if seal_id is None else 0
            known = max([known, *(to for number, to in reached if (seal_id or 0) > number)])
            if end > known:
                what = f"up to {end}, and what was there when it was frozen ends at {known}"
                yield _wrong(run_id, at, what)
            elif end < last:
                yield _wrong(run_id, at, f"up to {end}, and run {before} before it up to {last}")
            else:
                last, before = end, run_id


def overlooked(db: sqlite3.Connection) -> Iterator[tuple[int, str, tuple[int, int, int]]]:
    """Which run did not look at which rows of a table, though they were written down before it began; read-only."""
    for at in _LOOKED:
        if not has_table(db, at.table):
            continue
        sql = _OVERLOOKED.format(**at._asdict())
        runs = db.execute(_RUNS.format(column=at.column)).fetchall()
        for (run_id, end, started_at, is_sparing, _), after in pairwise(chain(runs, [None])):
            # Each row once, though later runs did not look at it either.
            upto = after[1] if after and after[1] > end else _LARGEST
            rows = db.execute(sql, (end, upto, started_at)).fetchone()
            if is_sparing and rows[0]:
                yield run_id, at.table, rows


def _last(db: sqlite3.Connection, at: _Looked) -> int:
    if not has_table(db, at.table):
        return 0
    last: int = db.execute(f"SELECT coalesce(max({at.number}), 0) FROM {at.table}").fetchone()[0]
    return last


def _wrong(run_id: int, at: _Looked, what: str) -> Finding:
    message = f"run {run_id} says that it looked at {at.table} {what}"
    return Finding("run-changed", message, run_id, None, _RUN, run_id)
