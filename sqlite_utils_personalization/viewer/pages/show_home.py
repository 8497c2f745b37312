"""The home page as HTML shows it: links, charts, and times in Japan."""

from typing import Any

from markupsafe import Markup

from sqlite_utils_personalization.clock import japan_time
from sqlite_utils_personalization.model.kinds import TYPES
from sqlite_utils_personalization.viewer.connections import file_name
from sqlite_utils_personalization.viewer.links import question_url, replay_form_url
from sqlite_utils_personalization.viewer.pages.charts import COLOURS, Column, stacked_bars
from sqlite_utils_personalization.viewer.queries.queries import questions


def show_home(datasette: Any, database: str, data: dict[str, Any]) -> dict[str, Any]:
    """What personalization_home.html needs beside the data of the page."""
    return {
        "types": TYPES,
        "colours": COLOURS,
        "faults": [check for check in data["integrity"]["checks"] if not check["ok"]],
        "japan_time": japan_time,
        "days_chart": _days(data["rows_per_day"]),
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
