"""Rows in the formats of sqlite-utils, by its own options. They are no promised API, so all use of them is here."""

import json
import re
import sqlite3
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from io import TextIOWrapper
from typing import Any

import click

from sqlite_utils_personalization.commands.base import Command, visible
from sqlite_utils_personalization.spreadsheet import as_text
from sqlite_utils_personalization.transaction import transaction


class RowsCommand(Command):
    """A command that takes the output options of sqlite-utils after its own, as keyword arguments."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        # Not as decorators: importing sqlite_utils.cli here would load the plugins, and so this module, once more.
        params = super().get_params(ctx)
        return [*self.params, *_output_options(), *params[len(self.params) :]]


@cache
def _output_options() -> tuple[click.Parameter, ...]:
    from sqlite_utils.cli import output_options

    def carrier() -> None:
        """What the decorators put their options on."""

    return tuple(reversed(output_options(carrier).__click_params__))  # type: ignore[no-untyped-call]


def print_rows(
    ctx: click.Context, columns: Sequence[str], rows: Iterable[Sequence[Any]], **output: Any
) -> None:
    """Print the rows as sqlite-utils would those of a query, in bounded memory but for --table and --fmt."""
    from sqlite_utils.cli import query

    if isinstance(sys.stdout, TextIOWrapper):
        # As print_text does.
        sys.stdout.reconfigure(encoding="utf-8")
    # A database on disk that SQLite removes when it is closed, which query does at the end of the command.
    db = sqlite3.connect("", isolation_level=None)
    db.execute(f"CREATE TABLE found ({', '.join(columns)})")
    cell = _cell(output)
    with transaction(db):
        db.executemany(
            f"INSERT INTO found VALUES ({', '.join('?' * len(columns))})",
            (tuple(map(cell, row)) for row in rows),
        )
    ctx.invoke(query, path=db, sql="SELECT * FROM found ORDER BY rowid", **output)


def _cell(output: dict[str, Any]) -> Callable[[Any], Any]:
    """How a value is shown: safe for a spreadsheet, and for a terminal; to scripts that read JSON as it is."""
    is_table = output.get("table") or output.get("fmt")
    for_spreadsheet = output.get("csv") or output.get("tsv") or output.get("fmt") == "tsv"
    for_terminal = is_table or sys.stdout.isatty()

    def cell(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        if output.get("fmt") == "tsv":
            # Which quotes nothing.
            value = " ".join(re.split(r"[\t\r\n]+", value))
        shown = as_text(value) if for_spreadsheet else value
        return visible(shown) if for_terminal else shown

    return cell


def print_json(objects: Iterable[dict[str, Any]], *, lines: bool, ascii_: bool) -> None:
    """Print nested objects as sqlite-utils prints rows: one a line, in an array unless lines."""
    texts = (json.dumps(found, ensure_ascii=ascii_) for found in objects)
    if lines:
        for text in texts:
            print_text(text)
        return
    before = "["
    for text in texts:
        print_text(before + text, end="")
        before = ",\n "
    print_text("[]" if before == "[" else "]")


def print_text(text: str, end: str = "\n") -> None:
    """Print text as UTF-8, because titles are Japanese whatever the encoding of the terminal, which obeys nothing.

    Half a surrogate pair, which JSON can hold and UTF-8 cannot, is the escape that it is in JSON.
    """
    click.echo(f"{visible(text)}{end}".encode("utf-8", "backslashreplace"), nl=False)
