"""Hand-worked examples of the oracle, every expected number worked out from the design."""

import ast
import json
import sys
from datetime import datetime
from itertools import product
from pathlib import Path

import oracle
import pytest
from hypothesis import given
from oracle import (
    MODEL,
    NEW_MODEL,
    Declared,
    Delivery,
    Feedback,
    InvalidPreference,
    Item,
    Past,
    Place,
)
from strategies import as_of_days, as_seen_by, items_of_a_night, models, odd_texts, valid_texts

AS_OF = "2026-07-22"
BOTH = pytest.mark.parametrize("model", (MODEL, NEW_MODEL), ids=("old", "new"))


def program(item_id="P1", **facts):
    return Item("program", item_id, **facts)


def letters(text):
    return frozenset(text)


def points(item, customer, as_of=AS_OF, model=MODEL):
    return tuple(oracle.place(item, customer, model, as_of))[1:]


def ids(items, preference, as_of=AS_OF, top_k=10, model=MODEL, name="program"):
    served, rejected = oracle.recommendations(
        items, {1: json.dumps(preference)}, model, as_of, top_k
    )
    assert rejected == set()
    return [place.item_id for place in served[1][name]]


def test_the_oracle_imports_only_the_standard_library():
    tree = ast.parse(Path(oracle.__file__).read_text(encoding="utf-8"))
    imported = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            imported.add(node.module.split(".")[0])
    assert imported <= sys.stdlib_module_names


def test_there_are_47_prefectures_and_20_industries():
    assert len(set(oracle.PREFECTURES)) == 47
    suffixes = [name[-1] for name in oracle.PREFECTURES]
    # one 道, one 都, two 府, the rest 県
    assert [suffixes.count(suffix) for suffix in "道都府県"] == [1, 1, 2, 43]
    assert len(set(oracle.JSIC_LETTERS)) == 20


READABLE = (
    ("{}", Declared()),
    (' {"note": 1} ', Declared()),  # unknown keys are ignored
    ('{"note": 1e999}', Declared()),  # whatever they hold
    ('{"note": ' + "9" * 5000 + "}", Declared()),  # still a JSON number
    ('{"Prefecture": "東京"}', Declared()),  # keys are case-sensitive, so this one is unknown
    ('{"industry_pack": "D"}', Declared(industries=letters("D"))),
    ('{"industry_pack": "pack_manufacturing"}', Declared(industries=letters("E"))),
    ('{"industry_pack": "pack_nobody_knows"}', Declared(industries=letters(""))),
    ('{"industry_pack": "DE"}', Declared(industries=letters(""))),  # neither a letter nor a pack
    ('{"industry_pack": "d"}', Declared(industries=letters("D"))),  # another program wrote it
    ('{"industry_pack": "06,Ｅ"}', Declared(industries=letters("DE"))),
    ('{"industry_pack": "D,x"}', Declared(industries=letters(""))),
    ('{"industry_pack": "U"}', Declared(industries=letters(""))),  # the letters end at T
    ('{"deadline_horizon_days": 1}', Declared(horizon_days=1)),
    ('{"deadline_horizon_days": 730}', Declared(horizon_days=730)),
    ('{"deadline_horizon_days": 30.0}', Declared(horizon_days=30)),  # JSON Schema's integer
    ('{"deadline_horizon_days": 3e1}', Declared(horizon_days=30)),
    ('{"risk_tolerance": "low"}', Declared(risk_tolerance="low")),
    ('{"prefecture": "東京都"}', Declared(prefecture="東京都")),
    ('{"prefecture": "\\u6771\\u4eac\\u90fd"}', Declared(prefecture="東京都")),
    ('{"prefecture": "東京"}', Declared(prefecture="東京都")),
    ('{"prefecture": "東京都 "}', Declared(prefecture="東京都")),
    ('{"prefecture": "Tokyo"}', Declared(prefecture="東京都")),
    ('{"prefecture": "Ōita prefecture"}', Declared(prefecture="大分県")),
    ('{"prefecture": "KYOTO-FU"}', Declared(prefecture="京都府")),
    (
        '{"industry_pack": "T", "deadline_horizon_days": 90, "risk_tolerance": "high",'
        '"prefecture": "沖縄県"}',
        Declared(letters("T"), "沖縄県", 90, "high"),
    ),
)


@pytest.mark.parametrize(("text", "expected"), READABLE)
def test_a_valid_preference_is_read(text, expected):
    assert oracle.declared(text, MODEL) == expected


