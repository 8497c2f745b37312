"""Recording deliveries: the same fact twice is one row, and a correction is a row of its own."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timezone
from itertools import islice
from typing import Any

from sqlite_utils_personalization.billing.delivery import (
    UNIT_PRICE_YEN,
    Delivery,
    Fact,
    fact,
    reversal_key,
    utc,
)
from sqlite_utils_personalization.billing.delivery_table import (
    all_or_nothing,
    insert,
    known,
    logged,
    named,
    require_deliveries,
)
from sqlite_utils_personalization.errors import PersonalizationError

# How many facts one round of statements takes.
TOGETHER = 1_000


class DeliveryConflict(PersonalizationError):
    """A delivery that was recorded with other content under the same key."""


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
    delivered_at defaults to now, unit_price_yen to 3; where a retry does not give them, the recorded ones stand. It
    is kept with the caller's transaction if one is open (begin that one IMMEDIATE), or else at once.

    DeliveryConflict if the same (rec_id, channel, slot) was recorded with another status, price or time;
    PersonalizationError if rec_id is not in the log or a value is out of its range. Then nothing is written.
    """
    given = fact(
        rec_id,
        channel=channel,
        slot=slot,
        delivered_at=delivered_at,
        status=status,
        unit_price_yen=unit_price_yen,
    )
    (found,) = recorded(db, [given])
    return found


def record_deliveries(
    db: sqlite3.Connection, rec_ids: Iterable[int], **common: Any
) -> list[Delivery]:
    """Record each of rec_ids as record_delivery would, all with the same keyword arguments: all of them or none."""
    return list(recorded(db, [fact(rec_id, **common) for rec_id in rec_ids]))


def reverse_delivery(db: sqlite3.Connection, delivery: int | str) -> Delivery:
    """Take back a delivery, named by delivery_id or delivery_key, by a row of its own; `new` is False if it was.

    PersonalizationError if there is no such delivery, or it is itself a reversal.
    """
    require_deliveries(db)
    with all_or_nothing(db):
        found = named(db, delivery)
        if found.reversal_of is not None:
            raise PersonalizationError(
                f"delivery {found.delivery_id} is itself a reversal, which is final"
                " - record the delivery under another slot if it took place after all"
            )
        key = reversal_key(found.delivery_key)
        if before := known(db, [key]):
            return before[key]
        content = (found.rec_id, found.channel, found.slot, _now(), found.status)
        insert(db, [(key, *content, found.unit_price_yen, found.delivery_id)])
        return known(db, [key])[key]._replace(new=True)


def taken_back(
    db: sqlite3.Connection,
    facts: Iterable[Fact],
    refuse: Callable[[int, PersonalizationError], None] | None = None,
) -> Iterator[Delivery]:
    """Reverse the deliveries of facts in order and yield the reversals, on the terms of recorded()."""
    require_deliveries(db)
    with all_or_nothing(db):
        for at, one in enumerate(facts):
            if known(db, [one.key]):
                yield reverse_delivery(db, one.key)
            else:
                fault = (
                    f"rec_id {one.rec_id} was not delivered on {one.channel} in slot {one.slot}"
                    " - there is nothing to reverse"
                )
                (refuse or _raise)(at, PersonalizationError(fault))


def recorded(
    db: sqlite3.Connection,
    facts: Iterable[Fact],
    refuse: Callable[[int, PersonalizationError], None] | None = None,
) -> Iterator[Delivery]:
    """Record facts in order and yield their rows; nothing is kept unless all are taken.

    What cannot be recorded is raised, or passed to refuse with its place, from 0, and left out.
    """
    require_deliveries(db)
    waiting, place = iter(facts), 0
    with all_or_nothing(db):
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
    found, in_log = known(db, keys), logged(db, [one.rec_id for one in facts])
    taken: dict[str, Fact] = {}
    accepted, now = [], _now()
    for at, (key, one) in enumerate(zip(keys, facts, strict=True), place):
        if fault := _fault(one, in_log, found.get(key) or taken.get(key)):
            refuse(at, fault)
            continue
        if key not in found:
            taken.setdefault(key, _complete(one, now))
        accepted.append(key)
    insert(db, ((key, *one, None) for key, one in taken.items()))
    found.update({key: row._replace(new=True) for key, row in known(db, list(taken)).items()})
    for key in accepted:
        yield found[key]
        found[key] = found[key]._replace(new=False)


def _fault(
    one: Fact, in_log: set[int], before: Delivery | Fact | None
) -> PersonalizationError | None:
    if one.rec_id not in in_log:
        return PersonalizationError(
            f"rec_id {one.rec_id} is not in the log - give one that a night, or another program, logged"
        )
    for name in ("status", "unit_price_yen", "delivered_at"):
        said, stands = getattr(one, name), getattr(before, name, None)
        if before and said not in (None, stands):
            return DeliveryConflict(
                f"rec_id {one.rec_id} was delivered on {one.channel} in slot {one.slot} with {name} {stands},"
                f" not {said} - correct the fact, or reverse that delivery and use another slot"
            )
    return None


def _complete(one: Fact, now: str) -> Fact:
    price = UNIT_PRICE_YEN if one.unit_price_yen is None else one.unit_price_yen
    return one._replace(delivered_at=one.delivered_at or now, unit_price_yen=price)


def _now() -> str:
    return utc(datetime.now(timezone.utc))


def _raise(at: int, fault: PersonalizationError) -> None:
    raise fault
