"""Deliveries and yen as a question: the same sums as plain Python over the facts, and no error where 901 is missing."""

import sqlite3
from collections import Counter
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("datasette")

from viewer_fixtures import serve

from sqlite_utils_personalization.schema import EVENTS, EVIDENCE, STORAGE, migrate
from sqlite_utils_personalization.viewer.queries.queries import questions

JAPAN = timezone(timedelta(hours=9))
FIELDS = (
    "period",
    "first_day",
    "last_day",
    "channel",
    "deliveries",
    "charged",
    "reversed",
    "owed_yen",
)
(SQL,) = [question.sql for question in questions() if question.name == "deliveries"]
# A minute on either side of midnight in Japan, and of the end of a month.
TIMES = [
    datetime(2026, month, day, hour, minute, tzinfo=timezone.utc)
    for month, day in ((6, 29), (6, 30), (7, 1), (7, 20))
    for hour, minute in ((14, 59), (15, 0), (23, 59))
]
FACT = st.tuples(
    st.sampled_from(TIMES),
    st.sampled_from(["rest", "mcp", "digest"]),
    st.sampled_from([200, 204, 299, 199, 300, 503]),
    st.sampled_from([0, 3, 5]),
    st.booleans(),
)


def deliver(db, facts):
    """One row per fact, and one that takes it back a day later where the fact says so."""
    rows, key = [], 0
    for at, channel, status, yen, is_reversed in facts:
        key += 1
        rows.append((key, f"{key:064}", channel, stamp(at), status, yen, None))
        if is_reversed:
            later = stamp(at + timedelta(days=1))
            rows.append((key + 1, f"{key + 1:064}", channel, later, status, yen, key))
            key += 1
    db.executemany(
        "INSERT INTO am_personalization_delivery (delivery_id, delivery_key, rec_id, channel, slot, delivered_at,"
        " status, unit_price_yen, reversal_of) VALUES (?, ?, 1, ?, 'x', ?, ?, ?, ?)",
        rows,
    )
    return rows


def stamp(at):
    return f"{at.isoformat(timespec='milliseconds')[:-6]}Z"


def japanese_day(text):
    return datetime.fromisoformat(f"{text[:-1]}+00:00").astimezone(JAPAN).date().isoformat()


def sums(rows, length):
    """Deliveries, billed, reversed and yen by period and channel."""
    found = {}
    for _, _, channel, at, status, yen, reversal_of in rows:
        counts = found.setdefault((japanese_day(at)[:length], channel), Counter())
        is_billed = status // 100 == 2
        if reversal_of is None:
            counts.update(deliveries=1, charged=is_billed, owed_yen=yen * is_billed)
        else:
            counts.update(reversed=1)
            counts["owed_yen"] -= yen * is_billed
    return found


def ask(db, sql=SQL, **form):
    return page_of(db, sql, **form)[0]


def page_of(db, sql, **form):
    """The rows, and after which day there is more, None at the end."""
    empty = dict.fromkeys(("per", "since", "until", "after", "size"), "")
    rows = db.execute(sql, {**empty, **form}).fetchall()
    more = rows.pop()[1] if rows and rows[-1][0] is None else None
    return [dict(zip(FIELDS, row, strict=True)) for row in rows], more


def summed(answer):
    """The same as sums(), of rows of an answer, whose periods may come in parts."""
    found = {}
    for row in answer:
        counts = found.setdefault((row["period"], row["channel"]), Counter())
        for name in FIELDS[4:]:
            counts[name] += row[name]
    return found


@pytest.fixture
def empty(db_path):
    def copy():
        db = sqlite3.connect(":memory:")
        with sqlite3.connect(db_path) as source:
            source.backup(db)
        return db

    return copy


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None
)
@given(facts=st.lists(FACT, max_size=30), per=st.sampled_from(["", "day", "month"]))
def test_the_sums_are_those_of_the_facts_by_japanese_day_or_month(empty, facts, per):
    db = empty()
    rows = deliver(db, facts)
    expected = sums(rows, 7 if per == "month" else 10)

    assert summed(ask(db, per=per)) == expected
    assert [(row["period"], row["channel"]) for row in ask(db, per=per)] == sorted(
        sorted(expected, key=lambda key: key[1]), key=lambda key: key[0], reverse=True
    )


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None
)
@given(
    facts=st.lists(FACT, max_size=30),
    per=st.sampled_from(["day", "month"]),
    size=st.integers(1, 3),
    most=st.integers(1, 9),
)
def test_pages_together_are_every_delivery_once_however_few_rows_are_read(
    empty, facts, per, size, most
):
    db = empty()
    rows = deliver(db, facts)
    assert SQL.count("read < 50000") == 2
    sql = SQL.replace("read < 50000", f"read < {most}")
    found, after = [], ""
    while after is not None:
        page, after = page_of(db, sql, per=per, size=str(size), after=after)
        assert page or not rows
        found += page

    assert summed(found) == sums(rows, 7 if per == "month" else 10)


