"""A shared file whose product knows its customers' keys, and the customer's API to it, in this process."""

import sqlite3
from contextlib import closing
from functools import cache
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from viewer_fixtures import serve, shared_database

API = "/v1/me/personalization"
PROFILE, RECOMMENDATIONS = f"{API}/profile", f"{API}/recommendations"
FEEDBACK = f"{API}/feedback"
CONTRACT = "/v1/openapi.json"
PLUGIN = "sqlite-utils-personalization"
KEYS = {"table": "customer_keys", "column": "key_hash", "revoked": "revoked_at"}
SETTINGS = {"customer_api": "jpcite", "customer_keys": KEYS}
# A key that the product knows, but nothing is declared under it; one that was revoked; one nobody gave out.
NEW, REVOKED, STRANGE = "new-key", "example-key-8", "strange-key"


def api_database(path, wal=True):
    """The example database, scored, with the keys of its eight customers and of a new one."""
    path.write_bytes(_built())
    if not wal:
        with closing(sqlite3.connect(path)) as db:
            db.execute("PRAGMA journal_mode = delete")
    return path


@cache
def _built():
    with TemporaryDirectory() as folder:
        path = shared_database(Path(folder) / "jpcite.db")
        with closing(sqlite3.connect(path)) as db, db:
            db.execute("PRAGMA journal_mode = wal")
            db.execute("CREATE TABLE customer_keys (key_hash TEXT PRIMARY KEY, revoked_at TEXT)")
            db.executemany(
                "INSERT INTO customer_keys VALUES (?, NULL)",
                [(digest(key),) for key in (NEW, *(f"example-key-{n}" for n in range(1, 9)))],
            )
            db.execute(
                "UPDATE customer_keys SET revoked_at = '2026-04-01' WHERE key_hash = ?",
                (digest(REVOKED),),
            )
        return path.read_bytes()


def digest(key):
    return sha256(key if isinstance(key, bytes) else key.encode()).hexdigest()


async def open_api(*paths, settings=None, **options):
    """Datasette serving paths with the API open; settings are those of the plugin."""
    metadata = {"plugins": {PLUGIN: {**SETTINGS, **(settings or {})}}}
    return await serve(*paths, metadata=metadata, **options)


def bearer(key):
    return {"Authorization": f"Bearer {key}"}


async def ask(datasette, method, url, key=None, **options):
    """The answer to one request, with this key if one is given."""
    headers = {**(bearer(key) if key else {}), **options.pop("headers", {})}
    return await datasette.client.request(method, url, headers=headers, **options)


def rows(path, sql, *values):
    with closing(sqlite3.connect(path)) as db:
        return db.execute(sql, values).fetchall()


def deliveries(path):
    """(rec_id, channel) of every delivery, in order."""
    return rows(path, "SELECT rec_id, channel FROM am_personalization_delivery ORDER BY rec_id")


def problem_of(response):
    """What the answer says is wrong, once it has the one shape of every failure."""
    told = response.json()
    assert response.headers["content-type"].startswith("application/json")
    assert told.keys() == {"ok", "status", "title", "error", "todo"}
    assert (told["ok"], told["status"]) == (False, response.status_code)
    assert all(isinstance(told[name], str) and told[name] for name in ("title", "error", "todo"))
    return told["error"]
