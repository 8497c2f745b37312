"""Amendments and saved searches: candidates that hang on a program or on an owner."""

import json
import sqlite3
from contextlib import closing
from datetime import datetime

import oracle
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from strategies import old

from sqlite_utils_personalization.catalogue.candidate import Candidate
from sqlite_utils_personalization.catalogue.read import read_catalogue
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.model.model import Model, load_model

AS_OF = "2026-07-22"
MODEL = load_model()
OLD = Model(old(MODEL.constants))
FIELDS = MODEL.constants["amendments"]["fields"]
PROGRAM = "設備更新補助金"

TABLES = """
CREATE TABLE jgrants_programs (id TEXT, name TEXT, industry TEXT, area_raw TEXT, open_at TEXT, close_at TEXT);
INSERT INTO jgrants_programs VALUES
    ('a0W1', '設備更新補助金', '製造業', '香川県', '2026-06-01', '2026-08-01'),
    ('a0W9', '設備更新補助金 撤回届', '製造業', '香川県', '2026-06-01', '2026-08-01');
CREATE TABLE programs (unified_id TEXT, primary_name TEXT, tier TEXT);
INSERT INTO programs VALUES ('UNI-1', '農業支援補助金', 'B'), ('a0W1', '補助金のお知らせ', 'B');
CREATE TABLE am_amendment_diff (
    diff_id INTEGER PRIMARY KEY, entity_id, field_name, prev_value, new_value, detected_at, prev_hash
);
"""
SEARCHES = """
CREATE TABLE am_personalization_profile (profile_id INTEGER PRIMARY KEY, user_token_hash TEXT UNIQUE);
INSERT INTO am_personalization_profile VALUES (11, 'hash-a'), (12, 'hash-b');
CREATE TABLE saved_searches (id, api_key_hash, name, query_json, notify_email);
"""


@pytest.fixture
def db():
    with closing(sqlite3.connect(":memory:")) as conn:
        yield conn


def read(db, kind, model=MODEL, as_of=AS_OF):
    found = read_catalogue(db, as_of, model)
    return [candidate for candidate in found if candidate.recommendation_type == kind]


