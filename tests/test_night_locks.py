"""What a night reads before it locks the file may be out of date by then."""

import sqlite3
from contextlib import closing, contextmanager

import pytest
from scored import OTHERS, execute

from sqlite_utils_personalization import score
from sqlite_utils_personalization.audit.verify.verify import verify
from sqlite_utils_personalization.evidence import seal
from sqlite_utils_personalization.example import AS_OF, build
from sqlite_utils_personalization.scoring import night
from sqlite_utils_personalization.transaction import transaction


@pytest.fixture
def shared(tmp_path):
    path = tmp_path / "jpcite.db"
    build(path)
    return path


def rows(path, sql):
    with closing(sqlite3.connect(path)) as db:
        return db.execute(sql).fetchall()


def findings(path):
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        return verify(db)


def seal_in_another_process(path):
    with closing(sqlite3.connect(path, isolation_level=None)) as db, transaction(db, "IMMEDIATE"):
        seal.seal_others(db)


def just_before_the_seal(monkeypatch, action):
    @contextmanager
    def late(db, kind):
        action()
        with transaction(db, kind):
            yield

    monkeypatch.setattr(seal, "transaction", late)


SEALS = "SELECT run_id, first_rec_id, last_rec_id, log_end FROM am_personalization_seal"
# Whose key is whose, which is sealed before the night is.
BOUND = (None, None, None, 0)


def test_what_others_write_while_a_night_is_sealed_is_left_to_the_next_seal(shared, monkeypatch):
    just_before_the_seal(monkeypatch, lambda: execute(shared, OTHERS))
    score(shared, as_of=AS_OF)
    assert rows(shared, SEALS) == [BOUND, (1, 1, 40, 40)]
    assert findings(shared) == []
    seal_in_another_process(shared)
    assert rows(shared, SEALS)[2:] == [(None, 41, 41, 41)]
    assert findings(shared) == []


def test_what_another_process_seals_meanwhile_is_not_sealed_twice(shared, monkeypatch):
    def meanwhile():
        execute(shared, OTHERS)
        seal_in_another_process(shared)

    execute(shared, OTHERS)
    just_before_the_seal(monkeypatch, meanwhile)
    score(shared, as_of=AS_OF)
    assert rows(shared, SEALS) == [BOUND, (None, 1, 42, 42), (1, 2, 41, 42)]
    assert findings(shared) == []


def test_nights_prepared_at_the_same_time_share_candidates_and_cohorts(shared, monkeypatch):
    prepare = night.prepare

    def prepare_late(db):
        monkeypatch.setattr(night, "prepare", prepare)
        score(shared, as_of=AS_OF, top_k=1)
        prepare(db)

    monkeypatch.setattr(night, "prepare", prepare_late)
    score(shared, as_of=AS_OF)
    assert rows(shared, "SELECT run_id, top_k FROM am_personalization_run") == [(1, 1), (2, 10)]
    assert findings(shared) == []
    for table, key in (("candidate", "candidate_sha256"), ("cohort", "cohort_id")):
        sql = f"SELECT count(*), count(DISTINCT {key}) FROM am_personalization_{table}"
        ((stored, distinct),) = rows(shared, sql)
        assert stored == distinct > 0


def test_what_a_night_stored_and_did_not_use_changes_no_later_one(shared, monkeypatch):
    whole = shared.with_name("whole.db")
    whole.write_bytes(shared.read_bytes())
    score(whole, as_of=AS_OF)

    def die(db):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(night, "freeze", die)
        with pytest.raises(KeyboardInterrupt):
            score(shared, as_of=AS_OF)
    assert rows(shared, "SELECT count(*) FROM am_personalization_candidate") > [(0,)]
    assert findings(shared) == []
    score(shared, as_of=AS_OF)
    log = "SELECT rec_id, profile_id, recommendation_type, score FROM am_personalization_recommendation_log"
    evidence = "SELECT * FROM am_personalization_evidence"
    for sql in (log, evidence):
        assert rows(shared, sql) == rows(whole, sql)
