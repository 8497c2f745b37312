"""Opening a shared file: what is left alone, and what is said when it cannot be opened or written."""

import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from sqlite_utils_personalization.database import (
    check_sqlite_version,
    explain_errors,
    lock_holders,
    open_readonly,
    open_writable,
)
from sqlite_utils_personalization.errors import PersonalizationError

HOLD = """
import sqlite3, sys
conn = sqlite3.connect(sys.argv[1], isolation_level=None)
for statement in sys.argv[2:]:
    conn.execute(statement).fetchone()
print("held", flush=True)
sys.stdin.readline()
"""


@contextmanager
def held_by_another(path, *statements):
    """Another process that has executed the statements and holds what they lock."""
    command = [sys.executable, "-c", HOLD, str(path), *statements]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        try:
            assert child.stdout.readline() == "held\n"
            yield child
        finally:
            child.communicate("\n")


def make(path, journal_mode="delete", rows=1):
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute(f"PRAGMA journal_mode = {journal_mode}")
        conn.execute("CREATE TABLE t (x)")
        conn.executemany("INSERT INTO t VALUES (?)", [(n,) for n in range(rows)])
    return path


def folder(path):
    return {each.name: each.read_bytes() for each in path.parent.iterdir()}


def count(db):
    return db.execute("SELECT count(*) FROM t").fetchone()[0]


def sees_locks():
    return sys.platform.startswith("linux") and os.access("/proc/locks", os.R_OK)


def who(child):
    if not sees_locks():
        return "another program"
    return f"process {child.pid} ({Path(f'/proc/{child.pid}/comm').read_text().strip()})"


def is_locked(path, child):
    return f"{path} is locked by {who(child)} - wait for that to finish, or stop it, then run this again"


def test_a_sqlite_older_than_the_minimum_is_refused(refuses):
    check_sqlite_version((3, 31, 0))
    with refuses("SQLite 3.30.1 is too old - use a Python with SQLite 3.31.0 or newer"):
        check_sqlite_version((3, 30, 1))


def test_a_writable_connection_starts_no_transaction_by_itself(fresh_path):
    with open_writable(make(fresh_path)) as db:
        db.conn.execute("INSERT INTO t VALUES (1)")
        assert db.conn.in_transaction is False
        db.execute("BEGIN IMMEDIATE")
        db["t"].insert({"x": 2})
        assert db.conn.in_transaction is True
        db.execute("ROLLBACK")
        assert count(db) == 2


