"""Our tables in a file: adding and removing them, a copy for an auditor, and a small example."""

import os
from collections.abc import Collection
from pathlib import Path
from typing import Any, TypedDict

from sqlite_utils import Database

from sqlite_utils_personalization.api.auditing import Progress
from sqlite_utils_personalization.api.opened import File, alone, path_of, reading
from sqlite_utils_personalization.api.scoring import score
from sqlite_utils_personalization.audit.snapshot import snapshot as copy
from sqlite_utils_personalization.clock import utc
from sqlite_utils_personalization.errors import Conflict, InvalidInput, PersonalizationError
from sqlite_utils_personalization.evidence.checkpoint import Head, as_head
from sqlite_utils_personalization.example import AS_OF, BEFORE, best, build
from sqlite_utils_personalization.example.tour import add_tour
from sqlite_utils_personalization.schema import (
    EVENTS,
    EVIDENCE,
    SHADOW,
    STORAGE,
    apply,
    manifest,
)
from sqlite_utils_personalization.schema import migration_statuses as statuses
from sqlite_utils_personalization.schema import rollback as remove
from sqlite_utils_personalization.schema.state import MIGRATIONS


class Migrated(TypedDict):
    """Migrations by name: applied now, skipped because the manifest does not list them, registered in the other."""

    applied: list[str]
    skipped: list[str]
    registered: list[str]


class RolledBack(TypedDict):
    """Migrations by name: what was removed, and what was not there."""

    removed: list[str]
    absent: list[str]


class MigrationStatus(TypedDict):
    """One migration. pending: it is not recorded, or has faults: objects that are missing or read differently."""

    migration: str
    applied_at: str | None
    pending: bool
    in_place: bool
    faults: list[str]


class Snapshot(TypedDict):
    """What was written: the files by their paths, the sha256 of the copy, and the head of its seals, if it has any."""

    database: str
    head_file: str
    sha256_file: str
    database_sha256: str
    head: Head | None


class Example(TypedDict):
    """The example: its last night, how many customers and log rows it has, and each customer.

    A customer has profile_id, preferences, and best of that night: of each type the first, with rec_id, score, title.
    """

    as_of: str
    profiles: int
    logged: int
    customers: list[dict[str, Any]]


def migrate(
    file: File | None,
    *,
    only: Collection[str] | None = None,
    manifest: str | os.PathLike[str] | None = None,
    register: str | os.PathLike[str] | None = None,
    timeout_s: float | None = None,
) -> Migrated:
    """Add our tables to the file, which is created if it is not there; safe to repeat on every boot.

    Applied is what is due: all, those named in only, or those that the boot manifest lists. register is a manifest to
    which those it lacks are appended; with it, file may be None. Where nothing is due nothing is locked or written.
    Conflict in a transaction of the caller's, or where 900 is wanted without 287; InvalidInput of what is no migration
    or no manifest; Locked, ReadOnly, Damaged.
    """
    wanted = _wanted(only)
    if file is None and register is None:
        raise InvalidInput("there is no file and no manifest to register in", "give one")
    skipped = [] if manifest is None else _unlisted(manifest)
    if register is not None:
        # Before anything is written, so that a manifest that is none leaves the database alone.
        _unlisted(register)
    applied: list[str] = []
    if file is not None:
        with alone(file, timeout_s, create=True) as found:
            applied = apply(found.conn, found.path, wanted - {*skipped})
    registered = [] if register is None else _register(register)
    return {"applied": applied, "skipped": skipped, "registered": registered}


def rollback(
    file: File,
    *,
    keep_storage: bool = False,
    drop_audit_log: bool = False,
    timeout_s: float | None = None,
) -> RolledBack:
    """Remove 902, 901, 900 and, unless keep_storage, 287. For development: what they hold is lost.

    Conflict if the log holds rows, unless drop_audit_log, or in a transaction of the caller's.
    """
    with alone(file, timeout_s) as found:
        removed = remove(
            found.conn, found.path, keep_storage=keep_storage, drop_audit_log=drop_audit_log
        )
    asked = [SHADOW, EVENTS, EVIDENCE, *([] if keep_storage else [STORAGE])]
    return {"removed": removed, "absent": [name for name in asked if name not in removed]}


