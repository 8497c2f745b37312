"""Where a page ended, as text that a client hands back unread.

A cursor is no secret and carries no signature: it only says where to go on among the rows of whoever asks, so a forged
one selects nothing that the same customer could not ask for anyway. The customer is therefore never read from it.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import NamedTuple

from sqlite_utils_personalization.canonical import canonical_json
from sqlite_utils_personalization.customer.errors import InvalidRequest

_LONGEST = 200


class Position(NamedTuple):
    """The last log row of a page."""

    served_at: str
    rec_id: int


def cursor(last: Position, *filters: str | None) -> str:
    """The text that stands for what comes after last under these filters."""
    return urlsafe_b64encode(canonical_json([*last, *filters]).encode()).decode().rstrip("=")


def position(text: str, *filters: str | None) -> Position:
    """What cursor() was given. InvalidRequest if it was given something else, or other filters."""
    served_at, rec_id, *given = _read(text)
    if given != [*filters]:
        raise InvalidRequest("cursor belongs to another type or night - begin again without it")
    return Position(served_at, rec_id)


def invalid() -> InvalidRequest:
    return InvalidRequest("cursor is not one that you were given - begin again without it")


def _read(text: str) -> tuple[str, int, object, object]:
    try:
        if len(text) > _LONGEST:
            raise ValueError(text)
        decoded = urlsafe_b64decode(f"{text}{'=' * (-len(text) % 4)}".encode("ascii"))
        served_at, rec_id, kind, night = json.loads(decoded)
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise invalid() from None
    if not isinstance(served_at, str) or type(rec_id) is not int or not 1 <= rec_id <= 2**53:
        raise invalid()
    return served_at, rec_id, kind, night
