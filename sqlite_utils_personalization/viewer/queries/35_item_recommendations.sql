-- title: Who was recommended this item
-- description: The customers who were recommended one item on one night, in the order of the log.
-- param: item_id* item_id the item in the catalogue it came from
-- param: type type {a_type}; empty for all
-- param: night night=latest its day, such as 2026-07-22, its run_id, or latest, as if empty
-- param: after number next of the previous page, a rec_id
-- param: size size rows on a page, 1 to 1000, 100 if empty
-- next: rec_id
-- counted: 5000
-- walks: night
-- main: rec_id as_of profile_id customer title rank score

WITH version(candidate_id) AS (
    SELECT v.candidate_id FROM am_personalization_candidate v
    CROSS JOIN am_personalization_run_candidate x ON x.run_id = {run_id} AND x.candidate_id = v.candidate_id
    WHERE v.recommendation_type IN ({types})
        AND v.item_id = trim(cast(:item_id AS text))
        AND cast(:type AS text) IN ('', v.recommendation_type)
        AND v.left_out IS NULL
),
night(run_id, as_of, first_rec_id, last_rec_id) AS (
    SELECT r.run_id, r.as_of, g.first_rec_id, coalesce(s.last_rec_id, 9007199254740992)
    FROM am_personalization_run r JOIN am_personalization_run_progress g USING (run_id)
    LEFT JOIN am_personalization_seal s USING (run_id)
    WHERE r.run_id = {run_id} AND EXISTS (SELECT 1 FROM version)
)
SELECT
    l.rec_id,
    n.run_id,
    n.as_of,
    l.profile_id,
    {customer} AS customer,
    c.recommendation_type,
    c.item_id,
    c.title,
    {rank} AS rank,
    l.score
FROM night n
-- From the lists of the night that hold it to their customers: that needs no index of decisions by item.
CROSS JOIN am_personalization_evidence e
CROSS JOIN am_personalization_decision d ON d.list_id = e.list_id
    AND d.seq >= e.first_seq AND d.seq < e.first_seq + e.n
CROSS JOIN am_personalization_candidate c ON c.candidate_id = d.candidate_id
CROSS JOIN am_personalization_recommendation_log l ON l.rec_id = e.first_rec_id + d.seq - e.first_seq
CROSS JOIN am_personalization_run r ON r.run_id = n.run_id
LEFT JOIN am_personalization_profile p ON p.profile_id = l.profile_id
WHERE e.first_rec_id >= max(n.first_rec_id, (
        SELECT coalesce(max(first_rec_id), 0) FROM am_personalization_evidence
        WHERE first_rec_id <= cast(:after AS integer)
    ))
    AND e.first_rec_id <= n.last_rec_id
    AND e.list_id IN (
        -- A night's lists are numbered in one go, and a range is read far quicker than list by list.
        SELECT i.list_id FROM am_personalization_decision i
        WHERE i.list_id >= (SELECT min(list_id) FROM am_personalization_list WHERE run_id = {run_id})
            AND i.list_id <= (SELECT max(list_id) FROM am_personalization_list WHERE run_id = {run_id})
            AND i.candidate_id IN (SELECT candidate_id FROM version)
    )
    AND d.candidate_id IN (SELECT candidate_id FROM version)
    AND e.first_rec_id + d.seq - e.first_seq > cast(:after AS integer)
ORDER BY e.first_rec_id, d.seq
LIMIT {size}
