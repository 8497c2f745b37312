"""personalization-digest: what is new for each customer, as files to be sent; and which of them were."""

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click
from click.core import ParameterSource

from sqlite_utils_personalization.commands.base import (
    Command,
    Progress,
    envelope_option,
    load_extension_option,
    say,
    stoppable,
)
from sqlite_utils_personalization.digest.texts import LANGUAGES
from sqlite_utils_personalization.errors import PersonalizationError

if TYPE_CHECKING:
    from sqlite_utils_personalization.customer_api.offer import OfferedNight


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
    "day",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="The day on which it is read, by default today in Japan",
)
@click.option(
    "--most", type=click.IntRange(1, 100), default=5, show_default=True, help="Programs in one"
)
@click.option(
    "--lang", type=click.Choice(LANGUAGES), default="ja", show_default=True, help="Language"
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
@load_extension_option
@envelope_option
@click.option("-s", "--silent", is_flag=True, help="Don't show a progress bar")
@click.pass_context
def digest(
    ctx: click.Context, /, path: str, folder: Path, results: BinaryIO | None, **options: Any
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
        with stoppable("nothing was written - run the same command again"):
            _write(path, folder, **options)
        return
    for name in options:
        if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(
                "--record goes with --out alone: what was written stays as it is"
            )
    _record(path, folder, results)


def _write(
    path: str,
    folder: Path,
    night: str,
    day: Any,
    most: int,
    lang: str,
    ics: bool,
    dismiss_url: str | None,
    envelope: Path | None,
    silent: bool,
) -> None:
    from sqlite_utils_personalization.clock import japan_day
    from sqlite_utils_personalization.customer_api.envelope import load_envelope
    from sqlite_utils_personalization.database import (
        explain_errors,
        open_readonly,
        require_evidence,
    )
    from sqlite_utils_personalization.digest.calendar import require_icalendar
    from sqlite_utils_personalization.digest.contents import customers_of, digests
    from sqlite_utils_personalization.digest.document import check_dismiss_url
    from sqlite_utils_personalization.digest.folder import write_digests
    from sqlite_utils_personalization.digest.texts import Texts

    carried = load_envelope(envelope)
    if ics:
        require_icalendar()
    check_dismiss_url(dismiss_url)
    day = day.date().isoformat() if day else japan_day()
    with explain_errors(path), open_readonly(path) as db, ExitStack() as stack:
        require_evidence(db.conn, path)
        found = _night(db.conn, day, night)
        total, unnamed = customers_of(db.conn, found)
        progress = Progress(stack)

        def tick(done: int) -> None:
            if not silent:
                progress("digests", done, total - unnamed)

        made = digests(db.conn, found, day, most, tick)
        count = write_digests(folder, made, Texts(lang), dismiss_url, ics, path, carried)
    say(
        f"{_counted(count, 'digest')} of {found.as_of} in {folder};"
        f" {_counted(total - unnamed - count, 'customer')} with nothing new"
    )
    if unnamed:
        say(
            f"{_counted(unnamed, 'customer')} left out: user_token_hash is not 64 lower-case hex digits"
        )


def _counted(count: int, name: str) -> str:
    return f"{count} {name}{'' if count == 1 else 's'}"


def _night(db: Any, day: str, night: str) -> "OfferedNight":
    from sqlite_utils_personalization.customer_api.offer import find_night

    found = find_night(db, day, None if night == "latest" else _day(night))
    if found is None:
        which = f"up to {day}" if night == "latest" else f"of {night}"
        raise PersonalizationError(
            f"there is no finished night {which}", "run personalization-score first"
        )
    return found


def _day(text: str) -> str:
    from datetime import date

    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise click.BadParameter(
            "neither latest nor a day like 2026-07-22", param_hint="--night"
        ) from None


def _record(path: str, folder: Path, lines: BinaryIO) -> None:
    from sqlite_utils_personalization.database import explain_errors, open_writable
    from sqlite_utils_personalization.digest.sent import record_results

    bad = 0

    def refuse(number: int, fault: PersonalizationError) -> None:
        nonlocal bad
        bad += 1
        say(f"line {number}: {fault}")

    with explain_errors(path), open_writable(path) as db:
        done = list(record_results(db.conn, folder, lines, refuse))
    new, before = sum(one.new for one in done), sum(one.before for one in done)
    not_sent = _counted(sum(one.not_sent for one in done), "digest")
    say(f"{new} delivered, {before} already delivered, {not_sent} not sent")
    if free := sum(one.free for one in done):
        say(f"{free} not charged: handed over otherwise, or closed, before it was sent")
    if bad:
        raise PersonalizationError(
            f"{bad} line{'s' if bad > 1 else ''} cannot be taken",
            "the others are recorded; mend these and run this again",
        )
