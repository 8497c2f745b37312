"""What a door hands over by default, and what an old night says, worked out by hand on a shop of three programs."""

import json
import sqlite3
from contextlib import closing
from datetime import datetime

import pytest
from scored import P, connect, tamper

from sqlite_utils_personalization import score
from sqlite_utils_personalization.billing.record import record_delivery, reverse_delivery
from sqlite_utils_personalization.clock import JAPAN
from sqlite_utils_personalization.customer_api.explain import explain
from sqlite_utils_personalization.customer_api.recommendations import recommendations
from sqlite_utils_personalization.errors import NotFound
from sqlite_utils_personalization.model.model import load_model

OTHER = "after belongs to another type or night, or to a preview - begin again without it"
PROGRAMS = """
CREATE TABLE programs (
    unified_id TEXT PRIMARY KEY, primary_name TEXT NOT NULL, prefecture TEXT, tier TEXT,
    excluded INTEGER DEFAULT 0, application_window_json TEXT
);
INSERT INTO programs VALUES
    ('SOON', '町工場の省エネ設備更新補助', NULL, 'A', 0, '{"end_date": "2026-07-20"}'),
    ('LATE', '空き店舗を活かす創業支援金', NULL, 'A', 0, '{"end_date": "2026-12-31"}'),
    ('EVER', '若手就農者の機械導入支援', NULL, 'A', 0, '{"cycle": "rolling"}');
"""
ALL = ["SOON", "LATE", "EVER"]
TITLES = ["町工場の省エネ設備更新補助", "空き店舗を活かす創業支援金", "若手就農者の機械導入支援"]


class Shop:
    """A file with one customer and the three programs; a night is scored whenever a test says so."""

    def __init__(self, path, key):
        self.path, self.db, self.key = path, connect(path), key

    def score(self, as_of, **options):
        return score(self.path, as_of=as_of, **options)["run_id"]

    def ask(self, day, channel="rest", **filters):
        return recommendations(self.db, self.key, channel=channel, now=noon(day), **filters)

    def told(self, day, channel="rest", **filters):
        """The items of one page, by title in the order of the shop, what was charged, and what was left out."""
        page = self.ask(day, channel, **filters)
        ids = sorted(TITLES.index(item.title) for item in page.recommendations)
        return [ALL[at] for at in ids], page.charged_yen, page.passed_over

    def deliveries(self):
        return self.db.execute(f"SELECT count(*) FROM {P}delivery").fetchone()[0]


def noon(day):
    return datetime.fromisoformat(f"{day}T12:00:00").replace(tzinfo=JAPAN)


@pytest.fixture
def bare(db_path, add_profile):
    """The customer, and nothing that could be recommended."""
    number = add_profile(db_path, 1, {"risk_tolerance": "low", "deadline_horizon_days": 90})
    with closing(sqlite3.connect(db_path)) as db:
        sql = f"SELECT user_token_hash FROM {P}profile WHERE profile_id = ?"
        key = db.execute(sql, (number,)).fetchone()[0]
    shop = Shop(db_path, key)
    yield shop
    shop.db.close()


@pytest.fixture
def shop(bare):
    bare.db.executescript(PROGRAMS)
    return bare


@pytest.fixture
def programs(shop, monkeypatch):
    """The shop, asked for programs alone."""
    ask = shop.ask
    shop.ask = lambda day, channel="rest", **filters: ask(
        day, channel, **{"recommendation_type": "program", **filters}
    )
    return shop


def test_the_same_day_again_is_free_and_the_next_day_has_nothing_to_hand_over(programs):
    programs.score("2026-07-01")
    assert programs.told("2026-07-01") == (ALL, 9, {})
    assert programs.told("2026-07-01") == (ALL, 0, {})
    assert programs.told("2026-07-02") == ([], 0, {"delivered before": 3})
    assert programs.told("2026-07-02") == ([], 0, {"delivered before": 3})
    assert programs.deliveries() == 3


