-- Saved searches, and whose each is: who has its hash, or else who had it last. Never their name, text or address.
SELECT
    CAST(t.id AS TEXT) AS item_id,
    t.query_json AS query,
    coalesce(p.profile_id, (
        SELECT o.profile_id FROM am_personalization_other_hash AS o WHERE o.key_hash = t.api_key_hash
        ORDER BY o.replaced_at IS NOT NULL, o.replaced_at DESC, o.profile_id LIMIT 1
    )) AS owner
FROM saved_searches AS t
LEFT JOIN am_personalization_profile AS p ON p.user_token_hash = t.api_key_hash
ORDER BY t.id, owner IS NULL, owner
