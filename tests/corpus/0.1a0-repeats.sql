BEGIN TRANSACTION;
CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
);
INSERT INTO "_sqlite_migrations" VALUES(1,'personalization','287_personalization','2026-11-28 22:12:28.524453+00:00');
INSERT INTO "_sqlite_migrations" VALUES(2,'personalization','900_personalization_evidence','2026-11-28 22:12:28.531496+00:00');
INSERT INTO "_sqlite_migrations" VALUES(3,'personalization','901_personalization_events','2026-11-28 22:12:28.533242+00:00');
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
INSERT INTO "am_personalization_candidate" VALUES(6,'f6e54c924589e578906ed1d60a9cde8206dca968445fb9b85cb6a9ef651c6eae','program','EX-101','町工場の省エネ設備更新補助','unknown','愛知県','2026-03-01','2026-05-20','low','{"tier":"A"}',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(7,'965233eae6b3c30b45fe58249f8582e8e3ba7e07fe378a02f824d15a8fe52349','program','EX-102','空き店舗を活かす創業支援金','unknown','沖縄県',NULL,NULL,'medium','{"tier":"B"}',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(8,'0eed17e2868488e276d1c9dd39a531f474f14bd4d9fae3871cbc206ef1b8b0be','program','EX-103','若手就農者の機械導入支援','A','高知県',NULL,'2026-07-31','low','{"keyword":"就農","tier":"S"}',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(9,'5d1d19f71e56811c1e10855f4003a318cb08807d13befb7fa9f5910a29adcf03','program','EX-104','中小企業の賃上げ応援金','unknown','nationwide',NULL,NULL,'low','{"tier":"A"}',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(10,'d49ae82fd2bc9bebec7718e9720f7e972b874909d96f0b7be819fc0c34fb6c65','program','EX-105','介護施設の見守り機器導入支援','P','大阪府',NULL,'2026-04-30','medium','{"keyword":"介護施設","tier":"B"}',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(11,'a8b5f631da9aa1b2bdfc8afecabb2b9acfb46212e4c218137792353b47cb97a7','program','EX-106','商店街の防犯カメラ設置費補助','unknown','東京都',NULL,NULL,'high','{"tier":"C"}',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(12,'38ff80322ed2080fa2667f21774a6af57bd603b5ea474cdfaf73dcc8382b625b','program','EX-107','新商品の海外展示会出展助成','unknown','nationwide',NULL,'2026-06-15','high','{"tier":"C"}',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(13,'489040b9938d8da97d64cb9726cec9dc002a486a131ced20c77a365c5a2a996c','program','EX-108','設備更新補助の募集終了について','unknown','nationwide',NULL,NULL,NULL,'{}',NULL,'closed',NULL,NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(14,'adda1786e27404c9d98074c42011d31c071aa34cc30f734ed5965dd030834e63','program','EX-109','移転前の旧制度','unknown','nationwide',NULL,NULL,NULL,'{}',NULL,'excluded',NULL,NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(15,'536b358c576df30fe27a2942a37e66f54603bef220cfc661548b341882f8a987','program','EX-110','小規模事業者のバリアフリー改修補助','unknown','東京都',NULL,'2027-02-26','low','{"tier":"S"}',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(16,'5640d314612dc6b489146bc0ab20d8af77f969eaca85c0dd0ef75bca27ea349c','program','EXjg0000000000001A','令和8年度 建設現場の安全対策助成金','D','東京都','2026-03-02','2026-04-18',NULL,'{}',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(17,'88da188df01ea219a95caacd00c2029aee5ba8de9f3af82fda912e03d3b87d1e','program','EXjg0000000000002A','建設業の週休二日推進補助金','D','nationwide','2026-02-01','2026-04-04',NULL,'{}',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(18,'28937e5fb6e806b0ef23a73aa4428e72173d52b3a0768716253c083639246305','program','EXjg0000000000003A','製造業の試作開発補助金','E','富山県,石川県,福井県,岐阜県,静岡県,愛知県,三重県','2026-03-15','2026-06-30',NULL,'{}',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(19,'6212fc34917e46ea86bc15696802125119ad11daeb2b02f2747e424336cfef5d','program','EXjg0000000000004A','ソフトウェア人材の育成助成金','G','nationwide','2026-03-20','2026-04-25',NULL,'{}',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(20,'212c47ab04cfe1f871872f1fff344828fabc6d7cc39659d4bdb8b04e955fd4ce','program','EXjg0000000000005A','農業・林業の担い手確保補助金','A','徳島県,香川県,愛媛県,高知県','2026-01-10','2026-04-30',NULL,'{}',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(21,'a8454c60fda70be7c66d3af6e8597c7415018e9b3338e50ea877741d86d8350c','program','EXjg0000000000006A','宿泊施設の多言語対応補助金','M','沖縄県','2026-03-01','2026-04-10',NULL,'{}',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(22,'2e23d058f6c156417fba7ebda4fced8d84456fbd5882bd38fa9fa3e6d5ae7be7','program','EXjg0000000000007A','医療機関の働き方改善助成金','P','nationwide','2026-03-05','2026-08-31',NULL,'{}',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(23,'90ef58d43b5d79d3f2abaf85e30714c9bb34301658c8d513e501dbbd8efe0359','program','EXjg0000000000008A','物流の共同化実証事業','H','nationwide','2026-02-20','2026-05-15',NULL,'{}',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(24,'ddec403f10a66c88217ed3d6648b6df230393b184733c4b30b6d789d07ed9f6b','program','EXjg0000000000009A','脱炭素に取り組む中小企業の診断補助','unknown','nationwide','2026-03-01','2026-09-30',NULL,'{}',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(25,'3bac9dc3ccda7411aed47584f02bcfd59d3eae351934ea730391353347b11a42','program','EXjg0000000000010A','小売店のキャッシュレス導入助成','I','nationwide','2026-04-20','2026-06-20',NULL,'{}',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(26,'87806579b852a832db1e21324aeb01386ab6b3abdfb16cbb02acc9696e5819c4','program','EXjg0000000000011A','海外拠点の実証支援','unknown','nationwide',NULL,NULL,NULL,'{}',NULL,'overseas only',NULL,NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(27,'de5806f5dbbe33e41a5521f26384dc0776214b2bc29319b4e2303b1d8ef2f7bc','program','EXjg0000000000012A','申請練習用補助金','unknown','nationwide',NULL,NULL,NULL,'{}',NULL,'practice form',NULL,NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(28,'623da809dc13508ebf48dc56e98c634da92be1c0fe7e971f10b1f8409b7bc3c6','program','EXjg0000000000013A','試作開発補助金 実績報告書','unknown','nationwide',NULL,NULL,NULL,'{}',NULL,'procedure',NULL,NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(29,'edfcb85814e048b7cabdeebaa40d9c45065ce3693bfaa679ad557dbfe7d47b52','program','EXjg0000000000014A','昨年度の太陽光設備補助金','E','nationwide','2025-04-01','2025-10-31',NULL,'{}',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(30,'9954ac9d9ee1ab51b3badb46df4f5876dcc866ec9a21557c113e9a1fac14bc81','amendment','1','令和8年度 建設現場の安全対策助成金 受付終了: 2026-04-11 → 2026-04-18','D','東京都','2026-03-02','2026-04-18',NULL,'{"program":"EXjg0000000000001A"}',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(31,'4d1966bd5ec8d1076e4cae8528cd67471d3357c6f9e75e0261ccb1f6f266b139','amendment','2','製造業の試作開発補助金 上限額: 2000000 → 3000000','E','富山県,石川県,福井県,岐阜県,静岡県,愛知県,三重県','2026-03-15','2026-06-30',NULL,'{"program":"EXjg0000000000003A"}',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(32,'10ce52e41a560a10b2effe465d42467861f28f86e09d311b405bb86c38b9bdde','amendment','3','若手就農者の機械導入支援 補助率: 1/2 → 2/3','A','高知県',NULL,'2026-07-31','low','{"keyword":"就農","program":"EX-103","tier":"S"}',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(33,'97ec65294fd47de799d6a36de2c0c18c4f984ecac8fc23750b5769fb7ed6f597','amendment','4','内容を変更','unknown','nationwide',NULL,NULL,NULL,'{}',NULL,'not seen in the last 30 days',NULL,NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(34,'76c0ac8e52715d428ab1b49a68eb844ee5b74faca831de1934e8c782d40c7ff3','amendment','5','若手就農者の機械導入支援 名称: 就農者の機械導入支援 → 若手就農者の機械導入支援','A','高知県',NULL,'2026-07-31','low','{"keyword":"就農","program":"EX-103","tier":"S"}',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(35,'6ef36bd2d107790c901c83d5bb4ea08b92affb39d6e3cbb6f0efa521335afaa1','saved_search','2-1','saved search 1','unknown','愛知県',NULL,NULL,NULL,'{}',2,NULL,NULL,NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(36,'adf2d4eb3f3116aaed067abd18a952de4521294747128acfe08b06e079ce4ed8','saved_search','3-1','saved search 1','A','高知県',NULL,NULL,NULL,'{}',3,NULL,NULL,NULL,NULL);
INSERT INTO "am_personalization_candidate" VALUES(37,'55e3b3fc12793a5c8b0ff221e355f4c11106ef05116e232ff606177d608ad6db','program','EX-101','町工場の省エネ設備更新補助','unknown','愛知県','2026-03-01','2026-05-20','low','{"tier":"A"}',NULL,NULL,NULL,'愛知県@|町工場省エネ設備更新','町工場省エネ設備更新');
INSERT INTO "am_personalization_candidate" VALUES(38,'c7489380b5928abea203a681caa6a7e1cb3a177e33b6ab287c611a1451291382','program','EX-102','空き店舗を活かす創業支援金','unknown','沖縄県',NULL,NULL,'medium','{"tier":"B"}',NULL,NULL,1,'沖縄県@|空き店舗を活かす創業支援金','空き店舗を活かす創業支援金');
INSERT INTO "am_personalization_candidate" VALUES(39,'11c7902ee20e8ced6c7d6ac5a22dcaa8e56c7021d34b78640dd416c670b969e1','program','EX-103','若手就農者の機械導入支援','A','高知県',NULL,'2026-07-31','low','{"keyword":"就農","tier":"S"}',NULL,NULL,NULL,'高知県@|若手就農者機械導入支援','若手就農者機械導入支援');
INSERT INTO "am_personalization_candidate" VALUES(40,'c86fa8f07f33a57085a012b2212cc4edddcac7c0d5d51feb4b3f30888e0823bd','program','EX-104','中小企業の賃上げ応援金','unknown','nationwide',NULL,NULL,'low','{"tier":"A"}',NULL,NULL,0,'nationwide@|中小企業賃上げ応援金','中小企業賃上げ応援金');
INSERT INTO "am_personalization_candidate" VALUES(41,'1a60d2bd0791eeb4af2485eddc604dfc0e64755999a141e3b3d89afb862b89e6','program','EX-105','介護施設の見守り機器導入支援','P','大阪府',NULL,'2026-04-30','medium','{"keyword":"介護施設","tier":"B"}',NULL,NULL,NULL,'大阪府@|介護施設見守り機器導入支援','介護施設見守り機器導入支援');
INSERT INTO "am_personalization_candidate" VALUES(42,'c8d5497401fbb25bc1e939fa2f7c1c86027c3fe3e8db43f8b34f37ec69dcf718','program','EX-106','商店街の防犯カメラ設置費補助','unknown','東京都',NULL,NULL,'high','{"tier":"C"}',NULL,NULL,0,'東京都@|商店街防犯カメラ設置','商店街防犯カメラ設置');
INSERT INTO "am_personalization_candidate" VALUES(43,'64ee6b8b967d0ec0714ec64d52c872cab19c5363e313f7284ed009f5ec8419ec','program','EX-107','新商品の海外展示会出展助成','unknown','nationwide',NULL,'2026-06-15','high','{"tier":"C"}',NULL,NULL,NULL,'nationwide@|新商品海外展示会出展','新商品海外展示会出展');
INSERT INTO "am_personalization_candidate" VALUES(44,'81fcd6c1521c057b74af5b3bed86aa3f5dfc2289696147c4218561b2bbe996bc','program','EX-110','小規模事業者のバリアフリー改修補助','unknown','東京都',NULL,'2027-02-26','low','{"tier":"S"}',NULL,NULL,NULL,'東京都@|小規模事業者バリアフリー改修','小規模事業者バリアフリー改修');
INSERT INTO "am_personalization_candidate" VALUES(45,'e138a5a3ea6ccf0f97893c45ff0d0527d46d19bbf7005d9f2315ceb7eee4ba68','program','EXjg0000000000001A','令和8年度 建設現場の安全対策助成金','D','東京都','2026-03-02','2026-04-18',NULL,'{}',NULL,NULL,NULL,'東京都@|建設現場安全対策','建設現場安全対策');
INSERT INTO "am_personalization_candidate" VALUES(46,'f5704f8c1f5549d88554b63e85d04c401998b8b9b7fd5e31155e59e8a9429a4c','program','EXjg0000000000002A','建設業の週休二日推進補助金','D','nationwide','2026-02-01','2026-04-04',NULL,'{}',NULL,NULL,NULL,'nationwide@|建設業週休二日推進','建設業週休二日推進');
INSERT INTO "am_personalization_candidate" VALUES(47,'4aa286788f216146b3ff2d548b8b6a929ff72ff985654de5f460fa4d3bb0bbee','program','EXjg0000000000003A','製造業の試作開発補助金','E','富山県,石川県,福井県,岐阜県,静岡県,愛知県,三重県','2026-03-15','2026-06-30',NULL,'{}',NULL,NULL,NULL,'富山県,石川県,福井県,岐阜県,静岡県,愛知県,三重県@|製造業試作開発','富山県,石川県,福井県,岐阜県,静岡県,愛知県,三重県@|製造業試作開発');
INSERT INTO "am_personalization_candidate" VALUES(48,'c9da957ae25681115547ffa34448f95e033ca9abcd5c26f01fe8a399d580aa5f','program','EXjg0000000000004A','ソフトウェア人材の育成助成金','G','nationwide','2026-03-20','2026-04-25',NULL,'{}',NULL,NULL,NULL,'nationwide@|ソフトウェア人材育成','ソフトウェア人材育成');
INSERT INTO "am_personalization_candidate" VALUES(49,'17aeecfab05f9ebc6af6e88b6d1dd6ca8249343168429790506cc2fc7af2de49','program','EXjg0000000000005A','農業・林業の担い手確保補助金','A','徳島県,香川県,愛媛県,高知県','2026-01-10','2026-04-30',NULL,'{}',NULL,NULL,NULL,'徳島県,香川県,愛媛県,高知県@|農業林業担い手確保','農業林業担い手確保');
INSERT INTO "am_personalization_candidate" VALUES(50,'87d0a966c7d55bf6dfa167aae2dcdec3ec977a22b58457cfb5f2885f09fa9444','program','EXjg0000000000006A','宿泊施設の多言語対応補助金','M','沖縄県','2026-03-01','2026-04-10',NULL,'{}',NULL,NULL,NULL,'沖縄県@|宿泊施設多言語対応','宿泊施設多言語対応');
INSERT INTO "am_personalization_candidate" VALUES(51,'7e744948c4e1c353f3009324781db2fe92ba73327c5879902e400cd111064942','program','EXjg0000000000007A','医療機関の働き方改善助成金','P','nationwide','2026-03-05','2026-08-31',NULL,'{}',NULL,NULL,NULL,'nationwide@|医療機関働き方改善','医療機関働き方改善');
INSERT INTO "am_personalization_candidate" VALUES(52,'f39bd82d5180ac0d91e9e1b6f75bc7e0cdab62a58d58274f479a831e62e643c7','program','EXjg0000000000008A','物流の共同化実証事業','H','nationwide','2026-02-20','2026-05-15',NULL,'{}',NULL,NULL,NULL,'nationwide@|物流共同化実証','nationwide@|物流共同化実証');
INSERT INTO "am_personalization_candidate" VALUES(53,'209445b81b9ef23573d811a29528b4412c43a2fcb6432b4c0fa7948d98f25f38','program','EXjg0000000000009A','脱炭素に取り組む中小企業の診断補助','unknown','nationwide','2026-03-01','2026-09-30',NULL,'{}',NULL,NULL,NULL,'nationwide@|脱炭素に取り組む中小企業診断','脱炭素に取り組む中小企業診断');
INSERT INTO "am_personalization_candidate" VALUES(54,'bc382c4d124d89c5aef6ff48efe246bdd4ebb041aedd12bfcd42e94c61b1f2f4','program','EXjg0000000000010A','小売店のキャッシュレス導入助成','I','nationwide','2026-04-20','2026-06-20',NULL,'{}',NULL,NULL,NULL,'nationwide@|小売店キャッシュレス導入','小売店キャッシュレス導入');
INSERT INTO "am_personalization_candidate" VALUES(55,'7e1e71af626462f5401cbab2a23d04645230ef465e644c3d1c0d10f8361b79d2','program','EXjg0000000000014A','昨年度の太陽光設備補助金','E','nationwide','2025-04-01','2025-10-31',NULL,'{}',NULL,NULL,NULL,'nationwide@|昨年度太陽光設備','昨年度太陽光設備');
INSERT INTO "am_personalization_candidate" VALUES(56,'f880baa4ae02f87bcd52bcf0bb2953b997bf7f20b26a982d20d7749d19d7fdaf','amendment','1','令和8年度 建設現場の安全対策助成金 ― 締切を延長 2026年4月18日(変更前 2026年4月11日)','D','東京都','2026-03-02','2026-04-18',NULL,'{"program":"EXjg0000000000001A"}',NULL,NULL,NULL,'東京都@|建設現場安全対策','建設現場安全対策');
INSERT INTO "am_personalization_candidate" VALUES(57,'f822b92746a2f6611dd126fa3c7b9480c90523bfd72b7d67cf4d5ca090ffc646','amendment','2','製造業の試作開発補助金 ― 上限額を引き上げ 300万円(変更前 200万円)','E','富山県,石川県,福井県,岐阜県,静岡県,愛知県,三重県','2026-03-15','2026-06-30',NULL,'{"program":"EXjg0000000000003A"}',NULL,NULL,NULL,'富山県,石川県,福井県,岐阜県,静岡県,愛知県,三重県@|製造業試作開発','富山県,石川県,福井県,岐阜県,静岡県,愛知県,三重県@|製造業試作開発');
INSERT INTO "am_personalization_candidate" VALUES(58,'bcef56d2c4226c821c9b66619b1c68927b7e3d16124a1cc013e81ddf5a911a59','amendment','3','若手就農者の機械導入支援 ― 補助率を変更 2/3(変更前 1/2)','A','高知県',NULL,'2026-07-31','low','{"keyword":"就農","program":"EX-103","tier":"S"}',NULL,NULL,NULL,'高知県@|若手就農者機械導入支援','若手就農者機械導入支援');
INSERT INTO "am_personalization_candidate" VALUES(59,'073c7735a1e5e6c908a5ddd6d5e44cc67aad6562fe73896e02fdb0b76a409a89','amendment','5','若手就農者の機械導入支援 ― 制度名を変更 若手就農者の機械導入支援(変更前 就農者の機械導入支援)','unknown','nationwide',NULL,NULL,NULL,'{}',NULL,'field not followed',NULL,NULL,NULL);
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
INSERT INTO "am_personalization_decision" VALUES(1,4,1,50,30,20,75);
INSERT INTO "am_personalization_decision" VALUES(1,5,30,50,21,20,90);
INSERT INTO "am_personalization_decision" VALUES(2,1,18,50,0,20,70);
INSERT INTO "am_personalization_decision" VALUES(2,2,9,0,30,10,40);
INSERT INTO "am_personalization_decision" VALUES(2,3,6,0,13,10,23);
INSERT INTO "am_personalization_decision" VALUES(2,4,4,50,30,20,75);
INSERT INTO "am_personalization_decision" VALUES(2,5,31,50,0,20,70);
INSERT INTO "am_personalization_decision" VALUES(3,1,20,50,22,20,92);
INSERT INTO "am_personalization_decision" VALUES(3,2,8,50,0,20,70);
INSERT INTO "am_personalization_decision" VALUES(3,3,24,0,0,20,20);
INSERT INTO "am_personalization_decision" VALUES(3,4,32,50,0,20,70);
INSERT INTO "am_personalization_decision" VALUES(3,5,34,50,0,20,70);
INSERT INTO "am_personalization_decision" VALUES(4,1,19,50,6,0,56);
INSERT INTO "am_personalization_decision" VALUES(4,2,11,0,30,20,50);
INSERT INTO "am_personalization_decision" VALUES(4,3,7,0,30,10,40);
INSERT INTO "am_personalization_decision" VALUES(4,4,3,50,30,0,75);
INSERT INTO "am_personalization_decision" VALUES(5,1,21,50,24,0,74);
INSERT INTO "am_personalization_decision" VALUES(5,2,7,0,30,0,30);
INSERT INTO "am_personalization_decision" VALUES(5,3,9,0,30,0,30);
INSERT INTO "am_personalization_decision" VALUES(6,1,10,50,0,20,70);
INSERT INTO "am_personalization_decision" VALUES(6,2,22,50,0,20,70);
INSERT INTO "am_personalization_decision" VALUES(6,3,24,0,0,20,20);
INSERT INTO "am_personalization_decision" VALUES(6,4,2,50,0,20,70);
INSERT INTO "am_personalization_decision" VALUES(7,1,7,0,30,0,30);
INSERT INTO "am_personalization_decision" VALUES(7,2,9,0,30,0,30);
INSERT INTO "am_personalization_decision" VALUES(7,3,11,0,30,0,30);
INSERT INTO "am_personalization_decision" VALUES(7,4,1,0,30,0,30);
INSERT INTO "am_personalization_decision" VALUES(7,5,2,0,30,0,30);
INSERT INTO "am_personalization_decision" VALUES(7,6,3,0,30,0,30);
INSERT INTO "am_personalization_decision" VALUES(9,1,35,0,30,20,50);
INSERT INTO "am_personalization_decision" VALUES(10,1,36,50,0,20,60);
INSERT INTO "am_personalization_decision" VALUES(11,1,45,50,28,20,98);
INSERT INTO "am_personalization_decision" VALUES(11,2,44,0,0,20,20);
INSERT INTO "am_personalization_decision" VALUES(11,3,53,0,0,20,20);
INSERT INTO "am_personalization_decision" VALUES(11,4,40,0,0,20,20);
INSERT INTO "am_personalization_decision" VALUES(11,5,1,50,30,20,75);
INSERT INTO "am_personalization_decision" VALUES(11,6,56,50,24,20,90);
INSERT INTO "am_personalization_decision" VALUES(12,1,47,50,0,20,70);
INSERT INTO "am_personalization_decision" VALUES(12,2,37,0,16,10,26);
INSERT INTO "am_personalization_decision" VALUES(12,3,53,0,0,20,20);
INSERT INTO "am_personalization_decision" VALUES(12,4,43,0,6,10,16);
INSERT INTO "am_personalization_decision" VALUES(12,5,40,0,0,10,10);
INSERT INTO "am_personalization_decision" VALUES(12,6,4,50,30,20,75);
INSERT INTO "am_personalization_decision" VALUES(12,7,57,50,0,20,70);
INSERT INTO "am_personalization_decision" VALUES(13,1,49,50,26,20,96);
INSERT INTO "am_personalization_decision" VALUES(13,2,39,50,0,20,70);
INSERT INTO "am_personalization_decision" VALUES(13,3,53,0,0,20,20);
INSERT INTO "am_personalization_decision" VALUES(13,4,40,0,0,20,20);
INSERT INTO "am_personalization_decision" VALUES(13,5,43,0,13,0,13);
INSERT INTO "am_personalization_decision" VALUES(13,6,58,50,0,20,70);
INSERT INTO "am_personalization_decision" VALUES(14,1,48,50,13,0,63);
INSERT INTO "am_personalization_decision" VALUES(14,2,38,0,15,10,25);
INSERT INTO "am_personalization_decision" VALUES(14,3,43,0,0,20,20);
INSERT INTO "am_personalization_decision" VALUES(14,4,42,0,0,20,20);
INSERT INTO "am_personalization_decision" VALUES(14,5,3,50,30,0,75);
INSERT INTO "am_personalization_decision" VALUES(15,1,38,0,15,0,15);
INSERT INTO "am_personalization_decision" VALUES(16,1,41,50,0,20,70);
INSERT INTO "am_personalization_decision" VALUES(16,2,51,50,0,20,70);
INSERT INTO "am_personalization_decision" VALUES(16,3,53,0,0,20,20);
INSERT INTO "am_personalization_decision" VALUES(16,4,43,0,0,10,10);
INSERT INTO "am_personalization_decision" VALUES(16,5,40,0,0,10,10);
INSERT INTO "am_personalization_decision" VALUES(16,6,2,50,0,20,70);
INSERT INTO "am_personalization_decision" VALUES(17,1,38,0,15,0,15);
INSERT INTO "am_personalization_decision" VALUES(17,2,50,0,25,0,25);
INSERT INTO "am_personalization_decision" VALUES(17,3,1,0,30,0,30);
INSERT INTO "am_personalization_decision" VALUES(17,4,2,0,30,0,30);
INSERT INTO "am_personalization_decision" VALUES(17,5,3,0,30,0,30);
INSERT INTO "am_personalization_decision" VALUES(17,6,4,0,30,0,30);
INSERT INTO "am_personalization_decision" VALUES(17,7,5,0,30,0,30);
INSERT INTO "am_personalization_decision" VALUES(19,1,35,0,30,20,50);
INSERT INTO "am_personalization_decision" VALUES(20,1,36,50,0,20,60);
INSERT INTO "am_personalization_decision" VALUES(21,1,45,50,29,20,99);
INSERT INTO "am_personalization_decision" VALUES(21,2,44,0,0,20,20);
INSERT INTO "am_personalization_decision" VALUES(21,3,53,0,0,20,20);
INSERT INTO "am_personalization_decision" VALUES(21,4,40,0,0,20,20);
INSERT INTO "am_personalization_decision" VALUES(21,5,1,50,30,20,75);
INSERT INTO "am_personalization_decision" VALUES(21,6,56,50,25,20,90);
INSERT INTO "am_personalization_decision" VALUES(22,1,47,50,0,20,70);
INSERT INTO "am_personalization_decision" VALUES(22,2,37,0,16,10,26);
INSERT INTO "am_personalization_decision" VALUES(22,3,53,0,0,20,20);
INSERT INTO "am_personalization_decision" VALUES(22,4,43,0,6,10,16);
INSERT INTO "am_personalization_decision" VALUES(22,5,40,0,0,10,10);
INSERT INTO "am_personalization_decision" VALUES(22,6,4,50,30,20,75);
INSERT INTO "am_personalization_decision" VALUES(22,7,57,50,0,20,70);
INSERT INTO "am_personalization_decision" VALUES(23,1,49,50,26,20,96);
INSERT INTO "am_personalization_decision" VALUES(23,2,39,50,0,20,70);
INSERT INTO "am_personalization_decision" VALUES(23,3,53,0,0,20,20);
INSERT INTO "am_personalization_decision" VALUES(23,4,40,0,0,20,20);
INSERT INTO "am_personalization_decision" VALUES(23,5,43,0,13,0,13);
INSERT INTO "am_personalization_decision" VALUES(23,6,58,50,0,20,70);
INSERT INTO "am_personalization_decision" VALUES(24,1,48,50,15,0,65);
INSERT INTO "am_personalization_decision" VALUES(24,2,38,0,15,10,25);
INSERT INTO "am_personalization_decision" VALUES(24,3,43,0,0,20,20);
INSERT INTO "am_personalization_decision" VALUES(24,4,42,0,0,20,20);
INSERT INTO "am_personalization_decision" VALUES(24,5,3,50,30,0,75);
INSERT INTO "am_personalization_decision" VALUES(25,1,38,0,15,0,15);
INSERT INTO "am_personalization_decision" VALUES(26,1,41,50,0,20,70);
INSERT INTO "am_personalization_decision" VALUES(26,2,51,50,0,20,70);
INSERT INTO "am_personalization_decision" VALUES(26,3,53,0,0,20,20);
INSERT INTO "am_personalization_decision" VALUES(26,4,43,0,0,10,10);
INSERT INTO "am_personalization_decision" VALUES(26,5,40,0,0,10,10);
INSERT INTO "am_personalization_decision" VALUES(26,6,2,50,0,20,70);
INSERT INTO "am_personalization_decision" VALUES(27,1,38,0,15,0,15);
INSERT INTO "am_personalization_decision" VALUES(27,2,50,0,30,0,30);
INSERT INTO "am_personalization_decision" VALUES(27,3,1,0,30,0,30);
INSERT INTO "am_personalization_decision" VALUES(27,4,2,0,30,0,30);
INSERT INTO "am_personalization_decision" VALUES(27,5,3,0,30,0,30);
INSERT INTO "am_personalization_decision" VALUES(27,6,4,0,30,0,30);
INSERT INTO "am_personalization_decision" VALUES(27,7,5,0,30,0,30);
INSERT INTO "am_personalization_decision" VALUES(29,1,35,0,30,20,50);
INSERT INTO "am_personalization_decision" VALUES(30,1,36,50,0,20,60);
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
INSERT INTO "am_personalization_delivery" VALUES(1,'ba0b98d1176568437136a44f54dd98d123ee4cadbb57ef659f087d471a5d60ad',1,'rest','2026-04-01','2026-04-01T03:00:00.000Z','2026-11-28T22:12:28.263Z',200,3,NULL,'a2e6827b2775ca71f1cdf6b948281e8d9e25ee7ebcfd7be0973c5022038be037');
INSERT INTO "am_personalization_delivery" VALUES(2,'761251a89c7bdf99ffcbe466670bc523ea8d26710303db8cf9888939d4d82aa4',4,'rest','2026-04-01','2026-04-01T03:00:00.000Z','2026-11-28T22:12:28.263Z',200,3,NULL,'37d726db03c227d07f54ba551f1705bcfdde3b7551f6b0f92b9984a4d3bdf27e');
INSERT INTO "am_personalization_delivery" VALUES(3,'324fca59419d29859ed4a00aa935c9837679cc81bf3f81a823e4ed291c3ae861',7,'rest','2026-04-01','2026-04-01T03:00:00.000Z','2026-11-28T22:12:28.263Z',200,3,NULL,'815b2b51b52b9928d395bf08f87a4e1f801cbd0368516f14e463907dd0b66b46');
INSERT INTO "am_personalization_delivery" VALUES(4,'f0a82db49d9011d41f3e3fad543055b8a324365146d3191aca6bf01a53edaf74',10,'rest','2026-04-01','2026-04-01T03:00:00.000Z','2026-11-28T22:12:28.263Z',200,3,NULL,'a42803e55b12345cfacae5954fe77c000c82412de4bf776536124cc7a34778d7');
INSERT INTO "am_personalization_delivery" VALUES(5,'313823ceea47648953bfa4a8518c26a944b857e30a557f7ce88337229d3901a2',13,'rest','2026-04-01','2026-04-01T03:00:00.000Z','2026-11-28T22:12:28.263Z',200,3,NULL,'5fc111f9d5cb95dcb39f3da9ada6a7b5614cacbe577124c3b68ff5a3d9fb4246');
INSERT INTO "am_personalization_delivery" VALUES(6,'d41d7661cd87583847fd9cbc81a9960ec4d21a3be030d77fca397aa92e489b46',16,'rest','2026-04-01','2026-04-01T03:00:00.000Z','2026-11-28T22:12:28.263Z',200,3,NULL,'e89dbf66bec1faf86d8a7f34d2418f15bd7302abfef76830b58c5951d57d2b30');
INSERT INTO "am_personalization_delivery" VALUES(7,'936e36c9a53865f6eb7fcb37cda6715f67d2b7190b46fa9d200945cbe62e0249',19,'rest','2026-04-01','2026-04-01T03:00:00.000Z','2026-11-28T22:12:28.263Z',200,3,NULL,'aea8611d658bd3c89b2ea64240feca59216d7a4cb1725fbca1bfd799a567279c');
INSERT INTO "am_personalization_delivery" VALUES(8,'2c0f607b325b0dd8d8d65898a26e75572dae3ec9cbff4ccd549d05ca8a3d7069',22,'rest','2026-04-01','2026-04-01T03:00:00.000Z','2026-11-28T22:12:28.263Z',200,3,NULL,'e4b3aabc6032735bd767df976009ed5be9c055528c55ff4f703e5fafe2de59a8');
INSERT INTO "am_personalization_delivery" VALUES(9,'bf369bda9021f0b67f07e287dcf7d62bc2fb92c818c95bd8aa0b4c31af31fd39',25,'rest','2026-04-01','2026-04-01T03:00:00.000Z','2026-11-28T22:12:28.263Z',200,3,NULL,'a7f8d5f3a32d69d45a8056cffad97653a89fb84027361f1e3f05bc85247b2469');
INSERT INTO "am_personalization_delivery" VALUES(10,'ff70ae8886cf13755a5a6309277dc7272bff4dbf841ebaed8befa430501e3ada',28,'rest','2026-04-01','2026-04-01T03:00:00.000Z','2026-11-28T22:12:28.263Z',200,3,NULL,'259efde42149b959aecae3604beb03ae0f57d71475b2e410b0e9bec134a85584');
INSERT INTO "am_personalization_delivery" VALUES(11,'d4c4246a2afbde86431e08514314cbb216de967006a8c017466115c77a21c1cc',31,'rest','2026-04-01','2026-04-01T03:00:00.000Z','2026-11-28T22:12:28.263Z',200,3,NULL,'e446138d5bac4e3a2d48db25c1e7157466b042c4c8525b1620f5e6c4f6a2cdcc');
INSERT INTO "am_personalization_delivery" VALUES(12,'b0f1b4fe4fcc81e2cc4dd418bcc5fedb29c61ed8017b65508301913aaf337092',34,'rest','2026-04-01','2026-04-01T03:00:00.000Z','2026-11-28T22:12:28.263Z',200,3,NULL,'c32615d49a73356e8cf66c8c2d194a83e75a701d36e4828b15f964bc4ed35053');
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
INSERT INTO "am_personalization_evidence" VALUES(1,5,1,1);
INSERT INTO "am_personalization_evidence" VALUES(6,5,2,1);
INSERT INTO "am_personalization_evidence" VALUES(11,1,9,1);
INSERT INTO "am_personalization_evidence" VALUES(12,5,3,1);
INSERT INTO "am_personalization_evidence" VALUES(17,1,10,1);
INSERT INTO "am_personalization_evidence" VALUES(18,4,4,1);
INSERT INTO "am_personalization_evidence" VALUES(22,3,5,1);
INSERT INTO "am_personalization_evidence" VALUES(25,4,6,1);
INSERT INTO "am_personalization_evidence" VALUES(29,6,7,1);
INSERT INTO "am_personalization_evidence" VALUES(35,3,11,1);
INSERT INTO "am_personalization_evidence" VALUES(38,1,11,6);
INSERT INTO "am_personalization_evidence" VALUES(39,3,12,1);
INSERT INTO "am_personalization_evidence" VALUES(42,1,12,6);
INSERT INTO "am_personalization_evidence" VALUES(43,1,19,1);
INSERT INTO "am_personalization_evidence" VALUES(44,1,13,1);
INSERT INTO "am_personalization_evidence" VALUES(45,2,13,3);
INSERT INTO "am_personalization_evidence" VALUES(47,1,13,6);
INSERT INTO "am_personalization_evidence" VALUES(48,1,20,1);
INSERT INTO "am_personalization_evidence" VALUES(49,3,14,1);
INSERT INTO "am_personalization_evidence" VALUES(52,1,14,5);
INSERT INTO "am_personalization_evidence" VALUES(53,1,15,1);
INSERT INTO "am_personalization_evidence" VALUES(54,3,16,2);
INSERT INTO "am_personalization_evidence" VALUES(57,4,17,1);
INSERT INTO "am_personalization_evidence" VALUES(61,1,17,6);
INSERT INTO "am_personalization_evidence" VALUES(62,3,21,1);
INSERT INTO "am_personalization_evidence" VALUES(65,1,21,6);
INSERT INTO "am_personalization_evidence" VALUES(66,3,22,1);
INSERT INTO "am_personalization_evidence" VALUES(69,1,22,6);
INSERT INTO "am_personalization_evidence" VALUES(70,1,29,1);
INSERT INTO "am_personalization_evidence" VALUES(71,1,23,1);
INSERT INTO "am_personalization_evidence" VALUES(72,2,23,3);
INSERT INTO "am_personalization_evidence" VALUES(74,1,23,6);
INSERT INTO "am_personalization_evidence" VALUES(75,1,30,1);
INSERT INTO "am_personalization_evidence" VALUES(76,3,24,1);
INSERT INTO "am_personalization_evidence" VALUES(79,1,24,5);
INSERT INTO "am_personalization_evidence" VALUES(80,1,25,1);
INSERT INTO "am_personalization_evidence" VALUES(81,3,26,2);
INSERT INTO "am_personalization_evidence" VALUES(84,4,27,1);
INSERT INTO "am_personalization_evidence" VALUES(88,1,27,6);
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
INSERT INTO "am_personalization_feedback" VALUES(1,1,'program','EX-104','dismissed',NULL,NULL,NULL,'2026-11-28T22:12:28.267Z');
INSERT INTO "am_personalization_feedback" VALUES(2,2,'program','EXjg0000000000003A','interested',NULL,'2026-03-15','2026-06-30','2026-11-28T22:12:28.270Z');
CREATE TABLE am_personalization_identity (
    identity_id INTEGER PRIMARY KEY CHECK (identity_id BETWEEN 1 AND 9007199254740992),
    profile_id INTEGER NOT NULL,
    commitment TEXT NOT NULL CHECK (length(commitment) = 64),
    bound_at TEXT NOT NULL
);
INSERT INTO "am_personalization_identity" VALUES(1,1,'bf6a4d65ea1b93cca20401737eafa37a5982e33918cdc7960f69179e80fadb3b','2026-11-28T22:12:28.164Z');
INSERT INTO "am_personalization_identity" VALUES(2,2,'df0c39270bb208c213e2520d5c6fe4dc54899774a7eee6f0cc982199e3bd733a','2026-11-28T22:12:28.165Z');
INSERT INTO "am_personalization_identity" VALUES(3,3,'3433f252b6dcbe8c486394aca7da668e33c63a03c03cce8b9a0d1df53855076b','2026-11-28T22:12:28.165Z');
INSERT INTO "am_personalization_identity" VALUES(4,4,'bda1f2172d3643b1ee71c212a3b5aab44ea516e595bdc2340529dcd88d98de80','2026-11-28T22:12:28.165Z');
INSERT INTO "am_personalization_identity" VALUES(5,5,'305597323aee561441d6d635122ad1815175d830d27084b9a414ff511e7e19c7','2026-11-28T22:12:28.165Z');
INSERT INTO "am_personalization_identity" VALUES(6,6,'24b2efdd482191db81b64a6e43611b9adcaed6e1dcdf74e5437d98aa54785729','2026-11-28T22:12:28.165Z');
INSERT INTO "am_personalization_identity" VALUES(7,7,'d619f35724ca6e5730eaa8d7950cad315c1128e529bc3a420bfe70688b15b423','2026-11-28T22:12:28.165Z');
INSERT INTO "am_personalization_identity" VALUES(8,8,'f65a54222ba1ce0a2ec1da296193a9eb3e427c90fa069f1a686344492cf2c7ef','2026-11-28T22:12:28.165Z');
CREATE TABLE am_personalization_identity_salt (
    identity_id INTEGER PRIMARY KEY REFERENCES am_personalization_identity(identity_id),
    salt TEXT NOT NULL CHECK (length(salt) = 64)
);
INSERT INTO "am_personalization_identity_salt" VALUES(1,'82d78c556488ea2dab35a6a147125f32efafb6c8c562a50010099530eff61eba');
INSERT INTO "am_personalization_identity_salt" VALUES(2,'e20ca28ed62b7a33e250c49386b9d59d91d171d7da4995a633d3d8f718abd491');
INSERT INTO "am_personalization_identity_salt" VALUES(3,'5c665f741bee6f13b2378bec264b540d5a0166a6bdc965325fcc3d3b74ad9212');
INSERT INTO "am_personalization_identity_salt" VALUES(4,'da24f5aa900840fc56cd721d578b4557ed9233b8753608a3b895b0ca0bc54068');
INSERT INTO "am_personalization_identity_salt" VALUES(5,'8ef49bc47d2a2098104b77a9844ab6178085c16c99c3280b2673d785be74bcf0');
INSERT INTO "am_personalization_identity_salt" VALUES(6,'ba335bcfefca500dc50f7f5cf54a4cc3adb7bdbfeb789274a85cc30644ad597c');
INSERT INTO "am_personalization_identity_salt" VALUES(7,'fa576cfa75ae21db9807c06a82834d9d93378b41145f0f208d32dc80d6d43bfe');
INSERT INTO "am_personalization_identity_salt" VALUES(8,'0f01f551aa29d6424214320ce8f8627ce62c135ffa0398799484674bdcd154f1');
CREATE TABLE am_personalization_list (
    list_id INTEGER PRIMARY KEY CHECK (list_id BETWEEN 1 AND 9007199254740992),
    run_id INTEGER NOT NULL REFERENCES am_personalization_run(run_id),
    cohort_id INTEGER NOT NULL REFERENCES am_personalization_cohort(cohort_id),
    profile_id INTEGER REFERENCES am_personalization_profile(profile_id),
    -- of the declared vector, the owner and every place
    list_sha256 TEXT NOT NULL CHECK (length(list_sha256) = 64)
);
INSERT INTO "am_personalization_list" VALUES(1,1,1,NULL,'39034d34de55e24cad8b5f63d8c9e553edf53764ee207ad63ff23a55c59d687f');
INSERT INTO "am_personalization_list" VALUES(2,1,2,NULL,'966a339238195fa1f3f1dfdec6e5528a535769bdc539b251dac3b1074aae527c');
INSERT INTO "am_personalization_list" VALUES(3,1,3,NULL,'a299e324f9506833415278ec617d206e34ffaeb847f2a78a0166eb1eb14660e8');
INSERT INTO "am_personalization_list" VALUES(4,1,4,NULL,'68c8cf9eed8c7fe58b64e2c78d19e9f61a0152839ed1dd6ff94209a294ca214e');
INSERT INTO "am_personalization_list" VALUES(5,1,5,NULL,'776393824833b7099b3dcbde118384de111ce5add78cac4413335f31ebeecdea');
INSERT INTO "am_personalization_list" VALUES(6,1,6,NULL,'b0e8ceedda73ac13e5697ee89b8725f6663161ba659fffe92fedadfa2150788e');
INSERT INTO "am_personalization_list" VALUES(7,1,7,NULL,'db7744fb9b7c1f7e7ad32f5f69d15f8b8e26db9071febdd99a22df46c0de86b7');
INSERT INTO "am_personalization_list" VALUES(9,1,2,2,'840be80622aab318b304ddfeb3a0d245cd6cabf275071cee2cad012a82d393ef');
INSERT INTO "am_personalization_list" VALUES(10,1,3,3,'d6b04c3135200f04e871b2a4b3f92c71ac079ceaacc3abbddeb1b7036b0bd2d8');
INSERT INTO "am_personalization_list" VALUES(11,2,1,NULL,'91c875c99adf00f5e795b9a393d85eabdab49f8c8634c118ba3a987cb1b94681');
INSERT INTO "am_personalization_list" VALUES(12,2,2,NULL,'c940cc6e637dc38e99e5b39e43d1fb86af97b0bb435f8d81f2dbc68286f10a66');
INSERT INTO "am_personalization_list" VALUES(13,2,3,NULL,'0c43ae241cb9359a8ab42aaeecaf2194adba121a353feb21e47b86ded132ce81');
INSERT INTO "am_personalization_list" VALUES(14,2,4,NULL,'e7e892bdcc444fe4ee461a988b126377e4e46c940a632a0fb0918064b38ea06e');
INSERT INTO "am_personalization_list" VALUES(15,2,5,NULL,'fcf1129b2f69138940aa9cbb52f2732f311e793e54c619a752ea23fc490c43d1');
INSERT INTO "am_personalization_list" VALUES(16,2,6,NULL,'de31088bc8a7775165791f9b00402cfda16ba48b60c600c4d38be7972ab98c9d');
INSERT INTO "am_personalization_list" VALUES(17,2,7,NULL,'c4269f13d3e463fbd04e88822f8692069fcd21002ca87d6097dee89833494a1d');
INSERT INTO "am_personalization_list" VALUES(19,2,2,2,'840be80622aab318b304ddfeb3a0d245cd6cabf275071cee2cad012a82d393ef');
INSERT INTO "am_personalization_list" VALUES(20,2,3,3,'d6b04c3135200f04e871b2a4b3f92c71ac079ceaacc3abbddeb1b7036b0bd2d8');
INSERT INTO "am_personalization_list" VALUES(21,3,1,NULL,'12fb20e4a9baebe3c9a5fe320c0c694f7b86d8ed803afaed0794d212aea1bddb');
INSERT INTO "am_personalization_list" VALUES(22,3,2,NULL,'c940cc6e637dc38e99e5b39e43d1fb86af97b0bb435f8d81f2dbc68286f10a66');
INSERT INTO "am_personalization_list" VALUES(23,3,3,NULL,'0c43ae241cb9359a8ab42aaeecaf2194adba121a353feb21e47b86ded132ce81');
INSERT INTO "am_personalization_list" VALUES(24,3,4,NULL,'23cf88990d8e1865e9aa9143b7b4d0f853abbb3e671c4bf9f7500b5a424247de');
INSERT INTO "am_personalization_list" VALUES(25,3,5,NULL,'fcf1129b2f69138940aa9cbb52f2732f311e793e54c619a752ea23fc490c43d1');
INSERT INTO "am_personalization_list" VALUES(26,3,6,NULL,'de31088bc8a7775165791f9b00402cfda16ba48b60c600c4d38be7972ab98c9d');
INSERT INTO "am_personalization_list" VALUES(27,3,7,NULL,'240f66ad557d6fceb87208a868127becf84e0bf6a961b9559aa307ab1511d0ab');
INSERT INTO "am_personalization_list" VALUES(29,3,2,2,'840be80622aab318b304ddfeb3a0d245cd6cabf275071cee2cad012a82d393ef');
INSERT INTO "am_personalization_list" VALUES(30,3,3,3,'d6b04c3135200f04e871b2a4b3f92c71ac079ceaacc3abbddeb1b7036b0bd2d8');
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
INSERT INTO "am_personalization_profile" VALUES(1,'207d28c47238e89eee33d9249bdbebeb80dd9b6aab9aed05dff24fe783cbc0c0','{"industry_pack": "pack_construction", "deadline_horizon_days": 60, "risk_tolerance": "low", "prefecture": "東京都"}','2026-11-28T22:12:28.084Z','2026-11-28T22:12:28.084Z');
INSERT INTO "am_personalization_profile" VALUES(2,'8c731f4e03780f360cdf469395dd06128295611853d826e871f9bfde4db8908a','{"industry_pack": "E", "deadline_horizon_days": 90, "risk_tolerance": "medium", "prefecture": "愛知県"}','2026-11-28T22:12:28.084Z','2026-11-28T22:12:28.084Z');
INSERT INTO "am_personalization_profile" VALUES(3,'fd805158361ae96275c739e2013067c9674e4fefd475105451acdd5d6db821db','{"industry_pack": "A", "deadline_horizon_days": 120, "risk_tolerance": "low", "prefecture": "高知県"}','2026-11-28T22:12:28.084Z','2026-11-28T22:12:28.084Z');
INSERT INTO "am_personalization_profile" VALUES(4,'6607f6c7c5e74fe895ac6153283313fc6b460f2620744a5fe96665181a0285b1','{"industry_pack": "pack_information", "deadline_horizon_days": 30, "risk_tolerance": "high"}','2026-11-28T22:12:28.084Z','2026-11-28T22:12:28.084Z');
INSERT INTO "am_personalization_profile" VALUES(5,'76cfd20355c8ea355e3294053848f605c28d2a646eb82ffea331b3ec0d20ec4b','{"industry_pack": "M", "deadline_horizon_days": 45, "prefecture": "沖縄県"}','2026-11-28T22:12:28.084Z','2026-11-28T22:12:28.084Z');
INSERT INTO "am_personalization_profile" VALUES(6,'2af4c871c563960c9b8d1c92a7a3141c63fde477d459a4583921818022887476','{"industry_pack": "P", "risk_tolerance": "medium", "prefecture": "大阪府"}','2026-11-28T22:12:28.084Z','2026-11-28T22:12:28.084Z');
INSERT INTO "am_personalization_profile" VALUES(7,'3e77e02940673c65c406aabc0b13d53097d4bca7363119e5d884501191252715','{"deadline_horizon_days": 14}','2026-11-28T22:12:28.084Z','2026-11-28T22:12:28.084Z');
INSERT INTO "am_personalization_profile" VALUES(8,'6b2efe4cb1f0035fe17ef66571fbba648f9667d0e2be6f41105f2a9c2a60841b','{}','2026-11-28T22:12:28.084Z','2026-11-28T22:12:28.084Z');
CREATE TABLE am_personalization_recommendation_log (
    rec_id INTEGER PRIMARY KEY AUTOINCREMENT,
    profile_id INTEGER NOT NULL REFERENCES am_personalization_profile(profile_id),
    recommendation_type TEXT NOT NULL
        CHECK (recommendation_type IN ('program', 'industry_pack', 'saved_search', 'amendment')),
    score INTEGER NOT NULL DEFAULT 0 CHECK (score BETWEEN 0 AND 100),
    served_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
);
INSERT INTO "am_personalization_recommendation_log" VALUES(1,1,'program',98,'2026-11-28T22:12:28.132Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(2,1,'program',91,'2026-11-28T22:12:28.132Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(3,1,'program',50,'2026-11-28T22:12:28.132Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(4,1,'industry_pack',75,'2026-11-28T22:12:28.132Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(5,1,'amendment',90,'2026-11-28T22:12:28.132Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(6,2,'program',70,'2026-11-28T22:12:28.132Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(7,2,'program',40,'2026-11-28T22:12:28.132Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(8,2,'program',23,'2026-11-28T22:12:28.132Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(9,2,'industry_pack',75,'2026-11-28T22:12:28.132Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(10,2,'amendment',70,'2026-11-28T22:12:28.132Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(11,2,'saved_search',50,'2026-11-28T22:12:28.132Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(12,3,'program',92,'2026-11-28T22:12:28.132Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(13,3,'program',70,'2026-11-28T22:12:28.132Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(14,3,'program',20,'2026-11-28T22:12:28.132Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(15,3,'amendment',70,'2026-11-28T22:12:28.132Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(16,3,'amendment',70,'2026-11-28T22:12:28.132Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(17,3,'saved_search',60,'2026-11-28T22:12:28.132Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(18,4,'program',56,'2026-11-28T22:12:28.132Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(19,4,'program',50,'2026-11-28T22:12:28.132Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(20,4,'program',40,'2026-11-28T22:12:28.132Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(21,4,'industry_pack',75,'2026-11-28T22:12:28.132Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(22,5,'program',74,'2026-11-28T22:12:28.132Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(23,5,'program',30,'2026-11-28T22:12:28.132Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(24,5,'program',30,'2026-11-28T22:12:28.132Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(25,6,'program',70,'2026-11-28T22:12:28.132Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(26,6,'program',70,'2026-11-28T22:12:28.132Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(27,6,'program',20,'2026-11-28T22:12:28.132Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(28,6,'industry_pack',70,'2026-11-28T22:12:28.132Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(29,7,'program',30,'2026-11-28T22:12:28.132Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(30,7,'program',30,'2026-11-28T22:12:28.132Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(31,7,'program',30,'2026-11-28T22:12:28.132Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(32,7,'industry_pack',30,'2026-11-28T22:12:28.132Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(33,7,'industry_pack',30,'2026-11-28T22:12:28.132Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(34,7,'industry_pack',30,'2026-11-28T22:12:28.132Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(35,1,'program',98,'2026-11-28T22:12:28.295Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(36,1,'program',20,'2026-11-28T22:12:28.295Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(37,1,'program',20,'2026-11-28T22:12:28.295Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(38,1,'amendment',90,'2026-11-28T22:12:28.295Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(39,2,'program',70,'2026-11-28T22:12:28.295Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(40,2,'program',26,'2026-11-28T22:12:28.295Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(41,2,'program',20,'2026-11-28T22:12:28.295Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(42,2,'industry_pack',75,'2026-11-28T22:12:28.295Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(43,2,'saved_search',50,'2026-11-28T22:12:28.295Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(44,3,'program',96,'2026-11-28T22:12:28.295Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(45,3,'program',20,'2026-11-28T22:12:28.295Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(46,3,'program',20,'2026-11-28T22:12:28.295Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(47,3,'amendment',70,'2026-11-28T22:12:28.295Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(48,3,'saved_search',60,'2026-11-28T22:12:28.295Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(49,4,'program',63,'2026-11-28T22:12:28.295Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(50,4,'program',25,'2026-11-28T22:12:28.295Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(51,4,'program',20,'2026-11-28T22:12:28.295Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(52,4,'industry_pack',75,'2026-11-28T22:12:28.295Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(53,5,'program',15,'2026-11-28T22:12:28.295Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(54,6,'program',70,'2026-11-28T22:12:28.295Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(55,6,'program',20,'2026-11-28T22:12:28.295Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(56,6,'program',10,'2026-11-28T22:12:28.295Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(57,7,'program',15,'2026-11-28T22:12:28.295Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(58,7,'program',25,'2026-11-28T22:12:28.295Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(59,7,'industry_pack',30,'2026-11-28T22:12:28.295Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(60,7,'industry_pack',30,'2026-11-28T22:12:28.295Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(61,7,'industry_pack',30,'2026-11-28T22:12:28.295Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(62,1,'program',99,'2026-11-28T22:12:28.434Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(63,1,'program',20,'2026-11-28T22:12:28.434Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(64,1,'program',20,'2026-11-28T22:12:28.434Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(65,1,'amendment',90,'2026-11-28T22:12:28.434Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(66,2,'program',70,'2026-11-28T22:12:28.434Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(67,2,'program',26,'2026-11-28T22:12:28.434Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(68,2,'program',20,'2026-11-28T22:12:28.434Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(69,2,'industry_pack',75,'2026-11-28T22:12:28.434Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(70,2,'saved_search',50,'2026-11-28T22:12:28.434Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(71,3,'program',96,'2026-11-28T22:12:28.434Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(72,3,'program',20,'2026-11-28T22:12:28.434Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(73,3,'program',20,'2026-11-28T22:12:28.434Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(74,3,'amendment',70,'2026-11-28T22:12:28.434Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(75,3,'saved_search',60,'2026-11-28T22:12:28.434Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(76,4,'program',65,'2026-11-28T22:12:28.434Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(77,4,'program',25,'2026-11-28T22:12:28.434Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(78,4,'program',20,'2026-11-28T22:12:28.434Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(79,4,'industry_pack',75,'2026-11-28T22:12:28.434Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(80,5,'program',15,'2026-11-28T22:12:28.434Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(81,6,'program',70,'2026-11-28T22:12:28.434Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(82,6,'program',20,'2026-11-28T22:12:28.434Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(83,6,'program',10,'2026-11-28T22:12:28.434Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(84,7,'program',15,'2026-11-28T22:12:28.434Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(85,7,'program',30,'2026-11-28T22:12:28.434Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(86,7,'industry_pack',30,'2026-11-28T22:12:28.434Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(87,7,'industry_pack',30,'2026-11-28T22:12:28.434Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(88,7,'industry_pack',30,'2026-11-28T22:12:28.434Z');
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
INSERT INTO "am_personalization_run" VALUES(1,'2026-04-01',0,'{"amendment_days":30,"any_from":17,"caps":{"amendment":90,"industry_pack":75,"program":100,"saved_search":60},"keywords":{"6次産業":"AB","ケーブルテレビ":"G","タクシー":"H","トラック運":"H","パイプハウス":"A","ラジオ":"G","介護サービス":"P","介護ロボット":"P","介護事業":"P","介護人材":"P","介護分野":"P","介護施設":"P","介護職員":"P","伝統産業":"E","伝統的工芸品":"E","住宅宿泊":"M","公衆浴場":"N","内航":"H","医療施設":"P","医療機関":"P","営農":"A","園芸":"A","土地改良":"A","地上基幹放送":"G","地域医療":"P","地熱発電":"CF","多面的機能支払":"A","家畜":"A","宿泊施設":"M","就農":"A","建設業":"D","建設産業":"D","携帯電話":"G","旅館":"M","林業":"A","果樹":"A","森林":"A","歯科":"P","水力発電":"F","水田":"A","水稲":"A","清酒":"E","漁業":"B","漁船":"B","畜産":"A","病院":"P","皮革":"EI","直接支払交付金":"A","看護":"P","福祉":"P","系統用蓄電":"F","細胞農業":"L","経営所得安定対策":"A","耕作放棄地":"A","肥料":"A","船員":"H","薬局":"P","訪問介護":"P","診療所":"P","貨物":"H","農作物":"A","農商工連携":"ABEI","農地":"A","農家":"A","農林業":"A","農林水産業":"AB","農林漁業":"AB","農業":"A","農畜水産業":"AB","農福連携":"AP","都市ガス":"F","野菜":"A","鉱山":"C","電子処方箋":"P","電波":"G","食品製造業":"E","飲食店":"M","飼料":"A","鳥獣":"A"},"packs":{"pack_construction":"D","pack_health_welfare":"P","pack_information":"G","pack_manufacturing":"E","pack_real_estate":"K"},"tiers":{"A":"low","B":"medium","C":"high","S":"low"},"urgent_days":90,"weights":{"deadline":30,"industry":50,"risk":20}}','1fda0b4bfa87e4f1d69d6c7cf4ee6e41b2b845d837c876723b0f077f970b3dfd','0.1a0',3,'2026-11-28T22:12:28.132Z','2026-11-28T22:12:28.123Z','fbf59b4f65f485d1db1d9fd84098efb2ccc32bda513affb06db2eab0e40f23ed','437cf35d660cdc86cfc2e58e1fbfbf8e467d9e59047f7daa5af5b294772c4165','bb74e8ca810222b2b3b6fce67eecbfcb567f1e901b98b53e871808867fc530c7','6b578f028240f62cfa7c2474b9c81dc177319f3d43178cc5f35a1210f5e48020',0,0,8,0,'{"amendment":{"candidates":4,"rows":4,"scored":3,"scores":{"70":3,"90":1},"zero":5},"industry_pack":{"candidates":5,"rows":7,"scored":5,"scores":{"30":3,"70":1,"75":3},"zero":3},"program":{"candidates":17,"rows":21,"scored":7,"scores":{"20":2,"23":1,"30":5,"40":2,"50":2,"56":1,"70":4,"74":1,"91":1,"92":1,"98":1},"zero":1},"saved_search":{"candidates":2,"rows":2,"scored":2,"scores":{"50":1,"60":1},"zero":6}}','{"amendment":{"not seen in the last 30 days":1},"program":{"closed":2,"excluded":1,"not yet open":1,"overseas only":1,"practice form":1,"procedure":1}}');
INSERT INTO "am_personalization_run" VALUES(2,'2026-04-02',0,'{"amendment_days":30,"amendments":{"changes_named":2,"fields":["close_at","open_at","program.application_period","program.application_period_r7","amount_max_yen","subsidy_rate","subsidy_rate_max","program.subsidy_rate","target_employees","program.target_entity","program.target_business_size","program.prerequisite","program.application_channel"],"name_length":60,"value_length":24},"any_from":17,"caps":{"amendment":90,"industry_pack":75,"program":100,"saved_search":60},"date_points":{"rolling":15,"unknown":0},"depth":30,"keywords":{"6次産業":"AB","ケーブルテレビ":"G","タクシー":"H","トラック運":"H","パイプハウス":"A","ラジオ":"G","介護サービス":"P","介護ロボット":"P","介護事業":"P","介護人材":"P","介護分野":"P","介護施設":"P","介護職員":"P","伝統産業":"E","伝統的工芸品":"E","住宅宿泊":"M","公衆浴場":"N","内航":"H","医療施設":"P","医療機関":"P","営農":"A","園芸":"A","土地改良":"A","地上基幹放送":"G","地域医療":"P","地熱発電":"CF","多面的機能支払":"A","家畜":"A","宿泊施設":"M","就農":"A","建設業":"D","建設産業":"D","携帯電話":"G","旅館":"M","林業":"A","果樹":"A","森林":"A","歯科":"P","水力発電":"F","水田":"A","水稲":"A","清酒":"E","漁業":"B","漁船":"B","畜産":"A","病院":"P","皮革":"EI","直接支払交付金":"A","看護":"P","福祉":"P","系統用蓄電":"F","細胞農業":"L","経営所得安定対策":"A","耕作放棄地":"A","肥料":"A","船員":"H","薬局":"P","訪問介護":"P","診療所":"P","貨物":"H","農作物":"A","農商工連携":"ABEI","農地":"A","農家":"A","農林業":"A","農林水産業":"AB","農林漁業":"AB","農業":"A","農畜水産業":"AB","農福連携":"AP","都市ガス":"F","野菜":"A","鉱山":"C","電子処方箋":"P","電波":"G","食品製造業":"E","飲食店":"M","飼料":"A","鳥獣":"A"},"lead_days":{"amendment":7,"program":14},"packs":{"pack_construction":"D","pack_health_welfare":"P","pack_information":"G","pack_manufacturing":"E","pack_real_estate":"K"},"places_per_family":1,"rank_band":50,"repeat_days":30,"rolling_words":["随時","通年","先着","予算がなくなり次第","予算の上限","予算額に達し","常時"],"tiers":{"A":"low","B":"medium","C":"high","S":"low"},"urgent_days":90,"weights":{"deadline":30,"industry":50,"risk":20}}','885a31e07d8c92c6fe3493c9b9d02d84cebf1cc68863b5ddb0bce08f25147167','0.1a0',3,'2026-11-28T22:12:28.295Z','2026-11-28T22:12:28.280Z','fe81b0280ec2015df34a2129e102ac227708213275c1f37a6eaddeda8ba0a096','dd51c1103c26ef0de3b1e79db04bf2d1213b3b7a1c7fb5fe9b4573f8fea2e1b3','118112227ea2cf04e159e85fd68c16f239c0471058f7adeb1b17b3b8a46a4075','c846823f845be714664dfa879ffb797c9d4e4b11a82aaf48c383d7503f6411ab',12,2,8,0,'{"amendment":{"candidates":3,"rows":2,"scored":2,"scores":{"70":1,"90":1},"zero":6},"industry_pack":{"candidates":5,"rows":5,"scored":3,"scores":{"30":3,"75":2},"zero":5},"program":{"candidates":17,"rows":18,"scored":7,"scores":{"10":1,"15":2,"20":7,"25":2,"26":1,"63":1,"70":2,"96":1,"98":1},"zero":1},"saved_search":{"candidates":2,"rows":2,"scored":2,"scores":{"50":1,"60":1},"zero":6}}','{"amendment":{"field not followed":1,"not seen in the last 30 days":1},"program":{"closed":2,"excluded":1,"not yet open":1,"overseas only":1,"practice form":1,"procedure":1}}');
INSERT INTO "am_personalization_run" VALUES(3,'2026-04-03',0,'{"amendment_days":30,"amendments":{"changes_named":2,"fields":["close_at","open_at","program.application_period","program.application_period_r7","amount_max_yen","subsidy_rate","subsidy_rate_max","program.subsidy_rate","target_employees","program.target_entity","program.target_business_size","program.prerequisite","program.application_channel"],"name_length":60,"value_length":24},"any_from":17,"caps":{"amendment":90,"industry_pack":75,"program":100,"saved_search":60},"date_points":{"rolling":15,"unknown":0},"depth":30,"keywords":{"6次産業":"AB","ケーブルテレビ":"G","タクシー":"H","トラック運":"H","パイプハウス":"A","ラジオ":"G","介護サービス":"P","介護ロボット":"P","介護事業":"P","介護人材":"P","介護分野":"P","介護施設":"P","介護職員":"P","伝統産業":"E","伝統的工芸品":"E","住宅宿泊":"M","公衆浴場":"N","内航":"H","医療施設":"P","医療機関":"P","営農":"A","園芸":"A","土地改良":"A","地上基幹放送":"G","地域医療":"P","地熱発電":"CF","多面的機能支払":"A","家畜":"A","宿泊施設":"M","就農":"A","建設業":"D","建設産業":"D","携帯電話":"G","旅館":"M","林業":"A","果樹":"A","森林":"A","歯科":"P","水力発電":"F","水田":"A","水稲":"A","清酒":"E","漁業":"B","漁船":"B","畜産":"A","病院":"P","皮革":"EI","直接支払交付金":"A","看護":"P","福祉":"P","系統用蓄電":"F","細胞農業":"L","経営所得安定対策":"A","耕作放棄地":"A","肥料":"A","船員":"H","薬局":"P","訪問介護":"P","診療所":"P","貨物":"H","農作物":"A","農商工連携":"ABEI","農地":"A","農家":"A","農林業":"A","農林水産業":"AB","農林漁業":"AB","農業":"A","農畜水産業":"AB","農福連携":"AP","都市ガス":"F","野菜":"A","鉱山":"C","電子処方箋":"P","電波":"G","食品製造業":"E","飲食店":"M","飼料":"A","鳥獣":"A"},"lead_days":{"amendment":7,"program":14},"packs":{"pack_construction":"D","pack_health_welfare":"P","pack_information":"G","pack_manufacturing":"E","pack_real_estate":"K"},"places_per_family":1,"rank_band":50,"repeat_days":30,"rolling_words":["随時","通年","先着","予算がなくなり次第","予算の上限","予算額に達し","常時"],"tiers":{"A":"low","B":"medium","C":"high","S":"low"},"urgent_days":90,"weights":{"deadline":30,"industry":50,"risk":20}}','885a31e07d8c92c6fe3493c9b9d02d84cebf1cc68863b5ddb0bce08f25147167','0.1a0',3,'2026-11-28T22:12:28.434Z','2026-11-28T22:12:28.409Z','22746dac0eb870827aa1db5b45fb55769c48c5a70a6e2ea2659ae007afe772af','2dc0be2a9d0b3e581c63d176a50a167ba71ac6f0ce578573219b6bb7c27469e1','118112227ea2cf04e159e85fd68c16f239c0471058f7adeb1b17b3b8a46a4075','af8f2e0e91549b8d054d198971763b5d2bed0cd26661271dcc95d332cde54bc8',12,2,8,0,'{"amendment":{"candidates":3,"rows":2,"scored":2,"scores":{"70":1,"90":1},"zero":6},"industry_pack":{"candidates":5,"rows":5,"scored":3,"scores":{"30":3,"75":2},"zero":5},"program":{"candidates":17,"rows":18,"scored":7,"scores":{"10":1,"15":2,"20":7,"25":1,"26":1,"30":1,"65":1,"70":2,"96":1,"99":1},"zero":1},"saved_search":{"candidates":2,"rows":2,"scored":2,"scores":{"50":1,"60":1},"zero":6}}','{"amendment":{"field not followed":1,"not seen in the last 30 days":1},"program":{"closed":2,"excluded":1,"not yet open":1,"overseas only":1,"practice form":1,"procedure":1}}');
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
INSERT INTO "am_personalization_run_candidate" VALUES(1,36);
INSERT INTO "am_personalization_run_candidate" VALUES(2,1);
INSERT INTO "am_personalization_run_candidate" VALUES(2,2);
INSERT INTO "am_personalization_run_candidate" VALUES(2,3);
INSERT INTO "am_personalization_run_candidate" VALUES(2,4);
INSERT INTO "am_personalization_run_candidate" VALUES(2,5);
INSERT INTO "am_personalization_run_candidate" VALUES(2,13);
INSERT INTO "am_personalization_run_candidate" VALUES(2,14);
INSERT INTO "am_personalization_run_candidate" VALUES(2,26);
INSERT INTO "am_personalization_run_candidate" VALUES(2,27);
INSERT INTO "am_personalization_run_candidate" VALUES(2,28);
INSERT INTO "am_personalization_run_candidate" VALUES(2,33);
INSERT INTO "am_personalization_run_candidate" VALUES(2,35);
INSERT INTO "am_personalization_run_candidate" VALUES(2,36);
INSERT INTO "am_personalization_run_candidate" VALUES(2,37);
INSERT INTO "am_personalization_run_candidate" VALUES(2,38);
INSERT INTO "am_personalization_run_candidate" VALUES(2,39);
INSERT INTO "am_personalization_run_candidate" VALUES(2,40);
INSERT INTO "am_personalization_run_candidate" VALUES(2,41);
INSERT INTO "am_personalization_run_candidate" VALUES(2,42);
INSERT INTO "am_personalization_run_candidate" VALUES(2,43);
INSERT INTO "am_personalization_run_candidate" VALUES(2,44);
INSERT INTO "am_personalization_run_candidate" VALUES(2,45);
INSERT INTO "am_personalization_run_candidate" VALUES(2,46);
INSERT INTO "am_personalization_run_candidate" VALUES(2,47);
INSERT INTO "am_personalization_run_candidate" VALUES(2,48);
INSERT INTO "am_personalization_run_candidate" VALUES(2,49);
INSERT INTO "am_personalization_run_candidate" VALUES(2,50);
INSERT INTO "am_personalization_run_candidate" VALUES(2,51);
INSERT INTO "am_personalization_run_candidate" VALUES(2,52);
INSERT INTO "am_personalization_run_candidate" VALUES(2,53);
INSERT INTO "am_personalization_run_candidate" VALUES(2,54);
INSERT INTO "am_personalization_run_candidate" VALUES(2,55);
INSERT INTO "am_personalization_run_candidate" VALUES(2,56);
INSERT INTO "am_personalization_run_candidate" VALUES(2,57);
INSERT INTO "am_personalization_run_candidate" VALUES(2,58);
INSERT INTO "am_personalization_run_candidate" VALUES(2,59);
INSERT INTO "am_personalization_run_candidate" VALUES(3,1);
INSERT INTO "am_personalization_run_candidate" VALUES(3,2);
INSERT INTO "am_personalization_run_candidate" VALUES(3,3);
INSERT INTO "am_personalization_run_candidate" VALUES(3,4);
INSERT INTO "am_personalization_run_candidate" VALUES(3,5);
INSERT INTO "am_personalization_run_candidate" VALUES(3,13);
INSERT INTO "am_personalization_run_candidate" VALUES(3,14);
INSERT INTO "am_personalization_run_candidate" VALUES(3,26);
INSERT INTO "am_personalization_run_candidate" VALUES(3,27);
INSERT INTO "am_personalization_run_candidate" VALUES(3,28);
INSERT INTO "am_personalization_run_candidate" VALUES(3,33);
INSERT INTO "am_personalization_run_candidate" VALUES(3,35);
INSERT INTO "am_personalization_run_candidate" VALUES(3,36);
INSERT INTO "am_personalization_run_candidate" VALUES(3,37);
INSERT INTO "am_personalization_run_candidate" VALUES(3,38);
INSERT INTO "am_personalization_run_candidate" VALUES(3,39);
INSERT INTO "am_personalization_run_candidate" VALUES(3,40);
INSERT INTO "am_personalization_run_candidate" VALUES(3,41);
INSERT INTO "am_personalization_run_candidate" VALUES(3,42);
INSERT INTO "am_personalization_run_candidate" VALUES(3,43);
INSERT INTO "am_personalization_run_candidate" VALUES(3,44);
INSERT INTO "am_personalization_run_candidate" VALUES(3,45);
INSERT INTO "am_personalization_run_candidate" VALUES(3,46);
INSERT INTO "am_personalization_run_candidate" VALUES(3,47);
INSERT INTO "am_personalization_run_candidate" VALUES(3,48);
INSERT INTO "am_personalization_run_candidate" VALUES(3,49);
INSERT INTO "am_personalization_run_candidate" VALUES(3,50);
INSERT INTO "am_personalization_run_candidate" VALUES(3,51);
INSERT INTO "am_personalization_run_candidate" VALUES(3,52);
INSERT INTO "am_personalization_run_candidate" VALUES(3,53);
INSERT INTO "am_personalization_run_candidate" VALUES(3,54);
INSERT INTO "am_personalization_run_candidate" VALUES(3,55);
INSERT INTO "am_personalization_run_candidate" VALUES(3,56);
INSERT INTO "am_personalization_run_candidate" VALUES(3,57);
INSERT INTO "am_personalization_run_candidate" VALUES(3,58);
INSERT INTO "am_personalization_run_candidate" VALUES(3,59);
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
INSERT INTO "am_personalization_run_progress" VALUES(1,'finished',9,34,1,'2026-11-28T22:12:28.172Z');
INSERT INTO "am_personalization_run_progress" VALUES(2,'finished',15,27,35,'2026-11-28T22:12:28.322Z');
INSERT INTO "am_personalization_run_progress" VALUES(3,'finished',15,27,62,'2026-11-28T22:12:28.449Z');
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
INSERT INTO "am_personalization_seal" VALUES(1,'sqlite-utils-personalization/ce7927673f1ca03d',NULL,NULL,NULL,0,8,'2cf2b483824f185401c15f402c51574eed481317a0d1b0d4d3077e0df96afc36','{"after":0,"end":8,"rows":8,"table":"am_personalization_identity"}','12c32799ba5c1c7f4bf5c82f39103f5fc7c8c25a1250a7c700a8da8f5629c75e','12c32799ba5c1c7f4bf5c82f39103f5fc7c8c25a1250a7c700a8da8f5629c75e');
INSERT INTO "am_personalization_seal" VALUES(2,'sqlite-utils-personalization/ce7927673f1ca03d',1,1,34,34,7,'519677874ddafea506daee42429f981f5b5831e1d5f6e03df04973f9c5c1922c','{"rows":34,"run":{"again":0,"as_of":"2026-04-01","candidates_sha256":"bb74e8ca810222b2b3b6fce67eecbfcb567f1e901b98b53e871808867fc530c7","counts_json":"{\"amendment\":{\"candidates\":4,\"rows\":4,\"scored\":3,\"scores\":{\"70\":3,\"90\":1},\"zero\":5},\"industry_pack\":{\"candidates\":5,\"rows\":7,\"scored\":5,\"scores\":{\"30\":3,\"70\":1,\"75\":3},\"zero\":3},\"program\":{\"candidates\":17,\"rows\":21,\"scored\":7,\"scores\":{\"20\":2,\"23\":1,\"30\":5,\"40\":2,\"50\":2,\"56\":1,\"70\":4,\"74\":1,\"91\":1,\"92\":1,\"98\":1},\"zero\":1},\"saved_search\":{\"candidates\":2,\"rows\":2,\"scored\":2,\"scores\":{\"50\":1,\"60\":1},\"zero\":6}}","customers_sha256":"437cf35d660cdc86cfc2e58e1fbfbf8e467d9e59047f7daa5af5b294772c4165","delivery_end":0,"feedback_end":0,"left_out_json":"{\"amendment\":{\"not seen in the last 30 days\":1},\"program\":{\"closed\":2,\"excluded\":1,\"not yet open\":1,\"overseas only\":1,\"practice form\":1,\"procedure\":1}}","model_sha256":"1fda0b4bfa87e4f1d69d6c7cf4ee6e41b2b845d837c876723b0f077f970b3dfd","package_version":"0.1a0","profiles":8,"rejected":0,"run_id":1,"served_at":"2026-11-28T22:12:28.132Z","served_sha256":"6b578f028240f62cfa7c2474b9c81dc177319f3d43178cc5f35a1210f5e48020","started_at":"2026-11-28T22:12:28.123Z","top_k":3},"unserved_sha256":"b8c06afad6c74843bea77b9c8adaa7f5dfb52946c600bc8c48cfcd1635aebc7c"}','77c0ffef03c35b09429cdc30cb89250d4ab3d3744cd6a795da40f43826a87bb2','77c0ffef03c35b09429cdc30cb89250d4ab3d3744cd6a795da40f43826a87bb2');
INSERT INTO "am_personalization_seal" VALUES(3,'sqlite-utils-personalization/ce7927673f1ca03d',NULL,NULL,NULL,34,12,'d78b03a5cc5c48852843c7e8be7f3be365b8ed1463e95a3339a904592faaa101','{"after":0,"end":12,"rows":12,"table":"am_personalization_delivery"}','cd6eca76b2e383237798c20219e22878918f1c4ff21973e267eecaa027c28046','e06324132e011d10468c71762f9e44ae64bd1870235e15381eb8d7f597300b3e');
INSERT INTO "am_personalization_seal" VALUES(4,'sqlite-utils-personalization/ce7927673f1ca03d',NULL,NULL,NULL,34,2,'98ce2931f61d35033c51e905e2e09b4f215a9bd642d8f0864781d04b3e5af1d5','{"after":0,"end":2,"rows":2,"table":"am_personalization_feedback"}','b5cc387c5e121a1de5575d670c9ee8aa607c2c6b861ed1470898b3ba18291648','b5cc387c5e121a1de5575d670c9ee8aa607c2c6b861ed1470898b3ba18291648');
INSERT INTO "am_personalization_seal" VALUES(5,'sqlite-utils-personalization/ce7927673f1ca03d',2,35,61,61,7,'7559754387b6183a8175286014a3855b043a981408c25ad4cdaa1c266f58d984','{"rows":27,"run":{"again":0,"as_of":"2026-04-02","candidates_sha256":"118112227ea2cf04e159e85fd68c16f239c0471058f7adeb1b17b3b8a46a4075","counts_json":"{\"amendment\":{\"candidates\":3,\"rows\":2,\"scored\":2,\"scores\":{\"70\":1,\"90\":1},\"zero\":6},\"industry_pack\":{\"candidates\":5,\"rows\":5,\"scored\":3,\"scores\":{\"30\":3,\"75\":2},\"zero\":5},\"program\":{\"candidates\":17,\"rows\":18,\"scored\":7,\"scores\":{\"10\":1,\"15\":2,\"20\":7,\"25\":2,\"26\":1,\"63\":1,\"70\":2,\"96\":1,\"98\":1},\"zero\":1},\"saved_search\":{\"candidates\":2,\"rows\":2,\"scored\":2,\"scores\":{\"50\":1,\"60\":1},\"zero\":6}}","customers_sha256":"dd51c1103c26ef0de3b1e79db04bf2d1213b3b7a1c7fb5fe9b4573f8fea2e1b3","delivery_end":12,"feedback_end":2,"left_out_json":"{\"amendment\":{\"field not followed\":1,\"not seen in the last 30 days\":1},\"program\":{\"closed\":2,\"excluded\":1,\"not yet open\":1,\"overseas only\":1,\"practice form\":1,\"procedure\":1}}","model_sha256":"885a31e07d8c92c6fe3493c9b9d02d84cebf1cc68863b5ddb0bce08f25147167","package_version":"0.1a0","profiles":8,"rejected":0,"run_id":2,"served_at":"2026-11-28T22:12:28.295Z","served_sha256":"c846823f845be714664dfa879ffb797c9d4e4b11a82aaf48c383d7503f6411ab","started_at":"2026-11-28T22:12:28.280Z","top_k":3},"unserved_sha256":"6c253d0f325ad496c5b1eadbe307f27a599f1c48e9471c9397f262610a18c9a5"}','aa9d473a299d0dd938c5259ec30771d473ff4dc9c767ad7e784794d8fcb35104','f9a2f3e12d14549481cc3de77e9143c8647400aa1fde047751810d887ab25988');
INSERT INTO "am_personalization_seal" VALUES(6,'sqlite-utils-personalization/ce7927673f1ca03d',3,62,88,88,7,'7f115c564d1bc837473b1d536e903bc42f172d8522670470829ed260b61e71dc','{"rows":27,"run":{"again":0,"as_of":"2026-04-03","candidates_sha256":"118112227ea2cf04e159e85fd68c16f239c0471058f7adeb1b17b3b8a46a4075","counts_json":"{\"amendment\":{\"candidates\":3,\"rows\":2,\"scored\":2,\"scores\":{\"70\":1,\"90\":1},\"zero\":6},\"industry_pack\":{\"candidates\":5,\"rows\":5,\"scored\":3,\"scores\":{\"30\":3,\"75\":2},\"zero\":5},\"program\":{\"candidates\":17,\"rows\":18,\"scored\":7,\"scores\":{\"10\":1,\"15\":2,\"20\":7,\"25\":1,\"26\":1,\"30\":1,\"65\":1,\"70\":2,\"96\":1,\"99\":1},\"zero\":1},\"saved_search\":{\"candidates\":2,\"rows\":2,\"scored\":2,\"scores\":{\"50\":1,\"60\":1},\"zero\":6}}","customers_sha256":"2dc0be2a9d0b3e581c63d176a50a167ba71ac6f0ce578573219b6bb7c27469e1","delivery_end":12,"feedback_end":2,"left_out_json":"{\"amendment\":{\"field not followed\":1,\"not seen in the last 30 days\":1},\"program\":{\"closed\":2,\"excluded\":1,\"not yet open\":1,\"overseas only\":1,\"practice form\":1,\"procedure\":1}}","model_sha256":"885a31e07d8c92c6fe3493c9b9d02d84cebf1cc68863b5ddb0bce08f25147167","package_version":"0.1a0","profiles":8,"rejected":0,"run_id":3,"served_at":"2026-11-28T22:12:28.434Z","served_sha256":"af8f2e0e91549b8d054d198971763b5d2bed0cd26661271dcc95d332cde54bc8","started_at":"2026-11-28T22:12:28.409Z","top_k":3},"unserved_sha256":"958ae1fff3c174680c580de04890d6de6039c72eb9bc33498c1a80a3e8996058"}','487043dc8f6901b2bd6a4395dfbf4718aafb2c5f078273f2c9f2c950527734dc','1434cb6482457492ae85456d1ce8279674afdaadaa28ba10506f6eeb01dbc955');
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
INSERT INTO "am_personalization_unserved" VALUES(1,8,8,NULL,NULL);
INSERT INTO "am_personalization_unserved" VALUES(2,8,8,NULL,NULL);
INSERT INTO "am_personalization_unserved" VALUES(3,8,8,NULL,NULL);
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
INSERT INTO "sqlite_stat1" VALUES('am_personalization_recommendation_log','idx_am_pers_rec_type_score','88 22 4 2');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_recommendation_log','idx_am_pers_rec_profile_served','88 13 5');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_run','sqlite_autoindex_am_personalization_run_1','3 1 1 1 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_cohort','idx_am_personalization_cohort_vector','8 2 2 1 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_candidate','idx_am_personalization_candidate_family','22 2');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_candidate','idx_am_personalization_candidate_item','59 15 2');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_candidate','sqlite_autoindex_am_personalization_candidate_1','59 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_run_candidate','am_personalization_run_candidate','108 36 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_list','idx_am_personalization_list_key','27 9 2 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_decision','am_personalization_decision','114 5 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_evidence',NULL,'39');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_unserved','am_personalization_unserved','3 1 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_seal','sqlite_autoindex_am_personalization_seal_1','6 2');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_run_progress',NULL,'3');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_delivery','idx_am_personalization_delivery_delivered','12 12 12 12 12 12');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_delivery','idx_am_personalization_delivery_rec','12 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_delivery','sqlite_autoindex_am_personalization_delivery_3','12 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_delivery','sqlite_autoindex_am_personalization_delivery_2','12 12');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_delivery','sqlite_autoindex_am_personalization_delivery_1','12 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_feedback','idx_am_personalization_feedback_item','2 1 1 1 1');
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
INSERT INTO "sqlite_sequence" VALUES('am_personalization_profile',8);
INSERT INTO "sqlite_sequence" VALUES('am_personalization_recommendation_log',88);
COMMIT;
