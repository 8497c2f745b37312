"""What authentication has to give the tools: who asks, and a connection to answer on."""

import sqlite3
import sys
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from sqlite_utils_personalization.customer_api.envelope import Envelope
from sqlite_utils_personalization.database import sqlite3 as found_sqlite3
from sqlite_utils_personalization.errors import (
    PersonalizationError,
    UnknownCustomer,
)
from sqlite_utils_personalization.language import N_, message_of

T = TypeVar("T")


class Caller(Protocol):
    """One customer, known by the hash of the key, for the time of one call."""

    @property
    def user_token_hash(self) -> str:
        """The hash that identifies the customer, of the API key, in hex."""

    @property
    def known_as(self) -> str:
        """What other programs keep of the same key, in hex."""

    @property
    def envelope(self) -> Envelope:
        """What every answer carries besides."""

    async def read(self, function: Callable[[sqlite3.Connection], T]) -> T:
        """What function finds; it may not write."""

    async def write(self, function: Callable[[sqlite3.Connection], T]) -> T:
        """What function returns, in one transaction of its own."""


class Authenticator(Protocol):
    """How a call comes in."""

    async def authenticate(self, request: Any) -> Caller:
        """Who asks; request is the HTTP request, None on stdio. An error says that nobody known does."""

    def sentence(self, error: Exception) -> str:
        """What the model is told of an error: no secret, no value that was refused, no traceback."""


BUSY = N_("the database is busy - nothing was changed or charged, call again in a moment")
UNKNOWN = N_(
    "nothing is declared with this key - call personalization_set_preference first, or check the key"
)
FAULT = N_("this could not be done - nothing was changed or charged, tell whoever runs this server")
DATABASE_ERRORS = (sqlite3.DatabaseError, found_sqlite3.DatabaseError)


def sentence(error: Exception) -> str:
    """The sentence; what the model cannot mend goes to standard error for whoever can."""
    if _is_lock(error) or _is_lock(error.__cause__):
        return message_of(BUSY)
    if isinstance(error, UnknownCustomer):
        return message_of(UNKNOWN)
    if isinstance(error, PersonalizationError):
        return str(error)
    print(f"personalization-mcp: {type(error).__name__}: {error}", file=sys.stderr)
    return message_of(FAULT)


def _is_lock(error: BaseException | None) -> bool:
    return isinstance(error, DATABASE_ERRORS) and "locked" in str(error)