def amendments(db, *changes, model=MODEL, as_of=AS_OF):
    """Of rows from entity_id on, numbered from 1; the hash of the previous value may be left away."""
    db.executescript(TABLES)
    rows = [(None, *change, None)[:7] for change in changes]
    db.executemany("INSERT INTO am_amendment_diff VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    return read(db, "amendment", model, as_of)


def of_program(field, before, after, day="2026-07-20", known="hash"):
    """A change of a0W1, by default one whose previous value had been observed."""
    return ("a0W1", field, before, after, f"{day}T07:00:00+09:00" if len(day) == 10 else day, known)


def test_an_amendment_has_its_programs_facts_and_says_what_changed(db):
    change = ("a0W1", "close_at", "2026-07-01", "2026-08-01", "2026-07-20T07:00:00+09:00")
    assert amendments(db, change) == [
        Candidate(
            "amendment",
            "1",
            "設備更新補助金 ― 新しい締切 2026年8月1日(前回 2026年7月1日)",
            "E",
            "香川県",
            "2026-06-01",
            "2026-08-01",
            why='{"program":"a0W1"}',
            family="香川県@|設備更新補助金",
            family_name="香川県@|設備更新補助金",
        )
    ]


def test_an_amendment_keeps_why_its_program_is_what_it_is(db):
    assert amendments(db, ("UNI-1", "subsidy_rate", "1/2", "2/3", AS_OF)) == [
        Candidate(
            "amendment",
            "1",
            "農業支援補助金 ― 補助率を変更 2/3(変更前 1/2)",
            "A",
            risk_level="medium",
            why='{"keyword":"農業","program":"UNI-1","tier":"B"}',
            rolling=0,
            family="nationwide@|農業支援補助金",
            family_name="nationwide@|農業支援補助金",
        )
    ]


def test_an_amendment_is_of_its_programs_family_and_as_rolling_as_it(db):
    changes = [(one, "subsidy_rate", "1/2", "2/3", AS_OF) for one in ("UNI-1", "a0W1")]
    amendments(db, *changes)
    programs = {found.item_id: found for found in read(db, "program", MODEL) if not found.left_out}
    found = [(one.rolling, one.family, one.family_name) for one in read(db, "amendment", MODEL)]
    assert found == [
        (one.rolling, one.family, one.family_name) for one in (programs["UNI-1"], programs["a0W1"])
    ]
    assert [one[0] for one in found] == [0, None]
    assert None not in [one[1] for one in found]


@pytest.mark.parametrize("model", [MODEL, OLD], ids=["one", "each"])
@pytest.mark.parametrize(
    ("detected_at", "rule"),
    [
        ("2026-07-22T23:59:59+09:00", None),
        ("2026-07-22 14:59:59", None),
        ("2026-07-22 15:00:00", "not seen in the last 30 days"),
        ("2026-08-01", "not seen in the last 30 days"),
        # thirty days that end on 22 July begin on 23 June
        ("2026-06-23T00:00:00+09:00", None),
        ("2026-06-22 15:00:00", None),
        ("2026-06-22T23:59:59+09:00", "not seen in the last 30 days"),
        ("yesterday", "date not readable"),
        (None, "date not readable"),
        (b"2026-07-20", "date not readable"),
    ],
)
def test_an_amendment_counts_for_thirty_days_in_japan(db, detected_at, rule, model):
    change = ("a0W1", "subsidy_rate", "1/2", "2/3", detected_at)
    (found,) = amendments(db, change, model=model)
    assert found.left_out == rule


@pytest.mark.parametrize("model", [MODEL, OLD], ids=["one", "each"])
@pytest.mark.parametrize("field", ["close_at", "name"])
@pytest.mark.parametrize(
    ("program_id", "rule"),
    [("a0W2", "program unknown"), (None, "program unknown"), ("a0W9", "program left out")],
)
def test_an_amendment_to_what_is_no_candidate_is_left_out(db, program_id, rule, field, model):
    change = (program_id, field, None, "2026-09-01", AS_OF)
    (found,) = amendments(db, change, model=model)
    assert found.left_out == rule


@pytest.mark.parametrize(
    ("field", "before", "after", "title"),
    [
        ("name", "甲　補助金", "乙補助金", f"{PROGRAM} 名称: 甲 補助金 → 乙補助金"),
        ("open_at", "", "2026-06-01", f"{PROGRAM} 受付開始: 記載なし → 2026-06-01"),
        ("amount_max_yen", "0", "5000000", f"{PROGRAM} 上限額: 記載なし → 5000000"),
        ("amount_max_yen", "999999999999999", "", f"{PROGRAM} 上限額: 記載なし → 記載なし"),
        ("target_employees", "0", "20名以下", f"{PROGRAM} 従業員数: 0 → 20名以下"),
        ("url", "a", "b", f"{PROGRAM} url: a → b"),
        ("subsidy_rate", "<b>1/2</b>", b"2/3", f"{PROGRAM} 補助率: 1/2 → 2/3"),
        ("close_at", "2026-07-01", "2026-07-01", f"{PROGRAM} 受付終了: 2026-07-01 → 2026-07-01"),
    ],
)
def test_without_the_constants_the_title_names_the_field_and_both_values(
    db, field, before, after, title
):
    (found,) = amendments(db, ("a0W1", field, before, after, AS_OF), model=OLD)
    assert (found.title, found.left_out) == (title, None)


def test_without_the_constants_two_changes_of_one_program_are_two_amendments(db):
    changes = [of_program("open_at", None, "2026-06-01")] * 2
    found = amendments(db, *changes, model=OLD)
    assert [(one.item_id, one.left_out) for one in found] == [("1", None), ("2", None)]


def test_without_the_constants_a_first_observation_is_no_amendment_either(db):
    (found,) = amendments(db, of_program("amount_max_yen", None, "3000000", known=None), model=OLD)
    assert found.left_out == "first observation"


# What jpcite's own diff follows, beside the amount.
OF_JPCITE = (
    *("subsidy_rate_max", "program.subsidy_rate", "program.prerequisite"),
    *("program.target_entity", "program.target_business_size", "program.application_channel"),
    *("program.application_period", "program.application_period_r7"),
)


@pytest.mark.parametrize("field", OF_JPCITE)
def test_a_field_that_jpcite_follows_is_told_in_japanese(db, field):
    (found,) = amendments(db, of_program(field, "中小企業", "個人事業主\x1e中小企業"))
    assert found.left_out is None
    name, told = found.title.split(" ― ")
    assert (name, told.isascii(), field in told, "\x1e" in told) == (PROGRAM, False, False, False)


def test_the_sum_of_three_other_fields_is_no_amendment_of_its_own(db):
    (found,) = amendments(db, of_program("eligibility_text", "個人\x1f\x1f", "法人\x1f\x1f"))
    assert found.left_out == "field not followed"


def mapped(db, *pairs, entity="program:06_base:000001:abc"):
    """The candidate of one change of that entity, where entity_id_map holds the pairs of an id and a confidence."""
    db.execute(
        "CREATE TABLE entity_id_map (jpi_unified_id TEXT, am_canonical_id TEXT, confidence REAL)"
    )
    db.executemany(
        f"INSERT INTO entity_id_map VALUES (?, '{entity}', ?)", [(*pair, 1.0)[:2] for pair in pairs]
    )
    (found,) = amendments(db, (entity, "amount_max_yen", "3000000", "5000000", AS_OF))
    return json.loads(found.why).get("program"), found.left_out


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([("UNI-1",)], ("UNI-1", None)),
        ([], (None, "program unknown")),
        ([("UNI-404",)], (None, "program unknown")),
        ([("a0W9",)], (None, "program left out")),
        ([("UNI-404", 1.0), ("UNI-1", 0.8)], ("UNI-1", None)),
        ([("a0W1", 0.7), ("UNI-1", 0.9)], ("UNI-1", None)),
        ([("UNI-1", 0.7), ("a0W1", 0.7)], ("UNI-1", None)),
        ([("a0W9", 1.0), ("UNI-1", 0.1)], ("UNI-1", None)),
        ([("UNI-1",), ("UNI-1",)], ("UNI-1", None)),
        ([(None,), ("UNI-1",)], ("UNI-1", None)),
        ([(b"\xff",), ("UNI-1",)], ("UNI-1", None)),
    ],
)
def test_an_entity_is_the_surest_program_it_is_mapped_to_that_is_there(db, pairs, expected):
    assert mapped(db, *pairs) == expected


