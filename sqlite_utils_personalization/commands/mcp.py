"""personalization-mcp: the tools of one customer on standard input and output."""

import os
from pathlib import Path

import click

from sqlite_utils_personalization.commands.base import Command, asked_for, envelope_option
from sqlite_utils_personalization.commands.key import key_hash_options
from sqlite_utils_personalization.preferences.customer import KeyHashing
from sqlite_utils_personalization.private_files import read_secret


@click.command(name="personalization-mcp", cls=Command)
@click.argument(
    "path", type=click.Path(exists=True, dir_okay=False, allow_dash=False, path_type=Path)
)
@click.option(
    "--key-env",
    metavar="NAME",
    default="PERSONALIZATION_API_KEY",
    show_default=True,
    help="Environment variable that holds the customer's API key",
)
@click.option(
    "--key-file",
    type=click.Path(exists=True, dir_okay=False, allow_dash=False, path_type=Path),
    help="File whose first line is the key, instead; nobody else may read it",
)
@key_hash_options
@envelope_option
@click.option(
    "--dotted-names",
    is_flag=True,
    help="Name the tools personalization.explain and so on, as before; many clients refuse a server with such names",
)
@click.pass_context
def mcp(
    ctx: click.Context,
    /,
    path: Path,
    key_env: str,
    key_file: Path | None,
    hashing: KeyHashing,
    envelope: Path | None,
    dotted_names: bool,
) -> None:
    """
    Serve one customer's tools to an AI agent, on standard input and output (MCP)

    Example:

    \b
        sqlite-utils personalization-mcp jpcite.db --key-file ~/.config/jpcite.key

    The agent's client starts this; personalization_list_recommendations delivers, and so is charged. The key is hashed
    at once, and never printed, logged or passed on. Needs the extra [mcp].
    """
    customer = hashing.hash(_key(key_env, key_file))
    from sqlite_utils_personalization.mcp_server.serve import serve_mcp

    serve_mcp(
        path,
        customer.user_token_hash,
        known_as=customer.known_as,
        envelope=envelope,
        dotted_names=dotted_names,
        lang=asked_for(ctx),
    )


def _key(key_env: str, key_file: Path | None) -> bytes:
    # Whatever is used: no child of this process shall find the key.
    named = os.fsencode(os.environ.pop(key_env, ""))
    try:
        key = read_secret(key_file) if key_file else named
    except OSError as error:
        raise click.FileError(str(key_file), error.strerror) from None
    first = b"".join(key.splitlines()[:1])
    if not first.strip():
        where = f"{key_file} is empty" if key_file else f"{key_env} is not set"
        raise click.UsageError(f"no API key: {where} - set --key-env or --key-file")
    return first
