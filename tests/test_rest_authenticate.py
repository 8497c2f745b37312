"""Who comes in by the customer's API: whoever holds a key the product knows, and only to what is theirs."""

import hmac
import sqlite3
from contextlib import closing
from functools import partial
from hashlib import sha256

import pytest

pytest.importorskip("datasette")

from datasette.utils import StartupError
from rest_fixtures import (
    API,
    CONTRACT,
    KEYS,
    NEW,
    PLUGIN,
    PROFILE,
    RECOMMENDATIONS,
    REVOKED,
    STRANGE,
    api_database,
    ask,
    bearer,
    deliveries,
    digest,
    open_api,
    problem_of,
    rows,
)
from viewer_fixtures import root, serve

from sqlite_utils_personalization.viewer.rest import authenticate
from sqlite_utils_personalization.viewer.rest.authenticate import Limit

ONE, TWO = "example-key-1", "example-key-2"
EVERY = [
    ("GET", PROFILE),
    ("PUT", PROFILE),
    ("DELETE", PROFILE),
    ("GET", RECOMMENDATIONS),
    ("GET", f"{RECOMMENDATIONS}/1"),
]


@pytest.fixture
def path(tmp_path):
    return api_database(tmp_path / "jpcite.db")


@pytest.fixture(scope="module")
def unchanged(tmp_path_factory):
    """A file that a test only reads."""
    return api_database(tmp_path_factory.mktemp("api") / "jpcite.db")


@pytest.mark.asyncio
@pytest.mark.parametrize("metadata", [{}, {"plugins": {PLUGIN: {"customer_keys": KEYS}}}])
async def test_without_the_setting_there_is_no_api(unchanged, metadata):
    datasette = await serve(unchanged, metadata=metadata)
    answers = [
        await ask(datasette, method, url, ONE) for method, url in [*EVERY, ("GET", CONTRACT)]
    ]

    assert {answer.status_code for answer in answers} <= {403, 404}
    assert all("preferences" not in answer.text for answer in answers)


@pytest.mark.asyncio
async def test_without_a_key_source_no_key_opens(unchanged):
    datasette = await open_api(unchanged, settings={"customer_keys": None})

    for method, url in EVERY:
        answer = await ask(datasette, method, url, ONE)
        assert (answer.status_code, problem_of(answer)) == (401, "No key is known here.")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([], 401),
        ([("Authorization", "")], 401),
        ([("Authorization", "Bearer")], 401),
        ([("Authorization", "Bearer ")], 401),
        ([("Authorization", f"Basic {ONE}")], 401),
        ([("Authorization", ONE)], 401),
        ([("Authorization", f"Bearer {digest(ONE)}")], 401),
        ([("Authorization", f"Bearer {STRANGE}")], 401),
        ([("Authorization", f"Bearer {ONE}, Bearer {ONE}")], 401),
        ([("Authorization", f"Bearer {ONE} {ONE}")], 401),
        ([("Authorization", f"Bearer {ONE.upper()}")], 401),
        ([("Authorization", "Bearer %' OR 1=1 --")], 401),
        ([("Authorization", f"Bearer {'k' * 513}")], 401),
        ([("Authorization", f"Bearer {ONE}"), ("Authorization", f"Bearer {TWO}")], 401),
        ([("Authorization", f"Bearer {ONE}"), ("X-API-Key", TWO)], 401),
        ([("Authorization", f"Bearer {TWO}"), ("X-API-Key", ONE)], 401),
        ([("Authorization", f"Bearer {ONE}"), ("X-API-Key", "")], 401),
        ([("X-API-Key", ONE), ("X-API-Key", TWO)], 401),
        ([("X-API-Key", f"Bearer {ONE}")], 401),
        ([("X-Api-Token", ONE)], 401),
        ([("Cookie", f"X-API-Key={ONE}; key={ONE}")], 401),
        ([("Authorization", f"Bearer {REVOKED}")], 403),
        ([("Authorization", f"Bearer {ONE}")], 200),
        ([("authorization", f"bearer  {ONE} ")], 200),
        ([("X-API-Key", ONE)], 200),
        ([("x-api-key", f" {ONE} ")], 200),
        ([("Authorization", "Basic cHJveHk6cHJveHk="), ("X-API-Key", ONE)], 200),
        ([("Authorization", f"Bearer {ONE}"), ("X-API-Key", ONE)], 200),
    ],
)
@pytest.mark.sampled(10)
async def test_a_key_is_taken_from_two_headers_and_they_must_agree(unchanged, headers, status):
    datasette = await open_api(unchanged)
    answer = await datasette.client.get(PROFILE, headers=headers)

    assert answer.status_code == status
    assert (status == 401) == ("www-authenticate" in answer.headers)
    if status != 200:
        assert ONE not in problem_of(answer)
        assert ONE not in answer.text


