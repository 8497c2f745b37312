"""The operator's Ed25519 key, with which heads are signed."""

from pathlib import Path
from typing import TYPE_CHECKING

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


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise PersonalizationError(
            f"{path}: {error.strerror}", "give a readable key file"
        ) from None
