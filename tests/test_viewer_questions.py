"""The questions as SQL: what each answers, page by page, and that none of them reads through a large log."""

import dataclasses
import re
import sqlite3
from importlib.resources import files
from itertools import groupby
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sqlite_utils_personalization import score
from sqlite_utils_personalization.formula.formula import replay_view
from sqlite_utils_personalization.schema.state import packaged_objects
from sqlite_utils_personalization.viewer.queries.parameters import READERS
from sqlite_utils_personalization.viewer.queries.queries import questions

LOG_TABLE = "am_personalization_recommendation_log"
TYPES = ("program", "industry_pack", "saved_search", "amendment")
HASHES = ("a" * 64, "b" * 64)
TIMES = ("2026-07-21T18:00:00.000Z", "2026-07-22T18:00:00.000Z", "2026-07-22T18:00:00.500Z")
LOG_ROW = st.tuples(
    st.integers(1, 2),
    st.sampled_from(TYPES),
    st.sampled_from([0, 1, 50, 100]),
    st.sampled_from(TIMES),
)

QUESTIONS = {question.name: question for question in questions()}


def ask(db, name, **given):
    """The rows Datasette shows: what is not given is an empty text, and everything given is a text too."""
    question = QUESTIONS[name]
    form = {parameter.name: "" for parameter in question.parameters}
    return db.execute(question.sql, {**form, **given}).fetchall()


def in_memory(path, log):
    """A copy of the migrated file in memory, with two customers and these (profile_id, type, score, served_at)."""
    db = sqlite3.connect(":memory:")
    with sqlite3.connect(path) as source:
        source.backup(db)
    db.executemany(
        "INSERT INTO am_personalization_profile (user_token_hash) VALUES (?)",
        [(token,) for token in HASHES],
    )
    db.executemany(
        "INSERT INTO am_personalization_recommendation_log"
        " (profile_id, recommendation_type, score, served_at) VALUES (?, ?, ?, ?)",
        log,
    )
    return db


def expected(log, order, keep=lambda row: True):
    rows = [
        (rec_id, profile_id, kind, points, served_at)
        for rec_id, (profile_id, kind, points, served_at) in enumerate(log, 1)
        if points > 0
    ]
    # Stable sorts from the last key to the first.
    for column, descending in order:
        rows.sort(key=lambda row: row[column], reverse=descending)
    return [row[0] for row in rows if keep(row)]


def pages(db, name, size, **given):
    after, found = "", []
    while page := ask(db, name, after=after, size=str(size), **given):
        assert len(page) <= size
        found += [row[0] for row in page]
        after = str(found[-1])
    return found


BEST_FIRST = ((0, False), (4, True), (3, True))
NEWEST_FIRST = ((0, False), (3, True), (4, True))
LOG = [
    (1, "program", 90, TIMES[0]),
    (2, "program", 90, TIMES[1]),
    (1, "amendment", 40, TIMES[1]),
    (1, "program", 0, TIMES[1]),
    (2, "saved_search", 60, TIMES[2]),
    (1, "industry_pack", 75, TIMES[0]),
]


@pytest.mark.parametrize(
    ("given", "rec_ids"),
    (
        ({}, [2, 1, 6, 5, 3]),
        ({"type": "program"}, [2, 1]),
        ({"type": "lottery"}, []),
        # What no night accounts for is dated by its day in Japan.
        ({"since": "2026-07-23"}, [2, 5, 3]),
        ({"since": "2026-07-22T18:00:00.000Z"}, [2, 5, 3]),
        ({"since": "2026-07-24"}, []),
        ({"until": "2026-07-22"}, [1, 6]),
        ({"until": "2026-07-23"}, [2, 1, 6, 5, 3]),
        ({"until": "2026-07"}, [2, 1, 6, 5, 3]),
        ({"since": "2026-08"}, []),
        ({"night": "2026-07-22"}, []),
        ({"until": "2026-07-22T18:00:00.000Z"}, [2, 1, 6, 3]),
        ({"min_score": "75"}, [2, 1, 6]),
        ({"min_score": "101"}, []),
        ({"min_score": "-3"}, [2, 1, 6, 5, 3]),
        ({"size": "2"}, [2, 1]),
        ({"size": "-1"}, [2, 1, 6, 5, 3]),
        ({"after": "2"}, [1, 6, 5, 3]),
        ({"after": "3"}, []),
        ({"after": "4"}, []),
        ({"after": "999"}, []),
        ({"after": "2", "min_score": "95"}, []),
        ({"type": "program", "since": "2026-07-23", "min_score": "90"}, [2]),
    ),
)
def test_recent_recommendations(db_path, given, rec_ids):
    db = in_memory(db_path, LOG)

    assert [row[0] for row in ask(db, "recent_recommendations", **given)] == rec_ids


