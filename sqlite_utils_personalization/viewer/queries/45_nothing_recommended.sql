-- title: Customers who were recommended nothing, and why
-- description: The customers one night recommended nothing at all, with what they had declared then and the reason; of a declaration that was rejected, sentence says what is wrong in it.
-- param: night night=latest its day, such as 2026-07-22, its run_id, or latest, as if empty
-- param: after number next of the previous page, a profile_id
-- param: size size rows on a page, 1 to 1000, 100 if empty
-- next: profile_id
-- counted: 5000
-- main: profile_id customer reason declared_industries declared_prefecture declared_deadline_horizon_days declared_risk_tolerance

SELECT
    u.run_id,
    r.as_of,
    u.profile_id,
    {customer} AS customer,
    CASE
        WHEN u.cohort_id IS NULL THEN 'rejected'
        WHEN u.due_json IS NOT NULL THEN 'gone during the night'
        WHEN u.reason IS NOT NULL THEN 'handed over before'
        WHEN coalesce(k.industries, k.horizon_days, k.risk_level) IS NULL THEN 'nothing declared'
        ELSE 'nothing earned a point'
    END AS reason,
    u.reason AS sentence,
    k.industries AS declared_industries,
    k.prefecture AS declared_prefecture,
    k.horizon_days AS declared_deadline_horizon_days,
    k.risk_level AS declared_risk_tolerance
FROM am_personalization_run r
CROSS JOIN am_personalization_unserved u ON u.run_id = r.run_id
LEFT JOIN am_personalization_cohort k ON k.cohort_id = u.cohort_id
LEFT JOIN am_personalization_profile p ON p.profile_id = u.profile_id
WHERE r.run_id = {run_id} AND u.profile_id > coalesce(nullif(cast(:after AS integer), 0), -9223372036854775808)
ORDER BY u.profile_id
LIMIT {size}
