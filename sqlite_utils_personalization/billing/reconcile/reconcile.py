"""Reconciliation of one month: decided, delivered, metered and invoiced, joined row by row."""

import sqlite3
from collections.abc import Iterator, Sequence
from datetime import date
from importlib.resources import files
from pathlib import Path

from sqlite_utils_personalization.billing.delivery import (
    BILLING_KEYS,
    UNIT_PRICE_YEN,
    delivery_key,
)
from sqlite_utils_personalization.billing.reconcile.charges import (
    INVOICE,
    NOT_ASKED_FOR,
    NOT_GIVEN,
    ONLY_SUMS,
    READ,
    STRIPE,
    UNREADABLE,
    USAGE,
    Cancel,
    Charge,
    Sources,
    Sum,
    add_charges,
    cancel_charges,
    check_sums,
    create_charges,
    settle_charges,
    shown_key,
)
from sqlite_utils_personalization.billing.reconcile.classes import CLASSES, RULES, rule_number
from sqlite_utils_personalization.billing.reconcile.export_files import read_export
from sqlite_utils_personalization.billing.reconcile.result import (
    ReconciledRow,
    Reconciliation,
    Total,
)
from sqlite_utils_personalization.billing.reconcile.usage import leave_aside, read_usage
from sqlite_utils_personalization.billing.record import earliest_delivery, require_deliveries
from sqlite_utils_personalization.clock import Month, parse_month, utc_now
from sqlite_utils_personalization.database import has_table, plain_cursor, plain_rows
from sqlite_utils_personalization.errors import InvalidInput, PersonalizationError, short_repr
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.transaction import transaction

# Which of what was metered is ours to reconcile.
BOTH = "both"
METERS = (USAGE, STRIPE, BOTH)
_GIVEN = {"usage": USAGE, "stripe": STRIPE, "invoice": INVOICE}
_TOTALS = """
SELECT rule, count(*), sum(owed_yen), sum(metered_yen), sum(invoiced_yen) FROM reconciled GROUP BY rule
"""
# The last ones tell apart what is not shown, so that the order of input never does.
_ORDER = (
    "rule, coalesce(delivered_at, first_at), delivery_id, key, first_at, last_at, metered_recorded_at,"
    " usage_events, stripe_events, invoice_events, usage_quantity, stripe_quantity, invoiced_yen"
)
_IS_ERASED = "EXISTS (SELECT 1 FROM am_personalization_erasure x WHERE x.profile_id = l.profile_id)"
_IS_OF_ERASED = (
    f"EXISTS (SELECT 1 FROM {BILLING_KEYS} b WHERE b.billing_key = c.key AND b.delivery_id IS NULL)"
)
_DECIDED = """
SELECT count(*) FROM am_personalization_recommendation_log WHERE served_at >= :start AND served_at < :end
"""


def reconcile(
    db: sqlite3.Connection,
    name: str | date,
    *,
    stripe: Sequence[Path] = (),
    invoiced: Sequence[Path] = (),
    meter: str = BOTH,
    endpoint: str | None = None,
    stripe_meter: str | None = None,
) -> Reconciliation:
    """Put every delivery and charge of the Japanese month `name`, YYYY-MM, into exactly one class.

    stripe are exports of meter events, usage records or summaries, invoiced are invoice lines. meter is one of METERS:
    what of usage_events and stripe is looked at, both as far as they are there. endpoint is a GLOB for the events of
    usage_events that are ours, stripe_meter the event_name or id of the one meter of Stripe that counts. Writes
    temporary tables only. What cannot be read makes rows unverifiable; NoSchema if it is our own tables, InvalidInput
    if name is no month or the meter contradicts what is given.
    """
    chosen = parse_month(name)
    check_meter(meter, stripe, endpoint, stripe_meter)
    require_deliveries(db)
    db.create_function("personalization_delivery_key", 3, _key_of, deterministic=True)
    sources = Sources()
    with transaction(db):
        create_charges(db)
        for other in {USAGE, STRIPE} - {meter} if meter != BOTH else ():
            sources.states[other] = NOT_ASKED_FOR
        if meter != STRIPE:
            read_usage(db, endpoint, sources, needed=not stripe)
        cancels = _read_files(db, chosen, STRIPE, stripe, sources, stripe_meter)
        _read_files(db, chosen, INVOICE, invoiced, sources)
        cancel_charges(db, cancels)
        leave_aside(db, chosen, endpoint, sources)
        settle_charges(db, chosen)
        _join(db, chosen, sources)
        ((decided,),) = plain_rows(db, _DECIDED, chosen._asdict())
        sums = check_sums(db, chosen, UNIT_PRICE_YEN, sources)
        return Reconciliation(chosen, sources, decided, _totals(db, sources), sums)


