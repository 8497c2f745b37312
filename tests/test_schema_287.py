"""287 is a contract: other programs read and write these two tables and this view."""

import re
import sqlite3
from contextlib import closing

import pytest

NOW = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
HASH = "0123456789abcdef" * 4


@pytest.fixture
def conn(db_path):
    with closing(sqlite3.connect(db_path, isolation_level=None)) as conn:
        conn.execute("PRAGMA foreign_keys = on")
        yield conn


def check(expression):
    # Before SQLite 3.34 the message names the table instead.
    return rf"CHECK constraint failed: ({re.escape(expression)}|am_personalization_\w+)"


def add(conn, table, **columns):
    names, marks = ", ".join(columns), ", ".join("?" * len(columns))
    return conn.execute(
        f"INSERT INTO {table} ({names}) VALUES ({marks})", [*columns.values()]
    ).lastrowid


def add_customer(conn, **columns):
    return add(conn, "am_personalization_profile", **{"user_token_hash": HASH, **columns})


def log(conn, **columns):
    columns = {"profile_id": 1, "recommendation_type": "program", **columns}
    return add(conn, "am_personalization_recommendation_log", **columns)


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        (
            "am_personalization_profile",
            [
                ("profile_id", "INTEGER", 0, 1),
                ("user_token_hash", "TEXT", 1, 0),
                ("preference_json", "TEXT", 1, 0),
                ("created_at", "TEXT", 1, 0),
                ("last_updated_at", "TEXT", 1, 0),
            ],
        ),
        (
            "am_personalization_recommendation_log",
            [
                ("rec_id", "INTEGER", 0, 1),
                ("profile_id", "INTEGER", 1, 0),
                ("recommendation_type", "TEXT", 1, 0),
                ("score", "INTEGER", 1, 0),
                ("served_at", "TEXT", 1, 0),
            ],
        ),
    ],
)
def test_columns_are_those_of_the_contract(conn, table, columns):
    sql = 'SELECT name, type, "notnull", pk FROM pragma_table_info(?) ORDER BY cid'
    assert conn.execute(sql, (table,)).fetchall() == columns


@pytest.mark.parametrize(
    ("table", "indexes"),
    [
        (
            "am_personalization_profile",
            {
                "idx_am_personalization_profile_token": [("user_token_hash", 0)],
                "sqlite_autoindex_am_personalization_profile_1": [("user_token_hash", 0)],
            },
        ),
        (
            "am_personalization_recommendation_log",
            {
                "idx_am_pers_rec_profile_served": [("profile_id", 0), ("served_at", 1)],
                "idx_am_pers_rec_type_score": [
                    ("recommendation_type", 0),
                    ("score", 1),
                    ("served_at", 1),
                ],
            },
        ),
    ],
)
def test_indexes_are_those_of_the_contract(conn, table, indexes):
    found = {
        name: conn.execute(
            'SELECT name, "desc" FROM pragma_index_xinfo(?) WHERE "key" ORDER BY seqno', (name,)
        ).fetchall()
        for (name,) in conn.execute("SELECT name FROM pragma_index_list(?)", (table,)).fetchall()
    }
    assert found == indexes


def test_a_profile_needs_only_the_hash(conn):
    add_customer(conn)
    profile_id, user_token_hash, preference_json, created_at, last_updated_at = conn.execute(
        "SELECT * FROM am_personalization_profile"
    ).fetchone()
    assert (profile_id, user_token_hash, preference_json) == (1, HASH, "{}")
    assert NOW.fullmatch(created_at)
    assert NOW.fullmatch(last_updated_at)


def test_a_log_row_needs_only_the_customer_and_the_type(conn):
    add_customer(conn)
    log(conn)
    *row, served_at = conn.execute("SELECT * FROM am_personalization_recommendation_log").fetchone()
    assert row == [1, 1, "program", 0]
    assert NOW.fullmatch(served_at)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"user_token_hash": HASH[1:]}, check("length(user_token_hash) = 64")),
        ({"user_token_hash": HASH + "0"}, check("length(user_token_hash) = 64")),
        (
            {"user_token_hash": None},
            "NOT NULL constraint failed: am_personalization_profile.user_token_hash",
        ),
        (
            {"preference_json": "1"},
            check("length(preference_json) BETWEEN 2 AND 16384"),
        ),
        (
            {"preference_json": "1" * 16385},
            check("length(preference_json) BETWEEN 2 AND 16384"),
        ),
        (
            {"preference_json": None},
            "NOT NULL constraint failed: am_personalization_profile.preference_json",
        ),
        ({"created_at": None}, "NOT NULL constraint failed: am_personalization_profile.created_at"),
        (
            {"created_at": "2026-04-02", "last_updated_at": "2026-04-01"},
            check("last_updated_at >= created_at"),
        ),
    ],
)
def test_a_profile_outside_the_contract_is_refused(conn, columns, message):
    with pytest.raises(sqlite3.IntegrityError, match=f"^{message}$"):
        add_customer(conn, **columns)


