"""A user's own catalogue: one SELECT in a file, checked value by value."""

import re
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from sqlite_utils_personalization.catalogue.areas import prefectures
from sqlite_utils_personalization.catalogue.candidate import Candidate, LeftOut
from sqlite_utils_personalization.catalogue.dates import deadline, opening
from sqlite_utils_personalization.catalogue.faults import Faults, shown
from sqlite_utils_personalization.catalogue.industries import industries_stated
from sqlite_utils_personalization.catalogue.plain_text import (
    ID_LENGTH,
    READ,
    cut,
    is_readable,
    normal,
    plain,
    visible_id,
)
from sqlite_utils_personalization.database import STEPS, decoding, heed_signals, plain_cursor
from sqlite_utils_personalization.errors import InvalidInput
from sqlite_utils_personalization.model.kinds import TYPES

# A saved search belongs to a customer, whom a file cannot name.
_TYPES = tuple(kind for kind in TYPES if kind != "saved_search")
_REQUIRED = ("recommendation_type", "item_id", "title")
# What the SELECT may take: steps of SQLite's machine, and seconds.
MOST_STEPS, MOST_SECONDS = 2_000_000_000, 60.0
# Rows that are held at once, and bytes of a value in them, where Python can say so to SQLite.
_AT_ONCE, _LARGEST = 10, 10_000_000
# SQLITE_LIMIT_LENGTH of sqlite3.h, which the module names from Python 3.11 on.
_LIMIT_LENGTH = 0
_LEVELS = ("low", "medium", "high")
# The authorizer is not asked about VACUUM INTO, which writes a file.
_SELECT = re.compile(r"(?:SELECT|WITH|VALUES)\b", re.IGNORECASE)
# What may stand before it, with the text that ends each.
_COMMENTS = {"--": "\n", "/*": "*/"}
_LONGEST_NAME = 40
# Characters of a file: a catalogue is a statement, not data.
_LONGEST = 1_000_000
_READING = (
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_FUNCTION,
    sqlite3.SQLITE_RECURSIVE,
)


def extra_candidates(
    db: sqlite3.Connection, path: Path, constants: Mapping[str, Any]
) -> Iterator[Candidate]:
    """Yield the rows of the SELECT in path as candidates, in its order; read-only. constants are the model's.

    InvalidInput names the file and what is wrong: SQL that fails or does more than read; or, all at once, each column
    that is missing or unknown, and the rows with a value that is not readable or with an id of an earlier row.
    """
    readers = _readers(constants["any_from"], constants["packs"])
    budget, faults = _Budget(), Faults(str(path))
    with budget.spending(db):
        cursor = _opened(db, path)
    columns = [description[0] for description in cursor.description]
    _check(columns, (*_REQUIRED, *readers), faults)
    first: dict[tuple[str, str], int] = {}
    number = 0
    while values := _fetch(db, cursor, budget, path, faults):
        for one in values:
            number += 1
            found = _candidate(_Row(dict(zip(columns, one, strict=True)), number, faults), readers)
            if found and first.setdefault(found[:2], number) != number:
                rows = f"row {first[found[:2]]} and row {number}"
                both = f"both {found.recommendation_type} {shown(found.item_id)}"
                faults.add("duplicate", rows, both, "give each its own item_id")
            elif found and not faults:
                yield found
    faults.tell()


class _Budget:
    """What the SELECT may still spend of steps and of time; nothing else that the night does counts."""

    def __init__(self) -> None:
        self._left, self._seconds = MOST_STEPS // STEPS, MOST_SECONDS

    @contextmanager
    def spending(self, db: sqlite3.Connection) -> Iterator[None]:
        began = time.monotonic()

        def is_spent() -> bool:
            self._left -= 1
            return self._left < 0 or time.monotonic() - began > self._seconds

        db.set_progress_handler(is_spent, STEPS)
        try:
            with _no_larger(db):
                yield
        finally:
            self._seconds -= time.monotonic() - began
            heed_signals(db)


@contextmanager
def _no_larger(db: sqlite3.Connection) -> Iterator[None]:
    # From Python 3.11 on.
    if not hasattr(db, "setlimit"):
        yield
        return
    before = db.setlimit(_LIMIT_LENGTH, _LARGEST)
    try:
        yield
    finally:
        db.setlimit(_LIMIT_LENGTH, before)


def _fetch(
    db: sqlite3.Connection, cursor: sqlite3.Cursor, budget: _Budget, path: Path, faults: Faults
) -> list[Any]:
    rows: list[Any] = []
    try:
        with budget.spending(db), decoding(db):
            rows.extend(islice(cursor, _AT_ONCE))
    except db.Error as error:
        refused = _refused(path, error)
        faults.add("sql", "", refused.what.removeprefix(f"{path}: "), refused.todo)
    return rows


def _readers(any_from: int, packs: Mapping[str, str]) -> dict[str, Callable[[object], Any]]:
    return {
        "industries": lambda value: industries_stated(value, any_from, packs),
        "prefectures": lambda value: prefectures(value, strict=True),
        "opens_on": opening,
        "closes_on": deadline,
        "risk_level": _level,
    }


# What may be written instead.
_WORDS = {
    "industries": "write letters A to T, official names, two-digit groups, packs of the model, or any",
    "prefectures": "write prefectures (東京都, 東京 or Tokyo), blocks (関東), nationwide or 海外",
    "opens_on": "write it like 2026-07-31",
    "closes_on": "write it like 2026-07-31",
    "risk_level": f"write {', '.join(_LEVELS)}, or leave it empty",
}


def _title(value: object) -> str:
    return cut(plain(value)) if is_readable(value) else ""


def _level(value: object) -> str | None:
    text = normal(value)
    if text not in ("", *_LEVELS):
        raise LeftOut("not a level")
    return text or None


