"""Recommendations by HTTP: each that is handed over is recorded once a day, and none is that cannot be recorded."""

import asyncio
import sqlite3
from contextlib import closing

import pytest

pytest.importorskip("datasette")

from rest_fixtures import (
    NEW,
    PROFILE,
    RECOMMENDATIONS,
    api_database,
    ask,
    deliveries,
    digest,
    open_api,
    problem_of,
    rows,
)

from sqlite_utils_personalization import score
from sqlite_utils_personalization.example import AS_OF
from sqlite_utils_personalization.viewer import connections

ONE, TWO = "example-key-1", "example-key-2"
pytestmark = pytest.mark.usefixtures("at_noon")


@pytest.fixture
def path(tmp_path):
    return api_database(tmp_path / "jpcite.db")


def logged(path, key):
    """rec_ids in the log under a key, in order."""
    sql = (
        "SELECT rec_id FROM am_personalization_recommendation_log"
        " JOIN am_personalization_profile USING (profile_id) WHERE user_token_hash = ? ORDER BY 1"
    )
    return [row[0] for row in rows(path, sql, digest(key))]


@pytest.mark.asyncio
async def test_asking_twice_is_charged_once(path):
    datasette = await open_api(path)
    first = (await ask(datasette, "GET", f"{RECOMMENDATIONS}?size=3", ONE)).json()
    again = (await ask(datasette, "GET", f"{RECOMMENDATIONS}?size=3", ONE)).json()

    assert (first["delivered_new"], first["charged_yen"]) == (3, 9)
    assert (again["delivered_new"], again["delivered_before"], again["charged_yen"]) == (0, 3, 0)
    assert again["recommendations"] == first["recommendations"]
    assert deliveries(path) == [(item["rec_id"], "rest") for item in first["recommendations"]]


@pytest.mark.asyncio
async def test_ten_tabs_at_once_are_charged_once(path):
    datasette = await open_api(path)
    tabs = [ask(datasette, "GET", f"{RECOMMENDATIONS}?size=100", ONE) for _ in range(10)]
    answers = [answer.json() for answer in await asyncio.gather(*tabs)]

    assert len({str(answer["recommendations"]) for answer in answers}) == 1
    assert sum(answer["charged_yen"] for answer in answers) == 3 * len(logged(path, ONE))
    assert [rec_id for rec_id, _ in deliveries(path)] == logged(path, ONE)


@pytest.mark.asyncio
async def test_a_preview_has_titles_and_is_free(path):
    datasette = await open_api(path)
    preview = (await ask(datasette, "GET", f"{RECOMMENDATIONS}?preview=1", ONE)).json()
    whole = (await ask(datasette, "GET", f"{RECOMMENDATIONS}?preview=0", ONE)).json()
    known = {
        "rec_id",
        "as_of",
        "recommendation_type",
        "title",
        "closes_on",
        "days_left",
        "closed",
        "closing",
    }

    assert preview["charged_yen"] == 0
    assert [set(item) for item in preview["recommendations"]] == [known] * len(
        preview["recommendations"]
    )
    assert preview["recommendations"] == [
        {key: item[key] for key in known} for item in whole["recommendations"]
    ]


@pytest.mark.asyncio
async def test_each_says_whether_and_when_it_closes_and_what_it_stands_for(path):
    datasette = await open_api(path)
    asked = f"{RECOMMENDATIONS}?night={AS_OF}&size=100"
    items = (await ask(datasette, "GET", asked, "example-key-4")).json()["recommendations"]

    # Nothing of the example has another round; a pack does not close.
    assert {item["item_id"]: (item["closing"], item["same_programme"]) for item in items} == {
        "EXjg0000000000004A": ("dated", []),
        "EX-102": ("rolling", []),
        "EX-107": ("dated", []),
        "EX-106": ("unknown", []),
        "pack_information": (None, []),
    }


@pytest.mark.asyncio
async def test_pages_are_of_the_newest_night_by_rank_and_miss_nothing(path):
    before = logged(path, ONE)
    score(path, as_of="2026-04-02")
    datasette = await open_api(path)
    items, cursor = [], ""
    while cursor is not None:
        after = f"&after={cursor}" if cursor else ""
        answer = await ask(datasette, "GET", f"{RECOMMENDATIONS}?size=3{after}", ONE)
        page = answer.json()
        items += page["recommendations"]
        cursor = page["next"]

    assert [item["rec_id"] for item in items] == logged(path, ONE)[len(before) :]
    assert {item["as_of"] for item in items} == {"2026-04-02"}
    assert [item["rank"] for item in items][:2] == [1, 2]
    assert len(deliveries(path)) == len(items)


@pytest.mark.asyncio
async def test_a_type_and_a_night_select(path):
    score(path, as_of="2026-04-02")
    datasette = await open_api(path)
    asked = f"{RECOMMENDATIONS}?type=amendment&night=2026-04-01"
    (item,) = (await ask(datasette, "GET", asked, ONE)).json()["recommendations"]

    assert (item["recommendation_type"], item["as_of"]) == ("amendment", "2026-04-01")
    assert item["score"] == min(90, sum(item["points"].values()))
    assert len(item["reasons"]) == len(item["points"]) + 1


