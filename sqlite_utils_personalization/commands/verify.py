"""personalization-verify: is the evidence intact?"""

import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click

from sqlite_utils_personalization.commands.base import Command, Progress, say
from sqlite_utils_personalization.errors import PersonalizationError

INTACT, FOUND, UNCHECKED = 0, 1, 2


@click.command(name="personalization-verify", cls=Command, unfinished=UNCHECKED)
@click.argument("path", type=click.Path(allow_dash=False))
@click.option(
    "--head",
    "head_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Heads that personalization-seal printed, kept outside the file",
)
@click.option("--strict", is_flag=True, help="Exit with 1 on rows that no seal covers, too")
@click.option("--json", "as_json", is_flag=True, help="Output findings and notes as JSON")
@click.option("-s", "--silent", is_flag=True, help="Don't show a progress bar")
def verify(path: str, head_file: Path | None, strict: bool, as_json: bool, silent: bool) -> None:
    """
    Derive the log and its evidence again, and list everything that does not fit

    Example:

    \b
        sqlite-utils personalization-verify jpcite.db --head head.json

    Of each kind of fault the first is shown, and how many there are; docs/verify.md lists the kinds. Notes, as on times
    that go backwards or rows that no seal covers, are no findings.

    Exit status 0: intact, 1: findings, 2: could not check. The file is only read.
    """
    groups, noted = _verify(path, head_file, silent)
    if as_json:
        document = {
            "findings": [group.to_dict() for group in groups],
            "notes": [note._asdict() for note in noted],
        }
        click.echo(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        for group in groups:
            click.echo(_text(group))
        for note in noted:
            say(f"note: {note.what}")
    uncovered = strict and any(note.is_uncovered for note in noted)
    say(_verdict(sum(group.total for group in groups), uncovered, head_file))
    raise click.exceptions.Exit(FOUND if groups or uncovered else INTACT)


def _verify(path: str, head_file: Path | None, silent: bool) -> tuple[list[Any], list[Any]]:
    from sqlite_utils_personalization.audit.verify import grouped
    from sqlite_utils_personalization.audit.verify.notes import notes
    from sqlite_utils_personalization.audit.verify.schema import require_any_evidence
    from sqlite_utils_personalization.audit.verify.verify import verify as verify_evidence
    from sqlite_utils_personalization.database import explain_errors, open_readonly

    kept = _kept_heads(head_file) if head_file else []
    with ExitStack() as stack:
        stack.enter_context(explain_errors(path))
        db = stack.enter_context(open_readonly(path))
        require_any_evidence(db.conn, path)
        bar = stack.enter_context(ExitStack())
        progress = (lambda stage, done, total: None) if silent else Progress(bar)
        return grouped(verify_evidence(db.conn, kept, progress)), notes(db.conn)


def _text(group: Any) -> str:
    first = group.first[0]
    of = f" (first of {group.total})" if group.total > 1 else ""
    run = f"run {first.run_id}: " if first.run_id is not None else ""
    named = f"run {first.run_id}" in first.what
    return f"{group.code}: {'' if named else run}{first.what}{of}\n    {first.todo}"


def _kept_heads(file: Path) -> list[dict[str, Any]]:
    from sqlite_utils_personalization.verify_receipt import Unreadable, kept_heads

    try:
        lines = kept_heads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, Unreadable):
        raise PersonalizationError(
            f"{file} holds no head",
            "give the line, or the lines, that personalization-seal printed",
        ) from None
    return [{"seal_id": seal_id, "head": head} for line in lines for seal_id, head in line.items()]


def _verdict(findings: int, uncovered: bool, head_file: Path | None) -> str:
    if findings:
        return f"{findings} finding{'s' if findings > 1 else ''}: the evidence is not intact"
    if uncovered:
        return "intact as far as seals reach, but there are rows that none covers: run personalization-seal"
    if head_file:
        return "intact, up to and including what was kept outside"
    return (
        "intact, as far as the file alone can tell: a file rewritten consistently as a whole, or cut at its end"
        " together with its seals, shows only against a head kept outside (--head)"
    )
