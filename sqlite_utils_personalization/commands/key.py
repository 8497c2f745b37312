"""Which customer a command is about: a hash as an option, or the raw key where nobody sees it."""

import re
import sys
from io import BytesIO
from typing import BinaryIO

import click


def standard_input() -> BinaryIO:
    """Standard input in bytes: nothing where there is none, as a service may start its commands."""
    return sys.stdin.buffer if sys.stdin else BytesIO()


def user_hash(given: str | None) -> str:
    """Return given, a user_token_hash, or that of the raw key read from standard input or asked for unseen.

    click.BadParameter if given is not a hash: a raw key, which must not be an argument, is not repeated.
    """
    if given is not None:
        if not re.fullmatch("[0-9a-f]{64}", given):
            raise click.BadParameter(
                "not 64 lower-case hex digits - leave it out to be asked for the API key",
                param_hint="--user-hash",
            )
        return given
    from sqlite_utils_personalization.preferences.customer import key_hash

    return key_hash(api_key("API key", "standard input, or --user-hash"))


def api_key(name: str, where: str) -> bytes:
    """The next line of standard input, or what is typed unseen: a raw key, to be hashed at once and kept nowhere.

    click.UsageError if there is none; name is what it is asked for by, where says how else to give it.
    """
    if sys.stdin and sys.stdin.isatty():
        key = str(click.prompt(name, hide_input=True, err=True)).encode()
    else:
        key = standard_input().readline().rstrip(b"\r\n")
    if not key:
        raise click.UsageError(f"no {name} - give it on {where}")
    return key
