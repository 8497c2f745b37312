"""personalization-profile: one customer's life at the command line, and a key that nobody ever sees."""

import json
import os
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import pytest
from sqlite_utils.cli import cli

from sqlite_utils_personalization import score
from sqlite_utils_personalization.example import AS_OF, build

KEY, NEW = "sk-live-7f3d0b6a2c-raw", "sk-live-e1c09a55d4-raw"
HASH = sha256(KEY.encode()).hexdigest()


@pytest.fixture
def path(fresh_path):
    build(fresh_path)
    return fresh_path


@pytest.fixture
def command(runner):
    """personalization-profile with these arguments and this standard input; returns exit code, stdout and stderr."""

    def command(*arguments, given=None):
        result = runner.invoke(cli, ["personalization-profile", *map(str, arguments)], input=given)
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result.exit_code, result.stdout, result.stderr

    return command


def test_a_customers_life_from_the_first_set_to_the_erasure(path, command):
    status, out, err = command(
        *(
            "set",
            path,
            "--industry-pack",
            "D",
            "--risk",
            "low",
            "--horizon",
            60,
            "--prefecture",
            "Tokyo",
        ),
        given=f"{KEY}\n",
    )
    assert (status, err) == (
        0,
        "profile 9 is new: deadline_horizon_days nothing -> 60, industry_pack nothing -> D,"
        " prefecture nothing -> 東京都, risk_tolerance nothing -> low\n",
    )
    said = json.loads(out)
    assert (said["profile_id"], said["outcome"], said["preferences"]["prefecture"]) == (
        9,
        "created",
        "東京都",
    )
    assert said["changed"]["risk_tolerance"] == {"before": None, "after": "low"}

    merged = command("set", path, "-", "--merge", given=f'{KEY}\n{{"risk_tolerance": null}}')
    assert (merged[0], merged[2]) == (0, "profile 9: risk_tolerance low -> nothing\n")
    again = command("set", path, "-", "--merge", given=f'{KEY}\n{{"risk_tolerance": null}}')
    assert (again[0], again[2]) == (0, "profile 9: nothing changed\n")

    status, out, err = command("get", path, given=KEY)
    declared = {"deadline_horizon_days": 60, "industry_pack": "D", "prefecture": "東京都"}
    assert (status, json.loads(out)["preferences"], err) == (0, declared, "")

    logged = score(path, as_of=AS_OF)["logged"]
    status, out, err = command("export", path, given=KEY)
    mine = json.loads(out)["recommendations"]
    assert (status, err) == (0, "")
    assert 0 < len(mine) < logged
    assert {each["profile_id"] for each in mine} == {9}

    status, out, err = command("rotate", path, given=f"{KEY}\n{NEW}\n")
    assert (status, err) == (0, "profile 9 has a new key, and keeps what was under the old one\n")
    assert list(json.loads(out)) == ["profile_id", "customer", "rotated_at", "proof"]
    nobody = (
        "Error: no customer has this hash - check the key; the hash of an erased customer is gone\n"
    )
    assert command("get", path, given=KEY) == (1, "", nobody)

    status, out, err = command("erase", path, "--basis", "objection", given=NEW)
    found = json.loads(out)
    assert (status, found["profile_id"], found["legal_basis"], found["held_by_others"]) == (
        0,
        9,
        "objection",
        [],
    )
    assert err == (
        f"profile 9 is erased: its {len(mine)} recommendations stay in the log and lead nowhere\n"
        "snapshots, backups, receipts, digests and exports made before keep what they hold\n"
        "no byte of the hash is left in the file or beside it\n"
    )
    status, out, err = command("erase", path, given=NEW)
    assert (status, json.loads(out)["outcome"]) == (0, "no customer")
    assert err == (
        "no customer has this hash: it was never registered, or is erased already\n"
        "no byte of the hash is left in the file or beside it\n"
    )
    assert command("get", path, given=NEW) == (1, "", nobody)


def test_what_an_erasure_cannot_cut_is_said(path, command):
    score(path, as_of=AS_OF)
    status, out, err = command("erase", path, given="example-key-2")
    assert status == 0
    assert json.loads(out)["held_by_others"] == [
        {
            "table": "saved_searches",
            "column": "api_key_hash",
            "rows": 1,
            "rowids": [1],
            "error": None,
            "holds": "hash",
        }
    ]
    assert json.loads(out)["old_bytes_overwritten"] is False
    assert err.splitlines()[1:] == [
        "numbers of saved searches that stay in the evidence and lead nowhere: 2-1",
        "snapshots, backups, receipts, digests and exports made before keep what they hold",
        "another program holds the hash: saved_searches.api_key_hash, 1 row (rowid 1)",
        f"{path} still holds the hash, at least in saved_searches: see to the rows of saved_searches, then run"
        " personalization-profile erase --vacuum",
    ]


