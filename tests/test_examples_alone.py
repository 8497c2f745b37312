"""Scripts in examples/ that are run once, or on boot, do what their docstrings say."""

import ast
import json
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest
from scored import execute, tamper

from sqlite_utils_personalization import create_example, seal

EXAMPLES = Path(__file__).parent.parent / "examples"
SCRIPTS = [EXAMPLES / name for name in ("export_and_erase.py", "upgrade.py", "verify_in_ci.py")]
P = "am_personalization_"

if not EXAMPLES.exists():
    pytest.skip("the scripts are in the repository", allow_module_level=True)


@pytest.fixture
def folder(tmp_path):
    """A folder with jpcite.db and heads.txt, the head that was kept of it."""
    create_example(tmp_path / "jpcite.db")
    (tmp_path / "heads.txt").write_text(seal(tmp_path / "jpcite.db")["note"])
    return tmp_path


def call_of(script):
    """The arguments of the call that its docstring shows."""
    lines = ast.get_docstring(ast.parse(script.read_text(encoding="utf-8"))).splitlines()
    shown = next(line for line in lines if line.strip().startswith("python examples/"))
    shown = shown.partition("#")[0].split()
    assert shown[1] == f"examples/{script.name}"
    return shown[2:]


def run(folder, name, *arguments):
    command = [sys.executable, EXAMPLES / name, *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_a_script_is_called_as_it_says(folder, script):
    ended = run(folder, script.name, *call_of(script))
    assert (ended.returncode, ended.stderr) == (0, ""), ended.stdout
    assert ended.stdout


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_a_script_uses_what_is_public(script):
    for node in ast.walk(ast.parse(script.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert not (node.module or "").startswith("sqlite_utils_personalization.")


def test_verifying_in_ci_fails_on_what_was_changed_and_cannot_check_what_is_none(folder):
    import sqlite3

    with sqlite3.connect(folder / "jpcite.db") as db:
        tamper(db, f"UPDATE {P}recommendation_log SET score = 99 WHERE rec_id = 3")
    ended = run(folder, "verify_in_ci.py", "jpcite.db", "heads.txt")
    assert ended.returncode == 1
    assert "::error title=log-row-changed (1)::log row 3 has another score" in ended.stdout
    assert run(folder, "verify_in_ci.py", "none.db", "heads.txt").returncode == 2


def test_an_upgrade_applies_what_is_due_and_verifies(folder):
    execute(folder / "jpcite.db", "DROP VIEW v_personalization_replay")
    ended = run(folder, "upgrade.py", "jpcite.db")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "applied 900_personalization_evidence\nintact" in ended.stdout
    assert run(folder, "upgrade.py", "jpcite.db").stdout.endswith("applied nothing\n")
    # Neither is a file that nothing was ever sealed in a fault.
    assert run(folder, "upgrade.py", "new.db").returncode == 0


def test_a_demand_leaves_a_private_export_and_names_what_is_left(folder):
    said = json.loads(run(folder, "export_and_erase.py").stdout)
    export = folder / "export.json"
    customer = sha256(b"example-key-2").hexdigest()
    assert json.loads(export.read_text(encoding="utf-8"))["profile"]["user_token_hash"] == customer
    assert export.stat().st_mode & 0o077 == 0
    assert said["held_by_others"] == {"saved_searches.api_key_hash": [1]}
    assert "saved_searches" in said["todo"]
