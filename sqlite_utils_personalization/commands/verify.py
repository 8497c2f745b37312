"""personalization-verify: is the evidence intact?"""

import json
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sqlite_utils_personalization.commands.base import Command, Progress, say
from sqlite_utils_personalization.commands.output import print_text

if TYPE_CHECKING:
    from sqlite_utils_personalization.audit.verify import Finding, Group
    from sqlite_utils_personalization.audit.verify.kept_heads import Signed
    from sqlite_utils_personalization.audit.verify.remarks import Remark
    from sqlite_utils_personalization.audit.verify.verification import Reached, Verification
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
@click.option("--strict", is_flag=True, help="Exit with 1 on rows that no seal covers, too")
@click.option(
    "--keep", is_flag=True, help="Note in the file that, when and with what it was verified"
)
@click.option(
    "--record",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The same as a line of JSON at the end of this file",
)
@click.option("--json", "as_json", is_flag=True, help="Output findings and notes as JSON")
@click.option("-s", "--silent", is_flag=True, help="Don't show a progress bar")
def verify(
    path: str,
    head_file: Path | None,
    key_files: tuple[Path, ...],
    witnesses: tuple[str, ...],
    strict: bool,
    keep: bool,
    record: Path | None,
    as_json: bool,
    silent: bool,
) -> None:
    """
    Derive the log and its evidence again, and list everything that does not fit

    Example:

    \b
        sqlite-utils personalization-verify jpcite.db --head heads.txt

    Of each kind of fault the first is shown, and how many there are; docs/verify.md lists the kinds. Notes, as on times
    that go backwards or rows that no seal covers, are no findings.

    Exit status 0: intact, 1: findings, 2: could not check. The file is only read, unless --keep adds a row to it, which
    the next seal covers.
    """
    if (key_files or witnesses) and not head_file:
        raise click.UsageError("--public-key and --witness are of heads: give them with --head")
    from sqlite_utils_personalization.audit.verify import grouped

    began = time.monotonic()
    kept, signed = _kept(head_file, key_files, witnesses)
    reached, findings, remarked = _verify(path, kept, silent, needs_table=keep)
    findings += signed.findings if signed else []
    groups = grouped(findings)
    if keep or record:
        from sqlite_utils_personalization.audit.verify.verification import verification

        found = verification(reached, findings, kept, began)
        if record:
            _record(path, record, found)
        if keep:
            _keep(path, found)
    if as_json:
        document = {
            "findings": [group.to_dict() for group in groups],
            "notes": [remark._asdict() for remark in remarked],
        }
        print_text(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        for group in groups:
            print_text(_text(group))
        for remark in remarked:
            say(f"note: {remark.what}")
    uncovered = strict and any(remark.is_uncovered for remark in remarked)
    say(_verdict(sum(group.total for group in groups), uncovered, signed))
    raise click.exceptions.Exit(FOUND if groups or uncovered else INTACT)


def _verify(
    path: str, kept: list["Checkpoint"], silent: bool, *, needs_table: bool
) -> tuple["Reached", list["Finding"], list["Remark"]]:
    from sqlite_utils_personalization.audit.verify.remarks import remarks
    from sqlite_utils_personalization.audit.verify.schema import require_any_evidence
    from sqlite_utils_personalization.audit.verify.verification import VERIFICATIONS, reached
    from sqlite_utils_personalization.audit.verify.verify import verify as verify_evidence
    from sqlite_utils_personalization.database import (
        explain_errors,
        open_readonly,
        require_table,
    )

    with ExitStack() as stack:
        stack.enter_context(explain_errors(path))
        db = stack.enter_context(open_readonly(path))
        require_any_evidence(db.conn, path)
        if needs_table:
            require_table(db.conn, VERIFICATIONS, path)
        bar = stack.enter_context(ExitStack())
        progress = (lambda stage, done, total: None) if silent else Progress(bar)
        at = reached(db.conn)
        return at, verify_evidence(db.conn, kept, progress), remarks(db.conn)


def _keep(path: str, found: "Verification") -> None:
    from sqlite_utils_personalization.audit.verify.verification import keep
    from sqlite_utils_personalization.database import explain_errors, open_writable

    with explain_errors(path), open_writable(path) as db:
        keep(db.conn, found)


def _record(path: str, file: Path, found: "Verification") -> None:
    from sqlite_utils_personalization.audit.verify.verification import record

    record(file, found, path)


def _text(group: "Group") -> str:
    first = group.first[0]
    of = f" (first of {group.total})" if group.total > 1 else ""
    run = f"run {first.run_id}: " if first.run_id is not None else ""
    named = f"run {first.run_id}" in first.what
    return f"{group.code}: {'' if named else run}{first.what}{of}\n    {first.todo}"


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


def _verdict(findings: int, uncovered: bool, signed: "Signed | None") -> str:
    if findings:
        return f"{findings} finding{'s' if findings > 1 else ''}: the evidence is not intact"
    if uncovered:
        return "intact as far as seals reach, but there are rows that none covers: run personalization-seal"
    if signed:
        said = f"; {signed.sentence}" if signed.sentence else ""
        return f"intact, up to and including what was kept outside{said}"
    return (
        "intact, as far as the file alone can tell: a file rewritten consistently as a whole, or cut at its end"
        " together with its seals, shows only against a head kept outside (--head)"
    )
