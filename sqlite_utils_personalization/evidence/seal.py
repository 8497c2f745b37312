"""Sealing: a run is finished by the seal that covers it, a leaf of the one tree over all seals.

The head of that tree proves nothing against someone who rewrites the whole file, unless it was kept outside.

Each seal holds the root of the tree up to it, tree_root, and subtree, that of the largest complete subtree which ends
with it. Of those follow the subtrees of any number of seals, so that seal n takes log2(n) rows and hashes at most.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from secrets import token_hex
from typing import Any, NamedTuple

from sqlite_utils_personalization.canonical import canonical_json
from sqlite_utils_personalization.clock import utc_now
from sqlite_utils_personalization.database import has_table
from sqlite_utils_personalization.errors import NotIntact
from sqlite_utils_personalization.evidence.checkpoint import Checkpoint
from sqlite_utils_personalization.evidence.leaves import (
    EVENT_COLUMNS,
    customer_leaves,
    event_leaves,
    keep_frozen_digests,
    other_leaves,
    seal_leaf,
    unserved_sha256,
)
from sqlite_utils_personalization.evidence.merkle import (
    HASH_SIZE,
    grow,
    leaf_hash,
    peak_ends,
    root,
    root_of_peaks,
)
from sqlite_utils_personalization.evidence.served import served_of_run
from sqlite_utils_personalization.transaction import transaction, write_transaction

# What a run's manifest repeats of its row; the rest of the row follows from model_json.
MANIFEST_COLUMNS = (
    "run_id",
    "as_of",
    "again",
    "model_sha256",
    "package_version",
    "top_k",
    "served_at",
    "started_at",
    "customers_sha256",
    "candidates_sha256",
    "served_sha256",
    "delivery_end",
    "feedback_end",
    "profiles",
    "rejected",
    "counts_json",
    "left_out_json",
)
SEAL_COLUMNS = (
    "seal_id",
    "origin",
    "run_id",
    "first_rec_id",
    "last_rec_id",
    "log_end",
    "leaves",
    "root",
    "manifest_json",
)
# They follow from the seals up to this one, so its leaf is without them.
TREE_COLUMNS = ("subtree", "tree_root")
# A log's origin is drawn with its first seal, and every later one has it too.
_ORIGIN = "sqlite-utils-personalization/"
_LAST = """
SELECT origin, seal_id, tree_root, log_end FROM am_personalization_seal ORDER BY seal_id DESC LIMIT 1
"""
_VERIFY = "run personalization-verify"
_BOUNDS = """
SELECT min(first_rec_id), max(first_rec_id + n - 1)
FROM am_personalization_evidence JOIN am_personalization_list USING (list_id)
WHERE run_id = ? AND first_rec_id >= (
    SELECT coalesce(first_rec_id, 9223372036854775807) FROM am_personalization_run_progress WHERE run_id = ?1
)
"""
_ROWS = """
SELECT coalesce(sum(n), 0) FROM am_personalization_evidence JOIN am_personalization_list USING (list_id)
WHERE run_id = ? AND first_rec_id BETWEEN ? AND ?
"""
_FINISH = """
UPDATE am_personalization_run_progress SET status = 'finished', finished_at = ? WHERE run_id = ?
"""


class Tree(NamedTuple):
    """A Merkle tree over part of the log: how many leaves, the root as hex, and the first and the last key."""

    leaves: int
    root: str
    first: int | None
    last: int | None


def run_tree(db: sqlite3.Connection, run_id: int, first: int | None, last: int | None) -> Tree:
    """The tree of a run between its bounds in the log, its keys profile_ids; writes to a temporary table only."""
    keep_frozen_digests(db, run_id)
    return tree_of(customer_leaves(db, run_id, first, last, digested=True))


def other_tree(db: sqlite3.Connection, after: int, end: int) -> Tree:
    """The tree of what other programs wrote with after < rec_id <= end, its keys rec_ids; read-only."""
    return tree_of(other_leaves(db, after, end))


def tree_of(leaves: Iterator[tuple[int, bytes]]) -> Tree:
    """The tree over leaves, each with its key, in their order."""
    n, first, last = 0, None, None

    def hashes() -> Iterator[bytes]:
        nonlocal n, first, last
        for last, leaf in leaves:
            n += 1
            first = last if n == 1 else first
            yield leaf_hash(leaf)

    top = root(hashes()).hex()
    return Tree(n, top, first, last)


class Others(NamedTuple):
    """What other programs wrote and no seal covers yet: after < rec_id <= end."""

    after: int
    end: int
    tree: Tree


def seal_run(db: sqlite3.Connection, run_id: int) -> None:
    """Finish a run that has logged everything: seal what other programs wrote before, then the run itself.

    Everything is read and hashed before the file is locked, and what others write meanwhile is left to the next seal.
    NotIntact if not everyone got what the run was frozen with, which no honest program brings about.
    """
    first, last = db.execute(_BOUNDS, (run_id,)).fetchone()
    _require_served(db, run_id, first, last)
    tree = run_tree(db, run_id, first, last)
    manifest = run_manifest(db, run_id, first, last)
    others = _unsealed_others(db)
    with transaction(db, "IMMEDIATE"):
        if db.execute(
            "SELECT 1 FROM am_personalization_seal WHERE run_id = ?", (run_id,)
        ).fetchone():
            return
        end = seal_others(db, others)
        append_seal(db, run_id, first, last, end, tree, manifest)
        db.execute(_FINISH, (utc_now(), run_id))


def _require_served(
    db: sqlite3.Connection, run_id: int, first: int | None, last: int | None
) -> None:
    (frozen,) = db.execute(
        "SELECT served_sha256 FROM am_personalization_run WHERE run_id = ?", (run_id,)
    ).fetchone()
    if served_of_run(db, run_id, first, last) != frozen:
        raise NotIntact(
            f"run {run_id} did not give everyone the lists it was frozen with, so it is not sealed",
            "somebody changed the file while the night was open: keep it as it is, and run personalization-verify",
        )


def seal_others(db: sqlite3.Connection, others: Others | None = None) -> int:
    """Seal the rows other programs wrote since the last seal, if any, inside the caller's transaction.

    others is what was read of them before the transaction, to spare it the reading. Returns how far the log is sealed.
    """
    # Another process may have sealed them since.
    if others is None or others.after != sealed_log_end(db):
        others = _unsealed_others(db)
    after, end, tree = others
    if tree.leaves:
        manifest = {"after": after, "rows": tree.leaves}
        append_seal(db, None, tree.first, tree.last, end, tree, manifest)
    return end


def _unsealed_others(db: sqlite3.Connection) -> Others:
    after, end = sealed_log_end(db), _log_end(db)
    return Others(after, end, other_tree(db, after, end))


def sealed_log_end(db: sqlite3.Connection) -> int:
    """The last row of the log that a seal covers, 0 if none does; read-only."""
    end: int = db.execute(
        "SELECT coalesce(max(log_end), 0) FROM am_personalization_seal"
    ).fetchone()[0]
    return end


def run_manifest(
    db: sqlite3.Connection, run_id: int, first: int | None, last: int | None
) -> dict[str, Any]:
    """What the seal of a run says besides its rows: the run row, how many rows, and who got none; read-only.

    The run row is without what follows from its model.
    """
    columns = ", ".join(MANIFEST_COLUMNS)
    row = db.execute(
        f"SELECT {columns} FROM am_personalization_run WHERE run_id = ?", (run_id,)
    ).fetchone()
    return {
        "run": dict(zip(MANIFEST_COLUMNS, row, strict=True)) if row else {},
        "rows": db.execute(_ROWS, (run_id, first, last)).fetchone()[0],
        "unserved_sha256": unserved_sha256(db, run_id),
    }


def head(db: sqlite3.Connection) -> Checkpoint | None:
    """The head of the tree over all seals, to be kept outside; None before the first. Read-only.

    NotIntact if the last seal holds none.
    """
    row = db.execute(_LAST).fetchone()
    return head_of(*row[:3]) if row else None


def head_of(origin: str, seal_id: int, tree_root: str) -> Checkpoint:
    """The head of the tree up to this seal, of these of its columns; NotIntact if they make none."""
    try:
        top = bytes.fromhex(tree_root)
    except (TypeError, ValueError):
        top = b""
    if len(top) != HASH_SIZE or not isinstance(origin, str):
        raise NotIntact(f"seal {seal_id} is damaged", _VERIFY)
    return Checkpoint(origin, seal_id, top)


def append_seal(
    db: sqlite3.Connection,
    run_id: int | None,
    first: int | None,
    last: int | None,
    log_end: int,
    tree: Tree,
    manifest: dict[str, Any],
) -> None:
    """Append one more seal to the tree, inside the caller's transaction.

    NotIntact if a seal that its tree takes is missing or damaged.
    """
    origin, size, *_ = db.execute(_LAST).fetchone() or (_ORIGIN + token_hex(8), 0)
    seal = {
        "seal_id": size + 1,
        "origin": origin,
        "run_id": run_id,
        "first_rec_id": first,
        "last_rec_id": last,
        "log_end": log_end,
        "leaves": tree.leaves,
        "root": tree.root,
        "manifest_json": canonical_json(manifest),
    }
    subtrees = subtrees_of(db, size)
    try:
        tree_columns = tree_with(seal, subtrees)
    except (KeyError, TypeError, ValueError):
        raise NotIntact("a seal is missing or damaged", _VERIFY) from None
    columns = (*SEAL_COLUMNS, *TREE_COLUMNS)
    db.execute(
        f"INSERT INTO am_personalization_seal({', '.join(columns)})"
        f" VALUES ({', '.join('?' * len(columns))})",
        (*seal.values(), *tree_columns),
    )


def subtrees_of(db: sqlite3.Connection, size: int) -> dict[int, str]:
    """The complete subtrees of the tree of the first size seals, as stored, by the seal each ends with; read-only."""
    sql = "SELECT seal_id, subtree FROM am_personalization_seal WHERE seal_id = ?"
    return dict(row for end in peak_ends(size) for row in db.execute(sql, (end,)))


def tree_with(seal: Mapping[str, Any], subtrees: Mapping[int, str]) -> tuple[str, str]:
    """The TREE_COLUMNS of a seal, from the stored subtrees before it.

    KeyError, TypeError or ValueError if one of them is missing or no hash.
    """
    size = seal["seal_id"] - 1
    peaks = [bytes.fromhex(subtrees[end]) for end in peak_ends(size)]
    grown = grow(peaks, size, leaf_hash(seal_leaf(seal)))
    return grown[-1].hex(), root_of_peaks(grown).hex()


def is_sealed(db: sqlite3.Connection) -> bool:
    """Whether seals cover all there is but runs under way; read-only."""
    others = other_leaves(db, sealed_log_end(db), 2**53)
    return next(others, None) is None and not unsealed_events(db)


def seal_rest(db: sqlite3.Connection) -> None:
    """Seal what other programs wrote and the events since the last seal, each in a transaction of its own."""
    with transaction(db, "IMMEDIATE"):
        seal_others(db)
    seal_events(db)


def _log_end(db: sqlite3.Connection) -> int:
    end: int = db.execute(
        "SELECT coalesce(max(rec_id), 0) FROM am_personalization_recommendation_log"
    ).fetchone()[0]
    return end


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
    """What no seal covers yet, a segment a table; none where 901 is not applied. Read-only."""
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
        with write_transaction(db):
            for segment in segments:
                _seal(db, segment)


def _seal(db: sqlite3.Connection, segment: Segment) -> None:
    table, after, end, tree = segment
    # Another process may have sealed the same rows since they were read, or some of them.
    if (sealed := sealed_up_to(db, table)) != after:
        after, tree = sealed, tree_of(event_leaves(db, table, sealed, end))
    if after < end:
        *_, log_end = db.execute(_LAST).fetchone() or (0,)
        manifest = {"table": table, "after": after, "end": end, "rows": tree.leaves}
        append_seal(db, None, None, None, log_end, tree, manifest)


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
    return [table for table in tables if has_table(db, table)]


def _last(db: sqlite3.Connection, table: str) -> int:
    last: int = db.execute(
        f"SELECT coalesce(max({EVENT_COLUMNS[table][0]}), 0) FROM {table}"
    ).fetchone()[0]
    return last
