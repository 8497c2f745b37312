"""What is so much less than on the night before that somebody should look before customers do."""

import sqlite3
from collections.abc import Iterator

from sqlite_utils_personalization.database import has_table
from sqlite_utils_personalization.formula.formula import splice
from sqlite_utils_personalization.formula.sentences import kinds
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.model.kinds import TYPES

# Of a hundred customers, how many may be rejected; of a hundred programs, how many may vanish at once. One of several
# tables of programs that is gone takes more.
_REJECTED, _VANISHED = 1, 10
_LAST = """
SELECT run_id, as_of, profiles FROM am_personalization_run
WHERE as_of <= (SELECT as_of FROM plan_run) ORDER BY as_of DESC, run_id DESC LIMIT 1
"""
# What could be recommended, and how much was listed at all; what stands for a type that nothing lists is neither.
_COUNTS = splice("""
SELECT c.recommendation_type, sum(c.left_out IS NULL AND {is_open}), count(*)
FROM {candidates} AND c.item_id <> '*' GROUP BY 1
""".replace("{candidates}", "%s"))
_PLANNED = _COUNTS % "plan_candidate c, plan_run r WHERE 1"
_STORED = _COUNTS % (
    "am_personalization_run r CROSS JOIN am_personalization_run_candidate n ON n.run_id = r.run_id"
    " CROSS JOIN am_personalization_candidate c ON c.candidate_id = n.candidate_id WHERE r.run_id = ?"
)
_PROGRAMS = """
SELECT count(*), coalesce(sum(c.item_id NOT IN (
    SELECT item_id FROM plan_candidate WHERE recommendation_type = 'program'
)), 0)
FROM am_personalization_run_candidate n CROSS JOIN am_personalization_candidate c USING (candidate_id)
WHERE n.run_id = ? AND c.recommendation_type = 'program' AND c.item_id <> '*'
"""


def collapses(db: sqlite3.Connection, listed: set[str]) -> Iterator[str]:
    """A sentence for each; listed are the types that have a table. Read-only, of the plan and the night before it."""
    profiles, rejected = db.execute("SELECT profiles, rejected FROM plan_run").fetchone()
    if rejected * 100 > profiles * _REJECTED:
        yield _(
            "{rejected} of {profiles} customers are rejected, more than {most} %",
            rejected=rejected,
            profiles=profiles,
            most=_REJECTED,
        )
    last = None
    if has_table(db, "am_personalization_run"):
        last = db.execute(_LAST).fetchone()
    if last is None:
        return
    run_id, as_of, before = last
    if profiles * 2 <= before and before:
        yield _(
            "{profiles} customers, where there were {before} on {day}",
            profiles=profiles,
            before=before,
            day=as_of,
        )
    programs, gone = db.execute(_PROGRAMS, (run_id,)).fetchone()
    if "program" in listed and gone * 100 > programs * _VANISHED:
        yield _(
            "{gone} of {programs} programs that were listed on {day} are gone, more than {most} %",
            gone=gone,
            programs=programs,
            day=as_of,
            most=_VANISHED,
        )
    now = {kind: (n, total) for kind, n, total in db.execute(_PLANNED)}
    then = {kind: (n, total) for kind, n, total in db.execute(_STORED, (run_id,))}
    for kind in TYPES:
        (n, _listed), (was, listed_then) = now.get(kind, (0, 0)), then.get(kind, (0, 0))
        if listed_then and kind not in listed:
            yield _(
                "no table of {kinds} any more, of which {before} were listed on {day}",
                kinds=kinds(kind),
                before=listed_then,
                day=as_of,
            )
        if n * 2 < was:
            yield _(
                "{n} {kinds} can be recommended, where {before} could on {day}",
                n=n,
                kinds=kinds(kind),
                before=was,
                day=as_of,
            )
