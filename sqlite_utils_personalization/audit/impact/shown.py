"""What every customer was shown and would be shown, place by place.

Customers who were and would be shown the same are one pair of lists, which weighs as many as they are.
"""

import sqlite3

from sqlite_utils_personalization.formula.formula import IS_ITEM
from sqlite_utils_personalization.model.kinds import POINTS, listed
from sqlite_utils_personalization.scoring.measures import AREA

_TABLES = (
    "CREATE TEMP TABLE plan_pair (pair_no INTEGER PRIMARY KEY, cohort_no INTEGER, area INTEGER, before TEXT,"
    " after TEXT, customers INTEGER, profile_id INTEGER, rows_before INTEGER, rows_after INTEGER)",
    *(
        f"CREATE TEMP TABLE plan_{side} (pair_no INTEGER, item_no INTEGER, customers INTEGER,"
        f" recommendation_type TEXT, seq INTEGER, place INTEGER, candidate_id INTEGER, {listed(POINTS)}, score INTEGER,"
        " PRIMARY KEY (pair_no, item_no)) WITHOUT ROWID"
        for side in ("before", "after")
    ),
    "CREATE TEMP TABLE plan_change (pair_no INTEGER, item_no INTEGER, customers INTEGER, candidate_before INTEGER,"
    " candidate_after INTEGER, place_before INTEGER, place_after INTEGER)",
    "CREATE INDEX temp.plan_map_of ON plan_map(profile_id)",
)
_IS_ITEM = IS_ITEM.replace("{", "{{")
_RANGES = """(
    SELECT group_concat(list || ' ' || first_seq || ' ' || n) FROM (
        SELECT {list} AS list, first_seq, n FROM {table} v WHERE v.profile_id = u.profile_id ORDER BY {order}
    )
)"""
_OF_BEFORE = {"list": "list_id", "table": "plan_served", "order": "first_rec_id"}
_OF_AFTER = {"list": "list_no", "table": "plan_map", "order": "position"}
_PAIRS = f"""
INSERT INTO plan_pair(cohort_no, area, before, after, customers, profile_id)
SELECT cohort_no, {AREA}, before, after, count(*), min(w.profile_id) FROM (
    SELECT u.profile_id, u.cohort_no, {_RANGES.format(**_OF_BEFORE)} AS before, {_RANGES.format(**_OF_AFTER)} AS after
    FROM plan_customer u WHERE u.reason IS NULL
) w JOIN plan_cohort USING (cohort_no) GROUP BY cohort_no, before, after
"""
# The ranges of the one customer stand for those of all.
_PLACES = f"""
INSERT OR IGNORE INTO plan_{{side}}
SELECT pair_no, item_no, customers, recommendation_type, seq,
    row_number() OVER (PARTITION BY pair_no, recommendation_type ORDER BY seq), candidate_id, {listed(POINTS)}, score
FROM (
    SELECT g.pair_no, c.item_no, g.customers, c.recommendation_type, g.before + d.seq - g.first_seq + 1 AS seq,
        c.candidate_id, {listed(POINTS, "d.")}, d.score
    FROM (
        SELECT s.pair_no, s.customers, v.{{list}} AS list, v.first_seq, v.n,
            sum(v.n) OVER (PARTITION BY s.pair_no ORDER BY v.{{order}}) - v.n AS before
        FROM plan_pair s CROSS JOIN {{table}} v ON v.profile_id = s.profile_id
    ) g
    CROSS JOIN {{decisions}} d ON d.{{list}} = g.list AND d.seq BETWEEN g.first_seq AND g.first_seq + g.n - 1
    CROSS JOIN plan_item c ON c.candidate_id = d.{{candidate}} AND {_IS_ITEM}
)
"""
_BEFORE = _PLACES.format(
    side="before",
    decisions="am_personalization_decision",
    candidate="candidate_id",
    **_OF_BEFORE,
)
_AFTER = _PLACES.format(
    side="after", decisions="plan_decision", candidate="candidate_no", **_OF_AFTER
)
# What is on one of the lists alone, or at another place of its type; with the version of it that either catalogue has.
_CHANGES = """
INSERT INTO plan_change
SELECT b.pair_no, b.item_no, b.customers, b.candidate_id, coalesce(a.candidate_id, (
    SELECT c.candidate_id FROM plan_item c WHERE c.item_no = b.item_no AND c.candidate_id IN (
        SELECT candidate_no FROM plan_candidate
    )
)), b.place, a.place
FROM plan_before b LEFT JOIN plan_after a ON a.pair_no = b.pair_no AND a.item_no = b.item_no
WHERE a.place IS NOT b.place
UNION ALL
SELECT a.pair_no, a.item_no, a.customers, CASE WHEN a.item_no > 0 THEN a.item_no END, a.candidate_id, NULL, a.place
FROM plan_after a WHERE NOT EXISTS (
    SELECT 1 FROM plan_before b WHERE b.pair_no = a.pair_no AND b.item_no = a.item_no
)
"""
_CHANGES_OF = "CREATE INDEX temp.plan_change_pair ON plan_change(pair_no)"
_ROWS = """
UPDATE plan_pair SET rows_before = (SELECT count(*) FROM plan_before d WHERE d.pair_no = plan_pair.pair_no),
    rows_after = (SELECT count(*) FROM plan_after d WHERE d.pair_no = plan_pair.pair_no)
"""


def pair_lists(db: sqlite3.Connection) -> None:
    """Fill plan_pair, plan_before, plan_after and plan_change of what decide_again left.

    seq counts the places of a customer, place those of the type. What stands for a type that nothing lists is no item,
    and in none of them. Writes temporary tables only.
    """
    for statement in (*_TABLES, _PAIRS, _BEFORE, _AFTER, _ROWS, _CHANGES, _CHANGES_OF):
        db.execute(statement)
