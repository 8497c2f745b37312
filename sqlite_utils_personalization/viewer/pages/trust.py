"""How far the file can be trusted: its last full verification that still counts, what it found and where, and what was
written since. Green is only what was checked; read-only.

A verification is noted in the file itself, or, of one that must not be written, in another that the settings name.
"""

import sqlite3
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlite_utils_personalization.audit.verify.codes import CODES
from sqlite_utils_personalization.audit.verify.noted import counting, noted, records_in
from sqlite_utils_personalization.audit.verify.quick import Check, quick_checks
from sqlite_utils_personalization.audit.verify.recorded import (
    MISSING,
    NO_FILE,
    UNREADABLE,
    RecordFile,
    findings_of,
    is_of_the_future,
    read_recorded,
)
from sqlite_utils_personalization.clock import parse_moment, right_now
from sqlite_utils_personalization.language import gettext as _

HOLDS, FAULT, UNVERIFIED, OPEN = "holds", "fault", "not verified", "open"
# The class of a box or tag for each.
CLASSES = {HOLDS: "ok", FAULT: "fault", UNVERIFIED: "warn", OPEN: "open"}
FILE_WARNING = "verification_file"
# The quick check whose faults take nothing but to finish a night.
OPEN_NIGHT = "open"
# A verification that is older says little of the file.
FRESH_DAYS = 35

_LOG_END = "SELECT coalesce(max(rec_id), 0) FROM am_personalization_recommendation_log"
_LAST_SEAL = "SELECT coalesce(max(seal_id), 0) FROM am_personalization_seal"


@dataclass(frozen=True)
class Trust:
    """What is known of the whole file.

    record is the last full verification that counts, as am_personalization_verification has it, with findings by code,
    and recorded_in: the name of the file that it stands in, None where that is the audited one; remark says what is
    wrong with that file, None if nothing is;
    rows_after and seals_after are what was written after it. checks are the quick checks of this moment.
    """

    state: str
    record: Mapping[str, Any] | None
    rows_after: int
    seals_after: int
    is_old: bool
    checks: tuple[Check, ...]
    found: tuple[Mapping[str, Any], ...] = field(default=())
    remark: str | None = None

    @property
    def css(self) -> str:
        return CLASSES[self.state]

    @property
    def warnings(self) -> list[dict[str, str]]:
        """For JSON: what is wrong with the file that verifications stand in."""
        remark = self.remark
        return [{"reason": FILE_WARNING, "sentence": remark}] if remark else []

    @property
    def is_whole(self) -> bool:
        """Whether the record speaks of every row that is there now."""
        return self.record is not None and not (self.rows_after or self.seals_after or self.is_old)

    def to_dict(self) -> dict[str, Any]:
        """For JSON, without the findings, of which each page has its own."""
        return {
            "state": self.state,
            "verification": self.record and noted(self.record),
            "rows_after": self.rows_after,
            "seals_after": self.seals_after,
            "is_old": self.is_old,
            "checks": [check._asdict() for check in self.checks],
        }

    def touching(
        self,
        *,
        run_ids: Collection[int] = (),
        rec_ids: Collection[int] = (),
        rows: Collection[tuple[str, int]] = (),
        tables: Collection[str] = (),
    ) -> list[Mapping[str, Any]]:
        """The findings that name one of these nights, rows of the log, rows of a table, or tables."""

        def touches(where: Mapping[str, Any]) -> bool:
            rowid = where.get("rowid")
            return (
                where.get("run_id") in run_ids
                or where.get("rec_id") in rec_ids
                or (isinstance(rowid, int) and (where.get("table"), rowid) in rows)
                or where.get("table") in tables
            )

        return [one for one in self.found if touches(one["where"])]

    def state_of(self, found: Collection[Mapping[str, Any]], *, is_covered: bool = True) -> str:
        """The state of a part of the file that these findings touch; is_covered tells whether the record reached it."""
        if found:
            return FAULT
        return HOLDS if self.record and is_covered and not self.is_old else UNVERIFIED


def trust(
    db: sqlite3.Connection, file: Path | None, checks: Collection[Check] | None = None
) -> Trust:
    """What is known of the file now; bounded whatever the length of the log.

    file is the one that verifications stand in, beside those that the audited one notes; checks the quick ones, if they
    were made.
    """
    looked = tuple(quick_checks(db) if checks is None else checks)
    recorded = read_recorded(file) if file else None
    record = next(iter(records_in(db, recorded, 1)), None)
    (log_end,), (last_seal,) = db.execute(_LOG_END).fetchone(), db.execute(_LAST_SEAL).fetchone()
    rows_after = log_end - record["log_end"] if record else log_end
    seals_after = last_seal - record["seal_id"] if record else last_seal
    is_old = record is not None and _days_since(record["verified_at"]) > FRESH_DAYS
    is_faulty = any(not check.ok and check.name != OPEN_NIGHT for check in looked)
    if is_faulty or (record and record["findings"]):
        state = FAULT
    elif record is None or rows_after or is_old:
        state = UNVERIFIED
    else:
        state = HOLDS
    remark = _remark(db, recorded) if recorded else None
    found = tuple(_findings(record))
    return Trust(state, record, rows_after, seals_after, is_old, looked, found, remark)


def _remark(db: sqlite3.Connection, recorded: RecordFile) -> str | None:
    """What is to be said of the file that the setting verification names; None where all is well."""
    name, lines = recorded.name, len(recorded.found) + recorded.broken
    if recorded.fault == MISSING:
        return _("The file of verifications, {file}, is not there.", file=name)
    if recorded.fault == NO_FILE:
        return _("The file of verifications, {file}, is no file to be read.", file=name)
    if recorded.fault == UNREADABLE:
        return _("The file of verifications, {file}, cannot be read.", file=name)
    if not lines:
        return _("In the file of verifications, {file}, there is none yet.", file=name)
    known = sum(1 for _one in counting(db, recorded))
    late = sum(map(is_of_the_future, recorded.found))
    # Lines of other databases may stand in the same file.
    if known and not recorded.broken and not late:
        return None
    return _(
        "Of the newest {lines} lines of {file}, {counting} count here: {broken} are no verification, {late} are dated"
        " in the future, and the others are of another file, or of more rows than this one has.",
        lines=lines,
        file=name,
        counting=known,
        broken=recorded.broken,
        late=late,
    )


def _findings(record: Mapping[str, Any] | None) -> Iterator[Mapping[str, Any]]:
    """Each finding that is kept: its code, the check that made it, how many of the code, a sentence, and where."""
    by_code = findings_of(record["findings_json"]) if record else {}
    for code, group in by_code.items():
        known = CODES.get(code)
        for one in group["first"]:
            check = known.kind if known else "check"
            yield {"code": code, "check": check, "count": group["count"], **one}


def _days_since(utc: str) -> float:
    try:
        return (right_now() - parse_moment(utc)).total_seconds() / 86_400
    except (ValueError, TypeError):
        return float("inf")


def night_state(known: Trust, run_id: int, seal_id: int | None) -> str:
    """The state of one night; open where no seal covers it."""
    if seal_id is None:
        return OPEN
    is_covered = bool(known.record and known.record["seal_id"] >= seal_id)
    return known.state_of(known.touching(run_ids={run_id}), is_covered=is_covered)
