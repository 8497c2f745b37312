"""Are the guards, the views and the evidence tables the packaged ones?"""

import sqlite3
from collections.abc import Iterator

from sqlite_utils_personalization.audit.verify import Finding
from sqlite_utils_personalization.canonical import sha256_hex
from sqlite_utils_personalization.catalogue.candidate import Candidate
from sqlite_utils_personalization.schema.state import EVENTS, objects, packaged_objects

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
    expected = packaged_objects()
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
    guarded = {name for name in packaged_objects() if name.startswith("am_personalization_")}
    for name, table in db.execute(
        "SELECT name, tbl_name FROM main.sqlite_master WHERE type = 'trigger'"
    ):
        if (
            table in guarded
            and table != "am_personalization_profile"
            and name not in packaged_objects()
        ):
            yield Finding(
                "schema", None, None, f"{name} is a trigger on {table} that we did not make"
            )


_FIELDS = ", ".join(Candidate._fields)


def check_contents(db: sqlite3.Connection) -> Iterator[Finding]:
    """Take every content digest again; read-only."""
    for candidate_id, digest, *fields in db.execute(
        f"SELECT candidate_id, candidate_sha256, {_FIELDS} FROM am_personalization_candidate"
    ):
        if Candidate(*fields).sha256 != digest:
            yield Finding("candidate", None, None, f"candidate {candidate_id} has changed")
    for run_id, model_json, digest in db.execute(
        "SELECT run_id, model_json, model_sha256 FROM am_personalization_run"
    ):
        if sha256_hex(model_json) != digest:
            yield Finding("model", run_id, None, f"the model of run {run_id} has changed")