@pytest.mark.parametrize(
    "name", ("a?mode=memory.db", "a#b.db", "100%41.db", "two words.db", "補助金.db")
)
def test_any_character_may_be_in_a_path(tmp_path, name):
    path = make(tmp_path / name)
    for opened in (open_readonly, open_writable):
        with opened(path) as db:
            assert count(db) == 1
    assert [each.name for each in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("journal_mode", ("delete", "truncate", "wal"))
def test_reading_an_idle_file_leaves_it_and_its_directory_as_they_are(fresh_path, journal_mode):
    before = folder(make(fresh_path, journal_mode))
    with open_readonly(fresh_path) as db:
        assert count(db) == 1
        assert folder(fresh_path) == before
    assert folder(fresh_path) == before


def test_reading_beside_an_empty_wal_leaves_the_directory_as_it_is(fresh_path):
    make(fresh_path, "wal")
    fresh_path.with_name("jpcite.db-wal").touch()
    before = folder(fresh_path)
    with open_readonly(fresh_path) as db:
        assert count(db) == 1
    assert folder(fresh_path) == before


def test_reading_sees_what_is_still_in_the_wal_of_a_live_server(fresh_path):
    make(fresh_path, "wal")
    with held_by_another(fresh_path, "INSERT INTO t VALUES (2)", "BEGIN IMMEDIATE"):
        before = folder(fresh_path)
        del before["jpcite.db-shm"]
        with open_readonly(fresh_path) as db:
            assert count(db) == 2
        after = folder(fresh_path)
        del after["jpcite.db-shm"]
        assert after == before


def test_reading_sees_what_a_server_that_is_only_starting_writes_next(fresh_path):
    make(fresh_path, "wal")
    with closing(sqlite3.connect(fresh_path, isolation_level=None)) as server:
        assert server.execute("SELECT count(*) FROM t").fetchone() == (1,)
        assert fresh_path.with_name("jpcite.db-wal").stat().st_size == 0
        with open_readonly(fresh_path) as db:
            server.execute("INSERT INTO t VALUES (2)")
            assert count(db) == 2


def test_reading_sees_what_a_crashed_server_left_in_its_wal(fresh_path, tmp_path):
    make(fresh_path, "wal")
    with closing(sqlite3.connect(fresh_path)) as conn:
        conn.execute("INSERT INTO t VALUES (2)")
        conn.commit()
        copy = tmp_path / "copy.db"
        copy.write_bytes(fresh_path.read_bytes())
        (tmp_path / "copy.db-wal").write_bytes((tmp_path / "jpcite.db-wal").read_bytes())
    with open_readonly(copy) as db:
        assert count(db) == 2


def test_reading_through_a_link_finds_the_wal_of_the_file(fresh_path, tmp_path):
    make(fresh_path, "wal")
    link = tmp_path / "elsewhere" / "link.db"
    link.parent.mkdir()
    link.symlink_to(fresh_path)
    with held_by_another(fresh_path, "INSERT INTO t VALUES (2)"), open_readonly(link) as db:
        assert count(db) == 2


def test_a_readonly_connection_writes_nothing(fresh_path, refuses):
    with (
        refuses(
            f"{fresh_path} is read-only - make the file and its directory writable, then run this again"
        ),
        explain_errors(fresh_path),
        open_readonly(make(fresh_path)) as db,
    ):
        db.execute("INSERT INTO t VALUES (2)")


@pytest.mark.parametrize("opened", (open_readonly, open_writable))
def test_a_missing_file_is_named_and_not_created(fresh_path, opened, refuses):
    with refuses(f"{fresh_path} does not exist - check the path"):
        opened(fresh_path)
    assert not fresh_path.exists()


def test_a_file_is_created_where_that_is_asked_for(fresh_path):
    with open_writable(fresh_path, create=True) as db:
        db["t"].insert({"x": 1})
    with open_writable(fresh_path, create=True) as db:
        assert count(db) == 1


def test_a_missing_directory_is_named(tmp_path, refuses):
    path = tmp_path / "missing" / "jpcite.db"
    with refuses(f"{path} cannot be created - create the directory {path.parent} first"):
        open_writable(path, create=True)


@pytest.mark.parametrize("opened", (open_readonly, open_writable))
def test_a_directory_is_refused(tmp_path, opened, refuses):
    with refuses(f"{tmp_path} is a directory - give the path of a database file"):
        opened(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are POSIX")
def test_a_pipe_is_refused_without_waiting_for_a_writer(fresh_path, refuses):
    os.mkfifo(fresh_path)
    with refuses(f"{fresh_path} is not a regular file - give the path of a database file"):
        open_readonly(fresh_path)


@pytest.mark.parametrize("opened", (open_readonly, open_writable))
@pytest.mark.parametrize(
    "content", (b"id,name\n1,a\n" * 100, b"SQLite format 2\0" * 40, b"hello\n")
)
def test_a_file_that_is_not_sqlite_is_refused_and_kept(fresh_path, opened, content, refuses):
    fresh_path.write_bytes(content)
    with refuses(f"{fresh_path} is not a SQLite database - give the path of one"):
        opened(fresh_path)
    assert folder(fresh_path) == {"jpcite.db": content}


@pytest.mark.parametrize("opened", (open_readonly, open_writable))
def test_an_empty_file_is_an_empty_database(fresh_path, opened):
    fresh_path.touch()
    with opened(fresh_path) as db:
        assert db.table_names() == []


def test_a_damaged_file_is_named(fresh_path, refuses):
    make(fresh_path, rows=5000)
    pages = fresh_path.read_bytes()
    fresh_path.write_bytes(pages[:8192] + b"\xff" * (len(pages) - 8192))
    with (
        refuses(
            f"{fresh_path} is damaged (database disk image is malformed) - restore it from a backup"
        ),
        explain_errors(fresh_path),
        open_readonly(fresh_path) as db,
    ):
        db.execute("SELECT sum(x) FROM t").fetchone()


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="file modes are POSIX")
def test_an_unreadable_file_is_named(fresh_path):
    make(fresh_path).chmod(0)
    with without_privileges(), pytest.raises(PersonalizationError) as error:
        open_readonly(fresh_path)
    assert re.fullmatch(
        rf"{fresh_path} cannot be (opened - make the file and its directory readable and writable"
        rf"|read \(.*\) - check the path and its rights)",
        str(error.value),
    )


@contextmanager
def without_privileges():
    # For root a file's mode means nothing.
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


def test_a_full_disk_is_named(fresh_path, refuses):
    with (
        refuses(
            f"no space left for {fresh_path} or temporary files - free some, then run this again"
        ),
        explain_errors(fresh_path),
        open_writable(make(fresh_path)) as db,
    ):
        db.execute("PRAGMA max_page_count = 3")
        db.execute("INSERT INTO t VALUES (zeroblob(100000))")


def test_a_refusal_by_the_database_names_the_file(fresh_path, refuses):
    with (
        refuses(f"{fresh_path}: UNIQUE constraint failed: t.x"),
        explain_errors(fresh_path),
        open_writable(make(fresh_path)) as db,
    ):
        db.execute("CREATE UNIQUE INDEX one ON t(x)")
        db.execute("INSERT INTO t VALUES (0)")


def test_a_fault_of_the_program_is_not_explained_away(fresh_path):
    with (
        pytest.raises(sqlite3.ProgrammingError),
        explain_errors(fresh_path),
        open_writable(make(fresh_path)) as db,
    ):
        db.execute("SELECT ?", [])


@pytest.mark.parametrize(
    ("journal_mode", "lock"),
    (
        ("delete", "BEGIN IMMEDIATE"),
        ("delete", "BEGIN EXCLUSIVE"),
        ("wal", "BEGIN IMMEDIATE"),
        ("wal", "BEGIN EXCLUSIVE"),
    ),
)
def test_a_locked_file_says_who_to_wait_for(fresh_path, refuses, journal_mode, lock):
    make(fresh_path, journal_mode)
    with (
        held_by_another(fresh_path, lock) as child,
        refuses(is_locked(fresh_path, child)),
        explain_errors(fresh_path),
        open_writable(fresh_path, timeout_s=0.05) as db,
    ):
        db.execute("BEGIN IMMEDIATE")


def test_a_reader_that_keeps_a_commit_waiting_is_named(fresh_path, refuses):
    make(fresh_path, rows=5000)
    # The reader's statement is unfinished, so that it keeps its shared lock.
    with (
        held_by_another(fresh_path, "BEGIN", "SELECT x FROM t") as child,
        refuses(is_locked(fresh_path, child)),
        explain_errors(fresh_path),
        open_writable(fresh_path, timeout_s=0.05) as db,
    ):
        db.execute("INSERT INTO t VALUES (1)")


def test_readers_in_wal_mode_are_not_named_for_the_writer(fresh_path):
    make(fresh_path, "wal")
    with (
        held_by_another(fresh_path, "BEGIN", "SELECT x FROM t"),
        held_by_another(fresh_path, "BEGIN IMMEDIATE") as writer,
    ):
        assert lock_holders(fresh_path) == who(writer)


def test_a_lock_of_this_process_is_called_its_own(fresh_path):
    make(fresh_path)
    with closing(sqlite3.connect(fresh_path)) as conn:
        conn.execute("BEGIN IMMEDIATE")
        expected = "another connection of this process" if sees_locks() else "another program"
        assert lock_holders(fresh_path) == expected


def test_a_lock_released_in_time_is_waited_for(fresh_path):
    make(fresh_path)
    with held_by_another(fresh_path, "BEGIN IMMEDIATE") as child:
        child.stdin.write("\n")
        child.stdin.flush()
        with open_writable(fresh_path) as db:
            db.execute("INSERT INTO t VALUES (1)")
            assert count(db) == 2


def test_without_proc_the_holder_is_another_program(fresh_path, tmp_path):
    make(fresh_path)
    with held_by_another(fresh_path, "BEGIN IMMEDIATE"):
        assert lock_holders(fresh_path, tmp_path / "no-locks") == "another program"


@pytest.mark.skipif(not sees_locks(), reason="who holds a lock is read from /proc/locks")
def test_a_lock_that_one_reading_left_out_is_found_by_the_next(fresh_path):
    class Locks:
        readings = 0

        def read_text(self, encoding):
            self.readings += 1
            return Path("/proc/locks").read_text(encoding) if self.readings > 2 else ""

    make(fresh_path, "wal")
    with held_by_another(fresh_path, "BEGIN IMMEDIATE") as child:
        assert lock_holders(fresh_path, Locks()) == who(child)


def test_opening_another_connection_here_keeps_the_locks_of_the_first(fresh_path):
    """POSIX drops every lock a process has on a file as soon as it closes any descriptor of it."""
    make(fresh_path, "wal")
    with closing(sqlite3.connect(fresh_path, isolation_level=None)) as conn:
        conn.execute("BEGIN IMMEDIATE")
        with open_readonly(fresh_path), open_writable(fresh_path):
            pass
        rival = "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0).execute('BEGIN IMMEDIATE')"
        command = [sys.executable, "-c", rival, str(fresh_path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.stderr.splitlines()[-1] == "sqlite3.OperationalError: database is locked"
