"""The counts that a run wrote down: nothing is counted again here, and a tampered row may hold anything. Read-only."""

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from sqlite_utils_personalization.model.kinds import TYPES

COLUMNS = """
r.run_id, r.as_of, r.again, coalesce(p.status, 'unknown') AS state, r.top_k, r.profiles, r.rejected, p.logged,
r.counts_json, r.left_out_json, r.model_json, r.model_sha256, r.package_version, r.served_at, p.finished_at,
p.first_rec_id, s.seal_id,
(SELECT count(*) FROM am_personalization_unserved u WHERE u.run_id = r.run_id) AS unserved
"""
FROM = """
FROM am_personalization_run r
LEFT JOIN am_personalization_run_progress p USING (run_id)
LEFT JOIN am_personalization_seal s USING (run_id)
"""


def latest(db: sqlite3.Connection, most: int) -> list[dict[str, Any]]:
    """The latest runs, newest first."""
    return nights(db, "ORDER BY r.run_id DESC LIMIT :most", {"most": most})


def nights(db: sqlite3.Connection, where: str, at: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Runs as they are stored, with by_type and left_out as objects; where is SQL over r, p and s."""
    cursor = db.execute(f"SELECT {COLUMNS} {FROM} {where}", at)
    names = [column[0] for column in cursor.description]
    return [_night(dict(zip(names, row, strict=True))) for row in cursor]


def _night(night: dict[str, Any]) -> dict[str, Any]:
    stored, model = json_object(night.pop("counts_json")), json_object(night.pop("model_json"))
    caps = model.get("caps")
    night["left_out"] = json_object(night.pop("left_out_json"))
    night["by_type"] = {
        kind: _counts(stored.get(kind), caps.get(kind) if isinstance(caps, dict) else None)
        for kind in TYPES
    }
    unserved = night.pop("unserved")
    night["with_some"] = max(0, night["profiles"] - unserved)
    night["with_none"] = max(0, unserved - night["rejected"])
    return night


def _counts(stored: Any, cap: Any) -> dict[str, Any]:
    given = stored if isinstance(stored, dict) else {}
    scores = given.get("scores")
    return {
        "candidates": _number(given.get("candidates")),
        "with_some": _number(given.get("scored")),
        "with_none": _number(given.get("zero")),
        "logged": _number(given.get("rows")),
        "cap": cap if isinstance(cap, int) else None,
        "scores": {
            int(score): rows
            for score, rows in (scores.items() if isinstance(scores, dict) else ())
            if score.isdecimal() and isinstance(rows, int)
        },
    }


def _number(value: Any) -> int:
    return value if isinstance(value, int) and value >= 0 else 0


def json_object(text: object) -> dict[str, Any]:
    """A stored JSON object; an empty one where something else is stored."""
    try:
        found = json.loads(str(text))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def counts_of(night: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    """The counts of one type."""
    counts: Mapping[str, Any] = night["by_type"][kind]
    return counts


def mean(scores: Mapping[int, int]) -> float:
    """The mean score of rows per score; 0 of none."""
    total = sum(scores.values())
    return sum(score * rows for score, rows in scores.items()) / total if total else 0.0
