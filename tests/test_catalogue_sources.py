"""From the tables of a shared database to candidates: programs, packs, wildcards, what is left out."""

import json
import sqlite3
from contextlib import closing

import pytest
from strategies import old

from sqlite_utils_personalization.catalogue.candidate import Candidate
from sqlite_utils_personalization.catalogue.details import Details, details
from sqlite_utils_personalization.catalogue.read import read_catalogue
from sqlite_utils_personalization.catalogue.tables import rows
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.model.model import Model, load_model

AS_OF = "2026-07-22"
MODEL = load_model()
# Which asks neither for rolling programs nor for families.
OLD = Model(old(MODEL.constants))

PACKS = [
    Candidate("industry_pack", "pack_construction", "建設業", "D"),
    Candidate("industry_pack", "pack_health_welfare", "医療、福祉", "P"),
    Candidate("industry_pack", "pack_information", "情報通信業", "G"),
    Candidate("industry_pack", "pack_manufacturing", "製造業", "E"),
    Candidate("industry_pack", "pack_real_estate", "不動産業、物品賃貸業", "K"),
]


def wildcard(kind):
    return Candidate(kind, "*", f"any {kind}".replace("_", " "), "any", why='{"wildcard":true}')


@pytest.fixture
def db():
    with closing(sqlite3.connect(":memory:")) as conn:
        yield conn


def fill(db, table, *rows):
    """Create table with the columns of the first row, untyped, and insert the rows."""
    columns = ", ".join(rows[0])
    db.execute(f"CREATE TABLE IF NOT EXISTS {table} ({columns})")
    places = ", ".join("?" * len(rows[0]))
    for row in rows:
        db.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})", tuple(row.values()))


def program(item_id="UNI-1", title="設備更新補助金", **columns):
    return {"unified_id": item_id, "primary_name": title, **columns}


def grant(item_id="a0W1", title="設備更新補助金", **columns):
    return {"id": item_id, "name": title, **columns}


def programs(db, model=OLD):
    found = read_catalogue(db, AS_OF, model)
    return [candidate for candidate in found if candidate.recommendation_type == "program"]


def test_a_program_of_jpcite_has_its_window_area_and_tier(db):
    window = '{"start_date": "2026-04-01", "end_date": "2026-09-30", "cycle": "annual"}'
    row = program(
        "UNI-1",
        "スマート農業\u3000導入補助\u2fa6",
        prefecture="千葉県",
        tier="S",
        excluded=0,
        application_window_json=window,
        jsic_major=None,
    )
    fill(db, "programs", row)
    assert programs(db) == [
        Candidate(
            "program",
            "UNI-1",
            "スマート農業 導入補助金",
            "A",
            "千葉県",
            "2026-04-01",
            "2026-09-30",
            "low",
            '{"keyword":"農業","tier":"S"}',
        )
    ]


def test_a_program_of_jgrants_is_read_as_it_was_observed(db):
    row = grant(
        "a0WJ200000CDdqoMAD",
        "介護ロボット導入支援（令和８年度）",
        prefecture="神奈川県",
        industry="医療 / 福祉",
        industry_jsic="医療、福祉",
        amount_max_yen="5480000",
        open_at="2026-08-17T10:00+09:00",
        close_at="2026-09-01T00:00+09:00",
        area_raw="神奈川県",
        date_kind="datetime_jst",
    )
    fill(db, "jgrants_programs", row)
    assert programs(db) == [
        Candidate(
            "program",
            "a0WJ200000CDdqoMAD",
            "介護ロボット導入支援(令和8年度)",
            "P",
            "神奈川県",
            "2026-08-17",
            "2026-08-31",
        )
    ]


def test_a_program_of_jgrants_is_read_as_the_public_api_gives_it(db):
    row = {
        "id": "S0J0w00wer0wUgr77E",
        "name": "S-01100011",
        "title": "小規模事業者補助金",
        "target_area_search": "東京都 / 大阪府",
        "industry": "情報通信業 / 教育、学習支援業",
        "subsidy_max_limit": 10000000,
        "acceptance_start_datetime": "2026-02-27T15:00:00.000Z",
        "acceptance_end_datetime": "2026-07-31T15:00:00.000Z",
    }
    fill(db, "jgrants_programs", row)
    assert programs(db) == [
        Candidate(
            "program",
            "S0J0w00wer0wUgr77E",
            "小規模事業者補助金",
            "GO",
            "東京都,大阪府",
            "2026-02-28",
            "2026-07-31",
        )
    ]


