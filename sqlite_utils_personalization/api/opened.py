"""Which file a function is about: a path, a connection, or a sqlite_utils.Database; and whose transaction it is.

On a connection of the caller's a function that writes does what an INSERT of the caller's own would do there.
"""

import os
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import NamedTuple, TypeAlias, TypeVar, cast

import sqlite_utils

from sqlite_utils_personalization.database import (
    decoded,
    explain_errors,
    open_readonly,
    open_writable,
    plain_rows,
)
from sqlite_utils_personalization.errors import Conflict, InvalidInput
from sqlite_utils_personalization.transaction import transaction

T = TypeVar("T")

_UNNAMED = "the database"
_DEFAULT_S = 30.0
_LONGEST_S = 86_400
_END = object()

File: TypeAlias = str | os.PathLike[str] | sqlite3.Connection | sqlite_utils.Database


class Opened(NamedTuple):
    """The connection to work with, and the file's path as a sentence names it."""

    conn: sqlite3.Connection
    path: str


@contextmanager
def reading(file: File, timeout_s: float | None = None) -> Iterator[Opened]:
    """The file, only read: a path is opened and closed, a connection is left as it was.

    timeout_s is how long to wait for a lock: for a path 30 seconds, for a connection what it has itself.
    """
    if isinstance(file, (str, os.PathLike)):
        path = path_of(file)
        with explain_errors(path), open_readonly(path, _or_default(timeout_s)) as db:
            yield Opened(db.conn, path)
    else:
        with _lent(_connection(file), timeout_s) as found:
            yield found


@contextmanager
def writing(file: File, timeout_s: float | None = None) -> Iterator[Opened]:
    """The file within a transaction, which is undone where an error leaves this.

    Of a path it is committed at the end. Of a connection it is the caller's: one that is open is joined, and kept or
    undone with it; where Python itself would open one for an INSERT it is opened and left open; and where every
    statement of the caller's own is committed at once (isolation_level=None, a sqlite_utils.Database), so is this.
    """
    if isinstance(file, (str, os.PathLike)):
        path = path_of(file)
        with (
            explain_errors(path),
            open_writable(path, _or_default(timeout_s)) as db,
            transaction(db.conn, "IMMEDIATE"),
        ):
            yield Opened(db.conn, path)
        return
    conn = _connection(file)
    is_left_open = not isinstance(file, sqlite_utils.Database) and _opens_transactions(conn)
    with _lent(conn, timeout_s) as found:
        if conn.in_transaction:
            whose = _savepoint(conn)
        else:
            whose = _left_open(conn) if is_left_open else transaction(conn, "IMMEDIATE")
        with whose:
            yield found


@contextmanager
def alone(file: File, timeout_s: float | None = None, *, create: bool = False) -> Iterator[Opened]:
    """The file for a function that commits as it goes. Conflict if the caller's connection is in a transaction."""
    if isinstance(file, (str, os.PathLike)):
        path = path_of(file)
        with (
            explain_errors(path),
            open_writable(path, _or_default(timeout_s), create=create) as db,
        ):
            yield Opened(db.conn, path)
        return
    conn = _connection(file)
    with _lent(conn, timeout_s) as found:
        if conn.in_transaction:
            raise Conflict(
                "the connection is in a transaction, and this commits as it goes",
                "commit it first, or give the path of the file",
            )
        yield found


def streamed(file: File, rows: Callable[[Opened], Iterator[T]]) -> Iterator[T]:
    """Each of rows, read from the file as they are asked for; a connection is lent for no longer than one takes."""
    if isinstance(file, (str, os.PathLike)):
        with reading(file) as found:
            yield from rows(found)
        return
    conn, made = _connection(file), None
    while True:
        with _lent(conn, None) as found:
            made = made or rows(found)
            one = next(made, _END)
        if one is _END:
            return
        yield cast(T, one)


def path_of(file: object, name: str = "file") -> str:
    """The path as text; InvalidInput, which names the argument, if it is none."""
    path = os.fspath(file) if isinstance(file, (str, os.PathLike)) else None
    if not isinstance(path, str) or "\0" in path:
        raise InvalidInput(f"{name} is no path", "give one as text or as a Path")
    return path


def listed(values: Iterable[T], name: str) -> Iterable[T]:
    """The values; InvalidInput, which names them, if they are none, or a single one that could be taken for many."""
    if isinstance(values, str | bytes | Mapping) or not isinstance(values, Iterable):
        raise InvalidInput(f"{name} is no list", "give a list, or another iterable, of them")
    return values


def check_callable(**given: object) -> None:
    """InvalidInput, which names it, if one is neither None nor to be called."""
    for name, value in given.items():
        if value is not None and not callable(value):
            raise InvalidInput(f"{name} is no function", "give one, or none")


def _connection(file: object) -> sqlite3.Connection:
    conn = file.conn if isinstance(file, sqlite_utils.Database) else file
    # sqlite_utils may use pysqlite3, whose connections are of another class.
    if not hasattr(type(conn), "in_transaction"):
        raise InvalidInput(
            f"{type(file).__name__} is no database",
            "give a path, a sqlite3.Connection or a sqlite_utils.Database",
        )
    lent = cast(sqlite3.Connection, conn)
    try:
        lent.cursor()
    except sqlite3.ProgrammingError as error:
        raise InvalidInput(
            f"the connection cannot be used ({str(error).partition('.')[0]})",
            "open one in this thread, or give the path of the file",
        ) from None
    return lent


