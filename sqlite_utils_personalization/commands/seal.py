"""personalization-seal: the head of the chain, to be kept outside the file."""

import json
import shlex
from pathlib import Path
from typing import Any

import click

from sqlite_utils_personalization.commands.base import Command
from sqlite_utils_personalization.errors import PersonalizationError


@click.command(name="personalization-seal", cls=Command)
@click.argument("path", type=click.Path(allow_dash=False))
@click.option(
    "--sign",
    "key_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Sign the head with this Ed25519 private key, PEM or OpenSSH",
)
@click.option("--head-only", is_flag=True, help="Seal nothing: the file is only read")
def seal(path: str, key_file: Path | None, head_only: bool) -> None:
    """
    Seal what was written since the last seal, and print the head

    Example:

    \b
        sqlite-utils personalization-seal jpcite.db >> heads.jsonl

    The head is one line of JSON. Keep it where nobody who can write the file can change it: in git, on paper, in
    an object lock. Runs are sealed when they finish, and rows of other programs, deliveries and rotations with the
    next one; with nothing left to seal the file is only read.
    """
    head = _head(path, key_file, head_only)
    click.echo(json.dumps(head))


def _head(path: str, key_file: Path | None, head_only: bool) -> dict[str, Any]:
    from sqlite_utils_personalization.evidence.signing import load_key, sign_head

    # First of all, so that a key that is none leaves the file alone.
    key = load_key(key_file) if key_file else None
    found, is_complete = _last_seal(path)
    if not (is_complete or head_only):
        found = _seal_since(path)
    if found is None:
        raise PersonalizationError(
            f"nothing is sealed in {path} yet",
            f"run: sqlite-utils personalization-score {shlex.quote(path)}",
        )
    return sign_head(found, key) if key else found


def _last_seal(path: str) -> tuple[dict[str, Any] | None, bool]:
    """The last seal, and whether nothing was written since; read-only."""
    from sqlite_utils_personalization.database import (
        explain_errors,
        open_readonly,
        require_evidence,
    )
    from sqlite_utils_personalization.evidence.leaves import other_leaves
    from sqlite_utils_personalization.evidence.seal import head, unsealed_events

    with explain_errors(path), open_readonly(path) as db:
        require_evidence(db.conn, path)
        found = head(db.conn)
        since = other_leaves(db.conn, found["log_end"] if found else 0, 2**53)
        return found, next(since, None) is None and not unsealed_events(db.conn)


def _seal_since(path: str) -> dict[str, Any] | None:
    from sqlite_utils_personalization.database import explain_errors, open_writable
    from sqlite_utils_personalization.evidence.seal import head, seal_events, seal_others
    from sqlite_utils_personalization.transaction import transaction

    with explain_errors(path), open_writable(path) as db:
        with transaction(db.conn, "IMMEDIATE"):
            seal_others(db.conn)
        seal_events(db.conn)
        return head(db.conn)
