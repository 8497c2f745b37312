"""The benchmarks run, and their yardsticks do the work they claim to do. No test looks at a time."""

import subprocess
import sys
from pathlib import Path

import pytest

from sqlite_utils_personalization.example import AS_OF, build

ROOT = Path(__file__).parents[1]


def run(*arguments):
    command = [sys.executable, "-m", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
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


@pytest.mark.slow
def test_killed_nights_end_like_one_that_was_not():
    shown = run("benchmarks.kills", "--times", "1", "--customers", "50")
    assert "1 nights of 50 customers" in shown


@pytest.mark.slow
def test_memory_is_measured_at_three_sizes(tmp_path):
    shown = run("benchmarks", "memory", "--customers", "200", "--work", tmp_path)
    assert [line.split()[0] for line in shown.splitlines()[-3:]] == ["2", "20", "200"]


@pytest.mark.slow
def test_what_looks_at_a_change_of_the_model_is_held_against_the_night(tmp_path):
    shown = run(
        *("benchmarks", "models", "--customers", "60", "--repeats", "1", "--work", tmp_path),
    )
    for name in ("night and shadow", "impact", "report"):
        assert f"{name}: " in shown
    assert shown.count("/ night  cpu") == 3
    assert list(tmp_path.iterdir()) == []


def test_lists_are_measured_beside_what_they_were(tmp_path):
    work = tmp_path / "work"
    work.mkdir()
    build(tmp_path / "example.db")
    shown = run(
        *("benchmarks", "lists", "--catalogue", tmp_path / "example.db", "--as-of", AS_OF),
        *("--before", "--sample", "4", "--nights", "2", "--repeats", "1", "--work", work),
    )
    table = {line[:62].strip(): line[62:].split("  ") for line in shown.splitlines()}
    found = {name: [cell.strip() for cell in cells if cell] for name, cells in table.items()}
    # The programs that close on 4 April, and two nights alike of which the second repeats the first.
    assert found["places closing within 3 days"] == ["5.9 %", "0.0 %"]
    assert found["of all handed over, again within 30 days, unchanged"] == ["50.0 %", "0.0 %"]
    assert found["lists with near-duplicates"] == ["0.0 %", "0.0 %"]
    assert "night / before  cpu" in shown
    assert list(work.iterdir()) == []


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        (
            "【令和８年度】省エネ設備更新補助金（第２次公募）",
            "省エネ設備更新補助金 (R7 3次公募)",
            True,
        ),
        ("事業承継・M&A補助金(15次公募)_事業承継促進枠", "事業承継・M&A補助金(14次公募)", True),
        ("漁船導入支援事業", "病院の省エネ設備導入支援", False),
        ("令和8年度", "2025年度", False),
    ],
)
def test_titles_are_near_if_most_of_their_letters_follow_each_other_in_both(one, other, near):
    code = f"from benchmarks.near import are_near; print(are_near({one!r}, {other!r}))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == str(near)


def test_a_measurement_that_does_not_exist_is_refused():
    command = [sys.executable, "-m", "benchmarks", "speed"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "speed is none of nights, growth" in done.stderr
