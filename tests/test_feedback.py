"""What a customer says of an item: noted once, the last word counts, and the next night goes by it."""

import sqlite3
from contextlib import closing

import pytest
from said import (
    CHANGED,
    CLOSES,
    LATER,
    NEXT,
    NIGHT,
    ONE,
    PROGRAMS,
    THREE,
    TWO,
    build,
    close,
    offered,
)

from sqlite_utils_personalization import migrate, score
from sqlite_utils_personalization.audit.export import export
from sqlite_utils_personalization.audit.snapshot import snapshot
from sqlite_utils_personalization.audit.verify.verify import verify
from sqlite_utils_personalization.errors import InvalidInput, UnknownCustomer
from sqlite_utils_personalization.model.kinds import FEEDBACK, TYPES
from sqlite_utils_personalization.preferences.erasure import erase
from sqlite_utils_personalization.preferences.feedback import Feedback, feedback_of, give_feedback
from sqlite_utils_personalization.preferences.profile import set_preferences
from sqlite_utils_personalization.preferences.rotation import rotate

ALL = [*PROGRAMS]
ROWS = "SELECT * FROM am_personalization_feedback"


@pytest.fixture(scope="module")
def _scored(tmp_path_factory):
    path = tmp_path_factory.mktemp("said") / "jpcite.db"
    build(path)
    score(path, as_of=NIGHT)
    return path.read_bytes()


@pytest.fixture
def path(fresh_path, _scored):
    fresh_path.write_bytes(_scored)
    return fresh_path


@pytest.fixture
def db(path):
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        yield db


def words(db, user_token_hash):
    """The last words without their times."""
    return [said[:3] for said in feedback_of(db, user_token_hash)]


def test_the_lists_are_as_worked_out_by_hand(db):
    assert offered(db, 1, NIGHT) == offered(db, 2, NIGHT) == offered(db, 3, NIGHT) == ALL
    assert offered(db, 1, NIGHT, "amendment") == [*CHANGED]


# What is noted


def test_what_is_said_is_noted_with_the_item_as_the_night_saw_it(db):
    done = give_feedback(db, ONE, "program", "A-2", "dismissed")
    family = db.execute(
        "SELECT family FROM am_personalization_candidate WHERE item_id = 'A-2'"
    ).fetchone()[0]

    assert done == (Feedback("program", "A-2", "dismissed", done.said.given_at), True)
    row = (1, 1, "program", "A-2", "dismissed", family, "2026-03-01", CLOSES, done.said.given_at)
    assert db.execute(ROWS).fetchall() == [row]
    assert (feedback_of(db, ONE), feedback_of(db, TWO)) == ([done.said], [])


@pytest.mark.parametrize("word", FEEDBACK[:-1])
def test_saying_the_same_again_adds_nothing_and_tells_since_when_it_is_said(db, word):
    first = give_feedback(db, ONE, "program", "A-2", word)
    before = [*db.iterdump()]
    again = give_feedback(db, ONE, "program", "A-2", word)

    assert (again.said, again.added) == (first.said, False)
    assert [*db.iterdump()] == before


def test_the_last_word_on_an_item_counts_and_every_word_is_kept(db):
    for item_id, word in (
        ("A-2", "interested"),
        ("A-1", "dismissed"),
        ("A-2", "applied"),
        ("A-1", "withdrawn"),
        ("A-3", "interested"),
        ("A-1", "dismissed"),
    ):
        assert give_feedback(db, ONE, "program", item_id, word).added

    assert words(db, ONE) == [
        ("program", "A-2", "applied"),
        ("program", "A-3", "interested"),
        ("program", "A-1", "dismissed"),
    ]
    assert len(db.execute(ROWS).fetchall()) == 6


def test_withdrawing_takes_back_and_of_what_was_never_said_nothing(db):
    nothing = give_feedback(db, ONE, "program", "A-1", "withdrawn")
    give_feedback(db, ONE, "program", "A-1", "applied")
    first = give_feedback(db, ONE, "program", "A-1", "withdrawn")
    again = give_feedback(db, ONE, "program", "A-1", "withdrawn")

    assert nothing == (Feedback("program", "A-1", "withdrawn", None), False)
    assert (first.added, again) == (True, (first.said, False))
    assert feedback_of(db, ONE) == []


def test_it_joins_the_transaction_of_the_caller(db):
    db.execute("BEGIN IMMEDIATE")
    give_feedback(db, ONE, "program", "A-1", "applied")
    db.execute("ROLLBACK")
    assert feedback_of(db, ONE) == []


