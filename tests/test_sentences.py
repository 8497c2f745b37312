"""Each sentence says what the formula did, in numbers that add up."""

import json
import re
import sqlite3
from dataclasses import asdict, replace
from datetime import date

import oracle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import Item
from strategies import DECLARED, as_of_days, as_seen_by, items, models

from sqlite_utils_personalization.catalogue.candidate import Candidate
from sqlite_utils_personalization.formula.declared import read_preference
from sqlite_utils_personalization.formula.evaluation import COLUMNS, evaluation
from sqlite_utils_personalization.formula.sentences import (
    component_sentences,
    industries,
    obstacles,
    total_sentence,
)
from sqlite_utils_personalization.model.kinds import Declared

AS_OF = "2026-07-22"
MODEL, NEW_MODEL = oracle.MODEL, oracle.NEW_MODEL
CONSTRUCTION = Declared("D", "東京都", 60, "low")
DB = sqlite3.connect(":memory:")
NOBODY = Declared(None, None, None, None)


def columns(alias, values):
    """A common table expression of one row; the values are parameters, named by alias and column."""
    selected = ", ".join(f":{alias}_{name} AS {name}" for name in values)
    return f"{alias} AS (SELECT {selected})", {
        f"{alias}_{key}": value for key, value in values.items()
    }


def evaluate(item, declared, model=MODEL, as_of=AS_OF, why="{}"):
    """What the packaged formula says of an item, by SQLite."""
    weights, caps = model["weights"], model["caps"]
    run = {"as_of": as_of, "urgent_days": model["urgent_days"]}
    run |= {f"{name}_weight": weights[name] for name in weights}
    run |= {f"{name}_cap": caps[name] for name in caps}
    # What a model does not name is NULL in the row of its run.
    run |= {
        f"{name}_lead": model.get("lead_days", {}).get(name) for name in ("program", "amendment")
    }
    run |= {
        f"{name}_points": model.get("date_points", {}).get(name) for name in ("rolling", "unknown")
    }
    run["rank_band"] = model.get("rank_band")
    candidate = Candidate(**{**asdict(item), "why": why})
    parts = [columns("r", run), columns("k", declared._asdict()), columns("c", candidate._asdict())]
    tables = ", ".join(sql for sql, _ in parts)
    at = {name: value for _, values in parts for name, value in values.items()}
    row = DB.execute(f"WITH {tables} SELECT {COLUMNS} FROM r, k, c", at)
    return evaluation(row.fetchone())


WORKED = (
    # item, declared, why, the three sentences and the total
    (
        Item("program", "1", industries="D", closes_on="2026-08-08"),
        CONSTRUCTION,
        "{}",
        "lists 建設業 (D), which you declared: 50",
        "closes in 17 days, within your 60-day horizon: 30 x 43 / 60 = 21, rounded down",
        "no risk level of its own, which suits a risk tolerance of low: 20",
        "50 + 21 + 20 = 91, within the cap of 100 for programs: 91",
    ),
    (
        Item("amendment", "1", industries="any", closes_on="2026-07-22", risk_level="low"),
        CONSTRUCTION,
        '{"tier":"A"}',
        "open to any industry: 50",
        "closes that day, within your 60-day horizon: 30 x 60 / 60 = 30",
        "risk level low (tier A), as you declared: 20",
        "50 + 30 + 20 = 100, capped at 90 for amendments: 90",
    ),
    (
        Item("program", "1", closes_on="2026-07-23", risk_level="medium"),
        CONSTRUCTION._replace(horizon_days=1),
        "{}",
        "its industries are not known: 0",
        "closes in 1 day, not within your 1-day horizon: 0",
        "risk level medium, one step from the low you declared: 20 / 2 = 10",
        "0 + 0 + 10 = 10, within the cap of 100 for programs: 10",
    ),
    (
        Item("industry_pack", "1", industries="ADP", risk_level="high"),
        CONSTRUCTION._replace(industries="AD"),
        '{"keyword":"農業,介護施設"}',
        "lists 農業、林業 (A) and 建設業 (D), which you declared (read from 農業 and 介護施設 in its title): 50",
        "no closing date, and your 60-day horizon is at most 90 days: 30",
        "risk level high, two steps from the low you declared: 0",
        "50 + 30 + 0 = 80, capped at 75 for industry packs: 75",
    ),
    (
        Item("saved_search", "1", industries="any"),
        Declared("none", None, 91, "high"),
        "{}",
        "open to any industry: 50",
        "no closing date, and your 91-day horizon is longer than 90 days: 0",
        "no risk level of its own, which does not suit a risk tolerance of high: 0",
        "50 + 0 + 0 = 50, within the cap of 60 for saved searches: 50",
    ),
    (
        Item("program", "1", industries="D", closes_on="2026-08-08", risk_level="low"),
        NOBODY,
        "{}",
        "no industry declared: 0",
        "no deadline horizon declared: 0",
        "no risk tolerance declared: 0",
        "0 + 0 + 0 = 0, within the cap of 100 for programs: 0",
    ),
)


