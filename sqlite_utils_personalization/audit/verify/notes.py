"""What verification noticed and does not hold against the file: it may be honest, and whoever audits should know.

Clocks are set back, and a night that was interrupted is sealed after later ones.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

from sqlite_utils_personalization.evidence.leaves import EVENT_COLUMNS
from sqlite_utils_personalization.evidence.seal import event_tables

# When each event was written down, which is not when it is said to have happened.
_WRITTEN = {
    "am_personalization_delivery": "recorded_at",
    "am_personalization_erasure": "erased_at",
    "am_personalization_rotation": "rotated_at",
    "am_personalization_identity": "bound_at",
}
_RUNS = """
SELECT seal_id, run_id, manifest_json FROM am_personalization_seal WHERE run_id IS NOT NULL ORDER BY seal_id
"""
_BACKWARDS = """
SELECT number, written, before FROM (
    SELECT {number} AS number, {written} AS written, lag({written}) OVER (ORDER BY {number}) AS before FROM {table}
) WHERE written < before ORDER BY number
"""


class Note(NamedTuple):
    """Something noticed: a stable code, and a sentence; of many of a kind the first, and how many."""

    code: str
    message: str


def notes(db: sqlite3.Connection) -> list[Note]:
    """Times that go backwards in the order of the seals: of nights, and of events in the order of their numbers.

    Read-only. A value that is not what it must be is for the findings.
    """
    found = [_together(list(_runs(db)))]
    for table in event_tables(db):
        # A table that lacks a column is for the findings too.
        with suppress(sqlite3.OperationalError):
            found.append(_together(_events(db, table)))
    return [note for note in found if note]


def _together(sentences: list[str]) -> Note | None:
    if not sentences:
        return None
    more = f"; and {len(sentences) - 1} more" if len(sentences) > 1 else ""
    return Note("time-backwards", f"{sentences[0]}{more}")


def _runs(db: sqlite3.Connection) -> Iterator[str]:
    before, of = "", 0
    for seal_id, run_id, manifest in db.execute(_RUNS).fetchall():
        started_at = _started_at(manifest)
        if started_at is None:
            continue
        if started_at < before:
            yield (
                f"seal {seal_id} is of run {run_id}, which started at {started_at}, but run {of}, which was sealed"
                f" before, at {before}: it was interrupted meanwhile, or the clock was set back"
            )
        else:
            before, of = started_at, run_id


def _started_at(manifest: object) -> str | None:
    try:
        started_at = json.loads(str(manifest))["run"]["started_at"]
    except (ValueError, TypeError, LookupError, RecursionError):
        return None
    return started_at if isinstance(started_at, str) else None


def _events(db: sqlite3.Connection, table: str) -> list[str]:
    number = EVENT_COLUMNS[table][0]
    sql = _BACKWARDS.format(table=table, number=number, written=_WRITTEN[table])
    return [
        f"{number} {key} was written at {written}, the one before it at {before}: the clock was set back"
        for key, written, before in db.execute(sql)
    ]
