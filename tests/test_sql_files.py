"""The .sql files work through the sqlite3 shell and through personalization-migrate, atomically in both."""

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from importlib.resources import files

import pytest
import sqlite_utils

from sqlite_utils_personalization import migrate, score
from sqlite_utils_personalization.api.files import migration_statuses
from sqlite_utils_personalization.audit.verify.remarks import remarks
from sqlite_utils_personalization.audit.verify.verify import verify
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.schema.scripts import run_script

STORAGE = "287_personalization.sql"
EVIDENCE = "900_personalization_evidence.sql"
EVENTS = "901_personalization_events.sql"
SHADOW = "902_personalization_shadow.sql"
WITHOUT_SHADOW = "902_personalization_shadow_rollback.sql"
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
        assert [way(path, name) for name in (STORAGE, EVIDENCE, EVENTS, SHADOW)] == [""] * 4
        made.append(schema(path))
    assert made[0] == made[1]
    assert len(made[0]) > 50


def test_applying_a_file_again_changes_nothing(fresh_path, apply):
    for name in (STORAGE, EVIDENCE, EVENTS, SHADOW):
        apply(fresh_path, name)
    before = sorted(schema(fresh_path), key=str)
    for name in (STORAGE, EVIDENCE, EVENTS, SHADOW, STORAGE):
        assert apply(fresh_path, name) == ""
    assert sorted(schema(fresh_path), key=str) == before


