"""What no seal covers yet: no fault, and to be said. Read-only."""

import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

from sqlite_utils_personalization.audit.verify.codes import UNCOVERED
from sqlite_utils_personalization.audit.verify.events import sealed_segments
from sqlite_utils_personalization.audit.verify.schema import LOG, RECENT, recent_view_differs
from sqlite_utils_personalization.evidence.leaves import EVENT_COLUMNS
from sqlite_utils_personalization.evidence.seal import event_tables

_SEALED_TO = "SELECT coalesce(max(log_end), 0) FROM am_personalization_seal WHERE typeof(log_end) = 'integer'"
_SINCE = f"SELECT count(*), min(rec_id), max(rec_id) FROM {LOG} WHERE rec_id > ?"
_UNEXPLAINED = f"""
{_SINCE} AND NOT EXISTS (
    SELECT 1 FROM am_personalization_evidence e WHERE e.first_rec_id = (
        SELECT max(first_rec_id) FROM am_personalization_evidence WHERE first_rec_id <= rec_id
    ) AND rec_id < e.first_rec_id + e.n
)
"""


class Note(NamedTuple):
    """Something that is no fault: a key of NOTES, a sentence, and how many rows, the first and the last of them."""

    code: str
    what: str
    rows: int = 0
    first: int | None = None
    last: int | None = None

    @property
    def is_uncovered(self) -> bool:
        """Whether it is of rows that --strict wants covered."""
        return self.code in UNCOVERED


def notes(db: sqlite3.Connection) -> list[Note]:
    """Rows that neither evidence nor a seal covers, and a view of another 287; read-only.

    Of a file so damaged that they cannot be counted, findings speak.
    """
    found: list[Note] = []
    for check in (_log, _events, _view):
        # sqlite3 may be another module than that which Python brings.
        with suppress(Exception):
            found += check(db)
    return found


def _log(db: sqlite3.Connection) -> Iterator[Note]:
    (end,) = db.execute(_SEALED_TO).fetchone()
    rows = db.execute(_UNEXPLAINED, (end,)).fetchone()
    if rows[0]:
        what = "have neither evidence nor a seal: nothing explains them"
        yield Note("rows-unexplained", _rows(rows, "of the log", what), *rows)
    rows = db.execute(_SINCE, (end,)).fetchone()
    if rows[0]:
        yield Note(
            "rows-after-last-seal", _rows(rows, "of the log", "lie after the last seal"), *rows
        )


def _events(db: sqlite3.Connection) -> Iterator[Note]:
    ends = {one.table: one.end for one in sealed_segments(db)}
    for table in event_tables(db):
        number = EVENT_COLUMNS[table][0]
        rows = db.execute(
            f"SELECT count(*), min({number}), max({number}) FROM {table} WHERE {number} > ?",
            (ends.get(table, 0),),
        ).fetchone()
        if rows[0]:
            what = _rows(rows, f"of {table}", "lie after the last seal")
            yield Note("events-after-last-seal", what, *rows)


def _view(db: sqlite3.Connection) -> Iterator[Note]:
    if recent_view_differs(db):
        yield Note(
            "view-not-packaged", f"{RECENT} is not the packaged one; nothing is checked through it"
        )


def _rows(rows: tuple[int, int, int], of: str, what: str) -> str:
    n, first, last = rows
    if n == 1:
        return f"1 row {of}, {first}, " + what.replace("have", "has").replace(
            "lie", "lies"
        ).replace("them", "it")
    return f"{n} rows {of}, {first} to {last}, {what}"
