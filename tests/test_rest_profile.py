"""What a customer declares, by HTTP: read, set, set on condition, erased; and every body that is none."""

import json
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
    digest,
    open_api,
    problem_of,
    rows,
)

from sqlite_utils_personalization import score
from sqlite_utils_personalization.audit.verify.verify import verify
from sqlite_utils_personalization.example import AS_OF

ONE = "example-key-1"
LOG = "SELECT * FROM am_personalization_recommendation_log"
DECLARED = {
    "industry_pack": "E",
    "deadline_horizon_days": 90,
    "risk_tolerance": "medium",
    "prefecture": "愛知県",
}


@pytest.fixture
def path(tmp_path):
    return api_database(tmp_path / "jpcite.db")


def stored(path, key):
    """What is stored under a key, or None."""
    sql = "SELECT preference_json FROM am_personalization_profile WHERE user_token_hash = ?"
    found = rows(path, sql, digest(key))
    return json.loads(found[0][0]) if found else None


@pytest.mark.asyncio
async def test_a_new_customer_declares_reads_changes_and_reads_again(path):
    datasette = await open_api(path)
    nothing = await ask(datasette, "GET", PROFILE, NEW)
    made = await ask(datasette, "PUT", PROFILE, NEW, json=DECLARED)
    read = await ask(datasette, "GET", PROFILE, NEW)
    changed = await ask(datasette, "PUT", PROFILE, NEW, json={**DECLARED, "risk_tolerance": "low"})

    assert (nothing.status_code, problem_of(nothing)) == (
        404,
        "Nothing is declared under this key.",
    )
    assert (made.status_code, made.json()["outcome"]) == (201, "created")
    assert read.json()["preferences"] == DECLARED == made.json()["preferences"]
    assert read.headers["etag"] == made.headers["etag"] != changed.headers["etag"]
    assert changed.status_code == 200
    assert changed.json()["changed"] == {"risk_tolerance": {"before": "medium", "after": "low"}}
    assert stored(path, NEW) == {**DECLARED, "risk_tolerance": "low"}


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("method", "query"),
    [("PUT", "?dry_run=1"), ("PUT", "?industry_pack="), ("GET", "?x=1"), ("DELETE", "?x=1")],
)
async def test_a_query_parameter_of_any_name_is_refused_and_nothing_changes(path, method, query):
    datasette = await open_api(path)
    before = stored(path, ONE)
    body = {"json": {"industry_pack": "A"}} if method == "PUT" else {}
    answer = await ask(datasette, method, f"{PROFILE}{query}", ONE, **body)

    assert answer.status_code == 422
    assert problem_of(answer) == "The query holds an unknown parameter; none is known here."
    assert stored(path, ONE) == before


@pytest.mark.asyncio
async def test_declaring_the_same_again_changes_nothing(path):
    datasette = await open_api(path)
    first = await ask(datasette, "PUT", PROFILE, NEW, json={"prefecture": "Tokyo"})
    again = await ask(datasette, "PUT", PROFILE, NEW, json={"prefecture": "東京都"})

    assert again.json()["changed"] == {}
    assert again.json()["last_updated_at"] == first.json()["last_updated_at"]
    assert again.headers["etag"] == first.headers["etag"]


@pytest.mark.asyncio
async def test_two_editors_do_not_overwrite_each_other(path):
    datasette = await open_api(path)
    etag = (await ask(datasette, "GET", PROFILE, ONE)).headers["etag"]
    headers = {"If-Match": etag}
    first = await ask(datasette, "PUT", PROFILE, ONE, json={"industry_pack": "A"}, headers=headers)
    second = await ask(datasette, "PUT", PROFILE, ONE, json={"industry_pack": "B"}, headers=headers)
    erased = await ask(datasette, "DELETE", PROFILE, ONE, headers=headers)

    assert (first.status_code, second.status_code, erased.status_code) == (200, 412, 412)
    assert (
        problem_of(second) == problem_of(erased) == "The preference is not the one that was read."
    )
    assert stored(path, ONE) == {"industry_pack": "A"}


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("key", "condition", "status"),
    [
        (ONE, {"If-Match": "*"}, 200),
        (ONE, {"If-Match": '"0"'}, 412),
        (ONE, {"If-Match": ""}, 412),
        (ONE, {"If-None-Match": "*"}, 412),
        (ONE, {"If-None-Match": '"0"'}, 200),
        (NEW, {"If-Match": "*"}, 412),
        (NEW, {"If-Match": '"0"'}, 412),
        (NEW, {"If-None-Match": "*"}, 201),
    ],
)
async def test_a_condition_that_does_not_hold_stops_the_change(path, key, condition, status):
    datasette = await open_api(path)
    before = stored(path, key)
    answer = await ask(
        datasette, "PUT", PROFILE, key, json={"industry_pack": "A"}, headers=condition
    )

    assert answer.status_code == status
    assert stored(path, key) == ({"industry_pack": "A"} if status < 300 else before)


