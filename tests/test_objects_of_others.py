"""What other programs left in the file stops nothing: dangling views, tables of modules that are not loaded."""

import json
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from hashlib import sha256

import pytest
from click.testing import CliRunner
from scored import example
from sqlite_utils.cli import cli

from sqlite_utils_personalization import migrate, score
from sqlite_utils_personalization.api.files import migration_statuses, rollback
from sqlite_utils_personalization.audit.snapshot import snapshot
from sqlite_utils_personalization.audit.verify.contents import ONE_TABLE
from sqlite_utils_personalization.audit.verify.verify import verify
from sqlite_utils_personalization.example import AS_OF
from sqlite_utils_personalization.preferences.erasure import erase
from sqlite_utils_personalization.preferences.others import held_by_others

KEY = "example-key-1"
HASH = sha256(KEY.encode()).hexdigest()
NEXT = "2026-04-02"

PLAIN = {
    "a view of a table that is gone": "CREATE VIEW other AS SELECT * FROM gone",
    "a view with a function that is gone": "CREATE VIEW other AS SELECT gone(1) AS key_hash",
    "two views of each other": "CREATE VIEW other AS SELECT * FROM another; CREATE VIEW another AS SELECT * FROM other",
    "a trigger on a table that is gone": (
        "CREATE TABLE other (x); CREATE TRIGGER t AFTER INSERT ON other BEGIN INSERT INTO gone VALUES (1); END"
    ),
    "a text index of a table that is gone": "CREATE VIRTUAL TABLE other USING fts5(key_hash, content='gone')",
    "shadow tables alone": "CREATE TABLE vec_chunks (chunk_id, rowids BLOB); CREATE TABLE vec_rowids (id, key_hash)",
    "a name that needs quotes": 'CREATE TABLE "o""]t her" ("a ""hash""", x)',
    "a view under a name like ours": "CREATE VIEW am_personalization_v AS SELECT * FROM gone",
}
# Written into the schema as whoever has the module, the collation or the function would have it.
WRITTEN = {
    "a table of a module that is not loaded": (
        "table",
        "CREATE VIRTUAL TABLE other USING vec0(key_hash text)",
    ),
    "a table whose module needs no column": ("table", "CREATE VIRTUAL TABLE other USING gone"),
}
MADE = {
    "a table in an order that is gone": "CREATE TABLE other (key_hash TEXT COLLATE gone)",
    "an index with a function that is gone": "CREATE TABLE other (key_hash); CREATE INDEX i ON other(gone(key_hash))",
}
ALL = [*PLAIN, *WRITTEN, *MADE]


def leave(path, *names):
    """Put these objects into the file, as another program would."""
    with closing(sqlite3.connect(path)) as db, db:
        db.create_collation("gone", lambda one, other: (one > other) - (one < other))
        db.create_function("gone", 1, str, deterministic=True)
        for name in names:
            if name in WRITTEN:
                kind, sql = WRITTEN[name]
                db.execute("PRAGMA writable_schema = ON")
                db.execute(
                    "INSERT INTO sqlite_master VALUES (?, 'other', 'other', 0, ?)", (kind, sql)
                )
            else:
                db.executescript({**PLAIN, **MADE}[name])


@pytest.fixture
def path(fresh_path):
    return example(fresh_path, AS_OF)


@pytest.mark.parametrize("name", ALL)
def test_our_tables_are_put_beside_it_and_taken_away(fresh_path, name):
    leave(fresh_path, name)
    assert len(migrate(fresh_path)["applied"]) == 4
    assert migrate(fresh_path)["applied"] == []
    assert not any(status["pending"] for status in migration_statuses(fresh_path))
    assert len(rollback(fresh_path)["removed"]) == 4


# Before, SQLite checks the indexes of the whole file or of none; verification then says that it could not.
CHECKED_ALONE = [
    name for name in ALL if sqlite3.sqlite_version_info >= ONE_TABLE or "an index" not in name
]


@pytest.mark.parametrize("name", CHECKED_ALONE)
@pytest.mark.sampled(4)
def test_nights_verification_and_copies_go_on(path, tmp_path, name):
    leave(path, name)
    assert score(path, as_of=NEXT)["outcome"] == "scored"
    with closing(sqlite3.connect(path)) as db:
        assert verify(db) == []
    copy = tmp_path / "copy.db"
    snapshot(path, copy)
    with closing(sqlite3.connect(copy)) as db:
        assert verify(db) == []
        assert not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'other'").fetchall()


def run(*arguments, given=KEY):
    result = CliRunner().invoke(cli, [*map(str, arguments)], input=given)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize("name", ALL)
