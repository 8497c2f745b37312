"""A whole night, read back from log and evidence, is what the oracle says: lists, points and scores."""

import hashlib
import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import oracle
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from oracle import Item, Place
from strategies import (
    ODD_TEXTS,
    PLACES,
    as_of_days,
    items_of_a_night,
    models,
    odd_texts,
    valid_texts,
)

from sqlite_utils_personalization import score
from sqlite_utils_personalization.schema import migrate

SHARED = Path(__file__).parents[2] / "shared"
MODEL = json.loads(
    files("sqlite_utils_personalization.model").joinpath("model.json").read_text(encoding="utf-8")
)
FACTS = (
    "recommendation_type, item_id, title, industries, prefectures, opens_on, closes_on, risk_level"
)
IN_FILE = ("program", "industry_pack", "amendment")

SCHEMA = f"""
CREATE TABLE house_list ({FACTS});
CREATE TABLE saved_searches (id INTEGER PRIMARY KEY, api_key_hash TEXT, query_json TEXT);
"""
# In a user's own catalogue NULL says unknown and nationwide.
CATALOGUE = """
SELECT recommendation_type, item_id, title, nullif(industries, 'unknown') AS industries,
    nullif(prefectures, 'nationwide') AS prefectures, opens_on, closes_on, risk_level
FROM house_list
"""
LOGGED = """
SELECT l.profile_id, l.recommendation_type, l.score = d.score, c.recommendation_type, c.item_id,
    d.industry_points, d.deadline_points, d.risk_points, d.score
FROM am_personalization_list t
JOIN am_personalization_evidence e USING (list_id)
JOIN am_personalization_decision d ON d.list_id = t.list_id AND d.seq <= e.n
JOIN am_personalization_candidate c USING (candidate_id)
JOIN am_personalization_recommendation_log l ON l.rec_id = e.first_rec_id + d.seq - 1
ORDER BY l.rec_id
"""


def token(number):
    return hashlib.sha256(f"key {number}".encode()).hexdigest()


def add_customers(db, texts):
    db.executemany(
        "INSERT INTO am_personalization_profile(user_token_hash, preference_json) VALUES (?, ?)",
        [(token(number), text) for number, text in enumerate(texts)],
    )


def night_of(path, **options):
    """Score path once, into an empty log; what was logged and what the oracle says, customer by customer."""
    summary = score(path, **options)
    with closing(sqlite3.connect(path)) as db:
        items = [
            Item(*row)
            for row in db.execute(
                f"SELECT {FACTS}, profile_id, left_out FROM am_personalization_run_candidate"
                " JOIN am_personalization_candidate USING (candidate_id)"
            )
        ]
        model, as_of, top_k = db.execute(
            "SELECT model_json, as_of, top_k FROM am_personalization_run"
        ).fetchone()
        preferences = dict(
            db.execute("SELECT profile_id, preference_json FROM am_personalization_profile")
        )
        rejected = db.execute(
            "SELECT profile_id FROM am_personalization_unserved WHERE reason IS NOT NULL"
        )
        found = logged(db, preferences), {profile_id for (profile_id,) in rejected}
        rows = db.execute("SELECT count(*) FROM am_personalization_recommendation_log").fetchone()
    served, refused = oracle.recommendations(items, preferences, json.loads(model), as_of, top_k)
    lists = [places for by_type in served.values() for places in by_type.values()]
    assert [summary["logged"], *rows] == [sum(map(len, lists))] * 2
    without = {profile_id: {name: [] for name in oracle.TYPES} for profile_id in refused}
    return items, found, (served | without, refused)


def logged(db, preferences):
    found = {profile_id: {name: [] for name in oracle.TYPES} for profile_id in preferences}
    for profile_id, name, same_score, item_type, *place in db.execute(LOGGED):
        assert (same_score, item_type) == (1, name)
        found[profile_id][name].append(Place(*place))
    return found


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """A migrated file with a house list and saved searches, both empty."""
    path = tmp_path_factory.mktemp("oracle") / "jpcite.db"
    migrate(path)
    with closing(sqlite3.connect(path)) as db:
        db.executescript(SCHEMA)
    path.with_name("catalogue.sql").write_text(CATALOGUE, encoding="utf-8")
    return path


def is_readable(item):
    return item.opens_on is None or item.closes_on is None or item.opens_on <= item.closes_on


