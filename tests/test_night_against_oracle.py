"""A whole night, read back from log and evidence, is what the oracle says: lists, points and scores."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import date, timedelta
from importlib.resources import files
from pathlib import Path

import oracle
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from nights import (
    FACTS,
    add_customers,
    add_feedback,
    explained,
    items_seen,
    list_items,
    night_of,
    token,
)
from oracle import Item
from strategies import (
    ODD_TEXTS,
    PLACES,
    TITLES,
    as_of_days,
    items_of_a_night,
    models,
    odd_texts,
    old,
    valid_texts,
)

from sqlite_utils_personalization.audit.verify.verify import verify
from sqlite_utils_personalization.billing.delivery import delivery_key
from sqlite_utils_personalization.billing.record import (
    insert_deliveries,
    record_deliveries,
    reverse_delivery,
)
from sqlite_utils_personalization.schema import migrate

SHARED = Path(__file__).parents[2] / "shared"
MODEL = json.loads(
    files("sqlite_utils_personalization.model").joinpath("model.json").read_text(encoding="utf-8")
)
IN_FILE = ("program", "industry_pack", "amendment")

SCHEMA = f"""
CREATE TABLE house_list ({FACTS});
CREATE TABLE saved_searches (id INTEGER PRIMARY KEY, api_key_hash TEXT, query_json TEXT);
"""
# In a user's own catalogue NULL says unknown and nationwide, and IT is no pair of letters.
CATALOGUE = """
SELECT recommendation_type, item_id, title, nullif(replace(industries, 'IT', 'I/T'), 'unknown') AS industries,
    nullif(prefectures, 'nationwide') AS prefectures, opens_on, closes_on, risk_level
FROM house_list
"""


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


def readable(items):
    """Those that a SELECT may list: their days in order, and of an id the first."""
    found = {}
    for item in filter(is_readable, items):
        found.setdefault((item.recommendation_type, item.item_id), item)
    return list(found.values())


HOUSE_LISTS = items_of_a_night(IN_FILE, (None,)).map(readable)
QUERIES = st.fixed_dictionaries(
    {"q": st.sampled_from(("", "農業", "DX 建設"))},
    optional={"prefecture": st.sampled_from(PLACES)},
)
KEYWORDS = {**MODEL, "keywords": {"農業": "A", "建設": "DG"}}
OLD = old(KEYWORDS)
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
    "model": OLD,
    "as_of": "2026-07-22",
    "top_k": 10,
}
# Two rounds of one programme, one of the same in another prefecture, and one that closes too soon.
RELATED = {
    "house_list": [
        Item("program", "a", TITLES[0], industries="DE", closes_on="2026-10-01"),
        Item("program", "b", TITLES[1], industries="D", closes_on="2026-11-01"),
        Item(
            "program", "c", TITLES[2], industries="D", prefectures="東京都", closes_on="2026-12-01"
        ),
        Item("program", "d", "補助金", industries="D", closes_on="2026-08-04"),
        Item("program", "e", TITLES[3], industries="D"),
    ],
    "searches": [],
    "texts": [
        '{"industry_pack": "D", "deadline_horizon_days": 60}',
        '{"industry_pack": "D", "deadline_horizon_days": 60, "prefecture": "東京都"}',
        '{"deadline_horizon_days": 60, "risk_tolerance": "low"}',
    ],
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
        list_items(db, house_list)
        save_searches(db, searches)
    return night_of(
        path,
        as_of=as_of,
        top_k=top_k,
        model=path.with_name("model.json"),
        catalogue=path.with_name("catalogue.sql"),
    )


def save_searches(db, searches):
    db.executemany(
        "INSERT INTO saved_searches(api_key_hash, query_json) VALUES (?, ?)",
        [(token(owner), json.dumps(query)) for owner, query in searches],
    )


def as_stated(items):
    """What the user's own SELECT says of each but its title, which is normalised, and the rule that left it out."""
    names = [name for name in FACTS.split(", ") if name != "title"]
    return {(*(getattr(item, name) for name in names), item.left_out) for item in items}


