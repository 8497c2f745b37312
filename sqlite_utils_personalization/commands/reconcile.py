"""personalization-reconcile: does what a month's customers are charged agree with what was delivered?"""

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sqlite_utils_personalization.billing.reconcile.classes import CLASSES, EXPLAINED
from sqlite_utils_personalization.clock import japan_time
from sqlite_utils_personalization.commands.base import load_extension_option, say
from sqlite_utils_personalization.commands.output import RowsCommand, print_rows, print_text

if TYPE_CHECKING:
    from sqlite_utils_personalization.billing.reconcile.result import (
        ReconciledRow,
        Reconciliation,
        Total,
    )


_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_TABULAR = ("nl", "arrays", "csv", "tsv", "table", "fmt")


@click.command(name="personalization-reconcile", cls=RowsCommand, unfinished=2)
@click.argument("path", type=click.Path(exists=True, dir_okay=False, allow_dash=False))
@click.option("--month", required=True, metavar="YYYY-MM", help="A calendar month in Japan")
@click.option(
    "--stripe",
    type=_FILE,
    multiple=True,
    help="Export of meter events, usage records or summaries, CSV or JSON",
)
@click.option("--invoiced", type=_FILE, multiple=True, help="Lines of invoices, CSV or JSON")
@click.option(
    "--endpoint", metavar="GLOB", help="Which endpoints of usage_events deliver recommendations"
)
@click.option(
    "--meter", metavar="NAME", help="Which meter of the Stripe export: its event_name, or its id"
)
@click.option("--class", "kind", type=click.Choice([*CLASSES]), help="Rows of this class only")
@click.option("--keep", is_flag=True, help="Keep it in the file, for the questions in Datasette")
@load_extension_option
@click.option("--json", "as_json", is_flag=True, help="Output totals and rows as one JSON object")
@click.pass_context
def reconcile(
    ctx: click.Context,
    /,
    path: str,
    month: str,
    stripe: tuple[Path, ...],
    invoiced: tuple[Path, ...],
    endpoint: str | None,
    meter: str | None,
    kind: str | None,
    keep: bool,
    as_json: bool,
    **output: Any,
) -> None:
    """
    Reconcile what was decided, delivered, metered and invoiced in one month, row by row

    Example:

    \b
        sqlite-utils personalization-reconcile jpcite.db --month 2026-07 --stripe export.csv

    Every delivery and every charge is in exactly one class, and the totals are sums of classes. Without --json or an
    output format it prints the totals, and the first rows of each class that needs someone to look into it.

    Exit status 0: all is explained, 1: something is not, 2: something could not be verified. The file is only read,
    unless --keep replaces what it holds of the month.
    """
    if as_json and (others := [f"--{name}" for name in _TABULAR if output[name]]):
        raise click.UsageError(f"--json and {' and '.join(others)} exclude each other")
    sources = {"stripe": stripe, "invoiced": invoiced, "endpoint": endpoint, "meter": meter}
    status = _reconcile(ctx, path, month, sources, kind, keep, as_json, output)
    raise click.exceptions.Exit(status)


def _reconcile(
    ctx: click.Context,
    path: str,
    month: str,
    sources: dict[str, Any],
    kind: str | None,
    keep: bool,
    as_json: bool,
    output: dict[str, Any],
) -> int:
    from sqlite_utils_personalization.billing.reconcile.reconcile import reconcile as reconciled
    from sqlite_utils_personalization.billing.reconcile.reconcile import reconciled_rows
    from sqlite_utils_personalization.billing.reconcile.result import ReconciledRow
    from sqlite_utils_personalization.billing.record import require_deliveries
    from sqlite_utils_personalization.database import explain_errors, open_readonly

    with explain_errors(path), open_readonly(path) as db:
        require_deliveries(db.conn, path)
        found = reconciled(db.conn, month, **sources)
        if keep:
            _keep(path, found, reconciled_rows(db.conn))
        if as_json:
            _print_json(found, (row._asdict() for row in reconciled_rows(db.conn, kind)))
        elif any(output[name] for name in _TABULAR):
            print_rows(
                ctx,
                _names(ReconciledRow._fields),
                map(tuple, reconciled_rows(db.conn, kind)),
                **output,
            )
        else:
            print_text(
                reconciled_text(found, lambda one: reconciled_rows(db.conn, one), kind), end=""
            )
    for fault in found.sources.faults:
        say(f"cannot be verified: {fault}")
    return found.exit_status


