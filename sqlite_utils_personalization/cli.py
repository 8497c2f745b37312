"""The sqlite-utils plugin: registers our commands, nothing else."""

import click
import sqlite_utils


@sqlite_utils.hookimpl
def register_commands(cli: click.Group) -> None:
    # Imported here: a module-level import of sqlite_utils.cli, direct or not, would load this plugin
    # twice and break every sqlite_utils.Database() call.
    from sqlite_utils_personalization.commands import COMMANDS

    for command in COMMANDS:
        cli.add_command(command)
