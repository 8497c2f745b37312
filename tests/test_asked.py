"""How a question is asked: what is given is read as it was meant, or refused by name; and pages say where they end."""

import re
import sqlite3
from contextlib import closing
from urllib.parse import urlencode

import pytest
import sqlite_utils

pytest.importorskip("datasette")

from viewer_fixtures import serve, shared_database

from sqlite_utils_personalization import (
    InvalidInput,
    NotFound,
    new_since,
    record_delivery,
    score,
)
from sqlite_utils_personalization.billing.reconcile.reconcile import reconcile, reconciled_rows
from sqlite_utils_personalization.billing.reconcile.result import keep
from sqlite_utils_personalization.example import AS_OF
from sqlite_utils_personalization.preferences.customer import key_hash
from sqlite_utils_personalization.preferences.erasure import erase
from sqlite_utils_personalization.viewer.queries.parameters import READERS
from sqlite_utils_personalization.viewer.queries.queries import questions

LATER = "2026-04-05"
OTHER_ROW = """
INSERT INTO am_personalization_recommendation_log (profile_id, recommendation_type, score) VALUES (1, 'program', 5)
"""
QUESTIONS = {question.name: question for question in questions()}
NEEDED = {"customer": "1", "rec_id": "1", "item_id": "EX-104"}
FORMATS = ("", ".json", ".csv")
# Of each type, what cannot be: what the issue found, and what a person may paste or a program get wrong.
BAD = {
    "night": ("2026-13-45", "2026-7-22", "yesterday", "-1", "0", "2026-07-22T09:00Z", "1e3"),
    "whole_night": ("2026-02-30", "tonight", "1.0"),
    "earlier_night": ("2026-02-30", "last", "-1"),
    "customer": ("1x", "-1", "1 OR 1", "abc", "f" * 65, "'"),
    "type": ("programs", "program,amendment", "%"),
    "day": ("2026-13-45", "2026-02-30", "2026", "22.7.2026", "2026-07-22T09:00Z", "9" * 40),
    "time": (
        "2026-13-45",
        "2026-07-22T09:00",
        "2026-07-22T25:00Z",
        "2026-07-22T09:00+99:00",
        "now",
    ),
    "month": ("2026-13", "2026-07-22", "0000-01", "July"),
    "per": ("week", "days"),
    "class": ("duplicates", "matched late"),
    "score": ("0", "101", "-3", "5.5", "x"),
    "size": ("-1", "0", "1001", "all", "1e2", "0x10", "9" * 30),
    "number": ("-1", "90010abc", "1;", "9" * 30, "\x00"),
    "rec_id": ("90010abc", "-1", "0", "1.0", "9" * 17),
    "item_id": (),
    "rule": ("notise",),
}
SWEEP = [
    (question.name, parameter.name, value)
    for question in questions()
    for parameter in question.parameters
    for value in BAD[parameter.type]
]


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """The example, scored on two nights, with rows of another program, deliveries and a reconciled month."""
    path = shared_database(tmp_path_factory.mktemp("asked") / "jpcite.db")
    with sqlite3.connect(path) as db:
        db.execute(OTHER_ROW)
    score(path, as_of=LATER)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for day in ("2026-04-02", "2026-04-03", "2026-04-30", "2026-05-01", "2026-05-09"):
            for rec_id, channel in ((1, "rest"), (2, "digest")):
                record_delivery(
                    db, rec_id, channel=channel, slot=day, delivered_at=f"{day}T09:00:00+09:00"
                )
        keep(db, reconcile(db, "2026-04"), reconciled_rows(db))
        db.execute(OTHER_ROW)
    return path


@pytest.fixture
def get(path):
    """A function that asks a question, with what it needs, and gives the response."""
    served = []

    async def get(name, suffix=".json", status=200, **form):
        if not served:
            served.append(await serve(path))
        needed = {
            parameter.name: NEEDED[parameter.name]
            for parameter in QUESTIONS[name].parameters
            if parameter.is_required
        }
        query = urlencode({**needed, **form})
        response = await served[0].client.get(f"/jpcite/{name}{suffix}?{query}")
        assert response.status_code == status, (name, form, response.text[-300:])
        return response

    return get


@pytest.fixture
def ask(get):
    """The rows."""

    async def ask(name, **form):
        return (await get(name, _shape="array", **form)).json()

    return ask


