"""Items whose title has every word: those the latest night could recommend, those it left out, and earlier ones.

Titles are stored in NFKC, and so are the words. Read-only; it reads the catalogue of one night, not the log.
"""

import json
import sqlite3
from typing import Any, NamedTuple

from sqlite_utils_personalization.viewer.pages.named_rows import named_rows
from sqlite_utils_personalization.viewer.pages.served_items import (
    ServedNight,
    customers_by_item,
    find_night,
)

_WORDS = 8
# Of what no longer is in the catalogue, so many of the newest versions are read.
_VERSIONS = 50_000
_OF_NIGHT = """
SELECT c.left_out IS NOT NULL, c.candidate_id, c.closes_on, c.item_id FROM am_personalization_run_candidate x
CROSS JOIN am_personalization_candidate c USING (candidate_id)
WHERE x.run_id = :run_id AND {words}
"""
_EARLIER = """
SELECT max(c.candidate_id), c.closes_on, c.item_id FROM am_personalization_candidate c
WHERE c.candidate_id > (SELECT max(candidate_id) FROM am_personalization_candidate) - :versions AND {words}
    AND NOT EXISTS (
        SELECT 1 FROM am_personalization_candidate o CROSS JOIN am_personalization_run_candidate x
            ON x.run_id = :run_id AND x.candidate_id = o.candidate_id
        WHERE o.recommendation_type = c.recommendation_type AND o.item_id = c.item_id
    )
GROUP BY c.recommendation_type, c.item_id
"""
_ROWS = """
SELECT c.candidate_id, c.recommendation_type, c.item_id, c.title, c.closes_on, c.left_out AS rule
FROM am_personalization_candidate c WHERE c.candidate_id IN (SELECT value FROM json_each(:ids))
"""
TITLES = ("title", "left_out", "earlier")


class Match(NamedTuple):
    """One version of an item whose title has the words, and what it is sorted by."""

    candidate_id: int
    closes_on: str | None
    item_id: str


class Titles(NamedTuple):
    """What was found: rows of one of TITLES, how many there are, and where the next are, None at the end."""

    rows: list[dict[str, Any]]
    total: int
    next: int | None


def words(text: str) -> list[str]:
    """The words of a text that are looked for."""
    return text.split()[:_WORDS]


def matching(text: str) -> tuple[str, dict[str, Any]]:
    """A condition on the title of c, that it has every word, and its parameters; a word is no pattern."""
    at = {f"word{number}": _escaped(word) for number, word in enumerate(words(text))}
    return " AND ".join(f"c.title LIKE :{name} ESCAPE '\\'" for name in at), dict(at)


def search_titles(
    db: sqlite3.Connection, text: str, starts: dict[str, int], size: int
) -> dict[str, Titles]:
    """The items of each kind of TITLES that starts names, from there on."""
    night = find_night(db)
    if night is None or not words(text):
        return {kind: Titles([], 0, None) for kind in starts}
    terms, at = matching(text)
    at |= {"run_id": night.run_id, "versions": _VERSIONS}
    found: dict[str, list[Match]] = {kind: [] for kind in TITLES}
    if {"title", "left_out"} & set(starts):
        for is_out, *row in db.execute(_OF_NIGHT.format(words=terms), at):
            found["left_out" if is_out else "title"].append(Match(*row))
    if "earlier" in starts:
        found["earlier"] = [Match(*row) for row in db.execute(_EARLIER.format(words=terms), at)]
    return {kind: _page(db, night, kind, found[kind], starts[kind], size) for kind in starts}


def _page(
    db: sqlite3.Connection,
    night: ServedNight,
    kind: str,
    found: list[Match],
    start: int,
    size: int,
) -> Titles:
    is_counted = kind == "title" and night.is_small
    ids = [one.candidate_id for one in found]
    customers = customers_by_item(db, night, ids) if is_counted else {}
    # Most customers first; then what closes last, and before it what has no such day.
    found.sort(key=lambda one: (str(one.item_id), one.candidate_id))
    found.sort(key=lambda one: str(one.closes_on or "~"), reverse=True)
    found.sort(key=lambda one: customers.get(one.candidate_id, 0), reverse=True)
    shown = [one.candidate_id for one in found[start : start + size]]
    rows = {
        row.pop("candidate_id"): row for row in named_rows(db, _ROWS, {"ids": json.dumps(shown)})
    }
    for number in shown:
        rows[number]["profiles"] = customers.get(number, 0) if is_counted else None
    more = start + size if start + size < len(found) else None
    return Titles([rows[number] for number in shown], len(found), more)


def _escaped(word: str) -> str:
    for special in ("\\", "%", "_"):
        word = word.replace(special, f"\\{special}")
    return f"%{word}%"
