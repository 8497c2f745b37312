-- title: Recent recommendations
-- title_ja: 最近の推薦
-- description: Recommendations with a score above zero, best score first, then newest.
-- param: type text {a_type}; empty for all
-- param: since text first UTC time, such as 2026-07-22 or 2026-07-22T18:00
-- param: until text last UTC time; a day or an hour is meant as a whole
-- param: min_score integer lowest score, 1 to 100
-- param: after integer rec_id of the last row of the previous page
-- param: size integer rows on a page, 1 to 1000, 100 if empty

WITH RECURSIVE start(score, served_at, rec_id) AS (
    SELECT score, served_at, rec_id FROM am_personalization_recommendation_log
    WHERE rec_id = cast(:after AS integer)
    UNION ALL
    SELECT 100, '~', 0 WHERE cast(:after AS text) = ''
),
-- Score by score, because the index holds the times in order within each score only.
scores(score) AS (
    SELECT score - 1 FROM start WHERE score > max(1, cast(:min_score AS integer))
    UNION ALL
    SELECT score - 1 FROM scores WHERE score > max(1, cast(:min_score AS integer))
)
SELECT
    rec_id,
    profile_id,
    (SELECT {short_hash} FROM am_personalization_profile p WHERE p.profile_id = l.profile_id) AS customer,
    recommendation_type,
    score,
    served_at
-- As in v_personalization_recent_recs, whose score > 0 would keep SQLite from seeking each score, but for each type
-- once more: the rest of the score where the page begins.
FROM (
-- each type, UNION ALL
    SELECT * FROM am_personalization_recommendation_log WHERE recommendation_type = '{type}'
        AND score = (SELECT score FROM start) AND served_at <= (SELECT served_at FROM start)
-- end
    UNION ALL
-- each type, UNION ALL
    SELECT * FROM am_personalization_recommendation_log WHERE recommendation_type = '{type}'
        AND score IN (SELECT score FROM scores)
-- end
    ORDER BY score DESC, served_at DESC, rec_id
) l
WHERE cast(:type AS text) IN ('', recommendation_type)
    AND +score >= max(1, cast(:min_score AS integer)) -- no range for the index
    AND served_at >= rtrim(cast(:since AS text), 'Z')
    AND served_at <= rtrim(cast(:until AS text), 'Z') || '~'
    AND (
        score < (SELECT score FROM start)
        OR served_at < (SELECT served_at FROM start)
        OR (served_at = (SELECT served_at FROM start) AND rec_id > (SELECT rec_id FROM start))
    )
ORDER BY score DESC, served_at DESC, rec_id
LIMIT {size}
