"""What was delivered, what of it was taken back, and whether what is charged agrees with it: money.

Yen are without tax, moments UTC, months those of Japan. Errors that every function here may raise beside its own are
NoSchema, Locked, Damaged, ReadOnly, and InvalidInput where an argument cannot be.
"""

import json
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from functools import partial
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Any, TypeVar, cast

from sqlite_utils_personalization.api.opened import (
    File,
    Opened,
    check_callable,
    listed,
    path_of,
    reading,
    streamed,
    writing,
)
from sqlite_utils_personalization.api.shapes import (
    ReconciledDelivery,
    ReconciledMonth,
    RecordedDelivery,
)
from sqlite_utils_personalization.billing import record
from sqlite_utils_personalization.billing.delivery import SaidFact, fact, read_facts
from sqlite_utils_personalization.billing.reconcile import reconcile as reconciling
from sqlite_utils_personalization.billing.reconcile.classes import CLASSES
from sqlite_utils_personalization.billing.reconcile.result import Reconciliation
from sqlite_utils_personalization.billing.reconcile.result import keep as keep_month
from sqlite_utils_personalization.clock import utc
from sqlite_utils_personalization.errors import InvalidInput, PersonalizationError, short_repr
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.language import ngettext

T = TypeVar("T")
AnyPath = str | os.PathLike[str]
Refuse = Callable[[int, PersonalizationError], None]
# Rows that are kept in memory until they are asked for.
_IN_MEMORY_BYTES = 2**20


def record_delivery(
    file: File,
    rec_id: int,
    *,
    channel: str,
    slot: str,
    delivered_at: str | datetime | None = None,
    status: int = 200,
    unit_price_yen: int | None = None,
    timeout_s: float | None = None,
) -> RecordedDelivery:
    """Record that log row rec_id was delivered once on channel, and return the row.

    channel is rest, mcp or digest. slot tells apart two deliveries of one row on one channel: for rest and mcp the
    Japanese day of the delivery; for digest a day, month or week of the issue, as 2026-07-22, 2026-07 or 2026-W30, with
    .2 to .99 for another on the same, or issue-7. delivered_at, with its zone, defaults to now; status is of HTTP, and
    only 2xx bills; unit_price_yen defaults to 3, or to 0 where nothing is charged: an item is charged to a customer
    once a Japanese day, by whatever row, run and channel, and what stands for a whole type never. The same again is one
    row, its outcome 'already delivered'; where it gives neither time nor price, the recorded ones stand.

    On a connection it is kept with the caller's transaction, as an INSERT of the caller's own is. Conflict if the same
    (rec_id, channel, slot) was recorded with another status, price or time, if a price is given of what is not charged,
    or if delivered_at is before it was logged (or, of a night that was scored after its day, before that day) or after
    now; NotFound if rec_id is not in the log. Then nothing is written.
    """
    given = fact(
        rec_id,
        channel=channel,
        slot=slot,
        delivered_at=delivered_at,
        status=status,
        unit_price_yen=unit_price_yen,
    )
    with _writing(file, timeout_s) as db:
        (found,) = record.record_facts(db, [given])
    return cast(RecordedDelivery, found.to_dict())


def record_deliveries(
    file: File,
    deliveries: Iterable[SaidFact],
    *,
    channel: str | None = None,
    slot: str | None = None,
    delivered_at: str | datetime | None = None,
    status: int | None = None,
    unit_price_yen: int | None = None,
    refuse: Refuse | None = None,
    timeout_s: float | None = None,
) -> Iterator[RecordedDelivery]:
    """Record many as record_delivery() would, all or none, in bounded memory; done when this returns.

    Each is a rec_id, an object with rec_id, channel, slot and, if known, delivered_at, status and unit_price_yen, or
    that as a line of JSON; the arguments are what it does not say itself. They are read while the file is locked. The
    first that cannot be recorded is raised; with refuse, each is passed to it with its number, from 1, and then
    InvalidInput is raised. The rows come in order, from a temporary file where they are many.
    """
    common = {
        "channel": channel,
        "slot": slot,
        "delivered_at": delivered_at,
        "status": status,
        "unit_price_yen": unit_price_yen,
    }
    return _kept(_all(file, record.record_facts, deliveries, common, refuse, timeout_s))


def reverse_delivery(
    file: File,
    delivery: int | str,
    *,
    reversed_at: str | datetime | None = None,
    timeout_s: float | None = None,
) -> RecordedDelivery:
    """Take back a delivery, named by delivery_id or delivery_key, by a row of its own, and return that.

    reversed_at, with its zone, defaults to now. The same again is one row, its outcome 'already reversed'. NotFound if
    there is no such delivery; Conflict if it is itself a reversal, or if reversed_at is before it was delivered or
    after now.
    """
    moment = None if reversed_at is None else utc(reversed_at)
    with _writing(file, timeout_s) as db:
        found = record.reverse_delivery(db, delivery, moment)
    return cast(RecordedDelivery, found.to_dict())


def reverse_deliveries(
    file: File,
    deliveries: Iterable[SaidFact],
    *,
    channel: str | None = None,
    slot: str | None = None,
    reversed_at: str | datetime | None = None,
    refuse: Refuse | None = None,
    timeout_s: float | None = None,
) -> Iterator[RecordedDelivery]:
    """Take back many, named as record_deliveries() names them and on its terms: all or none."""
    moment = None if reversed_at is None else utc(reversed_at)
    act = partial(record.reverse_facts, reversed_at=moment)
    common = {"channel": channel, "slot": slot}
    return _kept(_all(file, act, deliveries, common, refuse, timeout_s))


