BEGIN TRANSACTION;
CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
);
INSERT INTO "_sqlite_migrations" VALUES(1,'personalization','287_personalization','2026-11-28 11:24:03.059315+00:00');
INSERT INTO "_sqlite_migrations" VALUES(2,'personalization','288_personalization_evidence','2026-11-28 11:24:03.088112+00:00');
INSERT INTO "_sqlite_migrations" VALUES(3,'personalization','289_personalization_events','2026-11-28 11:24:03.097678+00:00');
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
INSERT INTO "am_personalization_candidate" VALUES(1,'a7360fe327682aed0c67033285f120cfb8df071e2a6225dc9a38dd2390d6f3c0','industry_pack','pack_construction','建設業','D','nationwide',NULL,NULL,NULL,'{}',NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(2,'f6de46e948d70bde903a9a9c1dc926f562ff3aed6363eec02c7f030752c26ca6','industry_pack','pack_health_welfare','医療、福祉','P','nationwide',NULL,NULL,NULL,'{}',NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(3,'6b060aa664f1278ce78519d2d01d713b92b4e1e4a12d02df0f4e33cdae5254c0','industry_pack','pack_information','情報通信業','G','nationwide',NULL,NULL,NULL,'{}',NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(4,'ddc4a1b061f8519b30f4c37237cbe4160a25a28891918456755de366e59d0113','industry_pack','pack_manufacturing','製造業','E','nationwide',NULL,NULL,NULL,'{}',NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(5,'2b87ac423a99ff9aa65b61db4fc92d17cd7e21cc5abd79933b81b6ad15da0c2f','industry_pack','pack_real_estate','不動産業、物品賃貸業','K','nationwide',NULL,NULL,NULL,'{}',NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(6,'3db7c92e93392f79b2cb8b4ceaea7d54a4eeecb7854aa2560f41c631a4c26555','program','EX-101','町工場の省エネ設備更新補助','unknown','愛知県','2026-03-01','2026-05-20','low','{"tier":"A"}',NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(7,'d92685bf1c078ad673e7b6d7de441eb3a072ac485bcdf076f4018142e8b2b6de','program','EX-102','空き店舗を活かす創業支援金','unknown','沖縄県',NULL,NULL,'medium','{"tier":"B"}',NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(8,'1772ccfed7ffd5a862f6e70564ce46749396ae3bca25db0c4f26c802a0faeed2','program','EX-103','若手就農者の機械導入支援','A','高知県',NULL,'2026-07-31','low','{"keyword":"就農","tier":"S"}',NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(9,'5ca2f535ba3f658464062b28c830a29fd95eacbc19dc6f9b96f842f0bd27a2fa','program','EX-104','中小企業の賃上げ応援金','unknown','nationwide',NULL,NULL,'low','{"tier":"A"}',NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(10,'6c1d284da8837b812a98598146fb6dbc2ec08bb740d20a4996dd6380c03e64f5','program','EX-105','介護施設の見守り機器導入支援','P','大阪府',NULL,'2026-04-30','medium','{"keyword":"介護施設","tier":"B"}',NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(11,'8a03a729ff0ca65ed226c535895ef15e3ccc58de53bb7eaee04582fd930e3dbe','program','EX-106','商店街の防犯カメラ設置費補助','unknown','東京都',NULL,NULL,'high','{"tier":"C"}',NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(12,'19f4a3546cd33045e2a679a8e07bb021c1836948f8fa0f2174d8c610d4adc8fb','program','EX-107','新商品の海外展示会出展助成','unknown','nationwide',NULL,'2026-06-15','high','{"tier":"C"}',NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(13,'3f668932854dd997e118d2687c2032383092611b2d18db7054f96062e504a59d','program','EX-108','設備更新補助の募集終了について','unknown','nationwide',NULL,NULL,NULL,'{}',NULL,'closed');
INSERT INTO "am_personalization_candidate" VALUES(14,'a4bf9cbfdeb7093b58ab97545619be57a78c01864de5d9d29f8875b83612384d','program','EX-109','移転前の旧制度','unknown','nationwide',NULL,NULL,NULL,'{}',NULL,'excluded');
INSERT INTO "am_personalization_candidate" VALUES(15,'a6448a1c5355e2fe1fdaa8a67f54618e9497aa6b2d965e2e29b4330fd288166e','program','EX-110','小規模事業者のバリアフリー改修補助','unknown','東京都',NULL,'2027-02-26','low','{"tier":"S"}',NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(16,'ceffa8f92f68e73d74cde7c9f225a3911f83a19ba064826a972b7282fb9533dd','program','EXjg0000000000001A','令和8年度 建設現場の安全対策助成金','D','東京都','2026-03-02','2026-04-18',NULL,'{}',NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(17,'65a5b75be1b79a818724f608ec841a39852e64582aad0e0ca3426ff4fca290ee','program','EXjg0000000000002A','建設業の週休二日推進補助金','D','nationwide','2026-02-01','2026-04-04',NULL,'{}',NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(18,'68670ac758c167cab80b13b0c04c19783f7020fe22d82d5292897302b956a565','program','EXjg0000000000003A','製造業の試作開発補助金','E','富山県,石川県,福井県,岐阜県,静岡県,愛知県,三重県','2026-03-15','2026-06-30',NULL,'{}',NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(19,'df5ab45acef4744a9c402f81fb42c5898273f82d46ebf8a8a698bdb67ec002d8','program','EXjg0000000000004A','ソフトウェア人材の育成助成金','G','nationwide','2026-03-20','2026-04-25',NULL,'{}',NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(20,'fa4b22874953a95c1b4fa51804c5521617bdbcdb1703aaf9b2e5e9b838d1ce8d','program','EXjg0000000000005A','農業・林業の担い手確保補助金','A','徳島県,香川県,愛媛県,高知県','2026-01-10','2026-04-30',NULL,'{}',NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(21,'eb31f550c262fc735c5fed3d45886de4ad62ccd61dd5c659c34cfda7a30be932','program','EXjg0000000000006A','宿泊施設の多言語対応補助金','M','沖縄県','2026-03-01','2026-04-10',NULL,'{}',NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(22,'9a64d3a971c00a2c75af0c510beee156d8354201cb64de726b81168925e382dc','program','EXjg0000000000007A','医療機関の働き方改善助成金','P','nationwide','2026-03-05','2026-08-31',NULL,'{}',NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(23,'e9701abf548107bb6523d89d2d4679b6e61e3998bc17fbc4f03f49e8876eb2b4','program','EXjg0000000000008A','物流の共同化実証事業','H','nationwide','2026-02-20','2026-05-15',NULL,'{}',NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(24,'90f85dcf91523996ebd99de503ffb47f17f5fba3f2e7c466ddb5884470a06317','program','EXjg0000000000009A','脱炭素に取り組む中小企業の診断補助','unknown','nationwide','2026-03-01','2026-09-30',NULL,'{}',NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(25,'edc860c0f203c835c2d1b47fa979de30298b2b665dcebe9a4641a8dd47110fd0','program','EXjg0000000000010A','小売店のキャッシュレス導入助成','I','nationwide','2026-04-20','2026-06-20',NULL,'{}',NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(26,'b45f24d3abc5def9e08df6dd9b96d4408bde4dcddd7132f11eeb8abd9d2dba2a','program','EXjg0000000000011A','海外拠点の実証支援','unknown','nationwide',NULL,NULL,NULL,'{}',NULL,'overseas only');
INSERT INTO "am_personalization_candidate" VALUES(27,'eaa2e4a24547d1ed7bf0710684e2b0b5f3d16f9c6c5cafe6c3b4e4a14f0731cc','program','EXjg0000000000012A','申請練習用補助金','unknown','nationwide',NULL,NULL,NULL,'{}',NULL,'practice form');
INSERT INTO "am_personalization_candidate" VALUES(28,'1b1749bfeea0e981fc0a11368a4ef47f5bc53a44f6cdb17ef1f5c1ee389b1544','program','EXjg0000000000013A','試作開発補助金 実績報告書','unknown','nationwide',NULL,NULL,NULL,'{}',NULL,'procedure');
INSERT INTO "am_personalization_candidate" VALUES(29,'dd9b2b1e82bcfc6273d1bf7dfec85837f4547f3ab58af063c124418a98b66c95','program','EXjg0000000000014A','昨年度の太陽光設備補助金','E','nationwide','2025-04-01','2025-10-31',NULL,'{}',NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(30,'ecb502b7c49bbb2d0c255609f4b9b946418410d8cd2dac8b6f227ab789f1f992','amendment','1','令和8年度 建設現場の安全対策助成金 受付終了: 2026-04-11 → 2026-04-18','D','東京都','2026-03-02','2026-04-18',NULL,'{"program":"EXjg0000000000001A"}',NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(31,'eab28fb4e3cc0e50957c281d7fb7806226f9e4201e12441437aec00076115cba','amendment','2','製造業の試作開発補助金 上限額: 2000000 → 3000000','E','富山県,石川県,福井県,岐阜県,静岡県,愛知県,三重県','2026-03-15','2026-06-30',NULL,'{"program":"EXjg0000000000003A"}',NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(32,'0243943bdaa64c3f89b7436277519466c4c155b4537aba834eb4ba0a83b17ff1','amendment','3','若手就農者の機械導入支援 名称: 就農者の機械導入支援 → 若手就農者の機械導入支援','A','高知県',NULL,'2026-07-31','low','{"keyword":"就農","program":"EX-103","tier":"S"}',NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(33,'c7954992c1d0495adfcfbd2adcf4e29ba498373b10e69f2a25bdc8f6a78c53a5','amendment','4','EXjg0000000000008A 受付開始: 2026-02-10 → 2026-02-20','unknown','nationwide',NULL,NULL,NULL,'{}',NULL,'not seen in the last 30 days');
INSERT INTO "am_personalization_candidate" VALUES(34,'9356e19dfdf07128b6196d0b05eb5a9616db3ada28e5e2f56bb9c62dcdb3a65b','saved_search','1','saved search 1','unknown','愛知県',NULL,NULL,NULL,'{}',2,NULL);
INSERT INTO "am_personalization_candidate" VALUES(35,'fa47a7ac197ce1a151de0b8127e22926ecfcd837e9a8c7e37b99f8e130e4bb3a','saved_search','2','saved search 2','A','高知県',NULL,NULL,NULL,'{}',3,NULL);
CREATE TABLE am_personalization_cohort (
    cohort_id INTEGER PRIMARY KEY CHECK (cohort_id BETWEEN 1 AND 9007199254740992),
    industries TEXT CHECK (industries <> ''),
    prefecture TEXT CHECK (prefecture <> ''),
    horizon_days INTEGER CHECK (horizon_days BETWEEN 1 AND 730),
    risk_level TEXT CHECK (risk_level IN ('low', 'medium', 'high'))
);
INSERT INTO "am_personalization_cohort" VALUES(1,'D','東京都',60,'low');
INSERT INTO "am_personalization_cohort" VALUES(2,'E','愛知県',90,'medium');
INSERT INTO "am_personalization_cohort" VALUES(3,'A','高知県',120,'low');
INSERT INTO "am_personalization_cohort" VALUES(4,'G',NULL,30,'high');
INSERT INTO "am_personalization_cohort" VALUES(5,'M','沖縄県',45,NULL);
INSERT INTO "am_personalization_cohort" VALUES(6,'P','大阪府',NULL,'medium');
INSERT INTO "am_personalization_cohort" VALUES(7,NULL,NULL,14,NULL);
INSERT INTO "am_personalization_cohort" VALUES(8,NULL,NULL,NULL,NULL);
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
INSERT INTO "am_personalization_decision" VALUES(1,1,17,50,28,20,98);
INSERT INTO "am_personalization_decision" VALUES(1,2,16,50,21,20,91);
INSERT INTO "am_personalization_decision" VALUES(1,3,9,0,30,20,50);
INSERT INTO "am_personalization_decision" VALUES(1,4,11,0,30,0,30);
INSERT INTO "am_personalization_decision" VALUES(1,5,24,0,0,20,20);
INSERT INTO "am_personalization_decision" VALUES(1,6,15,0,0,20,20);
INSERT INTO "am_personalization_decision" VALUES(1,7,1,50,30,20,75);
INSERT INTO "am_personalization_decision" VALUES(1,8,30,50,21,20,90);
INSERT INTO "am_personalization_decision" VALUES(2,1,18,50,0,20,70);
INSERT INTO "am_personalization_decision" VALUES(2,2,9,0,30,10,40);
INSERT INTO "am_personalization_decision" VALUES(2,3,6,0,13,10,23);
INSERT INTO "am_personalization_decision" VALUES(2,4,24,0,0,20,20);
INSERT INTO "am_personalization_decision" VALUES(2,5,12,0,5,10,15);
INSERT INTO "am_personalization_decision" VALUES(2,6,4,50,30,20,75);
INSERT INTO "am_personalization_decision" VALUES(2,7,31,50,0,20,70);
INSERT INTO "am_personalization_decision" VALUES(3,1,20,50,22,20,92);
INSERT INTO "am_personalization_decision" VALUES(3,2,8,50,0,20,70);
INSERT INTO "am_personalization_decision" VALUES(3,3,24,0,0,20,20);
INSERT INTO "am_personalization_decision" VALUES(3,4,9,0,0,20,20);
INSERT INTO "am_personalization_decision" VALUES(3,5,12,0,11,0,11);
INSERT INTO "am_personalization_decision" VALUES(3,6,32,50,0,20,70);
INSERT INTO "am_personalization_decision" VALUES(4,1,19,50,6,0,56);
INSERT INTO "am_personalization_decision" VALUES(4,2,11,0,30,20,50);
INSERT INTO "am_personalization_decision" VALUES(4,3,7,0,30,10,40);
INSERT INTO "am_personalization_decision" VALUES(4,4,9,0,30,0,30);
INSERT INTO "am_personalization_decision" VALUES(4,5,12,0,0,20,20);
INSERT INTO "am_personalization_decision" VALUES(4,6,3,50,30,0,75);
INSERT INTO "am_personalization_decision" VALUES(5,1,21,50,24,0,74);
INSERT INTO "am_personalization_decision" VALUES(5,2,7,0,30,0,30);
INSERT INTO "am_personalization_decision" VALUES(5,3,9,0,30,0,30);
INSERT INTO "am_personalization_decision" VALUES(6,1,10,50,0,20,70);
INSERT INTO "am_personalization_decision" VALUES(6,2,22,50,0,20,70);
INSERT INTO "am_personalization_decision" VALUES(6,3,24,0,0,20,20);
INSERT INTO "am_personalization_decision" VALUES(6,4,12,0,0,10,10);
INSERT INTO "am_personalization_decision" VALUES(6,5,9,0,0,10,10);
INSERT INTO "am_personalization_decision" VALUES(6,6,2,50,0,20,70);
INSERT INTO "am_personalization_decision" VALUES(7,1,7,0,30,0,30);
INSERT INTO "am_personalization_decision" VALUES(7,2,9,0,30,0,30);
INSERT INTO "am_personalization_decision" VALUES(7,3,11,0,30,0,30);
INSERT INTO "am_personalization_decision" VALUES(7,4,17,0,23,0,23);
INSERT INTO "am_personalization_decision" VALUES(7,5,21,0,10,0,10);
INSERT INTO "am_personalization_decision" VALUES(7,6,1,0,30,0,30);
INSERT INTO "am_personalization_decision" VALUES(7,7,2,0,30,0,30);
INSERT INTO "am_personalization_decision" VALUES(7,8,3,0,30,0,30);
INSERT INTO "am_personalization_decision" VALUES(7,9,4,0,30,0,30);
INSERT INTO "am_personalization_decision" VALUES(7,10,5,0,30,0,30);
INSERT INTO "am_personalization_decision" VALUES(9,1,34,0,30,20,50);
INSERT INTO "am_personalization_decision" VALUES(10,1,35,50,0,20,60);
INSERT INTO "am_personalization_decision" VALUES(11,1,16,50,27,20,97);
INSERT INTO "am_personalization_decision" VALUES(11,2,9,0,30,20,50);
INSERT INTO "am_personalization_decision" VALUES(11,3,1,50,30,20,75);
INSERT INTO "am_personalization_decision" VALUES(11,4,30,50,27,20,90);
INSERT INTO "am_personalization_decision" VALUES(12,1,18,50,3,20,73);
INSERT INTO "am_personalization_decision" VALUES(12,2,9,0,30,10,40);
INSERT INTO "am_personalization_decision" VALUES(12,3,4,50,30,20,75);
INSERT INTO "am_personalization_decision" VALUES(12,4,31,50,3,20,73);
INSERT INTO "am_personalization_decision" VALUES(13,1,20,50,25,20,95);
INSERT INTO "am_personalization_decision" VALUES(13,2,8,50,2,20,72);
INSERT INTO "am_personalization_decision" VALUES(13,3,32,50,2,20,72);
INSERT INTO "am_personalization_decision" VALUES(14,1,19,50,17,0,67);
INSERT INTO "am_personalization_decision" VALUES(14,2,11,0,30,20,50);
INSERT INTO "am_personalization_decision" VALUES(14,3,3,50,30,0,75);
INSERT INTO "am_personalization_decision" VALUES(15,1,7,0,30,0,30);
INSERT INTO "am_personalization_decision" VALUES(15,2,9,0,30,0,30);
INSERT INTO "am_personalization_decision" VALUES(16,1,10,50,0,20,70);
INSERT INTO "am_personalization_decision" VALUES(16,2,22,50,0,20,70);
INSERT INTO "am_personalization_decision" VALUES(16,3,2,50,0,20,70);
INSERT INTO "am_personalization_decision" VALUES(17,1,7,0,30,0,30);
INSERT INTO "am_personalization_decision" VALUES(17,2,9,0,30,0,30);
INSERT INTO "am_personalization_decision" VALUES(17,3,1,0,30,0,30);
INSERT INTO "am_personalization_decision" VALUES(17,4,2,0,30,0,30);
INSERT INTO "am_personalization_decision" VALUES(17,5,30,0,17,0,17);
INSERT INTO "am_personalization_decision" VALUES(19,1,34,0,30,20,50);
INSERT INTO "am_personalization_decision" VALUES(20,1,35,50,0,20,60);
INSERT INTO "am_personalization_decision" VALUES(21,1,16,50,27,20,97);
INSERT INTO "am_personalization_decision" VALUES(21,2,9,0,30,20,50);
INSERT INTO "am_personalization_decision" VALUES(21,3,1,50,30,20,75);
INSERT INTO "am_personalization_decision" VALUES(21,4,30,50,27,20,90);
INSERT INTO "am_personalization_decision" VALUES(22,1,18,50,3,20,73);
INSERT INTO "am_personalization_decision" VALUES(22,2,9,0,30,10,40);
INSERT INTO "am_personalization_decision" VALUES(22,3,4,50,30,20,75);
INSERT INTO "am_personalization_decision" VALUES(22,4,31,50,3,20,73);
INSERT INTO "am_personalization_decision" VALUES(23,1,20,50,25,20,95);
INSERT INTO "am_personalization_decision" VALUES(23,2,8,50,2,20,72);
INSERT INTO "am_personalization_decision" VALUES(23,3,32,50,2,20,72);
INSERT INTO "am_personalization_decision" VALUES(24,1,19,50,17,0,67);
INSERT INTO "am_personalization_decision" VALUES(24,2,11,0,30,20,50);
INSERT INTO "am_personalization_decision" VALUES(24,3,3,50,30,0,75);
INSERT INTO "am_personalization_decision" VALUES(25,1,7,0,30,0,30);
INSERT INTO "am_personalization_decision" VALUES(25,2,9,0,30,0,30);
INSERT INTO "am_personalization_decision" VALUES(26,1,10,50,0,20,70);
INSERT INTO "am_personalization_decision" VALUES(26,2,22,50,0,20,70);
INSERT INTO "am_personalization_decision" VALUES(26,3,2,50,0,20,70);
INSERT INTO "am_personalization_decision" VALUES(27,1,7,0,30,0,30);
INSERT INTO "am_personalization_decision" VALUES(27,2,9,0,30,0,30);
INSERT INTO "am_personalization_decision" VALUES(27,3,1,0,30,0,30);
INSERT INTO "am_personalization_decision" VALUES(27,4,2,0,30,0,30);
INSERT INTO "am_personalization_decision" VALUES(27,5,30,0,17,0,17);
INSERT INTO "am_personalization_decision" VALUES(29,1,34,0,30,20,50);
INSERT INTO "am_personalization_decision" VALUES(30,1,35,50,0,20,60);
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
    reversal_of INTEGER UNIQUE REFERENCES am_personalization_delivery(delivery_id)
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
    list_id INTEGER NOT NULL REFERENCES am_personalization_list(list_id)
);
INSERT INTO "am_personalization_evidence" VALUES(2,8,1);
INSERT INTO "am_personalization_evidence" VALUES(10,7,2);
INSERT INTO "am_personalization_evidence" VALUES(17,1,9);
INSERT INTO "am_personalization_evidence" VALUES(18,6,3);
INSERT INTO "am_personalization_evidence" VALUES(24,1,10);
INSERT INTO "am_personalization_evidence" VALUES(25,6,4);
INSERT INTO "am_personalization_evidence" VALUES(31,3,5);
INSERT INTO "am_personalization_evidence" VALUES(34,6,6);
INSERT INTO "am_personalization_evidence" VALUES(40,10,7);
INSERT INTO "am_personalization_evidence" VALUES(51,4,11);
INSERT INTO "am_personalization_evidence" VALUES(55,4,12);
INSERT INTO "am_personalization_evidence" VALUES(59,1,19);
INSERT INTO "am_personalization_evidence" VALUES(60,3,13);
INSERT INTO "am_personalization_evidence" VALUES(63,1,20);
INSERT INTO "am_personalization_evidence" VALUES(64,3,14);
INSERT INTO "am_personalization_evidence" VALUES(67,2,15);
INSERT INTO "am_personalization_evidence" VALUES(69,3,16);
INSERT INTO "am_personalization_evidence" VALUES(72,5,17);
INSERT INTO "am_personalization_evidence" VALUES(78,4,21);
INSERT INTO "am_personalization_evidence" VALUES(82,4,22);
INSERT INTO "am_personalization_evidence" VALUES(86,1,29);
INSERT INTO "am_personalization_evidence" VALUES(87,3,23);
INSERT INTO "am_personalization_evidence" VALUES(90,1,30);
INSERT INTO "am_personalization_evidence" VALUES(91,3,24);
INSERT INTO "am_personalization_evidence" VALUES(94,2,25);
INSERT INTO "am_personalization_evidence" VALUES(96,3,26);
INSERT INTO "am_personalization_evidence" VALUES(99,5,27);
CREATE TABLE am_personalization_identity (
    identity_id INTEGER PRIMARY KEY CHECK (identity_id BETWEEN 1 AND 9007199254740992),
    profile_id INTEGER NOT NULL,
    commitment TEXT NOT NULL CHECK (length(commitment) = 64),
    bound_at TEXT NOT NULL
);
INSERT INTO "am_personalization_identity" VALUES(1,1,'aad1f87cc840817d09afe45cb7ce644f1508b45b2119b089145b8ec2cc476695','2026-11-28T11:24:02.291Z');
INSERT INTO "am_personalization_identity" VALUES(2,2,'a2977c1f9896a315ed058cafa76a843cb2fd1054ab09df32163a229f317b68db','2026-11-28T11:24:02.291Z');
INSERT INTO "am_personalization_identity" VALUES(3,3,'1a0919c45c9626985205df71a24dddf3b0dd29c71879d1255278e9031f68b3e5','2026-11-28T11:24:02.291Z');
INSERT INTO "am_personalization_identity" VALUES(4,4,'719fac732cc9be6f95b76a63ec4530e3e65ed95cc6b2f79e91b6438a3d5138ae','2026-11-28T11:24:02.291Z');
INSERT INTO "am_personalization_identity" VALUES(5,5,'3cc446b21a6d94bb6107e86c2b9a4334c78181335568dfc25a16259238f8064b','2026-11-28T11:24:02.291Z');
INSERT INTO "am_personalization_identity" VALUES(6,6,'dc1582c15c235e9d46c9ef7f88ee44e62043affd1b5f8bffe287f814bc56784e','2026-11-28T11:24:02.291Z');
INSERT INTO "am_personalization_identity" VALUES(7,7,'ce4541424883cc6c1da7b2dd606418317a343733867a0a48fbfd0635d6aff258','2026-11-28T11:24:02.292Z');
INSERT INTO "am_personalization_identity" VALUES(8,8,'9c20d620730953ca51f72cac15c70290e92393bfdd5c5d68c88fee8c70dd98ae','2026-11-28T11:24:02.292Z');
CREATE TABLE am_personalization_identity_salt (
    identity_id INTEGER PRIMARY KEY REFERENCES am_personalization_identity(identity_id),
    salt TEXT NOT NULL CHECK (length(salt) = 64)
);
INSERT INTO "am_personalization_identity_salt" VALUES(1,'9f003f8349e723af71e16f2bd549b9e2a6ccc29ca2c36f77c1b5e3a5de94fed1');
INSERT INTO "am_personalization_identity_salt" VALUES(2,'57e912ce14b8c75c52c246ccaed1f3362e4ea6138735c063d3ac46fddd1d27e2');
INSERT INTO "am_personalization_identity_salt" VALUES(3,'96c7daf6ad3d2e55eab2ad315bc5d74ef00862b5d0e890f423de4086d9702fcf');
INSERT INTO "am_personalization_identity_salt" VALUES(4,'416ffd7df639f68dbab8525f3cb1d4af061d89c6422aa41a25f3e04d7b038e03');
INSERT INTO "am_personalization_identity_salt" VALUES(5,'a21e87ae0f1d082fff87d75c4a22f00349cb475afdfbab29ffee510e30d71557');
INSERT INTO "am_personalization_identity_salt" VALUES(6,'2e953eebc5f9cc2bdb5af121e87d1c1278a65cc31cb2e849b1c63e564806489a');
INSERT INTO "am_personalization_identity_salt" VALUES(7,'bdb5ad8dd662f81998c4a1a987c74b9687063e2cdf51e99674bc08414e457482');
INSERT INTO "am_personalization_identity_salt" VALUES(8,'b1bbb43bf3966466518cbd5484383e141f9cf3019f31be484a1361ed77764d43');
CREATE TABLE am_personalization_list (
    list_id INTEGER PRIMARY KEY CHECK (list_id BETWEEN 1 AND 9007199254740992),
    run_id INTEGER NOT NULL REFERENCES am_personalization_run(run_id),
    cohort_id INTEGER NOT NULL REFERENCES am_personalization_cohort(cohort_id),
    profile_id INTEGER REFERENCES am_personalization_profile(profile_id),
    -- of the declared vector, the owner and every place
    list_sha256 TEXT NOT NULL CHECK (length(list_sha256) = 64)
);
INSERT INTO "am_personalization_list" VALUES(1,1,1,NULL,'583276f8bf5d320a16a06cd4c3bf5f378892f189981f3088832f15e9e1e60502');
INSERT INTO "am_personalization_list" VALUES(2,1,2,NULL,'1df041871b3a493772f347e9deb1bd919d308b31bf6daeca3d93f6f8a2b023e3');
INSERT INTO "am_personalization_list" VALUES(3,1,3,NULL,'2ebb4ead0a64dbdb8686b66fe7d7ecb21a5cd836d0bd14f65ad284a05e0d27fa');
INSERT INTO "am_personalization_list" VALUES(4,1,4,NULL,'9aff5bee88bd1a514d7e570159d22e572e83509e2f95ce7762c5776ce9248db7');
INSERT INTO "am_personalization_list" VALUES(5,1,5,NULL,'c798a4544b1962c99e35b32fbecfb09bf37c55bb0c80d5d432a7fc33c406b03b');
INSERT INTO "am_personalization_list" VALUES(6,1,6,NULL,'ddceaa369f40e05e7f01734d7756ce516079c1cda9c16a89404923479a03a355');
INSERT INTO "am_personalization_list" VALUES(7,1,7,NULL,'cbf504a7ef536bd2258b72afd342bba220c54b63a1075fb25180cdc2690e049e');
INSERT INTO "am_personalization_list" VALUES(9,1,2,2,'db8d5a573a64a4d7fcf411c77cf760a3967b213e4c04f5b9d15704fac6d6a404');
INSERT INTO "am_personalization_list" VALUES(10,1,3,3,'0594bf0518cce1d864e8b2b761dac5e00b1f88355f9283a01ab9555606d20860');
INSERT INTO "am_personalization_list" VALUES(11,2,1,NULL,'3417a4324f7594783538e01096ef6e896e53baa1be5465a14e8e72443913aa04');
INSERT INTO "am_personalization_list" VALUES(12,2,2,NULL,'fc82f0e38350a72db72497fd16d6b6dd1bafa11c1931b37185323e6596b62ed4');
INSERT INTO "am_personalization_list" VALUES(13,2,3,NULL,'717756d07374c676d3ecfc13cd3500774d86a6d70da91e4d5a339788add5aff6');
INSERT INTO "am_personalization_list" VALUES(14,2,4,NULL,'dea1ee542c84fe4cdc5b41c1aa446cee53002612aa5addba9c3c2a2a9823be49');
INSERT INTO "am_personalization_list" VALUES(15,2,5,NULL,'90ecd933ade5d3ebd1e62c4d5a41e75aa79a0293c3b3982c4ad2d21e89f9dbdf');
INSERT INTO "am_personalization_list" VALUES(16,2,6,NULL,'73cf34df52c6385ebd14a420467c01aaacffa0f60dda31adcc57f397d839b57d');
INSERT INTO "am_personalization_list" VALUES(17,2,7,NULL,'97a5c7ad8dcdf3ee82d5e3691372abc8fa39defd1ec2265c637559df7bd70dd3');
INSERT INTO "am_personalization_list" VALUES(19,2,2,2,'db8d5a573a64a4d7fcf411c77cf760a3967b213e4c04f5b9d15704fac6d6a404');
INSERT INTO "am_personalization_list" VALUES(20,2,3,3,'0594bf0518cce1d864e8b2b761dac5e00b1f88355f9283a01ab9555606d20860');
INSERT INTO "am_personalization_list" VALUES(21,3,1,NULL,'3417a4324f7594783538e01096ef6e896e53baa1be5465a14e8e72443913aa04');
INSERT INTO "am_personalization_list" VALUES(22,3,2,NULL,'fc82f0e38350a72db72497fd16d6b6dd1bafa11c1931b37185323e6596b62ed4');
INSERT INTO "am_personalization_list" VALUES(23,3,3,NULL,'717756d07374c676d3ecfc13cd3500774d86a6d70da91e4d5a339788add5aff6');
INSERT INTO "am_personalization_list" VALUES(24,3,4,NULL,'dea1ee542c84fe4cdc5b41c1aa446cee53002612aa5addba9c3c2a2a9823be49');
INSERT INTO "am_personalization_list" VALUES(25,3,5,NULL,'90ecd933ade5d3ebd1e62c4d5a41e75aa79a0293c3b3982c4ad2d21e89f9dbdf');
INSERT INTO "am_personalization_list" VALUES(26,3,6,NULL,'73cf34df52c6385ebd14a420467c01aaacffa0f60dda31adcc57f397d839b57d');
INSERT INTO "am_personalization_list" VALUES(27,3,7,NULL,'97a5c7ad8dcdf3ee82d5e3691372abc8fa39defd1ec2265c637559df7bd70dd3');
INSERT INTO "am_personalization_list" VALUES(29,3,2,2,'db8d5a573a64a4d7fcf411c77cf760a3967b213e4c04f5b9d15704fac6d6a404');
INSERT INTO "am_personalization_list" VALUES(30,3,3,3,'0594bf0518cce1d864e8b2b761dac5e00b1f88355f9283a01ab9555606d20860');
CREATE TABLE am_personalization_log_mark (
    mark_id INTEGER PRIMARY KEY CHECK (mark_id = 1),
    last_rec_id INTEGER NOT NULL,
    given_rec_id INTEGER NOT NULL CHECK (given_rec_id >= last_rec_id)
);
CREATE TABLE am_personalization_profile (
    profile_id INTEGER PRIMARY KEY AUTOINCREMENT,
    -- sha256 hex of the API key, the only identifier
    user_token_hash TEXT NOT NULL UNIQUE CHECK (length(user_token_hash) = 64),
    preference_json TEXT NOT NULL DEFAULT '{}' CHECK (length(preference_json) BETWEEN 2 AND 16384),
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    last_updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    CHECK (last_updated_at >= created_at)
);
INSERT INTO "am_personalization_profile" VALUES(1,'207d28c47238e89eee33d9249bdbebeb80dd9b6aab9aed05dff24fe783cbc0c0','{"industry_pack": "pack_construction", "deadline_horizon_days": 60, "risk_tolerance": "low", "prefecture": "東京都"}','2026-11-28T11:24:02.129Z','2026-11-28T11:24:02.129Z');
INSERT INTO "am_personalization_profile" VALUES(2,'8c731f4e03780f360cdf469395dd06128295611853d826e871f9bfde4db8908a','{"industry_pack": "E", "deadline_horizon_days": 90, "risk_tolerance": "medium", "prefecture": "愛知県"}','2026-11-28T11:24:02.129Z','2026-11-28T11:24:02.129Z');
INSERT INTO "am_personalization_profile" VALUES(3,'fd805158361ae96275c739e2013067c9674e4fefd475105451acdd5d6db821db','{"industry_pack": "A", "deadline_horizon_days": 120, "risk_tolerance": "low", "prefecture": "高知県"}','2026-11-28T11:24:02.129Z','2026-11-28T11:24:02.129Z');
INSERT INTO "am_personalization_profile" VALUES(4,'6607f6c7c5e74fe895ac6153283313fc6b460f2620744a5fe96665181a0285b1','{"industry_pack": "pack_information", "deadline_horizon_days": 30, "risk_tolerance": "high"}','2026-11-28T11:24:02.129Z','2026-11-28T11:24:02.129Z');
INSERT INTO "am_personalization_profile" VALUES(5,'76cfd20355c8ea355e3294053848f605c28d2a646eb82ffea331b3ec0d20ec4b','{"industry_pack": "M", "deadline_horizon_days": 45, "prefecture": "沖縄県"}','2026-11-28T11:24:02.129Z','2026-11-28T11:24:02.129Z');
INSERT INTO "am_personalization_profile" VALUES(6,'2af4c871c563960c9b8d1c92a7a3141c63fde477d459a4583921818022887476','{"industry_pack": "P", "risk_tolerance": "medium", "prefecture": "大阪府"}','2026-11-28T11:24:02.129Z','2026-11-28T11:24:02.129Z');
INSERT INTO "am_personalization_profile" VALUES(7,'3e77e02940673c65c406aabc0b13d53097d4bca7363119e5d884501191252715','{"deadline_horizon_days": 14}','2026-11-28T11:24:02.129Z','2026-11-28T11:24:02.129Z');
INSERT INTO "am_personalization_profile" VALUES(8,'6b2efe4cb1f0035fe17ef66571fbba648f9667d0e2be6f41105f2a9c2a60841b','{}','2026-11-28T11:24:02.129Z','2026-11-28T11:24:02.129Z');
CREATE TABLE am_personalization_recommendation_log (
    rec_id INTEGER PRIMARY KEY AUTOINCREMENT,
    profile_id INTEGER NOT NULL REFERENCES am_personalization_profile(profile_id),
    recommendation_type TEXT NOT NULL
        CHECK (recommendation_type IN ('program', 'industry_pack', 'saved_search', 'amendment')),
    score INTEGER NOT NULL DEFAULT 0 CHECK (score BETWEEN 0 AND 100),
    served_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
);
INSERT INTO "am_personalization_recommendation_log" VALUES(1,8,'program',7,'2026-11-28T11:24:02.187Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(2,1,'program',98,'2026-11-28T11:24:02.238Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(3,1,'program',91,'2026-11-28T11:24:02.238Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(4,1,'program',50,'2026-11-28T11:24:02.238Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(5,1,'program',30,'2026-11-28T11:24:02.238Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(6,1,'program',20,'2026-11-28T11:24:02.238Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(7,1,'program',20,'2026-11-28T11:24:02.238Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(8,1,'industry_pack',75,'2026-11-28T11:24:02.238Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(9,1,'amendment',90,'2026-11-28T11:24:02.238Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(10,2,'program',70,'2026-11-28T11:24:02.238Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(11,2,'program',40,'2026-11-28T11:24:02.238Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(12,2,'program',23,'2026-11-28T11:24:02.238Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(13,2,'program',20,'2026-11-28T11:24:02.238Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(14,2,'program',15,'2026-11-28T11:24:02.238Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(15,2,'industry_pack',75,'2026-11-28T11:24:02.238Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(16,2,'amendment',70,'2026-11-28T11:24:02.238Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(17,2,'saved_search',50,'2026-11-28T11:24:02.238Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(18,3,'program',92,'2026-11-28T11:24:02.238Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(19,3,'program',70,'2026-11-28T11:24:02.238Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(20,3,'program',20,'2026-11-28T11:24:02.238Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(21,3,'program',20,'2026-11-28T11:24:02.238Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(22,3,'program',11,'2026-11-28T11:24:02.238Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(23,3,'amendment',70,'2026-11-28T11:24:02.238Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(24,3,'saved_search',60,'2026-11-28T11:24:02.238Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(25,4,'program',56,'2026-11-28T11:24:02.238Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(26,4,'program',50,'2026-11-28T11:24:02.238Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(27,4,'program',40,'2026-11-28T11:24:02.238Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(28,4,'program',30,'2026-11-28T11:24:02.238Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(29,4,'program',20,'2026-11-28T11:24:02.238Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(30,4,'industry_pack',75,'2026-11-28T11:24:02.238Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(31,5,'program',74,'2026-11-28T11:24:02.238Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(32,5,'program',30,'2026-11-28T11:24:02.238Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(33,5,'program',30,'2026-11-28T11:24:02.238Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(34,6,'program',70,'2026-11-28T11:24:02.238Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(35,6,'program',70,'2026-11-28T11:24:02.238Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(36,6,'program',20,'2026-11-28T11:24:02.238Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(37,6,'program',10,'2026-11-28T11:24:02.238Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(38,6,'program',10,'2026-11-28T11:24:02.238Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(39,6,'industry_pack',70,'2026-11-28T11:24:02.238Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(40,7,'program',30,'2026-11-28T11:24:02.238Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(41,7,'program',30,'2026-11-28T11:24:02.238Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(42,7,'program',30,'2026-11-28T11:24:02.238Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(43,7,'program',23,'2026-11-28T11:24:02.238Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(44,7,'program',10,'2026-11-28T11:24:02.238Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(45,7,'industry_pack',30,'2026-11-28T11:24:02.238Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(46,7,'industry_pack',30,'2026-11-28T11:24:02.238Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(47,7,'industry_pack',30,'2026-11-28T11:24:02.238Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(48,7,'industry_pack',30,'2026-11-28T11:24:02.238Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(49,7,'industry_pack',30,'2026-11-28T11:24:02.238Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(50,1,'program',50,'2026-11-28T11:24:02.436Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(51,1,'program',97,'2026-11-28T11:24:02.480Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(52,1,'program',50,'2026-11-28T11:24:02.480Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(53,1,'industry_pack',75,'2026-11-28T11:24:02.480Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(54,1,'amendment',90,'2026-11-28T11:24:02.480Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(55,2,'program',73,'2026-11-28T11:24:02.480Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(56,2,'program',40,'2026-11-28T11:24:02.480Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(57,2,'industry_pack',75,'2026-11-28T11:24:02.480Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(58,2,'amendment',73,'2026-11-28T11:24:02.480Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(59,2,'saved_search',50,'2026-11-28T11:24:02.480Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(60,3,'program',95,'2026-11-28T11:24:02.480Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(61,3,'program',72,'2026-11-28T11:24:02.480Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(62,3,'amendment',72,'2026-11-28T11:24:02.480Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(63,3,'saved_search',60,'2026-11-28T11:24:02.480Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(64,4,'program',67,'2026-11-28T11:24:02.480Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(65,4,'program',50,'2026-11-28T11:24:02.480Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(66,4,'industry_pack',75,'2026-11-28T11:24:02.480Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(67,5,'program',30,'2026-11-28T11:24:02.480Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(68,5,'program',30,'2026-11-28T11:24:02.480Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(69,6,'program',70,'2026-11-28T11:24:02.480Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(70,6,'program',70,'2026-11-28T11:24:02.480Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(71,6,'industry_pack',70,'2026-11-28T11:24:02.480Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(72,7,'program',30,'2026-11-28T11:24:02.480Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(73,7,'program',30,'2026-11-28T11:24:02.480Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(74,7,'industry_pack',30,'2026-11-28T11:24:02.480Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(75,7,'industry_pack',30,'2026-11-28T11:24:02.480Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(76,7,'amendment',17,'2026-11-28T11:24:02.480Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(77,2,'program',0,'2026-11-28T11:24:02.632Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(78,1,'program',97,'2026-11-28T11:24:02.660Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(79,1,'program',50,'2026-11-28T11:24:02.660Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(80,1,'industry_pack',75,'2026-11-28T11:24:02.660Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(81,1,'amendment',90,'2026-11-28T11:24:02.660Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(82,2,'program',73,'2026-11-28T11:24:02.660Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(83,2,'program',40,'2026-11-28T11:24:02.660Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(84,2,'industry_pack',75,'2026-11-28T11:24:02.660Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(85,2,'amendment',73,'2026-11-28T11:24:02.660Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(86,2,'saved_search',50,'2026-11-28T11:24:02.660Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(87,3,'program',95,'2026-11-28T11:24:02.660Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(88,3,'program',72,'2026-11-28T11:24:02.660Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(89,3,'amendment',72,'2026-11-28T11:24:02.660Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(90,3,'saved_search',60,'2026-11-28T11:24:02.660Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(91,4,'program',67,'2026-11-28T11:24:02.660Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(92,4,'program',50,'2026-11-28T11:24:02.660Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(93,4,'industry_pack',75,'2026-11-28T11:24:02.660Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(94,5,'program',30,'2026-11-28T11:24:02.660Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(95,5,'program',30,'2026-11-28T11:24:02.660Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(96,6,'program',70,'2026-11-28T11:24:02.660Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(97,6,'program',70,'2026-11-28T11:24:02.660Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(98,6,'industry_pack',70,'2026-11-28T11:24:02.660Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(99,7,'program',30,'2026-11-28T11:24:02.660Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(100,7,'program',30,'2026-11-28T11:24:02.660Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(101,7,'industry_pack',30,'2026-11-28T11:24:02.660Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(102,7,'industry_pack',30,'2026-11-28T11:24:02.660Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(103,7,'amendment',17,'2026-11-28T11:24:02.660Z');
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
    usage_quantity INTEGER NOT NULL,
    stripe_quantity INTEGER NOT NULL,
    owed_yen INTEGER NOT NULL,
    metered_yen INTEGER NOT NULL,
    invoiced_yen INTEGER NOT NULL,
    PRIMARY KEY (month, seq)
) WITHOUT ROWID;
CREATE TABLE am_personalization_reconciliation (
    month TEXT NOT NULL CHECK (month GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]'),
    position INTEGER NOT NULL,
    class TEXT NOT NULL,
    row_count INTEGER NOT NULL,
    owed_yen INTEGER NOT NULL,
    metered_yen INTEGER NOT NULL,
    invoiced_yen INTEGER NOT NULL,
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
    -- who gets which list, as it was frozen
    served_sha256 TEXT NOT NULL CHECK (length(served_sha256) = 64),
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
INSERT INTO "am_personalization_run" VALUES(1,'2026-04-01',0,'{"amendment_days":30,"any_from":17,"caps":{"amendment":90,"industry_pack":75,"program":100,"saved_search":60},"keywords":{"6次産業":"AB","ケーブルテレビ":"G","タクシー":"H","トラック運":"H","パイプハウス":"A","ラジオ":"G","介護サービス":"P","介護ロボット":"P","介護事業":"P","介護人材":"P","介護分野":"P","介護施設":"P","介護職員":"P","伝統産業":"E","伝統的工芸品":"E","住宅宿泊":"M","公衆浴場":"N","内航":"H","医療施設":"P","医療機関":"P","営農":"A","園芸":"A","土地改良":"A","地上基幹放送":"G","地域医療":"P","地熱発電":"CF","多面的機能支払":"A","家畜":"A","宿泊施設":"M","就農":"A","建設業":"D","建設産業":"D","携帯電話":"G","旅館":"M","林業":"A","果樹":"A","森林":"A","歯科":"P","水力発電":"F","水田":"A","水稲":"A","清酒":"E","漁業":"B","漁船":"B","畜産":"A","病院":"P","皮革":"EI","直接支払交付金":"A","看護":"P","福祉":"P","系統用蓄電":"F","細胞農業":"L","経営所得安定対策":"A","耕作放棄地":"A","肥料":"A","船員":"H","薬局":"P","訪問介護":"P","診療所":"P","貨物":"H","農作物":"A","農商工連携":"ABEI","農地":"A","農家":"A","農林業":"A","農林水産業":"AB","農林漁業":"AB","農業":"A","農畜水産業":"AB","農福連携":"AP","都市ガス":"F","野菜":"A","鉱山":"C","電子処方箋":"P","電波":"G","食品製造業":"E","飲食店":"M","飼料":"A","鳥獣":"A"},"packs":{"pack_construction":"D","pack_health_welfare":"P","pack_information":"G","pack_manufacturing":"E","pack_real_estate":"K"},"tiers":{"A":"low","B":"medium","C":"high","S":"low"},"urgent_days":90,"weights":{"deadline":30,"industry":50,"risk":20}}','1fda0b4bfa87e4f1d69d6c7cf4ee6e41b2b845d837c876723b0f077f970b3dfd','0.1a0',10,'2026-11-28T11:24:02.238Z','2026-11-28T11:24:02.220Z','eb506d84c57eefb85cb82a9c99ad03e6eecae7a8ad1ebf62b2abd7294ea061e4','b71de512f797172d57e047fdbb88cb988f0555bee1114e52e9fd72c4e8396556','18df554e26394d87daac8b8470d94fef07631117ee952c0f5d554d6cdc888c80','eacf0c18734595def2d7c3195c6452b815141ffcda6df090ab24487f50668e43',8,0,'{"amendment":{"candidates":3,"rows":3,"scored":3,"zero":5},"industry_pack":{"candidates":5,"rows":9,"scored":5,"zero":3},"program":{"candidates":19,"rows":34,"scored":7,"zero":1},"saved_search":{"candidates":2,"rows":2,"scored":2,"zero":6}}','{"amendment":{"not seen in the last 30 days":1},"program":{"closed":1,"excluded":1,"overseas only":1,"practice form":1,"procedure":1}}');
INSERT INTO "am_personalization_run" VALUES(2,'2026-04-12',0,'{"amendment_days":30,"any_from":17,"caps":{"amendment":90,"industry_pack":75,"program":100,"saved_search":60},"keywords":{"6次産業":"AB","ケーブルテレビ":"G","タクシー":"H","トラック運":"H","パイプハウス":"A","ラジオ":"G","介護サービス":"P","介護ロボット":"P","介護事業":"P","介護人材":"P","介護分野":"P","介護施設":"P","介護職員":"P","伝統産業":"E","伝統的工芸品":"E","住宅宿泊":"M","公衆浴場":"N","内航":"H","医療施設":"P","医療機関":"P","営農":"A","園芸":"A","土地改良":"A","地上基幹放送":"G","地域医療":"P","地熱発電":"CF","多面的機能支払":"A","家畜":"A","宿泊施設":"M","就農":"A","建設業":"D","建設産業":"D","携帯電話":"G","旅館":"M","林業":"A","果樹":"A","森林":"A","歯科":"P","水力発電":"F","水田":"A","水稲":"A","清酒":"E","漁業":"B","漁船":"B","畜産":"A","病院":"P","皮革":"EI","直接支払交付金":"A","看護":"P","福祉":"P","系統用蓄電":"F","細胞農業":"L","経営所得安定対策":"A","耕作放棄地":"A","肥料":"A","船員":"H","薬局":"P","訪問介護":"P","診療所":"P","貨物":"H","農作物":"A","農商工連携":"ABEI","農地":"A","農家":"A","農林業":"A","農林水産業":"AB","農林漁業":"AB","農業":"A","農畜水産業":"AB","農福連携":"AP","都市ガス":"F","野菜":"A","鉱山":"C","電子処方箋":"P","電波":"G","食品製造業":"E","飲食店":"M","飼料":"A","鳥獣":"A"},"packs":{"pack_construction":"D","pack_health_welfare":"P","pack_information":"G","pack_manufacturing":"E","pack_real_estate":"K"},"tiers":{"A":"low","B":"medium","C":"high","S":"low"},"urgent_days":90,"weights":{"deadline":30,"industry":50,"risk":20}}','1fda0b4bfa87e4f1d69d6c7cf4ee6e41b2b845d837c876723b0f077f970b3dfd','0.1a0',2,'2026-11-28T11:24:02.480Z','2026-11-28T11:24:02.453Z','d9e4fac5d534bb423f5655a745db3507d9f4bfd30f83eaf547e0c00306985adf','5fb4f060254e7d45d26bb3611bf6e99cb99d6cbe337713ab5ab9310138186213','18df554e26394d87daac8b8470d94fef07631117ee952c0f5d554d6cdc888c80','23f1900d541bcde9f0710fc6bd8490290e38db401aa6ccff8ace285875a16230',8,0,'{"amendment":{"candidates":3,"rows":4,"scored":4,"zero":4},"industry_pack":{"candidates":5,"rows":6,"scored":5,"zero":3},"program":{"candidates":19,"rows":14,"scored":7,"zero":1},"saved_search":{"candidates":2,"rows":2,"scored":2,"zero":6}}','{"amendment":{"not seen in the last 30 days":1},"program":{"closed":1,"excluded":1,"overseas only":1,"practice form":1,"procedure":1}}');
INSERT INTO "am_personalization_run" VALUES(3,'2026-04-12',1,'{"amendment_days":30,"any_from":17,"caps":{"amendment":90,"industry_pack":75,"program":100,"saved_search":60},"keywords":{"6次産業":"AB","ケーブルテレビ":"G","タクシー":"H","トラック運":"H","パイプハウス":"A","ラジオ":"G","介護サービス":"P","介護ロボット":"P","介護事業":"P","介護人材":"P","介護分野":"P","介護施設":"P","介護職員":"P","伝統産業":"E","伝統的工芸品":"E","住宅宿泊":"M","公衆浴場":"N","内航":"H","医療施設":"P","医療機関":"P","営農":"A","園芸":"A","土地改良":"A","地上基幹放送":"G","地域医療":"P","地熱発電":"CF","多面的機能支払":"A","家畜":"A","宿泊施設":"M","就農":"A","建設業":"D","建設産業":"D","携帯電話":"G","旅館":"M","林業":"A","果樹":"A","森林":"A","歯科":"P","水力発電":"F","水田":"A","水稲":"A","清酒":"E","漁業":"B","漁船":"B","畜産":"A","病院":"P","皮革":"EI","直接支払交付金":"A","看護":"P","福祉":"P","系統用蓄電":"F","細胞農業":"L","経営所得安定対策":"A","耕作放棄地":"A","肥料":"A","船員":"H","薬局":"P","訪問介護":"P","診療所":"P","貨物":"H","農作物":"A","農商工連携":"ABEI","農地":"A","農家":"A","農林業":"A","農林水産業":"AB","農林漁業":"AB","農業":"A","農畜水産業":"AB","農福連携":"AP","都市ガス":"F","野菜":"A","鉱山":"C","電子処方箋":"P","電波":"G","食品製造業":"E","飲食店":"M","飼料":"A","鳥獣":"A"},"packs":{"pack_construction":"D","pack_health_welfare":"P","pack_information":"G","pack_manufacturing":"E","pack_real_estate":"K"},"tiers":{"A":"low","B":"medium","C":"high","S":"low"},"urgent_days":90,"weights":{"deadline":30,"industry":50,"risk":20}}','1fda0b4bfa87e4f1d69d6c7cf4ee6e41b2b845d837c876723b0f077f970b3dfd','0.1a0',2,'2026-11-28T11:24:02.660Z','2026-11-28T11:24:02.645Z','74c8ae640716aa96ec15c736fb348bdb2627581414bf7e6714e18b9bd21d6646','eb6e86a6f3512f7c5fc63d52ffd1acea3a23ca78428443327b5a233491f82bff','18df554e26394d87daac8b8470d94fef07631117ee952c0f5d554d6cdc888c80','8a0938b7d93b4d6688ca13e25400ec1ccfe7fd27f5d8cd34787039d1d2de83e7',8,0,'{"amendment":{"candidates":3,"rows":4,"scored":4,"zero":4},"industry_pack":{"candidates":5,"rows":6,"scored":5,"zero":3},"program":{"candidates":19,"rows":14,"scored":7,"zero":1},"saved_search":{"candidates":2,"rows":2,"scored":2,"zero":6}}','{"amendment":{"not seen in the last 30 days":1},"program":{"closed":1,"excluded":1,"overseas only":1,"practice form":1,"procedure":1}}');
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
INSERT INTO "am_personalization_run_candidate" VALUES(1,11);
INSERT INTO "am_personalization_run_candidate" VALUES(1,12);
INSERT INTO "am_personalization_run_candidate" VALUES(1,13);
INSERT INTO "am_personalization_run_candidate" VALUES(1,14);
INSERT INTO "am_personalization_run_candidate" VALUES(1,15);
INSERT INTO "am_personalization_run_candidate" VALUES(1,16);
INSERT INTO "am_personalization_run_candidate" VALUES(1,17);
INSERT INTO "am_personalization_run_candidate" VALUES(1,18);
INSERT INTO "am_personalization_run_candidate" VALUES(1,19);
INSERT INTO "am_personalization_run_candidate" VALUES(1,20);
INSERT INTO "am_personalization_run_candidate" VALUES(1,21);
INSERT INTO "am_personalization_run_candidate" VALUES(1,22);
INSERT INTO "am_personalization_run_candidate" VALUES(1,23);
INSERT INTO "am_personalization_run_candidate" VALUES(1,24);
INSERT INTO "am_personalization_run_candidate" VALUES(1,25);
INSERT INTO "am_personalization_run_candidate" VALUES(1,26);
INSERT INTO "am_personalization_run_candidate" VALUES(1,27);
INSERT INTO "am_personalization_run_candidate" VALUES(1,28);
INSERT INTO "am_personalization_run_candidate" VALUES(1,29);
INSERT INTO "am_personalization_run_candidate" VALUES(1,30);
INSERT INTO "am_personalization_run_candidate" VALUES(1,31);
INSERT INTO "am_personalization_run_candidate" VALUES(1,32);
INSERT INTO "am_personalization_run_candidate" VALUES(1,33);
INSERT INTO "am_personalization_run_candidate" VALUES(1,34);
INSERT INTO "am_personalization_run_candidate" VALUES(1,35);
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
INSERT INTO "am_personalization_run_candidate" VALUES(2,11);
INSERT INTO "am_personalization_run_candidate" VALUES(2,12);
INSERT INTO "am_personalization_run_candidate" VALUES(2,13);
INSERT INTO "am_personalization_run_candidate" VALUES(2,14);
INSERT INTO "am_personalization_run_candidate" VALUES(2,15);
INSERT INTO "am_personalization_run_candidate" VALUES(2,16);
INSERT INTO "am_personalization_run_candidate" VALUES(2,17);
INSERT INTO "am_personalization_run_candidate" VALUES(2,18);
INSERT INTO "am_personalization_run_candidate" VALUES(2,19);
INSERT INTO "am_personalization_run_candidate" VALUES(2,20);
INSERT INTO "am_personalization_run_candidate" VALUES(2,21);
INSERT INTO "am_personalization_run_candidate" VALUES(2,22);
INSERT INTO "am_personalization_run_candidate" VALUES(2,23);
INSERT INTO "am_personalization_run_candidate" VALUES(2,24);
INSERT INTO "am_personalization_run_candidate" VALUES(2,25);
INSERT INTO "am_personalization_run_candidate" VALUES(2,26);
INSERT INTO "am_personalization_run_candidate" VALUES(2,27);
INSERT INTO "am_personalization_run_candidate" VALUES(2,28);
INSERT INTO "am_personalization_run_candidate" VALUES(2,29);
INSERT INTO "am_personalization_run_candidate" VALUES(2,30);
INSERT INTO "am_personalization_run_candidate" VALUES(2,31);
INSERT INTO "am_personalization_run_candidate" VALUES(2,32);
INSERT INTO "am_personalization_run_candidate" VALUES(2,33);
INSERT INTO "am_personalization_run_candidate" VALUES(2,34);
INSERT INTO "am_personalization_run_candidate" VALUES(2,35);
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
INSERT INTO "am_personalization_run_candidate" VALUES(3,11);
INSERT INTO "am_personalization_run_candidate" VALUES(3,12);
INSERT INTO "am_personalization_run_candidate" VALUES(3,13);
INSERT INTO "am_personalization_run_candidate" VALUES(3,14);
INSERT INTO "am_personalization_run_candidate" VALUES(3,15);
INSERT INTO "am_personalization_run_candidate" VALUES(3,16);
INSERT INTO "am_personalization_run_candidate" VALUES(3,17);
INSERT INTO "am_personalization_run_candidate" VALUES(3,18);
INSERT INTO "am_personalization_run_candidate" VALUES(3,19);
INSERT INTO "am_personalization_run_candidate" VALUES(3,20);
INSERT INTO "am_personalization_run_candidate" VALUES(3,21);
INSERT INTO "am_personalization_run_candidate" VALUES(3,22);
INSERT INTO "am_personalization_run_candidate" VALUES(3,23);
INSERT INTO "am_personalization_run_candidate" VALUES(3,24);
INSERT INTO "am_personalization_run_candidate" VALUES(3,25);
INSERT INTO "am_personalization_run_candidate" VALUES(3,26);
INSERT INTO "am_personalization_run_candidate" VALUES(3,27);
INSERT INTO "am_personalization_run_candidate" VALUES(3,28);
INSERT INTO "am_personalization_run_candidate" VALUES(3,29);
INSERT INTO "am_personalization_run_candidate" VALUES(3,30);
INSERT INTO "am_personalization_run_candidate" VALUES(3,31);
INSERT INTO "am_personalization_run_candidate" VALUES(3,32);
INSERT INTO "am_personalization_run_candidate" VALUES(3,33);
INSERT INTO "am_personalization_run_candidate" VALUES(3,34);
INSERT INTO "am_personalization_run_candidate" VALUES(3,35);
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
INSERT INTO "am_personalization_run_progress" VALUES(1,'finished',9,48,2,'2026-11-28T11:24:02.328Z');
INSERT INTO "am_personalization_run_progress" VALUES(2,'finished',9,26,51,'2026-11-28T11:24:02.535Z');
INSERT INTO "am_personalization_run_progress" VALUES(3,'finished',9,26,78,'2026-11-28T11:24:02.688Z');
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
INSERT INTO "am_personalization_seal" VALUES(1,'sqlite-utils-personalization/0b44b3c2abdd9531',NULL,NULL,NULL,0,8,'67ef677f7328148708021952909a4e3260d3201eeec039c760478ab5191ff185','{"after":0,"end":8,"rows":8,"table":"am_personalization_identity"}','d40455d8cb01fdd81e7b5ca5d42749a1ef61ed9fdd7d8ea757f84e9744bf0bc9','d40455d8cb01fdd81e7b5ca5d42749a1ef61ed9fdd7d8ea757f84e9744bf0bc9');
INSERT INTO "am_personalization_seal" VALUES(2,'sqlite-utils-personalization/0b44b3c2abdd9531',NULL,1,1,49,1,'1c25dae1fb4fb4b0ce937b9e7ae495af1b2666c23309b2dae6d87d7deabd24d8','{"after":0,"rows":1}','baad031c986190645a74e6e59b613914bfc0fd1d0b31d4b178d774ae70de22f4','baad031c986190645a74e6e59b613914bfc0fd1d0b31d4b178d774ae70de22f4');
INSERT INTO "am_personalization_seal" VALUES(3,'sqlite-utils-personalization/0b44b3c2abdd9531',1,2,49,49,7,'cc576d4d50ec8bb4d76281ca3e3b78daa0f3a3b19354fef836e7904c0808cec6','{"rows":48,"run":{"again":0,"as_of":"2026-04-01","candidates_sha256":"18df554e26394d87daac8b8470d94fef07631117ee952c0f5d554d6cdc888c80","counts_json":"{\"amendment\":{\"candidates\":3,\"rows\":3,\"scored\":3,\"zero\":5},\"industry_pack\":{\"candidates\":5,\"rows\":9,\"scored\":5,\"zero\":3},\"program\":{\"candidates\":19,\"rows\":34,\"scored\":7,\"zero\":1},\"saved_search\":{\"candidates\":2,\"rows\":2,\"scored\":2,\"zero\":6}}","customers_sha256":"b71de512f797172d57e047fdbb88cb988f0555bee1114e52e9fd72c4e8396556","left_out_json":"{\"amendment\":{\"not seen in the last 30 days\":1},\"program\":{\"closed\":1,\"excluded\":1,\"overseas only\":1,\"practice form\":1,\"procedure\":1}}","model_sha256":"1fda0b4bfa87e4f1d69d6c7cf4ee6e41b2b845d837c876723b0f077f970b3dfd","package_version":"0.1a0","profiles":8,"rejected":0,"run_id":1,"served_at":"2026-11-28T11:24:02.238Z","served_sha256":"eacf0c18734595def2d7c3195c6452b815141ffcda6df090ab24487f50668e43","started_at":"2026-11-28T11:24:02.220Z","top_k":10},"unserved_sha256":"e5d04bb3b219afbc383044b738cc95112e16a007a59ee80a692f64ab0626ac58"}','b3f5852093b53a617e7cee0585a571e1184d92ec6943a6272e896b6230919c81','54095bb004a1fe2d45eefc9f68bb97b14a06284273346f5d4145ddac0e7ce28a');
INSERT INTO "am_personalization_seal" VALUES(4,'sqlite-utils-personalization/0b44b3c2abdd9531',NULL,50,50,76,1,'298535c9b83b19062c9bd8c10aba88f8784202eaea01e82bb02cc9d301d33c5f','{"after":49,"rows":1}','df06cba0c3633d7415672f8d4d4f598a5b7fbe30b57e76381bb22d1a8ce14303','df06cba0c3633d7415672f8d4d4f598a5b7fbe30b57e76381bb22d1a8ce14303');
INSERT INTO "am_personalization_seal" VALUES(5,'sqlite-utils-personalization/0b44b3c2abdd9531',2,51,76,76,7,'79054d550e581398058e0405ec1a22c31c0105cde00359861e00afe253a62863','{"rows":26,"run":{"again":0,"as_of":"2026-04-12","candidates_sha256":"18df554e26394d87daac8b8470d94fef07631117ee952c0f5d554d6cdc888c80","counts_json":"{\"amendment\":{\"candidates\":3,\"rows\":4,\"scored\":4,\"zero\":4},\"industry_pack\":{\"candidates\":5,\"rows\":6,\"scored\":5,\"zero\":3},\"program\":{\"candidates\":19,\"rows\":14,\"scored\":7,\"zero\":1},\"saved_search\":{\"candidates\":2,\"rows\":2,\"scored\":2,\"zero\":6}}","customers_sha256":"5fb4f060254e7d45d26bb3611bf6e99cb99d6cbe337713ab5ab9310138186213","left_out_json":"{\"amendment\":{\"not seen in the last 30 days\":1},\"program\":{\"closed\":1,\"excluded\":1,\"overseas only\":1,\"practice form\":1,\"procedure\":1}}","model_sha256":"1fda0b4bfa87e4f1d69d6c7cf4ee6e41b2b845d837c876723b0f077f970b3dfd","package_version":"0.1a0","profiles":8,"rejected":0,"run_id":2,"served_at":"2026-11-28T11:24:02.480Z","served_sha256":"23f1900d541bcde9f0710fc6bd8490290e38db401aa6ccff8ace285875a16230","started_at":"2026-11-28T11:24:02.453Z","top_k":2},"unserved_sha256":"d7d66c59ecb3dacbde0b82f9ade2cc5cccf92ce6d3681c133b8df6862a268c3d"}','66b926ff5833a62e6a504e28528234f5e2f02fbe83d34e65feea0e7633e7afbe','ec7d6b014a46c0a1eae99ce309649a8bfcb429282ed5ce8ea96efc621765ef04');
INSERT INTO "am_personalization_seal" VALUES(6,'sqlite-utils-personalization/0b44b3c2abdd9531',NULL,77,77,103,1,'95d00a40bca6f98e77305a3f4fe10128f8ccfabd967856a0a3e0bee97327a676','{"after":76,"rows":1}','e405b3293766bca0ea338f871a3a420c42bccf0356ab09d49816ab069cf90e0e','7939c223eff765bbc8762800438e464e78a26481313924deceaa2830a61894a9');
INSERT INTO "am_personalization_seal" VALUES(7,'sqlite-utils-personalization/0b44b3c2abdd9531',3,78,103,103,7,'c8c036af9beabd9559e560a5580b8e85205bfbbde60c43aecb5ef0b1da8b8a7c','{"rows":26,"run":{"again":1,"as_of":"2026-04-12","candidates_sha256":"18df554e26394d87daac8b8470d94fef07631117ee952c0f5d554d6cdc888c80","counts_json":"{\"amendment\":{\"candidates\":3,\"rows\":4,\"scored\":4,\"zero\":4},\"industry_pack\":{\"candidates\":5,\"rows\":6,\"scored\":5,\"zero\":3},\"program\":{\"candidates\":19,\"rows\":14,\"scored\":7,\"zero\":1},\"saved_search\":{\"candidates\":2,\"rows\":2,\"scored\":2,\"zero\":6}}","customers_sha256":"eb6e86a6f3512f7c5fc63d52ffd1acea3a23ca78428443327b5a233491f82bff","left_out_json":"{\"amendment\":{\"not seen in the last 30 days\":1},\"program\":{\"closed\":1,\"excluded\":1,\"overseas only\":1,\"practice form\":1,\"procedure\":1}}","model_sha256":"1fda0b4bfa87e4f1d69d6c7cf4ee6e41b2b845d837c876723b0f077f970b3dfd","package_version":"0.1a0","profiles":8,"rejected":0,"run_id":3,"served_at":"2026-11-28T11:24:02.660Z","served_sha256":"8a0938b7d93b4d6688ca13e25400ec1ccfe7fd27f5d8cd34787039d1d2de83e7","started_at":"2026-11-28T11:24:02.645Z","top_k":2},"unserved_sha256":"ef1f2232c4e00faa56ded4529a3451f7469f9886ce8f900ef7bfa330726e1417"}','d8db739cb285fa44ce2240f06e4e87d60f784ca3b93054f6be862d03702e981a','0c9cc54370e6c30955440ea2650d6c0a0caaf922fcdbb9bcc69d18b7c251df49');
CREATE TABLE am_personalization_unserved (
    run_id INTEGER NOT NULL REFERENCES am_personalization_run(run_id),
    profile_id INTEGER NOT NULL,
    cohort_id INTEGER REFERENCES am_personalization_cohort(cohort_id),
    reason TEXT,
    PRIMARY KEY (run_id, profile_id),
    CHECK (cohort_id IS NOT NULL OR reason IS NOT NULL)
) WITHOUT ROWID;
INSERT INTO "am_personalization_unserved" VALUES(1,8,8,NULL);
INSERT INTO "am_personalization_unserved" VALUES(2,8,8,NULL);
INSERT INTO "am_personalization_unserved" VALUES(3,8,8,NULL);
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
INSERT INTO "sqlite_stat1" VALUES('am_personalization_profile','idx_am_personalization_profile_token','8 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_profile','sqlite_autoindex_am_personalization_profile_1','8 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_recommendation_log','idx_am_pers_rec_type_score','103 26 4 2');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_recommendation_log','idx_am_pers_rec_profile_served','103 13 5');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_run','sqlite_autoindex_am_personalization_run_1','3 2 2 2 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_cohort','idx_am_personalization_cohort_vector','8 2 2 1 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_candidate','idx_am_personalization_candidate_item','35 9 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_candidate','sqlite_autoindex_am_personalization_candidate_1','35 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_run_candidate','am_personalization_run_candidate','105 35 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_list','idx_am_personalization_list_key','27 9 2 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_decision','am_personalization_decision','100 4 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_evidence',NULL,'27');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_unserved','am_personalization_unserved','3 1 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_seal','sqlite_autoindex_am_personalization_seal_1','7 2');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_run_progress',NULL,'3');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_identity','idx_am_personalization_identity_profile','8 1 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_identity_salt',NULL,'8');
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
CREATE INDEX idx_am_personalization_delivery_rec ON am_personalization_delivery(rec_id);
CREATE INDEX idx_am_personalization_delivery_delivered
    ON am_personalization_delivery(delivered_at, channel, status, unit_price_yen, reversal_of);
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
INSERT INTO "sqlite_sequence" VALUES('am_personalization_profile',8);
INSERT INTO "sqlite_sequence" VALUES('am_personalization_recommendation_log',103);
COMMIT;
