"""Datasette 0.65 over a large log: pages without the counts of all rows that it begins with. 1.0 stops counting itself.

SQLite counts a table in one step, which no time limit ends; of a view the page would be an error in the end.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Any

from datasette import hookimpl
from datasette.utils import tilde_decode

from sqlite_utils_personalization.viewer.links import has_our_schema
from sqlite_utils_personalization.viewer.metadata import tables

# From here on counting takes longer than a page should: the rows of a view are each computed to be counted.
LARGE_LOG = 1_000_000
LARGE_LOG_OF_VIEW = 50_000
_PATH = re.compile(r"/([^/]+)/([a-z0-9_]+)(?:\.json|\.csv)?")
_LAST = "SELECT max(rec_id) FROM am_personalization_recommendation_log"


@hookimpl(specname="startup")
def count_no_tables(datasette: Any) -> None:
    """The pages that list tables say `Many rows`."""
    if not hasattr(datasette, "add_query"):
        for database in datasette.databases.values():
            database.table_counts = _uncounted(database, database.table_counts)


def _uncounted(database: Any, count: Callable[..., Any]) -> Callable[..., Awaitable[Any]]:
    async def table_counts(limit: int = 10) -> Any:
        if await log_reaches(database, LARGE_LOG):
            return dict.fromkeys(await database.table_names())
        return await count(limit)

    return table_counts


@hookimpl(specname="asgi_wrapper")
def count_no_rows(datasette: Any) -> Callable[[Any], Any]:
    """The page of a table or view says no number of rows, unless ?_nocount= asks for it."""

    def wrap(app: Any) -> Any:
        async def respond(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http" and await _would_count(datasette, scope):
                query = scope["query_string"] + b"&_nocount=1&_nosuggest=1"
                scope = {**scope, "query_string": query.lstrip(b"&")}
            await app(scope, receive, send)

        return respond

    return (lambda app: app) if hasattr(datasette, "add_query") else wrap


async def _would_count(datasette: Any, scope: Any) -> bool:
    path = scope["path"].removeprefix(datasette.setting("base_url").rstrip("/"))
    asked = _PATH.fullmatch(path)
    if not asked or asked[2] not in tables() or b"_nocount" in scope["query_string"]:
        return False
    large = LARGE_LOG_OF_VIEW if asked[2].startswith("v_") else LARGE_LOG
    return await log_reaches(datasette.databases.get(tilde_decode(asked[1])), large)


async def log_reaches(database: Any, rows: int) -> bool:
    """Whether a database of Datasette, or None, is one of ours whose log has this many rows."""
    if not await has_our_schema(database) or not await database.table_exists(
        "am_personalization_recommendation_log"
    ):
        return False
    last: int | None = (await database.execute(_LAST)).first()[0]
    return (last or 0) >= rows
