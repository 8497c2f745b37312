"""personalization-digest --record: what the sender says was sent, recorded once."""

import json
import shutil
import sqlite3
from contextlib import closing
from hashlib import sha256

import pytest
from click.testing import CliRunner
from scored import migrated

from sqlite_utils_personalization import score
from sqlite_utils_personalization.billing.record import record_deliveries, reverse_delivery
from sqlite_utils_personalization.commands.digest import digest as command
from sqlite_utils_personalization.digest import sent as results
from sqlite_utils_personalization.preferences.erasure import erase

AS_OF = "2026-04-01"
PROGRAMS = """
CREATE TABLE programs (unified_id TEXT PRIMARY KEY, primary_name TEXT NOT NULL);
INSERT INTO programs VALUES ('P1', '建設業の省エネ補助金'), ('P2', '建設業の人材育成助成金');
"""
HASHES = [sha256(f"key-{number}".encode()).hexdigest() for number in range(1, 4)]


@pytest.fixture(scope="module")
def made(tmp_path_factory, add_profile):
    path = migrated(tmp_path_factory.mktemp("digests") / "jpcite.db")
    with closing(sqlite3.connect(path)) as db:
        db.executescript(PROGRAMS)
    for number in range(1, 4):
        add_profile(path, number, {"industry_pack": "D"})
    score(path, as_of=AS_OF)
    arguments = [str(path), "--out", str(path.with_name("d")), "--on", AS_OF]
    assert CliRunner().invoke(command, arguments).exit_code == 0
    return path.parent


