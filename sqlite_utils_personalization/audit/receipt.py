"""A receipt: what one customer was recommended in one run, why, and the proof that it was sealed.

It holds nothing of anyone else: no other customer's rows, vector or hash. A list is there with all its places, which
its digest takes; those that the customer did not get have no rec_id. verify_receipt.py states its shape and
checks every field of it without this package; a receipt that would not pass is not handed out. It names the
customer by profile_id, as the seal does, so that it stays true when erasure takes the hash away.
"""

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from sqlite_utils_personalization.audit.replay_result import ProvedRow, Replay
from sqlite_utils_personalization.audit.verify.quick import run_faults, seal_faults
from sqlite_utils_personalization.catalogue.candidate import Candidate
from sqlite_utils_personalization.errors import Conflict, NotFound, NotIntact
from sqlite_utils_personalization.evidence.checkpoint import Checkpoint, format_checkpoint
from sqlite_utils_personalization.evidence.leaves import (
    blind,
    customer_leaves,
    digest_of,
    run_salt,
    seal_leaf,
)
from sqlite_utils_personalization.evidence.merkle import (
    consistency_path,
    decode_path,
    encode_path,
    inclusion_path,
    leaf_hash,
    root,
)
from sqlite_utils_personalization.evidence.note import Note
from sqlite_utils_personalization.evidence.proof import Proof, format_inclusion
from sqlite_utils_personalization.evidence.seal import SEAL_COLUMNS, head_of, other_tree, tree_of
from sqlite_utils_personalization.formula.declared import noted_reason
from sqlite_utils_personalization.formula.formula import evidence_link
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.model.kinds import POINTS, Declared, listed
from sqlite_utils_personalization.preferences.customer import find_customer
from sqlite_utils_personalization.scoring.freeze import NOTHING_NEW
from sqlite_utils_personalization.verify_receipt import FORMAT, check

# The first row of each list that the customer has something of.
_LISTS = f"""
SELECT min(l.rec_id), t.list_id, t.profile_id, {listed(Declared._fields, "k.")}
FROM am_personalization_run r
CROSS JOIN am_personalization_recommendation_log l ON l.served_at = r.served_at
CROSS JOIN am_personalization_evidence e ON e.first_rec_id = l.rec_id
CROSS JOIN am_personalization_list t ON t.list_id = e.list_id AND t.run_id = r.run_id
CROSS JOIN am_personalization_cohort k ON k.cohort_id = t.cohort_id
WHERE r.run_id = :run_id AND l.profile_id = :profile_id GROUP BY t.list_id ORDER BY 1
"""
# Score and rec_id are the log's own, so that a row which contradicts its evidence passes no check.
_GOT = f"""
SELECT e.list_id, d.seq, l.rec_id, l.score
FROM am_personalization_run n CROSS JOIN am_personalization_recommendation_log l ON l.served_at = n.served_at
{evidence_link()}
WHERE n.run_id = :run_id AND l.profile_id = :profile_id AND t.run_id = n.run_id
    AND l.recommendation_type = c.recommendation_type
"""
_PLACES = f"""
SELECT d.seq, {listed(POINTS, "d.")}, d.score, c.candidate_sha256, {listed(Candidate._fields, "c.")}
FROM am_personalization_decision d JOIN am_personalization_candidate c USING (candidate_id)
WHERE d.list_id = ? ORDER BY d.seq
"""
_SEALS = f"SELECT {', '.join(SEAL_COLUMNS)} FROM am_personalization_seal"
_LAST = """
SELECT origin, seal_id, tree_root FROM am_personalization_seal ORDER BY seal_id DESC LIMIT 1
"""
_PLACE = (*POINTS, "score", "candidate_sha256")
_CUSTOMERS_BEFORE = """
SELECT count(DISTINCT l.profile_id) FROM am_personalization_evidence e
CROSS JOIN am_personalization_recommendation_log l ON l.rec_id = e.first_rec_id
WHERE e.first_rec_id >= ? AND e.first_rec_id < ?
"""

_OF_RUN = """
SELECT seal_id, first_rec_id, last_rec_id, leaves, root FROM am_personalization_seal WHERE run_id = :run_id
"""
_OF_OTHERS = """
SELECT seal_id, first_rec_id, last_rec_id, leaves, root FROM am_personalization_seal
WHERE run_id IS NULL AND :rec_id BETWEEN first_rec_id AND last_rec_id
"""
# Nights that are proved at a time: rows come in the order of the log, where few nights lie between each other.
_KEPT = 8


