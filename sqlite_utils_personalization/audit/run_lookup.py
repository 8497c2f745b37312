"""What a run stored of one customer and of one item. Read-only.

What another customer's saved search says is nobody's business: it is as if it did not exist.
"""

import json
import sqlite3
from typing import Any, NamedTuple

from sqlite_utils_personalization.audit.handed_over import HandedOver, handed_over
from sqlite_utils_personalization.catalogue.saved_searches import item_id_of_search
from sqlite_utils_personalization.database import has_table
from sqlite_utils_personalization.errors import InvalidInput, NotIntact
from sqlite_utils_personalization.formula.evaluation import decoded_row
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.language import pgettext
from sqlite_utils_personalization.model.kinds import TYPES, Declared

_RANGES = """
SELECT t.cohort_id, t.list_id, e.first_seq, e.n, e.first_rec_id FROM am_personalization_recommendation_log l
CROSS JOIN am_personalization_evidence e ON e.first_rec_id = l.rec_id
CROSS JOIN am_personalization_list t ON t.list_id = e.list_id
WHERE l.profile_id = :profile_id AND t.run_id = :run_id
UNION ALL
SELECT t.cohort_id, t.list_id, u.first_seq, u.n, NULL FROM am_personalization_run_customer u
JOIN am_personalization_list t USING (list_id)
WHERE u.run_id = :run_id AND u.profile_id = :profile_id
"""
_UNSERVED = """
SELECT cohort_id, reason FROM am_personalization_unserved WHERE run_id = :run_id AND profile_id = :profile_id
"""
_COHORT = f"SELECT {', '.join(Declared._fields)} FROM am_personalization_cohort WHERE cohort_id = ?"
# Of rows that share type and id, the one that was not left out counts: it comes last. A saved search has another id.
_ITEMS = """
SELECT c.recommendation_type, c.candidate_id, c.title, c.left_out, c.profile_id
FROM am_personalization_candidate c CROSS JOIN am_personalization_run_candidate x USING (candidate_id)
WHERE c.recommendation_type IN (SELECT value FROM json_each(:types)) AND c.item_id IN (:item_id, :search)
    AND (c.item_id = :item_id OR c.recommendation_type = 'saved_search')
    AND x.run_id = :run_id AND (c.profile_id IS NULL OR c.profile_id = :profile_id)
ORDER BY c.left_out IS NULL, c.candidate_id DESC
"""
# The places of a type on what a cohort was offered, or what the owner of searches was.
_PLACES = """
SELECT d.list_id, d.seq, d.candidate_id, c.why FROM am_personalization_list t
CROSS JOIN am_personalization_decision d ON d.list_id = t.list_id
CROSS JOIN am_personalization_candidate c ON c.candidate_id = d.candidate_id
WHERE t.run_id = :run_id AND t.cohort_id = :cohort_id AND coalesce(t.profile_id, 0) = :owner
    AND c.recommendation_type = :recommendation_type ORDER BY d.seq
"""
# The last of what the customer had said of each item when the run looked.
_SAID = """
SELECT f.recommendation_type, f.item_id, f.feedback
FROM am_personalization_run r CROSS JOIN am_personalization_feedback f
WHERE r.run_id = :run_id AND f.profile_id = :profile_id AND f.feedback_id <= r.feedback_end ORDER BY f.feedback_id
"""


FOLLOWED = ("program", "interested")


class GivenRange(NamedTuple):
    """Places of a list that a customer was given; first_rec_id is None while the run has yet to log them."""

    list_id: int
    first_seq: int
    n: int
    first_rec_id: int | None

    def has(self, place: "_Place") -> bool:
        return self.list_id == place.list_id and 0 <= place.seq - self.first_seq < self.n


class Customer(NamedTuple):
    """A customer of a run: what was declared, or the reason why nothing was recommended; ranges as in the log."""

    declared: Declared | None
    reason: str | None
    cohort_id: int | None
    ranges: tuple[GivenRange, ...]


class RunItem(NamedTuple):
    """An item of a run; owner is whose saved search it is, left_out the rule that kept it out of the catalogue."""

    recommendation_type: str
    candidate_id: int
    title: str
    left_out: str | None
    owner: int | None


class Standing(NamedTuple):
    """How an item came to be on a customer's list or not, by what the run stored.

    how is "given", "passed over" as something handed over before is, "cut" where the list was full, or "unknown" where
    nothing explains it. rec_id is the row of what was given, None if it is not logged yet; before what was handed over
    of it; end the place at which the list ends.
    """

    how: str
    end: int
    rec_id: int | None = None
    before: HandedOver | None = None


