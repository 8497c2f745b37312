"""How much of a night its customers had been given the night before is kept with it, and is what the log says."""

import json
import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

import plain_measures
import pytest
from plain_measures import File
from scored import tamper_behind_the_guards
from test_histories import PREFERENCES, START, History
from test_report import TWIN, agree

from sqlite_utils_personalization import migrate, report, score
from sqlite_utils_personalization.audit.snapshot import snapshot
from sqlite_utils_personalization.audit.verify.verify import verify
from sqlite_utils_personalization.preferences.erasure import erase
from sqlite_utils_personalization.scoring import log, night

P = "am_personalization_"
KEPT = ("before_run_id", "repeated_rows")
# What a customer was given, as the log and its evidence have it; what stands for a type is no item.
IN_THE_LOG = f"""
WITH given AS (
    SELECT t.run_id, l.profile_id, c.recommendation_type, c.item_id, c.profile_id AS owner
    FROM {P}recommendation_log l
    JOIN {P}evidence e ON l.rec_id BETWEEN e.first_rec_id AND e.first_rec_id + e.n - 1
    JOIN {P}list t ON t.list_id = e.list_id
    JOIN {P}decision d ON d.list_id = e.list_id AND d.seq = e.first_seq + l.rec_id - e.first_rec_id
    JOIN {P}candidate c ON c.candidate_id = d.candidate_id
    WHERE c.item_id <> '*'
)
SELECT count(*) FROM given n WHERE n.run_id = ? AND EXISTS (
    SELECT 1 FROM given o WHERE o.run_id = ? AND o.profile_id = n.profile_id
    AND o.recommendation_type = n.recommendation_type AND o.item_id = n.item_id AND o.owner IS n.owner
)
"""


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "jpcite.db"
    migrate(path)
    with closing(sqlite3.connect(path)) as db:
        db.executescript(START + TWIN)
    return path


@pytest.fixture
def history(path):
    """Customers, one of whom has saved a search."""
    found = History(path)
    for preference in PREFERENCES:
        found.customer(preference)
    found.saves_a_search(4)
    return found


def kept(path, run_id=None):
    """before_run_id and repeated_rows of a run, or of every run by its number."""
    with closing(sqlite3.connect(path)) as db:
        runs = db.execute(f"SELECT run_id, counts_json FROM {P}run").fetchall()
    found = {}
    for number, counts in runs:
        measures = json.loads(counts)["measures"]
        found[number] = tuple(measures[name] for name in KEPT)
    return found if run_id is None else found[run_id]


def in_the_log(path, run_id, before):
    with closing(sqlite3.connect(path)) as db:
        return db.execute(IN_THE_LOG, (run_id, before)).fetchone()[0]


def findings(path):
    with closing(sqlite3.connect(path)) as db:
        return verify(db)


def value(path, **given):
    found = {one["measure"]: one for one in report(path, **given)["measures"]}
    return found["repeats"]["part"] if "repeats" in found else None


def test_a_night_worked_by_hand(path):
    """Two customers in farming get A, then A under another name and B, for which one more is there."""
    history = History(path)
    history.execute("DELETE FROM am_amendment_diff")
    history.execute("DELETE FROM programs WHERE unified_id <> 'A'")
    for _ in range(2):
        history.customer(PREFERENCES[2])
    history.night(0)
    assert kept(path) == {1: (None, None)}
    history.execute(
        "UPDATE programs SET primary_name = 'また別の農業の補助金' WHERE unified_id = 'A'"
    )
    history.execute("INSERT INTO programs VALUES ('B', '農業の補助金', NULL, 'S')")
    history.customer(PREFERENCES[2])
    history.night(1)
    with closing(sqlite3.connect(path)) as db:
        file = File(db)
        shown = [sorted((of, one["item_id"]) for of, _, one, _ in file.rows(n)) for n in (1, 2)]
    assert shown == [[(1, "A"), (2, "A")], [(of, item) for of in (1, 2, 3) for item in "AB"]]
    assert kept(path, 2) == (1, 2)
    assert value(path) == 2


def test_the_number_is_that_of_a_count_in_the_log(history, path):
    for day in range(5):
        history.night(1 if day else 0)
        history.delivered((4, 1, 0, 200))
        history.changes_mind((3, PREFERENCES[day]))
    found = kept(path)
    assert [before for before, _ in found.values()] == [None, 1, 2, 3, 4]
    for run_id in range(2, 6):
        assert found[run_id][1] == in_the_log(path, run_id, run_id - 1) > 0
    agree(path)


def test_a_day_scored_again_and_by_a_second_model_counts_once_and_the_latest(history, path):
    history.night(0)
    history.again(0)
    history.night(1)
    history.another_model("old")
    history.score()
    history.night(1)
    found = kept(path)
    assert [found[one][0] for one in found] == [None, None, 2, 2, 4]
    for run_id in (3, 4, 5):
        assert found[run_id][1] == in_the_log(path, run_id, found[run_id][0])
    agree(path)


