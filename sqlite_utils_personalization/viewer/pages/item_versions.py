"""The versions of an item that nights have seen, and the changes of a program that were items themselves; read-only."""

import sqlite3
from collections.abc import Mapping
from typing import Any

from sqlite_utils_personalization.audit.replay_result import why
from sqlite_utils_personalization.catalogue.candidate import UNDATED
from sqlite_utils_personalization.viewer.pages.named_rows import named_rows

_VERSIONS = 6
_AMENDMENTS = 50
_COLUMNS = """c.candidate_id, c.recommendation_type, c.item_id, c.title, c.industries, c.prefectures, c.opens_on,
    c.closes_on, c.risk_level, c.rolling, c.why, c.profile_id, c.family, c.family_name, c.left_out AS rule"""
_NEWEST = f"""
SELECT {_COLUMNS} FROM am_personalization_candidate c
WHERE c.recommendation_type = :type AND c.item_id = :item_id ORDER BY c.candidate_id DESC LIMIT :most
"""
_NIGHTS = """
SELECT count(*) AS night_count, min(r.as_of) AS first_as_of, max(r.as_of) AS last_as_of
FROM am_personalization_run r CROSS JOIN am_personalization_run_candidate x
    ON x.run_id = r.run_id AND x.candidate_id = :candidate_id
"""
# Of rows that share type and id, the one that was not left out counts.
_OF_NIGHT = f"""
SELECT {_COLUMNS} FROM am_personalization_candidate c
CROSS JOIN am_personalization_run_candidate x ON x.run_id = :run_id AND x.candidate_id = c.candidate_id
WHERE c.recommendation_type = :type AND c.item_id = :item_id
ORDER BY c.left_out IS NOT NULL, c.candidate_id DESC LIMIT 1
"""
_CHANGES = """
SELECT c.recommendation_type, c.item_id, c.title
FROM am_personalization_candidate c
CROSS JOIN am_personalization_run_candidate x ON x.run_id = :run_id AND x.candidate_id = c.candidate_id
WHERE c.recommendation_type = 'amendment' AND c.left_out IS NULL
    AND CASE WHEN json_valid(c.why) THEN json_extract(c.why, '$.program') END = :item_id
ORDER BY c.candidate_id DESC LIMIT :most
"""


def versions(db: sqlite3.Connection, kind: str, item_id: str) -> tuple[list[dict[str, Any]], bool]:
    """The newest versions, newest first, each with the nights that saw it, and whether there are more."""
    at = {"type": kind, "item_id": item_id, "most": _VERSIONS + 1}
    rows = _closing(named_rows(db, _NEWEST, at))
    found = []
    for row in rows[:_VERSIONS]:
        (nights,) = named_rows(db, _NIGHTS, {"candidate_id": row["candidate_id"]})
        found.append(row | nights)
    return found, len(rows) > _VERSIONS


def version_of_night(
    db: sqlite3.Connection, run_id: int, kind: str, item_id: str
) -> dict[str, Any] | None:
    """The version that a night saw, None if it saw none."""
    at = {"run_id": run_id, "type": kind, "item_id": item_id}
    found = _closing(named_rows(db, _OF_NIGHT, at))
    return found[0] if found else None


def _closing(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows with closing, as JSON says it, for the column rolling."""
    for row in rows:
        rolling = row.pop("rolling")
        row["closing"] = UNDATED.get(rolling) if row["closes_on"] is None else "dated"
    return rows


def amendments(db: sqlite3.Connection, run_id: int, item_id: str) -> list[dict[str, Any]]:
    """The changes of a program that could be recommended on a night, newest first."""
    return named_rows(db, _CHANGES, {"run_id": run_id, "item_id": item_id, "most": _AMENDMENTS})


def program_of(version: Mapping[str, Any]) -> str | None:
    """Of which program an amendment is a change, where it says so."""
    facts = why(version["why"])
    program = facts.get("program") if isinstance(facts, dict) else None
    return str(program) if program else None
