"""Why the other customers of a night did not get an item: how many by what stood in the way, and one of each.

Customers who declared the same are decided together, by the formula; what is in the way is the first thing that is, in
the order of OBSTACLES. Read-only.
"""

import sqlite3
from typing import Any

from sqlite_utils_personalization.formula.formula import splice
from sqlite_utils_personalization.scoring.freeze import NOTHING_NEW
from sqlite_utils_personalization.viewer.pages.served_items import ONCE, ServedNight

# In the order in which they are looked at: "not theirs" is a search that somebody else saved.
OBSTACLES = (
    *("not scored", "not theirs", "not open", "too late", "other prefecture", "other industry"),
    *("no points", "same programme", "handed over before", "below the cut"),
)
# Of an item on a customer's list who was not given it, a place that a list has anyway says that it was passed over.
_BY_OBSTACLE = splice("""
WITH item {once} (
    SELECT * FROM am_personalization_candidate WHERE candidate_id = :candidate_id
),
given {once} (
    SELECT l.profile_id, t.cohort_id, max(d.candidate_id IS NOT NULL) AS has_it
    FROM am_personalization_evidence e
    CROSS JOIN am_personalization_list t ON t.list_id = e.list_id
    CROSS JOIN am_personalization_recommendation_log l ON l.rec_id = e.first_rec_id
    LEFT JOIN placed d ON d.list_id = e.list_id AND d.seq >= e.first_seq AND d.seq < e.first_seq + e.n
    WHERE e.first_rec_id >= :first_rec_id AND e.first_rec_id <= :last_rec_id
        AND e.list_id >= :first_list AND e.list_id <= :last_list
    GROUP BY l.profile_id
),
placed {once} (
    SELECT d.list_id, d.seq, d.candidate_id, t.cohort_id FROM am_personalization_decision d
    CROSS JOIN am_personalization_list t ON t.list_id = d.list_id
    WHERE d.list_id >= :first_list AND d.list_id <= :last_list AND d.candidate_id = :candidate_id
),
customer {once} (
    SELECT profile_id, cohort_id, has_it, NULL AS reason FROM given
    UNION ALL
    SELECT profile_id, cohort_id, 0, nullif(reason, :nothing_new) FROM am_personalization_unserved
    WHERE run_id = :run_id
),
vector {once} (
    SELECT * FROM am_personalization_cohort
    WHERE cohort_id IN (SELECT cohort_id FROM customer WHERE NOT has_it)
),
-- The item and its family, for whoever they are open to: the first of them has the place.
related {once} (
    SELECT c.candidate_id, k.cohort_id, row_number() OVER (
        PARTITION BY k.cohort_id, coalesce({kin}, c.candidate_id) ORDER BY {rank_order}
    ) AS nth
    FROM item i CROSS JOIN am_personalization_candidate c ON c.family_name = i.family_name
    CROSS JOIN am_personalization_run_candidate x ON x.run_id = :run_id AND x.candidate_id = c.candidate_id
    CROSS JOIN am_personalization_run r ON r.run_id = x.run_id CROSS JOIN vector k
    WHERE c.recommendation_type = i.recommendation_type AND c.left_out IS NULL AND c.profile_id IS i.profile_id
        AND {eligible} AND {score} > 0
),
decided {once} (
    SELECT k.cohort_id, CASE
        WHEN NOT ({is_open}) THEN 'not open'
        WHEN NOT ({in_time}) THEN 'too late'
        WHEN NOT ({in_area}) THEN 'other prefecture'
        WHEN NOT ({in_industry}) THEN 'other industry'
        WHEN {score} <= 0 THEN 'no points'
        WHEN EXISTS (
            SELECT 1 FROM related f WHERE f.candidate_id = c.candidate_id AND f.cohort_id = k.cohort_id AND f.nth > 1
        ) THEN 'same programme'
        WHEN (
            SELECT count(*) FROM placed p CROSS JOIN am_personalization_decision d
                ON d.list_id = p.list_id AND d.seq <= p.seq
            CROSS JOIN am_personalization_candidate o ON o.candidate_id = d.candidate_id
            WHERE p.cohort_id = k.cohort_id AND o.recommendation_type = c.recommendation_type
        ) BETWEEN 1 AND r.top_k THEN 'handed over before'
        ELSE 'below the cut' END AS obstacle
    FROM item c CROSS JOIN vector k CROSS JOIN am_personalization_run r ON r.run_id = :run_id
)
SELECT CASE WHEN i.profile_id <> u.profile_id THEN 'not theirs' ELSE d.obstacle END AS obstacle,
    count(*) AS customers, min(u.profile_id) AS profile_id
FROM decided d CROSS JOIN item i CROSS JOIN customer u ON u.cohort_id = d.cohort_id
WHERE NOT u.has_it AND u.reason IS NULL GROUP BY 1
UNION ALL
SELECT 'not scored', customers, profile_id FROM (
    SELECT count(*) AS customers, min(profile_id) AS profile_id FROM customer
    WHERE NOT has_it AND (cohort_id IS NULL OR reason IS NOT NULL)
) WHERE customers
""".replace("{once}", ONCE))


def others(db: sqlite3.Connection, night: ServedNight, candidate_id: int) -> list[dict[str, Any]]:
    """Per obstacle: how many customers of the night it kept the item from, and the profile_id of one of them."""
    at = {**night._asdict(), "candidate_id": candidate_id, "nothing_new": NOTHING_NEW}
    found = {
        obstacle: {"obstacle": obstacle, "profiles": customers, "profile_id": profile_id}
        for obstacle, customers, profile_id in db.execute(_BY_OBSTACLE, at)
    }
    return [found[obstacle] for obstacle in OBSTACLES if obstacle in found]
