"""Our pages in headless Chromium: no console error, no request that leaves this machine, nothing wider than the window.

It needs playwright and Debian's chromium, and is run with --run-slow.
"""

import shutil
from contextlib import contextmanager

import pytest

pytest.importorskip("datasette")
pytest.importorskip("playwright", reason="pip install playwright")

from playwright.sync_api import sync_playwright
from served import served
from viewer_fixtures import EVERY_PAGE, HOME, shared_database

from sqlite_utils_personalization.schema import migrate
from sqlite_utils_personalization.viewer.queries.metadata import metadata_yaml

CHROMIUM = shutil.which("chromium")
# A busy machine is slow; only what hangs takes longer.
HANGS_MS = 300_000
WIDTHS = {"desktop": 1200, "phone": 375}
PAGES = (
    *EVERY_PAGE,
    f"{HOME}/replay/999",
    f"{HOME}/nights?since=tomorrow",
    "/jpcite/customer_recommendations?customer=1",
    "/jpcite/api_keys",
)
# A page with a status of its own is an error to the console too.
STATUSES = {
    f"{HOME}/replay/999": 404,
    f"{HOME}/nights?since=tomorrow": 400,
    "/jpcite/api_keys": 403,
}
OURS = [*(page for page in PAGES if page.startswith(HOME)), "/jpcite/api_keys"]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM, reason="apt-get install chromium"),
]


def viewed(path, tmp_path):
    """The address of a Datasette that serves the file as README says."""
    metadata = tmp_path / "metadata.yml"
    metadata.write_text(metadata_yaml("jpcite"), encoding="utf-8")
    return served(path, metadata)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    with viewed(shared_database(folder / "jpcite.db"), folder) as address:
        yield address


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


@contextmanager
def opened(browser, address, path, width=1200, status=200):
    """The page, when it has loaded; afterwards, that it made no error and asked nobody else."""
    page = browser.new_page(viewport={"width": width, "height": 800})
    page.set_default_timeout(HANGS_MS)
    errors, requests = [], []
    page.on(
        "console", lambda message: errors.append(message.text) if message.type == "error" else 0
    )
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    response = page.goto(f"{address}{path}", wait_until="networkidle")
    assert response.status == status
    yield page
    assert [error for error in errors if f"status of {status} " not in error] == []
    assert [url for url in requests if not url.startswith(address)] == []
    page.close()


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
@pytest.mark.parametrize("path", PAGES)
def test_a_page_loads_without_error_and_asks_nobody_else(browser, site, path, width):
    with opened(browser, site, path, width, STATUSES.get(path, 200)) as page:
        assert page.title()


@pytest.mark.parametrize("path", PAGES)
def test_on_a_phone_a_page_does_not_scroll_sideways(browser, site, path):
    with opened(browser, site, path, WIDTHS["phone"], STATUSES.get(path, 200)) as page:
        assert page.evaluate("document.documentElement.scrollWidth") == WIDTHS["phone"]


def test_the_rows_of_an_answer_are_a_few_lines_high(browser, site):
    with opened(browser, site, "/jpcite/customer_recommendations?customer=1") as page:
        rows = page.locator("table.rows-and-columns tbody tr").all()

        assert len(rows) > 3
        assert max(row.bounding_box()["height"] for row in rows) < 120


def test_an_empty_database_is_a_page_too(browser, tmp_path):
    migrate(tmp_path / "jpcite.db")
    with (
        viewed(tmp_path / "jpcite.db", tmp_path) as address,
        opened(browser, address, HOME) as page,
    ):
        assert page.get_by_role("heading", name="No night was scored yet").is_visible()


def test_a_replay_is_reached_from_home_by_keyboard_alone(browser, site):
    with opened(browser, site, HOME) as page:
        for _ in range(30):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.id") == "q":
                break
        page.keyboard.type("1")
        page.keyboard.press("Enter")
        page.wait_for_url("**/search?q=1")
        for _ in range(40):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.href ?? ''").endswith("/replay/1"):
                break
        page.keyboard.press("Enter")
        page.wait_for_url("**/replay/1")

        assert page.get_by_role("heading", name="Recommendation 1", exact=True).is_visible()


@pytest.mark.parametrize("path", [HOME, f"{HOME}/night/1", f"{HOME}/replay/1"])
def test_a_screen_reader_finds_charts_by_name_and_tables_beside_them(browser, site, path):
    with opened(browser, site, path) as page:
        charts = page.get_by_role("img").filter(has=page.locator("desc"))
        names = [chart.get_attribute("aria-labelledby") for chart in charts.all()]

        assert names
        for name in names:
            for part in name.split():
                assert page.locator(f"#{part}").text_content()
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        for chart in charts.all():
            beside = chart.locator("xpath=ancestor::section")
            assert beside.get_by_role("table").count() >= 1


def test_a_printed_page_keeps_charts_and_tables_and_loses_the_form(browser, site):
    with opened(browser, site, HOME) as page:
        page.emulate_media(media="print")

        assert page.locator("svg.pa-chart").first.is_visible()
        assert page.get_by_role("table").first.is_visible()
        assert not page.locator("form.pa-find").is_visible()


CONTRASTS = """() => {
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
            return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), element.textContent.slice(0, 40)]; });
}"""


@pytest.mark.parametrize("path", OURS)
def test_every_text_has_aa_contrast(browser, site, path):
    with opened(browser, site, path, status=STATUSES.get(path, 200)) as page:
        contrasts = page.evaluate(CONTRASTS)

        assert len(contrasts) > 2
        assert [text for ratio, text in contrasts if ratio < 4.5] == []