INVALID = (
    "{",
    "  ",
    "null",
    "[]",
    '"{}"',
    "12",
    "{} {}",
    pytest.param("[" * 100_000, id="nested too deeply to read"),
    "{'industry_pack': 'D'}",  # JSON5, which SQLite's own JSON functions would read
    '{industry_pack: "D"}',
    '{"industry_pack": "D",}',
    '{"deadline_horizon_days": 0x1E}',
    '{"deadline_horizon_days": 030}',
    '{"deadline_horizon_days": +30}',
    "{} // nothing",
    '{"note": NaN}',  # not JSON, whichever key holds it
    '{"note": -Infinity}',
    '{"industry_pack": 7}',
    '{"industry_pack": null}',  # null is a wrong type, not an omission
    '{"industry_pack": true}',
    '{"industry_pack": ["D"]}',
    '{"industry_pack": ""}',  # no letter, no name
    '{"industry_pack": {"D": 1}}',
    '{"deadline_horizon_days": null}',
    '{"deadline_horizon_days": true}',
    '{"deadline_horizon_days": "30"}',
    '{"deadline_horizon_days": 0}',
    '{"deadline_horizon_days": -5}',
    '{"deadline_horizon_days": 731}',
    '{"deadline_horizon_days": 30.5}',
    '{"deadline_horizon_days": 1e999}',
    '{"deadline_horizon_days": NaN}',
    '{"deadline_horizon_days": 1' + "0" * 5000 + "}",
    '{"deadline_horizon_days": [30]}',
    '{"risk_tolerance": null}',
    '{"risk_tolerance": "LOW"}',
    '{"risk_tolerance": "yolo"}',
    '{"risk_tolerance": ""}',
    '{"risk_tolerance": 1}',
    '{"risk_tolerance": ["low"]}',
    '{"prefecture": null}',
    '{"prefecture": ""}',
    '{"prefecture": "江戸"}',
    '{"prefecture": "北海"}',
    '{"prefecture": "東京都, 大阪府"}',
    '{"prefecture": "全国"}',
    '{"prefecture": "nationwide"}',
    '{"prefecture": 13}',
    '{"prefecture": ["東京都"]}',
    '{"industry_pack": "D", "risk_tolerance": "yolo"}',  # one fault spoils the whole
)


@pytest.mark.parametrize("text", INVALID)
def test_an_invalid_preference_is_rejected_and_not_scored_as_empty(text):
    with pytest.raises(InvalidPreference):
        oracle.declared(text, MODEL)
    anything = [program(industries="any")]
    assert oracle.recommendations(anything, {7: text}, MODEL, AS_OF, 10) == ({}, {7})


DATES = (
    (None, None, True),
    ("2026-07-22", None, True),  # opens that day
    ("2026-07-23", None, False),
    (None, "2026-07-22", True),  # the last day is a day
    (None, "2026-07-21", False),
    ("2026-07-22", "2026-07-22", True),
    ("2026-07-01", "2026-07-31", True),
    ("2026-08-01", "2026-08-31", False),
)


@pytest.mark.parametrize(("opens_on", "closes_on", "expected"), DATES)
def test_an_item_is_open_from_its_first_to_its_last_day(opens_on, closes_on, expected):
    item = program(opens_on=opens_on, closes_on=closes_on)
    assert oracle.eligible(item, Declared(), MODEL, AS_OF) is expected


NOTICE = (
    # type, closes on, horizon, eligible by the new model; by the old one all of them are
    ("program", "2026-08-05", None, True),  # 14 days
    ("program", "2026-08-04", None, False),
    ("program", None, None, True),  # nothing to be late for
    ("program", "2026-08-05", 730, True),
    ("program", "2026-08-04", 730, False),
    ("program", "2026-08-04", 28, False),  # half of 28 days is 14
    ("program", "2026-08-04", 27, True),  # of 27 it is 13
    ("program", "2026-08-03", 27, False),
    ("program", "2026-07-29", 14, True),  # 7 days
    ("program", "2026-07-28", 14, False),
    ("program", "2026-07-22", 1, True),  # half of a day is none
    ("program", "2026-07-22", 2, False),
    ("amendment", "2026-07-29", None, True),  # 7 days
    ("amendment", "2026-07-28", None, False),
    ("amendment", "2026-07-28", 13, True),
    ("industry_pack", "2026-07-22", None, True),
    ("saved_search", "2026-07-22", None, True),
)


@pytest.mark.parametrize(("name", "closes_on", "horizon", "expected"), NOTICE)
def test_what_closes_sooner_than_the_notice_that_is_kept_is_not_eligible(
    name, closes_on, horizon, expected
):
    item, customer = Item(name, "X", closes_on=closes_on), Declared(horizon_days=horizon)
    assert oracle.eligible(item, customer, NEW_MODEL, AS_OF) is expected
    assert oracle.eligible(item, customer, MODEL, AS_OF) is True


PLACES = (
    (None, "nationwide", True),
    (None, "東京都", True),
    ("東京都", "nationwide", True),
    ("東京都", "東京都", True),
    ("東京都", "大阪府", False),
    ("大阪府", "東京都,大阪府", True),
    ("京都府", "東京都,大阪府", False),  # 京都 is inside 東京都
)


