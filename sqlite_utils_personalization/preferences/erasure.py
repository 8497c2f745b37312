"""Erasing a customer: the link from the key to the profile is cut, and what was recommended leads nowhere.

The log and its evidence stay, and still verify. What other programs hold of the customer is named, not touched.
"""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from typing import NamedTuple

from sqlite_utils_personalization.clock import utc_now
from sqlite_utils_personalization.database import has_table, plain_rows
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.evidence.seal import seal_events
from sqlite_utils_personalization.preferences.identity import unbind
from sqlite_utils_personalization.preferences.profile import find_profile
from sqlite_utils_personalization.schema.state import tables
from sqlite_utils_personalization.transaction import write_transaction

ERASURES = "am_personalization_erasure"
_FEEDBACK = "am_personalization_feedback"
NAMED_ROWS = 100

_CUT = """
UPDATE am_personalization_profile
SET user_token_hash = ?, preference_json = '{}', last_updated_at = max(created_at, ?) WHERE profile_id = ?
"""
_ERASURE = f"""
INSERT INTO {ERASURES}(profile_id, erased_at, legal_basis, log_rows)
SELECT :profile_id, :now, :legal_basis, count(*) FROM am_personalization_recommendation_log
WHERE profile_id = :profile_id
"""
_SEARCHES = """
SELECT DISTINCT item_id FROM am_personalization_candidate
WHERE recommendation_type = 'saved_search' AND profile_id = ? ORDER BY 1
"""


class Erasure(NamedTuple):
    """One erased customer. log_rows stay in the log; saved_searches are ids that stay in the evidence.

    feedback_rows stay too: past nights are decided again with what they looked at.
    """

    profile_id: int
    erased_at: str
    legal_basis: str
    log_rows: int
    saved_searches: list[str]
    feedback_rows: int


class Held(NamedTuple):
    """Rows of another program that hold the hash; the first rowids, where the table has any.

    error is why a table could not be looked into, whose column and rows are then not known: None and 0.
    """

    table: str
    column: str | None
    rows: int
    rowids: list[int]
    error: str | None = None


def erase(
    db: sqlite3.Connection, user_token_hash: str, legal_basis: str = "consent_withdrawn"
) -> Erasure | None:
    """Cut the link from this hash to its profile, and seal that it was; None if no customer has this hash.

    Joins the caller's transaction. The old bytes are overwritten; checkpoint() and vacuum() see to what is left of
    them elsewhere.
    PersonalizationError where 901 is not applied.
    """
    require_events(db)
    # A setting of this connection alone: overwrite with zeros what is deleted.
    db.execute("PRAGMA secure_delete = on")
    with write_transaction(db):
        profile = find_profile(db, user_token_hash)
        if profile is None:
            return None
        now, profile_id = utc_now(), profile.profile_id
        db.execute(_CUT, (token_hex(32), now, profile_id))
        at = {"profile_id": profile_id, "now": now, "legal_basis": legal_basis}
        db.execute(_ERASURE, at)
        unbind(db, profile_id)
        seal_events(db, (ERASURES,))
        (log_rows,) = db.execute(
            f"SELECT log_rows FROM {ERASURES} WHERE profile_id = ?", (profile_id,)
        ).fetchone()
        searches = [item_id for (item_id,) in db.execute(_SEARCHES, (profile_id,))]
        said = _feedback_rows(db, profile_id)
    return Erasure(profile_id, now, legal_basis, log_rows, searches, said)


def _feedback_rows(db: sqlite3.Connection, profile_id: int) -> int:
    if not has_table(db, _FEEDBACK):
        return 0
    sql = f"SELECT count(*) FROM {_FEEDBACK} WHERE profile_id = ?"
    found: int = db.execute(sql, (profile_id,)).fetchone()[0]
    return found


