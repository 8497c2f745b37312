-- Programs of the public jGrants API, under its own names (title, target_area_search, acceptance_*) or ours.
-- Details keep area and dates of each round in workflow, of which the reader takes the one that is open.
-- In the API's table `name` is a number and `title` the title; where there is no title, `name` is it.
SELECT
    CAST(t.id AS TEXT) AS item_id,
    coalesce(nullif(t.title, ''), t.name) AS title,
    coalesce(nullif(t.industry_jsic, ''), t.industry) AS industries,
    coalesce(nullif(t.area_raw, ''), nullif(t.target_area_search, ''), t.prefecture) AS area,
    coalesce(nullif(t.acceptance_start_datetime, ''), t.open_at) AS opens_at,
    coalesce(nullif(t.acceptance_end_datetime, ''), t.close_at) AS closes_at,
    NULL AS window_json,
    NULL AS tier,
    NULL AS excluded,
    NULL AS url,
    t.workflow AS rounds,
    t.request_reception_presence AS reception,
    t.result IS NOT NULL AND coalesce(t.title, t.name) IS NULL AS is_answer
FROM jgrants_programs AS t
ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
