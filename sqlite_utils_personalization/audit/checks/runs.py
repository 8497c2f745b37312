"""Does every run follow from what it stored: the same decisions, for the same customers, with nobody skipped?

A run is planned once more from its own candidates, customers and model, by the code that plans a night, and the
result is held against what is stored. That covers the formula, the ranking, the cut and the counts alike.
"""

import sqlite3
from collections.abc import Iterator

from sqlite_utils_personalization.audit.finding import Finding
from sqlite_utils_personalization.canonical import canonical_json
from sqlite_utils_personalization.catalogue.candidate import Candidate
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.scoring.decide import decide
from sqlite_utils_personalization.scoring.freeze import RUN_COLUMNS
from sqlite_utils_personalization.scoring.manifest import inputs, outcome
from sqlite_utils_personalization.scoring.plan import count_customers, create_tables
from sqlite_utils_personalization.transaction import transaction

_FIELDS = ", ".join(Candidate._fields)

# Who got which list, from the log; then everyone else, from where the run said why they got none, or not yet.
_SERVED = """
INSERT OR IGNORE INTO plan_served
SELECT l.profile_id, e.list_id, t.cohort_id FROM am_personalization_evidence e
JOIN am_personalization_list t USING (list_id)
JOIN am_personalization_recommendation_log l ON l.rec_id = e.first_rec_id
WHERE t.run_id = :run_id AND e.first_rec_id BETWEEN :first AND :last
"""
_WAITING = """
INSERT OR IGNORE INTO plan_served
SELECT u.profile_id, u.list_id, t.cohort_id FROM am_personalization_run_customer u
JOIN am_personalization_list t USING (list_id) WHERE u.run_id = :run_id
"""
_CUSTOMERS = """
INSERT OR IGNORE INTO plan_customer
SELECT profile_id, cohort_id, NULL FROM plan_served
UNION
SELECT profile_id, cohort_id, CASE WHEN cohort_id IS NULL THEN reason END
FROM am_personalization_unserved WHERE run_id = :run_id
"""
_COHORTS = """
SELECT cohort_id, industries, prefecture, horizon_days, risk_level FROM am_personalization_cohort
WHERE cohort_id IN (SELECT cohort_no FROM plan_customer)
"""
_CANDIDATES = f"""
INSERT OR IGNORE INTO plan_candidate
SELECT candidate_id, candidate_sha256, {_FIELDS}, candidate_id
FROM am_personalization_run_candidate JOIN am_personalization_candidate USING (candidate_id)
WHERE run_id = :run_id
"""
_SAME_LIST = """
INSERT OR IGNORE INTO plan_same
SELECT t.list_id, p.list_no FROM am_personalization_list t
JOIN plan_list p ON p.list_no = t.cohort_id AND p.profile_id IS NULL
WHERE t.run_id = :run_id AND t.profile_id IS NULL
UNION ALL
SELECT t.list_id, p.list_no FROM am_personalization_list t
JOIN plan_list p ON p.profile_id = t.profile_id AND p.cohort_no = t.cohort_id
WHERE t.run_id = :run_id
"""
_NOT_STORED = """
SELECT s.list_id, p.seq, c.item_id FROM plan_decision p
JOIN plan_candidate c USING (candidate_no)
LEFT JOIN plan_same s USING (list_no)
LEFT JOIN am_personalization_decision d ON d.list_id = s.list_id AND d.seq = p.seq
WHERE d.candidate_id IS NOT p.candidate_no OR d.industry_points IS NOT p.industry_points
    OR d.deadline_points IS NOT p.deadline_points OR d.risk_points IS NOT p.risk_points
    OR d.score IS NOT p.score
"""
_NOT_DECIDED = """
SELECT d.list_id, d.seq FROM am_personalization_list t
JOIN am_personalization_decision d USING (list_id)
LEFT JOIN plan_same s USING (list_id)
LEFT JOIN plan_decision p ON p.list_no = s.list_no AND p.seq = d.seq
WHERE t.run_id = :run_id AND p.list_no IS NULL
"""
# A profile that was deleted while the run was under way is recorded as such, and got nothing.
_SKIPPED = """
SELECT u.profile_id FROM plan_customer u
JOIN plan_list p ON p.list_no IN (
    u.cohort_no, (SELECT list_no FROM plan_list o WHERE o.profile_id = u.profile_id)
)
LEFT JOIN plan_same s USING (list_no)
LEFT JOIN plan_served v ON v.profile_id = u.profile_id AND v.list_id = s.list_id
WHERE v.profile_id IS NULL AND NOT EXISTS (
    SELECT 1 FROM am_personalization_unserved x
    WHERE x.run_id = :run_id AND x.profile_id = u.profile_id AND x.reason IS NOT NULL
)
"""