def test_a_day_that_is_scored_late_is_held_against_the_day_before_it(history, path):
    history.night(0)
    history.night(4)
    history.changes_mind((4, PREFERENCES[5]))
    history.earlier(2)
    history.earlier(6)
    history.night(1)
    found = kept(path)
    # Of 1 and 5 April, then 3 April, 30 March, and 6 April.
    assert [found[one][0] for one in found] == [None, 1, 1, None, 2]
    assert found[3][1] == in_the_log(path, 3, 1)
    agree(path)
    # What was kept stays, though the night before it is another by now.
    assert value(path, night="2026-04-05") == in_the_log(path, 2, 1)
    assert value(path, night="2026-04-01") is None


def test_a_night_that_was_killed_is_held_against_what_was_finished_when_it_was_frozen(
    history, path, monkeypatch
):
    monkeypatch.setattr(log, "CHUNK_CUSTOMERS", 1)
    history.night(0)
    history.interrupted(3)
    (before,) = (kept(path, 2),)
    # Whatever happens until it is resumed.
    history.changes_mind((4, "{}"))
    history.withdrawn("A")
    history.night(0)
    assert kept(path) == {1: (None, None), 2: before}
    assert before == (1, in_the_log(path, 2, 1))
    agree(path)


def test_a_night_under_way_is_none_before_another(history, path, monkeypatch):
    monkeypatch.setattr(log, "CHUNK_CUSTOMERS", 1)
    history.night(0)
    history.interrupted(2)
    history.day = history.day.replace(day=3)
    history.score(resume=False)
    history.day = history.day.replace(day=2)
    history.score()
    history.day = history.day.replace(day=4)
    history.score()
    found = kept(path)
    assert [found[one][0] for one in found] == [None, 1, 1, 3]
    for run_id in (2, 3, 4):
        assert found[run_id][1] == in_the_log(path, run_id, found[run_id][0])
    assert findings(path) == []


def test_a_night_that_was_finished_while_the_next_was_planned_is_the_one_before(
    history, path, monkeypatch
):
    history.night(0)
    real, times = night.prepare, []

    def meanwhile(db):
        times.append(1)
        if len(times) == 1:
            score(path, as_of="2026-04-02", top_k=2)
        real(db)

    monkeypatch.setattr(night, "prepare", meanwhile)
    history.night(2)
    assert kept(path) == {
        1: (None, None),
        2: (1, in_the_log(path, 2, 1)),
        3: (2, in_the_log(path, 3, 2)),
    }
    agree(path)


