"""What a customer asks for, checked before anything is read."""

from datetime import date
from typing import NamedTuple

from sqlite_utils_personalization.billing.delivery import CHANNELS
from sqlite_utils_personalization.catalogue.candidate import TYPES
from sqlite_utils_personalization.customer.cursor import Position, position
from sqlite_utils_personalization.customer.errors import InvalidRequest

MOST = 100


class Asked(NamedTuple):
    """The filters of one page, and where it goes on: None at the beginning."""

    recommendation_type: str | None
    night: str | None
    limit: int
    after: Position | None


def asked(
    recommendation_type: str | None,
    night: str | None,
    limit: int,
    cursor: str | None,
    channel: str | None,
) -> Asked:
    """InvalidRequest names the argument that cannot be; its value is never repeated."""
    _check_one_of("type", recommendation_type, TYPES)
    _check_one_of("channel", channel, CHANNELS)
    if not isinstance(limit, int) or isinstance(limit, bool) or not 1 <= limit <= MOST:
        raise InvalidRequest(f"limit is not a whole number from 1 to {MOST} - give one, or none")
    if night is not None and not _is_day(night):
        raise InvalidRequest("night is not a day - write it like 2026-07-22")
    after = None if cursor is None else position(cursor, recommendation_type, night)
    return Asked(recommendation_type, night, limit, after)


def _check_one_of(name: str, value: str | None, known: tuple[str, ...]) -> None:
    if value is not None and value not in known:
        raise InvalidRequest(f"{name} is not one of {', '.join(known)} - give one of them, or none")


def _is_day(text: object) -> bool:
    try:
        return isinstance(text, str) and date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
