"""Who gets which part of which list: all of it up to top_k places of each type, without what was handed over before.

Customers of one vector share a ranked list, of depth places a type if some of them are to be spared a repeat. What one
gets of it are ranges of places, so that a list is stored once however differently it was read. What is skipped is
derived, not stored: the run row says up to which delivery and which feedback was looked.

Night and verification use the same statements, on the same temporary tables.
"""

import sqlite3

from sqlite_utils_personalization.database import has_table
from sqlite_utils_personalization.formula.formula import IS_ITEM, evidence_link

_DELIVERIES, _FEEDBACK = "am_personalization_delivery", "am_personalization_feedback"
# What keeps an item from being offered again, by what was said of it, or by having it delivered.
SPARED = ("dismissed", "applied")

_TABLES = (
    "CREATE TEMP TABLE plan_handed (profile_id INTEGER, recommendation_type TEXT, kin TEXT, item_id TEXT,"
    " opens_on TEXT, closes_on TEXT, day TEXT)",
    "CREATE TEMP TABLE plan_interest (profile_id INTEGER, item_id TEXT)",
    "CREATE TEMP TABLE plan_spared (profile_id INTEGER PRIMARY KEY)",
    # how many of a vector's customers those are
    "CREATE TEMP TABLE plan_fewer (cohort_no INTEGER PRIMARY KEY, n INTEGER)",
    "CREATE TEMP TABLE plan_range (list_no INTEGER, first_seq INTEGER, n INTEGER)",
    "CREATE TEMP TABLE plan_map (position INTEGER PRIMARY KEY, profile_id INTEGER, list_no INTEGER,"
    " first_seq INTEGER, n INTEGER)",
)
_ENDS = {
    _DELIVERIES: "SELECT coalesce(max(delivery_id), 0) FROM am_personalization_delivery",
    _FEEDBACK: "SELECT coalesce(max(feedback_id), 0) FROM am_personalization_feedback",
}
# What delivery v of log row l handed over, as columns of an h: the day is one in Japan.
HANDED = """c.recommendation_type, coalesce(c.family, c.item_id) AS kin, c.item_id, c.opens_on, c.closes_on,
    date(v.delivered_at, '+9 hours') AS day"""
# Whether v is a delivery, not a failed one or the reversal of another.
# The plus keeps SQLite from looking up all that are no reversal by the index of reversals.
IS_DELIVERED = "v.status BETWEEN 200 AND 299 AND +v.reversal_of IS NULL"
# Whether candidate c is what h is of, or of its family.
IS_SAME = """h.recommendation_type = c.recommendation_type
    AND (h.kin = coalesce(c.family, c.item_id) OR h.item_id = c.item_id)"""
# New of it are other days than those it was handed over with, or a member of its family that opened since; another
# change of a program is news as such.
IS_NOTHING_NEW = """CASE WHEN h.item_id = c.item_id
    THEN h.opens_on IS c.opens_on AND h.closes_on IS c.closes_on
    ELSE c.recommendation_type <> 'amendment' AND coalesce(c.opens_on <= h.day, 1) END"""
