"""Fixtures and options shared by all tests."""

import importlib.metadata
import json
import sqlite3
import sys
from contextlib import contextmanager
from hashlib import sha256

import pytest
import sqlite_utils.utils
from click.testing import CliRunner
from hypothesis import settings
from noon import Noon

from sqlite_utils_personalization.customer_api import recommendations
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.schema import migrate


def pytest_addoption(parser):
    parser.addoption("--run-slow", action="store_true", help="also run tests marked slow")


def pytest_configure(config):
    # A plain run tries fewer examples of each property, so that it stays short; the gate tries them all.
    settings.register_profile("plain", max_examples=30, deadline=None)
    settings.register_profile("whole", deadline=None)
    settings.load_profile("whole" if config.getoption("--run-slow") else "plain")


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
    monkeypatch.setattr(recommendations, "datetime", Noon)


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
