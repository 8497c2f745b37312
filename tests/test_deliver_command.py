"""personalization-deliver: what a script says of deliveries, recorded once, all or none."""

import json
from hashlib import sha256

import pytest
from click.testing import CliRunner
from delivered import connect, logged, rows

from sqlite_utils_personalization.commands.deliver import deliver as command

DIGEST = ("--channel", "digest", "--slot", "2026-07-22")


@pytest.fixture
def path(db_path):
    return logged(db_path, 20)


def run(path, *arguments, lines=None):
    if isinstance(lines, list):
        lines = "".join(f"{json.dumps(line)}\n" for line in lines)
    return CliRunner().invoke(command, [str(path), *map(str, arguments)], input=lines)


def stored(path, columns="rec_id, channel, slot, delivered_at, status, unit_price_yen"):
    db = connect(path)
    try:
        return rows(db, columns)
    finally:
        db.close()


def line(rec_id, **other):
    return {"rec_id": rec_id, "channel": "digest", "slot": "2026-07-22", **other}


def test_what_was_recorded_is_printed_and_counted(path):
    result = run(path, 17, 18, *DIGEST, "--delivered-at", "2026-07-22T09:30+09:00", "--status", 204)
    assert (result.exit_code, result.stderr) == (0, "2 delivered\n")
    printed = json.loads(result.stdout)
    assert stored(path) == [
        (rec_id, "digest", "2026-07-22", "2026-07-22T00:30:00.000Z", 204, 3) for rec_id in (17, 18)
    ]
    assert printed[0] == {
        "delivery_id": 1,
        "delivery_key": sha256(b'[17,"digest","2026-07-22"]').hexdigest(),
        "rec_id": 17,
        "channel": "digest",
        "slot": "2026-07-22",
        "delivered_at": "2026-07-22T00:30:00.000Z",
        "recorded_at": printed[0]["recorded_at"],
        "status": 204,
        "unit_price_yen": 3,
        "reversal_of": None,
        "charge_key": printed[0]["charge_key"],
        "billing_key": printed[0]["billing_key"],
        "outcome": "delivered",
    }


def test_the_same_again_is_success_and_says_so(path):
    first = json.loads(run(path, 17, *DIGEST).stdout)
    result = run(path, 17, 18, *DIGEST, "--nl")
    assert (result.exit_code, result.stderr) == (0, "1 already delivered, 1 delivered\n")
    again = [json.loads(row) for row in result.stdout.splitlines()]
    assert again[0] == first[0] | {"outcome": "already delivered"}
    assert len(stored(path)) == 2


def test_other_content_is_refused_and_nothing_recorded(path):
    run(path, 17, *DIGEST)
    result = run(path, 18, 17, *DIGEST, "--status", 500)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        "Error: rec_id 17 was delivered on digest in slot 2026-07-22 with status 200, not 500"
        " - correct the fact, or reverse that delivery and use another slot\n"
    )
    assert len(stored(path)) == 1


def test_rows_come_in_the_formats_of_sqlite_utils(path):
    assert run(path, 17, *DIGEST, "--csv").stdout.startswith("delivery_id,delivery_key,rec_id,")
    assert run(path, 17, *DIGEST, "--table").stdout.rstrip().endswith("already delivered")


def test_lines_are_recorded_and_the_options_are_what_they_do_not_say(path):
    lines = [
        {"rec_id": 1},
        {"rec_id": 2, "slot": "2026-07-23"},
        line(3, status=500, unit_price_yen=2),
    ]
    lines[2]["delivered_at"] = "2026-07-22T00:30:00Z"
    result = run(path, "-", *DIGEST, "--delivered-at", "2026-07-21T00:00Z", lines=lines)
    assert (result.exit_code, result.stderr) == (0, "2 delivered, 1 failed\n")
    assert stored(path) == [
        (1, "digest", "2026-07-22", "2026-07-21T00:00:00.000Z", 200, 3),
        (2, "digest", "2026-07-23", "2026-07-21T00:00:00.000Z", 200, 3),
        (3, "digest", "2026-07-22", "2026-07-22T00:30:00.000Z", 500, 2),
    ]


@pytest.mark.parametrize("end", ("\n", "\r\n", "\n\n \n"))
def test_a_byte_order_mark_windows_line_ends_and_blank_lines_are_nothing(path, end):
    text = "\ufeff" + end.join(json.dumps(line(number)) for number in (1, 2))
    assert run(path, "-", lines=text.encode()).stderr == "2 delivered\n"


def test_no_line_is_no_error(path):
    result = run(path, "-", lines=b"")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "[]\n", "no line, no delivery\n")


FORM = (
    'is not a JSON object - write it like {"rec_id": 17, "channel": "digest", "slot": "2026-07-22"}'
)


