"""What one night offers one customer, and what of it is kept back today: one night, whatever other nights there are.

What was handed over on an earlier day is told by the rule of the night itself, so that what a night found to be new of
an item is not kept back at the door. Read-only.
"""

import sqlite3
from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

from sqlite_utils_personalization.database import has_table
from sqlite_utils_personalization.formula.formula import evidence_link
from sqlite_utils_personalization.scoring.serve import (
    HANDED,
    IS_DELIVERED,
    IS_NOTHING_NEW,
    IS_SAME,
)

# Why a row is kept back. What stands for a whole type is no recommendation of anything.
PLACEHOLDER, CLOSED, DELIVERED_BEFORE = "placeholder", "closed", "delivered before"

# Finished is what is sealed. Of one day the last run counts.
RUN = """
SELECT r.run_id, r.as_of, r.served_at, r.repeat_days FROM am_personalization_run r
WHERE {which} AND EXISTS (SELECT 1 FROM am_personalization_seal s WHERE s.run_id = r.run_id)
ORDER BY r.as_of DESC, r.run_id DESC LIMIT 1
"""
NEWEST, ASKED_FOR = "r.as_of <= :today", "r.as_of = :night"
# All that was handed over to the customer, by whatever channel, and not taken back.
_HANDED = f"""
SELECT DISTINCT {HANDED}
FROM am_personalization_recommendation_log l CROSS JOIN am_personalization_delivery v ON v.rec_id = l.rec_id
{evidence_link()}
WHERE l.profile_id = :profile_id AND {IS_DELIVERED} AND c.candidate_id IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM am_personalization_delivery b WHERE b.reversal_of = v.delivery_id)
"""
_OF_THESE_DAYS = " AND date(v.delivered_at, '+9 hours') BETWEEN :first_day AND :today"
_NOTHING = """
SELECT NULL AS recommendation_type, NULL AS kin, NULL AS item_id, NULL AS opens_on, NULL AS closes_on, NULL AS day
WHERE 0
"""
# The index by customer and time ends in rec_id: nothing is sorted.
_OFFERS = f"""
SELECT l.rec_id, CASE
        WHEN c.item_id = '*' THEN '{PLACEHOLDER}'
        WHEN :whatever THEN NULL
        WHEN c.closes_on < :today THEN '{CLOSED}'
        WHEN max(h.day < :today AND {IS_NOTHING_NEW}) THEN '{DELIVERED_BEFORE}'
    END, coalesce(max(h.day = :today), 0)
FROM am_personalization_recommendation_log l
{evidence_link()}
LEFT JOIN ({{handed}}) h ON {IS_SAME}
WHERE l.profile_id = :profile_id AND l.served_at = :served_at AND l.rec_id >= :start
    AND coalesce(t.run_id, :run_id) = :run_id
    AND (:recommendation_type IS NULL OR l.recommendation_type = :recommendation_type)
GROUP BY l.rec_id ORDER BY l.rec_id
"""
# A preview shows rec_ids: without this, explaining what was not delivered would be delivering it. What came free of
# charge, because its item was delivered that day from another row, has no delivery of its own.
_WAS_HANDED = f"""
SELECT 1 FROM am_personalization_recommendation_log l
{evidence_link()}
WHERE l.rec_id = :rec_id AND l.profile_id = :profile_id AND (
    EXISTS (SELECT 1 FROM am_personalization_delivery v WHERE v.rec_id = l.rec_id AND {IS_DELIVERED})
    OR EXISTS (SELECT 1 FROM ({_HANDED}) h WHERE {IS_SAME} AND h.day >= r.as_of)
)
"""


class OfferedNight(NamedTuple):
    """A finished night; repeat_days are those of its model, None where that knows no repeats."""

    run_id: int
    as_of: str
    served_at: str
    repeat_days: int | None


class Offer(NamedTuple):
    """A log row; passed_over says why it is not handed over, None if it is.

    is_free: its item, or another of its family, was delivered to the customer today, whatever the row and the channel.
    """

    rec_id: int
    passed_over: str | None
    is_free: bool


def find_night(db: sqlite3.Connection, today: str, asked_for: str | None) -> OfferedNight | None:
    """The night that is asked for, or the newest by the day it is for, which has come; None if there is none."""
    if not has_table(db, "am_personalization_seal"):
        return None
    sql = RUN.format(which=ASKED_FOR if asked_for else NEWEST)
    row = db.execute(sql, {"today": today, "night": asked_for}).fetchone()
    return None if row is None else OfferedNight(*row)


def offers(
    db: sqlite3.Connection,
    profile_id: int,
    night: OfferedNight,
    today: str,
    *,
    whatever: bool,
    recommendation_type: str | None = None,
    start: int = 1,
) -> Iterator[Offer]:
    """Yield the rows of the night for this customer from rec_id start on, of this type if one is given, in order.

    With whatever, what has closed or was handed over before is not kept back.
    """
    at = {
        "profile_id": profile_id,
        **night._asdict(),
        "start": start,
        "recommendation_type": recommendation_type,
        "whatever": whatever,
        "today": today,
        "first_day": _first_day(today, night.repeat_days),
    }
    for rec_id, passed_over, is_free in db.execute(offers_sql(db), at):
        yield Offer(rec_id, passed_over, bool(is_free))


def offers_sql(db: sqlite3.Connection) -> str:
    """The statement of offers(); where deliveries are not kept, nothing was handed over."""
    is_kept = has_table(db, "am_personalization_delivery")
    return _OFFERS.format(handed=_HANDED + _OF_THESE_DAYS if is_kept else _NOTHING)


def was_handed_over(db: sqlite3.Connection, profile_id: int, rec_id: int) -> bool:
    """Whether the row is this customer's and was handed over, on whatever channel."""
    at = {"profile_id": profile_id, "rec_id": rec_id}
    return db.execute(_WAS_HANDED, at).fetchone() is not None


def _first_day(today: str, repeat_days: int | None) -> str:
    """The earliest day on which what was handed over counts: today alone, if none before it does."""
    before = max((repeat_days or 0) - 1, 0)
    return (date.fromisoformat(today) - timedelta(days=before)).isoformat()
