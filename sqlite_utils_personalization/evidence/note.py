"""Signed notes, as c2sp.org/signed-note has them, with Ed25519 keys and the cosignatures of c2sp.org/tlog-cosignature.

A note is text, an empty line, and a line for each signature. Here it may have none: a head that nobody signed ends
with its empty line. Checking takes nothing but Python; signing takes cryptography, the extra [sign].
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from sqlite_utils_personalization.errors import InvalidInput, PersonalizationError
from sqlite_utils_personalization.private_files import read_secret
from sqlite_utils_personalization.verify_receipt import ed25519_verify

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

# The types that the two specifications assign.
SIGNATURE, COSIGNATURE = 0x01, 0x04
# They leave the limit open, from 16 up; this one is that of Go's golang.org/x/mod/sumdb/note.
MAX_SIGNATURES = 100
DASH = "\N{EM DASH} "

_ID_SIZE, _KEY_SIZE, _TIME_SIZE = 4, 32, 8
_CONTROL = re.compile(r"[\x00-\x1f]")
_NOT_IN_NAMES = re.compile(r"[\s+]")
_HEX_ID = re.compile("[0-9a-f]{8}")
_SSH = b"-----BEGIN OPENSSH PRIVATE KEY-----"
_WANTED_KEY = (
    "give an unencrypted Ed25519 key, such as: openssl genpkey -algorithm ed25519 -out seal.pem"
)


class Signature(NamedTuple):
    """One line under a note: the name and the id of a key, 4 bytes, and what the key signed with."""

    name: str
    key_id: bytes
    signature: bytes


class Note(NamedTuple):
    """Text that ends with a newline, and who says to have signed it, in the order of their lines."""

    text: str
    signatures: tuple[Signature, ...] = ()


class VerifierKey(NamedTuple):
    """A public Ed25519 key, 32 bytes, whose it is, and for what: SIGNATURE or COSIGNATURE."""

    name: str
    public: bytes
    kind: int = SIGNATURE

    @property
    def key_id(self) -> bytes:
        """The 4 bytes that stand for the key in a signature."""
        hashed = b"\n".join([self.name.encode(), bytes([self.kind]) + self.public])
        return sha256(hashed).digest()[:_ID_SIZE]

    def __str__(self) -> str:
        """The line that c2sp.org/signed-note calls a vkey, as Go's sumdb/note reads it."""
        encoded = encode_base64(bytes([self.kind]) + self.public)
        return f"{self.name}+{self.key_id.hex()}+{encoded}"


def parse_key(vkey: str) -> VerifierKey:
    """The key of a line name+id+key; InvalidInput if it is none, or not one of Ed25519."""
    todo = "give the line that whoever signs has published, as in: example.com/log+530d903a+Aeky..."
    name, hex_id, encoded = (*vkey.split("+", 2), "", "")[:3]
    if not is_key_name(name) or not _HEX_ID.fullmatch(hex_id):
        raise InvalidInput("a public key is written name+id+key, the id 8 hex digits", todo)
    material = decode_base64(encoded)
    if not material:
        raise InvalidInput("the public key is not in base64", todo)
    kind, public = material[0], material[1:]
    if kind not in (SIGNATURE, COSIGNATURE) or len(public) != _KEY_SIZE:
        raise InvalidInput(
            f"a public key of type {kind} with {len(public)} bytes is not checked here",
            f"give one of Ed25519: type {SIGNATURE}, or {COSIGNATURE} of a witness, with {_KEY_SIZE} bytes",
        )
    key = VerifierKey(name, public, kind)
    if key.key_id.hex() != hex_id:
        raise InvalidInput("the id in the public key is not that of its name and key", todo)
    return key


def parse_note(text: str) -> Note:
    """The note in a text; InvalidInput if it is none.

    Stricter than the specification in two points, so that a note has one form: base64 is as it is encoded, and a
    signature is at least a byte longer than its key's id.
    """
    _check_text(text)
    body, gap, lines = text.rpartition("\n\n")
    if not gap:
        raise InvalidInput(
            "a note has an empty line before its signatures, and this has none",
            "give the whole note",
        )
    return Note(f"{body}\n", parse_signatures(lines))


def format_note(note: Note) -> str:
    """The note as text, for a file or a witness; InvalidInput if there can be no such note."""
    _check_text(note.text)
    text = f"{note.text}\n{''.join(map(_line, note.signatures))}"
    if parse_note(text) != note:
        raise InvalidInput(
            "a signature's name, id or bytes cannot be in a note", "sign the text again"
        )
    return text


def parse_signatures(lines: str) -> tuple[Signature, ...]:
    """The signatures of such lines, as a witness returns them; InvalidInput at a line that is none."""
    if lines and not lines.endswith("\n"):
        raise InvalidInput("the last signature of the note is cut off", "give the whole note")
    found = [*map(_signature, lines.split("\n")[:-1])]
    if len(found) > MAX_SIGNATURES:
        raise InvalidInput(
            f"a note of {len(found)} signatures is not read",
            f"give it with at most {MAX_SIGNATURES}, those of keys you know",
        )
    return tuple(found)


def with_signatures(note: Note, further: Iterable[Signature]) -> Note:
    """The note with further signatures after its own, each line once: what witnesses returned is kept so."""
    return Note(note.text, tuple(dict.fromkeys([*note.signatures, *further])))


