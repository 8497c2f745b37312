-- title: Recent recommendations
-- description: Recommendations with a score above zero, best score first, then newest. What no night accounts for, because another program logged it, has no run_id.
-- param: night night the day of one night, such as 2026-07-22, its run_id, or latest; empty for all nights
-- param: type type {a_type}; empty for all
-- param: since time first night, as its day in Japan, such as 2026-07-22; or a time with its zone, such as 2026-07-22T09:00+09:00, for what was served from then on
-- param: until time last night; a month is meant as a whole; or the last time
-- param: min_score score lowest score, 1 to 100
-- param: after rec_id next of the previous page, a rec_id
-- param: size size rows on a page, 1 to 1000, 100 if empty
-- next: rec_id
-- main: rec_id as_of profile_id recommendation_type title rank score

WITH RECURSIVE start(score, served_at, rec_id) AS (
    SELECT score, served_at, rec_id FROM am_personalization_recommendation_log
    WHERE rec_id = cast(:after AS integer)
    UNION ALL
    SELECT 100, '~', 0 WHERE cast(:after AS text) = ''
),
{span},
-- Score by score, because the index holds the times in order within each score only.
scores(score) AS (
    SELECT score - 1 FROM start WHERE score > max(1, cast(:min_score AS integer))
    UNION ALL
    SELECT score - 1 FROM scores WHERE score > max(1, cast(:min_score AS integer))
),
page AS (
    SELECT rec_id, score, served_at
    -- As in v_personalization_recent_recs, whose score > 0 would keep SQLite from seeking each score, but for each type
    -- twice more: the rest of the moment and the rest of the score where the page begins.
    FROM (
-- each type, UNION ALL
        SELECT * FROM am_personalization_recommendation_log WHERE recommendation_type = '{type}'
            AND score = (SELECT score FROM start)
            AND served_at = (SELECT served_at FROM start, span WHERE served_at BETWEEN first_at AND last_at)
            AND rec_id > (SELECT rec_id FROM start)
-- end
        UNION ALL
-- each type, UNION ALL
        SELECT * FROM am_personalization_recommendation_log WHERE recommendation_type = '{type}'
            AND score = (SELECT score FROM start)
            AND served_at < (SELECT min(served_at, last_at || '~') FROM start, span) -- one bound for the index
            AND served_at >= (SELECT first_at FROM span)
-- end
        UNION ALL
-- each type, UNION ALL
        SELECT * FROM am_personalization_recommendation_log WHERE recommendation_type = '{type}'
            AND score IN (SELECT score FROM scores)
            AND served_at <= (SELECT last_at FROM span) AND served_at >= (SELECT first_at FROM span)
-- end
        ORDER BY score DESC, served_at DESC, rec_id
    ) l
    WHERE cast(:type AS text) IN ('', recommendation_type)
        AND +score >= max(1, cast(:min_score AS integer)) -- no range for the index
        AND {is_asked_for}
    ORDER BY score DESC, served_at DESC, rec_id
    LIMIT {size}
)
SELECT
    l.rec_id,
    t.run_id,
    r.as_of,
    l.profile_id,
    {customer} AS customer,
    l.recommendation_type,
    c.item_id,
    c.title,
    {rank} AS rank,
    l.score,
    l.served_at
FROM page CROSS JOIN am_personalization_recommendation_log l ON l.rec_id = page.rec_id
LEFT JOIN am_personalization_profile p ON p.profile_id = l.profile_id
{evidence_link}
ORDER BY page.score DESC, page.served_at DESC, page.rec_id
