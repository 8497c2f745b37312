"""What a run row says of its inputs and of its outcome, derived from the plan alone.

The night writes it; verification plans the night once more from stored rows and compares. Read-only throughout.
"""

import sqlite3
from collections.abc import Callable, Iterable
from functools import cache
from hashlib import sha256
from typing import Any, NamedTuple

from sqlite_utils_personalization.canonical import canonical_json
from sqlite_utils_personalization.formula.formula import splice
from sqlite_utils_personalization.model.kinds import TYPES
from sqlite_utils_personalization.scoring.freeze import NOTHING_NEW, WHY_NOTHING
from sqlite_utils_personalization.scoring.measures import KEY, count, measures
from sqlite_utils_personalization.scoring.repeats import held_against, night_before, repeats
from sqlite_utils_personalization.scoring.slices import (
    GivenPlaces,
    planned,
    planned_again,
    slices,
)

# Whoever is spared nothing gets the first places of each type.
_SCORED = """
SELECT c.recommendation_type, sum(l.customers) FROM plan_decision d
JOIN plan_list l USING (list_no) JOIN plan_candidate c USING (candidate_no)
WHERE d.place = 1 AND l.customers > 0 GROUP BY 1
"""
_OWN = """
FROM plan_own o CROSS JOIN plan_decision d
    ON d.list_no = o.list_no AND d.seq BETWEEN o.first_seq AND o.first_seq + o.n - 1
CROSS JOIN plan_candidate c ON c.candidate_no = d.candidate_no
"""
_OWN_SCORED = f"SELECT c.recommendation_type, count(DISTINCT o.profile_id) {_OWN} GROUP BY 1"
_OWN_ROWS = f"SELECT c.recommendation_type, d.score, count(*) {_OWN} GROUP BY 1, 2"


# Why customers who could be scored get nothing.
_NOBODY = f"""
SELECT {WHY_NOTHING} AS reason, count(*) FROM plan_customer u
WHERE u.reason IS NULL AND profile_id NOT IN (SELECT profile_id FROM plan_map) GROUP BY 1
"""

_OPEN = splice("{is_open}")
_NOT_OPEN = "CASE WHEN c.opens_on > r.as_of THEN 'not yet open' WHEN c.closes_on < r.as_of THEN 'closed' END"


class Places(NamedTuple):
    """Per type the customers with some rows; per type and score the log rows."""

    scored: Iterable[tuple[str, int]]
    rows: Iterable[tuple[str, int, int]]

    def with_own(self, db: sqlite3.Connection) -> "Places":
        """With those of customers who are spared something."""
        return Places(
            [*self.scored, *db.execute(_OWN_SCORED)], [*self.rows, *db.execute(_OWN_ROWS)]
        )


def inputs(db: sqlite3.Connection, salt: str) -> dict[str, str | int]:
    """Number and salted digest of the customers, and digest of the candidates."""
    profiles, rejected = db.execute("SELECT count(*), count(reason) FROM plan_customer").fetchone()
    return {
        "profiles": profiles,
        "rejected": rejected,
        "customers_sha256": _customers_sha256(db, salt),
        "candidates_sha256": _candidates_sha256(db),
    }


def planned_outcome(db: sqlite3.Connection) -> dict[str, str]:
    """The outcome of a night that is planned, counted once in its map, beside the night before it."""
    (as_of,) = db.execute("SELECT as_of FROM plan_run").fetchone()
    given = planned(db)
    shown = slices(db, given)
    counted = count(db, as_of, shown)
    scored = [*db.execute(_SCORED), *db.execute(_OWN_SCORED)]
    places = Places(scored, counted.by_score())
    return outcome(
        db,
        places,
        lambda: measures(db, shown, counted) | _nobody(db),
        lambda: repeats(db, given, night_before(db, as_of)),
    )


def is_outdated(db: sqlite3.Connection) -> bool:
    """Whether a night was finished since that the one that is planned is to be held against; read-only."""
    as_of, counts_json = db.execute("SELECT as_of, counts_json FROM plan_run").fetchone()
    return held_against(counts_json) != night_before(db, as_of)


def outcome_again(db: sqlite3.Connection, places: Places) -> dict[str, str]:
    """The outcome of a night that was planned again from what it stored, with the places that were decided again.

    It is held against the run that it says it was held against.
    """
    as_of, counts_json = db.execute("SELECT as_of, counts_json FROM plan_run").fetchone()

    @cache
    def given() -> GivenPlaces:
        return planned_again(db)

    def measured() -> dict[str, Any]:
        shown = slices(db, given())
        return measures(db, shown, count(db, as_of, shown)) | _nobody(db)

    def repeated() -> dict[str, int | None]:
        return repeats(db, given(), held_against(counts_json))

    return outcome(db, places.with_own(db), measured, repeated)


