"""What the text of a search can mean besides words of a title: a day, a number, the beginning of a hash, an id.

Each reading is one look-up by key, or a scan of a range of one; read-only.
"""

import re
import sqlite3
from collections.abc import Callable
from typing import Any, NamedTuple

from sqlite_utils_personalization.database import has_table
from sqlite_utils_personalization.viewer.pages.erased import with_erasures
from sqlite_utils_personalization.viewer.pages.named_rows import named_rows
from sqlite_utils_personalization.viewer.pages.parameters import Wrong, day, whole

_HEX = re.compile(r"[0-9a-f]{4,64}", re.ASCII)
# A model is part of its run's row, which is long: so many of the newest runs are looked at.
_RUNS = 1_000
# More deliveries of a day are not counted.
MOST_DELIVERIES = 10_000


class Read(NamedTuple):
    """One kind of thing that a text may mean: as what it is read, where that is, and the SQL of what is found."""

    kind: str
    reading: str
    table: str
    sql: str


def as_day(text: str) -> dict[str, Any] | None:
    """The Japanese day, if the text is one."""
    try:
        return {"day": day(text)}
    except Wrong:
        return None


def as_number(text: str) -> dict[str, Any] | None:
    """The whole number, if the text is one."""
    try:
        return {"number": whole(0)(text)}
    except Wrong:
        return None


def as_hash(text: str) -> dict[str, Any] | None:
    """Between which texts the hashes lie that begin so, if the text may be that of one."""
    low = text.lower()
    return {"low": low, "high": f"{low}g"} if _HEX.fullmatch(low) else None


def as_text(text: str) -> dict[str, Any] | None:
    """As it is."""
    return {"text": text}


# In the order in which they are tried.
READINGS: dict[str, Callable[[str], dict[str, Any] | None]] = {
    "day": as_day,
    "number": as_number,
    "hash": as_hash,
    "text": as_text,
}
_UTC = "strftime('%Y-%m-%dT%H:%M:%S', :day, '-9 hours')"
_BEGINS = ">= :low AND {0} < :high ORDER BY {0}"
KINDS = (
    Read(
        "night",
        "day",
        "am_personalization_run",
        "SELECT run_id, as_of, again FROM am_personalization_run WHERE as_of = :day ORDER BY run_id DESC",
    ),
    Read(
        "deliveries",
        "day",
        "am_personalization_delivery",
        f"""SELECT * FROM (SELECT :day AS day, count(*) AS deliveries FROM (
            SELECT 1 FROM am_personalization_delivery
            WHERE delivered_at >= {_UTC} AND delivered_at < strftime('%Y-%m-%dT%H:%M:%S', {_UTC}, '+1 day')
            LIMIT {MOST_DELIVERIES}
        )) WHERE deliveries""",
    ),
    Read(
        "customer",
        "number",
        "am_personalization_profile",
        """SELECT profile_id, substr(user_token_hash, 1, 8) AS customer
        FROM am_personalization_profile WHERE profile_id = :number""",
    ),
    Read(
        "recommendation",
        "number",
        "am_personalization_recommendation_log",
        """SELECT rec_id, recommendation_type, score, profile_id
        FROM am_personalization_recommendation_log WHERE rec_id = :number""",
    ),
    Read(
        "run",
        "number",
        "am_personalization_run",
        "SELECT run_id, as_of, again FROM am_personalization_run WHERE run_id = :number",
    ),
    Read(
        "seal",
        "number",
        "am_personalization_seal",
        """SELECT seal_id, run_id, first_rec_id, last_rec_id
        FROM am_personalization_seal WHERE seal_id = :number""",
    ),
    Read(
        "customer_hash",
        "hash",
        "am_personalization_profile",
        f"""SELECT profile_id, substr(user_token_hash, 1, 12) AS customer
        FROM am_personalization_profile WHERE user_token_hash {_BEGINS.format("user_token_hash")}""",
    ),
    Read(
        "head",
        "hash",
        "am_personalization_seal",
        f"""SELECT seal_id, tree_root, run_id FROM am_personalization_seal
        WHERE tree_root {_BEGINS.format("tree_root")}, seal_id""",
    ),
    Read(
        "root",
        "hash",
        "am_personalization_seal",
        f"""SELECT seal_id, root, run_id FROM am_personalization_seal
        WHERE root {_BEGINS.format("root")}, seal_id""",
    ),
    Read(
        "model",
        "hash",
        "am_personalization_run",
        f"""SELECT model_sha256, min(as_of) AS first_as_of, max(as_of) AS last_as_of, max(run_id) AS run_id,
            count(*) AS runs
        FROM am_personalization_run
        WHERE run_id > (SELECT max(run_id) FROM am_personalization_run) - {_RUNS}
            AND model_sha256 >= :low AND model_sha256 < :high GROUP BY model_sha256""",
    ),
    Read(
        "delivery",
        "hash",
        "am_personalization_delivery",
        f"""SELECT delivery_id, delivery_key, rec_id, channel, delivered_at
        FROM am_personalization_delivery WHERE delivery_key {_BEGINS.format("delivery_key")}""",
    ),
    Read(
        "item",
        "text",
        "am_personalization_candidate",
        """SELECT recommendation_type, item_id, title, max(candidate_id) AS candidate_id
        FROM am_personalization_candidate
        WHERE recommendation_type IN ('program', 'industry_pack', 'saved_search', 'amendment') AND item_id = :text
        GROUP BY recommendation_type""",
    ),
)


def look_up(
    db: sqlite3.Connection, kind: Read, text: str, start: int, size: int
) -> tuple[list[dict[str, Any]], int | None]:
    """The rows from start on, at most size of them, and where the next are, None at the end."""
    given = READINGS[kind.reading](text)
    if given is None or not has_table(db, kind.table):
        return [], None
    sql = f"{kind.sql} LIMIT :size + 1 OFFSET :start"
    rows = named_rows(db, sql, given | {"size": size, "start": start})
    more = start + size if len(rows) > size else None
    if kind.kind in ("customer", "customer_hash"):
        rows = with_erasures(db, rows)
    if kind.kind == "customer_hash":
        rows = [row for row in rows if row["erased_at"] is None]
    return rows[:size], more
