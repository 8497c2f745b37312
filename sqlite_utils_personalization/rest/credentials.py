"""The key that came with a request: from its headers, and from nowhere else."""

from collections.abc import Iterable, Iterator

from sqlite_utils_personalization.customer.keys import LONGEST_KEY
from sqlite_utils_personalization.rest.problem import Problem

Headers = Iterable[tuple[bytes, bytes]]


def key_in(headers: Headers) -> bytes:
    """The one key of the request, as bytes. Problem 401 if there is none, or headers that disagree."""
    found = set(_keys(headers))
    if len(found) > 1:
        raise unknown("The request holds two different keys.")
    (key,) = found or {b""}
    if not 1 <= len(key) <= LONGEST_KEY:
        raise unknown("The request holds no key.")
    return key


def unknown(error: str) -> Problem:
    """Problem 401."""
    return Problem(
        401,
        error,
        "Send your key as Authorization: Bearer KEY, or as X-API-Key: KEY.",
        {"WWW-Authenticate": 'Bearer realm="personalization"'},
    )


def _keys(headers: Headers) -> Iterator[bytes]:
    for name, value in headers:
        if name.lower() == b"x-api-key":
            yield value.strip(b" \t")
        if name.lower() == b"authorization":
            scheme, _, token = value.strip(b" \t").partition(b" ")
            # Another scheme is for a proxy in front of us.
            if scheme.lower() == b"bearer":
                yield token.strip(b" \t")
