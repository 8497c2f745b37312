"""A delivery: one recommendation handed to its customer once, as a fact that can be billed."""

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from sqlite_utils_personalization.canonical import (
    RepeatedKey,
    canonical_json,
    sha256_hex,
    strict_json,
)
from sqlite_utils_personalization.clock import utc
from sqlite_utils_personalization.errors import PersonalizationError, short_repr

# Yen, tax excluded, of one delivered recommendation.
UNIT_PRICE_YEN = 3
BILLING_KEYS = "am_personalization_billing_key"
CHANNELS = ("rest", "mcp", "digest")
_LARGEST = 2**53
_LARGEST_PRICE = 10**6
# Closed, so that no address, no name and no phone number fits in by mistake.
_SLOT = re.compile(
    r"20\d\d-(?:(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?|W[0-5]\d)(?:[a-z]|[.-]\d{1,2})?"
    r"|[A-Za-z]{1,12}(?:-?\d{1,4})?|\d{1,6}",
    re.ASCII,
)
_KEY = re.compile("[0-9a-f]{64}", re.ASCII)


class Fact(NamedTuple):
    """What is said of a delivery, checked; delivered_at and unit_price_yen are None where nothing was said of them."""

    rec_id: int
    channel: str
    slot: str
    delivered_at: str | None
    status: int
    unit_price_yen: int | None

    @property
    def key(self) -> str:
        """64 hex digits: what makes two sayings one fact."""
        return delivery_key(self.rec_id, self.channel, self.slot)


class Delivery(NamedTuple):
    """One row of am_personalization_delivery; new is whether this call wrote it.

    delivered_at is when it happened, recorded_at when it was written down, both UTC. reversal_of is the delivery_id
    that a reversal takes back, charge_key what makes it the one that is charged of its item that day. billing_key, 64
    hex digits, is what other programs name it by; None where none was made, and once its customer was erased.
    """

    delivery_id: int
    delivery_key: str
    rec_id: int
    channel: str
    slot: str
    delivered_at: str
    recorded_at: str
    status: int
    unit_price_yen: int
    reversal_of: int | None
    charge_key: str | None
    billing_key: str | None = None
    new: bool = False


def fact(
    rec_id: int,
    *,
    channel: str,
    slot: str,
    delivered_at: str | datetime | None = None,
    status: int = 200,
    unit_price_yen: int | None = None,
) -> Fact:
    """Return the fact as it is stored. PersonalizationError says which part of it cannot be one.

    rec_id is 1..2^53, status an HTTP status 100..599, unit_price_yen 0..1000000; slot is a day, a month
    or a week, as 2026-07-22, 2026-07 or 2026-W30, with a letter or .2 for another on the same, or an issue's number of
    up to 6 digits, as issue-7 or 7; delivered_at a time with its zone, kept in UTC to the millisecond.
    """
    _check_integer("rec_id", rec_id, 1, _LARGEST)
    _check_integer("status", status, 100, 599)
    if unit_price_yen is not None:
        _check_integer("unit_price_yen", unit_price_yen, 0, _LARGEST_PRICE)
    if channel not in CHANNELS:
        raise PersonalizationError(f"channel is {channel!r}", f"give one of {', '.join(CHANNELS)}")
    if not isinstance(slot, str) or not _SLOT.fullmatch(slot):
        # Not repeated: it may be what the rule keeps out.
        raise PersonalizationError(
            "slot is neither a day, a month or a week, nor the word and number of an issue",
            "give one like 2026-07-22, 2026-07, 2026-W30 or issue-7",
        )
    moment = None if delivered_at is None else utc(delivered_at)
    return Fact(rec_id, channel, slot, moment, status, unit_price_yen)


def delivery_key(rec_id: int, channel: str, slot: str) -> str:
    """sha256 of the canonical JSON of [rec_id, channel, slot]. Not for other programs: anybody can derive it."""
    return sha256_hex(canonical_json([rec_id, channel, slot]))


def reversal_key(key: str) -> str:
    """The key of what takes back the delivery with this key."""
    return sha256_hex(canonical_json(["reversal", key]))


def is_key(value: object) -> bool:
    """Whether value has the form of a delivery key."""
    return isinstance(value, str) and bool(_KEY.fullmatch(value))


def _check_integer(name: str, value: object, least: int, most: int) -> None:
    if type(value) is not int or not least <= value <= most:
        limit = "2^53" if most == _LARGEST else most
        raise PersonalizationError(
            f"{name} is {short_repr(value)}", f"give an integer from {least} to {limit}"
        )


def read_facts(
    lines: Iterable[bytes],
    common: dict[str, Any],
    refuse: Callable[[int, PersonalizationError], None],
) -> Iterator[tuple[int, Fact]]:
    """Yield the number of each line, from 1, and its fact; common is what a line does not say. Blank lines are none.

    A line that holds no fact is passed to refuse with its number, and left out.
    """
    for number, line in enumerate(lines, 1):
        if number == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")
        if not line.strip():
            continue
        try:
            found = _fact(line, common)
        except PersonalizationError as error:
            refuse(number, error)
        else:
            yield number, found


def _fact(line: bytes, common: dict[str, Any]) -> Fact:
    try:
        said = strict_json(line.decode())
    except UnicodeDecodeError:
        raise PersonalizationError("is not UTF-8", "write the file as UTF-8") from None
    except RepeatedKey:
        raise PersonalizationError("says one key twice", "say it once") from None
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise PersonalizationError(
            "is not a JSON object",
            'write it like {"rec_id": 17, "channel": "digest", "slot": "2026-07-22"}',
        )
    for name in said:
        if name not in Fact._fields:
            raise PersonalizationError(
                "has a key of another name", f"use {', '.join(Fact._fields)}"
            )
    complete = {**common, **said}
    for name in ("rec_id", "channel", "slot"):
        if name not in complete:
            raise PersonalizationError(f"has no {name}", "add it to the line, or as an option")
    return fact(complete.pop("rec_id"), **complete)
