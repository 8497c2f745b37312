"""What a reader wants to know of a program besides, and no rule uses: the most it pays, and where it is described."""

import json
import sqlite3
from collections.abc import Collection
from typing import NamedTuple
from urllib.parse import urlsplit

from sqlite_utils_personalization.catalogue import tables
from sqlite_utils_personalization.catalogue.change_titles import NO_AMOUNT
from sqlite_utils_personalization.catalogue.programs import TABLES
from sqlite_utils_personalization.database import column_names, null_columns

# Of each table of programs: what it says of the amount and of the address.
_JPCITE = "t.amount_max_man_yen * 10000, coalesce(nullif(t.official_url, ''), t.source_url)"
_SELECTS = {
    "programs": _JPCITE,
    "jpi_programs": _JPCITE,
    "jgrants_programs": (
        "coalesce(t.amount_max_yen, t.subsidy_max_limit), coalesce(nullif(t.url, ''), t.front_subsidy_detail_page_url)"
    ),
}


class Details(NamedTuple):
    """amount_yen is the most a program pays, url an http(s) address; None where the catalogue does not say."""

    amount_yen: int | None = None
    url: str | None = None


def details(db: sqlite3.Connection, program_ids: Collection[str]) -> dict[str, Details]:
    """What the catalogue of today says of these programs; read-only. A program that is gone has no entry."""
    found: dict[str, Details] = {}
    # In the order in which a repeated id is resolved.
    for table, (key, *_) in TABLES.items():
        columns = _SELECTS[table]
        if key in (there := column_names(db, table)):
            nulls = null_columns(tables.mentioned(columns), there)
            sql = (
                f"SELECT CAST(t.{key} AS TEXT), {columns} FROM (SELECT *{nulls} FROM {table}) AS t"
                f" WHERE t.{key} IN (SELECT value FROM json_each(?))"
            )
            for item_id, amount, url in tables.rows(db, sql, table, (json.dumps([*program_ids]),)):
                found.setdefault(item_id, Details(_amount(amount), _address(url)))
    return found


def _amount(value: object) -> int | None:
    try:
        amount = int(float(str(value).replace(",", "")))
    except (ValueError, OverflowError):
        return None
    return None if amount in NO_AMOUNT or amount < 0 else amount


def _address(value: object) -> str | None:
    """Nothing but an address of the web: it becomes a link in a customer's mail."""
    text = str(value or "").strip()
    if not text.isprintable() or " " in text:
        return None
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    return text if parts.scheme in ("http", "https") and parts.hostname else None