def test_a_recent_recommendation_names_customer_type_score_and_time(db_path):
    db = in_memory(db_path, LOG)

    assert ask(db, "recent_recommendations", size="1") == [
        (2, None, None, 2, "bbbbbbbb", "program", None, None, None, 90, "2026-07-22T18:00:00.000Z")
    ]


@pytest.mark.parametrize(
    ("given", "rec_ids"),
    (
        ({}, [3, 1, 6]),
        ({"customer": f" {HASHES[0].upper()}"}, [3, 1, 6]),
        ({"customer": " 1 "}, [3, 1, 6]),
        ({"customer": "1x"}, []),
        ({"customer": "3"}, []),
        ({"customer": ""}, []),
        ({"customer": "aaaaaaaa…"}, []),
        ({"customer": "f" * 64}, []),
        ({"type": "amendment"}, [3]),
        ({"since": "2026-07-23"}, [3]),
        ({"until": "2026-07-22"}, [1, 6]),
        ({"size": "1"}, [3]),
        ({"after": "3"}, [1, 6]),
    ),
)
def test_one_customers_recommendations(db_path, given, rec_ids):
    db = in_memory(db_path, LOG)
    rows = ask(db, "customer_recommendations", **{"customer": HASHES[0], **given})

    assert [row[0] for row in rows] == rec_ids


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None
)
@given(
    log=st.lists(LOG_ROW, max_size=40), size=st.integers(1, 7), kind=st.sampled_from(["", *TYPES])
)
def test_pages_together_are_the_whole_answer_each_row_once(db_path, log, size, kind):
    db = in_memory(db_path, log)

    assert pages(db, "recent_recommendations", size, type=kind) == expected(
        log, BEST_FIRST, lambda row: kind in ("", row[2])
    )
    assert pages(db, "customer_recommendations", size, type=kind, customer="1") == expected(
        log, NEWEST_FIRST, lambda row: row[1] == 1 and kind in ("", row[2])
    )


def test_why_a_program_was_recommended(db_path, add_profile):
    add_profile(
        db_path,
        1,
        {
            "industry_pack": "D",
            "deadline_horizon_days": 60,
            "risk_tolerance": "high",
            "prefecture": "香川県",
        },
    )
    with sqlite3.connect(db_path) as db:
        db.executescript(
            "CREATE TABLE jgrants_programs (id TEXT, title TEXT, name TEXT, industry_jsic TEXT,"
            " industry TEXT, area_raw TEXT, target_area_search TEXT, prefecture TEXT,"
            " acceptance_start_datetime TEXT, acceptance_end_datetime TEXT, open_at TEXT, close_at TEXT);"
            "INSERT INTO jgrants_programs (id, title, industry_jsic, area_raw, acceptance_start_datetime,"
            " acceptance_end_datetime) VALUES ('S1', '左官の後継者を育てる補助金', '建設業', '四国地方',"
            " '2026-07-01T00:00+09:00', '2026-08-10T17:00+09:00')"
        )
    score(db_path, as_of="2026-07-22")
    db = sqlite3.connect(db_path)
    db.row_factory = sqlite3.Row
    (row,) = ask(db, "why_this_recommendation", rec_id="1")
    unstable = (
        "served_at",
        "item_facts_from",
        "model_sha256",
        "package_version",
        "customer",
    )

    # 19 days left of 60, of which 14 are notice: 30 x 41 / 46 = 26.7, rounded down.
    assert {key: row[key] for key in row.keys() if key not in unstable} == {  # noqa: SIM118
        "rec_id": 1,
        "profile_id": 1,
        "recommendation_type": "program",
        "item_id": "S1",
        "title": "左官の後継者を育てる補助金",
        "as_of": "2026-07-22",
        "declared_industries": "D",
        "item_industries": "D",
        "industry_points": 50,
        "declared_deadline_horizon_days": 60,
        "item_closes_on": "2026-08-10",
        "item_closing": "dated",
        "days_left": 19,
        "lead_days": 14,
        "deadline_points": 26,
        "declared_risk_tolerance": "high",
        "item_risk_level": None,
        "risk_points": 0,
        "declared_prefecture": "香川県",
        "item_prefectures": "徳島県,香川県,愛媛県,高知県",
        "cap": 100,
        "rank": 1,
        "score": 76,
        "recomputed_score": 76,
        "verdict": "reproduced",
        "run_id": 1,
    }


