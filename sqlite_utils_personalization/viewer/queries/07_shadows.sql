-- title: Nights under another model as well
-- description: What a second model would have recommended in each night that was decided under it too, newest first. Nothing of it was logged, handed over or billed.
-- param: after number next of the previous page, a shadow_id
-- param: size size rows on a page, 1 to 1000, 100 if empty
-- next: shadow_id
-- counted: 5000
-- main: run_id as_of rows program industry_pack saved_search amendment
-- sums: rows program industry_pack saved_search amendment

SELECT
    h.shadow_id,
    h.run_id,
    r.as_of,
    h.row_count AS rows,
-- each type
    json_extract(h.counts_json, '$.{type}.rows') AS {type},
-- end
    h.list_count AS lists,
    h.top_k,
    h.started_at,
    h.finished_at,
    h.model_sha256,
    h.package_version
FROM am_personalization_shadow h JOIN am_personalization_run r USING (run_id)
WHERE h.shadow_id < coalesce(nullif(cast(:after AS integer), 0), 9007199254740993)
ORDER BY h.shadow_id DESC
LIMIT {size}