# What was taken back was not handed over.
_DELIVERED = f"""
INSERT INTO plan_handed
SELECT l.profile_id, {HANDED}
FROM am_personalization_delivery v CROSS JOIN am_personalization_recommendation_log l ON l.rec_id = v.rec_id
{evidence_link()}
WHERE v.delivered_at >= datetime(:as_of, :days) AND v.delivery_id <= :deliveries
    AND {IS_DELIVERED}
    AND date(v.delivered_at, '+9 hours') > date(:as_of, :days)
    AND {IS_ITEM} AND NOT EXISTS (
        SELECT 1 FROM am_personalization_delivery b WHERE b.reversal_of = v.delivery_id AND b.delivery_id <= :deliveries
    )
"""
# The last word on each item, up to the feedback that was looked at.
SAID = """
SELECT f.profile_id, f.recommendation_type, coalesce(f.family, f.item_id) AS kin, f.item_id, f.opens_on, f.closes_on,
    date(f.given_at, '+9 hours') AS day, f.feedback
FROM am_personalization_feedback f WHERE f.feedback_id <= :feedback AND NOT EXISTS (
    SELECT 1 FROM am_personalization_feedback o WHERE o.profile_id = f.profile_id
    AND o.recommendation_type = f.recommendation_type AND o.item_id = f.item_id
    AND o.feedback_id > f.feedback_id AND o.feedback_id <= :feedback
)
"""
_REFUSED = f"""
INSERT INTO plan_handed
SELECT profile_id, recommendation_type, kin, item_id, opens_on, closes_on, day FROM ({SAID})
WHERE feedback IN {SPARED}
"""
_INTERESTED = f"""
INSERT INTO plan_interest
SELECT DISTINCT profile_id, item_id FROM ({SAID})
WHERE feedback = 'interested' AND recommendation_type = 'program'
"""
_INDEXES = (
    "CREATE INDEX temp.plan_handed_kin ON plan_handed(profile_id, recommendation_type, kin)",
    "CREATE INDEX temp.plan_handed_item ON plan_handed(profile_id, recommendation_type, item_id)",
    "CREATE INDEX temp.plan_interest_item ON plan_interest(profile_id, item_id)",
)
_SPARED = """
INSERT INTO plan_spared
SELECT profile_id FROM plan_customer WHERE reason IS NULL AND (
    profile_id IN (SELECT profile_id FROM plan_handed) OR profile_id IN (SELECT profile_id FROM plan_interest)
)
"""
_FEWER = """
INSERT INTO plan_fewer SELECT cohort_no, count(*) FROM plan_spared JOIN plan_customer USING (profile_id) GROUP BY 1
"""
# From now on customers of a cohort are those who are spared nothing.
_OTHERS = """
UPDATE plan_cohort SET depth = :depth, customers = customers - (
    SELECT n FROM plan_fewer f WHERE f.cohort_no = plan_cohort.cohort_no
)
WHERE cohort_no IN (SELECT cohort_no FROM plan_fewer)
"""
# The list of a vector, and that of the customer's own searches.
_LISTS_OF = """(
    (SELECT list_no FROM plan_list o WHERE o.cohort_no = u.cohort_no AND o.profile_id IS NULL),
    (SELECT list_no FROM plan_list o WHERE o.profile_id = u.profile_id)
)"""
# The places of a list for whoever is spared nothing; lists are in the order of the types.
_RANGES = """
INSERT INTO plan_range
SELECT list_no, min(seq), count(*) FROM (
    SELECT list_no, seq, seq - row_number() OVER (PARTITION BY list_no ORDER BY seq) AS island
    FROM plan_decision WHERE place <= :top_k
) GROUP BY list_no, island ORDER BY list_no, min(seq)
"""
_BY_LIST = "CREATE INDEX temp.plan_range_list ON plan_range(list_no)"
# Amendments of what was marked as interesting come first.
_OWN = f"""
CREATE TEMP TABLE plan_own AS
WITH offered AS (
    SELECT s.profile_id, d.list_no, d.seq, d.seq - d.place AS before, c.recommendation_type,
        c.recommendation_type = 'amendment' AND EXISTS (
            SELECT 1 FROM plan_interest i
            WHERE i.profile_id = s.profile_id AND i.item_id = json_extract(c.why, '$.program')
        ) AS is_followed
    FROM plan_spared s CROSS JOIN plan_customer u USING (profile_id)
    CROSS JOIN plan_list l ON l.list_no IN {_LISTS_OF}
    CROSS JOIN plan_decision d ON d.list_no = l.list_no
    CROSS JOIN plan_candidate c ON c.candidate_no = d.candidate_no
    WHERE NOT EXISTS (
        SELECT 1 FROM plan_handed h WHERE h.profile_id = s.profile_id AND {IS_SAME} AND {IS_NOTHING_NEW}
    )
),
placed AS (
    SELECT *, row_number() OVER (
        PARTITION BY profile_id, list_no, recommendation_type ORDER BY is_followed DESC, seq
    ) AS place FROM offered
),
kept AS (
    SELECT profile_id, list_no, seq, row_number() OVER own AS at, lag(seq) OVER own AS last
    FROM placed WHERE place <= :top_k WINDOW own AS (PARTITION BY profile_id, list_no ORDER BY before, place)
),
counted AS (
    SELECT *, sum(seq IS NOT last + 1) OVER (PARTITION BY profile_id, list_no ORDER BY at) AS island FROM kept
)
SELECT profile_id, list_no, min(seq) AS first_seq, count(*) AS n, island
FROM counted GROUP BY profile_id, list_no, island
"""
_MAP = f"""
INSERT INTO plan_map(profile_id, list_no, first_seq, n)
SELECT profile_id, list_no, first_seq, n FROM (
    SELECT u.profile_id, g.list_no, g.first_seq, g.n, g.first_seq AS at FROM plan_customer u
    CROSS JOIN plan_range g ON g.list_no IN {_LISTS_OF}
    WHERE NOT EXISTS (SELECT 1 FROM plan_spared x WHERE x.profile_id = u.profile_id)
    UNION ALL
    SELECT profile_id, list_no, first_seq, n, island FROM plan_own
) ORDER BY profile_id, list_no, at
"""


