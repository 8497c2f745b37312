"""The page of an item: versions, who got it, why the others did not, and today; its JSON twin says the same."""

import html
import re
import shutil
import sqlite3
from collections import Counter
from contextlib import closing

import pytest

pytest.importorskip("datasette")

from viewer_fixtures import found_by_verification, root, serve, shared_database

from sqlite_utils_personalization import score
from sqlite_utils_personalization.audit.snapshot import snapshot
from sqlite_utils_personalization.audit.why_not import why_not
from sqlite_utils_personalization.catalogue.rule_names import rule_name
from sqlite_utils_personalization.language import speaking
from sqlite_utils_personalization.preferences.erasure import erase
from sqlite_utils_personalization.viewer.links import Links
from sqlite_utils_personalization.viewer.pages import item_obstacles, served_items
from sqlite_utils_personalization.viewer.pages.item import obstacle_names
from sqlite_utils_personalization.viewer.queries.metadata import metadata

ITEM = "/-/personalization/item"
JAPANESE = {"Accept-Language": "ja"}
NOT_ELIGIBLE = ("not open", "too late", "other prefecture", "other industry")


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    return shared_database(tmp_path_factory.mktemp("item") / "jpcite.db")


@pytest.fixture
def changed(shared, tmp_path):
    """A second night, after a program changed and another one went."""
    path = tmp_path / "jpcite.db"
    shutil.copy(shared, path)
    with closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE programs SET prefecture = '大阪府' WHERE unified_id = 'EX-104'")
        db.execute("DELETE FROM programs WHERE unified_id = 'EX-110'")
        db.commit()
    score(path, as_of="2026-04-02")
    return path


async def ask(path, item, status=200, headers=None, **query):
    """The page's text and its JSON twin."""
    datasette = await serve(path)
    found = []
    for suffix in ("", ".json"):
        response = await datasette.client.get(
            f"{ITEM}/{item}{suffix}", params=query, headers=headers
        )
        assert response.status_code == status, response.text
        found.append(response)
    return found[0].text, found[1].json()


def query(path, sql, *at):
    with closing(sqlite3.connect(path)) as db:
        return db.execute(sql, at).fetchall()


def items_of_night(path, run_id=1):
    return query(
        path,
        "SELECT recommendation_type, item_id, candidate_id FROM am_personalization_candidate"
        " JOIN am_personalization_run_candidate USING (candidate_id) WHERE run_id = ? AND left_out IS NULL",
        run_id,
    )


def test_what_kept_an_item_from_each_customer_is_what_why_not_says(shared):
    with closing(sqlite3.connect(shared)) as db:
        night = served_items.find_night(db)
        people = [
            number for (number,) in db.execute("SELECT profile_id FROM am_personalization_profile")
        ]
        assert len(people) == night.profiles
        for kind, item_id, candidate_id in items_of_night(shared):
            said = Counter(
                why_not(db, one, item_id, 1, kind, with_nearest=False).reason for one in people
            )
            found = Counter(
                recommended=served_items.customers_by_item(db, night, [candidate_id]).get(
                    candidate_id, 0
                )
            )
            for other in item_obstacles.others(db, night, candidate_id):
                obstacle = (
                    "not eligible" if other["obstacle"] in NOT_ELIGIBLE else other["obstacle"]
                )
                found[{"not theirs": "not in the catalogue"}.get(obstacle, obstacle)] += other[
                    "profiles"
                ]
            assert +found == +said, (kind, item_id)


