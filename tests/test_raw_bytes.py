"""Reading the bytes of a database takes no lock away from a connection of this process, and leaves nothing open."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from sqlite_utils_personalization import create_example, health
from sqlite_utils_personalization.database import is_idle_wal, open_readonly
from sqlite_utils_personalization.preferences.old_bytes import looked_at, traces
from sqlite_utils_personalization.raw_bytes import descriptor

WRITES = """
import sqlite3, sys
sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None).execute("BEGIN IMMEDIATE")
"""
ABSENT = "ab" * 32


@pytest.fixture
def path(tmp_path):
    create_example(tmp_path / "jpcite.db")
    return tmp_path / "jpcite.db"


def is_locked_out(path):
    command = [sys.executable, "-c", WRITES, path]
    return "locked" in subprocess.run(command, capture_output=True, text=True, check=False).stderr


def descriptors():
    return set(os.listdir("/dev/fd"))


def look_twice(path):
    with descriptor(path), descriptor(path):
        pass


@pytest.mark.parametrize(
    "look",
    [
        lambda path: traces(path, ABSENT),
        looked_at,
        is_idle_wal,
        health,
        lambda path: open_readonly(path).close(),
        look_twice,
    ],
    ids=["traces", "looked_at", "is_idle_wal", "health", "open_readonly", "twice"],
)
def test_another_program_stays_locked_out_while_a_file_that_is_written_is_read(path, look):
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        db.execute("BEGIN IMMEDIATE")
        look(path)
        assert is_locked_out(path)
    assert not is_locked_out(path)


def test_what_was_kept_open_for_a_connection_is_closed_once_that_is(path):
    before = descriptors()
    with closing(sqlite3.connect(path)) as db:
        db.execute("SELECT * FROM sqlite_master").fetchall()
        is_idle_wal(path)
        is_idle_wal(path)
        assert len(descriptors() - before) == 2
    is_idle_wal(path)
    assert descriptors() == before


def test_a_file_that_took_the_place_of_another_is_the_one_that_is_read(path, tmp_path):
    with closing(sqlite3.connect(path)) as db:
        db.execute("SELECT * FROM sqlite_master").fetchall()
        assert traces(path, ABSENT) == []
        (tmp_path / "other").write_bytes(b"\0" + ABSENT.encode())
        (tmp_path / "other").replace(path)
        assert traces(path, ABSENT) == [str(path)]


def test_a_file_that_is_not_there_or_may_not_be_read_is_no_wal(tmp_path):
    assert not is_idle_wal(tmp_path / "none.db")
    assert not is_idle_wal(tmp_path)
