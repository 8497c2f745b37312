"""What a command costs as a process of its own, and how two such costs compare."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple


class Cost(NamedTuple):
    """Seconds of processor and of wall clock, and the peak of memory in MB."""

    cpu: float
    wall: float
    rss: float


def spend(*command: object) -> tuple[Cost, str]:
    """Run a command to its end; returns its cost as a whole process and its last line of output."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as said:
        start = time.perf_counter()
        process = subprocess.Popen(list(map(str, command)), stdout=output, stderr=said)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        lines = output.read().decode().splitlines()
        said.seek(0)
        complaint = said.read().decode()
    if process.returncode != 0:
        raise SystemExit(
            f"{' '.join(map(str, command))} ended with {process.returncode}: {complaint}"
        )
    cpu = usage.ru_utime + usage.ru_stime
    return Cost(cpu, wall, usage.ru_maxrss / 1024), lines[-1] if lines else ""


def plugin(name: str, *arguments: object) -> tuple[Cost, str]:
    """The cost of one of our commands, started as an operator starts it."""
    return spend(sys.executable, "-m", "sqlite_utils", f"personalization-{name}", *arguments)


def night(path: Path, as_of: object) -> tuple[Cost, int]:
    """The cost of a night, and how many rows it logged."""
    cost, line = plugin("score", path, "--as-of", as_of, "--silent")
    return cost, json.loads(line)["logged"]


def yardstick(name: str, *arguments: object) -> Cost:
    """The cost of what a yardstick measures of itself: reading what it starts from is not part of it."""
    _, line = spend(sys.executable, "-m", "benchmarks.yardsticks", name, *arguments)
    return Cost(**json.loads(line))


def ratios(ours: Sequence[Cost], theirs: Sequence[Cost]) -> str:
    """Our cost in units of theirs, pair by pair: median and spread, by processor and by wall clock."""
    shown = []
    for unit in ("cpu", "wall"):
        pairs = [getattr(a, unit) / getattr(b, unit) for a, b in zip(ours, theirs, strict=True)]
        shown.append(f"{unit} {number(median(pairs))} ({number(min(pairs))}-{number(max(pairs))})")
    return "  ".join(shown)


def number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def seconds(costs: Sequence[Cost]) -> str:
    """The median processor time and wall clock of some runs, for orientation beside a ratio."""
    cpu, wall = (median(getattr(cost, unit) for cost in costs) for unit in ("cpu", "wall"))
    return f"{cpu:.1f} s cpu, {wall:.1f} s wall"


def report(line: str) -> None:
    print(line, flush=True)
