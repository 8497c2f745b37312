"""personalization-verify: is the evidence intact?"""

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sqlite_utils_personalization.commands.base import COULD_NOT, FOUND, Command, progress_in, say
from sqlite_utils_personalization.commands.output import print_object, print_text
from sqlite_utils_personalization.language import LANGUAGES, language
from sqlite_utils_personalization.language import gettext as _

if TYPE_CHECKING:
    from sqlite_utils_personalization.audit.verify import VerifyFindings

INTACT = 0


@click.command(name="personalization-verify", cls=Command, is_text=True, unfinished=COULD_NOT)
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
@click.option(
    "--second-engine",
    type=click.Choice(["duckdb"]),
    help="Decide every list on this engine as well, which shares no code with SQLite",
)
@click.option(
    "--json", "as_json", is_flag=True, help="Output what was checked, findings and notes as JSON"
)
@click.option("-s", "--silent", is_flag=True, help="Don't show a progress bar")
def verify(
    path: str,
    head_file: Path | None,
    key_files: tuple[Path, ...],
    witnesses: tuple[str, ...],
    strict: bool,
    keep: bool,
    record: Path | None,
    second_engine: str | None,
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

    --second-engine needs the extra [duckdb], and makes it take two to three times as long.

    Exit status 0: intact, 1: findings, 2: could not check. The file is only read, unless --keep adds a row to it, which
    the next seal covers.
    """
    if (key_files or witnesses) and not head_file:
        raise click.UsageError("--public-key and --witness are of heads: give them with --head")
    from sqlite_utils_personalization.api.auditing import verify as verify_file

    with ExitStack() as stack:
        found = verify_file(
            path,
            heads=head_file,
            public_keys=key_files,
            witnesses=witnesses,
            strict=strict,
            keep=keep,
            record=record,
            second_engine=second_engine,
            progress=progress_in(stack, silent),
        )
    if as_json:
        print_object(found)
    else:
        for one in found["findings"]:
            print_text(_text(one))
        for note in found["notes"]:
            say(_("note: {sentence}", sentence=note["sentence"]))
    say(found["sentence"])
    raise click.exceptions.Exit(INTACT if found["ok"] else FOUND)


def _text(found: "VerifyFindings") -> str:
    first = found["first"][0]
    run_id, sentence = first["where"].get("run_id"), first["sentence"]
    if run_id is not None and f"run {run_id}" not in sentence:
        sentence = f"run {run_id}: {sentence}"
    if language() == LANGUAGES[0]:
        of = f" (first of {found['count']})" if found["count"] > 1 else ""
        return f"{found['code']}: {sentence}{of}\n    {found['todo']}"
    # What was found is said in English only, below what that means.
    heading = _(
        "{code}: {meaning} ({n})", code=found["code"], meaning=found["meaning"], n=found["count"]
    )
    return f"{heading}\n    {sentence}\n    {found['todo']}"
