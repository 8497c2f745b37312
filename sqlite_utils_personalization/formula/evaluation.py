"""What the formula says of one item for one declared vector on one night, with everything it read."""

from collections.abc import Sequence
from itertools import accumulate
from typing import Any, NamedTuple

from sqlite_utils_personalization.catalogue.candidate import Candidate
from sqlite_utils_personalization.formula.declared import Declared
from sqlite_utils_personalization.formula.formula import splice


class Constants(NamedTuple):
    """The numbers of the run's model that count for one item; cap is that of its type."""

    industry_weight: int
    deadline_weight: int
    risk_weight: int
    urgent_days: int
    cap: int


class Points(NamedTuple):
    """Points per component; score is their sum, capped."""

    industry: int
    deadline: int
    risk: int
    score: int

    @property
    def total(self) -> int:
        """The uncapped sum, by which items are ranked."""
        return self.industry + self.deadline + self.risk


class Evaluation(NamedTuple):
    """The formula's inputs and its results; days_left counts Japanese calendar days, None without a closing date."""

    as_of: str
    declared: Declared
    candidate: Candidate
    constants: Constants
    days_left: int | None
    is_open: bool
    in_area: bool
    in_industry: bool
    points: Points

    @property
    def is_eligible(self) -> bool:
        return self.is_open and self.in_area and self.in_industry

    @property
    def is_whole(self) -> bool:
        """Whether every number is one: a tampered model, vector or item may hold anything."""
        given = (
            value for value in (self.declared.horizon_days, self.days_left) if value is not None
        )
        return all(isinstance(value, int) for value in (*self.points, *self.constants, *given))


_DECLARED = ", ".join(f"k.{name}" for name in Declared._fields)
_CANDIDATE = ", ".join(f"c.{name}" for name in Candidate._fields)
_SIZES = (1, len(Declared._fields), len(Candidate._fields), len(Constants._fields))
_ENDS = (0, *accumulate(_SIZES), None)
_PARTS = tuple(map(slice, _ENDS, _ENDS[1:]))

# Over the aliases of the formula: r (run), k (cohort) and c (candidate).
COLUMNS = splice(
    f"r.as_of, {_DECLARED}, {_CANDIDATE},"
    " r.industry_weight, r.deadline_weight, r.risk_weight, r.urgent_days, {cap},"
    " {days_left}, {is_open}, {in_area}, {in_industry},"
    " {industry_points}, {deadline_points}, {risk_points}, {score}"
)


def evaluation(values: Sequence[Any]) -> Evaluation:
    """The record of what a query selected as COLUMNS."""
    as_of, declared, candidate, constants, results = (values[part] for part in _PARTS)
    days_left, is_open, in_area, in_industry, *points = results
    return Evaluation(
        as_of[0],
        Declared(*declared),
        Candidate(*candidate),
        Constants(*constants),
        days_left,
        bool(is_open),
        bool(in_area),
        bool(in_industry),
        Points(*points),
    )


# What comes of values that no constraint lets in, in a file that was tampered with.
NOT_READABLE = (TypeError, ValueError, LookupError, ArithmeticError)


def decoded_row(row: Sequence[Any]) -> Sequence[Any]:
    """The row with text for every BLOB, which a tampered text may be."""
    if bytes not in map(type, row):
        return row
    return [str(value, "utf-8", "replace") if isinstance(value, bytes) else value for value in row]
