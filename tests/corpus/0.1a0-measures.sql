BEGIN TRANSACTION;
CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
);
INSERT INTO "_sqlite_migrations" VALUES(1,'personalization','287_personalization','2026-11-29 10:27:35.583877+00:00');
INSERT INTO "_sqlite_migrations" VALUES(2,'personalization','900_personalization_evidence','2026-11-29 10:27:35.592643+00:00');
INSERT INTO "_sqlite_migrations" VALUES(3,'personalization','901_personalization_events','2026-11-29 10:27:35.599454+00:00');
INSERT INTO "_sqlite_migrations" VALUES(4,'personalization','902_personalization_shadow','2026-11-29 10:27:35.601156+00:00');
CREATE TABLE am_personalization_billing_key (
    billing_key TEXT PRIMARY KEY CHECK (length(billing_key) = 64),
    delivery_id INTEGER UNIQUE REFERENCES am_personalization_delivery(delivery_id)
) WITHOUT ROWID;
CREATE TABLE am_personalization_candidate (
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
INSERT INTO "am_personalization_candidate" VALUES(1,'a7498a1cce289b62ab5b082fe60c06debb6cd2e5fa13b2d116559d1e016eda7e','industry_pack','pack_construction','建設業','D','nationwide',NULL,NULL,NULL,'{}',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(2,'f644f01ca83fac7f63c386c03c23bed614846dc671b1967e4612c3c64c59bf37','industry_pack','pack_health_welfare','医療、福祉','P','nationwide',NULL,NULL,NULL,'{}',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(3,'2a8133b225487a122d6be1a3de31d6112027834fe047b6b7fef658fabc07d78b','industry_pack','pack_information','情報通信業','G','nationwide',NULL,NULL,NULL,'{}',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(4,'c9b1e37b4db2b89bc6cb978c9dbe2d4ad8f816f6957ca3c2c2a308009a0cd2f7','industry_pack','pack_manufacturing','製造業','E','nationwide',NULL,NULL,NULL,'{}',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(5,'818f34f72643d7d7ace60504f1aedbae00030419287f62f6485e39a8f465c5ac','industry_pack','pack_real_estate','不動産業、物品賃貸業','K','nationwide',NULL,NULL,NULL,'{}',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(6,'be988672d7a442e2b4ec2c631abfaad6961d8e943bae0a093147cb0f1fa283c3','program','E','設備の補助金','unknown','nationwide',NULL,NULL,'low','{"tier":"S"}',NULL,NULL,0,'nationwide@|設備補助金','nationwide@|設備補助金');
INSERT INTO "am_personalization_candidate" VALUES(7,'218274bc12cdca9390293f4e29b5210b76c9853ce5577a22e28e1a8e7cd42c49','program','F','店舗の補助金','unknown','東京都',NULL,NULL,'low','{"tier":"S"}',NULL,NULL,0,'東京都@|店舗補助金','東京都@|店舗補助金');
INSERT INTO "am_personalization_candidate" VALUES(8,'f1a0f98d1d235501a6c3c20d966f102fe389ab859dbf8b3757ddb672f827955d','program','G','人材の補助金','unknown','nationwide',NULL,NULL,'low','{"tier":"S"}',NULL,NULL,0,'nationwide@|人材補助金','nationwide@|人材補助金');
INSERT INTO "am_personalization_candidate" VALUES(9,'5411cb5d6a6b06ca64aa445db794d13776dee6965abb5fc0e773571c9d3855f0','saved_search','*','any saved search','any','nationwide',NULL,NULL,NULL,'{"wildcard":true}',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(10,'424c817cf081c7aaaf8bc12e3c21bcfd3517576f342e32bdcebfcc97c63ec3ef','amendment','*','any amendment','any','nationwide',NULL,NULL,NULL,'{"wildcard":true}',NULL,NULL,NULL,NULL,NULL);
CREATE TABLE am_personalization_cohort (
    cohort_id INTEGER PRIMARY KEY CHECK (cohort_id BETWEEN 1 AND 9007199254740992),
    industries TEXT CHECK (industries <> ''),
    prefecture TEXT CHECK (prefecture <> ''),
    horizon_days INTEGER CHECK (horizon_days BETWEEN 1 AND 730),
    risk_level TEXT CHECK (risk_level IN ('low', 'medium', 'high'))
);
INSERT INTO "am_personalization_cohort" VALUES(1,NULL,'東京都',NULL,NULL);
INSERT INTO "am_personalization_cohort" VALUES(2,NULL,NULL,NULL,'low');
CREATE TABLE am_personalization_decision (
    list_id INTEGER NOT NULL REFERENCES am_personalization_list(list_id),
    seq INTEGER NOT NULL CHECK (seq >= 1),
    candidate_id INTEGER NOT NULL REFERENCES am_personalization_candidate(candidate_id),
    industry_points INTEGER NOT NULL,
    deadline_points INTEGER NOT NULL,
    risk_points INTEGER NOT NULL,
    score INTEGER NOT NULL CHECK (score BETWEEN 1 AND 100),
    PRIMARY KEY (list_id, seq)
) WITHOUT ROWID;
INSERT INTO "am_personalization_decision" VALUES(2,1,6,0,0,20,20);
INSERT INTO "am_personalization_decision" VALUES(2,2,7,0,0,20,20);
INSERT INTO "am_personalization_decision" VALUES(2,3,1,0,0,20,20);
INSERT INTO "am_personalization_decision" VALUES(2,4,2,0,0,20,20);
INSERT INTO "am_personalization_decision" VALUES(2,5,9,0,0,20,20);
INSERT INTO "am_personalization_decision" VALUES(2,6,10,0,0,20,20);
INSERT INTO "am_personalization_decision" VALUES(4,1,6,0,0,20,20);
INSERT INTO "am_personalization_decision" VALUES(4,2,7,0,0,20,20);
INSERT INTO "am_personalization_decision" VALUES(4,3,8,0,0,20,20);
INSERT INTO "am_personalization_decision" VALUES(4,4,1,0,0,20,20);
INSERT INTO "am_personalization_decision" VALUES(4,5,2,0,0,20,20);
INSERT INTO "am_personalization_decision" VALUES(4,6,3,0,0,20,20);
INSERT INTO "am_personalization_decision" VALUES(4,7,4,0,0,20,20);
INSERT INTO "am_personalization_decision" VALUES(4,8,5,0,0,20,20);
INSERT INTO "am_personalization_decision" VALUES(4,9,9,0,0,20,20);
INSERT INTO "am_personalization_decision" VALUES(4,10,10,0,0,20,20);
INSERT INTO "am_personalization_decision" VALUES(6,1,6,0,0,20,20);
INSERT INTO "am_personalization_decision" VALUES(6,2,7,0,0,20,20);
INSERT INTO "am_personalization_decision" VALUES(6,3,8,0,0,20,20);
INSERT INTO "am_personalization_decision" VALUES(6,4,1,0,0,20,20);
INSERT INTO "am_personalization_decision" VALUES(6,5,2,0,0,20,20);
INSERT INTO "am_personalization_decision" VALUES(6,6,3,0,0,20,20);
INSERT INTO "am_personalization_decision" VALUES(6,7,4,0,0,20,20);
INSERT INTO "am_personalization_decision" VALUES(6,8,5,0,0,20,20);
INSERT INTO "am_personalization_decision" VALUES(6,9,9,0,0,20,20);
INSERT INTO "am_personalization_decision" VALUES(6,10,10,0,0,20,20);
INSERT INTO "am_personalization_decision" VALUES(8,1,6,0,0,20,20);
INSERT INTO "am_personalization_decision" VALUES(8,2,7,0,0,20,20);
INSERT INTO "am_personalization_decision" VALUES(8,3,8,0,0,20,20);
INSERT INTO "am_personalization_decision" VALUES(8,4,1,0,0,20,20);
INSERT INTO "am_personalization_decision" VALUES(8,5,2,0,0,20,20);
INSERT INTO "am_personalization_decision" VALUES(8,6,3,0,0,20,20);
INSERT INTO "am_personalization_decision" VALUES(8,7,4,0,0,20,20);
INSERT INTO "am_personalization_decision" VALUES(8,8,5,0,0,20,20);
INSERT INTO "am_personalization_decision" VALUES(8,9,9,0,0,20,20);
INSERT INTO "am_personalization_decision" VALUES(8,10,10,0,0,20,20);
CREATE TABLE am_personalization_delivery (
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
INSERT INTO "am_personalization_delivery" VALUES(1,'ba0b98d1176568437136a44f54dd98d123ee4cadbb57ef659f087d471a5d60ad',1,'rest','2026-04-01','2026-04-01T03:00:00.000Z','2026-11-29T10:27:35.220Z',200,3,NULL,'af171fd741dd882f374338b7cf7f200a36fc937e9274aa35e21107f9e9009bc3');
CREATE TABLE am_personalization_erasure (
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
CREATE TABLE am_personalization_evidence (
    first_rec_id INTEGER PRIMARY KEY CHECK (first_rec_id BETWEEN 1 AND 9007199254740992),
    n INTEGER NOT NULL CHECK (n BETWEEN 1 AND 9007199254740992),
    list_id INTEGER NOT NULL REFERENCES am_personalization_list(list_id),
    first_seq INTEGER NOT NULL CHECK (first_seq >= 1)
);
INSERT INTO "am_personalization_evidence" VALUES(1,6,2,1);
INSERT INTO "am_personalization_evidence" VALUES(7,6,2,1);
INSERT INTO "am_personalization_evidence" VALUES(13,4,4,2);
INSERT INTO "am_personalization_evidence" VALUES(17,2,4,9);
INSERT INTO "am_personalization_evidence" VALUES(19,2,4,1);
INSERT INTO "am_personalization_evidence" VALUES(21,2,4,4);
INSERT INTO "am_personalization_evidence" VALUES(23,2,4,9);
INSERT INTO "am_personalization_evidence" VALUES(25,4,6,2);
INSERT INTO "am_personalization_evidence" VALUES(29,2,6,9);
INSERT INTO "am_personalization_evidence" VALUES(31,2,6,1);
INSERT INTO "am_personalization_evidence" VALUES(33,2,6,4);
INSERT INTO "am_personalization_evidence" VALUES(35,2,6,9);
INSERT INTO "am_personalization_evidence" VALUES(37,4,8,2);
INSERT INTO "am_personalization_evidence" VALUES(41,2,8,9);
INSERT INTO "am_personalization_evidence" VALUES(43,2,8,1);
INSERT INTO "am_personalization_evidence" VALUES(45,2,8,4);
INSERT INTO "am_personalization_evidence" VALUES(47,2,8,9);
CREATE TABLE am_personalization_feedback (
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
CREATE TABLE am_personalization_identity (
    identity_id INTEGER PRIMARY KEY CHECK (identity_id BETWEEN 1 AND 9007199254740992),
    profile_id INTEGER NOT NULL,
    commitment TEXT NOT NULL CHECK (length(commitment) = 64),
    bound_at TEXT NOT NULL
);
INSERT INTO "am_personalization_identity" VALUES(1,1,'e4f8378b30083bf45e6090761dc1deda6174239c653b9671979ac8da306e291c','2026-11-29T10:27:35.165Z');
INSERT INTO "am_personalization_identity" VALUES(2,2,'2ec7fa6be7587c58115146b1f817d8ea9205e7af898a630973188d7c6baaa723','2026-11-29T10:27:35.166Z');
INSERT INTO "am_personalization_identity" VALUES(3,3,'4392ba6f3b1beb5d05c64e08b3dacf48ae64e48b822e343a86db42f3a08a2eb5','2026-11-29T10:27:35.166Z');
CREATE TABLE am_personalization_identity_salt (
    identity_id INTEGER PRIMARY KEY REFERENCES am_personalization_identity(identity_id),
    salt TEXT NOT NULL CHECK (length(salt) = 64)
);
INSERT INTO "am_personalization_identity_salt" VALUES(1,'0e82fdb4617825d705735452daa218291eeccab994c5050260c2aeaf8492385d');
INSERT INTO "am_personalization_identity_salt" VALUES(2,'299f79c8652b10d12ad9d93218acb10112abeb8a20a2a42d6a4609b7a12dc911');
INSERT INTO "am_personalization_identity_salt" VALUES(3,'e40413f0b39465708b5f6f407a4a6e6263dbe8e6bcf08a558708d5017e3bf36a');
CREATE TABLE am_personalization_list (
    list_id INTEGER PRIMARY KEY CHECK (list_id BETWEEN 1 AND 9007199254740992),
    run_id INTEGER NOT NULL REFERENCES am_personalization_run(run_id),
    cohort_id INTEGER NOT NULL REFERENCES am_personalization_cohort(cohort_id),
    profile_id INTEGER REFERENCES am_personalization_profile(profile_id),
    -- of the declared vector, the owner and every place
    list_sha256 TEXT NOT NULL CHECK (length(list_sha256) = 64)
);
INSERT INTO "am_personalization_list" VALUES(2,1,2,NULL,'bf4220992b75c3e39d9e26bd45da11ebf7e55f86ee28da42363df52675100234');
INSERT INTO "am_personalization_list" VALUES(4,2,2,NULL,'d75a1fc7b81664ed8e6c33cea55cc249432164c4df46c1fc0cfad8c23ad6bae5');
INSERT INTO "am_personalization_list" VALUES(6,3,2,NULL,'d75a1fc7b81664ed8e6c33cea55cc249432164c4df46c1fc0cfad8c23ad6bae5');
INSERT INTO "am_personalization_list" VALUES(8,4,2,NULL,'d75a1fc7b81664ed8e6c33cea55cc249432164c4df46c1fc0cfad8c23ad6bae5');
CREATE TABLE am_personalization_log_mark (
    mark_id INTEGER PRIMARY KEY CHECK (mark_id = 1),
    last_rec_id INTEGER NOT NULL,
    given_rec_id INTEGER NOT NULL CHECK (given_rec_id >= last_rec_id)
);
CREATE TABLE am_personalization_other_hash (
    profile_id INTEGER NOT NULL,
    key_hash TEXT NOT NULL CHECK (length(key_hash) = 64),
    -- NULL as long as it is of the key the customer has
    replaced_at TEXT,
    PRIMARY KEY (profile_id, key_hash)
) WITHOUT ROWID;
CREATE TABLE am_personalization_profile (
    profile_id INTEGER PRIMARY KEY AUTOINCREMENT,
    -- sha256 hex of the API key, the only identifier
    user_token_hash TEXT NOT NULL UNIQUE CHECK (length(user_token_hash) = 64),
    preference_json TEXT NOT NULL DEFAULT '{}' CHECK (length(preference_json) BETWEEN 2 AND 16384),
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    last_updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    CHECK (last_updated_at >= created_at)
);
INSERT INTO "am_personalization_profile" VALUES(1,'1111111111111111111111111111111111111111111111111111111111111111','{"prefecture":"東京都"}','2026-11-29T10:27:35.101Z','2026-11-29T10:27:35.101Z');
INSERT INTO "am_personalization_profile" VALUES(2,'2222222222222222222222222222222222222222222222222222222222222222','{"risk_tolerance":"low"}','2026-11-29T10:27:35.101Z','2026-11-29T10:27:35.101Z');
INSERT INTO "am_personalization_profile" VALUES(3,'3333333333333333333333333333333333333333333333333333333333333333','{"risk_tolerance":"low"}','2026-11-29T10:27:35.101Z','2026-11-29T10:27:35.101Z');
CREATE TABLE am_personalization_recommendation_log (
    rec_id INTEGER PRIMARY KEY AUTOINCREMENT,
    profile_id INTEGER NOT NULL REFERENCES am_personalization_profile(profile_id),
    recommendation_type TEXT NOT NULL
        CHECK (recommendation_type IN ('program', 'industry_pack', 'saved_search', 'amendment')),
    score INTEGER NOT NULL DEFAULT 0 CHECK (score BETWEEN 0 AND 100),
    served_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
);
INSERT INTO "am_personalization_recommendation_log" VALUES(1,2,'program',20,'2026-11-29T10:27:35.126Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(2,2,'program',20,'2026-11-29T10:27:35.126Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(3,2,'industry_pack',20,'2026-11-29T10:27:35.126Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(4,2,'industry_pack',20,'2026-11-29T10:27:35.126Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(5,2,'saved_search',20,'2026-11-29T10:27:35.126Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(6,2,'amendment',20,'2026-11-29T10:27:35.126Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(7,3,'program',20,'2026-11-29T10:27:35.126Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(8,3,'program',20,'2026-11-29T10:27:35.126Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(9,3,'industry_pack',20,'2026-11-29T10:27:35.126Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(10,3,'industry_pack',20,'2026-11-29T10:27:35.126Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(11,3,'saved_search',20,'2026-11-29T10:27:35.126Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(12,3,'amendment',20,'2026-11-29T10:27:35.126Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(13,2,'program',20,'2026-11-29T10:27:35.233Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(14,2,'program',20,'2026-11-29T10:27:35.233Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(15,2,'industry_pack',20,'2026-11-29T10:27:35.233Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(16,2,'industry_pack',20,'2026-11-29T10:27:35.233Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(17,2,'saved_search',20,'2026-11-29T10:27:35.233Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(18,2,'amendment',20,'2026-11-29T10:27:35.233Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(19,3,'program',20,'2026-11-29T10:27:35.233Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(20,3,'program',20,'2026-11-29T10:27:35.233Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(21,3,'industry_pack',20,'2026-11-29T10:27:35.233Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(22,3,'industry_pack',20,'2026-11-29T10:27:35.233Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(23,3,'saved_search',20,'2026-11-29T10:27:35.233Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(24,3,'amendment',20,'2026-11-29T10:27:35.233Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(25,2,'program',20,'2026-11-29T10:27:35.412Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(26,2,'program',20,'2026-11-29T10:27:35.412Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(27,2,'industry_pack',20,'2026-11-29T10:27:35.412Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(28,2,'industry_pack',20,'2026-11-29T10:27:35.412Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(29,2,'saved_search',20,'2026-11-29T10:27:35.412Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(30,2,'amendment',20,'2026-11-29T10:27:35.412Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(31,3,'program',20,'2026-11-29T10:27:35.412Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(32,3,'program',20,'2026-11-29T10:27:35.412Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(33,3,'industry_pack',20,'2026-11-29T10:27:35.412Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(34,3,'industry_pack',20,'2026-11-29T10:27:35.412Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(35,3,'saved_search',20,'2026-11-29T10:27:35.412Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(36,3,'amendment',20,'2026-11-29T10:27:35.412Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(37,2,'program',20,'2026-11-29T10:27:35.487Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(38,2,'program',20,'2026-11-29T10:27:35.487Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(39,2,'industry_pack',20,'2026-11-29T10:27:35.487Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(40,2,'industry_pack',20,'2026-11-29T10:27:35.487Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(41,2,'saved_search',20,'2026-11-29T10:27:35.487Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(42,2,'amendment',20,'2026-11-29T10:27:35.487Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(43,3,'program',20,'2026-11-29T10:27:35.487Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(44,3,'program',20,'2026-11-29T10:27:35.487Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(45,3,'industry_pack',20,'2026-11-29T10:27:35.487Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(46,3,'industry_pack',20,'2026-11-29T10:27:35.487Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(47,3,'saved_search',20,'2026-11-29T10:27:35.487Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(48,3,'amendment',20,'2026-11-29T10:27:35.487Z');
CREATE TABLE am_personalization_reconciled (
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
CREATE TABLE am_personalization_reconciliation (
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
CREATE TABLE am_personalization_rotation (
    rotation_id INTEGER PRIMARY KEY CHECK (rotation_id BETWEEN 1 AND 9007199254740992),
    profile_id INTEGER NOT NULL,
    rotated_at TEXT NOT NULL,
    proof TEXT NOT NULL CHECK (length(proof) = 64)
);
CREATE TABLE am_personalization_run (
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
INSERT INTO "am_personalization_run" VALUES(1,'2026-04-01',0,'{"amendment_days":30,"amendments":{"changes_named":2,"fields":["close_at","open_at","program.application_period","program.application_period_r7","amount_max_yen","subsidy_rate","subsidy_rate_max","program.subsidy_rate","target_employees","program.target_entity","program.target_business_size","program.prerequisite","program.application_channel"],"name_length":60,"value_length":24},"any_from":17,"caps":{"amendment":90,"industry_pack":75,"program":100,"saved_search":60},"date_points":{"rolling":15,"unknown":0},"depth":30,"keywords":{"6次産業":"AB","ケーブルテレビ":"G","タクシー":"H","トラック運":"H","パイプハウス":"A","ラジオ":"G","介護サービス":"P","介護ロボット":"P","介護事業":"P","介護人材":"P","介護分野":"P","介護施設":"P","介護職員":"P","伝統産業":"E","伝統的工芸品":"E","住宅宿泊":"M","公衆浴場":"N","内航":"H","医療施設":"P","医療機関":"P","営農":"A","園芸":"A","土地改良":"A","地上基幹放送":"G","地域医療":"P","地熱発電":"CF","多面的機能支払":"A","家畜":"A","宿泊施設":"M","就農":"A","建設業":"D","建設産業":"D","携帯電話":"G","旅館":"M","林業":"A","果樹":"A","森林":"A","歯科":"P","水力発電":"F","水田":"A","水稲":"A","清酒":"E","漁業":"B","漁船":"B","畜産":"A","病院":"P","皮革":"EI","直接支払交付金":"A","看護":"P","福祉":"P","系統用蓄電":"F","細胞農業":"L","経営所得安定対策":"A","耕作放棄地":"A","肥料":"A","船員":"H","薬局":"P","訪問介護":"P","診療所":"P","貨物":"H","農作物":"A","農商工連携":"ABEI","農地":"A","農家":"A","農林業":"A","農林水産業":"AB","農林漁業":"AB","農業":"A","農畜水産業":"AB","農福連携":"AP","都市ガス":"F","野菜":"A","鉱山":"C","電子処方箋":"P","電波":"G","食品製造業":"E","飲食店":"M","飼料":"A","鳥獣":"A"},"lead_days":{"amendment":7,"program":14},"packs":{"pack_construction":"D","pack_health_welfare":"P","pack_information":"G","pack_manufacturing":"E","pack_real_estate":"K"},"places_per_family":1,"rank_band":50,"repeat_days":30,"rolling_words":["随時","通年","先着","予算がなくなり次第","予算の上限","予算額に達し","常時"],"tiers":{"A":"low","B":"medium","C":"high","S":"low"},"urgent_days":90,"weights":{"deadline":30,"industry":50,"risk":20}}','885a31e07d8c92c6fe3493c9b9d02d84cebf1cc68863b5ddb0bce08f25147167','0.1a0',2,'2026-11-29T10:27:35.126Z','2026-11-29T10:27:35.120Z','01c10f53fded310bcb8e9ae07606f1cba1ba9bb81d3f4a81bb80ec146ad84cf2','9f9d436f47b8ba5efa773262d2cce21c2f4d9d415cbbd6aacaefd06fbfdfe3e3','70eb99476a854ec17e4877d42bdc94ac5aace52c7714fc2f76f44cd3fd637c90','1395280e52005e4dc7d0554869bfa351b7a08a6758cb88024a3a4badc7b381d8',0,0,3,0,'{"amendment":{"candidates":1,"rows":2,"scored":2,"scores":{"20":2},"zero":1},"industry_pack":{"candidates":5,"rows":4,"scored":2,"scores":{"20":4},"zero":1},"measures":{"area_rows":0,"dated_rows":0,"lists":2,"median_days_left":null,"near_duplicate_lists":0,"nothing_fits":1,"nothing_new":0,"open_items":8,"own_area_rows":0,"rows":8,"shown_items":4,"soon_rows":0,"top_rows":8},"program":{"candidates":3,"rows":4,"scored":2,"scores":{"20":4},"zero":1},"saved_search":{"candidates":1,"rows":2,"scored":2,"scores":{"20":2},"zero":1}}','{}');
INSERT INTO "am_personalization_run" VALUES(2,'2026-04-02',0,'{"amendment_days":30,"amendments":{"changes_named":2,"fields":["close_at","open_at","program.application_period","program.application_period_r7","amount_max_yen","subsidy_rate","subsidy_rate_max","program.subsidy_rate","target_employees","program.target_entity","program.target_business_size","program.prerequisite","program.application_channel"],"name_length":60,"value_length":24},"any_from":17,"caps":{"amendment":90,"industry_pack":75,"program":100,"saved_search":60},"date_points":{"rolling":15,"unknown":0},"depth":30,"keywords":{"6次産業":"AB","ケーブルテレビ":"G","タクシー":"H","トラック運":"H","パイプハウス":"A","ラジオ":"G","介護サービス":"P","介護ロボット":"P","介護事業":"P","介護人材":"P","介護分野":"P","介護施設":"P","介護職員":"P","伝統産業":"E","伝統的工芸品":"E","住宅宿泊":"M","公衆浴場":"N","内航":"H","医療施設":"P","医療機関":"P","営農":"A","園芸":"A","土地改良":"A","地上基幹放送":"G","地域医療":"P","地熱発電":"CF","多面的機能支払":"A","家畜":"A","宿泊施設":"M","就農":"A","建設業":"D","建設産業":"D","携帯電話":"G","旅館":"M","林業":"A","果樹":"A","森林":"A","歯科":"P","水力発電":"F","水田":"A","水稲":"A","清酒":"E","漁業":"B","漁船":"B","畜産":"A","病院":"P","皮革":"EI","直接支払交付金":"A","看護":"P","福祉":"P","系統用蓄電":"F","細胞農業":"L","経営所得安定対策":"A","耕作放棄地":"A","肥料":"A","船員":"H","薬局":"P","訪問介護":"P","診療所":"P","貨物":"H","農作物":"A","農商工連携":"ABEI","農地":"A","農家":"A","農林業":"A","農林水産業":"AB","農林漁業":"AB","農業":"A","農畜水産業":"AB","農福連携":"AP","都市ガス":"F","野菜":"A","鉱山":"C","電子処方箋":"P","電波":"G","食品製造業":"E","飲食店":"M","飼料":"A","鳥獣":"A"},"lead_days":{"amendment":7,"program":14},"packs":{"pack_construction":"D","pack_health_welfare":"P","pack_information":"G","pack_manufacturing":"E","pack_real_estate":"K"},"places_per_family":1,"rank_band":50,"repeat_days":30,"rolling_words":["随時","通年","先着","予算がなくなり次第","予算の上限","予算額に達し","常時"],"tiers":{"A":"low","B":"medium","C":"high","S":"low"},"urgent_days":90,"weights":{"deadline":30,"industry":50,"risk":20}}','885a31e07d8c92c6fe3493c9b9d02d84cebf1cc68863b5ddb0bce08f25147167','0.1a0',2,'2026-11-29T10:27:35.233Z','2026-11-29T10:27:35.230Z','9bb79ed69eb0d48a0f0cf0c4444145041cd76086678f9518099d5f117d116196','9b41c6d59ceead79d24e3457839bfc1e53baa00c7e9d1e74b949c4199118ea7d','70eb99476a854ec17e4877d42bdc94ac5aace52c7714fc2f76f44cd3fd637c90','2039d446ce83cf1b2f832f7ae646054d2f400c23bb4ed3bbafcf4754bd7556b5',1,0,3,0,'{"amendment":{"candidates":1,"rows":2,"scored":2,"scores":{"20":2},"zero":1},"industry_pack":{"candidates":5,"rows":4,"scored":2,"scores":{"20":4},"zero":1},"measures":{"area_rows":0,"dated_rows":0,"lists":2,"median_days_left":null,"near_duplicate_lists":0,"nothing_fits":1,"nothing_new":0,"open_items":8,"own_area_rows":0,"rows":8,"shown_items":5,"soon_rows":0,"top_rows":8},"program":{"candidates":3,"rows":4,"scored":2,"scores":{"20":4},"zero":1},"saved_search":{"candidates":1,"rows":2,"scored":2,"scores":{"20":2},"zero":1}}','{}');
INSERT INTO "am_personalization_run" VALUES(3,'2026-04-02',1,'{"amendment_days":30,"amendments":{"changes_named":2,"fields":["close_at","open_at","program.application_period","program.application_period_r7","amount_max_yen","subsidy_rate","subsidy_rate_max","program.subsidy_rate","target_employees","program.target_entity","program.target_business_size","program.prerequisite","program.application_channel"],"name_length":60,"value_length":24},"any_from":17,"caps":{"amendment":90,"industry_pack":75,"program":100,"saved_search":60},"date_points":{"rolling":15,"unknown":0},"depth":30,"keywords":{"6次産業":"AB","ケーブルテレビ":"G","タクシー":"H","トラック運":"H","パイプハウス":"A","ラジオ":"G","介護サービス":"P","介護ロボット":"P","介護事業":"P","介護人材":"P","介護分野":"P","介護施設":"P","介護職員":"P","伝統産業":"E","伝統的工芸品":"E","住宅宿泊":"M","公衆浴場":"N","内航":"H","医療施設":"P","医療機関":"P","営農":"A","園芸":"A","土地改良":"A","地上基幹放送":"G","地域医療":"P","地熱発電":"CF","多面的機能支払":"A","家畜":"A","宿泊施設":"M","就農":"A","建設業":"D","建設産業":"D","携帯電話":"G","旅館":"M","林業":"A","果樹":"A","森林":"A","歯科":"P","水力発電":"F","水田":"A","水稲":"A","清酒":"E","漁業":"B","漁船":"B","畜産":"A","病院":"P","皮革":"EI","直接支払交付金":"A","看護":"P","福祉":"P","系統用蓄電":"F","細胞農業":"L","経営所得安定対策":"A","耕作放棄地":"A","肥料":"A","船員":"H","薬局":"P","訪問介護":"P","診療所":"P","貨物":"H","農作物":"A","農商工連携":"ABEI","農地":"A","農家":"A","農林業":"A","農林水産業":"AB","農林漁業":"AB","農業":"A","農畜水産業":"AB","農福連携":"AP","都市ガス":"F","野菜":"A","鉱山":"C","電子処方箋":"P","電波":"G","食品製造業":"E","飲食店":"M","飼料":"A","鳥獣":"A"},"lead_days":{"amendment":7,"program":14},"packs":{"pack_construction":"D","pack_health_welfare":"P","pack_information":"G","pack_manufacturing":"E","pack_real_estate":"K"},"places_per_family":1,"rank_band":50,"repeat_days":30,"rolling_words":["随時","通年","先着","予算がなくなり次第","予算の上限","予算額に達し","常時"],"tiers":{"A":"low","B":"medium","C":"high","S":"low"},"urgent_days":90,"weights":{"deadline":30,"industry":50,"risk":20}}','885a31e07d8c92c6fe3493c9b9d02d84cebf1cc68863b5ddb0bce08f25147167','0.1a0',2,'2026-11-29T10:27:35.412Z','2026-11-29T10:27:35.410Z','762fe27b92adb2fc6cf9fa811a81d9078dd0da3190c222f7b3fe6063f91f0aa3','224c90a01a6590f5b173864898c1da10eb161d43077e7179587f434bb3de5a4a','70eb99476a854ec17e4877d42bdc94ac5aace52c7714fc2f76f44cd3fd637c90','f6556512ce04ccb5cc3afcebc794fedc8006fd8cc9ddf5ad23f74790b98ab4e0',1,0,3,0,'{"amendment":{"candidates":1,"rows":2,"scored":2,"scores":{"20":2},"zero":1},"industry_pack":{"candidates":5,"rows":4,"scored":2,"scores":{"20":4},"zero":1},"measures":{"area_rows":0,"dated_rows":0,"lists":2,"median_days_left":null,"near_duplicate_lists":0,"nothing_fits":1,"nothing_new":0,"open_items":8,"own_area_rows":0,"rows":8,"shown_items":5,"soon_rows":0,"top_rows":8},"program":{"candidates":3,"rows":4,"scored":2,"scores":{"20":4},"zero":1},"saved_search":{"candidates":1,"rows":2,"scored":2,"scores":{"20":2},"zero":1}}','{}');
INSERT INTO "am_personalization_run" VALUES(4,'2026-04-04',0,'{"amendment_days":30,"amendments":{"changes_named":2,"fields":["close_at","open_at","program.application_period","program.application_period_r7","amount_max_yen","subsidy_rate","subsidy_rate_max","program.subsidy_rate","target_employees","program.target_entity","program.target_business_size","program.prerequisite","program.application_channel"],"name_length":60,"value_length":24},"any_from":17,"caps":{"amendment":90,"industry_pack":75,"program":100,"saved_search":60},"date_points":{"rolling":15,"unknown":0},"depth":30,"keywords":{"6次産業":"AB","ケーブルテレビ":"G","タクシー":"H","トラック運":"H","パイプハウス":"A","ラジオ":"G","介護サービス":"P","介護ロボット":"P","介護事業":"P","介護人材":"P","介護分野":"P","介護施設":"P","介護職員":"P","伝統産業":"E","伝統的工芸品":"E","住宅宿泊":"M","公衆浴場":"N","内航":"H","医療施設":"P","医療機関":"P","営農":"A","園芸":"A","土地改良":"A","地上基幹放送":"G","地域医療":"P","地熱発電":"CF","多面的機能支払":"A","家畜":"A","宿泊施設":"M","就農":"A","建設業":"D","建設産業":"D","携帯電話":"G","旅館":"M","林業":"A","果樹":"A","森林":"A","歯科":"P","水力発電":"F","水田":"A","水稲":"A","清酒":"E","漁業":"B","漁船":"B","畜産":"A","病院":"P","皮革":"EI","直接支払交付金":"A","看護":"P","福祉":"P","系統用蓄電":"F","細胞農業":"L","経営所得安定対策":"A","耕作放棄地":"A","肥料":"A","船員":"H","薬局":"P","訪問介護":"P","診療所":"P","貨物":"H","農作物":"A","農商工連携":"ABEI","農地":"A","農家":"A","農林業":"A","農林水産業":"AB","農林漁業":"AB","農業":"A","農畜水産業":"AB","農福連携":"AP","都市ガス":"F","野菜":"A","鉱山":"C","電子処方箋":"P","電波":"G","食品製造業":"E","飲食店":"M","飼料":"A","鳥獣":"A"},"lead_days":{"amendment":7,"program":14},"packs":{"pack_construction":"D","pack_health_welfare":"P","pack_information":"G","pack_manufacturing":"E","pack_real_estate":"K"},"places_per_family":1,"rank_band":50,"repeat_days":30,"rolling_words":["随時","通年","先着","予算がなくなり次第","予算の上限","予算額に達し","常時"],"tiers":{"A":"low","B":"medium","C":"high","S":"low"},"urgent_days":90,"weights":{"deadline":30,"industry":50,"risk":20}}','885a31e07d8c92c6fe3493c9b9d02d84cebf1cc68863b5ddb0bce08f25147167','0.1a0',2,'2026-11-29T10:27:35.487Z','2026-11-29T10:27:35.483Z','715dc6257a554806193b969106c18f0c058c4d3377b5ec17c717da424b2db6ba','fcac22b08e30731ce48523ba07d8014812820f177dc32e480bb1de7f66da445f','70eb99476a854ec17e4877d42bdc94ac5aace52c7714fc2f76f44cd3fd637c90','f198c5bbab73e45d5662238e5ccfc94c072f6a2dfbc98a6f7a14f9af15fd0b6b',1,0,3,0,'{"amendment":{"candidates":1,"rows":2,"scored":2,"scores":{"20":2},"zero":1},"industry_pack":{"candidates":5,"rows":4,"scored":2,"scores":{"20":4},"zero":1},"measures":{"area_rows":0,"dated_rows":0,"lists":2,"median_days_left":null,"near_duplicate_lists":0,"nothing_fits":1,"nothing_new":0,"open_items":8,"own_area_rows":0,"rows":8,"shown_items":5,"soon_rows":0,"top_rows":8},"program":{"candidates":3,"rows":4,"scored":2,"scores":{"20":4},"zero":1},"saved_search":{"candidates":1,"rows":2,"scored":2,"scores":{"20":2},"zero":1}}','{}');
CREATE TABLE am_personalization_run_candidate (
    run_id INTEGER NOT NULL REFERENCES am_personalization_run(run_id),
    candidate_id INTEGER NOT NULL REFERENCES am_personalization_candidate(candidate_id),
    PRIMARY KEY (run_id, candidate_id)
) WITHOUT ROWID;
INSERT INTO "am_personalization_run_candidate" VALUES(1,1);
INSERT INTO "am_personalization_run_candidate" VALUES(1,2);
INSERT INTO "am_personalization_run_candidate" VALUES(1,3);
INSERT INTO "am_personalization_run_candidate" VALUES(1,4);
INSERT INTO "am_personalization_run_candidate" VALUES(1,5);
INSERT INTO "am_personalization_run_candidate" VALUES(1,6);
INSERT INTO "am_personalization_run_candidate" VALUES(1,7);
INSERT INTO "am_personalization_run_candidate" VALUES(1,8);
INSERT INTO "am_personalization_run_candidate" VALUES(1,9);
INSERT INTO "am_personalization_run_candidate" VALUES(1,10);
INSERT INTO "am_personalization_run_candidate" VALUES(2,1);
INSERT INTO "am_personalization_run_candidate" VALUES(2,2);
INSERT INTO "am_personalization_run_candidate" VALUES(2,3);
INSERT INTO "am_personalization_run_candidate" VALUES(2,4);
INSERT INTO "am_personalization_run_candidate" VALUES(2,5);
INSERT INTO "am_personalization_run_candidate" VALUES(2,6);
INSERT INTO "am_personalization_run_candidate" VALUES(2,7);
INSERT INTO "am_personalization_run_candidate" VALUES(2,8);
INSERT INTO "am_personalization_run_candidate" VALUES(2,9);
INSERT INTO "am_personalization_run_candidate" VALUES(2,10);
INSERT INTO "am_personalization_run_candidate" VALUES(3,1);
INSERT INTO "am_personalization_run_candidate" VALUES(3,2);
INSERT INTO "am_personalization_run_candidate" VALUES(3,3);
INSERT INTO "am_personalization_run_candidate" VALUES(3,4);
INSERT INTO "am_personalization_run_candidate" VALUES(3,5);
INSERT INTO "am_personalization_run_candidate" VALUES(3,6);
INSERT INTO "am_personalization_run_candidate" VALUES(3,7);
INSERT INTO "am_personalization_run_candidate" VALUES(3,8);
INSERT INTO "am_personalization_run_candidate" VALUES(3,9);
INSERT INTO "am_personalization_run_candidate" VALUES(3,10);
INSERT INTO "am_personalization_run_candidate" VALUES(4,1);
INSERT INTO "am_personalization_run_candidate" VALUES(4,2);
INSERT INTO "am_personalization_run_candidate" VALUES(4,3);
INSERT INTO "am_personalization_run_candidate" VALUES(4,4);
INSERT INTO "am_personalization_run_candidate" VALUES(4,5);
INSERT INTO "am_personalization_run_candidate" VALUES(4,6);
INSERT INTO "am_personalization_run_candidate" VALUES(4,7);
INSERT INTO "am_personalization_run_candidate" VALUES(4,8);
INSERT INTO "am_personalization_run_candidate" VALUES(4,9);
INSERT INTO "am_personalization_run_candidate" VALUES(4,10);
CREATE TABLE am_personalization_run_customer (
    run_id INTEGER NOT NULL REFERENCES am_personalization_run(run_id),
    position INTEGER NOT NULL,
    profile_id INTEGER NOT NULL,
    list_id INTEGER NOT NULL REFERENCES am_personalization_list(list_id),
    first_seq INTEGER NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (run_id, position)
) WITHOUT ROWID;
CREATE TABLE am_personalization_run_progress (
    run_id INTEGER PRIMARY KEY REFERENCES am_personalization_run(run_id),
    status TEXT NOT NULL CHECK (status IN ('running', 'finished')),
    cursor INTEGER NOT NULL DEFAULT 0,
    logged INTEGER NOT NULL DEFAULT 0,
    first_rec_id INTEGER,
    finished_at TEXT
);
INSERT INTO "am_personalization_run_progress" VALUES(1,'finished',2,12,1,'2026-11-29T10:27:35.171Z');
INSERT INTO "am_personalization_run_progress" VALUES(2,'finished',5,12,13,'2026-11-29T10:27:35.252Z');
INSERT INTO "am_personalization_run_progress" VALUES(3,'finished',5,12,25,'2026-11-29T10:27:35.428Z');
INSERT INTO "am_personalization_run_progress" VALUES(4,'finished',5,12,37,'2026-11-29T10:27:35.503Z');
CREATE TABLE am_personalization_saved_search (
    profile_id INTEGER NOT NULL,
    search_id TEXT NOT NULL,
    number INTEGER NOT NULL CHECK (number >= 1),
    PRIMARY KEY (profile_id, search_id),
    UNIQUE (profile_id, number)
) WITHOUT ROWID;
CREATE TABLE am_personalization_seal (
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
INSERT INTO "am_personalization_seal" VALUES(1,'sqlite-utils-personalization/89c6faf9cb8e6922',NULL,NULL,NULL,0,3,'d1eb1b3b1fcd7a85e8c2c94da4ef3a12d6fc7ff5340dd24470fd58e757316981','{"after":0,"end":3,"rows":3,"table":"am_personalization_identity"}','0f91c290a3fd83160f0a03ef80018006eceda34634754cd07cfe5629a8b4fff4','0f91c290a3fd83160f0a03ef80018006eceda34634754cd07cfe5629a8b4fff4');
INSERT INTO "am_personalization_seal" VALUES(2,'sqlite-utils-personalization/89c6faf9cb8e6922',1,1,12,12,2,'a203722e44c0f88bf363d46039192243fd285e71d235ce8bb7d38e0622c89c75','{"rows":12,"run":{"again":0,"as_of":"2026-04-01","candidates_sha256":"70eb99476a854ec17e4877d42bdc94ac5aace52c7714fc2f76f44cd3fd637c90","counts_json":"{\"amendment\":{\"candidates\":1,\"rows\":2,\"scored\":2,\"scores\":{\"20\":2},\"zero\":1},\"industry_pack\":{\"candidates\":5,\"rows\":4,\"scored\":2,\"scores\":{\"20\":4},\"zero\":1},\"measures\":{\"area_rows\":0,\"dated_rows\":0,\"lists\":2,\"median_days_left\":null,\"near_duplicate_lists\":0,\"nothing_fits\":1,\"nothing_new\":0,\"open_items\":8,\"own_area_rows\":0,\"rows\":8,\"shown_items\":4,\"soon_rows\":0,\"top_rows\":8},\"program\":{\"candidates\":3,\"rows\":4,\"scored\":2,\"scores\":{\"20\":4},\"zero\":1},\"saved_search\":{\"candidates\":1,\"rows\":2,\"scored\":2,\"scores\":{\"20\":2},\"zero\":1}}","customers_sha256":"9f9d436f47b8ba5efa773262d2cce21c2f4d9d415cbbd6aacaefd06fbfdfe3e3","delivery_end":0,"feedback_end":0,"left_out_json":"{}","model_sha256":"885a31e07d8c92c6fe3493c9b9d02d84cebf1cc68863b5ddb0bce08f25147167","package_version":"0.1a0","profiles":3,"rejected":0,"run_id":1,"served_at":"2026-11-29T10:27:35.126Z","served_sha256":"1395280e52005e4dc7d0554869bfa351b7a08a6758cb88024a3a4badc7b381d8","started_at":"2026-11-29T10:27:35.120Z","top_k":2},"unserved_sha256":"16259d43f5f33458f862f2e66bec6d82e3ebc48142b585d02ff52e08ade874c8"}','9e3d024d058dc09d6f9bec9d1c9deb172f31f4d89f3994a66b109ac77771cd02','9e3d024d058dc09d6f9bec9d1c9deb172f31f4d89f3994a66b109ac77771cd02');
INSERT INTO "am_personalization_seal" VALUES(3,'sqlite-utils-personalization/89c6faf9cb8e6922',NULL,NULL,NULL,12,1,'d113f2cc8c7bda2dc7e2f2745c78e562ff543ff3c592c2be76d8fd3054aaf675','{"after":0,"end":1,"rows":1,"table":"am_personalization_delivery"}','629d0a402dbf32dfe0c15884adad33ea2b6d87359b3ae035785a01596ae7c410','7d2ce147c156919a0df74b61b41fdbbd180958a7a982e47d1c1751541f6c3f15');
INSERT INTO "am_personalization_seal" VALUES(4,'sqlite-utils-personalization/89c6faf9cb8e6922',2,13,24,24,2,'75695704bfd9b65f7831a95efa98b7e276b3d204c92521af784ee1c111747c77','{"rows":12,"run":{"again":0,"as_of":"2026-04-02","candidates_sha256":"70eb99476a854ec17e4877d42bdc94ac5aace52c7714fc2f76f44cd3fd637c90","counts_json":"{\"amendment\":{\"candidates\":1,\"rows\":2,\"scored\":2,\"scores\":{\"20\":2},\"zero\":1},\"industry_pack\":{\"candidates\":5,\"rows\":4,\"scored\":2,\"scores\":{\"20\":4},\"zero\":1},\"measures\":{\"area_rows\":0,\"dated_rows\":0,\"lists\":2,\"median_days_left\":null,\"near_duplicate_lists\":0,\"nothing_fits\":1,\"nothing_new\":0,\"open_items\":8,\"own_area_rows\":0,\"rows\":8,\"shown_items\":5,\"soon_rows\":0,\"top_rows\":8},\"program\":{\"candidates\":3,\"rows\":4,\"scored\":2,\"scores\":{\"20\":4},\"zero\":1},\"saved_search\":{\"candidates\":1,\"rows\":2,\"scored\":2,\"scores\":{\"20\":2},\"zero\":1}}","customers_sha256":"9b41c6d59ceead79d24e3457839bfc1e53baa00c7e9d1e74b949c4199118ea7d","delivery_end":1,"feedback_end":0,"left_out_json":"{}","model_sha256":"885a31e07d8c92c6fe3493c9b9d02d84cebf1cc68863b5ddb0bce08f25147167","package_version":"0.1a0","profiles":3,"rejected":0,"run_id":2,"served_at":"2026-11-29T10:27:35.233Z","served_sha256":"2039d446ce83cf1b2f832f7ae646054d2f400c23bb4ed3bbafcf4754bd7556b5","started_at":"2026-11-29T10:27:35.230Z","top_k":2},"unserved_sha256":"678d54a9a966be6e677eaf3d3afd602828477d81cfa348d3b6c8a1f37e2b8558"}','184e055857fdf79182824be2b6e91b71d8c742bf8234b444efc7a2a42c0036de','184e055857fdf79182824be2b6e91b71d8c742bf8234b444efc7a2a42c0036de');
INSERT INTO "am_personalization_seal" VALUES(5,'sqlite-utils-personalization/89c6faf9cb8e6922',3,25,36,36,2,'e036af6757b555c5c00c34c2d9044a3db3a76df7e214a8743e31eb9a8c9a2d90','{"rows":12,"run":{"again":1,"as_of":"2026-04-02","candidates_sha256":"70eb99476a854ec17e4877d42bdc94ac5aace52c7714fc2f76f44cd3fd637c90","counts_json":"{\"amendment\":{\"candidates\":1,\"rows\":2,\"scored\":2,\"scores\":{\"20\":2},\"zero\":1},\"industry_pack\":{\"candidates\":5,\"rows\":4,\"scored\":2,\"scores\":{\"20\":4},\"zero\":1},\"measures\":{\"area_rows\":0,\"dated_rows\":0,\"lists\":2,\"median_days_left\":null,\"near_duplicate_lists\":0,\"nothing_fits\":1,\"nothing_new\":0,\"open_items\":8,\"own_area_rows\":0,\"rows\":8,\"shown_items\":5,\"soon_rows\":0,\"top_rows\":8},\"program\":{\"candidates\":3,\"rows\":4,\"scored\":2,\"scores\":{\"20\":4},\"zero\":1},\"saved_search\":{\"candidates\":1,\"rows\":2,\"scored\":2,\"scores\":{\"20\":2},\"zero\":1}}","customers_sha256":"224c90a01a6590f5b173864898c1da10eb161d43077e7179587f434bb3de5a4a","delivery_end":1,"feedback_end":0,"left_out_json":"{}","model_sha256":"885a31e07d8c92c6fe3493c9b9d02d84cebf1cc68863b5ddb0bce08f25147167","package_version":"0.1a0","profiles":3,"rejected":0,"run_id":3,"served_at":"2026-11-29T10:27:35.412Z","served_sha256":"f6556512ce04ccb5cc3afcebc794fedc8006fd8cc9ddf5ad23f74790b98ab4e0","started_at":"2026-11-29T10:27:35.410Z","top_k":2},"unserved_sha256":"b725e22f03e76aee023d2f96f0fbd7bd87f2527695420b3646573dc25f3b939f"}','cd37f951ff5da1895ef94ef1cc34d03004f11c6bd9675423fc855370aff40310','37d0d78f8e0fedab37b9c18f4f382c384f7d7b77ea9b0165174f78db174b1cb7');
INSERT INTO "am_personalization_seal" VALUES(6,'sqlite-utils-personalization/89c6faf9cb8e6922',4,37,48,48,2,'2c4cca48717b267757428209232e93d4f9d867f5f55ab2565e851328cfd0918d','{"rows":12,"run":{"again":0,"as_of":"2026-04-04","candidates_sha256":"70eb99476a854ec17e4877d42bdc94ac5aace52c7714fc2f76f44cd3fd637c90","counts_json":"{\"amendment\":{\"candidates\":1,\"rows\":2,\"scored\":2,\"scores\":{\"20\":2},\"zero\":1},\"industry_pack\":{\"candidates\":5,\"rows\":4,\"scored\":2,\"scores\":{\"20\":4},\"zero\":1},\"measures\":{\"area_rows\":0,\"dated_rows\":0,\"lists\":2,\"median_days_left\":null,\"near_duplicate_lists\":0,\"nothing_fits\":1,\"nothing_new\":0,\"open_items\":8,\"own_area_rows\":0,\"rows\":8,\"shown_items\":5,\"soon_rows\":0,\"top_rows\":8},\"program\":{\"candidates\":3,\"rows\":4,\"scored\":2,\"scores\":{\"20\":4},\"zero\":1},\"saved_search\":{\"candidates\":1,\"rows\":2,\"scored\":2,\"scores\":{\"20\":2},\"zero\":1}}","customers_sha256":"fcac22b08e30731ce48523ba07d8014812820f177dc32e480bb1de7f66da445f","delivery_end":1,"feedback_end":0,"left_out_json":"{}","model_sha256":"885a31e07d8c92c6fe3493c9b9d02d84cebf1cc68863b5ddb0bce08f25147167","package_version":"0.1a0","profiles":3,"rejected":0,"run_id":4,"served_at":"2026-11-29T10:27:35.487Z","served_sha256":"f198c5bbab73e45d5662238e5ccfc94c072f6a2dfbc98a6f7a14f9af15fd0b6b","started_at":"2026-11-29T10:27:35.483Z","top_k":2},"unserved_sha256":"25f337a325dc2a82ee405c045f850d3ee8cac6f502c14141fbc02882f19d3097"}','6d84b01c1226eee118464e6e104655c6f2ec335b49f8d152de5cd0d958c7459c','1f595b4a7dbaaeb3e6d48e64fbce18d35651be05f5f0e9b1fd3fc59e75100656');
CREATE TABLE am_personalization_shadow (
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
CREATE TABLE am_personalization_shadow_decision (
    shadow_list_id INTEGER NOT NULL REFERENCES am_personalization_shadow_list(shadow_list_id),
    seq INTEGER NOT NULL CHECK (seq >= 1),
    candidate_id INTEGER NOT NULL REFERENCES am_personalization_candidate(candidate_id),
    industry_points INTEGER NOT NULL,
    deadline_points INTEGER NOT NULL,
    risk_points INTEGER NOT NULL,
    score INTEGER NOT NULL CHECK (score BETWEEN 1 AND 100),
    PRIMARY KEY (shadow_list_id, seq)
) WITHOUT ROWID;
CREATE TABLE am_personalization_shadow_list (
    shadow_list_id INTEGER PRIMARY KEY CHECK (shadow_list_id BETWEEN 1 AND 9007199254740992),
    shadow_id INTEGER NOT NULL REFERENCES am_personalization_shadow(shadow_id),
    cohort_id INTEGER NOT NULL REFERENCES am_personalization_cohort(cohort_id),
    profile_id INTEGER REFERENCES am_personalization_profile(profile_id),
    list_sha256 TEXT NOT NULL CHECK (length(list_sha256) = 64)
);
CREATE TABLE am_personalization_shadow_served (
    shadow_id INTEGER NOT NULL REFERENCES am_personalization_shadow(shadow_id),
    position INTEGER NOT NULL CHECK (position >= 1),
    profile_id INTEGER,
    shadow_list_id INTEGER REFERENCES am_personalization_shadow_list(shadow_list_id),
    first_seq INTEGER CHECK (first_seq >= 1),
    n INTEGER NOT NULL CHECK (n >= 0),
    PRIMARY KEY (shadow_id, position)
) WITHOUT ROWID;
CREATE TABLE am_personalization_unserved (
    run_id INTEGER NOT NULL REFERENCES am_personalization_run(run_id),
    profile_id INTEGER NOT NULL,
    cohort_id INTEGER REFERENCES am_personalization_cohort(cohort_id),
    reason TEXT,
    -- of who was gone before all of it was logged: the digest of the list, first_seq and n of each range that was due
    due_json TEXT CHECK (due_json IS NULL OR json_valid(due_json)),
    PRIMARY KEY (run_id, profile_id),
    CHECK (cohort_id IS NOT NULL OR reason IS NOT NULL)
) WITHOUT ROWID;
INSERT INTO "am_personalization_unserved" VALUES(1,1,1,NULL,NULL);
INSERT INTO "am_personalization_unserved" VALUES(2,1,1,NULL,NULL);
INSERT INTO "am_personalization_unserved" VALUES(3,1,1,NULL,NULL);
INSERT INTO "am_personalization_unserved" VALUES(4,1,1,NULL,NULL);
CREATE TABLE am_personalization_verification (
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
ANALYZE "sqlite_master";
INSERT INTO "sqlite_stat1" VALUES('am_personalization_profile','idx_am_personalization_profile_token','3 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_profile','sqlite_autoindex_am_personalization_profile_1','3 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_recommendation_log','idx_am_pers_rec_type_score','48 12 12 3');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_recommendation_log','idx_am_pers_rec_profile_served','48 24 6');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_run','sqlite_autoindex_am_personalization_run_1','4 2 2 2 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_cohort','idx_am_personalization_cohort_vector','2 2 1 1 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_candidate','idx_am_personalization_candidate_family','3 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_candidate','idx_am_personalization_candidate_item','10 3 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_candidate','sqlite_autoindex_am_personalization_candidate_1','10 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_run_candidate','am_personalization_run_candidate','40 10 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_list','idx_am_personalization_list_key','4 1 1 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_decision','am_personalization_decision','36 9 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_evidence',NULL,'17');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_unserved','am_personalization_unserved','4 1 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_seal','sqlite_autoindex_am_personalization_seal_1','6 2');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_run_progress',NULL,'4');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_delivery','idx_am_personalization_delivery_delivered','1 1 1 1 1 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_delivery','idx_am_personalization_delivery_rec','1 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_delivery','sqlite_autoindex_am_personalization_delivery_3','1 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_delivery','sqlite_autoindex_am_personalization_delivery_2','1 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_delivery','sqlite_autoindex_am_personalization_delivery_1','1 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_identity','idx_am_personalization_identity_profile','3 1 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_identity_salt',NULL,'3');
CREATE UNIQUE INDEX "idx__sqlite_migrations_migration_set_name"
    ON "_sqlite_migrations" ("migration_set", "name");
CREATE INDEX idx_am_personalization_profile_token
    ON am_personalization_profile(user_token_hash);
CREATE INDEX idx_am_pers_rec_profile_served
    ON am_personalization_recommendation_log(profile_id, served_at DESC);
CREATE INDEX idx_am_pers_rec_type_score
    ON am_personalization_recommendation_log(recommendation_type, score DESC, served_at DESC);
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
CREATE UNIQUE INDEX idx_am_personalization_cohort_vector
    ON am_personalization_cohort(
        coalesce(industries, ''), coalesce(prefecture, ''), coalesce(horizon_days, 0), coalesce(risk_level, '')
    );
CREATE INDEX idx_am_personalization_candidate_item
    ON am_personalization_candidate(recommendation_type, item_id);
CREATE INDEX idx_am_personalization_candidate_family
    ON am_personalization_candidate(family_name) WHERE family_name IS NOT NULL;
CREATE UNIQUE INDEX idx_am_personalization_list_key
    ON am_personalization_list(run_id, cohort_id, coalesce(profile_id, 0));
CREATE TRIGGER am_personalization_recommendation_log_no_update BEFORE UPDATE ON am_personalization_recommendation_log
BEGIN SELECT raise(ABORT, 'am_personalization_recommendation_log is append-only'); END;
CREATE TRIGGER am_personalization_recommendation_log_no_delete BEFORE DELETE ON am_personalization_recommendation_log
BEGIN SELECT raise(ABORT, 'am_personalization_recommendation_log is append-only'); END;
CREATE TRIGGER am_personalization_recommendation_log_no_replace BEFORE INSERT ON am_personalization_recommendation_log
WHEN EXISTS (SELECT 1 FROM am_personalization_recommendation_log
        WHERE rec_id = new.rec_id)
BEGIN SELECT raise(ABORT, 'am_personalization_recommendation_log is append-only'); END;
CREATE TRIGGER am_personalization_run_no_update BEFORE UPDATE ON am_personalization_run
BEGIN SELECT raise(ABORT, 'am_personalization_run is append-only'); END;
CREATE TRIGGER am_personalization_run_no_delete BEFORE DELETE ON am_personalization_run
BEGIN SELECT raise(ABORT, 'am_personalization_run is append-only'); END;
CREATE TRIGGER am_personalization_run_no_replace BEFORE INSERT ON am_personalization_run
WHEN EXISTS (SELECT 1 FROM am_personalization_run
        WHERE run_id = new.run_id)
    OR EXISTS (SELECT 1 FROM am_personalization_run
        WHERE as_of = new.as_of AND model_sha256 = new.model_sha256
        AND top_k = new.top_k AND again = new.again)
BEGIN SELECT raise(ABORT, 'am_personalization_run is append-only'); END;
CREATE TRIGGER am_personalization_cohort_no_update BEFORE UPDATE ON am_personalization_cohort
BEGIN SELECT raise(ABORT, 'am_personalization_cohort is append-only'); END;
CREATE TRIGGER am_personalization_cohort_no_delete BEFORE DELETE ON am_personalization_cohort
BEGIN SELECT raise(ABORT, 'am_personalization_cohort is append-only'); END;
CREATE TRIGGER am_personalization_cohort_no_replace BEFORE INSERT ON am_personalization_cohort
WHEN EXISTS (SELECT 1 FROM am_personalization_cohort
        WHERE cohort_id = new.cohort_id)
    OR EXISTS (SELECT 1 FROM am_personalization_cohort
        WHERE coalesce(industries, '') = coalesce(new.industries, '')
        AND coalesce(prefecture, '') = coalesce(new.prefecture, '')
        AND coalesce(horizon_days, 0) = coalesce(new.horizon_days, 0)
        AND coalesce(risk_level, '') = coalesce(new.risk_level, ''))
BEGIN SELECT raise(ABORT, 'am_personalization_cohort is append-only'); END;
CREATE TRIGGER am_personalization_candidate_no_update BEFORE UPDATE ON am_personalization_candidate
BEGIN SELECT raise(ABORT, 'am_personalization_candidate is append-only'); END;
CREATE TRIGGER am_personalization_candidate_no_delete BEFORE DELETE ON am_personalization_candidate
BEGIN SELECT raise(ABORT, 'am_personalization_candidate is append-only'); END;
CREATE TRIGGER am_personalization_candidate_no_replace BEFORE INSERT ON am_personalization_candidate
WHEN EXISTS (SELECT 1 FROM am_personalization_candidate
        WHERE candidate_id = new.candidate_id)
    OR EXISTS (SELECT 1 FROM am_personalization_candidate
        WHERE candidate_sha256 = new.candidate_sha256)
BEGIN SELECT raise(ABORT, 'am_personalization_candidate is append-only'); END;
CREATE TRIGGER am_personalization_run_candidate_no_update BEFORE UPDATE ON am_personalization_run_candidate
BEGIN SELECT raise(ABORT, 'am_personalization_run_candidate is append-only'); END;
CREATE TRIGGER am_personalization_run_candidate_no_delete BEFORE DELETE ON am_personalization_run_candidate
BEGIN SELECT raise(ABORT, 'am_personalization_run_candidate is append-only'); END;
CREATE TRIGGER am_personalization_run_candidate_no_replace BEFORE INSERT ON am_personalization_run_candidate
WHEN EXISTS (SELECT 1 FROM am_personalization_run_candidate
        WHERE run_id = new.run_id AND candidate_id = new.candidate_id)
BEGIN SELECT raise(ABORT, 'am_personalization_run_candidate is append-only'); END;
CREATE TRIGGER am_personalization_list_no_update BEFORE UPDATE ON am_personalization_list
BEGIN SELECT raise(ABORT, 'am_personalization_list is append-only'); END;
CREATE TRIGGER am_personalization_list_no_delete BEFORE DELETE ON am_personalization_list
BEGIN SELECT raise(ABORT, 'am_personalization_list is append-only'); END;
CREATE TRIGGER am_personalization_list_no_replace BEFORE INSERT ON am_personalization_list
WHEN EXISTS (SELECT 1 FROM am_personalization_list
        WHERE list_id = new.list_id)
    OR EXISTS (SELECT 1 FROM am_personalization_list
        WHERE run_id = new.run_id AND cohort_id = new.cohort_id
        AND coalesce(profile_id, 0) = coalesce(new.profile_id, 0))
BEGIN SELECT raise(ABORT, 'am_personalization_list is append-only'); END;
CREATE TRIGGER am_personalization_decision_no_update BEFORE UPDATE ON am_personalization_decision
BEGIN SELECT raise(ABORT, 'am_personalization_decision is append-only'); END;
CREATE TRIGGER am_personalization_decision_no_delete BEFORE DELETE ON am_personalization_decision
BEGIN SELECT raise(ABORT, 'am_personalization_decision is append-only'); END;
CREATE TRIGGER am_personalization_decision_no_replace BEFORE INSERT ON am_personalization_decision
WHEN EXISTS (SELECT 1 FROM am_personalization_decision
        WHERE list_id = new.list_id AND seq = new.seq)
BEGIN SELECT raise(ABORT, 'am_personalization_decision is append-only'); END;
CREATE TRIGGER am_personalization_evidence_no_update BEFORE UPDATE ON am_personalization_evidence
BEGIN SELECT raise(ABORT, 'am_personalization_evidence is append-only'); END;
CREATE TRIGGER am_personalization_evidence_no_delete BEFORE DELETE ON am_personalization_evidence
BEGIN SELECT raise(ABORT, 'am_personalization_evidence is append-only'); END;
CREATE TRIGGER am_personalization_evidence_no_replace BEFORE INSERT ON am_personalization_evidence
WHEN EXISTS (SELECT 1 FROM am_personalization_evidence
        WHERE first_rec_id = new.first_rec_id)
BEGIN SELECT raise(ABORT, 'am_personalization_evidence is append-only'); END;
CREATE TRIGGER am_personalization_unserved_no_update BEFORE UPDATE ON am_personalization_unserved
BEGIN SELECT raise(ABORT, 'am_personalization_unserved is append-only'); END;
CREATE TRIGGER am_personalization_unserved_no_delete BEFORE DELETE ON am_personalization_unserved
BEGIN SELECT raise(ABORT, 'am_personalization_unserved is append-only'); END;
CREATE TRIGGER am_personalization_unserved_no_replace BEFORE INSERT ON am_personalization_unserved
WHEN EXISTS (SELECT 1 FROM am_personalization_unserved
        WHERE run_id = new.run_id AND profile_id = new.profile_id)
BEGIN SELECT raise(ABORT, 'am_personalization_unserved is append-only'); END;
CREATE TRIGGER am_personalization_seal_no_update BEFORE UPDATE ON am_personalization_seal
BEGIN SELECT raise(ABORT, 'am_personalization_seal is append-only'); END;
CREATE TRIGGER am_personalization_seal_no_delete BEFORE DELETE ON am_personalization_seal
BEGIN SELECT raise(ABORT, 'am_personalization_seal is append-only'); END;
CREATE TRIGGER am_personalization_seal_no_replace BEFORE INSERT ON am_personalization_seal
WHEN EXISTS (SELECT 1 FROM am_personalization_seal
        WHERE seal_id = new.seal_id)
    OR EXISTS (SELECT 1 FROM am_personalization_seal
        WHERE run_id = new.run_id)
BEGIN SELECT raise(ABORT, 'am_personalization_seal is append-only'); END;
CREATE TRIGGER am_personalization_log_mark_no_update BEFORE UPDATE ON am_personalization_log_mark
BEGIN SELECT raise(ABORT, 'am_personalization_log_mark is append-only'); END;
CREATE TRIGGER am_personalization_log_mark_no_delete BEFORE DELETE ON am_personalization_log_mark
BEGIN SELECT raise(ABORT, 'am_personalization_log_mark is append-only'); END;
CREATE TRIGGER am_personalization_log_mark_no_replace BEFORE INSERT ON am_personalization_log_mark
WHEN EXISTS (SELECT 1 FROM am_personalization_log_mark
        WHERE mark_id = new.mark_id)
BEGIN SELECT raise(ABORT, 'am_personalization_log_mark is append-only'); END;
CREATE TRIGGER am_personalization_recommendation_log_rec_id AFTER INSERT ON am_personalization_recommendation_log
WHEN new.rec_id < 1 OR new.rec_id > 9007199254740992
BEGIN SELECT raise(ABORT, 'rec_id must be between 1 and 2^53'); END;
CREATE TRIGGER am_personalization_recommendation_log_number AFTER INSERT ON am_personalization_recommendation_log
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
CREATE TRIGGER am_personalization_run_number AFTER INSERT ON am_personalization_run
WHEN new.run_id > 4503599627370496 AND NOT EXISTS (
        SELECT 1 FROM am_personalization_run
        WHERE run_id BETWEEN new.run_id - 1000000 AND new.run_id - 1
    )
BEGIN SELECT raise(ABORT, 'run_id must be at most 2^52, or follow the one before'); END;
CREATE TRIGGER am_personalization_run_check AFTER INSERT ON am_personalization_run
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
CREATE TRIGGER am_personalization_cohort_number AFTER INSERT ON am_personalization_cohort
WHEN new.cohort_id > 4503599627370496 AND NOT EXISTS (
        SELECT 1 FROM am_personalization_cohort
        WHERE cohort_id BETWEEN new.cohort_id - 1000000 AND new.cohort_id - 1
    )
BEGIN SELECT raise(ABORT, 'cohort_id must be at most 2^52, or follow the one before'); END;
CREATE TRIGGER am_personalization_candidate_number AFTER INSERT ON am_personalization_candidate
WHEN new.candidate_id > 4503599627370496 AND NOT EXISTS (
        SELECT 1 FROM am_personalization_candidate
        WHERE candidate_id BETWEEN new.candidate_id - 1000000 AND new.candidate_id - 1
    )
BEGIN SELECT raise(ABORT, 'candidate_id must be at most 2^52, or follow the one before'); END;
CREATE TRIGGER am_personalization_list_number AFTER INSERT ON am_personalization_list
WHEN new.list_id > 4503599627370496 AND NOT EXISTS (
        SELECT 1 FROM am_personalization_list
        WHERE list_id BETWEEN new.list_id - 1000000 AND new.list_id - 1
    )
BEGIN SELECT raise(ABORT, 'list_id must be at most 2^52, or follow the one before'); END;
CREATE TRIGGER am_personalization_seal_number AFTER INSERT ON am_personalization_seal
WHEN new.seal_id > 4503599627370496 AND NOT EXISTS (
        SELECT 1 FROM am_personalization_seal
        WHERE seal_id BETWEEN new.seal_id - 1000000 AND new.seal_id - 1
    )
BEGIN SELECT raise(ABORT, 'seal_id must be at most 2^52, or follow the one before'); END;
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
CREATE INDEX idx_am_personalization_delivery_rec ON am_personalization_delivery(rec_id);
CREATE INDEX idx_am_personalization_delivery_delivered
    ON am_personalization_delivery(delivered_at, channel, status, unit_price_yen, reversal_of);
CREATE INDEX idx_am_personalization_other_hash_key ON am_personalization_other_hash(key_hash);
CREATE INDEX idx_am_personalization_feedback_item
    ON am_personalization_feedback(profile_id, recommendation_type, item_id, feedback_id);
CREATE INDEX idx_am_personalization_identity_profile
    ON am_personalization_identity(profile_id, identity_id);
CREATE TRIGGER am_personalization_delivery_no_update BEFORE UPDATE ON am_personalization_delivery
BEGIN SELECT raise(ABORT, 'am_personalization_delivery is append-only'); END;
CREATE TRIGGER am_personalization_delivery_no_delete BEFORE DELETE ON am_personalization_delivery
BEGIN SELECT raise(ABORT, 'am_personalization_delivery is append-only'); END;
CREATE TRIGGER am_personalization_delivery_no_replace BEFORE INSERT ON am_personalization_delivery
WHEN EXISTS (SELECT 1 FROM am_personalization_delivery WHERE delivery_id = new.delivery_id)
    OR EXISTS (SELECT 1 FROM am_personalization_delivery WHERE delivery_key = new.delivery_key)
    OR EXISTS (SELECT 1 FROM am_personalization_delivery WHERE reversal_of = new.reversal_of)
    OR EXISTS (SELECT 1 FROM am_personalization_delivery WHERE charge_key = new.charge_key)
BEGIN SELECT raise(ABORT, 'am_personalization_delivery is append-only'); END;
CREATE TRIGGER am_personalization_erasure_no_update BEFORE UPDATE ON am_personalization_erasure
BEGIN SELECT raise(ABORT, 'am_personalization_erasure is append-only'); END;
CREATE TRIGGER am_personalization_erasure_no_delete BEFORE DELETE ON am_personalization_erasure
BEGIN SELECT raise(ABORT, 'am_personalization_erasure is append-only'); END;
CREATE TRIGGER am_personalization_erasure_no_replace BEFORE INSERT ON am_personalization_erasure
WHEN EXISTS (SELECT 1 FROM am_personalization_erasure WHERE erasure_id = new.erasure_id)
    OR EXISTS (SELECT 1 FROM am_personalization_erasure WHERE profile_id = new.profile_id)
BEGIN SELECT raise(ABORT, 'am_personalization_erasure is append-only'); END;
CREATE TRIGGER am_personalization_rotation_no_update BEFORE UPDATE ON am_personalization_rotation
BEGIN SELECT raise(ABORT, 'am_personalization_rotation is append-only'); END;
CREATE TRIGGER am_personalization_rotation_no_delete BEFORE DELETE ON am_personalization_rotation
BEGIN SELECT raise(ABORT, 'am_personalization_rotation is append-only'); END;
CREATE TRIGGER am_personalization_rotation_no_replace BEFORE INSERT ON am_personalization_rotation
WHEN EXISTS (SELECT 1 FROM am_personalization_rotation WHERE rotation_id = new.rotation_id)
BEGIN SELECT raise(ABORT, 'am_personalization_rotation is append-only'); END;
CREATE TRIGGER am_personalization_feedback_no_update BEFORE UPDATE ON am_personalization_feedback
BEGIN SELECT raise(ABORT, 'am_personalization_feedback is append-only'); END;
CREATE TRIGGER am_personalization_feedback_no_delete BEFORE DELETE ON am_personalization_feedback
BEGIN SELECT raise(ABORT, 'am_personalization_feedback is append-only'); END;
CREATE TRIGGER am_personalization_feedback_no_replace BEFORE INSERT ON am_personalization_feedback
WHEN EXISTS (SELECT 1 FROM am_personalization_feedback WHERE feedback_id = new.feedback_id)
BEGIN SELECT raise(ABORT, 'am_personalization_feedback is append-only'); END;
CREATE TRIGGER am_personalization_identity_no_update BEFORE UPDATE ON am_personalization_identity
BEGIN SELECT raise(ABORT, 'am_personalization_identity is append-only'); END;
CREATE TRIGGER am_personalization_identity_no_delete BEFORE DELETE ON am_personalization_identity
BEGIN SELECT raise(ABORT, 'am_personalization_identity is append-only'); END;
CREATE TRIGGER am_personalization_identity_no_replace BEFORE INSERT ON am_personalization_identity
WHEN EXISTS (SELECT 1 FROM am_personalization_identity WHERE identity_id = new.identity_id)
BEGIN SELECT raise(ABORT, 'am_personalization_identity is append-only'); END;
CREATE TRIGGER am_personalization_verification_no_update BEFORE UPDATE ON am_personalization_verification
BEGIN SELECT raise(ABORT, 'am_personalization_verification is append-only'); END;
CREATE TRIGGER am_personalization_verification_no_delete BEFORE DELETE ON am_personalization_verification
BEGIN SELECT raise(ABORT, 'am_personalization_verification is append-only'); END;
CREATE TRIGGER am_personalization_verification_no_replace BEFORE INSERT ON am_personalization_verification
WHEN EXISTS (SELECT 1 FROM am_personalization_verification WHERE verification_id = new.verification_id)
BEGIN SELECT raise(ABORT, 'am_personalization_verification is append-only'); END;
CREATE TRIGGER am_personalization_delivery_number AFTER INSERT ON am_personalization_delivery
WHEN new.delivery_id < (SELECT max(delivery_id) FROM am_personalization_delivery)
    OR new.delivery_id > 4503599627370496 AND NOT EXISTS (
        SELECT 1 FROM am_personalization_delivery
        WHERE delivery_id BETWEEN new.delivery_id - 1000000 AND new.delivery_id - 1
    )
BEGIN SELECT raise(ABORT, 'delivery_id must be above all before, and at most 2^52, or follow the one before'); END;
CREATE TRIGGER am_personalization_erasure_number AFTER INSERT ON am_personalization_erasure
WHEN new.erasure_id < (SELECT max(erasure_id) FROM am_personalization_erasure)
    OR new.erasure_id > 4503599627370496 AND NOT EXISTS (
        SELECT 1 FROM am_personalization_erasure
        WHERE erasure_id BETWEEN new.erasure_id - 1000000 AND new.erasure_id - 1
    )
BEGIN SELECT raise(ABORT, 'erasure_id must be above all before, and at most 2^52, or follow the one before'); END;
CREATE TRIGGER am_personalization_rotation_number AFTER INSERT ON am_personalization_rotation
WHEN new.rotation_id < (SELECT max(rotation_id) FROM am_personalization_rotation)
    OR new.rotation_id > 4503599627370496 AND NOT EXISTS (
        SELECT 1 FROM am_personalization_rotation
        WHERE rotation_id BETWEEN new.rotation_id - 1000000 AND new.rotation_id - 1
    )
BEGIN SELECT raise(ABORT, 'rotation_id must be above all before, and at most 2^52, or follow the one before'); END;
CREATE TRIGGER am_personalization_feedback_number AFTER INSERT ON am_personalization_feedback
WHEN new.feedback_id < (SELECT max(feedback_id) FROM am_personalization_feedback)
    OR new.feedback_id > 4503599627370496 AND NOT EXISTS (
        SELECT 1 FROM am_personalization_feedback
        WHERE feedback_id BETWEEN new.feedback_id - 1000000 AND new.feedback_id - 1
    )
BEGIN SELECT raise(ABORT, 'feedback_id must be above all before, and at most 2^52, or follow the one before'); END;
CREATE TRIGGER am_personalization_identity_number AFTER INSERT ON am_personalization_identity
WHEN new.identity_id < (SELECT max(identity_id) FROM am_personalization_identity)
    OR new.identity_id > 4503599627370496 AND NOT EXISTS (
        SELECT 1 FROM am_personalization_identity
        WHERE identity_id BETWEEN new.identity_id - 1000000 AND new.identity_id - 1
    )
BEGIN SELECT raise(ABORT, 'identity_id must be above all before, and at most 2^52, or follow the one before'); END;
CREATE TRIGGER am_personalization_verification_number AFTER INSERT ON am_personalization_verification
WHEN new.verification_id < (SELECT max(verification_id) FROM am_personalization_verification)
    OR new.verification_id > 4503599627370496 AND NOT EXISTS (
        SELECT 1 FROM am_personalization_verification
        WHERE verification_id BETWEEN new.verification_id - 1000000 AND new.verification_id - 1
    )
BEGIN SELECT raise(ABORT, 'verification_id must be above all before, and at most 2^52, or follow the one before'); END;
CREATE UNIQUE INDEX idx_am_personalization_shadow_list_key
    ON am_personalization_shadow_list(shadow_id, cohort_id, coalesce(profile_id, 0));
CREATE TRIGGER am_personalization_shadow_no_update BEFORE UPDATE ON am_personalization_shadow
BEGIN SELECT raise(ABORT, 'am_personalization_shadow is append-only'); END;
CREATE TRIGGER am_personalization_shadow_no_delete BEFORE DELETE ON am_personalization_shadow
BEGIN SELECT raise(ABORT, 'am_personalization_shadow is append-only'); END;
CREATE TRIGGER am_personalization_shadow_no_replace BEFORE INSERT ON am_personalization_shadow
WHEN EXISTS (SELECT 1 FROM am_personalization_shadow
        WHERE shadow_id = new.shadow_id)
    OR EXISTS (SELECT 1 FROM am_personalization_shadow
        WHERE run_id = new.run_id)
BEGIN SELECT raise(ABORT, 'am_personalization_shadow is append-only'); END;
CREATE TRIGGER am_personalization_shadow_list_no_update BEFORE UPDATE ON am_personalization_shadow_list
BEGIN SELECT raise(ABORT, 'am_personalization_shadow_list is append-only'); END;
CREATE TRIGGER am_personalization_shadow_list_no_delete BEFORE DELETE ON am_personalization_shadow_list
BEGIN SELECT raise(ABORT, 'am_personalization_shadow_list is append-only'); END;
CREATE TRIGGER am_personalization_shadow_list_no_replace BEFORE INSERT ON am_personalization_shadow_list
WHEN EXISTS (SELECT 1 FROM am_personalization_shadow_list
        WHERE shadow_list_id = new.shadow_list_id)
    OR EXISTS (SELECT 1 FROM am_personalization_shadow_list
        WHERE shadow_id = new.shadow_id AND cohort_id = new.cohort_id
        AND coalesce(profile_id, 0) = coalesce(new.profile_id, 0))
BEGIN SELECT raise(ABORT, 'am_personalization_shadow_list is append-only'); END;
CREATE TRIGGER am_personalization_shadow_decision_no_update BEFORE UPDATE ON am_personalization_shadow_decision
BEGIN SELECT raise(ABORT, 'am_personalization_shadow_decision is append-only'); END;
CREATE TRIGGER am_personalization_shadow_decision_no_delete BEFORE DELETE ON am_personalization_shadow_decision
BEGIN SELECT raise(ABORT, 'am_personalization_shadow_decision is append-only'); END;
CREATE TRIGGER am_personalization_shadow_decision_no_replace BEFORE INSERT ON am_personalization_shadow_decision
WHEN EXISTS (SELECT 1 FROM am_personalization_shadow_decision
        WHERE shadow_list_id = new.shadow_list_id AND seq = new.seq)
BEGIN SELECT raise(ABORT, 'am_personalization_shadow_decision is append-only'); END;
CREATE TRIGGER am_personalization_shadow_served_no_update BEFORE UPDATE ON am_personalization_shadow_served
BEGIN SELECT raise(ABORT, 'am_personalization_shadow_served is append-only'); END;
CREATE TRIGGER am_personalization_shadow_served_no_delete BEFORE DELETE ON am_personalization_shadow_served
BEGIN SELECT raise(ABORT, 'am_personalization_shadow_served is append-only'); END;
CREATE TRIGGER am_personalization_shadow_served_no_replace BEFORE INSERT ON am_personalization_shadow_served
WHEN EXISTS (SELECT 1 FROM am_personalization_shadow_served
        WHERE shadow_id = new.shadow_id AND position = new.position)
BEGIN SELECT raise(ABORT, 'am_personalization_shadow_served is append-only'); END;
CREATE TRIGGER am_personalization_shadow_number AFTER INSERT ON am_personalization_shadow
WHEN new.shadow_id < (SELECT max(shadow_id) FROM am_personalization_shadow)
    OR new.shadow_id > 4503599627370496 AND NOT EXISTS (
        SELECT 1 FROM am_personalization_shadow
        WHERE shadow_id BETWEEN new.shadow_id - 1000000 AND new.shadow_id - 1
    )
BEGIN SELECT raise(ABORT, 'shadow_id must be above all before, and at most 2^52, or follow the one before'); END;
CREATE TRIGGER am_personalization_shadow_list_number AFTER INSERT ON am_personalization_shadow_list
WHEN new.shadow_list_id > 4503599627370496 AND NOT EXISTS (
        SELECT 1 FROM am_personalization_shadow_list
        WHERE shadow_list_id BETWEEN new.shadow_list_id - 1000000 AND new.shadow_list_id - 1
    )
BEGIN SELECT raise(ABORT, 'shadow_list_id must be at most 2^52, or follow the one before'); END;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('am_personalization_profile',3);
INSERT INTO "sqlite_sequence" VALUES('am_personalization_recommendation_log',48);
COMMIT;
