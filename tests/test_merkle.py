"""Merkle trees against published vectors, the RFC's own recursive definitions and another program.

What the verifiers guarantee is RFC 9162's: against the root of a tree of known size nothing passes but the
truth. A size is bound by no root; the tests on shapes state exactly what passes if it is not known.
"""

import json
import re
import tracemalloc
from base64 import b85encode
from functools import cache
from hashlib import sha256
from itertools import product

import pytest
import tamperlog
from hypothesis import given, settings
from hypothesis import strategies as st

from sqlite_utils_personalization.evidence import merkle

# Certificate Transparency's reference tree: google/certificate-transparency, cpp/merkletree/
# merkle_tree_test.cc; the same in transparency-dev/merkle, testonly/constants.go and reference_test.go.
CT_LEAVES = (
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
)
CT_ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
# Hashes by level and place, as the source names them; the last level's is CT_ROOTS[8].
CT_NODES = (
    (
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "0298d122906dcfc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7",
        "07506a85fd9dd2f120eb694f86011e5bb4662e5c415a62917033d4a9624487e7",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "4271a26be0d8a84f0bd54c8c302e7cb3a3b5d1fa6780a40bcce2873477dab658",
        "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
        "46f6ffadd3d06a09ff3c5860d2755c8b9819db7df44251788c7d8e3180de8eb1",
    ),
    (
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    ),
    (
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ),
)
CT_INCLUSION = (
    (0, 1, ()),
    (0, 2, (CT_NODES[0][1],)),
    (1, 2, (CT_NODES[0][0],)),
    (2, 3, (CT_NODES[1][0],)),
    (1, 5, (CT_NODES[0][0], CT_NODES[1][1], CT_NODES[0][4])),
    (0, 8, (CT_NODES[0][1], CT_NODES[1][1], CT_NODES[2][1])),
    (5, 8, (CT_NODES[0][4], CT_NODES[1][3], CT_NODES[2][0])),
)
CT_CONSISTENCY = (
    (1, 1, ()),
    (1, 8, (CT_NODES[0][1], CT_NODES[1][1], CT_NODES[2][1])),
    (2, 5, (CT_NODES[1][1], CT_NODES[0][4])),
    (6, 7, (CT_NODES[1][2], CT_NODES[0][6], CT_NODES[2][0])),
    (6, 8, (CT_NODES[1][2], CT_NODES[1][3], CT_NODES[2][0])),
)

# draft-ietf-plants-merkle-tree-certs-05, appendix C.1 to C.3: one SHA-256 over the lines of every valid
# subtree of trees of up to 130 leaves, leaf i being the byte i.
ALL_ROOTS = "94a95384a8c69acea9b50d035a58285b3a777cb7a724005faa5e1f1e1190007f"
ALL_INCLUSION = "ac2a8f989e44d99e399db448050ff5f19757df53cfb716aa81015d3955d8163f"
ALL_CONSISTENCY = "c586ebbb73a5621baf2140095d87dde934e3b6503a562a1a5215b8209edd083d"
MOST = 130
BYTE_LEAVES = [merkle.leaf_hash(bytes([i])) for i in range(MOST)]

# Around every power of two, and around the batches the builders read.
SIZES = (*range(1, 18), 31, 32, 33, 1023, 1024, 1025, 2048, 4100)


def unhex(hashes):
    return [bytes.fromhex(text) for text in hashes]


def ct_hashes(size):
    return [merkle.leaf_hash(leaf) for leaf in unhex(CT_LEAVES[:size])]


def exactly(sentence):
    return f"^{re.escape(sentence)}$"


def numbered(size, period=1 << 20):
    """Leaf hashes of a tree of this size; leaves a period apart are the same."""
    return [merkle.leaf_hash(b"leaf %d" % (i % period)) for i in range(size)]


# The definitions of RFC 9162, 2.1.1, 2.1.3.1 and 2.1.4.1: MTH, PATH and SUBPROOF, over leaf hashes.


def half(n):
    """The largest power of two smaller than n."""
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def tree_hash(leaves):
    if len(leaves) < 2:
        return leaves[0] if leaves else sha256(b"").digest()
    k = half(len(leaves))
    return sha256(b"\x01" + tree_hash(leaves[:k]) + tree_hash(leaves[k:])).digest()


