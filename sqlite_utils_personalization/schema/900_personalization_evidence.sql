-- target_db: autonomath
-- 900: evidence for every logged recommendation - what was recommended, why, and out of what.
-- Needs 287. Additive and idempotent, through personalization-migrate or sqlite3 DB < FILE.
-- Ids end at 2^53: an id of -1 or 2^63-1, once accepted, would block every later automatic one.

BEGIN;

-- Where the log stood when 900 was applied, unless nothing was ever in it: its last row, and the highest number it had
-- given. Until then rows might be deleted, and those in between are not missed. Written the first time only, before
-- there is a run: applied again, 900 forgives nothing.
CREATE TABLE IF NOT EXISTS am_personalization_log_mark (
    mark_id INTEGER PRIMARY KEY CHECK (mark_id = 1),
    last_rec_id INTEGER NOT NULL,
    given_rec_id INTEGER NOT NULL CHECK (given_rec_id >= last_rec_id)
);

INSERT INTO am_personalization_log_mark(mark_id, last_rec_id, given_rec_id)
SELECT 1, last, max(last, coalesce(s.seq, 0))
FROM (SELECT coalesce(max(rec_id), 0) AS last FROM am_personalization_recommendation_log)
LEFT JOIN sqlite_sequence s ON s.name = 'am_personalization_recommendation_log'
WHERE max(last, coalesce(s.seq, 0)) > 0
    AND NOT EXISTS (SELECT 1 FROM main.sqlite_master WHERE type = 'table' AND name = 'am_personalization_run')
    AND NOT EXISTS (SELECT 1 FROM am_personalization_log_mark);

-- One night's scoring, written once. The generated columns are the model's numbers the formula reads. Beside them no
-- column has a CHECK, which a trigger takes the place of: SQLite 3.40 could not VACUUM INTO through a read-only connection.
CREATE TABLE IF NOT EXISTS am_personalization_run (
    run_id INTEGER PRIMARY KEY,
    as_of TEXT NOT NULL,
    again INTEGER NOT NULL,
    model_json TEXT NOT NULL,
    model_sha256 TEXT NOT NULL,
    package_version TEXT NOT NULL,
    top_k INTEGER NOT NULL,
    served_at TEXT NOT NULL,
    started_at TEXT NOT NULL,
    -- random: keeps what one customer's proof shows of the next from being guessed
    salt TEXT NOT NULL,
    customers_sha256 TEXT NOT NULL,
    candidates_sha256 TEXT NOT NULL,
    -- who gets which list, as it was frozen
    served_sha256 TEXT NOT NULL,
    -- up to which delivery and feedback it looked for what was handed over before
    delivery_end INTEGER,
    feedback_end INTEGER,
    profiles INTEGER NOT NULL,
    rejected INTEGER NOT NULL,
    -- per type: customers with a recommendation (scored), without one (zero), and log rows (rows)
    counts_json TEXT NOT NULL,
    -- per type and rule: items left out of the catalogue
    left_out_json TEXT NOT NULL,
    industry_weight INTEGER AS (json_extract(model_json, '$.weights.industry')) STORED,
    deadline_weight INTEGER AS (json_extract(model_json, '$.weights.deadline')) STORED,
    risk_weight INTEGER AS (json_extract(model_json, '$.weights.risk')) STORED,
    urgent_days INTEGER AS (json_extract(model_json, '$.urgent_days')) STORED,
    program_cap INTEGER AS (json_extract(model_json, '$.caps.program')) STORED,
    industry_pack_cap INTEGER AS (json_extract(model_json, '$.caps.industry_pack')) STORED,
    saved_search_cap INTEGER AS (json_extract(model_json, '$.caps.saved_search')) STORED,
    amendment_cap INTEGER AS (json_extract(model_json, '$.caps.amendment')) STORED,
    -- NULL where the model is one of before these rules
    program_lead INTEGER AS (json_extract(model_json, '$.lead_days.program')) STORED,
    amendment_lead INTEGER AS (json_extract(model_json, '$.lead_days.amendment')) STORED,
    rolling_points INTEGER AS (json_extract(model_json, '$.date_points.rolling')) STORED,
    unknown_points INTEGER AS (json_extract(model_json, '$.date_points.unknown')) STORED,
    rank_band INTEGER AS (json_extract(model_json, '$.rank_band')) STORED,
    depth INTEGER AS (json_extract(model_json, '$.depth')) STORED,
    repeat_days INTEGER AS (json_extract(model_json, '$.repeat_days')) STORED,
    UNIQUE (as_of, model_sha256, top_k, again)
);

