"""The nights of a report: of each day the run that counts, what it kept, and of earlier versions what it logged."""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from sqlite_utils_personalization.audit.report.drift import Bins, binned
from sqlite_utils_personalization.model.kinds import TYPES
from sqlite_utils_personalization.scoring.freeze import NOTHING_NEW
from sqlite_utils_personalization.scoring.measures import KEY, count, measures
from sqlite_utils_personalization.scoring.repeats import (
    REPEATED,
    given_before,
    repeated_rows,
)
from sqlite_utils_personalization.scoring.slices import logged, slices

# Of a day that was scored several times the latest run that was finished.
_NIGHTS = """
SELECT r.run_id, r.as_of, r.profiles, r.rejected, r.counts_json, r.left_out_json, s.first_rec_id, s.last_rec_id
FROM am_personalization_run r JOIN am_personalization_seal s USING (run_id)
WHERE r.as_of <= :last AND r.run_id <= :newest AND NOT EXISTS (
    SELECT 1 FROM am_personalization_run o JOIN am_personalization_seal USING (run_id)
    WHERE o.as_of = r.as_of AND o.run_id > r.run_id AND o.run_id <= :newest
) ORDER BY r.as_of DESC LIMIT :most
"""
_NEWEST = 2**63 - 1
_LAST_DAY = "9999-12-31"
_NOBODY = """
SELECT reason, count(*) FROM am_personalization_unserved
WHERE run_id = ? AND cohort_id IS NOT NULL GROUP BY reason
"""


@dataclass(frozen=True)
class PastNight:
    """A finished run as it is stored: per type candidates, and rows per score or None where it wrote down none.

    measures is None of a run of before, until they are taken of what it logged.
    """

    run_id: int
    as_of: str
    profiles: int
    rejected: int
    candidates: Mapping[str, int]
    scores: Mapping[str, Mapping[int, int]] | None
    left_out: Mapping[str, Mapping[str, int]]
    measures: Mapping[str, int | None] | None
    is_kept: bool
    bounds: tuple[int, int]

    @cached_property
    def bins(self) -> dict[str, Bins]:
        """Rows per bin of scores, of each type."""
        return {kind: binned((self.scores or {}).get(kind, {})) for kind in TYPES}


def nights(
    db: sqlite3.Connection, last: str | None = None, most: int = 1, newest: int | None = None
) -> list[PastNight]:
    """The finished nights up to a day, newest first, one a day; read-only. Up to newest, if it is given, by run_id."""
    at = {"last": last or _LAST_DAY, "most": most, "newest": newest or _NEWEST}
    return [_night(*row) for row in db.execute(_NIGHTS, at).fetchall()]


def _night(
    run_id: int,
    as_of: str,
    profiles: object,
    rejected: object,
    counts_json: object,
    left_out_json: object,
    first: object,
    last: object,
) -> PastNight:
    # A row that somebody changed may hold anything: verification says so, and here it is what is not known.
    counts, left_out = _object(counts_json), _object(left_out_json)
    of_types = {kind: _object(counts.get(kind)) for kind in TYPES}
    is_scored = any("scores" in found for found in of_types.values())
    scores = {kind: _scores(of_types[kind].get("scores")) for kind in TYPES}
    kept = _object(counts.get(KEY))
    return PastNight(
        run_id,
        str(as_of),
        whole(profiles) or 0,
        whole(rejected) or 0,
        {kind: whole(of_types[kind].get("candidates")) or 0 for kind in TYPES},
        scores if is_scored else None,
        {kind: _rules(left_out.get(kind)) for kind in TYPES},
        {name: whole(found) for name, found in kept.items()} if kept else None,
        bool(kept),
        (whole(first) or 1, whole(last) or 0),
    )


def measured(db: sqlite3.Connection, night: PastNight) -> PastNight:
    """The night with its measures: as it kept them, or as what it logged has them; writes temporary tables only."""
    if night.measures is not None:
        return night
    shown = slices(db, logged(db, night.run_id, *night.bounds))
    found = measures(db, shown, count(db, night.as_of, shown))
    nobody = dict(db.execute(_NOBODY, (night.run_id,)).fetchall())
    nothing = {"nothing_fits": nobody.get(None, 0), "nothing_new": nobody.get(NOTHING_NEW, 0)}
    return replace(night, measures={**found, **nothing})


def with_repeats(db: sqlite3.Connection, night: PastNight, before: PastNight) -> PastNight:
    """The night held against another in what both logged, if it kept no such count; writes temporary tables only."""
    kept = night.measures or {}
    if REPEATED in kept:
        return night
    now = logged(db, night.run_id, *night.bounds)
    then = given_before(db, before.run_id, *before.bounds)
    return replace(night, measures={**kept, REPEATED: repeated_rows(db, now, then)})


def _object(value: object) -> dict[str, Any]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return {}
    return value if isinstance(value, dict) else {}


def whole(value: object) -> int | None:
    """A stored number of things, None if it is none."""
    return value if type(value) is int and 0 <= value <= 2**63 - 1 else None


def _scores(stored: object) -> dict[int, int]:
    wanted = {str(score): score for score in range(1, 101)}
    return {
        wanted[score]: n
        for score, rows in _object(stored).items()
        if score in wanted and (n := whole(rows))
    }


def _rules(stored: object) -> dict[str, int]:
    return {rule: n for rule, items in _object(stored).items() if (n := whole(items))}
