BEGIN TRANSACTION;
CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
);
INSERT INTO "_sqlite_migrations" VALUES(1,'personalization','287_personalization','2026-11-23 13:38:00.486574+00:00');
INSERT INTO "_sqlite_migrations" VALUES(2,'personalization','288_personalization_evidence','2026-11-23 13:38:00.493889+00:00');
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
    left_out TEXT
);
INSERT INTO "am_personalization_candidate" VALUES(1,'8a0add7d02370c1405088e64972c800c51532c8d1df5488e301362bb6ff7cfa4','program','*','any program','any','nationwide',NULL,NULL,NULL,'{"wildcard":true}',NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(2,'d96c0a20667ba493f5ba630cf4a6a1c9273ba1bf509789f44a1e2578a570ec9d','industry_pack','*','any industry pack','any','nationwide',NULL,NULL,NULL,'{"wildcard":true}',NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(3,'217f57ab3766f7c1d6436062643e95a423636deff56fe661e5185df28921b13d','saved_search','*','any saved search','any','nationwide',NULL,NULL,NULL,'{"wildcard":true}',NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(4,'22dcb1ba1c92d8d6dfa68886de9337222738a28ca93c8ce81775dc6b1f471ad3','amendment','*','any amendment','any','nationwide',NULL,NULL,NULL,'{"wildcard":true}',NULL,NULL);
CREATE TABLE am_personalization_cohort (
    cohort_id INTEGER PRIMARY KEY CHECK (cohort_id BETWEEN 1 AND 9007199254740992),
    industries TEXT CHECK (industries <> ''),
    prefecture TEXT CHECK (prefecture <> ''),
    horizon_days INTEGER CHECK (horizon_days BETWEEN 1 AND 730),
    risk_level TEXT CHECK (risk_level IN ('low', 'medium', 'high'))
);
INSERT INTO "am_personalization_cohort" VALUES(1,NULL,NULL,NULL,NULL);
INSERT INTO "am_personalization_cohort" VALUES(2,'A',NULL,NULL,NULL);
INSERT INTO "am_personalization_cohort" VALUES(3,'none',NULL,90,NULL);
INSERT INTO "am_personalization_cohort" VALUES(4,NULL,NULL,91,'high');
INSERT INTO "am_personalization_cohort" VALUES(5,'P','沖縄県',1,'medium');
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
INSERT INTO "am_personalization_decision" VALUES(3,1,1,50,30,0,80);
INSERT INTO "am_personalization_decision" VALUES(3,2,2,50,30,0,75);
INSERT INTO "am_personalization_decision" VALUES(3,3,3,50,30,0,60);
INSERT INTO "am_personalization_decision" VALUES(3,4,4,50,30,0,80);
INSERT INTO "am_personalization_decision" VALUES(5,1,1,50,30,20,100);
INSERT INTO "am_personalization_decision" VALUES(5,2,2,50,30,20,75);
INSERT INTO "am_personalization_decision" VALUES(5,3,3,50,30,20,60);
INSERT INTO "am_personalization_decision" VALUES(5,4,4,50,30,20,90);
INSERT INTO "am_personalization_decision" VALUES(7,1,1,50,0,0,50);
INSERT INTO "am_personalization_decision" VALUES(7,2,2,50,0,0,50);
INSERT INTO "am_personalization_decision" VALUES(7,3,3,50,0,0,50);
INSERT INTO "am_personalization_decision" VALUES(7,4,4,50,0,0,50);
INSERT INTO "am_personalization_decision" VALUES(8,1,1,50,30,0,80);
INSERT INTO "am_personalization_decision" VALUES(8,2,2,50,30,0,75);
INSERT INTO "am_personalization_decision" VALUES(8,3,3,50,30,0,60);
INSERT INTO "am_personalization_decision" VALUES(8,4,4,50,30,0,80);
INSERT INTO "am_personalization_decision" VALUES(10,1,1,50,30,20,100);
INSERT INTO "am_personalization_decision" VALUES(10,2,2,50,30,20,75);
INSERT INTO "am_personalization_decision" VALUES(10,3,3,50,30,20,60);
INSERT INTO "am_personalization_decision" VALUES(10,4,4,50,30,20,90);
CREATE TABLE am_personalization_evidence (
    first_rec_id INTEGER PRIMARY KEY CHECK (first_rec_id BETWEEN 1 AND 9007199254740992),
    n INTEGER NOT NULL CHECK (n BETWEEN 1 AND 9007199254740992),
    list_id INTEGER NOT NULL REFERENCES am_personalization_list(list_id)
);
INSERT INTO "am_personalization_evidence" VALUES(1,4,2);
INSERT INTO "am_personalization_evidence" VALUES(5,4,3);
INSERT INTO "am_personalization_evidence" VALUES(9,4,5);
INSERT INTO "am_personalization_evidence" VALUES(13,4,7);
INSERT INTO "am_personalization_evidence" VALUES(17,4,8);
INSERT INTO "am_personalization_evidence" VALUES(21,4,10);
CREATE TABLE am_personalization_list (
    list_id INTEGER PRIMARY KEY CHECK (list_id BETWEEN 1 AND 9007199254740992),
    run_id INTEGER NOT NULL REFERENCES am_personalization_run(run_id),
    cohort_id INTEGER NOT NULL REFERENCES am_personalization_cohort(cohort_id),
    profile_id INTEGER REFERENCES am_personalization_profile(profile_id)
);
INSERT INTO "am_personalization_list" VALUES(2,1,2,NULL);
INSERT INTO "am_personalization_list" VALUES(3,1,3,NULL);
INSERT INTO "am_personalization_list" VALUES(5,1,5,NULL);
INSERT INTO "am_personalization_list" VALUES(7,2,2,NULL);
INSERT INTO "am_personalization_list" VALUES(8,2,3,NULL);
INSERT INTO "am_personalization_list" VALUES(10,2,5,NULL);
CREATE TABLE am_personalization_profile (
    profile_id INTEGER PRIMARY KEY AUTOINCREMENT,
    -- sha256 hex of the API key, the only identifier
    user_token_hash TEXT NOT NULL UNIQUE CHECK (length(user_token_hash) = 64),
    preference_json TEXT NOT NULL DEFAULT '{}' CHECK (length(preference_json) BETWEEN 2 AND 16384),
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    last_updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    CHECK (last_updated_at >= created_at)
);
INSERT INTO "am_personalization_profile" VALUES(1,'3011c7507076463b4eb1fa301595bcf022e72a05c7a4ce41a2f578a091ade3c7','{}','2026-11-23T13:37:58.580Z','2026-11-23T13:37:58.580Z');
INSERT INTO "am_personalization_profile" VALUES(2,'e7eb13a27ea886e4d6e064aa7f66a4dbe9deb39f0955830656db413dbdb60103','{"industry_pack": "A"}','2026-11-23T13:37:58.580Z','2026-11-23T13:37:58.580Z');
INSERT INTO "am_personalization_profile" VALUES(3,'d5830bf019c9bd36a963c0b22aa5e19994c89e7cfd76042e31049d7365b65158','{"industry_pack": "pack_nobody_knows", "deadline_horizon_days": 90}','2026-11-23T13:37:58.580Z','2026-11-23T13:37:58.580Z');
INSERT INTO "am_personalization_profile" VALUES(4,'71ac95400b74693da27204f04ecef11d447ecb88a13a5c02540e9d102b9f6137','{"deadline_horizon_days": 91, "risk_tolerance": "high"}','2026-11-23T13:37:58.580Z','2026-11-23T13:37:58.580Z');
INSERT INTO "am_personalization_profile" VALUES(5,'cbbd396a317039ea380ad469debc2eddae6c67d1df32b14692229985ba1ad70a','{"industry_pack": "pack_health_welfare", "deadline_horizon_days": 1, "risk_tolerance": "medium", "prefecture": "沖縄県"}','2026-11-23T13:37:58.580Z','2026-11-23T13:37:58.580Z');
CREATE TABLE am_personalization_recommendation_log (
    rec_id INTEGER PRIMARY KEY AUTOINCREMENT,
    profile_id INTEGER NOT NULL REFERENCES am_personalization_profile(profile_id),
    recommendation_type TEXT NOT NULL
        CHECK (recommendation_type IN ('program', 'industry_pack', 'saved_search', 'amendment')),
    score INTEGER NOT NULL DEFAULT 0 CHECK (score BETWEEN 0 AND 100),
    served_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
);
INSERT INTO "am_personalization_recommendation_log" VALUES(1,2,'program',50,'2026-11-23T13:37:58.594Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(2,2,'industry_pack',50,'2026-11-23T13:37:58.594Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(3,2,'saved_search',50,'2026-11-23T13:37:58.594Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(4,2,'amendment',50,'2026-11-23T13:37:58.594Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(5,3,'program',80,'2026-11-23T13:37:58.594Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(6,3,'industry_pack',75,'2026-11-23T13:37:58.594Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(7,3,'saved_search',60,'2026-11-23T13:37:58.594Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(8,3,'amendment',80,'2026-11-23T13:37:58.594Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(9,5,'program',100,'2026-11-23T13:37:58.594Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(10,5,'industry_pack',75,'2026-11-23T13:37:58.594Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(11,5,'saved_search',60,'2026-11-23T13:37:58.594Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(12,5,'amendment',90,'2026-11-23T13:37:58.594Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(13,2,'program',50,'2026-11-23T13:37:58.733Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(14,2,'industry_pack',50,'2026-11-23T13:37:58.733Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(15,2,'saved_search',50,'2026-11-23T13:37:58.733Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(16,2,'amendment',50,'2026-11-23T13:37:58.733Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(17,3,'program',80,'2026-11-23T13:37:58.733Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(18,3,'industry_pack',75,'2026-11-23T13:37:58.733Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(19,3,'saved_search',60,'2026-11-23T13:37:58.733Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(20,3,'amendment',80,'2026-11-23T13:37:58.733Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(21,5,'program',100,'2026-11-23T13:37:58.733Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(22,5,'industry_pack',75,'2026-11-23T13:37:58.733Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(23,5,'saved_search',60,'2026-11-23T13:37:58.733Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(24,5,'amendment',90,'2026-11-23T13:37:58.733Z');
CREATE TABLE am_personalization_run (
    run_id INTEGER PRIMARY KEY CHECK (run_id BETWEEN 1 AND 9007199254740992),
    as_of TEXT NOT NULL CHECK (as_of IS date(as_of)),
    again INTEGER NOT NULL CHECK (again >= 0),
    model_json TEXT NOT NULL,
    model_sha256 TEXT NOT NULL CHECK (length(model_sha256) = 64),
    package_version TEXT NOT NULL,
    top_k INTEGER NOT NULL CHECK (top_k >= 1),
    served_at TEXT NOT NULL,
    started_at TEXT NOT NULL,
    -- random: keeps what one customer's proof shows of the next from being guessed
    salt TEXT NOT NULL CHECK (length(salt) = 64),
    customers_sha256 TEXT NOT NULL CHECK (length(customers_sha256) = 64),
    candidates_sha256 TEXT NOT NULL CHECK (length(candidates_sha256) = 64),
    profiles INTEGER NOT NULL CHECK (profiles >= 0),
    rejected INTEGER NOT NULL CHECK (rejected BETWEEN 0 AND profiles),
    -- per type: customers with a recommendation (scored), without one (zero), and log rows (rows)
    counts_json TEXT NOT NULL CHECK (json_valid(counts_json)),
    -- per type and rule: items left out of the catalogue
    left_out_json TEXT NOT NULL CHECK (json_valid(left_out_json)),
    industry_weight INTEGER AS (json_extract(model_json, '$.weights.industry')) STORED,
    deadline_weight INTEGER AS (json_extract(model_json, '$.weights.deadline')) STORED,
    risk_weight INTEGER AS (json_extract(model_json, '$.weights.risk')) STORED,
    urgent_days INTEGER AS (json_extract(model_json, '$.urgent_days')) STORED,
    program_cap INTEGER AS (json_extract(model_json, '$.caps.program')) STORED,
    industry_pack_cap INTEGER AS (json_extract(model_json, '$.caps.industry_pack')) STORED,
    saved_search_cap INTEGER AS (json_extract(model_json, '$.caps.saved_search')) STORED,
    amendment_cap INTEGER AS (json_extract(model_json, '$.caps.amendment')) STORED,
    UNIQUE (as_of, model_sha256, top_k, again)
);
INSERT INTO "am_personalization_run" VALUES(1,'2026-03-31',0,'{"amendment_days":30,"any_from":17,"caps":{"amendment":90,"industry_pack":75,"program":100,"saved_search":60},"keywords":{"6次産業":"AB","ケーブルテレビ":"G","タクシー":"H","トラック運":"H","パイプハウス":"A","ラジオ":"G","介護サービス":"P","介護ロボット":"P","介護事業":"P","介護人材":"P","介護分野":"P","介護施設":"P","介護職員":"P","伝統産業":"E","伝統的工芸品":"E","住宅宿泊":"M","公衆浴場":"N","内航":"H","医療施設":"P","医療機関":"P","営農":"A","園芸":"A","土地改良":"A","地上基幹放送":"G","地域医療":"P","地熱発電":"CF","多面的機能支払":"A","家畜":"A","宿泊施設":"M","就農":"A","建設業":"D","建設産業":"D","携帯電話":"G","旅館":"M","林業":"A","果樹":"A","森林":"A","歯科":"P","水力発電":"F","水田":"A","水稲":"A","清酒":"E","漁業":"B","漁船":"B","畜産":"A","病院":"P","皮革":"EI","直接支払交付金":"A","看護":"P","福祉":"P","系統用蓄電":"F","細胞農業":"L","経営所得安定対策":"A","耕作放棄地":"A","肥料":"A","船員":"H","薬局":"P","訪問介護":"P","診療所":"P","貨物":"H","農作物":"A","農商工連携":"ABEI","農地":"A","農家":"A","農林業":"A","農林水産業":"AB","農林漁業":"AB","農業":"A","農畜水産業":"AB","農福連携":"AP","都市ガス":"F","野菜":"A","鉱山":"C","電子処方箋":"P","電波":"G","食品製造業":"E","飲食店":"M","飼料":"A","鳥獣":"A"},"packs":{"pack_construction":"D","pack_health_welfare":"P","pack_information":"G","pack_manufacturing":"E","pack_real_estate":"K"},"tiers":{"A":"low","B":"medium","C":"high","S":"low"},"urgent_days":90,"weights":{"deadline":30,"industry":50,"risk":20}}','1fda0b4bfa87e4f1d69d6c7cf4ee6e41b2b845d837c876723b0f077f970b3dfd','0.1a0',10,'2026-11-23T13:37:58.594Z','2026-11-23T13:37:58.591Z','bfa17645b85e90330e58a339095f634ca6c4084c34d5fd542bb539694c8ed61e','9b73d2f55132c65da766dca2998d733a5e04c7a5879cb13c5662268ffbd59015','c52a4a767a3527a73d067dc13f285010654780b9fe2add678471cbbd463a4158',5,0,'{"amendment":{"candidates":1,"rows":3,"scored":3,"zero":2},"industry_pack":{"candidates":1,"rows":3,"scored":3,"zero":2},"program":{"candidates":1,"rows":3,"scored":3,"zero":2},"saved_search":{"candidates":1,"rows":3,"scored":3,"zero":2}}','{}');
INSERT INTO "am_personalization_run" VALUES(2,'2026-04-01',0,'{"amendment_days":30,"any_from":17,"caps":{"amendment":90,"industry_pack":75,"program":100,"saved_search":60},"keywords":{"6次産業":"AB","ケーブルテレビ":"G","タクシー":"H","トラック運":"H","パイプハウス":"A","ラジオ":"G","介護サービス":"P","介護ロボット":"P","介護事業":"P","介護人材":"P","介護分野":"P","介護施設":"P","介護職員":"P","伝統産業":"E","伝統的工芸品":"E","住宅宿泊":"M","公衆浴場":"N","内航":"H","医療施設":"P","医療機関":"P","営農":"A","園芸":"A","土地改良":"A","地上基幹放送":"G","地域医療":"P","地熱発電":"CF","多面的機能支払":"A","家畜":"A","宿泊施設":"M","就農":"A","建設業":"D","建設産業":"D","携帯電話":"G","旅館":"M","林業":"A","果樹":"A","森林":"A","歯科":"P","水力発電":"F","水田":"A","水稲":"A","清酒":"E","漁業":"B","漁船":"B","畜産":"A","病院":"P","皮革":"EI","直接支払交付金":"A","看護":"P","福祉":"P","系統用蓄電":"F","細胞農業":"L","経営所得安定対策":"A","耕作放棄地":"A","肥料":"A","船員":"H","薬局":"P","訪問介護":"P","診療所":"P","貨物":"H","農作物":"A","農商工連携":"ABEI","農地":"A","農家":"A","農林業":"A","農林水産業":"AB","農林漁業":"AB","農業":"A","農畜水産業":"AB","農福連携":"AP","都市ガス":"F","野菜":"A","鉱山":"C","電子処方箋":"P","電波":"G","食品製造業":"E","飲食店":"M","飼料":"A","鳥獣":"A"},"packs":{"pack_construction":"D","pack_health_welfare":"P","pack_information":"G","pack_manufacturing":"E","pack_real_estate":"K"},"tiers":{"A":"low","B":"medium","C":"high","S":"low"},"urgent_days":90,"weights":{"deadline":30,"industry":50,"risk":20}}','1fda0b4bfa87e4f1d69d6c7cf4ee6e41b2b845d837c876723b0f077f970b3dfd','0.1a0',10,'2026-11-23T13:37:58.733Z','2026-11-23T13:37:58.726Z','0b86c7c4bee4a7560a206a030fac56bb62837321620885137cd7a69dbddd281a','53bf13c61e80627d519f21148528f1546d9bd8248cc013fd031ba21d093f543c','c52a4a767a3527a73d067dc13f285010654780b9fe2add678471cbbd463a4158',5,0,'{"amendment":{"candidates":1,"rows":3,"scored":3,"zero":2},"industry_pack":{"candidates":1,"rows":3,"scored":3,"zero":2},"program":{"candidates":1,"rows":3,"scored":3,"zero":2},"saved_search":{"candidates":1,"rows":3,"scored":3,"zero":2}}','{}');
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
INSERT INTO "am_personalization_run_progress" VALUES(1,'finished',3,12,1,'2026-11-23T13:37:58.608Z');
INSERT INTO "am_personalization_run_progress" VALUES(2,'finished',3,12,13,'2026-11-23T13:37:58.765Z');
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
INSERT INTO "am_personalization_seal" VALUES(1,'sqlite-utils-personalization/9af358a2f4fa3c65',1,1,12,12,3,'a7859066c5d00762f8735d2165cb786a40ebe77860cab972bc423e3ef6aef73b','{"rows":12,"run":{"again":0,"as_of":"2026-03-31","candidates_sha256":"c52a4a767a3527a73d067dc13f285010654780b9fe2add678471cbbd463a4158","counts_json":"{\"amendment\":{\"candidates\":1,\"rows\":3,\"scored\":3,\"zero\":2},\"industry_pack\":{\"candidates\":1,\"rows\":3,\"scored\":3,\"zero\":2},\"program\":{\"candidates\":1,\"rows\":3,\"scored\":3,\"zero\":2},\"saved_search\":{\"candidates\":1,\"rows\":3,\"scored\":3,\"zero\":2}}","customers_sha256":"9b73d2f55132c65da766dca2998d733a5e04c7a5879cb13c5662268ffbd59015","left_out_json":"{}","model_sha256":"1fda0b4bfa87e4f1d69d6c7cf4ee6e41b2b845d837c876723b0f077f970b3dfd","package_version":"0.1a0","profiles":5,"rejected":0,"run_id":1,"served_at":"2026-11-23T13:37:58.594Z","started_at":"2026-11-23T13:37:58.591Z","top_k":10},"unserved_sha256":"f733e64cc7d22eebde2f431159846b5469087356f04760edff4d550341275854"}','c4e25c32643ff16243bb3b9d0eba1ca6cf19978e6f6bd6fe9fb18347b7aea2ea','c4e25c32643ff16243bb3b9d0eba1ca6cf19978e6f6bd6fe9fb18347b7aea2ea');
INSERT INTO "am_personalization_seal" VALUES(2,'sqlite-utils-personalization/9af358a2f4fa3c65',2,13,24,24,3,'11525c5ad880e11506dc478449ddb1ebf22791fa249eec59deda753cb4602dc7','{"rows":12,"run":{"again":0,"as_of":"2026-04-01","candidates_sha256":"c52a4a767a3527a73d067dc13f285010654780b9fe2add678471cbbd463a4158","counts_json":"{\"amendment\":{\"candidates\":1,\"rows\":3,\"scored\":3,\"zero\":2},\"industry_pack\":{\"candidates\":1,\"rows\":3,\"scored\":3,\"zero\":2},\"program\":{\"candidates\":1,\"rows\":3,\"scored\":3,\"zero\":2},\"saved_search\":{\"candidates\":1,\"rows\":3,\"scored\":3,\"zero\":2}}","customers_sha256":"53bf13c61e80627d519f21148528f1546d9bd8248cc013fd031ba21d093f543c","left_out_json":"{}","model_sha256":"1fda0b4bfa87e4f1d69d6c7cf4ee6e41b2b845d837c876723b0f077f970b3dfd","package_version":"0.1a0","profiles":5,"rejected":0,"run_id":2,"served_at":"2026-11-23T13:37:58.733Z","started_at":"2026-11-23T13:37:58.726Z","top_k":10},"unserved_sha256":"cdf28a10876f118bf4d87a110662efd57e96c1d9197d1f5641e071a60001b5bf"}','3a504198f0211aa64cd95b0d0e4ebbbba60fc3af90333fabbba4d62428e1fe4b','3a504198f0211aa64cd95b0d0e4ebbbba60fc3af90333fabbba4d62428e1fe4b');
CREATE TABLE am_personalization_unserved (
    run_id INTEGER NOT NULL REFERENCES am_personalization_run(run_id),
    profile_id INTEGER NOT NULL,
    cohort_id INTEGER REFERENCES am_personalization_cohort(cohort_id),
    reason TEXT,
    PRIMARY KEY (run_id, profile_id),
    CHECK (cohort_id IS NOT NULL OR reason IS NOT NULL)
) WITHOUT ROWID;
INSERT INTO "am_personalization_unserved" VALUES(1,1,1,NULL);
INSERT INTO "am_personalization_unserved" VALUES(1,4,4,NULL);
INSERT INTO "am_personalization_unserved" VALUES(2,1,1,NULL);
INSERT INTO "am_personalization_unserved" VALUES(2,4,4,NULL);
ANALYZE "sqlite_master";
INSERT INTO "sqlite_stat1" VALUES('am_personalization_profile','idx_am_personalization_profile_token','5 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_profile','sqlite_autoindex_am_personalization_profile_1','5 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_recommendation_log','idx_am_pers_rec_type_score','24 6 3 2');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_recommendation_log','idx_am_pers_rec_profile_served','24 8 4');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_run','sqlite_autoindex_am_personalization_run_1','2 1 1 1 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_cohort','idx_am_personalization_cohort_vector','5 2 2 1 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_candidate','idx_am_personalization_candidate_item','4 1 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_candidate','sqlite_autoindex_am_personalization_candidate_1','4 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_run_candidate','am_personalization_run_candidate','8 4 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_list','idx_am_personalization_list_key','6 3 1 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_decision','am_personalization_decision','24 4 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_evidence',NULL,'6');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_unserved','am_personalization_unserved','4 2 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_seal','sqlite_autoindex_am_personalization_seal_1','2 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_run_progress',NULL,'2');
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
CREATE TRIGGER am_personalization_recommendation_log_rec_id AFTER INSERT ON am_personalization_recommendation_log
WHEN new.rec_id < 1 OR new.rec_id > 9007199254740992
BEGIN SELECT raise(ABORT, 'rec_id must be between 1 and 2^53'); END;
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
    (min((CASE c.recommendation_type WHEN 'program' THEN r.program_cap WHEN 'industry_pack' THEN r.industry_pack_cap WHEN 'saved_search' THEN r.saved_search_cap WHEN 'amendment' THEN r.amendment_cap END), ((CASE WHEN k.industries IS NOT NULL AND (c.industries = 'any' OR coalesce(c.industries <> 'unknown' AND c.industries GLOB '*[' || k.industries || ']*', 0)) THEN r.industry_weight ELSE 0 END) + (CASE WHEN k.horizon_days IS NULL THEN 0 WHEN c.closes_on IS NOT NULL THEN r.deadline_weight * max(0, k.horizon_days - ((strftime('%s', c.closes_on) - strftime('%s', r.as_of)) / 86400)) / k.horizon_days WHEN k.horizon_days <= r.urgent_days THEN r.deadline_weight ELSE 0 END) + (CASE WHEN k.risk_level IS NULL THEN 0 WHEN c.risk_level IS NULL THEN CASE WHEN k.risk_level = 'high' THEN 0 ELSE r.risk_weight END WHEN k.risk_level = c.risk_level THEN r.risk_weight WHEN 'medium' IN (k.risk_level, c.risk_level) THEN r.risk_weight / 2 ELSE 0 END)))) AS recomputed_score,
    CASE
        WHEN e.first_rec_id IS NULL THEN 'no evidence'
        WHEN p.profile_id IS NULL OR t.list_id IS NULL OR r.run_id IS NULL OR k.cohort_id IS NULL
            OR d.list_id IS NULL OR c.candidate_id IS NULL THEN 'evidence broken'
        WHEN ((coalesce(c.opens_on <= r.as_of, 1) AND coalesce(r.as_of <= c.closes_on, 1)) AND (k.prefecture IS NULL OR c.prefectures = 'nationwide' OR instr(c.prefectures, k.prefecture) > 0) AND (k.industries IS NULL OR c.industries = 'unknown' OR (c.industries = 'any' OR coalesce(c.industries <> 'unknown' AND c.industries GLOB '*[' || k.industries || ']*', 0))))
            AND d.industry_points = (CASE WHEN k.industries IS NOT NULL AND (c.industries = 'any' OR coalesce(c.industries <> 'unknown' AND c.industries GLOB '*[' || k.industries || ']*', 0)) THEN r.industry_weight ELSE 0 END)
            AND d.deadline_points = (CASE WHEN k.horizon_days IS NULL THEN 0 WHEN c.closes_on IS NOT NULL THEN r.deadline_weight * max(0, k.horizon_days - ((strftime('%s', c.closes_on) - strftime('%s', r.as_of)) / 86400)) / k.horizon_days WHEN k.horizon_days <= r.urgent_days THEN r.deadline_weight ELSE 0 END)
            AND d.risk_points = (CASE WHEN k.risk_level IS NULL THEN 0 WHEN c.risk_level IS NULL THEN CASE WHEN k.risk_level = 'high' THEN 0 ELSE r.risk_weight END WHEN k.risk_level = c.risk_level THEN r.risk_weight WHEN 'medium' IN (k.risk_level, c.risk_level) THEN r.risk_weight / 2 ELSE 0 END)
            AND d.score = (min((CASE c.recommendation_type WHEN 'program' THEN r.program_cap WHEN 'industry_pack' THEN r.industry_pack_cap WHEN 'saved_search' THEN r.saved_search_cap WHEN 'amendment' THEN r.amendment_cap END), ((CASE WHEN k.industries IS NOT NULL AND (c.industries = 'any' OR coalesce(c.industries <> 'unknown' AND c.industries GLOB '*[' || k.industries || ']*', 0)) THEN r.industry_weight ELSE 0 END) + (CASE WHEN k.horizon_days IS NULL THEN 0 WHEN c.closes_on IS NOT NULL THEN r.deadline_weight * max(0, k.horizon_days - ((strftime('%s', c.closes_on) - strftime('%s', r.as_of)) / 86400)) / k.horizon_days WHEN k.horizon_days <= r.urgent_days THEN r.deadline_weight ELSE 0 END) + (CASE WHEN k.risk_level IS NULL THEN 0 WHEN c.risk_level IS NULL THEN CASE WHEN k.risk_level = 'high' THEN 0 ELSE r.risk_weight END WHEN k.risk_level = c.risk_level THEN r.risk_weight WHEN 'medium' IN (k.risk_level, c.risk_level) THEN r.risk_weight / 2 ELSE 0 END))))
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
LEFT JOIN am_personalization_decision d ON d.list_id = e.list_id AND d.seq = l.rec_id - e.first_rec_id + 1
LEFT JOIN am_personalization_candidate c ON c.candidate_id = d.candidate_id;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('am_personalization_profile',5);
INSERT INTO "sqlite_sequence" VALUES('am_personalization_recommendation_log',24);
COMMIT;
