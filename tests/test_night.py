"""One night on the example database: identity, interruption, company, and what a dry run leaves alone."""

import hashlib
import json
import os
import sqlite3
import subprocess
import sys

import pytest
from scored import example

from sqlite_utils_personalization import PersonalizationError, score
from sqlite_utils_personalization.example import AS_OF, build
from sqlite_utils_personalization.preferences.customer import active_condition
from sqlite_utils_personalization.scoring import decide, log

ROWS = """
SELECT l.profile_id, v.recommendation_type, v.item_id, v.logged_score, v.verdict
FROM v_personalization_replay v JOIN am_personalization_recommendation_log l USING (rec_id) ORDER BY 1, 2, 3
"""


@pytest.fixture
def shared(tmp_path):
    """The example database, not yet scored."""
    return example(tmp_path / "jpcite.db")


@pytest.fixture
def one_customer_a_chunk(monkeypatch):
    monkeypatch.setattr(log, "CHUNK_CUSTOMERS", 1)


def rows(path, sql=ROWS, *parameters):
    with sqlite3.connect(path) as db:
        return db.execute(sql, parameters).fetchall()


def execute(path, sql, *parameters):
    db = sqlite3.connect(path)
    with db:
        db.execute(sql, parameters)
    db.close()


def state(path):
    """Every file beside path, with its bytes."""
    return {file.name: file.read_bytes() for file in path.parent.iterdir()}


class Interrupt:
    """A reporter that stops the night, or does something else, after some chunks."""

    def __init__(self, action, after=1):
        self.action, self.after, self.seen = action, after, 0

    def __call__(self, stage, done, total):
        self.seen += stage == "Logging"
        if stage == "Logging" and self.seen == self.after:
            self.action()


def stop():
    raise KeyboardInterrupt


def test_every_row_of_a_night_is_reproduced_from_its_evidence(shared):
    summary = score(shared, as_of=AS_OF)
    assert summary["logged"] == len(rows(shared)) > 0
    assert {verdict for *_, verdict in rows(shared)} == {"reproduced"}


def test_by_type_counts_the_rows_of_the_log(shared):
    summary = score(shared, as_of=AS_OF)
    counted = dict(
        rows(
            shared,
            "SELECT recommendation_type, count(*) FROM am_personalization_recommendation_log GROUP BY 1",
        )
    )
    assert summary["by_type"] == counted


def test_a_night_is_scored_once(shared):
    first = score(shared, as_of=AS_OF)
    said = []
    second = score(shared, as_of=AS_OF, say=said.append)
    assert (second["logged"], second["run_id"], second["outcome"]) == (
        0,
        first["run_id"],
        "already scored",
    )
    assert said == [
        "2026-04-01 was already scored, as run 1: nothing added (--again scores it once more)"
    ]
    assert len(rows(shared)) == first["logged"]


def test_a_changed_catalogue_does_not_make_it_another_night(shared):
    score(shared, as_of=AS_OF)
    execute(shared, "DELETE FROM jgrants_programs")
    assert score(shared, as_of=AS_OF)["logged"] == 0


@pytest.mark.parametrize("other", ({"as_of": "2026-04-02"}, {"as_of": AS_OF, "top_k": 3}))
def test_another_date_or_top_k_is_another_night(shared, other):
    score(shared, as_of=AS_OF)
    assert score(shared, **other)["run_id"] == 2


def test_again_scores_the_same_night_once_more(shared):
    first, second = score(shared, as_of=AS_OF), score(shared, as_of=AS_OF, again=True)
    assert (second["run_id"], second["again"], second["by_type"]) == (2, 1, first["by_type"])
    assert len(rows(shared)) == 2 * first["logged"]


def test_again_shares_the_candidates_and_cohorts_of_the_first(shared):
    count = """
        SELECT (SELECT count(*) FROM am_personalization_candidate), (SELECT count(*) FROM am_personalization_cohort)
    """
    score(shared, as_of=AS_OF)
    before = rows(shared, count)
    score(shared, as_of=AS_OF, again=True)
    assert rows(shared, count) == before