FACTS = [
    # 0:00 on the first of July in Japan, and the last minute of June.
    (datetime(2026, 6, 30, 15, 0, tzinfo=timezone.utc), "rest", 200, 3, False),
    (datetime(2026, 6, 30, 14, 59, tzinfo=timezone.utc), "rest", 200, 3, False),
    (datetime(2026, 7, 5, tzinfo=timezone.utc), "mcp", 200, 3, True),
    (datetime(2026, 7, 5, tzinfo=timezone.utc), "rest", 500, 3, False),
]


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        (
            {"per": "month"},
            [
                ("2026-07", "2026-07-01", "2026-07-06", "mcp", 1, 1, 1, 0),
                ("2026-07", "2026-07-01", "2026-07-06", "rest", 2, 1, 0, 3),
                ("2026-06", "2026-06-30", "2026-06-30", "rest", 1, 1, 0, 3),
            ],
        ),
        (
            {"per": "month", "until": "2026-06"},
            [("2026-06", "2026-06-30", "2026-06-30", "rest", 1, 1, 0, 3)],
        ),
        (
            {"since": "2026-07", "until": "2026-07-05"},
            [
                ("2026-07-05", "2026-07-05", "2026-07-05", "mcp", 1, 1, 0, 3),
                ("2026-07-05", "2026-07-05", "2026-07-05", "rest", 1, 0, 0, 0),
                ("2026-07-01", "2026-07-01", "2026-07-01", "rest", 1, 1, 0, 3),
            ],
        ),
        (
            {"since": "2026-07-06"},
            [("2026-07-06", "2026-07-06", "2026-07-06", "mcp", 0, 0, 1, -3)],
        ),
        ({"until": "yesterday"}, []),
        ({"after": "2026-06-30"}, []),
    ],
)
def test_one_month_worked_by_hand(empty, form, expected):
    db = empty()
    deliver(db, FACTS)

    assert [tuple(row.values()) for row in ask(db, **form)] == expected


@pytest.mark.asyncio
@pytest.mark.parametrize("applied", [[STORAGE], [STORAGE, EVIDENCE]], ids=["287", "900"])
@pytest.mark.sampled(1)
async def test_where_a_table_is_missing_a_question_is_empty_and_says_what_to_run(tmp_path, applied):
    path = tmp_path / "jpcite.db"
    migrate(path, only=applied)
    datasette = await serve(path)
    for question in questions():
        if any(parameter.is_required for parameter in question.parameters):
            continue
        answer = await datasette.client.get(f"/jpcite/{question.name}.json?_shape=array")
        assert (answer.status_code, answer.json()) == (200, []), question.name
    page = await datasette.client.get("/jpcite/deliveries")

    assert page.status_code == 200
    assert (
        "There is no am_personalization_delivery in jpcite.db. Run: sqlite-utils personalization-migrate jpcite.db"
        in page.text
    )


@pytest.mark.asyncio
async def test_a_question_is_asked_as_soon_as_its_table_is_there(tmp_path):
    path = tmp_path / "jpcite.db"
    migrate(path, only=[STORAGE, EVIDENCE])
    datasette = await serve(path)
    before = await datasette.client.get("/jpcite/deliveries.json?_shape=array")
    migrate(path, only=[EVENTS])
    with sqlite3.connect(path) as db:
        deliver(db, FACTS[:1])
    after = await datasette.client.get("/jpcite/deliveries.json?_shape=array")
    page = await datasette.client.get("/jpcite/deliveries")

    assert before.json() == []
    assert [tuple(row.values()) for row in after.json()] == [
        ("2026-07-01", "2026-07-01", "2026-07-01", "rest", 1, 1, 0, 3)
    ]
    assert "There is no" not in page.text
