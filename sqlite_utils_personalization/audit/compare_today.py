"""What the catalogue said of an item that night, and what it says today.

Compared is what the formula sees: the fields of a candidate, read today from the tables of the file with the model of
that night. A copy without those tables knows nothing of today.
"""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from sqlite_utils_personalization.audit.replay_result import Replay, why
from sqlite_utils_personalization.canonical import sha256_hex
from sqlite_utils_personalization.catalogue import amendments, tables
from sqlite_utils_personalization.catalogue import read as source
from sqlite_utils_personalization.catalogue.candidate import Candidate
from sqlite_utils_personalization.catalogue.dates import day_written
from sqlite_utils_personalization.clock import japan_day
from sqlite_utils_personalization.errors import NotIntact
from sqlite_utils_personalization.language import N_
from sqlite_utils_personalization.model.model import Model
from sqlite_utils_personalization.scoring.plan import without_personal_data

# How many rows share one reading of today's catalogue.
TOGETHER = 2_000
UNCHANGED, CHANGED, LEFT_OUT = N_("unchanged"), N_("changed"), N_("left out of the catalogue")
GONE, UNKNOWN = N_("no longer in the catalogue"), N_("not known here")

_COMPARED = (
    *("title", "industries", "prefectures", "opens_on", "closes_on", "risk_level", "why"),
    "left_out",
)
_WORDS = {"left_out": "rule"}
# What is left out keeps no more than this; the title of a change is made up from the program it belongs to.
_COMPARED_LEFT_OUT = {"program": ("title", "left_out")}
# Columns of the program tables, as am_amendment_diff names them, by what they change.
_PERIOD = (
    "application_window_json",
    "program.application_period",
    "program.application_period_r7",
)
_COLUMNS = {
    "title": ("name", "title", "primary_name"),
    "industries": ("industry", "industry_jsic", "jsic_major"),
    "prefectures": ("prefecture", "area_raw", "target_area_search"),
    "opens_on": ("open_at", "acceptance_start_datetime", *_PERIOD),
    "closes_on": ("close_at", "acceptance_end_datetime", *_PERIOD),
    "risk_level": ("tier",),
}


class ComparedField(NamedTuple):
    """One field of an item, then and now."""

    name: str
    then: Any
    now: Any
    changed: bool


class Amendment(NamedTuple):
    """A row of am_amendment_diff that was seen since that night; detected_on is a day in Japan."""

    diff_id: str | None
    detected_on: str | None
    field_name: str | None
    prev_value: str | None
    new_value: str | None


