"""The evidence copy: our tables, nothing else, and the source as it was."""

import hashlib
import sqlite3

import pytest
from click.testing import CliRunner
from sqlite_utils.cli import cli

from sqlite_utils_personalization import score
from sqlite_utils_personalization.audit.verify.verify import verify
from sqlite_utils_personalization.database import open_writable
from sqlite_utils_personalization.evidence.checkpoint import read_heads
from sqlite_utils_personalization.evidence.seal import head
from sqlite_utils_personalization.example import AS_OF, build
from sqlite_utils_personalization.schema.state import tables


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "live"
    folder.mkdir()
    path = folder / "jpcite.db"
    build(path)
    score(path, as_of=AS_OF)
    return path


def run(*arguments):
    return CliRunner().invoke(cli, ["personalization-snapshot", *map(str, arguments)])


def files(folder):
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_the_copy_is_intact_and_holds_the_same_rows(source, tmp_path):
    assert run(source, tmp_path / "copy.db").exit_code == 0
    copy, live = sqlite3.connect(tmp_path / "copy.db"), sqlite3.connect(source)
    assert verify(copy, [head(live)]) == []
    for table in tables():
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
