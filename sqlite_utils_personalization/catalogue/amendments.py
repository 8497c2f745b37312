"""Amendments: changes lately seen in a program, offered to whom the program is offered.

A model with constants for amendments has one per program, the newest change of what a reader cares about; a model
without them has every change of any field, as every model once had.
"""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlite_utils_personalization.canonical import canonical_json
from sqlite_utils_personalization.catalogue import tables
from sqlite_utils_personalization.catalogue.candidate import Candidate
from sqlite_utils_personalization.catalogue.change_titles import (
    LABELS,
    NO_AMOUNT,
    as_known_now,
    title,
)
from sqlite_utils_personalization.catalogue.dates import day_written, moment_written
from sqlite_utils_personalization.catalogue.one_amendment import FIRST, SeenChange, decide
from sqlite_utils_personalization.catalogue.plain_text import cut, is_decodable, plain, visible_id
from sqlite_utils_personalization.model.model import Model

TABLE = "am_amendment_diff"
_MAP = "entity_id_map"
_NOT_READABLE = "value not readable"
_NEEDED = ("diff_id", "entity_id", "field_name", "detected_at")
_LABELS = {
    "name": "名称",
    "open_at": "受付開始",
    "close_at": "受付終了",
    "amount_max_yen": "上限額",
    "target_employees": "従業員数",
}


class AmendmentRow(NamedTuple):
    """What the SELECT yields; the program may go by another id as well, see rows."""

    item_id: str | None
    program_id: str | None
    field_name: object
    prev_value: object
    new_value: object
    detected_at: object
    prev_hash: object = None

    @property
    def is_first(self) -> bool:
        """Whether nothing had been observed of the field before, so that nothing changed."""
        return self.prev_value is None and self.prev_hash is None


def changed_programs(db: sqlite3.Connection, as_of: str, days: int) -> set[str | None]:
    """Every id of the programs changed in the days that end on as_of; read-only."""
    return {
        program_id
        for row, ids in _rows(db)
        if _outside(row, as_of, days) is None
        for program_id in ids
    }


def deciding_programs(db: sqlite3.Connection, item_ids: Container[str]) -> set[str]:
    """Every id of the programs on which it depends what becomes of these changes; read-only.

    That is those of each row that may be of the same program as one of them.
    """
    found = [(row.item_id or "", ids) for row, ids in _rows(db)]
    own = {one for item_id, ids in found if item_id in item_ids for one in ids}
    return own.union(*(ids for _, ids in found if not own.isdisjoint(ids)))


def rows(
    db: sqlite3.Connection, programs: Mapping[str, Candidate] | None = None
) -> Iterator[AmendmentRow]:
    """Yield every row of the diff; read-only. What it calls a program by is looked up where entity_id_map has it.

    Of several ids the first of a program in programs is taken, one that can be recommended if there is any; without
    programs the surest.
    """
    for row, ids in _rows(db):
        yield row._replace(program_id=_chosen(ids, programs or {}))


def _rows(db: sqlite3.Connection) -> Iterator[tuple[AmendmentRow, list[str]]]:
    """Each row as it stands, with the ids of its program, the surest first and its own last."""
    known = _known_as(db)
    for values in tables.read(db, TABLE, *_NEEDED):
        row = AmendmentRow(*values)
        entity = visible_id(row.program_id)
        yield row._replace(item_id=visible_id(row.item_id)), [*known.get(entity, ()), entity]


def _known_as(db: sqlite3.Connection) -> dict[str, list[str]]:
    """The ids of programs by the id that the diff has, the surest first."""
    known: dict[str, list[str]] = defaultdict(list)
    if tables.exists(db, _MAP):
        for entity, program in tables.read(db, _MAP, "jpi_unified_id", "am_canonical_id"):
            known[visible_id(entity)].append(visible_id(program))
    return known


def _chosen(ids: Sequence[str], programs: Mapping[str, Candidate]) -> str:
    there = [one for one in ids if one in programs]
    open_ones = (one for one in there if not programs[one].left_out)
    return next(open_ones, there[0] if there else ids[0])


def amendments(
    db: sqlite3.Connection, programs: Mapping[str, Candidate], as_of: str, model: Model
) -> Iterator[Candidate]:
    """Yield every change as a candidate, left out or not, by id; read-only.

    programs holds those of changed_programs that exist. A change seen after as_of is left out like one
    seen too long before it.
    """
    days, rule = model.constants["amendment_days"], model.constants.get("amendments")
    if rule is None:
        yield from _each_change(db, programs, as_of, days)
    else:
        yield from _one_per_program(db, programs, as_of, days, rule)


