"""Replay: each log row computed again from what its night stored, by the formula and not by a view of the file."""

import csv
import io
import json
import sqlite3
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import example, given, settings
from hypothesis import strategies as st
from nights import scored_night
from oracle import Item
from scored import OTHERS, P, connect, execute, history, in_memory, tamper
from sqlite_utils.cli import cli
from strategies import TITLES

from sqlite_utils_personalization import score
from sqlite_utils_personalization import transaction as batches
from sqlite_utils_personalization.audit.replay import replay
from sqlite_utils_personalization.audit.replay_result import ROW_COLUMNS
from sqlite_utils_personalization.audit.selection import Selection
from sqlite_utils_personalization.audit.verify.verify import verify
from sqlite_utils_personalization.example import AS_OF, build
from sqlite_utils_personalization.model.model import load_model
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


def replayed(db, **chosen):
    return list(replay(db, Selection(**chosen), below_cut=False))


def by_formula(found):
    """The verdict of the view, which takes no digests and looks at no other row."""
    is_other = found.verdict == "differs" and {*found.differences} <= {
        "range",
        "item",
        "list",
        "model",
    }
    return "reproduced" if is_other else found.verdict


def as_the_view_says(found):
    facts = found.found, found.decided
    item_id = facts[0].candidate.item_id if facts[0] else None
    points = facts[1].parts if facts[1] else (None,) * 3
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
    assert [one.rec_id for one in found if one.verdict != "reproduced"] == [1, 42]
    assert {one.verdict for one in found} == {"reproduced", "no evidence"}


def test_a_row_is_told_with_everything_it_was_decided_from(db):
    (found,) = replayed(db, rec_ids=[2])
    served_at, package, model = db.execute(
        f"SELECT served_at, package_version, model_sha256 FROM {P}run WHERE run_id = 1"
    ).fetchone()
    assert found.to_dict() == {
        "rec_id": 2,
        "verdict": "reproduced",
        "first_difference": None,
        "missing": None,
        "served_at": served_at,
        "user_token_hash": CUSTOMER_1,
        "profile_id": 1,
        "recommendation_type": "program",
        "score": 98,
        "recomputed_score": 98,
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
            "lead_days": 14,
            "rolling_points": 15,
            "unknown_points": 0,
            "rank_band": 50,
        },
        "declared": {
            "industries": "D",
            "prefecture": "東京都",
            "deadline_horizon_days": 60,
            "risk_tolerance": "low",
        },
        "item": {
            "item_id": "EXjg0000000000001A",
            "title": "令和8年度 建設現場の安全対策助成金",
            "industries": "D",
            "prefectures": "東京都",
            "opens_on": "2026-03-02",
            "closes_on": "2026-04-18",
            "risk_level": None,
            "family": "東京都@|建設現場安全対策",
            "family_name": "建設現場安全対策",
            "why": {},
            "days_left": 17,
            "closing": "dated",
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
                "points": 28,
                "decided": 28,
                "sentence": "closes in 17 days, within your 60-day horizon, of which 14 days are notice:"
                " 30 x 43 / 46 = 28, rounded down",
            },
            {
                "name": "risk",
                "points": 20,
                "decided": 20,
                "sentence": "no risk level of its own, which suits a risk tolerance of low: 20",
            },
        ],
        "total": {
            "points": 98,
            "score": 98,
            "sentence": "50 + 28 + 20 = 98, within the cap of 100 for programs: 98",
        },
        "rank": 1,
        "places": 4,
        "runner_up": {
            "item_id": "EX-110",
            "title": "小規模事業者のバリアフリー改修補助",
            "points": 20,
            "score": 20,
            "on_list": True,
        },
        "same_programme": [],
        "erased_at": None,
        "sealed": None,
        "now": None,
    }