def check_meter(
    meter: str, stripe: Sequence[Path], endpoint: str | None, stripe_meter: str | None
) -> None:
    """InvalidInput if meter is none of METERS, or leaves out what is given besides."""
    if meter not in METERS:
        raise InvalidInput(f"meter is {short_repr(meter)}", f"give one of {', '.join(METERS)}")
    for name, value in (("endpoint", endpoint), ("stripe_meter", stripe_meter)):
        if not isinstance(value, str | None):
            raise InvalidInput(f"{name} is no text", "give one, or none")
    if meter == USAGE and (stripe or stripe_meter is not None):
        raise InvalidInput(
            "meter is usage_events, and leaves out the export of Stripe that is given",
            "leave out one of them",
        )
    if meter == STRIPE and not stripe:
        raise InvalidInput("meter is stripe, and no export of it is given", "give one")
    if meter == STRIPE and endpoint is not None:
        raise InvalidInput(
            "meter is stripe, and leaves out the usage_events that endpoint is about",
            "leave out one of them",
        )


def reconciled_rows(db: sqlite3.Connection, kind: str | None = None) -> Iterator[ReconciledRow]:
    """The rows of the last reconciliation on this connection, of one class or of all, in their order; read-only."""
    numbers = [n for n, rule in enumerate(RULES) if kind in (None, rule.kind)]
    for rule, key, *values in plain_cursor(db).execute(
        f"SELECT rule, key, {', '.join(_columns())} FROM temp.reconciled"
        f" WHERE rule BETWEEN ? AND ? ORDER BY {_ORDER}",
        (numbers[0], numbers[-1]),
    ):
        yield ReconciledRow(RULES[rule].kind, RULES[rule].because, shown_key(key), *values)


def _columns() -> list[str]:
    return [name.replace("metered_at", "first_at") for name in ReconciledRow._fields[3:]]


def _key_of(rec_id: int, channel: str, slot: str) -> str:
    return delivery_key(rec_id, channel, slot)


def _read_files(
    db: sqlite3.Connection,
    chosen: Month,
    source: str,
    paths: Sequence[Path],
    sources: Sources,
    meter: str | None = None,
) -> list[Cancel]:
    if not paths:
        return []
    found: list[Charge | Sum | Cancel] = []
    meters: set[str] = set()
    faults, others = len(sources.faults), 0
    for path in paths:
        try:
            export = read_export(path, source, chosen, meter)
            found += export.found
            meters |= export.meters
            others += export.other_meters
            sources.test_mode += export.test_mode
        except PersonalizationError as error:
            sources.faults.append(str(error))
    if others and not found:
        sources.faults.append(
            _("no record is of the meter asked for - name another with --stripe-meter")
        )
    if len(meters) > 1 and meter is None:
        text = _("sums are of {n} meters - pick one with --stripe-meter", n=len(meters))
        sources.faults.append(text)
    charges = [one for one in found if isinstance(one, Charge)]
    sums = [one for one in found if isinstance(one, Sum)]
    add_charges(db, charges)
    sources.sums += sums
    state = ONLY_SUMS if sums and not charges else READ
    sources.states[source] = UNREADABLE if len(sources.faults) > faults else state
    return [one for one in found if isinstance(one, Cancel)]


def _join(db: sqlite3.Connection, chosen: Month, sources: Sources) -> None:
    states = sources.states
    text = files(__package__).joinpath("join.sql").read_text(encoding="utf-8")
    db.execute("DROP TABLE IF EXISTS temp.reconciled")
    given = {
        **chosen._asdict(),
        "unit_price_yen": UNIT_PRICE_YEN,
        "unreadable": bool(sources.faults),
        "now": utc_now(),
        "only_sums": states[USAGE] in (NOT_GIVEN, NOT_ASKED_FOR) and states[STRIPE] == ONLY_SUMS,
        **{name: states[source] == READ for name, source in _GIVEN.items()},
    }
    earliest, nights = earliest_delivery(db)
    is_kept = has_table(db, BILLING_KEYS)
    parts = {
        "rule": rule_number(),
        "earliest": earliest,
        "nights": nights,
        "is_erased": _IS_ERASED if is_kept else "0",
        "is_of_erased": _IS_OF_ERASED if is_kept else "0",
    }
    db.execute(text.format(**parts), given)


def _totals(db: sqlite3.Connection, sources: Sources) -> dict[str, Total]:
    metered, invoiced = sources.has_rows(USAGE, STRIPE), sources.has_rows(INVOICE)
    nothing = Total(0, 0, 0 if metered else None, 0 if invoiced else None)
    totals = dict.fromkeys(CLASSES, nothing)
    for rule, *numbers in plain_rows(db, _TOTALS):
        kind = RULES[rule].kind
        totals[kind] = totals[kind].plus(Total(*numbers))
    return totals
