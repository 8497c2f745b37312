"""The plan, copied into the evidence tables in one short transaction.

Once it commits the night is decided: an interrupted run resumes to the same rows whatever changes meanwhile.
Whatever can be done before is, so that nobody waits for it.
"""

import sqlite3
from functools import lru_cache
from itertools import groupby
from operator import itemgetter

from sqlite_utils_personalization.catalogue.candidate import Candidate
from sqlite_utils_personalization.catalogue.saved_searches import NUMBERS
from sqlite_utils_personalization.database import has_table
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.evidence.leaves import list_sha256, place_text
from sqlite_utils_personalization.evidence.served import by_customer, served_sha256
from sqlite_utils_personalization.language import N_
from sqlite_utils_personalization.model.kinds import ABSENT, POINTS, Declared, listed
from sqlite_utils_personalization.transaction import transaction

# Vectors and candidates are content-addressed: only what no earlier night saw is new, and nothing refers to it
# before the run does. Another process may add the same meanwhile.
_VECTOR = listed(Declared._fields)
_ITEM = listed(Candidate._fields)
# As the index of vectors has it: NULL is no key.
_SAME_VECTOR = " AND ".join(
    f"coalesce(k.{name}, {absent}) = coalesce(p.{name}, {absent})"
    for name, absent in zip(Declared._fields, ABSENT, strict=True)
)
_COHORTS = f"""
INSERT INTO am_personalization_cohort({_VECTOR})
SELECT {_VECTOR} FROM plan_cohort p
WHERE cohort_no BETWEEN :first AND :last AND NOT EXISTS (
    SELECT 1 FROM am_personalization_cohort k WHERE {_SAME_VECTOR}
) ORDER BY cohort_no
"""
_COHORT_IDS = f"""
UPDATE plan_cohort AS p SET cohort_id = (
    SELECT cohort_id FROM am_personalization_cohort k WHERE {_SAME_VECTOR}
)
"""
_CANDIDATES = f"""
INSERT INTO am_personalization_candidate(candidate_sha256, {_ITEM})
SELECT candidate_sha256, {_ITEM}
FROM plan_candidate p WHERE candidate_no BETWEEN :first AND :last AND NOT EXISTS (
    SELECT 1 FROM am_personalization_candidate c WHERE c.candidate_sha256 = p.candidate_sha256
) ORDER BY candidate_no
"""
_CANDIDATE_IDS = """
UPDATE plan_candidate AS p SET candidate_id = (
    SELECT candidate_id FROM am_personalization_candidate c WHERE c.candidate_sha256 = p.candidate_sha256
)
"""
# What one transaction adds of them at most.
_BATCH = 10_000
# Why a customer with something on the list has no rows.
NOTHING_NEW = N_("all of it was handed over before")
# Why customer u of the plan gets nothing, if what was declared can be scored; NULL where nothing fits it.
WHY_NOTHING = f"""CASE WHEN EXISTS (
    SELECT 1 FROM plan_list o WHERE o.cohort_no = u.cohort_no AND o.profile_id IS NULL
) OR EXISTS (SELECT 1 FROM plan_list o WHERE o.profile_id = u.profile_id) THEN '{NOTHING_NEW}' END"""
# Who gets nothing.
_NOBODY = f"""
CREATE TEMP TABLE plan_unserved AS
SELECT profile_id, cohort_id, coalesce(reason, {WHY_NOTHING}) AS reason
FROM plan_customer u LEFT JOIN plan_cohort USING (cohort_no)
WHERE profile_id NOT IN (SELECT profile_id FROM plan_map) ORDER BY profile_id
"""
RUN_COLUMNS = """as_of, again, model_json, model_sha256, package_version, top_k, served_at, started_at,
salt, customers_sha256, candidates_sha256, served_sha256, delivery_end, feedback_end,
profiles, rejected, counts_json, left_out_json"""
_RUN = f"INSERT INTO am_personalization_run({RUN_COLUMNS}) SELECT {RUN_COLUMNS} FROM plan_run"
_PLACES = f"""
SELECT d.list_no, c.recommendation_type, c.candidate_sha256, {listed(POINTS, "d.")}, d.score
FROM plan_decision d JOIN plan_candidate c USING (candidate_no) ORDER BY d.list_no, d.seq
"""
_VECTORS = f"""
SELECT list_no, profile_id, {_VECTOR} FROM plan_list JOIN plan_cohort USING (cohort_no) ORDER BY list_no
"""
_SERVED = """
SELECT m.profile_id, l.list_sha256, m.first_seq, m.n FROM plan_map m JOIN plan_list l USING (list_no)
ORDER BY m.position
"""
# The same place, a candidate with the same points, is on many lists.
_KEPT_PLACES = 1 << 14
_RUN_CANDIDATES = """
INSERT INTO am_personalization_run_candidate
SELECT :run_id, candidate_id FROM plan_candidate ORDER BY candidate_id
"""
_LISTS = """
INSERT INTO am_personalization_list
SELECT :lists + list_no, :run_id, cohort_id, profile_id, list_sha256 FROM plan_list JOIN plan_cohort USING (cohort_no)
ORDER BY list_no
"""
_DECISIONS = f"""
INSERT INTO am_personalization_decision
SELECT :lists + list_no, seq, candidate_id, {listed(POINTS)}, score
FROM plan_decision JOIN plan_candidate USING (candidate_no) ORDER BY list_no, seq
"""
_UNSERVED = """
INSERT INTO am_personalization_unserved(run_id, profile_id, cohort_id, reason)
SELECT :run_id, profile_id, cohort_id, reason FROM plan_unserved
"""
_CUSTOMERS = """
INSERT INTO am_personalization_run_customer
SELECT :run_id, position, profile_id, :lists + list_no, first_seq, n FROM plan_map ORDER BY position
"""
_PROGRESS = (
    "INSERT INTO am_personalization_run_progress(run_id, status) VALUES (:run_id, 'running')"
)