def test_a_round_is_told_with_the_others_that_it_stands_for(tmp_path):
    rounds = [
        Item("program", "first", TITLES[0], industries="DE"),
        Item("program", "second", TITLES[1], industries="D"),
        Item("program", "third", TITLES[2], industries="DEF", prefectures="大阪府"),
        Item("program", "closing", TITLES[0], industries="D", closes_on="2026-04-06"),
    ]
    declared = ['{"industry_pack": "D"}', '{"industry_pack": "D", "prefecture": "大阪府"}']
    model = load_model().constants
    with closing(scored_night(tmp_path, rounds, declared, model=model)) as db:
        found = {
            (one.logged.profile_id, one.found.candidate.item_id): [
                other.item_id for other in one.same_programme
            ]
            for one in replayed(db, run_id=1)
            if one.logged.recommendation_type == "program"
        }
        ((_, _, path),) = db.execute("PRAGMA database_list")
        (rec_id,) = db.execute(
            "SELECT min(rec_id) FROM v_personalization_replay WHERE item_id = 'second'"
        ).fetchone()
    # Where a prefecture is declared, its own rounds are a family of their own; what closes too soon stands nowhere.
    assert found == {
        (1, "second"): ["first", "third"],
        (2, "third"): [],
        (2, "second"): ["first"],
    }
    assert (
        f"    programme and 2 more: {TITLES[0]} (first); {TITLES[2]} (third)\n"
        in run(path, rec_id).stdout
    )
    told = json.loads(run(path, rec_id, "--json").stdout)[0]["same_programme"]
    assert told[0] == {"item_id": "first", "title": TITLES[0]}


def test_a_closing_date_is_known_rolling_or_unknown(path):
    told = {
        item_id: run(path, rec_id).stdout
        for rec_id, item_id in connect(path).execute(
            "SELECT rec_id, item_id FROM v_personalization_replay WHERE run_id = 1"
        )
    }
    assert "EX-102, no opening date, applications at any time, 沖縄県" in told["EX-102"]
    assert "EX-104, no opening date, closing date not known, nationwide" in told["EX-104"]
    assert "pack_construction, no opening date, no closing date" in told["pack_construction"]


def test_a_row_of_another_program_is_told_without_evidence(db):
    (found,) = replayed(db, rec_ids=[1])
    told = found.to_dict()
    given = {name: told.pop(name) for name in ("rec_id", "verdict", "profile_id", "score")}
    assert given == {"rec_id": 1, "verdict": "no evidence", "profile_id": 8, "score": 7}
    assert told.pop("components") == told.pop("same_programme") == []
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
    # what is done to row 2 (customer 1, place 1), the verdict, what differs or is missing
    (
        f"UPDATE {P}candidate SET prefectures = '京都府' WHERE item_id = 'EXjg0000000000001A'",
        "differs",
        ("eligibility", "item"),
    ),
    (
        # The score follows from what is left, but the item is not the one that was decided on.
        f"UPDATE {P}candidate SET title = 'x' WHERE item_id = 'EXjg0000000000001A'",
        "differs",
        ("item",),
    ),
    (
        f"UPDATE {P}cohort SET prefecture = NULL WHERE cohort_id = 1",
        "differs",
        ("list",),
    ),
    (
        f"UPDATE {P}run SET model_json = replace(model_json, '\"any_from\":17', '\"any_from\":18')",
        "differs",
        ("model",),
    ),
    (
        f"UPDATE {P}candidate SET closes_on = '2026-04-16' WHERE item_id = 'EXjg0000000000001A'",
        "differs",
        ("deadline", "score", "item"),
    ),
    (
        f"UPDATE {P}decision SET industry_points = 49 WHERE list_id = 1 AND seq = 1",
        "differs",
        ("industry", "list"),
    ),
    (
        f"UPDATE {P}cohort SET risk_level = 'high' WHERE cohort_id = 1",
        "differs",
        ("risk", "score", "list"),
    ),
    (
        f"UPDATE {P}decision SET score = 99 WHERE list_id = 1 AND seq = 1",
        "differs",
        ("score", "logged_score", "list"),
    ),
    (
        f"UPDATE {P}recommendation_log SET score = 90 WHERE rec_id = 2",
        "differs",
        ("logged_score",),
    ),
    (
        f"UPDATE {P}recommendation_log SET recommendation_type = 'amendment' WHERE rec_id = 2",
        "differs",
        ("recommendation_type",),
    ),
    (
        f"UPDATE {P}recommendation_log SET served_at = '2026-04-01T00:00:00.000Z' WHERE rec_id = 2",
        "differs",
        ("served_at",),
    ),
    (f"UPDATE {P}list SET profile_id = 5 WHERE list_id = 1", "differs", ("customer", "list")),
    (
        f"""UPDATE {P}run SET model_json = replace(model_json, '"industry":50', '"industry":51')""",
        "differs",
        ("industry", "score", "model"),
    ),
    (f"DELETE FROM {P}profile WHERE profile_id = 1", "evidence broken", "profile"),
    (f"DELETE FROM {P}list WHERE list_id = 1", "evidence broken", "list"),
    (f"DELETE FROM {P}run WHERE run_id = 1", "evidence broken", "run"),
    (f"DELETE FROM {P}cohort WHERE cohort_id = 1", "evidence broken", "cohort"),
    (f"DELETE FROM {P}decision WHERE list_id = 1 AND seq = 1", "evidence broken", "decision"),
    (
        f"DELETE FROM {P}candidate WHERE item_id = 'EXjg0000000000001A'",
        "evidence broken",
        "candidate",
    ),
    (f"DELETE FROM {P}evidence WHERE first_rec_id = 2", "no evidence", ()),
    (
        f"UPDATE {P}candidate SET closes_on = x'FF' WHERE item_id = 'EXjg0000000000001A'",
        "differs",
        ("eligibility", "deadline", "score", "item"),
    ),
)


