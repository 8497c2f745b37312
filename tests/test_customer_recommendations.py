"""A customer's recommendations: the rows of the auditor's view of one night, page by page, each charged once a day."""

import json
import sqlite3
from base64 import urlsafe_b64decode, urlsafe_b64encode
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scored import NIGHTS, OTHERS, P, connect, history, in_memory, tamper

from sqlite_utils_personalization.billing.record import record_deliveries, record_delivery
from sqlite_utils_personalization.customer_api import offer
from sqlite_utils_personalization.customer_api.recommendations import recommendations
from sqlite_utils_personalization.errors import (
    DeliveryConflict,
    InvalidInput,
    PersonalizationError,
    UnknownCustomer,
)
from sqlite_utils_personalization.model.kinds import TYPES

CUSTOMER_1 = "207d28c47238e89eee33d9249bdbebeb80dd9b6aab9aed05dff24fe783cbc0c0"
VIEW = """
SELECT w.rec_id, r.as_of, w.recommendation_type, w.title, w.run_id, w.served_at, w.item_id, w.logged_score,
    w.industry_points, w.deadline_points, w.risk_points
FROM v_personalization_replay w JOIN am_personalization_run r USING (run_id) WHERE user_token_hash = ? ORDER BY rec_id
"""
CLOSES = """
SELECT c.recommendation_type, c.item_id, c.closes_on FROM am_personalization_run_candidate x
JOIN am_personalization_candidate c USING (candidate_id)
JOIN am_personalization_run r USING (run_id) WHERE r.as_of = ? AND c.left_out IS NULL
"""
NOON = datetime(2026, 4, 2, 3, tzinfo=timezone.utc)
# On the second day most is open, on the last hardly anything.
NOONS = (NOON, NOON.replace(day=26), NOON.replace(month=11))


@pytest.fixture
def db():
    with closing(in_memory()) as db:
        yield db


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "jpcite.db"
    path.write_bytes(history())
    return path


def customer(db, number):
    sql = "SELECT user_token_hash FROM am_personalization_profile WHERE profile_id = ?"
    return db.execute(sql, (number,)).fetchone()[0]


def walk(db, user, **filters):
    """All pages, to the end; at noon if nothing else is said."""
    filters = {"now": NOON, **filters}
    pages = [recommendations(db, user, **filters)]
    while pages[-1].next:
        pages.append(recommendations(db, user, **filters, after=pages[-1].next))
    return pages


def items(pages):
    return [item for page in pages for item in page.recommendations]


def parts(cursor):
    return json.loads(urlsafe_b64decode(cursor + "=="))


def made_of(parts):
    return urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def as_the_view_says(item):
    head = item.rec_id, item.as_of, item.recommendation_type, item.title
    return (*head, item.run_id, item.served_at, item.item_id, item.score, *item.points.values())


def expected(db, user, recommendation_type=None, night=None, day="2026-04-02"):
    of = night or NIGHTS[-1]
    closes = {(kind, item): closes_on for kind, item, closes_on in db.execute(CLOSES, (of,))}
    return [
        tuple(row)
        for row in db.execute(VIEW, (user,))
        if recommendation_type in (None, row[2])
        and row[1] == of
        and (night or (closes[row[2], row[6]] or day) >= day)
    ]


def deliveries(db):
    return db.execute(f"SELECT rec_id, channel, slot FROM {P}delivery ORDER BY rec_id").fetchall()


@given(
    st.integers(1, 8),
    st.integers(1, 30),
    st.sampled_from([None, *TYPES]),
    st.sampled_from([None, *NIGHTS]),
    st.sampled_from(NOONS),
    st.sampled_from([None, sqlite3.Row]),
)
def test_the_pages_are_the_rows_of_the_view_of_one_night(number, limit, kind, night, now, row_of):
    with closing(in_memory()) as db:
        user = customer(db, number)
        db.row_factory = row_of
        filters = {"recommendation_type": kind, "night": night}
        pages = walk(db, user, size=limit, channel="rest", now=now, **filters)
        rows = expected(db, user, **filters, day=now.date().isoformat())
        assert list(map(as_the_view_says, items(pages))) == rows
        assert [len(page.recommendations) for page in pages[:-1]] == [limit] * (len(pages) - 1)
        assert sum(page.charged_yen for page in pages) == 3 * len(rows)
        left_out = sum(sum(page.passed_over.values()) for page in pages)
        assert left_out == len(expected(db, user, kind, night or NIGHTS[-1])) - len(rows)