@pytest.mark.parametrize(("prefecture", "prefectures", "expected"), PLACES)
def test_an_item_is_for_its_prefectures(prefecture, prefectures, expected):
    item = program(prefectures=prefectures)
    assert oracle.eligible(item, Declared(prefecture=prefecture), MODEL, AS_OF) is expected


INDUSTRIES = (
    # declared, the item's, eligible, points
    (None, "D", True, 0),
    (None, "any", True, 0),
    (None, "unknown", True, 0),
    ("D", "D", True, 50),
    ("D", "ADE", True, 50),
    ("D", "E", False, 0),
    ("D", "any", True, 50),
    ("D", "unknown", True, 0),
    ("DE", "E", True, 50),  # a pack of two industries matches by either
    ("", "D", False, 0),  # a pack the model does not know matches only any
    ("", "any", True, 50),
    ("", "unknown", True, 0),
)


@pytest.mark.parametrize(("stated", "industries", "is_eligible", "expected"), INDUSTRIES)
def test_industry_points_need_a_match(stated, industries, is_eligible, expected):
    customer = Declared(industries=None if stated is None else letters(stated))
    item = program(industries=industries)
    assert oracle.eligible(item, customer, MODEL, AS_OF) is is_eligible
    assert oracle.industry_points(item, customer, MODEL) == expected


DEADLINES = (
    # closes on, horizon, points
    ("2026-07-22", 60, 30),  # today: all of it
    ("2026-08-08", 60, 21),  # 17 days: 30 * 43 / 60 = 21.5
    ("2026-09-19", 60, 0),  # 59 days: 30 * 1 / 60 = 0.5
    ("2026-09-20", 60, 0),  # 60 days: at the horizon
    ("2027-09-20", 60, 0),  # far beyond it, and not below 0
    ("2026-07-22", 1, 30),
    ("2026-07-23", 1, 0),
    ("2026-07-29", 14, 15),  # half of 14 days
    ("2026-07-25", 7, 17),  # 3 days: 30 * 4 / 7 = 17.1
    ("2026-12-19", 730, 23),  # 150 days (9+31+30+31+30+19): 30 * 580 / 730 = 23.8
    (None, 90, 30),  # rolling: all or nothing at urgent_days
    (None, 91, 0),
    (None, 1, 30),
    (None, None, 0),
    ("2026-07-22", None, 0),
)


@pytest.mark.parametrize(("closes_on", "horizon", "expected"), DEADLINES)
def test_deadline_points_grow_as_the_deadline_nears(closes_on, horizon, expected):
    item, customer = program(closes_on=closes_on), Declared(horizon_days=horizon)
    assert oracle.deadline_points(item, customer, MODEL, AS_OF) == expected


NEW_DEADLINES = (
    # type, closes on, rolling, horizon, points
    ("program", "2026-08-05", None, 60, 30),  # 14 days: the last day that keeps the notice
    ("program", "2026-08-06", None, 60, 29),  # 15 days: 30 * 45 / 46 = 29.3
    ("program", "2026-08-08", None, 60, 28),  # 17 days: 30 * 43 / 46 = 28.04
    ("program", "2026-09-19", None, 60, 0),  # 59 days: 30 * 1 / 46 = 0.7
    ("program", "2026-09-18", None, 60, 1),  # 58 days: 30 * 2 / 46 = 1.3
    ("program", "2026-09-20", None, 60, 0),
    ("program", "2026-07-29", None, 14, 30),  # half of 14 days are kept
    ("program", "2026-07-30", None, 14, 25),  # 8 days: 30 * 6 / 7 = 25.7
    ("program", "2026-07-22", None, 1, 30),  # none is kept
    ("program", "2026-07-23", None, 1, 0),
    ("amendment", "2026-07-29", None, 60, 30),  # 7 days
    ("amendment", "2026-07-30", None, 60, 29),  # 8 days: 30 * 52 / 53 = 29.4
    ("industry_pack", "2026-08-08", None, 60, 21),  # no notice: 30 * 43 / 60
    ("program", "2026-08-08", None, None, 0),
    ("program", None, 1, 60, 15),  # at any time
    ("program", None, 1, 730, 15),
    ("program", None, 0, 60, 0),  # nobody knows
    ("program", None, 1, None, 0),
    ("program", None, None, 90, 30),  # it was not asked: the old rule
    ("program", None, None, 91, 0),
    ("saved_search", None, None, 90, 30),
)


@pytest.mark.parametrize(("name", "closes_on", "rolling", "horizon", "expected"), NEW_DEADLINES)
def test_deadline_points_grow_until_the_notice_is_spent(
    name, closes_on, rolling, horizon, expected
):
    item = Item(name, "X", closes_on=closes_on, rolling=rolling)
    customer = Declared(horizon_days=horizon)
    assert oracle.deadline_points(item, customer, NEW_MODEL, AS_OF) == expected