def _all(
    file: File,
    act: Callable[..., Iterator[Any]],
    said: Iterable[SaidFact],
    common: Mapping[str, Any],
    refuse: Refuse | None,
    timeout_s: float | None,
) -> Iterator[RecordedDelivery]:
    check_callable(refuse=refuse)
    said = listed(said, "deliveries")
    given = {name: value for name, value in common.items() if value is not None}
    bad, numbers = 0, list[int]()

    def refused(number: int, fault: PersonalizationError) -> None:
        nonlocal bad
        if refuse is None:
            raise fault
        bad += 1
        refuse(number, fault)

    def facts() -> Iterator[Any]:
        for number, one in read_facts(said, given, refused):
            numbers.append(number)
            yield one

    with _writing(file, timeout_s) as db:
        for row in act(db, facts(), lambda at, fault: refused(numbers[at], fault)):
            yield row.to_dict()
        if bad:
            raise InvalidInput(
                ngettext("{n} line cannot be taken", "{n} lines cannot be taken", bad),
                _("nothing was recorded; mend and run this again"),
            )


@contextmanager
def _writing(file: File, timeout_s: float | None) -> Iterator[sqlite3.Connection]:
    with writing(file, timeout_s) as found:
        record.require_deliveries(*found)
        yield found.conn


@contextmanager
def _explaining_temporary_files() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise PersonalizationError(
            f"no temporary file can be written ({error.strerror})",
            "free some space, then run this again",
        ) from None


def _kept(rows: Iterator[T]) -> Iterator[T]:
    """All of rows, which are computed at once, to be read one after the other."""

    def read() -> Iterator[Any]:
        with SpooledTemporaryFile(_IN_MEMORY_BYTES, "w+", encoding="utf-8") as file:
            for row in rows:
                with _explaining_temporary_files():
                    file.write(f"{json.dumps(row)}\n")
            with _explaining_temporary_files():
                file.seek(0)
            yield None
            yield from map(json.loads, file)

    found = read()
    next(found)
    return found


def reconcile(
    file: File,
    month: str | date,
    *,
    stripe: Iterable[AnyPath] = (),
    invoiced: Iterable[AnyPath] = (),
    meter: str = reconciling.BOTH,
    endpoint: str | None = None,
    stripe_meter: str | None = None,
    class_: str | None = None,
    keep: bool = False,
    timeout_s: float | None = None,
) -> tuple[ReconciledMonth, Iterator[ReconciledDelivery]]:
    """Put every delivery and every charge of a month into exactly one class: the totals, and the rows in their order.

    month is YYYY-MM, or a day in it. stripe are files exported from Stripe, invoiced files of invoice lines. meter says
    which of what was metered is looked at: usage_events, stripe, or both as far as they are there; what it leaves out
    is 'not asked for', and no fault. endpoint is a GLOB for the events of usage_events that are ours, stripe_meter the
    event_name or id of the one meter of Stripe that counts. class_ leaves only the rows of that class. Only reads,
    unless keep replaces what the file holds of the month. What cannot be read of a source is in 'faults', and makes the
    exit_status 2.

    On a connection the rows are read as they are asked for, and end with the next reconciliation on it.
    """
    if class_ is not None and not (isinstance(class_, str) and class_ in CLASSES):
        raise InvalidInput(f"class is {short_repr(class_)}", f"give one of {', '.join(CLASSES)}")
    sources = {
        "stripe": _paths(stripe, "stripe"),
        "invoiced": _paths(invoiced, "invoiced"),
        "meter": meter,
        "endpoint": endpoint,
        "stripe_meter": stripe_meter,
    }

    def rows(found: Opened) -> Iterator[Any]:
        return (one.to_dict() for one in reconciling.reconciled_rows(found.conn, class_))

    if not isinstance(file, (str, os.PathLike)):
        with reading(file, timeout_s) as found:
            made = _reconciled(found, month, sources)
        if keep:
            _keep(file, found.conn, made, timeout_s)
        return cast(ReconciledMonth, made.to_dict()), streamed(file, rows)

    def whole() -> Iterator[Any]:
        with reading(file, timeout_s) as found:
            made = _reconciled(found, month, sources)
            if keep:
                _keep(file, found.conn, made, timeout_s)
            yield made.to_dict()
            yield from rows(found)

    parts = whole()
    return next(parts), parts


def _reconciled(found: Opened, month: str | date, sources: Mapping[str, Any]) -> Reconciliation:
    record.require_deliveries(*found)
    return reconciling.reconcile(found.conn, month, **sources)


def _keep(
    file: File, db: sqlite3.Connection, made: Reconciliation, timeout_s: float | None
) -> None:
    """db is the connection with the rows."""
    with writing(file, timeout_s) as target:
        keep_month(target.conn, made, reconciling.reconciled_rows(db))


def _paths(paths: Iterable[AnyPath], name: str) -> list[Path]:
    if isinstance(paths, (str, os.PathLike)):
        return [Path(path_of(paths, name))]
    return [Path(path_of(path, name)) for path in listed(paths, name)]
