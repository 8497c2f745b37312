"""The evidence copy: our tables, nothing else, and the source as it was."""

import hashlib
import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys

import pytest
from click.testing import CliRunner
from scored import example
from sqlite_utils.cli import cli

from sqlite_utils_personalization.audit.verify.verify import verify
from sqlite_utils_personalization.billing.record import record_delivery
from sqlite_utils_personalization.database import open_writable
from sqlite_utils_personalization.evidence.checkpoint import read_heads
from sqlite_utils_personalization.evidence.seal import head
from sqlite_utils_personalization.example import AS_OF
from sqlite_utils_personalization.schema.state import tables


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "live"
    folder.mkdir()
    return example(folder / "jpcite.db", AS_OF)


def run(*arguments):
    return CliRunner().invoke(cli, ["personalization-snapshot", *map(str, arguments)])


def files(folder):
    return {file.name: file.read_bytes() for file in folder.iterdir()}


# What relates our rows to those of other programs.
KEPT_BACK = {"am_personalization_billing_key", "am_personalization_saved_search"}


def test_the_copy_is_intact_and_holds_the_same_rows_but_for_what_relates_them_to_others(
    source, tmp_path
):
    with sqlite3.connect(source) as db:
        record_delivery(db, 1, channel="digest", slot="2026-04-02")
    assert run(source, tmp_path / "copy.db").exit_code == 0
    copy, live = sqlite3.connect(tmp_path / "copy.db"), sqlite3.connect(source)
    assert verify(copy, [head(live)]) == []
    for table in KEPT_BACK:
        rows = f"SELECT count(*) FROM {table}"
        assert copy.execute(rows).fetchone() == (0,) < live.execute(rows).fetchone()
    for table in {*tables()} - KEPT_BACK:
        rows = f"SELECT * FROM {table} ORDER BY 1, 2"
        assert copy.execute(rows).fetchall() == live.execute(rows).fetchall()


def test_nothing_but_our_tables_is_copied(source, tmp_path):
    run(source, tmp_path / "copy.db")
    copied = sqlite3.connect(tmp_path / "copy.db").execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    )
    assert {name for (name,) in copied} == {*tables(), "_sqlite_migrations"}
    assert b"customer2@example.com" in source.read_bytes()
    assert b"customer2@example.com" not in (tmp_path / "copy.db").read_bytes()


@pytest.mark.parametrize("journal_mode", ("delete", "wal"))
def test_the_source_keeps_its_bytes_and_its_folder(source, tmp_path, journal_mode):
    sqlite3.connect(source).execute(f"PRAGMA journal_mode = {journal_mode}")
    before = files(source.parent)
    assert run(source, tmp_path / "copy.db").exit_code == 0
    assert files(source.parent) == before


def test_rows_a_server_has_not_checkpointed_are_copied_and_its_wal_is_left(source, tmp_path):
    server = sqlite3.connect(source)
    server.execute("PRAGMA journal_mode = wal")
    with server:
        server.execute(
            "INSERT INTO am_personalization_recommendation_log(profile_id, recommendation_type, score)"
            " VALUES (1, 'program', 5)"
        )
    before = {name: data for name, data in files(source.parent).items() if "-shm" not in name}
    run(source, tmp_path / "copy.db")
    count = "SELECT count(*) FROM am_personalization_recommendation_log"
    assert sqlite3.connect(tmp_path / "copy.db").execute(count).fetchone() == (41,)
    assert {
        name: data for name, data in files(source.parent).items() if "-shm" not in name
    } == before
    server.close()


def test_the_head_and_the_sha256_stand_beside_the_copy(source, tmp_path):
    run(source, tmp_path / "copy.db")
    ((kept, note),) = read_heads((tmp_path / "copy.db.head.txt").read_text())
    assert (kept, note.signatures) == (head(sqlite3.connect(source)), ())
    digest = hashlib.sha256((tmp_path / "copy.db").read_bytes()).hexdigest()
    assert (tmp_path / "copy.db.sha256").read_text() == f"{digest}  copy.db\n"


def test_an_existing_file_is_replaced_only_on_purpose(source, tmp_path):
    target = tmp_path / "copy.db"
    target.write_text("mine")
    result = run(source, target)
    assert (result.exit_code, result.stderr) == (
        1,
        f"Error: {target} already exists - name another file, or pass --replace for a copy\n",
    )
    assert target.read_text() == "mine"
    assert run(source, target, "--replace").exit_code == 0


def test_the_source_is_never_replaced_by_its_copy(source):
    before = files(source.parent)
    result = run(source, source, "--replace")
    assert result.exit_code == 1
    assert "is the source itself" in result.stderr
    assert files(source.parent) == before


def test_a_database_without_evidence_is_refused(tmp_path):
    path = tmp_path / "other.db"
    sqlite3.connect(path).execute("CREATE TABLE t(a)")
    result = run(path, tmp_path / "copy.db")
    assert result.exit_code == 1
    assert "personalization-migrate" in result.stderr
    assert not (tmp_path / "copy.db").exists()