def test_no_amount_whatever_changes_a_candidate_or_the_order(db):
    amounts = (None, "", "0", 0, "999999999999999", "5000000", -1)
    fill(
        db,
        "jgrants_programs",
        *(grant(f"id{n}", amount_max_yen=amount) for n, amount in enumerate(amounts)),
    )
    assert programs(db) == [
        Candidate("program", f"id{n}", "設備更新補助金") for n in range(len(amounts))
    ]


@pytest.mark.parametrize(
    ("window", "days"),
    [
        (None, (None, None)),
        ("", (None, None)),
        ("null", (None, None)),
        ('{"status": "open"}', (None, None)),
        ('{"close_date": "2026-08-31"}', (None, "2026-08-31")),
        ('{"start_date": null, "end_date": "2026-08-31"}', (None, "2026-08-31")),
        ('{"start_date": "2026-04-01", "end_date": null}', ("2026-04-01", None)),
        ('{"start_date": "", "end_date": "", "cycle": "rolling"}', (None, None)),
        # a stated end holds for a rolling program too: better missed than shown closed
        ('{"end_date": "2028-03-31", "cycle": "rolling"}', (None, "2028-03-31")),
        ('{"close_date": "2026-08-31", "end_date": "2026-09-30"}', (None, "2026-08-31")),
        ('{"end_date": "2124-03-31", "note": "＂いつでも＂"}', (None, "2124-03-31")),
    ],
)
def test_a_window_gives_the_days_it_states(db, window, days):
    fill(db, "programs", program(application_window_json=window))
    (found,) = programs(db)
    assert (found.opens_on, found.closes_on, found.left_out) == (*days, None)


ROLLING = (
    # columns, whether it takes applications at any time
    ({}, 0),
    ({"title": "設備更新補助金(随時受付)"}, 1),
    ({"title": "設備更新補助金 先着順"}, 1),
    ({"title": "通年募集の設備更新補助金"}, 1),
    ({"title": "設備更新補助金", "application_window_json": '{"cycle": "rolling"}'}, 1),
    ({"application_window_json": '{"cycle": "annual"}'}, 0),
    ({"application_window_json": '{"note": "予算がなくなり次第終了"}'}, 1),
    ({"application_window_json": '{"start_date": "2026-04-01", "cycle": "rolling"}'}, 1),
    # a stated end says it all
    ({"application_window_json": '{"end_date": "2026-08-31", "cycle": "rolling"}'}, None),
    (
        {"title": "設備更新補助金(随時)", "application_window_json": '{"end_date": "2026-08-31"}'},
        None,
    ),
)


@pytest.mark.parametrize(("columns", "expected"), ROLLING)
def test_a_program_without_an_end_is_rolling_where_its_title_or_window_says_so(
    db, columns, expected
):
    fill(db, "programs", program(**columns))
    assert [found.rolling for found in programs(db, MODEL)] == [expected]
    assert [found.rolling for found in programs(db)] == [None]


def test_which_words_say_so_is_the_models_matter(db):
    fill(db, "programs", program(title="設備更新補助金(DX)"))
    model = Model({**MODEL.constants, "rolling_words": ["DX"]})
    assert [found.rolling for found in programs(db, model)] == [1]
    model = Model({**MODEL.constants, "rolling_words": []})
    assert [found.rolling for found in programs(db, model)] == [0]


def test_rounds_of_one_programme_have_one_family_where_the_model_asks(db):
    url = "https://www.city.mihon.lg.jp/hojo.html"
    fill(
        db,
        "programs",
        program("1", "令和8年度 第1回 店舗の改装支援補助金", prefecture="東京都", source_url=url),
        program("2", "店舗の改装支援補助金(第2回)", prefecture="東京都", source_url=url),
        program("3", "店舗の改装支援補助金", prefecture="東京都", source_url=None),
        program("4", "店舗の改装支援補助金", prefecture=None, source_url=url),
        program("5", "補助金", prefecture="東京都", source_url=url),
    )
    one, two, elsewhere, everywhere, nameless = programs(db, MODEL)
    assert one.family == two.family == "東京都@city.mihon.lg.jp|店舗改装支援"
    assert one.family_name == two.family_name == one.family
    assert len({one.family, elsewhere.family, everywhere.family}) == 3
    assert (nameless.family, nameless.family_name) == (None, None)
    without = Model(
        {key: value for key, value in MODEL.constants.items() if key != "places_per_family"}
    )
    for model in (OLD, without):
        assert {(found.family, found.family_name) for found in programs(db, model)} == {
            (None, None)
        }


