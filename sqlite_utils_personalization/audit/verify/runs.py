"""Does every run follow from what it stored: the same decisions, for the same customers, with nobody skipped?

A run is planned once more from its own candidates, customers and model, by the code that plans a night, and the
result is held against what is stored. That covers the formula, the ranking, the cut and the counts alike.
"""

import sqlite3
from collections.abc import Callable, Iterator

from sqlite_utils_personalization.audit.verify import Finding, guarded
from sqlite_utils_personalization.audit.verify.decisions import Comparison
from sqlite_utils_personalization.audit.verify.progress import check_progress
from sqlite_utils_personalization.audit.verify.restored import bounds, restore
from sqlite_utils_personalization.audit.verify.served import check_customers, check_twice
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.scoring.plan import count_customers, index_lists
from sqlite_utils_personalization.scoring.run_digest import Places, inputs, outcome_again
from sqlite_utils_personalization.scoring.serve import serve, spare
from sqlite_utils_personalization.transaction import transaction

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
    at = {"run_id": run_id, **bounds(db, run_id)}
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


def _restore(db: sqlite3.Connection, at: dict[str, int]) -> Iterator[Finding]:
    # A row that is not in the log counts as well: only then is everyone counted.
    if not restore(db, at):
        yield from check_twice(db, at)
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


def _completeness(db: sqlite3.Connection, at: dict[str, int], places: Places) -> Iterator[Finding]:
    run_id = at["run_id"]
    (salt,) = db.execute("SELECT salt FROM plan_run").fetchone()
    derived = {**inputs(db, salt), **outcome_again(db, places)}
    stored = db.execute(f"SELECT {', '.join(derived)} FROM plan_run").fetchone()
    for (column, value), found in zip(derived.items(), stored, strict=True):
        if value != found or type(value) is not type(found):
            what = f"{column} of run {run_id} does not follow from its rows"
            yield Finding("run-changed", what, run_id, None, "am_personalization_run", run_id)