@pytest.mark.asyncio
@pytest.mark.parametrize("key", ["鍵-まるごと", "clé", "k" * 512, "a b"])
async def test_a_key_is_its_bytes_whatever_they_are(path, key):
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("INSERT INTO customer_keys VALUES (?, NULL)", (digest(key),))
    datasette = await open_api(path)
    headers = [(b"Authorization", b"Bearer " + key.encode())]
    made = await datasette.client.put(PROFILE, headers=headers, json={})

    assert made.status_code == 201
    hashes = rows(path, "SELECT user_token_hash FROM am_personalization_profile")
    assert (digest(key),) in hashes


@pytest.mark.asyncio
@pytest.mark.parametrize("key", ["dstok_forged", "dstok_", f"dstok_{ONE}"])
async def test_what_looks_like_a_token_of_datasette_opens_nothing(unchanged, key):
    datasette = await open_api(unchanged)
    for headers in (bearer(key), {"X-API-Key": key}):
        # Datasette 1.0 refuses such a bearer itself.
        answer = await datasette.client.get(PROFILE, headers=headers)
        assert (answer.status_code, key in answer.text) == (401, False)


@pytest.mark.asyncio
@pytest.mark.parametrize("name", ["key", "api_key", "X-API-Key", "access_token", "authorization"])
async def test_a_key_in_the_url_opens_nothing_and_is_not_repeated(unchanged, name):
    datasette = await open_api(unchanged)
    without = await ask(datasette, "GET", f"{PROFILE}?{name}={ONE}")
    beside = await ask(datasette, "GET", f"{PROFILE}?{name}={ONE}", ONE)

    assert (without.status_code, beside.status_code) == (401, 422)
    assert ONE not in without.text + beside.text


@pytest.mark.asyncio
async def test_a_cookie_opens_nothing_here_and_a_key_opens_nothing_there(unchanged):
    datasette = await open_api(unchanged)
    for method, url in EVERY:
        answer = await ask(datasette, method, url, cookies=root(datasette))
        assert answer.status_code == 401, url
        problem_of(answer)
    for url in (
        "/-/personalization.json",
        "/jpcite.json",
        "/jpcite/customer_keys.json",
        "/jpcite/am_personalization_profile.json",
    ):
        plain, keyed = await ask(datasette, "GET", url), await ask(datasette, "GET", url, ONE)
        assert plain.status_code == keyed.status_code, url
    keys = await ask(datasette, "GET", "/jpcite/customer_keys.json", ONE, cookies=root(datasette))
    assert keys.status_code == 403


@pytest.mark.asyncio
async def test_where_only_an_auditor_may_look_a_key_opens_only_the_api(unchanged):
    metadata = {
        "plugins": {PLUGIN: {"customer_api": "jpcite", "customer_keys": KEYS}},
        "databases": {"jpcite": {"allow": {"id": "root"}}},
    }
    datasette = await serve(unchanged, metadata=metadata)
    page = "/-/personalization.json"

    assert (await ask(datasette, "GET", page, ONE)).status_code == 403
    assert (await ask(datasette, "GET", page, cookies=root(datasette))).status_code == 200
    assert (await ask(datasette, "GET", PROFILE, ONE)).status_code == 200


@pytest.mark.asyncio
@pytest.mark.parametrize("cookie", ["ds_csrftoken=forged", "ds_actor=forged; other=1"])
@pytest.mark.parametrize("header", ["Authorization", "X-API-Key"])
async def test_a_cookie_beside_the_key_changes_nothing(path, cookie, header):
    datasette = await open_api(path)
    key = f"Bearer {ONE}" if header == "Authorization" else ONE
    headers = {"Cookie": cookie, header: key}
    put = await datasette.client.put(PROFILE, headers=headers, json={"industry_pack": "A"})
    erased = await datasette.client.delete(PROFILE, headers=headers)

    assert (put.status_code, erased.status_code) == (200, 200)


