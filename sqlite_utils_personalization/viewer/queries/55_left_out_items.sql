-- title: Items left out of the catalogue, and why
-- title_ja: 対象外の案件と理由
-- description: What one night found in the catalogue and did not consider, with the rule that kept it out.
-- param: night text its day, such as 2026-07-22, or its run_id; the latest if empty
-- param: type text {a_type}; empty for all
-- param: rule text why it was left out, such as notice; empty for all
-- param: after integer candidate_id of the last row of the previous page
-- param: size integer rows on a page, 1 to 1000, 100 if empty

SELECT
    s.run_id,
    c.candidate_id,
    c.recommendation_type,
    c.item_id,
    c.title,
    c.left_out AS rule,
    c.closes_on
FROM am_personalization_run_candidate s
CROSS JOIN am_personalization_candidate c ON c.candidate_id = s.candidate_id
WHERE s.run_id = {run_id} AND s.candidate_id > cast(:after AS integer)
    AND c.left_out IS NOT NULL
    AND cast(:type AS text) IN ('', c.recommendation_type)
    AND trim(cast(:rule AS text)) IN ('', c.left_out)
ORDER BY s.candidate_id
LIMIT {size}
