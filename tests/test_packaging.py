"""What is built is what runs: the wheel, by way of the sdist, installed away from this tree; and the workflows."""

import configparser
import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PACKAGE = "sqlite_utils_personalization"
NOT_SOURCE = shutil.ignore_patterns(
    *(".git", ".venv", ".*_cache", ".hypothesis"),
    *("*.egg-info", "__pycache__", "build", "dist", "venv", "*.db*"),
)


def run(*command, cwd):
    """stdout of a command that may not see this tree."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    result = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=env, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A copy of this tree, the sdist built from it, and the wheel built from that."""
    folder = tmp_path_factory.mktemp("build")
    shutil.copytree(ROOT, folder / "tree", ignore=NOT_SOURCE)
    run(sys.executable, "-m", "build", "--outdir", folder / "dist", folder / "tree", cwd=folder)
    (sdist,) = (folder / "dist").glob("*.tar.gz")
    (wheel,) = (folder / "dist").glob("*.whl")
    return folder / "tree", sdist, wheel


@pytest.fixture(scope="module")
def wheel(built):
    return built[-1]


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The scripts of a fresh environment that holds the wheel and what it needs."""
    folder = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", "venv", cwd=folder)
    run(folder / "venv/bin/pip", "install", "--quiet", wheel, cwd=folder)
    return folder / "venv" / "bin"


@pytest.mark.slow
def test_the_sdist_holds_all_that_the_tests_and_the_readme_look_for(built):
    tree, sdist, _ = built
    with tarfile.open(sdist) as archive:
        held = {member.name.split("/", 1)[1] for member in archive if member.isfile()}
    folders = (".ci", ".github", "benchmarks", "docs", "examples", "tests")
    files = {path for folder in folders for path in (tree / folder).rglob("*") if path.is_file()}
    files |= {tree / name for name in ("README.md", "CHANGELOG.md", "metadata.yml", "setup.cfg")}

    assert {path.relative_to(tree).as_posix() for path in files} - held == set()


@pytest.mark.slow
def test_the_wheel_holds_every_file_of_the_package_and_metadata_yml(wheel):
    source = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / PACKAGE).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    names = zipfile.ZipFile(wheel).namelist()

    assert {name for name in names if name.startswith(f"{PACKAGE}/")} == source
    assert {
        f"{PACKAGE}/locale/ja/LC_MESSAGES/personalization{end}" for end in (".mo", ".po")
    } <= source
    assert [name.split("/", 1)[1] for name in names if name.endswith("metadata.yml")] == [
        "data/share/sqlite-utils-personalization/metadata.yml"
    ]


@pytest.mark.slow
def test_the_installed_wheel_migrates_scores_and_prints_metadata(installed, tmp_path):
    cli = installed / "sqlite-utils"
    plugins = json.loads(run(cli, "plugins", cwd=tmp_path))
    run(cli, "personalization-migrate", "new.db", cwd=tmp_path)
    insert = (
        "INSERT INTO am_personalization_profile (user_token_hash, preference_json) VALUES (?, ?)"
    )
    declared = ["a" * 64, '{"industry_pack": "D", "risk_tolerance": "low"}']
    code = f"import sqlite3; c = sqlite3.connect('new.db'); c.execute({insert!r}, {declared!r}); c.commit()"
    run(installed / "python", "-c", code, cwd=tmp_path)
    scored = run(cli, "personalization-score", "new.db", "--silent", cwd=tmp_path)

    assert [(plugin["name"], plugin["hooks"]) for plugin in plugins] == [
        ("sqlite-utils-personalization", ["register_commands"])
    ]
    # No catalogue, so every type has one item open to anyone.
    assert json.loads(scored.splitlines()[-1])["by_type"] == {
        "program": 1,
        "industry_pack": 1,
        "saved_search": 1,
        "amendment": 1,
    }
    metadata = (ROOT / "metadata.yml").read_text(encoding="utf-8")
    assert run(cli, "personalization-metadata", cwd=tmp_path) == metadata
    share = installed.parent / "share" / "sqlite-utils-personalization" / "metadata.yml"
    assert share.read_text(encoding="utf-8") == metadata


@pytest.mark.slow
def test_the_installed_wheel_builds_its_example(installed, tmp_path):
    shown = run(installed / "sqlite-utils", "personalization-example", "jpcite.db", cwd=tmp_path)

    assert "customer 1 declared" in shown


def test_texts_in_other_languages_are_data_of_the_package():
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    patterns = setup["options.package_data"][PACKAGE].split(", ")
    held = {path for pattern in patterns for path in (ROOT / PACKAGE).glob(pattern)}

    assert {path for path in (ROOT / PACKAGE / "locale").rglob("*") if path.is_file()} == held


@pytest.mark.slow
def test_the_core_needs_no_datasette_and_runs_from_where_it_is_installed(installed, tmp_path):
    code = (
        "import importlib.util as u, sqlite_utils_personalization as p;"
        "print(u.find_spec('datasette'), p.__file__)"
    )
    datasette, file = run(installed / "python", "-c", code, cwd=tmp_path).split()

    assert datasette == "None"
    assert Path(file).is_relative_to(installed.parent)


def workflows():
    for path in sorted((ROOT / ".github" / "workflows").glob("*.yml")):
        # In YAML 1.1, "on" is a boolean.
        workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
        yield path.name, workflow.pop(True), workflow


def test_no_workflow_has_more_rights_than_a_job_asks_for():
    assert {name: workflow["permissions"] for name, _, workflow in workflows()} == {
        "nightly-example.yml": {},
        "release.yml": {},
        "test.yml": {},
    }


def test_the_example_of_a_night_runs_only_when_asked_to():
    triggers = {name: list(trigger) for name, trigger, _ in workflows()}

    assert triggers["nightly-example.yml"] == ["workflow_dispatch"]


@pytest.mark.parametrize("script", ["run", "old-sqlite"])
def test_the_gate_and_its_part_can_be_executed(script):
    assert os.access(ROOT / ".ci" / script, os.X_OK)


def test_no_datasette_is_allowed_that_cannot_guard_a_file():
    specifiers = pytest.importorskip("packaging.specifiers")
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    lines = setup["options.extras_require"]["viewer"].splitlines()
    (given,) = [line for line in lines if line.startswith("datasette")]
    allowed = specifiers.SpecifierSet(given.removeprefix("datasette"), prereleases=True)
    assert [f"1.0a{n}" for n in range(60) if f"1.0a{n}" in allowed] == [
        f"1.0a{n}" for n in range(39, 60)
    ]
    assert "0.65.5" in allowed
    assert "0.65.4" not in allowed
