"""Charges out of every source, in one temporary table: what was metered, and what was invoiced."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from sqlite_utils_personalization.billing.delivery import is_key
from sqlite_utils_personalization.billing.reconcile.month import Month

USAGE, STRIPE, INVOICE = "usage_events", "stripe", "invoice"
NOT_GIVEN, READ, ONLY_SUMS, UNREADABLE = "not given", "read", "only sums", "cannot be read"
# Of a quantity and of yen, so that no sum of any month overflows.
LARGEST = 10**9


class Charge(NamedTuple):
    """One event of a source. key is the delivery_key it names, id its own; quantity and yen are integers.

    unreadable is whether a number or a time in it is none. at is event time, recorded_at processing time, UTC.
    """

    source: str
    key: str | None
    id: str | None
    quantity: int
    yen: int | None
    at: str | None
    recorded_at: str | None
    unreadable: bool


class Sum(NamedTuple):
    """What a source says of many deliveries at once: unit is 'quantity' or 'yen'."""

    source: str
    unit: str
    value: int


@dataclass
class Sources:
    """What was read of the sources: states says of each 'read', 'only sums', 'not given' or why it cannot be read."""

    states: dict[str, str] = field(
        default_factory=lambda: dict.fromkeys((USAGE, STRIPE, INVOICE), NOT_GIVEN)
    )
    faults: list[str] = field(default_factory=list)
    sums: list[Sum] = field(default_factory=list)
    left_aside: int = 0


_TABLE = """
CREATE TEMP TABLE charge (
    source TEXT NOT NULL, key TEXT, id TEXT, quantity INTEGER NOT NULL, yen INTEGER, at TEXT, recorded_at TEXT,
    unreadable INTEGER NOT NULL, credit INTEGER NOT NULL DEFAULT 0
)
"""
# By the id of a usage event's record at Stripe, where the export says no key.
_JOIN_BY_ID = """
UPDATE charge SET key = (
    SELECT u.key FROM charge_id u WHERE u.id = charge.id
) WHERE source <> 'usage_events' AND key IS NULL AND id IS NOT NULL
"""
# A charge under the key of a reversal is a credit for what it takes back.
_CREDITS = """
UPDATE charge SET credit = 1, key = (
    SELECT o.delivery_key FROM am_personalization_delivery r
    JOIN am_personalization_delivery o ON o.delivery_id = r.reversal_of WHERE r.delivery_key = charge.key
) WHERE key IN (SELECT delivery_key FROM am_personalization_delivery WHERE reversal_of IS NOT NULL)
"""
# Of other months only what belongs to a delivery of this one.
_OTHER_MONTHS = """
DELETE FROM charge WHERE (at < :start OR at >= :end) AND NOT EXISTS (
    SELECT 1 FROM am_personalization_delivery d
    WHERE d.delivery_key = charge.key AND d.delivered_at >= :start AND d.delivered_at < :end
)
"""


def create_charges(db: sqlite3.Connection) -> None:
    db.execute("DROP TABLE IF EXISTS temp.charge")
    db.execute(_TABLE)


def add_charges(db: sqlite3.Connection, charges: Iterable[Charge]) -> None:
    db.executemany(
        "INSERT INTO charge(source, key, id, quantity, yen, at, recorded_at, unreadable)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        charges,
    )


def settle_charges(db: sqlite3.Connection, month: Month) -> None:
    """Join what can be joined by other means than its key, and forget what is of other months."""
    db.execute("DROP TABLE IF EXISTS temp.charge_id")
    db.execute(
        "CREATE TEMP TABLE charge_id AS SELECT id, min(key) AS key FROM charge"
        " WHERE source = 'usage_events' AND id IS NOT NULL GROUP BY id"
    )
    db.execute("CREATE INDEX temp.charge_by_id ON charge_id(id)")
    db.execute(_JOIN_BY_ID)
    db.execute(_CREDITS)
    db.execute(_OTHER_MONTHS, month._asdict())
    db.execute("CREATE INDEX temp.charge_by_key ON charge(key, source)")


def shown_key(key: str | None) -> str | None:
    """The key, unless it has not the form of ours: then it may say more than it should."""
    return key if is_key(key) else None
