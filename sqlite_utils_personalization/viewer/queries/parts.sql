-- What several questions share: {name} in a question stands for the text under that name, in a later part too.

-- name: run_id
(
    SELECT max(run_id) FROM am_personalization_run
    WHERE trim(cast(:night AS text)) IN ('', 'latest', as_of, cast(run_id AS text))
)

-- name: run_before
(
    SELECT run_id FROM am_personalization_run
    WHERE as_of < (SELECT as_of FROM am_personalization_run WHERE run_id = {run_id})
    ORDER BY as_of DESC, run_id DESC LIMIT 1
)

-- name: run_compared
(
    SELECT max(run_id) FROM am_personalization_run
    WHERE trim(cast(:before AS text)) IN (as_of, cast(run_id AS text))
        OR cast(:before AS text) = '' AND run_id = {run_before}
)

-- name: profile_id
coalesce(
    (
        SELECT profile_id FROM am_personalization_profile
        WHERE user_token_hash = lower(trim(cast(:customer AS text)))
            AND profile_id NOT IN (SELECT profile_id FROM am_personalization_erasure)
    ),
    CASE WHEN cast(cast(:customer AS integer) AS text) = trim(cast(:customer AS text)) THEN cast(:customer AS integer) END
)

-- name: customer
CASE WHEN p.profile_id IN (SELECT profile_id FROM am_personalization_erasure) THEN 'erased'
    ELSE substr(p.user_token_hash, 1, 8) END

-- name: size
min(1001, coalesce(nullif(max(0, cast(:size AS integer)), 0), 100))

-- name: month
(
    SELECT max(month) FROM am_personalization_reconciliation
    WHERE trim(cast(:month AS text)) IN ('', 'latest', month)
)

-- name: closing
CASE WHEN c.closes_on IS NOT NULL THEN 'dated' WHEN c.rolling = 1 THEN 'rolling' WHEN c.rolling = 0 THEN 'unknown' END

-- name: rank
CASE WHEN r.run_id IS NOT NULL THEN (
    SELECT count(*) FROM am_personalization_recommendation_log o
    WHERE o.profile_id = l.profile_id AND o.served_at = l.served_at
        AND o.recommendation_type = l.recommendation_type AND o.rec_id <= l.rec_id
) END

-- name: run_of
(
    SELECT t.run_id FROM am_personalization_evidence e CROSS JOIN am_personalization_list t ON t.list_id = e.list_id
    WHERE e.first_rec_id = (
        SELECT max(first_rec_id) FROM am_personalization_evidence WHERE first_rec_id <= l.rec_id
    ) AND l.rec_id < e.first_rec_id + e.n
)

-- name: night_of
coalesce(
    (SELECT as_of FROM am_personalization_run WHERE run_id = {run_of}), date(l.served_at, '+9 hours'), ''
)

-- name: is_asked_for
(cast(:night AS text) = '' OR {run_of} = {run_id})
    AND CASE
        WHEN cast(:since AS text) = '' THEN 1
        WHEN length(cast(:since AS text)) > 10 THEN l.served_at >= cast(:since AS text)
        ELSE {night_of} >= cast(:since AS text)
    END
    AND CASE
        WHEN cast(:until AS text) = '' THEN 1
        WHEN length(cast(:until AS text)) > 10 THEN l.served_at <= rtrim(cast(:until AS text), 'Z') || '~'
        ELSE {night_of} <= cast(:until AS text) || '~'
    END

-- name: span
span(first_at, last_at) AS (
    -- The first and last moment at which what is asked for was logged, for the index; is_asked_for looks at each row.
    SELECT
        max(
            CASE
                WHEN length(cast(:since AS text)) > 10 THEN cast(:since AS text)
                WHEN cast(:since AS text) = '' THEN ''
                ELSE min(
                    coalesce((SELECT min(served_at) FROM am_personalization_run WHERE as_of >= cast(:since AS text)), '~'),
                    strftime('%Y-%m-%dT%H:%M:%f', substr(cast(:since AS text) || '-01', 1, 10), '-9 hours')
                )
            END,
            coalesce((
                SELECT served_at FROM am_personalization_run WHERE cast(:night AS text) <> '' AND run_id = {run_id}
            ), '')
        ),
        min(
            CASE
                WHEN length(cast(:until AS text)) > 10 THEN rtrim(cast(:until AS text), 'Z') || '~'
                WHEN cast(:until AS text) = '' THEN '~'
                ELSE max(
                    coalesce((
                        SELECT max(served_at) FROM am_personalization_run WHERE as_of <= cast(:until AS text) || '~'
                    ), ''),
                    strftime(
                        '%Y-%m-%dT%H:%M:%f', substr(cast(:until AS text) || '-01', 1, 10),
                        CASE length(cast(:until AS text)) WHEN 7 THEN '+1 month' ELSE '+1 day' END, '-9 hours'
                    )
                )
            END,
            coalesce((
                SELECT served_at FROM am_personalization_run WHERE cast(:night AS text) <> '' AND run_id = {run_id}
            ), '~')
        )
)
