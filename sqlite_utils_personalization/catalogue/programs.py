"""Programs: rows of jpcite and of jGrants as candidates."""

import json
import re
import sqlite3
from collections.abc import Container, Iterator
from typing import Any, NamedTuple

from sqlite_utils_personalization.canonical import canonical_json
from sqlite_utils_personalization.catalogue import tables
from sqlite_utils_personalization.catalogue.areas import prefectures
from sqlite_utils_personalization.catalogue.candidate import UNKNOWN, Candidate, LeftOut
from sqlite_utils_personalization.catalogue.dates import window
from sqlite_utils_personalization.catalogue.families import family, issuer
from sqlite_utils_personalization.catalogue.industries import Keywords, industries
from sqlite_utils_personalization.catalogue.no_program import no_program
from sqlite_utils_personalization.catalogue.plain_text import (
    ID_LENGTH,
    cut,
    is_readable,
    normal,
    plain,
    visible_id,
)
from sqlite_utils_personalization.catalogue.rounds import has_rounds, round_of
from sqlite_utils_personalization.database import column_names
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.model.model import Model

# Table -> columns it must have; in the order in which a repeated id is resolved.
TABLES = {
    "programs": ("unified_id", "primary_name"),
    "jpi_programs": ("unified_id", "primary_name"),
    "jgrants_programs": ("id", "name or title"),
}
_JGRANTS = "jgrants_programs"
# jpcite's quarantine: rows its own search never shows.
_QUARANTINE = "X"
# What jGrants says where a program takes no applications.
_NO_RECEPTION = re.compile(r"(?:無し?|无|なし|false|no|0)(?:\W.*)?", re.IGNORECASE)
# Its numbers of programs, which are no titles.
_NUMBER = re.compile(r"S-\d+")


class ProgramRow(NamedTuple):
    """What the SELECT of each program table yields first; amounts are not among it, as no rule uses them.

    Further columns are fields of Candidate, and go into it as they are.
    """

    item_id: str | None
    title: object
    industries: object
    area: object
    opens_at: object
    closes_at: object
    window_json: object
    tier: object
    excluded: object
    url: object
    rounds: object
    reception: object
    is_answer: object


def programs(
    db: sqlite3.Connection, table: str, model: Model, as_of: str, only: Container[str] | None = None
) -> Iterator[Candidate]:
    """Yield every row of one of TABLES as a candidate of the ISO day as_of, left out or not, by id; read-only.

    With only, those of these ids.
    """
    _refuse_answer(db, table)
    keywords = Keywords(model.constants["keywords"], model.constants["any_from"])
    known = len(ProgramRow._fields)
    further = tables.selected(table)[known:]
    for values in tables.read(db, table, *TABLES[table]):
        row = ProgramRow(*values[:known])
        item_id = visible_id(row.item_id)
        if only is not None and item_id not in only:
            continue
        facts = dict(zip(further, values[known:], strict=True))
        title = cut(plain(row.title)) if is_readable(row.title) else ""
        found = Candidate("program", item_id, title, **facts)
        try:
            dated = _with_facts(found, row, model, keywords, as_of)
            yield with_model(dated, model, normal(row.window_json), normal(row.url))
        except LeftOut as rule:
            yield found._replace(left_out=str(rule))


def _refuse_answer(db: sqlite3.Connection, table: str) -> None:
    columns = column_names(db, table)
    if table == _JGRANTS and "result" in columns and not columns & {"name", "title"}:
        raise PersonalizationError(
            f"{table} holds the API's answer as a whole: its programs are in the column result",
            f"drop the table, then: jq .result ANSWER.json | sqlite-utils insert DATABASE {table} - --pk id",
        )


def with_model(found: Candidate, model: Model, window: str = "", url: str = "") -> Candidate:
    """A program with what only some models ask: whether it takes applications at any time, and its family.

    window is what is written of when it is open, url where.
    """
    words, places = model.constants.get("rolling_words"), model.constants.get("places_per_family")
    if words is not None and found.closes_on is None:
        text = f"{found.title} {window}"
        rolling = '"rolling"' in window or any(word in text for word in words)
        found = found._replace(rolling=int(rolling))
    kin = family(found.title, found.prefectures, issuer(url)) if places else None
    return found._replace(family=kin.key, family_name=kin.name) if kin else found


def _with_facts(
    found: Candidate, row: ProgramRow, model: Model, keywords: Keywords, as_of: str
) -> Candidate:
    tiers, tier = model.constants["tiers"], normal(row.tier)
    _refuse(found, row, tier == _QUARANTINE and tier not in tiers)
    one = None
    if has_rounds(row.rounds):
        one = round_of(row.rounds, row.area, as_of)
    opens_on, closes_on = (one.opens_on, one.closes_on) if one else _open_days(row)
    if rule := no_program(found.title, closes_on is not None):
        raise LeftOut(rule)
    letters, keyword = industries(row.industries, model.constants["any_from"]), ""
    if letters == UNKNOWN:
        letters, keyword = keywords.read(found.title)
    reasons = {
        "keyword": keyword,
        "tier": tier if tier in tiers else "",
        "round": one.name if one else "",
    }
    return found._replace(
        industries=letters,
        prefectures=one.area if one else prefectures(row.area),
        opens_on=opens_on,
        closes_on=closes_on,
        risk_level=tiers.get(tier),
        why=canonical_json({name: reason for name, reason in reasons.items() if reason}),
    )


def _refuse(found: Candidate, row: ProgramRow, quarantined: bool) -> None:
    is_number = _NUMBER.fullmatch(found.title)
    rules = {
        "answer of the API": bool(row.is_answer),
        "id not readable": row.item_id and not found.item_id,
        "no id": not found.item_id,
        "id too long": len(str(row.item_id)) > ID_LENGTH,
        "title not readable": not is_readable(row.title),
        "no title": not found.title or is_number,
        "excluded": bool(row.excluded),
        "quarantined": quarantined,
        "no reception": _NO_RECEPTION.fullmatch(normal(row.reception)),
    }
    if rule := next((rule for rule, holds in rules.items() if holds), None):
        raise LeftOut(rule)


def _open_days(row: ProgramRow) -> tuple[str | None, str | None]:
    stated = _window(row.window_json)
    closes = (row.closes_at, stated.get("close_date"), stated.get("end_date"))
    return window((row.opens_at, stated.get("start_date")), closes)


def _window(text: object) -> dict[str, Any]:
    try:
        window = json.loads(str(text)) if normal(text) else None
    except (ValueError, RecursionError):
        raise LeftOut("window not readable") from None
    if not isinstance(window, dict | None):
        raise LeftOut("window not readable")
    return window or {}
