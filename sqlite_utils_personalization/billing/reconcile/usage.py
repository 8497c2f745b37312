"""What was metered, out of the shared file's usage_events: its key, quantity and times, and nothing else of it."""

import sqlite3

from sqlite_utils_personalization.billing.reconcile.charges import (
    LARGEST,
    NOT_GIVEN,
    READ,
    UNREADABLE,
    USAGE,
    Sources,
)
from sqlite_utils_personalization.clock import Month
from sqlite_utils_personalization.database import column_names, explain_reading, null_columns
from sqlite_utils_personalization.errors import PersonalizationError

NEEDED = ("metered", "status", "quantity", "billing_idempotency_key", "ts")
_OPTIONAL = ("endpoint", "stripe_record_id", "stripe_synced_at")
_METERED = "metered = 1 AND status < 400"
# Ours are the events under a key of ours, and those that look like it or are of the endpoint named.
_OURS = """
(CASE WHEN :endpoint IS NOT NULL THEN coalesce(endpoint GLOB :endpoint, 0)
    ELSE coalesce(length(billing_idempotency_key) = 64 AND billing_idempotency_key NOT GLOB '*[^0-9a-f]*', 0)
        OR coalesce(endpoint LIKE '%personalization%', 0)
    END
    -- Last, because it is slow to look for every key.
    OR EXISTS (SELECT 1 FROM am_personalization_delivery d WHERE d.delivery_key = e.billing_idempotency_key))
"""
_MOMENT = "CASE WHEN {0} GLOB '[0-9][0-9][0-9][0-9]-*' THEN strftime('%Y-%m-%dT%H:%M:%fZ', {0}) END"
_AT, _SYNCED = _MOMENT.format("ts"), _MOMENT.format("stripe_synced_at")
_IS_NUMBER = f"(typeof(quantity) = 'integer' AND quantity BETWEEN -{LARGEST} AND {LARGEST})"
_INSERT = f"""
INSERT INTO charge(source, key, id, quantity, yen, at, recorded_at, unreadable)
SELECT 'usage_events', billing_idempotency_key, stripe_record_id,
    CASE WHEN {_IS_NUMBER} THEN quantity ELSE 0 END, NULL, {_AT}, {_SYNCED},
    NOT {_IS_NUMBER} OR {_AT} IS NULL
FROM {{events}} e WHERE {_METERED} AND {_OURS}
"""
_LEFT_ASIDE = f"""
SELECT count(*) - (SELECT count(*) FROM charge WHERE source = 'usage_events' AND at >= :start AND at < :end)
FROM {{events}} WHERE {_METERED} AND {_AT} >= :start AND {_AT} < :end
"""


def read_usage(
    db: sqlite3.Connection, month: Month, endpoint: str | None, sources: Sources, needed: bool
) -> None:
    """Add the metered events to charge; needed is whether their absence is a fault. Writes temporary tables only."""
    try:
        sources.states[USAGE] = _read(db, month, endpoint, sources, needed)
    except PersonalizationError as error:
        sources.states[USAGE] = UNREADABLE
        sources.faults.append(str(error))


def _read(
    db: sqlite3.Connection, month: Month, endpoint: str | None, sources: Sources, needed: bool
) -> str:
    columns = column_names(db, "usage_events")
    if not columns and needed:
        raise PersonalizationError(
            "usage_events is not in the file", "give what was metered with --stripe"
        )
    if not columns:
        return NOT_GIVEN
    if missing := [name for name in NEEDED if name not in columns]:
        raise PersonalizationError(f"usage_events has no column {missing[0]}", "add it")
    nulls = null_columns(_OPTIONAL, columns)
    events = f"(SELECT *{nulls} FROM main.usage_events)" if nulls else "main.usage_events"
    given = {"endpoint": endpoint, **month._asdict()}
    with explain_reading(db, "usage_events"):
        db.execute(_INSERT.format(events=events), given)
        (sources.left_aside,) = db.execute(_LEFT_ASIDE.format(events=events), given).fetchone()
    return READ
