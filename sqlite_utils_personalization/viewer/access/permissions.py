"""Deny by default, on both lines of Datasette: these hooks only ever deny, so what else is configured still holds.

The two lines ask different hooks, and each ignores the other's. What is shown of a shared file is our tables, views and
questions, and nothing else of that file.
"""

import json
from collections.abc import Awaitable, Callable
from itertools import chain
from typing import Any

from datasette import Forbidden, hookimpl
from datasette import __version__ as datasette_version
from datasette.utils import StartupError

from sqlite_utils_personalization.viewer.queries.metadata import tables
from sqlite_utils_personalization.viewer.queries.queries import questions
from sqlite_utils_personalization.viewer.settings import PLUGIN

# Its pages name every table that was asked for, or kept from anyone.
DEBUG = "permissions-debug"


# The first alpha of 1.0 that asks before it shows a schema; those before show that of the whole file to anyone.
FIRST_ALPHA = 39


@hookimpl(specname="startup", tryfirst=True)
def refuse_open_alphas(datasette: Any) -> Callable[[], Awaitable[None]]:
    async def refuse() -> None:
        if is_open_alpha(datasette_version) and await any_guarded(datasette):
            raise StartupError(
                f"{PLUGIN}: Datasette {datasette_version} shows the schema of the whole file to anyone, at /-/schema"
                f" - install datasette==0.65.5, or 1.0a{FIRST_ALPHA} or newer"
            )

    return refuse


def is_open_alpha(version: str) -> bool:
    """Whether this version of Datasette cannot keep back what is not ours."""
    line, is_alpha, number = version.partition("1.0a")
    digits = number.partition(".")[0].partition("+")[0]
    return bool(is_alpha and not line) and not (digits.isdecimal() and int(digits) >= FIRST_ALPHA)


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


async def is_guarded(datasette: Any, database: Any) -> bool:
    """Whether the database has our schema, and the plugin setting deny_by_default is not false for it."""
    settings = datasette.plugin_config(PLUGIN, database=database) or {}
    if database not in datasette.databases or settings.get("deny_by_default") is False:
        return False
    exists: bool = await datasette.databases[database].table_exists("am_personalization_profile")
    return exists


async def reaches_guarded(datasette: Any, database: Any) -> bool:
    """Whether SQL run on the database could read a guarded one: itself or, with --crossdb, an attached one."""
    if database == "_memory" and datasette.crossdb:
        return await any_guarded(datasette)
    return await is_guarded(datasette, database)


async def any_guarded(datasette: Any) -> bool:
    """Whether one of the databases that are served is guarded."""
    return any([await is_guarded(datasette, name) for name in datasette.databases])


def is_ours(action: str, name: str) -> bool:
    """Whether view-table or view-query is asked for a table, view or question of ours.

    The prefix of a name does not tell: other programs use it too.
    """
    if action == "view-table":
        return name in tables()
    return action == "view-query" and name in {question.name for question in questions()}


@hookimpl(tryfirst=True)
def filters_from_request(
    request: Any, database: str, datasette: Any
) -> Callable[[], Awaitable[None]]:
    """What the address of a table's page may not ask for: 0.65 lets ?_fts_table= search any table of the file, whoever
    may see it, and a facet lists whole hashes, where a page shortens them.
    """

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
