BEGIN TRANSACTION;
CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
);
INSERT INTO "_sqlite_migrations" VALUES(1,'personalization','287_personalization','2026-11-28 22:12:27.904566+00:00');
INSERT INTO "_sqlite_migrations" VALUES(2,'personalization','900_personalization_evidence','2026-11-28 22:12:27.909915+00:00');
INSERT INTO "_sqlite_migrations" VALUES(3,'personalization','901_personalization_events','2026-11-28 22:12:27.915843+00:00');
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
INSERT INTO "am_personalization_decision" VALUES(3,7,34,50,0,20,70);
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
INSERT INTO "am_personalization_decision" VALUES(9,1,35,0,30,20,50);
INSERT INTO "am_personalization_decision" VALUES(10,1,36,50,0,20,60);
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
INSERT INTO "am_personalization_decision" VALUES(13,4,34,50,2,20,72);
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
INSERT INTO "am_personalization_decision" VALUES(19,1,35,0,30,20,50);
INSERT INTO "am_personalization_decision" VALUES(20,1,36,50,0,20,60);
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
INSERT INTO "am_personalization_decision" VALUES(23,4,34,50,2,20,72);
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
INSERT INTO "am_personalization_evidence" VALUES(2,8,1,1);
INSERT INTO "am_personalization_evidence" VALUES(10,7,2,1);
INSERT INTO "am_personalization_evidence" VALUES(17,1,9,1);
INSERT INTO "am_personalization_evidence" VALUES(18,7,3,1);
INSERT INTO "am_personalization_evidence" VALUES(25,1,10,1);
INSERT INTO "am_personalization_evidence" VALUES(26,6,4,1);
INSERT INTO "am_personalization_evidence" VALUES(32,3,5,1);
INSERT INTO "am_personalization_evidence" VALUES(35,6,6,1);
INSERT INTO "am_personalization_evidence" VALUES(41,10,7,1);
INSERT INTO "am_personalization_evidence" VALUES(52,4,11,1);
INSERT INTO "am_personalization_evidence" VALUES(56,4,12,1);
INSERT INTO "am_personalization_evidence" VALUES(60,1,19,1);
INSERT INTO "am_personalization_evidence" VALUES(61,4,13,1);
INSERT INTO "am_personalization_evidence" VALUES(65,1,20,1);
INSERT INTO "am_personalization_evidence" VALUES(66,3,14,1);
INSERT INTO "am_personalization_evidence" VALUES(69,2,15,1);
INSERT INTO "am_personalization_evidence" VALUES(71,3,16,1);
INSERT INTO "am_personalization_evidence" VALUES(74,5,17,1);
INSERT INTO "am_personalization_evidence" VALUES(80,4,21,1);
INSERT INTO "am_personalization_evidence" VALUES(84,4,22,1);
INSERT INTO "am_personalization_evidence" VALUES(88,1,29,1);
INSERT INTO "am_personalization_evidence" VALUES(89,4,23,1);
INSERT INTO "am_personalization_evidence" VALUES(93,1,30,1);
INSERT INTO "am_personalization_evidence" VALUES(94,3,24,1);
INSERT INTO "am_personalization_evidence" VALUES(97,2,25,1);
INSERT INTO "am_personalization_evidence" VALUES(99,3,26,1);
INSERT INTO "am_personalization_evidence" VALUES(102,5,27,1);
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
INSERT INTO "am_personalization_identity" VALUES(1,1,'0cd097ec39c0041c18c6eaaef4aac44c4a297044c950a0b01378463f2b0a927d','2026-11-28T22:12:27.537Z');
INSERT INTO "am_personalization_identity" VALUES(2,2,'fe12933f6a11a810d0ea8e52d0fc4ce072f509d0405e030d65a91575af359b99','2026-11-28T22:12:27.537Z');
INSERT INTO "am_personalization_identity" VALUES(3,3,'235c9ccbff3fbf4e064484c430a066fd24998d165571ed7f69681bc71374045b','2026-11-28T22:12:27.537Z');
INSERT INTO "am_personalization_identity" VALUES(4,4,'2a3b879d377f21f87f5169685b8c31bc75ce62a3172888ec3f0ac9899e100390','2026-11-28T22:12:27.537Z');
INSERT INTO "am_personalization_identity" VALUES(5,5,'8b561891371483e625cb5e3a81179a5182074bd264e76e339085b8703ee292cf','2026-11-28T22:12:27.537Z');
INSERT INTO "am_personalization_identity" VALUES(6,6,'8b81bb70b87650998d0de8964ad1d9fbd6c028ce641b1842a335379a7d87bd8d','2026-11-28T22:12:27.537Z');
INSERT INTO "am_personalization_identity" VALUES(7,7,'0490d1eb360d5385ac7f2265b01b4a33aaa5a9292e75ca9af9fa50883f5e3dbb','2026-11-28T22:12:27.537Z');
INSERT INTO "am_personalization_identity" VALUES(8,8,'27b6a0d89b2ebc976931061eaf0de5c71c21e38d3f18de09a4ae07e23ad56fb4','2026-11-28T22:12:27.537Z');
CREATE TABLE am_personalization_identity_salt (
    identity_id INTEGER PRIMARY KEY REFERENCES am_personalization_identity(identity_id),
    salt TEXT NOT NULL CHECK (length(salt) = 64)
);
INSERT INTO "am_personalization_identity_salt" VALUES(1,'c9f04d5b1b2d5f925cf31da94d42778983b95cded95939a53f907288c3535a12');
INSERT INTO "am_personalization_identity_salt" VALUES(2,'36ee71bcd0d95f128228b4eef789acd3609916d297492c35b2810909729c004c');
INSERT INTO "am_personalization_identity_salt" VALUES(3,'3dac96780f2c1ff2d37afa26fdee408c1c4d35ede825af8b4c6b80d11cc4adc2');
INSERT INTO "am_personalization_identity_salt" VALUES(4,'ca64f976a367d6b6b45ce97f11c6c7c4f220e045566fe4a4aa2d5461b0912bfc');
INSERT INTO "am_personalization_identity_salt" VALUES(5,'55f0ba9ca24e87fc928dfa40b12475d436bed1d9ad05f224fa9e61c850b76f4a');
INSERT INTO "am_personalization_identity_salt" VALUES(6,'daa3b7d5491c99c7021c982ce0cd5fa952e5384292414c2d7e1bb56368bdad03');
INSERT INTO "am_personalization_identity_salt" VALUES(7,'6ec1496e1797e75c85e1bc86d8ac2a12ba2570914d35cb4e2abd2c2657f70c9a');
INSERT INTO "am_personalization_identity_salt" VALUES(8,'88ca373695022e719bfc2ac35ff8a2d7830090539ac0ee6b03daffb740fadeaa');
CREATE TABLE am_personalization_list (
    list_id INTEGER PRIMARY KEY CHECK (list_id BETWEEN 1 AND 9007199254740992),
    run_id INTEGER NOT NULL REFERENCES am_personalization_run(run_id),
    cohort_id INTEGER NOT NULL REFERENCES am_personalization_cohort(cohort_id),
    profile_id INTEGER REFERENCES am_personalization_profile(profile_id),
    -- of the declared vector, the owner and every place
    list_sha256 TEXT NOT NULL CHECK (length(list_sha256) = 64)
);
INSERT INTO "am_personalization_list" VALUES(1,1,1,NULL,'4bad2550f636c0c378cc7108e07356ea6769ecfa9df5d628fc83de11002f75d8');
INSERT INTO "am_personalization_list" VALUES(2,1,2,NULL,'3f60e62bed312c4cbcaad38d00d95458ca4d2f755b6152289cb9ae190c9e1cf9');
INSERT INTO "am_personalization_list" VALUES(3,1,3,NULL,'ec7925dc81be494a213d957f4575e0fe6267170a3f4b805d04d3fb9050f4fa51');
INSERT INTO "am_personalization_list" VALUES(4,1,4,NULL,'bb29a630796265f88d519838cace9db143a71dca700dda9873c616be894e296a');
INSERT INTO "am_personalization_list" VALUES(5,1,5,NULL,'776393824833b7099b3dcbde118384de111ce5add78cac4413335f31ebeecdea');
INSERT INTO "am_personalization_list" VALUES(6,1,6,NULL,'39b2b4e720180c901e6880ca4a1c0d09da26b963f9b67f9203f6a693a1a101dd');
INSERT INTO "am_personalization_list" VALUES(7,1,7,NULL,'28c4f637887dfab8444baadfc03f8c69c6f89f580018cea84103556bbbad4c17');
INSERT INTO "am_personalization_list" VALUES(9,1,2,2,'840be80622aab318b304ddfeb3a0d245cd6cabf275071cee2cad012a82d393ef');
INSERT INTO "am_personalization_list" VALUES(10,1,3,3,'d6b04c3135200f04e871b2a4b3f92c71ac079ceaacc3abbddeb1b7036b0bd2d8');
INSERT INTO "am_personalization_list" VALUES(11,2,1,NULL,'f2f785579fd5977d9a3f4a56292bfc8d3e35dd8fad8108e98f94537a1c20bc4b');
INSERT INTO "am_personalization_list" VALUES(12,2,2,NULL,'60eca8052968a7fca986572fdcf053ccec3b86caef09b470bc2c4969faa1f45a');
INSERT INTO "am_personalization_list" VALUES(13,2,3,NULL,'4b9862cab662ef194270c01be31dc278b17ee9eb868d3a28f6b48effb6afc1c2');
INSERT INTO "am_personalization_list" VALUES(14,2,4,NULL,'00d30ad41503a3392af61c5905637cb105eabf71f5b79c9b0579a182249d3d32');
INSERT INTO "am_personalization_list" VALUES(15,2,5,NULL,'5ae3f459c4a93d0a3c3602a0a86e68a74aeccb4de3395e02a01dc4301fbb1df1');
INSERT INTO "am_personalization_list" VALUES(16,2,6,NULL,'fd9d238a68efae2dcdb729a150b1a843682347ee16b276f8679ff8841cb926d8');
INSERT INTO "am_personalization_list" VALUES(17,2,7,NULL,'10d32166a2f8a5e902e61ad02fe630d21e1e8cac4d651ebec8b2af47b0ec5038');
INSERT INTO "am_personalization_list" VALUES(19,2,2,2,'840be80622aab318b304ddfeb3a0d245cd6cabf275071cee2cad012a82d393ef');
INSERT INTO "am_personalization_list" VALUES(20,2,3,3,'d6b04c3135200f04e871b2a4b3f92c71ac079ceaacc3abbddeb1b7036b0bd2d8');
INSERT INTO "am_personalization_list" VALUES(21,3,1,NULL,'f2f785579fd5977d9a3f4a56292bfc8d3e35dd8fad8108e98f94537a1c20bc4b');
INSERT INTO "am_personalization_list" VALUES(22,3,2,NULL,'60eca8052968a7fca986572fdcf053ccec3b86caef09b470bc2c4969faa1f45a');
INSERT INTO "am_personalization_list" VALUES(23,3,3,NULL,'4b9862cab662ef194270c01be31dc278b17ee9eb868d3a28f6b48effb6afc1c2');
INSERT INTO "am_personalization_list" VALUES(24,3,4,NULL,'00d30ad41503a3392af61c5905637cb105eabf71f5b79c9b0579a182249d3d32');
INSERT INTO "am_personalization_list" VALUES(25,3,5,NULL,'5ae3f459c4a93d0a3c3602a0a86e68a74aeccb4de3395e02a01dc4301fbb1df1');
INSERT INTO "am_personalization_list" VALUES(26,3,6,NULL,'fd9d238a68efae2dcdb729a150b1a843682347ee16b276f8679ff8841cb926d8');
INSERT INTO "am_personalization_list" VALUES(27,3,7,NULL,'10d32166a2f8a5e902e61ad02fe630d21e1e8cac4d651ebec8b2af47b0ec5038');
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
INSERT INTO "am_personalization_profile" VALUES(1,'207d28c47238e89eee33d9249bdbebeb80dd9b6aab9aed05dff24fe783cbc0c0','{"industry_pack": "pack_construction", "deadline_horizon_days": 60, "risk_tolerance": "low", "prefecture": "東京都"}','2026-11-28T22:12:27.418Z','2026-11-28T22:12:27.418Z');
INSERT INTO "am_personalization_profile" VALUES(2,'8c731f4e03780f360cdf469395dd06128295611853d826e871f9bfde4db8908a','{"industry_pack": "E", "deadline_horizon_days": 90, "risk_tolerance": "medium", "prefecture": "愛知県"}','2026-11-28T22:12:27.418Z','2026-11-28T22:12:27.418Z');
INSERT INTO "am_personalization_profile" VALUES(3,'fd805158361ae96275c739e2013067c9674e4fefd475105451acdd5d6db821db','{"industry_pack": "A", "deadline_horizon_days": 120, "risk_tolerance": "low", "prefecture": "高知県"}','2026-11-28T22:12:27.418Z','2026-11-28T22:12:27.418Z');
INSERT INTO "am_personalization_profile" VALUES(4,'6607f6c7c5e74fe895ac6153283313fc6b460f2620744a5fe96665181a0285b1','{"industry_pack": "pack_information", "deadline_horizon_days": 30, "risk_tolerance": "high"}','2026-11-28T22:12:27.418Z','2026-11-28T22:12:27.418Z');
INSERT INTO "am_personalization_profile" VALUES(5,'76cfd20355c8ea355e3294053848f605c28d2a646eb82ffea331b3ec0d20ec4b','{"industry_pack": "M", "deadline_horizon_days": 45, "prefecture": "沖縄県"}','2026-11-28T22:12:27.418Z','2026-11-28T22:12:27.418Z');
INSERT INTO "am_personalization_profile" VALUES(6,'2af4c871c563960c9b8d1c92a7a3141c63fde477d459a4583921818022887476','{"industry_pack": "P", "risk_tolerance": "medium", "prefecture": "大阪府"}','2026-11-28T22:12:27.418Z','2026-11-28T22:12:27.418Z');
INSERT INTO "am_personalization_profile" VALUES(7,'3e77e02940673c65c406aabc0b13d53097d4bca7363119e5d884501191252715','{"deadline_horizon_days": 14}','2026-11-28T22:12:27.418Z','2026-11-28T22:12:27.418Z');
INSERT INTO "am_personalization_profile" VALUES(8,'6b2efe4cb1f0035fe17ef66571fbba648f9667d0e2be6f41105f2a9c2a60841b','{}','2026-11-28T22:12:27.418Z','2026-11-28T22:12:27.418Z');
CREATE TABLE am_personalization_recommendation_log (
    rec_id INTEGER PRIMARY KEY AUTOINCREMENT,
    profile_id INTEGER NOT NULL REFERENCES am_personalization_profile(profile_id),
    recommendation_type TEXT NOT NULL
        CHECK (recommendation_type IN ('program', 'industry_pack', 'saved_search', 'amendment')),
    score INTEGER NOT NULL DEFAULT 0 CHECK (score BETWEEN 0 AND 100),
    served_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
);
INSERT INTO "am_personalization_recommendation_log" VALUES(1,8,'program',7,'2026-11-28T22:12:27.448Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(2,1,'program',98,'2026-11-28T22:12:27.478Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(3,1,'program',91,'2026-11-28T22:12:27.478Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(4,1,'program',50,'2026-11-28T22:12:27.478Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(5,1,'program',30,'2026-11-28T22:12:27.478Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(6,1,'program',20,'2026-11-28T22:12:27.478Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(7,1,'program',20,'2026-11-28T22:12:27.478Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(8,1,'industry_pack',75,'2026-11-28T22:12:27.478Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(9,1,'amendment',90,'2026-11-28T22:12:27.478Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(10,2,'program',70,'2026-11-28T22:12:27.478Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(11,2,'program',40,'2026-11-28T22:12:27.478Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(12,2,'program',23,'2026-11-28T22:12:27.478Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(13,2,'program',20,'2026-11-28T22:12:27.478Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(14,2,'program',15,'2026-11-28T22:12:27.478Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(15,2,'industry_pack',75,'2026-11-28T22:12:27.478Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(16,2,'amendment',70,'2026-11-28T22:12:27.478Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(17,2,'saved_search',50,'2026-11-28T22:12:27.478Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(18,3,'program',92,'2026-11-28T22:12:27.478Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(19,3,'program',70,'2026-11-28T22:12:27.478Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(20,3,'program',20,'2026-11-28T22:12:27.478Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(21,3,'program',20,'2026-11-28T22:12:27.478Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(22,3,'program',11,'2026-11-28T22:12:27.478Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(23,3,'amendment',70,'2026-11-28T22:12:27.478Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(24,3,'amendment',70,'2026-11-28T22:12:27.478Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(25,3,'saved_search',60,'2026-11-28T22:12:27.478Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(26,4,'program',56,'2026-11-28T22:12:27.478Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(27,4,'program',50,'2026-11-28T22:12:27.478Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(28,4,'program',40,'2026-11-28T22:12:27.478Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(29,4,'program',30,'2026-11-28T22:12:27.478Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(30,4,'program',20,'2026-11-28T22:12:27.478Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(31,4,'industry_pack',75,'2026-11-28T22:12:27.478Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(32,5,'program',74,'2026-11-28T22:12:27.478Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(33,5,'program',30,'2026-11-28T22:12:27.478Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(34,5,'program',30,'2026-11-28T22:12:27.478Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(35,6,'program',70,'2026-11-28T22:12:27.478Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(36,6,'program',70,'2026-11-28T22:12:27.478Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(37,6,'program',20,'2026-11-28T22:12:27.478Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(38,6,'program',10,'2026-11-28T22:12:27.478Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(39,6,'program',10,'2026-11-28T22:12:27.478Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(40,6,'industry_pack',70,'2026-11-28T22:12:27.478Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(41,7,'program',30,'2026-11-28T22:12:27.478Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(42,7,'program',30,'2026-11-28T22:12:27.478Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(43,7,'program',30,'2026-11-28T22:12:27.478Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(44,7,'program',23,'2026-11-28T22:12:27.478Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(45,7,'program',10,'2026-11-28T22:12:27.478Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(46,7,'industry_pack',30,'2026-11-28T22:12:27.478Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(47,7,'industry_pack',30,'2026-11-28T22:12:27.478Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(48,7,'industry_pack',30,'2026-11-28T22:12:27.478Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(49,7,'industry_pack',30,'2026-11-28T22:12:27.478Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(50,7,'industry_pack',30,'2026-11-28T22:12:27.478Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(51,1,'program',50,'2026-11-28T22:12:27.615Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(52,1,'program',97,'2026-11-28T22:12:27.629Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(53,1,'program',50,'2026-11-28T22:12:27.629Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(54,1,'industry_pack',75,'2026-11-28T22:12:27.629Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(55,1,'amendment',90,'2026-11-28T22:12:27.629Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(56,2,'program',73,'2026-11-28T22:12:27.629Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(57,2,'program',40,'2026-11-28T22:12:27.629Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(58,2,'industry_pack',75,'2026-11-28T22:12:27.629Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(59,2,'amendment',73,'2026-11-28T22:12:27.629Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(60,2,'saved_search',50,'2026-11-28T22:12:27.629Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(61,3,'program',95,'2026-11-28T22:12:27.629Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(62,3,'program',72,'2026-11-28T22:12:27.629Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(63,3,'amendment',72,'2026-11-28T22:12:27.629Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(64,3,'amendment',72,'2026-11-28T22:12:27.629Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(65,3,'saved_search',60,'2026-11-28T22:12:27.629Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(66,4,'program',67,'2026-11-28T22:12:27.629Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(67,4,'program',50,'2026-11-28T22:12:27.629Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(68,4,'industry_pack',75,'2026-11-28T22:12:27.629Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(69,5,'program',30,'2026-11-28T22:12:27.629Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(70,5,'program',30,'2026-11-28T22:12:27.629Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(71,6,'program',70,'2026-11-28T22:12:27.629Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(72,6,'program',70,'2026-11-28T22:12:27.629Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(73,6,'industry_pack',70,'2026-11-28T22:12:27.629Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(74,7,'program',30,'2026-11-28T22:12:27.629Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(75,7,'program',30,'2026-11-28T22:12:27.629Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(76,7,'industry_pack',30,'2026-11-28T22:12:27.629Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(77,7,'industry_pack',30,'2026-11-28T22:12:27.629Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(78,7,'amendment',17,'2026-11-28T22:12:27.629Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(79,2,'program',0,'2026-11-28T22:12:27.753Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(80,1,'program',97,'2026-11-28T22:12:27.772Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(81,1,'program',50,'2026-11-28T22:12:27.772Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(82,1,'industry_pack',75,'2026-11-28T22:12:27.772Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(83,1,'amendment',90,'2026-11-28T22:12:27.772Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(84,2,'program',73,'2026-11-28T22:12:27.772Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(85,2,'program',40,'2026-11-28T22:12:27.772Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(86,2,'industry_pack',75,'2026-11-28T22:12:27.772Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(87,2,'amendment',73,'2026-11-28T22:12:27.772Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(88,2,'saved_search',50,'2026-11-28T22:12:27.772Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(89,3,'program',95,'2026-11-28T22:12:27.772Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(90,3,'program',72,'2026-11-28T22:12:27.772Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(91,3,'amendment',72,'2026-11-28T22:12:27.772Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(92,3,'amendment',72,'2026-11-28T22:12:27.772Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(93,3,'saved_search',60,'2026-11-28T22:12:27.772Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(94,4,'program',67,'2026-11-28T22:12:27.772Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(95,4,'program',50,'2026-11-28T22:12:27.772Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(96,4,'industry_pack',75,'2026-11-28T22:12:27.772Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(97,5,'program',30,'2026-11-28T22:12:27.772Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(98,5,'program',30,'2026-11-28T22:12:27.772Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(99,6,'program',70,'2026-11-28T22:12:27.772Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(100,6,'program',70,'2026-11-28T22:12:27.772Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(101,6,'industry_pack',70,'2026-11-28T22:12:27.772Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(102,7,'program',30,'2026-11-28T22:12:27.772Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(103,7,'program',30,'2026-11-28T22:12:27.772Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(104,7,'industry_pack',30,'2026-11-28T22:12:27.772Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(105,7,'industry_pack',30,'2026-11-28T22:12:27.772Z');
INSERT INTO "am_personalization_recommendation_log" VALUES(106,7,'amendment',17,'2026-11-28T22:12:27.772Z');
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
INSERT INTO "am_personalization_run" VALUES(1,'2026-04-01',0,'{"amendment_days":30,"any_from":17,"caps":{"amendment":90,"industry_pack":75,"program":100,"saved_search":60},"keywords":{"6次産業":"AB","ケーブルテレビ":"G","タクシー":"H","トラック運":"H","パイプハウス":"A","ラジオ":"G","介護サービス":"P","介護ロボット":"P","介護事業":"P","介護人材":"P","介護分野":"P","介護施設":"P","介護職員":"P","伝統産業":"E","伝統的工芸品":"E","住宅宿泊":"M","公衆浴場":"N","内航":"H","医療施設":"P","医療機関":"P","営農":"A","園芸":"A","土地改良":"A","地上基幹放送":"G","地域医療":"P","地熱発電":"CF","多面的機能支払":"A","家畜":"A","宿泊施設":"M","就農":"A","建設業":"D","建設産業":"D","携帯電話":"G","旅館":"M","林業":"A","果樹":"A","森林":"A","歯科":"P","水力発電":"F","水田":"A","水稲":"A","清酒":"E","漁業":"B","漁船":"B","畜産":"A","病院":"P","皮革":"EI","直接支払交付金":"A","看護":"P","福祉":"P","系統用蓄電":"F","細胞農業":"L","経営所得安定対策":"A","耕作放棄地":"A","肥料":"A","船員":"H","薬局":"P","訪問介護":"P","診療所":"P","貨物":"H","農作物":"A","農商工連携":"ABEI","農地":"A","農家":"A","農林業":"A","農林水産業":"AB","農林漁業":"AB","農業":"A","農畜水産業":"AB","農福連携":"AP","都市ガス":"F","野菜":"A","鉱山":"C","電子処方箋":"P","電波":"G","食品製造業":"E","飲食店":"M","飼料":"A","鳥獣":"A"},"packs":{"pack_construction":"D","pack_health_welfare":"P","pack_information":"G","pack_manufacturing":"E","pack_real_estate":"K"},"tiers":{"A":"low","B":"medium","C":"high","S":"low"},"urgent_days":90,"weights":{"deadline":30,"industry":50,"risk":20}}','1fda0b4bfa87e4f1d69d6c7cf4ee6e41b2b845d837c876723b0f077f970b3dfd','0.1a0',10,'2026-11-28T22:12:27.478Z','2026-11-28T22:12:27.459Z','b1220c15a94fc4b5a10857bf1168977315e6add483fce9cabf5606193db62625','80f76284c94d39e7ef71602d1c40bc7be70ad3181bca8e71cc7bda3cc4b62fb0','bb74e8ca810222b2b3b6fce67eecbfcb567f1e901b98b53e871808867fc530c7','5b4bb9b3032c8287ccbff9cd19cdb08dc7a3870d7c0e39daad98849369de50ca',0,0,8,0,'{"amendment":{"candidates":4,"rows":4,"scored":3,"zero":5},"industry_pack":{"candidates":5,"rows":9,"scored":5,"zero":3},"program":{"candidates":19,"rows":34,"scored":7,"zero":1},"saved_search":{"candidates":2,"rows":2,"scored":2,"zero":6}}','{"amendment":{"not seen in the last 30 days":1},"program":{"closed":1,"excluded":1,"overseas only":1,"practice form":1,"procedure":1}}');
INSERT INTO "am_personalization_run" VALUES(2,'2026-04-12',0,'{"amendment_days":30,"any_from":17,"caps":{"amendment":90,"industry_pack":75,"program":100,"saved_search":60},"keywords":{"6次産業":"AB","ケーブルテレビ":"G","タクシー":"H","トラック運":"H","パイプハウス":"A","ラジオ":"G","介護サービス":"P","介護ロボット":"P","介護事業":"P","介護人材":"P","介護分野":"P","介護施設":"P","介護職員":"P","伝統産業":"E","伝統的工芸品":"E","住宅宿泊":"M","公衆浴場":"N","内航":"H","医療施設":"P","医療機関":"P","営農":"A","園芸":"A","土地改良":"A","地上基幹放送":"G","地域医療":"P","地熱発電":"CF","多面的機能支払":"A","家畜":"A","宿泊施設":"M","就農":"A","建設業":"D","建設産業":"D","携帯電話":"G","旅館":"M","林業":"A","果樹":"A","森林":"A","歯科":"P","水力発電":"F","水田":"A","水稲":"A","清酒":"E","漁業":"B","漁船":"B","畜産":"A","病院":"P","皮革":"EI","直接支払交付金":"A","看護":"P","福祉":"P","系統用蓄電":"F","細胞農業":"L","経営所得安定対策":"A","耕作放棄地":"A","肥料":"A","船員":"H","薬局":"P","訪問介護":"P","診療所":"P","貨物":"H","農作物":"A","農商工連携":"ABEI","農地":"A","農家":"A","農林業":"A","農林水産業":"AB","農林漁業":"AB","農業":"A","農畜水産業":"AB","農福連携":"AP","都市ガス":"F","野菜":"A","鉱山":"C","電子処方箋":"P","電波":"G","食品製造業":"E","飲食店":"M","飼料":"A","鳥獣":"A"},"packs":{"pack_construction":"D","pack_health_welfare":"P","pack_information":"G","pack_manufacturing":"E","pack_real_estate":"K"},"tiers":{"A":"low","B":"medium","C":"high","S":"low"},"urgent_days":90,"weights":{"deadline":30,"industry":50,"risk":20}}','1fda0b4bfa87e4f1d69d6c7cf4ee6e41b2b845d837c876723b0f077f970b3dfd','0.1a0',2,'2026-11-28T22:12:27.629Z','2026-11-28T22:12:27.621Z','05aaebed0a98b071de5e9614c0593b9bddcc27b0e99e7a067bbe29e4c514b61a','3e30a448b8c88f735685f3cf5814bc5d71b135f1987c63ce86ac80447b8b80e5','bb74e8ca810222b2b3b6fce67eecbfcb567f1e901b98b53e871808867fc530c7','fcb0347ae01eb703849594b41a8396cfe990dc3b2cbfdddd5cbbe5405dbfcbda',0,0,8,0,'{"amendment":{"candidates":4,"rows":5,"scored":4,"zero":4},"industry_pack":{"candidates":5,"rows":6,"scored":5,"zero":3},"program":{"candidates":19,"rows":14,"scored":7,"zero":1},"saved_search":{"candidates":2,"rows":2,"scored":2,"zero":6}}','{"amendment":{"not seen in the last 30 days":1},"program":{"closed":1,"excluded":1,"overseas only":1,"practice form":1,"procedure":1}}');
INSERT INTO "am_personalization_run" VALUES(3,'2026-04-12',1,'{"amendment_days":30,"any_from":17,"caps":{"amendment":90,"industry_pack":75,"program":100,"saved_search":60},"keywords":{"6次産業":"AB","ケーブルテレビ":"G","タクシー":"H","トラック運":"H","パイプハウス":"A","ラジオ":"G","介護サービス":"P","介護ロボット":"P","介護事業":"P","介護人材":"P","介護分野":"P","介護施設":"P","介護職員":"P","伝統産業":"E","伝統的工芸品":"E","住宅宿泊":"M","公衆浴場":"N","内航":"H","医療施設":"P","医療機関":"P","営農":"A","園芸":"A","土地改良":"A","地上基幹放送":"G","地域医療":"P","地熱発電":"CF","多面的機能支払":"A","家畜":"A","宿泊施設":"M","就農":"A","建設業":"D","建設産業":"D","携帯電話":"G","旅館":"M","林業":"A","果樹":"A","森林":"A","歯科":"P","水力発電":"F","水田":"A","水稲":"A","清酒":"E","漁業":"B","漁船":"B","畜産":"A","病院":"P","皮革":"EI","直接支払交付金":"A","看護":"P","福祉":"P","系統用蓄電":"F","細胞農業":"L","経営所得安定対策":"A","耕作放棄地":"A","肥料":"A","船員":"H","薬局":"P","訪問介護":"P","診療所":"P","貨物":"H","農作物":"A","農商工連携":"ABEI","農地":"A","農家":"A","農林業":"A","農林水産業":"AB","農林漁業":"AB","農業":"A","農畜水産業":"AB","農福連携":"AP","都市ガス":"F","野菜":"A","鉱山":"C","電子処方箋":"P","電波":"G","食品製造業":"E","飲食店":"M","飼料":"A","鳥獣":"A"},"packs":{"pack_construction":"D","pack_health_welfare":"P","pack_information":"G","pack_manufacturing":"E","pack_real_estate":"K"},"tiers":{"A":"low","B":"medium","C":"high","S":"low"},"urgent_days":90,"weights":{"deadline":30,"industry":50,"risk":20}}','1fda0b4bfa87e4f1d69d6c7cf4ee6e41b2b845d837c876723b0f077f970b3dfd','0.1a0',2,'2026-11-28T22:12:27.772Z','2026-11-28T22:12:27.761Z','99e7aa1804573383e7d4ddcccff4f6bfd34aa18a6aa4df963e8dccf42744c134','21446d9c25d998a7b5442c62a0078fa5eef8034833ffcc7e31fb72110b638476','bb74e8ca810222b2b3b6fce67eecbfcb567f1e901b98b53e871808867fc530c7','48bbcaa80c50c23b9478ac532cbe4299a9f35a45c248ace4599c97036cce52e7',0,0,8,0,'{"amendment":{"candidates":4,"rows":5,"scored":4,"zero":4},"industry_pack":{"candidates":5,"rows":6,"scored":5,"zero":3},"program":{"candidates":19,"rows":14,"scored":7,"zero":1},"saved_search":{"candidates":2,"rows":2,"scored":2,"zero":6}}','{"amendment":{"not seen in the last 30 days":1},"program":{"closed":1,"excluded":1,"overseas only":1,"practice form":1,"procedure":1}}');
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
INSERT INTO "am_personalization_run_candidate" VALUES(2,36);
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
INSERT INTO "am_personalization_run_candidate" VALUES(3,36);
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
INSERT INTO "am_personalization_run_progress" VALUES(1,'finished',9,49,2,'2026-11-28T22:12:27.542Z');
INSERT INTO "am_personalization_run_progress" VALUES(2,'finished',9,27,52,'2026-11-28T22:12:27.647Z');
INSERT INTO "am_personalization_run_progress" VALUES(3,'finished',9,27,80,'2026-11-28T22:12:27.799Z');
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
INSERT INTO "am_personalization_seal" VALUES(1,'sqlite-utils-personalization/62ead2d8d277efe4',NULL,NULL,NULL,0,8,'954002782e6bd35b236c9bc1695f1711f4ed71a8ed0a960989b3e35444c6d11f','{"after":0,"end":8,"rows":8,"table":"am_personalization_identity"}','905f34179b19fef96cebf9c0ccaaa85de02c2e5a3f78c08b9035be98b11c281d','905f34179b19fef96cebf9c0ccaaa85de02c2e5a3f78c08b9035be98b11c281d');
INSERT INTO "am_personalization_seal" VALUES(2,'sqlite-utils-personalization/62ead2d8d277efe4',NULL,1,1,50,1,'022f69fac1b6e6407c6b33d427fe259212d978e9fd08b9d317760757a26fc6d4','{"after":0,"rows":1}','8a051baa451b631aeafb23502046c806d5baf354a6df8b18e6e1b9a4c2c51df3','8a051baa451b631aeafb23502046c806d5baf354a6df8b18e6e1b9a4c2c51df3');
INSERT INTO "am_personalization_seal" VALUES(3,'sqlite-utils-personalization/62ead2d8d277efe4',1,2,50,50,7,'9b9109807e5fe01664c20fa6d7d8163e474182b7295d18a41c0b963d58ee64ff','{"rows":49,"run":{"again":0,"as_of":"2026-04-01","candidates_sha256":"bb74e8ca810222b2b3b6fce67eecbfcb567f1e901b98b53e871808867fc530c7","counts_json":"{\"amendment\":{\"candidates\":4,\"rows\":4,\"scored\":3,\"zero\":5},\"industry_pack\":{\"candidates\":5,\"rows\":9,\"scored\":5,\"zero\":3},\"program\":{\"candidates\":19,\"rows\":34,\"scored\":7,\"zero\":1},\"saved_search\":{\"candidates\":2,\"rows\":2,\"scored\":2,\"zero\":6}}","customers_sha256":"80f76284c94d39e7ef71602d1c40bc7be70ad3181bca8e71cc7bda3cc4b62fb0","delivery_end":0,"feedback_end":0,"left_out_json":"{\"amendment\":{\"not seen in the last 30 days\":1},\"program\":{\"closed\":1,\"excluded\":1,\"overseas only\":1,\"practice form\":1,\"procedure\":1}}","model_sha256":"1fda0b4bfa87e4f1d69d6c7cf4ee6e41b2b845d837c876723b0f077f970b3dfd","package_version":"0.1a0","profiles":8,"rejected":0,"run_id":1,"served_at":"2026-11-28T22:12:27.478Z","served_sha256":"5b4bb9b3032c8287ccbff9cd19cdb08dc7a3870d7c0e39daad98849369de50ca","started_at":"2026-11-28T22:12:27.459Z","top_k":10},"unserved_sha256":"83b4782c1c0758704963cfb27df94c9cbd2e540d4a5b1d582ba4b00bf9182dff"}','e808e8ff8237a990f2618dbd3623f8daaae7cf63e8ceb7f6d15d4c6eb97088d7','6346f47cb6bbc8edb7096451dc417fec7bd77f0eae6fffec96983adf26eee3ab');
INSERT INTO "am_personalization_seal" VALUES(4,'sqlite-utils-personalization/62ead2d8d277efe4',NULL,51,51,78,1,'dbd262b2fa75ed24c5a6bf757a8d4e9efaafdc334f2bcdca61076b8f40407fd2','{"after":50,"rows":1}','a966e8ce1344a4113e2da196a99c5a88e655c0a59be8a7ef826db6796df71c44','a966e8ce1344a4113e2da196a99c5a88e655c0a59be8a7ef826db6796df71c44');
INSERT INTO "am_personalization_seal" VALUES(5,'sqlite-utils-personalization/62ead2d8d277efe4',2,52,78,78,7,'b4f9108cd0ba62e3ea5fd3df14b488d009d8add400f442dc4372da9c6f871f69','{"rows":27,"run":{"again":0,"as_of":"2026-04-12","candidates_sha256":"bb74e8ca810222b2b3b6fce67eecbfcb567f1e901b98b53e871808867fc530c7","counts_json":"{\"amendment\":{\"candidates\":4,\"rows\":5,\"scored\":4,\"zero\":4},\"industry_pack\":{\"candidates\":5,\"rows\":6,\"scored\":5,\"zero\":3},\"program\":{\"candidates\":19,\"rows\":14,\"scored\":7,\"zero\":1},\"saved_search\":{\"candidates\":2,\"rows\":2,\"scored\":2,\"zero\":6}}","customers_sha256":"3e30a448b8c88f735685f3cf5814bc5d71b135f1987c63ce86ac80447b8b80e5","delivery_end":0,"feedback_end":0,"left_out_json":"{\"amendment\":{\"not seen in the last 30 days\":1},\"program\":{\"closed\":1,\"excluded\":1,\"overseas only\":1,\"practice form\":1,\"procedure\":1}}","model_sha256":"1fda0b4bfa87e4f1d69d6c7cf4ee6e41b2b845d837c876723b0f077f970b3dfd","package_version":"0.1a0","profiles":8,"rejected":0,"run_id":2,"served_at":"2026-11-28T22:12:27.629Z","served_sha256":"fcb0347ae01eb703849594b41a8396cfe990dc3b2cbfdddd5cbbe5405dbfcbda","started_at":"2026-11-28T22:12:27.621Z","top_k":2},"unserved_sha256":"3c3999389ccabcc4e4876c5b8d2c881cd5492ae99fbca87d552f3340cf596f64"}','e8d1766784f185c3dbdbb41b168198dfbe2f27a7405085484223e04aed6840b3','0f084d63eee65adced4c6b4de45929e63cef2221066859690348acb894986bef');
INSERT INTO "am_personalization_seal" VALUES(6,'sqlite-utils-personalization/62ead2d8d277efe4',NULL,79,79,106,1,'96c715e7456a91786120f4a134ec1409ab6e66bee0cffabbb00c6981ee107c84','{"after":78,"rows":1}','8e882331410b03e369ac498acbda8a6e9670a9c9db217a92c291c1bb13d8f283','050215644a437771b38b6d2ea7951d675cde9207acde5ebeefc189bfa7bd7686');
INSERT INTO "am_personalization_seal" VALUES(7,'sqlite-utils-personalization/62ead2d8d277efe4',3,80,106,106,7,'754f19f268e2a383d45db5d6d004e9bfe29a098813d06e8ad244a6d2cd966c14','{"rows":27,"run":{"again":1,"as_of":"2026-04-12","candidates_sha256":"bb74e8ca810222b2b3b6fce67eecbfcb567f1e901b98b53e871808867fc530c7","counts_json":"{\"amendment\":{\"candidates\":4,\"rows\":5,\"scored\":4,\"zero\":4},\"industry_pack\":{\"candidates\":5,\"rows\":6,\"scored\":5,\"zero\":3},\"program\":{\"candidates\":19,\"rows\":14,\"scored\":7,\"zero\":1},\"saved_search\":{\"candidates\":2,\"rows\":2,\"scored\":2,\"zero\":6}}","customers_sha256":"21446d9c25d998a7b5442c62a0078fa5eef8034833ffcc7e31fb72110b638476","delivery_end":0,"feedback_end":0,"left_out_json":"{\"amendment\":{\"not seen in the last 30 days\":1},\"program\":{\"closed\":1,\"excluded\":1,\"overseas only\":1,\"practice form\":1,\"procedure\":1}}","model_sha256":"1fda0b4bfa87e4f1d69d6c7cf4ee6e41b2b845d837c876723b0f077f970b3dfd","package_version":"0.1a0","profiles":8,"rejected":0,"run_id":3,"served_at":"2026-11-28T22:12:27.772Z","served_sha256":"48bbcaa80c50c23b9478ac532cbe4299a9f35a45c248ace4599c97036cce52e7","started_at":"2026-11-28T22:12:27.761Z","top_k":2},"unserved_sha256":"9d579a9d5e2f4d5804fcc5cf9282afb7ce573521d94f1696627177dbee86011c"}','33ddee5e1f87a568f2ea04ed840b643063235cae2ecc3b06337fa586cd14c41d','78d1ac6c4c3510d392e13c039ae46a70e08355934b7ef37eccf48b388ad09994');
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
INSERT INTO "sqlite_stat1" VALUES('am_personalization_recommendation_log','idx_am_pers_rec_type_score','106 27 4 2');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_recommendation_log','idx_am_pers_rec_profile_served','106 14 5');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_run','sqlite_autoindex_am_personalization_run_1','3 2 2 2 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_cohort','idx_am_personalization_cohort_vector','8 2 2 1 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_candidate','idx_am_personalization_candidate_item','36 9 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_candidate','sqlite_autoindex_am_personalization_candidate_1','36 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_run_candidate','am_personalization_run_candidate','108 36 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_list','idx_am_personalization_list_key','27 9 2 1');
INSERT INTO "sqlite_stat1" VALUES('am_personalization_decision','am_personalization_decision','103 4 1');
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
INSERT INTO "sqlite_sequence" VALUES('am_personalization_recommendation_log',106);
COMMIT;
