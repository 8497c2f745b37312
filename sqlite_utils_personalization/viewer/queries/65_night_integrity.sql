-- title: Integrity of a night
-- description: The seal of one night, whether the seal before it is there, and whether the run and the number of rows are still those sealed. Only sqlite-utils personalization-verify derives every row and hash again.
-- param: night night=latest its day, such as 2026-07-22, its run_id, or latest, as if empty
-- walks: night
-- main: run_id as_of state finding rows_sealed rows_in_evidence seal_id

WITH night AS (
    SELECT r.run_id, r.as_of, coalesce(g.status, 'unknown') AS state,
        s.seal_id, s.first_rec_id, s.last_rec_id, s.log_end, s.leaves, s.root, s.tree_root,
        json_extract(s.manifest_json, '$.rows') AS rows_sealed,
        (
            -- A night's lists are numbered in one go, and a range is read far quicker than list by list.
            SELECT coalesce(sum(e.n), 0) FROM am_personalization_evidence e
            WHERE e.first_rec_id >= coalesce(s.first_rec_id, g.first_rec_id)
                AND e.first_rec_id <= coalesce(s.last_rec_id, 9007199254740992)
                AND e.list_id >= (SELECT min(list_id) FROM am_personalization_list WHERE run_id = {run_id})
                AND e.list_id <= (SELECT max(list_id) FROM am_personalization_list WHERE run_id = {run_id})
        ) AS rows_in_evidence,
-- each type, +
        json_extract(r.counts_json, '$.{type}.rows')
-- end
            AS rows_planned,
        -- Written over what was sealed of the run, the row as it is now changes nothing.
        json_set(
            json_extract(s.manifest_json, '$.run'),
            '$.run_id', r.run_id, '$.as_of', r.as_of, '$.again', r.again, '$.model_sha256', r.model_sha256,
            '$.package_version', r.package_version, '$.top_k', r.top_k, '$.served_at', r.served_at,
            '$.started_at', r.started_at, '$.customers_sha256', r.customers_sha256,
            '$.candidates_sha256', r.candidates_sha256, '$.served_sha256', r.served_sha256,
            '$.delivery_end', r.delivery_end, '$.feedback_end', r.feedback_end, '$.profiles', r.profiles,
            '$.rejected', r.rejected, '$.counts_json', r.counts_json, '$.left_out_json', r.left_out_json
        ) IS json_extract(s.manifest_json, '$.run') AS run_as_sealed,
        s.seal_id = 1 OR EXISTS (
            SELECT 1 FROM am_personalization_seal b WHERE b.seal_id = s.seal_id - 1 AND b.origin = s.origin
        ) AS follows
    FROM am_personalization_run r
    LEFT JOIN am_personalization_run_progress g ON g.run_id = r.run_id
    LEFT JOIN am_personalization_seal s ON s.run_id = r.run_id
    WHERE r.run_id = {run_id}
    -- One LIMIT within another: without them the ranges would be summed up again for each mention.
    LIMIT 1
)
SELECT
    run_id,
    as_of,
    state,
    CASE
        WHEN state = 'running' THEN 'not finished - run personalization-score for this night again'
        WHEN seal_id IS NULL THEN 'its seal is missing'
        WHEN NOT follows THEN 'its seal does not follow from the one before it'
        WHEN NOT run_as_sealed THEN 'the run is not the one that was sealed'
        WHEN rows_in_evidence IS NOT rows_sealed THEN 'the evidence is not what was sealed'
        WHEN (SELECT coalesce(max(rec_id), 0) FROM am_personalization_recommendation_log) < log_end
            THEN 'the log ends before what was sealed'
        ELSE 'nothing wrong at a glance'
    END AS finding,
    rows_planned,
    rows_in_evidence,
    rows_sealed,
    seal_id,
    first_rec_id,
    last_rec_id,
    leaves,
    root,
    tree_root
FROM night
LIMIT 1
