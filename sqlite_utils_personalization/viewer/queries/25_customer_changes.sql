-- title: What changed for a customer between two nights
-- description: The items one customer was recommended on one of two nights only, or at another rank or score, and what that is due to; no row means that nothing changed. A rule says by which an item was left out.
-- param: customer* customer the customer's profile_id, the first 8 digits of the hash as lists have them, or all of it
-- param: night whole_night=latest the second night: its day, such as 2026-07-22, its run_id, or latest, as if empty
-- param: before whole_night the first night; that of the day scored before the second if empty
-- main: recommendation_type title change reason rank_before rank_after score_after

WITH night(side, run_id, as_of, served_at, rules) AS (
    SELECT 'after', run_id, as_of, served_at, model_sha256 || top_k
    FROM am_personalization_run WHERE run_id = {run_id}
    UNION ALL
    SELECT 'before', run_id, as_of, served_at, model_sha256 || top_k
    FROM am_personalization_run WHERE run_id = {run_compared}
),
offer AS (
    SELECT n.side, c.recommendation_type, c.item_id, c.title, c.opens_on, c.closes_on, l.score, t.cohort_id,
        row_number() OVER (PARTITION BY n.side, l.recommendation_type ORDER BY l.rec_id) AS rank
    FROM night n CROSS JOIN am_personalization_recommendation_log l
    {evidence_link}
    WHERE l.profile_id = {profile_id} AND l.served_at = n.served_at AND t.run_id = n.run_id
),
declared(side, cohort_id) AS (
    SELECT side, cohort_id FROM offer
    UNION
    SELECT n.side, coalesce(u.cohort_id, 0) FROM night n CROSS JOIN am_personalization_unserved u
        ON u.run_id = n.run_id AND u.profile_id = {profile_id}
),
change AS (
    SELECT recommendation_type, item_id, max(title) AS title, max(opens_on) AS opens_on, max(closes_on) AS closes_on,
        min(CASE side WHEN 'before' THEN rank END) AS rank_before,
        min(CASE side WHEN 'after' THEN rank END) AS rank_after,
        max(CASE side WHEN 'before' THEN score END) AS score_before,
        max(CASE side WHEN 'after' THEN score END) AS score_after
    FROM offer GROUP BY recommendation_type, item_id
),
-- The version of each item that each night saw, whether it was recommended or not.
seen AS (
    SELECT o.recommendation_type, o.item_id,
        max(CASE n.side WHEN 'before' THEN x.candidate_id END) AS candidate_before,
        max(CASE n.side WHEN 'after' THEN x.candidate_id END) AS candidate_after,
        max(CASE n.side WHEN 'before' THEN v.left_out END) AS left_out_before,
        max(CASE n.side WHEN 'after' THEN v.left_out END) AS left_out_after
    FROM change o CROSS JOIN am_personalization_candidate v
        ON v.recommendation_type = o.recommendation_type AND v.item_id = o.item_id
    CROSS JOIN night n CROSS JOIN am_personalization_run_candidate x
        ON x.run_id = n.run_id AND x.candidate_id = v.candidate_id
    GROUP BY o.recommendation_type, o.item_id
)
SELECT
    {profile_id} AS profile_id,
    (SELECT {customer} FROM am_personalization_profile p WHERE p.profile_id = {profile_id}) AS customer,
    recommendation_type,
    item_id,
    title,
    CASE
        WHEN rank_before IS NULL THEN 'new'
        WHEN rank_after IS NULL THEN 'gone'
        WHEN rank_after < rank_before THEN 'up'
        WHEN rank_after > rank_before THEN 'down'
        ELSE 'score'
    END AS change,
    CASE
        WHEN (SELECT count(DISTINCT rules) FROM night) > 1 THEN 'model or top_k changed'
        WHEN NOT EXISTS (SELECT 1 FROM declared WHERE side = 'before') THEN 'not a customer yet'
        WHEN NOT EXISTS (SELECT 1 FROM declared WHERE side = 'after') THEN CASE
            WHEN {profile_id} IN (SELECT profile_id FROM am_personalization_erasure) THEN 'erased'
            ELSE 'no longer a customer'
        END
        WHEN EXISTS (SELECT 1 FROM declared WHERE cohort_id = 0) THEN 'rejected on one of the nights'
        WHEN (SELECT count(DISTINCT cohort_id) FROM declared) > 1 THEN 'declaration changed'
        WHEN candidate_before IS NULL THEN 'new in the catalogue'
        WHEN candidate_after IS NULL THEN 'no longer in the catalogue'
        WHEN left_out_before IS NOT NULL THEN 'no longer left out'
        WHEN left_out_after IS NOT NULL THEN 'left out'
        WHEN rank_after IS NULL AND EXISTS {delivered_after} THEN 'handed over before'
        WHEN rank_after IS NULL AND EXISTS {refused_after} THEN 'dismissed or applied for'
        WHEN rank_before IS NULL AND (EXISTS {delivered_before} OR EXISTS {refused_before}) THEN 'no longer kept back'
        WHEN candidate_before <> candidate_after THEN 'item changed'
        WHEN rank_before IS NULL AND opens_on > (SELECT as_of FROM night WHERE side = 'before') THEN 'opened'
        WHEN rank_after IS NULL AND closes_on < (SELECT as_of FROM night WHERE side = 'after') THEN 'closed'
        WHEN rank_after IS NULL AND NOT (
            SELECT {in_time} FROM night n CROSS JOIN am_personalization_run r ON r.run_id = n.run_id
            CROSS JOIN am_personalization_cohort k ON k.cohort_id IN (SELECT cohort_id FROM declared)
            CROSS JOIN am_personalization_candidate c ON c.candidate_id = candidate_after
            WHERE n.side = 'after'
        ) THEN 'closes too soon'
        ELSE 'days passed, or the rest of the list changed'
    END AS reason,
    coalesce(left_out_before, left_out_after) AS rule,
    rank_before,
    rank_after,
    score_before,
    score_after,
    (SELECT run_id FROM night WHERE side = 'before') AS run_id_before,
    (SELECT run_id FROM night WHERE side = 'after') AS run_id_after,
    (SELECT as_of FROM night WHERE side = 'before') AS as_of_before,
    (SELECT as_of FROM night WHERE side = 'after') AS as_of_after
FROM change JOIN seen USING (recommendation_type, item_id)
WHERE rank_before IS NOT rank_after OR score_before IS NOT score_after
ORDER BY recommendation_type, rank_after IS NULL, rank_after, rank_before