def test_an_entity_that_is_a_programs_own_id_needs_no_map(db):
    assert mapped(db, entity="a0W1") == ("a0W1", None)


def test_a_map_without_its_columns_is_named(db):
    db.execute("CREATE TABLE entity_id_map (jpi_unified_id TEXT)")
    sentence = "entity_id_map has no column am_canonical_id"
    with pytest.raises(PersonalizationError, match=sentence):
        amendments(db, of_program("close_at", "2026-07-01", "2026-08-01"))


def test_two_entities_of_one_program_are_one_amendment(db):
    db.executescript(
        "CREATE TABLE entity_id_map (jpi_unified_id TEXT, am_canonical_id TEXT);"
        "INSERT INTO entity_id_map VALUES ('UNI-1', 'program:a'), ('UNI-1', 'program:b')"
    )
    changes = [
        ("program:a", "subsidy_rate", "1/2", "2/3", LATER),
        ("program:b", "amount_max_yen", "3000000", "5000000", EARLIER),
    ]
    found = amendments(db, *changes)
    assert [one.left_out for one in found] == [None, "told with a newer change"]
    assert (
        found[0].title
        == "農業支援補助金 ― 上限額を引き上げ 500万円(変更前 300万円)、補助率を変更 2/3(変更前 1/2)"
    )


LATER, EARLIER = "2026-07-20", "2026-07-10"

RULES = (
    (
        "the newest of the followed fields stands, and tells the others in the order of the model",
        [
            of_program("subsidy_rate", "1/2", "2/3", LATER),
            of_program("name", "旧", PROGRAM, LATER),
            of_program("amount_max_yen", "1000000", "2000000", EARLIER),
        ],
        [None, "field not followed", "told with a newer change"],
        "上限額を引き上げ 200万円(変更前 100万円)、補助率を変更 2/3(変更前 1/2)",
    ),
    (
        "of one field the newest stands for all, from the first value to the last",
        [
            of_program("subsidy_rate", "1/3", "1/2", EARLIER),
            of_program("subsidy_rate", "1/2", "2/3", LATER),
        ],
        ["superseded", None],
        "補助率を変更 2/3(変更前 1/3)",
    ),
    (
        "the order of the days counts, not that of the numbers",
        [
            of_program("subsidy_rate", "1/2", "2/3", LATER),
            of_program("subsidy_rate", "1/3", "1/2", EARLIER),
        ],
        [None, "superseded"],
        "補助率を変更 2/3(変更前 1/3)",
    ),
    (
        "what was changed and changed back is nothing",
        [
            of_program("subsidy_rate", "1/2", "2/3", EARLIER),
            of_program("subsidy_rate", "2/3", "1/2", LATER),
        ],
        ["superseded", "changed back"],
        None,
    ),
    (
        "what was changed back does not hide another change",
        [
            of_program("amount_max_yen", "1000000", "2000000", EARLIER),
            of_program("subsidy_rate", "1/2", "2/3", EARLIER),
            of_program("subsidy_rate", "2/3", "1/2", LATER),
        ],
        [None, "superseded", "changed back"],
        "上限額を引き上げ 200万円(変更前 100万円)",
    ),
    (
        "what reads the same is no change, but may say the day better",
        [
            of_program("close_at", "2026-06-30", "2026-08-09", EARLIER),
            of_program("close_at", "2026-08-09", "2026-08-10T08:30+09:00", LATER),
        ],
        [None, "reads the same"],
        "新しい締切 2026年8月10日(前回 2026年6月30日)",
    ),
    (
        "the first observation of a field is no change",
        [of_program("close_at", None, "2026-08-01", known=None)],
        ["first observation"],
        None,
    ),
    (
        "what follows the first observation is",
        [
            of_program("amount_max_yen", None, "1000000", EARLIER, None),
            of_program("amount_max_yen", "1000000", "2000000", LATER),
        ],
        ["first observation", None],
        "上限額を引き上げ 200万円(変更前 100万円)",
    ),
    (
        "where something had been observed, what is stated now is news",
        [of_program("close_at", None, "2026-08-01"), of_program("amount_max_yen", "0", "10000000")],
        ["told with a newer change", None],
        "締切 2026年8月1日(これまで記載なし)、上限額 1,000万円(これまで記載なし)",
    ),
    (
        "what is stated no longer is left out, and so is what says it is not known",
        [
            of_program("close_at", "2026-08-01", None),
            of_program("amount_max_yen", "1000000", "999999999999999"),
            of_program("subsidy_rate", "1/2", " "),
        ],
        ["no longer stated"] * 3,
        None,
    ),
    (
        "what was lost and observed again has changed since before",
        [
            of_program("subsidy_rate", "1/2", None, EARLIER),
            of_program("subsidy_rate", None, "2/3", LATER, None),
        ],
        [None, "first observation"],
        "補助率を変更 2/3(変更前 1/2)",
    ),
    (
        "of what was seen at one moment the higher number is the newer, however the moment is written",
        [
            *[of_program("target_employees", "a", "b", "2026-06-01")] * 8,
            of_program("subsidy_rate", "1/2", "2/3", "2026-07-19T22:00:00+00:00"),
            of_program("subsidy_rate", "2/3", "3/4", "2026-07-20 07:00:00+0900"),
        ],
        [*["not seen in the last 30 days"] * 8, "superseded", None],
        "補助率を変更 3/4(変更前 1/2)",
    ),
    (
        "what is seen only later does not count yet",
        [
            of_program("subsidy_rate", "1/2", "2/3", EARLIER),
            of_program("subsidy_rate", "2/3", "1/2", "2026-07-23"),
        ],
        [None, "not seen in the last 30 days"],
        "補助率を変更 2/3(変更前 1/2)",
    ),
)


