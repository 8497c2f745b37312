"""Proofs of inclusion and of consistency: written as C2SP has them, and nothing false passes.

Whether Go's x/mod/sumdb/tlog accepts them is asked by .ci/check-notes-with-go; here pymerkle gives the same roots.
"""

from base64 import b64encode
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_checkpoint import ORIGIN, head_of
from test_merkle import CT_CONSISTENCY, CT_INCLUSION, ct_hashes, numbered, unhex
from test_note import changed, cosignature, private, witness_of

from sqlite_utils_personalization import verify_receipt
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.evidence import merkle
from sqlite_utils_personalization.evidence.checkpoint import (
    checkpoint_of,
    format_checkpoint,
    parse_checkpoint,
)
from sqlite_utils_personalization.evidence.note import Note, key_of, with_signatures
from sqlite_utils_personalization.evidence.proof import (
    Consistency,
    Proof,
    format_consistency,
    format_inclusion,
    parse_consistency,
    parse_inclusion,
    prove_consistency,
    prove_inclusion,
    verify_consistency,
    verify_inclusion,
)

MOST = 40
LEAVES = numbered(MOST)
SIZES = st.integers(1, MOST)


@pytest.fixture(scope="module")
def keys():
    return [key_of(ORIGIN, private())]


def pair(first, second):
    return (checkpoint_of(ORIGIN, LEAVES[:size]) for size in (first, second))


def test_pymerkle_has_the_same_root_for_every_number_of_leaves():
    pymerkle = pytest.importorskip("pymerkle", reason="pip install pymerkle")
    # Its prefixes before leaves and nodes are those of RFC 6962, unless its security is switched off.
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    leaves = []
    for size in range(201):
        assert tree.get_root(size) == merkle.root(map(merkle.leaf_hash, leaves))
        leaves.append(b"leaf %d" % size)
        tree.append_entry(leaves[-1])


# Inclusion


@pytest.mark.parametrize(("index", "size", "published"), CT_INCLUSION)
def test_the_path_is_the_published_one(index, size, published):
    note = Note(format_checkpoint(checkpoint_of(ORIGIN, ct_hashes(size))))
    assert [*prove_inclusion(ct_hashes(8), index, note).path] == unhex(published)


def test_a_proof_is_written_as_the_specification_says():
    text = format_inclusion(prove_inclusion(LEAVES, 2, head_of(3), b"{}"))
    sibling = b64encode(sha256(b"\x01" + LEAVES[0] + LEAVES[1]).digest()).decode()
    lines = ("c2sp.org/tlog-proof@v1", "extra e30=", "index 2", sibling, "", head_of(3).text, "")
    assert text == "\n".join(lines)


def test_the_only_leaf_has_an_empty_path():
    text = format_inclusion(prove_inclusion(LEAVES, 0, head_of(1)))
    assert text == f"c2sp.org/tlog-proof@v1\nindex 0\n\n{head_of(1).text}\n"
    assert parse_inclusion(text).path == ()
    assert format_inclusion(Proof(0, (), head_of(1))) == text


@given(SIZES, st.data(), st.binary(max_size=9))
def test_every_leaf_is_proved_under_every_head_that_has_it(size, data, extra):
    leaf = data.draw(st.integers(0, size - 1))
    key = private()
    head = head_of(size, key)
    head = with_signatures(head, [cosignature(head.text, key, 7)])
    proof = parse_inclusion(format_inclusion(prove_inclusion(LEAVES, leaf, head, extra)))
    assert (proof.leaf, proof.note, proof.extra) == (leaf, head, extra)
    found = verify_inclusion(proof, LEAVES[leaf], ORIGIN, [key_of(ORIGIN, key)], [witness_of(key)])
    assert found.checkpoint == checkpoint_of(ORIGIN, LEAVES[:size])
    assert found.witnesses == {witness_of(key): 7}


@given(SIZES, st.data())
def test_no_other_leaf_index_hash_or_order_is_proved(size, data):
    leaf = data.draw(st.integers(0, size - 1))
    key = private()
    proof = prove_inclusion(LEAVES, leaf, head_of(size, key))
    other = data.draw(st.integers(0, MOST - 1).filter(lambda number: number != leaf))
    path = list(proof.path)
    forged = [(proof, LEAVES[other]), (proof._replace(leaf=other), LEAVES[leaf])]
    forged += [(proof._replace(path=(*path, bytes(32))), LEAVES[leaf])]
    if path:
        at = data.draw(st.integers(0, len(path) - 1))
        bent = [*path[:at], changed(path[at], data), *path[at + 1 :]]
        forged += [(proof._replace(path=tuple(each)), LEAVES[leaf]) for each in (bent, path[:-1])]
    for wrong, hashed in forged:
        with pytest.raises(PersonalizationError, match="the proof does not lead from this content"):
            verify_inclusion(wrong, hashed, ORIGIN, [key_of(ORIGIN, key)])


