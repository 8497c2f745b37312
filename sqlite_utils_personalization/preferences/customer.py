"""Who a customer is: whoever has the key, known by its hash, until they are erased."""

import hmac
import re
import sqlite3
from dataclasses import dataclass, field
from hashlib import sha256

from sqlite_utils_personalization.database import has_table
from sqlite_utils_personalization.errors import InvalidInput, UnknownCustomer, whole
from sqlite_utils_personalization.language import gettext as _

# The grounds of GDPR article 17(1), a to e, as 901 has them.
LEGAL_BASES = (
    "no_longer_necessary",
    "consent_withdrawn",
    "objection",
    "unlawful_processing",
    "legal_obligation",
)
_NOT_ERASED = "{} NOT IN (SELECT profile_id FROM am_personalization_erasure)"


# What may identify a customer.
KEY_HASHES = ("sha256", "hmac")


@dataclass(frozen=True)
class KeyHashes:
    """What is left of a key: the customer's hash in our tables, and what other programs keep of the same key."""

    user_token_hash: str
    known_as: str


@dataclass(frozen=True)
class KeyHashing:
    """How keys are hashed, by every command and door: kind, of KEY_HASHES, says which hash identifies a customer.

    With a secret other programs keep the HMAC-SHA256 of a key under it (RFC 2104), or else its sha256; in hex.
    InvalidInput of what cannot be.
    """

    kind: str = "sha256"
    secret: bytes | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.kind not in KEY_HASHES:
            raise InvalidInput(
                "the hash of keys is of no known kind", f"give one of {', '.join(KEY_HASHES)}"
            )
        if (self.secret is None and self.kind == "hmac") or self.secret == b"":
            raise InvalidInput("the secret of the HMAC is empty or not there", "give it")
        if not isinstance(self.secret, bytes | None):
            raise InvalidInput("the secret of the HMAC is not bytes", "give it as secret.encode()")

    def hash(self, key: bytes) -> KeyHashes:
        """Hash a key, given as the bytes the customer has."""
        plain = key_hash(key)
        if self.secret is None:
            return KeyHashes(plain, plain)
        known_as = hmac.new(self.secret, plain_key(key), sha256).hexdigest()
        return KeyHashes(known_as if self.kind == "hmac" else plain, known_as)


# Longer than any key that is given out, and short enough to hash without thought.
LONGEST_KEY = 512
_BOM = b"\xef\xbb\xbf"


def plain_key(raw: bytes) -> bytes:
    """The key in what was sent, typed or read from a file: without byte order mark and white space around it.

    So it is one customer on every door. InvalidInput, which repeats nothing, if what is left is no key.
    """
    if not isinstance(raw, bytes):
        raise InvalidInput("the API key is not bytes", "give it as key.encode()")
    key = raw.strip()
    while key.startswith(_BOM):
        key = key.removeprefix(_BOM).strip()
    if not 1 <= len(key) <= LONGEST_KEY or any(byte < 0x20 or byte == 0x7F for byte in key):
        raise InvalidInput(
            _(
                "the API key is empty, longer than {most} bytes, or not plain text",
                most=LONGEST_KEY,
            ),
            _("give it as it was given out, from a file in UTF-8"),
        )
    return key


def key_hash(key: bytes) -> str:
    """The user_token_hash of a raw API key. InvalidInput as plain_key()."""
    return sha256(plain_key(key)).hexdigest()


def secret_of(text: bytes) -> bytes:
    """The secret that a file or variable holds: a line break at its end is not part of it."""
    return text.rstrip(b"\r\n")


def is_hash(text: object) -> bool:
    """Whether it has the form of a key's hash: 64 lower-case hex digits."""
    return isinstance(text, str) and bool(re.fullmatch("[0-9a-f]{64}", text))


def profile_id_of(db: sqlite3.Connection, user_token_hash: str) -> int:
    """The customer with this hash; read-only. UnknownCustomer, which does not repeat it, if there is none.

    Nobody has the random one that stands in the place of an erased customer's.
    """
    sql = "SELECT profile_id FROM am_personalization_profile WHERE user_token_hash = ?"
    row = db.execute(f"{sql} AND {active_condition(db)}", (user_token_hash,)).fetchone()
    if row is None:
        raise unknown_customer()
    found: int = row[0]
    return found


# What pages and lists call a customer by: so many hex digits of the hash.
SHORT = 8
_BEGINNING = re.compile(f"[0-9a-f]{{{SHORT},63}}")
_BEGINS = """
SELECT count(*), min(profile_id) FROM am_personalization_profile
WHERE user_token_hash >= ? AND user_token_hash < ? || 'g' AND {active}
"""


def is_beginning(text: str) -> bool:
    """Whether it has the form of the beginning of a hash, of SHORT digits or more."""
    return bool(_BEGINNING.fullmatch(text))


def find_customer(db: sqlite3.Connection, customer: object) -> int:
    """The profile_id of a customer: by that, by the whole hash, or by its beginning, SHORT hex digits or more.

    For what only reads; read-only. UnknownCustomer if there is none, InvalidInput if several begin so, or if it is
    none of the three. Erased customers are found by their profile_id alone.
    """
    if not isinstance(customer, str):
        return _existing_profile(db, customer)
    if is_hash(customer):
        return profile_id_of(db, customer)
    if not is_beginning(customer):
        raise InvalidInput(
            _("customer is neither a hash nor the beginning of one"),
            _(
                "give 64 lower-case hex digits, the first {n} or more of them, or a profile_id as a number",
                n=SHORT,
            ),
        )
    sql = _BEGINS.format(active=active_condition(db))
    n, found = db.execute(sql, (customer, customer)).fetchone()
    if n == 0:
        raise unknown_customer()
    if n > 1:
        raise InvalidInput(
            _("{n} customers have a hash that begins so", n=n),
            _("give more of its digits, or the whole"),
        )
    return int(found)


def _existing_profile(db: sqlite3.Connection, customer: object) -> int:
    number = whole(customer, "customer")
    sql = "SELECT 1 FROM am_personalization_profile WHERE profile_id = ?"
    if db.execute(sql, (number,)).fetchone() is None:
        raise UnknownCustomer(
            _("there is no customer {number}", number=number), _("give a hash or a profile_id")
        )
    return number


def unknown_customer() -> UnknownCustomer:
    """No customer has the hash that was given."""
    return UnknownCustomer(
        _("no customer has this hash"),
        _("check the key; the hash of an erased customer is gone"),
    )


def active_condition(db: sqlite3.Connection, profile_id: str = "profile_id") -> str:
    """An SQL condition on that column, true of every profile where 901 is not applied; read-only."""
    erasures = has_table(db, "am_personalization_erasure")
    return _NOT_ERASED.format(profile_id) if erasures else "1"
