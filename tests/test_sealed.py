"""A row is proved under its seal, or not: the leaves of its night are taken again, whatever the row says of itself."""

import csv
import io
import json
from contextlib import closing

import pytest
from click.testing import CliRunner
from scored import OTHERS, P, connect, history, in_memory, tamper
from sqlite_utils.cli import cli

from sqlite_utils_personalization.audit.receipt import Proofs
from sqlite_utils_personalization.audit.replay import replay
from sqlite_utils_personalization.audit.selection import Selection
from sqlite_utils_personalization.canonical import sha256_hex


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "jpcite.db"
    path.write_bytes(history())
    return path


@pytest.fixture
def db():
    with closing(in_memory()) as db:
        yield db


def proofs(db, **chosen):
    proved = Proofs(db)
    return [proved.of(one) for one in replay(db, Selection(**chosen), below_cut=False)]


def command(path, *arguments):
    return CliRunner().invoke(cli, ["personalization-replay", str(path), *map(str, arguments)])


def test_every_row_of_an_honest_file_is_proved_but_those_after_the_last_seal(db):
    (end,) = db.execute(f"SELECT max(log_end) FROM {P}seal").fetchone()
    db.execute(OTHERS)
    found = proofs(db)
    assert len(found) > end > 0
    assert [one.faults for one in found[:end]] == [()] * end
    assert set(found[end:]) == {(None, ("no seal covers it",))}


def reforge_item(db):
    """The item of the best row under another title, with digests of item, list and vector as they would be then."""
    db.execute(f"UPDATE {P}candidate SET title = 'forged' WHERE recommendation_type = 'program'")
    from sqlite_utils_personalization.catalogue.candidate import Candidate
    from sqlite_utils_personalization.evidence.leaves import digest_of
    from sqlite_utils_personalization.model.kinds import listed

    for number, *fields in db.execute(
        f"SELECT candidate_id, {listed(Candidate._fields)} FROM {P}candidate"
    ).fetchall():
        digest = Candidate(*fields).sha256
        db.execute(
            f"UPDATE {P}candidate SET candidate_sha256 = ? WHERE candidate_id = ?", (digest, number)
        )
    for number, run_id in db.execute(f"SELECT list_id, run_id FROM {P}list").fetchall():
        digest = digest_of(db, run_id, number)
        db.execute(f"UPDATE {P}list SET list_sha256 = ? WHERE list_id = ?", (digest, number))


def test_an_item_forged_with_all_its_digests_is_reproduced_and_not_proved(db):
    tamper(db)
    reforge_item(db)
    (found,) = replay(db, Selection(rec_ids=[2]))
    assert (found.verdict, found.found.candidate.title) == ("reproduced", "forged")
    assert proofs(db, rec_ids=[2]) == [(3, ("the rows of run 1 are not those that were sealed",))]


FORGERIES = (
    f"UPDATE {P}run SET top_k = top_k + 1 WHERE run_id = 1",
    f"UPDATE {P}run SET served_at = '2026-01-01T00:00:00.000Z' WHERE run_id = 1",
    f"UPDATE {P}seal SET root = '{'0' * 64}' WHERE seal_id = 3",
    f"UPDATE {P}seal SET tree_root = '{'0' * 64}' WHERE seal_id = 3",
    f"UPDATE {P}seal SET manifest_json = '{{}}' WHERE seal_id = 1",
    f"UPDATE {P}run SET salt = '{'0' * 64}' WHERE run_id = 1",
    f"UPDATE {P}evidence SET n = n - 1 WHERE first_rec_id = 2",
    f"UPDATE {P}recommendation_log SET profile_id = 2 WHERE rec_id = 2",
    f"UPDATE {P}decision SET candidate_id = (SELECT max(candidate_id) FROM {P}candidate) WHERE list_id = 1 AND seq = 2",
    f"UPDATE {P}seal SET last_rec_id = 0 WHERE seal_id = 3",
)


@pytest.mark.parametrize("sql", FORGERIES)
def test_a_row_of_a_night_that_was_tampered_with_is_not_proved(db, sql):
    tamper(db, sql)
    (proof,) = proofs(db, rec_ids=[2])
    assert proof.faults


