"""Who was shown the same: customers of one list, grouped by the places of it that they got."""

import sqlite3
from typing import NamedTuple

from sqlite_utils_personalization.scoring.measures import AREA, Shown

# Ranges as JSON, because there may be several: what was handed over before lies between them.
_GIVEN = (
    "CREATE TEMP TABLE {table} (profile_id INTEGER, list_no INTEGER, ranges TEXT,"
    " PRIMARY KEY (profile_id, list_no)) WITHOUT ROWID",
    # Of a row that was changed nobody knows whose it was.
    """
INSERT OR IGNORE INTO {table}
SELECT profile_id, list_no, '{{' || group_concat('"' || first_seq || '":' || n) || '}}'
FROM {served} GROUP BY profile_id, list_no
""",
)
_SLICES = f"""
CREATE TEMP TABLE plan_slice AS
SELECT s.list_no, s.ranges, s.customers, {AREA} AS area FROM (
    SELECT list_no, ranges, count(*) AS customers FROM {{given}} GROUP BY list_no, ranges
) s CROSS JOIN {{lists}} t ON t.list_no = s.list_no
"""
# The places d of ranges of a list.
PLACES = """json_each({ranges}) g
    CROSS JOIN {decisions} d ON d.list_no = {list_no} AND d.seq BETWEEN g.key + 0 AND g.key + g.value - 1"""
_SHOWN = f"""(
    SELECT s.rowid AS slice_no, s.customers, s.area, d.candidate_id, d.score FROM temp.plan_slice s
    CROSS JOIN {PLACES.format(ranges="s.ranges", list_no="s.list_no", decisions="{decisions}")}
)"""
_PLANNED_LISTS = "(SELECT list_no, prefecture FROM plan_list JOIN plan_cohort USING (cohort_no))"
_STORED_DECISIONS = """(
    SELECT list_id AS list_no, seq, candidate_id, score FROM am_personalization_decision
)"""
_PLANNED_DECISIONS = "(SELECT list_no, seq, candidate_no AS candidate_id, score FROM plan_decision)"
_PLANNED_ITEMS = """(
    SELECT candidate_no AS candidate_id, recommendation_type, item_id, profile_id, title, prefectures, opens_on,
        closes_on, why, left_out, family_name FROM plan_candidate
)"""
_STORED_LISTS = """(
    SELECT list_id AS list_no, prefecture FROM am_personalization_list JOIN am_personalization_cohort USING (cohort_id)
    WHERE run_id = {run_id}
)"""
_STORED_ITEMS = """(
    SELECT c.* FROM am_personalization_run_candidate n
    CROSS JOIN am_personalization_candidate c ON c.candidate_id = n.candidate_id WHERE n.run_id = {run_id}
)"""
_LOGGED = """(
    SELECT l.profile_id, e.list_id AS list_no, e.first_seq, e.n FROM am_personalization_evidence e
    CROSS JOIN am_personalization_list t ON t.list_id = e.list_id
    CROSS JOIN am_personalization_recommendation_log l ON l.rec_id = e.first_rec_id
    WHERE t.run_id = {run_id} AND e.first_rec_id BETWEEN {first} AND {last}
)"""


class GivenPlaces(NamedTuple):
    """Who was given what of a night; each a table or a SELECT in parentheses, for FROM.

    given has profile_id, list_no and ranges, a JSON object of n by first_seq; decisions list_no, seq, candidate_id and
    score; items the candidates of the run, as am_personalization_candidate; lists list_no and prefecture.
    """

    given: str
    decisions: str
    items: str
    lists: str


def planned(db: sqlite3.Connection) -> GivenPlaces:
    """What the night of plan_map gives, of its own decisions; fills plan_given."""
    given = _given(db, "plan_given", "plan_map")
    return GivenPlaces(given, _PLANNED_DECISIONS, _PLANNED_ITEMS, _PLANNED_LISTS)


def planned_again(db: sqlite3.Connection) -> GivenPlaces:
    """The same of a night that was planned again from what it stored, whose numbers are its ids."""
    given = _given(db, "plan_given", "plan_map")
    return GivenPlaces(given, _STORED_DECISIONS, _PLANNED_ITEMS, _PLANNED_LISTS)


def logged(
    db: sqlite3.Connection, run_id: int, first: int, last: int, table: str = "plan_given"
) -> GivenPlaces:
    """What a run logged with first <= rec_id <= last, of stored rows; fills a temporary table."""
    served = _LOGGED.format(run_id=int(run_id), first=int(first), last=int(last))
    stored = (one.format(run_id=int(run_id)) for one in (_STORED_ITEMS, _STORED_LISTS))
    return GivenPlaces(_given(db, table, served), _STORED_DECISIONS, *stored)


def _given(db: sqlite3.Connection, table: str, served: str) -> str:
    db.execute(f"DROP TABLE IF EXISTS temp.{table}")
    for statement in _GIVEN:
        db.execute(statement.format(table=table, served=served))
    return f"temp.{table}"


def slices(db: sqlite3.Connection, of: GivenPlaces) -> Shown:
    """Who of them was shown the same; fills plan_slice."""
    db.execute("DROP TABLE IF EXISTS temp.plan_slice")
    db.execute(_SLICES.format(given=of.given, lists=of.lists))
    return Shown("temp.plan_slice", _SHOWN.format(decisions=of.decisions), of.items)
