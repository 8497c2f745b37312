"""A small shared database to try everything on: invented programs and customers, scored for one night."""

import json
from importlib.resources import files
from pathlib import Path

import sqlite_utils

from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.preferences.customer import key_hash
from sqlite_utils_personalization.schema import migrate

AS_OF = "2026-04-01"


def build(path: str | Path) -> None:
    """Create path with the tables a product owns and our schema, not yet scored.

    PersonalizationError if path exists: nothing is ever overwritten.
    """
    if Path(path).exists():
        raise PersonalizationError(f"{path} already exists", "name a file that does not")
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
