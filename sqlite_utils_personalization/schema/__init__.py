"""Our tables in a shared file: applying and removing 287 (storage), 900 (evidence), 901 (events) and 902
(shadows).

Applying is additive and can be repeated; everything is one transaction, so that a failure changes nothing.
"""

from collections.abc import Collection
from pathlib import Path

from sqlite_utils import Database, Migrations

from sqlite_utils_personalization.database import (
    explain_errors,
    open_writable,
    require_utf8,
    sqlite3,
)
from sqlite_utils_personalization.errors import Conflict
from sqlite_utils_personalization.schema.migrations import migrations
from sqlite_utils_personalization.schema.scripts import run_script
from sqlite_utils_personalization.schema.state import (
    EVENTS,
    EVIDENCE,
    MIGRATIONS,
    SHADOW,
    STORAGE,
    Status,
    statuses,
)
from sqlite_utils_personalization.schema.statistics import (
    drop_if_empty,
    refresh_statistics,
    statistics_tables,
)
from sqlite_utils_personalization.transaction import transaction

__all__ = [
    "EVENTS",
    "EVIDENCE",
    "SHADOW",
    "STORAGE",
    "Status",
    "apply",
    "apply_evidence",
    "apply_shadow",
    "migrate",
    "migration_statuses",
    "rollback",
]


def migrate(
    path: str | Path, *, only: Collection[str] | None = None, timeout_s: float = 30.0
) -> list[str]:
    """Apply 287, 900, 901 and 902, or those named in only, to the file at path, which is created if it does not exist.

    Returns the names of those that were applied: none if nothing was due, and then nothing was locked or written.
    What was recorded but is no longer whole is applied again. PersonalizationError says what is in the way.
    """
    with explain_errors(path), open_writable(path, timeout_s, create=True) as db:
        return apply(db.conn, path, only)


def apply(
    conn: sqlite3.Connection, path: str | Path, only: Collection[str] | None = None
) -> list[str]:
    """The same on a connection outside a transaction; path is what errors call the file."""
    require_utf8(conn, path)
    db = _database(conn)
    if not _due(db, only):
        return []
    with transaction(conn, "IMMEDIATE"):
        # Once more, because the boot that held the lock may have applied them.
        due = _due(db, only)
        _apply(db, due)
        refresh_statistics(conn)
    return due


def migration_statuses(conn: sqlite3.Connection) -> list[Status]:
    """The state of each migration in the database; read-only."""
    return statuses(_database(conn))


def apply_evidence(conn: sqlite3.Connection) -> None:
    """Apply 900 to a database that has 287; does nothing if it is already whole. Conflict without 287."""
    _apply_one(conn, EVIDENCE)


def apply_shadow(conn: sqlite3.Connection) -> None:
    """The same of 902, which needs 900."""
    _apply_one(conn, SHADOW)


def _apply_one(conn: sqlite3.Connection, name: str) -> None:
    require_utf8(conn)
    db = _database(conn)
    with transaction(conn, "IMMEDIATE"):
        _apply(db, _due(db, [name]))


def rollback(
    conn: sqlite3.Connection,
    path: str | Path,
    *,
    keep_storage: bool = False,
    drop_audit_log: bool = False,
) -> list[str]:
    """Remove 902, 901, 900 and, unless keep_storage, 287. For development: what they hold is lost.

    Returns the names of those that were removed. Conflict if the log holds rows, unless drop_audit_log.
    """
    db = _database(conn)
    with transaction(conn, "IMMEDIATE"):
        found = [
            status for status in reversed(statuses(db)) if status.in_place or status.applied_at
        ]
        names = [status.name for status in found if not (keep_storage and status.name == STORAGE)]
        if names and not drop_audit_log:
            _refuse_if_logged(db, path)
        _remove(db, names)
    return names


def _database(conn: sqlite3.Connection) -> Database:
    return Database(conn, execute_plugins=False, recursive_triggers=False)


def _due(db: Database, only: Collection[str] | None) -> list[str]:
    return [
        status.name
        for status in statuses(db)
        if status.is_pending and (only is None or status.name in only)
    ]


def _apply(db: Database, names: list[str]) -> None:
    if names and STORAGE not in names and not statuses(db)[0].in_place:
        raise Conflict(f"{names[0]} needs {STORAGE}, which is not applied", "apply both")
    chosen = Migrations(migrations.name)
    for name in names:
        chosen(name=name)(MIGRATIONS[name])
    _forget(db, names)
    chosen.apply(db)


def _forget(db: Database, names: list[str]) -> None:
    if db[migrations.migrations_table].exists():
        for name in names:
            db.execute(
                f"DELETE FROM {migrations.migrations_table} WHERE migration_set = ? AND name = ?",
                [migrations.name, name],
            )


def _refuse_if_logged(db: Database, path: str | Path) -> None:
    table = db["am_personalization_recommendation_log"]
    if table.exists() and table.count:
        raise Conflict(
            f"{path}: the log holds {table.count} recommendations",
            "nothing was removed; pass --drop-audit-log if they may lose their evidence",
        )


def _remove(db: Database, names: list[str]) -> None:
    analyzed = statistics_tables(db.conn)
    for name in names:
        run_script(db, f"{name}_rollback.sql")
    drop_if_empty(db.conn, analyzed)
    _forget(db, names)
    if names and db[migrations.migrations_table].exists():
        drop_if_empty(db.conn, [migrations.migrations_table])
