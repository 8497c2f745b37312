"""personalization-metadata: metadata.yml for Datasette."""

import click

from sqlite_utils_personalization.commands.base import Command


@click.command(name="personalization-metadata", cls=Command)
@click.argument("database_name", default="jpcite")
def metadata(database_name: str) -> None:
    """
    Print metadata.yml for Datasette

    Example:

    \b
        sqlite-utils personalization-metadata jpcite > metadata.yml
        datasette jpcite.db --metadata metadata.yml

    DATABASE_NAME is the file name without .db.
    """
    from sqlite_utils_personalization.viewer.queries.metadata import metadata_yaml

    text = metadata_yaml(database_name)
    # Bytes, because titles are Japanese whatever the encoding of the terminal.
    click.echo(text.encode(), nl=False)
