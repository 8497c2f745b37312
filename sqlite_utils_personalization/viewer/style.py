"""Our stylesheet on Datasette's own pages of a database of ours: without it long hashes squeeze the titles."""

from collections.abc import Awaitable, Callable
from typing import Any

from datasette import hookimpl

from sqlite_utils_personalization.customer.settings import PLUGIN
from sqlite_utils_personalization.viewer.links import has_our_schema


@hookimpl
def extra_css_urls(datasette: Any, database: Any) -> Callable[[], Awaitable[list[str]]]:
    async def urls() -> list[str]:
        if not await has_our_schema(datasette.databases.get(database)):
            return []
        return [datasette.urls.static_plugins(PLUGIN, "personalization-tables.css")]

    return urls
