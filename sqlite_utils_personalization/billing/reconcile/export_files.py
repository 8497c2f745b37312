"""Exports of Stripe, and invoices: what each record says of one delivery, or of many at once.

A record with a quantity of its own can be joined to a delivery. One with an aggregated_value, or an invoice line
without a key, is only a sum. Fields of any other name are not looked at.
"""

import csv
import io
import json
import re
from collections.abc import Collection, Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, NamedTuple

from sqlite_utils_personalization.billing.reconcile.charges import (
    INVOICE,
    LARGEST,
    STRIPE,
    Cancel,
    Charge,
    Sum,
)
from sqlite_utils_personalization.clock import Month, utc
from sqlite_utils_personalization.errors import PersonalizationError

Record = dict[str, Any]

KEYS = ("identifier", "idempotency_key", "billing_idempotency_key", "billing_key", "delivery_key")
QUANTITIES = ("quantity", "payload.value", "payload_value", "value")
SUM = "aggregated_value"
AMOUNT = "amount"
CANCELS = ("cancel.identifier", "cancel_identifier")
_ADJUSTMENT = "billing.meter_event_adjustment"
# Of a meter event its name, of a summary the id of the meter.
_METERS = ("event_name", "meter")
_BOOLEANS = {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}


class Export(NamedTuple):
    """What a file says. Left out are test_mode records, which charge nobody, and those of other meters.

    meters are those of its sums, as far as they say.
    """

    found: list[Charge | Sum | Cancel]
    meters: set[str]
    test_mode: int
    other_meters: int


def read_export(path: Path, source: str, month: Month, meter: str | None = None) -> Export:
    """Return what the file says; of sums, those of the month; of Stripe, with meter only its records.

    PersonalizationError if it cannot be read whole.
    """
    found: list[Charge | Sum | Cancel] = []
    meters: set[str] = set()
    test_mode = other_meters = 0
    is_stripe = source == STRIPE
    read, needed = (_stripe, (*QUANTITIES, SUM, *CANCELS)) if is_stripe else (_invoice, (AMOUNT,))
    for number, record in enumerate(read_records(path, needed), 1):
        try:
            if not _is_live(record):
                test_mode += 1
            elif is_stripe and meter is not None and meter not in (named := _meters(record)):
                if not named:
                    raise PersonalizationError(
                        "names no meter", "export event_name, or meter, with it"
                    )
                other_meters += 1
            else:
                said = [*read(record, month)]
                found += said
                if any(isinstance(one, Sum) for one in said):
                    meters |= {*_meters(record)}
        except PersonalizationError as error:
            raise PersonalizationError(
                f"record {number} of {path} {error.what}", error.todo
            ) from None
    return Export(found, meters, test_mode, other_meters)


def _is_live(record: Record) -> bool:
    said = str(record.get("livemode", True)).strip().lower()
    if said not in _BOOLEANS:
        raise PersonalizationError(
            "has a livemode that is neither true nor false", "export it again"
        )
    return _BOOLEANS[said]


def _meters(record: Record) -> list[str]:
    return [record[name] for name in _METERS if isinstance(record.get(name), str)]


def _cancel(record: Record) -> Iterator[Cancel]:
    key, status = _text(record, *CANCELS), record.get("status", "complete")
    if (
        key is None
        or record.get("type", "cancel") != "cancel"
        or status not in ("complete", "pending")
    ):
        raise PersonalizationError(
            "is an adjustment that cancels nothing it names",
            "export type, status and cancel.identifier",
        )
    # Until it is complete the event is charged.
    if status == "complete":
        yield Cancel(key)


def _stripe(record: Record, month: Month) -> Iterator[Charge | Sum | Cancel]:
    if str(record.get("object", "")).endswith(_ADJUSTMENT) or _first(record, CANCELS) is not None:
        yield from _cancel(record)
        return
    if SUM in record:
        yield from _summary(record, month)
        return
    quantity = _first(record, QUANTITIES)
    if quantity is None:
        raise PersonalizationError("has no quantity, value or aggregated_value", "export those too")
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
            "is no summary: aggregated_value is an integer, start_time and end_time are times",
            "export it again",
        )
    if end <= month.start or start >= month.end:
        return
    if start < month.start or end > month.end:
        raise PersonalizationError(
            f"sums up across an end of the month, {month.start} or {month.end}",
            "export it by the hour",
        )
    yield Sum(STRIPE, "quantity", value)


