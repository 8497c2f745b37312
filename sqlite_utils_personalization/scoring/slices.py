"""Who was shown the same: customers of one list, grouped by the places of it that they got."""

import sqlite3

from sqlite_utils_personalization.scoring.measures import AREA, Shown

# Ranges as JSON, because there may be several: what was handed over before lies between them.
_SLICES = f"""
CREATE TEMP TABLE plan_slice AS
SELECT s.list_no, s.ranges, s.customers, {AREA} AS area FROM (
    SELECT list_no, ranges, count(*) AS customers FROM (
        SELECT list_no, '[' || group_concat('[' || first_seq || ',' || n || ']') || ']' AS ranges
        FROM {{served}} GROUP BY profile_id, list_no
    ) GROUP BY list_no, ranges
) s CROSS JOIN {{lists}} t ON t.list_no = s.list_no
"""
_SHOWN = """(
    SELECT s.rowid AS slice_no, s.customers, s.area, d.candidate_id, d.score FROM temp.plan_slice s
    CROSS JOIN json_each(s.ranges) g CROSS JOIN {decisions} d ON d.list_no = s.list_no AND d.seq BETWEEN
        json_extract(g.value, '$[0]') AND json_extract(g.value, '$[0]') + json_extract(g.value, '$[1]') - 1
)"""
_PLANNED_LISTS = "(SELECT list_no, prefecture FROM plan_list JOIN plan_cohort USING (cohort_no))"
_STORED_DECISIONS = """(
    SELECT list_id AS list_no, seq, candidate_id, score FROM am_personalization_decision
)"""
_PLANNED_DECISIONS = "(SELECT list_no, seq, candidate_no AS candidate_id, score FROM plan_decision)"
_PLANNED_ITEMS = """(
    SELECT candidate_no AS candidate_id, recommendation_type, title, prefectures, opens_on, closes_on, why, left_out,
        family_name FROM plan_candidate
)"""


def planned(db: sqlite3.Connection) -> Shown:
    """What the night of plan_map shows, of its own decisions; fills plan_slice."""
    _fill(db, "plan_map", _PLANNED_LISTS)
    return Shown(
        "temp.plan_slice", _SHOWN.replace("{decisions}", _PLANNED_DECISIONS), _PLANNED_ITEMS
    )


def planned_again(db: sqlite3.Connection) -> Shown:
    """The same of a night that was planned again from what it stored, whose numbers are its ids."""
    _fill(db, "plan_map", _PLANNED_LISTS)
    return Shown(
        "temp.plan_slice", _SHOWN.replace("{decisions}", _STORED_DECISIONS), _PLANNED_ITEMS
    )


def _fill(db: sqlite3.Connection, served: str, lists: str) -> None:
    db.execute("DROP TABLE IF EXISTS temp.plan_slice")
    db.execute(_SLICES.replace("{served}", served).replace("{lists}", lists))
