-- target_db: autonomath
-- 902: what another model would have recommended in a night, decided beside it out of the same: never logged, handed over
-- or billed.
-- Needs 287 and 900. Additive and idempotent, through personalization-migrate or sqlite3 DB < FILE.

BEGIN;

-- One night decided under a second model. Sealed like an event, all but model_json, which its digest covers.
CREATE TABLE IF NOT EXISTS am_personalization_shadow (
    shadow_id INTEGER PRIMARY KEY CHECK (shadow_id BETWEEN 1 AND 9007199254740992),
    run_id INTEGER NOT NULL UNIQUE REFERENCES am_personalization_run(run_id),
    model_json TEXT NOT NULL CHECK (json_valid(model_json)),
    model_sha256 TEXT NOT NULL CHECK (length(model_sha256) = 64),
    top_k INTEGER NOT NULL CHECK (top_k >= 1),
    package_version TEXT NOT NULL,
    started_at TEXT NOT NULL,
    finished_at TEXT NOT NULL,
    -- its lists, and the rows that would have been logged
    list_count INTEGER NOT NULL CHECK (list_count >= 0),
    row_count INTEGER NOT NULL CHECK (row_count >= 0),
    -- per type: customers with a recommendation (scored), and rows
    counts_json TEXT NOT NULL CHECK (json_valid(counts_json)),
    -- of all its lists; and, with the salt of the run, of who would get what of which
    lists_sha256 TEXT NOT NULL CHECK (length(lists_sha256) = 64),
    served_sha256 TEXT NOT NULL CHECK (length(served_sha256) = 64)
);

-- As am_personalization_list: what one cohort would have been offered; with profile_id, what the owner of saved searches.
CREATE TABLE IF NOT EXISTS am_personalization_shadow_list (
    shadow_list_id INTEGER PRIMARY KEY CHECK (shadow_list_id BETWEEN 1 AND 9007199254740992),
    shadow_id INTEGER NOT NULL REFERENCES am_personalization_shadow(shadow_id),
    cohort_id INTEGER NOT NULL REFERENCES am_personalization_cohort(cohort_id),
    profile_id INTEGER REFERENCES am_personalization_profile(profile_id),
    list_sha256 TEXT NOT NULL CHECK (length(list_sha256) = 64)
);

CREATE UNIQUE INDEX IF NOT EXISTS idx_am_personalization_shadow_list_key
    ON am_personalization_shadow_list(shadow_id, cohort_id, coalesce(profile_id, 0));

-- As am_personalization_decision: one place on a list, best first within each type.
CREATE TABLE IF NOT EXISTS am_personalization_shadow_decision (
    shadow_list_id INTEGER NOT NULL REFERENCES am_personalization_shadow_list(shadow_list_id),
    seq INTEGER NOT NULL CHECK (seq >= 1),
    candidate_id INTEGER NOT NULL REFERENCES am_personalization_candidate(candidate_id),
    industry_points INTEGER NOT NULL,
    deadline_points INTEGER NOT NULL,
    risk_points INTEGER NOT NULL,
    score INTEGER NOT NULL CHECK (score BETWEEN 1 AND 100),
    PRIMARY KEY (shadow_list_id, seq)
) WITHOUT ROWID;

-- Which places of which list would have been whose. Without profile_id: everyone's of the list's cohort, or its owner's,
-- who has no row here; with one, that customer's, who was spared a repeat, and nothing where there is no list. No reference to
-- the profile, which may have been deleted while the run was under way.
CREATE TABLE IF NOT EXISTS am_personalization_shadow_served (
    shadow_id INTEGER NOT NULL REFERENCES am_personalization_shadow(shadow_id),
    position INTEGER NOT NULL CHECK (position >= 1),
    profile_id INTEGER,
    shadow_list_id INTEGER REFERENCES am_personalization_shadow_list(shadow_list_id),
    first_seq INTEGER CHECK (first_seq >= 1),
    n INTEGER NOT NULL CHECK (n >= 0),
    PRIMARY KEY (shadow_id, position)
) WITHOUT ROWID;

-- Guards: append-only against DML from any connection, as in 900.

