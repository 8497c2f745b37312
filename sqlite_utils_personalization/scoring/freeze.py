"""The plan, copied into the evidence tables in one short transaction.

Once it commits the night is decided: an interrupted run resumes to the same rows whatever changes meanwhile.
"""

import sqlite3

# Vectors and candidates are content-addressed: only what no earlier night saw is new.
_COHORTS = """
INSERT INTO am_personalization_cohort(industries, prefecture, horizon_days, risk_level)
SELECT industries, prefecture, horizon_days, risk_level FROM plan_cohort WHERE cohort_id IS NULL
"""
_KNOWN_COHORTS = """
UPDATE plan_cohort SET cohort_id = (
    SELECT cohort_id FROM am_personalization_cohort k
    WHERE coalesce(k.industries, '') = coalesce(plan_cohort.industries, '')
    AND coalesce(k.prefecture, '') = coalesce(plan_cohort.prefecture, '')
    AND coalesce(k.horizon_days, 0) = coalesce(plan_cohort.horizon_days, 0)
    AND coalesce(k.risk_level, '') = coalesce(plan_cohort.risk_level, '')
) WHERE cohort_id IS NULL
"""
_CANDIDATES = """
INSERT INTO am_personalization_candidate(
    candidate_sha256, recommendation_type, item_id, title, industries, prefectures, opens_on, closes_on,
    risk_level, why, profile_id, left_out
) SELECT candidate_sha256, recommendation_type, item_id, title, industries, prefectures, opens_on, closes_on,
    risk_level, why, profile_id, left_out
FROM plan_candidate WHERE candidate_id IS NULL ORDER BY candidate_no
"""
_KNOWN_CANDIDATES = """
UPDATE plan_candidate SET candidate_id = (
    SELECT candidate_id FROM am_personalization_candidate c
    WHERE c.candidate_sha256 = plan_candidate.candidate_sha256
) WHERE candidate_id IS NULL
"""
RUN_COLUMNS = """as_of, again, model_json, model_sha256, package_version, top_k, served_at, started_at,
salt, customers_sha256, candidates_sha256, profiles, rejected, counts_json, left_out_json"""
_RUN = f"INSERT INTO am_personalization_run({RUN_COLUMNS}) SELECT {RUN_COLUMNS} FROM plan_run"
_RUN_CANDIDATES = """
INSERT INTO am_personalization_run_candidate
SELECT :run_id, candidate_id FROM plan_candidate ORDER BY candidate_id
"""
_LISTS = """
INSERT INTO am_personalization_list
SELECT :lists + list_no, :run_id, cohort_id, profile_id FROM plan_list JOIN plan_cohort USING (cohort_no)
ORDER BY list_no
"""
_DECISIONS = """
INSERT INTO am_personalization_decision
SELECT :lists + list_no, seq, candidate_id, industry_points, deadline_points, risk_points, score
FROM plan_decision JOIN plan_candidate USING (candidate_no) ORDER BY list_no, seq
"""
_UNSERVED = """
INSERT INTO am_personalization_unserved
SELECT :run_id, profile_id, cohort_id, reason FROM plan_customer LEFT JOIN plan_cohort USING (cohort_no)
WHERE NOT EXISTS (SELECT 1 FROM plan_list WHERE list_no = plan_customer.cohort_no)
AND NOT EXISTS (SELECT 1 FROM plan_list l WHERE l.profile_id = plan_customer.profile_id)
ORDER BY profile_id
"""
_CUSTOMERS = """
INSERT INTO am_personalization_run_customer
SELECT :run_id, row_number() OVER (ORDER BY u.profile_id, l.list_no), u.profile_id, :lists + l.list_no
FROM plan_customer u JOIN plan_list l
    ON l.list_no IN (u.cohort_no, (SELECT list_no FROM plan_list o WHERE o.profile_id = u.profile_id))
"""
_PROGRESS = (
    "INSERT INTO am_personalization_run_progress(run_id, status) VALUES (:run_id, 'running')"
)


def freeze(db: sqlite3.Connection) -> int:
    """Write the plan, inside the caller's transaction; returns the new run_id."""
    for statement in (_KNOWN_COHORTS, _COHORTS, _KNOWN_COHORTS):
        db.execute(statement)
    for statement in (_KNOWN_CANDIDATES, _CANDIDATES, _KNOWN_CANDIDATES):
        db.execute(statement)
    run_id = db.execute(_RUN).lastrowid
    assert run_id is not None
    lists = db.execute("SELECT coalesce(max(list_id), 0) FROM am_personalization_list").fetchone()[
        0
    ]
    for statement in (_RUN_CANDIDATES, _LISTS, _DECISIONS, _UNSERVED, _CUSTOMERS, _PROGRESS):
        db.execute(statement, {"run_id": run_id, "lists": lists})
    return run_id
