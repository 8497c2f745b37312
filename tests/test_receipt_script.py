"""The check in the page of a receipt, receipt.js: what it says of a receipt is what verify_receipt.py says of it.

It runs in node here, as it does in a browser: tests/test_browser.py opens the page.
"""

import json
import random
import shutil
import subprocess
from hashlib import sha256
from importlib.util import find_spec
from itertools import product
from pathlib import Path

import pytest
from receipt_fixtures import heads_of, history, printed, receipt_of, sparing_history
from test_verify_receipt import (
    BROKEN,
    CONFIRMED,
    MADE_UP,
    MADE_UP_OF_SPARING,
    edited,
    faults,
    forged,
    is_as_true,
    made_up,
    others,
    places,
    stands_for_others,
    text_of,
    value_at,
)

from sqlite_utils_personalization.audit import receipt_html
from sqlite_utils_personalization.evidence.checkpoint import Checkpoint
from sqlite_utils_personalization.evidence.merkle import EMPTY_ROOT
from sqlite_utils_personalization.verify_receipt import CHECKS

SCRIPT = Path(receipt_html.__file__).with_name("receipt.js")
# A line of the input: a text, and the heads that were kept or null; a line of the output: what is said of them.
ASKED = """
for (const line of require("fs").readFileSync(0, "utf8").split("\\n").filter(Boolean)) {
  const [source, kept] = JSON.parse(line);
  let said;
  try {
    const receipt = receiptOf(source), found = check(receipt);
    said = kept === null ? Object.keys(found).filter(name => found[name] !== null) : compare(receipt, kept);
  } catch {
    said = kept === null ? "unreadable" : "no head";
  }
  console.log(JSON.stringify(said));
}
"""


def node():
    """The one of this machine, or the one that playwright brings."""
    if found := shutil.which("node"):
        return found
    spec = find_spec("playwright")
    brought = Path(spec.origin).parent / "driver" / "node" if spec else Path("/nowhere")
    return str(brought) if brought.exists() else None


pytestmark = pytest.mark.skipif(not node(), reason="needs node, or pip install playwright")


def run(script, given=""):
    """What a script prints after receipt.js, with this on its standard input."""
    whole = SCRIPT.read_text(encoding="utf-8") + script
    result = subprocess.run(
        [node(), "-e", whole], input=given, capture_output=True, text=True, check=True
    )
    return result.stdout.strip()


def said_of_texts(texts, kept=None):
    """What the script says of each: the names of the steps that do not hold, or of the heads that were kept."""
    asked = "\n".join(json.dumps([text, kept]) for text in texts)
    lines = [json.loads(line) for line in run(ASKED, asked).splitlines()]
    assert len(lines) == len(texts)
    return lines


def said_of(receipts, kept=None):
    """The same of receipts, in the form in which a page holds them."""
    return said_of_texts([text_of(one) for one in receipts], kept)


def found_by(said):
    return set(CHECKS) if said == "unreadable" else {*said}


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return history(tmp_path_factory.mktemp("history") / "jpcite.db")


@pytest.fixture(scope="module")
def real(path):
    return receipt_of(path, 3)


@pytest.fixture(scope="module")
def related(path):
    return receipt_of(path, 3, kept=heads_of(path).values())


@pytest.fixture(scope="module")
def sparing(tmp_path_factory):
    return receipt_of(sparing_history(tmp_path_factory.mktemp("sparing") / "jpcite.db"), 3, 2)


def test_its_steps_are_those_of_verify_receipt():
    assert run("console.log(Object.keys(STEPS).join())").split(",") == [*CHECKS]


def test_its_digests_are_those_of_the_standard():
    """FIPS 180-4 by Python's hashlib: every length around the end of a block, and bytes of each value."""
    texts = [bytes(n * 7 % 256 for n in range(length)) for length in (*range(130), 1000)]
    given = json.dumps([list(text) for text in texts])
    hashed = run(
        'console.log(JSON.parse(require("fs").readFileSync(0)).map(bytes => hex(sha256(bytes))).join())',
        given,
    )
    assert hashed.split(",") == [sha256(text).hexdigest() for text in texts]


def test_every_customers_receipt_of_every_night_is_intact(path, related, sparing):
    receipts = [receipt_of(path, n, run) for n, run in product(range(1, 8), range(1, 4))]
    receipts += [related, sparing, {**related, "_disclaimer": "no advice"}]
    receipts.append(edited(related, "lists", 0, "places", 0, "source_url", to="https://a.example"))
    assert said_of(receipts) == [[]] * len(receipts)


