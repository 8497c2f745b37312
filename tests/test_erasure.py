"""Erasing a customer: the link is cut, the bytes are gone, the past still verifies."""

import csv
import io
import json
import multiprocessing
import sqlite3
import subprocess
import sys
from contextlib import suppress
from hashlib import sha256

import pytest
from click.testing import CliRunner
from scored import example, tamper_behind_the_guards
from sqlite_utils.cli import cli

from sqlite_utils_personalization import migrate, score
from sqlite_utils_personalization.audit.replay import replay
from sqlite_utils_personalization.audit.selection import Selection
from sqlite_utils_personalization.audit.snapshot import snapshot
from sqlite_utils_personalization.audit.verify.verify import verify
from sqlite_utils_personalization.example import AS_OF
from sqlite_utils_personalization.preferences.customer import LEGAL_BASES
from sqlite_utils_personalization.preferences.erasure import erase
from sqlite_utils_personalization.preferences.old_bytes import checkpoint, traces, vacuum
from sqlite_utils_personalization.preferences.others import Held, held_by_others
from sqlite_utils_personalization.preferences.profile import (
    find_profile,
    list_profiles,
    set_preferences,
)
from sqlite_utils_personalization.scoring import log

P = "am_personalization_"
NEXT = "2026-04-02"


def hash_of(key):
    return sha256(key.encode()).hexdigest()


ONE, TWO = hash_of("example-key-1"), hash_of("example-key-2")


@pytest.fixture
def path(fresh_path):
    return example(fresh_path, AS_OF)


@pytest.fixture
def db(path):
    db = sqlite3.connect(path, isolation_level=None)
    yield db
    db.close()


def test_the_link_is_cut_and_the_past_stays(db):
    logged = f"SELECT * FROM {P}recommendation_log"
    before = db.execute(logged).fetchall()
    mine = [row for row in before if row[1] == 1]
    found = erase(db, ONE, "objection")
    assert (found.profile_id, found.legal_basis, found.log_rows) == (1, "objection", len(mine))
    assert find_profile(db, ONE) is None
    text, now, random = db.execute(
        f"SELECT preference_json, last_updated_at, user_token_hash FROM {P}profile WHERE profile_id = 1"
    ).fetchone()
    assert (text, now, len(random)) == ("{}", found.erased_at, 64)
    assert db.execute(logged).fetchall() == before
    assert verify(db) == []
    verdicts = {each.verdict for each in replay(db, Selection(rec_ids=[row[0] for row in mine]))}
    assert verdicts == {"erased"}


def test_the_event_says_when_why_and_how_many_and_names_no_key(db):
    found = erase(db, ONE)
    assert db.execute(f"SELECT * FROM {P}erasure").fetchall() == [(1, *found[:4])]
    ((manifest, leaves),) = db.execute(
        f"SELECT manifest_json, leaves FROM {P}seal ORDER BY seal_id DESC LIMIT 1"
    ).fetchall()
    assert (manifest, leaves) == (
        '{"after":0,"end":1,"rows":1,"table":"am_personalization_erasure"}',
        1,
    )
    assert all(ONE not in line for line in db.iterdump())


def test_the_grounds_are_those_of_the_table(db):
    (sql,) = db.execute(
        "SELECT sql FROM sqlite_master WHERE name = 'am_personalization_erasure'"
    ).fetchone()
    list_profiles = sql.partition("legal_basis IN (")[2].partition(")")[0]
    assert tuple(word.strip().strip("'") for word in list_profiles.split(",")) == LEGAL_BASES


def test_erasing_twice_changes_nothing(db):
    erase(db, ONE)
    before = [*db.iterdump()]
    assert erase(db, ONE) is None
    assert [*db.iterdump()] == before


def test_under_the_random_hash_there_is_nobody(db, refuses):
    erase(db, ONE)
    sql = f"SELECT user_token_hash FROM {P}profile WHERE profile_id = 1"
    (random,) = db.execute(sql).fetchone()
    assert (find_profile(db, random), erase(db, random)) == (None, None)
    with refuses("this hash stands for an erased customer - nothing can be done under it"):
        set_preferences(db, random, {"risk_tolerance": "low"}, {})
    assert 1 not in {row[0] for row in list_profiles(db)}


