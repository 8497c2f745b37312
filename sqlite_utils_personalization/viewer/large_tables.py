"""Pages of tables and views without what Datasette would read the whole log for.

0.65 begins with the counts of all rows, and SQLite counts a table in one step, which no time limit ends; of a view the
page would be an error in the end. 1.0 stops counting itself. Both try every column of a view as a facet.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Any

from datasette import hookimpl
from datasette.utils import tilde_decode

from sqlite_utils_personalization.viewer.connections import has_our_schema
from sqlite_utils_personalization.viewer.queries.metadata import tables

# From here on counting takes longer than a page should: the rows of a view are each computed to be counted.
LARGE_LOG = 1_000_000
LARGE_LOG_OF_VIEW = 50_000
_PATH = re.compile(r"/([^/]+)/([a-z0-9_]+)(\.json|\.csv)?")
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
    """A page says no number of rows unless ?_nocount= asks for it, and that of a view suggests no facets."""

    def wrap(app: Any) -> Any:
        async def respond(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http" and (spared := await _spared(datasette, scope)):
                query = scope["query_string"] + spared
                scope = {**scope, "query_string": query.lstrip(b"&")}
            await app(scope, receive, send)

        return respond

    return wrap


async def _spared(datasette: Any, scope: Any) -> bytes:
    path = scope["path"].removeprefix(datasette.setting("base_url").rstrip("/"))
    match = _PATH.fullmatch(path)
    if not match or match[2] not in tables():
        return b""
    database, is_view = datasette.databases.get(tilde_decode(match[1])), match[2].startswith("v_")
    would_count = not hasattr(datasette, "add_query") and b"_nocount" not in scope["query_string"]
    if would_count and await log_reaches(database, LARGE_LOG_OF_VIEW if is_view else LARGE_LOG):
        return b"&_nocount=1&_nosuggest=1"
    is_page = is_view and not match[3] and await has_our_schema(database)
    return b"&_nosuggest=1" if is_page else b""


async def log_reaches(database: Any, rows: int) -> bool:
    """Whether a database of Datasette, or None, is one of ours whose log has this many rows."""
    if not await has_our_schema(database) or not await database.table_exists(
        "am_personalization_recommendation_log"
    ):
        return False
    last: int | None = (await database.execute(_LAST)).first()[0]
    return (last or 0) >= rows
