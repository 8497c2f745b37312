"""What the subcommands have in common: arguments, the open database, and how faults are said."""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from sqlite_utils_personalization.commands.output import print_text
from sqlite_utils_personalization.errors import PersonalizationError

path_argument = click.argument(
    "path", type=click.Path(exists=True, dir_okay=False, allow_dash=False)
)
user_hash_option = click.option(
    "--user-hash",
    "given_hash",
    help="Hash of the API key, in hex; without it the key itself is read",
)
model_option = click.option(
    "--model",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The constants that name the packs, if not the packaged ones",
)


@contextmanager
def open_database(path: str, *, writable: bool = False) -> Iterator[sqlite3.Connection]:
    """The database, and every fault of the data as one sentence and exit status 1."""
    from sqlite_utils_personalization.database import (
        explain_errors,
        open_readonly,
        open_writable,
        require_evidence,
    )
    from sqlite_utils_personalization.errors import InvalidPreference

    try:
        with explain_errors(path), open_writable(path) if writable else open_readonly(path) as db:
            require_evidence(db.conn, path)
            yield db.conn
    except InvalidPreference as error:
        if not writable:
            raise
        raise PersonalizationError(str(error), "nothing was stored") from None


def packs(model: Path | None) -> Mapping[str, str]:
    """The packs of the model, by name."""
    from sqlite_utils_personalization.model.model import load_model

    found: Mapping[str, str] = load_model(model).constants["packs"]
    return found


def print_object(found: dict[str, Any]) -> None:
    """One line of JSON."""
    print_text(json.dumps(found, ensure_ascii=False))


def shown_value(value: object) -> str:
    """A declared value in a sentence."""
    return "nothing" if value is None else str(value)
