"""How every command opens the shared file, and what it says when the file will not be opened or written.

Connections are in autocommit mode: a transaction starts where the code says BEGIN and nowhere else.
"""

import os
import shlex
import stat
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import sqlite_utils
from sqlite_utils.utils import sqlite3 as sqlite3  # type: ignore[attr-defined]  # may be pysqlite3

from sqlite_utils_personalization.errors import (
    Damaged,
    Locked,
    NoSchema,
    PersonalizationError,
    ReadOnly,
)
from sqlite_utils_personalization.raw_bytes import descriptor

# The evidence has generated columns.
MINIMUM_SQLITE = (3, 31, 0)

# What SQLite says; of what kind that is, what is wrong then, and what to do.
_FAULTS: dict[str, tuple[type[PersonalizationError], str, str]] = {
    "file is not a database": (
        Damaged,
        "{path} is not a SQLite database",
        "give the path of one",
    ),
    "malformed": (Damaged, "{path} is damaged ({error})", "restore it from a backup"),
    "is full": (
        PersonalizationError,
        "no space left for {path} or temporary files",
        "free some, then run this again",
    ),
    "readonly database": (
        ReadOnly,
        "{path} is read-only",
        "make the file and its directory writable, then run this again",
    ),
    "unable to open": (
        PersonalizationError,
        "{path} cannot be opened",
        "make the file and its directory readable and writable",
    ),
    "disk I/O error": (
        PersonalizationError,
        "{path} cannot be read or written ({error})",
        "check the disk and the rights on the directory",
    ),
    "is locked": (
        Locked,
        "{path} is locked by {holders}",
        "wait for that to finish, or stop it, then run this again",
    ),
}

# What stands for text that is not UTF-8, of which no reader ever sees a byte.
LOST = "\ufffd"

# Steps of SQLite's machine, some milliseconds.
STEPS = 100_000

_FAULTS_OF_THE_PROGRAM = (
    sqlite3.ProgrammingError,
    sqlite3.InternalError,
    sqlite3.NotSupportedError,
)


def check_sqlite_version(found: tuple[int, ...] = sqlite3.sqlite_version_info) -> None:
    """PersonalizationError if the SQLite that Python uses is older than MINIMUM_SQLITE."""
    if found < MINIMUM_SQLITE:
        raise PersonalizationError(
            f"SQLite {_dotted(found)} is too old",
            f"use a Python with SQLite {_dotted(MINIMUM_SQLITE)} or newer",
        )


_extensions: ContextVar[Sequence[str]] = ContextVar("extensions", default=())


@contextmanager
def loading_extensions(paths: Sequence[str]) -> Iterator[None]:
    """Load these SQLite extensions, each a path with an optional :entrypoint, on every connection opened meanwhile."""
    before = _extensions.set(paths)
    try:
        yield
    finally:
        _extensions.reset(before)


def open_writable(
    path: str | Path, timeout_s: float = 30.0, *, create: bool = False
) -> sqlite_utils.Database:
    """Open path for reading and writing, waiting up to timeout_s seconds for each lock.

    A missing file is an error, or an empty database with create. PersonalizationError says why it cannot be opened.
    """
    if not (create and _may_be_created(Path(path))):
        _check_is_file(path)
    return _open(path, "mode=rwc" if create else "mode=rw", timeout_s)


def open_readonly(path: str | Path, timeout_s: float = 30.0) -> sqlite_utils.Database:
    """Open path without changing a byte of it; where no -wal has anything to say, of its directory either.

    A database in WAL mode that nobody has open is taken as immutable, because SQLite would create its -wal and -shm;
    whoever starts to write to it meanwhile goes unseen. PersonalizationError says why it cannot be opened.
    """
    _check_is_file(path)
    return _open(path, _readonly(path), timeout_s)


def readonly_uri(path: str | Path) -> str:
    """The URI under which open_readonly opens path, for ATTACH. PersonalizationError says why it cannot be read."""
    _check_is_file(path)
    return _uri(path, _readonly(path))


