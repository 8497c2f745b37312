"""personalization-score: one night."""

import json
import shlex
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sqlite_utils_personalization.commands.base import (
    Command,
    Progress,
    load_extension_option,
    of_person,
    say,
)
from sqlite_utils_personalization.commands.key import key_hash_options
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.language import ngettext, pgettext, speaking
from sqlite_utils_personalization.preferences.customer import KeyHashing

if TYPE_CHECKING:
    from sqlite_utils_personalization.api.scoring import NightSummary


@click.command(name="personalization-score", cls=Command)
@click.argument("path", type=click.Path(exists=True, dir_okay=False, allow_dash=False))
@click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="The night to score, by default today in Japan",
)
@click.option(
    "--model", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Constants to use"
)
@click.option(
    "--shadow",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Constants to decide the night under as well, and to log nothing of it",
)
@click.option(
    "--top-k",
    type=click.IntRange(1, 2**53),
    default=10,
    show_default=True,
    help="Recommendations per customer and type at most",
)
@click.option(
    "--catalogue",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A SELECT of further items to recommend",
)
@click.option(
    "--no-resume",
    "resume",
    flag_value=False,
    default=True,
    help="Don't finish other nights that were interrupted",
)
@click.option(
    "--any-date",
    is_flag=True,
    help="Score a day after tomorrow, or more than a year away from the last night",
)
@click.option("--again", is_flag=True, help="Score a night that was scored before once more")
@click.option(
    "--dry-run", is_flag=True, help="Open the file read-only and say what would be logged"
)
@click.option(
    "--strict",
    is_flag=True,
    help="Log nothing if a preference is not valid, or much less is found than the night before",
)
@load_extension_option
@key_hash_options
@click.option("--json", "as_json", is_flag=True, help="Output JSON, as it does anyway")
@click.option("-s", "--silent", is_flag=True, help="Don't show a progress bar")
@click.pass_context
def score(
    ctx: click.Context,
    /,
    path: str,
    silent: bool,
    as_json: bool,
    as_of: Any,
    hashing: KeyHashing,
    **options: Any,
) -> None:
    """
    Score every customer for one night and log what each is recommended

    Example:

    \b
        sqlite-utils personalization-score jpcite.db --as-of 2026-07-22

    The last line of the output is JSON. Everything else goes to standard error. Nights that were interrupted are
    finished first, with the rows that were decided then. Others may use the file meanwhile; in WAL mode, which
    personalization-score leaves to you (sqlite-utils enable-wal jpcite.db), readers never wait and writers wait for a
    fraction of a second.
    """
    from sqlite_utils_personalization.api.scoring import score as score_night
    from sqlite_utils_personalization.commands.base import stoppable

    with stoppable(_resumes()), ExitStack() as stack:
        summary = score_night(
            path, as_of=as_of, say=say, progress=None if silent else Progress(stack), **options
        )
    _say_unowned(summary, hashing)
    click.echo(json.dumps(summary, ensure_ascii=False))
    if sys.stderr.isatty():
        with speaking(of_person(ctx)):
            for line in _told(path, summary):
                say(line)


def _resumes() -> str:
    return _("what was logged stays - run the same command again to finish the night")


def _say_unowned(summary: "NightSummary", hashing: KeyHashing) -> None:
    """Where no saved search is anybody's: some are of people who never declared anything, but hardly all."""
    from sqlite_utils_personalization.catalogue.saved_searches import NO_OWNER

    number = summary["left_out"].get("saved_search", {}).get(NO_OWNER)
    if number and not summary["candidates"].get("saved_search"):
        if hashing.secret is None:
            todo = _("if other programs keep HMAC-SHA256 of keys, set --key-hash hmac everywhere")
        elif hashing.kind == "hmac":
            todo = _("customers known by sha256 move to HMAC by: personalization-profile rotate")
        else:
            todo = _("a customer's HMAC is noted when they declare next, with the secret set")
        text = ngettext(
            "{n} saved search under a hash of no customer - {todo}",
            "{n} saved searches under a hash of no customer - {todo}",
            number,
            todo=todo,
        )
        say(text)


def _told(path: str, summary: "NightSummary") -> Iterator[str]:
    """The summary in a few lines for whoever sits at the terminal."""
    from sqlite_utils_personalization.formula.sentences import kinds

    yield _(
        "{day}: {n} customers, {rejected} of them rejected",
        day=summary["as_of"],
        n=summary["profiles"],
        rejected=summary["rejected"],
    )
    by_type = pgettext("list", ", ").join(
        _("{n} {kinds}", n=n, kinds=kinds(kind)) for kind, n in summary["by_type"].items()
    )
    logged = {"n": summary["logged"], "by_type": by_type}
    if summary["dry_run"]:
        yield _("{n} recommendations would be logged: {by_type}", **logged)
    else:
        yield _("{n} recommendations logged: {by_type}", **logged)
    yield _(
        "{n} items could be recommended, {left_out} were left out",
        n=sum(summary["candidates"].values()),
        left_out=sum(sum(rules.values()) for rules in summary["left_out"].values()),
    )
    if shadow := summary.get("shadow"):
        yield _(
            "beside it, the model {model} would have recommended {n}; nothing is done with them",
            model=shadow["model_sha256"][:8],
            n=shadow["rows"],
        )
    if summary["warnings"]:
        texts = pgettext("sentences", "; ").join(summary["warnings"])
        yield _("{n} warnings: {texts}", n=len(summary["warnings"]), texts=texts)
    else:
        yield _("{n} warnings", n=0)
    following = "score" if summary["dry_run"] else "verify"
    command = f"sqlite-utils personalization-{following} {shlex.quote(path)}"
    yield _("next: {command}", command=command)
