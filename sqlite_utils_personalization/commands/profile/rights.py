"""personalization-profile export, rotate and erase: what a customer may demand."""

from pathlib import Path
from typing import TYPE_CHECKING

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
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.language import message_of, ngettext, pgettext
from sqlite_utils_personalization.preferences.customer import LEGAL_BASES, KeyHashing

if TYPE_CHECKING:
    from sqlite_utils_personalization.api.rights import ErasedProfile, HeldRows


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

    The profile, every recommendation with its reason, nights without one, deliveries, rotated keys, feedback, saved
    searches by number. What other programs hold is not in it. The file is only read.
    """
    from sqlite_utils_personalization.api.rights import export_customer

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
    from sqlite_utils_personalization.api.rights import rotate as rotate_key

    if old_hash is None:
        where = "standard input: the old key, then the new one, a line each"
        old: bytes | str = api_key("old API key", where)
    else:
        old, where = checked_hash(old_hash, "--old-hash"), "standard input"
    new = api_key("new API key", where)
    done = rotate_key(path, old, new, hashing)
    print_object(done)
    say(
        _(
            "profile {profile_id} has a new key, and keeps what was under the old one",
            profile_id=done["profile_id"],
        )
    )


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
@json_option
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
    from sqlite_utils_personalization.api.rights import erase as erase_profile

    hashes = user_hashes(given_hash, hashing)
    done = erase_profile(
        *(path, hashes.user_token_hash),
        legal_basis=basis,
        known_as=hashes.known_as,
        wait_s=wait,
        vacuum=vacuum,
    )
    print_object(done)
    _say(done)
    _conclude(path, done)


def _say(done: "ErasedProfile") -> None:
    if done["outcome"] != "erased":
        say(_("no customer has this hash: it was never registered, or is erased already"))
    else:
        _say_kept(done)
    for each in done["held_by_others"]:
        say(_held(each))


def _say_kept(done: "ErasedProfile") -> None:
    say(
        _(
            "profile {profile_id} is erased: its {n} recommendations stay in the log and lead nowhere",
            profile_id=done["profile_id"],
            n=done["logged_kept"],
        )
    )
    if n := done["feedback_kept"]:
        say(_("rows of feedback that stay and lead nowhere: {n}", n=n))
    if done["saved_searches_kept"]:
        numbers = pgettext("list", ", ").join(done["saved_searches_kept"])
        say(
            _(
                "numbers of saved searches that stay in the evidence and lead nowhere: {numbers}",
                numbers=numbers,
            )
        )
    if done["statistics"]:
        tables = pgettext("list", ", ").join(done["statistics"])
        say(_("samples of the planner's that held the hash are gone, of: {tables}", tables=tables))
    say(_("snapshots, backups, receipts, digests and exports made before keep what they hold"))


def _held(each: "HeldRows") -> str:
    if each["error"]:
        return _(
            "could not look into {table}, where another program may hold the hash: {error}",
            table=each["table"],
            error=each["error"],
        )
    values = {
        "what": message_of(each["holds"]),
        "where": f"{each['table']}.{each['column']}",
        "rowids": ", ".join(map(str, each["rowids"])),
    }
    if not each["rowids"]:
        return ngettext(
            "another program holds the {what}: {where}, {n} row",
            "another program holds the {what}: {where}, {n} rows",
            each["rows"],
            **values,
        )
    return ngettext(
        "another program holds the {what}: {where}, {n} row (rowid {rowids})",
        "another program holds the {what}: {where}, {n} rows (rowid {rowids})",
        each["rows"],
        **values,
    )


_BESIDE = {"database": "", "wal": "-wal", "journal": "-journal"}


def _conclude(path: str, done: "ErasedProfile") -> None:
    """PersonalizationError of bytes that are left and that no table explains, or that nobody could look for."""
    if done["old_bytes_overwritten"]:
        for fault in done["faults"]:
            say(fault)
        say(_("no byte of the hash is left in the file or beside it"))
        return
    between = pgettext("list", " and ")
    left = between.join(f"{Path(path).resolve()}{_BESIDE[name]}" for name in done["old_bytes_in"])
    if done["held_in_tables"]:
        values = {"tables": between.join(done["held_in_tables"]), "todo": done["todo"]}
        say(_("{left} still holds the hash, at least in {tables}: {todo}", left=left, **values))
    if done["wal_is_read"] or done["old_bytes_overwritten"] is None:
        *before, last = done["faults"]
        for fault in before:
            say(fault)
        raise PersonalizationError(last)
    for fault in done["faults"]:
        say(fault)
    if not done["held_in_tables"]:
        unread = [str(each["table"]) for each in done["held_by_others"] if each["error"]]
        what = _("bytes of the old hash are left in unused parts of {left}", left=left)
        if unread:
            what = _(
                "bytes of the old hash are left in unused parts of {left}, or in {tables}",
                left=left,
                tables=pgettext("list", ", or in ").join(unread),
            )
        raise PersonalizationError(what, str(done["todo"]))
