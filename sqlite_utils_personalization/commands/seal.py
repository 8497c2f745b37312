"""personalization-seal: the head of the tree over the seals, to be kept outside the file."""

from pathlib import Path

import click

from sqlite_utils_personalization.commands.base import Command
from sqlite_utils_personalization.commands.output import print_object


@click.command(name="personalization-seal", cls=Command)
@click.argument("path", type=click.Path(allow_dash=False))
@click.option(
    "--sign",
    "key_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Sign the head with this Ed25519 private key, PEM or OpenSSH, which nobody else may read",
)
@click.option(
    "--public-key",
    is_flag=True,
    help="Print the public key of --sign for this log instead; the file is only read",
)
@click.option("--head-only", is_flag=True, help="Seal nothing: the file is only read")
@click.option("--json", "as_json", is_flag=True, help="Output a JSON object, the head as its note")
def seal(
    path: str, key_file: Path | None, public_key: bool, head_only: bool, as_json: bool
) -> None:
    """
    Seal what was written since the last seal, and print the head

    Example:

    \b
        sqlite-utils personalization-seal jpcite.db --sign seal.pem >> heads.txt
        sqlite-utils personalization-seal jpcite.db --sign seal.pem --public-key > log.pub

    The head is a checkpoint (c2sp.org/tlog-checkpoint): the log's name, the number of seals, and the root over them,
    signed or not. Keep it where nobody who can write the file can change it: in git, on paper, in an object lock.
    Runs are sealed when they finish, and rows of other programs, deliveries and rotations with the next one; with
    nothing left to seal the file is only read.
    """
    if public_key and not key_file:
        raise click.UsageError("--public-key is that of a key: give it with --sign")
    from sqlite_utils_personalization.api.auditing import head
    from sqlite_utils_personalization.api.auditing import seal as seal_rest

    found = (head if head_only or public_key else seal_rest)(path, key_file=key_file)
    if as_json:
        print_object(found)
        return
    text = f"{found['public_key']}\n" if public_key else found["note"]
    # Bytes, because a signature begins with a dash that not every terminal's encoding has.
    click.echo(text.encode(), nl=False)
