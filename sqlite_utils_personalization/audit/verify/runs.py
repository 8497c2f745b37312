"""Does every run follow from what it stored: the same decisions, for the same customers, with nobody skipped?

A run is planned once more from its own candidates, customers and model, by the code that plans a night, and the
result is held against what is stored. That covers the formula, the ranking, the cut and the counts alike.
"""

import sqlite3
from collections.abc import Callable, Iterator

from sqlite_utils_personalization.audit.verify import Finding, guarded
from sqlite_utils_personalization.audit.verify.contents import columns as columns_of
from sqlite_utils_personalization.audit.verify.decisions import Comparison
from sqlite_utils_personalization.audit.verify.progress import check_progress
from sqlite_utils_personalization.audit.verify.served import check_customers, check_twice
from sqlite_utils_personalization.canonical import canonical_json
from sqlite_utils_personalization.catalogue.candidate import Candidate
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.model.kinds import Declared, listed
from sqlite_utils_personalization.scoring.freeze import RUN_COLUMNS
from sqlite_utils_personalization.scoring.plan import count_customers, create_tables, index_lists
from sqlite_utils_personalization.scoring.run_digest import Places, inputs, outcome_again
from sqlite_utils_personalization.scoring.serve import create_tables as create_map
from sqlite_utils_personalization.scoring.serve import serve, spare
from sqlite_utils_personalization.transaction import transaction

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
# The lists there should be. Those of vectors of which someone is spared something go into the plan whole, and so do
# those that have more or fewer places than they should; of the others everyone gets all.
_LISTS = """
INSERT INTO plan_list
SELECT list_id, cohort_no, owner, 0, NULL FROM plan_due WHERE list_id IS NOT NULL
"""
_DEEP = """
INSERT INTO plan_decision(list_no, seq, place, candidate_no, score)
SELECT d.list_id, d.seq, row_number() OVER (PARTITION BY d.list_id, c.recommendation_type ORDER BY d.seq),
    d.candidate_id, d.score
FROM plan_list l CROSS JOIN am_personalization_decision d ON d.list_id = l.list_no
CROSS JOIN plan_candidate c ON c.candidate_no = d.candidate_id
WHERE l.cohort_no IN (SELECT cohort_no FROM plan_fewer)
    OR l.list_no IN (SELECT list_id FROM plan_due WHERE n IS NULL)
"""
_SHARED = """
INSERT INTO plan_range
SELECT list_id, 1, n FROM plan_due
WHERE n IS NOT NULL AND list_id NOT IN (SELECT list_no FROM plan_decision)
"""


def check_run(
    db: sqlite3.Connection, run_id: int, tick: Callable[[int], None] = lambda n: None
) -> Iterator[Finding]:
    """Plan one run again and compare, a tick for every list; writes temporary tables only."""
    at = {"run_id": run_id, **_bounds(db, run_id)}
    with transaction(db):
        yield from _restore(db, at)
        (top_k,) = db.execute("SELECT top_k FROM plan_run").fetchone()
        comparison = Comparison(db, run_id, top_k)
        try:
            yield from comparison.findings(tick)
        except PersonalizationError as error:
            yield Finding("decision-wrong", str(error), run_id)
            return
    yield from guarded("completeness", _map(db, top_k), run_id)
    yield from guarded("completeness", _completeness(db, at, comparison.counts()), run_id)
    yield from guarded("completeness", check_customers(db, at), run_id)
    yield from guarded("progress", check_progress(db, run_id), run_id)


def _bounds(db: sqlite3.Connection, run_id: int) -> dict[str, int]:
    sealed = db.execute(
        "SELECT first_rec_id, last_rec_id FROM am_personalization_seal WHERE run_id = ?", (run_id,)
    ).fetchone()
    first, last = sealed or (1, 2**53)
    return {"first": first or 0, "last": last or 0}


def _restore(db: sqlite3.Connection, at: dict[str, int]) -> Iterator[Finding]:
    create_tables(db)
    create_map(db)
    db.execute(
        "CREATE TEMP TABLE plan_served (profile_id INTEGER, list_id INTEGER, first_seq INTEGER, n INTEGER,"
        " cohort_id INTEGER, first_rec_id INTEGER, PRIMARY KEY (profile_id, list_id, first_seq)) WITHOUT ROWID"
    )
    _restore_run(db, at["run_id"])
    # A row that is not in the log counts as well: only then is everyone counted.
    counts = [db.execute(sql, at).rowcount for sql in (_SERVED, _WAITING, _CUSTOMERS, _CANDIDATES)]
    if sum(counts[:2]) != sum(db.execute(sql, at).fetchone()[0] for sql in (_RANGES, _PLACES)):
        yield from check_twice(db, at)
    db.executemany(
        f"INSERT OR IGNORE INTO plan_cohort VALUES (?, ?, {', '.join('?' * len(Declared._fields))}, 0, NULL, NULL)",
        ((no, canonical_json(vector), *vector) for no, *vector in db.execute(_COHORTS).fetchall()),
    )
    count_customers(db)
    spare(db)


def _map(db: sqlite3.Connection, top_k: int) -> Iterator[Finding]:
    """Who should get which places, as the night worked it out."""
    db.execute(_LISTS)
    index_lists(db)
    for statement in (_DEEP, _SHARED):
        db.execute(statement)
    serve(db, top_k)
    yield from ()


def _restore_run(db: sqlite3.Connection, run_id: int) -> None:
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
    stored = f"run_id, {RUN_COLUMNS}"
    db.execute(
        f"INSERT INTO plan_run({stored}, {', '.join(generated)})"
        f" SELECT {stored}, {', '.join(generated.values())} FROM am_personalization_run WHERE run_id = ?",
        (run_id,),
    )


def _completeness(db: sqlite3.Connection, at: dict[str, int], places: Places) -> Iterator[Finding]:
    run_id = at["run_id"]
    (salt,) = db.execute("SELECT salt FROM plan_run").fetchone()
    derived = {**inputs(db, salt), **outcome_again(db, places)}
    stored = db.execute(f"SELECT {', '.join(derived)} FROM plan_run").fetchone()
    for (column, value), found in zip(derived.items(), stored, strict=True):
        if value != found or type(value) is not type(found):
            what = f"{column} of run {run_id} does not follow from its rows"
            yield Finding("run-changed", what, run_id, None, "am_personalization_run", run_id)
