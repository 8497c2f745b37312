"""A file with something of everything that a page shows, and Datasette serving it, for the tests in a browser."""

import json
import shutil
import sqlite3
from contextlib import closing, contextmanager

from click.testing import CliRunner
from receipt_fixtures import add_others, user_hash
from served import served
from sqlite_utils.cli import cli

from sqlite_utils_personalization import erase, score
from sqlite_utils_personalization.billing.record import record_deliveries, reverse_delivery
from sqlite_utils_personalization.example import build
from sqlite_utils_personalization.viewer.queries.metadata import metadata
from sqlite_utils_personalization.viewer.settings import PLUGIN

NIGHTS = ("2026-04-01", "2026-04-02", "2026-04-03")
USAGE = """
CREATE TABLE usage_events (id INTEGER PRIMARY KEY, key_hash TEXT, endpoint TEXT, ts TEXT, status INTEGER,
    metered INTEGER, quantity INTEGER, billing_idempotency_key TEXT)
"""
METERED = """
INSERT INTO usage_events(key_hash, endpoint, ts, status, metered, quantity, billing_idempotency_key)
VALUES ('x', '/v1/me/personalization/recommendations', ?, 200, 1, 1, ?)
"""
TAMPERED = """
DROP TRIGGER am_personalization_recommendation_log_no_update;
UPDATE am_personalization_recommendation_log SET score = score - 1 WHERE rec_id IN (2, 17);
"""


def audited(path, others=""):
    """Three nights of the example, rows of another program, an erased and a rejected customer, deliveries and charges
    of which some do not fit; verified, with the result kept. others are the statements of other programs.
    """
    build(path)
    with closing(sqlite3.connect(path)) as db:
        db.executescript(others)
    for night in NIGHTS:
        score(path, as_of=night)
        add_others(path)
        if night == NIGHTS[0]:
            with closing(sqlite3.connect(path)) as db, db:
                db.execute(
                    "UPDATE am_personalization_profile SET preference_json = '[]' WHERE profile_id = 6"
                )
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        _deliver(db)
    erase(path, user_hash(5))
    _run("personalization-reconcile", path, "--month", NIGHTS[0][:7], "--endpoint", "*", "--keep")
    _run("personalization-verify", path, "--keep", "-s")
    return path


def tampered(whole, path):
    """A copy of that with two findings."""
    shutil.copy(whole, path)
    with closing(sqlite3.connect(path)) as db:
        db.executescript(TAMPERED)
    _run("personalization-verify", path, "--keep", "-s")
    return path


def _deliver(db):
    """Rows of the first night by every channel; one failed, one taken back; not every charge is right."""
    db.execute(USAGE)
    (last,) = db.execute(
        "SELECT last_rec_id FROM am_personalization_seal WHERE run_id = 1"
    ).fetchone()
    made = []
    for number, channel in enumerate(("rest", "mcp", "digest")):
        rec_ids = range(1 + number * 8, min(9 + number * 8, last + 1))
        day = f"2026-04-0{number + 1}"
        at = {"channel": channel, "slot": day, "delivered_at": f"{day}T03:00:00Z"}
        made += record_deliveries(db, rec_ids, **at)
    at = {"slot": NIGHTS[2], "delivered_at": f"{NIGHTS[2]}T05:00:00Z"}
    record_deliveries(db, [last], channel="rest", status=500, **at)
    reverse_delivery(db, made[0].delivery_id, "2026-04-04T00:00:00Z")
    keys = dict(db.execute("SELECT delivery_id, billing_key FROM am_personalization_billing_key"))
    for one in (*made[:-3], made[4]):
        db.execute(METERED, (one.delivered_at, keys[one.delivery_id]))


def _run(*arguments):
    result = CliRunner().invoke(cli, [str(argument) for argument in arguments])
    assert result.exit_code in (0, 1), result.output


@contextmanager
def site(path, access_log):
    """The address of a Datasette that serves the file as README says, and keeps who looked."""
    settings = metadata(path.stem) | {
        "plugins": {PLUGIN: {"access_log": {"file": str(access_log), "allow": True}}}
    }
    file = path.with_suffix(".json")
    file.write_text(json.dumps(settings), encoding="utf-8")
    with served(path, file) as address:
        yield address
