"""The questions with forms: the rows are those of Datasette, and what cannot be asked is marked and told."""

import re
import shutil
import sqlite3
from contextlib import closing
from html import unescape
from html.parser import HTMLParser
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import pytest

pytest.importorskip("datasette")

from datasette.app import Datasette
from test_asked import BAD, LATER, NEEDED, OTHER_ROW
from viewer_fixtures import METADATA, found_by_verification, root, serve, shared_database

from sqlite_utils_personalization import record_delivery, score
from sqlite_utils_personalization.billing.reconcile.classes import CLASSES
from sqlite_utils_personalization.billing.reconcile.reconcile import reconcile, reconciled_rows
from sqlite_utils_personalization.billing.reconcile.result import keep
from sqlite_utils_personalization.example import AS_OF
from sqlite_utils_personalization.language import LANGUAGES
from sqlite_utils_personalization.model.kinds import TYPES
from sqlite_utils_personalization.preferences.customer import key_hash
from sqlite_utils_personalization.preferences.erasure import erase
from sqlite_utils_personalization.viewer.pages import question_answer
from sqlite_utils_personalization.viewer.queries.metadata import metadata
from sqlite_utils_personalization.viewer.queries.queries import questions

HOME = "/-/personalization"
QUESTIONS = {question.name: question for question in questions()}
JAPANESE = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")
# English that no reader of Japanese is told: two words in a row outside of what is marked as English.
ENGLISH = re.compile(r"\b[a-z]{2,} [a-z]{2,}\b")


def asked_database(path):
    """The example, scored on two nights, with rows of another program, deliveries and a reconciled month."""
    shared_database(path)
    with sqlite3.connect(path) as db:
        db.execute(OTHER_ROW)
    score(path, as_of=LATER)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for day in ("2026-04-02", "2026-04-03", "2026-04-30", "2026-05-01", "2026-05-09"):
            for rec_id, channel in ((1, "rest"), (2, "digest")):
                at = f"{day}T09:00:00+09:00"
                record_delivery(db, rec_id, channel=channel, slot=day, delivered_at=at)
        keep(db, reconcile(db, "2026-04"), reconciled_rows(db))
        db.execute(OTHER_ROW)
    return path


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    return asked_database(tmp_path_factory.mktemp("forms") / "jpcite.db")


def needed(name):
    """What the question asks nothing without."""
    required = [one.name for one in QUESTIONS[name].parameters if one.is_required]
    return {one: NEEDED[one] for one in required}


def address(name, suffix="", **form):
    query = urlencode({**needed(name), **form})
    return f"{HOME}/q/{name}{suffix}{f'?{query}' if query else ''}"


async def get(datasette, url, status=200, **options):
    response = await datasette.client.get(url, **options)
    assert response.status_code == status, (url, response.text[-600:])
    return response


class Page(HTMLParser):
    """What a page shows: form fields by name, the table, links by where they are, and marks of accessibility."""

    def __init__(self, text):
        super().__init__()
        self.fields, self.options, self.labels, self.ids = {}, {}, set(), set()
        self.heads, self.rows, self.foot, self.links, self.regions = [], [], [], [], []
        self.alerts = 0
        self._select = self._cell = self._part = None
        self.feed(text[text.index("<main") : text.index("</main>")])

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.ids.add(given.get("id"))
        self.alerts += given.get("role") == "alert"
        if tag in ("input", "select") and given.get("type") != "hidden":
            self.fields[given["name"]] = {**given, "tag": tag}
        if tag == "select":
            self._select = given["name"]
            self.options[self._select] = []
        elif tag == "option" and self._select:
            self.options[self._select].append(given["value"])
            if "selected" in given:
                self.fields[self._select]["value"] = given["value"]
        elif tag == "label":
            self.labels.add(given["for"])
        elif tag in ("thead", "tbody", "tfoot"):
            self._part = tag
        elif tag == "tr" and self._part == "tbody":
            self.rows.append([])
        elif tag in ("th", "td") and self._part:
            self._cell = [given, "", None]
        elif tag == "a":
            self.links.append(given)
            if self._cell:
                self._cell[2] = given["href"]
        if given.get("role") == "region":
            self.regions.append(given)

    def handle_data(self, data):
        if self._cell:
            self._cell[1] += data

    def handle_endtag(self, tag):
        if tag == "select":
            self._select = None
        elif tag in ("thead", "tbody", "tfoot"):
            self._part = None
        elif tag in ("th", "td") and self._cell:
            into = {"thead": self.heads, "tfoot": self.foot}.get(self._part)
            (self.rows[-1] if into is None else into).append(tuple(self._cell))
            self._cell = None

    def link(self, text, whole):
        """Where the link with this text leads, None if there is none."""
        found = re.search(rf'<a href="([^"]+)"[^>]*>{re.escape(text)}</a>', whole)
        return found and unescape(found[1])


