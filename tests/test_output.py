"""Commands whose output cannot be written: no traceback, no wrong exit status, and nothing stored twice."""

import errno
import json
import os
import sqlite3
import subprocess
import sys
from hashlib import sha256
from tempfile import SpooledTemporaryFile

import pytest
from click.testing import CliRunner
from scored import connect, history

from sqlite_utils_personalization import verify_receipt
from sqlite_utils_personalization.api import delivering
from sqlite_utils_personalization.commands.deliver import deliver
from sqlite_utils_personalization.commands.reconcile import reconcile

HASH = sha256(b"example-key-1").hexdigest()
CUSTOMER = ("--user-hash", HASH)
DIGEST = ("--channel", "digest", "--slot", "issue-1")
# Python keeps what is small for its end, unless it is told not to.
BUFFERED = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
# Where 1 would be an answer, as that there are findings, it is 2.
COMMANDS = (
    (("migrate", "--list"), 1),
    (("score", "--as-of", "2026-04-02"), 1),
    (("score", "--dry-run"), 1),
    (("replay", "1"), 2),
    (("replay", "1", "--csv"), 2),
    (("why-not", "--item", "EX-105", *CUSTOMER), 2),
    (("verify", "--json"), 2),
    (("report",), 2),
    (("report", "--csv"), 2),
    (("reconcile", "--month", "2026-07"), 2),
    (("reconcile", "--month", "2026-07", "--csv"), 2),
    (("seal",), 1),
    (("receipt", "--run", "1", *CUSTOMER), 2),
    (("profile", "list", "--table"), 1),
    (("profile", "set", "--risk", "low", *CUSTOMER), 1),
    (("profile", "export", *CUSTOMER), 1),
    (("deliver", "1", *DIGEST), 1),
    (("feedback", *CUSTOMER), 1),
    (("feedback", "EX-101", "--applied", *CUSTOMER), 1),
)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "jpcite.db"
    path.write_bytes(history())
    return path


def run(path, arguments, **how):
    name, *rest = arguments
    group = [rest.pop(0)] if name == "profile" else []
    command = [sys.executable, "-m", "sqlite_utils", f"personalization-{name}", *group, str(path)]
    how = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "env": BUFFERED, **how}
    return subprocess.run([*command, *rest], stderr=subprocess.PIPE, check=False, **how)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs Linux's /dev/full")
@pytest.mark.parametrize(("arguments", "status"), COMMANDS)
@pytest.mark.sampled(4)
def test_a_full_disk_under_the_output_is_a_sentence(path, arguments, status):
    with open("/dev/full", "wb") as full:
        ended = run(path, arguments, stdout=full)
    assert ended.returncode == status
    assert ended.stderr.decode().splitlines()[-1] == (
        "Error: the output cannot be written (No space left on device)"
        " - mend that, then run this again: nothing is stored twice"
    )
    assert b"Traceback" not in ended.stderr
    assert b"ignored" not in ended.stderr


@pytest.mark.parametrize(("arguments", "status"), COMMANDS)
@pytest.mark.sampled(4)
def test_a_reader_that_went_away_ends_it_without_a_word(path, arguments, status):
    read, write = os.pipe()
    os.close(read)
    try:
        ended = run(path, arguments, stdout=write)
    finally:
        os.close(write)
    assert ended.returncode == status
    assert b"Traceback" not in ended.stderr
    assert b"ignored" not in ended.stderr
    assert b"Error" not in ended.stderr


@pytest.mark.parametrize("is_read", (True, False))
def test_a_receipt_whose_answer_is_lost_is_not_called_broken(path, tmp_path, is_read):
    receipt = tmp_path / "receipt.json"
    receipt.write_bytes(run(path, ("receipt", "--run", "1", *CUSTOMER)).stdout)
    read, write = os.pipe()
    if not is_read:
        os.close(read)
    how = {"stdout": write, "stderr": subprocess.PIPE, "env": BUFFERED, "check": False}
    ended = subprocess.run([sys.executable, verify_receipt.__file__, str(receipt)], **how)
    assert (ended.returncode, ended.stderr) == (0 if is_read else 2, b"")


def test_what_was_delivered_before_its_output_was_lost_is_delivered_once(path):
    read, write = os.pipe()
    os.close(read)
    run(path, ("deliver", "1", *DIGEST), stdout=write)
    os.close(write)
    assert run(path, ("deliver", "1", *DIGEST)).stderr == b"1 already delivered\n"