def test_an_item_is_charged_once_a_day_whatever_the_channel(programs):
    programs.score("2026-07-01")
    assert programs.told("2026-07-01", "mcp", size=1)[1] == 3
    assert programs.told("2026-07-01", "rest") == (ALL, 6, {})
    assert programs.told("2026-07-01", "digest") == (ALL, 0, {})
    page = programs.ask("2026-07-01", "mcp")
    assert (page.delivered_new, page.delivered_before) == (0, 3)
    assert page.sentence == "3 already delivered on 2026-07-01, not charged again"


def test_an_item_is_charged_once_a_day_whatever_the_row(programs):
    programs.score("2026-07-01")
    programs.score("2026-07-02")
    assert programs.told("2026-07-02", night="2026-07-01") == (ALL, 9, {})
    assert programs.told("2026-07-02", "mcp") == (ALL, 0, {})
    assert programs.deliveries() == 3
    # What came free of charge is explained as what was paid for.
    for item in programs.ask("2026-07-02").recommendations:
        found = explain(programs.db, programs.key, item.rec_id, now=noon("2026-07-02"))
        assert found.recommendation == item
    assert programs.told("2026-07-03") == ([], 0, {"delivered before": 3})


def test_what_nobody_was_given_of_a_day_is_not_explained_by_what_came_before(programs):
    programs.score("2026-07-01")
    programs.ask("2026-07-01")
    programs.score("2026-07-10", model=no_repeats(programs.path))
    rec_id, *_ = (item.rec_id for item in programs.ask("2026-07-10", None).recommendations)
    with pytest.raises(NotFound):
        explain(programs.db, programs.key, rec_id)


def test_what_has_closed_is_left_out_from_the_day_after(programs):
    programs.score("2026-07-01")
    assert programs.told("2026-07-20", None) == (ALL, 0, {})
    assert programs.told("2026-07-21", None) == (["LATE", "EVER"], 0, {"closed": 1})
    assert programs.told("2026-07-21") == (["LATE", "EVER"], 6, {"closed": 1})
    # Midnight in Japan is 15:00 UTC.
    late = datetime.fromisoformat("2026-07-20T14:59:59+00:00")
    early = datetime.fromisoformat("2026-07-20T15:00:00+00:00")
    for moment, left_out in ((late, {}), (early, {"closed": 1})):
        page = recommendations(programs.db, programs.key, recommendation_type="program", now=moment)
        assert page.passed_over == left_out


def test_each_item_says_until_when(programs):
    programs.score("2026-07-01")

    def said(day, **filters):
        items = programs.ask(day, **filters).recommendations
        return {one.item_id: (one.closes_on, one.days_left, one.closed) for one in items}

    assert said("2026-07-01") == {
        "SOON": ("2026-07-20", 19, False),
        "LATE": ("2026-12-31", 183, False),
        "EVER": (None, None, False),
    }
    for day, left, closed in (("2026-07-20", 0, False), ("2026-07-22", -2, True)):
        old = said(day, night="2026-07-01")
        assert old["SOON"] == ("2026-07-20", left, closed)
        assert old["EVER"] == (None, None, False)
    preview = programs.ask("2026-07-22", None, night="2026-07-01")
    assert sorted(one.closed for one in preview.recommendations) == [False, False, True]


def test_an_old_night_is_handed_over_as_it_was(programs):
    programs.score("2026-07-01")
    programs.score("2026-07-02")
    programs.ask("2026-07-01", night="2026-07-01")
    assert programs.told("2026-07-22", night="2026-07-01") == (ALL, 9, {})
    assert programs.told("2026-07-22", night="2026-07-03") == ([], 0, {})


def test_the_days_of_a_repeat_are_those_of_the_model_of_the_night(programs):
    # 30 days: from 31 July on, 1 July is too long ago.
    programs.score("2026-07-01")
    programs.ask("2026-07-01")
    assert programs.told("2026-07-30", None)[2] == {"closed": 1, "delivered before": 2}
    assert programs.told("2026-07-31", None) == (["LATE", "EVER"], 0, {"closed": 1})


def no_repeats(path):
    """A model of before there were any."""
    constants = {
        key: value
        for key, value in load_model().constants.items()
        if key not in ("repeat_days", "depth")
    }
    model = path.with_name("model.json")
    model.write_text(json.dumps(constants, ensure_ascii=False), encoding="utf-8")
    return model