def knows_what_the_model_asks(items, model):
    programs = [item for item in items if item.recommendation_type == "program"]
    related = {item.title for item in programs if item.family is not None}
    assert ("設備導入" in "".join(related)) is (
        "places_per_family" in model and "設備導入" in "".join(item.title for item in programs)
    )
    for item in programs:
        is_asked = "date_points" in model and item.closes_on is None and item.title[:3] != "any"
        assert (item.rolling is not None) is is_asked
        if is_asked:
            assert item.rolling == any(word in item.title for word in model["rolling_words"])


def check_generated_night(empty, night):
    items, found, expected = generated_night(empty, **night)
    assert as_stated(night["house_list"]) <= as_stated(items)
    owned = [item for item in items if item.profile_id is not None]
    assert len(owned) == sum(owner < len(night["texts"]) for owner, _ in night["searches"])
    knows_what_the_model_asks(items, night["model"])
    assert found == expected


def test_rounds_of_one_programme_are_told_by_their_titles(empty):
    """That the titles of generated nights make the families that the property needs."""
    items, (lists, _), expected = generated_night(empty, **RELATED)
    assert (lists, set()) == expected
    family = {item.item_id: (item.family, item.family_name) for item in items}
    assert family["a"] == family["b"] != (None, None)
    assert family["a"][0] != family["c"][0]
    assert family["a"][1] == family["c"][1]
    assert family["d"] == (None, None)
    ids = {
        profile_id: [place.item_id for place in by_type["program"]]
        for profile_id, by_type in lists.items()
    }
    # Without a prefecture b stands for a and c too; in 東京都 c comes before b, which stands for a.
    assert ids == {1: ["e", "b"], 2: ["c", "e", "b"], 3: ["e", "a"]}
    _, (lists, _), _ = generated_night(empty, **RELATED | {"model": OLD})
    assert [place.item_id for place in lists[1]["program"]] == ["e", "d", "b", "c", "a"]


@settings(max_examples=30, deadline=None)
@example(night=TIED)
@example(night=TIED | {"model": KEYWORDS})
@example(night=RELATED)
@given(night=st.fixed_dictionaries(NIGHTS))
def test_a_generated_night_is_the_oracles(empty, night):
    check_generated_night(empty, night)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(night=st.fixed_dictionaries(NIGHTS))
def test_many_generated_nights_are_the_oracles(empty, night):
    check_generated_night(empty, night)


# Two nights of one file, and what happens between them: things are handed over and talked about, and some are news.

PROGRAMS = """
CREATE TABLE programs (unified_id TEXT, primary_name TEXT, prefecture TEXT, tier TEXT, application_window_json TEXT);
CREATE TABLE am_amendment_diff (diff_id INTEGER PRIMARY KEY, entity_id, field_name, prev_value, new_value, detected_at);
"""
WINDOWS = st.sampled_from(
    (
        *({}, {"cycle": "rolling"}, {"end_date": "2026-09-30"}, {"end_date": "2124-03-31"}),
        *({"start_date": f"2026-07-{day}", "end_date": "2026-12-31"} for day in ("01", "20", "30")),
    )
)
OWN_PROGRAMS = st.lists(
    st.tuples(
        st.sampled_from(TITLES),
        st.sampled_from((None, *PLACES)),
        st.sampled_from((None, "S", "B", "C")),
        WINDOWS,
    ),
    min_size=1,
    max_size=5,
)
NUMBERS = st.integers(0, 99)
OFFSETS = st.integers(-45, 5) | st.sampled_from((-31, -30, -29, -1, 0, 1))
HOURS = st.sampled_from(("00:00:00.000", "14:59:59.999", "15:00:00.000", "23:30:00.000"))
TWO_NIGHTS = {
    **NIGHTS,
    "later_model": models(KEYWORDS),
    "later": st.integers(1, 45),
    "programs": OWN_PROGRAMS,
    # of which program, and how many days before the second night it was seen
    "amendments": st.lists(st.tuples(NUMBERS, st.integers(0, 40)), max_size=6),
    # which row of the log, when from the second night, with which status, whether it is taken back
    "handed": st.lists(
        st.tuples(
            NUMBERS, OFFSETS, HOURS, st.sampled_from((200, 200, 202, 304, 500)), st.booleans()
        ),
        max_size=12,
    ),
    # by whom, of what, what was said, and when
    "words": st.lists(
        st.tuples(
            NUMBERS,
            NUMBERS,
            st.sampled_from(("dismissed", "applied", "interested", "interested", "withdrawn")),
            OFFSETS,
            HOURS,
        ),
        max_size=8,
    ),
    # which item has another window by the second night
    "moved": st.lists(
        st.tuples(
            NUMBERS,
            st.sampled_from(((None, None), (None, "2124-03-31"), ("2026-07-15", "2026-12-31"))),
        ),
        max_size=3,
    ),
    "renewed": st.lists(st.tuples(NUMBERS, WINDOWS), max_size=3),
}