@pytest.mark.parametrize(("statement", "verdict", "fault"), TAMPERED)
def test_tampering_is_named_by_what_it_changes(db, statement, verdict, fault):
    db.execute("PRAGMA ignore_check_constraints = on")
    tamper(db, statement)
    (found,) = replay(db, Selection(rec_ids=[2]))
    named = found.missing if verdict == "evidence broken" else found.differences
    assert (found.verdict, named) == (verdict, fault)
    assert found.first_difference == (fault[0] if verdict == "differs" else None)
    assert json.dumps(found.to_dict(), ensure_ascii=False)
    assert list(map(by_formula, replayed(db))) == [row[-1] for row in db.execute(VIEW)]


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
    *(("evidence", name) for name in ("n", "list_id", "first_seq")),
    *(("run", name) for name in ("as_of", "served_at", "top_k", "model_json")),
)
VALUES = st.sampled_from(
    (None, 0, 1, 2, 7, 60, -1, "D", "any", "low", "program", "2026-04-02", "{}", "", "'", b"\xff")
)


@settings(max_examples=60, deadline=None)
@given(
    changes=st.lists(
        st.tuples(st.sampled_from(COLUMNS), VALUES, st.integers(1, 4)), min_size=1, max_size=3
    )
)
@example(changes=[(("evidence", "n"), "2026-04-02", 1)])
def test_whatever_is_tampered_with_nothing_breaks_and_the_verdicts_are_the_views(changes):
    with closing(in_memory()) as db:
        db.execute("PRAGMA ignore_check_constraints = on")
        tamper(db)
        for (table, column), value, step in changes:
            key = "list_id" if table == "decision" else "rowid"
            sql = f"UPDATE OR IGNORE {P}{table} SET {column} = ? WHERE {key} % ? = 0"
            # The generated columns of a run refuse a model that is not JSON.
            with suppress(sqlite3.Error):
                db.execute(sql, (value, step))
        found = list(replay(db, EVERYTHING))
        for one in found:
            assert json.dumps(one.to_dict())
            assert len(one.to_row()) == len(ROW_COLUMNS)
        assert list(map(by_formula, found)) == [row[-1] for row in db.execute(VIEW)]


