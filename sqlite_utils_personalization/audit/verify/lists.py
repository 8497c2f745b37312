"""What every list of a planned run should hold, decided again from its candidates, cohorts and model.

The points of a place are the formula's own: SQLite evaluates each expression once per pair of values it depends on.
"""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import accumulate, chain, groupby, pairwise
from operator import getitem, itemgetter
from typing import Any, NamedTuple

from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.evidence.leaves import list_sha256, place_text
from sqlite_utils_personalization.formula.formula import reads, splice
from sqlite_utils_personalization.model.kinds import COMPONENTS, POINTS, Declared, listed
from sqlite_utils_personalization.scoring.decide import (
    Choice,
    best_choices,
    components,
    open_candidates,
    rank_searches,
)

_READ = tuple(reads(name).item for name in COMPONENTS)
_OPEN = f"SELECT candidate_no, {', '.join(chain.from_iterable(_READ))} FROM plan_open"
_ENDS = (0, *accumulate(map(len, _READ)))
# In the order in which cohorts are decided.
_COHORTS = """
SELECT k.customers, t.list_id FROM plan_cohort k
LEFT JOIN plan_same t ON t.cohort_no = k.cohort_no AND t.owner = 0
ORDER BY k.industries, k.prefecture, k.cohort_no
"""
_SCORE = splice(
    f"""
SELECT recommendation_type, candidate_sha256, {{points}}, {{score}} FROM (
    SELECT recommendation_type, candidate_sha256, {", ".join(f"? AS {name}" for name in POINTS)}
    FROM plan_candidate WHERE candidate_no = ?
) c, plan_run r
""",
    POINTS,
)
_SEARCHES = splice(f"""
SELECT t.list_id, s.profile_id NOT IN (SELECT profile_id FROM plan_spared), s.profile_id,
    k.cohort_no, {listed(Declared._fields, "k.")},
    c.recommendation_type, c.candidate_sha256,
    c.candidate_no, {", ".join(f"{{{name}}}" for name in POINTS)}, {{score}}
FROM plan_search s JOIN plan_cohort k USING (cohort_no) JOIN plan_candidate c USING (candidate_no)
JOIN plan_run r LEFT JOIN plan_same t ON t.cohort_no = s.cohort_no AND t.owner = s.profile_id
WHERE s.place <= coalesce(k.depth, ?) ORDER BY s.profile_id, s.place
""")

# Columns of _SEARCHES before those of a place: the list, whether the owner gets the first places of it, the owner, the
# cohort and its vector.
_OWNED = 4 + len(Declared._fields)

# What a row of decisions should be: seq, candidate_id, the three points and the score.
Row = tuple[int, ...]
# The rows of a list, the texts of its places, and how many there are of each type and score.
Content = tuple[list[Row], str, Mapping[tuple[str, int], int]]
_KEPT_PLACES, _KEPT_LISTS = 1 << 14, 1 << 8


class Decided(NamedTuple):
    """A list as it should be, and the list_id of the stored one for the same key, None where there is none.

    owner is None for the list of a whole cohort. customers are those who are spared nothing, places counts what they
    get of each type and score; sha256 is the digest of the list if its decisions are the rows.
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
        mine = tuple(cohort.of(name) for name in COMPONENTS)
        rows, text, counts = content(mine, tuple(chain.from_iterable(best)))
        if any(len(of_type) > top_k for of_type in best):
            shown = chain.from_iterable(of_type[:top_k] for of_type in best)
            _, _, counts = content(mine, tuple(shown))
        if rows:
            digest = list_sha256(cohort.vector, None, text)
            yield Decided(cohort.cohort_no, None, list_id, customers, counts, rows, digest)


def _contents(db: sqlite3.Connection) -> Callable[..., Content]:
    """What is on a list, by what the components read of a declared vector, and what was chosen for it.

    Cohorts that differ in their prefecture alone are often offered the same, and most places are on many lists.
    """
    pairs = tuple(components(db).values())
    items = {
        number: tuple(tuple(values[start:end]) for start, end in pairwise(_ENDS))
        for number, *values in db.execute(_OPEN)
    }

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
    def content(mine: tuple[tuple[Any, ...], ...], chosen: tuple[Choice, ...]) -> Content:
        points_of = [of[value] for of, value in zip(pairs, mine, strict=True)]
        found = [
            place(points, number, *map(getitem, points_of, items[number]))
            for points, number in chosen
        ]
        counts = Counter((kind, row[-1]) for kind, row, _ in found)
        return _numbered(row for _, row, _ in found), ",".join(text for *_, text in found), counts

    return content


def _of_owners(db: sqlite3.Connection, top_k: int) -> Iterator[Decided]:
    found = db.execute(_SEARCHES, (top_k,))
    for (list_id, customers, owner, cohort_no, *vector), places in groupby(
        found, key=itemgetter(*range(_OWNED))
    ):
        shown = [place[_OWNED:] for place in places]
        rows = _numbered(row for _, _, *row in shown)
        text = ",".join(place_text((kind, digest, *row)) for kind, digest, _, *row in shown)
        counts = Counter((kind, row[-1]) for kind, _, *row in shown[:top_k])
        digest = list_sha256(vector, owner, text)
        yield Decided(cohort_no, owner, list_id, customers, counts, rows, digest)


def _numbered(rows: Iterable[Iterable[Any]]) -> list[Row]:
    return [(seq, *row) for seq, row in enumerate(rows, 1)]
