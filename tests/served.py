"""A Datasette that serves a file in a process of its own."""

import re
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import noon

STARTED = re.compile(r"running on (http://\S+) ")


@contextmanager
def served(path, metadata, log=None):
    """The address of a Datasette that serves the file with this file of metadata; log is where its output is added."""
    # A port that was free a moment ago may be another's by now: the system gives it one.
    datasette = [sys.executable, noon.__file__, "datasette", path]
    command = [*datasette, "--metadata", metadata, "--port", "0"]
    with TemporaryDirectory() as folder:
        log = log or Path(folder) / "log"
        with open(log, "ab") as output:
            process = subprocess.Popen(list(map(str, command)), stdout=output, stderr=output)
        try:
            yield _address(process, log)
        finally:
            process.terminate()
            process.wait()


def _address(process, log):
    """Where the server says it listens, however long it takes to start."""
    while not (found := STARTED.search(log.read_text())):
        assert process.poll() is None, log.read_text()
        time.sleep(0.1)
    return found[1]
