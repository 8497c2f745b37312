"""What customers are handed over, as functions: one set of words for Python, REST, MCP, digests and the contract."""

import json
import sqlite3
from contextlib import closing
from dataclasses import fields
from hashlib import sha256

import pytest
from click.testing import CliRunner
from mcp.client import Client
from mcp_fixtures import EXPLAIN, LIST, answer
from rest_fixtures import api_database, ask, open_api

from sqlite_utils_personalization import (
    Conflict,
    InvalidInput,
    NotFound,
    PersonalizationError,
    explain,
    recommendations,
    record_digests,
    statement,
    write_digests,
)
from sqlite_utils_personalization.api import shapes
from sqlite_utils_personalization.commands.digest import digest
from sqlite_utils_personalization.customer_api import explain as explaining
from sqlite_utils_personalization.customer_api import recommendations as pages
from sqlite_utils_personalization.customer_api import statement as statements
from sqlite_utils_personalization.example import AS_OF
from sqlite_utils_personalization.mcp_server import output_schemas as tools
from sqlite_utils_personalization.mcp_server.stdio import server
from sqlite_utils_personalization.viewer.rest.routes import document

KEY = "example-key-1"
ONE = sha256(KEY.encode()).hexdigest()
API = "/v1/me/personalization"
pytestmark = pytest.mark.usefixtures("at_noon")


@pytest.fixture
def path(tmp_path):
    return api_database(tmp_path / "jpcite.db")


@pytest.mark.parametrize(
    ("typed", "made", "tool", "contract"),
    [
        (shapes.PreviewedRecommendation, pages.PreviewItem, tools.Title, "Title"),
        (shapes.HandedRecommendation, pages.RecommendedItem, tools.Recommendation, "Item"),
        (shapes.RecommendationsPage, pages.Page, tools.Recommendations, "Page"),
        (shapes.StatementLine, statements.CustomersDelivery, tools.Delivered, "Delivery"),
        (shapes.CustomersStatement, statements.Statement, None, "Statement"),
        (
            shapes.ExplainedAnswer,
            explaining.ExplainedRecommendation,
            tools.Explanation,
            "Explanation",
        ),
    ],
)
def test_one_thing_has_the_same_keys_at_every_door(typed, made, tool, contract):
    known = {*typed.__required_keys__}
    assert {field.name for field in fields(made)} == known
    assert {*document("/")["components"]["schemas"][contract]["required"]} - {"ok"} == known
    if tool:
        assert {*tool.model_fields} - {"notice"} == known


@pytest.mark.asyncio
async def test_rest_and_mcp_answer_alike_and_as_python_does(path):
    datasette = await open_api(path)
    page = (await ask(datasette, "GET", f"{API}/recommendations?size=2&night=latest", KEY)).json()
    rec_id = page["recommendations"][0]["rec_id"]
    why = (await ask(datasette, "GET", f"{API}/recommendations/{rec_id}", KEY)).json()
    async with Client(server(path, ONE)) as connected:
        same = await answer(connected, LIST, size=2, night="latest")
        told = await answer(connected, EXPLAIN, rec_id=rec_id)
    for found in page["recommendations"]:
        del found["replay"]
    assert {*page} - {"ok"} == {*same} - {"notice"} == {*shapes.RecommendationsPage.__annotations__}
    assert page["recommendations"] == same["recommendations"]
    assert page["next"] == same["next"]
    mine = recommendations(path, ONE, size=2, channel="rest")
    assert mine["recommendations"] == page["recommendations"]
    assert {name: one for name, one in why.items() if name != "ok"} == {
        name: one for name, one in told.items() if name != "notice"
    }
    assert explain(path, ONE, rec_id) == {name: one for name, one in why.items() if name != "ok"}
    bill = (await ask(datasette, "GET", f"{API}/deliveries?month=2026-04", KEY)).json()
    month = statement(path, ONE, bill["month"])
    assert {"ok": True, **month} == bill
    assert [one["charge"] for one in month["deliveries"]] == ["charged"] * 2


@pytest.mark.asyncio
async def test_a_page_with_more_behind_it_links_there_and_the_last_does_not(path):
    datasette = await open_api(path)
    address, seen = f"{API}/recommendations?type=program&size=2&preview=1", []
    while address:
        got = await ask(datasette, "GET", address, KEY)
        page = got.json()
        seen += [one["rec_id"] for one in page["recommendations"]]
        link = got.headers.get("link", "")
        assert bool(link) == (page["next"] is not None)
        assert link == "" or (link[0], link[-13:]) == ("<", '>; rel="next"')
        address = link[1:-13]
    alone = recommendations(path, ONE, type="program", size=100)
    assert seen == [one["rec_id"] for one in alone["recommendations"]]
    head = await ask(datasette, "HEAD", f"{API}/recommendations?size=1", KEY)
    assert "link" not in head.headers