@pytest.mark.asyncio
async def test_what_cannot_be_is_an_error_that_names_the_parameter_and_gives_no_row(get):
    for name, parameter, value in SWEEP:
        answer = (await get(name, status=400, **{parameter: value})).json()
        assert (answer["ok"], answer["parameter"]) == (False, parameter), (name, parameter, value)
        assert parameter in answer["error"] or parameter == "rule"
        assert answer["todo"]
        assert "rows" not in answer
        for suffix in ("", ".csv"):
            response = await get(name, suffix, 400, **{parameter: value})
            assert "rows-and-columns" not in response.text
            assert "text/csv" not in response.headers["content-type"]
    assert set(BAD) == set(READERS)


@pytest.mark.asyncio
@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("name", QUESTIONS)
@pytest.mark.sampled(12)
async def test_page_json_and_csv_refuse_what_is_unknown_or_given_twice(
    get, path, name, suffix, capfd
):
    for form in ({"nite": "latest"}, {"Night": "latest"}, {"sql": "select 1"}):
        text = (await get(name, suffix, 400, **form)).text
        assert next(iter(form)) in text
    datasette = await serve(path)
    twice = await datasette.client.get(f"/jpcite/{name}{suffix}?a=1")
    assert twice.status_code == 400
    for parameter in QUESTIONS[name].parameters:
        twice = await datasette.client.get(
            f"/jpcite/{name}{suffix}?{parameter.name}=1&{parameter.name}=2"
        )
        assert (twice.status_code, "given twice" in twice.text) == (400, True)
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.asyncio
@pytest.mark.parametrize("name", QUESTIONS)
async def test_what_is_datasettes_own_begins_with_an_underscore_and_stays_allowed(get, name):
    own = {"_shape": "objects", "_ttl": "0", "_hide_sql": "1", "_trace": "0", "_anything": "x"}

    assert (await get(name, **own)).json()["rows"] is not None
    await get(name, "", **own)
    await get(name, ".csv", _dl="1", _header="off")


@pytest.mark.asyncio
async def test_what_a_question_needs_is_needed_but_for_its_empty_form(path):
    datasette = await serve(path)
    for question in questions():
        needed = [parameter.name for parameter in question.parameters if parameter.is_required]
        for suffix, status in (("", 200), (".json", 400), (".csv", 400)):
            response = await datasette.client.get(f"/jpcite/{question.name}{suffix}")
            assert response.status_code == (status if needed else 200)
            assert [name for name in needed if suffix and name not in response.text] == []
        other = next((one.name for one in question.parameters if not one.is_required), None)
        if needed and other:
            response = await datasette.client.get(f"/jpcite/{question.name}?{other}=1")
            assert response.status_code == 400


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("name", "form", "plain"),
    (
        (
            "recent_recommendations",
            {"size": " ３ ", "min_score": "５０"},
            {"size": "3", "min_score": "50"},
        ),
        ("recent_recommendations", {"night": "　２０２６－０４－０５\u200b"}, {"night": LATER}),
        ("recent_recommendations", {"night": " Latest\n"}, {"night": "2"}),
        ("recent_recommendations", {"type": "ＰＲＯＧＲＡＭ"}, {"type": "program"}),
        ("customer_recommendations", {"customer": "\u00a0１\ufeff"}, {"customer": "1"}),
        ("why_this_recommendation", {"rec_id": " ００１２ "}, {"rec_id": "12"}),
        ("nights", {"since": "２０２６-０４"}, {"since": "2026-04"}),
        ("nights", {"since": "2026年4月"}, {"since": "2026-04"}),
        ("nights", {"since": "2026/4/5"}, {"since": LATER}),
        ("recent_recommendations", {"night": "２０２６年４月５日"}, {"night": LATER}),
        ("recent_recommendations", {"size": "1,000"}, {"size": "1000"}),
        ("item_recommendations", {"item_id": " EX-104　"}, {"item_id": "EX-104"}),
    ),
)
async def test_full_width_digits_and_pasted_spaces_are_read(ask, name, form, plain):
    assert await ask(name, **form) == await ask(name, **plain) != []


