"""A command that a text suggests runs as it stands, whatever the file is called."""

import html
import re
import shlex
import sqlite3
from contextlib import closing

import pytest
from click.testing import CliRunner
from datasette.app import Datasette
from scored import history
from sqlite_utils.cli import cli

NAMES = ["a - b.db", "c's.db", "$(d).db", "e;f&g.db", "令和 8年.db"]
FROM = re.compile(r"(?:sqlite-utils personalization|\S*datasette)\S* [^<\n]*")


def suggested(text):
    """The words of each command in the text, as a shell takes them."""
    return [shlex.split(found) for found in FROM.findall(text)]


@pytest.fixture(params=NAMES)
def path(request, tmp_path):
    return tmp_path / request.param


@pytest.mark.sampled(2)
def test_the_example_says_how_to_open_what_it_built(path):
    result = CliRunner().invoke(cli, ["personalization-example", str(path)])
    assert result.exit_code == 0
    assert suggested(result.output)[-1][1:] == [str(path), "--metadata", "metadata.yml"]


def test_a_file_without_a_seal_is_to_be_scored(path):
    CliRunner().invoke(cli, ["personalization-migrate", str(path)])
    result = CliRunner().invoke(cli, ["personalization-seal", str(path)])
    assert result.exit_code == 1
    assert suggested(result.stderr)[-1] == ["sqlite-utils", "personalization-score", str(path)]


@pytest.mark.asyncio
async def test_pages_suggest_the_file_and_the_database_by_their_names(path):
    path.write_bytes(history())
    client = Datasette([str(path)]).client
    home = html.unescape((await client.get("/-/personalization")).text)
    commands = [words[:3] for words in suggested(home)]
    assert ["sqlite-utils", "personalization-verify", path.name] in commands
    (warning,) = (await client.get("/-/personalization.json")).json()["warnings"]
    command = ["sqlite-utils", "personalization-metadata", path.stem, ">", "metadata.yml"]
    assert command in suggested(warning["sentence"])


@pytest.mark.asyncio
async def test_a_home_without_nights_suggests_to_score_the_file(path):
    CliRunner().invoke(cli, ["personalization-migrate", str(path)])
    home = html.unescape((await Datasette([str(path)]).client.get("/-/personalization")).text)
    assert ["sqlite-utils", "personalization-score", path.name] in suggested(home)


@pytest.mark.asyncio
@pytest.mark.parametrize("page", ["/night/1", "/verification", "/money"])
async def test_every_command_of_a_page_names_the_file_as_a_shell_takes_it(path, page):
    path.write_bytes(history())
    client = Datasette([str(path)]).client
    text = (await client.get(f"/-/personalization{page}", follow_redirects=True)).text
    commands = [
        words for words in suggested(html.unescape(text)) if words[1] != "personalization-metadata"
    ]
    assert commands
    for words in commands:
        assert words[2] in (path.name, "copy.db")


@pytest.mark.asyncio
async def test_a_replay_suggests_to_verify_the_file(path):
    path.write_bytes(history())
    with closing(sqlite3.connect(path)) as db:
        (rec_id,) = db.execute(
            "SELECT min(rec_id) FROM am_personalization_recommendation_log"
        ).fetchone()
    client = Datasette([str(path)]).client
    address = f"/-/personalization/replay/{rec_id}"
    page = await client.get(address, follow_redirects=True)
    assert ["sqlite-utils", "personalization-verify", path.name] in suggested(
        html.unescape(page.text)
    )
