"""Amendments: changes lately seen in a program, offered to whom the program is offered."""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from datetime import date
from typing import NamedTuple

from sqlite_utils_personalization.canonical import canonical_json
from sqlite_utils_personalization.catalogue import tables
from sqlite_utils_personalization.catalogue.candidate import Candidate
from sqlite_utils_personalization.catalogue.dates import day_written
from sqlite_utils_personalization.catalogue.tables import normal

TABLE = "am_amendment_diff"
_NEEDED = ("diff_id", "entity_id", "field_name", "detected_at")
_LABELS = {
    "name": "名称",
    "open_at": "受付開始",
    "close_at": "受付終了",
    "amount_max_yen": "上限額",
    "target_employees": "従業員数",
}
# Placeholders for "not stated"; no other amount is special.
_NO_AMOUNT = ("0", "999999999999999")


class AmendmentRow(NamedTuple):
    """What the SELECT yields."""

    item_id: str | None
    program_id: str | None
    field_name: object
    prev_value: object
    new_value: object
    detected_at: object


def changed_programs(db: sqlite3.Connection, as_of: str, days: int) -> set[str | None]:
    """Ids of the programs changed in the days that end on as_of; read-only."""
    return {row.program_id for row in _rows(db) if _outside(row, as_of, days) is None}


def amendments(
    db: sqlite3.Connection, programs: Mapping[str, Candidate], as_of: str, days: int
) -> Iterator[Candidate]:
    """Yield every change as a candidate, left out or not, by id; read-only.

    programs holds those of changed_programs that exist. A change seen after as_of is left out like one
    seen too long before it.
    """
    for row in _rows(db):
        program = programs.get(row.program_id or "")
        found = Candidate("amendment", row.item_id or "", _title(row, program))
        rule = _left_out(row, program, as_of, days)
        if rule or not program:
            yield found._replace(left_out=rule)
        else:
            why = canonical_json(json.loads(program.why) | {"program": program.item_id})
            kind, item_id, title = found[:3]
            yield program._replace(recommendation_type=kind, item_id=item_id, title=title, why=why)


def _rows(db: sqlite3.Connection) -> Iterator[AmendmentRow]:
    for values in tables.read(db, TABLE, *_NEEDED):
        yield AmendmentRow(*values)


def _left_out(row: AmendmentRow, program: Candidate | None, as_of: str, days: int) -> str | None:
    if not row.item_id:
        return "no id"
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
    field = normal(row.field_name)
    before, after = (_shown(field, value) for value in (row.prev_value, row.new_value))
    name = program.title if program else row.program_id
    return f"{name} {_LABELS.get(field, field)}: {before} → {after}"


def _shown(field: str, value: object) -> str:
    text = normal(value)
    unstated = not text or (field.startswith("amount") and text in _NO_AMOUNT)
    return "記載なし" if unstated else text
