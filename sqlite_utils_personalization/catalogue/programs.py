"""Programs: rows of jpcite and of jGrants as candidates."""

import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from sqlite_utils_personalization.canonical import canonical_json
from sqlite_utils_personalization.catalogue import tables
from sqlite_utils_personalization.catalogue.areas import prefectures
from sqlite_utils_personalization.catalogue.candidate import UNKNOWN, Candidate, LeftOut
from sqlite_utils_personalization.catalogue.dates import first_day, last_day
from sqlite_utils_personalization.catalogue.families import family, issuer
from sqlite_utils_personalization.catalogue.industries import Keywords, industries
from sqlite_utils_personalization.catalogue.tables import normal
from sqlite_utils_personalization.model.model import Model

# Table -> columns it must have; in the order in which a repeated id is resolved.
TABLES = {"programs": ("unified_id", "primary_name"), "jgrants_programs": ("id", "name")}
# jpcite's quarantine: rows its own search never shows.
_QUARANTINE = "X"


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


def programs(db: sqlite3.Connection, table: str, model: Model) -> Iterator[Candidate]:
    """Yield every row of one of TABLES as a candidate, left out or not, by id; read-only."""
    keywords = Keywords(model.constants["keywords"], model.constants["any_from"])
    known = len(ProgramRow._fields)
    further = tables.selected(table)[known:]
    for values in tables.read(db, table, *TABLES[table]):
        row = ProgramRow(*values[:known])
        facts = dict(zip(further, values[known:], strict=True))
        found = Candidate("program", row.item_id or "", normal(row.title), **facts)
        try:
            dated = _with_facts(found, row, model, keywords)
            yield with_model(dated, model, normal(row.window_json), normal(row.url))
        except LeftOut as rule:
            yield found._replace(left_out=str(rule))


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


def _with_facts(found: Candidate, row: ProgramRow, model: Model, keywords: Keywords) -> Candidate:
    tiers, tier = model.constants["tiers"], normal(row.tier)
    opens_on, closes_on = _open_days(row)
    _refuse(found, row, tier == _QUARANTINE and tier not in tiers, closes_on is not None)
    letters, keyword = industries(row.industries, model.constants["any_from"]), ""
    if letters == UNKNOWN:
        letters, keyword = keywords.read(found.title)
    reasons = {"keyword": keyword, "tier": tier if tier in tiers else ""}
    return found._replace(
        industries=letters,
        prefectures=prefectures(row.area),
        opens_on=opens_on,
        closes_on=closes_on,
        risk_level=tiers.get(tier),
        why=canonical_json({name: reason for name, reason in reasons.items() if reason}),
    )


def _refuse(found: Candidate, row: ProgramRow, quarantined: bool, dated: bool) -> None:
    rules = {
        "no id": not found.item_id,
        "no title": not found.title,
        "excluded": bool(row.excluded),
        "quarantined": quarantined,
    }
    rule = next((rule for rule, holds in rules.items() if holds), None)
    if rule := rule or no_program(found.title, dated):
        raise LeftOut(rule)


def _open_days(row: ProgramRow) -> tuple[str | None, str | None]:
    window = _window(row.window_json)
    opens = _days(first_day, row.opens_at, window.get("start_date"))
    closes = _days(last_day, row.closes_at, window.get("close_date"), window.get("end_date"))
    # Where two are given, the narrower window: an item may be missed, not shown when it is closed.
    opens_on, closes_on = max(opens, default=None), min(closes, default=None)
    if opens_on and closes_on and closes_on < opens_on:
        raise LeftOut("closes before it opens")
    return opens_on, closes_on


def _window(text: object) -> dict[str, Any]:
    try:
        window = json.loads(str(text)) if normal(text) else None
    except (ValueError, RecursionError):
        raise LeftOut("window not readable") from None
    if not isinstance(window, dict | None):
        raise LeftOut("window not readable")
    return window or {}


def _days(read: Callable[[object], str | None], *values: object) -> list[str]:
    days = [read(value) for value in values if normal(value)]
    if None in days:
        raise LeftOut("date not readable")
    return [day for day in days if day]


_ALWAYS = {
    "practice form": r"申請練習",
    "closed": r"(?:受付|募集|公募|申込|取り扱い)[はをが]?(?:終了|締め切り)|[【(]終了|終了した制度",
    "procedure": (
        r"実績報告|状況報告|控除税額|[【(]交付申請|交付申請手続|交付申請書|計画変更承認|事前着手"
        r"|[(]共同申請|[2-9]年目申請用|(?:撤回|変更|中止|廃止)届|(?<!生活)様式"
    ),
    "document": r"[(\[](?:PDF|Word|Excel|ワード|エクセル)",
}
_END = r"\s*(?:[(【<「].*|[-|/].*)?$"
_UNDATED = {
    "notice": (
        rf"(?:について|お知らせ|案内){_END}|交付決定|採択"
        r"|(?:決定|公表|募集|公募|開始|開催|掲載|更新|紹介|実施)し(?:ます|ました)"
    ),
    "case study": r"事例|実施状況|支出状況|結果報告|成果報告|効果検証",
    "directory": r"一覧|案内ハブ|リンク集",
    "navigation": r"^(?:page top|translate|音声よみあげ|https?://)|へ移動$|ジャンプします|^[^\s|]*[課班部局]$",
}
_DATED_RULES = {rule: re.compile(pattern, re.IGNORECASE) for rule, pattern in _ALWAYS.items()}
_ALL_RULES = _DATED_RULES | {
    rule: re.compile(pattern, re.IGNORECASE) for rule, pattern in _UNDATED.items()
}


def no_program(title: str, dated: bool) -> str | None:
    """Name of the rule by which a normalised title is no program, if any; read-only."""
    rules = _DATED_RULES if dated else _ALL_RULES
    return next((rule for rule, pattern in rules.items() if pattern.search(title)), None)