def _each_change(
    db: sqlite3.Connection, programs: Mapping[str, Candidate], as_of: str, days: int
) -> Iterator[Candidate]:
    for row in rows(db, programs):
        program = programs.get(row.program_id or "")
        rule = _left_out(row, program, as_of, days) or (FIRST if row.is_first else None)
        yield _candidate(row.item_id, _title(row, program), program, rule)


def _one_per_program(
    db: sqlite3.Connection,
    programs: Mapping[str, Candidate],
    as_of: str,
    days: int,
    constants: Mapping[str, Any],
) -> Iterator[Candidate]:
    found = [
        (_change(position, row), _left_out(row, programs.get(row.program_id or ""), as_of, days))
        for position, row in enumerate(rows(db, programs))
    ]
    readable = (change for change, rule in found if rule != _NOT_READABLE)
    history = _history(readable, programs, as_of, constants["fields"])
    decided = {name: decide(changes, days, constants["fields"]) for name, changes in history}
    for change, rule in found:
        program = programs.get(change.program_id)
        rules, of_program = decided.get(change.program_id, ({}, []))
        if rule is None and change.field not in constants["fields"]:
            rule = "field not followed"
        rule = rule or rules.get(change.position)
        told = [change.alone]
        if program and not rule:
            told = [as_known_now(one, program.opens_on, program.closes_on) for one in of_program]
        name = program.title if program else change.program_id
        yield _candidate(change.item_id, title(name, told, constants), program, rule)


def _history(
    changes: Iterable[SeenChange],
    programs: Mapping[str, Candidate],
    as_of: str,
    fields: Sequence[str],
) -> Iterable[tuple[str, list[SeenChange]]]:
    """What was ever seen in the followed fields of each program that can be recommended.

    What was seen too long ago to be offered still tells what a later change changed.
    """
    history: dict[str, list[SeenChange]] = defaultdict(list)
    for change in changes:
        program = programs.get(change.program_id)
        is_followed = program and not program.left_out and change.field in fields
        if is_followed and change.item_id and change.was_seen_by(as_of):
            history[change.program_id].append(change)
    return history.items()


def _change(position: int, row: AmendmentRow) -> SeenChange:
    return SeenChange(
        position,
        row.item_id or "",
        row.program_id or "",
        plain(row.field_name),
        plain(row.prev_value),
        plain(row.new_value),
        moment_written(row.detected_at),
        is_first=row.is_first,
    )


def _candidate(
    item_id: str | None, shown: str, program: Candidate | None, rule: str | None
) -> Candidate:
    found = Candidate("amendment", item_id or "", shown, left_out=rule)
    if rule or not program:
        return found
    why = canonical_json(json.loads(program.why) | {"program": program.item_id})
    kind, number, name = found[:3]
    return program._replace(recommendation_type=kind, item_id=number, title=name, why=why)


def _left_out(row: AmendmentRow, program: Candidate | None, as_of: str, days: int) -> str | None:
    if not row.item_id:
        return "no id"
    if not all(map(is_decodable, (row.field_name, row.prev_value, row.new_value))):
        return _NOT_READABLE
    if rule := _outside(row, as_of, days):
        return rule
    if not program:
        return "program unknown"
    return "program left out" if program.left_out else None


def _outside(row: AmendmentRow, as_of: str, days: int) -> str | None:
    day = day_written(row.detected_at)
    if day is None:
        return "date not readable"
    age = (date.fromisoformat(as_of) - date.fromisoformat(day)).days
    return None if 0 <= age < days else f"not seen in the last {days} days"


def _title(row: AmendmentRow, program: Candidate | None) -> str:
    field = plain(row.field_name)
    before, after = (_shown(field, value) for value in (row.prev_value, row.new_value))
    name = program.title if program else row.program_id
    return cut(f"{name} {_LABELS.get(field) or LABELS.get(field, field)}: {before} → {after}")


def _shown(field: str, value: object) -> str:
    text = plain(value)
    unstated = not text or (field.startswith("amount") and text in map(str, NO_AMOUNT))
    return "記載なし" if unstated else text