@pytest.mark.parametrize(
    ("changes", "expected", "told"), [case[1:] for case in RULES], ids=[case[0] for case in RULES]
)
def test_one_amendment_per_program(db, changes, expected, told):
    found = sorted(amendments(db, *changes), key=lambda one: int(one.item_id))
    assert [one.left_out for one in found] == expected
    kept = [one.title for one in found if one.left_out is None]
    assert kept == ([f"{PROGRAM} ― {told}"] if told else [])


def test_each_program_has_an_amendment_of_its_own(db):
    changes = [(program, "subsidy_rate", "1/2", "2/3", AS_OF) for program in ("a0W1", "UNI-1")]
    assert [one.left_out for one in amendments(db, *changes)] == [None, None]


def test_without_a_column_of_hashes_a_value_that_was_missing_was_not_observed(db):
    db.executescript(TABLES)
    # DROP COLUMN is younger than the oldest SQLite.
    db.executescript(
        "DROP TABLE am_amendment_diff; CREATE TABLE am_amendment_diff"
        "(diff_id, entity_id, field_name, prev_value, new_value, detected_at)"
    )
    db.execute(
        "INSERT INTO am_amendment_diff VALUES (1, 'a0W1', 'close_at', NULL, '2026-08-01', '2026-07-20')"
    )
    assert [one.left_out for one in read(db, "amendment")] == ["first observation"]


def test_the_fields_that_are_followed_are_the_models(db):
    constants = MODEL.constants["amendments"] | {"fields": ["name", "締切"]}
    model = Model(MODEL.constants | {"amendments": constants})
    changes = [of_program("close_at", "2026-07-01", "2026-08-01"), of_program("name", "旧", "新")]
    found = amendments(db, *changes, model=model)
    assert [(one.left_out, one.title) for one in found] == [
        ("field not followed", f"{PROGRAM} ― 新しい締切 2026年8月1日(前回 2026年7月1日)"),
        (None, f"{PROGRAM} ― 制度名を変更 新(変更前 旧)"),
    ]


def test_an_amendment_says_the_same_every_night_until_something_else_is_seen(db):
    amendments(
        db,
        of_program("close_at", "2026-06-30", "2026-08-31", "2026-07-02"),
        of_program("subsidy_rate", "1/2", "2/3", "2026-07-02"),
        of_program("subsidy_rate", "2/3", "3/4", "2026-07-20"),
    )
    # The first two are older than thirty days from 1 August on, the last from 19 August on.
    nights = [f"2026-{day}" for day in ("07-20", "07-31", "08-01", "08-18", "08-19")]
    told = "新しい締切 2026年8月31日(前回 2026年6月30日)、補助率を変更 3/4(変更前 1/2)"
    kept = [
        [one.title for one in read(db, "amendment", as_of=night) if one.left_out is None]
        for night in nights
    ]
    assert kept == [[f"{PROGRAM} ― {told}"]] * 4 + [[]]


