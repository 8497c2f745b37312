"""A customer's row in the library: set, merged, rotated, imported in bulk, exported."""

import hmac
import json
import sqlite3
from hashlib import sha256

import pytest

from sqlite_utils_personalization import score
from sqlite_utils_personalization.audit.export import export
from sqlite_utils_personalization.clock import utc_now
from sqlite_utils_personalization.errors import Changed, InvalidPreference, PersonalizationError
from sqlite_utils_personalization.example import AS_OF, build
from sqlite_utils_personalization.preferences.import_profiles import (
    BadLines,
    Fault,
    Imported,
    check_profiles,
    import_profiles,
)
from sqlite_utils_personalization.preferences.profile import (
    ANY_VERSION,
    find_profile,
    list_profiles,
    set_preferences,
    shown_keys,
)
from sqlite_utils_personalization.preferences.rotation import rotate

PACKS = {"pack_construction": "D"}
P = "am_personalization_"


def hash_of(key):
    return sha256(key.encode()).hexdigest()


A, B = hash_of("key-1"), hash_of("key-2")


@pytest.fixture
def db(db_path):
    db = sqlite3.connect(db_path, isolation_level=None)
    yield db
    db.close()


def set_(db, customer, declared, **options):
    return set_preferences(db, customer, declared, PACKS, **options)


def rows(db):
    return db.execute(f"SELECT * FROM {P}profile ORDER BY 1").fetchall()


# Setting


def test_a_new_customer_is_added_and_told_so(db):
    change = set_(db, A, {"risk_tolerance": "low"})
    assert (change.is_created, change.changed) == (True, {"risk_tolerance": (None, "low")})
    assert rows(db) == [tuple(change.profile)]
    assert change.profile[:3] == (1, A, '{"risk_tolerance":"low"}')


def test_setting_replaces_everything_that_was_declared(db):
    set_(db, A, {"risk_tolerance": "low", "industry_pack": "A"})
    change = set_(db, A, {"industry_pack": "D", "prefecture": "Tokyo"})
    assert change.changed == {
        "industry_pack": ("A", "D"),
        "prefecture": (None, "東京都"),
        "risk_tolerance": ("low", None),
    }
    assert change.profile.declared == {"industry_pack": "D", "prefecture": "東京都"}


def test_merging_keeps_what_is_not_given_and_removes_what_is_null(db):
    set_(db, A, {"risk_tolerance": "low", "industry_pack": "A", "prefecture": "東京都"})
    change = set_(
        db, A, {"industry_pack": "D", "prefecture": None, "deadline_horizon_days": None}, merge=True
    )
    assert change.profile.declared == {"industry_pack": "D", "risk_tolerance": "low"}


def test_the_date_moves_only_when_something_changed(db):
    set_(db, A, {"risk_tolerance": "low", "prefecture": "東京都"})
    old = "2020-01-01T00:00:00.000Z"
    db.execute(f"UPDATE {P}profile SET created_at = ?, last_updated_at = ?", (old, old))
    # the same, in another order and another spelling
    assert (
        set_(db, A, {"prefecture": "tokyo", "risk_tolerance": "low"}).profile.last_updated_at == old
    )
    assert set_(db, A, {}, merge=True).profile.last_updated_at == old
    before = utc_now()
    assert before <= set_(db, A, {"risk_tolerance": "high"}).profile.last_updated_at <= utc_now()


def test_the_same_declared_in_another_programs_layout_is_no_change(db):
    old = "2020-01-01T00:00:00.000Z"
    text = '{\n "risk_tolerance" : "low" }'
    db.execute(f"INSERT INTO {P}profile VALUES (7, ?, ?, ?, ?)", (A, text, old, old))
    change = set_(db, A, {"risk_tolerance": "low"})
    assert (change.changed, rows(db)) == ({}, [(7, A, text, old, old)])


def test_a_clock_that_went_back_does_not_keep_a_customer_from_changing(db):
    later = "2099-01-01T00:00:00.000Z"
    db.execute(f"INSERT INTO {P}profile VALUES (1, ?, '{{}}', ?, ?)", (A, later, later))
    assert set_(db, A, {"risk_tolerance": "low"}).profile.last_updated_at == later


def test_what_is_refused_changes_nothing(db):
    set_(db, A, {"risk_tolerance": "low"})
    before = rows(db)
    with pytest.raises(InvalidPreference):
        set_(db, A, {"risk_tolerance": "yolo"})
    with pytest.raises(InvalidPreference):
        set_(db, B, {"risk_tolerance": "yolo"}, merge=True)
    with pytest.raises(InvalidPreference):
        set_(db, A, ["risk_tolerance"], merge=True)
    assert rows(db) == before


