BEGIN TRANSACTION;
CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
);
INSERT INTO "_sqlite_migrations" VALUES(1,'personalization','287_personalization','2026-11-28 22:12:29.017872+00:00');
INSERT INTO "_sqlite_migrations" VALUES(2,'personalization','900_personalization_evidence','2026-11-28 22:12:29.024045+00:00');
INSERT INTO "_sqlite_migrations" VALUES(3,'personalization','901_personalization_events','2026-11-28 22:12:29.025780+00:00');
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
INSERT INTO "am_personalization_candidate" VALUES(1,'854af17a5e0833074156816013b00d079ef1f3943a4ddc2591bc4f50a666656d','program','*','any program','any','nationwide',NULL,NULL,NULL,'{"wildcard":true}',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(2,'f92468d86aec4046324b50798cc2c5d2d785187f20d5ea5e9cfe4f29d94015a6','industry_pack','*','any industry pack','any','nationwide',NULL,NULL,NULL,'{"wildcard":true}',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(3,'5411cb5d6a6b06ca64aa445db794d13776dee6965abb5fc0e773571c9d3855f0','saved_search','*','any saved search','any','nationwide',NULL,NULL,NULL,'{"wildcard":true}',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(4,'424c817cf081c7aaaf8bc12e3c21bcfd3517576f342e32bdcebfcc97c63ec3ef','amendment','*','any amendment','any','nationwide',NULL,NULL,NULL,'{"wildcard":true}',NULL,NULL,NULL,NULL,NULL);
CREATE TABLE am_personalization_cohort (
    cohort_id INTEGER PRIMARY KEY CHECK (cohort_id BETWEEN 1 AND 9007199254740992),
    industries TEXT CHECK (industries <> ''),
    prefecture TEXT CHECK (prefecture <> ''),
    horizon_days INTEGER CHECK (horizon_days BETWEEN 1 AND 730),
    risk_level TEXT CHECK (risk_level IN ('low', 'medium', 'high'))
);
INSERT INTO "am_personalization_cohort" VALUES(1,NULL,NULL,NULL,NULL);
INSERT INTO "am_personalization_cohort" VALUES(2,'D',NULL,NULL,NULL);
INSERT INTO "am_personalization_cohort" VALUES(3,NULL,NULL,30,'low');
INSERT INTO "am_personalization_cohort" VALUES(4,NULL,NULL,NULL,'high');
INSERT INTO "am_personalization_cohort" VALUES(5,'E','東京都',NULL,NULL);
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
INSERT INTO "am_personalization_decision" VALUES(2,1,1,50,0,0,50);
INSERT INTO "am_personalization_decision" VALUES(2,2,2,50,0,0,50);
INSERT INTO "am_personalization_decision" VALUES(2,3,3,50,0,0,50);
INSERT INTO "am_personalization_decision" VALUES(2,4,4,50,0,0,50);
INSERT INTO "am_personalization_decision" VALUES(3,1,1,0,30,20,50);
INSERT INTO "am_personalization_decision" VALUES(3,2,2,0,30,20,50);
INSERT INTO "am_personalization_decision" VALUES(3,3,3,0,30,20,50);
INSERT INTO "am_personalization_decision" VALUES(3,4,4,0,30,20,50);
INSERT INTO "am_personalization_decision" VALUES(5,1,1,50,0,0,50);
INSERT INTO "am_personalization_decision" VALUES(5,2,2,50,0,0,50);
INSERT INTO "am_personalization_decision" VALUES(5,3,3,50,0,0,50);
INSERT INTO "am_personalization_decision" VALUES(5,4,4,50,0,0,50);
INSERT INTO "am_personalization_decision" VALUES(7,1,1,50,0,0,50);
INSERT INTO "am_personalization_decision" VALUES(7,2,2,50,0,0,50);
INSERT INTO "am_personalization_decision" VALUES(7,3,3,50,0,0,50);
INSERT INTO "am_personalization_decision" VALUES(7,4,4,50,0,0,50);
INSERT INTO "am_personalization_decision" VALUES(8,1,1,0,30,20,50);
INSERT INTO "am_personalization_decision" VALUES(8,2,2,0,30,20,50);
INSERT INTO "am_personalization_decision" VALUES(8,3,3,0,30,20,50);
INSERT INTO "am_personalization_decision" VALUES(8,4,4,0,30,20,50);
INSERT INTO "am_personalization_decision" VALUES(10,1,1,50,0,0,50);
INSERT INTO "am_personalization_decision" VALUES(10,2,2,50,0,0,50);
INSERT INTO "am_personalization_decision" VALUES(10,3,3,50,0,0,50);
INSERT INTO "am_personalization_decision" VALUES(10,4,4,50,0,0,50);
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
INSERT INTO "am_personalization_evidence" VALUES(1,4,2,1);
INSERT INTO "am_personalization_evidence" VALUES(5,4,3,1);
INSERT INTO "am_personalization_evidence" VALUES(9,4,5,1);
INSERT INTO "am_personalization_evidence" VALUES(13,4,7,1);
INSERT INTO "am_personalization_evidence" VALUES(17,4,8,1);
INSERT INTO "am_personalization_evidence" VALUES(21,4,10,1);
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
INSERT INTO "am_personalization_identity" VALUES(1,1,'8d9a20a26f2e422a189b28dec2298aa96ba7388f5efb150f1dd304d7a62188bf','2026-11-28T22:12:28.839Z');
INSERT INTO "am_personalization_identity" VALUES(2,2,'946c4992c59a7d368ad1f3ac9657668851dc404c9f62bfca92f7e81dc9be3235','2026-11-28T22:12:28.839Z');
INSERT INTO "am_personalization_identity" VALUES(3,3,'4d1cbed7ef2ac830b72b2fb579f9172638529e6dc94aa370070e0f36e4df6bd8','2026-11-28T22:12:28.839Z');
INSERT INTO "am_personalization_identity" VALUES(4,4,'b11d060072e7492da11b8e5fe32c6d8718bf81e317614be4a1020fdba174782b','2026-11-28T22:12:28.839Z');
INSERT INTO "am_personalization_identity" VALUES(5,5,'a8af8e8265efae2c1ca6a3520e6b0b35200e7d67bfc91885dfa1589b3e5431c8','2026-11-28T22:12:28.839Z');
CREATE TABLE am_personalization_identity_salt (
    identity_id INTEGER PRIMARY KEY REFERENCES am_personalization_identity(identity_id),
    salt TEXT NOT NULL CHECK (length(salt) = 64)
);
INSERT INTO "am_personalization_identity_salt" VALUES(1,'a042b869df9b12e6456d3537bddde8c04a8651744a3354620af7e154fb763c4c');
INSERT INTO "am_personalization_identity_salt" VALUES(2,'332bc032b72ac2eae33002373fa152a08c7c354fdda3fcbf6f99bb5903329adf');
INSERT INTO "am_personalization_identity_salt" VALUES(3,'e5e24b1bea2a014dbb12b0dd004d1498a97725864ef5d112948598b0a4221345');
INSERT INTO "am_personalization_identity_salt" VALUES(4,'c959e3228c9a9e5aafce3e1dbd8b7410ffeec235a74a96ad9a038193bde2ee1b');
INSERT INTO "am_personalization_identity_salt" VALUES(5,'7154a593c143f8b1f5206ecabbd343c002ca511753af6db628914f877810a5d7');
CREATE TABLE am_personalization_list (
    list_id INTEGER PRIMARY KEY CHECK (list_id BETWEEN 1 AND 9007199254740992),
    run_id INTEGER NOT NULL REFERENCES am_personalization_run(run_id),
    cohort_id INTEGER NOT NULL REFERENCES am_personalization_cohort(cohort_id),
    profile_id INTEGER REFERENCES am_personalization_profile(profile_id),
    -- of the declared vector, the owner and every place
    list_sha256 TEXT NOT NULL CHECK (length(list_sha256) = 64)
);
INSERT INTO "am_personalization_list" VALUES(2,1,2,NULL,'2dec3cf0e2bbb533d1ae41d2a8c150ecabf505fcef942b833b756900a9bc6b7c');
INSERT INTO "am_personalization_list" VALUES(3,1,3,NULL,'b5769f23ebfc2fe240ae3973316fed6c9ac59f17eb382fa5f09386af43da24fb');
INSERT INTO "am_personalization_list" VALUES(5,1,5,NULL,'f8bd1d1170fc9cf89b946f78d30fe0f8962b4c041f6944aca42f109fae5f5401');
INSERT INTO "am_personalization_list" VALUES(7,2,2,NULL,'2dec3cf0e2bbb533d1ae41d2a8c150ecabf505fcef942b833b756900a9bc6b7c');
INSERT INTO "am_personalization_list" VALUES(8,2,3,NULL,'b5769f23ebfc2fe240ae3973316fed6c9ac59f17eb382fa5f09386af43da24fb');
INSERT INTO "am_personalization_list" VALUES(10,2,5,NULL,'f8bd1d1170fc9cf89b946f78d30fe0f8962b4c041f6944aca42f109fae5f5401');
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
INSERT INTO "am_personalization_profile" VALUES(1,'1111111111111111111111111111111111111111111111111111111111111111','{}','2026-11-28T22:12:28.810Z','2026-11-28T22:12:28.810Z');
INSERT INTO "am_personalization_profile" VALUES(2,'2222222222222222222222222222222222222222222222222222222222222222','{"industry_pack":"D"}','2026-11-28T22:12:28.810Z','2026-11-28T22:12:28.810Z');
INSERT INTO "am_personalization_profile" VALUES(3,'3333333333333333333333333333333333333333333333333333333333333333','{"risk_tolerance":"low","deadline_horizon_days":30}','2026-11-28T22:12:28.810Z','2026-11-28T22:12:28.810Z');
INSERT INTO "am_personalization_profile" VALUES(4,'4444444444444444444444444444444444444444444444444444444444444444','{"risk_tolerance":"high"}','2026-11-28T22:12:28.810Z','2026-11-28T22:12:28.810Z');
INSERT INTO "am_personalization_profile" VALUES(5,'5555555555555555555555555555555555555555555555555555555555555555','{"prefecture":"東京都","industry_pack":"E"}','2026-11-28T22:12:28.810Z','2026-11-28T22:12:28.810Z');
CREATE TABLE am_personalization_recommendation_log (
    rec_id INTEGER PRIMARY KEY AUTOINCREMENT,
    profile_id INTEGER NOT NULL REFERENCES am_personalization_profile(profile_id),
    recommendation_type TEXT NOT NULL
        CHECK (recommendation_type IN ('program', 'industry_pack', 'saved_search', 'amendment')),
    score INTEGER NOT NULL DEFAULT 0 CHECK (score BETWEEN 0 AND 100),
    served_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
);
INSERT INTO "am_personalization_recommendation_log" VALUES(1,2,'program',50,'2026-11-28T22:12:28.816Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(2,2,'industry_pack',50,'2026-11-28T22:12:28.816Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(3,2,'saved_search',50,'2026-11-28T22:12:28.816Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(4,2,'amendment',50,'2026-11-28T22:12:28.816Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(5,3,'program',50,'2026-11-28T22:12:28.816Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(6,3,'industry_pack',50,'2026-11-28T22:12:28.816Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(7,3,'saved_search',50,'2026-11-28T22:12:28.816Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(8,3,'amendment',50,'2026-11-28T22:12:28.816Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(9,5,'program',50,'2026-11-28T22:12:28.816Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(10,5,'industry_pack',50,'2026-11-28T22:12:28.816Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(11,5,'saved_search',50,'2026-11-28T22:12:28.816Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(12,5,'amendment',50,'2026-11-28T22:12:28.816Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(13,2,'program',50,'2026-11-28T22:12:28.905Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(14,2,'industry_pack',50,'2026-11-28T22:12:28.905Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(15,2,'saved_search',50,'2026-11-28T22:12:28.905Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(16,2,'amendment',50,'2026-11-28T22:12:28.905Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(17,3,'program',50,'2026-11-28T22:12:28.905Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(18,3,'industry_pack',50,'2026-11-28T22:12:28.905Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(19,3,'saved_search',50,'2026-11-28T22:12:28.905Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(20,3,'amendment',50,'2026-11-28T22:12:28.905Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(21,5,'program',50,'2026-11-28T22:12:28.905Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(22,5,'industry_pack',50,'2026-11-28T22:12:28.905Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(23,5,'saved_search',50,'2026-11-28T22:12:28.905Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(24,5,'amendment',50,'2026-11-28T22:12:28.905Z');
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
INSERT INTO "am_personalization_run" VALUES(1,'2026-03-31',0,'{"amendment_days":30,"amendments":{"changes_named":2,"fields":["close_at","open_at","program.application_period","program.application_period_r7","amount_max_yen","subsidy_rate","subsidy_rate_max","program.subsidy_rate","target_employees","program.target_entity","program.target_business_size","program.prerequisite","program.application_channel"],"name_length":60,"value_length":24},"any_from":17,"caps":{"amendment":90,"industry_pack":75,"program":100,"saved_search":60},"date_points":{"rolling":15,"unknown":0},"depth":30,"keywords":{"6次産業":"AB","ケーブルテレビ":"G","タクシー":"H","トラック運":"H","パイプハウス":"A","ラジオ":"G","介護サービス":"P","介護ロボット":"P","介護事業":"P","介護人材":"P","介護分野":"P","介護施設":"P","介護職員":"P","伝統産業":"E","伝統的工芸品":"E","住宅宿泊":"M","公衆浴場":"N","内航":"H","医療施設":"P","医療機関":"P","営農":"A","園芸":"A","土地改良":"A","地上基幹放送":"G","地域医療":"P","地熱発電":"CF","多面的機能支払":"A","家畜":"A","宿泊施設":"M","就農":"A","建設業":"D","建設産業":"D","携帯電話":"G","旅館":"M","林業":"A","果樹":"A","森林":"A","歯科":"P","水力発電":"F","水田":"A","水稲":"A","清酒":"E","漁業":"B","漁船":"B","畜産":"A","病院":"P","皮革":"EI","直接支払交付金":"A","看護":"P","福祉":"P","系統用蓄電":"F","細胞農業":"L","経営所得安定対策":"A","耕作放棄地":"A","肥料":"A","船員":"H","薬局":"P","訪問介護":"P","診療所":"P","貨物":"H","農作物":"A","農商工連携":"ABEI","農地":"A","農家":"A","農林業":"A","農林水産業":"AB","農林漁業":"AB","農業":"A","農畜水産業":"AB","農福連携":"AP","都市ガス":"F","野菜":"A","鉱山":"C","電子処方箋":"P","電波":"G","食品製造業":"E","飲食店":"M","飼料":"A","鳥獣":"A"},"lead_days":{"amendment":7,"program":14},"packs":{"pack_construction":"D","pack_health_welfare":"P","pack_information":"G","pack_manufacturing":"E","pack_real_estate":"K"},"places_per_family":1,"rank_band":50,"repeat_days":30,"rolling_words":["随時","通年","先着","予算がなくなり次第","予算の上限","予算額に達し","常時"],"tiers":{"A":"low","B":"medium","C":"high","S":"low"},"urgent_days":90,"weights":{"deadline":30,"industry":50,"risk":20}}','885a31e07d8c92c6fe3493c9b9d02d84cebf1cc68863b5ddb0bce08f25147167','0.1a0',10,'2026-11-28T22:12:28.816Z','2026-11-28T22:12:28.814Z','329ed12511adb13b5d682525750b1abaf902c98b9d5766a893b0f67e92702a75','de86e44170c82f87e4b9018dcdfe69c178ac937606989d9e7e54baee566c74db','858c897842eb6180b90ab8a79a6650c2dec076a469656855b47319b90c96f15b','fb50f3825f249977ea9049617f7c9c70661286b66b30e7bfb6f236428596dd47',0,0,5,0,'{"amendment":{"candidates":1,"rows":3,"scored":3,"scores":{"50":3},"zero":2},"industry_pack":{"candidates":1,"rows":3,"scored":3,"scores":{"50":3},"zero":2},"program":{"candidates":1,"rows":3,"scored":3,"scores":{"50":3},"zero":2},"saved_search":{"candidates":1,"rows":3,"scored":3,"scores":{"50":3},"zero":2}}','{}');
INSERT INTO "am_personalization_run" VALUES(2,'2026-04-01',0,'{"amendment_days":30,"amendments":{"changes_named":2,"fields":["close_at","open_at","program.application_period","program.application_period_r7","amount_max_yen","subsidy_rate","subsidy_rate_max","program.subsidy_rate","target_employees","program.target_entity","program.target_business_size","program.prerequisite","program.application_channel"],"name_length":60,"value_length":24},"any_from":17,"caps":{"amendment":90,"industry_pack":75,"program":100,"saved_search":60},"date_points":{"rolling":15,"unknown":0},"depth":30,"keywords":{"6次産業":"AB","ケーブルテレビ":"G","タクシー":"H","トラック運":"H","パイプハウス":"A","ラジオ":"G","介護サービス":"P","介護ロボット":"P","介護事業":"P","介護人材":"P","介護分野":"P","介護施設":"P","介護職員":"P","伝統産業":"E","伝統的工芸品":"E","住宅宿泊":"M","公衆浴場":"N","内航":"H","医療施設":"P","医療機関":"P","営農":"A","園芸":"A","土地改良":"A","地上基幹放送":"G","地域医療":"P","地熱発電":"CF","多面的機能支払":"A","家畜":"A","宿泊施設":"M","就農":"A","建設業":"D","建設産業":"D","携帯電話":"G","旅館":"M","林業":"A","果樹":"A","森林":"A","歯科":"P","水力発電":"F","水田":"A","水稲":"A","清酒":"E","漁業":"B","漁船":"B","畜産":"A","病院":"P","皮革":"EI","直接支払交付金":"A","看護":"P","福祉":"P","系統用蓄電":"F","細胞農業":"L","経営所得安定対策":"A","耕作放棄地":"A","肥料":"A","船員":"H","薬局":"P","訪問介護":"P","診療所":"P","貨物":"H","農作物":"A","農商工連携":"ABEI","農地":"A","農家":"A","農林業":"A","農林水産業":"AB","農林漁業":"AB","農業":"A","農畜水産業":"AB","農福連携":"AP","都市ガス":"F","野菜":"A","鉱山":"C","電子処方箋":"P","電波":"G","食品製造業":"E","飲食店":"M","飼料":"A","鳥獣":"A"},"lead_days":{"amendment":7,"program":14},"packs":{"pack_construction":"D","pack_health_welfare":"P","pack_information":"G","pack_manufacturing":"E","pack_real_estate":"K"},"places_per_family":1,"rank_band":50,"repeat_days":30,"rolling_words":["随時","通年","先着","予算がなくなり次第","予算の上限","予算額に達し","常時"],"tiers":{"A":"low","B":"medium","C":"high","S":"low"},"urgent_days":90,"weights":{"deadline":30,"industry":50,"risk":20}}','885a31e07d8c92c6fe3493c9b9d02d84cebf1cc68863b5ddb0bce08f25147167','0.1a0',10,'2026-11-28T22:12:28.905Z','2026-11-28T22:12:28.904Z','b999cffbb127e10d188413de88cd892761107d2bcbae4bb61ba9cb2e090480f4','7d805b6cd257695594c4a1b1ac54a10525f8336e83df638f879ce1ec6cc13bba','858c897842eb6180b90ab8a79a6650c2dec076a469656855b47319b90c96f15b','eccec3ade5c1a1d2eba5f3551f47f48d8e6f42df8640b112b96fcfa3dce0333e',0,0,5,0,'{"amendment":{"candidates":1,"rows":3,"scored":3,"scores":{"50":3},"zero":2},"industry_pack":{"candidates":1,"rows":3,"scored":3,"scores":{"50":3},"zero":2},"program":{"candidates":1,"rows":3,"scored":3,"scores":{"50":3},"zero":2},"saved_search":{"candidates":1,"rows":3,"scored":3,"scores":{"50":3},"zero":2}}','{}');
CREATE TABLE am_personalization_run_candidate (
    run_id INTEGER NOT NULL REFERENCES am_personalization_run(run_id),
    candidate_id INTEGER NOT NULL REFERENCES am_personalization_candidate(candidate_id),
    PRIMARY KEY (run_id, candidate_id)
) WITHOUT ROWID;
INSERT INTO "am_personalization_run_candidate" VALUES(1,1);
INSERT INTO "am_personalization_run_candidate" VALUES(1,2);
INSERT INTO "am_personalization_run_candidate" VALUES(1,3);
INSERT INTO "am_personalization_run_candidate" VALUES(1,4);
INSERT INTO "am_personalization_run_candidate" VALUES(2,1);
INSERT INTO "am_personalization_run_candidate" VALUES(2,2);
INSERT INTO "am_personalization_run_candidate" VALUES(2,3);
INSERT INTO "am_personalization_run_candidate" VALUES(2,4);
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
INSERT INTO "am_personalization_run_progress" VALUES(1,'finished',3,12,1,'2026-11-28T22:12:28.845Z');
INSERT INTO "am_personalization_run_progress" VALUES(2,'finished',3,12,13,'2026-11-28T22:12:28.940Z');
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
INSERT INTO "am_personalization_seal" VALUES(1,'sqlite-utils-personalization/19f3aa6643a3cbe0',NULL,NULL,NULL,0,5,'fa809b3be5bf43c33651562de5e8a8fd265102aa7459d11f3599407b1cf0293e','{"after":0,"end":5,"rows":5,"table":"am_personalization_identity"}','2a330434d766fb4826a179cb6748d554971b05b8ceb226d171e2d2e0569466a4','2a330434d766fb4826a179cb6748d554971b05b8ceb226d171e2d2e0569466a4');
INSERT INTO "am_personalization_seal" VALUES(2,'sqlite-utils-personalization/19f3aa6643a3cbe0',1,1,12,12,3,'3f08dfd7bf324f7cc46cae2ca83078790f12a57ef8d30520cd103bc860a91014','{"rows":12,"run":{"again":0,"as_of":"2026-03-31","candidates_sha256":"858c897842eb6180b90ab8a79a6650c2dec076a469656855b47319b90c96f15b","counts_json":"{\"amendment\":{\"candidates\":1,\"rows\":3,\"scored\":3,\"scores\":{\"50\":3},\"zero\":2},\"industry_pack\":{\"candidates\":1,\"rows\":3,\"scored\":3,\"scores\":{\"50\":3},\"zero\":2},\"program\":{\"candidates\":1,\"rows\":3,\"scored\":3,\"scores\":{\"50\":3},\"zero\":2},\"saved_search\":{\"candidates\":1,\"rows\":3,\"scored\":3,\"scores\":{\"50\":3},\"zero\":2}}","customers_sha256":"de86e44170c82f87e4b9018dcdfe69c178ac937606989d9e7e54baee566c74db","delivery_end":0,"feedback_end":0,"left_out_json":"{}","model_sha256":"885a31e07d8c92c6fe3493c9b9d02d84cebf1cc68863b5ddb0bce08f25147167","package_version":"0.1a0","profiles":5,"rejected":0,"run_id":1,"served_at":"2026-11-28T22:12:28.816Z","served_sha256":"fb50f3825f249977ea9049617f7c9c70661286b66b30e7bfb6f236428596dd47","started_at":"2026-11-28T22:12:28.814Z","top_k":10},"unserved_sha256":"0b00419c84f256bfefc1bc4237d50f6eb4b406f92cf6fbffae964094b4432d96"}','561819ebbcd9cc71a641b4b112d159797ad18d03d67f75ec91566b069baee316','561819ebbcd9cc71a641b4b112d159797ad18d03d67f75ec91566b069baee316');
INSERT INTO "am_personalization_seal" VALUES(3,'sqlite-utils-personalization/19f3aa6643a3cbe0',2,13,24,24,3,'e6de1c6f901d5f5888e720ad2ffb3aa6df1f96fa5f56b674e29a2a20737d79d4','{"rows":12,"run":{"again":0,"as_of":"2026-04-01","candidates_sha256":"858c897842eb6180b90ab8a79a6650c2dec076a469656855b47319b90c96f15b","counts_json":"{\"amendment\":{\"candidates\":1,\"rows\":3,\"scored\":3,\"scores\":{\"50\":3},\"zero\":2},\"industry_pack\":{\"candidates\":1,\"rows\":3,\"scored\":3,\"scores\":{\"50\":3},\"zero\":2},\"program\":{\"candidates\":1,\"rows\":3,\"scored\":3,\"scores\":{\"50\":3},\"zero\":2},\"saved_search\":{\"candidates\":1,\"rows\":3,\"scored\":3,\"scores\":{\"50\":3},\"zero\":2}}","customers_sha256":"7d805b6cd257695594c4a1b1ac54a10525f8336e83df638f879ce1ec6cc13bba","delivery_end":0,"feedback_end":0,"left_out_json":"{}","model_sha256":"885a31e07d8c92c6fe3493c9b9d02d84cebf1cc68863b5ddb0bce08f25147167","package_version":"0.1a0","profiles":5,"rejected":0,"run_id":2,"served_at":"2026-11-28T22:12:28.905Z","served_sha256":"eccec3ade5c1a1d2eba5f3551f47f48d8e6f42df8640b112b96fcfa3dce0333e","started_at":"2026-11-28T22:12:28.904Z","top_k":10},"unserved_sha256":"0348fa9316746626e6a24f4d36db12a578b942d4745c22bff9a5ada5019c8e21"}','d0330a2794b2b6d5fe1a168e966fe1d59cf0867ecdef8edba5d0596a16ba23b6','4ebdb6553687d7f8fab56b8820e44c979739fad033ee5b59405fe189ec1dfa04');
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
INSERT INTO "am_personalization_unserved" VALUES(1,4,4,NULL,NULL);
INSERT INTO "am_personalization_unserved" VALUES(2,1,1,NULL,NULL);
INSERT INTO "am_personalization_unserved" VALUES(2,4,4,NULL,NULL);
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
INSERT INTO "sqlite_stat1" VALUES('am_personalization_profile','idx_am_personalization_profile_token','5 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_profile','sqlite_autoindex_am_personalization_profile_1','5 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_recommendation_log','idx_am_pers_rec_type_score','24 6 6 3');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_recommendation_log','idx_am_pers_rec_profile_served','24 8 4');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_run','sqlite_autoindex_am_personalization_run_1','2 1 1 1 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_cohort','idx_am_personalization_cohort_vector','5 2 2 2 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_candidate','idx_am_personalization_candidate_item','4 1 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_candidate','sqlite_autoindex_am_personalization_candidate_1','4 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_run_candidate','am_personalization_run_candidate','8 4 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_list','idx_am_personalization_list_key','6 3 1 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_decision','am_personalization_decision','24 4 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_evidence',NULL,'6');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_unserved','am_personalization_unserved','4 2 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_seal','sqlite_autoindex_am_personalization_seal_1','3 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_run_progress',NULL,'2');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_identity','idx_am_personalization_identity_profile','5 1 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_identity_salt',NULL,'5');
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
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('am_personalization_profile',5);
INSERT INTO "sqlite_sequence" VALUES('am_personalization_recommendation_log',24);
COMMIT;
