"""Requests that wait for the file at the same time share a transaction, and nothing else."""

import asyncio
import sqlite3
from contextlib import closing

import pytest

pytest.importorskip("datasette")

from rest_fixtures import PROFILE, api_database, ask, open_api, rows
from viewer_fixtures import serve

from sqlite_utils_personalization.viewer import connections
from sqlite_utils_personalization.viewer.connections import TOGETHER, write


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "jpcite.db"
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE note (n INTEGER PRIMARY KEY)")
    db.close()
    return path


def note(n):
    def add(conn):
        conn.execute("INSERT INTO note VALUES (?)", (n,))
        return conn.execute("SELECT count(*) FROM note").fetchone()

    return add


async def all_of(source, *functions):
    return await asyncio.gather(
        *(write(source, function) for function in functions), return_exceptions=True
    )


def notes(path):
    return [n for (n,) in rows(path, "SELECT n FROM note ORDER BY n")]


@pytest.mark.asyncio
async def test_each_gets_its_own_answer_in_order(path):
    source = (await serve(path, metadata={})).get_database("jpcite")
    many = 3 * TOGETHER + 1

    assert await all_of(source, *map(note, range(many))) == [(n + 1,) for n in range(many)]
    assert notes(path) == list(range(many))


@pytest.mark.asyncio
async def test_what_fails_is_undone_alone(path):
    source = (await serve(path, metadata={})).get_database("jpcite")

    def half(conn):
        note(7)(conn)
        raise ValueError("not this one")

    found = await all_of(source, note(1), half, note(2), note(1), note(3))

    assert [type(answer).__name__ for answer in found] == [
        "tuple",
        "ValueError",
        "tuple",
        "IntegrityError",
        "tuple",
    ]
    assert notes(path) == [1, 2, 3]


@pytest.mark.asyncio
async def test_where_sqlite_undoes_everything_everyone_is_told(path):
    source = (await serve(path, metadata={})).get_database("jpcite")

    def disk_full(conn):
        conn.execute("ROLLBACK")
        raise sqlite3.OperationalError("database or disk is full")

    found = await all_of(source, note(1), disk_full, note(2))

    assert [str(answer) for answer in found] == ["database or disk is full"] * 3
    assert notes(path) == []
    assert await write(source, note(4)) == (1,)


@pytest.mark.asyncio
async def test_somebody_who_left_does_not_hold_up_the_rest(path):
    source = (await serve(path, metadata={})).get_database("jpcite")
    left, stayed = (asyncio.ensure_future(write(source, note(n))) for n in (1, 2))
    await asyncio.sleep(0)
    left.cancel()

    assert await stayed == (2,)
    assert await write(source, note(3)) == (3,)


@pytest.mark.asyncio
async def test_what_comes_afterwards_comes_after_the_commit(path):
    source = (await serve(path, metadata={})).get_database("jpcite")
    seen = []
    await write(source, note(1), then=lambda conn: seen.append((conn.in_transaction, notes(path))))

    assert seen == [(False, [1])]


@pytest.mark.asyncio
async def test_what_fails_afterwards_undoes_nothing_and_concerns_nobody_else(path):
    source = (await serve(path, metadata={})).get_database("jpcite")

    def fail(conn):
        raise ValueError("afterwards")

    found = await asyncio.gather(
        write(source, note(1)),
        write(source, note(2), then=fail),
        write(source, note(3)),
        return_exceptions=True,
    )

    assert [str(answer) for answer in found] == ["(1,)", "afterwards", "(3,)"]
    assert notes(path) == [1, 2, 3]


@pytest.mark.asyncio
async def test_without_threads_a_locked_file_keeps_nobody_waiting(tmp_path):
    path = api_database(tmp_path / "jpcite.db")
    datasette = await open_api(path)
    datasette.executor = None
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        answer = await ask(
            datasette, "PUT", PROFILE, "example-key-1", json={"risk_tolerance": "low"}
        )
    assert (answer.status_code, "retry-after" in answer.headers) == (503, True)


@pytest.mark.asyncio
async def test_more_requests_than_can_wait_are_told_to_come_back(tmp_path, monkeypatch):
    monkeypatch.setattr(connections, "MOST_WAITING", 0)
    datasette = await open_api(api_database(tmp_path / "jpcite.db"))
    answer = await ask(datasette, "PUT", PROFILE, "example-key-1", json={})
    assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
