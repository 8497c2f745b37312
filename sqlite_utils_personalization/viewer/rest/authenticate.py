"""Who asks: which key comes in, whether it is known, and how often it asks. Only the headers named here tell.

A cookie of Datasette's is nothing here, and a key is nothing to Datasette.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from weakref import WeakKeyDictionary

from sqlite_utils_personalization.customer_api.key_source import (
    KeySource,
    KeyStatus,
    key_status,
)
from sqlite_utils_personalization.errors import InvalidInput
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.language import ngettext
from sqlite_utils_personalization.preferences.customer import KeyHashes, plain_key
from sqlite_utils_personalization.viewer.connections import read
from sqlite_utils_personalization.viewer.rest.problem import Problem
from sqlite_utils_personalization.viewer.rest.request import Call
from sqlite_utils_personalization.viewer.settings import PLUGIN, Settings, settings

Headers = Iterable[tuple[bytes, bytes]]

WINDOW_S = 60
# Keys remembered at once; only those of customers are, so that nobody can crowd them out.
MOST_KEYS = 100_000

_apis: WeakKeyDictionary[Any, "Api"] = WeakKeyDictionary()


class Api:
    """The settings of the API on one Datasette, and the requests of this minute."""

    def __init__(self, given: Settings) -> None:
        self.settings = given
        self.limit = Limit(given.requests_per_minute)


def api(datasette: Any) -> Api:
    """The API of this Datasette. PersonalizationError if the settings cannot be."""
    if datasette not in _apis:
        _apis[datasette] = Api(settings(plugin_settings(datasette)))
    return _apis[datasette]


def plugin_settings(datasette: Any) -> Mapping[str, Any]:
    """The settings of the plugin as Datasette has them, secrets resolved."""
    return datasette.plugin_config(PLUGIN) or {}


async def authenticate(datasette: Any, request: Any) -> Call:
    """Who asks, by the key in the headers. Problem 401, 403 or 429."""
    this = api(datasette)
    source = datasette.get_database(this.settings.database)
    key = key_in(request.scope["headers"])
    if this.settings.keys is None:
        raise unknown_key(_("No key is known here."))
    found = await _known(datasette, source, this.settings.keys, key)
    this.limit.take(found.user_token_hash)
    return Call(
        datasette, request, source, found.user_token_hash, found.known_as, this.settings.envelope
    )


async def _known(datasette: Any, source: Any, keys: KeySource, key: bytes) -> KeyHashes:
    found = keys.hashing.hash(key)
    limit_ms = datasette.setting("sql_time_limit_ms")
    told = await read(source, lambda db: key_status(db, keys, found), limit_ms)
    if told is KeyStatus.UNKNOWN:
        raise unknown_key(_("The key is not known."))
    if told is KeyStatus.REVOKED:
        raise Problem(
            403, _("This key may not be used any more."), _("Use the key that replaced it.")
        )
    return found


def key_in(headers: Headers) -> bytes:
    """The one key of the request, as bytes. Problem 401 if there is none, or headers that disagree."""
    try:
        found = {plain_key(key) for key in _keys(headers)}
    except InvalidInput:
        raise unknown_key(_("The request holds no key.")) from None
    if len(found) > 1:
        raise unknown_key(_("The request holds two different keys."))
    if not found:
        raise unknown_key(_("The request holds no key."))
    return found.pop()


def unknown_key(error: str) -> Problem:
    """Problem 401."""
    return Problem(
        401,
        error,
        _("Send your key as Authorization: Bearer KEY, or as X-API-Key: KEY."),
        {"WWW-Authenticate": 'Bearer realm="personalization"'},
    )


def _keys(headers: Headers) -> Iterator[bytes]:
    for name, value in headers:
        if name.lower() == b"x-api-key":
            yield value.strip(b" \t")
        if name.lower() == b"authorization":
            scheme, _space, token = value.strip(b" \t").partition(b" ")
            # Another scheme is for a proxy in front of us.
            if scheme.lower() == b"bearer":
                yield token.strip(b" \t")


class Limit:
    """Counts requests per key hash within the present minute, of MOST_KEYS keys at most."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.time) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._window = 0
        self._counts: OrderedDict[str, int] = OrderedDict()

    def take(self, key_hash: str) -> None:
        """Count one request. Problem 429 says in how many seconds there may be another."""
        now = self._clock()
        if now // WINDOW_S != self._window:
            self._window = int(now // WINDOW_S)
            self._counts.clear()
        count = self._counts.pop(key_hash, 0)
        self._counts[key_hash] = count + 1
        if len(self._counts) > MOST_KEYS:
            self._counts.popitem(last=False)
        if count >= self._per_minute:
            wait = max(1, int(WINDOW_S - now % WINDOW_S))
            raise Problem(
                429,
                _("More than {most} requests within a minute.", most=self._per_minute),
                ngettext("Ask again in {n} second.", "Ask again in {n} seconds.", wait),
                {"Retry-After": str(wait)},
            )