def test_a_program_of_jgrants_is_of_the_same_family_as_its_repost(db):
    fill(db, "jgrants_programs", grant("a", "生産性向上設備導入補助金(第3次公募)", area_raw="全国"))
    fill(db, "programs", program("b", "生産性向上設備導入補助金"))
    b, a = programs(db, MODEL)
    assert a.family == b.family == "nationwide@|生産性向上設備導入"
    assert a.family_name == "生産性向上設備導入"


def test_what_is_left_out_belongs_to_nothing(db):
    fill(db, "programs", program(title="設備更新補助金のお知らせ"))
    (found,) = programs(db, MODEL)
    assert (found.left_out, found.rolling, found.family) == ("notice", None, None)


LEFT_OUT = (
    ("programs", program(None), "no id"),
    ("programs", program(""), "no id"),
    ("programs", program(title="\u3000"), "no title"),
    ("programs", program(title=None), "no title"),
    ("programs", program(excluded=1), "excluded"),
    ("programs", program(excluded="1"), "excluded"),
    ("programs", program(tier="X"), "quarantined"),
    ("programs", program(title="設備更新補助金のお知らせ"), "notice"),
    ("programs", program(application_window_json="{"), "window not readable"),
    ("programs", program(application_window_json='["2026-08-31"]'), "window not readable"),
    ("programs", program(application_window_json="[" * 100_000), "window not readable"),
    (
        "programs",
        program(application_window_json='{"end_date": "2026-02-30"}'),
        "date not readable",
    ),
    ("programs", program(application_window_json='{"end_date": 260831}'), "date ambiguous"),
    ("programs", program(b"\xff\xfe"), "id not readable"),
    ("programs", program(title=b"\xe8\xa3\x9c\xe5\x8a\xa9\xe9\x87\x91"), "title not readable"),
    ("programs", program(title="設備更新補助\ufffd"), "title not readable"),
    ("programs", program(title="è¨\xadå‚™æ›´æ–°è£œåŠ©é‡‘"), "title not readable"),
    ("programs", program(title="<br>&nbsp;"), "no title"),
    ("programs", program("x" * 201), "id too long"),
    ("programs", program(prefecture="どこか"), "area not readable"),
    ("jgrants_programs", grant(title="申請練習用補助金"), "practice form"),
    ("jgrants_programs", grant(title="職場環境奨励金 撤回届", close_at="2026-08-31"), "procedure"),
    ("jgrants_programs", grant(area_raw="海外"), "overseas only"),
    ("jgrants_programs", grant(close_at="未定"), "date not readable"),
    ("jgrants_programs", grant(close_at="9/1/2026"), "date ambiguous"),
    ("jgrants_programs", grant(title="S-00000003"), "no title"),
    ("jgrants_programs", grant(title=None, result="[]"), "answer of the API"),
    (
        "jgrants_programs",
        grant(open_at="2026-08-02", close_at="2026-08-01"),
        "closes before it opens",
    ),
    (
        "jgrants_programs",
        grant(open_at="2026-08-01T00:00+09:00", close_at="2026-08-01T00:00+09:00"),
        "closes before it opens",
    ),
)


@pytest.mark.parametrize(("table", "row", "rule"), LEFT_OUT)
def test_what_is_left_out_is_yielded_with_its_rule(db, table, row, rule):
    fill(db, table, row)
    (found,) = programs(db)
    assert found.left_out == rule


@pytest.mark.parametrize(
    ("tier", "expected"),
    [
        ("S", ("low", '{"tier":"S"}')),
        ("A", ("low", '{"tier":"A"}')),
        ("B", ("medium", '{"tier":"B"}')),
        ("C", ("high", '{"tier":"C"}')),
        ("Z", (None, "{}")),
        (None, (None, "{}")),
    ],
)
def test_the_models_tiers_give_the_risk_level(db, tier, expected):
    fill(db, "programs", program(tier=tier))
    (found,) = programs(db)
    assert (found.risk_level, found.why) == expected


def test_a_model_that_gives_the_quarantine_a_risk_level_lets_it_in(db):
    fill(db, "programs", program(tier="X"))
    model = Model({**OLD.constants, "tiers": {"X": "high"}})
    assert programs(db, model) == [
        Candidate("program", "UNI-1", "設備更新補助金", risk_level="high", why='{"tier":"X"}')
    ]


