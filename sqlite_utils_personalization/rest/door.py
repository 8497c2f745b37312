"""The door: what opens it, which key comes in, and how often. Nothing but the headers named here tells who asks.

A cookie of Datasette's opens nothing here, and a key opens nothing of Datasette's.
"""

from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

from sqlite_utils_personalization.customer.keys import KeySource, Standing, hashed, standing
from sqlite_utils_personalization.customer.settings import PLUGIN, Settings, settings
from sqlite_utils_personalization.rest.call import Call
from sqlite_utils_personalization.rest.connections import read
from sqlite_utils_personalization.rest.credentials import key_in, unknown
from sqlite_utils_personalization.rest.limit import Limit
from sqlite_utils_personalization.rest.problem import Problem

_doors: WeakKeyDictionary[Any, "Door"] = WeakKeyDictionary()


class Door:
    """The settings of one Datasette, and the requests of this minute."""

    def __init__(self, given: Settings) -> None:
        self.settings = given
        self.limit = Limit(given.requests_per_minute)


def door(datasette: Any) -> Door:
    """The door of this Datasette. PersonalizationError if the settings cannot be."""
    if datasette not in _doors:
        _doors[datasette] = Door(settings(plugin_settings(datasette)))
    return _doors[datasette]


def plugin_settings(datasette: Any) -> Mapping[str, Any]:
    """The settings of the plugin as Datasette has them, secrets resolved."""
    return datasette.plugin_config(PLUGIN) or {}


async def let_in(datasette: Any, request: Any) -> Call:
    """Who asks, by the key in the headers. Problem 401, 403 or 429."""
    this = door(datasette)
    source = datasette.get_database(this.settings.database)
    key = key_in(request.scope["headers"])
    if this.settings.keys is None:
        raise unknown("No key is known here.")
    user_token_hash = await _known(datasette, source, this.settings.keys, key)
    this.limit.take(user_token_hash)
    return Call(datasette, request, source, user_token_hash)


async def _known(datasette: Any, source: Any, keys: KeySource, key: bytes) -> str:
    found = hashed(key, keys)
    limit_ms = datasette.setting("sql_time_limit_ms")
    told = await read(source, lambda db: standing(db, keys, found), limit_ms)
    if told is Standing.UNKNOWN:
        raise unknown("The key is not known.")
    if told is Standing.REVOKED:
        raise Problem(403, "This key may not be used any more.", "Use the key that replaced it.")
    return found.user_token_hash
