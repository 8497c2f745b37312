"""The warning when a file is served with -i while its -wal holds rows: what is shown then is not all there is."""

import sys
from pathlib import Path
from typing import Any

from datasette import hookimpl


@hookimpl(specname="startup")
def warn_of_wal(datasette: Any) -> None:
    for database in datasette.databases.values():
        if warning := wal_warning(database):
            print(f"Warning: {warning}", file=sys.stderr)


def wal_warning(database: Any) -> str | None:
    """What is wrong if the file is served with -i while its -wal holds rows, which are then not shown; read-only."""
    if database.is_mutable or not database.path:
        return None
    # SQLite names the -wal after the file that a symbolic link leads to.
    wal = Path(f"{Path(database.path).resolve()}-wal")
    if not wal.exists() or not wal.stat().st_size:
        return None
    name = Path(database.path).name
    return (
        f"{name} is served with -i, but {wal.name} beside it holds rows: they are not shown, and what is shown may be"
        f" old - serve it without -i, or a copy: sqlite-utils personalization-snapshot {name} audit/{name}"
    )