@pytest.mark.asyncio
@pytest.mark.parametrize("name", ("recent_recommendations", "customer_recommendations"))
async def test_days_mean_nights_and_times_have_their_zone(ask, path, name):
    with sqlite3.connect(path) as db:
        runs = db.execute("SELECT as_of, served_at FROM am_personalization_run").fetchall()
    every = await ask(name, size=1000)
    (first, _), (last, last_at) = runs

    def of(night):
        return [row for row in every if row["as_of"] == night]

    assert [of(first), of(last)] == [
        await ask(name, size=1000, night=night) for night in (first, last)
    ]
    # The nights were scored today, long after their days.
    assert await ask(name, size=1000, since=last, until="2026-04") == of(last)
    assert await ask(name, size=1000, until="2026-04-04") == of(first)
    # What no night accounts for is dated by the day in Japan on which it was served.
    assert await ask(name, size=1000, since="2026-04-06") == of(None) != []
    # The moment in Japan, with seconds only, and with a plus that an address turns into a space.
    japan = f"{last_at[:10]}T{last_at[11:19]}"
    assert await ask(name, size=1000, since=f"{japan}Z") == [
        row for row in every if row["served_at"] >= f"{japan}.000Z"
    ]
    assert await ask(name, size=1000, until=last_at.replace("Z", " 00:00")) == [
        row for row in every if row["served_at"] <= last_at
    ]
    assert await ask(name, size=1000, until="2026-04-05T00:00:00+09:00") == []


@pytest.mark.asyncio
async def test_every_list_of_recommendations_carries_its_night_item_and_rank(ask):
    words = {"rec_id", "run_id", "as_of", "item_id", "title", "rank", "customer", "score"}
    for name in (
        "recent_recommendations",
        "customer_recommendations",
        "item_recommendations",
        "new_tonight",
        "why_this_recommendation",
    ):
        rows = await ask(name)
        assert rows
        assert words - rows[0].keys() == set()
        for row in rows:
            # What another program logged has none of them.
            has = {
                row[word] is not None for word in ("run_id", "as_of", "item_id", "title", "rank")
            }
            assert len(has) == 1


@pytest.mark.asyncio
async def test_a_customer_is_named_by_number_by_short_or_by_whole_hash(ask, get, path):
    with sqlite3.connect(path) as db:
        tokens = dict(
            db.execute("SELECT profile_id, user_token_hash FROM am_personalization_profile")
        )
    for profile_id, token in tokens.items():
        rows = await ask("customer_recommendations", customer=profile_id)
        for given in (token, token.upper(), token[:8], f"{token[:8]}…", f" {token[:12]} "):
            assert await ask("customer_recommendations", customer=given) == rows
    # Seven digits are no short hash, and nobody's is unknown, whole or not.
    await get("customer_recommendations", status=400, customer="f" * 7)
    for nobody in ("f" * 8, "f" * 64, "999"):
        answer = (await get("customer_changes", status=404, customer=nobody)).json()
        assert (answer["ok"], answer["parameter"]) == (False, "customer")
        assert "f" * 9 not in answer["error"]


@pytest.mark.asyncio
async def test_a_short_hash_of_several_customers_says_how_many_have_it(tmp_path):
    path = shared_database(tmp_path / "jpcite.db")
    with sqlite3.connect(path) as db:
        db.executemany(
            "INSERT INTO am_personalization_profile (profile_id, user_token_hash) VALUES (?, ?)",
            [
                (90, "abcdef01" + "0" * 56),
                (91, "abcdef01" + "1" * 56),
                (12345678, "2" * 64),
                (92, "12345678" + "a" * 56),
            ],
        )
    datasette = await serve(path)

    async def answer(customer):
        url = f"/jpcite/customer_recommendations.json?_shape=objects&customer={customer}"
        return (await datasette.client.get(url)).json()

    assert "2 customers" in (await answer("abcdef01"))["error"]
    assert (await answer("abcdef011"))["ok"]
    assert "is a profile_id, and the hash" in (await answer("12345678"))["error"]
    assert (await answer("12345678a"))["ok"]


@pytest.mark.asyncio
async def test_what_is_not_there_is_404_and_says_so(get):
    for name, form in (
        ("recent_recommendations", {"night": "2026-04-02"}),
        ("night_integrity", {"night": "3"}),
        ("why_this_recommendation", {"rec_id": "999999"}),
        ("recent_recommendations", {"after": "999999"}),
        ("item_recommendations", {"item_id": "EX-999"}),
        ("customer_changes", {"night": AS_OF}),
        ("customer_changes", {"before": "2026-03-31"}),
    ):
        answer = (await get(name, status=404, **form)).json()
        assert (answer["ok"], "rows" in answer) == (False, False)
    # What could have rows and has none is an answer.
    assert (await get("deliveries", since="2020-01", until="2020-02", _shape="array")).json() == []