@pytest.mark.parametrize(("day", "before"), [("2026-06-21", "1/2"), ("2026-06-20", "2/3")])
def test_it_looks_back_as_many_days_as_a_change_counts(db, day, before):
    found = amendments(
        db,
        of_program("subsidy_rate", "1/2", "2/3", day),
        of_program("subsidy_rate", "2/3", "3/4", "2026-07-20"),
    )
    assert found[1].title == f"{PROGRAM} ― 補助率を変更 3/4(変更前 {before})"


def test_what_was_changed_back_does_not_come_back_when_its_beginning_is_old(db):
    amendments(
        db,
        of_program("subsidy_rate", "1/2", "2/3", "2026-07-02"),
        of_program("subsidy_rate", "2/3", "1/2", "2026-07-20"),
    )
    assert [one.left_out for one in read(db, "amendment", as_of="2026-08-10")] == [
        "not seen in the last 30 days",
        "changed back",
    ]


SAME = (
    ("close_at", "2026-07-31", "2026-07-31"),
    ("close_at", "2026-07-31", "２０２６-０７-３１"),
    ("close_at", "2026-07-31", "2026-07-31T17:00+09:00"),
    ("close_at", "2026-07-31T17:00+09:00", "2026-07-31 23:59:59"),
    ("close_at", "2026-07-31T23:59:59+09:00", "2026-08-01T00:00:00+09:00"),
    ("close_at", "2026-07-31", "2026-07-31T15:00:00Z"),  # midnight in Japan ends the day before
    # a plain date may have been cut from a UTC timestamp
    ("close_at", "2026-07-31", "2026-08-01"),
    ("close_at", "2026-08-01", "2026-07-31"),
    ("open_at", "2026-07-05", "2026-07-06T08:30+09:00"),
    ("open_at", "2026-07-06T08:30+09:00", "2026-07-05"),
    ("amount_max_yen", "3000000", "3,000,000円"),
    ("amount_max_yen", "3000000", "¥３,０００,０００"),
    ("amount_max_yen", 3000000, 3000000.0),
    ("amount_max_yen", "3000000", "3000000.00"),
    ("amount_max_yen", "3000000", "300万円"),
    ("amount_max_yen", "0", "999999999999999"),
    ("amount_max_yen", 0.0, None),
    ("subsidy_rate", "１／２", "1/2"),
    ("subsidy_rate", "1/2以内", "<p>1/2&nbsp;以内</p>\r\n"),
    ("subsidy_rate", "1/2以内", "&lt;b&gt;1/2&lt;/b&gt;以内"),
    ("subsidy_rate", "1/2", b"1/2"),
    ("subsidy_rate", "1/2", "1\u200b/\u202e2\x00"),
    ("target_employees", "小規模 事業者", "小規模事業者"),
    ("target_employees", "あ" * 1_000_000, "あ" * 1_000_000 + "い"),
    ("subsidy_rate", None, "\u3000"),
)


@pytest.mark.parametrize(("field", "before", "after"), SAME)
def test_what_reads_the_same_is_no_amendment(db, field, before, after):
    (found,) = amendments(db, of_program(field, before, after))
    assert found.left_out == "reads the same"


OTHER = (
    ("close_at", "2026-07-31", "2026-08-02"),
    ("close_at", "2026-07-31", "2026-08-01T17:00+09:00"),  # 1 August in UTC too
    ("open_at", "2026-07-06T08:30+09:00", "2026-07-05T08:30+09:00"),
    ("open_at", "2026-07-06T08:30+09:00", "2026-07-07"),
    ("close_at", "2026-07-31", "随時"),
    ("amount_max_yen", "3000000", "3000001"),
    ("amount_max_yen", "999999999999999", "999999999999998"),
    ("target_employees", "0", "20名以下"),
    ("subsidy_rate", "1 1/2", "11/2"),
    ("subsidy_rate", "補助率は1/2" + "、" * 60 + "甲", "補助率は1/2" + "、" * 60 + "乙"),
    ("subsidy_rate", "5 < 6", "5"),
    ("subsidy_rate", 0.5, 0.75),
)


@pytest.mark.parametrize(("field", "before", "after"), OTHER)
def test_what_reads_otherwise_is_one(db, field, before, after):
    (found,) = amendments(db, of_program(field, before, after))
    assert found.left_out is None


