"""personalization-receipt: what one customer was recommended one night, with the proof."""

import json
from typing import Any

import click

from sqlite_utils_personalization.commands.base import Command
from sqlite_utils_personalization.commands.key import user_hash as hash_of_customer


@click.command(name="personalization-receipt", cls=Command)
@click.argument("path", type=click.Path(allow_dash=False))
@click.option("--run", "run_id", type=click.IntRange(1, 2**53), required=True, help="Of which run")
@click.option("--user-hash", help="sha256 hex of the API key; without it the key itself is read")
@click.option("--html", is_flag=True, help="A page to read and print instead of JSON")
@click.option(
    "--chain", is_flag=True, help="Add the seals since, so that a head kept later confirms it too"
)
def receipt(path: str, run_id: int, user_hash: str | None, html: bool, chain: bool) -> None:
    """
    Print what one customer was recommended in one run, why, and the proof

    Example:

    \b
        sqlite-utils personalization-receipt jpcite.db --run 1 < key.txt > receipt.json
        python verify_receipt.py receipt.json --head head.json

    Without --user-hash the API key is read from standard input or asked for. The file is only read.
    """
    user_hash = hash_of_customer(user_hash)
    found = _receipt(path, user_hash, run_id, chain)
    # Bytes, because titles are Japanese whatever the encoding of the terminal.
    click.echo(_text(found, html).encode())


def _receipt(path: str, user_hash: str, run_id: int, chain: bool) -> dict[str, Any]:
    from sqlite_utils_personalization.audit.receipt import receipt as make
    from sqlite_utils_personalization.database import (
        explain_errors,
        open_readonly,
        require_evidence,
    )

    with explain_errors(path), open_readonly(path) as db:
        require_evidence(db.conn, path)
        return make(db.conn, user_hash, run_id, chain=chain)


def _text(found: dict[str, Any], html: bool) -> str:
    from sqlite_utils_personalization.audit.receipt_html import receipt_html

    if html:
        return receipt_html(found)
    return json.dumps(found, ensure_ascii=False, separators=(",", ":"))
