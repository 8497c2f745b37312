"""One file per command: parse, call, print."""

import click

from sqlite_utils_personalization.commands.example import example
from sqlite_utils_personalization.commands.metadata import metadata
from sqlite_utils_personalization.commands.migrate import migrate
from sqlite_utils_personalization.commands.score import score
from sqlite_utils_personalization.commands.snapshot import snapshot
from sqlite_utils_personalization.commands.verify import verify

COMMANDS: list[click.Command] = [example, metadata, migrate, score, snapshot, verify]
