"""personalization-reconcile: does what a month's customers are charged agree with what was delivered?"""

import json
from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sqlite_utils_personalization.billing.reconcile.classes import CLASSES, EXPLAINED
from sqlite_utils_personalization.clock import japan_time
from sqlite_utils_personalization.commands.base import load_extension_option, say
from sqlite_utils_personalization.commands.output import RowsCommand, print_rows, print_text

if TYPE_CHECKING:
    from sqlite_utils_personalization.api.shapes import (
        ReconciledDelivery,
        ReconciledMonth,
        ReconciledTotal,
    )


_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_GIVEN = ("stripe", "invoiced", "meter", "endpoint", "stripe_meter", "keep")
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
    "--meter",
    type=click.Choice(["usage_events", "stripe", "both"]),
    default="both",
    show_default=True,
    help="What of that which was metered is reconciled; both as far as they are there",
)
@click.option(
    "--endpoint", metavar="GLOB", help="Which endpoints of usage_events deliver recommendations"
)
@click.option(
    "--stripe-meter",
    metavar="NAME",
    help="Which meter of the Stripe export: its event_name, or its id",
)
@click.option("--class", "class_", type=click.Choice([*CLASSES]), help="Rows of this class only")
@click.option("--keep", is_flag=True, help="Keep it in the file, for the questions in Datasette")
@load_extension_option
@click.option("--json", "as_json", is_flag=True, help="Output totals and rows as one JSON object")
@click.pass_context
def reconcile(
    ctx: click.Context,
    /,
    path: str,
    month: str,
    class_: str | None,
    as_json: bool,
    **options: Any,
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
    from sqlite_utils_personalization.api.delivering import reconcile as reconciled
    from sqlite_utils_personalization.api.shapes import ReconciledDelivery
    from sqlite_utils_personalization.database import explain_errors

    given = {name: options.pop(name) for name in _GIVEN}
    formats = [f"--{name}" for name in _TABULAR if options[name]]
    if as_json and formats:
        raise click.UsageError(f"--json and {' and '.join(formats)} exclude each other")
    found, rows = reconciled(path, month, class_=class_, **given)
    if as_json:
        _print_json(found, rows)
    elif formats:
        columns = tuple(ReconciledDelivery.__annotations__)
        with explain_errors(path):
            print_rows(ctx, columns, (tuple(row.values()) for row in rows), **options)
    else:
        print_text(reconciled_text(found, rows, class_), end="")
    for fault in found["faults"]:
        say(f"cannot be verified: {fault}")
    raise click.exceptions.Exit(found["exit_status"])


def _print_json(found: "ReconciledMonth", rows: "Iterable[ReconciledDelivery]") -> None:
    """One object, its rows one a line and never in memory together."""
    head = json.dumps(found, ensure_ascii=False, indent=2)
    print_text(head.removesuffix("\n}"), end=',\n  "reconciled": [')
    before = "\n    "
    for row in rows:
        print_text(before + json.dumps(row, ensure_ascii=False), end="")
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
    found: "ReconciledMonth", rows: "Iterable[ReconciledDelivery]", class_: str | None = None
) -> str:
    """Totals by class, sums, and the first rows of the class asked for, or of every one that is not explained."""
    shown = [class_] if class_ else [name for name in found["totals"] if name not in EXPLAINED]
    lines = [
        f"{found['month']} in Japan: {found['start']} to {found['end']}",
        *(f"{name:<13} {state}" for name, state in found["sources"].items()),
        f"decided       {found['decided']} recommendations were logged in the month",
        *_left_aside(found),
        "",
        f"{'class':<26}{'rows':>10}{'owed':>12}{'metered':>12}{'invoiced':>12}  yen",
        *(_line(name, total) for name, total in found["totals"].items()),
        _line("total", found["total"]),
        *_sums(found),
    ]
    wanted = {name: found["totals"][name]["rows"] for name in shown}
    for name, of_class in groupby(rows, itemgetter("class")):
        if count := wanted.pop(name, 0):
            lines += _rows(name, count, of_class)
        # The rows of what is explained, the most by far, come last.
        if not any(wanted.values()):
            break
    return "\n".join([*lines, "", _VERDICTS[found["exit_status"]], ""])


def _line(name: str, total: "ReconciledTotal") -> str:
    rows, *yen = ("-" if number is None else number for number in total.values())
    return f"{name:<26}{rows:>10}" + "".join(f"{one:>12}" for one in yen)


def _left_aside(found: "ReconciledMonth") -> Iterator[str]:
    if found["left_aside"]:
        yield f"left aside    {found['left_aside']} metered events that are not of a delivery"
    for source, number in found["left_aside_exports"].items():
        if number:
            yield f"left aside    {number} of {source}, which are of such events"
    if found["test_mode"]:
        yield f"left out      {found['test_mode']} records of Stripe's test mode, which charge nobody"


def _sums(found: "ReconciledMonth") -> Iterator[str]:
    if found["sums"]:
        yield "\ncompared as sums only:"
    for one in found["sums"]:
        yield (
            f"  {one['class']}: {one['source']} says {one['said']} {one['unit']},"
            f" {one['compared_with']} {one['expected']}, difference {one['said'] - one['expected']}"
        )


def _rows(name: str, count: int, rows: "Iterable[ReconciledDelivery]") -> Iterator[str]:
    yield f"\n{name}: {count}"
    yield from (_row(row) for row in islice(rows, SHOWN))
    if count > SHOWN:
        yield f"  and {count - SHOWN} more: --class {name!r} --csv has all of them"


def _row(row: "ReconciledDelivery") -> str:
    where = "charge"
    if row["rec_id"]:
        where = f"rec_id {row['rec_id']} {row['channel']} {row['slot']} {row['status']}"
    times = (
        ("delivered", row["delivered_at"]),
        ("recorded", row["recorded_at"]),
        ("reversed", row["reversed_at"]),
        ("metered", row["metered_at"]),
        ("synced", row["metered_recorded_at"]),
    )
    said = [f"{label} {japan_time(time)}" for label, time in times if time]
    yen = ", ".join(
        f"{name} {'-' if value is None else value}"
        for name, value in (
            *(("owed", row["owed_yen"]), ("metered", row["metered_yen"])),
            ("invoiced", row["invoiced_yen"]),
        )
    )
    key = f" ({row['delivery_key'][:12]}…)" if row["delivery_key"] else ""
    return f"  {where}{key}: {row['reason']}; {yen} yen" + "".join(f"; {time}" for time in said)
