"""docs/formats.md: every number of its example follows from its texts, with hashlib alone and with the package."""

import json
import re
from base64 import b64decode, b64encode, b85decode
from hashlib import sha256
from pathlib import Path

import pytest

from sqlite_utils_personalization import verify_receipt
from sqlite_utils_personalization.catalogue.candidate import Candidate
from sqlite_utils_personalization.evidence import checkpoint, leaves, merkle, note, proof, seal

PAGE = Path(__file__).parents[1] / "docs" / "formats.md"
TEXT = PAGE.read_text(encoding="utf-8")
BLOCKS = dict(re.findall(r"^```\w+ (\S+)\n(.*?)\n```$", TEXT, re.DOTALL | re.M))
NUMBERS = dict(re.findall(r"`(\w+)`(?: of customer 1)? = `([0-9a-f]{64})`", TEXT))
TREES = {
    int(number): columns
    for number, *columns in re.findall(r"^\| (\d) \| `(.{64})` \| `(.{64})` \|$", TEXT, re.M)
}
SEALS = [json.loads(BLOCKS[f"seal-{number}"]) for number in (1, 2, 3)]


def digest(text):
    return sha256(text.encode()).hexdigest()


def leaf(text):
    return sha256(b"\0" + text.encode()).digest()


def node(left, right):
    return sha256(b"\1" + left + right).digest()


def hashes(path):
    joined = b85decode(path)
    return [joined[at : at + 32] for at in range(0, len(joined), 32)]


# With hashlib alone


def test_every_json_text_is_canonical():
    for name, text in BLOCKS.items():
        if text[0] in "[{" and name != "consistency":
            found = json.dumps(
                json.loads(text), sort_keys=True, separators=(",", ":"), ensure_ascii=False
            )
            assert found == text


def test_the_digests_are_those_of_the_texts():
    for name in ("candidate", "list"):
        assert digest(BLOCKS[name]) == NUMBERS[f"{name}_sha256"]
    for name in ("customers", "candidates", "unserved"):
        assert digest(BLOCKS[name] + "\n") == NUMBERS[f"{name}_sha256"]
    assert digest(BLOCKS["salt"] + ":1") == NUMBERS["blind"]
    for name in ("customer", "customer-2", "other", "event", "seal-1", "seal-2", "seal-3"):
        assert leaf(BLOCKS[name]).hex() == NUMBERS[f"{name.replace('-', '_')}_leaf"]


def test_each_text_holds_the_digests_that_it_says_to_cover():
    (place,) = json.loads(BLOCKS["list"])[3]
    assert place[1] == NUMBERS["candidate_sha256"] == BLOCKS["candidates"]
    for name, number, rec_id in (("customer", 1, 1), ("customer-2", 2, 2)):
        assert json.loads(BLOCKS[name]) == [
            "customer/1",
            number,
            digest(f"{BLOCKS['salt']}:{number}"),
            [[rec_id, 1, NUMBERS["list_sha256"]]],
        ]
    night = node(leaf(BLOCKS["customer"]), leaf(BLOCKS["customer-2"]))
    roots = [night, leaf(BLOCKS["other"]), leaf(BLOCKS["event"])]
    assert NUMBERS["night_root"] == night.hex()
    assert [found["root"] for found in SEALS] == [root.hex() for root in roots]
    manifest = json.loads(SEALS[0]["manifest_json"])
    run = manifest["run"]
    assert {name: run[name] for name in ("customers_sha256", "candidates_sha256")} == {
        name: NUMBERS[name] for name in ("customers_sha256", "candidates_sha256")
    }
    assert manifest["unserved_sha256"] == NUMBERS["unserved_sha256"]


