"""A night restored from any usual backup, with a server at work or not, is what it was, and verifies."""

import shutil
import sqlite3
import subprocess
from contextlib import closing

import pytest
from scored import example, execute

from sqlite_utils_personalization import score
from sqlite_utils_personalization.api.files import migration_statuses
from sqlite_utils_personalization.audit.verify.verify import verify
from sqlite_utils_personalization.example import AS_OF

SHELL = shutil.which("sqlite3")
LOG = "SELECT * FROM am_personalization_recommendation_log ORDER BY rec_id"


@pytest.fixture(params=("wal", "delete"))
def path(request, tmp_path):
    found = example(tmp_path / "jpcite.db", AS_OF)
    execute(found, f"PRAGMA journal_mode = {request.param}")
    return found


def connect(path, mode="rw"):
    return closing(sqlite3.connect(f"{path.as_uri()}?mode={mode}", uri=True, isolation_level=None))


def by_api(path, copy):
    with connect(path, "ro") as db, closing(sqlite3.connect(copy)) as target:
        db.backup(target, pages=7)


def vacuumed(path, copy, mode="rw"):
    with connect(path, mode) as db:
        db.execute("VACUUM INTO ?", (str(copy),))


def vacuumed_read_only(path, copy):
    vacuumed(path, copy, "ro")


def dumped(path, copy):
    with connect(path, "ro") as db, closing(sqlite3.connect(copy)) as target:
        target.executescript("\n".join(db.iterdump()))


def file_and_log_copied(path, copy):
    """As a replication of the -wal does it: reading all along, so that nobody else checkpoints meanwhile."""
    with connect(path) as db:
        db.execute("BEGIN")
        db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        for suffix in ("", "-wal"):
            if (source := path.with_name(path.name + suffix)).exists():
                shutil.copy(source, copy.with_name(copy.name + suffix))
    with connect(copy) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def by_shell(*commands):
    def run(path, copy):
        if not SHELL:
            pytest.skip("no sqlite3 shell")
        asked = [SHELL, *commands[0], str(path), commands[1].format(copy=copy)]
        done = subprocess.run(asked, capture_output=True, text=True, check=True)
        if not copy.exists():
            restored = subprocess.run(
                [SHELL, str(copy)], input=done.stdout, capture_output=True, text=True, check=True
            )
            assert restored.stderr == ""

    return run


WAYS = {
    "the backup API": by_api,
    "VACUUM INTO": vacuumed,
    "VACUUM INTO, read-only": vacuumed_read_only,
    "iterdump": dumped,
    "the file and its -wal": file_and_log_copied,
    ".backup": by_shell((), ".backup '{copy}'"),
    ".backup, read-only": by_shell(("-readonly",), ".backup '{copy}'"),
    "the shell's VACUUM INTO, read-only": by_shell(("-readonly",), "VACUUM INTO '{copy}'"),
    ".dump": by_shell((), ".dump"),
    ".dump, read-only": by_shell(("-readonly",), ".dump"),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("is_open", (False, True), ids=("idle", "open"))
@pytest.mark.sampled(1, by="way")
def test_what_is_restored_is_whole_and_goes_on(path, tmp_path, way, is_open):
    copy = tmp_path / "restored.db"
    with connect(path) as server:
        if is_open:
            # In WAL mode what is written last is in the -wal alone.
            server.execute("CREATE TABLE elsewhere (x)")
        expected = server.execute(LOG).fetchall()
        if not is_open:
            server.close()
        WAYS[way](path, copy)
    with connect(copy) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert db.execute(LOG).fetchall() == expected
        assert verify(db) == []
    assert not any(status["pending"] for status in migration_statuses(copy))
    assert score(copy, as_of="2026-04-02")["outcome"] == "scored"
    with connect(copy) as db:
        assert verify(db) == []