def test_a_row_of_another_program_is_proved_under_the_seal_of_those_rows(db):
    (number,) = db.execute(
        f"SELECT seal_id FROM {P}seal WHERE json_extract(manifest_json, '$.after') IS NOT NULL"
        " AND json_extract(manifest_json, '$.\"table\"') IS NULL ORDER BY 1"
    ).fetchone()
    (first,) = db.execute(
        f"SELECT first_rec_id FROM {P}seal WHERE seal_id = ?", (number,)
    ).fetchone()
    assert proofs(db, rec_ids=[first]) == [(number, ())]
    tamper(db, f"UPDATE {P}recommendation_log SET score = 99 WHERE rec_id = {first}")
    (proof,) = proofs(db, rec_ids=[first])
    assert proof.seal_id == number
    assert "are not those that seal" in proof.faults[0]


def test_the_command_says_what_is_proved_in_every_format(path):
    told = command(path, 2, "--sealed")
    assert (told.exit_code, told.stderr) == (0, "1 row: 1 reproduced; 1 proved under a seal\n")
    assert "    seal      proved under seal 3\n" in told.stdout
    as_json = json.loads(command(path, 2, "--sealed", "--json").stdout)[0]
    assert as_json["sealed"] == {"seal_id": 3, "faults": []}
    (row,) = csv.DictReader(io.StringIO(command(path, 2, "--sealed", "--csv").stdout))
    assert (row["seal_id"], row["seal_fault"]) == ("3", "")
    assert json.loads(command(path, 2, "--json").stdout)[0]["sealed"] is None


def test_the_command_exits_with_1_on_a_row_that_is_reproduced_and_not_proved(path):
    with closing(connect(path)) as db:
        tamper(db, f"UPDATE {P}seal SET root = '{'0' * 64}' WHERE seal_id = 3")
    assert command(path, 2).exit_code == 0
    told = command(path, 2, "--sealed")
    assert told.exit_code == 1
    assert told.stderr == "1 row: 1 reproduced; 0 proved under a seal\n"
    assert "    seal      not proved under seal 3: " in told.stdout


def test_a_middle_row_given_to_another_customer_differs_without_a_look_at_seals(db):
    tamper(db, f"UPDATE {P}recommendation_log SET profile_id = 8 WHERE rec_id = 3")
    (found,) = replay(db, Selection(rec_ids=[3]))
    assert (found.verdict, found.differences) == ("differs", ("range",))


def test_the_page_proves_by_itself_up_to_a_size_and_beyond_it_when_asked(db, monkeypatch):
    page = pytest.importorskip("sqlite_utils_personalization.viewer.pages.replayed_row")

    def proved(*, with_proof=False):
        (found,) = replay(db, Selection(rec_ids=[2]))
        return page.seal_of(db, found, with_proof)["proved"]

    assert proved() is True
    monkeypatch.setattr(page, "PROVED_LEAVES", 2)
    assert proved() is None
    assert proved(with_proof=True) is True
    tamper(db, f"UPDATE {P}seal SET root = '{sha256_hex('x')}' WHERE seal_id = 3")
    assert proved(with_proof=True) is False


@pytest.mark.asyncio
async def test_a_page_that_did_not_prove_is_not_green_and_leads_to_the_proof(path, monkeypatch):
    pytest.importorskip("datasette")
    from viewer_fixtures import serve

    from sqlite_utils_personalization.viewer.pages import replayed_row

    client = (await serve(path)).client
    address = "/-/personalization/replay/2"

    async def seen(query=""):
        text = (await client.get(f"{address}{query}")).text
        twin = (await client.get(f"{address}.json{query}")).json()
        return 'class="pa-verdict ok"' in text, f'href="{address}?proof=on"' in text, twin

    is_green, leads_on, twin = await seen()
    assert (is_green, leads_on, twin["verdicts"]["seal"]) == (True, False, "holds")
    monkeypatch.setattr(replayed_row, "PROVED_LEAVES", 2)
    is_green, leads_on, twin = await seen()
    assert (is_green, leads_on, twin["verdicts"]["seal"]) == (False, True, "not verified")
    assert (twin["seal"]["proved"], twin["verdicts"]["formula"]) == (None, "holds")
    is_green, leads_on, twin = await seen("?proof=on")
    assert (is_green, leads_on, twin["verdicts"]["seal"]) == (True, False, "holds")
