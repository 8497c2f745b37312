"""A real server with the API open, on a port of its own: python tests/api_server.py FOLDER

FOLDER then holds jpcite.db, metadata.yml, the log of the server, and when it answers, its url and the key of one
customer. The night of noon.TODAY is scored every other second, so that who comes back as somebody new is recommended
something.
"""

import json
import signal
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from noon import TODAY
from rest_fixtures import PLUGIN, SETTINGS, api_database
from served import served

from sqlite_utils_personalization import score

KEY = "example-key-1"


@contextmanager
def open_server(folder, log=None, **settings):
    """The file in folder that is served, and the address; the output of the server is added to the file log."""
    path, metadata = api_database(folder / "jpcite.db"), folder / "metadata.yml"
    # JSON is YAML.
    metadata.write_text(json.dumps({"plugins": {PLUGIN: {**SETTINGS, **settings}}}))
    with served(path, metadata, log) as url:
        yield path, url


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    # Killed, it takes the server along.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    with open_server(folder, folder / "log", customer_requests_per_minute=1_000_000) as (path, url):
        (folder / "key").write_text(KEY)
        (folder / "url").write_text(url)
        while True:
            time.sleep(2)
            score(path, as_of=TODAY, again=True)
