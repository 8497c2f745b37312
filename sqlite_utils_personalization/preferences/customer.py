"""Who a customer is: whoever has the key, known by its hash, until they are erased."""

import sqlite3
from hashlib import sha256

from sqlite_utils_personalization.database import has_table
from sqlite_utils_personalization.errors import InvalidRequest, UnknownCustomer

# The grounds of GDPR article 17(1), a to e, as 289 has them.
LEGAL_BASES = (
    "no_longer_necessary",
    "consent_withdrawn",
    "objection",
    "unlawful_processing",
    "legal_obligation",
)
_NOT_ERASED = "{} NOT IN (SELECT profile_id FROM am_personalization_erasure)"


# Longer than any key that is given out, and short enough to hash without thought.
LONGEST_KEY = 512
_BOM = b"\xef\xbb\xbf"


def plain_key(raw: bytes) -> bytes:
    """The key in what was sent, typed or read from a file: without byte order mark and white space around it.

    So it is one customer on every door. InvalidRequest, which repeats nothing, if what is left is no key.
    """
    key = raw.strip()
    while key.startswith(_BOM):
        key = key.removeprefix(_BOM).strip()
    if not 1 <= len(key) <= LONGEST_KEY or any(byte < 0x20 or byte == 0x7F for byte in key):
        raise InvalidRequest(
            f"the API key is empty, longer than {LONGEST_KEY} bytes, or not plain text",
            "give it as it was given out, from a file in UTF-8",
        )
    return key


def key_hash(key: bytes) -> str:
    """The user_token_hash of a raw API key. InvalidRequest as plain_key()."""
    return sha256(plain_key(key)).hexdigest()


def profile_id_of(db: sqlite3.Connection, user_token_hash: str) -> int:
    """The customer with this hash; read-only. UnknownCustomer, which does not repeat it, if there is none."""
    row = db.execute(
        "SELECT profile_id FROM am_personalization_profile WHERE user_token_hash = ?",
        (user_token_hash,),
    ).fetchone()
    if row is None:
        raise unknown_customer()
    found: int = row[0]
    return found


def unknown_customer() -> UnknownCustomer:
    """No customer has the hash that was given."""
    return UnknownCustomer(
        "no customer has this hash", "check the key; the hash of an erased customer is gone"
    )


def active_condition(db: sqlite3.Connection, profile_id: str = "profile_id") -> str:
    """An SQL condition on that column, true of every profile where 289 is not applied; read-only."""
    erasures = has_table(db, "am_personalization_erasure")
    return _NOT_ERASED.format(profile_id) if erasures else "1"
