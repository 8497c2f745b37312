"""Verification: everything the log and the evidence claim, derived again from the rows."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from itertools import chain

from sqlite_utils_personalization.audit.verify import Finding, guarded
from sqlite_utils_personalization.audit.verify.contents import (
    check_contents,
    check_values,
    indexes_beside,
)
from sqlite_utils_personalization.audit.verify.ends import check_ends
from sqlite_utils_personalization.audit.verify.events import check_events
from sqlite_utils_personalization.audit.verify.rows import check_references, check_rows
from sqlite_utils_personalization.audit.verify.runs import check_run
from sqlite_utils_personalization.audit.verify.schema import check_schema
from sqlite_utils_personalization.audit.verify.tree import check_seals
from sqlite_utils_personalization.database import has_table
from sqlite_utils_personalization.evidence.checkpoint import Checkpoint
from sqlite_utils_personalization.evidence.leaves import forget_digests

# What one range of evidence, one list and one sealed customer take, relative to each other.
_RANGE, _LIST, _CUSTOMER = 1, 8, 1


def verify(
    db: sqlite3.Connection,
    kept_heads: Sequence[Checkpoint] = (),
    progress: Callable[[str, int, int], None] = lambda stage, done, total: None,
) -> list[Finding]:
    """Return every fault found in the evidence; empty means intact. Read-only, but for temporary tables.

    It notices any change to a row of a finished run or to a sealed row of another program, wherever it is made: a
    changed, missing, added, moved or renumbered row, a run cut out, a decision that does not follow
    from the stored candidates, a customer skipped, a guard dropped. Without kept_heads, which personalization-seal
    printed and which were kept outside the file, it cannot notice a file rewritten consistently as a whole, nor
    its last runs cut off without a trace. It never notices changes to what was not yet sealed: rows other programs
    wrote since the last seal, which remarks() counts, and rows of a run still under way, which is a finding itself.
    However the file was damaged it reaches its end: a check that cannot go on is a finding, and the rest is checked.
    What the catalogue should have said is not its business.
    """
    meter = _Meter(db, progress)
    forget_digests(db)
    with indexes_beside(db) as indexes:
        schema = list(guarded("schema", check_schema(db)))
        checks = [
            guarded("value", check_values(db)),
            guarded("reference", check_references(db)),
            guarded("content", check_contents(db)),
            guarded("log", check_rows(db, meter.ticks(_RANGE))),
            guarded("run", _check_runs(db, meter.ticks(_LIST))),
            guarded("run", check_ends(db)),
            guarded("seal", check_seals(db, kept_heads, meter.ticks(_CUSTOMER))),
            guarded("event", check_events(db)),
        ]
        others = list(chain.from_iterable(checks))
        findings = [*schema, *guarded("index", indexes), *others]
    meter.end()
    return findings


def _check_runs(db: sqlite3.Connection, tick: Callable[[int], None]) -> Iterator[Finding]:
    runs = db.execute("SELECT run_id FROM am_personalization_run ORDER BY 1").fetchall()
    for (run_id,) in runs:
        yield from guarded("decision", check_run(db, run_id, tick), run_id)


class _Meter:
    """How far verification is; whatever a tampered file claims, never beyond the end."""

    def __init__(self, db: sqlite3.Connection, progress: Callable[[str, int, int], None]) -> None:
        ranges, lists = (
            db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] if has_table(db, table) else 0
            for table in ("am_personalization_evidence", "am_personalization_list")
        )
        self._progress = progress
        self._total = 1 + ranges * (_RANGE + _CUSTOMER) + lists * _LIST
        self._done = 0

    def ticks(self, weight: int) -> Callable[[int], None]:
        """What a check calls with the number of ranges, lists or customers it has dealt with."""
        return lambda n: self._advance(self._done + n * weight)

    def end(self) -> None:
        self._advance(self._total)

    def _advance(self, done: int) -> None:
        self._done = min(done, self._total)
        self._progress("Verifying", self._done, self._total)
