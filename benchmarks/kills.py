"""python -m benchmarks.kills: kill -9 a night at random moments, finish it with the same command, and compare.

The finished file must hold the rows, evidence and seal of a night that nobody killed, byte for byte, and verification
must find nothing. Each night is a process of its own, forked after the imports, so that no moment falls into those.
"""

import os
import random
import signal
import sqlite3
import time
from argparse import ArgumentParser
from collections import Counter
from contextlib import closing
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory

from benchmarks.database import FIRST_NIGHT, create
from benchmarks.measure import report
from sqlite_utils_personalization import score
from sqlite_utils_personalization.audit.verify.verify import verify
from sqlite_utils_personalization.evidence import seal
from sqlite_utils_personalization.preferences import identity
from sqlite_utils_personalization.scoring import log, night

# So many transactions for the log of a night, whatever its size.
CHUNKS = 50
TABLES = """run cohort candidate run_candidate list decision evidence unserved recommendation_log seal run_customer
identity identity_salt"""


def main() -> None:
    parser = ArgumentParser(prog="python -m benchmarks.kills", description=__doc__)
    parser.add_argument("--times", type=int, default=100, help="kills")
    parser.add_argument("--customers", type=int, default=2_000, help="customers of the night")
    parser.add_argument("--mode", choices=("wal", "delete"), default="delete", help="journal mode")
    parser.add_argument("--seed", type=int, default=1, help="of the moments")
    given = parser.parse_args()
    # Salt, origin and times differ between any two nights; here they are the same, so that seals can be compared.
    night.token_hex = seal.token_hex = identity.token_hex = lambda n: "0" * 2 * n
    night.utc_now = identity.utc_now = lambda: f"{FIRST_NIGHT}T18:00:00.000Z"
    log.CHUNK_CUSTOMERS = max(1, given.customers // CHUNKS)
    with TemporaryDirectory() as folder:
        kill(Path(folder), given.times, given.customers, given.mode, random.Random(given.seed))


def kill(folder: Path, times: int, customers: int, mode: str, rng: random.Random) -> None:
    base, path = folder / "base.db", folder / "killed.db"
    create(base, customers)
    with closing(sqlite3.connect(base)) as db:
        db.execute(f"PRAGMA journal_mode = {mode}")
    copyfile(base, path)
    took, outcomes = finish(path), Counter[str]()
    expected = content(path)
    while sum(outcomes.values()) < times:
        for left in folder.glob("killed.db*"):
            left.unlink()
        copyfile(base, path)
        reached = killed(path, rng.uniform(0, took))
        if reached is None:
            continue
        outcomes[reached] += 1
        finish(path)
        if content(path) != expected:
            raise SystemExit(
                f"a night of {customers} customers killed while {reached} ended otherwise"
            )
    shown = ", ".join(f"{n} while {reached}" for reached, n in outcomes.most_common())
    report(f"{times} nights of {customers:,} customers killed, {mode}: {shown}; all ended the same")


def start(path: Path) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        score(path, as_of=str(FIRST_NIGHT))
        os._exit(0)
    finally:
        os._exit(1)


def finish(path: Path) -> float:
    """Run the night to its end; returns the seconds it took."""
    began = time.perf_counter()
    _, status = os.waitpid(start(path), 0)
    took = time.perf_counter() - began
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        if status or verify(db):
            raise SystemExit(f"the night ended with {status}, and verification finds {verify(db)}")
    return took


def killed(path: Path, after_s: float) -> str | None:
    """Start a night and kill it after so many seconds; returns how far it got, None if it was faster."""
    pid = start(path)
    time.sleep(after_s)
    os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    if not os.WIFSIGNALED(status):
        return None
    with closing(sqlite3.connect(path)) as db:
        found = db.execute("SELECT status FROM am_personalization_run_progress").fetchone()
        left = db.execute("SELECT count(*) FROM am_personalization_run_customer").fetchone()
        stored = db.execute("SELECT count(*) FROM am_personalization_cohort").fetchone()
    if found is None:
        return "planning" if stored == (0,) else "storing the plan"
    if found == ("finished",):
        return "refreshing statistics"
    return "sealing" if left == (0,) else "logging"


def content(path: Path) -> list[list[tuple[object, ...]]]:
    with closing(sqlite3.connect(path)) as db:
        return [
            db.execute(f"SELECT * FROM am_personalization_{name} ORDER BY 1, 2").fetchall()
            for name in TABLES.split()
        ]


if __name__ == "__main__":
    main()