def audit_path(m, leaves):
    if len(leaves) == 1:
        return []
    k = half(len(leaves))
    if m < k:
        return [*audit_path(m, leaves[:k]), tree_hash(leaves[k:])]
    return [*audit_path(m - k, leaves[k:]), tree_hash(leaves[:k])]


def consistency_proof(m, leaves, known=True):
    if m == len(leaves):
        return [] if known else [tree_hash(leaves)]
    k = half(len(leaves))
    if m <= k:
        return [*consistency_proof(m, leaves[:k], known), tree_hash(leaves[k:])]
    return [*consistency_proof(m - k, leaves[k:], False), tree_hash(leaves[:k])]


def inclusion_shape(m, n):
    """The sides on which a path meets its siblings: all that it depends on besides the hashes."""
    if n == 1:
        return ()
    k = half(n)
    return (*inclusion_shape(m, k), "right") if m < k else (*inclusion_shape(m - k, n - k), "left")


def consistency_shape(m, n, known=True):
    """The same for a consistency path, and whether it starts from the first root."""
    if m == n:
        return ("known" if known else "given",)
    k = half(n)
    if m <= k:
        return (*consistency_shape(m, k, known), "right")
    return (*consistency_shape(m - k, n - k, False), "left")


def accepts(check, *args):
    """Whether the other program's check raises no ProofError."""
    try:
        check(*args)
    except tamperlog.ProofError:
        return False
    return True


# Published vectors


@pytest.mark.parametrize("size", range(9))
def test_root_is_the_published_one(size):
    assert merkle.root(ct_hashes(size)).hex() == CT_ROOTS[size]


@pytest.mark.parametrize(("index", "size", "published"), CT_INCLUSION)
def test_inclusion_path_is_the_published_one_and_verifies(index, size, published):
    path = merkle.inclusion_path(ct_hashes(size), index)
    assert path == unhex(published)
    leaf, root = ct_hashes(size)[index], bytes.fromhex(CT_ROOTS[size])
    assert merkle.verify_inclusion(leaf, index, size, path, root)


@pytest.mark.parametrize(("first", "second", "published"), CT_CONSISTENCY)
def test_consistency_path_is_the_published_one_and_verifies(first, second, published):
    path = merkle.consistency_path(ct_hashes(second), first)
    assert path == unhex(published)
    roots = unhex((CT_ROOTS[first], CT_ROOTS[second]))
    assert merkle.verify_consistency(first, second, *roots, path)


def subtrees(size):
    """The valid subtrees of the draft: those that start at a multiple of a power of two they fit into."""
    for end in range(1, size + 1):
        for start in range(end):
            if start % (1 << (end - start - 1).bit_length()) == 0:
                yield start, end


def proof_line(what, path):
    return " ".join([what, *(node.hex() for node in path)]) + "\n"


def digest(lines):
    return sha256("".join(lines).encode()).hexdigest()


def test_roots_of_all_subtrees_of_up_to_130_leaves_have_the_published_digest():
    lines = (
        f"[{start}, {end}) {subtree_root(start, end).hex()}\n" for start, end in subtrees(MOST)
    )
    assert digest(lines) == ALL_ROOTS


@pytest.mark.slow
def test_inclusion_paths_in_all_subtrees_of_up_to_130_leaves_have_the_published_digest():
    lines = (
        proof_line(
            f"{index} [{start}, {end})",
            merkle.inclusion_path(BYTE_LEAVES[start:end], index - start),
        )
        for start, end in subtrees(MOST)
        for index in range(start, end)
    )
    assert digest(lines) == ALL_INCLUSION


@cache
def subtree_root(low, high):
    return merkle.root(BYTE_LEAVES[low:high])


@cache
def subtree_path(low, high, start, end):
    """The draft's path from a subtree to the tree from low to high; where both start, it is RFC 9162's."""
    if start == low:
        return merkle.consistency_path(BYTE_LEAVES[low:high], end - low)
    middle = low + half(high - low)
    if end <= middle:
        return [*subtree_path(low, middle, start, end), subtree_root(middle, high)]
    return [*subtree_path(middle, high, start, end), subtree_root(low, middle)]


