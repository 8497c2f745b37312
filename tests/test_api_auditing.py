"""What was decided, why, and whether it is intact, from Python; and that commands print what these return."""

import json
import sqlite3
from datetime import date, datetime, timedelta, timezone
from itertools import islice

import pytest
import sqlite_utils
from scored import connect, history, tamper
from sqlite_utils.cli import cli

from sqlite_utils_personalization import (
    Conflict,
    Damaged,
    InvalidInput,
    NoSchema,
    NotFound,
    NotIntact,
    head,
    receipt,
    receipt_html,
    replay,
    seal,
    tlog_proof,
    verify,
    why_not,
)
from sqlite_utils_personalization.commands.base import LOOKS

CUSTOMER = "207d28c47238e89eee33d9249bdbebeb80dd9b6aab9aed05dff24fe783cbc0c0"
SHORT = CUSTOMER[:8]
P = "am_personalization_"


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "jpcite.db"
    path.write_bytes(history())
    return path


@pytest.fixture
def said(runner, path):
    """The output of a command of ours on the file as JSON, or its exit status where there is none."""

    def said(command, *arguments):
        words = [f"personalization-{command}", str(path), *map(str, arguments)]
        result = runner.invoke(cli, words)
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return json.loads(result.stdout) if result.stdout else result.exit_code

    return said


def plain(found):
    return json.loads(json.dumps(found))


def without_time(found):
    return {name: found[name] for name in found if name not in ("verified_at", "seconds")}


def test_a_command_prints_what_its_function_returns(path, said, tmp_path):
    who = ("--user-hash", SHORT)
    assert said("replay", "--run", 2, "--json") == plain(list(replay(path, run_id=2)))
    sealed = list(replay(path, [2, 3], sealed=True, now=True))
    assert said("replay", 2, 3, "--sealed", "--now", "--json") == plain(sealed)
    found = why_not(path, SHORT, "EX-105")
    assert said("why-not", "--item", "EX-105", *who, "--json") == plain(found)
    assert said("receipt", "--run", 1, *who, "--json") == plain(receipt(path, SHORT, 1))
    assert without_time(said("verify", "--json")) == without_time(plain(verify(path)))
    assert said("seal", "--head-only", "--json") == plain(head(path))
    assert said("seal", "--json") == plain(seal(path)) == plain(head(path))


def test_what_is_asked_of_a_path_may_be_asked_of_a_connection_or_a_database(path):
    conn = sqlite3.connect(path)
    conn.row_factory = sqlite3.Row
    for file in (str(path), conn, sqlite_utils.Database(str(path))):
        assert list(replay(file, 2)) == list(replay(path, 2))
        assert why_not(file, 1, "EX-105") == why_not(path, 1, "EX-105")
        assert receipt(file, 1, 1) == receipt(path, 1, 1)
        assert without_time(verify(file)) == without_time(verify(path))
        assert head(file) == head(path)
    assert not conn.in_transaction


class One:
    """An integer as numpy's are: no int, but one by its index."""

    def __index__(self):
        return 1


@pytest.mark.parametrize("customer", [CUSTOMER, SHORT, CUSTOMER[:63], 1, One()])
def test_a_customer_is_named_by_a_hash_by_its_beginning_or_by_number(path, customer):
    assert {row["profile_id"] for row in replay(path, customer=customer)} == {1}
    assert receipt(path, customer, One())["profile_id"] == 1


@pytest.mark.parametrize(
    "customer",
    [True, 1.0, 0, -1, 2**60, b"207d28c4", SHORT[:7], SHORT.upper(), "%", ["1"], "x" * 64],
)
def test_what_names_no_customer_is_invalid_and_not_repeated(path, customer):
    with pytest.raises(InvalidInput, match="customer") as raised:
        why_not(path, customer, "EX-105")
    assert str(customer) not in str(raised.value) or len(str(customer)) < 3


def test_a_beginning_that_two_customers_share_is_refused_with_their_number(path):
    connect(path).execute(
        f"INSERT INTO {P}profile (user_token_hash, preference_json) VALUES (?, '{{}}')",
        (SHORT + "f" * 56,),
    )
    with pytest.raises(InvalidInput, match="2 customers have a hash that begins so"):
        receipt(path, SHORT, 1)
    assert receipt(path, CUSTOMER[:16], 1)["profile_id"] == 1


