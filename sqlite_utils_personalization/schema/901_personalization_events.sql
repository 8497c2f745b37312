-- target_db: autonomath
-- 901: what happened to recommendations and customers afterwards - deliveries, what customers said of items, erasures,
-- rotated keys, verifications.
-- Needs 287. Additive and idempotent, through personalization-migrate or sqlite3 DB < FILE.

BEGIN;

-- One recommendation reached its customer once, or a correction that takes this back. Only a status of 2xx is billed.
CREATE TABLE IF NOT EXISTS am_personalization_delivery (
    delivery_id INTEGER PRIMARY KEY CHECK (delivery_id BETWEEN 1 AND 9007199254740992),
    -- sha256 over rec_id, channel and slot: the same delivery told twice is one row
    delivery_key TEXT NOT NULL UNIQUE CHECK (length(delivery_key) = 64),
    rec_id INTEGER NOT NULL CHECK (rec_id BETWEEN 1 AND 9007199254740992),
    channel TEXT NOT NULL CHECK (channel IN ('rest', 'mcp', 'digest')),
    -- what makes two deliveries of a row on a channel two: a day, an issue of the digest
    slot TEXT NOT NULL CHECK (length(slot) BETWEEN 1 AND 64 AND slot NOT GLOB '*[^0-9A-Za-z:._-]*'),
    delivered_at TEXT NOT NULL,
    recorded_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    -- of HTTP
    status INTEGER NOT NULL CHECK (status BETWEEN 100 AND 599),
    -- yen, tax excluded, at that time
    unit_price_yen INTEGER NOT NULL CHECK (unit_price_yen >= 0),
    reversal_of INTEGER UNIQUE REFERENCES am_personalization_delivery(delivery_id),
    -- of a delivery that is charged: sha256 over customer, item and Japanese day, so that none is charged twice a day
    charge_key TEXT UNIQUE CHECK (length(charge_key) = 64)
);

CREATE INDEX IF NOT EXISTS idx_am_personalization_delivery_rec ON am_personalization_delivery(rec_id);

-- All that a sum over days or a month needs, so that it reads the index alone.
CREATE INDEX IF NOT EXISTS idx_am_personalization_delivery_delivered
    ON am_personalization_delivery(delivered_at, channel, status, unit_price_yen, reversal_of);

-- One customer's link from key to profile_id was cut. No hash, no text; no reference to the profile, which is its own.
CREATE TABLE IF NOT EXISTS am_personalization_erasure (
    erasure_id INTEGER PRIMARY KEY CHECK (erasure_id BETWEEN 1 AND 9007199254740992),
    profile_id INTEGER NOT NULL UNIQUE,
    erased_at TEXT NOT NULL,
    -- the grounds of GDPR article 17(1), a to e
    legal_basis TEXT NOT NULL CHECK (legal_basis IN (
        'no_longer_necessary', 'consent_withdrawn', 'objection', 'unlawful_processing', 'legal_obligation'
    )),
    -- recommendations of that profile that stay in the log
    log_rows INTEGER NOT NULL CHECK (log_rows >= 0)
);

-- One customer's key was replaced. proof: HMAC-SHA256, keyed with the old key, of the sha256 of the new one.
CREATE TABLE IF NOT EXISTS am_personalization_rotation (
    rotation_id INTEGER PRIMARY KEY CHECK (rotation_id BETWEEN 1 AND 9007199254740992),
    profile_id INTEGER NOT NULL,
    rotated_at TEXT NOT NULL,
    proof TEXT NOT NULL CHECK (length(proof) = 64)
);

-- Other hashes a customer is known by: of keys that were replaced, and what other programs keep of the same key. Not guarded:
-- erasing the customer destroys them.
CREATE TABLE IF NOT EXISTS am_personalization_other_hash (
    profile_id INTEGER NOT NULL,
    key_hash TEXT NOT NULL CHECK (length(key_hash) = 64),
    -- NULL as long as it is of the key the customer has
    replaced_at TEXT,
    PRIMARY KEY (profile_id, key_hash)
) WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS idx_am_personalization_other_hash_key ON am_personalization_other_hash(key_hash);

