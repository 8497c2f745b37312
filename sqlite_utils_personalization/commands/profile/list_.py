"""personalization-profile list: every customer, with what is declared but not as what."""

from typing import Any

import click

from sqlite_utils_personalization.commands.output import RowsCommand, print_rows
from sqlite_utils_personalization.commands.profile.shared import opened, path_argument

COLUMNS = ("profile_id", "hash_prefix", "declared", "created_at", "last_updated_at")


@click.command(name="list", cls=RowsCommand)
@path_argument
@click.pass_context
def list_(ctx: click.Context, /, path: str, **output: Any) -> None:
    """
    List customers and which keys they declare

    Example:

    \b
        sqlite-utils personalization-profile list jpcite.db --table

    Erased customers are not listed. The file is only read.
    """
    from sqlite_utils_personalization.preferences.profiles import listed

    with opened(path) as db:
        print_rows(ctx, COLUMNS, listed(db), **output)
