"""What commands print and write: for no more eyes than the file, no formula to a sheet, no order to a terminal."""

import csv
import io
import json
import os
import sqlite3
import stat
import subprocess
import sys
from hashlib import sha256

import pytest
from click.testing import CliRunner
from scored import connect, history
from sqlite_utils.cli import cli

from sqlite_utils_personalization import verify_receipt
from sqlite_utils_personalization.catalogue.candidate import Candidate
from sqlite_utils_personalization.commands.base import visible
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.private_files import read_secret
from sqlite_utils_personalization.scoring.plan import without_personal_data
from sqlite_utils_personalization.spreadsheet import TextCells, as_text

CUSTOMER = ("--user-hash", sha256(b"example-key-1").hexdigest())


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "jpcite.db"
    path.write_bytes(history())
    path.chmod(0o600)
    return path


def mode(file):
    return stat.S_IMODE(file.stat().st_mode)


def redirected(path, file, *arguments, how="wb"):
    name, *rest = arguments
    group = [rest.pop(0)] if name == "profile" else []
    command = [sys.executable, "-m", "sqlite_utils", f"personalization-{name}", *group, str(path)]
    before = os.umask(0o022)
    try:
        with open(file, how) as output:
            subprocess.run([*command, *rest], stdout=output, check=True)
    finally:
        os.umask(before)


PRINTED = (
    ("receipt", "--run", "1", *CUSTOMER),
    ("profile", "export", *CUSTOMER),
    ("seal",),
)


@pytest.mark.parametrize("arguments", PRINTED, ids=lambda arguments: arguments[0])
@pytest.mark.parametrize("given", (0o600, 0o640, 0o644))
def test_what_a_shell_makes_for_it_may_be_read_by_whom_the_file_may(
    path, tmp_path, arguments, given
):
    path.chmod(given)
    redirected(path, tmp_path / "printed", *arguments)
    assert mode(tmp_path / "printed") == given & 0o644


def test_a_file_that_is_kept_keeps_the_rights_it_was_given(path, tmp_path):
    kept = tmp_path / "heads.txt"
    kept.write_text("an earlier head\n")
    kept.chmod(0o644)
    redirected(path, kept, "seal", how="ab")
    assert mode(kept) == 0o644


def test_files_that_a_command_writes_are_for_no_more_eyes_either(path, tmp_path):
    proof, noted, digests = (tmp_path / name for name in ("proof", "verified.jsonl", "digests"))
    redirected(path, tmp_path / "r", "receipt", "--run", "1", *CUSTOMER, "--tlog-proof", str(proof))
    redirected(path, tmp_path / "v", "verify", "--record", str(noted))
    redirected(path, tmp_path / "d", "digest", "--out", str(digests), "--on", "2026-04-01")
    assert {mode(file) for file in (proof, noted, *digests.iterdir())} == {0o600}
    assert mode(digests) == 0o700


def test_a_proof_is_not_written_through_a_link(path, tmp_path):
    (tmp_path / "kept").write_text("kept")
    (tmp_path / "proof").symlink_to(tmp_path / "kept")
    arguments = ["--run", "1", *CUSTOMER, "--tlog-proof", str(tmp_path / "proof")]
    result = CliRunner().invoke(cli, ["personalization-receipt", str(path), *arguments])
    assert (result.exit_code, (tmp_path / "kept").read_text()) == (2, "kept")
    assert "is a symbolic link" in result.stderr


@pytest.mark.parametrize("given", (0o644, 0o640, 0o604, 0o620, 0o660, 0o666, 0o700, 0o601, 0o400))
def test_a_secret_that_others_may_read_is_refused_as_ssh_does(tmp_path, given):
    file = tmp_path / "seal.pem"
    file.write_text("secret")
    file.chmod(given)
    if given & 0o077:
        with pytest.raises(PersonalizationError) as raised:
            read_secret(file)
        assert raised.value.todo == f"run: chmod 600 {file}"
        assert f"mode {given:04o}" in raised.value.what
    else:
        assert read_secret(file) == b"secret"


@pytest.mark.parametrize("command", (("seal", "--sign"), ("mcp", "--key-file")))
def test_commands_take_no_secret_of_everyones(path, tmp_path, command):
    pytest.importorskip("cryptography")
    file = tmp_path / "key"
    file.write_text("example-key-1\n")
    file.chmod(0o644)
    before = path.read_bytes()
    name, option = command
    result = CliRunner().invoke(cli, [f"personalization-{name}", str(path), option, str(file)])
    assert (result.exit_code, result.stdout) == (1, "")
    assert "chmod 600" in result.stderr
    assert path.read_bytes() == before


FORMULAS = (
    '=HYPERLINK("http://example.com","x")',
    "@SUM(1+1)",
    "+81-3",
    "-2+3+cmd|' /C calc'!A0",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    " =1+1",
    "\ufeff=1+1",
    "\u200b@SUM(1)",
    "＝1+1",
    "＠SUM(1)",
    "\u3000=1+1",
    '=1,"2"',
)
TEXTS = ("補助金", "D", "2026-07-22", "EX-101", "a=b", "'=1", "", "1+1", "“=x”")


def test_a_formula_becomes_a_text_and_everything_else_stays():
    assert [as_text(text) for text in FORMULAS] == [f"'{text}" for text in FORMULAS]
    assert [as_text(value) for value in (*TEXTS, -5, -0.5, None)] == [*TEXTS, -5, -0.5, None]