-- One distinct declared vector. NULL: not declared; industries 'none': a pack the model does not know.
CREATE TABLE IF NOT EXISTS am_personalization_cohort (
    cohort_id INTEGER PRIMARY KEY CHECK (cohort_id BETWEEN 1 AND 9007199254740992),
    industries TEXT CHECK (industries <> ''),
    prefecture TEXT CHECK (prefecture <> ''),
    horizon_days INTEGER CHECK (horizon_days BETWEEN 1 AND 730),
    risk_level TEXT CHECK (risk_level IN ('low', 'medium', 'high'))
);

CREATE UNIQUE INDEX IF NOT EXISTS idx_am_personalization_cohort_vector
    ON am_personalization_cohort(
        coalesce(industries, ''), coalesce(prefecture, ''), coalesce(horizon_days, 0), coalesce(risk_level, '')
    );

-- One version of one item, as the formula saw it, or as the rule named in left_out excluded it.
CREATE TABLE IF NOT EXISTS am_personalization_candidate (
    candidate_id INTEGER PRIMARY KEY CHECK (candidate_id BETWEEN 1 AND 9007199254740992),
    candidate_sha256 TEXT NOT NULL UNIQUE CHECK (length(candidate_sha256) = 64),
    recommendation_type TEXT NOT NULL
        CHECK (recommendation_type IN ('program', 'industry_pack', 'saved_search', 'amendment')),
    item_id TEXT NOT NULL,
    title TEXT NOT NULL,
    -- letters of the Japan Standard Industrial Classification, 'any' or 'unknown'
    industries TEXT NOT NULL,
    -- names separated by commas, or 'nationwide'
    prefectures TEXT NOT NULL,
    opens_on TEXT CHECK (opens_on IS date(opens_on)),
    closes_on TEXT CHECK (closes_on IS date(closes_on)),
    risk_level TEXT CHECK (risk_level IN ('low', 'medium', 'high')),
    why TEXT NOT NULL CHECK (json_valid(why)),
    -- saved searches only: whose it is
    profile_id INTEGER REFERENCES am_personalization_profile(profile_id),
    left_out TEXT,
    -- without a closing date: 1 at any time, 0 nobody knows
    rolling INTEGER CHECK (rolling IN (0, 1)),
    -- rounds, frames and years of one programme: in one area, and wherever it is
    family TEXT CHECK (family <> ''),
    family_name TEXT CHECK (family_name <> '')
);

CREATE INDEX IF NOT EXISTS idx_am_personalization_candidate_item
    ON am_personalization_candidate(recommendation_type, item_id);

CREATE INDEX IF NOT EXISTS idx_am_personalization_candidate_family
    ON am_personalization_candidate(family_name) WHERE family_name IS NOT NULL;

-- Which candidates a run saw; without them nothing could be decided again.
CREATE TABLE IF NOT EXISTS am_personalization_run_candidate (
    run_id INTEGER NOT NULL REFERENCES am_personalization_run(run_id),
    candidate_id INTEGER NOT NULL REFERENCES am_personalization_candidate(candidate_id),
    PRIMARY KEY (run_id, candidate_id)
) WITHOUT ROWID;

-- What one cohort was offered in one run; with profile_id, what the owner of saved searches was.
CREATE TABLE IF NOT EXISTS am_personalization_list (
    list_id INTEGER PRIMARY KEY CHECK (list_id BETWEEN 1 AND 9007199254740992),
    run_id INTEGER NOT NULL REFERENCES am_personalization_run(run_id),
    cohort_id INTEGER NOT NULL REFERENCES am_personalization_cohort(cohort_id),
    profile_id INTEGER REFERENCES am_personalization_profile(profile_id),
    -- of the declared vector, the owner and every place
    list_sha256 TEXT NOT NULL CHECK (length(list_sha256) = 64)
);

CREATE UNIQUE INDEX IF NOT EXISTS idx_am_personalization_list_key
    ON am_personalization_list(run_id, cohort_id, coalesce(profile_id, 0));

-- One place on a list, best first within each type.
CREATE TABLE IF NOT EXISTS am_personalization_decision (
    list_id INTEGER NOT NULL REFERENCES am_personalization_list(list_id),
    seq INTEGER NOT NULL CHECK (seq >= 1),
    candidate_id INTEGER NOT NULL REFERENCES am_personalization_candidate(candidate_id),
    industry_points INTEGER NOT NULL,
    deadline_points INTEGER NOT NULL,
    risk_points INTEGER NOT NULL,
    score INTEGER NOT NULL CHECK (score BETWEEN 1 AND 100),
    PRIMARY KEY (list_id, seq)
) WITHOUT ROWID;

