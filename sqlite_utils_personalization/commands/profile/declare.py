"""personalization-profile get, set, list, check and import: what customers declare."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from sqlite_utils_personalization.commands.base import Command, say
from sqlite_utils_personalization.commands.key import (
    customer,
    key_hash_options,
    standard_input,
    user_hashes,
)
from sqlite_utils_personalization.commands.output import RowsCommand, print_object, print_rows
from sqlite_utils_personalization.commands.profile.shared import (
    customer_option,
    json_option,
    model_option,
    nothing_stored,
    path_argument,
    shown_value,
    user_hash_option,
)
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.language import ngettext, pgettext

if TYPE_CHECKING:
    from sqlite_utils_personalization.api.declarations import DeclaredProfile
    from sqlite_utils_personalization.preferences.customer import KeyHashing


@click.command(name="get", cls=Command)
@path_argument
@customer_option
@key_hash_options
@json_option
def get(path: str, given_hash: str | None, hashing: "KeyHashing") -> None:
    """
    Print what a customer declares

    Example:

    \b
        sqlite-utils personalization-profile get jpcite.db < key.txt

    One JSON object: profile_id, customer, preferences, created_at, last_updated_at, and etag, which stands for the
    preferences as they are now. The file is only read.
    """
    from sqlite_utils_personalization.api.declarations import get_profile

    print_object(get_profile(path, customer(given_hash, hashing)))


@click.command(name="list", cls=RowsCommand)
@path_argument
@click.pass_context
def list_(ctx: click.Context, /, path: str, **output: Any) -> None:
    """
    List customers and which keys they declare

    Example:

    \b
        sqlite-utils personalization-profile list jpcite.db --table

    Erased customers are not listed. The file is only read.
    """
    from sqlite_utils_personalization.api.declarations import ListedProfile, list_profiles

    rows = (tuple(each.values()) for each in list_profiles(path))
    print_rows(ctx, [*ListedProfile.__annotations__], rows, **output)


@click.command(name="check", cls=RowsCommand)
@path_argument
@model_option
@click.pass_context
def check(ctx: click.Context, /, path: str, model: Path | None, **output: Any) -> None:
    """
    List stored preferences that the schema refuses

    Example:

    \b
        sqlite-utils personalization-profile check jpcite.db --table

    Findings name the profile_id and the path, never a value. Exit status 1: there are findings. The file is only read.
    """
    from sqlite_utils_personalization.api.declarations import RefusedProfile, check_profiles

    count = Counter[int]()
    rows = (tuple(each.values()) for each in check_profiles(path, model=model))
    counted = (row for row in rows if not count.update((0,)))
    print_rows(ctx, [*RefusedProfile.__annotations__], counted, **output)
    total = count.total()
    say(ngettext("{n} finding", "{n} findings", total))
    raise click.exceptions.Exit(1 if total else 0)


class _SetCommand(Command):
    """Takes an option for every key of the schema: those that are not spelt out below by its name."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        from sqlite_utils_personalization.formula.declared import preference_schema

        params = super().get_params(ctx)
        known = {param.name for param in params}
        return [
            *(
                _option(*each)
                for each in preference_schema()["properties"].items()
                if each[0] not in known
            ),
            *params,
        ]


def _option(key: str, rule: dict[str, Any]) -> click.Option:
    kind = int if rule["type"] == "integer" else str
    return click.Option([f"--{key.replace('_', '-')}"], type=kind, help=rule.get("description"))


@click.command(name="set", cls=_SetCommand)
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
@key_hash_options
@model_option
@json_option
def set_(
    path: str,
    file: str | None,
    merge: bool,
    given_hash: str | None,
    hashing: "KeyHashing",
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
    from sqlite_utils_personalization.api.declarations import set_preferences

    given = {key: value for key, value in options.items() if value is not None}
    if bool(given) == (file is not None):
        raise click.UsageError("give either FILE or at least one of the options that declare")
    hashes = user_hashes(given_hash, hashing)
    with nothing_stored():
        done = set_preferences(
            *(path, hashes.user_token_hash, given or _parsed(str(file))),
            merge=merge,
            known_as=hashes.known_as,
            model=model,
        )
    print_object(done)
    _say(done)


def _parsed(file: str) -> Any:
    from sqlite_utils_personalization.errors import InvalidPreference
    from sqlite_utils_personalization.preferences.validation import parse_preference

    try:
        data = standard_input().read() if file == "-" else Path(file).read_bytes()
        return parse_preference(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise InvalidPreference(_("not UTF-8")) from None
    except OSError as error:
        raise click.ClickException(f"{file}: {error.strerror} - give a readable file") from None


def _say(done: "DeclaredProfile") -> None:
    changes = pgettext("list", ", ").join(
        _(
            "{key} {before} -> {after}",
            key=key,
            before=shown_value(each["before"]),
            after=shown_value(each["after"]),
        )
        for key, each in done["changed"].items()
    )
    values = {"profile_id": done["profile_id"], "changes": changes or _("nothing changed")}
    if done["outcome"] == "created":
        say(_("profile {profile_id} is new: {changes}", **values))
    else:
        say(_("profile {profile_id}: {changes}", **values))


@click.command(name="import", cls=Command)
@path_argument
@click.argument("file", type=click.File("rb"))
@model_option
@json_option
def import_(path: str, file: BinaryIO, model: Path | None) -> None:
    """
    Store many customers from a file, all or none

    Example:

    \b
        sqlite-utils personalization-profile import jpcite.db customers.ndjson

    A line of FILE is {"user_token_hash": HASH, "preferences": {...}}, and replaces all that this customer declared.
    Each bad line is named by its number. FILE may be - for standard input.
    """
    from sqlite_utils_personalization.api.declarations import import_profiles
    from sqlite_utils_personalization.preferences.import_profiles import BadLines

    try:
        done = import_profiles(path, file, model=model)
    except BadLines as error:
        for fault in error.faults:
            say(_("line {number}: {fault}", number=fault.number, fault=fault.sentence))
        raise
    print_object(done)
