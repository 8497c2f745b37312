"""Verification: everything the log and the evidence claim, derived again from the rows."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from itertools import chain

from sqlite_utils_personalization.audit.verify import Finding
from sqlite_utils_personalization.audit.verify.events import check_events
from sqlite_utils_personalization.audit.verify.rows import check_references, check_rows
from sqlite_utils_personalization.audit.verify.runs import check_run
from sqlite_utils_personalization.audit.verify.schema import check_contents, check_schema
from sqlite_utils_personalization.audit.verify.tree import check_seals
from sqlite_utils_personalization.evidence.checkpoint import Checkpoint
from sqlite_utils_personalization.evidence.leaves import forget_digests
from sqlite_utils_personalization.formula.evaluation import NOT_READABLE

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
    its last runs cut off without a trace. It never notices what was not yet sealed: rows other programs wrote since
    the last seal, and rows of a run still under way. What the catalogue should have said is not its business.
    """
    meter = _Meter(db, progress)
    forget_digests(db)
    runs = db.execute("SELECT run_id FROM am_personalization_run ORDER BY 1").fetchall()
    checks = [
        _guarded("schema", check_schema(db)),
        _guarded("reference", check_references(db)),
        _guarded("candidate", check_contents(db)),
        _guarded("log", check_rows(db, meter.ticks(_RANGE))),
        *(
            _guarded("decision", check_run(db, run_id, meter.ticks(_LIST)), run_id)
            for (run_id,) in runs
        ),
        _guarded("seal", check_seals(db, kept_heads, meter.ticks(_CUSTOMER))),
        _guarded("event", check_events(db)),
    ]
    findings = list(chain.from_iterable(checks))
    meter.end()
    return findings


def _guarded(kind: str, check: Iterator[Finding], run_id: int | None = None) -> Iterator[Finding]:
    """The findings of a check; one more if a value that cannot have been stored honestly keeps it from going on."""
    try:
        yield from check
    except (*NOT_READABLE, sqlite3.OperationalError) as error:
        if isinstance(error, sqlite3.OperationalError) and "decode" not in str(error):
            raise
        where = "" if run_id is None else f" of run {run_id}"
        message = f"the {kind} check{where} did not reach its end: a value is not what it must be ({error})"
        yield Finding(kind, run_id, None, message)


class _Meter:
    """How far verification is; whatever a tampered file claims, never beyond the end."""

    def __init__(self, db: sqlite3.Connection, progress: Callable[[str, int, int], None]) -> None:
        (ranges,) = db.execute("SELECT count(*) FROM am_personalization_evidence").fetchone()
        (lists,) = db.execute("SELECT count(*) FROM am_personalization_list").fetchone()
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
