"""The jobs in examples/: each runs as it stands on the example database, does its work, and is short."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from sqlite_utils_personalization import score
from sqlite_utils_personalization.clock import japan_day
from sqlite_utils_personalization.example import AS_OF, build

FOLDER = Path(__file__).parents[1] / "examples"
JOBS = ("nightly_job.py", "reconcile_month.py", "send_digests.py")


@pytest.fixture
def path(tmp_path):
    found = tmp_path / "jpcite.db"
    build(found)
    score(found, as_of=AS_OF)
    return found


def run(job, *arguments):
    command = [sys.executable, "-W", "error", FOLDER / job, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def deliveries(path):
    with closing(sqlite3.connect(path)) as db:
        return db.execute("SELECT count(*) FROM am_personalization_delivery").fetchone()[0]


def nightly_job(path):
    done = run("nightly_job.py", path, "2026-04-02")
    assert json.loads(done.stdout)["outcome"] == "scored"
    again = run("nightly_job.py", path, "2026-04-31")
    assert (again.returncode, json.loads(again.stdout)["error"]) == (1, "InvalidInput")
    return done


def send_digests(path):
    done = run("send_digests.py", path, path.with_name("digests"), AS_OF)
    written, recorded = map(json.loads, done.stdout.splitlines())
    assert written["digests"] > 0
    assert recorded["delivered"] == deliveries(path) > 0
    return done


def reconcile_month(path):
    with closing(sqlite3.connect(path)) as db:
        db.execute(
            "CREATE TABLE usage_events (ts, status, metered, quantity, billing_idempotency_key)"
        )
    done = run("reconcile_month.py", path, japan_day()[:7])
    assert done.stdout.endswith("0 yen owed, 0 rows\n")
    return done


@pytest.mark.parametrize("job", JOBS)
def test_a_job_runs_as_it_stands_and_is_short(path, job):
    assert len((FOLDER / job).read_text(encoding="utf-8").splitlines()) <= 30
    runs = globals().get(job.removesuffix(".py"))
    done = runs(path) if runs else run(job, path)
    assert (done.returncode, done.stderr) == (0, "")
