"""Was each run held against the night before it, of those that were finished when it was frozen?

What was finished then is not stored, but runs are numbered as they are frozen, and seals as nights are finished: with
the run that one was held against, all that were sealed before that one were finished, then and for every later run.
"""

import sqlite3
from collections.abc import Iterator

from sqlite_utils_personalization.audit.verify import Finding
from sqlite_utils_personalization.scoring.repeats import BEFORE, held_against, kept, night_before

_RUN = "am_personalization_run"
_RUNS = (
    f"SELECT run_id, as_of, counts_json FROM {_RUN} WHERE typeof(as_of) = 'text' ORDER BY run_id"
)
_SEALS = "SELECT run_id, min(seal_id) FROM am_personalization_seal WHERE run_id IS NOT NULL GROUP BY run_id"
_IS_THERE = f"SELECT 1 FROM {_RUN} WHERE run_id = ?"


def check_before(db: sqlite3.Connection) -> Iterator[Finding]:
    """Hold the run that each says it was held against, if it says so, against the seals; read-only."""
    seals = dict(db.execute(_SEALS).fetchall())
    reached = 0
    for run_id, as_of, counts_json in db.execute(_RUNS):
        if BEFORE not in kept(counts_json):
            continue
        before = held_against(counts_json)
        if before is not None:
            end = seals.get(before)
            if end is None or end >= seals.get(run_id, end + 1):
                yield _wrong(run_id, before, "which was not finished when it was frozen")
                continue
            reached = max(reached, end)
            if not db.execute(_IS_THERE, (before,)).fetchone():
                # What it was of is not known; that its row is missing is said.
                continue
        due = night_before(db, as_of, reached)
        if due != before:
            yield _wrong(run_id, before, f"and the night before it was {_named(due)}")


def _wrong(run_id: int, before: int | None, what: str) -> Finding:
    message = f"run {run_id} says that it was held against {_named(before)}, {what}"
    return Finding("run-changed", message, run_id, None, _RUN, run_id)


def _named(run_id: int | None) -> str:
    return "none" if run_id is None else f"run {run_id}"
