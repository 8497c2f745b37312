"""Which customer a command is about, by a hash or by the raw key where nobody sees it; and how keys are hashed."""

import os
import sys
from collections.abc import Callable
from functools import wraps
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import click

from sqlite_utils_personalization.preferences.key_hashing import (
    KEY_HASHES,
    SHORT,
    KeyHashes,
    KeyHashing,
    is_beginning,
    is_hash,
    secret_of,
)

_SECRET_ENV = "PERSONALIZATION_KEY_SECRET"


def key_hash_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options for how keys are hashed; the command takes them together, as the argument hashing."""

    @click.option(
        "--key-hash",
        type=click.Choice(KEY_HASHES),
        envvar="PERSONALIZATION_KEY_HASH",
        default=KEY_HASHES[0],
        show_default=True,
        show_envvar=True,
        help="Which hash of the API key identifies a customer",
    )
    @click.option(
        "--key-secret-env",
        metavar="NAME",
        help="Environment variable that holds the secret under which other programs keep HMAC-SHA256 of keys"
        f"  [default: {_SECRET_ENV}, if set]",
    )
    @click.option(
        "--key-secret-file",
        type=click.Path(exists=True, dir_okay=False, allow_dash=False, path_type=Path),
        help="File that holds this secret, instead",
    )
    @wraps(command)
    def with_hashing(
        *args: Any,
        key_hash: str,
        key_secret_env: str | None,
        key_secret_file: Path | None,
        **given: Any,
    ) -> Any:
        secret = _secret(key_secret_env, key_secret_file)
        if key_hash == "hmac" and secret is None:
            raise click.UsageError(
                "--key-hash hmac needs its secret - set"
                f" {_SECRET_ENV}, or name --key-secret-env or --key-secret-file"
            )
        return command(*args, hashing=KeyHashing(key_hash, secret), **given)

    return with_hashing


def _secret(name: str | None, file: Path | None) -> bytes | None:
    if name is not None and file is not None:
        raise click.UsageError("--key-secret-env and --key-secret-file exclude each other")
    if file is not None:
        try:
            found = secret_of(file.read_bytes())
        except OSError as error:
            raise click.FileError(str(file), error.strerror) from None
        where = f"{file} is empty"
    else:
        found = secret_of(os.fsencode(os.environ.get(name or _SECRET_ENV, "")))
        # Not repeated: it may be the secret itself, which was to be no argument.
        where = "the variable that --key-secret-env names is not set"
    if not found and (name is not None or file is not None):
        raise click.UsageError(f"no secret: {where}")
    return found or None


def standard_input() -> BinaryIO:
    """Standard input in bytes: nothing where there is none, as a service may start its commands."""
    return sys.stdin.buffer if sys.stdin else BytesIO()


def user_hash(given: str | None, hashing: KeyHashing) -> str:
    """Return given, a user_token_hash, or that of the raw key read from standard input or asked for unseen.

    click.BadParameter if given is not a hash: a raw key, which must not be an argument, is not repeated.
    """
    return user_hashes(given, hashing).user_token_hash


def user_hashes(given: str | None, hashing: KeyHashing) -> KeyHashes:
    """The same, and what other programs keep of the key; where only a hash was given, that."""
    if given is not None:
        checked_hash(given)
        return KeyHashes(given, given)
    return hashing.hash(api_key("API key", "standard input, or --user-hash"))


def customer(given: str | None, hashing: KeyHashing) -> str:
    """The same for a command that only reads: given may also be the beginning of a hash, as pages show it."""
    return user_hash(None, hashing) if given is None else checked_customer(given)


def checked_customer(given: str) -> str:
    """Return given. click.BadParameter, which does not repeat it, if it is neither a hash nor the beginning of one."""
    if not is_hash(given) and not is_beginning(given):
        raise click.BadParameter(
            f"not 64 lower-case hex digits, nor the first {SHORT} or more of them - leave it out to be asked for the"
            " API key",
            param_hint="--user-hash",
        )
    return given


def checked_hash(given: str, option: str = "--user-hash") -> str:
    """Return given. click.BadParameter, which does not repeat it, if it is not a hash."""
    if not is_hash(given):
        raise click.BadParameter(
            "not 64 lower-case hex digits - leave it out to be asked for the API key",
            param_hint=option,
        )
    return given


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
