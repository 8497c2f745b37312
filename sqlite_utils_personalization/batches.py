"""Long answers, read a batch at a time.

An open cursor holds a read lock, and where the journal is a rollback journal, a reader keeps a writer from committing,
who keeps every other reader out until then.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any

BATCH = 2_000


def in_batches(
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
