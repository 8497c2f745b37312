"""The scripts in examples/ that ask a server, each run as its first line says: on the example after two nights."""

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("datasette")

from served import served

from sqlite_utils_personalization import score
from sqlite_utils_personalization.example import AS_OF, build

ROOT = Path(__file__).parents[1]
SCRIPTS = [
    path
    for path in sorted((ROOT / "examples").glob("*.py"))
    if "localhost:8001" in path.read_text(encoding="utf-8")
]
LATER = "2026-04-05"
# What each says of the example.
SAYS = {
    "night_in_pandas": f'{{"as_of": "{LATER}", "recommendation_type": "amendment", "logged": ',
    "dashboard": f"<tr><td>{LATER}</td><td>finished</td><td>8</td>",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    path = tmp_path_factory.mktemp("examples") / "jpcite.db"
    build(path)
    score(path, as_of=AS_OF)
    score(path, as_of=LATER)
    with served(path, ROOT / "metadata.yml") as url:
        yield path, url


def run(script, path, url):
    command = [sys.executable, script, f"{url.rstrip('/')}/jpcite"]
    return subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", cwd=path.parent, check=False
    )


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_an_example_is_short_and_runs(site, script):
    done = run(script, *site)

    assert (done.returncode, done.stderr) == (0, "")
    assert SAYS[script.stem] in done.stdout
    assert len(script.read_text(encoding="utf-8").splitlines()) <= 30
