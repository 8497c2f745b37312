"""Who is offered which: the best top_k candidates of each type for each cohort, and for each owner of searches.

The formula factors. Openness concerns the candidate alone, the area and the industry one pair of values each, the
deadline with the notice before it and the risk another; so SQLite evaluates each expression once per distinct pair, and
what is left per cohort is adding integers per class of candidates and sorting. Every decision is then evaluated whole
by the formula, and a night in which one disagrees is refused.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import accumulate, chain, groupby, pairwise
from typing import Any, NamedTuple

from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.formula.formula import reads, splice
from sqlite_utils_personalization.model.kinds import (
    COMPONENTS,
    NO_INDUSTRY,
    POINTS,
    TYPES,
    Declared,
    listed,
)
from sqlite_utils_personalization.scoring.plan import index_lists
from sqlite_utils_personalization.transaction import transaction

# Industries, prefectures and what the other components read of an item: candidates that differ in none of it earn the
# same from everyone.
Class = tuple[str, str, "Facts"]
# What the components but that for the industry read of an item, each a tuple of values.
Facts = tuple[tuple[Any, ...], ...]
# Industry points, whether it is narrow, and facts: what is left of a class for one declared industry.
Fitting = tuple[int, int, Facts]
# Whether it is far, and those: what is left for one declared prefecture, too.
Group = tuple[int, Fitting]
# Places among equal points, best first; never more than top_k families have, as no more can be offered.
Members = list[int]
# Of what one industry goes together with, by the prefectures listed.
ByArea = dict[str, list[tuple[Fitting, Members]]]
# Points and candidate_no.
Choice = tuple[int, int]
# What each declared value gets from each listed one; both are tuples of the columns that the component reads.
Pairs = Mapping[Any, dict[Any, int]]

# The components whose points go with a condition of eligibility.
_INDUSTRY, _DEADLINE = "industry", "deadline"
_CONDITIONS = {_INDUSTRY: "{in_industry}", _DEADLINE: "{in_time}"}
_OTHERS = tuple(name for name in COMPONENTS if name != _INDUSTRY)
# Where in a vector is what a component reads.
_PLACES_OF = {name: [*map(Declared._fields.index, reads(name).declared)] for name in COMPONENTS}


class Cohort(NamedTuple):
    """A declared vector of plan_cohort."""

    vector: Declared
    cohort_no: int
    depth: int | None

    def of(self, component: str) -> tuple[Any, ...]:
        """What the component reads of the vector."""
        vector = self.vector
        return tuple([vector[at] for at in _PLACES_OF[component]])


class Given(NamedTuple):
    """A WITH clause, and its parameters, whose tables stand in for those of the plan."""

    sql: str = ""
    parameters: Mapping[str, Any] = {}

    def rows(self, db: sqlite3.Connection, sql: str) -> sqlite3.Cursor:
        return db.execute(f"{self.sql} {splice(sql)}", self.parameters)


THE_PLAN = Given()
# Of declared values beside industry and prefecture there are hundreds.
_KEPT_SUMS = 1 << 12


def decide(db: sqlite3.Connection, top_k: int) -> None:
    """Fill plan_list and plan_decision from plan_run, plan_cohort, plan_customer and plan_candidate."""
    db.execute("CREATE TEMP TABLE plan_choice (list_no, seq, place, candidate_no, points)")
    open_candidates(db)
    with transaction(db):
        db.executemany("INSERT INTO plan_choice VALUES (?, ?, ?, ?, ?)", choices(db, top_k))
    db.execute(
        "INSERT INTO plan_list SELECT cohort_no, cohort_no, NULL, customers, NULL FROM plan_cohort"
        " WHERE cohort_no IN (SELECT list_no FROM plan_choice)"
    )
    _choose_searches(db, top_k)
    _evaluate(db)


def open_candidates(db: sqlite3.Connection) -> None:
    """Fill plan_open with what everyone in its area and industry may be offered."""
    db.execute(
        "CREATE TEMP TABLE plan_open AS SELECT c.* FROM plan_candidate c, plan_run r"
        f" WHERE c.left_out IS NULL AND c.profile_id IS NULL AND {splice('{is_open} AND {cap} > 0')}"
    )


def choices(
    db: sqlite3.Connection, top_k: int, given: Given = THE_PLAN
) -> Iterator[tuple[int, int, int, int, int]]:
    """The best of plan_open in each type for every vector of plan_cohort, to its depth or top_k; read-only.

    Yields cohort_no, seq on its list, place in the type, candidate_no and points. given may define plan_run,
    plan_cohort and plan_open.
    """
    for cohort, best in best_choices(db, top_k, given):
        places = (place for of_type in best for place in enumerate(of_type, 1))
        for seq, (place, (points, candidate_no)) in enumerate(places, 1):
            yield cohort.cohort_no, seq, place, candidate_no, points


def best_choices(
    db: sqlite3.Connection, top_k: int, given: Given = THE_PLAN
) -> Iterator[tuple[Cohort, list[list[Choice]]]]:
    """Every vector of plan_cohort, in the order of its columns, and the best of each type for it; read-only.

    They go to the depth of the vector, or to top_k where it has none.
    """
    (band,) = given.rows(db, "SELECT coalesce(rank_band, 1) FROM plan_run").fetchone()
    deepest = given.rows(db, "SELECT max(depth) FROM plan_cohort").fetchone()[0] or top_k
    fields = {is_declared: _field(db, deepest, given, is_declared) for is_declared in (False, True)}
    areas = _pairs(db, given, ("prefecture",), ("prefectures",), "{is_far}", "{in_area}")
    narrow = _pairs(db, given, ("industries",), ("industries",), "{is_narrow}", "{in_industry}")
    pairs = components(db, given)
    others = [(name, pairs[name]) for name in _OTHERS]

    @lru_cache(_KEPT_SUMS)
    def sums(*mine: tuple[Any, ...]) -> _Sums:
        return _Sums([of[value] for (_, of), value in zip(others, mine, strict=True)])

    for industry, in_industry in groupby(_cohorts(db, given), key=lambda one: one.of(_INDUSTRY)):
        field = fields[industry != (None,)]
        by_area = [
            _by_area(found, pairs[_INDUSTRY][industry], narrow[industry]) for found in field.classes
        ]
        for area, members in groupby(in_industry, key=lambda one: (one.vector.prefecture,)):
            kin = field.kin[area != (None,)]
            groups = [_eligible(found, areas[area], deepest, kin) for found in by_area]
            for cohort in members:
                points = sums(*(cohort.of(name) for name in _OTHERS))
                depth = cohort.depth or top_k
                best = [_best(found, points, band, depth, kin) for found in groups]
                yield cohort, [[(p, field.ranked[at]) for p, at in of_type] for of_type in best]


def components(db: sqlite3.Connection, given: Given = THE_PLAN) -> dict[str, Pairs]:
    """Points for each component, by the declared and then the listed values they depend on; read-only.

    Of industries and closing dates only those pairs that go together.
    """
    return {
        name: _pairs(db, given, *reads(name)[:2], f"{{{name}_points}}", _CONDITIONS.get(name, "1"))
        for name in COMPONENTS
    }


class _Sums(dict[Facts, int]):
    """The points for some facts of an item, added up once for who declared the same; NO_FIT if it is not for them."""

    NO_FIT = -1

    def __init__(self, points: list[dict[Any, int]]) -> None:
        self._points = points

    def __missing__(self, facts: Facts) -> int:
        found = [of.get(values) for of, values in zip(self._points, facts, strict=True)]
        self[facts] = self.NO_FIT if None in found else sum(filter(None, found))
        return self[facts]


def _cohorts(db: sqlite3.Connection, given: Given) -> Iterator[Cohort]:
    for *vector, cohort_no, depth in given.rows(
        db,
        f"SELECT {listed(Declared._fields)}, cohort_no, depth FROM plan_cohort"
        " ORDER BY industries, prefecture, cohort_no",
    ):
        yield Cohort(Declared(*vector), cohort_no, depth)


class _Field(NamedTuple):
    """What is open: candidate_no by place among equal points, the classes of each type, and who is whose kin.

    kin is by whether a prefecture was declared, and has a number for each place, the same for members of one family.
    """

    ranked: list[int]
    classes: list[dict[Class, Members]]
    kin: tuple[list[int], list[int]]


def _field(db: sqlite3.Connection, top_k: int, given: Given, is_declared: bool) -> _Field:
    """The field for those who declared an industry, or for the others."""
    ranked: list[int] = []
    classes: dict[str, dict[Class, Members]] = {kind: defaultdict(list) for kind in TYPES}
    numbers: tuple[dict[Any, int], dict[Any, int]] = ({}, {})
    kin: tuple[list[int], list[int]] = ([], [])
    # The widest kin of each class, and every narrower one.
    seen: dict[Any, tuple[set[int], set[int]]] = defaultdict(lambda: (set(), set()))
    columns = [reads(name).item for name in _OTHERS]
    ends = [0, *accumulate(map(len, columns))]
    parts = [slice(*pair) for pair in pairwise(ends)]
    industries = f"'{NO_INDUSTRY}'" if is_declared else "NULL"
    for position, (kind, candidate_no, name, family, listed_for, prefectures, *values) in enumerate(
        given.rows(
            db,
            f"SELECT recommendation_type, candidate_no, family_name, family, c.industries, prefectures"
            f"{''.join(f', c.{column}' for column in chain.from_iterable(columns))}"
            f" FROM plan_open c, plan_run r, (SELECT {industries} AS industries) k ORDER BY {{tie_order}}",
        )
    ):
        ranked.append(candidate_no)
        for of, number, key in zip(kin, numbers, (name, family), strict=True):
            of.append(number.setdefault((kind, key or position), len(number)))
        key = (listed_for, prefectures, tuple(tuple(values[part]) for part in parts))
        names, families = seen[kind, key]
        if len(names) < top_k and kin[1][-1] not in families:
            names.add(kin[0][-1])
            families.add(kin[1][-1])
            classes[kind][key].append(position)
    return _Field(ranked, list(classes.values()), kin)


def _pairs(
    db: sqlite3.Connection,
    given: Given,
    declared: tuple[str, ...],
    item: tuple[str, ...],
    value: str,
    condition: str,
) -> Pairs:
    """What each distinct declared value gets from each distinct listed one, where the condition holds."""
    found: dict[Any, dict[Any, int]] = defaultdict(dict)
    sql = (
        f"SELECT {listed(declared, 'k.')}, {listed(item, 'c.')}, {value}"
        f" FROM (SELECT DISTINCT {listed(declared)} FROM plan_cohort) k,"
        f" (SELECT DISTINCT {listed(item)} FROM plan_open) c, plan_run r WHERE {condition}"
    )
    for *values, points in given.rows(db, sql):
        found[tuple(values[: len(declared)])][tuple(values[len(declared) :])] = points
    return found


def _by_area(
    classes: dict[Class, Members], points: dict[tuple[str], int], narrow: dict[tuple[str], int]
) -> ByArea:
    found: ByArea = defaultdict(list)
    for (industries, prefectures, facts), members in classes.items():
        if (industries,) in points:
            fitting = (points[(industries,)], narrow[(industries,)], facts)
            found[prefectures].append((fitting, members))
    return found


def _eligible(
    by_area: ByArea, area: dict[tuple[str], int], top_k: int, kin: list[int]
) -> list[tuple[Group, Members]]:
    groups: dict[Group, Members] = defaultdict(list)
    for (prefectures,), is_far in area.items():
        for fitting, members in by_area.get(prefectures, ()):
            groups[is_far, fitting] += members
    return [(group, _first(sorted(members), top_k, kin)) for group, members in groups.items()]


def _first(members: Members, most: int, kin: list[int]) -> Members:
    """The first of each family, of at most so many."""
    found: dict[int, int] = {}
    for position in members:
        if kin[position] not in found:
            found[kin[position]] = position
            if len(found) == most:
                break
    return list(found.values())


def _best(
    groups: list[tuple[Group, Members]], others: _Sums, band: int, top_k: int, kin: list[int]
) -> list[Choice]:
    """Points and place of the best, in the order of the formula's rank_order, one of each family."""
    tied: dict[tuple[int, int, int, int], Members] = {}
    for (is_far, (industry_points, is_narrow, facts)), members in groups:
        more = others[facts]
        points = industry_points + more
        if more == _Sums.NO_FIT or points == 0:
            continue
        key = (-(points // band), is_far, is_narrow, -points)
        tied[key] = tied[key] + members if key in tied else members
    best: list[Choice] = []
    seen: set[int] = set()
    for key in sorted(tied):
        for position in sorted(tied[key]):
            if kin[position] not in seen:
                seen.add(kin[position])
                best.append((-key[3], position))
                if len(best) == top_k:
                    return best
    return best


def rank_searches(db: sqlite3.Connection) -> None:
    """Fill plan_search with what each owner of saved searches may be offered, best first."""
    db.execute(
        splice(
            "CREATE TEMP TABLE plan_search AS SELECT u.profile_id, u.cohort_no, c.candidate_no, {points} AS points,"
            " row_number() OVER (PARTITION BY u.profile_id ORDER BY {rank_order}) AS place"
            " FROM plan_candidate c JOIN plan_customer u USING (profile_id) JOIN plan_cohort k USING (cohort_no),"
            " plan_run r WHERE c.left_out IS NULL AND {eligible} AND {score} > 0"
        )
    )


def _choose_searches(db: sqlite3.Connection, top_k: int) -> None:
    rank_searches(db)
    last = db.execute("SELECT coalesce(max(cohort_no), 0) FROM plan_cohort").fetchone()[0]
    db.execute(
        "INSERT INTO plan_list SELECT ? + row_number() OVER (ORDER BY profile_id), cohort_no, profile_id,"
        " profile_id NOT IN (SELECT profile_id FROM plan_spared), NULL FROM plan_search WHERE place = 1",
        (last,),
    )
    index_lists(db)
    db.execute(
        "INSERT INTO plan_choice SELECT l.list_no, s.place, s.place, s.candidate_no, s.points"
        " FROM plan_search s JOIN plan_list l USING (profile_id) JOIN plan_cohort k ON k.cohort_no = s.cohort_no"
        " WHERE s.place <= coalesce(k.depth, ?)",
        (top_k,),
    )


def _evaluate(db: sqlite3.Connection) -> None:
    """Fill plan_decision with the formula's own points, and refuse the night if a choice disagrees with them."""
    formula_points = ", ".join(f"{{{name}}}" for name in POINTS)
    # The score from the chosen points, which below must be the sum of the three.
    db.execute(
        splice(
            f"INSERT INTO plan_decision SELECT h.list_no, h.seq, h.place, h.candidate_no, {formula_points},"
            " {score}, {eligible}, h.points"
            " FROM plan_run r CROSS JOIN plan_choice h CROSS JOIN plan_list l ON l.list_no = h.list_no"
            " CROSS JOIN plan_cohort k ON k.cohort_no = l.cohort_no"
            " CROSS JOIN plan_candidate c ON c.candidate_no = h.candidate_no ORDER BY h.list_no, h.seq",
            ("points",),
        )
    )
    (disagreeing,) = db.execute(
        splice(
            "SELECT count(*) FROM plan_decision WHERE NOT eligible OR {points} <> chosen_points",
            POINTS,
        )
    ).fetchone()
    if disagreeing:
        raise PersonalizationError(
            f"{disagreeing} decisions disagree with formula.sql, so nothing was written",
            "reinstall the package",
        )
