"""personalization-reconcile: totals for people, all rows for programs, and an exit status that says how it stands."""

import csv
import io
import json

import pytest
from click.testing import CliRunner
from delivered import connect
from reconciled import AUGUST, CASES, JULY, Case, empty, files, plant

from sqlite_utils_personalization.billing.reconcile.classes import CLASSES
from sqlite_utils_personalization.commands.reconcile import SHOWN
from sqlite_utils_personalization.commands.reconcile import reconcile as command


@pytest.fixture
def month(db_path, tmp_path):
    """A function that plants cases in the file, and gives the arguments that name it and its exports."""

    def month(cases):
        db = empty(db_path)
        given = files(tmp_path, *plant(db, cases))
        target = connect(db_path)
        db.backup(target)
        target.close()
        db.close()
        stripe, invoiced = (str(given[name][0]) for name in ("stripe", "invoiced"))
        return [str(db_path), "--month", "2026-07", "--stripe", stripe, "--invoiced", invoiced]

    return month


def run(*arguments):
    return CliRunner().invoke(command, [str(part) for part in arguments])


def test_the_whole_of_a_report(month):
    cases = [
        Case("matched"),
        Case("late", metered_at=AUGUST),
        Case("duplicate", (1, 1), (1, 1), (3,)),
    ]
    result = run(*month(cases))
    lines = result.stdout.splitlines()
    assert (result.exit_code, result.stderr) == (1, "")
    assert lines[:6] == [
        "2026-07 in Japan: 2026-06-30T15:00:00.000Z to 2026-07-31T15:00:00.000Z",
        "usage_events  read",
        "stripe        read",
        "invoice       read",
        "decided       3 recommendations were logged in the month",
        "",
    ]
    numbers = {line[:26].strip(): line[26:].split() for line in lines[7:20]}
    assert numbers == {
        **{kind: ["0"] * 4 for kind in CLASSES},
        "duplicate": ["1", "3", "6", "3"],
        "late": ["1", "3", "0", "3"],
        "matched": ["1", "3", "3", "3"],
        "total": ["3", "9", "9", "9"],
    }
    assert lines[20:22] == ["", "duplicate: 1"]
    assert lines[22].startswith("  rec_id 3 digest 2026-07-22 200 (")
    assert ": charged more than once; owed 3, metered 6, invoiced 3 yen;" in lines[22]
    assert "; delivered 2026-07-22 09:30 JST; recorded " in lines[22]
    assert lines[23:] == ["", "something is not explained"]


@pytest.mark.parametrize(
    ("cases", "status", "said"),
    (
        ([], 0, "everything is explained"),
        ([Case("matched"), Case("late", metered_at=AUGUST)], 0, "everything is explained"),
        ([Case("reversed", (), (), (), reversed=True)], 0, "everything is explained"),
        ([Case("duplicate", (1, 1))], 1, "something is not explained"),
        (CASES, 2, "something could not be verified"),
    ),
)
def test_the_exit_status_says_how_it_stands(month, cases, status, said):
    arguments = month(cases)
    assert run(*arguments).stdout.endswith(f"\n{said}\n")
    for form in ((), ("--json",), ("--csv",), ("--class", "matched")):
        assert run(*arguments, *form).exit_code == status


def test_json_is_one_object_with_totals_and_every_row(month):
    result = run(*month(CASES), "--json")
    found = json.loads(result.stdout)
    assert [*found] == [
        *("month", "start", "end", "exit_status", "sources", "faults", "left_aside"),
        *("left_aside_exports", "test_mode", "decided"),
        *("totals", "total", "sums", "reconciled"),
    ]
    assert [*found["totals"]] == [*CLASSES]
    assert found["total"]["rows"] == len(found["reconciled"]) == len(CASES)
    for kind, total in found["totals"].items():
        of_kind = [row for row in found["reconciled"] if row["class"] == kind]
        assert total["rows"] == len(of_kind)
        assert total["owed_yen"] == sum(row["owed_yen"] for row in of_kind)


