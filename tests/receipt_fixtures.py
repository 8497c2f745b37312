"""A file with three sealed nights and rows of other programs around them, and its customers' receipts."""

import json
import sqlite3
from hashlib import sha256

from sqlite_utils_personalization import score
from sqlite_utils_personalization.audit.receipt import receipt
from sqlite_utils_personalization.example import build

NIGHTS = ("2026-04-01", "2026-04-02", "2026-04-03")
OTHERS = (
    "INSERT INTO am_personalization_recommendation_log(profile_id, recommendation_type, score)"
    " VALUES (8, 'program', 7)"
)


def connect(path):
    return sqlite3.connect(path, isolation_level=None)


def user_hash(number):
    """Of customer number of the example."""
    return sha256(f"example-key-{number}".encode()).hexdigest()


def add_others(path):
    db = connect(path)
    db.execute(OTHERS)
    db.close()


def history(path):
    """Seals 1, 3 and 5 are of runs; 2 and 4 of rows that other programs wrote before the next run."""
    build(path)
    for night in NIGHTS:
        score(path, as_of=night)
        add_others(path)
    return path


def receipt_of(path, number, run_id=1, **options):
    """The receipt of customer number, as JSON text and back: what a customer holds."""
    db = connect(path)
    try:
        return json.loads(json.dumps(receipt(db, user_hash(number), run_id, **options)))
    finally:
        db.close()


def seal_lines(path):
    """Every seal by its id, as personalization-seal prints it."""
    db = connect(path)
    db.row_factory = sqlite3.Row
    seals = [dict(row) for row in db.execute("SELECT * FROM am_personalization_seal ORDER BY 1")]
    db.close()
    return {seal["seal_id"]: seal for seal in seals}
