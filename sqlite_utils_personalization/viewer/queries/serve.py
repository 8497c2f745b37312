"""The questions in Datasette: of --metadata on either line, and with no row where a table is not there yet.

Datasette 0.65 reads queries from --metadata and asks for more each time; 1.0 reads them from --config only.
"""

from collections.abc import Awaitable, Callable
from typing import Any
from weakref import WeakKeyDictionary

from datasette import hookimpl

from sqlite_utils_personalization.viewer.queries.missing_tables import (
    Given,
    answerable_query,
    as_dictionary,
)

# 0.65 writes into what it was given, so this is what it was given; on 1.0, what is stood in for.
_given: WeakKeyDictionary[Any, dict[str, Any]] = WeakKeyDictionary()


@hookimpl
def canned_queries(datasette: Any, database: str) -> Callable[[], Awaitable[dict[str, Any]]]:
    """Datasette 0.65: the queries of --metadata, each as it can be answered now."""

    async def queries() -> dict[str, Any]:
        source = datasette.databases[database]
        if source not in _given:
            found = datasette.metadata("queries", database=database, fallback=False) or {}
            _given[source] = dict(found)
        given = _given[source].items()
        return {name: await answerable_query(datasette, database, query) for name, query in given}

    return queries


@hookimpl
def startup(datasette: Any) -> Callable[[], Awaitable[None]] | None:
    """Datasette 1.0: add the queries of --metadata."""
    if not hasattr(datasette, "add_query"):
        return None

    async def add_queries() -> None:
        # The only place where 1.0 keeps what --metadata said of queries.
        given = getattr(datasette, "_metadata_local", None) or {}
        for database, about in (given.get("databases") or {}).items():
            for name, query in (about.get("queries") or {}).items():
                await _add(datasette, database, name, query)

    return add_queries


@hookimpl
def asgi_wrapper(datasette: Any) -> Callable[[Any], Any]:
    """Datasette 1.0: ask a question itself again as soon as its tables are there."""

    def wrap(app: Any) -> Any:
        async def respond(scope: Any, receive: Any, send: Any) -> None:
            for name, source in list(datasette.databases.items()):
                if hasattr(datasette, "add_query") and source in _given:
                    await _add_again(datasette, name, source)
            await app(scope, receive, send)

        return respond

    return wrap


async def _add_again(datasette: Any, database: str, source: Any) -> None:
    for name, query in list(_given[source].items()):
        if await answerable_query(datasette, database, query) == as_dictionary(query):
            await _add_query(datasette, database, name, _given[source].pop(name))


async def _add(datasette: Any, database: str, name: str, query: Given) -> None:
    answer = await answerable_query(datasette, database, query)
    if answer != as_dictionary(query):
        _given.setdefault(datasette.databases[database], {})[name] = query
    elif await datasette.get_query(database, name) is not None:
        return
    await _add_query(datasette, database, name, answer)


async def _add_query(datasette: Any, database: str, name: str, given: Given) -> None:
    query = as_dictionary(given)
    await datasette.add_query(
        database,
        name,
        query["sql"],
        title=query.get("title"),
        description=query.get("description"),
        description_html=query.get("description_html"),
        hide_sql=bool(query.get("hide_sql")),
        fragment=query.get("fragment"),
        parameters=query.get("params"),
        is_trusted=True,
        source="sqlite-utils-personalization",
    )
