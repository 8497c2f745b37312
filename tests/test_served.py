"""Who gets what of which list is decided when a night is frozen: whoever changes it while it is open is found."""

import sqlite3
from contextlib import closing
from hashlib import sha256
from typing import NamedTuple

import pytest
from scored import AS_OF, P, connect, example

from sqlite_utils_personalization import PersonalizationError, score
from sqlite_utils_personalization.audit.verify.verify import verify
from sqlite_utils_personalization.evidence.served import FORMAT, GONE, served_sha256
from sqlite_utils_personalization.scoring import log

NOT_SERVED = "did not give everyone the lists it was frozen with"


class Interrupted(Exception):
    pass


@pytest.fixture
def path(tmp_path, monkeypatch):
    """An example whose night was interrupted after its first customer."""
    path = example(tmp_path / "jpcite.db")
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


class Waiting(NamedTuple):
    """What a customer still gets in the open night: n places of a list, from first_seq on."""

    profile_id: int
    list_id: int
    position: int
    first_seq: int
    n: int

    @property
    def rest(self):
        return f"{self.profile_id}, {self.list_id}, {self.first_seq}, {self.n}"


def waiting(db):
    """In the order of the map."""
    columns = ", ".join(Waiting._fields)
    rows = db.execute(f"SELECT {columns} FROM {P}run_customer ORDER BY position")
    return [Waiting(*row) for row in rows]


def change(path, *statements):
    with closing(sqlite3.connect(path)) as db, db:
        for statement in statements:
            db.execute(statement)


def double(one):
    return [f"INSERT INTO {P}run_customer VALUES (1, 1000, {one.rest})"]


def double_before_the_others(one):
    return [
        f"UPDATE {P}run_customer SET position = position + 1000 WHERE position > {one.position}",
        f"INSERT INTO {P}run_customer VALUES (1, {one.position + 1}, {one.rest})",
    ]


def another_vector(one):
    return [
        f"UPDATE {P}run_customer SET list_id = (SELECT max(list_id) FROM {P}run_customer"
        f" WHERE list_id < {one.list_id}) WHERE position = {one.position}"
    ]


def to_the_end(one):
    return [f"UPDATE {P}run_customer SET position = 1000 WHERE position = {one.position}"]


def hidden(one):
    return [f"DELETE FROM {P}run_customer WHERE position = {one.position}"]


def without_the_first_place(one):
    return [
        f"UPDATE {P}run_customer SET first_seq = first_seq + 1, n = n - 1 WHERE position = {one.position}"
    ]


def without_the_last_place(one):
    return [f"UPDATE {P}run_customer SET n = n - 1 WHERE position = {one.position}"]


def in_two_parts(one):
    return [
        f"UPDATE {P}run_customer SET position = -position WHERE position > {one.position}",
        f"UPDATE {P}run_customer SET position = 1 - position WHERE position < 0",
        f"UPDATE {P}run_customer SET n = 1 WHERE position = {one.position}",
        f"INSERT INTO {P}run_customer VALUES (1, {one.position + 1}, {one.profile_id}, {one.list_id},"
        f" {one.first_seq + 1}, {one.n - 1})",
    ]


def swapped(one):
    return [
        f"UPDATE {P}run_customer SET profile_id = profile_id + 1 WHERE position = {one.position}"
    ]


def a_stranger(one):
    return [f"INSERT INTO {P}run_customer VALUES (1, 1000, {one._replace(profile_id=1000).rest})"]


def noted_as_gone(one):
    return _gone(
        one,
        f"(SELECT json_group_array(json_array(list_sha256, first_seq, n)) FROM {P}run_customer u"
        f" JOIN {P}list USING (list_id) WHERE u.profile_id = {one.profile_id})",
    )


def noted_as_gone_without_what_was_due(one):
    return _gone(one, "NULL")


def _gone(one, due):
    return [
        f"INSERT INTO {P}unserved SELECT 1, {one.profile_id}, cohort_id, '{GONE}', {due}"
        f" FROM {P}list WHERE list_id = {one.list_id}",
        f"DELETE FROM {P}run_customer WHERE profile_id = {one.profile_id}",
    ]


def noted_for_another_reason(one):
    return [
        f"INSERT INTO {P}unserved VALUES (1, {one.profile_id}, NULL, 'because', NULL)",
        f"DELETE FROM {P}run_customer WHERE profile_id = {one.profile_id}",
    ]


WAYS = (
    double,
    double_before_the_others,
    another_vector,
    to_the_end,
    hidden,
    without_the_first_place,
    without_the_last_place,
    in_two_parts,
    swapped,
    a_stranger,
    noted_as_gone,
    noted_as_gone_without_what_was_due,
    noted_for_another_reason,
)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.sampled(4)
def test_a_night_that_was_changed_while_it_was_open_is_not_sealed_and_found(path, way):
    with closing(connect(path)) as db:
        rows = waiting(db)
    # The second, so that something comes before and after.
    change(path, *way(rows[1]))

    with pytest.raises(PersonalizationError) as error:
        score(path, as_of=AS_OF)
    with closing(connect(path)) as db:
        sealed = db.execute(f"SELECT count(*) FROM {P}seal WHERE run_id = 1").fetchone()

    assert "so it is not sealed" in str(error.value)
    assert sealed == (0,)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.sampled(4)
def test_sealed_all_the_same_it_is_found_by_verification(path, way, monkeypatch):
    with closing(connect(path)) as db:
        rows = waiting(db)
    change(path, *way(rows[1]))
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
        last = waiting(db)[-1]
    change(path, f"DELETE FROM {P}profile WHERE profile_id = {last.profile_id}")
    score(path, as_of=AS_OF)
    with closing(connect(path)) as db:
        assert verify(db) == []


def test_the_digest_is_the_salt_and_a_line_per_customer():
    text = f'{FORMAT}\nsalt\n[1,[["a",1,3],["a",5,1],["b",1,2]]]\n[7,[["a",1,4]]]\n'
    served = [(1, [("a", 1, 3), ("a", 5, 1), ("b", 1, 2)]), (7, [("a", 1, 4)])]
    assert served_sha256("salt", served) == sha256(text.encode()).hexdigest()
