"""The pages and their JSON in Datasette: benchmarks/viewer.py, on a database of this run."""

import subprocess
import sys
from pathlib import Path

from benchmarks.options import Options


def main(options: Options) -> None:
    script = Path(__file__).with_name("viewer.py")
    rows = 10_000_000 if options.full else 200_000
    subprocess.run(
        [sys.executable, script, options.work / "viewer.db", "--rows", str(rows)], check=True
    )
