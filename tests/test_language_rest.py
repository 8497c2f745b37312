"""The customer's API over HTTP speaks the language of Accept-Language, and all else of its answers is the same."""

import asyncio

import pytest

pytest.importorskip("datasette")

from datasette.utils import StartupError
from rest_fixtures import (
    CONTRACT,
    FEEDBACK,
    NEW,
    PROFILE,
    RECOMMENDATIONS,
    REVOKED,
    STRANGE,
    api_database,
    ask,
    open_api,
)
from two_languages import ENGLISH, JAPANESE, said
from viewer_fixtures import close_served

from sqlite_utils_personalization.language import LANGUAGES
from sqlite_utils_personalization.viewer.rest.problem import TITLES

ONE = "example-key-1"
IN_JAPANESE = {"Accept-Language": "ja"}
SENT = {"Content-Type": "application/json"}


def put(text, **headers):
    return {"content": text, "headers": {**SENT, **headers}}


# Method, address, key and what is sent; each on a file of its own, after the one before.
ASKED = [
    ("GET", PROFILE, ONE, {}),
    ("PUT", PROFILE, ONE, put('{"industry_pack": "D"}')),
    ("PUT", PROFILE, NEW, put("{}")),
    ("GET", f"{RECOMMENDATIONS}?preview=1", ONE, {}),
    ("GET", RECOMMENDATIONS, ONE, {}),
    ("GET", RECOMMENDATIONS, ONE, {}),
    ("GET", f"{RECOMMENDATIONS}/1", ONE, {}),
    ("GET", "/v1/me/personalization/deliveries", ONE, {}),
    (
        *("POST", FEEDBACK, ONE),
        put('{"type": "program", "item_id": "EX-110", "feedback": "dismissed"}'),
    ),
    ("GET", FEEDBACK, ONE, {}),
    ("GET", PROFILE, None, {}),
    ("GET", PROFILE, STRANGE, {}),
    ("GET", PROFILE, REVOKED, {}),
    ("GET", f"{RECOMMENDATIONS}/2", NEW, {}),
    ("GET", "/v1/me/personalization/nothing", ONE, {}),
    ("PATCH", PROFILE, ONE, {}),
    ("PUT", PROFILE, ONE, put("{}", **{"If-Match": '"0"'})),
    ("PUT", PROFILE, ONE, put("{}", **{"If-None-Match": "*"})),
    ("PUT", PROFILE, ONE, put(f'"{"x" * 20_000}"')),
    ("PUT", PROFILE, ONE, {"content": "{}"}),
    ("PUT", PROFILE, ONE, put("{")),
    ("PUT", PROFILE, ONE, put('{"risk_tolerance": "x", "prefecture": "{0}%s", "industry": 1}')),
    ("PUT", PROFILE, ONE, put('{"industry_pack": "zaihou@example.com"}')),
    ("PUT", PROFILE, ONE, put('{"prefecture": "nationwide", "industry_pack": "no such"}')),
    ("PUT", PROFILE, ONE, put("[1]")),
    ("GET", f"{PROFILE}?x=1", ONE, {}),
    ("GET", f"{RECOMMENDATIONS}?x=1", ONE, {}),
    ("GET", f"{RECOMMENDATIONS}?size=0", ONE, {}),
    ("GET", f"{RECOMMENDATIONS}?size=1&size=1", ONE, {}),
    ("GET", f"{RECOMMENDATIONS}?type=x", ONE, {}),
    ("GET", f"{RECOMMENDATIONS}?night=2026-13-45", ONE, {}),
    ("GET", f"{RECOMMENDATIONS}?preview=2", ONE, {}),
    ("GET", f"{RECOMMENDATIONS}?after=x", ONE, {}),
    ("GET", f"{RECOMMENDATIONS}/x", ONE, {}),
    ("GET", "/v1/me/personalization/deliveries?month=x", ONE, {}),
    ("POST", FEEDBACK, ONE, put("{}")),
    ("POST", FEEDBACK, ONE, put('{"type": "program", "item_id": "none", "feedback": "applied"}')),
    ("POST", FEEDBACK, ONE, put('{"type": "program", "item_id": "x", "feedback": "y"}')),
    ("DELETE", PROFILE, ONE, {}),
    ("DELETE", PROFILE, ONE, {}),
]