@pytest.mark.asyncio
async def test_the_api_opens_behind_a_prefix_too(path):
    datasette = await open_api(path)
    # The client of Datasette puts it before every path itself.
    datasette._settings["base_url"] = "/data/"
    headers = {"Cookie": "a=1", "X-API-Key": ONE}
    put = await datasette.client.put(PROFILE, headers=headers, json={"industry_pack": "A"})
    page = await ask(datasette, "GET", f"{RECOMMENDATIONS}?size=1", ONE)
    told = (await ask(datasette, "GET", CONTRACT)).json()

    assert put.status_code == 200
    assert page.json()["recommendations"][0]["replay"].startswith(f"/data{RECOMMENDATIONS}/")
    assert told["servers"] == [{"url": "/data"}]


@pytest.mark.asyncio
async def test_one_customer_reaches_nothing_of_another(path):
    datasette = await open_api(path)
    theirs = (await ask(datasette, "GET", f"{RECOMMENDATIONS}?size=2", TWO)).json()
    before = deliveries(path)
    for rec_id in [item["rec_id"] for item in theirs["recommendations"]]:
        answer = await ask(datasette, "GET", f"{RECOMMENDATIONS}/{rec_id}", ONE)
        nobodys = await ask(datasette, "GET", f"{RECOMMENDATIONS}/{2**52}", ONE)
        assert (answer.status_code, answer.text) == (404, nobodys.text)
    other = await ask(datasette, "GET", f"{RECOMMENDATIONS}?after={theirs['next']}", ONE)

    assert other.status_code == 422
    assert deliveries(path) == before
    mine = (await ask(datasette, "GET", f"{RECOMMENDATIONS}?size=100", ONE)).json()[
        "recommendations"
    ]
    owners = rows(
        path,
        "SELECT DISTINCT user_token_hash FROM am_personalization_recommendation_log"
        " JOIN am_personalization_profile USING (profile_id)"
        f" WHERE rec_id IN ({','.join(str(item['rec_id']) for item in mine)})",
    )
    assert owners == [(digest(ONE),)]


@pytest.mark.asyncio
async def test_what_another_declared_stays_as_it_is(path):
    datasette = await open_api(path)
    before = (await ask(datasette, "GET", PROFILE, TWO)).json()
    etag = (await ask(datasette, "GET", PROFILE, TWO)).headers["etag"]
    taken = await ask(
        datasette, "PUT", PROFILE, ONE, json={"industry_pack": "A"}, headers={"If-Match": etag}
    )
    assert taken.status_code == 412
    await ask(datasette, "PUT", PROFILE, ONE, json={"industry_pack": "A"})
    await ask(datasette, "DELETE", PROFILE, ONE)

    assert (await ask(datasette, "GET", PROFILE, TWO)).json() == before


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "named",
    [
        {"user_token_hash": digest(TWO)},
        {"profile_id": 2},
        {"customer": TWO},
    ],
)
async def test_nothing_in_a_body_or_a_query_says_who_asks(path, named):
    datasette = await open_api(path)
    (name, value), before = *named.items(), (await ask(datasette, "GET", PROFILE, TWO)).json()
    in_body = await ask(datasette, "PUT", PROFILE, ONE, json=named)
    in_query = await ask(datasette, "GET", f"{RECOMMENDATIONS}?{name}={value}", ONE)

    assert (in_body.status_code, in_query.status_code) == (422, 422)
    assert str(value) not in problem_of(in_body) + problem_of(in_query)
    assert (await ask(datasette, "GET", PROFILE, TWO)).json() == before


