-- Invented programs, in the shape the product keeps its own. The night to look at is 2026-04-01.

CREATE TABLE programs (
    unified_id TEXT PRIMARY KEY, primary_name TEXT NOT NULL, prefecture TEXT, tier TEXT,
    excluded INTEGER DEFAULT 0, application_window_json TEXT, amount_max_man_yen REAL, official_url TEXT
);
INSERT INTO programs(unified_id, primary_name, prefecture, tier, excluded, application_window_json) VALUES
    ('EX-101', '町工場の省エネ設備更新補助', '愛知県', 'A', 0, '{"start_date": "2026-03-01", "end_date": "2026-05-20"}'),
    ('EX-102', '空き店舗を活かす創業支援金', '沖縄県', 'B', 0, '{"cycle": "rolling"}'),
    ('EX-103', '若手就農者の機械導入支援', '高知県', 'S', 0, '{"close_date": "2026-07-31"}'),
    ('EX-104', '中小企業の賃上げ応援金', NULL, 'A', 0, NULL),
    ('EX-105', '介護施設の見守り機器導入支援', '大阪府', 'B', 0, '{"end_date": "2026-04-30"}'),
    ('EX-106', '商店街の防犯カメラ設置費補助', '東京都', 'C', 0, NULL),
    ('EX-107', '新商品の海外展示会出展助成', NULL, 'C', 0, '{"end_date": "2026-06-15"}'),
    ('EX-108', '設備更新補助の募集終了について', '愛知県', 'B', 0, NULL),
    ('EX-109', '移転前の旧制度', NULL, 'A', 1, NULL),
    ('EX-110', '小規模事業者のバリアフリー改修補助', '東京都', 'S', 0, '{"end_date": "2027-02-26"}');

CREATE TABLE jgrants_programs (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, industry_jsic TEXT, open_at TEXT, close_at TEXT, area_raw TEXT,
    date_kind TEXT, amount_max_yen TEXT, url TEXT
);
INSERT INTO jgrants_programs(id, name, industry_jsic, open_at, close_at, area_raw, date_kind) VALUES
    ('EXjg0000000000001A', '令和８年度 建設現場の安全対策助成金', '建設業', '2026-03-02', '2026-04-18', '東京都', 'date_jst'),
    ('EXjg0000000000002A', '建設業の週休二日推進補助金', '建設業', '2026-02-01', '2026-04-04', '全国', 'date_jst'),
    ('EXjg0000000000003A', '製造業の試作開発補助金', '製造業', '2026-03-15', '2026-06-30', '東海・北陸地方', 'date_jst'),
    ('EXjg0000000000004A', 'ソフトウェア人材の育成助成金', '情報通信業', '2026-03-20', '2026-04-25T17:00:00+09:00', '全国', 'datetime_jst'),
    ('EXjg0000000000005A', '農業・林業の担い手確保補助金', '農業、林業', '2026-01-10', '2026-05-01T00:00:00+09:00', '四国地方', 'datetime_jst'),
    ('EXjg0000000000006A', '宿泊施設の多言語対応補助金', '宿泊業、飲食サービス業', '2026-03-01', '2026-04-10', '沖縄県', 'date_jst'),
    ('EXjg0000000000007A', '医療機関の働き方改善助成金', '医療、福祉', '2026-03-05', '2026-08-31', '全国 / 大阪府', 'date_jst'),
    ('EXjg0000000000008A', '物流の共同化実証事業', '運輸業、郵便業', '2026-02-20', '2026-05-15', '全国', 'date_jst'),
    ('EXjg0000000000009A', '脱炭素に取り組む中小企業の診断補助', '', '2026-03-01', '2026-09-30', '全国', 'date_jst'),
    ('EXjg0000000000010A', '小売店のキャッシュレス導入助成', '卸売業、小売業', '2026-04-20', '2026-06-20', '全国', 'date_jst'),
    ('EXjg0000000000011A', '海外拠点の実証支援', '製造業', '2026-03-01', '2026-05-31', '海外', 'date_jst'),
    ('EXjg0000000000012A', '申請練習用補助金', '', '2025-01-01', '2030-12-31', '全国', 'date_jst'),
    ('EXjg0000000000013A', '試作開発補助金 実績報告書', '製造業', '2026-03-01', '2026-06-30', '全国', 'date_jst'),
    ('EXjg0000000000014A', '昨年度の太陽光設備補助金', '製造業', '2025-04-01', '2025-10-31', '全国', 'date_jst');

UPDATE programs SET amount_max_man_yen = 50, official_url = 'https://example.com/' || unified_id WHERE tier IN ('S', 'B');
-- 0 says that the amount is not stated.
UPDATE jgrants_programs SET amount_max_yen = '3000000', url = 'https://example.com/' || id;
UPDATE jgrants_programs SET amount_max_yen = '0' WHERE id = 'EXjg0000000000009A';

CREATE TABLE am_amendment_diff (
    diff_id INTEGER PRIMARY KEY AUTOINCREMENT, entity_id TEXT NOT NULL, field_name TEXT NOT NULL,
    prev_value TEXT, new_value TEXT, detected_at TEXT NOT NULL
);
INSERT INTO am_amendment_diff(entity_id, field_name, prev_value, new_value, detected_at) VALUES
    ('EXjg0000000000001A', 'close_at', '2026-04-11', '2026-04-18', '2026-03-28T09:00:00+09:00'),
    ('EXjg0000000000003A', 'amount_max_yen', '2000000', '3000000', '2026-03-20T09:00:00+09:00'),
    ('EX-103', 'subsidy_rate', '1/2', '2/3', '2026-03-30T09:00:00+09:00'),
    ('EXjg0000000000008A', 'open_at', '2026-02-10', '2026-02-20', '2026-01-15T09:00:00+09:00'),
    ('EX-103', 'name', '就農者の機械導入支援', '若手就農者の機械導入支援', '2026-03-30T09:00:00+09:00');

CREATE TABLE saved_searches (
    id INTEGER PRIMARY KEY AUTOINCREMENT, api_key_hash TEXT NOT NULL, name TEXT NOT NULL,
    query_json TEXT NOT NULL, notify_email TEXT NOT NULL
);
INSERT INTO saved_searches(api_key_hash, name, query_json, notify_email)
SELECT user_token_hash, '省エネ', '{"q": "省エネ", "prefecture": "愛知県"}', 'customer2@example.com'
FROM am_personalization_profile WHERE profile_id = 2;
INSERT INTO saved_searches(api_key_hash, name, query_json, notify_email)
SELECT user_token_hash, '農業', '{"q": "農業", "prefecture": "高知県"}', 'customer3@example.com'
FROM am_personalization_profile WHERE profile_id = 3;
