"""personalization-profile check: is everything stored what the schema allows?"""

from pathlib import Path
from typing import Any

import click

from sqlite_utils_personalization.commands.command import say
from sqlite_utils_personalization.commands.output import RowsCommand, print_rows
from sqlite_utils_personalization.commands.profile.shared import (
    model_option,
    opened,
    packs,
    path_argument,
)


@click.command(name="check", cls=RowsCommand)
@path_argument
@model_option
@click.pass_context
def check(ctx: click.Context, /, path: str, model: Path | None, **output: Any) -> None:
    """
    List stored preferences that the schema refuses

    Example:

    \b
        sqlite-utils personalization-profile check jpcite.db --table

    Findings name the profile_id and the path, never a value. Exit status 1: there are findings. The file is only read.
    """
    from sqlite_utils_personalization.preferences.import_profiles import check_profiles

    with opened(path) as db:
        found = [*check_profiles(db, packs(model))]
        print_rows(ctx, ("profile_id", "finding"), found, **output)
    say(f"{len(found)} finding{'' if len(found) == 1 else 's'}")
    raise click.exceptions.Exit(1 if found else 0)
