"""verify_receipt.py alone: a real receipt passes, and nothing else does.

Every field of a receipt is bound: there is none that may be changed and still pass. What passes beside the truth is
only a receipt made up as a whole, and that shows against a head that was kept outside.
"""

import copy
import json
import random
import re
import shutil
import sqlite3
import subprocess
import sys
from base64 import b64encode
from hashlib import sha256
from itertools import chain, combinations, product
from pathlib import Path

import oracle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import MODEL
from receipt_fixtures import connect, heads_of, history, printed, receipt_of, sparing_history
from strategies import as_of_days, as_seen_by, items, models
from test_formula import CUSTOMERS, ITEM_COLUMNS, PLACE, column, evaluate

from sqlite_utils_personalization import score, verify_receipt
from sqlite_utils_personalization.evidence import merkle
from sqlite_utils_personalization.evidence.checkpoint import Checkpoint, format_checkpoint
from sqlite_utils_personalization.evidence.note import Note, format_note, key_of, sign
from sqlite_utils_personalization.example import build
from sqlite_utils_personalization.model.model import load_model
from sqlite_utils_personalization.scoring import log
from sqlite_utils_personalization.verify_receipt import CHECKS, Unreadable, check, parse


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return history(tmp_path_factory.mktemp("history") / "jpcite.db")


@pytest.fixture(scope="module")
def real(path):
    """Customer 3 has two lists, one of them of saved searches, and places on both sides in the tree."""
    return receipt_of(path, 3)


@pytest.fixture(scope="module")
def related(path):
    """With the heads of 1 to 5 seals, beside that of 6."""
    return receipt_of(path, 3, kept=heads_of(path).values())


@pytest.fixture(scope="module")
def sparing(tmp_path_factory):
    """The second night of customer 3, to whom two programs had been handed over, and whose amendments are turned."""
    return receipt_of(sparing_history(tmp_path_factory.mktemp("sparing") / "jpcite.db"), 3, 2)


@pytest.fixture
def run(tmp_path, capsys):
    """Run the program on a receipt and, if given, on the text of a file of heads: exit status, stdout, stderr."""

    def run(receipt, heads=None, *more):
        file, kept = tmp_path / "receipt.json", tmp_path / "heads.txt"
        file.write_bytes(receipt if isinstance(receipt, bytes) else json.dumps(receipt).encode())
        arguments = [str(file)]
        if heads is not None:
            kept.write_bytes(heads if isinstance(heads, bytes) else heads.encode())
            arguments += ["--head", str(kept), *more]
        status = verify_receipt.main(arguments)
        out, err = capsys.readouterr()
        return status, out, err.replace(f"{tmp_path}/", "")

    return run


def faults(receipt):
    """The checks that failed; a receipt that cannot be read fails all."""
    try:
        return {
            name for name, (passed, _) in check(parse(json.dumps(receipt))).items() if not passed
        }
    except Unreadable:
        return set(CHECKS)


def kept(path, *sizes):
    """What was kept of the heads of so many seals."""
    return printed(*(heads_of(path)[size] for size in sizes))


def edited(receipt, *place, to):
    """A copy with the value at this place replaced."""
    changed = copy.deepcopy(receipt)
    *way, last = place
    target = changed
    for step in way:
        target = target[step]
    target[last] = to
    return changed


# A real receipt


def test_a_real_receipt_is_intact_and_every_check_says_what_it_confirmed(run, real):
    status, out, err = run(real)
    served_at, head = real["served_at"], real["head"].split("\n")[2]
    assert (status, err) == (0, "")
    assert out.splitlines() == [
        f"night    intact: run 1 of 2026-04-01 (a day in Japan), served at {served_at}",
        "model    intact: the constants of the formula are those of the sealed run",
        "items    intact: 7 items are what their digests were taken of",
        "scores   intact: 7 scores follow from what was declared, the items and the constants",
        "ranking  intact: every list is in the order of rank, with one place a family and at most 30 a type, of which"
        " the customer got at most 10",
        "lists    intact: the lists are what their digests were taken of",
        "rows     intact: every row stands in the part of the log that the seal covers, 1 to 40",
        "counts   intact: the seal covers 40 rows of 7 customers, of 40 that were decided",
        "proof    intact: customer 3 is leaf 2 of 7 under the sealed root",
        "seal     intact: the seal is number 2 of 6 under the head",
        f"head     intact: the head is that of 6 seals: {head}",
        "intact, as far as the receipt alone can tell: it could be made up as a whole, which shows only against a"
        " head that was kept outside (--head)",
    ]


@pytest.mark.parametrize("run_id", (1, 2, 3))
@pytest.mark.parametrize("number", range(1, 8))
def test_every_customers_receipt_of_every_night_is_intact(path, number, run_id):
    assert faults(receipt_of(path, number, run_id)) == set()


LATER_RULES = (
    "lead_days",
    "date_points",
    "rolling_words",
    "rank_band",
    "places_per_family",
    "depth",
    "repeat_days",
)


def test_nights_by_a_model_of_before_there_were_these_rules_are_intact(tmp_path):
    path, file = tmp_path / "jpcite.db", tmp_path / "model.json"
    constants = load_model().constants
    old = {name: value for name, value in constants.items() if name not in LATER_RULES}
    assert len(old) == len(constants) - len(LATER_RULES)
    file.write_text(json.dumps(old), encoding="utf-8")
    build(path)
    score(path, as_of="2026-04-01", model=file)
    for number in range(1, 8):
        found = receipt_of(path, number)
        assert (faults(found), found["model"]) == (set(), old)