async def page_of(datasette, url, status=200, **options):
    response = await get(datasette, url, status, **options)
    return Page(response.text), response.text


async def canned(datasette, name, **form):
    """All rows as Datasette answers."""
    query = urlencode({**needed(name), "size": 1000, "_shape": "array", **form})
    if not any(one.name == "size" for one in QUESTIONS[name].parameters):
        query = query.replace("size=1000&", "")
    return (await get(datasette, f"/jpcite/{name}.json?{query}")).json()


@pytest.mark.asyncio
async def test_all_questions_are_listed_with_what_they_are_in_the_readers_language(shared):
    datasette = await serve(shared)
    for code in LANGUAGES:
        headers = {"Accept-Language": code}
        text = (await get(datasette, f"{HOME}/questions", headers=headers)).text
        listed = re.findall(rf'<dt><a href="{HOME}/q/(\w+)">([^<]+)</a></dt><dd>([^<]+)</dd>', text)
        assert [name for name, _, _ in listed] == list(QUESTIONS)
        for name, title, description in listed:
            question = QUESTIONS[name]
            own = question.title_ja if code == "ja" else question.title
            assert unescape(title) == own
            assert bool(JAPANESE.search(description)) == (code == "ja")
    twin = (await get(datasette, f"{HOME}/questions.json")).json()
    assert [one["name"] for one in twin["questions"]] == list(QUESTIONS)


def test_what_the_files_of_other_programs_say_does_not_change_with_the_language():
    from sqlite_utils_personalization.language import speaking

    with speaking("ja"):
        assert metadata("jpcite") == metadata("jpcite")
        said = metadata("jpcite")["databases"]["jpcite"]["queries"]["nights"]
    assert said["title"] == "Nights and their counts (夜ごとの件数)"
    assert "first day scored, in Japan" in said["description_html"]


def test_the_columns_of_a_form_are_those_of_its_question(shared):
    with closing(sqlite3.connect(shared)) as db:
        for question in questions():
            form = {one.name: "" for one in question.parameters}
            known = {column[0] for column in db.execute(question.sql, form).description}
            assert 1 <= len(question.main) <= 7
            assert {*question.main, *question.sums} <= known


@pytest.mark.asyncio
@pytest.mark.sampled(7)
@pytest.mark.parametrize("name", QUESTIONS)
async def test_the_twin_and_the_page_have_the_rows_that_datasette_has(shared, name):
    datasette = await serve(shared)
    every = await canned(datasette, name)
    assert bool(every) is (name not in ("rejected_preferences", "shadows"))
    paged = {} if QUESTIONS[name].next_column is None else {"size": 3}
    rows, url, pages = [], address(name, ".json", **paged), 0
    while url:
        data = (await get(datasette, url)).json()
        assert data["ok"]
        assert data["columns"] == list(every[0] if every else data["columns"])
        rows += data["rows"]
        pages += 1
        url = data["next"] is not None and address(name, ".json", **paged, after=data["next"])
    assert rows == every
    assert pages == 1 or paged

    for cols in ("main", "all"):
        page, text = await page_of(
            datasette, address(name, cols=cols, **({"size": 500} if paged else {}))
        )
        columns = list(every[0]) if every else []
        shown = list(QUESTIONS[name].main) if cols == "main" else columns
        assert len(page.rows) == len(every)
        if every:
            assert len(page.heads) == len(shown) == len(page.rows[0])
            (region,) = page.regions
            assert region["tabindex"] == "0"
            assert region["aria-label"]
            assert text.count("<caption") == 1
            assert {given["scope"] for given, _, _ in page.heads} == {"col"}
        else:
            assert "No row of this file is what was asked for." in text


@pytest.mark.asyncio
@pytest.mark.sampled(7)
@pytest.mark.parametrize("name", QUESTIONS)
async def test_every_id_of_every_row_leads_to_what_it_counts(shared, name):
    datasette = await serve(shared)
    every = await canned(datasette, name)
    page, _ = await page_of(
        datasette,
        address(name, cols="all", **({"size": 500} if QUESTIONS[name].next_column else {})),
    )
    wanted = {
        "rec_id": "/replay/",
        "profile_id": "/customer/",
        "run_id": "/night/",
        "as_of": "/night/",
        "item_id": "/item/",
        "title": "/item/",
        "month": "/money/",
        "class": "/money/",
    }
    seen = set()
    for row, cells in zip(every, page.rows, strict=True):
        for (column, value), (_, _, href) in zip(row.items(), cells, strict=True):
            place = wanted.get(column)
            if (
                place
                and value is not None
                and not (column in ("item_id", "title") and not row["item_id"])
            ):
                assert href.startswith(HOME + place), (column, value)
            if href:
                seen.add(href)
    for href in sorted(seen)[:25]:
        # A day leads to its latest run.
        assert (await datasette.client.get(href)).status_code in (200, 302), href


