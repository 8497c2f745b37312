-- title: Nights and their counts
-- description: Every night that was scored, newest first, with the counts its run wrote down: nothing is counted again here.
-- param: since day first day scored, in Japan, such as 2026-07-01
-- param: until day last day scored; a month is meant as a whole
-- param: after number next of the previous page, a run_id
-- param: size size rows on a page, 1 to 1000, 100 if empty
-- next: run_id
-- counted: 5000
-- main: run_id as_of state profiles rejected logged left_out_items
-- sums: logged program industry_pack saved_search amendment

SELECT
    r.run_id,
    r.as_of,
    r.again,
    coalesce(p.status, 'unknown') AS state,
    r.profiles,
    r.rejected,
    p.logged,
-- each type
    json_extract(r.counts_json, '$.{type}.rows') AS {type},
-- end
    (SELECT coalesce(sum(atom), 0) FROM json_tree(r.left_out_json)) AS left_out_items,
    r.top_k,
    r.served_at,
    p.finished_at,
    r.model_sha256,
    r.package_version
FROM am_personalization_run r LEFT JOIN am_personalization_run_progress p USING (run_id)
WHERE r.run_id < coalesce(nullif(cast(:after AS integer), 0), 9007199254740993)
    AND r.as_of >= cast(:since AS text)
    AND r.as_of <= cast(:until AS text) || '~'
ORDER BY r.run_id DESC
LIMIT {size}
