"""personalization-migrate: our tables in a shared file."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sqlite_utils_personalization.commands.base import say
from sqlite_utils_personalization.commands.output import (
    ROWS,
    TABULAR,
    RowsCommand,
    print_json,
    print_object,
    print_rows,
)
from sqlite_utils_personalization.language import gettext as _

if TYPE_CHECKING:
    from sqlite_utils_personalization.api.files import MigrationStatus

_OWN = ("manifest", "register", "rollback", "to", "drop_audit_log")
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(name="personalization-migrate", cls=RowsCommand)
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
    "--rollback",
    is_flag=True,
    help="For development: remove 902, 901, 900 and 287, and all they hold",
)
@click.option("--to", type=click.Choice(["287"]), help="With --rollback: keep 287")
@click.option(
    "--drop-audit-log", is_flag=True, help="With --rollback: although recommendations were logged"
)
@click.option("--json", "as_json", is_flag=True, help="Output the result as JSON")
@click.pass_context
def migrate(
    ctx: click.Context, /, path: str | None, list_: bool, as_json: bool, **options: Any
) -> None:
    """
    Apply the migrations 287 (storage), 900 (evidence), 901 (events) and 902 (shadows)

    Example:

    \b
        sqlite-utils personalization-migrate jpcite.db

    Creates the file if it does not exist. Safe to repeat on every boot. Formats of rows go with --list.
    """
    _check_usage(path, list_, **options)
    if list_:
        output = {name: one for name, one in options.items() if name not in _OWN}
        _list(ctx, str(path), as_json, output)
    elif options["rollback"]:
        _rollback(str(path), options["to"], options["drop_audit_log"], as_json)
    else:
        _apply(path, options["manifest"], options["register"], as_json)


def _check_usage(path: str | None, list_: bool, **options: Any) -> None:
    if path is None and not options["register"]:
        raise click.UsageError("Missing argument 'PATH'.")
    modes = {
        "--list": list_,
        **{f"--{name}": options[name] for name in ("manifest", "register", "rollback")},
    }
    if not list_ and (rows := [f"--{name}" for name in ROWS if options[name]]):
        raise click.UsageError(f"{rows[0]} goes with --list")
    chosen = [name for name, value in modes.items() if value]
    if len(chosen) > 1:
        raise click.UsageError(f"{' and '.join(chosen)} exclude each other")
    for name in ("to", "drop_audit_log"):
        if options[name] and not options["rollback"]:
            raise click.UsageError(f"--{name.replace('_', '-')} goes with --rollback")


def _list(ctx: click.Context, path: str, as_json: bool, output: dict[str, Any]) -> None:
    from sqlite_utils_personalization.api.files import MigrationStatus, migration_statuses

    statuses = migration_statuses(path)
    if any(output[name] for name in TABULAR):
        rows = (
            (*one.values(),)
            for one in ({**one, "faults": ", ".join(one["faults"])} for one in statuses)
        )
        print_rows(ctx, (*MigrationStatus.__annotations__,), rows, **output)
        return
    if as_json or output["nl"]:
        print_json(statuses, lines=output["nl"], ascii_=output["ascii_"])
        return
    title = _("Migrations for: {name}", name="personalization")
    applied = _("Applied:")
    click.echo(f"{title}\n\n  {applied}")
    for status in statuses:
        if not status["pending"]:
            click.echo(f"    {status['migration']} - {status['applied_at']}")
    not_applied, none = _("Pending:"), _("(none)")
    click.echo(f"\n  {not_applied}")
    pending = [f"    {_pending(one)}" for one in statuses if one["pending"]]
    click.echo("\n".join(pending or [f"    {none}"]))


def _pending(status: "MigrationStatus") -> str:
    name, faults = status["migration"], ", ".join(status["faults"])
    if not status["in_place"]:
        return name
    if faults:
        return _("{name} - to be mended: {faults}", name=name, faults=faults)
    return _("{name} - in place, not recorded", name=name)


def _apply(path: str | None, manifest: Path | None, register: Path | None, as_json: bool) -> None:
    from sqlite_utils_personalization.api.files import migrate as apply

    done = apply(path, manifest=manifest, register=register)
    if as_json:
        print_object(done)
    for name in done["applied"]:
        say(_("applied {name}", name=name))
    for name in done["skipped"]:
        say(_("skipped {name}: {manifest} does not list it", name=name, manifest=manifest))
    if path is not None and not done["applied"]:
        say(_("nothing to apply to {path}", path=path))
    for name in done["registered"]:
        say(_("registered {name}.sql in {manifest}", name=name, manifest=register))
    if register and not done["registered"]:
        say(_("nothing to register in {manifest}", manifest=register))


def _rollback(path: str, to: str | None, drop_audit_log: bool, as_json: bool) -> None:
    from sqlite_utils_personalization.api.files import rollback

    done = rollback(path, keep_storage=to is not None, drop_audit_log=drop_audit_log)
    if as_json:
        print_object(done)
    for name in sorted(done["removed"] + done["absent"], reverse=True):
        if name in done["removed"]:
            say(_("rolled back {name}", name=name))
        else:
            say(_("{name} is not applied: nothing to roll back", name=name))