@pytest.mark.asyncio
@pytest.mark.parametrize("name", QUESTIONS)
async def test_a_form_has_a_labelled_field_of_the_right_kind_for_each_parameter(shared, name):
    datasette = await serve(shared)
    page, _ = await page_of(datasette, f"{HOME}/q/{name}")
    parameters = [one for one in QUESTIONS[name].parameters if one.name != "after"]
    assert list(page.fields) == [*(one.name for one in parameters), "cols"]
    for field in page.fields.values():
        assert field["id"] in page.labels
        assert field.get("aria-describedby", field["id"]) in page.ids
    kinds = {one.name: one.type for one in parameters}
    for field, kind in kinds.items():
        shown = page.fields[field]
        if kind in ("day", "time"):
            assert (shown["tag"], shown["type"]) == ("input", "date")
        choices = {
            "type": ["", *TYPES],
            "class": ["", *CLASSES],
            "month": ["", "2026-04"],
            "night": ["", "2", "1"],
            "whole_night": ["", "2", "1"],
            "size": ["20", "100", "500"],
            "per": ["", "month"],
        }
        if kind in choices:
            assert page.options[field] == choices[kind]
        if kind == "rule":
            with closing(sqlite3.connect(shared)) as db:
                left_out = "SELECT DISTINCT left_out FROM am_personalization_candidate"
                rules = {rule for (rule,) in db.execute(left_out) if rule}
            assert rules
            assert rules <= set(page.options[field])
    assert page.options["cols"] == ["main", "all"]


@pytest.mark.asyncio
async def test_nothing_is_shown_before_what_is_needed_is_given(shared):
    datasette = await serve(shared)
    for question in questions():
        if not any(one.is_required for one in question.parameters):
            continue
        page, text = await page_of(datasette, f"{HOME}/q/{question.name}")
        assert (page.rows, page.alerts) == ([], 0)
        assert "Fill in the form" in text
        # A form that was sent as it was.
        empty = {one.name: "" for one in question.parameters if one.name != "after"}
        url = f"{HOME}/q/{question.name}?{urlencode({**empty, 'cols': 'main'})}"
        page, _ = await page_of(datasette, url, 400)
        missing = [name for name, field in page.fields.items() if "aria-invalid" in field]
        assert missing == [one.name for one in question.parameters if one.is_required]
        for suffix in (".json", ".csv"):
            await get(datasette, f"{HOME}/q/{question.name}{suffix}", 400)


@pytest.mark.asyncio
@pytest.mark.sampled(7)
@pytest.mark.parametrize("name", QUESTIONS)
async def test_what_cannot_be_is_marked_told_and_answered_by_no_row(shared, name, capfd):
    datasette = await serve(shared)
    for parameter in QUESTIONS[name].parameters:
        for value in BAD[parameter.type]:
            form = {parameter.name: value}
            page, text = await page_of(datasette, address(name, **form), 400)
            assert (page.rows, page.heads, page.alerts) == ([], [], 1)
            if parameter.name != "after":
                field = page.fields[parameter.name]
                assert field["aria-invalid"] == "true"
                told = re.search(rf'id="{field["aria-describedby"]}"[^>]*>([^<]+)<', text)
                assert len(told[1]) > 10
                if parameter.type != "customer" and value.strip("\x00"):
                    assert field["value"] == value.strip()
            data = (await get(datasette, address(name, ".json", **form), 400)).json()
            assert (data["ok"], list(data["parameters"])) == (False, [parameter.name])
            assert "rows" not in data
            await get(datasette, address(name, ".csv", **form), 400)
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.asyncio
async def test_every_wrong_field_is_marked_and_the_right_ones_keep_their_choices(shared):
    datasette = await serve(shared)
    url = address("left_out_items", night="2026-13-45", size="0", type="program", nite="1")
    page, text = await page_of(datasette, url, 400)
    assert {name for name, one in page.fields.items() if "aria-invalid" in one} == {"night", "size"}
    assert page.fields["type"]["value"] == "program"
    assert "nite" in text
    twice = f"{HOME}/q/nights.json?size=1&size=2"
    assert (await get(datasette, twice, 400)).json()["parameters"].keys() == {"size"}
    unknown = f"{HOME}/q/nights.json?Night=1"
    assert (await get(datasette, unknown, 400)).json()["parameters"].keys() == {"Night"}
    for cols in ("most", "ALL,"):
        await get(datasette, address("nights", cols=cols), 400)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("name", "form", "status", "field"),
    [
        ("customer_recommendations", {"customer": "999"}, 404, "customer"),
        ("customer_recommendations", {"customer": "f" * 64}, 404, "customer"),
        ("why_this_recommendation", {"rec_id": "999999"}, 404, "rec_id"),
        ("item_recommendations", {"item_id": "EX-999"}, 404, "item_id"),
        ("night_scores", {"night": "2020-01-01"}, 404, "night"),
        ("night_scores", {"night": "77"}, 404, "night"),
        ("customer_changes", {"night": AS_OF}, 404, "night"),
        ("customer_changes", {"before": LATER}, 400, "before"),
    ],
)
async def test_what_is_not_there_is_marked_too(shared, name, form, status, field):
    datasette = await serve(shared)
    page, text = await page_of(datasette, address(name, **form), status)
    assert page.fields[field]["aria-invalid"] == "true"
    assert page.rows == []
    # A hash, or a key that was taken for one, is repeated nowhere below the address.
    assert "f" * 17 not in text[text.index("<main") :]
    data = (await get(datasette, address(name, ".json", **form), status)).json()
    assert (data["status"], list(data["parameters"])) == (status, [field])
    await get(datasette, address(name, ".csv", **form), status)


