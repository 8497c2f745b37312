"""Which customer and which items of a night are meant by what somebody typed; read-only.

What another customer's saved search is called is nobody's business: it is as if it did not exist.
"""

import re
import sqlite3
from typing import Any

from sqlite_utils_personalization.audit.run_lookup import customer_of_run
from sqlite_utils_personalization.database import has_table
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.viewer.pages.erased import with_erasures
from sqlite_utils_personalization.viewer.pages.named_rows import named_rows
from sqlite_utils_personalization.viewer.pages.parameters import PageParameter, words
from sqlite_utils_personalization.viewer.pages.title_search import matching

CUSTOMER = PageParameter("customer", words, lambda: _("Customer (number or hash)"))
# So many are shown to choose from.
_MOST = 12
_HEX = re.compile(r"[0-9a-f]{4,64}", re.ASCII)
_BY_HASH = """
SELECT profile_id, user_token_hash AS customer FROM am_personalization_profile
WHERE user_token_hash >= :low AND user_token_hash < :high ORDER BY user_token_hash LIMIT 100
"""
_KNOWN = "SELECT 1 FROM {table} WHERE profile_id = ?"
# Of rows of one type and id, the one that was not left out counts.
_ITEMS = """
SELECT c.recommendation_type, c.item_id, c.title, c.closes_on, min(c.left_out IS NOT NULL) AS is_out,
    count(*) OVER () AS matches
FROM am_personalization_run_candidate x CROSS JOIN am_personalization_candidate c USING (candidate_id)
WHERE x.run_id = :run_id AND (c.profile_id IS NULL OR c.profile_id = :profile_id)
    AND (:type IS NULL OR c.recommendation_type = :type) AND {meant}
GROUP BY c.recommendation_type, c.item_id
ORDER BY is_out, c.closes_on IS NULL DESC, c.closes_on DESC, c.item_id LIMIT :most
"""


def find_customer(db: sqlite3.Connection, text: str, run_id: int) -> int | None:
    """The profile_id of a number, or of the beginning of a hash that one customer has; None if there is none."""
    if re.fullmatch(r"\d{1,15}", text, re.ASCII) and _is_known(db, int(text), run_id):
        return int(text)
    low = text.lower()
    if not _HEX.fullmatch(low):
        return None
    rows = named_rows(db, _BY_HASH, {"low": low, "high": f"{low}g"})
    found = [row["profile_id"] for row in with_erasures(db, rows) if row["erased_at"] is None]
    return found[0] if len(found) == 1 else None


def find_items(
    db: sqlite3.Connection, run_id: int, profile_id: int, text: str, kind: str | None
) -> tuple[list[dict[str, Any]], int]:
    """The items with this id, or if there are none, those with all of these words in their title; and how many."""
    at: dict[str, Any] = {"run_id": run_id, "profile_id": profile_id, "type": kind, "most": _MOST}
    by_words, words_at = matching(text)
    for meant, values in (("c.item_id = :item_id", {"item_id": text}), (by_words, words_at)):
        found = named_rows(db, _ITEMS.format(meant=meant), at | values)
        if found:
            matches = found[0]["matches"]
            for one in found:
                del one["matches"], one["is_out"]
            return found, matches
    return [], 0


def _is_known(db: sqlite3.Connection, profile_id: int, run_id: int) -> bool:
    for table in ("am_personalization_profile", "am_personalization_erasure"):
        known = _KNOWN.format(table=table)
        if has_table(db, table) and db.execute(known, (profile_id,)).fetchone():
            return True
    try:
        return customer_of_run(db, run_id, profile_id) is not None
    except PersonalizationError:
        # Somebody of whom something is missing.
        return True
