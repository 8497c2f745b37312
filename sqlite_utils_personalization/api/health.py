"""Whether nights are scored and what they leave behind holds, in a call that is cheap enough for every minute."""

import operator
import os
import sqlite3
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, TypedDict

from sqlite_utils import Database

from sqlite_utils_personalization import __version__
from sqlite_utils_personalization.api.opened import File, path_of, reading
from sqlite_utils_personalization.audit.verify.noted import noted, records
from sqlite_utils_personalization.audit.verify.quick import quick_checks
from sqlite_utils_personalization.clock import japan_day, parse_moment, right_now
from sqlite_utils_personalization.database import require_evidence
from sqlite_utils_personalization.errors import InvalidInput, short_repr
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.language import ngettext, pgettext
from sqlite_utils_personalization.schema.state import statuses

MOST_DAYS = 3660

_NIGHTS = """
SELECT r.run_id, r.as_of, r.served_at, r.started_at, p.finished_at, r.profiles,
    r.rejected, p.logged
FROM am_personalization_run r JOIN am_personalization_run_progress p USING (run_id) WHERE p.status = ?
"""
_LAST = f"{_NIGHTS} ORDER BY r.as_of DESC, r.run_id DESC LIMIT 1"
_OPEN = f"{_NIGHTS} ORDER BY r.run_id"


class HealthWarning(TypedDict):
    """What may need somebody: reason is no_night, old_night, open_run, integrity, findings or pending_migration."""

    reason: str
    sentence: str


class LastNight(TypedDict):
    """The finished night of the latest day: hours since served_at, seconds it took, days from as_of to today."""

    run_id: int
    as_of: str
    served_at: str
    started_at: str
    finished_at: str | None
    seconds: float | None
    profiles: int
    rejected: int
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
    """ok is that of integrity, and with max_days also that the last night is not older.

    verification is the last one that was noted and counts, None if there is none; its findings are a warning.
    """

    ok: bool
    warnings: list[HealthWarning]
    last_night: LastNight | None
    open_runs: list[OpenRun]
    integrity: Integrity
    verification: dict[str, Any] | None
    migrations: list[str]
    pending_migrations: list[str]
    package_version: str


def health(
    file: File, *, max_days: int | None = None, record: str | os.PathLike[str] | None = None
) -> Health:
    """The last night and its age, open runs, the quick checks, warnings and versions; read-only.

    It costs milliseconds, whatever the length of the log, whose rows only verify() reads. max_days is how many days
    old the last night may be, 0 to 3660: 1 for nights that are scored daily, since before tonight's the last is
    yesterday's. record is the file in which verify() noted verifications, beside those in the database. NoSchema if the
    file is not migrated; InvalidInput for another max_days.
    """
    days = checked_days(max_days)
    other = None if record is None else Path(path_of(record, "record"))
    with reading(file) as (conn, path):
        require_evidence(conn, path)
        return health_of(conn, days, other)


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


def health_of(
    conn: sqlite3.Connection, max_days: int | None = None, record: Path | None = None
) -> Health:
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
            "not_checked": _("the rows of the log and the decisions behind them"),
            "full_proof": "sqlite-utils personalization-verify",
        },
        "verification": _verification(conn, record),
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


def _verification(conn: sqlite3.Connection, record: Path | None) -> dict[str, Any] | None:
    found = next(map(noted, records(conn, record, 1)), None)
    found = found and {name: _plain(value) for name, value in found.items()}
    if found and not isinstance(found["findings"], int):
        # What is no number is not none.
        found["findings"] = 1
    return found


def _nights(conn: sqlite3.Connection, sql: str, state: str) -> Iterator[dict[str, Any]]:
    cursor = conn.execute(sql, (state,))
    names = [column[0] for column in cursor.description]
    return (dict(zip(names, map(_plain, row), strict=True)) for row in cursor.fetchall())


def _plain(value: object) -> object:
    """The value as JSON has it: a tampered row may hold anything."""
    return value if isinstance(value, int | str | None) else short_repr(value)


def _last_night(night: dict[str, Any]) -> LastNight:
    return {
        "run_id": night["run_id"],
        "as_of": night["as_of"],
        "served_at": night["served_at"],
        "started_at": night["started_at"],
        "finished_at": night["finished_at"],
        "seconds": _seconds_between(night["started_at"], night["finished_at"]),
        "profiles": night["profiles"],
        "rejected": night["rejected"],
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
    seconds = seconds_since(moment)
    return None if seconds is None else round(seconds / 3600, 1)


def seconds_since(moment: object) -> float | None:
    """Seconds from a moment as it is stored to now; None of what is none, since a tampered row may hold anything."""
    at = unix_time(moment)
    return None if at is None else right_now().timestamp() - at


def unix_time(moment: object) -> float | None:
    """A moment as it is stored in seconds since 1970; None of what is none."""
    try:
        return parse_moment(str(moment)).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None


def _seconds_between(start: object, end: object) -> float | None:
    began, ended = unix_time(start), unix_time(end)
    return None if began is None or ended is None else round(ended - began, 3)


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
        yield "no_night", _("no night was scored to its end yet")
    elif too_old:
        yield "old_night", _old_night(last)
    for run in found["open_runs"]:
        yield "open_run", _(
            "run {run_id} of {as_of} is not finished: open since {started_at}",
            run_id=run["run_id"],
            as_of=run["as_of"],
            started_at=run["started_at"],
        )
    for check in found["integrity"]["checks"]:
        if not check["ok"] and check["name"] != "open":
            # What a check says of faults is in the language of all findings.
            yield "integrity", pgettext(
                "fault", "{name}: {sentence}", name=check["name"], sentence=check["sentence"]
            )
    known = found["verification"]
    if known and known["findings"]:
        yield "findings", ngettext(
            "the last verification, at {verified_at}, has {n} finding",
            "the last verification, at {verified_at}, has {n} findings",
            known["findings"],
            verified_at=known["verified_at"],
        )
    for name in found["pending_migrations"]:
        yield "pending_migration", _("{name} is not applied, or not whole", name=name)


def _old_night(last: LastNight) -> str:
    if last["days"] is None:
        return _("the last night is that of {as_of}, which is no day", as_of=last["as_of"])
    return ngettext(
        "the last night is that of {as_of}, {n} day ago",
        "the last night is that of {as_of}, {n} days ago",
        last["days"],
        as_of=last["as_of"],
    )