@pytest.mark.asyncio
async def test_a_question_that_is_none_is_not_found(shared):
    datasette = await serve(shared)
    for name in ("nothing", "nights2", quote("night s"), "%00"):
        response = await datasette.client.get(f"{HOME}/q/{name}")
        assert response.status_code == 404
    assert (await get(datasette, f"{HOME}/q/nothing.json", 404)).json()["ok"] is False


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("name", "form", "plain"),
    [
        (
            "recent_recommendations",
            {"size": " ３ ", "min_score": "５０"},
            {"size": 3, "min_score": 50},
        ),
        ("recent_recommendations", {"night": "　２０２６－０４－０５\u200b"}, {"night": LATER}),
        ("recent_recommendations", {"type": "ＰＲＯＧＲＡＭ"}, {"type": "program"}),
        ("customer_recommendations", {"customer": "\u00a0１\ufeff"}, {"customer": 1}),
        ("why_this_recommendation", {"rec_id": " ００１２ "}, {"rec_id": 12}),
        ("item_recommendations", {"item_id": " EX-104　"}, {"item_id": "EX-104"}),
        ("nights", {"since": "２０２６-０４"}, {"since": "2026-04"}),
        ("nights", {"until": "2026-04"}, {"since": "2026-04-01", "until": "2026-04-30"}),
        ("deliveries", {"since": "2026-05"}, {"since": "2026-05-01"}),
        ("deliveries", {"until": "2026-04"}, {"until": "2026-04-30"}),
    ],
)
async def test_full_width_digits_pasted_spaces_and_half_open_spans_are_read(
    shared, name, form, plain
):
    datasette = await serve(shared)
    found = [
        (await get(datasette, address(name, ".json", **given))).json()["rows"]
        for given in (form, plain)
    ]
    assert found[0] == found[1] != []
    page, _ = await page_of(datasette, address(name, **form))
    if "since" in form or "until" in form:
        (field,) = form
        # A date field would not show a month.
        assert page.fields[field]["type"] == "text"
        assert page.fields[field]["value"] == "2026-0" + ("5" if form[field].endswith("5") else "4")


@pytest.mark.asyncio
async def test_an_item_id_is_taken_as_it_is_written(shared, tmp_path):
    path = tmp_path / "jpcite.db"
    shutil.copy(shared, path)
    with closing(sqlite3.connect(path)) as db:
        # Full-width on purpose, where numbers are read otherwise.
        sql = "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%candidate%'"
        guards = [row[0] for row in db.execute(sql)]
        for (name,) in db.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%candidate%'"
        ).fetchall():
            db.execute(f"DROP TRIGGER {name}")
        db.execute(
            "UPDATE am_personalization_candidate SET item_id = '１２&=\"' WHERE item_id = 'EX-104'"
        )
        for guard in guards:
            db.execute(guard)
        db.commit()
    datasette = await serve(path)
    data = (
        await get(datasette, address("item_recommendations", ".json", item_id='１２&="'))
    ).json()
    assert {row["item_id"] for row in data["rows"]} == {'１２&="'}
    await get(datasette, address("item_recommendations", ".json", item_id='12&="'), 404)


