"""personalization-replay: recompute recommendations from what their night stored."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sqlite_utils_personalization.commands.base import FOUND, LOOKS, load_extension_option, say
from sqlite_utils_personalization.commands.key import checked_customer
from sqlite_utils_personalization.commands.output import (
    TABULAR,
    RowsCommand,
    print_json,
    print_rows,
    print_text,
)
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.language import message_of, ngettext, pgettext

if TYPE_CHECKING:
    from sqlite_utils_personalization.audit.replay_result import Replay

_SELECTING = ("rec_ids", "customer", "run_id", "since", "until")


@click.command(name="personalization-replay", cls=RowsCommand, is_text=True, **LOOKS)
@click.argument("path", type=click.Path(exists=True, dir_okay=False, allow_dash=False))
@click.argument("rec_ids", metavar="[REC_ID]...", type=click.IntRange(1, 2**53), nargs=-1)
@click.option(
    "--user-hash",
    "customer",
    help="Rows of this customer: sha256 of the API key, or the first 8 digits or more",
)
@click.option("--run", "run_id", type=click.IntRange(1, 2**53), help="Rows of this run")
@click.option("--since", metavar="TIME", help="Rows served at this UTC time or later: 2026-07-22")
@click.option("--until", metavar="TIME", help="Rows served in this day, hour or second, or earlier")
@click.option("--now", is_flag=True, help="Also hold each item against today's catalogue")
@click.option(
    "--catalogue",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="With --now: the SELECT of further items that the night was given",
)
@click.option("--sealed", is_flag=True, help="Also prove each row under the seal of its night")
@click.option(
    "--json", "as_json", is_flag=True, help="Output all that is known of each row as JSON"
)
@load_extension_option
@click.pass_context
def replay(ctx: click.Context, /, path: str, as_json: bool, **options: Any) -> None:
    """
    Recompute recommendations from what their night stored, and say why each was made

    Example:

    \b
        sqlite-utils personalization-replay jpcite.db 17 --now
        sqlite-utils personalization-replay jpcite.db --run 1 --csv

    Exit status 1: a row differs from its evidence, its evidence is broken, or with --sealed no seal proves it; 3: there
    is no such row, run or customer; 2: it could not be looked at. A row that another program wrote has no evidence, and
    that of an erased customer is nobody's, which is no fault. The file is only read.
    """
    chosen = {name: options.pop(name) for name in _SELECTING}
    asked = {name: options.pop(name) for name in ("now", "catalogue", "sealed")}
    tabular = any(options[name] for name in TABULAR)
    _check_usage(chosen, asked, tabular)
    from sqlite_utils_personalization.api.auditing import replayed

    tally: Counter[str] = Counter()
    wanted = {name: value for name, value in chosen.items() if value}
    rows = _counted(replayed(path, **wanted, **asked, below_cut=not tabular), tally)
    if tabular:
        from sqlite_utils_personalization.audit.replay_result import ROW_COLUMNS

        flat = (one.to_row() for one in rows)
        print_rows(ctx, ROW_COLUMNS, flat, at_once=True, **options)
    elif as_json or options["nl"]:
        print_json((one.to_dict() for one in rows), lines=options["nl"], ascii_=options["ascii_"])
    else:
        from sqlite_utils_personalization.commands.replay_text import replay_text

        for one in rows:
            print_text(replay_text(one))
    _conclude(tally, asked["sealed"])


def _check_usage(chosen: dict[str, Any], asked: dict[str, Any], tabular: bool) -> None:
    if not any(chosen.values()):
        raise click.UsageError("name a REC_ID, or use --user-hash, --run, --since or --until")
    if chosen["customer"] is not None:
        checked_customer(chosen["customer"])
    if asked["now"] and tabular:
        raise click.UsageError("--now goes with text, --json or --nl")
    if asked["catalogue"] and not asked["now"]:
        raise click.UsageError("--catalogue goes with --now")


def _counted(rows: Iterator["Replay"], tally: Counter[str]) -> Iterator["Replay"]:
    for one in rows:
        tally[one.verdict] += 1
        # No verdict has this name.
        tally[""] += one.is_fault
        tally["proved"] += bool(one.sealed and not one.sealed.faults)
        yield one


def _counts(tally: Counter[str], total: int, proved: int | None) -> str:
    counts = pgettext("list", ", ").join(
        _("{n} {verdict}", n=count, verdict=message_of(verdict))
        for verdict, count in sorted(tally.items())
    )
    if proved is None:
        return ngettext("{n} row: {counts}", "{n} rows: {counts}", total, counts=counts)
    return ngettext(
        "{n} row: {counts}; {proved} proved under a seal",
        "{n} rows: {counts}; {proved} proved under a seal",
        total,
        counts=counts,
        proved=proved,
    )


def _conclude(tally: Counter[str], sealed: bool) -> None:
    faults, proved = tally.pop("", 0), tally.pop("proved", 0)
    total = tally.total()
    say(_counts(tally, total, proved if sealed else None) if total else _("no row was chosen"))
    if faults:
        raise click.exceptions.Exit(FOUND)
