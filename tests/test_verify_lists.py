"""Verification decides every list again: a place tampered with is found wherever it stands, and nowhere else."""

import json
from contextlib import contextmanager, suppress

import pytest
from click.testing import CliRunner
from scored import P, connect

from sqlite_utils_personalization import score
from sqlite_utils_personalization.audit.verify import decisions, lists, rows
from sqlite_utils_personalization.audit.verify import verify as audit
from sqlite_utils_personalization.audit.verify.codes import KINDS
from sqlite_utils_personalization.audit.verify.verify import verify
from sqlite_utils_personalization.commands.verify import verify as command
from sqlite_utils_personalization.evidence import leaves
from sqlite_utils_personalization.evidence.leaves import digest_of
from sqlite_utils_personalization.evidence.seal import seal_run
from sqlite_utils_personalization.evidence.served import served_of_run
from sqlite_utils_personalization.example import build
from sqlite_utils_personalization.scoring import log

NIGHT, NEXT = "2026-04-01", "2026-04-02"
# Alike but for the prefecture, so that most of them are offered the same.
PREFECTURES = ("東京都", "大阪府", "北海道", "沖縄県", "香川県", None)
FIRST, AGAIN, CHANGED = 1, 2, 3


@pytest.fixture(scope="module")
def history(tmp_path_factory):
    """A night, the same night again, and one with another catalogue, for cohorts that share what they are offered."""
    path = tmp_path_factory.mktemp("history") / "jpcite.db"
    build(path)
    db = connect(path)
    for prefecture in PREFECTURES:
        for horizon in (30, 90):
            declared = {"industry_pack": "E", "deadline_horizon_days": horizon}
            if prefecture:
                declared["prefecture"] = prefecture
            db.execute(
                f"INSERT INTO {P}profile(user_token_hash, preference_json) VALUES (lower(hex(randomblob(32))), ?)",
                (json.dumps(declared),),
            )
    score(path, as_of=NIGHT)
    score(path, as_of=NIGHT, again=True)
    db.execute("DELETE FROM jgrants_programs WHERE id = (SELECT max(id) FROM jgrants_programs)")
    db.execute("UPDATE programs SET primary_name = primary_name || '（改）'")
    db.close()
    score(path, as_of=NEXT)
    return path


@pytest.fixture
def db(history):
    db = connect(":memory:")
    source = connect(history)
    source.backup(db)
    source.close()
    for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        db.execute(f"DROP TRIGGER {name}")
    db.execute("PRAGMA ignore_check_constraints = 1")
    yield db
    db.close()


@contextmanager
def undone(db):
    db.execute("BEGIN")
    yield
    db.execute("ROLLBACK")


def faults(db):
    """Everything found but the guards that the tests dropped."""
    return [finding for finding in verify(db) if finding.kind != "schema"]


def decided(db, run_id):
    """list_id, seq and log row of every place of a run, of the first customer who got it."""
    return db.execute(
        f"SELECT list_id, seq, min(first_rec_id) + seq - 1 FROM {P}decision JOIN {P}list USING (list_id)"
        f" JOIN {P}evidence USING (list_id) WHERE run_id = ? GROUP BY 1, 2 ORDER BY 1, 2",
        (run_id,),
    ).fetchall()


def test_the_history_is_honest_and_its_lists_have_much_in_common(db):
    assert faults(db) == []
    cohorts, contents = {}, {}
    for run_id, cohort_id, places in db.execute(
        "SELECT run_id, cohort_id, group_concat(candidate_id || ' ' || score)"
        f" FROM {P}list JOIN {P}decision USING (list_id) GROUP BY run_id, list_id"
    ):
        cohorts.setdefault(run_id, set()).add(cohort_id)
        contents.setdefault(run_id, []).append(places)
    assert cohorts[FIRST] == cohorts[AGAIN] == cohorts[CHANGED]
    assert contents[FIRST] == contents[AGAIN] != contents[CHANGED]
    assert all(len(set(places)) < len(places) for places in contents.values())


CHANGES = {
    "candidate_id": f"(SELECT max(candidate_id) FROM {P}candidate)",
    "industry_points": "industry_points + 1",
    "deadline_points": "deadline_points + 1",
    "risk_points": "risk_points - 1",
    "score": "score + 1",
    # Neither the sum nor the score shows it.
    "industry_points = industry_points - 1, deadline_points": "deadline_points + 1",
}


