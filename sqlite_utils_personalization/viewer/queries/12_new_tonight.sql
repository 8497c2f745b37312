-- title: What is new tonight
-- description: What one night recommends each customer and an earlier one did not, over all customers who are not erased, in the order of the log. A page looks at 2,000 rows of the log at most. Whoever hands it over passes each rec_id on.
-- param: night whole_night=latest its day, such as 2026-07-22, its run_id, or latest, as if empty
-- param: before earlier_night the earlier night; that of the day scored before it if empty, and where there is none everything is new
-- param: type type {a_type}; empty for all
-- param: after number next of the previous page, a rec_id
-- param: size size rows on a page, 1 to 1000, 100 if empty
-- next: rec_id
-- main: rec_id profile_id recommendation_type title rank score served_at

WITH night(run_id, as_of, first_rec_id, last_rec_id) AS (
    SELECT r.run_id, r.as_of, g.first_rec_id, coalesce(s.last_rec_id, 9007199254740992)
    FROM am_personalization_run r JOIN am_personalization_run_progress g USING (run_id)
    LEFT JOIN am_personalization_seal s USING (run_id)
    WHERE r.run_id = {run_id}
),
looked AS (
    SELECT l.rec_id, l.profile_id FROM night n CROSS JOIN am_personalization_recommendation_log l
        ON l.rec_id >= max(n.first_rec_id, cast(:after AS integer) + 1) AND l.rec_id <= n.last_rec_id
    ORDER BY l.rec_id LIMIT 2000
),
-- What that night had for the customers that are looked at: read once for each of them.
known(profile_id, recommendation_type, item_id) AS (
    SELECT DISTINCT l.profile_id, c.recommendation_type, c.item_id
    FROM am_personalization_run b
    CROSS JOIN (SELECT DISTINCT profile_id FROM looked) w
    CROSS JOIN am_personalization_recommendation_log l ON l.profile_id = w.profile_id AND l.served_at = b.served_at
    {evidence_link}
    WHERE b.run_id = {run_compared} AND t.run_id = b.run_id
),
page AS (
    SELECT l.rec_id FROM looked w CROSS JOIN am_personalization_recommendation_log l ON l.rec_id = w.rec_id
    {evidence_link}
    WHERE t.run_id = (SELECT run_id FROM night) AND l.score > 0
        AND l.profile_id NOT IN (SELECT profile_id FROM am_personalization_erasure)
        AND cast(:type AS text) IN ('', l.recommendation_type)
        AND NOT EXISTS (
            SELECT 1 FROM known o WHERE o.profile_id = l.profile_id
                AND o.recommendation_type = c.recommendation_type AND o.item_id = c.item_id
        )
    ORDER BY l.rec_id LIMIT {size}
),
stop(rec_id) AS (
    SELECT max(rec_id) FROM looked WHERE (SELECT count(*) FROM page) < {size}
    UNION ALL
    SELECT max(rec_id) FROM page WHERE (SELECT count(*) FROM page) = {size}
)
SELECT
    t.run_id,
    r.as_of,
    l.profile_id,
    {customer} AS customer,
    l.rec_id,
    l.recommendation_type,
    c.item_id,
    c.title,
    {rank} AS rank,
    l.score,
    l.served_at,
    {run_compared} AS run_id_before
FROM page CROSS JOIN am_personalization_recommendation_log l ON l.rec_id = page.rec_id
LEFT JOIN am_personalization_profile p ON p.profile_id = l.profile_id
{evidence_link}
UNION ALL
SELECT NULL, NULL, NULL, NULL, s.rec_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM night n CROSS JOIN stop s
WHERE EXISTS (
    SELECT 1 FROM am_personalization_recommendation_log l WHERE l.rec_id > s.rec_id AND l.rec_id <= n.last_rec_id
)
ORDER BY 5, 1 DESC
