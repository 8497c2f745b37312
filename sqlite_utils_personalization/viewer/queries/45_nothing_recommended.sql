-- title: Customers who were recommended nothing, and why
-- title_ja: 推薦なしの顧客と理由
-- description: The customers one night recommended nothing at all, with what they had declared then and the reason.
-- param: night text its day, such as 2026-07-22, or its run_id; the latest if empty
-- param: after integer profile_id of the last row of the previous page
-- param: size integer rows on a page, 1 to 1000, 100 if empty

SELECT
    u.run_id,
    u.profile_id,
    {short_hash} AS customer,
    CASE
        WHEN u.reason IS NOT NULL THEN u.reason
        WHEN coalesce(k.industries, k.horizon_days, k.risk_level) IS NULL THEN 'nothing was declared that earns points'
        ELSE 'no open item earned a point'
    END AS reason,
    k.industries AS declared_industries,
    k.prefecture AS declared_prefecture,
    k.horizon_days AS declared_horizon_days,
    k.risk_level AS declared_risk_level
FROM am_personalization_unserved u
LEFT JOIN am_personalization_cohort k ON k.cohort_id = u.cohort_id
LEFT JOIN am_personalization_profile p ON p.profile_id = u.profile_id
WHERE u.run_id = {run_id} AND u.profile_id > coalesce(nullif(cast(:after AS integer), 0), -9223372036854775808)
ORDER BY u.profile_id
LIMIT {size}
