-- target_db: autonomath
-- Undoes 287, for development: the profiles and the log are gone. Refuses while 900 is there.

BEGIN;

DROP VIEW IF EXISTS v_personalization_recent_recs;
DROP TABLE IF EXISTS am_personalization_recommendation_log;
DROP TABLE IF EXISTS am_personalization_profile;

-- Checked last: the sqlite3 shell goes on after an error, and would drop outside the transaction.
CREATE TEMP TABLE am_personalization_check (
    absent INTEGER CONSTRAINT "900 is still there: roll it back first" CHECK (absent)
);
INSERT OR ROLLBACK INTO am_personalization_check
SELECT NOT EXISTS (SELECT 1 FROM main.sqlite_master WHERE name = 'am_personalization_run');
INSERT OR ROLLBACK INTO am_personalization_check
SELECT NOT EXISTS (SELECT 1 FROM main.sqlite_master WHERE name IN (
    'v_personalization_recent_recs',
    'am_personalization_recommendation_log',
    'am_personalization_profile'
));
DROP TABLE am_personalization_check;

COMMIT;
