"""Sealing what happened afterwards: deliveries, erasures and rotations, a segment of rows of one table each.

Such a seal stands in the chain of the others. Its manifest names the table and the numbers it covers, and it covers
no more of the log than the seal before.
"""

import json
import sqlite3
from collections.abc import Iterable
from typing import NamedTuple

from sqlite_utils_personalization.audit.leaves import EVENT_COLUMNS, event_leaves
from sqlite_utils_personalization.audit.seal import Tree, append_seal, head, tree_of
from sqlite_utils_personalization.transaction import writing

_SEALED = """
SELECT coalesce(max(json_extract(manifest_json, '$.end')), 0) FROM am_personalization_seal
WHERE run_id IS NULL AND json_extract(manifest_json, '$.table') = ?
"""


class Segment(NamedTuple):
    """Rows of one table of events that no seal covers yet: after < number <= end."""

    table: str
    after: int
    end: int
    tree: Tree


def unsealed_events(db: sqlite3.Connection, tables: Iterable[str] = EVENT_COLUMNS) -> list[Segment]:
    """What no seal covers yet, a segment a table; none where 289 is not applied. Read-only."""
    found = []
    for table in event_tables(db, tables):
        after, end = sealed_up_to(db, table), _last(db, table)
        if end > after:
            found.append(Segment(table, after, end, tree_of(event_leaves(db, table, after, end))))
    return found


def seal_events(db: sqlite3.Connection, tables: Iterable[str] = EVENT_COLUMNS) -> None:
    """Seal what no seal covers yet, locking only for the seals themselves; joins the caller's transaction."""
    segments = unsealed_events(db, tables)
    if segments:
        with writing(db):
            for segment in segments:
                _seal(db, segment)


def _seal(db: sqlite3.Connection, segment: Segment) -> None:
    table, after, end, tree = segment
    # Another process may have sealed the same rows since they were read.
    if sealed_up_to(db, table) == after:
        last = head(db)
        manifest = {"table": table, "after": after, "end": end, "rows": tree.leaves}
        append_seal(db, None, None, None, last["log_end"] if last else 0, tree, manifest)


def sealed_up_to(db: sqlite3.Connection, table: str) -> int:
    """The last number of a table of events that a seal covers, 0 if none does; read-only."""
    end: int = db.execute(_SEALED, (table,)).fetchone()[0]
    return end


def segment_of(manifest_json: str) -> tuple[str, int, int] | None:
    """Table, after and end of the segment that a seal with this manifest covers; None if it covers something else."""
    manifest = json.loads(manifest_json)
    if not isinstance(manifest, dict) or manifest.get("table") not in EVENT_COLUMNS:
        return None
    return manifest["table"], manifest["after"], manifest["end"]


def event_tables(db: sqlite3.Connection, tables: Iterable[str] = EVENT_COLUMNS) -> list[str]:
    """Those of the tables that are in the database; read-only."""
    sql = "SELECT name FROM main.sqlite_master WHERE type = 'table'"
    found = {name for (name,) in db.execute(sql)}
    return [table for table in tables if table in found]


def _last(db: sqlite3.Connection, table: str) -> int:
    last: int = db.execute(
        f"SELECT coalesce(max({EVENT_COLUMNS[table][0]}), 0) FROM {table}"
    ).fetchone()[0]
    return last
