"""Which customer a command is about: a hash as an option, or the raw key where nobody sees it."""

import re
import sys
from hashlib import sha256

import click


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
    if sys.stdin.isatty():
        key = click.prompt("API key", hide_input=True, err=True).encode()
    else:
        key = sys.stdin.buffer.readline().rstrip(b"\r\n")
    if not key:
        raise click.UsageError("no API key - give it on standard input, or --user-hash")
    return sha256(key).hexdigest()
