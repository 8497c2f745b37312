"""What DuckDB decides, held against what is stored: the lists of every night, and those of every shadow.

What a night read is restored as for the rest of verification; what it made of that is not looked at but to be compared.
"""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.metadata import version
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from sqlite_utils_personalization.audit.second_engine.decided import List, SecondEngine
from sqlite_utils_personalization.audit.verify import Finding, guarded
from sqlite_utils_personalization.audit.verify.remarks import Remark
from sqlite_utils_personalization.audit.verify.restored import bounds, restore
from sqlite_utils_personalization.catalogue.candidate import Candidate
from sqlite_utils_personalization.database import has_table
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.formula.evaluation import formula_constants
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.language import ngettext
from sqlite_utils_personalization.model.kinds import POINTS, Declared, listed
from sqlite_utils_personalization.scoring.serve import spare
from sqlite_utils_personalization.scoring.shadow import SHADOWS
from sqlite_utils_personalization.transaction import transaction

_RUNS = "SELECT run_id FROM am_personalization_run ORDER BY 1"
_SHADOWS = f"""
SELECT shadow_id, run_id, model_json, model_sha256 FROM {SHADOWS}
WHERE run_id IN (SELECT run_id FROM am_personalization_run) ORDER BY 1
"""
_RUN = "SELECT as_of, model_json, top_k FROM plan_run"
_GIVEN = {
    "k": f"SELECT cohort_no, {listed(Declared._fields)}, depth FROM plan_cohort ORDER BY 1",
    "c": f"SELECT candidate_no, {listed(Candidate._fields)} FROM plan_candidate",
    "u": """SELECT profile_id, cohort_no FROM plan_customer
        WHERE cohort_no IS NOT NULL AND profile_id IN (SELECT profile_id FROM plan_candidate)""",
}
_ITEM = "SELECT item_id FROM plan_candidate WHERE candidate_no = ?"
_LISTS, _SHADOW_LISTS = "am_personalization_list", f"{SHADOWS}_list"

# What is on a list in one place: seq, the number of the item, its points and the score.
Row = tuple[Any, ...]


class StoredLists(NamedTuple):
    """Where lists that were decided together are stored: of a run, or of a shadow of it."""

    run_id: int
    number: int
    of: str
    table: str
    key: str

    @property
    def places(self) -> str:
        return self.table.replace("_list", "_decision")

    def numbers(self, db: sqlite3.Connection) -> dict[tuple[Any, Any], list[Any]]:
        """The numbers of the lists by cohort and owner, 0 of a cohort's: several only where that is a fault."""
        found = defaultdict(list)
        for number, *key in db.execute(
            f"SELECT {self.key}, cohort_id, coalesce(profile_id, 0) FROM {self.table}"
            f" WHERE {self.of}_id = ? ORDER BY 1",
            (self.number,),
        ):
            found[tuple(key)].append(number)
        return found

    def rows(self, db: sqlite3.Connection, numbers: Iterable[Any]) -> dict[Any, list[Row]]:
        """What is on these lists, in order."""
        found = db.execute(
            f"SELECT {self.key}, seq, candidate_id, {listed(POINTS)}, score FROM {self.places}"
            f" WHERE {self.key} IN (SELECT value FROM json_each(?)) ORDER BY 1, 2",
            (json.dumps([*numbers]),),
        )
        return {number: [row[1:] for row in rows] for number, rows in groupby(found, itemgetter(0))}


def check_engine(
    db: sqlite3.Connection, tick: Callable[[int], None] = lambda n: None
) -> Iterator[Finding]:
    """Have DuckDB decide every list again and compare, a tick for each; writes temporary tables only.

    PersonalizationError if DuckDB cannot go on for want of memory.
    """
    import duckdb

    try:
        with SecondEngine() as engine:
            for stored, changed in _stored(db):
                found = _check(db, engine, stored, changed, tick)
                yield from guarded("second engine", found, stored.run_id, stored.table)
    except duckdb.OutOfMemoryException:
        raise PersonalizationError(
            _("DuckDB has too little memory to decide these lists"),
            _("verify where more is free, or without --second-engine"),
        ) from None


