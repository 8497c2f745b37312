"""A row that another program wrote wrongly keeps out itself alone, and nothing of it is ever printed."""

import json
import sqlite3
from contextlib import closing

import pytest
from scored import example
from sqlite_utils.cli import cli

from sqlite_utils_personalization.example import AS_OF, build

SECRET = "秘密"
SHIFT_JIS = SECRET.encode("shift_jis")
CUSTOMERS = 8
# The hash of the bad customer, where that is readable, and its preference.
BAD_PROFILES = {
    "Shift_JIS": ("CAST(? AS TEXT)", b'{"industry_pack": "' + SHIFT_JIS + b'"}'),
    "EUC-JP": ("CAST(? AS TEXT)", b'{"prefecture": "' + SECRET.encode("euc_jp") + b'"}'),
    "cut in a character": ("CAST(? AS TEXT)", b'{"prefecture": "\xe6\x9d'),
    "UTF-16": ("CAST(? AS TEXT)", f'\ufeff{{"x": "{SECRET}"}}'.encode("utf-16-le")),
    "a BLOB": ("?", b'{"industry_pack": "D"}'),
    "a BLOB of anything": ("?", b"\xff\x00" + SHIFT_JIS),
}
HASH = "e" * 64


@pytest.fixture
def path(tmp_path):
    return example(tmp_path / "jpcite.db")


def write(path, *statements):
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for statement in statements:
            db.execute(*statement)


def add_customer(path, place, preference, key_hash=HASH, hash_place="?"):
    sql = "INSERT INTO am_personalization_profile(user_token_hash, preference_json)"
    write(path, (f"{sql} VALUES ({hash_place}, {place})", (key_hash, preference)))


def run(runner, command, *arguments):
    done = runner.invoke(cli, [*command.split(), *map(str, arguments)])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    for bytes_of_it in (SECRET.encode(), SHIFT_JIS, SECRET.encode("euc_jp")):
        assert bytes_of_it not in done.stdout_bytes + done.stderr_bytes
    return done


def score(runner, path):
    done = run(runner, "personalization-score", path, "--as-of", AS_OF)
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1]), done.stderr


@pytest.mark.parametrize("kind", BAD_PROFILES)
@pytest.mark.sampled(3)
def test_a_customer_who_cannot_be_read_is_rejected_by_id_and_everyone_else_is_scored(
    runner, tmp_path, path, kind
):
    alone = tmp_path / "alone.db"
    build(alone)
    without, _ = score(runner, alone)
    add_customer(path, *BAD_PROFILES[kind])

    summary, said = score(runner, path)

    assert summary["logged"] == without["logged"]
    assert (summary["rejected"], summary["rejected_profiles"]) == (
        without["rejected"] + 1,
        [*without["rejected_profiles"], CUSTOMERS + 1],
    )
    assert f"profile {CUSTOMERS + 1}" in said.replace(", ", " profile ")
    assert run(runner, "personalization-verify", path).exit_code == 0


@pytest.mark.parametrize("kind", BAD_PROFILES)
def test_every_command_on_profiles_goes_on_and_the_customer_can_be_erased(runner, path, kind):
    add_customer(path, *BAD_PROFILES[kind])
    score(runner, path)

    checked = run(runner, "personalization-profile check", path, "--csv")
    assert f"{CUSTOMERS + 1},preference_json is not " in checked.stdout
    listed = run(runner, "personalization-profile list", path)
    assert json.loads(listed.stdout)[-1]["declared_keys"] is None
    got = run(runner, "personalization-profile get", path, "--user-hash", HASH)
    assert (got.exit_code, got.stderr) == (
        1,
        f"Error: the preference stored for profile {CUSTOMERS + 1} is not a JSON object - set it anew\n",
    )
    exported = run(runner, "personalization-profile export", path, "--user-hash", HASH)
    assert json.loads(exported.stdout)["profile"]["preferences"] is None
    for _ in range(2):
        done = run(runner, "personalization-profile erase", path, "--user-hash", HASH)
    assert done.stderr.startswith("no customer has this hash")


def test_what_cannot_be_read_can_be_set_anew(runner, path):
    add_customer(path, *BAD_PROFILES["Shift_JIS"])

    run(runner, "personalization-profile set", path, "--industry-pack", "D", "--user-hash", HASH)

    got = run(runner, "personalization-profile get", path, "--user-hash", HASH)
    assert json.loads(got.stdout)["preferences"] == {"industry_pack": "D"}


@pytest.mark.parametrize(
    ("place", "key_hash"),
    (("?", b"\x83" * 64), ("CAST(? AS TEXT)", SHIFT_JIS + b"x" * 61)),
    ids=("a BLOB", "Shift_JIS"),
)
def test_a_row_that_no_key_leads_to_is_no_customer(runner, path, place, key_hash):
    with closing(sqlite3.connect(path)) as db:
        db.text_factory = bytes
        (length,) = db.execute(f"SELECT length({place})", (key_hash,)).fetchone()
    add_customer(path, "?", "{}", key_hash + b"x" * (64 - length), place)

    summary, said = score(runner, path)

    assert CUSTOMERS + 1 in summary["rejected_profiles"]
    assert "user_token_hash is not text: profile" in said
    checked = run(runner, "personalization-profile check", path, "--csv")
    assert f"{CUSTOMERS + 1},user_token_hash is not text" in checked.stdout
    run(runner, "personalization-profile list", path, "--table")
    assert run(runner, "personalization-verify", path).exit_code == 0


def test_half_a_surrogate_pair_is_printed_as_json_has_it(runner, path):
    add_customer(path, "?", '{"note": "\\ud800"}')

    got = run(runner, "personalization-profile get", path, "--user-hash", HASH)

    assert json.loads(got.stdout)["preferences"] == {"note": "\ud800"}


def test_a_key_nobody_knows_is_not_listed(runner, path):
    add_customer(path, "?", '{"info@example.com": 1, "industry_pack": "D"}')

    listed = run(runner, "personalization-profile list", path)

    assert json.loads(listed.stdout)[-1]["declared_keys"] == "(unknown), industry_pack"


@pytest.mark.parametrize("place", ("CAST(? AS TEXT)", "?"))
@pytest.mark.parametrize(
    ("table", "column", "key"),
    (
        ("programs", "primary_name", "unified_id"),
        ("programs", "application_window_json", "unified_id"),
        ("saved_searches", "query_json", "id"),
        ("am_amendment_diff", "new_value", "diff_id"),
        ("am_amendment_diff", "detected_at", "diff_id"),
    ),
)
def test_an_item_that_cannot_be_read_is_left_out_and_named(runner, path, place, table, column, key):
    with closing(sqlite3.connect(path)) as db:
        columns = {row[1] for row in db.execute(f"PRAGMA table_info({table})")}
        if column not in columns:
            db.execute(f"ALTER TABLE {table} ADD COLUMN {column}")
        (first,) = db.execute(f"SELECT min({key}) FROM {table}").fetchone()
        value = SHIFT_JIS + b"\xff"
        db.execute(f"UPDATE {table} SET {column} = {place} WHERE {key} = ?", (value, first))
        db.commit()

    summary, said = score(runner, path)

    left_out = [rule for rules in summary["left_out"].values() for rule in rules]
    assert any(rule.endswith("not readable") for rule in left_out)
    assert [
        line for line in said.splitlines() if line.startswith("left out: ") and str(first) in line
    ]
