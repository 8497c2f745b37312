"""What SQLite's planner knows of our tables."""

from sqlite_utils_personalization.database import has_table, sqlite3
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


def statistics_tables(conn: sqlite3.Connection) -> list[str]:
    """The tables of statistics that hold any; read-only."""
    return [
        table
        for table in ("sqlite_stat1", "sqlite_stat4")
        if has_table(conn, table) and _has_rows(conn, table)
    ]


def drop_if_empty(conn: sqlite3.Connection, names: list[str]) -> None:
    """Drop those of the tables that hold nothing, as an ANALYZE of our tables alone made them."""
    for name in names:
        if not _has_rows(conn, name):
            conn.execute(f"DROP TABLE main.{name}")


def _filled_tables(conn: sqlite3.Connection) -> list[str]:
    return [table for table in tables() if has_table(conn, table) and _has_rows(conn, table)]


def _has_rows(conn: sqlite3.Connection, table: str) -> bool:
    return bool(conn.execute(f"SELECT EXISTS (SELECT 1 FROM main.{table})").fetchone()[0])