def test_days_left_cross_a_leap_day():
    # 2028-02-28 to 2028-03-01 is two days: 30 * 8 / 10
    item, customer = program(closes_on="2028-03-01"), Declared(horizon_days=10)
    assert oracle.deadline_points(item, customer, MODEL, "2028-02-28") == 24


RISKS = (
    # tolerance, the item's level, points
    *(("low", "low", 20), ("low", "medium", 10), ("low", "high", 0), ("low", None, 20)),
    *(
        ("medium", "low", 10),
        ("medium", "medium", 20),
        ("medium", "high", 10),
        ("medium", None, 20),
    ),
    *(("high", "low", 0), ("high", "medium", 10), ("high", "high", 20), ("high", None, 0)),
    *((None, "low", 0), (None, None, 0)),
)


@pytest.mark.parametrize(("tolerance", "level", "expected"), RISKS)
def test_risk_points_fall_with_distance(tolerance, level, expected):
    item, customer = program(risk_level=level), Declared(risk_tolerance=tolerance)
    assert oracle.risk_points(item, customer, MODEL) == expected


def test_half_of_an_odd_risk_weight_is_floored():
    model = {**MODEL, "weights": {"industry": 50, "deadline": 30, "risk": 15}}
    customer = Declared(risk_tolerance="low")
    assert oracle.risk_points(program(risk_level="medium"), customer, model) == 7


@pytest.mark.parametrize(
    ("name", "expected"),
    [("program", 100), ("amendment", 90), ("industry_pack", 75), ("saved_search", 60)],
)
def test_the_score_is_capped_by_type_and_the_points_are_not(name, expected):
    everything = Declared(letters("D"), None, 90, "low")
    assert points(Item(name, "X", industries="any"), everything) == (50, 30, 20, expected)


def test_all_points_of_the_new_model_make_the_score():
    # 17 days left: 30 * 43 / 46 = 28.04
    customer = Declared(letters("D"), None, 60, "medium")
    item = program(industries="D", closes_on="2026-08-08", risk_level="high")
    assert points(item, customer, model=NEW_MODEL) == (50, 28, 10, 88)


def test_a_score_below_the_cap_is_the_sum():
    customer = Declared(letters("D"), None, 60, "medium")
    item = program(industries="D", closes_on="2026-08-08", risk_level="high")
    assert points(item, customer) == (50, 21, 10, 81)


def test_a_higher_sum_comes_first():
    items = [
        program("half", industries="D", risk_level="medium"),
        program("none", industries="D", risk_level="high"),
        program("full", industries="D", risk_level="low"),
    ]
    preference = {"industry_pack": "D", "risk_tolerance": "low"}
    assert ids(items, preference) == ["full", "half", "none"]


def test_the_rank_is_by_the_sum_before_the_cap():
    # Sums 90, 100 and 60, all of them capped to 60.
    items = [
        Item("saved_search", "a", industries="any", risk_level="medium"),
        Item("saved_search", "b", industries="any", risk_level="low"),
        Item("saved_search", "c", industries="any", closes_on="2028-01-01", risk_level="medium"),
    ]
    preference = {"industry_pack": "D", "deadline_horizon_days": 30, "risk_tolerance": "low"}
    served, _ = oracle.recommendations(items, {1: json.dumps(preference)}, MODEL, AS_OF, 10)
    assert served[1]["saved_search"] == [
        Place("b", 50, 30, 20, 60),
        Place("a", 50, 30, 10, 60),
        Place("c", 50, 0, 10, 60),
    ]


def test_among_equal_sums_fewer_industries_come_first():
    items = [
        program("a", industries="unknown", risk_level="low"),  # 21
        program("b", industries="any", risk_level="low"),  # 20
        program("c", industries=oracle.JSIC_LETTERS[:19], risk_level="low"),
        program("d", industries="DE", risk_level="low"),
        program("e", industries="D", risk_level="low"),
    ]
    assert ids(items, {"risk_tolerance": "low"}) == ["e", "d", "c", "b", "a"]


def test_among_equal_sums_and_industries_the_earlier_deadline_comes_first_and_none_last():
    items = [
        program("a", industries="D"),
        program("b", industries="D", closes_on="2124-03-31"),
        program("c", industries="D", closes_on="2026-10-01"),
        program("d", industries="D", closes_on="2026-09-30"),
    ]
    assert ids(items, {"industry_pack": "D"}) == ["d", "c", "b", "a"]


def test_fewer_industries_outrank_an_earlier_deadline():
    items = [
        program("a", industries="DE", closes_on="2026-08-01"),
        program("b", industries="D"),
    ]
    assert ids(items, {"industry_pack": "D"}) == ["b", "a"]


