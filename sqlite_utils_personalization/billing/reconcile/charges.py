"""Charges out of every source, in one temporary table: what was metered, and what was invoiced."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlite_utils_personalization.billing.delivery import BILLING_KEYS, is_key
from sqlite_utils_personalization.clock import Month
from sqlite_utils_personalization.database import has_table, plain_rows
from sqlite_utils_personalization.language import N_

USAGE, STRIPE, INVOICE = "usage_events", "stripe", "invoice"
NOT_GIVEN, READ = N_("not given"), N_("read")
ONLY_SUMS, UNREADABLE = N_("only sums"), N_("cannot be read")
# By whoever chose the meter.
NOT_ASKED_FOR = N_("not asked for")
# Of a quantity and of yen, so that no sum of any month overflows.
LARGEST = 10**9


class Charge(NamedTuple):
    """One event of a source. key is the billing_key, or delivery_key, it names, id its own; quantity and yen are
    integers.

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


class Cancel(NamedTuple):
    """A meter event that Stripe took back: nothing that was metered under this key is charged."""

    key: str


@dataclass
class Sources:
    """What was read of the sources: states says of each which of the words above it is.

    left_aside counts metered events of usage_events in the month that are not ours, left_aside_exports what they
    explain in exports, test_mode records that prove nothing. aside_quantity is the sum of those left aside, None if one
    is unreadable.
    """

    states: dict[str, str] = field(
        default_factory=lambda: dict.fromkeys((USAGE, STRIPE, INVOICE), NOT_GIVEN)
    )
    faults: list[str] = field(default_factory=list)
    sums: list[Sum] = field(default_factory=list)
    left_aside: int = 0
    aside_quantity: int | None = 0
    left_aside_exports: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys((STRIPE, INVOICE), 0)
    )
    test_mode: int = 0

    def has_rows(self, *names: str) -> bool:
        """Whether one of these sources says something of single deliveries."""
        return any(self.states[name] == READ for name in names)


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
# What other programs name a delivery by. That of an erased customer's stays what it is, and leads nowhere.
_RELATE = f"""
UPDATE charge SET key = (
    SELECT d.delivery_key FROM {BILLING_KEYS} b JOIN am_personalization_delivery d USING (delivery_id)
    WHERE b.billing_key = charge.key
) WHERE key IN (SELECT billing_key FROM {BILLING_KEYS} JOIN am_personalization_delivery USING (delivery_id))
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
    for name in ("charge", "cancelled"):
        db.execute(f"DROP TABLE IF EXISTS temp.{name}")
    db.execute(_TABLE)
    db.execute("CREATE TEMP TABLE cancelled (key TEXT PRIMARY KEY) WITHOUT ROWID")


def add_charges(db: sqlite3.Connection, charges: Iterable[Charge]) -> None:
    db.executemany(
        "INSERT INTO charge(source, key, id, quantity, yen, at, recorded_at, unreadable)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        charges,
    )


def cancel_charges(db: sqlite3.Connection, cancels: Iterable[Cancel]) -> None:
    """Forget what was metered under these keys, in every source; an invoice that has it all the same keeps it."""
    db.executemany("INSERT OR IGNORE INTO cancelled VALUES (?)", cancels)
    db.execute(
        "DELETE FROM charge WHERE source <> 'invoice' AND key IN (SELECT key FROM cancelled)"
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
    if has_table(db, BILLING_KEYS):
        db.execute(_RELATE)
    db.execute(_CREDITS)
    db.execute(_OTHER_MONTHS, month._asdict())
    db.execute("CREATE INDEX temp.charge_by_key ON charge(key, source)")


def shown_key(key: str | None) -> str | None:
    """The key, unless it has not the form of ours: then it may say more than it should."""
    return key if is_key(key) else None


_BY_SOURCE = """
SELECT coalesce(sum(quantity), 0), coalesce(sum(quantity * coalesce(unit_price_yen, :price)), 0)
FROM charge LEFT JOIN am_personalization_delivery ON delivery_key = key
WHERE source = :source AND at >= :start AND at < :end
"""
_BY_DELIVERY = """
SELECT coalesce(sum(billable), 0), coalesce(sum(owed_yen), 0) FROM reconciled
WHERE delivered_at >= :start AND delivered_at < :end
"""


class SumCheck(NamedTuple):
    """A source's sum for the month beside that of rows: unit is 'quantity' or 'yen', kind the class of the sum."""

    source: str
    unit: str
    said: int
    compared_with: str
    expected: int
    kind: str

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        found = self._asdict()
        return {"class": found.pop("kind"), **found}


def check_sums(
    db: sqlite3.Connection, month: Month, unit_price_yen: int, sources: Sources
) -> list[SumCheck]:
    """Compare each sum with what usage_events has of the month, or else Stripe's records, or the deliveries.

    A sum is of a whole meter, so what was left aside of usage_events is in it too.
    """
    checks = []
    for source, unit in ((STRIPE, N_("quantity")), (INVOICE, N_("yen"))):
        values = [one.value for one in sources.sums if one.source == source]
        if not values:
            continue
        basis, quantity, yen = _basis(db, month, unit_price_yen, sources)
        expected = quantity if unit == "quantity" else yen
        kind = "matched" if sum(values) == expected else "wrong amount"
        unknown = sources.faults or (basis == USAGE and sources.aside_quantity is None)
        checks.append(
            SumCheck(
                *(source, unit, sum(values), basis, expected),
                "unverifiable" if unknown else kind,
            )
        )
    return checks


def _basis(
    db: sqlite3.Connection, month: Month, unit_price_yen: int, sources: Sources
) -> tuple[str, int, int]:
    for source in (USAGE, STRIPE):
        if sources.states[source] == READ:
            given = {**month._asdict(), "source": source, "price": unit_price_yen}
            ((quantity, yen),) = plain_rows(db, _BY_SOURCE, given)
            aside = (sources.aside_quantity or 0) if source == USAGE else 0
            return source, quantity + aside, yen + aside * unit_price_yen
    ((quantity, yen),) = plain_rows(db, _BY_DELIVERY, month._asdict())
    return N_("deliveries"), quantity, yen