@pytest.mark.asyncio
@pytest.mark.parametrize("size", [1, 4, 20])
@pytest.mark.parametrize(
    "name", ["recent_recommendations", "left_out_items", "nights", "deliveries"]
)
@pytest.mark.sampled(2, by="size")
async def test_next_and_first_lead_through_all_pages_which_say_where_they_are(shared, name, size):
    datasette = await serve(shared)
    every = await canned(datasette, name)
    counted = name in ("left_out_items", "nights")
    url, rows, first = address(name, size=size), 0, None
    while url:
        page, text = await page_of(datasette, url)
        position = re.search(r'<div class="pa-pages"><p>([^<]*)</p>', text)[1]
        start, rows = rows + 1, rows + len(page.rows)
        next_url = page.link("Next page", text)
        of = f" of {len(every)}" if counted or not next_url else ""
        assert position == f"{start} to {rows}{of}"
        back = page.link("First page", text)
        assert (back is None) == (first is None)
        if back:
            again, _ = await page_of(datasette, back)
            assert again.rows == first
        first = first or page.rows
        if next_url:
            assert f'<link rel="next" href="{next_url.replace("&", "&amp;")}">' in text
        url = next_url
    assert rows == len(every)


@pytest.mark.asyncio
async def test_a_page_that_nobody_came_to_from_another_does_not_say_which_it_is(shared):
    datasette = await serve(shared)
    for more in ({}, {"seen": 5000}):
        _, text = await page_of(datasette, address("left_out_items", size=2, after=1, **more))
        assert '<div class="pa-pages"><p>2 rows</p>' in text
    # Only of a later page it says how many came before.
    _, text = await page_of(datasette, address("left_out_items", size=2, seen=4))
    assert '<div class="pa-pages"><p>1 to 2 of ' in text


@pytest.mark.asyncio
async def test_the_pages_after_the_first_stay_with_the_night_it_was_of(shared, tmp_path):
    path = tmp_path / "jpcite.db"
    shutil.copy(shared, path)
    datasette = await serve(path)
    page, text = await page_of(datasette, address("left_out_items", size=1))
    score(path, as_of="2026-04-09")
    later, _ = await page_of(datasette, page.link("Next page", text))
    assert {href for row in later.rows for _, _, href in row if "/night/" in (href or "")} == {
        f"{HOME}/night/2"
    }


def said(cells):
    return [text.strip().replace("¥", "").replace(",", "") for _, text, _ in cells]


@pytest.mark.asyncio
async def test_amounts_and_counts_are_added_up_for_all_pages_or_say_that_they_are_not(shared):
    datasette = await serve(shared)
    deliveries = await canned(datasette, "deliveries")
    for size, label in ((20, "All"), (2, "This page")):
        page, _ = await page_of(datasette, address("deliveries", size=size))
        shown = deliveries[: len(page.rows)]
        sums = [
            str(sum(row[name] for row in shown))
            for name in ("deliveries", "charged", "reversed", "owed_yen")
        ]
        assert said(page.foot) == [label, "", *sums]
        assert (len(shown) == len(deliveries)) == (label == "All")
    with closing(sqlite3.connect(shared)) as db:
        sql = "SELECT sum(owed_yen), sum(metered_yen) FROM am_personalization_reconciled"
        owed, metered = db.execute(sql).fetchone()
    # Counting these is cheap, and so the sum is of all of them on each page.
    page, _ = await page_of(datasette, address("reconciled_rows", size=1))
    assert said(page.foot)[5:] == [str(owed), str(metered or "")]
    assert said(page.foot)[0] == "All"
    data = (await get(datasette, address("reconciled_rows", ".json", size=1))).json()
    assert (data["sum"]["owed_yen"], data["page_sum"]["owed_yen"]) == (owed, 3)
    assert data["total"] == len(await canned(datasette, "reconciled_rows")) > 1


@pytest.mark.asyncio
async def test_a_form_in_japanese_is_japanese_throughout(shared):
    datasette = await serve(shared)
    headers = {"Accept-Language": "ja"}
    marked = re.compile(r'<(\w+)[^>]* lang="en">.*?</\1>|<code>.*?</code>|<a[^>]*>(?:JSON|SQL)</a>')
    for name in QUESTIONS:
        for url in (address(name, cols="all"), address(name, nite="1"), f"{HOME}/q/{name}"):
            response = await datasette.client.get(url, headers=headers)
            text = response.text
            assert response.headers["content-language"] == "ja"
            shown = marked.sub("", text[text.index("<main") : text.index("</main>")])
            plain = unescape(re.sub(r"<[^>]+>|sqlite-utils personalization-verify", " | ", shown))
            assert JAPANESE.search(plain)
            assert not ENGLISH.findall(plain), (url, ENGLISH.findall(plain))
    for name, form in (("nights", {"size": "x"}), ("customer_changes", {"customer": "999"})):
        response = await datasette.client.get(address(name, **form), headers=headers)
        told = re.search(r'<p id="e-\w+">([^<]+)</p>', response.text)[1]
        assert JAPANESE.search(told)
        assert not ENGLISH.search(told)
    # Datasette's own address tells of a fault in the same language.
    response = await datasette.client.get(
        "/jpcite/customer_changes.json?customer=999", headers=headers
    )
    assert JAPANESE.search(response.json()["error"])
    assert response.json()["parameter"] == "customer"