@pytest.mark.parametrize("points", (1, 100))
def test_the_least_and_the_greatest_score_there_are_make_a_receipt(tmp_path, points):
    model, path = tmp_path / "model.json", tmp_path / "jpcite.db"
    weights = {"industry": points, "deadline": 0, "risk": 0}
    constants = load_model().constants
    changed = {"weights": weights, "caps": {**constants["caps"], "program": 100}}
    dates = {"rolling": 0, "unknown": 0}
    model.write_text(json.dumps({**constants, **changed, "date_points": dates}), encoding="utf-8")
    build(path)
    score(path, as_of="2026-04-01", model=model)
    receipt = receipt_of(path, 3)
    scores = {place["score"] for listed in receipt["lists"] for place in listed["places"]}
    assert points in scores
    assert faults(receipt) == set()


def test_it_runs_alone_in_a_bare_python(tmp_path, path, real):
    shutil.copy(verify_receipt.__file__, tmp_path)
    (tmp_path / "receipt.json").write_text(json.dumps(real, ensure_ascii=False), encoding="utf-8")
    (tmp_path / "heads.txt").write_text(kept(path, 6))
    command = [
        sys.executable,
        "-I",
        "-S",
        "verify_receipt.py",
        "receipt.json",
        "--head",
        "heads.txt",
    ]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.endswith("\nintact, and under a head that was kept outside\n")


def test_it_imports_the_standard_library_only():
    source = Path(verify_receipt.__file__).read_text(encoding="utf-8")
    imported = set(re.findall(r"^\s*(?:from|import) (\w+)", source, re.MULTILINE))
    assert imported <= sys.stdlib_module_names


# The same formula


@pytest.fixture(scope="module")
def db():
    connection = sqlite3.connect(":memory:")
    connection.execute(f"CREATE TABLE item ({', '.join(ITEM_COLUMNS)})")
    yield connection
    connection.close()


def as_stored(who):
    """A declared vector as a cohort row has it."""
    industries, prefecture, horizon_days, risk_tolerance = who
    return {
        "industries": column(industries),
        "prefecture": prefecture,
        "horizon_days": horizon_days,
        "risk_level": risk_tolerance,
    }


@settings(max_examples=200)
@given(item=items(), who=CUSTOMERS, model=models(MODEL), as_of=as_of_days())
def test_its_formula_is_the_packages(db, item, who, model, as_of):
    item = as_seen_by(model, item)
    [(is_eligible, *expected)] = evaluate(db, PLACE, [item], who, model, as_of)
    given_item, declared = vars(item), as_stored(who)
    assert verify_receipt.eligible(model, as_of, declared, given_item) == is_eligible
    if is_eligible:
        points = verify_receipt.points(model, as_of, declared, given_item)
        assert [*points, verify_receipt.score(model, given_item, points)] == expected


@given(
    items=st.lists(items(("program",)), max_size=8, unique_by=lambda item: item.item_id),
    who=CUSTOMERS,
    model=models(MODEL),
)
def test_its_order_of_rank_is_the_packages(db, items, who, model):
    seen = (as_seen_by(model, item) for item in items)
    running = [item for item in seen if oracle.is_open(item, "2026-07-22")]
    expected = [item_id for (item_id,) in evaluate(db, "c.item_id", running, who, model)]

    def rank(item):
        points = verify_receipt.points(model, "2026-07-22", as_stored(who), vars(item))
        return verify_receipt.rank(model, as_stored(who), vars(item), points)

    assert [item.item_id for item in sorted(running, key=rank)] == expected


# The same tree


def test_its_root_is_the_trees_for_every_leaf_of_every_size():
    for size in range(1, 40):
        leaves = [b"%d" % number for number in range(size)]
        hashes = [merkle.leaf_hash(leaf) for leaf in leaves]
        expected = merkle.root(hashes).hex()
        for index, leaf in enumerate(leaves):
            path = merkle.inclusion_path(hashes, index)
            assert verify_receipt.root(leaf, index, size, path) == expected
            for other in {*range(size + 2)} - {index}:
                assert not passes(leaf, other, size, path, expected)
            assert not passes(leaf, index, size, [*path, hashes[0]], expected)
            assert not path or not passes(leaf, index, size, path[:-1], expected)
            assert path[::-1] == path or not passes(leaf, index, size, path[::-1], expected)


def passes(*arguments):
    *proof, root = arguments
    try:
        return verify_receipt.root(*proof) == root
    except ValueError:
        return False


def test_every_single_bit_of_a_proof_matters():
    leaves = [b"%d" % number for number in range(7)]
    hashes = [merkle.leaf_hash(leaf) for leaf in leaves]
    for index, leaf in enumerate(leaves):
        proof = [merkle.root(hashes), *merkle.inclusion_path(hashes, index)]
        for at, bit in product(range(len(proof)), range(256)):
            flipped = (int.from_bytes(proof[at], "big") ^ 1 << bit).to_bytes(32, "big")
            root, *path = [*proof[:at], flipped, *proof[at + 1 :]]
            assert not passes(leaf, index, 7, path, root.hex())


# What is changed is found


