"""Heads that were kept outside the file: which there are, and who signed them."""

import os
import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import NamedTuple

from sqlite_utils_personalization.audit.verify import Finding
from sqlite_utils_personalization.errors import InvalidInput, PersonalizationError
from sqlite_utils_personalization.evidence.checkpoint import Checkpoint, read_heads
from sqlite_utils_personalization.evidence.note import (
    COSIGNATURE,
    Note,
    VerifierKey,
    parse_key,
    signers,
)
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.language import pgettext

Kept = tuple[Checkpoint, Note]

# How a public key begins: name+id+key.
_KEY = re.compile(r"[^+\s]+\+[0-9a-f]{8}\+")
_PRINTED = "give what personalization-seal printed"


class Signed(NamedTuple):
    """What is wrong with the signatures of kept heads, and what may be said of them otherwise."""

    findings: list[Finding]
    sentence: str


def read_kept(heads: str | os.PathLike[str]) -> list[Kept]:
    """The heads in a file, in its order, or in a text, which has line breaks as no path has.

    InvalidInput if it holds none, or one that covers nothing.
    """
    if not isinstance(heads, (str, os.PathLike)):
        raise InvalidInput("the heads are neither a text nor the path of a file", _PRINTED)
    is_text = isinstance(heads, str) and "\n" in heads
    file = "what was given" if is_text else heads
    try:
        # Some editors put a mark before the first byte.
        text = str(heads) if is_text else Path(heads).read_bytes().decode("utf-8-sig")
    except (OSError, ValueError):
        raise InvalidInput(f"{file} cannot be read as text", _PRINTED) from None
    try:
        found = read_heads(text)
    except PersonalizationError as fault:
        raise InvalidInput(f"{file}: {fault.what}", _PRINTED) from None
    if not found:
        raise InvalidInput(f"{file} holds no head", _PRINTED)
    if any(head.size == 0 for head, _ in found):
        raise InvalidInput(f"{file} holds a head that covers nothing", _PRINTED)
    return found


def read_keys(given: Iterable[str | os.PathLike[str]]) -> list[VerifierKey]:
    """The public keys of a log: each given itself, or by a file of them, a line each; InvalidInput if one is none."""
    keys: list[VerifierKey] = []
    for file in given:
        if isinstance(file, str) and _KEY.match(file):
            keys.append(parse_key(file.strip()))
            continue
        try:
            lines = Path(file).read_bytes().decode().split()
        except (OSError, ValueError, TypeError):
            lines = []
        if not lines:
            raise InvalidInput(
                f"{file} holds no public key", "give what personalization-seal --public-key printed"
            )
        keys += map(parse_key, lines)
    if any(key.kind == COSIGNATURE for key in keys):
        raise InvalidInput("a public key is that of a witness", "give it with --witness")
    return keys


def read_witnesses(vkeys: Iterable[str]) -> list[VerifierKey]:
    """The keys of witnesses; InvalidInput if one is none."""
    keys = [parse_key(vkey) for vkey in vkeys]
    if any(key.kind != COSIGNATURE for key in keys):
        raise InvalidInput(
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
        _(
            "cosigned by {witness} up to the head of {size} seals, {moment}",
            witness=witness.name,
            size=size,
            moment=_instant(at),
        )
        for witness, (size, at) in cosigned.items()
    ]
    if keys:
        names = pgettext("list", ", ").join(dict.fromkeys(key.name for key in keys))
        said.insert(0, _("signed by {names}", names=names))
    elif any(
        signature[:2] not in {(witness.name, witness.key_id) for witness in cosigned}
        for _head, note in kept
        for signature in note.signatures
    ):
        said.append(_("who signed it was not checked (--public-key)"))
    return pgettext("sentences", "; ").join(said)


def _instant(seconds: int) -> str:
    try:
        return f"{datetime.fromtimestamp(seconds, timezone.utc):%Y-%m-%dT%H:%M:%SZ}"
    except (OverflowError, OSError, ValueError):
        return _("{n} seconds after 1970", n=seconds)
