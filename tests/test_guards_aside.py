"""Guards step aside for a night's own rows, and for nothing else: seen from every connection, ours included."""

import sqlite3
from contextlib import closing

import pytest
from scored import example

from sqlite_utils_personalization import score, verify
from sqlite_utils_personalization.example import AS_OF
from sqlite_utils_personalization.scoring import guards, log

LOG = "am_personalization_recommendation_log"
# Each breaks what a guard holds, of a row that is there.
BREAKING = (
    f"UPDATE {LOG} SET score = 1",
    f"DELETE FROM {LOG}",
    f"INSERT OR REPLACE INTO {LOG} SELECT * FROM {LOG} LIMIT 1",
    "UPDATE am_personalization_evidence SET n = 1",
)


@pytest.fixture
def shared(tmp_path):
    return example(tmp_path / "jpcite.db")


@pytest.fixture
def seen(monkeypatch):
    """What is called for each of the night's chunks, within its transaction, with the connection that writes."""
    whom, log_chunk = [], log._log_chunk

    def observed(db, *arguments):
        for observe in whom:
            observe(db)
        return log_chunk(db, *arguments)

    monkeypatch.setattr(log, "CHUNK_CUSTOMERS", 1)
    monkeypatch.setattr(log, "_log_chunk", observed)
    return whom


def runs_triggers(db):
    return bool(db.getconfig(sqlite3.SQLITE_DBCONFIG_ENABLE_TRIGGER))


needs_setconfig = pytest.mark.skipif(
    not hasattr(sqlite3.Connection, "setconfig"), reason="Python 3.12 brought setconfig"
)


@needs_setconfig
def test_a_night_is_written_without_asking_its_own_guards(shared, seen):
    found = []
    seen.append(lambda db: found.append(runs_triggers(db)))
    score(shared, as_of=AS_OF)
    assert len(found) > 2
    assert not any(found)
    assert verify(shared)["ok"]


def refused(db):
    for sql in BREAKING:
        with pytest.raises(sqlite3.DatabaseError):
            db.execute(sql)


def test_a_connection_has_its_guards_again_as_soon_as_the_night_is_written(shared):
    with closing(sqlite3.connect(shared)) as db:
        score(db, as_of=AS_OF)
        refused(db)


def test_another_connection_has_them_at_every_moment(shared, seen):
    score(shared, as_of="2026-03-31")
    with closing(sqlite3.connect(shared, timeout=0)) as other:
        other.execute("SELECT count(*) FROM sqlite_master").fetchone()
        triggers = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name"
        before = other.execute(triggers).fetchall()
        moments = []

        def look(_):
            moments.append(other.execute(triggers).fetchall())

        seen.append(look)
        score(shared, as_of=AS_OF)
        assert len(moments) > 2
        assert all(found == before for found in moments)
        refused(other)


def test_a_night_that_fails_leaves_the_connection_its_guards(shared, seen):
    def fail(_):
        raise KeyError

    with closing(sqlite3.connect(shared)) as db:
        score(db, as_of="2026-03-31")
        seen.append(fail)
        with pytest.raises(KeyError):
            score(db, as_of=AS_OF)
        refused(db)


@pytest.mark.parametrize("table", [LOG, LOG.upper(), "am_personalization_evidence"])
@pytest.mark.parametrize("kind", ["TRIGGER", "TEMP TRIGGER"])
def test_a_trigger_of_another_program_sees_every_row(shared, table, kind):
    with closing(sqlite3.connect(shared)) as db:
        db.execute("CREATE TABLE seen (n)")
        db.execute(
            f"CREATE {kind} theirs AFTER INSERT ON {table} BEGIN INSERT INTO seen VALUES (1); END"
        )
        score(db, as_of=AS_OF)
        n = db.execute(f"SELECT count(*) FROM {table}").fetchone()
        assert n > (0,)
        assert db.execute("SELECT count(*) FROM seen").fetchone() == n


def test_a_guard_that_is_not_ours_to_the_letter_is_asked(shared):
    with closing(sqlite3.connect(shared)) as db:
        name = f"{LOG}_no_replace"
        db.execute(f"DROP TRIGGER {name}")
        db.execute("CREATE TABLE seen (n)")
        db.execute(
            f"CREATE TRIGGER {name} BEFORE INSERT ON {LOG} BEGIN INSERT INTO seen VALUES (1); END"
        )
        score(db, as_of=AS_OF)
        assert db.execute("SELECT count(*) FROM seen").fetchone() > (0,)


@needs_setconfig
@pytest.mark.parametrize("mode", ["off", "memory"])
def test_without_a_journal_the_guards_stay(shared, seen, mode):
    found = []
    seen.append(lambda db: found.append(runs_triggers(db)))
    with closing(sqlite3.connect(shared)) as db:
        db.execute(f"PRAGMA journal_mode = {mode}")
        score(db, as_of=AS_OF)
    assert found
    assert all(found)


@needs_setconfig
def test_who_runs_no_triggers_goes_on_running_none(shared):
    with closing(sqlite3.connect(shared)) as db:
        db.setconfig(sqlite3.SQLITE_DBCONFIG_ENABLE_TRIGGER, False)
        score(db, as_of=AS_OF)
        assert not runs_triggers(db)


def test_outside_a_transaction_nothing_is_set_aside(shared):
    with closing(sqlite3.connect(shared, isolation_level=None)) as db:
        score(db, as_of=AS_OF)
        with guards.guards_aside(db):
            refused(db)
