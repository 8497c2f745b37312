"""RFC 6962 Merkle trees over SHA-256 (RFC 9162, section 2.1): roots, inclusion and consistency.

Builders take the leaf hashes in order, once, and keep O(log n) of them. Verifiers need no tree, only
its root and size, both from a source they trust: a root does not bind its size.
"""

from base64 import b85decode, b85encode
from collections.abc import Iterable, Iterator
from hashlib import sha256
from itertools import islice
from sys import maxsize

HASH_SIZE = 32
EMPTY_ROOT = sha256(b"").digest()

_LEAF, _NODE = b"\x00", b"\x01"
# Whole batches of a power of two halve without a remainder; the size only trades memory for speed.
_BATCH = 1 << 10
_BASE85_SIZE = HASH_SIZE // 4 * 5

# A complete subtree: its height and its root.
_Peak = tuple[int, bytes]


def leaf_hash(leaf: bytes) -> bytes:
    """Hash of one leaf's content, 32 bytes."""
    return sha256(_LEAF + leaf).digest()


def root(leaf_hashes: Iterable[bytes]) -> bytes:
    """Root of the tree over these leaf hashes, 32 bytes; read-only.

    ValueError if a leaf hash is not 32 bytes long.
    """
    peaks = _peaks(iter(leaf_hashes))
    return _fold(peaks) if peaks else EMPTY_ROOT


def peak_ends(size: int) -> list[int]:
    """Where the complete subtrees of a tree of size leaves end, largest first: 4, 6 and 7 in one of 7."""
    ends: list[int] = []
    while size > 0:
        ends.insert(0, size)
        size &= size - 1
    return ends


def grow(peaks: list[bytes], size: int, leaf: bytes) -> list[bytes]:
    """The roots of the complete subtrees once a leaf hash follows size leaves, of which peaks are the roots.

    Largest first, as `peak_ends` has them. ValueError if peaks are not as many, or a hash is not 32 bytes long.
    """
    _check([*peaks, leaf])
    if len(peaks) != size.bit_count():
        raise ValueError(f"{len(peaks)} subtrees are no tree of {size} - it has {size.bit_count()}")
    left, node = list(peaks), leaf
    while size & 1:
        node = _node(left.pop(), node)
        size >>= 1
    return [*left, node]


def root_of_peaks(peaks: list[bytes]) -> bytes:
    """Root of the tree with these complete subtrees, largest first."""
    return _fold([(0, peak) for peak in peaks]) if peaks else EMPTY_ROOT


def inclusion_path(leaf_hashes: Iterable[bytes], index: int) -> list[bytes]:
    """Siblings from leaf number index (from 0) up to the root; read-only.

    IndexError if there is no such leaf; ValueError if a leaf hash is not 32 bytes long.
    """
    if index < 0:
        raise IndexError(f"no leaf {index} - leaves are numbered from 0")
    leaves = iter(leaf_hashes)
    left = _peaks(leaves, index)
    if not _peaks(leaves, 1):
        raise IndexError(f"no leaf {index} in a tree of {_size(left)} - leaves are numbered from 0")
    return _siblings(0, left, leaves)


def consistency_path(leaf_hashes: Iterable[bytes], first_size: int) -> list[bytes]:
    """Nodes that prove the tree of the first first_size leaves to be the start of this; read-only.

    Empty if there are no further leaves. ValueError if first_size is below 1 or above the number of
    leaves, or a leaf hash is not 32 bytes long.
    """
    if first_size < 1:
        raise ValueError(f"a first tree of {first_size} leaves - sizes start at 1")
    leaves = iter(leaf_hashes)
    peaks = _peaks(leaves, first_size)
    if first_size > _size(peaks):
        raise ValueError(f"a first tree of {first_size} leaves - there are only {_size(peaks)}")
    height, node = peaks.pop()
    # The verifier knows the root of a complete first tree: RFC 9162 leaves it out.
    start = [node] if peaks else []
    further = _peaks(leaves, 1 << height)
    return [*start, _fold(further), *_siblings(height + 1, peaks, leaves)] if further else []


def root_from_path(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """Root of the tree of size leaves in which path leads up from this leaf hash at index.

    ValueError if index is not in 0..size-1, path not of the one length possible, a hash not 32 bytes.
    """
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size} - leaves are numbered from 0")
    sides = list(_sides(index, size - 1))
    if len(path) != len(sides):
        raise ValueError(
            f"{len(path)} hashes lead nowhere from leaf {index} of {size} - it takes {len(sides)}"
        )
    _check([leaf, *path])
    node = leaf
    for on_left, sibling in zip(sides, path, strict=True):
        node = _node(sibling, node) if on_left else _node(node, sibling)
    return node


