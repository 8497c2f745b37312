"""What a stored preference is read as."""

import json
from contextlib import suppress
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqlite_utils_personalization.catalogue.areas import PREFECTURES
from sqlite_utils_personalization.errors import InvalidPreference
from sqlite_utils_personalization.formula.declared import read_preference

PACKS = {"pack_construction": "D", "pack_two": "EG"}

READ = (
    ("{}", (None, None, None, None)),
    ('{"industry_pack": "D"}', ("D", None, None, None)),
    ('{"industry_pack": "pack_construction"}', ("D", None, None, None)),
    ('{"industry_pack": "pack_two"}', ("EG", None, None, None)),
    # declared, but nothing the model knows
    ('{"industry_pack": "pack_of_next_year"}', ("none", None, None, None)),
    ('{"industry_pack": "d"}', ("D", None, None, None)),
    ('{"industry_pack": "U"}', ("none", None, None, None)),
    ('{"deadline_horizon_days": 1}', (None, None, 1, None)),
    ('{"deadline_horizon_days": 730}', (None, None, 730, None)),
    # as every door takes it
    ('{"prefecture": "東京"}', (None, "東京都", None, None)),
    ('{"prefecture": "Tokyo"}', (None, "東京都", None, None)),
    # JSON knows one kind of number, and 30.0 is an integer to JSON Schema
    ('{"deadline_horizon_days": 30.0}', (None, None, 30, None)),
    ('{"risk_tolerance": "medium"}', (None, None, None, "medium")),
    ('{"note": ' + "[" * 99 + "]" * 99 + "}", (None, None, None, None)),
    (f'{{"industry_pack": "{"x" * 200}"}}', ("none", None, None, None)),
    ('{"prefecture": "東京都"}', (None, "東京都", None, None)),
    # unknown keys are the writer's business
    ('{"color": "red", "deadline": 5}', (None, None, None, None)),
    ('{"ref": ' + "1" * 5000 + "}", (None, None, None, None)),
    (' {\n"risk_tolerance": "low"}\t', (None, None, None, "low")),
)

REFUSED = (
    ("{", "preference_json is not JSON"),
    ("", "preference_json is not JSON"),
    ('{"note": ' + "[" * 5000 + "]" * 5000 + "}", "preference_json is nested too deeply"),
    ('{"note": ' + "[" * 101 + "]" * 101 + "}", "preference_json is nested too deeply"),
    ('{"deadline_horizon_days": NaN}', "preference_json is not JSON"),
    ("[]", "preference_json is not a JSON object"),
    ('"low"', "preference_json is not a JSON object"),
    ("null", "preference_json is not a JSON object"),
    (b"{}", "preference_json is not text"),
    (None, "preference_json is not text"),
    ('{"industry_pack": 7}', "industry_pack is not a text that names one"),
    ('{"industry_pack": ""}', "industry_pack is not a text that names one"),
    ('{"industry_pack": null}', "industry_pack is not a text that names one"),
    ('{"industry_pack": ["D"]}', "industry_pack is not a text that names one"),
    ('{"deadline_horizon_days": 0}', "deadline_horizon_days is not an integer from 1 to 730"),
    ('{"deadline_horizon_days": 731}', "deadline_horizon_days is not an integer from 1 to 730"),
    ('{"deadline_horizon_days": -5}', "deadline_horizon_days is not an integer from 1 to 730"),
    # true == 1 in Python, and a cache of 1 must not answer for it
    ('{"deadline_horizon_days": true}', "deadline_horizon_days is not an integer from 1 to 730"),
    ('{"deadline_horizon_days": 30.5}', "deadline_horizon_days is not an integer from 1 to 730"),
    ('{"deadline_horizon_days": 1e999}', "deadline_horizon_days is not an integer from 1 to 730"),
    ('{"deadline_horizon_days": "30"}', "deadline_horizon_days is not an integer from 1 to 730"),
    ('{"risk_tolerance": "yolo"}', "risk_tolerance is not one of low, medium, high"),
    ('{"risk_tolerance": "Low"}', "risk_tolerance is not one of low, medium, high"),
    ('{"prefecture": "江戸"}', "prefecture is not one of the 47 official names"),
    ('{"prefecture": "nationwide"}', "prefecture is not one of the 47 official names"),
)


@pytest.mark.parametrize(("text", "expected"), READ)
def test_a_valid_preference_is_read_as_its_vector(text, expected):
    assert read_preference(text, PACKS) == expected


@pytest.mark.parametrize(("text", "reason"), REFUSED)
def test_an_invalid_preference_is_refused_with_its_reason(text, reason):
    with pytest.raises(InvalidPreference) as error:
        read_preference(text, PACKS)
    assert str(error.value) == reason


def test_a_customer_may_declare_every_prefecture_an_item_may_be_in():
    schema = files("sqlite_utils_personalization.formula").joinpath("preference.schema.json")
    assert tuple(
        json.loads(schema.read_text("utf-8"))["properties"]["prefecture"]["enum"]
    ) == tuple(PREFECTURES)


def test_a_reason_never_repeats_what_was_declared():
    with pytest.raises(InvalidPreference) as error:
        read_preference('{"prefecture": "someone@example.com"}', PACKS)
    assert "example.com" not in str(error.value)


@given(st.text() | st.binary())
def test_no_text_makes_reading_fail_in_another_way(text):
    with suppress(InvalidPreference):
        read_preference(text, PACKS)


json_values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.integers() | st.text(max_size=5),
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(st.text(), children, max_size=3)
    ),
    max_leaves=5,
)


@given(
    st.dictionaries(
        st.sampled_from(
            ["industry_pack", "deadline_horizon_days", "risk_tolerance", "prefecture", "else"]
        ),
        json_values,
    )
)
def test_a_valid_horizon_is_exactly_an_integer_from_1_to_730(declared):
    horizon = declared.get("deadline_horizon_days", 1)
    expected = type(horizon) in (int, float) and horizon in range(1, 731)
    only = {"deadline_horizon_days": horizon} if "deadline_horizon_days" in declared else {}
    try:
        read_preference(json.dumps(only), PACKS)
        accepted = True
    except InvalidPreference:
        accepted = False
    assert accepted is expected
