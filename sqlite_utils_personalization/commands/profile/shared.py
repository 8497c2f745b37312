"""What the subcommands have in common: arguments, the open database, and how faults are said."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.language import gettext as _

path_argument = click.argument(
    "path", type=click.Path(exists=True, dir_okay=False, allow_dash=False)
)
user_hash_option = click.option(
    "--user-hash",
    "given_hash",
    help="Hash of the API key, in hex; without it the key itself is read",
)
customer_option = click.option(
    "--user-hash",
    "given_hash",
    help="Hash of the API key, in hex, or its first 8 digits or more; without it the key itself is read",
)
model_option = click.option(
    "--model",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The constants that name the packs, if not the packaged ones",
)
# So that scripts can say it of every command.
json_option = click.option(
    "--json", is_flag=True, expose_value=False, help="Print JSON, as without this option"
)


@contextmanager
def nothing_stored() -> Iterator[None]:
    """A preference that was refused, as one sentence which says so."""
    from sqlite_utils_personalization.errors import InvalidPreference

    try:
        yield
    except InvalidPreference as error:
        raise PersonalizationError(str(error), _("nothing was stored")) from None


def shown_value(value: object) -> str:
    """A declared value in a sentence."""
    return _("nothing") if value is None else str(value)
