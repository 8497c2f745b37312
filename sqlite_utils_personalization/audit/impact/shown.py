"""What every customer was shown and would be shown, place by place.

Customers who were and would be shown the same are one pair of lists, which weighs as many as they are, whatever they
declared: thousands of vectors come to hundreds of lists.
"""

import sqlite3
from functools import reduce

from sqlite_utils_personalization.formula.formula import IS_ITEM
from sqlite_utils_personalization.model.kinds import POINTS, listed

_TABLES = (
    *(
        f"CREATE TEMP TABLE plan_{side} (pair_no INTEGER, item_no INTEGER, customers INTEGER,"
        f" recommendation_type TEXT, seq INTEGER, place INTEGER, candidate_id INTEGER, {listed(POINTS)}, score INTEGER,"
        " PRIMARY KEY (pair_no, item_no)) WITHOUT ROWID"
        for side in ("before", "after")
    ),
    "CREATE TEMP TABLE plan_pair_cohort (pair_no INTEGER, cohort_no INTEGER, customers INTEGER, profile_id INTEGER)",
    "CREATE TEMP TABLE plan_pair (pair_no INTEGER PRIMARY KEY, cohort_no INTEGER, customers INTEGER,"
    " profile_id INTEGER, rows_before INTEGER, rows_after INTEGER)",
    "CREATE TEMP TABLE plan_change (pair_no INTEGER, item_no INTEGER, customers INTEGER, candidate_before INTEGER,"
    " candidate_after INTEGER, place_before INTEGER, place_after INTEGER)",
    "CREATE INDEX temp.plan_map_of ON plan_map(profile_id)",
)
# A place as text: points are a thousand at most, and what they come to follows from them.
_HELD = "{candidate} || '.' || (" + reduce("({}) * 10000 + {}".format, POINTS) + ")"
_IS_ITEM = IS_ITEM.replace("{", "{{")
_OF_BEFORE = {
    "side": "before",
    "list": "list_id",
    "table": "plan_served",
    "order": "first_rec_id",
    "decisions": "am_personalization_decision",
    "candidate": "candidate_id",
}
_OF_AFTER = {
    "side": "after",
    "list": "list_no",
    "table": "plan_map",
    "order": "position",
    "decisions": "plan_decision",
    "candidate": "candidate_no",
}
# Of lists that hold the same with the same points, the first.
_FIRSTS = f"""
CREATE TEMP TABLE plan_first_{{side}} AS
SELECT list, min(list) OVER (PARTITION BY held) AS first FROM (
    SELECT list, group_concat(held) AS held FROM (
        SELECT {{list}} AS list, {_HELD} AS held FROM {{decisions}}
        WHERE {{list}} IN (SELECT {{list}} FROM {{table}}) ORDER BY {{list}}, seq
    ) GROUP BY list
)
"""
_BY_LIST = "CREATE UNIQUE INDEX temp.plan_first_{side}_list ON plan_first_{side}(list, first)"
_RANGES = """(
    SELECT group_concat(first || ' ' || first_seq || ' ' || n) FROM (
        SELECT f.first, v.first_seq, v.n FROM {table} v CROSS JOIN plan_first_{side} f ON f.list = v.{list}
        WHERE v.profile_id = u.profile_id ORDER BY v.{order}
    )
)"""
# Whose lists are of which pair, of each declared vector; and one customer for all of a pair.
_OF_COHORTS = f"""
INSERT INTO plan_pair_cohort
SELECT dense_rank() OVER (ORDER BY before, after) AS pair_no, cohort_no, count(*) AS customers,
    min(profile_id) AS profile_id
FROM (
    SELECT u.profile_id, u.cohort_no, {_RANGES.format(**_OF_BEFORE)} AS before, {_RANGES.format(**_OF_AFTER)} AS after
    FROM plan_customer u WHERE u.reason IS NULL
) GROUP BY before, after, cohort_no
"""
_PAIRS = """
INSERT INTO plan_pair(pair_no, cohort_no, customers, profile_id)
SELECT pair_no, cohort_no, sum(customers), min(profile_id) FROM plan_pair_cohort GROUP BY pair_no
"""
_OF_PAIR = "CREATE INDEX temp.plan_pair_of ON plan_pair_cohort(pair_no)"
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
    """Fill plan_pair, plan_pair_cohort, plan_before, plan_after and plan_change of what decide_again left.

    seq counts the places of a customer, place those of the type. What stands for a type that nothing lists is no item,
    and in none of them. Writes temporary tables only.
    """
    sides = (_OF_BEFORE, _OF_AFTER)
    firsts = [sql.format(**side) for side in sides for sql in (_FIRSTS, _BY_LIST)]
    places = [_PLACES.format(**side) for side in sides]
    pairs = (_OF_COHORTS, _PAIRS, _OF_PAIR)
    for sql in (*_TABLES, *firsts, *pairs, *places, _ROWS, _CHANGES, _CHANGES_OF):
        db.execute(sql)