@pytest.mark.asyncio
async def test_changes_need_two_finished_nights_in_their_order(get, tmp_path, path):
    for form in ({"night": 2, "before": 2}, {"night": 1, "before": 2}):
        assert "not before" in (await get("customer_changes", status=400, **form)).json()["error"]
    copy = tmp_path / "jpcite.db"
    with sqlite3.connect(path) as db, sqlite3.connect(copy) as target:
        db.backup(target)
        for (name,) in target.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            target.execute(f"DROP TRIGGER {name}")
        target.execute(
            "UPDATE am_personalization_run_progress SET status = 'running' WHERE run_id = 2"
        )
    datasette = await serve(copy)
    for url in (
        "customer_changes.json?customer=1",
        "new_tonight.json",
        "new_tonight.json?night=latest",
    ):
        response = await datasette.client.get(f"/jpcite/{url}")
        assert (response.status_code, "is not finished" in response.text) == (409, True)
    assert (await datasette.client.get("/jpcite/new_tonight.json?night=1")).status_code == 200


@pytest.mark.asyncio
async def test_an_erased_customer_is_called_erased_and_a_new_one_new(tmp_path):
    path = shared_database(tmp_path / "jpcite.db")
    with sqlite3.connect(path, isolation_level=None) as db:
        erase(db, key_hash(b"example-key-1"), "consent_withdrawn")
        db.execute(
            "INSERT INTO am_personalization_profile (profile_id, user_token_hash, preference_json)"
            " SELECT 50, ?, preference_json FROM am_personalization_profile WHERE profile_id = 2",
            ("5" * 64,),
        )
        (residue,) = db.execute(
            "SELECT user_token_hash FROM am_personalization_profile WHERE profile_id = 1"
        ).fetchone()
    score(path, as_of=LATER)
    datasette = await serve(path)

    async def rows(name, **form):
        url = f"/jpcite/{name}.json?{urlencode({'_shape': 'array', **form})}"
        response = await datasette.client.get(url)
        assert residue[:8] not in response.text
        return response.json()

    history = await rows("customer_recommendations", customer=1)
    assert {(row["customer"], row["verdict"]) for row in history} == {("erased", "erased")}
    assert {row["user_token_hash"] for row in history} == {None}
    assert (await rows("why_this_recommendation", rec_id=1))[0]["customer"] == "erased"
    assert 1 not in {row["profile_id"] for row in await rows("new_tonight", night=AS_OF)}
    everyone = await rows("recent_recommendations", size=1000)
    assert {row["customer"] == "erased" for row in everyone if row["profile_id"] == 1} == {True}
    changes = await rows("customer_changes", customer=1)
    assert {(row["customer"], row["change"], row["reason"]) for row in changes} == {
        ("erased", "gone", "erased")
    }
    assert {
        (row["change"], row["reason"]) for row in await rows("customer_changes", customer=50)
    } == {("new", "not a customer yet")}
    # What is left of the hash is no customer's.
    url = f"/jpcite/customer_recommendations.json?customer={residue}"
    assert (await datasette.client.get(url)).status_code == 404


def newly(path):
    """The rec_ids of the second night whose item the customer was not recommended on the first."""
    with sqlite3.connect(path) as db:
        rows = db.execute(
            "SELECT rec_id, run_id, profile_id, v.recommendation_type, item_id FROM v_personalization_replay v"
            " JOIN am_personalization_recommendation_log USING (rec_id) WHERE run_id IS NOT NULL ORDER BY 1"
        ).fetchall()
    known = {row[2:] for row in rows if row[1] == 1}
    return [row[0] for row in rows if row[1] == 2 and row[2:] not in known]


async def paged(get, name, **form):
    """The rows of every page, each found by the Link header of the one before, and next beside it."""
    rows, after, pages = [], "", 0
    while True:
        response = await get(name, _shape="objects", after=after, **form)
        answer = response.json()
        rows += answer["rows"]
        pages += 1
        link = re.search(r'<([^>]+)>; rel="next"', response.headers.get("link", ""))
        assert (link is None) == (answer["next"] is None)
        if link is None:
            return rows, pages
        assert f"after={answer['next']}" in link[1]
        after = answer["next"]


