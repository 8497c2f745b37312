"""The counts that a run wrote down: nothing is counted again here, and a tampered row may hold anything. Read-only."""

import json
import re
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from sqlite_utils_personalization.model.kinds import TYPES
from sqlite_utils_personalization.viewer.pages.charts import BANDS, banded

# Per type: items that could be recommended, customers with some and with none, and rows.
_COUNTS = {"candidates": "candidates", "scored": "scored", "zero": "zero", "by_type": "rows"}
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
    """Runs as they are stored, with their counts and what was left out as objects; where is SQL over r, p and s.

    by_score is None of a run that wrote down no scores, as earlier versions did not.
    """
    cursor = db.execute(f"SELECT {COLUMNS} {FROM} {where}", at)
    names = [column[0] for column in cursor.description]
    return [_night(dict(zip(names, row, strict=True))) for row in cursor]


def _night(night: dict[str, Any]) -> dict[str, Any]:
    stored, model = json_object(night.pop("counts_json")), json_object(night.pop("model_json"))
    counts = {kind: _object(stored.get(kind)) for kind in TYPES}
    caps = _object(model.get("caps"))
    night["left_out"] = {
        kind: {rule: items for rule, items in _object(found).items() if _number(items)}
        for kind, found in json_object(night.pop("left_out_json")).items()
        if kind in TYPES
    }
    for name, key in _COUNTS.items():
        night[name] = {kind: _number(counts[kind].get(key)) for kind in TYPES}
    night["caps"] = {kind: caps[kind] if type(caps.get(kind)) is int else None for kind in TYPES}
    is_written = any("scores" in counts[kind] for kind in TYPES)
    by_score = {kind: _scores(counts[kind].get("scores")) for kind in TYPES}
    night["by_score"] = by_score if is_written else None
    unserved = night.pop("unserved")
    night["with_some"] = max(0, _number(night["profiles"]) - unserved)
    night["with_none"] = max(0, unserved - _number(night["rejected"]))
    return night


def _scores(stored: Any) -> dict[int, int]:
    return {
        int(score): rows
        for score, rows in _object(stored).items()
        if re.fullmatch("[0-9]{1,3}", score) and 1 <= int(score) <= 100 and _number(rows)
    }


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _number(value: Any) -> int:
    return value if type(value) is int and value >= 0 else 0


def scores_of(night: Mapping[str, Any], kind: str) -> Mapping[int, int]:
    """Rows per score of one type; empty where a run wrote down none."""
    found: Mapping[int, int] = (night["by_score"] or {}).get(kind, {})
    return found


def scores(night: Mapping[str, Any]) -> list[dict[str, int]] | None:
    """How many rows of a run have a score of 1 to 10, 11 to 20 ..., per type; None if it wrote down no scores."""
    if night["by_score"] is None:
        return None
    found = {kind: banded(scores_of(night, kind)) for kind in TYPES}
    return [
        {"from": at * 10 + 1, "to": at * 10 + 10, **{kind: found[kind][at] for kind in TYPES}}
        for at in range(BANDS)
    ]


def logged_per_day(nights: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Log rows per Japanese calendar day and type, oldest first; a day scored again counts every run."""
    days: dict[str, Counter[str]] = {}
    for night in nights:
        days.setdefault(night["as_of"], Counter()).update(night["by_type"])
    return [
        {"as_of": as_of, **{kind: days[as_of][kind] for kind in TYPES}} for as_of in sorted(days)
    ]


def json_object(text: object) -> dict[str, Any]:
    """A stored JSON object; an empty one where something else is stored."""
    try:
        found = json.loads(str(text))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def mean(by_score: Mapping[int, int]) -> float:
    """The mean score of rows per score; 0 of none."""
    total = sum(by_score.values())
    return sum(score * rows for score, rows in by_score.items()) / total if total else 0.0
