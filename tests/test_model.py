"""The model file: what it may say, and how a wrong one is refused."""

import json
from importlib.resources import files

import pytest
from strategies import NEW_NAMES, old

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
    assert constants["tiers"] == {"S": "low", "A": "low", "B": "medium", "C": "high"}
    assert {name: constants[name] for name in NEW_NAMES} == {
        "lead_days": {"program": 14, "amendment": 7},
        "date_points": {"rolling": 15, "unknown": 0},
        "rolling_words": [
            *("随時", "通年", "先着", "予算がなくなり次第", "予算の上限", "予算額に達し", "常時")
        ],
        "rank_band": 50,
        "places_per_family": 1,
        "depth": 30,
        "repeat_days": 30,
        "amendments": {
            "fields": [
                *("close_at", "open_at"),
                *("program.application_period", "program.application_period_r7"),
                *("amount_max_yen", "subsidy_rate", "subsidy_rate_max", "program.subsidy_rate"),
                *("target_employees", "program.target_entity", "program.target_business_size"),
                *("program.prerequisite", "program.application_channel"),
            ],
            "changes_named": 2,
            "name_length": 60,
            "value_length": 24,
        },
    }


def test_a_model_without_the_rules_that_came_later_is_the_one_it_was(model_file):
    """A night of the past is identified by this digest."""
    loaded = load_model(model_file(old(PACKAGED)))
    assert loaded.constants == old(PACKAGED)
    assert loaded.sha256 == "1fda0b4bfa87e4f1d69d6c7cf4ee6e41b2b845d837c876723b0f077f970b3dfd"


@pytest.mark.parametrize("name", sorted(NEW_NAMES))
def test_each_of_the_later_rules_may_be_left_out_with_what_it_goes_with(model_file, name):
    together = ({"date_points", "rolling_words"}, {"depth", "repeat_days"})
    gone = next((names for names in together if name in names), {name})
    without = {key: value for key, value in PACKAGED.items() if key not in gone}
    assert set(PACKAGED) - set(load_model(model_file(without)).constants) == gone


def test_white_space_and_order_do_not_make_another_model(model_file):
    shuffled = dict(reversed(PACKAGED.items()))
    assert load_model(model_file(json.dumps(shuffled, indent=7))).sha256 == load_model().sha256


def test_an_integer_written_as_a_float_is_the_same_model(model_file):
    text = json.dumps(PACKAGED).replace('"urgent_days": 90', '"urgent_days": 90.0')
    assert load_model(model_file(text)).json == load_model().json


def test_any_other_constant_makes_another_model(model_file):
    assert load_model(model_file(changed(urgent_days=91))).sha256 != load_model().sha256


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
    (changed(lead_days={"program": 14}), "$.lead_days: 'amendment' is a required property"),
    (changed(lead_days={"program": 366, "amendment": 7}), "$.lead_days.program: 366 is greater"),
    (changed(lead_days={"program": -1, "amendment": 7}), "$.lead_days.program: -1 is less than"),
    (changed(date_points={"rolling": 15}), "$.date_points: 'unknown' is a required property"),
    (changed(rolling_words=["随時", "随時"]), "$.rolling_words: ['随時', '随時'] "),
    (changed(rolling_words=[""]), "$.rolling_words[0]: '' "),
    (changed(rank_band=0), "$.rank_band: 0 is less than the minimum of 1"),
    (changed(rank_band=9.5), "$.rank_band: 9.5 is not of type 'integer'"),
    (changed(places_per_family=2), "$.places_per_family: 1 was expected"),
    (changed(depth=0), "$.depth: 0 is less than the minimum of 1"),
    (changed(repeat_days=-1), "$.repeat_days: -1 is less than the minimum of 0"),
    *(
        ({**old(PACKAGED), name: PACKAGED[name]}, f"$: '{other}' is a dependency of '{name}'")
        for one, another in (("date_points", "rolling_words"), ("depth", "repeat_days"))
        for name, other in ((one, another), (another, one))
    ),
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
