"""Which keys a profile belongs to: the present one bound by a salted commitment that is sealed, others noted by hash.

Whoever swaps the hashes of two customers is found, since the commitments are sealed and each says whose hash it is.
Once a customer is erased the salt is gone: the commitment stays what was sealed, and tells nothing to who has the key.
Other hashes are of keys that were replaced, and what other programs keep of the same key under HMAC: by them a night
knows whose a saved search is, and erasure names what others hold.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from secrets import token_hex

from sqlite_utils_personalization.canonical import sha256_hex
from sqlite_utils_personalization.clock import utc_now
from sqlite_utils_personalization.database import has_table
from sqlite_utils_personalization.preferences.key_hashing import KeyHashes, active_condition
from sqlite_utils_personalization.transaction import transaction

IDENTITIES = "am_personalization_identity"
SALTS = "am_personalization_identity_salt"
OTHER_HASHES = "am_personalization_other_hash"
FORMAT = "personalization-identity/1"
# Customers bound in one transaction.
_BATCH = 5_000

_UNBOUND = f"""
SELECT profile_id, user_token_hash FROM am_personalization_profile p
WHERE profile_id > ? AND {{active}}
    AND NOT EXISTS (SELECT 1 FROM {IDENTITIES} i WHERE i.profile_id = p.profile_id)
ORDER BY profile_id LIMIT ?
"""
_BOUND = f"""
SELECT p.profile_id, p.user_token_hash, i.commitment, s.salt FROM am_personalization_profile p
JOIN {IDENTITIES} i ON i.identity_id = (
    SELECT max(identity_id) FROM {IDENTITIES} o WHERE o.profile_id = p.profile_id
)
LEFT JOIN {SALTS} s ON s.identity_id = i.identity_id
WHERE {{active}} ORDER BY p.profile_id
"""
_REBOUND = f"""
SELECT profile_id, bound, coalesce(rotated, 0) FROM (
    SELECT profile_id, count(*) AS bound FROM {IDENTITIES} GROUP BY profile_id HAVING bound > 1
) LEFT JOIN (
    SELECT profile_id, count(*) AS rotated FROM am_personalization_rotation GROUP BY profile_id
) USING (profile_id) WHERE bound > 1 + coalesce(rotated, 0) ORDER BY profile_id
"""
# What bound a key that was replaced since; misbound() tells of the others.
_LOST_SALTS = f"""
SELECT i.identity_id, i.profile_id FROM {IDENTITIES} i JOIN am_personalization_profile p USING (profile_id)
WHERE {{active}} AND i.identity_id NOT IN (SELECT identity_id FROM {SALTS}) AND EXISTS (
    SELECT 1 FROM {IDENTITIES} o WHERE o.profile_id = i.profile_id AND o.identity_id > i.identity_id
) ORDER BY 1
"""
_LEFT_SALTS = f"""
SELECT identity_id, i.profile_id FROM {SALTS} JOIN {IDENTITIES} i USING (identity_id)
WHERE NOT {{active}} ORDER BY 1
"""


def commitment(salt: str, profile_id: int, user_token_hash: str) -> str:
    """The sha256 of the form's name, the salt, the profile_id and the hash, a line each."""
    return sha256_hex(f"{FORMAT}\n{salt}\n{profile_id}\n{user_token_hash}\n")


def bind(db: sqlite3.Connection, profile_id: int, user_token_hash: str) -> None:
    """Bind a profile to this hash from now on, inside the caller's transaction; does nothing without the tables."""
    if has_table(db, IDENTITIES):
        salt = token_hex(32)
        number = db.execute(
            f"INSERT INTO {IDENTITIES}(profile_id, commitment, bound_at) VALUES (?, ?, ?)",
            (profile_id, commitment(salt, profile_id, user_token_hash), utc_now()),
        ).lastrowid
        db.execute(f"INSERT INTO {SALTS} VALUES (?, ?)", (number, salt))


def bind_customers(db: sqlite3.Connection) -> None:
    """Bind every customer that is not bound yet to the hash there is, a transaction per batch."""
    if not has_table(db, IDENTITIES):
        return
    last = 0
    sql = _UNBOUND.format(active=active_condition(db, "p.profile_id"))
    while db.execute(sql, (last, 1)).fetchone():
        with transaction(db, "IMMEDIATE"):
            # Read again: another process may have bound them.
            found = db.execute(sql, (last, _BATCH)).fetchall()
            for profile_id, user_token_hash in found:
                bind(db, profile_id, user_token_hash)
            last = found[-1][0] if found else last


