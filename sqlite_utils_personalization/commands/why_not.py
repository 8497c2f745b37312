"""personalization-why-not: why was an item not recommended to a customer?"""

import json
from typing import TYPE_CHECKING

import click

from sqlite_utils_personalization.commands.base import Command
from sqlite_utils_personalization.commands.key import key_hash_options
from sqlite_utils_personalization.commands.key import user_hash as hash_of_customer
from sqlite_utils_personalization.commands.output import print_text
from sqlite_utils_personalization.model.kinds import TYPES

if TYPE_CHECKING:
    from sqlite_utils_personalization.audit.why_not import WhyNot
    from sqlite_utils_personalization.preferences.customer import KeyHashing


@click.command(name="personalization-why-not", cls=Command)
@click.argument("path", type=click.Path(exists=True, dir_okay=False, allow_dash=False))
@click.option("--item", "item_id", required=True, help="Id of the item")
@click.option("--type", "kind", type=click.Choice(TYPES), help="If several types have that id")
@click.option("--user-hash", help="Hash of the API key, in hex; without it the key itself is read")
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

    Without --user-hash the API key is read from standard input or asked for. The file is only read.
    """
    user_hash = hash_of_customer(user_hash, hashing)
    found = _why_not(path, user_hash, item_id, run_id, kind)
    if as_json:
        print_text(json.dumps(found.to_dict(), ensure_ascii=False, indent=2))
        return
    from sqlite_utils_personalization.commands.replay_text import why_not_text

    print_text(why_not_text(found), end="")


def _why_not(
    path: str, user_hash: str, item_id: str, run_id: int | None, kind: str | None
) -> "WhyNot":
    from sqlite_utils_personalization.audit.why_not import why_not as answer
    from sqlite_utils_personalization.database import (
        explain_errors,
        open_readonly,
        require_evidence,
    )
    from sqlite_utils_personalization.preferences.customer import profile_id_of

    with explain_errors(path), open_readonly(path) as db:
        require_evidence(db.conn, path)
        return answer(db.conn, profile_id_of(db.conn, user_hash), item_id, run_id, kind)
