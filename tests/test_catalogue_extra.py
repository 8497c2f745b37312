"""--catalogue: a user's own SELECT, and everything that is refused in one."""

import re
import sqlite3
import sys
from contextlib import closing

import pytest
from strategies import old

from sqlite_utils_personalization.catalogue.candidate import Candidate
from sqlite_utils_personalization.catalogue.read import read_catalogue
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.model.model import Model, load_model

AS_OF = "2026-07-22"
MODEL = load_model()
OLD = Model(old(MODEL.constants))
KNOWN = (
    "recommendation_type, item_id, title, industries, prefectures, opens_on, closes_on, risk_level"
)
TYPES = "program, industry_pack, amendment"
ADVICE = "a catalogue is one SELECT that reads this database"


@pytest.fixture
def db(tmp_path):
    with closing(sqlite3.connect(tmp_path / "jpcite.db", isolation_level=None)) as conn:
        conn.execute("CREATE TABLE own (id INTEGER, name TEXT)")
        conn.execute("INSERT INTO own VALUES (1, '甲の補助金'), (2, '乙の補助金')")
        yield conn


@pytest.fixture
def listed(db, tmp_path):
    """Read the catalogue of sql; without the packs and wildcards that come with any."""

    def read(sql, model=OLD):
        path = tmp_path / "own.sql"
        path.write_text(sql, encoding="utf-8")
        found = list(read_catalogue(db, AS_OF, model, path))
        return [item for item in found if not item.item_id.startswith(("pack_", "*"))]

    return read


@pytest.fixture
def untouched(db, tmp_path, monkeypatch):
    """Fails the test that changes the database, its settings or the files beside it."""
    monkeypatch.chdir(tmp_path)
    before = list(db.iterdump())
    yield
    assert list(db.iterdump()) == before
    assert not db.in_transaction
    assert db.execute("PRAGMA user_version").fetchone() == (0,)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["jpcite.db", "own.sql"]


def refusal(listed, sql):
    with pytest.raises(PersonalizationError) as error:
        listed(sql)
    return re.sub(r"^\S*own\.sql", "own.sql", str(error.value))


def one(**columns):
    item = {"recommendation_type": "program", "item_id": "p1", "title": "試作補助金", **columns}
    return "SELECT " + ", ".join(f"{literal(value)} AS {name}" for name, value in item.items())


def literal(value):
    return f"'{value}'" if isinstance(value, str) else "NULL" if value is None else value


def test_a_select_with_every_column_makes_whole_candidates(listed):
    sql = one(
        industries="製造業 / 建設業",
        prefectures="四国地方",
        opens_on="2026-07-01",
        closes_on="2026-08-31",
        risk_level="low",
    )
    assert listed(sql) == [
        Candidate(
            "program",
            "p1",
            "試作補助金",
            "DE",
            "徳島県,香川県,愛媛県,高知県",
            "2026-07-01",
            "2026-08-31",
            "low",
        )
    ]


@pytest.mark.parametrize(
    ("columns", "fact"),
    [
        ({"item_id": 7}, {"item_id": "7"}),
        ({"title": "試作\u3000補助\u2fa6"}, {"title": "試作 補助金"}),
        ({"recommendation_type": "amendment"}, {"recommendation_type": "amendment"}),
        ({"industries": "ED"}, {"industries": "DE"}),
        ({"industries": "any"}, {"industries": "any"}),
        ({"industries": "ABCDEFGHIJKLMNOPQ"}, {"industries": "any"}),
        ({"industries": ""}, {"industries": "unknown"}),
        ({"industries": "d, 42, 情報通信業"}, {"industries": "DGH"}),
        ({"industries": "pack_construction、r"}, {"industries": "DR"}),
        ({"industries": "Any"}, {"industries": "any"}),
        ({"industries": "unknown"}, {"industries": "unknown"}),
        ({"prefectures": None}, {"prefectures": "nationwide"}),
        ({"prefectures": "Nationwide"}, {"prefectures": "nationwide"}),
        ({"prefectures": "全国"}, {"prefectures": "nationwide"}),
        (
            {"prefectures": "TOKYO-TO, Ōsaka;Aichi Prefecture 京都"},
            {"prefectures": "東京都,愛知県,京都府,大阪府"},
        ),
        ({"prefectures": "Tokyo Metropolis / 北海道地方"}, {"prefectures": "北海道,東京都"}),
        (
            {"opens_on": "令和8年7月1日", "closes_on": "2026/8/31 17:00"},
            {"opens_on": "2026-07-01", "closes_on": "2026-08-31"},
        ),
        ({"closes_on": 20260831}, {"closes_on": "2026-08-31"}),
        ({"closes_on": "2026-09-01T00:00"}, {"closes_on": "2026-08-31"}),
        ({"prefectures": "海外"}, {"left_out": "overseas only"}),
        ({"opens_on": "", "closes_on": None, "risk_level": ""}, {}),
        # what a person lists on purpose is judged by no rule for scraped titles, and helped by no keyword
        ({"title": "農業補助金のお知らせ"}, {"title": "農業補助金のお知らせ"}),
    ],
)
def test_values_are_read_as_in_the_built_in_sources(listed, columns, fact):
    expected = Candidate("program", "p1", "試作補助金")._replace(**fact)
    assert listed(one(**columns)) == [expected]


