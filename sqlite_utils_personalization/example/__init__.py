"""A small shared database to try everything on: invented programs and customers, scored for some nights."""

import json
import sqlite3
from importlib.resources import files
from pathlib import Path
from typing import Any

import sqlite_utils

from sqlite_utils_personalization.errors import Conflict
from sqlite_utils_personalization.preferences.customer import key_hash
from sqlite_utils_personalization.schema import migrate

# A list is in order, so the first row of each type is the best of it.
_BEST = """
SELECT p.profile_id, p.preference_json, v.rec_id, v.recommendation_type, v.logged_score, v.title
FROM am_personalization_profile p LEFT JOIN (
    SELECT profile_id, min(rec_id) AS rec_id FROM am_personalization_recommendation_log
    WHERE rec_id BETWEEN ? AND ? GROUP BY profile_id, recommendation_type
) l USING (profile_id) LEFT JOIN v_personalization_replay v USING (rec_id)
ORDER BY p.profile_id, l.rec_id
"""
_ROWS = "SELECT first_rec_id, last_rec_id FROM am_personalization_seal WHERE run_id = ?"
# The night to look at, and those before it, which another model may be tried on. They are scored after it, so that run
# and row 1 are of the night to look at.
AS_OF = "2026-04-01"
BEFORE = ("2026-03-29", "2026-03-30", "2026-03-31")


def build(path: str | Path) -> None:
    """Create path with the tables a product owns and our schema, not yet scored.

    Conflict if path exists: nothing is ever overwritten.
    """
    if Path(path).exists():
        raise Conflict(f"{path} already exists", "name a file that does not")
    migrate(path)
    here = files(__package__)
    customers = json.loads(here.joinpath("customers.json").read_text(encoding="utf-8"))
    with sqlite_utils.Database(path) as db, db.atomic():
        db["am_personalization_profile"].insert_all(
            {
                "user_token_hash": key_hash(f"example-key-{number}".encode()),
                "preference_json": json.dumps(declared, ensure_ascii=False),
            }
            for number, declared in enumerate(customers, 1)
        )
        db.executescript(here.joinpath("catalogue.sql").read_text(encoding="utf-8"))


def best(db: sqlite3.Connection, run_id: int) -> list[dict[str, Any]]:
    """Every customer of the example with what was declared and, of each type, the best of the run; read-only."""
    found: dict[int, dict[str, Any]] = {}
    for profile_id, declared, *row in db.execute(_BEST, db.execute(_ROWS, (run_id,)).fetchone()):
        about = {"profile_id": profile_id, "preferences": json.loads(declared), "best": []}
        customer = found.setdefault(profile_id, about)
        if row[0] is not None:
            names = ("rec_id", "recommendation_type", "score", "title")
            customer["best"].append(dict(zip(names, row, strict=True)))
    return list(found.values())
