"""personalization-doctor: what a report of a fault should say first."""

from collections.abc import Iterator, Mapping
from typing import Any

import click

from sqlite_utils_personalization.canonical import canonical_json
from sqlite_utils_personalization.commands.base import Command
from sqlite_utils_personalization.commands.output import print_object


@click.command(name="personalization-doctor", cls=Command)
@click.argument("path", type=click.Path(allow_dash=False), required=False)
@click.option("--json", "as_json", is_flag=True, help="Output a JSON object")
def doctor(path: str | None, as_json: bool) -> None:
    """
    Print versions, and the state of a file, for a report of a fault

    Example:

    \b
        sqlite-utils personalization-doctor jpcite.db

    Package, Python, SQLite and how it was built, sqlite-utils, Datasette; of the file its migrations, and runs that are
    not finished. No path, no customer and no key is in it. The file is only read.
    """
    from sqlite_utils_personalization.api.doctor import doctor as look

    found = look(path)
    if as_json:
        print_object(found)
        return
    for line in _lines(found):
        click.echo(line)


def _lines(found: Mapping[str, Any]) -> Iterator[str]:
    for name, value in found.items():
        if isinstance(value, Mapping):
            yield from _lines(value)
        else:
            yield f"{name}: {value if isinstance(value, (str, int)) else canonical_json(value)}"