# Datasette 0.65 leaves the file of a $file setting open.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.asyncio
async def test_under_a_secret_the_key_is_known_by_hmac_and_the_customer_by_sha256(
    path, monkeypatch, tmp_path
):
    (tmp_path / "secret").write_text("pepper\n")
    known_as = hmac.new(b"pepper", NEW.encode(), sha256).hexdigest()
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(
            "UPDATE customer_keys SET key_hash = ? WHERE key_hash = ?", (known_as, digest(NEW))
        )
    monkeypatch.setenv("API_SECRET", "pepper")
    for secret in ({"$env": "API_SECRET"}, {"$file": str(tmp_path / "secret")}):
        datasette = await open_api(
            path, settings={"customer_keys": {**KEYS, "hmac_secret": secret}}
        )
        put = await ask(datasette, "PUT", PROFILE, NEW, json={"industry_pack": "A"})
        plain = await ask(datasette, "GET", PROFILE, ONE)

        assert put.status_code in (200, 201)
        assert plain.status_code == 401
    hashes = rows(path, "SELECT user_token_hash FROM am_personalization_profile")
    assert (digest(NEW),) in hashes
    assert (known_as,) not in hashes


@pytest.mark.asyncio
@pytest.mark.parametrize("stored", [None, "", "0", 0])
async def test_a_key_is_live_while_its_column_is_empty(path, stored):
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE customer_keys SET revoked_at = ?", (stored,))
    datasette = await open_api(path)

    assert (await ask(datasette, "GET", PROFILE, REVOKED)).status_code == 200


@pytest.mark.asyncio
async def test_a_key_is_shut_out_the_moment_it_is_revoked(path):
    datasette = await open_api(path)
    assert (await ask(datasette, "GET", PROFILE, ONE)).status_code == 200
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE customer_keys SET revoked_at = 1 WHERE key_hash = ?", (digest(ONE),))

    answer = await ask(datasette, "GET", PROFILE, ONE)
    assert (answer.status_code, problem_of(answer)) == (403, "This key may not be used any more.")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "keys", [{"table": "gone"}, {"column": "gone"}, {"revoked": "gone"}, {"table": 'a"b'}]
)
async def test_a_key_source_that_is_not_there_lets_nobody_in(unchanged, keys, capsys):
    datasette = await open_api(unchanged, settings={"customer_keys": {**KEYS, **keys}})
    at_start = capsys.readouterr().err
    answer = await ask(datasette, "GET", PROFILE, ONE)

    # Before anybody asks, and for whom it is to mend.
    assert "no customer is answered: customer_keys: " in at_start
    assert answer.status_code == 503
    assert "gone" not in answer.text
    # Nobody is sent round for ever.
    assert "retry-after" not in answer.headers
    assert "trying again does not help" in answer.json()["todo"]
    assert "customer_api: OperationalError: no such" in capsys.readouterr().err


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"customer_api": ""}, "customer_api is not the name of a database"),
        ({"customer_api": ["jpcite"]}, "customer_api is not the name of a database"),
        ({"customer_api": "other"}, "customer_api names a database that is not served"),
        ({"customer_keys": "api_keys"}, "customer_keys does not hold table and column"),
        ({"customer_keys": {"table": "api_keys"}}, "customer_keys does not hold table and column"),
        ({"customer_keys": {**KEYS, "salt": "x"}}, "customer_keys does not hold table and column"),
        ({"customer_keys": {**KEYS, "column": 1}}, "customer_keys: column is not a name"),
        ({"customer_keys": {**KEYS, "hmac_secret": "plain"}}, "hmac_secret is written out"),
        (
            {"customer_keys": {**KEYS, "hmac_secret": {"$env": "NOT_SET_ANYWHERE"}}},
            "customer_keys: hmac_secret is empty or not there",
        ),
        ({"customer_requests_per_minute": 0}, "customer_requests_per_minute is not a whole number"),
        ({"customer_requests_per_minute": True}, "customer_requests_per_minute is not"),
    ],
)
async def test_settings_that_cannot_be_stop_datasette_with_a_sentence(
    unchanged, settings, sentence
):
    with pytest.raises(StartupError) as error:
        await open_api(unchanged, settings=settings)

    assert str(error.value).startswith(f"{PLUGIN}: ")
    assert sentence in str(error.value)
    assert "plain" not in str(error.value)


