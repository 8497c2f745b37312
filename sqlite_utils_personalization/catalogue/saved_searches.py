"""Saved searches: each a candidate for its owner alone, known by the owner's own number and never by its id or words.

What is kept for ever must not lead from an erased customer to a row of another program, or back.
"""

import json
import sqlite3
from collections.abc import Iterator

from sqlite_utils_personalization.catalogue import tables
from sqlite_utils_personalization.catalogue.areas import prefectures
from sqlite_utils_personalization.catalogue.candidate import NATIONWIDE, UNKNOWN, Candidate, LeftOut
from sqlite_utils_personalization.catalogue.industries import Keywords
from sqlite_utils_personalization.catalogue.plain_text import normal, visible_id
from sqlite_utils_personalization.database import has_table, plain_rows
from sqlite_utils_personalization.model.model import Model

TABLE = "saved_searches"
NUMBERS = "am_personalization_saved_search"
# Of 901; nothing is in what is not there.
_OURS = ("am_personalization_other_hash", "am_personalization_erasure", NUMBERS)
NO_OWNER = "hash of no customer"
_NEEDED = ("id", "api_key_hash", "query_json")


def saved_searches(db: sqlite3.Connection, model: Model) -> Iterator[Candidate]:
    """Yield every saved search, left out or not, by owner and id; read-only. Under the hash of no customer it has none.

    Its item_id is the owner's profile_id and number, as 12-3. The keyword found in a search is the customer's word, so
    unlike one in a title it is not kept.
    """
    keywords = Keywords(model.constants["keywords"], model.constants["any_from"])
    previous = None
    for search_id, query, owner, number, _ in _rows(db):
        letters, area, rule = UNKNOWN, NATIONWIDE, None
        try:
            if not search_id or (owner, search_id) == previous:
                raise LeftOut("duplicate id" if search_id else "no id")
            if visible_id(search_id) != search_id:
                raise LeftOut("id not readable")
            if owner is None:
                raise LeftOut(NO_OWNER)
            words, place = _query(query)
            letters, area = keywords.read(words)[0], prefectures(place)
        except LeftOut as left_out:
            rule = str(left_out)
        previous = owner, search_id
        yield Candidate(
            "saved_search",
            _item_id(owner, number) if search_id else "",
            f"saved search {number}" if search_id else "saved search",
            letters,
            area,
            profile_id=owner,
            left_out=rule,
        )


def new_numbers(db: sqlite3.Connection) -> Iterator[tuple[int, str, int]]:
    """Yield the owner, the id and the number of every saved search that has none for good; read-only.

    None where there are no saved searches, or 901 is not applied.
    """
    if tables.exists(db, TABLE) and all(has_table(db, name) for name in _OURS):
        for search_id, _, owner, number, is_new in _rows(db):
            if is_new and owner is not None and search_id and visible_id(search_id) == search_id:
                yield owner, search_id, number


def item_id_of_search(db: sqlite3.Connection, profile_id: int, search_id: str) -> str | None:
    """The item_id that stands for this saved search of the customer; None if it has none; read-only."""
    sql = f"SELECT profile_id, number FROM {NUMBERS} WHERE profile_id = ? AND search_id = ?"
    found = plain_rows(db, sql, (profile_id, search_id)) if has_table(db, NUMBERS) else []
    return _item_id(*found[0]) if found else None


def numbered_searches(db: sqlite3.Connection, profile_id: int) -> dict[str, str]:
    """The id in saved_searches of what each item_id of the customer's stands for, by number; read-only."""
    sql = f"SELECT number, search_id FROM {NUMBERS} WHERE profile_id = ? ORDER BY number"
    found = plain_rows(db, sql, (profile_id,)) if has_table(db, NUMBERS) else []
    return {_item_id(profile_id, number): search_id for number, search_id in found}


def _item_id(owner: int | None, number: int) -> str:
    return f"{'nobody' if owner is None else owner}-{number}"


def _rows(db: sqlite3.Connection) -> Iterator[tuple[str | None, str, int | None, int, int]]:
    yield from tables.read(
        db, TABLE, *_NEEDED, absent=[name for name in _OURS if not has_table(db, name)]
    )


def _query(text: str) -> tuple[str, str]:
    try:
        query = json.loads(text)
        words, place = query.get("q") or "", query.get("prefecture") or ""
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise LeftOut("query not readable") from None
    if not isinstance(words, str) or not isinstance(place, str):
        raise LeftOut("query not readable")
    return normal(words), place