def outcome(
    db: sqlite3.Connection,
    places: Places,
    measured: Callable[[], dict[str, Any]],
    repeated: Callable[[], dict[str, int | None]],
) -> dict[str, str]:
    """Counts per type and measures, and per type and rule what was left out of the catalogue, as canonical JSON.

    Runs of before were not held against the night before, took no measures, wrote down no scores, or counted as
    candidates what was closed or not yet open: as what a run wrote down, so it is derived, and measured and repeated
    are not asked in vain.
    """
    stored = db.execute("SELECT counts_json FROM plan_run").fetchone()[0]
    counts = _counts(db, places, _OPEN)
    of_before = _counts(db, places, "1")
    without = {kind: _without_scores(found) for kind, found in of_before.items()}
    is_of_open = stored == canonical_json(counts)
    is_of_before = not is_of_open and stored in map(canonical_json, (of_before, without))
    is_known = is_of_open or is_of_before
    return {
        "counts_json": stored if is_known else _measured(stored, counts, measured(), repeated),
        "left_out_json": canonical_json(_left_out(db, is_of_before)),
    }


def _measured(
    stored: object,
    counts: dict[str, dict[str, Any]],
    found: dict[str, Any],
    repeated: Callable[[], dict[str, int | None]],
) -> str:
    alone = canonical_json({**counts, KEY: found})
    return alone if stored == alone else canonical_json({**counts, KEY: found | repeated()})


def _nobody(db: sqlite3.Connection) -> dict[str, int]:
    """How many customers of the plan get nothing, because nothing fits or all of it was handed over before."""
    found = dict(db.execute(_NOBODY).fetchall())
    return {"nothing_fits": found.get(None, 0), "nothing_new": found.get(NOTHING_NEW, 0)}


def _customers_sha256(db: sqlite3.Connection, salt: str) -> str:
    """The sha256 of the run's salt, then one line per profile, in order of profile_id.

    A line is a JSON array of the profile_id and the declared vector, or of the profile_id and why it was rejected.
    """
    digest = sha256(f"{salt}\n".encode())
    for profile_id, vector, reason in db.execute(
        "SELECT profile_id, vector, reason FROM plan_customer LEFT JOIN plan_cohort USING (cohort_no)"
        " ORDER BY profile_id"
    ):
        digest.update(f"[{profile_id},{(vector or canonical_json([reason]))[1:]}\n".encode())
    return digest.hexdigest()


def _candidates_sha256(db: sqlite3.Connection) -> str:
    """The sha256 of the candidates' own digests in ascending order, one per line."""
    digest = sha256()
    for (line,) in db.execute("SELECT candidate_sha256 FROM plan_candidate ORDER BY 1"):
        digest.update(f"{line}\n".encode())
    return digest.hexdigest()


def _counts(db: sqlite3.Connection, places: Places, condition: str) -> dict[str, dict[str, Any]]:
    """Per type: candidates, customers with some rows (scored) and with none (zero), rows, and rows by score."""
    counts: dict[str, dict[str, Any]] = {
        kind: {"candidates": 0, "scored": 0, "rows": 0, "scores": {}} for kind in TYPES
    }
    for kind, candidates in db.execute(
        "SELECT recommendation_type, count(*) FROM plan_candidate c, plan_run r"
        f" WHERE left_out IS NULL AND {condition} GROUP BY 1"
    ):
        counts[kind]["candidates"] = candidates
    for kind, scored in places.scored:
        counts[kind]["scored"] += scored
    for kind, points, rows in places.rows:
        counts[kind]["rows"] += rows
        scores = counts[kind]["scores"]
        scores[str(points)] = scores.get(str(points), 0) + rows
    valid = db.execute("SELECT count(*) FROM plan_customer WHERE reason IS NULL").fetchone()[0]
    return {kind: {**found, "zero": valid - found["scored"]} for kind, found in counts.items()}


def _without_scores(counts: dict[str, Any]) -> dict[str, Any]:
    return {name: found for name, found in counts.items() if name != "scores"}


def _left_out(db: sqlite3.Connection, is_of_before: bool) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {}
    rule_of = "left_out" if is_of_before else f"coalesce(left_out, {_NOT_OPEN})"
    for kind, rule, n in db.execute(
        f"SELECT recommendation_type, {rule_of} AS rule, count(*) FROM plan_candidate c, plan_run r"
        " WHERE rule IS NOT NULL GROUP BY 1, 2"
    ):
        counts.setdefault(kind, {})[rule] = n
    return counts
