"""python -m benchmarks.kills: kill -9 a night at random moments, finish it with the same command, and compare.

Each trial kills once, or until the night is done with --again. The finished file must hold the rows, evidence and seal
of a night that nobody killed, byte for byte, and verification must find nothing.
"""

import random
import sqlite3
import subprocess
import sys
import time
from argparse import ArgumentParser
from collections import Counter
from contextlib import closing
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory

from benchmarks.database import FIRST_NIGHT, create
from benchmarks.measure import plugin, report

# Salt and times differ between any two nights; here they are the same, so that seals can be compared.
NIGHT = f"""
import sys
from sqlite_utils.cli import cli
from sqlite_utils_personalization.scoring import night
night.token_hex = lambda n: "0" * 2 * n
night.utc_now = lambda: "{FIRST_NIGHT}T18:00:00.000Z"
cli(["personalization-score", sys.argv[1], "--as-of", "{FIRST_NIGHT}", "--silent"])
"""
TABLES = """run cohort candidate run_candidate list decision evidence unserved recommendation_log seal run_customer"""


def main() -> None:
    parser = ArgumentParser(prog="python -m benchmarks.kills", description=__doc__)
    parser.add_argument("--times", type=int, default=100, help="trials")
    parser.add_argument("--customers", type=int, default=5_000, help="customers of the night")
    parser.add_argument("--mode", choices=("wal", "delete"), default="delete", help="journal mode")
    parser.add_argument("--again", action="store_true", help="kill each night again and again")
    parser.add_argument("--seed", type=int, default=1, help="of the moments")
    given = parser.parse_args()
    with TemporaryDirectory() as folder:
        kill(Path(folder), given.times, given.customers, given.mode, given.again, given.seed)


def kill(folder: Path, times: int, customers: int, mode: str, again: bool, seed: int) -> None:
    base, path, rng = folder / "base.db", folder / "killed.db", random.Random(seed)
    create(base, customers)
    with closing(sqlite3.connect(base)) as db:
        db.execute(f"PRAGMA journal_mode = {mode}")
    copyfile(base, path)
    start = time.perf_counter()
    night(path)
    took, expected = time.perf_counter() - start, content(path)
    outcomes: Counter[str] = Counter()
    for trial in range(times):
        for left in folder.glob("killed.db*"):
            left.unlink()
        copyfile(base, path)
        while (reached := killed(path, rng.uniform(0, took * 1.05))) != "finished" and again:
            outcomes["killed again"] += 1
        outcomes[reached] += 1
        night(path)
        if content(path) != expected:
            raise SystemExit(f"trial {trial}: the night killed while {reached} ended otherwise")
        plugin("verify", path, "--silent")
    report(
        f"{times} nights of {customers:,} customers, {mode}, about {took:.1f} s each: all the same"
    )
    report(", ".join(f"{n} {reached}" for reached, n in outcomes.most_common()))


def night(path: Path) -> None:
    subprocess.run([sys.executable, "-c", NIGHT, path], check=True, capture_output=True)


def killed(path: Path, after_s: float) -> str:
    """Start a night, kill it after so many seconds; returns how far it got."""
    process = subprocess.Popen(
        [sys.executable, "-c", NIGHT, path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    time.sleep(after_s)
    process.kill()
    if process.wait() == 0:
        return "finished"
    with closing(sqlite3.connect(path)) as db:
        found = db.execute("SELECT status, logged FROM am_personalization_run_progress").fetchone()
        if found is None:
            cohorts = db.execute("SELECT count(*) FROM am_personalization_cohort").fetchone()
            return "planning" if cohorts == (0,) else "planned, not frozen"
        left = db.execute("SELECT count(*) FROM am_personalization_run_customer").fetchone()
        if found[0] == "finished":
            return "sealed"
        return "sealing" if left == (0,) else "logging"


def content(path: Path) -> list[list[tuple[object, ...]]]:
    with closing(sqlite3.connect(path)) as db:
        return [
            db.execute(f"SELECT * FROM am_personalization_{name} ORDER BY 1, 2").fetchall()
            for name in TABLES.split()
        ]


if __name__ == "__main__":
    main()
