"""The value of after: where the next page begins, under a mark that only whoever has the file can make.

So a page begins where one before it ended, for the same customer and filters, and nowhere else.
"""

import hmac
import json
import sqlite3
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from typing import NamedTuple

from sqlite_utils_personalization.canonical import canonical_json
from sqlite_utils_personalization.errors import InvalidInput
from sqlite_utils_personalization.evidence.leaves import run_salt
from sqlite_utils_personalization.language import gettext as _

LONGEST_CURSOR = 200

# The type, the night, and whether it is a preview: what a cursor goes with.
Filters = tuple[str | None, str | None, bool]


class LogPosition(NamedTuple):
    """Where a page begins: a row of the log, and the run that it has to be of."""

    run_id: int
    rec_id: int


def cursor_at(db: sqlite3.Connection, customer: int, start: LogPosition, filters: Filters) -> str:
    """The text that stands for what begins at start, for this profile_id; read-only."""
    text = canonical_json([*start, *filters, _mark(db, customer, start, filters)])
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def is_given(
    db: sqlite3.Connection, customer: int, start: LogPosition, filters: Filters, mark: str
) -> bool:
    """Whether the mark is that of cursor_at; read-only."""
    return hmac.compare_digest(mark, _mark(db, customer, start, filters))


def _mark(db: sqlite3.Connection, customer: int, start: LogPosition, filters: Filters) -> str:
    # The salt of the run is random, and shown to no customer.
    text = canonical_json(["cursor", customer, *start, *filters])
    return hmac.new(run_salt(db, start.run_id).encode(), text.encode(), sha256).hexdigest()[:32]


def parse_cursor(text: str, filters: Filters) -> tuple[LogPosition, str]:
    """What it stands for, and its mark. InvalidInput if it is no cursor, or goes with other filters."""
    try:
        if len(text) > LONGEST_CURSOR:
            raise ValueError(text)
        decoded = urlsafe_b64decode(f"{text}{'=' * (-len(text) % 4)}".encode("ascii"))
        run_id, rec_id, kind, night, preview, mark = json.loads(decoded)
        mark.encode("ascii")
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise not_given() from None
    if not all(type(number) is int and 1 <= number <= 2**53 for number in (run_id, rec_id)):
        raise not_given()
    if (kind, night, preview) != filters:
        raise other_filters()
    return LogPosition(run_id, rec_id), mark


def not_given() -> InvalidInput:
    """It was made up, or is another customer's."""
    return InvalidInput(_("after is not one that you were given"), _("begin again without it"))


def other_filters() -> InvalidInput:
    """It goes with another request."""
    return InvalidInput(
        _("after belongs to another type or night, or to a preview"), _("begin again without it")
    )
