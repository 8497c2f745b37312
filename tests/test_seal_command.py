"""personalization-seal: one line to keep outside, and whatever other programs wrote sealed before it is printed."""

import os
import re
import sqlite3

import pytest
from click.testing import CliRunner
from receipt_fixtures import add_others, connect, heads_of, history, printed, seals_of

from sqlite_utils_personalization import score
from sqlite_utils_personalization.audit.verify.verify import verify
from sqlite_utils_personalization.commands.seal import seal as command
from sqlite_utils_personalization.commands.verify import verify as verify_command
from sqlite_utils_personalization.evidence.checkpoint import read_heads
from sqlite_utils_personalization.evidence.leaves import seal_leaf
from sqlite_utils_personalization.evidence.merkle import leaf_hash, root
from sqlite_utils_personalization.evidence.seal import Tree, append_seal
from sqlite_utils_personalization.scoring import log


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    return history(tmp_path_factory.mktemp("history") / "jpcite.db").read_bytes()


@pytest.fixture
def path(built, tmp_path):
    """Six seals, and one row of another program since."""
    path = tmp_path / "jpcite.db"
    path.write_bytes(built)
    return path


def run(path, *arguments):
    return CliRunner().invoke(command, [str(path), *map(str, arguments)])


def head_in(text):
    ((head, _),) = read_heads(text)
    return head


def is_intact(path, kept=None):
    db = connect(path)
    findings = verify(db, [kept] if kept else [])
    db.close()
    return findings == []


def test_what_other_programs_wrote_is_sealed_and_the_head_printed(path):
    result = run(path)
    heads, seal = heads_of(path), seals_of(path)[7]
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == printed(heads[7])
    assert (seal["run_id"], seal["leaves"], len(heads)) == (None, 1, 7)
    assert is_intact(path, head_in(result.stdout))


def test_with_nothing_left_to_seal_the_file_is_only_read(path):
    first = run(path)
    before = path.read_bytes()
    second = run(path)
    assert second.stdout == first.stdout
    assert path.read_bytes() == before


def test_head_only_seals_nothing(path):
    before = path.read_bytes()
    result = run(path, "--head-only")
    assert result.stdout == printed(heads_of(path)[6])
    assert path.read_bytes() == before


def test_the_printed_line_is_a_head_for_personalization_verify(path, tmp_path):
    head = tmp_path / "heads.txt"
    head.write_text(run(path).stdout)
    result = CliRunner().invoke(verify_command, [str(path), "--head", str(head)])
    assert (result.exit_code, result.stderr) == (
        0,
        "intact, up to and including what was kept outside\n",
    )


def test_before_the_first_seal_there_is_no_head(db_path):
    result = run(db_path)
    assert (result.exit_code, result.stdout, result.stderr) == (
        1,
        "",
        f"Error: nothing is sealed in {db_path} yet - run: sqlite-utils personalization-score {db_path}\n",
    )


def test_rows_of_other_programs_alone_are_sealed(db_path, add_profile):
    profile_id = add_profile(db_path, 1)
    db = connect(db_path)
    db.execute(
        "INSERT INTO am_personalization_recommendation_log(profile_id, recommendation_type, score)"
        " VALUES (?, 'program', 7)",
        (profile_id,),
    )
    db.close()
    result = run(db_path)
    assert (result.exit_code, head_in(result.stdout).size) == (0, 1)


def test_sealing_while_a_night_is_under_way_harms_nothing(path, monkeypatch):
    monkeypatch.setattr(log, "CHUNK_CUSTOMERS", 1)
    seen = []

    def interrupt(stage, done, total):
        if stage == "Logging":
            add_others(path)
            seen.append(head_in(run(path).stdout).size)

    score(path, as_of="2026-04-05", progress=interrupt)
    assert seen == list(range(7, 7 + len(seen)))
    assert is_intact(path)


def test_a_locked_file_is_explained(path, monkeypatch):
    monkeypatch.setattr("sqlite_utils_personalization.api.opened._DEFAULT_S", 0)
    writer = connect(path)
    writer.execute("BEGIN IMMEDIATE")
    result = run(path)
    writer.execute("ROLLBACK")
    writer.close()
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(f"Error: {path} is locked by ")


def test_a_read_only_file_with_rows_to_seal_is_explained(path):
    path.chmod(0o444)
    if os.access(path, os.W_OK):
        pytest.skip("this user may write to any file")
    result = run(path)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "is read-only - make the file" in result.stderr
    assert run(path, "--head-only").exit_code == 0


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda file: None, "{file} does not exist - check the path"),
        (lambda file: file.mkdir(), "{file} is a directory - give the path of a database file"),
        (
            lambda file: file.write_text("x" * 100),
            "{file} is not a SQLite database - give the path of one",
        ),
        (
            lambda file: sqlite3.connect(file).execute("CREATE TABLE t(a)"),
            "am_personalization_profile not found in {file} - run: sqlite-utils personalization-migrate {file}",
        ),
    ],
)
def test_what_is_no_database_of_ours_is_explained(tmp_path, make, sentence):
    file = tmp_path / "file"
    make(file)
    result = run(file)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"Error: {sentence.format(file=file)}\n"


# The tree over the seals


def test_a_seal_reads_no_more_than_a_subtree_for_each_power_of_two(path):
    """Seal n reads the row before it and one for each bit of n - 1; the root is that over all."""
    db = connect(path)
    tree = Tree(1, "0" * 64, None, None)
    for number in range(7, 131):
        said = []
        db.set_trace_callback(said.append)
        append_seal(db, None, None, None, 200, tree, {"after": number, "rows": 1})
        db.set_trace_callback(None)
        read = [sql for sql in said if sql.startswith("SELECT seal_id, subtree")]
        assert len(read) == (number - 1).bit_count()
        assert sum(sql.lstrip().startswith("SELECT") for sql in said) == 1 + len(read)
    hashes = [leaf_hash(seal_leaf(seal)) for seal in seals_of(path).values()]
    for size, head in heads_of(path).items():
        assert (head.size, head.root) == (size, root(hashes[:size]))
    db.close()


def test_every_head_of_a_file_has_one_origin_and_no_two_files_share_it(path, tmp_path):
    (origin,) = {head.origin for head in heads_of(path).values()}
    assert re.fullmatch("sqlite-utils-personalization/[0-9a-f]{16}", origin)
    (other,) = {head.origin for head in heads_of(history(tmp_path / "other.db")).values()}
    assert other != origin


@pytest.mark.parametrize(
    "damage",
    ["DELETE FROM {seal} WHERE seal_id = 4", "UPDATE {seal} SET subtree = x'00' WHERE seal_id = 6"],
)
def test_nothing_is_appended_to_a_tree_that_is_damaged(path, damage):
    db = connect(path)
    for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        db.execute(f"DROP TRIGGER {name}")
    db.execute("PRAGMA ignore_check_constraints = 1")
    db.execute(damage.format(seal="am_personalization_seal"))
    db.close()
    result = run(path)
    assert (result.exit_code, result.stdout, result.stderr) == (
        1,
        "",
        "Error: a seal is missing or damaged - run personalization-verify\n",
    )
