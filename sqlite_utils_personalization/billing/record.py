"""Recording deliveries: the same fact twice is one row, and a correction is a row of its own."""

import json
import sqlite3
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from sqlite_utils_personalization.billing.delivery import (
    Delivery,
    Fact,
    fact,
    reversal_key,
)
from sqlite_utils_personalization.billing.once_a_day import Charged, Charges, logged_rows
from sqlite_utils_personalization.clock import utc_now
from sqlite_utils_personalization.database import plain_rows, require_table
from sqlite_utils_personalization.errors import DeliveryConflict, PersonalizationError
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
    is given of what is not charged; PersonalizationError if rec_id is not in the log or a value is out of its range.
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


def reverse_delivery(db: sqlite3.Connection, delivery: int | str) -> Delivery:
    """Take back a delivery, named by delivery_id or delivery_key, by a row of its own; `new` is False if it was.

    PersonalizationError if there is no such delivery, or it is itself a reversal.
    """
    require_deliveries(db)
    with atomic(db):
        found = find_delivery(db, delivery)
        if found.reversal_of is not None:
            raise PersonalizationError(
                f"delivery {found.delivery_id} is itself a reversal, which is final",
                "record the delivery under another slot if it took place after all",
            )
        key = reversal_key(found.delivery_key)
        if before := known_deliveries(db, [key]):
            return before[key]
        content = (found.rec_id, found.channel, found.slot, utc_now(), found.status)
        insert_deliveries(db, [(key, *content, found.unit_price_yen, found.delivery_id, None)])
        return known_deliveries(db, [key])[key]._replace(new=True)


def reverse_facts(
    db: sqlite3.Connection,
    facts: Iterable[Fact],
    refuse: Callable[[int, PersonalizationError], None] | None = None,
) -> Iterator[Delivery]:
    """Reverse the deliveries of facts in order and yield the reversals, on the terms of record_facts()."""
    require_deliveries(db)
    with atomic(db):
        for at, one in enumerate(facts):
            if known_deliveries(db, [one.key]):
                yield reverse_delivery(db, one.key)
            else:
                what = f"rec_id {one.rec_id} was not delivered on {one.channel} in slot {one.slot}"
                (refuse or _raise)(at, PersonalizationError(what, "there is nothing to reverse"))


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
    found, logged = known_deliveries(db, keys), logged_rows(db, [one.rec_id for one in facts])
    taken: dict[str, Charged] = {}
    charges = Charges(db)
    accepted, now = [], utc_now()
    for at, (key, one) in enumerate(zip(keys, facts, strict=True), place):
        before = found.get(key) or (taken[key].fact if key in taken else None)
        if fault := _fault(one, logged, before):
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
    found.update(
        {key: row._replace(new=True) for key, row in known_deliveries(db, list(taken)).items()}
    )
    for key in accepted:
        yield found[key]
        found[key] = found[key]._replace(new=False)


def _fault(
    one: Fact, in_log: Container[int], before: Delivery | Fact | None
) -> PersonalizationError | None:
    if one.rec_id not in in_log:
        return PersonalizationError(
            f"rec_id {one.rec_id} is not in the log",
            "give one that a night, or another program, logged",
        )
    for name in ("status", "unit_price_yen", "delivered_at"):
        said, stands = getattr(one, name), getattr(before, name, None)
        if before and said not in (None, stands):
            return DeliveryConflict(
                f"rec_id {one.rec_id} was delivered on {one.channel} in slot {one.slot} with "
                f"{name} {stands}, not {said}",
                "correct the fact, or reverse that delivery and use another slot",
            )
    return None


def _raise(at: int, fault: PersonalizationError) -> None:
    raise fault


_COLUMNS = Delivery._fields[:-1]
_KNOWN = f"""
SELECT {", ".join(_COLUMNS)} FROM am_personalization_delivery
WHERE delivery_key IN (SELECT value FROM json_each(?))
"""
_INSERT = """
INSERT INTO am_personalization_delivery
    (delivery_key, rec_id, channel, slot, delivered_at, status, unit_price_yen, reversal_of, charge_key)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


def require_deliveries(db: sqlite3.Connection, path: str | Path | None = None) -> None:
    """PersonalizationError, which names path if given, if the database has no table of deliveries; read-only."""
    require_table(db, "am_personalization_delivery", path)


def insert_deliveries(db: sqlite3.Connection, rows: Iterable[tuple[Any, ...]]) -> None:
    """Add rows: key, rec_id, channel, slot, delivered_at, status, unit_price_yen, reversal_of, charge_key."""
    db.executemany(_INSERT, rows)


def find_delivery(db: sqlite3.Connection, delivery: int | str) -> Delivery:
    """The delivery with this delivery_id or key; read-only. PersonalizationError if there is none."""
    column = "delivery_id" if isinstance(delivery, int) else "delivery_key"
    # As text, because an integer may be too large to be bound; the column's affinity makes it one again.
    sql = f"SELECT {', '.join(_COLUMNS)} FROM am_personalization_delivery WHERE {column} = ?"
    for row in plain_rows(db, sql, (str(delivery),)):
        return Delivery(*row)
    raise PersonalizationError(
        f"there is no delivery {delivery}", "give its delivery_id or its key"
    )


def known_deliveries(db: sqlite3.Connection, keys: Sequence[str]) -> dict[str, Delivery]:
    """Those of keys that were recorded, and their rows; read-only."""
    return {row[1]: Delivery(*row) for row in plain_rows(db, _KNOWN, (json.dumps(keys),))}


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
