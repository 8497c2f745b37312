"""The example database: what the README's first line shows."""

import json
from importlib.resources import files

from click.testing import CliRunner
from sqlite_utils.cli import cli

from sqlite_utils_personalization import score
from sqlite_utils_personalization.database import open_readonly
from sqlite_utils_personalization.example import AS_OF


def run(*arguments):
    return CliRunner().invoke(cli, list(map(str, arguments)))


def test_the_example_says_what_was_recommended_to_whom(tmp_path):
    result = run("personalization-example", tmp_path / "jpcite.db")
    assert result.exit_code == 0
    customers = json.loads(
        files("sqlite_utils_personalization.example").joinpath("customers.json").read_text("utf-8")
    )
    assert result.stdout.count("\ncustomer ") == len(customers)
    assert (
        "customer 1 declared industry_pack pack_construction, deadline_horizon_days 60,"
        " risk_tolerance low, prefecture 東京都\n"
        "     98 program       令和8年度 建設現場の安全対策助成金\n"
        "     75 industry_pack 建設業\n" in result.stdout
    )
    assert result.stdout.endswith(
        "customer 8 declared nothing\n    nothing: no declared wish is met\n"
    )


def test_the_example_ends_with_the_command_that_opens_it(tmp_path):
    path = tmp_path / "jpcite.db"
    result = run("personalization-example", path)
    assert result.stderr.endswith(f"datasette {path} --metadata metadata.yml\n")


def test_the_example_has_every_type_and_deadlines_near_and_far(tmp_path):
    path = tmp_path / "jpcite.db"
    run("personalization-example", path)
    with open_readonly(path) as db:
        kinds = {
            row[0]
            for row in db.execute(
                "SELECT DISTINCT recommendation_type FROM v_personalization_replay"
            )
        }
        days = [
            row[0]
            for row in db.execute(
                "SELECT julianday(closes_on) - julianday(?) FROM am_personalization_candidate"
                " WHERE recommendation_type = 'program' AND left_out IS NULL AND closes_on IS NOT NULL",
                [AS_OF],
            )
        ]
    assert kinds == {"program", "industry_pack", "saved_search", "amendment"}
    assert min(day for day in days if day >= 0) <= 3
    assert max(days) > 300


def test_the_example_was_scored_already(tmp_path):
    path = tmp_path / "jpcite.db"
    run("personalization-example", path)
    assert score(path, as_of=AS_OF)["outcome"] == "already scored"


def test_an_existing_file_is_left_alone(tmp_path):
    path = tmp_path / "jpcite.db"
    path.write_text("mine")
    result = run("personalization-example", path)
    assert (result.exit_code, result.stderr) == (
        1,
        f"Error: {path} already exists - name a file that does not\n",
    )
    assert path.read_text() == "mine"