@pytest.mark.parametrize("column", CHANGES)
@pytest.mark.sampled(2)
def test_a_change_on_a_list_of_the_second_of_two_equal_runs_is_named_there_alone(db, column):
    last = {list_id: (seq, rec_id) for list_id, seq, rec_id in decided(db, AGAIN)}
    for list_id, (seq, rec_id) in list(last.items())[::4]:
        with undone(db):
            db.execute(
                f"UPDATE {P}decision SET {column} = {CHANGES[column]} WHERE list_id = ? AND seq = ?",
                (list_id, seq),
            )
            found = faults(db)
        named = [(f.run_id, f.rec_id) for f in found if f.code == "decision-wrong"]
        assert named == [(AGAIN, rec_id)]
        assert [(f.run_id, f.rowid) for f in found if f.code == "list-changed"] == [
            (AGAIN, list_id)
        ]
        assert [f.run_id for f in found if f.kind == "seal"] == [AGAIN]


def test_a_change_of_a_place_is_named_by_its_place_and_row(db):
    for list_id, seq, rec_id in decided(db, CHANGED)[::3]:
        with undone(db):
            db.execute(
                f"UPDATE {P}decision SET risk_points = 99 WHERE list_id = ? AND seq = ?",
                (list_id, seq),
            )
            (fault,) = [f for f in faults(db) if f.code == "decision-wrong"]
        assert (fault.run_id, fault.rec_id) == (CHANGED, rec_id)
        assert fault.what.startswith(f"place {seq} of list {list_id} should be ")


@pytest.mark.parametrize("seq", ("1.5", "'2x'", "1000", "x'32'"))
def test_a_place_numbered_otherwise_is_found_though_its_order_stays(db, seq):
    list_id = decided(db, AGAIN)[0][0]
    db.execute(f"UPDATE {P}decision SET seq = {seq} WHERE list_id = {list_id} AND seq = 2")
    messages = [f.what for f in faults(db) if f.kind == "decision"]
    assert any(text.startswith(f"place 2 of list {list_id} should be ") for text in messages)
    assert any(text.endswith(f"does not follow from what run {AGAIN} saw") for text in messages)


def reseal(db):
    """Take the digests again, and seal everything but what the first seal covers, the customers' keys."""
    db.execute(f"DELETE FROM {P}seal WHERE seal_id > 1")
    for list_id, run_id in db.execute(f"SELECT list_id, run_id FROM {P}list").fetchall():
        digest = digest_of(db, run_id, list_id)
        db.execute(f"UPDATE {P}list SET list_sha256 = ? WHERE list_id = ?", (digest, list_id))
    for (run_id,) in db.execute(f"SELECT run_id FROM {P}run").fetchall():
        served = served_of_run(db, run_id, 1, 2**53)
        db.execute(f"UPDATE {P}run SET served_sha256 = ? WHERE run_id = ?", (served, run_id))
    for (run_id,) in db.execute(f"SELECT run_id FROM {P}run ORDER BY 1").fetchall():
        seal_run(db, run_id)


def test_an_earlier_nights_list_served_again_is_found_even_if_everything_is_sealed_again(db):
    """The same cohort, the same number of places: only the catalogue of the night tells them apart."""
    old, new = db.execute(
        f"SELECT o.list_id, n.list_id FROM {P}list o JOIN {P}list n ON n.run_id = {CHANGED}"
        f" AND n.cohort_id = o.cohort_id AND n.profile_id IS o.profile_id WHERE o.run_id = {FIRST} AND"
        f" (SELECT group_concat(recommendation_type) FROM {P}decision JOIN {P}candidate USING (candidate_id)"
        f" WHERE list_id = o.list_id) = (SELECT group_concat(recommendation_type) FROM {P}decision"
        f" JOIN {P}candidate USING (candidate_id) WHERE list_id = n.list_id)"
        f" AND (SELECT group_concat(candidate_id) FROM {P}decision WHERE list_id = o.list_id)"
        f" <> (SELECT group_concat(candidate_id) FROM {P}decision WHERE list_id = n.list_id)"
    ).fetchone()
    db.execute(f"DELETE FROM {P}decision WHERE list_id = ?", (new,))
    db.execute(
        f"INSERT INTO {P}decision SELECT ?, seq, candidate_id, industry_points, deadline_points, risk_points, score"
        f" FROM {P}decision WHERE list_id = ?",
        (new, old),
    )
    db.execute(
        f"UPDATE {P}recommendation_log SET score = (SELECT d.score FROM {P}evidence e JOIN {P}decision d"
        f" USING (list_id) WHERE list_id = {new} AND rec_id = first_rec_id + seq - 1)"
        f" WHERE rec_id IN (SELECT first_rec_id + seq - 1 FROM {P}evidence JOIN {P}decision USING (list_id)"
        f" WHERE list_id = {new})"
    )
    reseal(db)
    found = faults(db)
    # What the night was like does not follow from another list, either.
    codes = {"decision-wrong", "run-changed"}
    assert {(f.code, f.run_id) for f in found} == {(code, CHANGED) for code in codes}
    wrong = [f for f in found if f.code == "decision-wrong"]
    assert {f"of list {new} should be" in f.what for f in wrong} == {True}


