CREATE VIEW v_personalization_replay AS
SELECT
    l.rec_id,
    t.run_id,
    l.served_at,
    p.user_token_hash,
    l.recommendation_type,
    c.item_id,
    c.title,
    {decided_points},
    l.score AS logged_score,
    {score} AS recomputed_score,
    CASE
        WHEN e.first_rec_id IS NULL THEN 'no evidence'
        WHEN p.profile_id IS NULL OR t.list_id IS NULL OR r.run_id IS NULL OR k.cohort_id IS NULL
            OR d.list_id IS NULL OR c.candidate_id IS NULL THEN 'evidence broken'
        WHEN {eligible}
            AND {points_as_decided}
            AND d.score = {score}
            AND l.score = d.score
            AND l.recommendation_type = c.recommendation_type
            AND l.served_at = r.served_at
            AND coalesce(t.profile_id = l.profile_id, 1) THEN 'reproduced'
        ELSE 'differs'
    END AS verdict
FROM am_personalization_recommendation_log l
LEFT JOIN am_personalization_profile p ON p.profile_id = l.profile_id
{evidence_link}
