"""Our tables in a file, from Python; and that commands print what these functions return."""

import hashlib
import json
import sqlite3
from contextlib import closing

import pytest
import sqlite_utils
from scored import history
from sqlite_utils.cli import cli

from sqlite_utils_personalization import (
    Conflict,
    InvalidInput,
    Locked,
    NoSchema,
    create_example,
    head,
    metadata,
    migrate,
    migration_statuses,
    rollback,
    snapshot,
    verify,
)

ALL = [
    "287_personalization",
    "900_personalization_evidence",
    "901_personalization_events",
    "902_personalization_shadow",
]


@pytest.fixture
def said(runner):
    """The output of a command of ours as JSON."""

    def said(command, *arguments):
        result = runner.invoke(cli, [f"personalization-{command}", *map(str, arguments)])
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    return said


@pytest.fixture
def scored(tmp_path):
    path = tmp_path / "scored.db"
    path.write_bytes(history())
    return path


def test_commands_print_what_their_functions_return(said, tmp_path, scored):
    for name in ("a", "b"):
        (tmp_path / f"{name}.txt").write_text("287_personalization.sql\n")
    a, b = tmp_path / "a.db", tmp_path / "b.db"
    options = ("--manifest", tmp_path / "a.txt", "--json")
    done = migrate(a, manifest=tmp_path / "a.txt")
    assert said("migrate", b, *options) == done
    assert done == {"applied": ALL[:1], "skipped": ALL[1:], "registered": []}
    assert said("migrate", "--register", tmp_path / "b.txt", "--json") == migrate(
        None, register=tmp_path / "a.txt"
    )
    assert said("migrate", a, "--list", "--json") == migration_statuses(a)
    assert said("migrate", b, "--rollback", "--json") == rollback(a)
    assert said("metadata", "my", "--json") == metadata("my")
    copied = [
        said("snapshot", scored, tmp_path / "c.db", "--json"),
        snapshot(scored, tmp_path / "c.db", replace=True),
    ]
    assert copied[0].keys() == copied[1].keys()
    assert copied[0]["head"] == copied[1]["head"] == head(scored)
    made = said("example", tmp_path / "d.db", "--json")
    assert made == create_example(tmp_path / "e.db")


def test_migrations_are_told_with_what_is_wrong_of_them(tmp_path):
    path = tmp_path / "none.db"
    assert [one["pending"] for one in migration_statuses(path)] == [True] * 4
    assert not path.exists()
    migrate(path)
    sqlite3.connect(path).execute("DROP VIEW v_personalization_replay")
    found = {one["migration"]: one for one in migration_statuses(sqlite3.connect(path))}
    assert [name for name in found if found[name]["faults"]] == [ALL[1]]
    assert found[ALL[1]]["faults"] == ["v_personalization_replay"]
    assert found[ALL[0]]["applied_at"].endswith("Z")
    assert migrate(path)["applied"] == [ALL[1]]


@pytest.mark.parametrize("file", [":memory:", sqlite3.connect, sqlite_utils.Database])
def test_a_connection_or_a_database_is_migrated_too(tmp_path, file):
    path = str(tmp_path / "a.db")
    conn = sqlite3.connect(file) if file == ":memory:" else file(path)
    assert migrate(conn)["applied"] == ALL
    assert migrate(conn)["applied"] == []
    assert rollback(conn) == {"removed": ALL[::-1], "absent": []}


def test_what_commits_as_it_goes_refuses_the_callers_transaction(tmp_path, scored):
    conn = sqlite3.connect(scored)
    conn.execute("CREATE TABLE mine(a)")
    conn.execute("INSERT INTO mine VALUES (1)")
    for act in (migrate, rollback, lambda file: snapshot(file, tmp_path / "copy.db")):
        with pytest.raises(Conflict, match="in a transaction"):
            act(conn)
    conn.rollback()
    assert not (tmp_path / "copy.db").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        {"only": "287_personalization"},
        {"only": ["287"]},
        {"only": []},
        {"only": 287},
        {"only": [["287_personalization"]]},
        {"manifest": 5},
        {"register": b"boot.txt"},
        {"timeout_s": "1"},
    ],
)
def test_arguments_that_cannot_be_leave_no_file(tmp_path, arguments):
    with pytest.raises(InvalidInput):
        migrate(tmp_path / "a.db", **arguments)
    assert list(tmp_path.iterdir()) == []


def test_a_manifest_that_is_none_leaves_the_database_alone(tmp_path):
    (tmp_path / "boot.txt").write_bytes(b"\0")
    for name in ("manifest", "register"):
        with pytest.raises(InvalidInput, match="not a text file"):
            migrate(tmp_path / "a.db", **{name: tmp_path / "boot.txt"})
    assert not (tmp_path / "a.db").exists()
    with pytest.raises(InvalidInput, match="no file"):
        migrate(None)


def test_a_log_is_not_dropped_by_the_way(scored):
    with pytest.raises(Conflict, match="the log holds 82 recommendations"):
        rollback(scored)
    assert rollback(scored, keep_storage=True, drop_audit_log=True)["removed"] == ALL[:0:-1]


def test_who_is_locked_out_may_try_again(scored):
    other = sqlite3.connect(scored, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(Locked) as raised:
        rollback(scored, timeout_s=0)
    assert raised.value.retry_after_s > 0


def test_a_snapshot_is_what_it_says_it_is(tmp_path, scored):
    found = snapshot(sqlite3.connect(scored), tmp_path / "copy.db")
    with open(found["database"], "rb") as file:
        assert hashlib.sha256(file.read()).hexdigest() == found["database_sha256"]
    assert verify(found["database"], heads=found["head_file"])["kept"] == "agree"
    assert found["head"] == head(found["database"])
    with pytest.raises(Conflict, match="already exists"):
        snapshot(scored, tmp_path / "copy.db")
    stages = []
    snapshot(scored, tmp_path / "copy.db", replace=True, progress=lambda *told: stages.append(told))
    assert stages[-1][1] == stages[-1][2]


def test_a_snapshot_is_of_a_file_with_our_tables(tmp_path):
    conn = sqlite3.connect(":memory:")
    migrate(conn)
    with pytest.raises(InvalidInput, match="in memory"):
        snapshot(conn, tmp_path / "copy.db")
    sqlite3.connect(tmp_path / "empty.db").execute("CREATE TABLE t(a)")
    with pytest.raises(NoSchema):
        snapshot(tmp_path / "empty.db", tmp_path / "copy.db")
    for target in (5, b"copy.db", "a\0b"):
        with pytest.raises(InvalidInput):
            snapshot(tmp_path / "empty.db", target)


def test_an_example_overwrites_nothing(tmp_path):
    path = tmp_path / "jpcite.db"
    found = create_example(str(path))
    with closing(sqlite3.connect(path)) as db:
        (logged,) = db.execute(
            "SELECT count(*) FROM am_personalization_recommendation_log"
        ).fetchone()
    assert (found["profiles"], found["logged"]) == (len(found["customers"]), logged)
    first = found["customers"][0]
    assert first["best"][0].keys() == {"rec_id", "recommendation_type", "score", "title"}
    with pytest.raises(Conflict, match="already exists"):
        create_example(path)


@pytest.mark.parametrize("name", ["a/b", "jpcite.db", "", "a\nb", 5, None])
def test_no_database_has_such_a_name(name):
    with pytest.raises(InvalidInput, match="not the name of a database"):
        metadata(name)
