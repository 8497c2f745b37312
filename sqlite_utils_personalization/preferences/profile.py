"""A customer's row: found by the hash of the key, and what is declared in it replaced as a whole or merged."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from sqlite_utils_personalization.canonical import canonical_json, sha256_hex
from sqlite_utils_personalization.clock import utc_now
from sqlite_utils_personalization.database import LOST, decoding
from sqlite_utils_personalization.errors import (
    Changed,
    Conflict,
    InvalidInput,
    InvalidPreference,
)
from sqlite_utils_personalization.formula.declared import preference_schema
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.preferences.customer import (
    SHORT,
    active_condition,
    find_customer,
    unknown_customer,
)
from sqlite_utils_personalization.preferences.identity import note_other_hash
from sqlite_utils_personalization.preferences.validation import (
    parse_preference,
    preference_text,
    validate,
    without_nulls,
)
from sqlite_utils_personalization.transaction import write_transaction

# If-Match: * - whatever is stored, but something must be.
ANY_VERSION = "*"


class Profile(NamedTuple):
    """One row of am_personalization_profile; times are UTC."""

    profile_id: int
    user_token_hash: str
    preference_json: str
    created_at: str
    last_updated_at: str

    @property
    def declared(self) -> dict[str, Any]:
        """What is declared. Conflict if another program stored what is no JSON object."""
        if (found := self.readable) is None:
            raise Conflict(
                _(
                    "the preference stored for profile {profile_id} is not a JSON object",
                    profile_id=self.profile_id,
                ),
                _("set it anew"),
            )
        return found

    @property
    def readable(self) -> dict[str, Any] | None:
        """The same, or None."""
        try:
            found = parse_preference(self.preference_json)
        except InvalidPreference:
            return None
        return found if isinstance(found, dict) else None

    @property
    def handle(self) -> str:
        """What stands for the customer where the whole hash is not shown."""
        return self.user_token_hash[:SHORT]

    @property
    def etag(self) -> str:
        """Stands for this customer's preference as it is now; another whenever it changes."""
        return sha256_hex(canonical_json([self.profile_id, self.preference_json]))[:32]


class StoredPreference(NamedTuple):
    """What setting a preference did: changed has (before, after) per key, None where not declared.

    is_updated is also where what was stored could not be read, and nothing that could changed.
    """

    profile: Profile
    is_created: bool
    is_updated: bool
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


def profile_of(db: sqlite3.Connection, customer: object) -> Profile:
    """The customer that find_customer() finds, if they are not erased; read-only. Errors as there."""
    sql = f"SELECT {_COLUMNS} FROM am_personalization_profile WHERE profile_id = ? AND {active_condition(db)}"
    with decoding(db):
        row = db.execute(sql, (find_customer(db, customer),)).fetchone()
    if row is None:
        raise unknown_customer()
    return _profile(row)


def refuse_erased(db: sqlite3.Connection, user_token_hash: str) -> None:
    """Conflict if the hash is the random one that stands for an erased customer; read-only."""
    is_taken = db.execute(_TAKEN, (user_token_hash,)).fetchone()
    if is_taken and find_profile(db, user_token_hash) is None:
        raise Conflict(
            _("this hash stands for an erased customer"), _("nothing can be done under it")
        )


def list_profiles(db: sqlite3.Connection) -> Iterator[Profile]:
    """Every customer, by profile_id; read-only."""
    return map(_profile, db.execute(_LIST.format(active=active_condition(db))))


def shown_keys(profile: Profile) -> str | None:
    """The keys that a customer declares, None where they cannot be read.

    One that the schema does not know is not repeated, since it may be personal.
    """
    if profile.readable is None:
        return None
    known = preference_schema()["properties"]
    return ", ".join(key if key in known else "(unknown)" for key in profile.readable)


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
    of the same key, noted if it is another hash. Joins the caller's transaction. InvalidPreference names every fault;
    Changed, if if_match is neither the etag of what is stored nor ANY_VERSION; Conflict, if the hash is the random one
    of an erased customer, or what is stored cannot be merged into.
    """
    with write_transaction(db):
        before = find_profile(db, user_token_hash)
        if if_match is not None and (before is None or if_match not in (before.etag, ANY_VERSION)):
            raise Changed(
                _("the preference is not the one that was read"), _("read it again, then set it")
            )
        if before is None:
            refuse_erased(db, user_token_hash)
        known = before.readable if before else {}
        valid = validate(_merged(known, declared) if merge else declared, packs)
        changed = _differences(known or {}, valid)
        is_updated = before is not None and (bool(changed) or known is None)
        if before is None or is_updated:
            at = {"hash": user_token_hash, "text": preference_text(valid), "now": utc_now()}
            db.execute(_ADD if before is None else _UPDATE, at)
        after = require_profile(db, user_token_hash)
        if known_as not in (None, user_token_hash):
            note_other_hash(db, after.profile_id, str(known_as))
    return StoredPreference(after, before is None, is_updated, changed)


def _merged(known: dict[str, Any] | None, given: object) -> object:
    if known is None:
        raise Conflict(
            _("what is stored is not a JSON object"),
            _("set the whole preference, without merging"),
        )
    return without_nulls({**known, **given}) if isinstance(given, Mapping) else given


def _differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    return {
        key: (before.get(key), after.get(key))
        for key in sorted(before.keys() | after.keys())
        if before.get(key) != after.get(key)
    }


def require_declared(db: sqlite3.Connection, user_token_hash: str) -> None:
    """InvalidInput if nothing is, so that merging nothing would add a customer who declared nothing; read-only."""
    if find_profile(db, user_token_hash) is None:
        known = ", ".join(preference_schema()["properties"])
        raise InvalidInput(
            _("nothing is declared yet"), _("give at least one of {names}", names=known)
        )
