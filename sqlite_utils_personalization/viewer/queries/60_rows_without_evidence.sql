-- title: Rows without evidence
-- title_ja: 証拠のない行
-- description: Ranges of the log that no night accounts for: other programs wrote them, or evidence is missing. sealed_by is the seal that covers a range as rows of other programs.
-- param: after integer last_rec_id of the last row of the previous page
-- param: size integer rows on a page, 1 to 1000, 100 if empty

WITH start(rec_id) AS (
    SELECT max(cast(:after AS integer) + 1, coalesce((
        SELECT first_rec_id + n FROM am_personalization_evidence
        WHERE first_rec_id <= cast(:after AS integer) ORDER BY first_rec_id DESC LIMIT 1
    ), 1))
),
-- Adding up a night is quicker than looking for what follows each range: most nights have no gap.
whole(first_rec_id, last_rec_id) AS (
    SELECT first_rec_id, last_rec_id FROM am_personalization_seal s
    WHERE run_id IS NOT NULL AND first_rec_id >= (SELECT rec_id FROM start)
        AND last_rec_id - first_rec_id + 1 = (
            SELECT sum(n) FROM am_personalization_evidence e
            WHERE e.first_rec_id >= s.first_rec_id AND e.first_rec_id <= s.last_rec_id
        )
),
rest(first_rec_id, stop) AS (
    SELECT rec_id, coalesce((SELECT min(first_rec_id) FROM whole WHERE first_rec_id >= rec_id), 9007199254740993)
    FROM (SELECT rec_id FROM start UNION SELECT last_rec_id + 1 FROM whole)
),
gap(start, stop) AS (
    SELECT start, coalesce(
        (SELECT min(first_rec_id) FROM am_personalization_evidence WHERE first_rec_id >= start), 9007199254740993
    ) FROM (
        SELECT first_rec_id AS start, stop FROM rest
        UNION
        SELECT e.first_rec_id + e.n, stop FROM rest CROSS JOIN am_personalization_evidence e
            ON e.first_rec_id >= rest.first_rec_id AND e.first_rec_id < stop
    )
    WHERE start < stop AND start NOT IN (SELECT first_rec_id FROM am_personalization_evidence)
),
found(first_rec_id, last_rec_id) AS (
    SELECT (SELECT min(rec_id) FROM am_personalization_recommendation_log WHERE rec_id >= start AND rec_id < stop),
        (SELECT max(rec_id) FROM am_personalization_recommendation_log WHERE rec_id >= start AND rec_id < stop)
    FROM gap
)
SELECT
    f.first_rec_id,
    f.last_rec_id,
    f.last_rec_id - f.first_rec_id + 1 AS rec_ids,
    a.served_at AS first_served_at,
    z.served_at AS last_served_at,
    (
        SELECT min(seal_id) FROM am_personalization_seal s
        WHERE s.run_id IS NULL AND f.first_rec_id >= s.first_rec_id AND f.last_rec_id <= s.last_rec_id
    ) AS sealed_by
FROM found f
CROSS JOIN am_personalization_recommendation_log a ON a.rec_id = f.first_rec_id
CROSS JOIN am_personalization_recommendation_log z ON z.rec_id = f.last_rec_id
ORDER BY f.first_rec_id
LIMIT {size}
