"""Are deliveries, erasures and rotations those that were sealed, and do they refer to what is there?"""

import sqlite3
from collections.abc import Iterator

from sqlite_utils_personalization.audit.verify import Finding
from sqlite_utils_personalization.evidence.leaves import event_leaves
from sqlite_utils_personalization.evidence.seal import event_tables, segment_of, tree_of
from sqlite_utils_personalization.preferences.identity import misbound

_NOTHING_DELIVERED = """
SELECT delivery_id, rec_id FROM am_personalization_delivery d
WHERE NOT EXISTS (SELECT 1 FROM am_personalization_recommendation_log l WHERE l.rec_id = d.rec_id)
"""
_NOTHING_REVERSED = """
SELECT r.delivery_id FROM am_personalization_delivery r
LEFT JOIN am_personalization_delivery d ON d.delivery_id = r.reversal_of
WHERE r.reversal_of IS NOT NULL AND d.rec_id IS NOT r.rec_id
"""


def check_events(db: sqlite3.Connection) -> Iterator[Finding]:
    """Derive the tree of every sealed segment again, and follow what deliveries refer to; read-only."""
    found = event_tables(db)
    ends = dict.fromkeys(found, 0)
    for seal_id, leaves, root, manifest in db.execute(
        "SELECT seal_id, leaves, root, manifest_json FROM am_personalization_seal"
        " WHERE run_id IS NULL ORDER BY seal_id"
    ).fetchall():
        if segment := segment_of(manifest):
            table, after, end = segment
            if ends.get(table) != after or not _is_sealed(db, *segment, (leaves, root)):
                message = (
                    f"rows {after + 1} to {end} of {table} are not those that seal {seal_id} covers"
                )
                yield Finding("event", None, None, message)
            ends[table] = end
    for profile_id in misbound(db):
        message = f"profile {profile_id} has not the key it was bound to, and no rotation says so"
        yield Finding("event", None, None, message)
    if "am_personalization_delivery" in found:
        yield from _check_deliveries(db)


def _is_sealed(
    db: sqlite3.Connection, table: str, after: int, end: int, sealed: tuple[int, str]
) -> bool:
    return tree_of(event_leaves(db, table, after, end))[:2] == sealed


def _check_deliveries(db: sqlite3.Connection) -> Iterator[Finding]:
    for delivery_id, rec_id in db.execute(_NOTHING_DELIVERED):
        message = f"delivery {delivery_id} is of row {rec_id}, which the log does not have"
        yield Finding("event", None, rec_id, message)
    for (delivery_id,) in db.execute(_NOTHING_REVERSED):
        message = f"delivery {delivery_id} reverses none of the same recommendation"
        yield Finding("event", None, None, message)
