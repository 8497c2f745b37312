"""Questions about tables that a file does not have yet: they answer with no row, and say what brings the tables.

Datasette would answer 400. What stands in for a question is the question itself, before an empty table of that name.
"""

import re
import shlex
from html import escape
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

from datasette.utils.sqlite import sqlite3

from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.viewer.connections import file_name, has_our_schema
from sqlite_utils_personalization.viewer.failure import unreadable
from sqlite_utils_personalization.viewer.queries.metadata import tables

# A query of metadata.yml.
Given = str | dict[str, Any]

_NAMES = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')"
# Asking for every answer would be slow, and a schema that is there stays there.
_complete: WeakSet[Any] = WeakSet()
_sound: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()


async def absent_tables(datasette: Any, database: str) -> list[str]:
    """The tables and views of ours that a database with our schema lacks; none for other databases."""
    source = datasette.databases.get(database)
    if source is None or source in _complete:
        return []
    names = {name for (name,) in await source.execute(_NAMES)}
    if "am_personalization_profile" not in names:
        return []
    absent = _absent(names)
    if not absent:
        _complete.add(source)
    return absent


def absent_from(db: sqlite3.Connection) -> list[str]:
    """The same of a connection to a database with our schema."""
    return _absent({name for (name,) in db.execute(_NAMES)})


def _absent(names: set[str]) -> list[str]:
    return [name for name in tables() if name not in names]


async def answerable_query(datasette: Any, database: str, given: Given) -> dict[str, Any]:
    """The query as a dictionary, or what stands in for it where a table it names is not there.

    Where the file cannot answer it for another reason, the query says why, and what to do.
    """
    query = as_dictionary(given)
    absent = await absent_tables(datasette, database)
    sql, needed = before_empty_tables(query.get("sql") or "", absent)
    file = file_name(datasette, database) if database in datasette.databases else database
    if needed:
        query["sql"] = sql
        todo = todo_about(needed, file)
    elif error := await _error(datasette.databases.get(database), query.get("sql") or ""):
        failure = unreadable(file, error)
        todo = f"{failure.title}: {failure.text} {failure.todo}"
    else:
        return query
    query["description"] = todo
    query["description_html"] = (
        f"<p><strong>{escape(todo)}</strong></p>{query.get('description_html', '')}"
    )
    return query


async def _error(source: Any, sql: str) -> str | None:
    """Why a database with our schema cannot run the query; None of any other database."""
    if not await has_our_schema(source) or sql in _sound.setdefault(source, set()):
        return None
    form = dict.fromkeys(re.findall(r":(\w+)", sql), "")
    try:
        await source.execute(f"EXPLAIN {sql}", form, log_sql_errors=False)
    except sqlite3.OperationalError as error:
        return str(error)
    _sound[source].add(sql)
    return None


def as_dictionary(query: Given) -> dict[str, Any]:
    """A query, which may be given as its SQL alone, as a dictionary of its own."""
    return dict(query) if isinstance(query, dict) else {"sql": query}


def todo_about(needed: list[str], file: str) -> str:
    """What to do where the file has not these tables."""
    command = f"sqlite-utils personalization-migrate {shlex.quote(file)}"
    return _(
        "There is no {tables} in {file}. Run: {command}",
        tables=", ".join(needed),
        file=file,
        command=command,
    )


def before_empty_tables(sql: str, absent: list[str]) -> tuple[str, list[str]]:
    """The query before an empty table of each absent name that it needs, and those names."""
    needed = [name for name in absent if re.search(rf"\b{name}\b", sql)]
    if not needed:
        return sql, []
    empty = [_empty(name, list(tables()[name]["columns"])) for name in needed]
    rest = re.match(r"WITH (?:RECURSIVE )?", sql)
    begin, end = (sql[rest.end() :], ",\n") if rest else (sql, "\n")
    return f"WITH RECURSIVE {', '.join(empty)}{end}{begin}", needed


def _empty(name: str, columns: list[str]) -> str:
    return f"{name}({', '.join(columns)}) AS (SELECT {', '.join(['NULL'] * len(columns))} WHERE 0)"