def test_a_new_version_is_kept_only_of_what_changed(shared):
    score(shared, as_of=AS_OF)
    before = rows(shared, "SELECT count(*) FROM am_personalization_candidate")[0][0]
    execute(shared, "UPDATE programs SET primary_name = 'another name' WHERE unified_id = 'EX-104'")
    score(shared, as_of="2026-04-02")
    added = rows(
        shared, "SELECT title FROM am_personalization_candidate WHERE candidate_id > ?", before
    )
    assert added == [("another name",)]


@pytest.mark.parametrize("journal_mode", ("delete", "wal"))
def test_a_dry_run_foretells_the_night_and_writes_nothing(shared, journal_mode):
    execute(shared, f"PRAGMA journal_mode = {journal_mode}")
    before = state(shared)
    planned = score(shared, as_of=AS_OF, dry_run=True)
    assert state(shared) == before
    done = score(shared, as_of=AS_OF)
    assert (planned["dry_run"], planned["run_id"], planned["outcome"]) == (True, None, "planned")
    same = ("profiles", "logged", "by_type", "zero", "scored", "rejected", "left_out", "candidates")
    assert {key: planned[key] for key in same} == {key: done[key] for key in same}


def test_a_dry_run_sees_what_a_server_has_not_checkpointed_and_leaves_its_wal(shared):
    server = sqlite3.connect(shared)
    server.execute("PRAGMA journal_mode = wal")
    with server:
        server.execute("DELETE FROM am_personalization_profile WHERE profile_id > 3")
        server.execute("DELETE FROM saved_searches")
    before = {name: data for name, data in state(shared).items() if not name.endswith("-shm")}
    assert score(shared, as_of=AS_OF, dry_run=True)["profiles"] == 3
    assert {
        name: data for name, data in state(shared).items() if not name.endswith("-shm")
    } == before
    server.close()


def test_a_dry_run_needs_no_evidence_tables(shared):
    rollback = "sqlite_utils_personalization.schema"
    from importlib.resources import files

    text = files(rollback).joinpath("900_personalization_evidence_rollback.sql").read_text()
    sqlite3.connect(shared).executescript(text)
    before = state(shared)
    assert score(shared, as_of=AS_OF, dry_run=True)["logged"] > 0
    assert state(shared) == before


def test_evidence_is_never_optional(shared):
    from importlib.resources import files

    text = files("sqlite_utils_personalization.schema").joinpath(
        "900_personalization_evidence_rollback.sql"
    )
    sqlite3.connect(shared).executescript(text.read_text())
    said = []
    score(shared, as_of=AS_OF, say=said.append)
    assert said == [
        "applied 900_personalization_evidence, which was missing: no row is logged without evidence"
    ]
    assert {verdict for *_, verdict in rows(shared)} == {"reproduced"}


def test_without_the_schema_the_night_is_refused(tmp_path):
    path = tmp_path / "other.db"
    execute(path, "CREATE TABLE t(a)")
    before = state(path)
    with pytest.raises(PersonalizationError) as error:
        score(path, as_of=AS_OF)
    assert str(error.value) == (
        f"am_personalization_profile not found in {path}"
        f" - run: sqlite-utils personalization-migrate {path}"
    )
    assert state(path) == before


def test_an_interrupted_night_resumes_to_the_same_rows(shared, one_customer_a_chunk):
    whole = shared.with_name("whole.db")
    whole.write_bytes(shared.read_bytes())
    score(whole, as_of=AS_OF)
    with pytest.raises(KeyboardInterrupt):
        score(shared, as_of=AS_OF, progress=Interrupt(stop, after=2))
    assert 0 < len(rows(shared)) < len(rows(whole))
    # What changes meanwhile does not matter: the night is decided.
    execute(shared, "UPDATE am_personalization_profile SET preference_json = '{}'")
    execute(shared, "DELETE FROM programs")
    resumed = score(shared, as_of=AS_OF)
    assert resumed["outcome"] == "resumed"
    assert rows(shared) == rows(whole)


def test_a_dry_run_of_an_interrupted_night_counts_what_is_left(shared, one_customer_a_chunk):
    with pytest.raises(KeyboardInterrupt):
        score(shared, as_of=AS_OF, progress=Interrupt(stop, after=3))
    planned = score(shared, as_of=AS_OF, dry_run=True)
    resumed = score(shared, as_of=AS_OF)
    assert (planned["outcome"], planned["by_type"]) == ("interrupted", resumed["by_type"])