def test_a_saved_search_is_its_owners_alone(db, refuses):
    assert give_feedback(db, ONE, "saved_search", "search-1", "dismissed").added
    with refuses(UNSEEN):
        give_feedback(db, TWO, "saved_search", "search-1", "dismissed")


UNSEEN = (
    "no night saw such an item for this customer - take its type and item_id from a recommendation"
)


@pytest.mark.parametrize(
    ("kind", "item_id"),
    [
        ("program", "A-9"),
        ("program", "1"),
        ("amendment", "A-1"),
        ("program", "a-1"),
        ("program", "A-1\0"),
        ("program", "\0"),
        ("program", "A-1' OR '1' = '1"),
        ("program", "9" * 200),
        ("program", "*"),
    ],
)
def test_what_no_night_saw_is_refused_and_not_repeated(db, refuses, kind, item_id):
    with refuses(UNSEEN):
        give_feedback(db, ONE, kind, item_id, "dismissed")
    assert db.execute(ROWS).fetchall() == []


@pytest.mark.parametrize("item_id", [None, "", 1, True, 2**70, b"A-1", ["A-1"], {}, "\ud800"])
def test_an_item_id_that_is_no_text_is_refused(db, item_id):
    with pytest.raises(InvalidInput) as error:
        give_feedback(db, ONE, "program", item_id, "dismissed")
    assert (
        str(error.value)
        == "item_id is not a text of 1 to 200 characters - take it from a recommendation"
    )


@pytest.mark.parametrize(
    ("kind", "word", "sentence"),
    [
        ("programme", "dismissed", f"type is not one of {', '.join(TYPES)} - give one of them"),
        (["program"], "dismissed", f"type is not one of {', '.join(TYPES)} - give one of them"),
        ("program", "loved", f"feedback is not one of {', '.join(FEEDBACK)} - give one of them"),
        ("program", None, f"feedback is not one of {', '.join(FEEDBACK)} - give one of them"),
    ],
)
def test_another_type_and_another_word_are_refused(db, refuses, kind, word, sentence):
    with refuses(sentence):
        give_feedback(db, ONE, kind, "A-1", word)


def test_an_item_that_was_left_out_ever_since_and_a_placeholder_are_no_items(fresh_path, refuses):
    build(fresh_path)
    with closing(sqlite3.connect(fresh_path, isolation_level=None)) as db:
        db.execute("UPDATE programs SET excluded = 1 WHERE unified_id = 'A-1'")
        db.execute("DROP TABLE am_amendment_diff")
        score(fresh_path, as_of=NIGHT)
        assert offered(db, 1, NIGHT, "amendment") == ["*"]
        for kind, item_id in (("program", "A-1"), ("amendment", "*")):
            with refuses(UNSEEN):
                give_feedback(db, ONE, kind, item_id, "dismissed")


def test_an_item_that_was_there_before_can_still_be_said_something_of(path, db):
    db.execute("UPDATE programs SET excluded = 1 WHERE unified_id = 'A-1'")
    score(path, as_of=NEXT)
    assert give_feedback(db, ONE, "program", "A-1", "applied").added


def test_nobody_is_no_customer(db):
    for user_token_hash in ("0" * 64, "", "key-1"):
        with pytest.raises(UnknownCustomer):
            give_feedback(db, user_token_hash, "program", "A-1", "applied")
        with pytest.raises(UnknownCustomer):
            feedback_of(db, user_token_hash)


def test_before_901_it_says_what_to_run(fresh_path, refuses):
    migrate(fresh_path, only=["287_personalization", "900_personalization_evidence"])
    sentence = "am_personalization_feedback not found - run: sqlite-utils personalization-migrate, which adds 901"
    with closing(sqlite3.connect(fresh_path, isolation_level=None)) as db:
        with refuses(sentence):
            give_feedback(db, ONE, "program", "A-1", "applied")
        with refuses(sentence):
            feedback_of(db, ONE)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE am_personalization_feedback SET feedback = 'interested'",
        "DELETE FROM am_personalization_feedback",
        "INSERT OR REPLACE INTO am_personalization_feedback"
        " SELECT feedback_id, profile_id, recommendation_type, item_id, 'interested', NULL, NULL, NULL, given_at"
        " FROM am_personalization_feedback",
        "INSERT INTO am_personalization_feedback SELECT * FROM am_personalization_feedback WHERE true"
        " ON CONFLICT(feedback_id) DO UPDATE SET feedback = 'interested'",
    ],
)
def test_what_was_said_is_append_only(db, statement):
    give_feedback(db, ONE, "program", "A-1", "dismissed")
    before = db.execute(ROWS).fetchall()
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        db.execute(statement)
    assert db.execute(ROWS).fetchall() == before


