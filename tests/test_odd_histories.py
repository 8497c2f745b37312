"""Odd but honest histories: none of them is accused, none is stuck, and what cannot go on is refused at once."""

import sqlite3
from contextlib import closing
from datetime import date, timedelta
from importlib.resources import files

import pytest
from click.testing import CliRunner
from scored import (
    NIGHTS,
    OTHERS,
    P,
    connect,
    execute,
    history,
    tamper,
    tamper_behind_the_guards,
)
from sqlite_utils.cli import cli

from sqlite_utils_personalization import score
from sqlite_utils_personalization.audit.verify.remarks import remarks
from sqlite_utils_personalization.audit.verify.verify import verify
from sqlite_utils_personalization.evidence.seal import seal_others
from sqlite_utils_personalization.preferences.erasure import erase
from sqlite_utils_personalization.schema import apply_evidence, migrate
from sqlite_utils_personalization.scoring import log, night
from sqlite_utils_personalization.transaction import transaction

STORAGE = "287_personalization"
EVIDENCE = "900_personalization_evidence"
LOG = f"{P}recommendation_log"
PROGRESS = f"SELECT run_id, status, cursor, logged, first_rec_id FROM {P}run_progress ORDER BY 1"
THIRD = "2026-04-03"


@pytest.fixture
def path(tmp_path):
    """Two nights on the example, with rows of another program."""
    path = tmp_path / "scored.db"
    path.write_bytes(history())
    return path


def read(path, sql, *parameters):
    with closing(connect(path)) as db:
        return db.execute(sql, parameters).fetchall()


def findings(path):
    with closing(connect(path)) as db:
        return verify(db)


def interrupt(path, monkeypatch, night=THIRD, after=3):
    monkeypatch.setattr(log, "CHUNK_CUSTOMERS", 1)

    def stop(stage, done, total):
        if stage == "Logging" and done >= after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        score(path, as_of=night, progress=stop)


# UTF-16


UTF_16 = ("UTF-16le", "UTF-16be")


@pytest.fixture(params=UTF_16)
def utf_16(request, fresh_path):
    execute(
        fresh_path, f"PRAGMA encoding = '{request.param}'", "CREATE TABLE programs (unified_id)"
    )
    return fresh_path, request.param


def test_a_database_in_utf_16_is_refused_before_anything_is_changed(utf_16):
    path, encoding = utf_16
    before = path.read_bytes()
    result = CliRunner().invoke(cli, ["personalization-migrate", str(path)])
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        f"Error: {path} stores its texts in {encoding}, where they rank in another order than in UTF-8 - make a new"
        " file with PRAGMA encoding = 'UTF-8' before its first table, copy everything there, and use that\n"
    )
    assert path.read_bytes() == before


def in_utf_16(path, *names):
    """The migrations of these names, as they could be applied before, without the check at their end."""
    with closing(connect(path)) as db:
        for name in names:
            script = files("sqlite_utils_personalization.schema").joinpath(f"{name}.sql")
            text = script.read_text(encoding="utf-8")
            db.executescript(text.replace("encoding = 'UTF-8'", "1"))


@pytest.mark.parametrize("dry_run", (False, True))
@pytest.mark.parametrize("names", ((STORAGE,), (STORAGE, EVIDENCE)))
def test_no_night_is_scored_in_utf_16_even_where_the_tables_are_there(utf_16, names, dry_run):
    path, encoding = utf_16
    in_utf_16(path, *names)
    before = path.read_bytes()
    with pytest.raises(Exception, match=f"stores its texts in {encoding}, where they rank"):
        score(path, as_of=THIRD, dry_run=dry_run)
    assert path.read_bytes() == before


def test_evidence_is_not_added_to_a_database_in_utf_16(utf_16):
    path, encoding = utf_16
    in_utf_16(path, STORAGE)
    with (
        closing(connect(path)) as db,
        pytest.raises(Exception, match=f"the database stores its texts in {encoding}"),
    ):
        apply_evidence(db)


# rows that were deleted while 287 stood alone


def before_900(path, rows, *statements):
    migrate(path, only=[STORAGE])
    execute(
        path,
        f"INSERT INTO {P}profile(profile_id, user_token_hash) VALUES (8, '{'8' * 64}')",
        *[OTHERS] * rows,
        *statements,
    )


