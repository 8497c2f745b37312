"""The page of all nights, newest first: counts, the change on the night before, the seal, and whether it holds."""

import sqlite3
from typing import Any

from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.model.kinds import TYPES
from sqlite_utils_personalization.viewer.pages.audit_page import AuditPage, Found, fields
from sqlite_utils_personalization.viewer.pages.counts import nights
from sqlite_utils_personalization.viewer.pages.like_before import drawn, newest_report
from sqlite_utils_personalization.viewer.pages.parameters import SINCE, UNTIL, after, size
from sqlite_utils_personalization.viewer.pages.trust import night_state, trust

_SIZE = 50
# One more than are shown, for the change on the night before; a night scored again has a number of its own.
_WHERE = """
WHERE r.run_id < coalesce(:after, 9007199254740993)
    AND r.as_of >= coalesce(:since, '') AND r.as_of <= coalesce(:until, '~')
ORDER BY r.run_id DESC LIMIT :size + 1
"""
_TOTAL = """
SELECT count(*) FROM am_personalization_run
WHERE as_of >= coalesce(:since, '') AND as_of <= coalesce(:until, '~')
"""


def read(db: sqlite3.Connection, found: Found) -> dict[str, Any]:
    """total; nights newest first, each with logged_change on the one before and trust; next is null at the end.

    report is that of the newest finished one of them.
    """
    at, known = dict(found.asked.values), trust(db, found.record_file)
    (total,) = db.execute(_TOTAL, at).fetchone()
    rows = nights(db, _WHERE, at)
    shown = rows[: at["size"]]
    for night, before in zip(shown, [*rows[1:], None], strict=False):
        logged = before["logged"] if before else None
        same = isinstance(logged, int) and isinstance(night["logged"], int)
        night["logged_change"] = night["logged"] - logged if same else None
        night["trust"] = night_state(known, night["run_id"], night["seal_id"])
    more = len(rows) > at["size"]
    return {
        "total": total,
        "nights": shown,
        "report": newest_report(db, shown),
        "next": shown[-1]["run_id"] if more else None,
    }


def show(found: Found, data: dict[str, Any]) -> dict[str, Any]:
    """Crumbs, the form, and where the next page is."""
    texts = {name: value for name, value in found.asked.texts.items() if name != "after"}
    return {
        "title": _("Nights"),
        "like": drawn(data["report"]),
        "types": TYPES,
        "crumbs": [(_("Overview"), found.links.home()), (_("Nights"), "")],
        "form": [one for one in fields(PAGE.parameters, found.asked) if one["name"] != "after"],
        "here_url": found.request.path,
        "csv_url": found.links.question(
            "nights", ".csv", since=found.asked["since"], until=found.asked["until"]
        ),
        "next_url": data["next"] and found.links.nights(**texts, after=data["next"]),
        "first_url": found.asked["after"] and found.links.nights(**texts),
    }


PAGE = AuditPage("nights", "/nights", read, show, (SINCE, UNTIL, after(), size(_SIZE)), "nights")
