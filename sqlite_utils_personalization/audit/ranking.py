"""How the candidates of one night and type rank for one declared vector, by the formula. Read-only.

The vector need not be a stored one. A saved search is a candidate for its owner alone.
"""

import sqlite3
from typing import Any, NamedTuple

from sqlite_utils_personalization.formula.evaluation import (
    COLUMNS,
    Evaluation,
    decoded_row,
    evaluation,
)
from sqlite_utils_personalization.formula.formula import splice
from sqlite_utils_personalization.model.kinds import Declared, listed


class Field(NamedTuple):
    """The candidates that compete: those of one type in one run, of this owner or, with None, of nobody."""

    run_id: int
    recommendation_type: str
    owner: int | None


class Ranked(NamedTuple):
    """One eligible candidate with a score; place is its rank from 1, order the terms of rank_order.

    stands_for is the candidate_id of the best-placed of its family; place is that one's, if it is another.
    """

    candidate_id: int
    item_id: str
    title: str
    points: int
    score: int
    place: int
    order: tuple[Any, ...]
    stands_for: int

    @property
    def is_behind(self) -> bool:
        """Whether another of its family has its place."""
        return self.stands_for != self.candidate_id


class RunnerUp(NamedTuple):
    """What came next; on_list is false if it fell below the cut. points is the uncapped sum that ranks."""

    item_id: str
    title: str
    points: int
    score: int
    on_list: bool


class OtherRound(NamedTuple):
    """A round, frame or year of the same programme that stands behind another."""

    item_id: str
    title: str


_VECTOR = f"WITH k({listed(Declared._fields)}) AS (VALUES ({listed(Declared._fields, ':')}))"
# CROSS, so that the candidates of the run are looked up by key and not the other way round.
COMPETING = """
SELECT c.* FROM am_personalization_run_candidate x CROSS JOIN am_personalization_candidate c USING (candidate_id)
WHERE x.run_id = :run_id AND c.recommendation_type = :recommendation_type AND c.left_out IS NULL
    AND c.profile_id IS :owner
"""
# Of a family the first has a place, and the others stand behind it.
_PLACED = splice(f"""{_VECTOR},
eligible AS (
    SELECT c.candidate_id, c.item_id, c.title, {{points}} AS points, {{score}} AS score, {{kin}} AS kin,
        row_number() OVER (ORDER BY {{rank_order}}) AS position, {{rank_order}}
    FROM ({COMPETING}) c, k, am_personalization_run r
    WHERE r.run_id = :run_id AND {{eligible}} AND {{score}} > 0
),
related AS (
    SELECT *, first_value(candidate_id) OVER (PARTITION BY coalesce(kin, candidate_id) ORDER BY position) AS stands_for
    FROM eligible
),
counted AS (
    SELECT *, sum(stands_for = candidate_id) OVER (ORDER BY position) AS before FROM related
),
placed AS (
    SELECT *, first_value(before) OVER (PARTITION BY stands_for ORDER BY position) AS place FROM counted
)
SELECT * FROM placed WHERE (place = :place AND stands_for = candidate_id) OR candidate_id = :candidate_id
""")
# The others of a candidate's family that this vector could have been given in its place.
_BEHIND = splice(f"""{_VECTOR},
mine AS (
    SELECT c.candidate_id, c.family_name, {{kin}} AS kin FROM am_personalization_candidate c, k
    WHERE c.candidate_id = :candidate_id
)
SELECT c.item_id, c.title FROM mine CROSS JOIN am_personalization_candidate c ON c.family_name = mine.family_name
CROSS JOIN am_personalization_run_candidate x ON x.run_id = :run_id AND x.candidate_id = c.candidate_id
CROSS JOIN am_personalization_run r ON r.run_id = x.run_id CROSS JOIN k
WHERE c.recommendation_type = :recommendation_type AND c.left_out IS NULL AND c.profile_id IS :owner
    AND c.candidate_id <> mine.candidate_id AND {{kin}} = mine.kin AND {{eligible}} AND {{score}} > 0
ORDER BY {{rank_order}}
""")
_EVALUATED = f"""{_VECTOR}
SELECT {COLUMNS} FROM am_personalization_candidate c, k, am_personalization_run r
WHERE r.run_id = :run_id AND c.candidate_id = :candidate_id
"""


def evaluate(
    db: sqlite3.Connection, run_id: int, declared: Declared, candidate_id: int
) -> Evaluation:
    """The formula for one stored candidate and any vector, with the model of the run."""
    at = {"run_id": run_id, "candidate_id": candidate_id, **declared._asdict()}
    return evaluation(decoded_row(db.execute(_EVALUATED, at).fetchone()))


def rounds_behind(
    db: sqlite3.Connection, field: Field, declared: Declared, candidate_id: int
) -> tuple[OtherRound, ...]:
    """What the candidate stands for on the lists of this vector, best first."""
    at = {"candidate_id": candidate_id, **field._asdict(), **declared._asdict()}
    return tuple(OtherRound(*decoded_row(row)) for row in db.execute(_BEHIND, at))


def find_ranked(
    db: sqlite3.Connection,
    field: Field,
    declared: Declared,
    *,
    place: int,
    of: int | None = None,
) -> tuple[Ranked | None, Ranked | None]:
    """Who stands in this place, and where the candidate of does; None where nobody or nowhere."""
    at = {"place": place, "candidate_id": of, **field._asdict(), **declared._asdict()}
    found = [
        Ranked(candidate_id, item_id, title, points, score, of_place, tuple(order), stands_for)
        for candidate_id, item_id, title, points, score, _, _, *order, stands_for, _, of_place in map(
            decoded_row, db.execute(_PLACED, at)
        )
    ]
    there = next((one for one in found if one.place == place and not one.is_behind), None)
    mine = next((one for one in found if one.candidate_id == of), None)
    return there, mine


def best_below_cut(
    db: sqlite3.Connection, field: Field, declared: Declared, top_k: int
) -> RunnerUp | None:
    """The best candidate that a full list of top_k left no place for."""
    next_, _ = find_ranked(db, field, declared, place=top_k + 1)
    if next_ is None:
        return None
    return RunnerUp(next_.item_id, next_.title, next_.points, next_.score, on_list=False)