@pytest.mark.slow
def test_consistency_paths_of_all_subtrees_of_up_to_130_leaves_have_the_published_digest():
    lines = (
        proof_line(f"[{start}, {end}) {size}", subtree_path(0, size, start, end))
        for size in range(1, MOST + 1)
        for start, end in subtrees(size)
    )
    assert digest(lines) == ALL_CONSISTENCY


# The definitions


@pytest.mark.parametrize("size", SIZES)
def test_root_and_paths_follow_the_definitions_of_the_rfc(size):
    leaves = numbered(size)
    some = range(size) if size < 40 else (0, 1, size // 3, size // 2, size - 2, size - 1)
    assert merkle.root(leaves) == tree_hash(leaves)
    for i in some:
        assert merkle.inclusion_path(leaves, i) == audit_path(i, leaves)
        assert merkle.consistency_path(leaves, i + 1) == consistency_proof(i + 1, leaves)


def test_a_leaf_is_hashed_with_its_prefix():
    assert merkle.leaf_hash(b"") == sha256(b"\x00").digest()
    assert merkle.leaf_hash(b"\x01" * 64) == sha256(b"\x00" + b"\x01" * 64).digest()


def test_an_inner_node_cannot_pass_for_a_leaf():
    leaves = numbered(4)
    inner = leaves[0] + leaves[1], leaves[2] + leaves[3]
    assert merkle.root(map(merkle.leaf_hash, inner)) != merkle.root(leaves)


def test_an_odd_last_leaf_is_not_counted_twice():
    leaves = numbered(3)
    assert merkle.root([*leaves, leaves[-1]]) != merkle.root(leaves)


# Soundness


@st.composite
def trees(draw):
    """Leaf hashes of a tree; often some, sometimes all leaves are the same."""
    size = draw(st.integers(1, 40) | st.sampled_from((63, 64, 65, 100)))
    return numbered(size, draw(st.sampled_from((1, 2, 5, 1000))))


def changed(draw, path, others):
    """The path after up to three edits: bit flips, removals, insertions, swaps."""
    path = list(path)
    for kind in draw(st.lists(st.sampled_from(("flip", "drop", "add", "swap")), max_size=3)):
        at = draw(st.integers(0, max(len(path) - 1, 0)))
        if kind == "add":
            path.insert(draw(st.sampled_from((at, len(path)))), draw(st.sampled_from(others)))
        elif path and kind == "drop":
            del path[at]
        elif path and kind == "swap":
            path[at], path[-1] = path[-1], path[at]
        elif path and path[at]:
            path[at] = flipped(path[at], draw(st.integers(0, 8 * len(path[at]) - 1)))
    return path


def flipped(hashed, bit):
    return (int.from_bytes(hashed, "big") ^ 1 << bit).to_bytes(len(hashed), "big")


@settings(deadline=None)
@given(trees(), st.data())
def test_any_leaf_of_any_tree_verifies_with_its_path(leaves, data):
    index = data.draw(st.integers(0, len(leaves) - 1))
    path = merkle.inclusion_path(iter(leaves), index)
    root = merkle.root(iter(leaves))
    assert merkle.root_from_path(leaves[index], index, len(leaves), path) == root
    assert merkle.verify_inclusion(leaves[index], index, len(leaves), path, root)
    assert accepts(tamperlog.verify_inclusion, index, len(leaves), leaves[index], path, root)


@settings(deadline=None)
@given(trees(), st.data())
def test_nothing_verifies_at_an_index_but_its_leaf_with_its_path(leaves, data):
    size, root = len(leaves), merkle.root(leaves)
    others = [root, merkle.EMPTY_ROOT, b"", leaves[0][:31], *leaves[:3]]
    true_index = data.draw(st.integers(0, size - 1))
    index = data.draw(st.just(true_index) | st.integers(-2, size + 2))
    leaf = data.draw(st.sampled_from((leaves[true_index], leaves[true_index], *others)))
    path = changed(data.draw, merkle.inclusion_path(leaves, true_index), others)
    truth = 0 <= index < size and leaf == leaves[index] and path == audit_path(index, leaves)
    assert merkle.verify_inclusion(leaf, index, size, path, root) == truth
    assert accepts(tamperlog.verify_inclusion, index, size, leaf, path, root) == truth


@settings(deadline=None)
@given(trees(), st.data())
def test_any_start_of_any_tree_verifies_with_its_path(leaves, data):
    first = data.draw(st.integers(1, len(leaves)))
    path = merkle.consistency_path(iter(leaves), first)
    roots = merkle.root(leaves[:first]), merkle.root(leaves)
    assert merkle.verify_consistency(first, len(leaves), *roots, path)
    assert accepts(tamperlog.verify_consistency, first, roots[0], len(leaves), roots[1], path)


@settings(deadline=None)
@given(trees(), st.data())
def test_nothing_verifies_as_the_start_of_a_tree_but_its_start(leaves, data):
    size, root = len(leaves), merkle.root(leaves)
    true_first = data.draw(st.integers(1, size))
    others = [root, merkle.EMPTY_ROOT, b"", leaves[0][:31], *leaves[:3]]
    first = data.draw(st.just(true_first) | st.integers(1, size + 2))
    true_root = merkle.root(leaves[:true_first])
    first_root = data.draw(st.sampled_from((true_root, true_root, *others)))
    path = changed(data.draw, merkle.consistency_path(leaves, true_first), others)
    truth = (
        first <= size
        and first_root == tree_hash(leaves[:first])
        and path == consistency_proof(first, leaves)
    )
    assert merkle.verify_consistency(first, size, first_root, root, path) == truth
    assert accepts(tamperlog.verify_consistency, first, first_root, size, root, path) == truth


def test_every_single_bit_of_an_inclusion_proof_matters():
    for size in range(1, 10):
        leaves = numbered(size)
        for index in range(size):
            hashes = [merkle.root(leaves), leaves[index], *merkle.inclusion_path(leaves, index)]
            for at, bit in product(range(len(hashes)), range(256)):
                root, leaf, *path = [*hashes[:at], flipped(hashes[at], bit), *hashes[at + 1 :]]
                assert not merkle.verify_inclusion(leaf, index, size, path, root)


def test_every_single_bit_of_a_consistency_proof_matters():
    for second in range(1, 9):
        leaves = numbered(second)
        for first in range(1, second + 1):
            roots = [merkle.root(leaves[:first]), merkle.root(leaves)]
            hashes = [*roots, *merkle.consistency_path(leaves, first)]
            for at, bit in product(range(len(hashes)), range(256)):
                changed_roots = [*hashes[:at], flipped(hashes[at], bit), *hashes[at + 1 :]]
                one, two, *path = changed_roots
                assert not merkle.verify_consistency(first, second, one, two, path)


def test_an_inclusion_path_passes_for_another_index_and_size_only_if_it_has_their_shape():
    leaves = numbered(20)
    places = [(index, size) for size in range(1, 21) for index in range(size)]
    for index, size in places:
        path, root = merkle.inclusion_path(leaves[:size], index), merkle.root(leaves[:size])
        passing = {
            place for place in places if merkle.verify_inclusion(leaves[index], *place, path, root)
        }
        shape = inclusion_shape(index, size)
        assert passing == {place for place in places if inclusion_shape(*place) == shape}
        assert {place for place in passing if place[1] == size} == {(index, size)}


def test_a_consistency_path_passes_for_other_sizes_only_if_it_has_their_shape():
    leaves = numbered(14)
    sizes = [(first, second) for second in range(1, 15) for first in range(1, second + 1)]
    for first, second in sizes:
        roots = merkle.root(leaves[:first]), merkle.root(leaves[:second])
        path = merkle.consistency_path(leaves[:second], first)
        passing = {pair for pair in sizes if merkle.verify_consistency(*pair, *roots, path)}
        shape = consistency_shape(first, second)
        assert passing == {pair for pair in sizes if consistency_shape(*pair) == shape}
        assert {pair for pair in passing if pair[1] == second} == {(first, second)}


# What is refused, and how


PATH_OF_5_IN_8 = unhex(CT_INCLUSION[-1][2])


@pytest.mark.parametrize(
    ("index", "size", "path", "sentence"),
    [
        (8, 8, PATH_OF_5_IN_8, "no leaf 8 in a tree of 8 - leaves are numbered from 0"),
        (-1, 8, PATH_OF_5_IN_8, "no leaf -1 in a tree of 8 - leaves are numbered from 0"),
        (0, 0, [], "no leaf 0 in a tree of 0 - leaves are numbered from 0"),
        (5, 8, PATH_OF_5_IN_8[:-1], "2 hashes lead nowhere from leaf 5 of 8 - it takes 3"),
        (5, 8, PATH_OF_5_IN_8 * 2, "6 hashes lead nowhere from leaf 5 of 8 - it takes 3"),
        (5, 16, PATH_OF_5_IN_8, "3 hashes lead nowhere from leaf 5 of 16 - it takes 4"),
        (
            5,
            8,
            [PATH_OF_5_IN_8[0][:31], *PATH_OF_5_IN_8[1:]],
            "a hash of 31 bytes, not 32 - leaves go through leaf_hash",
        ),
    ],
)
def test_a_malformed_inclusion_proof_is_refused_with_a_sentence(index, size, path, sentence):
    leaf, root = ct_hashes(8)[5], bytes.fromhex(CT_ROOTS[8])
    with pytest.raises(ValueError, match=exactly(sentence)):
        merkle.root_from_path(leaf, index, size, path)
    assert not merkle.verify_inclusion(leaf, index, size, path, root)


def test_a_leaf_or_root_of_another_length_is_refused():
    leaf = merkle.leaf_hash(b"the only one")
    assert merkle.verify_inclusion(leaf, 0, 1, [], leaf)
    assert not merkle.verify_inclusion(leaf[:31], 0, 1, [], leaf[:31])
    assert not merkle.verify_inclusion(b"", 0, 1, [], b"")
    assert merkle.verify_consistency(1, 1, leaf, leaf, [])
    assert not merkle.verify_consistency(1, 1, leaf[:31], leaf[:31], [])
    assert not merkle.verify_consistency(1, 1, b"", b"", [])


@pytest.mark.parametrize(
    ("first", "second"),
    [(0, 0), (0, 8), (-1, 8), (8, 6), (5, 8), (7, 8), (6, 9), (6, 16), (6, 6), (8, 8)],
)
def test_a_consistency_proof_for_other_sizes_is_refused(first, second):
    path = unhex(CT_CONSISTENCY[-1][2])
    roots = unhex((CT_ROOTS[6], CT_ROOTS[8]))
    assert merkle.verify_consistency(6, 8, *roots, path)
    assert not merkle.verify_consistency(first, second, *roots, path)


@pytest.mark.parametrize(
    ("index", "sentence"),
    [
        (8, "no leaf 8 in a tree of 8 - leaves are numbered from 0"),
        (1 << 70, f"no leaf {1 << 70} in a tree of 8 - leaves are numbered from 0"),
        (-1, "no leaf -1 - leaves are numbered from 0"),
    ],
)
def test_a_path_is_made_for_no_leaf_outside_the_tree(index, sentence):
    with pytest.raises(IndexError, match=exactly(sentence)):
        merkle.inclusion_path(iter(ct_hashes(8)), index)


@pytest.mark.parametrize(
    ("first", "sentence"),
    [
        (9, "a first tree of 9 leaves - there are only 8"),
        (1 << 70, f"a first tree of {1 << 70} leaves - there are only 8"),
        (0, "a first tree of 0 leaves - sizes start at 1"),
        (-1, "a first tree of -1 leaves - sizes start at 1"),
    ],
)
def test_a_path_is_made_from_no_start_outside_the_tree(first, sentence):
    with pytest.raises(ValueError, match=exactly(sentence)):
        merkle.consistency_path(iter(ct_hashes(8)), first)


@pytest.mark.parametrize("at", [0, 1, 1500, 2999])
def test_a_leaf_that_was_not_hashed_is_refused_wherever_it_stands(at):
    leaves = numbered(3000)
    leaves[at] = b"a leaf"
    for build in (
        merkle.root,
        lambda hashes: merkle.inclusion_path(hashes, 700),
        lambda hashes: merkle.consistency_path(hashes, 700),
    ):
        with pytest.raises(ValueError, match="a hash of 6 bytes, not 32"):
            build(leaves)


@pytest.mark.parametrize(
    "build",
    [
        merkle.root,
        lambda leaves: merkle.inclusion_path(leaves, 30_000),
        lambda leaves: merkle.consistency_path(leaves, 30_000),
    ],
)
@pytest.mark.sampled(1)
def test_memory_does_not_grow_with_the_tree(build):
    hashed = merkle.leaf_hash
    tracemalloc.start()
    try:
        build(hashed(b"%d" % i) for i in range(40_000))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # The hashes alone would be 40,000 x 65 bytes.
    assert peak < 500_000


# As text


@settings(deadline=None)
@given(st.lists(st.binary(min_size=32, max_size=32), max_size=40))
def test_a_path_survives_text(path):
    text = merkle.encode_path(path)
    assert len(text) == 40 * len(path)
    assert merkle.decode_path(text) == path


def test_a_proof_among_ten_million_stays_below_1000_bytes_of_json():
    path = numbered(24)
    leaf = merkle.leaf_hash(b"a customer")
    root = merkle.root_from_path(leaf, 0, 10_000_000, path)
    assert merkle.verify_inclusion(leaf, 0, 10_000_000, path, root)
    assert len(json.dumps(merkle.encode_path(path))) == 962


@settings(deadline=None)
@given(st.text("0123456789abcxyzXYZ~{}|`_ ", max_size=90) | st.text(max_size=90))
def test_no_two_texts_are_the_same_path(text):
    try:
        path = merkle.decode_path(text)
    except ValueError:
        return
    assert merkle.encode_path(path) == text


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("0" * 39, "39 characters are no path - it has 40 for each hash"),
        ("0" * 41, "41 characters are no path - it has 40 for each hash"),
        (b85encode(b"0" * 20).decode(), "25 characters are no path - it has 40 for each hash"),
        (
            b85encode(b"0" * 32).decode() + "\n",
            "41 characters are no path - it has 40 for each hash",
        ),
        ("0" * 39 + '"', "not a path in base85: bad base85 character at position 39"),
        (
            "0" * 39 + "０",
            "not a path in base85: string argument should contain only ASCII characters",
        ),
        ("~" * 40, "not a path in base85: base85 overflow in hunk starting at byte 0"),
    ],
)
def test_text_that_is_no_path_is_refused(text, sentence):
    with pytest.raises(ValueError, match=exactly(sentence)):
        merkle.decode_path(text)