@pytest.mark.parametrize(
    ("statement", "mark"),
    (
        (f"DELETE FROM {LOG} WHERE rec_id = 5", (1, 4, 5)),
        (f"DELETE FROM {LOG} WHERE rec_id > 1", (1, 1, 5)),
        (f"DELETE FROM {LOG}", (1, 0, 5)),
        (f"DELETE FROM {LOG} WHERE rec_id = 2", (1, 5, 5)),
        ("SELECT 1", (1, 5, 5)),
    ),
)
def test_what_was_deleted_before_900_is_not_accused(fresh_path, statement, mark):
    before_900(fresh_path, 5, statement)
    migrate(fresh_path)
    assert read(fresh_path, f"SELECT * FROM {P}log_mark") == [mark]
    assert findings(fresh_path) == []
    score(fresh_path, as_of=THIRD)
    execute(fresh_path, OTHERS)
    score(fresh_path, as_of="2026-04-04")
    assert findings(fresh_path) == []


def cut(path):
    return [finding.what for finding in findings(path) if "was once written" in finding.what]


@pytest.mark.parametrize(
    ("deleted_before", "deleted_after", "row"),
    (("rec_id = 5", "rec_id = 4", 4), ("0", "rec_id = 5", 5), ("rec_id = 2", "rec_id > 2", 5)),
)
def test_an_unsealed_row_deleted_after_900_is_found(fresh_path, deleted_before, deleted_after, row):
    before_900(fresh_path, 5, f"DELETE FROM {LOG} WHERE {deleted_before}")
    migrate(fresh_path)
    with closing(connect(fresh_path)) as db:
        tamper(db, f"DELETE FROM {LOG} WHERE {deleted_after}")
    migrate(fresh_path)
    (message,) = cut(fresh_path)
    assert message.endswith(f"but row {row} was once written")


@pytest.mark.parametrize(
    ("change", "what"),
    (
        ("last_rec_id = 4", "row 4 was the last of the log when 900 was applied, and is missing"),
        (
            "given_rec_id = 6",
            "row 6 had been given when 900 was applied, and evidence begins at 6",
        ),
    ),
)
def test_a_mark_that_says_what_cannot_have_been_is_found(fresh_path, change, what):
    before_900(fresh_path, 5, f"DELETE FROM {LOG} WHERE rec_id > 3")
    migrate(fresh_path)
    execute(fresh_path, "CREATE TABLE programs (unified_id, primary_name)")
    execute(fresh_path, "INSERT INTO programs VALUES ('A', '農業の機械導入補助金')")
    execute(fresh_path, f'UPDATE {P}profile SET preference_json = \'{{"risk_tolerance": "low"}}\'')
    score(fresh_path, as_of=THIRD)
    assert findings(fresh_path) == []
    with closing(connect(fresh_path)) as db:
        tamper_behind_the_guards(db, f"UPDATE {P}log_mark SET {change}")
    assert [(one.code, one.what) for one in findings(fresh_path)] == [("mark-wrong", what)]


def test_an_unsealed_row_added_and_deleted_after_900_is_found(fresh_path):
    before_900(fresh_path, 5, f"DELETE FROM {LOG}")
    migrate(fresh_path)
    execute(fresh_path, OTHERS, OTHERS)
    with closing(connect(fresh_path)) as db:
        tamper(db, f"DELETE FROM {LOG} WHERE rec_id = 7")
    assert cut(fresh_path) == ["the log ends at row 6, but row 7 was once written"]


def test_applying_900_again_forgives_nothing(fresh_path):
    migrate(fresh_path)
    execute(
        fresh_path,
        f"INSERT INTO {P}profile(profile_id, user_token_hash) VALUES (8, '{'8' * 64}')",
        OTHERS,
        OTHERS,
    )
    with closing(connect(fresh_path)) as db:
        tamper(db, f"DELETE FROM {LOG} WHERE rec_id = 2", f"DROP TABLE {P}log_mark")
    assert EVIDENCE in migrate(fresh_path)
    assert read(fresh_path, f"SELECT * FROM {P}log_mark") == []
    assert cut(fresh_path) == ["the log ends at row 1, but row 2 was once written"]


# numbers


def test_another_program_cannot_put_a_row_into_what_is_sealed(path):
    (sealed,) = read(path, f"SELECT max(log_end) FROM {P}seal")[0]
    # The log had given up these numbers, and never used them.
    with closing(connect(path)) as db:
        db.execute(
            f"INSERT INTO {LOG}(rec_id, profile_id, recommendation_type) VALUES (?, 8, 'program')",
            (sealed + 10,),
        )
        with transaction(db, "IMMEDIATE"):
            seal_others(db)
        with pytest.raises(sqlite3.IntegrityError, match="part of the log that is sealed"):
            db.execute(
                f"INSERT INTO {LOG}(rec_id, profile_id, recommendation_type) VALUES (?, 8, 'program')",
                (sealed + 5,),
            )
    assert findings(path) == []