@pytest.mark.asyncio
@pytest.mark.parametrize("size", (1, 2, 5, 1000))
async def test_new_tonight_is_what_the_night_before_did_not_have_page_by_page(get, path, size):
    rows, _ = await paged(get, "new_tonight", size=size)

    assert [row["rec_id"] for row in rows] == newly(path) != []
    assert {(row["run_id"], row["as_of"], row["run_id_before"]) for row in rows} == {(2, LATER, 1)}


@pytest.mark.parametrize("most", (1, 3, 10, 2000))
@pytest.mark.parametrize("size", ("1", "4", ""))
def test_new_tonight_is_whole_however_few_rows_a_page_looks_at(path, most, size):
    sql = QUESTIONS["new_tonight"].sql
    assert "LIMIT 2000" in sql
    found, form = [], {"night": "latest", "before": "", "type": "", "after": "", "size": size}
    with closing(sqlite3.connect(path)) as db:
        while form["after"] is not None:
            rows = db.execute(sql.replace("LIMIT 2000", f"LIMIT {most}"), form).fetchall()
            found += [row[4] for row in rows if row[0]]
            form["after"] = rows[-1][4] if rows and rows[-1][0] is None else None

    assert found == newly(path)


@pytest.mark.parametrize("kind", ("program", "industry_pack", "amendment", None))
def test_new_since_is_what_the_night_before_did_not_have_from_any_file(path, kind):
    with closing(sqlite3.connect(path)) as conn:
        of_type = (
            "SELECT rec_id FROM am_personalization_recommendation_log WHERE recommendation_type = ?"
        )
        known = {rec_id for (rec_id,) in conn.execute(of_type, (kind,))}
        for file in (path, str(path), conn, sqlite_utils.Database(conn)):
            for how in (
                {},
                {"night": LATER},
                {"night": 2, "before": 1},
                {"before": AS_OF},
                {"night": " ２"},
            ):
                rows = [row["rec_id"] for row in new_since(file, type=kind, **how)]
                assert rows == [one for one in newly(path) if kind is None or one in known]


def test_new_since_goes_back_as_far_as_is_said(tmp_path):
    path = shared_database(tmp_path / "jpcite.db")
    for day in (LATER, "2026-04-14"):
        score(path, as_of=day)
    with sqlite3.connect(path) as db:
        offered = {run: set() for run in (1, 2, 3)}
        for run, *item in db.execute(
            "SELECT run_id, profile_id, v.recommendation_type, item_id FROM v_personalization_replay v"
            " JOIN am_personalization_recommendation_log USING (rec_id)"
        ):
            offered[run].add(tuple(item))
    assert offered[1] != offered[2] != offered[3]
    for before, how in ((1, {"before": 1}), (2, {"before": 2}), (2, {})):
        new = {
            (row["profile_id"], row["recommendation_type"], row["item_id"])
            for row in new_since(path, **how)
        }
        assert new == offered[3] - offered[before]


def test_on_the_first_night_everything_is_new_since(path):
    with closing(sqlite3.connect(path)) as db:
        (logged,) = db.execute(
            "SELECT logged FROM am_personalization_run_progress WHERE run_id = 1"
        ).fetchone()
    assert len([*new_since(path, night=AS_OF)]) == logged


@pytest.mark.parametrize(
    ("error", "how"),
    [
        (InvalidInput, {"night": "tonight"}),
        (InvalidInput, {"night": True}),
        (InvalidInput, {"night": 0}),
        (InvalidInput, {"night": 1.0}),
        (InvalidInput, {"night": ""}),
        (InvalidInput, {"night": None}),
        (InvalidInput, {"night": b"2"}),
        (InvalidInput, {"type": "programs"}),
        (InvalidInput, {"type": b"program"}),
        (InvalidInput, {"type": " Program"}),
        (InvalidInput, {"type": ""}),
        (InvalidInput, {"before": 2}),
        (InvalidInput, {"before": LATER, "night": AS_OF}),
        (NotFound, {"night": 99}),
        (NotFound, {"night": "2020-01-01"}),
        (NotFound, {"before": "2020-01-01"}),
    ],
)
def test_new_since_says_which_night_cannot_be(path, error, how):
    with pytest.raises(error):
        next(new_since(path, **how))


