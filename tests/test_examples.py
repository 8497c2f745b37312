"""Each job in examples/ runs as its docstring says, on the example database."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from sqlite_utils_personalization import score
from sqlite_utils_personalization.example import AS_OF, build

FOLDER = Path(__file__).parents[1] / "examples"
MOST_LINES = 30

# By file: its arguments, the exit status, and a line of what it prints.
JOBS = {
    "monitor.py": (["jpcite.db"], 1, "old_night: the last night is that of 2026-04-01"),
    "own_catalogue.py": (["jpcite.db", "2026-04-02"], 0, "    2 left out: overseas only"),
}
MY_PROGRAMS = """
CREATE TABLE my_programs (id INTEGER PRIMARY KEY, name, fields, area, starts, deadline, difficulty, is_public);
INSERT INTO my_programs VALUES
    (1, '工場の省エネ補助金', '製造業|建設業', 'Tokyo', '令和8年3月1日', '2026/6/30 17:00', 1, 1),
    (2, '海外展示会補助金', 'any', '海外', NULL, NULL, NULL, 1), (3, '準備中', 'x', 'x', 'x', 'x', 9, 0);
"""


@pytest.fixture
def folder(tmp_path):
    build(tmp_path / "jpcite.db")
    score(tmp_path / "jpcite.db", as_of=AS_OF)
    with closing(sqlite3.connect(tmp_path / "jpcite.db")) as db:
        db.executescript(MY_PROGRAMS)
    return tmp_path


def run(name, *arguments, cwd):
    command = [sys.executable, str(FOLDER / name), *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def test_every_example_is_run_in_a_test():
    tests = "".join(
        path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_examples*.py")
    )
    assert [path.stem for path in FOLDER.glob("*.py") if f'"{path.stem}' not in tests] == []


@pytest.mark.parametrize("name", JOBS)
def test_an_example_does_what_it_says(folder, name):
    arguments, status, line = JOBS[name]
    done = run(name, *arguments, cwd=folder)
    assert (done.returncode, done.stderr) == (status, "")
    assert line in done.stdout


@pytest.mark.parametrize(
    "path", sorted(filter(Path.is_file, FOLDER.iterdir())), ids=lambda path: path.name
)
def test_an_example_fits_a_screen(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES


@pytest.mark.parametrize(
    ("arguments", "status"), [(["jpcite.db", "3660"], 0), (["none.db"], 2), (["jpcite.db", "x"], 2)]
)
def test_a_monitor_reads_the_exit_status(folder, arguments, status):
    assert run("monitor.py", *arguments, cwd=folder).returncode == status
