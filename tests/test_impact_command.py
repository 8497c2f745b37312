"""personalization-impact: what it prints and writes, what it ends with, and what it makes of whatever it is given."""

import json
import re
import sqlite3
from contextlib import closing
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner
from scored import AS_OF, P, connect, example, execute, migrated, tamper
from sqlite_utils.cli import cli

import sqlite_utils_personalization as api
from sqlite_utils_personalization.audit.impact.measured import NAMES
from sqlite_utils_personalization.errors import InvalidInput, NotFound
from sqlite_utils_personalization.preferences.erasure import erase

MODEL = json.loads(
    files("sqlite_utils_personalization.model").joinpath("model.json").read_text(encoding="utf-8")
)
NIGHTS = ("2026-03-31", AS_OF)
WEEK = {"lead_days": {"program": 7, "amendment": 4}}


@pytest.fixture
def path(tmp_path):
    """Two nights of the example."""
    return example(tmp_path / "jpcite.db", *NIGHTS)


@pytest.fixture
def new(tmp_path):
    """A model that keeps a week's notice."""
    return written(tmp_path / "new.json", {**MODEL, **WEEK})


def written(path, value):
    path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
    return path


def run(path, *arguments):
    return CliRunner().invoke(cli, ["personalization-impact", str(path), *map(str, arguments)])


def read(path, sql):
    with closing(connect(path)) as db:
        return db.execute(sql).fetchall()


def test_the_totals_are_the_sums_of_the_nights(path, new):
    found = json.loads(run(path, "--model", new, "--json").stdout)
    assert [night["as_of"] for night in found["nights"]] == [AS_OF, "2026-03-31"]
    for key in ("profiles", "lists_changed", "scores_changed", "items_in", "items_out", "moved"):
        assert found["total"][key] == sum(night[key] for night in found["nights"])
    for side in ("before", "after"):
        for key in ("rows", "empty_lists", "top_rows", "soon_rows"):
            assert found["total"][side][key] == sum(night[side][key] for night in found["nights"])
    logged = read(
        path,
        f"SELECT count(*), round(avg(score), 2) FROM {P}recommendation_log",
    )
    before = found["total"]["before"]
    assert (before["rows"], before["mean_score"]) == logged[0]
    assert found == api.impact(path, model=new)


def test_the_rows_of_a_table_are_nights_and_then_all_of_them(path, new):
    rows = [json.loads(line) for line in run(path, "--model", new, "--nl").stdout.splitlines()]
    assert [row["as_of"] for row in rows] == [AS_OF, "2026-03-31", None]
    assert rows[-1]["items_in"] == rows[0]["items_in"] + rows[1]["items_in"]


def test_an_example_says_the_points_before_and_after(path, new):
    (item,) = [
        one for one in api.impact(path, model=new, nights=1)["affected_items"] if one["items_in"]
    ]
    place = item["example"]
    assert (place["rank_before"], place["rank_after"]) == (None, 1)
    assert place["points_after"] == {"industry": 50, "deadline": 28, "risk": 0}
    assert place["sentence"].startswith(
        "was left out (closes in 9 days; 14 days' notice are kept), would be at place 1 with 78 points"
        " (industry 50, deadline 28, risk 0); now closes in 9 days, within your 45-day horizon"
    )


def test_the_code_alone_changes_nothing_until_a_stored_point_is_another(path):
    assert api.impact(path, code=True)["total"]["scores_changed"] == 0
    with closing(connect(path)) as db:
        tamper(
            db,
            f"UPDATE {P}decision SET industry_points = industry_points - 1, score = score - 1"
            f" WHERE list_id = (SELECT min(list_id) FROM {P}list WHERE run_id = 2) AND seq = 1",
        )
    found = api.impact(path, code=True)
    assert (found["total"]["lists_changed"], found["total"]["scores_changed"]) == (0, 1)
    assert found["model_sha256"] is None


def test_fewer_places_cut_lists_at_their_ends(path):
    found = api.impact(path, top_k=1)["total"]
    (most,) = read(
        path,
        "SELECT sum(n - 1) FROM (SELECT count(*) AS n FROM v_personalization_replay"
        " GROUP BY run_id, user_token_hash, recommendation_type)",
    )
    assert (found["items_out"], found["items_in"], found["moved"]) == (*most, 0, 0)
    assert found["after"]["full_lists"] == found["profiles"] - found["after"]["empty_lists"]


