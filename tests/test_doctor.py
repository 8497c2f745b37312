"""What a report of a fault says first: every version, the state of the file, and nothing that must not be sent on."""

import json
import sqlite3
import sys
from contextlib import closing

from click.testing import CliRunner
from sqlite_utils.cli import cli

from sqlite_utils_personalization import __version__, create_tour, doctor


def run(*arguments):
    return CliRunner().invoke(cli, ["personalization-doctor", *map(str, arguments)])


def test_versions_are_those_of_what_runs():
    found = doctor()
    assert found["package_version"] == __version__
    assert found["python_version"] == "{}.{}.{}".format(*sys.version_info)
    with closing(sqlite3.connect(":memory:")) as db:
        assert db.execute("SELECT sqlite_version()").fetchone() == (found["sqlite_version"],)
        options = [option for (option,) in db.execute("PRAGMA compile_options")]
    assert found["compile_options"] == options
    assert found["file_state"] is None
    assert json.loads(run("--json").stdout) == found


def test_the_state_of_a_file_names_no_path_no_customer_and_no_key(tmp_path):
    create_tour(tmp_path / "tour")
    path = tmp_path / "tour" / "jpcite.db"
    before = path.read_bytes()
    assert run(path).stdout.count("\n") > 15
    result = run(path, "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    state = json.loads(result.stdout)["file_state"]
    assert state["pending_migrations"] == state["open_runs"] == []
    assert state["page_size"] * state["pages"] == len(before)
    assert path.read_bytes() == before
    with closing(sqlite3.connect(path)) as db:
        hashes = [
            one for (one,) in db.execute("SELECT user_token_hash FROM am_personalization_profile")
        ]
    for secret in (str(tmp_path), "example-key", *hashes, *(one[:8] for one in hashes)):
        assert secret not in result.stdout


def test_a_file_without_our_tables_and_one_that_is_none_are_told_apart(tmp_path):
    empty = tmp_path / "empty.db"
    sqlite3.connect(empty).close()
    state = doctor(empty)["file_state"]
    assert (state["migrations"], state["open_runs"]) == ([], [])
    assert len(state["pending_migrations"]) > 2
    (other := tmp_path / "other.db").write_text(
        "not a database, but long enough to be taken for one" * 20
    )
    for path, what in (
        (other, "is not a SQLite database"),
        (tmp_path / "none.db", "does not exist"),
    ):
        result = run(path)
        assert result.exit_code == 1
        assert what in result.stderr
