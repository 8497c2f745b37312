"""personalization-example: a small database, scored, and what was recommended to whom."""

import shlex
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from sqlite_utils_personalization.commands.base import Command, say
from sqlite_utils_personalization.commands.output import print_object
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.language import pgettext


@click.command(name="personalization-example", cls=Command, is_text=True)
@click.argument("path", type=click.Path(dir_okay=False, allow_dash=False), required=False)
@click.option(
    "--tour",
    type=click.Path(path_type=Path),
    help="Make this folder instead, with jpcite.db and every file that the documentation's commands name",
)
@click.option("--json", "as_json", is_flag=True, help="Output who was recommended what as JSON")
def example(path: str | None, tour: Path | None, as_json: bool) -> None:
    """
    Create a small example database and score it for four nights

    Example:

    \b
        sqlite-utils personalization-example jpcite.db
        sqlite-utils personalization-example --tour tour && cd tour

    The programs and the customers in it are invented. An existing file is left alone.
    """
    from sqlite_utils_personalization.api.files import create_example, create_tour

    if (path is None) == (tour is None):
        raise click.UsageError("Give PATH, or --tour DIR.")
    if tour is not None:
        path = str(tour / "jpcite.db")
        found = create_tour(tour)
        _write_metadata(tour)
    else:
        found = create_example(str(path))
    if as_json:
        print_object(found)
        return
    say(
        _(
            "The best of each type for {n} customers, on the night of {day}:",
            n=found["profiles"],
            day=found["as_of"],
        )
    )
    for customer in found["customers"]:
        _print(customer)
    text = _(
        "{n} recommendations are logged in {path}. Look at them, and ask why:",
        n=found["logged"],
        path=path,
    )
    say(f"\n{text}")
    _say_how_to_open(Path(str(path)), tour)


def _write_metadata(tour: Path) -> None:
    from sqlite_utils_personalization.viewer.queries.metadata import metadata_yaml

    (tour / "metadata.yml").write_text(metadata_yaml("jpcite"), encoding="utf-8")


def _say_how_to_open(path: Path, tour: Path | None) -> None:
    metadata = (tour or Path()) / "metadata.yml"
    if find_spec("datasette") is None:
        say("    pip install 'sqlite-utils-personalization[viewer]'")
    if not metadata.exists():
        command = ["sqlite-utils", "personalization-metadata", path.stem]
        say(f"    {shlex.join(command)} > {metadata}")
    say(f"    {shlex.join([_datasette(), str(path), '--metadata', str(metadata)])}")


def _datasette() -> str:
    # As this command was called: venv/bin/sqlite-utils has venv/bin/datasette beside it.
    called = Path(sys.argv[0])
    beside = called.with_name("datasette")
    on_path = shutil.which("datasette")
    if (
        called.name != "sqlite-utils"
        or not beside.exists()
        or (on_path and beside.samefile(on_path))
    ):
        return "datasette"
    return str(beside)


def _print(customer: dict[str, Any]) -> None:
    said = pgettext("list", ", ").join(
        f"{key} {value}" for key, value in customer["preferences"].items()
    )
    text = _(
        "customer {profile_id} declared {declared}",
        profile_id=customer["profile_id"],
        declared=said or _("nothing"),
    )
    click.echo(f"\n{text}")
    for one in customer["best"]:
        click.echo(f"    {one['score']:3} {one['recommendation_type']:13} {one['title']}")
    if not customer["best"]:
        text = _("nothing: no declared wish is met")
        click.echo(f"    {text}")
