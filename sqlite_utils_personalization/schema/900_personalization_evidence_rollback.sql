-- target_db: autonomath
-- Undoes 900, for development: the evidence is gone, and the log without its guards. Leaves 287 as it was.

BEGIN;

DROP VIEW IF EXISTS v_personalization_replay;
DROP TRIGGER IF EXISTS am_personalization_recommendation_log_no_update;
DROP TRIGGER IF EXISTS am_personalization_recommendation_log_no_delete;
DROP TRIGGER IF EXISTS am_personalization_recommendation_log_no_replace;
DROP TRIGGER IF EXISTS am_personalization_recommendation_log_rec_id;
DROP TRIGGER IF EXISTS am_personalization_recommendation_log_number;
DROP TABLE IF EXISTS am_personalization_run_customer;
DROP TABLE IF EXISTS am_personalization_run_progress;
DROP TABLE IF EXISTS am_personalization_seal;
DROP TABLE IF EXISTS am_personalization_unserved;
DROP TABLE IF EXISTS am_personalization_evidence;
DROP TABLE IF EXISTS am_personalization_decision;
DROP TABLE IF EXISTS am_personalization_list;
DROP TABLE IF EXISTS am_personalization_run_candidate;
DROP TABLE IF EXISTS am_personalization_candidate;
DROP TABLE IF EXISTS am_personalization_cohort;
DROP TABLE IF EXISTS am_personalization_run;
DROP TABLE IF EXISTS am_personalization_log_mark;

-- The sqlite3 shell goes on after an error; this undoes everything unless all of it is gone.
CREATE TEMP TABLE am_personalization_check (
    gone INTEGER CONSTRAINT "900 could not be removed whole and was left as it was" CHECK (gone)
);
INSERT OR ROLLBACK INTO am_personalization_check
SELECT NOT EXISTS (SELECT 1 FROM main.sqlite_master WHERE name IN (
    'v_personalization_replay',
    'am_personalization_recommendation_log_no_update',
    'am_personalization_recommendation_log_no_delete',
    'am_personalization_recommendation_log_no_replace',
    'am_personalization_recommendation_log_rec_id',
    'am_personalization_recommendation_log_number',
    'am_personalization_run_customer',
    'am_personalization_run_progress',
    'am_personalization_seal',
    'am_personalization_unserved',
    'am_personalization_evidence',
    'am_personalization_decision',
    'am_personalization_list',
    'am_personalization_run_candidate',
    'am_personalization_candidate',
    'am_personalization_cohort',
    'am_personalization_run',
    'am_personalization_log_mark'
));
DROP TABLE am_personalization_check;

COMMIT;
