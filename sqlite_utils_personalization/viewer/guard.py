"""What of a shared file the viewer shows: our tables, views and questions, and nothing else of that file."""

from typing import Any

from sqlite_utils_personalization.customer.settings import PLUGIN
from sqlite_utils_personalization.viewer.metadata import tables
from sqlite_utils_personalization.viewer.questions import questions


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
