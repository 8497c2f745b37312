"""Two nights side by side: every number of the page is that of plain SQL over the log and the catalogues."""

import csv
import io
import shutil
import sqlite3
from contextlib import closing

import pytest
import yaml

pytest.importorskip("datasette")

from viewer_fixtures import METADATA, serve, shared_database

from sqlite_utils_personalization import score
from sqlite_utils_personalization.viewer.pages import compare, csv_export
from sqlite_utils_personalization.viewer.settings import PLUGIN

HOME = "/-/personalization"
LATER = "2026-04-14"
LOGGED = """
SELECT run_id, l.profile_id, v.recommendation_type, item_id, l.score FROM v_personalization_replay v
JOIN am_personalization_recommendation_log l USING (rec_id) WHERE run_id IS NOT NULL ORDER BY l.rec_id
"""
SEEN = """
SELECT recommendation_type, item_id, opens_on, closes_on FROM am_personalization_run_candidate
JOIN am_personalization_candidate USING (candidate_id) WHERE run_id = ? AND left_out IS NULL
"""


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """Two nights, between which days passed, an item came, one went, one changed, and a customer declared anew."""
    path = shared_database(tmp_path_factory.mktemp("compare") / "jpcite.db")
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("DELETE FROM programs WHERE unified_id = 'EX-101'")
        db.execute("UPDATE programs SET prefecture = '大阪府' WHERE unified_id = 'EX-104'")
        db.execute("UPDATE programs SET unified_id = 'NEW-1' WHERE unified_id = 'EX-105'")
        db.execute(
            "UPDATE am_personalization_profile SET preference_json = '{}' WHERE profile_id = 1"
        )
    score(path, as_of=LATER)
    return path


async def answered(path, query=""):
    datasette = await serve(path)
    response = await datasette.client.get(f"{HOME}/compare/1/2.json{query}")
    assert response.status_code == 200, response.text
    return response.json()


def seen(path, run_id):
    with closing(sqlite3.connect(path)) as db:
        return {row[:2]: row[2:] for row in db.execute(SEEN, (run_id,))}


@pytest.mark.asyncio
async def test_what_became_of_the_catalogue_is_counted_item_by_item(path):
    found = (await answered(path))["catalogue"]
    before, after = seen(path, 1), seen(path, 2)
    both = before.keys() & after.keys()
    dated = [(before[key], after[key]) for key in both]
    assert found["newly_closed"] == sum(
        (now[1] or "~") < LATER and not (then[1] or "~") < "2026-04-01" for then, now in dated
    )
    assert found["newly_opened"] == sum(
        (then[0] or "") > "2026-04-01" and not (now[0] or "") > LATER for then, now in dated
    )
    for name, keys in (
        ("came_in", after.keys() - before.keys()),
        ("went_out", before.keys() - after.keys()),
    ):
        assert [(one["recommendation_type"], one["item_id"]) for one in found[name]] == sorted(keys)
    assert ("program", "NEW-1") in after.keys() - before.keys()
    assert ("program", "EX-101") in before.keys() - after.keys()


@pytest.mark.asyncio
async def test_who_has_another_list_is_counted_from_the_log(path):
    data = await answered(path)
    lists = {1: {}, 2: {}}
    items = {1: {}, 2: {}}
    with closing(sqlite3.connect(path)) as db:
        for run_id, profile_id, kind, item_id, score in db.execute(LOGGED):
            lists[run_id].setdefault(profile_id, []).append((kind, item_id, score))
            items[run_id].setdefault((kind, item_id), set()).add(profile_id)
    both = lists[1].keys() & lists[2].keys()
    named = {who: [[one[:2] for one in lists[run][who]] for run in (1, 2)] for who in both}
    served = data["served"]
    assert served["served_on_both"] == len(both)
    assert served["unchanged"] == sum(then == now for then, now in named.values())
    assert served["lists_changed"] == len(both) - served["unchanged"] > 0
    assert served["newly_served"] == len(lists[2].keys() - lists[1].keys())
    assert served["no_longer_served"] == len(lists[1].keys() - lists[2].keys())
    assert served["declared_anew"] == 1
    changes = {
        key: (len(items[1].get(key, ())), len(items[2].get(key, ())))
        for key in items[1].keys() | items[2].keys()
    }
    moved = {key: pair for key, pair in changes.items() if pair[0] != pair[1]}
    shown = {
        (one["recommendation_type"], one["item_id"]): (
            one["profiles_before"],
            one["profiles_after"],
        )
        for one in data["moved_items"]
    }
    assert shown.items() <= moved.items()
    assert len(shown) == min(len(moved), len(data["moved_items"]))
    if len(moved) > len(shown):
        least = min(abs(then - now) for then, now in shown.values())
        assert all(abs(a - b) <= least for key, (a, b) in moved.items() if key not in shown)


