"""Are the guards, the views and the evidence tables the packaged ones?"""

import sqlite3
from collections.abc import Iterator

from sqlite_utils_personalization.audit.finding import Finding
from sqlite_utils_personalization.schema.state import EVENTS, objects, packaged

# Storage is a contract with other programs, whose own text of it may be laid out differently.
_SHARED = (
    "am_personalization_profile",
    "am_personalization_recommendation_log",
    "idx_am_personalization_profile_token",
    "idx_am_pers_rec_profile_served",
    "idx_am_pers_rec_type_score",
)


def check_schema(db: sqlite3.Connection) -> Iterator[Finding]:
    """Compare what sqlite_master says with the packaged text; read-only."""
    stored = dict(db.execute("SELECT name, sql FROM main.sqlite_master WHERE sql IS NOT NULL"))
    expected = packaged()
    if stored.keys().isdisjoint(objects(EVENTS)):
        # Not applied, which is no fault: what a seal covers of it is missed by the check of seals.
        expected = {name: text for name, text in expected.items() if name not in objects(EVENTS)}
    for name, text in expected.items():
        if name not in stored:
            yield Finding("schema", None, None, f"{name} is missing")
        elif name not in _SHARED and stored[name] != text:
            yield Finding("schema", None, None, f"{name} is not the packaged one")
    yield from _strangers(db)


def _strangers(db: sqlite3.Connection) -> Iterator[Finding]:
    guarded = {name for name in packaged() if name.startswith("am_personalization_")}
    for name, table in db.execute(
        "SELECT name, tbl_name FROM main.sqlite_master WHERE type = 'trigger'"
    ):
        if table in guarded and table != "am_personalization_profile" and name not in packaged():
            yield Finding(
                "schema", None, None, f"{name} is a trigger on {table} that we did not make"
            )