@pytest.mark.parametrize("path", [[b""], [b"0" * 31], [b"0" * 31, b"0" * 33]])
def test_a_path_of_something_else_than_hashes_is_not_encoded(path):
    with pytest.raises(ValueError, match="bytes, not 32"):
        merkle.encode_path(path)


# One leaf after the other


def test_a_tree_that_grows_leaf_by_leaf_has_the_roots_and_subtrees_of_the_whole():
    hashes = [merkle.leaf_hash(b"%d" % number) for number in range(300)]
    subtrees, peaks = {}, []
    for size, leaf in enumerate(hashes):
        assert [subtrees[end] for end in merkle.peak_ends(size)] == peaks
        peaks = merkle.grow(peaks, size, leaf)
        subtrees[size + 1] = peaks[-1]
        assert merkle.root_of_peaks(peaks) == merkle.root(hashes[: size + 1])
        width = (size + 1) & -(size + 1)
        assert peaks[-1] == merkle.root(hashes[size + 1 - width : size + 1])
    assert merkle.peak_ends(7) == [4, 6, 7]
    assert (merkle.peak_ends(0), merkle.root_of_peaks([])) == ([], merkle.EMPTY_ROOT)


@pytest.mark.parametrize(
    ("peaks", "size", "leaf"), [([], 1, b"x" * 32), ([b"x" * 32], 0, b"x" * 32), ([], 0, b"x" * 31)]
)
def test_what_is_no_tree_does_not_grow(peaks, size, leaf):
    with pytest.raises(ValueError, match=r"are no tree of|a hash of 31 bytes"):
        merkle.grow(peaks, size, leaf)