@pytest.mark.parametrize(
    ("bad", "said"),
    (
        (b"{", FORM),
        (b"[]", FORM),
        (b"17", FORM),
        (b"NaN", FORM),
        (b"[" * 100_000, FORM),
        (b'{"rec_id": ' + b"9" * 5000 + b"}", None),
        (b'\xff\xfe{\0"\0', "is not UTF-8 - write the file as UTF-8"),
        (b'{"rec_id": 1, "rec_id": 2}', "says one key twice - say it once"),
        (
            b'{"rec_id": 1, "email": "someone@example.com"}',
            "has a key of another name - use rec_id, channel, slot, delivered_at, status, unit_price_yen",
        ),
        (b"{}", "has no rec_id - add it to the line, or as an option"),
        (b'{"rec_id": 1}', "has no channel - add it to the line, or as an option"),
        (
            json.dumps(line(99)).encode(),
            "rec_id 99 is not in the log - give one that a night, or another program, logged",
        ),
        (json.dumps(line(-1)).encode(), "rec_id is -1 - give an integer from 1 to 2^53"),
        (json.dumps(line(True)).encode(), "rec_id is True - give an integer from 1 to 2^53"),
        (
            json.dumps(line(1, status="200")).encode(),
            "status is '200' - give an integer from 100 to 599",
        ),
        (
            json.dumps(line(1, slot="someone@example.com")).encode(),
            "slot is neither a day, a month or a week, nor the number of an issue"
            " - give one like 2026-07-22, 2026-07, 2026-W30 or issue-7",
        ),
        (
            json.dumps(line(5, status=500)).encode(),
            "rec_id 5 was delivered on digest in slot 2026-07-22 with status 200, not 500"
            " - correct the fact, or reverse that delivery and use another slot",
        ),
    ),
)
def test_one_bad_line_is_reported_by_number_and_none_recorded(path, bad, said):
    good = json.dumps(line(5)).encode()
    result = run(path, "-", lines=b"\n".join((good, bad, good)))
    assert (result.exit_code, result.stdout) == (1, "")
    report, error = result.stderr.splitlines()
    if said:
        assert report == f"line 2: {said}"
    assert report.startswith("line 2: ")
    assert "someone" not in result.stderr
    assert error == (
        "Error: 1 line cannot be taken - nothing was recorded; mend and run this again"
    )
    assert stored(path) == []


def test_every_bad_line_is_reported(path):
    lines = [line(99), line(1), line(0), {}, line(98)]
    result = run(path, "-", lines=lines)
    reported = result.stderr.splitlines()
    assert sorted(one.split(":")[0] for one in reported[:-1]) == [f"line {n}" for n in (1, 3, 4, 5)]
    assert reported[-1].startswith("Error: 4 lines cannot be taken")


def test_a_delivery_is_taken_back_once(path):
    run(path, 17, 18, *DIGEST)
    result = run(path, 17, *DIGEST, "--reverse")
    assert (result.exit_code, result.stderr) == (0, "1 reversed\n")
    assert json.loads(result.stdout)[0]["reversal_of"] == 1
    again = run(
        path, "-", "--reverse", lines=[line(18, channel="digest"), line(17, channel="digest")]
    )
    assert (again.exit_code, again.stderr) == (0, "1 already reversed, 1 reversed\n")
    assert stored(path, "rec_id, reversal_of") == [(17, None), (18, None), (17, 1), (18, 2)]


def test_what_was_not_delivered_is_not_taken_back(path):
    run(path, 17, *DIGEST)
    result = run(path, "-", *DIGEST, "--reverse", lines=[{"rec_id": 17}, {"rec_id": 18}])
    assert result.exit_code == 1
    assert result.stderr.startswith(
        "line 2: rec_id 18 was not delivered on digest in slot 2026-07-22 - there is nothing to reverse\n"
    )
    assert len(stored(path)) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    (
        ((), "Missing argument 'REC_ID...'"),
        ((17,), "name --channel and --slot"),
        ((17, "--channel", "digest"), "name --channel and --slot"),
        (("-", 17), "- stands alone: the lines name their rec_id"),
        ((0, *DIGEST), "0 is not in the range 1<=x<=9007199254740992"),
        (("x", *DIGEST), "'x' is not a valid integer range"),
        ((17, "--channel", "fax", "--slot", "1"), "'fax' is not one of 'rest', 'mcp', 'digest'"),
        ((17, *DIGEST, "--status", 42), "42 is not in the range 100<=x<=599"),
        (
            (17, *DIGEST, "--reverse", "--status", 200),
            "--reverse does not go with --status",
        ),
    ),
)
def test_a_wrong_call_is_told_how(path, arguments, said):
    result = run(path, *arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert stored(path) == []


def test_a_file_without_our_tables_is_told_what_to_run(tmp_path):
    path = tmp_path / "an other.db"
    db = connect(path)
    db.execute("CREATE TABLE t (x)")
    db.close()
    result = run(path, 17, *DIGEST)
    assert (result.exit_code, result.stderr) == (
        1,
        f"Error: am_personalization_delivery not found in {path}"
        f" - run: sqlite-utils personalization-migrate '{path}'\n",
    )
