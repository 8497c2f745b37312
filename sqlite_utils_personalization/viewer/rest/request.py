"""One request of one authenticated customer, and what it holds besides its key: a JSON body, query parameters and
preconditions, each taken strictly.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from datasette import Response

from sqlite_utils_personalization.customer_api.envelope import Envelope
from sqlite_utils_personalization.preferences.profile import ANY_VERSION
from sqlite_utils_personalization.preferences.validation import MAX_LENGTH, parse_preference
from sqlite_utils_personalization.viewer.connections import read, write
from sqlite_utils_personalization.viewer.rest.problem import PRIVATE, Problem

T = TypeVar("T")


@dataclass(frozen=True)
class Call:
    """Whose it is, what was sent, and the database it is about."""

    datasette: Any
    request: Any
    source: Any
    user_token_hash: str
    known_as: str
    envelope: Envelope

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
        return Response.json(
            {"ok": True, **self.envelope.answer(data)}, status, PRIVATE | (headers or {})
        )


# A character is at most four bytes of UTF-8.
_MOST_BYTES = 4 * MAX_LENGTH


async def json_body(request: Any) -> object:
    """The JSON value that was sent. Problem 413, 415 or 422, and InvalidPreference, say why there is none."""
    kind, _, parameters = request.headers.get("content-type", "").lower().partition(";")
    if kind.strip() != "application/json" or parameters.strip() not in ("", "charset=utf-8"):
        raise Problem(415, "The body is not sent as application/json in UTF-8.")
    try:
        text = (await _body(request)).decode("utf-8")
    except UnicodeDecodeError:
        raise Problem(422, "The body is not UTF-8.") from None
    if len(text) > MAX_LENGTH:
        raise _too_large()
    return parse_preference(text)


def query(request: Any, known: Collection[str]) -> dict[str, str]:
    """The query parameters. Problem 422 if one is not known, or given twice."""
    pairs = parse_qsl(request.query_string, keep_blank_values=True)
    found = dict(pairs)
    if not found.keys() <= set(known):
        names = f"known are {', '.join(known)}" if known else "none is known here"
        raise Problem(422, f"The query holds an unknown parameter; {names}.")
    if len(found) < len(pairs):
        raise Problem(422, "The query holds a parameter twice.")
    return found


def if_match(request: Any) -> str | None:
    """The version that If-Match asks for, as it stands; weak and listed ones are no version of ours."""
    given: str | None = request.headers.get("if-match")
    if given is None:
        return None
    given = given.strip()
    return given if given == ANY_VERSION else given.removeprefix('"').removesuffix('"')


def must_be_new(request: Any) -> bool:
    """Whether If-None-Match: * asks that there be nothing yet. Problem 422 on any other If-None-Match."""
    given = request.headers.get("if-none-match")
    if given not in (None, ANY_VERSION):
        raise Problem(422, "If-None-Match is not *.")
    return given is not None


async def _body(request: Any) -> bytes:
    length = request.headers.get("content-length", "0")
    if length.isdecimal() and int(length) > _MOST_BYTES:
        raise _too_large()
    body, more = b"", True
    while more:
        message = await request.receive()
        if message["type"] != "http.request":
            raise Problem(422, "The body was not sent to its end.")
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > _MOST_BYTES:
            raise _too_large()
    return body


def _too_large() -> Problem:
    return Problem(413, f"The body has more than {MAX_LENGTH} characters.")
