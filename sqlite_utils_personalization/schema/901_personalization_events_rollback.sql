-- target_db: autonomath
-- Undoes 901, for development: deliveries, erasures, rotations, verifications and feedback are forgotten. Leaves 287 and 900 as they were.

BEGIN;

DROP TABLE IF EXISTS am_personalization_reconciled;
DROP TABLE IF EXISTS am_personalization_reconciliation;
DROP TABLE IF EXISTS am_personalization_verification;
DROP TABLE IF EXISTS am_personalization_saved_search;
DROP TABLE IF EXISTS am_personalization_billing_key;
DROP TABLE IF EXISTS am_personalization_feedback;
DROP TABLE IF EXISTS am_personalization_identity_salt;
DROP TABLE IF EXISTS am_personalization_identity;
DROP TABLE IF EXISTS am_personalization_other_hash;
DROP TABLE IF EXISTS am_personalization_rotation;
DROP TABLE IF EXISTS am_personalization_erasure;
DROP TABLE IF EXISTS am_personalization_delivery;

-- The sqlite3 shell goes on after an error; this undoes everything unless all of it is gone.
CREATE TEMP TABLE am_personalization_check (
    gone INTEGER CONSTRAINT "901 could not be removed whole and was left as it was" CHECK (gone)
);
INSERT OR ROLLBACK INTO am_personalization_check
SELECT NOT EXISTS (SELECT 1 FROM main.sqlite_master WHERE name IN (
    'am_personalization_reconciled',
    'am_personalization_reconciliation',
    'am_personalization_verification',
    'am_personalization_saved_search',
    'am_personalization_billing_key',
    'am_personalization_feedback',
    'am_personalization_identity_salt',
    'am_personalization_identity',
    'am_personalization_other_hash',
    'am_personalization_rotation',
    'am_personalization_erasure',
    'am_personalization_delivery'
));
DROP TABLE am_personalization_check;

COMMIT;