def test_what_another_program_left_unreadable_can_be_replaced_but_not_merged(db, refuses):
    db.execute(f"INSERT INTO {P}profile(user_token_hash, preference_json) VALUES (?, '[]')", (A,))
    with refuses("what is stored is not a JSON object - set the whole preference, without merging"):
        set_(db, A, {"risk_tolerance": "low"}, merge=True)
    assert set_(db, A, {}).profile.preference_json == "{}"


def test_two_editors_do_not_overwrite_each_other(db, refuses):
    read = set_(db, A, {"risk_tolerance": "low"}).profile.etag
    second = set_(db, A, {"risk_tolerance": "high"}, if_match=read).profile
    with refuses("the preference is not the one that was read - read it again, then set it"):
        set_(db, A, {"risk_tolerance": "medium"}, if_match=read)
    assert find_profile(db, A) == second
    assert set_(db, A, {}, if_match=ANY_VERSION).profile.declared == {}


def test_a_version_is_asked_of_a_customer_who_is_not_there(db):
    for version in ("0" * 32, ANY_VERSION):
        with pytest.raises(Changed):
            set_(db, B, {}, if_match=version)
    assert rows(db) == []


def test_an_open_transaction_is_joined(db):
    db.execute("BEGIN IMMEDIATE")
    set_(db, A, {"risk_tolerance": "low"})
    db.execute("ROLLBACK")
    assert rows(db) == []


def test_a_list_shows_the_beginning_of_the_hash_and_no_value(db):
    set_(db, A, {"risk_tolerance": "low", "industry_pack": "A"})
    db.execute(f"INSERT INTO {P}profile(user_token_hash, preference_json) VALUES (?, '[]')", (B,))
    set_(db, hash_of("key-3"), {})
    listed = list_profiles(db)
    assert [(one.profile_id, one.handle, shown_keys(one)) for one in listed] == [
        (1, A[:8], "industry_pack, risk_tolerance"),
        (2, B[:8], None),
        (3, hash_of("key-3")[:8], ""),
    ]


# Rotating


def test_a_new_key_keeps_the_customer(db):
    set_(db, A, {"risk_tolerance": "low"})
    found = rotate(db, b"key-1", b"key-2")
    assert find_profile(db, A) is None
    assert find_profile(db, B).profile_id == found.profile_id == 1
    stored = db.execute(f"SELECT profile_id, rotated_at, proof FROM {P}rotation").fetchall()
    assert stored == [tuple(found)]
    assert found.proof == hmac.new(b"key-1", B.encode(), "sha256").hexdigest()


def test_the_event_reveals_neither_hash_to_who_has_no_key(db):
    """Whoever has both hashes, from an older copy of the file, cannot make the proof of them."""
    set_(db, A, {})
    found = rotate(db, b"key-1", b"key-2")
    said = json.dumps(found)
    assert not any(part in said for part in (A, B, A[:16], B[:16]))
    guesses = [
        hmac.new(k.encode(), m.encode(), "sha256").hexdigest() for k in (A, B) for m in (A, B)
    ]
    guesses += [sha256(f"{x}{y}".encode()).hexdigest() for x in (A, B) for y in (A, B)]
    assert found.proof not in guesses


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    (
        (b"key-1", b"key-1", "the new key is the old one - nothing was changed"),
        (b"key-9", b"key-3", "no customer has the old key - check it; nothing was changed"),
        (
            b"key-1",
            b"key-2",
            "another customer has the new key - choose another; nothing was changed",
        ),
    ),
)
def test_a_rotation_that_cannot_be_changes_nothing(db, refuses, old, new, sentence):
    for customer in (A, B):
        set_(db, customer, {})
    before = rows(db)
    with refuses(sentence):
        rotate(db, old, new)
    assert rows(db) == before
    assert db.execute(f"SELECT count(*) FROM {P}rotation").fetchone() == (0,)


# In bulk


def line(key, declared):
    return json.dumps({"user_token_hash": hash_of(key), "preferences": declared})


def test_many_customers_are_stored_at_once(db):
    set_(db, A, {"risk_tolerance": "low"})
    set_(db, B, {"risk_tolerance": "low"})
    lines = [
        line("key-1", {"risk_tolerance": "low"}),
        line("key-2", {"prefecture": "Osaka"}),
        "\n",
        line("key-3", {}),
    ]
    assert import_profiles(db, lines, PACKS) == Imported(created=1, updated=1, unchanged=1)
    assert [row[2] for row in rows(db)] == [
        '{"risk_tolerance":"low"}',
        '{"prefecture":"大阪府"}',
        "{}",
    ]
    before = rows(db)
    assert import_profiles(db, lines, PACKS) == Imported(created=0, updated=0, unchanged=3)
    assert rows(db) == before


