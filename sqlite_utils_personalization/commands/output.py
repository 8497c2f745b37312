"""Rows in the formats of sqlite-utils, by its own options. They are no promised API, so all use of them is here."""

import csv
import json
import re
import sqlite3
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from io import TextIOWrapper
from typing import Any
from unicodedata import east_asian_width

import click

from sqlite_utils_personalization.commands.base import Command, visible
from sqlite_utils_personalization.spreadsheet import as_text
from sqlite_utils_personalization.transaction import transaction

# The formats that are not JSON objects.
TABULAR = ("arrays", "csv", "tsv", "table", "fmt")
# Whatever gives rows.
ROWS = ("nl", *TABULAR)


class RowsCommand(Command):
    """A command that takes --json and the output options of sqlite-utils after its own, as keyword arguments."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        # Not as decorators: importing sqlite_utils.cli here would load the plugins, and so this module, once more.
        params = super().get_params(ctx)
        is_own = any(param.name == "as_json" for param in self.params)
        json_option = [] if is_own else [_JSON]
        return [*self.params, *json_option, *_output_options(), *params[len(self.params) :]]

    def invoke(self, ctx: click.Context) -> Any:
        if ctx.params["as_json"]:
            # Before anything is written.
            refuse_formats(ctx.params)
        return super().invoke(ctx)


_JSON = click.Option(["--json", "as_json"], is_flag=True, help="Output rows as JSON, the default")


def refuse_formats(output: Mapping[str, Any]) -> None:
    """click.UsageError if a format that is none of JSON objects is asked for beside --json."""
    if others := [f"--{name}" for name in TABULAR if output[name]]:
        raise click.UsageError(f"--json and {' and '.join(others)} exclude each other")


@cache
def _output_options() -> tuple[click.Parameter, ...]:
    from sqlite_utils.cli import output_options

    def carrier() -> None:
        """What the decorators put their options on."""

    return tuple(reversed(output_options(carrier).__click_params__))  # type: ignore[no-untyped-call]


def print_rows(
    ctx: click.Context,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    at_once: bool = False,
    as_json: bool = False,
    **output: Any,
) -> None:
    """Print the rows as sqlite-utils would those of a query, in bounded memory but for --table and --fmt.

    Nothing is printed before the last row is there, so that who reads slowly holds no lock, and what is undone is not
    printed; or at_once, each when it comes, of rows that are read in batches.
    """
    if isinstance(sys.stdout, TextIOWrapper):
        # As print_text does.
        sys.stdout.reconfigure(encoding="utf-8")
    cell = _cell(output)
    shown = (tuple(map(cell, row)) for row in rows)
    if at_once and not (output["table"] or output["fmt"]):
        _stream(columns, shown, output)
    else:
        _spool(ctx, columns, shown, output)


def _spool(
    ctx: click.Context,
    columns: Sequence[str],
    rows: Iterable[tuple[Any, ...]],
    output: dict[str, Any],
) -> None:
    from sqlite_utils.cli import query

    # A database on disk that SQLite removes when it is closed, which query does at the end of the command.
    db = sqlite3.connect("", isolation_level=None)
    db.execute(f"CREATE TABLE found ({', '.join(columns)})")
    with transaction(db):
        db.executemany(f"INSERT INTO found VALUES ({', '.join('?' * len(columns))})", rows)
    ctx.invoke(query, path=db, sql="SELECT * FROM found ORDER BY rowid", **output)


def _stream(
    columns: Sequence[str], rows: Iterable[tuple[Any, ...]], output: dict[str, Any]
) -> None:
    if output["csv"] or output["tsv"]:
        writer = csv.writer(sys.stdout, dialect="excel-tab" if output["tsv"] else "excel")
        if not output["no_headers"]:
            writer.writerow(columns)
        for row in rows:
            writer.writerow(row)
        return
    from sqlite_utils.cli import output_rows

    options = (output[name] for name in ("nl", "arrays", "json_cols", "ascii_"))
    for line in output_rows(rows, columns, *options):  # type: ignore[no-untyped-call]
        click.echo(line)


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


def print_json(objects: Iterable[Mapping[str, Any]], *, lines: bool, ascii_: bool) -> None:
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


def print_object(found: Mapping[str, Any]) -> None:
    """Print one result as --json does."""
    print_text(json.dumps(found, ensure_ascii=False, indent=2))


def padded(text: str, columns: int, *, at_end: bool = False) -> str:
    """The text with spaces after it, or before it where it stands at the end, as far as a terminal's columns go."""
    # A Japanese character takes the place of two.
    width = sum(1 + (east_asian_width(one) in "WF") for one in text)
    spaces = " " * (columns - width)
    return f"{spaces}{text}" if at_end else f"{text}{spaces}"


def print_text(text: str, end: str = "\n") -> None:
    """Print text as UTF-8, because titles are Japanese whatever the encoding of the terminal, which obeys nothing.

    Half a surrogate pair, which JSON can hold and UTF-8 cannot, is the escape that it is in JSON.
    """
    click.echo(f"{visible(text)}{end}".encode("utf-8", "backslashreplace"), nl=False)