def test_an_erasure_that_a_reader_holds_up_is_done_but_not_called_complete(path, command):
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("PRAGMA journal_mode = wal")
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM am_personalization_profile").fetchone()
    status, out, err = command("erase", path, "--wait", 0, given="example-key-1")
    assert (status, json.loads(out)["profile_id"]) == (1, 1)
    assert err.splitlines()[-1] == (
        f"Error: {path}-wal still holds the old bytes, because another program reads it"
        " - run this again when it has finished"
    )
    reader.execute("COMMIT")
    status, out, err = command("erase", path, given="example-key-1")
    assert (status, json.loads(out)["outcome"], err.splitlines()[-1]) == (
        0,
        "no customer",
        "no byte of the hash is left in the file or beside it",
    )
    reader.close()


@pytest.mark.parametrize(
    ("arguments", "given", "status", "sentence"),
    (
        (
            ["set", "DB", "--prefecture", "taro@example.com"],
            KEY,
            1,
            "$.prefecture looks like an e-mail address, which is not kept here - nothing was stored",
        ),
        (
            ["set", "DB", "-"],
            f"{KEY}\n[1",
            1,
            "not JSON, or a key is said twice - nothing was stored",
        ),
        (["set", "DB", "-"], f"{KEY}\n".encode() + b"\xff", 1, "not UTF-8 - nothing was stored"),
        (["set", "DB"], KEY, 2, "give either FILE or at least one of the options that declare"),
        (
            ["set", "DB", "-", "--risk", "low"],
            KEY,
            2,
            "give either FILE or at least one of the options that declare",
        ),
        (
            ["set", "DB", "--risk", "low"],
            "",
            2,
            "no API key - give it on standard input, or --user-hash",
        ),
        (
            ["get", "DB", "--user-hash", KEY],
            None,
            2,
            "Invalid value for --user-hash: not 64 lower-case hex digits, nor the first 8 or more of them"
            " - leave it out to be asked for the API key",
        ),
        (
            ["rotate", "DB"],
            f"{KEY}\n",
            2,
            "no new API key - give it on standard input: the old key, then the new one, a line each",
        ),
        (
            ["rotate", "DB"],
            f"{KEY}\n{NEW}\n",
            1,
            "no customer has the old key - check it; nothing was changed",
        ),
        (
            ["export", "DB"],
            KEY,
            1,
            "no customer has this hash - check the key; the hash of an erased customer is gone",
        ),
    ),
)
def test_bad_input_is_one_sentence_and_changes_nothing(
    path, command, arguments, given, status, sentence
):
    before = path.read_bytes()
    found = command(*(path if part == "DB" else part for part in arguments), given=given)
    assert (found[0], found[1], found[2].splitlines()[-1]) == (status, "", f"Error: {sentence}")
    assert path.read_bytes() == before
    assert KEY not in found[2]
    assert "taro" not in found[2]


def test_a_file_without_our_tables_says_what_to_run(fresh_path, command):
    sqlite3.connect(fresh_path).execute("CREATE TABLE x (y)")
    for name in ("get", "list", "check"):
        status, _, err = command(
            name, fresh_path, *(["--user-hash", HASH] if name == "get" else [])
        )
        assert (status, err) == (
            1,
            f"Error: am_personalization_profile not found in {fresh_path}"
            f" - run: sqlite-utils personalization-migrate {fresh_path}\n",
        )


def test_customers_are_listed_without_their_hashes_in_the_formats_of_sqlite_utils(path, command):
    status, out, _ = command("list", path, "--csv")
    lines = out.splitlines()
    assert (status, len(lines)) == (0, 9)
    assert lines[0] == "profile_id,customer,declared_keys,created_at,last_updated_at"
    assert lines[8].startswith("8,6b2efe4c,,")
    assert command("list", path, "--nl")[1].count("\n") == 8
    command("erase", path, given="example-key-8")
    assert len(command("list", path, "--csv")[1].splitlines()) == 8


