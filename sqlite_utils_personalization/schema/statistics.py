"""What SQLite's planner knows of our tables."""

from sqlite_utils_personalization.database import sqlite3
from sqlite_utils_personalization.schema.state import tables

# Rows looked at per index: enough to tell customers from types, and quick whatever the size of the log.
_ANALYSIS_LIMIT = 400


def refresh_statistics(conn: sqlite3.Connection) -> None:
    """ANALYZE those of our tables that hold rows, and no other; another program's lock leaves it to the next time.

    Before SQLite 3.32, which has no analysis_limit, every row is read.
    """
    limit = conn.execute("PRAGMA analysis_limit").fetchone()
    conn.execute(f"PRAGMA analysis_limit = {_ANALYSIS_LIMIT}")
    try:
        for table in _filled_tables(conn):
            conn.execute(f"ANALYZE main.{table}")
    except sqlite3.OperationalError as error:
        if "is locked" not in str(error):
            raise
    finally:
        conn.execute(f"PRAGMA analysis_limit = {limit[0] if limit else 0}")


def drop_empty_statistics(conn: sqlite3.Connection) -> None:
    """Drop the statistics tables that hold nothing, as they were before the first ANALYZE."""
    for (table,) in conn.execute(
        "SELECT name FROM main.sqlite_master WHERE name IN ('sqlite_stat1', 'sqlite_stat4')"
    ).fetchall():
        if not conn.execute(f"SELECT EXISTS (SELECT 1 FROM main.{table})").fetchone()[0]:
            conn.execute(f"DROP TABLE main.{table}")


def _filled_tables(conn: sqlite3.Connection) -> list[str]:
    ours = "SELECT 1 FROM main.sqlite_master WHERE type = 'table' AND name = ?"
    return [
        table
        for table in tables()
        if conn.execute(ours, (table,)).fetchone()
        and conn.execute(f"SELECT EXISTS (SELECT 1 FROM main.{table})").fetchone()[0]
    ]