def test_a_model_without_repeats_spares_none_but_charges_once_a_day(programs):
    programs.score("2026-07-01", model=no_repeats(programs.path))
    assert programs.told("2026-07-01") == (ALL, 9, {})
    assert programs.told("2026-07-01", "mcp") == (ALL, 0, {})
    assert programs.told("2026-07-02") == (ALL, 9, {})


def test_what_failed_or_was_taken_back_was_not_handed_over(programs):
    programs.score("2026-07-01")
    first, second, third = (
        item.rec_id for item in programs.ask("2026-07-01", None).recommendations
    )
    yesterday = {"slot": "2026-07-01", "delivered_at": "2026-07-01T12:00:00+09:00"}
    record_delivery(programs.db, first, channel="rest", status=500, **yesterday)
    taken_back = record_delivery(programs.db, second, channel="rest", **yesterday)
    reverse_delivery(programs.db, taken_back.delivery_id)
    record_delivery(programs.db, third, channel="digest", **yesterday | {"slot": "issue-7"})
    page = programs.ask("2026-07-02")
    assert [item.rec_id for item in page.recommendations] == [first, second]
    assert (page.charged_yen, page.passed_over) == (6, {"delivered before": 1})


def test_what_was_taken_back_the_same_day_comes_again_and_is_not_charged(programs):
    programs.score("2026-07-01")
    (item,) = programs.ask("2026-07-01", size=1).recommendations
    sql = f"SELECT delivery_id FROM {P}delivery WHERE rec_id = ?"
    reverse_delivery(programs.db, programs.db.execute(sql, (item.rec_id,)).fetchone()[0])
    again = programs.ask("2026-07-01", size=1)
    assert (again.recommendations, again.charged_yen, again.delivered_before) == ((item,), 0, 1)


def change(shop, item_id, **columns):
    for column, value in columns.items():
        shop.db.execute(f"UPDATE programs SET {column} = ? WHERE unified_id = ?", (value, item_id))


def test_what_is_new_of_an_item_is_not_kept_back(programs):
    # Both nights before anything is delivered, so that it is the door that has to tell.
    programs.score("2026-07-01")
    change(programs, "SOON", application_window_json='{"end_date": "2026-08-20"}')
    programs.score("2026-07-02")
    programs.ask("2026-07-01")
    assert programs.told("2026-07-02") == (["SOON"], 3, {"delivered before": 2})


@pytest.mark.parametrize(
    ("opens", "told"),
    [
        (None, ([], 0, {"delivered before": 1})),
        ("2026-07-01", ([], 0, {"delivered before": 1})),
        ("2026-07-02", (["SECOND"], 3, {})),
    ],
)
def test_another_round_of_a_programme_is_a_repeat_unless_it_opened_since(programs, opens, told):
    window = {"end_date": "2026-12-31"} | ({"start_date": opens} if opens else {})
    rounds = [
        ("FIRST", "第1回 町工場デジタル化推進補助金", {"end_date": "2026-12-31"}),
        ("SECOND", "第2回 町工場デジタル化推進補助金", window),
    ]
    for night, (item_id, name, of) in zip(("2026-07-01", "2026-07-02"), rounds, strict=True):
        programs.db.execute("DELETE FROM programs")
        programs.db.execute(
            "INSERT INTO programs VALUES (?, ?, NULL, 'A', 0, ?)", (item_id, name, json.dumps(of))
        )
        programs.score(night)
    sql = f"SELECT count(DISTINCT family), count(*) FROM {P}candidate WHERE recommendation_type = 'program'"
    assert programs.db.execute(sql).fetchone() == (1, 2)
    programs.ask("2026-07-01")
    page = programs.ask("2026-07-02")
    assert (
        [item.item_id for item in page.recommendations],
        page.charged_yen,
        page.passed_over,
    ) == told


def test_what_stands_for_a_type_is_never_handed_over(bare):
    bare.score("2026-07-01")
    logged = bare.db.execute(f"SELECT count(*) FROM {P}recommendation_log").fetchone()[0]
    assert logged > 0
    for filters in ({}, {"night": "2026-07-01"}):
        for channel in ("rest", None):
            page = bare.ask("2026-07-01", channel, **filters)
            assert (page.recommendations, page.passed_over) == ((), {"placeholder": logged})
            assert (page.charged_yen, page.next) == (0, None)
    assert bare.deliveries() == 0


