"""Is every shadow what its model makes of what its night stored, and does it stand there since that night?

It is decided once more, by the code that decides a night, and the result is held against what is stored.
"""

import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

from sqlite_utils_personalization.audit.verify import Finding, guarded
from sqlite_utils_personalization.audit.verify.events import sealed_segments
from sqlite_utils_personalization.audit.verify.restored import bounds, restore
from sqlite_utils_personalization.canonical import sha256_hex
from sqlite_utils_personalization.database import has_table
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.model.kinds import POINTS
from sqlite_utils_personalization.scoring.plan import count_customers
from sqlite_utils_personalization.scoring.shadow import SHADOWS, decide_shadow, outcome
from sqlite_utils_personalization.transaction import transaction

_LISTS, _DECISIONS, _SERVED = f"{SHADOWS}_list", f"{SHADOWS}_decision", f"{SHADOWS}_served"
_SHADOWS = f"""
SELECT shadow_id, run_id, model_json, model_sha256 FROM {SHADOWS}
WHERE run_id IN (SELECT run_id FROM am_personalization_run) ORDER BY shadow_id
"""
_SEALS = f"""
SELECT h.shadow_id, h.run_id, s.seal_id FROM {SHADOWS} h JOIN am_personalization_seal s USING (run_id) ORDER BY 1
"""
_BY_KEY = "CREATE INDEX temp.plan_list_key ON plan_list(cohort_no, profile_id)"
# Where the index that keeps a list's key unique was dropped there may be two; the second follows from nothing.
_TABLE = """
CREATE TEMP TABLE plan_beside (shadow_list_id INTEGER, list_no INTEGER, stored_sha256 TEXT, list_sha256 TEXT)
"""
_BESIDE = f"""
INSERT INTO plan_beside
SELECT t.shadow_list_id, l.list_no, t.list_sha256 AS stored_sha256, l.list_sha256
FROM (
    SELECT min(shadow_list_id) AS shadow_list_id, cohort_id, profile_id, list_sha256 FROM {_LISTS}
    WHERE shadow_id = ? GROUP BY cohort_id, coalesce(profile_id, 0)
) t JOIN plan_list l ON l.cohort_no = t.cohort_id AND l.profile_id IS t.profile_id
"""
_INDEXES = (
    "CREATE INDEX temp.plan_beside_stored ON plan_beside(shadow_list_id)",
    "CREATE INDEX temp.plan_beside_list ON plan_beside(list_no)",
)
_MISSING = """
SELECT cohort_no, profile_id FROM plan_list WHERE list_no NOT IN (SELECT list_no FROM plan_beside)
"""
_ADDED = f"""
SELECT shadow_list_id FROM {_LISTS}
WHERE shadow_id = ? AND shadow_list_id NOT IN (SELECT shadow_list_id FROM plan_beside)
"""
_WRONG = f"""
SELECT b.shadow_list_id, d.seq, c.item_id FROM plan_beside b CROSS JOIN plan_decision d ON d.list_no = b.list_no
JOIN plan_candidate c ON c.candidate_no = d.candidate_no
LEFT JOIN {_DECISIONS} s ON s.shadow_list_id = b.shadow_list_id AND s.seq = d.seq
WHERE s.candidate_id IS NOT d.candidate_no
    OR {" OR ".join(f"s.{name} IS NOT d.{name}" for name in (*POINTS, "score"))}
ORDER BY 1, 2
"""
_TOO_MANY = f"""
SELECT s.shadow_list_id, s.seq FROM plan_beside b CROSS JOIN {_DECISIONS} s ON s.shadow_list_id = b.shadow_list_id
WHERE NOT EXISTS (SELECT 1 FROM plan_decision d WHERE d.list_no = b.list_no AND d.seq = s.seq) ORDER BY 1, 2
"""
_OTHER_DIGEST = "SELECT shadow_list_id FROM plan_beside WHERE stored_sha256 IS NOT list_sha256"
_STORED = f"""
CREATE TEMP TABLE plan_stored AS
SELECT v.position, v.profile_id, coalesce(b.list_no, v.shadow_list_id) AS list_no, v.first_seq, v.n
FROM {_SERVED} v LEFT JOIN plan_beside b ON b.shadow_list_id = v.shadow_list_id WHERE v.shadow_id = ?
"""
_BY_POSITION = "CREATE INDEX temp.plan_stored_position ON plan_stored(position)"
_DIFFERS = """
SELECT position FROM {one} a LEFT JOIN {other} b USING (position)
WHERE b.position IS NULL OR a.profile_id IS NOT b.profile_id OR a.list_no IS NOT b.list_no
    OR a.first_seq IS NOT b.first_seq OR a.n IS NOT b.n
"""
_OTHERS = f"""
{_DIFFERS.format(one="plan_stored", other="plan_offered")} UNION
{_DIFFERS.format(one="plan_offered", other="plan_stored")} ORDER BY 1
"""


