"""Which hash of a key identifies a customer, whichever program and door it comes by, and what a rotation keeps."""

import hmac
import json
import sqlite3
from contextlib import closing
from hashlib import sha256

import pytest
from rest_fixtures import KEYS, ask, open_api
from scored import example
from sqlite_utils.cli import cli

from sqlite_utils_personalization import KeyHashing, rotate, score
from sqlite_utils_personalization.audit.verify.verify import verify
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.preferences.customer import plain_key
from sqlite_utils_personalization.preferences.erasure import erase
from sqlite_utils_personalization.preferences.identity import hashes_of
from sqlite_utils_personalization.preferences.others import held_by_others
from sqlite_utils_personalization.viewer.settings import settings

P = "am_personalization_"
PROFILE = "/v1/me/personalization/profile"
SECRET = b"pepper"
# RFC 4231, 4.2 to 4.8 without 4.6, whose digest is cut: key, data, HMAC-SHA-256.
RFC_4231 = [
    (b"\x0b" * 20, b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
    (
        b"Jefe",
        b"what do ya want for nothing?",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    ),
    (
        b"\xaa" * 20,
        b"\xdd" * 50,
        "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
    ),
    (
        bytes(range(1, 26)),
        b"\xcd" * 50,
        "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
    ),
    (
        b"\xaa" * 131,
        b"Test Using Larger Than Block-Size Key - Hash Key First",
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    ),
    (
        b"\xaa" * 131,
        b"This is a test using a larger than block-size key and a larger than block-size data. The key needs to be"
        b" hashed before being used by the HMAC algorithm.",
        "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
    ),
]


def plain(key):
    return sha256(key.encode()).hexdigest()


def under_secret(key, secret=SECRET):
    return hmac.new(secret, key.encode(), sha256).hexdigest()


@pytest.fixture
def path(fresh_path):
    return example(fresh_path)


@pytest.fixture
def db(path):
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        yield db


@pytest.fixture
def run(runner, monkeypatch):
    monkeypatch.setenv("PEPPER", SECRET.decode())

    def invoke(*arguments, key=None, status=0):
        done = runner.invoke(cli, [*map(str, arguments)], input=key and f"{key}\n")
        assert done.exit_code == status, done.output
        return done

    return invoke


def searches_logged(path, **given):
    return score(path, as_of="2026-04-02", **given)["by_type"]["saved_search"]


def hold(db, *hashes):
    """Saved searches of the product, one under each of these hashes and no others."""
    db.execute("DELETE FROM saved_searches")
    db.executemany(
        "INSERT INTO saved_searches(api_key_hash, name, query_json, notify_email) VALUES (?, '', '{}', '')",
        [(one,) for one in hashes],
    )


@pytest.mark.parametrize(("secret", "key", "expected"), RFC_4231)
def test_the_vectors_of_rfc_4231(secret, key, expected):
    assert KeyHashing("hmac", secret).hash(key).user_token_hash == expected
    mixed = KeyHashing("sha256", secret).hash(key)
    assert (mixed.user_token_hash, mixed.known_as) == (sha256(key).hexdigest(), expected)


@pytest.mark.parametrize(("kind", "secret"), [("hmac", None), ("hmac", b""), ("md5", b"x")])
def test_a_hashing_that_cannot_be_is_refused(kind, secret):
    with pytest.raises(PersonalizationError):
        KeyHashing(kind, secret)


def test_the_secret_is_in_no_representation():
    assert "pepper" not in repr(KeyHashing("hmac", SECRET))


# Commands


@pytest.mark.parametrize("secret", [("--key-secret-env", "PEPPER"), "file"])
def test_under_hmac_every_command_finds_the_customer(path, db, run, tmp_path, secret):
    if secret == "file":
        (tmp_path / "secret").write_bytes(SECRET + b"\r\n")
        secret = ("--key-secret-file", tmp_path / "secret")
    how = ("--key-hash", "hmac", *secret)
    run("personalization-profile", "set", path, "--risk", "low", *how, key="new")
    assert (under_secret("new"),) in db.execute(
        f"SELECT user_token_hash FROM {P}profile"
    ).fetchall()
    hold(db, under_secret("new"))
    run("personalization-score", path, "--as-of", "2026-04-02", *how)

    get = run("personalization-profile", "get", path, *how, key="new")
    assert json.loads(get.stdout)["preferences"] == {"risk_tolerance": "low"}
    for command in (
        ("personalization-profile", "export", path),
        ("personalization-feedback", path),
        ("personalization-receipt", path, "--run", "1"),
        ("personalization-why-not", path, "--item", "EX-105"),
    ):
        run(*command, *how, key="new")
        status = 3 if command[0].endswith(("receipt", "why-not")) else 1
        assert "no customer" in run(*command, key="new", status=status).output
    gone = run("personalization-profile", "erase", path, *how, key="new")
    assert json.loads(gone.stdout)["held_by_others"][0]["table"] == "saved_searches"


@pytest.mark.parametrize(
    ("how", "said"),
    [
        (("--key-hash", "hmac"), "needs its secret"),
        (("--key-secret-env", "NO_SUCH_VARIABLE"), "is not set"),
        (("--key-secret-env", "PEPPER", "--key-secret-file", "{file}"), "exclude each other"),
        (("--key-secret-file", "{file}"), "is empty"),
        (("--key-hash", "md5"), "'md5' is not one of"),
    ],
)
def test_a_secret_that_is_not_there_is_a_usage_error(path, run, tmp_path, how, said):
    (tmp_path / "empty").write_bytes(b"\n")
    how = [one.format(file=tmp_path / "empty") for one in how]
    assert said in run("personalization-profile", "get", path, *how, key="x", status=2).output


def test_a_secret_given_as_the_name_of_its_variable_is_not_repeated(path, run):
    done = run(
        *("personalization-profile", "get", path, "--key-secret-env", "sk-the-secret"),
        key="x",
        status=2,
    )
    assert "sk-the-secret" not in done.output


def test_two_variables_set_it_for_every_command(path, run, monkeypatch, db):
    monkeypatch.setenv("PERSONALIZATION_KEY_HASH", "hmac")
    monkeypatch.setenv("PERSONALIZATION_KEY_SECRET", "pepper")
    run("personalization-profile", "set", path, "--risk", "low", key="new")
    assert db.execute(
        f"SELECT 1 FROM {P}profile WHERE user_token_hash = ?", (under_secret("new"),)
    ).fetchone()


# The night


def test_a_saved_search_under_hmac_is_its_customers_once_they_declared_with_the_secret(
    path, db, run
):
    hold(db, under_secret("example-key-3"))
    assert score(path, as_of="2026-04-01")["left_out"]["saved_search"] == {"hash of no customer": 1}
    how = ("--key-secret-env", "PEPPER")
    run("personalization-profile", "set", path, "--risk", "low", *how, key="example-key-3")
    assert searches_logged(path) == 1


def test_saved_searches_of_nobody_are_counted_and_said_if_all_are(path, db, run):
    hold(db, plain("nobody"), "not a hash", "", b"\xff", plain("example-key-2").upper())
    done = run("personalization-score", path, "--as-of", "2026-04-02")
    left_out = json.loads(done.stdout.splitlines()[-1])["left_out"]
    assert left_out["saved_search"] == {"hash of no customer": 5}
    assert "5 saved searches under a hash of no customer - if other programs keep" in done.stderr


def test_a_file_without_289_has_saved_searches_as_before(path, db):
    db.execute(f"DROP TABLE {P}other_hash")
    assert score(path, as_of="2026-04-02", dry_run=True)["by_type"]["saved_search"] == 2


# Datasette


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("kind", "identity", "noted"),
    [("sha256", plain("new"), [under_secret("new")]), ("hmac", under_secret("new"), [])],
)
async def test_the_api_has_the_same_two_settings(path, db, monkeypatch, kind, identity, noted):
    monkeypatch.setenv("PEPPER", SECRET.decode())
    db.execute("CREATE TABLE customer_keys (key_hash TEXT PRIMARY KEY, revoked_at TEXT)")
    db.execute("INSERT INTO customer_keys(key_hash) VALUES (?)", (under_secret("new"),))
    keys = {**KEYS, "hmac_secret": {"$env": "PEPPER"}, "key_hash": kind}
    datasette = await open_api(path, settings={"customer_keys": keys})
    for _ in range(2):
        answer = await ask(datasette, "PUT", PROFILE, "new", json={"risk_tolerance": "low"})
        assert answer.status_code in (200, 201)
    assert hashes_of(db, identity) == [identity, *noted]
    hold(db, under_secret("new"))
    assert searches_logged(path) == 1


