"""The home page of the audit: what it reads, all of it from the run rows, since nothing is counted in the log; and, as
HTML, its links, charts, and times in Japan.
"""

import json
import shlex
import sqlite3
from collections import Counter
from typing import Any

from markupsafe import Markup

from sqlite_utils_personalization.api.health import health_of
from sqlite_utils_personalization.clock import japan_time
from sqlite_utils_personalization.model.kinds import TYPES
from sqlite_utils_personalization.viewer.connections import file_name
from sqlite_utils_personalization.viewer.links import question_url, replay_form_url
from sqlite_utils_personalization.viewer.pages.charts import COLOURS, Column, stacked_bars
from sqlite_utils_personalization.viewer.queries.queries import questions

# Two weeks are on one page; the table of nights has them all.
NIGHTS = 14
BAND = 10
# Reasons of warnings about how the file is served.
SERVED = ("wal_not_shown", "other_questions")
# Per type: items that could be recommended, and customers with some and with none.
COUNTS = ("candidates", "scored", "zero")

_NIGHTS = """
SELECT r.run_id, r.as_of, r.again, coalesce(p.status, 'unknown') AS state, r.top_k, r.profiles, r.rejected,
    r.counts_json, r.left_out_json, r.model_sha256, r.package_version, r.served_at, p.finished_at, s.seal_id
FROM am_personalization_run r
LEFT JOIN am_personalization_run_progress p USING (run_id)
LEFT JOIN am_personalization_seal s USING (run_id)
ORDER BY r.run_id DESC LIMIT ?
"""


def home(db: sqlite3.Connection, max_days: int | None = None) -> dict[str, Any]:
    """What health.health says, the latest nights, newest first, and what was logged per day; read-only, and bounded."""
    nights = latest_nights(db)
    return {
        **health_of(db, max_days),
        "nights": nights,
        "logged_per_day": logged_per_day(nights),
    }


def latest_nights(db: sqlite3.Connection, nights: int = NIGHTS) -> list[dict[str, Any]]:
    """The latest runs, newest first: their rows as they are, with the counts and what was left out as objects."""
    cursor = db.execute(_NIGHTS, (nights,))
    names = [column[0] for column in cursor.description]
    found = []
    for row in cursor:
        night = dict(zip(names, row, strict=True))
        stored = json.loads(night.pop("counts_json"))
        night["by_type"] = {kind: _count(stored, kind, "rows") for kind in TYPES}
        for name in COUNTS:
            night[name] = {kind: _count(stored, kind, name) for kind in TYPES}
        night["left_out"] = json.loads(night.pop("left_out_json"))
        night["logged"] = sum(night["by_type"].values())
        found.append(night)
    return found


def _count(stored: Any, kind: str, name: str) -> int:
    # A tampered row may hold anything, and the page that says so is this one.
    counts = stored.get(kind) if isinstance(stored, dict) else None
    number = counts.get(name) if isinstance(counts, dict) else None
    return number if isinstance(number, int) else 0


def logged_per_day(nights: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Log rows per Japanese calendar day and type, oldest first; a day scored again counts every run."""
    days: dict[str, Counter[str]] = {}
    for night in nights:
        days.setdefault(night["as_of"], Counter()).update(night["by_type"])
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


def show_home(datasette: Any, database: str, data: dict[str, Any]) -> dict[str, Any]:
    """What personalization_home.html needs beside the data of the page."""
    return {
        # The page says in its sections what the health of the file warns of.
        "warnings": [one for one in data["warnings"] if one["reason"] in SERVED],
        "types": TYPES,
        "colours": COLOURS,
        # An open night takes nothing but to be finished.
        "faults": [
            check
            for check in data["integrity"]["checks"]
            if not check["ok"] and check["name"] != "open"
        ],
        "open_nights": [
            night
            for night in data["nights"]
            if night["state"] == "running" and not night["seal_id"]
        ],
        "japan_time": japan_time,
        "days_chart": _days(data["logged_per_day"]),
        "scores_chart": _scores(data["scores"], data["nights"]),
        "replay_form_url": replay_form_url(datasette),
        "questions": [
            (question_url(datasette, database, question.name), question) for question in questions()
        ],
        "night_url": lambda run_id: question_url(
            datasette, database, "night_integrity", night=run_id
        ),
        "scores_url": lambda run_id: question_url(
            datasette, database, "night_scores", night=run_id
        ),
        "nights_url": question_url(datasette, database, "nights"),
        "file": file_name(datasette, database),
        "quoted_file": shlex.quote(file_name(datasette, database)),
    }


def _days(days: list[dict[str, Any]]) -> Markup:
    columns = [Column(day["as_of"][5:], {kind: day[kind] for kind in TYPES}) for day in days]
    text = "; ".join(
        f"{day['as_of']}: {column.total:,}" for day, column in zip(days, columns, strict=True)
    )
    return stacked_bars(
        "rows-per-day",
        "Recommendations per day",
        f"{text}. The table below has them by type.",
        columns,
    )


def _scores(bands: list[dict[str, int]] | None, nights: list[dict[str, Any]]) -> Markup | None:
    if not bands:
        return None
    columns = [Column(f"≤{band['to']}", {kind: band[kind] for kind in TYPES}) for band in bands]
    text = "; ".join(
        f"{band['from']} to {band['to']}: {column.total:,}"
        for band, column in zip(bands, columns, strict=True)
    )
    title = f"Scores of the night of {nights[0]['as_of']}"
    return stacked_bars("scores", title, f"{text}. The table beside it has them by type.", columns)
