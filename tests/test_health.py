"""Health: the last night and its age, open runs, the quick checks as one ok, and what a monitor is told."""

import json
import sqlite3
from contextlib import closing, suppress
from datetime import datetime, timezone

import pytest

from sqlite_utils_personalization import NoSchema, health, rollback, score
from sqlite_utils_personalization.api import health as module
from sqlite_utils_personalization.errors import InvalidInput
from sqlite_utils_personalization.example import AS_OF, build
from sqlite_utils_personalization.schema import EVENTS, STORAGE, migrate


@pytest.fixture
def path(tmp_path):
    build(tmp_path / "jpcite.db")
    score(tmp_path / "jpcite.db", as_of=AS_OF)
    return tmp_path / "jpcite.db"


def changed(path, sql):
    with closing(sqlite3.connect(path)) as db, db:
        db.executescript(sql)


def reasons(found):
    return [warning["reason"] for warning in found["warnings"]]


def test_a_file_that_was_scored_is_well_and_says_so_in_json(path):
    found = health(path)
    assert json.loads(json.dumps(found)) == found
    assert (found["ok"], found["integrity"]["ok"], found["warnings"]) == (True, True, [])
    assert found["open_runs"] == found["pending_migrations"] == []
    assert (found["last_night"]["as_of"], found["last_night"]["run_id"]) == (AS_OF, 1)
    assert len(found["migrations"]) == 4


@pytest.mark.parametrize(
    ("now", "hours", "days"),
    [
        # a minute before and after midnight in Japan
        ("2026-04-01T14:59:00", 20.0, 0),
        ("2026-04-01T15:01:00", 20.0, 1),
        ("2026-04-03T15:01:00", 68.0, 3),
        ("2026-03-31T14:59:00", -4.0, -1),
    ],
)
def test_the_age_is_in_hours_and_in_days_of_japan(path, monkeypatch, now, hours, days):
    moment = datetime.fromisoformat(now).replace(tzinfo=timezone.utc)
    monkeypatch.setattr(module, "right_now", lambda: moment)
    monkeypatch.setattr(module, "japan_day", lambda: module_day(moment))
    changed(
        path,
        "DROP TRIGGER am_personalization_run_no_update;"
        "UPDATE am_personalization_run SET served_at = '2026-03-31T19:00:00.000Z'",
    )
    last = health(path)["last_night"]
    assert (last["hours"], last["days"]) == (pytest.approx(hours, abs=0.1), days)


def module_day(moment):
    from sqlite_utils_personalization.clock import japan_day

    return japan_day(moment)


def test_a_last_night_older_than_allowed_is_not_ok(path):
    days = health(path)["last_night"]["days"]
    assert health(path, max_days=days)["ok"]
    found = health(path, max_days=days - 1)
    assert (found["ok"], found["integrity"]["ok"], reasons(found)) == (False, True, ["old_night"])


def test_the_last_night_is_that_of_the_latest_day_not_the_one_scored_last(path):
    score(path, as_of="2026-03-30")
    assert health(path)["last_night"]["as_of"] == AS_OF


@pytest.mark.parametrize(("max_days", "ok"), [(None, True), (3660, False)])
def test_a_file_without_a_night_is_well_unless_one_is_expected(tmp_path, max_days, ok):
    migrate(tmp_path / "jpcite.db")
    found = health(tmp_path / "jpcite.db", max_days=max_days)
    assert (found["ok"], found["last_night"], reasons(found)) == (ok, None, ["no_night"])


def test_an_open_run_is_warned_of_and_is_no_last_night(path):
    def stop(stage, done, total):
        if stage == "Logging":
            raise KeyboardInterrupt

    with suppress(KeyboardInterrupt):
        score(path, as_of="2026-04-02", progress=stop)
    found = health(path)
    assert (found["ok"], reasons(found)) == (True, ["open_run"])
    assert [run["as_of"] for run in found["open_runs"]] == ["2026-04-02"]
    assert 0 <= found["open_runs"][0]["hours"] < 1
    assert found["last_night"]["as_of"] == AS_OF


@pytest.mark.parametrize(
    "sql",
    [
        "DROP TRIGGER am_personalization_run_no_update",
        "DROP TRIGGER am_personalization_run_no_update;"
        " UPDATE am_personalization_run SET served_at = 'x', as_of = 'y'",
        "DROP TRIGGER am_personalization_seal_no_delete; DELETE FROM am_personalization_seal",
    ],
)
def test_what_was_tampered_with_is_not_ok(path, sql):
    changed(path, sql)
    found = health(path)
    assert (found["ok"], found["integrity"]["ok"]) == (False, False)
    assert "integrity" in reasons(found)


def test_a_migration_that_is_not_applied_is_warned_of(path):
    changed(path, "DROP INDEX idx_am_personalization_delivery_rec")
    assert health(path)["pending_migrations"] == [EVENTS]


def test_a_file_that_is_not_migrated_is_of_its_kind(tmp_path):
    migrate(tmp_path / "jpcite.db", only=[STORAGE])
    with pytest.raises(NoSchema):
        health(tmp_path / "jpcite.db")
    rollback(tmp_path / "jpcite.db")
    with pytest.raises(NoSchema):
        health(tmp_path / "jpcite.db")


@pytest.mark.parametrize("days", [-1, 3661, "1", 1.0, True, float("nan")])
def test_a_number_of_days_is_one(path, days):
    with pytest.raises(InvalidInput, match="max_days"):
        health(path, max_days=days)


def test_it_writes_nothing_and_leaves_a_connection_as_it_was(path):
    before = path.read_bytes()
    with closing(sqlite3.connect(path)) as conn:
        conn.row_factory = sqlite3.Row
        conn.execute("BEGIN")
        assert health(conn) | {"last_night": 0} == health(path) | {"last_night": 0}
        assert (conn.row_factory, conn.in_transaction) == (sqlite3.Row, True)
    assert path.read_bytes() == before
