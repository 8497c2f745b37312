"""The .sql files work through the sqlite3 shell and through personalization-migrate, atomically in both."""

import shutil
import sqlite3
import subprocess
from contextlib import closing
from importlib.resources import files

import pytest
import sqlite_utils

from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.schema.scripts import run_script

STORAGE = "287_personalization.sql"
EVIDENCE = "900_personalization_evidence.sql"
EVENTS = "901_personalization_events.sql"
WITHOUT_EVENTS = "901_personalization_events_rollback.sql"
WITHOUT_EVIDENCE = "900_personalization_evidence_rollback.sql"
WITHOUT_STORAGE = "287_personalization_rollback.sql"


def text(name):
    return files("sqlite_utils_personalization.schema").joinpath(name).read_text(encoding="utf-8")


def with_the_shell(path, name):
    """What `sqlite3 DB < FILE` does: it goes on after an error."""
    shell = shutil.which("sqlite3")
    if shell is None:
        pytest.skip("the sqlite3 shell is not installed")
    command = [shell, str(path)]
    done = subprocess.run(command, input=text(name), capture_output=True, text=True, check=False)
    return done.stderr


def with_a_migration(path, name):
    with sqlite_utils.Database(path) as db:
        try:
            with db.atomic():
                run_script(db, name)
        except PersonalizationError as error:
            return str(error)
    return ""


def schema(path):
    with closing(sqlite3.connect(path)) as conn:
        return conn.execute(
            "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY rowid"
        ).fetchall()


def run(path, *statements):
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        for statement in statements:
            conn.execute(statement)
    return path


@pytest.fixture(params=(with_the_shell, with_a_migration), ids=lambda way: way.__name__)
def apply(request):
    return request.param


def test_both_ways_make_the_same_schema(tmp_path):
    made = []
    for way in (with_the_shell, with_a_migration):
        path = tmp_path / f"{way.__name__}.db"
        assert [way(path, name) for name in (STORAGE, EVIDENCE, EVENTS)] == ["", "", ""]
        made.append(schema(path))
    assert made[0] == made[1]
    assert len(made[0]) > 50


def test_applying_a_file_again_changes_nothing(fresh_path, apply):
    for name in (STORAGE, EVIDENCE, EVENTS):
        apply(fresh_path, name)
    before = sorted(schema(fresh_path), key=str)
    for name in (STORAGE, EVIDENCE, EVENTS, STORAGE):
        assert apply(fresh_path, name) == ""
    assert sorted(schema(fresh_path), key=str) == before


def test_applying_a_file_again_keeps_the_rows(db_path, add_profile, apply):
    add_profile(db_path, 1)
    run(
        db_path,
        "INSERT INTO am_personalization_recommendation_log (profile_id, recommendation_type) VALUES (1, 'program')",
    )
    for name in (STORAGE, EVIDENCE, EVENTS):
        apply(db_path, name)
    with closing(sqlite3.connect(db_path)) as conn:
        assert conn.execute("SELECT count(*) FROM am_personalization_profile").fetchone() == (1,)
        assert conn.execute(
            "SELECT count(*) FROM am_personalization_recommendation_log"
        ).fetchone() == (1,)


# What may be in the way of each file, and what a migration says of it.
CONFLICTS = (
    (
        STORAGE,
        "CREATE TABLE v_personalization_recent_recs (x)",
        "use DROP TABLE to delete table v_personalization_recent_recs",
    ),
    (
        STORAGE,
        "CREATE VIEW am_personalization_profile AS SELECT 1 AS user_token_hash",
        "views may not be indexed",
    ),
    (
        STORAGE,
        "CREATE TABLE am_personalization_profile (profile_id INTEGER PRIMARY KEY)",
        "no such column: user_token_hash",
    ),
    (
        STORAGE,
        "CREATE TABLE am_personalization_profile (profile_id INTEGER PRIMARY KEY, user_token_hash TEXT)",
        "287 is incomplete and was undone",
    ),
    (
        STORAGE,
        "CREATE TABLE idx_am_pers_rec_type_score (x)",
        "there is already a table named idx_am_pers_rec_type_score",
    ),
    (
        STORAGE,
        "CREATE TABLE am_personalization_recommendation_log"
        " (rec_id INTEGER PRIMARY KEY, profile_id INTEGER, recommendation_type TEXT, served_at TEXT)",
        "no such column: score",
    ),
    (
        EVIDENCE,
        "CREATE TABLE v_personalization_replay (x)",
        "use DROP TABLE to delete table v_personalization_replay",
    ),
    (
        EVIDENCE,
        "CREATE TABLE am_personalization_run (run_id INTEGER PRIMARY KEY)",
        "900 is incomplete and was undone: is 287 applied?",
    ),
    (
        EVIDENCE,
        "CREATE TABLE am_personalization_list (list_id INTEGER PRIMARY KEY)",
        "no such column: run_id",
    ),
    (
        EVIDENCE,
        "CREATE VIEW am_personalization_decision AS SELECT 1 AS list_id",
        "cannot create BEFORE trigger on view: am_personalization_decision",
    ),
    (
        EVENTS,
        "CREATE TABLE am_personalization_delivery (delivery_id INTEGER PRIMARY KEY)",
        "no such column: rec_id",
    ),
    (
        EVENTS,
        "CREATE TABLE am_personalization_rotation (rotation_id INTEGER PRIMARY KEY)",
        "901 is incomplete and was undone: is 287 applied?",
    ),
    (
        EVENTS,
        "CREATE VIEW am_personalization_erasure AS SELECT 1 AS profile_id",
        "cannot create BEFORE trigger on view: am_personalization_erasure",
    ),
)