def test_an_erased_customer_is_neither_counted_nor_scored(path, db):
    before = score(path, as_of=NEXT)
    erase(db, ONE)
    after = score(path, as_of=NEXT, again=True)
    assert after["profiles"] == before["profiles"] - 1
    (rows,) = db.execute(
        f"SELECT count(*) FROM {P}recommendation_log WHERE profile_id = 1 AND served_at = ?",
        (after["served_at"],),
    ).fetchone()
    assert rows == 0
    assert 1 not in {
        row[0] for row in db.execute(f"SELECT profile_id FROM {P}unserved WHERE run_id = 3")
    }
    assert verify(db) == []


def test_what_another_program_writes_into_an_erased_profile_is_not_scored_either(path, db):
    erase(db, ONE)
    db.execute(
        f'UPDATE {P}profile SET preference_json = \'{{"risk_tolerance": "low"}}\' WHERE profile_id = 1'
    )
    assert score(path, as_of=NEXT)["profiles"] == 7


@pytest.mark.parametrize("chunks", (1, 3))
def test_a_customer_erased_while_a_night_is_under_way_gets_no_further_row(
    path, db, monkeypatch, chunks
):
    monkeypatch.setattr(log, "CHUNK_CUSTOMERS", 1)

    def stop(stage, done, total):
        if stage == "Logging" and done >= chunks:
            raise KeyboardInterrupt

    with suppress(KeyboardInterrupt):
        score(path, as_of=NEXT, progress=stop)
    erase(db, TWO)
    count = f"SELECT count(*) FROM {P}recommendation_log WHERE profile_id = 2"
    before = db.execute(count).fetchone()
    assert score(path, as_of=NEXT)["outcome"] == "resumed"
    assert db.execute(count).fetchone() == before
    assert verify(db) == []


def test_the_same_key_registers_again_without_a_history(path, db):
    erase(db, ONE)
    profile = set_preferences(db, ONE, {"risk_tolerance": "low"}, {}).profile
    assert profile.profile_id == 9
    assert db.execute(
        f"SELECT count(*) FROM {P}recommendation_log WHERE profile_id = 9"
    ).fetchone() == (0,)
    assert score(path, as_of=NEXT)["profiles"] == 8


def test_what_cannot_be_cut_is_named(db):
    assert erase(db, TWO).saved_searches == ["2-1"]
    db.execute("CREATE TABLE api_keys (key_hash TEXT PRIMARY KEY) WITHOUT ROWID")
    db.execute("INSERT INTO api_keys VALUES (?)", (TWO,))
    assert held_by_others(db, TWO) == [
        Held("api_keys", "key_hash", 1, []),
        Held("saved_searches", "api_key_hash", 1, [1]),
    ]
    assert held_by_others(db, ONE) == []


def test_without_901_there_is_nothing_to_note_an_erasure_in(fresh_path, refuses):
    migrate(fresh_path, only=["287_personalization", "900_personalization_evidence"])
    db = sqlite3.connect(fresh_path, isolation_level=None)
    db.execute(f"INSERT INTO {P}profile(user_token_hash) VALUES (?)", (ONE,))
    with refuses(
        "am_personalization_erasure not found - run: sqlite-utils personalization-migrate, which adds 901"
    ):
        erase(db, ONE)
    assert find_profile(db, ONE) is not None
    db.close()


# The bytes


@pytest.mark.parametrize("journal_mode", ("wal", "delete", "persist", "truncate"))
def test_no_byte_of_the_hash_is_left_in_the_file_beside_it_or_in_a_snapshot(
    path, db, tmp_path, journal_mode
):
    db.execute(f"PRAGMA journal_mode = {journal_mode}")
    db.execute(f"UPDATE {P}profile SET preference_json = '{{ }}' WHERE profile_id = 3")
    assert traces(path, ONE) != []
    erase(db, ONE)
    checkpoint(db, path, 5)
    assert traces(path, ONE) == []
    assert [file.name for file in tmp_path.iterdir() if ONE.encode() in file.read_bytes()] == []
    snapshot(path, tmp_path / "audit.db")
    assert traces(tmp_path / "audit.db", ONE) == []
    assert traces(path, hash_of("example-key-4")) == [str(path)]


def test_a_trace_is_found_wherever_it_lies(tmp_path):
    for offset in (0, 1, (1 << 20) - 32, (1 << 20) - 1, 1 << 20, (2 << 20) - 64):
        file = tmp_path / "some.db"
        file.write_bytes(b"x" * offset + ONE.encode() + b"x" * 100)
        assert traces(file, ONE) == [str(file)]
        for half in (ONE[:32].encode(), ONE[32:].upper().encode(), bytes.fromhex(ONE[:32])):
            file.write_bytes(b"x" * offset + half + b"x" * 100)
            assert traces(file, ONE) == [str(file)]
            file.write_bytes(b"x" * offset + half[:-1] + b"x" * 100)
            assert traces(file, ONE) == []


