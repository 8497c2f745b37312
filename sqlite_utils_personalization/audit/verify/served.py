"""Does each customer of a run stand for each list once, with lists of their own vector, and were the missing gone?

Reads what check_run planned: plan_served (who got or waits for which list), plan_due (which there should be) and
plan_customer.
"""

import sqlite3
from collections.abc import Iterator, Mapping

from sqlite_utils_personalization.audit.verify import Finding
from sqlite_utils_personalization.audit.verify.events import sealed_segments
from sqlite_utils_personalization.database import has_table

_ERASURES = "am_personalization_erasure"
_EACH = """
SELECT profile_id, list_id, min(rec_id) AS first_rec_id, count(*) AS n FROM (
    SELECT l.profile_id, e.list_id, l.rec_id FROM am_personalization_evidence e
    JOIN am_personalization_list t USING (list_id)
    JOIN am_personalization_recommendation_log l ON l.rec_id = e.first_rec_id
    WHERE t.run_id = :run_id AND e.first_rec_id BETWEEN :first AND :last
    UNION ALL
    SELECT u.profile_id, u.list_id, NULL FROM am_personalization_run_customer u
    JOIN am_personalization_list t USING (list_id) WHERE u.run_id = :run_id
) GROUP BY profile_id, list_id HAVING n > 1 ORDER BY first_rec_id
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
WHERE x.run_id = :run_id AND x.cohort_id IS NOT NULL AND x.reason IS NOT NULL AND (
    EXISTS (SELECT 1 FROM am_personalization_profile p WHERE p.profile_id = x.profile_id)
)
"""


def check_twice(db: sqlite3.Connection, at: Mapping[str, int]) -> Iterator[Finding]:
    """Which customers have a list twice, where some have; read-only."""
    for profile_id, list_id, rec_id, n in db.execute(_EACH, at):
        what = f"profile {profile_id} has list {list_id} {n} times in run {at['run_id']}"
        yield Finding("list-served-twice", what, at["run_id"], rec_id)


def check_customers(db: sqlite3.Connection, at: Mapping[str, int]) -> Iterator[Finding]:
    """Everyone has lists of their own vector, and who was left out as deleted was gone; read-only."""
    run_id = at["run_id"]
    for profile_id, list_id in db.execute(_OF_ANOTHER):
        what = f"profile {profile_id} has list {list_id} of run {run_id}, which is another's"
        yield Finding("list-of-another", what, run_id)
    for (profile_id,) in db.execute(_MOVED, at):
        what = f"profile {profile_id} waits in run {run_id} for a list that is not of it"
        yield Finding("list-of-another", what, run_id)
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
