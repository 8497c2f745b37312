"""What a customer says of an item: dismissed, interested, applied for, or withdrawn, which takes that back.

Append-only, and the last word on an item counts. From the next night on what was dismissed or applied for is skipped
until there is something new of it, and amendments of a program that is interesting come first; it pins nothing.
"""

import sqlite3
from typing import NamedTuple

from sqlite_utils_personalization.catalogue.plain_text import ID_LENGTH
from sqlite_utils_personalization.catalogue.saved_searches import item_id_of_search
from sqlite_utils_personalization.clock import utc_now
from sqlite_utils_personalization.errors import InvalidInput, NotFound
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.model.kinds import FEEDBACK, TYPES
from sqlite_utils_personalization.preferences.erasure import require_events
from sqlite_utils_personalization.preferences.profile import require_profile
from sqlite_utils_personalization.transaction import write_transaction

TABLE = "am_personalization_feedback"
WITHDRAWN = "withdrawn"

# The item as the last night saw it, which is not the candidate with the highest number where it changed back. Items
# that were left out, and what stands for a whole type, are nobody's.
_SEEN = """
SELECT c.family, c.opens_on, c.closes_on
FROM am_personalization_run r CROSS JOIN am_personalization_candidate c
CROSS JOIN am_personalization_run_candidate s ON s.run_id = r.run_id AND s.candidate_id = c.candidate_id
WHERE c.recommendation_type = :recommendation_type AND c.item_id = :item_id
    AND c.left_out IS NULL AND json_extract(c.why, '$.wildcard') IS NULL
    AND (c.profile_id IS NULL OR c.profile_id = :profile_id)
ORDER BY r.run_id DESC LIMIT 1
"""
_LAST = f"""
SELECT family, opens_on, closes_on, feedback, given_at FROM {TABLE}
WHERE profile_id = :profile_id AND recommendation_type = :recommendation_type AND item_id = :item_id
ORDER BY feedback_id DESC LIMIT 1
"""
_ADD = f"""
INSERT INTO {TABLE}(profile_id, recommendation_type, item_id, feedback, family, opens_on, closes_on, given_at)
VALUES (:profile_id, :recommendation_type, :item_id, :feedback, :family, :opens_on, :closes_on, :given_at)
"""
_OF = f"""
SELECT recommendation_type, item_id, feedback, given_at FROM {TABLE} f
WHERE profile_id = ? AND feedback <> '{WITHDRAWN}' AND NOT EXISTS (
    SELECT 1 FROM {TABLE} o WHERE o.profile_id = f.profile_id AND o.recommendation_type = f.recommendation_type
    AND o.item_id = f.item_id AND o.feedback_id > f.feedback_id
) ORDER BY feedback_id
"""


class Feedback(NamedTuple):
    """The last word on one item; given_at is UTC, None where nothing was ever said that could be withdrawn."""

    recommendation_type: str
    item_id: str
    feedback: str
    given_at: str | None


class StoredFeedback(NamedTuple):
    """What saying something did: added is False if it had been said already of the item as it is."""

    said: Feedback
    added: bool


def give_feedback(
    db: sqlite3.Connection,
    user_token_hash: str,
    recommendation_type: str,
    item_id: str,
    feedback: str,
) -> StoredFeedback:
    """Note what a customer says of an item, one of FEEDBACK; joins the caller's transaction.

    A saved search may be named by its own id too. InvalidInput, UnknownCustomer, or NotFound if no night saw the item
    for this customer; no value is repeated.
    """
    check_feedback(recommendation_type, item_id, feedback)
    require_events(db, TABLE)
    with write_transaction(db):
        customer = require_profile(db, user_token_hash).profile_id
        if recommendation_type == "saved_search":
            item_id = item_id_of_search(db, customer, item_id) or item_id
        at: dict[str, object] = {
            "profile_id": customer,
            "recommendation_type": recommendation_type,
            "item_id": item_id,
        }
        seen = db.execute(_SEEN, at).fetchone()
        if seen is None:
            raise NotFound(
                _("no night saw such an item for this customer"),
                _("take its type and item_id from a recommendation"),
            )
        *then, word, given_at = db.execute(_LAST, at).fetchone() or (None, None)
        # Of other days it is said anew: the earlier word does not keep it away any more.
        is_said = (
            word in (None, WITHDRAWN)
            if feedback == WITHDRAWN
            else (word, *then) == (feedback, *seen)
        )
        if not is_said:
            given_at = utc_now()
            facts = dict(zip(("family", "opens_on", "closes_on"), seen, strict=True))
            db.execute(_ADD, {**at, **facts, "feedback": feedback, "given_at": given_at})
    return StoredFeedback(
        Feedback(recommendation_type, item_id, feedback, given_at), added=not is_said
    )


def feedback_of(db: sqlite3.Connection, user_token_hash: str) -> list[Feedback]:
    """The last word on each item, without what was withdrawn, in the order it was given; read-only.

    UnknownCustomer if there is none with this hash.
    """
    require_events(db, TABLE)
    return said_by(db, require_profile(db, user_token_hash).profile_id)


def said_by(db: sqlite3.Connection, profile_id: int) -> list[Feedback]:
    """The same of the customer with this number; read-only."""
    return [Feedback(*row) for row in db.execute(_OF, (profile_id,))]


def check_feedback(recommendation_type: object, item_id: object, feedback: object) -> None:
    """InvalidInput if it cannot be, whatever is stored: so a door may say so before it waits for the lock."""
    for name, value, known in (
        ("type", recommendation_type, TYPES),
        ("feedback", feedback, FEEDBACK),
    ):
        if value not in known:
            names = ", ".join(known)
            raise InvalidInput(
                _("{name} is not one of {names}", name=name, names=names), _("give one of them")
            )
    if not _is_id(item_id):
        raise InvalidInput(
            _("item_id is not a text of 1 to {most} characters", most=ID_LENGTH),
            _("take it from a recommendation"),
        )


def _is_id(value: object) -> bool:
    # Half of a surrogate pair is no text to SQLite.
    try:
        return isinstance(value, str) and len(value) <= ID_LENGTH and bool(value.encode())
    except UnicodeEncodeError:
        return False