def _stored(db: sqlite3.Connection) -> Iterator[tuple[StoredLists, dict[str, str | int]]]:
    """All lists, and where they are those of another model, which."""
    for (run_id,) in db.execute(_RUNS).fetchall():
        yield StoredLists(run_id, run_id, "run", _LISTS, "list_id"), {}
    for number, run_id, *model in db.execute(_SHADOWS).fetchall() if has_table(db, SHADOWS) else ():
        of_shadow = StoredLists(run_id, number, "shadow", _SHADOW_LISTS, "shadow_list_id")
        yield of_shadow, dict(zip(("model_json", "model_sha256"), model, strict=True))


def _check(
    db: sqlite3.Connection,
    engine: SecondEngine,
    stored: StoredLists,
    changed: dict[str, str | int],
    tick: Callable[[int], None],
) -> Iterator[Finding]:
    with transaction(db):
        restore(db, {"run_id": stored.run_id, **bounds(db, stored.run_id)}, changed)
        spare(db)
    numbers = stored.numbers(db)
    _give(db, engine)
    for lists in engine.lists():
        yield from _compare(db, stored, lists, numbers)
        tick(len(lists))
    # What DuckDB decides nothing for has no list.
    left = [number for of_key in numbers.values() for number in of_key]
    for number, rows in stored.rows(db, left).items():
        yield from _differences(db, stored, number, [], rows)


def _give(db: sqlite3.Connection, engine: SecondEngine) -> None:
    as_of, model_json, top_k = db.execute(_RUN).fetchone()
    engine.give("r", [(as_of, *formula_constants(model_json), top_k)])
    for alias, sql in _GIVEN.items():
        engine.give(alias, db.execute(sql))


def _compare(
    db: sqlite3.Connection,
    stored: StoredLists,
    lists: Sequence[List],
    numbers: dict[tuple[Any, Any], list[Any]],
) -> Iterator[Finding]:
    """The differences of some lists, whose numbers are taken out of numbers."""
    of_lists = [(*one, numbers.pop(one[:2], [])) for one in lists]
    there = stored.rows(db, (number for *_, of_key in of_lists for number in of_key))
    for cohort, owner, decided, of_key in of_lists:
        if not of_key:
            whose = f"the saved searches of profile {owner}" if owner else f"cohort {cohort}"
            what = (
                f"{_run(stored)} has no list of {whose}, and DuckDB decides {len(decided)} places"
            )
            yield Finding("engines-differ", what, stored.run_id, None, stored.table)
        for number in of_key:
            rows = there.get(number, [])
            if rows != decided:
                yield from _differences(db, stored, number, decided, rows)


def _differences(
    db: sqlite3.Connection,
    stored: StoredLists,
    number: Any,
    decided: Sequence[Row],
    rows: Sequence[Row],
) -> Iterator[Finding]:
    mine, theirs = ({row[0]: row for row in one} for one in (decided, rows))
    for seq in dict.fromkeys([*mine, *theirs]):
        if mine.get(seq) != theirs.get(seq):
            what = (
                f"place {seq} of list {number} of {_run(stored)} is {_place(db, theirs.get(seq))},"
                f" and by DuckDB {_place(db, mine.get(seq))}"
            )
            yield Finding("engines-differ", what, stored.run_id, None, stored.places, [number, seq])


def _run(stored: StoredLists) -> str:
    return f"{stored.of} {stored.number}"


def _place(db: sqlite3.Connection, row: Row | None) -> str:
    if row is None:
        return "empty"
    _seq, number, *points, score = row
    found = db.execute(_ITEM, (number,)).fetchone()
    item = found[0] if found else f"candidate {number}"
    return f"{item} with {' + '.join(map(str, points))} points and the score {score}"


def remark(db: sqlite3.Connection) -> Remark:
    """How many lists a second engine decided again, and which; read-only."""
    tables = [name for name in (_LISTS, _SHADOW_LISTS) if has_table(db, name)]
    lists: int = sum(db.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in tables)
    what = ngettext(
        "{n} list was decided again by DuckDB {version}",
        "{n} lists were decided again by DuckDB {version}",
        lists,
        version=version("duckdb"),
    )
    return Remark("second-engine", what, lists)
