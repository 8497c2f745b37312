"""Which profiles are customers: all but the erased ones, which are neither counted nor scored."""

import sqlite3

_NOT_ERASED = "{} NOT IN (SELECT profile_id FROM am_personalization_erasure)"


def living(db: sqlite3.Connection, profile_id: str = "profile_id") -> str:
    """An SQL condition on that column, true of every profile where 289 is not applied; read-only."""
    sql = "SELECT 1 FROM main.sqlite_master WHERE type = 'table' AND name = 'am_personalization_erasure'"
    return _NOT_ERASED.format(profile_id) if db.execute(sql).fetchone() else "1"