@pytest.mark.parametrize("form", ("--csv", "--tsv", "--table", "--nl", "--arrays", "--json"))
@pytest.mark.sampled(2)
def test_titles_are_utf_8_in_every_format_on_a_terminal_that_is_not(path, form):
    ended = run(path, ("replay", "2", form), env={**BUFFERED, "PYTHONIOENCODING": "ascii"})
    assert ended.returncode == 0
    assert "建設現場" in ended.stdout.decode()


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("profile", "get"), 2, "no API key - give it on standard input"),
        (("profile", "rotate"), 2, "no old API key - give it on standard input"),
        (("profile", "set", "-", *CUSTOMER), 1, "nothing was stored"),
        (("deliver", "-"), 0, "no line, no delivery"),
        (("feedback",), 2, "no API key - give it on standard input"),
    ],
)
@pytest.mark.sampled(2)
def test_a_closed_standard_input_is_an_empty_one(path, arguments, status, said):
    ended = run(path, arguments, stdin=None, preexec_fn=lambda: os.close(0))
    assert ended.returncode == status
    assert said in ended.stderr.decode()
    assert b"Traceback" not in ended.stderr


LINES = "".join(f'{{"rec_id": {n}, "channel": "digest", "slot": "issue-1"}}\n' for n in (1, 2))


def recorded(path):
    count = "SELECT count(*) FROM am_personalization_delivery"
    return connect(path).execute(count).fetchone()[0]


def test_no_space_for_temporary_files_undoes_all_of_a_delivery(path, monkeypatch):
    class Full(SpooledTemporaryFile):
        def write(self, text):
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(delivering, "SpooledTemporaryFile", Full)
    ended = CliRunner().invoke(deliver, [str(path), "-"], input=LINES)
    assert (ended.exit_code, ended.stderr) == (
        1,
        "Error: no temporary file can be written (No space left on device)"
        " - free some space, then run this again\n",
    )
    assert recorded(path) == 0


def test_no_space_for_what_is_printed_is_a_sentence_and_nothing_is_recorded_twice(
    path, monkeypatch
):
    def full(ctx, columns, rows, **output):
        next(rows)
        raise sqlite3.OperationalError("database or disk is full")

    # By its name in the package it is the command.
    module = sys.modules["sqlite_utils_personalization.commands.deliver"]
    with monkeypatch.context() as patched:
        patched.setattr(module, "print_rows", full)
        ended = CliRunner().invoke(deliver, [str(path), "-"], input=LINES)
    assert (ended.exit_code, ended.stderr) == (
        1,
        f"Error: no space left for {path} or temporary files - free some, then run this again\n",
    )
    again = CliRunner().invoke(deliver, [str(path), "-"], input=LINES)
    assert (again.stderr, recorded(path)) == ("2 already delivered\n", 2)


def test_an_interrupted_reconciliation_does_not_say_that_something_is_unexplained(
    path, monkeypatch
):
    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(
        "sqlite_utils_personalization.billing.reconcile.reconcile.reconcile", interrupted
    )
    ended = CliRunner().invoke(reconcile, [str(path), "--month", "2026-07"])
    assert (ended.exit_code, ended.stdout, ended.stderr) == (
        2,
        "",
        "interrupted before everything was checked\n",
    )


ROWS = (
    ("replay", "2", "--arrays"),
    ("deliver", "1", *DIGEST),
    ("feedback", *CUSTOMER),
    ("profile", "list"),
    ("profile", "check"),
    ("reconcile", "--month", "2026-07", "--arrays"),
)


@pytest.mark.parametrize("arguments", ROWS)
@pytest.mark.sampled(2)
def test_rows_are_json_by_name_too_and_two_formats_are_refused_before_anything_is_done(
    path, arguments
):
    before = path.read_bytes()
    refused = run(path, (*arguments, "--json", "--csv"))
    assert refused.returncode == 2
    assert "exclude each other" in refused.stderr.decode()
    assert path.read_bytes() == before
    if "--arrays" not in arguments:
        by_default = run(path, arguments)
        path.write_bytes(before)
        by_name = run(path, (*arguments, "--json"))
        keys = [[list(row) for row in json.loads(one.stdout)] for one in (by_name, by_default)]
        assert keys[0] == keys[1]
        assert by_name.returncode == by_default.returncode
