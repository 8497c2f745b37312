"""personalization-model: what the constants are, whether a file of them is sound, and what a change does."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from sqlite_utils_personalization.commands.base import COULD_NOT, FOUND, say
from sqlite_utils_personalization.commands.output import (
    TABULAR,
    RowsCommand,
    print_json,
    print_rows,
    print_text,
)
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.language import ngettext, pgettext

_FILE = click.Path(exists=True, dir_okay=False, allow_dash=False, path_type=Path)
# In place of a file.
_PACKAGED = "packaged"


class _ModelName(click.Path):
    """A file, or the word for the packaged model, which stays as it is."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return value if value == _PACKAGED else _FILE.convert(value, param, ctx)


@click.group(name="personalization-model")
def model() -> None:
    """
    Show, check and compare the constants of the formula

    Example:

    \b
        sqlite-utils personalization-model show --table

    A model is a file as --model of personalization-score takes it. No database is opened.
    """


@model.command(name="show", cls=RowsCommand)
@click.argument("file", type=_FILE, required=False)
@click.pass_context
def show(ctx: click.Context, /, file: Path | None, **output: Any) -> None:
    """
    Print every constant with its meaning, its unit and what it may be

    Example:

    \b
        sqlite-utils personalization-model show model.json --csv

    Without a file those of the packaged model.
    """
    from sqlite_utils_personalization.api.model_files import ModelConstant, model_constants

    _print(ctx, ModelConstant.__annotations__, model_constants(file), output)


@model.command(name="check", cls=RowsCommand, is_text=True)
@click.argument("files", metavar="FILE...", type=_FILE, nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="Output findings as JSON")
@click.pass_context
def check(ctx: click.Context, /, files: Sequence[Path], as_json: bool, **output: Any) -> None:
    """
    Say what is wrong with a model, before a night is scored by it

    Example:

    \b
        sqlite-utils personalization-model check model.json

    What personalization-score refuses is refused, and so are a weight above a cap and rules that contradict each other.
    What never matters is noted. Exit status 1: a file is refused.
    """
    from sqlite_utils_personalization.api.model_files import ModelFinding, check_model

    found = [(file, one) for file in files for one in check_model(file)]
    refused = {file for file, one in found if one["is_refused"]}
    if as_json or output["nl"] or _is_tabular(output):
        rows = [{"file": str(file), **one} for file, one in found]
        _print(ctx, ["file", *ModelFinding.__annotations__], rows, output)
    else:
        for file, one in found:
            kind = _("refused") if one["is_refused"] else _("note")
            print_text(
                _(
                    "{file}: {kind}: {path}: {sentence} - {todo}",
                    file=file,
                    kind=kind,
                    path=one["name"],
                    sentence=one["sentence"],
                    todo=one["todo"],
                )
            )
    for file in dict.fromkeys(files):
        say(
            _("{file} is refused", file=file)
            if file in refused
            else _("{file} is a model", file=file)
        )
    raise click.exceptions.Exit(FOUND if refused else 0)


@model.command(name="diff", cls=RowsCommand, is_text=True, unfinished=COULD_NOT)
@click.argument("before", metavar="[OLD]", type=_ModelName(), required=False)
@click.argument("after", metavar="[NEW]", type=_ModelName(), required=False)
@click.option("--exit-code", is_flag=True, help="Exit with 1 if something differs")
@click.option("--json", "as_json", is_flag=True, help="Output what differs as JSON")
@click.pass_context
def diff(
    ctx: click.Context,
    /,
    before: Path | str | None,
    after: Path | str | None,
    exit_code: bool,
    as_json: bool,
    **output: Any,
) -> None:
    """
    Say what differs between two models, and what that does for customers

    Example:

    \b
        sqlite-utils personalization-model diff model.json
        sqlite-utils personalization-model diff old.json new.json --exit-code

    One file is held against the packaged model, which the word packaged stands for in either place. Exit status 0
    whether something differs or not, with --exit-code 1 if it does, and 2 if a file is no model.
    """
    from sqlite_utils_personalization.api.model_files import ModelChange, compare_models

    # One alone is the new one.
    old, new = (before, after) if after else (None, before)
    found = compare_models(*(None if one == _PACKAGED else one for one in (old, new)))
    if as_json or output["nl"] or _is_tabular(output):
        _print(ctx, ModelChange.__annotations__, found, output)
    else:
        for one in found:
            values = f"{_shown(one['before'])} -> {_shown(one['after'])}"
            print_text(f"{one['name']}: {values}\n    {one['sentence']}")
    say(ngettext("{n} constant differs", "{n} constants differ", len(found)))
    raise click.exceptions.Exit(FOUND if found and exit_code else 0)


def _is_tabular(output: Mapping[str, Any]) -> bool:
    return any(output[name] for name in TABULAR)


def _print(
    ctx: click.Context,
    columns: Any,
    rows: Sequence[Mapping[str, Any]],
    output: dict[str, Any],
) -> None:
    if _is_tabular(output):
        is_table = bool(output["table"] or output["fmt"])
        cells = (tuple(_cell(row[name], is_table) for name in columns) for row in rows)
        print_rows(ctx, [f"[{name}]" for name in columns], cells, **output)
    else:
        print_json(rows, lines=output["nl"], ascii_=output["ascii_"])


def _cell(value: Any, is_table: bool) -> Any:
    if not isinstance(value, list):
        return value
    # A table is as wide as its widest cell.
    return _("{n} texts", n=len(value)) if is_table else json.dumps(value, ensure_ascii=False)


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return pgettext("list", ", ").join(value) or _("(none)")
    return _("(none)") if value is None else str(value)