TITLES = (
    # a deadline that was over when the change was seen, on 20 July, and one that was not
    ("close_at", "2026-06-19", "2026-08-31", "新しい締切 2026年8月31日(前回 2026年6月19日)"),
    ("close_at", "2026-07-19", "2026-08-31", "新しい締切 2026年8月31日(前回 2026年7月19日)"),
    ("close_at", "2026-07-20", "2026-08-31", "締切を延長 2026年8月31日(変更前 2026年7月20日)"),
    ("close_at", "2026-09-30", "2026-08-31", "締切を前倒し 2026年8月31日(変更前 2026年9月30日)"),
    ("close_at", "2026-06-30", "2026-05-31", "締切を前倒し 2026年5月31日(変更前 2026年6月30日)"),
    ("close_at", "2026-07-31", "随時", "締切を変更 随時(変更前 2026年7月31日)"),
    ("close_at", "", "2026-08-31", "締切 2026年8月31日(これまで記載なし)"),
    (
        "close_at",
        "2026-07-31T17:00+09:00",
        "2026-08-31T15:00:00Z",
        "締切を延長 2026年8月31日(変更前 2026年7月31日)",
    ),
    ("open_at", "2026-08-01", "2026-08-10", "受付開始日を変更 2026年8月10日(変更前 2026年8月1日)"),
    ("amount_max_yen", "49000000", "51900000", "上限額を引き上げ 5,190万円(変更前 4,900万円)"),
    ("amount_max_yen", "150000000", 1e8, "上限額を引き下げ 1億円(変更前 1億5,000万円)"),
    ("amount_max_yen", "1234567", "9999", "上限額を引き下げ 9,999円(変更前 1,234,567円)"),
    ("amount_max_yen", "9999000", "9998500", "上限額を引き下げ 9,998,500円(変更前 9,999,000円)"),
    ("amount_max_yen", "5000000", "500万円以内", "上限額を変更 500万円以内(変更前 500万円)"),
    ("amount_max_yen", "-5", "1e15", "上限額を変更 1e15(変更前 -5)"),
    ("subsidy_rate", 0.5, "2/3以内", "補助率を変更 2/3以内(変更前 0.5)"),
    (
        "target_employees",
        "３００名以下",
        "従業員数の制約なし",
        "従業員要件を変更 従業員数の制約なし(変更前 300名以下)",
    ),
    (
        "target_employees",
        "常時使用する<br>従業員&amp;役員が20名以下の会社または個人事業主",
        "<a href='x'>なし</a>",
        "従業員要件を変更 なし(変更前 常時使用する 従業員&役員が20名以下の会社ま…)",
    ),
    (
        "subsidy_rate",
        "1/2",
        "＜ＤＸ枠＞2/3以内、その他は 賃上げをする事業者に限り",
        "補助率を変更 <DX枠>2/3以内、その他は 賃上げをする事…(変更前 1/2)",
    ),
    ("subsidy_rate", "1/2", "い" * 22 + " ろは", f"補助率を変更 {'い' * 22}…(変更前 1/2)"),
    ("subsidy_rate", "あ" * 30 + "甲", "あ" * 30 + "乙", "補助率を変更"),
)


@pytest.mark.parametrize(("field", "before", "after", "told"), TITLES)
def test_the_title_tells_a_change_as_a_reader_wants_it(db, field, before, after, told):
    (found,) = amendments(db, of_program(field, before, after))
    assert (found.title, found.left_out) == (f"{PROGRAM} ― {told}", None)


WINDOWS = (
    # opens and closes, before and after; seen on 20 July
    (
        ("2026-05-01", "2026-06-19", "2026-07-20", "2026-09-04"),
        "新しい受付期間 2026年7月20日〜9月4日(前回 2026年5月1日〜6月19日)",
    ),
    (
        ("2025-12-01", "2026-01-31", "2026-12-01", "2027-01-31"),
        "新しい受付期間 2026年12月1日〜2027年1月31日(前回 2025年12月1日〜2026年1月31日)",
    ),
    (
        ("2026-07-01", "2026-07-31", "2026-07-05", "2026-08-05"),
        "受付期間を変更 2026年7月5日〜8月5日(変更前 2026年7月1日〜7月31日)",
    ),
    (
        ("2026-07-25", "2026-07-25", "2026-09-05", "2026-09-05"),
        "受付期間を変更 2026年9月5日〜9月5日(変更前 2026年7月25日〜7月25日)",
    ),
    # no period
    (
        ("2026-07-01", "2026-07-31", "2026-09-05", "2026-09-01"),
        "締切を延長 2026年9月1日(変更前 2026年7月31日)、受付開始日を変更 2026年9月5日(変更前 2026年7月1日)",
    ),
    (
        ("2026-07-01", "", "2026-07-05", "2026-09-01"),
        "締切 2026年9月1日(これまで記載なし)、受付開始日を変更 2026年7月5日(変更前 2026年7月1日)",
    ),
)


@pytest.mark.parametrize(("days", "told"), WINDOWS)
def test_a_window_of_which_both_ends_moved_is_one_change(db, days, told):
    opened, closed, opens, closes = days
    found = amendments(
        db, of_program("open_at", opened, opens), of_program("close_at", closed, closes)
    )
    assert found[1].title == f"{PROGRAM} ― {told}"


