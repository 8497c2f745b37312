"""A real server with the door open, on a port of its own: python tests/door_server.py FOLDER

FOLDER then holds jpcite.db, metadata.yml, and when the server answers, its url and the key of one customer. A night is
scored every other second, so that who comes back as somebody new is recommended something.
"""

import json
import signal
import socket
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path
from urllib.request import urlopen

from rest_fixtures import CONTRACT, PLUGIN, SETTINGS, door_database

from sqlite_utils_personalization import score
from sqlite_utils_personalization.example import AS_OF

KEY = "example-key-1"


def start(folder, log, path=None, **settings):
    """The process and its address, once it answers; log is where its output goes."""
    path = path or door_database(folder / "jpcite.db")
    metadata = folder / "metadata.yml"
    # JSON is YAML.
    metadata.write_text(json.dumps({"plugins": {PLUGIN: {**SETTINGS, **settings}}}))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    process = subprocess.Popen(
        [sys.executable, "-m", "datasette", path, "--metadata", metadata, "--port", port],
        stdout=log,
        stderr=log,
    )
    url = f"http://127.0.0.1:{port}"
    for _ in range(200):
        try:
            with urlopen(url + CONTRACT):
                return process, url
        except OSError:
            time.sleep(0.1)
    process.kill()
    raise SystemExit("the server does not answer")


if __name__ == "__main__":
    # Killed, it takes the server along.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    folder = Path(sys.argv[1])
    process, url = start(folder, None, customer_requests_per_minute=1_000_000)
    (folder / "key").write_text(KEY)
    (folder / "url").write_text(url)
    night = date.fromisoformat(AS_OF)
    try:
        while process.poll() is None:
            time.sleep(2)
            night += timedelta(days=1)
            score(folder / "jpcite.db", as_of=night.isoformat())
    finally:
        process.kill()
