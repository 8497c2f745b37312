"""Verifications that were noted, in the file itself or in another, and that are about this file. Read-only."""

import sqlite3
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from sqlite_utils_personalization.audit.verify.recorded import (
    RecordFile,
    is_of_the_future,
    read_recorded,
)
from sqlite_utils_personalization.audit.verify.verification import Verification
from sqlite_utils_personalization.database import has_table

_RECORDS = """
SELECT v.verification_id, v.verified_at, v.package_version, v.log_end, v.covered_rows, v.seal_id, v.tree_root, v.kept,
    v.kept_seal_id, v.seconds, v.findings, v.findings_json
FROM am_personalization_verification v
WHERE v.log_end <= :log_end
    AND (v.seal_id = 0 OR v.tree_root IS (SELECT tree_root FROM am_personalization_seal s WHERE s.seal_id = v.seal_id))
ORDER BY v.verification_id DESC LIMIT :most
"""
_ROOT = "SELECT tree_root FROM am_personalization_seal WHERE seal_id = ?"
_LOG_END = "SELECT coalesce(max(rec_id), 0) FROM am_personalization_recommendation_log"
_LAST_SEAL = "SELECT coalesce(max(seal_id), 0) FROM am_personalization_seal"


def records(db: sqlite3.Connection, file: Path | None, most: int) -> list[dict[str, Any]]:
    """The last verifications that are about this file: their head is in its tree, and its log is not shorter."""
    return records_in(db, read_recorded(file) if file else None, most)


def records_in(
    db: sqlite3.Connection, recorded: RecordFile | None, most: int
) -> list[dict[str, Any]]:
    """The same, of a file that was read."""
    found = list(_noted_here(db, most))
    if recorded and (others := [*islice(counting(db, recorded), most)]):
        name = {"verification_id": None, "recorded_in": recorded.name}
        found += [name | one._asdict() for one in others]
        found.sort(key=lambda one: str(one["verified_at"]), reverse=True)
    return found[:most]


def _noted_here(db: sqlite3.Connection, most: int) -> Iterator[dict[str, Any]]:
    if not has_table(db, "am_personalization_verification"):
        return
    (log_end,) = db.execute(_LOG_END).fetchone()
    cursor = db.execute(_RECORDS, {"log_end": log_end, "most": most})
    names = [column[0] for column in cursor.description]
    for row in cursor:
        yield dict(zip(names, row, strict=True)) | {"recorded_in": None}


def counting(db: sqlite3.Connection, recorded: RecordFile) -> Iterator[Verification]:
    """Those of a file that are about this database: of its chain, of a log that was not cut, and of the past."""
    (log_end,), (last_seal,) = db.execute(_LOG_END).fetchone(), db.execute(_LAST_SEAL).fetchone()
    for one in recorded.found:
        (root,) = db.execute(_ROOT, (one.seal_id,)).fetchone() or (None,)
        # Without a head it may be of any file; it counts where nothing is sealed here either.
        is_of_chain = root and root == one.tree_root if one.seal_id else not last_seal
        if is_of_chain and one.log_end <= log_end and not is_of_the_future(one):
            yield one


def noted(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record for JSON; its findings are said apart."""
    return {key: value for key, value in record.items() if key != "findings_json"}
