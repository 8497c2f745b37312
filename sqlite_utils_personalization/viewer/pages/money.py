"""The page of a month's money: what is owed for what was delivered, what was metered and invoiced, and what explains
the difference; and the rows of one class of it.
"""

import json
import sqlite3
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from sqlite_utils_personalization.billing.delivery import CHANNELS, UNIT_PRICE_YEN
from sqlite_utils_personalization.billing.reconcile.classes import CLASSES, EXPLAINED
from sqlite_utils_personalization.clock import parse_month
from sqlite_utils_personalization.database import has_table
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.language import message_of
from sqlite_utils_personalization.viewer.failure import Failure
from sqlite_utils_personalization.viewer.formats import (
    day,
    is_weekend,
    month,
    weekday_of,
    yen,
)
from sqlite_utils_personalization.viewer.pages.audit_page import AuditPage, Elsewhere, Found
from sqlite_utils_personalization.viewer.pages.charts import (
    CHANNEL_COLOURS,
    Column,
    Step,
    stacked,
    waterfall,
)
from sqlite_utils_personalization.viewer.pages.parameters import (
    COLS,
    PageParameter,
    Wrong,
    after,
    size,
)
from sqlite_utils_personalization.viewer.pages.parameters import month as read_month
from sqlite_utils_personalization.viewer.queries.queries import questions

_SIZE = 50
# A page of the question has as many days as 50,000 deliveries are in; a month of millions takes some.
_DAYS_MS = 5_000
_MONTHS = """
SELECT month FROM am_personalization_reconciliation GROUP BY month
UNION
SELECT strftime('%Y-%m', delivered_at, '+9 hours') FROM (
    SELECT min(delivered_at) AS delivered_at FROM am_personalization_delivery
    UNION ALL SELECT max(delivered_at) FROM am_personalization_delivery
) WHERE delivered_at IS NOT NULL
ORDER BY 1
"""
_KEPT = """
SELECT class, row_count, owed_yen, metered_yen, invoiced_yen, sources_json, reconciled_at
FROM am_personalization_reconciliation WHERE month = ? ORDER BY position
"""
_NEWER = """
SELECT count(*) FROM am_personalization_delivery
WHERE delivered_at >= :start AND delivered_at < :end AND recorded_at > :kept
"""
_ROWS = """
SELECT r.seq, r.because, r.rec_id, l.profile_id, r.channel, r.slot, r.status, r.owed_yen, r.metered_yen, r.invoiced_yen,
    r.usage_quantity, r.stripe_quantity, r.decided_at, r.delivered_at, r.recorded_at, r.reversed_at, r.metered_at,
    r.metered_recorded_at, r.delivery_id, r.delivery_key
FROM am_personalization_reconciliation k
CROSS JOIN am_personalization_reconciled r
    ON r.month = k.month AND r.seq >= k.first_seq AND r.seq <= k.last_seq AND r.seq > coalesce(:after, 0)
LEFT JOIN am_personalization_recommendation_log l ON l.rec_id = r.rec_id
WHERE k.month = :month AND k.class = :class
ORDER BY r.seq LIMIT :size + 1
"""


def months(db: sqlite3.Connection) -> list[str]:
    """Every month from the first to the last that has deliveries or a kept reconciliation, newest first."""
    if not has_table(db, "am_personalization_delivery"):
        return []
    found = [name for (name,) in db.execute(_MONTHS)]
    if not found:
        return []
    names: list[str] = []
    at = found[-1]
    while at >= found[0] and len(names) < 1_200:
        names.append(at)
        at = (date.fromisoformat(f"{at}-01") - timedelta(days=1)).isoformat()[:7]
    return names


def deliveries(db: sqlite3.Connection, name: str, *, whole: bool = True) -> list[dict[str, Any]]:
    """The days of a month that have deliveries, newest first; unless whole, those of the last 50,000 deliveries."""
    sql = next(question.sql for question in questions() if question.name == "deliveries")
    last = date.fromisoformat(parse_month(name).name + "-01") + timedelta(days=31)
    until = (last.replace(day=1) - timedelta(days=1)).isoformat()
    days: dict[str, dict[str, Any]] = {}
    at = {"per": "day", "since": f"{name}-01", "until": until, "after": "", "size": 40}
    while True:
        rows = db.execute(sql, at).fetchall()
        for period, _first, _last, channel, made, billed, reversed_, amount in rows:
            found = days.setdefault(period, _no_day(period))
            found["deliveries"] += made
            found["failed"] += made - billed
            found["reversed"] += reversed_
            found["owed_yen"] += amount
            found["by_channel"][channel] = amount
        if not rows or not whole:
            return list(days.values())
        at["after"] = rows[-1][1]


def _no_day(period: str) -> dict[str, Any]:
    counts = dict.fromkeys(("deliveries", "failed", "reversed", "owed_yen"), 0)
    return {"day": period, **counts, "by_channel": dict.fromkeys(CHANNELS, 0)}


