"""A self-contained copy of our tables for an auditor; nothing else of the shared file is in it."""

import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from sqlite_utils_personalization.billing.delivery import BILLING_KEYS
from sqlite_utils_personalization.catalogue.saved_searches import NUMBERS
from sqlite_utils_personalization.database import (
    explain_errors,
    fault_of_file,
    is_idle_wal,
    open_readonly,
    open_writable,
    readonly_uri,
    require_evidence,
)
from sqlite_utils_personalization.errors import Conflict, PersonalizationError
from sqlite_utils_personalization.evidence.checkpoint import Checkpoint, format_checkpoint
from sqlite_utils_personalization.evidence.note import Note, format_note
from sqlite_utils_personalization.evidence.seal import head
from sqlite_utils_personalization.language import N_
from sqlite_utils_personalization.preferences.validation import known_keys
from sqlite_utils_personalization.private_files import (
    check_free,
    narrow,
    private_folder,
    write_synced,
)
from sqlite_utils_personalization.schema import migrate
from sqlite_utils_personalization.schema.state import tables
from sqlite_utils_personalization.schema.statistics import refresh_statistics
from sqlite_utils_personalization.transaction import transaction

# What relates our rows to those of other programs, which an auditor has not.
_KEPT_BACK = (BILLING_KEYS, NUMBERS)
# What SQLite takes for a part of the database it stands beside.
_JOURNALS = ("-wal", "-journal", "-shm")


class Copied(NamedTuple):
    """The copy, its head and its sha256 as files; the digest, and the head, None of a copy of nothing."""

    files: tuple[Path, Path, Path]
    sha256: str
    head: Checkpoint | None


def snapshot(
    source: str | Path,
    target: str | Path,
    *,
    replace: bool = False,
    progress: Callable[[str, int, int], None] = lambda stage, done, total: None,
) -> Copied:
    """Copy our tables from source, which is only read, to target.

    Beside target stand target.head.txt, the head of its seals, and target.sha256, as sha256sum -c reads it. The copy
    appears whole, after it was checked, or not at all, and never beside another's; nobody may read it who may not read
    source. Of preferences it has what the schema knows, and
    nothing of what relates our rows to those of other programs. PersonalizationError if one of the three exists, unless
    replace, or is a link or the source, or if a journal beside target would be taken for a part of it.
    """
    target = Path(target)
    files = {
        "database": target,
        "head": Path(f"{target}.head.txt"),
        "sha256": Path(f"{target}.sha256"),
    }
    with explain_errors(source), open_readonly(source) as db:
        require_evidence(db.conn, source)
    _check_target(source, files, replace)
    with private_folder(target) as folder:
        copy = folder / target.name
        migrate(copy)
        with explain_errors(source), _room_for(target), _unchanged(source):
            last = _copy(source, copy, progress)
        _check_copy(copy, target, last)
        digest = _write_beside(copy, last)
        for file in files.values():
            narrow(folder / file.name, source)
        # Once more, because copying took its time.
        _check_target(source, files, replace)
        _move(folder, files)
    return Copied((*files.values(),), digest, last)  # type: ignore[arg-type]


def _check_target(source: str | Path, files: Mapping[str, Path], replace: bool) -> None:
    journals = {Path(f"{Path(source).resolve()}{suffix}") for suffix in _JOURNALS}
    for file in files.values():
        if file.resolve() in journals:
            raise Conflict(f"{file} is a journal of the source", "name another file")
        check_free(file, replace=replace, source=source)
    for suffix in _JOURNALS:
        left = Path(f"{files['database']}{suffix}")
        if os.path.lexists(left):
            raise Conflict(
                f"{left} is there: SQLite would take it for a part of the copy",
                "remove it if no program has it open, or name another file",
            )


def _move(folder: Path, files: Mapping[str, Path]) -> None:
    # Whenever this is stopped, a copy stands beside its own head and sha256, or beside none.
    database, *beside = files.values()
    for file in beside:
        file.unlink(missing_ok=True)
    for file in (database, *beside):
        os.replace(folder / file.name, file)


@contextmanager
def _room_for(target: Path) -> Iterator[None]:
    """A full disk is the copy's, whatever else may be the source's fault: only the copy is written."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if "is full" not in str(error):
            raise
        raise fault_of_file(target, error) or error from error


@contextmanager
def _unchanged(source: str | Path) -> Iterator[None]:
    """A source that nobody had open is read without locks: whoever began to write meanwhile is noticed afterwards."""
    is_unlocked, before = is_idle_wal(source), os.stat(source)
    yield
    after = os.stat(source)
    is_same = (before.st_mtime_ns, before.st_size) == (after.st_mtime_ns, after.st_size)
    if is_unlocked and not is_same:
        raise Conflict(f"{source} was written while it was copied", "run this again")


def _check_copy(copy: Path, target: Path, last: Checkpoint | None) -> None:
    """The finished file, as whoever gets it reads it."""
    with explain_errors(target), open_readonly(copy) as db:
        (found,) = db.conn.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok" or head(db.conn) != last:
            raise PersonalizationError(
                f"the copy for {target} is not what was read", "check the disk, then run this again"
            )


def _copy(
    source: str | Path, target: Path, progress: Callable[[str, int, int], None]
) -> Checkpoint | None:
    with open_writable(target) as db:
        conn = db.conn
        conn.execute("ATTACH ? AS source", (readonly_uri(source),))
        conn.create_function("known_keys", 1, known_keys)
        with transaction(conn):
            copied = _tables_of(conn)
            for done, table in enumerate(copied, 1):
                _copy_table(conn, table)
                progress(N_("Copying"), done, len(copied))
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
    return [table for table in tables() if table in found and table not in _KEPT_BACK]


def _copy_table(conn: sqlite3.Connection, table: str) -> None:
    names = [row[1] for row in conn.execute(f"PRAGMA main.table_info({table})")]
    # Other programs write preferences too, and whatever they put there.
    values = [f"known_keys({name})" if name == "preference_json" else name for name in names]
    conn.execute(
        f"INSERT INTO main.{table}({', '.join(names)}) SELECT {', '.join(values)}"
        f" FROM source.{table} ORDER BY 1, 2"
    )


def _write_beside(copy: Path, last: Checkpoint | None) -> str:
    digest = sha256()
    with open(copy, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    # Of a copy of nothing there is no head.
    head_text = format_note(Note(format_checkpoint(last))) if last else ""
    write_synced(Path(f"{copy}.head.txt"), head_text.encode())
    write_synced(Path(f"{copy}.sha256"), f"{digest.hexdigest()}  {copy.name}\n".encode())
    return digest.hexdigest()