HOUSE_LISTS = items_of_a_night(IN_FILE, (None,)).map(
    lambda items: [item for item in items if is_readable(item)]
)
QUERIES = st.fixed_dictionaries(
    {"q": st.sampled_from(("", "農業", "DX 建設"))},
    optional={"prefecture": st.sampled_from(PLACES)},
)
KEYWORDS = {**MODEL, "keywords": {"農業": "A", "建設": "DG"}}
NIGHTS = {
    "house_list": HOUSE_LISTS,
    "searches": st.lists(st.tuples(st.integers(0, 2), QUERIES), max_size=12),
    "texts": st.builds(
        list.__add__,
        st.lists(valid_texts(), min_size=2, max_size=6),
        st.lists(odd_texts(), max_size=2),
    ),
    "model": models(KEYWORDS),
    "as_of": as_of_days(),
    "top_k": st.sampled_from((2, 1, 3, 10)),
}


# a and c are alike, and b, which earns the same in another way, comes between them; two owners of
# searches declare the same; every odd text is there.
TIED = {
    "house_list": [
        Item("program", "a", "補助金", industries="D"),
        Item("program", "b", "補助金", industries="D", risk_level="low"),
        Item("program", "c", "補助金", industries="D"),
    ],
    "searches": [(0, {"q": "建設"}), (1, {"q": ""}), (1, {"q": "建設"})],
    "texts": ['{"industry_pack": "D", "risk_tolerance": "low"}'] * 2 + list(ODD_TEXTS),
    "model": KEYWORDS,
    "as_of": "2026-07-22",
    "top_k": 10,
}


def generated_night(empty, house_list, searches, texts, model, as_of, top_k):
    path = empty.with_name("night.db")
    path.write_bytes(empty.read_bytes())
    path.with_name("model.json").write_text(json.dumps(model), encoding="utf-8")
    with closing(sqlite3.connect(path)) as db, db:
        add_customers(db, texts)
        db.executemany(
            f"INSERT INTO house_list({FACTS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [[getattr(item, name) for name in FACTS.split(", ")] for item in house_list],
        )
        db.executemany(
            "INSERT INTO saved_searches(api_key_hash, query_json) VALUES (?, ?)",
            [(token(owner), json.dumps(query)) for owner, query in searches],
        )
    return night_of(
        path,
        as_of=as_of,
        top_k=top_k,
        model=path.with_name("model.json"),
        catalogue=path.with_name("catalogue.sql"),
    )


def untitled(items):
    return {replace(item, title="") for item in items}


def without_repeats(house_list):
    """Of items with one id the first is a candidate."""
    seen = set()
    for item in house_list:
        key = item.recommendation_type, item.item_id
        yield replace(item, left_out="duplicate id") if key in seen else item
        seen.add(key)


def check_generated_night(empty, night):
    items, found, expected = generated_night(empty, **night)
    assert untitled(without_repeats(night["house_list"])) <= untitled(items)
    owned = [item for item in items if item.profile_id is not None]
    assert len(owned) == sum(owner < len(night["texts"]) for owner, _ in night["searches"])
    assert found == expected


@settings(max_examples=30, deadline=None)
@example(night=TIED)
@given(night=st.fixed_dictionaries(NIGHTS))
def test_a_generated_night_is_the_oracles(empty, night):
    check_generated_night(empty, night)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(night=st.fixed_dictionaries(NIGHTS))
def test_many_generated_nights_are_the_oracles(empty, night):
    check_generated_night(empty, night)


def real_night(path, customers, as_of):
    """A night on the real catalogue, with as many invented customers and a few odd ones."""
    if not SHARED.exists():
        pytest.skip("needs the real catalogue in ../shared, which is not part of the project")
    build = [sys.executable, SHARED / "catalogue" / "build_jpcite_db.py"]
    subprocess.run([*build, "catalogue", path], check=True)
    migrate(path)
    subprocess.run([*build, "customers", path, "--count", str(customers)], check=True)
    with closing(sqlite3.connect(path)) as db, db:
        add_customers(db, ODD_TEXTS)
    return night_of(path, as_of=as_of)


def check_real_night(path, customers, as_of, types=oracle.TYPES):
    _, found, expected = real_night(path, customers, as_of)
    lists, _ = found
    assert len(lists) == customers + len(ODD_TEXTS)
    assert {name for by_type in lists.values() for name in by_type if by_type[name]} == set(types)
    assert found == expected


def test_a_night_on_the_real_catalogue_is_the_oracles(tmp_path):
    check_real_night(tmp_path / "jpcite.db", 150, "2026-07-22")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("as_of", "types"),
    [
        ("2026-05-14", oracle.TYPES),
        ("2026-07-22", oracle.TYPES),
        # The last amendment was seen on 2026-08-22, more than 30 days before.
        ("2026-09-30", ("program", "industry_pack", "saved_search")),
    ],
)
def test_a_night_of_2000_customers_on_the_real_catalogue_is_the_oracles(tmp_path, as_of, types):
    check_real_night(tmp_path / "jpcite.db", 2000, as_of, types)
