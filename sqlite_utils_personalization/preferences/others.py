"""What other programs' tables hold of a customer: named by table, column and row, and never touched. Read-only."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

from sqlite_utils_personalization.database import plain_rows
from sqlite_utils_personalization.language import N_
from sqlite_utils_personalization.preferences.old_bytes import forms
from sqlite_utils_personalization.schema.state import tables

NAMED_ROWS = 100
# Names of columns, and what of a customer they may hold.
_HASHES = ("%hash%",)
_KEYS = ("%idempotency\\_key%", "%billing\\_key%", "%delivery\\_key%", "identifier")
_TABLES = "SELECT name FROM main.sqlite_master WHERE type = 'table' ORDER BY name"


class Known(NamedTuple):
    """What leads to a customer: every hash they are or were known by, and the delivery_keys that anybody can derive."""

    hashes: list[str]
    delivery_keys: list[str]


class Held(NamedTuple):
    """Rows of another program that hold the hash, or else a delivery_key; the first rowids, where the table has any.

    error is why a table could not be looked into, whose column and rows are then not known: None and 0.
    """

    table: str
    column: str | None
    rows: int
    rowids: list[int]
    error: str | None = None
    holds: str = N_("hash")


def held_by_others(
    db: sqlite3.Connection, *hashes: str, delivery_keys: Sequence[str] = ()
) -> list[Held]:
    """Every row of another program's table with one of the hashes in a column whose name says hash, or one of the keys
    in one whose name says that; read-only.

    What cannot be looked into is told and stops nothing: a virtual table whose module is not loaded, say.
    """
    found = []
    written = [form for one in hashes for form in forms(one)]
    wanted = [("hash", _HASHES, written), ("delivery_key", _KEYS, delivery_keys)]
    for (table,) in plain_rows(db, _TABLES):
        if table.lower() not in tables():
            try:
                for held in _held_in(db, table, wanted):
                    found.append(held)
            except db.DatabaseError as error:
                # SQLite quotes the text it could not decode, and that may be a customer's.
                reason = str(error).partition(" with text ")[0]
                found.append(Held(table, None, 0, [], reason))
    return found


def tables_holding(db: sqlite3.Connection, hashes: Sequence[str]) -> list[str]:
    """Every table with one of the hashes anywhere in a row, whatever its column is called, ours too; read-only.

    Reads all of them; without those that cannot be read, or not in time.
    """
    found = []
    with suppress(db.DatabaseError):
        for (table,) in plain_rows(db, _TABLES):
            with suppress(db.DatabaseError):
                if _holds_somewhere(db, table, hashes):
                    found.append(table)
    return found


def _held_in(
    db: sqlite3.Connection,
    table: str,
    wanted: Sequence[tuple[str, Sequence[str], Sequence[str | bytes]]],
) -> Iterator[Held]:
    # One table at a time: asked for all at once, the first that cannot be read ends the answer.
    sql = (
        "SELECT DISTINCT name FROM pragma_table_info(?, 'main'), json_each(?)"
        " WHERE name LIKE value ESCAPE '\\' ORDER BY cid"
    )
    for holds, patterns, values in wanted:
        for (column,) in plain_rows(db, sql, (table, json.dumps(patterns))) if values else ():
            rows, rowids = _holding(db, table, column, values)
            if rows:
                yield Held(table, column, rows, rowids, None, holds)


def _holding(
    db: sqlite3.Connection, table: str, column: str, wanted: Sequence[str | bytes]
) -> tuple[int, list[int]]:
    texts = json.dumps([one for one in wanted if isinstance(one, str)])
    blobs = [one for one in wanted if isinstance(one, bytes)]
    # Each an index of theirs can answer.
    terms = [f"{_quoted(column)} IN (SELECT value FROM json_each(?))"]
    terms += [f"{_quoted(column)} = ?" for _ in blobs]
    holding = f"FROM main.{_quoted(table)} WHERE {' OR '.join(terms)}"
    ((rows,),) = plain_rows(db, f"SELECT count(*) {holding}", (texts, *blobs))
    # A table WITHOUT ROWID has no number to name a row by.
    with suppress(sqlite3.OperationalError):
        sql = f"SELECT rowid {holding} ORDER BY 1 LIMIT {NAMED_ROWS}"
        return rows, [rowid for (rowid,) in plain_rows(db, sql, (texts, *blobs))]
    return rows, []


def _holds_somewhere(db: sqlite3.Connection, table: str, hashes: Sequence[str]) -> bool:
    columns = plain_rows(db, "SELECT name FROM pragma_table_info(?, 'main')", (table,))
    if not columns:
        return False
    terms = [f"instr(CAST({_quoted(name)} AS BLOB), ?1)" for (name,) in columns]
    sql = f"SELECT 1 FROM main.{_quoted(table)} WHERE {' OR '.join(terms)} LIMIT 1"
    written = (form for one in hashes for form in forms(one))
    as_bytes = (one.encode() if isinstance(one, str) else one for one in written)
    return any(plain_rows(db, sql, (one,)) for one in as_bytes)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