@dataclass(frozen=True)
class ThenNow:
    """One item on the night of as_of and on the day today, both ISO days in Japan.

    standing is unchanged, changed, left out of the catalogue, no longer in the catalogue, or not known here; the last
    two come without facts. amendments are the changes seen in between that explain a difference.
    """

    as_of: str
    today: str
    standing: str
    facts: tuple[ComparedField, ...] = ()
    amendments: tuple[Amendment, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """What personalization-replay --now --json prints under now; keys are only ever added.

        changed has what differs alone; what is the rule by which an item is left out is its rule.
        """
        return {
            "today": self.today,
            "standing": self.standing,
            "changed": {
                _WORDS.get(fact.name, fact.name): {"before": fact.then, "after": fact.now}
                for fact in self.facts
                if fact.changed
            },
            "amendments": [amendment._asdict() for amendment in self.amendments],
        }


def compare_today(
    db: sqlite3.Connection,
    run_id: int,
    items: Iterable[Candidate],
    *,
    today: str | None = None,
    catalogue: Path | None = None,
) -> list[ThenNow]:
    """Hold items of one run against the catalogue of today, by default today in Japan; read-only.

    The tables are read once for all items. Items of a SELECT of the user's own are found only if catalogue names it
    again. PersonalizationError if the catalogue or the model of the run cannot be read.
    """
    items = list(items)
    today = today or japan_day()
    as_of, model = _night(db, run_id)
    listed = without_personal_data(source.read_catalogue(db, today, model, catalogue))
    now = _found(listed, {_key(item) for item in items})
    is_known = catalogue is not None or bool(source.listed_types(db))
    changes = _changes(db, as_of, today)
    return [
        (
            _compared(item, now.get(_key(item)), as_of, today, changes)
            if is_known or _is_wildcard(item)
            else ThenNow(as_of, today, UNKNOWN)
        )
        for item in items
    ]


def with_today(
    db: sqlite3.Connection, found: Iterator[Replay], catalogue: Path | None = None
) -> Iterator[Replay]:
    """The replayed rows, each with its item held against the catalogue of today; read-only. Errors as compare_today."""
    while together := list(islice(found, TOGETHER)):
        items: dict[int, dict[int, Candidate]] = defaultdict(dict)
        for one in together:
            if one.run and one.found:
                items[one.run.run_id][one.rec_id] = one.found.candidate
        said: dict[int, ThenNow] = {}
        for run_id, of_run in items.items():
            compared = compare_today(db, run_id, of_run.values(), catalogue=catalogue)
            said.update(zip(of_run, compared, strict=True))
        yield from (replace(one, now=said.get(one.rec_id)) for one in together)


def _night(db: sqlite3.Connection, run_id: int) -> tuple[str, Model]:
    as_of, text, digest = db.execute(
        "SELECT as_of, model_json, model_sha256 FROM am_personalization_run WHERE run_id = ?",
        (run_id,),
    ).fetchone()
    if sha256_hex(text) != digest:
        raise NotIntact(f"the model of run {run_id} has changed", "run personalization-verify")
    return as_of, Model(json.loads(text))


def _key(item: Candidate) -> tuple[str, str, int | None]:
    return item.recommendation_type, item.item_id, item.profile_id


def _found(items: Iterable[Candidate], wanted: set[Any]) -> dict[Any, Candidate]:
    found: dict[Any, Candidate] = {}
    for item in items:
        key = _key(item)
        if key in wanted and (key not in found or found[key].left_out):
            found[key] = item
    return found


def _is_wildcard(item: Candidate) -> bool:
    return bool(why(item.why) == {"wildcard": True})


def _changes(db: sqlite3.Connection, as_of: str, today: str) -> list[tuple[str, Amendment]]:
    """Every change seen since that night, with its program."""
    if not tables.exists(db, amendments.TABLE):
        return []
    rows = (row for row in amendments.rows(db) if not row.is_first)
    dated = ((day_written(row.detected_at), row) for row in rows)
    return [
        (str(row.program_id), _amendment(day, row))
        for day, row in dated
        if day is not None and as_of <= day <= today
    ]


def _amendment(day: str, row: amendments.AmendmentRow) -> Amendment:
    texts = (row.item_id, day, row.field_name, row.prev_value, row.new_value)
    return Amendment(*(None if value is None else str(value) for value in texts))


def _compared(
    then: Candidate,
    now: Candidate | None,
    as_of: str,
    today: str,
    changes: Iterable[tuple[str, Amendment]],
) -> ThenNow:
    facts = tuple(_facts(then, now)) if now else ()
    changed = [fact.name for fact in facts if fact.changed]
    standing = CHANGED if changed else UNCHANGED
    if now is None or now.left_out:
        standing, changed = LEFT_OUT if now else GONE, list(_COLUMNS)
    named = {column for field in changed for column in _COLUMNS.get(field, ())}
    program = _program(then)
    explaining = tuple(
        change for of, change in changes if of == program and change.field_name in named
    )
    return ThenNow(as_of, today, standing, facts, explaining)


def _facts(then: Candidate, now: Candidate) -> Iterator[ComparedField]:
    kept = _COMPARED_LEFT_OUT.get(now.recommendation_type, ("left_out",))
    for name in kept if now.left_out else _COMPARED:
        before, after = getattr(then, name), getattr(now, name)
        if name == "why":
            before, after = why(before), why(after)
        yield ComparedField(name, before, after, before != after)


def _program(item: Candidate) -> str:
    facts = why(item.why)
    return str(facts.get("program", item.item_id)) if isinstance(facts, dict) else item.item_id