def test_what_was_delivered_so_far_is_expected_of_what_comes(path, new):
    assert "nothing of these nights was delivered" in run(path, "--model", new).stderr
    (rows,) = read(path, f"SELECT count(*) FROM {P}recommendation_log")[0]
    given = {"channel": "digest", "delivered_at": f"{AS_OF}T03:00Z"}
    list(api.record_deliveries(path, [{"rec_id": 41}, {"rec_id": 42}], slot="issue-1", **given))
    api.record_delivery(path, 43, status=500, slot="issue-1", **given)
    taken = api.record_delivery(path, 44, slot="issue-1", **given)
    api.reverse_delivery(path, taken["delivery_id"])
    found = api.impact(path, model=new)["total"]
    assert found["delivered_rows"] == found["before"]["expected_deliveries"] == 2
    assert found["before"]["expected_yen"] == 6
    after = found["after"]
    assert after["expected_deliveries"] == round(2 * after["rows"] / rows)


def test_a_catalogue_is_read_again_with_further_items(path, tmp_path):
    select = tmp_path / "own.sql"
    select.write_text(
        "SELECT 'program' AS recommendation_type, 'new' AS item_id, '試作の補助' AS title, 'E' AS industries,"
        " NULL AS prefectures, NULL AS opens_on, '2026-05-30' AS closes_on, NULL AS risk_level",
        encoding="utf-8",
    )
    found = api.impact(path, catalogue=select, nights=1)
    (item,) = [one for one in found["affected_items"] if one["item_id"] == "new"]
    assert (item["title"], item["items_in"]) == ("試作の補助", found["total"]["items_in"])
    assert item["example"]["sentence"].startswith("was left out (not in the catalogue), would be")
    execute(path, "UPDATE programs SET excluded = 1 WHERE unified_id = 'EX-101'")
    found = api.impact(path, catalogue=select, nights=1)
    (item,) = [one for one in found["affected_items"] if one["item_id"] == "EX-101"]
    assert "would be left out: " in item["example"]["sentence"]


def test_keys_that_read_the_catalogue_are_named(path, tmp_path):
    tiers = {**MODEL, "tiers": dict.fromkeys(MODEL["tiers"], "high")}
    model = written(tmp_path / "m.json", tiers)
    result = run(path, "--model", model)
    assert "note: tiers of the model are read with the catalogue" in result.stderr
    empty = tmp_path / "none.sql"
    empty.write_text(
        "SELECT 'program' AS recommendation_type, 'x' AS item_id, 'x' AS title WHERE 0",
        encoding="utf-8",
    )
    again = api.impact(path, model=model, catalogue=empty)
    assert again["total"]["scores_changed"] + again["total"]["lists_changed"] > 0


@pytest.mark.parametrize("name", NAMES)
def test_every_measure_can_be_a_threshold_and_is_named_in_the_help(path, new, name):
    result = run(path, "--model", new, "--nights", 1, "--fail-if", f"{name}>=-999999")
    assert result.exit_code == 1
    assert f"\n{name}>=-999999 holds, by " in result.stderr
    assert name in " ".join(run(path, "--help").stdout.split())


def test_a_threshold_that_does_not_hold_ends_well(path, new):
    result = run(path, "--model", new, "--fail-if", "emptied_lists>0", "--fail-if", "moved > 90%")
    assert result.exit_code == 0
    assert "holds" not in result.stderr


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_the_page_has_charts_and_tables_and_nothing_that_runs_or_loads(path, new, tmp_path, lang):
    execute(path, "UPDATE programs SET primary_name = '<script>alert(1)</script>&' || primary_name")
    api.score(path, as_of="2026-04-02")
    page = tmp_path / "impact.html"
    page.write_text("an earlier one", encoding="utf-8")
    assert run(path, "--model", new, "--html", page, "--lang", lang).exit_code == 0
    text = page.read_text(encoding="utf-8")
    tags = Page(text).tags
    assert {"script", "link", "img", "iframe"} & {tag for tag, _ in tags} == set()
    assert all("src" not in attrs and "href" not in attrs for _, attrs in tags)
    assert ("html", {"lang": lang}) in tags
    charts = re.findall(r'<svg class="pa-chart.*?</svg>', text, re.DOTALL)
    assert len(charts) == 3
    assert all(ElementTree.fromstring(chart).find("*") is not None for chart in charts)
    assert sum(tag == "table" for tag, _ in tags) == 5
    assert ("lists_changed" in text) is False
    assert bool(
        re.search(
            "[ぁ-ん]", re.sub(r"<td.*?</td>|<text.*?</text>|<th scope=\"row.*?</th>", "", text)
        )
    ) == (lang == "ja")
    found = api.impact(path, model=new, lang=lang)
    assert api.impact_html(found, lang=lang) == text


