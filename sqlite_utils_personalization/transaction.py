"""Write transactions on a connection in autocommit mode."""

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager


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


def writing(db: sqlite3.Connection) -> AbstractContextManager[None]:
    """The caller's transaction, or an IMMEDIATE one of its own."""
    return transaction(db, "DEFERRED" if db.in_transaction else "IMMEDIATE")
