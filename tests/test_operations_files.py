"""examples/operations: rules that fire where they should, units that systemd takes, and commands that are there."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import click
import pytest
import yaml
from sqlite_utils.cli import cli

from sqlite_utils_personalization.api.metrics import _HELP

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "examples" / "operations"
RULES = FOLDER / "personalization.rules.yml"
UNITS = sorted(FOLDER.glob("*.service")) + sorted(FOLDER.glob("*.timer"))
# What was asked of each that touches the file.
HARDENED = {
    *("User", "ProtectSystem", "ReadWritePaths", "NoNewPrivileges", "PrivateTmp"),
    *("RestrictAddressFamilies", "SystemCallFilter", "MemoryDenyWriteExecute", "TimeoutStartSec"),
}

if not FOLDER.exists():
    pytest.skip("the files are in examples of the repository", allow_module_level=True)


@pytest.mark.parametrize(
    "arguments",
    [("check", "rules", RULES), ("test", "rules", FOLDER / "personalization.rules.test.yml")],
)
def test_promtool_takes_the_rules_and_each_fires_as_its_tests_say(arguments):
    if not shutil.which("promtool"):
        pytest.skip("promtool is not here: Debian has it in the package prometheus")
    done = subprocess.run(
        ["promtool", *map(str, arguments)], capture_output=True, text=True, check=False, cwd=FOLDER
    )
    assert done.returncode == 0, done.stdout + done.stderr


def rules():
    (group,) = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return {rule["alert"]: rule for rule in group["rules"]}


def test_each_alert_is_tested_to_fire_and_not_to():
    tests = yaml.safe_load((FOLDER / "personalization.rules.test.yml").read_text(encoding="utf-8"))
    cases = [case for test in tests["tests"] for case in test["alert_rule_test"]]
    for name in rules():
        fires = {bool(case.get("exp_alerts")) for case in cases if case["alertname"] == name}
        assert fires == {True, False}, name
    assert {case["alertname"] for case in cases} == set(rules())


def test_rules_ask_for_metrics_that_are_written_and_say_what_to_do():
    for rule in rules().values():
        named = set(re.findall(r"personalization_(\w+)", rule["expr"]))
        assert named <= _HELP.keys()
        assert named or "node_textfile_mtime_seconds" in rule["expr"]
        assert rule["annotations"].keys() == {"summary", "todo"}
        for command in re.findall(r"personalization-[a-z-]+", rule["annotations"]["todo"]):
            assert command in cli.commands


def unit(path):
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith(("#", "[")):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_systemd_takes_each_unit(tmp_path, path):
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not here")
    for one in UNITS:
        # Programs and users are those of another machine.
        text = re.sub(r"(?m)^ExecStart=\S+", "ExecStart=/bin/true", one.read_text(encoding="utf-8"))
        (tmp_path / one.name).write_text(text, encoding="utf-8")
    name = path.name.replace("@.", "@x.")
    if name != path.name:
        shutil.copy(tmp_path / path.name, tmp_path / name)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / name)],
        capture_output=True,
        text=True,
        check=False,
    )
    if "Failed to" in done.stderr and "initialize" in done.stderr:
        pytest.skip("systemd-analyze cannot work here")
    assert [line for line in done.stderr.splitlines() if path.stem.split("@")[0] in line] == []


@pytest.mark.parametrize("name", ["personalization-score", "personalization-health"])
def test_units_are_hardened_and_run_commands_that_are_there(name):
    found = unit(FOLDER / f"{name}.service")
    assert found.keys() >= HARDENED
    assert (found["ProtectSystem"], found["NoNewPrivileges"]) == (["strict"], ["yes"])
    assert found["User"] != ["root"]
    parse_command(found["ExecStart"][0])
    assert unit(FOLDER / f"{name}.timer").keys() >= {"OnCalendar", "WantedBy"}
    assert unit(FOLDER / "personalization-score.service")["OnFailure"]


def parse_command(line):
    """The arguments of a command of ours as click reads them, without running it."""
    words = shlex.split(line, comments=True)
    at = next(number for number, word in enumerate(words) if word.endswith("sqlite-utils"))
    words = [word for word in words[at + 1 :] if word not in ("|", "<")]
    end = next((n for n, word in enumerate(words) if word[0] in "<>|" or word == "2>&1"), None)
    name, *given = words[:end]
    command = cli.commands[name]
    while isinstance(command, click.Group):
        command = command.commands[given.pop(0)]
    context = click.Context(command)
    known = {
        option
        for param in command.get_params(context)
        for option in (*param.opts, *param.secondary_opts)
    }
    assert {word for word in given if word.startswith("-")} <= known, line


def test_cron_runs_commands_that_are_there_at_night_in_japan():
    lines = (FOLDER / "personalization.cron").read_text(encoding="utf-8").splitlines()
    jobs = [line for line in lines if re.match(r"[0-9*]", line)]
    assert len(jobs) == 3
    for job in jobs:
        assert "%" not in job
        parse_command(job)
    minute, hour = jobs[0].split()[:2]
    assert (int(hour) + 9) % 24 == 3
    assert minute == "15"
    assert any(line.startswith("PATH=") for line in lines)
    timer = unit(FOLDER / "personalization-score.timer")["OnCalendar"]
    assert timer == ["*-*-* 03:15:00 Asia/Tokyo"]


def test_the_workflow_checks_and_compares_the_model():
    flow = yaml.safe_load((FOLDER / "model-pull-request.yml").read_text(encoding="utf-8"))
    assert flow["permissions"] == {}
    steps = flow["jobs"]["model"]["steps"]
    lines = [line for step in steps for line in step.get("run", "").splitlines()]
    ours = [line for line in lines if "sqlite-utils personalization-" in line]
    assert [line.split("personalization-model ")[1].split()[0] for line in ours] == [
        "check",
        "diff",
    ]
    for line in ours:
        parse_command(line)
    # What somebody else names is never part of a script.
    assert not any("${{" in line for line in lines)


def test_the_workflow_says_what_changes_for_customers(tmp_path):
    """Its last script, run in a repository with a change of the model."""
    flow = yaml.safe_load((FOLDER / "model-pull-request.yml").read_text(encoding="utf-8"))
    script = flow["jobs"]["model"]["steps"][-1]["run"]
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    fake = bin_folder / "sqlite-utils"
    fake.write_text('#!/bin/sh\necho "$@"\n')
    fake.chmod(0o755)

    def git(*arguments):
        who = ("-c", "user.name=a", "-c", "user.email=a@example.com")
        return subprocess.run(
            ["git", *who, *arguments], cwd=tmp_path, check=True, capture_output=True, text=True
        ).stdout.strip()

    git("init", "--quiet")
    git("commit", "--quiet", "--allow-empty", "-m", "none yet")
    none = git("rev-parse", "HEAD")
    (tmp_path / "model.json").write_text("{}")
    git("add", "model.json")
    git("commit", "--quiet", "-m", "one")
    for base, before in ((none, "packaged"), (git("rev-parse", "HEAD"), "runner/before.json")):
        (tmp_path / "runner").mkdir(exist_ok=True)
        (tmp_path / "summary").write_text("")
        environment = {
            "PATH": f"{bin_folder}:/usr/bin:/bin",
            "BASE": base,
            "RUNNER_TEMP": "runner",
            "GITHUB_STEP_SUMMARY": "summary",
        }
        subprocess.run(["bash", "-c", script], cwd=tmp_path, env=environment, check=True)
        said = (tmp_path / "summary").read_text()
        assert said == f"```text\npersonalization-model diff {before} model.json\n```\n"


def test_the_documentation_shows_the_files_as_they_are():
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    for path in FOLDER.iterdir():
        if ".test." not in path.name:
            assert f"\n{path.read_text(encoding='utf-8')}```" in text, path.name


def test_every_metric_is_documented():
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert [name for name in _HELP if f"`personalization_{name}`" not in text] == []
