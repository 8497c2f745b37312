"""personalization-profile import: many customers from a file."""

from pathlib import Path
from typing import BinaryIO

import click

from sqlite_utils_personalization.commands.command import Command, say
from sqlite_utils_personalization.commands.profile.shared import (
    model_option,
    opened,
    packs,
    path_argument,
    print_object,
)


@click.command(name="import", cls=Command)
@path_argument
@click.argument("file", type=click.File("rb"))
@model_option
def import_(path: str, file: BinaryIO, model: Path | None) -> None:
    """
    Store many customers from a file, all or none

    Example:

    \b
        sqlite-utils personalization-profile import jpcite.db customers.ndjson

    A line of FILE is {"user_token_hash": HASH, "preferences": {...}}, and replaces all that this customer declared.
    Each bad line is named by its number. FILE may be - for standard input.
    """
    from sqlite_utils_personalization.preferences.import_profiles import BadLines, import_profiles

    # Lines that are not UTF-8 are bad lines, and not the end of the command.
    lines = (line.decode("utf-8-sig", "surrogateescape") for line in file)
    with opened(path, writable=True) as db:
        try:
            done = import_profiles(db, lines, packs(model))
        except BadLines as error:
            for fault in error.faults:
                say(f"line {fault.number}: {fault.sentence}")
            raise
    print_object(done._asdict())
