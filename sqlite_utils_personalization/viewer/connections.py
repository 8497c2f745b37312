"""Reading and writing on Datasette's own connections, on both of its lines, and which of its databases are ours.

Functions get a connection whose rows are tuples, as ours expect them.
"""

import asyncio
import inspect
import shlex
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from weakref import WeakKeyDictionary, WeakSet

from datasette import hookimpl
from datasette.utils import StartupError, sqlite_timelimit
from datasette.utils.sqlite import sqlite3

from sqlite_utils_personalization.database import require_evidence
from sqlite_utils_personalization.errors import Crowded, PersonalizationError, ServedReadOnly
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.transaction import transaction
from sqlite_utils_personalization.viewer.failure import not_prepared, unreadable
from sqlite_utils_personalization.viewer.settings import PLUGIN, record_file

T = TypeVar("T")
# A night's plan is one transaction of some seconds; Datasette itself would give up after five.
LOCK_MS = 60_000
# With num_sql_threads 0 whoever waits keeps everybody waiting.
LOCK_ALONE_MS = 100
# Requests that share a transaction at most, so that it stays a matter of milliseconds.
TOGETHER = 32
# Requests that wait for one database at most; the others are told to come back.
MOST_WAITING = 1_000


@dataclass
class _Job:
    """One request that writes, and what came of it."""

    function: Callable[[Any], Any]
    then: Callable[[Any], None] | None
    done: asyncio.Future[None]
    result: Any = None
    error: Exception | None = None

    def run(self, conn: Any) -> None:
        """What one request does to the database is undone where it fails, and stands beside that of the others."""
        conn.execute("SAVEPOINT personalization_request")
        try:
            self.result = self.function(conn)
        except Exception as error:
            self.error = error
            # SQLite itself undoes everything when, say, the disk is full.
            if not conn.in_transaction:
                raise
            conn.execute("ROLLBACK TO personalization_request")
        conn.execute("RELEASE personalization_request")

    def run_afterwards(self, conn: Any) -> None:
        """What is committed stands, whatever happens here."""
        if self.then and not self.error:
            try:
                self.then(conn)
            except Exception as error:
                self.error = error


@dataclass
class _Queue:
    """Requests that wait for one database. Whoever waits at the same time shares a transaction, and its commit."""

    waiting: deque[_Job] = field(default_factory=deque)
    worker: asyncio.Task[None] | None = None

    async def work(self, source: Any) -> None:
        """Have Datasette write until nothing waits; other writes have their turn in between."""
        lock_ms = LOCK_MS if source.ds.executor else LOCK_ALONE_MS
        while self.waiting:
            jobs = [self.waiting.popleft() for _ in range(min(TOGETHER, len(self.waiting)))]
            try:
                await source.execute_write_fn(
                    lambda conn, jobs=jobs: _run(conn, jobs, lock_ms),
                    **_without_transaction(source),
                )
            except Exception as error:
                _fail(jobs, error)
            for job in jobs:
                if not job.done.done():
                    job.done.set_result(None)


# What our code reads and nobody is shown: what other programs put into a preference, other hashes of a customer's key,
# what relates rows of other programs to a customer, and the salts that blind what is sealed and mark cursors.
_HIDDEN = {
    ("am_personalization_profile", "preference_json"),
    ("am_personalization_other_hash", "key_hash"),
    ("am_personalization_identity_salt", "salt"),
    ("am_personalization_run", "salt"),
    ("am_personalization_billing_key", "billing_key"),
    ("am_personalization_saved_search", "search_id"),
}


class _Here(threading.local):
    """Whether the statement that this thread has SQLite prepare is one of ours."""

    is_ours = False


_here = _Here()
# Asking a file for its schema once per cell would be slow, and a schema that is there stays there.
_with_our_schema: WeakSet[Any] = WeakSet()
_queues: WeakKeyDictionary[Any, _Queue] = WeakKeyDictionary()


async def read(source: Any, function: Callable[[Any], T], limit_ms: int) -> T:
    """What function finds on a read-only connection within limit_ms."""

    found = _as_here(function)

    def run(conn: Any) -> T:
        with _plain_rows(conn), sqlite_timelimit(conn, limit_ms):
            return found(conn)

    result: T = await source.execute_fn(run)
    return result


async def write(
    source: Any, function: Callable[[Any], T], then: Callable[[Any], None] | None = None
) -> T:
    """What function returns, in an IMMEDIATE transaction in Datasette's queue of writes; then runs after its end.

    An error undoes what function did. ServedReadOnly if the database is served with -i.
    """
    if not source.is_mutable:
        raise ServedReadOnly(
            _("the database is served read-only here, so that nothing can be changed or delivered"),
            _("ask where it can be written, or look at ?preview=1"),
        )
    queue = _queues.setdefault(source, _Queue())
    if len(queue.waiting) >= MOST_WAITING:
        raise Crowded("too many requests wait for the database", "try again in a few seconds")
    job = _Job(
        _as_here(function), then and _as_here(then), asyncio.get_running_loop().create_future()
    )
    queue.waiting.append(job)
    if queue.worker is None or queue.worker.done():
        queue.worker = asyncio.create_task(queue.work(source))
    await job.done
    if job.error:
        raise job.error
    result: T = job.result
    return result