class _Place(NamedTuple):
    list_id: int
    seq: int
    candidate_id: int
    why: str

    @property
    def program(self) -> Any:
        """Of which program it is a change."""
        why = json.loads(self.why)
        return why.get("program") if isinstance(why, dict) else None


def customer_of_run(db: sqlite3.Connection, run_id: int, profile_id: int) -> Customer | None:
    """The customer, or None if there was no such one that night. NotIntact if evidence is missing."""
    at = {"run_id": run_id, "profile_id": profile_id}
    found = db.execute(_RANGES, at).fetchall()
    if found:
        # What is waiting comes in its own order, after what was logged.
        found.sort(key=lambda row: (row[-1] is None, row[-1] or 0))
        ranges = tuple(GivenRange(*row[1:]) for row in found)
        return Customer(_declared(db, found[0][0]), None, found[0][0], ranges)
    unserved = db.execute(_UNSERVED, at).fetchone()
    if unserved is None:
        return None
    cohort_id, reason = decoded_row(unserved)
    return Customer(None if cohort_id is None else _declared(db, cohort_id), reason, cohort_id, ())


def item_of_run(
    db: sqlite3.Connection, run_id: int, profile_id: int, item_id: str, kind: str | None
) -> RunItem | None:
    """The item as this customer may see it, or None. InvalidInput if the id alone does not tell the type."""
    types = json.dumps(TYPES if kind is None else [kind])
    search = item_id_of_search(db, profile_id, item_id)
    at = {
        "run_id": run_id,
        "profile_id": profile_id,
        "item_id": item_id,
        "search": search,
        "types": types,
    }
    found = {
        item.recommendation_type: item
        for item in (RunItem(*decoded_row(row)) for row in db.execute(_ITEMS, at))
    }
    if len(found) > 1:
        kinds = pgettext("list", " and ").join(f"'{name}'" for name in TYPES if name in found)
        values = {"item_id": item_id, "run_id": run_id, "kinds": kinds}
        raise InvalidInput(
            _("item {item_id} of run {run_id} is of type {kinds}", **values),
            _("say which with --type"),
        )
    return next(iter(found.values()), None)


def standing(
    db: sqlite3.Connection,
    run_id: int,
    profile_id: int,
    customer: Customer,
    item: RunItem,
    top_k: int,
) -> Standing:
    """Where the item stands for the customer, by the lists and the ranges that the run stored."""
    at = {
        "run_id": run_id,
        "profile_id": profile_id,
        "cohort_id": customer.cohort_id,
        "owner": item.owner or 0,
        "recommendation_type": item.recommendation_type,
    }
    places = [_Place(*row) for row in db.execute(_PLACES, at)]
    mine = next((place for place in places if place.candidate_id == item.candidate_id), None)
    given: list[_Place] = []
    for one in customer.ranges:
        if mine and one.has(mine):
            first = one.first_rec_id
            rec_id = None if first is None else first + mine.seq - one.first_seq
            return Standing("given", top_k, rec_id)
        given += filter(one.has, places)
    if given == places[:top_k]:
        return Standing("cut" if mine else "unknown", top_k)
    before = handed_over(db, run_id, profile_id, item.candidate_id) if mine else None
    is_full = len(given) >= top_k
    end = places.index(given[-1]) + 1 if is_full else max(len(places), top_k)
    if before:
        return Standing("passed over", end, before=before)
    if mine is None or not is_full:
        return Standing("unknown", end)
    # Changes of what is followed come before all others.
    followed = {
        item_id for (kind, item_id), word in _said(db, at).items() if (kind, word) == FOLLOWED
    }
    order = [(place.program not in followed, place.seq) for place in (*given, mine)]
    return Standing("unknown" if order.pop() < max(order) else "cut", end)


def _said(db: sqlite3.Connection, at: dict[str, Any]) -> dict[tuple[str, str], str]:
    if not has_table(db, "am_personalization_feedback"):
        return {}
    return {(kind, item_id): feedback for kind, item_id, feedback in db.execute(_SAID, at)}


def _declared(db: sqlite3.Connection, cohort_id: int) -> Declared:
    row = db.execute(_COHORT, (cohort_id,)).fetchone()
    if row is None:
        raise NotIntact(
            f"what the customer declared, cohort {cohort_id}, is missing",
            "run personalization-verify",
        )
    return Declared(*decoded_row(row))
