"""What a reconciliation says, as text for people."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from sqlite_utils_personalization.billing.reconcile.classes import EXPLAINED
from sqlite_utils_personalization.billing.reconcile.result import Reconciliation, Row, Total
from sqlite_utils_personalization.clock import japan_time

# Rows of one class that are shown; the output formats have all.
SHOWN = 20
_VERDICTS = (
    "everything is explained",
    "something is not explained",
    "something could not be verified",
)


def reconciled_text(
    found: Reconciliation, rows: Callable[[str], Iterable[Row]], kind: str | None = None
) -> str:
    """Totals by class, sums, and the first rows of the class asked for, or of every one that is not explained."""
    kinds = [kind] if kind else [name for name in found.totals if name not in EXPLAINED]
    lines = [
        f"{found.month.name} in Japan: {found.month.start} to {found.month.end}",
        *(f"{name:<13} {state}" for name, state in found.sources.states.items()),
        f"decided       {found.decided} recommendations were logged in the month",
        *_left_aside(found),
        "",
        f"{'class':<26}{'rows':>10}{'owed':>12}{'metered':>12}{'invoiced':>12}  yen",
        *(_line(name, total) for name, total in found.totals.items()),
        _line("total", found.total),
        *_sums(found),
    ]
    for name in kinds:
        lines += _rows(name, found.totals[name].rows, rows(name))
    return "\n".join([*lines, "", _VERDICTS[found.exit_status], ""])


def _line(name: str, total: Total) -> str:
    return f"{name:<26}{total[0]:>10}{total[1]:>12}{total[2]:>12}{total[3]:>12}"


def _left_aside(found: Reconciliation) -> Iterator[str]:
    if found.sources.left_aside:
        yield f"left aside    {found.sources.left_aside} metered events that are not of a delivery"


def _sums(found: Reconciliation) -> Iterator[str]:
    if found.sums:
        yield "\ncompared as sums only:"
    for one in found.sums:
        yield (
            f"  {one.kind}: {one.source} says {one.said} {one.unit}, {one.compared_with} {one.expected},"
            f" difference {one.said - one.expected}"
        )


def _rows(name: str, count: int, rows: Iterable[Row]) -> Iterator[str]:
    if count:
        yield f"\n{name}: {count}"
        yield from (_row(row) for row in islice(rows, SHOWN))
    if count > SHOWN:
        yield f"  and {count - SHOWN} more: --class {name!r} --csv has all of them"


def _row(row: Row) -> str:
    where = f"rec_id {row.rec_id} {row.channel} {row.slot} {row.status}" if row.rec_id else "charge"
    times = (
        ("delivered", row.delivered_at),
        ("recorded", row.recorded_at),
        ("reversed", row.reversed_at),
        ("metered", row.metered_at),
        ("synced", row.metered_recorded_at),
    )
    said = [f"{label} {japan_time(time)}" for label, time in times if time]
    yen = f"owed {row.owed_yen}, metered {row.metered_yen}, invoiced {row.invoiced_yen} yen"
    key = f" ({row.delivery_key[:12]}…)" if row.delivery_key else ""
    return f"  {where}{key}: {row.because}; {yen}" + "".join(f"; {time}" for time in said)