def check_run(db: sqlite3.Connection, run_id: int) -> Iterator[Finding]:
    """Plan one run again and compare; writes temporary tables only."""
    at = {"run_id": run_id, **_bounds(db, run_id)}
    with transaction(db):
        _restore(db, at)
    top_k = db.execute("SELECT top_k FROM plan_run").fetchone()[0]
    try:
        decide(db, top_k)
    except PersonalizationError as error:
        yield Finding("decision", run_id, None, str(error))
        return
    db.execute("CREATE TEMP TABLE plan_same (list_id INTEGER PRIMARY KEY, list_no INTEGER)")
    db.execute(_SAME_LIST, at)
    db.execute("CREATE INDEX temp.plan_same_no ON plan_same(list_no)")
    yield from _decisions(db, at)
    yield from _completeness(db, at)


def _bounds(db: sqlite3.Connection, run_id: int) -> dict[str, int]:
    sealed = db.execute(
        "SELECT first_rec_id, last_rec_id FROM am_personalization_seal WHERE run_id = ?", (run_id,)
    ).fetchone()
    first, last = sealed or (1, 2**53)
    return {"first": first or 0, "last": last or 0}


def _restore(db: sqlite3.Connection, at: dict[str, int]) -> None:
    create_tables(db)
    db.execute(
        "CREATE TEMP TABLE plan_served (profile_id INTEGER, list_id INTEGER, cohort_id INTEGER,"
        " PRIMARY KEY (profile_id, list_id)) WITHOUT ROWID"
    )
    db.execute(
        f"INSERT INTO plan_run(run_id, {RUN_COLUMNS}) SELECT run_id, {RUN_COLUMNS}"
        " FROM am_personalization_run WHERE run_id = :run_id",
        at,
    )
    for statement in (_SERVED, _WAITING, _CUSTOMERS, _CANDIDATES):
        db.execute(statement, at)
    db.executemany(
        "INSERT OR IGNORE INTO plan_cohort VALUES (?, ?, ?, ?, ?, ?, 0, NULL)",
        ((no, canonical_json(vector), *vector) for no, *vector in db.execute(_COHORTS).fetchall()),
    )
    count_customers(db)


def _decisions(db: sqlite3.Connection, at: dict[str, int]) -> Iterator[Finding]:
    run_id = at["run_id"]
    for list_id, seq, item_id in db.execute(_NOT_STORED):
        rec_id, place = _first_row(db, list_id, seq), f"place {seq} of list {list_id}"
        yield Finding(
            "decision", run_id, rec_id, f"{place} should be {item_id}, with the formula's points"
        )
    for list_id, seq in db.execute(_NOT_DECIDED, at):
        rec_id, place = _first_row(db, list_id, seq), f"place {seq} of list {list_id}"
        yield Finding(
            "decision", run_id, rec_id, f"{place} does not follow from what run {run_id} saw"
        )


def _first_row(db: sqlite3.Connection, list_id: int | None, seq: int) -> int | None:
    rec_id: int | None = db.execute(
        "SELECT min(first_rec_id) + ? - 1 FROM am_personalization_evidence WHERE list_id = ?",
        (seq, list_id),
    ).fetchone()[0]
    return rec_id


def _completeness(db: sqlite3.Connection, at: dict[str, int]) -> Iterator[Finding]:
    run_id = at["run_id"]
    (salt,) = db.execute("SELECT salt FROM plan_run").fetchone()
    derived = {**inputs(db, salt), **outcome(db)}
    stored = db.execute(f"SELECT {', '.join(derived)} FROM plan_run").fetchone()
    for (column, value), found in zip(derived.items(), stored, strict=True):
        if value != found:
            yield Finding(
                "completeness",
                run_id,
                None,
                f"{column} of run {run_id} does not follow from its rows",
            )
    for (profile_id,) in db.execute(_SKIPPED, at):
        yield Finding(
            "completeness", run_id, None, f"profile {profile_id} was left out of run {run_id}"
        )
