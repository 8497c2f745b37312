"""The model file: what it may say, and how a wrong one is refused."""

import json
from importlib.resources import files

import pytest

from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.model.model import load_model

PACKAGED = json.loads(
    files("sqlite_utils_personalization.model").joinpath("model.json").read_text(encoding="utf-8")
)


def changed(**values):
    return {**PACKAGED, **values}


def changed_amendments(**values):
    return changed(amendments=PACKAGED["amendments"] | values)


@pytest.fixture
def model_file(tmp_path):
    def write(content):
        path = tmp_path / "model.json"
        text = content if isinstance(content, str) else json.dumps(content)
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_the_packaged_model_holds_the_designs_constants():
    constants = load_model().constants
    assert constants["weights"] == {"industry": 50, "deadline": 30, "risk": 20}
    assert constants["caps"] == {
        "program": 100,
        "amendment": 90,
        "industry_pack": 75,
        "saved_search": 60,
    }
    assert (constants["urgent_days"], constants["any_from"], constants["amendment_days"]) == (
        90,
        17,
        30,
    )
    assert constants["amendments"] == {
        "fields": ["close_at", "open_at", "amount_max_yen", "subsidy_rate", "target_employees"],
        "changes_named": 2,
        "name_length": 60,
        "value_length": 24,
    }
    assert constants["tiers"] == {"S": "low", "A": "low", "B": "medium", "C": "high"}


def test_white_space_and_order_do_not_make_another_model(model_file):
    shuffled = dict(reversed(PACKAGED.items()))
    assert load_model(model_file(json.dumps(shuffled, indent=7))).sha256 == load_model().sha256


def test_an_integer_written_as_a_float_is_the_same_model(model_file):
    text = json.dumps(PACKAGED).replace('"urgent_days": 90', '"urgent_days": 90.0')
    assert load_model(model_file(text)).json == load_model().json


def test_any_other_constant_makes_another_model(model_file):
    assert load_model(model_file(changed(urgent_days=91))).sha256 != load_model().sha256


def test_a_model_from_before_there_were_constants_for_amendments_is_the_one_it_was(model_file):
    kept = ("weights", "caps", "urgent_days", "any_from", "amendment_days")
    old = {key: PACKAGED[key] for key in (*kept, "tiers", "packs", "keywords")}
    loaded = load_model(model_file(old))
    assert loaded.constants == old
    assert loaded.sha256 == "1fda0b4bfa87e4f1d69d6c7cf4ee6e41b2b845d837c876723b0f077f970b3dfd"


WRONG = (
    (
        changed(urgent_dayz=90),
        "$: Additional properties are not allowed ('urgent_dayz' was unexpected)",
    ),
    (
        changed(weights={"industry": "50", "deadline": 30, "risk": 20}),
        "$.weights.industry: '50' is not of type 'integer'",
    ),
    (changed(caps={"program": 100}), "$.caps: 'industry_pack' is a required property"),
    (changed(urgent_days=True), "$.urgent_days: True is not of type 'integer'"),
    (changed(urgent_days=90.5), "$.urgent_days: 90.5 is not of type 'integer'"),
    (changed(tiers={"S": "tiny"}), "$.tiers.S: 'tiny' is not one of ['low', 'medium', 'high']"),
    (changed(packs={"pack_x": "ED"}), "$.packs.pack_x: 'ED' does not match"),
    (changed_amendments(fields=[]), "$.amendments.fields: [] "),
    (changed_amendments(fields=["close_at", "close_at"]), "$.amendments.fields: ['close_at', 'cl"),
    (changed_amendments(fields=[""]), "$.amendments.fields[0]: '' "),
    (changed_amendments(fields=[1]), "$.amendments.fields[0]: 1 is not of type 'string'"),
    (changed_amendments(changes_named=0), "$.amendments.changes_named: 0 is less than the minimum"),
    (changed_amendments(name_length=201), "$.amendments.name_length: 201 is greater than the max"),
    (changed_amendments(value_length=19), "$.amendments.value_length: 19 is less than the minimum"),
    (changed_amendments(value_lenght=24), "$.amendments: Additional properties are not allowed"),
    (changed(amendments={}), "$.amendments: 'fields' is a required property"),
    ([], "$: [] is not of type 'object'"),
    ("{", "is not JSON"),
    ('{"urgent_days": 1, "urgent_days": 2}', "urgent_days is given twice"),
    ("[" * 100_000, "is not JSON"),
)


@pytest.mark.parametrize(("content", "sentence"), WRONG)
def test_a_wrong_model_is_refused_with_the_path_to_the_fault(model_file, content, sentence):
    path = model_file(content)
    with pytest.raises(PersonalizationError) as error:
        load_model(path)
    assert sentence in str(error.value)
    assert str(path) in str(error.value)
