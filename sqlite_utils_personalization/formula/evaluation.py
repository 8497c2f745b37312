"""What the formula says of one item for one declared vector on one night, with everything it read."""

import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from itertools import accumulate
from typing import Any, NamedTuple

from sqlite_utils_personalization.catalogue.candidate import Candidate
from sqlite_utils_personalization.database import sqlite3
from sqlite_utils_personalization.formula.formula import splice
from sqlite_utils_personalization.model.kinds import (
    COMPONENTS,
    POINTS,
    TYPES,
    WEIGHTS,
    Declared,
    listed,
)


class Constants(NamedTuple):
    """The numbers of the run's model that count for one item: weights by component; cap is that of its type.

    lead_days is the notice that is kept for this item and this customer, 0 where none is. rolling_points,
    unknown_points and rank_band are None where the model does not name them.
    """

    weights: Mapping[str, int]
    urgent_days: int
    cap: int
    lead_days: int
    rolling_points: int | None
    unknown_points: int | None
    rank_band: int | None

    def to_dict(self) -> dict[str, int | None]:
        """For JSON, flat."""
        named = zip(WEIGHTS, self.weights.values(), strict=True)
        rest = self._asdict()
        del rest["weights"]
        return {**dict(named), **rest}


class Points(NamedTuple):
    """Points per component, in the order of COMPONENTS; score is their sum, capped."""

    parts: tuple[int, ...]
    score: int

    @property
    def total(self) -> int:
        """The uncapped sum, by which items are ranked."""
        return sum(self.parts)

    def of(self, component: str) -> int:
        """The points for one component."""
        return self.parts[COMPONENTS.index(component)]


class Evaluation(NamedTuple):
    """The formula's inputs and its results; days_left counts Japanese calendar days, None without a closing date."""

    as_of: str
    declared: Declared
    candidate: Candidate
    constants: Constants
    days_left: int | None
    is_open: bool
    in_time: bool
    in_area: bool
    in_industry: bool
    points: Points

    @property
    def is_eligible(self) -> bool:
        return self.is_open and self.in_time and self.in_area and self.in_industry

    @property
    def is_whole(self) -> bool:
        """Whether every number is one: a tampered model, vector or item may hold anything."""
        given = (
            value for value in (self.declared.horizon_days, self.days_left) if value is not None
        )
        named = (value for value in self.constants.to_dict().values() if value is not None)
        numbers = (*self.points.parts, self.points.score, *named)
        return all(isinstance(value, int) for value in (*numbers, *given))


_REST = (
    "r.urgent_days",
    "{cap}",
    "{lead_days}",
    "r.rolling_points",
    "r.unknown_points",
    "r.rank_band",
)
_RESULTS = ("days_left", "is_open", "in_time", "in_area", "in_industry")
_SIZES = (
    *(1, len(Declared._fields), len(Candidate._fields), len(COMPONENTS)),
    *(len(_REST), len(_RESULTS), len(COMPONENTS)),
)
_ENDS = (0, *accumulate(_SIZES), None)
_PARTS = tuple(map(slice, _ENDS, _ENDS[1:]))

# Over the aliases of the formula: r (run), k (cohort) and c (candidate).
COLUMNS = splice(
    f"r.as_of, {listed(Declared._fields, 'k.')}, {listed(Candidate._fields, 'c.')},"
    f" {listed(WEIGHTS, 'r.')}, {', '.join(_REST)}, {', '.join(f'{{{name}}}' for name in _RESULTS)},"
    f" {', '.join(f'{{{name}}}' for name in POINTS)}, {{score}}"
)


# The columns of a run that repeat numbers of its model_json, so that the formula need not parse it.
CONSTANTS = (
    *(*WEIGHTS, "urgent_days", *(f"{kind}_cap" for kind in TYPES)),
    *("program_lead", "amendment_lead", "rolling_points", "unknown_points", "rank_band"),
    *("depth", "repeat_days"),
)


def formula_constants(model_json: str) -> list[Any]:
    """What CONSTANTS must be for this model; LookupError, TypeError or ValueError if it is none."""
    model = json.loads(model_json)
    weights = (model["weights"][name] for name in COMPONENTS)
    leads, dates = model.get("lead_days", {}), model.get("date_points", {})
    return [
        *(*weights, model["urgent_days"], *(model["caps"][kind] for kind in TYPES)),
        *(leads.get(kind) for kind in ("program", "amendment")),
        *(dates.get(state) for state in ("rolling", "unknown")),
        *(model.get(name) for name in ("rank_band", "depth", "repeat_days")),
    ]


def evaluation(values: Sequence[Any]) -> Evaluation:
    """The record of what a query selected as COLUMNS."""
    (as_of,), declared, candidate, weights, rest, results, points, (score,) = (
        values[part] for part in _PARTS
    )
    days_left, is_open, in_time, in_area, in_industry = results
    return Evaluation(
        as_of,
        Declared(*declared),
        Candidate(*candidate),
        Constants(dict(zip(COMPONENTS, weights, strict=True)), *rest),
        days_left,
        bool(is_open),
        bool(in_time),
        bool(in_area),
        bool(in_industry),
        Points(tuple(points), score),
    )


def evaluate_alone(
    as_of: str, declared: Declared, candidate: Candidate, model_json: str
) -> Evaluation:
    """What the formula says of values that are in no database; in memory."""
    given = {
        "r": (("as_of", *CONSTANTS), (as_of, *formula_constants(model_json))),
        "k": (Declared._fields, declared),
        "c": (Candidate._fields, candidate),
    }
    tables = ", ".join(
        f"{name}({listed(columns)}) AS (VALUES ({', '.join('?' * len(columns))}))"
        for name, (columns, _) in given.items()
    )
    values = [value for _, row in given.values() for value in row]
    with closing(sqlite3.connect(":memory:")) as db:
        return evaluation(
            db.execute(f"WITH {tables} SELECT {COLUMNS} FROM r, k, c", values).fetchone()
        )


# What comes of values that no constraint lets in, in a file that was tampered with.
NOT_READABLE = (TypeError, ValueError, LookupError, ArithmeticError)


def decoded_row(row: Sequence[Any]) -> Sequence[Any]:
    """The row with text for every BLOB, which a tampered text may be."""
    if bytes not in map(type, row):
        return row
    return [str(value, "utf-8", "replace") if isinstance(value, bytes) else value for value in row]