def kept(db: sqlite3.Connection, name: str) -> dict[str, Any] | None:
    """The last reconciliation that was kept of the month: sums by class, and over all; None if none was."""
    if not has_table(db, "am_personalization_reconciliation"):
        return None
    rows = db.execute(_KEPT, (name,)).fetchall()
    if not rows:
        return None
    classes = [
        {
            "class": kind,
            "rows": count,
            "owed_yen": owed,
            "metered_yen": metered,
            "invoiced_yen": invoiced,
            "difference_yen": None if metered is None else metered - owed,
            "explained": kind in EXPLAINED,
        }
        for kind, count, owed, metered, invoiced, _sources, _at in rows
    ]
    return {
        "reconciled_at": rows[0][6],
        "sources": json.loads(rows[0][5]),
        "classes": classes,
        "total": _total(classes),
    }


def _total(classes: list[dict[str, Any]]) -> dict[str, Any]:
    def added(key: str) -> int | None:
        values = [one[key] for one in classes if one[key] is not None]
        return sum(values) if values else None

    keys = ("rows", "owed_yen", "metered_yen", "invoiced_yen", "difference_yen")
    unexplained = [one for one in classes if not one["explained"] and one["rows"]]
    return {
        **{key: added(key) for key in keys},
        "unexplained_rows": sum(one["rows"] for one in unexplained),
        "unexplained_classes": len(unexplained),
    }


def read_newest(db: sqlite3.Connection, found: Found) -> dict[str, Any]:
    """On to the month that was chosen, or the newest there is."""
    chosen = found.asked["month"]
    names = months(db)
    if chosen or names:
        raise Elsewhere(found.links.money(chosen or names[0]))
    return {"months": []}


def read(db: sqlite3.Connection, found: Found) -> dict[str, Any]:
    """month and months; reconciliation, the kept one or null; by_day, newest first, and what is owed for them."""
    name = _month(found)
    names = months(db)
    days = deliveries(db, name) if has_table(db, "am_personalization_delivery") else []
    result = kept(db, name)
    if not days and not result and name not in names:
        raise _no_month(found, name, names)
    span = parse_month(name)
    newer = 0
    if result:
        at = {"start": span.start, "end": span.end, "kept": result["reconciled_at"]}
        (newer,) = db.execute(_NEWER, at).fetchone()
    return {
        "month": name,
        "months": names,
        "unit_price_yen": UNIT_PRICE_YEN,
        "reconciliation": result,
        "newer_deliveries": newer,
        "by_day": days,
        "owed_yen": sum(one["owed_yen"] for one in days),
        "deliveries": sum(one["deliveries"] for one in days),
        "failed": sum(one["failed"] for one in days),
        "reversed": sum(one["reversed"] for one in days),
        "by_channel": {
            channel: sum(one["by_channel"].get(channel, 0) for one in days) for channel in CHANNELS
        },
    }


def read_class(db: sqlite3.Connection, found: Found) -> dict[str, Any]:
    """The rows of one class of a kept reconciliation, and its sums; next is null at the end."""
    name, kind = _month(found), found.vars["kind"].replace("-", " ")
    result = kept(db, name)
    sums = (
        next((one for one in result["classes"] if one["class"] == kind), None) if result else None
    )
    if sums is None:
        raise _no_month(found, f"{name} {kind}", months(db))
    at = {**found.asked.values, "month": name, "class": kind}
    cursor = db.execute(_ROWS, at)
    names = [column[0] for column in cursor.description]
    rows = [dict(zip(names, row, strict=True)) for row in cursor]
    for row in rows:
        row["reason"] = row.pop("because")
    shown = rows[: at["size"]]
    more = len(rows) > len(shown)
    return {
        "month": name,
        **sums,
        "reconciled_at": result and result["reconciled_at"],
        "reconciled": shown,
        "next": shown[-1]["seq"] if more else None,
    }


def _month(found: Found) -> str:
    try:
        return read_month(found.vars["month"])
    except Wrong as wrong:
        raise _no_month(found, found.vars["month"], [], str(wrong)) from None


def _no_month(found: Found, name: str, names: list[str], why: str = "") -> Failure:
    links = {month(names[0]): found.links.money(names[0])} if names else {}
    return Failure(
        404,
        _("Nothing of that month"),
        why or _("No delivery and no kept reconciliation of {name} is in this file.", name=name),
        _("choose a month that has some"),
        links,
    )


def show_none(found: Found, data: dict[str, Any]) -> dict[str, Any]:
    """A file without any delivery."""
    return {"title": _("Money"), "crumbs": [(_("Overview"), found.links.home()), (_("Money"), "")]}


