"""Whose list differs between two nights, in pages that each read their own customers alone; read-only."""

import json
import sqlite3
from collections import defaultdict
from typing import Any, NamedTuple

from sqlite_utils_personalization.formula.formula import splice

COLUMNS = (
    "profile_id",
    "served_before",
    "served_after",
    "list_changed",
    "scores_changed",
    "declared_anew",
    "reason",
)
# One of these makes a row.
_CHANGES = ("list_changed", "scores_changed", "declared_anew")
# Whoever is gone has rows and no profile, and who was never served has a profile and no rows.
_WHO = """
WITH RECURSIVE who(profile_id) AS (
    SELECT :after
    UNION ALL
    SELECT min(
        coalesce(
            (SELECT min(l.profile_id) FROM am_personalization_recommendation_log l WHERE l.profile_id > w.profile_id),
            9223372036854775807
        ),
        coalesce(
            (SELECT min(p.profile_id) FROM am_personalization_profile p WHERE p.profile_id > w.profile_id),
            9223372036854775807
        )
    ) FROM who w WHERE w.profile_id < 9223372036854775807 LIMIT :size + 2
)
SELECT profile_id FROM who WHERE profile_id > :after AND profile_id < 9223372036854775807
"""
_SERVED = splice("""
SELECT l.profile_id, d.candidate_id, d.score, t.cohort_id
FROM json_each(:who) w
CROSS JOIN am_personalization_run b ON b.run_id = :run_id
CROSS JOIN am_personalization_recommendation_log l ON l.profile_id = w.value AND l.served_at = b.served_at
{evidence_link}
WHERE t.run_id = :run_id ORDER BY w.value, l.rec_id
""")
_UNSERVED = """
SELECT u.profile_id, u.cohort_id, u.reason FROM json_each(:who) w
CROSS JOIN am_personalization_unserved u ON u.run_id = :run_id AND u.profile_id = w.value
"""


class _Night(NamedTuple):
    """What the customers of a page got on one night, as candidate_id and score in order, and what they had declared."""

    lists: dict[int, list[tuple[int, int]]]
    cohorts: dict[int, int | None]
    reasons: dict[int, str | None]


def changed_customers(
    db: sqlite3.Connection, run_ids: tuple[int, int], start: int, size: int
) -> tuple[list[dict[str, Any]], int | None]:
    """Of the size customers after profile_id start those for whom something differs, and the last one looked at, None
    at the end. Values are 0 or 1, reason why the later night has nothing for one, null where none was noted.
    """
    who = [one for (one,) in db.execute(_WHO, {"after": start, "size": size})]
    more = who[size - 1] if len(who) > size else None
    shown = json.dumps(who[:size])
    before, after = (_night(db, run_id, shown) for run_id in run_ids)
    rows = [_row(one, before, after) for one in who[:size]]
    return [row for row in rows if any(row[name] for name in _CHANGES)], more


def _night(db: sqlite3.Connection, run_id: int, who: str) -> _Night:
    night = _Night(defaultdict(list), {}, {})
    at = {"run_id": run_id, "who": who}
    for profile_id, candidate_id, score, cohort_id in db.execute(_SERVED, at):
        night.lists[profile_id].append((candidate_id, score))
        night.cohorts[profile_id] = cohort_id
    for profile_id, cohort_id, reason in db.execute(_UNSERVED, at):
        night.cohorts.setdefault(profile_id, cohort_id)
        night.reasons[profile_id] = reason
    return night


def _row(who: int, before: _Night, after: _Night) -> dict[str, Any]:
    old, new = before.lists.get(who, []), after.lists.get(who, [])
    is_known = who in before.cohorts and who in after.cohorts
    flags = {
        "served_before": bool(old),
        "served_after": bool(new),
        "list_changed": [one[0] for one in old] != [one[0] for one in new],
        "scores_changed": old != new,
        "declared_anew": is_known and before.cohorts[who] != after.cohorts[who],
    }
    named = {name: int(flag) for name, flag in flags.items()}
    return {"profile_id": who, **named, "reason": None if new else after.reasons.get(who)}