def day_from(as_of, days):
    return (date.fromisoformat(as_of) + timedelta(days)).isoformat()


def two_nights(path, night):
    """The nights as night_of() says, and how the file was verified after each."""
    with closing(sqlite3.connect(path)) as db, db:
        db.executescript(PROGRAMS)
        add_customers(db, night["texts"])
        list_items(db, night["house_list"])
        save_searches(db, night["searches"])
        db.executemany(
            "INSERT INTO programs VALUES (?, ?, ?, ?, ?)",
            [
                (f"P{n}", title, area, tier, json.dumps(window))
                for n, (title, area, tier, window) in enumerate(night["programs"])
            ],
        )
    options = {"catalogue": path.with_name("catalogue.sql"), "top_k": night["top_k"]}
    second = day_from(night["as_of"], night["later"])
    yield night_of(path, as_of=night["as_of"], model=written(path, night["model"]), **options)
    happen(path, night, second)
    yield night_of(path, as_of=second, model=written(path, night["later_model"]), **options)


def written(path, model):
    file = path.with_name("model.json")
    file.write_text(json.dumps(model), encoding="utf-8")
    return file


def happen(path, night, second):
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        rows = sorted(explained(db))
        for number, (at, days, hour, status, is_reversed) in enumerate(night["handed"]):
            if rows:
                moment = f"{day_from(second, days)}T{hour}Z"
                row, slot = rows[at % len(rows)], f"issue-{number}"
                key = delivery_key(row, "rest", slot)
                # Whatever the time: another program writes what it likes.
                insert_deliveries(db, [(key, row, "rest", slot, moment, status, 3, None, None)])
                if is_reversed:
                    reverse_delivery(db, key)
        seen = sorted(items_seen(db, 1), key=str)
        for whose, which, word, days, hour in night["words"]:
            moment = f"{day_from(second, days)}T{hour}Z"
            profile_id = 1 + whose % len(night["texts"])
            add_feedback(db, profile_id, seen[which % len(seen)], word, moment)
        for which, seen_before in night["amendments"]:
            change = f"P{which % len(night['programs'])}", day_from(second, -seen_before)
            sql = "INSERT INTO am_amendment_diff VALUES (NULL, ?, 'url', 'a', 'b', ?)"
            db.execute(sql, change)
        for which, window in night["moved"]:
            sql = "UPDATE house_list SET opens_on = ?, closes_on = ? WHERE rowid = ?"
            db.execute(sql, (*window, 1 + which % 10))
        for which, window in night["renewed"]:
            sql = "UPDATE programs SET application_window_json = ? WHERE unified_id = ?"
            db.execute(sql, (json.dumps(window), f"P{which % len(night['programs'])}"))


def check_two_nights(empty, night):
    path = empty.with_name("nights.db")
    path.write_bytes(empty.read_bytes())
    for _, found, expected in two_nights(path, night):
        assert found == expected
        with closing(sqlite3.connect(path)) as db:
            assert verify(db) == []


@settings(max_examples=12, deadline=None)
@given(night=st.fixed_dictionaries(TWO_NIGHTS))
def test_a_night_after_what_was_handed_over_is_the_oracles(empty, night):
    check_two_nights(empty, night)


