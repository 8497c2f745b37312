"""Which customers were erased: what stands in place of their hash is none of a key, and is never shown. Read-only."""

import json
import sqlite3
from collections.abc import Iterable
from typing import Any

from sqlite_utils_personalization.database import has_table

_ERASED = """
SELECT profile_id, erased_at FROM am_personalization_erasure
WHERE profile_id IN (SELECT value FROM json_each(?))
"""


def with_erasures(db: sqlite3.Connection, rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows, which have profile_id and customer, with erased_at, UTC; who was erased has no customer any more."""
    given = list(rows)
    erased: dict[int, str] = {}
    if has_table(db, "am_personalization_erasure"):
        ids = json.dumps([row["profile_id"] for row in given])
        erased = dict(db.execute(_ERASED, (ids,)).fetchall())
    return [
        row
        | {
            "customer": None if row["profile_id"] in erased else row["customer"],
            "erased_at": erased.get(row["profile_id"]),
        }
        for row in given
    ]
