"""personalization-deliver: record that recommendations reached their customers."""

import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any

import click

from sqlite_utils_personalization.billing.delivery import CHANNELS
from sqlite_utils_personalization.commands.base import say
from sqlite_utils_personalization.commands.key import standard_input
from sqlite_utils_personalization.commands.output import RowsCommand, print_rows
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.language import pgettext

if TYPE_CHECKING:
    from sqlite_utils_personalization.api.shapes import RecordedDelivery


class RecId(click.IntRange):
    """The number of a log row, or - for lines of standard input."""

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        return value if value == "-" else super().convert(value, param, ctx)


@click.command(name="personalization-deliver", cls=RowsCommand)
@click.argument("path", type=click.Path(exists=True, dir_okay=False, allow_dash=False))
@click.argument("rec_ids", metavar="REC_ID...", type=RecId(1, 2**53), nargs=-1, required=True)
@click.option("--channel", type=click.Choice(CHANNELS), help="How it got there")
@click.option(
    "--slot",
    help="Which time: for rest and mcp the Japanese day of the delivery, for digest the issue, as 2026-07-22, 2026-W30"
    " or issue-7",
)
@click.option(
    "--status", type=click.IntRange(100, 599), help="HTTP status, 200 if not given; only 2xx bills"
)
@click.option(
    "--delivered-at",
    metavar="TIME",
    help="When, with its zone, by default now: 2026-07-22T00:30Z; with --reverse, when it was taken back",
)
@click.option(
    "--reverse", is_flag=True, help="Take these deliveries back, each by a row of its own"
)
@click.pass_context
def deliver(
    ctx: click.Context,
    /,
    path: str,
    rec_ids: tuple[Any, ...],
    channel: str | None,
    slot: str | None,
    status: int | None,
    delivered_at: str | None,
    reverse: bool,
    **output: Any,
) -> None:
    """
    Record that recommendations were delivered, each once however often it is said

    Example:

    \b
        sqlite-utils personalization-deliver jpcite.db 17 18 --channel digest --slot 2026-07-22
        sqlite-utils personalization-deliver jpcite.db - < facts.jsonl

    A - for REC_ID reads one JSON object a line from standard input: rec_id, channel, slot and, if known, status,
    delivered_at, unit_price_yen; the options are what a line does not say. All are recorded, or none with a report
    of every bad line. What was already delivered is reported as such, with success.
    """
    from sqlite_utils_personalization.database import explain_errors

    said = {"channel": channel, "slot": slot, "status": status, "delivered_at": delivered_at}
    common = {name: value for name, value in said.items() if value is not None}
    _check_usage(rec_ids, common, reverse)
    outcomes: Counter[str] = Counter()
    with _lines(rec_ids) as lines:
        found = _recorded(
            path, lines or rec_ids, common, reverse, refuse=_refuse if lines else None
        )

    def row(one: "RecordedDelivery") -> tuple[Any, ...]:
        outcomes[one["outcome"]] += 1
        return tuple(one.values())

    # There may be no space for what is printed.
    with explain_errors(path):
        print_rows(ctx, _columns(), map(row, found), **output)
    names = _outcome_names()
    told = (
        _("{n} {outcome}", n=outcomes[name], outcome=names.get(name, name))
        for name in sorted(outcomes)
    )
    say(pgettext("list", ", ").join(told) or _("no line, no delivery"))


def _outcome_names() -> dict[str, str]:
    return {
        "delivered": pgettext("outcome", "delivered"),
        "failed": pgettext("outcome", "failed"),
        "reversed": pgettext("outcome", "reversed"),
        "already delivered": pgettext("outcome", "already delivered"),
        "already failed": pgettext("outcome", "already failed"),
        "already reversed": pgettext("outcome", "already reversed"),
    }


def _check_usage(rec_ids: tuple[Any, ...], common: dict[str, Any], reverse: bool) -> None:
    if "-" in rec_ids and len(rec_ids) > 1:
        raise click.UsageError("- stands alone: the lines name their rec_id")
    if "-" not in rec_ids and not {"channel", "slot"} <= common.keys():
        raise click.UsageError("name --channel and --slot")
    if reverse and "status" in common:
        raise click.UsageError("--reverse does not go with --status")


@contextmanager
def _lines(rec_ids: tuple[Any, ...]) -> Iterator[Iterable[bytes] | None]:
    """Standard input as a whole, so that nobody waits for it while the file is locked; None where it is not read."""
    if rec_ids != ("-",):
        yield None
        return
    with TemporaryFile() as file:
        shutil.copyfileobj(standard_input(), file)
        file.seek(0)
        yield file


def _recorded(
    path: str, said: Iterable[Any], common: dict[str, Any], reverse: bool, **options: Any
) -> "Iterator[RecordedDelivery]":
    from sqlite_utils_personalization.api.delivering import record_deliveries, reverse_deliveries

    if not reverse:
        return record_deliveries(path, said, **common, **options)
    reversed_at = common.pop("delivered_at", None)
    return reverse_deliveries(path, said, **common, reversed_at=reversed_at, **options)


def _refuse(number: int, fault: PersonalizationError) -> None:
    say(_("line {number}: {fault}", number=number, fault=fault))


def _columns() -> tuple[str, ...]:
    from sqlite_utils_personalization.api.shapes import RecordedDelivery

    return tuple(RecordedDelivery.__annotations__)
