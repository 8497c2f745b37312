"""Rows of a query as objects, with text for every BLOB, which a text in a tampered file may be; read-only."""

import sqlite3
from collections.abc import Mapping
from typing import Any

from sqlite_utils_personalization.formula.evaluation import decoded_row


def named_rows(db: sqlite3.Connection, sql: str, at: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What the query finds, by the names of its columns."""
    cursor = db.execute(sql, at)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, decoded_row(row), strict=True)) for row in cursor]
