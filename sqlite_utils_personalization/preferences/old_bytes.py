"""Bytes of what was erased: where they may still lie, and how they go.

Secure deletion zeroes what is deleted by a connection that asks for it. Copies of moved rows lie in unused parts of
pages that others left, old pages in the -wal, samples in the planner's statistics.
"""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlite_utils_personalization.database import has_table, plain_rows
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.raw_bytes import descriptor

# What SQLite keeps, by how its name ends.
NAMES = {"": "database", "-wal": "wal", "-journal": "journal"}
_BLOCK = 1 << 20


@contextmanager
def overwriting(db: sqlite3.Connection) -> Iterator[None]:
    """Meanwhile zeros take the place of what this connection deletes or replaces."""
    ((before,),) = plain_rows(db, "PRAGMA secure_delete")
    db.execute("PRAGMA secure_delete = on")
    try:
        yield
    finally:
        db.execute(f"PRAGMA secure_delete = {before}")


def forget_samples(db: sqlite3.Connection, hashes: Sequence[str]) -> list[str]:
    """Delete the planner's samples that hold one of the hashes; returns whose they were, a table each.

    Inside the caller's transaction. ANALYZE takes others; no row and no answer depends on them.
    """
    tables = set()
    for name in ("sqlite_stat3", "sqlite_stat4"):
        if has_table(db, name):
            for one in (form for text in hashes for form in forms(text)):
                holding = f"FROM {name} WHERE instr(CAST(sample AS BLOB), CAST(? AS BLOB))"
                tables |= {str(of) for (of,) in db.execute(f"SELECT tbl {holding}", (one,))}
                db.execute(f"DELETE {holding}", (one,))
    return sorted(tables)


def checkpoint(db: sqlite3.Connection, path: str | Path, timeout_s: float) -> None:
    """Empty the -wal, waiting for readers up to timeout_s seconds, or remove the journal that was kept.

    PersonalizationError if a reader kept it from being emptied: what was erased can still be read there.
    """
    mode = db.execute("PRAGMA journal_mode").fetchone()[0]
    (before,) = db.execute("PRAGMA busy_timeout").fetchone()
    db.execute(f"PRAGMA busy_timeout = {int(timeout_s * 1000)}")
    try:
        if mode in ("delete", "persist", "truncate"):
            # Who goes from one to the other removes the file, also one that another connection kept.
            db.execute("PRAGMA journal_mode = persist")
            db.execute("PRAGMA journal_mode = delete")
        busy, _, _ = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        db.execute(f"PRAGMA busy_timeout = {before}")
    if busy:
        raise PersonalizationError(
            f"{path}-wal still holds the old bytes, because another program reads it",
            "run this again when it has finished",
        )


def vacuum(db: sqlite3.Connection) -> None:
    """Rewrite the whole file without its unused parts, where copies of moved rows may lie. Nobody else may write."""
    with overwriting(db):
        db.execute("VACUUM")


def looked_at(path: str | Path) -> int:
    """How many bytes traces() would read."""
    return sum(file.stat().st_size for file in _files(path) if file.exists())


def traces(path: str | Path, *hashes: str) -> list[str]:
    """Which of the file, its -wal and its journal hold one of the hashes, or half of one, anywhere; read-only."""
    needles = [needle for text in hashes for needle in _needles(text)]
    return [str(file) for file in _files(path) if _holds(file, needles)]


def forms(text: str) -> list[str | bytes]:
    """The hash as programs write it: in hex of either case, or as bytes."""
    written: list[str | bytes] = [text, text.upper()]
    # What another program put in its place may be none.
    with suppress(ValueError):
        written.append(bytes.fromhex(text))
    return written


def _needles(text: str) -> list[bytes]:
    # Halves, for what is long lies on several pages, and what was freed may be overwritten in part.
    written = [one.encode() if isinstance(one, str) else one for one in forms(text)]
    return [half for one in written for half in (one[: len(one) // 2], one[len(one) // 2 :])]


def _files(path: str | Path) -> list[Path]:
    return [Path(f"{Path(path).resolve()}{suffix}") for suffix in NAMES]


def _holds(file: Path, needles: Sequence[bytes]) -> bool:
    kept = max(map(len, needles), default=1)
    tail, offset = b"", 0
    with suppress(FileNotFoundError), descriptor(file) as opened:
        while block := os.pread(opened, _BLOCK, offset):
            offset += len(block)
            block = tail + block
            if any(needle in block for needle in needles):
                return True
            tail = block[-kept:]
    return False
