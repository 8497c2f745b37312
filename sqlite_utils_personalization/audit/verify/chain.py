"""Does every seal follow from the one before, and cover what it covered?"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from sqlite_utils_personalization.audit.verify import Finding
from sqlite_utils_personalization.canonical import canonical_json
from sqlite_utils_personalization.database import has_table
from sqlite_utils_personalization.evidence.leaves import NO_HEAD, customer_leaves, head_sha256
from sqlite_utils_personalization.evidence.seal import (
    SEAL_COLUMNS,
    other_tree,
    run_manifest,
    segment_of,
    tree_of,
)
from sqlite_utils_personalization.evidence.served import served_of_run
from sqlite_utils_personalization.scoring.log import falsely_gone

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
    for *columns, stored_head in db.execute(
        f"SELECT {', '.join(SEAL_COLUMNS)}, head FROM am_personalization_seal ORDER BY seal_id"
    ).fetchall():
        seal = dict(zip(SEAL_COLUMNS, columns, strict=True))
        yield from check_chain(seal, stored_head, head, len(heads))
        yield from _others(db, seal, end)
        if seal["run_id"] is not None:
            yield from _run(db, seal, tick)
        head, end = stored_head, max(end, seal["log_end"])
        heads[seal["seal_id"]] = stored_head
    yield from _unsealed(db)
    yield from _cut(db)
    for line in kept:
        if heads.get(line["seal_id"]) != line["head"]:
            message = f"the chain does not hold the kept head of seal {line['seal_id']}"
            yield Finding("head", None, None, message)


def check_chain(seal: dict[str, Any], stored: str, previous: str, number: int) -> Iterator[Finding]:
    name, run_id = f"seal {seal['seal_id']}", seal["run_id"]
    if seal["seal_id"] != number:
        yield Finding("chain", run_id, None, f"{name} stands where seal {number} belongs")
    if seal["previous_head"] != previous:
        yield Finding("chain", run_id, None, f"{name} does not follow from the seal before it")
    if head_sha256(seal) != stored:
        yield Finding("chain", run_id, None, f"the head of {name} is not the digest of the seal")


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
    (frozen,) = db.execute(
        "SELECT max(served_sha256) FROM am_personalization_run WHERE run_id = ?", (run_id,)
    ).fetchone()
    for profile_id in falsely_gone(db, run_id):
        message = f"run {run_id} notes profile {profile_id} as deleted, who is there"
        yield Finding("completeness", run_id, None, message)
    if served_of_run(db, run_id, first, last) != frozen:
        message = f"not everyone got in run {run_id} the lists it was frozen with"
        yield Finding("completeness", run_id, None, message)
    for (list_id,) in db.execute(_OTHER_DIGEST, (run_id,)):
        message = f"list {list_id} is not the one its digest was taken of"
        yield Finding("decision", run_id, None, message)
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
    end, given = db.execute(_LOG_ENDS).fetchone()
    last, before = _mark(db)
    # What was deleted before 288 might be.
    expected = given if given > before else last
    if expected > end:
        message = f"the log ends at row {end}, but row {expected} was once written"
        yield Finding("log", None, expected, message)


def _mark(db: sqlite3.Connection) -> tuple[int, int]:
    """The last row of the log, and the highest number it had given, when 288 was applied."""
    if not has_table(db, "am_personalization_log_mark"):
        return 0, 0
    sql = "SELECT last_rec_id, given_rec_id FROM am_personalization_log_mark WHERE mark_id = 1"
    found = db.execute(sql).fetchone()
    return (found[0], found[1]) if found else (0, 0)