@pytest.mark.slow
@settings(max_examples=500, deadline=None)
@given(night=st.fixed_dictionaries(TWO_NIGHTS))
def test_many_nights_after_what_was_handed_over_are_the_oracles(empty, night):
    check_two_nights(empty, night)


def real_night(path, customers, as_of, **options):
    """A night on the real catalogue, with as many invented customers and a few odd ones."""
    if not SHARED.exists():
        pytest.skip("needs the real catalogue in ../shared, which is not part of the project")
    build = [sys.executable, SHARED / "catalogue" / "build_jpcite_db.py"]
    subprocess.run([*build, "catalogue", path], check=True)
    migrate(path)
    subprocess.run([*build, "customers", path, "--count", str(customers)], check=True)
    with closing(sqlite3.connect(path)) as db, db:
        add_customers(db, ODD_TEXTS)
    return night_of(path, as_of=as_of, **options)


def check_real_night(path, customers, as_of, types=oracle.TYPES, **options):
    _, found, expected = real_night(path, customers, as_of, **options)
    lists, _ = found
    assert len(lists) == customers + len(ODD_TEXTS)
    assert {name for by_type in lists.values() for name in by_type if by_type[name]} == set(types)
    assert found == expected


@pytest.mark.slow
def test_a_night_on_the_real_catalogue_is_the_oracles(tmp_path):
    check_real_night(tmp_path / "jpcite.db", 150, "2026-07-22")


@pytest.mark.slow
def test_a_night_on_the_real_catalogue_by_an_old_model_is_the_oracles(tmp_path):
    model = written(tmp_path / "jpcite.db", old(MODEL))
    check_real_night(tmp_path / "jpcite.db", 150, "2026-07-22", model=model)


@pytest.mark.slow
def test_a_second_night_on_the_real_catalogue_is_the_oracles(tmp_path):
    """All that a third of the customers got was handed over, and some of it talked about."""
    path = tmp_path / "jpcite.db"
    first = real_night(path, 90, "2026-07-22")
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        rows = dict(
            db.execute("SELECT rec_id, profile_id FROM am_personalization_recommendation_log")
        )
        mine = [rec_id for rec_id, profile_id in rows.items() if profile_id % 3 == 0]
        given = {"channel": "digest", "slot": "issue-1", "delivered_at": "2026-07-22T01:00:00.000Z"}
        record_deliveries(db, mine, **given)
        for rec_id, (_, item, _) in explained(db).items():
            if rec_id % 7 == 0:
                word = ("dismissed", "interested", "applied")[rec_id % 3]
                add_feedback(db, rows[rec_id], item, word, "2026-07-22T02:00:00.000Z")
    second = night_of(path, as_of="2026-07-23")
    assert second[1] == second[2]
    lists = [found for _, (found, _), _ in (first, second)]
    again = {
        (profile_id, name): {place.item_id for place in lists[0][profile_id][name]}
        & {place.item_id for place in lists[1][profile_id][name]}
        for profile_id in lists[0]
        for name in oracle.TYPES
    }
    assert not any(found for (profile_id, _), found in again.items() if profile_id % 3 == 0)
    assert any(found for (profile_id, _), found in again.items() if profile_id % 3)
    programs = [lists[1][profile_id]["program"] for profile_id in lists[1] if profile_id % 3 == 0]
    assert any(len(places) == 10 for places in programs)
    with closing(sqlite3.connect(path)) as db:
        assert verify(db) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("as_of", "types"),
    [
        # All that had been seen to change by then are names, which no reader follows.
        ("2026-05-14", ("program", "industry_pack", "saved_search")),
        ("2026-07-22", oracle.TYPES),
        # The last amendment was seen on 2026-08-22, more than 30 days before.
        ("2026-09-30", ("program", "industry_pack", "saved_search")),
    ],
)
def test_a_night_of_2000_customers_on_the_real_catalogue_is_the_oracles(tmp_path, as_of, types):
    check_real_night(tmp_path / "jpcite.db", 2000, as_of, types)
