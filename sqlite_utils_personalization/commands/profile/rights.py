"""personalization-profile export, rotate and erase: what a customer may demand."""

from typing import TYPE_CHECKING, Any

import click

from sqlite_utils_personalization.commands.base import Command, load_extension_option, say
from sqlite_utils_personalization.commands.key import (
    api_key,
    checked_hash,
    customer,
    key_hash_options,
    user_hashes,
)
from sqlite_utils_personalization.commands.output import print_object, print_text
from sqlite_utils_personalization.commands.profile.shared import (
    customer_option,
    json_option,
    path_argument,
    user_hash_option,
)
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.preferences.customer import LEGAL_BASES, KeyHashing

if TYPE_CHECKING:
    from sqlite_utils_personalization.preferences.erasure import Erasure, Held


@click.command(name="export", cls=Command)
@path_argument
@customer_option
@key_hash_options
@json_option
def export(path: str, given_hash: str | None, hashing: KeyHashing) -> None:
    """
    Print everything we hold on a customer, as JSON

    Example:

    \b
        sqlite-utils personalization-profile export jpcite.db < key.txt > export.json

    The profile, every recommendation with its reason, nights without one, deliveries, rotated keys, feedback. What
    other programs hold is not in it. The file is only read.
    """
    from sqlite_utils_personalization.api.customers import export_customer

    for piece in export_customer(path, customer(given_hash, hashing)):
        print_text(piece, end="")


@click.command(name="rotate", cls=Command)
@path_argument
@click.option("--old-hash", help="Hash of the old API key, in hex; then only the new key is read")
@key_hash_options
@json_option
def rotate(path: str, old_hash: str | None, hashing: KeyHashing) -> None:
    """
    Give a customer a new API key

    Example:

    \b
        cat old-key.txt new-key.txt | sqlite-utils personalization-profile rotate jpcite.db
        sqlite-utils personalization-profile rotate jpcite.db --old-hash HASH < new-key.txt

    Everything that was under the old key stays with the customer, also saved searches that other programs still hold
    under its hash. Standard input has the old key on its first line and the new one on its second; on a terminal
    both are typed unseen. With --old-hash it has the new key only; the hash is what identifies the customer, or what
    other programs keep of the key. The rotation is noted with a proof that means something only to who has both.
    """
    from sqlite_utils_personalization.api.customers import rotate as rotate_key

    if old_hash is None:
        where = "standard input: the old key, then the new one, a line each"
        old: bytes | str = api_key("old API key", where)
    else:
        old, where = checked_hash(old_hash, "--old-hash"), "standard input"
    new = api_key("new API key", where)
    done = rotate_key(path, old, new, hashing)
    print_object(done)
    say(f"profile {done['profile_id']} has a new key, and keeps what was under the old one")


@click.command(name="erase", cls=Command)
@path_argument
@user_hash_option
@click.option(
    "--basis",
    type=click.Choice(LEGAL_BASES),
    default="consent_withdrawn",
    show_default=True,
    help="The ground, of those in GDPR article 17(1)",
)
@click.option(
    "--wait",
    type=click.IntRange(0, 3600),
    default=30,
    show_default=True,
    help="Seconds to wait for readers of the -wal",
)
@load_extension_option
@click.option("--vacuum", is_flag=True, help="Rewrite the file without its unused parts as well")
@key_hash_options
def erase(
    path: str, given_hash: str | None, basis: str, wait: int, vacuum: bool, hashing: KeyHashing
) -> None:
    """
    Erase a customer: cut the link from key to profile

    Example:

    \b
        sqlite-utils personalization-profile erase jpcite.db < key.txt

    The hash of the key becomes a random one, and what was declared is emptied. What remains: the recommendations
    that were logged, the vectors that were declared on those nights and what was said of items, attached to a profile
    that leads nowhere, so that the log still verifies; ids of saved searches; and when and on what ground. The customer
    is neither counted nor scored again; the same key may register anew, without a history. What other programs hold,
    under this hash or an earlier one of the customer, is named, not erased.

    Exit status 1: there is no such customer, or bytes of the old hash are left in the file or beside it.
    """
    from sqlite_utils_personalization.api.opened import alone
    from sqlite_utils_personalization.database import require_evidence
    from sqlite_utils_personalization.preferences.erasure import erase as erase_profile
    from sqlite_utils_personalization.preferences.erasure import held_by_others
    from sqlite_utils_personalization.preferences.identity import hashes_of

    hashes = user_hashes(given_hash, hashing)
    with alone(path) as (db, _):
        require_evidence(db, path)
        known = [*dict.fromkeys((*hashes_of(db, hashes.user_token_hash), hashes.known_as))]
        erased = erase_profile(db, hashes.user_token_hash, basis)
        held = held_by_others(db, *known)
        if erased:
            print_object({**erased._asdict(), "held_by_others": [each._asdict() for each in held]})
        _say(erased, held)
        left_before = _delete_securely(db, path, known, wait, vacuum)
        _conclude(path, known, bool(erased) or left_before, held)


def _delete_securely(db: Any, path: str, known: list[str], wait: int, vacuum: bool) -> bool:
    """Whether bytes of a hash were there before, of which an earlier erasure left some."""
    from sqlite_utils_personalization.preferences import erasure

    found = bool(erasure.traces(path, *known))
    erasure.checkpoint(db, path, wait)
    if vacuum:
        _vacuum(db, path)
        erasure.checkpoint(db, path, wait)
    return found


def _vacuum(db: Any, path: str) -> None:
    """SQLite sorts every index again, and cannot where another program's collation or function is not there."""
    from sqlite_utils_personalization.database import fault_of_file
    from sqlite_utils_personalization.preferences import erasure

    try:
        erasure.vacuum(db)
    except db.OperationalError as error:
        if fault_of_file(path, error):
            raise
        say(f"{path} could not be rewritten without its unused parts: {error}")


def _say(erased: "Erasure | None", held: "list[Held]") -> None:
    if erased is None:
        say("no customer has this hash: it was never registered, or is erased already")
    else:
        say(
            f"profile {erased.profile_id} is erased: its {erased.log_rows} recommendations stay in the log"
            " and lead nowhere"
        )
        if erased.feedback_rows:
            say(f"rows of feedback that stay and lead nowhere: {erased.feedback_rows}")
        if erased.saved_searches:
            say(f"ids of saved searches stay in the evidence: {', '.join(erased.saved_searches)}")
    for each in held:
        if each.error:
            say(
                f"could not look into {each.table}, where another program may hold the hash: {each.error}"
            )
            continue
        where = f"{each.table}.{each.column}, {each.rows} row{'' if each.rows == 1 else 's'}"
        rowids = f" (rowid {', '.join(map(str, each.rowids))})" if each.rowids else ""
        say(f"another program holds the hash: {where}{rowids}")


def _conclude(path: str, known: list[str], is_known: bool, held: "list[Held]") -> None:
    from sqlite_utils_personalization.preferences.erasure import traces

    left = traces(path, *known)
    if left and not any(each.rows for each in held):
        unread = [each.table for each in held if each.error]
        where = f"unused parts of {' and '.join(left)}"
        raise PersonalizationError(
            f"bytes of the old hash are left in {where}{''.join(f', or in {table}' for table in unread)}",
            "run this again with --vacuum, when nobody else writes",
        )
    if left:
        say(f"{' and '.join(left)} still holds the hash, at least in the rows of other programs")
    else:
        say("no byte of the hash is left in the file or beside it")
    if not is_known:
        raise click.exceptions.Exit(1)