def test_an_item_says_why_it_is_where_it_is(db):
    served_at = db.execute(f"SELECT served_at FROM {P}run WHERE run_id = 2").fetchone()[0]
    page = recommendations(db, CUSTOMER_1, size=1, channel="mcp", now=NOON)
    assert json.loads(json.dumps(page.to_dict())) == {
        "recommendations": [
            {
                "rec_id": 43,
                "as_of": "2026-04-02",
                "recommendation_type": "program",
                "title": "令和8年度 建設現場の安全対策助成金",
                "closes_on": "2026-04-18",
                "days_left": 16,
                "closed": False,
                "closing": "dated",
                "run_id": 2,
                "served_at": served_at,
                "item_id": "EXjg0000000000001A",
                "rank": 1,
                "score": 98,
                "points": {"industry": 50, "deadline": 28, "risk": 20},
                "reasons": [
                    "lists 建設業 (D), which you declared: 50",
                    "closes in 16 days, within your 60-day horizon, of which 14 days are notice: 30 x 44 / 46 = 28,"
                    " rounded down",
                    "no risk level of its own, which suits a risk tolerance of low: 20",
                    "50 + 28 + 20 = 98, within the cap of 100 for programs: 98",
                ],
                "verdict": "reproduced",
                "same_programme": [],
                "saved_search": None,
            }
        ],
        "next": page.next,
        "passed_over": {},
        "preview": False,
        "delivered_new": 1,
        "delivered_before": 0,
        "charged_yen": 3,
        "unit_price_yen": 3,
        "sentence": "1 delivered for the first time on 2026-04-02, Japanese time",
    }
    assert parts(page.next)[:-1] == [2, 44, None, None, False]


def test_a_preview_shows_titles_and_delivers_nothing(db):
    db.execute("PRAGMA query_only = 1")
    page = recommendations(db, CUSTOMER_1, size=2, now=NOON)
    assert [vars(item) for item in page.recommendations] == [
        {
            "rec_id": rec_id,
            "as_of": "2026-04-02",
            "recommendation_type": "program",
            "title": title,
            "closes_on": closes_on,
            "days_left": days_left,
            "closed": False,
            "closing": "dated",
        }
        for rec_id, title, closes_on, days_left in (
            (43, "令和8年度 建設現場の安全対策助成金", "2026-04-18", 16),
            (44, "小規模事業者のバリアフリー改修補助", "2027-02-26", 330),
        )
    ]
    assert (page.preview, page.charged_yen, page.sentence) == (
        True,
        0,
        "a preview delivers nothing",
    )
    assert deliveries(db) == []


def test_the_same_page_is_charged_once_a_japanese_day(db):
    def charged(channel, *moment):
        now = datetime(2026, 4, *moment, tzinfo=timezone.utc)
        page = recommendations(db, CUSTOMER_1, size=2, channel=channel, now=now)
        return page.delivered_new, page.delivered_before, page.charged_yen, page.sentence

    # 15:00 UTC is midnight in Japan.
    first = "2 delivered for the first time on 2026-04-02, Japanese time"
    assert charged("mcp", 1, 15) == (2, 0, 6, first)
    assert charged("mcp", 2, 14, 59) == (
        0,
        2,
        0,
        "2 already delivered on 2026-04-02, not charged again",
    )
    assert charged("rest", 2, 14, 59)[:3] == (0, 2, 0)
    # The next day what was delivered is left out, and what comes instead is new.
    assert charged("rest", 2, 15)[:3] == (2, 0, 6)
    assert len({rec_id for rec_id, *_ in deliveries(db)}) == 4
    third = recommendations(db, CUSTOMER_1, size=3, channel="digest", now=NOON)
    assert third.sentence == (
        "1 delivered for the first time on 2026-04-02, Japanese time;"
        " 2 already delivered on 2026-04-02, not charged again"
    )


def test_a_delivery_recorded_otherwise_is_refused_and_nothing_is_delivered(db):
    record_delivery(db, 44, channel="mcp", slot="2026-04-02", status=500, delivered_at=NOON)
    with pytest.raises(DeliveryConflict):
        recommendations(db, CUSTOMER_1, size=2, channel="mcp", now=NOON)
    assert deliveries(db) == [(44, "mcp", "2026-04-02")]
    assert not db.in_transaction


def test_the_delivery_is_kept_or_lost_with_the_callers_transaction(db):
    db.execute("BEGIN IMMEDIATE")
    assert recommendations(db, CUSTOMER_1, size=2, channel="mcp", now=NOON).charged_yen == 6
    db.execute("ROLLBACK")
    assert deliveries(db) == []


