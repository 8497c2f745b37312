"""metadata.yml: what the command prints, what Datasette reads in it, and that it describes all of our schema."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlite_utils.cli import cli

from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.viewer.queries import queries
from sqlite_utils_personalization.viewer.queries.metadata import metadata, metadata_yaml, tables

TOP_LEVEL = Path(__file__).parents[1] / "metadata.yml"


def test_the_shipped_file_is_what_the_command_prints(runner):
    result = runner.invoke(cli, ["personalization-metadata"])

    assert (result.exit_code, result.stdout_bytes) == (0, TOP_LEVEL.read_bytes())


def test_the_command_takes_the_name_of_the_database(runner):
    result = runner.invoke(cli, ["personalization-metadata", "audit"])

    assert list(yaml.safe_load(result.stdout)["databases"]) == ["audit"]


# Few and slow: each reads every question and description again, with the parser Datasette uses.
@settings(max_examples=20, deadline=None)
@given(st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters="/"), min_size=1))
def test_yaml_says_what_was_meant_whatever_the_database_is_called(name):
    if name.endswith(".db"):
        return
    assert yaml.safe_load(metadata_yaml(name)) == metadata(name)


@pytest.mark.parametrize("name", ["on", "n", "NULL", "12", "~", "a: b", "jp cite", "- x", "日本"])
def test_a_name_that_yaml_could_take_for_something_else_is_quoted(name):
    assert list(yaml.safe_load(metadata_yaml(name))["databases"]) == [name]


@pytest.mark.parametrize("name", ["", "jpcite.db", "data/jpcite", "a\nb", "a\x00"])
def test_what_cannot_be_the_name_of_a_database_is_refused(name):
    with pytest.raises(PersonalizationError) as caught:
        metadata_yaml(name)

    assert str(caught.value) == (
        f"{name!r} is not the name of a database - pass the file name without folder and .db"
    )


def test_the_command_refuses_a_file_in_one_sentence(runner):
    result = runner.invoke(cli, ["personalization-metadata", "jpcite.db"])

    assert (result.exit_code, result.stdout, result.stderr) == (
        1,
        "",
        "Error: 'jpcite.db' is not the name of a database"
        " - pass the file name without folder and .db\n",
    )


def test_every_table_view_and_column_of_ours_is_described_and_no_other(db_path):
    with sqlite3.connect(db_path) as db:
        found = {
            name: [row[1] for row in db.execute(f"PRAGMA table_xinfo({name})")]
            for (name,) in db.execute(
                "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')"
                " AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name <> '_sqlite_migrations'"
            )
        }

    assert {name: list(table["columns"]) for name, table in tables().items()} == found


def test_every_title_is_english_and_japanese_and_nothing_is_left_undescribed():
    database = metadata("jpcite")["databases"]["jpcite"]
    for about in [*database["queries"].values(), *database["tables"].values()]:
        english, _, japanese = about["title"].removesuffix(")").partition(" (")
        assert english.isascii()
        assert japanese
        assert not any(character.isascii() for character in japanese)
        assert about["description"].endswith(".") or ":" in about["description"]
    assert all(text for table in tables().values() for text in table["columns"].values())


def test_metadata_says_nothing_that_one_line_of_datasette_ignores_or_fails_on():
    keys = set()

    def collect(value):
        if isinstance(value, dict):
            keys.update(value)
            for item in value.values():
                collect(item)

    database = metadata("jpcite")["databases"]["jpcite"]
    named = {**database.pop("queries"), **database.pop("tables")}
    collect(database)
    for entry in named.values():
        collect({key: entry[key] for key in entry if key != "columns"})

    known = {"title", "description", "params", "sql", "fragment", "sort_desc", "label_column"}
    known |= {"description_html", "hide_sql", "sortable_columns"}
    assert keys - known == set()


def test_the_command_works_without_datasette():
    code = (
        "import sys; sys.modules['datasette'] = None\n"
        "import importlib.util as u; found = u.find_spec\n"
        "u.find_spec = lambda name, *rest: None if name == 'datasette' else found(name, *rest)\n"
        "from sqlite_utils.cli import cli; cli(['personalization-metadata'])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)

    assert result.stdout == TOP_LEVEL.read_bytes()


def test_titles_are_printed_as_utf_8_whatever_the_terminal():
    command = [sys.executable, "-m", "sqlite_utils", "personalization-metadata"]
    result = subprocess.run(
        command, capture_output=True, check=True, env={"LC_ALL": "C", "PYTHONIOENCODING": "ascii"}
    )

    assert result.stdout == TOP_LEVEL.read_bytes()


def test_questions_come_in_the_order_of_their_file_names():
    folder = Path(queries.__file__).parent
    names = [path.stem.split("_", 1)[1] for path in sorted(folder.glob("[0-9]*.sql"))]

    assert list(metadata("jpcite")["databases"]["jpcite"]["queries"]) == names
