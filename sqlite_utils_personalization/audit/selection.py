"""Which log rows, runs and customers are asked about, and a sentence for each that is not there. Read-only."""

import json
import re
import sqlite3
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlite_utils_personalization.clock import parse_moment
from sqlite_utils_personalization.errors import InvalidInput, NotFound, NotIntact
from sqlite_utils_personalization.formula.formula import evidence_link
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.preferences.customer import find_customer

_MOMENT = re.compile(r"\d{4}(-\d\d(-\d\d([T ]\d\d(:\d\d(:\d\d([.]\d+)?)?)?)?)?)?Z?", re.ASCII)
# What completes the beginning of a time.
_FIRST = "0001-01-01T00:00:00"
_BOUNDS = """
SELECT coalesce(min(first_rec_id) - 1, 0), coalesce(max(first_rec_id + n - 1), 0)
FROM am_personalization_evidence JOIN am_personalization_list USING (list_id) WHERE run_id = ?
"""
_UNKNOWN = """
SELECT value FROM json_each(?)
WHERE NOT EXISTS (SELECT 1 FROM am_personalization_recommendation_log WHERE rec_id = value)
ORDER BY key LIMIT 1
"""
_EVIDENCE_OF = f"""
SELECT r.run_id FROM (SELECT ? AS rec_id) l {evidence_link()} WHERE r.run_id IS NOT NULL
"""


@dataclass(frozen=True)
class Selection:
    """Log rows that meet every condition given; without any, the whole log.

    since and until are UTC times as served_at has them, or the beginning of one, such as 2026-07-22; until takes
    in the whole of the day or hour it names. A run has the rows its evidence covers; customer is as find_customer()
    takes it.
    """

    rec_ids: Collection[int] | None = None
    customer: str | int | None = None
    run_id: int | None = None
    since: str | None = None
    until: str | None = None


def conditions(db: sqlite3.Connection, chosen: Selection) -> tuple[str, dict[str, Any]]:
    """SQL over l (log) and t (list), and its parameters; start is the rec_id to begin after.

    NotFound names what does not exist, InvalidInput what is no time, NotIntact a row that is gone from the log.
    """
    terms: list[str] = []
    at: dict[str, Any] = {"start": -(2**63)}
    if chosen.rec_ids is not None:
        at["rec_ids"] = json.dumps(list(chosen.rec_ids))
        _require_rows(db, at["rec_ids"])
        terms.append("l.rec_id IN (SELECT value FROM json_each(:rec_ids))")
    if chosen.customer is not None:
        at["profile_id"] = find_customer(db, chosen.customer)
        terms.append("l.profile_id = :profile_id")
    if chosen.run_id is not None:
        at["run_id"] = existing_run(db, chosen.run_id)
        at["start"], at["last"] = db.execute(_BOUNDS, (chosen.run_id,)).fetchone()
        terms.append("t.run_id = :run_id AND l.rec_id <= :last")
    for name, relation, moment in (("since", ">=", chosen.since), ("until", "<=", chosen.until)):
        if moment is not None:
            at[name] = _prefix(name, moment) + ("~" if name == "until" else "")
            # No index for it: in order of rec_id the log is read once, whatever the size of a batch.
            terms.append(f"+l.served_at {relation} :{name}")
    return " AND ".join(terms) or "1", at


def existing_run(db: sqlite3.Connection, number: int | None = None) -> int:
    """This run, or the latest. NotFound if there is none."""
    (last,) = db.execute("SELECT max(run_id) FROM am_personalization_run").fetchone()
    number = last if number is None else number
    sql = "SELECT run_id FROM am_personalization_run WHERE run_id = ?"
    row = db.execute(sql, (number,)).fetchone()
    if row is None:
        if last is None:
            raise NotFound(_("nothing was scored yet"), _("run personalization-score"))
        raise NotFound(
            _("there is no run {run_id}", run_id=number), _("the last is run {run_id}", run_id=last)
        )
    found: int = row[0]
    return found


def _require_rows(db: sqlite3.Connection, rec_ids: str) -> None:
    row = db.execute(_UNKNOWN, (rec_ids,)).fetchone()
    if row is None:
        return
    evidence = db.execute(_EVIDENCE_OF, row).fetchone()
    if evidence is None:
        raise NotFound(
            _("there is no recommendation {rec_id} in the log", rec_id=row[0]), _("check rec_id")
        )
    raise NotIntact(
        f"recommendation {row[0]} is missing from the log, where run {evidence[0]} has evidence "
        "for it",
        "run personalization-verify",
    )


def _prefix(name: str, moment: str) -> str:
    text = moment.removesuffix("Z")
    try:
        is_moment = _MOMENT.fullmatch(moment) and parse_moment(f"{text}{_FIRST[len(text) :]}")
    except ValueError:
        is_moment = None
    if not is_moment:
        raise InvalidInput(
            _("{name} {value} is no UTC time", name=name, value=repr(moment)),
            _("write it like {example} or {other}", example="2026-07-22", other="2026-07-22T18:00"),
        )
    return text.replace(" ", "T")
