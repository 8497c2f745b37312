"""What the lists of a night, or of several, come to: before and after, in numbers that add up."""

import sqlite3
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypedDict

from sqlite_utils_personalization.billing.delivery import UNIT_PRICE_YEN
from sqlite_utils_personalization.model.kinds import TYPES
from sqlite_utils_personalization.scoring.measures import (
    Shown,
    count,
    measures,
    median,
    quantile,
)

# Below which score a tenth, a quarter, half, three quarters, nine tenths lie, in twentieths.
QUANTILES = (2, 5, 10, 15, 18)
_OF = 20
# Areas are of no figure here.
_SHOWN = "(SELECT pair_no AS slice_no, customers, 0 AS area, candidate_id, score FROM plan_{side})"
_LISTS = "(SELECT customers FROM plan_pair WHERE rows_{side} > 0)"
_TYPES = """
SELECT recommendation_type, sum(customers), sum(customers * (n >= :top_k)) FROM (
    SELECT pair_no, recommendation_type, customers, count(*) AS n FROM plan_{side}
    GROUP BY pair_no, recommendation_type
) GROUP BY 1
"""
# Full is who has as many as there may be of one type at least.
_FULL = """
SELECT coalesce(sum(customers), 0) FROM plan_pair WHERE pair_no IN (
    SELECT pair_no FROM plan_{side} GROUP BY pair_no, recommendation_type HAVING count(*) >= :top_k
)
"""
_EMPTY = "SELECT coalesce(sum(customers), 0) FROM plan_pair WHERE rows_{side} = 0"


class ImpactType(TypedDict):
    """One type of recommendation: how many customers are shown some of it, and as many as there may be; rows, scores.

    score_quantiles are those that a tenth, a quarter, half, three quarters and nine tenths of the rows do not exceed.
    """

    recommendation_type: str
    profiles: int
    full_lists: int
    rows: int
    mean_score: float | None
    score_quantiles: list[int]


class ImpactSide(TypedDict):
    """What was shown, or would be: rows of customers, without what stands for a type that nothing lists.

    empty_lists and full_lists are customers, near_duplicate_lists those who are shown two items that read alike;
    top_rows are those of the ten items shown most, of each night; soon_rows are of the dated_rows that close within 14
    days. expected_deliveries and expected_yen are of rows at the share of them that was delivered so far.
    """

    rows: int
    shown_items: int
    empty_lists: int
    full_lists: int
    near_duplicate_lists: int
    top_rows: int
    dated_rows: int
    soon_rows: int
    median_days_left: int | None
    mean_score: float | None
    expected_deliveries: int
    expected_yen: int
    types: list[ImpactType]


@dataclass
class Side:
    """One side of nights, as numbers that add up."""

    sums: Counter[str] = field(default_factory=Counter)
    days: Counter[int] = field(default_factory=Counter)
    scores: Counter[tuple[str, int]] = field(default_factory=Counter)
    customers: Counter[str] = field(default_factory=Counter)
    full: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Side") -> None:
        """Add those of another night."""
        for name, found in vars(self).items():
            found.update(getattr(other, name))

    @property
    def mean_score(self) -> Fraction | None:
        """Of all rows, of every type; None of none."""
        return _mean(self._by_score())

    def _by_score(self, kind: str | None = None) -> Counter[int]:
        found: Counter[int] = Counter()
        for (of, score), n in self.scores.items():
            if kind in (None, of):
                found[score] += n
        return found

    def to_dict(self, delivered: Fraction) -> ImpactSide:
        """For JSON; delivered is the share of rows that is expected to be delivered."""
        deliveries = expected(self.sums["rows"], delivered)
        return {
            "rows": self.sums["rows"],
            "shown_items": self.sums["shown_items"],
            "empty_lists": self.sums["empty_lists"],
            "full_lists": self.sums["full_lists"],
            "near_duplicate_lists": self.sums["near_duplicate_lists"],
            "top_rows": self.sums["top_rows"],
            "dated_rows": self.sums["dated_rows"],
            "soon_rows": self.sums["soon_rows"],
            "median_days_left": median(self.days),
            "mean_score": as_number(self.mean_score),
            "expected_deliveries": deliveries,
            "expected_yen": deliveries * UNIT_PRICE_YEN,
            "types": [self._type(kind) for kind in TYPES],
        }

    def _type(self, kind: str) -> ImpactType:
        scores = self._by_score(kind)
        found = (quantile(scores, part, _OF) for part in QUANTILES)
        return {
            "recommendation_type": kind,
            "profiles": self.customers[kind],
            "full_lists": self.full[kind],
            "rows": scores.total(),
            "mean_score": as_number(_mean(scores)),
            "score_quantiles": [score for score in found if score is not None],
        }


def side_of(db: sqlite3.Connection, as_of: str, side: str, top_k: int) -> Side:
    """The numbers of one side, before or after, of what pair_lists left; writes a temporary table only."""
    of = Shown(_LISTS.format(side=side), _SHOWN.format(side=side), "plan_item")
    counted = count(db, as_of, of)
    found, at = Side(), {"top_k": top_k}
    found.sums.update(measures(db, of, counted) | {"median_days_left": 0})
    for name, sql in (("empty_lists", _EMPTY), ("full_lists", _FULL)):
        (found.sums[name],) = db.execute(sql.format(side=side), at).fetchone()
    for number, _, score, rows in counted.places:
        item = counted.items[number]
        found.scores[item.recommendation_type, score] += rows
        if item.days_left is not None:
            found.days[item.days_left] += rows
    for kind, customers, full in db.execute(_TYPES.format(side=side), at):
        found.customers[kind], found.full[kind] = customers, full
    return found


def expected(rows: int, delivered: Fraction) -> int:
    """How many of rows are expected to be delivered, half of one rounded up."""
    return int(rows * delivered + Fraction(1, 2))


def as_number(exact: Fraction | None) -> float | None:
    """For a reader: to two decimals."""
    return None if exact is None else float(round(exact, 2))


def _mean(scores: Mapping[int, int]) -> Fraction | None:
    rows = sum(scores.values())
    return Fraction(sum(score * n for score, n in scores.items()), rows) if rows else None