-- What a customer said of an item; the last word on an item counts, withdrawn takes it back. No text of the customer's.
CREATE TABLE IF NOT EXISTS am_personalization_feedback (
    feedback_id INTEGER PRIMARY KEY CHECK (feedback_id BETWEEN 1 AND 9007199254740992),
    profile_id INTEGER NOT NULL,
    recommendation_type TEXT NOT NULL
        CHECK (recommendation_type IN ('program', 'industry_pack', 'saved_search', 'amendment')),
    item_id TEXT NOT NULL,
    feedback TEXT NOT NULL CHECK (feedback IN ('dismissed', 'interested', 'applied', 'withdrawn')),
    -- the family and the days of the item as it was when that was said
    family TEXT,
    opens_on TEXT CHECK (opens_on IS date(opens_on)),
    closes_on TEXT CHECK (closes_on IS date(closes_on)),
    given_at TEXT NOT NULL
);

CREATE INDEX IF NOT EXISTS idx_am_personalization_feedback_item
    ON am_personalization_feedback(profile_id, recommendation_type, item_id, feedback_id);

-- Which key a customer has, as a commitment that only its salt can open: sha256 over salt, profile_id and the key's hash.
CREATE TABLE IF NOT EXISTS am_personalization_identity (
    identity_id INTEGER PRIMARY KEY CHECK (identity_id BETWEEN 1 AND 9007199254740992),
    profile_id INTEGER NOT NULL,
    commitment TEXT NOT NULL CHECK (length(commitment) = 64),
    bound_at TEXT NOT NULL
);

CREATE INDEX IF NOT EXISTS idx_am_personalization_identity_profile
    ON am_personalization_identity(profile_id, identity_id);

-- Not guarded: erasing a customer destroys it.
CREATE TABLE IF NOT EXISTS am_personalization_identity_salt (
    identity_id INTEGER PRIMARY KEY REFERENCES am_personalization_identity(identity_id),
    salt TEXT NOT NULL CHECK (length(salt) = 64)
);

-- What usage_events, Stripe and invoices name a delivery by: random, so that only this table relates the two. Not guarded:
-- erasing the customer empties delivery_id for good, and the key stays to tell their charges from forged ones.
CREATE TABLE IF NOT EXISTS am_personalization_billing_key (
    billing_key TEXT PRIMARY KEY CHECK (length(billing_key) = 64),
    delivery_id INTEGER UNIQUE REFERENCES am_personalization_delivery(delivery_id)
) WITHOUT ROWID;

-- The number that stands for a customer's saved search in all that is kept. Not guarded: erasing the customer destroys it.
CREATE TABLE IF NOT EXISTS am_personalization_saved_search (
    profile_id INTEGER NOT NULL,
    search_id TEXT NOT NULL,
    number INTEGER NOT NULL CHECK (number >= 1),
    PRIMARY KEY (profile_id, search_id),
    UNIQUE (profile_id, number)
) WITHOUT ROWID;

-- What one verification found, as personalization-verify --keep wrote it down: said by whoever ran it, no proof.
CREATE TABLE IF NOT EXISTS am_personalization_verification (
    verification_id INTEGER PRIMARY KEY CHECK (verification_id BETWEEN 1 AND 9007199254740992),
    verified_at TEXT NOT NULL,
    package_version TEXT NOT NULL,
    -- the last row of the log, how many rows had evidence or a seal, and the last seal with the root over all of them
    log_end INTEGER NOT NULL CHECK (log_end >= 0),
    covered_rows INTEGER NOT NULL CHECK (covered_rows >= 0),
    seal_id INTEGER NOT NULL CHECK (seal_id >= 0),
    tree_root TEXT CHECK (length(tree_root) = 64),
    -- the heads that were kept outside the file, and the newest seal among them
    kept TEXT NOT NULL CHECK (kept IN ('none', 'agree', 'differ')),
    kept_seal_id INTEGER,
    seconds INTEGER NOT NULL CHECK (seconds >= 0),
    findings INTEGER NOT NULL CHECK (findings >= 0),
    -- by code: how many, and the first of them; at most 1,000 in all
    findings_json TEXT NOT NULL CHECK (json_valid(findings_json))
);