-- Log row first_rec_id + i is decision (list_id, first_seq + i), for i from 0 to n - 1.
CREATE TABLE IF NOT EXISTS am_personalization_evidence (
    first_rec_id INTEGER PRIMARY KEY CHECK (first_rec_id BETWEEN 1 AND 9007199254740992),
    n INTEGER NOT NULL CHECK (n BETWEEN 1 AND 9007199254740992),
    list_id INTEGER NOT NULL REFERENCES am_personalization_list(list_id),
    first_seq INTEGER NOT NULL CHECK (first_seq >= 1)
);

-- Customers a run recommended nothing: by their cohort, or because of a reason. No reference to the profile, which
-- may have been deleted while the run was under way.
CREATE TABLE IF NOT EXISTS am_personalization_unserved (
    run_id INTEGER NOT NULL REFERENCES am_personalization_run(run_id),
    profile_id INTEGER NOT NULL,
    cohort_id INTEGER REFERENCES am_personalization_cohort(cohort_id),
    reason TEXT,
    -- of who was gone before all of it was logged: the digest of the list, first_seq and n of each range that was due
    due_json TEXT CHECK (due_json IS NULL OR json_valid(due_json)),
    PRIMARY KEY (run_id, profile_id),
    CHECK (cohort_id IS NOT NULL OR reason IS NOT NULL)
) WITHOUT ROWID;

-- One sealed run or, without run_id, a segment of rows other programs wrote: a Merkle root. The seals
-- are the leaves of one more tree, whose root is the head; subtree is the root of its largest complete part that ends here.
CREATE TABLE IF NOT EXISTS am_personalization_seal (
    seal_id INTEGER PRIMARY KEY CHECK (seal_id BETWEEN 1 AND 9007199254740992),
    -- drawn with the first seal: the name of this log in its heads
    origin TEXT NOT NULL,
    run_id INTEGER UNIQUE REFERENCES am_personalization_run(run_id),
    first_rec_id INTEGER,
    last_rec_id INTEGER,
    -- the end of the log when it was sealed: what other programs wrote up to there is sealed too
    log_end INTEGER NOT NULL,
    leaves INTEGER NOT NULL CHECK (leaves >= 0),
    root TEXT NOT NULL CHECK (length(root) = 64),
    manifest_json TEXT NOT NULL CHECK (json_valid(manifest_json)),
    subtree TEXT NOT NULL CHECK (length(subtree) = 64),
    tree_root TEXT NOT NULL CHECK (length(tree_root) = 64)
);

-- The only mutable tables: how far a run is, and the customers and lists it still has to log.
CREATE TABLE IF NOT EXISTS am_personalization_run_progress (
    run_id INTEGER PRIMARY KEY REFERENCES am_personalization_run(run_id),
    status TEXT NOT NULL CHECK (status IN ('running', 'finished')),
    cursor INTEGER NOT NULL DEFAULT 0,
    logged INTEGER NOT NULL DEFAULT 0,
    first_rec_id INTEGER,
    finished_at TEXT
);

CREATE TABLE IF NOT EXISTS am_personalization_run_customer (
    run_id INTEGER NOT NULL REFERENCES am_personalization_run(run_id),
    position INTEGER NOT NULL,
    profile_id INTEGER NOT NULL,
    list_id INTEGER NOT NULL REFERENCES am_personalization_list(list_id),
    first_seq INTEGER NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (run_id, position)
) WITHOUT ROWID;

-- Guards: append-only against DML from any connection. BEFORE INSERT closes INSERT OR REPLACE and UPSERT,
-- which recursive_triggers, a setting of each connection, would otherwise decide.

