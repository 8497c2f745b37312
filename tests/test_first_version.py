"""Where nothing can be recommended from, the night writes the rows of the job's first version."""

import hashlib
import json
import random
import sqlite3
from collections import Counter

import pytest
from oracle import JSIC_LETTERS, PREFECTURES
from strategies import old

from sqlite_utils_personalization import score
from sqlite_utils_personalization.billing.record import record_deliveries
from sqlite_utils_personalization.model.model import load_model
from sqlite_utils_personalization.schema import migrate

CAPS = {"program": 100, "industry_pack": 75, "saved_search": 60, "amendment": 90}
PROFILES = 12_000
PACKS = ("pack_construction", "pack_health_welfare", "pack_nobody_knows")


def first_version_score(name, declared):
    """The rule of the first version, whatever else is declared."""
    points = 0
    if "industry_pack" in declared:
        points += 50
    if declared.get("deadline_horizon_days", 731) <= 90:
        points += 30
    if declared.get("risk_tolerance") in ("low", "medium"):
        points += 20
    return min(CAPS[name], points)


def preference(rng):
    values = {
        "industry_pack": rng.choice((*JSIC_LETTERS, *PACKS)),
        "deadline_horizon_days": rng.choice((1, 89, 90, 91, 730, rng.randint(1, 730))),
        "risk_tolerance": rng.choice(("low", "medium", "high")),
        "prefecture": rng.choice(PREFECTURES),
        "note": rng.choice((None, "x", 7)),  # unknown to the scorer
    }
    return {key: value for key, value in values.items() if rng.random() < 0.7}


@pytest.fixture
def customers():
    rng = random.Random(287)
    return {
        hashlib.sha256(f"key {number}".encode()).hexdigest(): preference(rng)
        for number in range(PROFILES)
    }


@pytest.fixture
def db(tmp_path, customers):
    path = tmp_path / "jpcite.db"
    migrate(path)
    connection = sqlite3.connect(path)
    with connection:
        connection.executemany(
            "INSERT INTO am_personalization_profile(user_token_hash, preference_json) VALUES (?, ?)",
            [(token, json.dumps(declared)) for token, declared in customers.items()],
        )
    yield connection
    connection.close()


LOGGED = """
SELECT v.user_token_hash, l.recommendation_type, l.score
FROM am_personalization_recommendation_log l JOIN v_personalization_replay v USING (rec_id) WHERE v.run_id = ?
"""


def first_version_rows(customers):
    return {
        (token, name, points)
        for token, declared in customers.items()
        for name in CAPS
        if (points := first_version_score(name, declared)) > 0
    }


def check_night(db, summary, expected, profiles):
    found = db.execute(LOGGED, (summary["run_id"],)).fetchall()
    assert len(found) == len(expected)
    assert set(found) == expected
    by_type = Counter(name for _, name, _ in expected)
    assert [summary[key] for key in ("profiles", "logged", "by_type")] == [
        profiles,
        len(expected),
        dict(by_type),
    ]


@pytest.mark.slow
def test_without_a_catalogue_the_night_writes_the_rows_of_the_first_version(
    tmp_path, db, customers
):
    expected = first_version_rows(customers)
    check_night(db, score(tmp_path / "jpcite.db", as_of="2026-07-22"), expected, PROFILES)


def some(db, customers, n):
    """Leave so many of the customers."""
    with db:
        db.execute("DELETE FROM am_personalization_profile WHERE profile_id > ?", (n,))
    return dict(list(customers.items())[:n])


def test_an_old_model_writes_the_same_rows(tmp_path, db, customers):
    model = tmp_path / "old.json"
    model.write_text(json.dumps(old(load_model().constants)), encoding="utf-8")
    expected = first_version_rows(some(db, customers, 1000))
    check_night(db, score(tmp_path / "jpcite.db", as_of="2026-07-22", model=model), expected, 1000)


def test_it_writes_them_every_night_whatever_of_them_was_handed_over(tmp_path, db, customers):
    expected = first_version_rows(some(db, customers, 300))
    db.isolation_level = None
    for night in ("2026-07-22", "2026-07-23", "2026-07-24"):
        check_night(db, score(tmp_path / "jpcite.db", as_of=night), expected, 300)
        rows = db.execute("SELECT rec_id FROM am_personalization_recommendation_log").fetchall()
        given = {"slot": night, "delivered_at": f"{night}T03:00:00.000Z"}
        record_deliveries(db, [rec_id for (rec_id,) in rows], channel="rest", **given)


def test_the_generated_customers_reach_every_score_of_the_first_version(customers):
    reached = {
        (name, first_version_score(name, declared))
        for declared in customers.values()
        for name in CAPS
    }
    sums = (0, 20, 30, 50, 70, 80, 100)
    assert reached == {(name, min(cap, points)) for name, cap in CAPS.items() for points in sums}
