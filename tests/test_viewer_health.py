"""The health of a served file: the page's twin says what health() does, and a monitor reads the status alone."""

import json
import re
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from viewer_fixtures import serve, shared_database

from sqlite_utils_personalization import health

URL = "/-/personalization.json"
OPERATIONS = Path(__file__).parents[1] / "docs" / "operations.md"


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    return shared_database(tmp_path_factory.mktemp("viewer") / "jpcite.db")


async def answer(path, query="", method="GET"):
    datasette = await serve(path)
    response = await datasette.client.request(method, f"{URL}{query}")
    return response.status_code, response.json() if method == "GET" else {}


@pytest.mark.asyncio
async def test_the_twin_says_what_the_function_does(shared):
    status, data = await answer(shared)
    expected = health(shared)
    assert status == 200
    assert {key: data[key] for key in expected if key != "last_night"} == {
        key: value for key, value in expected.items() if key != "last_night"
    }
    assert data["last_night"].keys() == expected["last_night"].keys()


@pytest.mark.asyncio
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", 200),
        ("?max_days=3660", 200),
        ("?max_days=0", 503),
        ("?max_days=x", 400),
        ("?max_days=", 400),
        ("?max_days=-1", 400),
        ("?max_days=1_0", 400),
        ("?max_days=%2B1", 400),
        ("?max_days=+1", 503),
        ("?max_days=9999999999999999999999", 400),
        ("?max_days=%EF%BC%91", 503),
    ],
)
async def test_a_monitor_that_asks_reads_the_status(shared, query, expected, method):
    status, data = await answer(shared, query, method)
    assert status == expected
    assert data.get("ok", expected == 200) is (expected == 200)


@pytest.mark.asyncio
async def test_a_file_that_was_tampered_with_is_not_ok_and_503_where_a_monitor_asks(
    shared, tmp_path
):
    path = tmp_path / "jpcite.db"
    path.write_bytes(shared.read_bytes())
    with closing(sqlite3.connect(path)) as db:
        db.execute("DROP TRIGGER am_personalization_run_no_update")
    assert [(status, data["ok"]) for status, data in [await answer(path)]] == [(200, False)]
    assert (await answer(path, "?max_days=3660"))[0] == 503


@pytest.mark.skipif(not shutil.which("jq"), reason="jq is not here")
@pytest.mark.asyncio
async def test_the_line_for_jq_tells_a_sick_file_and_an_interrupted_night(shared):
    (condition,) = re.findall(r"jq --exit-status '(.*)'", OPERATIONS.read_text(encoding="utf-8"))
    _, well = await answer(shared)
    interrupted = well | {"open_runs": [{"hours": 1.1}]}
    said = (well, interrupted, well | {"ok": False}, {"ok": False, "status": 409})
    statuses = [
        subprocess.run(
            ["jq", "-e", condition],
            input=json.dumps(one),
            capture_output=True,
            text=True,
            check=False,
        ).returncode
        for one in said
    ]
    assert statuses == [0, 1, 1, 1]