def held_by_others(db: sqlite3.Connection, *hashes: str) -> list[Held]:
    """Every row of another program's table with one of the hashes in a column whose name says hash; read-only.

    What cannot be looked into is told and stops nothing: a virtual table whose module is not loaded, say.
    """
    found = []
    sql = "SELECT name FROM main.sqlite_master WHERE type = 'table' ORDER BY name"
    for (table,) in plain_rows(db, sql):
        if table.lower() not in tables():
            try:
                for held in _held_in(db, table, hashes):
                    found.append(held)
            except db.DatabaseError as error:
                # SQLite quotes the text it could not decode, and that may be a customer's.
                reason = str(error).partition(" with text ")[0]
                found.append(Held(table, None, 0, [], reason))
    return found


def _held_in(db: sqlite3.Connection, table: str, hashes: Sequence[str]) -> Iterator[Held]:
    # One table at a time: asked for all at once, the first that cannot be read ends the answer.
    sql = "SELECT name FROM pragma_table_info(?, 'main') WHERE name LIKE '%hash%' ORDER BY cid"
    for (column,) in plain_rows(db, sql, (table,)):
        rows, rowids = _holding(db, table, column, hashes)
        if rows:
            yield Held(table, column, rows, rowids)


def require_events(db: sqlite3.Connection, table: str = ERASURES) -> None:
    """PersonalizationError where 901 is not applied, so that this table of it is missing; read-only."""
    if not has_table(db, table):
        raise PersonalizationError(
            f"{table} not found", "run: sqlite-utils personalization-migrate, which adds 901"
        )


def _holding(
    db: sqlite3.Connection, table: str, column: str, hashes: Sequence[str]
) -> tuple[int, list[int]]:
    name, where = (part.replace('"', '""') for part in (table, column))
    holding = f'FROM main."{name}" WHERE "{where}" IN (SELECT value FROM json_each(?))'
    values = json.dumps(hashes)
    (rows,) = db.execute(f"SELECT count(*) {holding}", (values,)).fetchone()
    # A table WITHOUT ROWID has no number to name a row by.
    with suppress(sqlite3.OperationalError):
        found = db.execute(f"SELECT rowid {holding} ORDER BY 1 LIMIT {NAMED_ROWS}", (values,))
        return rows, [rowid for (rowid,) in found]
    return rows, []


_BLOCK = 1 << 20


def checkpoint(db: sqlite3.Connection, path: str | Path, timeout_s: float) -> None:
    """Empty the -wal, waiting for readers up to timeout_s seconds, or remove the journal this connection kept.

    PersonalizationError if a reader kept it from being emptied: what was erased can still be read there.
    """
    if db.execute("PRAGMA journal_mode").fetchone() == ("persist",):
        # Of this connection alone: the file does not say how a rollback journal ends.
        db.execute("PRAGMA journal_mode = delete")
    (before,) = db.execute("PRAGMA busy_timeout").fetchone()
    db.execute(f"PRAGMA busy_timeout = {int(timeout_s * 1000)}")
    try:
        busy, _, _ = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        db.execute(f"PRAGMA busy_timeout = {before}")
    if busy:
        raise PersonalizationError(
            f"{path}-wal still holds the old bytes, because another program reads it",
            "run this again when it has finished",
        )


def vacuum(db: sqlite3.Connection) -> None:
    """Rewrite the whole file without its unused parts, where copies of moved rows may lie. Nobody else may write."""
    db.execute("PRAGMA secure_delete = on")
    db.execute("VACUUM")


def traces(path: str | Path, *texts: str) -> list[str]:
    """Which of the file, its -wal and its journal hold the bytes of one of texts anywhere; read-only."""
    files = (Path(f"{Path(path).resolve()}{suffix}") for suffix in ("", "-wal", "-journal"))
    return [str(file) for file in files if any(_holds(file, text.encode()) for text in texts)]


def _holds(file: Path, needle: bytes) -> bool:
    try:
        with open(file, "rb") as opened:
            tail = b""
            while block := opened.read(_BLOCK):
                if needle in tail + block:
                    return True
                tail = block[-len(needle) :]
    except FileNotFoundError:
        pass
    return False
