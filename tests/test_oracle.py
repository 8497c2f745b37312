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
from oracle import MODEL, Declared, InvalidPreference, Item, Place
from strategies import as_of_days, items_of_a_night, odd_texts, valid_texts

AS_OF = "2026-07-22"


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
    ('{"industry_pack": "d"}', Declared(industries=letters(""))),
    ('{"industry_pack": "U"}', Declared(industries=letters(""))),  # the letters end at T
    ('{"deadline_horizon_days": 1}', Declared(horizon_days=1)),
    ('{"deadline_horizon_days": 730}', Declared(horizon_days=730)),
    ('{"deadline_horizon_days": 30.0}', Declared(horizon_days=30)),  # JSON Schema's integer
    ('{"deadline_horizon_days": 3e1}', Declared(horizon_days=30)),
    ('{"risk_tolerance": "low"}', Declared(risk_tolerance="low")),
    ('{"prefecture": "東京都"}', Declared(prefecture="東京都")),
    ('{"prefecture": "\\u6771\\u4eac\\u90fd"}', Declared(prefecture="東京都")),
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
    '{"prefecture": "東京"}',
    '{"prefecture": "東京都 "}',
    '{"prefecture": "Tokyo"}',
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
    assert oracle.eligible(item, Declared(), AS_OF) is expected


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
    assert oracle.eligible(item, Declared(prefecture=prefecture), AS_OF) is expected


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
    assert oracle.eligible(item, customer, AS_OF) is is_eligible
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


def test_one_wildcard_item_of_each_type_gives_the_scores_of_the_first_version():
    wildcards = [Item(name, "", industries="any") for name in oracle.TYPES]
    for pack, days, risk in product(("D", None), (90, 91, None), ("low", "medium", "high", None)):
        declared = {"industry_pack": pack, "deadline_horizon_days": days, "risk_tolerance": risk}
        text = json.dumps({key: value for key, value in declared.items() if value is not None})
        total = 50 * (pack is not None) + 30 * (days == 90) + 20 * (risk in ("low", "medium"))
        served, _ = oracle.recommendations(wildcards, {1: text}, MODEL, AS_OF, 10)
        scores = {name: [place.score for place in places] for name, places in served[1].items()}
        assert scores == {
            name: [min(cap, total)] if total else [] for name, cap in MODEL["caps"].items()
        }


@given(items_of_a_night(), valid_texts(), valid_texts() | odd_texts(), as_of_days())
def test_sharing_filters_between_customers_changes_nothing(items, first, second, as_of):
    expected = {}
    for profile_id, text in {1: first, 2: second}.items():
        try:
            customer = oracle.declared(text, MODEL)
        except InvalidPreference:
            continue
        own = [item for item in items if oracle.eligible(item, customer, as_of, profile_id)]
        expected[profile_id] = oracle.best(own, customer, MODEL, as_of, 3)
    served, _ = oracle.recommendations(items, {1: first, 2: second}, MODEL, as_of, 3)
    assert served == expected


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
