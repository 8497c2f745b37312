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
from sqlite_utils_personalization.commands.output import (
    ROWS,
    RowsCommand,
    padded,
    print_rows,
    print_text,
)
from sqlite_utils_personalization.language import N_, message_of, pgettext
from sqlite_utils_personalization.language import gettext as _

if TYPE_CHECKING:
    from sqlite_utils_personalization.api.shapes import (
        ReconciledDelivery,
        ReconciledMonth,
        ReconciledTotal,
    )


_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_GIVEN = ("stripe", "invoiced", "meter", "endpoint", "stripe_meter", "keep")


@click.command(name="personalization-reconcile", cls=RowsCommand, is_text=True, unfinished=2)
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
    formats = [f"--{name}" for name in ROWS if options[name]]
    if as_json and formats:
        raise click.UsageError(f"--json and {' and '.join(formats)} exclude each other")
    found, rows = reconciled(path, month, class_=class_, **given)
    rows = (_in_words(row) for row in rows)
    if as_json:
        _print_json(found, rows)
    elif formats:
        columns = tuple(ReconciledDelivery.__annotations__)
        with explain_errors(path):
            print_rows(ctx, columns, (tuple(row.values()) for row in rows), **options)
    else:
        print_text(reconciled_text(found, rows, class_), end="")
    for fault in found["faults"]:
        say(_("cannot be verified: {fault}", fault=fault))
    raise click.exceptions.Exit(found["exit_status"])


def _in_words(row: "ReconciledDelivery") -> "ReconciledDelivery":
    return {**row, "reason": message_of(row["reason"])}


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
    N_("everything is explained"),
    N_("something is not explained"),
    N_("something could not be verified"),
)
# Columns of a source, of a class, and of a number.
_SOURCE, _CLASS, _NUMBER = 13, 26, 12


def reconciled_text(
    found: "ReconciledMonth", rows: "Iterable[ReconciledDelivery]", class_: str | None = None
) -> str:
    """Totals by class, sums, and the first rows of the class asked for, or of every one that is not explained."""
    yen = pgettext("column", "yen")
    shown = [class_] if class_ else [name for name in found["totals"] if name not in EXPLAINED]
    lines = [
        _(
            "{month} in Japan: {start} to {end}",
            month=found["month"],
            start=found["start"],
            end=found["end"],
        ),
        *(_said(name, message_of(state)) for name, state in found["sources"].items()),
        _said(
            pgettext("label", "decided"),
            _("{n} recommendations were logged in the month", n=found["decided"]),
        ),
        *_left_aside(found),
        "",
        f"{_columns(*_heads())}  {yen}",
        *(_line(_class_name(name), total) for name, total in found["totals"].items()),
        _line(pgettext("column", "total"), found["total"]),
        *_sums(found),
    ]
    wanted = {name: found["totals"][name]["rows"] for name in shown}
    for name, of_class in groupby(rows, itemgetter("class")):
        if count := wanted.pop(name, 0):
            lines += _rows(name, count, of_class)
        # The rows of what is explained, the most by far, come last.
        if not any(wanted.values()):
            break
    return "\n".join([*lines, "", message_of(_VERDICTS[found["exit_status"]]), ""])


def _class_name(name: str) -> str:
    """A class as a person reads it."""
    names = {
        "unverifiable": pgettext("class", "unverifiable"),
        "erased": pgettext("class", "erased"),
        "orphan": pgettext("class", "orphan"),
        "conflicting": pgettext("class", "conflicting"),
        "charged but not delivered": pgettext("class", "charged but not delivered"),
        "reversed": pgettext("class", "reversed"),
        "duplicate": pgettext("class", "duplicate"),
        "wrong amount": pgettext("class", "wrong amount"),
        "delivered but not charged": pgettext("class", "delivered but not charged"),
        "missing downstream": pgettext("class", "missing downstream"),
        "late": pgettext("class", "late"),
        "matched": pgettext("class", "matched"),
    }
    return names.get(name, name)