@given(st.data())
def test_a_file_with_any_character_changed_is_refused(data):
    key = private()
    whole = format_inclusion(prove_inclusion(LEAVES, 5, head_of(11, key)))
    at = data.draw(st.integers(0, len(whole) - 1))
    other = data.draw(st.sampled_from("\n =A1—\r") | st.characters(exclude_categories=["Cs"]))
    text = whole[:at] + other + whole[at + 1 :]
    if text == whole:
        return
    with pytest.raises(PersonalizationError):
        verify_inclusion(parse_inclusion(text), LEAVES[5], ORIGIN, [key_of(ORIGIN, key)])


def test_the_largest_index_and_the_most_hashes_there_can_be_are_read():
    hashes = [b64encode(bytes([number]) * 32).decode() for number in range(63)]
    lines = ("c2sp.org/tlog-proof@v1", f"index {2**63 - 1}", *hashes, "", head_of(3).text, "")
    found = parse_inclusion("\n".join(lines))
    assert (found.leaf, len(found.path), found.extra) == (2**63 - 1, 63, b"")


def test_another_leaf_is_not_proved():
    key = private()
    proof = prove_inclusion(LEAVES, 2, head_of(3, key))
    assert verify_inclusion(proof, LEAVES[2], ORIGIN, [key_of(ORIGIN, key)]).checkpoint.size == 3
    with pytest.raises(PersonalizationError, match="the proof does not lead from this content"):
        verify_inclusion(proof, LEAVES[1], ORIGIN, [key_of(ORIGIN, key)])


def test_a_proof_under_a_head_nobody_signed_is_refused(keys):
    proof = prove_inclusion(LEAVES, 2, head_of(3))
    with pytest.raises(PersonalizationError, match="no key that was given signed the head"):
        verify_inclusion(proof, LEAVES[2], ORIGIN, keys)


@pytest.mark.parametrize("leaf", [-1, 3])
def test_there_is_no_proof_of_a_leaf_after_the_head(leaf, refuses):
    with refuses(f"there is no leaf {leaf} under a head of 3 - take a head that was made later"):
        prove_inclusion(LEAVES, leaf, head_of(3))


@pytest.mark.parametrize("leaves", [LEAVES[1:], LEAVES[:2]])
def test_there_is_no_proof_under_a_head_of_another_history(leaves, refuses):
    with refuses(
        "the head of 3 leaves is not one of this log - take a head of the log itself, or verify the log"
    ):
        prove_inclusion(leaves, 0, head_of(3))


@pytest.mark.parametrize(
    ("replaced", "by", "sentence"),
    [
        ("proof@v1", "proof@v2", "the first line of a proof is c2sp.org/tlog-proof@v1"),
        ("index 2", "index 02", "a line of a proof is `index` and a number"),
        ("index 2", "index  2", "a line of a proof is `index` and a number"),
        ("index 2", "index 9223372036854775808", "a line of a proof is `index` and a number"),
        ("index 2", "old 2", "a line of a proof is `index` and a number"),
        ("index 2", "extra e30=\nextra e30=\nindex 2", "a line of a proof is `index` and a number"),
        ("index 2", "extra \nindex 2", "the extra line of a proof is not in base64"),
        ("index 2", "extra e31=\nindex 2", "the extra line of a proof is not in base64"),
        ("index 2\n", "index 2\nAAAA\n", "a proof has at most 63 hashes"),
        ("index 2\n", "index 2\n" + "A" * 43 + "=\n", None),
        ("index 2\n", "index 2\n" + ("A" * 43 + "=\n") * 63, "a proof has at most 63 hashes"),
    ],
)
def test_what_is_no_proof_is_refused_with_the_reason(replaced, by, sentence):
    text = format_inclusion(prove_inclusion(LEAVES, 2, head_of(3))).replace(replaced, by)
    if sentence is None:
        assert len(parse_inclusion(text).path) == 2
        return
    with pytest.raises(PersonalizationError) as error:
        parse_inclusion(text)
    assert error.value.what.startswith(sentence)


def test_a_proof_without_a_head_is_refused(refuses):
    with refuses("a proof has an empty line before its head - give the file as it was written"):
        parse_inclusion("c2sp.org/tlog-proof@v1\nindex 2\n")


# Consistency


