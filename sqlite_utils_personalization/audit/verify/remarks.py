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
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.language import ngettext
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
    "am_personalization_shadow": "finished_at",
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
        what = ngettext(
            "{n} row of the log, {first}, has neither evidence nor a seal: nothing explains it",
            "{n} rows of the log, {first} to {last}, have neither evidence nor a seal: nothing explains them",
            rows[0],
            **_ends(rows),
        )
        yield Remark("rows-unexplained", what, *rows)
    rows = db.execute(_SINCE, (end,)).fetchone()
    if rows[0]:
        what = ngettext(
            "{n} row of the log, {first}, lies after the last seal",
            "{n} rows of the log, {first} to {last}, lie after the last seal",
            rows[0],
            **_ends(rows),
        )
        yield Remark("rows-after-last-seal", what, *rows)


def _events(db: sqlite3.Connection) -> Iterator[Remark]:
    ends = {one.table: one.end for one in sealed_segments(db)}
    for table in event_tables(db):
        number = EVENT_COLUMNS[table][0]
        rows = db.execute(
            f"SELECT count(*), min({number}), max({number}) FROM {table} WHERE {number} > ?",
            (ends.get(table, 0),),
        ).fetchone()
        if rows[0]:
            what = ngettext(
                "{n} row of {table}, {first}, lies after the last seal",
                "{n} rows of {table}, {first} to {last}, lie after the last seal",
                rows[0],
                **_ends(rows),
                table=table,
            )
            yield Remark("events-after-last-seal", what, *rows)


def _overlooked(db: sqlite3.Connection) -> Iterator[Remark]:
    for run_id, table, rows in overlooked(db):
        what = ngettext(
            "{n} row of {table}, {first}, lies before run {run_id} began, which did not look at it; or the clock was"
            " set back",
            "{n} rows of {table}, {first} to {last}, lie before run {run_id} began, which did not look at them; or the"
            " clock was set back",
            rows[0],
            **_ends(rows),
            table=table,
            run_id=run_id,
        )
        yield Remark("looked-less-far", what, *rows)


def _charges(db: sqlite3.Connection) -> Iterator[Remark]:
    rows = db.execute(_WITHOUT_KEY).fetchone()
    if rows[0]:
        what = ngettext(
            "{n} row of {table}, {first}, has no charge_key",
            "{n} rows of {table}, {first} to {last}, have no charge_key",
            rows[0],
            **_ends(rows),
            table="am_personalization_delivery",
        )
        yield Remark("charged-without-key", what, *rows)


def _view(db: sqlite3.Connection) -> Iterator[Remark]:
    if recent_view_differs(db):
        yield Remark(
            "view-not-packaged",
            _("{view} is not the packaged one; nothing is checked through it", view=RECENT),
        )


def _times(db: sqlite3.Connection) -> Iterator[Remark]:
    """Of nights in the order of their seals, of events in the order of their numbers."""
    yield from _together(list(_runs(db)))
    for table in event_tables(db):
        with suppress(sqlite3.OperationalError):  # it lacks a column
            yield from _together(_written(db, table))


def _together(sentences: list[str]) -> Iterator[Remark]:
    if sentences:
        what, more = sentences[0], len(sentences) - 1
        if more:
            what = _("{sentence}; and {n} more", sentence=what, n=more)
        yield Remark("time-backwards", what, len(sentences))


def _runs(db: sqlite3.Connection) -> Iterator[str]:
    before, of = "", 0
    for seal_id, run_id, manifest in db.execute(_RUNS).fetchall():
        started_at = _started_at(manifest)
        if started_at is None:
            continue
        if started_at < before:
            yield _(
                "seal {seal_id} is of run {run_id}, which started at {moment}, but run {earlier}, which was sealed"
                " before, at {before}: it was interrupted meanwhile, or the clock was set back",
                seal_id=seal_id,
                run_id=run_id,
                moment=started_at,
                earlier=of,
                before=before,
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
        _(
            "{name} {number} was written at {moment}, the one before it at {before}: the clock was set back",
            name=number,
            number=key,
            moment=written,
            before=before,
        )
        for key, written, before in db.execute(sql)
    ]


def _ends(rows: tuple[int, int, int]) -> dict[str, int]:
    _n, first, last = rows
    return {"first": first, "last": last}
