"""What a model is told of an error: one sentence, without a secret, a refused value or a traceback."""

import sqlite3
import sys

from sqlite_utils_personalization.audit.selection import UnknownCustomer
from sqlite_utils_personalization.database import sqlite3 as found_sqlite3
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.preferences.declared import InvalidPreference

BUSY = "the database is busy - nothing was changed or charged, call again in a moment"
UNKNOWN = "nothing is declared with this key - call personalization.set_preference first, or check the key"
FAULT = "this could not be done - nothing was changed or charged, tell whoever runs this server"
_DATABASE_ERRORS = (sqlite3.DatabaseError, found_sqlite3.DatabaseError)


def sentence(error: Exception) -> str:
    """The sentence; what the model cannot mend goes to standard error for whoever can."""
    if _is_lock(error) or _is_lock(error.__cause__):
        return BUSY
    if isinstance(error, UnknownCustomer):
        return UNKNOWN
    if isinstance(error, PersonalizationError | InvalidPreference):
        return str(error)
    print(f"personalization-mcp: {type(error).__name__}: {error}", file=sys.stderr)
    return FAULT


def _is_lock(error: BaseException | None) -> bool:
    return isinstance(error, _DATABASE_ERRORS) and "locked" in str(error)
