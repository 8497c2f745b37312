"""What an entrance has to give the tools: who asks, and a connection to answer on."""

import sqlite3
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Caller(Protocol):
    """One customer, known by the hash of the key, for the time of one call."""

    @property
    def user_token_hash(self) -> str:
        """sha256 hex of the API key."""

    async def read(self, function: Callable[[sqlite3.Connection], T]) -> T:
        """What function finds; it may not write."""

    async def write(self, function: Callable[[sqlite3.Connection], T]) -> T:
        """What function returns, in one transaction of its own."""


class Entrance(Protocol):
    """How a call comes in."""

    async def enter(self, request: Any) -> Caller:
        """Who asks; request is the HTTP request, None on stdio. An error says that nobody known does."""

    def sentence(self, error: Exception) -> str:
        """What the model is told of an error: no secret, no value that was refused, no traceback."""