@pytest.mark.parametrize(
    ("columns", "rolling", "has_family"),
    [
        ({"title": "店舗の改装支援補助金"}, 0, True),
        ({"title": "店舗の改装支援補助金(随時)"}, 1, True),
        ({"title": "店舗の改装支援補助金(随時)", "closes_on": "2026-08-31"}, None, True),
        ({"title": "補助金"}, 0, False),
        ({"title": "店舗の改装支援補助金(随時)", "recommendation_type": "amendment"}, None, False),
        (
            {"title": "店舗の改装支援補助金(随時)", "recommendation_type": "industry_pack"},
            None,
            False,
        ),
    ],
)
def test_only_programs_are_asked_for_their_family_and_whether_they_are_rolling(
    listed, columns, rolling, has_family
):
    (found,) = listed(one(**columns), MODEL)
    assert (found.rolling, found.family is not None) == (rolling, has_family)
    (as_before,) = listed(one(**columns))
    assert found._replace(rolling=None, family=None, family_name=None) == as_before


def test_it_adds_to_the_tables_and_the_packs(db, listed):
    db.execute("CREATE TABLE programs (unified_id, primary_name)")
    db.execute("INSERT INTO programs VALUES ('p1', '設備更新補助金')")
    sql = f"{one()} UNION ALL {one(recommendation_type='industry_pack', item_id='own_pack')}"
    assert [(item.recommendation_type, item.title, item.left_out) for item in listed(sql)] == [
        ("program", "設備更新補助金", None),
        ("program", "試作補助金", "duplicate id"),
        ("industry_pack", "試作補助金", None),
    ]


def test_a_type_it_lists_has_no_wildcard_and_the_packs_are_there(db, tmp_path):
    path = tmp_path / "own.sql"
    path.write_text(one(recommendation_type="amendment"), encoding="utf-8")
    found = [
        (item.recommendation_type, item.item_id) for item in read_catalogue(db, AS_OF, MODEL, path)
    ]
    assert found == [
        *(("industry_pack", pack) for pack in sorted(MODEL.constants["packs"])),
        ("amendment", "p1"),
        ("program", "*"),
        ("saved_search", "*"),
    ]


@pytest.mark.parametrize(
    "sql",
    [
        "\ufeff/* ours */ -- all\nSELECT 'program' AS recommendation_type, id AS item_id,"
        " name AS title FROM own;\n-- the end\n",
        "WITH own2 AS (SELECT * FROM own) SELECT 'program' AS recommendation_type, id AS item_id,"
        " upper(name) AS title FROM own2 WHERE id IN (SELECT value FROM json_each('[1, 2]'))",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2)"
        " SELECT 'program' AS recommendation_type, i AS item_id, name AS title FROM n JOIN own ON id = i",
    ],
)
def test_anything_that_only_reads_is_allowed(listed, sql):
    assert [item.title for item in listed(sql)] == ["甲の補助金", "乙の補助金"]


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM own",
        "INSERT INTO own VALUES (3, 'x') RETURNING 'program' AS recommendation_type",
        "UPDATE own SET name = 'x'",
        "/* SELECT */ DELETE FROM own",
        "-- SELECT\nDELETE FROM own",
        "CREATE TABLE other (x)",
        "CREATE TEMP TABLE other (x)",
        "DROP TABLE own",
        "ATTACH 'stolen.db' AS stolen",
        "DETACH main",
        "PRAGMA query_only = 0",
        "PRAGMA user_version = 7",
        "BEGIN",
        "COMMIT",
        "VACUUM INTO 'copy.db'",
        "VACUUM",
        "REINDEX",
        "ANALYZE",
        "SAVEPOINT x",
        "EXPLAIN SELECT 1",
        "",
        "-- SELECT",
        "/* SELECT",
    ],
)
def test_what_is_no_select_is_refused(listed, untouched, sql):
    assert refusal(listed, sql) == f"own.sql: it does not begin with SELECT - {ADVICE}"


