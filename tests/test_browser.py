"""Our pages in headless Chromium, at both widths and in both languages: nothing that axe-core finds, nothing wider than
the window, no error, no request that leaves this machine; by keyboard alone; on paper; and small.

It needs playwright, axe-playwright-python and Debian's chromium, and is run with --run-slow. A page is added in a line
of PAGES. With --screenshots DIR the same run writes the pictures of the docs there: docs/screenshots in a clone.
"""

import re
import shutil
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import NamedTuple

import pytest

pytest.importorskip("datasette")
pytest.importorskip("playwright", reason="pip install playwright")
pytest.importorskip("axe_playwright_python", reason="pip install axe-playwright-python")

from audited_site import NIGHTS, audited, site, tampered
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright
from receipt_fixtures import heads_of, printed
from viewer_fixtures import OTHERS

from sqlite_utils_personalization.language import LANGUAGES
from sqlite_utils_personalization.schema import migrate
from sqlite_utils_personalization.viewer.pages.routes import PAGES as ROUTES

CHROMIUM = shutil.which("chromium")
HOME = "/-/personalization"
# A busy machine is slow; only what hangs takes longer.
HANGS_MS = 300_000
WIDTHS = (1280, 390)
NARROWEST = 320
# Of A4 between the margins of the style sheet, at 96 dots an inch.
PAPER = 688
# HTML and style sheet of one page view as they are sent, without compression.
HEAVIEST = 60_000


class Page(NamedTuple):
    """A page of the viewer: its path below HOME, its status, and of which file it is."""

    path: str
    status: int = 200
    file: str = "whole"