def test_it_finds_what_verify_receipt_finds(real, sparing):
    changed = [edited(real, *place, to=to) for place, to, _ in BROKEN]
    expected = [set(checks) for _, _, checks in BROKEN]
    for whole, corpus in ((real, MADE_UP), (sparing, MADE_UP_OF_SPARING)):
        changed += [made_up(whole, change) for change, _ in corpus]
        expected += [checks for _, checks in corpus]
    assert [found_by(said) for said in said_of(changed)] == expected


@pytest.mark.parametrize("every", [10, pytest.param(1, marks=pytest.mark.slow)])
def test_no_field_can_be_changed(real, related, every):
    """Whatever verify_receipt.py refuses as no receipt, a step may refuse here; what is beside the truth is found."""
    tried = []
    for whole, part in ((real, None), (related, "consistency")):
        for place in places(whole):
            if part not in (None, place[0]) or not stands_for_others(place):
                continue
            before = value_at(whole, place)
            tried += [
                edited(whole, *place, to=other)
                for other in others(before)
                if json.dumps(other) != json.dumps(before) and not is_as_true(place, before, other)
            ]
    assert len(tried) > 3000
    tried = tried[::every]
    passed = [one for one, said in zip(tried, said_of(tried), strict=True) if not said]
    assert passed == []


def test_no_forgery_passes(path, sparing):
    draw = random.Random(17)
    genuine = [
        sparing,
        *(
            receipt_of(path, number, run_id, heads_of(path).values())
            for number, run_id in product(range(1, 7), range(1, 4))
        ),
    ]
    tried = [forged(genuine, draw) for _ in range(400)]
    for one, said in zip(tried, said_of(tried), strict=True):
        assert bool(said) == bool(faults(one)), one


def test_what_is_no_receipt_is_said_to_be_none():
    texts = ["", "{}", "[]", "null", "1", '"', '{"lists":[],"seal":{"manifest_json":"{}"}}']
    assert said_of_texts([*texts, "[" * 100_000]) == ["unreadable"] * (len(texts) + 1)


def test_the_form_of_the_json_is_the_one_that_is_hashed(real):
    """So that no key is there twice and no number is another than it seems."""
    text = text_of(real)
    run_id = ('"run_id":1.0', '"run_id":2,"run_id":1', '"run_id": 1', '"run_id":1e0', '"run_id":01')
    others = [text.replace('"run_id":1', other, 1) for other in run_id]
    assert said_of_texts([text, *others]) == [[], *["unreadable"] * len(others)]


@pytest.mark.parametrize(("sizes", "confirming"), CONFIRMED)
def test_a_kept_head_that_covers_the_seal_confirms_it(path, sizes, confirming):
    heads = heads_of(path)
    found = receipt_of(path, 3, 2, [heads[size] for size in sizes])
    text = printed(*(heads[size] for size in sizes))
    # As it is pasted: with the end of it cut off or more of it.
    assert said_of([found], text) == ["same"]
    assert said_of([found], text.rstrip("\n")) == ["same"]
    assert said_of([found], f"\n{text}\n\n") == ["same"]


def test_a_kept_head_says_what_compare_says(path, related):
    heads = heads_of(path)
    found = receipt_of(path, 3, 2, [heads[1]])
    signed = printed(heads[6]) + "— someone AAAAAAAAAAAA\n"
    cases = (
        (found, printed(heads[1]), "silent"),
        (found, printed(heads[5]), "silent"),
        (found, printed(heads[1], heads[6]), "same"),
        (found, signed, "same"),
        (related, printed(heads[5]._replace(root=b"\0" * 32)), "other"),
        (related, printed(heads[5]._replace(origin="another/log")), "other"),
        (related, printed(heads[6]) + printed(heads[5]._replace(root=b"\0" * 32)), "other"),
        (related, "", "no head"),
        (related, "[]", "no head"),
        (related, "log\n1\nAAAA\n\n", "no head"),
        (related, printed(Checkpoint("log", 0, EMPTY_ROOT)), "no head"),
        (related, printed(heads[6])[:-10], "no head"),
        (related, f"{printed(heads[6])}more", "no head"),
    )
    for receipt, kept, expected in cases:
        assert said_of([receipt], kept) == [expected], kept
