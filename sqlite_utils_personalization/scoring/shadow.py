"""The night decided under a second model, beside its own: what it would have recommended to whom, and nothing done.

Candidates and customers are what the night read. Night and verification use the same statements on the same temporary
tables, as for what is recommended.
"""

import sqlite3
from collections.abc import Iterable
from hashlib import sha256
from typing import Any, TypedDict

from sqlite_utils_personalization import __version__
from sqlite_utils_personalization.canonical import canonical_json
from sqlite_utils_personalization.clock import utc_now
from sqlite_utils_personalization.database import has_table
from sqlite_utils_personalization.language import N_
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.model.kinds import POINTS, TYPES, listed
from sqlite_utils_personalization.model.model import Model
from sqlite_utils_personalization.scoring.decide import decide
from sqlite_utils_personalization.scoring.freeze import digest_lists
from sqlite_utils_personalization.scoring.plan import decide_anew
from sqlite_utils_personalization.scoring.serve import create_tables as create_map
from sqlite_utils_personalization.scoring.serve import offer, spare
from sqlite_utils_personalization.scoring.summary import Reporter
from sqlite_utils_personalization.scoring.wanted import Night

SHADOWS = "am_personalization_shadow"
TABLES = (SHADOWS, f"{SHADOWS}_list", f"{SHADOWS}_decision", f"{SHADOWS}_served")
LISTS_FORMAT, SERVED_FORMAT = "personalization-shadow-lists/1", "personalization-shadow-served/1"
# What of a model decides; by the rest of it the night reads its catalogue and its customers.
_DECIDES = (
    "weights",
    "caps",
    "urgent_days",
    "lead_days",
    "date_points",
    "rank_band",
    "depth",
    "repeat_days",
)
# Who is spared something has rows of their own, if only one that says nothing.
_TABLE = """
CREATE TEMP TABLE plan_offered (
    position INTEGER PRIMARY KEY, profile_id INTEGER, list_no INTEGER, list_sha256 TEXT, first_seq INTEGER, n INTEGER
)
"""
_OFFERED = """
INSERT INTO plan_offered
SELECT row_number() OVER (
    ORDER BY profile_id IS NOT NULL, profile_id, owner IS NOT NULL, list_sha256, at
) AS position, profile_id, list_no, list_sha256, first_seq, n FROM (
    SELECT NULL AS profile_id, l.profile_id AS owner, l.list_no, l.list_sha256, g.first_seq, g.n, g.first_seq AS at
    FROM plan_range g JOIN plan_list l USING (list_no) WHERE l.customers > 0
    UNION ALL
    SELECT s.profile_id, l.profile_id, o.list_no, l.list_sha256, o.first_seq, coalesce(o.n, 0), o.island
    FROM plan_spared s LEFT JOIN plan_own o USING (profile_id) LEFT JOIN plan_list l USING (list_no)
)
"""
_COUNTS = """
SELECT kind, sum(scored), sum(rows) FROM (
    SELECT c.recommendation_type AS kind, l.customers * (d.place = 1) AS scored, l.customers AS rows
    FROM plan_decision d JOIN plan_list l USING (list_no) JOIN plan_candidate c USING (candidate_no)
    WHERE l.customers > 0 AND d.place <= (SELECT top_k FROM plan_run)
    UNION ALL
    SELECT kind, 1, sum(n) FROM (
        SELECT o.profile_id, c.recommendation_type AS kind, count(*) AS n FROM plan_own o
        CROSS JOIN plan_decision d ON d.list_no = o.list_no AND d.seq BETWEEN o.first_seq AND o.first_seq + o.n - 1
        CROSS JOIN plan_candidate c ON c.candidate_no = d.candidate_no GROUP BY 1, 2
    ) GROUP BY profile_id, kind
) GROUP BY kind
"""
_COLUMNS = """model_json, model_sha256, top_k, package_version, started_at, finished_at, list_count, row_count,
counts_json, lists_sha256, served_sha256"""
_SHADOW = f"""
CREATE TEMP TABLE plan_shadow ({_COLUMNS})
"""
# The plan is used once more, for the night itself.
_KEEP = (
    "CREATE TEMP TABLE plan_shadow_list AS SELECT list_no, cohort_no, profile_id, list_sha256 FROM plan_list",
    "CREATE TEMP TABLE plan_shadow_decision AS"
    f" SELECT list_no, seq, candidate_no, {listed(POINTS)}, score FROM plan_decision",
    "CREATE TEMP TABLE plan_shadow_served AS SELECT * FROM plan_offered",
)
_FREEZE = f"INSERT INTO {SHADOWS}(run_id, {_COLUMNS}) SELECT ?, {_COLUMNS} FROM plan_shadow"
_FREEZE_REST = (
    f"""
INSERT INTO {SHADOWS}_list
SELECT :lists + list_no, :shadow_id, cohort_id, profile_id, list_sha256
FROM plan_shadow_list JOIN plan_cohort USING (cohort_no) ORDER BY list_no
""",
    f"""
INSERT INTO {SHADOWS}_decision
SELECT :lists + list_no, seq, candidate_id, {listed(POINTS)}, score
FROM plan_shadow_decision JOIN plan_candidate USING (candidate_no) ORDER BY list_no, seq
""",
    f"""
INSERT INTO {SHADOWS}_served
SELECT :shadow_id, position, profile_id, :lists + list_no, first_seq, n FROM plan_shadow_served ORDER BY position
""",
)


class ShadowSummary(TypedDict):
    """What was decided beside a night under another model: its lists, and the rows that it would have logged.

    shadow_id is None of what is only planned.
    """

    shadow_id: int | None
    model_sha256: str
    lists: int
    rows: int