@pytest.mark.parametrize(
    ("further", "said"),
    [
        ({"key_hash": "hmac"}, "there is no hmac_secret"),
        ({"key_hash": "md5"}, "key_hash is none of sha256, hmac"),
        ({"key_hash": ""}, "key_hash is not a name"),
        ({"key_hash": "hmac", "hmac_secret": "\n"}, "hmac_secret is empty or not there"),
    ],
)
def test_settings_that_cannot_be_are_told(further, said):
    with pytest.raises(PersonalizationError, match=said):
        settings({"customer_api": "jpcite", "customer_keys": {**KEYS, **further}})


# What a key may be


@pytest.mark.parametrize(
    "key",
    (
        b"k",
        b"k" * 512,
        "鍵".encode() * 170,
        "鍵".encode() * 170 + b"kk",
        b" ~",
        b"\xff",
        b"\xef\xbb\xbf k \n",
    ),
)
def test_a_key_has_1_to_512_bytes_of_plain_text(key):
    assert plain_key(key) == key.removeprefix(b"\xef\xbb\xbf").strip()


@pytest.mark.parametrize(
    "key",
    (
        *(b"", b" \r\n", b"\xef\xbb\xbf", b"k" * 513, "鍵".encode() * 171),
        *(b"a\x00b", b"a\x1fb", b"a\x7fb", b"a\nb", b"a\tb"),
    ),
)
def test_what_is_no_key_is_refused_and_not_repeated(key, refuses):
    with refuses(
        "the API key is empty, longer than 512 bytes, or not plain text"
        " - give it as it was given out, from a file in UTF-8"
    ):
        plain_key(key)


