"""What stands on a list, and in which order, by the packaged model beside one without its later rules."""

import json
from contextlib import closing

import pytest
from nights import P, programs_of, scored_night
from oracle import Item
from strategies import TITLES

from sqlite_utils_personalization.audit.replay import replay
from sqlite_utils_personalization.audit.selection import Selection
from sqlite_utils_personalization.audit.verify.verify import verify
from sqlite_utils_personalization.model.model import load_model

NEW = load_model().constants
OLD = {}


def listed(folder, items, preference, model=NEW, **options):
    """Ids of the programs that a customer of this preference is recommended on 2026-04-01."""
    with closing(
        scored_night(folder, items, [json.dumps(preference)], model=model, **options)
    ) as db:
        assert verify(db) == []
        return programs_of(db, 1, 1)


def both(folder, items, preference, **options):
    return tuple(listed(folder, items, preference, model, **options) for model in (OLD, NEW))


CONSTRUCTION = {"industry_pack": "D"}
ROUNDS = [
    Item("program", "1", TITLES[0], industries="DE"),
    Item("program", "2", TITLES[1], industries="D", closes_on="2026-09-30"),
    Item("program", "3", TITLES[2], industries="D", prefectures="東京都"),
    Item("program", "4", "別の支援金", industries="DE"),
    Item("program", "5", "補助金", industries="DE"),
    Item("program", "6", "補助金", industries="DE"),
]


def test_of_a_family_the_best_placed_stands_and_no_other(tmp_path):
    """2 has fewer industries than 1, and a closing date, which 3 has not; what names nothing is of no family."""
    old, new = both(tmp_path, ROUNDS, CONSTRUCTION)
    assert old == ["2", "3", "1", "4", "5", "6"]
    assert new == ["2", "4", "5", "6"]


def test_in_a_declared_prefecture_a_family_is_one_of_that_area(tmp_path):
    old, new = both(tmp_path, ROUNDS, CONSTRUCTION | {"prefecture": "東京都"})
    assert old == ["2", "3", "1", "4", "5", "6"]
    # 3 is offered there, and 2 stands for the nationwide rounds.
    assert new == ["3", "2", "4", "5", "6"]


@pytest.mark.parametrize("top_k", (1, 2, 3))
def test_a_family_takes_one_place_before_the_list_is_cut(tmp_path, top_k):
    assert listed(tmp_path, ROUNDS, CONSTRUCTION, top_k=top_k) == ["2", "4", "5"][:top_k]


def test_another_member_stands_where_the_best_is_not_for_the_customer(tmp_path):
    assert listed(tmp_path, ROUNDS, {"industry_pack": "E"}) == ["1", "4", "5", "6"]
    with closing(
        scored_night(tmp_path, ROUNDS, [json.dumps(CONSTRUCTION)], model=NEW, as_of="2026-09-20")
    ) as db:
        # In ten days 2 closes, and 14 days' notice are kept.
        assert programs_of(db, 1, 1) == ["3", "4", "5", "6"]


def test_members_that_earn_the_same_in_the_same_way_are_told_apart_by_their_id(tmp_path):
    same = [Item("program", name, TITLES[0], industries="D") for name in ("c", "a", "b")]
    assert both(tmp_path, same, CONSTRUCTION) == (["a", "b", "c"], ["a"])


def test_so_many_members_of_one_family_leave_the_others_their_places(tmp_path):
    many = [Item("program", f"a{n:02}", TITLES[n % 3], industries="D") for n in range(40)]
    others = [Item("program", f"b{n}", f"補助金{n}", industries="D") for n in range(3)]
    old, new = both(tmp_path, many + others, CONSTRUCTION, top_k=3)
    assert old == ["a00", "a01", "a02"]
    assert new == ["a00", "b0", "b1"]


NEAR = [
    Item("program", "far", "全国の補助金", industries="D", risk_level="low"),
    Item("program", "near", "都の補助金", industries="DE", prefectures="東京都", risk_level="low"),
    Item("program", "nearby", "首都圏の補助金", "D", "千葉県,東京都", risk_level="medium"),
    Item("program", "elsewhere", "府の補助金", industries="D", prefectures="大阪府"),
]


def test_within_the_band_the_own_prefecture_comes_first(tmp_path):
    """70 points for near and far, 60 for nearby."""
    declared = CONSTRUCTION | {"prefecture": "東京都", "risk_tolerance": "low"}
    old, new = both(tmp_path, NEAR, declared)
    assert old == ["far", "near", "nearby"]
    assert new == ["near", "nearby", "far"]
    assert listed(tmp_path, NEAR, declared, NEW | {"rank_band": 10}) == ["near", "far", "nearby"]