def places(value, way=()):
    """Every place in the receipt: of a key, of a number in a list, of a value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, part in inner:
        yield (*way, key)
        if isinstance(part, dict | list):
            yield from places(part, (*way, key))


def value_at(receipt, place):
    for step in place:
        receipt = receipt[step]
    return receipt


def others(value):
    """What a value may be changed to that is near it, or of another type."""
    yield from (None, True, False, 0, 1, -1, "", "x", [], {}, 1.5, 2**53, 2**80)
    if isinstance(value, str):
        yield from (
            value + " ",
            value[1:],
            value.upper(),
            value.swapcase(),
            f"\ufeff{value}",
            [value],
        )
        yield "".join(chr(ord(letter) ^ 1) for letter in value)
    if isinstance(value, int):
        yield from (value + 1, value - 1, -value, float(value), str(value), bool(value))
    if isinstance(value, list):
        yield from (
            value[1:],
            value[:-1],
            value[::-1],
            [*value, *value[:1]],
            dict(enumerate(value)),
        )
    if isinstance(value, dict):
        yield from ({**value, "x": None}, list(value), [value])
        yield from ({k: v for k, v in value.items() if k != gone} for gone in value)


FIELDS = (("real", None, 1000), ("related", "consistency", 250))


def is_as_true(place, original, other):
    """A receipt that relates fewer of the kept heads is a receipt all the same."""
    return place == ("consistency",) and isinstance(other, list) and len(other) < len(original)


def stands_for_others(place):
    """Keywords and rows are many and alike: some are enough."""
    keyword = place[2] if place[:2] == ("model", "keywords") and len(place) > 2 else "農業"
    row = place[3] if place[:3] == ("lists", 0, "places") and len(place) > 3 else 0
    return keyword in ("農業", "漁業") and row in (0, 1)


@pytest.mark.parametrize(("which", "part", "at_least"), FIELDS)
@pytest.mark.slow
def test_no_field_can_be_changed(which, part, at_least, request):
    receipt = request.getfixturevalue(which)
    tried = 0
    for place in places(receipt):
        if part not in (None, place[0]) or not stands_for_others(place):
            continue
        original = value_at(receipt, place)
        for other in others(original):
            if json.dumps(other) != json.dumps(original) and not is_as_true(place, original, other):
                tried += 1
                assert faults(edited(receipt, *place, to=other)), (place, other)
    assert tried > at_least


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.data())
def test_no_field_can_be_anything_else(real, data):
    place = data.draw(st.sampled_from([*places(real)]))
    original = value_at(real, place)
    texts = st.text(st.sampled_from(original or "x")) if isinstance(original, str) else JSON
    other = data.draw(JSON | texts | st.sampled_from([*others(original)]))
    if json.dumps(other) != json.dumps(original):
        assert faults(edited(real, *place, to=other))


@given(st.data())
def test_no_two_fields_can_be_exchanged(real, data):
    one, two = (data.draw(st.sampled_from([*places(real)])) for _ in range(2))
    is_nested = one == two[: len(one)] or two == one[: len(two)]
    first, second = value_at(real, one), value_at(real, two)
    if not is_nested and json.dumps(first) != json.dumps(second):
        assert faults(edited(edited(real, *one, to=second), *two, to=first))


ROW = ("lists", 0, "places", 0)
BROKEN = (
    # place, new value, the checks that find it
    (("run_id",), 2, {"night"}),
    (("as_of",), "2026-04-02", {"night", "scores"}),
    (("served_at",), "2026-04-01T00:00:00.000Z", {"night"}),
    (("profile_id",), 4, {"lists", "proof"}),
    (("model", "urgent_days"), 91, {"model"}),
    (("model", "weights", "industry"), 51, {"model", "scores"}),
    (("declared", "risk_level"), "high", {"scores", "lists"}),
    (("declared", "prefecture"), "沖縄県", {"scores", "lists"}),
    ((*ROW, "score"), 91, {"scores", "lists"}),
    ((*ROW, "industry_points"), 49, {"scores", "lists"}),
    ((*ROW, "industry_points"), 0, {"scores", "ranking", "lists"}),
    ((*ROW, "rec_id"), 99, {"rows", "proof"}),
    ((*ROW, "candidate", "title"), "別の補助金", {"items"}),
    ((*ROW, "candidate", "closes_on"), "2026-03-31", {"items", "scores"}),
    ((*ROW, "candidate_sha256"), "0" * 64, {"items", "lists"}),
    (("lists", 0, "list_sha256"), "0" * 64, {"lists", "proof"}),
    (("lists", 1, "owner"), None, {"lists"}),
    (("proof", "leaf_index"), 3, {"proof"}),
    (("proof", "tree_size"), 8, {"proof"}),
    (("proof", "path"), "", {"proof"}),
    (("proof", "path"), "0" * 80 + "~" * 40, {"proof"}),
    (("seal", "leaves"), 8, {"proof", "seal"}),
    (("seal", "root"), "0" * 64, {"proof", "seal"}),
    (("seal", "last_rec_id"), 10, {"rows", "counts", "seal"}),
    (("seal", "origin"), "another/log", {"seal"}),
    (("seal", "seal_id"), 3, {"seal"}),
    (("seal_path",), "0" * 120, {"seal"}),
    (("head",), "0" * 64, {"seal", "head"}),
    (("head",), "log\n6\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", {"seal"}),
    (("head",), "log\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", {"seal"}),
)


@pytest.mark.parametrize(("place", "to", "expected"), BROKEN)
def test_the_checks_that_fail_tell_what_is_broken(real, place, to, expected):
    assert faults(edited(real, *place, to=to)) == expected


def test_a_broken_receipt_exits_1_with_a_sentence_for_each_broken_check(run, real):
    status, out, err = run(edited(real, *ROW, "score", to=91))
    found = [line for line in out.splitlines() if "BROKEN" in line]
    rec_id = real["lists"][0]["places"][0]["rec_id"]
    assert (status, err) == (1, "")
    assert found == [
        f"scores   BROKEN: place 1 of list 1, row {rec_id}: the formula gives the score 95",
        "lists    BROKEN: a list is not what its digest was taken of",
        "BROKEN: scores, lists",
    ]


def text_of(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(value):
    return sha256(text_of(value).encode()).hexdigest()


def made_up(receipt, change):
    """What someone who knows how could hand out: a change, and every digest up to the head taken again."""
    forged = copy.deepcopy(receipt)
    manifest = json.loads(forged["seal"]["manifest_json"])
    change(forged, manifest)
    manifest["run"]["model_sha256"] = digest(forged["model"])
    for listed in forged["lists"]:
        for row in listed["places"]:
            row["candidate_sha256"] = digest({"format": "candidate/1", **row["candidate"]})
        content = [
            "list/1",
            [*forged["declared"].values()],
            listed["owner"],
            [*map(place_of, listed["places"])],
        ]
        listed["list_sha256"] = digest(content)
    forged["seal"].update(root=root_of(forged), manifest_json=text_of(manifest))
    origin, size, _, end = forged["head"].split("\n")
    leaf = merkle.leaf_hash(
        text_of({"format": "personalization-seal/2", **forged["seal"]}).encode()
    )
    way = merkle.decode_path(forged["seal_path"])
    top = merkle.root_from_path(leaf, forged["seal"]["seal_id"] - 1, int(size), way)
    forged["head"] = "\n".join((origin, size, b64encode(top).decode(), end))
    return forged


def place_of(row):
    points = ("industry_points", "deadline_points", "risk_points", "score")
    kind = row["candidate"]["recommendation_type"]
    return [kind, row["candidate_sha256"], *(row[name] for name in points)]


def ranges_of(receipt):
    """First row, how many, digest and first place: what follows each other in the log and on one list."""
    ranges = []
    for rec_id, digest, seq in sorted(
        (place["rec_id"], listed["list_sha256"], seq)
        for listed in receipt["lists"]
        for seq, place in enumerate(listed["places"], 1)
        if place["rec_id"] is not None
    ):
        first, n, *before = ranges[-1] if ranges else (0, 0, "", 0)
        if (rec_id, [digest, seq - n]) == (first + n, before):
            ranges[-1][1] += 1
        else:
            ranges.append([rec_id, 1, digest, seq])
    return ranges


def root_of(receipt):
    ranges = ranges_of(receipt)
    proof = receipt["proof"]
    leaf = json.dumps(
        ["customer/1", receipt["profile_id"], proof["blind"], ranges], separators=(",", ":")
    ).encode()
    path = merkle.decode_path(proof["path"])
    place = proof["leaf_index"], proof["tree_size"]
    return merkle.root_from_path(merkle.leaf_hash(leaf), *place, path).hex()


def other_title(receipt, sealed):
    receipt["lists"][0]["places"][0]["candidate"]["title"] = "別の補助金"


def other_score(receipt, sealed):
    receipt["lists"][0]["places"][0]["score"] = 99


def other_order(receipt, sealed):
    rows = receipt["lists"][0]["places"]
    first, second = rows[0]["rec_id"], rows[1]["rec_id"]
    rows[0], rows[1] = {**rows[1], "rec_id": first}, {**rows[0], "rec_id": second}


def fewer_allowed(receipt, sealed):
    sealed["run"]["top_k"] = 1


def other_weight(receipt, sealed):
    receipt["model"]["weights"]["industry"] = 51


def an_item_left_out(receipt, sealed):
    receipt["lists"][0]["places"][0]["candidate"]["left_out"] = "notice"


def an_item_closed(receipt, sealed):
    receipt["lists"][0]["places"][0]["candidate"]["closes_on"] = "2026-03-31"


def a_day_that_is_none(receipt, sealed):
    receipt["lists"][0]["places"][0]["candidate"]["closes_on"] = "2026-04-31"


def another_customers_search(receipt, sealed):
    receipt["lists"][1]["places"][0]["candidate"]["profile_id"] = 2


def rows_beyond_the_seal(receipt, sealed):
    for listed in receipt["lists"]:
        for row in listed["places"]:
            row["rec_id"] += 40


def another_run(receipt, sealed):
    sealed["run"]["run_id"] = receipt["run_id"] = 2


def another_leaf(receipt, sealed):
    receipt["proof"]["tree_size"] = 8


def a_list_twice(receipt, sealed):
    again = copy.deepcopy(receipt["lists"][0])
    after = receipt["lists"][-1]["places"][-1]["rec_id"] + 1
    for rec_id, row in enumerate(again["places"], after):
        row["rec_id"] = rec_id
    receipt["lists"].append(again)


def no_rows(receipt, sealed):
    receipt["lists"] = []


def the_first_leaf(receipt, sealed):
    receipt["proof"]["leaf_index"] = 0


def no_room_for_the_leaves_behind(receipt, sealed):
    receipt["seal"]["last_rec_id"] = receipt["lists"][-1]["places"][-1]["rec_id"] + 3
    sealed["rows"] = 13


def the_only_leaf(receipt, sealed):
    receipt["proof"].update(leaf_index=0, tree_size=1, path="")
    receipt["seal"]["leaves"] = 1


def rows_of_a_type_that_were_not_counted(receipt, sealed):
    counts = json.loads(sealed["run"]["counts_json"])
    counts["program"]["rows"] -= 33
    counts["amendment"]["rows"] += 33
    sealed["run"]["counts_json"] = text_of(counts)


def counts_of_nothing(receipt, sealed):
    sealed["run"]["counts_json"] = "{}"


def more_rows_than_were_counted(receipt, sealed):
    sealed["rows"] = 49
    receipt["seal"]["last_rec_id"] += 1


def more_rows_than_places(receipt, sealed):
    receipt["seal"]["last_rec_id"] -= 1


def fewer_rows_than_customers(receipt, sealed):
    sealed["rows"] = 12


def fewer_customers_than_leaves(receipt, sealed):
    sealed["run"]["rejected"] = 2


MADE_UP = (
    (other_title, set()),
    (other_score, {"scores"}),
    (other_order, {"ranking"}),
    (fewer_allowed, {"ranking"}),
    (other_weight, {"scores"}),
    (an_item_left_out, {"scores"}),
    (an_item_closed, {"scores"}),
    (a_day_that_is_none, {"scores"}),
    (another_customers_search, {"lists"}),
    (rows_beyond_the_seal, {"rows"}),
    (another_run, {"night"}),
    (another_leaf, {"proof"}),
    (a_list_twice, {"lists"}),
    (no_rows, {"rows"}),
    (the_first_leaf, {"rows"}),
    (no_room_for_the_leaves_behind, {"rows"}),
    (the_only_leaf, {"rows", "counts"}),
    (rows_of_a_type_that_were_not_counted, {"counts"}),
    (counts_of_nothing, {"counts"}),
    (more_rows_than_were_counted, {"counts"}),
    (more_rows_than_places, {"counts"}),
    (fewer_rows_than_customers, {"counts"}),
    (fewer_customers_than_leaves, {"counts"}),
)


@pytest.mark.parametrize(("change", "expected"), MADE_UP)
def test_what_is_no_digest_is_checked_for_itself(real, change, expected):
    assert faults(made_up(real, change)) == expected


# What the customer got of a list


def got(receipt):
    """The numbers of the rows, place by place, list by list."""
    return [[place["rec_id"] for place in listed["places"]] for listed in receipt["lists"]]


def of_type(receipt, kind):
    """The places of this type on the first list."""
    return [
        place
        for place in receipt["lists"][0]["places"]
        if place["candidate"]["recommendation_type"] == kind
    ]


def test_a_receipt_of_who_was_spared_repeats_is_intact_and_says_what_it_cannot_tell(run, sparing):
    programs = [place["rec_id"] for place in of_type(sparing, "program")]
    first, second = (place["rec_id"] for place in of_type(sparing, "amendment"))
    assert [rec_id is None for rec_id in programs] == [False, True, False, False, True]
    # What the customer marked comes first.
    assert second < first
    assert len(ranges_of(sparing)) > len(sparing["lists"])
    status, out, err = run(sparing)
    assert (status, err) == (0, "")
    (line,) = [line for line in out.splitlines() if line.startswith("rows")]
    assert line.endswith("; why 2 places were passed over takes the whole night")


def with_rows(receipt, numbers):
    """A copy in which the places of the first list have these rows."""
    changed = copy.deepcopy(receipt)
    for place, rec_id in zip(changed["lists"][0]["places"], numbers, strict=True):
        place["rec_id"] = rec_id
    return changed


def test_no_other_places_can_be_said_to_be_those_that_were_served(sparing):
    """Each choice of places for the rows that are there, or for fewer or more of them, and each exchange of two."""
    mine = got(sparing)[0]
    rows = sorted(filter(None, mine))
    rows += [max(filter(None, chain(*got(sparing)))) + more for more in range(1, len(mine))]
    claims = [
        [rows[chosen.index(place)] if place in chosen else None for place in range(len(mine))]
        for size in range(len(mine) + 1)
        for chosen in combinations(range(len(mine)), size)
    ]
    for one, other in combinations(range(len(mine)), 2):
        exchanged = [*mine]
        exchanged[one], exchanged[other] = mine[other], mine[one]
        claims.append(exchanged)
    others = [claim for claim in claims if claim != mine]
    assert len(others) > 140
    for claim in others:
        assert "proof" in faults(with_rows(sparing, claim))


def too_many_of_a_type(receipt, sealed):
    sealed["run"]["top_k"] = 2


def a_list_too_deep(receipt, sealed):
    sealed["run"]["top_k"], receipt["model"]["depth"] = 3, 4


def two_of_a_family(receipt, sealed):
    for place in of_type(receipt, "program")[:2]:
        place["candidate"]["family"] = "東京都@|二つの回"


def spared_by_a_model_that_spares_nobody(receipt, sealed):
    del receipt["model"]["repeat_days"]


def turned_by_a_model_that_spares_nobody(receipt, sealed):
    del receipt["model"]["repeat_days"]
    listed = receipt["lists"][0]
    listed["places"] = [place for place in listed["places"] if place["rec_id"] is not None]


def programs_turned(receipt, sealed):
    exchange(*of_type(receipt, "program")[2:4])


def an_amendment_before_the_programs(receipt, sealed):
    exchange(of_type(receipt, "program")[0], of_type(receipt, "amendment")[1])


def exchange(one, other):
    one["rec_id"], other["rec_id"] = other["rec_id"], one["rec_id"]


def a_torn_range(receipt, sealed):
    after = of_type(receipt, "program")[2]["rec_id"]
    for listed in receipt["lists"]:
        for place in listed["places"]:
            place["rec_id"] = place["rec_id"] and place["rec_id"] + (place["rec_id"] > after)


def two_places_in_one_row(receipt, sealed):
    places = of_type(receipt, "program")
    places[-1]["rec_id"] = places[2]["rec_id"]


def a_list_of_which_nothing_was_got(receipt, sealed):
    for place in receipt["lists"][1]["places"]:
        place["rec_id"] = None


def too_little_notice(receipt, sealed):
    of_type(receipt, "program")[1]["candidate"]["closes_on"] = "2026-04-10"


def rolling_that_does_not_count(receipt, sealed):
    del receipt["model"]["date_points"]


def farther_first(receipt, sealed):
    """Two of equal points, of which the one of the prefecture comes second."""
    first, second, *_ = of_type(receipt, "program")
    for name in ("industry_points", "deadline_points", "risk_points", "score"):
        second[name] = first[name]
    second["candidate"] = {**first["candidate"], "item_id": "Z", "family": None}
    first["candidate"]["prefectures"] = "nationwide"
    second["candidate"]["prefectures"] = receipt["declared"]["prefecture"]


MADE_UP_OF_SPARING = (
    (too_many_of_a_type, {"ranking"}),
    (a_list_too_deep, {"ranking"}),
    (two_of_a_family, {"ranking"}),
    (spared_by_a_model_that_spares_nobody, {"rows"}),
    (turned_by_a_model_that_spares_nobody, {"rows"}),
    (programs_turned, {"rows"}),
    (an_amendment_before_the_programs, {"rows"}),
    (a_torn_range, {"rows", "proof"}),
    (two_places_in_one_row, {"rows"}),
    (a_list_of_which_nothing_was_got, {"rows"}),
    (too_little_notice, {"scores"}),
    (rolling_that_does_not_count, {"scores"}),
    (farther_first, {"ranking"}),
)


@pytest.mark.parametrize(("change", "expected"), MADE_UP_OF_SPARING)
def test_what_a_list_may_be_and_what_of_it_is_checked_for_itself(sparing, change, expected):
    assert faults(made_up(sparing, lambda *given: None)) == set()
    assert faults(made_up(sparing, change)) == expected


def test_what_stands_behind_the_last_of_top_k_was_not_passed_over(sparing):
    def three_of_a_type(receipt, sealed):
        sealed["run"]["top_k"] = 3

    _, sentence = check(made_up(sparing, three_of_a_type))["rows"]
    assert sentence.endswith("; why 1 place was passed over takes the whole night")


FROZEN = (
    "served_sha256",
    "customers_sha256",
    "counts_json",
    "profiles",
    "delivery_end",
    "feedback_end",
)


@pytest.mark.parametrize("name", FROZEN)
def test_a_seal_that_leaves_out_what_a_run_was_frozen_with_is_none(real, name):
    manifest = json.loads(real["seal"]["manifest_json"])
    del manifest["run"][name]
    changed = edited(real, "seal", "manifest_json", to=json.dumps(manifest))
    with pytest.raises(Unreadable, match=f"the manifest in the seal, run has not all of .*{name}"):
        check(changed)


def test_who_was_deleted_during_the_night_was_counted_and_has_no_leaf(tmp_path, monkeypatch):
    path = tmp_path / "jpcite.db"
    build(path)
    monkeypatch.setattr(log, "CHUNK_CUSTOMERS", 1)

    def delete(stage, done, total):
        if stage == "Logging" and done == 1:
            db = connect(path)
            db.execute("DELETE FROM am_personalization_profile WHERE profile_id = 7")
            db.close()

    score(path, as_of="2026-04-01", progress=delete)
    found = check(receipt_of(path, 3))
    assert {is_intact for is_intact, _ in found.values()} == {True}
    logged, decided = re.fullmatch(
        "the seal covers (.*) rows of 6 customers, of (.*) that were decided", found["counts"][1]
    ).groups()
    assert int(logged) < int(decided) == 40


def test_a_receipt_made_up_as_a_whole_shows_only_against_the_kept_head(run, path, real):
    forged = made_up(real, other_title)
    assert run(forged)[0] == 0
    status, out, _ = run(forged, kept(path, 6))
    assert status == 1
    assert out.splitlines()[-2:] == [
        "kept     BROKEN: the head kept of 6 seals is another one",
        "BROKEN: kept",
    ]


# Heads that were kept outside


CONFIRMED = (
    # of how many seals heads were kept, and which of them confirms the receipt of seal 4, under the head of 6
    ((4,), 4),
    ((5,), 5),
    ((6,), 6),
    ((1, 2, 3, 4, 5), 5),
    ((6, 4), 6),
)


@pytest.mark.parametrize(("sizes", "confirming"), CONFIRMED)
def test_a_kept_head_that_covers_the_seal_confirms_it(run, path, sizes, confirming):
    found = receipt_of(path, 3, 2, [heads_of(path)[size] for size in sizes])
    status, out, err = run(found, kept(path, *sizes))
    assert (status, err) == (0, "")
    assert out.splitlines()[-2:] == [
        f"kept     intact: the head kept of {confirming} seals is the same",
        "intact, and under a head that was kept outside",
    ]


def test_the_heads_that_a_receipt_relates_are_named(run, path, related):
    status, out, _ = run(related, kept(path, 2))
    assert (status, related["seal"]["seal_id"]) == (0, 2)
    (line,) = [line for line in out.splitlines() if line.startswith("head")]
    assert line.endswith("; it continues those of 1, 2, 3, 4, 5")


def test_a_head_in_another_encoding_will_do(run, path, real):
    assert run(real, kept(path, 6).encode("utf-16"))[0] == 0


@pytest.mark.parametrize("sizes", ((1,), (2,), (5,), (1, 2)))
def test_a_head_that_the_receipt_does_not_reach_could_not_be_checked(run, path, sizes):
    found = receipt_of(path, 3, 2, [heads_of(path)[1]])
    status, out, err = run(found, kept(path, *sizes))
    assert (status, len(out.splitlines())) == (2, len(CHECKS))
    assert err == (
        "Error: heads.txt tells nothing of this receipt: the receipt reaches from seal 4 to the head of 6 seals, and"
        " holds those of 1, 6 - take one of these, or ask for a receipt that was made with your --head\n"
    )


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"root": b"\0" * 32}, "the head kept of 5 seals is another one"),
        ({"origin": "another/log"}, "the head kept of 5 seals is that of another log"),
    ],
)
def test_a_head_that_contradicts_one_in_the_receipt_is_found(run, path, related, change, fault):
    other = heads_of(path)[5]._replace(**change)
    status, out, _ = run(related, kept(path, 6) + printed(other))
    assert status == 1
    assert f"kept     BROKEN: {fault}\n" in out


def test_another_history_cannot_be_related_to_the_head(run, path, related):
    """Whoever rewrote the log may hand out its new head, but no proof that it continues the old one."""
    forged = edited(related, "consistency", 3, "root", to="ab" * 32)
    assert faults(forged) == {"head"}
    forged = edited(related, "consistency", 3, "tree_size", to=6)
    assert faults(forged) == {"head"}


def test_a_signature_is_checked_with_a_key_and_said_not_to_be_without(run, path, real, tmp_path):
    private = pytest.importorskip(
        "cryptography.hazmat.primitives.asymmetric.ed25519", reason="the extra [sign]"
    ).Ed25519PrivateKey.generate()
    head = heads_of(path)[6]
    text, name = format_checkpoint(head), head.origin
    signed = format_note(Note(text, (sign(text, name, private),)))
    key = tmp_path / "log.pub"
    key.write_text(f"{key_of(name, private)}\n")
    status, out, _ = run(real, signed)
    assert (status, out.splitlines()[-1]) == (
        0,
        "intact, and under a head that was kept outside; who signed it was not checked (--public-key)",
    )
    status, out, _ = run(real, signed, "--public-key", str(key))
    assert (status, out.splitlines()[-2:]) == (
        0,
        [
            f"kept     intact: the head kept of 6 seals is the same, signed by {name}",
            "intact, and under a head that was kept outside",
        ],
    )
    for other, fault in (
        (printed(head), "the head kept of 6 seals is signed by no key that was given"),
        (signed.replace("\n6\n", "\n7\n"), f"the signature of {name} is wrong"),
    ):
        status, out, _ = run(real, other, "--public-key", str(key))
        assert (status, f"kept     BROKEN: {fault}\n" in out) == (1, True)
    key.write_text("x")
    status, _, err = run(real, signed, "--public-key", str(key))
    assert (status, err.split(": ")[:2]) == (2, ["Error", "log.pub cannot be used"])


NO_HEADS = (
    ("", "there is no head in it, or one that covers nothing"),
    (
        printed(Checkpoint("log", 0, merkle.EMPTY_ROOT)),
        "there is no head in it, or one that covers nothing",
    ),
    ("[]", "head 1 in it is no note, or is cut off"),
    (
        '{"seal_id": 1}\n\n',
        "it is not a head: an origin, the size of the tree and its root, a line each",
    ),
    ("log\n1\nAAAA\n\n", "the root in the head is none, or not one of a tree of its size"),
    (
        f"log\n1\n{b64encode(b'x' * 32).decode()}\n\n\u2014 log AAAA\n",
        "a line under the note is not a signature",
    ),
)


@pytest.mark.parametrize(("text", "fault"), NO_HEADS)
def test_a_file_without_heads_could_not_be_checked(run, real, text, fault):
    status, _, err = run(real, text)
    assert (status, err) == (2, f"Error: heads.txt tells nothing of this receipt: {fault}\n")


def test_a_head_that_is_cut_off_is_not_taken_for_one(run, path, real):
    status, _, err = run(real, kept(path, 1, 6)[:-1])
    assert (status, err) == (
        2,
        "Error: heads.txt tells nothing of this receipt: head 2 in it is no note, or is cut off\n",
    )


# What is no receipt


NO_RECEIPTS = (
    (b"", "it is not JSON, or not as a receipt is written"),
    (b"\xff\xfe\xfa", "it is not text"),
    (b"[" * 200_000, "it is not JSON, or not as a receipt is written"),
    (b'{"a":1,"a":2}', "it is not JSON, or not as a receipt is written"),
    (b'{"a":NaN}', "it is not JSON, or not as a receipt is written"),
    (b'{"a":"\\ud800"}', "it is not JSON, or not as a receipt is written"),
    (b"1" * 5000, "it is not JSON, or not as a receipt is written"),
    (b" " * 16_000_001, "it is larger than 16000000 bytes"),
)


@pytest.mark.parametrize(("content", "fault"), NO_RECEIPTS, ids=range(len(NO_RECEIPTS)))
def test_what_is_no_receipt_exits_2_with_a_sentence(run, content, fault):
    assert run(content) == (2, "", f"Error: receipt.json is not a receipt: {fault}\n")


def test_another_programs_json_is_told_what_a_receipt_has(run):
    status, out, err = run([1])
    assert (status, out) == (2, "")
    assert err.startswith(
        "Error: receipt.json is not a receipt: the receipt has not all of format,"
    )


def test_the_place_that_does_not_fit_is_named(run, real):
    _, _, err = run(edited(real, *ROW, "score", to=True))
    where = "the receipt, lists, number 1, places, number 1, score"
    assert err == f"Error: receipt.json is not a receipt: {where} is not what can stand there\n"


def test_a_file_that_is_not_there_exits_2(capsys):
    assert verify_receipt.main(["/nowhere/receipt.json"]) == 2
    assert capsys.readouterr().err == (
        "Error: /nowhere/receipt.json is not a receipt: it cannot be read (No such file or directory)\n"
    )


@given(st.binary(max_size=200) | JSON.map(json.dumps).map(str.encode))
def test_any_text_is_refused_without_a_traceback(content):
    with pytest.raises(Unreadable):
        check(parse(content.decode("utf-8", "replace")))


TEXTS = (
    *("", "{}", "東京都", "\x00", "~" * 40, "0" * 40, "0" * 64, "f" * 64, verify_receipt.FORMAT),
    *("A", "ADT", "any", "unknown", "none", *oracle.RISKS, *oracle.TYPES, "nationwide"),
    *("2026-04-01", "2026-02-30", "0000-00-00", "9999-99-99", "2026-04-01T00:00:00.000Z"),
)


def fitting(shape):
    """Values that have a shape: nothing in them need be true of a receipt."""
    if isinstance(shape, dict):
        optional = shape.get(..., {})
        return st.fixed_dictionaries(
            {key: fitting(part) for key, part in shape.items() if key is not ...},
            optional={key: fitting(part) for key, part in optional.items()},
        )
    if isinstance(shape, list):
        return st.lists(fitting(shape[0]), max_size=3)
    if isinstance(shape, tuple):
        return st.one_of(*map(fitting, shape))
    if isinstance(shape, range):
        return st.integers(shape.start, shape.stop - 1) | st.integers(shape.start, shape.start + 3)
    if shape is None:
        return st.none()
    return st.sampled_from([text for text in TEXTS if shape.fullmatch(text)])


MANIFESTS = fitting(verify_receipt.MANIFEST).map(json.dumps)
LOOKALIKES = st.tuples(fitting(verify_receipt.RECEIPT), MANIFESTS).map(
    lambda found: edited(found[0], "seal", "manifest_json", to=found[1])
)


@given(LOOKALIKES)
def test_whatever_looks_like_a_receipt_is_refused_without_a_traceback(lookalike):
    assert faults(lookalike)


def test_nothing_in_a_receipt_steers_the_terminal(run, real):
    _, out, err = run(edited(real, *ROW, "candidate", "title", to="\x1b[2J補助金"))
    assert (out + err).isascii()
    assert "\x1b" not in out + err


# Forgeries


@pytest.fixture(scope="module")
def genuine(path, sparing):
    """Of six customers and three nights, related to earlier heads; and one of who was spared repeats."""
    return [
        sparing,
        *(
            receipt_of(path, number, run_id, heads_of(path).values())
            for number, run_id in product(range(1, 7), range(1, 4))
        ),
    ]


def rows_of_some_list(receipt, draw):
    """The rows of one of its lists, if there are any left, and one time in three."""
    try:
        return draw.choice(receipt["lists"])["places"] if draw.random() < 0.3 else None
    except (TypeError, KeyError, IndexError):
        return None


def forged(receipts, draw):
    """A receipt with one to four changes, some of them parts of another receipt."""
    changed = copy.deepcopy(draw.choice(receipts))
    for _ in range(draw.randint(1, 4)):
        at = [place for place in places(changed) if stands_for_others(place)]
        if draw.random() < 0.4:
            other, part = draw.choice(receipts), draw.choice(sorted(changed))
            changed = edited(changed, part, to=copy.deepcopy(other[part]))
        elif isinstance(rows := rows_of_some_list(changed, draw), list) and rows:
            number = draw.randrange(len(rows))
            moved = rows.pop(number)
            if draw.random() < 0.7:
                rows.insert(draw.randrange(len(rows) + 1), moved)
            if draw.random() < 0.5:
                rows.append(copy.deepcopy(moved))
        else:
            place = draw.choice(at)
            changed = edited(changed, *place, to=draw.choice([*others(value_at(changed, place))]))
    return changed


def claims(receipt):
    """What a receipt says, without what relates its head to earlier ones, which another may lack."""
    return {name: value for name, value in receipt.items() if name != "consistency"}


def no_forgery_passes(genuine, count):
    draw, true = random.Random(20261128), {json.dumps(claims(one)) for one in genuine}
    tried = 0
    while tried < count:
        changed = forged(genuine, draw)
        if json.dumps(claims(changed)) not in true:
            tried += 1
            assert faults(changed), changed


def test_a_sample_of_forgeries_is_refused(genuine):
    no_forgery_passes(genuine, 300)


@pytest.mark.slow
def test_of_ten_thousand_forgeries_none_passes(genuine):
    no_forgery_passes(genuine, 10_000)