@pytest.mark.asyncio
async def test_on_the_first_night_everything_is_new(get, path):
    rows, _ = await paged(get, "new_tonight", night=AS_OF, size=7)
    with sqlite3.connect(path) as db:
        (logged,) = db.execute(
            "SELECT logged FROM am_personalization_run_progress WHERE run_id = 1"
        ).fetchone()

    assert (len(rows), {row["run_id_before"] for row in rows}) == (logged, {None})


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "name", [question.name for question in questions() if question.next_column]
)
async def test_a_page_says_whether_there_is_more_and_never_one_too_many(get, name):
    every, pages = await paged(get, name, size=1000)
    assert (pages, bool(every)) == (1, name not in ("rejected_preferences", "shadows"))
    key = QUESTIONS[name].next_column
    keys = len({row[key] for row in every})
    for size in {1, 2, max(1, keys - 1), max(1, keys)}:
        rows, pages = await paged(get, name, size=size)
        assert rows == every
        assert pages == max(1, -(-keys // size))


@pytest.mark.asyncio
@pytest.mark.parametrize("suffix", FORMATS)
async def test_page_json_and_csv_link_to_the_next_page_of_their_kind(get, suffix):
    response = await get("recent_recommendations", suffix, size=2, type="program", _shape="array")
    (url,) = re.findall(r'<([^>]+)>; rel="next"', response.headers["link"])

    assert f"/jpcite/recent_recommendations{suffix}?size=2&type=program&_shape=array&after=" in url
    assert url.startswith("http")
    assert ('rel="next"' in response.text) == (suffix == "")
    last = await get("recent_recommendations", suffix, night=1, size=1000)
    assert 'rel="next"' not in last.headers.get("link", "")


@pytest.mark.asyncio
@pytest.mark.parametrize("most", (2, 3, 7))
async def test_pages_are_whole_however_few_rows_datasette_returns(path, most):
    datasette = await serve(path, settings={"max_returned_rows": most})
    found, after = [], ""
    while after is not None:
        url = f"/jpcite/recent_recommendations.json?_shape=objects&size=5&after={after}"
        answer = (await datasette.client.get(url)).json()
        found += [row["rec_id"] for row in answer["rows"]]
        after = answer["next"]
    with sqlite3.connect(path) as db:
        view = db.execute("SELECT rec_id FROM v_personalization_recent_recs").fetchall()

    assert found == [rec_id for (rec_id,) in view]


@pytest.mark.asyncio
async def test_next_page_is_below_the_base_url(path):
    datasette = await serve(path, settings={"base_url": "/audit/"})
    response = await datasette.client.get("/jpcite/nights.json?size=1")

    assert re.search(
        r"<http://[^/]+/audit/jpcite/nights.json\?size=1&after=2>", response.headers["link"]
    )


@pytest.mark.asyncio
async def test_who_may_not_ask_is_not_told_who_is_a_customer(path):
    datasette = await serve(
        path, metadata={"databases": {"jpcite": {"allow": {"id": "root"}, "queries": {}}}}
    )
    for customer in ("1", "999", "1x"):
        url = f"/jpcite/customer_recommendations.json?customer={customer}"
        assert (await datasette.client.get(url)).status_code in (403, 404)


@pytest.mark.asyncio
async def test_a_question_of_ones_own_under_one_of_our_names_is_left_alone(path):
    queries = {"nights": {"sql": "SELECT :mine AS mine, run_id FROM am_personalization_run"}}
    datasette = await serve(path, metadata={"databases": {"jpcite": {"queries": queries}}})
    response = await datasette.client.get("/jpcite/nights.json?_shape=array&mine=-1")

    assert [row["mine"] for row in response.json()] == ["-1", "-1"]


@pytest.mark.asyncio
@pytest.mark.parametrize("path_of", ("/jpcite/ni~67hts", "/jpcit~65/nights", "/jpcite/n%69ghts"))
async def test_another_spelling_of_the_address_is_asked_as_strictly(path, path_of):
    datasette = await serve(path)

    assert (await datasette.client.get(f"{path_of}.json?nite=1")).status_code in (302, 400, 404)