@pytest.mark.parametrize("worked", WORKED)
def test_worked_examples_read_like_this(worked):
    item, declared, why, *expected = worked
    found = evaluate(item, declared, why=why)
    assert [*component_sentences(found), total_sentence(found)] == expected


NEW_DEADLINES = (
    # item, horizon, what the new model says of its deadline
    (
        Item("program", "1", closes_on="2026-08-08"),
        60,
        "closes in 17 days, within your 60-day horizon, of which 14 days are notice: 30 x 43 / 46 = 28, rounded down",
    ),
    (
        Item("program", "1", closes_on="2026-08-05"),
        60,
        "closes in 14 days, within your 60-day horizon, of which 14 days are notice: 30 x 46 / 46 = 30",
    ),
    (
        Item("program", "1", closes_on="2026-07-30"),
        14,
        "closes in 8 days, within your 14-day horizon, of which 7 days are notice: 30 x 6 / 7 = 25, rounded down",
    ),
    (
        Item("program", "1", closes_on="2026-07-23"),
        3,
        "closes in 1 day, within your 3-day horizon, of which 1 day is notice: 30 x 2 / 2 = 30",
    ),
    (
        Item("program", "1", closes_on="2026-07-22"),
        1,
        "closes that day, within your 1-day horizon: 30 x 1 / 1 = 30",
    ),
    (
        Item("amendment", "1", closes_on="2026-07-29"),
        60,
        "closes in 7 days, within your 60-day horizon, of which 7 days are notice: 30 x 53 / 53 = 30",
    ),
    (
        Item("industry_pack", "1", closes_on="2026-08-08"),
        60,
        "closes in 17 days, within your 60-day horizon: 30 x 43 / 60 = 21, rounded down",
    ),
    (
        Item("program", "1", closes_on="2026-09-20"),
        60,
        "closes in 60 days, not within your 60-day horizon: 0",
    ),
    (Item("program", "1", rolling=1), 60, "takes applications at any time: 15"),
    (Item("program", "1", rolling=1), 730, "takes applications at any time: 15"),
    (Item("program", "1", rolling=0), 60, "its closing date is not known: 0"),
    (Item("program", "1", rolling=1), None, "no deadline horizon declared: 0"),
    (
        Item("program", "1"),
        60,
        "no closing date, and your 60-day horizon is at most 90 days: 30",
    ),
)


@pytest.mark.parametrize(("item", "horizon", "expected"), NEW_DEADLINES)
def test_the_new_model_says_of_a_deadline_what_it_counts(item, horizon, expected):
    found = evaluate(item, CONSTRUCTION._replace(horizon_days=horizon), NEW_MODEL)
    assert component_sentences(found)[1] == expected


def test_odd_weights_say_where_they_are_rounded():
    model = {**MODEL, "weights": {"industry": 50, "deadline": 7, "risk": 21}}
    item = Item("program", "1", closes_on="2026-07-24", risk_level="medium")
    _, deadline, risk = component_sentences(evaluate(item, CONSTRUCTION, model))
    assert deadline == "closes in 2 days, within your 60-day horizon: 7 x 58 / 60 = 6, rounded down"
    assert (
        risk == "risk level medium, one step from the low you declared: 21 / 2 = 10, rounded down"
    )


