"""The JSON contract of a night, the last line personalization-score prints, and who is told meanwhile.

Keys are only ever added, after the six that other programs read.
"""

import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.model.kinds import TYPES

# The run row says how many were rejected, and am_personalization_unserved why each was.
NAMED_PROFILES = 100

_COLUMNS = """as_of, again, top_k, model_sha256, package_version, served_at, profiles, rejected, counts_json,
left_out_json"""
_REJECTED = {
    "plan_run": "SELECT profile_id FROM plan_customer WHERE reason IS NOT NULL",
    "am_personalization_run": "SELECT profile_id FROM am_personalization_unserved"
    " WHERE run_id = :run_id AND reason IS NOT NULL",
}


@dataclass(frozen=True)
class Reporter:
    """Where a night tells what it does: sentences, and progress as stage, done, total."""

    say: Callable[[str], None] = lambda sentence: None
    progress: Callable[[str, int, int], None] = lambda stage, done, total: None
    warnings: list[str] = field(default_factory=list)
    # How many customers declared a key in vain, by how; of a night that is planned.
    unknown: dict[str, dict[str, int]] = field(default_factory=dict)

    def warn(self, sentence: str) -> None:
        """Say it, and keep it for the summary."""
        self.say(_("warning: {sentence}", sentence=sentence))
        self.warnings.append(sentence)


def summary(
    db: sqlite3.Connection,
    done: str,
    added: dict[str, int] | None,
    *,
    run_id: int | None,
    dry_run: bool,
) -> dict[str, Any]:
    """Describe a run, or with run_id None the plan; added is the log rows of this call, per type, or None for
    all that is planned. Read-only.

    done is the outcome: 'scored', 'resumed', 'already scored', or in a dry run also 'planned' and 'interrupted'.
    """
    table = "plan_run" if run_id is None else "am_personalization_run"
    sql = f"SELECT {_COLUMNS} FROM {table} WHERE :run_id IS NULL OR run_id = :run_id"
    row = db.execute(sql, {"run_id": run_id}).fetchone()
    (
        as_of,
        again,
        top_k,
        model_sha256,
        version,
        served_at,
        profiles,
        rejected,
        counts_json,
        left_out,
    ) = row
    counts = json.loads(counts_json)
    if added is None:
        added = {kind: counts[kind]["rows"] for kind in TYPES}
    named = db.execute(
        f"{_REJECTED[table]} ORDER BY profile_id LIMIT {NAMED_PROFILES}", {"run_id": run_id}
    ).fetchall()
    return {
        "dim": "H",
        "wave": 47,
        "dry_run": dry_run,
        "profiles": profiles,
        "logged": sum(added.values()),
        "by_type": {kind: added.get(kind, 0) for kind in TYPES},
        "outcome": done,
        "run_id": run_id,
        "as_of": as_of,
        "again": again,
        "top_k": top_k,
        "served_at": served_at,
        "scored": {kind: counts[kind]["scored"] for kind in TYPES},
        "zero": {kind: counts[kind]["zero"] for kind in TYPES},
        "rejected": rejected,
        "rejected_profiles": [profile_id for (profile_id,) in named],
        "candidates": {kind: counts[kind]["candidates"] for kind in TYPES},
        "left_out": json.loads(left_out),
        "model_sha256": model_sha256,
        "package_version": version,
    }