@contextmanager
def explain_errors(path: str | Path, *, is_ours: bool = True) -> Iterator[None]:
    """Turn what SQLite says of the file into a PersonalizationError; interrupted, if it is not ours, is the owner's."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        is_signal = str(error) == "interrupted"
        if isinstance(error, _FAULTS_OF_THE_PROGRAM) or (is_signal and not is_ours):
            raise
        if is_signal:  # see heed_signals()
            raise KeyboardInterrupt from None
        raise fault_of_file(path, error) or PersonalizationError(f"{path}: {error}") from error


def fault_of_file(path: str | Path, error: Exception) -> PersonalizationError | None:
    """What SQLite's error says of the file at path, or None if the fault is not the file's; read-only."""
    for part, (kind, what, todo) in _FAULTS.items():
        if part in str(error):
            holders = lock_holders(Path(path)) if kind is Locked else None
            return kind(what.format(path=path, error=error, holders=holders), todo)
    return None


def heed_signals(db: sqlite3.Connection) -> None:
    """Let Python look for signals within a long statement, too, which one then ends as interrupted."""
    db.set_progress_handler(lambda: None, STEPS)


def not_found(table: str, path: str | Path | None = None) -> NoSchema:
    """What to say where table is missing; path is None where only a connection is known, and may not be named."""
    where, which = (
        (f" in {path}", shlex.quote(str(path))) if path else ("", "with the path of the database")
    )
    return NoSchema(
        f"{table} not found{where}", f"run: sqlite-utils personalization-migrate {which}"
    )


def has_table(db: sqlite3.Connection, name: str) -> bool:
    """Whether the database itself, not one attached to it, has a table of this name; read-only."""
    sql = "SELECT 1 FROM main.sqlite_master WHERE type = 'table' AND name = ?"
    return bool(plain_rows(db, sql, (name,)))


def require_table(db: sqlite3.Connection, name: str, path: str | Path | None = None) -> None:
    """PersonalizationError, which names path if given, if the database has no table of this name; read-only."""
    if not has_table(db, name):
        raise not_found(name, path)


def require_utf8(db: sqlite3.Connection, path: str | Path | None = None) -> None:
    """PersonalizationError, which names path if given, if texts are stored in UTF-16; read-only.

    They compare in another order there than everywhere a ranking or a receipt is computed again.
    """
    ((encoding,),) = plain_rows(db, "PRAGMA encoding")
    if encoding != "UTF-8":
        copied = "with PRAGMA encoding = 'UTF-8' before its first table, copy everything there"
        raise PersonalizationError(
            f"{path or 'the database'} stores its texts in {encoding}, where they rank in another order than in UTF-8",
            f"make a new file {copied}, and use that",
        )


def require_evidence(db: sqlite3.Connection, path: str | Path) -> None:
    """PersonalizationError if the file has no evidence tables to read; read-only."""
    for name in ("am_personalization_profile", "am_personalization_run", "am_personalization_seal"):
        require_table(db, name, path)


def plain_cursor(db: sqlite3.Connection) -> sqlite3.Cursor:
    """A cursor whose rows are tuples, whatever kind of rows the connection gives."""
    cursor = db.cursor()
    cursor.row_factory = None
    return cursor


def plain_rows(
    db: sqlite3.Connection, sql: str, values: Sequence[object] | Mapping[str, object] = ()
) -> list[tuple[Any, ...]]:
    """Every row of sql as a tuple, whatever kind of rows the connection gives."""
    return plain_cursor(db).execute(sql, values).fetchall()


@contextmanager
def explain_reading(db: sqlite3.Connection, name: str) -> Iterator[None]:
    """PersonalizationError with the name and SQLite's message where a table or view cannot be read.

    A fault of the file as a whole, such as a lock, stays what SQLite raised.
    """
    try:
        yield
    except db.Error as error:
        if fault_of_file(name, error):
            raise
        # SQLite quotes the text it could not decode, and that may be a customer's.
        fault = str(error).partition(" with text ")[0]
        raise PersonalizationError(f"{name} cannot be read: {fault}", "mend that table") from None


def decoded(raw: bytes) -> str:
    """What SQLite stores as text, or LOST where it is not UTF-8: one such row must keep out no other."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return LOST


@contextmanager
def decoding(db: sqlite3.Connection) -> Iterator[None]:
    """Text as decoded() has it, on a connection that others opened; only while rows are fetched."""
    before, db.text_factory = db.text_factory, decoded
    try:
        yield
    finally:
        db.text_factory = before


def column_names(db: sqlite3.Connection, table: str) -> set[str]:
    """The names of a table's or view's columns in lower case, none if there is no such table; read-only."""
    sql = "SELECT lower(name) FROM pragma_table_info(?)"
    with explain_reading(db, table):
        return {name for (name,) in plain_rows(db, sql, (table,))}


def null_columns(wanted: Iterable[str], found: Collection[str]) -> str:
    """SQL to put after SELECT *, by which those of the wanted columns that were not found read as NULL."""
    return "".join(f", NULL AS {column}" for column in sorted({*wanted} - {*found}))


def _open(path: str | Path, parameters: str, timeout_s: float) -> sqlite_utils.Database:
    check_sqlite_version()
    with explain_errors(path):
        conn = sqlite3.connect(
            _uri(path, parameters), uri=True, timeout=timeout_s, isolation_level=None
        )
        try:
            conn.text_factory = decoded
            heed_signals(conn)
            conn.execute("SELECT count(*) FROM sqlite_master")
            _load_extensions(conn)
            return sqlite_utils.Database(conn)
        except BaseException:
            conn.close()
            raise


