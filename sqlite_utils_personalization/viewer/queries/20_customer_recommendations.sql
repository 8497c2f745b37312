-- title: One customer's recommendations
-- description: What one customer was recommended, newest first, then best score first, and whether the formula gives that score again.
-- param: customer* customer the customer's profile_id, the first 8 digits of the hash as lists have them, or all of it
-- param: night night the day of one night, such as 2026-07-22, its run_id, or latest; empty for all nights
-- param: type type {a_type}; empty for all
-- param: since time first night, as its day in Japan, such as 2026-07-22; or a time with its zone, such as 2026-07-22T09:00+09:00, for what was served from then on
-- param: until time last night; a month is meant as a whole; or the last time
-- param: after rec_id next of the previous page, a rec_id
-- param: size size rows on a page, 1 to 1000, 100 if empty
-- next: rec_id
-- counted: 2000
-- main: rec_id as_of recommendation_type title rank score verdict

WITH start(score, served_at, rec_id) AS (
    SELECT score, served_at, rec_id FROM am_personalization_recommendation_log
    WHERE rec_id = cast(:after AS integer)
    UNION ALL
    SELECT 100, '~', 0 WHERE cast(:after AS text) = ''
),
{span},
page AS (
    SELECT rec_id, profile_id, score, served_at FROM am_personalization_recommendation_log l
    WHERE profile_id = {profile_id}
        AND score > 0
        AND cast(:type AS text) IN ('', recommendation_type)
        AND served_at >= (SELECT first_at FROM span)
        AND served_at <= (SELECT min(served_at, last_at) FROM start, span)
        AND {is_asked_for}
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
    v.run_id,
    r.as_of,
    page.profile_id,
    {customer} AS customer,
    CASE {customer} WHEN 'erased' THEN NULL ELSE v.user_token_hash END AS user_token_hash,
    v.recommendation_type,
    v.item_id,
    v.title,
    {rank} AS rank,
    v.logged_score AS score,
    v.served_at,
    CASE WHEN {customer} = 'erased' AND v.verdict = 'reproduced' THEN 'erased' ELSE v.verdict END AS verdict
FROM page CROSS JOIN v_personalization_replay v ON v.rec_id = page.rec_id
CROSS JOIN am_personalization_recommendation_log l ON l.rec_id = page.rec_id
LEFT JOIN am_personalization_profile p ON p.profile_id = page.profile_id
LEFT JOIN am_personalization_run r ON r.run_id = v.run_id
ORDER BY page.served_at DESC, page.score DESC, page.rec_id
