"""Datasette 1.0 reads queries from --config only; 0.65 reads them from --metadata, as documented here."""

from collections.abc import Awaitable, Callable
from typing import Any

from datasette import hookimpl


@hookimpl
def startup(datasette: Any) -> Callable[[], Awaitable[None]] | None:
    if not hasattr(datasette, "add_query"):
        return None

    async def add_queries() -> None:
        # The only place where 1.0 keeps what --metadata said of queries.
        given = getattr(datasette, "_metadata_local", None) or {}
        for database, about in (given.get("databases") or {}).items():
            for name, query in (about.get("queries") or {}).items():
                if await datasette.get_query(database, name) is None:
                    await _add(datasette, database, name, query)

    return add_queries


async def _add(datasette: Any, database: str, name: str, query: str | dict[str, Any]) -> None:
    query = {"sql": query} if isinstance(query, str) else query
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
