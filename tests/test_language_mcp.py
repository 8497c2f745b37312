"""Tools for agents speak the language of a setting, and all else of what they answer is the same."""

import json
import os
import sys
from hashlib import sha256

import pytest

pytest.importorskip("mcp")

from mcp.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp_fixtures import COMMAND, EXPLAIN, LIST, SAY, SET, answer, refusal
from scored import example
from two_languages import ENGLISH, JAPANESE, said

from sqlite_utils_personalization.example import AS_OF
from sqlite_utils_personalization.language import LANGUAGES
from sqlite_utils_personalization.mcp_server.stdio import server

CUSTOMER = sha256(b"example-key-1").hexdigest()


async def agents_day(connected):
    """What the tools answer and refuse, one after the other."""
    told = [await answer(connected, SET)]
    told.append(await answer(connected, SET, risk_tolerance="low"))
    told.append(await answer(connected, LIST, preview=True))
    page = await answer(connected, LIST)
    told.append(page)
    first, *_ = page["recommendations"]
    told.append(await answer(connected, EXPLAIN, rec_id=first["rec_id"]))
    item = {"type": first["recommendation_type"], "item_id": first["item_id"]}
    told.append(await answer(connected, SAY, **item, feedback="interested"))
    refused = [
        await refusal(connected, SET, risk_tolerance="{0}%s"),
        await refusal(connected, LIST, size=0),
        await refusal(connected, LIST, nothing=1),
        await refusal(connected, EXPLAIN),
        await refusal(connected, EXPLAIN, rec_id=999),
        await refusal(connected, SAY, **item, feedback="x"),
    ]
    return told, refused


async def agent(tmp_path, language):
    path = example(tmp_path / f"{language}.db", AS_OF)
    found = server(path, CUSTOMER, language=language)
    async with Client(found) as connected:
        tools = (await connected.list_tools()).tools
        return tools, *(await agents_day(connected))


@pytest.mark.asyncio
async def test_agents_tools_answer_the_same_but_for_sentences(tmp_path, at_noon):
    without = await agent(tmp_path, None)
    english = await agent(tmp_path, "en")
    japanese = await agent(tmp_path, "ja")

    assert said(without[1], english[1]) == []
    assert without[2] == english[2]
    assert said(english[1], japanese[1])
    for sentence in japanese[2]:
        assert JAPANESE.search(sentence)
        assert not ENGLISH.search(sentence)


def described(tool):
    """Every text of a tool that is for its reader, by where it is."""
    found = {"title": tool.title, "description": tool.description}
    properties = tool.input_schema["properties"]
    return found | {name: one["description"] for name, one in properties.items()}


@pytest.mark.asyncio
async def test_tools_are_described_in_the_language_or_in_both(tmp_path):
    without, english, japanese = [
        (await agent(tmp_path, language))[0] for language in (None, *LANGUAGES)
    ]
    for both, first, second in zip(without, english, japanese, strict=True):
        assert both.name == first.name == second.name
        for where, text in described(both).items():
            parts = (described(second)[where], described(first)[where])
            assert text == ("\n" if where == "description" else " / ").join(parts)
            assert not JAPANESE.search(parts[1])
            assert JAPANESE.search(parts[0])
            assert not ENGLISH.search(parts[0])
        schemas = [json.loads(json.dumps(tool.input_schema)) for tool in (both, first, second)]
        for schema in schemas:
            for one in schema["properties"].values():
                del one["description"]
        assert schemas[0] == schemas[1] == schemas[2]


@pytest.mark.asyncio
async def test_the_command_for_agents_takes_the_language(tmp_path):
    path = example(tmp_path / "jpcite.db", AS_OF)
    env = {**os.environ, "PERSONALIZATION_API_KEY": "example-key-1", "LC_ALL": "ja_JP.UTF-8"}
    for arguments, is_japanese in ((["--lang", "ja"], True), ([], False)):
        parameters = StdioServerParameters(
            command=sys.executable, args=[*COMMAND, str(path), *arguments], env=env
        )
        async with Client(stdio_client(parameters)) as connected:
            told = await answer(connected, LIST, preview=True)
            assert bool(JAPANESE.search(told["sentence"])) == is_japanese
