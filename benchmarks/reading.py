"""Verify, replay and snapshot: rows per second, beside reading the same rows with a bare cursor."""

import sys
from datetime import timedelta

from benchmarks.database import create
from benchmarks.measure import Cost, night, number, plugin, ratios, report, spend
from benchmarks.options import Options

BARE = """
import sqlite3, sys
for row in sqlite3.connect(sys.argv[1]).execute("SELECT * FROM am_personalization_recommendation_log"):
    pass
"""


def main(options: Options) -> None:
    path = options.work / "read.db"
    customers = 10_000 if options.full else options.sizes[0] // 4
    nights = 5 if options.full else 2
    create(path, customers, options.catalogue)
    rows = sum(night(path, options.as_of + timedelta(days=each))[1] for each in range(nights))
    report(f"{rows:,} log rows in {nights} nights of {customers:,} customers")
    commands = {
        "verify": ("verify", path, "--silent"),
        "replay": ("replay", path, "--since", "2000-01-01", "--nl"),
        "snapshot": ("snapshot", path, options.work / "copy.db", "--replace", "--silent"),
    }
    bare: list[Cost] = []
    found: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(options.repeats):
        bare.append(spend(sys.executable, "-c", BARE, path)[0])
        for name, command in commands.items():
            found[name].append(plugin(*command)[0])
    for name, costs in found.items():
        report(
            f"{name}: {number(rows / min(cost.cpu for cost in costs))} rows per second of processor"
        )
        report(f"  / bare cursor  {ratios(costs, bare)}")