def test_the_last_tie_is_broken_by_item_id_as_bytes():
    # 𠮷 is four bytes, U+FF21 three: by UTF-16 units the order would be the other way round.
    names = ["𠮷", "Ａ", "a", "B", "9", "10"]
    items = [program(name, industries="D") for name in names]
    assert ids(items, {"industry_pack": "D"}) == ["10", "9", "B", "a", "Ａ", "𠮷"]


IN_TOKYO = {"industry_pack": "D", "prefecture": "東京都", "risk_tolerance": "low"}


def test_within_a_band_the_declared_prefecture_comes_first():
    items = [
        program("a", industries="D", risk_level="low"),  # 70, nationwide
        program("b", industries="D", prefectures="東京都", risk_level="low"),  # 70
        program("c", industries="D", prefectures="東京都,大阪府", risk_level="medium"),  # 60
        program("d", industries="any", prefectures="東京都", risk_level="low"),  # 70, of 20
        program("e", industries="unknown", prefectures="東京都", risk_level="low"),  # 20
    ]
    assert ids(items, IN_TOKYO) == ["a", "b", "d", "c", "e"]
    assert ids(items, IN_TOKYO, model=NEW_MODEL) == ["b", "d", "a", "c", "e"]
    # A band wide enough makes all of them equal at first.
    assert ids(items, IN_TOKYO, model=NEW_MODEL | {"rank_band": 100}) == ["b", "d", "c", "e", "a"]
    # And one of a point is none.
    assert ids(items, IN_TOKYO, model=NEW_MODEL | {"rank_band": 1}) == ["b", "d", "a", "c", "e"]


def test_bands_are_counted_from_zero_and_not_from_the_best():
    weights = {"industry": 59, "deadline": 30, "risk": 2}
    model = NEW_MODEL | {"weights": weights}
    items = [
        program("far", industries="D", risk_level="low"),  # 61
        program("near", industries="D", prefectures="東京都", risk_level="medium"),  # 60
        program("below", industries="D", prefectures="東京都", risk_level="high"),  # 59
    ]
    assert ids(items, IN_TOKYO, model=model) == ["near", "far", "below"]


def test_without_a_declared_prefecture_none_comes_first():
    items = [
        program("a", industries="D", risk_level="low"),
        program("b", industries="D", prefectures="東京都", risk_level="low"),
    ]
    preference = {"industry_pack": "D", "risk_tolerance": "low"}
    assert ids(items, preference, model=NEW_MODEL) == ["a", "b"]


def test_who_declared_no_industry_sees_first_what_is_for_everyone():
    items = [
        program("a", industries="D", risk_level="low", closes_on="2026-10-01"),
        program("b", industries="any", risk_level="medium"),
        program("c", industries="unknown", risk_level="low", closes_on="2026-11-01"),
        program("d", industries="any", risk_level="low", closes_on="2026-12-01"),
        program("e", industries="DE", risk_level="low", closes_on="2026-09-01"),
    ]
    # 20 points, but b has 10; the number of industries is not looked at.
    wide = NEW_MODEL | {"rank_band": 25}
    assert ids(items, {"risk_tolerance": "low"}, model=wide) == ["c", "d", "b", "e", "a"]
    assert ids(items, {"risk_tolerance": "low"}, model=NEW_MODEL) == ["c", "d", "e", "a", "b"]
    assert ids(items, {"risk_tolerance": "low"}) == ["a", "e", "d", "c", "b"]


def test_the_prefecture_goes_before_the_industries():
    items = [
        program("a", industries="any", risk_level="low"),
        program("b", industries="DE", prefectures="東京都", risk_level="low"),
    ]
    preference = {"prefecture": "東京都", "risk_tolerance": "low"}
    assert ids(items, preference, model=NEW_MODEL) == ["b", "a"]
    assert ids(items, preference, model=NEW_MODEL | {"rank_band": 1}) == ["b", "a"]


FAMILIES = [
    program("1", industries="DE", family="東京都@|x", family_name="x"),
    program("2", industries="D", family="東京都@|x", family_name="x"),
    program("3", industries="D", family="大阪府@|x", family_name="x"),
    program("4", industries="D"),
    program("5", industries="D"),
    Item("amendment", "6", industries="D", family="東京都@|x", family_name="x"),
    Item("amendment", "7", industries="D", family="東京都@|x", family_name="x"),
]


def test_of_a_family_the_best_placed_stands_alone_in_each_type():
    construction = {"industry_pack": "D"}
    # Without a prefecture, a family is one wherever it is offered.
    assert ids(FAMILIES, construction) == ["2", "4", "5"]
    assert ids(FAMILIES, construction | {"prefecture": "東京都"}) == ["2", "3", "4", "5"]
    assert ids(FAMILIES, construction | {"prefecture": "東京都"}, top_k=2) == ["2", "3"]
    assert ids(FAMILIES, construction, name="amendment") == ["6"]


