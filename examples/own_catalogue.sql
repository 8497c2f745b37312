-- What of a product's own table can be recommended; docs/catalogue.md says what each column takes.
SELECT
    'program' AS recommendation_type,
    'own-' || id AS item_id,
    name AS title,
    replace(fields, '|', '/') AS industries,
    coalesce(area, 'nationwide') AS prefectures,
    starts AS opens_on,
    deadline AS closes_on,
    CASE difficulty WHEN 1 THEN 'low' WHEN 2 THEN 'medium' WHEN 3 THEN 'high' END AS risk_level
FROM my_programs
WHERE is_public