def test_an_erased_customer_is_nobody_by_any_hash_and_still_a_number(path, runner):
    runner.invoke(cli, ["personalization-profile", "erase", str(path), "--user-hash", CUSTOMER])
    (left,) = (
        connect(path)
        .execute(f"SELECT user_token_hash FROM {P}profile WHERE profile_id = 1")
        .fetchone()
    )
    for customer in (CUSTOMER, SHORT, left[:8]):
        with pytest.raises(NotFound):
            list(replay(path, customer=customer))
    verdicts = {row["verdict"] for row in replay(path, customer=1, run_id=1)}
    assert verdicts == {"erased"} != {row["verdict"] for row in replay(path, customer=2)}


def test_times_are_texts_days_or_moments_with_a_zone(path):
    (served_at,) = (
        connect(path).execute(f"SELECT served_at FROM {P}run WHERE run_id = 1").fetchone()
    )
    moment = datetime.fromisoformat(served_at.replace("Z", "+00:00"))
    tokyo = moment.astimezone(timezone(timedelta(hours=9)))
    expected = [row["rec_id"] for row in replay(path, since=served_at, until=served_at)]
    assert expected
    assert [row["rec_id"] for row in replay(path, since=tokyo, until=moment)] == expected
    assert len(list(replay(path, until=moment.date()))) >= len(expected)
    assert list(replay(path, since=date(2999, 1, 1))) == []
    for wrong in (moment.replace(tzinfo=None), "yesterday", "2026-13-99", "2026-07-22T25", 5):
        with pytest.raises(InvalidInput, match="since"):
            next(replay(path, since=wrong))


@pytest.mark.parametrize("rec_ids", ["17", b"17", [1, "2"], 1.5, [True], [0], object(), {"a": 1}])
def test_numbers_of_rows_are_whole_numbers(path, rec_ids):
    with pytest.raises(InvalidInput, match="rec_id"):
        replay(path, rec_ids)


def test_what_is_not_there_is_not_found(path, said):
    for ask, command in (
        (lambda: next(replay(path, 10**6)), ("replay", 10**6)),
        (lambda: next(replay(path, run_id=99)), ("replay", "--run", 99)),
        (lambda: next(replay(path, customer="f" * 64)), ("replay", "--user-hash", "f" * 64)),
        (lambda: next(replay(path, customer="f" * 8)), ("replay", "--user-hash", "f" * 8)),
        (lambda: receipt(path, CUSTOMER, 99), ("receipt", "--run", 99, "--user-hash", SHORT)),
        (
            lambda: why_not(path, "f" * 64, "EX-105"),
            ("why-not", "--item", "EX-105", "--user-hash", "f" * 64),
        ),
        (
            lambda: why_not(path, 1, "EX-105", run_id=99),
            ("why-not", "--item", "EX-105", "--user-hash", SHORT, "--run", 99),
        ),
    ):
        with pytest.raises(LookupError) as raised:
            ask()
        assert isinstance(raised.value, NotFound)
        assert said(*command) == LOOKS["statuses"][NotFound] == 3


def test_what_does_not_fit_is_a_finding_and_what_cannot_be_read_is_none(path, said, tmp_path):
    tamper(connect(path), f"DELETE FROM {P}recommendation_log WHERE rec_id = 3")
    tamper(connect(path), f"UPDATE {P}recommendation_log SET score = 1 WHERE rec_id = 4")
    with pytest.raises(Damaged, match="missing from the log"):
        next(replay(path, 3))
    with pytest.raises(Damaged, match="not intact"):
        receipt(path, SHORT, 1)
    assert said("replay", 3) == 1
    assert said("receipt", "--run", 1, "--user-hash", SHORT) == 1
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(Damaged):
        verify(path)
    assert said("replay", 3) == said("receipt", "--run", 1, "--user-hash", SHORT) == 2
    assert said("verify") == 2


def test_why_not_exits_1_where_the_evidence_differs_and_answers_all_the_same(path, runner):
    tamper(connect(path), f"DELETE FROM {P}decision WHERE list_id = 1 AND seq = 1")
    asked = ("--item", "EXjg0000000000001A", "--run", "1", "--user-hash", SHORT, "--json")
    result = runner.invoke(cli, ["personalization-why-not", str(path), *asked])
    assert (result.exit_code, json.loads(result.stdout)["reason"]) == (1, "evidence differs")
    tamper(connect(path), f"DELETE FROM {P}cohort WHERE cohort_id = 1")
    with pytest.raises(NotIntact, match="cohort 1, is missing"):
        why_not(path, 1, "EX-105", run_id=1)