def test_two_changes_are_named_and_others_counted(db):
    changes = [
        of_program("open_at", "2026-05-01", "2026-07-20"),
        of_program("close_at", "2026-06-19", "2026-09-04"),
        of_program("amount_max_yen", "1000000", "2000000"),
        of_program("subsidy_rate", "1/2", "2/3"),
        of_program("target_employees", "20名以下", "50名以下"),
    ]
    *_, found = amendments(db, *changes)
    assert found.title == (
        f"{PROGRAM} ― 新しい受付期間 2026年7月20日〜9月4日(前回 2026年5月1日〜6月19日)"
        "、上限額を引き上げ 200万円(変更前 100万円)、ほか2件"
    )


@pytest.mark.parametrize("model", [MODEL, OLD], ids=["one", "each"])
@pytest.mark.parametrize("value", [b"\xff", "補助\ufffd", "è£œåŠ©é‡‘"])
@pytest.mark.parametrize("end", ["before", "after", "field"])
def test_a_change_of_what_cannot_be_read_is_left_out_and_is_no_history(db, model, value, end):
    unreadable = {"field": "subsidy_rate", "before": "1/2", "after": "2/3"} | {end: value}
    found = amendments(
        db, of_program(*unreadable.values()), of_program("subsidy_rate", "2/3", "1/2"), model=model
    )
    assert [one.left_out for one in found] == ["value not readable", None]


def test_a_change_finds_its_program_whatever_nobody_sees_in_the_id(db):
    (found,) = amendments(db, ("a0W\x1b1\u200b", "subsidy_rate", "1/2", "2/3", AS_OF))
    assert json.loads(found.why)["program"] == "a0W1"


@pytest.mark.parametrize("model", [MODEL, OLD], ids=["one", "each"])
def test_a_page_of_text_before_and_after_makes_a_title_that_can_be_read(db, model):
    (found,) = amendments(
        db, of_program("subsidy_rate", "あ" * 50_000, "<p>い</p>" * 20_000), model=model
    )
    assert len(found.title) <= 300
    assert "<p>" not in found.title


def test_the_name_of_the_program_is_cut_to_length(db):
    amendments(db, of_program("subsidy_rate", "1/2", "2/3"))
    db.execute("UPDATE jgrants_programs SET name = ?", ("<b>省エネ&amp;再エネ</b>" + "補" * 60,))
    (found,) = read(db, "amendment")
    name = "省エネ&再エネ" + "補" * 52 + "…"
    assert (len(name), found.title) == (60, f"{name} ― 補助率を変更 2/3(変更前 1/2)")


def test_a_day_that_may_have_been_cut_is_told_as_the_program_has_it(db):
    # It opens on 1 June and closes on 1 August.
    (found,) = amendments(db, of_program("close_at", "2026-06-30", "2026-07-31"))
    assert found.title == f"{PROGRAM} ― 新しい締切 2026年8月1日(前回 2026年6月30日)"


def test_a_megabyte_costs_what_a_line_does(db):
    megabyte = "&#" + "9" * 1_000_000 + ";<" + "a" * 1_000_000
    found = amendments(
        db,
        of_program("subsidy_rate", megabyte, megabyte[::-1]),
        of_program(megabyte, megabyte, None),
        ("x" * 1_000_000, megabyte, megabyte, None, AS_OF),
        of_program("amount_max_yen", "9" * 1_000_000, b"9" * 1_000_000),
    )
    assert [one.left_out for one in found] == [
        None,
        "field not followed",
        "program unknown",
        "reads the same",
    ]
    assert max(len(one.title) for one in found) < 200


DAYS = ("2026-06-30", "2026-07-31", "2026-08-01", "2026-08-02")
MOMENTS = ("2026-08-01T08:30:00+09:00", "2026-08-01T17:00:00+09:00", "2026-08-02T00:00:00+09:00")
VALUES = {
    "close_at": (None, "", *DAYS, *MOMENTS),
    "open_at": (None, *DAYS, *MOMENTS),
    "amount_max_yen": (None, "0", "999999999999999", "1000000", "2000000"),
    "subsidy_rate": (None, "1/2", "2/3"),
    "name": (None, "旧", "新"),
}
SEEN = [
    f"2026-{day}T{clock}"
    for day in ("05-25", "06-22", "06-23", "07-02", "07-21", "07-22", "07-23")
    for clock in ("00:00:00+09:00", "15:00:00+00:00")
]


@st.composite
def changes(draw):
    """Changes as am_amendment_diff has them, from its diff_id to its hash, of two programs."""
    found = []
    for number in draw(st.sets(st.integers(1, 12), min_size=1)):
        field = draw(st.sampled_from(sorted(VALUES)))
        before, after = (draw(st.sampled_from(VALUES[field])) for _ in range(2))
        program = draw(st.sampled_from(("a0W1", "UNI-1")))
        known = draw(st.sampled_from((None, "hash")))
        found.append((number, program, field, before, after, draw(st.sampled_from(SEEN)), known))
    return found


