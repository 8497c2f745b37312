"""personalization-migrate: applying, listing and removing 287, 900, 901 and 902 in a file that others use too."""

import csv
import json
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from importlib.resources import files

import pytest
import sqlite_utils
from sqlite_utils.cli import cli

from sqlite_utils_personalization.api.files import migration_statuses, rollback
from sqlite_utils_personalization.database import explain_errors
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.schema import apply_evidence, migrate
from sqlite_utils_personalization.schema.statistics import refresh_statistics

STORAGE = "287_personalization"
EVIDENCE = "900_personalization_evidence"
EVENTS = "901_personalization_events"
SHADOW = "902_personalization_shadow"
ALL = [STORAGE, EVIDENCE, EVENTS, SHADOW]
WHEN = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
# As sqlite-utils writes it; Python writes no fraction where it is zero.
THEIRS = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{6})?\+00:00"
LOG = "INSERT INTO am_personalization_recommendation_log (profile_id, recommendation_type, score) VALUES (1, ?, 9)"

# What a product may have in the file before us, down to names like ours, statistics and AUTOINCREMENT.
PRODUCT = """
CREATE TABLE am_personalization_score (id INTEGER PRIMARY KEY AUTOINCREMENT, am_personalization_run REAL);
INSERT INTO am_personalization_score VALUES (7, 0.25), (264, 0.75);
CREATE INDEX idx_am_personalization_score ON am_personalization_score(am_personalization_run);
CREATE VIEW v_personalization_score AS SELECT id FROM am_personalization_score;
CREATE TRIGGER am_personalization_score_log AFTER INSERT ON am_personalization_score BEGIN SELECT 1; END;
CREATE TABLE _sqlite_migrations (id INTEGER PRIMARY KEY, migration_set TEXT, name TEXT, applied_at TEXT);
CREATE UNIQUE INDEX idx__sqlite_migrations_migration_set_name ON _sqlite_migrations (migration_set, name);
INSERT INTO _sqlite_migrations VALUES (1, 'product', '287_personalization', 'then');
ANALYZE;
"""


@pytest.fixture
def product_path(fresh_path):
    with closing(sqlite3.connect(fresh_path)) as conn:
        conn.executescript(PRODUCT)
    return fresh_path


@pytest.fixture
def command(runner):
    """personalization-migrate with these arguments; returns exit code, stdout and stderr."""

    def command(*arguments):
        result = runner.invoke(cli, ["personalization-migrate", *map(str, arguments)])
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result.exit_code, result.stdout, result.stderr

    return command


def schema(path):
    with closing(sqlite3.connect(path)) as conn:
        return conn.execute("SELECT * FROM sqlite_master ORDER BY rowid").fetchall()


def dump(path):
    with closing(sqlite3.connect(path)) as conn:
        return [*conn.iterdump()]


def folder(path):
    return {each.name: each.read_bytes() for each in path.parent.iterdir()}


def execute(path, sql, parameters=()):
    with closing(sqlite3.connect(path)) as conn, conn:
        return conn.execute(sql, parameters).fetchall()


def listing(applied, pending):
    lines = [
        "Migrations for: personalization",
        "",
        "  Applied:",
        *applied,
        "",
        "  Pending:",
        *pending,
    ]
    return "\n".join([*lines, ""])


def test_migrating_creates_the_file(fresh_path, command):
    assert command(fresh_path) == (
        0,
        "",
        f"applied {STORAGE}\napplied {EVIDENCE}\napplied {EVENTS}\napplied {SHADOW}\n",
    )
    assert [status["pending"] for status in migration_statuses(fresh_path)] == [False] * 4


def test_migrating_on_every_boot_writes_once(fresh_path, command):
    command(fresh_path)
    before = folder(fresh_path)
    assert command(fresh_path) == (0, "", f"nothing to apply to {fresh_path}\n")
    assert folder(fresh_path) == before


def test_a_boot_with_nothing_to_do_waits_for_nobody(db_path):
    with closing(sqlite3.connect(db_path)) as conn:
        conn.execute("BEGIN IMMEDIATE")
        assert migrate(db_path, timeout_s=0) == []


def test_an_empty_file_is_migrated(fresh_path):
    fresh_path.touch()
    assert migrate(fresh_path) == ALL


@pytest.mark.parametrize("journal_mode", ("delete", "wal"))
def test_the_journal_mode_stays_what_the_product_chose(fresh_path, journal_mode):
    execute(fresh_path, f"PRAGMA journal_mode = {journal_mode}")
    migrate(fresh_path)
    assert execute(fresh_path, "PRAGMA journal_mode") == [(journal_mode,)]


