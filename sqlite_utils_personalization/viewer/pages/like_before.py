"""Whether a night was like the nights before it, from what they kept: the log is not read."""

import sqlite3
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from sqlite_utils_personalization.api.reporting import as_object
from sqlite_utils_personalization.audit.report.bands import load_bands
from sqlite_utils_personalization.audit.report.past_nights import nights
from sqlite_utils_personalization.audit.report.report import DEFAULT, NIGHTS, against_of, made
from sqlite_utils_personalization.audit.report.sentences import number_of
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.viewer.formats import capital
from sqlite_utils_personalization.viewer.pages.charts import trend

# What is drawn, and stands in the table below.
_DRAWN = (
    "candidates",
    "coverage",
    "concentration",
    "median_days_left",
    "closing_soon",
    "near_duplicates",
    "own_prefecture",
    "repeats",
    "nothing_fits",
)
_ARROWS = {"up": "\u2191", "down": "\u2193", "same": "\u2192", None: ""}


def like_before(db: sqlite3.Connection, night: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The report of a run as personalization-report has it, of what was kept; None of one that is not finished."""
    if night is None:
        return None
    found = nights(db, night["as_of"], 2 * NIGHTS + 1, night["run_id"])
    if not found or found[0].run_id != night["run_id"]:
        return None
    report = as_object(made(found, against_of(DEFAULT), load_bands()))
    return {key: value for key, value in report.items() if key != "crossed"}


def newest_report(
    db: sqlite3.Connection, shown: Iterable[Mapping[str, Any]]
) -> dict[str, Any] | None:
    """That of the first of these nights that is finished."""
    return like_before(db, next((one for one in shown if one["state"] == "finished"), None))


def drawn(report: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The report for a template: sentences, charts, and rows of texts."""
    if report is None:
        return None
    days = [one["as_of"] for one in report["compared"]] + [report["as_of"]]
    by_name = {one["measure"]: one for one in report["measures"]}
    charts = [_chart(by_name[name], days) for name in _DRAWN if _has(by_name.get(name))]
    return {
        "as_of": report["as_of"],
        "nights": len(report["compared"]),
        "is_known": any(one["usual"] is not None for one in report["measures"]),
        "sentences": [one["sentence"] for one in report["measures"] if one["sentence"]],
        "charts": charts,
        "days": [day[5:] for day in days],
        "rows": [_row(one) for one in report["measures"] if _is_told(one)],
    }


def _has(one: Mapping[str, Any] | None) -> bool:
    return one is not None and any(value is not None for value in one["history"])


def _is_told(one: Mapping[str, Any]) -> bool:
    # What is drawn, and what somebody should look at; the JSON of the page has all.
    return one["measure"] in _DRAWN or bool(one["is_outside"])


def _row(one: Mapping[str, Any]) -> dict[str, Any]:
    band = _("{lowest} to {highest}", lowest=_text(one, "lowest"), highest=_text(one, "highest"))
    return {
        "name": capital(one["measured"]),
        "value": _text(one, "value"),
        "usual": _text(one, "usual"),
        "band": band if one["lowest"] is not None else "-",
        "arrow": _ARROWS[one["arrow"]],
        "is_outside": one["is_outside"],
        "history": [_shown(one, value) for value in one["history"]],
    }


def _text(one: Mapping[str, Any], key: str) -> str:
    return _shown(one, one[key])


def _shown(one: Mapping[str, Any], value: float | None) -> str:
    return number_of(one["measure"], None if value is None else Fraction(str(value)))


def _chart(one: Mapping[str, Any], days: list[str]) -> dict[str, Any]:
    known = zip(days, one["history"], strict=True)
    text = ", ".join(f"{day[5:]}: {_shown(one, value)}" for day, value in known)
    band = None if one["lowest"] is None else (one["lowest"], one["highest"])
    name = f"measure-{one['measure'].replace('_', '-')}"
    ends = days[0][5:], days[-1][5:]
    return {
        "name": capital(one["measured"]),
        "value": _text(one, "value"),
        "usual": None if one["usual"] is None else _text(one, "usual"),
        "arrow": _ARROWS[one["arrow"]],
        "is_outside": one["is_outside"],
        "chart": trend(name, capital(one["measured"]), text, one["history"], band, ends),
    }