def test_the_best_placed_of_those_that_may_stand_there():
    closed = [
        program("1", industries="DE", family="x", family_name="x"),
        program("2", industries="D", family="x", family_name="x", closes_on="2026-07-01"),
    ]
    assert ids(closed, {"industry_pack": "D"}) == ["1"]
    worthless = [
        program("1", risk_level="high", family="x", family_name="x"),
        program("2", risk_level="medium", family="x", family_name="x"),
    ]
    assert ids(worthless, {"risk_tolerance": "low"}) == ["2"]


ONE = "2026-07-01T18:15:00.000Z"  # 2 July in Japan
ALONE = program("1", industries="D")
DATED = program("1", industries="D", opens_on="2026-07-01", closes_on="2026-12-31")
FIRST = program("1", industries="D", family="f", family_name="f")
SPARED = (
    # why, what was handed over, the item, whether it is spared
    ("the same", ALONE, ALONE, True),
    ("another", ALONE, program("2", industries="D"), False),
    ("another type", Item("amendment", "1", industries="D"), ALONE, False),
    ("the same, dated", DATED, DATED, True),
    ("it closes later", DATED, program("1", opens_on="2026-07-01", closes_on="2027-01-31"), False),
    ("it opened later", DATED, program("1", opens_on="2026-07-02", closes_on="2026-12-31"), False),
    ("it closes now", ALONE, program("1", closes_on="2026-12-31"), False),
    ("other facts are no news", ALONE, program("1", title="x", risk_level="low"), True),
    ("its family", FIRST, program("2", family="f", family_name="f"), True),
    ("another family", FIRST, program("2", family="g", family_name="f"), False),
    ("one alone is no family", ALONE, program("2"), False),
    ("it opened before", FIRST, program("2", family="f", opens_on="2026-06-01"), True),
    ("it opened that day", FIRST, program("2", family="f", opens_on="2026-07-02"), True),
    ("it opened after", FIRST, program("2", family="f", opens_on="2026-07-03"), False),
)


def known(deliveries=(), feedback=(), as_of=AS_OF, model=NEW_MODEL, profile_id=1):
    return oracle.known_of(profile_id, deliveries, feedback, model, as_of)


def said(number, feedback, item=ALONE, profile_id=1, given_at=ONE):
    about = item.recommendation_type, item.item_id
    days = item.family, item.opens_on, item.closes_on
    return Feedback(number, profile_id, *about, feedback, *days, given_at)


@pytest.mark.parametrize(
    ("handed", "item", "expected"), [pytest.param(*case, id=why) for why, *case in SPARED]
)
def test_what_was_handed_over_is_spared_unless_something_is_new(handed, item, expected):
    past = known([Delivery(1, 1, handed, ONE)])
    assert oracle.is_spared(item, past) is expected
    past = known(feedback=[said(1, "dismissed", handed)])
    assert oracle.is_spared(item, past) is expected


DELIVERED = (
    # why, the delivery, and one that takes it back, whether it counts on 22 July
    ("that day", {}, None, True),
    ("the first of 30 days", {"delivered_at": "2026-06-22T15:00:00.000Z"}, None, True),
    ("the day before", {"delivered_at": "2026-06-22T14:59:59.999Z"}, None, False),
    ("after that night", {"delivered_at": "2026-08-30T15:00:00.000Z"}, None, True),
    ("to another", {"profile_id": 2}, None, False),
    ("202", {"status": 202}, None, True),
    ("299", {"status": 299}, None, True),
    ("199", {"status": 199}, None, False),
    ("300", {"status": 300}, None, False),
    ("404", {"status": 404}, None, False),
    ("taken back", {}, 1, False),
    ("another was taken back", {}, 7, True),
)


@pytest.mark.parametrize(
    ("facts", "taken_back", "expected"), [pytest.param(*case, id=why) for why, *case in DELIVERED]
)
def test_what_counts_as_handed_over(facts, taken_back, expected):
    deliveries = [Delivery(1, 1, ALONE, ONE)._replace(**facts)]
    if taken_back:
        deliveries.append(Delivery(2, 1, ALONE, ONE, reversal_of=taken_back))
    assert oracle.is_spared(ALONE, known(deliveries)) is expected
    assert known(deliveries, model=MODEL) == Past()


def test_what_stands_for_a_type_that_nothing_lists_is_never_spared():
    wildcard = Item("program", "*", why='{"wildcard":true}')
    assert known([Delivery(1, 1, wildcard, ONE)]) == Past()


