-- Under which ids the programs table has what the diff calls by jpcite's other id, the surest first.
SELECT
    CAST(t.am_canonical_id AS TEXT) AS entity_id,
    CAST(t.jpi_unified_id AS TEXT) AS program_id
FROM entity_id_map AS t
WHERE t.am_canonical_id IN (SELECT entity_id FROM am_amendment_diff)
ORDER BY 1, t.confidence DESC, 2
