"""What a customer says of items, by HTTP: said, read, taken back, free of charge, and nobody else's."""

import json
import sqlite3
from contextlib import closing

import pytest

pytest.importorskip("datasette")

from jsonschema import Draft202012Validator
from rest_fixtures import (
    FEEDBACK,
    NEW,
    PROFILE,
    RECOMMENDATIONS,
    REVOKED,
    STRANGE,
    api_database,
    ask,
    deliveries,
    digest,
    open_api,
    problem_of,
    rows,
)

from sqlite_utils_personalization import score
from sqlite_utils_personalization.audit.verify.verify import verify
from sqlite_utils_personalization.viewer.rest.routes import document

ONE, TWO = "example-key-1", "example-key-2"
UNSEEN = "No night saw such an item for this customer."


@pytest.fixture
def path(tmp_path):
    return api_database(tmp_path / "jpcite.db")


def said(path):
    return rows(path, "SELECT * FROM am_personalization_feedback")


def body(item_id, feedback="dismissed", kind="program"):
    return {"type": kind, "item_id": item_id, "feedback": feedback}


async def programs_of(datasette, key):
    """The item_ids of the programs of the last night, handed over."""
    page = await ask(datasette, "GET", f"{RECOMMENDATIONS}?type=program&size=100", key)
    items = page.json()["recommendations"]
    return [item["item_id"] for item in items if item["as_of"] == items[0]["as_of"]]


def check(name, answer):
    """The answer is what the contract says."""
    told = document("/")
    schema = {"$ref": f"#/components/schemas/{name}", "components": told["components"]}
    Draft202012Validator(schema).validate(answer.json())


@pytest.mark.asyncio
async def test_a_customer_says_reads_and_takes_back(path):
    datasette = await open_api(path)
    best, *_ = await programs_of(datasette, ONE)
    handed_over = deliveries(path)
    nothing = await ask(datasette, "GET", FEEDBACK, ONE)
    first = await ask(datasette, "POST", FEEDBACK, ONE, json=body(best))
    again = await ask(datasette, "POST", FEEDBACK, ONE, json=body(best))
    listed = await ask(datasette, "GET", FEEDBACK, ONE)
    back = await ask(datasette, "POST", FEEDBACK, ONE, json=body(best, "withdrawn"))
    empty = await ask(datasette, "GET", FEEDBACK, ONE)

    assert nothing.json() == empty.json() == {"ok": True, "feedback": []}
    told = first.json()
    assert (first.status_code, told.pop("outcome"), told.pop("charged_yen")) == (201, "noted", 0)
    assert (told.pop("ok"), told.pop("takes_effect")) == (True, "from the next night on")
    assert told.pop("sentence") == "saying what you think of an item costs nothing"
    assert told == {
        "recommendation_type": "program",
        "item_id": best,
        "feedback": "dismissed",
        "given_at": told["given_at"],
    }
    assert (again.status_code, again.json()) == (200, {**first.json(), "outcome": "already noted"})
    assert listed.json()["feedback"] == [told]
    assert (back.status_code, back.json()["feedback"]) == (201, "withdrawn")
    for answer in (first, again, back):
        check("StoredFeedback", answer)
    check("FeedbackList", listed)
    assert len(said(path)) == 2
    assert deliveries(path) == handed_over


@pytest.mark.asyncio
async def test_the_next_night_skips_what_was_dismissed(path):
    datasette = await open_api(path)
    best = rows(
        path, "SELECT item_id FROM v_personalization_replay WHERE user_token_hash = ?", digest(ONE)
    )[0][0]
    await ask(datasette, "POST", FEEDBACK, ONE, json=body(best))
    score(path, as_of="2026-04-02")

    items = (await ask(datasette, "GET", f"{RECOMMENDATIONS}?night=2026-04-02", ONE)).json()[
        "recommendations"
    ]
    assert items
    assert best not in {item["item_id"] for item in items}
    with closing(sqlite3.connect(path)) as db:
        assert verify(db) == []


@pytest.mark.asyncio
async def test_what_was_never_said_can_be_withdrawn_and_adds_nothing(path):
    datasette = await open_api(path)
    answer = await ask(datasette, "POST", FEEDBACK, ONE, json=body("EX-101", "withdrawn"))

    check("StoredFeedback", answer)
    assert (answer.status_code, answer.json()["given_at"], said(path)) == (200, None, [])


@pytest.mark.asyncio
async def test_nobody_sees_what_another_said_or_says_something_of_anothers_search(path):
    datasette = await open_api(path)
    await ask(datasette, "POST", FEEDBACK, TWO, json=body("EX-101", "applied"))
    mine = await ask(datasette, "POST", FEEDBACK, TWO, json=body("1", kind="saved_search"))
    others = await ask(datasette, "POST", FEEDBACK, ONE, json=body("1", kind="saved_search"))

    assert (await ask(datasette, "GET", FEEDBACK, ONE)).json()["feedback"] == []
    assert (mine.status_code, others.status_code) == (201, 404)
    assert problem_of(others) == UNSEEN


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("key", "status"), [(None, 401), (STRANGE, 401), (REVOKED, 403), (NEW, 404)]
)
async def test_without_a_customers_key_nothing_is_said_or_read(path, key, status):
    datasette = await open_api(path)
    for answer in (
        await ask(datasette, "GET", FEEDBACK, key),
        await ask(datasette, "POST", FEEDBACK, key, json=body("EX-101")),
    ):
        assert answer.status_code == status
        problem_of(answer)
    assert said(path) == []


