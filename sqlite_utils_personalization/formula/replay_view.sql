CREATE VIEW v_personalization_replay AS
SELECT
    l.rec_id,
    t.run_id,
    l.served_at,
    p.user_token_hash,
    l.recommendation_type,
    c.item_id,
    c.title,
    d.industry_points,
    d.deadline_points,
    d.risk_points,
    l.score AS logged_score,
    {score} AS recomputed_score,
    CASE
        WHEN e.first_rec_id IS NULL THEN 'no evidence'
        WHEN p.profile_id IS NULL OR t.list_id IS NULL OR r.run_id IS NULL OR k.cohort_id IS NULL
            OR d.list_id IS NULL OR c.candidate_id IS NULL THEN 'evidence broken'
        WHEN {eligible}
            AND d.industry_points = {industry_points}
            AND d.deadline_points = {deadline_points}
            AND d.risk_points = {risk_points}
            AND d.score = {score}
            AND l.score = d.score
            AND l.recommendation_type = c.recommendation_type
            AND l.served_at = r.served_at
            AND coalesce(t.profile_id = l.profile_id, 1) THEN 'reproduced'
        ELSE 'differs'
    END AS verdict
FROM am_personalization_recommendation_log l
LEFT JOIN am_personalization_profile p ON p.profile_id = l.profile_id
LEFT JOIN am_personalization_evidence e ON e.first_rec_id = (
    SELECT max(first_rec_id) FROM am_personalization_evidence WHERE first_rec_id <= l.rec_id
) AND l.rec_id < e.first_rec_id + e.n
LEFT JOIN am_personalization_list t ON t.list_id = e.list_id
LEFT JOIN am_personalization_run r ON r.run_id = t.run_id
LEFT JOIN am_personalization_cohort k ON k.cohort_id = t.cohort_id
LEFT JOIN am_personalization_decision d ON d.list_id = e.list_id AND d.seq = l.rec_id - e.first_rec_id + 1
LEFT JOIN am_personalization_candidate c ON c.candidate_id = d.candidate_id