def _opened(db: sqlite3.Connection, path: Path) -> sqlite3.Cursor:
    cursor = plain_cursor(db)
    sql = _text(path)
    if not _SELECT.match(sql, _statement_at(sql)):
        raise _refused(path, "it does not begin with SELECT")
    db.set_authorizer(_authorize)
    try:
        cursor.execute(sql)
    except (db.Error, db.Warning, ValueError) as error:
        raise _refused(path, error) from None
    finally:
        # Not None, which before Python 3.11 denies everything.
        db.set_authorizer(lambda *_: sqlite3.SQLITE_OK)
    return cursor


def _statement_at(sql: str) -> int:
    """Where the statement begins, behind white space and comments; each character is looked at once."""
    at, end = 0, len(sql)
    while at < end:
        closing = _COMMENTS.get(sql[at : at + 2])
        if closing:
            closed = sql.find(closing, at + 2)
            at = end if closed < 0 else closed + len(closing)
        elif sql[at].isspace():
            at += 1
        else:
            break
    return at


def _authorize(action: int, table: str | None, *_: object) -> int:
    # json_each and its like declare their columns as updates of sqlite_master, which no statement may do.
    declares = action == sqlite3.SQLITE_UPDATE and table == "sqlite_master"
    return sqlite3.SQLITE_OK if action in _READING or declares else sqlite3.SQLITE_DENY


def _text(path: Path) -> str:
    try:
        with path.open(encoding="utf-8-sig") as file:
            text = file.read(_LONGEST + 1)
    except OSError as error:
        raise InvalidInput(
            f"{path}: {error.strerror}", "pass --catalogue a readable file"
        ) from None
    except ValueError:
        raise InvalidInput(f"{path} is not UTF-8 text", "save it as UTF-8") from None
    if len(text) > _LONGEST:
        raise _refused(path, f"it has more than {_LONGEST} characters")
    return text


def _refused(path: Path, fault: object) -> InvalidInput:
    # SQLite quotes the text it could not decode.
    said = str(fault).partition(" with text ")[0]
    if said == "interrupted":
        said = f"it takes more than {MOST_SECONDS:.0f} seconds or {MOST_STEPS:,} steps"
    return InvalidInput(f"{path}: {said}", "a catalogue is one SELECT that reads this database")


def _check(columns: list[str], known: tuple[str, ...], faults: Faults) -> None:
    for column in _REQUIRED:
        if column not in columns:
            faults.add(f"no {column}", "", f"no column {column}", "name one so with AS")
    for column, times in Counter(columns).items():
        if column not in known or times > 1:
            # Without AS a column is called what its expression is.
            name = cut(normal(column[:READ]), _LONGEST_NAME)
            meant = get_close_matches(name.lower(), known, 1)
            hint = f"did you mean {meant[0]}? " if meant and meant[0] != name else ""
            fault = "unknown column" if column not in known else "two columns"
            faults.add(fault, "", f"{fault} {name}", f"{hint}known are {', '.join(known)}")


class _Row(NamedTuple):
    """A row of the SELECT by column, its number from 1, and where its faults go."""

    values: Mapping[str, Any]
    number: int
    faults: Faults

    def refuse(self, column: str, what: str, todo: str) -> None:
        item_id = visible_id(self.values.get("item_id"))
        item = f", item {shown(item_id)}" if item_id and column != "item_id" else ""
        kind = column if column in _WORDS else f"{column} {what}"
        self.faults.add(kind, f"row {self.number}{item}", f"{column} {what}", todo)


def _candidate(row: _Row, readers: dict[str, Callable[[object], Any]]) -> Candidate | None:
    """What the row says of the columns that it has; None, and its faults, where the item has no id."""
    given = row.values
    kind, item_id, title = given.get("recommendation_type"), "", ""
    if "recommendation_type" in given and kind not in _TYPES:
        row.refuse("recommendation_type", shown(kind), f"use {', '.join(_TYPES)}")
    if "item_id" in given:
        item_id = _item_id(row)
    if "title" in given:
        title = _title(given["title"])
        if not title:
            row.refuse("title", _nothing(given["title"]), "every item needs one")
    found = _with_facts(Candidate(str(kind), item_id, title), row, readers)
    return found if item_id and kind in _TYPES else None


def _item_id(row: _Row) -> str:
    given = row.values["item_id"]
    item_id = visible_id(given)
    if not normal(item_id):
        row.refuse("item_id", _nothing(given), "every item needs one")
    elif len(str(given)) > ID_LENGTH:
        row.refuse("item_id", f"is longer than {ID_LENGTH} characters", "give it a shorter one")
    elif item_id == "*":
        row.refuse("item_id", "is *, which stands for a type without a catalogue", "give another")
    else:
        return item_id
    return ""


def _nothing(value: object) -> str:
    return "is blank" if is_readable(value) else "is not text"


def _with_facts(
    found: Candidate, row: _Row, readers: dict[str, Callable[[object], Any]]
) -> Candidate:
    for column in filter(row.values.__contains__, readers):
        value = row.values[column]
        if isinstance(value, str | bytes) and len(value) > READ:
            row.refuse(column, f"{shown(value)} is not readable", _WORDS[column])
            continue
        try:
            found = found._replace(**{column: readers[column](value)})
        except LeftOut as rule:
            if str(rule) == "overseas only":
                found = found._replace(left_out=str(rule))
            else:
                row.refuse(column, f"{shown(value)} is not readable", _WORDS[column])
    if found.opens_on and found.closes_on and found.closes_on < found.opens_on:
        row.refuse(
            "closes_on", f"{found.closes_on} is before opens_on {found.opens_on}", "mend one"
        )
    return found