-- What personalization-reconcile --keep found last of a month, class by class in order of precedence. Not guarded: it is
-- derived, and replaced as a whole.
CREATE TABLE IF NOT EXISTS am_personalization_reconciliation (
    month TEXT NOT NULL CHECK (month GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]'),
    position INTEGER NOT NULL,
    class TEXT NOT NULL,
    row_count INTEGER NOT NULL,
    owed_yen INTEGER NOT NULL,
    -- NULL where no source says anything of single deliveries
    metered_yen INTEGER,
    invoiced_yen INTEGER,
    -- its rows in am_personalization_reconciled; NULL where there are none, or matched ones, which are not kept
    first_seq INTEGER,
    last_seq INTEGER,
    -- of each source: read, only sums, not given, cannot be read
    sources_json TEXT NOT NULL,
    reconciled_at TEXT NOT NULL,
    PRIMARY KEY (month, position)
) WITHOUT ROWID;

-- One delivery, or a charge that no delivery has, which is not matched. No reference: either may be missing.
CREATE TABLE IF NOT EXISTS am_personalization_reconciled (
    month TEXT NOT NULL,
    seq INTEGER NOT NULL,
    class TEXT NOT NULL,
    because TEXT NOT NULL,
    delivery_key TEXT,
    delivery_id INTEGER,
    rec_id INTEGER,
    channel TEXT,
    slot TEXT,
    status INTEGER,
    decided_at TEXT,
    delivered_at TEXT,
    recorded_at TEXT,
    reversed_at TEXT,
    metered_at TEXT,
    metered_recorded_at TEXT,
    usage_quantity INTEGER,
    stripe_quantity INTEGER,
    owed_yen INTEGER NOT NULL,
    metered_yen INTEGER,
    invoiced_yen INTEGER,
    PRIMARY KEY (month, seq)
) WITHOUT ROWID;

-- Guards: append-only against DML from any connection, as in 900.