def test_checking_finds_what_the_schema_refuses(path, command):
    assert command("check", path) == (0, "[]\n", "0 findings\n")
    db = sqlite3.connect(path)
    with db:
        db.execute(
            'UPDATE am_personalization_profile SET preference_json = \'{"mail": "a@b.jp"}\' WHERE profile_id = 4'
        )
    db.close()
    status, out, err = command("check", path)
    assert (status, err) == (1, "1 finding\n")
    assert json.loads(out) == [
        {
            "profile_id": 4,
            "sentence": "$.(unknown) looks like an e-mail address, which is not kept here",
        }
    ]


def test_an_import_is_all_or_nothing_with_a_report_per_bad_line(path, tmp_path, command):
    file = tmp_path / "customers.ndjson"
    good = json.dumps({"user_token_hash": HASH, "preferences": {"risk_tolerance": "low"}})
    file.write_bytes(b"\xef\xbb\xbf" + f"{good}\nnot JSON\n".encode() + b"\xff\n")
    before = path.read_bytes()
    assert command("import", path, file) == (
        1,
        "",
        "line 2: not JSON, or a key is said twice\nline 3: not JSON, or a key is said twice\n"
        "Error: 2 bad lines - nothing was stored; mend or leave out\n",
    )
    assert path.read_bytes() == before
    status, out, err = command("import", path, "-", given=good)
    whole = {"profiles": 1, "created": 1, "updated": 0, "unchanged": 0}
    assert (status, json.loads(out), err) == (0, whole, "")


def test_the_short_customer_of_a_list_names_one_to_read_and_none_to_change(path, command):
    short = json.loads(command("list", path)[1])[0]["customer"]
    assert json.loads(command("get", path, "--user-hash", short)[1])["customer"] == short
    assert (
        json.loads(command("export", path, "--user-hash", short)[1])["profile"]["profile_id"] == 1
    )
    for change in (("set", path, "--risk", "low"), ("erase", path)):
        status, out, err = command(*change, "--user-hash", short)
        assert (status, out) == (2, "")
        assert "not 64 lower-case hex digits" in err


# The raw key

MAIN = "from sqlite_utils.cli import cli; cli()"
RUN = [sys.executable, "-c", MAIN, "personalization-profile"]

COMMANDS = (
    (["set", "--industry-pack", "D"], f"{KEY}\n"),
    (["get"], f"{KEY}\n"),
    (["export"], f"{KEY}\n"),
    (["rotate"], f"{KEY}\n{NEW}\n"),
    (["get"], f"{KEY}\n"),
    (["erase"], f"{NEW}\n"),
)


def seen_by_other_processes(pid):
    found = b""
    for name in ("cmdline", "environ"):
        try:
            found += Path(f"/proc/{pid}/{name}").read_bytes()
        except OSError:
            continue
    return found


@pytest.mark.skipif(
    not Path("/proc/self/cmdline").exists(), reason="what ps shows is read from /proc"
)
def test_the_raw_key_is_in_no_argument_environment_output_or_file(path, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    environment = {**os.environ, "HOME": str(home), "HISTFILE": str(home / ".bash_history")}
    shown = b""
    for arguments, given in COMMANDS:
        process = subprocess.Popen(
            [*RUN, arguments[0], str(path), *arguments[1:]],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
        )
        stop = threading.Event()
        watched = []
        # It waits for what it is given; right after its start, Linux may show an empty line of arguments.
        while not any(b"personalization-profile" in each for each in watched):
            assert process.poll() is None
            watched.append(seen_by_other_processes(process.pid))

        def watch(pid=process.pid, stop=stop, watched=watched):
            while not stop.is_set():
                watched.append(seen_by_other_processes(pid))
                time.sleep(0.01)

        watcher = threading.Thread(target=watch)
        watcher.start()
        out, err = process.communicate(given.encode())
        stop.set()
        watcher.join()
        shown += out + err + b"".join(watched)
    files = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    for key in (KEY, NEW):
        assert key.encode() not in shown + files


def test_a_key_typed_at_a_terminal_is_not_shown(path):
    """On a pseudo-terminal, as someone would type it."""
    pty = pytest.importorskip("pty")
    parent, child = pty.openpty()
    process = subprocess.Popen(
        [*RUN, "get", str(path)],
        stdin=child,
        stdout=subprocess.PIPE,
        stderr=child,
        start_new_session=True,
    )
    os.close(child)
    screen = b""
    while b"API key" not in screen:
        screen += os.read(parent, 1024)
    os.write(parent, b"example-key-1\n")
    out, _ = process.communicate()
    with open(parent, "rb", buffering=0, closefd=True) as terminal, suppress(OSError):
        screen += terminal.read(4096) or b""
    assert json.loads(out)["profile_id"] == 1
    assert b"example-key-1" not in screen
