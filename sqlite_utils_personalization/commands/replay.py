"""personalization-replay: recompute recommendations from what their night stored."""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sqlite_utils_personalization.commands.base import load_extension_option, say
from sqlite_utils_personalization.commands.key import checked_hash
from sqlite_utils_personalization.commands.output import (
    RowsCommand,
    print_json,
    print_rows,
    print_text,
)

if TYPE_CHECKING:
    from sqlite_utils_personalization.audit.compare_today import ThenNow
    from sqlite_utils_personalization.audit.replay_result import Replay
    from sqlite_utils_personalization.catalogue.candidate import Candidate

# How many rows share one reading of today's catalogue.
TOGETHER = 2_000
_SELECTING = ("rec_ids", "user_token_hash", "run_id", "since", "until")
_TABULAR = ("arrays", "csv", "tsv", "table", "fmt")


@click.command(name="personalization-replay", cls=RowsCommand)
@click.argument("path", type=click.Path(exists=True, dir_okay=False, allow_dash=False))
@click.argument("rec_ids", metavar="[REC_ID]...", type=click.IntRange(1, 2**53), nargs=-1)
@click.option("--user-hash", "user_token_hash", help="Rows of this customer: sha256 of the API key")
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
def replay(
    ctx: click.Context,
    /,
    path: str,
    now: bool,
    catalogue: Path | None,
    sealed: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """
    Recompute recommendations from what their night stored, and say why each was made

    Example:

    \b
        sqlite-utils personalization-replay jpcite.db 17 --now
        sqlite-utils personalization-replay jpcite.db --run 1 --csv

    Exit status 1: a row differs from its evidence, its evidence is broken, or with --sealed no seal proves it. A row
    that another program wrote has no evidence, and that of an erased customer is nobody's, which is no fault. The file
    is only read.
    """
    chosen = _chosen({name: options.pop(name) for name in _SELECTING})
    tabular = any(options.values()) and not as_json
    _check_usage(now, catalogue, tabular, as_json, options)
    verdicts: Counter[str] = Counter()
    unproved: list[int] = []
    with _opened(path) as db:
        found = _replayed(db, chosen, verdicts, below_cut=not tabular)
        if sealed:
            found = _proved(db, found, unproved)
        if tabular:
            from sqlite_utils_personalization.audit.replay_result import ROW_COLUMNS

            print_rows(ctx, ROW_COLUMNS, (one.to_row() for one in found), **options)
        elif now:
            _print(_beside_today(db, found, catalogue), as_json, options)
        else:
            _print(((one, None) for one in found), as_json, options)
    _conclude(verdicts, len(unproved) if sealed else None)


def _chosen(given: dict[str, Any]) -> dict[str, Any]:
    if not any(given.values()):
        raise click.UsageError("name a REC_ID, or use --user-hash, --run, --since or --until")
    if given["user_token_hash"] is not None:
        given["user_token_hash"] = checked_hash(given["user_token_hash"])
    return {name: value for name, value in given.items() if value}


def _check_usage(
    now: bool, catalogue: Path | None, tabular: bool, as_json: bool, output: dict[str, Any]
) -> None:
    if now and tabular:
        raise click.UsageError("--now goes with text or --json")
    if catalogue and not now:
        raise click.UsageError("--catalogue goes with --now")
    if as_json and (others := [f"--{name}" for name in _TABULAR if output[name]]):
        raise click.UsageError(f"--json and {' and '.join(others)} exclude each other")


@contextmanager
def _opened(path: str) -> Iterator[sqlite3.Connection]:
    from sqlite_utils_personalization.database import (
        explain_errors,
        open_readonly,
        require_evidence,
    )

    with explain_errors(path), open_readonly(path) as db:
        require_evidence(db.conn, path)
        yield db.conn


def _replayed(
    db: sqlite3.Connection, chosen: dict[str, Any], verdicts: Counter[str], *, below_cut: bool
) -> Iterator["Replay"]:
    from sqlite_utils_personalization.audit.replay import replay as replayed
    from sqlite_utils_personalization.audit.selection import Selection

    for found in replayed(db, Selection(**chosen), below_cut=below_cut):
        verdicts[found.verdict] += 1
        yield found


def _proved(
    db: sqlite3.Connection, found: Iterator["Replay"], unproved: list[int]
) -> Iterator["Replay"]:
    from sqlite_utils_personalization.audit.receipt import Proofs

    proofs = Proofs(db)
    for one in found:
        proof = proofs.of(one)
        if proof.faults:
            unproved.append(one.rec_id)
        yield replace(one, sealed=proof)


def _beside_today(
    db: sqlite3.Connection, found: Iterator["Replay"], catalogue: Path | None
) -> Iterator[tuple["Replay", "ThenNow | None"]]:
    from sqlite_utils_personalization.audit.compare_today import compare_today

    while together := list(islice(found, TOGETHER)):
        items: dict[int, dict[int, Candidate]] = defaultdict(dict)
        for one in together:
            if one.run and one.found:
                items[one.run.run_id][one.rec_id] = one.found.candidate
        said: dict[int, ThenNow] = {}
        for run_id, of_run in items.items():
            compared = compare_today(db, run_id, of_run.values(), catalogue=catalogue)
            said.update(zip(of_run, compared, strict=True))
        yield from ((one, said.get(one.rec_id)) for one in together)


def _print(
    found: Iterable[tuple["Replay", "ThenNow | None"]], as_json: bool, output: dict[str, Any]
) -> None:
    from sqlite_utils_personalization.commands.replay_text import replay_text

    if as_json:
        rows = (one.to_dict() | {"now": now and now.to_dict()} for one, now in found)
        print_json(rows, lines=output["nl"], ascii_=output["ascii_"])
        return
    for one, now in found:
        print_text(replay_text(one, now))


def _conclude(verdicts: Counter[str], unproved: int | None) -> None:
    from sqlite_utils_personalization.audit.replay_result import FAULTS

    total = verdicts.total()
    counts = ", ".join(f"{count} {verdict}" for verdict, count in sorted(verdicts.items()))
    proof = "" if unproved is None else f"; {total - unproved} proved under a seal"
    said = f"{total} row{'' if total == 1 else 's'}: {counts}{proof}"
    say(said if total else "no row was chosen")
    if unproved or any(verdicts[fault] for fault in FAULTS):
        raise click.exceptions.Exit(1)