def test_nothing_of_today_changes_a_replay(db):
    before = [one.to_dict() for one in replayed(db)]
    for table in ("programs", "jgrants_programs", "am_amendment_diff", "saved_searches"):
        db.execute(f"DROP TABLE {table}")
    db.execute(f"UPDATE {P}profile SET preference_json = '{{}}'")
    assert [one.to_dict() for one in replayed(db)] == before


def test_the_packaged_model_is_not_read(db, monkeypatch):
    def refuse(path=None):
        raise AssertionError("a replay reads the model of its run")

    monkeypatch.setattr("sqlite_utils_personalization.model.model.load_model", refuse)
    monkeypatch.setattr("sqlite_utils_personalization.scoring.wanted.load_model", refuse)
    assert {one.verdict for one in replayed(db, run_id=1)} == {"reproduced"}


def test_the_views_of_the_file_are_not_read(db):
    db.execute("DROP VIEW v_personalization_replay")
    db.execute(
        "CREATE VIEW v_personalization_replay AS SELECT 1 AS rec_id, 'reproduced' AS verdict"
    )
    db.execute("DROP VIEW v_personalization_recent_recs")
    tamper(db, f"UPDATE {P}recommendation_log SET score = 90 WHERE rec_id = 3")
    assert [one.verdict for one in replayed(db, rec_ids=[3])] == ["differs"]


def test_erasure_leaves_every_verdict_as_it_was(db):
    """design.md, Privacy: the hash becomes a random one and the preference '{}'."""
    before = [one.to_dict() for one in replayed(db)]
    db.execute(
        f"UPDATE {P}profile SET user_token_hash = '{'e' * 64}', preference_json = '{{}}' WHERE profile_id = 1"
    )
    after = [one.to_dict() for one in replayed(db)]
    erased = {one["user_token_hash"] for one in after if one["profile_id"] == 1}
    assert erased == {"e" * 64}
    for one in (*before, *after):
        del one["user_token_hash"]
    assert after == before


def served(db, run_id):
    return db.execute(f"SELECT served_at FROM {P}run WHERE run_id = ?", (run_id,)).fetchone()[0]


def ids(db, **chosen):
    return [one.rec_id for one in replayed(db, **chosen)]


def test_rows_are_chosen_by_id_customer_run_and_time_and_by_all_of_them(db):
    first_run = list(range(2, 42))
    of_customer_1 = db.execute(
        f"SELECT rec_id FROM {P}recommendation_log WHERE profile_id = 1 ORDER BY 1"
    ).fetchall()
    assert ids(db) == list(range(1, 83))
    assert ids(db, rec_ids=[9, 3, 42]) == [3, 9, 42]
    assert ids(db, run_id=1) == first_run
    assert ids(db, customer=CUSTOMER_1) == [rec_id for (rec_id,) in of_customer_1]
    assert ids(db, customer=CUSTOMER_1, run_id=1, rec_ids=[3, 30, 60]) == [3]
    assert ids(db, rec_ids=[]) == []


@pytest.mark.parametrize("length", (4, 7, 10, 13, 16, 19, 23, 24))
def test_times_may_be_given_in_part_and_until_means_the_whole_of_it(db, length):
    tamper(
        db,
        f"UPDATE {P}recommendation_log SET served_at = '2024-02-03T04:05:06.789Z' WHERE rec_id = 3",
        f"UPDATE {P}recommendation_log SET served_at = '2024-02-03T04:05:06.790Z' WHERE rec_id = 4",
        f"UPDATE {P}recommendation_log SET served_at = '2023-12-31T23:59:59.999Z' WHERE rec_id = 5",
    )
    moment = "2024-02-03T04:05:06.789Z"[:length]
    assert 3 in ids(db, since=moment)
    assert 5 not in ids(db, since=moment)
    assert ids(db, since=moment, until=moment) == ([3] if length > 22 else [3, 4])
    assert ids(db, until=moment, since="2000") == ([3, 5] if length > 22 else [3, 4, 5])