def test_what_cannot_be_replayed_is_neither_shown_nor_charged(db):
    tamper(db, f"UPDATE {P}recommendation_log SET score = score - 1 WHERE rec_id = 44")
    # One row of another program, and one that says it is of this night.
    db.execute(OTHERS)
    db.execute(
        f"INSERT INTO {P}recommendation_log(profile_id, recommendation_type, score, served_at)"
        f" SELECT 8, 'program', 7, served_at FROM {P}run WHERE run_id = 2"
    )
    (page,) = walk(db, CUSTOMER_1, size=100, channel="mcp")
    assert page.passed_over == {"differs": 1}
    assert 44 not in [item.rec_id for item in page.recommendations]
    eighth = walk(db, customer(db, 8), size=100, channel="mcp")[0]
    assert (eighth.passed_over, len(eighth.recommendations)) == (
        {"no evidence": 1},
        eighth.delivered_new,
    )
    assert {row[0] for row in deliveries(db)} == {
        item.rec_id for item in page.recommendations + eighth.recommendations
    }


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "é",
        "a" * 300,
        urlsafe_b64encode(b"[1]").decode(),
        urlsafe_b64encode(b"[2, true, null, null]").decode(),
        urlsafe_b64encode(b"[2, 9007199254740993, null, null]").decode(),
        urlsafe_b64encode(b'["2026-04-02T00:00:00.000Z", 43, null, null]').decode(),
        urlsafe_b64encode(b'[{"$": 1}, 43, null, null]').decode(),
        # As it was before there was a mark, and with one of every other kind.
        *(
            made_of([2, 44, None, None, False, *mark])
            for mark in ([], [None], [7], [""], ["é"], ["0" * 32], ["0" * 32, 1], [["0"]])
        ),
        made_of(["' OR 1 --", 43, None, None, False, "0" * 32]),
    ],
)
def test_a_cursor_that_was_not_given_is_refused(db, refuses, text):
    with refuses("after is not one that you were given - begin again without it"):
        recommendations(db, CUSTOMER_1, after=text, channel="mcp", now=NOON)
    assert deliveries(db) == []


@given(st.text(max_size=80))
def test_no_cursor_is_a_traceback(text):
    with closing(in_memory()) as db, pytest.raises(InvalidInput):
        recommendations(db, CUSTOMER_1, after=text)


@pytest.mark.parametrize("place", (0, 1, -1))
def test_a_cursor_begins_where_a_page_ended_and_nowhere_else(db, place):
    given = parts(recommendations(db, CUSTOMER_1, size=1, channel="mcp", now=NOON).next)
    for other in range(40, 50):
        forged = [*given]
        forged[place] = given[place][:-1] + f"{other:x}"[-1] if place == -1 else other
        if forged != given:
            with pytest.raises(InvalidInput):
                recommendations(db, CUSTOMER_1, after=made_of(forged), channel="mcp", now=NOON)
    assert [row[0] for row in deliveries(db)] == [43]


def test_a_preview_leads_to_previews_only(db, refuses):
    free = recommendations(db, CUSTOMER_1, size=1, now=NOON).next
    with refuses(
        "after belongs to another type or night, or to a preview - begin again without it"
    ):
        recommendations(db, CUSTOMER_1, after=free, channel="mcp", now=NOON)
    given = parts(free)
    given[4] = False
    with refuses("after is not one that you were given - begin again without it"):
        recommendations(db, CUSTOMER_1, after=made_of(given), channel="mcp", now=NOON)
    assert deliveries(db) == []


def test_a_cursor_selects_no_row_of_another_customer(db, refuses):
    mine = recommendations(db, customer(db, 2), size=1, now=NOON).next
    with refuses("after is not one that you were given - begin again without it"):
        recommendations(db, CUSTOMER_1, after=mine, now=NOON)
    stolen = items(walk(db, CUSTOMER_1, channel="mcp"))
    own = {row[0] for row in db.execute(VIEW, (CUSTOMER_1,)) if row[1] == NIGHTS[-1]}
    assert {item.rec_id for item in stolen} == own


def test_a_cursor_goes_with_its_filters(db, refuses):
    mine = recommendations(db, CUSTOMER_1, size=1, recommendation_type="program", now=NOON).next
    for other in ({}, {"recommendation_type": "amendment"}, {"night": "2026-04-02"}):
        with refuses(
            "after belongs to another type or night, or to a preview - begin again without it"
        ):
            recommendations(db, CUSTOMER_1, after=mine, now=NOON, **other)


def test_what_others_write_between_two_pages_moves_no_row(db):
    first = recommendations(db, CUSTOMER_1, size=3, now=NOON)
    before = walk(db, CUSTOMER_1, size=3)
    late = (
        f"INSERT INTO {P}recommendation_log(profile_id, recommendation_type) VALUES (1, 'program')"
    )
    db.execute(late)
    rest = recommendations(db, CUSTOMER_1, size=100, after=first.next, now=NOON)
    assert [*first.recommendations, *rest.recommendations] == items(before)