def prepare(db: sqlite3.Connection) -> None:
    """Store what no run owns, a transaction per batch, and work out in temporary tables what freeze will write."""
    for table, key, insert, note in (
        ("plan_cohort", "cohort_no", _COHORTS, _COHORT_IDS),
        ("plan_candidate", "candidate_no", _CANDIDATES, _CANDIDATE_IDS),
    ):
        db.execute(note)
        missing = f"SELECT min({key}) FROM {table} WHERE {key[:-2]}id IS NULL AND {key} > ?"
        done = 0
        while (first := db.execute(missing, (done,)).fetchone()[0]) is not None:
            done = first + _BATCH - 1
            with transaction(db, "IMMEDIATE"):
                db.execute(insert, {"first": first, "last": done})
        db.execute(note)
    db.execute(_NOBODY)
    digest_lists(db)
    (salt,) = db.execute("SELECT salt FROM plan_run").fetchone()
    served = served_sha256(salt, by_customer(db.execute(_SERVED)))
    db.execute("UPDATE plan_run SET served_sha256 = ?", (served,))


def digest_lists(db: sqlite3.Connection) -> None:
    """Note the digest of each list of the plan."""
    place = lru_cache(_KEPT_PLACES)(lambda *values: place_text(values))
    places = groupby(db.execute(_PLACES), key=itemgetter(0))
    vectors = db.execute(_VECTORS)
    digests = [
        (list_sha256(vector, owner, ",".join(place(*row[1:]) for row in found)), list_no)
        # Every list has a place.
        for (list_no, owner, *vector), (_, found) in zip(vectors, places, strict=True)
    ]
    with transaction(db):
        db.executemany("UPDATE plan_list SET list_sha256 = ? WHERE list_no = ?", digests)


# Of who was erased meanwhile nothing is kept.
_NUMBERED = """
FROM temp.plan_number n
WHERE NOT EXISTS (SELECT 1 FROM am_personalization_erasure e WHERE e.profile_id = n.profile_id)
"""
_NUMBERS = f"""
INSERT OR IGNORE INTO {NUMBERS}(profile_id, search_id, number)
SELECT n.profile_id, n.search_id, n.number {_NUMBERED}
"""
_NOT_NUMBERED = f"""
SELECT 1 {_NUMBERED} AND NOT EXISTS (
    SELECT 1 FROM {NUMBERS} k
    WHERE k.profile_id = n.profile_id AND k.search_id = n.search_id AND k.number = n.number
) LIMIT 1
"""


def freeze(db: sqlite3.Connection) -> int:
    """Write the prepared plan, inside the caller's transaction; returns the new run_id.

    PersonalizationError if another program gave one of its numbers of saved searches meanwhile.
    """
    _keep_numbers(db)
    run_id = db.execute(_RUN).lastrowid
    assert run_id is not None
    lists = db.execute("SELECT coalesce(max(list_id), 0) FROM am_personalization_list").fetchone()[
        0
    ]
    for statement in (_RUN_CANDIDATES, _LISTS, _DECISIONS, _UNSERVED, _CUSTOMERS, _PROGRESS):
        db.execute(statement, {"run_id": run_id, "lists": lists})
    return run_id


def _keep_numbers(db: sqlite3.Connection) -> None:
    if not has_table(db, NUMBERS):
        return
    db.execute(_NUMBERS)
    if db.execute(_NOT_NUMBERED).fetchone():
        raise PersonalizationError(
            "saved searches were numbered by another night meanwhile", "run it once more"
        )