@pytest.mark.parametrize("cases", ([], CASES[:1], CASES[:2]))
def test_json_is_json_whatever_the_number_of_rows(month, cases):
    assert len(json.loads(run(*month(cases), "--json").stdout)["reconciled"]) == len(cases)


def test_the_output_formats_have_every_row_and_class_chooses(month):
    arguments = month(CASES)
    every = [*csv.DictReader(io.StringIO(run(*arguments, "--csv").stdout))]
    assert len(every) == len(CASES)
    late = [
        json.loads(line) for line in run(*arguments, "--nl", "--class", "late").stdout.splitlines()
    ]
    assert [row["rec_id"] for row in late] == [
        int(row["rec_id"]) for row in every if row["class"] == "late"
    ]
    assert {row["reason"] for row in late} == {"metered in another month than delivered"}
    assert "\nlate: 2\n" in run(*arguments, "--class", "late").stdout


def test_the_same_inputs_give_the_same_bytes_and_the_file_is_only_read(month, db_path):
    arguments = month(CASES)
    before = db_path.read_bytes()
    for form in ((), ("--json",), ("--csv",), ("--table",)):
        assert run(*arguments, *form).stdout_bytes == run(*arguments, *form).stdout_bytes
    assert db_path.read_bytes() == before


def test_a_long_class_is_cut_in_the_text_and_says_where_the_rest_is(month):
    result = run(*month([Case("orphan", is_delivered=False)] * (SHOWN + 5)))
    assert result.stdout.count("charged under a key that no delivery has") == SHOWN
    assert "  and 5 more: --class 'orphan' --csv has all of them\n" in result.stdout


def test_what_cannot_be_read_is_said_on_standard_error_and_is_status_2(month, tmp_path):
    arguments = month([Case("matched")])
    bad = tmp_path / "bad.csv"
    bad.write_text("")
    result = run(*arguments, "--stripe", bad)
    assert (result.exit_code, result.stderr) == (
        2,
        f"cannot be verified: {bad} is empty - export it again\n",
    )
    assert "stripe        cannot be read\n" in result.stdout
    assert "\nunverifiable: 1\n" in result.stdout


def test_sums_are_shown_as_sums(month, tmp_path):
    arguments = month([Case("matched")])[:3]
    path = tmp_path / "invoice.json"
    path.write_text('[{"amount": 9}]')
    result = run(*arguments, "--invoiced", path)
    assert (
        "\ncompared as sums only:\n"
        "  wrong amount: invoice says 9 yen, usage_events 3, difference 6\n"
    ) in result.stdout
    assert result.exit_code == 1


def test_other_metered_events_are_left_aside_and_counted(month, db_path):
    arguments = month([Case("matched")])
    db = connect(db_path)
    db.execute(
        "INSERT INTO usage_events(key_hash, endpoint, ts, status, metered) VALUES ('k', 'v1/x', ?, 200, 1)",
        (JULY,),
    )
    db.close()
    assert "left aside    1 metered events that are not of a delivery\n" in run(*arguments).stdout


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    (
        ((), 2, "Missing option '--month'"),
        (("--month", "July"), 2, "Error: 'July' is not a month - write it like 2026-07"),
        (("--month", "2026-07", "--json", "--csv"), 2, "--json and --csv exclude each other"),
        (
            ("--month", "2026-07", "--class", "lost"),
            2,
            "'lost' is not one of 'unverifiable', 'erased', 'orphan'",
        ),
        (("--month", "2026-07", "--stripe", "nowhere.csv"), 2, "'nowhere.csv' does not exist"),
        (
            ("--month", "2026-07"),
            2,
            "usage_events is not in the file - give what was metered with --stripe",
        ),
    ),
)
def test_a_wrong_call_is_told_how(db_path, arguments, status, said):
    result = run(db_path, *arguments)
    assert result.exit_code == status
    assert said in result.stderr


def test_a_file_without_deliveries_cannot_be_verified(tmp_path):
    path = tmp_path / "other.db"
    db = connect(path)
    db.execute("CREATE TABLE t (x)")
    db.close()
    result = run(path, "--month", "2026-07")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        f"Error: am_personalization_delivery not found in {path}"
        f" - run: sqlite-utils personalization-migrate {path}\n"
    )
