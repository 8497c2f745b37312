"""Rotating a key: the customer keeps everything, under the hash of a new key."""

import hmac
import sqlite3
from hashlib import sha256
from typing import NamedTuple

from sqlite_utils_personalization.clock import utc_now
from sqlite_utils_personalization.errors import Conflict, InvalidInput, UnknownCustomer
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.preferences.customer import (
    KeyHashing,
    is_hash,
    key_hash,
)
from sqlite_utils_personalization.preferences.erasure import require_events
from sqlite_utils_personalization.preferences.identity import (
    bind,
    replace_hashes,
    user_token_hash_of,
)
from sqlite_utils_personalization.preferences.old_bytes import overwriting
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
    """One replaced key. proof tells nothing to whoever has neither key."""

    profile_id: int
    rotated_at: str
    proof: str


def rotate(
    db: sqlite3.Connection,
    old: bytes | str,
    new_key: bytes,
    hashing: KeyHashing = KeyHashing(),  # noqa: B008  # immutable
) -> Rotation:
    """Give the customer with the old key a new one, and note that it was; joins the caller's transaction.

    old is the key as bytes, or its hash as text: the user_token_hash, or what other programs keep of the key. The keys
    are hashed at once and neither is kept; the old hashes are, so that what other programs still hold under them stays
    the customer's, until they are erased. The same key with another hashing moves the customer to the other hash.
    UnknownCustomer if none has the old key, Conflict if another has the new one, InvalidInput if both are the same.
    """
    require_events(db)
    hashes, given = hashing.hash(new_key), _old_hashes(old, hashing)
    new = hashes.user_token_hash
    with overwriting(db), write_transaction(db):
        known = dict.fromkeys((*given, *(user_token_hash_of(db, one) for one in given)))
        profile = next(filter(None, (find_profile(db, one) for one in known)), None)
        if profile and profile.user_token_hash == new:
            raise InvalidInput(_("the new key is the old one"), _("nothing was changed"))
        if profile is None:
            raise UnknownCustomer(
                _("no customer has the old key"), _("check it; nothing was changed")
            )
        if find_profile(db, new):
            raise Conflict(
                _("another customer has the new key"), _("choose another; nothing was changed")
            )
        rotation = Rotation(profile.profile_id, utc_now(), rotation_proof(old, new_key, new))
        db.execute(_MOVE, (new, rotation.rotated_at, profile.profile_id))
        db.execute(_ROTATION, rotation)
        bind(db, profile.profile_id, new)
        before = {profile.user_token_hash, *given[:2]}
        replace_hashes(db, profile.profile_id, before, hashes, rotation.rotated_at)
    return rotation


def _old_hashes(old: bytes | str, hashing: KeyHashing) -> list[str]:
    if isinstance(old, bytes):
        found = hashing.hash(old)
        # Plain at last: the customer may be moved from there to HMAC.
        return [found.user_token_hash, found.known_as, key_hash(old)]
    if not is_hash(old):
        raise InvalidInput(
            _("the old hash is not 64 lower-case hex digits"),
            _("give it, or the old key as bytes"),
        )
    return [old]


def rotation_proof(old: bytes | str, new_key: bytes, new_hash: str) -> str:
    """HMAC-SHA256 of one hash under the other key: of the new hash under the old key, or if only its hash was given,
    of that under the new key. So it tells nothing to who has both hashes.
    """
    key, text = (old, new_hash) if isinstance(old, bytes) else (new_key, old)
    return hmac.new(key, text.encode(), sha256).hexdigest()
