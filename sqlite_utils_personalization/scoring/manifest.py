"""What a run row says of its inputs and of its outcome, derived from the plan alone.

The night writes it; verification plans the night once more from stored rows and compares. Read-only throughout.
"""

import sqlite3
from hashlib import sha256

from sqlite_utils_personalization.canonical import canonical_json
from sqlite_utils_personalization.catalogue.candidate import TYPES


def inputs(db: sqlite3.Connection, salt: str) -> dict[str, str | int]:
    """Number and salted digest of the customers, and digest of the candidates."""
    profiles, rejected = db.execute("SELECT count(*), count(reason) FROM plan_customer").fetchone()
    return {
        "profiles": profiles,
        "rejected": rejected,
        "customers_sha256": _customers_sha256(db, salt),
        "candidates_sha256": _candidates_sha256(db),
    }


def outcome(db: sqlite3.Connection) -> dict[str, str]:
    """Counts per type, and per type and rule what was left out of the catalogue, as canonical JSON."""
    return {
        "counts_json": canonical_json(_counts(db)),
        "left_out_json": canonical_json(_left_out(db)),
    }


def _customers_sha256(db: sqlite3.Connection, salt: str) -> str:
    """The sha256 of the run's salt, then one line per profile, in order of profile_id.

    A line is a JSON array of the profile_id and the declared vector, or of the profile_id and why it was rejected.
    """
    digest = sha256(f"{salt}\n".encode())
    for profile_id, vector, reason in db.execute(
        "SELECT profile_id, vector, reason FROM plan_customer LEFT JOIN plan_cohort USING (cohort_no)"
        " ORDER BY profile_id"
    ):
        digest.update(f"[{profile_id},{(vector or canonical_json([reason]))[1:]}\n".encode())
    return digest.hexdigest()


def _candidates_sha256(db: sqlite3.Connection) -> str:
    """The sha256 of the candidates' own digests in ascending order, one per line."""
    digest = sha256()
    for (line,) in db.execute("SELECT candidate_sha256 FROM plan_candidate ORDER BY 1"):
        digest.update(f"{line}\n".encode())
    return digest.hexdigest()


def _counts(db: sqlite3.Connection) -> dict[str, dict[str, int]]:
    counts = {kind: {"candidates": 0, "scored": 0, "rows": 0} for kind in TYPES}
    for kind, candidates in db.execute(
        "SELECT recommendation_type, count(*) FROM plan_candidate WHERE left_out IS NULL GROUP BY 1"
    ):
        counts[kind]["candidates"] = candidates
    for kind, scored, rows in db.execute(
        "SELECT kind, sum(customers), sum(n * customers) FROM ("
        " SELECT c.recommendation_type AS kind, l.customers, count(*) AS n FROM plan_decision d"
        " JOIN plan_list l USING (list_no) JOIN plan_candidate c USING (candidate_no)"
        " GROUP BY d.list_no, c.recommendation_type) GROUP BY kind"
    ):
        counts[kind].update(scored=scored, rows=rows)
    valid = db.execute("SELECT count(*) FROM plan_customer WHERE reason IS NULL").fetchone()[0]
    return {kind: {**found, "zero": valid - found["scored"]} for kind, found in counts.items()}


def _left_out(db: sqlite3.Connection) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {}
    for kind, rule, n in db.execute(
        "SELECT recommendation_type, left_out, count(*) FROM plan_candidate"
        " WHERE left_out IS NOT NULL GROUP BY 1, 2"
    ):
        counts.setdefault(kind, {})[rule] = n
    return counts
