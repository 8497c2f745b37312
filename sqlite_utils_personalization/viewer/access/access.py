"""Who may see our pages: Datasette does not protect the routes of a plugin, so every page asks here."""

from typing import Any

from datasette import Forbidden

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


async def audited(datasette: Any, actor: Any) -> list[str]:
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
