"""Is every seal the one that the tree over the seals holds, and does it cover what it covered?"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from sqlite_utils_personalization.audit.verify import Finding, guarded
from sqlite_utils_personalization.audit.verify.events import segment_or_none
from sqlite_utils_personalization.audit.verify.rows import lost_runs
from sqlite_utils_personalization.audit.verify.schema import LOG
from sqlite_utils_personalization.canonical import canonical_json
from sqlite_utils_personalization.database import has_table
from sqlite_utils_personalization.evidence.checkpoint import Checkpoint
from sqlite_utils_personalization.evidence.leaves import customer_leaves
from sqlite_utils_personalization.evidence.seal import (
    SEAL_COLUMNS,
    TREE_COLUMNS,
    other_tree,
    run_manifest,
    tree_of,
    tree_with,
)
from sqlite_utils_personalization.evidence.served import served_of_open_run, served_of_run

SEALS = "am_personalization_seal"
_NOT_SEALED = """
SELECT run_id FROM am_personalization_run LEFT JOIN am_personalization_run_progress p USING (run_id)
WHERE p.status IS NOT 'running'
    AND run_id NOT IN (SELECT run_id FROM am_personalization_seal WHERE run_id IS NOT NULL)
ORDER BY run_id
"""
_FROZEN = """
SELECT run_id, served_sha256 FROM am_personalization_run
WHERE run_id NOT IN (SELECT run_id FROM am_personalization_seal WHERE run_id IS NOT NULL) ORDER BY run_id
"""

_MARK = "am_personalization_log_mark"
_LOG_ENDS = """
SELECT coalesce((SELECT max(rec_id) FROM am_personalization_recommendation_log), 0),
    coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'am_personalization_recommendation_log'), 0)
"""


# The digests were taken once more while the rows were held against the seal.
_OTHER_DIGEST = """
SELECT t.list_id FROM am_personalization_list t JOIN temp.seal_list s USING (list_id)
WHERE t.run_id = ? AND t.list_sha256 IS NOT s.list_sha256
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
    lost = lost_runs(db)
    columns = ", ".join([*SEAL_COLUMNS, *TREE_COLUMNS])
    for row in db.execute(
        f"SELECT {columns} FROM am_personalization_seal ORDER BY seal_id"
    ).fetchall():
        seal, stored = split_row(row)
        origin, run_id = origin or seal["origin"], seal["run_id"]
        places = check_place(seal, stored, subtrees, origin, len(roots) + 1)
        yield from guarded("tree", places, run_id)
        yield from guarded("seal", _others(db, seal, end), run_id)
        # Of a run without its row, more than that cannot be said.
        if run_id is not None and run_id not in lost:
            yield from guarded("seal", _run(db, seal, tick), run_id)
        if isinstance(seal["log_end"], int):
            end = max(end, seal["log_end"])
        subtrees[seal["seal_id"]], roots[seal["seal_id"]] = stored
    yield from guarded("seal", _unsealed(db))
    yield from guarded("log", _cut(db))
    yield from guarded("log", _mark_wrong(db), None, _MARK)
    for head in kept:
        if fault := _fault_of(head, origin, roots):
            yield Finding("head-not-found", fault, None, None, SEALS, head.size)


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
    faults = []
    if seal["seal_id"] != number:
        faults.append(f"{name} stands where seal {number} belongs")
    if seal["origin"] != origin:
        faults.append(f"{name} is that of another log")
    try:
        is_right = tree_with(seal, subtrees) == stored
    except (KeyError, TypeError, ValueError):
        is_right = False
    if not is_right:
        faults.append(f"the root at {name} is not that of the seals up to it")
    for what in faults:
        yield Finding("tree-broken", what, run_id, None, SEALS, seal["seal_id"])


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
        what = f"run {run_id} is finished, but its seal is missing"
        yield Finding("seal-missing", what, run_id)


def _others(db: sqlite3.Connection, seal: dict[str, Any], after: int) -> Iterator[Finding]:
    tree = other_tree(db, after, seal["log_end"])
    is_of_others = seal["run_id"] is None and not segment_or_none(seal["manifest_json"])
    expected = (seal["leaves"], seal["root"]) if is_of_others else (0, None)
    if tree.leaves != expected[0] or (tree.leaves and tree.root != expected[1]):
        rows = f"rows without evidence, {after + 1} to {seal['log_end']}"
        what = f"{rows}, are not those that seal {seal['seal_id']} covers"
        yield Finding("sealed-rows-changed", what, None, tree.first, LOG, tree.first)


