"""docs/formats.md: every number of its example follows from its texts, with hashlib alone and with the package."""

import json
import re
import sqlite3
from base64 import b64decode, b64encode, b85decode
from contextlib import closing
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest

from sqlite_utils_personalization import verify_receipt
from sqlite_utils_personalization.catalogue.candidate import Candidate
from sqlite_utils_personalization.catalogue.families import family
from sqlite_utils_personalization.evidence import (
    checkpoint,
    leaves,
    merkle,
    note,
    proof,
    seal,
    served,
)
from sqlite_utils_personalization.model.kinds import Declared
from sqlite_utils_personalization.model.model import load_model
from sqlite_utils_personalization.preferences import identity
from sqlite_utils_personalization.scoring.measures import AREA, Shown, count, measures

PAGE = Path(__file__).parents[1] / "docs" / "formats.md"
TEXT = PAGE.read_text(encoding="utf-8")
BLOCKS = dict(re.findall(r"^```\w+ (\S+)\n(.*?)\n```$", TEXT, re.DOTALL | re.M))
NUMBERS = dict(re.findall(r"`(\w+)`(?: of customer 1)? = `([0-9a-f]{64})`", TEXT))
TREES = {
    int(number): columns
    for number, *columns in re.findall(r"^\| (\d) \| `(.{64})` \| `(.{64})` \|$", TEXT, re.M)
}
SEALS = [json.loads(BLOCKS[f"seal-{number}"]) for number in range(1, 6)]
# That of the night.
SEAL = SEALS[2]
MANIFEST = json.loads(SEAL["manifest_json"])
CANDIDATES = ("candidate", "candidate-2")


def digest(text):
    return sha256(text.encode()).hexdigest()


def leaf(text):
    return sha256(b"\0" + text.encode()).digest()


def node(left, right):
    return sha256(b"\1" + left + right).digest()


def hashes(path):
    joined = b85decode(path)
    return [joined[at : at + 32] for at in range(0, len(joined), 32)]


# What the night was like


