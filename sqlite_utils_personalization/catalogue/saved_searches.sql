-- Saved searches of customers who have a profile. Never their name, text or address.
SELECT
    CAST(t.id AS TEXT) AS item_id,
    t.query_json AS query,
    p.profile_id AS owner
FROM saved_searches AS t
JOIN am_personalization_profile AS p ON p.user_token_hash = t.api_key_hash
ORDER BY t.id, p.profile_id
