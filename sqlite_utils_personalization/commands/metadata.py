"""personalization-metadata: metadata.yml for Datasette."""

import click

from sqlite_utils_personalization.commands.base import Command
from sqlite_utils_personalization.commands.output import print_object


@click.command(name="personalization-metadata", cls=Command)
@click.argument("database_name", default="jpcite")
@click.option("--json", "as_json", is_flag=True, help="As JSON, which Datasette takes too")
def metadata(database_name: str, as_json: bool) -> None:
    """
    Print metadata.yml for Datasette

    Example:

    \b
        sqlite-utils personalization-metadata jpcite > metadata.yml
        datasette jpcite.db --metadata metadata.yml

    DATABASE_NAME is the file name without .db.
    """
    from sqlite_utils_personalization.viewer.queries.metadata import metadata as described
    from sqlite_utils_personalization.viewer.queries.metadata import metadata_yaml

    if as_json:
        print_object(described(database_name))
        return
    text = metadata_yaml(database_name)
    # Bytes, because titles are Japanese whatever the encoding of the terminal.
    click.echo(text.encode(), nl=False)
