"""The page of a search: every reading is tried and shown, in both languages, and says the same as its JSON twin."""

import json
import shutil
import sqlite3
from contextlib import closing

import pytest

pytest.importorskip("datasette")

from viewer_fixtures import serve, shared_database

from sqlite_utils_personalization.example import AS_OF
from sqlite_utils_personalization.preferences.erasure import erase
from sqlite_utils_personalization.viewer.queries.queries import questions

SEARCH = "/-/personalization/search"
JAPANESE = {"Accept-Language": "ja"}


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    return shared_database(tmp_path_factory.mktemp("search") / "jpcite.db")


def rows(path, sql, **at):
    with closing(sqlite3.connect(path)) as db:
        return db.execute(sql, at).fetchall()


async def ask(path, status=200, headers=None, **query):
    """The page's text and its JSON twin."""
    datasette = await serve(path)
    found = []
    for suffix in ("", ".json"):
        response = await datasette.client.get(f"{SEARCH}{suffix}", params=query, headers=headers)
        assert response.status_code == status, response.text
        found.append(response)
    return found[0].text, found[1].json()


@pytest.mark.asyncio
async def test_a_number_is_shown_as_everything_it_can_mean(shared):
    text, data = await ask(shared, q="1")

    assert data["read_as"] == ["number", "text"]
    for kind in ("customer", "recommendation", "run", "seal", "item"):
        assert data["results"][kind]["rows"], kind
    for link in ("customer/1", "replay/1", "night/1", "verification"):
        assert f'href="/-/personalization/{link}"' in text
    assert "It is not a day." in text
    order = [text.index(word) for word in ("As a day", "As a number", "As a hash", "As an item id")]
    assert order == sorted(order)


@pytest.mark.asyncio
@pytest.mark.parametrize("q", ["９９９,９９９", " 999999 ", "999,999"])
async def test_where_a_reading_finds_nothing_it_says_so(shared, q):
    text, data = await ask(shared, q=q)

    assert "number" in data["read_as"]
    for sentence in ("No customer has this number.", "No run has this number.", "No item has"):
        assert sentence in text


@pytest.mark.asyncio
async def test_a_day_leads_to_its_night_and_its_deliveries(shared, tmp_path):
    path = tmp_path / "jpcite.db"
    shutil.copy(shared, path)
    with closing(sqlite3.connect(path)) as db:
        # The last moment of that day in Japan, and the first of the next.
        for number, moment in enumerate(("2026-04-01T14:59:59.999Z", "2026-04-01T15:00:00.000Z")):
            db.execute(
                "INSERT INTO am_personalization_delivery"
                " (delivery_id, delivery_key, rec_id, channel, slot, delivered_at, status, unit_price_yen)"
                " VALUES (?, ?, 1, 'rest', 'x', ?, 200, 3)",
                (number + 1, f"{number}abc".ljust(64, "0"), moment),
            )
        db.commit()
    text, data = await ask(path, q="2026年4月1日")
    _, by_key = await ask(path, q="1ABC")

    assert data["results"]["night"]["rows"][0]["as_of"] == AS_OF == "2026-04-01"
    assert data["results"]["deliveries"]["rows"] == [{"day": AS_OF, "deliveries": 1}]
    assert "1 delivery of that day" in text
    assert [row["delivery_id"] for row in by_key["results"]["delivery"]["rows"]] == [2]


@pytest.mark.asyncio
async def test_the_beginning_of_a_hash_finds_whatever_begins_so(shared):
    ((profile_id, user),) = rows(
        shared, "SELECT profile_id, user_token_hash FROM am_personalization_profile LIMIT 1"
    )
    ((root, head),) = rows(shared, "SELECT root, tree_root FROM am_personalization_seal LIMIT 1")
    ((model,),) = rows(shared, "SELECT model_sha256 FROM am_personalization_run LIMIT 1")
    for prefix, kind in ((user, "customer_hash"), (head, "head"), (root, "root"), (model, "model")):
        for q in (prefix[:4], prefix[:9].upper(), prefix):
            text, data = await ask(shared, q=q)
            assert data["results"][kind]["rows"], kind
            # Of a customer no more than the beginning is ever shown.
            assert user not in text.replace(f'value="{q}"', "").replace(q, "")
    _, data = await ask(shared, q=user[:8])
    assert profile_id in [row["profile_id"] for row in data["results"]["customer_hash"]["rows"]]
    _, data = await ask(shared, q=user[:3])
    assert "hash" not in data["read_as"]


@pytest.mark.asyncio
async def test_titles_with_every_word_are_found_most_customers_first(shared):
    text, data = await ask(shared, q="補助金")
    found = data["results"]["title"]
    sql = next(question.sql for question in questions() if question.name == "item_recommendations")
    for row in found["rows"]:
        at = {"item_id": row["item_id"], "type": row["recommendation_type"]}
        at |= {"night": "", "after": "", "size": "1000"}
        assert row["profiles"] == len(rows(shared, sql, **at)), row
        assert row["title"].split(" ― ")[0] in text
    customers = [row["profiles"] for row in found["rows"]]

    assert customers == sorted(customers, reverse=True)
    assert customers[0] > 0
    assert {row["rule"] for row in data["results"]["left_out"]["rows"]} >= {"practice form"}
    ((expected,),) = rows(
        shared,
        "SELECT count(*) FROM am_personalization_candidate WHERE left_out IS NULL AND title LIKE '%補助金%'",
    )
    assert found["total"] == expected