def note_other_hash(
    db: sqlite3.Connection, profile_id: int, key_hash: str, replaced_at: str | None = None
) -> None:
    """Note another hash of the customer's key, or with replaced_at, in UTC, of one they had until then.

    Inside the caller's transaction; does nothing without the table.
    """
    if not has_table(db, OTHER_HASHES):
        return
    known = db.execute(
        f"SELECT replaced_at FROM {OTHER_HASHES} WHERE profile_id = ? AND key_hash = ?",
        (profile_id, key_hash),
    ).fetchone()
    if known is None or known[0] != replaced_at:
        db.execute(
            f"INSERT OR REPLACE INTO {OTHER_HASHES} VALUES (?, ?, ?)",
            (profile_id, key_hash, replaced_at),
        )


def replace_hashes(
    db: sqlite3.Connection, profile_id: int, old: Iterable[str], new: KeyHashes, replaced_at: str
) -> None:
    """Note which hashes are of the key that was replaced, and which of the new one; inside the caller's transaction."""
    if not has_table(db, OTHER_HASHES):
        return
    db.execute(
        f"UPDATE {OTHER_HASHES} SET replaced_at = ? WHERE profile_id = ? AND replaced_at IS NULL",
        (replaced_at, profile_id),
    )
    for key_hash in old:
        note_other_hash(db, profile_id, key_hash, replaced_at)
    db.execute(
        f"DELETE FROM {OTHER_HASHES} WHERE profile_id = ? AND key_hash = ?",
        (profile_id, new.user_token_hash),
    )
    if new.known_as != new.user_token_hash:
        note_other_hash(db, profile_id, new.known_as)


def hashes_of(db: sqlite3.Connection, user_token_hash: str) -> list[str]:
    """Every hash the customer with this one is or was known by, this one first; read-only."""
    found = [user_token_hash]
    if has_table(db, OTHER_HASHES):
        sql = (
            f"SELECT key_hash FROM {OTHER_HASHES} JOIN am_personalization_profile USING (profile_id)"
            f" WHERE user_token_hash = ? AND {active_condition(db)} ORDER BY key_hash"
        )
        found += [row[0] for row in db.execute(sql, (user_token_hash,))]
    return found


def user_token_hash_of(db: sqlite3.Connection, key_hash: str) -> str:
    """What identifies the customer whose present key has this hash in other programs; itself if nobody's; read-only."""
    if has_table(db, OTHER_HASHES):
        sql = (
            f"SELECT user_token_hash FROM am_personalization_profile JOIN {OTHER_HASHES} USING (profile_id)"
            f" WHERE key_hash = ? AND replaced_at IS NULL AND {active_condition(db)} ORDER BY profile_id LIMIT 1"
        )
        for (found,) in db.execute(sql, (key_hash,)):
            return str(found)
    return key_hash


def unbind(db: sqlite3.Connection, profile_id: int) -> None:
    """Destroy the salts and other hashes of a profile, inside the caller's transaction: no key leads to it any more."""
    if has_table(db, OTHER_HASHES):
        db.execute(f"DELETE FROM {OTHER_HASHES} WHERE profile_id = ?", (profile_id,))
    if has_table(db, IDENTITIES):
        db.execute(
            f"DELETE FROM {SALTS} WHERE identity_id IN"
            f" (SELECT identity_id FROM {IDENTITIES} WHERE profile_id = ?)",
            (profile_id,),
        )


def misbound(db: sqlite3.Connection) -> Iterator[int]:
    """profile_ids of customers whose hash is not the one they were bound to, or whose salt is gone; read-only."""
    if has_table(db, IDENTITIES):
        sql = _BOUND.format(active=active_condition(db, "p.profile_id"))
        for profile_id, user_token_hash, bound, salt in db.execute(sql):
            if salt is None or commitment(salt, profile_id, user_token_hash) != bound:
                yield profile_id


def rebound(db: sqlite3.Connection) -> Iterator[tuple[int, int, int]]:
    """profile_id, how often it was bound and how often its key was rotated, where it was bound too often; read-only."""
    if has_table(db, IDENTITIES):
        yield from db.execute(_REBOUND)


def lost_salts(db: sqlite3.Connection) -> Iterator[tuple[int, int]]:
    """identity_id and profile_id of what customers were bound to before, and whose salt is gone; read-only."""
    if has_table(db, IDENTITIES):
        yield from db.execute(_LOST_SALTS.format(active=active_condition(db, "p.profile_id")))


def left_hashes(db: sqlite3.Connection) -> Iterator[int]:
    """profile_ids whose other hashes erasing the customer should have destroyed; read-only."""
    if has_table(db, OTHER_HASHES):
        sql = f"SELECT DISTINCT profile_id FROM {OTHER_HASHES} WHERE NOT {active_condition(db)} ORDER BY 1"
        yield from (profile_id for (profile_id,) in db.execute(sql))


def left_salts(db: sqlite3.Connection) -> Iterator[tuple[int, int]]:
    """identity_id and profile_id of salts that erasing the customer should have destroyed; read-only."""
    if has_table(db, IDENTITIES):
        yield from db.execute(_LEFT_SALTS.format(active=active_condition(db, "i.profile_id")))