@pytest.mark.asyncio
@pytest.mark.parametrize("text", ["[]", "not JSON", '"D"', "1" * 100])
async def test_what_another_program_stored_is_replaced_and_never_shown(path, text):
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE am_personalization_profile SET preference_json = ?", (text,))
    datasette = await open_api(path)
    answers = [
        await ask(datasette, "GET", PROFILE, ONE),
        await ask(datasette, "PUT", PROFILE, ONE, json=DECLARED),
        await ask(datasette, "GET", PROFILE, ONE),
    ]

    assert [answer.status_code for answer in answers] == [409, 200, 200]
    assert problem_of(answers[0]).startswith("What is stored under this key is no preference")


@pytest.mark.asyncio
async def test_if_match_takes_a_list_of_etags_and_no_weak_one(path):
    datasette = await open_api(path)
    etag = (await ask(datasette, "GET", PROFILE, ONE)).headers["etag"]
    for given in (f"W/{etag}", f'"a", W/{etag}', f'"a, {etag}x', ",", etag.upper()):
        answer = await ask(datasette, "PUT", PROFILE, ONE, json={}, headers={"If-Match": given})
        assert answer.status_code == 412, given
    answer = await ask(
        datasette, "PUT", PROFILE, ONE, json={}, headers={"If-Match": f'"a", {etag} ,"b"'}
    )
    assert answer.status_code == 200


@pytest.mark.asyncio
async def test_who_has_what_is_declared_is_told_so_and_sent_nothing(path):
    datasette = await open_api(path)
    etag = (await ask(datasette, "GET", PROFILE, ONE)).headers["etag"]
    for given in (etag, f"W/{etag}", f'"a", {etag}', "*"):
        for method in ("GET", "HEAD"):
            answer = await ask(datasette, method, PROFILE, ONE, headers={"If-None-Match": given})
            assert (answer.status_code, answer.content) == (304, b""), given
            assert answer.headers["etag"] == etag
    for given in ('"a"', "W/", etag.strip('"')[:8]):
        answer = await ask(datasette, "GET", PROFILE, ONE, headers={"If-None-Match": given})
        assert answer.status_code == 200, given
    put = await ask(
        datasette, "PUT", PROFILE, ONE, json={}, headers={"If-None-Match": f'"a", {etag}'}
    )
    assert put.status_code == 412


SECRET = "tanaka@example.com"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"null", 422),
        (b"[]", 422),
        (b'"D"', 422),
        (b"{", 422),
        (b"{} {}", 422),
        (b"\xef\xbb\xbf{}", 422),
        (b"\xff", 422),
        (b'{"deadline_horizon_days": NaN}', 422),
        (b'{"deadline_horizon_days": Infinity}', 422),
        (b'{"deadline_horizon_days": 1e999}', 422),
        (b'{"deadline_horizon_days": true}', 422),
        (b'{"deadline_horizon_days": 0}', 422),
        (b'{"deadline_horizon_days": ' + b"9" * 5000 + b"}", 422),
        (b'{"industry_pack": "D", "industry_pack": "E"}', 422),
        (b'{"industry_pack": "nothing"}', 422),
        (b'{"risk_tolerance": null}', 422),
        (b'{"\\ud800": "\\udfff"}', 422),
        (b'{"prefecture": "\\u0000"}', 422),
        (b"[" * 8000 + b"]" * 8000, 422),
        (b'{"a":' * 2500 + b"1" + b"}" * 2500, 422),
        (json.dumps({"contact": SECRET}).encode(), 422),
        (json.dumps({SECRET: 1}).encode(), 422),
        (json.dumps({"risk_tolerance": SECRET}).encode(), 422),
        (b'{"a": "' + b"x" * 16_384 + b'"}', 413),
        (b" " * 16_385 + b"{}", 413),
        (("{" + "あ" * 16_384).encode(), 413),
        (b"x" * 1_000_000, 413),
    ],
)
@pytest.mark.sampled(8)
async def test_a_body_that_is_no_preference_is_refused_and_not_repeated(path, body, status):
    datasette = await open_api(path)
    before = stored(path, ONE)
    headers = {"Content-Type": "application/json"}
    answer = await ask(datasette, "PUT", PROFILE, ONE, content=body, headers=headers)

    assert answer.status_code == status
    told = problem_of(answer)
    assert SECRET not in answer.text
    assert "nothing" not in told
    assert stored(path, ONE) == before


@pytest.mark.asyncio
async def test_as_many_characters_as_the_table_takes_are_taken(path):
    datasette = await open_api(path)
    headers = {"Content-Type": "application/json; charset=UTF-8"}
    body = '{"prefecture": "東京都"}'.ljust(16_384).encode()

    assert (
        await ask(datasette, "PUT", PROFILE, ONE, content=body, headers=headers)
    ).status_code == 200


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "kind",
    [
        None,
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "application/json; charset=shift_jis",
    ],
)
@pytest.mark.parametrize("cookie", [{}, {"Cookie": "a=1"}])
@pytest.mark.parametrize("header", ["Authorization", "X-API-Key"])
@pytest.mark.sampled(8)
async def test_what_is_not_sent_as_json_is_415(path, kind, cookie, header):
    datasette = await open_api(path)
    key = {header: f"Bearer {ONE}" if header == "Authorization" else ONE}
    headers = {**key, **cookie, **({"Content-Type": kind} if kind else {})}
    answer = await datasette.client.put(PROFILE, content=b"{}", headers=headers)

    assert answer.status_code == 415
    problem_of(answer)