@pytest.mark.asyncio
async def test_the_page_says_who_got_it_and_why_the_others_did_not(shared):
    text, data = await ask(shared, "program/EX-104")
    logged = query(
        shared,
        "SELECT rec_id FROM v_personalization_replay WHERE item_id = 'EX-104' AND"
        " recommendation_type = 'program' ORDER BY rec_id",
    )

    assert [row["rec_id"] for row in data["recommendations"]] == [number for (number,) in logged]
    assert data["profiles"] == len(logged) > 0
    assert data["profiles"] + sum(one["profiles"] for one in data["obstacles"]) == 8
    for row in data["recommendations"]:
        assert f'/replay/{row["rec_id"]}"' in text
        assert f'/customer/{row["profile_id"]}?night=1"' in text
    for one in data["obstacles"]:
        assert obstacle_names()[one["obstacle"]] in text
        assert f"customer={one['profile_id']}&amp;type=program&amp;item=EX-104&amp;night=1" in text
    for name, value in (("type", "program"), ("item", "EX-104"), ("night", 1)):
        assert f'<input type="hidden" name="{name}" value="{value}">' in text
    assert f"recommended to {len(logged)} of 8 customers" in text


@pytest.mark.asyncio
async def test_versions_are_shown_side_by_side_with_what_changed(changed):
    text, data = await ask(changed, "program/EX-104")

    newest = data["versions"][0]
    assert (newest["prefectures"], newest["night_count"]) == ("大阪府", 1)
    assert len(data["versions"]) == 2
    assert '<td class="pa-changed"><span lang="ja">大阪府</span></td>' in text
    assert text.count("pa-changed") == 1
    assert data["run"]["as_of"] == "2026-04-02"
    _, before = await ask(changed, "program/EX-104", night="2026-04-01")
    assert before["run"]["run_id"] == 1


@pytest.mark.asyncio
async def test_an_item_that_is_gone_is_still_shown_and_said_to_be_gone(changed):
    text, data = await ask(changed, "program/EX-110")

    assert (data["is_in_catalogue"], data["obstacles"], data["recommendations"]) == (
        False,
        None,
        [],
    )
    assert "did not have it" in text
    _, before = await ask(changed, "program/EX-110", night="1")
    assert before["profiles"] > 0


@pytest.mark.asyncio
async def test_an_item_that_was_left_out_is_shown_with_the_rule(shared):
    text, data = await ask(shared, "program/EX-108")
    japanese, _ = await ask(shared, "program/EX-108", headers=JAPANESE)

    assert (data["rule"], data["obstacles"]) == ("closed", None)
    assert "by the rule &#39;closed&#39;" in text or "by the rule 'closed'" in text
    with speaking("ja"):
        assert f"除外規則「{rule_name('closed')}」" in japanese


@pytest.mark.asyncio
async def test_today_is_told_where_it_is_asked_for(changed):
    _, data = await ask(changed, "program/EX-104")
    assert data["now"] is None
    text, data = await ask(changed, "program/EX-104", night="1", now="on")

    assert (data["now"]["standing"], list(data["now"]["changed"])) == ("changed", ["prefectures"])
    assert "In the catalogue of" in text
    japanese, _ = await ask(changed, "program/EX-104", headers=JAPANESE, night="1", now="on")
    assert "変更あり" in japanese


@pytest.mark.asyncio
async def test_changes_of_a_program_and_the_program_of_a_change_lead_to_each_other(shared):
    ((change, program),) = query(
        shared,
        "SELECT item_id, json_extract(why, '$.program') FROM am_personalization_candidate"
        " WHERE recommendation_type = 'amendment' AND left_out IS NULL LIMIT 1",
    )
    text, data = await ask(shared, f"amendment/{change}")
    assert data["program_id"] == program
    assert f'href="{ITEM}/program/{program}"' in text
    text, data = await ask(shared, f"program/{program}")
    assert change in [one["item_id"] for one in data["amendments"]]
    assert f'href="{ITEM}/amendment/{change}?night=1"' in text


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "item",
    ["program/EX-999", "nothing/EX-104", "program/%27%20OR%201", "program/%25", "program/a%2Fb"],
)
async def test_an_unknown_item_is_not_found(shared, item):
    text, data = await ask(shared, item, 404)

    assert data["title"] == "No such item"
    assert "/-/personalization/search?q=" in text


