"""The setting verification: a file of the lines of verify --record, for a copy that must not be written.

A line counts where its head is in the chain and its log is not longer; what else stands there is said in a sentence.
"""

import json
import os
import shutil
import sqlite3
from datetime import timedelta

import pytest

pytest.importorskip("datasette")

from datasette.utils import StartupError
from receipt_fixtures import history
from viewer_fixtures import serve, shared_database

from sqlite_utils_personalization import verify
from sqlite_utils_personalization.audit.verify.recorded import read_recorded
from sqlite_utils_personalization.clock import right_now, utc

PLUGIN = "sqlite-utils-personalization"
HOME = "/-/personalization"
PAGES = (HOME, f"{HOME}/verification")


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """Served with -i, as a copy is that must not be written."""
    return history(tmp_path_factory.mktemp("history") / "jpcite.db")


@pytest.fixture(scope="module")
def line(shared, tmp_path_factory):
    """What verify --record writes of it."""
    file = tmp_path_factory.mktemp("record") / "record.jsonl"
    verify(shared, record=file)
    return file.read_text(encoding="utf-8")


@pytest.fixture
def file(tmp_path):
    return tmp_path / "verifications.jsonl"


def edited(line, **changes):
    return json.dumps({**json.loads(line), **changes}) + "\n"


async def asked(path, file, lang="en"):
    """Of both pages: what the twin says of trust, the sentence on the file or None, and the text of the page."""
    metadata = {"plugins": {PLUGIN: {"verification": str(file)}}}
    datasette = await serve(immutables=[str(path)], metadata=metadata)
    found = []
    for page in PAGES:
        headers = {"Accept-Language": lang}
        data = (await datasette.client.get(f"{page}.json", headers=headers)).json()
        answer = await datasette.client.get(page, headers=headers)
        assert answer.status_code == 200, answer.text
        said = [one["sentence"] for one in data["warnings"] if one["reason"] == "verification_file"]
        for sentence in said:
            assert sentence.replace("'", "&#39;") in answer.text
        assert len(said) < 2
        found.append((data["trust"], said[0] if said else None, answer.text))
    (trust, sentence, text), (again, same, _) = found
    assert (again["state"], same) == (trust["state"], sentence)
    return trust, sentence, text


@pytest.mark.asyncio
async def test_a_record_beside_the_file_makes_it_as_green_as_one_in_it(shared, line, file):
    before = shared.read_bytes()
    file.write_text(line)
    trust, sentence, text = await asked(shared, file)
    assert (trust["state"], sentence, trust["rows_after"]) == ("holds", None, 0)
    assert 'class="pa-verdict ok"' in text
    assert trust["verification"]["recorded_in"] == "verifications.jsonl"
    assert "is a note in verifications.jsonl, not a proof" in text
    assert shared.read_bytes() == before


@pytest.mark.asyncio
async def test_without_the_setting_it_was_never_verified(shared):
    datasette = await serve(immutables=[str(shared)], metadata={})
    data = (await datasette.client.get(f"{HOME}.json")).json()
    assert (data["trust"]["state"], data["trust"]["verification"]) == ("not verified", None)


@pytest.mark.asyncio
async def test_its_findings_are_as_loud_as_those_in_the_file(shared, tmp_path, file):
    path = tmp_path / "jpcite.db"
    shutil.copy(shared, path)
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("DROP TRIGGER am_personalization_recommendation_log_no_update")
    db.execute(
        "UPDATE am_personalization_recommendation_log SET score = score - 1 WHERE rec_id = 1"
    )
    db.close()
    verify(path, record=file)
    trust, sentence, _ = await asked(path, file)
    assert (trust["state"], sentence) == ("fault", None)
    metadata = {"plugins": {PLUGIN: {"verification": str(file)}}}
    datasette = await serve(immutables=[str(path)], metadata=metadata)
    for page in ("/replay/1", "/night/1", "/customer/1"):
        text = (await datasette.client.get(f"{HOME}{page}")).text
        assert 'class="pa-verdict fault"' in text, page


@pytest.mark.asyncio
async def test_the_newest_counts_wherever_it_stands(shared, line, tmp_path, file):
    path = tmp_path / "jpcite.db"
    shutil.copy(shared, path)
    verify(path, keep=True)
    day = utc(right_now() - timedelta(days=1))
    file.write_text(edited(line, verified_at=day, findings=3))
    trust, *_ = await asked(path, file)
    assert trust["verification"]["recorded_in"] is None
    file.write_text(edited(line, verified_at=utc(right_now() + timedelta(seconds=30))))
    trust, *_ = await asked(path, file)
    assert trust["verification"]["recorded_in"] == "verifications.jsonl"
    # Both are listed.
    metadata = {"plugins": {PLUGIN: {"verification": str(file)}}}
    datasette = await serve(path, metadata=metadata)
    data = (await datasette.client.get(f"{HOME}/verification.json")).json()
    assert [one["recorded_in"] for one in data["verifications"]] == ["verifications.jsonl", None]