@pytest.mark.parametrize(
    ("columns", "industries"),
    [
        ({"industry_jsic": "農業、林業", "industry": "農業 / 建設業"}, "A"),
        ({"industry_jsic": "", "industry": "農業 / 林業 / 建設業"}, "AD"),
        ({"industry_jsic": None, "industry": None}, "unknown"),
    ],
)
def test_jgrants_industries_are_the_official_names_where_they_are_there(db, columns, industries):
    fill(db, "jgrants_programs", grant(**columns))
    assert [found.industries for found in programs(db)] == [industries]


def test_a_stated_industry_is_never_helped_by_a_keyword(db):
    fill(db, "jgrants_programs", grant(title="農業機械の補助金", industry="製造業"))
    assert [(found.industries, found.why) for found in programs(db)] == [("E", "{}")]


def test_jpcites_own_industry_goes_before_a_keyword(db):
    fill(db, "programs", program(title="農業機械の補助金", jsic_major="E"))
    assert [(found.industries, found.why) for found in programs(db)] == [("E", "{}")]


def test_a_prefecture_in_the_title_is_no_area(db):
    fill(db, "jgrants_programs", grant(title="【東京都】設備更新補助金", area_raw="全国"))
    assert [found.prefectures for found in programs(db)] == ["nationwide"]


def test_ids_are_text_as_they_are_and_titles_are_no_keys(db):
    fill(db, "programs", program(7), program("abc"), program("ABC"), program(" abc"))
    assert [(found.item_id, found.left_out) for found in programs(db)] == [
        (" abc", None),
        ("7", None),
        ("ABC", None),
        ("abc", None),
    ]


def test_of_a_repeated_id_the_same_row_is_kept_in_whatever_order_they_lie(db):
    rows = [program("x", "乙の補助金"), program("x", "甲の補助金"), program("x", "甲の補助金")]
    fill(db, "programs", *rows)
    expected = [
        Candidate("program", "x", "乙の補助金"),
        Candidate("program", "x", "甲の補助金", left_out="duplicate id"),
        Candidate("program", "x", "甲の補助金", left_out="duplicate id"),
    ]
    assert programs(db) == expected
    db.execute("DELETE FROM programs")
    fill(db, "programs", *reversed(rows))
    assert programs(db) == expected


def test_a_row_left_out_does_not_keep_out_another_of_its_id(db):
    fill(db, "programs", program("x", "補助金のお知らせ"))
    fill(db, "jgrants_programs", grant("x", "設備更新補助金"))
    assert [(found.title, found.left_out) for found in programs(db)] == [
        ("補助金のお知らせ", "notice"),
        ("設備更新補助金", None),
    ]


def test_jpcites_row_goes_before_that_of_jgrants_with_the_same_id(db):
    fill(db, "jgrants_programs", grant("x", "甲の補助金"))
    fill(db, "programs", program("x", "乙の補助金"))
    assert [(found.title, found.left_out) for found in programs(db)] == [
        ("乙の補助金", None),
        ("甲の補助金", "duplicate id"),
    ]


def test_a_database_without_any_catalogue_has_one_wildcard_for_each_type(db):
    assert list(read_catalogue(db, AS_OF, MODEL)) == [
        wildcard("program"),
        wildcard("industry_pack"),
        wildcard("saved_search"),
        wildcard("amendment"),
    ]


def test_one_empty_table_ends_its_wildcard_and_that_of_the_packs(db):
    db.execute("CREATE TABLE jgrants_programs (id, name)")
    assert list(read_catalogue(db, AS_OF, MODEL)) == [
        *PACKS,
        wildcard("saved_search"),
        wildcard("amendment"),
    ]


def test_a_pack_of_enough_industries_is_any(db):
    db.execute("CREATE TABLE programs (unified_id, primary_name)")
    model = Model({**MODEL.constants, "packs": {"pack_most": "ABCDEFGHIJKLMNOPQ"}})
    assert next(read_catalogue(db, AS_OF, model)).industries == "any"


def test_a_view_serves_as_a_table(db):
    fill(db, "published", program())
    db.execute("CREATE VIEW programs AS SELECT * FROM published")
    assert programs(db) == [Candidate("program", "UNI-1", "設備更新補助金")]


