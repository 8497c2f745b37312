"""The head of a log as a checkpoint (c2sp.org/tlog-checkpoint): how many leaves, and the root of the tree over them.

    example.com/log
    3
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

    \N{EM DASH} example.com/log Az3grlgtzPICa5OS8npVmf1M...

Heads are kept in one file, each after the one before, exactly as they are printed. A head's lines are never empty
and never begin like a signature's: so its first empty line ends it, the lines with a dash are its signatures, and the
next line that has none begins the next head. Empty lines between heads mean nothing. A file of one head is a note.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypedDict

from sqlite_utils_personalization.errors import InvalidInput, PersonalizationError
from sqlite_utils_personalization.evidence.merkle import EMPTY_ROOT, HASH_SIZE, root
from sqlite_utils_personalization.evidence.note import (
    COSIGNATURE,
    DASH,
    Note,
    VerifierKey,
    decode_base64,
    encode_base64,
    format_note,
    is_key_name,
    key_of,
    parse_note,
    sign,
    signers,
)

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_NUMBER = re.compile("0|[1-9][0-9]*")
# Go's tlog counts leaves in an int64.
_MAX_SIZE = 2**63 - 1
_TEXT = re.compile(rf"(?:(?!{DASH})[^\n]+\n)+")
# A line that is cut off at the end of the file is still of this head.
_SIGNATURES = re.compile(rf"\n(?:{DASH}[^\n]*(?:\n|\Z))*")
_WHOLE = "give it as personalization-seal printed it"


class Checkpoint(NamedTuple):
    """The root, 32 bytes, of the RFC 6962 tree over the first size leaves of the log that origin names."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()


class Head(TypedDict):
    """The head of a log: its name, how many seals it has, the root over them in hex, and both as a signed note.

    public_key is that of the key it was signed with, None if it was not.
    """

    origin: str
    size: int
    root: str
    note: str
    public_key: str | None


class Vouched(NamedTuple):
    """A checkpoint, its log's keys that signed it, and the time of each witness, in seconds since 1970."""

    checkpoint: Checkpoint
    keys: tuple[VerifierKey, ...]
    witnesses: dict[VerifierKey, int]


def checkpoint_of(origin: str, leaf_hashes: Iterable[bytes]) -> Checkpoint:
    """The head of our log over these leaf hashes; InvalidInput if origin cannot name a key.

    The log's key is to have the name of its origin, which is why one with a space or a plus sign is refused.
    """
    if not is_key_name(origin) or origin.startswith(DASH):
        raise InvalidInput(
            "the origin of a log has no spaces and no plus sign",
            "give one such as: example.com/log",
        )
    size = 0

    def counted() -> Iterator[bytes]:
        nonlocal size
        for leaf in leaf_hashes:
            size += 1
            yield leaf

    top = root(counted())
    return Checkpoint(origin, size, top)


def format_checkpoint(checkpoint: Checkpoint) -> str:
    """The text of the note for a checkpoint; InvalidInput if there can be no such checkpoint."""
    origin, size, top, extensions = checkpoint
    text = "".join(f"{line}\n" for line in (origin, size, encode_base64(top), *extensions))
    if parse_checkpoint(text) != checkpoint:
        raise InvalidInput(
            "a line of a checkpoint cannot hold a newline", "give the lines apart from each other"
        )
    return text


def parse_checkpoint(text: str) -> Checkpoint:
    """The checkpoint in the text of a note; InvalidInput if it is none."""
    *lines, end = text.split("\n")
    if end or len(lines) < 3 or not all(lines):
        raise InvalidInput(
            "a head has three lines or more, none empty, each with a newline", _WHOLE
        )
    origin, size, encoded, *extensions = lines
    if not _NUMBER.fullmatch(size) or len(size) > 19 or int(size) > _MAX_SIZE:
        raise InvalidInput("the second line of a head is the number of leaves, in digits", _WHOLE)
    top = decode_base64(encoded)
    if top is None or len(top) != HASH_SIZE:
        raise InvalidInput(
            f"the third line of a head is its root, {HASH_SIZE} bytes in base64", _WHOLE
        )
    if size == "0" and top != EMPTY_ROOT:
        raise InvalidInput(
            "a head of no leaves has the root of an empty tree, and this has another", _WHOLE
        )
    return Checkpoint(origin, int(size), top, tuple(extensions))


def read_heads(text: str) -> list[tuple[Checkpoint, Note]]:
    """The heads in a file of them, in its order, each with its note; nothing is said of their signatures.

    InvalidInput, with the number of the head, at the first that is none, as where the file is cut off.
    """
    found: list[tuple[Checkpoint, Note]] = []
    for single in _split(text):
        try:
            note = parse_note(single)
            found.append((parse_checkpoint(note.text), note))
        except PersonalizationError as fault:
            raise InvalidInput(
                f"head {len(found) + 1} of the file: {fault.what}", fault.todo
            ) from None
    return found


def as_head(top: Checkpoint, key: "Ed25519PrivateKey | None" = None) -> Head:
    """A checkpoint for JSON, signed with the key if there is one."""
    text = format_checkpoint(top)
    return {
        "origin": top.origin,
        "size": top.size,
        "root": top.root.hex(),
        "note": format_note(Note(text, (sign(text, top.origin, key),) if key else ())),
        "public_key": str(key_of(top.origin, key)) if key else None,
    }


def verify_checkpoint(
    note: Note,
    origin: str,
    keys: Sequence[VerifierKey],
    witnesses: Sequence[VerifierKey] = (),
) -> Vouched:
    """The checkpoint of this log, signed by one of its keys, and which of these witnesses cosigned it.

    How many witnesses are enough is the caller's to say. InvalidInput if it is another log's, nobody signed it,
    or a signature by a key of these is wrong.
    """
    checkpoint = parse_checkpoint(note.text)
    if checkpoint.origin != origin:
        raise InvalidInput(
            "the head is that of another log", f"give one of which the first line is: {origin}"
        )
    if any(witness.kind != COSIGNATURE for witness in witnesses):
        raise InvalidInput(
            "the key of a witness is not one for cosignatures",
            f"give the witness's key of type {COSIGNATURE}",
        )
    found = signers(note, [*keys, *witnesses])
    signed = tuple(key for key in keys if key in found)
    if not signed:
        raise InvalidInput(
            "no key that was given signed the head",
            "give the log's public key, and a head that was signed with it",
        )
    times = {key: found.get(key) for key in witnesses}
    return Vouched(checkpoint, signed, {key: at for key, at in times.items() if at is not None})


def _split(text: str) -> Iterator[str]:
    """The notes in a file, in its order; at what is none, all that is left."""
    at = _after_empty_lines(text, 0)
    while at < len(text):
        body = _TEXT.match(text, at)
        end = body and _SIGNATURES.match(text, body.end())
        stop = end.end() if end else len(text)
        yield text[at:stop]
        at = _after_empty_lines(text, stop)


def _after_empty_lines(text: str, at: int) -> int:
    while text.startswith("\n", at):
        at += 1
    return at
