"""What of our migrations is in a database, by its objects and not only by what it says was applied."""

from dataclasses import dataclass
from functools import cache

from sqlite_utils import Database

from sqlite_utils_personalization.database import sqlite3
from sqlite_utils_personalization.schema.migrations import (
    events,
    evidence,
    migrations,
    shadow,
    storage,
)
from sqlite_utils_personalization.schema.scripts import read_script

STORAGE = "287_personalization"
EVIDENCE = "900_personalization_evidence"
EVENTS = "901_personalization_events"
SHADOW = "902_personalization_shadow"
# An older 287 orders it otherwise, and nothing is checked through it.
RECENT = "v_personalization_recent_recs"
MIGRATIONS = {STORAGE: storage, EVIDENCE: evidence, EVENTS: events, SHADOW: shadow}


@dataclass(frozen=True)
class Status:
    """One migration in one database.

    applied_at is when it was recorded, None if it was not; faults are its objects that are missing and its views that
    read differently; in_place is whether the database has any object of it.
    """

    name: str
    applied_at: str | None
    faults: tuple[str, ...]
    in_place: bool

    @property
    def is_pending(self) -> bool:
        return self.applied_at is None or bool(self.faults)


def statuses(db: Database) -> list[Status]:
    """The state of each migration in the database, in their order; read-only."""
    recorded = {migration.name: migration.applied_at for migration in migrations.applied(db)}
    found = _objects_in(db.conn)
    return [
        Status(
            name,
            recorded.get(name),
            _faults(name, found),
            not found.keys().isdisjoint(objects(name)),
        )
        for name in MIGRATIONS
    ]


@cache
def objects(name: str) -> dict[str, str]:
    """Name and SQL, as SQLite stores it, of every table, index, trigger and view of one migration."""
    conn = sqlite3.connect(":memory:")
    made: dict[str, dict[str, str]] = {}
    for migration in MIGRATIONS:
        before = _objects_in(conn)
        conn.executescript(read_script(f"{migration}.sql"))
        made[migration] = {key: sql for key, sql in _objects_in(conn).items() if key not in before}
    conn.close()
    return made[name]


def recent_view_differs(conn: sqlite3.Connection) -> bool:
    """Whether the view of recent recommendations is there, and is not the packaged one; read-only."""
    found = _objects_in(conn)
    return RECENT in found and found[RECENT] != packaged_objects()[RECENT]


def packaged_objects() -> dict[str, str]:
    """The same of all migrations together."""
    return {key: sql for name in MIGRATIONS for key, sql in objects(name).items()}


def tables() -> list[str]:
    """Every table of ours."""
    return [name for name, sql in packaged_objects().items() if sql.startswith("CREATE TABLE")]


def _objects_in(conn: sqlite3.Connection) -> dict[str, str]:
    # An automatic index has no SQL, and sqlite_sequence outlives the tables it serves.
    return dict(
        conn.execute(
            "SELECT name, sql FROM main.sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        )
    )


def _faults(name: str, found: dict[str, str]) -> tuple[str, ...]:
    # Of views only, because applying a migration again replaces its views and leaves the rest as it is.
    return tuple(
        key
        for key, sql in objects(name).items()
        if key not in found or (sql.startswith("CREATE VIEW") and sql != found[key])
    )
