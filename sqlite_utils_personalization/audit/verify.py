"""Verification: everything the log and the evidence claim, derived again from the rows."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlite_utils_personalization.audit.checks.contents import check_contents
from sqlite_utils_personalization.audit.checks.events import check_events
from sqlite_utils_personalization.audit.checks.rows import check_references, check_rows
from sqlite_utils_personalization.audit.checks.runs import check_run
from sqlite_utils_personalization.audit.checks.schema import check_schema
from sqlite_utils_personalization.audit.checks.seals import check_seals
from sqlite_utils_personalization.audit.finding import Finding
from sqlite_utils_personalization.audit.leaves import forget_digests
from sqlite_utils_personalization.errors import PersonalizationError


def verify(
    db: sqlite3.Connection,
    kept_heads: Sequence[Mapping[str, Any]] = (),
    progress: Callable[[str, int, int], None] = lambda stage, done, total: None,
) -> list[Finding]:
    """Return every fault found in the evidence; empty means intact. Read-only, but for temporary tables.

    It notices any change to a row of a finished run or to a sealed row of another program, wherever it is made: a
    changed, missing, added, moved or renumbered row, a run cut out of the chain, a decision that does not follow
    from the stored candidates, a customer skipped, a guard dropped. Without kept_heads, lines that personalization-seal
    printed and that were kept outside the file, it cannot notice a file rewritten consistently as a whole, nor
    its last runs cut off without a trace. It never notices what was not yet sealed: rows other programs wrote since
    the last seal, and rows of a run still under way. What the catalogue should have said is not its business.
    """
    runs = [
        run_id for (run_id,) in db.execute("SELECT run_id FROM am_personalization_run ORDER BY 1")
    ]
    steps: list[Callable[[], Any]] = [
        lambda: check_schema(db),
        lambda: check_references(db),
        lambda: check_contents(db),
        lambda: check_rows(db),
        *(lambda run_id=run_id: check_run(db, run_id) for run_id in runs),
        lambda: check_seals(db, kept_heads),
        lambda: check_events(db),
    ]
    findings: list[Finding] = []
    forget_digests(db)
    for done, step in enumerate(steps, 1):
        findings.extend(step())
        progress("Verifying", done, len(steps))
    return findings


def require_evidence(db: sqlite3.Connection, path: str | Path) -> None:
    """PersonalizationError if the file has no evidence tables to read; read-only."""
    for name in ("am_personalization_profile", "am_personalization_run", "am_personalization_seal"):
        sql = "SELECT 1 FROM main.sqlite_master WHERE type = 'table' AND name = ?"
        if not db.execute(sql, (name,)).fetchone():
            raise PersonalizationError(
                f"{name} not found in {path} - run: sqlite-utils personalization-migrate {path}"
            )