def _load_extensions(conn: sqlite3.Connection) -> None:
    if not _extensions.get():
        return
    if not hasattr(conn, "enable_load_extension"):
        raise PersonalizationError(
            "this Python's sqlite3 module was built without extensions",
            "use a Python with sqlite3.Connection.enable_load_extension, or leave out --load-extension",
        )
    conn.enable_load_extension(True)
    try:
        for extension in _extensions.get():
            _load_extension(conn, extension)
    finally:
        conn.enable_load_extension(False)


def _load_extension(conn: sqlite3.Connection, extension: str) -> None:
    path, colon, entrypoint = extension.rpartition(":")
    # C:\vec0.dll has a colon and no entrypoint.
    is_named = bool(colon) and entrypoint.isidentifier() and len(path) > 1
    arguments = (path, entrypoint) if is_named else (extension,)
    try:
        conn.execute(f"SELECT load_extension({', '.join('?' * len(arguments))})", arguments)
    except sqlite3.Error as error:
        raise PersonalizationError(
            f"{extension} cannot be loaded: {error}",
            "give --load-extension the path of a SQLite extension, with optional :entrypoint",
        ) from None


def _uri(path: str | Path, parameters: str) -> str:
    # as_uri quotes what a URI would take for its own: ?, # and %
    return f"{Path(path).absolute().as_uri()}?{parameters}"


def _readonly(path: str | Path) -> str:
    return "mode=ro&immutable=1" if is_idle_wal(path) else "mode=ro"


def _may_be_created(path: Path) -> bool:
    if path.exists():
        return False
    if not path.absolute().parent.is_dir():
        raise PersonalizationError(
            f"{path} cannot be created", f"create the directory {path.parent} first"
        )
    return True


def _check_is_file(path: str | Path) -> None:
    try:
        mode = os.stat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        raise PersonalizationError(f"{path} does not exist", "check the path") from None
    except (OSError, ValueError) as error:
        raise PersonalizationError(
            f"{path} cannot be read ({error})", "check the path and its rights"
        ) from None
    if not stat.S_ISREG(mode):
        what = "a directory" if stat.S_ISDIR(mode) else "not a regular file"
        raise PersonalizationError(f"{path} is {what}", "give the path of a database file")


def is_idle_wal(path: str | Path) -> bool:
    """Whether the file is in WAL mode and nobody has it open: then open_readonly takes it as immutable; read-only."""
    # SQLite names the -wal after the file that a symbolic link leads to.
    wal, shm = (Path(f"{Path(path).resolve()}{suffix}") for suffix in ("-wal", "-shm"))
    if wal.exists() and (wal.stat().st_size > 0 or shm.exists()):
        return False
    try:
        with descriptor(path) as file:
            return os.pread(file, 1, 18) == b"\x02"
    except OSError:
        return False


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


_LOCKS = Path("/proc/locks")
_READINGS = 4


def lock_holders(path: Path, locks: Path = _LOCKS) -> str:
    """The processes to wait for, as 'process 4321 (datasette)', or 'another program'; read-only.

    Linux only: elsewhere, and for processes that /proc does not show, it is 'another program'.
    """
    # The kernel shows a long list a page at a time, and leaves out a lock where others went in between.
    readings = (_holding(path.resolve(), locks) for _ in range(_READINGS))
    pids = next(filter(None, readings), set())
    return " and ".join(_process_name(pid) for pid in sorted(pids)) or "another program"


def _holding(database: Path, locks: Path) -> set[int]:
    shared = Path(f"{database}-shm")
    held = [*_held(database, locks), *_held(shared, locks)]
    # In WAL mode every connection reads, and blocks nobody; without it a reader blocks the one who commits.
    return {pid for pid, kind in held if kind == "WRITE"} or {
        pid for pid, _ in held if not shared.exists() and pid != os.getpid()
    }


def _held(path: Path, locks: Path) -> Iterator[tuple[int, str]]:
    try:
        stat = path.stat()
        lines = locks.read_text(encoding="ascii").splitlines()
    except OSError:
        return
    inode = f"{os.major(stat.st_dev):02x}:{os.minor(stat.st_dev):02x}:{stat.st_ino}"
    for line in lines:
        # '1: POSIX  ADVISORY  WRITE 4321 fe:00:2189177 120 120', with '->' before POSIX for one who waits
        match line.split():
            case [_, "POSIX", _, kind, pid, where, _, _] if where == inode and int(pid) > 0:
                yield int(pid), kind


def _process_name(pid: int) -> str:
    if pid == os.getpid():
        return "another connection of this process"
    try:
        return f"process {pid} ({Path(f'/proc/{pid}/comm').read_text(encoding='utf-8').strip()})"
    except OSError:
        return f"process {pid}"
