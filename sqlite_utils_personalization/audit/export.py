"""Everything we hold on one customer, in one JSON object: articles 15 and 20 of the GDPR ask for no less."""

import json
import sqlite3
from collections.abc import Iterator
from typing import Any

from sqlite_utils_personalization.audit.replay import replay
from sqlite_utils_personalization.audit.selection import Selection
from sqlite_utils_personalization.catalogue.saved_searches import numbered_searches
from sqlite_utils_personalization.clock import utc_now
from sqlite_utils_personalization.database import LOST, has_table
from sqlite_utils_personalization.evidence.leaves import EVENT_COLUMNS
from sqlite_utils_personalization.evidence.seal import event_tables
from sqlite_utils_personalization.preferences.feedback import TABLE as FEEDBACK_TABLE
from sqlite_utils_personalization.preferences.profile import require_profile

_UNSERVED = """
SELECT run_id, as_of, served_at, reason FROM am_personalization_unserved JOIN am_personalization_run USING (run_id)
WHERE profile_id = ? ORDER BY run_id
"""
# Deliveries are few beside the log: per row of the customer, by the index on rec_id.
_DELIVERIES = """
SELECT {columns} FROM am_personalization_recommendation_log l
CROSS JOIN am_personalization_delivery d ON d.rec_id = l.rec_id
WHERE l.profile_id = ? ORDER BY d.delivery_id
"""
_FEEDBACK = f"""
SELECT recommendation_type, item_id, feedback, family, opens_on, closes_on, given_at FROM {FEEDBACK_TABLE}
WHERE profile_id = ? ORDER BY feedback_id
"""
_ROTATIONS = "SELECT rotated_at FROM am_personalization_rotation WHERE profile_id = ? ORDER BY 1"


def export(db: sqlite3.Connection, user_token_hash: str) -> Iterator[tuple[str, Any]]:
    """Yield what is held under the hash, a key and its value at a time; lists are iterators. Read-only.

    Keys are only ever added: exported_at, profile, recommendations (as personalization-replay --json has them),
    nothing_recommended, deliveries, rotations, feedback (all of it, in order), saved_searches (whose item_id is which).
    PersonalizationError if no customer has this hash.
    """
    profile = require_profile(db, user_token_hash)
    number = profile.profile_id
    yield "exported_at", utc_now()
    yield (
        "profile",
        {
            "profile_id": number,
            "customer": profile.handle,
            "user_token_hash": profile.user_token_hash,
            "preferences": _preferences(profile.preference_json),
            "created_at": profile.created_at,
            "last_updated_at": profile.last_updated_at,
        },
    )
    found = replay(db, Selection(customer=user_token_hash), below_cut=False)
    yield "recommendations", (each.to_dict() for each in found)
    yield "nothing_recommended", _rows(db, _UNSERVED, number)
    deliveries: Iterator[dict[str, Any]] = iter(())
    rotations: Iterator[dict[str, Any]] = iter(())
    if event_tables(db):
        columns = EVENT_COLUMNS["am_personalization_delivery"]
        sql = _DELIVERIES.format(columns=", ".join(f"d.{column}" for column in columns))
        deliveries, rotations = _rows(db, sql, number), _rows(db, _ROTATIONS, number)
    yield "deliveries", deliveries
    yield "rotations", rotations
    yield "feedback", _rows(db, _FEEDBACK, number) if has_table(db, FEEDBACK_TABLE) else iter(())
    searches = numbered_searches(db, number).items()
    yield "saved_searches", ({"item_id": one, "search_id": search} for one, search in searches)


def export_text(
    db: sqlite3.Connection, user_token_hash: str, *, one_line: bool = False
) -> Iterator[str]:
    """The same as the pieces of one JSON object, none longer than a row needs; with one_line as one line of NDJSON."""
    before = "{"
    for key, value in export(db, user_token_hash):
        yield f"{before}{json.dumps(key)}: "
        before = ", " if one_line else ",\n "
        if not isinstance(value, Iterator):
            yield _json(value)
            continue
        between = "["
        for one in value:
            yield between + _json(one)
            between = ", " if one_line else ",\n  "
        yield "[]" if between == "[" else "]"
    yield "}\n"


def _json(value: object) -> str:
    # Half a surrogate pair, which JSON can hold and UTF-8 cannot, is the escape that it is in JSON.
    text = json.dumps(value, ensure_ascii=False)
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _preferences(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        # What another program stored is the customer's, too; of LOST nothing is left to tell.
        return None if text == LOST else text


def _rows(db: sqlite3.Connection, sql: str, number: int) -> Iterator[dict[str, Any]]:
    cursor = db.execute(sql, (number,))
    names = [column[0] for column in cursor.description]
    return (dict(zip(names, row, strict=True)) for row in cursor)
