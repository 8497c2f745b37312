"""Reading and writing on Datasette's own connections, on both of its lines.

Functions get a connection whose rows are tuples, as ours expect them.
"""

import asyncio
import inspect
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from datasette.utils import sqlite_timelimit

from sqlite_utils_personalization.rest.problem import read_only
from sqlite_utils_personalization.transaction import transaction

T = TypeVar("T")
# A night's plan is one transaction of some seconds; Datasette itself would give up after five.
LOCK_MS = 60_000
# Requests that share a transaction at most, so that it stays a matter of milliseconds.
TOGETHER = 32


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
        while self.waiting:
            jobs = [self.waiting.popleft() for _ in range(min(TOGETHER, len(self.waiting)))]
            try:
                await source.execute_write_fn(
                    lambda conn, jobs=jobs: _run(conn, jobs), **_without_transaction(source)
                )
            except Exception as error:
                _fail(jobs, error)
            for job in jobs:
                if not job.done.done():
                    job.done.set_result(None)


_queues: WeakKeyDictionary[Any, _Queue] = WeakKeyDictionary()


async def read(source: Any, function: Callable[[Any], T], limit_ms: int) -> T:
    """What function finds on a read-only connection within limit_ms."""

    def run(conn: Any) -> T:
        with _plain_rows(conn), sqlite_timelimit(conn, limit_ms):
            return function(conn)

    result: T = await source.execute_fn(run)
    return result


async def write(
    source: Any, function: Callable[[Any], T], then: Callable[[Any], None] | None = None
) -> T:
    """What function returns, in an IMMEDIATE transaction in Datasette's queue of writes; then runs after its end.

    An error undoes what function did. Problem 409 if the database is served with -i.
    """
    if not source.is_mutable:
        raise read_only()
    queue = _queues.setdefault(source, _Queue())
    job = _Job(function, then, asyncio.get_running_loop().create_future())
    queue.waiting.append(job)
    if queue.worker is None or queue.worker.done():
        queue.worker = asyncio.create_task(queue.work(source))
    await job.done
    if job.error:
        raise job.error
    result: T = job.result
    return result


def _run(conn: Any, jobs: list[_Job]) -> None:
    # No error leaves this function: Datasette 0.65 would print it.
    try:
        with _plain_rows(conn), _patient(conn):
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
    try:
        yield
    finally:
        conn.row_factory = factory


@contextmanager
def _patient(conn: Any) -> Iterator[None]:
    (before,) = conn.execute("PRAGMA busy_timeout").fetchone()
    conn.execute(f"PRAGMA busy_timeout = {LOCK_MS}")
    try:
        yield
    finally:
        conn.execute(f"PRAGMA busy_timeout = {before}")
