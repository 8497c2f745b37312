"""personalization-impact: what a change would have done to past nights."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from sqlite_utils_personalization.commands.base import (
    FOUND,
    LOOKS,
    load_extension_option,
    progress_in,
    say,
)
from sqlite_utils_personalization.commands.output import (
    ROWS,
    RowsCommand,
    padded,
    print_object,
    print_rows,
    print_text,
)
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.language import gettext as _

if TYPE_CHECKING:
    from sqlite_utils_personalization.audit.impact.result import ImpactResult

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
# Of each night, and of all: what changes, and then measures before and after.
_COUNTS = (
    *("profiles", "lists_changed", "scores_changed", "emptied_lists", "filled_lists"),
    *("items_in", "items_out", "moved"),
)
_SIDES = ("rows", "empty_lists", "mean_score", "median_days_left", "expected_yen")
_COLUMNS = (
    "as_of",
    "run_id",
    *_COUNTS,
    *(f"{name}_{side}" for name in _SIDES for side in ("before", "after")),
)


@click.command(
    name="personalization-impact",
    cls=RowsCommand,
    is_text=True,
    **LOOKS,
)
@click.argument("path", type=click.Path(exists=True, dir_okay=False, allow_dash=False))
@click.option("--model", type=_FILE, help="Constants to decide under")
@click.option(
    "--top-k", type=click.IntRange(1, 2**53), help="Recommendations per customer and type at most"
)
@click.option(
    "--catalogue",
    type=_FILE,
    help="A SELECT of further items: with them the catalogue of today's tables is read for each night",
)
@click.option("--code", is_flag=True, help="Change nothing but the package, against stored points")
@click.option(
    "--shadow",
    is_flag=False,
    flag_value="latest",
    metavar="[ID]",
    help="Decide nothing: read what a shadow stored beside its night, by default the newest",
)
@click.option(
    "--nights", type=click.IntRange(1, 2**53), help="The last so many nights  [default: 7]"
)
@click.option(
    "--since", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="Nights from this day on"
)
@click.option(
    "--fail-if",
    multiple=True,
    metavar="THRESHOLD",
    help="Exit with 1 if this holds of all nights together, such as 'lists_changed>5%'",
)
@click.option(
    "--html",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also write a page with charts here",
)
@load_extension_option
@click.option("--json", "as_json", is_flag=True, help="Output everything as one JSON object")
@click.option("-s", "--silent", is_flag=True, help="Don't show a progress bar")
@click.pass_context
def impact(
    ctx: click.Context,
    /,
    path: str,
    model: Path | None,
    top_k: int | None,
    catalogue: Path | None,
    code: bool,
    shadow: str | None,
    nights: int | None,
    since: Any,
    fail_if: tuple[str, ...],
    html: Path | None,
    as_json: bool,
    silent: bool,
    **options: Any,
) -> None:
    """
    Decide past nights again with a change, and say who would have been recommended what

    Example:

    \b
        sqlite-utils personalization-impact jpcite.db --model new.json --fail-if 'emptied_lists>0'

    Nights are decided from what they stored, beside what they logged. The output formats have a row for each night, and
    one without a date for all. Thresholds are of lists_changed, scores_changed, emptied_lists, filled_lists, items_in,
    items_out, moved, empty_lists, full_lists, near_duplicate_lists, top_rows, soon_rows, rows_change, yen_change,
    median_days_left, mean_score and mean_score_change, by >, >=, <, <= or ==, a number or a percentage.

    Exit status 1: a threshold holds, or what a night stored is not intact; 3: there is no such night or shadow; 2: it
    could not be decided. The file is only read.
    """
    changes = [one is not None for one in (model, top_k, catalogue)]
    if shadow is not None and (code or any(changes) or nights is not None or since is not None):
        raise click.UsageError("--shadow is one night under one model: it goes with none of these")
    if shadow is None and code == any(changes):
        raise click.UsageError("give --model, --top-k or --catalogue, or --code or --shadow alone")
    if nights is not None and since is not None:
        raise click.UsageError("--nights and --since exclude each other")
    from sqlite_utils_personalization.api.impact import impact as decided_again

    with ExitStack() as stack:
        found = decided_again(
            path,
            model=model,
            top_k=top_k,
            catalogue=catalogue,
            code=code,
            shadow=_which(shadow),
            nights=nights,
            since=since,
            fail_if=fail_if,
            progress=progress_in(stack, silent),
        )
    if html:
        _write(path, html, found)
    if as_json:
        print_object(found)
    elif any(options[name] for name in ROWS):
        print_rows(ctx, _COLUMNS, _rows(found), **options)
    else:
        print_text("\n".join(_text(found)))
    for note in found["notes"]:
        say(_("note: {sentence}", sentence=note))
    for sentence in found["crossed"]:
        say(sentence)
    if found["crossed"]:
        raise click.exceptions.Exit(FOUND)


def _which(shadow: str | None) -> int | Literal["latest"] | None:
    if shadow is None:
        return None
    if shadow == "latest":
        return "latest"
    try:
        return int(shadow)
    except ValueError:
        raise click.BadParameter(f"{shadow!r} is not a number", param_hint="--shadow") from None


def _rows(found: "ImpactResult") -> Iterator[tuple[Any, ...]]:
    for night in found["nights"]:
        yield (night["as_of"], night["run_id"], *_row(night))
    yield (None, None, *_row(found["total"]))


def _row(figures: Mapping[str, Any]) -> Iterable[Any]:
    yield from (figures[name] for name in _COUNTS)
    for name in _SIDES:
        yield from (figures["before"][name], figures["after"][name])


_NAME, _NUMBER = 34, 14


def _text(found: "ImpactResult") -> Iterator[str]:
    from sqlite_utils_personalization.audit.impact import told

    yield from told.sentences(found)
    yield ""
    yield _columns(_("measure"), _("before"), _("after"), _("change"))
    yield from (_columns(*one) for one in told.lines(found))
    concerned: Iterable[tuple[str, Sequence[Mapping[str, Any]], str, Callable[..., str]]] = (
        (
            _("Whom it concerns most:"),
            found["affected_cohorts"],
            "sentence",
            told.example_of_cohort,
        ),
        (_("What it concerns most:"), found["affected_items"], "title", told.example_of_item),
    )
    for heading, rows, name, example in concerned:
        if rows:
            yield f"\n{heading}"
        for one in rows:
            counts = {key: told.number(one[key]) for key in ("items_in", "items_out", "moved")}
            text = _(
                "{name}: {items_in} won, {items_out} lost, {moved} moved", name=one[name], **counts
            )
            yield f"  {text}"
            yield f"    {example(one['example'])}"


def _columns(name: str, *numbers: str) -> str:
    return padded(name, _NAME) + "".join(padded(one, _NUMBER, at_end=True) for one in numbers)


def _write(path: str, file: Path, found: "ImpactResult") -> None:
    from sqlite_utils_personalization.audit.impact.impact_html import impact_html
    from sqlite_utils_personalization.private_files import write_whole

    try:
        write_whole(file, impact_html(found).encode(), path)
    except OSError as error:
        raise PersonalizationError(
            f"{file}: {error.strerror}", "name a file that can be written"
        ) from None
