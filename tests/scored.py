"""Databases built once and copied, scored ones for the tests of the audit among them, and ways to tamper with them."""

import sqlite3
from functools import cache
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlite_utils_personalization import score
from sqlite_utils_personalization.example import AS_OF, build
from sqlite_utils_personalization.schema import migrate

P = "am_personalization_"
OTHERS = f"INSERT INTO {P}recommendation_log(profile_id, recommendation_type, score) VALUES (8, 'program', 7)"
NIGHTS = (AS_OF, "2026-04-02")


def migrated(path):
    """A database with our tables and nothing in them at path: built once, and copied."""
    path.write_bytes(_migrated())
    return path


@cache
def _migrated():
    with TemporaryDirectory() as folder:
        path = Path(folder) / "jpcite.db"
        migrate(path)
        return path.read_bytes()


def example(path, *nights):
    """The example database at path, scored for these nights: built once, and copied."""
    path.write_bytes(_example(*nights))
    return path


@cache
def _example(*nights):
    with TemporaryDirectory() as folder:
        path = Path(folder) / "jpcite.db"
        build(path)
        for night in nights:
            score(path, as_of=night)
        return path.read_bytes()


@cache
def history():
    """The bytes of two nights on the example, with a row of another program before and after the first."""
    with TemporaryDirectory() as folder:
        path = example(Path(folder) / "jpcite.db")
        for night in NIGHTS:
            execute(path, OTHERS)
            score(path, as_of=night)
        return path.read_bytes()


@cache
def _pristine():
    db = connect(":memory:")
    with TemporaryDirectory() as folder:
        path = Path(folder) / "jpcite.db"
        path.write_bytes(history())
        source = connect(path)
        source.backup(db)
        source.close()
    return db


def in_memory():
    """A copy of the history in memory, where tampering costs nothing."""
    db = connect(":memory:")
    _pristine().backup(db)
    return db


def connect(path):
    # Waits as long as the commands do.
    return sqlite3.connect(path, timeout=30, isolation_level=None)


def execute(path, *statements):
    db = connect(path)
    for statement in statements:
        db.execute(statement)
    db.close()


def tamper(db, *statements):
    """Change what is append-only, in the way of someone who may run DDL."""
    guards = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")]
    for guard in guards:
        db.execute(f"DROP TRIGGER {guard}")
    for statement in statements:
        db.execute(statement)


def tamper_behind_the_guards(db, *statements):
    """The same, with every guard put back afterwards."""
    tamper(db, *statements)
    for name in (
        "900_personalization_evidence",
        "901_personalization_events",
        "902_personalization_shadow",
    ):
        script = files("sqlite_utils_personalization.schema").joinpath(f"{name}.sql")
        db.executescript(script.read_text(encoding="utf-8"))
