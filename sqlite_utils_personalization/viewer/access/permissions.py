"""Deny by default, on both lines of Datasette: these hooks only ever deny, so what else is configured still holds.

The two lines ask different hooks, and each ignores the other's. What is shown of a shared file is our tables, views and
questions, and nothing else of that file.
"""

import json
import re
from collections.abc import Awaitable, Callable
from typing import Any

from datasette import Forbidden, hookimpl
from datasette import __version__ as datasette_version
from datasette.utils import StartupError

from sqlite_utils_personalization.viewer.queries.metadata import tables
from sqlite_utils_personalization.viewer.queries.queries import questions
from sqlite_utils_personalization.viewer.settings import PLUGIN

_HASH = "user_token_hash"
_COLUMN = re.compile("[A-Za-z0-9_]*")
_OTHER_TABLES = ("_fts_table", "_through")
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
        if (action == "view-database" and database != "_internal") or is_ours(action, name):
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
    # On 0.65, root may read there the name of every column of every file.
    if database == "_internal" or (database == "_memory" and datasette.crossdb):
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
    """What the address of a table's page may not ask for: 0.65 lets ?_fts_table= and ?_through= search any table of the
    file, whoever may see it, and a facet lists whole hashes, where a page shortens them.
    """

    async def refuse() -> None:
        fault = _fault(request)
        if fault and await is_guarded(datasette, database):
            raise Forbidden(fault)

    return refuse


def _fault(request: Any) -> str | None:
    for name in request.args:
        if name in _OTHER_TABLES:
            return f"{name} is not allowed"
        if name.startswith("_facet") and not all(map(_is_facet, request.args.getlist(name))):
            return "customers are no facet, nor is what is no column"
        # The address of the next page has the value that this one ends with.
        is_page = request.url_vars.get("format") in (None, "html")
        if is_page and name.startswith("_sort") and _HASH in request.args.getlist(name):
            return "customers are in no order"
    return None


def _is_facet(value: str) -> bool:
    # Names have no case in SQLite, and Datasette also takes JSON that holds one.
    return bool(_COLUMN.fullmatch(value)) and value.lower() != _HASH


@hookimpl(specname="startup")
def show_no_other_tables(datasette: Any) -> None:
    """Datasette lists, and counts, what of the file refers to a table: of a guarded file, only what is ours."""
    for name, database in datasette.databases.items():
        database.get_all_foreign_keys = _ours_alone(datasette, name, database.get_all_foreign_keys)


def _ours_alone(
    datasette: Any, name: str, found: Callable[[], Awaitable[dict[str, Any]]]
) -> Callable[[], Awaitable[dict[str, Any]]]:
    async def foreign_keys() -> dict[str, Any]:
        keys = await found()
        if not await is_guarded(datasette, name):
            return keys
        return _InAnyCase(
            {table: {way: _ours(ways[way]) for way in ways} for table, ways in keys.items()}
        )

    return foreign_keys


class _InAnyCase(dict[str, Any]):
    """By the name of a table, as 0.65 has it from the address of a row, where SQLite finds it in any case."""

    def __missing__(self, name: str) -> Any:
        if name == name.lower():
            raise KeyError(name)
        return self[name.lower()]


def _ours(keys: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [key for key in keys if key["other_table"] in tables()]