PAGES = {
    "overview": Page(""),
    "overview of a tampered file": Page("", file="tampered"),
    "overview of a new file": Page("", file="new"),
    "nights": Page("/nights"),
    "night": Page("/night/1"),
    "night of a tampered file": Page("/night/1", file="tampered"),
    "compare": Page("/compare/1/2"),
    "customer": Page("/customer/1"),
    "customer who was erased": Page("/customer/5"),
    "item": Page("/item/program/EX-104?now=on"),
    "recommendation": Page("/replay/1"),
    "recommendation of another program": Page("/replay/37"),
    "recommendation that was changed": Page("/replay/2", file="tampered"),
    "why not": Page("/why-not"),
    "why not, answered": Page("/why-not?customer=1&item=EX-105&nearest=on"),
    "why not, of several items": Page("/why-not?customer=1&item=補助金"),
    "money": Page(f"/money/{NIGHTS[0][:7]}"),
    "class of money": Page(f"/money/{NIGHTS[0][:7]}/delivered-but-not-charged"),
    "verification": Page("/verification"),
    "verification of a tampered file": Page("/verification", file="tampered"),
    "search": Page("/search"),
    "search that finds": Page("/search?q=補助金"),
    "sample": Page("/night/1/sample?n=10"),
    "questions": Page("/questions"),
    "question, to be asked": Page("/q/customer_recommendations"),
    "question, answered": Page("/q/recent_recommendations?size=20"),
    "question, every column": Page("/q/nights?cols=all"),
    "question, refused": Page("/q/recent_recommendations?min_score=200", status=400),
    "accesses": Page("/access"),
    "refused": Page("/nights?size=-1&since=yesterday", status=400),
    "failed": Page("/replay/999999", status=404),
}
# Pages of Datasette's own with something of ours on them; what is wrong with their frame is not ours to mend.
DATASETTES = {
    "question": Page("/jpcite/customer_recommendations?customer=1"),
    "denied": Page("/jpcite/api_keys", status=403),
}
# By the name of the picture: the page, the language, how wide and how high.
SCREENSHOTS = {
    "overview": ("overview", "en", 1000, 860),
    "recommendation": ("recommendation", "en", 1000, 860),
    "tampered.ja": ("overview of a tampered file", "ja", 1000, 680),
}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM, reason="apt-get install chromium"),
]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The databases by what they are called here."""
    folder = tmp_path_factory.mktemp("site")
    found = {name: folder / name / "jpcite.db" for name in ("whole", "tampered", "new")}
    for path in found.values():
        path.parent.mkdir()
    audited(found["whole"], OTHERS)
    tampered(found["whole"], found["tampered"])
    migrate(found["new"])
    return found


@pytest.fixture(scope="module")
def address(files):
    """Where a database is served; the server is started when a page of it is first asked for."""
    with ExitStack() as stack:

        @cache
        def served_at(name):
            path = files[name]
            return stack.enter_context(site(path, path.with_name("access.db")))

        yield served_at


@pytest.fixture(scope="module")
def browser():
    switches = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=switches, timeout=HANGS_MS
        )
        yield browser
        browser.close()


class Tab:
    """A tab of the browser for one language, which is shown one page after the other."""

    def __init__(self, browser, language):
        self.language, self.errors, self.requests = language, [], []
        self.context = browser.new_context(
            locale=language, extra_http_headers={"Accept-Language": language}
        )
        self.page = self.context.new_page()
        self.page.set_default_timeout(HANGS_MS)
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))

    def _note(self, message):
        if message.type in ("error", "warning"):
            self.errors.append(message.text)

    @contextmanager
    def showing(self, address, path, status=200, width=WIDTHS[0]):
        """The page, when it has loaded; afterwards, that it made no error and asked nobody else."""
        self.errors.clear()
        self.requests.clear()
        self.page.emulate_media(media="screen")
        self.page.set_viewport_size({"width": width, "height": 900})
        response = self.page.goto(f"{address}{path}", wait_until="load")
        assert response.status == status, response.text()
        yield self.page
        # A page with a status of its own is an error to the console too.
        assert [one for one in self.errors if f"status of {status} " not in one] == []
        assert [url for url in self.requests if not url.startswith(address)] == []


@pytest.fixture(scope="module")
def tab(browser):
    """The tab of a language."""
    return cache(lambda language: Tab(browser, language))


@pytest.fixture
def shown(address, tab):
    """A page of PAGES in a tab, by its name."""

    @contextmanager
    def shown(name, language="en", width=WIDTHS[0]):
        found = PAGES[name]
        at = address(found.file)
        with tab(language).showing(at, f"{HOME}{found.path}", found.status, width) as page:
            yield page

    return shown


def is_as_wide_as_the_window(page, width):
    page.set_viewport_size({"width": width, "height": 900})
    return page.evaluate("document.documentElement.scrollWidth") <= width


AXE = Axe()
# What of the text is too faint: 4.5:1 for large type, too, and in the charts.
FAINT = """() => {
    const rgb = text => text.match(/[0-9.]+/g).map(Number);
    const light = colour => { const [r, g, b] = rgb(colour).map(value => value / 255).map(
        value => value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
    const ground = element => { for (; element; element = element.parentElement) {
        const colour = getComputedStyle(element).backgroundColor;
        if ((rgb(colour)[3] ?? 1) === 1) return colour; } return 'rgb(255, 255, 255)'; };
    return [...document.querySelectorAll('main *')].filter(element => !element.closest('svg')
        && [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim())).map(element => {
            const [a, b] = [light(getComputedStyle(element).color), light(ground(element))];
            return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), element.textContent.slice(0, 40)]; })
        .filter(([ratio]) => ratio < 4.5); }"""


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_can_be_read_by_everybody_at_every_width(shown, name, language):
    with shown(name, language) as page:
        assert page.get_attribute("html", "lang") == language
        assert page.locator("h1").count() == 1
        assert page.title()
        for width in WIDTHS:
            assert is_as_wide_as_the_window(page, width), width
            found = AXE.run(page).response["violations"]
            assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []
            assert page.evaluate(FAINT) == []
        assert is_as_wide_as_the_window(page, NARROWEST)


@pytest.mark.parametrize("name", DATASETTES)
def test_a_page_of_datasettes_loads_without_error_and_is_no_wider_than_a_phone(address, tab, name):
    found = DATASETTES[name]
    with tab("en").showing(address("whole"), found.path, found.status) as page:
        assert page.title()
        assert is_as_wide_as_the_window(page, WIDTHS[1])


def test_the_rows_of_an_answer_are_a_few_lines_high(address, tab):
    with tab("en").showing(address("whole"), DATASETTES["question"].path) as page:
        rows = page.locator("table.rows-and-columns tbody tr").all()

        assert len(rows) > 3
        assert max(row.bounding_box()["height"] for row in rows) < 120


def test_every_page_of_the_viewer_is_looked_at():
    """But what only leads on, or is a file to keep."""
    ours = {page.name: re.compile(page.path) for page in ROUTES}
    paths = [page.path.partition("?")[0] for page in PAGES.values()]
    unseen = {name for name, pattern in ours.items() if not any(map(pattern.fullmatch, paths))}
    assert unseen == {"receipt", "replay", "money_none"}


def test_a_new_file_is_a_page_too(shown):
    with shown("overview of a new file") as page:
        assert page.get_by_role("heading", name="No night was scored yet").is_visible()


# By keyboard

FOCUSED = """() => { const one = document.activeElement, style = getComputedStyle(one);
    const box = one.getBoundingClientRect();
    return { is: Number(one.dataset.stop ?? -1), parts: ['date', 'month'].includes(one.type),
        lines: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 3,
        seen: box.width > 0 && box.height > 0 && box.right > 0 && box.bottom > 0 }; }"""
STOPS = """() => { let n = 0;
    for (const one of document.querySelectorAll('a[href], button, input, select, summary, textarea, [tabindex="0"]'))
        if (one.type !== 'hidden' && one.checkVisibility()) one.dataset.stop = n++;
    return n; }"""


def stops_of(page):
    """Where the tab key leads on a page, from its beginning to its end; year, month and day of a field are one stop."""
    last = page.evaluate(STOPS) - 1
    found = None
    while found is None or found["is"] < last:
        page.keyboard.press("Tab")
        before, found = found, page.evaluate(FOCUSED)
        if before is None or before["is"] != found["is"]:
            yield found
        else:
            assert found["parts"]


@pytest.mark.parametrize("name", PAGES)
def test_the_tab_key_leads_through_all_of_a_page_in_its_order_and_shows_where_it_is(shown, name):
    with shown(name) as page:
        found = list(stops_of(page))

        assert [one["is"] for one in found] == list(range(len(found)))
        assert [one for one in found if not one["lines"]] == []
        # The link that skips the bar comes into the window with the focus.
        assert all(one["seen"] for one in found)


@pytest.mark.parametrize("name", PAGES)
def test_the_first_link_skips_the_bar(shown, name):
    with shown(name) as page:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "pa-skip"
        page.keyboard.press("Enter")
        page.wait_for_url("**#main")
        if page.locator("main a, main button, main input, main select").count():
            page.keyboard.press("Tab")
            assert page.evaluate("document.activeElement.closest('main') !== null")


# On which page: what is typed into which field, and where Enter leads.
ASKED = {
    "overview": ("#q", "補助金", "**/search?q=*"),
    "search that finds": ("#q", "1", "**/search?q=1*"),
    "night": ("#bar-q", "2026-04-01", "**/search?q=2026-04-01*"),
    "nights": ("#f-since", None, "**/nights?*since=*"),
    "compare": ("#a", None, "**/compare/*/*"),
    "why not": ("#f-customer", "1", "**/why-not?*customer=1*"),
    "money": ("#m", None, "**/money/2026-04*"),
    "sample": ("#f-n", "5", "**/sample?*n=*"),
    "customer": ("#nt", None, "**/customer/1?*night=*"),
    "accesses": ("#f-day", None, "**/access?*"),
    "refused": ("#f-size", None, "**/nights?*"),
}


@pytest.mark.parametrize("name", ASKED)
def test_a_form_is_filled_in_and_sent_by_keyboard_alone(shown, name):
    field, text, expected = ASKED[name]
    with shown(name) as page:
        at = f"document.activeElement.matches('{field}')"
        assert any(page.evaluate(at) for _ in stops_of(page))
        if text:
            page.keyboard.type(text)
        # A select takes Enter for itself: the button is where Tab leads.
        assert any(
            page.evaluate("document.activeElement.matches('button')") for _ in stops_of(page)
        )
        with page.expect_navigation(url=expected):
            page.keyboard.press("Enter")
        # Where it leads is asked of the same server, and its errors are looked for as well.
        assert page.locator("h1").count() == 1


def test_a_recommendation_is_reached_from_the_overview_by_keyboard_alone(shown):
    with shown("overview") as page:
        assert any(page.evaluate("document.activeElement.id") == "q" for _ in stops_of(page))
        page.keyboard.type("1")
        with page.expect_navigation(url="**/search?q=1"):
            page.keyboard.press("Enter")
        there = "(document.activeElement.href ?? '').endsWith('/replay/1')"
        assert any(page.evaluate(there) for _ in stops_of(page))
        with page.expect_navigation(url="**/replay/1"):
            page.keyboard.press("Enter")

        assert page.get_by_role("heading", name="Recommendation 1", exact=True).is_visible()


# On paper and in numbers


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_prints_with_its_last_line_and_without_what_is_for_the_screen(shown, name, language):
    with shown(name, language) as page:
        page.emulate_media(media="print")
        assert is_as_wide_as_the_window(page, PAPER)
        assert page.locator(".pa-stamp").is_visible()
        for gone in (
            ".pa-bar",
            ".pa-foot",
            ".pa-skip",
            *(["form"] if page.locator("form").count() else []),
        ):
            assert not page.locator(gone).first.is_visible(), gone
        heads = "[...document.querySelectorAll('thead')].map(one => getComputedStyle(one).display)"
        assert {*page.evaluate(heads)} <= {"table-header-group"}
        # Titles are whole, and nothing is cut off at the edge of a box that scrolls on a screen.
        cut = "[...document.querySelectorAll('main *')].filter(one => one.scrollWidth > one.clientWidth + 1 &&"
        cut += " one.clientWidth > 1 && getComputedStyle(one).overflowX !== 'visible').map(one => one.outerHTML)"
        assert page.evaluate(cut) == []
        # Of one language, since it takes as long as all the rest.
        if language == LANGUAGES[-1]:
            paper = page.pdf(prefer_css_page_size=True)
            assert paper.startswith(b"%PDF")
            assert re.search(rb"/Type\s*/Page\b", paper)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_and_its_style_sheet_are_less_than_60_kb(shown, name):
    with shown(name, "ja") as page:
        sent = [
            page.url,
            *page.eval_on_selector_all(
                "link[rel=stylesheet]", "found => found.map(one => one.href)"
            ),
        ]
        sizes = {url: len(page.request.get(url).body()) for url in sent}

    assert len(sizes) == 2
    assert sum(sizes.values()) < HEAVIEST, sizes


@pytest.mark.parametrize("name", ["overview", "night", "recommendation", "money", "compare"])
def test_a_screen_reader_finds_charts_by_name_and_tables_beside_them(shown, name):
    with shown(name) as page:
        charts = page.get_by_role("img").filter(has=page.locator("desc"))
        names = [chart.get_attribute("aria-labelledby") for chart in charts.all()]

        assert names
        for one in names:
            for part in one.split():
                assert page.locator(f"#{part}").text_content()
        assert page.locator("table").count()


# The receipt


@pytest.fixture(scope="module")
def receipt(address, tab, tmp_path_factory):
    """The page of a receipt by language, as it was saved from a customer's page."""

    @cache
    def saved(language):
        with tab(language).showing(address("whole"), f"{HOME}/customer/1") as page:
            with page.expect_download() as started:
                page.locator('a[href$="/receipt/1.html"]').click()
            file = tmp_path_factory.mktemp("receipt") / started.value.suggested_filename
            started.value.save_as(file)
        assert file.name == "receipt-1-1.html"
        return file

    return saved


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_saved_receipt_checks_itself_offline(browser, receipt, files, language):
    offline = browser.new_context(offline=True, viewport={"width": WIDTHS[0], "height": 900})
    page, errors = offline.new_page(), []
    page.on("console", lambda message: errors.append(message.text))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(receipt(language).as_uri())
    verdict, kept = page.locator("#verdict"), page.locator("#compared")
    assert verdict.locator(".ok").is_visible()
    assert page.locator("li[data-step]").count() == 12
    assert page.locator("li[data-step] > b > .ok").count() == 12
    for width in WIDTHS:
        assert is_as_wide_as_the_window(page, width)
        found = AXE.run(page).response["violations"]
        assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []
    assert is_as_wide_as_the_window(page, NARROWEST)

    head = max(heads_of(files["whole"]).values(), key=lambda one: one.size)
    for text, css in (
        (printed(head), ".ok"),
        (printed(head._replace(root=b"x" * 32)), ".fault"),
        ("x", ".note"),
    ):
        page.fill("#kept", text)
        assert kept.locator(f"> {css}").is_visible(), text
    page.emulate_media(media="print")
    assert verdict.is_visible()
    assert not page.locator("#kept").is_visible()
    assert errors == []
    offline.close()


