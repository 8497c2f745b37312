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
    {component_facts},
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
{evidence_link}
WHERE l.rec_id = cast(:rec_id AS integer)
