"""What a report of a fault should say first: every version that matters here, and in what state the file is."""

import platform
import sqlite3
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Any, TypedDict

from sqlite_utils import Database

from sqlite_utils_personalization import __version__
from sqlite_utils_personalization.api.opened import File, reading
from sqlite_utils_personalization.database import has_table
from sqlite_utils_personalization.database import sqlite3 as used
from sqlite_utils_personalization.schema.state import statuses

_OPEN = """
SELECT r.run_id, r.as_of, r.started_at FROM am_personalization_run r
JOIN am_personalization_run_progress p USING (run_id) WHERE p.status <> 'finished' ORDER BY r.run_id
"""


class FileState(TypedDict):
    """How SQLite keeps the file, in bytes, and what of ours is in it."""

    page_size: int
    pages: int
    journal_mode: str
    encoding: str
    migrations: list[str]
    pending_migrations: list[str]
    open_runs: list[dict[str, Any]]


class Doctor(TypedDict):
    """Versions, None of what is not installed; compile_options are SQLite's, file_state of the file that is given."""

    package_version: str
    python_version: str
    platform: str
    sqlite_version: str
    sqlite_module: str
    compile_options: list[str]
    sqlite_utils_version: str | None
    datasette_version: str | None
    mcp_version: str | None
    file_state: FileState | None


def doctor(file: File | None = None) -> Doctor:
    """The versions of the package and of what it stands on, and the state of the file; read-only.

    It names no path, no customer and no key, so that it can be sent to a stranger. Errors are those of opening a file.
    """
    memory = used.connect(":memory:")
    try:
        options = [option for (option,) in memory.execute("PRAGMA compile_options")]
    finally:
        memory.close()
    state = None
    if file is not None:
        with reading(file) as (conn, _path):
            state = _state(conn)
    return {
        "package_version": __version__,
        "python_version": sys.version.split()[0],
        "platform": platform.platform(),
        "sqlite_version": used.sqlite_version,
        "sqlite_module": used.__name__,
        "compile_options": options,
        "sqlite_utils_version": _version("sqlite-utils"),
        "datasette_version": _version("datasette"),
        "mcp_version": _version("mcp"),
        "file_state": state,
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _state(conn: sqlite3.Connection) -> FileState:
    def pragma(name: str) -> Any:
        return conn.execute(f"PRAGMA {name}").fetchone()[0]

    migrations = statuses(Database(conn, execute_plugins=False, recursive_triggers=False))
    runs = conn.execute(_OPEN) if has_table(conn, "am_personalization_run_progress") else ()
    return {
        "page_size": pragma("page_size"),
        "pages": pragma("page_count"),
        "journal_mode": pragma("journal_mode"),
        "encoding": pragma("encoding"),
        "migrations": [one.name for one in migrations if not one.is_pending],
        "pending_migrations": [one.name for one in migrations if one.is_pending],
        "open_runs": [
            {"run_id": run_id, "as_of": as_of, "started_at": started_at}
            for run_id, as_of, started_at in runs
        ],
    }