def receipt(
    db: sqlite3.Connection, customer: object, run_id: int, kept: Sequence[Checkpoint] = ()
) -> dict[str, Any]:
    """Return the receipt of a customer, as find_customer() takes one, for one sealed run.

    It is under the head of all seals there are, and holds for each of the kept heads that is of fewer the proof that
    the log only went on since. Reads the run and the seals once and keeps O(log n) hashes of the run; writes temporary
    tables only. NotFound if there is no such customer or run, or if the run recommended the customer nothing; Conflict
    if the run is not sealed yet; NotIntact if a kept head is not one of this log, or if the evidence is not intact.
    """
    at = {"run_id": run_id, "profile_id": find_customer(db, customer)}
    seal = _seal(db, run_id)
    lists = db.execute(_LISTS, at).fetchall()
    if not lists:
        raise NotFound(_why_none(db, at))
    try:
        got = _got(db, at)
        found = {
            "format": FORMAT,
            **at,
            **_night(db, run_id),
            "declared": dict(zip(Declared._fields, lists[0][3:], strict=True)),
            "lists": [_list(db, run_id, number, owner, got) for _, number, owner, *_ in lists],
            "proof": _proof(db, seal, lists[0][0], at["profile_id"]),
            "seal": seal,
            **_place_in_log(db, seal, kept),
        }
        _require_intact(found)
    except (IndexError, TypeError, ValueError) as fault:
        # A tampered column may hold anything, a BLOB for a text.
        raise NotIntact(
            f"the evidence of run {run_id} is not intact, so there is no receipt: {fault}",
            "run personalization-verify",
        ) from None
    return found


def tlog_proof(found: Mapping[str, Any], note: Note | None = None) -> str:
    """The proof in a receipt that its seal is in the log, as a c2sp.org/tlog-proof; its extra is the seal's leaf.

    note is the receipt's head as it was signed. Read-only.
    """
    seal = found["seal"]
    path = tuple(decode_path(found["seal_path"]))
    return format_inclusion(
        Proof(seal["seal_id"] - 1, path, note or Note(found["head"]), seal_leaf(seal))
    )


def _seal(db: sqlite3.Connection, run_id: int) -> dict[str, Any]:
    for row in db.execute(f"{_SEALS} WHERE run_id = ?", (run_id,)):
        return _seal_of(row)
    runs = dict(
        db.execute(
            "SELECT run_id, coalesce(status, '') FROM am_personalization_run"
            " LEFT JOIN am_personalization_run_progress USING (run_id) ORDER BY 1"
        )
    )
    if run_id not in runs:
        last = (
            _("the last is run {run_id}", run_id=max(runs)) if runs else _("nothing was scored yet")
        )
        raise NotFound(_("there is no run {run_id}", run_id=run_id), last)
    if runs[run_id] == "running":
        raise Conflict(
            _("run {run_id} is not finished, so it is not sealed", run_id=run_id),
            _("wait for it, or finish it with personalization-score"),
        )
    raise NotIntact(f"the seal of run {run_id} is missing", "run personalization-verify")


def _place_in_log(
    db: sqlite3.Connection, seal: dict[str, Any], kept: Sequence[Checkpoint]
) -> dict[str, Any]:
    """The head of all seals, the path up to it, and what relates earlier heads to it."""
    head = head_of(*db.execute(_LAST).fetchone())
    leaves = [
        leaf_hash(seal_leaf(_seal_of(row))) for row in db.execute(f"{_SEALS} ORDER BY seal_id")
    ]
    for each in kept:
        if each.origin != head.origin or root(leaves[: each.size]) != each.root:
            raise NotIntact(
                f"the kept head of {each.size} seals is not one of this log",
                "ask where it comes from, and run personalization-verify --head",
            )
    earlier = {each.size: each.root for each in kept if 0 < each.size < head.size}
    return {
        "seal_path": encode_path(inclusion_path(leaves, seal["seal_id"] - 1)),
        "head": format_checkpoint(head),
        "consistency": [
            {
                "tree_size": number,
                "root": earlier[number].hex(),
                "path": encode_path(consistency_path(leaves, number)),
            }
            for number in sorted(earlier)
        ],
    }


def _seal_of(row: Sequence[Any]) -> dict[str, Any]:
    return dict(zip(SEAL_COLUMNS, row, strict=True))


def _why_none(db: sqlite3.Connection, at: dict[str, int]) -> str:
    row = db.execute(
        "SELECT reason FROM am_personalization_unserved WHERE run_id = :run_id AND profile_id = :profile_id",
        at,
    ).fetchone()
    if row is None:
        why = _("it was not among the customers of that night")
    elif row[0] is None:
        why = _("no item scored above 0 for what was declared")
    elif row[0] == NOTHING_NEW:
        why = noted_reason(row[0])
    else:
        why = _("it was not scored, because {reason}", reason=noted_reason(row[0]))
    return _("profile {profile_id} was recommended nothing in run {run_id}: {why}", **at, why=why)