def test_a_killed_night_resumes_to_the_same_rows(shared):
    whole = shared.with_name("whole.db")
    whole.write_bytes(shared.read_bytes())
    score(whole, as_of=AS_OF)
    script = (
        "import os, signal, sys\n"
        "from sqlite_utils_personalization import score\n"
        "from sqlite_utils_personalization.scoring import log\n"
        "log.CHUNK_CUSTOMERS = 1\n"
        "kill = lambda stage, done, total: done == 3 and stage == 'Logging' and os.kill(os.getpid(), signal.SIGKILL)\n"
        f"score(sys.argv[1], as_of={AS_OF!r}, progress=kill)\n"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(shared)], check=False)
    assert killed.returncode == -9
    assert score(shared, as_of=AS_OF)["outcome"] == "resumed"
    assert rows(shared) == rows(whole)


def test_an_unfinished_night_is_not_scored_again(shared, one_customer_a_chunk):
    with pytest.raises(KeyboardInterrupt):
        score(shared, as_of=AS_OF, progress=Interrupt(stop))
    with pytest.raises(PersonalizationError) as error:
        score(shared, as_of=AS_OF, again=True, resume=False)
    assert (
        str(error.value) == "run 1 of 2026-04-01 is unfinished - finish it first, without --again"
    )


def test_a_second_starter_shares_the_work_and_doubles_nothing(shared, one_customer_a_chunk):
    second = []
    starter = Interrupt(lambda: second.append(score(shared, as_of=AS_OF)), after=2)
    first = score(shared, as_of=AS_OF, progress=starter)
    assert second[0]["outcome"] == "resumed"
    total = first["logged"] + second[0]["logged"]
    planned = rows(shared, "SELECT sum(n) FROM am_personalization_evidence")[0][0]
    assert len(rows(shared)) == total == planned


def test_a_second_starter_during_the_planning_joins_the_first(shared):
    def rival(stage, done, total):
        if stage == "Reading":
            score(shared, as_of=AS_OF)

    summary = score(shared, as_of=AS_OF, progress=rival)
    assert (summary["outcome"], summary["logged"]) == ("resumed", 0)
    assert rows(shared, "SELECT count(*) FROM am_personalization_run") == [(1,)]


def test_rows_other_programs_write_meanwhile_stay_theirs(shared, one_customer_a_chunk):
    def write():
        execute(
            shared,
            "INSERT INTO am_personalization_recommendation_log(profile_id, recommendation_type, score)"
            " VALUES (8, 'program', 7)",
        )

    summary = score(shared, as_of=AS_OF, progress=Interrupt(write, after=2))
    found = rows(shared)
    assert [row for row in found if row[-1] != "reproduced"] == [
        (8, "program", None, 7, "no evidence")
    ]
    assert len(found) == summary["logged"] + 1


def test_a_customer_who_vanishes_meanwhile_is_skipped_and_not_counted(shared, one_customer_a_chunk):
    due = score(shared, as_of=AS_OF, dry_run=True)["logged"]

    def vanish():
        execute(shared, "DELETE FROM am_personalization_profile WHERE profile_id = 5")

    summary = score(shared, as_of=AS_OF, progress=Interrupt(vanish))
    found = rows(shared)
    assert 5 not in {row[0] for row in found}
    assert {row[-1] for row in found} == {"reproduced"}
    assert summary["logged"] == sum(summary["by_type"].values()) == len(found) < due
    counted = "SELECT logged, status FROM am_personalization_run_progress"
    assert rows(shared, counted) == [(len(found), "finished")]


def one_point_more(found):
    return [(*row[:-1], row[-1] + 1) for row in found]


def the_first_alone_with_one_more(found):
    first, *rest = found
    return [*one_point_more([first]), *rest]


@pytest.mark.parametrize(
    ("changed", "count"), [(one_point_more, "every"), (the_first_alone_with_one_more, "1")]
)
def test_a_night_whose_choices_disagree_with_the_formula_is_refused(
    shared, monkeypatch, changed, count
):
    choices, made = decide.choices, []

    def wrong(*given):
        made.extend(changed([*choices(*given)]))
        return made

    monkeypatch.setattr(decide, "choices", wrong)
    with pytest.raises(PersonalizationError) as error:
        score(shared, as_of=AS_OF)
    said = len(made) if count == "every" else count
    assert str(error.value) == (
        f"{said} decisions disagree with formula.sql, so nothing was written - reinstall the package"
    )
    for table in ("run", "decision", "list", "recommendation_log"):
        assert rows(shared, f"SELECT count(*) FROM am_personalization_{table}") == [(0,)]


