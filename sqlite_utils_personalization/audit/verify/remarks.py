"""What is no fault and has to be said: what no seal covers yet, and times that go backwards. Read-only.

Clocks are set back, and a night that was interrupted is sealed after later ones.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple, TypedDict

from sqlite_utils_personalization.audit.verify.codes import UNCOVERED
from sqlite_utils_personalization.audit.verify.ends import overlooked
from sqlite_utils_personalization.audit.verify.events import sealed_segments
from sqlite_utils_personalization.audit.verify.schema import LOG
from sqlite_utils_personalization.evidence.leaves import EVENT_COLUMNS
from sqlite_utils_personalization.evidence.seal import event_tables
from sqlite_utils_personalization.schema.state import RECENT, recent_view_differs

_SEALED_TO = "SELECT coalesce(max(log_end), 0) FROM am_personalization_seal WHERE typeof(log_end) = 'integer'"
_SINCE = f"SELECT count(*), min(rec_id), max(rec_id) FROM {LOG} WHERE rec_id > ?"
_UNEXPLAINED = f"""
{_SINCE} AND NOT EXISTS (
    SELECT 1 FROM am_personalization_evidence e WHERE e.first_rec_id = (
        SELECT max(first_rec_id) FROM am_personalization_evidence WHERE first_rec_id <= rec_id
    ) AND rec_id < e.first_rec_id + e.n
)
"""

_WITHOUT_KEY = """
SELECT count(*), min(delivery_id), max(delivery_id) FROM am_personalization_delivery
WHERE charge_key IS NULL AND unit_price_yen > 0 AND status BETWEEN 200 AND 299 AND reversal_of IS NULL
"""
# When each event was written down, which is not when it is said to have happened.
_WRITTEN = {
    "am_personalization_delivery": "recorded_at",
    "am_personalization_erasure": "erased_at",
    "am_personalization_rotation": "rotated_at",
    "am_personalization_identity": "bound_at",
    "am_personalization_feedback": "given_at",
    "am_personalization_verification": "verified_at",
}
_RUNS = """
SELECT seal_id, run_id, manifest_json FROM am_personalization_seal WHERE run_id IS NOT NULL ORDER BY seal_id
"""
_BACKWARDS = """
SELECT number, written, before FROM (
    SELECT {number} AS number, {written} AS written, lag({written}) OVER (ORDER BY {number}) AS before FROM {table}
) WHERE written < before ORDER BY number
"""


class VerifyNote(TypedDict):
    """What is no fault and has to be said; count, first and last of the rows it is about."""

    code: str
    sentence: str
    count: int
    first: int | None
    last: int | None


class Remark(NamedTuple):
    """Something that is no fault: a key of REMARKS, a sentence, and how many rows, the first and the last of them."""

    code: str
    what: str
    rows: int = 0
    first: int | None = None
    last: int | None = None

    @property
    def is_uncovered(self) -> bool:
        """Whether it is of rows that --strict wants covered."""
        return self.code in UNCOVERED

    def to_dict(self) -> VerifyNote:
        """For JSON, as a finding says it."""
        return {
            "code": self.code,
            "sentence": self.what,
            "count": self.rows,
            "first": self.first,
            "last": self.last,
        }


def remarks(db: sqlite3.Connection) -> list[Remark]:
    """Rows that neither evidence nor a seal covers, a view of another 287, times that go backwards; read-only.

    Of a file so damaged that they cannot be counted, findings speak.
    """
    found: list[Remark] = []
    for check in (_log, _events, _overlooked, _charges, _view, _times):
        # sqlite3 may be another module than that which Python brings.
        with suppress(Exception):
            found += check(db)
    return found


def _log(db: sqlite3.Connection) -> Iterator[Remark]:
    (end,) = db.execute(_SEALED_TO).fetchone()
    rows = db.execute(_UNEXPLAINED, (end,)).fetchone()
    if rows[0]:
        what = "have neither evidence nor a seal: nothing explains them"
        yield Remark("rows-unexplained", _rows(rows, "of the log", what), *rows)
    rows = db.execute(_SINCE, (end,)).fetchone()
    if rows[0]:
        yield Remark(
            "rows-after-last-seal", _rows(rows, "of the log", "lie after the last seal"), *rows
        )


def _events(db: sqlite3.Connection) -> Iterator[Remark]:
    ends = {one.table: one.end for one in sealed_segments(db)}
    for table in event_tables(db):
        number = EVENT_COLUMNS[table][0]
        rows = db.execute(
            f"SELECT count(*), min({number}), max({number}) FROM {table} WHERE {number} > ?",
            (ends.get(table, 0),),
        ).fetchone()
        if rows[0]:
            what = _rows(rows, f"of {table}", "lie after the last seal")
            yield Remark("events-after-last-seal", what, *rows)


def _overlooked(db: sqlite3.Connection) -> Iterator[Remark]:
    for run_id, table, rows in overlooked(db):
        what = (
            f"lie before run {run_id} began, which did not look at them; or the clock was set back"
        )
        yield Remark("looked-less-far", _rows(rows, f"of {table}", what), *rows)


def _charges(db: sqlite3.Connection) -> Iterator[Remark]:
    rows = db.execute(_WITHOUT_KEY).fetchone()
    if rows[0]:
        table = "am_personalization_delivery"
        yield Remark("charged-without-key", _rows(rows, f"of {table}", "have no charge_key"), *rows)


def _view(db: sqlite3.Connection) -> Iterator[Remark]:
    if recent_view_differs(db):
        yield Remark(
            "view-not-packaged", f"{RECENT} is not the packaged one; nothing is checked through it"
        )


def _times(db: sqlite3.Connection) -> Iterator[Remark]:
    """Of nights in the order of their seals, of events in the order of their numbers."""
    yield from _together(list(_runs(db)))
    for table in event_tables(db):
        with suppress(sqlite3.OperationalError):  # it lacks a column
            yield from _together(_written(db, table))


def _together(sentences: list[str]) -> Iterator[Remark]:
    if sentences:
        more = f"; and {len(sentences) - 1} more" if len(sentences) > 1 else ""
        yield Remark("time-backwards", f"{sentences[0]}{more}", len(sentences))


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


def _written(db: sqlite3.Connection, table: str) -> list[str]:
    number = EVENT_COLUMNS[table][0]
    sql = _BACKWARDS.format(table=table, number=number, written=_WRITTEN[table])
    return [
        f"{number} {key} was written at {written}, the one before it at {before}: the clock was set back"
        for key, written, before in db.execute(sql)
    ]


def _rows(rows: tuple[int, int, int], of: str, what: str) -> str:
    n, first, last = rows
    if n == 1:
        return f"1 row {of}, {first}, " + what.replace("have", "has").replace(
            "lie", "lies"
        ).replace("them", "it")
    return f"{n} rows {of}, {first} to {last}, {what}"