def test_what_the_night_was_like_follows_from_who_got_which_places():
    """Counted in the texts of the page, and by what counts a night."""
    counts = json.loads(BLOCKS["counts"])
    kept = counts.pop("measures")
    assert counts == json.loads(MANIFEST["run"]["counts_json"])
    items = [json.loads(BLOCKS[name]) for name in CANDIDATES]
    _, (_, prefecture, *_), _, places = json.loads(BLOCKS["list"])
    _, _, *served_lines = BLOCKS["served"].split("\n")
    shown = [
        (number, items[seq - 1])
        for number, ranges in map(json.loads, served_lines)
        for _, first, n in ranges
        for seq in range(first, first + n)
    ]
    as_of = date.fromisoformat(MANIFEST["run"]["as_of"])
    left = [
        (date.fromisoformat(item["closes_on"]) - as_of).days
        for _, item in shown
        if item["closes_on"]
    ]
    assert kept == {
        "rows": len(shown),
        "lists": len({number for number, _ in shown}),
        "near_duplicate_lists": 0,
        "open_items": len(items),
        "shown_items": len({item["item_id"] for _, item in shown}),
        "top_rows": len(shown),
        "dated_rows": len(left),
        "median_days_left": sorted(left)[(len(left) - 1) // 2],
        "soon_rows": sum(days <= 14 for days in left),
        "area_rows": len(shown),
        "own_area_rows": sum(prefecture in item["prefectures"] for _, item in shown),
        **(others := {"nothing_fits": 0, "nothing_new": 0}),
        # Of a first night.
        **(before := {"before_run_id": None, "repeated_rows": None}),
    }
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute("CREATE TABLE slices (customers)")
        db.execute("CREATE TABLE shown (slice_no, customers, area, candidate_id, score)")
        names = [*items[0].keys() - {"format"}]
        db.execute(f"CREATE TABLE items (candidate_id, {', '.join(names)})")
        db.executemany("INSERT INTO slices VALUES (1)", [()] * 2)
        (area,) = db.execute(
            f"SELECT {AREA} FROM (SELECT ? AS prefecture)", (prefecture,)
        ).fetchone()
        db.executemany(
            "INSERT INTO shown VALUES (?, 1, ?, ?, ?)",
            [
                (number, area, at, places[at][-1])
                for number, item in shown
                for at in [items.index(item)]
            ],
        )
        db.executemany(
            f"INSERT INTO items VALUES ({', '.join('?' * (len(names) + 1))})",
            [(at, *(item[name] for name in names)) for at, item in enumerate(items)],
        )
        of = Shown("slices", "shown", "items")
        counted = count(db, as_of.isoformat(), of)
        assert {**measures(db, of, counted), **others, **before} == kept
        by_score = {str(score): n for kind, score, n in counted.by_score() if kind == "program"}
    assert by_score == counts["program"]["scores"]


# With hashlib alone


def test_every_json_text_is_canonical():
    for name, text in BLOCKS.items():
        if text[0] in "[{" and name != "consistency":
            found = json.dumps(
                json.loads(text), sort_keys=True, separators=(",", ":"), ensure_ascii=False
            )
            assert found == text


def test_the_digests_are_those_of_the_texts():
    for name in (*CANDIDATES, "list"):
        assert digest(BLOCKS[name]) == NUMBERS[f"{name.replace('-', '_')}_sha256"]
    for name in ("served", "customers", "candidates", "unserved", "shadow-lists", "shadow-served"):
        assert digest(BLOCKS[name] + "\n") == NUMBERS[f"{name.replace('-', '_')}_sha256"]
    for number in (1, 2, 3):
        assert digest(BLOCKS[f"identity-{number}"] + "\n") == NUMBERS[f"commitment_{number}"]
    assert digest(BLOCKS["salt"] + ":1") == NUMBERS["blind"]
    hashed = ("customer", "customer-2", "other", "event", "feedback", "shadow")
    for name in (*hashed, *(f"seal-{at}" for at in range(1, 6))):
        assert leaf(BLOCKS[name]).hex() == NUMBERS[f"{name.replace('-', '_')}_leaf"]


def test_each_text_holds_the_digests_that_it_says_to_cover():
    digests = [place[1] for place in json.loads(BLOCKS["list"])[3]]
    assert digests == [NUMBERS["candidate_sha256"], NUMBERS["candidate_2_sha256"]]
    assert BLOCKS["candidates"].split("\n") == sorted(digests)
    # Customer 1 dismissed the first place and gets the second, in row 1; customer 2 gets both.
    for name, number, (rec_id, n, seq) in (
        ("customer", 1, (1, 1, 2)),
        ("customer-2", 2, (2, 2, 1)),
    ):
        assert json.loads(BLOCKS[name]) == [
            "customer/1",
            number,
            digest(f"{BLOCKS['salt']}:{number}"),
            [[rec_id, n, NUMBERS["list_sha256"], seq]],
        ]
    dismissed = json.loads(BLOCKS["feedback"])[2:]
    item = json.loads(BLOCKS["candidate"])
    named = dict(zip(leaves.EVENT_COLUMNS["am_personalization_feedback"], dismissed, strict=True))
    assert (named["profile_id"], named["feedback"]) == (1, "dismissed")
    of_item = ("recommendation_type", "item_id", "family", "opens_on", "closes_on")
    assert [named[name] for name in of_item] == [item[name] for name in of_item]
    name, salt, *lines = BLOCKS["served"].split("\n")
    assert (name, salt) == ("personalization-served/1", BLOCKS["salt"])
    assert [*map(json.loads, lines)] == [
        [number, [[NUMBERS["list_sha256"], first, n]]]
        for number, first, n in ((1, 2, 1), (2, 1, 2))
    ]
    for number in (1, 2, 3):
        name, _, *bound = BLOCKS[f"identity-{number}"].split("\n")
        key = digest(f"example-key-{number}")
        assert (name, bound) == ("personalization-identity/1", [str(number), key])
        assert json.loads(BLOCKS[f"bound-{number}"])[2:5] == [
            number,
            number,
            NUMBERS[f"commitment_{number}"],
        ]
    one, two, three = (leaf(BLOCKS[f"bound-{number}"]) for number in (1, 2, 3))
    bound = node(node(one, two), three)
    night = node(leaf(BLOCKS["customer"]), leaf(BLOCKS["customer-2"]))
    roots = [bound, leaf(BLOCKS["feedback"]), night, leaf(BLOCKS["other"]), leaf(BLOCKS["event"])]
    assert (NUMBERS["bound_root"], NUMBERS["night_root"]) == (bound.hex(), night.hex())
    assert [found["root"] for found in SEALS] == [root.hex() for root in roots]
    run = MANIFEST["run"]
    frozen = ("served_sha256", "customers_sha256", "candidates_sha256")
    assert [run[name] for name in frozen] == [NUMBERS[name] for name in frozen]
    assert MANIFEST["unserved_sha256"] == NUMBERS["unserved_sha256"]
    assert (run["delivery_end"], run["feedback_end"]) == (0, named["feedback_id"])


def test_the_trees_head_and_proofs_are_those_of_the_seals():
    one, two, three, four, five = (leaf(BLOCKS[f"seal-{number}"]) for number in range(1, 6))
    pair = node(one, two)
    earlier, whole = node(pair, three), node(pair, node(three, four))
    top = node(whole, five)
    assert {
        number: [subtree.hex(), root.hex()]
        for number, subtree, root in (
            (1, one, one),
            (2, pair, pair),
            (3, three, earlier),
            (4, whole, whole),
            (5, five, top),
        )
    } == TREES
    origin, size, root, empty, _ = BLOCKS["head"].split("\n")
    assert (origin, size, empty) == (SEAL["origin"], "5", "")
    assert b64decode(root) == top
    assert hashes(BLOCKS["seal-path"]) == [four, pair, five]
    found = json.loads(BLOCKS["consistency"])
    assert (found["tree_size"], found["root"]) == (3, earlier.hex())
    assert hashes(found["path"]) == [three, four, pair, five]
    lines = BLOCKS["tlog-proof"].split("\n")
    assert lines == [
        "c2sp.org/tlog-proof@v1",
        f"extra {b64encode(BLOCKS['seal-3'].encode()).decode()}",
        "index 2",
        *(b64encode(each).decode() for each in (four, pair, five)),
        "",
        *BLOCKS["head"].split("\n"),
    ]


# With the package


def test_the_package_has_the_same_forms():
    for name in CANDIDATES:
        fields = json.loads(BLOCKS[name])
        assert fields.pop("format") == "candidate/1"
        kin = family(fields["title"], fields["prefectures"], "")
        assert (fields["family"], fields["family_name"]) == (kin.key, kin.name)
        assert Candidate(**fields).sha256 == NUMBERS[f"{name.replace('-', '_')}_sha256"]
    _, vector, owner, places = json.loads(BLOCKS["list"])
    texts = ",".join(map(leaves.place_text, places))
    assert leaves.list_sha256(vector, owner, texts) == NUMBERS["list_sha256"]
    _, profile_id, blinded, ranges = json.loads(BLOCKS["customer"])
    assert leaves.blind(BLOCKS["salt"], profile_id) == blinded
    assert leaves.customer_leaf(profile_id, blinded, ranges) == BLOCKS["customer"].encode()
    assert leaves.other_leaf(json.loads(BLOCKS["other"])[1:]) == BLOCKS["other"].encode()
    lists = [json.loads(line) for line in BLOCKS["served"].split("\n")[2:]]
    assert served.served_sha256(BLOCKS["salt"], lists) == NUMBERS["served_sha256"]
    for number in (1, 2, 3):
        _, salt, _, key = BLOCKS[f"identity-{number}"].split("\n")
        assert identity.commitment(salt, number, key) == NUMBERS[f"commitment_{number}"]
    for name in ("event", "feedback", "bound-1", "bound-2", "bound-3"):
        _, table, *row = json.loads(BLOCKS[name])
        assert len(row) == len(leaves.EVENT_COLUMNS[table])
        assert leaves.event_leaf(table, row) == BLOCKS[name].encode()
    subtrees = {}
    for number, found in enumerate(SEALS, 1):
        columns = {name: part for name, part in found.items() if name != "format"}
        assert columns.keys() == {*seal.SEAL_COLUMNS}
        assert leaves.seal_leaf(columns) == BLOCKS[f"seal-{number}"].encode()
        assert [*seal.tree_with(columns, subtrees)] == TREES[number]
        subtrees[number] = TREES[number][0]


def test_the_page_names_all_that_an_event_and_the_manifest_of_a_run_cover():
    section = TEXT[TEXT.index("## Events") : TEXT.index("## Seals")]
    for table, columns in leaves.EVENT_COLUMNS.items():
        first, *more = columns
        listed = f"`{table}` (?:are )?{first}, {', '.join(more[:-1])},? and {more[-1]}"
        assert re.search(listed.replace(" ", r"\s+"), section)
    assert MANIFEST.keys() == {"run", "rows", "unserved_sha256"}
    assert MANIFEST["run"].keys() == {*seal.MANIFEST_COLUMNS}
    forms = re.findall(r"^\| `(\S+/\d)` \|", TEXT, re.M)
    assert {served.FORMAT, identity.FORMAT, leaves.LIST, leaves.CUSTOMER, leaves.EVENT} < {*forms}


def test_the_package_reads_the_head_and_the_proofs():
    key = note.parse_key(BLOCKS["public-key"])
    found = proof.parse_inclusion(BLOCKS["tlog-proof"] + "\n")
    vouched = proof.verify_inclusion(
        found, merkle.leaf_hash(BLOCKS["seal-3"].encode()), SEAL["origin"], [key]
    )
    assert (vouched.keys, vouched.checkpoint.root.hex()) == ((key,), TREES[5][1])
    ((head, signed),) = checkpoint.read_heads(BLOCKS["head"] + "\n")
    assert (head, signed) == (vouched.checkpoint, found.note)


def test_verify_receipt_has_the_same_forms():
    ((head, text),) = verify_receipt.kept_heads(BLOCKS["head"] + "\n")
    (key,) = verify_receipt.public_keys(BLOCKS["public-key"])
    assert [*verify_receipt.note_signers(text, [key])] == [key]
    root = verify_receipt.root(BLOCKS["seal-3"].encode(), 2, 5, hashes(BLOCKS["seal-path"]))
    assert root == head.root.hex()
    found = json.loads(BLOCKS["consistency"])
    earlier = head._replace(size=3, root=bytes.fromhex(found["root"]))
    verify_receipt.check_consistent(earlier, head, hashes(found["path"]))
    with pytest.raises(ValueError, match="does not prove"):
        verify_receipt.check_consistent(earlier._replace(root=b"x" * 32), head, [head.root])
    for name, form in (("candidate", "CANDIDATE"), ("list", "LIST"), ("customer", "CUSTOMER")):
        assert getattr(verify_receipt, form) in BLOCKS[name]
    assert verify_receipt.SEAL == SEAL["format"] == leaves.SEAL


def receipt():
    """What customer 1 of the page holds: the second of two places."""
    _, vector, owner, listed = json.loads(BLOCKS["list"])
    names = ("candidate_sha256", "industry_points", "deadline_points", "risk_points", "score")
    places = [
        {
            "rec_id": rec_id,
            **dict(zip(names, place, strict=True)),
            "candidate": without_format(json.loads(BLOCKS[name])),
        }
        for rec_id, (_, *place), name in zip((None, 1), listed, CANDIDATES, strict=True)
    ]
    run = MANIFEST["run"]
    return {
        "format": verify_receipt.FORMAT,
        "profile_id": 1,
        **{name: run[name] for name in ("run_id", "as_of", "served_at")},
        "declared": dict(zip(Declared._fields, vector, strict=True)),
        "lists": [{"owner": owner, "list_sha256": NUMBERS["list_sha256"], "places": places}],
        "model": load_model().constants,
        "proof": {
            "blind": NUMBERS["blind"],
            "leaf_index": 0,
            "tree_size": 2,
            "path": merkle.encode_path([leaf(BLOCKS["customer-2"])]),
        },
        "seal": without_format(SEAL),
        "seal_path": BLOCKS["seal-path"],
        "head": BLOCKS["head"].partition("\n\n")[0] + "\n",
        "consistency": [json.loads(BLOCKS["consistency"])],
    }


def without_format(found):
    return {name: part for name, part in found.items() if name != "format"}


def test_a_receipt_of_the_page_is_intact():
    found = verify_receipt.check(receipt())
    assert {name: said for name, (is_intact, said) in found.items() if not is_intact} == {}
    kept = verify_receipt.kept_heads(BLOCKS["head"] + "\n")
    keys = verify_receipt.public_keys(BLOCKS["public-key"])
    assert verify_receipt.compare(receipt(), kept, keys).startswith("the head kept of 5 seals")
