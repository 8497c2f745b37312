"""Why one recommendation that a customer was given was made."""

import sqlite3
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlite_utils_personalization.audit.replay import replay
from sqlite_utils_personalization.audit.selection import Selection
from sqlite_utils_personalization.billing.record import require_deliveries
from sqlite_utils_personalization.catalogue.saved_searches import numbered_searches
from sqlite_utils_personalization.clock import japan_day, right_now
from sqlite_utils_personalization.customer_api.offer import was_handed_over
from sqlite_utils_personalization.customer_api.recommendations import RecommendedItem, item
from sqlite_utils_personalization.customer_api.statement import (
    CustomersDelivery,
    deliveries_of_row,
)
from sqlite_utils_personalization.errors import InvalidInput, NotFound, whole
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.model.kinds import Declared
from sqlite_utils_personalization.preferences.customer import profile_id_of
from sqlite_utils_personalization.transaction import transaction


@dataclass(frozen=True)
class ExplainedRecommendation:
    """What was recommended and why, computed once more from what its night stored.

    declared is what the customer had declared that night, places how many items of its type were on the list; what else
    was on it is not for free. differences names what does not come out as it was logged; then, and where the verdict
    says that evidence is missing, there is nothing else. deliveries are those of the row, in order.
    """

    rec_id: int
    verdict: str
    differences: tuple[str, ...] = ()
    recommendation: RecommendedItem | None = None
    declared: Declared | None = None
    places: int | None = None
    deliveries: tuple[CustomersDelivery, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """For JSON; keys are only ever added."""
        return asdict(self) | {"declared": self.declared.to_dict() if self.declared else None}


def explain(
    db: sqlite3.Connection, user_token_hash: str, rec_id: int, *, now: datetime | None = None
) -> ExplainedRecommendation:
    """Explain one recommendation that was handed over to this customer, on whatever channel; read-only.

    NotFound for every other rec_id, whether it is another customer's, was not delivered, or is nobody's; InvalidInput
    if it is no whole number from 1; UnknownCustomer.
    """
    try:
        rec_id = whole(rec_id, "rec_id")
    except InvalidInput as fault:
        raise InvalidInput(fault.what, _("take it from a recommendation")) from None
    require_deliveries(db)
    with transaction(db):
        customer = profile_id_of(db, user_token_hash)
        if not was_handed_over(db, customer, rec_id):
            raise NotFound(
                _("rec_id is not among what was delivered to you"),
                _("list your recommendations first"),
            )
        (found,) = replay(db, Selection(rec_ids=[rec_id]))
        deliveries = deliveries_of_row(db, customer, rec_id)
        searches = numbered_searches(db, customer)
    # An item that contradicts its evidence may be another customer's.
    if not found.found or not found.position or found.differences:
        return ExplainedRecommendation(
            rec_id, found.verdict, found.differences, deliveries=deliveries
        )
    place, declared = found.position, found.found.declared
    recommended = item(found, japan_day(now or right_now()), searches)
    return ExplainedRecommendation(
        rec_id, found.verdict, (), recommended, declared, place.places, deliveries
    )
