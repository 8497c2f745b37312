"""Whatever honestly happens to a database, verification finds nothing."""

import itertools
import json
import os
import shutil
import sqlite3
from contextlib import closing, suppress
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
import sqlite_utils
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from strategies import old

from sqlite_utils_personalization import migrate, score
from sqlite_utils_personalization.api import opened
from sqlite_utils_personalization.audit.replay import replay
from sqlite_utils_personalization.audit.selection import Selection
from sqlite_utils_personalization.audit.verify.verify import verify
from sqlite_utils_personalization.billing.delivery import delivery_key, fact
from sqlite_utils_personalization.billing.record import (
    insert_deliveries,
    record_facts,
    reverse_delivery,
)
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.evidence.seal import head, seal_events, seal_others
from sqlite_utils_personalization.model.model import load_model
from sqlite_utils_personalization.preferences.erasure import erase
from sqlite_utils_personalization.preferences.feedback import give_feedback
from sqlite_utils_personalization.preferences.rotation import rotate
from sqlite_utils_personalization.scoring import log
from sqlite_utils_personalization.transaction import transaction

START = """
CREATE TABLE programs (unified_id TEXT PRIMARY KEY, primary_name TEXT, prefecture TEXT, tier TEXT);
INSERT INTO programs VALUES ('A', '農業の機械導入補助金', '東京都', 'S'), ('B', '賃上げ補助金', NULL, 'B'),
    ('C', '看護の人材確保補助金', NULL, 'C'), ('D', '商店の改装補助金', '大阪府', NULL);
CREATE TABLE saved_searches (id INTEGER PRIMARY KEY, api_key_hash TEXT, query_json TEXT);
CREATE TABLE am_amendment_diff (diff_id INTEGER PRIMARY KEY, entity_id, field_name, prev_value, new_value, detected_at);
INSERT INTO am_amendment_diff VALUES (1, 'A', 'url', 'x', 'y', '2026-04-01'), (2, 'C', 'url', 'x', 'y', '2026-04-01'),
    (3, 'B', 'url', 'x', 'y', '2026-04-02');
"""
PREFERENCES = (
    "{}",
    "[]",
    '{"industry_pack": "A"}',
    '{"industry_pack": "A", "deadline_horizon_days": 30, "risk_tolerance": "low"}',
    '{"industry_pack": "P", "prefecture": "東京都", "deadline_horizon_days": 90}',
    '{"risk_tolerance": "high"}',
    '{"risk_tolerance": "medium", "prefecture": "大阪府"}',
)
small = st.integers(1, 6)
ACTIONS = st.one_of(
    st.tuples(st.just("night"), st.integers(0, 2)),
    st.tuples(st.just("again"), st.just(0)),
    st.tuples(st.just("earlier"), st.integers(1, 3)),
    st.tuples(st.just("interrupted"), st.integers(1, 3)),
    st.tuples(st.just("customer"), st.sampled_from(PREFERENCES)),
    st.tuples(st.just("changes mind"), st.tuples(small, st.sampled_from(PREFERENCES))),
    st.tuples(st.just("saves a search"), small),
    st.tuples(st.just("erased"), small),
    st.tuples(st.just("rotated"), small),
    st.tuples(st.just("deleted"), small),
    st.tuples(st.just("others write"), small),
    st.tuples(st.just("others are sealed"), st.just(0)),
    *([st.tuples(st.just("killed"), st.integers(1, 600))] * hasattr(os, "fork")),
    st.tuples(st.just("vacuumed"), st.booleans()),
    st.tuples(st.just("backed up"), st.booleans()),
    st.tuples(st.just("dumped"), st.just(0)),
    st.tuples(st.just("transformed"), st.sampled_from(("programs", "saved_searches"))),
    st.tuples(st.just("journal mode"), st.sampled_from(("wal", "delete", "truncate", "persist"))),
    st.tuples(st.just("page size"), st.sampled_from((512, 1024, 4096, 65536))),
    st.tuples(st.just("migrated"), st.just(0)),
    st.tuples(st.just("progress lost"), st.just(0)),
    st.tuples(st.just("amended"), st.sampled_from("ABCD")),
    st.tuples(st.just("withdrawn"), st.sampled_from("ABCD")),
    # to whom, every which of the rows, how many days after the last night, with which status
    st.tuples(
        st.just("delivered"),
        st.tuples(
            small, small, st.sampled_from((0, 0, 0, -40, 2)), st.sampled_from((200, 200, 500))
        ),
    ),
    st.tuples(st.just("taken back"), small),
    st.tuples(
        st.just("feedback"),
        st.tuples(
            small,
            st.sampled_from("ABCD123"),
            st.sampled_from(("dismissed", "applied", "interested", "withdrawn")),
        ),
    ),
    st.tuples(st.just("another model"), st.sampled_from(("old", "new"))),
    st.tuples(st.just("shadowed"), st.booleans()),
)