def test_a_reader_who_keeps_the_wal_is_waited_for_and_then_named(path, db, refuses):
    db.execute("PRAGMA journal_mode = wal")
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute(f"SELECT count(*) FROM {P}profile").fetchone()
    erase(db, ONE)
    with refuses(
        f"{path}-wal still holds the old bytes, because another program reads it - run this again when it has finished"
    ):
        checkpoint(db, path, 0.2)
    assert traces(path, ONE) != []
    reader.execute("COMMIT")
    checkpoint(db, path, 0.2)
    assert traces(path, ONE) == []
    reader.close()


def read_for_a_while(path, ready, seconds):
    import time

    db = sqlite3.connect(path, isolation_level=None)
    db.execute("BEGIN")
    db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    ready.set()
    time.sleep(seconds)
    db.close()


def test_a_reader_who_finishes_in_time_is_waited_for(path, db):
    db.execute("PRAGMA journal_mode = wal")
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    reader = context.Process(target=read_for_a_while, args=(path, ready, 1))
    reader.start()
    ready.wait()
    erase(db, ONE)
    checkpoint(db, path, 30)
    assert traces(path, ONE) == []
    reader.join()


# Moved rows leave copies in the unused parts of pages, unless every writer had secure_delete on.
MANY = 4_000


@pytest.fixture
def crowded(fresh_path):
    migrate(fresh_path)
    db = sqlite3.connect(fresh_path, isolation_level=None)
    db.execute("PRAGMA secure_delete = off")
    db.execute("BEGIN")
    db.executemany(
        f"INSERT INTO {P}profile(user_token_hash) VALUES (?)",
        ((hash_of(str(n)),) for n in range(MANY)),
    )
    db.execute("COMMIT")
    yield fresh_path, db
    db.close()