def create_tables(db: sqlite3.Connection) -> None:
    """Create the empty tables, in place of earlier ones."""
    for statement in _TABLES:
        db.execute(statement)


def seen_until(db: sqlite3.Connection) -> dict[str, int | None]:
    """How far deliveries and feedback go now, as columns of a run; None where there is no table. Read-only."""
    found = {
        table: db.execute(sql).fetchone()[0] if has_table(db, table) else None
        for table, sql in _ENDS.items()
    }
    return {"delivery_end": found[_DELIVERIES], "feedback_end": found[_FEEDBACK]}


def is_overtaken(db: sqlite3.Connection) -> bool:
    """Whether a run looked further than plan_run, which is not frozen yet, at what is there; read-only."""
    return any(
        db.execute(
            f"SELECT 1 FROM am_personalization_run r, plan_run p"
            f" WHERE r.{column} > coalesce(p.{column}, 0) AND r.{column} <= ?",
            (end or 0,),
        ).fetchone()
        for column, end in seen_until(db).items()
    )


def spare(db: sqlite3.Connection) -> None:
    """Note whom the run of plan_run spares what, and how deep their lists have to be."""
    as_of, days, depth, top_k, deliveries, feedback = db.execute(
        "SELECT as_of, repeat_days, depth, top_k, delivery_end, feedback_end FROM plan_run"
    ).fetchone()
    db.execute("UPDATE plan_cohort SET depth = ?", (top_k,))
    if days is None:
        return
    at = {"as_of": as_of, "days": f"-{days} days", "deliveries": deliveries, "feedback": feedback}
    if deliveries and has_table(db, _DELIVERIES):
        db.execute(_DELIVERED, at)
    if feedback and has_table(db, _FEEDBACK):
        db.execute(_REFUSED, at)
        db.execute(_INTERESTED, at)
    for statement in (*_INDEXES, _SPARED, _FEWER):
        db.execute(statement)
    db.execute(_OTHERS, {"depth": max(depth or 0, top_k)})


def serve(db: sqlite3.Connection, top_k: int) -> None:
    """Fill plan_map from plan_customer, plan_list and plan_decision.

    Of a list that is not in plan_decision, plan_range has to say already what its customers get.
    """
    offer(db, top_k)
    db.execute(_MAP)


def offer(db: sqlite3.Connection, top_k: int) -> None:
    """The same without the map: fill plan_range with what customers of a list get, plan_own with what others do."""
    for statement in (_RANGES, _BY_LIST, _OWN):
        db.execute(statement, {"top_k": top_k})
