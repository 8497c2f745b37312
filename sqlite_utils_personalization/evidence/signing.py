"""Ed25519 signatures of a head, for whoever receives it by a way they do not trust.

A signed head is the head with two more keys: signature, of the canonical JSON of the rest, and public_key, the body
of the PEM that `openssl pkey -pubout` prints. The key in it proves nothing unless it is one you know:

    jq -r .public_key head.json | base64 -d > head.pub
    jq -r .signature head.json | base64 -d > head.sig
    jq -cSj 'del(.signature, .public_key)' head.json > head.txt
    openssl pkeyutl -verify -pubin -keyform DER -inkey head.pub -rawin -in head.txt -sigfile head.sig
"""

from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlite_utils_personalization.canonical import canonical_json
from sqlite_utils_personalization.errors import PersonalizationError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_SSH = b"-----BEGIN OPENSSH PRIVATE KEY-----"
_WANTED = (
    "give an unencrypted Ed25519 key, such as: openssl genpkey -algorithm ed25519 -out seal.pem"
)


def load_key(path: Path) -> "Ed25519PrivateKey":
    """Read an unencrypted Ed25519 private key: PEM (PKCS8), or OpenSSH as ssh-keygen writes it. Read-only.

    PersonalizationError, which never quotes the file, if it is another key, an encrypted one or none, or if the
    package cryptography is not installed.
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
    data = _read(path)
    load = load_ssh_private_key if data.lstrip().startswith(_SSH) else load_pem_private_key
    try:
        key = load(data, password=None)
    except TypeError:
        # cryptography says so of a key that needs a password.
        raise PersonalizationError(f"{path} is encrypted", f"{_WANTED}") from None
    except (ValueError, UnsupportedAlgorithm):
        raise PersonalizationError(
            f"{path} is not a private key that can be read", f"{_WANTED}"
        ) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise PersonalizationError(f"{path} is not an Ed25519 key", f"{_WANTED}")
    return key


def sign_head(head: Mapping[str, Any], key: "Ed25519PrivateKey") -> dict[str, Any]:
    """The head with its signature and the public key, both base64; read-only."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    signature = key.sign(canonical_json(dict(head)).encode())
    return {
        **head,
        "signature": b64encode(signature).decode(),
        "public_key": b64encode(public).decode(),
    }


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise PersonalizationError(
            f"{path}: {error.strerror}", "give a readable key file"
        ) from None