def test_column_names_are_taken_in_any_case(db):
    db.execute("CREATE TABLE programs (Unified_ID, PRIMARY_NAME, Tier)")
    db.execute("INSERT INTO programs VALUES ('UNI-1', '設備更新補助金', 'C')")
    assert [found.risk_level for found in programs(db)] == ["high"]


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("CREATE TABLE programs (unified_id, title)", "programs has no column primary_name"),
        ("CREATE TABLE programs (primary_name)", "programs has no column unified_id"),
        ("CREATE TABLE jgrants_programs (id)", "jgrants_programs has no column name or title"),
        ("CREATE TABLE am_amendment_diff (diff_id)", "am_amendment_diff has no column entity_id"),
        ("CREATE TABLE saved_searches (id)", "saved_searches has no column api_key_hash"),
    ],
)
def test_a_table_without_a_needed_column_is_refused_by_name(db, sql, message):
    db.execute(sql)
    with pytest.raises(PersonalizationError) as error:
        list(read_catalogue(db, AS_OF, MODEL))
    assert str(error.value) == (
        f"{message} - add it, or rename the table and pass your own SELECT with --catalogue"
    )


UNDECODABLE = "CAST(x'73656372657480' AS TEXT)"


def test_a_row_that_is_not_utf8_is_left_out_and_keeps_out_no_other(db):
    fill(db, "programs", *(program(f"UNI-{n}") for n in (1, 2, 3)))
    db.execute(f"UPDATE programs SET primary_name = {UNDECODABLE} WHERE unified_id = 'UNI-2'")
    db.execute(f"INSERT INTO programs (unified_id, primary_name) VALUES ({UNDECODABLE}, '補助金')")
    found = [(one.item_id, one.title, one.left_out) for one in programs(db)]
    assert sorted(found) == [
        ("", "補助金", "id not readable"),
        ("UNI-1", "設備更新補助金", None),
        ("UNI-2", "", "title not readable"),
        ("UNI-3", "設備更新補助金", None),
    ]


@pytest.mark.parametrize(
    ("column", "rule"),
    [
        ("area_raw", "area not readable"),
        ("close_at", "date not readable"),
        ("workflow", "rounds not readable"),
        ("industry", None),
        ("request_reception_presence", None),
    ],
)
@pytest.mark.parametrize("stored", [UNDECODABLE, "x'ff'"])
def test_a_value_that_is_not_utf8_is_as_one_that_says_nothing_readable(db, column, rule, stored):
    fill(db, "jgrants_programs", grant(**{column: None}))
    db.execute(f"UPDATE jgrants_programs SET {column} = {stored}")
    (found,) = programs(db)
    assert (found.left_out, found.industries) == (rule, "unknown")


def test_reading_leaves_the_connection_decoding_as_it_did(db):
    fill(db, "programs", *(program(f"UNI-{n}") for n in range(3)))
    read = read_catalogue(db, AS_OF, OLD)
    next(item for item in read if item.recommendation_type == "program")
    assert db.text_factory is str
    with pytest.raises(sqlite3.OperationalError, match="Could not decode"):
        db.execute(f"SELECT {UNDECODABLE}").fetchall()


def test_titles_and_ids_are_what_a_reader_can_see(db):
    fill(
        db,
        "programs",
        program("a\x1b[31mb\u202e\n", "<b>省エネ</b><br>&amp; 再エネ\x1b[0m補助金"),
        program("c", "補" * 400),
        program("d" * 200, "親子👨\u200d👩\u200d👧\u200d補助金"),
        program("Ａ１", "設備更新補助金＜ＤＸ枠＞"),
    )
    assert sorted((found.item_id, found.title, found.left_out) for found in programs(db)) == [
        ("a[31mb", "省エネ & 再エネ[0m補助金", None),
        ("c", "補" * 299 + "…", None),
        ("d" * 200, "親子👨\u200d👩\u200d👧補助金", None),
        ("Ａ１", "設備更新補助金<DX枠>", None),
    ]


@pytest.mark.parametrize(
    ("stated", "rule"),
    [
        *(
            (text, "no reception")
            for text in ("無", " 無 ", "無し", "なし", "無(郵送のみ)", "無（紙）")
        ),
        *((text, "no reception") for text in ("false", 0, "No")),
        *((text, None) for text in ("有", "あり", "", None, "有(無料)", 1, "true", "無期限")),
    ],
)
def test_a_program_that_takes_no_applications_is_left_out(db, stated, rule):
    fill(db, "jgrants_programs", grant(request_reception_presence=stated))
    assert [found.left_out for found in programs(db)] == [rule]


