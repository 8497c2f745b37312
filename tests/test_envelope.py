"""What the operator's answers carry besides is said in one file, and stands in every answer, digest and receipt."""

import json
import sqlite3

import pytest
from mcp.client import Client
from rest_fixtures import ask, open_api
from sqlite_utils.cli import cli

from sqlite_utils_personalization import score
from sqlite_utils_personalization.customer_api.envelope import Envelope, read_envelope
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.example import AS_OF, build
from sqlite_utils_personalization.mcp_server.stdio import server
from sqlite_utils_personalization.preferences.customer import key_hash
from sqlite_utils_personalization.verify_receipt import Unreadable, check

SAID = {"_disclaimer": "助言ではありません <b>", "_billing_unit": True, "source_url": True}
URL = "https://example.com/EX"
API = "/v1/me/personalization"
KEY = "example-key-1"
CUSTOMER = key_hash(KEY.encode())
pytestmark = pytest.mark.usefixtures("at_noon")


@pytest.fixture(scope="module")
def _scored(tmp_path_factory):
    path = tmp_path_factory.mktemp("scored") / "jpcite.db"
    build(path)
    db = sqlite3.connect(path)
    columns = {row[1] for row in db.execute("PRAGMA table_info(programs)")}
    if "source_url" not in columns:
        db.execute("ALTER TABLE programs ADD COLUMN source_url TEXT")
    db.execute(f"UPDATE programs SET source_url = '{URL}/' || unified_id")
    db.execute(
        "CREATE TABLE customer_keys AS SELECT user_token_hash AS key_hash, NULL AS revoked_at"
        " FROM am_personalization_profile"
    )
    db.commit()
    db.close()
    score(path, as_of=AS_OF)
    return path.read_bytes()


@pytest.fixture
def path(tmp_path, _scored):
    path = tmp_path / "jpcite.db"
    path.write_bytes(_scored)
    return path


@pytest.fixture
def envelope(tmp_path):
    file = tmp_path / "envelope.json"
    file.write_text(json.dumps(SAID), encoding="utf-8")
    return file


def is_described(item, kind=None):
    program = (kind or item["recommendation_type"]) in ("program", "amendment")
    return item["source_url"] is None if not program else "source_url" in item


def carries(answer, units):
    assert answer["_disclaimer"] == SAID["_disclaimer"]
    assert type(answer["_billing_unit"]) is int
    assert answer["_billing_unit"] == units


@pytest.mark.asyncio
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("inline", [False, True])
async def test_rest_carries_it(path, envelope, inline):
    said = SAID if inline else {"$file": str(envelope)}
    datasette = await open_api(path, settings={"envelope": said})
    preview = (await ask(datasette, "GET", f"{API}/recommendations?preview=1", KEY)).json()
    carries(preview, 0)
    assert not any("source_url" in item for item in preview["recommendations"])
    for units in (True, False):
        page = (await ask(datasette, "GET", f"{API}/recommendations?size=100", KEY)).json()
        carries(page, len(page["recommendations"]) if units else 0)
        assert all(map(is_described, page["recommendations"]))
    urls = {
        item["source_url"]
        for item in page["recommendations"]
        if item["recommendation_type"] == "program"
    }
    assert any(url and url.startswith(URL) for url in urls)
    rec_id = page["recommendations"][0]["rec_id"]
    told = (await ask(datasette, "GET", f"{API}/recommendations/{rec_id}", KEY)).json()
    carries(told, 0)
    assert told["recommendation"]["source_url"] == page["recommendations"][0]["source_url"]
    carries((await ask(datasette, "GET", f"{API}/profile", KEY)).json(), 0)


@pytest.mark.asyncio
async def test_mcp_carries_it_as_rest_does(path):
    async with Client(server(path, CUSTOMER, envelope=read_envelope(SAID))) as client:

        async def call(name, **arguments):
            done = await client.call_tool(f"personalization_{name}", arguments)
            assert not done.is_error, done.content
            return done.structured_content

        carries(await call("list_recommendations", preview=True), 0)
        page = await call("list_recommendations", size=100)
        carries(page, len(page["recommendations"]))
        assert all(map(is_described, page["recommendations"]))
        told = await call("explain", rec_id=page["recommendations"][0]["rec_id"])
        carries(told, 0)
        assert told["recommendation"]["source_url"] == page["recommendations"][0]["source_url"]
        carries(await call("set_preference"), 0)