def in_table(*rows, as_of=AS_OF):
    with closing(sqlite3.connect(":memory:")) as db:
        db.executescript(TABLES)
        db.executemany("INSERT INTO am_amendment_diff VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        return read(db, "amendment", as_of=as_of)


@given(changes())
@example([(n, "a0W1", "subsidy_rate", "1/2", "2/3", SEEN[7], "hash") for n in (9, 10)])
def test_the_oracle_leaves_out_the_same_by_the_same_rules(rows):
    seen = [
        oracle.Seen(*row[:5], datetime.fromisoformat(row[5]), row[6] is not None) for row in rows
    ]
    expected = oracle.amendment_rules(seen, AS_OF, 30, FIELDS)
    assert {int(one.item_id): one.left_out for one in in_table(*rows)} == expected


ANYTHING = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.binary(),
    st.text(st.characters(exclude_categories=("Cs",))),
    st.sampled_from(
        ("&#x110000;", "&lt;", "<b", "2026-02-30", "0001-01-01T00:00:00+23:59", "1e309")
    ),
    st.sampled_from(DAYS + MOMENTS),
)
ROWS = st.lists(
    st.tuples(
        st.sampled_from(("a0W1", "UNI-1", "a0W9", None)) | st.text("aあ\x01", max_size=3),
        st.sampled_from(FIELDS) | ANYTHING,
        ANYTHING,
        ANYTHING,
        st.sampled_from(SEEN) | ANYTHING,
        st.none() | st.just("hash"),
    ),
    max_size=8,
)


@given(ROWS, st.data())
def test_whatever_stands_in_the_table_one_amendment_at_most_is_kept_of_a_program(rows, data):
    numbered = [(number, *row) for number, row in enumerate(rows, 1)]
    found = in_table(*numbered)
    assert len(found) == len(rows)
    kept = [json.loads(one.why)["program"] for one in found if one.left_out is None]
    assert len(kept) == len(set(kept))
    for one in found:
        assert one.title.isprintable()
        assert len(one.title) < 250
    assert in_table(*data.draw(st.permutations(numbered))) == found


def search(number, key, query):
    text = query if isinstance(query, str) or query is None else json.dumps(query)
    return (number, key, "検索", text, "someone@example.com")


def searches(db, *rows):
    db.executescript(SEARCHES)
    db.executemany("INSERT INTO saved_searches VALUES (?, ?, ?, ?, ?)", rows)
    return read(db, "saved_search")


def test_a_saved_search_is_its_owners_and_shows_nothing_of_itself(db):
    found = searches(
        db,
        search(1, "hash-b", {"q": "スマート農業", "prefecture": "京都府"}),
        search(2, "hash-a", {"q": "ＤＸ"}),
        search(3, "hash-of-nobody", {"q": "農業"}),
    )
    assert found == [
        Candidate("saved_search", "11-1", "saved search 1", profile_id=11),
        Candidate("saved_search", "12-1", "saved search 1", "A", "京都府", profile_id=12),
        Candidate("saved_search", "nobody-1", "saved search 1", left_out="hash of no customer"),
    ]


def test_a_saved_search_is_of_no_family_and_not_asked_when_it_closes(db):
    searches(db, search(1, "hash-a", {"q": "設備更新補助金(随時)"}))
    assert read(db, "saved_search", MODEL) == read(db, "saved_search")


@pytest.mark.parametrize(
    ("query", "rule"),
    [
        ({}, None),
        ({"q": None, "prefecture": None}, None),
        ({"q": "農業", "limit": 20}, None),
        ("{", "query not readable"),
        ("[]", "query not readable"),
        ("null", "query not readable"),
        (None, "query not readable"),
        ("[" * 100_000, "query not readable"),
        ({"q": ["農業"]}, "query not readable"),
        ({"q": "農業", "prefecture": 13}, "query not readable"),
        ({"q": "農業", "prefecture": "どこか"}, "area not readable"),
        ({"q": "\ud800"}, None),
    ],
)
def test_a_saved_search_that_cannot_be_read_is_left_out(db, query, rule):
    (found,) = searches(db, search(1, "hash-a", query))
    assert (found.left_out, found.profile_id) == (rule, 11)


@pytest.mark.parametrize("item_id", ["a\x1b[31m", "x" * 201, "補\ufffd"])
def test_a_saved_search_whose_id_is_more_than_one_sees_is_left_out(db, item_id):
    db.executescript(SEARCHES)
    db.execute(
        "INSERT INTO saved_searches (id, api_key_hash, query_json) VALUES (?, 'hash-a', '{}')",
        (item_id,),
    )
    (found,) = read(db, "saved_search")
    assert found.left_out == "id not readable"
    assert found.title.isprintable()
    assert len(found.item_id) <= 200


def test_a_saved_search_needs_an_id_of_its_own(db):
    rows = [search(n, "hash-a", {}) for n in (5, None, 5)]
    assert [(found.item_id, found.left_out) for found in searches(db, *rows)] == [
        ("", "no id"),
        ("11-1", None),
        ("11-1", "duplicate id"),
    ]
