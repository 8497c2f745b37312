"""Databases of any size to measure on: invented customers, invented programs or a catalogue that is at hand."""

import json
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path

from sqlite_utils_personalization import score
from sqlite_utils_personalization.catalogue.areas import PREFECTURES
from sqlite_utils_personalization.schema import migrate
from sqlite_utils_personalization.schema.scripts import read_script

FIRST_NIGHT = date(2026, 4, 1)
PROGRAMS = 3_000
CHANGES = 600
JSIC = "ABCDEFGHIJKLMNOPQRST"
INVALID = "[]"

TABLES = """
CREATE TABLE jgrants_programs (id TEXT, name TEXT, industry_jsic TEXT, area_raw TEXT, close_at TEXT);
CREATE TABLE saved_searches (id INTEGER PRIMARY KEY, api_key_hash TEXT, query_json TEXT);
CREATE TABLE am_amendment_diff (
    diff_id INTEGER PRIMARY KEY, entity_id TEXT, field_name TEXT, prev_value TEXT, new_value TEXT, detected_at TEXT
);
"""


_HAS_SEARCHES = "SELECT 1 FROM source.sqlite_master WHERE name = 'saved_searches'"


def build(path: Path, rows: int, customers: int) -> None:
    """Create path and score nights until its log holds at least so many rows."""
    create(path, customers)
    night, logged = FIRST_NIGHT, 0
    while logged < rows:
        logged += score(path, as_of=night.isoformat())["logged"]
        night += timedelta(days=1)
        print(f"{logged:,} of {rows:,} log rows", flush=True)


def create(path: Path, customers: int, catalogue: Path | None = None) -> None:
    """Create path with invented programs, or those of the database catalogue, and one customer in 50 with a search."""
    create_bare(path, customers)
    rng = random.Random(20260401)
    with closing(sqlite3.connect(path)) as db, db:
        if catalogue:
            _copy_tables(db, catalogue)
        else:
            db.executescript(TABLES)
            db.executemany("INSERT INTO jgrants_programs VALUES (?, ?, ?, ?, ?)", _programs(rng))
            db.executemany(
                "INSERT INTO am_amendment_diff VALUES (NULL, ?, ?, ?, ?, ?)", _changes(rng)
            )
        db.executemany(
            "INSERT INTO saved_searches (api_key_hash, query_json) VALUES (?, ?)",
            ((_hash(number), '{"q": "省エネ"}') for number in range(0, customers, 50)),
        )


def create_like(path: Path, source: Path, customers: int | None = None) -> None:
    """Create path with the catalogue of the database source, its customers, or so many of them, and their searches."""
    migrate(path)
    with closing(sqlite3.connect(path)) as db:
        _copy_tables(db, source)
        db.execute("ATTACH ? AS source", (str(source),))
        (total,) = db.execute("SELECT count(*) FROM source.am_personalization_profile").fetchone()
        with db:
            # From all over the file: who came first may be unlike the others.
            db.execute(
                "INSERT INTO am_personalization_profile (user_token_hash, preference_json)"
                " SELECT user_token_hash, preference_json FROM ("
                "     SELECT *, ntile(:parts) OVER (ORDER BY profile_id) AS part FROM source.am_personalization_profile"
                " ) GROUP BY part HAVING profile_id = min(profile_id)",
                {"parts": min(customers or total, total)},
            )
            if db.execute(_HAS_SEARCHES).fetchone():
                db.execute(
                    "INSERT INTO saved_searches SELECT id, api_key_hash, query_json FROM source.saved_searches"
                    " WHERE api_key_hash IN (SELECT user_token_hash FROM am_personalization_profile)"
                )


def create_bare(path: Path, customers: int) -> None:
    """Create path with nothing but our schema and the customers."""
    rng = random.Random(20260722)
    migrate(path)
    with closing(sqlite3.connect(path)) as db, db:
        db.executemany(
            "INSERT INTO am_personalization_profile (user_token_hash, preference_json) VALUES (?, ?)",
            ((_hash(number), _preference(rng)) for number in range(customers)),
        )


def create_plain(path: Path, source: Path) -> None:
    """Create path with 287 only, and the customers of source: what the plain inserts are measured on."""
    with closing(sqlite3.connect(path)) as db:
        db.executescript(read_script("287_personalization.sql"))
        db.execute("ATTACH ? AS source", (str(source),))
        with db:
            db.execute(
                "INSERT INTO am_personalization_profile SELECT * FROM source.am_personalization_profile"
            )


def _copy_tables(db: sqlite3.Connection, catalogue: Path) -> None:
    db.execute("ATTACH ? AS source", (str(catalogue),))
    found = {name for (name,) in db.execute("SELECT name FROM source.sqlite_master")}
    for name in {"programs", "jgrants_programs", "am_amendment_diff"} & found:
        db.execute(f"CREATE TABLE main.{name} AS SELECT * FROM source.{name}")
    db.commit()
    db.execute("DETACH source")
    db.execute(
        "CREATE TABLE saved_searches (id INTEGER PRIMARY KEY, api_key_hash TEXT, query_json TEXT)"
    )


def _programs(rng: random.Random) -> Iterator[tuple[str, ...]]:
    for number in range(PROGRAMS):
        closes = FIRST_NIGHT + timedelta(days=rng.randrange(-30, 400))
        industries = rng.choice(["", "any", *JSIC])
        area = rng.choice(["全国", "海外", *PREFECTURES])
        yield f"B{number:05}", f"補助金 {number}", industries, area, f"{closes}T17:00+09:00"


def _changes(rng: random.Random) -> Iterator[tuple[str, ...]]:
    for number in range(CHANGES):
        seen = FIRST_NIGHT + timedelta(days=rng.randrange(-30, 300))
        yield f"B{rng.randrange(PROGRAMS):05}", "amount_max_yen", "0", str(number), f"{seen}T00:00Z"


def _preference(rng: random.Random) -> str:
    if rng.random() < 0.001:
        return INVALID
    declared = {
        "industry_pack": rng.choice(JSIC),
        "deadline_horizon_days": rng.choice([14, 30, 45, 60, 90, 120, 180, 365]),
        "risk_tolerance": rng.choice(["low", "medium", "high"]),
        "prefecture": rng.choice(PREFECTURES),
    }
    kept = {key: value for key, value in declared.items() if rng.random() < 0.85}
    return json.dumps(kept, ensure_ascii=False)


def _hash(number: int) -> str:
    return sha256(f"benchmark-key-{number}".encode()).hexdigest()