def test_what_stands_for_a_type_is_recorded_at_nothing_and_takes_no_price(bare, refuses):
    bare.score("2026-07-01")
    given = {"channel": "digest", "delivered_at": "2026-07-01T12:00:00+09:00"}
    found = record_delivery(bare.db, 1, slot="issue-1", **given)
    assert (found.unit_price_yen, found.charge_key) == (0, None)
    with refuses(
        "rec_id 1, or its item, stands for a whole type, which is not charged - leave the price out, or say 0"
    ):
        record_delivery(bare.db, 1, slot="issue-2", unit_price_yen=3, **given)


def test_the_newest_night_is_so_by_its_day_and_has_come(programs):
    newest = programs.score("2026-07-02")
    programs.score("2026-07-01")
    tomorrow = programs.score("2026-07-03")

    def run_of(day):
        return {item.run_id for item in programs.ask(day, night=None).recommendations}

    assert run_of("2026-07-02") == {newest}
    assert programs.told("2026-07-03") == ([], 0, {"delivered before": 3})
    assert {
        item.run_id for item in programs.ask("2026-07-03", night="2026-07-03").recommendations
    } == {tomorrow}
    assert programs.ask("2026-06-30", None).recommendations == ()


def test_of_one_day_the_last_run_counts(programs):
    first = programs.score("2026-07-01")
    again = programs.score("2026-07-01", again=True)
    assert {item.run_id for item in programs.ask("2026-07-01").recommendations} == {again}
    asked = programs.ask("2026-07-01", night="2026-07-01")
    assert ({item.run_id for item in asked.recommendations}, asked.charged_yen) == ({again}, 0)
    assert first != again


def test_a_night_that_is_not_sealed_is_none(programs):
    first = programs.score("2026-07-01")
    second = programs.score("2026-07-02")
    tamper(programs.db, f"DELETE FROM {P}seal WHERE run_id = {second}")
    assert {item.run_id for item in programs.ask("2026-07-02").recommendations} == {first}
    assert programs.told("2026-07-02", night="2026-07-02") == ([], 0, {})


def test_a_customer_the_newest_night_did_not_know_gets_nothing(programs, add_profile):
    programs.score("2026-07-01")
    add_profile(programs.path, 2, {"risk_tolerance": "low"})
    sql = f"SELECT user_token_hash FROM {P}profile WHERE profile_id = 2"
    (programs.key,) = programs.db.execute(sql).fetchone()
    assert programs.told("2026-07-01") == ([], 0, {})


def test_a_cursor_stays_in_its_night(programs, refuses):
    programs.score("2026-07-01")
    programs.score("2026-07-02")
    newest = programs.ask("2026-07-02", size=1).next
    old = programs.ask("2026-07-02", size=1, night="2026-07-01").next
    paid = programs.deliveries()
    for cursor, night in ((old, None), (newest, "2026-07-01"), (newest, "2026-07-02")):
        with refuses(OTHER):
            programs.ask("2026-07-02", after=cursor, night=night)
    assert programs.deliveries() == paid
    # A night that ends between two pages: begin again, and what was handed over is free.
    first = programs.ask("2026-07-02", size=2)
    programs.score("2026-07-02", again=True)
    with refuses(OTHER):
        programs.ask("2026-07-02", size=2, after=first.next)


def test_pages_go_on_behind_what_is_left_out_and_count_it_once(programs):
    programs.score("2026-07-01")
    first = programs.ask("2026-07-01", size=1)
    assert first.next
    # The next day one is left out before the first, and none is offered twice.
    page = programs.ask("2026-07-02", size=1)
    rest = programs.ask("2026-07-02", size=1, after=page.next)
    assert (page.passed_over, rest.passed_over) == ({"delivered before": 1}, {})
    assert rest.next is None
    assert len({one.recommendations[0].item_id for one in (first, page, rest)}) == 3
    assert [one.charged_yen for one in (first, page, rest)] == [3, 3, 3]
    # Of a page that was cut at midnight, the cursor leads on.
    assert (
        programs.ask("2026-07-02", size=1, after=page.next).recommendations == rest.recommendations
    )
