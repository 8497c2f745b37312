"""A customer's row: found by the hash of the key, and what is declared in it replaced as a whole or merged."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from sqlite_utils_personalization.canonical import canonical_json, sha256_hex
from sqlite_utils_personalization.clock import utc_now
from sqlite_utils_personalization.database import LOST, decoding
from sqlite_utils_personalization.errors import (
    Changed,
    InvalidInput,
    InvalidPreference,
    PersonalizationError,
)
from sqlite_utils_personalization.formula.declared import preference_schema
from sqlite_utils_personalization.model.model import load_model
from sqlite_utils_personalization.preferences.customer import active_condition, unknown_customer
from sqlite_utils_personalization.preferences.identity import note_other_hash
from sqlite_utils_personalization.preferences.validation import (
    parse_preference,
    preference_text,
    validate,
)
from sqlite_utils_personalization.transaction import write_transaction

# If-Match: * - whatever is stored, but something must be.
ANY_VERSION = "*"
# How often a declaration is merged anew, because another came in between.
TRIES = 5
# Enough to tell customers apart, too little to be taken for the hash.
HASH_PREFIX = 8


class Profile(NamedTuple):
    """One row of am_personalization_profile; times are UTC."""

    profile_id: int
    user_token_hash: str
    preference_json: str
    created_at: str
    last_updated_at: str

    @property
    def declared(self) -> dict[str, Any]:
        """What is declared. InvalidPreference if another program stored what is no JSON object."""
        try:
            found = parse_preference(self.preference_json)
        except InvalidPreference:
            found = None
        if not isinstance(found, dict):
            raise InvalidPreference(
                f"the preference stored for profile {self.profile_id} is not a JSON object",
                "set it anew",
            )
        return found

    @property
    def etag(self) -> str:
        """Stands for this customer's preference as it is now; another whenever it changes."""
        return sha256_hex(canonical_json([self.profile_id, self.preference_json]))[:32]


class Overtaken(Changed):
    """Somebody else declared between reading and storing."""


class StoredPreference(NamedTuple):
    """What setting a preference did: changed has (before, after) per key, None where not declared."""

    profile: Profile
    created: bool
    changed: dict[str, tuple[Any, Any]]


_COLUMNS = ", ".join(Profile._fields)
_FIND = (
    f"SELECT {_COLUMNS} FROM am_personalization_profile WHERE user_token_hash = ? AND {{active}}"
)
_TAKEN = "SELECT 1 FROM am_personalization_profile WHERE user_token_hash = ?"
_LIST = f"SELECT {_COLUMNS} FROM am_personalization_profile WHERE {{active}} ORDER BY profile_id"
_ADD = """
INSERT INTO am_personalization_profile(user_token_hash, preference_json, created_at, last_updated_at)
VALUES (:hash, :text, :now, :now)
"""
# A clock that went back must not fail the CHECK that nothing is updated before it was created.
_UPDATE = """
UPDATE am_personalization_profile SET preference_json = :text, last_updated_at = max(created_at, :now)
WHERE user_token_hash = :hash
"""


def find_profile(db: sqlite3.Connection, user_token_hash: str) -> Profile | None:
    """The customer with this hash, or None, also where it is the random one of an erased customer; read-only."""
    sql = _FIND.format(active=active_condition(db))
    with decoding(db):
        row = db.execute(sql, (user_token_hash,)).fetchone()
    return _profile(row) if row else None


def _profile(row: Iterable[Any]) -> Profile:
    """The row; what another program stored as a BLOB is no text, and none of its bytes are shown."""
    values: list[Any] = [LOST if isinstance(value, bytes) else value for value in row]
    return Profile(*values)


def require_profile(db: sqlite3.Connection, user_token_hash: str) -> Profile:
    """The same; UnknownCustomer, which does not repeat the hash, in place of None."""
    if profile := find_profile(db, user_token_hash):
        return profile
    raise unknown_customer()


def refuse_erased(db: sqlite3.Connection, user_token_hash: str) -> None:
    """PersonalizationError if the hash is the random one that stands for an erased customer; read-only."""
    is_taken = db.execute(_TAKEN, (user_token_hash,)).fetchone()
    if is_taken and find_profile(db, user_token_hash) is None:
        raise PersonalizationError(
            "this hash stands for an erased customer", "nothing can be done under it"
        )


def list_profiles(db: sqlite3.Connection) -> Iterator[tuple[int, str, str, str, str]]:
    """profile_id, the beginning of the hash, the declared keys, and the dates of every customer; read-only.

    A key that the schema does not know is not repeated, since it may be personal.
    """
    for row in db.execute(_LIST.format(active=active_condition(db))):
        profile = _profile(row)
        try:
            keys = ", ".join(map(_shown, profile.declared)) or "nothing"
        except InvalidPreference:
            keys = "not readable"
        yield profile.profile_id, profile.user_token_hash[:HASH_PREFIX], keys, *profile[3:]


