"""One file per command: parse, call, print."""

import click

from sqlite_utils_personalization.commands.deliver import deliver
from sqlite_utils_personalization.commands.digest import digest
from sqlite_utils_personalization.commands.doctor import doctor
from sqlite_utils_personalization.commands.example import example
from sqlite_utils_personalization.commands.feedback import feedback
from sqlite_utils_personalization.commands.health import health
from sqlite_utils_personalization.commands.impact import impact
from sqlite_utils_personalization.commands.mcp import mcp
from sqlite_utils_personalization.commands.metadata import metadata
from sqlite_utils_personalization.commands.migrate import migrate
from sqlite_utils_personalization.commands.model import model
from sqlite_utils_personalization.commands.profile import profile
from sqlite_utils_personalization.commands.receipt import receipt
from sqlite_utils_personalization.commands.reconcile import reconcile
from sqlite_utils_personalization.commands.replay import replay
from sqlite_utils_personalization.commands.report import report
from sqlite_utils_personalization.commands.score import score
from sqlite_utils_personalization.commands.seal import seal
from sqlite_utils_personalization.commands.snapshot import snapshot
from sqlite_utils_personalization.commands.verify import verify
from sqlite_utils_personalization.commands.why_not import why_not

COMMANDS: list[click.Command] = [
    deliver,
    digest,
    doctor,
    example,
    feedback,
    health,
    impact,
    mcp,
    metadata,
    migrate,
    model,
    profile,
    receipt,
    reconcile,
    replay,
    report,
    score,
    seal,
    snapshot,
    verify,
    why_not,
]
