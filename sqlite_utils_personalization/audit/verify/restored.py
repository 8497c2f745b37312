"""A stored run, back in the tables of a plan as the night had them before anything was decided.

Verification decides it again and holds it against what is stored; what another model had decided begins here, too.
"""

import sqlite3
from collections.abc import Mapping
from types import MappingProxyType

from sqlite_utils_personalization.audit.verify.contents import columns as columns_of
from sqlite_utils_personalization.canonical import canonical_json
from sqlite_utils_personalization.catalogue.candidate import Candidate
from sqlite_utils_personalization.model.kinds import Declared, listed
from sqlite_utils_personalization.scoring.freeze import RUN_COLUMNS
from sqlite_utils_personalization.scoring.plan import create_tables
from sqlite_utils_personalization.scoring.serve import create_tables as create_map

_FIELDS = listed(Candidate._fields)

# Who got which list, from the log; then everyone else, from where the run said why they got none, or not yet.
_SERVED = """
INSERT OR IGNORE INTO plan_served
SELECT l.profile_id, e.list_id, e.first_seq, e.n, t.cohort_id, e.first_rec_id FROM am_personalization_evidence e
JOIN am_personalization_list t USING (list_id)
JOIN am_personalization_recommendation_log l ON l.rec_id = e.first_rec_id
WHERE t.run_id = :run_id AND e.first_rec_id BETWEEN :first AND :last
"""
_WAITING = """
INSERT OR IGNORE INTO plan_served
SELECT u.profile_id, u.list_id, u.first_seq, u.n, t.cohort_id, NULL FROM am_personalization_run_customer u
JOIN am_personalization_list t USING (list_id) WHERE u.run_id = :run_id
"""
# How many of both there are.
_RANGES = """
SELECT count(*) FROM am_personalization_evidence e JOIN am_personalization_list t USING (list_id)
WHERE t.run_id = :run_id AND e.first_rec_id BETWEEN :first AND :last
"""
_PLACES = """
SELECT count(*) FROM am_personalization_run_customer u JOIN am_personalization_list t USING (list_id)
WHERE u.run_id = :run_id
"""
_CUSTOMERS = """
INSERT OR IGNORE INTO plan_customer
SELECT DISTINCT profile_id, cohort_id, NULL FROM plan_served
UNION
SELECT profile_id, cohort_id, CASE WHEN cohort_id IS NULL THEN reason END
FROM am_personalization_unserved WHERE run_id = :run_id
"""
_COHORTS = f"""
SELECT cohort_id, {listed(Declared._fields)} FROM am_personalization_cohort
WHERE cohort_id IN (SELECT cohort_no FROM plan_customer)
"""
_CANDIDATES = f"""
INSERT OR IGNORE INTO plan_candidate
SELECT candidate_id, candidate_sha256, {_FIELDS}, candidate_id
FROM am_personalization_run_candidate JOIN am_personalization_candidate USING (candidate_id)
WHERE run_id = :run_id
"""


def bounds(db: sqlite3.Connection, run_id: int) -> dict[str, int]:
    """Between which rows of the log those of the run lie, as first and last; anywhere until it is sealed. Read-only."""
    sealed = db.execute(
        "SELECT first_rec_id, last_rec_id FROM am_personalization_seal WHERE run_id = ?", (run_id,)
    ).fetchone()
    first, last = sealed or (1, 2**53)
    return {"first": first or 0, "last": last or 0}


def restore(
    db: sqlite3.Connection,
    at: Mapping[str, int],
    changed: Mapping[str, str | int] = MappingProxyType({}),
) -> bool:
    """Fill plan_run, plan_customer, plan_cohort, plan_candidate and plan_served; returns whether nobody is there twice.

    at is bounds() and the run_id. changed are columns of the run that are to be others: its model_json, its top_k.
    Customers are not counted yet. Writes temporary tables only.
    """
    create_tables(db)
    create_map(db)
    db.execute(
        "CREATE TEMP TABLE plan_served (profile_id INTEGER, list_id INTEGER, first_seq INTEGER, n INTEGER,"
        " cohort_id INTEGER, first_rec_id INTEGER, PRIMARY KEY (profile_id, list_id, first_seq)) WITHOUT ROWID"
    )
    _restore_run(db, at["run_id"], changed)
    counts = [db.execute(sql, at).rowcount for sql in (_SERVED, _WAITING, _CUSTOMERS, _CANDIDATES)]
    db.executemany(
        f"INSERT OR IGNORE INTO plan_cohort VALUES (?, ?, {', '.join('?' * len(Declared._fields))}, 0, NULL, NULL)",
        ((no, canonical_json(vector), *vector) for no, *vector in db.execute(_COHORTS).fetchall()),
    )
    stored: int = sum(db.execute(sql, at).fetchone()[0] for sql in (_RANGES, _PLACES))
    return sum(counts[:2]) == stored


def _restore_run(db: sqlite3.Connection, run_id: int, changed: Mapping[str, str | int]) -> None:
    """The run in plan_run, which lets in whatever is stored, and whose model's numbers follow from model_json."""
    columns = db.execute("PRAGMA temp.table_xinfo(plan_run)").fetchall()
    if not columns:
        raise LookupError("there is no plan of a run")
    db.execute("DROP TABLE temp.plan_run")
    named = ", ".join(f"{name} {kind}" for _, name, kind, *_ in columns)
    db.execute(f"CREATE TEMP TABLE plan_run ({named})")
    generated = {
        one.name: one.expression for one in columns_of("am_personalization_run") if one.expression
    }
    stored = ["run_id", *(name.strip() for name in RUN_COLUMNS.split(","))]
    given = (f":{name} AS {name}" if name in changed else name for name in stored)
    db.execute(
        f"INSERT INTO plan_run({', '.join(stored)}, {', '.join(generated)})"
        f" SELECT {', '.join(stored)}, {', '.join(generated.values())}"
        f" FROM (SELECT {', '.join(given)} FROM am_personalization_run WHERE run_id = :run)",
        {**changed, "run": run_id},
    )
