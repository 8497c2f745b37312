"""personalization-verify: is the evidence intact?"""

import json
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sqlite_utils_personalization.commands.base import Command, Progress, say

if TYPE_CHECKING:
    from sqlite_utils_personalization.audit.verify.kept_heads import Signed
    from sqlite_utils_personalization.evidence.checkpoint import Checkpoint

INTACT, FOUND, UNCHECKED = 0, 1, 2


@click.command(name="personalization-verify", cls=Command, unfinished=UNCHECKED)
@click.argument("path", type=click.Path(allow_dash=False))
@click.option(
    "--head",
    "head_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Heads that personalization-seal printed, kept outside the file",
)
@click.option(
    "--public-key",
    "key_files",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Each head must be signed by a key in these files, from personalization-seal --public-key",
)
@click.option(
    "--witness",
    "witnesses",
    multiple=True,
    metavar="KEY",
    help="This witness, by its public key, must have cosigned one of the heads",
)
@click.option("--json", "as_json", is_flag=True, help="Output the findings as a JSON array")
@click.option("-s", "--silent", is_flag=True, help="Don't show a progress bar")
def verify(
    path: str,
    head_file: Path | None,
    key_files: tuple[Path, ...],
    witnesses: tuple[str, ...],
    as_json: bool,
    silent: bool,
) -> None:
    """
    Derive the log and its evidence again, and list everything that does not fit

    Example:

    \b
        sqlite-utils personalization-verify jpcite.db --head heads.txt

    Exit status 0: intact, 1: findings, 2: could not check. The file is only read.
    """
    if (key_files or witnesses) and not head_file:
        raise click.UsageError("--public-key and --witness are of heads: give them with --head")
    kept, signed = _kept(head_file, key_files, witnesses)
    findings = [*_verify(path, kept, silent), *(signed.findings if signed else [])]
    if as_json:
        click.echo(
            json.dumps([finding._asdict() for finding in findings], ensure_ascii=False, indent=2)
        )
    else:
        for finding in findings:
            click.echo(f"{finding.kind:12} {finding.message}")
    say(_verdict(len(findings), signed))
    raise click.exceptions.Exit(FOUND if findings else INTACT)


def _verify(path: str, kept: list["Checkpoint"], silent: bool) -> list[Any]:
    from sqlite_utils_personalization.audit.verify.verify import verify as verify_evidence
    from sqlite_utils_personalization.database import (
        explain_errors,
        open_readonly,
        require_evidence,
    )

    with ExitStack() as stack:
        stack.enter_context(explain_errors(path))
        db = stack.enter_context(open_readonly(path))
        require_evidence(db.conn, path)
        bar = stack.enter_context(ExitStack())
        progress = (lambda stage, done, total: None) if silent else Progress(bar)
        return verify_evidence(db.conn, kept, progress)


def _kept(
    file: Path | None, key_files: tuple[Path, ...], witnesses: tuple[str, ...]
) -> tuple[list["Checkpoint"], "Signed | None"]:
    """The kept heads, and what is to be said of their signatures."""
    from sqlite_utils_personalization.audit.verify.kept_heads import (
        check_signatures,
        read_kept,
        read_keys,
        read_witnesses,
    )

    if file is None:
        return [], None
    kept = read_kept(file)
    signed = check_signatures(kept, read_keys(key_files), read_witnesses(witnesses))
    return [head for head, _ in kept], signed


def _verdict(findings: int, signed: "Signed | None") -> str:
    if findings:
        return f"{findings} finding{'s' if findings > 1 else ''}: the evidence is not intact"
    if signed:
        said = f"; {signed.sentence}" if signed.sentence else ""
        return f"intact, up to and including what was kept outside{said}"
    return (
        "intact, as far as the file alone can tell: a file rewritten consistently as a whole, or cut at its end"
        " together with its seals, shows only against a head kept outside (--head)"
    )
