-- title: Items left out of the catalogue, and why
-- description: What one night found in the catalogue and did not consider, with the rule that kept it out.
-- param: night night=latest its day, such as 2026-07-22, its run_id, or latest, as if empty
-- param: type type {a_type}; empty for all
-- param: rule rule why it was left out, such as notice; empty for all
-- param: after number next of the previous page, a candidate_id
-- param: size size rows on a page, 1 to 1000, 100 if empty
-- next: candidate_id
-- counted: 5000
-- main: as_of recommendation_type item_id title rule opens_on closes_on

SELECT * FROM (
    SELECT
        s.run_id,
        r.as_of,
        c.candidate_id,
        c.recommendation_type,
        c.item_id,
        c.title,
        -- What was not open that night is told by its days.
        coalesce(c.left_out, CASE
            WHEN c.opens_on > r.as_of THEN 'not yet open'
            WHEN c.closes_on < r.as_of THEN 'closed' END) AS rule,
        c.opens_on,
        c.closes_on,
        {closing} AS closing
    FROM am_personalization_run r
    CROSS JOIN am_personalization_run_candidate s ON s.run_id = r.run_id
    CROSS JOIN am_personalization_candidate c ON c.candidate_id = s.candidate_id
    WHERE r.run_id = {run_id} AND s.candidate_id > cast(:after AS integer)
        AND cast(:type AS text) IN ('', c.recommendation_type)
)
WHERE rule IS NOT NULL AND trim(cast(:rule AS text)) IN ('', rule)
ORDER BY candidate_id
LIMIT {size}