@pytest.mark.parametrize(
    "sql",
    [
        "WITH x AS (SELECT 1) DELETE FROM own",
        "WITH x AS (SELECT 1) INSERT INTO own SELECT 3, 'x' FROM x",
        "SELECT * FROM pragma_user_version",
        "SELECT load_extension('x')",
    ],
)
def test_a_statement_that_does_more_than_read_does_not_compile(listed, untouched, sql):
    assert refusal(listed, sql) == f"own.sql: not authorized - {ADVICE}"


def test_the_schema_is_not_modified_either(listed, untouched):
    sql = "WITH x AS (SELECT 1) UPDATE sqlite_master SET sql = NULL"
    assert refusal(listed, sql) == f"own.sql: table sqlite_master may not be modified - {ADVICE}"


@pytest.mark.parametrize(
    ("sql", "fault"),
    [
        ("SELECT * FROM nowhere", "no such table: nowhere"),
        ("SELECT 1 FRUM own", 'near "own": syntax error'),
    ],
)
def test_sql_that_fails_is_refused_with_sqlites_message(listed, sql, fault):
    assert refusal(listed, sql) == f"own.sql: {fault} - {ADVICE}"


def test_more_than_one_statement_is_refused_and_none_is_run(db, listed):
    assert "one statement at a time" in refusal(listed, f"{one()}; DELETE FROM own")
    assert db.execute("SELECT count(*) FROM own").fetchone() == (2,)


def test_sql_that_fails_on_a_later_row_is_refused_too(listed):
    sql = (
        "SELECT 'program' AS recommendation_type, id AS item_id,"
        " CASE id WHEN 1 THEN name ELSE abs(-9223372036854775808) END AS title FROM own"
    )
    assert refusal(listed, sql) == f"own.sql: integer overflow - {ADVICE}"


INDUSTRIES = "write letters A to T, official names, two-digit groups, packs of the model, or any"
AREAS = "write prefectures (東京都, 東京 or Tokyo), blocks (関東), nationwide or 海外"
COLUMNS = (
    (
        "SELECT 1 AS item_id, 'x' AS title",
        "own.sql: no column recommendation_type - name one so with AS",
    ),
    (
        "SELECT 'program' AS recommendation_type, 'x' AS title",
        "own.sql: no column item_id - name one so with AS",
    ),
    (
        "SELECT 'program' AS recommendation_type, 1 AS item_id",
        "own.sql: no column title - name one so with AS",
    ),
    (
        one(closes="2026-08-31"),
        f"own.sql: unknown column closes - did you mean closes_on? known are {KNOWN}",
    ),
    (
        one(RISK_LEVEL="low"),
        f"own.sql: unknown column RISK_LEVEL - did you mean risk_level? known are {KNOWN}",
    ),
    (one(owner="7"), f"own.sql: unknown column owner - known are {KNOWN}"),
    (one() + ", 'x' AS title", f"own.sql: two columns title - known are {KNOWN}"),
)


@pytest.mark.parametrize(("sql", "message"), COLUMNS)
def test_a_column_missing_or_unknown_is_named(listed, sql, message):
    assert refusal(listed, sql) == message


VALUES = (
    (
        {"recommendation_type": "saved_search"},
        f"own.sql row 1, item 'p1': recommendation_type 'saved_search' - use {TYPES}",
    ),
    (
        {"recommendation_type": None},
        f"own.sql row 1, item 'p1': recommendation_type None - use {TYPES}",
    ),
    ({"item_id": ""}, "own.sql row 1: item_id is blank - every item needs one"),
    ({"item_id": None}, "own.sql row 1: item_id is blank - every item needs one"),
    ({"title": "\u3000"}, "own.sql row 1, item 'p1': title is blank - every item needs one"),
    (
        {"item_id": "*"},
        "own.sql row 1: item_id is *, which stands for a type without a catalogue - give another",
    ),
    (
        {"industries": "宇宙"},
        f"own.sql row 1, item 'p1': industries '宇宙' is not readable - {INDUSTRIES}",
    ),
    # retail and what cannot be classified, to nobody who writes it
    (
        {"industries": "IT"},
        f"own.sql row 1, item 'p1': industries 'IT' is not readable - {INDUSTRIES}",
    ),
    (
        {"prefectures": "東京都 / 江戸"},
        f"own.sql row 1, item 'p1': prefectures '東京都 / 江戸' is not readable - {AREAS}",
    ),
    (
        {"prefectures": "横浜市"},
        f"own.sql row 1, item 'p1': prefectures '横浜市' is not readable - {AREAS}",
    ),
    (
        {"opens_on": "7月31日"},
        "own.sql row 1, item 'p1': opens_on '7月31日' is not readable - write it like 2026-07-31",
    ),
    (
        {"closes_on": "2026-02-30"},
        "own.sql row 1, item 'p1': closes_on '2026-02-30' is not readable - write it like 2026-07-31",
    ),
    (
        {"risk_level": "Low"},
        "own.sql row 1, item 'p1': risk_level 'Low' is not readable - write low, medium, high, or leave it empty",
    ),
    (
        {"opens_on": "2026-08-02", "closes_on": "2026-08-01"},
        "own.sql row 1, item 'p1': closes_on 2026-08-01 is before opens_on 2026-08-02 - mend one",
    ),
)


