"""What personalization-verify --keep and --record leave behind: append-only, sealed, and true of what was verified."""

import json
import sqlite3
from contextlib import closing

import pytest
from click.testing import CliRunner
from receipt_fixtures import printed
from scored import P, connect, execute, history, tamper
from sqlite_utils.cli import cli

from sqlite_utils_personalization.audit.verify.verification import KEPT_FINDINGS
from sqlite_utils_personalization.evidence.seal import head

TABLE = f"{P}verification"


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "jpcite.db"
    path.write_bytes(history())
    return path


def run(command, path, *arguments):
    return CliRunner().invoke(cli, [f"personalization-{command}", str(path), *map(str, arguments)])


def kept(path):
    with closing(connect(path)) as db:
        db.row_factory = sqlite3.Row
        return [dict(row) for row in db.execute(f"SELECT * FROM {TABLE} ORDER BY 1")]


def tampered(path, sql):
    with closing(connect(path)) as db:
        tamper(db, sql)


def test_a_verification_is_kept_with_how_far_it_reached(path):
    with closing(connect(path)) as db:
        top = head(db)
        (end,) = db.execute(f"SELECT max(rec_id) FROM {P}recommendation_log").fetchone()
        (sealed,) = db.execute(f"SELECT max(log_end) FROM {P}seal").fetchone()
    assert run("verify", path, "--keep").exit_code == 0
    (found,) = kept(path)
    assert (found["seal_id"], found["tree_root"]) == (top.size, top.root.hex())
    assert (found["log_end"], found["covered_rows"]) == (end, sealed)
    assert (found["kept"], found["kept_seal_id"]) == ("none", None)
    assert (found["findings"], found["findings_json"]) == (0, "{}")


def test_without_keep_nothing_is_written(path):
    before = path.read_bytes()
    run("verify", path)
    assert path.read_bytes() == before


def test_findings_are_kept_by_code_and_no_more_than_a_thousand(path):
    tampered(path, f"UPDATE {P}recommendation_log SET score = (score + 1) % 100")
    assert run("verify", path, "--keep").exit_code == 1
    (found,) = kept(path)
    by_code = json.loads(found["findings_json"])
    assert sum(one["count"] for one in by_code.values()) == found["findings"] > 40
    assert by_code["log-row-changed"]["first"][0]["where"]["rec_id"] == 2
    assert sum(len(one["first"]) for one in by_code.values()) <= KEPT_FINDINGS


@pytest.mark.parametrize(("root", "said"), ((None, "agree"), (b"\xff" * 32, "differ")))
def test_whether_the_kept_head_agreed_is_kept(path, tmp_path, root, said):
    heads = tmp_path / "heads.txt"
    with closing(connect(path)) as db:
        top = head(db)
    heads.write_text(printed(top if root is None else top._replace(root=root)))
    run("verify", path, "--head", heads, "--keep")
    (found,) = kept(path)
    assert (found["kept"], found["kept_seal_id"]) == (said, top.size)


def test_it_is_append_only_and_the_next_seal_covers_it(path):
    run("verify", path, "--keep")
    for sql in (f"UPDATE {TABLE} SET findings = 7", f"DELETE FROM {TABLE}"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            execute(path, sql)
    assert run("verify", path, "--strict").exit_code == 1
    run("seal", path)
    assert run("verify", path, "--strict").exit_code == 0
    tampered(path, f"UPDATE {TABLE} SET findings = 7")
    assert "sealed-events-changed" in run("verify", path).stdout


def test_a_record_is_a_line_of_another_file_and_changes_nothing_in_this_one(path, tmp_path):
    before, file = path.read_bytes(), tmp_path / "verified.jsonl"
    for _ in range(2):
        assert run("verify", path, "--record", file).exit_code == 0
    assert path.read_bytes() == before
    first, second = (json.loads(line) for line in file.read_text().splitlines())
    assert first["findings_json"] == {}
    assert first["tree_root"] == second["tree_root"]


def test_a_record_that_cannot_be_written_is_said_before_anything_is_kept(path, tmp_path):
    told = run("verify", path, "--keep", "--record", tmp_path / "no" / "such" / "folder")
    assert told.exit_code == 2
    assert "the verification could not be written to" in told.stderr
    assert kept(path) == []


def test_without_901_keep_says_so_before_it_verifies(path):
    execute(path, f"DROP TABLE {TABLE}")
    told = run("verify", path, "--keep")
    assert (told.exit_code, told.stdout) == (2, "")
    assert TABLE in told.stderr


def test_a_file_too_damaged_to_say_how_far_it_goes_is_kept_as_reaching_nothing(path):
    tampered(path, f"UPDATE {P}seal SET tree_root = '{'x' * 64}'")
    assert run("verify", path, "--keep").exit_code == 1
    (found,) = kept(path)
    assert (found["seal_id"], found["tree_root"]) == (0, None)
    assert found["findings"] > 0