def show(found: Found, data: dict[str, Any]) -> dict[str, Any]:
    """The charts, and where links lead."""
    name, links = data["month"], found.links
    result = data["reconciliation"]
    return {
        "title": _("Money: {month}", month=month(name)),
        "crumbs": [
            (_("Overview"), links.home()),
            (_("Money"), links.money()),
            (name, ""),
        ],
        "month_url": links.page("/money").partition("?")[0],
        "class_url": lambda kind: links.money(name, kind.replace(" ", "-")),
        "class_name": class_name,
        "meaning_of": class_meaning,
        "source_names": source_names(),
        "state_names": state_names(),
        "channels": CHANNELS,
        "bridge": result and _bridge(result),
        "chart": yen_by_day("owed-by-day", data["by_day"]),
    }


def show_class(found: Found, data: dict[str, Any]) -> dict[str, Any]:
    """Names, and where the next page is."""
    links, name, kind = found.links, data["month"], data["class"]
    path = kind.replace(" ", "-")
    texts = {key: value for key, value in found.asked.texts.items() if key != "after"}
    return {
        "title": class_name(kind),
        "meaning": class_meaning(kind),
        "crumbs": [
            (_("Overview"), links.home()),
            (month(name), links.money(name)),
            (class_name(kind), ""),
        ],
        "is_wide": found.asked["cols"] == "all",
        "wide_url": links.money(name, path, **{**texts, "cols": "all"}),
        "main_url": links.money(name, path, **{**texts, "cols": "main"}),
        "next_url": data["next"] and links.money(name, path, **texts, after=data["next"]),
        "first_url": found.asked["after"] and links.money(name, path, **texts),
    }


def yen_by_day(name: str, days: list[dict[str, Any]]) -> Any:
    """The chart of what is owed by day of delivery, oldest first; None of no day."""
    if not days:
        return None
    columns = [
        Column(one["day"][8:], weekday_of(one["day"]), is_weekend(one["day"]), _positive(one))
        for one in reversed(days)
    ]
    text = "; ".join(f"{day(one['day'])}: {yen(one['owed_yen'])}" for one in reversed(days))
    return stacked(name, _("Yen owed by day of delivery"), text, columns, CHANNEL_COLOURS, yen)


def _positive(one: Mapping[str, Any]) -> dict[str, int]:
    # A day on which more was taken back than delivered has nothing to draw.
    return {channel: max(0, amount) for channel, amount in one["by_channel"].items()}


def _bridge(result: Mapping[str, Any]) -> Any:
    steps, at = [], 0
    for one in result["classes"]:
        if difference := one["difference_yen"]:
            label = class_name(one["class"])
            steps.append(Step(label, at, at + difference, yen(difference, signed=True)))
            at += difference
    if not steps:
        return None
    steps.append(Step(_("Difference"), 0, at, yen(at, signed=True), is_total=True))
    text = "; ".join(f"{step.label} {step.text}" for step in steps)
    return waterfall("bridge", _("From owed to metered"), text, steps, up="#a61b12", down="#16427a")


def class_name(kind: str) -> str:
    """A class of reconciled rows as one says it; one that this version does not know as it is."""
    names = {
        "unverifiable": _("Unverifiable"),
        "erased": _("Erased"),
        "orphan": _("Orphan"),
        "conflicting": _("Conflicting"),
        "charged but not delivered": _("Charged but not delivered"),
        "reversed": _("Reversed"),
        "duplicate": _("Duplicate"),
        "wrong amount": _("Wrong amount"),
        "delivered but not charged": _("Delivered but not charged"),
        "missing downstream": _("Missing downstream"),
        "late": _("Late"),
        "matched": _("Matched"),
    }
    return names.get(kind, kind)


def class_meaning(kind: str) -> str:
    """What it means; nothing of one that this version does not know."""
    return message_of(CLASSES[kind]) if kind in CLASSES else ""


def source_names() -> dict[str, str]:
    """What a month is reconciled with, as one says it."""
    return {
        "usage_events": "usage_events",
        "stripe": _("Stripe export"),
        "invoice": _("invoice"),
    }


def state_names() -> dict[str, str]:
    """What became of each of these."""
    return {
        "read": _("read"),
        "only sums": _("only sums"),
        "not given": _("not given"),
        "cannot be read": _("cannot be read"),
    }


_MONTH = PageParameter("month", read_month, lambda: _("Month (Japan)"), kind="month")


def _days_ms(found: Found) -> int:
    return _DAYS_MS


PAGES = (
    AuditPage("money_none", "/money", read_newest, show_none, (_MONTH,), "money"),
    AuditPage("money", "/money/(?P<month>[^/]+?)", read, show, (), "money", _days_ms),
    AuditPage(
        "money_class",
        "/money/(?P<month>[^/]+?)/(?P<kind>[^/]+?)",
        read_class,
        show_class,
        (COLS, after(), size(_SIZE)),
        "money",
    ),
)
