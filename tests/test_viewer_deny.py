"""Deny by default: of a shared file the viewer shows our tables and questions, to anyone, on either line.

The file also holds api_keys with an address, a view of it, a full-text index of it, and am_personalization_score, which
is not ours. Whatever is asked, none of their names or contents may be in an answer.
"""

import csv
import io
import json
import re
import sqlite3
from contextlib import closing
from itertools import product
from urllib.parse import urlencode

import pytest
import yaml

pytest.importorskip("datasette")

from datasette.utils import StartupError
from viewer_fixtures import (
    EVERY_PAGE,
    HIDDEN_WORDS,
    HOME,
    METADATA,
    root,
    running,
    serve,
    shared_database,
    twin,
)

from sqlite_utils_personalization.viewer.access import permissions
from sqlite_utils_personalization.viewer.connections import read

TABLES = (
    "/jpcite/api_keys",
    "/jpcite/api_keys.json",
    "/jpcite/api_keys.csv?_stream=on",
    "/jpcite/api_keys/1",
    "/jpcite/api_keys/1.json",
    "/jpcite/api_keys/-/schema.json",
    "/jpcite/api_keys/-/count",
    "/jpcite/api_keys/-/fragment",
    "/jpcite/api_keys/-/autocomplete?q=z",
    "/jpcite/API_KEYS.json",
    "/jpcite/api_key_addresses.json",
    "/jpcite/api_key_search.json",
    "/jpcite/api_key_search_content.json",
    "/jpcite/am_personalization_score.json",
    "/jpcite/sqlite_master.json",
    "/jpcite/sqlite_sequence.json",
    "/jpcite/sqlite_stat1.json",
    "/jpcite/_sqlite_migrations.json",
)
SELECT = "select+notify_email+from+api_keys"
SQL = (
    f"/jpcite?sql={SELECT}",
    f"/jpcite.json?sql={SELECT}",
    f"/jpcite.csv?sql={SELECT}",
    f"/jpcite/-/query?sql={SELECT}",
    f"/jpcite/-/query.json?sql={SELECT}",
    f"/_memory.json?sql={SELECT.replace('api_keys', 'jpcite.api_keys')}",
    f"/_memory/-/query.json?sql={SELECT.replace('api_keys', 'jpcite.api_keys')}",
    "/jpcite/-/execute-write?sql=delete+from+api_keys",
    f"/jpcite/-/queries/analyze?sql={SELECT}",
    "/jpcite.db",
)
# Ways round the permission of a table, through the page of one that may be seen.
PROFILE = "/jpcite/am_personalization_profile.json"
ROUND = (
    f"{PROFILE}?_where=profile_id+in+(select+id+from+api_keys)",
    f"{PROFILE}?_fts_table=api_key_search&_fts_pk=profile_id&_search=zaihou",
    f"{PROFILE}?_fts_table=api_key_search&_search_notify_email=zaihou",
    PROFILE
    + "?_through="
    + json.dumps({"table": "api_keys", "column": "notify_email", "value": "zaihou@example.com"}),
)
DENIED = (*TABLES, *SQL, *ROUND)
# Pages that may answer, and then only with what is ours.
OPEN = (
    *EVERY_PAGE,
    *map(twin, EVERY_PAGE),
    "/",
    "/.json",
    "/-/databases.json",
    "/-/plugins.json",
    "/-/jump.json?q=api",
    "/-/schema.json",
    "/-/allowed.json?action=view-table",
    "/-/queries.json",
    "/jpcite",
    "/jpcite.json",
    "/jpcite/-/schema.json",
    "/jpcite/-/queries.json",
    "/jpcite/-/foreign-key-targets",
    "/jpcite/am_personalization_profile/1",
    "/jpcite/am_personalization_profile/1.json?_extras=foreign_key_tables",
    "/jpcite/am_personalization_profile.json?_facet=profile_id",
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    return shared_database(tmp_path_factory.mktemp("viewer") / "jpcite.db")


@pytest.fixture(params=["anyone", "root"])
def who(request):
    """A function that gives the cookies of anyone or root."""
    return root if request.param == "root" else lambda datasette: {}


def hidden_words_in(response, url):
    # What was asked for may be repeated, in a form or an error.
    return [word for word in HIDDEN_WORDS if word in response.text and word not in url.lower()]


async def get(datasette, url, cookies):
    return await datasette.client.get(url, cookies=cookies, follow_redirects=True)


@pytest.mark.asyncio
async def test_nothing_but_ours_is_served_whatever_is_asked(shared, who):
    datasette = await serve(immutables=[str(shared)], crossdb=True)
    answers = {url: await get(datasette, url, who(datasette)) for url in (*DENIED, *OPEN)}

    assert answers["/jpcite"].status_code == answers["/jpcite.json"].status_code == 200
    assert {
        url: answers[url].status_code
        for url in DENIED
        if answers[url].status_code not in (400, 403, 404, 405)
    } == {}
    assert {
        url: words for url, response in answers.items() if (words := hidden_words_in(response, url))
    } == {}


@pytest.mark.asyncio
async def test_another_programs_table_and_its_rows_are_403(shared, who):
    datasette = await serve(shared)
    urls = (
        "/jpcite/api_keys",
        "/jpcite/api_keys.json",
        "/jpcite/api_keys.csv",
        "/jpcite/api_keys/1",
    )

    assert [(await get(datasette, url, who(datasette))).status_code for url in urls] == [403] * 4


@pytest.mark.asyncio
async def test_nothing_can_be_written_on_any_route(shared, who):
    datasette = await serve(shared)
    table = "/jpcite/am_personalization_profile"
    row = {"user_token_hash": "f" * 64}
    before = shared.read_bytes()
    for url, body in (
        (f"{table}/-/insert", {"row": row}),
        (f"{table}/-/upsert", {"rows": [{"profile_id": 1, **row}]}),
        (f"{table}/1/-/update", {"update": row}),
        (f"{table}/1/-/delete", {}),
        (f"{table}/-/alter", {"operations": []}),
        (f"{table}/-/drop", {"confirm": True}),
        (f"{table}/-/set-column-type", {"column": "preference_json", "column_type": "json"}),
        ("/jpcite/-/create", {"table": "mine", "row": row}),
        ("/jpcite/-/execute-write", {"sql": "delete from am_personalization_profile"}),
        ("/jpcite/-/queries/store", {"query": {"name": "mine", "sql": "select 1"}}),
        ("/jpcite/recent_recommendations/-/update", {"update": {"sql": "select 1"}}),
        ("/jpcite/recent_recommendations/-/delete", {}),
        ("/jpcite/recent_recommendations", {}),
        (table, row),
        ("/jpcite", {"sql": "delete from am_personalization_profile"}),
    ):
        response = await datasette.client.post(url, json=body, cookies=who(datasette))
        assert response.status_code not in (200, 201), url
        assert hidden_words_in(response, url) == []

    assert shared.read_bytes() == before


@pytest.mark.asyncio
async def test_a_query_of_the_configuration_that_is_not_ours_is_denied(shared, who):
    metadata = yaml.safe_load(METADATA.read_text(encoding="utf-8"))
    metadata["databases"]["jpcite"]["queries"]["addresses"] = {"sql": "SELECT * FROM api_keys"}
    datasette = await serve(shared, metadata=metadata)
    page = await get(datasette, "/jpcite.json", who(datasette))

    assert (await get(datasette, "/jpcite/addresses.json", who(datasette))).status_code == 403
    assert "addresses" not in {query["name"] for query in page.json()["queries"]}


@pytest.mark.asyncio
async def test_a_table_made_after_the_start_is_denied_too(shared, tmp_path, who):
    copy = tmp_path / "jpcite.db"
    copy.write_bytes(shared.read_bytes())
    datasette = await serve(copy)
    assert (await get(datasette, "/jpcite", who(datasette))).status_code == 200
    with sqlite3.connect(copy) as db:
        db.execute("CREATE TABLE made_afterwards (notify_email TEXT)")

    assert (await get(datasette, "/jpcite/made_afterwards.json", who(datasette))).status_code == 403
    assert "made_afterwards" not in (await get(datasette, "/jpcite.json", who(datasette))).text


@pytest.mark.asyncio
async def test_a_database_served_alongside_is_as_open_as_before(shared, tmp_path, who):
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as db:
        db.execute("CREATE TABLE api_keys (id INTEGER PRIMARY KEY)")
        db.execute("CREATE VIRTUAL TABLE words USING fts5(word)")
    datasette = await serve(shared, other)
    for url in (
        "/other.json",
        "/other/api_keys.json",
        "/other/api_keys.json?_where=id=1",
        "/other/words.json?_fts_table=words&_search=a",
        "/other.json?sql=select+1+from+api_keys",
    ):
        assert (await get(datasette, url, who(datasette))).status_code == 200, url


@pytest.mark.asyncio
@pytest.mark.parametrize("level", ["instance", "database"])
async def test_the_plugin_setting_opens_the_file_on_purpose(shared, level):
    plugins = {"sqlite-utils-personalization": {"deny_by_default": False}}
    metadata = {
        "instance": {"plugins": plugins},
        "database": {"databases": {"jpcite": {"plugins": plugins}}},
    }
    datasette = await serve(shared, metadata=metadata[level])
    urls = (
        "/jpcite/api_keys.json",
        "/jpcite.json?sql=select+1",
        f"{ROUND[0]}",
        "/jpcite/api_keys/1.json",
    )

    assert [(await get(datasette, url, {})).status_code for url in urls] == [200] * 4


@pytest.mark.asyncio
async def test_ours_stays_closed_to_whom_the_operator_closed_it(shared):
    metadata = yaml.safe_load(METADATA.read_text(encoding="utf-8"))
    metadata["databases"]["jpcite"]["allow"] = {"id": "root"}
    datasette = await serve(shared, metadata=metadata)
    urls = (
        "/jpcite.json",
        "/jpcite/am_personalization_run.json",
        "/jpcite/recent_recommendations.json",
    )

    assert [(await get(datasette, url, {})).status_code for url in urls] == [403] * 3
    assert [(await get(datasette, url, root(datasette))).status_code for url in urls] == [200] * 3


@pytest.mark.asyncio
async def test_a_file_without_our_schema_is_as_open_as_before(tmp_path):
    path = tmp_path / "jpcite.db"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE api_keys (id INTEGER PRIMARY KEY)")
    datasette = await serve(path)

    assert (await get(datasette, "/jpcite/api_keys.json", {})).status_code == 200


# What SQLite, or Datasette, takes for the column: names have no case, and a facet may be JSON.
HASH = "user_token_hash"
SPELLED = (
    HASH,
    HASH.upper(),
    "User_Token_Hash",
    '{"column": "user_token_hash"}',
    '{"simple": "USER_TOKEN_HASH"}',
    '{"column": "User_Token_Hash", "type": "column"}',
    "[user_token_hash]",
    '"user_token_hash"',
    "`user_token_hash`",
    "user_token_hash ",
    'x]"',
)


def hashes(path):
    with sqlite3.connect(path) as db:
        return [row[0] for row in db.execute(f"SELECT {HASH} FROM am_personalization_profile")]


@pytest.mark.asyncio
@pytest.mark.sampled(1)
async def test_no_spelling_of_the_column_makes_customers_a_facet(shared, who):
    datasette = await serve(shared)
    for table in ("am_personalization_profile", "v_personalization_replay"):
        for facet, spelled, ending in product(
            ("_facet", "_facet_array", "_facet_date", "_facet_m2m"), SPELLED, ("", ".json")
        ):
            url = f"/jpcite/{table}{ending}?{urlencode({facet: spelled})}"
            assert (await get(datasette, url, who(datasette))).status_code == 403, url


@pytest.mark.asyncio
@pytest.mark.sampled(1)
async def test_no_page_has_a_whole_hash_whatever_is_asked_of_it(shared, who):
    datasette = await serve(shared)
    asked = ("_sort", "_sort_desc", "_col", "_nocol", "_group_by", "_label", "_labels")
    urls = [f"?{urlencode({name: text, '_size': 2})}" for name, text in product(asked, SPELLED)]
    for url in (*urls, "/1", "?_shape=object", "?_extra=foreign_key_tables", "?_nofacet=1"):
        for table in ("am_personalization_profile", "AM_Personalization_Profile"):
            page = await get(datasette, f"/jpcite/{table}{url}", who(datasette))
            assert [one for one in hashes(shared) if one in page.text] == [], (table, url)


@pytest.mark.asyncio
async def test_a_page_of_ours_has_the_whole_hash_of_its_own_customer_at_the_most(shared, who):
    datasette = await serve(shared)
    own = hashes(shared)[0]
    shown = {"/customer/1": [own], "/customer/1.json": [own], "/replay/1.json": [own]}
    for url in (*EVERY_PAGE, *map(twin, EVERY_PAGE)):
        page = await get(datasette, url, who(datasette))
        found = [one for one in hashes(shared) if one in page.text]
        assert found == shown.get(url.removeprefix(HOME), []), url
        # Addresses end up in logs.
        assert [one for one in re.findall('href="([^"]*)"', page.text) if own[:8] in one] == []


@pytest.mark.asyncio
@pytest.mark.parametrize("table", ("am_personalization_profile", "AM_PERSONALIZATION_PROFILE"))
async def test_a_row_tells_nothing_of_other_programs_that_refer_to_it(shared, who, table):
    datasette = await serve(shared)
    for url in (
        f"/jpcite/{table}/1",
        f"/jpcite/{table}/1.json?_extras=foreign_key_tables",
        f"/jpcite/{table}/1.json?_extra=foreign_key_tables",
        "/jpcite.json",
    ):
        response = await get(datasette, url, who(datasette))
        assert response.status_code in (200, 404), url
        assert hidden_words_in(response, url) == []


@pytest.mark.asyncio
async def test_no_table_of_others_is_searched_through_ours_in_any_spelling(shared, who):
    datasette = await serve(shared)
    for table, column in (("api_key_orders", "zaihou_phone"), ("API_KEY_ORDERS", "ZAIHOU_PHONE")):
        for value in ("090-1234-5678", "of nobody"):
            through = {"table": table, "column": column, "value": value}
            url = f"{PROFILE}?{urlencode({'_through': json.dumps(through)})}"
            assert (await get(datasette, url, who(datasette))).status_code == 403


@pytest.mark.asyncio
async def test_root_reads_no_name_in_the_internal_database(shared):
    datasette = await serve(shared)
    for url in ("", ".json", "/columns.json", "/tables.json", "/foreign_keys.json", "/columns"):
        response = await get(datasette, f"/_internal{url}", root(datasette))
        assert response.status_code in (403, 404), url
        assert hidden_words_in(response, url) == []


@pytest.mark.asyncio
async def test_what_other_programs_put_into_a_preference_is_not_shown_and_our_code_reads_it(
    shared, who
):
    datasette = await serve(shared)
    table = "/jpcite/am_personalization_profile"
    for url in (
        *(table, f"{table}.json", f"{table}.csv", f"{table}/1", f"{table}/1.json"),
        f"{table}.json?_shape=array&_col=preference_json",
        f"{table}.json?_facet=preference_json",
        f"{table}.json?_facet=PREFERENCE_JSON",
    ):
        response = await get(datasette, url, who(datasette))
        assert response.status_code == 200, url
        assert hidden_words_in(response, url) == []
    for name in ("preference_json__contains", "PREFERENCE_JSON__contains", "preference_json__gt"):
        rows = await get(datasette, f"{table}.json?_shape=array&{name}=z", who(datasette))
        assert rows.json() == []

    source = datasette.get_database("jpcite")
    sql = "SELECT preference_json FROM am_personalization_profile WHERE profile_id = 1"
    assert "zaihou" in (await read(source, lambda db: db.execute(sql).fetchone(), 1000))[0]


SECRETS = {
    "am_personalization_other_hash": "key_hash",
    "am_personalization_identity_salt": "salt",
    "am_personalization_run": "salt",
    "am_personalization_billing_key": "billing_key",
    "am_personalization_saved_search": "search_id",
}


@pytest.mark.asyncio
@pytest.mark.parametrize(("table", "column"), SECRETS.items())
@pytest.mark.sampled(1)
async def test_no_other_hash_of_a_key_and_no_salt_is_shown_or_guessed(
    shared, tmp_path, who, table, column
):
    copy = tmp_path / "jpcite.db"
    copy.write_bytes(shared.read_bytes())
    secret = "ab12" * 16
    with closing(sqlite3.connect(copy)) as db, db:
        if table == "am_personalization_other_hash":
            db.execute(f"INSERT INTO {table}(profile_id, key_hash) VALUES (3, ?)", (secret,))
        elif table == "am_personalization_billing_key":
            db.execute(f"INSERT INTO {table}(billing_key) VALUES (?)", (secret,))
        elif table == "am_personalization_saved_search":
            db.execute(f"INSERT INTO {table} VALUES (3, ?, 9)", (secret,))
        else:
            secret = db.execute(f"SELECT {column} FROM {table} ORDER BY 1 LIMIT 1").fetchone()[0]
    assert len(secret) >= 32
    datasette = await serve(copy)
    address = f"/jpcite/{table}"
    for query in ("", f"?_facet={column}", f"?_facet={column.upper()}", f"?_sort={column}"):
        for form in ("", ".json", ".csv"):
            response = await get(datasette, f"{address}{form}{query}", who(datasette))
            assert secret not in response.text
    for name in (f"{column}__startswith", f"{column.upper()}__exact", f"{column}__gte"):
        url = f"{address}.json?_shape=array&{name}={secret[:4]}"
        assert (await get(datasette, url, who(datasette))).json() in ([],)


@pytest.mark.asyncio
async def test_a_spreadsheet_finds_no_formula_in_csv(shared, tmp_path, who):
    copy = tmp_path / "jpcite.db"
    copy.write_bytes(shared.read_bytes())
    with sqlite3.connect(copy) as db:
        for (name,) in db.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'am_personalization_candidate'"
        ).fetchall():
            db.execute(f"DROP TRIGGER {name}")
        db.execute('UPDATE am_personalization_candidate SET title = \'=HYPERLINK("x","y")\'')
    datasette = await serve(copy)
    for url in (
        "/jpcite/customer_recommendations.csv?customer=1",
        "/jpcite/am_personalization_candidate.csv?_size=max",
        "/jpcite/am_personalization_candidate.csv?_stream=on&_dl=1",
    ):
        response = await get(datasette, url, who(datasette))
        titles = [row["title"] for row in csv.DictReader(io.StringIO(response.text))]
        assert {*titles} == {'\'=HYPERLINK("x","y")'}, url


METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
FILLED = {
    "table": ("api_keys", "am_personalization_profile"),
    "query": ("nights",),
    "pks": ("1",),
    "rec_id": ("1",),
    "path": ("x.css",),
    "rest": ("",),
}
ASKED = {
    "action": "view-table",
    "parent": "jpcite",
    "child": "api_keys",
    "q": "e",
    "sql": "select notify_email from api_keys",
    "_size": "max",
}


def urls(pattern):
    """Addresses that a route of Datasette answers: with every ending it has, and its other groups filled in."""
    pattern = pattern.strip("^$").replace(r"\.", ".")
    for ending in ("", ".json", ".csv"):
        url = re.sub(r"\(\.\(\?P<format>[^)]*\)\)\?|\(\?P<suffix>[^)]*\)\?", ending, pattern)
        names = re.findall(r"\(\?P<(\w+)>[^)]*\)", url)
        for values in product(*(FILLED.get(name, ("jpcite",)) for name in names)):
            left = iter(values)
            yield re.sub(r"\(\?P<\w+>[^)]*\)", lambda _, left=left: next(left), url)


@pytest.mark.asyncio
@pytest.mark.sampled(1)
async def test_no_route_with_no_method_shows_or_changes_what_is_not_ours(shared, who):
    datasette = await serve(shared, crossdb=True)
    before, shown, tried = shared.read_bytes(), {}, set()
    async with running(datasette):
        for route, _ in datasette._routes():
            for url in urls(getattr(route, "pattern", route)):
                for method in METHODS:
                    response = await datasette.client.request(
                        method, url, params=ASKED, cookies=who(datasette)
                    )
                    tried.add(url)
                    if words := hidden_words_in(response, "api_keys notify_email"):
                        shown[method, url] = words

    assert len(tried) > 30
    assert shown == {}
    assert shared.read_bytes() == before


@pytest.mark.asyncio
async def test_an_alpha_that_shows_the_schema_of_the_file_serves_no_guarded_one(
    tmp_path, monkeypatch
):
    path = shared_database(tmp_path / "jpcite.db")
    open_to_all = {"sqlite-utils-personalization": {"deny_by_default": False}}
    for version in ("1.0a2", "1.0a31", "1.0a32", "1.0a38", "1.0a38.dev1"):
        monkeypatch.setattr(permissions, "datasette_version", version)
        with pytest.raises(StartupError, match=r"1\.0a39 or newer"):
            await serve(path)
    monkeypatch.setattr(permissions, "datasette_version", "1.0a38")
    await serve(path, metadata={"databases": {"jpcite": {"plugins": open_to_all}}})
    for version in ("0.65.5", "1.0a39", "1.0a41", "1.0", "1.0.1", "1.1a0"):
        monkeypatch.setattr(permissions, "datasette_version", version)
        await serve(path)
