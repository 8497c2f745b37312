"""personalization-seal: the head of the tree over the seals, to be kept outside the file."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sqlite_utils_personalization.commands.base import Command
from sqlite_utils_personalization.errors import PersonalizationError

if TYPE_CHECKING:
    from sqlite_utils_personalization.evidence.checkpoint import Checkpoint


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
def seal(path: str, key_file: Path | None, public_key: bool, head_only: bool) -> None:
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
    # Bytes, because a signature begins with a dash that not every terminal's encoding has.
    click.echo(_text(path, key_file, public_key, head_only).encode(), nl=False)


def _text(path: str, key_file: Path | None, public_key: bool, head_only: bool) -> str:
    from sqlite_utils_personalization.evidence.checkpoint import format_checkpoint
    from sqlite_utils_personalization.evidence.note import Note, format_note, key_of, load_key, sign

    # First of all, so that a key that is none leaves the file alone.
    key = load_key(key_file) if key_file else None
    head = _head(path, head_only or public_key)
    if key and public_key:
        return f"{key_of(head.origin, key)}\n"
    text = format_checkpoint(head)
    return format_note(Note(text, (sign(text, head.origin, key),) if key else ()))


def _head(path: str, head_only: bool) -> "Checkpoint":
    found, is_complete = _last_head(path)
    if not (is_complete or head_only):
        found = _seal_since(path)
    if found is None:
        raise PersonalizationError(
            f"nothing is sealed in {path} yet",
            f"run: sqlite-utils personalization-score {shlex.quote(path)}",
        )
    return found


def _last_head(path: str) -> tuple["Checkpoint | None", bool]:
    """The head of what is sealed, and whether nothing was written since; read-only."""
    from sqlite_utils_personalization.database import (
        explain_errors,
        open_readonly,
        require_evidence,
    )
    from sqlite_utils_personalization.evidence.leaves import other_leaves
    from sqlite_utils_personalization.evidence.seal import head, sealed_log_end, unsealed_events

    with explain_errors(path), open_readonly(path) as db:
        require_evidence(db.conn, path)
        since = other_leaves(db.conn, sealed_log_end(db.conn), 2**53)
        is_complete = next(since, None) is None and not unsealed_events(db.conn)
        return head(db.conn), is_complete


def _seal_since(path: str) -> "Checkpoint | None":
    from sqlite_utils_personalization.database import explain_errors, open_writable
    from sqlite_utils_personalization.evidence.seal import head, seal_events, seal_others
    from sqlite_utils_personalization.transaction import transaction

    with explain_errors(path), open_writable(path) as db:
        with transaction(db.conn, "IMMEDIATE"):
            seal_others(db.conn)
        seal_events(db.conn)
        return head(db.conn)
