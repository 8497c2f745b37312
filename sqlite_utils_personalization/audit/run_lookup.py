"""What a run stored of one customer and of one item. Read-only.

What another customer's saved search says is nobody's business: it is as if it did not exist.
"""

import json
import sqlite3
from typing import NamedTuple

from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.formula.evaluation import decoded_row
from sqlite_utils_personalization.model.kinds import TYPES, Declared

_LISTS = """
SELECT t.cohort_id, t.list_id, e.first_rec_id FROM am_personalization_recommendation_log l
CROSS JOIN am_personalization_evidence e ON e.first_rec_id = l.rec_id
CROSS JOIN am_personalization_list t ON t.list_id = e.list_id
WHERE l.profile_id = :profile_id AND t.run_id = :run_id
UNION ALL
SELECT t.cohort_id, t.list_id, NULL FROM am_personalization_run_customer u
JOIN am_personalization_list t USING (list_id)
WHERE u.run_id = :run_id AND u.profile_id = :profile_id
"""
_UNSERVED = """
SELECT cohort_id, reason FROM am_personalization_unserved WHERE run_id = :run_id AND profile_id = :profile_id
"""
_COHORT = f"SELECT {', '.join(Declared._fields)} FROM am_personalization_cohort WHERE cohort_id = ?"
# Of rows that share type and id, the one that was not left out counts: it comes last.
_ITEMS = """
SELECT c.recommendation_type, c.candidate_id, c.title, c.left_out, c.profile_id
FROM am_personalization_candidate c CROSS JOIN am_personalization_run_candidate x USING (candidate_id)
WHERE c.recommendation_type IN (SELECT value FROM json_each(:types)) AND c.item_id = :item_id
    AND x.run_id = :run_id AND (c.profile_id IS NULL OR c.profile_id = :profile_id)
ORDER BY c.left_out IS NULL, c.candidate_id DESC
"""
_SEQ = "SELECT seq FROM am_personalization_decision WHERE list_id = ? AND candidate_id = ?"


class Customer(NamedTuple):
    """A customer of a run: what was declared, or the reason why nothing was recommended.

    lists maps each list to the first log row written from it, None if the run has yet to log it.
    """

    declared: Declared | None
    reason: str | None
    lists: dict[int, int | None]


class RunItem(NamedTuple):
    """An item of a run; owner is whose saved search it is, left_out the rule that kept it out of the catalogue."""

    recommendation_type: str
    candidate_id: int
    title: str
    left_out: str | None
    owner: int | None


def customer_of_run(db: sqlite3.Connection, run_id: int, profile_id: int) -> Customer | None:
    """The customer, or None if there was no such one that night. PersonalizationError if evidence is missing."""
    at = {"run_id": run_id, "profile_id": profile_id}
    lists = db.execute(_LISTS, at).fetchall()
    if lists:
        first_rows = {list_id: first for _, list_id, first in reversed(lists)}
        return Customer(_declared(db, lists[0][0]), None, first_rows)
    unserved = db.execute(_UNSERVED, at).fetchone()
    if unserved is None:
        return None
    cohort_id, reason = decoded_row(unserved)
    return Customer(None if cohort_id is None else _declared(db, cohort_id), reason, {})


def item_of_run(
    db: sqlite3.Connection, run_id: int, profile_id: int, item_id: str, kind: str | None
) -> RunItem | None:
    """The item as this customer may see it, or None. PersonalizationError if the id alone does not tell the type."""
    types = json.dumps(TYPES if kind is None else [kind])
    at = {"run_id": run_id, "profile_id": profile_id, "item_id": item_id, "types": types}
    found = {
        item.recommendation_type: item
        for item in (RunItem(*decoded_row(row)) for row in db.execute(_ITEMS, at))
    }
    if len(found) > 1:
        kinds = " and ".join(f"'{name}'" for name in TYPES if name in found)
        raise PersonalizationError(
            f"item {item_id} of run {run_id} is of type {kinds}", "say which with --type"
        )
    return next(iter(found.values()), None)


def place_on_lists(
    db: sqlite3.Connection, customer: Customer, item: RunItem
) -> tuple[bool, int | None]:
    """Whether the item is on a list of the customer's, and the log row, None if it is not logged yet."""
    for list_id, first_rec_id in customer.lists.items():
        row = db.execute(_SEQ, (list_id, item.candidate_id)).fetchone()
        if row is not None:
            return True, None if first_rec_id is None else first_rec_id + row[0] - 1
    return False, None


def _declared(db: sqlite3.Connection, cohort_id: int) -> Declared:
    row = db.execute(_COHORT, (cohort_id,)).fetchone()
    if row is None:
        raise PersonalizationError(
            f"what the customer declared, cohort {cohort_id}, is missing",
            "run personalization-verify",
        )
    return Declared(*decoded_row(row))
