"""Whose transaction it is when a function of ours writes on a path or on a connection of the caller's."""

import sqlite3
import sys
import threading

import pytest
import sqlite_utils

from sqlite_utils_personalization.api.opened import alone, reading, streamed, writing
from sqlite_utils_personalization.errors import (
    Conflict,
    Damaged,
    InvalidInput,
    Locked,
    PersonalizationError,
    ReadOnly,
)


@pytest.fixture
def path(tmp_path):
    found = tmp_path / "some.db"
    with sqlite3.connect(found) as conn:
        conn.execute("CREATE TABLE t(a)")
    conn.close()
    return found


def write(file, value="a"):
    with writing(file) as found:
        found.conn.execute("INSERT INTO t VALUES (?)", (value,))


def fail_after(function, *arguments):
    function(*arguments)
    raise ZeroDivisionError


def kept(path):
    with sqlite3.connect(path) as conn:
        return [a for (a,) in conn.execute("SELECT a FROM t")]


@pytest.mark.parametrize("kind", [str, lambda path: path, sqlite_utils.Database])
def test_a_path_or_a_database_keeps_it_at_once(path, kind):
    write(kind(path) if kind is not sqlite_utils.Database else sqlite_utils.Database(str(path)))
    assert kept(path) == ["a"]


def test_a_default_connection_keeps_it_when_the_caller_commits(path):
    conn = sqlite3.connect(path)
    write(conn)
    assert kept(path) == []
    conn.commit()
    assert kept(path) == ["a"]
    assert conn.isolation_level == ""


def test_what_is_raised_inside_with_undoes_it(path):
    conn = sqlite3.connect(path)
    with pytest.raises(ZeroDivisionError), conn:
        fail_after(write, conn)
    assert kept(path) == []


def test_a_connection_that_commits_each_statement_keeps_it_at_once(path):
    conn = sqlite3.connect(path, isolation_level=None)
    write(conn)
    assert kept(path) == ["a"]
    conn.execute("BEGIN")
    write(conn, "b")
    conn.execute("ROLLBACK")
    assert kept(path) == ["a"]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="Python 3.12 brought autocommit")
@pytest.mark.parametrize(("autocommit", "found"), [(True, ["a"]), (False, [])])
def test_autocommit_is_what_python_says_it_is(path, autocommit, found):
    conn = sqlite3.connect(path, autocommit=autocommit)
    write(conn)
    assert kept(path) == found
    if not autocommit:
        conn.commit()
        assert kept(path) == ["a"]


def test_what_fails_leaves_the_rest_of_the_callers_transaction(path):
    conn = sqlite3.connect(path)
    conn.execute("INSERT INTO t VALUES ('mine')")
    with pytest.raises(ZeroDivisionError), writing(conn) as found:
        fail_after(found.conn.execute, "INSERT INTO t VALUES ('ours')")
    conn.commit()
    assert kept(path) == ["mine"]


def test_what_commits_as_it_goes_refuses_an_open_transaction(path):
    conn = sqlite3.connect(path)
    conn.execute("INSERT INTO t VALUES ('mine')")
    with pytest.raises(Conflict, match="in a transaction"), alone(conn):
        pass
    assert conn.in_transaction


def test_rows_and_texts_of_the_callers_are_as_they_were(path):
    conn = sqlite3.connect(path)
    conn.row_factory, conn.text_factory = sqlite3.Row, bytes
    with reading(conn) as found:
        assert found.conn.execute("SELECT 'a'").fetchone() == ("a",)
    assert conn.execute("SELECT 'a' AS a").fetchone()["a"] == b"a"


def test_the_caller_may_ask_the_same_connection_while_rows_come(path):
    conn = sqlite3.connect(path)
    conn.row_factory = sqlite3.Row
    conn.executemany("INSERT INTO t VALUES (?)", [(1,), (2,)])
    rows = streamed(conn, lambda found: (a for (a,) in found.conn.execute("SELECT a FROM t")))
    seen = [(a, conn.execute("SELECT max(a) AS most FROM t").fetchone()["most"]) for a in rows]
    assert seen == [(1, 2), (2, 2)]


def in_threads(number, work):
    errors = []

    def run(at):
        try:
            work(at)
        except PersonalizationError as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(at,)) for at in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


def test_threads_that_share_a_connection_lose_nothing(path):
    conn = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    errors = in_threads(8, lambda at: [write(conn, at * 100 + n) for n in range(50)])
    assert (errors, len(set(kept(path)))) == ([], 400)


def test_a_thread_is_told_of_another_ones_transaction(path):
    conn = sqlite3.connect(path, check_same_thread=False)
    write(conn)
    (error,) = in_threads(1, lambda at: write(conn, "b"))
    assert isinstance(error, Conflict)
    assert "isolation_level=None" in error.todo
    conn.commit()
    assert kept(path) == ["a"]


def test_a_connection_of_another_thread_is_refused(path):
    conn = sqlite3.connect(path)
    (error,) = in_threads(1, lambda at: write(conn))
    assert isinstance(error, InvalidInput)


@pytest.mark.parametrize("file", [None, 1, object(), b"a.db", "a\0b"])
def test_what_is_no_file_is_said(file):
    with pytest.raises(InvalidInput), reading(file):
        pass


def test_a_closed_connection_is_said(path):
    conn = sqlite3.connect(path)
    conn.close()
    with pytest.raises(InvalidInput, match="cannot be used"):
        write(conn)


def test_errors_are_of_their_kind(path, tmp_path):
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(Locked) as raised, writing(path, timeout_s=0):
        pass
    assert raised.value.retry_after_s > 0
    with pytest.raises(Locked), writing(sqlite3.connect(path), timeout_s=0):
        pass
    other.execute("ROLLBACK")
    (tmp_path / "text").write_text("no database, but long enough to be taken for one" * 40)
    with pytest.raises(Damaged), reading(tmp_path / "text"):
        pass
    with pytest.raises(ReadOnly):
        write(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True))


@pytest.mark.parametrize("seconds", [-1, 1e9, "30", float("nan"), None.__class__])
def test_a_timeout_is_a_number_of_seconds(path, seconds):
    with pytest.raises(InvalidInput, match="timeout_s"), reading(path, seconds):
        pass
