"""Whatever stops a night, the same command finishes it: the same rows, evidence and seal, no row twice."""

import json
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from scored import execute

from sqlite_utils_personalization.audit.verify.verify import verify
from sqlite_utils_personalization.example import build

SCRIPT = Path(__file__).with_name("interrupted.py")
CUSTOMERS = 120
WRITTEN = (
    "am_personalization_run",
    "am_personalization_cohort",
    "am_personalization_candidate",
    "am_personalization_run_candidate",
    "am_personalization_list",
    "am_personalization_decision",
    "am_personalization_evidence",
    "am_personalization_unserved",
    "am_personalization_recommendation_log",
    "am_personalization_seal",
    "am_personalization_run_customer",
    "am_personalization_identity",
    "am_personalization_identity_salt",
)
PROGRESS = (
    "SELECT run_id, status, cursor, logged, first_rec_id FROM am_personalization_run_progress"
)
KEPT = "what was logged stays - run the same command again to finish the night\n"


@pytest.fixture(scope="session")
def unscored(tmp_path_factory):
    """The bytes of the example database with more customers, not yet scored."""
    path = tmp_path_factory.mktemp("unscored") / "jpcite.db"
    build(path)
    rng = random.Random(6)
    with closing(sqlite3.connect(path)) as db, db:
        db.executemany(
            "INSERT INTO am_personalization_profile (user_token_hash, preference_json) VALUES (?, ?)",
            ((f"{n:064x}", json.dumps(preference(rng))) for n in range(CUSTOMERS)),
        )
    return path.read_bytes()


def preference(rng):
    declared = {
        "industry_pack": rng.choice("ADEIM"),
        "deadline_horizon_days": rng.choice([14, 60, 90]),
        "risk_tolerance": rng.choice(["low", "medium", "high"]),
    }
    return {key: value for key, value in declared.items() if rng.random() < 0.8}


@pytest.fixture
def path(tmp_path, unscored):
    path = tmp_path / "jpcite.db"
    path.write_bytes(unscored)
    return path


@pytest.fixture(scope="session")
def whole(tmp_path_factory, unscored):
    """What a night without interruption writes, and its number of SQL statements."""
    path = tmp_path_factory.mktemp("whole") / "jpcite.db"
    path.write_bytes(unscored)
    done = night(path, "counted")
    return content(path), int(done.stderr)


def night(path, *what):
    command = [sys.executable, SCRIPT, path, *map(str, what)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def content(path):
    with closing(sqlite3.connect(path)) as db:
        found = {
            name: db.execute(f"SELECT * FROM {name} ORDER BY 1, 2").fetchall() for name in WRITTEN
        }
        return {**found, "progress": db.execute(PROGRESS).fetchall()}


def findings(path):
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        return verify(db)


def is_open(path):
    with closing(sqlite3.connect(path)) as db:
        sql = "SELECT count(*) FROM am_personalization_{} WHERE run_id IS NOT NULL"
        runs, seals = (db.execute(sql.format(name)).fetchone()[0] for name in ("run", "seal"))
        return runs > seals


def finishes(path, whole):
    """Run the command once more, and hold the file against that of an uninterrupted night."""
    done = night(path)
    assert (done.returncode, json.loads(done.stdout)["as_of"]) == (0, "2026-04-01")
    assert content(path) == whole[0]
    assert findings(path) == []


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.sampled(1)
def test_a_night_killed_at_any_statement_is_finished_by_the_same_command(path, whole, seed):
    killed = night(path, "killed", random.Random(seed).randrange(1, whole[1]))
    assert killed.returncode == -9
    assert [finding.code for finding in findings(path)] == ["run-open"] * is_open(path)
    finishes(path, whole)


@pytest.mark.slow
def test_a_night_killed_again_and_again_is_finished_in_the_end(path, whole):
    rng = random.Random(100)
    for _ in range(6):
        assert night(path, "killed", rng.randrange(1, whole[1] // 4)).returncode in (-9, 0)
    finishes(path, whole)


@pytest.mark.parametrize("mode", ("wal", "delete"))
@pytest.mark.sampled(1)
def test_it_is_the_same_in_either_journal_mode_and_the_night_leaves_it(path, whole, mode):
    execute(path, f"PRAGMA journal_mode = {mode}")
    assert night(path, "killed", whole[1] // 2).returncode == -9
    finishes(path, whole)
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == (mode,)


@pytest.mark.parametrize(
    ("name", "code", "step"),
    (
        ("SIGTERM", 143, "decide"),
        ("SIGTERM", 143, "freeze"),
        ("SIGTERM", 143, "log_chunks"),
        ("SIGTERM", 143, "seal_run"),
        ("SIGINT", 130, "decide"),
        ("SIGINT", 130, "log_chunks"),
    ),
)
@pytest.mark.sampled(1, by="name")
def test_a_signal_ends_it_with_a_sentence_and_the_shells_exit_status(path, whole, name, code, step):
    stopped = night(path, "signalled", name, step)
    assert (stopped.returncode, stopped.stdout) == (code, "")
    assert stopped.stderr == f"stopped by {name}: {KEPT}"
    finishes(path, whole)


@pytest.mark.parametrize("pages", (0, 2, 8))
@pytest.mark.sampled(1)
def test_a_full_database_is_an_error_and_loses_nothing(path, whole, pages):
    stopped = night(path, "full", pages)
    assert (stopped.returncode, stopped.stdout) == (1, "")
    assert stopped.stderr == (
        f"Error: no space left for {path} or temporary files - free some, then run this again\n"
    )
    finishes(path, whole)


@pytest.mark.parametrize("kilobytes", (4, 30))
@pytest.mark.sampled(1)
def test_a_file_that_may_not_grow_is_an_error_and_loses_nothing(path, whole, kilobytes):
    stopped = night(path, "file-size", path.stat().st_size + kilobytes * 1024)
    assert (stopped.returncode, stopped.stdout) == (1, "")
    assert f"Error: {path} cannot be read or written" in stopped.stderr
    assert "Traceback" not in stopped.stderr
    finishes(path, whole)


def test_starters_at_the_same_moment_share_one_night(path, whole):
    command = [sys.executable, SCRIPT, path]
    starters = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    logged = [json.loads(starter.communicate()[0])["logged"] for starter in starters]
    assert [starter.returncode for starter in starters] == [0, 0, 0]
    assert sum(logged) == len(whole[0]["am_personalization_recommendation_log"])
    assert content(path) == whole[0]


@pytest.mark.parametrize(("name", "code"), (("SIGTERM", 143), ("SIGINT", 130)))
@pytest.mark.slow
def test_a_signal_ends_a_night_within_one_long_statement(tmp_path, name, code):
    path, sql = tmp_path / "jpcite.db", tmp_path / "own.sql"
    build(path)
    sql.write_text(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
        " SELECT 'program' AS recommendation_type, i AS item_id, 'x' AS title FROM n WHERE i < 0"
    )
    command = [sys.executable, "-m", "sqlite_utils", "personalization-score", path]
    options = ["--as-of", "2026-04-01", "--catalogue", sql]
    with subprocess.Popen([*command, *options], stderr=subprocess.PIPE, text=True) as started:
        time.sleep(8)
        began = time.monotonic()
        started.send_signal(getattr(signal, name))
        _, said = started.communicate(timeout=10)
    assert (started.returncode, said) == (code, f"stopped by {name}: {KEPT}")
    assert time.monotonic() - began < 2
