"""Small changes of what decides, charges, seals and verifies: a test fails of each, or nothing can notice it.

The gate tries a sample; with --run-mutants every change is tried.
"""

import json
import os
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from mutants import changes
from mutation_subjects import EQUIVALENT, SUBJECTS
from sql_changes import sql_changes

PACKAGE = "sqlite_utils_personalization"
TREE = Path(__file__).parents[1]
SAMPLE = 32


def names_of(subject):
    return [one.name for path in SUBJECTS[subject].files for one in changes(TREE / PACKAGE, path)]


@pytest.fixture
def tried():
    """What mutation_run.py finds of a subject in a copy of the tree: which test killed which change."""
    # Thousands of small files are written: in memory, where that is a folder.
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield partial(_tried, Path(folder))


def _tried(folder, subject, names=()):
    for part in (PACKAGE, "tests", "setup.cfg"):
        copy = shutil.copytree if (TREE / part).is_dir() else shutil.copy
        copy(TREE / part, folder / part)
    left_out = ("PYTEST_ADDOPTS", "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX")
    environment = {name: value for name, value in os.environ.items() if name not in left_out}
    environment["PYTHONPATH"] = os.pathsep.join((str(folder), str(folder / "tests")))
    done = subprocess.run(
        [sys.executable, folder / "tests" / "mutation_run.py", subject, *names],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = map(json.loads, done.stdout.splitlines())
    return {one["name"]: one["by"] for one in found}


@pytest.mark.slow
@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_sample_of_all_changes_is_noticed(tried, subject):
    names = [name for name in names_of(subject) if name not in EQUIVALENT]
    sample = [names[len(names) * i // SAMPLE] for i in range(SAMPLE)]
    found = tried(subject, sample)
    assert found.keys() == {*sample}
    assert [name for name, by in found.items() if by is None] == []


@pytest.mark.mutants
@pytest.mark.parametrize("subject", SUBJECTS)
def test_every_change_is_noticed_but_those_that_nothing_can_notice(tried, subject):
    names = names_of(subject)
    found = tried(subject)
    assert found.keys() == {*names}
    survived = {name for name, by in found.items() if by is None}
    assert survived == EQUIVALENT.keys() & {*names}


def test_every_reason_for_what_cannot_be_noticed_is_of_a_change():
    files = {name.partition(":")[0] for name in EQUIVALENT}
    assert files <= {path for subject in SUBJECTS.values() for path in subject.files}
    names = {one.name for path in files for one in changes(TREE / PACKAGE, path)}
    assert EQUIVALENT.keys() - names == set()
    assert all(EQUIVALENT.values())


def test_a_condition_is_changed_in_each_of_its_parts():
    sql = "SELECT 1 FROM t WHERE a >= 2 AND b BETWEEN 1 AND 3 ORDER BY c"
    assert {changed for _, changed, _ in sql_changes(sql)} == {
        "SELECT 2 FROM t WHERE a >= 2 AND b BETWEEN 1 AND 3 ORDER BY c",
        "SELECT 1 FROM t WHERE 1 AND b BETWEEN 1 AND 3 ORDER BY c",
        "SELECT 1 FROM t WHERE a > 2 AND b BETWEEN 1 AND 3 ORDER BY c",
        "SELECT 1 FROM t WHERE a >= 3 AND b BETWEEN 1 AND 3 ORDER BY c",
        "SELECT 1 FROM t WHERE a >= 2 OR b BETWEEN 1 AND 3 ORDER BY c",
        "SELECT 1 FROM t WHERE a >= 2 AND 1 ORDER BY c",
        "SELECT 1 FROM t WHERE a >= 2 AND b BETWEEN 2 AND 3 ORDER BY c",
        "SELECT 1 FROM t WHERE a >= 2 AND b BETWEEN 1 AND 4 ORDER BY c",
        "SELECT 1 FROM t WHERE a >= 2 AND b BETWEEN 1 AND 3 ORDER BY c DESC",
    }


MODULE = '''
LEAST = 1


def is_more(number):
    """Whether it is 2 or more, but 3, or nothing."""
    if not number:
        return True
    return number > LEAST and number + 1 != 4
'''


def test_a_module_is_changed_in_each_of_its_decisions(tmp_path):
    (tmp_path / "one.py").write_text(MODULE, encoding="utf-8")
    found = changes(tmp_path, "one.py")
    assert [(one.line, one.name.rpartition(" | ")[2], one.within) for one in found] == [
        (2, "1 -> 2", None),
        (2, "1 -> 0", None),
        *((7, what, (5, 9)) for what in ("never", "without not")),
        (8, "True -> False", (5, 9)),
        *((9, what, (5, 9)) for what in ("And -> Or", "Gt -> GtE", "NotEq -> Eq", "Add -> Sub")),
        *((9, what, (5, 9)) for what in ("1 -> 2", "1 -> 0", "4 -> 5", "4 -> 3")),
    ]
    answers = set()
    for one in found:
        module = {}
        exec(one.make(), module)
        answers.add(tuple(module["is_more"](number) for number in range(5)))
    assert (True, False, True, False, True) not in answers
    assert len(answers) > 6


def test_the_name_of_a_change_is_no_other_after_another_line_was_added(tmp_path):
    (tmp_path / "one.py").write_text(MODULE, encoding="utf-8")
    (tmp_path / "more.py").write_text(f"import re\n{MODULE}", encoding="utf-8")
    one, more = (
        [found.name for found in changes(tmp_path, name)] for name in ("one.py", "more.py")
    )
    assert [name.replace("more.py", "one.py") for name in more] == one
    assert len({*one}) == len(one)
