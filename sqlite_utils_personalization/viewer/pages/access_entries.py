"""Who looked: the entries of the access log, where one is kept, for whom may see them."""

import sqlite3
from typing import Any

from datasette import Forbidden

from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.viewer.access.log import access_log
from sqlite_utils_personalization.viewer.failure import Failure
from sqlite_utils_personalization.viewer.pages.audit_page import AuditPage, Found, fields
from sqlite_utils_personalization.viewer.pages.parameters import PageParameter, after, day

_SIZE = 100


def read(db: sqlite3.Connection, found: Found) -> dict[str, Any]:
    """entries, newest first; how many there are, the root over them, and what is wrong with the log, if anything."""
    log = access_log(found.datasette)
    if log is None:
        raise Failure(
            404,
            _("No access log is kept"),
            _("The setting access_log of the plugin names no file."),
            _("set it to keep who looked at whom"),
        )
    if not log.may_see(found.request.actor):
        raise Forbidden("access_log")
    before = found.asked["after"] or 2**53
    rows = log.entries(found.asked["day"], before, _SIZE + 1)
    total, root = log.head()
    return {
        "total": total,
        "root": root,
        "fault": log.fault(),
        "entries": rows[:_SIZE],
        "next": rows[_SIZE - 1]["access_id"] if len(rows) > _SIZE else None,
    }


def show(found: Found, data: dict[str, Any]) -> dict[str, Any]:
    """The form, and where the next page is."""
    texts = {name: value for name, value in found.asked.texts.items() if name != "after"}
    return {
        "title": _("Who looked"),
        "crumbs": [(_("Overview"), found.links.home()), (_("Who looked"), "")],
        "form": [one for one in fields(PAGE.parameters, found.asked) if one["name"] == "day"],
        "here_url": found.request.path,
        "next_url": data["next"] and found.links.page("/access", **texts, after=data["next"]),
        "first_url": found.asked["after"] and found.links.page("/access", **texts),
    }


_DAY = PageParameter("day", day, lambda: _("Day"), kind="date")
PAGE = AuditPage("accesses", "/access", read, show, (_DAY, after()), rows="entries")
