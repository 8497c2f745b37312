"""personalization-score as the operator runs it: rows to stdout, the rest to stderr, one sentence per fault."""

import json
import sqlite3

import pytest
from click.testing import CliRunner
from scored import example
from sqlite_utils.cli import cli

from sqlite_utils_personalization.example import AS_OF


@pytest.fixture
def shared(tmp_path):
    return example(tmp_path / "jpcite.db")


def run(*arguments):
    return CliRunner().invoke(cli, ["personalization-score", *map(str, arguments)])


def test_the_last_line_of_stdout_is_the_json_contract(shared):
    result = run(shared, "--as-of", AS_OF)
    assert result.exit_code == 0
    assert result.stdout.startswith(
        '{"dim": "H", "wave": 47, "dry_run": false, "profiles": 8, "logged": 40, "by_type": '
        '{"program": 26, "industry_pack": 9, "saved_search": 2, "amendment": 3}, '
    )
    assert len(result.stdout.splitlines()) == 1
    assert list(json.loads(result.stdout)) == [
        "dim",
        "wave",
        "dry_run",
        "profiles",
        "logged",
        "by_type",
        "outcome",
        "run_id",
        "as_of",
        "again",
        "top_k",
        "served_at",
        "scored",
        "zero",
        "rejected",
        "rejected_profiles",
        "candidates",
        "left_out",
        "model_sha256",
        "package_version",
        "resumed_runs",
        "unknown_declarations",
        "warnings",
    ]


def test_without_a_terminal_nothing_but_sentences_goes_to_stderr(shared):
    assert run(shared, "--as-of", AS_OF).stderr == ""
    assert run(shared, "--as-of", AS_OF).stderr == (
        "2026-04-01 was already scored, as run 1: nothing added (--again scores it once more)\n"
    )


def test_a_dry_run_says_so_in_its_json(shared):
    line = json.loads(run(shared, "--as-of", AS_OF, "--dry-run").stdout)
    assert (line["dry_run"], line["logged"], line["run_id"]) == (True, 40, None)


def test_what_was_left_out_is_counted_by_rule(shared):
    line = json.loads(run(shared, "--as-of", AS_OF, "--dry-run").stdout)
    assert line["left_out"] == {
        "amendment": {"field not followed": 1, "not seen in the last 30 days": 1},
        "program": {
            "closed": 2,
            "excluded": 1,
            "not yet open": 1,
            "overseas only": 1,
            "practice form": 1,
            "procedure": 1,
        },
    }


USAGE = (
    (["--top-k", "0"], "0 is not in the range 1<=x<=9007199254740992"),
    (["--top-k", "-3"], "-3 is not in the range 1<=x<=9007199254740992"),
    (["--top-k", f"{2**63}"], "is not in the range 1<=x<=9007199254740992"),
    (["--top-k", "many"], "'many' is not a valid integer"),
    (["--as-of", "2026-02-30"], "'2026-02-30' does not match the format '%Y-%m-%d'"),
    (["--as-of", "tomorrow"], "'tomorrow' does not match the format '%Y-%m-%d'"),
    (["--model", "no-such-file"], "File 'no-such-file' does not exist"),
    (["--catalogue", "no-such-file"], "File 'no-such-file' does not exist"),
)


@pytest.mark.parametrize(("options", "sentence"), USAGE)
def test_wrong_usage_exits_2_and_changes_nothing(shared, options, sentence):
    before = shared.read_bytes()
    result = run(shared, *options)
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert shared.read_bytes() == before


@pytest.mark.parametrize("options", ([], ["--dry-run"]))
def test_a_file_that_is_not_sqlite_is_refused(tmp_path, options):
    path = tmp_path / "notes.txt"
    path.write_text("these are my notes, not a database, and long enough to have a header\n" * 20)
    before = path.read_bytes()
    result = run(path, *options)
    assert (result.exit_code, result.stdout, result.stderr) == (
        1,
        "",
        f"Error: {path} is not a SQLite database - give the path of one\n",
    )
    assert path.read_bytes() == before


def test_a_directory_and_a_missing_file_are_wrong_usage(tmp_path):
    assert "is a directory" in run(tmp_path).stderr
    assert "does not exist" in run(tmp_path / "missing.db").stderr
    assert run(tmp_path).exit_code == run(tmp_path / "missing.db").exit_code == 2
    assert not (tmp_path / "missing.db").exists()


def test_a_file_without_the_schema_is_refused_with_what_to_run(tmp_path):
    path = tmp_path / "other.db"
    sqlite3.connect(path).execute("CREATE TABLE t(a)")
    result = run(path)
    assert (result.exit_code, result.stderr) == (
        1,
        f"Error: am_personalization_profile not found in {path}"
        f" - run: sqlite-utils personalization-migrate {path}\n",
    )


def test_a_model_with_a_wrong_key_is_refused_with_its_path(shared, tmp_path):
    model = tmp_path / "model.json"
    model.write_text('{"weights": {"industry": "much"}}')
    result = run(shared, "--model", model)
    assert result.exit_code == 1
    assert "$.weights.industry: 'much' is not of type 'integer'" in result.stderr


CATALOGUES = (
    ("SELECT nonsense FROM nowhere", "no such table: nowhere"),
    ("SELECT 'program' AS recommendation_type, 1 AS item_id", "title"),
    ("SELEKT 1", "SELECT"),
    ("DELETE FROM programs", "SELECT"),
    ("", "SELECT"),
)


@pytest.mark.parametrize(("sql", "named"), CATALOGUES)
def test_a_catalogue_that_fails_is_refused_with_what_is_wrong_in_it(shared, tmp_path, sql, named):
    catalogue = tmp_path / "mine.sql"
    catalogue.write_text(sql)
    before = shared.read_bytes()
    result = run(shared, "--catalogue", catalogue, "--as-of", AS_OF)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: {catalogue}")
    assert named in result.stderr
    assert shared.read_bytes() == before


def test_a_users_own_catalogue_is_recommended_beside_the_tables(shared, tmp_path):
    catalogue = tmp_path / "mine.sql"
    catalogue.write_text(
        "SELECT 'program' AS recommendation_type, 'MINE-1' AS item_id, '団体独自の助成' AS title,"
        " '建設業' AS industries, '東京都' AS prefectures, '2026-04-30' AS closes_on",
        encoding="utf-8",
    )
    run(shared, "--catalogue", catalogue, "--as-of", AS_OF)
    found = sqlite3.connect(shared).execute(
        "SELECT industry_points, deadline_points, risk_points FROM v_personalization_replay v"
        " JOIN am_personalization_recommendation_log l USING (rec_id)"
        " WHERE item_id = 'MINE-1' AND profile_id = 1"
    )
    # 29 of 60 days left, of which 14 are notice: 30 x 31 / 46 = 20.2, rounded down
    assert found.fetchone() == (50, 20, 20)


def test_a_locked_file_is_waited_for_and_then_says_who_holds_it(shared, monkeypatch):
    monkeypatch.setattr("sqlite_utils_personalization.api.opened._DEFAULT_S", 0.05)
    server = sqlite3.connect(shared, isolation_level=None)
    server.execute("BEGIN IMMEDIATE")
    result = run(shared, "--as-of", AS_OF)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: {shared} is locked by ")
    server.execute("ROLLBACK")
    assert run(shared, "--as-of", AS_OF).exit_code == 0