@pytest.mark.parametrize(
    "columns",
    [
        "metadata, result",
        "metadata, result, id",
        "result",
        "metadata_type, metadata_resultset, result",
    ],
)
def test_the_answer_of_the_api_inserted_as_a_whole_is_told_where_its_programs_are(db, columns):
    db.execute(f"CREATE TABLE jgrants_programs ({columns})")
    with pytest.raises(PersonalizationError, match="its programs are in the column result - drop"):
        list(read_catalogue(db, AS_OF, MODEL))


def test_a_table_of_titles_alone_is_one_of_jgrants_too(db):
    db.execute("CREATE TABLE jgrants_programs (id, title)")
    db.execute("INSERT INTO jgrants_programs VALUES ('a0W1', '設備更新補助金')")
    assert [found.title for found in programs(db)] == ["設備更新補助金"]


def test_a_view_of_a_lost_table_is_refused_by_name(db):
    db.execute("CREATE TABLE gone (unified_id, primary_name)")
    db.execute("CREATE VIEW programs AS SELECT * FROM gone")
    db.execute("DROP TABLE gone")
    with pytest.raises(PersonalizationError) as error:
        list(read_catalogue(db, AS_OF, MODEL))
    assert str(error.value) == "programs cannot be read: no such table: main.gone - mend that table"


def test_a_lock_is_reported_as_the_locked_file_it_is(tmp_path):
    path = tmp_path / "jpcite.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        fill(writer, "programs", program())
        writer.execute("BEGIN EXCLUSIVE")
        locked = pytest.raises(sqlite3.OperationalError, match="database is locked")
        with closing(sqlite3.connect(path, timeout=0)) as reader, locked:
            list(read_catalogue(reader, AS_OF, MODEL))


def test_reading_that_is_given_up_after_the_database_was_closed_is_no_error(tmp_path):
    db = sqlite3.connect(tmp_path / "jpcite.db")
    found = rows(db, "SELECT 1 UNION ALL SELECT 2", "numbers")
    assert next(found) == (1,)
    db.close()
    found.close()


def test_reading_changes_nothing_and_needs_no_right_to(tmp_path):
    path = tmp_path / "jpcite.db"
    with closing(sqlite3.connect(path)) as writer, writer:
        fill(writer, "programs", program())
    before = path.read_bytes()
    with closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as reader:
        assert len(list(read_catalogue(reader, AS_OF, MODEL))) == 8
    assert (path.read_bytes(), list(tmp_path.iterdir())) == (before, [path])


def test_the_connections_own_row_factory_does_not_matter(db):
    fill(db, "programs", program(), program("UNI-2"))
    as_tuples = list(read_catalogue(db, AS_OF, MODEL))
    db.row_factory = lambda _, row: json.dumps(row)
    assert list(read_catalogue(db, AS_OF, MODEL)) == as_tuples


def test_jpcites_programs_are_read_in_its_main_file_too(db):
    fill(db, "jpi_programs", program("UNI-1", "農業支援補助金", tier="B", jsic_major="A"))
    assert programs(db) == [
        Candidate(
            "program", "UNI-1", "農業支援補助金", "A", risk_level="medium", why='{"tier":"B"}'
        )
    ]


def test_a_program_that_both_files_have_is_the_one_of_programs(db):
    kept, excluded = program("UNI-1", "農業支援補助金"), program("UNI-2", "防災補助金")
    fill(db, "programs", {**kept, "excluded": 0}, {**excluded, "excluded": 1})
    fill(db, "jpi_programs", program("UNI-1", "古い補助金"), program("UNI-2"), program("UNI-3"))
    assert [(one.item_id, one.title, one.left_out) for one in programs(db)] == [
        ("UNI-1", "農業支援補助金", None),
        ("UNI-2", "防災補助金", "excluded"),
        ("UNI-1", "古い補助金", "duplicate id"),
        ("UNI-2", "設備更新補助金", None),
        ("UNI-3", "設備更新補助金", None),
    ]


def test_a_jpi_programs_of_another_make_is_named(db):
    fill(db, "jpi_programs", {"program_unified_id": "UNI-1", "primary_name": "補助金"})
    with pytest.raises(PersonalizationError, match="jpi_programs has no column unified_id"):
        programs(db)


def test_what_a_program_of_jpi_programs_pays_and_where_it_stands_is_known(db):
    row = program(
        "UNI-1", amount_max_man_yen=300, official_url="https://example.org/1", source_url="x"
    )
    fill(db, "jpi_programs", row)
    assert details(db, ["UNI-1"]) == {"UNI-1": Details(3_000_000, "https://example.org/1")}
