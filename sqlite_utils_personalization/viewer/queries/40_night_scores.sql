-- title: A night by type and score
-- description: How many recommendations of each type had which score on one night, as its run wrote them down; of a night scored before runs wrote down scores there is one row per type, and its score is empty.
-- param: night night=latest its day, such as 2026-07-22, its run_id, or latest, as if empty
-- param: type type {a_type}; empty for all
-- main: as_of recommendation_type score logged
-- sums: logged

WITH types(recommendation_type) AS (VALUES {type_rows}),
counts AS (
    SELECT run_id, as_of, recommendation_type, '$.' || recommendation_type AS kind, counts_json
    FROM am_personalization_run CROSS JOIN types
    WHERE run_id = {run_id} AND cast(:type AS text) IN ('', recommendation_type)
)
SELECT run_id, as_of, recommendation_type, cast(s.key AS integer) AS score, s.value AS logged
FROM counts CROSS JOIN json_each(counts_json, kind || '.scores') s
WHERE s.type = 'integer' AND cast(s.key AS integer) BETWEEN 1 AND 100
UNION ALL
SELECT run_id, as_of, recommendation_type, NULL, json_extract(counts_json, kind || '.rows')
FROM counts
WHERE json_type(counts_json, kind || '.scores') IS NULL AND json_extract(counts_json, kind || '.rows') > 0
ORDER BY recommendation_type, score DESC
