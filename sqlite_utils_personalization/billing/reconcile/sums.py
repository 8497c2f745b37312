"""What was said only as a sum, compared as a sum."""

import sqlite3
from typing import NamedTuple

from sqlite_utils_personalization.billing.reconcile.charges import (
    INVOICE,
    READ,
    STRIPE,
    USAGE,
    Sources,
)
from sqlite_utils_personalization.billing.reconcile.month import Month
from sqlite_utils_personalization.database import plain_rows

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


def check_sums(
    db: sqlite3.Connection, month: Month, unit_price_yen: int, sources: Sources
) -> list[SumCheck]:
    """Compare each sum with what usage_events has of the month, or else Stripe's records, or the deliveries."""
    checks = []
    for source, unit in ((STRIPE, "quantity"), (INVOICE, "yen")):
        values = [one.value for one in sources.sums if one.source == source]
        if not values:
            continue
        basis, quantity, yen = _basis(db, month, unit_price_yen, sources)
        expected = quantity if unit == "quantity" else yen
        kind = "matched" if sum(values) == expected else "wrong amount"
        checks.append(
            SumCheck(
                *(source, unit, sum(values), basis, expected),
                "unverifiable" if sources.faults else kind,
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
            return source, quantity, yen
    ((quantity, yen),) = plain_rows(db, _BY_DELIVERY, month._asdict())
    return "deliveries", quantity, yen