def test_boots_that_race_apply_each_migration_once(product_path):
    boot = (
        "import sys; from sqlite_utils_personalization.schema import migrate;"
        "sys.stdin.readline(); print(*migrate(sys.argv[1]))"
    )
    boots = [
        subprocess.Popen(
            [sys.executable, "-c", boot, str(product_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for each in boots:
        each.stdin.write("\n")
        each.stdin.flush()
    said = [each.communicate() for each in boots]
    assert sorted(said) == [("\n", "")] * 3 + [(f"{STORAGE} {EVIDENCE} {EVENTS} {SHADOW}\n", "")]
    assert execute(
        product_path, "SELECT name FROM _sqlite_migrations WHERE migration_set = 'personalization'"
    ) == [(STORAGE,), (EVIDENCE,), (EVENTS,), (SHADOW,)]


def test_a_file_where_the_product_applied_its_287_keeps_its_rows(fresh_path, add_profile, command):
    storage = (
        files("sqlite_utils_personalization.schema").joinpath(f"{STORAGE}.sql").read_text("utf-8")
    )
    with closing(sqlite3.connect(fresh_path)) as conn:
        conn.executescript(storage)
    add_profile(fresh_path, 1, {"risk_tolerance": "low"})
    execute(fresh_path, LOG, ("program",))
    rows = "SELECT * FROM am_personalization_profile JOIN am_personalization_recommendation_log USING (profile_id)"
    before = execute(fresh_path, rows)
    pending = [f"    {STORAGE} - in place, not recorded", f"    {EVIDENCE}", f"    {EVENTS}"]
    pending += [f"    {SHADOW}"]
    assert command(fresh_path, "--list") == (0, listing([], pending), "")
    assert command(fresh_path) == (
        0,
        "",
        f"applied {STORAGE}\napplied {EVIDENCE}\napplied {EVENTS}\napplied {SHADOW}\n",
    )
    assert execute(fresh_path, rows) == before


def test_an_older_view_is_mended_although_287_is_recorded(db_path, command):
    expected = sorted(schema(db_path), key=lambda row: row[1])
    execute(db_path, "DROP VIEW v_personalization_recent_recs")
    execute(
        db_path,
        "CREATE VIEW v_personalization_recent_recs AS SELECT l.rec_id, p.user_token_hash, l.recommendation_type,"
        " l.score, l.served_at FROM am_personalization_recommendation_log l"
        " JOIN am_personalization_profile p USING (profile_id) WHERE l.score > 0 ORDER BY p.user_token_hash",
    )
    status, out, err = command(db_path, "--list")
    applied, pending = out.split("  Pending:\n")
    assert (status, err) == (0, "")
    assert re.search(f"^    {EVIDENCE} - {WHEN}$", applied, re.MULTILINE)
    assert pending == f"    {STORAGE} - to be mended: v_personalization_recent_recs\n"
    assert command(db_path) == (0, "", f"applied {STORAGE}\n")
    mended = sorted(schema(db_path), key=lambda row: row[1])
    assert [row[:3] + row[4:] for row in mended] == [row[:3] + row[4:] for row in expected]


def test_a_guard_that_was_dropped_is_put_back(db_path):
    before = {row[1]: row[4] for row in schema(db_path)}
    execute(db_path, "DROP TRIGGER am_personalization_evidence_no_delete")
    assert migrate(db_path) == [EVIDENCE]
    assert {row[1]: row[4] for row in schema(db_path)} == before


def test_what_was_removed_behind_the_record_is_applied_again(db_path):
    for name in reversed(ALL):
        script = files("sqlite_utils_personalization.schema").joinpath(f"{name}_rollback.sql")
        with closing(sqlite3.connect(db_path)) as conn:
            conn.executescript(script.read_text("utf-8"))
    assert migrate(db_path) == ALL
    assert migrate(db_path) == []


def test_something_in_the_way_leaves_the_file_as_it_was(product_path, command):
    execute(product_path, "CREATE TABLE v_personalization_replay (x)")
    before = dump(product_path)
    assert command(product_path) == (
        1,
        "",
        f"Error: {EVIDENCE}.sql: use DROP TABLE to delete table v_personalization_replay"
        " - nothing was changed; rename or drop what is in its way\n",
    )
    assert dump(product_path) == before


def test_a_file_that_is_not_sqlite_is_refused(fresh_path, command):
    fresh_path.write_text("id,name\n" * 100)
    before = folder(fresh_path)
    message = f"Error: {fresh_path} is not a SQLite database - give the path of one\n"
    for arguments in ((), ("--list",), ("--rollback",)):
        assert command(fresh_path, *arguments) == (1, "", message)
    assert folder(fresh_path) == before


def test_a_locked_file_is_waited_for_and_then_explained(fresh_path):
    with closing(sqlite3.connect(fresh_path)) as conn:
        conn.execute("BEGIN EXCLUSIVE")
        with pytest.raises(
            PersonalizationError, match=r"is locked by .* - wait for that to finish"
        ):
            migrate(fresh_path, timeout_s=0.05)


def test_listing_shows_what_is_applied_and_when(db_path, command):
    status, out, err = command(db_path, "--list")
    assert (status, err) == (0, "")
    expected = listing([f"    {name} - WHEN" for name in ALL], ["    (none)"])
    assert re.sub(WHEN, "WHEN", out) == expected


def test_listing_is_printed_in_the_formats_of_rows(db_path, command):
    with closing(sqlite3.connect(db_path)) as conn:
        conn.execute("DROP VIEW v_personalization_replay")
    status, out, err = command(db_path, "--list", "--nl")
    assert (status, err) == (0, "")
    assert [json.loads(line) for line in out.splitlines()] == migration_statuses(db_path)
    rows = [*csv.DictReader(command(db_path, "--list", "--csv")[1].splitlines())]
    assert [row["migration"] for row in rows] == [*ALL]
    assert [row["pending"] for row in rows] == ["0", "1", "0", "0"]
    assert "v_personalization_replay" in rows[1]["faults"]


def test_listing_does_not_create_the_file(fresh_path, command):
    assert command(fresh_path, "--list") == (0, listing([], [f"    {name}" for name in ALL]), "")
    assert not fresh_path.exists()


@pytest.mark.parametrize("journal_mode", ("delete", "wal"))
def test_listing_leaves_the_file_and_its_directory_as_they_are(db_path, command, journal_mode):
    execute(db_path, f"PRAGMA journal_mode = {journal_mode}")
    before = folder(db_path)
    assert command(db_path, "--list")[0] == 0
    assert folder(db_path) == before


def test_rolling_back_leaves_everything_else_as_it_was(product_path, add_profile, command):
    before = dump(product_path)
    migrate(product_path)
    add_profile(product_path, 1)
    with closing(sqlite3.connect(product_path)) as conn:
        refresh_statistics(conn)
    rolled_back = (
        0,
        "",
        f"rolled back {SHADOW}\nrolled back {EVENTS}\nrolled back {EVIDENCE}\nrolled back {STORAGE}\n",
    )
    assert command(product_path, "--rollback") == rolled_back
    assert dump(product_path) == before


def test_rolling_back_a_file_of_our_own_leaves_nothing(fresh_path, add_profile):
    migrate(fresh_path)
    add_profile(fresh_path, 1)
    with closing(sqlite3.connect(fresh_path)) as conn:
        refresh_statistics(conn)
    assert rollback(fresh_path) == {"removed": [SHADOW, EVENTS, EVIDENCE, STORAGE], "absent": []}
    assert [row[1] for row in schema(fresh_path)] == ["sqlite_sequence"]


def test_rolling_back_to_287_leaves_the_storage(product_path, add_profile, command):
    migrate(product_path, only=[STORAGE])
    add_profile(product_path, 1)
    before = dump(product_path)
    assert migrate(product_path) == [EVIDENCE, EVENTS, SHADOW]
    execute(product_path, "DROP TABLE IF EXISTS sqlite_stat4")
    assert command(product_path, "--rollback", "--to", "287") == (
        0,
        "",
        f"rolled back {SHADOW}\nrolled back {EVENTS}\nrolled back {EVIDENCE}\n",
    )
    with closing(sqlite3.connect(product_path)) as conn:
        refresh_statistics(conn)
    assert without_statistics(dump(product_path)) == without_statistics(before)


def without_statistics(lines):
    return [line for line in lines if "sqlite_stat" not in line]


@pytest.mark.parametrize("arguments", (["--rollback"], ["--rollback", "--to", "287"]))
def test_a_log_that_holds_rows_is_kept_until_it_may_be_dropped(
    db_path, add_profile, command, arguments
):
    add_profile(db_path, 1)
    for recommendation_type in ("program", "amendment"):
        execute(db_path, LOG, (recommendation_type,))
    before = dump(db_path)
    message = (
        f"Error: {db_path}: the log holds 2 recommendations"
        " - nothing was removed; pass --drop-audit-log if they may lose their evidence\n"
    )
    assert command(db_path, *arguments) == (1, "", message)
    assert dump(db_path) == before
    status, out, err = command(db_path, *arguments, "--drop-audit-log")
    assert (status, out, err.splitlines()[0]) == (0, "", f"rolled back {SHADOW}")


def test_what_the_product_applied_without_a_record_is_rolled_back_too(fresh_path, command):
    storage = files("sqlite_utils_personalization.schema").joinpath(f"{STORAGE}.sql")
    with closing(sqlite3.connect(fresh_path)) as conn:
        conn.executescript(storage.read_text("utf-8"))
    absent = "".join(
        f"{name} is not applied: nothing to roll back\n" for name in (SHADOW, EVENTS, EVIDENCE)
    )
    assert command(fresh_path, "--rollback") == (0, "", f"{absent}rolled back {STORAGE}\n")
    assert [row[1] for row in schema(fresh_path)] == ["sqlite_sequence"]


def test_statistics_that_were_empty_before_stay_when_we_go(fresh_path):
    execute(fresh_path, "ANALYZE")
    before = dump(fresh_path)
    migrate(fresh_path)
    rollback(fresh_path)
    assert [line for line in dump(fresh_path) if "sqlite_sequence" not in line] == before


def test_rolling_back_what_is_not_applied_says_so(fresh_path, command):
    migrate(fresh_path, only=[STORAGE])
    absent = "".join(
        f"{name} is not applied: nothing to roll back\n" for name in (SHADOW, EVENTS, EVIDENCE)
    )
    assert command(fresh_path, "--rollback", "--to", "287") == (0, "", absent)
    assert command(fresh_path, "--rollback") == (0, "", f"{absent}rolled back {STORAGE}\n")
    before = folder(fresh_path)
    nothing = f"{absent}{STORAGE} is not applied: nothing to roll back\n"
    assert command(fresh_path, "--rollback") == (0, "", nothing)
    assert folder(fresh_path) == before


def test_rolling_back_a_missing_file_creates_none(fresh_path, command):
    missing = f"Error: {fresh_path} does not exist - check the path\n"
    assert command(fresh_path, "--rollback") == (1, "", missing)
    assert not fresh_path.exists()


def test_a_rollback_can_be_migrated_again(db_path):
    before = [row[1:3] + row[4:] for row in schema(db_path)]
    rollback(db_path)
    assert migrate(db_path) == ALL
    assert sorted(row[1:3] + row[4:] for row in schema(db_path) if row[4]) == sorted(
        row for row in before if row[2]
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    (
        ([], "Missing argument 'PATH'."),
        (["--list"], "Missing argument 'PATH'."),
        (["DB", "--list", "--rollback"], "--list and --rollback exclude each other"),
        (["DB", "--csv"], "--csv goes with --list"),
        (["DB", "--rollback", "--nl"], "--nl goes with --list"),
        (["DB", "--list", "--manifest", "M"], "--list and --manifest exclude each other"),
        (["DB", "--list", "--register", "M"], "--list and --register exclude each other"),
        (
            ["DB", "--manifest", "M", "--register", "M"],
            "--manifest and --register exclude each other",
        ),
        (["DB", "--rollback", "--manifest", "M"], "--manifest and --rollback exclude each other"),
        (["DB", "--rollback", "--register", "M"], "--register and --rollback exclude each other"),
        (["DB", "--to", "287"], "--to goes with --rollback"),
        (["DB", "--drop-audit-log"], "--drop-audit-log goes with --rollback"),
        (["DB", "--rollback", "--to", "900"], "Invalid value for '--to': '900' is not '287'."),
        (["."], "Invalid value for '[PATH]': File '.' is a directory."),
        (["DB", "--manifest", "."], "Invalid value for '--manifest': File '.' is a directory."),
        (["DB", "--manifest", "no"], "Invalid value for '--manifest': File 'no' does not exist."),
        (["DB", "--register", "no"], "Invalid value for '--register': File 'no' does not exist."),
    ),
)
def test_options_that_do_not_go_together_are_usage_errors(
    tmp_path, monkeypatch, command, arguments, message
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "M").touch()
    status, out, err = command(*arguments)
    assert (status, out, err.splitlines()[-1]) == (2, "", f"Error: {message}")
    assert [each.name for each in tmp_path.iterdir()] == ["M"]


def test_core_migrate_finds_one_set_and_applies_it(fresh_path, runner):
    module = files("sqlite_utils_personalization.schema").joinpath("migrations.py")
    assert runner.invoke(cli, ["migrate", str(fresh_path), str(module)]).exit_code == 0
    result = runner.invoke(cli, ["migrate", str(fresh_path), str(module), "--list"])
    expected = listing([f"    {name} - WHEN" for name in ALL], ["    (none)"]) + "\n"
    assert re.sub(THEIRS, "WHEN", result.output) == expected
    assert migrate(fresh_path) == []


def test_the_evidence_is_applied_to_a_connection_that_has_the_storage(fresh_path, refuses):
    with closing(sqlite3.connect(fresh_path, isolation_level=None)) as conn:
        with refuses(f"{EVIDENCE} needs {STORAGE}, which is not applied - apply both"):
            apply_evidence(conn)
        assert schema(fresh_path) == []
        migrate(fresh_path, only=[STORAGE])
        apply_evidence(conn)
        before = schema(fresh_path)
        apply_evidence(conn)
        assert schema(fresh_path) == before
        assert conn.in_transaction is False
        assert conn.execute("PRAGMA recursive_triggers").fetchone() == (0,)
    assert [status["pending"] for status in migration_statuses(fresh_path)] == [
        False,
        False,
        True,
        True,
    ]


def test_a_disk_that_is_full_is_not_taken_for_something_in_the_way(fresh_path, refuses):
    migrate(fresh_path, only=[STORAGE])
    before = dump(fresh_path)
    with closing(sqlite3.connect(fresh_path, isolation_level=None)) as conn:
        (pages,) = conn.execute("PRAGMA page_count").fetchone()
        conn.execute(f"PRAGMA max_page_count = {pages}")
        full = f"no space left for {fresh_path} or temporary files - free some, then run this again"
        with refuses(full), explain_errors(fresh_path):
            apply_evidence(conn)
    assert dump(fresh_path) == before


def test_statistics_cover_our_filled_tables_and_no_other(fresh_path, add_profile):
    execute(fresh_path, "CREATE TABLE programs (id TEXT PRIMARY KEY)")
    execute(fresh_path, "INSERT INTO programs VALUES ('a')")
    migrate(fresh_path)
    assert "sqlite_stat1" not in {row[1] for row in schema(fresh_path)}
    add_profile(fresh_path, 1)
    for _ in range(3):
        execute(fresh_path, LOG, ("program",))
    with closing(sqlite3.connect(fresh_path)) as conn:
        conn.execute("PRAGMA analysis_limit = 7")
        before = conn.execute("PRAGMA analysis_limit").fetchone()
        refresh_statistics(conn)
        assert conn.execute("PRAGMA analysis_limit").fetchone() == before
    assert execute(fresh_path, "SELECT tbl, idx, stat FROM sqlite_stat1 ORDER BY tbl, idx") == [
        ("am_personalization_profile", "idx_am_personalization_profile_token", "1 1"),
        ("am_personalization_profile", "sqlite_autoindex_am_personalization_profile_1", "1 1"),
        ("am_personalization_recommendation_log", "idx_am_pers_rec_profile_served", "3 3 1"),
        ("am_personalization_recommendation_log", "idx_am_pers_rec_type_score", "3 3 3 1"),
    ]


def test_migrating_a_log_that_is_there_refreshes_its_statistics(fresh_path, add_profile):
    migrate(fresh_path, only=[STORAGE])
    add_profile(fresh_path, 1)
    execute(fresh_path, LOG, ("program",))
    migrate(fresh_path)
    tables = execute(fresh_path, "SELECT DISTINCT tbl FROM sqlite_stat1 ORDER BY 1")
    assert tables == [
        ("am_personalization_log_mark",),
        ("am_personalization_profile",),
        ("am_personalization_recommendation_log",),
    ]


def test_statistics_are_left_to_the_next_time_while_another_program_writes(db_path, add_profile):
    add_profile(db_path, 1)
    with (
        closing(sqlite3.connect(db_path)) as writer,
        closing(sqlite3.connect(db_path, timeout=0)) as conn,
    ):
        writer.execute("BEGIN IMMEDIATE")
        refresh_statistics(conn)
    assert "sqlite_stat1" not in {row[1] for row in schema(db_path)}


def test_another_programs_migration_of_the_same_name_is_not_ours(product_path):
    assert [status["applied_at"] for status in migration_statuses(product_path)] == [None] * 4
    assert migrate(product_path) == ALL
    with sqlite_utils.Database(product_path) as db:
        assert db["_sqlite_migrations"].count == 5
