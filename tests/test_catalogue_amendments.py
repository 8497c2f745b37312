"""Amendments and saved searches: candidates that hang on a program or on an owner."""

import json
import sqlite3
from contextlib import closing

import pytest
from strategies import old

from sqlite_utils_personalization.catalogue.candidate import Candidate
from sqlite_utils_personalization.catalogue.read import read_catalogue
from sqlite_utils_personalization.model.model import Model, load_model

AS_OF = "2026-07-22"
MODEL = load_model()
OLD = Model(old(MODEL.constants))
PROGRAM = "設備更新補助金"

TABLES = """
CREATE TABLE jgrants_programs (id TEXT, name TEXT, industry TEXT, area_raw TEXT, open_at TEXT, close_at TEXT);
INSERT INTO jgrants_programs VALUES
    ('a0W1', '設備更新補助金', '製造業', '香川県', '2026-06-01', '2026-08-01'),
    ('a0W9', '設備更新補助金 撤回届', '製造業', '香川県', '2026-06-01', '2026-08-01');
CREATE TABLE programs (unified_id TEXT, primary_name TEXT, tier TEXT);
INSERT INTO programs VALUES ('UNI-1', '農業支援補助金', 'B'), ('a0W1', '補助金のお知らせ', 'B');
CREATE TABLE am_amendment_diff (
    diff_id INTEGER PRIMARY KEY, entity_id, field_name, prev_value, new_value, detected_at
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


def read(db, kind, model=OLD):
    found = read_catalogue(db, AS_OF, model)
    return [candidate for candidate in found if candidate.recommendation_type == kind]


def amendments(db, *changes):
    db.executescript(TABLES)
    db.executemany("INSERT INTO am_amendment_diff VALUES (NULL, ?, ?, ?, ?, ?)", changes)
    return read(db, "amendment")


def test_an_amendment_has_its_programs_facts_and_says_what_changed(db):
    change = ("a0W1", "close_at", "2026-07-01", "2026-08-01", "2026-07-20T07:00:00+09:00")
    assert amendments(db, change) == [
        Candidate(
            "amendment",
            "1",
            "設備更新補助金 受付終了: 2026-07-01 → 2026-08-01",
            "E",
            "香川県",
            "2026-06-01",
            "2026-08-01",
            why='{"program":"a0W1"}',
        )
    ]


def test_an_amendment_keeps_why_its_program_is_what_it_is(db):
    assert amendments(db, ("UNI-1", "tier", "C", "B", AS_OF)) == [
        Candidate(
            "amendment",
            "1",
            "農業支援補助金 tier: C → B",
            "A",
            risk_level="medium",
            why='{"keyword":"農業","program":"UNI-1","tier":"B"}',
        )
    ]


def test_an_amendment_is_of_its_programs_family_and_as_rolling_as_it(db):
    changes = [("UNI-1", "tier", "C", "B", AS_OF), ("a0W1", "name", "甲", "乙", AS_OF)]
    amendments(db, *changes)
    programs = {found.item_id: found for found in read(db, "program", MODEL) if not found.left_out}
    found = [(one.rolling, one.family, one.family_name) for one in read(db, "amendment", MODEL)]
    assert found == [
        (one.rolling, one.family, one.family_name) for one in (programs["UNI-1"], programs["a0W1"])
    ]
    assert [one[0] for one in found] == [0, None]
    assert None not in [one[1] for one in found]


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
    ],
)
def test_an_amendment_counts_for_thirty_days_in_japan(db, detected_at, rule):
    (found,) = amendments(db, ("a0W1", "name", "甲", "乙", detected_at))
    assert found.left_out == rule


@pytest.mark.parametrize(
    ("program_id", "rule"),
    [("a0W2", "program unknown"), (None, "program unknown"), ("a0W9", "program left out")],
)
def test_an_amendment_to_what_is_no_candidate_is_left_out(db, program_id, rule):
    (found,) = amendments(db, (program_id, "close_at", None, "2026-09-01", AS_OF))
    assert found.left_out == rule


@pytest.mark.parametrize(
    ("field", "before", "after", "title"),
    [
        ("name", "甲　補助金", "乙補助金", f"{PROGRAM} 名称: 甲 補助金 → 乙補助金"),
        ("open_at", None, "2026-06-01", f"{PROGRAM} 受付開始: 記載なし → 2026-06-01"),
        ("amount_max_yen", "0", "5000000", f"{PROGRAM} 上限額: 記載なし → 5000000"),
        ("amount_max_yen", "999999999999999", "", f"{PROGRAM} 上限額: 記載なし → 記載なし"),
        ("target_employees", "0", "20名以下", f"{PROGRAM} 従業員数: 0 → 20名以下"),
        ("url", "a", "b", f"{PROGRAM} url: a → b"),
    ],
)
def test_the_title_names_the_field_and_both_values(db, field, before, after, title):
    (found,) = amendments(db, ("a0W1", field, before, after, AS_OF))
    assert found.title == title


def test_two_changes_of_one_program_are_two_amendments(db):
    changes = [("a0W1", "open_at", None, "2026-06-01", AS_OF)] * 2
    assert [(found.item_id, found.left_out) for found in amendments(db, *changes)] == [
        ("1", None),
        ("2", None),
    ]


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
        Candidate("saved_search", "1", "saved search 1", "A", "京都府", profile_id=12),
        Candidate("saved_search", "2", "saved search 2", profile_id=11),
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


def test_a_saved_search_needs_an_id_of_its_own(db):
    rows = [search(n, "hash-a", {}) for n in (5, None, 5)]
    assert [(found.item_id, found.left_out) for found in searches(db, *rows)] == [
        ("", "no id"),
        ("5", None),
        ("5", "duplicate id"),
    ]
