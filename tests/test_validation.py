"""What may be stored as a preference: the closed schema, one spelling, and nothing personal."""

import json
import random
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqlite_utils_personalization.catalogue.areas import PREFECTURES, official_prefecture
from sqlite_utils_personalization.errors import InvalidPreference
from sqlite_utils_personalization.formula.declared import preference_schema, read_preference
from sqlite_utils_personalization.model.kinds import NO_INDUSTRY
from sqlite_utils_personalization.preferences import validation
from sqlite_utils_personalization.preferences.personal_data import personal_data
from sqlite_utils_personalization.preferences.validation import (
    parse_preference,
    preference_text,
    validate,
)

PACKS = {"pack_construction": "D", "pack_two": "EG"}
KNOWN = "$.industry_pack is not one of the letters A to T or a pack of the model: pack_construction, pack_two"
DAYS = "$.deadline_horizon_days is not an integer from 1 to 730"
RISK = "$.risk_tolerance is not one of low, medium, high"
PLACE = "$.prefecture is not the name of a prefecture, such as 東京都, 東京 or Tokyo"
KEYS = "industry_pack, deadline_horizon_days, risk_tolerance, prefecture"

STORED = (
    ({}, {}),
    ({"industry_pack": "T"}, {"industry_pack": "T"}),
    ({"industry_pack": "pack_two"}, {"industry_pack": "pack_two"}),
    ({"deadline_horizon_days": 730}, {"deadline_horizon_days": 730}),
    # JSON knows one kind of number
    ({"deadline_horizon_days": 30.0}, {"deadline_horizon_days": 30}),
    ({"prefecture": "東京"}, {"prefecture": "東京都"}),
    ({"prefecture": "Tokyo"}, {"prefecture": "東京都"}),
)
REFUSED = (
    ([], "$ is not a JSON object"),
    (None, "$ is not a JSON object"),
    ({"industry_pack": "U"}, KNOWN),
    ({"industry_pack": ""}, KNOWN),
    ({"industry_pack": None}, KNOWN),
    ({"industry_pack": ["A"]}, KNOWN),
    ({"deadline_horizon_days": 0}, DAYS),
    ({"deadline_horizon_days": 731}, DAYS),
    ({"deadline_horizon_days": True}, DAYS),
    ({"deadline_horizon_days": 30.5}, DAYS),
    ({"deadline_horizon_days": "30"}, DAYS),
    ({"deadline_horizon_days": 10**4000}, DAYS),
    ({"risk_tolerance": "LOW"}, RISK),
    ({"prefecture": "江戸"}, PLACE),
    ({"prefecture": ""}, PLACE),
    ({"risk_tolerence": "low"}, "$ has an unknown key - did you mean risk_tolerance?"),
    ({"color": "red"}, f"$ has an unknown key - known are {KEYS}"),
    # every fault at once
    ({"risk_tolerance": 1, "deadline_horizon_days": -1}, f"{DAYS}; {RISK}"),
    (
        {"prefecture": "a@b.jp"},
        "$.prefecture looks like an e-mail address, which is not kept here",
    ),
    (
        {"a@b.jp": 1},
        "$.(unknown) looks like an e-mail address, which is not kept here",
    ),
    (
        {"industry_pack": [{"deep": ["１２３４５６７８９０１２３"]}]},
        "$.industry_pack[0].(unknown)[0] looks like a 13-digit corporate number, which is not kept here",
    ),
)


@pytest.mark.parametrize(("declared", "stored"), STORED)
def test_a_valid_preference_is_stored_in_one_spelling(declared, stored):
    assert validate(declared, PACKS) == stored


