"""One word for one thing: every key and parameter of every output is in words.json, and means one thing there.

STILL lists what is not so yet.
"""

from collections import Counter, defaultdict

import outputs
import page_outputs
import pytest
from outputs import COMMANDS, TEXTS, WORDS

from sqlite_utils_personalization.commands import COMMANDS as REGISTERED
from sqlite_utils_personalization.commands.profile import profile

pytest.importorskip("datasette")
pytest.importorskip("mcp")

# Their keys are what digests cover.
HASHED = {"receipt"}
# Output, what is wrong with it, and whose it is.
STILL: set[tuple[str, str, str]] = set()


def replaced():
    """What is not written, and what is instead."""
    words = defaultdict(list)
    for kind in ("words", "parameters"):
        for word, said in WORDS[kind].items():
            for old in said.get("instead_of", ()):
                words[old].append(word)
    return {old: " or ".join(instead) for old, instead in words.items()}


BANNED = replaced()


@pytest.fixture(scope="module")
def found():
    return outputs.every_output()


def faults(name, output):
    """What is wrong with the keys and parameters of one output, each in a few words."""
    is_hashed = name in HASHED
    for key, types in output.keys.items():
        word = WORDS["words"].get(key)
        if is_hashed:
            if word is None and "." not in key and key not in WORDS["hashed"]:
                yield f"{key}: is no word"
        elif "." in key:
            yield from within(key)
        elif word is None:
            yield f"{key}: {'write ' + BANNED[key] if key in BANNED else 'is no word'}"
        else:
            other = types - set(word.get("types", types))
            if other:
                yield f"{key}: is {'/'.join(sorted(other))}"
            if any(name.startswith(one) for one in word.get("not_in", ())):
                yield f"{key}: not here"
    for parameter in output.parameters:
        if parameter not in WORDS["parameters"]:
            instead = BANNED.get(parameter)
            yield f"?{parameter}: {'write ' + instead if instead else 'is no word'}"
    yield from (f"has no {form}" for form in output.lacks)


def within(key):
    outer, inner = key.split(".")
    if inner not in WORDS["words"][outer]["keys"]:
        yield f"{key}: is no word"


def test_every_key_and_parameter_is_a_word(found):
    wrong = {(name, fault) for name, output in found.items() for fault in faults(name, output)}
    still = {(name, fault) for name, fault, _ in STILL}
    told = [
        f"{name}: {'; '.join(sorted(fault for other, fault in wrong - still if other == name))}"
        for name in sorted({name for name, _ in wrong - still})
    ]
    assert not told, "\n".join(["", *told])
    assert still - wrong == set(), "these are mended: take them out of STILL"


def test_every_command_is_asked(found):
    names = {command.name.removeprefix("personalization-") for command in REGISTERED}
    asked = {name.split()[0] for name in COMMANDS}
    assert asked | TEXTS == names
    assert {f"profile {name}" for name in profile.commands} <= COMMANDS.keys()
    assert all(
        found[name].keys for name in COMMANDS if "--json" not in found[name].lacks
    ), "an output is empty"


def test_every_output_that_is_read_has_keys(found):
    kinds = Counter(name.split()[0] for name in found)
    assert kinds["question"] >= 16
    assert kinds["REST"] >= 8
    assert kinds["tool"] == 4
    assert kinds["file"] == 2
    assert kinds["page"] > len(page_outputs.PAGES)


def test_every_page_is_asked():
    from sqlite_utils_personalization.viewer.pages.routes import PAGES

    assert {page.name for page in PAGES} == page_outputs.PAGES.keys() | page_outputs.WITHOUT_TWIN


def test_a_word_is_not_what_another_replaces():
    assert BANNED.keys() & WORDS["words"].keys() == set()
    for kind in ("words", "parameters"):
        for word, said in WORDS[kind].items():
            assert said["means"].strip(" .") == said["means"] != "", word


def test_what_is_wrong_is_found():
    """That the test above can fail: each rule, on an output made for it."""
    made = outputs.Output(
        {
            "because": {"string"},
            "shoe_size": {"integer"},
            "left_out": {"integer"},
            "declared.horizon_days": set(),
            "rec_id": {"integer"},
        },
        ("limit", "size"),
        ("--json",),
    )
    assert set(faults("REST GET /", made)) == {
        "because: write reason or sentence",
        "shoe_size: is no word",
        "left_out: is integer",
        "left_out: not here",
        "declared.horizon_days: is no word",
        "?limit: write size",
        "has no --json",
    }


@pytest.mark.parametrize(
    "shape",
    [
        {"program": 1},
        {kind: {"rows": 1} for kind in outputs.TYPES},
        [],
        {**dict.fromkeys(outputs.TYPES, 0), "x": 0},
    ],
)
def test_by_type_has_one_shape(shape):
    made = outputs.of_values([{"by_type": shape}])
    assert any("of another shape" in fault for fault in faults("score", made))
    made = outputs.of_values([{"by_type": dict.fromkeys(outputs.TYPES, 0)}])
    assert list(faults("score", made)) == []
