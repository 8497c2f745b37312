"""Whether the questions Datasette was given are those of this version, because our pages lead to them."""

import shlex
import sys
from collections.abc import Awaitable, Callable
from typing import Any
from weakref import WeakKeyDictionary

from datasette import hookimpl

from sqlite_utils_personalization.viewer.queries.missing_tables import answerable_query
from sqlite_utils_personalization.viewer.queries.queries import questions

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
    quoted = shlex.quote(database)
    given = {
        question.name: await given_sql(datasette, database, question.name)
        for question in questions()
    }
    if not any(given.values()):
        return (
            f"no question of this plugin is served for {database} - start Datasette with --metadata metadata.yml,"
            f" written by: sqlite-utils personalization-metadata {quoted} > metadata.yml"
        )
    other = [
        name
        for name, sql in given.items()
        if not await is_of_this_version(datasette, database, name, sql)
    ]
    if not other:
        return None
    return (
        f"metadata.yml is of another version than this viewer: {', '.join(other)} missing or not the same"
        f" - write it again and restart: sqlite-utils personalization-metadata {quoted} > metadata.yml"
    )


async def is_of_this_version(datasette: Any, database: str, name: str, sql: str) -> bool:
    """Whether sql is that question, as a database with our schema can answer it now; read-only."""
    packaged = next(question.sql for question in questions() if question.name == name)
    return _words(sql) == _words((await answerable_query(datasette, database, packaged))["sql"])


async def given_sql(datasette: Any, database: str, name: str) -> str:
    """What Datasette was given as the question of this name; empty if it was given none."""
    if hasattr(datasette, "get_canned_query"):  # Datasette 0.65
        query = await datasette.get_canned_query(database, name, None)
        return query["sql"] if query else ""
    query = await datasette.get_query(database, name)
    return query.sql if query else ""


def _words(sql: str) -> list[str]:
    return sql.split()
