"""What two nights saw of the catalogue: what closed, opened, came in and left between them; read-only."""

import sqlite3
from typing import Any, NamedTuple

_CATALOGUE = """
SELECT c.candidate_id, c.recommendation_type, c.item_id, c.title, c.opens_on, c.closes_on, c.left_out, c.profile_id
FROM am_personalization_run_candidate x CROSS JOIN am_personalization_candidate c USING (candidate_id)
WHERE x.run_id = :run_id
"""
# Most of a catalogue is the same from night to night; what is, is not read, and what the days did to it is counted.
_IN_BOTH = "x.candidate_id IN (SELECT candidate_id FROM am_personalization_run_candidate WHERE run_id = :other)"
_BY_DAYS = f"""
SELECT coalesce(sum(c.closes_on < :later AND c.closes_on >= :as_of), 0),
    coalesce(sum(c.opens_on > :as_of AND c.opens_on <= :later), 0)
FROM am_personalization_run_candidate x CROSS JOIN am_personalization_candidate c USING (candidate_id)
WHERE x.run_id = :run_id AND c.left_out IS NULL AND {_IN_BOTH}
"""


class Item(NamedTuple):
    """An item as one night saw it."""

    candidate_id: int
    recommendation_type: str
    item_id: str
    title: str
    opens_on: str | None
    closes_on: str | None
    left_out: str | None
    profile_id: int | None

    @property
    def key(self) -> tuple[str, str]:
        return self.recommendation_type, self.item_id


def catalogue_of(
    db: sqlite3.Connection, run_id: int, other: int | None = None
) -> dict[tuple[str, str], Item]:
    """What a run saw, or of it what another did not; of an id that was listed twice what was not left out."""
    sql = _CATALOGUE if other is None else f"{_CATALOGUE} AND NOT {_IN_BOTH}"
    found: dict[tuple[str, str], Item] = {}
    for row in db.execute(sql, {"run_id": run_id, "other": other}):
        item = Item(*row)
        if not item.left_out or item.key not in found:
            found[item.key] = item
    return found


def moved(db: sqlite3.Connection, run_ids: list[int], as_of: str, later: str) -> dict[str, Any]:
    """What closed, opened, came in and left between the nights; what was left out on both is not counted."""
    before, after = (
        {key: one for key, one in catalogue_of(db, *pair).items() if not one.left_out}
        for pair in (run_ids, run_ids[::-1])
    )
    at = {"run_id": run_ids[0], "other": run_ids[1], "as_of": as_of, "later": later}
    closed, opened = db.execute(_BY_DAYS, at).fetchone()
    both = before.keys() & after.keys()
    return {
        "newly_closed": closed
        + sum(is_over(after[key], later) and not is_over(before[key], as_of) for key in both),
        "newly_opened": opened
        + sum(is_ahead(before[key], as_of) and not is_ahead(after[key], later) for key in both),
        "came_in": [shown(after[key]) for key in sorted(after.keys() - before.keys())],
        "went_out": [shown(before[key]) for key in sorted(before.keys() - after.keys())],
    }


def is_over(item: Item, as_of: str) -> bool:
    return item.closes_on is not None and item.closes_on < as_of


def is_ahead(item: Item, as_of: str) -> bool:
    return item.opens_on is not None and item.opens_on > as_of


def shown(item: Item) -> dict[str, Any]:
    return {
        "recommendation_type": item.recommendation_type,
        "item_id": item.item_id,
        "title": item.title,
    }