OBSTACLES = (
    (Item("program", "1", closes_on="2026-07-21"), ("closed on 2026-07-21",)),
    (Item("program", "1", opens_on="2026-07-23"), ("opens on 2026-07-23",)),
    (
        Item("program", "1", prefectures="京都府,大阪府"),
        ("offered in 京都府 and 大阪府, not in 東京都, which you declared",),
    ),
    (
        Item("program", "1", industries="AEGHIP"),
        (
            "lists 農業、林業 (A), 製造業 (E), 情報通信業 (G) and 3 more, not 建設業 (D), which you declared",
        ),
    ),
    (
        Item("program", "1", industries="E", prefectures="大阪府", closes_on="2026-01-31"),
        (
            "closed on 2026-01-31",
            "offered in 大阪府, not in 東京都, which you declared",
            "lists 製造業 (E), not 建設業 (D), which you declared",
        ),
    ),
    (Item("program", "1", industries="D", opens_on=AS_OF, closes_on=AS_OF), ()),
)


@pytest.mark.parametrize(("item", "expected"), OBSTACLES)
def test_every_condition_that_does_not_hold_is_named(item, expected):
    assert obstacles(evaluate(item, CONSTRUCTION)) == expected


TOO_LATE = (
    # item, horizon, what the new model says, to which all of these are too late
    (
        Item("program", "1", closes_on="2026-07-27"),
        None,
        "closes in 5 days; 14 days' notice are kept",
    ),
    (
        Item("program", "1", closes_on="2026-07-27"),
        60,
        "closes in 5 days; 14 days' notice are kept",
    ),
    (Item("program", "1", closes_on="2026-07-27"), 14, "closes in 5 days; 7 days' notice are kept"),
    (Item("program", "1", closes_on=AS_OF), 60, "closes that day; 14 days' notice are kept"),
    (Item("program", "1", closes_on=AS_OF), 2, "closes that day; 1 day's notice is kept"),
    (
        Item("amendment", "1", closes_on="2026-07-23"),
        60,
        "closes in 1 day; 7 days' notice are kept",
    ),
)


@pytest.mark.parametrize(("item", "horizon", "expected"), TOO_LATE)
def test_too_little_notice_is_an_obstacle_by_the_new_model_alone(item, horizon, expected):
    declared = CONSTRUCTION._replace(horizon_days=horizon)
    assert obstacles(evaluate(item, declared, NEW_MODEL)) == (expected,)
    assert obstacles(evaluate(item, declared)) == ()


def test_what_has_closed_is_said_to_have_and_nothing_of_notice():
    item = Item("program", "1", closes_on="2026-07-21", prefectures="大阪府")
    assert obstacles(evaluate(item, CONSTRUCTION, NEW_MODEL)) == (
        "closed on 2026-07-21",
        "offered in 大阪府, not in 東京都, which you declared",
    )


def test_an_industry_pack_the_model_does_not_know_is_no_industry():
    found = evaluate(Item("program", "1", industries="D"), Declared("none", None, None, None))
    sentence = "lists 建設業 (D), and the model does not know the industry pack you declared"
    assert obstacles(found) == (sentence,)
    assert component_sentences(found)[0] == f"{sentence}: 0"


def test_four_industries_are_all_named_and_five_are_counted():
    assert industries("ABCD").count("(") == 4
    assert industries("ABCDE") == (
        "農業、林業 (A), 漁業 (B), 鉱業、採石業、砂利採取業 (C) and 2 more"
    )


@pytest.mark.parametrize(
    "spoilt",
    (
        lambda found: found._replace(points=found.points._replace(parts=(50, None, 20))),
        lambda found: found._replace(
            constants=found.constants._replace(weights=found.constants.weights | {"risk": "20"})
        ),
        lambda found: found._replace(declared=found.declared._replace(horizon_days="60 days")),
        lambda found: found._replace(days_left=1.5),
    ),
)
def test_what_was_tampered_with_until_nothing_can_be_evaluated_is_said_so(spoilt):
    found = spoilt(evaluate(Item("program", "1", closes_on="2026-08-08"), CONSTRUCTION))
    sentences = {*component_sentences(found), total_sentence(found)}
    assert sentences == {"what is stored cannot be evaluated"}