def test_a_file_without_our_tables_is_of_a_kind_of_its_own(tmp_path):
    empty = sqlite_utils.Database(tmp_path / "empty.db")
    empty["t"].insert({"a": 1})
    for ask in (
        lambda: next(replay(empty)),
        lambda: why_not(empty, 1, "EX-105"),
        lambda: receipt(empty, 1, 1),
        lambda: verify(empty),
        lambda: head(empty),
        lambda: seal(empty),
    ):
        with pytest.raises(NoSchema):
            ask()


def test_an_answer_is_invalid_of_what_can_be_no_item_or_type(path):
    for item_id in (105, None, "\ud800"):
        with pytest.raises(InvalidInput, match="item_id"):
            why_not(path, 1, item_id)
    with pytest.raises(InvalidInput, match="type"):
        why_not(path, 1, "EX-105", type="programme")


@pytest.mark.parametrize(
    ("name", "ask"),
    [
        ("run_id", lambda path: replay(path, run_id="1")),
        ("catalogue", lambda path: replay(path, 1, catalogue="own.sql")),
        ("catalogue", lambda path: replay(path, 1, now=True, catalogue=5)),
        ("run_id", lambda path: receipt(path, 1, 1.0)),
        ("envelope", lambda path: receipt(path, 1, 1, envelope=5)),
        ("envelope", lambda path: receipt(path, 1, 1, envelope={"no_underscore": 1})),
        ("envelope", lambda path: receipt(path, 1, 1, envelope={"_what": {1}})),
        ("public_keys", lambda path: verify(path, public_keys=None)),
        ("witnesses", lambda path: verify(path, witnesses=5)),
        ("record", lambda path: verify(path, record=5)),
        ("timeout_s", lambda path: verify(path, timeout_s="5")),
        ("key_file", lambda path: seal(path, key_file=5)),
        ("key", lambda path: head(path, key_file=path.parent / "none.pem")),
    ],
)
def test_an_argument_that_cannot_be_is_named(path, name, ask):
    with pytest.raises(InvalidInput, match=name):
        ask(path)


def test_rows_come_one_by_one_and_the_connection_is_free_in_between(path):
    conn = sqlite3.connect(path)
    rows = replay(conn, run_id=1)
    seen = [(row["rec_id"], conn.execute("SELECT 1").fetchone()) for row in islice(rows, 2)]
    assert seen == [(2, (1,)), (3, (1,))]
    conn.execute(f"UPDATE {P}profile SET preference_json = preference_json WHERE profile_id = 1")
    assert next(rows)["rec_id"] == 4
    conn.rollback()


def test_the_first_line_is_printed_before_the_last_row_is_read(path, monkeypatch, runner):
    from sqlite_utils_personalization.api import auditing
    from sqlite_utils_personalization.commands import output

    read = []
    rows = auditing.replayed
    monkeypatch.setattr(
        auditing,
        "replayed",
        lambda *given, **named: (read.append(one.rec_id) or one for one in rows(*given, **named)),
    )
    printed = []
    monkeypatch.setattr(output.click, "echo", lambda *said, **how: printed.append(len(read)))
    for form in ("--json", "--nl", "--arrays"):
        read.clear(), printed.clear()
        runner.invoke(cli, ["personalization-replay", str(path), "--run", "1", form])
        assert printed[0] <= 2 < len(read)


def test_a_receipt_is_a_page_and_a_proof_too(path):
    found = receipt(path, 1, 1, envelope={"_disclaimer": "no advice"})
    assert found["_disclaimer"] == "no advice"
    assert "<html" in receipt_html(found)
    assert tlog_proof(found).startswith("c2sp.org/tlog-proof@v1\n")
    for wrong in ({}, None, [], {"seal": 1, "head": "x"}):
        with pytest.raises(InvalidInput, match="no receipt"):
            receipt_html(wrong)
        with pytest.raises(InvalidInput, match="no receipt"):
            tlog_proof(wrong)


