"""Whatever honestly happens to a database, verification finds nothing."""

import shutil
import sqlite3
from contextlib import suppress
from datetime import date, timedelta
from hashlib import sha256

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from sqlite_utils_personalization import migrate, score
from sqlite_utils_personalization.audit.verify.verify import verify
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.evidence.seal import head, seal_events, seal_others
from sqlite_utils_personalization.preferences.erasure import erase
from sqlite_utils_personalization.preferences.rotation import rotate
from sqlite_utils_personalization.scoring import log
from sqlite_utils_personalization.scoring.night import Reporter
from sqlite_utils_personalization.transaction import transaction

START = """
CREATE TABLE programs (unified_id TEXT PRIMARY KEY, primary_name TEXT, prefecture TEXT, tier TEXT);
INSERT INTO programs VALUES ('A', '農業の機械導入補助金', '東京都', 'S'), ('B', '賃上げ補助金', NULL, 'B'),
    ('C', '看護の人材確保補助金', NULL, 'C'), ('D', '商店の改装補助金', '大阪府', NULL);
CREATE TABLE saved_searches (id INTEGER PRIMARY KEY, api_key_hash TEXT, query_json TEXT);
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
    st.tuples(st.just("interrupted"), st.integers(1, 3)),
    st.tuples(st.just("customer"), st.sampled_from(PREFERENCES)),
    st.tuples(st.just("changes mind"), st.tuples(small, st.sampled_from(PREFERENCES))),
    st.tuples(st.just("saves a search"), small),
    st.tuples(st.just("erased"), small),
    st.tuples(st.just("rotated"), small),
    st.tuples(st.just("deleted"), small),
    st.tuples(st.just("others write"), small),
    st.tuples(st.just("others are sealed"), st.just(0)),
    st.tuples(st.just("amended"), st.sampled_from("ABCD")),
    st.tuples(st.just("withdrawn"), st.sampled_from("ABCD")),
)


class History:
    """A database, and what may honestly happen to it."""

    def __init__(self, path):
        self.path, self.day, self.heads = path, date(2026, 4, 1), []

    def happen(self, action, value):
        getattr(self, action.replace(" ", "_"))(value)

    def execute(self, sql, *parameters):
        with sqlite3.connect(self.path) as db:
            db.execute(sql, parameters)
        db.close()

    def score(self, **options):
        score(self.path, as_of=self.day.isoformat(), top_k=2, **options)
        db = sqlite3.connect(self.path)
        self.heads.append(head(db))
        db.close()

    def night(self, days):
        self.day += timedelta(days)
        self.score()

    def again(self, _):
        self.score()
        self.score(again=True)

    def interrupted(self, chunks):
        self.day += timedelta(1)

        def stop(stage, done, total):
            if stage == "Logging" and done >= chunks:
                raise KeyboardInterrupt

        with suppress(KeyboardInterrupt):
            self.score(reporter=Reporter(progress=stop))

    def customer(self, preference):
        self.execute(
            "INSERT INTO am_personalization_profile(user_token_hash, preference_json)"
            " VALUES (lower(hex(randomblob(32))), ?)",
            preference,
        )

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

    def rotated(self, number):
        key = str(number).encode()
        self.execute(
            "UPDATE OR IGNORE am_personalization_profile SET user_token_hash = ? WHERE profile_id = ?",
            sha256(key).hexdigest(),
            number,
        )
        db = sqlite3.connect(self.path, isolation_level=None)
        with suppress(PersonalizationError):
            rotate(db, key, key + b"new")
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
    # A night that was interrupted, and that nothing in this history finished.
    assert [finding for finding in found if finding.code != "run-open"] == []
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


@given(actions=histories)
@settings(max_examples=20, **SETTINGS)
def test_an_honest_history_gives_no_finding(start, tmp_path_factory, actions):
    live(start, tmp_path_factory, actions)


@pytest.mark.slow
@given(actions=histories)
@settings(max_examples=1000, **SETTINGS)
def test_a_thousand_honest_histories_give_no_finding(start, tmp_path_factory, actions):
    live(start, tmp_path_factory, actions)