def test_the_file_is_only_read(path, new):
    before = path.read_bytes()
    run(path, "--model", new, "--top-k", 3)
    assert path.read_bytes() == before
    path.chmod(0o444)
    assert run(path, "--code").exit_code == 0


USAGE = [
    [],
    ["--code", "--top-k", "3"],
    ["--top-k", "0"],
    ["--top-k", "x"],
    ["--top-k", str(2**60)],
    ["--model", "nowhere.json"],
    ["--code", "--nights", "0"],
    ["--code", "--nights", "2", "--since", AS_OF],
    ["--code", "--since", "yesterday"],
    ["--code", "--fail-if", "lists"],
    ["--code", "--fail-if", "lists_changed>5", "--fail-if", "nothing>5"],
    ["--code", "--fail-if", "mean_score>5%"],
    ["--code", "--fail-if", ""],
    ["--code", "--json", "--csv"],
    ["--code", "--html", "/"],
    ["--shadow", "newest"],
    ["--shadow", "1.5"],
    ["--shadow", "1", "--code"],
]


@pytest.mark.parametrize("arguments", USAGE, ids=" ".join)
def test_what_cannot_be_meant_ends_with_two(path, arguments):
    result = run(path, *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Traceback" not in result.stderr


MODELS = {
    "no JSON": "{",
    "an array": "[]",
    "empty": "",
    "a weight too great": json.dumps({**MODEL, "weights": {**MODEL["weights"], "risk": 10**30}}),
    "a weight of text": json.dumps({**MODEL, "weights": {**MODEL["weights"], "risk": "20"}}),
    "a cap too few": json.dumps({**MODEL, "caps": {"program": 100}}),
    "twice": json.dumps(MODEL)[:-1] + ', "weights": {}}',
    "deep": "[" * 100_000,
    "NaN": json.dumps({**MODEL, "urgent_days": float("nan")}),
}


@pytest.mark.parametrize("text", MODELS.values(), ids=MODELS)
def test_what_is_no_model_is_a_sentence(path, tmp_path, text):
    model = tmp_path / "m.json"
    model.write_text(text, encoding="utf-8")
    result = run(path, "--model", model)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("Error: ")


SELECTS = ("", "DELETE FROM programs", "SELECT 1", "SELECT * FROM nowhere", "\0", "SELECT x'00'")


@pytest.mark.parametrize("text", SELECTS)
def test_what_is_no_catalogue_is_a_sentence(path, tmp_path, text):
    select = tmp_path / "own.sql"
    select.write_text(text, encoding="utf-8")
    result = run(path, "--catalogue", select)
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: ")
    assert read(path, "SELECT count(*) FROM programs") == [(10,)]


@pytest.mark.parametrize("name", ["x.html", "/dev/full", ".", "nowhere/x.html"])
def test_a_page_that_cannot_be_written_is_a_sentence(path, tmp_path, name, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if name == "x.html":
        Path(name).symlink_to("elsewhere.html")
    result = run(path, "--code", "--html", name)
    assert result.exit_code == 2
    assert "Error: " in result.stderr
    assert "Traceback" not in result.stderr
    assert not Path("elsewhere.html").exists()


def test_where_no_night_is_finished_it_says_so(tmp_path):
    path = migrated(tmp_path / "empty.db")
    result = run(path, "--code")
    assert (result.exit_code, result.stdout) == (3, "")
    assert "no night is finished" in result.stderr
    with pytest.raises(NotFound):
        api.impact(path, code=True)
    sqlite3.connect(tmp_path / "other.db").execute("CREATE TABLE t (x)").connection.close()
    assert run(tmp_path / "other.db", "--code").exit_code == 2
    (tmp_path / "text.db").write_text("no database at all, by no means")
    assert run(tmp_path / "text.db", "--code").exit_code == 2


def test_nobody_and_nothing_are_decided_again_too(tmp_path, new):
    """No customers; and customers of a database in which nothing is listed but placeholders."""
    path = migrated(tmp_path / "none.db")
    api.score(path, as_of=AS_OF)
    found = api.impact(path, model=new, fail_if=["lists_changed>=0%", "mean_score>0"])
    assert found["total"]["profiles"] == found["total"]["before"]["rows"] == 0
    assert found["crossed"] == ["lists_changed>=0% holds: lists_changed is 0 % (0 of 0)"]
    assert run(path, "--model", new, "--html", tmp_path / "x.html").exit_code == 0
    execute(
        path,
        f"INSERT INTO {P}profile(user_token_hash, preference_json)"
        f""" VALUES ('{"a" * 64}', '{{"industry_pack": "E"}}')""",
    )
    api.score(path, as_of="2026-04-02")
    found = api.impact(path, model=new, nights=1)["total"]
    assert (found["profiles"], found["before"]["rows"], found["before"]["empty_lists"]) == (1, 0, 1)
    assert found["before"] == found["after"]


def test_another_programs_rows_and_open_nights_are_none_of_it(path, new):
    before = api.impact(path, model=new)
    execute(
        path,
        f"INSERT INTO {P}recommendation_log(profile_id, recommendation_type, score) VALUES (8, 'program', 7)",
    )

    def stop(stage, done, total):
        if stage == "Logging":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        api.score(path, as_of="2026-04-02", progress=stop)
    assert api.impact(path, model=new) == before


def test_who_is_erased_counts_as_then_and_of_one_day_the_last_run(path, new, tmp_path):
    before = api.impact(path, model=new)["total"]
    with closing(connect(path)) as db:
        (customer,) = db.execute(f"SELECT user_token_hash FROM {P}profile LIMIT 1").fetchone()
        erase(db, customer)
    assert api.impact(path, model=new)["total"] == before
    api.score(path, as_of=AS_OF, again=True)
    night, *_ = api.impact(path, model=new)["nights"]
    assert (night["run_id"], night["profiles"]) == (3, 7)
    other = written(tmp_path / "other.json", {**MODEL, "urgent_days": 30})
    api.score(path, as_of=AS_OF, model=other, top_k=2)
    night, *_ = api.impact(path, model=other)["nights"]
    assert (night["run_id"], night["top_k"], night["lists_changed"]) == (4, 2, 0)


def test_a_connection_is_left_as_it_was(path, new):
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"INSERT INTO {P}profile(user_token_hash) VALUES ('{'b' * 64}')")
        assert db.in_transaction
        found = api.impact(db, model=new)
        assert db.in_transaction
        db.rollback()
    assert found == api.impact(path, model=new)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"code": True, "top_k": 1},
        {"top_k": 0},
        {"top_k": True},
        {"top_k": "3"},
        {"model": 5},
        {"model": {}},
        {"catalogue": b"x"},
        {"code": True, "nights": 0},
        {"code": True, "nights": 1.5},
        {"code": True, "nights": 1, "since": AS_OF},
        {"code": True, "since": "2026-13-01"},
        {"code": True, "fail_if": "lists_changed>5"},
        {"code": True, "fail_if": [5]},
        {"code": True, "lang": "fr"},
        {"code": True, "progress": 5},
    ],
    ids=repr,
)
def test_an_argument_that_cannot_be_is_named(path, given):
    with pytest.raises(InvalidInput):
        api.impact(path, **given)