async def exported(path, name, monkeypatch, size=3):
    monkeypatch.setattr(csv_export, "_SIZE", size)
    datasette = await serve(path)
    response = await datasette.client.get(f"{HOME}/compare/1/2.csv?list={name}&head=off")
    assert response.status_code == 200, response.text
    assert f"jpcite-compare-{name}.csv" in response.headers["content-disposition"]
    return list(csv.DictReader(io.StringIO(response.text)))


@pytest.mark.asyncio
async def test_every_customer_for_whom_something_differs_is_a_row_of_the_export(path, monkeypatch):
    lists = {1: {}, 2: {}}
    with closing(sqlite3.connect(path)) as db:
        for run_id, profile_id, kind, item_id, score in db.execute(LOGGED):
            lists[run_id].setdefault(profile_id, []).append((kind, item_id, score))
        customers = [
            one for (one,) in db.execute("SELECT profile_id FROM am_personalization_profile")
        ]
    expected = {}
    for who in customers:
        then, now = (lists[run_id].get(who, []) for run_id in (1, 2))
        is_other = [one[:2] for one in then] != [one[:2] for one in now]
        if then != now or who == 1:
            expected[str(who)] = [bool(then), bool(now), is_other, then != now, who == 1]
    rows = await exported(path, "customers", monkeypatch)
    flags = ("served_before", "served_after", "list_changed", "scores_changed", "declared_anew")
    assert {row["profile_id"]: [row[name] == "1" for name in flags] for row in rows} == expected
    assert [int(row["profile_id"]) for row in rows] == sorted(map(int, expected))
    served = (await answered(path, "?full=on"))["served"]
    both = [row for row in rows if row["served_before"] == row["served_after"] == "1"]
    assert sum(row["list_changed"] == "1" for row in both) == served["lists_changed"]


@pytest.mark.asyncio
async def test_who_is_gone_or_no_longer_served_is_in_the_export_with_the_reason(
    path, tmp_path, monkeypatch
):
    copy = tmp_path / "jpcite.db"
    shutil.copy(path, copy)
    with closing(sqlite3.connect(copy)) as db, db:
        served = "SELECT max(profile_id) FROM am_personalization_recommendation_log"
        (last,) = db.execute(served).fetchone()
        db.execute("DELETE FROM am_personalization_profile WHERE profile_id = ?", (last,))
        text = '{"risk_tolerance": "none"}'
        db.execute(
            "UPDATE am_personalization_profile SET preference_json = ? WHERE profile_id = 2",
            (text,),
        )
    score(copy, as_of="2026-04-15")
    monkeypatch.setattr(csv_export, "_SIZE", 2)
    datasette = await serve(copy)
    response = await datasette.client.get(f"{HOME}/compare/2/3.csv?head=off")
    rows = {row["profile_id"]: row for row in csv.DictReader(io.StringIO(response.text))}
    assert (rows[str(last)]["served_before"], rows[str(last)]["served_after"]) == ("1", "0")
    assert rows[str(last)]["reason"] == ""
    assert rows["2"]["served_after"] == "0"
    assert rows["2"]["reason"].startswith("risk_tolerance is not one of")