@pytest.mark.sampled(4)
def test_an_erasure_is_finished_and_recorded(path, name):
    leave(path, name)
    status, out, err = run("personalization-profile", "erase", path, "--vacuum")
    found = json.loads(out)
    unread = [each for each in found["held_by_others"] if each["error"]]
    assert (status, found["profile_id"]) == (0, 1)
    assert "no byte of the hash is left in the file or beside it" in err
    for each in unread:
        assert (each["table"], each["column"], each["rows"], each["rowids"]) == (
            "other",
            None,
            0,
            [],
        )
        said = (
            f"could not look into other, where another program may hold the hash: {each['error']}"
        )
        assert said in err.splitlines()
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT profile_id FROM am_personalization_erasure").fetchall() == [(1,)]
        assert verify(db) == [] or name not in CHECKED_ALONE


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("a table of a module that is not loaded", "no such module: vec0"),
        ("a text index of a table that is gone", "no such table: main.gone"),
        ("a table in an order that is gone", "no such collation sequence: gone"),
    ],
)
def test_what_could_not_be_looked_into_is_named(path, name, error):
    leave(path, name)
    with closing(sqlite3.connect(path)) as db:
        assert [(held.table, held.error) for held in held_by_others(db, HASH)] == [("other", error)]


def test_what_is_beside_it_is_still_looked_into(path):
    leave(path, "a table of a module that is not loaded", "a name that needs quotes")
    with closing(sqlite3.connect(path)) as db, db:
        db.execute('INSERT INTO "o""]t her" VALUES (?, 1)', (HASH,))
        assert erase(db, HASH).profile_id == 1
        found = [(held.table, held.column, held.rowids) for held in held_by_others(db, HASH)]
    assert found == [('o"]t her', 'a "hash"', [1]), ("other", None, [])]


def test_bytes_in_a_table_that_could_not_be_asked_in_its_order_are_found_there(path):
    leave(path, "a table in an order that is gone")
    with closing(sqlite3.connect(path)) as db, db:
        db.create_collation("gone", lambda one, other: (one > other) - (one < other))
        db.execute("INSERT INTO other VALUES (?)", (HASH,))
    status, _, err = run("personalization-profile", "erase", path, "--vacuum")
    assert status == 0
    assert f"{path} still holds the hash, at least in other: see to the rows of other, then" in err


# A SQLite extension: the function gone(), under the name SQLite looks for and under another.
EXTENSION = """
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT1
static void gone(sqlite3_context *at, int n, sqlite3_value **given) {
    sqlite3_result_text(at, "EX-900", -1, SQLITE_STATIC);
}
int sqlite3_other_init(sqlite3 *db, char **error, const sqlite3_api_routines *api) {
    SQLITE_EXTENSION_INIT2(api);
    return sqlite3_create_function(db, "gone", 1, SQLITE_UTF8, 0, gone, 0, 0);
}
int sqlite3_extension_init(sqlite3 *db, char **error, const sqlite3_api_routines *api) {
    return sqlite3_other_init(db, error, api);
}
"""
MAY_LOAD = hasattr(sqlite3.Connection, "enable_load_extension")


@pytest.fixture
def extension(tmp_path):
    if not MAY_LOAD or sys.platform != "linux" or shutil.which("gcc") is None:
        pytest.skip("nothing to compile an extension with, or to load it")
    source = tmp_path / "gone.c"
    source.write_text(EXTENSION)
    command = ["gcc", "-shared", "-fPIC", "-o", tmp_path / "gone.so", source]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("sqlite3ext.h is not installed")
    return tmp_path / "gone.so"


@pytest.mark.parametrize("entrypoint", ("", ":sqlite3_other_init"))
def test_an_extension_is_loaded_as_sqlite_utils_loads_it(path, tmp_path, extension, entrypoint):
    further = tmp_path / "further.sql"
    further.write_text(
        "SELECT 'program' AS recommendation_type, gone(1) AS item_id, '補助金' AS title"
    )
    arguments = ("personalization-score", path, "--as-of", NEXT, "-s", "--catalogue", further)
    status, out, err = run(*arguments)
    assert (status, out) == (1, "")
    assert "no such function: gone" in err
    status, out, _ = run(*arguments, "--load-extension", f"{extension}{entrypoint}")
    assert (status, json.loads(out)["outcome"]) == (0, "scored")


@pytest.mark.parametrize(
    "name", ("no_such_file.so", "no_such_file.so:init", "", ":", "C:\\none.dll")
)
def test_an_extension_that_is_none_is_refused_before_anything_is_written(path, name):
    arguments = ("personalization-score", path, "--as-of", NEXT, "--load-extension", name)
    status, out, err = run(*arguments)
    assert (status, out) == (1, "")
    (sentence,) = err.splitlines()
    if MAY_LOAD:
        assert sentence.startswith(f"Error: {name} cannot be loaded: ")
    else:
        assert sentence == (
            "Error: this Python's sqlite3 module was built without extensions - use a Python with"
            " sqlite3.Connection.enable_load_extension, or leave out --load-extension"
        )
    assert score(path, as_of=NEXT, dry_run=True)["outcome"] == "planned"
