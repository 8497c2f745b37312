"""Is every item and every model still what its digest was taken of?"""

import sqlite3
from collections.abc import Iterator

from sqlite_utils_personalization.audit.finding import Finding
from sqlite_utils_personalization.canonical import sha256_hex
from sqlite_utils_personalization.catalogue.candidate import Candidate

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
