"""personalization-profile: what customers declare, from the first set to the erasure."""

import click

from sqlite_utils_personalization.commands.profile.declare import check, get, import_, list_, set_
from sqlite_utils_personalization.commands.profile.rights import erase, export, rotate


@click.group(name="personalization-profile")
def profile() -> None:
    """
    Store, show and erase what customers declare

    Example:

    \b
        sqlite-utils personalization-profile set jpcite.db --industry-pack D < key.txt

    A customer is named by --user-hash, the hash of the API key in hex, or by the key itself: the first line of
    standard input, or typed unseen. The key is hashed at once, and never printed, logged or kept. The hash is sha256,
    or with --key-hash hmac HMAC-SHA256 under a secret that is in a variable or a file, never an argument.
    """


for command in (check, erase, export, get, import_, list_, rotate, set_):
    profile.add_command(command)