@pytest.mark.asyncio
async def test_a_twin_is_the_same_in_every_language(shared):
    datasette = await serve(shared)
    for name in QUESTIONS:
        found = []
        for code in LANGUAGES:
            headers = {"Accept-Language": code}
            found.append((await get(datasette, address(name, ".json"), headers=headers)).json())
        assert found[0] == found[1]


@pytest.mark.asyncio
async def test_datasettes_page_leads_to_the_form_and_the_form_back(shared):
    datasette = await serve(shared)
    query = {"night": "2", "type": "program", "size": "3"}
    url = f"/jpcite/recent_recommendations?{urlencode({**query, '_hide_sql': 1})}"
    text = (await get(datasette, url)).text
    (form,) = re.findall(r'<a href="([^"]+)">Use the form', text)
    assert text.index("Use the form") < text.index("<h1")
    found = urlsplit(unescape(form))
    assert found.path == f"{HOME}/q/recent_recommendations"
    assert dict(parse_qsl(found.query)) == {**query, "database": "jpcite"}
    page, text = await page_of(datasette, unescape(form))
    assert {name: page.fields[name]["value"] for name in query} == query
    back = {kind: page.link(kind, text) for kind in ("JSON", "SQL", "CSV, all rows")}
    shown = [row[0][1].strip() for row in page.rows]
    rows = (await get(datasette, back["JSON"])).json()["rows"]
    rec_ids = [row["rec_id"] if isinstance(row, dict) else row[0] for row in rows]
    assert [str(rec_id) for rec_id in rec_ids[:3]] == shown
    assert "SELECT" in (await get(datasette, back["SQL"])).text
    assert str(rec_ids[0]) in (await get(datasette, back["CSV, all rows"])).text
    # A question that was asked wrongly there leads nowhere but to itself.
    wrong = await get(datasette, "/jpcite/recent_recommendations?size=x", 400)
    assert "Use the form" not in wrong.text


@pytest.mark.asyncio
async def test_the_menu_and_the_overview_lead_to_the_forms(shared):
    datasette = await serve(shared)
    text = (await get(datasette, HOME)).text
    assert f'<a href="{HOME}/questions">Questions</a>' in text
    for name in QUESTIONS:
        assert f'href="{HOME}/q/{name}"' in text
    text = (await get(datasette, f"{HOME}/q/nights")).text
    assert f'<a href="{HOME}/questions" aria-current="page">' in text


@pytest.mark.asyncio
async def test_where_datasette_was_given_no_questions_the_forms_answer_all_the_same(shared):
    datasette = await serve(shared, metadata={})
    page, text = await page_of(datasette, address("nights"))
    assert len(page.rows) == 2
    assert page.link("JSON", text) is page.link("SQL", text) is None
    assert page.link("CSV, all rows", text)


@pytest.mark.asyncio
async def test_an_erased_customer_is_named_by_number_alone(shared, tmp_path):
    path = tmp_path / "jpcite.db"
    shutil.copy(shared, path)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        before = [
            row[0]
            for row in db.execute(
                "SELECT user_token_hash FROM am_personalization_profile WHERE profile_id = 1"
            )
        ]
        erase(db, key_hash(b"example-key-1"), "consent_withdrawn")
        after = [
            row[0]
            for row in db.execute(
                "SELECT user_token_hash FROM am_personalization_profile WHERE profile_id = 1"
            )
        ]
    datasette = await serve(path)
    for name, form in (
        ("customer_recommendations", {"customer": 1}),
        ("recent_recommendations", {"size": 500}),
        ("why_this_recommendation", {"rec_id": 1}),
    ):
        for suffix in ("", ".json", ".csv"):
            text = (
                await get(
                    datasette, address(name, suffix, **form, **({} if suffix else {"cols": "all"}))
                )
            ).text
            assert "erased" in text
            for hash_ in (*before, *after):
                assert hash_[:8] not in text
    for hash_ in (*before, *after):
        await get(datasette, address("customer_recommendations", customer=hash_), 404)


@pytest.mark.asyncio
async def test_no_list_shows_a_whole_hash(shared):
    datasette = await serve(shared)
    with closing(sqlite3.connect(shared)) as db:
        hashes = [
            row[0] for row in db.execute("SELECT user_token_hash FROM am_personalization_profile")
        ]
    for name in QUESTIONS:
        text = (await get(datasette, address(name, cols="all"))).text
        assert [hash_ for hash_ in hashes if hash_ in text] == []


