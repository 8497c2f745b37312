"""One past night beside what it would have been: what changes for whom, counted."""

import sqlite3
from collections import Counter
from dataclasses import dataclass, field

from sqlite_utils_personalization.audit.impact.affected import Affected, note_affected
from sqlite_utils_personalization.audit.impact.again import Alteration, DecidedNight, decide_again
from sqlite_utils_personalization.audit.impact.figures import Side, side_of
from sqlite_utils_personalization.audit.impact.shown import pair_lists
from sqlite_utils_personalization.audit.verify.restored import bounds
from sqlite_utils_personalization.database import has_table
from sqlite_utils_personalization.formula.formula import evidence_link
from sqlite_utils_personalization.model.kinds import POINTS
from sqlite_utils_personalization.scoring.serve import IS_DELIVERED
from sqlite_utils_personalization.transaction import transaction

_OF_PAIRS = "SELECT coalesce(sum(customers), 0) FROM plan_pair"
_OF_CHANGES = "SELECT coalesce(sum(customers), 0) FROM plan_change"
# Who was and would be shown the same at the same places, with other points.
_RESCORED = f"""
{_OF_PAIRS} WHERE pair_no NOT IN (SELECT pair_no FROM plan_change)
AND pair_no IN (
    SELECT b.pair_no FROM plan_before b JOIN plan_after a ON a.pair_no = b.pair_no AND a.item_no = b.item_no
    WHERE {" OR ".join(f"a.{name} <> b.{name}" for name in (*POINTS, "score"))}
)
"""
_COUNTS = {
    "customers": _OF_PAIRS,
    "lists_changed": f"{_OF_PAIRS} WHERE pair_no IN (SELECT pair_no FROM plan_change)",
    "scores_changed": _RESCORED,
    "emptied_lists": f"{_OF_PAIRS} WHERE rows_before > 0 AND rows_after = 0",
    "filled_lists": f"{_OF_PAIRS} WHERE rows_before = 0 AND rows_after > 0",
    "items_in": f"{_OF_CHANGES} WHERE place_before IS NULL",
    "items_out": f"{_OF_CHANGES} WHERE place_after IS NULL",
    "moved": f"{_OF_CHANGES} WHERE place_before <> place_after",
}
# Rows of the run that were delivered, charged, and not taken back.
_DELIVERIES = "am_personalization_delivery"
_DELIVERED = f"""
SELECT count(DISTINCT v.rec_id) FROM am_personalization_delivery v
CROSS JOIN am_personalization_recommendation_log l ON l.rec_id = v.rec_id
{evidence_link()}
WHERE v.rec_id BETWEEN :first AND :last AND r.run_id = :run_id AND v.unit_price_yen > 0 AND {IS_DELIVERED}
    AND NOT EXISTS (SELECT 1 FROM am_personalization_delivery b WHERE b.reversal_of = v.delivery_id)
"""


@dataclass
class Compared:
    """One night, or several, before and after: numbers that add up."""

    counts: Counter[str] = field(default_factory=Counter)
    before: Side = field(default_factory=Side)
    after: Side = field(default_factory=Side)

    def add(self, other: "Compared") -> None:
        """Add another night."""
        self.counts.update(other.counts)
        self.before.add(other.before)
        self.after.add(other.after)


def compare(
    db: sqlite3.Connection, night: DecidedNight, change: Alteration, affected: Affected
) -> Compared:
    """Decide the night again with the change, count, and note in affected whom it concerns.

    Writes temporary tables only. PersonalizationError if a catalogue cannot be read.
    """
    with transaction(db):
        decide_again(db, night.run_id, change)
        pair_lists(db)
        found = Compared(
            Counter({name: db.execute(sql).fetchone()[0] for name, sql in _COUNTS.items()}),
            side_of(db, night.as_of, "before", night.top_k),
            side_of(db, night.as_of, "after", change.top_k or night.top_k),
        )
        note_affected(db, night.run_id, affected)
    found.counts["delivered"] = _delivered(db, night.run_id)
    return found


def _delivered(db: sqlite3.Connection, run_id: int) -> int:
    """How many rows of the run were delivered; read-only."""
    if not has_table(db, _DELIVERIES):
        return 0
    n: int = db.execute(_DELIVERED, {"run_id": run_id, **bounds(db, run_id)}).fetchone()[0]
    return n
