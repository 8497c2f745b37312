-- What several questions share: {name} in a question stands for the text under that name.

-- name: run_id
(
    SELECT max(run_id) FROM am_personalization_run
    WHERE trim(cast(:night AS text)) IN ('', as_of, cast(run_id AS text))
)

-- name: profile_id
(
    SELECT profile_id FROM am_personalization_profile
    WHERE user_token_hash = lower(trim(cast(:customer AS text)))
            AND profile_id NOT IN (SELECT profile_id FROM am_personalization_erasure)
        OR profile_id = cast(:customer AS integer)
            AND cast(profile_id AS text) = trim(cast(:customer AS text))
)

-- name: short_hash
substr(p.user_token_hash, 1, 8) || '…'

-- name: size
min(1000, coalesce(nullif(max(0, cast(:size AS integer)), 0), 100))

-- name: month
(
    SELECT max(month) FROM am_personalization_reconciliation
    WHERE trim(cast(:month AS text)) IN ('', month)
)
