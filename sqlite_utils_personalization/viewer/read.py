"""Reading for a page: a read-only connection, the time limit, and every foreseeable fault as a page."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from datasette.utils import sqlite_timelimit
from datasette.utils.sqlite import sqlite3

from sqlite_utils_personalization.audit.verify import require_evidence
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.viewer.failure import not_prepared, unreadable

T = TypeVar("T")


async def read(
    datasette: Any, database: str, function: Callable[[Any], T], at_least_ms: int = 0
) -> T:
    """What function finds within sql_time_limit_ms, or at_least_ms if that is more; it may not write.

    Failure says why it found nothing.
    """
    limit_ms = max(at_least_ms, datasette.setting("sql_time_limit_ms"))
    source, name = datasette.get_database(database), file_name(datasette, database)

    def run(conn: Any) -> T:
        # The functions of the commands expect rows as tuples, which Datasette's are not.
        factory, conn.row_factory = conn.row_factory, None
        try:
            with sqlite_timelimit(conn, limit_ms):
                require_evidence(conn, name)
                return function(conn)
        finally:
            conn.row_factory = factory

    try:
        result: T = await source.execute_fn(run)
    except PersonalizationError as error:
        raise not_prepared(str(error)) from error
    except sqlite3.OperationalError as error:
        raise unreadable(name, str(error)) from error
    return result


def file_name(datasette: Any, database: str) -> str:
    """The name of the database's file without its folder, as in a command to run beside it."""
    return Path(datasette.get_database(database).path or database).name
