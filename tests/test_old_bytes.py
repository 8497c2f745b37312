"""Looking for old bytes takes no lock away from whoever writes the file meanwhile."""

import sqlite3
import subprocess
import sys
from contextlib import closing

from sqlite_utils_personalization.preferences.old_bytes import traces

WRITES = """
import sqlite3, sys
sqlite3.connect(sys.argv[1], timeout=0).execute("INSERT INTO t VALUES (1)")
"""


def test_another_program_stays_locked_out_while_a_file_that_is_written_is_looked_at(tmp_path):
    path = tmp_path / "some.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("CREATE TABLE t(x)")
        db.execute("BEGIN IMMEDIATE")
        assert traces(path, "ab" * 32) == []
        done = subprocess.run(
            [sys.executable, "-c", WRITES, path], capture_output=True, text=True, check=False
        )
        assert "database is locked" in done.stderr


def test_a_file_that_took_the_place_of_another_is_the_one_that_is_looked_at(tmp_path):
    path, other = tmp_path / "some.db", tmp_path / "other.db"
    path.write_bytes(b"nothing")
    assert traces(path, "ab" * 32) == []
    other.write_bytes(b"\0" + b"ab" * 32)
    other.replace(path)
    assert traces(path, "ab" * 32) == [str(path)]