@pytest.mark.parametrize(("name", "conflict", "reason"), CONFLICTS)
def test_something_in_the_way_leaves_the_file_as_it_was(fresh_path, apply, name, conflict, reason):
    if name != STORAGE:
        apply(fresh_path, STORAGE)
    run(fresh_path, conflict)
    before = schema(fresh_path)
    said = apply(fresh_path, name)
    assert schema(fresh_path) == before
    if apply is with_a_migration:
        expected = f"{name}: {reason} - nothing was changed; rename or drop what is in its way"
        assert said == expected
    else:
        assert f"{name[:3]} is incomplete and was undone" in said


def test_evidence_without_storage_leaves_the_file_as_it_was(fresh_path, apply):
    run(fresh_path, "CREATE TABLE programs (id TEXT)")
    before = schema(fresh_path)
    assert "am_personalization_recommendation_log" in apply(fresh_path, EVIDENCE)
    assert schema(fresh_path) == before


def test_events_without_storage_leave_the_file_as_it_was(fresh_path, apply):
    run(fresh_path, "CREATE TABLE programs (id TEXT)")
    before = schema(fresh_path)
    assert "901 is incomplete and was undone: is 287 applied?" in apply(fresh_path, EVENTS)
    assert schema(fresh_path) == before


def test_an_older_copy_of_the_view_is_replaced(fresh_path, apply):
    apply(fresh_path, STORAGE)
    expected = sorted(schema(fresh_path), key=str)
    run(
        fresh_path,
        "DROP VIEW v_personalization_recent_recs",
        "CREATE VIEW v_personalization_recent_recs AS SELECT l.rec_id, p.user_token_hash, l.recommendation_type,"
        " l.score, l.served_at FROM am_personalization_recommendation_log l"
        " JOIN am_personalization_profile p USING (profile_id) WHERE l.score > 0"
        " ORDER BY p.user_token_hash, l.score DESC",
    )
    assert apply(fresh_path, STORAGE) == ""
    assert sorted(schema(fresh_path), key=str) == expected


def test_the_rollbacks_leave_what_was_there_before(fresh_path, apply):
    run(
        fresh_path,
        "CREATE TABLE am_personalization_score (id INTEGER PRIMARY KEY AUTOINCREMENT, score REAL)",
        "CREATE VIEW v_scores AS SELECT score FROM am_personalization_score",
    )
    before = schema(fresh_path)
    apply(fresh_path, STORAGE)
    storage = schema(fresh_path)
    apply(fresh_path, EVIDENCE)
    evidence = schema(fresh_path)
    apply(fresh_path, EVENTS)
    assert apply(fresh_path, WITHOUT_EVENTS) == ""
    assert schema(fresh_path) == evidence
    assert apply(fresh_path, WITHOUT_EVIDENCE) == ""
    assert schema(fresh_path) == storage
    assert apply(fresh_path, WITHOUT_STORAGE) == ""
    assert schema(fresh_path) == before
    assert [apply(fresh_path, name) for name in (WITHOUT_EVIDENCE, WITHOUT_STORAGE)] == ["", ""]
    assert schema(fresh_path) == before


def test_storage_stays_while_the_evidence_is_there(db_path, apply):
    before = schema(db_path)
    assert "900 is still there: roll it back first" in apply(db_path, WITHOUT_STORAGE)
    assert schema(db_path) == before


def test_a_view_of_ours_that_is_a_table_keeps_the_evidence_from_being_removed(db_path, apply):
    run(db_path, "DROP VIEW v_personalization_replay", "CREATE TABLE v_personalization_replay (x)")
    before = schema(db_path)
    assert "use DROP TABLE to delete table v_personalization_replay" in apply(
        db_path, WITHOUT_EVIDENCE
    )
    assert schema(db_path) == before


@pytest.mark.parametrize("encoding", ("UTF-16le", "UTF-16be"))
@pytest.mark.parametrize("name", (STORAGE, EVIDENCE, EVENTS))
def test_a_file_in_utf_16_is_left_as_it_was(fresh_path, apply, name, encoding):
    run(fresh_path, f"PRAGMA encoding = '{encoding}'", "CREATE TABLE programs (unified_id TEXT)")
    if name != STORAGE:
        with closing(sqlite3.connect(fresh_path)) as conn:
            conn.executescript(text(STORAGE).replace("encoding = 'UTF-8'", "1"))
    before = schema(fresh_path)
    assert f"{name[:3]} needs a database in UTF-8, and was undone" in apply(fresh_path, name)
    assert schema(fresh_path) == before


def test_the_mark_of_the_log_is_made_both_ways_and_once(fresh_path, apply):
    apply(fresh_path, STORAGE)
    add = "INSERT INTO am_personalization_recommendation_log(profile_id, recommendation_type) VALUES (1, 'program')"
    run(fresh_path, add, add, "DELETE FROM am_personalization_recommendation_log WHERE rec_id = 2")
    for _ in range(2):
        assert apply(fresh_path, EVIDENCE) == ""
        run(fresh_path, add)
    with closing(sqlite3.connect(fresh_path)) as conn:
        found = conn.execute("SELECT * FROM am_personalization_log_mark").fetchall()
    assert found == [(1, 1, 2)]