@pytest.mark.asyncio
async def test_a_body_that_breaks_off_is_not_stored(path):
    datasette = await open_api(path)
    before, sent = stored(path, ONE), []
    messages = iter(
        [
            {"type": "http.request", "body": b'{"industry_pack": "A"}', "more_body": True},
            {"type": "http.disconnect"},
        ]
    )
    scope = {
        "type": "http",
        "method": "PUT",
        "path": PROFILE,
        "raw_path": PROFILE.encode(),
        "query_string": b"",
        "headers": [
            (b"authorization", b"Bearer " + ONE.encode()),
            (b"content-type", b"application/json"),
        ],
    }

    async def receive():
        return next(messages)

    async def send(message):
        sent.append(message)

    await datasette.app()(scope, receive, send)

    assert sent[0]["status"] == 422
    assert stored(path, ONE) == before


@pytest.mark.asyncio
async def test_erasing_leaves_the_log_and_no_trace_of_the_key_and_the_file_still_verifies(path):
    datasette = await open_api(path)
    asked = f"{RECOMMENDATIONS}?size=100&night={AS_OF}"
    kept = len((await ask(datasette, "GET", asked, ONE)).json()["recommendations"])
    before = rows(path, LOG)
    erased = await ask(datasette, "DELETE", PROFILE, ONE)
    again = [await ask(datasette, *asked, ONE) for asked in (("DELETE", PROFILE), ("GET", PROFILE))]
    told = erased.json()

    assert erased.status_code == 200
    assert told["logged_kept"] == kept
    # The product's own table of keys, in the same file, still has the hash.
    assert (told["legal_basis"], told["old_bytes_overwritten"]) == ("consent_withdrawn", False)
    assert (told["old_bytes_in"], told["held_in_tables"]) == (["database"], ["customer_keys"])
    (held,) = told["held_by_others"]
    assert (held["table"], held["column"], held["rows"]) == ("customer_keys", "key_hash", 1)
    assert told["todo"].startswith("see to the rows of customer_keys, then run personalization")
    assert [answer.status_code for answer in again] == [404, 404]
    assert rows(path, LOG) == before
    # Of the whole file only the product's own table of keys still has the hash.
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("DELETE FROM customer_keys WHERE key_hash = ?", (digest(ONE),))
        held = [line for line in db.iterdump() if digest(ONE) in line]
    assert held == []
    with closing(sqlite3.connect(path)) as db:
        assert verify(db) == []
    assert (await ask(datasette, "PUT", PROFILE, NEW, json={})).status_code == 201


@pytest.mark.asyncio
async def test_the_same_key_comes_back_as_somebody_new(path):
    datasette = await open_api(path)
    await ask(datasette, "DELETE", PROFILE, ONE)
    gone = await ask(datasette, "GET", RECOMMENDATIONS, ONE)
    back = await ask(datasette, "PUT", PROFILE, ONE, json=DECLARED)
    empty = await ask(datasette, "GET", RECOMMENDATIONS, ONE)
    score(path, as_of="2026-04-02")
    filled = await ask(datasette, "GET", RECOMMENDATIONS, ONE)

    assert (gone.status_code, back.status_code) == (404, 201)
    assert empty.json()["recommendations"] == []
    assert {item["as_of"] for item in filled.json()["recommendations"]} == {"2026-04-02"}


@pytest.mark.asyncio
@pytest.mark.slow
async def test_while_somebody_reads_it_is_erased_and_said_that_old_bytes_remain(path):
    datasette = await open_api(path)
    with closing(sqlite3.connect(path)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM am_personalization_profile").fetchone()
        erased = await ask(datasette, "DELETE", PROFILE, ONE)

    assert (erased.status_code, erased.json()["old_bytes_overwritten"]) == (200, False)
    assert stored(path, ONE) is None


@pytest.mark.asyncio
async def test_a_file_served_read_only_is_read_and_never_written(tmp_path):
    path = api_database(tmp_path / "jpcite.db", wal=False)
    datasette = await open_api(immutables=[str(path)])
    before = path.read_bytes()
    read = await ask(datasette, "GET", PROFILE, ONE)
    preview = await ask(datasette, "GET", f"{RECOMMENDATIONS}?preview=1", ONE)
    refused = [
        await ask(datasette, "PUT", PROFILE, ONE, json={}),
        await ask(datasette, "DELETE", PROFILE, ONE),
        await ask(datasette, "GET", RECOMMENDATIONS, ONE),
    ]

    assert (read.status_code, preview.status_code) == (200, 200)
    assert preview.json()["recommendations"]
    for answer in refused:
        assert answer.status_code == 409
        assert problem_of(answer).startswith("The database is served read-only here")
    assert path.read_bytes() == before
