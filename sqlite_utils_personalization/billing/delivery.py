"""A delivery: one recommendation handed to its customer once, as a fact that can be billed."""

import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlite_utils_personalization.canonical import (
    RepeatedKey,
    canonical_json,
    sha256_hex,
    strict_json,
)
from sqlite_utils_personalization.clock import is_day, utc
from sqlite_utils_personalization.errors import InvalidInput, PersonalizationError, short_repr
from sqlite_utils_personalization.language import gettext as _

# Yen, tax excluded, of one delivered recommendation.
UNIT_PRICE_YEN = 3
BILLING_KEYS = "am_personalization_billing_key"
CHANNELS = ("rest", "mcp", "digest")
# Whose slot is the Japanese day of the delivery.
BY_DAY = ("rest", "mcp")
_LARGEST = 2**53
_LARGEST_PRICE = 10**6
# Closed, so that no address, no name and no phone number fits in by mistake, and one issue has one name.
_ISSUE = re.compile(r"issue-[1-9]\d{0,5}", re.ASCII)
_PERIOD = re.compile(
    r"(?P<period>(?P<year>20\d\d)-(?:(?:0[1-9]|1[0-2])(?P<day>-\d\d)?|W(?P<week>\d\d)))"
    r"(?:[.](?:[2-9]|[1-9]\d))?",
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

    @property
    def outcome(self) -> str:
        """What the call did, or found done: delivered, failed or reversed, with 'already ' before it."""
        done = "delivered" if is_success(self.status) else "failed"
        if self.reversal_of is not None:
            done = "reversed"
        return done if self.new else f"already {done}"

    def to_dict(self) -> dict[str, Any]:
        """For JSON; keys are only ever added."""
        found = self._asdict()
        del found["new"]
        return found | {"outcome": self.outcome}


def is_success(status: int) -> bool:
    """Whether a delivery with this HTTP status took place."""
    return status // 100 == 2


def fact(
    rec_id: int,
    *,
    channel: str,
    slot: str,
    delivered_at: str | datetime | None = None,
    status: int = 200,
    unit_price_yen: int | None = None,
) -> Fact:
    """Return the fact as it is stored. InvalidInput says which part of it cannot be one.

    rec_id is 1..2^53, status an HTTP status 100..599, unit_price_yen 0..1000000. slot is the Japanese day for rest and
    mcp; for digest a day, a month or a week, as 2026-07-22, 2026-07 or 2026-W30, with .2 to .99 for another on the
    same, or issue-1 to issue-999999. delivered_at is a time with its zone, kept in UTC to the millisecond.
    """
    rec_id = _integer("rec_id", rec_id, 1, _LARGEST)
    status = _integer("status", status, 100, 599)
    if unit_price_yen is not None:
        unit_price_yen = _integer("unit_price_yen", unit_price_yen, 0, _LARGEST_PRICE)
    if channel not in CHANNELS:
        raise InvalidInput(
            _("{name} is {value}", name="channel", value=short_repr(channel)),
            _("give one of {names}", names=", ".join(CHANNELS)),
        )
    _check_slot(channel, slot)
    moment = None if delivered_at is None else utc(delivered_at)
    return Fact(rec_id, channel, slot, moment, status, unit_price_yen)


def _check_slot(channel: str, slot: object) -> None:
    # Not repeated: it may be what the rule keeps out.
    if channel in BY_DAY:
        if not is_day(slot):
            raise InvalidInput(
                _("slot is not a day, as it is for {channel}", channel=channel),
                _("give the Japanese day, like {example}", example="2026-07-22"),
            )
    elif not isinstance(slot, str) or not (_ISSUE.fullmatch(slot) or _is_period(slot)):
        raise InvalidInput(
            _("slot is neither a day, a month or a week, nor the number of an issue"),
            _("give one like 2026-07-22, 2026-07, 2026-W30 or issue-7"),
        )


def _is_period(slot: str) -> bool:
    """Whether it is a day, a month or a week that there is, and which of those issued for it."""
    found = _PERIOD.fullmatch(slot)
    if found and found["day"]:
        return is_day(found["period"])
    if found and found["week"]:
        # The 28th of December is in the last week of its year.
        last = date(int(found["year"]), 12, 28).isocalendar().week
        return 1 <= int(found["week"]) <= last
    return found is not None


def delivery_key(rec_id: int, channel: str, slot: str) -> str:
    """sha256 of the canonical JSON of [rec_id, channel, slot]. Not for other programs: anybody can derive it."""
    return sha256_hex(canonical_json([rec_id, channel, slot]))


def reversal_key(key: str) -> str:
    """The key of what takes back the delivery with this key."""
    return sha256_hex(canonical_json(["reversal", key]))


def is_key(value: object) -> bool:
    """Whether value has the form of a delivery key."""
    return isinstance(value, str) and bool(_KEY.fullmatch(value))


def _integer(name: str, value: object, least: int, most: int) -> int:
    """The value, numpy's too, but neither a bool nor a float."""
    try:
        number = None if isinstance(value, bool) else operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        number = None
    if number is None or not least <= number <= most:
        limit = "2^53" if most == _LARGEST else most
        raise InvalidInput(
            _("{name} is {value}", name=name, value=short_repr(value)),
            _("give an integer from {least} to {most}", least=least, most=limit),
        )
    return number


_EXAMPLE = '{"rec_id": 17, "channel": "digest", "slot": "2026-07-22"}'
# One delivery of many: the number of a log row, an object of what is said of it, or that as a line of JSON.
SaidFact = int | Mapping[str, Any] | str | bytes


def read_facts(
    said: Iterable[SaidFact],
    common: dict[str, Any],
    refuse: Callable[[int, PersonalizationError], None],
) -> Iterator[tuple[int, Fact]]:
    """Yield the number of each that is said, from 1, and its fact; common is what it does not say itself.

    Blank lines are none. What is no fact is passed to refuse with its number, and left out.
    """
    for number, one in enumerate(said, 1):
        if isinstance(one, str):
            one = one.encode("utf-8", "surrogatepass")
        if isinstance(one, bytes):
            if number == 1:
                one = one.removeprefix(b"\xef\xbb\xbf")
            if not one.strip():
                continue
        try:
            found = _fact(one, common)
        except PersonalizationError as error:
            refuse(number, error)
        else:
            yield number, found


def _fact(one: SaidFact, common: dict[str, Any]) -> Fact:
    said = _object(one) if isinstance(one, bytes | Mapping) else {"rec_id": one}
    for name in said:
        if name not in Fact._fields:
            names = ", ".join(Fact._fields)
            raise InvalidInput(_("has a key of another name"), _("use {names}", names=names))
    complete = {**common, **said}
    for name in ("rec_id", "channel", "slot"):
        if name not in complete:
            raise InvalidInput(
                _("has no {name}", name=name), _("add it to the line, or as an option")
            )
    return fact(complete.pop("rec_id"), **complete)


def _object(one: bytes | Mapping[str, Any]) -> Mapping[str, Any]:
    if not isinstance(one, bytes):
        return one
    try:
        said = strict_json(one.decode())
    except UnicodeDecodeError:
        raise InvalidInput(_("is not UTF-8"), _("write the file as UTF-8")) from None
    except RepeatedKey:
        raise InvalidInput(_("says one key twice"), _("say it once")) from None
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise InvalidInput(
            _("is not a JSON object"), _("write it like {example}", example=_EXAMPLE)
        )
    return said