def test_a_blank_in_place_of_the_t_means_the_same(db):
    moment = served(db, 2)
    assert ids(db, since=moment.replace("T", " "), run_id=2) == ids(db, run_id=2)


def test_replay_reads_in_batches_and_none_is_lost(db, monkeypatch):
    whole = [one.to_dict() for one in replayed(db)]
    monkeypatch.setattr(batches, "BATCH", 7)
    assert [one.to_dict() for one in replayed(db)] == whole


REFUSED = (
    ({"rec_ids": [3, 700, 800]}, "there is no recommendation 700 in the log - check rec_id"),
    ({"run_id": 3}, "there is no run 3 - the last is run 2"),
    (
        {"customer": "0" * 64},
        "no customer has this hash - check the key; the hash of an erased customer is gone",
    ),
    (
        {"since": "yesterday"},
        "since 'yesterday' is no UTC time - write it like 2026-07-22 or 2026-07-22T18:00",
    ),
    (
        {"until": "2026-07-22T18:00+09:00"},
        "until '2026-07-22T18:00+09:00' is no UTC time - write it like 2026-07-22 or 2026-07-22T18:00",
    ),
)


@pytest.mark.parametrize(("chosen", "sentence"), REFUSED)
def test_what_is_not_there_is_named_before_anything_is_replayed(db, refuses, chosen, sentence):
    with refuses(sentence):
        replay(db, Selection(**chosen))


def test_a_row_that_was_deleted_is_told_from_one_that_never_was(db, refuses):
    tamper(db, f"DELETE FROM {P}recommendation_log WHERE rec_id = 10")
    with refuses(
        "recommendation 10 is missing from the log, where run 1 has evidence for it - run personalization-verify"
    ):
        replay(db, Selection(rec_ids=[10]))


def test_a_file_that_was_never_scored_says_so(db_path, refuses):
    with closing(connect(db_path)) as db:
        assert replayed(db) == []
        with refuses("nothing was scored yet - run personalization-score"):
            replayed(db, run_id=1)


def test_rows_of_datasette_are_replayed_too(db):
    expected = [one.to_dict() for one in replayed(db)]
    db.row_factory = sqlite3.Row
    assert [one.to_dict() for one in replayed(db)] == expected


CORPUS = sorted(Path(__file__).with_name("corpus").glob("*.sql"))


@pytest.mark.parametrize("night", CORPUS, ids=lambda path: path.stem)
def test_a_night_of_the_past_is_still_reproduced_and_intact(tmp_path, night):
    path = tmp_path / "past.db"
    with closing(connect(path)) as db:
        db.executescript(night.read_text(encoding="utf-8"))
    migrate(path)
    with closing(connect(path)) as db:
        found = replayed(db)
        assert list(map(by_formula, found)) == [row[-1] for row in db.execute(VIEW)]
        assert {one.verdict for one in found} <= {"reproduced", "no evidence"}
        assert any(one.verdict == "reproduced" for one in found)
        assert verify(db) == []


def run(*arguments):
    return CliRunner().invoke(cli, ["personalization-replay", *map(str, arguments)])


def test_the_command_tells_a_row_to_people(path):
    with closing(connect(path)) as db:
        served_at = served(db, 1)
    result = run(path, 2)
    assert (result.exit_code, result.stderr) == (0, "1 row: 1 reproduced\n")
    assert result.stdout == (
        "2  program  令和8年度 建設現場の安全対策助成金\n"
        "    verdict   reproduced: logged 98, recomputed 98\n"
        f"    night     2026-04-01, run 1, served {served_at}\n"
        "    model     industry 50, deadline 30, risk 20, urgent 90 days, cap 100, notice 14 days"
        " (sha256 885a31e07d8c)\n"
        f"    customer  {CUSTOMER_1} (profile 1)\n"
        "    declared  industry 建設業 (D), prefecture 東京都, horizon 60 days, risk tolerance low\n"
        "    item      EXjg0000000000001A, opens 2026-03-02, closes 2026-04-18, 東京都, 建設業 (D), no risk level\n"
        "    industry   50  lists 建設業 (D), which you declared: 50\n"
        "    deadline   28  closes in 17 days, within your 60-day horizon, of which 14 days are notice:"
        " 30 x 43 / 46 = 28, rounded down\n"
        "    risk       20  no risk level of its own, which suits a risk tolerance of low: 20\n"
        "    score      98  50 + 28 + 20 = 98, within the cap of 100 for programs: 98\n"
        "    rank      1 of 4\n"
        "    next      小規模事業者のバリアフリー改修補助 (EX-110), 20 points\n"
        "\n"
    )


