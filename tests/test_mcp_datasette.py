"""A customer's tools over HTTP, on the server of datasette-mcp, called by the SDK's own client."""

import json
import sqlite3
from contextlib import asynccontextmanager, closing, contextmanager

import anyio
import pytest

pytest.importorskip("datasette_mcp", reason="datasette-mcp needs Python 3.11")

from httpx2 import AsyncClient
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp_fixtures import EXPLAIN, LIST, SAY, SET, answer, deliveries, refusal
from rest_fixtures import (
    NEW,
    PLUGIN,
    REVOKED,
    SETTINGS,
    STRANGE,
    api_database,
    bearer,
    digest,
    rows,
)
from served import served

from sqlite_utils_personalization import PersonalizationError, score
from sqlite_utils_personalization.api.opened import reading
from sqlite_utils_personalization.viewer.mcp import DatasetteAuthenticator

OURS = {SET, LIST, EXPLAIN, SAY}
NO_KEY = (
    "The request holds no key. Send your key as Authorization: Bearer KEY, or as X-API-Key: KEY."
)


@contextmanager
def endpoint(path, settings):
    """Where a Datasette serves the file to agents."""
    metadata = path.with_name("metadata.json")
    metadata.write_text(json.dumps({"plugins": {PLUGIN: settings}}), encoding="utf-8")
    with served(path, metadata) as address:
        yield f"{address}/-/mcp"


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return api_database(tmp_path_factory.mktemp("api") / "jpcite.db")


@pytest.fixture(scope="module")
def address(path):
    with endpoint(path, SETTINGS) as address:
        yield address


@asynccontextmanager
async def client(address, key=None, headers=None):
    headers = headers or (bearer(key) if key else {})
    async with (
        AsyncClient(headers=headers, timeout=90) as http,
        Client(streamable_http_client(address, http_client=http)) as connected,
    ):
        yield connected


def delivered_to(path, key):
    sql = """
    SELECT d.rec_id, d.channel FROM am_personalization_delivery d
    JOIN am_personalization_recommendation_log l USING (rec_id)
    JOIN am_personalization_profile p USING (profile_id) WHERE p.user_token_hash = ?
    """
    return rows(path, sql, digest(key))


@pytest.mark.asyncio
async def test_a_customers_day(path, address):
    async with client(address, NEW) as new:
        listed = {tool.name: tool for tool in (await new.list_tools()).tools}
        assert listed.keys() > OURS
        assert listed[LIST].annotations.read_only_hint is False
        assert listed[EXPLAIN].output_schema["type"] == "object"
        done = await answer(new, SET, industry_pack="D", prefecture="東京")
        assert (done["outcome"], done["charged_yen"]) == ("created", 0)
        score(path, as_of="2026-04-03")
        first = await answer(new, LIST, size=2)
        second = await answer(new, LIST, size=2)
        assert (first["charged_yen"], second["charged_yen"]) == (6, 0)
        assert first["recommendations"] == second["recommendations"]
        told = await answer(new, EXPLAIN, rec_id=first["recommendations"][0]["rec_id"])
        assert told["recommendation"] == first["recommendations"][0]
        said = {"type": "program", "item_id": "EX-104", "feedback": "interested"}
        assert (await answer(new, SAY, **said))["charged_yen"] == 0
    assert delivered_to(path, NEW) == [(item["rec_id"], "mcp") for item in first["recommendations"]]


@pytest.mark.asyncio
async def test_without_a_known_key_no_tool_works(path, address):
    before = deliveries(path)
    cases = [
        (None, NO_KEY),
        (STRANGE, "The key is not known."),
        (REVOKED, "This key may not be used any more."),
    ]
    for key, sentence in cases:
        async with client(address, key) as connected:
            for tool, arguments in (
                (SET, {"risk_tolerance": "low"}),
                (LIST, {}),
                (EXPLAIN, {"rec_id": 1}),
                (SAY, {"type": "program", "item_id": "EX-104", "feedback": "applied"}),
            ):
                assert (await refusal(connected, tool, **arguments)).startswith(sentence)
    assert deliveries(path) == before


