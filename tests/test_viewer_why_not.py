"""The page that says why an item was not recommended: form and answer, in both languages, as the command has it."""

import json
import re
import shutil
import sqlite3
from contextlib import closing

import pytest

pytest.importorskip("datasette")

from viewer_fixtures import found_by_verification, serve, shared_database

from sqlite_utils_personalization.audit.why_not import REASONS, why_not
from sqlite_utils_personalization.language import speaking
from sqlite_utils_personalization.preferences.erasure import erase
from sqlite_utils_personalization.viewer.pages.why_not import heading

WHY_NOT = "/-/personalization/why-not"
JAPANESE = {"Accept-Language": "ja"}


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    return shared_database(tmp_path_factory.mktemp("why-not") / "jpcite.db")


async def ask(path, status=200, headers=None, **query):
    """The page's text and its JSON twin."""
    datasette = await serve(path)
    found = []
    for suffix in ("", ".json"):
        response = await datasette.client.get(f"{WHY_NOT}{suffix}", params=query, headers=headers)
        assert response.status_code == status, response.text
        found.append(response)
    return found[0].text, found[1].json()


def hash_of(path, profile_id):
    with closing(sqlite3.connect(path)) as db:
        sql = "SELECT user_token_hash FROM am_personalization_profile WHERE profile_id = ?"
        return db.execute(sql, (profile_id,)).fetchone()[0]


@pytest.mark.asyncio
async def test_the_form_asks_for_what_is_missing_and_answers_nothing(shared):
    for query in ({}, {"customer": "1"}, {"item": "EX-105"}):
        text, data = await ask(shared, **query)
        assert (data["answer"], data["choices"]) == (None, [])
        for name in ("customer", "type", "item", "night"):
            assert f'name="{name}"' in text
        assert '<option value="1">2026-04-01</option>' in text


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("customer", "item"),
    [(1, "EX-110"), (1, "EX-105"), (2, "EX-108"), (8, "EX-104"), (1, "EX-999")],
)
async def test_the_answer_is_that_of_the_command(shared, customer, item):
    text, data = await ask(shared, customer=customer, item=item, nearest="on")
    with closing(sqlite3.connect(shared)) as db:
        expected = why_not(db, customer, item).to_dict()

    assert data["answer"] == json.loads(json.dumps(expected))
    assert heading(expected["reason"]) in text
    sentence = expected["sentence"].replace("'", "&#39;")
    assert sentence[1:] in text


@pytest.mark.asyncio
async def test_the_nearest_change_is_looked_for_where_it_is_asked_for(shared):
    text, data = await ask(shared, customer=1, item="EX-105")
    assert data["answer"]["nearest"] is None
    (link,) = re.findall(r'href="([^"]*nearest=on)"', text)
    assert "customer=1" in link
    assert "item=EX-105" in link
    _, data = await ask(shared, customer=1, item="EX-105", nearest="on")
    with closing(sqlite3.connect(shared)) as db:
        assert data["answer"]["nearest"] == why_not(db, 1, "EX-105").to_dict()["nearest"]


@pytest.mark.asyncio
async def test_a_customer_may_be_named_by_the_beginning_of_the_hash(shared):
    user = hash_of(shared, 1)
    _, expected = await ask(shared, customer=1, item="EX-105")
    for name in (user, user[:8].upper(), f" {user[:8]} "):
        text, data = await ask(shared, customer=name, item="EX-105")
        assert data["answer"] == expected["answer"]
        assert user not in text.replace(f"{name}", "")


@pytest.mark.asyncio
@pytest.mark.parametrize("customer", ["999", "ffffffffffffffff", "-1", "' OR 1 --", "%", "0x1"])
async def test_an_unknown_customer_is_not_found_and_may_be_given_again(shared, customer):
    text, data = await ask(shared, 404, customer=customer, item="EX-105")

    assert data["ok"] is False
    assert 'href="/-/personalization/why-not?item=EX-105"' in text


@pytest.mark.asyncio
@pytest.mark.parametrize("night", ["2026-04-02", "99"])
async def test_a_night_that_was_never_scored_is_not_found(shared, night):
    _, data = await ask(shared, 404, customer=1, item="EX-105", night=night)
    assert data["title"] == "No such night"


@pytest.mark.asyncio
async def test_words_of_a_title_lead_to_a_choice_of_items(shared):
    text, data = await ask(shared, customer=1, item="補助金", night="2026-04-01")

    assert data["answer"] is None
    assert len(data["choices"]) == min(12, data["matches"]) > 1
    for choice in data["choices"]:
        link = f"item={choice['item_id']}&amp;"
        assert "customer=1" in text
        assert link in text
        assert all(word in choice["title"] for word in ["補助金"])
    first = data["choices"][0]
    _, data = await ask(
        shared, customer=1, item=first["item_id"], type=first["recommendation_type"]
    )
    assert data["answer"]["item_id"] == first["item_id"]