def test_two_cohorts_that_swapped_their_lists_are_found(db):
    one, other = db.execute(
        f"SELECT a.list_id, b.list_id FROM {P}list a JOIN {P}list b USING (run_id) WHERE run_id = {AGAIN}"
        f" AND (SELECT group_concat(candidate_id || ' ' || score) FROM {P}decision WHERE list_id = a.list_id)"
        f" <> (SELECT group_concat(candidate_id || ' ' || score) FROM {P}decision WHERE list_id = b.list_id)"
    ).fetchone()
    for old, new in ((one, 999_999), (other, one), (999_999, other)):
        db.execute(f"UPDATE {P}decision SET list_id = {new} WHERE list_id = {old}")
    assert {(f.kind, f.run_id) for f in faults(db)} >= {("decision", AGAIN), ("seal", AGAIN)}


def test_a_second_list_for_the_same_key_is_found(db):
    list_id = decided(db, AGAIN)[0][0]
    db.execute("DROP INDEX idx_am_personalization_list_key")
    db.execute(
        f"INSERT INTO {P}list SELECT 999999, run_id, cohort_id, profile_id, list_sha256 FROM {P}list"
        f" WHERE list_id = {list_id}"
    )
    db.execute(
        f"INSERT INTO {P}decision SELECT 999999, seq, candidate_id, industry_points, deadline_points, risk_points,"
        f" score FROM {P}decision WHERE list_id = {list_id}"
    )
    messages = {f.what for f in faults(db)}
    assert f"place 1 of list 999999 does not follow from what run {AGAIN} saw" in messages


def test_a_list_of_nobodys_cohort_is_found(db):
    db.execute(f"INSERT INTO {P}cohort VALUES (999999, 'Q', '香川県', 700, 'high')")
    db.execute(f"INSERT INTO {P}list VALUES (999999, {AGAIN}, 999999, NULL, '{'0' * 64}')")
    db.execute(
        f"INSERT INTO {P}decision SELECT 999999, 1, candidate_id, 0, 0, 0, 1 FROM {P}candidate LIMIT 1"
    )
    db.execute(
        f"UPDATE {P}list SET list_sha256 = ? WHERE list_id = 999999",
        (digest_of(db, AGAIN, 999999),),
    )
    assert [(f.code, f.run_id, f.rec_id, f.what) for f in faults(db)] == [
        (
            "decision-wrong",
            AGAIN,
            None,
            f"place 1 of list 999999 does not follow from what run {AGAIN} saw",
        )
    ]


def test_another_model_makes_every_place_it_changes_a_finding(db):
    db.execute(
        f"UPDATE {P}run SET model_json = replace(model_json, '\"industry\":50', '\"industry\":49') WHERE run_id = 2"
    )
    expected = db.execute(
        f"SELECT list_id, seq FROM {P}decision JOIN {P}list USING (list_id) WHERE run_id = 2 AND industry_points = 50"
    ).fetchall()
    messages = [f.what for f in faults(db) if f.kind == "decision"]
    for list_id, seq in expected:
        assert any(text.startswith(f"place {seq} of list {list_id} ") for text in messages)


def test_verifying_twice_on_one_connection_reads_the_rows_twice(db):
    assert faults(db) == []
    list_id, seq, _ = decided(db, AGAIN)[-1]
    db.execute(f"UPDATE {P}decision SET score = 1 WHERE list_id = {list_id} AND seq = {seq}")
    assert {f.code for f in faults(db)} == {
        *("log-row-changed", "decision-wrong", "list-changed", "sealed-rows-changed")
    }


TAMPERED = (
    f"UPDATE {P}decision SET score = 1 WHERE list_id % 5 = 0",
    f"UPDATE {P}recommendation_log SET served_at = 'x' WHERE rec_id % 7 = 0",
    f"DELETE FROM {P}evidence WHERE first_rec_id % 6 = 0",
    f"DELETE FROM {P}decision WHERE list_id % 11 = 0",
    f"DELETE FROM {P}unserved",
    f"UPDATE {P}evidence SET n = n + 1 WHERE first_rec_id % 5 = 0",
)


