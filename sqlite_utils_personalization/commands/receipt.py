"""personalization-receipt: what one customer was recommended one night, with the proof."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sqlite_utils_personalization.commands.base import LOOKS, Command, envelope_option
from sqlite_utils_personalization.commands.key import customer as chosen_customer
from sqlite_utils_personalization.commands.key import key_hash_options
from sqlite_utils_personalization.commands.output import print_text
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.private_files import write_whole

if TYPE_CHECKING:
    from sqlite_utils_personalization.preferences.key_hashing import KeyHashing


@click.command(name="personalization-receipt", cls=Command, **LOOKS)
@click.argument("path", type=click.Path(allow_dash=False))
@click.option("--run", "run_id", type=click.IntRange(1, 2**53), required=True, help="Of which run")
@click.option(
    "--user-hash",
    help="Hash of the API key, in hex, or its first 8 digits or more; without it the key itself is read",
)
@key_hash_options
@envelope_option
@click.option("--json", "as_json", is_flag=True, help="Output JSON, the default")
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
    as_json: bool,
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

    Without --user-hash the API key is read from standard input or asked for. The tlog-proof has the receipt's head with
    the signatures that it was kept with, if it is in the file of --head. Exit status 1: the evidence is not intact, or
    a kept head is not one of this log; 3: there is no such customer or run, or nothing was recommended; 2: it could not
    be looked at. The file is only read.
    """
    if as_json and html:
        raise click.UsageError("--json and --html exclude each other")
    from sqlite_utils_personalization.api import auditing

    customer = chosen_customer(user_hash, hashing)
    found = auditing.receipt(path, customer, run_id, heads=head_file, envelope=envelope)
    if proof_file:
        _write(path, proof_file, auditing.tlog_proof(found, head_file))
    print_text(
        auditing.receipt_html(found)
        if html
        else json.dumps(found, ensure_ascii=False, separators=(",", ":"))
    )


def _write(path: str, file: Path, text: str) -> None:
    try:
        write_whole(file, text.encode(), path)
    except OSError as error:
        raise PersonalizationError(
            f"{file}: {error.strerror}", "name a file that can be written"
        ) from None
