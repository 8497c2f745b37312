"""What is denied of a file that may be seen, as a page: what it is, and where to go. Other denials stay Datasette's."""

from collections.abc import Awaitable, Callable
from typing import Any

from datasette import Response, hookimpl
from datasette.forbidden import forbidden as datasettes_own
from datasette.utils import tilde_decode

from sqlite_utils_personalization.viewer.access.access import can_view
from sqlite_utils_personalization.viewer.access.permissions import is_guarded
from sqlite_utils_personalization.viewer.failure import failed, not_of_the_audit
from sqlite_utils_personalization.viewer.links import home_url


@hookimpl(trylast=True)  # a plugin that asks for a login comes first
def forbidden(datasette: Any, request: Any, message: str) -> Callable[[], Awaitable[Response]]:
    async def answer() -> Response:
        database = _database(datasette, request)
        if not await is_guarded(datasette, database) or not await can_view(
            datasette, request.actor, database
        ):
            response: Response = await datasettes_own(datasette, request, message)()
            return response
        failure = not_of_the_audit({"Personalization audit": home_url(datasette, database)})
        return await failed(datasette, request, failure, _wants_json(request))

    return answer


def _database(datasette: Any, request: Any) -> str:
    route = tilde_decode(request.url_vars.get("database") or "")
    return next((name for name, found in datasette.databases.items() if found.route == route), "")


def _wants_json(request: Any) -> bool:
    return request.path.endswith(".json") or "application/json" in (
        request.headers.get("accept"),
        request.headers.get("content-type"),
    )
