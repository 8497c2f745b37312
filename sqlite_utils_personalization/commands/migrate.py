"""personalization-migrate: our tables in a shared file."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sqlite_utils_personalization.commands.base import Command, say

if TYPE_CHECKING:
    from sqlite_utils_personalization.schema import Status

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(name="personalization-migrate", cls=Command)
@click.argument("path", type=click.Path(dir_okay=False, allow_dash=False), required=False)
@click.option(
    "list_", "--list", is_flag=True, help="Show applied and pending migrations, change nothing"
)
@click.option("--manifest", type=_FILE, help="Apply only what this boot manifest lists")
@click.option(
    "--register",
    type=_FILE,
    help="Append what this boot manifest does not list; PATH may be left out",
)
@click.option(
    "--rollback", is_flag=True, help="For development: remove 901, 900 and 287, and all they hold"
)
@click.option("--to", type=click.Choice(["287"]), help="With --rollback: keep 287")
@click.option(
    "--drop-audit-log", is_flag=True, help="With --rollback: although recommendations were logged"
)
def migrate(path: str | None, list_: bool, **options: Any) -> None:
    """
    Apply the migrations 287 (storage), 900 (evidence) and 901 (events)

    Example:

    \b
        sqlite-utils personalization-migrate jpcite.db

    Creates the file if it does not exist. Safe to repeat on every boot.
    """
    _check_usage(path, list_, **options)
    if list_:
        _list(str(path))
    elif options["rollback"]:
        _rollback(str(path), options["to"], options["drop_audit_log"])
    else:
        _apply(path, options["manifest"], options["register"])


def _check_usage(path: str | None, list_: bool, **options: Any) -> None:
    if path is None and not options["register"]:
        raise click.UsageError("Missing argument 'PATH'.")
    modes = {
        "--list": list_,
        **{f"--{name}": options[name] for name in ("manifest", "register", "rollback")},
    }
    chosen = [name for name, value in modes.items() if value]
    if len(chosen) > 1:
        raise click.UsageError(f"{' and '.join(chosen)} exclude each other")
    for name in ("to", "drop_audit_log"):
        if options[name] and not options["rollback"]:
            raise click.UsageError(f"--{name.replace('_', '-')} goes with --rollback")


def _list(path: str) -> None:
    from sqlite_utils_personalization.schema import migration_statuses

    statuses = migration_statuses(path)
    click.echo("Migrations for: personalization\n\n  Applied:")
    for status in statuses:
        if not status.is_pending:
            click.echo(f"    {status.name} - {status.applied_at}")
    click.echo("\n  Pending:")
    pending = [f"    {status.name}{_note(status)}" for status in statuses if status.is_pending]
    click.echo("\n".join(pending or ["    (none)"]))


def _note(status: "Status") -> str:
    if not status.in_place:
        return ""
    if status.faults:
        return f" - to be mended: {', '.join(status.faults)}"
    return " - in place, not recorded"


def _apply(path: str | None, manifest: Path | None, register_in: Path | None) -> None:
    from sqlite_utils_personalization.schema import migrate as apply
    from sqlite_utils_personalization.schema.manifest import (
        register_migrations,
        unlisted_migrations,
    )
    from sqlite_utils_personalization.schema.state import MIGRATIONS

    skipped = unlisted_migrations(manifest) if manifest else []
    if register_in:
        # Before anything is written, so that a manifest that is none leaves the database alone.
        unlisted_migrations(register_in)
    if path is not None:
        applied = apply(path, only=MIGRATIONS.keys() - skipped)
        for name in applied:
            say(f"applied {name}")
        for name in skipped:
            say(f"skipped {name}: {manifest} does not list it")
        if not applied:
            say(f"nothing to apply to {path}")
    if register_in:
        names = register_migrations(register_in)
        for name in names:
            say(f"registered {name}.sql in {register_in}")
        if not names:
            say(f"nothing to register in {register_in}")


def _rollback(path: str, to: str | None, drop_audit_log: bool) -> None:
    from sqlite_utils_personalization.schema import EVENTS, EVIDENCE, STORAGE, rollback

    names = rollback(path, keep_storage=to is not None, drop_audit_log=drop_audit_log)
    for name in [EVENTS, EVIDENCE] if to else [EVENTS, EVIDENCE, STORAGE]:
        say(
            f"rolled back {name}"
            if name in names
            else f"{name} is not applied: nothing to roll back"
        )
