"""A page in Japanese says nothing in English but what the file holds, what is typed, and messages of findings."""

import re
from html import unescape

import pytest

pytest.importorskip("datasette")

from two_languages import ENGLISH
from viewer_fixtures import EVERY_PAGE, HOME, serve, shared_database

from sqlite_utils_personalization.viewer.queries.queries import questions

NEEDED = {"customer": "1", "rec_id": "1", "item_id": "EX-104"}
FORMS = [
    f"{HOME}/q/{question.name}?cols=all&"
    + "&".join(f"{one.name}={NEEDED[one.name]}" for one in question.parameters if one.is_required)
    for question in questions()
]
REFUSED = (
    f"{HOME}/nights?size=-1&since=yesterday",
    f"{HOME}/q/recent_recommendations?min_score=300",
    f"{HOME}/q/customer_changes?customer=999",
    f"{HOME}/customer/999",
    f"{HOME}/night/9",
    f"{HOME}/item/program/none",
    f"{HOME}/money/2026-13",
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    return shared_database(tmp_path_factory.mktemp("pages") / "jpcite.db")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "page", [*EVERY_PAGE, f"{HOME}/questions", f"{HOME}/replay/1?now=on", *FORMS, *REFUSED]
)
async def test_a_japanese_page_says_nothing_in_english(shared, page):
    datasette = await serve(shared)
    url = f"{page}{'&' if '?' in page else '?'}lang=ja"
    response = await datasette.client.get(url, follow_redirects=True)
    text = re.sub(
        r'<(style|svg|code)\b.*?</\1>|<(\w+)[^>]* lang="en".*?</\2>', "", response.text, flags=re.S
    )
    lines = [line.strip() for line in unescape(re.sub("<[^>]*>", "\n", text)).splitlines()]
    assert [line for line in lines if ENGLISH.search(line)] == []
    assert 'lang="ja"' in response.text
