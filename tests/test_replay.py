"""Replay: each log row computed again from what its night stored, by the formula and not by a view of the file."""

import csv
import io
import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from scored import NIGHTS, OTHERS, P, connect, execute, history, tamper
from sqlite_utils.cli import cli

from sqlite_utils_personalization import score
from sqlite_utils_personalization.audit import replay as module
from sqlite_utils_personalization.audit.replay import replay
from sqlite_utils_personalization.audit.selection import Selection
from sqlite_utils_personalization.audit.verify import verify
from sqlite_utils_personalization.example import AS_OF, build
from sqlite_utils_personalization.schema import migrate

EVERYTHING = Selection()
VIEW = """
SELECT rec_id, run_id, user_token_hash, recommendation_type, item_id, industry_points, deadline_points, risk_points,
    logged_score, recomputed_score, verdict
FROM v_personalization_replay ORDER BY rec_id
"""
CUSTOMER_1 = "207d28c47238e89eee33d9249bdbebeb80dd9b6aab9aed05dff24fe783cbc0c0"


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "jpcite.db"
    path.write_bytes(history())
    return path


@pytest.fixture
def db(path):
    """A copy in memory, where tampering costs nothing."""
    with closing(in_memory()) as db:
        yield db


def in_memory():
    db = connect(":memory:")
    db.deserialize(history()) if hasattr(db, "deserialize") else _copy(db)
    return db


def _copy(db):
    # Python 3.10
    import tempfile

    with tempfile.NamedTemporaryFile() as file:
        file.write(history())
        file.flush()
        with closing(connect(file.name)) as source:
            source.backup(db)


def replayed(db, **chosen):
    return list(replay(db, Selection(**chosen), below_cut=False))


def as_the_view_says(found):
    facts = found.found, found.decided
    item_id = facts[0].candidate.item_id if facts[0] else None
    points = facts[1][:3] if facts[1] else (None,) * 3
    logged = found.logged
    run_id = found.run.run_id if found.run else None
    return (
        found.rec_id,
        run_id,
        logged.user_token_hash,
        logged.recommendation_type,
        item_id,
        *points,
        logged.score,
        found.recomputed_score,
        found.verdict,
    )


def test_an_honest_history_is_reproduced_row_by_row_as_the_view_says(db):
    found = replayed(db)
    assert list(map(as_the_view_says, found)) == db.execute(VIEW).fetchall()
    assert [one.rec_id for one in found if one.verdict != "reproduced"] == [1, 50]
    assert {one.verdict for one in found} == {"reproduced", "no evidence"}


def test_a_row_is_told_with_everything_it_was_decided_from(db):
    (found,) = replayed(db, rec_ids=[3])
    served_at, package, model = db.execute(
        f"SELECT served_at, package_version, model_sha256 FROM {P}run WHERE run_id = 1"
    ).fetchone()
    assert found.to_dict() == {
        "rec_id": 3,
        "verdict": "reproduced",
        "first_difference": None,
        "missing": None,
        "served_at": served_at,
        "user_token_hash": CUSTOMER_1,
        "profile_id": 1,
        "recommendation_type": "program",
        "logged_score": 91,
        "recomputed_score": 91,
        "run": {
            "run_id": 1,
            "as_of": "2026-04-01",
            "again": 0,
            "top_k": 10,
            "model_sha256": model,
            "package_version": package,
        },
        "model": {
            "industry_weight": 50,
            "deadline_weight": 30,
            "risk_weight": 20,
            "urgent_days": 90,
            "cap": 100,
        },
        "declared": {
            "industries": "D",
            "prefecture": "東京都",
            "horizon_days": 60,
            "risk_level": "low",
        },
        "item": {
            "item_id": "EXjg0000000000001A",
            "title": "令和8年度 建設現場の安全対策助成金",
            "industries": "D",
            "prefectures": "東京都",
            "opens_on": "2026-03-02",
            "closes_on": "2026-04-18",
            "risk_level": None,
            "why": {},
            "days_left": 17,
        },
        "components": [
            {
                "name": "industry",
                "points": 50,
                "decided": 50,
                "sentence": "lists 建設業 (D), which you declared: 50",
            },
            {
                "name": "deadline",
                "points": 21,
                "decided": 21,
                "sentence": "closes in 17 days, within your 60-day horizon: 30 x 43 / 60 = 21, rounded down",
            },
            {
                "name": "risk",
                "points": 20,
                "decided": 20,
                "sentence": "no risk level of its own, which suits a risk tolerance of low: 20",
            },
        ],
        "total": {
            "points": 91,
            "score": 91,
            "sentence": "50 + 21 + 20 = 91, within the cap of 100 for programs: 91",
        },
        "rank": 2,
        "places": 6,
        "runner_up": {
            "item_id": "EX-104",
            "title": "中小企業の賃上げ応援金",
            "points": 50,
            "score": 50,
            "on_list": True,
        },
    }


