"""A user's own catalogue: one SELECT in a file, checked value by value."""

import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from sqlite_utils_personalization.catalogue.areas import prefectures
from sqlite_utils_personalization.catalogue.candidate import Candidate, LeftOut
from sqlite_utils_personalization.catalogue.dates import first_day
from sqlite_utils_personalization.catalogue.industries import industries
from sqlite_utils_personalization.catalogue.plain_text import (
    ID_LENGTH,
    cut,
    is_readable,
    normal,
    plain,
    visible_id,
)
from sqlite_utils_personalization.database import STEPS, heed_signals, plain_cursor
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.model.kinds import TYPES

# A saved search belongs to a customer, whom a file cannot name.
_TYPES = tuple(kind for kind in TYPES if kind != "saved_search")
_REQUIRED = ("recommendation_type", "item_id", "title")
# What the SELECT may take: steps of SQLite's machine, and seconds.
MOST_STEPS, MOST_SECONDS = 2_000_000_000, 60.0
_AT_ONCE = 1_000
_LEVELS = ("low", "medium", "high")
# The authorizer is not asked about VACUUM INTO, which writes a file.
_SELECT = re.compile(r"(?:SELECT|WITH|VALUES)\b", re.IGNORECASE)
# What may stand before it, with the text that ends each.
_COMMENTS = {"--": "\n", "/*": "*/"}
# Characters of a file: a catalogue is a statement, not data.
_LONGEST = 1_000_000
_READING = (
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_FUNCTION,
    sqlite3.SQLITE_RECURSIVE,
)


def extra_candidates(db: sqlite3.Connection, path: Path, any_from: int) -> Iterator[Candidate]:
    """Yield the rows of the SELECT in path as candidates, in its order; read-only.

    PersonalizationError names the file and what is wrong: SQL that fails or does more than read, a column
    missing or unknown, or the item and column of a value that is not readable.
    """
    readers = _readers(any_from)
    budget = _Budget()
    with budget.spending(db):
        cursor = _opened(db, path)
    columns = [description[0] for description in cursor.description]
    _check(columns, path, (*_REQUIRED, *readers))
    try:
        number = 0
        while values := _fetch(db, cursor, budget):
            for one in values:
                number += 1
                row = dict(zip(columns, one, strict=True))
                yield _candidate(row, readers, f"{path} row {number}")
    except db.Error as error:
        raise _refused(path, error) from None


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
            yield
        finally:
            self._seconds -= time.monotonic() - began
            heed_signals(db)


def _fetch(db: sqlite3.Connection, cursor: sqlite3.Cursor, budget: _Budget) -> list[Any]:
    with budget.spending(db):
        return cursor.fetchmany(_AT_ONCE)


def _readers(any_from: int) -> dict[str, Callable[[object], Any]]:
    return {
        "industries": lambda value: industries(value, any_from, strict=True),
        "prefectures": lambda value: prefectures(value, strict=True),
        "opens_on": _date,
        "closes_on": _date,
        "risk_level": _level,
    }


def _title(value: object) -> str:
    return cut(plain(value)) if is_readable(value) else ""


def _date(value: object) -> str | None:
    text = normal(value)
    if text and first_day(text) != text:
        raise LeftOut("not a date YYYY-MM-DD")
    return text or None


def _level(value: object) -> str | None:
    text = normal(value)
    if text not in ("", *_LEVELS):
        raise LeftOut(f"not one of {', '.join(_LEVELS)}")
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
        raise PersonalizationError(
            f"{path}: {error.strerror}", "pass --catalogue a readable file"
        ) from None
    except ValueError:
        raise PersonalizationError(f"{path} is not UTF-8 text", "save it as UTF-8") from None
    if len(text) > _LONGEST:
        raise _refused(path, f"it has more than {_LONGEST} characters")
    return text


def _refused(path: Path, fault: object) -> PersonalizationError:
    # SQLite quotes the text it could not decode.
    said = str(fault).partition(" with text ")[0]
    if said == "interrupted":
        said = f"it takes more than {MOST_SECONDS:.0f} seconds or {MOST_STEPS:,} steps"
    return PersonalizationError(
        f"{path}: {said}", "a catalogue is one SELECT that reads this database"
    )


def _check(columns: list[str], path: Path, known: tuple[str, ...]) -> None:
    for column in _REQUIRED:
        if column not in columns:
            raise PersonalizationError(f"{path} has no column {column}", "name one so with AS")
    for column in columns:
        if column not in known or columns.count(column) > 1:
            meant = get_close_matches(column, known, 1)
            hint = f"did you mean {meant[0]}? " if meant and meant[0] != column else ""
            fault = "unknown column" if column not in known else "two columns"
            raise PersonalizationError(
                f"{path}: {fault} {column}", f"{hint}known are {', '.join(known)}"
            )


def _candidate(
    row: dict[str, Any], readers: dict[str, Callable[[object], Any]], where: str
) -> Candidate:
    kind = row["recommendation_type"]
    if kind not in _TYPES:
        raise PersonalizationError(
            f"{where}: recommendation_type {kind!r}", f"use {', '.join(_TYPES)}"
        )
    shown = {"item_id": visible_id(row["item_id"]), "title": _title(row["title"])}
    for column, text in shown.items():
        if not normal(text):
            fault = "is blank" if is_readable(row[column]) else "is not text"
            raise PersonalizationError(f"{where}: {column} {fault}", "every item needs one")
    if len(str(row["item_id"])) > ID_LENGTH:
        raise PersonalizationError(f"{where}: item_id is longer than {ID_LENGTH} characters")
    found = Candidate(kind, shown["item_id"], shown["title"])
    where = f"{where}, item {found.item_id}"
    for column in filter(row.__contains__, readers):
        try:
            found = found._replace(**{column: readers[column](row[column])})
        except LeftOut as rule:
            if str(rule) == "overseas only":
                return found._replace(left_out=str(rule))
            raise PersonalizationError(f"{where}: {column} {row[column]!r}", f"{rule}") from None
    if found.opens_on and found.closes_on and found.closes_on < found.opens_on:
        raise PersonalizationError(f"{where}: closes_on {found.closes_on} is before opens_on")
    return found