@pytest.mark.parametrize("by", ["option", "variable"])
def test_a_digest_and_a_receipt_carry_it(path, envelope, runner, tmp_path, by):
    how = ["--envelope", str(envelope)] if by == "option" else []
    env = {"PERSONALIZATION_ENVELOPE": str(envelope)} if by == "variable" else {}
    made = ["personalization-digest", str(path), "--out", str(tmp_path / "d"), "--on", AS_OF]
    assert runner.invoke(cli, [*made, *how], env=env).exit_code == 0
    found = json.loads((tmp_path / "d" / f"{CUSTOMER}.json").read_text())
    carries(found, len(found["programs"]) + len(found["changes"]))
    assert all(item["source_url"] == item["url"] for item in found["programs"])
    assert SAID["_disclaimer"] in (tmp_path / "d" / f"{CUSTOMER}.txt").read_text()
    assert "助言ではありません &lt;b&gt;" in (tmp_path / "d" / f"{CUSTOMER}.html").read_text()

    receipt = ["personalization-receipt", str(path), "--run", "1", "--user-hash", CUSTOMER]
    told = json.loads(runner.invoke(cli, [*receipt, *how], env=env).stdout)
    carries(told, 0)
    places = [place for one in told["lists"] for place in one["places"]]
    assert all(is_described(place, place["candidate"]["recommendation_type"]) for place in places)
    assert any(str(place["source_url"]).startswith(URL) for place in places)
    assert all(is_intact for is_intact, _ in check(told).values())
    with pytest.raises(Unreadable, match="has more than"):
        check({**told, "disclaimer": "x"})
    page = runner.invoke(cli, [*receipt, "--html", *how], env=env).stdout
    assert "助言ではありません &lt;b&gt;" in page


def test_what_was_sent_is_recorded_with_the_variable_set(path, envelope, runner, tmp_path):
    env = {"PERSONALIZATION_ENVELOPE": str(envelope)}
    made = ["personalization-digest", str(path), "--out", str(tmp_path / "d"), "--on", AS_OF]
    assert runner.invoke(cli, made, env=env).exit_code == 0
    done = runner.invoke(cli, [*made[:4], "--record", "-"], env=env, input="")
    assert done.exit_code != 2, done.output


def test_without_an_envelope_nothing_is_added(path, runner):
    receipt = ["personalization-receipt", str(path), "--run", "1", "--user-hash", CUSTOMER]
    told = json.loads(runner.invoke(cli, receipt).stdout)
    assert not any(name.startswith("_") for name in told)
    assert "source_url" not in told["lists"][0]["places"][0]


def test_a_catalogue_that_is_gone_gives_no_address_and_stops_nobody(path, envelope, runner):
    db = sqlite3.connect(path)
    db.executescript("DROP TABLE programs; CREATE VIEW programs AS SELECT * FROM no_such_table")
    db.close()
    receipt = ["personalization-receipt", str(path), "--run", "1", "--user-hash", CUSTOMER]
    done = runner.invoke(cli, [*receipt, "--envelope", str(envelope)])
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ([], "is not a JSON object"),
        ("[1]", "is not a JSON object"),
        ("{", "is not JSON"),
        ('{"_a": 1, "_a": 2}', "says one key twice"),
        ('{"_a": NaN}', "is not JSON"),
        ({"items": []}, "does not begin with _"),
        ({"ok": False}, "does not begin with _"),
        ({1: 2}, "does not begin with _"),
        ({"source_url": "yes"}, "neither true nor false"),
        ({"_a": "x" * 20_000}, "more than 16384 characters"),
    ],
)
def test_what_is_no_envelope_is_refused(said, what):
    with pytest.raises(PersonalizationError, match=what):
        read_envelope(said)


def test_a_file_that_is_none_is_named(path, runner, tmp_path):
    (tmp_path / "e").write_bytes(b"\xff")
    made = ["personalization-receipt", str(path), "--run", "1", "--user-hash", CUSTOMER]
    done = runner.invoke(cli, [*made, "--envelope", str(tmp_path / "e")])
    assert (done.exit_code, "e is not UTF-8" in done.output) == (2, True)


def test_units_that_are_a_number_stay_what_they_are():
    assert read_envelope({"_billing_unit": 1}).answer({}) == {"_billing_unit": 1}
    assert Envelope().answer({"a": 1}) == {"a": 1}
