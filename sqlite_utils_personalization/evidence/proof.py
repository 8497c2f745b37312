"""What proves a leaf to be in the log, and one head to continue another, as files that others read.

A proof of inclusion is a c2sp.org/tlog-proof, its name ending in .tlog-proof. A proof of consistency is what
c2sp.org/tlog-witness sends a witness (add-checkpoint): `old` and the size of the first tree, a line for each
hash, an empty line, and the later head.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from sqlite_utils_personalization.errors import InvalidInput
from sqlite_utils_personalization.evidence.checkpoint import (
    Checkpoint,
    Vouched,
    parse_checkpoint,
    verify_checkpoint,
)
from sqlite_utils_personalization.evidence.merkle import (
    HASH_SIZE,
    consistency_path,
    inclusion_path,
    root,
)
from sqlite_utils_personalization.evidence.merkle import verify_consistency as is_consistent
from sqlite_utils_personalization.evidence.merkle import verify_inclusion as is_included
from sqlite_utils_personalization.evidence.note import (
    Note,
    VerifierKey,
    decode_base64,
    encode_base64,
    format_note,
    parse_note,
)

HEADER = "c2sp.org/tlog-proof@v1"

_NUMBER = re.compile("0|[1-9][0-9]{0,18}")
# A tree of 2**63 leaves has no longer path; c2sp.org/tlog-witness says so of a consistency proof.
_MAX_HASHES = 63
_WHOLE = "give the file as it was written"


class Proof(NamedTuple):
    """That leaf number leaf, from 0, is in the tree of a checkpoint: the siblings on its path, from the leaf up.

    extra is data of the application's own, which nothing authenticates; empty is none.
    """

    leaf: int
    path: tuple[bytes, ...]
    note: Note
    extra: bytes = b""


class Consistency(NamedTuple):
    """That the tree of a checkpoint begins with the tree of its first old_size leaves (RFC 6962, 2.1.2)."""

    old_size: int
    path: tuple[bytes, ...]
    note: Note


def prove_inclusion(
    leaf_hashes: Iterable[bytes], index: int, note: Note, extra: bytes = b""
) -> Proof:
    """Prove leaf number index, from 0, to be in the tree of the note's checkpoint.

    Of the leaf hashes only those in that tree are read. InvalidInput if its root is not theirs, or no such leaf
    is in it.
    """
    checkpoint, leaves = _tree(leaf_hashes, note)
    if not 0 <= index < checkpoint.size:
        raise InvalidInput(
            f"there is no leaf {index} under a head of {checkpoint.size}",
            "take a head that was made later",
        )
    return Proof(index, tuple(inclusion_path(leaves, index)), note, extra)


def verify_inclusion(
    proof: Proof,
    leaf_hash: bytes,
    origin: str,
    keys: Sequence[VerifierKey],
    witnesses: Sequence[VerifierKey] = (),
) -> Vouched:
    """The checkpoint that this leaf hash is under, and who signed it, as `verify_checkpoint` says.

    leaf_hash is to be made of the content in question, never taken from whoever gives the proof.
    InvalidInput if the proof does not hold.
    """
    vouched = verify_checkpoint(proof.note, origin, keys, witnesses)
    _, size, top, _ = vouched.checkpoint
    if not is_included(leaf_hash, proof.leaf, size, [*proof.path], top):
        raise InvalidInput(
            f"the proof does not lead from this content, as leaf {proof.leaf}, to the root of the head",
            "ask where the proof comes from: it, or the content, was changed",
        )
    return vouched


def format_inclusion(proof: Proof) -> str:
    """The text of a .tlog-proof file."""
    extra = [f"extra {encode_base64(proof.extra)}"] if proof.extra else []
    return _format([HEADER, *extra, f"index {proof.leaf}"], proof.path, proof.note)


def parse_inclusion(text: str) -> Proof:
    """The proof in a .tlog-proof file, not yet verified; InvalidInput if it is none."""
    lines, note = _parse(text)
    if next(lines, None) != HEADER:
        raise InvalidInput(f"the first line of a proof is {HEADER}", _WHOLE)
    line, extra = next(lines, ""), b""
    if line.startswith("extra "):
        extra = decode_base64(line.removeprefix("extra ")) or b""
        line = next(lines, "")
        if not extra:
            raise InvalidInput("the extra line of a proof is not in base64", _WHOLE)
    return Proof(_number(line, "index"), _hashes(lines), note, extra)


def prove_consistency(leaf_hashes: Iterable[bytes], first: Checkpoint, note: Note) -> Consistency:
    """Prove the tree of the note's checkpoint to begin with the tree of first, in O(log n) hashes.

    Of the leaf hashes only those in the later tree are read. InvalidInput if a root is not theirs, or first is
    of the larger tree or of another log.
    """
    checkpoint, leaves = _tree(leaf_hashes, note)
    _check_order(first, checkpoint)
    if root(leaves[: first.size]) != first.root:
        raise InvalidInput(
            f"the head of {first.size} leaves is not one of this log",
            "ask who changed the log, or the head: they had another history",
        )
    path = consistency_path(leaves, first.size) if first.size else []
    return Consistency(first.size, tuple(path), note)


def verify_consistency(first: Checkpoint, second: Checkpoint, path: Sequence[bytes]) -> None:
    """InvalidInput unless path proves the tree of second to begin with that of first, of the same log.

    Nothing is said of who signed the two.
    """
    _check_order(first, second)
    if first.size == 0:
        # RFC 6962 has no proof from an empty tree: every tree begins with it.
        is_proved = not path
    else:
        is_proved = is_consistent(first.size, second.size, first.root, second.root, [*path])
    if not is_proved:
        raise InvalidInput(
            f"the head of {second.size} leaves is not proved to continue that of {first.size}",
            "ask for another proof; if there is none, the log was rewritten between the two",
        )


def format_consistency(proof: Consistency) -> str:
    """The text that a witness is sent."""
    return _format([f"old {proof.old_size}"], proof.path, proof.note)


def parse_consistency(text: str) -> Consistency:
    """The proof in such a text, not yet verified; InvalidInput if it is none."""
    lines, note = _parse(text)
    old_size = _number(next(lines, ""), "old")
    return Consistency(old_size, _hashes(lines), note)


def _tree(leaf_hashes: Iterable[bytes], note: Note) -> tuple[Checkpoint, list[bytes]]:
    checkpoint = parse_checkpoint(note.text)
    leaves = [*islice(leaf_hashes, checkpoint.size)]
    if len(leaves) < checkpoint.size or root(leaves) != checkpoint.root:
        raise InvalidInput(
            f"the head of {checkpoint.size} leaves is not one of this log",
            "take a head of the log itself, or verify the log",
        )
    return checkpoint, leaves


def _check_order(first: Checkpoint, second: Checkpoint) -> None:
    if first.origin != second.origin:
        raise InvalidInput("the two heads are of different logs", "give two of one log")
    if first.size > second.size:
        raise InvalidInput(
            f"a head of {second.size} leaves cannot continue one of {first.size}",
            "give the head with fewer leaves first",
        )


def _format(lines: list[str], path: Sequence[bytes], note: Note) -> str:
    head = "".join(f"{line}\n" for line in (*lines, *map(encode_base64, path)))
    return f"{head}\n{format_note(note)}"


def _parse(text: str) -> tuple[Iterator[str], Note]:
    """The lines before the first empty line, and the note after it."""
    head, gap, rest = text.partition("\n\n")
    if not gap:
        raise InvalidInput("a proof has an empty line before its head", _WHOLE)
    return iter(head.split("\n")), parse_note(rest)


def _number(line: str, word: str) -> int:
    name, _, digits = line.partition(" ")
    if name != word or not _NUMBER.fullmatch(digits) or int(digits) >= 2**63:
        raise InvalidInput(f"a line of a proof is `{word}` and a number", _WHOLE)
    return int(digits)


def _hashes(lines: Iterable[str]) -> tuple[bytes, ...]:
    found = [decode_base64(line) for line in lines]
    hashes = [each for each in found if each is not None and len(each) == HASH_SIZE]
    if len(hashes) < len(found) or len(found) > _MAX_HASHES:
        raise InvalidInput(
            f"a proof has at most {_MAX_HASHES} hashes, a line each, {HASH_SIZE} bytes in base64",
            _WHOLE,
        )
    return tuple(hashes)
