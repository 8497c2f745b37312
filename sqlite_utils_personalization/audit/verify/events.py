"""Are deliveries, erasures, bound and rotated keys those that were sealed, and do they refer to what is there?"""

import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

from sqlite_utils_personalization.audit.verify import Finding, guarded
from sqlite_utils_personalization.evidence.leaves import event_leaves
from sqlite_utils_personalization.evidence.seal import event_tables, segment_of, tree_of
from sqlite_utils_personalization.formula.evaluation import NOT_READABLE
from sqlite_utils_personalization.preferences.erasure import left_relations
from sqlite_utils_personalization.preferences.identity import (
    IDENTITIES,
    OTHER_HASHES,
    SALTS,
    left_hashes,
    left_salts,
    lost_salts,
    misbound,
    rebound,
)

_NOTHING_DELIVERED = """
SELECT delivery_id, rec_id FROM am_personalization_delivery d
WHERE NOT EXISTS (SELECT 1 FROM am_personalization_recommendation_log l WHERE l.rec_id = d.rec_id)
"""
_NOTHING_REVERSED = """
SELECT r.delivery_id FROM am_personalization_delivery r
LEFT JOIN am_personalization_delivery d ON d.delivery_id = r.reversal_of
WHERE r.reversal_of IS NOT NULL AND d.rec_id IS NOT r.rec_id
"""


_SEGMENTS = """
SELECT seal_id, leaves, root, manifest_json FROM am_personalization_seal WHERE run_id IS NULL ORDER BY seal_id
"""
_DELIVERY = "am_personalization_delivery"
_PROFILES = "am_personalization_profile"


class Sealed(NamedTuple):
    """A seal of a segment of a table of events: after < number <= end; its leaves and its root."""

    seal_id: int
    table: str
    after: int
    end: int
    tree: tuple[int, str]


def sealed_segments(db: sqlite3.Connection) -> list[Sealed]:
    """Every segment of events that a readable seal covers, in the order of seals; read-only."""
    return [
        Sealed(seal_id, *segment, (leaves, root))
        for seal_id, leaves, root, manifest in db.execute(_SEGMENTS).fetchall()
        if (segment := segment_or_none(manifest))
    ]


def segment_or_none(manifest_json: object) -> tuple[str, int, int] | None:
    """What segment_of says; None too of a manifest that cannot be read."""
    try:
        segment = segment_of(manifest_json)  # type: ignore[arg-type]
    except (*NOT_READABLE, RecursionError):
        return None
    whole = segment and all(isinstance(bound, int) for bound in segment[1:])
    return segment if whole else None


def check_events(db: sqlite3.Connection) -> Iterator[Finding]:
    """Derive the tree of every sealed segment again, and follow what deliveries refer to; read-only."""
    found = event_tables(db)
    ends: dict[str, int] = {}
    for sealed in sealed_segments(db):
        yield from guarded(
            "event", _segment(db, sealed, ends.get(sealed.table, 0), found), None, sealed.table
        )
        ends[sealed.table] = sealed.end
    yield from guarded("identity", _check_identities(db), None, IDENTITIES)
    if _DELIVERY in found:
        yield from guarded("delivery", _check_deliveries(db), None, _DELIVERY)


def _check_identities(db: sqlite3.Connection) -> Iterator[Finding]:
    for profile_id in misbound(db):
        what = f"profile {profile_id} has not the key it was bound to, and no rotation says so"
        yield Finding("identity-changed", what, None, None, _PROFILES, profile_id)
    for profile_id, bound, rotated in rebound(db):
        what = (
            f"profile {profile_id} was bound {bound} times, and its key was rotated {rotated} times"
        )
        yield Finding("identity-changed", what, None, None, _PROFILES, profile_id)
    for number, profile_id in lost_salts(db):
        what = (
            f"the salt of commitment {number} is missing, and profile {profile_id} was not erased"
        )
        yield Finding("row-missing", what, None, None, SALTS, number)
    for number, profile_id in left_salts(db):
        what = f"the salt of commitment {number} is there, and profile {profile_id} was erased"
        yield Finding("salt-left", what, None, None, SALTS, number)
    for profile_id in left_hashes(db):
        what = f"another hash of profile {profile_id} is there, and it was erased"
        yield Finding("salt-left", what, None, None, OTHER_HASHES, profile_id)
    for table, profile_id in left_relations(db):
        what = f"profile {profile_id} was erased, and is still related to rows of other programs"
        yield Finding("salt-left", what, None, None, table, profile_id)


def _segment(
    db: sqlite3.Connection, sealed: Sealed, sealed_to: int, found: list[str]
) -> Iterator[Finding]:
    seal_id, table, after, end, tree = sealed
    if table not in found:
        what = f"{table} is missing, of which seal {seal_id} covers rows {after + 1} to {end}"
        yield Finding("sealed-events-changed", what, table=table)
    elif sealed_to != after or tree_of(event_leaves(db, table, after, end))[:2] != tree:
        what = f"rows {after + 1} to {end} of {table} are not those that seal {seal_id} covers"
        yield Finding("sealed-events-changed", what, table=table)


def _check_deliveries(db: sqlite3.Connection) -> Iterator[Finding]:
    for delivery_id, rec_id in db.execute(_NOTHING_DELIVERED):
        what = f"delivery {delivery_id} is of row {rec_id}, which the log does not have"
        yield Finding("delivery-of-nothing", what, None, rec_id, _DELIVERY, delivery_id)
    for (delivery_id,) in db.execute(_NOTHING_REVERSED):
        what = f"delivery {delivery_id} reverses none of the same recommendation"
        yield Finding("reversal-of-nothing", what, None, None, _DELIVERY, delivery_id)
