"""Keeping what a reconciliation found, for the questions in Datasette."""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from datetime import datetime, timezone

from sqlite_utils_personalization.billing.delivery import utc
from sqlite_utils_personalization.billing.delivery_table import require_table
from sqlite_utils_personalization.billing.reconciliation import Reconciliation, Row
from sqlite_utils_personalization.transaction import transaction

# Most rows, and nobody asks about them.
NOT_KEPT = "matched"
_ROW = ("month", "seq", "class", *Row._fields[1:])


def keep(db: sqlite3.Connection, found: Reconciliation, rows: Iterable[Row]) -> None:
    """Replace what db holds of the month by found and its rows, in their order, in one transaction.

    PersonalizationError where the tables for it are not there.
    """
    require_table(db, "am_personalization_reconciled")
    month = found.month.name
    with transaction(db, "IMMEDIATE"):
        for table in ("reconciliation", "reconciled"):
            db.execute(f"DELETE FROM am_personalization_{table} WHERE month = ?", (month,))
        db.executemany(
            f"INSERT INTO am_personalization_reconciled({', '.join(_ROW)})"
            f" VALUES ({', '.join('?' * len(_ROW))})",
            (
                (month, seq, *row)
                for seq, row in enumerate((row for row in rows if row.kind != NOT_KEPT), 1)
            ),
        )
        db.executemany(
            "INSERT INTO am_personalization_reconciliation VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            _classes(found, utc(datetime.now(timezone.utc))),
        )


def _classes(found: Reconciliation, now: str) -> Iterator[tuple[object, ...]]:
    sources, before = json.dumps(found.sources.states), 0
    for position, (kind, total) in enumerate(found.totals.items(), 1):
        kept = total.rows if kind != NOT_KEPT else 0
        range_ = (before + 1, before + kept) if kept else (None, None)
        yield (found.month.name, position, kind, *total, *range_, sources, now)
        before += kept
