"""Who a customer is: whoever has the key, known by its hash, until they are erased."""

import sqlite3
from hashlib import sha256

from sqlite_utils_personalization.database import has_table
from sqlite_utils_personalization.errors import UnknownCustomer

# The grounds of GDPR article 17(1), a to e, as 901 has them.
LEGAL_BASES = (
    "no_longer_necessary",
    "consent_withdrawn",
    "objection",
    "unlawful_processing",
    "legal_obligation",
)
_NOT_ERASED = "{} NOT IN (SELECT profile_id FROM am_personalization_erasure)"


def key_hash(key: bytes) -> str:
    """The user_token_hash of a raw API key."""
    return sha256(key).hexdigest()


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
    """An SQL condition on that column, true of every profile where 901 is not applied; read-only."""
    erasures = has_table(db, "am_personalization_erasure")
    return _NOT_ERASED.format(profile_id) if erasures else "1"
