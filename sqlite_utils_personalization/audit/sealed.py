"""Is a replayed row one of those that its seal covers? The leaves of its night are taken again, from the rows."""

import sqlite3
from functools import lru_cache

from sqlite_utils_personalization.audit.replay_result import Replay, Sealed
from sqlite_utils_personalization.audit.verify.quick import run_faults, seal_faults
from sqlite_utils_personalization.evidence.leaves import customer_leaves
from sqlite_utils_personalization.evidence.seal import other_tree, tree_of

_OF_RUN = """
SELECT seal_id, first_rec_id, last_rec_id, leaves, root FROM am_personalization_seal WHERE run_id = :run_id
"""
_OF_OTHERS = """
SELECT seal_id, first_rec_id, last_rec_id, leaves, root FROM am_personalization_seal
WHERE run_id IS NULL AND :rec_id BETWEEN first_rec_id AND last_rec_id
"""
# Nights that are proved at a time: rows come in the order of the log, where few nights lie between each other.
_KEPT = 8


class Proofs:
    """Proofs of rows under their seals; a night is walked once for all of its rows, some 20 us a customer."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._of_run = lru_cache(_KEPT)(self._prove_run)
        self._of_others = lru_cache(_KEPT)(self._prove_others)

    def of(self, found: Replay) -> Sealed:
        """The proof of one row; writes temporary tables only."""
        run_id = found.run.run_id if found.run else None
        sql = _OF_OTHERS if run_id is None else _OF_RUN
        seal = self._db.execute(sql, {"run_id": run_id, "rec_id": found.rec_id}).fetchone()
        if seal is None:
            return Sealed(None, ("no seal covers it",))
        seal_id, first, last, *tree = seal
        if run_id is None:
            return Sealed(seal_id, self._of_others(seal_id, first, last, *tree))
        faults = self._of_run(run_id, *seal)
        if not (first or 0) <= found.rec_id <= (last or 0):
            faults += (f"the seal does not reach row {found.rec_id}, which was added later",)
        return Sealed(seal_id, faults)

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
