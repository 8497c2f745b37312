"""Who gets which list is decided when a night is frozen: whoever changes it while the night is open is found."""

import sqlite3
from contextlib import closing
from hashlib import sha256

import pytest
from scored import AS_OF, P, connect

from sqlite_utils_personalization import PersonalizationError, score
from sqlite_utils_personalization.audit.verify.verify import verify
from sqlite_utils_personalization.evidence.served import FORMAT, served_sha256
from sqlite_utils_personalization.example import build
from sqlite_utils_personalization.scoring import log

NOT_SERVED = "did not give everyone the lists it was frozen with"


class Interrupted(Exception):
    pass


@pytest.fixture
def path(tmp_path, monkeypatch):
    """An example whose night was interrupted after its first customer."""
    path = tmp_path / "jpcite.db"
    build(path)
    chunks = log.log_chunks

    def some(*arguments):
        yield next(iter(chunks(*arguments)))
        raise Interrupted

    with monkeypatch.context() as patched:
        patched.setattr(log, "CHUNK_CUSTOMERS", 1)
        patched.setattr("sqlite_utils_personalization.scoring.night.log_chunks", some)
        with pytest.raises(Interrupted):
            score(path, as_of=AS_OF)
    return path


def waiting(db):
    """profile_id, list_id and position of what the open night still has to log."""
    return db.execute(
        f"SELECT profile_id, list_id, position FROM {P}run_customer ORDER BY position"
    ).fetchall()


def change(path, *statements):
    with closing(sqlite3.connect(path)) as db, db:
        for statement in statements:
            db.execute(statement)


def double(profile_id, list_id, position):
    return [f"INSERT INTO {P}run_customer VALUES (1, 1000, {profile_id}, {list_id})"]


def double_before_the_others(profile_id, list_id, position):
    return [
        f"UPDATE {P}run_customer SET position = position + 1000 WHERE position > {position}",
        f"INSERT INTO {P}run_customer VALUES (1, {position + 1}, {profile_id}, {list_id})",
    ]


def another_vector(profile_id, list_id, position):
    return [
        f"UPDATE {P}run_customer SET list_id = (SELECT max(list_id) FROM {P}run_customer"
        f" WHERE list_id < {list_id}) WHERE position = {position}"
    ]


def to_the_end(profile_id, list_id, position):
    return [f"UPDATE {P}run_customer SET position = 1000 WHERE position = {position}"]


def hidden(profile_id, list_id, position):
    return [f"DELETE FROM {P}run_customer WHERE position = {position}"]


def swapped(profile_id, list_id, position):
    return [
        f"UPDATE {P}run_customer SET profile_id = profile_id + 1 WHERE position = {position}",
    ]


def a_stranger(profile_id, list_id, position):
    return [f"INSERT INTO {P}run_customer VALUES (1, 1000, 1000, {list_id})"]


def noted_as_gone(profile_id, list_id, position):
    return [
        f"INSERT INTO {P}unserved SELECT 1, {profile_id}, cohort_id, '{'profile deleted while the run was under way'}'"
        f" FROM {P}list WHERE list_id = {list_id}",
        f"DELETE FROM {P}run_customer WHERE profile_id = {profile_id}",
    ]


def noted_for_another_reason(profile_id, list_id, position):
    return [
        f"INSERT INTO {P}unserved VALUES (1, {profile_id}, NULL, 'because')",
        f"DELETE FROM {P}run_customer WHERE profile_id = {profile_id}",
    ]


WAYS = (
    double,
    double_before_the_others,
    another_vector,
    to_the_end,
    hidden,
    swapped,
    noted_as_gone,
    noted_for_another_reason,
)


@pytest.mark.parametrize("way", WAYS)
def test_a_night_that_was_changed_while_it_was_open_is_not_sealed_and_found(path, way):
    with closing(connect(path)) as db:
        rows = waiting(db)
    # The second, so that something comes before and after.
    change(path, *way(*rows[1]))

    with pytest.raises(PersonalizationError) as error:
        score(path, as_of=AS_OF)
    with closing(connect(path)) as db:
        sealed = db.execute(f"SELECT count(*) FROM {P}seal WHERE run_id = 1").fetchone()

    assert "so it is not sealed" in str(error.value)
    assert sealed == (0,)


@pytest.mark.parametrize("way", WAYS)
def test_sealed_all_the_same_it_is_found_by_verification(path, way, monkeypatch):
    with closing(connect(path)) as db:
        rows = waiting(db)
    change(path, *way(*rows[1]))
    monkeypatch.setattr(
        "sqlite_utils_personalization.evidence.seal._require_served", lambda *given: None
    )
    monkeypatch.setattr(
        "sqlite_utils_personalization.scoring.night.falsely_gone", lambda db, run_id: []
    )
    score(path, as_of=AS_OF)

    with closing(connect(path)) as db:
        found = verify(db)

    assert found


def test_an_interrupted_night_left_alone_is_sealed_and_intact(path):
    score(path, as_of=AS_OF)
    with closing(connect(path)) as db:
        assert verify(db) == []


def test_a_customer_who_is_gone_meanwhile_changes_nothing_of_what_was_frozen(path):
    with closing(connect(path)) as db:
        ((profile_id, *_),) = waiting(db)[-1:]
    change(path, f"DELETE FROM {P}profile WHERE profile_id = {profile_id}")
    score(path, as_of=AS_OF)
    with closing(connect(path)) as db:
        assert verify(db) == []


def test_the_digest_is_the_salt_and_a_line_per_customer():
    text = f'{FORMAT}\nsalt\n[1,["a","b"]]\n[7,["a"]]\n'
    assert served_sha256("salt", [(1, ["a", "b"]), (7, ["a"])]) == sha256(text.encode()).hexdigest()