def test_a_row_of_another_program_is_told_without_evidence(db):
    (found,) = replayed(db, rec_ids=[1])
    told = found.to_dict()
    given = {name: told.pop(name) for name in ("rec_id", "verdict", "profile_id", "logged_score")}
    assert given == {"rec_id": 1, "verdict": "no evidence", "profile_id": 8, "logged_score": 7}
    assert told.pop("components") == []
    del told["user_token_hash"], told["served_at"], told["recommendation_type"]
    assert set(told.values()) == {None}


def test_ranks_count_within_a_type_from_one_to_the_end_of_the_list(db):
    found = [
        (one.logged.profile_id, one.logged.recommendation_type, one.position)
        for one in replayed(db, run_id=1)
    ]
    expected = {}
    for profile_id, kind, position in found:
        rank = expected[profile_id, kind] = expected.get((profile_id, kind), 0) + 1
        assert position.rank == rank
    assert {(p, kind): position.places for p, kind, position in found} == expected


def test_what_comes_after_a_full_list_is_what_a_longer_list_would_have_held(tmp_path):
    short, long = tmp_path / "short.db", tmp_path / "long.db"
    build(short)
    long.write_bytes(short.read_bytes())
    score(short, as_of=AS_OF, top_k=2)
    score(long, as_of=AS_OF, top_k=1000)
    with closing(connect(long)) as db:
        third = {
            (one.logged.profile_id, one.logged.recommendation_type): one.found.candidate.item_id
            for one in replayed(db)
            if one.position.rank == 3
        }
    with closing(connect(short)) as db:
        found = list(replay(db, EVERYTHING))
        without = list(replay(db, EVERYTHING, below_cut=False))
    cut = [one for one in found if one.position.rank == 2]
    next_ = {
        (one.logged.profile_id, one.logged.recommendation_type): one.position.runner_up.item_id
        for one in cut
        if one.position.runner_up
    }
    assert next_ == third
    assert {one.position.runner_up.on_list for one in cut if one.position.runner_up} == {False}
    assert {one.position.runner_up for one in without if one.position.rank == 2} == {None}


LAST_SEARCH = f"(SELECT max(list_id) FROM {P}list WHERE profile_id = 2 AND run_id = 1)"
TAMPERED = (
    # what is done to row 3 (customer 1, place 2), the verdict, what differs or is missing
    (
        f"UPDATE {P}candidate SET prefectures = '京都府' WHERE item_id = 'EXjg0000000000001A'",
        "differs",
        ("eligibility",),
    ),
    (
        f"UPDATE {P}candidate SET closes_on = '2026-04-17' WHERE item_id = 'EXjg0000000000001A'"
        " AND recommendation_type = 'program'",
        "reproduced",
        (),
    ),
    (
        f"UPDATE {P}candidate SET closes_on = '2026-04-16' WHERE item_id = 'EXjg0000000000001A'",
        "differs",
        ("deadline", "score"),
    ),
    (
        f"UPDATE {P}decision SET industry_points = 49 WHERE list_id = 1 AND seq = 2",
        "differs",
        ("industry",),
    ),
    (f"UPDATE {P}cohort SET risk_level = 'high' WHERE cohort_id = 1", "differs", ("risk", "score")),
    (
        f"UPDATE {P}decision SET score = 92 WHERE list_id = 1 AND seq = 2",
        "differs",
        ("score", "logged_score"),
    ),
    (
        f"UPDATE {P}recommendation_log SET score = 90 WHERE rec_id = 3",
        "differs",
        ("logged_score",),
    ),
    (
        f"UPDATE {P}recommendation_log SET recommendation_type = 'amendment' WHERE rec_id = 3",
        "differs",
        ("recommendation_type",),
    ),
    (
        f"UPDATE {P}recommendation_log SET served_at = '2026-04-01T00:00:00.000Z' WHERE rec_id = 3",
        "differs",
        ("served_at",),
    ),
    (f"UPDATE {P}list SET profile_id = 5 WHERE list_id = 1", "differs", ("customer",)),
    (
        f"""UPDATE {P}run SET model_json = replace(model_json, '"industry":50', '"industry":51')""",
        "differs",
        ("industry", "score"),
    ),
    (f"DELETE FROM {P}profile WHERE profile_id = 1", "evidence broken", "profile"),
    (f"DELETE FROM {P}list WHERE list_id = 1", "evidence broken", "list"),
    (f"DELETE FROM {P}run WHERE run_id = 1", "evidence broken", "run"),
    (f"DELETE FROM {P}cohort WHERE cohort_id = 1", "evidence broken", "cohort"),
    (f"DELETE FROM {P}decision WHERE list_id = 1 AND seq = 2", "evidence broken", "decision"),
    (
        f"DELETE FROM {P}candidate WHERE item_id = 'EXjg0000000000001A'",
        "evidence broken",
        "candidate",
    ),
    (f"DELETE FROM {P}evidence WHERE first_rec_id = 2", "no evidence", ()),
    (
        f"UPDATE {P}candidate SET closes_on = x'FF' WHERE item_id = 'EXjg0000000000001A'",
        "differs",
        ("deadline", "score"),
    ),
)