@pytest.mark.parametrize("why", ("", "[]", "7", "null", "not JSON", '{"tier": 7, "keyword": []}'))
def test_reasons_that_are_none_are_passed_over(why):
    item = Item("program", "1", industries="D", risk_level="low")
    industry, _, risk = component_sentences(evaluate(item, CONSTRUCTION, why=why))
    assert industry.startswith("lists 建設業 (D), which you declared")
    assert risk.startswith("risk level low")


def arithmetic(sentence):
    """The points a sentence ends in, after checking what it multiplies, divides and rounds."""
    product = re.search(r"(\d+) x (\d+) / (\d+) = (\d+)(, rounded down)?$", sentence)
    quotient = re.search(r": (\d+) / (\d+) = (\d+)(, rounded down)?$", sentence)
    if product:
        weight, left, horizon, points = map(int, product.groups()[:4])
        assert (points, bool(product[5])) == (
            weight * left // horizon,
            weight * left % horizon > 0,
        )
        return points
    if quotient:
        weight, two, points = map(int, quotient.groups()[:3])
        assert (two, points, bool(quotient[4])) == (2, weight // 2, weight % 2 == 1)
        return points
    return int(re.search(r": (\d+)$", sentence)[1])


@settings(max_examples=150, deadline=None)
@given(
    item=items(),
    preference=st.fixed_dictionaries({}, optional=DECLARED),
    model=models(MODEL),
    as_of=as_of_days(),
    why=st.sampled_from(("{}", '{"keyword":"農業"}', '{"tier":"B"}', '{"wildcard":true}')),
)
def test_the_numbers_in_the_sentences_are_the_oracles(item, preference, model, as_of, why):
    item = replace(as_seen_by(model, item), profile_id=None, left_out=None)
    text = json.dumps(preference)
    customer = oracle.declared(text, model)
    found = evaluate(item, read_preference(text, model["packs"]), model, as_of, why)
    expected = oracle.place(item, customer, model, as_of)
    assert bool(obstacles(found)) is not oracle.eligible(item, customer, model, as_of)
    if obstacles(found):
        return
    sentences = component_sentences(found)
    assert tuple(map(arithmetic, sentences)) == expected[1:4]
    industry, deadline, _ = sentences
    lists = customer.industries is not None and oracle.lists_industry(item, customer.industries)
    assert ("which you declared" in industry) is lists
    if item.closes_on and customer.horizon_days:
        left = (date.fromisoformat(item.closes_on) - date.fromisoformat(as_of)).days
        assert re.match(rf"closes (in {left} days?|that day), ", deadline)
        assert f"your {customer.horizon_days}-day horizon" in deadline
        lead = oracle.lead_days(item, customer, model)
        told = re.search(r", of which (\d+) days? (?:are|is) notice: ", deadline)
        assert (int(told[1]) if told else 0) == (lead if left < customer.horizon_days else 0)
    if item.closes_on is None and item.rolling is not None and customer.horizon_days:
        state = (
            "takes applications at any time" if item.rolling else "its closing date is not known"
        )
        assert deadline.startswith(f"{state}: ")
    check_total(total_sentence(found), expected)


def check_total(sentence, expected):
    pattern = (
        r"(\d+) \+ (\d+) \+ (\d+) = (\d+), (capped at|within the cap of) (\d+) for [a-z ]+: (\d+)"
    )
    *points, total, relation, cap, score = re.fullmatch(pattern, sentence).groups()
    assert [*map(int, points), int(score)] == list(expected[1:])
    assert int(total) == sum(expected[1:4])
    assert (relation == "capped at") is (int(total) > int(cap))
    assert int(score) == min(int(cap), int(total))


@pytest.mark.parametrize(
    ("declared", "constants", "is_whole"),
    (
        ({}, {}, True),
        ({"horizon_days": 30}, {"rank_band": 5}, True),
        ({"horizon_days": "30"}, {}, False),
        ({"horizon_days": 30.5}, {}, False),
        ({}, {"rank_band": "5"}, False),
        ({}, {"urgent_days": None}, True),
    ),
)
def test_what_is_no_number_is_seen_and_what_is_not_there_is_none(declared, constants, is_whole):
    found = evaluate(Item("program", "P1"), NOBODY)
    changed = found._replace(
        declared=found.declared._replace(**declared),
        constants=found.constants._replace(**constants),
    )
    assert changed.is_whole == is_whole
