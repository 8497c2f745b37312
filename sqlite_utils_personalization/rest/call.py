"""One request of one customer, past the door: what a view gets."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from datasette import Response

from sqlite_utils_personalization.rest.connections import read, write
from sqlite_utils_personalization.rest.problem import PRIVATE

T = TypeVar("T")


@dataclass(frozen=True)
class Call:
    """Whose it is, what was sent, and the database it is about."""

    datasette: Any
    request: Any
    source: Any
    user_token_hash: str

    async def read(self, function: Callable[[Any], T]) -> T:
        """What function finds; it may not write."""
        return await read(self.source, function, self.datasette.setting("sql_time_limit_ms"))

    async def write(
        self, function: Callable[[Any], T], then: Callable[[Any], None] | None = None
    ) -> T:
        """What function returns, in one transaction; then runs after its end."""
        return await write(self.source, function, then)

    def answer(
        self, data: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None
    ) -> Response:
        """A 2xx answer."""
        return Response.json({"ok": True, **data}, status, PRIVATE | (headers or {}))