CREATE TRIGGER IF NOT EXISTS am_personalization_delivery_no_update BEFORE UPDATE ON am_personalization_delivery
BEGIN SELECT raise(ABORT, 'am_personalization_delivery is append-only'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_delivery_no_delete BEFORE DELETE ON am_personalization_delivery
BEGIN SELECT raise(ABORT, 'am_personalization_delivery is append-only'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_delivery_no_replace BEFORE INSERT ON am_personalization_delivery
WHEN EXISTS (SELECT 1 FROM am_personalization_delivery WHERE delivery_id = new.delivery_id)
    OR EXISTS (SELECT 1 FROM am_personalization_delivery WHERE delivery_key = new.delivery_key)
    OR EXISTS (SELECT 1 FROM am_personalization_delivery WHERE reversal_of = new.reversal_of)
    OR EXISTS (SELECT 1 FROM am_personalization_delivery WHERE charge_key = new.charge_key)
BEGIN SELECT raise(ABORT, 'am_personalization_delivery is append-only'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_erasure_no_update BEFORE UPDATE ON am_personalization_erasure
BEGIN SELECT raise(ABORT, 'am_personalization_erasure is append-only'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_erasure_no_delete BEFORE DELETE ON am_personalization_erasure
BEGIN SELECT raise(ABORT, 'am_personalization_erasure is append-only'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_erasure_no_replace BEFORE INSERT ON am_personalization_erasure
WHEN EXISTS (SELECT 1 FROM am_personalization_erasure WHERE erasure_id = new.erasure_id)
    OR EXISTS (SELECT 1 FROM am_personalization_erasure WHERE profile_id = new.profile_id)
BEGIN SELECT raise(ABORT, 'am_personalization_erasure is append-only'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_rotation_no_update BEFORE UPDATE ON am_personalization_rotation
BEGIN SELECT raise(ABORT, 'am_personalization_rotation is append-only'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_rotation_no_delete BEFORE DELETE ON am_personalization_rotation
BEGIN SELECT raise(ABORT, 'am_personalization_rotation is append-only'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_rotation_no_replace BEFORE INSERT ON am_personalization_rotation
WHEN EXISTS (SELECT 1 FROM am_personalization_rotation WHERE rotation_id = new.rotation_id)
BEGIN SELECT raise(ABORT, 'am_personalization_rotation is append-only'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_feedback_no_update BEFORE UPDATE ON am_personalization_feedback
BEGIN SELECT raise(ABORT, 'am_personalization_feedback is append-only'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_feedback_no_delete BEFORE DELETE ON am_personalization_feedback
BEGIN SELECT raise(ABORT, 'am_personalization_feedback is append-only'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_feedback_no_replace BEFORE INSERT ON am_personalization_feedback
WHEN EXISTS (SELECT 1 FROM am_personalization_feedback WHERE feedback_id = new.feedback_id)
BEGIN SELECT raise(ABORT, 'am_personalization_feedback is append-only'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_identity_no_update BEFORE UPDATE ON am_personalization_identity
BEGIN SELECT raise(ABORT, 'am_personalization_identity is append-only'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_identity_no_delete BEFORE DELETE ON am_personalization_identity
BEGIN SELECT raise(ABORT, 'am_personalization_identity is append-only'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_identity_no_replace BEFORE INSERT ON am_personalization_identity
WHEN EXISTS (SELECT 1 FROM am_personalization_identity WHERE identity_id = new.identity_id)
BEGIN SELECT raise(ABORT, 'am_personalization_identity is append-only'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_verification_no_update BEFORE UPDATE ON am_personalization_verification
BEGIN SELECT raise(ABORT, 'am_personalization_verification is append-only'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_verification_no_delete BEFORE DELETE ON am_personalization_verification
BEGIN SELECT raise(ABORT, 'am_personalization_verification is append-only'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_verification_no_replace BEFORE INSERT ON am_personalization_verification
WHEN EXISTS (SELECT 1 FROM am_personalization_verification WHERE verification_id = new.verification_id)
BEGIN SELECT raise(ABORT, 'am_personalization_verification is append-only'); END;

-- Numbers ascend, because they are sealed up to one of them; and leave room for the next, as in 900.

CREATE TRIGGER IF NOT EXISTS am_personalization_delivery_number AFTER INSERT ON am_personalization_delivery
WHEN new.delivery_id < (SELECT max(delivery_id) FROM am_personalization_delivery)
    OR new.delivery_id > 4503599627370496 AND NOT EXISTS (
        SELECT 1 FROM am_personalization_delivery
        WHERE delivery_id BETWEEN new.delivery_id - 1000000 AND new.delivery_id - 1
    )
BEGIN SELECT raise(ABORT, 'delivery_id must be above all before, and at most 2^52, or follow the one before'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_erasure_number AFTER INSERT ON am_personalization_erasure
WHEN new.erasure_id < (SELECT max(erasure_id) FROM am_personalization_erasure)
    OR new.erasure_id > 4503599627370496 AND NOT EXISTS (
        SELECT 1 FROM am_personalization_erasure
        WHERE erasure_id BETWEEN new.erasure_id - 1000000 AND new.erasure_id - 1
    )
BEGIN SELECT raise(ABORT, 'erasure_id must be above all before, and at most 2^52, or follow the one before'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_rotation_number AFTER INSERT ON am_personalization_rotation
WHEN new.rotation_id < (SELECT max(rotation_id) FROM am_personalization_rotation)
    OR new.rotation_id > 4503599627370496 AND NOT EXISTS (
        SELECT 1 FROM am_personalization_rotation
        WHERE rotation_id BETWEEN new.rotation_id - 1000000 AND new.rotation_id - 1
    )
BEGIN SELECT raise(ABORT, 'rotation_id must be above all before, and at most 2^52, or follow the one before'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_feedback_number AFTER INSERT ON am_personalization_feedback
WHEN new.feedback_id < (SELECT max(feedback_id) FROM am_personalization_feedback)
    OR new.feedback_id > 4503599627370496 AND NOT EXISTS (
        SELECT 1 FROM am_personalization_feedback
        WHERE feedback_id BETWEEN new.feedback_id - 1000000 AND new.feedback_id - 1
    )
BEGIN SELECT raise(ABORT, 'feedback_id must be above all before, and at most 2^52, or follow the one before'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_identity_number AFTER INSERT ON am_personalization_identity
WHEN new.identity_id < (SELECT max(identity_id) FROM am_personalization_identity)
    OR new.identity_id > 4503599627370496 AND NOT EXISTS (
        SELECT 1 FROM am_personalization_identity
        WHERE identity_id BETWEEN new.identity_id - 1000000 AND new.identity_id - 1
    )
BEGIN SELECT raise(ABORT, 'identity_id must be above all before, and at most 2^52, or follow the one before'); END;

CREATE TRIGGER IF NOT EXISTS am_personalization_verification_number AFTER INSERT ON am_personalization_verification
WHEN new.verification_id < (SELECT max(verification_id) FROM am_personalization_verification)
    OR new.verification_id > 4503599627370496 AND NOT EXISTS (
        SELECT 1 FROM am_personalization_verification
        WHERE verification_id BETWEEN new.verification_id - 1000000 AND new.verification_id - 1
    )
BEGIN SELECT raise(ABORT, 'verification_id must be above all before, and at most 2^52, or follow the one before'); END;

-- The sqlite3 shell goes on after an error; this undoes everything unless all of it is there.
CREATE TEMP TABLE am_personalization_check (
    complete INTEGER CONSTRAINT "901 is incomplete and was undone: is 287 applied?" CHECK (complete),
    utf_8 INTEGER CONSTRAINT "901 needs a database in UTF-8, and was undone" CHECK (utf_8)
);
INSERT OR ROLLBACK INTO am_personalization_check(utf_8) SELECT encoding = 'UTF-8' FROM pragma_encoding;
INSERT OR ROLLBACK INTO am_personalization_check(complete)
SELECT EXISTS (SELECT 1 FROM main.sqlite_master WHERE type = 'table' AND name = 'am_personalization_recommendation_log');
INSERT OR ROLLBACK INTO am_personalization_check(complete)
SELECT count(*) = 41 FROM main.sqlite_master WHERE type || ' ' || name IN (
    'table am_personalization_delivery',
    'index idx_am_personalization_delivery_rec',
    'index idx_am_personalization_delivery_delivered',
    'trigger am_personalization_delivery_no_update',
    'trigger am_personalization_delivery_no_delete',
    'trigger am_personalization_delivery_no_replace',
    'trigger am_personalization_delivery_number',
    'table am_personalization_erasure',
    'trigger am_personalization_erasure_no_update',
    'trigger am_personalization_erasure_no_delete',
    'trigger am_personalization_erasure_no_replace',
    'trigger am_personalization_erasure_number',
    'table am_personalization_rotation',
    'trigger am_personalization_rotation_no_update',
    'trigger am_personalization_rotation_no_delete',
    'trigger am_personalization_rotation_no_replace',
    'table am_personalization_other_hash',
    'index idx_am_personalization_other_hash_key',
    'table am_personalization_identity',
    'index idx_am_personalization_identity_profile',
    'trigger am_personalization_identity_no_update',
    'trigger am_personalization_identity_no_delete',
    'trigger am_personalization_identity_no_replace',
    'table am_personalization_identity_salt',
    'trigger am_personalization_identity_number',
    'trigger am_personalization_rotation_number',
    'table am_personalization_feedback',
    'index idx_am_personalization_feedback_item',
    'trigger am_personalization_feedback_no_update',
    'trigger am_personalization_feedback_no_delete',
    'trigger am_personalization_feedback_no_replace',
    'trigger am_personalization_feedback_number',
    'table am_personalization_billing_key',
    'table am_personalization_saved_search',
    'table am_personalization_verification',
    'trigger am_personalization_verification_no_update',
    'trigger am_personalization_verification_no_delete',
    'trigger am_personalization_verification_no_replace',
    'trigger am_personalization_verification_number',
    'table am_personalization_reconciliation',
    'table am_personalization_reconciled'
);
INSERT OR ROLLBACK INTO am_personalization_check(complete)
SELECT count(*) = 87 FROM main.sqlite_master m JOIN pragma_table_info(m.name, 'main') c
WHERE m.type = 'table' AND m.name IN (
    'am_personalization_delivery',
    'am_personalization_erasure',
    'am_personalization_rotation',
    'am_personalization_other_hash',
    'am_personalization_identity',
    'am_personalization_identity_salt',
    'am_personalization_feedback',
    'am_personalization_billing_key',
    'am_personalization_saved_search',
    'am_personalization_verification',
    'am_personalization_reconciliation',
    'am_personalization_reconciled'
);
DROP TABLE am_personalization_check;

COMMIT;