def check_shadows(
    db: sqlite3.Connection, tick: Callable[[int], None] = lambda n: None
) -> Iterator[Finding]:
    """Decide every shadow again and compare, a tick for every list; writes temporary tables only."""
    if not has_table(db, SHADOWS):
        return
    yield from guarded("shadow", _added(db), None, SHADOWS)
    for shadow_id, run_id, model_json, model_sha256 in db.execute(_SHADOWS).fetchall():
        if not isinstance(model_json, str) or sha256_hex(model_json) != model_sha256:
            what = f"the model of shadow {shadow_id} has changed"
            yield Finding("model-changed", what, run_id, None, SHADOWS, shadow_id)
            continue
        changed = {"model_json": model_json, "model_sha256": model_sha256}
        yield from guarded("shadow", _shadow(db, shadow_id, run_id, changed, tick), run_id, SHADOWS)


def _added(db: sqlite3.Connection) -> Iterator[Finding]:
    """Those that no seal before that of their run covers; as long as the run is open, none need to."""
    covers = [one for one in sealed_segments(db) if one.table == SHADOWS]
    for shadow_id, run_id, seal_id in db.execute(_SEALS).fetchall():
        if not any(one.after < shadow_id <= one.end and one.seal_id < seal_id for one in covers):
            what = f"shadow {shadow_id} was not there when run {run_id} was sealed"
            yield Finding("shadow-added", what, run_id, None, SHADOWS, shadow_id)


def _shadow(
    db: sqlite3.Connection,
    shadow_id: int,
    run_id: int,
    changed: dict[str, str | int],
    tick: Callable[[int], None],
) -> Iterator[Finding]:
    try:
        top_k, salt = _decide(db, run_id, changed)
    except PersonalizationError as error:
        yield Finding("shadow-wrong", str(error), run_id, None, SHADOWS, shadow_id)
        return
    db.execute(_TABLE)
    db.execute(_BESIDE, (shadow_id,))
    for statement in _INDEXES:
        db.execute(statement)
    derived = outcome(db, salt)
    tick(derived["list_count"])
    yield from _lists(db, shadow_id, run_id)
    db.execute(_STORED, (shadow_id,))
    db.execute(_BY_POSITION)
    for (position,) in db.execute(_OTHERS):
        what = f"row {position} of who would have got what in shadow {shadow_id} does not follow from run {run_id}"
        yield Finding("shadow-wrong", what, run_id, None, _SERVED, [shadow_id, position])
    yield from _row(db, shadow_id, run_id, {"top_k": top_k, **derived})


def _decide(db: sqlite3.Connection, run_id: int, changed: dict[str, str | int]) -> tuple[int, str]:
    """Decide the run under another model, for as many places and with the same salt, which are returned."""
    with transaction(db):
        restore(db, {"run_id": run_id, **bounds(db, run_id)}, changed)
        count_customers(db)
        top_k, salt = db.execute("SELECT top_k, salt FROM plan_run").fetchone()
        decide_shadow(db, top_k)
        db.execute(_BY_KEY)
    return top_k, salt


def _lists(db: sqlite3.Connection, shadow_id: int, run_id: int) -> Iterator[Finding]:
    def wrong(what: str, list_id: int | None = None) -> Finding:
        return Finding("shadow-wrong", what, run_id, None, _LISTS, list_id)

    for cohort_id, owner in db.execute(_MISSING):
        whose = f"cohort {cohort_id}" if owner is None else f"the saved searches of profile {owner}"
        yield wrong(f"the list of {whose} is missing in shadow {shadow_id}")
    for (number,) in db.execute(_ADDED, (shadow_id,)):
        yield wrong(
            f"list {number} of shadow {shadow_id} does not follow from run {run_id}", number
        )
    for number, seq, item_id in db.execute(_WRONG):
        place = f"place {seq} of list {number} of shadow {shadow_id}"
        yield wrong(f"{place} should be {item_id}, with the points of its model", number)
    for number, seq in db.execute(_TOO_MANY):
        place = f"place {seq} of list {number} of shadow {shadow_id}"
        yield wrong(f"{place} does not follow from run {run_id}", number)
    for (number,) in db.execute(_OTHER_DIGEST):
        what = f"list {number} of shadow {shadow_id} is not the one its digest was taken of"
        yield wrong(what, number)


def _row(
    db: sqlite3.Connection, shadow_id: int, run_id: int, derived: dict[str, Any]
) -> Iterator[Finding]:
    sql = f"SELECT {', '.join(derived)} FROM {SHADOWS} WHERE shadow_id = ?"
    stored = db.execute(sql, (shadow_id,)).fetchone()
    for (column, value), found in zip(derived.items(), stored, strict=True):
        if value != found or type(value) is not type(found):
            what = f"{column} of shadow {shadow_id} does not follow from run {run_id}"
            yield Finding("shadow-wrong", what, run_id, None, SHADOWS, shadow_id)
