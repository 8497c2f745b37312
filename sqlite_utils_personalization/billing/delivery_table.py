"""The table of deliveries: finding rows by what names them, adding rows, all of them or none."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlite_utils_personalization.billing.delivery import Delivery
from sqlite_utils_personalization.database import not_found
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.transaction import transaction

_COLUMNS = Delivery._fields[:-1]
_KNOWN = f"""
SELECT {", ".join(_COLUMNS)} FROM am_personalization_delivery
WHERE delivery_key IN (SELECT value FROM json_each(?))
"""
_LOGGED = """
SELECT rec_id FROM am_personalization_recommendation_log
WHERE rec_id IN (SELECT value FROM json_each(?))
"""
_INSERT = """
INSERT INTO am_personalization_delivery
    (delivery_key, rec_id, channel, slot, delivered_at, status, unit_price_yen, reversal_of)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""


def require_deliveries(db: sqlite3.Connection, path: str | Path | None = None) -> None:
    """PersonalizationError, which names path if given, if the database has no table of deliveries; read-only."""
    require_table(db, "am_personalization_delivery", path)


def require_table(db: sqlite3.Connection, name: str, path: str | Path | None = None) -> None:
    """PersonalizationError, which names path if given, if the database has no table of this name; read-only."""
    sql = "SELECT 1 FROM main.sqlite_master WHERE type = 'table' AND name = ?"
    if not _rows(db, sql, name):
        raise not_found(name, path)


def logged(db: sqlite3.Connection, rec_ids: Sequence[int]) -> set[int]:
    """Those of rec_ids that are in the log; read-only."""
    return {row[0] for row in _rows(db, _LOGGED, json.dumps(rec_ids))}


def insert(db: sqlite3.Connection, rows: Iterable[tuple[Any, ...]]) -> None:
    """Add rows: key, rec_id, channel, slot, delivered_at, status, unit_price_yen, reversal_of."""
    db.executemany(_INSERT, rows)


def named(db: sqlite3.Connection, delivery: int | str) -> Delivery:
    """The delivery with this delivery_id or key; read-only. PersonalizationError if there is none."""
    column = "delivery_id" if isinstance(delivery, int) else "delivery_key"
    # As text, because an integer may be too large to be bound; the column's affinity makes it one again.
    sql = f"SELECT {', '.join(_COLUMNS)} FROM am_personalization_delivery WHERE {column} = ?"
    for row in _rows(db, sql, str(delivery)):
        return Delivery(*row)
    raise PersonalizationError(f"there is no delivery {delivery} - give its delivery_id or its key")


def known(db: sqlite3.Connection, keys: Sequence[str]) -> dict[str, Delivery]:
    """Those of keys that were recorded, and their rows; read-only."""
    return {row[1]: Delivery(*row) for row in _rows(db, _KNOWN, json.dumps(keys))}


def _rows(db: sqlite3.Connection, sql: str, *values: object) -> list[tuple[Any, ...]]:
    cursor = db.cursor()
    # The caller's connection may give rows of its own kind.
    cursor.row_factory = None
    return cursor.execute(sql, values).fetchall()


@contextmanager
def all_or_nothing(db: sqlite3.Connection) -> Iterator[None]:
    """Within the caller's transaction if one is open, or else in an IMMEDIATE one of its own."""
    if not db.in_transaction:
        with transaction(db, "IMMEDIATE"):
            yield
        return
    db.execute("SAVEPOINT personalization_delivery")
    try:
        yield
        db.execute("RELEASE personalization_delivery")
    except BaseException:
        # SQLite itself rolls all back when, say, the disk is full.
        if db.in_transaction:
            db.execute("ROLLBACK TO personalization_delivery")
            db.execute("RELEASE personalization_delivery")
        raise