def test_who_is_erased_or_gone_changes_nothing_that_was_kept(history, path, monkeypatch):
    history.night(0)
    history.night(1)
    before = kept(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for (token,) in db.execute(
            f"SELECT user_token_hash FROM {P}profile WHERE profile_id IN (4, 5)"
        ).fetchall():
            erase(db, token)
    assert findings(path) == []
    assert kept(path) == before
    assert value(path) == in_the_log(path, 2, 1)
    # One more while the night is under way, who is counted as it was decided.
    monkeypatch.setattr(log, "CHUNK_CUSTOMERS", 1)
    history.interrupted(2)
    decided = kept(path, 3)
    history.erased(7)
    history.night(0)
    with closing(sqlite3.connect(path)) as db:
        due = plain_measures.repeats(File(db), 3, 2, with_due=True)
    assert kept(path, 3) == decided == (2, due)
    assert due > in_the_log(path, 3, 2)
    history.night(1)
    assert kept(path, 4) == (3, in_the_log(path, 4, 3))
    agree(path)


def test_a_night_of_nobody_has_no_rows_to_repeat(path):
    history = History(path)
    history.night(0)
    history.customer(PREFERENCES[3])
    history.night(1)
    assert kept(path) == {1: (None, None), 2: (1, 0)}
    assert findings(path) == []
    assert value(path) == 0


def test_a_shadow_and_a_dry_run_change_nothing_of_it(history, path):
    history.night(0)
    history.shadowed(True)
    score(path, as_of="2026-04-02", top_k=2, dry_run=True)
    history.night(1)
    assert kept(path, 2) == (1, in_the_log(path, 2, 1))
    with closing(sqlite3.connect(path)) as db:
        (counts,) = db.execute(f"SELECT counts_json FROM {P}shadow").fetchone()
    assert "measures" not in json.loads(counts)
    agree(path)


def test_a_snapshot_says_the_same(history, path, tmp_path):
    history.night(0)
    history.night(1)
    copy = tmp_path / "copy.db"
    snapshot(path, copy)
    assert (findings(copy), kept(copy), report(copy)) == ([], kept(path), report(path))


# Nights of before


def test_nights_that_were_not_held_against_another_are_counted_in_their_logs(tmp_path):
    """Of the corpus, by the code of that time: of 1, 2, 2 and 4 April."""
    path = tmp_path / "past.db"
    past = Path(__file__).with_name("corpus") / "0.1a0-measures.sql"
    with closing(sqlite3.connect(path)) as db:
        db.executescript(past.read_text("utf-8"))
    migrate(path)
    found = report(path)
    assert found["was_kept"]
    history = next(one for one in found["measures"] if one["measure"] == "repeats")["history"]
    rows = (8, 8)
    numbers = (in_the_log(path, 3, 1), in_the_log(path, 4, 3))
    assert history == [None, *(n / of for n, of in zip(numbers, rows, strict=True))]
    assert findings(path) == []
    score(path, as_of="2026-04-05", top_k=2)
    with closing(sqlite3.connect(path)) as db:
        (counts,) = db.execute(f"SELECT counts_json FROM {P}run WHERE run_id = 5").fetchone()
    measures = json.loads(counts)["measures"]
    assert [measures[name] for name in KEPT] == [4, in_the_log(path, 5, 4)]
    assert findings(path) == []
    assert value(path) == in_the_log(path, 5, 4)


# What somebody changed


@pytest.fixture(scope="module")
def five(tmp_path_factory):
    """Of 1 to 4 April, and then of 3 April once more, that is of five runs, of which the last is held against run 2."""
    path = tmp_path_factory.mktemp("five") / "jpcite.db"
    migrate(path)
    with closing(sqlite3.connect(path)) as db:
        db.executescript(START + TWIN)
    history = History(path)
    for preference in PREFERENCES:
        history.customer(preference)
    for day in range(4):
        history.night(1 if day else 0)
        history.changes_mind((3, PREFERENCES[day]))
    history.day = history.day.replace(day=3)
    history.score(again=True)
    assert [before for before, _ in kept(path).values()] == [None, 1, 2, 3, 2]
    return path


def changed(five, tmp_path, run_id, **values):
    """The sentences of what is found where a run says otherwise, but for that of its seal."""
    path = tmp_path / "changed.db"
    shutil.copy(five, path)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for name, new in values.items():
            tamper_behind_the_guards(
                db,
                f"UPDATE {P}run SET counts_json = json_set(counts_json, '$.measures.{name}', json('{new}'))"
                f" WHERE run_id = {run_id}",
            )
        found = verify(db)
    assert "sealed-run-changed" in {one.code for one in found}
    rest = [one for one in found if one.code != "sealed-run-changed"]
    assert {(one.code, one.run_id) for one in rest} <= {("run-changed", run_id)}
    with suppress(ValueError):
        report(path)
    return [one.what for one in rest]


OTHERWISE = "counts_json of run {} does not follow from its rows"


@pytest.mark.parametrize("run_id", [2, 4, 5])
@pytest.mark.parametrize("new", ["0", "null", "-1", '"x"', "1e3", "99999999999999999999", "[]"])
def test_another_number_is_found(five, tmp_path, run_id, new):
    assert changed(five, tmp_path, run_id, repeated_rows=new) == [OTHERWISE.format(run_id)]


@pytest.mark.parametrize("new", ["4", "5", "77", "9007199254740992"])
def test_a_night_that_was_not_finished_yet_is_found(five, tmp_path, new):
    expected = (
        f"run 4 says that it was held against run {new}, which was not finished when it was frozen"
    )
    assert expected in changed(five, tmp_path, 4, before_run_id=new)


@pytest.mark.parametrize(
    ("run_id", "new", "said"),
    [
        (4, "1", "run 1, and the night before it was run 2"),
        (4, "null", "none, and the night before it was run 2"),
        (5, "3", "run 3, and the night before it was run 2"),
        (5, "0", "none, and the night before it was run 2"),
        (5, '"2"', "none, and the night before it was run 2"),
        (5, "[2]", "none, and the night before it was run 2"),
        (1, "2", "run 2, which was not finished when it was frozen"),
    ],
)
def test_another_night_than_the_one_before_is_found_even_with_its_number(
    five, tmp_path, run_id, new, said
):
    number = "null"
    if new.isdigit() and new != "0":
        number = str(in_the_log(five, run_id, int(new)))
    found = changed(five, tmp_path, run_id, before_run_id=new, repeated_rows=number)
    assert f"run {run_id} says that it was held against {said}" in found


def test_a_night_before_that_is_missing_is_said_once(five, tmp_path):
    path = tmp_path / "missing.db"
    shutil.copy(five, path)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        tamper_behind_the_guards(db, f"DELETE FROM {P}run WHERE run_id = 2")
        assert [(one.code, one.run_id) for one in verify(db)] == [("run-missing", 2)]
