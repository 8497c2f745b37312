"""After an erasure: no byte of the old hash is left in the file or beside it, or it is said where."""

import sqlite3
from pathlib import Path

from sqlite_utils_personalization.errors import PersonalizationError

_BLOCK = 1 << 20


def checkpoint(db: sqlite3.Connection, path: str | Path, timeout_s: float) -> None:
    """Empty the -wal, waiting for readers up to timeout_s seconds, or remove the journal this connection kept.

    PersonalizationError if a reader kept it from being emptied: what was erased can still be read there.
    """
    if db.execute("PRAGMA journal_mode").fetchone() == ("persist",):
        # Of this connection alone: the file does not say how a rollback journal ends.
        db.execute("PRAGMA journal_mode = delete")
    (before,) = db.execute("PRAGMA busy_timeout").fetchone()
    db.execute(f"PRAGMA busy_timeout = {int(timeout_s * 1000)}")
    try:
        busy, _, _ = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        db.execute(f"PRAGMA busy_timeout = {before}")
    if busy:
        raise PersonalizationError(
            f"{path}-wal still holds the old bytes, because another program reads it - run this again"
            " when it has finished"
        )


def vacuum(db: sqlite3.Connection) -> None:
    """Rewrite the whole file without its unused parts, where copies of moved rows may lie. Nobody else may write."""
    db.execute("PRAGMA secure_delete = on")
    db.execute("VACUUM")


def traces(path: str | Path, text: str) -> list[str]:
    """Which of the file, its -wal and its journal hold the bytes of text anywhere; read-only."""
    files = (Path(f"{Path(path).resolve()}{suffix}") for suffix in ("", "-wal", "-journal"))
    return [str(file) for file in files if _holds(file, text.encode())]


def _holds(file: Path, needle: bytes) -> bool:
    try:
        with open(file, "rb") as opened:
            tail = b""
            while block := opened.read(_BLOCK):
                if needle in tail + block:
                    return True
                tail = block[-len(needle) :]
    except FileNotFoundError:
        pass
    return False
