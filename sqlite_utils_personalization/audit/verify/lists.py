"""What every list of a planned run should hold, decided again from its candidates, cohorts and model.

The points of a place are the formula's own: SQLite evaluates each expression once per pair of values it depends on.
"""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import chain, groupby
from operator import itemgetter
from typing import Any, NamedTuple

from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.evidence.leaves import list_sha256, place_text
from sqlite_utils_personalization.formula.formula import splice
from sqlite_utils_personalization.scoring.decide import (
    Choice,
    best_choices,
    components,
    open_candidates,
    rank_searches,
)

_OPEN = "SELECT candidate_no, industries, closes_on, risk_level FROM plan_open"
# In the order in which cohorts are decided.
_COHORTS = """
SELECT k.customers, t.list_id FROM plan_cohort k
LEFT JOIN plan_same t ON t.cohort_no = k.cohort_no AND t.owner = 0
ORDER BY k.industries, k.prefecture, k.cohort_no
"""
_SCORE = splice(
    """
SELECT recommendation_type, candidate_sha256, {points}, {score} FROM (
    SELECT recommendation_type, candidate_sha256, ? AS industry_points, ? AS deadline_points, ? AS risk_points
    FROM plan_candidate WHERE candidate_no = ?
) c, plan_run r
""",
    ("industry_points", "deadline_points", "risk_points"),
)
_SEARCHES = splice("""
SELECT t.list_id, s.profile_id, k.cohort_no, k.industries, k.prefecture, k.horizon_days, k.risk_level,
    c.recommendation_type, c.candidate_sha256,
    c.candidate_no, {industry_points}, {deadline_points}, {risk_points}, {score}
FROM plan_search s JOIN plan_cohort k USING (cohort_no) JOIN plan_candidate c USING (candidate_no)
JOIN plan_run r LEFT JOIN plan_same t ON t.cohort_no = s.cohort_no AND t.owner = s.profile_id
WHERE s.place <= ? ORDER BY s.profile_id, s.place
""")

# What a row of decisions should be: seq, candidate_id, the three points and the score.
Row = tuple[int, ...]
# The rows of a list, the texts of its places, and how many there are of each type and score.
Content = tuple[list[Row], str, Mapping[tuple[str, int], int]]
_KEPT_PLACES, _KEPT_LISTS = 1 << 14, 1 << 8


class Decided(NamedTuple):
    """A list as it should be, and the list_id of the stored one for the same key, None where there is none.

    owner is None for the list of a whole cohort. places counts those of each type and score; sha256 is the digest
    of the list if its decisions are the rows.
    """

    cohort_no: int
    owner: int | None
    list_id: int | None
    customers: int
    places: Mapping[tuple[str, int], int]
    rows: list[Row]
    sha256: str


def decided_lists(db: sqlite3.Connection, top_k: int) -> Iterator[Decided]:
    """Every list with a place on it; reads the plan and plan_same, writes temporary tables only.

    PersonalizationError if a choice disagrees with the formula.
    """
    open_candidates(db)
    yield from _of_cohorts(db, top_k)
    rank_searches(db)
    yield from _of_owners(db, top_k)


def _of_cohorts(db: sqlite3.Connection, top_k: int) -> Iterator[Decided]:
    content = _contents(db)
    noted = db.execute(_COHORTS)
    for (cohort, best), (customers, list_id) in zip(best_choices(db, top_k), noted, strict=True):
        industry, prefecture, horizon, level, cohort_no = cohort
        rows, text, counts = content(industry, horizon, level, tuple(chain.from_iterable(best)))
        if rows:
            digest = list_sha256((industry, prefecture, horizon, level), None, text)
            yield Decided(cohort_no, None, list_id, customers, counts, rows, digest)


def _contents(db: sqlite3.Connection) -> Callable[..., Content]:
    """What is on a list, by declared industry, horizon and risk level, and what was chosen for them.

    Cohorts that differ in their prefecture alone are often offered the same, and most places are on many lists.
    """
    industries, deadlines, risks = components(db)
    items = {number: values for number, *values in db.execute(_OPEN)}

    @lru_cache(_KEPT_PLACES)
    def place(points: int, number: int, *parts: int) -> tuple[str, tuple[int, ...], str]:
        kind, digest, summed, score = db.execute(_SCORE, (*parts, number)).fetchone()
        if summed != points:
            raise PersonalizationError(
                "a choice disagrees with formula.sql, so there is no answer",
                "reinstall the package",
            )
        return kind, (number, *parts, score), place_text((kind, digest, *parts, score))

    @lru_cache(_KEPT_LISTS)
    def content(
        industry: str | None, horizon: int | None, level: str | None, chosen: tuple[Choice, ...]
    ) -> Content:
        mine, until, risk = industries[industry], deadlines[horizon], risks[level]
        found = []
        for points, number in chosen:
            listed, closes_on, of_item = items[number]
            found.append(place(points, number, mine[listed], until[closes_on], risk[of_item]))
        counts = Counter((kind, row[-1]) for kind, row, _ in found)
        return _numbered(row for _, row, _ in found), ",".join(text for *_, text in found), counts

    return content


def _of_owners(db: sqlite3.Connection, top_k: int) -> Iterator[Decided]:
    found = db.execute(_SEARCHES, (top_k,))
    for (list_id, owner, cohort_no, *vector), listed in groupby(found, key=itemgetter(*range(7))):
        shown = [place[7:] for place in listed]
        rows = _numbered(row for _, _, *row in shown)
        text = ",".join(place_text((kind, digest, *row)) for kind, digest, _, *row in shown)
        counts = Counter((kind, row[-1]) for kind, _, *row in shown)
        digest = list_sha256(vector, owner, text)
        yield Decided(cohort_no, owner, list_id, 1, counts, rows, digest)


def _numbered(rows: Iterable[Iterable[Any]]) -> list[Row]:
    return [(seq, *row) for seq, row in enumerate(rows, 1)]
