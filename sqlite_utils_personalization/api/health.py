"""Whether nights are scored and what they leave behind holds, in a call that is cheap enough for every minute."""

import operator
import sqlite3
from collections.abc import Iterator
from datetime import date
from typing import Any, TypedDict

from sqlite_utils import Database

from sqlite_utils_personalization import __version__
from sqlite_utils_personalization.api.opened import File, reading
from sqlite_utils_personalization.audit.verify.quick import quick_checks
from sqlite_utils_personalization.clock import japan_day, parse_moment, right_now
from sqlite_utils_personalization.database import require_evidence
from sqlite_utils_personalization.errors import InvalidInput
from sqlite_utils_personalization.schema.state import statuses

MOST_DAYS = 3660

_NIGHTS = """
SELECT r.run_id, r.as_of, r.served_at, r.started_at, p.finished_at, r.profiles, p.logged
FROM am_personalization_run r JOIN am_personalization_run_progress p USING (run_id) WHERE p.status = ?
"""
_LAST = f"{_NIGHTS} ORDER BY r.as_of DESC, r.run_id DESC LIMIT 1"
_OPEN = f"{_NIGHTS} ORDER BY r.run_id"


class HealthWarning(TypedDict):
    """What may need somebody: reason is no_night, old_night, open_run, integrity or pending_migration."""

    reason: str
    sentence: str


class LastNight(TypedDict):
    """The finished night of the latest day: hours since served_at, and days from as_of to today in Japan."""

    run_id: int
    as_of: str
    served_at: str
    finished_at: str | None
    profiles: int
    logged: int
    hours: float | None
    days: int | None


class OpenRun(TypedDict):
    """A night under way, or interrupted: hours since started_at."""

    run_id: int
    as_of: str
    started_at: str
    profiles: int
    logged: int
    hours: float | None


class QuickCheck(TypedDict):
    """One quick check: what it looked at in a sentence, or its faults, each a sentence."""

    name: str
    ok: bool
    sentence: str
    faults: list[str]


class Integrity(TypedDict):
    """The quick checks, of which open, a night that is not finished, is no fault; and what they do not look at."""

    ok: bool
    checks: list[QuickCheck]
    not_checked: str
    full_proof: str


class Health(TypedDict):
    """ok is that of integrity, and with max_days also that the last night is not older."""

    ok: bool
    warnings: list[HealthWarning]
    last_night: LastNight | None
    open_runs: list[OpenRun]
    integrity: Integrity
    migrations: list[str]
    pending_migrations: list[str]
    package_version: str


def health(file: File, *, max_days: int | None = None) -> Health:
    """The last night and its age, open runs, the quick checks, warnings and versions; read-only.

    It costs milliseconds, whatever the length of the log, whose rows only verify() reads. max_days is how many days
    old the last night may be, 0 to 3660: 1 for nights that are scored daily, since before tonight's the last is
    yesterday's. NoSchema if the file is not migrated; InvalidInput for another max_days.
    """
    days = checked_days(max_days)
    with reading(file) as (conn, path):
        require_evidence(conn, path)
        return health_of(conn, days)


def checked_days(max_days: object) -> int | None:
    """max_days as an integer, or None. InvalidInput if it is none from 0 to MOST_DAYS."""
    if max_days is None:
        return None
    try:
        days = -1 if isinstance(max_days, bool) else operator.index(max_days)  # type: ignore[arg-type]
    except TypeError:
        days = -1
    if 0 <= days <= MOST_DAYS:
        return days
    raise InvalidInput("max_days is no number of days", f"give 0 to {MOST_DAYS}")


def health_of(conn: sqlite3.Connection, max_days: int | None = None) -> Health:
    """The same of a connection whose rows are tuples, to a file with our schema; read-only."""
    checks: list[QuickCheck] = [
        {"name": name, "ok": ok, "sentence": sentence, "faults": faults}
        for name, ok, sentence, faults in quick_checks(conn)
    ]
    # A night may be under way.
    is_intact = all(check["ok"] for check in checks if check["name"] != "open")
    migrations = statuses(Database(conn, execute_plugins=False, recursive_triggers=False))
    found: Health = {
        "ok": is_intact,
        "warnings": [],
        "last_night": next(map(_last_night, _nights(conn, _LAST, "finished")), None),
        "open_runs": list(map(_open_run, _nights(conn, _OPEN, "running"))),
        "integrity": {
            "ok": is_intact,
            "checks": checks,
            "not_checked": "the rows of the log and the decisions behind them",
            "full_proof": "sqlite-utils personalization-verify",
        },
        "migrations": [one.name for one in migrations if not one.is_pending],
        "pending_migrations": [one.name for one in migrations if one.is_pending],
        "package_version": __version__,
    }
    too_old = max_days is not None and _is_older(found["last_night"], max_days)
    found["ok"] = is_intact and not too_old
    found["warnings"] = [
        {"reason": reason, "sentence": sentence} for reason, sentence in _warnings(found, too_old)
    ]
    return found


def _nights(conn: sqlite3.Connection, sql: str, state: str) -> Iterator[dict[str, Any]]:
    cursor = conn.execute(sql, (state,))
    names = [column[0] for column in cursor.description]
    return (dict(zip(names, row, strict=True)) for row in cursor.fetchall())


def _last_night(night: dict[str, Any]) -> LastNight:
    return {
        "run_id": night["run_id"],
        "as_of": night["as_of"],
        "served_at": night["served_at"],
        "finished_at": night["finished_at"],
        "profiles": night["profiles"],
        "logged": night["logged"],
        "hours": _hours_since(night["served_at"]),
        "days": _days_since(night["as_of"]),
    }


def _open_run(night: dict[str, Any]) -> OpenRun:
    return {
        "run_id": night["run_id"],
        "as_of": night["as_of"],
        "started_at": night["started_at"],
        "profiles": night["profiles"],
        "logged": night["logged"],
        "hours": _hours_since(night["started_at"]),
    }


def _hours_since(moment: object) -> float | None:
    # A tampered row may hold anything.
    try:
        return round((right_now() - parse_moment(str(moment))).total_seconds() / 3600, 1)
    except (TypeError, ValueError, OverflowError):
        return None


def _days_since(as_of: object) -> int | None:
    try:
        return (date.fromisoformat(japan_day()) - date.fromisoformat(str(as_of))).days
    except ValueError:
        return None


def _is_older(last: LastNight | None, max_days: int) -> bool:
    return last is None or last["days"] is None or last["days"] > max_days


def _warnings(found: Health, too_old: bool) -> Iterator[tuple[str, str]]:
    last = found["last_night"]
    if last is None:
        yield "no_night", "no night was scored to its end yet"
    elif too_old:
        age = "on a day that is none" if last["days"] is None else f"{last['days']} days ago"
        yield "old_night", f"the last night is that of {last['as_of']}, {age}"
    for run in found["open_runs"]:
        since = f"open since {run['started_at']}"
        yield "open_run", f"run {run['run_id']} of {run['as_of']} is not finished: {since}"
    for check in found["integrity"]["checks"]:
        if not check["ok"] and check["name"] != "open":
            yield "integrity", f"{check['name']}: {check['sentence']}"
    for name in found["pending_migrations"]:
        yield "pending_migration", f"{name} is not applied, or not whole"
