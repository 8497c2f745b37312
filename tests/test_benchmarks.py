"""The benchmarks run, and their yardsticks do the work they claim to do. No test looks at a time."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def run(*arguments):
    command = [sys.executable, "-m", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_night_is_held_against_plain_inserts_and_a_loop_that_agrees_with_it(tmp_path):
    shown = run(
        *("benchmarks", "nights", "--customers", "60", "--sample", "20", "--repeats", "1"),
        *("--work", tmp_path),
    )
    assert "night, wildcards, 60 customers" in shown
    assert "night, catalogue, 60 customers" in shown
    assert shown.count("/ plain inserts") == 4
    assert "is multiplied to 60" in shown
    assert list(tmp_path.iterdir()) == []


def test_killed_nights_end_like_one_that_was_not():
    shown = run("benchmarks.kills", "--times", "1", "--customers", "50")
    assert "1 nights of 50 customers" in shown


def test_memory_is_measured_at_three_sizes(tmp_path):
    shown = run("benchmarks", "memory", "--customers", "200", "--work", tmp_path)
    assert [line.split()[0] for line in shown.splitlines()[-3:]] == ["2", "20", "200"]


def test_a_measurement_that_does_not_exist_is_refused():
    command = [sys.executable, "-m", "benchmarks", "speed"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "speed is none of nights, growth" in done.stderr