def _opens_transactions(conn: sqlite3.Connection) -> bool:
    """Whether Python opens a transaction for an INSERT of the caller's own, who then commits it."""
    legacy = getattr(sqlite3, "LEGACY_TRANSACTION_CONTROL", None)
    return getattr(conn, "autocommit", legacy) == legacy and conn.isolation_level is not None


@contextmanager
def _savepoint(conn: sqlite3.Connection) -> Iterator[None]:
    conn.execute("SAVEPOINT personalization")
    try:
        yield
        conn.execute("RELEASE personalization")
    except BaseException as error:
        if "no such savepoint" in str(error):
            raise _of_another_thread() from None
        # SQLite itself rolls all back when, say, the disk is full.
        if conn.in_transaction:
            conn.execute("ROLLBACK TO personalization")
            conn.execute("RELEASE personalization")
        raise


@contextmanager
def _left_open(conn: sqlite3.Connection) -> Iterator[None]:
    conn.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if conn.in_transaction:
            conn.execute("ROLLBACK")
        raise
    _thread_noted(conn, threading.get_ident())


@contextmanager
def _lent(conn: sqlite3.Connection, timeout_s: float | None) -> Iterator[Opened]:
    """The caller's connection as ours are, for one thread at a time, and afterwards as it was."""
    with _turn(conn), ExitStack() as stack:
        # Old versions of SQLite read the file for its own name, and it may be locked.
        with explain_errors(_UNNAMED, is_ours=False):
            path = _main_file(conn) or _UNNAMED
        with explain_errors(path, is_ours=False):
            stack.enter_context(_as_ours(conn))
            if timeout_s is not None:
                stack.enter_context(_waiting(conn, timeout_s))
            yield Opened(conn, path)


def _main_file(conn: sqlite3.Connection) -> str:
    # Unlike pragma_database_list it reads nothing of the file in SQLite of today.
    return next(str(file or "") for _, _, file in plain_rows(conn, "PRAGMA database_list"))


@contextmanager
def _as_ours(conn: sqlite3.Connection) -> Iterator[None]:
    rows, text, level = conn.row_factory, conn.text_factory, conn.isolation_level
    # Within a transaction Python would commit it.
    is_set = not conn.in_transaction
    conn.row_factory, conn.text_factory = None, decoded
    if is_set:
        conn.isolation_level = None
    try:
        yield
    finally:
        conn.row_factory, conn.text_factory = rows, text
        if is_set:
            conn.isolation_level = level


@contextmanager
def _waiting(conn: sqlite3.Connection, timeout_s: float) -> Iterator[None]:
    ((before,),) = plain_rows(conn, "PRAGMA busy_timeout")
    conn.execute(f"PRAGMA busy_timeout = {_milliseconds(timeout_s)}")
    try:
        yield
    finally:
        conn.execute(f"PRAGMA busy_timeout = {before}")


def _or_default(timeout_s: float | None) -> float:
    return _DEFAULT_S if timeout_s is None else seconds(timeout_s)


def _milliseconds(timeout_s: float) -> int:
    return int(seconds(timeout_s) * 1000)


def seconds(given: float, name: str = "timeout_s") -> float:
    """The number of seconds that was given, 0 to a day; InvalidInput, which names it, if it is none."""
    try:
        if 0 <= given <= _LONGEST_S:
            return given
    except TypeError:
        pass
    raise InvalidInput(f"{name} is no number of seconds", f"give 0 to {_LONGEST_S}")


_turns: dict[int, tuple[threading.RLock, int]] = {}
_turns_guard = threading.Lock()
_NOT_NOTED = 0


def _of_another_thread() -> Conflict:
    return Conflict(
        "another thread has a transaction open on this connection, and would commit or undo what this one writes",
        "open a connection in each thread, or share one with isolation_level=None",
    )


@contextmanager
def _turn(conn: sqlite3.Connection) -> Iterator[None]:
    """One thread at a time: of two that share a connection, each would end the other's transaction."""
    key = id(conn)
    with _turns_guard:
        lock, users = _turns.get(key, (threading.RLock(), 0))
        _turns[key] = (lock, users + 1)
    try:
        with lock:
            noted = _thread_noted(conn)
            if noted != _NOT_NOTED and not conn.in_transaction:
                _thread_noted(conn, _NOT_NOTED)
            elif noted not in (_NOT_NOTED, threading.get_ident()):
                raise _of_another_thread()
            yield
    finally:
        with _turns_guard:
            lock, users = _turns.pop(key)
            if users > 1:
                _turns[key] = (lock, users - 1)


def _thread_noted(conn: sqlite3.Connection, noted: int | None = None) -> int:
    """Which thread has yet to commit what it wrote; of noted, that one from now on.

    It is kept by a function of the connection, since it must go when that does: its id may be another's by then.
    """
    try:
        ((found,),) = plain_rows(conn, "SELECT personalization_thread(?)", [noted])
    except conn.OperationalError:
        found = _NOT_NOTED if noted is None else noted
        if found != _NOT_NOTED:
            kept = [found]
            conn.create_function("personalization_thread", 1, lambda given: _kept(kept, given))
    return int(found)


def _kept(kept: list[int], given: int | None) -> int:
    if given is not None:
        kept[0] = given
    return kept[0]
