"""What every page of ours has: a language, a strict policy, parameters that are read strictly, states of trust."""

import re
import shutil
import sqlite3
from html import unescape

import pytest

pytest.importorskip("datasette")

from viewer_fixtures import found_by_verification, serve, shared_database

from sqlite_utils_personalization.language import LANGUAGES, gettext, ngettext, speaking
from sqlite_utils_personalization.viewer.frame import accepted
from sqlite_utils_personalization.viewer.pages import sample
from sqlite_utils_personalization.viewer.pages.routes import PAGES
from sqlite_utils_personalization.viewer.pages.sample import draw

HOME = "/-/personalization"
NIGHT = "2026-04-01"
OPEN = (
    HOME,
    f"{HOME}/nights",
    f"{HOME}/night/1",
    f"{HOME}/night/1/sample",
    f"{HOME}/customer/1",
    f"{HOME}/replay/1",
    f"{HOME}/verification",
    f"{HOME}/money",
)
JAPANESE = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    return shared_database(tmp_path_factory.mktemp("frame") / "jpcite.db")


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("ja", "ja"),
        ("ja-JP,ja;q=0.9,en;q=0.8", "ja"),
        ("en-US,en;q=0.9,ja;q=0.8", "en"),
        ("fr, ja;q=0.2", "ja"),
        ("fr, de", "en"),
        ("*", "en"),
        ("ja;q=0", "en"),
        ("ja;q=2", "en"),
        ("ja;q=x, en;q=0.1", "en"),
        (";;,,q=1", "en"),
    ],
)
def test_the_best_accepted_language_is_spoken(header, language):
    assert accepted(header) == language


@pytest.mark.asyncio
@pytest.mark.parametrize("path", OPEN)
async def test_a_page_is_in_the_language_that_is_asked_for(shared, path):
    datasette = await serve(shared)
    for language in LANGUAGES:
        page = await datasette.client.get(path, headers={"Accept-Language": language})
        assert page.status_code == 200, page.text
        assert f'<html lang="{language}">' in page.text
        assert page.headers["content-language"] == language
        assert "Accept-Language" in page.headers["vary"]


@pytest.mark.asyncio
async def test_a_chosen_language_is_kept_and_another_is_refused(shared):
    datasette = await serve(shared)
    chosen = await datasette.client.get(f"{HOME}?lang=ja")
    assert chosen.cookies["pa_lang"] == "ja"
    assert "HttpOnly" in chosen.headers["set-cookie"]
    kept = await datasette.client.get(HOME, cookies={"pa_lang": "ja"})
    assert kept.headers["content-language"] == "ja"
    assert (await datasette.client.get(f"{HOME}?lang=fr")).status_code == 400
    wrong = await datasette.client.get(HOME, cookies={"pa_lang": "fr"})
    assert (wrong.status_code, wrong.headers["content-language"]) == (200, "en")


@pytest.mark.asyncio
@pytest.mark.parametrize("path", OPEN)
async def test_json_is_the_same_in_every_language_but_for_sentences(shared, path):
    datasette = await serve(shared)
    answers = []
    for language in LANGUAGES:
        response = await datasette.client.get(f"{path}.json", headers={"Accept-Language": language})
        answers.append(response.json())

    def shape(value):
        if isinstance(value, dict):
            return {key: shape(one) for key, one in value.items()}
        if isinstance(value, list):
            return [shape(one) for one in value]
        return type(value).__name__ if isinstance(value, str) else value

    assert shape(answers[0]) == shape(answers[1])


