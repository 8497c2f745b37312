"""Pages say whether a night was like those before it, from what the nights kept, in either language."""

import re
import shutil
import sqlite3
from contextlib import closing
from html import unescape

import pytest

pytest.importorskip("datasette")

from scored import tamper_behind_the_guards
from test_histories import PREFERENCES, START, History
from viewer_fixtures import HOME, serve

from sqlite_utils_personalization import migrate, report
from sqlite_utils_personalization.scoring import log
from sqlite_utils_personalization.viewer.pages.like_before import like_before

P = "am_personalization_"
LATEST = 7


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    """Seven nights, on the last of which nothing fits anyone any more."""
    path = tmp_path_factory.mktemp("lived") / "jpcite.db"
    migrate(path)
    with closing(sqlite3.connect(path)) as db:
        db.executescript(START)
    history = History(path)
    for preference in (PREFERENCES[3], PREFERENCES[4], "{}"):
        history.customer(preference)
    for day in range(6):
        history.night(1 if day else 0)
    for number in (1, 2):
        history.changes_mind((number, "{}"))
    history.night(1)
    return path


@pytest.fixture
def path(lived, tmp_path):
    shutil.copy(lived, tmp_path / "jpcite.db")
    return tmp_path / "jpcite.db"


async def get(path, url):
    datasette = await serve(path)
    response = await datasette.client.get(f"{HOME}{url}")
    assert response.status_code == 200, response.text
    return response


def reported(path, **given):
    """The report, but for thresholds, of which a page has none."""
    found = report(path, **given)
    del found["crossed"]
    return found


@pytest.mark.asyncio
async def test_pages_have_the_report_of_what_was_kept(path):
    for url in (".json", "/nights.json", f"/night/{LATEST}.json"):
        assert (await get(path, url)).json()["report"] == reported(path)
    assert (await get(path, "/night/6.json")).json()["report"] == reported(path, night="2026-04-06")
    assert (await get(path, "/nights.json?until=2026-04-06")).json()["report"]["run_id"] == 6
    assert (await get(path, "/nights.json?until=2026-03-06")).json()["report"] is None


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("lang", "heading", "left", "sentence"),
    [
        (
            "en",
            "Like the nights before?",
            "left their usual band",
            "share of the customers for whom nothing fits: 100.0 %, more than",
        ),
        (
            "ja",
            "これまでの夜間処理との比較",
            "通常の範囲を外れました",
            "該当する案件がない顧客の割合：100.0 %。通常の範囲",
        ),
    ],
)
async def test_pages_say_which_measures_left_their_band(path, lang, heading, left, sentence):
    for url in ("", "/nights", f"/night/{LATEST}"):
        text = unescape((await get(path, f"{url}?lang={lang}")).text)
        (section,) = re.findall(r'<section aria-labelledby="like">.*?</section>', text, re.DOTALL)
        assert heading in section
        assert left in section
        assert sentence in section
        # The overview says so, and leads to the night, where it is drawn.
        assert section.count("<figure>") >= 5 if url else f"/night/{LATEST}" in section
        # Each number that is drawn is in the table, too.
        assert section.count('<tr><th scope="row">') >= section.count("<figure>")


@pytest.mark.asyncio
async def test_a_first_night_is_held_against_none(path):
    text = unescape((await get(path, "/night/1")).text)
    assert "no night before it" in text
    assert "Too few nights were scored before to say what is usual." in text
    data = (await get(path, "/night/1.json")).json()["report"]
    assert (data["compared"], data["outside"]) == ([], 0)


@pytest.mark.asyncio
async def test_a_night_under_way_has_no_report(path):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log, "CHUNK_CUSTOMERS", 1)
        history = History(path)
        history.keys = dict.fromkeys(range(1, 4), b"")
        for _ in range(3):
            history.customer(PREFERENCES[3])
        history.day = history.day.replace(day=10)
        history.interrupted(1)
    assert (await get(path, "/night/8.json")).json()["report"] is None
    assert 'aria-labelledby="like"' not in (await get(path, "/night/8")).text
    assert (await get(path, "/nights.json")).json()["report"]["run_id"] == LATEST


def test_neither_the_log_nor_its_evidence_is_read(path):
    def allow(action, table, *_):
        is_long = table in (f"{P}recommendation_log", f"{P}evidence", f"{P}decision", f"{P}list")
        return sqlite3.SQLITE_DENY if is_long else sqlite3.SQLITE_OK

    with closing(sqlite3.connect(path)) as db:
        db.set_authorizer(allow)
        assert like_before(db, {"run_id": LATEST, "as_of": "2026-04-07"})["run_id"] == LATEST


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "stored",
    [
        "'[1]'",
        "'{'",
        "7",
        "'{\"measures\": 7}'",
        """'{"measures": {"rows": -1, "shown_items": 9223372036854775808, "open_items": "x", "lists": [1]}}'""",
        """'{"measures": {"rows": 0, "shown_items": 9223372036854775807, "open_items": 1, "<b>": 1}}'""",
        """json_set(counts_json, '$.program.scores', json('{"0": 1, "101": 1, "50": 1e400, "7": -1}'))""",
        """json_set(counts_json, '$.program.scores', json('{"100": 9223372036854775807}'))""",
        "json_set(counts_json, '$.measures.median_days_left', 9223372036854775807)",
    ],
)
@pytest.mark.sampled(3)
async def test_a_page_of_a_row_that_was_changed_is_shown(path, stored):
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        tamper_behind_the_guards(
            db,
            f"UPDATE {P}run SET counts_json = {stored} WHERE run_id >= 6",
            f"""UPDATE {P}run SET left_out_json = '{{"program": {{"<i>&": 3, "x": "y"}}, "q": 1}}'
                WHERE run_id = 7""",
        )
    for url in ("", ".json", "/nights", f"/night/{LATEST}", f"/night/{LATEST}.json"):
        assert "<i>&" not in (await get(path, url)).text or url.endswith("json")
