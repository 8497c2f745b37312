"""What kept an item from a customer that has a place on the list: a delivery, or what the customer said. Read-only.

It is told by the night's own statements, and from what the night looked at.
"""

import sqlite3
from typing import Any, NamedTuple

from sqlite_utils_personalization.database import has_table
from sqlite_utils_personalization.formula.evaluation import decoded_row
from sqlite_utils_personalization.formula.formula import IS_ITEM, evidence_link
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.scoring.serve import (
    HANDED,
    IS_DELIVERED,
    IS_NOTHING_NEW,
    IS_SAME,
    SAID,
    SPARED,
)

# n is the night, l the row that was delivered, c at first its item, then the one that is asked about.
DELIVERED = f"""
WITH h AS (
    SELECT {HANDED}, c.title, v.rec_id
    FROM am_personalization_run n CROSS JOIN am_personalization_recommendation_log l
    CROSS JOIN am_personalization_delivery v ON v.rec_id = l.rec_id
    {evidence_link()}
    WHERE n.run_id = :run_id AND l.profile_id = :profile_id AND v.delivery_id <= n.delivery_end
        AND date(v.delivered_at, '+9 hours') > date(n.as_of, -n.repeat_days || ' days')
        AND {IS_DELIVERED} AND {IS_ITEM} AND NOT EXISTS (
            SELECT 1 FROM am_personalization_delivery b
            WHERE b.reversal_of = v.delivery_id AND b.delivery_id <= n.delivery_end
        )
)
SELECT 'delivered', h.day, h.rec_id, h.item_id, h.title FROM am_personalization_candidate c CROSS JOIN h
WHERE c.candidate_id = :candidate_id AND {IS_SAME} AND {IS_NOTHING_NEW}
ORDER BY h.item_id <> c.item_id, h.day DESC, h.rec_id LIMIT 1
"""
REFUSED = f"""
SELECT h.feedback, h.day, NULL, h.item_id, NULL
FROM am_personalization_candidate c CROSS JOIN ({SAID}) h
WHERE c.candidate_id = :candidate_id AND h.profile_id = :profile_id AND h.feedback IN {SPARED}
    AND {IS_SAME} AND {IS_NOTHING_NEW}
ORDER BY h.item_id <> c.item_id, h.day DESC LIMIT 1
"""
FEEDBACK_END = """
SELECT feedback_end FROM am_personalization_run WHERE run_id = :run_id AND repeat_days IS NOT NULL
"""


class HandedOver(NamedTuple):
    """What was delivered, dismissed or applied for before the night, on a Japanese day, of an item or of its family.

    rec_id is the row that was delivered, title what it is called where that is known.
    """

    how: str
    on: str
    rec_id: int | None
    item_id: str
    title: str | None

    def sentence(self, item_id: str) -> str:
        """Why it kept item_id away."""
        values = {"named": self._named, "on": self.on, "rec_id": self.rec_id}
        if self.item_id == item_id:
            return _of_itself(self.how, **values)
        return _of_another(self.how, **values)

    @property
    def _named(self) -> str:
        return self.item_id if self.title is None else f"{self.title} ({self.item_id})"


def handed_over(
    db: sqlite3.Connection, run_id: int, profile_id: int, candidate_id: int
) -> HandedOver | None:
    """What the night saw that keeps the candidate from the customer; a delivery before a word. None if nothing does."""
    at: dict[str, Any] = {
        "run_id": run_id,
        "profile_id": profile_id,
        "candidate_id": candidate_id,
    }
    row = None
    if has_table(db, "am_personalization_delivery"):
        row = db.execute(DELIVERED, at).fetchone()
    end = db.execute(FEEDBACK_END, at).fetchone()
    if row is None and end and has_table(db, "am_personalization_feedback"):
        row = db.execute(REFUSED, {**at, "feedback": end[0]}).fetchone()
    return None if row is None else HandedOver(*decoded_row(row))


def _of_itself(how: str, **values: object) -> str:
    if how == "delivered":
        return _("delivered on {on} as row {rec_id}; nothing new since", **values)
    if how == "dismissed":
        return _("dismissed on {on}; nothing new since", **values)
    return _("applied for on {on}; nothing new since", **values)


def _of_another(how: str, **values: object) -> str:
    if how == "delivered":
        return _(
            "of the same programme, {named} was delivered on {on} as row {rec_id}; nothing new since",
            **values,
        )
    if how == "dismissed":
        return _(
            "of the same programme, {named} was dismissed on {on}; nothing new since", **values
        )
    return _("of the same programme, {named} was applied for on {on}; nothing new since", **values)