@pytest.mark.parametrize("number", (2**53, 2**53 - 1, 2**53 - 20, 2**52 + 1))
def test_no_number_blocks_the_next_night(path, number):
    sql = f"INSERT INTO {LOG}(rec_id, profile_id, recommendation_type) VALUES (?, 8, 'program')"
    with (
        closing(connect(path)) as db,
        pytest.raises(sqlite3.IntegrityError, match=r"at most 2\^52"),
    ):
        db.execute(sql, (number,))
    score(path, as_of=THIRD)
    assert findings(path) == []


def test_after_the_highest_number_that_is_accepted_nights_go_on(path):
    sql = f"INSERT INTO {LOG}(rec_id, profile_id, recommendation_type) VALUES (?, 8, 'program')"
    read(path, sql, 2**52)
    for day in range(2):
        score(path, as_of=(date(2026, 4, 3) + timedelta(day)).isoformat())
        execute(path, OTHERS)
    assert findings(path) == []


# progress


DAMAGES = (
    f"DELETE FROM {P}run_progress WHERE run_id = 3",
    f"UPDATE {P}run_progress SET status = 'finished' WHERE run_id = 3",
    f"UPDATE {P}run_progress SET status = 'running' WHERE run_id = 3",
    f"UPDATE {P}run_progress SET cursor = 0 WHERE run_id = 3",
    f"UPDATE {P}run_progress SET cursor = 1000 WHERE run_id = 3",
    f"UPDATE {P}run_progress SET cursor = -1 WHERE run_id = 3",
    f"UPDATE {P}run_progress SET cursor = 'x' WHERE run_id = 3",
    f"UPDATE {P}run_progress SET logged = 7 WHERE run_id = 3",
    f"UPDATE {P}run_progress SET first_rec_id = NULL WHERE run_id = 3",
    f"UPDATE {P}run_progress SET first_rec_id = 1 WHERE run_id = 3",
    f"UPDATE {P}run_progress SET first_rec_id = first_rec_id + 5 WHERE run_id = 3",
    f"UPDATE {P}run_progress SET finished_at = NULL WHERE run_id = 3",
    f"UPDATE {P}run_progress SET finished_at = 'yesterday' WHERE run_id = 3",
    f"UPDATE {P}run_progress SET run_id = 99 WHERE run_id = 3",
)


def is_changed(path, damage):
    """Do the damage; whether it was any."""
    everything = f"SELECT * FROM {P}run_progress ORDER BY 1"
    before = read(path, everything)
    execute(path, "PRAGMA foreign_keys = off", damage)
    return read(path, everything) != before


def left(damage):
    """What cannot be put back: a row that says how far a run is that nobody knows."""
    return [("run-missing", 99)] if "run_id = 99" in damage else []


def faults(path):
    return [(finding.code, finding.run_id) for finding in findings(path)]


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.sampled(4)
def test_an_interrupted_night_is_finished_whatever_was_done_to_its_progress(
    path, tmp_path, monkeypatch, damage
):
    execute(path, OTHERS)
    interrupt(path, monkeypatch)
    whole = tmp_path / "whole.db"
    whole.write_bytes(path.read_bytes())
    score(whole, as_of=THIRD)
    assert is_changed(path, damage) is (faults(path) != [("run-open", 3)])
    assert score(path, as_of=THIRD)["outcome"] == "resumed"
    logged = f"SELECT rec_id, profile_id, recommendation_type, score FROM {LOG}"
    assert read(path, logged) == read(whole, logged)
    assert [row for row in read(path, PROGRESS) if row[0] <= 3] == read(whole, PROGRESS)
    assert faults(path) == left(damage)
    assert score(path, as_of=THIRD)["outcome"] == "already scored"


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.sampled(4)
def test_a_finished_night_stays_finished_whatever_was_done_to_its_progress(path, damage):
    score(path, as_of=THIRD)
    before = read(path, PROGRESS)
    assert is_changed(path, damage) is (faults(path) != [])
    said = []
    found = score(path, as_of=THIRD, say=said.append)
    assert (found["outcome"], found["logged"]) == ("already scored", 0)
    assert [row for row in read(path, PROGRESS) if row[0] <= 3] == before
    assert faults(path) == left(damage)


