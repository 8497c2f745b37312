"""What the home page of the audit shows, all of it from the run rows: nothing is counted in the log."""

import json
import sqlite3
from collections import Counter
from typing import Any

from sqlite_utils_personalization.audit.verify.quick import glance
from sqlite_utils_personalization.model.kinds import TYPES
from sqlite_utils_personalization.viewer.queries.queries import questions

# Two weeks are on one page; the table of nights has them all.
NIGHTS = 14
BAND = 10
# Per type: items that could be recommended, customers with some and with none, and rows of the log.
COUNTS = ("candidates", "scored", "zero", "rows")

_NIGHTS = """
SELECT r.run_id, r.as_of, r.again, coalesce(p.status, 'unknown') AS status, r.top_k, r.profiles, r.rejected,
    r.counts_json, r.left_out_json, r.model_sha256, r.package_version, r.served_at, p.finished_at, s.seal_id
FROM am_personalization_run r
LEFT JOIN am_personalization_run_progress p USING (run_id)
LEFT JOIN am_personalization_seal s USING (run_id)
ORDER BY r.run_id DESC LIMIT ?
"""


def home(db: sqlite3.Connection) -> dict[str, Any]:
    """The latest nights, newest first, rows per day, and the quick checks; read-only, and bounded by NIGHTS."""
    nights = latest_nights(db)
    return {
        "integrity": {
            "checks": [check._asdict() for check in glance(db)],
            "not_checked": "the rows of the log and the decisions behind them",
            "full_proof": "sqlite-utils personalization-verify",
        },
        "nights": nights,
        "rows_per_day": rows_per_day(nights),
    }


def latest_nights(db: sqlite3.Connection, nights: int = NIGHTS) -> list[dict[str, Any]]:
    """The latest runs, newest first: their rows as they are, with the counts and what was left out as objects."""
    cursor = db.execute(_NIGHTS, (nights,))
    names = [column[0] for column in cursor.description]
    found = []
    for row in cursor:
        night = dict(zip(names, row, strict=True))
        night["by_type"] = _counts(night.pop("counts_json"))
        night["left_out"] = json.loads(night.pop("left_out_json"))
        night["rows"] = sum(counts["rows"] for counts in night["by_type"].values())
        found.append(night)
    return found


def _counts(counts_json: str) -> dict[str, dict[str, int]]:
    # A tampered row may hold anything, and the page that says so is this one.
    stored = json.loads(counts_json)
    by_type = stored if isinstance(stored, dict) else {}
    found = {}
    for kind in TYPES:
        counts = by_type.get(kind)
        given = counts if isinstance(counts, dict) else {}
        found[kind] = {
            name: given[name] if isinstance(given.get(name), int) else 0 for name in COUNTS
        }
    return found


def rows_per_day(nights: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Log rows per Japanese calendar day and type, oldest first; a day scored again counts every run."""
    days: dict[str, Counter[str]] = {}
    for night in nights:
        day = days.setdefault(night["as_of"], Counter())
        day.update({kind: night["by_type"][kind]["rows"] for kind in TYPES})
    return [
        {"as_of": as_of, **{kind: days[as_of][kind] for kind in TYPES}} for as_of in sorted(days)
    ]


def scores(db: sqlite3.Connection, run_id: int) -> list[dict[str, int]] | None:
    """How many rows of a run have a score of 1 to 10, 11 to 20 ..., per type; None if it wrote down none. Read-only."""
    bands = [
        {"from": low, "to": low + BAND - 1, **dict.fromkeys(TYPES, 0)}
        for low in range(1, 101, BAND)
    ]
    for _, _, kind, score, rows in db.execute(
        _sql("night_scores"), {"night": str(run_id), "type": ""}
    ):
        if score is None:
            return None
        bands[(score - 1) // BAND][kind] += rows
    return bands


def _sql(name: str) -> str:
    return next(question.sql for question in questions() if question.name == name)
