"""What a customer was handed over and charged in a month, with what failed or was taken back."""

import re
import sqlite3
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlite_utils_personalization.billing.record import require_deliveries
from sqlite_utils_personalization.clock import day_of, japan_day, right_now
from sqlite_utils_personalization.errors import InvalidInput
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.preferences.customer import profile_id_of
from sqlite_utils_personalization.transaction import transaction

_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])", re.ASCII)
_DELIVERIES = """
SELECT v.rec_id, l.recommendation_type, v.channel, v.slot, v.delivered_at, v.status, CASE
        WHEN v.status NOT BETWEEN 200 AND 299 THEN 'failed'
        WHEN b.delivery_id IS NOT NULL THEN 'reversed'
        WHEN v.unit_price_yen = 0 THEN 'free'
        ELSE 'charged' END AS charge,
    CASE WHEN v.status BETWEEN 200 AND 299 AND b.delivery_id IS NULL THEN v.unit_price_yen ELSE 0 END,
    b.delivered_at
FROM am_personalization_recommendation_log l CROSS JOIN am_personalization_delivery v ON v.rec_id = l.rec_id
LEFT JOIN am_personalization_delivery b ON b.reversal_of = v.delivery_id
WHERE l.profile_id = ? AND v.reversal_of IS NULL AND {which} ORDER BY v.delivery_id
"""
_OF_MONTH = _DELIVERIES.format(which="strftime('%Y-%m', v.delivered_at, '+9 hours') = ?")
_OF_PROFILE = _DELIVERIES.format(which="1")
_OF_ROW = _DELIVERIES.format(which="v.rec_id = ?")


@dataclass(frozen=True)
class CustomersDelivery:
    """One delivery: when, UTC; its charge: charged, free, failed or reversed; and what it costs now, tax excluded.

    reversed_at, UTC, is when it was taken back, None if it was not.
    """

    rec_id: int
    recommendation_type: str
    channel: str
    slot: str
    delivered_at: str
    status: int
    charge: str
    charged_yen: int
    reversed_at: str | None


@dataclass(frozen=True)
class Statement:
    """The deliveries of a Japanese month, in the order in which they were recorded, and what they cost together."""

    month: str
    deliveries: tuple[CustomersDelivery, ...]
    charged_yen: int

    def to_dict(self) -> dict[str, Any]:
        """For JSON; keys are only ever added."""
        return asdict(self)


def statement(
    db: sqlite3.Connection,
    user_token_hash: str,
    month: str | date | None = None,
    *,
    now: datetime | None = None,
) -> Statement:
    """What this customer was handed over in a month, YYYY-MM in Japan, by default this one; read-only.

    InvalidInput if that is no month; UnknownCustomer.
    """
    if isinstance(month, date):
        month = day_of(month, "month")[:7]
    if month is not None and not (isinstance(month, str) and _MONTH.fullmatch(month)):
        raise InvalidInput(
            _("month is not a month"), _("write it like {example}", example="2026-07")
        )
    month = month or japan_day(now or right_now())[:7]
    require_deliveries(db)
    with transaction(db):
        found = _found(db, _OF_MONTH, (profile_id_of(db, user_token_hash), month))
    return Statement(month, found, sum(one.charged_yen for one in found))


def deliveries_of_profile(db: sqlite3.Connection, profile_id: int) -> list[CustomersDelivery]:
    """Every delivery to a customer, in the order in which they were recorded; read-only."""
    return [CustomersDelivery(*row) for row in db.execute(_OF_PROFILE, (profile_id,))]


def deliveries_of_row(
    db: sqlite3.Connection, profile_id: int, rec_id: int
) -> tuple[CustomersDelivery, ...]:
    """The deliveries of one row of this customer; read-only."""
    return _found(db, _OF_ROW, (profile_id, rec_id))


def _found(
    db: sqlite3.Connection, sql: str, given: Collection[Any]
) -> tuple[CustomersDelivery, ...]:
    return tuple(CustomersDelivery(*row) for row in db.execute(sql, tuple(given)))
