BEGIN TRANSACTION;
CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
);
INSERT INTO "_sqlite_migrations" VALUES(1,'personalization','287_personalization','2026-11-28 05:47:06.306461+00:00');
INSERT INTO "_sqlite_migrations" VALUES(2,'personalization','288_personalization_evidence','2026-11-28 05:47:06.336991+00:00');
INSERT INTO "_sqlite_migrations" VALUES(3,'personalization','289_personalization_events','2026-11-28 05:47:06.351146+00:00');
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
INSERT INTO "am_personalization_candidate" VALUES(1,'5833332b10acb9ded71570da2bcbb36ba12595f76b8edd814325d5975e068d7c','industry_pack','pack_construction','建設業','D','nationwide',NULL,NULL,NULL,'{}',NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(2,'33fd768d66845b95b2ac411ffbd9f68228849485ece4b3d2d917c79fd650cd5a','industry_pack','pack_health_welfare','医療、福祉','P','nationwide',NULL,NULL,NULL,'{}',NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(3,'ae1faf66030089bf665461f17aad0a6c2b08e55b654c62417a737b99129f984a','industry_pack','pack_information','情報通信業','G','nationwide',NULL,NULL,NULL,'{}',NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(4,'1d5cbf7edd9a2a924490dfedf201b9229485b1d45875cb3f193236c7c10b8952','industry_pack','pack_manufacturing','製造業','E','nationwide',NULL,NULL,NULL,'{}',NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(5,'310a824fb5fd015ecbfc95582d7aa5398bfa5543b18549ea5da5611e23675f1d','industry_pack','pack_real_estate','不動産業、物品賃貸業','K','nationwide',NULL,NULL,NULL,'{}',NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(6,'5f603a3005838f49ef35540c3734cb99aaba02b7a7332edec274b35ab7b25549','program','EX-101','町工場の省エネ設備更新補助','unknown','愛知県','2026-03-01','2026-05-20','low','{"tier":"A"}',NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(7,'e151cfe7092ba341187bd9b595b73d028509a7513cf7d139505b792cdc720f5a','program','EX-102','空き店舗を活かす創業支援金','unknown','沖縄県',NULL,NULL,'medium','{"tier":"B"}',NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(8,'05f5349ce367bd7b62f6a856a6fa493e11f2f15dd7105a3b0ffac2f61d3a07f8','program','EX-103','若手就農者の機械導入支援','A','高知県',NULL,'2026-07-31','low','{"keyword":"就農","tier":"S"}',NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(9,'6079fb3e7bc5ec1c5c436074642ff83afa840e584eaa93ef80f5132da3c12796','program','EX-104','中小企業の賃上げ応援金','unknown','nationwide',NULL,NULL,'low','{"tier":"A"}',NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(10,'ce9a62c49cc8cd9015c2ba3c1e38ef98b9017e6bcf2a22eb2ac43965af8b753e','program','EX-105','介護施設の見守り機器導入支援','P','大阪府',NULL,'2026-04-30','medium','{"keyword":"介護施設","tier":"B"}',NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(11,'90a3b622dbcb1aeb2cfdf860a0b5412d40b754945ed0fc5c4a6532c4f00bd6d1','program','EX-106','商店街の防犯カメラ設置費補助','unknown','東京都',NULL,NULL,'high','{"tier":"C"}',NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(12,'e0d021e0346f46066481a19987c792061fa377393713124a23b2c10317ba5163','program','EX-107','新商品の海外展示会出展助成','unknown','nationwide',NULL,'2026-06-15','high','{"tier":"C"}',NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(13,'b55f4267dca3553010a4947b689bbb5dad5a566010bf6c773f54e68be2e56a41','program','EX-108','設備更新補助の募集終了について','unknown','nationwide',NULL,NULL,NULL,'{}',NULL,'closed');
INSERT INTO "am_personalization_candidate" VALUES(14,'be55aa703f99549004f5e0a291068c363d9e713558bb20f0f3ec6795a9ccf766','program','EX-109','移転前の旧制度','unknown','nationwide',NULL,NULL,NULL,'{}',NULL,'excluded');
INSERT INTO "am_personalization_candidate" VALUES(15,'02314a62e04d65b3b9c1ae276f980b23f00ba4390106b39c4d75bf803cfd3fe4','program','EX-110','小規模事業者のバリアフリー改修補助','unknown','東京都',NULL,'2027-02-26','low','{"tier":"S"}',NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(16,'18b475a9d457cd5d651b6fc86a66cf06f973005f3c86c3cb3253328a5a95583f','program','EXjg0000000000001A','令和8年度 建設現場の安全対策助成金','D','東京都','2026-03-02','2026-04-18',NULL,'{}',NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(17,'b97bd0e467f12016376ba4a6f812372a38c6206f174135dd1ef5c0e5f40df4bd','program','EXjg0000000000002A','建設業の週休二日推進補助金','D','nationwide','2026-02-01','2026-04-04',NULL,'{}',NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(18,'6729d84e388d70b2c3b366d50339123c3fb46e2fbe0638083cdc64a84fa80df9','program','EXjg0000000000003A','製造業の試作開発補助金','E','富山県,石川県,福井県,岐阜県,静岡県,愛知県,三重県','2026-03-15','2026-06-30',NULL,'{}',NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(19,'8b3ba315fb98492a1bff030befb1c282b7c61b6218d653ac7ed45d3b7bb21475','program','EXjg0000000000004A','ソフトウェア人材の育成助成金','G','nationwide','2026-03-20','2026-04-25',NULL,'{}',NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(20,'e8911aea147ffd50fec979b149158d0faa6fc27183e139bd22773543593eed23','program','EXjg0000000000005A','農業・林業の担い手確保補助金','A','徳島県,香川県,愛媛県,高知県','2026-01-10','2026-04-30',NULL,'{}',NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(21,'a05b91a6e8c91a89cc31d4c29b107044df636c2af52df501979eaf27787ba9b2','program','EXjg0000000000006A','宿泊施設の多言語対応補助金','M','沖縄県','2026-03-01','2026-04-10',NULL,'{}',NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(22,'f7aa6cac8aaec0ef13780d85d4ad9effee9886fdf759eb48bd3ca74efc380c1c','program','EXjg0000000000007A','医療機関の働き方改善助成金','P','nationwide','2026-03-05','2026-08-31',NULL,'{}',NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(23,'b161f608947500cdf23e595f5adb891ae37110d863c40594d9c0ad11ac0de9d5','program','EXjg0000000000008A','物流の共同化実証事業','H','nationwide','2026-02-20','2026-05-15',NULL,'{}',NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(24,'c8f960c672e9752509a8fd02f16f9df77a728ea602d967936ecc52bb6a4e9e18','program','EXjg0000000000009A','脱炭素に取り組む中小企業の診断補助','unknown','nationwide','2026-03-01','2026-09-30',NULL,'{}',NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(25,'598afad544e493517a833a0a9ff5b6a07a1823fd091eb18b23fae4f939876cc0','program','EXjg0000000000010A','小売店のキャッシュレス導入助成','I','nationwide','2026-04-20','2026-06-20',NULL,'{}',NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(26,'73416634a84b0ad399a6cf1ad8b3c6724d31dd9e77543e7617090a5c5e4c3ed0','program','EXjg0000000000011A','海外拠点の実証支援','unknown','nationwide',NULL,NULL,NULL,'{}',NULL,'overseas only');
INSERT INTO "am_personalization_candidate" VALUES(27,'13817a21178c736665381d36998e33dbd52abe21b64927a096c5c49d27707689','program','EXjg0000000000012A','申請練習用補助金','unknown','nationwide',NULL,NULL,NULL,'{}',NULL,'practice form');
INSERT INTO "am_personalization_candidate" VALUES(28,'3aa68cae04bda07d110b2b457fab27989b3eada9e507535ddaa671fde17265b7','program','EXjg0000000000013A','試作開発補助金 実績報告書','unknown','nationwide',NULL,NULL,NULL,'{}',NULL,'procedure');
INSERT INTO "am_personalization_candidate" VALUES(29,'b7e7b6ccdde41698e547c148c951e20626b051d1da15c3ee7e43e2bc21f2f210','program','EXjg0000000000014A','昨年度の太陽光設備補助金','E','nationwide','2025-04-01','2025-10-31',NULL,'{}',NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(30,'cf9c59ff70f343d1539faf225684ef99c87aee73c8efc4fa81c1c82b605e2bda','amendment','1','令和8年度 建設現場の安全対策助成金 受付終了: 2026-04-11 → 2026-04-18','D','東京都','2026-03-02','2026-04-18',NULL,'{"program":"EXjg0000000000001A"}',NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(31,'6092bb88c138aef8bd4ddbfb90fa9f48f9ddb2def932276d814c9c011c937796','amendment','2','製造業の試作開発補助金 上限額: 2000000 → 3000000','E','富山県,石川県,福井県,岐阜県,静岡県,愛知県,三重県','2026-03-15','2026-06-30',NULL,'{"program":"EXjg0000000000003A"}',NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(32,'86c68008aeabf29d28680d6894bf0827d65f68fe60bffc6a9a06bfb90549317c','amendment','3','若手就農者の機械導入支援 名称: 就農者の機械導入支援 → 若手就農者の機械導入支援','A','高知県',NULL,'2026-07-31','low','{"keyword":"就農","program":"EX-103","tier":"S"}',NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(33,'be354cdcb38b86ffca5ed33800604e883e07216b4f2b8cb303e6b54414f3faf3','amendment','4','EXjg0000000000008A 受付開始: 2026-02-10 → 2026-02-20','unknown','nationwide',NULL,NULL,NULL,'{}',NULL,'not seen in the last 30 days');
INSERT INTO "am_personalization_candidate" VALUES(34,'ca3955d430807bfef9b869ee09dcc1413cef7bc486a1f9ea04e251686dd03144','saved_search','1','saved search 1','unknown','愛知県',NULL,NULL,NULL,'{}',2,NULL);
INSERT INTO "am_personalization_candidate" VALUES(35,'84fda436052c6dfd6487dbff288df50ee565d0028425ca129d8ec075878ca472','saved_search','2','saved search 2','A','高知県',NULL,NULL,NULL,'{}',3,NULL);
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
INSERT INTO "am_personalization_identity" VALUES(1,1,'0076af47b4253b2fb63c5f73e0b8f133fde576d98905260c9899de68a3cdde4e','2026-11-28T05:47:05.784Z');
INSERT INTO "am_personalization_identity" VALUES(2,2,'159efd3a54c2d598da62a591e6e2b02667c527b2d76dc1cb7f940269e3f84a4b','2026-11-28T05:47:05.785Z');
INSERT INTO "am_personalization_identity" VALUES(3,3,'539b25c8605214ff6b02689f0a5e0ebb42c4f73ad101150f959b7971d7ba9f7c','2026-11-28T05:47:05.785Z');
INSERT INTO "am_personalization_identity" VALUES(4,4,'66cbf85c5efa2a279ddf88a8f23928bd2ab916bf12153ecbbdee8689d85b42e7','2026-11-28T05:47:05.785Z');
INSERT INTO "am_personalization_identity" VALUES(5,5,'6cf7f7d15654838ca6a8e1f6029fb1f4d5ee154a2aa14fa4041276e6396645bb','2026-11-28T05:47:05.785Z');
INSERT INTO "am_personalization_identity" VALUES(6,6,'1a943effcb2bdeb0b9875a101a4ad7b622a71f35e5084f961117e8abc45f0b67','2026-11-28T05:47:05.785Z');
INSERT INTO "am_personalization_identity" VALUES(7,7,'a65d0b1e41cb515fe740fbfd0b7a71b7ed14b6926cdc73b34e430f401e0eb92d','2026-11-28T05:47:05.785Z');
INSERT INTO "am_personalization_identity" VALUES(8,8,'e6f10f7329d411a81d90c126e4468e15fdb4cfd3076eec967c715917c051e928','2026-11-28T05:47:05.785Z');
CREATE TABLE am_personalization_identity_salt (
    identity_id INTEGER PRIMARY KEY REFERENCES am_personalization_identity(identity_id),
    salt TEXT NOT NULL CHECK (length(salt) = 64)
);
INSERT INTO "am_personalization_identity_salt" VALUES(1,'441c5d573f353c8a8d063c67a7e4f2e5405dca01d2a78cce33405ce07949cccd');
INSERT INTO "am_personalization_identity_salt" VALUES(2,'afc307b3c45548e67f9c34b996fcec92168c220e81917f57f26e7a7d3c2225d4');
INSERT INTO "am_personalization_identity_salt" VALUES(3,'ee44a75b23a4876447cf3749ab72b26e3ac09f8bfc9104249de6c5a3c025e78b');
INSERT INTO "am_personalization_identity_salt" VALUES(4,'a4877a9aca19f9f077eb86f166cf61801aa4390a0c64ca4f5bb12e2659a884e1');
INSERT INTO "am_personalization_identity_salt" VALUES(5,'c9ed46f8a1ed9d74675c57ae399d36df278e0750f3352cfe11024be70800cf0e');
INSERT INTO "am_personalization_identity_salt" VALUES(6,'b05b4338a60462a888bf7f68d46a46d5192ca75d3892485ad6e88cd8dbe13736');
INSERT INTO "am_personalization_identity_salt" VALUES(7,'dc8f4fd9e9dcc7eac0d8734a8b1fec2d82eab68650723a211cc8386f1db8d974');
INSERT INTO "am_personalization_identity_salt" VALUES(8,'d23e290cfb41bcf0a46205d6b1854a866fee1a02622c2d74c69961ce21c7d55b');
CREATE TABLE am_personalization_list (
    list_id INTEGER PRIMARY KEY CHECK (list_id BETWEEN 1 AND 9007199254740992),
    run_id INTEGER NOT NULL REFERENCES am_personalization_run(run_id),
    cohort_id INTEGER NOT NULL REFERENCES am_personalization_cohort(cohort_id),
    profile_id INTEGER REFERENCES am_personalization_profile(profile_id),
    -- of the declared vector, the owner and every place
    list_sha256 TEXT NOT NULL CHECK (length(list_sha256) = 64)
);
INSERT INTO "am_personalization_list" VALUES(1,1,1,NULL,'50e19ddf7c3b6c2451bd7934d1ad302fc0fc46a4ca7f425e7fe6661f5b13a0ea');
INSERT INTO "am_personalization_list" VALUES(2,1,2,NULL,'b31484ebfbaf76549a74502387d01df1647fe1cea419839a733bf9c03f909ac9');
INSERT INTO "am_personalization_list" VALUES(3,1,3,NULL,'39917230aa2fbd57c2c56e2bf051c44c9de73fd5fd1661b26e12a25cacead86c');
INSERT INTO "am_personalization_list" VALUES(4,1,4,NULL,'ed5334e3d2095a99b67385c47b06ab162c2f314e2b44d984b5981c1fcd112c05');
INSERT INTO "am_personalization_list" VALUES(5,1,5,NULL,'1db399388532e47b848787792fd3c25f1dd5628b383455c493711f998b81be51');
INSERT INTO "am_personalization_list" VALUES(6,1,6,NULL,'833580ae3074f89600f4f7f9d88ffc62f15de437d9523d86fd5ff6598fd6e1cb');
INSERT INTO "am_personalization_list" VALUES(7,1,7,NULL,'9ee90a268e5d0aa1d2020be0a69a8ee092f9ee0483930e32241a6aeeea1421e7');
INSERT INTO "am_personalization_list" VALUES(9,1,2,2,'d9028103b81d13671ba2f6753b09665b3de6654def79159609cdbc9d5c290f95');
INSERT INTO "am_personalization_list" VALUES(10,1,3,3,'6e4aa5a96ff05e1f52afc72d3790dafbea7245e143e9cfcd27653c6d30a03978');
INSERT INTO "am_personalization_list" VALUES(11,2,1,NULL,'186792d6a91be0ba2b9e8a15a45b7bef2067775da3e84df6e3dd9361829f0cbe');
INSERT INTO "am_personalization_list" VALUES(12,2,2,NULL,'e1b2c498ab522516a18dbe713d6fdf8b41398351aec5aa6a0c6d10a482d011a6');
INSERT INTO "am_personalization_list" VALUES(13,2,3,NULL,'2bf096b2ea1ca995c11e73e45d67d53a84ab41542f013d6724d133f14da40f68');
INSERT INTO "am_personalization_list" VALUES(14,2,4,NULL,'eafb93250a226cf71c4cf89f3b1960009acca78c4db886c08c7347d47e274dec');
INSERT INTO "am_personalization_list" VALUES(15,2,5,NULL,'38f67343bf562efda7a64020c5315558bff68f3bda04d1dcf9ccb758cb824052');
INSERT INTO "am_personalization_list" VALUES(16,2,6,NULL,'e65436ba31345d8b434a287afb4c6b1186f9754fa81725fb4685cc2c978b48a6');
INSERT INTO "am_personalization_list" VALUES(17,2,7,NULL,'1a2cb29c35947a15908cc3083fcca64fc9f330f42705a4179bc08724472c5395');
INSERT INTO "am_personalization_list" VALUES(19,2,2,2,'d9028103b81d13671ba2f6753b09665b3de6654def79159609cdbc9d5c290f95');
INSERT INTO "am_personalization_list" VALUES(20,2,3,3,'6e4aa5a96ff05e1f52afc72d3790dafbea7245e143e9cfcd27653c6d30a03978');
INSERT INTO "am_personalization_list" VALUES(21,3,1,NULL,'186792d6a91be0ba2b9e8a15a45b7bef2067775da3e84df6e3dd9361829f0cbe');
INSERT INTO "am_personalization_list" VALUES(22,3,2,NULL,'e1b2c498ab522516a18dbe713d6fdf8b41398351aec5aa6a0c6d10a482d011a6');
INSERT INTO "am_personalization_list" VALUES(23,3,3,NULL,'2bf096b2ea1ca995c11e73e45d67d53a84ab41542f013d6724d133f14da40f68');
INSERT INTO "am_personalization_list" VALUES(24,3,4,NULL,'eafb93250a226cf71c4cf89f3b1960009acca78c4db886c08c7347d47e274dec');
INSERT INTO "am_personalization_list" VALUES(25,3,5,NULL,'38f67343bf562efda7a64020c5315558bff68f3bda04d1dcf9ccb758cb824052');
INSERT INTO "am_personalization_list" VALUES(26,3,6,NULL,'e65436ba31345d8b434a287afb4c6b1186f9754fa81725fb4685cc2c978b48a6');
INSERT INTO "am_personalization_list" VALUES(27,3,7,NULL,'1a2cb29c35947a15908cc3083fcca64fc9f330f42705a4179bc08724472c5395');
INSERT INTO "am_personalization_list" VALUES(29,3,2,2,'d9028103b81d13671ba2f6753b09665b3de6654def79159609cdbc9d5c290f95');
INSERT INTO "am_personalization_list" VALUES(30,3,3,3,'6e4aa5a96ff05e1f52afc72d3790dafbea7245e143e9cfcd27653c6d30a03978');
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
INSERT INTO "am_personalization_profile" VALUES(1,'207d28c47238e89eee33d9249bdbebeb80dd9b6aab9aed05dff24fe783cbc0c0','{"industry_pack": "pack_construction", "deadline_horizon_days": 60, "risk_tolerance": "low", "prefecture": "東京都"}','2026-11-28T05:47:05.518Z','2026-11-28T05:47:05.518Z');
INSERT INTO "am_personalization_profile" VALUES(2,'8c731f4e03780f360cdf469395dd06128295611853d826e871f9bfde4db8908a','{"industry_pack": "E", "deadline_horizon_days": 90, "risk_tolerance": "medium", "prefecture": "愛知県"}','2026-11-28T05:47:05.518Z','2026-11-28T05:47:05.518Z');
INSERT INTO "am_personalization_profile" VALUES(3,'fd805158361ae96275c739e2013067c9674e4fefd475105451acdd5d6db821db','{"industry_pack": "A", "deadline_horizon_days": 120, "risk_tolerance": "low", "prefecture": "高知県"}','2026-11-28T05:47:05.518Z','2026-11-28T05:47:05.518Z');
INSERT INTO "am_personalization_profile" VALUES(4,'6607f6c7c5e74fe895ac6153283313fc6b460f2620744a5fe96665181a0285b1','{"industry_pack": "pack_information", "deadline_horizon_days": 30, "risk_tolerance": "high"}','2026-11-28T05:47:05.518Z','2026-11-28T05:47:05.518Z');
INSERT INTO "am_personalization_profile" VALUES(5,'76cfd20355c8ea355e3294053848f605c28d2a646eb82ffea331b3ec0d20ec4b','{"industry_pack": "M", "deadline_horizon_days": 45, "prefecture": "沖縄県"}','2026-11-28T05:47:05.518Z','2026-11-28T05:47:05.518Z');
INSERT INTO "am_personalization_profile" VALUES(6,'2af4c871c563960c9b8d1c92a7a3141c63fde477d459a4583921818022887476','{"industry_pack": "P", "risk_tolerance": "medium", "prefecture": "大阪府"}','2026-11-28T05:47:05.518Z','2026-11-28T05:47:05.518Z');
INSERT INTO "am_personalization_profile" VALUES(7,'3e77e02940673c65c406aabc0b13d53097d4bca7363119e5d884501191252715','{"deadline_horizon_days": 14}','2026-11-28T05:47:05.518Z','2026-11-28T05:47:05.518Z');
INSERT INTO "am_personalization_profile" VALUES(8,'6b2efe4cb1f0035fe17ef66571fbba648f9667d0e2be6f41105f2a9c2a60841b','{}','2026-11-28T05:47:05.518Z','2026-11-28T05:47:05.518Z');
CREATE TABLE am_personalization_recommendation_log (
    rec_id INTEGER PRIMARY KEY AUTOINCREMENT,
    profile_id INTEGER NOT NULL REFERENCES am_personalization_profile(profile_id),
    recommendation_type TEXT NOT NULL
        CHECK (recommendation_type IN ('program', 'industry_pack', 'saved_search', 'amendment')),
    score INTEGER NOT NULL DEFAULT 0 CHECK (score BETWEEN 0 AND 100),
    served_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
);
INSERT INTO "am_personalization_recommendation_log" VALUES(1,8,'program',7,'2026-11-28T05:47:05.651Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(2,1,'program',98,'2026-11-28T05:47:05.712Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(3,1,'program',91,'2026-11-28T05:47:05.712Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(4,1,'program',50,'2026-11-28T05:47:05.712Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(5,1,'program',30,'2026-11-28T05:47:05.712Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(6,1,'program',20,'2026-11-28T05:47:05.712Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(7,1,'program',20,'2026-11-28T05:47:05.712Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(8,1,'industry_pack',75,'2026-11-28T05:47:05.712Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(9,1,'amendment',90,'2026-11-28T05:47:05.712Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(10,2,'program',70,'2026-11-28T05:47:05.712Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(11,2,'program',40,'2026-11-28T05:47:05.712Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(12,2,'program',23,'2026-11-28T05:47:05.712Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(13,2,'program',20,'2026-11-28T05:47:05.712Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(14,2,'program',15,'2026-11-28T05:47:05.712Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(15,2,'industry_pack',75,'2026-11-28T05:47:05.712Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(16,2,'amendment',70,'2026-11-28T05:47:05.712Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(17,2,'saved_search',50,'2026-11-28T05:47:05.712Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(18,3,'program',92,'2026-11-28T05:47:05.712Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(19,3,'program',70,'2026-11-28T05:47:05.712Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(20,3,'program',20,'2026-11-28T05:47:05.712Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(21,3,'program',20,'2026-11-28T05:47:05.712Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(22,3,'program',11,'2026-11-28T05:47:05.712Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(23,3,'amendment',70,'2026-11-28T05:47:05.712Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(24,3,'saved_search',60,'2026-11-28T05:47:05.712Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(25,4,'program',56,'2026-11-28T05:47:05.712Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(26,4,'program',50,'2026-11-28T05:47:05.712Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(27,4,'program',40,'2026-11-28T05:47:05.712Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(28,4,'program',30,'2026-11-28T05:47:05.712Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(29,4,'program',20,'2026-11-28T05:47:05.712Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(30,4,'industry_pack',75,'2026-11-28T05:47:05.712Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(31,5,'program',74,'2026-11-28T05:47:05.712Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(32,5,'program',30,'2026-11-28T05:47:05.712Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(33,5,'program',30,'2026-11-28T05:47:05.712Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(34,6,'program',70,'2026-11-28T05:47:05.712Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(35,6,'program',70,'2026-11-28T05:47:05.712Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(36,6,'program',20,'2026-11-28T05:47:05.712Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(37,6,'program',10,'2026-11-28T05:47:05.712Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(38,6,'program',10,'2026-11-28T05:47:05.712Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(39,6,'industry_pack',70,'2026-11-28T05:47:05.712Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(40,7,'program',30,'2026-11-28T05:47:05.712Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(41,7,'program',30,'2026-11-28T05:47:05.712Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(42,7,'program',30,'2026-11-28T05:47:05.712Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(43,7,'program',23,'2026-11-28T05:47:05.712Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(44,7,'program',10,'2026-11-28T05:47:05.712Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(45,7,'industry_pack',30,'2026-11-28T05:47:05.712Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(46,7,'industry_pack',30,'2026-11-28T05:47:05.712Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(47,7,'industry_pack',30,'2026-11-28T05:47:05.712Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(48,7,'industry_pack',30,'2026-11-28T05:47:05.712Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(49,7,'industry_pack',30,'2026-11-28T05:47:05.712Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(50,1,'program',50,'2026-11-28T05:47:05.915Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(51,1,'program',97,'2026-11-28T05:47:05.945Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(52,1,'program',50,'2026-11-28T05:47:05.945Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(53,1,'industry_pack',75,'2026-11-28T05:47:05.945Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(54,1,'amendment',90,'2026-11-28T05:47:05.945Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(55,2,'program',73,'2026-11-28T05:47:05.945Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(56,2,'program',40,'2026-11-28T05:47:05.945Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(57,2,'industry_pack',75,'2026-11-28T05:47:05.945Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(58,2,'amendment',73,'2026-11-28T05:47:05.945Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(59,2,'saved_search',50,'2026-11-28T05:47:05.945Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(60,3,'program',95,'2026-11-28T05:47:05.945Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(61,3,'program',72,'2026-11-28T05:47:05.945Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(62,3,'amendment',72,'2026-11-28T05:47:05.945Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(63,3,'saved_search',60,'2026-11-28T05:47:05.945Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(64,4,'program',67,'2026-11-28T05:47:05.945Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(65,4,'program',50,'2026-11-28T05:47:05.945Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(66,4,'industry_pack',75,'2026-11-28T05:47:05.945Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(67,5,'program',30,'2026-11-28T05:47:05.945Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(68,5,'program',30,'2026-11-28T05:47:05.945Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(69,6,'program',70,'2026-11-28T05:47:05.945Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(70,6,'program',70,'2026-11-28T05:47:05.945Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(71,6,'industry_pack',70,'2026-11-28T05:47:05.945Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(72,7,'program',30,'2026-11-28T05:47:05.945Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(73,7,'program',30,'2026-11-28T05:47:05.945Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(74,7,'industry_pack',30,'2026-11-28T05:47:05.945Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(75,7,'industry_pack',30,'2026-11-28T05:47:05.945Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(76,7,'amendment',17,'2026-11-28T05:47:05.945Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(77,2,'program',0,'2026-11-28T05:47:06.082Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(78,1,'program',97,'2026-11-28T05:47:06.136Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(79,1,'program',50,'2026-11-28T05:47:06.136Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(80,1,'industry_pack',75,'2026-11-28T05:47:06.136Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(81,1,'amendment',90,'2026-11-28T05:47:06.136Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(82,2,'program',73,'2026-11-28T05:47:06.136Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(83,2,'program',40,'2026-11-28T05:47:06.136Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(84,2,'industry_pack',75,'2026-11-28T05:47:06.136Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(85,2,'amendment',73,'2026-11-28T05:47:06.136Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(86,2,'saved_search',50,'2026-11-28T05:47:06.136Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(87,3,'program',95,'2026-11-28T05:47:06.136Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(88,3,'program',72,'2026-11-28T05:47:06.136Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(89,3,'amendment',72,'2026-11-28T05:47:06.136Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(90,3,'saved_search',60,'2026-11-28T05:47:06.136Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(91,4,'program',67,'2026-11-28T05:47:06.136Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(92,4,'program',50,'2026-11-28T05:47:06.136Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(93,4,'industry_pack',75,'2026-11-28T05:47:06.136Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(94,5,'program',30,'2026-11-28T05:47:06.136Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(95,5,'program',30,'2026-11-28T05:47:06.136Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(96,6,'program',70,'2026-11-28T05:47:06.136Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(97,6,'program',70,'2026-11-28T05:47:06.136Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(98,6,'industry_pack',70,'2026-11-28T05:47:06.136Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(99,7,'program',30,'2026-11-28T05:47:06.136Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(100,7,'program',30,'2026-11-28T05:47:06.136Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(101,7,'industry_pack',30,'2026-11-28T05:47:06.136Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(102,7,'industry_pack',30,'2026-11-28T05:47:06.136Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(103,7,'amendment',17,'2026-11-28T05:47:06.136Z');
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
INSERT INTO "am_personalization_run" VALUES(1,'2026-04-01',0,'{"amendment_days":30,"any_from":17,"caps":{"amendment":90,"industry_pack":75,"program":100,"saved_search":60},"keywords":{"6次産業":"AB","ケーブルテレビ":"G","タクシー":"H","トラック運":"H","パイプハウス":"A","ラジオ":"G","介護サービス":"P","介護ロボット":"P","介護事業":"P","介護人材":"P","介護分野":"P","介護施設":"P","介護職員":"P","伝統産業":"E","伝統的工芸品":"E","住宅宿泊":"M","公衆浴場":"N","内航":"H","医療施設":"P","医療機関":"P","営農":"A","園芸":"A","土地改良":"A","地上基幹放送":"G","地域医療":"P","地熱発電":"CF","多面的機能支払":"A","家畜":"A","宿泊施設":"M","就農":"A","建設業":"D","建設産業":"D","携帯電話":"G","旅館":"M","林業":"A","果樹":"A","森林":"A","歯科":"P","水力発電":"F","水田":"A","水稲":"A","清酒":"E","漁業":"B","漁船":"B","畜産":"A","病院":"P","皮革":"EI","直接支払交付金":"A","看護":"P","福祉":"P","系統用蓄電":"F","細胞農業":"L","経営所得安定対策":"A","耕作放棄地":"A","肥料":"A","船員":"H","薬局":"P","訪問介護":"P","診療所":"P","貨物":"H","農作物":"A","農商工連携":"ABEI","農地":"A","農家":"A","農林業":"A","農林水産業":"AB","農林漁業":"AB","農業":"A","農畜水産業":"AB","農福連携":"AP","都市ガス":"F","野菜":"A","鉱山":"C","電子処方箋":"P","電波":"G","食品製造業":"E","飲食店":"M","飼料":"A","鳥獣":"A"},"packs":{"pack_construction":"D","pack_health_welfare":"P","pack_information":"G","pack_manufacturing":"E","pack_real_estate":"K"},"tiers":{"A":"low","B":"medium","C":"high","S":"low"},"urgent_days":90,"weights":{"deadline":30,"industry":50,"risk":20}}','1fda0b4bfa87e4f1d69d6c7cf4ee6e41b2b845d837c876723b0f077f970b3dfd','0.1a0',10,'2026-11-28T05:47:05.712Z','2026-11-28T05:47:05.678Z','250dd0140d46f5ee4b418fede5e140acbf6a6b05cbc5b65e57cf06f40481240f','92b7c6dda6fa5e08b381902a135d9ee5f97c3ff0eee5a37b7bef220b1917ba7e','8301c9443348d11e9cd26d7eadbe270521651e182b94fcc8e92c6897881e185d','98ac849c66fa32648fe9ec6cc1f72979f569d31657372c3b843c0457b253f25d',8,0,'{"amendment":{"candidates":3,"rows":3,"scored":3,"zero":5},"industry_pack":{"candidates":5,"rows":9,"scored":5,"zero":3},"program":{"candidates":19,"rows":34,"scored":7,"zero":1},"saved_search":{"candidates":2,"rows":2,"scored":2,"zero":6}}','{"amendment":{"not seen in the last 30 days":1},"program":{"closed":1,"excluded":1,"overseas only":1,"practice form":1,"procedure":1}}');
INSERT INTO "am_personalization_run" VALUES(2,'2026-04-12',0,'{"amendment_days":30,"any_from":17,"caps":{"amendment":90,"industry_pack":75,"program":100,"saved_search":60},"keywords":{"6次産業":"AB","ケーブルテレビ":"G","タクシー":"H","トラック運":"H","パイプハウス":"A","ラジオ":"G","介護サービス":"P","介護ロボット":"P","介護事業":"P","介護人材":"P","介護分野":"P","介護施設":"P","介護職員":"P","伝統産業":"E","伝統的工芸品":"E","住宅宿泊":"M","公衆浴場":"N","内航":"H","医療施設":"P","医療機関":"P","営農":"A","園芸":"A","土地改良":"A","地上基幹放送":"G","地域医療":"P","地熱発電":"CF","多面的機能支払":"A","家畜":"A","宿泊施設":"M","就農":"A","建設業":"D","建設産業":"D","携帯電話":"G","旅館":"M","林業":"A","果樹":"A","森林":"A","歯科":"P","水力発電":"F","水田":"A","水稲":"A","清酒":"E","漁業":"B","漁船":"B","畜産":"A","病院":"P","皮革":"EI","直接支払交付金":"A","看護":"P","福祉":"P","系統用蓄電":"F","細胞農業":"L","経営所得安定対策":"A","耕作放棄地":"A","肥料":"A","船員":"H","薬局":"P","訪問介護":"P","診療所":"P","貨物":"H","農作物":"A","農商工連携":"ABEI","農地":"A","農家":"A","農林業":"A","農林水産業":"AB","農林漁業":"AB","農業":"A","農畜水産業":"AB","農福連携":"AP","都市ガス":"F","野菜":"A","鉱山":"C","電子処方箋":"P","電波":"G","食品製造業":"E","飲食店":"M","飼料":"A","鳥獣":"A"},"packs":{"pack_construction":"D","pack_health_welfare":"P","pack_information":"G","pack_manufacturing":"E","pack_real_estate":"K"},"tiers":{"A":"low","B":"medium","C":"high","S":"low"},"urgent_days":90,"weights":{"deadline":30,"industry":50,"risk":20}}','1fda0b4bfa87e4f1d69d6c7cf4ee6e41b2b845d837c876723b0f077f970b3dfd','0.1a0',2,'2026-11-28T05:47:05.945Z','2026-11-28T05:47:05.933Z','c93f92d7d52edde1253cfae92d462b62e4b7aa805ffc5845c072e0fd7e8dc9db','b2f7eb3eb19c11b7e817695eae4775f997e1dd3f4af57465afb11fd97b0d6062','8301c9443348d11e9cd26d7eadbe270521651e182b94fcc8e92c6897881e185d','39f813beb0d891b7ec800568b0aa43c117ea8507902290f4b855d2f860d28455',8,0,'{"amendment":{"candidates":3,"rows":4,"scored":4,"zero":4},"industry_pack":{"candidates":5,"rows":6,"scored":5,"zero":3},"program":{"candidates":19,"rows":14,"scored":7,"zero":1},"saved_search":{"candidates":2,"rows":2,"scored":2,"zero":6}}','{"amendment":{"not seen in the last 30 days":1},"program":{"closed":1,"excluded":1,"overseas only":1,"practice form":1,"procedure":1}}');
INSERT INTO "am_personalization_run" VALUES(3,'2026-04-12',1,'{"amendment_days":30,"any_from":17,"caps":{"amendment":90,"industry_pack":75,"program":100,"saved_search":60},"keywords":{"6次産業":"AB","ケーブルテレビ":"G","タクシー":"H","トラック運":"H","パイプハウス":"A","ラジオ":"G","介護サービス":"P","介護ロボット":"P","介護事業":"P","介護人材":"P","介護分野":"P","介護施設":"P","介護職員":"P","伝統産業":"E","伝統的工芸品":"E","住宅宿泊":"M","公衆浴場":"N","内航":"H","医療施設":"P","医療機関":"P","営農":"A","園芸":"A","土地改良":"A","地上基幹放送":"G","地域医療":"P","地熱発電":"CF","多面的機能支払":"A","家畜":"A","宿泊施設":"M","就農":"A","建設業":"D","建設産業":"D","携帯電話":"G","旅館":"M","林業":"A","果樹":"A","森林":"A","歯科":"P","水力発電":"F","水田":"A","水稲":"A","清酒":"E","漁業":"B","漁船":"B","畜産":"A","病院":"P","皮革":"EI","直接支払交付金":"A","看護":"P","福祉":"P","系統用蓄電":"F","細胞農業":"L","経営所得安定対策":"A","耕作放棄地":"A","肥料":"A","船員":"H","薬局":"P","訪問介護":"P","診療所":"P","貨物":"H","農作物":"A","農商工連携":"ABEI","農地":"A","農家":"A","農林業":"A","農林水産業":"AB","農林漁業":"AB","農業":"A","農畜水産業":"AB","農福連携":"AP","都市ガス":"F","野菜":"A","鉱山":"C","電子処方箋":"P","電波":"G","食品製造業":"E","飲食店":"M","飼料":"A","鳥獣":"A"},"packs":{"pack_construction":"D","pack_health_welfare":"P","pack_information":"G","pack_manufacturing":"E","pack_real_estate":"K"},"tiers":{"A":"low","B":"medium","C":"high","S":"low"},"urgent_days":90,"weights":{"deadline":30,"industry":50,"risk":20}}','1fda0b4bfa87e4f1d69d6c7cf4ee6e41b2b845d837c876723b0f077f970b3dfd','0.1a0',2,'2026-11-28T05:47:06.136Z','2026-11-28T05:47:06.116Z','b24b86fa7ae27a5763a9e2b99bc1356fa02da162613aa45da280ed8c30fd059d','a0ab4bc9d8509b2eb9626f3bacbacef5b1cb19497d5f20b07b63b13356842360','8301c9443348d11e9cd26d7eadbe270521651e182b94fcc8e92c6897881e185d','d549f21044dd15b8d092cb1df17f2099185f378e8bcfc3dc2777a4c1c71bdf29',8,0,'{"amendment":{"candidates":3,"rows":4,"scored":4,"zero":4},"industry_pack":{"candidates":5,"rows":6,"scored":5,"zero":3},"program":{"candidates":19,"rows":14,"scored":7,"zero":1},"saved_search":{"candidates":2,"rows":2,"scored":2,"zero":6}}','{"amendment":{"not seen in the last 30 days":1},"program":{"closed":1,"excluded":1,"overseas only":1,"practice form":1,"procedure":1}}');
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
INSERT INTO "am_personalization_run_progress" VALUES(1,'finished',9,48,2,'2026-11-28T05:47:05.806Z');
INSERT INTO "am_personalization_run_progress" VALUES(2,'finished',9,26,51,'2026-11-28T05:47:05.982Z');
INSERT INTO "am_personalization_run_progress" VALUES(3,'finished',9,26,78,'2026-11-28T05:47:06.178Z');
CREATE TABLE am_personalization_seal (
    seal_id INTEGER PRIMARY KEY CHECK (seal_id BETWEEN 1 AND 9007199254740992),
    run_id INTEGER UNIQUE REFERENCES am_personalization_run(run_id),
    first_rec_id INTEGER,
    last_rec_id INTEGER,
    -- the end of the log when it was sealed: what other programs wrote up to there is sealed too
    log_end INTEGER NOT NULL,
    leaves INTEGER NOT NULL CHECK (leaves >= 0),
    root TEXT NOT NULL CHECK (length(root) = 64),
    manifest_json TEXT NOT NULL CHECK (json_valid(manifest_json)),
    previous_head TEXT NOT NULL CHECK (length(previous_head) = 64),
    head TEXT NOT NULL CHECK (length(head) = 64)
);
INSERT INTO "am_personalization_seal" VALUES(1,NULL,NULL,NULL,0,8,'200305c890aa8c756e585d3099dbedc4dbbd6e087359bc112d7b9913caea8cd7','{"after":0,"end":8,"rows":8,"table":"am_personalization_identity"}','0000000000000000000000000000000000000000000000000000000000000000','16fc44eba46025fb6c44ac7a15e6222c962233a03250f10a52c12eddfe48c61e');
INSERT INTO "am_personalization_seal" VALUES(2,NULL,1,1,49,1,'98ea3cf742be9fa4fe0ac71f5bf956af1240ecb13c01eb554d126b9627e58c97','{"after":0,"rows":1}','16fc44eba46025fb6c44ac7a15e6222c962233a03250f10a52c12eddfe48c61e','da5ac802e83a7e64033efdf2eb1fe30bdf11145be008f925913e2921aabc2636');
INSERT INTO "am_personalization_seal" VALUES(3,1,2,49,49,7,'beabb88b0b5e1bca823b34488665038f6acc0e57ce72dac8e7e2c4c0c72e53d1','{"rows":48,"run":{"again":0,"as_of":"2026-04-01","candidates_sha256":"8301c9443348d11e9cd26d7eadbe270521651e182b94fcc8e92c6897881e185d","counts_json":"{\"amendment\":{\"candidates\":3,\"rows\":3,\"scored\":3,\"zero\":5},\"industry_pack\":{\"candidates\":5,\"rows\":9,\"scored\":5,\"zero\":3},\"program\":{\"candidates\":19,\"rows\":34,\"scored\":7,\"zero\":1},\"saved_search\":{\"candidates\":2,\"rows\":2,\"scored\":2,\"zero\":6}}","customers_sha256":"92b7c6dda6fa5e08b381902a135d9ee5f97c3ff0eee5a37b7bef220b1917ba7e","left_out_json":"{\"amendment\":{\"not seen in the last 30 days\":1},\"program\":{\"closed\":1,\"excluded\":1,\"overseas only\":1,\"practice form\":1,\"procedure\":1}}","model_sha256":"1fda0b4bfa87e4f1d69d6c7cf4ee6e41b2b845d837c876723b0f077f970b3dfd","package_version":"0.1a0","profiles":8,"rejected":0,"run_id":1,"served_at":"2026-11-28T05:47:05.712Z","served_sha256":"98ac849c66fa32648fe9ec6cc1f72979f569d31657372c3b843c0457b253f25d","started_at":"2026-11-28T05:47:05.678Z","top_k":10},"unserved_sha256":"f6a39a5d6677eb581900feeba9498ccdc2c1f462aed71619d805c23bb1f5b2c6"}','da5ac802e83a7e64033efdf2eb1fe30bdf11145be008f925913e2921aabc2636','50b2a5625207a093f53782522d75adf4565cb1fa9c69e5301bcd0425a5e508ed');
INSERT INTO "am_personalization_seal" VALUES(4,NULL,50,50,76,1,'04520181affcc4f37fa8dc41a54dea5717a7067df45863851478e17ca28bbe3b','{"after":49,"rows":1}','50b2a5625207a093f53782522d75adf4565cb1fa9c69e5301bcd0425a5e508ed','7029f289e519a465c3d78d9ff31f37075488d7895929d766751d1d31961ef4cd');
INSERT INTO "am_personalization_seal" VALUES(5,2,51,76,76,7,'6bdb70f9c7001b1b1fa7124e99a554d2e5fbd6a06c9f9c71b119f43ae5657f04','{"rows":26,"run":{"again":0,"as_of":"2026-04-12","candidates_sha256":"8301c9443348d11e9cd26d7eadbe270521651e182b94fcc8e92c6897881e185d","counts_json":"{\"amendment\":{\"candidates\":3,\"rows\":4,\"scored\":4,\"zero\":4},\"industry_pack\":{\"candidates\":5,\"rows\":6,\"scored\":5,\"zero\":3},\"program\":{\"candidates\":19,\"rows\":14,\"scored\":7,\"zero\":1},\"saved_search\":{\"candidates\":2,\"rows\":2,\"scored\":2,\"zero\":6}}","customers_sha256":"b2f7eb3eb19c11b7e817695eae4775f997e1dd3f4af57465afb11fd97b0d6062","left_out_json":"{\"amendment\":{\"not seen in the last 30 days\":1},\"program\":{\"closed\":1,\"excluded\":1,\"overseas only\":1,\"practice form\":1,\"procedure\":1}}","model_sha256":"1fda0b4bfa87e4f1d69d6c7cf4ee6e41b2b845d837c876723b0f077f970b3dfd","package_version":"0.1a0","profiles":8,"rejected":0,"run_id":2,"served_at":"2026-11-28T05:47:05.945Z","served_sha256":"39f813beb0d891b7ec800568b0aa43c117ea8507902290f4b855d2f860d28455","started_at":"2026-11-28T05:47:05.933Z","top_k":2},"unserved_sha256":"0c8e2908db7827d8163cf56956d08b1fb80458812306738e01ef5a68e00b91cc"}','7029f289e519a465c3d78d9ff31f37075488d7895929d766751d1d31961ef4cd','8df092e5e8a3c051870c16225007a5cb206e0e16394c2f9e3c76cf102d039a49');
INSERT INTO "am_personalization_seal" VALUES(6,NULL,77,77,103,1,'911d9694330f8c5fa818707ddcf84e49d8ae47efd0b94a555c9defcdb66ca604','{"after":76,"rows":1}','8df092e5e8a3c051870c16225007a5cb206e0e16394c2f9e3c76cf102d039a49','af14e8f678f41a629e28df6d9ef18dfb45c7ea64606777c0497e439889d5679f');
INSERT INTO "am_personalization_seal" VALUES(7,3,78,103,103,7,'1a3785687d2d73734ac275678fe839c31581717520aff4d72a755bd1760910e6','{"rows":26,"run":{"again":1,"as_of":"2026-04-12","candidates_sha256":"8301c9443348d11e9cd26d7eadbe270521651e182b94fcc8e92c6897881e185d","counts_json":"{\"amendment\":{\"candidates\":3,\"rows\":4,\"scored\":4,\"zero\":4},\"industry_pack\":{\"candidates\":5,\"rows\":6,\"scored\":5,\"zero\":3},\"program\":{\"candidates\":19,\"rows\":14,\"scored\":7,\"zero\":1},\"saved_search\":{\"candidates\":2,\"rows\":2,\"scored\":2,\"zero\":6}}","customers_sha256":"a0ab4bc9d8509b2eb9626f3bacbacef5b1cb19497d5f20b07b63b13356842360","left_out_json":"{\"amendment\":{\"not seen in the last 30 days\":1},\"program\":{\"closed\":1,\"excluded\":1,\"overseas only\":1,\"practice form\":1,\"procedure\":1}}","model_sha256":"1fda0b4bfa87e4f1d69d6c7cf4ee6e41b2b845d837c876723b0f077f970b3dfd","package_version":"0.1a0","profiles":8,"rejected":0,"run_id":3,"served_at":"2026-11-28T05:47:06.136Z","served_sha256":"d549f21044dd15b8d092cb1df17f2099185f378e8bcfc3dc2777a4c1c71bdf29","started_at":"2026-11-28T05:47:06.116Z","top_k":2},"unserved_sha256":"f3e77ec75fdc853a9489a2127efce3fe8f9f7839f93af8ebfcf983e4dbc81791"}','af14e8f678f41a629e28df6d9ef18dfb45c7ea64606777c0497e439889d5679f','1c0d7f32d2c835b1e90ece8b1fbff75a8efddf7ce69af07f57a3d79b13735e11');
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
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('am_personalization_profile',8);
INSERT INTO "sqlite_sequence" VALUES('am_personalization_recommendation_log',103);
COMMIT;