@pytest.mark.asyncio
@pytest.mark.parametrize("item_id", ["a/b", "a.json", "a?b=c#d", "名 前", "%2F", "a&b", '"><b>'])
async def test_an_id_of_any_letters_has_a_page(shared, tmp_path, item_id):
    path = tmp_path / "jpcite.db"
    shutil.copy(shared, path)
    with closing(sqlite3.connect(path)) as db:
        for (name,) in db.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            db.execute(f"DROP TRIGGER {name}")
        db.execute(
            "UPDATE am_personalization_candidate SET item_id = ? WHERE item_id = 'EX-104'",
            (item_id,),
        )
        db.commit()
    datasette = await serve(path)
    address = Links(datasette, "jpcite", is_named=False).item("program", item_id)
    page = await datasette.client.get(address)
    assert page.status_code == 200, page.text
    data = (await datasette.client.get(f"{address}.json")).json()

    assert data["item"]["item_id"] == item_id
    assert data["profiles"] > 0
    assert "<b>" not in page.text.replace("<b>Personalization audit", "")


@pytest.mark.asyncio
async def test_the_page_is_japanese_and_its_json_the_same(shared):
    text, data = await ask(shared, "program/EX-104", headers=JAPANESE)
    _, english = await ask(shared, "program/EX-104")

    for word in (
        "版ごとの内容",
        "ほかの顧客に推薦されなかった理由",
        "受付開始日なし",
        "制度、案件番号EX-104。",
    ):
        assert word in text
    assert data == english


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "wrong", [{"night": "yesterday"}, {"after": "x"}, {"now": "1"}, {"full": "off"}, {"x": "1"}]
)
async def test_a_parameter_that_cannot_be_is_refused(shared, wrong):
    text, data = await ask(shared, "program/EX-104", 400, **wrong)

    assert "versions" not in data
    assert "Nothing was looked up" in text


@pytest.mark.asyncio
async def test_a_night_that_was_never_scored_is_not_found(shared):
    _, data = await ask(shared, "program/EX-104", 404, night="2026-07-01")
    assert data["title"] == "No such night"


@pytest.mark.asyncio
async def test_a_large_night_is_counted_where_it_is_asked_for(shared, monkeypatch):
    monkeypatch.setattr(served_items, "MOST_COUNTED", 3)
    text, data = await ask(shared, "program/EX-104")
    assert (data["profiles"], data["obstacles"]) == (None, None)
    assert "full=on" in text
    assert data["recommendations"]
    _, data = await ask(shared, "program/EX-104", full="on")
    assert data["profiles"] == len(data["recommendations"])


@pytest.mark.asyncio
@pytest.mark.parametrize("where", ["run", "candidate"])
async def test_a_finding_at_the_item_or_its_night_is_as_loud_on_its_page(shared, tmp_path, where):
    text, data = await ask(shared, "program/EX-104")
    assert data["findings"] == []
    assert 'role="alert"' not in text
    path = tmp_path / "jpcite.db"
    shutil.copy(shared, path)
    ((number,),) = query(
        path, "SELECT candidate_id FROM am_personalization_candidate WHERE item_id = 'EX-104'"
    )
    places = {
        "run": {"run_id": 1},
        "candidate": {"table": "am_personalization_candidate", "rowid": number},
    }
    found_by_verification(path, {"sentence": "somebody <b>was</b> here", "where": places[where]})
    text, data = await ask(path, "program/EX-104")

    assert [one["sentence"] for one in data["findings"]] == ["somebody <b>was</b> here"]
    assert 'class="pa-verdict fault"' in text
    assert "somebody &lt;b&gt;was&lt;/b&gt; here" in text


@pytest.mark.asyncio
async def test_who_got_it_comes_in_pages(shared, monkeypatch):
    monkeypatch.setattr("sqlite_utils_personalization.viewer.pages.item._SIZE", 2)
    seen, after = [], ""
    while after is not None:
        _, data = await ask(shared, "program/EX-104", after=after)
        seen += [row["rec_id"] for row in data["recommendations"]]
        after = data["next"]
    assert len(seen) == len(set(seen)) == data["profiles"] > 2


