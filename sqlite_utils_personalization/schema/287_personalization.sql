-- target_db: autonomath
-- 287: what customers declared, and the log of what they were recommended.
-- Additive and idempotent: safe on every boot, through personalization-migrate or sqlite3 DB < FILE.

BEGIN;

CREATE TABLE IF NOT EXISTS am_personalization_profile (
    profile_id INTEGER PRIMARY KEY AUTOINCREMENT,
    -- sha256 hex of the API key, the only identifier
    user_token_hash TEXT NOT NULL UNIQUE CHECK (length(user_token_hash) = 64),
    preference_json TEXT NOT NULL DEFAULT '{}' CHECK (length(preference_json) BETWEEN 2 AND 16384),
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    last_updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    CHECK (last_updated_at >= created_at)
);

CREATE INDEX IF NOT EXISTS idx_am_personalization_profile_token
    ON am_personalization_profile(user_token_hash);

CREATE TABLE IF NOT EXISTS am_personalization_recommendation_log (
    rec_id INTEGER PRIMARY KEY AUTOINCREMENT,
    profile_id INTEGER NOT NULL REFERENCES am_personalization_profile(profile_id),
    recommendation_type TEXT NOT NULL
        CHECK (recommendation_type IN ('program', 'industry_pack', 'saved_search', 'amendment')),
    score INTEGER NOT NULL DEFAULT 0 CHECK (score BETWEEN 0 AND 100),
    served_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
);

CREATE INDEX IF NOT EXISTS idx_am_pers_rec_profile_served
    ON am_personalization_recommendation_log(profile_id, served_at DESC);

CREATE INDEX IF NOT EXISTS idx_am_pers_rec_type_score
    ON am_personalization_recommendation_log(recommendation_type, score DESC, served_at DESC);

-- Replaced, not kept: an older copy of the product ordered this view by customer.
DROP VIEW IF EXISTS v_personalization_recent_recs;

-- One arm per type, so that SQLite merges four scans of the type index instead of sorting the log.
CREATE VIEW v_personalization_recent_recs AS
SELECT l.rec_id, p.user_token_hash, l.recommendation_type, l.score, l.served_at
FROM am_personalization_recommendation_log l JOIN am_personalization_profile p USING (profile_id)
WHERE l.recommendation_type = 'program' AND l.score > 0
UNION ALL
SELECT l.rec_id, p.user_token_hash, l.recommendation_type, l.score, l.served_at
FROM am_personalization_recommendation_log l JOIN am_personalization_profile p USING (profile_id)
WHERE l.recommendation_type = 'industry_pack' AND l.score > 0
UNION ALL
SELECT l.rec_id, p.user_token_hash, l.recommendation_type, l.score, l.served_at
FROM am_personalization_recommendation_log l JOIN am_personalization_profile p USING (profile_id)
WHERE l.recommendation_type = 'saved_search' AND l.score > 0
UNION ALL
SELECT l.rec_id, p.user_token_hash, l.recommendation_type, l.score, l.served_at
FROM am_personalization_recommendation_log l JOIN am_personalization_profile p USING (profile_id)
WHERE l.recommendation_type = 'amendment' AND l.score > 0
ORDER BY score DESC, served_at DESC, rec_id;

-- The sqlite3 shell goes on after an error; this undoes everything unless all of it is there.
CREATE TEMP TABLE am_personalization_check (
    complete INTEGER CONSTRAINT "287 is incomplete and was undone" CHECK (complete),
    utf_8 INTEGER CONSTRAINT "287 needs a database in UTF-8, and was undone" CHECK (utf_8)
);
INSERT OR ROLLBACK INTO am_personalization_check(utf_8) SELECT encoding = 'UTF-8' FROM pragma_encoding;
INSERT OR ROLLBACK INTO am_personalization_check(complete)
SELECT count(*) = 6 FROM main.sqlite_master WHERE type || ' ' || name IN (
    'table am_personalization_profile',
    'index idx_am_personalization_profile_token',
    'table am_personalization_recommendation_log',
    'index idx_am_pers_rec_profile_served',
    'index idx_am_pers_rec_type_score',
    'view v_personalization_recent_recs'
);
INSERT OR ROLLBACK INTO am_personalization_check(complete)
SELECT count(*) = 10 FROM (
    SELECT 'am_personalization_profile' AS name UNION ALL SELECT 'am_personalization_recommendation_log'
) m JOIN pragma_table_info(m.name, 'main') c
WHERE m.name || '.' || c.name IN (
    'am_personalization_profile.profile_id',
    'am_personalization_profile.user_token_hash',
    'am_personalization_profile.preference_json',
    'am_personalization_profile.created_at',
    'am_personalization_profile.last_updated_at',
    'am_personalization_recommendation_log.rec_id',
    'am_personalization_recommendation_log.profile_id',
    'am_personalization_recommendation_log.recommendation_type',
    'am_personalization_recommendation_log.score',
    'am_personalization_recommendation_log.served_at'
);
DROP TABLE am_personalization_check;

COMMIT;
