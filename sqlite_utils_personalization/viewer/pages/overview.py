"""The overview: whether the evidence holds, the latest night, scores, the newest month's money, questions."""

import sqlite3
from collections.abc import Mapping
from typing import Any

from sqlite_utils_personalization.api.health import MOST_DAYS, health_of
from sqlite_utils_personalization.audit.verify.quick import Check
from sqlite_utils_personalization.database import has_table
from sqlite_utils_personalization.formula.sentences import kinds
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.model.kinds import TYPES
from sqlite_utils_personalization.viewer.formats import capital, number, type_name
from sqlite_utils_personalization.viewer.pages.audit_page import AuditPage, Found
from sqlite_utils_personalization.viewer.pages.charts import (
    COLOURS,
    Box,
    Strip,
    boxes,
    quantiles,
    strips,
)
from sqlite_utils_personalization.viewer.pages.counts import (
    latest,
    logged_per_day,
    mean,
    scores,
    scores_of,
)
from sqlite_utils_personalization.viewer.pages.like_before import drawn, newest_report
from sqlite_utils_personalization.viewer.pages.money import deliveries, kept, months, yen_by_day
from sqlite_utils_personalization.viewer.pages.parameters import PageParameter, whole
from sqlite_utils_personalization.viewer.pages.trust import night_state, trust
from sqlite_utils_personalization.viewer.pages.verification import (
    MOST_CARDS,
    about,
    by_kind,
    cards,
    headings,
)
from sqlite_utils_personalization.viewer.queries.queries import questions

# Two weeks are on one page; the page of nights has them all.
NIGHTS = 14
_IN_TABLE = 7


def read(db: sqlite3.Connection, found: Found) -> dict[str, Any]:
    """What health says; trust, the first finding of each code; the latest nights, newest first; money, or null."""
    found_health = health_of(db, found.asked["max_days"], found.record_file)
    checks = [Check(**one) for one in found_health["integrity"]["checks"]]
    known = trust(db, found.record_file, checks)
    first, nights = by_kind(known.found), latest(db, NIGHTS)
    for night in nights:
        night["trust"] = night_state(known, night["run_id"], night["seal_id"])
    return {
        **{key: value for key, value in found_health.items() if key != "warnings"},
        "health_warnings": [*found_health["warnings"], *known.warnings],
        "trust": known.to_dict(),
        "findings": cards(db, first[:MOST_CARDS]),
        "more_findings": max(0, len(first) - MOST_CARDS),
        "nights": nights,
        "logged_per_day": logged_per_day(nights),
        "scores": scores(nights[0]) if nights else None,
        "report": newest_report(db, nights),
        "money": _money(db),
    }


def _money(db: sqlite3.Connection) -> dict[str, Any] | None:
    names = months(db)
    if not names:
        return None
    name = names[0]
    shown = (
        deliveries(db, name, whole=False) if has_table(db, "am_personalization_delivery") else []
    )
    return {"month": name, "by_day": shown, "reconciliation": kept(db, name)}


def show(found: Found, data: dict[str, Any]) -> dict[str, Any]:
    """The box, the charts, and the questions by their titles."""
    nights, money = data["nights"], data["money"]
    newest = next((night for night in nights if night["state"] == "finished"), None)
    before = next(
        (night for night in nights if newest and night["run_id"] < newest["run_id"]), None
    )
    return {
        **about(found, data["trust"]),
        "title": _("Overview"),
        "has_search": True,
        "headings": headings(data["findings"]),
        "newest": newest,
        "before": before,
        "open_nights": [
            night for night in nights if night["state"] == "running" and not night["seal_id"]
        ],
        "types": TYPES,
        "in_table": nights[:_IN_TABLE],
        "strips": newest and served("served", newest),
        "score_charts": _scores(nights),
        "like": drawn(data["report"]),
        "money_chart": money and yen_by_day("owed-by-day", money["by_day"]),
        "questions": [(found.links.question(one.name), one) for one in questions()],
    }


def served(name: str, night: Mapping[str, Any]) -> Any:
    """The chart of customers with and without a recommendation, by type, of one night."""
    every = night["with_some"] + night["with_none"]
    rows = [
        Strip(_("any type"), night["with_some"], night["with_none"]),
        *(
            Strip(type_name(kind), night["scored"][kind], night["zero"][kind], COLOURS[kind])
            for kind in TYPES
        ),
    ]
    text = _(
        "Of {all} customers scored, {some} were recommended something and {none} nothing.",
        all=number(every),
        some=number(night["with_some"]),
        none=number(night["with_none"]),
    )
    return strips(name, _("Customers served"), text, rows)


def _scores(nights: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Per type: the chart of its scores night by night, and its numbers, newest first."""
    done = [night for night in reversed(nights) if night["state"] == "finished"]
    found = []
    for kind in TYPES:
        rows = [
            (night, middle, mean(scores_of(night, kind)))
            for night in done
            if (middle := quantiles(scores_of(night, kind)))
        ]
        if not rows:
            continue
        shown = [Box(night["as_of"][5:], middle) for night, middle, _mean in rows]
        text = "; ".join(f"{night['as_of']}: {value:.1f}" for night, _middle, value in rows)
        cap = done[-1]["caps"][kind]
        title = _("Scores of {kinds}, night by night", kinds=kinds(kind))
        found.append(
            {
                "kind": kind,
                "name": capital(kinds(kind)),
                "means": " → ".join(f"{value:.1f}" for _night, _middle, value in rows[-3:]),
                "rows": rows[::-1],
                "chart": boxes(f"scores-{kind}", title, text, shown, COLOURS[kind], cap),
            }
        )
    return found


def _status(found: Found, data: dict[str, Any]) -> int:
    """What a monitor that reads the status alone asks for by max_days."""
    return 503 if found.asked["max_days"] is not None and not data["ok"] else 200


# What is empty is a monitor's mistake, which it would never hear of.
_MAX_DAYS = PageParameter(
    "max_days",
    whole(0, MOST_DAYS),
    lambda: _("Days that the last night may be old"),
    may_be_empty=False,
)
PAGE = AuditPage("overview", "", read, show, (_MAX_DAYS,), "overview", json_status=_status)