async def answers(path, headers, **options):
    datasette = await open_api(path, **options)
    found = []
    for method, url, key, sent in ASKED:
        told = {**sent, "headers": {**sent.get("headers", {}), **headers}}
        found.append(await ask(datasette, method, url, key, **told))
    close_served()
    return found


@pytest.mark.asyncio
async def test_rest_answers_are_the_same_but_for_sentences(tmp_path):
    paths = [
        api_database(tmp_path / name / "jpcite.db")
        for name in ("a", "b", "c")
        if not (tmp_path / name).mkdir()
    ]
    without = await answers(paths[0], {})
    english = await answers(paths[1], {"Accept-Language": "en, ja;q=0.5"})
    japanese = await answers(paths[2], IN_JAPANESE)

    seen = set()
    for asked, *three in zip(ASKED, without, english, japanese, strict=True):
        assert len({answer.status_code for answer in three}) == 1, asked
        first, second, third = (answer.json() for answer in three)
        assert said(first, second) == [], asked
        problem = first["ok"] is False
        sentences = said(first, third, {"title"} if problem else ())
        if problem:
            seen.add(third["status"])
            assert {*sentences} == {third["title"], third["error"], third["todo"]}, asked
            assert third["error"][-1] in "。？"
            assert "。。" not in third["error"] + third["todo"]
        assert [answer.headers["content-language"] for answer in three] == ["en", "en", "ja"]
        for answer in three:
            assert "Accept-Language" in answer.headers["vary"].split(", ")
    assert seen == TITLES.keys() - {409, 429, 500, 503}


@pytest.mark.asyncio
async def test_rest_says_also_what_is_seldom_in_japanese(tmp_path):
    path = api_database(tmp_path / "jpcite.db", wal=False)
    immutable = await open_api(immutables=[str(path)], settings={"customer_requests_per_minute": 2})
    statuses = {}
    for _ in range(3):
        found = await ask(immutable, "PUT", PROFILE, ONE, **put("{}", **IN_JAPANESE))
        statuses[found.status_code] = found.json()
    closed = await open_api(path, settings={"customer_keys": {"table": "none", "column": "x"}})
    found = await ask(closed, "GET", PROFILE, ONE, headers=IN_JAPANESE)
    statuses[found.status_code] = found.json()

    assert statuses.keys() == {409, 429, 503}
    for told in statuses.values():
        for name in ("title", "error", "todo"):
            assert JAPANESE.search(told[name])
            assert not ENGLISH.search(told[name])


@pytest.mark.asyncio
async def test_each_of_those_who_ask_at_once_is_answered_in_their_language(tmp_path):
    datasette = await open_api(api_database(tmp_path / "jpcite.db"))
    keys = [f"example-key-{n}" for n in range(1, 8)]
    languages = [LANGUAGES[n % 2] for n in range(len(keys))]
    found = await asyncio.gather(
        *(
            ask(datasette, "GET", RECOMMENDATIONS, key, headers={"Accept-Language": language})
            for key, language in zip(keys, languages, strict=True)
        )
    )
    for answer, language in zip(found, languages, strict=True):
        told = answer.json()
        assert told["delivered_new"]
        for sentence in (told["sentence"], told["recommendations"][0]["reasons"][-1]):
            assert bool(JAPANESE.search(sentence)) == (language == "ja"), sentence


@pytest.mark.asyncio
async def test_the_contract_is_english_and_names_the_header(tmp_path):
    datasette = await open_api(api_database(tmp_path / "jpcite.db"))
    english, japanese = [
        await ask(datasette, "GET", CONTRACT, headers=headers) for headers in ({}, IN_JAPANESE)
    ]
    assert english.text == japanese.text
    assert english.headers["content-language"] == japanese.headers["content-language"] == "en"
    told = english.json()
    assert told["components"]["headers"]["ContentLanguage"]["schema"]["enum"] == [*LANGUAGES]
    for path, methods in told["paths"].items():
        for operation in methods.values():
            named = [
                one["$ref"].rsplit("/")[-1]
                for one in operation.get("parameters", ())
                if "$ref" in one
            ]
            assert ("acceptLanguage" in named) == path.startswith("/v1/me/")


@pytest.mark.asyncio
async def test_the_setting_of_agents_tools_in_datasette_is_checked(tmp_path):
    path = api_database(tmp_path / "jpcite.db")
    with pytest.raises(StartupError, match="mcp_lang is none of en, ja"):
        await open_api(path, settings={"mcp_lang": "fr"})
    await open_api(path, settings={"mcp_lang": "ja"})
