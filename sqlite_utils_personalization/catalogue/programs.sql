-- jpcite's own programs.
SELECT
    CAST(t.unified_id AS TEXT) AS item_id,
    t.primary_name AS title,
    t.jsic_major AS industries,
    t.prefecture AS area,
    NULL AS opens_at,
    NULL AS closes_at,
    t.application_window_json AS window_json,
    t.tier AS tier,
    t.excluded <> 0 AS excluded,
    t.source_url AS url,
    NULL AS rounds,
    NULL AS reception,
    NULL AS is_answer
FROM programs AS t
ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