CREATE TRIGGER IF NOT EXISTS am_personalization_shadow_no_update BEFORE UPDATE ON am_personalization_shadow
BEGIN SELECT raise(ABORT, 'am_personalization_shadow is append-only'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_shadow_no_delete BEFORE DELETE ON am_personalization_shadow
BEGIN SELECT raise(ABORT, 'am_personalization_shadow is append-only'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_shadow_no_replace BEFORE INSERT ON am_personalization_shadow
WHEN EXISTS (SELECT 1 FROM am_personalization_shadow
        WHERE shadow_id = new.shadow_id)
    OR EXISTS (SELECT 1 FROM am_personalization_shadow
        WHERE run_id = new.run_id)
BEGIN SELECT raise(ABORT, 'am_personalization_shadow is append-only'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_shadow_list_no_update BEFORE UPDATE ON am_personalization_shadow_list
BEGIN SELECT raise(ABORT, 'am_personalization_shadow_list is append-only'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_shadow_list_no_delete BEFORE DELETE ON am_personalization_shadow_list
BEGIN SELECT raise(ABORT, 'am_personalization_shadow_list is append-only'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_shadow_list_no_replace BEFORE INSERT ON am_personalization_shadow_list
WHEN EXISTS (SELECT 1 FROM am_personalization_shadow_list
        WHERE shadow_list_id = new.shadow_list_id)
    OR EXISTS (SELECT 1 FROM am_personalization_shadow_list
        WHERE shadow_id = new.shadow_id AND cohort_id = new.cohort_id
        AND coalesce(profile_id, 0) = coalesce(new.profile_id, 0))
BEGIN SELECT raise(ABORT, 'am_personalization_shadow_list is append-only'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_shadow_decision_no_update BEFORE UPDATE ON am_personalization_shadow_decision
BEGIN SELECT raise(ABORT, 'am_personalization_shadow_decision is append-only'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_shadow_decision_no_delete BEFORE DELETE ON am_personalization_shadow_decision
BEGIN SELECT raise(ABORT, 'am_personalization_shadow_decision is append-only'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_shadow_decision_no_replace BEFORE INSERT ON am_personalization_shadow_decision
WHEN EXISTS (SELECT 1 FROM am_personalization_shadow_decision
        WHERE shadow_list_id = new.shadow_list_id AND seq = new.seq)
BEGIN SELECT raise(ABORT, 'am_personalization_shadow_decision is append-only'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_shadow_served_no_update BEFORE UPDATE ON am_personalization_shadow_served
BEGIN SELECT raise(ABORT, 'am_personalization_shadow_served is append-only'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_shadow_served_no_delete BEFORE DELETE ON am_personalization_shadow_served
BEGIN SELECT raise(ABORT, 'am_personalization_shadow_served is append-only'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_shadow_served_no_replace BEFORE INSERT ON am_personalization_shadow_served
WHEN EXISTS (SELECT 1 FROM am_personalization_shadow_served
        WHERE shadow_id = new.shadow_id AND position = new.position)
BEGIN SELECT raise(ABORT, 'am_personalization_shadow_served is append-only'); END;

-- Numbers ascend where they are sealed up to one of them; and leave room for the next, as in 900.

CREATE TRIGGER IF NOT EXISTS am_personalization_shadow_number AFTER INSERT ON am_personalization_shadow
WHEN new.shadow_id < (SELECT max(shadow_id) FROM am_personalization_shadow)
    OR new.shadow_id > 4503599627370496 AND NOT EXISTS (
        SELECT 1 FROM am_personalization_shadow
        WHERE shadow_id BETWEEN new.shadow_id - 1000000 AND new.shadow_id - 1
    )
BEGIN SELECT raise(ABORT, 'shadow_id must be above all before, and at most 2^52, or follow the one before'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_shadow_list_number AFTER INSERT ON am_personalization_shadow_list
WHEN new.shadow_list_id > 4503599627370496 AND NOT EXISTS (
        SELECT 1 FROM am_personalization_shadow_list
        WHERE shadow_list_id BETWEEN new.shadow_list_id - 1000000 AND new.shadow_list_id - 1
    )
BEGIN SELECT raise(ABORT, 'shadow_list_id must be at most 2^52, or follow the one before'); END;

-- The sqlite3 shell goes on after an error; this undoes everything unless all of it is there.
CREATE TEMP TABLE am_personalization_check (
    complete INTEGER CONSTRAINT "902 is incomplete and was undone: are 287 and 900 applied?" CHECK (complete),
    utf_8 INTEGER CONSTRAINT "902 needs a database in UTF-8, and was undone" CHECK (utf_8)
);
INSERT OR ROLLBACK INTO am_personalization_check(utf_8) SELECT encoding = 'UTF-8' FROM pragma_encoding;
INSERT OR ROLLBACK INTO am_personalization_check(complete)
SELECT count(*) = 2 FROM main.sqlite_master WHERE type = 'table' AND name IN (
    'am_personalization_profile',
    'am_personalization_run'
);
INSERT OR ROLLBACK INTO am_personalization_check(complete)
SELECT count(*) = 19 FROM main.sqlite_master WHERE type || ' ' || name IN (
    'table am_personalization_shadow',
    'trigger am_personalization_shadow_no_update',
    'trigger am_personalization_shadow_no_delete',
    'trigger am_personalization_shadow_no_replace',
    'table am_personalization_shadow_list',
    'index idx_am_personalization_shadow_list_key',
    'trigger am_personalization_shadow_list_no_update',
    'trigger am_personalization_shadow_list_no_delete',
    'trigger am_personalization_shadow_list_no_replace',
    'table am_personalization_shadow_decision',
    'trigger am_personalization_shadow_decision_no_update',
    'trigger am_personalization_shadow_decision_no_delete',
    'trigger am_personalization_shadow_decision_no_replace',
    'table am_personalization_shadow_served',
    'trigger am_personalization_shadow_served_no_update',
    'trigger am_personalization_shadow_served_no_delete',
    'trigger am_personalization_shadow_served_no_replace',
    'trigger am_personalization_shadow_number',
    'trigger am_personalization_shadow_list_number'
);
INSERT OR ROLLBACK INTO am_personalization_check(complete)
SELECT count(*) = 31 FROM main.sqlite_master m JOIN pragma_table_info(m.name, 'main') c
WHERE m.type = 'table' AND m.name IN (
    'am_personalization_shadow',
    'am_personalization_shadow_list',
    'am_personalization_shadow_decision',
    'am_personalization_shadow_served'
);
DROP TABLE am_personalization_check;

COMMIT;
