-- title: Why this recommendation
-- title_ja: この推薦の理由
-- description: One recommendation with its reason: what was declared, what the item said that night, the points for each, and whether the formula gives the same score again.
-- param: rec_id integer number of the recommendation in the log

SELECT
    v.rec_id,
    v.served_at,
    l.profile_id,
    {short_hash} AS customer,
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
FROM am_personalization_recommendation_log l
CROSS JOIN v_personalization_replay v ON v.rec_id = l.rec_id
LEFT JOIN am_personalization_profile p ON p.profile_id = l.profile_id
{evidence}
WHERE l.rec_id = cast(:rec_id AS integer)