def plan_shadow(db: sqlite3.Connection, shadow: Model, night: Night, reporter: Reporter) -> None:
    """Decide the plan under the shadow's model and set that aside, the plan then being as if only read until now."""
    started_at = utc_now()
    if keys := not_asked(shadow, night.model):
        what = N_(
            "the shadow is decided out of what the night read, by its own model: {keys} of the other are not asked"
        )
        reporter.warn(_(what, keys=", ".join(keys)))
    _change_model(db, shadow)
    decide_shadow(db, night.top_k)
    (salt,) = db.execute("SELECT salt FROM plan_run").fetchone()
    given = (shadow.json, shadow.sha256, night.top_k, __version__, started_at, utc_now())
    row = (*given, *outcome(db, salt).values())
    db.execute(_SHADOW)
    db.execute(f"INSERT INTO plan_shadow VALUES ({', '.join('?' * len(row))})", row)
    for statement in _KEEP:
        db.execute(statement)
    decide_anew(db)
    create_map(db)
    _change_model(db, night.model)


def not_asked(shadow: Model, model: Model) -> list[str]:
    """The constants in which the two differ, and which a shadow is not decided by: the night reads by its own."""
    mine, its = shadow.constants, model.constants
    keys = sorted({*mine, *its}.difference(_DECIDES))
    return [key for key in keys if mine.get(key) != its.get(key)]


def _change_model(db: sqlite3.Connection, model: Model) -> None:
    db.execute("UPDATE plan_run SET model_json = ?, model_sha256 = ?", (model.json, model.sha256))


def decide_shadow(db: sqlite3.Connection, top_k: int) -> None:
    """Fill plan_list, plan_decision and plan_offered under the model of plan_run; writes temporary tables only."""
    spare(db)
    decide(db, top_k)
    digest_lists(db)
    offer(db, top_k)
    db.execute(_TABLE)
    db.execute(_OFFERED)


def outcome(db: sqlite3.Connection, salt: str) -> dict[str, Any]:
    """What the row of a shadow says of what decide_shadow left, under the names of its columns; read-only."""
    counts = {kind: {"scored": 0, "rows": 0} for kind in TYPES}
    for kind, scored, rows in db.execute(_COUNTS):
        counts[kind] = {"scored": scored, "rows": rows}
    lists = [digest for (digest,) in db.execute("SELECT list_sha256 FROM plan_list")]
    served = "SELECT profile_id, list_sha256, first_seq, n FROM plan_offered ORDER BY position"
    return {
        "list_count": len(lists),
        "row_count": sum(one["rows"] for one in counts.values()),
        "counts_json": canonical_json(counts),
        "lists_sha256": lists_sha256(lists),
        "served_sha256": served_sha256(salt, db.execute(served)),
    }


def lists_sha256(digests: Iterable[str]) -> str:
    """The sha256 of the form's name, then of the lists' own digests in ascending order, one per line."""
    return _sha256([LISTS_FORMAT], sorted(digests))


def served_sha256(salt: str, rows: Iterable[tuple[int | None, str | None, int | None, int]]) -> str:
    """The sha256 of the form's name, the run's salt, then a line per row of who would get what, in their order.

    A line is a JSON array of the profile_id, the digest of the list, the first of its places and how many; without a
    profile_id it is of everyone who has no line of their own, without a list that one would get nothing.
    """
    return _sha256([SERVED_FORMAT, salt], (canonical_json(list(row)) for row in rows))


def _sha256(head: list[str], lines: Iterable[str]) -> str:
    digest = sha256("".join(f"{line}\n" for line in head).encode())
    for line in lines:
        digest.update(f"{line}\n".encode())
    return digest.hexdigest()


def freeze_shadow(db: sqlite3.Connection, run_id: int) -> None:
    """Write what was set aside beside the run it was planned with, inside the caller's transaction."""
    shadow_id = db.execute(_FREEZE, (run_id,)).lastrowid
    last = f"SELECT coalesce(max(shadow_list_id), 0) FROM {SHADOWS}_list"
    at = {"shadow_id": shadow_id, "lists": db.execute(last).fetchone()[0]}
    for statement in _FREEZE_REST:
        db.execute(statement, at)


def shadow_summary(db: sqlite3.Connection, run_id: int | None) -> ShadowSummary | None:
    """The shadow of a run, or with run_id None that of the plan; None if there is none. Read-only."""
    table = "plan_shadow" if run_id is None else SHADOWS
    if run_id is not None and not has_table(db, SHADOWS):
        return None
    number = "NULL" if run_id is None else "shadow_id"
    row = db.execute(
        f"SELECT {number}, model_sha256, list_count, row_count FROM {table}"
        f"{'' if run_id is None else ' WHERE run_id = :run_id'}",
        {"run_id": run_id},
    ).fetchone()
    if row is None:
        return None
    shadow_id, model_sha256, lists, rows = row
    return {"shadow_id": shadow_id, "model_sha256": model_sha256, "lists": lists, "rows": rows}


def shadow_of_night(
    db: sqlite3.Connection, shadow: Model, run_id: int | None, reporter: Reporter
) -> dict[str, ShadowSummary | None]:
    """What to say of a night that was asked for with a shadow; reporter is told where it has none, or another."""
    found = shadow_summary(db, run_id)
    if found is None or found["model_sha256"] != shadow.sha256:
        what = N_(
            "run {run_id} was begun without this shadow, and is left as it is (--again scores the night once more)"
        )
        reporter.warn(_(what, run_id=run_id))
    return {"shadow": found}
