"""Who may see our pages, and the page of what is denied of a file that may be seen.

Datasette does not protect the routes of a plugin, so every page asks here. Other denials stay Datasette's own.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from datasette import Forbidden, Response, hookimpl
from datasette.forbidden import forbidden as datasettes_own
from datasette.utils import tilde_decode

from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.language import speaking
from sqlite_utils_personalization.viewer.access.permissions import is_guarded
from sqlite_utils_personalization.viewer.failure import not_of_the_audit
from sqlite_utils_personalization.viewer.frame import failure_page, language_of
from sqlite_utils_personalization.viewer.links import home_url

try:
    from datasette.resources import DatabaseResource
except ImportError:  # Datasette 0.65
    DatabaseResource = None


async def can_view(datasette: Any, actor: Any, database: str) -> bool:
    """Whether the actor may see the database's own page, and so ours."""
    if DatabaseResource is not None:
        allowed: bool = await datasette.allowed(
            action="view-database", resource=DatabaseResource(database), actor=actor
        )
        return allowed
    try:
        await datasette.ensure_permissions(actor, [("view-database", database), "view-instance"])
    except Forbidden:
        return False
    return True


async def visible_databases(datasette: Any, actor: Any) -> list[str]:
    """The databases with our schema that the actor may see. Forbidden if all of those are closed to the actor."""
    ours = [
        name
        for name, database in datasette.databases.items()
        if await database.table_exists("am_personalization_profile")
    ]
    seen = [name for name in ours if await can_view(datasette, actor, name)]
    if ours and not seen:
        raise Forbidden("view-database")
    return seen


@hookimpl(trylast=True)  # a plugin that asks for a login comes first
def forbidden(datasette: Any, request: Any, message: str) -> Callable[[], Awaitable[Response]]:
    async def answer() -> Response:
        database = _database(datasette, request)
        if not await is_guarded(datasette, database) or not await can_view(
            datasette, request.actor, database
        ):
            response: Response = await datasettes_own(datasette, request, message)()
            return response
        with speaking(language_of(request)):
            links = {_("Personalization audit"): home_url(datasette, database)}
            failure = not_of_the_audit(links)
            return await failure_page(datasette, request, failure, _wants_json(request))

    return answer


def _database(datasette: Any, request: Any) -> str:
    route = tilde_decode(request.url_vars.get("database") or "")
    return next((name for name, found in datasette.databases.items() if found.route == route), "")


def _wants_json(request: Any) -> bool:
    return request.path.endswith(".json") or "application/json" in (
        request.headers.get("accept"),
        request.headers.get("content-type"),
    )
