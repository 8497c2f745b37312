"""A page in Japanese says nothing in English but what the file holds, what is typed, and messages of findings."""

import re
import sqlite3
from contextlib import closing
from html import unescape

import pytest

pytest.importorskip("datasette")

from two_languages import ENGLISH
from viewer_fixtures import EVERY_PAGE, HOME, serve, shared_database

from sqlite_utils_personalization import score
from sqlite_utils_personalization.viewer.queries.queries import questions

# Of each key a value that it cannot have, as JSON.
WRONG = {
    "industry_pack": "5",
    "prefecture": "7",
    "deadline_horizon_days": "0",
    "risk_tolerance": '"some"',
}
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


@pytest.fixture(scope="module")
def rejected(tmp_path_factory):
    """A night for everybody, and one that rejects what each of these customers declares, for another reason each."""
    path = shared_database(tmp_path_factory.mktemp("rejected") / "jpcite.db")
    wrong = ("{{", "[]", *(f'{{"{key}": {value}}}' for key, value in WRONG.items()))
    with closing(sqlite3.connect(path)) as db, db:
        db.executemany(
            "UPDATE am_personalization_profile SET preference_json = ? WHERE profile_id = ?",
            [(text, number) for number, text in enumerate(wrong, 1)],
        )
    score(path, as_of="2026-04-05")
    with closing(sqlite3.connect(path)) as db:
        reasons = {
            reason
            for (reason,) in db.execute(
                "SELECT reason FROM am_personalization_unserved WHERE run_id = 2 AND cohort_id IS NULL"
            )
        }
    assert len(reasons) == len(wrong)
    return path, reasons


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "page",
    [
        *("/night/2", "/compare/1/2", "/q/rejected_preferences", "/q/nothing_recommended?cols=all"),
        *(f"/customer/{number}" for number in range(1, 3 + len(WRONG))),
    ],
)
async def test_why_a_declaration_was_rejected_is_said_in_japanese(rejected, page):
    path, reasons = rejected
    datasette = await serve(path)
    url = f"{HOME}{page}{'&' if '?' in page else '?'}lang="
    japanese = (await datasette.client.get(f"{url}ja")).text
    english = unescape((await datasette.client.get(f"{url}en")).text)
    assert any(reason in english for reason in reasons)
    assert not any(reason in unescape(japanese) for reason in reasons)


@pytest.mark.asyncio
async def test_a_form_that_is_not_asked_yet_leads_to_no_json(shared):
    datasette = await serve(shared)
    for query, is_there in (("", False), ("?customer=1", True)):
        page = await datasette.client.get(f"{HOME}/q/customer_recommendations{query}")
        assert (".json" in page.text) == is_there


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "page", [*EVERY_PAGE, f"{HOME}/questions", f"{HOME}/replay/1?now=on", *FORMS, *REFUSED]
)
@pytest.mark.sampled(12)
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
