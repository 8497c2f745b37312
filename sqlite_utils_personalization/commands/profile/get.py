"""personalization-profile get: what one customer declares."""

import click

from sqlite_utils_personalization.commands.command import Command
from sqlite_utils_personalization.commands.key import user_hash
from sqlite_utils_personalization.commands.profile.shared import (
    opened,
    path_argument,
    print_object,
    user_hash_option,
)


@click.command(name="get", cls=Command)
@path_argument
@user_hash_option
def get(path: str, given_hash: str | None) -> None:
    """
    Print what a customer declares

    Example:

    \b
        sqlite-utils personalization-profile get jpcite.db < key.txt

    One JSON object: profile_id, preferences, created_at, last_updated_at. The file is only read.
    """
    from sqlite_utils_personalization.preferences.customer import profile_id_of
    from sqlite_utils_personalization.preferences.profiles import find_profile

    customer = user_hash(given_hash)
    with opened(path) as db:
        profile_id_of(db, customer)
        profile = find_profile(db, customer)
        assert profile is not None
        print_object(
            {
                "profile_id": profile.profile_id,
                "preferences": profile.declared,
                "created_at": profile.created_at,
                "last_updated_at": profile.last_updated_at,
            }
        )