def test_a_row_of_another_program_has_no_reason_and_says_so(db_path):
    db = in_memory(db_path, LOG)
    db.row_factory = sqlite3.Row
    (row,) = ask(db, "why_this_recommendation", rec_id="1")

    assert (row["score"], row["title"], row["verdict"]) == (90, None, "no evidence")


def test_a_recommendation_that_never_was_gives_no_row(db_path):
    assert ask(in_memory(db_path, LOG), "why_this_recommendation", rec_id="999") == []


@pytest.mark.parametrize("name", QUESTIONS)
def test_an_empty_form_and_an_empty_database_are_no_error(db_path, name):
    assert ask(in_memory(db_path, []), name) == []


@pytest.mark.parametrize("question", questions(), ids=QUESTIONS)
def test_every_parameter_is_declared_described_and_cast(question):
    declared = {parameter.name for parameter in question.parameters}
    used = re.findall(r"(cast\()?:([a-z_]+)(?: AS (text|integer)\))?", question.sql)

    assert {name for _, name, _ in used} == declared
    assert [name for cast, name, kind in used if not (cast and kind)] == []
    for parameter in question.parameters:
        assert parameter.type in READERS
        assert parameter.meaning


def test_every_file_is_named_by_its_place_and_its_question():
    folder = files("sqlite_utils_personalization") / "viewer" / "queries"
    names = sorted(path.name for path in folder.iterdir() if path.name.endswith(".sql"))
    names.remove("parts.sql")

    assert [name for name in names if not re.fullmatch(r"\d\d_[a-z_]+\.sql", name)] == []
    assert [name[3:-4] for name in names] == list(QUESTIONS)


@st.composite
def log_with_gaps(draw):
    """rec_ids of a log, and the evidence (first_rec_id, n, list_id) of some of them."""
    rec_ids, evidence, last = [], [], 0
    for skipped, rows, is_ours in draw(
        st.lists(st.tuples(st.sampled_from([0, 0, 0, 2]), st.integers(1, 3), st.booleans()))
    ):
        first = last + skipped + 1
        last = first + rows - 1
        rec_ids += range(first, last + 1)
        evidence += [(first, rows, 1)] * is_ours
    return rec_ids, evidence


def ranges_between(rec_ids, evidence):
    """The first and last rec_id of every run of rows that has no row with evidence between them."""
    ours = {rec_id for first, n, _ in evidence for rec_id in range(first, first + n)}
    parts = [list(part) for mine, part in groupby(rec_ids, ours.__contains__) if not mine]
    return [(part[0], part[-1]) for part in parts]


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None
)
@given(log=log_with_gaps(), size=st.integers(1, 5))
def test_rows_without_evidence_are_all_found_however_few_lists_a_page_looks_at(db_path, log, size):
    rec_ids, evidence = log
    db = in_memory(db_path, [])
    for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        db.execute(f"DROP TRIGGER {name}")
    db.executemany(f"INSERT INTO {LOG_TABLE} VALUES (?, 1, 'program', 5, 'x')", zip(rec_ids))
    db.executemany("INSERT INTO am_personalization_evidence VALUES (?, ?, ?, 1)", evidence)
    sql = QUESTIONS["rows_without_evidence"].sql
    # Two pieces of two lists instead of ten of ten thousand.
    for old, new in (
        (" OFFSET 10000", " OFFSET 2"),
        ("at < 10 ", "at < 2 "),
        ("at = 10 ", "at = 2 "),
    ):
        assert old in sql
        sql = sql.replace(old, new)
    found, after = [], ""
    while page := db.execute(sql, {"after": after, "size": str(size)}).fetchall():
        assert len(page) <= size
        found += [(first, last) for first, last, rec_ids, *_ in page if rec_ids]
        after = str(page[-1][1])

    assert found == ranges_between(rec_ids, evidence)


