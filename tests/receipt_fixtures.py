"""A file with three sealed nights and rows of other programs around them, and its customers' receipts."""

import json
import sqlite3
from hashlib import sha256

from sqlite_utils_personalization import score
from sqlite_utils_personalization.audit.receipt import receipt
from sqlite_utils_personalization.evidence.checkpoint import Checkpoint, format_checkpoint
from sqlite_utils_personalization.evidence.note import Note, format_note
from sqlite_utils_personalization.evidence.seal import SEAL_COLUMNS
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
    """Seal 1 is of whose key is whose; 2, 4 and 6 of runs; 3 and 5 of rows that other programs wrote before them."""
    build(path)
    for night in NIGHTS:
        score(path, as_of=night)
        add_others(path)
    return path


def receipt_of(path, number, run_id=1, kept=()):
    """The receipt of customer number, as JSON text and back: what a customer holds."""
    db = connect(path)
    try:
        return json.loads(json.dumps(receipt(db, user_hash(number), run_id, kept)))
    finally:
        db.close()


def seals_of(path):
    """Every seal by its id, without what follows from those before it."""
    db = connect(path)
    columns = ", ".join(SEAL_COLUMNS)
    rows = db.execute(f"SELECT {columns} FROM am_personalization_seal ORDER BY 1").fetchall()
    db.close()
    return {row[0]: dict(zip(SEAL_COLUMNS, row, strict=True)) for row in rows}


def heads_of(path):
    """The head after every seal, by the seal's id."""
    db = connect(path)
    rows = db.execute(
        "SELECT origin, seal_id, tree_root FROM am_personalization_seal ORDER BY seal_id"
    ).fetchall()
    db.close()
    return {
        seal_id: Checkpoint(origin, seal_id, bytes.fromhex(top)) for origin, seal_id, top in rows
    }


def printed(*heads):
    """The heads as personalization-seal prints them, one after the other."""
    return "".join(format_note(Note(format_checkpoint(head))) for head in heads)
