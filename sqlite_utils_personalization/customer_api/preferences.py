"""What a customer declares, key by key, for an entrance where nobody reads before writing."""

import sqlite3
from collections.abc import Mapping
from typing import Any

from sqlite_utils_personalization.errors import InvalidRequest
from sqlite_utils_personalization.formula.declared import preference_schema
from sqlite_utils_personalization.model.model import load_model
from sqlite_utils_personalization.preferences.profiles import Change, find_profile, set_preferences
from sqlite_utils_personalization.transaction import writing


def declare(db: sqlite3.Connection, user_token_hash: str, given: Mapping[str, Any]) -> Change:
    """Store the keys that are given, take back those given as null, and leave the rest; with none, tell what is stored.

    The same call again changes nothing. Joins the caller's transaction. InvalidPreference names every fault;
    InvalidRequest if nothing is given and nothing stored, which would add a customer who declared nothing.
    """
    packs = load_model().constants["packs"]
    with writing(db):
        if not given and find_profile(db, user_token_hash) is None:
            known = ", ".join(preference_schema()["properties"])
            raise InvalidRequest("nothing is declared yet", f"give at least one of {known}")
        return set_preferences(db, user_token_hash, given, packs, merge=True)
