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


def logged(db: sqlite3.Connection, run_id: int, first: int, last: int) -> Shown:
    """What a run logged with first <= rec_id <= last, of stored rows; fills plan_slice."""
    run_id = int(run_id)
    _fill(db, logged_ranges(run_id, first, last), _STORED_LISTS.format(run_id=run_id))
    return Shown(
        "temp.plan_slice",
        _SHOWN.replace("{decisions}", _STORED_DECISIONS),
        _STORED_ITEMS.format(run_id=run_id),
    )


def logged_ranges(run_id: int, first: int, last: int) -> str:
    """Who was logged which places of which list, for FROM: profile_id, list_no, first_seq and n."""
    return _LOGGED.format(run_id=int(run_id), first=int(first), last=int(last))