def one_closed(name):
    """What Datasette is given where only root may see this question; 1.0 has that in its configuration."""
    given = metadata("jpcite")
    queries = given["databases"]["jpcite"]["queries"]
    question = {**queries[name], "allow": {"id": "root"}}
    if not hasattr(Datasette, "add_query"):
        queries[name] = question
        return {"metadata": given}
    return {"metadata": given, "config": {"databases": {"jpcite": {"queries": {name: question}}}}}


@pytest.mark.asyncio
async def test_a_hash_that_was_given_is_answered_by_a_number(shared):
    datasette = await serve(shared)
    with closing(sqlite3.connect(shared)) as db:
        sql = "SELECT user_token_hash FROM am_personalization_profile WHERE profile_id = 1"
        (hash_,) = db.execute(sql).fetchone()
    for given in (hash_, hash_[:8], f" {hash_.upper()}…"):
        page, text = await page_of(datasette, address("customer_recommendations", customer=given))
        assert page.fields["customer"]["value"] == "1"
        assert page.rows
        # Nor does any link to a further page or a file carry it on.
        assert hash_[:9] not in text[text.index("<main") : text.index("</main>")].lower()
    url = address("customer_recommendations", customer=hash_, size="x")
    page, _ = await page_of(datasette, url, 400)
    assert page.fields["customer"]["value"] == hash_[:16]


@pytest.mark.asyncio
async def test_who_may_not_see_the_database_or_the_question_is_shown_neither(shared):
    closed = metadata("jpcite")
    closed["databases"]["jpcite"]["allow"] = {"id": "root"}
    for given, others in (({"metadata": closed}, 403), (one_closed("nights"), 200)):
        datasette = await serve(shared, **given)
        for suffix in ("", ".json", ".csv"):
            # For whom the question is closed it is so before anything of it is read.
            for wrong in ("", "?size=x"):
                url = f"{HOME}/q/nights{suffix}{wrong}"
                assert (await datasette.client.get(url)).status_code == 403
            url = f"{HOME}/q/nights{suffix}"
            assert (await datasette.client.get(url, cookies=root(datasette))).status_code == 200
            other = await datasette.client.get(f"{HOME}/q/night_scores{suffix}")
            assert other.status_code == others


@pytest.mark.asyncio
async def test_forms_keep_the_base_url_and_the_database_that_is_meant(shared, tmp_path):
    other = tmp_path / "odd 'name' & more.db"
    shutil.copy(shared, other)
    datasette = await serve(shared, other, settings={"base_url": "/audit/"})
    database = {"database": other.stem}
    assert (await datasette.client.get(f"{HOME}/q/nights")).status_code == 400
    for url in (
        f"{HOME}/questions?{urlencode(database)}",
        address("left_out_items", size=1, **database),
        address("left_out_items", size="x", **database),
    ):
        text = (await datasette.client.get(url)).text
        for link in re.findall(r'(?:href|action)="([^"]+)"', text):
            link = unescape(link)
            assert link.startswith(("/audit/", "#")), link
            is_page = f"{HOME}/" in link and "static" not in link
            if is_page and f'action="{link}"' not in text:
                assert urlencode(database) in link, link
        assert urlencode(database) in text
    page, text = await page_of(datasette, address("left_out_items", size=1, **database))
    step = page.link("Next page", text).removeprefix("/audit")
    assert len((await page_of(datasette, step))[0].rows) == 1


@pytest.mark.asyncio
async def test_a_finding_is_as_loud_beside_the_rows_it_touches(shared, tmp_path):
    path = tmp_path / "jpcite.db"
    shutil.copy(shared, path)
    found_by_verification(
        path, {"sentence": "row 1 is not what was sealed", "where": {"rec_id": 1}}
    )
    datasette = await serve(path)
    touched = await get(datasette, address("why_this_recommendation", rec_id=1))
    assert "row 1 is not what was sealed" in touched.text
    other = await get(datasette, address("why_this_recommendation", rec_id=2))
    assert "row 1 is not what was sealed" not in other.text