@pytest.mark.parametrize("size", (1, 2, 3, 7, 10_000))
def test_csv_that_comes_in_pieces_has_the_same_texts(size):
    rows = [["id", "title"], *([number, text] for number, text in enumerate((*FORMULAS, *TEXTS)))]
    rows += [["-5", "+1.5"], ["-5e3", "x"]]
    written = io.StringIO(newline="")
    csv.writer(written).writerows(rows)
    data, cells, sent = written.getvalue().encode(), TextCells(), b""
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    for piece in pieces:
        sent += cells.feed(piece, is_last=False)
    sent += cells.feed(b"", is_last=True)
    read = list(csv.reader(io.StringIO(sent.decode(), newline="")))
    numbers = {"-5", "+1.5", "-5e3"}
    assert read == [
        [value if value in numbers else as_text(value) for value in map(str, row)] for row in rows
    ]


TITLE = "=HYPERLINK(1)\x1b]0;x\x07\x9b"


@pytest.fixture
def odd(path):
    """A file where someone who can run DDL gave every item such a title, and a row that has one."""
    with connect(path) as db:
        for (name,) in db.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'am_personalization_candidate'"
        ).fetchall():
            db.execute(f"DROP TRIGGER {name}")
        db.execute("UPDATE am_personalization_candidate SET title = ?", (TITLE,))
        (rec_id,) = db.execute("SELECT first_rec_id FROM am_personalization_evidence").fetchone()
    return path, rec_id


@pytest.mark.parametrize("option", ("--csv", "--tsv", "--table", "--json", None))
def test_titles_are_texts_to_spreadsheets_and_terminals_and_themselves_to_scripts(odd, option):
    path, rec_id = odd
    arguments = ["personalization-replay", str(path), str(rec_id), *([option] if option else [])]
    output = CliRunner().invoke(cli, arguments).stdout
    assert "HYPERLINK(1)" in output
    if option in ("--csv", "--tsv"):
        assert "'=HYPERLINK(1)" in output
    elif option == "--json":
        (found,) = json.loads(output)
        assert found["item"]["title"] == TITLE
    else:
        assert not {"\x1b", "\x9b", "\x07"} & {*output}


def test_what_a_terminal_would_obey_is_written_out_and_json_stays_the_same():
    odd = "a\x1b[2J\x07\x08\x9b\x7f\r\u202e\u2066\ud800b"
    shown = visible(odd)
    assert shown.isprintable()
    assert json.loads(f'"{shown}"') == odd
    assert visible("補助金\t1\n2 👩‍🌾") == "補助金\t1\n2 👩‍🌾"


def test_whoever_checks_a_receipt_is_shown_no_order_to_the_terminal_either(capsys):
    verify_receipt._say("a\x1b[2J\x07\r\x9b\u202e補\ud800b")
    shown = capsys.readouterr().out.rstrip("\n")
    assert shown.isprintable()
    assert shown.isascii()


def amendment(title):
    return Candidate("amendment", "1", title)


AMENDMENTS = (
    ("甲の補助金 ― 問合せ先を変更 03-1234-5678(変更前 03-8765-4321)", "甲の補助金 ― 内容を変更"),
    ("甲の補助金 ― 連絡先 taro@example.com(これまで記載なし)", "甲の補助金 ― 内容を変更"),
    ("甲 担当者: 記載なし → 090 1234 5678", "内容を変更"),
    ("090-1234-5678 ― 締切を延長", "内容を変更"),
    ("甲の補助金 ― 連絡先 ０９０－１２３４－５６７８(これまで記載なし)", "甲の補助金 ― 内容を変更"),
)
KEPT = (
    "甲 ― 締切を延長 2026年7月31日(変更前 2026年6月30日)",
    "甲 ― 上限額を引き上げ 1,234,567,890円(変更前 300万円)",
    "甲 上限額: 1000000000 → 2000000000",
    "甲 ― 受付期間を変更 2026年4月1日〜7月31日(変更前 2026年4月1日〜6月30日)",
)


@pytest.mark.parametrize(("title", "kept"), [*AMENDMENTS, *((title, title) for title in KEPT)])
def test_an_amendment_of_what_looks_personal_says_only_that_something_changed(title, kept):
    (found,) = without_personal_data([amendment(title)])
    assert found == amendment(kept)


def test_a_night_keeps_nothing_personal_of_what_other_programs_wrote(path):
    with connect(path) as db:
        db.execute("DROP TABLE saved_searches")
        db.execute("CREATE TABLE saved_searches(id TEXT, api_key_hash TEXT, query_json TEXT)")
        db.execute(
            "INSERT INTO saved_searches SELECT 'taro@example.com', user_token_hash, '{}'"
            " FROM am_personalization_profile WHERE profile_id = 1"
        )
        (entity,) = db.execute("SELECT unified_id FROM programs LIMIT 1").fetchone()
        db.execute(
            "INSERT INTO am_amendment_diff(entity_id, field_name, prev_value, new_value, detected_at)"
            " VALUES (?, 'contact', '090-1234-5678', 'hanako@example.com', '2026-05-01')",
            (entity,),
        )
    result = CliRunner().invoke(
        cli, ["personalization-score", str(path), "--as-of", "2026-05-02", "-s"]
    )
    assert result.exit_code == 0
    told = json.loads(result.stdout)
    assert (told["by_type"]["saved_search"], "saved_search" in told["left_out"]) == (1, False)
    with sqlite3.connect(path) as db:
        stored = repr(db.execute("SELECT * FROM am_personalization_candidate").fetchall())
    assert "1-1" in stored
    assert "example.com" not in stored
    assert "090-1234" not in stored
