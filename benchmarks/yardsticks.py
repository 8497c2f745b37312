"""What a night is measured against, each in its simplest honest form.

    python -m benchmarks.yardsticks NAME PATH ...

does the work in the file at PATH and prints what the measured part of it cost, as JSON.
"""

import json
import resource
import sqlite3
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date
from importlib.resources import files
from typing import Any, NamedTuple

TYPES = ("program", "industry_pack", "saved_search", "amendment")
LEVELS = {"low": 0, "medium": 1, "high": 2}
_MODEL = files("sqlite_utils_personalization.model").joinpath("model.json")
MODEL = json.loads(_MODEL.read_text(encoding="utf-8"))
WEIGHTS, CAPS = MODEL["weights"], MODEL["caps"]
INSERT = """
INSERT INTO am_personalization_recommendation_log (profile_id, recommendation_type, score, served_at)
VALUES (?, ?, ?, '2026-07-22T00:00:00.000Z')
"""


class Item(NamedTuple):
    """A candidate of the catalogue, its dates read: days_left and risk are None where nothing is stated."""

    item_id: str
    industries: str
    prefectures: str
    is_open: bool
    days_left: int | None
    risk: int | None
    lead: int = 0
    rolling: int | None = None
    family: str | None = None
    family_name: str | None = None


def floor(db: sqlite3.Connection, source: str) -> None:
    """The rows of the last night in source, inserted by one statement from a table that holds them ready."""
    db.execute("ATTACH ? AS source", (source,))
    db.execute(
        "CREATE TEMP TABLE ready AS SELECT profile_id, recommendation_type, score, served_at"
        " FROM source.am_personalization_recommendation_log WHERE rec_id >="
        " (SELECT first_rec_id FROM source.am_personalization_run_progress ORDER BY run_id DESC) ORDER BY rec_id"
    )
    db.execute("DETACH source")
    with measured(), db:
        db.execute(
            "INSERT INTO am_personalization_recommendation_log (profile_id, recommendation_type, score, served_at)"
            " SELECT * FROM ready"
        )


def wildcards(db: sqlite3.Connection) -> None:
    """The obvious night where there is nothing but our schema: one item of each type, open to everyone."""
    item = Item("", "any", "nationwide", True, None, None)
    with measured(), db:
        for profile_id, declared in customers(db, -1):
            for kind in TYPES:
                if score := min(CAPS[kind], points(declared, item)):
                    db.execute(INSERT, (profile_id, kind, score))


def catalogue(db: sqlite3.Connection, source: str, customers_at_most: str) -> None:
    """The obvious night over the candidates of the last night in source, for the first so many customers."""
    items = _items(source)
    with measured(), db:
        for profile_id, declared in customers(db, int(customers_at_most)):
            for kind, listed in items.items():
                for scored in best(declared, listed):
                    db.execute(INSERT, (profile_id, kind, min(CAPS[kind], scored)))


def best(declared: dict[str, Any], items: list[Item]) -> list[int]:
    """The points of the best ten, one of each family."""
    ranked = sorted(
        (*rank(declared, item, scored), item.item_id, scored, kin(declared, item))
        for item in items
        if is_eligible(declared, item) and (scored := points(declared, item))
    )
    first: dict[str, int] = {}
    for *_, scored, family in ranked:
        first.setdefault(family, scored)
    return list(first.values())[:10]


def kin(declared: dict[str, Any], item: Item) -> str:
    family = item.family if "prefecture" in declared else item.family_name
    return family or f"alone {item.item_id}"


def rank(declared: dict[str, Any], item: Item, scored: int) -> tuple[int, ...]:
    is_led = "industry_pack" in declared
    return (
        -(scored // MODEL["rank_band"]),
        "prefecture" in declared and item.prefectures == "nationwide",
        not is_led and item.industries not in ("any", "unknown"),
        -scored,
        breadth(item) if is_led else 0,
        item.days_left is None,
        item.days_left or 0,
    )


def customers(db: sqlite3.Connection, at_most: int) -> Iterator[tuple[int, dict[str, Any]]]:
    sql = "SELECT profile_id, preference_json FROM am_personalization_profile ORDER BY 1 LIMIT ?"
    for profile_id, text in db.execute(sql, (at_most,)):
        declared = json.loads(text)
        if isinstance(declared, dict):
            yield profile_id, declared


def is_eligible(declared: dict[str, Any], item: Item) -> bool:
    prefecture, industry = declared.get("prefecture"), declared.get("industry_pack")
    return (
        item.is_open
        and (item.days_left is None or item.days_left >= notice(declared, item))
        and (
            prefecture is None or item.prefectures == "nationwide" or prefecture in item.prefectures
        )
        and (
            industry is None or item.industries in ("any", "unknown") or industry in item.industries
        )
    )


def notice(declared: dict[str, Any], item: Item) -> int:
    horizon: int | None = declared.get("deadline_horizon_days")
    return item.lead if horizon is None else min(item.lead, horizon // 2)


def points(declared: dict[str, Any], item: Item) -> int:
    total = 0
    if "industry_pack" in declared and item.industries != "unknown":
        total += WEIGHTS["industry"]
    if horizon := declared.get("deadline_horizon_days"):
        if item.days_left is not None:
            lead = notice(declared, item)
            within = max(0, horizon - max(item.days_left, lead))
            total += WEIGHTS["deadline"] * within // (horizon - lead)
        elif item.rolling is not None:
            total += MODEL["date_points"]["rolling" if item.rolling else "unknown"]
        elif horizon <= MODEL["urgent_days"]:
            total += WEIGHTS["deadline"]
    if level := declared.get("risk_tolerance"):
        if item.risk is None:
            total += 0 if level == "high" else WEIGHTS["risk"]
        else:
            total += (WEIGHTS["risk"], WEIGHTS["risk"] // 2, 0)[abs(LEVELS[level] - item.risk)]
    return total


def breadth(item: Item) -> int:
    return {"any": 20, "unknown": 21}.get(item.industries, len(item.industries))


def _items(source: str) -> dict[str, list[Item]]:
    """What the night saw that was not one customer's own, by type."""
    found = defaultdict(list)
    with closing(sqlite3.connect(source)) as db:
        for (
            as_of,
            kind,
            item_id,
            industries,
            prefectures,
            opens_on,
            closes_on,
            level,
            *rest,
        ) in db.execute(
            "SELECT as_of, recommendation_type, item_id, industries, prefectures, opens_on, closes_on, risk_level,"
            " rolling, family, family_name"
            " FROM am_personalization_run JOIN am_personalization_run_candidate USING (run_id)"
            " JOIN am_personalization_candidate USING (candidate_id) WHERE left_out IS NULL AND profile_id IS NULL"
            " AND run_id = (SELECT max(run_id) FROM am_personalization_run)"
        ):
            left = closes_on and (date.fromisoformat(closes_on) - date.fromisoformat(as_of)).days
            is_open = (opens_on or as_of) <= as_of and (left is None or left >= 0)
            risk, lead = LEVELS.get(level), MODEL["lead_days"].get(kind, 0)
            item = Item(item_id, industries, prefectures, is_open, left, risk, lead, *rest)
            found[kind].append(item)
    return found


@contextmanager
def measured() -> Iterator[None]:
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    cost = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall, "rss": rss}
    print(json.dumps(cost))


def main() -> None:
    name, path, *arguments = sys.argv[1:]
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA foreign_keys = ON")
        {"floor": floor, "wildcards": wildcards, "catalogue": catalogue}[name](db, *arguments)


if __name__ == "__main__":
    main()
