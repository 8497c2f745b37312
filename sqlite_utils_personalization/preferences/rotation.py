"""Rotating a key: the customer keeps everything, under the hash of a new key."""

import hmac
import sqlite3
from hashlib import sha256
from typing import NamedTuple

from sqlite_utils_personalization.clock import utc_now
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.preferences.customer import key_hash
from sqlite_utils_personalization.preferences.erasure import require_events
from sqlite_utils_personalization.preferences.identity import bind
from sqlite_utils_personalization.preferences.profile import find_profile
from sqlite_utils_personalization.transaction import write_transaction

_MOVE = """
UPDATE am_personalization_profile SET user_token_hash = ?, last_updated_at = max(created_at, ?)
WHERE profile_id = ?
"""
_ROTATION = (
    "INSERT INTO am_personalization_rotation(profile_id, rotated_at, proof) VALUES (?, ?, ?)"
)


class Rotation(NamedTuple):
    """One replaced key. proof tells nothing to whoever does not have the old key."""

    profile_id: int
    rotated_at: str
    proof: str


def rotate(db: sqlite3.Connection, old_key: bytes, new_key: bytes) -> Rotation:
    """Give the customer with old_key the new one, and note that it was; joins the caller's transaction.

    The keys are hashed at once and neither is kept. PersonalizationError if no customer has the old key, if another
    has the new one, or if both are the same.
    """
    require_events(db)
    old, new = (key_hash(key) for key in (old_key, new_key))
    if old == new:
        raise PersonalizationError("the new key is the old one", "nothing was changed")
    db.execute("PRAGMA secure_delete = on")
    with write_transaction(db):
        profile = find_profile(db, old)
        if profile is None:
            raise PersonalizationError(
                "no customer has the old key", "check it; nothing was changed"
            )
        if find_profile(db, new):
            raise PersonalizationError(
                "another customer has the new key", "choose another; nothing was changed"
            )
        rotation = Rotation(profile.profile_id, utc_now(), rotation_proof(old_key, new))
        db.execute(_MOVE, (new, rotation.rotated_at, profile.profile_id))
        db.execute(_ROTATION, rotation)
        bind(db, profile.profile_id, new)
    return rotation


def rotation_proof(old_key: bytes, new_hash: str) -> str:
    """HMAC-SHA256, keyed with the old key, of the new key's hash: it tells something only to who has both."""
    return hmac.new(old_key, new_hash.encode(), sha256).hexdigest()