def test_a_head_that_is_kept_as_text_is_held_against_the_file(path, tmp_path):
    kept = head(path)
    (tmp_path / "heads.txt").write_text(kept["note"])
    for heads in (kept["note"], tmp_path / "heads.txt", str(tmp_path / "heads.txt")):
        found = verify(path, heads=heads)
        assert (found["ok"], found["kept"], found["kept_seal_id"]) == (True, "agree", kept["size"])
        assert receipt(path, 1, 1, heads=heads)["head"] == kept["note"].removesuffix("\n")
    other = kept["note"].replace(kept["origin"], "sqlite-utils-personalization/other")
    found = verify(path, heads=other)
    assert (found["ok"], found["kept"]) == (False, "differ")
    for wrong in (tmp_path / "none.txt", "x\n", b"x", tmp_path, kept, [kept["note"]]):
        with pytest.raises(InvalidInput):
            verify(path, heads=wrong)
    with pytest.raises(InvalidInput, match="heads"):
        verify(path, witnesses="w+12345678+AAAA")


def test_a_head_is_signed_and_its_key_given_as_text_or_file(path, tmp_path):
    pytest.importorskip("cryptography", reason="the extra [sign]")
    from cryptography.hazmat.primitives import serialization as s
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    pem = tmp_path / "seal.pem"
    pem.write_bytes(
        Ed25519PrivateKey.generate().private_bytes(
            s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption()
        )
    )
    pem.chmod(0o600)
    kept = seal(path, key_file=str(pem))
    assert kept["origin"] == head(path)["origin"]
    (tmp_path / "log.pub").write_text(kept["public_key"] + "\n")
    for keys in (kept["public_key"], [kept["public_key"]], tmp_path / "log.pub"):
        assert verify(path, heads=kept["note"], public_keys=keys)["ok"]
    found = verify(path, heads=head(path)["note"], public_keys=kept["public_key"])
    assert [one["code"] for one in found["findings"]] == ["head-not-signed"]
    assert found["checks"][-1]["check"] == "signature"


def test_a_verification_says_what_was_checked_and_how_far(path):
    found = verify(path)
    db = connect(path)
    runs, logged, seals = (
        db.execute(f"SELECT count(*) FROM {P}{table}").fetchone()[0]
        for table in ("run", "recommendation_log", "seal")
    )
    assert (found["counts"]["runs"], found["counts"]["logged"]) == (runs, logged)
    by_check = {one["check"]: one for one in found["checks"]}
    assert by_check["run"]["of"] == {"runs": runs}
    assert by_check["log"]["of"] == {"logged": logged}
    assert by_check["seal"]["of"] == {"seals": seals}
    assert all(one["finished"] and not one["findings"] for one in found["checks"])
    assert (found["ok"], found["findings"], found["head"]) == (True, [], head(path))
    assert found["migrations"][0] == "287_personalization"


def test_a_check_that_cannot_go_on_says_so_and_findings_are_counted(path):
    tamper(connect(path), f"ALTER TABLE {P}decision RENAME COLUMN score TO other")
    found = verify(path)
    unfinished = [one["check"] for one in found["checks"] if not one["finished"]]
    assert unfinished
    assert not found["ok"]
    assert sum(one["findings"] for one in found["checks"]) == sum(
        one["count"] for one in found["findings"]
    )


def test_strict_is_not_ok_where_no_seal_covers_rows(path):
    connect(path).execute(
        f"INSERT INTO {P}recommendation_log (profile_id, recommendation_type, score) VALUES (1, 'program', 9)"
    )
    assert verify(path)["ok"]
    found = verify(path, strict=True)
    assert (found["ok"], found["findings"]) == (False, [])
    assert {"code", "sentence", "count", "first", "last"} == found["notes"][0].keys()
    seal(path)
    assert verify(path, strict=True)["ok"]


def test_a_verification_is_kept_in_the_callers_transaction(path, tmp_path):
    conn = sqlite3.connect(path)
    verify(conn, keep=True, record=tmp_path / "log.jsonl")
    assert conn.in_transaction
    conn.rollback()
    rows = f"SELECT count(*) FROM {P}verification"
    assert connect(path).execute(rows).fetchone() == (0,)
    verify(path, keep=True)
    assert connect(path).execute(rows).fetchone() == (1,)
    (line,) = (tmp_path / "log.jsonl").read_text().splitlines()
    assert json.loads(line)["kept"] == "none"


def test_sealing_refuses_the_callers_transaction(path):
    conn = sqlite3.connect(path)
    conn.execute(
        f"INSERT INTO {P}recommendation_log (profile_id, recommendation_type, score) VALUES (1, 'program', 9)"
    )
    before = head(path)
    with pytest.raises(Conflict, match="in a transaction"):
        seal(conn)
    conn.commit()
    assert seal(conn)["size"] == before["size"] + 1
