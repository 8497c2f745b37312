"""What every list of a planned run should hold, decided again from its candidates, cohorts and model.

The points of a place are the formula's own, which SQLite evaluated for each pair of values they depend on.
"""

import sqlite3
from collections.abc import Callable, Iterator
from functools import cache
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from sqlite_utils_personalization.scoring.decide import (
    choices,
    components,
    open_candidates,
    rank_searches,
)
from sqlite_utils_personalization.scoring.formula import splice

_COMPONENTS = ("industry_points", "deadline_points", "risk_points")
_OPEN = "SELECT candidate_no, recommendation_type, industries, closes_on, risk_level FROM plan_open"
_COHORT = """
SELECT t.list_id, k.customers, k.industries, k.horizon_days, k.risk_level FROM plan_cohort k
LEFT JOIN plan_same t ON t.cohort_no = k.cohort_no AND t.owner = 0 WHERE k.cohort_no = ?
"""
_TOTAL = """
SELECT {points}, {score} FROM (
    SELECT ? AS recommendation_type, ? AS industry_points, ? AS deadline_points, ? AS risk_points
) c, plan_run r
"""
_SEARCHES = """
SELECT s.profile_id, s.cohort_no, t.list_id, c.recommendation_type,
    s.place, s.candidate_no, {industry_points}, {deadline_points}, {risk_points}, {score}
FROM plan_search s JOIN plan_cohort k USING (cohort_no) JOIN plan_candidate c USING (candidate_no), plan_run r
LEFT JOIN plan_same t ON t.cohort_no = s.cohort_no AND t.owner = s.profile_id
WHERE s.place <= ? ORDER BY s.profile_id, s.place
"""

# seq, candidate_no, industry, deadline and risk points, score
Place = tuple[int, int, int, int, int, int]


class Decided(NamedTuple):
    """A list as it should be: whose it is, the stored one of the same key if there is one, types and places in order.

    owner is None for the list of a whole cohort; disagreeing are places whose points are not those they were chosen for.
    """

    cohort_no: int
    owner: int | None
    list_id: int | None
    customers: int
    kinds: list[str]
    places: list[Place]
    disagreeing: int = 0


def decided_lists(db: sqlite3.Connection, top_k: int) -> Iterator[Decided]:
    """Every list with a place on it; reads the plan and plan_same, writes temporary tables only."""
    open_candidates(db)
    yield from _of_cohorts(db, top_k)
    rank_searches(db)
    yield from _of_owners(db, top_k)


def _of_cohorts(db: sqlite3.Connection, top_k: int) -> Iterator[Decided]:
    industries, deadlines, risks = components(db)
    items = {number: values for number, *values in db.execute(_OPEN)}
    total = _totals(db)
    for cohort_no, chosen in groupby(choices(db, top_k), key=itemgetter(0)):
        list_id, customers, industry, horizon, level = db.execute(_COHORT, (cohort_no,)).fetchone()
        mine, until, risk = industries[industry], deadlines[horizon], risks[level]
        kinds, places, disagreeing = [], [], 0
        for _, seq, number, points in chosen:
            kind, listed, closes_on, risk_level = items[number]
            parts = mine[listed], until[closes_on], risk[risk_level]
            summed, score = total(kind, *parts)
            disagreeing += summed != points
            kinds.append(kind)
            places.append((seq, number, *parts, score))
        yield Decided(cohort_no, None, list_id, customers, kinds, places, disagreeing)


def _totals(db: sqlite3.Connection) -> Callable[[str, int, int, int], tuple[int, int]]:
    sql = splice(_TOTAL, _COMPONENTS)

    @cache
    def total(*parts: str | int) -> tuple[int, int]:
        points, score = db.execute(sql, parts).fetchone()
        return points, score

    return total


def _of_owners(db: sqlite3.Connection, top_k: int) -> Iterator[Decided]:
    rows = db.execute(splice(_SEARCHES), (top_k,))
    for (owner, cohort_no, list_id), found in groupby(rows, key=itemgetter(0, 1, 2)):
        listed = list(found)
        kinds, places = [row[3] for row in listed], [row[4:] for row in listed]
        yield Decided(cohort_no, owner, list_id, 1, kinds, places)
