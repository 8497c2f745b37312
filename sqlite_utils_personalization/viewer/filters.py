"""Datasette 0.65 lets ?_fts_table= search any table of the file, whoever may see it."""

from collections.abc import Awaitable, Callable
from typing import Any

from datasette import Forbidden, hookimpl

from sqlite_utils_personalization.viewer.guard import is_guarded


@hookimpl(tryfirst=True)
def filters_from_request(
    request: Any, database: str, datasette: Any
) -> Callable[[], Awaitable[None]]:
    async def refuse_other_tables() -> None:
        if "_fts_table" in request.args and await is_guarded(datasette, database):
            raise Forbidden("_fts_table is not allowed")

    return refuse_other_tables