@pytest.mark.parametrize("name", ["nights", "recommendations_per_day", "night_scores"])
def test_counts_of_a_night_are_read_from_its_run_and_not_counted_again(db_path, name):
    steps = " ".join(plan(db_path, name, None, FILLED))

    assert not re.search("recommendation_log|idx_am_pers_rec|evidence|decision", steps)


def test_a_night_that_wrote_down_no_scores_has_a_row_per_type_without_one(tmp_path):
    past = Path(__file__).with_name("corpus") / "0.1a0-example.sql"
    db = sqlite3.connect(":memory:")
    db.executescript(past.read_text(encoding="utf-8"))
    rows = ask(db, "night_scores", night="1")
    logged = db.execute(
        f"SELECT recommendation_type, count(*) FROM {LOG_TABLE} l JOIN am_personalization_run r USING (served_at)"
        " WHERE run_id = 1 GROUP BY 1 ORDER BY 1"
    ).fetchall()

    assert [(kind, points, n) for _, _, kind, points, n in rows] == [
        (kind, None, n) for kind, n in logged
    ]
    assert [row[2] for row in ask(db, "night_scores", night="1", type="program")] == ["program"]


@pytest.mark.parametrize("name", ["why_this_recommendation", "customer_changes"])
def test_the_evidence_of_a_row_is_found_as_the_replay_view_finds_it(name):
    asked = next(question.sql for question in questions() if question.name == name)
    words = " ".join(replay_view().split())
    link = words[words.index("LEFT JOIN am_personalization_evidence") :]

    assert link in " ".join(asked.split())


# Ten million log rows: what ANALYZE writes of them, as a sample of 400 rows (as migrate and score take it) or whole.
LARGE = {
    "sampled": {
        "idx_am_pers_rec_type_score": "9093480 401 401 134",
        "idx_am_pers_rec_profile_served": "9999808 81 8",
    },
    "full": {
        "idx_am_pers_rec_type_score": "10000000 2500000 25000 100",
        "idx_am_pers_rec_profile_served": "10000000 100 9",
    },
}
SIZES = {
    "am_personalization_reconciled": ("1000000 90000 1", "am_personalization_reconciled"),
    "am_personalization_profile": ("100000 1", "sqlite_autoindex_am_personalization_profile_1"),
    "am_personalization_evidence": ("500000", None),
    "am_personalization_decision": ("3000000 20 1", "am_personalization_decision"),
    "am_personalization_list": ("150000 5000 1 1", "idx_am_personalization_list_key"),
    "am_personalization_run": ("400 1 1 1 1", "sqlite_autoindex_am_personalization_run_1"),
    "am_personalization_candidate": ("9000 2000 1", "idx_am_personalization_candidate_item"),
    "am_personalization_run_candidate": ("200000 5000 1", "am_personalization_run_candidate"),
    "am_personalization_delivery": (
        "10000000 100",
        "idx_am_personalization_delivery_delivered",
    ),
    "am_personalization_unserved": ("4000 100 1", "am_personalization_unserved"),
}
STATISTICS = (None, *LARGE)
FILLED = {
    "class": "late",
    "month": "2026-07",
    "type": "program",
    "since": "2026-07-22",
    "until": "2026-07-22",
    "min_score": "50",
    "after": "5",
    "size": "10",
    "customer": "1",
    "night": "2026-07-22",
    "before": "2026-07-21",
    "item_id": "S1",
    "rule": "notice",
    "rec_id": "1",
    "per": "month",
}

