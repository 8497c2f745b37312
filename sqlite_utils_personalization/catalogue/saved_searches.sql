-- Saved searches, and whose each is: who has its hash, or else who had it last. Never their name, text or address.
-- number is the owner's own count, in order of id: what has one keeps it, and what is new comes after. So nothing that is
-- kept of a search names it, and their order is not that of the table.
WITH owned AS (
    SELECT
        t.id AS id,
        CAST(t.id AS TEXT) AS search_id,
        t.query_json AS query,
        coalesce(p.profile_id, (
            SELECT o.profile_id FROM am_personalization_other_hash AS o WHERE o.key_hash = t.api_key_hash
            ORDER BY o.replaced_at IS NOT NULL, o.replaced_at DESC, o.profile_id LIMIT 1
        )) AS owner
    FROM saved_searches AS t
    LEFT JOIN am_personalization_profile AS p ON p.user_token_hash = t.api_key_hash
        AND NOT EXISTS (SELECT 1 FROM am_personalization_erasure AS e WHERE e.profile_id = p.profile_id)
)
SELECT
    w.search_id AS search_id,
    w.query AS query,
    w.owner AS owner,
    coalesce(
        k.number,
        coalesce((SELECT max(n.number) FROM am_personalization_saved_search AS n WHERE n.profile_id = w.owner), 0)
        + dense_rank() OVER (PARTITION BY w.owner, k.number IS NULL, w.id IS NULL ORDER BY w.id, w.search_id)
    ) AS number,
    k.number IS NULL AS is_new
FROM owned AS w
LEFT JOIN am_personalization_saved_search AS k ON k.profile_id = w.owner AND k.search_id = w.search_id
ORDER BY w.owner IS NULL, w.owner, w.id, w.search_id