@pytest.mark.asyncio
async def test_an_item_links_to_its_explanation_once_it_was_handed_over(path):
    datasette = await open_api(path)
    early = await ask(datasette, "GET", f"{RECOMMENDATIONS}/{logged(path, ONE)[0]}", ONE)
    (item,) = (await ask(datasette, "GET", f"{RECOMMENDATIONS}?size=1", ONE)).json()[
        "recommendations"
    ]
    before = deliveries(path)
    told = (await ask(datasette, "GET", item["replay"], ONE)).json()

    assert early.status_code == 404
    assert (told["rec_id"], told["verdict"]) == (item["rec_id"], "reproduced")
    assert told["recommendation"] == {key: item[key] for key in item if key != "replay"}
    assert deliveries(path) == before


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "query",
    [
        "size=0",
        "size=101",
        "size=-1",
        "size=1e1",
        "size=%EF%BC%91",
        "size=",
        "size=9999999999999999999999",
        "type=",
        "type=Program",
        "night=yesterday",
        "night=2026-02-30",
        "night=20260401",
        "preview=true",
        "preview=",
        "after=",
        "after=forged",
        "after=%00",
        "after=bnVsbA",
        "after=" + "A" * 10_000,
        "size=1&size=2",
        "user_token_hash=x",
        "_shape=array",
        "_trace=1",
        "%FF=1",
    ],
)
@pytest.mark.sampled(8)
async def test_a_query_that_cannot_be_is_422_and_charges_nothing(path, query):
    datasette = await open_api(path)
    answer = await ask(datasette, "GET", f"{RECOMMENDATIONS}?{query}", ONE)

    assert answer.status_code == 422
    assert "forged" not in problem_of(answer)
    assert deliveries(path) == []


@pytest.mark.asyncio
@pytest.mark.parametrize("rec_id", ["0", "-1", "x", "1.0", "%31", "9" * 20, "１", "1%00"])
async def test_a_rec_id_that_cannot_be_is_refused(path, rec_id):
    datasette = await open_api(path)
    answer = await ask(datasette, "GET", f"{RECOMMENDATIONS}/{rec_id}", ONE)

    assert answer.status_code == 422
    problem_of(answer)


@pytest.mark.asyncio
async def test_what_cannot_be_recorded_is_not_handed_over(path, capsys):
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(
            "CREATE TRIGGER full BEFORE INSERT ON am_personalization_delivery"
            " WHEN (SELECT count(*) FROM am_personalization_delivery) >= 2"
            " BEGIN SELECT raise(ABORT, 'no room for it'); END"
        )
    datasette = await open_api(path)
    answer = await ask(datasette, "GET", f"{RECOMMENDATIONS}?size=3", ONE)

    assert answer.status_code == 503
    assert problem_of(answer).endswith("nothing was changed and nothing charged.")
    # Nobody but the operator can make room.
    assert "retry-after" not in answer.headers
    assert deliveries(path) == []
    assert "no room for it" in capsys.readouterr().err
    two = await ask(datasette, "GET", f"{RECOMMENDATIONS}?size=2", ONE)
    assert (two.status_code, len(deliveries(path))) == (200, 2)


@pytest.mark.asyncio
async def test_while_another_program_holds_the_file_the_answer_is_503(path, monkeypatch):
    monkeypatch.setattr(connections, "LOCK_MS", 50)
    datasette = await open_api(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        locked = await ask(datasette, "GET", RECOMMENDATIONS, ONE)
        reading = await ask(datasette, "GET", PROFILE, ONE)
        other.execute("ROLLBACK")
    after = await ask(datasette, "GET", RECOMMENDATIONS, ONE)

    assert (locked.status_code, reading.status_code, after.status_code) == (503, 200, 200)


@pytest.mark.asyncio
async def test_a_file_without_the_tables_of_deliveries_hands_nothing_over(path):
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("DROP TABLE am_personalization_delivery")
    datasette = await open_api(path)
    answer = await ask(datasette, "GET", RECOMMENDATIONS, ONE)

    assert answer.status_code == 503
    assert "items" not in answer.text


@pytest.mark.asyncio
async def test_what_other_plugins_write_in_the_queue_is_neither_joined_nor_slowed(path):
    datasette = await open_api(path)
    database = datasette.get_database("jpcite")
    await database.execute_write("CREATE TABLE mine (n INTEGER)")
    both = await asyncio.gather(
        ask(datasette, "GET", RECOMMENDATIONS, ONE),
        database.execute_write("INSERT INTO mine VALUES (1)"),
        ask(datasette, "GET", RECOMMENDATIONS, TWO),
    )
    timeout = await database.execute_write_fn(
        lambda conn: conn.execute("PRAGMA busy_timeout").fetchone()[0]
    )

    assert (both[0].status_code, both[2].status_code) == (200, 200)
    assert rows(path, "SELECT n FROM mine") == [(1,)]
    assert timeout == 5000


@pytest.mark.asyncio
async def test_a_customer_who_declared_nothing_is_told_to(path):
    datasette = await open_api(path)
    answer = await ask(datasette, "GET", RECOMMENDATIONS, NEW)

    assert answer.status_code == 404
    assert answer.json()["todo"] == f"PUT what you declare to {PROFILE}."
