"""docs/rest.md: every example in it is run, and every answer in it is what comes back."""

import json
import re
import shlex
from datetime import datetime, timezone
from pathlib import Path

import pytest
import yaml

pytest.importorskip("datasette")

from noon import MODULES
from rest_fixtures import NEW, PLUGIN, api_database, bearer, rows
from viewer_fixtures import METADATA, root, serve

from sqlite_utils_personalization import score
from sqlite_utils_personalization.viewer.rest.problem import TITLES
from sqlite_utils_personalization.viewer.settings import REQUESTS_PER_MINUTE

DOC = Path(__file__).parents[1] / "docs" / "rest.md"
EXAMPLE = re.compile(r"```console\n\$ (curl .*)\n(?:(.*)\n)?```", re.MULTILINE)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
NOON = datetime(2026, 4, 2, 3, tzinfo=timezone.utc)
CURSOR = re.compile(r'(?<="next": ")[^"]+')


def text():
    return DOC.read_text(encoding="utf-8")


def request_of(command):
    """Method, address, headers and body of a curl command."""
    words, method, headers, body = iter(shlex.split(command)[1:]), "GET", {}, None
    url = ""
    for word in words:
        if word == "-X":
            method = next(words)
        elif word == "-d":
            body = next(words)
        elif word == "-H":
            header = next(words)
            name, _, value = header.partition(": ")
            headers |= bearer(NEW) if header == "@auth.txt" else {name: value}
        else:
            url = word.removeprefix("localhost:8001")
    return method, url, headers, body


def settled(answer):
    """The answer with what differs from run to run as docs/rest.md has it."""
    answer = TIME.sub("2026-04-01T18:15:03.120Z", json.dumps(answer, ensure_ascii=False))
    return CURSOR.sub("WyIyMDI2...", answer)


def settings_of(doc):
    return yaml.safe_load(re.search(r"```yaml\n(.*?)```", doc, re.DOTALL)[1])


async def run(path, doc):
    """Yield each example of the document as the document has it and as it should have it."""
    datasette = await serve(path, metadata=settings_of(doc))
    for number, (command, shown) in enumerate(EXAMPLE.findall(doc)):
        method, url, headers, body = request_of(command)
        answer = await datasette.client.request(method, url, headers=headers, content=body)
        yield command, shown, settled(answer.json())
        if number == 0:
            score(path, as_of="2026-04-02")


@pytest.mark.asyncio
async def test_every_example_answers_as_the_document_says(tmp_path, monkeypatch):
    for module in MODULES:
        monkeypatch.setattr(module, "right_now", lambda: NOON)
    path = api_database(tmp_path / "jpcite.db")
    examples = [example async for example in run(path, text())]

    assert len(examples) == text().count("$ curl") == 12
    for command, shown, answer in examples:
        assert shown == answer, command
    assert rows(path, "SELECT count(*), sum(unit_price_yen) FROM am_personalization_delivery") == [
        (1, 3)
    ]


@pytest.mark.asyncio
@pytest.mark.parametrize("doc", [DOC])
async def test_whoever_opens_the_api_as_documented_shows_no_stranger_the_audit(tmp_path, doc):
    path = api_database(tmp_path / "jpcite.db")
    datasette = await serve(path, metadata=settings_of(doc.read_text(encoding="utf-8")))
    for address in (
        "/jpcite",
        "/jpcite/am_personalization_profile.json",
        "/-/personalization",
        "/-/personalization/replay/1.json",
    ):
        for headers in ({}, bearer(NEW)):
            response = await datasette.client.get(address, headers=headers)
            assert response.status_code == 403, address
        assert (await datasette.client.get(address, cookies=root(datasette))).status_code == 200


def test_every_status_and_every_setting_is_in_the_document():
    told = text()
    statuses = {int(status) for status in re.findall(r"\b4\d\d\b|\b503\b", told)}

    assert statuses == TITLES.keys() - {500}
    assert f"of the clock; {REQUESTS_PER_MINUTE} if left out" in told
    assert all(f"`customer_keys: {name}`" in told for name in ("revoked", "hmac_secret"))


def test_metadata_yml_does_not_open_the_api():
    metadata = yaml.safe_load(METADATA.read_text(encoding="utf-8"))

    assert PLUGIN not in metadata.get("plugins", {})
    assert "customer_api" not in METADATA.read_text(encoding="utf-8")
