"""examples/: each runs on the example database as it stands."""

import json
import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from sqlite_utils_personalization import score
from sqlite_utils_personalization.example import AS_OF, build

REPOSITORY = Path(__file__).parents[1]
EXAMPLES = [REPOSITORY / "examples" / "export_and_erase.py"]


@pytest.fixture
def folder(tmp_path):
    build(tmp_path / "jpcite.db")
    score(tmp_path / "jpcite.db", as_of=AS_OF)
    return tmp_path


def run(script, folder):
    paths = [str(REPOSITORY), os.environ.get("PYTHONPATH", "")]
    done = subprocess.run(
        [sys.executable, "-W", "error", script],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


@pytest.mark.parametrize("script", EXAMPLES, ids=lambda script: script.stem)
def test_an_example_is_short_and_runs(script, folder):
    assert len(script.read_text(encoding="utf-8").splitlines()) <= 30
    assert run(script, folder)


def test_a_demand_leaves_the_export_and_names_what_is_left(folder):
    said = json.loads(run(REPOSITORY / "examples" / "export_and_erase.py", folder))
    export = folder / "export.json"
    customer = sha256(b"example-key-2").hexdigest()
    assert json.loads(export.read_text(encoding="utf-8"))["profile"]["user_token_hash"] == customer
    assert export.stat().st_mode & 0o077 == 0
    assert said["held_by_others"] == {"saved_searches.api_key_hash": [1]}
    assert "saved_searches" in said["todo"]