@pytest.mark.parametrize(("declared", "sentence"), REFUSED)
def test_a_fault_is_named_by_its_path_and_by_what_is_allowed(declared, sentence):
    with pytest.raises(InvalidPreference) as refused:
        validate(declared, PACKS)
    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    ("text", "sentence"),
    (
        ("{", "not JSON, or a key is said twice"),
        ('{"risk_tolerance": NaN}', "not JSON, or a key is said twice"),
        ('{"prefecture": "東京都", "prefecture": "大阪府"}', "not JSON, or a key is said twice"),
        ("[" * 100_000, "100000 characters, where at most 16384 are allowed"),
        ("[" * 16_000 + "]" * 100, "not JSON, or a key is said twice"),
    ),
)
def test_a_text_that_cannot_be_read_is_refused(text, sentence):
    with pytest.raises(InvalidPreference) as refused:
        parse_preference(text)
    assert str(refused.value) == sentence


def test_a_preference_nested_beyond_reason_is_refused():
    with pytest.raises(InvalidPreference, match=r"^\$ is nested too deeply$"):
        validate(parse_preference('{"note": ' + "[" * 500 + "]" * 500 + "}"), PACKS)


def test_the_schema_says_which_version_it_is():
    schema = preference_schema()
    assert schema["$id"] == "urn:sqlite-utils-personalization:preference:1"
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert (schema["additionalProperties"], len(schema["properties"])) == (False, 4)


# The names of the prefectures in Roman letters, as the Geospatial Information Authority of Japan has them.
ROMAN_NAMES = """
    Hokkaido Aomori Iwate Miyagi Akita Yamagata Fukushima Ibaraki Tochigi Gunma Saitama Chiba Tokyo Kanagawa
    Niigata Toyama Ishikawa Fukui Yamanashi Nagano Gifu Shizuoka Aichi Mie Shiga Kyoto Osaka Hyogo Nara Wakayama
    Tottori Shimane Okayama Hiroshima Yamaguchi Tokushima Kagawa Ehime Kochi Fukuoka Saga Nagasaki Kumamoto Oita
    Miyazaki Kagoshima Okinawa
"""
ROMAN = ROMAN_NAMES.split()


def test_every_prefecture_is_known_by_each_of_its_names():
    assert [official_prefecture(name) for name in PREFECTURES] == list(PREFECTURES)
    assert [official_prefecture(name) for name in ROMAN] == list(PREFECTURES)
    assert [official_prefecture(f"{name.upper()}-KEN") for name in ROMAN] == list(PREFECTURES)
    short = [name if name == "北海道" else name[:-1] for name in PREFECTURES]
    assert [official_prefecture(name) for name in short] == list(PREFECTURES)


@pytest.mark.parametrize("name", ("Tōkyō", "Ｔｏｋｙｏ", " tokyo ", "Tokyo Metropolis", "tokyo-to"))
def test_a_prefecture_is_known_however_it_is_written(name):
    assert official_prefecture(name) == "東京都"


@pytest.mark.parametrize("name", ("", "東", "東京都港区", "Kyo", "関東", "全国", "京", "to", "県"))
def test_what_names_no_single_prefecture_is_none(name):
    assert official_prefecture(name) is None


HARMLESS = (
    *("D", "pack_construction", "東京都", "low", "365", "2026-07-22", "三菱一号館", "JIS Q 27001"),
    *("1:2", "10:30", "3.14", "v1.2.3", "第12回", "令和8年度", "A-T", "pack_2026_07_22"),
)


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_not_personal_is_not_taken_for_it(text):
    assert personal_data(text) is None


