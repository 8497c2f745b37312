"""The receipt of a customer's night as a file from the viewer: what the command prints, and nothing that runs there."""

import json
import shutil
import sqlite3

import pytest

pytest.importorskip("datasette")

from click.testing import CliRunner
from receipt_fixtures import history, user_hash
from viewer_fixtures import serve

from sqlite_utils_personalization.commands.receipt import receipt as command
from sqlite_utils_personalization.verify_receipt import check, parse
from sqlite_utils_personalization.viewer.pages import walk

HOME = "/-/personalization"
CUSTOMER = f"{HOME}/customer/3"


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    return history(tmp_path_factory.mktemp("history") / "jpcite.db")


def printed(path, *options):
    arguments = [str(path), "--run", "2", "--user-hash", user_hash(3), *options]
    return CliRunner().invoke(command, arguments).stdout


@pytest.mark.asyncio
async def test_the_json_is_what_the_command_prints(shared):
    datasette = await serve(shared)
    answer = await datasette.client.get(f"{CUSTOMER}/receipt/2.json")
    assert (answer.status_code, answer.text) == (200, printed(shared))
    assert {passed for passed, _ in check(parse(answer.text)).values()} == {True}
    assert answer.headers["content-disposition"] == 'attachment; filename="receipt-3-2.json"'
    assert answer.headers["content-type"] == "application/json; charset=utf-8"


@pytest.mark.asyncio
async def test_the_page_is_what_the_command_prints_and_is_kept_not_shown(shared):
    """A page with a script is not to run where the viewer is: it is a file, and if shown all the same, in a sandbox."""
    datasette = await serve(shared)
    answer = await datasette.client.get(f"{CUSTOMER}/receipt/2.html")
    assert answer.text.strip() == printed(shared, "--html").strip()
    assert answer.headers["content-disposition"] == 'attachment; filename="receipt-3-2.html"'
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"


@pytest.mark.asyncio
async def test_the_page_is_in_the_language_of_the_reader(shared):
    datasette = await serve(shared)
    answer = await datasette.client.get(
        f"{CUSTOMER}/receipt/2.html", headers={"Accept-Language": "ja"}
    )
    assert '<html lang="ja">' in answer.text
    same = await datasette.client.get(
        f"{CUSTOMER}/receipt/2.json", headers={"Accept-Language": "ja"}
    )
    assert same.text == printed(shared)


@pytest.mark.asyncio
async def test_it_carries_the_envelope_that_every_answer_has(shared):
    metadata = {
        "plugins": {"sqlite-utils-personalization": {"envelope": {"_disclaimer": "no advice"}}}
    }
    datasette = await serve(shared, metadata=metadata)
    answer = await datasette.client.get(f"{CUSTOMER}/receipt/2.json")
    assert answer.json() == {**json.loads(printed(shared)), "_disclaimer": "no advice"}


@pytest.mark.asyncio
@pytest.mark.parametrize("path", [CUSTOMER, f"{HOME}/replay/15"])
async def test_pages_of_a_customer_lead_to_both(shared, path):
    datasette = await serve(shared)
    page = (await datasette.client.get(path)).text
    for form in ("json", "html"):
        assert f'href="{CUSTOMER}/receipt/1.{form}"' in page


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/customer/999/receipt/1.json", 404),
        ("/customer/3/receipt/9.html", 404),
        ("/customer/8/receipt/1.json", 404),
        ("/customer/-3/receipt/1.json", 404),
        ("/customer/x/receipt/1.json", 404),
        ("/customer/3/receipt/1.json?proof=off", 400),
        ("/customer/3/receipt/1.pdf", 404),
    ],
)
async def test_what_there_is_no_receipt_of_is_said(shared, path, status):
    datasette = await serve(shared)
    answer = await datasette.client.get(f"{HOME}{path}")
    assert answer.status_code == status
    assert "content-disposition" not in answer.headers
    if ".json" in path:
        assert (answer.json()["ok"], answer.json()["status"]) == (False, status)


@pytest.mark.asyncio
async def test_evidence_that_is_not_intact_gives_no_receipt(shared, tmp_path):
    path = tmp_path / "jpcite.db"
    shutil.copy(shared, path)
    db = sqlite3.connect(path, isolation_level=None)
    for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        db.execute(f"DROP TRIGGER {name}")
    db.execute("UPDATE am_personalization_candidate SET title = title || 'x'")
    db.close()
    datasette = await serve(path)
    answer = await datasette.client.get(f"{CUSTOMER}/receipt/1.html")
    assert answer.status_code == 409
    assert "is not intact, so there is no receipt" in answer.text


@pytest.mark.asyncio
async def test_of_a_long_night_it_is_behind_a_link_that_says_how_long(shared, monkeypatch):
    monkeypatch.setattr(walk, "PROVED_LEAVES", 6)
    datasette = await serve(shared)
    page = (await datasette.client.get(CUSTOMER)).text
    assert f'href="{CUSTOMER}/receipt/1.html?proof=on"' in page
    assert "(about 1 second)" in page
    for form in ("json", "html"):
        answer = await datasette.client.get(f"{CUSTOMER}/receipt/1.{form}")
        assert answer.status_code == 400
        assert "the 7 customers of the night, which takes about 1 second" in answer.text
        assert f'"{CUSTOMER}/receipt/1.{form}?proof=on"' in answer.text
        made = await datasette.client.get(f"{CUSTOMER}/receipt/1.{form}?proof=on")
        assert made.status_code == 200
    assert walk.duration(1_000_000) == "about 30 seconds"