@pytest.mark.parametrize("after", range(1, 9))
@pytest.mark.sampled(2)
def test_how_far_a_night_came_is_known_even_if_customers_were_erased_meanwhile(
    path, monkeypatch, after
):
    interrupt(path, monkeypatch, after=after)
    ((key,),) = read(
        path,
        f"SELECT user_token_hash FROM {P}profile JOIN {P}run_customer USING (profile_id) ORDER BY position LIMIT 1",
    )
    with closing(connect(path)) as db:
        erase(db, key)
    score(path, as_of=THIRD)
    before = read(path, PROGRESS)
    execute(path, f"DELETE FROM {P}run_progress WHERE run_id = 3")
    score(path, as_of=THIRD)
    assert read(path, PROGRESS) == before
    assert findings(path) == []


def test_a_dry_run_puts_nothing_back(path, monkeypatch):
    interrupt(path, monkeypatch)
    execute(path, f"DELETE FROM {P}run_progress WHERE run_id = 3")
    before = path.read_bytes()
    assert score(path, as_of=THIRD, dry_run=True)["outcome"] == "interrupted"
    assert path.read_bytes() == before


def test_putting_progress_back_is_said(path):
    execute(path, f"DELETE FROM {P}run_progress WHERE run_id = 2")
    result = CliRunner().invoke(cli, ["personalization-score", str(path), "--as-of", NIGHTS[1]])
    assert result.exit_code == 0
    assert "progress of run 2 was wrong: derived again\n" in result.stderr
    again = CliRunner().invoke(cli, ["personalization-score", str(path), "--as-of", NIGHTS[1]])
    assert "derived again" not in again.stderr


# times


def noted(path):
    with closing(connect(path)) as db:
        return [(remark.code, remark.what) for remark in remarks(db)]


def unsealed(table, n):
    what = f"{n} rows of {P}{table}, 1 to {n}, lie after the last seal"
    return "events-after-last-seal", what


def verify_command(path):
    return CliRunner().invoke(cli, ["personalization-verify", str(path), "--silent"])


def test_times_that_go_forward_are_not_noted(path):
    score(path, as_of=THIRD)
    assert noted(path) == []
    assert "note:" not in verify_command(path).stderr


def test_a_night_sealed_after_a_later_one_is_noted_and_no_finding(path, monkeypatch):
    interrupt(path, monkeypatch)
    score(path, as_of="2026-04-04", resume=False)
    score(path, as_of=THIRD)
    ((code, message),) = noted(path)
    assert code == "time-backwards"
    assert "is of run 3, which started at " in message
    assert ", but run 4, which was sealed before, at " in message
    result = verify_command(path)
    assert (result.exit_code, result.stdout) == (0, "")
    assert f"note: {message}\n" in result.stderr


def test_a_clock_that_was_set_back_between_nights_is_noted(path, monkeypatch):
    monkeypatch.setattr(night, "utc_now", lambda: "2020-01-01T00:00:00.000Z")
    score(path, as_of=THIRD)
    score(path, as_of="2026-04-04")
    ((code, message),) = noted(path)
    assert code == "time-backwards"
    assert "is of run 3, which started at 2020-01-01T00:00:00.000Z, but run 2, " in message
    assert message.endswith("; and 1 more")
    assert findings(path) == []


ERASED = f"INSERT INTO {P}erasure(profile_id, erased_at, legal_basis, log_rows) VALUES ({{}}, '{{}}', 'objection', 0)"
ROTATED = (
    f"INSERT INTO {P}rotation(profile_id, rotated_at, proof) VALUES ({{}}, '{{}}', '{'a' * 64}')"
)
DELIVERED = (
    f"INSERT INTO {P}delivery(delivery_key, rec_id, channel, slot, delivered_at, recorded_at, status,"
    f" unit_price_yen) VALUES ('{{0}}' || '{'a' * 63}', 1, 'rest', 'a', '2026-05-01', '{{1}}', 200, 0)"
)


@pytest.mark.parametrize(
    ("event", "table"), ((ERASED, "erasure"), (ROTATED, "rotation"), (DELIVERED, "delivery"))
)
def test_events_whose_times_go_backwards_are_noted(path, event, table):
    # After both nights began, which else would have looked at what was delivered.
    execute(path, event.format(1, "2099-05-02"), event.format(2, "2099-05-02"))
    assert noted(path) == [unsealed(table, 2)]
    execute(path, event.format(3, "2099-05-01"), event.format(4, "2099-05-03"))
    what = f"{table}_id 3 was written at 2099-05-01, the one before it at 2099-05-02: the clock was set back"
    assert noted(path) == [unsealed(table, 4), ("time-backwards", what)]


def test_a_manifest_that_says_no_time_is_left_to_the_findings(path):
    with closing(connect(path)) as db:
        tamper(db, f"UPDATE {P}seal SET manifest_json = '[]'")
    # Nor does it say which events it covers.
    assert noted(path) == [unsealed("identity", 8)]
    assert findings(path) != []
