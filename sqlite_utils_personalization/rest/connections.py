"""Reading and writing on Datasette's own connections, on both of its lines.

Functions get a connection whose rows are tuples, as ours expect them.
"""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from datasette.utils import sqlite_timelimit

from sqlite_utils_personalization.rest.problem import read_only
from sqlite_utils_personalization.transaction import transaction

T = TypeVar("T")
# A night's plan is one transaction of some seconds; Datasette itself would give up after five.
LOCK_MS = 60_000


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
    """What function returns, in one IMMEDIATE transaction in Datasette's queue of writes; then runs after its end.

    An error undoes it all. Problem 409 if the database is served with -i.
    """
    if not source.is_mutable:
        raise read_only()

    def run(conn: Any) -> tuple[T | None, Exception | None]:
        try:
            with _plain_rows(conn), _patient(conn):
                with transaction(conn, "IMMEDIATE"):
                    result = function(conn)
                if then:
                    then(conn)
                return result, None
        except Exception as error:
            # Not raised here: Datasette 0.65 would print it.
            return None, error

    answer: tuple[T, Exception | None]
    answer = await source.execute_write_fn(run, **_without_transaction(source))
    result, error = answer
    if error:
        raise error
    return result


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