def test_a_key_that_is_nobodys_is_told_so_without_being_repeated(db):
    with pytest.raises(UnknownCustomer) as error:
        recommendations(db, "f" * 64, channel="mcp")
    assert str(error.value).startswith("no customer has this hash - check the key")
    assert "f" * 64 not in str(error.value)


@pytest.mark.parametrize(
    ("argument", "value", "sentence"),
    [
        (
            "recommendation_type",
            "bogus",
            f"type is not one of {', '.join(TYPES)} - give one of them, or none",
        ),
        ("channel", "fax", "channel is not one of rest, mcp, digest - give one of them, or none"),
        ("night", "20260402", "night is not a day - write it like 2026-07-22"),
        ("night", 20260402, "night is not a day - write it like 2026-07-22"),
        *(
            ("size", size, "size is not a whole number from 1 to 100 - give one, or none")
            for size in (0, 101, -1, True, "10", 2.0, None)
        ),
    ],
)
def test_an_argument_that_cannot_be_is_named_and_not_repeated(
    db, refuses, argument, value, sentence
):
    with refuses(sentence):
        recommendations(db, CUSTOMER_1, **{"channel": "mcp", argument: value})
    assert deliveries(db) == []


def test_a_database_without_deliveries_says_what_to_run(db, refuses):
    db.execute(f"DROP TABLE {P}delivery")
    with refuses(
        f"{P}delivery not found - run: sqlite-utils personalization-migrate with the path of the database"
    ):
        recommendations(db, CUSTOMER_1, channel="mcp")


def plan(db, sql, **at):
    return [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {sql}", at)]


@pytest.fixture
def of_many_nights(db):
    """Where reading all runs costs more than a look into an index."""
    db.execute("UPDATE sqlite_stat1 SET stat = '900 1 1 1 1' WHERE tbl = 'am_personalization_run'")
    db.execute("ANALYZE sqlite_master")
    return db


@pytest.mark.parametrize("which", [offer.NEWEST, offer.ASKED_FOR])
def test_the_night_is_found_by_its_day(of_many_nights, which):
    db = of_many_nights
    first, *rest = plan(db, offer.RUN.format(which=which), today="", night="")
    assert "USING INDEX sqlite_autoindex_am_personalization_run_1 (as_of" in first
    assert not any(line.startswith("SCAN") for line in rest)


def test_a_page_is_a_walk_of_indexes(of_many_nights):
    db = of_many_nights
    names = "profile_id served_at start run_id recommendation_type whatever today first_day"
    lines = plan(db, offer.offers_sql(db), **dict.fromkeys(names.split(), ""))
    index = "USING INDEX idx_am_pers_rec_profile_served (profile_id=? AND served_at=?"
    assert any(index in line for line in lines)
    # What was handed over is gone through in memory, once it was looked up.
    scanned = {line.removesuffix(" LEFT-JOIN") for line in lines if line.startswith("SCAN")}
    assert scanned <= {"SCAN h", "SCAN SUBQUERY 2"}
    assert any("idx_am_personalization_delivery_rec (rec_id=?" in line for line in lines)
    assert not any("ORDER BY" in line or "GROUP BY" in line for line in lines)


def test_a_page_costs_the_same_however_long_the_log_is(db):
    def steps():
        count = 0

        def step():
            nonlocal count
            count += 1

        first = recommendations(db, CUSTOMER_1, size=3, now=NOON).next
        db.set_progress_handler(step, 10)
        recommendations(db, CUSTOMER_1, size=3, after=first, now=NOON)
        recommendations(db, CUSTOMER_1, size=3, night=NIGHTS[0], now=NOON)
        db.set_progress_handler(None, 0)
        return count

    recommendations(db, CUSTOMER_1, size=3, channel="mcp", now=NOON)
    before = steps()
    db.executemany(
        f"INSERT INTO {P}recommendation_log(profile_id, recommendation_type) VALUES (?, 'program')",
        [(2 + n % 7,) for n in range(20_000)],
    )
    others = f"SELECT rec_id FROM {P}recommendation_log WHERE profile_id > 1"
    rec_ids = [row[0] for row in db.execute(others)]
    record_deliveries(db, rec_ids, channel="digest", slot="2026-04-02")
    assert steps() <= before * 1.2


def test_two_at_once_are_charged_once(path):
    def ask(_):
        with closing(connect(path)) as db:
            return recommendations(db, CUSTOMER_1, size=5, channel="mcp", now=NOON)

    with ThreadPoolExecutor(8) as pool:
        pages = list(pool.map(ask, range(16)))
    assert sorted(page.charged_yen for page in pages) == [0] * 15 + [15]
    with closing(connect(path)) as db:
        assert len(deliveries(db)) == 5


def test_every_fault_of_the_service_is_one_of_ours():
    assert issubclass(UnknownCustomer, PersonalizationError)
    assert issubclass(InvalidInput, PersonalizationError)
