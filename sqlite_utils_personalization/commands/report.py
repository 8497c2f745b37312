"""personalization-report: was a night like the nights before it?"""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sqlite_utils_personalization.commands.base import (
    FOUND,
    LOOKS,
    load_extension_option,
    progress_in,
    say,
)
from sqlite_utils_personalization.commands.output import (
    ROWS,
    RowsCommand,
    padded,
    print_object,
    print_rows,
    print_text,
)
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.language import ngettext, pgettext

if TYPE_CHECKING:
    from sqlite_utils_personalization.audit.report.report import Measure, Report


@click.command(name="personalization-report", cls=RowsCommand, is_text=True, **LOOKS)
@click.argument("path", type=click.Path(exists=True, dir_okay=False, allow_dash=False))
@click.option("--night", metavar="DATE", help="The night of this day, by default the latest")
@click.option(
    "--against",
    metavar="DATE|previous|median:N",
    default="median:14",
    show_default=True,
    help="What it is held against: a day's night, the one before, or the median of N before",
)
@click.option(
    "--bands",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="What is usual, instead of the packaged bands.json",
)
@click.option(
    "--fail-if",
    "fail_if",
    multiple=True,
    metavar="THRESHOLD",
    help="Exit with 1 if it holds, like 'coverage<20%' or 'outside>0'",
)
@load_extension_option
@click.option("--json", "as_json", is_flag=True, help="Output the whole report as one JSON object")
@click.option("-s", "--silent", is_flag=True, help="Don't show a progress bar")
@click.pass_context
def report(
    ctx: click.Context,
    /,
    path: str,
    night: str | None,
    against: str,
    bands: Path | None,
    fail_if: tuple[str, ...],
    as_json: bool,
    silent: bool,
    **options: Any,
) -> None:
    """
    Hold a night against the nights before it, and say what is not as usual

    Example:

    \b
        sqlite-utils personalization-report jpcite.db --fail-if 'outside>0'

    Each measure is shown with what is usual of it and its values in the last 14 nights; docs/report.md says how each is
    counted, and what bands are.

    Exit status 1: a threshold of --fail-if holds; 3: there is no such night; 2: it could not be looked at. The file is
    only read.
    """
    from sqlite_utils_personalization.api.reporting import ReportedMeasure, as_object, reported

    with ExitStack() as stack:
        found, crossed = reported(
            path,
            night=night,
            against=against,
            bands=bands,
            fail_if=fail_if,
            progress=progress_in(stack, silent),
        )
    if as_json:
        print_object(as_object(found, crossed))
    elif any(options[name] for name in ROWS):
        columns = tuple(ReportedMeasure.__annotations__)
        rows = (tuple(map(_cell, one.values())) for one in as_object(found)["measures"])
        print_rows(ctx, columns, rows, **options)
    else:
        print_text(report_text(found), end="")
    for one in crossed:
        say(one)
    if crossed:
        raise click.exceptions.Exit(FOUND)


def _cell(value: object) -> object:
    return json.dumps(value) if isinstance(value, list) else value


_ARROWS = {"up": "\u2191", "down": "\u2193", "same": "\u2192", None: " "}
_BARS = "\u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588"
_UNKNOWN = "\u00b7"


def report_text(found: "Report") -> str:
    """A line for each measure, its values as bars, and the sentences of those that left their band."""
    from sqlite_utils_personalization.audit.report.sentences import name_of, number_of, sentence

    rows = [
        (
            name_of(one),
            number_of(one.name, one.value.number),
            number_of(one.name, one.usual),
            f"{_ARROWS[one.arrow]}{'!' if one.is_outside else ' '}",
            sparkline(one.nights),
        )
        for one in found.measures
        if not _is_still(one)
    ]
    heads = (
        pgettext("column", "measure"),
        pgettext("column", "value"),
        pgettext("column", "usual"),
        "  ",
        pgettext("column", "the last nights"),
    )
    lines = [_heading(found), "", *_table([heads, *rows]), *_still(found), ""]
    said = [text for one in found.measures if (text := sentence(one))]
    lines += said or [_nothing(found)]
    return "\n".join([*lines, *_recounted(found), ""])


def _is_still(one: "Measure") -> bool:
    """Whether it is of a rule that left out as many items on each night."""
    return one.rule is not None and one.change in (None, 0) and len({*one.nights}) == 1


def _still(found: "Report") -> Iterator[str]:
    if n := sum(map(_is_still, found.measures)):
        yield ngettext(
            "and {n} rule that left out as many items on each night",
            "and {n} rules that left out as many items on each night",
            n,
        )


def _heading(found: "Report") -> str:
    night = found.night
    at = {"day": night.as_of, "run_id": night.run_id}
    if found.against.as_of:
        what = _(
            "night of {day} (run {run_id}), against that of {other}",
            other=found.against.as_of,
            **at,
        )
    elif not found.compared:
        what = _("night of {day} (run {run_id}); there is none before it", **at)
    elif found.against.text == "previous":
        before = found.compared[-1].as_of
        what = _(
            "night of {day} (run {run_id}), against the one before, of {other}", other=before, **at
        )
    else:
        what = _(
            "night of {day} (run {run_id}), against the median of up to {n} nights before",
            n=found.against.nights,
            **at,
        )
    return what


def _nothing(found: "Report") -> str:
    if any(one.usual is not None for one in found.measures):
        return _("everything is as usual")
    return _("too few nights were scored before to say what is usual")


def _recounted(found: "Report") -> Iterator[str]:
    nights = [*found.compared, found.night]
    if n := sum(not one.is_kept for one in nights):
        yield ngettext(
            "{n} night did not keep its measures: they were counted in its log",
            "{n} nights did not keep their measures: they were counted in their logs",
            n,
        )


def _table(rows: Sequence[tuple[str, str, str, str, str]]) -> Iterable[str]:
    widths = [max(_columns(row[at]) for row in rows) for at in range(3)]
    for name, value, usual, arrow, bars in rows:
        cells = (
            padded(name, widths[0]),
            padded(value, widths[1], at_end=True),
            padded(usual, widths[2], at_end=True),
            arrow,
            bars,
        )
        yield "  ".join(cells).rstrip()


def _columns(text: str) -> int:
    return len(padded(text, 0)) + sum(one > "\u2e7f" for one in text)


def sparkline(numbers: Sequence[Fraction | None]) -> str:
    """A bar for each number, between the least and the most of them; a dot for one that is not known."""
    known = [one for one in numbers if one is not None]
    if not known:
        return ""
    low, high = min(known), max(known)
    steps = len(_BARS) - 1
    # Where nothing moved, in the middle.
    return "".join(
        (
            _UNKNOWN
            if one is None
            else _BARS[round((one - low) / (high - low) * steps) if high > low else steps // 2]
        )
        for one in numbers
    )