def test_a_full_disk_under_the_copy_is_not_the_sources_fault_and_leaves_nothing(
    source, tmp_path, monkeypatch
):
    def opened(path):
        db = open_writable(path)
        (pages,) = db.conn.execute("PRAGMA page_count").fetchone()
        db.conn.execute(f"PRAGMA max_page_count = {pages}")
        # What a disk that is really full leaves.
        path.with_name(f"{path.name}-journal").write_bytes(b"")
        return db

    monkeypatch.setattr("sqlite_utils_personalization.audit.snapshot.open_writable", opened)
    target = tmp_path / "audit" / "copy.db"
    target.parent.mkdir()
    result = run(source, target)
    assert (result.exit_code, result.stderr) == (
        1,
        f"Error: no space left for {target} or temporary files - free some, then run this again\n",
    )
    assert files(target.parent) == {}


BESIDE = ("copy.db", "copy.db.head.txt", "copy.db.sha256")


@pytest.mark.parametrize("suffix", ("-wal", "-journal", "-shm"))
@pytest.mark.parametrize("replace", ((), ("--replace",)))
def test_a_stale_journal_beside_the_copy_is_not_taken_for_a_part_of_it(
    source, tmp_path, suffix, replace
):
    left = tmp_path / f"copy.db{suffix}"
    left.write_bytes(b"of another database")
    result = run(source, tmp_path / "copy.db", *replace)
    assert (result.exit_code, result.stderr) == (
        1,
        f"Error: {left} is there: SQLite would take it for a part of the copy"
        " - remove it if no program has it open, or name another file\n",
    )
    assert {file.name for file in tmp_path.iterdir()} == {"live", left.name}
    assert left.read_bytes() == b"of another database"


@pytest.mark.parametrize("name", BESIDE)
def test_what_was_kept_under_one_of_the_three_names_is_replaced_only_on_purpose(
    source, tmp_path, name
):
    kept = tmp_path / name
    kept.write_text("kept")
    result = run(source, tmp_path / "copy.db")
    assert result.stderr == (
        f"Error: {kept} already exists - name another file, or pass --replace for a copy\n"
    )
    assert {file.name for file in tmp_path.iterdir()} == {"live", name}
    assert kept.read_text() == "kept"
    assert run(source, tmp_path / "copy.db", "--replace").exit_code == 0
    digest = hashlib.sha256((tmp_path / "copy.db").read_bytes()).hexdigest()
    assert (tmp_path / "copy.db.sha256").read_text() == f"{digest}  copy.db\n"


@pytest.mark.parametrize("replace", ((), ("--replace",)))
@pytest.mark.parametrize("leads_to", ("victim", "nowhere"))
@pytest.mark.parametrize("name", BESIDE)
@pytest.mark.sampled(1, by="name")
def test_nothing_is_written_through_a_link(source, tmp_path, name, leads_to, replace):
    (tmp_path / "victim").write_text("mine")
    (tmp_path / name).symlink_to(tmp_path / leads_to)
    result = run(source, tmp_path / "copy.db", *replace)
    assert (result.exit_code, result.stderr) == (
        1,
        f"Error: {tmp_path / name} is a symbolic link - name another file, or remove the link\n",
    )
    assert {file.name for file in tmp_path.iterdir()} == {"live", "victim", name}
    assert (tmp_path / "victim").read_text() == "mine"


def test_a_kept_head_with_another_name_is_not_written_through_a_hard_link(source, tmp_path):
    (tmp_path / "kept").write_text("kept")
    os.link(tmp_path / "kept", tmp_path / "copy.db.head.txt")
    assert run(source, tmp_path / "copy.db", "--replace").exit_code == 0
    assert (tmp_path / "kept").read_text() == "kept"


@pytest.mark.parametrize("mode", (0o600, 0o640, 0o644, 0o400))
def test_nobody_may_read_the_copy_who_may_not_read_its_source(source, tmp_path, mode):
    source.chmod(mode)
    before = os.umask(0o022)
    try:
        assert run(source, tmp_path / "copy.db").exit_code == 0
    finally:
        os.umask(before)
    for name in BESIDE:
        found = stat.S_IMODE((tmp_path / name).stat().st_mode)
        assert found & 0o077 == mode & 0o077, name
        assert found & 0o600 == 0o600


KILLED = """
import os, signal, sys
from sqlite_utils_personalization.audit import snapshot

left = [int(sys.argv[3])]
def killed(*arguments, _replace=os.replace):
    left[0] -= 1
    if left[0] < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    _replace(*arguments)

os.replace = killed
snapshot.snapshot(sys.argv[1], sys.argv[2], replace=True)
"""


