"""The built-in sources: one SELECT each, in the file named after its table."""

import re
import sqlite3
import unicodedata
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from sqlite_utils_personalization.database import (
    column_names,
    explain_reading,
    null_columns,
    plain_cursor,
)
from sqlite_utils_personalization.errors import PersonalizationError


def exists(db: sqlite3.Connection, table: str) -> bool:
    """Whether db has that table or view; read-only."""
    return bool(column_names(db, table))


def read(db: sqlite3.Connection, table: str, *needed: str) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of the table's SELECT, in its order; read-only.

    A column that the table lacks reads as NULL, except those needed: PersonalizationError names them.
    """
    sql = files(__package__).joinpath(f"{table}.sql").read_text(encoding="utf-8")
    columns = column_names(db, table)
    for column in needed:
        if column not in columns:
            raise PersonalizationError(
                f"{table} has no column {column}",
                "add it, or rename the table and pass your own SELECT with --catalogue",
            )
    nulls = null_columns(mentioned(sql), columns)
    complete = f"FROM (SELECT *{nulls} FROM {table}) AS t"
    yield from rows(db, sql.replace(f"FROM {table} AS t", complete), table)


def mentioned(sql: str) -> list[str]:
    """The columns of t that the SQL names."""
    return re.findall(r"\bt\.(\w+)", sql)


@cache
def selected(table: str) -> tuple[str, ...]:
    """The names of what the table's SELECT yields, in its order."""
    sql = files(__package__).joinpath(f"{table}.sql").read_text(encoding="utf-8")
    return tuple(re.findall(r"^ .*\bAS (\w+),?$", sql, re.MULTILINE))


def rows(db: sqlite3.Connection, sql: str, name: str) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of sql as tuples, whatever the row_factory; read-only. Errors as of explain_reading."""
    cursor = plain_cursor(db)
    with explain_reading(db, name):
        # map has no close(): where the database is closed before this ends, to close the cursor is an error.
        yield from map(tuple, cursor.execute(sql))


def normal(value: object) -> str:
    """NFKC, each run of spaces one space, no control or invisible characters; None is empty.

    NFKC turns full-width digits, U+3000 and Kangxi radicals into the characters people search for.
    """
    if value is None:
        return ""
    text = str(value)
    if not text.isprintable():
        text = "".join(c for c in text if c.isprintable() or c.isspace())
    return " ".join(unicodedata.normalize("NFKC", text).split())