@pytest.mark.asyncio
async def test_an_erased_customer_says_and_reads_nothing_until_they_come_back_as_somebody_new(path):
    datasette = await open_api(path)
    await ask(datasette, "POST", FEEDBACK, ONE, json=body("EX-101"))
    erased = await ask(datasette, "DELETE", PROFILE, ONE)
    gone = [
        await ask(datasette, "GET", FEEDBACK, ONE),
        await ask(datasette, "POST", FEEDBACK, ONE, json=body("EX-101")),
    ]
    await ask(datasette, "PUT", PROFILE, ONE, json={"industry_pack": "D"})

    assert erased.json()["feedback_kept"] == 1
    check("Erased", erased)
    assert [answer.status_code for answer in gone] == [404, 404]
    assert (await ask(datasette, "GET", FEEDBACK, ONE)).json()["feedback"] == []


SECRET = "tanaka@example.com"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"", 422),
        (b"null", 422),
        (b"[]", 422),
        (b"{}", 422),
        (b"{", 422),
        (b"\xff", 422),
        (json.dumps({"type": "program", "item_id": "EX-101"}).encode(), 422),
        (json.dumps({**body("EX-101"), "note": SECRET}).encode(), 422),
        (json.dumps(body(SECRET)).encode(), 404),
        (json.dumps(body("EX-101", SECRET)).encode(), 422),
        (json.dumps(body("EX-101", None)).encode(), 422),
        (json.dumps(body("EX-101", kind=SECRET)).encode(), 422),
        (json.dumps(body("EX-101", kind=["program"])).encode(), 422),
        (json.dumps(body("")).encode(), 422),
        (json.dumps(body(None)).encode(), 422),
        (json.dumps(body(7)).encode(), 422),
        (json.dumps(body([SECRET])).encode(), 422),
        (json.dumps(body("\ud800")).encode(), 422),
        (json.dumps(body("\0")).encode(), 404),
        (json.dumps(body("EX-101\0")).encode(), 404),
        (json.dumps(body("EX-101", kind="amendment")).encode(), 404),
        (json.dumps(body("9" * 16_000)).encode(), 422),
        (json.dumps(body("9" * 16_384)).encode(), 413),
        (b'{"type": "program", "type": "amendment", "item_id": "1", "feedback": "applied"}', 422),
    ],
)
@pytest.mark.sampled(8)
async def test_a_body_that_is_no_feedback_is_refused_and_not_repeated(path, sent, status):
    datasette = await open_api(path)
    headers = {"Content-Type": "application/json"}
    answer = await ask(datasette, "POST", FEEDBACK, ONE, content=sent, headers=headers)

    assert answer.status_code == status
    problem_of(answer)
    assert SECRET not in answer.text
    assert said(path) == []


@pytest.mark.asyncio
@pytest.mark.parametrize("cookie", [{}, {"Cookie": "a=1"}])
async def test_a_form_of_another_page_says_nothing(path, cookie):
    datasette = await open_api(path)
    headers = {"Content-Type": "application/x-www-form-urlencoded", **cookie}
    answer = await ask(datasette, "POST", FEEDBACK, ONE, content=b"item_id=EX-101", headers=headers)

    assert answer.status_code == 415
    problem_of(answer)
    assert said(path) == []


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("method", "url", "status"),
    [
        ("GET", f"{FEEDBACK}?user=1", 422),
        ("POST", f"{FEEDBACK}?type=program", 422),
        ("PUT", FEEDBACK, 405),
        ("DELETE", FEEDBACK, 405),
        ("GET", f"{FEEDBACK}/EX-101", 404),
    ],
)
async def test_other_addresses_and_methods_are_refused(path, method, url, status):
    datasette = await open_api(path)
    answer = await ask(datasette, method, url, ONE)

    assert answer.status_code == status
    problem_of(answer)
    if status == 405:
        assert answer.headers["allow"] == "GET, HEAD, POST"


@pytest.mark.asyncio
async def test_a_file_served_read_only_is_read_and_nothing_is_noted(tmp_path):
    path = api_database(tmp_path / "jpcite.db", wal=False)
    datasette = await open_api(immutables=[str(path)])
    before = path.read_bytes()
    read = await ask(datasette, "GET", FEEDBACK, ONE)
    refused = await ask(datasette, "POST", FEEDBACK, ONE, json=body("EX-101"))

    assert (read.status_code, refused.status_code) == (200, 409)
    assert problem_of(refused).startswith("The database is served read-only here")
    assert path.read_bytes() == before