@pytest.mark.parametrize("moves", (0, 1, 2))
@pytest.mark.sampled(1)
def test_killed_at_any_move_a_copy_never_stands_beside_anothers_head(source, tmp_path, moves):
    target = tmp_path / "copy.db"
    assert run(source, target).exit_code == 0
    with sqlite3.connect(source) as db:
        db.execute(
            "INSERT INTO am_personalization_recommendation_log(profile_id, recommendation_type, score)"
            " VALUES (1, 'program', 5)"
        )
    command = [sys.executable, "-c", KILLED, str(source), str(target), str(moves)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    found = {name: tmp_path / name for name in BESIDE if (tmp_path / name).exists()}
    assert target in found.values()
    digest = hashlib.sha256(target.read_bytes()).hexdigest()
    if "copy.db.sha256" in found:
        assert found["copy.db.sha256"].read_text() == f"{digest}  copy.db\n"
    if "copy.db.head.txt" in found:
        ((kept, _),) = read_heads(found["copy.db.head.txt"].read_text())
        assert kept == head(sqlite3.connect(target))

    assert run(source, target, "--replace").exit_code == 0
    assert {file.name for file in tmp_path.iterdir()} == {"live", *BESIDE}


def test_a_copy_that_is_being_made_is_not_taken_for_what_a_killed_program_left(source, tmp_path):
    from sqlite_utils_personalization.private_files import private_folder

    target = tmp_path / "copy.db"
    with private_folder(target) as theirs:
        (theirs / "copy.db").write_text("half")
        assert run(source, target).exit_code == 0
        assert (theirs / "copy.db").read_text() == "half"
    assert {file.name for file in tmp_path.iterdir()} == {"live", *BESIDE}


def test_a_copy_that_is_not_whole_gets_no_name(source, tmp_path, monkeypatch):
    def damaged(*arguments):
        last = copied(*arguments)
        with open(arguments[1], "r+b") as file:
            file.seek(4096 * 3)
            file.write(b"\xff" * 4096)
        return last

    from sqlite_utils_personalization.audit import snapshot as module

    copied = module._copy
    monkeypatch.setattr(module, "_copy", damaged)
    target = tmp_path / "copy.db"
    result = run(source, target)
    assert result.exit_code == 1
    assert str(target) in result.stderr
    assert {file.name for file in tmp_path.iterdir()} == {"live"}


DECLARED = (
    ('{"industry_pack": "D", "phone": "090-1234-5678"}', {"industry_pack": "D"}),
    ('{"industry_pack": "090-1234-5678"}', {}),
    ('{"taro@example.com": 1, "risk_tolerance": "low"}', {"risk_tolerance": "low"}),
    (
        '{"risk_tolerance": "taro@example.com", "risk_tolerance": "low"}',
        {"risk_tolerance": "low"},
    ),
    ('{"prefecture": {"mail": "taro@example.com"}}', {}),
    ('["taro@example.com"]', {}),
    ("taro@example.com", {}),
    ('{"deadline_horizon_days": 9012345678}', {}),
    ('{"deadline_horizon_days": 60.000000000000000000009012345678}', {"deadline_horizon_days": 60}),
    ('{"industry_pack": "\\ud800"}', {}),
)


@pytest.mark.parametrize(("stored", "copied"), DECLARED)
@pytest.mark.sampled(4)
def test_of_what_another_program_stored_the_copy_has_what_the_schema_knows(
    source, tmp_path, stored, copied
):
    with sqlite3.connect(source) as db:
        db.execute("UPDATE am_personalization_profile SET preference_json = ?", (stored,))
    assert run(source, tmp_path / "copy.db").exit_code == 0
    found = sqlite3.connect(tmp_path / "copy.db").execute(
        "SELECT DISTINCT preference_json FROM am_personalization_profile"
    )
    assert [json.loads(text) for (text,) in found] == [copied]
    assert b"taro@" not in (tmp_path / "copy.db").read_bytes()


def test_an_idle_source_that_is_written_meanwhile_is_not_copied(source, tmp_path, monkeypatch):
    from sqlite_utils_personalization.audit import snapshot as module

    sqlite3.connect(source).execute("PRAGMA journal_mode = wal")
    copied = module._copy

    def written(*arguments):
        last = copied(*arguments)
        with sqlite3.connect(source) as db:
            db.execute("CREATE TABLE other(a)")
        db.close()
        return last

    monkeypatch.setattr(module, "_copy", written)
    result = run(source, tmp_path / "copy.db")
    assert (result.exit_code, result.stderr) == (
        1,
        f"Error: {source} was written while it was copied - run this again\n",
    )
    assert {file.name for file in tmp_path.iterdir()} == {"live"}


@pytest.mark.parametrize("suffix", ("-wal", "-journal", "-shm"))
def test_a_copy_is_no_journal_of_its_source(source, suffix):
    before = files(source.parent)
    result = run(source, f"{source}{suffix}")
    assert result.exit_code == 1
    assert "is a journal of the source" in result.stderr
    assert files(source.parent) == before
