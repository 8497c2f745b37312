"""Recording deliveries: the same fact twice is one row, and a correction is a row of its own."""

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path
from secrets import token_hex
from typing import Any

from sqlite_utils_personalization.billing.delivery import (
    BILLING_KEYS,
    BY_DAY,
    Delivery,
    Fact,
    fact,
    reversal_key,
)
from sqlite_utils_personalization.billing.once_a_day import Charged, Charges, logged_rows
from sqlite_utils_personalization.clock import japan_day, parse_moment, utc, utc_now
from sqlite_utils_personalization.database import has_table, plain_rows, require_table
from sqlite_utils_personalization.errors import (
    Conflict,
    DeliveryConflict,
    InvalidInput,
    NotFound,
    PersonalizationError,
)
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.transaction import transaction

# How many facts one round of statements takes.
TOGETHER = 1_000


def record_delivery(
    db: sqlite3.Connection,
    rec_id: int,
    *,
    channel: str,
    slot: str,
    delivered_at: str | datetime | None = None,
    status: int = 200,
    unit_price_yen: int | None = None,
) -> Delivery:
    """Record that log row rec_id was delivered once on channel, and return the row; `new` is False if it was there.

    slot tells apart two deliveries of one row on one channel: the Japanese day for rest and mcp, the issue for digest.
    delivered_at defaults to now, unit_price_yen to 3, or to 0 where nothing is charged: an item is charged to a
    customer once a Japanese day, by whatever row, run and channel, and what stands for a whole type never. Where a
    retry gives neither, the recorded ones stand. It is kept with the caller's transaction if one is open (begin that
    one IMMEDIATE), or else at once.

    DeliveryConflict if the same (rec_id, channel, slot) was recorded with another status, price or time, or if a price
    is given of what is not charged; PersonalizationError if rec_id is not in the log, if delivered_at is before it was
    logged (or, of a night that was scored after its day, before that day) or after now, or a value is out of its range.
    Then nothing is written.
    """
    given = fact(
        rec_id,
        channel=channel,
        slot=slot,
        delivered_at=delivered_at,
        status=status,
        unit_price_yen=unit_price_yen,
    )
    (found,) = record_facts(db, [given])
    return found


def record_deliveries(
    db: sqlite3.Connection, rec_ids: Iterable[int], **common: Any
) -> list[Delivery]:
    """Record each of rec_ids as record_delivery would, all with the same keyword arguments: all of them or none."""
    return list(record_facts(db, [fact(rec_id, **common) for rec_id in rec_ids]))


def reverse_delivery(
    db: sqlite3.Connection, delivery: int | str, reversed_at: str | datetime | None = None
) -> Delivery:
    """Take back a delivery, named by delivery_id or one of its keys, by a row of its own; `new` is False if it was.

    reversed_at, a time with its zone, defaults to now. PersonalizationError if there is no such delivery, if it is
    itself a reversal, or if reversed_at is before it was delivered, or after now.
    """
    require_deliveries(db)
    with atomic(db):
        found = find_delivery(db, delivery)
        if found.reversal_of is not None:
            raise Conflict(
                _(
                    "delivery {delivery_id} is itself a reversal, which is final",
                    delivery_id=found.delivery_id,
                ),
                _("record the delivery under another slot if it took place after all"),
            )
        key = reversal_key(found.delivery_key)
        if before := known_deliveries(db, [key]):
            return before[key]
        now = utc_now()
        moment = now if reversed_at is None else utc(reversed_at)
        if reversed_at is not None and not found.delivered_at <= moment <= now:
            at = {"delivery_id": found.delivery_id, "moment": moment}
            raise Conflict(
                (
                    _(
                        "delivery {delivery_id} is said to be reversed at {moment}, later than now",
                        **at,
                    )
                    if moment > now
                    else _(
                        "delivery {delivery_id} is said to be reversed at {moment}, before it was delivered",
                        **at,
                    )
                ),
                _("give the time at which it was taken back, with its zone"),
            )
        content = (found.rec_id, found.channel, found.slot, moment, found.status)
        insert_deliveries(db, [(key, *content, found.unit_price_yen, found.delivery_id, None)])
        add_billing_keys(db, [key])
        return known_deliveries(db, [key])[key]._replace(new=True)


def reverse_facts(
    db: sqlite3.Connection,
    facts: Iterable[Fact],
    refuse: Callable[[int, PersonalizationError], None] | None = None,
    reversed_at: str | None = None,
) -> Iterator[Delivery]:
    """Reverse the deliveries of facts in order and yield the reversals, on the terms of record_facts()."""
    require_deliveries(db)
    with atomic(db):
        for at, one in enumerate(facts):
            if not known_deliveries(db, [one.key]):
                what = _(
                    "rec_id {rec_id} was not delivered on {channel} in slot {slot}", **_named(one)
                )
                (refuse or _raise)(at, NotFound(what, _("there is nothing to reverse")))
                continue
            try:
                yield reverse_delivery(db, one.key, reversed_at)
            except PersonalizationError as fault:
                (refuse or _raise)(at, fault)


