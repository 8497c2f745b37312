"""A night on a file that others write and read at the same time: nobody is locked out."""

import sqlite3
import threading
import time
from contextlib import closing

import pytest
from scored import execute

from sqlite_utils_personalization import score
from sqlite_utils_personalization.example import AS_OF, build
from sqlite_utils_personalization.scoring import log
from sqlite_utils_personalization.transaction import Turns

CUSTOMERS = 4_000
WRITE = "INSERT INTO usage_events (ts) VALUES (1)"
READ = "SELECT count(*) FROM am_personalization_recommendation_log WHERE rec_id > 100"


@pytest.fixture(params=("wal", "delete"))
def shared(request, tmp_path, monkeypatch):
    """A database in either journal mode, with enough customers for a few dozen transactions."""
    monkeypatch.setattr(log, "CHUNK_CUSTOMERS", 200)
    path = tmp_path / "jpcite.db"
    build(path)
    execute(
        path,
        f"PRAGMA journal_mode = {request.param}",
        "CREATE TABLE usage_events (id INTEGER PRIMARY KEY, ts INTEGER)",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000)"
        " INSERT INTO am_personalization_profile(user_token_hash, preference_json)"
        """ SELECT printf('%064x', i), json_object('deadline_horizon_days', 1 + i % 90) FROM n""",
    )
    return path


def keep_doing(path, sql, done, found):
    with closing(sqlite3.connect(path, timeout=5, isolation_level=None)) as db:
        while not done.is_set():
            try:
                found.append(db.execute(sql).fetchall())
            except sqlite3.OperationalError as error:
                found.append(error)
            time.sleep(0.05)


@pytest.mark.sampled(1)
def test_a_writer_and_a_reader_are_never_locked_out(shared):
    done = threading.Event()
    written, read = [], []
    others = [
        threading.Thread(target=keep_doing, args=(shared, sql, done, found))
        for sql, found in ((WRITE, written), (READ, read))
    ]
    for other in others:
        other.start()

    def wait_for_both(stage, logged, total):
        # However fast the machine: the night meets both of them after each of its transactions.
        before = len(written), len(read)
        while stage == "Logging" and not (len(written) > before[0] and len(read) > before[1]):
            assert all(other.is_alive() for other in others)
            time.sleep(0.001)

    try:
        summary = score(shared, as_of=AS_OF, progress=wait_for_both)
    finally:
        done.set()
        for other in others:
            other.join()
    assert [found for found in written + read if isinstance(found, Exception)] == []
    with closing(sqlite3.connect(shared)) as db:
        assert db.execute("SELECT count(*) FROM usage_events").fetchone() == (len(written),)
        (logged,) = db.execute(
            "SELECT count(*) FROM am_personalization_recommendation_log"
        ).fetchone()
    assert summary["logged"] == logged > CUSTOMERS
    chunks = CUSTOMERS // 200
    assert (len(written) > chunks, len(read) > chunks) == (True, True)


def test_writers_get_a_turn_after_each_transaction_while_they_write(shared, monkeypatch):
    pauses = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    with closing(sqlite3.connect(shared, isolation_level=None)) as db:
        turns = Turns(db)
        assert (turns.give(0.4), pauses) == (False, [])
        db.execute(WRITE)
        assert (turns.give(0.4), pauses) == (False, [])
        execute(shared, WRITE)
        assert (turns.give(0.4), pauses) == (True, [0.1])
        assert (turns.give(0.0), pauses) == (True, [0.1, Turns.PAUSE_S])


def test_one_who_waits_alone_gets_a_turn_each_second(shared, monkeypatch):
    pauses, clock = [], [0.0]
    monkeypatch.setattr(time, "sleep", pauses.append)
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    with closing(sqlite3.connect(shared, isolation_level=None)) as db:
        turns = Turns(db)
        for clock[0] in (0.4, 0.8, 1.2, 1.6, 2.4):
            turns.give(0.4)
    assert pauses == [Turns.LONG_PAUSE_S] * 2
