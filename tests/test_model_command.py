"""personalization-model: what constants mean, why a file is refused, and what a change does, in words."""

import csv
import io
import json
import re
import sys
from copy import deepcopy
from importlib.resources import files

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from sqlite_utils.cli import cli
from strategies import models
from two_languages import ENGLISH, JAPANESE

from sqlite_utils_personalization import check_model, compare_models, model_constants
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.formula.model_findings import findings_of_text
from sqlite_utils_personalization.language import LANGUAGES, speaking
from sqlite_utils_personalization.model.model import load_model

FOLDER = files("sqlite_utils_personalization.model")
PACKAGED = json.loads(FOLDER.joinpath("model.json").read_text(encoding="utf-8"))
# What a model may say beside: each alone, or with what it goes with.
OPTIONAL = (
    ("lead_days",),
    ("date_points", "rolling_words"),
    ("rank_band",),
    ("places_per_family",),
    ("depth", "repeat_days"),
    ("amendments",),
)


def run(*arguments, **options):
    return CliRunner(env={"LC_ALL": "C.UTF-8"}).invoke(
        cli, ["personalization-model", *map(str, arguments)], **options
    )


@pytest.fixture
def write(tmp_path):
    def write(content, name="model.json"):
        path = tmp_path / name
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            text = content if isinstance(content, str) else json.dumps(content)
            path.write_text(text, encoding="utf-8")
        return path

    return write