def verify_inclusion(
    leaf: bytes, index: int, size: int, path: list[bytes], root_hash: bytes
) -> bool:
    """Whether path proves this leaf hash at index under the root of a tree of size leaves.

    If root_hash is that of a tree of size leaves, nothing passes at an index but the leaf that is there,
    with its own path. A size from the prover proves less: a path passes for every index and size
    that take the same turns.
    """
    try:
        return root_from_path(leaf, index, size, path) == root_hash
    except ValueError:
        return False


def verify_consistency(
    first_size: int, second_size: int, first_root: bytes, second_root: bytes, path: list[bytes]
) -> bool:
    """Whether path proves the tree of first_root to be the start of the tree of second_root.

    Sizes from 1, as in RFC 9162. If second_root is that of a tree of second_size leaves, nothing passes
    but the root of its first first_size leaves, with its own path.
    """
    lengths = {*map(len, (first_root, second_root, *path))}
    if not 1 <= first_size <= second_size or lengths != {HASH_SIZE}:
        return False
    if first_size == second_size:
        return not path and first_root == second_root
    height = (first_size & -first_size).bit_length() - 1
    sides = list(_sides((first_size - 1) >> height, (second_size - 1) >> height))
    complete = first_size == 1 << height
    nodes = [first_root, *path] if complete else path
    if len(nodes) != 1 + len(sides):
        return False
    first = second = nodes[0]
    for on_left, sibling in zip(sides, nodes[1:], strict=True):
        if on_left:
            first, second = _node(sibling, first), _node(sibling, second)
        else:
            second = _node(second, sibling)
    return (first, second) == (first_root, second_root)


def encode_path(path: list[bytes]) -> str:
    """The path as text, 40 characters of base85 a hash: at most 960 at 10 million leaves.

    ValueError if a hash is not 32 bytes long.
    """
    _check(path)
    return b85encode(b"".join(path)).decode()


def decode_path(text: str) -> list[bytes]:
    """The path that `encode_path` made this text of; ValueError if it made no such text."""
    # Without this, b85decode would pad: two texts for one path.
    if len(text) % _BASE85_SIZE:
        raise ValueError(
            f"{len(text)} characters are no path - it has {_BASE85_SIZE} for each hash"
        )
    try:
        joined = b85decode(text)
    except ValueError as error:
        raise ValueError(f"not a path in base85: {error}") from None
    return [joined[at : at + HASH_SIZE] for at in range(0, len(joined), HASH_SIZE)]


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(_NODE + left + right).digest()


def _check(hashes: list[bytes]) -> None:
    for size in {*map(len, hashes)} - {HASH_SIZE}:
        raise ValueError(f"a hash of {size} bytes, not {HASH_SIZE} - leaves go through leaf_hash")


def _peaks(leaves: Iterator[bytes], limit: int = maxsize) -> list[_Peak]:
    """The complete subtrees, largest first, over the next limit leaves or as many as there are."""
    peaks: list[_Peak] = []
    leaves = islice(leaves, min(limit, maxsize))
    while level := list(islice(leaves, _BATCH)):
        _check(level)
        peaks += _peaks_of_batch(level)
        while len(peaks) > 1 and peaks[-1][0] == peaks[-2][0]:
            (height, left), (_, right) = peaks[-2:]
            peaks[-2:] = [(height + 1, _node(left, right))]
    return peaks


def _peaks_of_batch(level: list[bytes]) -> list[_Peak]:
    peaks: list[_Peak] = []
    height = 0
    while level:
        if len(level) % 2:
            peaks.append((height, level.pop()))
        pairs = iter(level)
        # Spelt out, not _node: the call would cost a sixth of the whole.
        level = [
            sha256(_NODE + left + right).digest() for left, right in zip(pairs, pairs, strict=True)
        ]
        height += 1
    return peaks[::-1]


def _size(peaks: list[_Peak]) -> int:
    return sum(1 << height for height, _ in peaks)


def _fold(peaks: list[_Peak]) -> bytes:
    *rest, (_, node) = peaks
    for _, left in reversed(rest):
        node = _node(left, node)
    return node


def _siblings(height: int, left: list[_Peak], leaves: Iterator[bytes]) -> list[bytes]:
    """The siblings of a node of this height and of the nodes above it, lowest first.

    left are the complete subtrees before it, leaves what follows it: where no subtree of its own height
    ends just before the node, its sibling is the next 2**height leaves, or what is left of them.
    """
    path = []
    while True:
        if left and left[-1][0] == height:
            path.append(left.pop()[1])
        elif right := _peaks(leaves, 1 << height):
            path.append(_fold(right))
        else:
            return path + [peak for _, peak in reversed(left)]
        height += 1


def _sides(node: int, last: int) -> Iterator[bool]:
    """For each sibling from this node up: is it on the left? last is the level's last node."""
    while last:
        if node % 2:
            yield True
        elif node < last:
            yield False
        # An even last node has no sibling: it goes up as it is.
        node, last = node // 2, last // 2
