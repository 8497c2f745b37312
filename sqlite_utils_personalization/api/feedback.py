"""What customers say of single items.

Where a customer may be named otherwise than by the whole user_token_hash, it is only read. Errors that every function
here may raise beside its own are NoSchema, Locked, Damaged, ReadOnly, and InvalidInput where an argument cannot be.
"""

from typing import TypedDict

from sqlite_utils_personalization.api.declarations import read_profiles, whole_hash
from sqlite_utils_personalization.api.opened import (
    File,
    writing,
)
from sqlite_utils_personalization.database import require_evidence
from sqlite_utils_personalization.preferences import feedback as said
from sqlite_utils_personalization.preferences import profile as declared


class SaidOfItem(TypedDict):
    """The last word of a customer on one item; given_at, UTC, is None where there was nothing to withdraw."""

    recommendation_type: str
    item_id: str
    feedback: str
    given_at: str | None


class NotedFeedback(SaidOfItem):
    """The same, and whether it was 'noted' now or 'already noted' of the item as it is."""

    outcome: str


def give_feedback(
    file: File,
    customer: str,
    recommendation_type: str,
    item_id: str,
    feedback: str,
    *,
    timeout_s: float | None = None,
) -> NotedFeedback:
    """Note what the customer with this user_token_hash says of an item; it counts from the next night on.

    feedback is 'dismissed', 'interested', 'applied' or 'withdrawn', recommendation_type and item_id as a recommendation
    has them. NotFound if there is no such customer, or no night saw the item for this one.
    """
    user_token_hash = whole_hash(customer)
    said.check_feedback(recommendation_type, item_id, feedback)
    with writing(file, timeout_s) as found:
        require_evidence(found.conn, found.path)
        done = said.give_feedback(
            found.conn, user_token_hash, recommendation_type, item_id, feedback
        )
    return {**_said(done.said), "outcome": "noted" if done.added else "already noted"}


def list_feedback(file: File, customer: str | int) -> list[SaidOfItem]:
    """The last word of a customer on each item, without what was withdrawn, in the order it was given; read-only.

    NotFound if there is no such customer.
    """
    with read_profiles(file) as found:
        profile = declared.profile_of(found.conn, customer)
        return [_said(each) for each in said.feedback_of(found.conn, profile.user_token_hash)]


def _said(one: said.Feedback) -> SaidOfItem:
    return {
        "recommendation_type": one.recommendation_type,
        "item_id": one.item_id,
        "feedback": one.feedback,
        "given_at": one.given_at,
    }
