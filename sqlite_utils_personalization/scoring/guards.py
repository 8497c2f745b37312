"""Our own guards set aside while nobody else can write: with any trigger on a table SQLite copies what an
INSERT..SELECT selects to a temporary table first, and asks for each row what the statement itself made sure of.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlite_utils_personalization.schema.state import packaged_objects

_WRITTEN = (
    "am_personalization_recommendation_log",
    "am_personalization_evidence",
    "am_personalization_unserved",
    "am_personalization_run_customer",
    "am_personalization_run_progress",
)
_TRIGGERS = f"""
SELECT name, sql FROM (SELECT * FROM main.sqlite_master UNION ALL SELECT * FROM temp.sqlite_temp_master)
WHERE type = 'trigger' AND lower(tbl_name) IN {_WRITTEN}
"""
# SQLITE_DBCONFIG_ENABLE_TRIGGER, which Python 3.12 brought a name for.
_ENABLE_TRIGGER = 1003
# Without a journal nothing undoes what a kill leaves half done, and the guards are all there is.
_NO_JOURNAL = ("off", "memory")


@contextmanager
def guards_aside(db: sqlite3.Connection) -> Iterator[None]:
    """Within an IMMEDIATE transaction: this connection runs no trigger, if all on what a night logs are ours.

    Nothing of the file changes, so every other connection has its guards at every moment, as has whatever is left of
    this one. They stay where another program has a trigger, where there is no journal, and before Python 3.12.
    """
    if not (db.in_transaction and hasattr(db, "setconfig") and _are_ours(db)):
        yield
        return
    configured: Any = db
    before = configured.getconfig(_ENABLE_TRIGGER)
    configured.setconfig(_ENABLE_TRIGGER, False)
    try:
        yield
    finally:
        configured.setconfig(_ENABLE_TRIGGER, before)


def _are_ours(db: sqlite3.Connection) -> bool:
    ours = packaged_objects()
    (mode,) = db.execute("PRAGMA main.journal_mode").fetchone()
    return mode not in _NO_JOURNAL and all(
        ours.get(name) == sql for name, sql in db.execute(_TRIGGERS)
    )
