"""A Datasette that serves a file in a process of its own."""

import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager


@contextmanager
def served(path, metadata, log=subprocess.DEVNULL):
    """The address of a Datasette that serves the file with this file of metadata; log is where its output goes."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "datasette", path, "--metadata", metadata, "--port", str(port)]
    process = subprocess.Popen(list(map(str, command)), stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{address}/-/versions.json").close()
                break
            except OSError:
                time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait()
