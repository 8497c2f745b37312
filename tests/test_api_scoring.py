"""A night as a function: on a path, a connection or a Database, and what it gives is what the command prints."""

import json
import os
import sqlite3
from contextlib import closing
from datetime import date, datetime, timezone
from pathlib import Path

import pytest
import sqlite_utils
from click.testing import CliRunner
from scored import execute

from sqlite_utils_personalization import Conflict, InvalidInput, Locked, NoSchema, score
from sqlite_utils_personalization.api.scoring import NightSummary
from sqlite_utils_personalization.commands.score import score as command
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.example import AS_OF, build
from sqlite_utils_personalization.scoring import log

NEXT = "2026-04-02"
LOG = "am_personalization_recommendation_log"


@pytest.fixture(scope="module")
def _built(tmp_path_factory):
    path = tmp_path_factory.mktemp("built") / "jpcite.db"
    build(path)
    return path.read_bytes()


@pytest.fixture
def path(tmp_path, _built):
    found = tmp_path / "jpcite.db"
    found.write_bytes(_built)
    return found


def kept(path):
    with closing(sqlite3.connect(path)) as db:
        return db.execute(f"SELECT count(*) FROM {LOG}").fetchone()[0]


def test_the_line_that_the_command_prints_is_what_the_function_gives(path, tmp_path):
    other = tmp_path / "other.db"
    other.write_bytes(path.read_bytes())
    printed = json.loads(CliRunner().invoke(command, [str(path), "--as-of", AS_OF]).stdout)
    found = score(other, as_of=AS_OF)
    # A shadow is told of only where one was asked for.
    assert [*found, "shadow"] == [*NightSummary.__annotations__]
    changing = {"served_at": ""}
    assert json.loads(json.dumps(found)) | changing == printed | changing
    assert (found["dim"], found["wave"], found["outcome"]) == ("H", 47, "scored")


@pytest.mark.parametrize(
    "opened",
    [
        str,
        Path,
        sqlite3.connect,
        lambda path: sqlite3.connect(path, isolation_level=None),
        lambda path: sqlite_utils.Database(str(path)),
    ],
)
def test_a_night_is_kept_whatever_names_the_file(path, opened):
    file = opened(path)
    found = score(file, as_of=AS_OF)
    assert kept(path) == found["logged"] > 0
    assert score(file, as_of=AS_OF)["outcome"] == "already scored"


def test_a_database_in_memory_is_scored_too(path):
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(":memory:")) as db:
        source.backup(db)
        db.row_factory = sqlite3.Row
        (size,) = db.execute("PRAGMA cache_size").fetchone()
        found = score(db, as_of=AS_OF)
        assert db.execute(f"SELECT count(*) AS n FROM {LOG}").fetchone()["n"] == found["logged"]
        assert db.execute("PRAGMA cache_size").fetchone()[0] == size
    assert kept(path) == 0


def test_a_dry_run_on_a_connection_that_may_not_write_says_what_would_be_logged(path):
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as db:
        found = score(db, as_of=AS_OF, dry_run=True)
    assert (found["outcome"], found["run_id"], kept(path)) == ("planned", None, 0)
    assert found["logged"] == score(path, as_of=AS_OF)["logged"]


def test_a_night_in_a_transaction_of_the_callers_is_refused(path):
    with closing(sqlite3.connect(path)) as db:
        db.execute("INSERT INTO programs(unified_id) SELECT 'mine' WHERE 0")
        assert db.in_transaction
        with pytest.raises(Conflict, match="in a transaction"):
            score(db, as_of=AS_OF)
        db.rollback()
        assert score(db, as_of=AS_OF)["outcome"] == "scored"


@pytest.mark.parametrize(
    "day",
    [
        date(2026, 4, 1),
        datetime(2026, 4, 1, 23),
        # The same evening in Europe is the next morning in Japan.
        datetime(2026, 3, 31, 15, tzinfo=timezone.utc),
    ],
)
def test_a_day_is_taken_as_python_has_it(path, day):
    assert score(path, as_of=day, dry_run=True)["as_of"] == AS_OF


class NumpyInteger:
    """What numpy.int64 is to Python."""

    def __index__(self):
        return 2


def test_numbers_and_files_are_taken_as_python_has_them(path):
    model = Path(str(log.__file__)).parents[1] / "model" / "model.json"
    found = score(path, as_of=AS_OF, top_k=NumpyInteger(), model=str(model))
    assert found["top_k"] == 2
    assert score(path, as_of=AS_OF, top_k=2, model=model)["outcome"] == "already scored"


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"as_of": "2026-4-1"}, "as_of"),
        ({"as_of": 20260401}, "as_of"),
        ({"top_k": 0}, "top_k"),
        ({"top_k": True}, "top_k"),
        ({"top_k": 2.0}, "top_k"),
        ({"top_k": "ten"}, "top_k"),
        ({"timeout_s": "long"}, "timeout_s"),
        ({"model": 7}, "model"),
        ({"say": 7}, "say"),
        ({"progress": "bar"}, "progress"),
        ({"catalogue": b"a.sql"}, "catalogue"),
    ],
)
def test_an_argument_that_cannot_be_is_named_and_nothing_is_logged(path, given, named):
    with pytest.raises(InvalidInput, match=named):
        score(path, **{"as_of": AS_OF, **given})
    assert kept(path) == 0


def test_what_is_said_and_how_far_it_is_go_to_plain_functions(path):
    said, stages = [], []
    score(path, as_of=AS_OF)
    score(path, as_of=AS_OF, say=said.append)
    score(path, as_of=NEXT, progress=lambda *step: stages.append(step))
    assert "was already scored" in said[0]
    stage, done, total = stages[-1]
    assert (stage, done) == ("Logging", total)


def test_a_locked_file_is_one_that_may_be_tried_again(path):
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(Locked) as raised:
            score(path, as_of=AS_OF, timeout_s=0)
        assert raised.value.retry_after_s > 0
        other.execute("ROLLBACK")
    assert score(path, as_of=AS_OF, timeout_s=0)["outcome"] == "scored"


def test_a_file_that_is_replaced_under_a_connection_is_noticed(path, tmp_path, monkeypatch):
    monkeypatch.setattr(log, "CHUNK_CUSTOMERS", 1)
    other = tmp_path / "other.db"
    other.write_bytes(path.read_bytes())
    with (
        closing(sqlite3.connect(path)) as db,
        pytest.raises(PersonalizationError, match="was replaced"),
    ):
        score(db, as_of=AS_OF, progress=lambda *step: other.exists() and os.replace(other, path))


def test_a_file_that_is_none_of_ours_is_said(tmp_path):
    execute(tmp_path / "other.db", "CREATE TABLE t (a)")
    with pytest.raises(NoSchema, match="personalization-migrate"):
        score(tmp_path / "other.db")