def _as_here(function: Callable[[Any], T]) -> Callable[[Any], T]:
    """The function, speaking the language that is spoken here: the thread that calls it knows nothing of that."""
    context = copy_context()
    return lambda conn: context.run(function, conn)


def _run(conn: Any, jobs: list[_Job], lock_ms: int) -> None:
    # No error leaves this function: Datasette 0.65 would print it.
    try:
        with _plain_rows(conn), _patient(conn, lock_ms):
            with transaction(conn, "IMMEDIATE"):
                for job in jobs:
                    job.run(conn)
            for job in jobs:
                job.run_afterwards(conn)
    except Exception as error:
        _fail(jobs, error)


def _fail(jobs: list[_Job], error: Exception) -> None:
    for job in jobs:
        job.error = job.error or error


def _without_transaction(source: Any) -> dict[str, bool]:
    # Datasette 1.0 begins one itself unless told not to; 0.65 never does.
    known = inspect.signature(source.execute_write_fn).parameters
    return {"transaction": False} if "transaction" in known else {}


@contextmanager
def _plain_rows(conn: Any) -> Iterator[None]:
    factory, conn.row_factory = conn.row_factory, None
    _here.is_ours = True
    try:
        yield
    finally:
        _here.is_ours = False
        conn.row_factory = factory


@hookimpl
def prepare_connection(conn: Any, database: str | None, datasette: Any) -> None:
    """What is hidden is NULL to whatever Datasette itself reads, but not to our code."""
    settings = datasette.plugin_config(PLUGIN, database=database) or {}
    if settings.get("deny_by_default") is not False:
        conn.set_authorizer(_hide)


def _hide(action: int, table: str | None, column: str | None, *where: str | None) -> int:
    is_hidden = action == sqlite3.SQLITE_READ and (table, column) in _HIDDEN
    answer: int = sqlite3.SQLITE_IGNORE if is_hidden and not _here.is_ours else sqlite3.SQLITE_OK
    return answer


@contextmanager
def _patient(conn: Any, lock_ms: int) -> Iterator[None]:
    (before,) = conn.execute("PRAGMA busy_timeout").fetchone()
    conn.execute(f"PRAGMA busy_timeout = {lock_ms}")
    try:
        yield
    finally:
        conn.execute(f"PRAGMA busy_timeout = {before}")


@hookimpl(specname="startup")
def warn_of_wal(datasette: Any) -> None:
    for database in datasette.databases.values():
        if warning := wal_warning(database):
            print(f"Warning: {warning}", file=sys.stderr)


@hookimpl(specname="startup")
def check_record_files(datasette: Any) -> None:
    """What a file holds is said on the pages, whenever they are looked at; here only that the setting names one."""
    for name in datasette.databases:
        try:
            record_file(datasette.plugin_config(PLUGIN, database=name))
        except PersonalizationError as error:
            raise StartupError(f"{PLUGIN}: {error}") from None


def wal_warning(database: Any) -> str | None:
    """What is wrong if the file is served with -i while its -wal holds rows, which are then not shown; read-only."""
    if database.is_mutable or not database.path:
        return None
    # SQLite names the -wal after the file that a symbolic link leads to.
    wal = Path(f"{Path(database.path).resolve()}-wal")
    if not wal.exists() or not wal.stat().st_size:
        return None
    name = Path(database.path).name
    copied, copy = shlex.quote(name), shlex.quote(f"audit/{name}")
    return (
        f"{name} is served with -i, but {wal.name} beside it holds rows: they are not shown, and what is shown may be"
        f" old - serve it without -i, or a copy: sqlite-utils personalization-snapshot {copied} {copy}"
    )


async def read_page(
    datasette: Any, database: str, function: Callable[[Any], T], at_least_ms: int = 0
) -> T:
    """What function finds within sql_time_limit_ms, or at_least_ms if that is more; it may not write.

    Failure says why it found nothing.
    """
    limit_ms = max(at_least_ms, datasette.setting("sql_time_limit_ms"))
    source, name = datasette.get_database(database), file_name(datasette, database)

    def found(conn: Any) -> T:
        require_evidence(conn, name)
        return function(conn)

    try:
        return await read(source, found, limit_ms)
    except PersonalizationError as error:
        raise not_prepared(error) from error
    except sqlite3.OperationalError as error:
        raise unreadable(name, str(error)) from error


def file_name(datasette: Any, database: str) -> str:
    """The name of the database's file without its folder, as in a command to run beside it."""
    return Path(datasette.get_database(database).path or database).name


def is_known_ours(database: Any) -> bool:
    """Whether has_our_schema said so before."""
    return database in _with_our_schema


async def has_our_schema(database: Any) -> bool:
    """Whether a database of Datasette is one of ours; None is not."""
    if database is None:
        return False
    if database not in _with_our_schema:
        if not await database.table_exists("am_personalization_profile"):
            return False
        _with_our_schema.add(database)
    return True
