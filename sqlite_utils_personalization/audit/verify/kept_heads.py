"""Heads that were kept outside the file: which there are, and who signed them."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import NamedTuple

from sqlite_utils_personalization.audit.verify import Finding
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.evidence.checkpoint import Checkpoint, read_heads
from sqlite_utils_personalization.evidence.note import (
    COSIGNATURE,
    Note,
    VerifierKey,
    parse_key,
    signers,
)

Kept = tuple[Checkpoint, Note]

_PRINTED = "give what personalization-seal printed"


class Signed(NamedTuple):
    """What is wrong with the signatures of kept heads, and what may be said of them otherwise."""

    findings: list[Finding]
    sentence: str


def read_kept(file: Path) -> list[Kept]:
    """The heads in a file, in its order; PersonalizationError if it holds none, or one that covers nothing."""
    try:
        # Some editors put a mark before the first byte.
        text = file.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise PersonalizationError(f"{file} cannot be read as text", _PRINTED) from None
    try:
        found = read_heads(text)
    except PersonalizationError as fault:
        raise PersonalizationError(f"{file}: {fault.what}", _PRINTED) from None
    if not found:
        raise PersonalizationError(f"{file} holds no head", _PRINTED)
    if any(head.size == 0 for head, _ in found):
        raise PersonalizationError(f"{file} holds a head that covers nothing", _PRINTED)
    return found


def read_keys(files: Iterable[Path]) -> list[VerifierKey]:
    """The public keys of a log in these files, a line each; PersonalizationError if one is none."""
    keys: list[VerifierKey] = []
    for file in files:
        try:
            lines = file.read_bytes().decode().split()
        except (OSError, UnicodeDecodeError):
            lines = []
        if not lines:
            raise PersonalizationError(
                f"{file} holds no public key", "give what personalization-seal --public-key printed"
            )
        keys += map(parse_key, lines)
    if any(key.kind == COSIGNATURE for key in keys):
        raise PersonalizationError("a public key is that of a witness", "give it with --witness")
    return keys


def read_witnesses(vkeys: Iterable[str]) -> list[VerifierKey]:
    """The keys of witnesses; PersonalizationError if one is none."""
    keys = [parse_key(vkey) for vkey in vkeys]
    if any(key.kind != COSIGNATURE for key in keys):
        raise PersonalizationError(
            "the key of a witness is not one for cosignatures", "give the witness's own key"
        )
    return keys


def check_signatures(
    kept: Sequence[Kept], keys: Sequence[VerifierKey], witnesses: Sequence[VerifierKey]
) -> Signed:
    """Whether each head is signed by one of the keys, if there are any, and each witness cosigned one of them.

    A signature by a key or a witness that is wrong is a finding; those by others prove nothing, and are left out.
    """
    findings: list[Finding] = []
    cosigned: dict[VerifierKey, tuple[int, int]] = {}
    signed: dict[VerifierKey, None] = {}
    for head, note in kept:
        which = f"the kept head of {head.size} seals"
        try:
            found = signers(note, [*keys, *witnesses])
        except PersonalizationError as fault:
            findings.append(Finding("head-not-signed", f"{which}: {fault.what}"))
            continue
        if keys and found.keys().isdisjoint(keys):
            findings.append(
                Finding("head-not-signed", f"{which} is signed by no key that was given")
            )
        signed |= dict.fromkeys(key for key in found if key in keys)
        for witness in witnesses:
            at = found.get(witness)
            if at is not None:
                cosigned[witness] = max(cosigned.get(witness, (0, 0)), (head.size, at))
    for witness in witnesses:
        if witness not in cosigned:
            findings.append(
                Finding("head-not-witnessed", f"{witness.name} cosigned none of the kept heads")
            )
    return Signed(findings, _sentence(kept, signed, cosigned))


def _sentence(
    kept: Sequence[Kept],
    keys: Iterable[VerifierKey],
    cosigned: dict[VerifierKey, tuple[int, int]],
) -> str:
    said = [
        f"cosigned by {witness.name} up to the head of {size} seals, {_instant(at)}"
        for witness, (size, at) in cosigned.items()
    ]
    if keys:
        said.insert(0, f"signed by {', '.join(dict.fromkeys(key.name for key in keys))}")
    elif any(
        signature[:2] not in {(witness.name, witness.key_id) for witness in cosigned}
        for _, note in kept
        for signature in note.signatures
    ):
        said.append("who signed it was not checked (--public-key)")
    return "; ".join(said)


def _instant(seconds: int) -> str:
    try:
        return f"{datetime.fromtimestamp(seconds, timezone.utc):%Y-%m-%dT%H:%M:%SZ}"
    except (OverflowError, OSError, ValueError):
        return f"{seconds} seconds after 1970"
