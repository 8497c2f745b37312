"""The .sql files of this folder, run inside a transaction of ours.

Each file is a transaction of its own for the sqlite3 shell, which goes on after an error and is therefore undone at
the end by INSERT OR ROLLBACK. Python stops at the first error, and keeps the transaction it is in.
"""

import re
from collections.abc import Iterator
from importlib.resources import files

from sqlite_utils import Database

from sqlite_utils_personalization.database import fault_of_file, sqlite3
from sqlite_utils_personalization.errors import PersonalizationError

_TRANSACTION = re.compile(r"^(BEGIN|COMMIT);$", re.MULTILINE)


def read_script(name: str) -> str:
    """The text of a packaged .sql file."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def run_script(db: Database, name: str) -> None:
    """Run the packaged file in the open transaction, which the caller rolls back on any error.

    PersonalizationError if something in the file's way, or missing, keeps it from being whole.
    """
    try:
        for statement in _statements(_TRANSACTION.sub("", read_script(name))):
            db.execute(statement.replace("INSERT OR ROLLBACK", "INSERT"))
    except (sqlite3.OperationalError, sqlite3.IntegrityError) as error:
        # A full disk is for whoever knows the path to explain.
        if fault_of_file("", error):
            raise
        reason = str(error).removeprefix("CHECK constraint failed: ")
        raise PersonalizationError(
            f"{name}: {reason}", "nothing was changed; rename or drop what is in its way"
        ) from error


def _statements(sql: str) -> Iterator[str]:
    # Ours end a line each. db.executescript() tries after every character, which takes half a second.
    lines: list[str] = []
    for line in sql.splitlines():
        lines.append(line)
        if line.endswith(";") and sqlite3.complete_statement("\n".join(lines)):
            yield "\n".join(lines)
            lines.clear()
