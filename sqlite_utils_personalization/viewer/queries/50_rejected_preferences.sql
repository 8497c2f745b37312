-- title: Rejected preferences
-- description: The customers one night did not score because what they declared is not valid, with what is wrong in it; last_updated_at says whether it was mended since.
-- param: night night=latest its day, such as 2026-07-22, its run_id, or latest, as if empty
-- param: after number next of the previous page, a profile_id
-- param: size size rows on a page, 1 to 1000, 100 if empty
-- next: profile_id
-- counted: 5000
-- main: profile_id customer as_of sentence last_updated_at

SELECT
    u.run_id,
    r.as_of,
    u.profile_id,
    {customer} AS customer,
    u.reason AS sentence,
    r.served_at,
    p.last_updated_at
FROM am_personalization_run r
CROSS JOIN am_personalization_unserved u ON u.run_id = r.run_id
LEFT JOIN am_personalization_profile p ON p.profile_id = u.profile_id
-- A customer who was deleted during the night has a reason too, and a declared vector.
WHERE r.run_id = {run_id} AND u.cohort_id IS NULL
    AND u.profile_id > coalesce(nullif(cast(:after AS integer), 0), -9223372036854775808)
ORDER BY u.profile_id
LIMIT {size}