@pytest.mark.parametrize("found", [None, {}, [], "x", {"total": 5, "nights": []}])
def test_what_is_no_impact_has_no_page(found):
    with pytest.raises(InvalidInput):
        api.impact_html(found)


@pytest.mark.parametrize(
    "statement",
    [
        f"UPDATE {P}run SET model_json = '{{}}'",
        f"UPDATE {P}run SET top_k = 'x'",
        f"DELETE FROM {P}run_candidate",
        f"DELETE FROM {P}cohort",
        f"DELETE FROM {P}candidate",
        f"UPDATE {P}cohort SET risk_level = 5",
        f"UPDATE {P}run SET as_of = 'x' WHERE run_id = 1",
        f"DELETE FROM {P}decision",
        f"UPDATE {P}candidate SET title = x'ff', why = 'x'",
        f"UPDATE {P}decision SET score = 'x'",
        f"UPDATE {P}evidence SET n = 9007199254740992",
        f"DROP TABLE {P}unserved",
        f"DROP TABLE {P}delivery",
    ],
)
def test_of_a_file_that_was_tampered_with_it_says_something_or_refuses(path, new, statement):
    with closing(connect(path)) as db:
        db.execute("PRAGMA ignore_check_constraints = 1")
        tamper(db, statement)
    result = run(path, "--model", new, "--html", path.with_name("x.html"))
    # Without the table of who was not served nothing can be decided again.
    expected = (2,) if "unserved" in statement else (0, 1)
    assert result.exit_code in expected, result.output
    assert not result.exception or isinstance(result.exception, SystemExit), result.exception
