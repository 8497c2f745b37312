"""Is every seal the one that the tree over the seals holds, and does it cover what it covered?"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from sqlite_utils_personalization.audit.verify import Finding
from sqlite_utils_personalization.canonical import canonical_json
from sqlite_utils_personalization.evidence.checkpoint import Checkpoint
from sqlite_utils_personalization.evidence.leaves import customer_leaves
from sqlite_utils_personalization.evidence.seal import (
    SEAL_COLUMNS,
    TREE_COLUMNS,
    other_tree,
    run_manifest,
    segment_of,
    tree_of,
    tree_with,
)

_NOT_SEALED = """
SELECT run_id FROM am_personalization_run LEFT JOIN am_personalization_run_progress p USING (run_id)
WHERE p.status IS NOT 'running'
    AND run_id NOT IN (SELECT run_id FROM am_personalization_seal WHERE run_id IS NOT NULL)
ORDER BY run_id
"""


def check_seals(
    db: sqlite3.Connection,
    kept: Iterable[Checkpoint],
    tick: Callable[[int], None] = lambda n: None,
) -> Iterator[Finding]:
    """Derive every tree again, that over the seals too, a tick for every customer; kept are heads from outside.

    Uses the digests of lists that check_run kept. Writes temporary tables only.
    """
    end, origin = 0, None
    subtrees: dict[int, str] = {}
    roots: dict[int, str] = {}
    columns = ", ".join([*SEAL_COLUMNS, *TREE_COLUMNS])
    for row in db.execute(
        f"SELECT {columns} FROM am_personalization_seal ORDER BY seal_id"
    ).fetchall():
        seal, stored = split_row(row)
        origin = origin or seal["origin"]
        yield from check_place(seal, stored, subtrees, origin, len(roots) + 1)
        yield from _others(db, seal, end)
        if seal["run_id"] is not None:
            yield from _run(db, seal, tick)
        end = max(end, seal["log_end"])
        subtrees[seal["seal_id"]], roots[seal["seal_id"]] = stored
    yield from _unsealed(db)
    yield from _cut(db)
    for head in kept:
        if fault := _fault_of(head, origin, roots):
            yield Finding("head", None, None, fault)


def split_row(row: tuple[Any, ...]) -> tuple[dict[str, Any], tuple[str, str]]:
    """A seal, and the two columns of the tree that are stored with it, from all of its columns."""
    size = len(SEAL_COLUMNS)
    subtree, tree_root = row[size:]
    return dict(zip(SEAL_COLUMNS, row[:size], strict=True)), (subtree, tree_root)


def check_place(
    seal: dict[str, Any],
    stored: tuple[str, str],
    subtrees: Mapping[int, str],
    origin: str,
    number: int,
) -> Iterator[Finding]:
    """Whether a seal is what its tree was taken of; subtrees are those before it, which are checked with their seals.

    If that holds for every seal, tree_root of the last is the root over all of them.
    """
    name, run_id = f"seal {seal['seal_id']}", seal["run_id"]
    if seal["seal_id"] != number:
        yield Finding("tree", run_id, None, f"{name} stands where seal {number} belongs")
    if seal["origin"] != origin:
        yield Finding("tree", run_id, None, f"{name} is that of another log")
    try:
        is_right = tree_with(seal, subtrees) == stored
    except (KeyError, TypeError, ValueError):
        is_right = False
    if not is_right:
        message = f"the root at {name} is not that of the seals up to it"
        yield Finding("tree", run_id, None, message)


def _fault_of(head: Checkpoint, origin: str | None, roots: Mapping[int, str]) -> str | None:
    if head.origin != origin:
        return f"a head was kept of another log: {head.origin}"
    if head.size not in roots:
        return f"a head of {head.size} seals was kept, and there is no seal {head.size}"
    if roots[head.size] != head.root.hex():
        return f"the kept head of {head.size} seals is not that of this log"
    return None


def check_unsealed_runs(db: sqlite3.Connection) -> Iterator[Finding]:
    """Every run that is not under way and has no seal; read-only."""
    for (run_id,) in db.execute(_NOT_SEALED):
        yield Finding("seal", run_id, None, f"run {run_id} is finished, but its seal is missing")


def _others(db: sqlite3.Connection, seal: dict[str, Any], after: int) -> Iterator[Finding]:
    tree = other_tree(db, after, seal["log_end"])
    is_of_others = seal["run_id"] is None and not segment_of(seal["manifest_json"])
    expected = (seal["leaves"], seal["root"]) if is_of_others else (0, None)
    if tree.leaves != expected[0] or (tree.leaves and tree.root != expected[1]):
        message = (
            f"rows without evidence, {after + 1} to {seal['log_end']}, are not those that seal"
        )
        yield Finding("seal", None, tree.first, f"{message} {seal['seal_id']} covers")


def _run(
    db: sqlite3.Connection, seal: dict[str, Any], tick: Callable[[int], None]
) -> Iterator[Finding]:
    run_id, first, last = seal["run_id"], seal["first_rec_id"], seal["last_rec_id"]
    tree = tree_of(_ticking(customer_leaves(db, run_id, first, last, digested=True), tick))
    if (tree.leaves, tree.root) != (seal["leaves"], seal["root"]):
        yield Finding(
            "seal", run_id, None, f"the rows of run {run_id} are not those that were sealed"
        )
    if seal["manifest_json"] != canonical_json(run_manifest(db, run_id, first, last)):
        yield Finding("seal", run_id, None, f"run {run_id} is not the one that was sealed")


def _ticking(
    leaves: Iterator[tuple[int, bytes]], tick: Callable[[int], None]
) -> Iterator[tuple[int, bytes]]:
    while some := list(islice(leaves, 1_000)):
        yield from some
        tick(len(some))


def _unsealed(db: sqlite3.Connection) -> Iterator[Finding]:
    yield from check_unsealed_runs(db)
    for run_id, rec_id in db.execute(
        "SELECT t.run_id, e.first_rec_id FROM am_personalization_evidence e"
        " JOIN am_personalization_list t USING (list_id) JOIN am_personalization_seal s USING (run_id)"
        " WHERE e.first_rec_id NOT BETWEEN coalesce(s.first_rec_id, 0) AND coalesce(s.last_rec_id, 0)"
    ):
        yield Finding(
            "seal",
            run_id,
            rec_id,
            f"evidence from row {rec_id} on was added to the sealed run {run_id}",
        )


def _cut(db: sqlite3.Connection) -> Iterator[Finding]:
    (end,) = db.execute("SELECT max(rec_id) FROM am_personalization_recommendation_log").fetchone()
    row = db.execute(
        "SELECT seq FROM sqlite_sequence WHERE name = 'am_personalization_recommendation_log'"
    ).fetchone()
    if row and row[0] > (end or 0):
        message = f"the log ends at row {end or 0}, but row {row[0]} was once written"
        yield Finding("log", None, row[0], message)
