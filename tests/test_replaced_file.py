"""A file that somebody replaces under a night, by moving or by copying over it: the night says so and fails."""

import os
import shutil
import sqlite3
from contextlib import closing

import pytest
from scored import example, execute

from sqlite_utils_personalization import score
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.example import AS_OF
from sqlite_utils_personalization.scoring import log

NEXT = "2026-04-02"


@pytest.fixture(params=("wal", "delete"))
def path(request, tmp_path, monkeypatch):
    monkeypatch.setattr(log, "CHUNK_CUSTOMERS", 1)
    found = example(tmp_path / "jpcite.db")
    execute(found, f"PRAGMA journal_mode = {request.param}")
    return found


def moved_over(path, other):
    os.replace(other, path)


def copied_over(path, other):
    shutil.copy(other, path)


def moved_away(path, other):
    os.rename(path, path.with_name("old.db"))


def removed(path, other):
    path.unlink()


def truncated(path, other):
    os.truncate(path, 0)


def backup(path, other):
    with closing(sqlite3.connect(path)) as db, closing(sqlite3.connect(other)) as copy:
        db.backup(copy)


def foreign(path, other):
    execute(other, "CREATE TABLE t (x)", "INSERT INTO t VALUES (randomblob(9000))")


def text(path, other):
    other.write_text("no database at all\n" * 9000)


@pytest.mark.parametrize("when", ("Reading", "Logging"))
@pytest.mark.parametrize(
    ("how", "made"),
    (
        (moved_over, backup),
        (copied_over, backup),
        (copied_over, foreign),
        (copied_over, text),
        (moved_away, backup),
        (truncated, backup),
    ),
)
@pytest.mark.sampled(1, by="how")
def test_a_night_on_a_replaced_file_fails_with_a_sentence(path, tmp_path, how, made, when):
    other = tmp_path / "other.db"
    made(path, other)
    score(path, as_of=AS_OF)
    done = []

    def act(stage, number, total):
        if stage == when and not done:
            done.append(how(path, other))

    with pytest.raises(PersonalizationError) as caught:
        score(path, as_of=NEXT, progress=act)
    assert done
    assert "read-only" not in str(caught.value)
    assert " - " in str(caught.value)


@pytest.mark.parametrize("how", (moved_over, moved_away, removed))
def test_what_it_says_of_a_file_that_was_moved_names_it(path, tmp_path, how):
    other = tmp_path / "other.db"
    backup(path, other)

    with pytest.raises(PersonalizationError) as caught:
        score(path, as_of=NEXT, progress=lambda *_: how(path, other))
    assert str(caught.value).startswith(f"{path} was replaced while it was written to - ")


def test_a_file_that_others_vacuum_and_write_meanwhile_is_the_same_one(path):
    execute(path, "CREATE TABLE gone AS SELECT randomblob(900000)", "DROP TABLE gone")

    def act(*_):
        execute(path, "VACUUM", "CREATE TABLE IF NOT EXISTS elsewhere (x)")

    assert score(path, as_of=NEXT, progress=act)["outcome"] == "scored"
