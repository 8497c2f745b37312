"""personalization-deliver: record that recommendations reached their customers."""

import shutil
from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from sqlite_utils_personalization.billing.delivery import CHANNELS
from sqlite_utils_personalization.commands.base import say
from sqlite_utils_personalization.commands.key import standard_input
from sqlite_utils_personalization.commands.output import RowsCommand, print_rows
from sqlite_utils_personalization.errors import PersonalizationError

if TYPE_CHECKING:
    from sqlite_utils_personalization.billing.delivery import Delivery, Fact

OUTCOMES = {True: ("already reversed", "reversed"), False: ("already delivered", "delivered")}


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
    help="Which time: the Japanese day for rest and mcp, the issue for digest, as 2026-07-22, 2026-W30 or issue-7",
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
    said = {"channel": channel, "slot": slot, "status": status, "delivered_at": delivered_at}
    common = {name: value for name, value in said.items() if value is not None}
    _check_usage(rec_ids, common, reverse)
    outcomes: Counter[str] = Counter()
    with (
        _opened(path) as db,
        _lines(rec_ids) as lines,
        # Closed before the database is, so that what fails in between is undone.
        closing(_delivered(db, lines, rec_ids, common, reverse)) as found,
    ):
        rows = (_row(one, reverse, outcomes) for one in found)
        print_rows(ctx, (*_columns(), "outcome"), rows, **output)
    say(
        ", ".join(f"{outcomes[name]} {name}" for name in sorted(outcomes)) or "no line, no delivery"
    )


def _check_usage(rec_ids: tuple[Any, ...], common: dict[str, Any], reverse: bool) -> None:
    if "-" in rec_ids and len(rec_ids) > 1:
        raise click.UsageError("- stands alone: the lines name their rec_id")
    if "-" not in rec_ids and not {"channel", "slot"} <= common.keys():
        raise click.UsageError("name --channel and --slot")
    if reverse and "status" in common:
        raise click.UsageError("--reverse does not go with --status")


@contextmanager
def _opened(path: str) -> Iterator[Any]:
    from sqlite_utils_personalization.billing.record import require_deliveries
    from sqlite_utils_personalization.database import explain_errors, open_writable

    with explain_errors(path), open_writable(path) as db:
        require_deliveries(db.conn, path)
        yield db.conn


@contextmanager
def _lines(rec_ids: tuple[Any, ...]) -> Iterator[BinaryIO | None]:
    """Standard input as a whole, so that nobody waits for it while the file is locked; None where it is not read."""
    if rec_ids != ("-",):
        yield None
        return
    with TemporaryFile() as file:
        shutil.copyfileobj(standard_input(), file)
        file.seek(0)
        yield file


def _delivered(
    db: Any,
    lines: BinaryIO | None,
    rec_ids: tuple[int, ...],
    common: dict[str, Any],
    reverse: bool,
) -> Generator["Delivery"]:
    from sqlite_utils_personalization.billing.delivery import fact
    from sqlite_utils_personalization.billing.record import record_facts, reverse_facts

    act: Any = record_facts
    if reverse:
        act = partial(reverse_facts, reversed_at=common.pop("delivered_at", None))
    if lines is None:
        yield from act(db, [fact(rec_id, **common) for rec_id in rec_ids])
    else:
        yield from _all_lines(db, act, lines, common)


def _all_lines(
    db: Any, act: Any, lines: Iterable[bytes], common: dict[str, Any]
) -> Iterator["Delivery"]:
    from sqlite_utils_personalization.billing.delivery import read_facts
    from sqlite_utils_personalization.transaction import transaction

    bad = 0
    numbers: list[int] = []

    def refuse(number: int, fault: PersonalizationError) -> None:
        nonlocal bad
        bad += 1
        say(f"line {number}: {fault}")

    def facts() -> Iterator["Fact"]:
        for number, found in read_facts(lines, common, refuse):
            numbers.append(number)
            yield found

    with transaction(db, "IMMEDIATE"):
        yield from act(db, facts(), lambda at, fault: refuse(numbers[at], fault))
        if bad:
            raise PersonalizationError(
                f"{bad} line{('s' if bad > 1 else '')} cannot be taken",
                "nothing was recorded; mend and run this again",
            )


def _row(found: "Delivery", reverse: bool, outcomes: Counter[str]) -> tuple[Any, ...]:
    outcome = OUTCOMES[reverse][found.new]
    outcomes[outcome] += 1
    return (*found[:-1], outcome)


def _columns() -> tuple[str, ...]:
    from sqlite_utils_personalization.billing.delivery import Delivery

    return Delivery._fields[:-1]