@pytest.mark.asyncio
async def test_a_key_that_asks_too_often_waits_and_nobody_else_does(unchanged, monkeypatch):
    # No minute turns over in between.
    monkeypatch.setattr(authenticate, "Limit", partial(Limit, clock=lambda: 1_000_020.5))
    datasette = await open_api(unchanged, settings={"customer_requests_per_minute": 3})
    answers = [await ask(datasette, "GET", PROFILE, ONE) for _ in range(5)]
    refused = answers[-1]

    assert [answer.status_code for answer in answers] == [200] * 3 + [429] * 2
    assert refused.headers["retry-after"] == "59"
    assert problem_of(refused) == "More than 3 requests within a minute."
    assert (await ask(datasette, "GET", PROFILE, TWO)).status_code == 200
    assert (await ask(datasette, "GET", PROFILE, STRANGE)).status_code == 401


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "url", [API, f"{API}/", f"{API}/Profile", f"{PROFILE}/", f"{API}/%70rofile", f"{PROFILE}/2"]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_there_is_nothing_beside_what_is_described(unchanged, method, url):
    datasette = await open_api(unchanged)
    answer = await ask(datasette, method, url, ONE)

    assert (answer.status_code, problem_of(answer)) == (404, "There is nothing at this address.")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        (PROFILE, "GET, HEAD, PUT, DELETE"),
        (RECOMMENDATIONS, "GET, HEAD"),
        (f"{RECOMMENDATIONS}/1", "GET, HEAD"),
        (CONTRACT, "GET, HEAD"),
    ],
)
async def test_other_methods_are_405_and_say_which_there_are(unchanged, url, allowed):
    datasette = await open_api(unchanged)
    for method in ("OPTIONS", "POST", "PATCH", "TRACE", "QUERY"):
        answer = await ask(datasette, method, url, ONE)
        assert (answer.status_code, answer.headers["allow"]) == (405, allowed), method
        problem_of(answer)


@pytest.mark.asyncio
async def test_head_is_what_get_answers_without_its_body_and_hands_over_nothing(path):
    datasette = await open_api(path)
    for url, key in ((PROFILE, ONE), (RECOMMENDATIONS, ONE), (CONTRACT, None), (PROFILE, STRANGE)):
        head = await ask(datasette, "HEAD", url, key)
        assert head.content == b""
        assert deliveries(path) == []
        got = await ask(
            datasette, "GET", f"{url}?preview=1" if url == RECOMMENDATIONS else url, key
        )
        assert head.status_code == got.status_code
        assert head.headers.get("etag") == got.headers.get("etag")


@pytest.mark.asyncio
async def test_a_page_of_another_origin_may_ask_where_cors_is_on_and_nowhere_else(unchanged):
    asked = {"Origin": "https://a.example", "Access-Control-Request-Method": "PUT"}
    for cors in (True, False):
        datasette = await open_api(unchanged, cors=cors)
        preflight = await ask(datasette, "OPTIONS", PROFILE, headers=asked)
        assert preflight.status_code == (200 if cors else 405)
        if cors:
            assert "PUT" in preflight.headers["access-control-allow-methods"]
            assert "If-Match" in preflight.headers["access-control-allow-headers"]
        for key in (ONE, STRANGE):
            answer = await ask(datasette, "GET", PROFILE, key)
            assert answer.headers.get("access-control-allow-origin") == ("*" if cors else None)


@pytest.mark.asyncio
async def test_a_byte_order_mark_or_white_space_around_a_key_makes_no_other_customer(unchanged):
    datasette = await open_api(unchanged)
    etag = (await ask(datasette, "GET", PROFILE, ONE)).headers["etag"]
    for sent in (b"\xef\xbb\xbf%s", b" %s \t", b"\xef\xbb\xbf %s", b" \xef\xbb\xbf%s\x0b"):
        for headers in (
            {"X-API-Key": sent % ONE.encode()},
            {"Authorization": b"Bearer " + sent % ONE.encode()},
        ):
            answer = await ask(datasette, "GET", PROFILE, headers=headers)
            assert answer.headers["etag"] == etag
    for key in (b"\xff\xfee\x00x\x00", b"a\x00b", b"a\x1bb", b"x" * 513, b"\xef\xbb\xbf"):
        answer = await ask(datasette, "GET", PROFILE, headers={"X-API-Key": key})
        assert answer.status_code == 401


@pytest.mark.asyncio
async def test_no_answer_may_be_kept_by_anybody_between(unchanged):
    datasette = await open_api(unchanged)
    for headers in (bearer(ONE), {"X-API-Key": ONE}, {}):
        answer = await datasette.client.get(PROFILE, headers=headers)
        assert answer.headers["cache-control"] == "private, no-store"
        assert "X-API-Key" in answer.headers["vary"]
