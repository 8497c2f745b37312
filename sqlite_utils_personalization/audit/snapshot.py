"""A self-contained copy of our tables for an auditor; nothing else of the shared file is in it."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from sqlite_utils_personalization.database import (
    explain_errors,
    fault_of_file,
    open_readonly,
    open_writable,
    readonly_uri,
    require_evidence,
)
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.evidence.checkpoint import Checkpoint, format_checkpoint
from sqlite_utils_personalization.evidence.note import Note, format_note
from sqlite_utils_personalization.evidence.seal import head
from sqlite_utils_personalization.schema import migrate
from sqlite_utils_personalization.schema.state import tables
from sqlite_utils_personalization.schema.statistics import refresh_statistics
from sqlite_utils_personalization.transaction import transaction


def snapshot(
    source: str | Path,
    target: str | Path,
    *,
    replace: bool = False,
    progress: Callable[[str, int, int], None] = lambda stage, done, total: None,
) -> dict[str, str]:
    """Copy our tables from source, which is only read, to target; returns what was written, by role.

    Beside target stand target.head.txt, the head of its seals, and target.sha256, as sha256sum -c reads it. The copy
    appears whole or not at all. PersonalizationError if target exists, unless replace, or is the source.
    """
    target = Path(target)
    _check(source, target, replace)
    unfinished = target.with_name(f".{target.name}.unfinished")
    try:
        _remove(unfinished)
        migrate(unfinished)
        with explain_errors(source), _room_for(target):
            last = _copy(source, unfinished, progress)
        os.replace(unfinished, target)
    finally:
        _remove(unfinished)
    return {"database": str(target), **_beside(target, last)}


def _remove(unfinished: Path) -> None:
    for suffix in ("", "-journal"):
        Path(f"{unfinished}{suffix}").unlink(missing_ok=True)


@contextmanager
def _room_for(target: Path) -> Iterator[None]:
    """A full disk is the copy's, whatever else may be the source's fault: only the copy is written."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if "is full" not in str(error):
            raise
        raise fault_of_file(target, error) or error from error


def _check(source: str | Path, target: Path, replace: bool) -> None:
    with explain_errors(source), open_readonly(source) as db:
        require_evidence(db.conn, source)
    if target.exists() and (not replace or target.samefile(source)):
        what = "is the source itself" if target.samefile(source) else "already exists"
        raise PersonalizationError(
            f"{target} {what}", "name another file, or pass --replace for a copy"
        )
    if not target.absolute().parent.is_dir():
        raise PersonalizationError(f"{target} cannot be written", f"create {target.parent} first")


def _copy(
    source: str | Path, target: Path, progress: Callable[[str, int, int], None]
) -> Checkpoint | None:
    with open_writable(target) as db:
        conn = db.conn
        conn.execute("ATTACH ? AS source", (readonly_uri(source),))
        with transaction(conn):
            copied = _tables_of(conn)
            for done, table in enumerate(copied, 1):
                _copy_table(conn, table)
                progress("Copying", done, len(copied))
            conn.execute("DELETE FROM main.sqlite_sequence")
            conn.execute(
                "INSERT INTO main.sqlite_sequence SELECT * FROM source.sqlite_sequence WHERE name IN"
                " ('am_personalization_profile', 'am_personalization_recommendation_log')"
            )
        conn.execute("DETACH source")
        refresh_statistics(conn)
        return head(conn)


def _tables_of(conn: sqlite3.Connection) -> list[str]:
    # A source where 901 is not applied yet has evidence all the same.
    sql = "SELECT name FROM source.sqlite_master WHERE type = 'table'"
    found = {name for (name,) in conn.execute(sql)}
    return [table for table in tables() if table in found]


def _copy_table(conn: sqlite3.Connection, table: str) -> None:
    columns = ", ".join(row[1] for row in conn.execute(f"PRAGMA main.table_info({table})"))
    conn.execute(
        f"INSERT INTO main.{table}({columns}) SELECT {columns} FROM source.{table} ORDER BY 1, 2"
    )


def _beside(target: Path, last: Checkpoint | None) -> dict[str, str]:
    digest = sha256()
    with open(target, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    # Of a copy of nothing there is no head.
    head_text = format_note(Note(format_checkpoint(last))) if last else ""
    written = {
        "head": (f"{target}.head.txt", head_text),
        "sha256": (f"{target}.sha256", f"{digest.hexdigest()}  {target.name}\n"),
    }
    for path, text in written.values():
        Path(path).write_bytes(text.encode())
    return {role: path for role, (path, _) in written.items()}