def test_without_a_declared_prefecture_nothing_is_far(tmp_path):
    declared = CONSTRUCTION | {"risk_tolerance": "low"}
    assert both(tmp_path, NEAR, declared) == (["elsewhere", "far", "near", "nearby"],) * 2


def test_whoever_declared_no_industry_sees_first_what_is_for_everyone(tmp_path):
    items = [
        Item("program", "builders", "建設の補助金", industries="D", risk_level="low"),
        Item("program", "all", "みんなの補助金", industries="any", risk_level="low"),
        Item("program", "unknown", "誰かの補助金", risk_level="low", closes_on="2026-12-31"),
        Item(
            "program",
            "some",
            "業種の補助金",
            industries="DE",
            risk_level="low",
            closes_on="2026-10-31",
        ),
        Item("program", "less", "少ない補助金", industries="any", risk_level="medium"),
    ]
    old, new = both(tmp_path, items, {"risk_tolerance": "low"})
    assert old == ["builders", "some", "all", "unknown", "less"]
    assert new == ["unknown", "all", "less", "some", "builders"]
    narrow = listed(tmp_path, items, {"risk_tolerance": "low"}, NEW | {"rank_band": 10})
    assert narrow == ["unknown", "all", "some", "builders", "less"]
    # Declared, the number of industries counts again.
    declared = CONSTRUCTION | {"risk_tolerance": "low"}
    assert both(tmp_path, items, declared) == (["builders", "some", "all", "less", "unknown"],) * 2


def closing_in(*days):
    dates = {0: "2026-04-01", 5: "2026-04-06", 13: "2026-04-14", 14: "2026-04-15", 20: "2026-04-21"}
    return [
        Item("program", f"{day:02}", f"{day}日後の補助金", industries="D", closes_on=dates[day])
        for day in days
    ]


def test_what_leaves_less_than_the_notice_is_not_recommended(tmp_path):
    items = closing_in(0, 5, 13, 14, 20)
    old, new = both(tmp_path, items, CONSTRUCTION | {"deadline_horizon_days": 60})
    assert old == ["00", "05", "13", "14", "20"]
    assert new == ["14", "20"]


def test_of_a_short_horizon_half_is_kept(tmp_path):
    items = closing_in(0, 5, 13, 14, 20)
    assert listed(tmp_path, items, CONSTRUCTION | {"deadline_horizon_days": 10}) == [
        *("05", "13", "14", "20")
    ]
    assert listed(tmp_path, items, CONSTRUCTION | {"deadline_horizon_days": 1})[0] == "00"


SENTENCES = (
    # item, what is said of its deadline by the old model and by the new one
    (
        Item("program", "a", "設備の補助金", industries="D", closes_on="2026-04-18"),
        "closes in 17 days, within your 60-day horizon: 30 x 43 / 60 = 21, rounded down",
        "closes in 17 days, within your 60-day horizon, of which 14 days are notice: 30 x 43 / 46 = 28, rounded down",
    ),
    (
        Item("program", "a", "設備の補助金(随時)", industries="D"),
        "no closing date, and your 60-day horizon is at most 90 days: 30",
        "takes applications at any time: 15",
    ),
    (
        Item("program", "a", "設備の補助金", industries="D"),
        "no closing date, and your 60-day horizon is at most 90 days: 30",
        "its closing date is not known: 0",
    ),
    (
        # Nobody asks that of an amendment in a catalogue of the user's own.
        Item("amendment", "a", "設備の補助金(随時)", industries="D"),
        "no closing date, and your 60-day horizon is at most 90 days: 30",
        "no closing date, and your 60-day horizon is at most 90 days: 30",
    ),
)


@pytest.mark.parametrize(("item", "by_old", "by_new"), SENTENCES)
def test_a_replayed_row_says_what_its_own_model_counts(tmp_path, item, by_old, by_new):
    declared = json.dumps(CONSTRUCTION | {"deadline_horizon_days": 60})
    for model, sentence in ((OLD, by_old), (NEW, by_new)):
        with closing(scored_night(tmp_path, [item], [declared], model=model)) as db:
            (rec_id,) = db.execute(
                f"SELECT rec_id FROM {P}recommendation_log JOIN v_personalization_replay USING (rec_id)"
                " WHERE item_id = 'a'"
            ).fetchone()
            (found,) = replay(db, Selection(rec_ids=[rec_id]))
        assert (found.verdict, found.components[1].sentence) == ("reproduced", sentence)