# Rotation


def rotated_twice(db):
    rotate(db, b"example-key-3", b"key-b")
    rotate(db, plain("key-b"), b"key-c")


def test_a_customer_keeps_what_others_hold_under_each_earlier_hash(path, db):
    chain = [plain(key) for key in ("example-key-3", "key-b", "key-c")]
    hold(db, *chain)
    rotated_twice(db)
    assert searches_logged(path) == 3
    (owners,) = db.execute(
        f"SELECT group_concat(DISTINCT profile_id) FROM {P}candidate WHERE recommendation_type = 'saved_search'"
    ).fetchone()
    assert owners == "3"


def test_an_erasure_names_rows_under_every_earlier_hash_and_forgets_them(path, db, run):
    hold(db, plain("example-key-3"), plain("key-b"), plain("key-c"), plain("another"))
    rotated_twice(db)
    done = run("personalization-profile", "erase", path, key="key-c")
    (held,) = json.loads(done.stdout)["held_by_others"]
    assert held["rowids"] == [row[0] for row in db.execute("SELECT id FROM saved_searches LIMIT 3")]
    assert db.execute(f"SELECT * FROM {P}other_hash").fetchall() == []
    assert searches_logged(path) == 0


def test_no_byte_of_an_earlier_hash_is_left_after_an_erasure(path, db, run):
    db.execute("DELETE FROM saved_searches")
    db.execute("VACUUM")
    rotated_twice(db)
    done = run("personalization-profile", "erase", path, "--vacuum", key="key-c")
    assert "no byte of the hash is left" in done.stderr
    assert not any(plain(key).encode() in path.read_bytes() for key in ("example-key-3", "key-b"))