def _keep(path: str, found: "Reconciliation", rows: Any) -> None:
    from sqlite_utils_personalization.billing.reconcile.result import keep
    from sqlite_utils_personalization.database import explain_errors, open_writable

    with explain_errors(path), open_writable(path) as db:
        keep(db.conn, found, rows)


def _names(fields: tuple[str, ...]) -> tuple[str, ...]:
    return tuple("class" if name == "kind" else name for name in fields)


def _print_json(found: "Reconciliation", rows: Any) -> None:
    """One object, its rows one a line and never in memory together."""
    head = json.dumps(found.to_dict(), ensure_ascii=False, indent=2)
    print_text(head.removesuffix("\n}"), end=',\n  "rows": [')
    before = "\n    "
    for row in rows:
        named = {"class": row.pop("kind"), **row}
        print_text(before + json.dumps(named, ensure_ascii=False), end="")
        before = ",\n    "
    print_text("]\n}" if before == "\n    " else "\n  ]\n}")


# Rows of one class that are shown; the output formats have all.
SHOWN = 20
_VERDICTS = (
    "everything is explained",
    "something is not explained",
    "something could not be verified",
)


def reconciled_text(
    found: "Reconciliation",
    rows: "Callable[[str], Iterable[ReconciledRow]]",
    kind: str | None = None,
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


def _line(name: str, total: "Total") -> str:
    rows, *yen = ("-" if number is None else number for number in total)
    return f"{name:<26}{rows:>10}" + "".join(f"{one:>12}" for one in yen)


def _left_aside(found: "Reconciliation") -> Iterator[str]:
    if found.sources.left_aside:
        yield f"left aside    {found.sources.left_aside} metered events that are not of a delivery"
    for source, number in found.sources.left_aside_exports.items():
        if number:
            yield f"left aside    {number} of {source}, which are of such events"
    if found.sources.test_mode:
        yield f"left out      {found.sources.test_mode} records of Stripe's test mode, which charge nobody"


def _sums(found: "Reconciliation") -> Iterator[str]:
    if found.sums:
        yield "\ncompared as sums only:"
    for one in found.sums:
        yield (
            f"  {one.kind}: {one.source} says {one.said} {one.unit}, {one.compared_with} {one.expected},"
            f" difference {one.said - one.expected}"
        )


def _rows(name: str, count: int, rows: "Iterable[ReconciledRow]") -> Iterator[str]:
    if count:
        yield f"\n{name}: {count}"
        yield from (_row(row) for row in islice(rows, SHOWN))
    if count > SHOWN:
        yield f"  and {count - SHOWN} more: --class {name!r} --csv has all of them"


def _row(row: "ReconciledRow") -> str:
    where = f"rec_id {row.rec_id} {row.channel} {row.slot} {row.status}" if row.rec_id else "charge"
    times = (
        ("delivered", row.delivered_at),
        ("recorded", row.recorded_at),
        ("reversed", row.reversed_at),
        ("metered", row.metered_at),
        ("synced", row.metered_recorded_at),
    )
    said = [f"{label} {japan_time(time)}" for label, time in times if time]
    yen = ", ".join(
        f"{name} {'-' if value is None else value}"
        for name, value in (
            *(("owed", row.owed_yen), ("metered", row.metered_yen)),
            ("invoiced", row.invoiced_yen),
        )
    )
    key = f" ({row.delivery_key[:12]}…)" if row.delivery_key else ""
    return f"  {where}{key}: {row.because}; {yen} yen" + "".join(f"; {time}" for time in said)