def test_the_trees_head_and_proofs_are_those_of_the_seals():
    one, two, three = (leaf(BLOCKS[f"seal-{number}"]) for number in (1, 2, 3))
    pair = node(one, two)
    assert {
        number: [subtree.hex(), root.hex()]
        for number, subtree, root in (
            (1, one, one),
            (2, pair, pair),
            (3, three, node(pair, three)),
        )
    } == TREES
    origin, size, root, empty, _ = BLOCKS["head"].split("\n")
    assert (origin, size, empty) == (SEALS[0]["origin"], "3", "")
    assert b64decode(root) == node(pair, three)
    assert hashes(BLOCKS["seal-path"]) == [two, three]
    found = json.loads(BLOCKS["consistency"])
    assert (found["tree_size"], found["root"], hashes(found["path"])) == (2, pair.hex(), [three])
    lines = BLOCKS["tlog-proof"].split("\n")
    assert lines == [
        "c2sp.org/tlog-proof@v1",
        f"extra {b64encode(BLOCKS['seal-1'].encode()).decode()}",
        "index 0",
        *(b64encode(each).decode() for each in (two, three)),
        "",
        *BLOCKS["head"].split("\n"),
    ]


# With the package


def test_the_package_has_the_same_forms():
    fields = json.loads(BLOCKS["candidate"])
    assert fields.pop("format") == "candidate/1"
    assert Candidate(**fields).sha256 == NUMBERS["candidate_sha256"]
    _, vector, owner, places = json.loads(BLOCKS["list"])
    texts = ",".join(map(leaves.place_text, places))
    assert leaves.list_sha256(vector, owner, texts) == NUMBERS["list_sha256"]
    _, profile_id, blinded, ranges = json.loads(BLOCKS["customer"])
    assert leaves.blind(BLOCKS["salt"], profile_id) == blinded
    assert leaves.customer_leaf(profile_id, blinded, ranges) == BLOCKS["customer"].encode()
    assert leaves.other_leaf(json.loads(BLOCKS["other"])[1:]) == BLOCKS["other"].encode()
    _, table, *row = json.loads(BLOCKS["event"])
    assert len(row) == len(leaves.EVENT_COLUMNS[table])
    assert leaves.event_leaf(table, row) == BLOCKS["event"].encode()
    subtrees = {}
    for number, found in enumerate(SEALS, 1):
        columns = {name: part for name, part in found.items() if name != "format"}
        assert columns.keys() == {*seal.SEAL_COLUMNS}
        assert leaves.seal_leaf(columns) == BLOCKS[f"seal-{number}"].encode()
        assert [*seal.tree_with(columns, subtrees)] == TREES[number]
        subtrees[number] = TREES[number][0]


def test_the_package_reads_the_head_and_the_proofs():
    key = note.parse_key(BLOCKS["public-key"])
    found = proof.parse_inclusion(BLOCKS["tlog-proof"] + "\n")
    vouched = proof.verify_inclusion(
        found, merkle.leaf_hash(BLOCKS["seal-1"].encode()), SEALS[0]["origin"], [key]
    )
    assert (vouched.keys, vouched.checkpoint.root.hex()) == ((key,), TREES[3][1])
    ((head, signed),) = checkpoint.read_heads(BLOCKS["head"] + "\n")
    assert (head, signed) == (vouched.checkpoint, found.note)


def test_verify_receipt_has_the_same_forms():
    ((head, text),) = verify_receipt.kept_heads(BLOCKS["head"] + "\n")
    (key,) = verify_receipt.public_keys(BLOCKS["public-key"])
    assert [*verify_receipt.note_signers(text, [key])] == [key]
    root = verify_receipt.root(BLOCKS["seal-1"].encode(), 0, 3, hashes(BLOCKS["seal-path"]))
    assert root == head.root.hex()
    found = json.loads(BLOCKS["consistency"])
    earlier = head._replace(size=2, root=bytes.fromhex(found["root"]))
    verify_receipt.check_consistent(earlier, head, hashes(found["path"]))
    with pytest.raises(ValueError, match="does not prove"):
        verify_receipt.check_consistent(earlier._replace(root=b"x" * 32), head, [head.root])
    for name, form in (("candidate", "CANDIDATE"), ("list", "LIST"), ("customer", "CUSTOMER")):
        assert getattr(verify_receipt, form) in BLOCKS[name]
    assert verify_receipt.SEAL == SEALS[0]["format"] == leaves.SEAL