# The next night


@pytest.mark.parametrize("word", ["dismissed", "applied"])
def test_the_next_night_skips_it_for_this_customer_alone_and_verifies(path, db, word):
    give_feedback(db, ONE, "program", "A-2", word)
    score(path, as_of=NEXT)

    assert offered(db, 1, NEXT) == ["A-1", "A-3", "A-4", "pack_construction"]
    assert offered(db, 2, NEXT) == offered(db, 3, NEXT) == ALL
    assert offered(db, 1, NEXT, "amendment") == [*CHANGED]
    assert verify(db) == []


def test_withdrawn_it_comes_back(path, db):
    give_feedback(db, ONE, "program", "A-2", "dismissed")
    score(path, as_of=NEXT)
    give_feedback(db, ONE, "program", "A-2", "withdrawn")
    score(path, as_of=LATER)

    assert ("A-2" in offered(db, 1, NEXT), offered(db, 1, LATER)) == (False, ALL)
    assert verify(db) == []


def test_of_other_days_it_comes_back_and_can_be_dismissed_anew(path, db):
    give_feedback(db, ONE, "program", "A-2", "dismissed")
    close(path, "A-2", "2026-12-25")
    score(path, as_of=NEXT)
    again = give_feedback(db, ONE, "program", "A-2", "dismissed")
    score(path, as_of=LATER)

    assert "A-2" in offered(db, 1, NEXT)
    assert again.added
    assert "A-2" not in offered(db, 1, LATER)
    assert verify(db) == []


def test_an_item_that_changed_back_is_dismissed_as_it_is_now(path, db):
    close(path, "A-2", "2026-12-25")
    score(path, as_of=NEXT)
    close(path, "A-2", CLOSES)
    score(path, as_of=LATER)
    give_feedback(db, ONE, "program", "A-2", "dismissed")
    score(path, as_of="2026-04-04")

    assert "A-2" in offered(db, 1, LATER)
    assert "A-2" not in offered(db, 1, "2026-04-04")


def test_changes_of_what_is_interesting_come_first_for_this_customer_alone(path, db):
    give_feedback(db, ONE, "program", "A-3", "interested")
    score(path, as_of=NEXT, top_k=1)
    score(path, as_of=LATER)

    assert offered(db, 1, NEXT, "amendment") == ["A-3"]
    assert offered(db, 1, LATER, "amendment") == ["A-3", "A-1", "pack_construction"]
    for profile_id in (2, 3):
        assert offered(db, profile_id, NEXT, "amendment") == ["A-1"]
        assert offered(db, profile_id, LATER, "amendment") == [*CHANGED]
    # It pins nothing.
    assert (offered(db, 1, NEXT), offered(db, 1, LATER)) == (["A-1"], ALL)
    assert verify(db) == []


def test_an_item_of_another_type_with_the_id_of_a_program_is_not_that_program(path, db):
    give_feedback(db, ONE, "industry_pack", "pack_construction", "interested")
    score(path, as_of=NEXT)
    give_feedback(db, ONE, "program", "pack_construction", "interested")
    score(path, as_of=LATER)

    assert offered(db, 1, NEXT, "amendment") == [*CHANGED]
    assert offered(db, 1, LATER, "amendment") == ["pack_construction", "A-1", "A-3"]


def test_what_is_said_while_a_night_is_there_already_changes_nothing_of_it(path, db):
    give_feedback(db, ONE, "program", "A-1", "dismissed")
    give_feedback(db, ONE, "program", "A-3", "interested")
    assert score(path, as_of=NIGHT)["outcome"] == "already scored"
    assert offered(db, 1, NIGHT) == ALL
    assert verify(db) == []


def test_whoever_dismissed_everything_is_recommended_nothing(path, db):
    for item_id in ALL:
        give_feedback(db, THREE, "program", item_id, "dismissed")
    for item_id in ("1", "2", "3"):
        give_feedback(db, THREE, "amendment", item_id, "dismissed")
    for item_id in offered(db, 3, NIGHT, "industry_pack"):
        give_feedback(db, THREE, "industry_pack", item_id, "dismissed")
    score(path, as_of=NEXT)

    assert [offered(db, 3, NEXT, kind) for kind in TYPES] == [[], [], [], []]
    assert verify(db) == []


