"""Does each customer of a run have each part of a list once, in order, of their own vector, and why have others none?

Reads what check_run planned: plan_served (who got or waits for which places), plan_map (which are due) and
plan_customer.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any

from sqlite_utils_personalization.audit.verify import Finding
from sqlite_utils_personalization.audit.verify.events import sealed_segments
from sqlite_utils_personalization.database import has_table
from sqlite_utils_personalization.evidence.served import GONE
from sqlite_utils_personalization.scoring.freeze import WHY_NOTHING

_ERASURES = "am_personalization_erasure"
_EACH = """
SELECT profile_id, list_id, min(rec_id) AS first_rec_id, count(*) AS times FROM (
    SELECT l.profile_id, e.list_id, e.first_seq, l.rec_id FROM am_personalization_evidence e
    JOIN am_personalization_list t USING (list_id)
    JOIN am_personalization_recommendation_log l ON l.rec_id = e.first_rec_id
    WHERE t.run_id = :run_id AND e.first_rec_id BETWEEN :first AND :last
    UNION ALL
    SELECT u.profile_id, u.list_id, u.first_seq, NULL FROM am_personalization_run_customer u
    JOIN am_personalization_list t USING (list_id) WHERE u.run_id = :run_id
) GROUP BY profile_id, list_id, first_seq HAVING times > 1 ORDER BY first_rec_id
"""
# A list of theirs is one of their cohort's, or that of their own saved searches.
_OF_ANOTHER = """
SELECT v.profile_id, v.list_id FROM plan_served v
JOIN am_personalization_list t ON t.list_id = v.list_id
LEFT JOIN plan_customer u ON u.profile_id = v.profile_id
WHERE v.cohort_id IS NOT u.cohort_no OR (t.profile_id IS NOT NULL AND t.profile_id <> v.profile_id)
"""
_MOVED = """
SELECT u.profile_id FROM am_personalization_run_customer u
LEFT JOIN am_personalization_list t ON t.list_id = u.list_id
WHERE u.run_id = :run_id AND t.run_id IS NOT :run_id
"""
# The others got nothing by their cohort, or had a preference that cannot be scored.
_NOT_SERVED = """
SELECT x.profile_id FROM am_personalization_unserved x
WHERE x.run_id = :run_id AND x.cohort_id IS NOT NULL AND x.reason = :gone AND (
    EXISTS (SELECT 1 FROM am_personalization_profile p WHERE p.profile_id = x.profile_id)
)
"""
_DUE_FOR_NOTHING = """
SELECT profile_id FROM am_personalization_unserved
WHERE run_id = :run_id AND due_json IS NOT NULL AND reason IS NOT :gone
"""
_SKIPPED = """
SELECT DISTINCT m.profile_id FROM plan_map m WHERE NOT EXISTS (
    SELECT 1 FROM plan_served v WHERE v.profile_id = m.profile_id AND v.list_id = m.list_no
    AND v.first_seq = m.first_seq AND v.n = m.n
) AND NOT EXISTS (
    SELECT 1 FROM am_personalization_unserved x
    WHERE x.run_id = :run_id AND x.profile_id = m.profile_id AND x.reason = :gone
)
"""
_NOT_DUE = """
SELECT v.profile_id, v.list_id, v.first_seq, v.n FROM plan_served v WHERE NOT EXISTS (
    SELECT 1 FROM plan_map m WHERE m.profile_id = v.profile_id AND m.list_no = v.list_id
    AND m.first_seq = v.first_seq AND m.n = v.n
)
"""
# What is next on the map stands before it in the log.
_OUT_OF_ORDER = """
SELECT DISTINCT m.profile_id FROM plan_map m
JOIN plan_map o ON o.position = m.position + 1 AND o.profile_id = m.profile_id
CROSS JOIN plan_served v ON v.profile_id = m.profile_id AND v.list_id = m.list_no AND v.first_seq = m.first_seq
CROSS JOIN plan_served w ON w.profile_id = o.profile_id AND w.list_id = o.list_no AND w.first_seq = o.first_seq
WHERE w.first_rec_id < v.first_rec_id
"""
# As the night says why; who was due something was skipped, which is said. The reason why a preference cannot be scored
# is in the digest of the customers.
_WRONG_REASON = f"""
SELECT x.profile_id, x.reason FROM am_personalization_unserved x LEFT JOIN plan_customer u USING (profile_id)
WHERE x.run_id = :run_id AND x.reason IS NOT :gone AND (
    EXISTS (SELECT 1 FROM plan_served v WHERE v.profile_id = x.profile_id)
    OR x.cohort_id IS NOT NULL AND x.reason IS NOT {WHY_NOTHING}
)
"""


def check_twice(db: sqlite3.Connection, at: Mapping[str, int]) -> Iterator[Finding]:
    """Which customers have a list twice, where some have; read-only."""
    for profile_id, list_id, rec_id, n in db.execute(_EACH, at):
        what = f"profile {profile_id} has list {list_id} {n} times in run {at['run_id']}"
        yield Finding("list-served-twice", what, at["run_id"], rec_id)


def check_customers(db: sqlite3.Connection, at: Mapping[str, Any]) -> Iterator[Finding]:
    """Everyone has what is due to them, of lists of their own vector, and who was left out as deleted was gone."""
    run_id, at = at["run_id"], {**at, "gone": GONE}
    db.execute("CREATE INDEX temp.plan_map_profile ON plan_map(profile_id)")
    for (profile_id,) in db.execute(_SKIPPED, at):
        yield Finding(
            "customer-skipped", f"profile {profile_id} was left out of run {run_id}", run_id
        )
    for profile_id, list_id, first, n in db.execute(_NOT_DUE):
        places = f"places {first} to {first + n - 1} of list {list_id}"
        what = f"{places} were not due to profile {profile_id} in run {run_id}"
        yield Finding("served-otherwise", what, run_id)
    for (profile_id,) in db.execute(_OUT_OF_ORDER):
        what = f"profile {profile_id} has the parts of a list in another order than was due in run {run_id}"
        yield Finding("served-otherwise", what, run_id)
    for profile_id, list_id in db.execute(_OF_ANOTHER):
        what = f"profile {profile_id} has list {list_id} of run {run_id}, which is another's"
        yield Finding("list-of-another", what, run_id)
    for (profile_id,) in db.execute(_MOVED, at):
        what = f"profile {profile_id} waits in run {run_id} for a list that is not of it"
        yield Finding("list-of-another", what, run_id)
    for profile_id, reason in db.execute(_WRONG_REASON, at):
        said = "no item scored above 0" if reason is None else repr(reason)
        what = f"profile {profile_id} is noted as having got nothing in run {run_id}: {said}, which does not follow"
        yield Finding("reason-wrong", what, run_id)
    for (profile_id,) in db.execute(_DUE_FOR_NOTHING, at):
        what = f"profile {profile_id} was due nothing in run {run_id}, and has places noted as due"
        yield Finding("served-otherwise", what, run_id)
    for (profile_id,) in db.execute(_NOT_SERVED, at).fetchall():
        if not _was_erased_before(db, profile_id, run_id):
            what = f"profile {profile_id} is recorded as deleted during run {run_id}, and was there when it ended"
            yield Finding("customer-not-gone", what, run_id)


def _was_erased_before(db: sqlite3.Connection, profile_id: int, run_id: int) -> bool:
    """Whether the customer was erased before the run was sealed, in the order of seals: clocks may go back."""
    if not has_table(db, _ERASURES):
        return False
    row = db.execute(
        f"SELECT erasure_id FROM {_ERASURES} WHERE profile_id = ?", (profile_id,)
    ).fetchone()
    if row is None:
        return False
    run = db.execute(
        "SELECT seal_id FROM am_personalization_seal WHERE run_id = ?", (run_id,)
    ).fetchone()
    seals = [
        one.seal_id
        for one in sealed_segments(db)
        if one.table == _ERASURES and one.after < row[0] <= one.end
    ]
    return run is None or not seals or min(seals) < run[0]
