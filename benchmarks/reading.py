"""Verify, replay, snapshot and import: rows per second, beside reading the same rows with a bare cursor."""

import json
import sqlite3
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from statistics import median

from benchmarks.database import INVALID, create
from benchmarks.measure import Cost, night, number, plugin, ratios, report, spend
from benchmarks.options import Options

LOG, PROFILE = "am_personalization_recommendation_log", "am_personalization_profile"
BARE = """
import sqlite3, sys
for row in sqlite3.connect(sys.argv[1]).execute(f"SELECT * FROM {sys.argv[2]}"):
    pass
"""


def main(options: Options) -> None:
    path = options.work / "read.db"
    customers = 10_000 if options.full else options.sizes[0] // 4
    nights = 5 if options.full else 2
    create(path, customers, options.catalogue)
    rows = sum(night(path, options.as_of + timedelta(days=each))[1] for each in range(nights))
    report(f"{rows:,} log rows in {nights} nights of {customers:,} customers")
    lines = options.work / "customers.ndjson"
    valid = declarations(path, lines)
    commands = {
        "verify": (LOG, rows, "verify", path, "--silent"),
        "replay": (LOG, rows, "replay", path, "--since", "2000-01-01", "--nl"),
        "snapshot": (
            LOG,
            rows,
            "snapshot",
            path,
            options.work / "copy.db",
            "--replace",
            "--silent",
        ),
        "import": (PROFILE, valid, "profile", "import", path, lines),
    }
    ours: dict[str, list[Cost]] = {name: [] for name in commands}
    bare: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(options.repeats):
        for name, (table, _, *command) in commands.items():
            bare[name].append(spend(sys.executable, "-c", BARE, path, table)[0])
            ours[name].append(plugin(*command)[0])
    for name, (table, count, *_) in commands.items():
        speed = number(count / median(cost.cpu for cost in ours[name]))
        report(f"{name}: {speed} rows of {table} per second of processor")
        report(f"  / bare cursor  {ratios(ours[name], bare[name])}")


def declarations(path: Path, lines: Path) -> int:
    """Write what the customers declare as personalization-profile import reads it, invalid ones aside."""
    with closing(sqlite3.connect(path)) as db, lines.open("w", encoding="utf-8") as file:
        found = db.execute(f"SELECT user_token_hash, preference_json FROM {PROFILE}").fetchall()
        valid = [(name, text) for name, text in found if text != INVALID]
        for name, text in valid:
            line = {"user_token_hash": name, "preferences": json.loads(text)}
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
    return len(valid)