@pytest.mark.asyncio
async def test_words_that_one_item_has_answer_at_once(shared):
    with closing(sqlite3.connect(shared)) as db:
        ((item_id, title),) = db.execute(
            "SELECT item_id, title FROM am_personalization_candidate WHERE item_id = 'EX-105'"
        )
    _, data = await ask(shared, customer=1, item=title, type="program")
    assert data["answer"]["item_id"] == item_id


@pytest.mark.asyncio
async def test_what_another_customer_saved_is_as_if_it_did_not_exist(shared):
    with closing(sqlite3.connect(shared)) as db:
        ((item_id, title, owner),) = db.execute(
            "SELECT item_id, title, profile_id FROM am_personalization_candidate"
            " WHERE recommendation_type = 'saved_search' AND profile_id IS NOT NULL LIMIT 1"
        )
    other = 1 if owner != 1 else 2
    for asked in (item_id, title):
        _, data = await ask(shared, customer=other, item=asked, type="saved_search")
        assert data["answer"]["reason"] == "not in the catalogue"
        _, data = await ask(shared, customer=owner, item=asked, type="saved_search")
        assert data["answer"]["title"] == title


@pytest.mark.asyncio
async def test_the_answer_is_japanese_for_whom_that_is_and_its_codes_are_not(shared):
    query = {"customer": "1", "item": "EX-105", "nearest": "on"}
    text, data = await ask(shared, headers=JAPANESE, **query)
    _, english = await ask(shared, **query)

    for word in ("推薦されなかった理由", "この顧客は対象外", "顧客の申告（当時）", "都道府県"):
        assert word in text
    assert data["answer"]["sentence"] != english["answer"]["sentence"]
    for name in ("reason", "rank", "cut", "declared", "item"):
        assert data["answer"][name] == english["answer"][name]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "query",
    [{"type": "programs"}, {"night": "2026-13-01"}, {"nearest": "yes"}, {"customers": "1"}],
)
async def test_a_parameter_that_cannot_be_is_refused(shared, query):
    text, data = await ask(shared, 400, customer="1", item="EX-105", **query)

    assert "answer" not in data
    assert "Nothing was looked up" in text


@pytest.mark.asyncio
async def test_a_finding_at_the_night_is_as_loud_beside_the_answer(shared, tmp_path):
    path = tmp_path / "jpcite.db"
    shutil.copy(shared, path)
    found_by_verification(path, {"sentence": "somebody was here", "where": {"run_id": 1}})
    text, data = await ask(path, customer=1, item="EX-105")

    assert [one["sentence"] for one in data["findings"]] == ["somebody was here"]
    assert 'class="pa-verdict fault"' in text
    text, _ = await ask(shared, customer=1, item="EX-105")
    assert "pa-verdict" not in text


@pytest.mark.asyncio
async def test_an_erased_customer_is_named_by_number_alone(shared, tmp_path):
    path = tmp_path / "jpcite.db"
    shutil.copy(shared, path)
    with closing(sqlite3.connect(path)) as db:
        erase(db, hash_of(path, 1), "consent_withdrawn")
    await ask(path, 404, customer=hash_of(path, 1), item="EX-105")
    text, data = await ask(path, customer=1, item="EX-105")

    assert data["answer"]["reason"] == "not eligible"
    assert hash_of(path, 1)[:8] not in text


@pytest.mark.asyncio
async def test_what_cannot_be_evaluated_is_said_to_be_so(shared, tmp_path):
    path = tmp_path / "jpcite.db"
    shutil.copy(shared, path)
    with closing(sqlite3.connect(path)) as db:
        triggers = db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in triggers:
            db.execute(f"DROP TRIGGER {name}")
        db.execute("PRAGMA ignore_check_constraints = 1")
        db.execute("UPDATE am_personalization_run SET top_k = 'many'")
        db.commit()
    text, data = await ask(path, 409, customer=1, item="EX-105")

    assert data["ok"] is False
    assert "personalization-verify" in text.lower()


def test_every_reason_has_a_heading_in_both_languages():
    for code in ("en", "ja"):
        with speaking(code):
            assert len({heading(reason) for reason in REASONS}) == len(REASONS)
            assert not {heading(reason) for reason in REASONS} & set(REASONS)
