"""The catalogue of a night: everything that could be recommended, and what was left out by which rule."""

import sqlite3
from collections.abc import Collection, Iterator
from pathlib import Path

from sqlite_utils_personalization.catalogue import amendments, programs, saved_searches, tables
from sqlite_utils_personalization.catalogue.candidate import ANY, Candidate
from sqlite_utils_personalization.catalogue.industries import DIVISIONS, industries
from sqlite_utils_personalization.catalogue.user_select import extra_candidates
from sqlite_utils_personalization.model.kinds import TYPES
from sqlite_utils_personalization.model.model import Model

_TABLES = {
    "program": tuple(programs.TABLES),
    "amendment": (amendments.TABLE,),
    "saved_search": (saved_searches.TABLE,),
}


def read_catalogue(
    db: sqlite3.Connection,
    as_of: str,
    model: Model,
    extra: Path | None = None,
    only: Collection[Candidate] | None = None,
) -> Iterator[Candidate]:
    """Yield every candidate of the night as_of, an ISO day in Japan, left out or not; read-only.

    The same database, day, model and extra catalogue give the same candidates in the same order. Of rows
    that share a type and an id the first is kept. A type that nothing lists gets one wildcard; the
    model's packs count once anything else is listed. With only, what is neither one of these items nor decides what
    becomes of one may be missing, or left out as program unknown. PersonalizationError where a source cannot be read.

    Example:

        kept = [found for found in read_catalogue(db, "2026-07-22", load_model()) if not found.left_out]
    """
    listed = listed_types(db)
    if listed or extra is not None:
        listed.add("industry_pack")
    seen: set[tuple[str, str]] = set()
    for found in _sources(db, as_of, model, extra, frozenset(listed), only):
        listed.add(found.recommendation_type)
        # Saved searches may be a million: they come ordered by id and know their own repeats.
        if found.left_out is None and found.recommendation_type != "saved_search":
            if found[:2] in seen:
                found = found._replace(left_out="duplicate id")
            seen.add(found[:2])
        yield found
    yield from (_wildcard(kind) for kind in TYPES if kind not in listed)


def listed_types(db: sqlite3.Connection) -> set[str]:
    """The types that have a table of their own in db, empty or not; read-only."""
    return {
        kind for kind, names in _TABLES.items() if any(tables.exists(db, name) for name in names)
    }


def _sources(
    db: sqlite3.Connection,
    as_of: str,
    model: Model,
    extra: Path | None,
    listed: frozenset[str],
    only: Collection[Candidate] | None,
) -> Iterator[Candidate]:
    wanted = None if only is None else _programs_of(db, only, listed)
    days = model.constants["amendment_days"]
    if "industry_pack" in listed:
        yield from _packs(model)
    changed = amendments.changed_programs(db, as_of, days) if "amendment" in listed else set()
    joined: dict[str, Candidate] = {}
    for table in filter(lambda name: tables.exists(db, name), programs.TABLES):
        for found in programs.programs(db, table, model, as_of, wanted):
            kept = joined.get(found.item_id)
            if found.item_id in changed and (kept is None or kept.left_out):
                joined[found.item_id] = found
            yield found
    if "amendment" in listed:
        yield from amendments.amendments(db, joined, as_of, model)
    if extra is not None:
        for found in extra_candidates(db, extra, model.constants):
            yield (
                programs.with_model(found, model)
                if found.recommendation_type == "program"
                else found
            )
    is_wanted = only is None or any(item.recommendation_type == "saved_search" for item in only)
    if "saved_search" in listed and is_wanted:
        yield from saved_searches.saved_searches(db, model)


def _programs_of(
    db: sqlite3.Connection, only: Collection[Candidate], listed: frozenset[str]
) -> set[str]:
    """The ids of programs that are among the items, or decide what becomes of an amendment that is."""
    ids: dict[str, set[str]] = {kind: set() for kind in TYPES}
    for item in only:
        ids[item.recommendation_type].add(item.item_id)
    found = ids["program"]
    if ids["amendment"] and "amendment" in listed:
        found |= amendments.deciding_programs(db, ids["amendment"])
    return found


def _packs(model: Model) -> Iterator[Candidate]:
    for pack, letters in sorted(model.constants["packs"].items()):
        title = " / ".join(DIVISIONS[letter] for letter in letters)
        yield Candidate(
            "industry_pack", pack, title, industries(",".join(letters), model.constants["any_from"])
        )


def _wildcard(kind: str) -> Candidate:
    title = f"any {kind.replace('_', ' ')}"
    return Candidate(kind, "*", title, ANY, why='{"wildcard":true}')