@pytest.mark.asyncio
@pytest.mark.parametrize("q", ["%", "_", "補_金", "補%金", "\\", "' OR 1 --", "補助金 " * 3 + "%"])
async def test_a_word_is_no_pattern(shared, q):
    _, data = await ask(shared, q=q)
    ((expected,),) = rows(
        shared,
        "SELECT count(*) FROM am_personalization_candidate WHERE left_out IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM json_each(:words) WHERE instr(title, value) = 0)",
        words=json.dumps(q.split()),
    )
    assert data["results"]["title"]["total"] == expected


@pytest.mark.asyncio
async def test_full_width_letters_are_found_as_others_are(shared):
    _, wide = await ask(shared, q="ＩＴ")
    _, narrow = await ask(shared, q="it")

    assert wide["results"]["title"] == narrow["results"]["title"]


@pytest.mark.asyncio
async def test_pages_of_titles_have_every_item_once(shared):
    ((expected,),) = rows(
        shared,
        "SELECT count(*) FROM am_personalization_candidate WHERE left_out IS NULL AND title LIKE '%の%'",
    )
    seen, after = [], 0
    while after is not None:
        _, data = await ask(shared, q="の", kind="title", after=after)
        found = data["results"]["title"]
        seen += [(row["recommendation_type"], row["item_id"]) for row in found["rows"]]
        assert len(found["rows"]) <= 12
        assert found["total"] == expected
        after = found["next"]
    assert list(data["results"]) == ["title"]
    assert len(seen) == len(set(seen)) == expected > 12


@pytest.mark.asyncio
async def test_what_is_no_longer_in_the_catalogue_is_found_among_earlier_items(shared, tmp_path):
    path = tmp_path / "jpcite.db"
    shutil.copy(shared, path)
    with closing(sqlite3.connect(path)) as db:
        for (name,) in db.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            db.execute(f"DROP TRIGGER {name}")
        ((candidate_id, item_id),) = db.execute(
            "SELECT candidate_id, item_id FROM am_personalization_candidate"
            " WHERE title LIKE '%補助金%' AND left_out IS NULL LIMIT 1"
        )
        db.execute(
            "DELETE FROM am_personalization_run_candidate WHERE candidate_id = ?", (candidate_id,)
        )
        db.commit()
    _, data = await ask(path, q="補助金")

    assert [row["item_id"] for row in data["results"]["earlier"]["rows"]] == [item_id]
    assert item_id not in [row["item_id"] for row in data["results"]["title"]["rows"]]


@pytest.mark.asyncio
async def test_nothing_asked_gives_hints_and_no_rows(shared):
    for q in ("", "　 "):
        text, data = await ask(shared, q=q)
        assert data["results"] == {}
        assert f"q={AS_OF}" in text


@pytest.mark.asyncio
async def test_the_page_is_japanese_and_its_json_the_same(shared):
    text, data = await ask(shared, q="2026-04-01", headers=JAPANESE)
    _, english = await ask(shared, q="2026-04-01")

    assert '<html lang="ja">' in text
    for word in ("入力の読み方", "2026年4月1日の夜間処理", "この日の配信の記録はありません。"):
        assert word in text
    assert data == english


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "query",
    [
        {"q": "x" * 501},
        {"q": "1", "kind": "nothing"},
        {"q": "1", "after": "-1"},
        {"q": "1", "after": "x"},
        {"q": "1", "wrong": "1"},
    ],
)
async def test_a_parameter_that_cannot_be_is_refused(shared, query):
    text, data = await ask(shared, 400, **query)

    assert "Nothing was looked up" in text
    assert "results" not in data


@pytest.mark.asyncio
@pytest.mark.parametrize("q", ["<script>alert(1)</script>", '"><b>', "{q}", "{0}", "%s"])
async def test_what_was_typed_is_shown_as_text(shared, q):
    text, data = await ask(shared, q=q)

    assert data["q"] == q
    for tag in ("<script>", "<b>"):
        assert tag not in text.replace("<b>Personalization audit", "")


@pytest.mark.asyncio
async def test_what_others_keep_in_the_file_is_never_found(shared):
    for q in ("zaihou", "090-1234-5678", "notify_email"):
        _, data = await ask(shared, q=q)
        assert not any(found["rows"] for found in data["results"].values())


@pytest.mark.asyncio
async def test_an_erased_customer_is_called_erased_and_found_by_no_hash(shared, tmp_path):
    path = tmp_path / "jpcite.db"
    shutil.copy(shared, path)
    hash_of = "SELECT user_token_hash FROM am_personalization_profile WHERE profile_id = 2"
    ((before,),) = rows(path, hash_of)
    with closing(sqlite3.connect(path)) as db:
        erase(db, before, "consent_withdrawn")
    ((after,),) = rows(path, hash_of)
    text, data = await ask(path, q="2")

    (found,) = data["results"]["customer"]["rows"]
    assert (found["profile_id"], found["customer"]) == (2, None)
    assert found["erased_at"]
    assert ", erased <time" in text
    assert after[:8] not in text
    for user in (before, after):
        _, data = await ask(path, q=user)
        assert data["results"]["customer_hash"]["rows"] == []