@pytest.mark.parametrize(("statement", "verdict", "fault"), TAMPERED)
def test_tampering_is_named_by_what_it_changes(db, statement, verdict, fault):
    db.execute("PRAGMA ignore_check_constraints = on")
    tamper(db, statement)
    (found,) = replay(db, Selection(rec_ids=[3]))
    named = found.missing if verdict == "evidence broken" else found.differences
    assert (found.verdict, named) == (verdict, fault)
    assert found.first_difference == (fault[0] if verdict == "differs" else None)
    assert json.dumps(found.to_dict(), ensure_ascii=False)
    assert [one.verdict for one in replayed(db)] == [row[-1] for row in db.execute(VIEW)]


def test_a_saved_search_logged_for_another_customer_differs(db):
    first, profile_id = db.execute(
        f"SELECT first_rec_id, profile_id FROM {P}evidence JOIN {P}list USING (list_id)"
        " WHERE profile_id IS NOT NULL"
    ).fetchone()
    other = profile_id + 1
    tamper(db, f"UPDATE {P}recommendation_log SET profile_id = {other} WHERE rec_id = {first}")
    (found,) = replayed(db, rec_ids=[first])
    assert (found.verdict, found.differences) == ("differs", ("customer",))


COLUMNS = (
    *(("recommendation_log", name) for name in ("profile_id", "recommendation_type", "score")),
    ("recommendation_log", "served_at"),
    *(("cohort", name) for name in ("industries", "prefecture", "horizon_days", "risk_level")),
    *(("candidate", name) for name in ("recommendation_type", "industries", "prefectures")),
    *(("candidate", name) for name in ("opens_on", "closes_on", "risk_level", "why", "title")),
    *(("list", name) for name in ("run_id", "cohort_id", "profile_id")),
    *(("decision", name) for name in ("seq", "candidate_id", "industry_points", "score")),
    *(("evidence", name) for name in ("n", "list_id")),
    *(("run", name) for name in ("as_of", "served_at", "top_k", "model_json")),
)
VALUES = st.sampled_from(
    (None, 0, 1, 2, 7, 60, -1, "D", "any", "low", "program", "2026-04-02", "{}", "", "'", b"\xff")
)


@settings(max_examples=150, deadline=None)
@given(
    changes=st.lists(
        st.tuples(st.sampled_from(COLUMNS), VALUES, st.integers(1, 4)), min_size=1, max_size=3
    )
)
def test_whatever_is_tampered_with_nothing_breaks_and_the_verdicts_are_the_views(changes):
    with closing(in_memory()) as db:
        db.execute("PRAGMA ignore_check_constraints = on")
        tamper(db)
        for (table, column), value, step in changes:
            db.execute(
                f"UPDATE OR IGNORE {P}{table} SET {column} = ? WHERE rowid_of % ? = 0".replace(
                    "rowid_of", "list_id" if table == "decision" else "rowid"
                ),
                (value, step),
            )
        found = list(replay(db, EVERYTHING))
        for one in found:
            assert json.dumps(one.to_dict())
            assert len(one.to_row()) == len(one.to_row()._fields)
        assert [one.verdict for one in found] == [row[-1] for row in db.execute(VIEW)]
