"""A real server with the API open: no key is in anything it prints, keeps or shows, whatever is asked of it."""

import json
import urllib.error
import urllib.request

import pytest

pytest.importorskip("datasette")

from api_server import open_server
from rest_fixtures import (
    API,
    CONTRACT,
    PROFILE,
    RECOMMENDATIONS,
    deliveries,
    digest,
    rows,
)

from sqlite_utils_personalization import score

KEY, OTHER = "example-key-1", "example-key-2"
SECRET = "tanaka@example.com"


def ask(url, method="GET", body=None, **headers):
    """Status and text of the answer."""
    request = urllib.request.Request(url, body, headers, method=method)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def a_day(url):
    """Yield the answers to everything a customer may do, and to what they may not."""
    key = {"Authorization": f"Bearer {KEY}"}
    put = {**key, "Content-Type": "application/json"}
    for body in (b'{"industry_pack": "D"}', json.dumps({"a": SECRET}).encode(), b"[" * 9000):
        yield ask(url + PROFILE, "PUT", body, **put)
    for headers in (key, {"X-API-Key": KEY}, {**key, "X-API-Key": OTHER}, {"X-API-Key": f"{KEY}é"}):
        yield ask(url + PROFILE, **headers)
    for query in ("", "?preview=1", "?size=0", "?after=x", "?a=b"):
        yield ask(url + RECOMMENDATIONS + query, **key)
    for address in (API, f"{RECOMMENDATIONS}/1", CONTRACT, "/-/personalization.json", "/jpcite"):
        yield ask(url + address, **key)
    yield ask(url + PROFILE, "POST", b"{}", **put)
    yield ask(url + PROFILE, "DELETE", **key)
    yield ask(url + PROFILE, "DELETE", **key)


def test_no_key_and_no_refused_value_is_printed_kept_or_answered(tmp_path):
    with open_server(tmp_path, tmp_path / "log") as (path, url):
        answers = list(a_day(url))
        written = {file.name: file.read_bytes() for file in tmp_path.iterdir()}

    assert {status for status, _ in answers} >= {200, 401, 404, 405, 422}
    assert max(status for status, _ in answers) < 500
    log = written.pop("log").decode()
    assert "Traceback" not in log
    for text in [*(text for _, text in answers), log]:
        assert KEY not in text
        assert SECRET not in text
    for name, content in written.items():
        assert KEY.encode() not in content, name
        assert SECRET.encode() not in content, name
    # What is erased is erased; the product's own table of keys is the product's.
    assert (digest(KEY),) not in rows(
        path, "SELECT user_token_hash FROM am_personalization_profile"
    )


@pytest.mark.slow
def test_a_night_and_a_customer_share_the_file(tmp_path):
    with open_server(tmp_path) as (path, url):
        for day in ("2026-04-02", "2026-04-03"):
            score(path, as_of=day)
            asked = f"{url}{RECOMMENDATIONS}?night={day}&size=3"
            status, text = ask(asked, **{"X-API-Key": KEY})
            assert status == 200
            assert {item["as_of"] for item in json.loads(text)["recommendations"]} == {day}

    assert len(deliveries(path)) == len(set(deliveries(path))) > 0
