"""Does what is noted of how far each run is agree with its evidence, its seal and what it has left?"""

import sqlite3
from collections.abc import Iterator

from sqlite_utils_personalization.audit.verify import Finding
from sqlite_utils_personalization.scoring.progress import is_time

_TABLE = "am_personalization_run_progress"
_WAITING = "am_personalization_run_customer"
_RUN = """
SELECT r.as_of, r.started_at, p.run_id IS NOT NULL, p.status, p.cursor, p.logged, p.first_rec_id, p.finished_at,
    s.seal_id IS NOT NULL, s.first_rec_id
FROM am_personalization_run r LEFT JOIN am_personalization_run_progress p ON p.run_id = r.run_id
LEFT JOIN am_personalization_seal s ON s.run_id = r.run_id WHERE r.run_id = ?
"""
_OPEN = """
SELECT run_id, as_of, started_at FROM am_personalization_run JOIN am_personalization_run_progress p USING (run_id)
WHERE p.status = 'running' AND run_id NOT IN (
    SELECT run_id FROM am_personalization_seal WHERE run_id IS NOT NULL
) ORDER BY run_id
"""
_LOGGED = """
SELECT coalesce(sum(e.n), 0), min(e.first_rec_id) FROM am_personalization_list t
JOIN am_personalization_evidence e USING (list_id) WHERE t.run_id = ?
"""
_LEFT = """
SELECT count(*), min(position), max(position) FROM am_personalization_run_customer WHERE run_id = ?
"""
# In the order in which a night makes its map.
_MOVED = """
SELECT position, profile_id FROM (
    SELECT position, profile_id, list_id, lag(profile_id) OVER places AS before, lag(list_id) OVER places AS list
    FROM am_personalization_run_customer WHERE run_id = ? WINDOW places AS (ORDER BY position)
) WHERE (profile_id, list_id) < (before, list)
"""
_AGAIN = """
SELECT again FROM am_personalization_run r WHERE run_id = ? AND again <> 0 AND NOT EXISTS (
    SELECT 1 FROM am_personalization_run b WHERE b.as_of = r.as_of AND b.model_sha256 = r.model_sha256
    AND b.top_k = r.top_k AND b.again = r.again - 1
)
"""
# What check_run planned: one for each range of a list that a customer gets.
_DUE = "SELECT count(*) FROM plan_map"


def check_progress(db: sqlite3.Connection, run_id: int) -> Iterator[Finding]:
    """Hold a planned run's progress against everything it follows from; read-only."""
    as_of, started_at, there, status, cursor, logged, first, finished_at, sealed, sealed_from = (
        db.execute(_RUN, (run_id,)).fetchone()
    )
    if status == "running" and not sealed:
        yield _open(run_id, as_of, started_at)
    for (again,) in db.execute(_AGAIN, (run_id,)):
        what = f"again of run {run_id} is {again!r}, and no run of that night has one less"
        yield Finding("run-changed", what, run_id, None, "am_personalization_run", run_id)
    for position, profile_id in db.execute(_MOVED, (run_id,)):
        what = (
            f"profile {profile_id} waits out of its order in run {run_id}, at position {position}"
        )
        yield Finding("leaves-out-of-order", what, run_id, None, _WAITING, position)
    rows, first_row = db.execute(_LOGGED, (run_id,)).fetchone()
    left, next_position, last_position = db.execute(_LEFT, (run_id,)).fetchone()
    (due,) = db.execute(_DUE).fetchone()
    if not there:
        yield _wrong(
            run_id, f"its row is missing; it should say {'finished' if sealed else 'running'}"
        )
        return
    if sealed and status != "finished":
        yield _wrong(run_id, f"status is {status!r}, but run {run_id} is sealed")
    if not (finished_at is None if status == "running" else is_time(finished_at)):
        yield _wrong(run_id, f"finished_at is {finished_at!r}, while status is {status!r}")
    if logged != rows:
        yield _wrong(run_id, f"logged is {logged!r}, but its evidence has {rows} rows")
    start = sealed_from if sealed else first_row
    if first != start:
        yield _wrong(run_id, f"first_rec_id is {first!r}, but its rows begin at {start}")
    if cursor != due - left:
        yield _wrong(
            run_id, f"cursor is {cursor!r}, but {due - left} of {due} places were dealt with"
        )
    if left and (next_position, last_position) != (due - left + 1, due):
        what = f"{left} places are left, and should be {due - left + 1} to {due}"
        yield _wrong(run_id, f"{what}, not {next_position!r} to {last_position!r}")
    if sealed and left:
        yield _wrong(
            run_id, f"it is sealed, and {left} customers wait in am_personalization_run_customer"
        )


def check_open_runs(db: sqlite3.Connection) -> Iterator[Finding]:
    """Every run that was begun and is not finished; read-only."""
    for row in db.execute(_OPEN):
        yield _open(*row)


def _open(run_id: int, as_of: str, started_at: str) -> Finding:
    return Finding(
        "run-open", f"run {run_id} of {as_of} is not finished: open since {started_at}", run_id
    )


def _wrong(run_id: int, what: str) -> Finding:
    return Finding(
        "progress-wrong", f"progress of run {run_id}: {what}", run_id, None, _TABLE, run_id
    )