CREATE TRIGGER IF NOT EXISTS am_personalization_recommendation_log_no_update BEFORE UPDATE ON am_personalization_recommendation_log
BEGIN SELECT raise(ABORT, 'am_personalization_recommendation_log is append-only'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_recommendation_log_no_delete BEFORE DELETE ON am_personalization_recommendation_log
BEGIN SELECT raise(ABORT, 'am_personalization_recommendation_log is append-only'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_recommendation_log_no_replace BEFORE INSERT ON am_personalization_recommendation_log
WHEN EXISTS (SELECT 1 FROM am_personalization_recommendation_log
        WHERE rec_id = new.rec_id)
BEGIN SELECT raise(ABORT, 'am_personalization_recommendation_log is append-only'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_run_no_update BEFORE UPDATE ON am_personalization_run
BEGIN SELECT raise(ABORT, 'am_personalization_run is append-only'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_run_no_delete BEFORE DELETE ON am_personalization_run
BEGIN SELECT raise(ABORT, 'am_personalization_run is append-only'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_run_no_replace BEFORE INSERT ON am_personalization_run
WHEN EXISTS (SELECT 1 FROM am_personalization_run
        WHERE run_id = new.run_id)
    OR EXISTS (SELECT 1 FROM am_personalization_run
        WHERE as_of = new.as_of AND model_sha256 = new.model_sha256
        AND top_k = new.top_k AND again = new.again)
BEGIN SELECT raise(ABORT, 'am_personalization_run is append-only'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_cohort_no_update BEFORE UPDATE ON am_personalization_cohort
BEGIN SELECT raise(ABORT, 'am_personalization_cohort is append-only'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_cohort_no_delete BEFORE DELETE ON am_personalization_cohort
BEGIN SELECT raise(ABORT, 'am_personalization_cohort is append-only'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_cohort_no_replace BEFORE INSERT ON am_personalization_cohort
WHEN EXISTS (SELECT 1 FROM am_personalization_cohort
        WHERE cohort_id = new.cohort_id)
    OR EXISTS (SELECT 1 FROM am_personalization_cohort
        WHERE coalesce(industries, '') = coalesce(new.industries, '')
        AND coalesce(prefecture, '') = coalesce(new.prefecture, '')
        AND coalesce(horizon_days, 0) = coalesce(new.horizon_days, 0)
        AND coalesce(risk_level, '') = coalesce(new.risk_level, ''))
BEGIN SELECT raise(ABORT, 'am_personalization_cohort is append-only'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_candidate_no_update BEFORE UPDATE ON am_personalization_candidate
BEGIN SELECT raise(ABORT, 'am_personalization_candidate is append-only'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_candidate_no_delete BEFORE DELETE ON am_personalization_candidate
BEGIN SELECT raise(ABORT, 'am_personalization_candidate is append-only'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_candidate_no_replace BEFORE INSERT ON am_personalization_candidate
WHEN EXISTS (SELECT 1 FROM am_personalization_candidate
        WHERE candidate_id = new.candidate_id)
    OR EXISTS (SELECT 1 FROM am_personalization_candidate
        WHERE candidate_sha256 = new.candidate_sha256)
BEGIN SELECT raise(ABORT, 'am_personalization_candidate is append-only'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_run_candidate_no_update BEFORE UPDATE ON am_personalization_run_candidate
BEGIN SELECT raise(ABORT, 'am_personalization_run_candidate is append-only'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_run_candidate_no_delete BEFORE DELETE ON am_personalization_run_candidate
BEGIN SELECT raise(ABORT, 'am_personalization_run_candidate is append-only'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_run_candidate_no_replace BEFORE INSERT ON am_personalization_run_candidate
WHEN EXISTS (SELECT 1 FROM am_personalization_run_candidate
        WHERE run_id = new.run_id AND candidate_id = new.candidate_id)
BEGIN SELECT raise(ABORT, 'am_personalization_run_candidate is append-only'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_list_no_update BEFORE UPDATE ON am_personalization_list
BEGIN SELECT raise(ABORT, 'am_personalization_list is append-only'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_list_no_delete BEFORE DELETE ON am_personalization_list
BEGIN SELECT raise(ABORT, 'am_personalization_list is append-only'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_list_no_replace BEFORE INSERT ON am_personalization_list
WHEN EXISTS (SELECT 1 FROM am_personalization_list
        WHERE list_id = new.list_id)
    OR EXISTS (SELECT 1 FROM am_personalization_list
        WHERE run_id = new.run_id AND cohort_id = new.cohort_id
        AND coalesce(profile_id, 0) = coalesce(new.profile_id, 0))
BEGIN SELECT raise(ABORT, 'am_personalization_list is append-only'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_decision_no_update BEFORE UPDATE ON am_personalization_decision
BEGIN SELECT raise(ABORT, 'am_personalization_decision is append-only'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_decision_no_delete BEFORE DELETE ON am_personalization_decision
BEGIN SELECT raise(ABORT, 'am_personalization_decision is append-only'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_decision_no_replace BEFORE INSERT ON am_personalization_decision
WHEN EXISTS (SELECT 1 FROM am_personalization_decision
        WHERE list_id = new.list_id AND seq = new.seq)
BEGIN SELECT raise(ABORT, 'am_personalization_decision is append-only'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_evidence_no_update BEFORE UPDATE ON am_personalization_evidence
BEGIN SELECT raise(ABORT, 'am_personalization_evidence is append-only'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_evidence_no_delete BEFORE DELETE ON am_personalization_evidence
BEGIN SELECT raise(ABORT, 'am_personalization_evidence is append-only'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_evidence_no_replace BEFORE INSERT ON am_personalization_evidence
WHEN EXISTS (SELECT 1 FROM am_personalization_evidence
        WHERE first_rec_id = new.first_rec_id)
BEGIN SELECT raise(ABORT, 'am_personalization_evidence is append-only'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_unserved_no_update BEFORE UPDATE ON am_personalization_unserved
BEGIN SELECT raise(ABORT, 'am_personalization_unserved is append-only'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_unserved_no_delete BEFORE DELETE ON am_personalization_unserved
BEGIN SELECT raise(ABORT, 'am_personalization_unserved is append-only'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_unserved_no_replace BEFORE INSERT ON am_personalization_unserved
WHEN EXISTS (SELECT 1 FROM am_personalization_unserved
        WHERE run_id = new.run_id AND profile_id = new.profile_id)
BEGIN SELECT raise(ABORT, 'am_personalization_unserved is append-only'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_seal_no_update BEFORE UPDATE ON am_personalization_seal
BEGIN SELECT raise(ABORT, 'am_personalization_seal is append-only'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_seal_no_delete BEFORE DELETE ON am_personalization_seal
BEGIN SELECT raise(ABORT, 'am_personalization_seal is append-only'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_seal_no_replace BEFORE INSERT ON am_personalization_seal
WHEN EXISTS (SELECT 1 FROM am_personalization_seal
        WHERE seal_id = new.seal_id)
    OR EXISTS (SELECT 1 FROM am_personalization_seal
        WHERE run_id = new.run_id)
BEGIN SELECT raise(ABORT, 'am_personalization_seal is append-only'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_log_mark_no_update BEFORE UPDATE ON am_personalization_log_mark
BEGIN SELECT raise(ABORT, 'am_personalization_log_mark is append-only'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_log_mark_no_delete BEFORE DELETE ON am_personalization_log_mark
BEGIN SELECT raise(ABORT, 'am_personalization_log_mark is append-only'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_log_mark_no_replace BEFORE INSERT ON am_personalization_log_mark
WHEN EXISTS (SELECT 1 FROM am_personalization_log_mark
        WHERE mark_id = new.mark_id)
BEGIN SELECT raise(ABORT, 'am_personalization_log_mark is append-only'); END;

-- An accepted 2^63-1 would leave no automatic id for the next row, and a negative one sorts before the log.
CREATE TRIGGER IF NOT EXISTS am_personalization_recommendation_log_rec_id AFTER INSERT ON am_personalization_recommendation_log
WHEN new.rec_id < 1 OR new.rec_id > 9007199254740992
BEGIN SELECT raise(ABORT, 'rec_id must be between 1 and 2^53'); END;

-- Numbers are given one by one, and end at 2^53. Whoever names one may name the lower half: the upper half, 120,000 years
-- of a hundred million rows a night, stays for those that follow, each within a million of the one before.
-- A row inside what is sealed would be a finding for good.

CREATE TRIGGER IF NOT EXISTS am_personalization_recommendation_log_number AFTER INSERT ON am_personalization_recommendation_log
WHEN new.rec_id BETWEEN 1 AND (SELECT log_end FROM am_personalization_seal ORDER BY seal_id DESC LIMIT 1)
    OR new.rec_id BETWEEN 4503599627370497 AND 9007199254740992 AND NOT EXISTS (
        SELECT 1 FROM am_personalization_recommendation_log
        WHERE rec_id BETWEEN new.rec_id - 1000000 AND new.rec_id - 1
    )
BEGIN
    SELECT raise(ABORT, 'rec_id is in the part of the log that is sealed')
    WHERE new.rec_id <= (SELECT log_end FROM am_personalization_seal ORDER BY seal_id DESC LIMIT 1);
    SELECT raise(ABORT, 'rec_id must be at most 2^52, or follow the one before');
END;

CREATE TRIGGER IF NOT EXISTS am_personalization_run_number AFTER INSERT ON am_personalization_run
WHEN new.run_id > 4503599627370496 AND NOT EXISTS (
        SELECT 1 FROM am_personalization_run
        WHERE run_id BETWEEN new.run_id - 1000000 AND new.run_id - 1
    )
BEGIN SELECT raise(ABORT, 'run_id must be at most 2^52, or follow the one before'); END;

-- Of what is NULL a CHECK says nothing either.
CREATE TRIGGER IF NOT EXISTS am_personalization_run_check AFTER INSERT ON am_personalization_run
WHEN NOT (new.run_id BETWEEN 1 AND 9007199254740992
    AND new.as_of IS date(new.as_of)
    AND new.again >= 0
    AND length(new.model_sha256) = 64
    AND new.top_k >= 1
    AND length(new.salt) = 64
    AND length(new.customers_sha256) = 64
    AND length(new.candidates_sha256) = 64
    AND length(new.served_sha256) = 64
    AND new.profiles >= 0
    AND new.rejected BETWEEN 0 AND new.profiles
    AND json_valid(new.counts_json)
    AND json_valid(new.left_out_json))
BEGIN SELECT raise(ABORT, 'CHECK constraint failed: am_personalization_run'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_cohort_number AFTER INSERT ON am_personalization_cohort
WHEN new.cohort_id > 4503599627370496 AND NOT EXISTS (
        SELECT 1 FROM am_personalization_cohort
        WHERE cohort_id BETWEEN new.cohort_id - 1000000 AND new.cohort_id - 1
    )
BEGIN SELECT raise(ABORT, 'cohort_id must be at most 2^52, or follow the one before'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_candidate_number AFTER INSERT ON am_personalization_candidate
WHEN new.candidate_id > 4503599627370496 AND NOT EXISTS (
        SELECT 1 FROM am_personalization_candidate
        WHERE candidate_id BETWEEN new.candidate_id - 1000000 AND new.candidate_id - 1
    )
BEGIN SELECT raise(ABORT, 'candidate_id must be at most 2^52, or follow the one before'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_list_number AFTER INSERT ON am_personalization_list
WHEN new.list_id > 4503599627370496 AND NOT EXISTS (
        SELECT 1 FROM am_personalization_list
        WHERE list_id BETWEEN new.list_id - 1000000 AND new.list_id - 1
    )
BEGIN SELECT raise(ABORT, 'list_id must be at most 2^52, or follow the one before'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_seal_number AFTER INSERT ON am_personalization_seal
WHEN new.seal_id > 4503599627370496 AND NOT EXISTS (
        SELECT 1 FROM am_personalization_seal
        WHERE seal_id BETWEEN new.seal_id - 1000000 AND new.seal_id - 1
    )
BEGIN SELECT raise(ABORT, 'seal_id must be at most 2^52, or follow the one before'); END;

-- Generated from scoring/formula.sql; a test keeps the two the same.
DROP VIEW IF EXISTS v_personalization_replay;

CREATE VIEW v_personalization_replay AS
SELECT
    l.rec_id,
    t.run_id,
    l.served_at,
    p.user_token_hash,
    l.recommendation_type,
    c.item_id,
    c.title,
    d.industry_points,
    d.deadline_points,
    d.risk_points,
    l.score AS logged_score,
    (min((CASE c.recommendation_type WHEN 'program' THEN r.program_cap WHEN 'industry_pack' THEN r.industry_pack_cap WHEN 'saved_search' THEN r.saved_search_cap WHEN 'amendment' THEN r.amendment_cap END), ((CASE WHEN k.industries IS NOT NULL AND (c.industries = 'any' OR coalesce(c.industries <> 'unknown' AND c.industries GLOB '*[' || k.industries || ']*', 0)) THEN r.industry_weight ELSE 0 END) + (CASE WHEN k.horizon_days IS NULL THEN 0 WHEN c.closes_on IS NOT NULL THEN r.deadline_weight * max(0, k.horizon_days - max(((strftime('%s', c.closes_on) - strftime('%s', r.as_of)) / 86400), (coalesce( min(CASE c.recommendation_type WHEN 'program' THEN r.program_lead WHEN 'amendment' THEN r.amendment_lead END, coalesce(k.horizon_days / 2, 730)), 0 )))) / (k.horizon_days - (coalesce( min(CASE c.recommendation_type WHEN 'program' THEN r.program_lead WHEN 'amendment' THEN r.amendment_lead END, coalesce(k.horizon_days / 2, 730)), 0 ))) WHEN c.rolling IS NOT NULL THEN CASE WHEN c.rolling THEN r.rolling_points ELSE r.unknown_points END WHEN k.horizon_days <= r.urgent_days THEN r.deadline_weight ELSE 0 END) + (CASE WHEN k.risk_level IS NULL THEN 0 WHEN c.risk_level IS NULL THEN CASE WHEN k.risk_level = 'high' THEN 0 ELSE r.risk_weight END WHEN k.risk_level = c.risk_level THEN r.risk_weight WHEN 'medium' IN (k.risk_level, c.risk_level) THEN r.risk_weight / 2 ELSE 0 END)))) AS recomputed_score,
    CASE
        WHEN e.first_rec_id IS NULL THEN 'no evidence'
        WHEN p.profile_id IS NULL OR t.list_id IS NULL OR r.run_id IS NULL OR k.cohort_id IS NULL
            OR d.list_id IS NULL OR c.candidate_id IS NULL THEN 'evidence broken'
        WHEN ((coalesce(c.opens_on <= r.as_of, 1) AND coalesce(r.as_of <= c.closes_on, 1)) AND (c.closes_on IS NULL OR ((strftime('%s', c.closes_on) - strftime('%s', r.as_of)) / 86400) >= (coalesce( min(CASE c.recommendation_type WHEN 'program' THEN r.program_lead WHEN 'amendment' THEN r.amendment_lead END, coalesce(k.horizon_days / 2, 730)), 0 ))) AND (k.prefecture IS NULL OR c.prefectures = 'nationwide' OR instr(c.prefectures, k.prefecture) > 0) AND (k.industries IS NULL OR c.industries = 'unknown' OR (c.industries = 'any' OR coalesce(c.industries <> 'unknown' AND c.industries GLOB '*[' || k.industries || ']*', 0))))
            AND d.industry_points = (CASE WHEN k.industries IS NOT NULL AND (c.industries = 'any' OR coalesce(c.industries <> 'unknown' AND c.industries GLOB '*[' || k.industries || ']*', 0)) THEN r.industry_weight ELSE 0 END)
            AND d.deadline_points = (CASE WHEN k.horizon_days IS NULL THEN 0 WHEN c.closes_on IS NOT NULL THEN r.deadline_weight * max(0, k.horizon_days - max(((strftime('%s', c.closes_on) - strftime('%s', r.as_of)) / 86400), (coalesce( min(CASE c.recommendation_type WHEN 'program' THEN r.program_lead WHEN 'amendment' THEN r.amendment_lead END, coalesce(k.horizon_days / 2, 730)), 0 )))) / (k.horizon_days - (coalesce( min(CASE c.recommendation_type WHEN 'program' THEN r.program_lead WHEN 'amendment' THEN r.amendment_lead END, coalesce(k.horizon_days / 2, 730)), 0 ))) WHEN c.rolling IS NOT NULL THEN CASE WHEN c.rolling THEN r.rolling_points ELSE r.unknown_points END WHEN k.horizon_days <= r.urgent_days THEN r.deadline_weight ELSE 0 END)
            AND d.risk_points = (CASE WHEN k.risk_level IS NULL THEN 0 WHEN c.risk_level IS NULL THEN CASE WHEN k.risk_level = 'high' THEN 0 ELSE r.risk_weight END WHEN k.risk_level = c.risk_level THEN r.risk_weight WHEN 'medium' IN (k.risk_level, c.risk_level) THEN r.risk_weight / 2 ELSE 0 END)
            AND d.score = (min((CASE c.recommendation_type WHEN 'program' THEN r.program_cap WHEN 'industry_pack' THEN r.industry_pack_cap WHEN 'saved_search' THEN r.saved_search_cap WHEN 'amendment' THEN r.amendment_cap END), ((CASE WHEN k.industries IS NOT NULL AND (c.industries = 'any' OR coalesce(c.industries <> 'unknown' AND c.industries GLOB '*[' || k.industries || ']*', 0)) THEN r.industry_weight ELSE 0 END) + (CASE WHEN k.horizon_days IS NULL THEN 0 WHEN c.closes_on IS NOT NULL THEN r.deadline_weight * max(0, k.horizon_days - max(((strftime('%s', c.closes_on) - strftime('%s', r.as_of)) / 86400), (coalesce( min(CASE c.recommendation_type WHEN 'program' THEN r.program_lead WHEN 'amendment' THEN r.amendment_lead END, coalesce(k.horizon_days / 2, 730)), 0 )))) / (k.horizon_days - (coalesce( min(CASE c.recommendation_type WHEN 'program' THEN r.program_lead WHEN 'amendment' THEN r.amendment_lead END, coalesce(k.horizon_days / 2, 730)), 0 ))) WHEN c.rolling IS NOT NULL THEN CASE WHEN c.rolling THEN r.rolling_points ELSE r.unknown_points END WHEN k.horizon_days <= r.urgent_days THEN r.deadline_weight ELSE 0 END) + (CASE WHEN k.risk_level IS NULL THEN 0 WHEN c.risk_level IS NULL THEN CASE WHEN k.risk_level = 'high' THEN 0 ELSE r.risk_weight END WHEN k.risk_level = c.risk_level THEN r.risk_weight WHEN 'medium' IN (k.risk_level, c.risk_level) THEN r.risk_weight / 2 ELSE 0 END))))
            AND l.score = d.score
            AND l.recommendation_type = c.recommendation_type
            AND l.served_at = r.served_at
            AND coalesce(t.profile_id = l.profile_id, 1) THEN 'reproduced'
        ELSE 'differs'
    END AS verdict
FROM am_personalization_recommendation_log l
LEFT JOIN am_personalization_profile p ON p.profile_id = l.profile_id
LEFT JOIN am_personalization_evidence e ON e.first_rec_id = (
    SELECT max(first_rec_id) FROM am_personalization_evidence WHERE first_rec_id <= l.rec_id
) AND l.rec_id < e.first_rec_id + e.n
LEFT JOIN am_personalization_list t ON t.list_id = e.list_id
LEFT JOIN am_personalization_run r ON r.run_id = t.run_id
LEFT JOIN am_personalization_cohort k ON k.cohort_id = t.cohort_id
LEFT JOIN am_personalization_decision d ON d.list_id = e.list_id AND d.seq = l.rec_id - e.first_rec_id + e.first_seq
LEFT JOIN am_personalization_candidate c ON c.candidate_id = d.candidate_id;

-- The sqlite3 shell goes on after an error; this undoes everything unless all of it is there.
CREATE TEMP TABLE am_personalization_check (
    complete INTEGER CONSTRAINT "900 is incomplete and was undone: is 287 applied?" CHECK (complete),
    utf_8 INTEGER CONSTRAINT "900 needs a database in UTF-8, and was undone" CHECK (utf_8)
);
INSERT OR ROLLBACK INTO am_personalization_check(utf_8) SELECT encoding = 'UTF-8' FROM pragma_encoding;
INSERT OR ROLLBACK INTO am_personalization_check(complete)
SELECT count(*) = 58 FROM main.sqlite_master WHERE type || ' ' || name IN (
    'table am_personalization_log_mark',
    'trigger am_personalization_log_mark_no_update',
    'trigger am_personalization_log_mark_no_delete',
    'trigger am_personalization_log_mark_no_replace',
    'table am_personalization_run',
    'table am_personalization_cohort',
    'index idx_am_personalization_cohort_vector',
    'table am_personalization_candidate',
    'index idx_am_personalization_candidate_item',
    'index idx_am_personalization_candidate_family',
    'table am_personalization_run_candidate',
    'table am_personalization_list',
    'index idx_am_personalization_list_key',
    'table am_personalization_decision',
    'table am_personalization_evidence',
    'table am_personalization_unserved',
    'table am_personalization_run_progress',
    'table am_personalization_run_customer',
    'trigger am_personalization_recommendation_log_no_update',
    'trigger am_personalization_recommendation_log_no_delete',
    'trigger am_personalization_recommendation_log_no_replace',
    'trigger am_personalization_run_no_update',
    'trigger am_personalization_run_no_delete',
    'trigger am_personalization_run_no_replace',
    'trigger am_personalization_run_check',
    'trigger am_personalization_cohort_no_update',
    'trigger am_personalization_cohort_no_delete',
    'trigger am_personalization_cohort_no_replace',
    'trigger am_personalization_candidate_no_update',
    'trigger am_personalization_candidate_no_delete',
    'trigger am_personalization_candidate_no_replace',
    'trigger am_personalization_run_candidate_no_update',
    'trigger am_personalization_run_candidate_no_delete',
    'trigger am_personalization_run_candidate_no_replace',
    'trigger am_personalization_list_no_update',
    'trigger am_personalization_list_no_delete',
    'trigger am_personalization_list_no_replace',
    'trigger am_personalization_decision_no_update',
    'trigger am_personalization_decision_no_delete',
    'trigger am_personalization_decision_no_replace',
    'trigger am_personalization_evidence_no_update',
    'trigger am_personalization_evidence_no_delete',
    'trigger am_personalization_evidence_no_replace',
    'trigger am_personalization_unserved_no_update',
    'trigger am_personalization_unserved_no_delete',
    'trigger am_personalization_unserved_no_replace',
    'trigger am_personalization_recommendation_log_rec_id',
    'trigger am_personalization_recommendation_log_number',
    'trigger am_personalization_run_number',
    'trigger am_personalization_cohort_number',
    'trigger am_personalization_candidate_number',
    'trigger am_personalization_list_number',
    'trigger am_personalization_seal_number',
    'table am_personalization_seal',
    'trigger am_personalization_seal_no_update',
    'trigger am_personalization_seal_no_delete',
    'trigger am_personalization_seal_no_replace',
    'view v_personalization_replay'
);
INSERT OR ROLLBACK INTO am_personalization_check(complete)
SELECT count(*) = 104 FROM main.sqlite_master m JOIN pragma_table_xinfo(m.name, 'main') c
WHERE m.type = 'table' AND m.name IN (
    'am_personalization_log_mark',
    'am_personalization_run',
    'am_personalization_cohort',
    'am_personalization_candidate',
    'am_personalization_run_candidate',
    'am_personalization_list',
    'am_personalization_decision',
    'am_personalization_evidence',
    'am_personalization_unserved',
    'am_personalization_seal',
    'am_personalization_run_progress',
    'am_personalization_run_customer'
);
DROP TABLE am_personalization_check;

COMMIT;