def record_facts(
    db: sqlite3.Connection,
    facts: Iterable[Fact],
    refuse: Callable[[int, PersonalizationError], None] | None = None,
) -> Iterator[Delivery]:
    """Record facts in order and yield their rows; nothing is kept unless all are taken.

    What cannot be recorded is raised, or passed to refuse with its place, from 0, and left out.
    """
    require_deliveries(db)
    waiting, place = iter(facts), 0
    with atomic(db):
        while together := list(islice(waiting, TOGETHER)):
            yield from _round(db, together, place, refuse or _raise)
            place += len(together)


def _round(
    db: sqlite3.Connection,
    facts: Sequence[Fact],
    place: int,
    refuse: Callable[[int, PersonalizationError], None],
) -> Iterator[Delivery]:
    keys = [one.key for one in facts]
    rec_ids = [one.rec_id for one in facts]
    found, since, logged = (
        known_deliveries(db, keys),
        logged_since(db, rec_ids),
        logged_rows(db, rec_ids),
    )
    taken: dict[str, Charged] = {}
    charges = Charges(db)
    accepted, now = [], utc_now()
    for at, (key, one) in enumerate(zip(keys, facts, strict=True), place):
        before = found.get(key) or (taken[key].fact if key in taken else None)
        fault = _fault(one, since, before) or (None if before else _time_fault(one, since, now))
        if fault:
            refuse(at, fault)
            continue
        if not before:
            try:
                taken[key] = charges.of(one, logged[one.rec_id], now)
            except DeliveryConflict as conflict:
                refuse(at, conflict)
                continue
        accepted.append(key)
    insert_deliveries(db, ((key, *one.fact, None, one.key) for key, one in taken.items()))
    add_billing_keys(db, accepted)
    for key, row in known_deliveries(db, accepted).items():
        found[key] = row._replace(new=key in taken)
    for key in accepted:
        yield found[key]
        found[key] = found[key]._replace(new=False)


def _fault(
    one: Fact, in_log: Mapping[int, str | None], before: Delivery | Fact | None
) -> PersonalizationError | None:
    if one.rec_id not in in_log:
        return NotFound(
            _("rec_id {rec_id} is not in the log", rec_id=one.rec_id),
            _("give one that a night, or another program, logged"),
        )
    for name in ("status", "unit_price_yen", "delivered_at"):
        said, stands = getattr(one, name), getattr(before, name, None)
        if before and said not in (None, stands):
            return DeliveryConflict(
                _(
                    "rec_id {rec_id} was delivered on {channel} in slot {slot} with {name} {stands}, not {said}",
                    **_named(one),
                    name=name,
                    stands=stands,
                    said=said,
                ),
                _("correct the fact, or reverse that delivery and use another slot"),
            )
    return None


def _time_fault(
    one: Fact, in_log: Mapping[int, str | None], now: str
) -> PersonalizationError | None:
    earliest, at = in_log[one.rec_id], one.delivered_at
    if at is not None and not (earliest or at) <= at <= now:
        values = {"rec_id": one.rec_id, "moment": at, "earliest": earliest}
        return Conflict(
            (
                _("rec_id {rec_id} is said to be delivered at {moment}, later than now", **values)
                if at > now
                else _(
                    "rec_id {rec_id} is said to be delivered at {moment}, before it was logged, {earliest}",
                    **values,
                )
            ),
            _("give the time at which it was delivered, with its zone"),
        )
    day = japan_day(parse_moment(at or now))
    if one.channel in BY_DAY and one.slot != day:
        return InvalidInput(
            _(
                "slot of rec_id {rec_id} is {slot}, and {day} the day in Japan of its delivery",
                rec_id=one.rec_id,
                slot=one.slot,
                day=day,
            ),
            _("give delivered_at with its zone, and that day as the slot"),
        )
    return None


def _named(one: Fact) -> dict[str, Any]:
    return {"rec_id": one.rec_id, "channel": one.channel, "slot": one.slot}


def _raise(at: int, fault: PersonalizationError) -> None:
    raise fault


