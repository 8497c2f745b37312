"""personalization-profile: what customers declare, from the first set to the erasure."""

import click

from sqlite_utils_personalization.commands.profile.check import check
from sqlite_utils_personalization.commands.profile.erase import erase
from sqlite_utils_personalization.commands.profile.export import export
from sqlite_utils_personalization.commands.profile.get import get
from sqlite_utils_personalization.commands.profile.import_ import import_
from sqlite_utils_personalization.commands.profile.list_ import list_
from sqlite_utils_personalization.commands.profile.rotate import rotate
from sqlite_utils_personalization.commands.profile.set_ import set_


@click.group(name="personalization-profile")
def profile() -> None:
    """
    Store, show and erase what customers declare

    Example:

    \b
        sqlite-utils personalization-profile set jpcite.db --industry-pack D < key.txt

    A customer is named by --user-hash, the sha256 of the API key in hex, or by the key itself: the first line of
    standard input, or typed unseen. The key is hashed at once, and never printed, logged or kept.
    """


for command in (check, erase, export, get, import_, list_, rotate, set_):
    profile.add_command(command)
