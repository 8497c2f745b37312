"""Datasette with our metadata.yml: what an auditor and a script get from each question, on either line."""

import json
import re
import sqlite3
import subprocess
import sys
from html import unescape
from urllib.parse import urljoin

import pytest
import yaml

pytest.importorskip("datasette")

from viewer_fixtures import METADATA, metadata_yml, root, serve, shared_database

from sqlite_utils_personalization.viewer import large_tables as large
from sqlite_utils_personalization.viewer.queries.metadata import tables
from sqlite_utils_personalization.viewer.queries.queries import questions


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    return shared_database(tmp_path_factory.mktemp("viewer") / "jpcite.db")


async def rows(datasette, question, **form):
    form = "&".join(f"{name}={value}" for name, value in form.items())
    response = await datasette.client.get(f"/jpcite/{question}.json?_shape=array&{form}")
    assert response.status_code == 200
    return response.json()


@pytest.mark.asyncio
async def test_every_question_is_a_page_with_its_title_form_and_description(shared):
    datasette = await serve(shared)
    for question in questions():
        response = await datasette.client.get(f"/jpcite/{question.name}")
        assert response.status_code == 200, question.name
        title = f"{question.title} ({question.title_ja}): jpcite"
        assert f"<title>{title}</title>" in unescape(response.text)
        assert question.description in response.text
        for parameter in question.parameters:
            assert f'name="{parameter.name}"' in response.text


@pytest.mark.asyncio
async def test_the_first_pages_of_datasette_lead_to_the_audit(shared):
    datasette = await serve(shared)
    for path in ("/", "/jpcite", "/jpcite/nights"):
        page = (await datasette.client.get(path)).text
        (link,) = re.findall(r'<p><a href="([^"]+)">Personalization audit</a></p>', page)
        response = await datasette.client.get(urljoin(path, link))
        assert "<title>Overview - Personalization audit</title>" in response.text


@pytest.mark.asyncio
async def test_a_query_of_another_database_keeps_the_title_that_datasette_gives_it(
    shared, tmp_path
):
    sqlite3.connect(tmp_path / "other.db").close()
    about = {"other": {"queries": {"one": {"sql": "SELECT 1 AS one", "title": "One"}}}}
    datasette = await serve(shared, tmp_path / "other.db", metadata={"databases": about})
    response = await datasette.client.get("/other/one")

    assert "<title>other: SELECT 1 AS one</title>" in response.text


@pytest.mark.asyncio
async def test_the_best_recommendation_leads_to_its_customer_and_its_reason(shared):
    datasette = await serve(shared)
    (best,) = await rows(datasette, "recent_recommendations", type="program", size=1)
    history = await rows(datasette, "customer_recommendations", customer=best["profile_id"])
    (reason,) = await rows(datasette, "why_this_recommendation", rec_id=best["rec_id"])

    assert best["rec_id"] in {row["rec_id"] for row in history}
    assert {row["profile_id"] for row in history} == {best["profile_id"]}
    assert (reason["score"], reason["verdict"]) == (best["score"], "reproduced")
    assert best["score"] == min(
        reason["cap"], reason["industry_points"] + reason["deadline_points"] + reason["risk_points"]
    )


@pytest.mark.asyncio
async def test_a_script_pages_through_everything_once(shared):
    datasette = await serve(shared)
    found, after = [], ""
    while after is not None:
        url = f"/jpcite/recent_recommendations.json?_shape=objects&size=7&after={after}"
        page = (await datasette.client.get(url)).json()
        found += [row["rec_id"] for row in page["rows"]]
        after = page["next"]
    view = await datasette.client.get("/jpcite/v_personalization_recent_recs.csv?_stream=on")

    assert len(found) == len(set(found)) == len(view.text.splitlines()) - 1


@pytest.mark.asyncio
async def test_the_database_page_lists_every_question_and_every_table_of_ours(shared):
    datasette = await serve(shared)
    database = (await datasette.client.get("/jpcite.json")).json()
    # Datasette 1.0 lists five, and links to a page with all of them.
    listed = await datasette.client.get("/jpcite/-/queries.json?_size=max")
    shown = listed.json() if listed.status_code == 200 else database

    assert {query["name"] for query in shown["queries"]} == {
        question.name for question in questions()
    }
    assert {table["name"] for table in database["tables"] + database["views"]} == set(tables())


@pytest.mark.asyncio
async def test_tables_show_what_their_columns_mean(shared):
    datasette = await serve(shared, metadata=metadata_yml())
    response = await datasette.client.get("/jpcite/am_personalization_decision")

    for text in ("Places on lists (判定)", "Place, best first within each type"):
        assert text in response.text


@pytest.mark.asyncio
async def test_the_log_shows_its_latest_rows_first(shared):
    datasette = await serve(shared)
    url = "/jpcite/am_personalization_recommendation_log.json?_shape=array"
    shown = [row["rec_id"] for row in (await datasette.client.get(url)).json()]

    assert shown == sorted(shown, reverse=True) != []


@pytest.mark.asyncio
async def test_queries_of_the_users_own_configuration_are_left_as_they_are(shared, tmp_path):
    metadata = {
        "plugins": {"sqlite-utils-personalization": {"deny_by_default": False}},
        "databases": {"jpcite": {"queries": {"plain": "SELECT 1 AS one"}}},
    }
    datasette = await serve(shared, metadata=metadata)

    assert await rows(datasette, "plain") == [{"one": 1}]


