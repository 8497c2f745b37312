"""A file that Datasette serves while nights are scored, each in processes of their own."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.database import FIRST_NIGHT

_NIGHTS = """
import sys
from datetime import date, timedelta
from sqlite_utils_personalization import score

day = date.fromisoformat(sys.argv[2])
while True:
    day += timedelta(days=1)
    score(sys.argv[1], as_of=day.isoformat())
"""
_STARTED = re.compile(r"Uvicorn running on http://127.0.0.1:(\d+) ")


@contextmanager
def served(path: Path, settings: Mapping[str, Any]) -> Iterator[int]:
    """The port of a Datasette that serves the file with these settings of the plugin."""
    metadata, said = path.with_suffix(".json"), path.with_suffix(".log")
    metadata.write_text(json.dumps({"plugins": {"sqlite-utils-personalization": settings}}))
    command = [sys.executable, "-m", "datasette", path, "-m", metadata, "-p", "0"]
    with open(said, "wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            while not (found := _STARTED.search(said.read_text())):
                if process.poll() is not None:
                    raise SystemExit(f"Datasette did not start: {said.read_text()}")
                time.sleep(0.1)
            yield int(found[1])
        finally:
            process.terminate()


@contextmanager
def nights(path: Path) -> Iterator[None]:
    """Nights one after the other, from the one after the first."""
    command = [sys.executable, "-c", _NIGHTS, path, FIRST_NIGHT.isoformat()]
    with subprocess.Popen(command) as process:
        try:
            yield
        finally:
            process.kill()
