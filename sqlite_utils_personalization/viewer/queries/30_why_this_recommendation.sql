-- title: Why this recommendation
-- description: One recommendation with its reason: what was declared, what the item said that night, the points for each, and whether the formula gives the same score again.
-- param: rec_id* rec_id number of the recommendation in the log
-- main: rec_id as_of profile_id title score recomputed_score verdict

SELECT
    v.rec_id,
    v.run_id,
    r.as_of,
    v.served_at,
    l.profile_id,
    {customer} AS customer,
    v.recommendation_type,
    v.item_id,
    v.title,
    {rank} AS rank,
    {component_facts},
    k.prefecture AS declared_prefecture,
    c.prefectures AS item_prefectures,
    {cap} AS cap,
    v.logged_score AS score,
    v.recomputed_score,
    CASE WHEN {customer} = 'erased' AND v.verdict = 'reproduced' THEN 'erased' ELSE v.verdict END AS verdict,
    c.why AS item_facts_from,
    r.model_sha256,
    r.package_version
FROM am_personalization_recommendation_log l
CROSS JOIN v_personalization_replay v ON v.rec_id = l.rec_id
LEFT JOIN am_personalization_profile p ON p.profile_id = l.profile_id
{evidence_link}
WHERE l.rec_id = cast(:rec_id AS integer)
