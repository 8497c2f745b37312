"""What a page view weighs, after a night and after many; in a browser tests/test_browser.py holds every page to it."""

import re
from datetime import date, timedelta

import pytest

pytest.importorskip("datasette")

from scored import example
from viewer_fixtures import HOME, serve

from sqlite_utils_personalization.example import AS_OF
from sqlite_utils_personalization.language import LANGUAGES

# Those with something of every night, or of as many as are shown.
PAGES = ("", "/nights", "/night/1", "/night/17", "/compare/16/17", "/customer/1", "/verification")


@pytest.mark.asyncio
@pytest.mark.parametrize("language", LANGUAGES)
async def test_pages_of_many_nights_are_light(tmp_path, language):
    first = date.fromisoformat(AS_OF)
    days = [str(first + timedelta(days=n)) for n in range(17)]
    datasette = await serve(example(tmp_path / "jpcite.db", *days))
    for page in PAGES:
        answer = await datasette.client.get(f"{HOME}{page}", headers={"Accept-Language": language})
        sheets = re.findall(r'<link[^>]* href="([^"]+\.css[^"]*)"', answer.text)
        styles = [await datasette.client.get(sheet) for sheet in sheets]
        assert styles
        assert sum(len(one.content) for one in (answer, *styles)) < 60_000, page
