-- title: One customer's recommendations
-- title_ja: 顧客別の推薦
-- description: What one customer was recommended, newest first, then best score first.
-- param: user_token_hash text sha256 of the customer's API key, 64 hex digits
-- param: type text program, industry_pack, saved_search or amendment; empty for all
-- param: since text first UTC time, such as 2026-07-22 or 2026-07-22T18:00
-- param: until text last UTC time; a day or an hour is meant as a whole
-- param: after integer rec_id of the last row of the previous page
-- param: size integer rows on a page, 1 to 1000, 100 if empty

WITH start(score, served_at, rec_id) AS (
    SELECT score, served_at, rec_id FROM am_personalization_recommendation_log
    WHERE rec_id = cast(:after AS integer)
    UNION ALL
    SELECT 100, '~', 0 WHERE cast(:after AS text) = ''
)
SELECT rec_id, user_token_hash, recommendation_type, score, served_at
FROM v_personalization_recent_recs
WHERE user_token_hash = lower(trim(cast(:user_token_hash AS text)))
    AND cast(:type AS text) IN ('', recommendation_type)
    AND served_at >= rtrim(cast(:since AS text), 'Z')
    AND served_at <= rtrim(cast(:until AS text), 'Z') || '~'
    AND served_at <= (SELECT served_at FROM start)
    AND (
        served_at < (SELECT served_at FROM start)
        OR score < (SELECT score FROM start)
        OR (score = (SELECT score FROM start) AND rec_id > (SELECT rec_id FROM start))
    )
ORDER BY served_at DESC, score DESC, rec_id
LIMIT min(1000, coalesce(nullif(max(0, cast(:size AS integer)), 0), 100))