@pytest.mark.asyncio
async def test_a_customer_is_who_sends_the_request_and_no_other(path, address):
    async with client(address, headers={"X-API-Key": "example-key-3"}) as three:
        mine = await answer(three, LIST, size=1)
    async with client(address, "example-key-4") as four:
        told = await refusal(four, EXPLAIN, rec_id=mine["recommendations"][0]["rec_id"])
    assert told.startswith("rec_id is not among what was delivered to you")
    assert len(delivered_to(path, "example-key-3")) == 1


@pytest.mark.asyncio
async def test_two_clients_at_once_are_charged_once(path, address):
    charged = []

    async def ask(connected):
        charged.append((await answer(connected, LIST, size=4))["charged_yen"])

    async with (
        client(address, "example-key-1") as one,
        client(address, "example-key-1") as other,
        anyio.create_task_group() as group,
    ):
        for connected in (one, other) * 4:
            group.start_soon(ask, connected)
    assert sorted(charged) == [0] * 7 + [12]
    assert len(delivered_to(path, "example-key-1")) == 4


@pytest.mark.asyncio
async def test_a_call_that_is_cancelled_is_charged_once_when_it_is_made_again(path, address):
    async with client(address, "example-key-2") as connected:
        with closing(sqlite3.connect(path, isolation_level=None)) as db:
            db.execute("BEGIN IMMEDIATE")
            with anyio.move_on_after(1) as scope:
                await connected.call_tool(LIST, {"size": 3})
            assert scope.cancelled_caught
            db.execute("ROLLBACK")
        again = await answer(connected, LIST, size=3)
    assert again["delivered_new"] + again["delivered_before"] == 3
    assert len(delivered_to(path, "example-key-2")) == 3


@pytest.mark.asyncio
async def test_an_argument_that_cannot_be_is_never_repeated(address):
    async with client(address, "example-key-5") as connected:
        for tool, arguments in (
            (LIST, {"size": "zaihou"}),
            (LIST, {"zaihou": 1}),
            (SET, {"prefecture": "zaihou@example.com"}),
            (EXPLAIN, {"rec_id": "zaihou"}),
            (SAY, {"type": "program", "item_id": "zaihou", "feedback": "applied"}),
        ):
            assert "zaihou" not in await refusal(connected, tool, **arguments)


@pytest.mark.asyncio
async def test_what_only_the_operator_can_mend_names_no_file_and_no_table(tmp_path):
    path = api_database(tmp_path / "zaihou.db")
    with endpoint(path, {**SETTINGS, "customer_api": "zaihou"}) as address:
        with closing(sqlite3.connect(path)) as db:
            db.execute("DROP TABLE am_personalization_seal")
        async with client(address, "example-key-5") as connected:
            said = await refusal(connected, SET, risk_tolerance="low")
    assert said.startswith("This service is not set up so that it can answer")
    assert not any(word in said for word in ("zaihou", "am_personalization", str(tmp_path)))


@pytest.mark.asyncio
async def test_datasettes_own_tools_show_nothing_of_what_is_hidden(address):
    async with client(address) as connected:
        others = {tool.name for tool in (await connected.list_tools()).tools} - OURS
        told = [
            await connected.call_tool("execute_sql", {"database": "jpcite", "sql": sql})
            for sql in ("SELECT * FROM api_keys", "SELECT sql FROM sqlite_master")
        ]
    assert others == {"list_databases", "execute_sql"}
    assert [result.is_error for result in told] == [True, True]


@pytest.mark.asyncio
async def test_without_the_setting_there_is_no_tool_of_ours(tmp_path):
    path = api_database(tmp_path / "jpcite.db")
    with endpoint(path, {"deny_by_default": False}) as address:
        async with client(address, "example-key-1") as connected:
            names = {tool.name for tool in (await connected.list_tools()).tools}
    assert names == {"list_databases", "get_database_schema", "execute_sql"}


def test_a_fault_of_the_file_names_no_path_to_a_model(tmp_path):
    def sentence_of(fault):
        try:
            with reading(sqlite3.connect(tmp_path / "jpcite.db")):
                raise sqlite3.OperationalError(fault)
        except PersonalizationError as error:
            return DatasetteAuthenticator(None).sentence(error)

    assert "not set up" in sentence_of("disk I/O error")
    assert "right now" in sentence_of("database is locked")
    for fault in ("disk I/O error", "database is locked", "database disk image is malformed"):
        assert str(tmp_path) not in sentence_of(fault)
