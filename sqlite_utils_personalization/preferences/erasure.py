"""Cutting the link from a key to its profile, and every other that we made: what was recommended leads nowhere.

The log and its evidence stay, and still verify.
"""

import json
import sqlite3
from collections.abc import Iterator
from secrets import token_hex
from typing import NamedTuple

from sqlite_utils_personalization.billing.delivery import BILLING_KEYS
from sqlite_utils_personalization.catalogue.saved_searches import NUMBERS
from sqlite_utils_personalization.clock import utc_now
from sqlite_utils_personalization.database import has_table, plain_rows
from sqlite_utils_personalization.errors import NoSchema
from sqlite_utils_personalization.evidence.seal import seal_events
from sqlite_utils_personalization.preferences.identity import hashes_of, unbind
from sqlite_utils_personalization.preferences.old_bytes import forget_samples, overwriting
from sqlite_utils_personalization.preferences.others import Known
from sqlite_utils_personalization.preferences.profile import find_profile
from sqlite_utils_personalization.transaction import write_transaction

ERASURES = "am_personalization_erasure"
_FEEDBACK = "am_personalization_feedback"
_RECONCILED = "am_personalization_reconciled"

_CUT = """
UPDATE am_personalization_profile
SET user_token_hash = ?, preference_json = '{}', last_updated_at = max(created_at, ?) WHERE profile_id = ?
"""
_ERASURE = f"""
INSERT INTO {ERASURES}(profile_id, erased_at, legal_basis, log_rows)
SELECT :profile_id, :now, :legal_basis, count(*) FROM am_personalization_recommendation_log
WHERE profile_id = :profile_id
"""
_SEARCHES = """
SELECT DISTINCT item_id FROM am_personalization_candidate
WHERE recommendation_type = 'saved_search' AND profile_id = ? ORDER BY 1
"""


_DELIVERIES = """
SELECT d.delivery_id, d.delivery_key FROM am_personalization_recommendation_log l
CROSS JOIN am_personalization_delivery d ON d.rec_id = l.rec_id WHERE l.profile_id = ?
"""
_LEFT = {
    NUMBERS: f"""
        SELECT DISTINCT profile_id FROM {NUMBERS} JOIN {ERASURES} USING (profile_id) ORDER BY 1
    """,
    BILLING_KEYS: f"""
        SELECT DISTINCT x.profile_id FROM {ERASURES} x
        CROSS JOIN am_personalization_recommendation_log l ON l.profile_id = x.profile_id
        CROSS JOIN am_personalization_delivery d ON d.rec_id = l.rec_id
        CROSS JOIN {BILLING_KEYS} b ON b.delivery_id = d.delivery_id ORDER BY 1
    """,
}
_OF_THESE = "delivery_id IN (SELECT value FROM json_each(?))"


class Erasure(NamedTuple):
    """One erased customer. log_rows stay in the log; saved_searches are item_ids that stay in the evidence, and stand
    for no search any more.

    feedback_rows stay too: past nights are decided again with what they looked at. statistics are the tables of whose
    samples the planner forgot some.
    """

    profile_id: int
    erased_at: str
    legal_basis: str
    log_rows: int
    saved_searches: list[str]
    feedback_rows: int
    statistics: list[str]


def erase(
    db: sqlite3.Connection, user_token_hash: str, legal_basis: str = "consent_withdrawn"
) -> Erasure | None:
    """Cut the link from this hash to its profile, and seal that it was; None if no customer has this hash.

    Joins the caller's transaction. The bytes are overwritten where they stood; of what is left of them elsewhere, and
    of what other programs hold, erasing.py has more. NoSchema where 901 is not applied.
    """
    require_events(db)
    with overwriting(db), write_transaction(db):
        profile = find_profile(db, user_token_hash)
        if profile is None:
            return None
        now, profile_id = utc_now(), profile.profile_id
        statistics = forget_samples(db, known_of(db, user_token_hash).hashes)
        db.execute(_CUT, (token_hex(32), now, profile_id))
        at = {"profile_id": profile_id, "now": now, "legal_basis": legal_basis}
        db.execute(_ERASURE, at)
        unbind(db, profile_id)
        _unrelate(db, profile_id)
        seal_events(db, (ERASURES,))
        (log_rows,) = db.execute(
            f"SELECT log_rows FROM {ERASURES} WHERE profile_id = ?", (profile_id,)
        ).fetchone()
        searches = [item_id for (item_id,) in db.execute(_SEARCHES, (profile_id,))]
        said = _feedback_rows(db, profile_id)
    return Erasure(profile_id, now, legal_basis, log_rows, searches, said, statistics)


def known_of(db: sqlite3.Connection, user_token_hash: str, *further: str | None) -> Known:
    """What leads to the customer with this hash, if there is one, and further hashes of the key; read-only."""
    profile = find_profile(db, user_token_hash)
    hashes = [*hashes_of(db, user_token_hash), *filter(None, further)]
    delivered = plain_rows(db, _DELIVERIES, (profile.profile_id,)) if profile else []
    return Known([*dict.fromkeys(hashes)], [key for _, key in delivered])


def _unrelate(db: sqlite3.Connection, profile_id: int) -> None:
    """Destroy what relates the customer's saved searches and charges to rows of other programs."""
    if has_table(db, NUMBERS):
        db.execute(f"DELETE FROM {NUMBERS} WHERE profile_id = ?", (profile_id,))
    ids = json.dumps([number for number, _ in plain_rows(db, _DELIVERIES, (profile_id,))])
    if has_table(db, BILLING_KEYS):
        db.execute(f"UPDATE {BILLING_KEYS} SET delivery_id = NULL WHERE {_OF_THESE}", (ids,))
    if has_table(db, _RECONCILED):
        # The moment of a charge names it as well as its key.
        cleared = "metered_at = NULL, metered_recorded_at = NULL"
        db.execute(f"UPDATE {_RECONCILED} SET {cleared} WHERE {_OF_THESE}", (ids,))


def left_relations(db: sqlite3.Connection) -> Iterator[tuple[str, int]]:
    """A table and a profile_id where erasing the customer should have destroyed what relates them; read-only."""
    if not has_table(db, ERASURES):
        return
    for table, sql in _LEFT.items():
        if has_table(db, table):
            yield from ((table, number) for (number,) in plain_rows(db, sql))


def _feedback_rows(db: sqlite3.Connection, profile_id: int) -> int:
    if not has_table(db, _FEEDBACK):
        return 0
    sql = f"SELECT count(*) FROM {_FEEDBACK} WHERE profile_id = ?"
    found: int = db.execute(sql, (profile_id,)).fetchone()[0]
    return found


def require_events(db: sqlite3.Connection, table: str = ERASURES) -> None:
    """NoSchema where 901 is not applied, so that this table of it is missing; read-only."""
    if not has_table(db, table):
        raise NoSchema(
            f"{table} not found", "run: sqlite-utils personalization-migrate, which adds 901"
        )