@pytest.mark.parametrize(
    ("statement", "line"),
    (
        (
            f"UPDATE {P}decision SET deadline_points = 25 WHERE list_id = 1 AND seq = 1",
            "    verdict   differs in deadline, list: logged 98, recomputed 98",
        ),
        (
            f"DELETE FROM {P}cohort WHERE cohort_id = 1",
            "    verdict   evidence broken: its cohort is missing - run personalization-verify",
        ),
    ),
)
def test_the_command_exits_1_if_a_row_is_not_reproduced(path, statement, line):
    with closing(connect(path)) as db:
        tamper(db, statement)
    result = run(path, 2)
    assert result.exit_code == 1
    assert line in result.stdout.splitlines()


def test_what_differs_is_shown_beside_what_is_stored(path):
    with closing(connect(path)) as db:
        tamper(db, f"UPDATE {P}decision SET risk_points = 25 WHERE list_id = 1 AND seq = 1")
    assert " suits a risk tolerance of low: 20 - but stored is 25\n" in run(path, 2).stdout


def test_rows_of_other_programs_are_no_fault(path):
    result = run(path, 1, 2)
    assert (result.exit_code, result.stderr) == (0, "2 rows: 1 no evidence, 1 reproduced\n")
    assert (
        "no evidence: another program wrote this row, with a score of 7, unless personalization-verify"
        in result.stdout
    )


def test_a_customer_without_rows_is_no_fault_either(path):
    execute(path, f"INSERT INTO {P}profile(user_token_hash) VALUES ('{'a' * 64}')")
    result = run(path, "--user-hash", "a" * 64)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "no row was chosen\n")
    assert run(path, "--user-hash", "a" * 64, "--json").stdout == "[]\n"
    assert run(path, "--user-hash", "a" * 64, "--csv").stdout.count("\n") == 1


def test_json_is_an_array_of_everything_and_with_nl_a_row_a_line(path):
    with closing(connect(path)) as db:
        expected = [one.to_dict() for one in replay(db, Selection(run_id=1))]
    assert json.loads(run(path, "--run", 1, "--json").stdout) == expected
    for lines in (("--json", "--nl"), ("--nl",)):
        shown = run(path, "--run", 1, *lines).stdout.splitlines()
        assert list(map(json.loads, shown)) == expected
    assert run(path, 3, "--json", "--ascii").stdout.isascii()


HEADINGS = (
    "rec_id,verdict,first_difference,run_id,as_of,served_at,user_token_hash,recommendation_type,item_id,title,rank,"
    "industry_points,deadline_points,risk_points,score,recomputed_score,erased_at,seal_id,seal_fault"
)


def test_many_rows_come_in_the_formats_of_sqlite_utils(path):
    text = run(path, "--run", 1, "--csv").stdout
    assert text.splitlines()[0] == HEADINGS
    table = list(csv.DictReader(io.StringIO(text)))
    assert [row["rec_id"] for row in table] == [str(rec_id) for rec_id in range(2, 42)]
    second = table[0]
    assert (second["title"], second["deadline_points"], second["rank"]) == (
        "令和8年度 建設現場の安全対策助成金",
        "28",
        "1",
    )
    assert run(path, 3, "--tsv", "--no-headers").stdout.split("\t")[:2] == ["3", "reproduced"]
    assert json.loads(run(path, 3, "--nl").stdout)["first_difference"] is None
    assert json.loads(run(path, 3, "--arrays").stdout)[0][:2] == [3, "reproduced"]
    assert run(path, 3, "-t").stdout.splitlines()[0].split() == HEADINGS.split(",")
    assert run(path, 3, "--fmt", "github").stdout.startswith("|")


