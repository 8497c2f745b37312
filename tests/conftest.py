"""Fixtures and options shared by all tests."""

import importlib.metadata
import json
import os
import sqlite3
import sys
import tempfile
from collections import defaultdict
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from shutil import disk_usage

import pytest
import sqlite_utils.utils
from click.testing import CliRunner

from sqlite_utils_personalization.errors import PersonalizationError

# Text is in the language of the locale, and these tests read it in English, as do the processes they start.
os.environ["LC_ALL"] = "C.UTF-8"
MEMORY, ENOUGH_BYTES = "/dev/shm", 4 << 30


def pytest_addoption(parser):
    parser.addoption(
        "--run-slow", action="store_true", help="also run the longer proofs, and try every example"
    )
    parser.addoption(
        "--run-mutants", action="store_true", help="also try every change of test_mutants.py"
    )
    parser.addoption(
        "--screenshots", metavar="DIR", help="write the pictures of the docs into this folder"
    )


def pytest_configure(config):
    """Thousands of small files wait for a disk longer than all else takes: they are kept in memory where there is room.

    TMPDIR and --basetemp say where else.
    """
    is_told = "TMPDIR" in os.environ or config.option.basetemp
    if not is_told and os.access(MEMORY, os.W_OK) and disk_usage(MEMORY).free > ENOUGH_BYTES:
        os.environ["TMPDIR"] = tempfile.tempdir = MEMORY


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config):
    """As if --numprocesses auto were said of all but a single file, which is done before the workers have started."""
    option = config.option
    if not config.pluginmanager.hasplugin("xdist") or hasattr(config, "workerinput"):
        return
    told = option.numprocesses is not None or option.dist != "no" or option.tx
    told = told or any(argument.startswith("--dist") for argument in config.invocation_params.args)
    # By now pytest-cov measures this process alone.
    needs_one = any(getattr(option, name, None) for name in ("cov_source", "looponfail"))
    needs_one = needs_one or option.usepdb or option.trace
    files = {config.invocation_params.dir / argument.split("::")[0] for argument in config.args}
    is_one_file = len(files) == 1 and files.pop().is_file()
    if not (told or needs_one or is_one_file):
        option.numprocesses = "auto"


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makemodule(module_path, parent):
    # Most files hold no property, and importing Hypothesis may take longer than they do.
    if "hypothesis" in module_path.read_text(encoding="utf-8"):
        load_hypothesis_profile(whole=parent.config.getoption("--run-slow"))


@cache
def load_hypothesis_profile(whole):
    from hypothesis import settings

    # A plain run tries fewer examples of each property, so that it stays short; the gate tries them all.
    settings.register_profile("plain", max_examples=30, deadline=None)
    settings.register_profile("whole", deadline=None)
    settings.load_profile("whole" if whole else "plain")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    for item in beyond_samples(items):
        item.add_marker("slow")
    kept_back = {"slow": "--run-slow", "mutants": "--run-mutants"}
    for mark in (mark for mark, option in kept_back.items() if not config.getoption(option)):
        longer = [item for item in items if item.get_closest_marker(mark)]
        config.hook.pytest_deselected(items=longer)
        items[:] = [item for item in items if not item.get_closest_marker(mark)]


def beyond_samples(items):
    """The cases of tests marked sampled that a plain run leaves out.

    What it tries are evenly spaced; of each kind others than of the kind before.
    """
    swept = defaultdict(lambda: defaultdict(list))
    for item in items:
        if mark := item.get_closest_marker("sampled"):
            by = mark.kwargs.get("by")
            kind = repr(item.callspec.params[by]) if by else None
            swept[item.nodeid.split("[")[0], mark.args[0]][kind].append(item)
    for (_, n), kinds in swept.items():
        for shift, cases in enumerate(kinds.values()):
            tried = {(len(cases) * i // n + shift) % len(cases) for i in range(n)}
            yield from (case for i, case in enumerate(cases) if i not in tried)


def pytest_report_header(config):
    versions = [f"SQLite {sqlite_utils.utils.sqlite3.sqlite_version}"]
    for name in ("sqlite-utils", "datasette"):
        try:
            versions.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            versions.append(f"no {name}")
    whole = config.getoption("--run-slow")
    longer = "with all longer proofs" if whole else "without longer proofs: --run-slow adds them"
    return [", ".join(versions), longer]


@pytest.fixture
def runner():
    return CliRunner()


@pytest.fixture
def refuses():
    """`with refuses(sentence):` expects a PersonalizationError that says exactly this."""

    @contextmanager
    def refuses(sentence):
        with pytest.raises(PersonalizationError) as error:
            yield
        assert str(error.value) == sentence

    return refuses


@pytest.fixture(autouse=True)
def nothing_is_left_open():
    yield
    # Without Datasette nothing was served, and the module cannot be imported.
    if "viewer_fixtures" in sys.modules:
        sys.modules["viewer_fixtures"].close_served()


@pytest.fixture
def at_noon(monkeypatch):
    """What this process delivers is delivered on noon.TODAY."""
    from noon import MODULES, noon

    for module in MODULES:
        monkeypatch.setattr(module, "right_now", noon)


@pytest.fixture
def fresh_path(tmp_path):
    """Where a database may be created; nothing is there."""
    return tmp_path / "jpcite.db"


@pytest.fixture
def db_path(fresh_path):
    """A database with our tables and no customer."""
    from scored import migrated

    return migrated(fresh_path)


@pytest.fixture(scope="session")
def add_profile():
    """Add customer n, whose API key is 'key-n', to the database at path; returns the profile_id."""

    def add(path, n, preference=None):
        text = preference if isinstance(preference, str) else json.dumps(preference or {})
        conn = sqlite3.connect(path)
        with conn:
            cursor = conn.execute(
                "INSERT INTO am_personalization_profile (user_token_hash, preference_json) VALUES (?, ?)",
                (sha256(f"key-{n}".encode()).hexdigest(), text),
            )
        conn.close()
        return cursor.lastrowid

    return add