def test_applying_a_file_again_keeps_the_rows(db_path, add_profile, apply):
    add_profile(db_path, 1)
    run(
        db_path,
        "INSERT INTO am_personalization_recommendation_log (profile_id, recommendation_type) VALUES (1, 'program')",
    )
    for name in (STORAGE, EVIDENCE, EVENTS, SHADOW):
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
    (
        SHADOW,
        "CREATE TABLE am_personalization_shadow_served (shadow_id INTEGER PRIMARY KEY)",
        "902 is incomplete and was undone: are 287 and 900 applied?",
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


def test_shadows_without_evidence_leave_the_file_as_it_was(fresh_path, apply):
    apply(fresh_path, STORAGE)
    before = schema(fresh_path)
    reason = "902 is incomplete and was undone: are 287 and 900 applied?"
    assert reason in apply(fresh_path, SHADOW)
    assert schema(fresh_path) == before


def test_rolling_back_the_shadows_leaves_the_rest(fresh_path, apply):
    for name in (STORAGE, EVIDENCE, EVENTS):
        apply(fresh_path, name)
    before = schema(fresh_path)
    apply(fresh_path, SHADOW)
    assert apply(fresh_path, WITHOUT_SHADOW) == ""
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


HERE = files("sqlite_utils_personalization.schema")
OURS = sorted(each.name for each in HERE.iterdir() if each.name.endswith(".sql"))
LISTED = [
    line
    for line in HERE.joinpath("jpcite_boot_manifest.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]
# Which the product has, and what ours must not be taken for.
TAKEN = range(288, 292)
# The product's own 287 of an earlier day: the same tables said another way, and the view ordered by customer.
OLDER_STORAGE = """-- target_db: autonomath
PRAGMA foreign_keys = ON;
BEGIN;
CREATE TABLE IF NOT EXISTS am_personalization_profile (
    profile_id       INTEGER PRIMARY KEY AUTOINCREMENT,
    user_token_hash  TEXT UNIQUE NOT NULL, -- of the key
    preference_json  TEXT NOT NULL DEFAULT '{}',
    created_at       TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
    last_updated_at  TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
    CHECK (length(user_token_hash) = 64),
    CHECK (length(preference_json) BETWEEN 2 AND 16384),
    CHECK (last_updated_at >= created_at)
);
CREATE INDEX IF NOT EXISTS idx_am_personalization_profile_token ON am_personalization_profile(user_token_hash);
CREATE TABLE IF NOT EXISTS am_personalization_recommendation_log (
    rec_id INTEGER PRIMARY KEY AUTOINCREMENT,
    profile_id INTEGER NOT NULL,
    recommendation_type TEXT NOT NULL
        CHECK (recommendation_type IN ('program', 'industry_pack', 'saved_search', 'amendment')),
    score INTEGER NOT NULL DEFAULT 0,
    served_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
    CONSTRAINT in_range CHECK (score BETWEEN 0 AND 100),
    FOREIGN KEY (profile_id) REFERENCES am_personalization_profile(profile_id)
);
CREATE INDEX IF NOT EXISTS idx_am_pers_rec_profile_served
    ON am_personalization_recommendation_log(profile_id, served_at DESC);
CREATE INDEX IF NOT EXISTS idx_am_pers_rec_type_score
    ON am_personalization_recommendation_log(recommendation_type, score DESC, served_at DESC);
DROP VIEW IF EXISTS v_personalization_recent_recs;
CREATE VIEW v_personalization_recent_recs AS
SELECT rl.rec_id, pp.user_token_hash, rl.recommendation_type, rl.score, rl.served_at
FROM am_personalization_recommendation_log rl
JOIN am_personalization_profile pp ON pp.profile_id = rl.profile_id
WHERE rl.score > 0 ORDER BY pp.user_token_hash, rl.served_at DESC;
COMMIT;
"""
RECENT = "v_personalization_recent_recs"


def sorted_by_the_system(names, locale):
    environment = {**os.environ, "LC_ALL": locale}
    asked = {"input": "\n".join(names), "env": environment}
    done = subprocess.run(["sort"], capture_output=True, text=True, check=True, **asked)
    return done.stdout.splitlines()


def locales():
    found = subprocess.run(["locale", "-a"], capture_output=True, text=True, check=False).stdout
    return [name for name in found.split() if name == "C" or "utf" in name.lower()] or ["C"]


@pytest.mark.parametrize("name", OURS)
def test_the_products_boot_finds_its_mark_in_the_first_line(name):
    first, *following = text(name).splitlines()
    assert first == "-- target_db: autonomath"
    # Which would leave the file to an operator, or to a boot with that module.
    assert not any("boot_time" in line or "vec0" in line for line in following)


@pytest.mark.parametrize("name", OURS)
def test_no_name_of_ours_is_a_number_of_the_product(name):
    assert int(name.split("_")[0]) not in TAKEN


@pytest.mark.parametrize("locale", locales())
def test_ours_sort_after_the_storage_and_in_order_however_a_system_sorts(locale):
    assert LISTED == [STORAGE, EVIDENCE, EVENTS, SHADOW]
    product = [f"{number}_product.sql" for number in (264, *TAKEN)] + ["wave24_113b_product.sql"]
    found = sorted_by_the_system([*product, *reversed(OURS)], locale)
    assert [name for name in found if name in LISTED] == LISTED


def boot(folder, path):
    """A boot of the product: names in the order of sort, listed, marked and no rollback, each once and recorded."""
    run(path, "CREATE TABLE IF NOT EXISTS schema_migrations (id TEXT PRIMARY KEY)")
    shell = shutil.which("sqlite3")
    if shell is None:
        pytest.skip("the sqlite3 shell is not installed")
    applied = []
    for name in sorted_by_the_system([each.name for each in folder.glob("*.sql")], "C"):
        sql = folder.joinpath(name).read_text(encoding="utf-8")
        with closing(sqlite3.connect(path)) as db:
            known = db.execute("SELECT 1 FROM schema_migrations WHERE id = ?", (name,)).fetchone()
        if name not in LISTED or known or "target_db: autonomath" not in sql.splitlines()[0]:
            continue
        done = subprocess.run(
            [shell, str(path)], input=sql, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), name
        with closing(sqlite3.connect(path)) as db, db:
            db.execute("INSERT INTO schema_migrations VALUES (?)", (name,))
        applied.append(name)
    return applied


@pytest.fixture
def folder(tmp_path):
    """The product's migrations: ours, all eight, and one of another database."""
    made = tmp_path / "migrations"
    made.mkdir()
    for name in OURS:
        made.joinpath(name).write_text(text(name), encoding="utf-8")
    made.joinpath("290_other.sql").write_text("CREATE TABLE api_keys (x);", encoding="utf-8")
    return made


def test_a_boot_of_the_product_applies_each_of_our_files_once(folder, fresh_path):
    assert boot(folder, fresh_path) == [STORAGE, EVIDENCE, EVENTS, SHADOW]
    before = schema(fresh_path)
    assert boot(folder, fresh_path) == []
    run(fresh_path, "DELETE FROM schema_migrations")
    assert boot(folder, fresh_path) == [STORAGE, EVIDENCE, EVENTS, SHADOW]
    assert sorted(schema(fresh_path), key=str) == sorted(before, key=str)
    assert [status["pending"] for status in migration_statuses(fresh_path)] == [True] * 4
    assert [status["faults"] for status in migration_statuses(fresh_path)] == [[]] * 4


def test_beside_the_products_older_storage_a_night_is_scored_and_verified(folder, fresh_path):
    folder.joinpath(STORAGE).write_text(OLDER_STORAGE, encoding="utf-8")
    assert boot(folder, fresh_path) == [STORAGE, EVIDENCE, EVENTS, SHADOW]
    run(
        fresh_path,
        f"INSERT INTO am_personalization_profile(user_token_hash) VALUES ('{'a' * 64}')",
    )
    said = []
    score(fresh_path, as_of="2026-07-22", say=said.append)
    assert said == [f"{RECENT} is an older one: personalization-migrate replaces it"]
    with closing(sqlite3.connect(fresh_path)) as db:
        assert verify(db) == []
        assert "view-not-packaged" in [remark.code for remark in remarks(db)]
    migrate(fresh_path)
    said.clear()
    score(fresh_path, as_of="2026-07-23", say=said.append)
    assert said == []


@pytest.mark.parametrize(
    ("part", "instead"),
    [
        ("    CHECK (length(user_token_hash) = 64),\n", ""),
        ("BETWEEN 0 AND 100", "BETWEEN 0 AND 1000"),
        ("TEXT UNIQUE NOT NULL", "TEXT NOT NULL"),
        ("TEXT UNIQUE NOT NULL", "TEXT UNIQUE"),
        ("DEFAULT '{}'", "DEFAULT '[]'"),
        ("profile_id INTEGER NOT NULL,", "profile_id INTEGER NOT NULL UNIQUE,"),
        (
            ",\n    FOREIGN KEY (profile_id) REFERENCES am_personalization_profile(profile_id)",
            "",
        ),
        ("    profile_id INTEGER NOT NULL,", "    profile_id INTEGER NOT NULL, e_mail TEXT,"),
        ("PRIMARY KEY AUTOINCREMENT,\n    profile_id", "PRIMARY KEY,\n    profile_id"),
    ],
)
@pytest.mark.sampled(3)
def test_tables_of_another_meaning_are_still_found(folder, fresh_path, part, instead):
    assert part in OLDER_STORAGE
    older = OLDER_STORAGE.replace(part, instead, 1)
    folder.joinpath(STORAGE).write_text(older, encoding="utf-8")
    boot(folder, fresh_path)
    run(
        fresh_path,
        f"INSERT INTO am_personalization_profile(user_token_hash) VALUES ('{'a' * 64}')",
    )
    score(fresh_path, as_of="2026-07-22")
    with closing(sqlite3.connect(fresh_path)) as db:
        assert "object-changed" in [finding.code for finding in verify(db)]
