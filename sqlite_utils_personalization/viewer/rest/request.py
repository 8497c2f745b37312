"""One request of one authenticated customer, and what it holds besides its key: a JSON body, query parameters and
preconditions, each taken strictly.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from datasette import Response

from sqlite_utils_personalization.customer_api.envelope import Envelope
from sqlite_utils_personalization.errors import Changed
from sqlite_utils_personalization.language import gettext as _
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


def not_modified(headers: dict[str, str]) -> Response:
    """304: the client has it already."""
    return Response("", 304, PRIVATE | headers)


# A character is at most four bytes of UTF-8.
_MOST_BYTES = 4 * MAX_LENGTH


async def json_body(request: Any) -> object:
    """The JSON value that was sent. Problem 413, 415 or 422, and InvalidPreference, say why there is none."""
    kind, _semicolon, parameters = request.headers.get("content-type", "").lower().partition(";")
    if kind.strip() != "application/json" or parameters.strip() not in ("", "charset=utf-8"):
        raise Problem(415, _("The body is not sent as application/json in UTF-8."))
    try:
        text = (await _body(request)).decode("utf-8")
    except UnicodeDecodeError:
        raise Problem(422, _("The body is not UTF-8.")) from None
    if len(text) > MAX_LENGTH:
        raise _too_large()
    return parse_preference(text)


def query(request: Any, known: Collection[str]) -> dict[str, str]:
    """The query parameters. Problem 422 if one is not known, or given twice."""
    pairs = parse_qsl(request.query_string, keep_blank_values=True)
    found = dict(pairs)
    if not found.keys() <= set(known):
        if not known:
            raise Problem(422, _("The query holds an unknown parameter; none is known here."))
        names = ", ".join(known)
        raise Problem(
            422, _("The query holds an unknown parameter; known are {names}.", names=names)
        )
    if len(found) < len(pairs):
        raise Problem(422, _("The query holds a parameter twice."))
    return found


def check_preconditions(request: Any, etag: str | None) -> None:
    """Changed if If-Match or If-None-Match do not hold for what is stored; etag is None where nothing is."""
    wanted = _etags(request, "if-match", weak=False)
    if wanted is not None and (etag is None or not wanted & {etag, ANY_VERSION}):
        raise Changed(
            _("the preference is not the one that was read"), _("read it again, then set it")
        )
    if is_known(request, etag):
        raise Changed(
            _("there is such a preference already"), _("read it, then go on with If-Match")
        )


def is_known(request: Any, etag: str | None) -> bool:
    """Whether If-None-Match names what is stored: the client has it, or asks that it not be there."""
    known = _etags(request, "if-none-match", weak=True)
    return known is not None and etag is not None and bool(known & {etag, ANY_VERSION})


def _etags(request: Any, header: str, *, weak: bool) -> set[str] | None:
    """The listed tags without their quotes; None without the header. Ours hold no comma."""
    given = [value for name, value in request.scope["headers"] if name.lower() == header.encode()]
    if not given:
        return None
    tags = b",".join(given).decode("latin-1").split(",")
    return {_tag(tag.strip(), weak) for tag in tags} - {""}


def _tag(tag: str, weak: bool) -> str:
    if weak:
        tag = tag.removeprefix("W/")
    is_quoted = len(tag) > 1 and tag[0] == tag[-1] == '"'
    return tag[1:-1] if is_quoted else "" if '"' in tag else tag


async def _body(request: Any) -> bytes:
    length = request.headers.get("content-length", "0")
    if length.isdecimal() and int(length) > _MOST_BYTES:
        raise _too_large()
    body, more = b"", True
    while more:
        message = await request.receive()
        if message["type"] != "http.request":
            raise Problem(422, _("The body was not sent to its end."))
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > _MOST_BYTES:
            raise _too_large()
    return body


def _too_large() -> Problem:
    return Problem(413, _("The body has more than {most} characters.", most=MAX_LENGTH))
