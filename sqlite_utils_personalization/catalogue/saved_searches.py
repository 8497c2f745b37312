"""Saved searches: each a candidate for its owner alone, known by its id and never by its words."""

import json
import sqlite3
from collections.abc import Iterator

from sqlite_utils_personalization.catalogue import tables
from sqlite_utils_personalization.catalogue.areas import prefectures
from sqlite_utils_personalization.catalogue.candidate import NATIONWIDE, UNKNOWN, Candidate, LeftOut
from sqlite_utils_personalization.catalogue.industries import Keywords
from sqlite_utils_personalization.catalogue.plain_text import normal, visible_id
from sqlite_utils_personalization.database import has_table
from sqlite_utils_personalization.model.model import Model

TABLE = "saved_searches"
_OTHER_HASHES = "am_personalization_other_hash"
NO_OWNER = "hash of no customer"
_NEEDED = ("id", "api_key_hash", "query_json")


def saved_searches(db: sqlite3.Connection, model: Model) -> Iterator[Candidate]:
    """Yield every saved search, left out or not, by id; one whose hash is no customer's has no owner. Read-only.

    The keyword found in a search is the customer's word, so unlike one in a title it is not kept.
    """
    keywords = Keywords(model.constants["keywords"], model.constants["any_from"])
    previous = None
    for item_id, query, owner in tables.read(
        db, TABLE, *_NEEDED, absent=None if has_table(db, _OTHER_HASHES) else _OTHER_HASHES
    ):
        letters, area, rule = UNKNOWN, NATIONWIDE, None
        try:
            if not item_id or item_id == previous:
                raise LeftOut("duplicate id" if item_id else "no id")
            if visible_id(item_id) != item_id:
                raise LeftOut("id not readable")
            if owner is None:
                raise LeftOut(NO_OWNER)
            words, place = _query(query)
            letters, area = keywords.read(words)[0], prefectures(place)
        except LeftOut as left_out:
            rule = str(left_out)
        previous = item_id
        shown = visible_id(item_id)
        title = f"saved search {shown}"
        yield Candidate(
            "saved_search", shown, title, letters, area, profile_id=owner, left_out=rule
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
