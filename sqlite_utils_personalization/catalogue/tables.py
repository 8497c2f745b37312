"""The built-in sources: one SELECT each, in the file named after its table."""

import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from sqlite_utils_personalization.database import (
    column_names,
    decoding,
    explain_reading,
    null_columns,
    plain_cursor,
)
from sqlite_utils_personalization.errors import PersonalizationError

_AT_ONCE = 1000
# jpcite's programs, where they are copied into its main file.
_LIKE = {"jpi_programs": "programs"}


def exists(db: sqlite3.Connection, table: str) -> bool:
    """Whether db has that table or view; read-only."""
    return bool(column_names(db, table))


def read(
    db: sqlite3.Connection, table: str, *needed: str, absent: Iterable[str] = ()
) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of the table's SELECT, in its order; read-only. absent are tables in it that are not there: empty.

    A column that the table lacks reads as NULL, except those needed, "this or that" among them:
    PersonalizationError names them.
    """
    sql = _text(table)
    columns = column_names(db, table)
    for column in needed:
        if columns.isdisjoint(column.split(" or ")):
            raise PersonalizationError(
                f"{table} has no column {column}",
                "add it, or rename the table and pass your own SELECT with --catalogue",
            )
    nulls = null_columns(mentioned(sql), columns)
    complete = f"FROM (SELECT *{nulls} FROM {table}) AS t"
    sql = sql.replace(f"FROM {table} AS t", complete)
    for name in absent:
        for alias in re.findall(rf"\b{name} AS (\w+)", sql):
            columns = set(re.findall(rf"\b{alias}\.(\w+)", sql))
            nothing = null_columns(columns, ()).removeprefix(", ")
            sql = sql.replace(f"{name} AS {alias}", f"(SELECT {nothing} WHERE 0) AS {alias}")
    yield from rows(db, sql, table)


def _text(table: str) -> str:
    like = _LIKE.get(table, table)
    sql = files(__package__).joinpath(f"{like}.sql").read_text(encoding="utf-8")
    return sql.replace(f"FROM {like} AS t", f"FROM {table} AS t")


def mentioned(sql: str) -> list[str]:
    """The columns of t that the SQL names."""
    return re.findall(r"\bt\.(\w+)", sql)


@cache
def selected(table: str) -> tuple[str, ...]:
    """The names of what the table's SELECT yields, in its order."""
    return tuple(re.findall(r"^ .*\bAS (\w+),?$", _text(table), re.MULTILINE))


def rows(
    db: sqlite3.Connection, sql: str, name: str, values: Sequence[object] = ()
) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of sql as tuples, whatever the row_factory; read-only. Errors as of explain_reading.

    Text that is not UTF-8 is what is_readable refuses: one such row keeps out no other.
    """
    cursor = plain_cursor(db)
    with explain_reading(db, name):
        with decoding(db):
            cursor.execute(sql, values)
        while True:
            with decoding(db):
                found = cursor.fetchmany(_AT_ONCE)
            if not found:
                return
            yield from map(tuple, found)