@pytest.mark.asyncio
@pytest.mark.parametrize("path", OPEN)
async def test_a_page_has_no_script_and_asks_nobody_else(shared, path):
    datasette = await serve(shared)
    page = await datasette.client.get(path)
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "<script" not in page.text
    assert " style=" not in page.text
    assert not re.findall(r'(?:src|href)="https?://(?!www\.w3\.org)', page.text)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "query",
    [
        "size=-1",
        "size=0",
        "size=1001",
        "size=ten",
        "since=2026-13-45",
        "since=2026-02-30",
        "until=yesterday",
        "after=-5",
        "after=9e9",
        "nite=2026-04-01",
        "since=2026-04-01&since=2026-04-02",
        f"since={'9' * 600}",
        "since=%00",
        "size=%EF%BC%8D1",
    ],
)
async def test_a_wrong_parameter_is_an_error_without_rows(shared, query):
    datasette = await serve(shared)
    page = await datasette.client.get(f"{HOME}/nights?{query}")
    twin = await datasette.client.get(f"{HOME}/nights.json?{query}")
    assert (page.status_code, twin.status_code) == (400, 400)
    assert f"{HOME}/night/1" not in page.text
    name = query.partition("=")[0]
    assert twin.json()["ok"] is False
    assert name in twin.json()["parameters"]
    if name != "nite":
        assert f'id="e-{name}"' in page.text
        assert 'aria-invalid="true"' in page.text


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "query",
    [
        "since=２０２６－０４－０１",
        "since=%202026-04-01%20",
        "since=2026/4/1",
        "since=2026年4月1日",
        "since=%E2%80%8B2026-04-01%EF%BB%BF",
    ],
)
async def test_full_width_digits_and_pasted_spaces_are_read(shared, query):
    datasette = await serve(shared)
    twin = await datasette.client.get(f"{HOME}/nights.json?{query}")
    assert (twin.status_code, twin.json()["total"]) == (200, 1)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "path",
    [
        "/night/9",
        "/night/2026-04-09",
        "/night/x",
        "/customer/999",
        "/customer/1.5",
        "/customer/99999999999999999999",
        "/replay/0",
        "/replay/1abc",
        "/compare/1/9",
        "/money/2026-13",
        "/money/1999-01",
        "/money/2026-04/no-class",
        "/customer/1/receipt/9.html",
        "/customer/999/receipt/1.html",
        "/night/9/sample",
    ],
)
async def test_what_is_not_there_is_said_with_what_to_do(shared, path):
    datasette = await serve(shared)
    for language in LANGUAGES:
        page = await datasette.client.get(f"{HOME}{path}", headers={"Accept-Language": language})
        assert page.status_code == 404, page.text
        assert ("What to do:" if language == "en" else "対処：") in page.text


def verified(shared, tmp_path, sql=""):
    """A copy that was verified with the result kept, and then changed without guards."""
    from click.testing import CliRunner
    from sqlite_utils.cli import cli

    path = tmp_path / "jpcite.db"
    shutil.copy(shared, path)
    db = sqlite3.connect(path, isolation_level=None)
    if sql:
        for (name,) in db.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            db.execute(f"DROP TRIGGER {name}")
        db.executescript(sql)
    db.close()
    CliRunner().invoke(cli, ["personalization-verify", str(path), "--keep", "-s"])
    return path


@pytest.mark.asyncio
async def test_green_is_only_what_was_checked(shared, tmp_path):
    datasette = await serve(shared)
    data = (await datasette.client.get(f"{HOME}.json")).json()
    assert data["trust"]["state"] == "not verified"
    page = await datasette.client.get(HOME)
    assert 'class="pa-verdict ok"' not in page.text
    assert "Never fully verified" in page.text

    datasette = await serve(verified(shared, tmp_path))
    data = (await datasette.client.get(f"{HOME}.json")).json()
    assert data["trust"]["state"] == "holds"
    assert (await datasette.client.get(f"{HOME}/night/1.json")).json()["trust"] == "holds"


@pytest.mark.asyncio
async def test_rows_that_were_written_since_make_it_amber(shared, tmp_path):
    path = verified(shared, tmp_path)
    db = sqlite3.connect(path)
    with db:
        db.execute(
            "INSERT INTO am_personalization_recommendation_log(profile_id, recommendation_type, score, served_at)"
            " VALUES (1, 'program', 50, '2026-04-02T18:00:00.000Z')"
        )
    db.close()
    data = (await (await serve(path)).client.get(f"{HOME}.json")).json()["trust"]
    assert (data["state"], data["rows_after"]) == ("not verified", 1)


@pytest.mark.asyncio
async def test_a_finding_is_as_loud_on_every_page_that_it_touches(shared, tmp_path):
    sql = "UPDATE am_personalization_recommendation_log SET score = score - 1 WHERE rec_id = 1"
    datasette = await serve(verified(shared, tmp_path, sql))
    for path in (
        HOME,
        f"{HOME}/night/1",
        f"{HOME}/replay/1",
        f"{HOME}/customer/1",
        f"{HOME}/verification",
    ):
        page = await datasette.client.get(path)
        assert 'class="pa-verdict fault"' in page.text, path
        assert 'class="pa-verdict ok"' not in page.text, path
        assert "What to do now" in page.text, path
        assert "log row 1 has another score than its evidence" in page.text, path
    other = (await datasette.client.get(f"{HOME}/customer/8.json")).json()
    assert other["findings"] == []