P = "am_personalization_"


def dying(open_writable, statements):
    """open_writable, but the process dies at that statement of the connection, counted from 1."""

    def opened(*given, **options):
        db = open_writable(*given, **options)
        count = itertools.count(1)
        db.conn.set_trace_callback(lambda sql: next(count) == statements and os._exit(9))
        return db

    return opened


class History:
    """A database, and what may honestly happen to it."""

    def __init__(self, path):
        self.path, self.day, self.heads, self.keys = path, date(2026, 4, 1), [], {}
        self.model, self.shadow, self.slots = None, None, itertools.count(1)

    def happen(self, action, value):
        getattr(self, action.replace(" ", "_"))(value)

    def execute(self, sql, *parameters):
        with sqlite3.connect(self.path) as db:
            number = db.execute(sql, parameters).lastrowid
        db.close()
        return number

    def score(self, **options):
        models = {"model": self.model, "shadow": self.shadow}
        score(self.path, as_of=self.day.isoformat(), top_k=2, **models, **options)
        db = sqlite3.connect(self.path)
        self.heads.append(head(db))
        db.close()

    def night(self, days):
        self.day += timedelta(days)
        self.score()

    def again(self, _):
        self.score()
        self.score(again=True)

    def earlier(self, days):
        """A night of a day before, scored after it."""
        self.day -= timedelta(days)
        self.score()
        self.day += timedelta(days)

    def interrupted(self, chunks):
        self.day += timedelta(1)

        def stop(stage, done, total):
            if stage == "Logging" and done >= chunks:
                raise KeyboardInterrupt

        with suppress(KeyboardInterrupt):
            self.score(progress=stop)

    def killed(self, statements):
        """A process of its own scores the night, and dies at one of its statements, leaving its journal behind."""
        self.day += timedelta(1)
        process = os.fork()
        if process == 0:
            try:
                opened.open_writable = dying(opened.open_writable, statements)
                self.score()
            finally:
                os._exit(0)
        os.waitpid(process, 0)

    def vacuumed(self, into):
        if into:
            copy = f"{self.path}.copy"
            self.outside(f"VACUUM INTO '{copy}'")
            self.replaced_by(copy)
        else:
            self.outside("VACUUM")

    def backed_up(self, in_steps):
        copy = f"{self.path}.copy"
        with closing(sqlite3.connect(self.path)) as db, closing(sqlite3.connect(copy)) as target:
            db.backup(target, pages=3 if in_steps else -1)
        self.replaced_by(copy)

    def dumped(self, _):
        copy = f"{self.path}.copy"
        with closing(sqlite3.connect(self.path)) as db, closing(sqlite3.connect(copy)) as target:
            target.executescript("\n".join(db.iterdump()))
        self.replaced_by(copy)

    def replaced_by(self, copy):
        for suffix in ("-wal", "-shm", "-journal"):
            Path(f"{self.path}{suffix}").unlink(missing_ok=True)
        os.replace(copy, self.path)

    def outside(self, *statements):
        with closing(sqlite3.connect(self.path, isolation_level=None)) as db:
            for statement in statements:
                db.execute(statement)

    def transformed(self, table):
        with sqlite_utils.Database(self.path) as db:
            db[table].transform(types={"note": str}, column_order=[*db[table].columns_dict][::-1])

    def journal_mode(self, mode):
        self.outside(f"PRAGMA journal_mode = {mode}")

    def page_size(self, size):
        self.outside("PRAGMA journal_mode = delete", f"PRAGMA page_size = {size}", "VACUUM")

    def migrated(self, _):
        migrate(self.path)

    def progress_lost(self, _):
        """Not honest by itself, but the night is finished, or found to be."""
        with closing(sqlite3.connect(self.path)) as db:
            latest = f"SELECT as_of, run_id, model_json FROM {P}run ORDER BY run_id DESC LIMIT 1"
            found = db.execute(latest).fetchone()
        if found:
            as_of, run_id, model = found
            self.execute(f"DELETE FROM {P}run_progress WHERE run_id = ?", run_id)
            file = Path(f"{self.path}.model")
            file.write_text(model, encoding="utf-8")
            score(self.path, as_of=as_of, top_k=2, model=file)

    def customer(self, preference):
        key = f"key-{len(self.keys)}".encode()
        number = self.execute(
            "INSERT INTO am_personalization_profile(user_token_hash, preference_json) VALUES (?, ?)",
            sha256(key).hexdigest(),
            preference,
        )
        self.keys[number] = key

    def changes_mind(self, change):
        number, preference = change
        self.execute(
            "UPDATE am_personalization_profile SET preference_json = ? WHERE profile_id = ?",
            preference,
            number,
        )

    def saves_a_search(self, number):
        self.execute(
            'INSERT INTO saved_searches(api_key_hash, query_json) SELECT user_token_hash, \'{"q": "農業"}\''
            " FROM am_personalization_profile WHERE profile_id = ?",
            number,
        )

    def erased(self, number):
        db = sqlite3.connect(self.path, isolation_level=None)
        found = db.execute(
            "SELECT user_token_hash FROM am_personalization_profile WHERE profile_id = ?", (number,)
        ).fetchone()
        if found:
            erase(db, found[0])
        db.close()

    def delivered(self, given):
        number, every, days, status = given
        moment = f"{(self.day + timedelta(days)).isoformat()}T{every}:30:00.000Z".replace("T", "T0")
        with closing(sqlite3.connect(self.path, isolation_level=None)) as db:
            sql = (
                f"SELECT rec_id FROM {P}recommendation_log WHERE profile_id = ? AND rec_id % ? = 0"
            )
            rows = [rec_id for (rec_id,) in db.execute(sql, (number, every))]
            slot = f"issue-{next(self.slots)}"
            if days < 0:
                # Before they were logged: what another program may have written.
                new = [
                    (delivery_key(row, "digest", slot), row, "digest", slot, moment, status, 3)
                    for row in rows
                ]
                insert_deliveries(db, [(*row, None, None) for row in new])
                return
            facts = [
                fact(row, channel="digest", slot=slot, delivered_at=moment, status=status)
                for row in rows
            ]
            # Rows of a later night are left out.
            list(record_facts(db, facts, lambda at, fault: None))

    def taken_back(self, number):
        # There may be none, or it was taken back before.
        with (
            closing(sqlite3.connect(self.path, isolation_level=None)) as db,
            suppress(PersonalizationError),
        ):
            reverse_delivery(db, number)

    def feedback(self, said):
        number, item, word = said
        kind = "amendment" if item.isdigit() else "program"
        with closing(sqlite3.connect(self.path, isolation_level=None)) as db:
            sql = f"SELECT user_token_hash FROM {P}profile WHERE profile_id = ?"
            customer = (db.execute(sql, (number,)).fetchone() or [""])[0]
            # Nobody has that number, or no night saw the item yet.
            with suppress(PersonalizationError):
                give_feedback(db, customer, kind, item, word)

    def another_model(self, which):
        self.model = None
        if which == "old":
            self.model = Path(f"{self.path}.old")
            constants = old(load_model().constants)
            self.model.write_text(json.dumps(constants), encoding="utf-8")

    def shadowed(self, is_wanted):
        self.shadow = None
        if is_wanted:
            self.shadow = Path(f"{self.path}.shadow")
            constants = load_model().constants | {"repeat_days": 3, "depth": 5, "rank_band": 1}
            self.shadow.write_text(json.dumps(constants), encoding="utf-8")

    def rotated(self, number):
        key = self.keys.get(number, b"of nobody")
        db = sqlite3.connect(self.path, isolation_level=None)
        # Nobody has it any more where the customer was erased or deleted.
        with suppress(PersonalizationError):
            rotate(db, key, key + b"'")
            self.keys[number] = key + b"'"
        db.close()

    def deleted(self, number):
        """Only a profile nothing refers to may be deleted, as foreign keys would have it."""
        self.execute(
            "DELETE FROM am_personalization_profile WHERE profile_id = ?1 AND NOT EXISTS (SELECT 1 FROM"
            " am_personalization_recommendation_log WHERE profile_id = ?1) AND NOT EXISTS (SELECT 1 FROM"
            " am_personalization_list WHERE profile_id = ?1) AND NOT EXISTS (SELECT 1 FROM"
            " am_personalization_candidate WHERE profile_id = ?1)",
            number,
        )

    def others_write(self, number):
        self.execute(
            "INSERT INTO am_personalization_recommendation_log(profile_id, recommendation_type, score)"
            " SELECT profile_id, 'program', 7 FROM am_personalization_profile WHERE profile_id <= ?",
            number,
        )

    def others_are_sealed(self, _):
        db = sqlite3.connect(self.path, isolation_level=None)
        with transaction(db, "IMMEDIATE"):
            seal_others(db)
        seal_events(db)
        db.close()

    def amended(self, item):
        self.execute(
            "UPDATE programs SET primary_name = primary_name || 'x' WHERE unified_id = ?", item
        )

    def withdrawn(self, item):
        self.execute("DELETE FROM programs WHERE unified_id = ?", item)


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    path = tmp_path_factory.mktemp("start") / "start.db"
    migrate(path)
    sqlite3.connect(path).executescript(START)
    return path


