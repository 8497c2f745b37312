"""personalization-profile get, set, list, check and import: what customers declare."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from sqlite_utils_personalization.commands.base import Command, say
from sqlite_utils_personalization.commands.key import (
    key_hash_options,
    standard_input,
    user_hash,
    user_hashes,
)
from sqlite_utils_personalization.commands.output import RowsCommand, print_rows
from sqlite_utils_personalization.commands.profile.shared import (
    model_option,
    open_database,
    packs,
    path_argument,
    print_object,
    shown_value,
    user_hash_option,
)

if TYPE_CHECKING:
    from sqlite_utils_personalization.preferences.customer import KeyHashing
    from sqlite_utils_personalization.preferences.profile import StoredPreference


@click.command(name="get", cls=Command)
@path_argument
@user_hash_option
@key_hash_options
def get(path: str, given_hash: str | None, hashing: "KeyHashing") -> None:
    """
    Print what a customer declares

    Example:

    \b
        sqlite-utils personalization-profile get jpcite.db < key.txt

    One JSON object: profile_id, preferences, created_at, last_updated_at. The file is only read.
    """
    from sqlite_utils_personalization.preferences.profile import require_profile

    customer = user_hash(given_hash, hashing)
    with open_database(path) as db:
        profile = require_profile(db, customer)
        print_object(
            {
                "profile_id": profile.profile_id,
                "preferences": profile.declared,
                "created_at": profile.created_at,
                "last_updated_at": profile.last_updated_at,
            }
        )


COLUMNS = ("profile_id", "hash_prefix", "declared", "created_at", "last_updated_at")


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
    from sqlite_utils_personalization.preferences.profile import list_profiles

    with open_database(path) as db:
        print_rows(ctx, COLUMNS, list_profiles(db), **output)


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
    from sqlite_utils_personalization.preferences.import_profiles import check_profiles

    with open_database(path) as db:
        found = [*check_profiles(db, packs(model))]
        print_rows(ctx, ("profile_id", "finding"), found, **output)
    say(f"{len(found)} finding{'' if len(found) == 1 else 's'}")
    raise click.exceptions.Exit(1 if found else 0)


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
    from sqlite_utils_personalization.preferences.profile import set_preferences

    given = {key: value for key, value in options.items() if value is not None}
    if bool(given) == (file is not None):
        raise click.UsageError("give either FILE or at least one of the options that declare")
    customer = user_hashes(given_hash, hashing)
    with open_database(path, writable=True) as db:
        declared = given or _parsed(str(file))
        change = set_preferences(
            *(db, customer.user_token_hash, declared, packs(model)),
            merge=merge,
            known_as=customer.known_as,
        )
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


def _report(change: "StoredPreference") -> None:
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
        f"{key} {shown_value(before)} -> {shown_value(after)}"
        for key, (before, after) in change.changed.items()
    ]
    say(f"{who}: {', '.join(changes) or 'nothing changed'}")


@click.command(name="import", cls=Command)
@path_argument
@click.argument("file", type=click.File("rb"))
@model_option
def import_(path: str, file: BinaryIO, model: Path | None) -> None:
    """
    Store many customers from a file, all or none

    Example:

    \b
        sqlite-utils personalization-profile import jpcite.db customers.ndjson

    A line of FILE is {"user_token_hash": HASH, "preferences": {...}}, and replaces all that this customer declared.
    Each bad line is named by its number. FILE may be - for standard input.
    """
    from sqlite_utils_personalization.preferences.import_profiles import BadLines, import_profiles

    # Lines that are not UTF-8 are bad lines, and not the end of the command.
    lines = (line.decode("utf-8-sig", "surrogateescape") for line in file)
    with open_database(path, writable=True) as db:
        try:
            done = import_profiles(db, lines, packs(model))
        except BadLines as error:
            for fault in error.faults:
                say(f"line {fault.number}: {fault.sentence}")
            raise
    print_object(done._asdict())
