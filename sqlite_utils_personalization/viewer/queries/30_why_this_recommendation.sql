-- title: Why this recommendation
-- title_ja: この推薦の理由
-- description: One recommendation with its reason: what was declared, what the item said that night, the points for each, and whether the formula gives the same score again.
-- param: rec_id integer number of the recommendation in the log

SELECT
    v.rec_id,
    v.served_at,
    v.user_token_hash,
    v.recommendation_type,
    v.item_id,
    v.title,
    r.as_of,
    k.industries AS declared_industries,
    c.industries AS item_industries,
    v.industry_points,
    k.horizon_days AS declared_horizon_days,
    c.closes_on AS item_closes_on,
    {days_left} AS days_left,
    v.deadline_points,
    k.risk_level AS declared_risk_level,
    c.risk_level AS item_risk_level,
    v.risk_points,
    k.prefecture AS declared_prefecture,
    c.prefectures AS item_prefectures,
    {cap} AS cap,
    v.logged_score,
    v.recomputed_score,
    v.verdict,
    c.why AS item_facts_from,
    v.run_id,
    r.model_sha256,
    r.package_version
FROM v_personalization_replay v
LEFT JOIN am_personalization_evidence e ON e.first_rec_id = (
    SELECT max(first_rec_id) FROM am_personalization_evidence WHERE first_rec_id <= v.rec_id
) AND v.rec_id < e.first_rec_id + e.n
LEFT JOIN am_personalization_list t ON t.list_id = e.list_id
LEFT JOIN am_personalization_run r ON r.run_id = t.run_id
LEFT JOIN am_personalization_cohort k ON k.cohort_id = t.cohort_id
LEFT JOIN am_personalization_decision d ON d.list_id = e.list_id AND d.seq = v.rec_id - e.first_rec_id + 1
LEFT JOIN am_personalization_candidate c ON c.candidate_id = d.candidate_id
WHERE v.rec_id = cast(:rec_id AS integer)
