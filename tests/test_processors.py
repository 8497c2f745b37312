"""A run of one file waits for no workers; any other uses every processor, unless it was told otherwise."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("xdist")

# The workers that pytest settles on for each of these command lines, were it to run what it collects.
SCRIPT = """
import json, sys, pytest

class Settled:
    def pytest_collection_finish(self, session):
        settled.append(len(getattr(session.config.option, "tx", ())))

settled = []
for arguments in json.loads(sys.argv[1]):
    assert pytest.main(["-p", "xdist", "--collect-only", *arguments], plugins=[Settled()]) == 0
print(json.dumps(settled))
"""
CASES = {
    "": 3,
    ".": 3,
    "tests": 3,
    "tests/test_one.py tests/test_two.py": 3,
    "tests/test_one.py::test_a tests/test_two.py::test_a": 3,
    "-p no:cacheprovider --run-slow": 3,
    "--maxprocesses 2": 2,
    "tests/test_one.py": 0,
    "tests/test_one.py::test_a": 0,
    "tests/test_one.py::test_a tests/test_one.py::test_b": 0,
    "-n 0": 0,
    "-n 1": 1,
    "-n auto tests/test_one.py": 3,
    "-n 2 tests/test_one.py::test_a": 2,
    "--dist no": 0,
    "--dist=no": 0,
    "-d --tx 2*popen": 1,
    "--pdb": 0,
    "--trace": 0,
    "-p no:xdist": 0,
}


def test_only_a_run_of_one_file_does_without_workers(tmp_path):
    folder = tmp_path / "tests"
    folder.mkdir()
    (folder / "conftest.py").write_bytes(Path(__file__).with_name("conftest.py").read_bytes())
    for name in ("test_one.py", "test_two.py"):
        (folder / name).write_text("def test_a(): pass\ndef test_b(): pass\n")
    ours = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps([case.split() for case in CASES])],
        cwd=tmp_path,
        env={
            **ours,
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "PYTEST_XDIST_AUTO_NUM_WORKERS": "3",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert dict(zip(CASES, json.loads(done.stdout.splitlines()[-1]), strict=True)) == CASES
