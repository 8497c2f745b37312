"""Whether the day that a night is asked for can be meant."""

import sqlite3
from datetime import date, timedelta

from sqlite_utils_personalization.clock import japan_day, right_now
from sqlite_utils_personalization.database import has_table
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.language import gettext as _

_YEAR = timedelta(days=366)


def look_at_clock(db: sqlite3.Connection, as_of: str, any_date: bool) -> str | None:
    """What to warn of if a later night was scored; PersonalizationError if as_of cannot be meant, unless any_date."""
    tomorrow = japan_day(right_now() + timedelta(days=1))
    last = _last_night(db, tomorrow)
    fault = None
    if as_of > tomorrow:
        fault = _("{day} is later than tomorrow in Japan, {tomorrow}", day=as_of, tomorrow=tomorrow)
    elif last and abs(date.fromisoformat(as_of) - date.fromisoformat(last)) > _YEAR:
        fault = _(
            "{day} is more than a year away from the last night, {last}", day=as_of, last=last
        )
    if fault and not any_date:
        raise PersonalizationError(fault, _("check --as-of and the clock, or pass --any-date"))
    if last and as_of < last:
        return _(
            "{day} is earlier than {last}, which was scored before: customers are served the later one",
            day=as_of,
            last=last,
        )
    return None


def _last_night(db: sqlite3.Connection, until: str) -> str | None:
    # A night that the clock was wrong for must not make every later one look wrong.
    if not has_table(db, "am_personalization_run"):
        return None
    sql = "SELECT max(as_of) FROM am_personalization_run WHERE as_of <= ?"
    last: str | None = db.execute(sql, (until,)).fetchone()[0]
    return last