def _run(
    db: sqlite3.Connection, seal: dict[str, Any], tick: Callable[[int], None]
) -> Iterator[Finding]:
    run_id, first, last = seal["run_id"], seal["first_rec_id"], seal["last_rec_id"]
    order = _Order()
    leaves = customer_leaves(db, run_id, first, last, digested=True)
    tree = tree_of(order.watching(_ticking(leaves, tick)))
    if (tree.leaves, tree.root) != (seal["leaves"], seal["root"]):
        what = f"the rows of run {run_id} are not those that were sealed"
        yield Finding("sealed-rows-changed", what, run_id)
    if order.fault is not None:
        what = f"profile {order.fault} does not follow in its order among the customers of run {run_id}"
        yield Finding("leaves-out-of-order", what, run_id)
    (frozen,) = db.execute(
        "SELECT max(served_sha256) FROM am_personalization_run WHERE run_id = ?", (run_id,)
    ).fetchone()
    if served_of_run(db, run_id, first, last) != frozen:
        what = f"not everyone got in run {run_id} the lists it was frozen with"
        yield Finding("served-otherwise", what, run_id)
    yield from _digests(db, run_id)
    if seal["manifest_json"] != canonical_json(run_manifest(db, run_id, first, last)):
        yield Finding("sealed-run-changed", f"run {run_id} is not the one that was sealed", run_id)


def _digests(db: sqlite3.Connection, run_id: int) -> Iterator[Finding]:
    for (list_id,) in db.execute(_OTHER_DIGEST, (run_id,)):
        what = f"list {list_id} is not the one its digest was taken of"
        yield Finding("list-changed", what, run_id, None, "am_personalization_list", list_id)


class _Order:
    """Whether leaves stand in strictly ascending order of profile_id; fault is the first that does not."""

    def __init__(self) -> None:
        self.fault: object = None

    def watching(self, leaves: Iterator[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
        last = -(2**63) - 1
        for leaf in leaves:
            number = leaf[0]
            if self.fault is None and not (isinstance(number, int) and number > last):
                self.fault = repr(number)
            elif isinstance(number, int):
                last = number
            yield leaf


def _ticking(
    leaves: Iterator[tuple[int, bytes]], tick: Callable[[int], None]
) -> Iterator[tuple[int, bytes]]:
    while some := list(islice(leaves, 1_000)):
        yield from some
        tick(len(some))


def _unsealed(db: sqlite3.Connection) -> Iterator[Finding]:
    yield from check_unsealed_runs(db)
    for run_id, frozen in db.execute(_FROZEN).fetchall():
        yield from guarded("seal", _open(db, run_id, frozen), run_id)
    for run_id, rec_id in db.execute(
        "SELECT t.run_id, e.first_rec_id FROM am_personalization_evidence e"
        " JOIN am_personalization_list t USING (list_id) JOIN am_personalization_seal s USING (run_id)"
        " WHERE e.first_rec_id NOT BETWEEN coalesce(s.first_rec_id, 0) AND coalesce(s.last_rec_id, 0)"
    ):
        what = f"evidence from row {rec_id} on was added to the sealed run {run_id}"
        yield Finding("evidence-added", what, run_id, rec_id, "am_personalization_evidence", rec_id)


def _open(db: sqlite3.Connection, run_id: int, frozen: str) -> Iterator[Finding]:
    # Before score refuses to seal it, and after.
    if served_of_open_run(db, run_id) != frozen:
        what = f"not everyone got or will get in run {run_id} the lists it was frozen with"
        yield Finding("served-otherwise", what, run_id)
    yield from _digests(db, run_id)


def _cut(db: sqlite3.Connection) -> Iterator[Finding]:
    end, given = db.execute(_LOG_ENDS).fetchone()
    last, before = _mark(db)
    # What was deleted before 900 might be.
    expected = given if given > before else last
    if expected > end:
        what = f"the log ends at row {end}, but row {expected} was once written"
        yield Finding("log-cut", what, None, expected, LOG, expected)


def _mark(db: sqlite3.Connection) -> tuple[int, int]:
    """The last row of the log, and the highest number it had given, when 900 was applied."""
    if not has_table(db, _MARK):
        return 0, 0
    sql = f"SELECT last_rec_id, given_rec_id FROM {_MARK} WHERE mark_id = 1"
    found = db.execute(sql).fetchone()
    return (found[0], found[1]) if found else (0, 0)


def _mark_wrong(db: sqlite3.Connection) -> Iterator[Finding]:
    last, given = _mark(db)
    (end,) = db.execute(f"SELECT coalesce(max(rec_id), 0) FROM {LOG}").fetchone()
    there = db.execute(f"SELECT 1 FROM {LOG} WHERE rec_id = ?", (last,)).fetchone()
    # Beyond its end the log was cut, which is said.
    if last != 0 and last <= end and not there:
        what = f"row {last} was the last of the log when 900 was applied, and is missing"
        yield Finding("mark-wrong", what, None, last, _MARK, 1)
    (first,) = db.execute("SELECT min(first_rec_id) FROM am_personalization_evidence").fetchone()
    # Other programs may name a number that was given before; a night takes the next.
    if first is not None and first <= given:
        what = f"row {given} had been given when 900 was applied, and evidence begins at {first}"
        yield Finding("mark-wrong", what, None, first, _MARK, 1)