@pytest.mark.parametrize(
    ("before", "after", "steps"),
    [
        ("&quot;score&quot;:98", "&quot;score&quot;:97", {"scores", "lists", "shown"}),
        ("<strong>98</strong>", "<strong>99</strong>", {"shown"}),
        ('data-is="profile_id">1<', 'data-is="profile_id">2<', {"shown"}),
        ("&quot;tree_size&quot;:", "&quot;tree_size&quot;:1", {"proof"}),
    ],
)
def test_a_receipt_that_was_changed_says_which_step_does_not_hold(
    browser, receipt, tmp_path, before, after, steps
):
    text = receipt("en").read_text(encoding="utf-8")
    assert before in text
    changed = tmp_path / "receipt.html"
    changed.write_text(text.replace(before, after, 1), encoding="utf-8")
    page = browser.new_page()
    page.goto(changed.as_uri())
    assert page.locator("#verdict .fault").is_visible()
    broken = page.locator("li[data-step]:has(> b > .fault)")
    assert {one.get_attribute("data-step") for one in broken.all()} == steps
    page.close()


def test_a_receipt_that_is_none_is_not_called_intact(browser, receipt, tmp_path):
    text = receipt("en").read_text(encoding="utf-8")
    changed = tmp_path / "receipt.html"
    changed.write_text(
        re.sub(r'(<pre id="receipt">).*?</pre>', r"\1{}</pre>", text), encoding="utf-8"
    )
    page = browser.new_page()
    page.goto(changed.as_uri())
    assert page.locator("#verdict .fault").is_visible()
    assert page.locator("li[data-step] .ok").count() == 0
    page.close()


def test_another_script_in_a_receipt_does_not_run(browser, receipt, tmp_path):
    """Only the one whose digest the page's policy has, which is said on the page."""
    text = receipt("en").read_text(encoding="utf-8")
    changed = tmp_path / "receipt.html"
    changed.write_text(text.replace('"use strict";', '"use strict"; '), encoding="utf-8")
    page, errors = browser.new_page(), []
    page.on("console", lambda message: errors.append(message.text))
    page.goto(changed.as_uri())
    assert page.locator("#verdict .ok").count() == 0
    assert any("Content Security Policy" in one for one in errors)
    page.close()


# The docs


@pytest.mark.parametrize("picture", SCREENSHOTS)
def test_the_pictures_of_the_docs_are_written_where_they_are_asked_for(shown, picture, request):
    folder = request.config.getoption("--screenshots")
    if not folder:
        pytest.skip("needs --screenshots DIR")
    name, language, width, height = SCREENSHOTS[picture]
    with shown(name, language, width) as page:
        page.set_viewport_size({"width": width, "height": height})
        page.screenshot(path=f"{folder}/{picture}.png")