def signers(note: Note, keys: Sequence[VerifierKey]) -> dict[VerifierKey, int | None]:
    """Which of these keys signed the note; for a cosignature the time in it, in seconds since 1970, else None.

    Signatures by other keys are left out: they prove nothing. Of several by one key all are checked, and the earliest
    time counts. InvalidInput if one by a key of these is wrong.
    """
    known = {(key.name, key.key_id): key for key in keys}
    if len(known) < len({*keys}):
        raise InvalidInput("two public keys have the same name and id", "give one of them")
    found: dict[VerifierKey, int | None] = {}
    for signature in note.signatures:
        key = known.get((signature.name, signature.key_id))
        if key is None:
            continue
        times = (_verified(note.text, key, signature.signature), found.get(key))
        found[key] = min((time for time in times if time is not None), default=None)
    return found


def key_of(name: str, private_key: "Ed25519PrivateKey") -> VerifierKey:
    """The public key for what is signed with this private key under this name; InvalidInput if it is none."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    if not is_key_name(name):
        raise InvalidInput(
            "a key's name has no spaces and no plus sign", "give one such as: example.com/log"
        )
    public = private_key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return VerifierKey(name, public)


def sign(text: str, name: str, private_key: "Ed25519PrivateKey") -> Signature:
    """The signature of a note's text; InvalidInput if there can be no such note, or no key of this name."""
    _check_text(text)
    key = key_of(name, private_key)
    return Signature(name, key.key_id, private_key.sign(text.encode()))


def is_key_name(name: str) -> bool:
    """Whether a key can have this name: not empty, no plus sign, nothing that Unicode takes for a space."""
    return bool(name) and not _CONTROL.search(name) and not _NOT_IN_NAMES.search(name)


def encode_base64(data: bytes) -> str:
    """The base64 of RFC 4648, section 4."""
    return b64encode(data).decode()


def decode_base64(text: str) -> bytes | None:
    """The bytes of base64 as it is encoded, None if it is written in any other way."""
    try:
        found = b64decode(text, validate=True)
    except ValueError:
        return None
    # b64decode passes over bits that no byte is made of: two texts for the same bytes.
    return found if encode_base64(found) == text else None


def _check_text(text: str) -> None:
    if not text.endswith("\n"):
        raise InvalidInput("a note ends with a newline", "give the whole note")
    if _CONTROL.search(text.replace("\n", "")):
        raise InvalidInput(
            "a note has no control characters", "give it as it was written, with newlines only"
        )
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidInput("a note is UTF-8", "give it as it was written") from None


def _signature(line: str) -> Signature:
    name, _, encoded = line.removeprefix(DASH).partition(" ")
    data = decode_base64(encoded) or b""
    if not line.startswith(DASH) or not is_key_name(name) or len(data) <= _ID_SIZE:
        raise InvalidInput(
            "a line after the note's last empty line is not a signature",
            f"give the note as it was written, such a line being: {DASH}name base64",
        )
    return Signature(name, data[:_ID_SIZE], data[_ID_SIZE:])


def _line(signature: Signature) -> str:
    encoded = encode_base64(signature.key_id + signature.signature)
    return f"{DASH}{signature.name} {encoded}\n"


def _verified(text: str, key: VerifierKey, signature: bytes) -> int | None:
    """The time in a signature of this key, None if it is no cosignature; InvalidInput if it is wrong."""
    signed_at = None
    if key.kind == COSIGNATURE:
        time, signature = signature[:_TIME_SIZE], signature[_TIME_SIZE:]
        signed_at = int.from_bytes(time, "big")
        text = f"cosignature/v1\ntime {signed_at}\n{text}"
    is_signed = ed25519_verify(key.public, text.encode(), signature)
    if not is_signed or (signed_at or 0) >= 2**63:
        raise InvalidInput(
            f"the signature of {key.name} is not one of this text",
            "ask where the note comes from: it, or the signature, was changed",
        )
    return signed_at


def load_key(path: Path) -> "Ed25519PrivateKey":
    """Read an unencrypted Ed25519 private key: PEM (PKCS8), or OpenSSH as ssh-keygen writes it. Read-only.

    InvalidInput, which never quotes the file, if it is another key, an encrypted one or none, if others may
    read it, or if the package cryptography is not installed.
    """
    try:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import (
            load_pem_private_key,
            load_ssh_private_key,
        )
    except ImportError:
        raise PersonalizationError(
            "signing needs cryptography", "run: pip install 'sqlite-utils-personalization[sign]'"
        ) from None
    data = _read_key(path)
    load = load_ssh_private_key if data.lstrip().startswith(_SSH) else load_pem_private_key
    try:
        key = load(data, password=None)
    except TypeError:
        # cryptography says so of a key that needs a password.
        raise InvalidInput(f"{path} is encrypted", f"{_WANTED_KEY}") from None
    except (ValueError, UnsupportedAlgorithm):
        raise InvalidInput(
            f"{path} is not a private key that can be read", f"{_WANTED_KEY}"
        ) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise InvalidInput(f"{path} is not an Ed25519 key", f"{_WANTED_KEY}")
    return key


def _read_key(path: Path) -> bytes:
    try:
        return read_secret(path)
    except OSError as error:
        raise InvalidInput(f"{path}: {error.strerror}", "give a readable key file") from None
