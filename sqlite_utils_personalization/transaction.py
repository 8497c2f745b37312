"""Write transactions on a connection in autocommit mode."""

import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any


@contextmanager
def transaction(db: sqlite3.Connection, kind: str = "DEFERRED") -> Iterator[None]:
    """COMMIT at the end, or ROLLBACK on any error.

    IMMEDIATE takes the write lock at the start, so that what is read is what is written over. DEFERRED locks nothing
    while only temporary tables are touched, and spares them a commit per row; within another transaction it joins it.
    """
    if kind == "DEFERRED" and db.in_transaction:
        yield
        return
    db.execute(f"BEGIN {kind}")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def write_transaction(db: sqlite3.Connection) -> AbstractContextManager[None]:
    """The caller's transaction, or an IMMEDIATE one of its own."""
    return transaction(db, "DEFERRED" if db.in_transaction else "IMMEDIATE")


class Turns:
    """Pauses between one's own transactions, so that other programs get theirs.

    Nobody queues for a SQLite file: who waits looks again after 1, 2, 5, 10, 15, 20, 25, 25, 25, 50, 50 and then every
    100 ms, and would hardly ever find it unlocked in between.
    """

    PAUSE_S = 0.025
    LONG_PAUSE_S = 0.1
    # How long a program that wrote is taken to be about to write again.
    COMPANY_S = 600.0

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._version = self._seen_version()
        self._company_at = float("-inf")
        self._paused_at = time.monotonic()

    def give(self, held_s: float) -> bool:
        """Pause after a transaction of held_s seconds: each time in company, else once a second. True in company."""
        now, version = time.monotonic(), self._seen_version()
        if version != self._version:
            self._version, self._company_at = version, now
        is_shared = now - self._company_at < self.COMPANY_S
        if is_shared:
            time.sleep(max(self.PAUSE_S, held_s / 4))
        elif now - self._paused_at > 1:
            time.sleep(self.LONG_PAUSE_S)
            self._paused_at = time.monotonic()
        return is_shared

    def _seen_version(self) -> int:
        # Changes with every commit of another connection, and with none of our own.
        version: int = self._db.execute("PRAGMA data_version").fetchone()[0]
        return version


BATCH = 2_000


def read_batches(
    db: sqlite3.Connection, sql: str, at: Mapping[str, Any], key: int = 0
) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of sql, which is in ascending order of the integer in column key, above :after, at most :batch.

    Where sql has another lower bound, it takes the greater of the two: of two conditions SQLite uses but one, and walks
    from there to :after again for each batch. No lock outlives a batch; read-only. Rows are those of one moment only if
    nothing below the end is ever changed.
    """
    after = -(2**63)
    while rows := db.execute(sql, {**at, "after": after, "batch": BATCH}).fetchall():
        yield from rows
        after = rows[-1][key]
