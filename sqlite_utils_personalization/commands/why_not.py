"""personalization-why-not: why was an item not recommended to a customer?"""

from typing import TYPE_CHECKING

import click

from sqlite_utils_personalization.commands.base import FOUND, LOOKS, Command
from sqlite_utils_personalization.commands.key import customer as chosen_customer
from sqlite_utils_personalization.commands.key import key_hash_options
from sqlite_utils_personalization.commands.output import print_object, print_text
from sqlite_utils_personalization.model.kinds import TYPES

if TYPE_CHECKING:
    from sqlite_utils_personalization.preferences.customer import KeyHashing


@click.command(name="personalization-why-not", cls=Command, is_text=True, **LOOKS)
@click.argument("path", type=click.Path(exists=True, dir_okay=False, allow_dash=False))
@click.option("--item", "item_id", required=True, help="Id of the item")
@click.option("--type", "kind", type=click.Choice(TYPES), help="If several types have that id")
@click.option(
    "--user-hash",
    help="Hash of the API key, in hex, or its first 8 digits or more; without it the key itself is read",
)
@key_hash_options
@click.option(
    "--run", "run_id", type=click.IntRange(1, 2**53), help="In which run, by default the latest"
)
@click.option("--json", "as_json", is_flag=True, help="Output a JSON object")
def why_not(
    path: str,
    item_id: str,
    kind: str | None,
    user_hash: str | None,
    hashing: "KeyHashing",
    run_id: int | None,
    as_json: bool,
) -> None:
    """
    Say why an item was not recommended to a customer, and what would have brought it in

    Example:

    \b
        sqlite-utils personalization-why-not jpcite.db --item EX-110 --run 1 < key.txt

    Without --user-hash the API key is read from standard input or asked for. Exit status 1: the evidence differs; 3:
    there is no such customer or run; 2: it could not be looked at. An item that the night did not know is an answer.
    The file is only read.
    """
    customer = chosen_customer(user_hash, hashing)
    from sqlite_utils_personalization.api.auditing import why_not_found
    from sqlite_utils_personalization.audit.why_not import DIFFERS

    found = why_not_found(path, customer, item_id, run_id=run_id, type=kind)
    if as_json:
        print_object(found.to_dict())
    else:
        from sqlite_utils_personalization.commands.replay_text import why_not_text

        print_text(why_not_text(found), end="")
    if found.reason == DIFFERS:
        raise click.exceptions.Exit(FOUND)