@pytest.mark.asyncio
async def test_what_a_tampered_file_has_in_place_of_a_value_is_shown_and_breaks_nothing(
    shared, tmp_path
):
    path = tmp_path / "jpcite.db"
    shutil.copy(shared, path)
    with closing(sqlite3.connect(path)) as db:
        names = db.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name LIKE 'am_p%'"
        )
        for (name,) in names.fetchall():
            db.execute(f"DROP TRIGGER {name}")
        db.execute(
            "UPDATE am_personalization_candidate SET title = x'ff00', item_id = 7 WHERE candidate_id = 1"
        )
        db.execute(
            "UPDATE am_personalization_run SET as_of = '<script>', served_at = 'never' WHERE run_id = 1"
        )
        db.execute("UPDATE am_personalization_reconciled SET class = '\"><b>', owed_yen = 'much'")
        db.execute(
            "UPDATE am_personalization_profile SET user_token_hash = '=cmd|x' || substr(user_token_hash, 7)"
        )
        db.commit()
    datasette = await serve(path)
    for name in QUESTIONS:
        for cols in ("main", "all"):
            response = await datasette.client.get(address(name, cols=cols))
            assert response.status_code in (200, 400, 404, 409), (name, response.text[-500:])
            assert "<script" not in response.text
            assert "<b>" not in response.text[response.text.index("<main") :]
        for suffix in (".json", ".csv"):
            response = await datasette.client.get(address(name, suffix))
            assert response.status_code in (200, 400, 404, 409)


@pytest.mark.asyncio
async def test_a_file_with_tables_missing_says_which_and_what_brings_them(shared, tmp_path):
    path = tmp_path / "jpcite.db"
    shutil.copy(shared, path)
    with closing(sqlite3.connect(path)) as db:
        for name in ("reconciled", "reconciliation", "verification"):
            db.execute(f"DROP TABLE am_personalization_{name}")
    datasette = await serve(path)
    for name in ("reconciliation", "reconciled_rows"):
        page, text = await page_of(datasette, address(name))
        assert page.rows == []
        assert "sqlite-utils personalization-migrate jpcite.db" in text
        data = (await get(datasette, address(name, ".json"))).json()
        assert data["missing_tables"]
        assert data["rows"] == []
    assert (await page_of(datasette, address("nights")))[0].rows


@pytest.mark.asyncio
async def test_many_nights_can_be_written_and_the_newest_chosen_from(shared, tmp_path):
    path = tmp_path / "jpcite.db"
    shutil.copy(shared, path)
    with closing(sqlite3.connect(path)) as db:
        info = db.execute("PRAGMA table_xinfo(am_personalization_run)").fetchall()
        # Not those that SQLite derives.
        columns = [row[1] for row in info if not row[6]]
        first = db.execute(f"SELECT {', '.join(columns)} FROM am_personalization_run").fetchone()
        for number in range(3, 80):
            row = {**dict(zip(columns, first, strict=True)), "run_id": number, "again": number}
            marks = f"({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
            db.execute(f"INSERT INTO am_personalization_run{marks}", list(row.values()))
        db.commit()
    datasette = await serve(path)
    page, text = await page_of(datasette, address("night_scores", night=1))
    assert page.fields["night"]["tag"] == "input"
    assert page.fields["night"]["value"] == "1"
    assert text.count("<option", text.index("<datalist"), text.index("</datalist>")) == 61
    assert page.rows


@pytest.mark.asyncio
async def test_asking_changes_nothing_and_loads_nothing_from_elsewhere(shared):
    datasette = await serve(shared)
    before = shared.read_bytes()
    for name in QUESTIONS:
        response = await get(datasette, address(name))
        assert "default-src 'none'" in response.headers["content-security-policy"]
        assert not re.search(r'<script|\sstyle="|\son\w+="|https?://(?!www.w3.org)', response.text)
        assert (await datasette.client.post(address(name))).status_code == 405
    assert shared.read_bytes() == before
    assert METADATA.exists()


@pytest.mark.asyncio
@pytest.mark.parametrize("name", [one.name for one in questions() if one.walks_night])
async def test_the_customers_of_a_large_night_are_looked_at_where_it_is_asked_for(
    shared, name, monkeypatch
):
    datasette = await serve(shared)
    size = {"size": 2} if QUESTIONS[name].next_column else {}
    whole, _ = await page_of(datasette, address(name, night=1, **size))
    assert whole.rows
    monkeypatch.setattr(question_answer, "MOST_WALKED", 3)
    page, text = await page_of(datasette, address(name, night=1, **size))
    assert not page.rows
    assert "This night has 8 customers. Looking at each of them takes 1 second at most." in text
    (link,) = (one["href"] for one in page.links if "full=on" in one["href"])
    asked, _ = await page_of(datasette, link)
    assert asked.rows == whole.rows
    # Every further page is asked for, too, and the file that is taken away is the same.
    further = [one["href"] for one in asked.links if one.get("rel") == "next"]
    assert all("full=on" in url for url in further)
    assert bool(further) == (name == "item_recommendations")
    rows = (await get(datasette, address(name, ".json", night=1))).json()["rows"]
    assert len(rows) == len(await canned(datasette, name, night=1))
    lines = (await get(datasette, address(name, ".csv", night=1, head="off"))).text.splitlines()
    assert len(lines) == 1 + len(rows)
    # A night that is small, or none that could be walked, waits for nobody.
    await get(datasette, address(name, night=99), 404)
