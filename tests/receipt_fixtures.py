"""Files with sealed nights, rows of other programs and deliveries in between; and their customers' receipts."""

import json
import sqlite3
from hashlib import sha256

from sqlite_utils_personalization import score
from sqlite_utils_personalization.audit.receipt import receipt
from sqlite_utils_personalization.billing.record import record_deliveries
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


# A second amendment for customer 3, who marks the program of the first, which ranks after it.
AMENDMENT = (
    "INSERT INTO am_amendment_diff(entity_id, field_name, prev_value, new_value, detected_at)"
    " VALUES ('EXjg0000000000005A', 'close_at', 'x', 'y', '2026-03-28T09:00:00+09:00')"
)
MARKED = (
    "INSERT INTO am_personalization_feedback(profile_id, recommendation_type, item_id, feedback, given_at)"
    " VALUES (3, 'program', 'EX-103', 'interested', '2026-04-01T02:00:00.000Z')"
)

DISMISSED = (
    "INSERT INTO am_personalization_feedback(profile_id, recommendation_type, item_id, feedback, family, opens_on,"
    " closes_on, given_at) VALUES (5, 'program', 'EX-102', 'dismissed', NULL, NULL, NULL, '2026-04-01T01:00:00.000Z')"
)


def sparing_history(path):
    """Two nights; between them customer 3 was handed over the second and the last program of the first night's."""
    build(path)
    db = connect(path)
    db.execute(AMENDMENT)
    score(path, as_of=NIGHTS[0])
    rows = [
        rec_id
        for (rec_id,) in db.execute(
            "SELECT rec_id FROM am_personalization_recommendation_log WHERE profile_id = 3"
            " AND recommendation_type = 'program' ORDER BY rec_id"
        )
    ]
    at = {"slot": NIGHTS[0], "delivered_at": f"{NIGHTS[0]}T03:00:00Z"}
    record_deliveries(db, [rows[1], rows[-1]], channel="rest", **at)
    db.execute(MARKED)
    db.close()
    score(path, as_of=NIGHTS[1])
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
