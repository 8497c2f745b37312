"""What is charged: an item once to a customer on a Japanese day, whatever row, run and channel; a whole type never."""

import json
import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from sqlite_utils_personalization.billing.delivery import UNIT_PRICE_YEN, Fact, is_success
from sqlite_utils_personalization.canonical import canonical_json, sha256_hex
from sqlite_utils_personalization.clock import japan_day, parse_moment
from sqlite_utils_personalization.database import has_table, plain_rows
from sqlite_utils_personalization.errors import DeliveryConflict
from sqlite_utils_personalization.formula.formula import IS_ITEM, evidence_link
from sqlite_utils_personalization.language import gettext as _

_ROWS = f"""
SELECT l.rec_id, l.profile_id, l.recommendation_type,
    CASE WHEN c.candidate_id IS NULL THEN l.rec_id WHEN {IS_ITEM} THEN c.item_id END
FROM am_personalization_recommendation_log l
{evidence_link()}
WHERE l.rec_id IN (SELECT value FROM json_each(?))
"""
# Before there is evidence.
_ROWS_ALONE = """
SELECT rec_id, profile_id, recommendation_type, rec_id FROM am_personalization_recommendation_log
WHERE rec_id IN (SELECT value FROM json_each(?))
"""
_IS_TAKEN_BACK = """
SELECT EXISTS (SELECT 1 FROM am_personalization_delivery b WHERE b.reversal_of = v.delivery_id)
FROM am_personalization_delivery v WHERE v.charge_key = ?
"""


class LoggedRow(NamedTuple):
    """A row of the log: whose, and of what. item is the rec_id where there is no evidence, None of a whole type."""

    profile_id: int
    recommendation_type: str
    item: str | int | None


class Charged(NamedTuple):
    """A fact with its time and its price, and the charge_key if it is charged."""

    fact: Fact
    key: str | None


def charge_key(
    profile_id: int, recommendation_type: str, item: str | int, day: str, taken_back: int = 0
) -> str:
    """What is charged once: sha256 of the canonical JSON of the arguments.

    day is the Japanese one of the delivery, taken_back how many charges of the same were reversed before.
    """
    return sha256_hex(canonical_json([profile_id, recommendation_type, item, day, taken_back]))


def logged_rows(db: sqlite3.Connection, rec_ids: Sequence[int]) -> dict[int, LoggedRow]:
    """Those of rec_ids that are in the log; read-only."""
    sql = _ROWS if has_table(db, "am_personalization_evidence") else _ROWS_ALONE
    return {row[0]: LoggedRow(*row[1:]) for row in plain_rows(db, sql, (json.dumps(rec_ids),))}


class Charges:
    """What new facts are charged, beside what is recorded in the file and what was charged here before."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._new: set[str] = set()

    def of(self, one: Fact, row: LoggedRow, now: str) -> Charged:
        """Complete a new fact. DeliveryConflict if a price is said of what is not charged."""
        one = one._replace(delivered_at=one.delivered_at or now)
        is_failed, said = not is_success(one.status), one.unit_price_yen
        if is_failed or said == 0:
            return Charged(
                one._replace(unit_price_yen=UNIT_PRICE_YEN if said is None else said), None
            )
        key = self._key(row, str(one.delivered_at))
        if key is None and said:
            what = (
                _("rec_id {rec_id}, or its item, was charged that day", rec_id=one.rec_id)
                if row.item
                else _(
                    "rec_id {rec_id}, or its item, stands for a whole type, which is not charged",
                    rec_id=one.rec_id,
                )
            )
            raise DeliveryConflict(what, _("leave the price out, or say 0"))
        if key is None:
            return Charged(one._replace(unit_price_yen=0), None)
        self._new.add(key)
        return Charged(one._replace(unit_price_yen=said or UNIT_PRICE_YEN), key)

    def _key(self, row: LoggedRow, moment: str) -> str | None:
        """The key of a charge that there is not yet; what was taken back may be charged again."""
        if row.item is None:
            return None
        day, taken_back = japan_day(parse_moment(moment)), 0
        while True:
            key = charge_key(row.profile_id, row.recommendation_type, row.item, day, taken_back)
            if key in self._new:
                return None
            found = self._db.execute(_IS_TAKEN_BACK, (key,)).fetchone()
            if found is None:
                return key
            if not found[0]:
                return None
            taken_back += 1
