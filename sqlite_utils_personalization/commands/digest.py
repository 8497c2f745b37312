"""personalization-digest: what is new for each customer, as files to be sent; and which of them were."""

import json
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO

import click
from click.core import ParameterSource

from sqlite_utils_personalization.commands.base import (
    Command,
    Progress,
    envelope_option,
    load_extension_option,
    note_language,
    say,
    stoppable,
)
from sqlite_utils_personalization.commands.output import print_text
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.language import LANGUAGES, ngettext
from sqlite_utils_personalization.language import gettext as _


@click.command(name="personalization-digest", cls=Command)
@click.argument("path", type=click.Path(exists=True, dir_okay=False, allow_dash=False))
@click.option(
    "--out",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="The folder of the digests, a new one for each issue",
)
@click.option(
    "--night", default="latest", show_default=True, help="Of which night: latest, or its day"
)
@click.option(
    "--on",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="The day on which it is read, by default today in Japan",
)
@click.option(
    "--most", type=click.IntRange(1, 100), default=5, show_default=True, help="Programs in one"
)
@click.option(
    "--lang",
    type=click.Choice(LANGUAGES),
    callback=note_language,
    default="ja",
    show_default=True,
    help="Language of the digests, and where it is given of what is said meanwhile",
)
@click.option("--ics", is_flag=True, help="Also write the deadlines as an iCalendar file")
@click.option(
    "--dismiss-url",
    metavar="URL",
    help="Where an item is dismissed, with {type}, {item_id} and {rec_id} in it",
)
@click.option(
    "--record",
    "results",
    type=click.File("rb"),
    help="Write nothing; record that what these lines name was sent",
)
@click.option("--json", "as_json", is_flag=True, help="Output the numbers as one JSON object")
@load_extension_option
@envelope_option
@click.option("-s", "--silent", is_flag=True, help="Don't show a progress bar")
@click.pass_context
def digest(
    ctx: click.Context,
    /,
    path: str,
    folder: Path,
    results: BinaryIO | None,
    as_json: bool,
    **options: Any,
) -> None:
    """
    Write for each customer what is new of a night, or record what was sent of it

    Example:

    \b
        sqlite-utils personalization-digest jpcite.db --out digests/2026-07-22
        sqlite-utils personalization-digest jpcite.db --out digests/2026-07-22 --record sent.jsonl

    Nothing is sent, and the file is only read. Each customer with something new has HASH.txt, HASH.html and HASH.json
    in the folder, and a line in digests.jsonl; the folder appears once it is complete. New is what is still open and
    was not handed over before, and changes of programs that the customer said to be interested in.

    With --record, each line of the file says what became of one digest, as {"user_token_hash": "...", "sent": true,
    "sent_at": "2026-07-22T09:00:00+09:00"}; sent and sent_at may be left out. Its recommendations are recorded as
    delivered, each once however often it is said, but for those that the customer was handed otherwise, or that closed,
    before it was sent; - reads standard input.
    """
    if results is None:
        with stoppable(_("nothing was written - run the same command again")):
            _write(path, folder, as_json, **options)
        return
    for name in options:
        if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(
                "--record goes with --out alone: what was written stays as it is"
            )
    _record(path, folder, as_json, results)


def _write(
    path: str, folder: Path, as_json: bool, night: str, silent: bool, **options: Any
) -> None:
    from sqlite_utils_personalization.api.handing_over import write_digests
    from sqlite_utils_personalization.clock import is_day

    if night != "latest" and not is_day(night):
        raise click.BadParameter("neither latest nor a day like 2026-07-22", param_hint="--night")
    with ExitStack() as stack:
        progress = None if silent else Progress(stack)
        found = write_digests(path, folder, night=night, progress=progress, **options)
    say(
        _(
            "{digests} of {day} in {folder}; {customers} with nothing new",
            digests=_digests(found["digests"]),
            day=found["as_of"],
            folder=folder,
            customers=ngettext("{n} customer", "{n} customers", found["nothing_new"]),
        )
    )
    if n := found["unnamed"]:
        say(
            ngettext(
                "{n} customer left out: user_token_hash is not 64 lower-case hex digits",
                "{n} customers left out: user_token_hash is not 64 lower-case hex digits",
                n,
            )
        )
    _print(found, as_json)


def _digests(n: int) -> str:
    return ngettext("{n} digest", "{n} digests", n)


def _record(path: str, folder: Path, as_json: bool, lines: BinaryIO) -> None:
    from sqlite_utils_personalization.api.handing_over import record_digests

    def refuse(number: int, fault: PersonalizationError) -> None:
        say(_("line {number}: {fault}", number=number, fault=fault))

    found = record_digests(path, folder, lines, refuse=refuse)
    say(
        _(
            "{n} delivered, {before} already delivered, {digests} not sent",
            n=found["delivered"],
            before=found["already_delivered"],
            digests=_digests(found["not_sent"]),
        )
    )
    if n := found["free"]:
        say(_("{n} not charged: handed over otherwise, or closed, before it was sent", n=n))
    _print(found, as_json)
    if found["refused"]:
        raise PersonalizationError(
            ngettext("{n} line cannot be taken", "{n} lines cannot be taken", found["refused"]),
            _("the others are recorded; mend these and run this again"),
        )


def _print(found: Mapping[str, Any], as_json: bool) -> None:
    if as_json:
        print_text(json.dumps(found, ensure_ascii=False, indent=2))