FULL_WIDTH = str.maketrans("0123456789@.-+", "０１２３４５６７８９＠．－＋")
ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
KANJI = str.maketrans("0123456789", "〇一二三四五六七八九")
PERSONAL = (
    ("taro.yamada@example.co.jp", "an e-mail address"),
    ("x+y@localhost", "an e-mail address"),
    ("203.0.113.77", "an IP address"),
    ("2001:db8::8a2e:370:7334", "an IP address"),
    ("7000012050002", "a 13-digit corporate number"),
    ("7-0000-1205-0002", "a 13-digit corporate number"),
    ("0312345678", "a phone number"),
    ("090-1234-5678", "a phone number"),
    ("+81 3-1234-5678", "a phone number"),
    ("(03)1234-5678", "a phone number"),
)
HIDDEN = ("\u200b", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u0301", "\ufe0f", "\U000e0020")


def disguises(rng, text):
    """The same text as a person reads it, by another way."""
    disguised = text
    if rng.random() < 0.4:
        disguised = disguised.translate(FULL_WIDTH)
    elif rng.random() < 0.3 and "@" not in text and ":" not in text:
        disguised = disguised.translate(rng.choice((ARABIC, KANJI)))
    if rng.random() < 0.5:
        at = rng.randrange(len(disguised) + 1)
        disguised = disguised[:at] + rng.choice(HIDDEN) * rng.randint(1, 3) + disguised[at:]
    if rng.random() < 0.3:
        disguised = disguised.replace("-", rng.choice("‐‑‒–—―−ー－"))
    return rng.choice(("", "連絡先 ", "tel:")) + disguised + rng.choice(("", " まで", "。"))


def test_ten_thousand_ways_to_write_personal_data_are_refused_and_none_is_repeated():
    rng = random.Random(289)
    missed = []
    for _ in range(10_000):
        text, kind = rng.choice(PERSONAL)
        given = disguises(rng, text)
        key = rng.choice(("industry_pack", "prefecture", "risk_tolerance", "note", given))
        declared = {key: rng.choice((given, [given], {"x": given}))}
        with pytest.raises(InvalidPreference) as refused:
            validate(declared, PACKS)
        said = unicodedata.normalize("NFKC", str(refused.value))
        if f"looks like {kind}" not in said or any(part in said for part in (given, text)):
            missed.append((given, said))
    assert missed == []


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
ALMOST = st.fixed_dictionaries(
    {},
    optional={
        "industry_pack": st.sampled_from([*"ADTUa", *PACKS, "pack_nobody_knows"]) | scalars,
        "deadline_horizon_days": st.integers(-1, 800) | st.floats(0, 800) | scalars,
        "risk_tolerance": st.sampled_from(("low", "medium", "high", "LOW")) | scalars,
        "prefecture": st.sampled_from([*PREFECTURES, *ROMAN, "東京", "江戸"]) | scalars,
        "note": scalars,
    },
)


@given(declared=ALMOST)
def test_whatever_is_accepted_is_scored_as_it_was_declared(declared):
    try:
        stored = validate(declared, PACKS)
    except InvalidPreference:
        return
    read = read_preference(preference_text(stored), PACKS)
    assert (read.industries is None) == ("industry_pack" not in declared)
    assert read.industries != NO_INDUSTRY
    assert read.horizon_days == declared.get("deadline_horizon_days")
    assert read.risk_level == declared.get("risk_tolerance")
    assert (read.prefecture is None) == ("prefecture" not in declared)
    assert validate(json.loads(preference_text(stored)), PACKS) == stored


@pytest.mark.parametrize(
    ("declared", "fault"),
    [
        ({"industry_pack": " " * 201}, "$.industry_pack has more than 200 characters"),
        ({"prefecture": "\u0301" * 1_000_000}, "$.prefecture has more than 200 characters"),
        ({"x" * 300: 1}, "$.(unknown) has more than 200 characters"),
        ({str(n): n for n in range(300)}, "$ has more than 200 values"),
        ({"prefecture": ["a"] * 300}, "$ has more than 200 values"),
        ({"prefecture": [[0] * 150] * 150}, "$ has more than 200 values"),
        ("a" * 300, "$ is not a JSON object"),
    ],
)
def test_lengths_are_looked_at_before_anything_else(declared, fault, monkeypatch):
    def looked(_):
        raise AssertionError("looked at what is too long")

    monkeypatch.setattr(validation, "personal_data", looked)
    with pytest.raises(InvalidPreference) as refused:
        validate(declared, PACKS)
    assert str(refused.value) == fault
