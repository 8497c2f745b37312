-- title: Rows without evidence
-- description: Ranges of the log that no night accounts for: other programs wrote them, or evidence is missing. sealed_by is the seal that covers a range as rows of other programs. A page looks at 100,000 lists of customers at most.
-- param: after number next of the previous page, a rec_id
-- param: size size rows on a page, 1 to 1000, 100 if empty
-- next: last_rec_id
-- main: first_rec_id last_rec_id rec_ids first_served_at last_served_at sealed_by finding
-- sums: rec_ids

WITH RECURSIVE start(rec_id) AS (
    SELECT max(cast(:after AS integer) + 1, coalesce((
        SELECT first_rec_id + n FROM am_personalization_evidence
        WHERE first_rec_id <= cast(:after AS integer) ORDER BY first_rec_id DESC LIMIT 1
    ), 1))
),
log(stop) AS (SELECT coalesce(max(rec_id), 0) + 1 FROM am_personalization_recommendation_log),
-- Adding up a piece is quicker than looking for what follows each range: most pieces have no gap.
piece(at, start, stop) AS (
    SELECT 1, rec_id, coalesce((
        SELECT first_rec_id FROM am_personalization_evidence
        WHERE first_rec_id >= rec_id ORDER BY first_rec_id LIMIT 1 OFFSET 10000
    ), (SELECT stop FROM log)) FROM start
    UNION ALL
    SELECT at + 1, stop, coalesce((
        SELECT first_rec_id FROM am_personalization_evidence
        WHERE first_rec_id >= stop ORDER BY first_rec_id LIMIT 1 OFFSET 10000
    ), (SELECT stop FROM log)) FROM piece WHERE at < 10 AND stop < (SELECT stop FROM log)
),
rest(start, stop) AS (
    SELECT start, stop FROM piece WHERE stop - start IS NOT (
        SELECT sum(n) FROM am_personalization_evidence WHERE first_rec_id >= start AND first_rec_id < stop
    )
),
gap(start, stop) AS (
    SELECT start, coalesce(
        (SELECT min(first_rec_id) FROM am_personalization_evidence WHERE first_rec_id >= start), 9007199254740993
    ) FROM (
        SELECT start, stop FROM rest
        UNION
        SELECT e.first_rec_id + e.n, stop FROM rest CROSS JOIN am_personalization_evidence e
            ON e.first_rec_id >= rest.start AND e.first_rec_id < stop
    )
    WHERE start < stop AND start NOT IN (SELECT first_rec_id FROM am_personalization_evidence)
),
found(first_rec_id, last_rec_id) AS (
    SELECT (SELECT min(rec_id) FROM am_personalization_recommendation_log WHERE rec_id >= start AND rec_id < stop),
        (SELECT max(rec_id) FROM am_personalization_recommendation_log WHERE rec_id >= start AND rec_id < stop)
    FROM gap
    UNION ALL
    SELECT NULL, stop - 1 FROM piece WHERE at = 10 AND stop < (SELECT log.stop FROM log)
),
sealed(first_rec_id, last_rec_id, sealed_by) AS (
    SELECT first_rec_id, last_rec_id, (
        SELECT min(seal_id) FROM am_personalization_seal s
        WHERE s.run_id IS NULL AND f.first_rec_id >= s.first_rec_id AND f.last_rec_id <= s.last_rec_id
    ) FROM found f WHERE last_rec_id IS NOT NULL
)
SELECT
    f.first_rec_id,
    f.last_rec_id,
    coalesce(f.last_rec_id - f.first_rec_id + 1, 0) AS rec_ids,
    a.served_at AS first_served_at,
    z.served_at AS last_served_at,
    f.sealed_by,
    CASE
        WHEN f.first_rec_id IS NULL THEN 'no more up to last_rec_id, and the log goes on - ask again with after'
        WHEN f.sealed_by IS NOT NULL THEN 'sealed as rows of other programs'
        WHEN f.first_rec_id > (SELECT coalesce(max(log_end), 0) FROM am_personalization_seal)
            THEN 'not sealed yet - the next night seals them'
        ELSE 'evidence is missing - run personalization-verify'
    END AS finding
FROM sealed f
LEFT JOIN am_personalization_recommendation_log a ON a.rec_id = f.first_rec_id
LEFT JOIN am_personalization_recommendation_log z ON z.rec_id = f.last_rec_id AND f.first_rec_id IS NOT NULL
ORDER BY f.last_rec_id, f.first_rec_id IS NULL
LIMIT {size}
