"""personalization-health: are nights scored, and does what they leave behind hold?"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sqlite_utils_personalization.commands.base import FOUND, Command, say
from sqlite_utils_personalization.commands.output import print_object, print_text
from sqlite_utils_personalization.errors import InvalidInput
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.language import ngettext

if TYPE_CHECKING:
    from sqlite_utils_personalization.api.health import Health


@click.command(name="personalization-health", cls=Command, is_text=True)
@click.argument("path", type=click.Path(allow_dash=False))
@click.option(
    "--max-days",
    type=click.IntRange(0, 3660),
    metavar="N",
    help="How many days old the last night may be: 1 for nights that are scored daily",
)
@click.option(
    "--record",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file of personalization-verify --record, beside what --keep noted",
)
@click.option(
    "--prometheus",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also write the metrics into this file.prom for node_exporter",
)
@click.option("--json", "as_json", is_flag=True, help="Output what was looked at as JSON")
def health(
    path: str,
    max_days: int | None,
    record: Path | None,
    prometheus: Path | None,
    as_json: bool,
) -> None:
    """
    Say whether nights are scored and what they leave behind holds, in milliseconds

    Example:

    \b
        sqlite-utils personalization-health jpcite.db --max-days 1
        sqlite-utils personalization-health jpcite.db --prometheus /var/lib/node_exporter/personalization.prom

    Exit status 0: well, 1: not well, or the file could not be looked at, 2: usage. The rows of the log are not read:
    that is personalization-verify. The file is only read; of one that is missing, locked or not migrated the metrics
    say personalization_up 0.
    """
    from sqlite_utils_personalization.api.health import health as looked_at
    from sqlite_utils_personalization.api.metrics import write_metrics

    if prometheus is None:
        found: Health | None = looked_at(path, max_days=max_days, record=record)
    else:
        try:
            written = write_metrics(path, prometheus, max_days=max_days, record=record)
        except InvalidInput as error:
            raise click.BadParameter(str(error), param_hint="--prometheus") from None
        found = written["health"]
        if written["error"]:
            say(f"Error: {written['error']}")
    if found is None:
        raise click.exceptions.Exit(FOUND)
    if as_json:
        print_object(found)
    else:
        for line in _lines(found):
            print_text(line)
    is_well = found["ok"] and not any(one["reason"] == "findings" for one in found["warnings"])
    say(_("well") if is_well else _("not well"))
    raise click.exceptions.Exit(0 if is_well else FOUND)


def _lines(found: "Health") -> Iterator[str]:
    if last := found["last_night"]:
        yield _(
            "last night: {as_of}, finished {finished_at}, {logged} recommendations for {profiles} customers, {rejected}"
            " rejected",
            as_of=last["as_of"],
            finished_at=last["finished_at"],
            logged=last["logged"],
            profiles=last["profiles"],
            rejected=last["rejected"],
        )
    if known := found["verification"]:
        yield ngettext(
            "last verification: {verified_at}, {n} finding",
            "last verification: {verified_at}, {n} findings",
            known["findings"],
            verified_at=known["verified_at"],
        )
    else:
        yield _("last verification: none was noted")
    for check in found["integrity"]["checks"]:
        if check["ok"]:
            yield check["sentence"]
    for warning in found["warnings"]:
        yield _("warning: {sentence}", sentence=warning["sentence"])