def test_one_bad_line_and_nothing_is_stored(db):
    good = line("key-1", {})
    bad = [
        good,
        "not JSON",
        line("key-2", {"note": "taro@example.com"}),
        '{"preferences": {}}',
        json.dumps({"user_token_hash": "key-3", "preferences": {}}),
        "[]",
        good,
        line("key-4", {"deadline_horizon_days": 0}),
        line("key-5", {"note": "x" * 20_000}),
    ]
    with pytest.raises(BadLines) as refused:
        import_profiles(db, bad, PACKS)
    assert refused.value.faults == [
        Fault(2, "not JSON, or a key is said twice"),
        Fault(3, "$.(unknown) looks like an e-mail address, which is not kept here"),
        Fault(4, "not an object of user_token_hash and preferences"),
        Fault(5, "user_token_hash is not 64 lower-case hex digits"),
        Fault(6, "not an object of user_token_hash and preferences"),
        Fault(7, "user_token_hash is that of an earlier line"),
        Fault(8, "$.deadline_horizon_days is not an integer from 1 to 730"),
        Fault(9, "20116 characters, where at most 16584 are allowed"),
    ]
    assert str(refused.value) == "8 bad lines - nothing was stored; mend or leave out"
    assert rows(db) == []


def test_everything_stored_is_held_against_the_schema(db):
    stored = (
        '{"risk_tolerance": "low"}',
        "{ ",
        '{"email": "a@b.jp"}',
        '{"industry_pack": "pack_x"}',
        "[]",
    )
    for number, text in enumerate(stored):
        at = (hash_of(f"key-{number}"), text)
        db.execute(f"INSERT INTO {P}profile(user_token_hash, preference_json) VALUES (?, ?)", at)
    assert list(check_profiles(db, PACKS)) == [
        Fault(2, "not JSON, or a key is said twice"),
        Fault(3, "$.(unknown) looks like an e-mail address, which is not kept here"),
        Fault(
            4,
            "$.industry_pack is not one of the letters A to T or a pack of the model: pack_construction",
        ),
        Fault(5, "$ is not a JSON object"),
    ]


# Exporting


@pytest.fixture
def scored(fresh_path):
    build(fresh_path)
    score(fresh_path, as_of=AS_OF)
    db = sqlite3.connect(fresh_path, isolation_level=None)
    yield db
    db.close()


def test_an_export_holds_everything_about_one_customer_and_nothing_of_another(scored):
    mine = hash_of("example-key-2")
    found = {
        key: value if isinstance(value, str | dict) else list(value)
        for key, value in export(scored, mine)
    }
    assert list(found) == [
        "exported_at",
        "profile",
        "recommendations",
        "nothing_recommended",
        "deliveries",
        "rotations",
        "feedback",
        "saved_searches",
    ]
    assert found["saved_searches"] == [{"item_id": "2-1", "search_id": "1"}]
    assert found["profile"]["preferences"]["prefecture"] == "愛知県"
    logged = scored.execute(
        f"SELECT rec_id FROM {P}recommendation_log WHERE profile_id = 2 ORDER BY 1"
    )
    assert [each["rec_id"] for each in found["recommendations"]] == [rec_id for (rec_id,) in logged]
    assert {each["user_token_hash"] for each in found["recommendations"]} == {mine}
    assert all(part["sentence"] for each in found["recommendations"] for part in each["components"])


def test_an_export_holds_deliveries_rotations_and_nights_without_a_recommendation(scored):
    delivery = "INSERT INTO am_personalization_delivery VALUES (?, ?, ?, 'rest', '1', 'x', 'x', 200, 3, NULL, NULL)"
    best = f"SELECT profile_id, min(rec_id) FROM {P}recommendation_log GROUP BY 1"
    first = dict(scored.execute(best).fetchall())
    scored.execute(delivery, (1, "1" * 64, first[2]))
    scored.execute(delivery, (2, "2" * 64, first[3]))
    rotate(scored, b"example-key-2", b"new")
    found = {
        key: value if isinstance(value, str | dict) else list(value)
        for key, value in export(scored, hash_of("new"))
    }
    assert [each["delivery_id"] for each in found["deliveries"]] == [1]
    assert [list(each) for each in found["rotations"]] == [["rotated_at"]]
    unserved = dict(export(scored, hash_of("example-key-8")))
    assert [each["as_of"] for each in unserved["nothing_recommended"]] == [AS_OF]


def test_there_is_nothing_to_export_of_whom_nobody_knows(scored):
    with pytest.raises(PersonalizationError, match=r"^no customer has this hash - check the key"):
        next(export(scored, "0" * 64))