@pytest.mark.parametrize(("columns", "message"), VALUES)
def test_a_value_that_is_not_readable_is_named_with_its_item_and_column(listed, columns, message):
    assert refusal(listed, one(**columns)) == message


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda path: None,
            "own.sql: No such file or directory - pass --catalogue a readable file",
        ),
        (lambda path: path.mkdir(), "own.sql: Is a directory - pass --catalogue a readable file"),
        (lambda path: path.write_bytes(b"\xff"), "own.sql is not UTF-8 text - save it as UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(db, tmp_path, make, message):
    path = tmp_path / "own.sql"
    make(path)
    with pytest.raises(PersonalizationError) as error:
        list(read_catalogue(db, AS_OF, MODEL, path))
    assert str(error.value) == f"{tmp_path}/{message}"


def test_candidates_can_be_stored_through_the_connection_they_are_read_from(db, tmp_path):
    path = tmp_path / "own.sql"
    path.write_text(
        "SELECT 'program' AS recommendation_type, id AS item_id, name AS title FROM own",
        encoding="utf-8",
    )
    db.execute("CREATE TEMP TABLE plan (item_id, title)")
    found = read_catalogue(db, AS_OF, MODEL, path)
    db.executemany("INSERT INTO plan VALUES (?, ?)", (item[1:3] for item in found))
    sql = "SELECT title FROM plan WHERE item_id IN ('1', '2') ORDER BY 1"
    assert db.execute(sql).fetchall() == [("乙の補助金",), ("甲の補助金",)]


def test_titles_and_ids_of_an_own_catalogue_are_what_a_reader_can_see(listed):
    (found,) = listed(one(item_id="p\x1b[31m1", title="<b>試作</b>&amp;改良\x1b" + "補" * 400))
    assert (found.item_id, found.title) == ("p[31m1", "試作&改良" + "補" * 294 + "…")


@pytest.mark.parametrize(
    ("title", "message"),
    [
        ("x'ff'", "own.sql row 1, item 'p1': title is not text - every item needs one"),
        ("x'e8a39c'", "own.sql row 1, item 'p1': title is not text - every item needs one"),
        ("'補助\ufffd'", "own.sql row 1, item 'p1': title is not text - every item needs one"),
        ("'<br>'", "own.sql row 1, item 'p1': title is blank - every item needs one"),
        (
            "CAST(x'73656372657480' AS TEXT)",
            "own.sql row 1, item 'p1': title is not text - every item needs one",
        ),
    ],
)
def test_a_title_that_is_no_text_is_refused_without_being_shown(listed, title, message):
    sql = f"SELECT 'program' AS recommendation_type, 'p1' AS item_id, {title} AS title"
    assert refusal(listed, sql) == message


def test_an_id_that_is_too_long_is_refused(listed):
    assert (
        refusal(listed, one(item_id="x" * 201))
        == "own.sql row 1: item_id is longer than 200 characters - give it a shorter one"
    )


def test_a_select_that_never_ends_is_ended(tmp_path, monkeypatch):
    from sqlite_utils_personalization.catalogue import user_select

    monkeypatch.setattr(user_select, "MOST_STEPS", 1_000_000)
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
    path = tmp_path / "own.sql"
    for sql in (
        f"{endless} SELECT 'program' AS recommendation_type, 'x' AS item_id, 'y' AS title FROM n WHERE i < 0",
        f"{endless} SELECT 'program' AS recommendation_type, i AS item_id, 'y' AS title FROM n",
    ):
        path.write_text(sql, encoding="utf-8")
        with pytest.raises(
            PersonalizationError, match="it takes more than 60 seconds or 1,000,000 steps"
        ):
            for _ in user_select.extra_candidates(
                sqlite3.connect(":memory:"), path, MODEL.constants
            ):
                pass


def test_every_fault_of_a_select_is_told_in_one_run(listed):
    rows = [
        one(industries="宇宙", closes="x"),
        one(industries="DE", closes="x", item_id="p2"),
        one(industries="Z", closes="x", item_id="p3", recommendation_type="saved_search"),
        *(one(industries="Y", closes="x", item_id=f"q{number}") for number in range(5)),
    ]
    assert refusal(listed, " UNION ALL ".join(rows)).splitlines() == [
        "own.sql: 9 faults",
        f"  unknown column closes - did you mean closes_on? known are {KNOWN}",
        f"  row 1, item 'p1': industries '宇宙' is not readable - {INDUSTRIES}",
        "  row 3, item 'p3': industries 'Z' is not readable",
        "  row 4, item 'q0': industries 'Y' is not readable",
        "  and 4 more like it",
        f"  row 3, item 'p3': recommendation_type 'saved_search' - use {TYPES}",
    ]


def test_a_row_that_sql_fails_on_hides_no_fault_before_it(listed):
    sql = (
        "SELECT CASE value WHEN 1 THEN 'x' ELSE 'program' END AS recommendation_type, value AS item_id,"
        " CASE value WHEN 3 THEN abs(-9223372036854775805 - value) ELSE 'y' END AS title FROM json_each('[1, 2, 3]')"
    )
    assert refusal(listed, sql).splitlines() == [
        "own.sql: 2 faults",
        f"  integer overflow - {ADVICE}",
        f"  row 1, item '1': recommendation_type 'x' - use {TYPES}",
    ]


@pytest.mark.parametrize("other", ["p1", "p\u200b1", "p\x1b1"])
def test_two_items_of_one_id_are_told_with_both_rows(listed, other):
    sql = (
        f"{one()} UNION ALL {one(item_id='p2')} UNION ALL {one(item_id=other, prefectures='海外')}"
    )
    sql = sql.replace("'試作補助金' AS title", "'試作補助金' AS title, NULL AS prefectures", 2)
    assert (
        refusal(listed, sql)
        == "own.sql row 1 and row 3: both program 'p1' - give each its own item_id"
    )


def test_one_id_of_two_types_is_two_items(listed):
    assert len(listed(f"{one()} UNION ALL {one(recommendation_type='amendment')}")) == 2


@pytest.mark.parametrize(
    "value",
    ["taro@example.com", "０９０-1234-5678", "x" * 1000, "x" * 100_000, "x'ff00'", "1234567890123"],
)
def test_a_refused_value_that_may_be_personal_or_long_is_not_repeated(listed, value):
    sql = one(item_id=value).replace("'x'ff00''", "x'ff00'")
    told = refusal(listed, f"{sql}, '{value.replace(chr(39), '')}' AS industries")
    assert value not in told
    assert len(told) < 400


def test_what_a_night_stored_reads_as_itself(listed):
    area = "東京都,大阪府"
    for kept in (
        Candidate("program", "p1", "試作", "DE", area, "2026-07-01", None, "low"),
        Candidate("amendment", "p1", "試作", "any", "nationwide"),
        Candidate("program", "p1", "試作"),
    ):
        columns = {name: kept._asdict()[name] for name in KNOWN.split(", ")}
        assert listed(one(**columns)) == [kept]


@pytest.mark.skipif(sys.version_info < (3, 11), reason="SQLite is told from Python 3.11 on")
@pytest.mark.parametrize("value", ["hex(zeroblob(9000000))", "zeroblob(100000000)"])
def test_no_value_fills_the_memory(listed, value):
    told = refusal(listed, f"{one()}, {value} AS industries")
    assert told == f"own.sql: string or blob too big - {ADVICE}"


def test_a_column_that_is_called_what_it_does_is_cut(listed):
    told = refusal(listed, f"{one()}, '{'x' * 100_000}', {', '.join(map(str, range(500)))}")
    assert "unknown column 'xxxx" in told
    assert "and 498 more like it" in told
    assert len(told) < 1000


def test_what_is_refused_reads_no_customer(db, listed):
    """Wherever the SELECT finds it: a column that was taken by mistake."""
    db.execute("CREATE TABLE customers (mail, phone)")
    db.execute("INSERT INTO customers VALUES ('taro@example.com', '090-1234-5678')")
    sql = (
        "SELECT 'program' AS recommendation_type, mail AS item_id, phone AS title, mail AS industries,"
        " phone AS closes_on, mail AS risk_level FROM customers"
    )
    told = refusal(listed, f"{sql} UNION ALL {sql}")
    assert told.startswith("own.sql: 7 faults")
    assert not re.search("taro|1234", told)
