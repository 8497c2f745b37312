-- Changes seen in programs between two observations.
SELECT
    CAST(t.diff_id AS TEXT) AS item_id,
    CAST(t.entity_id AS TEXT) AS program_id,
    t.field_name AS field_name,
    t.prev_value AS prev_value,
    t.new_value AS new_value,
    t.detected_at AS detected_at,
    t.prev_hash AS prev_hash
FROM am_amendment_diff AS t
ORDER BY 1, 2, 3, 4, 5, 6, 7
