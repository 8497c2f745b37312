"""Does every seal follow from the one before, and cover what it covered?"""

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
from sqlite_utils_personalization.evidence.leaves import NO_HEAD, customer_leaves, head_sha256
from sqlite_utils_personalization.evidence.seal import (
    SEAL_COLUMNS,
    other_tree,
    run_manifest,
    tree_of,
)
from sqlite_utils_personalization.evidence.served import served_of_run

SEALS = "am_personalization_seal"
_NOT_SEALED = """
SELECT run_id FROM am_personalization_run LEFT JOIN am_personalization_run_progress p USING (run_id)
WHERE p.status IS NOT 'running'
    AND run_id NOT IN (SELECT run_id FROM am_personalization_seal WHERE run_id IS NOT NULL)
ORDER BY run_id
"""

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
    kept: Iterable[Mapping[str, Any]],
    tick: Callable[[int], None] = lambda n: None,
) -> Iterator[Finding]:
    """Derive every tree and the chain again, a tick for every customer; kept are heads from outside the file.

    Uses the digests of lists that check_run kept. Writes temporary tables only.
    """
    head, end = NO_HEAD, 0
    heads = {0: NO_HEAD}
    lost = lost_runs(db)
    for *columns, stored_head in db.execute(
        f"SELECT {', '.join(SEAL_COLUMNS)}, head FROM am_personalization_seal ORDER BY seal_id"
    ).fetchall():
        seal = dict(zip(SEAL_COLUMNS, columns, strict=True))
        run_id = seal["run_id"]
        yield from guarded("chain", check_chain(seal, stored_head, head, len(heads)), run_id)
        yield from guarded("seal", _others(db, seal, end), run_id)
        # Of a run without its row, more than that cannot be said.
        if run_id is not None and run_id not in lost:
            yield from guarded("seal", _run(db, seal, tick), run_id)
        head = stored_head
        if isinstance(seal["log_end"], int):
            end = max(end, seal["log_end"])
        heads[seal["seal_id"]] = stored_head
    yield from guarded("seal", _unsealed(db))
    yield from guarded("log", _cut(db))
    for line in kept:
        if heads.get(line["seal_id"]) != line["head"]:
            what = f"the chain does not hold the kept head of seal {line['seal_id']}"
            yield Finding("head-not-found", what, None, None, SEALS, line["seal_id"])


def check_chain(seal: dict[str, Any], stored: str, previous: str, number: int) -> Iterator[Finding]:
    """Whether a seal is the number-th, follows the previous head, and is what its stored head says."""
    name, run_id = f"seal {seal['seal_id']}", seal["run_id"]
    faults = []
    if seal["seal_id"] != number:
        faults.append(f"{name} stands where seal {number} belongs")
    if seal["previous_head"] != previous:
        faults.append(f"{name} does not follow from the seal before it")
    if head_sha256(seal) != stored:
        faults.append(f"the head of {name} is not the digest of the seal")
    for what in faults:
        yield Finding("chain-broken", what, run_id, None, SEALS, seal["seal_id"])


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
    for (list_id,) in db.execute(_OTHER_DIGEST, (run_id,)):
        what = f"list {list_id} is not the one its digest was taken of"
        yield Finding("list-changed", what, run_id, None, "am_personalization_list", list_id)
    if seal["manifest_json"] != canonical_json(run_manifest(db, run_id, first, last)):
        yield Finding("sealed-run-changed", f"run {run_id} is not the one that was sealed", run_id)


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
    for run_id, rec_id in db.execute(
        "SELECT t.run_id, e.first_rec_id FROM am_personalization_evidence e"
        " JOIN am_personalization_list t USING (list_id) JOIN am_personalization_seal s USING (run_id)"
        " WHERE e.first_rec_id NOT BETWEEN coalesce(s.first_rec_id, 0) AND coalesce(s.last_rec_id, 0)"
    ):
        what = f"evidence from row {rec_id} on was added to the sealed run {run_id}"
        yield Finding("evidence-added", what, run_id, rec_id, "am_personalization_evidence", rec_id)


def _cut(db: sqlite3.Connection) -> Iterator[Finding]:
    end, given = db.execute(_LOG_ENDS).fetchone()
    last, before = _mark(db)
    # What was deleted before 288 might be.
    expected = given if given > before else last
    if expected > end:
        what = f"the log ends at row {end}, but row {expected} was once written"
        yield Finding("log-cut", what, None, expected, LOG, expected)


def _mark(db: sqlite3.Connection) -> tuple[int, int]:
    """The last row of the log, and the highest number it had given, when 288 was applied."""
    if not has_table(db, "am_personalization_log_mark"):
        return 0, 0
    sql = "SELECT last_rec_id, given_rec_id FROM am_personalization_log_mark WHERE mark_id = 1"
    found = db.execute(sql).fetchone()
    return (found[0], found[1]) if found else (0, 0)