@pytest.mark.asyncio
async def test_every_item_that_moved_is_a_row_of_the_export(path, monkeypatch):
    monkeypatch.setattr(compare, "_SHOWN", 1_000)
    data = await answered(path)
    items = await exported(path, "items", monkeypatch)
    assert [(row["item_id"], int(row["profiles_after"])) for row in items] == [
        (one["item_id"], one["profiles_after"]) for one in data["moved_items"]
    ]
    catalogue = await exported(path, "catalogue", monkeypatch)
    assert {(row["change"], row["item_id"]) for row in catalogue} == {
        (change, one["item_id"])
        for change in ("came_in", "went_out")
        for one in data["catalogue"][change]
    }


@pytest.mark.asyncio
async def test_an_export_of_customers_goes_on_where_one_was_cut_off(path, monkeypatch):
    whole = await exported(path, "customers", monkeypatch)
    datasette = await serve(path)
    url = f"{HOME}/compare/1/2.csv?head=off&after={whole[1]['profile_id']}"
    rest = list(csv.DictReader(io.StringIO((await datasette.client.get(url)).text)))
    assert rest == whole[2:]
    assert len(rest) > 1


@pytest.mark.asyncio
async def test_whose_list_differs_is_noted_as_a_look_at_customers_and_items_are_not(path, tmp_path):
    log = tmp_path / "access.db"
    metadata = yaml.safe_load(METADATA.read_text(encoding="utf-8"))
    metadata["plugins"] = {PLUGIN: {"access_log": str(log)}}
    datasette = await serve(path, metadata=metadata)
    for name in ("items", "catalogue", "customers"):
        response = await datasette.client.get(f"{HOME}/compare/1/2.csv?list={name}")
        assert response.status_code == 200
    with closing(sqlite3.connect(log)) as db:
        # The night beside itself has no customer for whom something differs, and was looked at all the same.
        await datasette.client.get(f"{HOME}/compare/2/2.csv")
        routes = [route for (route,) in db.execute("SELECT route FROM access ORDER BY 1")]
    assert routes == [f"{HOME}/compare/1/2.csv", f"{HOME}/compare/2/2.csv"]


@pytest.mark.asyncio
async def test_a_list_that_is_none_is_refused_and_the_page_itself_knows_no_lists(path):
    datasette = await serve(path)
    for url, status in (
        ("/compare/1/2.csv?list=everything", 400),
        ("/compare/1/9.csv", 404),
        ("/compare/1/2?list=items", 400),
        ("/compare/1/2.json?list=items", 400),
        ("/compare/1/2.csv?list=items&after=1", 400),
        ("/compare/1/2.csv?full=on", 400),
        ("/verification.csv?list=seals&kind=file", 400),
        ("/verification.csv?list=seals&seals_after=1", 400),
        ("/verification.csv?list=verifications&after=1", 400),
        ("/search.csv?q=a&list=title&kind=title", 400),
        ("/search.csv", 400),
        ("/search.csv?q=%E8%A3%9C%E5%8A%A9&list=night", 400),
    ):
        assert (await datasette.client.get(f"{HOME}{url}")).status_code == status, url


@pytest.mark.asyncio
async def test_large_nights_are_compared_customer_by_customer_where_it_is_asked_for(
    path, monkeypatch
):
    whole = await answered(path)
    monkeypatch.setattr(compare, "MOST_LISTS", 1)
    part = await answered(path)
    assert (part["served"], part["moved_items"]) == (None, None)
    assert part["catalogue"] == whole["catalogue"]
    assert (await answered(path, "?full=on"))["served"] == whole["served"]


@pytest.mark.asyncio
async def test_a_night_beside_itself_shows_no_change(path):
    datasette = await serve(path)
    data = (await datasette.client.get(f"{HOME}/compare/2/2.json")).json()
    assert data["catalogue"] == {
        "newly_closed": 0,
        "newly_opened": 0,
        "came_in": [],
        "went_out": [],
    }
    assert data["served"]["lists_changed"] == 0
    assert data["moved_items"] == []
    assert data["constants"] == []