@pytest.mark.parametrize(("first", "second", "published"), CT_CONSISTENCY)
def test_the_path_between_two_heads_is_the_published_one(first, second, published):
    old, new = (checkpoint_of(ORIGIN, ct_hashes(size)) for size in (first, second))
    proof = prove_consistency(ct_hashes(8), old, Note(format_checkpoint(new)))
    assert [*proof.path] == unhex(published)
    verify_consistency(old, new, proof.path)
    verify_receipt.check_consistent(old, new, [*proof.path])


def test_the_file_is_what_a_witness_is_sent():
    # c2sp.org/tlog-witness, add-checkpoint.
    old, _ = pair(1, 2)
    proof = prove_consistency(LEAVES, old, head_of(2))
    lines = ("old 1", b64encode(LEAVES[1]).decode(), "", head_of(2).text, "")
    assert format_consistency(proof) == "\n".join(lines)
    assert parse_consistency("\n".join(lines)) == proof


@given(st.integers(0, MOST), st.integers(0, MOST))
def test_of_any_two_heads_the_later_is_proved_to_continue_the_earlier(one, other):
    first, second = sorted((one, other))
    old, new = pair(first, second)
    proof = parse_consistency(
        format_consistency(prove_consistency(LEAVES, old, Note(format_checkpoint(new))))
    )
    assert proof.old_size == first
    assert parse_checkpoint(proof.note.text) == new
    assert len(proof.path) <= 1 + second.bit_length()
    verify_consistency(old, new, proof.path)
    verify_receipt.check_consistent(verify_receipt.Checkpoint(*old[:3]), new, [*proof.path])


def both_refuse(first, second, path):
    with pytest.raises(PersonalizationError):
        verify_consistency(first, second, path)
    with pytest.raises(ValueError, match=r"."):
        verify_receipt.check_consistent(first, second, [*path])


@given(SIZES, SIZES, st.data())
def test_no_other_root_hash_or_number_of_hashes_is_proved(one, other, data):
    old, new = pair(*sorted((one, other)))
    path = prove_consistency(LEAVES, old, Note(format_checkpoint(new))).path
    both_refuse(old._replace(root=changed(old.root, data)), new, path)
    both_refuse(old, new._replace(root=changed(new.root, data)), path)
    both_refuse(old, new, (*path, bytes(32)))
    both_refuse(old._replace(origin="example.com/other"), new, path)
    if path:
        at = data.draw(st.integers(0, len(path) - 1))
        both_refuse(old, new, (*path[:at], changed(path[at], data), *path[at + 1 :]))
        both_refuse(old, new, path[:-1])
        both_refuse(old, new, (*path[:-1], path[-1] + b"0"))
        both_refuse(new, old, path)


@given(st.integers(1, MOST), st.data())
def test_a_log_that_was_rewritten_gives_no_proof(size, data):
    at = data.draw(st.integers(0, size - 1))
    later = data.draw(st.integers(size, MOST))
    rewritten = [*LEAVES[:at], merkle.leaf_hash(b"another"), *LEAVES[at + 1 :]]
    old, _ = pair(size, later)
    new = checkpoint_of(ORIGIN, rewritten[:later])
    note = Note(format_checkpoint(new))
    with pytest.raises(PersonalizationError, match=f"the head of {size} leaves is not one of this"):
        prove_consistency(rewritten, old, note)
    # Nor does the proof that its own old head would have.
    own = prove_consistency(rewritten, checkpoint_of(ORIGIN, rewritten[:size]), note)
    both_refuse(old, new, own.path)


def test_a_path_from_an_empty_log_is_refused(refuses):
    old, new = pair(0, 3)
    with refuses(
        "the head of 3 leaves is not proved to continue that of 0 - ask for another proof; if there is none, the"
        " log was rewritten between the two"
    ):
        verify_consistency(old, new, [bytes(32)])
    both_refuse(old, new, [bytes(32)])
    verify_consistency(old, new, [])


def test_heads_in_the_wrong_order_are_told_apart_from_a_rewritten_log(refuses):
    old, new = pair(2, 3)
    with refuses(
        "a head of 2 leaves cannot continue one of 3 - give the head with fewer leaves first"
    ):
        verify_consistency(new, old, [])


def test_a_proof_of_inclusion_is_not_one_of_consistency():
    inclusion = format_inclusion(Proof(1, (bytes(32),), head_of(2)))
    consistency = format_consistency(Consistency(1, (bytes(32),), head_of(2)))
    with pytest.raises(PersonalizationError):
        parse_consistency(inclusion)
    with pytest.raises(PersonalizationError):
        parse_inclusion(consistency)