def _said(name: str, text: str) -> str:
    return f"{padded(name, _SOURCE)} {text}"


def _columns(name: str, rows: object, yen: Iterable[object]) -> str:
    first = padded(str(rows), _NUMBER - 2, at_end=True)
    return f"{padded(name, _CLASS)}{first}" + "".join(
        padded(str(one), _NUMBER, at_end=True) for one in yen
    )


def _heads() -> tuple[str, str, tuple[str, str, str]]:
    yen = (
        pgettext("column", "owed"),
        pgettext("column", "metered"),
        pgettext("column", "invoiced"),
    )
    return pgettext("column", "class"), pgettext("column", "rows"), yen


def _line(name: str, total: "ReconciledTotal") -> str:
    rows, *yen = ("-" if number is None else number for number in total.values())
    return _columns(name, rows, yen)


def _left_aside(found: "ReconciledMonth") -> Iterator[str]:
    if found["left_aside"]:
        text = _("{n} metered events that are not of a delivery", n=found["left_aside"])
        yield _said(pgettext("label", "left aside"), text)
    for source, number in found["left_aside_exports"].items():
        if number:
            text = _("{n} of {source}, which are of such events", n=number, source=source)
            yield _said(pgettext("label", "left aside"), text)
    if found["test_mode"]:
        text = _("{n} records of Stripe's test mode, which charge nobody", n=found["test_mode"])
        yield _said(pgettext("label", "left out"), text)


def _sums(found: "ReconciledMonth") -> Iterator[str]:
    if found["sums"]:
        text = _("compared as sums only:")
        yield f"\n{text}"
    for one in found["sums"]:
        text = _(
            "{class_}: {source} says {said} {unit}, {compared_with} {expected}, difference {difference}",
            class_=_class_name(one["class"]),
            source=one["source"],
            said=one["said"],
            unit=message_of(one["unit"]),
            compared_with=message_of(one["compared_with"]),
            expected=one["expected"],
            difference=one["said"] - one["expected"],
        )
        yield f"  {text}"


def _rows(name: str, count: int, rows: "Iterable[ReconciledDelivery]") -> Iterator[str]:
    text = _("{class_}: {n}", class_=_class_name(name), n=count)
    yield f"\n{text}"
    yield from (_row(row) for row in islice(rows, SHOWN))
    if count > SHOWN:
        text = _(
            "and {n} more: --class {name} --csv has all of them", n=count - SHOWN, name=repr(name)
        )
        yield f"  {text}"


def _row(row: "ReconciledDelivery") -> str:
    where = _("charge")
    if row["rec_id"]:
        where = _(
            "rec_id {rec_id} {channel} {slot} {status}",
            **{name: row[name] for name in ("rec_id", "channel", "slot", "status")},
        )
    if row["delivery_key"]:
        where = _("{where} ({key}…)", where=where, key=row["delivery_key"][:12])
    times = (
        (message_of(N_("delivered {time}")), row["delivered_at"]),
        (message_of(N_("recorded {time}")), row["recorded_at"]),
        (message_of(N_("reversed {time}")), row["reversed_at"]),
        (message_of(N_("metered {time}")), row["metered_at"]),
        (message_of(N_("synced {time}")), row["metered_recorded_at"]),
    )
    yen = _(
        "owed {owed}, metered {metered}, invoiced {invoiced} yen",
        owed=_yen(row["owed_yen"]),
        metered=_yen(row["metered_yen"]),
        invoiced=_yen(row["invoiced_yen"]),
    )
    said = [text.format(time=japan_time(time)) for text, time in times if time]
    between = pgettext("sentences", "; ")
    text = _("{where}: {reason}", where=where, reason=row["reason"])
    return f"  {between.join([text, yen, *said])}"


def _yen(value: int | None) -> str:
    return "-" if value is None else str(value)