def test_a_night_that_chose_what_is_not_open_yet_is_refused(shared, monkeypatch):
    def open_to_all(db):
        db.execute(
            "CREATE TEMP TABLE plan_open AS SELECT * FROM plan_candidate"
            " WHERE left_out IS NULL AND profile_id IS NULL"
        )

    monkeypatch.setattr(decide, "open_candidates", open_to_all)
    execute(shared, "UPDATE jgrants_programs SET open_at = '2026-04-02'")
    with pytest.raises(PersonalizationError, match=r"^\d+ decisions disagree with formula.sql"):
        score(shared, as_of=AS_OF)


def test_new_ids_follow_the_highest_ever_given(shared):
    execute(
        shared, "INSERT INTO sqlite_sequence VALUES ('am_personalization_recommendation_log', 500)"
    )
    score(shared, as_of=AS_OF)
    assert rows(shared, "SELECT min(rec_id) FROM am_personalization_recommendation_log") == [(501,)]


def test_a_rejected_preference_is_named_and_never_scored(shared):
    execute(
        shared,
        "UPDATE am_personalization_profile SET preference_json = '[]' WHERE profile_id IN (2, 4)",
    )
    said = []
    summary = score(shared, as_of=AS_OF, say=said.append)
    assert said == [
        "not scored: preference_json is not a JSON object: profile 2, 4",
        "warning: 2 of 8 customers are rejected, more than 1 %",
    ]
    assert (summary["profiles"], summary["rejected"], summary["rejected_profiles"]) == (
        8,
        2,
        [2, 4],
    )
    assert {row[0] for row in rows(shared)} & {2, 4} == set()


def test_strict_refuses_the_whole_night(shared):
    execute(
        shared, "UPDATE am_personalization_profile SET preference_json = '[]' WHERE profile_id = 2"
    )
    before = state(shared)
    with pytest.raises(PersonalizationError) as error:
        score(shared, as_of=AS_OF, strict=True)
    assert str(error.value) == (
        "preference_json is not a JSON object: profile 2 - mend or remove them, or leave out --strict"
    )
    assert state(shared) == before


def test_nobody_is_skipped(shared):
    """design.md, Completeness: every profile is scored, zero or rejected."""
    execute(
        shared, "UPDATE am_personalization_profile SET preference_json = '[]' WHERE profile_id = 2"
    )
    score(shared, as_of=AS_OF)
    served = {row[0] for row in rows(shared)}
    unserved = rows(shared, "SELECT profile_id, reason FROM am_personalization_unserved ORDER BY 1")
    assert unserved == [(2, "preference_json is not a JSON object"), (8, None)]
    assert served == set(range(1, 9)) - {2, 8}


def test_the_digest_of_the_customers_is_a_salt_and_one_line_each(tmp_path):
    path = tmp_path / "jpcite.db"
    build(path)
    execute(path, "DELETE FROM am_personalization_profile WHERE profile_id NOT IN (1, 7, 8)")
    execute(
        path, "UPDATE am_personalization_profile SET preference_json = '[]' WHERE profile_id = 8"
    )
    score(path, as_of=AS_OF)
    lines = (
        '[1,"D","東京都",60,"low"]\n'
        "[7,null,null,14,null]\n"
        '[8,"preference_json is not a JSON object"]\n'
    )
    ((salt, digest),) = rows(path, "SELECT salt, customers_sha256 FROM am_personalization_run")
    assert digest == hashlib.sha256(f"{salt}\n{lines}".encode()).hexdigest()


def test_nobody_to_score_is_a_night_too(tmp_path):
    path = tmp_path / "jpcite.db"
    build(path)
    execute(path, "DELETE FROM am_personalization_profile")
    summary = score(path, as_of=AS_OF)
    assert (summary["profiles"], summary["logged"], summary["outcome"]) == (0, 0, "scored")
    assert score(path, as_of=AS_OF)["outcome"] == "already scored"


