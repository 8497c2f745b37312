"""Deliveries and rotations are sealed, and whoever changes one afterwards is found."""

import json
import sqlite3
from contextlib import closing

import pytest
from scored import example, tamper_behind_the_guards
from sqlite_utils.cli import cli

from sqlite_utils_personalization import migrate, score
from sqlite_utils_personalization import transaction as batches
from sqlite_utils_personalization.audit.verify.verify import verify
from sqlite_utils_personalization.evidence import leaves
from sqlite_utils_personalization.evidence.seal import seal_events, unsealed_events
from sqlite_utils_personalization.example import AS_OF

P = "am_personalization_"
DELIVERY = (
    f"INSERT INTO {P}delivery VALUES (?, ?, ?, 'rest', '2026-04-01', 'x', 'x', 200, 3, ?, NULL)"
)
ROTATION = f"INSERT INTO {P}rotation VALUES (?, 1, 'x', ?)"


@pytest.fixture
def path(fresh_path):
    return example(fresh_path, AS_OF)


@pytest.fixture
def db(path):
    db = sqlite3.connect(path, isolation_level=None)
    yield db
    db.close()


def delivered(db, first, last):
    for number in range(first, last + 1):
        db.execute(DELIVERY, (number, f"{number:064}", number, None))


def segments(db):
    sql = f"SELECT manifest_json FROM {P}seal WHERE run_id IS NULL ORDER BY seal_id"
    found = [json.loads(text) for (text,) in db.execute(sql)]
    # A night also binds the keys of customers it sees first.
    return [each for each in found if each["table"] != f"{P}identity"]


def test_a_night_seals_what_happened_since_the_last(path, db):
    delivered(db, 1, 3)
    db.execute(ROTATION, (1, "a" * 64))
    score(path, as_of="2026-04-02")
    assert segments(db) == [
        {"table": f"{P}delivery", "after": 0, "end": 3, "rows": 3},
        {"table": f"{P}rotation", "after": 0, "end": 1, "rows": 1},
    ]
    delivered(db, 4, 5)
    score(path, as_of="2026-04-03")
    assert segments(db)[2:] == [{"table": f"{P}delivery", "after": 3, "end": 5, "rows": 2}]
    assert verify(db) == []
    assert unsealed_events(db) == []


def test_sealing_by_command_covers_them_and_then_only_reads(path, db, runner):
    delivered(db, 1, 2)
    first = runner.invoke(cli, ["personalization-seal", str(path)])
    before = path.read_bytes()
    second = runner.invoke(cli, ["personalization-seal", str(path)])
    assert (first.exit_code, first.stdout) == (0, second.stdout)
    assert segments(db)[-1]["end"] == 2
    assert path.read_bytes() == before


def test_the_seal_of_a_segment_covers_no_more_of_the_log(db):
    (before,) = db.execute(f"SELECT max(log_end) FROM {P}seal").fetchone()
    log = (
        f"INSERT INTO {P}recommendation_log(profile_id, recommendation_type) VALUES (1, 'program')"
    )
    db.execute(log)
    delivered(db, 1, 1)
    seal_events(db)
    assert db.execute(f"SELECT max(log_end) FROM {P}seal").fetchone() == (before,)
    assert verify(db) == []


def test_before_901_there_are_no_events_and_no_fault(fresh_path):
    migrate(fresh_path, only=["287_personalization", "900_personalization_evidence"])
    db = sqlite3.connect(fresh_path, isolation_level=None)
    db.execute(f"INSERT INTO {P}profile(user_token_hash) VALUES (?)", ("0" * 64,))
    assert score(fresh_path, as_of=AS_OF)["outcome"] == "scored"
    assert (unsealed_events(db), verify(db)) == ([], [])
    db.close()


COLUMNS = {
    "delivery_id": 9,
    "delivery_key": "'" + "f" * 64 + "'",
    "rec_id": 4,
    "channel": "'mcp'",
    "slot": "'2026-04-09'",
    "delivered_at": "'y'",
    "recorded_at": "'y'",
    "status": 201,
    "unit_price_yen": 4,
    "reversal_of": 2,
}
TAMPERED = (
    *(
        f"UPDATE {P}delivery SET {column} = {value} WHERE delivery_id = 2"
        for column, value in COLUMNS.items()
    ),
    *(f"DELETE FROM {P}delivery WHERE delivery_id = {number}" for number in (1, 2, 3)),
    f"INSERT INTO {P}delivery VALUES (0 + 2, '{'e' * 64}', 1, 'rest', 'a', 'x', 'x', 200, 3, NULL, NULL)",
    f"UPDATE {P}rotation SET proof = '{'b' * 64}'",
    f"UPDATE {P}rotation SET profile_id = 2",
    f"UPDATE {P}rotation SET rotated_at = 'y'",
    f"DELETE FROM {P}rotation",
)


@pytest.mark.parametrize("statement", TAMPERED)
@pytest.mark.sampled(6)
def test_whoever_changes_what_was_sealed_is_found(db, statement):
    delivered(db, 1, 1)
    if "VALUES (0 + 2" not in statement:
        delivered(db, 2, 2)
    db.execute(DELIVERY, (3, "3" * 64, 3, None))
    db.execute(ROTATION, (1, "a" * 64))
    seal_events(db)
    assert verify(db) == []
    tamper_behind_the_guards(db, statement)
    assert {finding.kind for finding in verify(db)} == {"event"}


def test_a_delivery_of_nothing_and_a_reversal_of_nothing_are_found(db):
    db.execute(DELIVERY, (1, "1" * 64, 9999, None))
    db.execute(DELIVERY, (2, "2" * 64, 2, 77))
    db.execute(DELIVERY, (3, "3" * 64, 3, 3))
    assert [(finding.kind, finding.rec_id, finding.what) for finding in verify(db)] == [
        ("event", 9999, "delivery 1 is of row 9999, which the log does not have"),
        ("event", None, "delivery 2 reverses none of the same recommendation"),
    ]


def test_segments_of_two_processes_never_overlap(db):
    delivered(db, 1, 2)
    stale = unsealed_events(db)
    seal_events(db)
    from sqlite_utils_personalization.evidence import seal as module

    for segment in stale:
        module._seal(db, segment)
    assert len(segments(db)) == 1


@pytest.mark.parametrize("size", (1, 2, 7))
def test_what_is_sealed_does_not_depend_on_how_much_is_read_at_once(path, db, monkeypatch, size):
    delivered(db, 1, 9)
    seal_events(db)
    monkeypatch.setattr(batches, "BATCH", size)
    monkeypatch.setattr(leaves, "BATCH", size)
    assert verify(db) == []
    score(path, as_of="2026-04-02")
    monkeypatch.undo()
    assert verify(db) == []


def test_nobody_is_kept_from_writing_while_a_run_is_read_to_be_sealed(db, path, monkeypatch):
    """Without WAL, a cursor left open would keep every writer from committing."""
    db.execute("PRAGMA journal_mode = delete")
    monkeypatch.setattr(batches, "BATCH", 2)
    monkeypatch.setattr(leaves, "BATCH", 2)
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as writer:
        writer.execute("CREATE TABLE visits (id INTEGER PRIMARY KEY)")
        found = leaves.customer_leaves(db, 1, 1, 2**53)
        for _ in found:
            writer.execute("INSERT INTO visits DEFAULT VALUES")
        (visits,) = writer.execute("SELECT count(*) FROM visits").fetchone()
    assert visits == 7
