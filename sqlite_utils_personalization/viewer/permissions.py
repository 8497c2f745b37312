"""Deny by default, on both lines of Datasette: these hooks only ever deny, so what else is configured still holds.

The two lines ask different hooks, and each ignores the other's.
"""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from datasette import hookimpl

from sqlite_utils_personalization.viewer.guard import any_guarded, is_ours, reaches_guarded

# Its pages name every table that was asked for, or kept from anyone.
DEBUG = "permissions-debug"


@hookimpl(trylast=True)  # the last answer counts
def permission_allowed(
    datasette: Any, action: str, resource: Any
) -> Callable[[], Awaitable[bool | None]]:
    """Datasette 0.65: False denies, None leaves it to other rules."""

    async def denied() -> bool | None:
        if action == DEBUG:
            return False if await any_guarded(datasette) else None
        database, name = resource if isinstance(resource, tuple) else (resource, "")
        if action == "view-database" or is_ours(action, name):
            return None
        return False if await reaches_guarded(datasette, database) else None

    return denied


@hookimpl
async def permission_resources_sql(datasette: Any, action: str) -> Any:
    """Datasette 1.0: nothing overrides a denial of one table, or of a database where no table is meant."""
    from datasette.permissions import PermissionSQL
    from datasette.resources import DatabaseResource

    if action == DEBUG and await any_guarded(datasette):
        return PermissionSQL.deny("its pages name what was denied")
    resource = datasette.actions[action].resource_class
    if action == "view-database" or DatabaseResource not in (
        resource,
        getattr(resource, "parent_class", None),
    ):
        return None
    pairs = [
        [database, name]
        for database in datasette.databases
        if await reaches_guarded(datasette, database)
        for name in await _denied(datasette, database, action, resource)
    ]
    return PermissionSQL(
        sql="""
            SELECT json_extract(value, '$[0]') AS parent, json_extract(value, '$[1]') AS child,
                0 AS allow, 'not part of the audit' AS reason
            FROM json_each(:personalization_denied)
        """,
        params={"personalization_denied": json.dumps(pairs)},
    )


async def _denied(datasette: Any, database: str, action: str, resource: Any) -> list[str | None]:
    names = await _names(datasette, database, resource)
    if action in ("view-table", "view-query"):
        return [name for name in names if not is_ours(action, name)]
    return [None, *names]


async def _names(datasette: Any, database: str, resource: Any) -> list[str]:
    if resource.name == "table":
        # From the file itself: Datasette's own catalogue of it may be a moment old.
        source = datasette.databases[database]
        sql = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')"
        return [row[0] for row in await source.execute(sql)]
    catalogue = datasette.get_internal_database()
    sql = f"SELECT child FROM ({await resource.resources_sql(datasette)}) WHERE parent = ?"
    return [row[0] for row in await catalogue.execute(sql, [database]) if row[0] is not None]