@pytest.mark.parametrize(
    "columns",
    [
        {"preference_json": "{}"},
        {"preference_json": "1" * 16384},
        {"created_at": "2026-04-01", "last_updated_at": "2026-04-01"},
    ],
)
def test_a_profile_on_the_edge_of_the_contract_is_accepted(conn, columns):
    assert add_customer(conn, **columns) == 1


def test_a_hash_belongs_to_one_profile(conn):
    add_customer(conn)
    message = "^UNIQUE constraint failed: am_personalization_profile.user_token_hash$"
    with pytest.raises(sqlite3.IntegrityError, match=message):
        add_customer(conn)


def test_the_id_of_a_deleted_profile_is_never_given_again(conn):
    add_customer(conn)
    conn.execute("DELETE FROM am_personalization_profile")
    assert add_customer(conn) == 2


TYPES = "recommendation_type IN ('program', 'industry_pack', 'saved_search', 'amendment')"


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"recommendation_type": "law"}, check(TYPES)),
        ({"recommendation_type": "Program"}, check(TYPES)),
        (
            {"recommendation_type": None},
            "NOT NULL constraint failed: am_personalization_recommendation_log.recommendation_type",
        ),
        ({"score": -1}, check("score BETWEEN 0 AND 100")),
        ({"score": 101}, check("score BETWEEN 0 AND 100")),
        ({"score": "many"}, check("score BETWEEN 0 AND 100")),
        (
            {"score": None},
            "NOT NULL constraint failed: am_personalization_recommendation_log.score",
        ),
        ({"profile_id": 2}, "FOREIGN KEY constraint failed"),
        (
            {"profile_id": None},
            "NOT NULL constraint failed: am_personalization_recommendation_log.profile_id",
        ),
    ],
)
def test_a_log_row_outside_the_contract_is_refused(conn, columns, message):
    add_customer(conn)
    with pytest.raises(sqlite3.IntegrityError, match=f"^{message}$"):
        log(conn, **columns)


@pytest.mark.parametrize("score", [0, 100])
@pytest.mark.parametrize(
    "recommendation_type", ["program", "industry_pack", "saved_search", "amendment"]
)
def test_every_type_may_have_any_score_of_the_contract(conn, recommendation_type, score):
    add_customer(conn)
    assert log(conn, recommendation_type=recommendation_type, score=score) == 1


def test_a_customer_with_recommendations_cannot_be_deleted_where_foreign_keys_are_on(conn):
    add_customer(conn)
    log(conn)
    with pytest.raises(sqlite3.IntegrityError, match=r"^FOREIGN KEY constraint failed$"):
        conn.execute("DELETE FROM am_personalization_profile")


def test_the_view_shows_the_best_first_then_the_latest_then_as_logged(conn):
    other = HASH[::-1]
    add_customer(conn)
    add_customer(conn, user_token_hash=other)
    rows = (
        (2, "program", 50, "2026-04-01"),
        (1, "amendment", 90, "2026-04-01"),
        (1, "saved_search", 60, "2026-04-02"),
        (2, "industry_pack", 60, "2026-04-03"),
        (1, "program", 60, "2026-04-02"),
        (1, "program", 0, "2026-04-09"),
        (1, "industry_pack", 60, "2026-04-02"),
    )
    for profile_id, recommendation_type, score, served_at in rows:
        log(
            conn,
            profile_id=profile_id,
            recommendation_type=recommendation_type,
            score=score,
            served_at=served_at,
        )
    cursor = conn.execute("SELECT * FROM v_personalization_recent_recs")
    assert [column[0] for column in cursor.description] == [
        "rec_id",
        "user_token_hash",
        "recommendation_type",
        "score",
        "served_at",
    ]
    assert cursor.fetchall() == [
        (2, HASH, "amendment", 90, "2026-04-01"),
        (4, other, "industry_pack", 60, "2026-04-03"),
        (3, HASH, "saved_search", 60, "2026-04-02"),
        (5, HASH, "program", 60, "2026-04-02"),
        (7, HASH, "industry_pack", 60, "2026-04-02"),
        (1, other, "program", 50, "2026-04-01"),
    ]


def test_the_first_page_of_the_view_sorts_nothing(conn):
    plan = conn.execute(
        "EXPLAIN QUERY PLAN SELECT * FROM v_personalization_recent_recs LIMIT 101"
    ).fetchall()
    steps = [step[3] for step in plan]
    assert not [step for step in steps if "TEMP B-TREE" in step]
    assert sum("idx_am_pers_rec_type_score" in step for step in steps) == 4
