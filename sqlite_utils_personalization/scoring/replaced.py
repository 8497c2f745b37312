"""Is the file still the one that was opened? Others move or copy another in its place while a night writes to it."""

import os
import sqlite3
from operator import lt
from pathlib import Path

from sqlite_utils_personalization.database import has_table, open_readonly
from sqlite_utils_personalization.errors import PersonalizationError

# How large a file is looked through after each night, which takes a second; a larger one only if it became smaller.
CHECKED_BYTES = 256 * 2**20
# Whether the log has what the seal of the run says.
_WRITTEN = """
SELECT 1 FROM am_personalization_seal s WHERE run_id = ? AND (
    s.first_rec_id > s.last_rec_id OR (
        SELECT count(*) FROM am_personalization_recommendation_log
        WHERE rec_id BETWEEN s.first_rec_id AND s.last_rec_id
    ) >= json_extract(s.manifest_json, '$.rows')
)
"""
_APPENDED = {
    "am_personalization_recommendation_log": "rec_id",
    "am_personalization_run": "run_id",
    "am_personalization_seal": "seal_id",
}


class SameFile:
    """The file at path as it is when this is made, and whether it still is: others may move another in its place.

    Told by device and inode, which a file that is overwritten keeps; that it became smaller is noted.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = path
        found = os.stat(path)
        self._which, self._size = (found.st_dev, found.st_ino), found.st_size
        self.shrank = False

    def check(self) -> None:
        """PersonalizationError if path leads to another file by now, or to none. Closing a file would unlock it."""
        try:
            found = os.stat(self._path)
        except OSError:
            raise replaced(self._path) from None
        if (found.st_dev, found.st_ino) != self._which:
            raise replaced(self._path)
        self.shrank |= found.st_size < self._size
        self._size = found.st_size


def replaced(path: str | Path) -> PersonalizationError:
    """What to say where another file is found than was opened."""
    return PersonalizationError(
        f"{path} was replaced while it was written to",
        "keep both files if you can, run personalization-verify on this one, then run this again",
    )


def ends_of(db: sqlite3.Connection) -> list[int]:
    """The last number of what is only ever appended to, by table; -1 where that is not there. Read-only."""
    return [
        (
            db.execute(f"SELECT coalesce(max({key}), 0) FROM {table}").fetchone()[0]
            if has_table(db, table)
            else -1
        )
        for table, key in _APPENDED.items()
    ]


def is_behind(db: sqlite3.Connection, ends: list[int]) -> bool:
    """Whether something that is only ever appended to ends before it did, as in an older copy; read-only."""
    return any(map(lt, ends_of(db), ends))


def read_back(path: str | Path, same: SameFile, written: list[int], ends: list[int]) -> None:
    """PersonalizationError if another connection does not find the runs that were written, or finds a broken file."""
    same.check()
    with open_readonly(path) as db:
        try:
            is_there = all(db.conn.execute(_WRITTEN, (run_id,)).fetchone() for run_id in written)
            is_there &= not is_behind(db.conn, ends)
            is_whole = is_there and _is_whole(db.conn, same)
        except sqlite3.OperationalError as error:
            if "no such" not in str(error):
                raise
            is_whole = False
    if not is_whole:
        raise replaced(path)


def _is_whole(db: sqlite3.Connection, same: SameFile) -> bool:
    ((pages,),) = db.execute("PRAGMA page_count").fetchall()
    ((size,),) = db.execute("PRAGMA page_size").fetchall()
    if pages * size > CHECKED_BYTES and not same.shrank:
        return True
    return [*db.execute("PRAGMA quick_check(1)")] == [("ok",)]
