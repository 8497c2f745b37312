"""What the address of a table's page may not ask for.

Datasette 0.65 lets ?_fts_table= search any table of the file, whoever may see it. A facet lists whole hashes, where a
page shortens them.
"""

from collections.abc import Awaitable, Callable
from itertools import chain
from typing import Any

from datasette import Forbidden, hookimpl

from sqlite_utils_personalization.viewer.guard import is_guarded


@hookimpl(tryfirst=True)
def filters_from_request(
    request: Any, database: str, datasette: Any
) -> Callable[[], Awaitable[None]]:
    async def refuse() -> None:
        fault = _fault(request)
        if fault and await is_guarded(datasette, database):
            raise Forbidden(fault)

    return refuse


def _fault(request: Any) -> str | None:
    if "_fts_table" in request.args:
        return "_fts_table is not allowed"
    facets = [request.args.getlist(name) for name in request.args if name.startswith("_facet")]
    is_page = request.url_vars.get("format") in (None, "html")
    if is_page and "user_token_hash" in chain.from_iterable(facets):
        return "customers are no facet"
    return None
