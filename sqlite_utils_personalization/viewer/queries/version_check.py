"""Whether the questions Datasette was given are those of this version, because our pages lead to them."""

import shlex
import sys
from collections.abc import Awaitable, Callable
from typing import Any
from weakref import WeakKeyDictionary

from datasette import hookimpl

from sqlite_utils_personalization.viewer.queries.metadata import metadata
from sqlite_utils_personalization.viewer.queries.missing_tables import answerable_query

# What Datasette was given stays as it is while it runs.
_said: WeakKeyDictionary[Any, str | None] = WeakKeyDictionary()


@hookimpl(specname="startup", trylast=True)
def warn_of_metadata(datasette: Any) -> Callable[[], Awaitable[None]]:
    async def warn() -> None:
        for name, source in datasette.databases.items():
            is_ours = await source.table_exists("am_personalization_profile")
            if is_ours and (warning := await metadata_warning(datasette, name)):
                print(f"Warning: {warning}", file=sys.stderr)

    return warn


async def metadata_warning(datasette: Any, database: str) -> str | None:
    """What is wrong if the questions of a database with our schema are missing or of another version; read-only."""
    source = datasette.databases[database]
    if source not in _said:
        _said[source] = await _warning(datasette, database)
    return _said[source]


async def _warning(datasette: Any, database: str) -> str | None:
    packaged = metadata(database)["databases"][database]["queries"]
    quoted = shlex.quote(database)
    given = {name: await _given_sql(datasette, database, name) for name in packaged}
    if not any(given.values()):
        return (
            f"no question of this plugin is served for {database} - start Datasette with --metadata metadata.yml,"
            f" written by: sqlite-utils personalization-metadata {quoted} > metadata.yml"
        )
    other = [
        name
        for name, query in packaged.items()
        if _words(given[name])
        != _words((await answerable_query(datasette, database, query))["sql"])
    ]
    if not other:
        return None
    return (
        f"metadata.yml is of another version than this viewer: {', '.join(other)} missing or not the same"
        f" - write it again and restart: sqlite-utils personalization-metadata {quoted} > metadata.yml"
    )


async def _given_sql(datasette: Any, database: str, name: str) -> str:
    if hasattr(datasette, "get_canned_query"):  # Datasette 0.65
        query = await datasette.get_canned_query(database, name, None)
        return query["sql"] if query else ""
    query = await datasette.get_query(database, name)
    return query.sql if query else ""


def _words(sql: str) -> list[str]:
    return sql.split()