@pytest.mark.asyncio
async def test_the_viewer_serves_a_copy_under_another_name(shared, tmp_path):
    copy = tmp_path / "audit.db"
    copy.write_bytes(shared.read_bytes())
    metadata = METADATA.read_text(encoding="utf-8").replace("  jpcite:", "  audit:")
    datasette = await serve(copy, metadata=yaml.safe_load(metadata))
    response = await datasette.client.get("/audit/recent_recommendations.json?_shape=array&size=1")

    assert len(response.json()) == 1


@pytest.mark.asyncio
async def test_a_database_of_the_first_migration_only_is_served_too(tmp_path):
    from sqlite_utils_personalization.schema import STORAGE, migrate

    migrate(tmp_path / "jpcite.db", only=[STORAGE])
    datasette = await serve(tmp_path / "jpcite.db")

    assert await rows(datasette, "recent_recommendations") == []
    assert (await datasette.client.get("/jpcite")).status_code == 200


@pytest.mark.asyncio
async def test_root_can_ask_too(shared):
    datasette = await serve(shared)
    response = await datasette.client.get(
        "/jpcite/recent_recommendations.json?_shape=array&size=1", cookies=root(datasette)
    )

    assert len(response.json()) == 1


def datasette_cli(*arguments):
    command = [sys.executable, "-m", "datasette", *map(str, arguments)]
    return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)


@pytest.mark.slow
def test_the_documented_command_answers(shared):
    url = "/jpcite/recent_recommendations.json?_shape=array&size=2"
    found = datasette_cli(shared, "--metadata", METADATA, "--get", url)

    assert [row["rec_id"] for row in found] == sorted(row["rec_id"] for row in found)
    assert len(found) == 2


def test_serving_does_not_load_the_commands():
    code = (
        "import sys, sqlite_utils_personalization.viewer\n"
        "print([name for name in ('sqlite_utils.cli', 'sqlite_utils_personalization.commands')"
        " if name in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True
    )

    assert result.stdout == "[]\n"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("name", "limit"),
    [
        # A night of ten thousand customers is 200,000 rows, and of a view they take a second to count.
        ("v_personalization_replay", "LARGE_LOG_OF_VIEW"),
        ("v_personalization_recent_recs", "LARGE_LOG_OF_VIEW"),
        ("am_personalization_decision", "LARGE_LOG"),
    ],
)
@pytest.mark.sampled(1)
async def test_over_a_large_log_a_page_counts_no_rows_unless_that_is_asked_for(
    shared, monkeypatch, name, limit
):
    datasette = await serve(shared)
    url, count = f"/jpcite/{name}.json", "filtered_table_rows_count"
    small = (await datasette.client.get(url)).json()
    monkeypatch.setattr(large, limit, 40)
    big = (await datasette.client.get(url)).json()
    asked = (await datasette.client.get(f"{url}?_nocount=")).json()

    # Datasette 1.0 says no count here, and stops counting by itself elsewhere.
    assert small.get(count) == asked.get(count) != 0
    assert big.get(count) is None
    assert big["rows"] == small["rows"]


@pytest.mark.asyncio
async def test_no_page_of_a_view_suggests_facets_which_would_read_the_whole_log(shared):
    datasette = await serve(shared)
    for view in ("v_personalization_replay", "v_personalization_recent_recs"):
        assert "suggested-facets" not in (await datasette.client.get(f"/jpcite/{view}")).text
    log = await datasette.client.get("/jpcite/am_personalization_recommendation_log")
    assert "suggested-facets" in log.text


GROW_LARGE = (
    "am_personalization_profile",
    "am_personalization_recommendation_log",
    "am_personalization_decision",
    "v_personalization_replay",
    "v_personalization_recent_recs",
)


@pytest.mark.asyncio
@pytest.mark.parametrize("name", GROW_LARGE)
@pytest.mark.sampled(2)
async def test_what_grows_large_is_sorted_only_as_an_index_has_it(shared, name):
    datasette = await serve(shared)
    sorted_by = set()
    for column in tables()[name]["columns"]:
        response = await datasette.client.get(f"/jpcite/{name}.json?_sort_desc={column}")
        if response.status_code == 200:
            sorted_by.add(column)
        else:
            assert response.json()["error"] == f"Cannot sort table by {column}"
    db = sqlite3.connect(shared)
    for column in sorted_by:
        plan = db.execute(f"EXPLAIN QUERY PLAN SELECT * FROM {name} ORDER BY {column} DESC")
        assert not [step for *_, step in plan if "TEMP B-TREE" in step], column
    page = (await datasette.client.get(f"/jpcite/{name}")).text

    assert sorted_by == set(tables()[name]["sortable_columns"])
    assert set(re.findall(r"[?;]_sort(?:_desc)?=(\w+)", page)) == sorted_by


@pytest.mark.asyncio
async def test_over_a_large_log_no_page_that_lists_tables_counts_them(shared, monkeypatch):
    datasette = await serve(shared)
    if hasattr(datasette, "add_query"):
        return
    for large_log, rows in ((1_000, 40), (40, None)):
        monkeypatch.setattr(large, "LARGE_LOG", large_log)
        listed = (await datasette.client.get("/jpcite.json")).json()["tables"]
        counts = {table["name"]: table["count"] for table in listed}
        assert counts["am_personalization_recommendation_log"] == rows
        assert (await datasette.client.get("/")).status_code == 200