def test_every_obstacle_has_a_name_in_both_languages():
    for code in ("en", "ja"):
        with speaking(code):
            assert set(obstacle_names()) == set(item_obstacles.OBSTACLES)
            assert len(set(obstacle_names().values())) == len(item_obstacles.OBSTACLES)


PAGES = (
    "search?q=1",
    "search",
    "item/program/EX-104?night=1",
    "why-not?customer=1&item=EX-105",
    "why-not?customer=1&item=補助金",
)


def links_of(text):
    return [html.unescape(part) for part in re.findall(r'(?:href|action)="([^"]+)"', text)]


@pytest.mark.asyncio
@pytest.mark.parametrize("address", PAGES)
async def test_every_link_keeps_the_base_url_and_the_database_that_is_meant(
    shared, tmp_path, address
):
    other = tmp_path / "other file.db"
    shutil.copy(shared, other)
    datasette = await serve(shared, other, settings={"base_url": "/audit/"})
    mark = "&" if "?" in address else "?"
    url = f"/-/personalization/{address}{mark}database=other+file"
    response = await datasette.client.get(url)
    assert response.status_code == 200, response.text
    for link in links_of(response.text):
        assert link.startswith(("/audit/", "#")), link
        is_page = "/-/personalization/" in link and "static" not in link
        # A form sends the database as a field of its own.
        if is_page and f'action="{link}"' not in response.text:
            assert "database=other" in link, link
    assert response.text.count('name="database" value="other file"') >= 1


@pytest.mark.asyncio
@pytest.mark.parametrize("address", PAGES)
async def test_a_snapshot_that_nobody_can_write_says_the_same(shared, tmp_path, address):
    snapshot(shared, tmp_path / "jpcite.db")
    name, question, rest = address.partition("?")
    found = []
    for datasette in (await serve(shared), await serve(immutables=[str(tmp_path / "jpcite.db")])):
        url = f"/-/personalization/{name}.json{question}{rest}"
        found.append((await datasette.client.get(url)).json())
    assert found[0] == found[1]


@pytest.mark.asyncio
@pytest.mark.parametrize("address", PAGES)
async def test_who_may_not_see_the_database_sees_nothing_of_it(shared, address):
    closed = metadata("jpcite")
    closed["databases"]["jpcite"]["allow"] = {"id": "root"}
    datasette = await serve(shared, metadata=closed)
    url = f"/-/personalization/{address}{'&' if '?' in address else '?'}database=jpcite"
    assert (await datasette.client.get(url)).status_code == 403
    assert (await datasette.client.get(url, cookies=root(datasette))).status_code == 200


@pytest.mark.asyncio
@pytest.mark.parametrize("address", PAGES)
async def test_nothing_but_reading_is_answered_and_nothing_is_loaded_from_elsewhere(
    shared, address
):
    datasette = await serve(shared)
    before = shared.read_bytes()
    response = await datasette.client.get(f"/-/personalization/{address}")
    assert "default-src 'none'" in response.headers["content-security-policy"]
    assert "<script" not in response.text
    assert not re.search(r'\sstyle="|\son\w+="|https?://(?!www.w3.org)', response.text)
    assert (await datasette.client.post(f"/-/personalization/{address}")).status_code == 405
    assert shared.read_bytes() == before


@pytest.mark.asyncio
async def test_an_erased_customer_is_called_erased(shared, tmp_path):
    path = tmp_path / "jpcite.db"
    shutil.copy(shared, path)
    _, data = await ask(path, "program/EX-104")
    one = data["recommendations"][0]["profile_id"]
    ((user,),) = query(
        path, "SELECT user_token_hash FROM am_personalization_profile WHERE profile_id = ?", one
    )
    with closing(sqlite3.connect(path)) as db:
        erase(db, user, "consent_withdrawn")
    text, after = await ask(path, "program/EX-104")

    assert after["profiles"] == data["profiles"]
    assert after["recommendations"][0]["customer"] is None
    assert user[:8] not in text
    assert ">erased<" in text
