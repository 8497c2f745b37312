"""personalization-profile set: store what one customer declares."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sqlite_utils_personalization.commands.command import Command, say
from sqlite_utils_personalization.commands.key import standard_input, user_hash
from sqlite_utils_personalization.commands.profile.shared import (
    model_option,
    opened,
    packs,
    path_argument,
    print_object,
    shown,
    user_hash_option,
)

if TYPE_CHECKING:
    from sqlite_utils_personalization.preferences.profiles import Change


@click.command(name="set", cls=Command)
@path_argument
@click.argument(
    "file",
    required=False,
    type=click.Path(exists=True, dir_okay=False, allow_dash=True),
)
@click.option("--industry-pack", help="A letter A to T, or a pack of the model")
@click.option(
    "--horizon", "deadline_horizon_days", type=int, help="Days a deadline matters ahead, 1 to 730"
)
@click.option("--risk", "risk_tolerance", help="low, medium or high")
@click.option("--prefecture", help="Such as 東京都, 東京 or Tokyo")
@click.option(
    "--merge", is_flag=True, help="Keep what is not given; null in FILE removes what is declared"
)
@user_hash_option
@model_option
def set_(
    path: str,
    file: str | None,
    merge: bool,
    given_hash: str | None,
    model: Path | None,
    **options: Any,
) -> None:
    """
    Store what a customer declares

    Example:

    \b
        sqlite-utils personalization-profile set jpcite.db --industry-pack D --risk low < key.txt
        sqlite-utils personalization-profile set jpcite.db declared.json --merge --user-hash HASH

    Adds the customer if there is none. FILE is a JSON object, - for standard input, where the key is the line
    before it. Without --merge it replaces all that was declared. Prints what changed.
    """
    from sqlite_utils_personalization.preferences.profiles import set_preferences

    given = {key: value for key, value in options.items() if value is not None}
    if bool(given) == (file is not None):
        raise click.UsageError("give either FILE or at least one of the options that declare")
    customer = user_hash(given_hash)
    with opened(path, writable=True) as db:
        declared = given or _parsed(str(file))
        change = set_preferences(db, customer, declared, packs(model), merge=merge)
    _report(change)


def _parsed(file: str) -> object:
    from sqlite_utils_personalization.errors import InvalidPreference
    from sqlite_utils_personalization.preferences.validation import parse_preference

    try:
        data = standard_input().read() if file == "-" else Path(file).read_bytes()
        return parse_preference(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise InvalidPreference("not UTF-8") from None
    except OSError as error:
        raise click.ClickException(f"{file}: {error.strerror} - give a readable file") from None


def _report(change: "Change") -> None:
    profile = change.profile
    print_object(
        {
            "profile_id": profile.profile_id,
            "created": change.created,
            "changed": change.changed,
            "preferences": profile.declared,
            "last_updated_at": profile.last_updated_at,
        }
    )
    who = f"profile {profile.profile_id}{' is new' if change.created else ''}"
    changes = [
        f"{key} {shown(before)} -> {shown(after)}"
        for key, (before, after) in change.changed.items()
    ]
    say(f"{who}: {', '.join(changes) or 'nothing changed'}")
