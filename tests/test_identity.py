"""A customer's key is bound by a sealed commitment: a swap is found, a rotation is none, and erasure leaves no link."""

from contextlib import closing
from hashlib import sha256

import pytest
from scored import AS_OF, P, connect, example, tamper_behind_the_guards

from sqlite_utils_personalization import score
from sqlite_utils_personalization.audit.verify.verify import verify
from sqlite_utils_personalization.preferences.erasure import erase
from sqlite_utils_personalization.preferences.identity import bind_customers, commitment
from sqlite_utils_personalization.preferences.rotation import rotate

HASHES = [sha256(f"example-key-{number}".encode()).hexdigest() for number in range(1, 10)]


@pytest.fixture
def db(tmp_path):
    path = example(tmp_path / "jpcite.db", AS_OF)
    with closing(connect(path)) as db:
        yield db


def sentences(db):
    return [finding.what for finding in verify(db)]


def wrong(profile_id):
    return f"profile {profile_id} has not the key it was bound to, and no rotation says so"


def test_a_night_binds_every_customer_once(db):
    bind_customers(db)
    bound = db.execute(f"SELECT profile_id FROM {P}identity ORDER BY identity_id").fetchall()
    assert bound == db.execute(f"SELECT profile_id FROM {P}profile ORDER BY 1").fetchall()
    assert verify(db) == []


def test_the_commitment_is_salt_number_and_hash_a_line_each(db):
    salt, bound = db.execute(
        f"SELECT salt, commitment FROM {P}identity JOIN {P}identity_salt USING (identity_id) WHERE profile_id = 2"
    ).fetchone()
    text = f"personalization-identity/1\n{salt}\n2\n{HASHES[1]}\n"
    assert bound == commitment(salt, 2, HASHES[1]) == sha256(text.encode()).hexdigest()


def test_hashes_of_two_customers_swapped_are_found(db):
    for profile_id, user_token_hash in ((2, "0" * 64), (1, HASHES[1]), (2, HASHES[0])):
        db.execute(
            f"UPDATE {P}profile SET user_token_hash = ? WHERE profile_id = ?",
            (user_token_hash, profile_id),
        )
    assert sentences(db) == [wrong(1), wrong(2)]


def test_a_key_replaced_behind_our_back_is_found(db):
    db.execute(f"UPDATE {P}profile SET user_token_hash = ? WHERE profile_id = 3", ("f" * 64,))
    assert sentences(db) == [wrong(3)]


def test_a_salt_that_was_taken_away_is_found(db):
    db.execute(f"DELETE FROM {P}identity_salt WHERE identity_id = 1")
    assert sentences(db) == [wrong(1)]


def test_a_commitment_made_up_for_the_swap_is_found(db):
    salt = "a" * 64
    made_up = commitment(salt, 1, HASHES[1])
    tamper_behind_the_guards(
        db,
        f"UPDATE {P}profile SET user_token_hash = '{'0' * 64}' WHERE profile_id = 2",
        f"UPDATE {P}profile SET user_token_hash = '{HASHES[1]}' WHERE profile_id = 1",
        f"UPDATE {P}identity_salt SET salt = '{salt}' WHERE identity_id = 1",
        f"UPDATE {P}identity SET commitment = '{made_up}' WHERE identity_id = 1",
    )
    assert any("am_personalization_identity" in sentence for sentence in sentences(db))


def test_a_rotated_key_is_bound_anew_and_no_fault(db):
    rotate(db, b"example-key-1", b"another")
    assert verify(db) == []
    db.execute(f"UPDATE {P}profile SET user_token_hash = ? WHERE profile_id = 1", (HASHES[0],))
    assert sentences(db) == [wrong(1)]


def test_an_erased_customer_leaves_a_commitment_that_opens_to_nothing(db):
    salts = db.execute(f"SELECT salt FROM {P}identity_salt WHERE identity_id = 1").fetchall()
    erase(db, HASHES[0])
    left = db.execute(f"SELECT count(*) FROM {P}identity WHERE profile_id = 1").fetchone()

    assert len(salts) == 1
    assert db.execute(f"SELECT salt FROM {P}identity_salt WHERE identity_id = 1").fetchall() == []
    assert left == (1,)
    assert verify(db) == []


def test_a_customer_who_comes_after_a_night_is_bound_by_the_next(db, tmp_path):
    db.execute(f"INSERT INTO {P}profile(user_token_hash) VALUES (?)", ("e" * 64,))
    assert verify(db) == []
    score(tmp_path / "jpcite.db", as_of="2026-04-02")
    (last,) = db.execute(f"SELECT max(profile_id) FROM {P}identity").fetchone()
    assert db.execute(
        f"SELECT user_token_hash FROM {P}profile WHERE profile_id = ?", (last,)
    ).fetchall() == [("e" * 64,)]
