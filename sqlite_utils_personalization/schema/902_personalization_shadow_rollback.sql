-- target_db: autonomath
-- Undoes 902, for development: what other models would have recommended is forgotten. Leaves 287, 900 and 901 as they were.

BEGIN;

DROP TABLE IF EXISTS am_personalization_shadow_served;
DROP TABLE IF EXISTS am_personalization_shadow_decision;
DROP TABLE IF EXISTS am_personalization_shadow_list;
DROP TABLE IF EXISTS am_personalization_shadow;

-- The sqlite3 shell goes on after an error; this undoes everything unless all of it is gone.
CREATE TEMP TABLE am_personalization_check (
    gone INTEGER CONSTRAINT "902 could not be removed whole and was left as it was" CHECK (gone)
);
INSERT OR ROLLBACK INTO am_personalization_check
SELECT NOT EXISTS (SELECT 1 FROM main.sqlite_master WHERE name IN (
    'am_personalization_shadow_served',
    'am_personalization_shadow_decision',
    'am_personalization_shadow_list',
    'am_personalization_shadow'
));
DROP TABLE am_personalization_check;

COMMIT;