def test_how_much_is_held_in_memory_at_once_changes_no_finding(db, monkeypatch):
    for statement in TAMPERED:
        db.execute(statement)
    whole = faults(db)
    classes = {"decision", "log", "evidence", "completeness", "progress", "seal"}
    assert {f.kind for f in whole} == classes
    monkeypatch.setattr(decisions, "_BATCH", 1)
    monkeypatch.setattr(rows, "_RANGES_AT_ONCE", 1)
    for module, name in ((lists, "_KEPT_PLACES"), (lists, "_KEPT_LISTS"), (leaves, "_KEPT_PLACES")):
        monkeypatch.setattr(module, name, 0)
    assert faults(db) == whole


def test_runs_whose_rows_lie_between_each_other_are_no_fault(db, tmp_path, monkeypatch):
    """The first is interrupted, the second of the next day comes between, then the first is resumed."""
    path = tmp_path / "jpcite.db"
    build(path)
    monkeypatch.setattr(log, "CHUNK_CUSTOMERS", 1)

    def stop(stage, done, total):
        if stage == "Logging" and done == 3:
            raise KeyboardInterrupt

    with suppress(KeyboardInterrupt):
        score(path, as_of=NIGHT, progress=stop)
    score(path, as_of=NEXT, resume=False)
    score(path, as_of=NIGHT)
    between = connect(path)
    bounds = between.execute(
        f"SELECT first_rec_id, last_rec_id FROM {P}seal WHERE run_id IS NOT NULL ORDER BY run_id"
    ).fetchall()
    assert bounds[0][0] < bounds[1][0] < bounds[1][1] < bounds[0][1]
    assert verify(between) == []
    between.close()


HOSTILE = (
    (f"UPDATE {P}decision SET industry_points = 9e999 WHERE list_id = 1 AND seq = 1", "decision"),
    (
        f"UPDATE {P}decision SET score = CAST(x'ff' AS TEXT) WHERE list_id = 1 AND seq = 1",
        "check",
    ),
    (f"UPDATE {P}run SET top_k = 1.5 WHERE run_id = 2", "check"),
    (f"UPDATE {P}cohort SET horizon_days = 'x' WHERE cohort_id = 1", "decision"),
    (f"UPDATE {P}candidate SET closes_on = 'x'", "candidate"),
    (f"UPDATE {P}candidate SET recommendation_type = 'x' WHERE candidate_id < 9", "candidate"),
    (f"UPDATE {P}seal SET log_end = 'x' WHERE run_id = 1", "tree"),
    (f"UPDATE {P}seal SET leaves = 9e99 WHERE run_id = 1", "seal"),
)


@pytest.mark.parametrize(("statement", "kind"), HOSTILE)
def test_a_value_that_no_check_constraint_lets_in_is_a_finding_and_no_crash(db, statement, kind):
    db.execute(statement)
    found = faults(db)
    assert kind in {f.kind for f in found} <= KINDS.keys()


def test_a_check_that_cannot_go_on_does_not_keep_the_others_from_it(db):
    db.execute(f"UPDATE {P}run SET top_k = 1.5 WHERE run_id = {FIRST}")
    list_id, seq, rec_id = decided(db, AGAIN)[-1]
    db.execute(f"UPDATE {P}decision SET risk_points = 9 WHERE list_id = {list_id} AND seq = {seq}")
    stopped, named, *_ = [f for f in faults(db) if f.kind in ("check", "decision")]
    assert stopped.run_id == FIRST
    assert stopped.what.startswith("the decision check of run 1 did not reach its end: ")
    assert (named.run_id, named.rec_id) == (AGAIN, rec_id)


def test_the_bar_moves_within_a_run_and_ends_where_it_says(db, monkeypatch):
    monkeypatch.setattr(decisions, "_BATCH", 1)
    seen = []
    verify(db, progress=lambda stage, done, total: seen.append((stage, done, total)))
    assert {(stage, total) for stage, _, total in seen} == {("Verifying", seen[-1][1])}
    steps = [done for _, done, _ in seen]
    assert steps == sorted(steps)
    assert len(set(steps)) > db.execute(f"SELECT count(*) FROM {P}list").fetchone()[0]


def test_ctrl_c_ends_it_in_a_sentence_and_says_nothing_was_concluded(history, monkeypatch):
    def interrupt(db):
        raise KeyboardInterrupt
        yield

    monkeypatch.setattr(audit, "check_contents", interrupt)
    result = CliRunner().invoke(command, [str(history)])
    assert (result.exit_code, result.stdout, result.stderr) == (
        2,
        "",
        "interrupted before everything was checked\n",
    )