_COLUMNS = Delivery._fields[:-2]
_FOUND = f"SELECT {', '.join(_COLUMNS)}, {{billing_key}} FROM am_personalization_delivery d WHERE {{which}}"
_BILLING_KEY = f"(SELECT b.billing_key FROM {BILLING_KEYS} b WHERE b.delivery_id = d.delivery_id)"
# Of a customer who was erased nothing is related to another program any more.
_WITHOUT_KEY = f"""
SELECT d.delivery_id FROM am_personalization_delivery d
LEFT JOIN am_personalization_recommendation_log l ON l.rec_id = d.rec_id
WHERE d.delivery_key IN (SELECT value FROM json_each(?))
    AND NOT EXISTS (SELECT 1 FROM {BILLING_KEYS} b WHERE b.delivery_id = d.delivery_id)
    AND NOT EXISTS (SELECT 1 FROM am_personalization_erasure x WHERE x.profile_id = l.profile_id)
ORDER BY 1
"""
_LOGGED = """
SELECT l.rec_id, {earliest} FROM am_personalization_recommendation_log l {nights}
WHERE l.rec_id IN (SELECT value FROM json_each(?))
"""
_SERVED = "strftime('%Y-%m-%dT%H:%M:%fZ', l.served_at)"
# A night that was scored after its day stands for one of that day.
_EARLIEST = f"""
CASE WHEN night.as_of < date(l.served_at, '+9 hours') THEN strftime('%Y-%m-%dT%H:%M:%fZ', night.as_of, '-9 hours')
    ELSE {_SERVED} END
"""
_NIGHTS = """
LEFT JOIN (SELECT served_at, min(as_of) AS as_of FROM am_personalization_run GROUP BY served_at) night
    ON night.served_at = l.served_at
"""
_INSERT = """
INSERT INTO am_personalization_delivery
    (delivery_key, rec_id, channel, slot, delivered_at, status, unit_price_yen, reversal_of, charge_key)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


def require_deliveries(db: sqlite3.Connection, path: str | Path | None = None) -> None:
    """PersonalizationError, which names path if given, if the database has no table of deliveries; read-only."""
    require_table(db, "am_personalization_delivery", path)


def logged_since(db: sqlite3.Connection, rec_ids: Sequence[int]) -> dict[int, str | None]:
    """Those of rec_ids that are in the log, and the earliest time, in UTC, at which each can have been delivered.

    None where another program logged it at a time that cannot be read. Read-only.
    """
    earliest, nights = earliest_delivery(db)
    sql = _LOGGED.format(earliest=earliest, nights=nights)
    return dict(plain_rows(db, sql, (json.dumps(rec_ids),)))


def earliest_delivery(db: sqlite3.Connection) -> tuple[str, str]:
    """SQL for the earliest time at which a row l of the log can have been delivered, and the join that it needs."""
    return (_EARLIEST, _NIGHTS) if has_table(db, "am_personalization_run") else (_SERVED, "")


def insert_deliveries(db: sqlite3.Connection, rows: Iterable[tuple[Any, ...]]) -> None:
    """Add rows: key, rec_id, channel, slot, delivered_at, status, unit_price_yen, reversal_of, charge_key."""
    db.executemany(_INSERT, rows)


def add_billing_keys(db: sqlite3.Connection, keys: Sequence[str]) -> None:
    """Make a billing_key for each of these deliveries that has none, unless its customer was erased."""
    if has_table(db, BILLING_KEYS):
        found = plain_rows(db, _WITHOUT_KEY, (json.dumps(keys),))
        db.executemany(
            f"INSERT INTO {BILLING_KEYS}(billing_key, delivery_id) VALUES (?, ?)",
            ((token_hex(32), delivery_id) for (delivery_id,) in found),
        )


def find_delivery(db: sqlite3.Connection, delivery: int | str) -> Delivery:
    """The delivery with this delivery_id or one of its keys; read-only. NotFound if there is none."""
    is_key = isinstance(delivery, str)
    which = "d.delivery_key = :it" if is_key else "d.delivery_id = :it"
    if is_key and has_table(db, BILLING_KEYS):
        which += f" OR d.delivery_id = (SELECT b.delivery_id FROM {BILLING_KEYS} b WHERE b.billing_key = :it)"
    # Half a surrogate pair is no text that SQLite takes.
    named = str(delivery).encode("utf-8", "replace").decode()
    # As text, because an integer may be too large to be bound; the column's affinity makes it one again.
    for row in plain_rows(db, _found_sql(db, which), {"it": named}):
        return Delivery(*row)
    raise NotFound(
        _("there is no delivery {delivery}", delivery=named), _("give its delivery_id or its key")
    )


def known_deliveries(db: sqlite3.Connection, keys: Sequence[str]) -> dict[str, Delivery]:
    """Those of keys that were recorded, and their rows; read-only."""
    sql = _found_sql(db, "d.delivery_key IN (SELECT value FROM json_each(?))")
    return {row[1]: Delivery(*row) for row in plain_rows(db, sql, (json.dumps(keys),))}


def _found_sql(db: sqlite3.Connection, which: str) -> str:
    billing_key = _BILLING_KEY if has_table(db, BILLING_KEYS) else "NULL"
    return _FOUND.format(billing_key=billing_key, which=which)


@contextmanager
def atomic(db: sqlite3.Connection) -> Iterator[None]:
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
