"""personalization-profile export, rotate and erase: what a customer may demand."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sqlite_utils_personalization.commands.base import Command, load_extension_option, say
from sqlite_utils_personalization.commands.key import (
    api_key,
    checked_hash,
    key_hash_options,
    user_hash,
    user_hashes,
)
from sqlite_utils_personalization.commands.output import print_text
from sqlite_utils_personalization.commands.profile.shared import (
    open_database,
    path_argument,
    print_object,
    user_hash_option,
)
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.preferences.customer import LEGAL_BASES, KeyHashing

if TYPE_CHECKING:
    from sqlite_utils_personalization.preferences.erasing import ErasedCustomer


@click.command(name="export", cls=Command)
@path_argument
@user_hash_option
@key_hash_options
def export(path: str, given_hash: str | None, hashing: KeyHashing) -> None:
    """
    Print everything we hold on a customer, as JSON

    Example:

    \b
        sqlite-utils personalization-profile export jpcite.db < key.txt > export.json

    The profile, every recommendation with its reason, nights without one, deliveries, rotated keys, feedback, saved
    searches by number. What other programs hold is not in it. The file is only read.
    """
    from sqlite_utils_personalization.audit.export import export as held

    customer = user_hash(given_hash, hashing)
    with open_database(path) as db:
        before = "{"
        for key, value in held(db, customer):
            print_text(f"{before}{json.dumps(key)}: ", end="")
            _print(value)
            before = ",\n "
        print_text("}")


def _print(value: Any) -> None:
    if not isinstance(value, Iterator):
        print_text(json.dumps(value, ensure_ascii=False), end="")
        return
    print_text(f"[{_first(value)}", end="")
    for each in value:
        print_text(f",\n  {json.dumps(each, ensure_ascii=False)}", end="")
    print_text("]", end="")


def _first(values: Iterable[Any]) -> str:
    for each in values:
        return json.dumps(each, ensure_ascii=False)
    return ""


@click.command(name="rotate", cls=Command)
@path_argument
@click.option("--old-hash", help="Hash of the old API key, in hex; then only the new key is read")
@key_hash_options
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
    from sqlite_utils_personalization.preferences.rotation import rotate as rotate_key

    if old_hash is None:
        where = "standard input: the old key, then the new one, a line each"
        old: bytes | str = api_key("old API key", where)
    else:
        old, where = checked_hash(old_hash, "--old-hash"), "standard input"
    new = api_key("new API key", where)
    with open_database(path, writable=True) as db:
        found = rotate_key(db, old, new, hashing)
    print_object(found._asdict())
    say(f"profile {found.profile_id} has a new key, and keeps what was under the old one")


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

    The hash of the key becomes a random one that opens nothing, what was declared is emptied, and what relates charges
    and saved searches to the customer is destroyed. What remains: the recommendations that were logged, the vectors
    that were declared on those nights and what was said of items, attached to a profile that leads nowhere, so that the
    log still verifies; and when and on what ground. The customer is neither counted nor scored again; the same key may
    register anew, without a history. What other programs hold, under this hash or an earlier one of the customer, or
    under a delivery_key, is named by table and row, not erased. Snapshots, backups, receipts, digests and exports made
    before keep what they hold: remove them yourself.

    Bytes are said to be gone only if they were looked for. Said again it finishes what was interrupted: that there is
    no such customer is what was wanted. Exit status 1: something went wrong once the customer was erased, or bytes of
    the old hash are left that no other program's table explains.
    """
    from sqlite_utils_personalization.preferences.erasing import erase_customer

    customer = user_hashes(given_hash, hashing)
    with open_database(path, writable=True) as db:
        found = erase_customer(
            db,
            path,
            customer.user_token_hash,
            legal_basis=basis,
            known_as=customer.known_as,
            wait_s=wait,
            rewrite=vacuum,
        )
    if found.erasure:
        held = [each._asdict() for each in found.held_by_others]
        told = {"old_bytes_overwritten": found.old_bytes_overwritten, "held_by_others": held}
        print_object(found.erasure._asdict() | told)
    _say(found)
    _conclude(path, found)


def _say(found: "ErasedCustomer") -> None:
    erased = found.erasure
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
            numbers = ", ".join(erased.saved_searches)
            say(f"numbers of saved searches that stay in the evidence and lead nowhere: {numbers}")
        if erased.statistics:
            tables = ", ".join(erased.statistics)
            say(f"samples of the planner's that held the hash are gone, of: {tables}")
        say("snapshots, backups, receipts, digests and exports made before keep what they hold")
    for each in found.held_by_others:
        if each.error:
            say(
                f"could not look into {each.table}, where another program may hold the hash: {each.error}"
            )
            continue
        where = f"{each.table}.{each.column}, {each.rows} row{'' if each.rows == 1 else 's'}"
        rowids = f" (rowid {', '.join(map(str, each.rowids))})" if each.rowids else ""
        say(f"another program holds the {each.holds}: {where}{rowids}")


def _conclude(path: str, found: "ErasedCustomer") -> None:
    """PersonalizationError of bytes that are left and that no table explains, or that nobody could look for."""
    if found.old_bytes_overwritten:
        for fault in found.faults:
            say(str(fault))
        say("no byte of the hash is left in the file or beside it")
        return
    file = Path(path).resolve()
    left = " and ".join(f"{file}{suffix}" for suffix in found.left)
    if found.tables:
        say(f"{left} still holds the hash, at least in {' and '.join(found.tables)}: {found.todo}")
    if found.is_read or found.old_bytes_overwritten is None:
        *before, last = found.faults
        for fault in before:
            say(str(fault))
        raise last
    for fault in found.faults:
        say(str(fault))
    if not found.tables:
        unread = "".join(f", or in {each.table}" for each in found.held_by_others if each.error)
        what = f"bytes of the old hash are left in unused parts of {left}{unread}"
        raise PersonalizationError(what, str(found.todo))