def _invoice(record: Record, month: Month) -> Iterator[Charge | Sum | Cancel]:
    currency = str(record.get("currency", "jpy")).lower()
    if currency != "jpy":
        raise PersonalizationError("is not in jpy", "leave out what is not in yen")
    if AMOUNT not in record:
        raise PersonalizationError("has no amount", "export the lines of the invoice")
    yen, key = _integer(record[AMOUNT]), _text(record, *KEYS)
    if key is not None:
        yield Charge(INVOICE, key, None, 0, yen or 0, None, None, yen is None)
    elif yen is None:
        raise PersonalizationError("has an amount that is no integer", "yen have no decimals")
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


def read_records(path: Path, needed: Collection[str]) -> list[Record]:
    """Return every record, names in lower case with _ for spaces, empty values left out, repeated ids once.

    A CSV file without a line says that there is nothing, if its header has one of the needed names.
    PersonalizationError if the file is not UTF-8, empty, cut off, or not such a file: it is read whole or not at all.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise PersonalizationError(f"{path} is not UTF-8", "export it as UTF-8") from None
    except OSError as error:
        raise PersonalizationError(
            f"{path} cannot be read ({error.strerror})", "check it"
        ) from None
    if not text.strip():
        raise PersonalizationError(f"{path} is empty", "export it again")
    is_json = text.lstrip()[0] in "[{"
    records = _json(text, path) if is_json else _csv(text, path, needed)
    return _once([_clean(record) for record in records], path)


def _json(text: str, path: Path) -> list[Record]:
    try:
        try:
            found = json.loads(text)
        except json.JSONDecodeError:
            found = [json.loads(line) for line in text.splitlines() if line.strip()]
    except (ValueError, RecursionError):
        raise PersonalizationError(f"{path} is not JSON", "export it again") from None
    if isinstance(found, dict) and isinstance(found.get("data"), list):
        if found.get("has_more"):
            raise PersonalizationError(f"{path} says has_more", "export every page of it")
        found = found["data"]
    records = found if isinstance(found, list) else [found]
    if not all(isinstance(record, dict) for record in records):
        raise PersonalizationError(f"{path} holds more than objects", "give an array of records")
    return records


def _csv(text: str, path: Path, needed: Collection[str]) -> list[Record]:
    try:
        header, *lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    except csv.Error as error:
        raise PersonalizationError(f"{path} is not CSV ({error})", "export it again") from None
    names = [_name(name) for name in header]
    if len({*names}) < len(names):
        raise PersonalizationError(f"{path} has two columns of one name", "leave one of them out")
    if not {*names} & {*needed}:
        raise PersonalizationError(
            f"{path} has no column {' or '.join(name for name in needed if name not in CANCELS)}",
            "export those, with a header",
        )
    for number, cells in enumerate(lines, 2):
        if cells and len(cells) != len(names):
            raise PersonalizationError(
                f"{path}: row {number} has {len(cells)} cells, the header {len(names)}",
                "export it again",
            )
    return [dict(zip(names, cells, strict=True)) for cells in lines if cells]


def _clean(record: Record) -> Record:
    for part in ("payload", "cancel"):
        if isinstance(inner := record.get(part), dict):
            record = {**record, **{f"{part}.{name}": value for name, value in inner.items()}}
    named = {_name(name): value for name, value in record.items()}
    return {name: value for name, value in named.items() if value is not None and value != ""}


def _name(name: str) -> str:
    return name.strip().lower().replace(" ", "_")


def _once(records: list[Record], path: Path) -> list[Record]:
    """Pages of an export overlap; two contents under one id are a fault."""
    by_id: dict[str, Record] = {}
    kept = []
    for number, record in enumerate(records, 1):
        before = by_id.setdefault(str(record["id"]), record) if "id" in record else record
        if before is record:
            kept.append(record)
        elif before != record:
            raise PersonalizationError(
                f"record {number} of {path} has the id of another, and other content",
                "export it again",
            )
    return kept
