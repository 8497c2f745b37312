"""personalization-profile rotate: a customer gets a new key and keeps everything."""

import click

from sqlite_utils_personalization.commands.command import Command, say
from sqlite_utils_personalization.commands.key import api_key
from sqlite_utils_personalization.commands.profile.shared import opened, path_argument, print_object


@click.command(name="rotate", cls=Command)
@path_argument
def rotate(path: str) -> None:
    """
    Give a customer a new API key

    Example:

    \b
        cat old-key.txt new-key.txt | sqlite-utils personalization-profile rotate jpcite.db

    Everything that was under the old key stays with the customer. Standard input has the old key on its first line
    and the new one on its second; on a terminal both are typed unseen. The rotation is noted with a proof that
    means something only to who has both keys.
    """
    from sqlite_utils_personalization.preferences.rotation import rotate as rotate_key

    where = "standard input: the old key, then the new one, a line each"
    old, new = api_key("old API key", where), api_key("new API key", where)
    with opened(path, writable=True) as db:
        found = rotate_key(db, old, new)
    print_object(found._asdict())
    say(f"profile {found.profile_id} has a new key, and keeps what was under the old one")
