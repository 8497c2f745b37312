-- title: One customer's recommendations
-- title_ja: 顧客別の推薦
-- description: What one customer was recommended, newest first, then best score first, and whether the formula gives that score again.
-- param: customer text the customer's profile_id, or the whole user_token_hash
-- param: type text {a_type}; empty for all
-- param: since text first UTC time, such as 2026-07-22 or 2026-07-22T18:00
-- param: until text last UTC time; a day or an hour is meant as a whole
-- param: after integer rec_id of the last row of the previous page
-- param: size integer rows on a page, 1 to 1000, 100 if empty

WITH start(score, served_at, rec_id) AS (
    SELECT score, served_at, rec_id FROM am_personalization_recommendation_log
    WHERE rec_id = cast(:after AS integer)
    UNION ALL
    SELECT 100, '~', 0 WHERE cast(:after AS text) = ''
),
page AS (
    SELECT rec_id, profile_id, score, served_at FROM am_personalization_recommendation_log
    WHERE profile_id = {profile_id}
        AND score > 0
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
    LIMIT {size}
)
SELECT
    v.rec_id,
    page.profile_id,
    v.user_token_hash,
    v.served_at,
    v.run_id,
    v.recommendation_type,
    v.item_id,
    v.title,
    v.logged_score AS score,
    v.verdict
FROM page CROSS JOIN v_personalization_replay v ON v.rec_id = page.rec_id
ORDER BY page.served_at DESC, page.score DESC, page.rec_id