def _shown(key: str) -> str:
    return key if key in preference_schema()["properties"] else "(unknown)"


class Merged(NamedTuple):
    """What a preference comes to with what was given, and the row it was merged into; None without a customer."""

    declared: dict[str, Any]
    read: Profile | None


def set_preferences(
    db: sqlite3.Connection,
    user_token_hash: str,
    declared: object,
    packs: Mapping[str, str],
    *,
    merge: bool = False,
    if_match: str | None = None,
    known_as: str | None = None,
) -> StoredPreference:
    """Store what a customer declares, adding the customer if there is none; last_updated_at moves only on a change.

    With merge, keys that are not given stay and those given as null go (RFC 7386). known_as is what other programs keep
    of the same key, noted if it is another hash. Validates before it takes the lock; joins the caller's transaction.
    InvalidPreference names every fault; PersonalizationError, if the hash is the random one of an erased customer;
    Changed, if if_match is neither the etag of what is stored nor ANY_VERSION.
    """
    if not merge:
        return store(
            db, user_token_hash, validate(declared, packs), if_match=if_match, known_as=known_as
        )
    for _ in range(TRIES - 1):
        found = merged(db, user_token_hash, declared, packs)
        with suppress(Overtaken):
            return store(
                db,
                user_token_hash,
                found.declared,
                if_match=if_match,
                merged=found,
                known_as=known_as,
            )
    found = merged(db, user_token_hash, declared, packs)
    return store(
        db, user_token_hash, found.declared, if_match=if_match, merged=found, known_as=known_as
    )


def merged(
    db: sqlite3.Connection, user_token_hash: str, given: object, packs: Mapping[str, str]
) -> Merged:
    """What is stored with what is given merged into it, valid; read-only, and in need of no lock. InvalidPreference."""
    before = find_profile(db, user_token_hash)
    return Merged(validate(_merged(_readable(before), given), packs), before)


def store(
    db: sqlite3.Connection,
    user_token_hash: str,
    declared: Mapping[str, Any],
    *,
    if_match: str | None = None,
    merged: Merged | None = None,
    known_as: str | None = None,
) -> StoredPreference:
    """Store what validate() returned. Errors as set_preferences; Overtaken, if merged is not of what is stored now."""
    text = preference_text(declared)
    with write_transaction(db):
        before = find_profile(db, user_token_hash)
        if if_match is not None and (before is None or if_match not in (before.etag, ANY_VERSION)):
            raise Changed(
                "the preference is not the one that was read", "read it again, then set it"
            )
        if merged and merged.read != before:
            raise Overtaken("somebody else declared at the same time", "nothing changed, try again")
        if before is None:
            refuse_erased(db, user_token_hash)
        known = _readable(before)
        changed = _differences(known or {}, declared)
        if before is None or changed or known is None:
            at = {"hash": user_token_hash, "text": text, "now": utc_now()}
            db.execute(_ADD if before is None else _UPDATE, at)
        after = find_profile(db, user_token_hash)
        if after and known_as not in (None, user_token_hash):
            note_other_hash(db, after.profile_id, str(known_as))
    assert after is not None
    return StoredPreference(after, before is None, changed)


def _readable(profile: Profile | None) -> dict[str, Any] | None:
    """What is stored, {} without a customer; None if it cannot be read, so that setting it replaces it."""
    try:
        return profile.declared if profile else {}
    except InvalidPreference:
        return None


def _merged(known: dict[str, Any] | None, given: object) -> object:
    if known is None:
        raise PersonalizationError(
            "what is stored is not a JSON object", "set the whole preference, without merging"
        )
    if not isinstance(given, dict):
        return given
    both = {**known, **given}
    return {key: value for key, value in both.items() if value is not None}


def _differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    return {
        key: (before.get(key), after.get(key))
        for key in sorted(before.keys() | after.keys())
        if before.get(key) != after.get(key)
    }


def declaration(db: sqlite3.Connection, user_token_hash: str, given: Mapping[str, Any]) -> Merged:
    """The keys that are given, without those given as null, with the rest that is stored; for store(), read-only.

    InvalidPreference names every fault; InvalidInput if nothing is given and nothing stored, which would add a
    customer who declared nothing.
    """
    if not given and find_profile(db, user_token_hash) is None:
        known = ", ".join(preference_schema()["properties"])
        raise InvalidInput("nothing is declared yet", f"give at least one of {known}")
    return merged(db, user_token_hash, given, load_model().constants["packs"])
