"""A shared file, as a product leaves it, and Datasette in this process serving it."""

import asyncio
import json
import sqlite3
from contextlib import asynccontextmanager, closing
from copy import deepcopy
from functools import cache
from pathlib import Path

import jinja2
import yaml
from datasette.app import Datasette
from scored import example

from sqlite_utils_personalization.clock import utc_now
from sqlite_utils_personalization.example import AS_OF

METADATA = Path(__file__).parents[1] / "metadata.yml"

# What other programs keep in the file. None of these words may ever be served.
OTHERS = """
CREATE TABLE api_keys (id INTEGER PRIMARY KEY, notify_email TEXT);
INSERT INTO api_keys VALUES (1, 'zaihou@example.com');
CREATE VIEW api_key_addresses AS SELECT notify_email FROM api_keys;
CREATE VIRTUAL TABLE api_key_search USING fts5(notify_email);
INSERT INTO api_key_search (rowid, notify_email) VALUES (1, 'zaihou@example.com');
CREATE TABLE am_personalization_score (hidden_note TEXT);
INSERT INTO am_personalization_score VALUES ('zaihou@example.com');
CREATE TABLE api_key_orders (
    id INTEGER PRIMARY KEY, zaihou_phone TEXT,
    profile_id INTEGER REFERENCES am_personalization_profile(profile_id)
);
INSERT INTO api_key_orders VALUES (1, '090-1234-5678', 1), (2, '090-1234-5678', 1);
UPDATE am_personalization_profile SET preference_json = json_set(preference_json, '$.note', 'zaihou@example.com')
WHERE profile_id = 1;
"""
HIDDEN_WORDS = ("api_key", "notify_email", "hidden_note", "am_personalization_score", "zaihou")
HOME = "/-/personalization"
# Of a file like shared_database(); a night is compared with itself.
EVERY_PAGE = tuple(
    f"{HOME}{path}"
    for path in (
        *("", "/search", "/search?q=1", "/nights", "/night/1", "/night/1/sample?n=5"),
        *("/compare/1/1", "/customer/1", "/item/program/EX-104", "/replay/1", "/why-not"),
        *("/why-not?customer=1&item=EX-105", "/money", "/verification"),
    )
)
_served = []


class CompiledOnce(jinja2.BytecodeCache):
    """Templates that another Datasette of this process compiled: doing so takes longer than most tests."""

    def __init__(self):
        self.codes = {}

    def load_bytecode(self, bucket):
        bucket.code = self.codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket):
        self.codes[bucket.key, bucket.checksum] = bucket.code


_compiled = CompiledOnce()


def shared_database(path):
    """The example database, scored for one night, with tables of other programs in it."""
    example(path, AS_OF)
    db = sqlite3.connect(path)
    db.executescript(OTHERS)
    db.close()
    return path


@cache
def metadata_yml():
    """What metadata.yml says: its 1,200 lines take longer to read than most tests."""
    return yaml.safe_load(METADATA.read_text(encoding="utf-8"))


@cache
def _without_columns():
    # What it says of columns takes Datasette 1.0 longer to note.
    found = deepcopy(metadata_yml())
    for database in found["databases"].values():
        for table in database["tables"].values():
            table.pop("columns", None)
    return found


async def serve(*paths, metadata=None, **options):
    """Datasette on these files, started; root is enabled where that is asked for.

    Without metadata it is the project's metadata.yml, except for what that says of columns.
    """
    metadata = deepcopy(_without_columns()) if metadata is None else metadata
    # A busy machine takes longer than a second for what takes milliseconds.
    options["settings"] = {"sql_time_limit_ms": 10_000, **(options.get("settings") or {})}
    datasette = Datasette([str(path) for path in paths], metadata=metadata, **options)
    datasette.root_enabled = True
    # Datasette 1.0 has it under another name.
    environment = vars(datasette).get("jinja_env") or datasette._jinja_env
    environment.bytecode_cache = _compiled
    _served.append(datasette)
    await datasette.invoke_startup()
    return datasette


def close_served():
    """Close the files of every Datasette served so far: a machine may allow a process no more than 256."""
    while _served:
        for database in _served.pop().databases.values():
            database.close()


@asynccontextmanager
async def running(datasette):
    """Between the start and the stop of a server, which some plugins wait for."""
    asked, told = asyncio.Queue(), asyncio.Queue()
    scope = {"type": "lifespan", "asgi": {"version": "3.0"}}
    server = asyncio.create_task(datasette.app()(scope, asked.get, told.put))
    await asked.put({"type": "lifespan.startup"})
    await told.get()
    yield
    await asked.put({"type": "lifespan.shutdown"})
    await server


def found_by_verification(path, finding):
    """Keep the record of a full verification with this one finding."""
    findings = {"row": {"count": 1, "first": [finding]}}
    with closing(sqlite3.connect(path)) as db:
        db.execute(
            "INSERT INTO am_personalization_verification (verified_at, package_version, log_end, covered_rows, seal_id,"
            " kept, seconds, findings, findings_json) VALUES (?, '0', 0, 0, 0, 'none', 1, 1, ?)",
            (utc_now(), json.dumps(findings)),
        )
        db.commit()


def twin(page):
    """The address of the page's JSON."""
    path, question, query = page.partition("?")
    return f"{path}.json{question}{query}"


def root(datasette):
    return {"ds_actor": datasette.sign({"a": {"id": "root"}}, "actor")}