@pytest.fixture
def sent(tmp_path, made):
    """A file and the folder of its digests: two recommendations to each of three customers."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return tmp_path / "jpcite.db", tmp_path / "d"


def record(sent, *lines):
    text = b"".join(
        line + b"\n" if isinstance(line, bytes) else json.dumps(line).encode() + b"\n"
        for line in lines
    )
    path, folder = sent
    return CliRunner().invoke(
        command, [str(path), "--out", str(folder), "--record", "-"], input=text
    )


def stored(sent):
    sql = (
        "SELECT l.profile_id, channel, slot, delivered_at, status, unit_price_yen FROM am_personalization_delivery"
        " JOIN am_personalization_recommendation_log l USING (rec_id) ORDER BY delivery_id"
    )
    with closing(sqlite3.connect(sent[0])) as db:
        return db.execute(sql).fetchall()


def test_what_was_sent_is_recorded_and_what_was_not_is_not(sent):
    lines = [
        {"user_token_hash": HASHES[0], "sent": True, "sent_at": "2026-04-01T09:00:00+09:00"},
        {"user_token_hash": HASHES[1], "sent": False},
    ]
    result = record(sent, *lines)
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "2 delivered, 0 already delivered, 1 digest not sent\n"
    assert stored(sent) == [(1, "digest", AS_OF, "2026-04-01T00:00:00.000Z", 200, 3)] * 2


def test_the_same_again_records_nothing_more(sent):
    line = {"user_token_hash": HASHES[0], "sent_at": "2026-04-01T09:00:00+09:00"}
    record(sent, line)
    result = record(sent, line, line, {"user_token_hash": HASHES[0]})
    assert (result.exit_code, result.stderr) == (
        0,
        "0 delivered, 6 already delivered, 0 digests not sent\n",
    )
    assert len(stored(sent)) == 2


def test_what_could_not_be_sent_may_be_sent_later(sent):
    record(sent, {"user_token_hash": HASHES[0], "sent": False})
    record(sent, {"user_token_hash": HASHES[0], "sent": True})
    assert len(stored(sent)) == 2


BAD = [
    (b"{", "is not a result"),
    (b"[]", "is not a result"),
    (b"\xff", "is not a result"),
    (b'{"sent": true}', "is not a result"),
    (b'{"user_token_hash": "a", "user_token_hash": "b"}', "is not a result"),
    ({"user_token_hash": HASHES[0], "mail": "a@example.com"}, "is not a result"),
    ({"user_token_hash": HASHES[0], "sent": "yes"}, "sent is neither true nor false"),
    ({"user_token_hash": "a-raw-key"}, "user_token_hash is not 64 lower-case hex digits"),
    ({"user_token_hash": 5}, "user_token_hash is not 64 lower-case hex digits"),
    ({"user_token_hash": "../" + HASHES[0][3:]}, "user_token_hash is not 64 lower-case hex digits"),
    ({"user_token_hash": "0" * 64}, "the folder has no digest for this customer"),
    ({"user_token_hash": HASHES[0], "sent_at": "yesterday"}, "'yesterday' is not a time with its"),
    (
        {"user_token_hash": HASHES[0], "sent_at": "2026-04-01T09:00:00"},
        "is not a time with its zone",
    ),
]


@pytest.mark.parametrize(("line", "sentence"), BAD)
def test_a_bad_line_is_named_and_the_others_are_recorded(sent, line, sentence):
    result = record(
        sent, {"user_token_hash": HASHES[1]}, b"  ", line, {"user_token_hash": HASHES[2]}
    )
    assert result.exit_code == 1
    first, second, last = result.stderr.splitlines()
    assert first.startswith(f"line 3: {sentence}") or sentence in first
    assert second == "4 delivered, 0 already delivered, 0 digests not sent"
    assert last == (
        "Error: 1 line cannot be taken - the others are recorded; mend these and run this again"
    )
    assert "a-raw-key" not in result.stderr
    assert "example.com" not in result.stderr
    assert {row[0] for row in stored(sent)} == {2, 3}


@pytest.mark.parametrize(
    "edit",
    [
        lambda found: found["programs"][0].update(rec_id=6),
        lambda found: found["programs"][0].update(rec_id=10**30),
        lambda found: found["programs"][0].update(rec_id="1"),
        lambda found: found.update(run_id=2),
        lambda found: found.pop("changes"),
        lambda found: found.update(programs=[]),
        lambda found: found["programs"].append(found["programs"][0]),
    ],
)
def test_a_digest_that_is_not_of_this_file_or_of_one_customer_charges_nobody(sent, edit):
    file = sent[1] / f"{HASHES[0]}.json"
    found = json.loads(file.read_text(encoding="utf-8"))
    edit(found)
    file.write_text(json.dumps(found), encoding="utf-8")
    result = record(sent, {"user_token_hash": HASHES[0]})
    assert result.exit_code == 1
    assert result.stderr.startswith(("line 1: its digest is not one of this", "line 1: rec_id is "))
    assert stored(sent) == []


def test_a_digest_that_was_broken_meanwhile_is_named(sent):
    (sent[1] / f"{HASHES[0]}.json").write_text("{")
    assert (
        "line 1: its digest cannot be read - render it again"
        in record(sent, {"user_token_hash": HASHES[0]}).stderr
    )


def test_what_was_sent_before_its_customer_was_erased_is_owed(sent):
    with closing(sqlite3.connect(sent[0], isolation_level=None)) as db:
        erase(db, HASHES[0])
    assert record(sent, {"user_token_hash": HASHES[0]}).exit_code == 0
    assert len(stored(sent)) == 2


def test_another_time_for_what_is_recorded_is_a_conflict(sent):
    record(sent, {"user_token_hash": HASHES[0], "sent_at": "2026-04-01T09:00:00+09:00"})
    result = record(sent, {"user_token_hash": HASHES[0], "sent_at": "2026-04-01T10:00:00+09:00"})
    assert result.exit_code == 1
    assert (
        "line 1: rec_id 1 was delivered on digest in slot 2026-04-01 with delivered_at"
        in result.stderr
    )


def test_each_batch_is_kept_whatever_becomes_of_the_next(sent, monkeypatch):
    monkeypatch.setattr(results, "_TOGETHER", 1)
    path, folder = sent
    lines = [json.dumps({"user_token_hash": one}).encode() for one in HASHES]
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        found = results.record_results(db, folder, lines, lambda number, fault: None)
        assert next(found) == (2, 0, 0, 0)
        assert next(found) == (2, 0, 0, 0)
        found.close()
    assert len(stored(sent)) == 4


SENT = {"user_token_hash": HASHES[0], "sent_at": "2026-04-01T09:00:00+09:00"}
BY_REST = {"channel": "rest", "slot": AS_OF, "delivered_at": f"{AS_OF}T00:30:00+09:00"}


def test_what_the_customer_took_by_another_door_meanwhile_is_not_charged_again(sent):
    with closing(sqlite3.connect(sent[0], isolation_level=None)) as db:
        record_deliveries(db, [1], **BY_REST)
    for already in (0, 1):
        assert record(sent, SENT).stderr == (
            f"{1 - already} delivered, {already} already delivered, 0 digests not sent\n"
            "1 not charged: handed over otherwise, or closed, before it was sent\n"
        )
    assert [(row[1], row[5]) for row in stored(sent)] == [("rest", 3), ("digest", 3)]


def test_what_was_taken_back_there_is_charged(sent):
    with closing(sqlite3.connect(sent[0], isolation_level=None)) as db:
        record_deliveries(db, [1], **BY_REST)
        reverse_delivery(db, 1)
    assert record(sent, SENT).stderr == "2 delivered, 0 already delivered, 0 digests not sent\n"


def test_what_had_closed_before_it_was_sent_is_not_charged(db_path, add_profile, tmp_path):
    with closing(sqlite3.connect(db_path)) as db:
        db.executescript(PROGRAMS + CLOSING)
    add_profile(db_path, 1, {"industry_pack": "D"})
    score(db_path, as_of=AS_OF)
    sent = db_path, tmp_path / "d"
    arguments = [str(db_path), "--out", str(sent[1]), "--on", AS_OF]
    assert CliRunner().invoke(command, arguments).exit_code == 0
    result = record(sent, SENT | {"sent_at": "2026-04-22T00:00:00+09:00"})
    assert result.stderr.startswith(
        "2 delivered, 0 already delivered, 0 digests not sent\n1 not charged"
    )
    assert len(stored(sent)) == 2
    # On its last day, in Japan, it was open.
    other = sent[0], tmp_path / "d"
    with closing(sqlite3.connect(db_path, isolation_level=None)) as db:
        for number in (1, 2):
            reverse_delivery(db, number)
    result = record(other, SENT | {"sent_at": "2026-04-21T14:59:00Z"})
    assert "delivered_at" in result.stderr, "the slot of the two others is taken"
    assert "1 delivered" in result.stderr


CLOSING = """
DROP TABLE programs;
CREATE TABLE programs (unified_id TEXT PRIMARY KEY, primary_name TEXT NOT NULL, application_window_json TEXT);
INSERT INTO programs VALUES ('P1', '建設業の省エネ補助金', NULL), ('P2', '建設業の人材育成助成金', NULL),
    ('P3', '建設業の見本市出展支援', '{"end_date": "2026-04-21"}');