def live(start, tmp_path_factory, actions):
    path = tmp_path_factory.mktemp("history") / "jpcite.db"
    shutil.copy(start, path)
    history = History(path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log, "CHUNK_CUSTOMERS", 1)
        for action, value in actions:
            history.happen(action, value)
    db = sqlite3.connect(path)
    found = verify(db, [kept for kept in history.heads if kept])
    # Nights that were interrupted, and that nothing in this history finished.
    opened = db.execute(
        f"SELECT run_id FROM {P}run WHERE run_id NOT IN (SELECT coalesce(run_id, 0) FROM {P}seal) ORDER BY 1"
    ).fetchall()
    assert found == [one for one in found if one.code == "run-open"]
    assert [(finding.run_id,) for finding in found] == opened
    db.close()
    shutil.rmtree(path.parent)


histories = st.lists(ACTIONS, min_size=3, max_size=10).map(
    lambda actions: [("customer", PREFERENCES[3]), ("customer", PREFERENCES[6]), *actions]
)
SETTINGS = {
    "deadline": None,
    "suppress_health_check": list(HealthCheck),
    "phases": (Phase.explicit, Phase.generate),
}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.slow
def test_a_night_killed_at_any_statement_is_told_from_one_that_ended(start, tmp_path_factory):
    """That the kills of these histories reach every stage of a night."""
    path = tmp_path_factory.mktemp("killed") / "jpcite.db"
    states = set()
    for statements in range(1, 900, 31):
        shutil.copy(start, path)
        history = History(path)
        for preference in PREFERENCES:
            history.customer(preference)
        history.killed(statements)
        with closing(sqlite3.connect(path)) as db:
            runs, logged, seals = (
                db.execute(f"SELECT count(*) FROM {P}{table}").fetchone()[0]
                for table in ("run", "recommendation_log", "seal WHERE run_id IS NOT NULL")
            )
            assert [finding.code for finding in verify(db)] == ["run-open"] * (runs - seals)
        states.add((runs, logged > 0, seals))
        history.score()
        with closing(sqlite3.connect(path)) as db:
            assert verify(db) == []
    assert {(0, False, 0), (1, True, 1)} < states
    assert states & {(1, False, 0), (1, True, 0)}, states


