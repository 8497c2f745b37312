"""personalization-feedback: a customer says something of an item, and reads what was said."""

import csv
import json
import sqlite3
from contextlib import closing

import pytest
from said import NEXT, NIGHT, ONE, PROGRAMS, build, offered
from sqlite_utils.cli import cli

from sqlite_utils_personalization import score

KEY = "key-1\n"


@pytest.fixture
def path(fresh_path):
    build(fresh_path)
    score(fresh_path, as_of=NIGHT)
    return fresh_path


@pytest.fixture
def command(runner, path):
    """personalization-feedback with these arguments and this standard input; returns exit code, stdout and stderr."""

    def command(*arguments, given=KEY):
        result = runner.invoke(
            cli, ["personalization-feedback", str(path), *arguments], input=given
        )
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result.exit_code, result.stdout, result.stderr

    return command


def test_a_customer_says_reads_and_takes_back(path, command):
    assert command() == (0, "[]\n", "")
    status, out, err = command("A-2", "--dismissed")
    (row,) = json.loads(out)
    assert (status, err) == (0, "program A-2 is dismissed, from the next night on\n")
    assert (row["recommendation_type"], row["item_id"], row["feedback"]) == (
        *("program", "A-2"),
        "dismissed",
    )
    since = f"program A-2 is dismissed since {row['given_at']}: nothing was added\n"
    again = json.dumps([{**row, "outcome": "already noted"}])
    assert (row["outcome"], command("A-2", "--dismissed")) == ("noted", (0, f"{again}\n", since))
    assert command("1", "--type", "amendment", "--interested")[0] == 0
    listed = json.loads(command()[1])
    assert [(each["item_id"], each["feedback"]) for each in listed] == [
        ("A-2", "dismissed"),
        ("1", "interested"),
    ]
    score(path, as_of=NEXT)
    with closing(sqlite3.connect(path)) as db:
        assert offered(db, 1, NEXT) == [each for each in PROGRAMS if each != "A-2"]

    assert command("A-2", "--withdrawn")[2] == "program A-2 is withdrawn, from the next night on\n"
    assert [each["item_id"] for each in json.loads(command()[1])] == ["1"]
    nothing = "nothing was ever said of program A-1: nothing was added\n"
    assert command("A-1", "--withdrawn")[::2] == (0, nothing)


def test_who_says_it_may_be_named_by_the_hash(command):
    assert command("A-1", "--applied", "--user-hash", ONE, given=None)[0] == 0
    assert json.loads(command("--user-hash", ONE, given=None)[1])[0]["feedback"] == "applied"
    assert command(given="key-2")[1] == "[]\n"


def test_who_only_lists_may_name_the_customer_by_the_beginning_of_the_hash(command):
    command("A-1", "--applied")
    assert command("--user-hash", ONE[:8], given=None) == command()
    assert command("A-1", "--applied", "--user-hash", ONE[:8], given=None)[0] == 2


def test_rows_come_in_the_formats_of_sqlite_utils(command):
    command("A-1", "--applied")
    (row,) = csv.DictReader(command("--csv")[1].splitlines())
    assert [*row] == ["recommendation_type", "item_id", "feedback", "given_at"]
    again = json.dumps({**row, "outcome": "already noted"})
    assert command("A-1", "--applied", "--nl")[1] == f"{again}\n"
    assert command("--csv", given="key-2")[1].splitlines() == [",".join(row)]


def test_reading_leaves_the_file_as_it_was(path, command):
    command("A-1", "--applied")
    before = path.read_bytes()
    command()
    assert path.read_bytes() == before


WORDS = "--dismissed, --interested, --applied, --withdrawn"


@pytest.mark.parametrize(
    ("arguments", "given", "status", "sentence"),
    [
        (["--applied"], KEY, 2, "--applied of what? give ITEM_ID"),
        (["A-1"], KEY, 2, f"say one of {WORDS} of ITEM_ID, or leave it out to list"),
        (
            ["A-1", "--applied", "--dismissed"],
            KEY,
            2,
            f"say one of {WORDS} of ITEM_ID, or leave it out to list",
        ),
        (["A-1", "--applied"], "", 2, "no API key - give it on standard input, or --user-hash"),
        (
            ["A-9", "--applied"],
            KEY,
            1,
            "no night saw such an item for this customer - take its type and item_id from a recommendation",
        ),
        (
            ["", "--applied"],
            KEY,
            1,
            "item_id is not a text of 1 to 200 characters - take it from a recommendation",
        ),
        (
            ["\udcff", "--applied"],
            KEY,
            1,
            "item_id is not a text of 1 to 200 characters - take it from a recommendation",
        ),
        (
            ["A-1", "--applied"],
            "nobody",
            1,
            "no customer has this hash - check the key; the hash of an erased customer is gone",
        ),
        (
            [],
            "nobody",
            1,
            "no customer has this hash - check the key; the hash of an erased customer is gone",
        ),
    ],
)
def test_bad_input_is_one_sentence_and_changes_nothing(
    path, command, arguments, given, status, sentence
):
    before = path.read_bytes()
    found = command(*arguments, given=given)
    assert (found[0], found[1], found[2].splitlines()[-1]) == (status, "", f"Error: {sentence}")
    assert path.read_bytes() == before


def test_what_an_erasure_leaves_is_said(path, runner, command):
    command("A-1", "--applied")
    command("A-1", "--withdrawn")
    result = runner.invoke(cli, ["personalization-profile", "erase", str(path)], input=KEY)
    assert json.loads(result.stdout)["feedback_kept"] == 2
    assert "rows of feedback that stay and lead nowhere: 2\n" in result.stderr
    assert command("A-1", "--applied")[0] == 1