def test_a_rotation_leaves_no_byte_of_the_old_hash_where_the_profile_had_it(path, db):
    """What is noted of it stands in one table and its index, and goes with the customer."""
    db.execute("DELETE FROM saved_searches")
    # So many that the new hash goes to another page than the old one's.
    others = [(sha256(b"%d" % n).hexdigest(),) for n in range(300)]
    db.execute("BEGIN")
    db.executemany(f"INSERT INTO {P}profile(user_token_hash) VALUES (?)", others)
    db.execute("COMMIT")
    db.execute("VACUUM")
    # As SQLite is built elsewhere.
    db.execute("PRAGMA secure_delete = off")
    old, new = plain("example-key-3"), plain("key-b")
    # Each stands in the profile and two indexes of it; an old SQLite left another copy when it split a page.
    left = path.read_bytes().count(old.encode()) - 3
    rotate(db, b"example-key-3", b"key-b")
    assert db.execute("PRAGMA secure_delete").fetchone() == (0,)
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert db.execute(
        f"SELECT count(*) FROM {P}other_hash WHERE key_hash = ?", (old,)
    ).fetchone() == (1,)
    held, parts = path.read_bytes(), (old[:32], old[32:], new)
    assert [held.count(part.encode()) for part in parts] == [2 + left, 2 + left, 3]
    assert left in (0, sqlite3.sqlite_version_info < (3, 35))


def test_a_command_rotates_by_the_old_hash_and_the_new_key(path, db, run):
    done = run(
        *("personalization-profile", "rotate", path, "--old-hash", plain("example-key-3")),
        key="key-b",
    )
    assert json.loads(done.stdout)["profile_id"] == 3
    assert hashes_of(db, plain("key-b")) == [plain("key-b"), plain("example-key-3")]


def test_the_product_rotates_by_its_own_hash_of_the_old_key(path, db, run):
    secret = ("--key-secret-env", "PEPPER")
    run("personalization-profile", "set", path, "--risk", "low", *secret, key="example-key-3")
    mixed = KeyHashing("sha256", SECRET)
    assert rotate(db, under_secret("example-key-3"), b"key-b", mixed)["profile_id"] == 3
    # A key that was replaced names nobody any more.
    with pytest.raises(PersonalizationError, match="no customer has the old key"):
        rotate(db, under_secret("example-key-3"), b"key-c", mixed)
    assert rotate(db, under_secret("key-b"), b"key-c", mixed)["profile_id"] == 3


def test_a_customer_moves_from_sha256_to_hmac_with_the_same_key(path, db):
    hold(db, plain("example-key-3"), under_secret("example-key-3"))
    found = rotate(db, b"example-key-3", b"example-key-3", KeyHashing("hmac", SECRET))
    assert found["profile_id"] == 3
    assert searches_logged(path) == 2
    assert hashes_of(db, under_secret("example-key-3"))[1:] == [plain("example-key-3")]


def test_a_key_that_comes_back_is_the_present_one(db):
    rotate(db, b"example-key-3", b"key-b")
    rotate(db, b"key-b", b"example-key-3")
    assert hashes_of(db, plain("example-key-3")) == [plain("example-key-3"), plain("key-b")]


def test_whoever_has_a_key_now_comes_before_who_had_it(path, db):
    hold(db, plain("example-key-3"))
    rotate(db, b"example-key-3", b"key-b")
    rotate(db, b"example-key-4", b"example-key-3")
    score(path, as_of="2026-04-02")
    assert db.execute(
        f"SELECT profile_id FROM {P}candidate WHERE recommendation_type = 'saved_search'"
    ).fetchall() == [(4,)]


@pytest.mark.parametrize("old", ["example-key-3", "", plain("x")[:63], plain("x").upper()])
def test_a_raw_key_given_as_a_hash_is_refused_and_not_repeated(db, old):
    with pytest.raises(PersonalizationError) as error:
        rotate(db, old, b"key-b")
    assert not old or old not in str(error.value)


def test_a_hash_that_an_erasure_should_have_destroyed_is_found(path, db):
    score(path, as_of="2026-04-02")
    erase(db, plain("example-key-3"))
    assert verify(db) == []
    db.execute(f"INSERT INTO {P}other_hash VALUES (3, ?, NULL)", (plain("x"),))
    assert [(one.code, one.table) for one in verify(db)] == [("salt-left", f"{P}other_hash")]


def test_hashes_of_an_erased_customer_lead_nowhere(db):
    rotated_twice(db)
    erase(db, plain("key-c"))
    assert hashes_of(db, plain("key-c")) == [plain("key-c")]
    assert held_by_others(db, plain("example-key-3"))[0].rows == 1
