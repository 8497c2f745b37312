"""How far a run is, derived: its seal finishes it, its map holds what is left, its evidence says where it began.

The row of am_personalization_run_progress only repeats that, and spares the writing side a look at all evidence.
"""

import re
import sqlite3

from sqlite_utils_personalization.clock import utc_now
from sqlite_utils_personalization.evidence.served import GONE
from sqlite_utils_personalization.transaction import transaction

# Status by the seal alone, whatever the row says.
STATUS = """CASE WHEN EXISTS (
    SELECT 1 FROM am_personalization_seal s WHERE s.run_id = r.run_id
) THEN 'finished' ELSE 'running' END"""
_STORED = """
SELECT status, cursor, logged, first_rec_id, finished_at FROM am_personalization_run_progress WHERE run_id = :run_id
"""
_SEALED = "SELECT first_rec_id, last_rec_id FROM am_personalization_seal WHERE run_id = :run_id"
_LEFT = "SELECT min(position) - 1 FROM am_personalization_run_customer WHERE run_id = :run_id"
_LOGGED = """
SELECT min(first_rec_id), coalesce(sum(n), 0), count(*) FROM am_personalization_evidence
WHERE first_rec_id BETWEEN :first AND :last
    AND list_id IN (SELECT list_id FROM am_personalization_list WHERE run_id = :run_id)
"""
# Of who was gone before all of it was logged: how many ranges were left, which have no rows.
_GONE = """
SELECT coalesce(sum(json_array_length(due_json)), 0) FROM am_personalization_unserved
WHERE run_id = :run_id AND reason = :gone
"""
_PUT_BACK = """
INSERT INTO am_personalization_run_progress(run_id, status, cursor, logged, first_rec_id, finished_at)
VALUES (:run_id, :status, :cursor, :logged, :first, :finished_at)
ON CONFLICT (run_id) DO UPDATE SET status = excluded.status, cursor = excluded.cursor, logged = excluded.logged,
    first_rec_id = excluded.first_rec_id, finished_at = excluded.finished_at
"""
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def is_time(value: object) -> bool:
    """Whether it may stand as the time at which a run was finished."""
    return isinstance(value, str) and _TIME.fullmatch(value) is not None


def mend_progress(db: sqlite3.Connection, run_id: int) -> bool:
    """Put the row of the run back as it has to be, if it is missing or was changed; returns whether it was.

    Reads the evidence of the run, or of every run where this one is not sealed, and locks the file only if there is
    something to put back. When a finished run was finished is not known once it was lost: then the time at which it is
    put back stands there, by which it was.
    """
    if not _mended(db, run_id):
        return False
    with transaction(db, "IMMEDIATE"):
        # Once more: another process may have gone on with the run.
        mended = _mended(db, run_id)
        if mended:
            db.execute(_PUT_BACK, mended)
    return bool(mended)


def _mended(db: sqlite3.Connection, run_id: int) -> dict[str, object] | None:
    at = {"run_id": run_id}
    with transaction(db):
        stored = db.execute(_STORED, at).fetchone()
        sealed = db.execute(_SEALED, at).fetchone()
        first, last = sealed or (1, 2**53)
        bounds = {**at, "first": first, "last": last}
        first, logged, places = db.execute(_LOGGED, bounds).fetchone()
        (cursor,) = db.execute(_LEFT, at).fetchone()
        if cursor is None:
            # What is dealt with leaves the map.
            cursor = places + db.execute(_GONE, {**at, "gone": GONE}).fetchone()[0]
    status, finished_at = ("finished" if sealed else "running"), None
    if sealed:
        finished_at = stored[-1] if stored and is_time(stored[-1]) else utc_now()
    if stored == (status, cursor, logged, first, finished_at):
        return None
    found = {"status": status, "cursor": cursor, "logged": logged, "first": first}
    return {**at, **found, "finished_at": finished_at}