PROGRAMS_OF_1 = f"""
SELECT item_id FROM v_personalization_replay v JOIN {P}recommendation_log l USING (rec_id)
WHERE v.recommendation_type = 'program' AND profile_id = 1 AND run_id = ? ORDER BY rec_id
"""


def test_a_history_that_crosses_the_change_of_model_is_replayed_and_verified(start, tmp_path):
    """Old nights are decided by what their own model says, and what they handed over counts in the new ones."""
    path = tmp_path / "jpcite.db"
    shutil.copy(start, path)
    history = History(path)
    actions = (
        *(("customer", '{"deadline_horizon_days": 90, "risk_tolerance": "low"}'),) * 2,
        *(("another model", "old"), ("night", 0)),
        ("delivered", (1, 1, 0, 200)),
        ("night", 1),
        ("feedback", (2, "B", "dismissed")),
        *(("another model", "new"), ("night", 1)),
        ("delivered", (1, 1, 0, 200)),
        ("night", 1),
        *(("another model", "old"), ("night", 1)),
        *(("another model", "new"), ("night", 40)),
    )
    for action, value in actions:
        history.happen(action, value)
        with closing(sqlite3.connect(path)) as db:
            assert verify(db) == []
    with closing(sqlite3.connect(path)) as db:
        assert {found.verdict for found in replay(db, Selection())} == {"reproduced"}
        nights = [
            [item_id for (item_id,) in db.execute(PROGRAMS_OF_1, (run_id,))]
            for run_id in range(1, 7)
        ]
        models = db.execute(f"SELECT rank_band, repeat_days FROM {P}run ORDER BY run_id").fetchall()
    assert models == [(None, None)] * 2 + [(50, 30)] * 2 + [(None, None), (50, 30)]
    # B has fewer points and C none; in 40 days what was handed over is forgotten. A is for farmers, the others for all.
    assert nights == [["A", "D"], ["A", "D"], ["B"], [], ["A", "D"], ["D", "B"]]


@given(actions=histories)
@settings(max_examples=20, **SETTINGS)
def test_an_honest_history_gives_no_finding(start, tmp_path_factory, actions):
    live(start, tmp_path_factory, actions)


@pytest.mark.slow
@given(actions=histories)
@settings(max_examples=1000, **SETTINGS)
def test_a_thousand_honest_histories_give_no_finding(start, tmp_path_factory, actions):
    live(start, tmp_path_factory, actions)
