"""Verification: everything the log and the evidence claim, derived again from the rows."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import chain
from threading import Event

from sqlite_utils_personalization.audit.verify import Finding, guarded
from sqlite_utils_personalization.audit.verify.before import check_before
from sqlite_utils_personalization.audit.verify.beside import check_shadows
from sqlite_utils_personalization.audit.verify.contents import (
    check_contents,
    check_indexes,
    check_values,
)
from sqlite_utils_personalization.audit.verify.ends import check_ends
from sqlite_utils_personalization.audit.verify.events import check_events
from sqlite_utils_personalization.audit.verify.rows import check_references, check_rows
from sqlite_utils_personalization.audit.verify.runs import check_run
from sqlite_utils_personalization.audit.verify.schema import check_schema
from sqlite_utils_personalization.audit.verify.tree import check_seals
from sqlite_utils_personalization.database import has_table, open_readonly
from sqlite_utils_personalization.evidence.checkpoint import Checkpoint
from sqlite_utils_personalization.evidence.leaves import forget_digests
from sqlite_utils_personalization.language import N_

# A check that has a tick for every list.
Check = Callable[[sqlite3.Connection, Callable[[int], None]], Iterator[Finding]]
# What one list and one sealed customer take, relative to each other.
_LIST, _CUSTOMER = 8, 1
# What SQLite answers by itself, each from one state of the file: whether it holds what it can hold, and the log what
# its evidence says.
_BY_SQLITE = {
    "index": check_indexes,
    "value": check_values,
    "reference": check_references,
    "log": check_rows,
}
# Steps of SQLite, some milliseconds, after which it hears that nobody waits any more.
_STEPS = 100_000


def verify(
    db: sqlite3.Connection,
    kept_heads: Sequence[Checkpoint] = (),
    progress: Callable[[str, int, int], None] = lambda stage, done, total: None,
) -> list[Finding]:
    """Return every fault found in the evidence; empty means intact. Read-only, but for temporary tables."""
    return list(chain.from_iterable(checked(db, kept_heads, progress).values()))


def checked(
    db: sqlite3.Connection,
    kept_heads: Sequence[Checkpoint] = (),
    progress: Callable[[str, int, int], None] = lambda stage, done, total: None,
    second: Check | None = None,
) -> dict[str, list[Finding]]:
    """Every fault by the check that found it, of CHECKS. Read-only, but for temporary tables.

    It notices any change to a row of a finished run or to a sealed row of another program, wherever it is made: a
    changed, missing, added, moved or renumbered row, a run cut out, a decision that does not follow
    from the stored candidates, a customer skipped, a guard dropped. Without kept_heads, which personalization-seal
    printed and which were kept outside the file, it cannot notice a file rewritten consistently as a whole, nor
    its last runs cut off without a trace. It never notices changes to what was not yet sealed: rows other programs
    wrote since the last seal, which remarks() counts, and rows of a run still under way, which is a finding itself.
    However the file was damaged it reaches its end: a check that cannot go on is a finding, and the rest is checked.
    What the catalogue should have said is not its business. second decides every list once more, on another engine.
    """
    meter = _Meter(db, progress, 2 if second else 1)
    forget_digests(db)
    with _beside(db) as found:
        checks = {
            "schema": guarded("schema", check_schema(db)),
            "content": guarded("content", check_contents(db)),
            "run": guarded("run", _check_runs(db, meter.ticks(_LIST))),
            "end": guarded("run", chain(check_ends(db), check_before(db))),
            "shadow": guarded("shadow", check_shadows(db, meter.ticks(_LIST))),
            "seal": guarded("seal", check_seals(db, kept_heads, meter.ticks(_CUSTOMER))),
            "event": guarded("event", check_events(db)),
            **({"engine": second(db, meter.ticks(_LIST))} if second else {}),
        }
        schema, *others = [(name, list(findings)) for name, findings in checks.items()]
        by_check = dict([schema, *found, *others])
    meter.end()
    return by_check


@contextmanager
def _beside(db: sqlite3.Connection) -> Iterator[Iterator[tuple[str, list[Finding]]]]:
    """The findings of _BY_SQLITE, looked for from now on; whoever takes them waits for them.

    They take two fifths of a verification, and no Python: of a file that is not being written through db a thread asks,
    with a connection of its own.
    """
    path = db.execute("PRAGMA database_list").fetchone()[2]
    if not path or db.in_transaction:
        yield _by_sqlite(db)
        return
    stop = Event()

    def check() -> list[tuple[str, list[Finding]]]:
        # A connection belongs to the thread that opened it.
        with open_readonly(path) as beside:
            beside.conn.set_progress_handler(stop.is_set, _STEPS)
            return list(_by_sqlite(beside.conn))

    with ThreadPoolExecutor(1) as pool:
        found = pool.submit(check)
        try:
            yield chain.from_iterable(one.result() for one in [found])
        except BaseException:
            stop.set()
            raise


def _by_sqlite(db: sqlite3.Connection) -> Iterator[tuple[str, list[Finding]]]:
    for name, check in _BY_SQLITE.items():
        yield name, list(guarded(name, check(db)))


def _check_runs(db: sqlite3.Connection, tick: Callable[[int], None]) -> Iterator[Finding]:
    runs = db.execute("SELECT run_id FROM am_personalization_run ORDER BY 1").fetchall()
    for (run_id,) in runs:
        yield from guarded("decision", check_run(db, run_id, tick), run_id)


class _Meter:
    """How far verification is; whatever a tampered file claims, never beyond the end."""

    def __init__(
        self, db: sqlite3.Connection, progress: Callable[[str, int, int], None], times: int
    ) -> None:
        ranges, *lists = (
            db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] if has_table(db, table) else 0
            for table in (
                "am_personalization_evidence",
                "am_personalization_list",
                "am_personalization_shadow_list",
            )
        )
        self._progress = progress
        self._total = 1 + ranges * _CUSTOMER + sum(lists) * _LIST * times
        self._done = 0

    def ticks(self, weight: int) -> Callable[[int], None]:
        """What a check calls with the number of lists or customers it has dealt with."""
        return lambda n: self._advance(self._done + n * weight)

    def end(self) -> None:
        self._advance(self._total)

    def _advance(self, done: int) -> None:
        self._done = min(done, self._total)
        self._progress(N_("Verifying"), self._done, self._total)
