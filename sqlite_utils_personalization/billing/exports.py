"""Exports of Stripe, and invoices: what each record says of one delivery, or of many at once.

A record with a quantity of its own can be joined to a delivery. One with an aggregated_value, or an invoice line
without a key, is only a sum. Fields of any other name are not looked at.
"""

import re
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

from sqlite_utils_personalization.billing.charges import INVOICE, LARGEST, STRIPE, Charge, Sum
from sqlite_utils_personalization.billing.delivery import utc
from sqlite_utils_personalization.billing.month import Month
from sqlite_utils_personalization.billing.records import Record, read_records
from sqlite_utils_personalization.errors import PersonalizationError

KEYS = ("identifier", "idempotency_key", "billing_idempotency_key", "delivery_key")
QUANTITIES = ("quantity", "payload.value", "payload_value", "value")
SUM = "aggregated_value"
AMOUNT = "amount"


def read_export(path: Path, source: str, month: Month) -> list[Charge | Sum]:
    """Return what the file says; of sums, those of the month. PersonalizationError if it cannot be read whole."""
    found: list[Charge | Sum] = []
    read, needed = (_stripe, (*QUANTITIES, SUM)) if source == STRIPE else (_invoice, (AMOUNT,))
    for number, record in enumerate(read_records(path, needed), 1):
        try:
            found.extend(read(record, month))
        except PersonalizationError as error:
            raise PersonalizationError(f"record {number} of {path} {error}") from None
    return found


def _stripe(record: Record, month: Month) -> Iterator[Charge | Sum]:
    if SUM in record:
        yield from _summary(record, month)
        return
    quantity = _first(record, QUANTITIES)
    if quantity is None:
        raise PersonalizationError("has no quantity, value or aggregated_value - export those too")
    number, at = _integer(quantity), _moment(record.get("timestamp"))
    key, record_id = _text(record, *KEYS), _text(record, "id")
    is_odd = number is None or at is None
    yield Charge(
        STRIPE, key, record_id, number or 0, None, at, _moment(record.get("created")), is_odd
    )


def _summary(record: Record, month: Month) -> Iterator[Sum]:
    value = _integer(record[SUM])
    start, end = (_moment(record.get(name)) for name in ("start_time", "end_time"))
    if value is None or start is None or end is None or start > end:
        raise PersonalizationError(
            "is no summary: aggregated_value is an integer, start_time and end_time are times - export it again"
        )
    if end <= month.start or start >= month.end:
        return
    if start < month.start or end > month.end:
        raise PersonalizationError(
            f"sums up across an end of the month, {month.start} or {month.end} - export it by the hour"
        )
    yield Sum(STRIPE, "quantity", value)


def _invoice(record: Record, month: Month) -> Iterator[Charge | Sum]:
    currency = str(record.get("currency", "jpy")).lower()
    if currency != "jpy":
        raise PersonalizationError("is not in jpy - leave out what is not in yen")
    if AMOUNT not in record:
        raise PersonalizationError("has no amount - export the lines of the invoice")
    yen, key = _integer(record[AMOUNT]), _text(record, *KEYS)
    if key is not None:
        yield Charge(INVOICE, key, None, 0, yen or 0, None, None, yen is None)
    elif yen is None:
        raise PersonalizationError("has an amount that is no integer - yen have no decimals")
    else:
        yield Sum(INVOICE, "yen", yen)


def _first(record: Record, names: tuple[str, ...]) -> object:
    return next((record[name] for name in names if name in record), None)


def _text(record: Record, *names: str) -> str | None:
    found = _first(record, names)
    # Half a surrogate pair, which JSON can spell, is no text that SQLite takes.
    return found if isinstance(found, str) and found.isprintable() else None


def _integer(value: object) -> int | None:
    if isinstance(value, str):
        if not re.fullmatch(r"-?\d{1,15}([.]0+)?", value.strip(), re.ASCII):
            return None
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= LARGEST:
        return None
    return int(value) if value == int(value) else None


def _moment(value: object) -> str | None:
    """Seconds since 1970, as Stripe counts, or a time with its zone."""
    try:
        if isinstance(value, str) and not re.fullmatch(r"\d{1,11}", value, re.ASCII):
            return utc(value)
        seconds = float(value) if isinstance(value, str | int | float) else None
        return None if seconds is None else utc(datetime.fromtimestamp(seconds, timezone.utc))
    except (PersonalizationError, ValueError, OverflowError, OSError):
        return None