def test_without_a_channel_nothing_is_delivered_and_with_one_it_is_the_callers(path):
    with closing(sqlite3.connect(path)) as db:
        preview = recommendations(db, ONE, size=1)
        assert (preview["preview"], preview["charged_yen"]) == (True, 0)
        assert recommendations(db, ONE, size=1, channel="mcp")["charged_yen"] == 3
        db.rollback()
        assert statement(db, ONE, "2026-04")["charged_yen"] == 0
    after = recommendations(path, ONE, size=1)["next"]
    assert recommendations(path, ONE, size=1, after=after)["recommendations"]
    json.dumps(preview)


@pytest.mark.parametrize(
    ("act", "kind"),
    [
        (lambda path: recommendations(path, ONE[:8]), InvalidInput),
        (lambda path: recommendations(path, 1), InvalidInput),
        (lambda path: recommendations(path, KEY), InvalidInput),
        (lambda path: recommendations(path, "f" * 64), NotFound),
        (lambda path: recommendations(path, ONE, type="programs"), InvalidInput),
        (lambda path: recommendations(path, ONE, night="2026-4-1"), InvalidInput),
        (lambda path: recommendations(path, ONE, size=0), InvalidInput),
        (lambda path: recommendations(path, ONE, size="2"), InvalidInput),
        (lambda path: recommendations(path, ONE, after="made up"), InvalidInput),
        (lambda path: recommendations(path, ONE, channel="fax"), InvalidInput),
        (lambda path: explain(path, ONE, 1), NotFound),
        (lambda path: explain(path, ONE, "1"), InvalidInput),
        (lambda path: statement(path, ONE, "July"), InvalidInput),
        (lambda path: statement(path, "f" * 64), NotFound),
        (lambda path: write_digests(path, path), Conflict),
        (lambda path: write_digests(path, path.parent / "d", night="2026-04-09"), NotFound),
        (lambda path: write_digests(path, path.parent / "d", most=0), InvalidInput),
        (lambda path: write_digests(path, path.parent / "d", lang="fr"), InvalidInput),
        (lambda path: write_digests(path, path.parent / "d", on="today"), InvalidInput),
        (lambda path: write_digests(path, path.parent / "d", dismiss_url="x"), InvalidInput),
        (lambda path: write_digests(path, 7), InvalidInput),
        (lambda path: write_digests(path, path / "d"), PersonalizationError),
        (lambda path: write_digests(path, path.parent / "d", dismiss_url=7), InvalidInput),
        (lambda path: write_digests(path, path.parent / "d", progress=7), InvalidInput),
        (lambda path: record_digests(path, path.parent, []), NotFound),
        (lambda path: record_digests(path, path.parent, 7), InvalidInput),
    ],
)
def test_an_error_is_of_its_kind_and_repeats_no_key(path, act, kind):
    with pytest.raises(kind) as raised:
        act(path)
    assert KEY not in str(raised.value)


def run(*arguments):
    return CliRunner().invoke(digest, [str(part) for part in arguments])


def test_what_the_digest_command_prints_is_what_the_functions_give(path, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    printed = json.loads(run(path, "--out", first, "--on", AS_OF, "--json").stdout)
    found = write_digests(path, str(second), on=AS_OF)
    assert found | {"folder": ""} == printed | {"folder": ""}
    assert [*found] == [*shapes.WrittenDigests.__annotations__]
    lines = [json.loads(line) for line in (second / "digests.jsonl").read_text().splitlines()]
    sent = [{"user_token_hash": line["user_token_hash"]} for line in lines]
    assert {line["as_of"] for line in lines} == {AS_OF}
    done = record_digests(path, second, sent)
    assert [*done] == [*shapes.RecordedDigests.__annotations__]
    assert done["delivered"] + done["free"] == sum(len(line["rec_ids"]) for line in lines)
    (tmp_path / "sent.jsonl").write_text("\n".join(map(json.dumps, sent)))
    again = run(path, "--out", first, "--record", tmp_path / "sent.jsonl", "--json")
    assert json.loads(again.stdout) == record_digests(path, second, map(json.dumps, sent))
    assert json.loads(again.stdout)["already_delivered"] == done["delivered"]


def test_digests_of_a_database_in_memory_are_for_nobody_else(path, tmp_path):
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(":memory:")) as db:
        source.backup(db)
        assert write_digests(db, tmp_path / "d", on=AS_OF)["digests"] > 0
    assert (tmp_path / "d").stat().st_mode & 0o077 == 0


def test_a_result_that_cannot_be_taken_is_named_and_the_others_stand(path, tmp_path):
    write_digests(path, tmp_path / "d", on=AS_OF)
    results = [{"user_token_hash": ONE, "sent": 1}, {"user_token_hash": ONE}, "{", b""]
    with pytest.raises(
        InvalidInput, match="2 of the results cannot be taken, first number 1: sent"
    ):
        record_digests(path, tmp_path / "d", results)
    faults = {}
    done = record_digests(path, tmp_path / "d", results, refuse=faults.__setitem__)
    assert ([*faults], done["refused"], done["delivered"]) == ([1, 3], 2, 0)
    assert done["already_delivered"] > 0
    with closing(sqlite3.connect(path)) as db:
        db.execute("BEGIN")
        with pytest.raises(Conflict, match="in a transaction"):
            record_digests(db, tmp_path / "d", [])