def _night(db: sqlite3.Connection, run_id: int) -> dict[str, Any]:
    as_of, served_at, model_json = db.execute(
        "SELECT as_of, served_at, model_json FROM am_personalization_run WHERE run_id = ?",
        (run_id,),
    ).fetchone()
    return {"as_of": as_of, "served_at": served_at, "model": json.loads(model_json)}


# What the customer has in the log: rec_id and score, by list_id and seq.
Got = dict[tuple[int, int], tuple[int, int]]


def _got(db: sqlite3.Connection, at: dict[str, int]) -> Got:
    return {(list_id, seq): (*row,) for list_id, seq, *row in db.execute(_GOT, at)}


def _list(
    db: sqlite3.Connection, run_id: int, list_id: int, owner: int | None, got: Got
) -> dict[str, Any]:
    list_sha256 = digest_of(db, run_id, list_id)
    rows = db.execute(_PLACES, (list_id,))
    places = [_place(row, got.get((list_id, seq))) for seq, *row in rows]
    return {"owner": owner, "list_sha256": list_sha256, "places": places}


def _place(row: Sequence[Any], mine: tuple[int, int] | None) -> dict[str, Any]:
    facts, item = dict(zip(_PLACE, row, strict=False)), Candidate(*row[len(_PLACE) :])
    rec_id, score = mine or (None, facts["score"])
    return {"rec_id": rec_id, **facts, "score": score, "candidate": item._asdict()}


def _proof(
    db: sqlite3.Connection, seal: dict[str, Any], mine: int, profile_id: int
) -> dict[str, Any]:
    run_id, first, last = seal["run_id"], seal["first_rec_id"], seal["last_rec_id"]
    (index,) = db.execute(_CUSTOMERS_BEFORE, (first, mine)).fetchone()
    hashes = (leaf_hash(leaf) for _, leaf in customer_leaves(db, run_id, first, last))
    path = inclusion_path(hashes, index)
    blinded = blind(run_salt(db, run_id), profile_id)
    return {
        "blind": blinded,
        "leaf_index": index,
        "tree_size": seal["leaves"],
        "path": encode_path(path),
    }


def _require_intact(found: dict[str, Any]) -> None:
    faults = [sentence for is_intact, sentence in check(found).values() if not is_intact]
    if faults:
        raise ValueError("; ".join(faults))


def proved(db: sqlite3.Connection, found: Iterator[Replay]) -> Iterator[Replay]:
    """The replayed rows, each with what keeps it from being proved under its seal; writes temporary tables only."""
    proofs = Proofs(db)
    return (replace(one, sealed=proofs.of(one)) for one in found)


class Proofs:
    """Proofs of rows under their seals; a night is walked once for all of its rows, some 20 us a customer."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._of_run = lru_cache(_KEPT)(self._prove_run)
        self._of_others = lru_cache(_KEPT)(self._prove_others)

    def of(self, found: Replay) -> ProvedRow:
        """The proof of one row; writes temporary tables only."""
        run_id = found.run.run_id if found.run else None
        sql = _OF_OTHERS if run_id is None else _OF_RUN
        seal = self._db.execute(sql, {"run_id": run_id, "rec_id": found.rec_id}).fetchone()
        if seal is None:
            return ProvedRow(None, ("no seal covers it",))
        seal_id, first, last, *tree = seal
        if run_id is None:
            return ProvedRow(seal_id, self._of_others(seal_id, first, last, *tree))
        faults = self._of_run(run_id, *seal)
        if not (first or 0) <= found.rec_id <= (last or 0):
            faults += (f"the seal does not reach row {found.rec_id}, which was added later",)
        return ProvedRow(seal_id, faults)

    def _prove_run(
        self, run_id: int, seal_id: int, first: int | None, last: int | None, leaves: int, root: str
    ) -> tuple[str, ...]:
        tree = tree_of(customer_leaves(self._db, run_id, first, last))
        faults = seal_faults(self._db, seal_id, seal_id) + run_faults(self._db, run_id)[1]
        if (tree.leaves, tree.root) != (leaves, root):
            faults.append(f"the rows of run {run_id} are not those that were sealed")
        return tuple(faults)

    def _prove_others(
        self, seal_id: int, first: int, last: int, leaves: int, root: str
    ) -> tuple[str, ...]:
        tree = other_tree(self._db, first - 1, last)
        faults = seal_faults(self._db, seal_id, seal_id)
        if (tree.leaves, tree.root) != (leaves, root):
            faults.append(f"rows {first} to {last} are not those that seal {seal_id} covers")
        return tuple(faults)