@pytest.mark.asyncio
async def test_rows_after_it_make_it_amber(shared, line, tmp_path, file):
    path = tmp_path / "jpcite.db"
    shutil.copy(shared, path)
    db = sqlite3.connect(path)
    with db:
        db.execute(
            "INSERT INTO am_personalization_recommendation_log(profile_id, recommendation_type, score)"
            " VALUES (1, 'program', 50)"
        )
    db.close()
    file.write_text(line)
    trust, sentence, _ = await asked(path, file)
    assert (trust["state"], trust["rows_after"], sentence) == ("not verified", 1, None)


@pytest.mark.asyncio
async def test_an_old_one_is_amber(shared, line, file):
    file.write_text(edited(line, verified_at=utc(right_now() - timedelta(days=36))))
    trust, sentence, _ = await asked(shared, file)
    assert (trust["state"], trust["is_old"], sentence) == ("not verified", True, None)


OF = "Of the newest {} lines of verifications.jsonl, {} count here: {} are no verification, {} are dated"
HOSTILE = {
    "other head": (lambda line: edited(line, tree_root="0" * 64), (1, 0, 0, 0)),
    "no such seal": (lambda line: edited(line, seal_id=99), (1, 0, 0, 0)),
    "no head": (lambda line: edited(line, seal_id=99, tree_root=None), (1, 0, 0, 0)),
    "nothing sealed": (lambda line: edited(line, seal_id=0, tree_root=None), (1, 0, 0, 0)),
    "a longer log": (lambda line: edited(line, log_end=10**9), (1, 0, 0, 0)),
    "future": (lambda line: edited(line, verified_at="2999-01-01T00:00:00.000Z"), (1, 0, 0, 1)),
    "no date": (lambda line: edited(line, verified_at="soon"), (1, 0, 1, 0)),
    "no zone": (lambda line: edited(line, verified_at="2026-04-01T00:00:00"), (1, 0, 1, 0)),
    "a date beyond": (lambda line: edited(line, verified_at="9" * 400), (1, 0, 1, 0)),
    "half a line": (lambda line: line[: len(line) // 2], (1, 0, 1, 0)),
    "half behind a whole": (lambda line: line + line[: len(line) // 2], (2, 1, 1, 0)),
    "other keys": (lambda line: edited(line, more=1), (1, 0, 1, 0)),
    "negative": (lambda line: edited(line, log_end=-1), (1, 0, 1, 0)),
    "not a number": (lambda line: edited(line, findings="none"), (1, 0, 1, 0)),
    "true": (lambda line: edited(line, findings=True), (1, 0, 1, 0)),
    "beyond SQLite": (lambda line: edited(line, seal_id=2**70), (1, 0, 1, 0)),
    "findings of no kind": (lambda line: edited(line, findings_json=[1]), (1, 0, 1, 0)),
    "a list": (lambda line: "[1, 2]\n", (1, 0, 1, 0)),
    "deep": (lambda line: "[" * 100_000 + "\n", (1, 0, 1, 0)),
    "a long number": (lambda line: "1" * 10_000 + "\n", (1, 0, 1, 0)),
    "NaN": (lambda line: line.replace('"findings":0', '"findings":NaN'), (1, 0, 1, 0)),
    "a key twice": (
        lambda line: line.replace('"findings":0', '"findings":0,"findings":0'),
        (1, 0, 1, 0),
    ),
    "many": (lambda line: "x\n" * 5000, (200, 0, 200, 0)),
}


@pytest.mark.asyncio
@pytest.mark.parametrize("name", HOSTILE)
async def test_what_does_not_count_is_said_in_a_sentence(shared, line, file, name):
    make, (lines, counting, broken, late) = HOSTILE[name]
    text = make(line)
    assert text != line
    file.write_text(text)
    trust, sentence, _ = await asked(shared, file)
    assert trust["state"] == ("holds" if counting else "not verified")
    assert sentence.startswith(OF.format(lines, counting, broken, late))


NO_FILE = {
    "missing": (lambda file: None, "is not there."),
    "folder": (lambda file: file.mkdir(), "is no file to be read."),
    "pipe": (os.mkfifo, "is no file to be read."),
    "empty": (lambda file: file.touch(), "there is none yet."),
    "blank": (lambda file: file.write_text("\n \n\n"), "there is none yet."),
    "binary": (lambda file: file.write_bytes(os.urandom(10_000)), "no verification"),
    "database": (
        lambda file: sqlite3.connect(file).execute("CREATE TABLE t(a)"),
        "no verification",
    ),
    "one huge line": (lambda file: file.write_bytes(b"0" * 9_000_000), "1 are no verification"),
    "a loop": (lambda file: file.symlink_to(file), "cannot be read."),
}


@pytest.mark.asyncio
@pytest.mark.parametrize("name", NO_FILE)
async def test_what_is_no_such_file_is_said_in_a_sentence(shared, file, name):
    make, expected = NO_FILE[name]
    make(file)
    for lang in ("en", "ja"):
        trust, sentence, text = await asked(shared, file, lang)
        assert trust["state"] == "not verified"
        assert "verifications.jsonl" in sentence
        assert str(file.parent) not in text
        assert lang == "ja" or expected in sentence


@pytest.mark.asyncio
@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
async def test_a_file_that_may_not_be_read_is_said_in_a_sentence(shared, line, file):
    file.write_text(line)
    file.chmod(0)
    trust, sentence, _ = await asked(shared, file)
    assert (trust["state"], sentence.endswith("cannot be read.")) == ("not verified", True)


@pytest.mark.asyncio
async def test_of_a_huge_file_the_end_is_read(shared, line, file):
    with file.open("w") as out:
        out.write("x" * 9_000_000 + "\n")
        out.write(line)
    trust, sentence, _ = await asked(shared, file)
    assert (trust["state"], sentence) == ("holds", None)


@pytest.mark.asyncio
async def test_findings_that_are_none_do_not_break_a_page(shared, line, file):
    """Where a tampered file says anything, in the file itself too."""
    for findings in (
        {"log-changed": {"count": "many", "first": [{"sentence": 1, "where": [1]}, 7]}},
        {"log-changed": {"count": 1, "first": {"a": 1}}, "unknown": 5},
        {"log-changed": {"count": 1, "first": [{"where": {"run_id": [1], "rowid": [1, {}]}}]}},
    ):
        file.write_text(edited(line, findings=1, findings_json=findings))
        trust, *_ = await asked(shared, file)
        assert trust["state"] == "fault"


@pytest.mark.asyncio
async def test_a_changed_file_is_read_again(shared, line, file):
    file.write_text(edited(line, tree_root="0" * 64))
    metadata = {"plugins": {PLUGIN: {"verification": str(file)}}}
    datasette = await serve(immutables=[str(shared)], metadata=metadata)
    assert (await datasette.client.get(f"{HOME}.json")).json()["trust"]["state"] == "not verified"
    with file.open("a") as lines:
        lines.write(line)
    assert (await datasette.client.get(f"{HOME}.json")).json()["trust"]["state"] == "holds"


@pytest.mark.asyncio
async def test_several_databases_share_a_file_or_have_their_own(shared, line, tmp_path, file):
    """As Datasette reads settings: those under a database are that one's."""
    other = shared_database(tmp_path / "other.db")
    file.write_text(line)
    verify(other, record=file)
    own = tmp_path / "own.jsonl"
    own.write_text("")
    metadata = {"plugins": {PLUGIN: {"verification": str(file)}}}
    for of_other, state in ((None, "holds"), (own, "not verified")):
        if of_other:
            metadata["databases"] = {
                "other": {"plugins": {PLUGIN: {"verification": str(of_other)}}}
            }
        datasette = await serve(shared, other, metadata=metadata)
        for name, expected in (("jpcite", "holds"), ("other", state)):
            answer = await datasette.client.get(f"{HOME}.json?database={name}")
            data = answer.json()
            assert data["trust"]["state"] == expected
            said = [one for one in data["warnings"] if one["reason"] == "verification_file"]
            assert len(said) == (name == "other" and of_other is not None)


@pytest.mark.asyncio
@pytest.mark.parametrize("setting", [1, "", " ", ["a"], {"file": "a"}, True, "a\0b"])
async def test_a_setting_that_is_no_path_stops_the_start(shared, setting):
    with pytest.raises(StartupError, match="verification is not the path of a file"):
        await serve(shared, metadata={"plugins": {PLUGIN: {"verification": setting}}})


def test_reading_a_file_again_takes_no_time_while_it_is_the_same(line, file):
    file.write_text(line * 100)
    assert read_recorded(file) is read_recorded(file)