def erase_command(path, customer, *options):
    arguments = ["personalization-profile", "erase", str(path), "--user-hash", customer, *options]
    command = [sys.executable, "-c", "from sqlite_utils.cli import cli; cli()", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def test_copies_in_unused_parts_of_the_file_are_found_and_a_vacuum_removes_them(crowded):
    path, db = crowded
    left = None
    for number in range(0, MANY, 40):
        customer = hash_of(str(number))
        erase(db, customer)
        if traces(path, customer):
            left = customer
            break
    assert left is not None
    status, out, err = erase_command(path, left)
    assert (status, json.loads(out)["old_bytes_in"]) == (1, ["database"])
    assert err.endswith(
        f"Error: bytes of the old hash are left in unused parts of {path}"
        " - run personalization-profile erase --vacuum, when nobody else writes\n"
    )
    status, out, err = erase_command(path, left, "--vacuum")
    assert (status, json.loads(out)["old_bytes_overwritten"]) == (0, True)
    assert err.endswith("no byte of the hash is left in the file or beside it\n")
    assert traces(path, left) == []


def test_a_vacuum_keeps_every_row(crowded):
    _, db = crowded
    before = sorted(db.iterdump())
    vacuum(db)
    assert sorted(db.iterdump()) == before


# Tampering with what was noted


@pytest.mark.parametrize(
    "statement",
    (
        f"UPDATE {P}erasure SET profile_id = 3 WHERE erasure_id = 1",
        f"UPDATE {P}erasure SET erased_at = '2020-01-01T00:00:00.000Z'",
        f"UPDATE {P}erasure SET legal_basis = 'objection'",
        f"UPDATE {P}erasure SET log_rows = 0",
        f"UPDATE {P}erasure SET erasure_id = 9 WHERE erasure_id = 1",
        f"DELETE FROM {P}erasure WHERE erasure_id = 1",
        f"DELETE FROM {P}erasure",
    ),
)
def test_whoever_changes_an_erasure_is_found(db, statement):
    erase(db, ONE)
    erase(db, TWO)
    tamper_behind_the_guards(db, statement)
    found = verify(db)
    assert {finding.kind for finding in found} == {"event"}
    seals = ("are not those that seal 2 covers", "are not those that seal 3 covers")
    assert found[0].what.endswith(seals)


def test_dropping_the_table_of_erasures_is_found(db):
    erase(db, ONE)
    for name in (
        *(
            "delivery",
            "erasure",
            "rotation",
            "other_hash",
            "feedback",
            "verification",
            "identity_salt",
            "identity",
        ),
        *("reconciliation", "reconciled", "billing_key", "saved_search"),
    ):
        db.execute(f"DROP TABLE {P}{name}")
    assert [(finding.kind, finding.what) for finding in verify(db)] == [
        ("event", "am_personalization_identity is missing, of which seal 1 covers rows 1 to 8"),
        ("event", "am_personalization_erasure is missing, of which seal 3 covers rows 1 to 1"),
    ]


def test_an_erasure_taken_from_the_tree_is_found(db):
    erase(db, ONE)
    score_path = db.execute("PRAGMA database_list").fetchone()[2]
    score(score_path, as_of=NEXT)
    tamper_behind_the_guards(db, f"DELETE FROM {P}seal WHERE seal_id = 2")
    assert "tree" in {finding.kind for finding in verify(db)}


def replay_command(path, *arguments):
    return CliRunner().invoke(cli, ["personalization-replay", str(path), *map(str, arguments)])


def test_the_row_of_an_erased_customer_says_erased_and_since_when(path, db):
    before = {each.rec_id: each.to_dict() for each in replay(db, Selection(run_id=1))}
    found = erase(db, ONE)
    for each in replay(db, Selection(run_id=1)):
        told, expected = each.to_dict(), before[each.rec_id]
        if each.logged.profile_id == 1:
            expected |= {
                "verdict": "erased",
                "erased_at": found.erased_at,
                "user_token_hash": None,
            }
        assert told == expected


def test_an_erased_customer_is_told_in_every_format_and_is_no_fault(path, db):
    rec_id = db.execute(f"SELECT min(rec_id) FROM {P}recommendation_log WHERE profile_id = 1")
    (rec_id,) = rec_id.fetchone()
    erased_at = erase(db, ONE).erased_at
    (random,) = db.execute(
        f"SELECT user_token_hash FROM {P}profile WHERE profile_id = 1"
    ).fetchone()
    told = replay_command(path, rec_id)
    assert (told.exit_code, told.stderr) == (0, "1 row: 1 erased\n")
    lines = told.stdout.splitlines()
    assert lines[1].startswith(
        f"    verdict   erased: since {erased_at} nobody's, otherwise reproduced: "
    )
    assert f"    customer  erased since {erased_at} (profile 1)" in lines
    as_json = json.loads(replay_command(path, rec_id, "--json").stdout)[0]
    (row,) = csv.DictReader(io.StringIO(replay_command(path, rec_id, "--csv").stdout))
    assert (as_json["verdict"], as_json["erased_at"]) == ("erased", erased_at)
    assert (row["verdict"], row["erased_at"], row["user_token_hash"]) == ("erased", erased_at, "")
    assert random not in told.stdout + str(as_json) + str(row)


def test_the_view_says_reproduced_of_exactly_the_rows_that_a_replay_calls_erased(db):
    erase(db, ONE)
    view = dict(db.execute("SELECT rec_id, verdict FROM v_personalization_replay"))
    with_erased = {each.rec_id: each.verdict for each in replay(db, Selection(run_id=1))}
    differing = {rec_id for rec_id, verdict in with_erased.items() if verdict != view[rec_id]}
    mine = f"SELECT rec_id FROM {P}recommendation_log WHERE profile_id = 1"
    assert differing == {rec_id for (rec_id,) in db.execute(mine)} & with_erased.keys()
    assert {(with_erased[rec_id], view[rec_id]) for rec_id in differing} == {
        ("erased", "reproduced")
    }


def test_what_differs_still_differs_after_the_erasure(path, db):
    (rec_id,) = db.execute(
        f"SELECT min(rec_id) FROM {P}recommendation_log WHERE profile_id = 1"
    ).fetchone()
    erased_at = erase(db, ONE).erased_at
    db.execute(f"DROP TRIGGER {P}recommendation_log_no_update")
    db.execute(
        f"UPDATE {P}recommendation_log SET score = (score + 1) % 100 WHERE rec_id = ?", (rec_id,)
    )
    (found,) = replay(db, Selection(rec_ids=[rec_id]))
    assert (found.verdict, found.erased_at) == ("differs", erased_at)
    assert replay_command(path, rec_id).exit_code == 1


def test_without_901_nobody_was_erased(db):
    db.execute(f"DROP TABLE {P}erasure")
    assert {each.verdict for each in replay(db, Selection(run_id=1))} == {"reproduced"}
