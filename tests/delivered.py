"""Databases with rows in the log, to be delivered."""

import sqlite3

DELIVERY = "am_personalization_delivery"
LOG = "am_personalization_recommendation_log"


def connect(path):
    return sqlite3.connect(path, isolation_level=None)


def logged(path, rows):
    """Log rows 1 to rows of one customer, each served at the same time, at the path of a migrated database."""
    db = connect(path)
    db.execute(
        "INSERT INTO am_personalization_profile(user_token_hash, preference_json) VALUES (?, '{}')",
        ("a" * 64,),
    )
    db.executemany(
        f"INSERT INTO {LOG}(profile_id, recommendation_type, score, served_at) VALUES (1, 'program', 50, ?)",
        [("2026-07-01T18:15:00.000Z",)] * rows,
    )
    db.close()
    return path


def rows(db, columns="*"):
    return db.execute(f"SELECT {columns} FROM {DELIVERY} ORDER BY delivery_id").fetchall()
