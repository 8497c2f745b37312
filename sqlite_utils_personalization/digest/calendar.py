"""The deadlines of a digest as iCalendar (RFC 5545), written by the library icalendar."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from hashlib import sha256
from importlib.util import find_spec
from typing import Any

from sqlite_utils_personalization.clock import parse_moment
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.language import gettext as _


def require_icalendar() -> None:
    """PersonalizationError if the library is not installed."""
    if find_spec("icalendar") is None:
        raise PersonalizationError(
            "iCalendar files need the library icalendar",
            "run: pip install 'sqlite-utils-personalization[calendar]'",
        )


def calendar(document: Mapping[str, Any], served_at: str) -> bytes | None:
    """A whole-day event for each item that closes; None where none does.

    The same item has the same UID in each digest, so that a calendar moves the event when its deadline moves.
    """
    from icalendar import Calendar, Event

    found = Calendar()
    found.add("prodid", "-//sqlite-utils-personalization//digest//EN")
    found.add("version", "2.0")
    stamp = parse_moment(served_at).replace(microsecond=0)
    # A program may be new and have changed as well.
    items = {item["program_id"]: item for item in (*document["changes"], *document["programs"])}
    for item in items.values():
        if item["closes_on"]:
            found.add_component(_event(Event(), item, stamp))
    return found.to_ical() if found.subcomponents else None


def _event(event: Any, item: Mapping[str, Any], stamp: datetime) -> Any:
    day = date.fromisoformat(item["closes_on"])
    event.add("uid", sha256(f"program\n{item['program_id']}".encode()).hexdigest())
    event.add("dtstamp", stamp)
    event.add("dtstart", day)
    event.add("dtend", day + timedelta(1))
    event.add("summary", _("Closes: {title}", title=item["title"]))
    event.add("transp", "TRANSPARENT")
    if item["url"]:
        event.add("url", item["url"])
    return event
