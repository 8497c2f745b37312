"""What every customer of a night got beside what a shadow would have given them, as both are stored."""

import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

from sqlite_utils_personalization.audit.verify.restored import bounds, restore
from sqlite_utils_personalization.database import has_table
from sqlite_utils_personalization.errors import NoSchema, NotFound
from sqlite_utils_personalization.evidence.served import GONE
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.model.kinds import POINTS, listed
from sqlite_utils_personalization.scoring.shadow import SHADOWS
from sqlite_utils_personalization.transaction import transaction

_SHADOWS = f"""
SELECT shadow_id, run_id, as_of, r.model_sha256, h.model_sha256, h.top_k, list_count, row_count, h.model_json
FROM {SHADOWS} h JOIN am_personalization_run r USING (run_id)
"""
# Who was gone before all of it was logged counts in neither.
_NOBODY = """
DELETE FROM plan_customer WHERE profile_id IN (
    SELECT profile_id FROM am_personalization_unserved WHERE run_id = ? AND reason = ?
)
"""
_TABLES = (
    "CREATE TEMP TABLE plan_kept (position INTEGER PRIMARY KEY, profile_id INTEGER, list_id INTEGER,"
    " first_seq INTEGER, n INTEGER)",
    f"INSERT INTO plan_kept SELECT position, profile_id, shadow_list_id, first_seq, n FROM {SHADOWS}_served"
    " WHERE shadow_id = :shadow_id",
    "CREATE INDEX temp.plan_kept_list ON plan_kept(list_id) WHERE profile_id IS NULL",
    "CREATE INDEX temp.plan_kept_own ON plan_kept(profile_id) WHERE profile_id IS NOT NULL",
)
_LISTS = f"""
INSERT INTO plan_list
SELECT shadow_list_id, cohort_id, profile_id, 0, list_sha256 FROM {SHADOWS}_list WHERE shadow_id = :shadow_id
"""
_DECISIONS = f"""
INSERT INTO plan_decision(list_no, seq, place, candidate_no, {listed(POINTS)}, score)
SELECT d.shadow_list_id, d.seq, row_number() OVER (
    PARTITION BY d.shadow_list_id, c.recommendation_type ORDER BY d.seq
), d.candidate_id, {listed(POINTS, "d.")}, d.score
FROM {SHADOWS}_list t CROSS JOIN {SHADOWS}_decision d USING (shadow_list_id)
CROSS JOIN am_personalization_candidate c USING (candidate_id) WHERE t.shadow_id = :shadow_id
"""
_MAP = f"""
INSERT INTO plan_map(profile_id, list_no, first_seq, n)
SELECT profile_id, list_id, first_seq, n FROM (
    SELECT u.profile_id, v.list_id, v.first_seq, v.n, v.position FROM plan_customer u
    CROSS JOIN {SHADOWS}_list t ON t.shadow_id = :shadow_id AND t.cohort_id = u.cohort_no
        AND coalesce(t.profile_id, 0) IN (0, u.profile_id)
    CROSS JOIN plan_kept v ON v.list_id = t.shadow_list_id AND v.profile_id IS NULL
    WHERE NOT EXISTS (SELECT 1 FROM plan_kept o WHERE o.profile_id = u.profile_id)
    UNION ALL
    SELECT v.profile_id, v.list_id, v.first_seq, v.n, v.position FROM plan_kept v
    CROSS JOIN plan_customer u ON u.profile_id = v.profile_id
    WHERE v.profile_id IS NOT NULL AND v.list_id IS NOT NULL
) ORDER BY profile_id, position
"""
_BY_PROFILE = "CREATE INDEX temp.plan_map_of ON plan_map(profile_id)"
_RANGES = """(
    SELECT group_concat({list} || ' ' || first_seq || ' ' || n) FROM (
        SELECT * FROM {table} v WHERE v.profile_id = u.profile_id ORDER BY {order}
    )
)"""
_PAIRS = f"""
SELECT champion, shadow, count(*), min(profile_id) FROM (
    SELECT u.profile_id, {_RANGES.format(list="list_id", table="plan_served", order="first_rec_id")} AS champion,
        {_RANGES.format(list="list_no", table="plan_map", order="position")} AS shadow
    FROM plan_customer u WHERE u.reason IS NULL
) GROUP BY champion, shadow ORDER BY 3 DESC, 4
"""


class Shadow(NamedTuple):
    """A shadow, and the run it stands beside: the model of either, the shadow's lists and the rows they would be."""

    shadow_id: int
    run_id: int
    as_of: str
    champion_sha256: str
    model_sha256: str
    top_k: int
    lists: int
    rows: int
    model_json: str


class Part(NamedTuple):
    """n places of a list from first_seq on."""

    list_id: int
    first_seq: int
    n: int


class ListPair(NamedTuple):
    """What customers got, by numbers of am_personalization_list, and would have, of am_personalization_shadow_list."""

    champion: tuple[Part, ...]
    shadow: tuple[Part, ...]
    customers: int
    # one of them
    profile_id: int


def find_shadow(db: sqlite3.Connection, shadow_id: int | None = None) -> Shadow:
    """The shadow of this number, or the newest. NoSchema before 902; NotFound where there is none. Read-only."""
    if not has_table(db, SHADOWS):
        raise NoSchema(
            f"{SHADOWS} not found", "run: sqlite-utils personalization-migrate, which adds 902"
        )
    sql = f"{_SHADOWS} WHERE coalesce(shadow_id = ?, 1) ORDER BY shadow_id DESC LIMIT 1"
    row = db.execute(sql, (shadow_id,)).fetchone()
    if row is None:
        what = _("there is no shadow")
        if shadow_id is not None:
            what = _("there is no shadow {shadow_id}", shadow_id=shadow_id)
        raise NotFound(what, _("personalization-score --shadow decides one"))
    return Shadow(*row)


def restore_shadow(db: sqlite3.Connection, shadow_id: int) -> None:
    """Fill plan_served with who got what, plan_map with who would have; plan_list and plan_decision are the shadow's.

    Who was gone before the night ended counts in neither. Writes temporary tables only; errors as find_shadow.
    """
    run_id = find_shadow(db, shadow_id).run_id
    with transaction(db):
        restore(db, {"run_id": run_id, **bounds(db, run_id)})
        db.execute(_NOBODY, (run_id, GONE))
        fill_shadow(db, shadow_id)
        db.execute(_BY_PROFILE)


def fill_shadow(db: sqlite3.Connection, shadow_id: int) -> None:
    """Fill plan_list, plan_decision and plan_map of a restored run from what the shadow stored, deciding nothing.

    Writes temporary tables only.
    """
    for statement in (*_TABLES, _LISTS, _DECISIONS, _MAP):
        db.execute(statement, {"shadow_id": shadow_id})


def list_pairs(db: sqlite3.Connection, shadow_id: int) -> Iterator[ListPair]:
    """How many customers got what and would have got what, most first; those who can be scored, each once.

    Writes temporary tables only; errors as find_shadow.
    """
    restore_shadow(db, shadow_id)
    for champion, shadow, customers, profile_id in db.execute(_PAIRS):
        yield ListPair(_parts(champion), _parts(shadow), customers, profile_id)


def _parts(text: str | None) -> tuple[Part, ...]:
    return tuple(Part(*map(int, one.split())) for one in text.split(",")) if text else ()
