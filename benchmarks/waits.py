"""How long others wait for the file while a night is under way, in both journal modes.

One process inserts a row every 50 ms, another reads one; each waits up to 5 s for a lock, as Datasette does.
"""

import json
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from shutil import copyfile
from statistics import quantiles

from benchmarks.database import create
from benchmarks.measure import night, report
from benchmarks.options import Options

TIMEOUT_S = 5.0
EVERY_S = 0.05
WRITE = "INSERT INTO usage_events (ts) VALUES (strftime('%s', 'now'))"
READ = "SELECT * FROM am_personalization_recommendation_log ORDER BY rec_id DESC LIMIT 1"


def main(options: Options) -> None:
    base = options.work / "base.db"
    create(base, options.sizes[-1], options.catalogue)
    with closing(sqlite3.connect(base)) as db, db:
        db.execute("CREATE TABLE usage_events (id INTEGER PRIMARY KEY, ts INTEGER)")
    report(f"{options.sizes[-1]:,} customers; milliseconds")
    for mode in ("wal", "delete"):
        path = options.work / f"{mode}.db"
        copyfile(base, path)
        with closing(sqlite3.connect(path)) as db:
            db.execute(f"PRAGMA journal_mode = {mode}")
        alone = _neighbours(path, lambda: time.sleep(5))
        company = _neighbours(path, lambda path=path: night(path, options.as_of))
        for name, waits, idle in zip(("write", "read"), company, alone, strict=True):
            report(f"{mode:7}{name:6} {_described(waits)}; with no night: {_described(idle)}")
        path.unlink()


def _neighbours(path: Path, work: object) -> list[list[float]]:
    """Run both neighbours while work() is under way; returns the milliseconds of each of their turns."""
    stop = path.with_suffix(".stop")
    commands = [
        [sys.executable, "-m", "benchmarks.waits", path, sql, stop] for sql in (WRITE, READ)
    ]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE) for command in commands]
    try:
        work()
    finally:
        stop.touch()
        found = [json.loads(process.communicate()[0]) for process in running]
        stop.unlink()
    return found


def _described(waits: list[float]) -> str:
    cuts = quantiles(waits, n=1000, method="inclusive")
    locked = sum(wait < 0 for wait in waits)
    return (
        f"{len(waits):,} turns, p50 {cuts[499]:.1f}, p99 {cuts[989]:.0f}, p99.9 {cuts[998]:.0f},"
        f" max {max(waits):.0f}, locked out {locked}"
    )


def neighbour(path: str, sql: str, stop: Path) -> list[float]:
    """Do the same again and again until stop is there; a turn that ended with 'database is locked' is -1."""
    waits = []
    with closing(sqlite3.connect(path, timeout=TIMEOUT_S, isolation_level=None)) as db:
        while not stop.exists():
            start = time.perf_counter()
            try:
                db.execute(sql).fetchall()
                waits.append((time.perf_counter() - start) * 1000)
            except sqlite3.OperationalError:
                waits.append(-1.0)
            time.sleep(EVERY_S)
    return waits


if __name__ == "__main__":
    print(json.dumps(neighbour(sys.argv[1], sys.argv[2], Path(sys.argv[3]))))