# Whose it is


def test_a_new_key_keeps_what_was_said(path, db):
    give_feedback(db, ONE, "program", "A-2", "dismissed")
    rotate(db, b"key-1", b"new-key")
    new = db.execute(
        "SELECT user_token_hash FROM am_personalization_profile WHERE profile_id = 1"
    ).fetchone()[0]
    assert words(db, new) == [("program", "A-2", "dismissed")]


def test_an_export_holds_every_word_and_nothing_of_another(db):
    give_feedback(db, ONE, "program", "A-2", "dismissed")
    give_feedback(db, TWO, "program", "A-3", "applied")
    taken_back = give_feedback(db, ONE, "program", "A-2", "withdrawn").said
    held = [*dict(export(db, ONE))["feedback"]]

    assert [(each["item_id"], each["feedback"]) for each in held] == [
        ("A-2", "dismissed"),
        ("A-2", "withdrawn"),
    ]
    assert held[1] == {
        **taken_back._asdict(),
        "family": held[0]["family"],
        "opens_on": "2026-03-01",
        "closes_on": CLOSES,
    }


def test_a_snapshot_keeps_it(path, db, tmp_path):
    give_feedback(db, ONE, "program", "A-2", "dismissed")
    score(path, as_of=NEXT)
    snapshot(path, tmp_path / "audit.db")
    with closing(sqlite3.connect(tmp_path / "audit.db", isolation_level=None)) as copy:
        assert copy.execute(ROWS).fetchall() == db.execute(ROWS).fetchall() != []
        assert verify(copy) == []


def test_of_an_erased_customer_nothing_is_read_shown_or_noted_any_more(path, db):
    give_feedback(db, ONE, "program", "A-2", "dismissed")
    score(path, as_of=NEXT)
    before = db.execute(ROWS).fetchall()
    assert erase(db, ONE).feedback_rows == 1
    (random,) = db.execute(
        "SELECT user_token_hash FROM am_personalization_profile WHERE profile_id = 1"
    ).fetchone()
    for user_token_hash in (ONE, random):
        with pytest.raises(UnknownCustomer):
            give_feedback(db, user_token_hash, "program", "A-1", "applied")
        with pytest.raises(UnknownCustomer):
            feedback_of(db, user_token_hash)
        with pytest.raises(UnknownCustomer):
            next(export(db, user_token_hash))
    score(path, as_of=LATER)

    assert offered(db, 1, LATER) == []
    assert offered(db, 2, LATER) == ALL
    # It stays, and leads nowhere: what was skipped on past nights is derived from it.
    assert db.execute(ROWS).fetchall() == before
    assert verify(db) == []


def test_who_comes_back_with_the_same_key_has_said_nothing(path, db):
    give_feedback(db, ONE, "program", "A-2", "dismissed")
    erase(db, ONE)
    number = set_preferences(db, ONE, {"risk_tolerance": "low"}, {}).profile.profile_id
    score(path, as_of=NEXT)

    assert feedback_of(db, ONE) == []
    assert offered(db, number, NEXT) == ALL


@pytest.mark.parametrize(
    "column", ["profile_id", "recommendation_type", "item_id", "feedback", "closes_on", "given_at"]
)
def test_whoever_changes_what_was_said_is_found_once_it_is_sealed(path, db, column):
    give_feedback(db, ONE, "program", "A-2", "dismissed")
    score(path, as_of=NEXT)
    other = {
        "profile_id": 2,
        "recommendation_type": "amendment",
        "feedback": "interested",
        "closes_on": "2026-10-01",
    }
    db.execute("DROP TRIGGER am_personalization_feedback_no_update")
    db.execute(f"UPDATE am_personalization_feedback SET {column} = ?", (other.get(column, "A-3"),))
    assert "sealed-events-changed" in {finding.code for finding in verify(db)}


def test_nothing_is_delivered_by_it(db):
    give_feedback(db, ONE, "program", "A-1", "interested")
    feedback_of(db, ONE)
    assert db.execute("SELECT count(*) FROM am_personalization_delivery").fetchone() == (0,)


def test_another_customers_word_is_none_of_mine(db):
    give_feedback(db, TWO, "program", "A-1", "dismissed")
    assert give_feedback(db, ONE, "program", "A-1", "dismissed").added