def test_a_table_with_a_fault_in_it_exits_1_too(path):
    with closing(connect(path)) as db:
        tamper(db, f"UPDATE {P}recommendation_log SET score = 90 WHERE rec_id = 3")
    result = run(path, "--run", 1, "--csv")
    assert (result.exit_code, len(result.stdout.splitlines())) == (1, 41)
    assert result.stderr == "40 rows: 1 differs, 39 reproduced\n"


USAGE = (
    ((), "name a REC_ID, or use --user-hash, --run, --since or --until"),
    (("--json", 3, "--csv"), "--json and --csv exclude each other"),
    ((3, "--now", "--csv"), "--now goes with text, --json or --nl"),
    ((3, "--catalogue", __file__), "--catalogue goes with --now"),
    ((0,), "0 is not in the range"),
    (("nine",), "'nine' is not a valid integer"),
    (("--user-hash", "my secret key"), "not 64 lower-case hex digits"),
)


@pytest.mark.parametrize(("arguments", "sentence"), USAGE)
def test_wrong_usage_exits_2_and_says_why(path, arguments, sentence):
    result = run(path, *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert sentence in result.stderr
    assert "my secret key" not in result.stderr


@pytest.mark.parametrize(("chosen", "sentence"), REFUSED[:1] + REFUSED[3:4])
def test_the_command_says_in_one_sentence_what_is_not_there(path, chosen, sentence):
    (value,) = chosen.values()
    result = run(path, *(value if isinstance(value, list) else ("--since", value)))
    status = 3 if "rec_ids" in chosen else 2
    assert (result.exit_code, result.stdout, result.stderr) == (status, "", f"Error: {sentence}\n")


def test_a_file_without_evidence_is_refused_with_what_to_run(tmp_path):
    other = tmp_path / "other.db"
    execute(other, "CREATE TABLE t(a)")
    result = run(other, 1)
    assert (result.exit_code, result.stderr) == (
        2,
        f"Error: am_personalization_profile not found in {other}"
        f" - run: sqlite-utils personalization-migrate {other}\n",
    )


@pytest.mark.parametrize("arguments", ((3,), ("--run", 2, "--csv"), (3, "--now", "--json")))
def test_a_file_in_use_is_read_as_it_is_and_no_byte_of_it_changes(path, arguments):
    server = connect(path)
    server.execute("PRAGMA journal_mode = wal")
    server.execute(OTHERS)
    server.execute("BEGIN IMMEDIATE")
    server.execute(OTHERS)
    wal = path.with_name("jpcite.db-wal")
    before = path.read_bytes(), wal.read_bytes()
    assert wal.stat().st_size > 0
    assert run(path, *arguments).exit_code == 0
    assert run(path, 83).stdout.startswith("83  program\n")
    assert (path.read_bytes(), wal.read_bytes()) == before
    server.execute("COMMIT")
    server.close()


@pytest.mark.parametrize("journal_mode", ("delete", "wal"))
def test_a_file_nobody_uses_is_left_alone(path, journal_mode):
    execute(path, f"PRAGMA journal_mode = {journal_mode}")
    before = {file.name: file.read_bytes() for file in path.parent.iterdir()}
    for arguments in ((3,), ("--run", 2, "-t"), (3, "--json", "--now")):
        assert run(path, *arguments).exit_code == 0
    assert {file.name: file.read_bytes() for file in path.parent.iterdir()} == before


def test_our_commands_may_be_imported_before_those_of_sqlite_utils():
    script = (
        "import sqlite_utils_personalization.commands.output\n"
        "import sqlite_utils\n"
        "sqlite_utils.Database(memory=True).close()\n"
        "from sqlite_utils.cli import cli\n"
        "assert 'personalization-replay' in cli.commands\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
