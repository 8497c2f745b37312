"""What was metered, out of the shared file's usage_events: its key, quantity and times, and nothing else of it."""

import sqlite3

from sqlite_utils_personalization.billing.delivery import BILLING_KEYS
from sqlite_utils_personalization.billing.reconcile.charges import (
    INVOICE,
    LARGEST,
    NOT_GIVEN,
    READ,
    STRIPE,
    UNREADABLE,
    USAGE,
    Sources,
)
from sqlite_utils_personalization.clock import Month
from sqlite_utils_personalization.database import (
    column_names,
    explain_reading,
    has_table,
    null_columns,
)
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.language import gettext as _

NEEDED = ("metered", "status", "quantity", "billing_idempotency_key", "ts")
_OPTIONAL = ("endpoint", "stripe_record_id", "stripe_synced_at")
# As the product bills: what has no status was not refused.
_METERED = "metered = 1 AND (status IS NULL OR status < 400)"
# Ours are the events under a key of ours, and those that look like it or are of the endpoint named.
_OURS = """
(CASE WHEN :endpoint IS NOT NULL THEN coalesce(endpoint GLOB :endpoint, 0)
    ELSE coalesce(length(billing_idempotency_key) = 64 AND billing_idempotency_key NOT GLOB '*[^0-9a-f]*', 0)
        OR coalesce(endpoint LIKE '%personalization%', 0)
    END
    -- Last, because it is slow to look for every key.
    OR EXISTS (SELECT 1 FROM am_personalization_delivery d WHERE d.delivery_key = e.billing_idempotency_key)
    OR EXISTS (SELECT 1 FROM {billing_keys} b WHERE b.billing_key = e.billing_idempotency_key))
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
SELECT count(*), coalesce(sum(CASE WHEN {_IS_NUMBER} THEN quantity END), 0), sum(NOT {_IS_NUMBER})
FROM {{events}} e WHERE {_METERED} AND {_AT} >= :start AND {_AT} < :end AND NOT {_OURS}
    AND coalesce(billing_idempotency_key, '') NOT IN (SELECT key FROM cancelled)
"""
# What is not ours in usage_events, metered or not, is not ours in an export either.
_ASIDE = f"""
CREATE TEMP TABLE aside AS
SELECT billing_idempotency_key AS key, stripe_record_id AS id FROM {{events}} e
WHERE (billing_idempotency_key IN (SELECT key FROM charge WHERE source <> 'usage_events')
    OR stripe_record_id IN (SELECT id FROM charge WHERE source <> 'usage_events' AND key IS NULL)) AND NOT {_OURS}
"""
_IS_ASIDE = """
source <> 'usage_events' AND (key IN (SELECT key FROM aside) AND key NOT IN (SELECT key FROM ours)
    OR key IS NULL AND id IN (SELECT id FROM aside))
"""
_OURS_TOO = """
CREATE TEMP TABLE ours AS SELECT DISTINCT key FROM charge WHERE source = 'usage_events' AND key IS NOT NULL
"""


def read_usage(
    db: sqlite3.Connection, endpoint: str | None, sources: Sources, needed: bool
) -> None:
    """Add the metered events to charge; needed is whether their absence is a fault. Writes temporary tables only."""
    try:
        sources.states[USAGE] = _read(db, endpoint, needed)
    except PersonalizationError as error:
        sources.states[USAGE] = UNREADABLE
        sources.faults.append(str(error))


def leave_aside(
    db: sqlite3.Connection, month: Month, endpoint: str | None, sources: Sources
) -> None:
    """Count the metered events that are not ours, and forget what exports have of them; after everything was read."""
    if sources.states[USAGE] != READ:
        return
    parts, given = _parts(db), {"endpoint": endpoint, **month._asdict()}
    for name in ("aside", "ours"):
        db.execute(f"DROP TABLE IF EXISTS temp.{name}")
    with explain_reading(db, "usage_events"):
        number, quantity, odd = db.execute(_LEFT_ASIDE.format(**parts), given).fetchone()
        db.execute(_ASIDE.format(**parts), {"endpoint": endpoint})
    sources.left_aside, sources.aside_quantity = number, None if odd else quantity
    db.execute(_OURS_TOO)
    for source in (STRIPE, INVOICE):
        (sources.left_aside_exports[source],) = db.execute(
            f"SELECT count(*) FROM charge WHERE source = :source AND {_IS_ASIDE}"
            " AND (at IS NULL OR at >= :start AND at < :end)",
            {"source": source, **month._asdict()},
        ).fetchone()
    db.execute(f"DELETE FROM charge WHERE {_IS_ASIDE}")


def _parts(db: sqlite3.Connection) -> dict[str, str]:
    nulls = null_columns(_OPTIONAL, column_names(db, "usage_events"))
    return {
        "events": f"(SELECT *{nulls} FROM main.usage_events)" if nulls else "main.usage_events",
        "billing_keys": (
            BILLING_KEYS if has_table(db, BILLING_KEYS) else "(SELECT NULL AS billing_key WHERE 0)"
        ),
    }


def _read(db: sqlite3.Connection, endpoint: str | None, needed: bool) -> str:
    columns = column_names(db, "usage_events")
    if not columns and needed:
        raise PersonalizationError(
            _("usage_events is not in the file"), _("give what was metered with --stripe")
        )
    if not columns:
        return NOT_GIVEN
    if missing := [name for name in NEEDED if name not in columns]:
        raise PersonalizationError(
            _("usage_events has no column {name}", name=missing[0]), _("add it")
        )
    with explain_reading(db, "usage_events"):
        db.execute(_INSERT.format(**_parts(db)), {"endpoint": endpoint})
    return READ
