"""Whom and what a change concerns most: declared vectors and items, each with one place of one list for an example."""

import sqlite3
from collections import Counter
from dataclasses import dataclass, field
from heapq import nsmallest
from typing import Any, NamedTuple

from sqlite_utils_personalization.catalogue.candidate import Candidate
from sqlite_utils_personalization.model.kinds import POINTS, listed

MOST = 10
# Of each side: those of the components, and the score.
_POINTS = len(POINTS) + 1

_HOW = """CASE WHEN c.place_before IS NULL THEN 'items_in' WHEN c.place_after IS NULL THEN 'items_out'
    ELSE 'moved' END"""
# The first of the places says most; of a saved search, whose words are its owner's, there is least to say.
_TELLING = "(i.profile_id IS NOT NULL) * 4000000 + 1000 * coalesce(c.place_before, c.place_after)"
# Of a place that is as good, that on the list of more customers.
_MORE = "min(p.customers, 999)"
_CHANGED = """
SELECT f.*, {before}, b.score, {after}, a.score FROM (
    SELECT {key}, {how} AS how, sum(p.customers) AS customers, p.cohort_no, c.candidate_before, c.candidate_after,
        c.place_before, c.place_after, c.pair_no, c.item_no, min({telling} - {more})
    FROM plan_change c CROSS JOIN {pairs} p ON p.pair_no = c.pair_no
    CROSS JOIN plan_item i ON i.candidate_id = coalesce(c.candidate_after, c.candidate_before)
    {where} GROUP BY {group}, how
) f
LEFT JOIN plan_before b ON b.pair_no = f.pair_no AND b.item_no = f.item_no
LEFT JOIN plan_after a ON a.pair_no = f.pair_no AND a.item_no = f.item_no
"""
_FORMULA = {
    "before": listed(POINTS, "b."),
    "after": listed(POINTS, "a."),
    "how": _HOW,
    "telling": _TELLING,
    "more": _MORE,
}
_COHORTS = _CHANGED.format(
    pairs="plan_pair_cohort",
    key="p.cohort_no AS of, NULL AS id",
    where="",
    group="p.cohort_no",
    **_FORMULA,
)
_ITEMS = _CHANGED.format(
    pairs="plan_pair",
    key="i.recommendation_type AS of, i.item_id AS id",
    where="WHERE i.profile_id IS NULL",
    group="c.item_no",
    **_FORMULA,
)
# How many customers of each vector have another list.
_CUSTOMERS = """
SELECT cohort_no, sum(customers) FROM plan_pair_cohort WHERE pair_no IN (SELECT pair_no FROM plan_change) GROUP BY 1
"""
_NEW = f"SELECT candidate_id, {listed(Candidate._fields)} FROM plan_item WHERE candidate_id < 0"


class Place(NamedTuple):
    """One item on one list of one run: rank and points are None where it was not, or would not be, on it.

    Points are those of each component and the score, as stored and as decided again. A candidate is None where the
    catalogue had, or would have, no such item.
    """

    run_id: int
    cohort_id: int
    candidate_before: int | None
    candidate_after: int | None
    rank_before: int | None
    rank_after: int | None
    points_before: tuple[int, ...] | None
    points_after: tuple[int, ...] | None


@dataclass
class Concerned:
    """What changes for one declared vector, or of one item: rows of customers, and a place, by how they change.

    That is items_in, items_out or moved.
    """

    customers: int = 0
    rows: Counter[str] = field(default_factory=Counter)
    places: dict[str, Place] = field(default_factory=dict)

    @property
    def example(self) -> Place:
        """The place that shows what changes most; one that was lost or won rather than one that moved."""
        how = max(self.places, key=lambda one: (one != "moved", self.rows[one], one))
        return self.places[how]


Key = tuple[Any, Any]


@dataclass
class Affected:
    """All that are concerned: vectors by cohort_id, items by type and id, and versions of items that no run stored."""

    cohorts: dict[Key, Concerned] = field(default_factory=dict)
    items: dict[Key, Concerned] = field(default_factory=dict)
    new: dict[tuple[int, int], Candidate] = field(default_factory=dict)


def most(of: dict[Key, Concerned]) -> list[tuple[Key, Concerned]]:
    """The MOST concerned, first those of whom the most rows change."""
    return nsmallest(MOST, of.items(), key=lambda one: (-one[1].rows.total(), str(one[0])))


def note_affected(db: sqlite3.Connection, run_id: int, affected: Affected) -> None:
    """Add what pair_lists left of one run; read-only. Of several runs the first one's places are kept."""
    for sql, found in ((_COHORTS, affected.cohorts), (_ITEMS, affected.items)):
        for of, item_id, how, customers, *row in db.execute(sql):
            one = found.setdefault((of, item_id), Concerned())
            one.rows[how] += customers
            if how not in one.places:
                one.places[how] = _place(run_id, row)
    for cohort_no, customers in db.execute(_CUSTOMERS):
        affected.cohorts[cohort_no, None].customers += customers
    for number, *values in db.execute(_NEW):
        affected.new[run_id, number] = Candidate(*values)


def _place(run_id: int, row: list[Any]) -> Place:
    cohort_id, number_before, number_after, rank_before, rank_after = row[:5]
    points = tuple(row[-2 * _POINTS :])
    before, after = points[:_POINTS], points[_POINTS:]
    return Place(
        run_id,
        cohort_id,
        number_before,
        number_after,
        rank_before,
        rank_after,
        None if rank_before is None else before,
        None if rank_after is None else after,
    )