LAST_WORDS = (
    # what was said one after the other, whether the item is spared, whether its program is followed
    (("dismissed",), True, False),
    (("applied",), True, False),
    (("interested",), False, True),
    (("withdrawn",), False, False),
    (("dismissed", "withdrawn"), False, False),
    (("interested", "dismissed"), True, False),
    (("dismissed", "interested"), False, True),
    (("interested", "withdrawn"), False, False),
)


@pytest.mark.parametrize(("words", "is_spared", "is_followed"), LAST_WORDS)
def test_the_last_word_on_an_item_counts_however_long_ago(words, is_spared, is_followed):
    words = [said(n, word, given_at="2020-01-01T00:00:00.000Z") for n, word in enumerate(words, 1)]
    others = [said(9, "withdrawn", program("2")), said(10, "withdrawn", profile_id=2)]
    past = known(feedback=[*words, *others])
    assert oracle.is_spared(ALONE, past) is is_spared
    assert past.followed == frozenset({"1"} if is_followed else ())
    assert known(feedback=words, model=MODEL) == Past()


def test_only_programs_are_followed():
    assert known(feedback=[said(1, "interested", Item("industry_pack", "1"))]).followed == set()


def lists_after(items, handed=(), words=(), top_k=2, model=NEW_MODEL):
    deliveries = [Delivery(n, 1, item, ONE) for n, item in enumerate(handed, 1)]
    served, _ = oracle.recommendations(
        items, {1: '{"industry_pack": "D"}'}, model, AS_OF, top_k, deliveries, words
    )
    return {name: [place.item_id for place in served[1][name]] for name in oracle.TYPES}


def test_a_list_is_filled_up_from_as_many_places_as_are_looked_at():
    items = [program(f"{n}", industries="D") for n in range(6)]
    shallow = NEW_MODEL | {"depth": 3}
    assert lists_after(items)["program"] == ["0", "1"]
    assert lists_after(items, items[:1])["program"] == ["1", "2"]
    assert lists_after(items, [items[1], items[3]])["program"] == ["0", "2"]
    assert lists_after(items, items[:2])["program"] == ["2", "3"]
    assert lists_after(items, items[:2], model=shallow)["program"] == ["2"]
    assert lists_after(items, items[:3], model=shallow)["program"] == []
    # The list is never shorter than it would be without repeats.
    assert lists_after(items, items[:1], model=NEW_MODEL | {"depth": 1})["program"] == ["1"]
    assert lists_after(items, items, model=MODEL)["program"] == ["0", "1"]


def test_changes_of_followed_programs_come_first():
    items = [
        Item("amendment", f"{n}", industries="D", why=f'{{"program":"P{n}"}}') for n in range(4)
    ]
    follows = [said(1, "interested", program("P2")), said(2, "interested", program("P3"))]
    assert lists_after(items)["amendment"] == ["0", "1"]
    assert lists_after(items, words=follows[:1])["amendment"] == ["2", "0"]
    assert lists_after(items, words=follows)["amendment"] == ["2", "3"]
    assert lists_after(items, [items[2]], follows)["amendment"] == ["3", "0"]
    assert lists_after(items, words=follows, model=MODEL)["amendment"] == ["0", "1"]
    # Only what is among the first depth places.
    assert lists_after(items, words=follows, model=NEW_MODEL | {"depth": 3})["amendment"] == [
        "2",
        "0",
    ]


def test_only_top_k_are_kept_of_each_type():
    items = [Item(name, f"{name}{n}", industries="D") for name in oracle.TYPES for n in range(3)]
    served, _ = oracle.recommendations(items, {1: '{"industry_pack": "D"}'}, MODEL, AS_OF, 2)
    assert served[1] == {
        name: [Place(f"{name}0", 50, 0, 0, 50), Place(f"{name}1", 50, 0, 0, 50)]
        for name in oracle.TYPES
    }


def test_a_score_of_zero_is_not_recommended():
    items = [program("fits", industries="D"), program("zero")]
    assert ids(items, {"industry_pack": "D"}) == ["fits"]
    assert ids(items, {}) == []


def test_a_cap_of_zero_recommends_nothing_of_that_type():
    model = {**MODEL, "caps": {**MODEL["caps"], "program": 0}}
    assert ids([program("fits", industries="D")], {"industry_pack": "D"}, model=model) == []


def test_what_was_left_out_is_not_a_candidate():
    items = [program("kept", industries="D"), program("out", industries="D", left_out="notice")]
    assert ids(items, {"industry_pack": "D"}) == ["kept"]