@pytest.mark.parametrize("as_of", ("2026-02-30", "20260401", "2026-4-1", "yesterday", ""))
def test_a_date_that_is_none_is_refused(shared, as_of):
    with pytest.raises(PersonalizationError) as error:
        score(shared, as_of=as_of)
    assert str(error.value) == "as_of is not a day - write it like 2026-07-22"


@pytest.mark.parametrize("top_k", (0, -1))
def test_a_top_k_that_asks_for_nothing_is_refused(shared, top_k):
    with pytest.raises(PersonalizationError) as error:
        score(shared, as_of=AS_OF, top_k=top_k)
    assert str(error.value) == f"top_k is {top_k} - give a whole number, at least 1"


def test_a_top_k_that_no_log_could_hold_is_refused(shared):
    assert score(shared, as_of=AS_OF, top_k=2**53, dry_run=True)["profiles"]
    with pytest.raises(PersonalizationError) as error:
        score(shared, as_of=AS_OF, top_k=2**53 + 1)
    assert (
        str(error.value)
        == "top_k is 9007199254740993 - give a whole number, at most 9007199254740992"
    )


def test_top_k_keeps_the_best_of_each_type(shared):
    two = shared.with_name("two.db")
    two.write_bytes(shared.read_bytes())
    score(shared, as_of=AS_OF, top_k=1000)
    score(two, as_of=AS_OF, top_k=2)
    best = """
        SELECT l.profile_id, v.recommendation_type, v.item_id FROM v_personalization_replay v
        JOIN am_personalization_recommendation_log l USING (rec_id) ORDER BY l.rec_id
    """
    expected = []
    for row in rows(shared, best):
        if sum(row[:2] == other[:2] for other in expected) < 2:
            expected.append(row)
    assert rows(two, best) == expected


def test_a_cap_of_zero_switches_a_type_off(shared, tmp_path):
    from importlib.resources import files

    model = json.loads(
        files("sqlite_utils_personalization.model").joinpath("model.json").read_text("utf-8")
    )
    model["caps"]["program"] = 0
    path = tmp_path / "model.json"
    path.write_text(json.dumps(model))
    summary = score(shared, as_of=AS_OF, model=path)
    assert (summary["by_type"]["program"], summary["zero"]["program"]) == (0, 8)
    assert {verdict for *_, verdict in rows(shared)} == {"reproduced"}


def test_the_search_of_one_customer_is_never_offered_to_another(shared):
    score(shared, as_of=AS_OF)
    found = rows(
        shared,
        "SELECT l.profile_id, c.profile_id FROM am_personalization_recommendation_log l"
        " JOIN v_personalization_replay v USING (rec_id) JOIN am_personalization_candidate c"
        " ON c.recommendation_type = v.recommendation_type AND c.item_id = v.item_id"
        " WHERE v.recommendation_type = 'saved_search'",
    )
    assert found
    assert all(customer == owner for customer, owner in found)


def test_temporary_files_of_a_night_are_gone_afterwards(shared):
    score(shared, as_of=AS_OF)
    assert os.listdir(shared.parent) == ["jpcite.db"]


def test_no_statement_of_a_chunk_reads_more_of_the_log_than_its_own_rows(shared):
    """The cost of a row must not grow with the log, with statistics or without."""
    score(shared, as_of=AS_OF)
    db = sqlite3.connect(shared)
    db.execute(log._CREATE_CHUNK)
    db.execute(log._CREATE_SIZES)
    statements = {
        name: sql
        for name, sql in vars(log).items()
        if name.startswith("_")
        and isinstance(sql, str)
        and sql.lstrip().startswith(("SELECT", "INSERT", "UPDATE"))
    }
    assert {"_FILL_CHUNK", "_LOG", "_EVIDENCE", "_ADDED", "_LAST"} <= set(statements)
    at = dict.fromkeys(("run_id", "cursor", "last", "customers", "rows"), 1)
    for sql in set(statements.values()) - {log._LEFT}:
        sql = sql.replace("{active}", active_condition(db, "p.profile_id"))
        plan = [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {sql}", at)]
        read = [step for step in plan if "recommendation_log" in step or "evidence" in step]
        assert [step for step in read if not step.startswith("SEARCH")] == []
