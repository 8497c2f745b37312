"""One distribution, two plugins: the core works as a sqlite-utils plugin whether or not Datasette is there."""

import json
import subprocess
import sys

import pytest
from sqlite_utils.cli import cli

from sqlite_utils_personalization import __version__
from sqlite_utils_personalization.commands import COMMANDS

NAMES = [command.name for command in COMMANDS]
# Python 3.13 says so of a connection left to the garbage collector, as library users often leave it.
UNCLOSED = "ignore:unclosed database:ResourceWarning"


def python(code, *arguments):
    """What a fresh interpreter prints; none of this process's imports hide anything from it."""
    command = [sys.executable, "-W", "error", "-W", UNCLOSED, "-c", code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_sqlite_utils_lists_the_plugin(runner):
    result = runner.invoke(cli, ["plugins"])
    ours = [
        plugin
        for plugin in json.loads(result.stdout)
        if plugin["name"] == "sqlite-utils-personalization"
    ]
    assert ours == [
        {
            "name": "sqlite-utils-personalization",
            "hooks": ["register_commands"],
            "version": __version__,
        }
    ]


def test_datasette_lists_the_plugin(runner):
    datasette = pytest.importorskip("datasette.cli", reason="Datasette is not installed")
    result = runner.invoke(datasette.cli, ["plugins"])
    ours = [
        plugin
        for plugin in json.loads(result.stdout)
        if plugin["name"] == "sqlite-utils-personalization"
    ]
    assert [plugin["version"] for plugin in ours] == [__version__]


def test_datasette_finds_our_hooks_where_we_are_imported_before_it():
    pytest.importorskip("datasette", reason="Datasette is not installed")
    code = (
        "import sqlite_utils_personalization.viewer as viewer; from datasette.plugins import pm;"
        "print(len(pm.get_hookcallers(viewer)) >= 10)"
    )
    done = python(code)
    assert (done.stdout, done.stderr) == ("True\n", "")


def test_every_command_is_registered_under_our_prefix_in_order():
    assert sorted(NAMES) == NAMES
    assert [name for name in NAMES if not name.startswith("personalization-")] == []
    assert [cli.commands[name] for name in NAMES] == COMMANDS


@pytest.mark.parametrize("name", NAMES)
def test_every_command_shows_help_with_an_example(runner, name):
    result = runner.invoke(cli, [name, "--help"])
    assert result.exit_code == 0
    assert (
        f"sqlite-utils {name} " in result.stdout.partition("Example:")[2].partition("Options:")[0]
    )


def test_sqlite_utils_still_works_as_a_library():
    """Importing sqlite_utils.cli while the plugin loads would register the plugin twice and break every Database()."""
    done = python("import sqlite_utils; print(sqlite_utils.Database(memory=True).table_names())")
    assert (done.stdout, done.stderr) == ("[]\n", "")


WITHOUT_EXTRAS = """
import importlib.abc, sys
class Absent(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] in ("datasette", "jinja2", "markupsafe", "mcp", "pydantic", "anyio"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Absent())
"""


def test_the_core_works_where_datasette_and_the_mcp_sdk_are_absent(fresh_path):
    code = f"{WITHOUT_EXTRAS}\nfrom sqlite_utils.cli import cli; cli(['personalization-migrate', sys.argv[1]])"
    done = python(code, fresh_path)
    applied = (
        "287_personalization",
        "900_personalization_evidence",
        "901_personalization_events",
        "902_personalization_shadow",
    )
    expected = "".join(f"applied {name}\n" for name in applied)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", expected)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.sampled(4)
def test_no_command_needs_an_extra_to_say_what_it_does(name):
    code = f"{WITHOUT_EXTRAS}\nfrom sqlite_utils.cli import cli; cli([sys.argv[1], '--help'])"
    done = python(code, name)
    assert (done.returncode, done.stderr) == (0, "")


def test_serving_an_agent_without_the_sdk_says_what_to_install(fresh_path):
    fresh_path.touch()
    code = f"{WITHOUT_EXTRAS}\nfrom sqlite_utils.cli import cli; cli(['personalization-mcp', sys.argv[1]])"
    key = "import os; os.environ['PERSONALIZATION_API_KEY'] = 'key-1'\n"
    done = python(key + code, fresh_path)
    said = "is not installed - run: pip install 'sqlite-utils-personalization[mcp]'\n"
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.endswith(said)


def test_loading_the_plugin_loads_neither_datasette_nor_what_only_our_commands_need():
    code = (
        "import sys; import sqlite_utils_personalization.cli, sqlite_utils; sqlite_utils.Database(memory=True);"
        "heavy = {'datasette', 'jsonschema', 'mcp', 'pydantic', 'sqlite_utils.cli', "
        "'sqlite_utils_personalization.commands'};"
        "print(sorted(heavy & sys.modules.keys()))"
    )
    done = python(code)
    assert (done.stdout, done.stderr) == ("[]\n", "")
