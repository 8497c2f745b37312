"""What a page is on paper: its last line says of which file and page it is, how far that goes, and when.

That it prints, and that heads repeat, is for a browser: tests/test_browser.py.
"""

import re
import sqlite3
from contextlib import closing
from html import unescape

import pytest

pytest.importorskip("datasette")

from viewer_fixtures import serve, shared_database

from sqlite_utils_personalization import __version__, migrate

HOME = "/-/personalization"
OPEN = (
    "",
    "/nights?size=1",
    "/night/1",
    "/night/1/sample?n=3&seed=2026+監査",
    "/customer/1",
    "/item/program/EX-104",
    "/replay/1",
    "/why-not",
    "/why-not?customer=1&item=EX-105",
    "/money",
    "/verification",
    "/search",
    "/search?q=EX-104",
)
LAST_LINE = re.compile(r'<p class="pa-stamp">(.*?)</p>\s*</main>', re.DOTALL)


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    return shared_database(tmp_path_factory.mktemp("paper") / "jpcite.db")


def newest(path):
    with closing(sqlite3.connect(path)) as db:
        return db.execute(
            "SELECT seal_id, tree_root FROM am_personalization_seal ORDER BY seal_id DESC LIMIT 1"
        ).fetchone()


async def last_line(datasette, path, status=200):
    page = await datasette.client.get(f"{HOME}{path}", follow_redirects=True)
    assert page.status_code == status, page.text
    (line,) = LAST_LINE.findall(page.text)
    return unescape(line)


@pytest.mark.asyncio
@pytest.mark.parametrize("path", OPEN)
async def test_the_last_line_says_of_what_it_is(shared, path):
    line = await last_line(await serve(shared), path)
    seal_id, root = newest(shared)
    assert line.startswith(f"Printed from jpcite.db · page {HOME}{path}")
    assert f" · newest seal {seal_id}, head {root} · viewer {__version__} · printed 2" in line
    assert line.endswith(" JST")


@pytest.mark.asyncio
async def test_it_names_neither_the_language_nor_a_reason(shared):
    line = await last_line(await serve(shared), "/nights?lang=en&size=2&reason=because")
    assert f" · page {HOME}/nights?size=2 · " in line


@pytest.mark.asyncio
async def test_a_refused_page_says_it_too(shared):
    line = await last_line(await serve(shared), "/nights?size=-1", 400)
    assert line.startswith(f"Printed from jpcite.db · page {HOME}/nights?size=-1 · newest seal ")


@pytest.mark.asyncio
async def test_a_page_that_is_not_there_says_which(shared):
    line = await last_line(await serve(shared), "/replay/999", 404)
    assert line.startswith(f"Page {HOME}/replay/999 · viewer {__version__} · printed 2")


@pytest.mark.asyncio
async def test_of_a_file_without_a_night_nothing_is_sealed(tmp_path):
    migrate(tmp_path / "new.db")
    line = await last_line(await serve(tmp_path / "new.db"), "")
    assert line.startswith(f"Printed from new.db · page {HOME} · nothing is sealed · viewer ")