@pytest.mark.asyncio
async def test_a_forged_declaration_and_item_are_not_reproduced_in_green(shared, tmp_path):
    sql = """
    UPDATE am_personalization_cohort SET risk_level = 'high' WHERE risk_level = 'medium';
    UPDATE am_personalization_candidate SET risk_level = 'high' WHERE risk_level = 'medium';
    """
    datasette = await serve(verified(shared, tmp_path, sql))
    db = sqlite3.connect(shared)
    ids = [one for (one,) in db.execute("SELECT rec_id FROM am_personalization_recommendation_log")]
    db.close()
    for rec_id in ids:
        data = (await datasette.client.get(f"{HOME}/replay/{rec_id}.json")).json()
        page = await datasette.client.get(f"{HOME}/replay/{rec_id}")
        if set(data["verdicts"].values()) != {"holds"} or data["findings"]:
            assert 'class="pa-verdict ok"' not in page.text


def test_a_sample_is_what_its_rule_says():
    """By the definition: the rows whose sha256 of "seed:rec_id" is least."""
    import hashlib

    rows = range(10, 500)
    by_hand = sorted(rows, key=lambda n: hashlib.sha256(f"2026-audit:{n}".encode()).hexdigest())
    assert draw(rows, "2026-audit", 25) == by_hand[:25]
    assert draw(rows, "other", 25) != by_hand[:25]
    assert draw(range(1, 4), "x", 25) == sorted(
        range(1, 4), key=lambda n: hashlib.sha256(f"x:{n}".encode()).hexdigest()
    )


@pytest.mark.asyncio
async def test_a_sample_is_drawn_alike_and_only_of_a_sealed_night(shared):
    datasette = await serve(shared)
    one = (await datasette.client.get(f"{HOME}/night/1/sample.json?n=5&seed=a")).json()
    two = (await datasette.client.get(f"{HOME}/night/1/sample.json?n=5&seed=a")).json()
    other = (await datasette.client.get(f"{HOME}/night/1/sample.json?n=5&seed=b")).json()
    assert one == two
    assert one["recommendations"] != other["recommendations"]
    assert [row["verdict"] for row in one["recommendations"]] == ["reproduced"] * 5


@pytest.mark.asyncio
async def test_a_sample_is_not_green_where_a_finding_names_its_night_or_a_row_of_it(
    shared, tmp_path
):
    for where in ({"run_id": 1}, {"rec_id": 1}, {"rec_id": 10**9}):
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.db"
        shutil.copy(shared, path)
        found_by_verification(path, {"sentence": "it is not what was sealed", "where": where})
        datasette = await serve(path)
        response = await datasette.client.get(f"{HOME}/night/1/sample?n=200")
        is_touched = where != {"rec_id": 10**9}
        assert ("it is not what was sealed" in response.text) == is_touched
        assert ('class="pa-verdict ok"' in response.text) != is_touched


@pytest.mark.asyncio
async def test_a_sample_of_a_large_night_is_drawn_where_it_is_asked_for(shared, monkeypatch):
    datasette = await serve(shared)
    whole = (await datasette.client.get(f"{HOME}/night/1/sample.json?n=5&seed=a%26b")).json()
    monkeypatch.setattr(sample, "MOST_HASHED", 3)
    response = await datasette.client.get(f"{HOME}/night/1/sample?n=5&seed=a%26b")
    assert "Nothing is drawn yet" in response.text
    assert "reproduced</" not in response.text
    (url,) = re.findall(r'href="([^"]+full=on)"', response.text)
    path, _, query = unescape(url).partition("?")
    drawn = (await datasette.client.get(f"{path}.json?{query}")).json()
    assert drawn["recommendations"] == whole["recommendations"]


def test_messages_are_said_in_the_language_that_is_spoken():
    assert gettext("{n} more", n=3) == "3 more"
    with speaking("ja"):
        assert ngettext("{n} day", "{n} days", 3) == "3日"
        with speaking("en"):
            assert ngettext("{n} day", "{n} days", 1) == "1 day"
        assert ngettext("{n} day", "{n} days", 1) == "1日"
    assert ngettext("{n} day", "{n} days", 0) == "0 days"
    with pytest.raises(KeyError), speaking("fr"):
        pass


def test_every_page_has_a_template_and_a_twin():
    assert len({page.path for page in PAGES}) == len(PAGES)
    for page in PAGES:
        pattern, _respond = page.route()
        # A list may be taken away whole.
        suffixes = r"\.json|\.csv" if page.rows or page.lists else r"\.json"
        assert pattern.endswith(rf"(?P<suffix>{suffixes})?$")