"""


def test_a_folder_that_is_none_of_digests_is_refused_once(sent, tmp_path):
    path, _ = sent
    result = record((path, tmp_path / "elsewhere"), SENT, SENT)
    assert (result.exit_code, result.stderr) == (
        1,
        f"Error: {tmp_path / 'elsewhere'} has no digests.jsonl - name the folder that the digests were sent from\n",
    )


@pytest.mark.parametrize("option", ["--ics", "--most=5", "--lang=ja", "--night=latest", "-s"])
def test_to_record_nothing_else_is_said(sent, option):
    path, folder = sent
    arguments = [str(path), "--out", str(folder), "--record", "-", option]
    result = CliRunner().invoke(command, arguments, input=json.dumps(SENT))
    assert result.exit_code == 2
    assert "--record goes with --out alone" in result.stderr
    assert stored(sent) == []


def test_of_what_was_recorded_nothing_is_new_the_next_day(sent, tmp_path):
    path, _ = sent
    at = {"sent_at": "2026-04-01T09:00:00+09:00"}
    record(sent, *({"user_token_hash": one, **at} for one in HASHES))
    score(path, as_of="2026-04-02")
    again = [str(path), "--out", str(tmp_path / "e"), "--on", "2026-04-02"]
    result = CliRunner().invoke(command, again)
    assert result.stderr.startswith("0 digests of 2026-04-02")
    assert [file.name for file in (tmp_path / "e").iterdir()] == ["digests.jsonl"]