def migration_statuses(file: File) -> list[MigrationStatus]:
    """The state of each migration, in order; the file at a path need not exist. Read-only."""
    is_absent = isinstance(file, (str, os.PathLike)) and not os.path.exists(path_of(file))
    with reading(Database(memory=True) if is_absent else file) as found:
        return [
            {
                "migration": one.name,
                "applied_at": _moment(one.applied_at),
                "pending": one.is_pending,
                "in_place": one.in_place,
                "faults": list(one.faults),
            }
            for one in statuses(found.conn)
        ]


def snapshot(
    file: File,
    target: str | os.PathLike[str],
    *,
    replace: bool = False,
    progress: Progress = lambda stage, done, total: None,
) -> Snapshot:
    """Copy our tables, and nothing else, to target; the file is only read.

    Beside target stand target.head.txt, the head of its seals, and target.sha256, as sha256sum -c reads it. The copy
    appears whole, after it was checked, or not at all. progress is told the stage, how much is done, and of how much.
    Conflict if one of the three is there, unless replace, or in a transaction of the caller's, which another reader
    does not see; InvalidInput of a database in memory; NoSchema.
    """
    if isinstance(file, (str, os.PathLike)):
        source = path_of(file)
    else:
        with alone(file) as found:
            source = found.path
        if not os.path.exists(source):
            raise InvalidInput("a database in memory cannot be copied", "give a file")
    written = copy(source, path_of(target, "target"), replace=replace, progress=progress)
    database, head_file, sha256_file = map(str, written.files)
    return {
        "database": database,
        "head_file": head_file,
        "sha256_file": sha256_file,
        "database_sha256": written.sha256,
        "head": written.head and as_head(written.head),
    }


def create_example(path: str | os.PathLike[str]) -> Example:
    """Create a small database at path, of invented programs and customers, and score it for one night and three before.

    Conflict if something is there: nothing is overwritten.
    """
    name = path_of(path, "path")
    build(name)
    summary, *earlier = (score(name, as_of=night) for night in (AS_OF, *BEFORE))
    assert summary["run_id"] is not None
    with reading(path) as found:
        customers = best(found.conn, summary["run_id"])
    return {
        "as_of": AS_OF,
        "profiles": summary["profiles"],
        "logged": sum(one["logged"] for one in (summary, *earlier)),
        "customers": customers,
    }


def create_tour(folder: str | os.PathLike[str]) -> Example:
    """Create a folder with the example as jpcite.db, and with every file that a command of the documentation names.

    Its customers have keys in customer_keys, of which key.txt is the first one's. Conflict if the folder is there.
    """
    name = Path(path_of(folder, "folder"))
    if name.exists():
        raise Conflict(f"{name} already exists", "name a folder that does not")
    name.mkdir(parents=True)
    found = create_example(name / "jpcite.db")
    add_tour(name, "jpcite.db")
    return found


def _wanted(only: Collection[str] | None) -> set[str]:
    if only is None:
        return {*MIGRATIONS}
    named = [] if isinstance(only, str) or not isinstance(only, Collection) else [*only]
    if not named or any(name not in [*MIGRATIONS] for name in named):
        raise InvalidInput("only names no migrations", f"give a list of {', '.join(MIGRATIONS)}")
    return {*named}


def _moment(text: str | None) -> str | None:
    """As every moment of ours is written, which sqlite-utils writes otherwise; what is none as it is."""
    try:
        return text and utc(text)
    except PersonalizationError:
        return text


def _unlisted(path: str | os.PathLike[str]) -> list[str]:
    return manifest.unlisted_migrations(Path(path_of(path, "the manifest")))


def _register(path: str | os.PathLike[str]) -> list[str]:
    return manifest.register_migrations(Path(path_of(path)))
