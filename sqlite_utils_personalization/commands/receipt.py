"""personalization-receipt: what one customer was recommended one night, with the proof."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sqlite_utils_personalization.commands.base import Command, envelope_option
from sqlite_utils_personalization.commands.key import key_hash_options
from sqlite_utils_personalization.commands.key import user_hash as hash_of_customer
from sqlite_utils_personalization.commands.output import print_text
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.private_files import write_whole

if TYPE_CHECKING:
    from sqlite_utils_personalization.audit.verify.kept_heads import Kept
    from sqlite_utils_personalization.evidence.checkpoint import Checkpoint
    from sqlite_utils_personalization.preferences.customer import KeyHashing


@click.command(name="personalization-receipt", cls=Command)
@click.argument("path", type=click.Path(allow_dash=False))
@click.option("--run", "run_id", type=click.IntRange(1, 2**53), required=True, help="Of which run")
@click.option("--user-hash", help="Hash of the API key, in hex; without it the key itself is read")
@key_hash_options
@envelope_option
@click.option("--html", is_flag=True, help="A page to read and print instead of JSON")
@click.option(
    "--head",
    "head_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Heads that were kept outside the file: add what relates each to the receipt",
)
@click.option(
    "--tlog-proof",
    "proof_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also write the proof that the seal is in the log here, as a c2sp.org/tlog-proof",
)
def receipt(
    path: str,
    run_id: int,
    user_hash: str | None,
    hashing: "KeyHashing",
    envelope: Path | None,
    html: bool,
    head_file: Path | None,
    proof_file: Path | None,
) -> None:
    """
    Print what one customer was recommended in one run, why, and the proof

    Example:

    \b
        sqlite-utils personalization-receipt jpcite.db --run 1 < key.txt > receipt.json
        python verify_receipt.py receipt.json --head heads.txt

    Without --user-hash the API key is read from standard input or asked for. The file is only read. The tlog-proof has
    the receipt's head with the signatures that it was kept with, if it is in the file of --head.
    """
    user_hash = hash_of_customer(user_hash, hashing)
    kept = _kept(head_file) if head_file else []
    found = _receipt(path, user_hash, run_id, [head for head, _ in kept], envelope)
    if proof_file:
        _write_proof(path, proof_file, found, kept)
    print_text(_text(found, html))


def _kept(file: Path) -> list["Kept"]:
    from sqlite_utils_personalization.audit.verify.kept_heads import read_kept

    return read_kept(file)


def _write_proof(path: str, file: Path, found: dict[str, Any], kept: list["Kept"]) -> None:
    from sqlite_utils_personalization.audit.receipt import tlog_proof

    note = next((note for _, note in reversed(kept) if note.text == found["head"]), None)
    try:
        write_whole(file, tlog_proof(found, note).encode(), path)
    except OSError as error:
        raise PersonalizationError(
            f"{file}: {error.strerror}", "name a file that can be written"
        ) from None


def _receipt(
    path: str, user_hash: str, run_id: int, kept: list["Checkpoint"], envelope: Path | None
) -> dict[str, Any]:
    from sqlite_utils_personalization.audit.receipt import receipt as make
    from sqlite_utils_personalization.customer_api.envelope import load_envelope
    from sqlite_utils_personalization.database import (
        explain_errors,
        open_readonly,
        require_evidence,
    )

    carried = load_envelope(envelope)
    with explain_errors(path), open_readonly(path) as db:
        require_evidence(db.conn, path)
        return carried.receipt(db.conn, make(db.conn, user_hash, run_id, kept))


def _text(found: dict[str, Any], html: bool) -> str:
    from sqlite_utils_personalization.audit.receipt_html import receipt_html

    if html:
        return receipt_html(found)
    return json.dumps(found, ensure_ascii=False, separators=(",", ":"))
