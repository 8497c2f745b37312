"""DuckDB decides: every pair of a declared vector and an item scored whole, ranked by windows, one of each family.

The night and verification factor the formula and sort in Python; here nothing is factored.
"""

from collections.abc import Iterable, Iterator, Sequence
from importlib.util import find_spec
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlite_utils_personalization.audit.second_engine.dialect import (
    COMPUTED,
    NUMBER,
    READ,
    transpiled,
)
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.model.kinds import POINTS, TYPES, listed

# What DuckDB is given: what the formula reads, numbers to tell rows by, and how deep lists go.
TABLES = {
    "r": {**READ["r"], "top_k": NUMBER},
    "k": {"cohort_no": NUMBER, **READ["k"], "depth": NUMBER},
    "c": {"candidate_no": NUMBER, **READ["c"]},
    # who has saved searches, and declared which vector
    "u": {"profile_id": NUMBER, "cohort_no": NUMBER},
}
# The data stays in memory, and nothing is fetched from anywhere.
_SETTINGS = {
    "temp_directory": "",
    "default_collation": "",
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "enable_external_access": False,
}
# Pairs of a vector and an item at once.
_PAIRS = 4_000_000

# cohort_no, the owner of the saved searches or 0, and the places: seq, candidate_no, the points and the score.
List = tuple[int, int, list[tuple[int, ...]]]

# Each step takes for columns what the one before it computed; a row stands for a vector and an item.
_DATED = "SELECT *, {days_left} AS days_left FROM r, c WHERE c_left_out IS NULL"
_OF_COHORTS = """
SELECT *, 0 AS owner FROM (SELECT * FROM k WHERE k_cohort_no BETWEEN ? AND ?), ({dated}) WHERE c_profile_id IS NULL
"""
_OF_OWNERS = """
SELECT *, u_profile_id AS owner FROM ({dated}) JOIN u ON u_profile_id = c_profile_id JOIN k ON k_cohort_no = u_cohort_no
"""
_EVALUATED = f"SELECT *, {', '.join(f'{{{name}}} AS {name}' for name in POINTS)} FROM ({{pairs}}) WHERE {{eligible}}"
_ADDED = "SELECT *, {points} AS points FROM ({evaluated})"
_SCORED = f"""
SELECT *, {{score}} AS score, {{kin}} AS kin, list_position({[*TYPES]}, c_recommendation_type) AS kind,
    row_number() OVER (
        PARTITION BY k_cohort_no, owner, c_recommendation_type ORDER BY {{rank_order}}, c_candidate_no
    ) AS rank
FROM ({{added}}) WHERE {{score}} > 0
"""
_FIRST_OF_KIN = """
SELECT * EXCLUDE (of_kin) FROM (
    SELECT *, row_number() OVER (
        PARTITION BY k_cohort_no, kind, kin, CASE WHEN kin IS NULL THEN c_candidate_no END ORDER BY rank
    ) AS of_kin FROM ({scored})
) WHERE of_kin = 1
"""
_PLACES = f"""
SELECT k_cohort_no, owner, row_number() OVER (PARTITION BY k_cohort_no, owner ORDER BY kind, place) AS seq,
    c_candidate_no, {listed(POINTS)}, score
FROM (
    SELECT *, row_number() OVER (PARTITION BY k_cohort_no, owner, kind ORDER BY rank) AS place FROM ({{first}})
) WHERE place <= coalesce(k_depth, r_top_k) ORDER BY k_cohort_no, owner, seq
"""


def require_duckdb() -> None:
    """PersonalizationError if a library is missing, or the formula cannot be given to DuckDB."""
    if find_spec("duckdb") is None or find_spec("sqlglot") is None:
        raise PersonalizationError(
            _("a second engine needs the libraries duckdb and sqlglot"),
            _("run: {command}", command="pip install 'sqlite-utils-personalization[duckdb]'"),
        )
    transpiled()


class SecondEngine:
    """A DuckDB in memory that is given what one run saw."""

    def __init__(self) -> None:
        import duckdb

        self._db = duckdb.connect()
        for name, value in _SETTINGS.items():
            self._db.execute(f"SET {name} = {value!r}")
        self._cohorts: list[int] = []
        self._items = 0

    def __enter__(self) -> "SecondEngine":
        return self

    def __exit__(self, *of: object) -> None:
        self._db.close()

    def give(self, alias: str, rows: Iterable[Sequence[Any]]) -> None:
        """Fill one of TABLES, those of k in the order of cohort_no; ValueError of a value of another type."""
        columns = TABLES[alias]
        values = [*zip(*rows, strict=True)]
        for (name, kind), column in zip(columns.items(), values, strict=False):
            _require(name, int if kind == NUMBER else str, column)
        self._db.execute(f"DROP TABLE IF EXISTS {alias}")
        self._db.execute(
            f"CREATE TABLE {alias} ({', '.join(f'{alias}_{name} {kind}' for name, kind in columns.items())})"
        )
        if values:
            given = ", ".join(f"unnest(?::{kind}[])" for kind in columns.values())
            self._db.execute(f"INSERT INTO {alias} SELECT {given}", [*map(list, values)])
        if alias == "k":
            self._cohorts = [*values[0]] if values else []
        elif alias == "c":
            self._items = len(values[0]) if values else 0

    def lists(self) -> Iterator[list[List]]:
        """Every list with a place on it, some at a time: those of cohorts, then those of owners."""
        scored = _scored(_OF_COHORTS)
        of_cohorts = _PLACES.format(first=_FIRST_OF_KIN.format(scored=scored))
        most = max(1, _PAIRS // max(1, self._items))
        for start in range(0, len(self._cohorts), most):
            some = self._cohorts[start : start + most]
            yield self._lists(of_cohorts, [some[0], some[-1]])
        yield self._lists(_PLACES.format(first=_scored(_OF_OWNERS)), [])

    def _lists(self, sql: str, parameters: list[int]) -> list[List]:
        try:
            rows = self._db.execute(sql, parameters).fetchall()
        except RuntimeError as error:
            # What DuckDB makes of the signal.
            if str(error) == "Query interrupted":
                raise KeyboardInterrupt from None
            raise
        found = groupby(rows, key=itemgetter(0, 1))
        return [(cohort, owner, [row[2:] for row in rows]) for (cohort, owner), rows in found]


def _scored(pairs: str) -> str:
    dated = _DATED.format(**transpiled())
    evaluated = _EVALUATED.format(**transpiled(COMPUTED[:1]), pairs=pairs.format(dated=dated))
    added = _ADDED.format(**transpiled(COMPUTED[:-1]), evaluated=evaluated)
    return _SCORED.format(**transpiled(COMPUTED), added=added)


def _require(name: str, kind: type, values: Iterable[Any]) -> None:
    for value in values:
        if value is not None and type(value) is not kind:
            raise ValueError(f"{name} is {value!r:.40}")