def test_a_saved_search_is_for_its_owner_alone():
    items = [
        Item("saved_search", "1", prefectures="東京都", profile_id=1),
        Item("saved_search", "2", prefectures="大阪府", profile_id=2),
        Item("saved_search", "3", industries="E", profile_id=1),
    ]
    construction = '{"industry_pack": "D", "risk_tolerance": "low"}'
    in_osaka = '{"prefecture": "大阪府", "risk_tolerance": "medium"}'
    customers = {1: construction, 2: in_osaka, 3: construction}
    served, rejected = oracle.recommendations(items, customers, MODEL, AS_OF, 10)
    assert rejected == set()
    assert {profile_id: lists["saved_search"] for profile_id, lists in served.items()} == {
        1: [Place("1", 0, 0, 20, 20)],  # 3 is for another industry
        2: [Place("2", 0, 0, 20, 20)],
        3: [],
    }


@BOTH
def test_one_wildcard_item_of_each_type_gives_the_scores_of_the_first_version(model):
    wildcards = [Item(name, "", industries="any") for name in oracle.TYPES]
    for pack, days, risk in product(("D", None), (90, 91, None), ("low", "medium", "high", None)):
        declared = {"industry_pack": pack, "deadline_horizon_days": days, "risk_tolerance": risk}
        text = json.dumps({key: value for key, value in declared.items() if value is not None})
        total = 50 * (pack is not None) + 30 * (days == 90) + 20 * (risk in ("low", "medium"))
        served, _ = oracle.recommendations(wildcards, {1: text}, model, AS_OF, 10)
        scores = {name: [place.score for place in places] for name, places in served[1].items()}
        assert scores == {
            name: [min(cap, total)] if total else [] for name, cap in MODEL["caps"].items()
        }


@given(items_of_a_night(), valid_texts(), valid_texts() | odd_texts(), models(MODEL), as_of_days())
def test_sharing_filters_between_customers_changes_nothing(items, first, second, model, as_of):
    items = [as_seen_by(model, item) for item in items]
    expected = {}
    for profile_id, text in {1: first, 2: second}.items():
        try:
            customer = oracle.declared(text, model)
        except InvalidPreference:
            continue
        own = [item for item in items if oracle.eligible(item, customer, model, as_of, profile_id)]
        expected[profile_id] = oracle.best(own, customer, model, as_of, 3)
    served, _ = oracle.recommendations(items, {1: first, 2: second}, model, as_of, 3)
    assert served == expected


@given(items_of_a_night(), valid_texts(), as_of_days())
def test_a_model_without_the_new_rules_lists_every_member_of_a_family(items, text, as_of):
    items = [as_seen_by(MODEL, item) for item in items]
    customer = oracle.declared(text, MODEL)
    own = [item for item in items if oracle.eligible(item, customer, MODEL, as_of)]
    lists = oracle.ranking(own, customer, MODEL, as_of)
    assert sum(map(len, lists.values())) == sum(
        oracle.place(item, customer, MODEL, as_of).score > 0 for item in own
    )


def seen(number, field, before, after, day, program="P", known=True):
    at = datetime.fromisoformat(f"2026-{day}T09:00:00+09:00")
    return oracle.Seen(number, program, field, before, after, at, known)


CHANGES = (
    ("the newest of two fields", "CO", [None, "told with a newer change"]),
    ("one before, one after the night", "FL", ["not seen in the last 30 days"] * 2),
    ("a field that nobody follows", "N", ["field not followed"]),
    ("nothing before", "B", ["first observation"]),
    ("a day less, as UTC has it", "U", ["reads the same"]),
    ("there and back", "RS", ["superseded", "changed back"]),
    ("nothing after", "G", ["no longer stated"]),
    ("two programs", "CQ", [None, None]),
)
NAMED = {
    "C": seen(1, "close_at", "2026-06-30", "2026-07-31", "07-20"),
    "O": seen(2, "open_at", "2026-06-01", "2026-07-01", "07-19"),
    "F": seen(3, "close_at", "2026-06-30", "2026-07-31", "06-22"),
    "L": seen(4, "close_at", "2026-06-30", "2026-07-31", "07-23"),
    "N": seen(5, "name", "a", "b", "07-20"),
    "B": seen(6, "close_at", None, "2026-07-31", "07-20", known=False),
    "U": seen(7, "open_at", "2026-07-05", "2026-07-06T08:30:00+09:00", "07-20"),
    "R": seen(8, "amount", "1", "2", "07-19"),
    "S": seen(9, "amount", "2", "1", "07-20"),
    "G": seen(10, "amount", "1", "0", "07-20"),
    "Q": seen(11, "close_at", "2026-06-30", "2026-07-31", "07-20", program="Q"),
}


@pytest.mark.parametrize(
    ("letters", "expected"), [case[1:] for case in CHANGES], ids=[case[0] for case in CHANGES]
)
def test_one_amendment_of_each_program(letters, expected):
    changes = [NAMED[letter] for letter in letters]
    fields = ("close_at", "open_at", "amount")
    rules = oracle.amendment_rules(changes, AS_OF, 30, fields)
    assert [rules[change.diff_id] for change in changes] == expected