def leaves(value, path="$"):
    """Every constant by its path, stated independently of the package."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from leaves(one, f"{path}.{key}")
    else:
        yield path, value


def changed(**values):
    model = deepcopy(PACKAGED)
    for path, value in values.items():
        *outer, last = path.split("__")
        inside = model
        for key in outer:
            inside = inside[key]
        inside[last] = value
    return model


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_constant_is_shown_with_a_meaning_and_a_range_in_each_language(language):
    with speaking(language):
        shown = model_constants()
    assert [(one["name"], one["value"]) for one in shown] == list(leaves(PACKAGED))
    for one in shown:
        assert one["meaning"]
        assert one["range"]
        assert "{" not in one["meaning"] + one["range"]
        assert (one["unit"] is None) == (not isinstance(one["value"], int))
        if language == "ja":
            assert JAPANESE.search(one["meaning"])
            assert not ENGLISH.search(one["meaning"].replace("am_amendment_diff", ""))


def test_every_constant_of_the_schema_is_in_the_packaged_model():
    """So that none is left out where only that is shown."""

    def named(rule, path="$"):
        for key, inner in rule.get("properties", {}).items():
            yield f"{path}.{key}"
            yield from named(inner, f"{path}.{key}")

    schema = json.loads(FOLDER.joinpath("model.schema.json").read_text(encoding="utf-8"))
    shown = [one["name"] for one in model_constants()]
    for path in named(schema):
        assert any(name == path or name.startswith(f"{path}.") for name in shown), path


@pytest.mark.parametrize("form", ["--csv", "--tsv", "--table", "--nl", "--arrays", "--json", None])
def test_show_has_the_usual_formats(form):
    result = run("show", *([form] if form else []))
    assert result.exit_code == 0
    assert "urgent_days" in result.stdout
    if form == "--csv":
        rows = list(csv.DictReader(io.StringIO(result.stdout)))
        assert [row["name"] for row in rows] == [name for name, _ in leaves(PACKAGED)]
        words = next(row["value"] for row in rows if row["name"] == "$.rolling_words")
        assert json.loads(words) == PACKAGED["rolling_words"]
    if form in ("--json", None):
        assert json.loads(result.stdout) == model_constants()


def test_a_file_is_shown_as_score_takes_it(write):
    assert '"value": 91' in run("show", write(changed(urgent_days=91))).stdout
    refused = run("show", write("{}"))
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "is not a model" in refused.stderr
    assert run("show", "nowhere.json").exit_code == 2


DEEP = "[" * 900 + "]" * 900
HOSTILE = (
    b"",
    b"\xff\xfe{\x00}\x00",
    b"\xef\xbb\xbf" + json.dumps(PACKAGED).encode(),
    b"[" * 100_000,
    b'{"a":' * 100_000,
    f'{{"rolling_words": {DEEP}}}'.encode(),
    f'{{"rolling_words": [{DEEP}, {DEEP}], "weights": {DEEP}}}'.encode(),
    b'{"urgent_days": NaN}',
    b'{"urgent_days": -Infinity}',
    b'{"urgent_days": 1e400}',
    b'{"urgent_days": ' + b"9" * 4000 + b"}",
    b'{"urgent_days": ' + b"9" * 5000 + b"}",
    b'{"urgent_days": 1, "urgent_days": 1}',
    json.dumps({**PACKAGED, "keywords": {"\ud800": "A"}}).encode(),
    b"null",
    b"[]",
    b"\x00",
    b'"\\u0000"',
    json.dumps({"x" * 100_000: 1, "%s {0} {name}": {}, "\x1b[31m": []}).encode(),
    json.dumps({**PACKAGED, "weights": []}).encode(),
    json.dumps({**PACKAGED, "caps": {"program": {}, "industry_pack": [], "x": "1"}}).encode(),
    json.dumps({**PACKAGED, "tiers": {"": "low", "S": None}}).encode(),
    json.dumps({**PACKAGED, "packs": {"X": "", "pack_x": "BA"}}).encode(),
    json.dumps({**PACKAGED, "amendments": {"fields": [1, 1, "", "x" * 65]}}).encode(),
)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_whatever_stands_in_a_file_is_refused_in_short_sentences(write, number, language):
    path = write(HOSTILE[number])
    result = run("check", path, "--lang", language)
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    lines = [line for line in result.stdout.splitlines() if line]
    assert lines
    assert all(len(line) < 1_500 for line in lines)
    assert "\x1b" not in result.stdout
    for one in check_model(path):
        assert (one["reason"], one["is_refused"]) == ("invalid", True)
        assert one["sentence"]
        assert one["todo"]
    diff = run("diff", path, "--lang", language)
    assert (diff.exit_code, diff.stdout) == (2, "")
    assert diff.stderr.startswith("Error: ")
    with pytest.raises(PersonalizationError):
        load_model(path)


def reasons(path):
    return {(one["name"], one["reason"], one["is_refused"]) for one in check_model(path)}


ODD = (
    ({"weights__industry": 61}, ("$.weights.industry", "weight_above_cap", True)),
    ({"weights__industry": 60}, None),
    ({"caps__saved_search": 49}, ("$.weights.industry", "weight_above_cap", True)),
    (
        {"weights": {"industry": 0, "deadline": 0, "risk": 0}},
        ("$.weights", "never_scored", True),
    ),
    ({"caps__amendment": 0}, ("$.caps.amendment", "never_scored", False)),
    ({"weights__risk": 19}, ("$.caps.program", "never_reached", False)),
    ({"date_points__rolling": 31}, ("$.date_points.rolling", "contradiction", True)),
    ({"date_points__rolling": 30}, None),
    ({"keywords__農業　": "B"}, ("$.keywords.農業　", "contradiction", True)),
    ({"keywords__農業　": "A"}, None),
    ({"keywords__　": "A"}, ("$.keywords.　", "no_effect", False)),
    ({"tiers__Ｓ": "high"}, ("$.tiers.Ｓ", "contradiction", True)),
    ({"tiers__Ｄ": "high"}, ("$.tiers.Ｄ", "no_effect", False)),
    ({"rolling_words": ["ＤＸ"]}, ("$.rolling_words[0]", "no_effect", False)),
    ({"any_from": 1}, ("$.packs.pack_construction", "contradiction", True)),
    ({"depth": 10}, ("$.depth", "few_places", False)),
    ({"depth": 11}, None),
    ({"repeat_days": 0}, ("$.repeat_days", "no_effect", False)),
)


@pytest.mark.parametrize(("values", "expected"), ODD)
def test_rules_that_contradict_each_other_are_refused_and_what_never_matters_is_noted(
    write, values, expected
):
    path = write(changed(**values))
    found = reasons(path)
    assert expected in found if expected else not found
    refused = any(is_refused for *_, is_refused in found)
    result = run("check", path)
    assert result.exit_code == int(refused)
    # A night takes it nevertheless.
    load_model(path)


def test_the_packaged_model_has_nothing_wrong_or_odd(tmp_path):
    assert check_model() == []
    result = run("check", str(FOLDER.joinpath("model.json")))
    assert (result.exit_code, result.stdout) == (0, "")


def test_check_names_each_file_and_fails_for_one(write):
    good, bad = write(PACKAGED, "good.json"), write("{", "bad.json")
    result = run("check", good, bad)
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [f"{good} is a model", f"{bad} is refused"]
    rows = json.loads(run("check", bad, good, "--json").stdout)
    assert [row["file"] for row in rows] == [str(bad)]
    assert run("check").exit_code == 2


def spoilt(model):
    """The model with one value replaced by something else, at any depth."""
    paths = []

    def walk(value, path):
        paths.append(path)
        if isinstance(value, dict | list):
            inside = value.items() if isinstance(value, dict) else enumerate(value)
        else:
            inside = ()
        for key, one in inside:
            walk(one, (*path, key))

    walk(model, ())
    odd = st.sampled_from(
        (None, True, -1, 0, 1, 50.0, 50.5, 10**30, "", "low", "AB", "BA", [], ["x"], {}, "GONE")
    )
    return st.tuples(st.sampled_from(paths), odd)


@given(data=st.data())
def test_check_accepts_what_score_accepts_and_nothing_else(tmp_path_factory, data):
    model = data.draw(models(PACKAGED))
    path, value = data.draw(spoilt(model))
    if path and data.draw(st.booleans()):
        inside = model = deepcopy(model)
        for key in path[:-1]:
            inside = inside[key]
        if value == "GONE":
            del inside[path[-1]]
        else:
            inside[path[-1]] = value
    file = tmp_path_factory.getbasetemp() / "spoilt.json"
    file.write_text(json.dumps(model), encoding="utf-8")
    try:
        load_model(file)
    except PersonalizationError:
        is_taken = False
    else:
        is_taken = True
    found = list(findings_of_text(file.read_bytes()))
    assert is_taken == ("invalid" not in {one.reason for one in found})
    assert all(one.is_refused for one in found if one.reason == "invalid")


def other(value):
    """More, and less, of a constant."""
    if isinstance(value, list):
        return [[*value, "another"], value[1:], value[::-1]]
    if isinstance(value, int):
        return [more for more in (value + 1, value - 1) if 0 <= more <= 100]
    return ["high" if value != "high" else "low"] if value in ("low", "medium", "high") else ["AT"]


def with_value(path, value):
    model = deepcopy(PACKAGED)
    *outer, last = path.removeprefix("$.").split(".")
    inside = model
    for key in outer:
        inside = inside[key]
    inside[last] = value
    return model


CHANGES = [
    (path, value)
    for path, before in leaves(PACKAGED)
    for value in other(before)
    # There is no other.
    if path != "$.places_per_family"
]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_change_of_each_constant_is_said_in_words_in_each_language(write, language):
    said = {}
    for path, value in CHANGES:
        with speaking(language):
            (one,) = compare_models(None, write(with_value(path, value)))
        assert (one["name"], one["after"]) == (path, value)
        assert one["sentence"]
        assert "{" not in one["sentence"]
        if language == "ja":
            assert JAPANESE.search(one["sentence"])
            words = re.sub(r"pack_\w+|[a-z_.]+(?:, [a-z_.]+)*", "", one["sentence"])
            assert not ENGLISH.search(words)
        said[path, str(value)] = one["sentence"]
    # More is not told as less.
    for path, before in leaves(PACKAGED):
        if path != "$.places_per_family":
            texts = [re.sub("[0-9]+", "", said[path, str(value)]) for value in other(before)]
            is_length = path.endswith("_length")
            assert is_length or len(set(texts)) == len(texts), path


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("names", OPTIONAL)
def test_a_rule_that_comes_or_goes_is_said_in_words(write, names, language):
    without = write({key: one for key, one in PACKAGED.items() if key not in names})
    with speaking(language):
        gone, come = compare_models(None, without), compare_models(without, None)
    paths = {path for path, _ in leaves(PACKAGED) if path.split(".")[1] in names}
    assert {one["name"] for one in gone} == {one["name"] for one in come} == paths
    assert all(one["after"] is None for one in gone)
    sentences = [one["sentence"] for one in (*gone, *come)]
    assert all(sentences)
    assert not any("None" in one or "{" in one for one in sentences)
    assert len(set(sentences)) == len(sentences)
    if language == "ja":
        assert all(JAPANESE.search(one) for one in sentences)


def test_a_cap_of_nothing_and_a_word_that_goes_are_what_they_do(write):
    found = {
        one["name"]: one["sentence"]
        for one in compare_models(
            None, write(changed(caps__amendment=0, rolling_words=["随時"], tiers__D="low"))
        )
    }
    assert found == {
        "$.caps.amendment": "amendments are no longer recommended to anybody: a score of 0 is not logged",
        "$.rolling_words": (
            "programs without a closing date and with 通年, 先着, 予算がなくなり次第, 予算の上限, 予算額に達し, 常時"
            " in their title no longer count as open at any time"
        ),
        "$.tiers.D": (
            "programs of tier D are of low risk: they move down for customers who declared another tolerance"
        ),
    }


def test_diff_is_text_for_a_person_and_ends_as_asked(write):
    path = write(changed(lead_days__program=7))
    result = run("diff", path)
    assert (result.exit_code, result.stdout.splitlines()) == (
        0,
        [
            "$.lead_days.program: 14 -> 7",
            "    programs must be open for 7 more days instead of 14: customers also see what closes sooner",
        ],
    )
    assert result.stderr == "1 constant differs\n"
    assert run("diff", path, "--exit-code").exit_code == 1
    assert run("diff", path, path, "--exit-code").exit_code == 0
    assert run("diff", "--exit-code").exit_code == 0
    assert run("diff", path, "packaged").stdout.startswith("$.lead_days.program: 7 -> 14\n")
    assert run("diff", path, "nowhere.json").exit_code == 2
    japanese = run("diff", path, "--lang", "ja")
    assert "制度に必要な締切までの日数が14日から7日に縮まり" in japanese.stdout
    rows = json.loads(run("diff", path, "--json", "--lang", "ja").stdout)
    assert rows[0] | {"sentence": 0} == {
        "name": "$.lead_days.program",
        "before": 14,
        "after": 7,
        "sentence": 0,
    }


def test_a_name_of_the_models_own_is_a_value_and_nothing_in_it_is_filled_in(write):
    path = write(changed(keywords={"{name} {0} %s": "A", "\x1b[2J": "B"}))
    for command in (("show", path, "--table"), ("check", path), ("diff", path)):
        result = run(*command)
        assert isinstance(result.exception, SystemExit | None)
        assert "\x1b" not in result.stdout
    assert "{name} {0} %s" in run("diff", path).stdout


@pytest.mark.skipif(sys.platform == "win32", reason="needs a folder that is no file")
def test_what_is_no_file_is_told_apart_from_a_model(tmp_path):
    assert run("check", tmp_path).exit_code == 2
    with pytest.raises(PersonalizationError, match="give a file"):
        check_model(tmp_path)
    with pytest.raises(PersonalizationError, match="model is no path"):
        check_model(7)
