"""personalization-snapshot: the evidence as a file of its own."""

from contextlib import ExitStack

import click

from sqlite_utils_personalization.commands.base import Command, progress_in, say, stoppable
from sqlite_utils_personalization.commands.output import print_object
from sqlite_utils_personalization.language import gettext as _


@click.command(name="personalization-snapshot", cls=Command)
@click.argument("path", type=click.Path(exists=True, dir_okay=False, allow_dash=False))
@click.argument("target", type=click.Path(dir_okay=False, allow_dash=False))
@click.option("--replace", is_flag=True, help="Replace an earlier copy, and its head and sha256")
@click.option("--json", "as_json", is_flag=True, help="Output what was written as a JSON object")
@click.option("-s", "--silent", is_flag=True, help="Don't show a progress bar")
def snapshot(path: str, target: str, replace: bool, as_json: bool, silent: bool) -> None:
    """
    Copy our tables, and nothing else, to a file for an auditor

    Example:

    \b
        sqlite-utils personalization-snapshot jpcite.db audit/jpcite.db
        datasette -i audit/jpcite.db --metadata metadata.yml

    The head of its seals and the sha256 of the copy are written beside it. The copy is checked before it gets its name,
    and nobody may read it who may not read PATH, which is only read.
    """
    from sqlite_utils_personalization.api.files import snapshot as copy

    with (
        stoppable(_("no copy was finished - run this again, with --replace if one is there")),
        ExitStack() as stack,
    ):
        written = copy(path, target, replace=replace, progress=progress_in(stack, silent))
    if as_json:
        print_object(written)
    say(_("wrote {database}, {head_file}, {sha256_file}", **written))