merges_arms = pytest.mark.skipif(
    sqlite3.sqlite_version_info < (3, 37),
    reason="before SQLite 3.37 a query with an order inside is read whole, and plans are worded otherwise",
)


def plan(db_path, name, statistics, form=()):
    db = in_memory(db_path, LOG)
    if statistics:
        log = "am_personalization_recommendation_log"
        known = [(log, index, stat) for index, stat in LARGE[statistics].items()]
        known += [(table, index, stat) for table, (stat, index) in SIZES.items()]
        db.execute("ANALYZE")
        db.execute("DELETE FROM sqlite_stat1")
        db.executemany("INSERT INTO sqlite_stat1 VALUES (?, ?, ?)", known)
        db.execute("ANALYZE sqlite_master")
    names = [parameter.name for parameter in QUESTIONS[name].parameters]
    given = {key: dict(form).get(key, "") for key in names}
    steps = db.execute(f"EXPLAIN QUERY PLAN {QUESTIONS[name].sql}", given).fetchall()
    return [step[3] for step in steps]


def read_whole(question, steps):
    """The tables that grow with customers, items or rows, and that a step reads from end to end."""
    views = "".join(packaged_objects().values())
    tables = {*SIZES, "am_personalization_recommendation_log"} - {"am_personalization_run"}
    named = re.findall(
        r"(?:FROM|JOIN) (am_personalization_\w+)(?: (?!ON|WHERE|USING|JOIN|LEFT|CROSS|ORDER)(\w+))?",
        question.sql + views,
    )
    names = {name for table, alias in named if table in tables for name in (table, alias) if name}
    scanned = [re.match(r"SCAN (?:TABLE )?(\w+)(?: AS (\w+))?", step) for step in steps]
    return [step[0] for step in scanned if step and {step[1], step[2]} & names]


@merges_arms
@pytest.mark.parametrize("statistics", STATISTICS)
@pytest.mark.parametrize("name", QUESTIONS)
def test_no_question_reads_a_growing_table_whole(db_path, name, statistics):
    for form in ({}, FILLED):
        assert read_whole(QUESTIONS[name], plan(db_path, name, statistics, form)) == []


def test_a_question_that_would_scan_the_log_is_noticed(db_path):
    db = in_memory(db_path, LOG)
    slow = dataclasses.replace(
        QUESTIONS["nights"],
        sql="SELECT * FROM am_personalization_recommendation_log l WHERE score > 1",
    )
    steps = [step[3] for step in db.execute(f"EXPLAIN QUERY PLAN {slow.sql}")]

    assert len(read_whole(slow, steps)) == 1


@merges_arms
@pytest.mark.parametrize("statistics", STATISTICS)
def test_recent_recommendations_merge_seeks_by_type_score_and_time(db_path, statistics):
    steps = plan(db_path, "recent_recommendations", statistics)

    # Per type the rest of the moment where the page begins, that of the score, and the lower scores.
    index = (
        "SEARCH am_personalization_recommendation_log USING COVERING INDEX idx_am_pers_rec_type_score"
        " (recommendation_type=? AND score=? AND served_at"
    )
    assert [step for step in steps if "idx_am_pers_rec_type" in step] == [
        *[f"{index}=? AND rowid>?)"] * len(TYPES),
        *[f"{index}>? AND served_at<?)"] * (2 * len(TYPES)),
    ]
    # Only the page is sorted, once it is read.
    assert [at for at, step in enumerate(steps) if "TEMP B-TREE" in step] == [len(steps) - 1]


@merges_arms
@pytest.mark.parametrize("statistics", STATISTICS)
def test_a_customers_recommendations_are_found_by_customer_and_time(db_path, statistics):
    steps = plan(db_path, "customer_recommendations", statistics)

    assert [step for step in steps if "SEARCH l USING" in step and "idx" in step] == [
        "SEARCH l USING INDEX idx_am_pers_rec_profile_served"
        " (profile_id=? AND served_at>? AND served_at<?)"
    ]
