"""Fixtures and options shared by all tests."""

import importlib.metadata
import json
import sqlite3
import sys
from contextlib import contextmanager
from functools import cache
from hashlib import sha256

import pytest
import sqlite_utils.utils
from click.testing import CliRunner

from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.schema import migrate


def pytest_addoption(parser):
    parser.addoption("--run-slow", action="store_true", help="also run tests marked slow")


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


def pytest_collection_modifyitems(config, items):
    if config.getoption("--run-slow"):
        return
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="a longer proof: pass --run-slow"))


def pytest_report_header():
    versions = [f"SQLite {sqlite_utils.utils.sqlite3.sqlite_version}"]
    for name in ("sqlite-utils", "datasette"):
        try:
            versions.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            versions.append(f"no {name}")
    return ", ".join(versions)


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


@pytest.fixture(scope="session")
def _migrated(tmp_path_factory):
    path = tmp_path_factory.mktemp("migrated") / "jpcite.db"
    migrate(path)
    return path.read_bytes()


@pytest.fixture
def db_path(fresh_path, _migrated):
    """A database with our tables and no customer."""
    fresh_path.write_bytes(_migrated)
    return fresh_path


@pytest.fixture
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
