"""Pages of our tables and views over a large log, on Datasette 0.65: without the count of all rows that it begins with.

There it reads a table to its end, up to the time limit, and of a view a page is then an error. 1.0 stops counting.
"""

import re
from collections.abc import Callable
from typing import Any

from datasette import hookimpl
from datasette.utils import tilde_decode

from sqlite_utils_personalization.viewer.links import has_our_schema
from sqlite_utils_personalization.viewer.metadata import tables

# From here on counting takes longer than a page should.
LARGE_LOG = 1_000_000
_PATH = re.compile(r"/([^/]+)/([a-z0-9_]+)(?:\.json|\.csv)?")
_LAST = "SELECT max(rec_id) FROM am_personalization_recommendation_log"


@hookimpl(specname="asgi_wrapper")
def leave_out_counts(datasette: Any) -> Callable[[Any], Any]:
    def wrap(app: Any) -> Any:
        async def respond(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http" and await _counts_too_much(datasette, scope):
                query = scope["query_string"] + b"&_nocount=1&_nosuggest=1"
                scope = {**scope, "query_string": query.lstrip(b"&")}
            await app(scope, receive, send)

        return respond

    return (lambda app: app) if hasattr(datasette, "add_query") else wrap


async def _counts_too_much(datasette: Any, scope: Any) -> bool:
    path = scope["path"].removeprefix(datasette.setting("base_url").rstrip("/"))
    asked = _PATH.fullmatch(path)
    if not asked or asked[2] not in tables() or b"_nocount" in scope["query_string"]:
        return False
    database = datasette.databases.get(tilde_decode(asked[1]))
    if not await has_our_schema(database):
        return False
    assert database is not None
    if not await database.table_exists("am_personalization_recommendation_log"):
        return False
    return ((await database.execute(_LAST)).first()[0] or 0) >= LARGE_LOG
