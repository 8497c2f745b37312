-- title: A night by type and score
-- title_ja: 種別と点数の分布
-- description: How many recommendations of each type had which score on one night, counted in the index of the log.
-- param: night text its day, such as 2026-07-22, or its run_id; the latest if empty
-- param: type text program, industry_pack, saved_search or amendment; empty for all

WITH RECURSIVE scores(score) AS (
    SELECT 100 UNION ALL SELECT score - 1 FROM scores WHERE score > 1
),
types(recommendation_type) AS (VALUES ('program'), ('industry_pack'), ('saved_search'), ('amendment')),
counted AS (
    SELECT r.run_id, r.as_of, recommendation_type, score, (
        SELECT count(*) FROM am_personalization_recommendation_log l
        WHERE l.recommendation_type = types.recommendation_type AND l.score = scores.score
            AND l.served_at = r.served_at
    ) AS recommendations
    FROM am_personalization_run r CROSS JOIN types CROSS JOIN scores
    WHERE r.run_id = {run_id} AND cast(:type AS text) IN ('', recommendation_type)
    LIMIT -1 -- or SQLite counts once for the answer and once for its WHERE
)
SELECT run_id, as_of, recommendation_type, score, recommendations
FROM counted WHERE recommendations > 0
ORDER BY recommendation_type, score DESC
