"""Our own pages on either line: what they say, as HTML and as JSON, to whom, and what when something is wrong."""

import re
import shutil
import sqlite3
from contextlib import closing, suppress
from datetime import datetime, timedelta
from html import unescape
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

pytest.importorskip("datasette")

from nights import scored_night
from oracle import Item
from strategies import TITLES
from viewer_fixtures import EVERY_PAGE, HOME, METADATA, root, serve, shared_database, twin

from sqlite_utils_personalization import score
from sqlite_utils_personalization.audit.replay import replay
from sqlite_utils_personalization.audit.selection import Selection
from sqlite_utils_personalization.audit.snapshot import snapshot
from sqlite_utils_personalization.evidence.checkpoint import format_checkpoint
from sqlite_utils_personalization.evidence.seal import head_of
from sqlite_utils_personalization.model.model import load_model
from sqlite_utils_personalization.schema import EVIDENCE, STORAGE, migrate
from sqlite_utils_personalization.viewer.queries.metadata import metadata

TYPES = ("program", "industry_pack", "saved_search", "amendment")
PAGES = (*EVERY_PAGE, *map(twin, EVERY_PAGE))
GREEN, AMBER, RED = (f'class="pa-verdict {css}"' for css in ("ok", "warn", "fault"))


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    return shared_database(tmp_path_factory.mktemp("viewer") / "jpcite.db")


@pytest.fixture
def tampered(shared, tmp_path):
    """A copy without guards, changed by some SQL."""

    def tamper(sql):
        path = tmp_path / "jpcite.db"
        shutil.copy(shared, path)
        db = sqlite3.connect(path)
        triggers = db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in triggers:
            db.execute(f"DROP TRIGGER {name}")
        db.executescript(sql)
        db.close()
        return path

    return tamper


async def get(datasette, url, status=200, **options):
    response = await datasette.client.get(url, **options)
    assert response.status_code == status, response.text
    return response


async def both(path, url, status):
    """The text of a page, with what HTML escapes, and its JSON twin."""
    datasette = await serve(path)
    page = await get(datasette, url, status)
    return unescape(page.text), (await get(datasette, twin(url), status)).json()


def figures(text):
    """The figures of a page, by what they are called."""
    return dict(re.findall(r"<dt>([^<]+)</dt><dd>([^<]+)</dd>", text))


def tables(text):
    """The rows of each table, as the texts of their cells, by what it is called."""
    found = {}
    for table in re.findall(r"<table.*?</table>", text, re.DOTALL):
        caption = re.search(r"<caption[^>]*>([^<]*)</caption>", table)[1]
        rows = re.findall(r"<tr.*?</tr>", table, re.DOTALL)
        cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in rows]
        found[caption] = [[re.sub("<[^>]+>", "", cell).strip() for cell in row] for row in cells]
    return found


@pytest.mark.asyncio
async def test_home_tells_of_the_latest_night_what_its_run_row_says(shared):
    text, data = await both(shared, HOME, 200)
    with sqlite3.connect(shared) as db:
        logged = dict(
            db.execute(
                "SELECT recommendation_type, count(*) FROM am_personalization_recommendation_log GROUP BY 1"
            )
        )
    (night,) = data["nights"]

    assert (data["ok"], data["database"], data["warnings"]) == (True, "jpcite", [])
    assert {kind: night["by_type"][kind] for kind in TYPES} == logged
    assert night["logged"] == sum(logged.values())
    assert data["logged_per_day"] == [{"as_of": night["as_of"], **logged}]
    shown = figures(text)
    assert (shown["Recommendations"], shown["Customers with some"]) == (
        str(sum(logged.values())),
        str(night["with_some"]),
    )
    assert f"of {night['profiles']}</dd>" in text
    served = tables(text)["Customers by type"]
    assert [row[1:] for row in served[1:-1]] == [
        [str(night["scored"][kind]), str(night["zero"][kind])] for kind in TYPES
    ]

    text, data = await both(shared, f"{HOME}/night/1", 200)
    assert {kind: data["by_type"][kind] for kind in TYPES} == logged
    assert f"{sum(logged.values())} recommendations for {night['with_some']} of" in text
    assert [row[-1] for row in tables(text)["Counts per type"][1:-1]] == [
        str(logged[kind]) for kind in TYPES
    ]
    assert re.search(
        rf'<dt>Finished</dt><dd><time class="w" datetime="{data["finished_at"]}">[^<]* JST<', text
    )


@pytest.mark.asyncio
async def test_scores_are_those_of_the_latest_night_only(shared, tmp_path):
    path = tmp_path / "jpcite.db"
    shutil.copy(shared, path)
    score(path, as_of="2026-04-02")
    _, data = await both(path, HOME, 200)
    with sqlite3.connect(path) as db:
        rows = db.execute(
            "SELECT recommendation_type, (score - 1) / 10 * 10 + 1, count(*)"
            " FROM am_personalization_recommendation_log JOIN am_personalization_run r USING (served_at)"
            " WHERE r.as_of = '2026-04-02' GROUP BY 1, 2"
        ).fetchall()

    assert [night["as_of"] for night in data["nights"]] == ["2026-04-02", "2026-04-01"]
    assert [day["as_of"] for day in data["logged_per_day"]] == ["2026-04-01", "2026-04-02"]
    assert sorted(
        (kind, band["from"], band[kind]) for band in data["scores"] for kind in TYPES if band[kind]
    ) == sorted(rows)
    text, night = await both(path, f"{HOME}/night/2", 200)
    assert night["scores"] == data["scores"]
    assert tables(text)["Recommendations by score"][1:] == [
        [f"{band['from']}–{band['to']}", *(str(band[kind]) for kind in TYPES)]
        for band in reversed(data["scores"])
    ]


@pytest.mark.asyncio
async def test_charts_of_scores_show_what_their_tables_say(shared):
    text, data = await both(shared, HOME, 200)
    (night,) = data["nights"]
    (numbers,) = (rows for name, rows in tables(text).items() if "three quarters" in name)
    for kind, row in zip(TYPES, (row for row in numbers if row[0] == night["as_of"]), strict=True):
        scores = sorted(
            int(score) for score, n in night["by_score"][kind].items() for _ in range(n)
        )
        # The least score that is not below so many of them.
        assert row[1:6] == [
            str(scores[max(0, -(-len(scores) * share // 100) - 1)])
            for share in (10, 25, 50, 75, 90)
        ]
        assert row[6] == f"{sum(scores) / len(scores):.1f}"
        chart = svg(text, f"scores-{kind}")
        said = chart.find("{http://www.w3.org/2000/svg}desc").text
        assert said == f"{night['as_of']}: {row[6]}"


def svg(text, name):
    """The chart of this name, as it is drawn broad."""
    chart = re.search(rf'<svg class="[^"]*" role="img" aria-labelledby="{name}-t .*?</svg>', text)
    return ElementTree.fromstring(chart[0])


@pytest.mark.asyncio
async def test_a_night_of_an_earlier_version_says_that_it_wrote_down_no_scores(tmp_path):
    past = Path(__file__).with_name("corpus") / "0.1a0-example.sql"
    path = tmp_path / "jpcite.db"
    db = sqlite3.connect(path)
    db.executescript(past.read_text(encoding="utf-8"))
    db.close()
    text, data = await both(path, HOME, 200)

    assert data["scores"] is None
    assert "wrote down no scores" in text
    text, data = await both(path, f"{HOME}/night/1", 200)
    assert data["scores"] is None
    assert "wrote down no scores" in text


@pytest.mark.asyncio
async def test_home_claims_no_more_than_it_checked(shared):
    text, data = await both(shared, HOME, 200)

    assert [(check["name"], check["ok"]) for check in data["integrity"]["checks"]] == [
        ("guards", True),
        ("seals", True),
        ("nights", True),
        ("unsealed", True),
        ("open", True),
    ]
    assert data["integrity"]["not_checked"] == "the rows of the log and the decisions behind them"
    assert data["trust"]["state"] == "not verified"
    assert "sqlite-utils personalization-verify jpcite.db" in text
    assert "nobody has yet derived it" in text
    for check in data["integrity"]["checks"]:
        assert check["sentence"] in text
    assert (GREEN in text, AMBER in text) == (False, True)
    assert "intact" not in text.lower()


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("sql", "check", "fault"),
    [
        (
            "DROP VIEW v_personalization_replay",
            "guards",
            "v_personalization_replay is missing",
        ),
        (
            "UPDATE am_personalization_seal SET root = replace(root, substr(root, 1, 1), 'x')",
            "seals",
            "the root at seal 1 is not that of the seals up to it",
        ),
        (
            "UPDATE am_personalization_seal SET seal_id = 3 WHERE seal_id = 2",
            "seals",
            "seal 3 stands where seal 2 belongs",
        ),
        (
            "UPDATE am_personalization_run SET counts_json = '[1]'",
            "nights",
            "the row of run 1 is not the one that was sealed",
        ),
        (
            "UPDATE am_personalization_run SET counts_json ="
            """ '{"program": {"scores": {"x": 1, "200": 1, "-3": 1, "50": "1"}}, "amendment": {"scores": [1, 2]}}'""",
            "nights",
            "the row of run 1 is not the one that was sealed",
        ),
        (
            "UPDATE am_personalization_run SET model_json = replace(model_json, '90', '30')",
            "nights",
            "the model of run 1 is not the one its digest was taken of",
        ),
        (
            "UPDATE am_personalization_seal SET manifest_json = '[1]'",
            "nights",
            "the row of run 1 is not the one that was sealed",
        ),
        (
            "DELETE FROM am_personalization_seal",
            "unsealed",
            "run 1 is finished, but its seal is missing",
        ),
        (
            "DELETE FROM am_personalization_seal WHERE run_id = 1;"
            "UPDATE am_personalization_run_progress SET status = 'running';"
            "UPDATE am_personalization_run SET started_at = '2026-04-01T18:00:00.000Z'",
            "open",
            "run 1 of 2026-04-01 is not finished: open since 2026-04-01T18:00:00.000Z",
        ),
        (
            "DELETE FROM am_personalization_recommendation_log WHERE rec_id > 35",
            "unsealed",
            "the log ends at row 35, but was sealed up to row 40",
        ),
    ],
)
@pytest.mark.sampled(4)
async def test_home_names_what_was_tampered_with(tampered, sql, check, fault):
    text, data = await both(tampered(sql), HOME, 200)
    faults = {found["name"]: found["faults"] for found in data["integrity"]["checks"]}

    assert fault in faults[check]
    # The first three of each check are named.
    assert all(one in text for one in faults[check][:3])
    # The guards are missing besides: an open night alone is no fault.
    assert GREEN not in text
    assert RED in text
    assert "Keep this file as it is" in text
    assert "sqlite-utils personalization-verify" in text


@pytest.mark.asyncio
async def test_a_fault_in_a_file_of_another_version_says_which_version_to_look_with(tampered):
    path = tampered("UPDATE am_personalization_run SET package_version = '0.0'")
    text, _ = await both(path, HOME, 200)

    assert RED in text
    assert "Version 0.0 of the package scored the latest night" in text


@pytest.mark.asyncio
async def test_home_names_an_open_night_and_how_to_finish_it_until_it_is_finished(shared, tmp_path):
    path = tmp_path / "jpcite.db"
    shutil.copy(shared, path)

    def stop(stage, done, total):
        if stage == "Logging":
            raise KeyboardInterrupt

    with suppress(KeyboardInterrupt):
        score(path, as_of="2026-04-02", progress=stop)
    text, data = await both(path, HOME, 200)
    *others, last = data["integrity"]["checks"]

    assert all(check["ok"] for check in others)
    assert (last["name"], last["ok"]) == ("open", False)
    (fault,) = last["faults"]
    assert fault.startswith("run 2 of 2026-04-02 is not finished: open since 20")
    assert fault in text
    assert "sqlite-utils personalization-score jpcite.db --as-of 2026-04-02" in text
    assert "keep this file as it is" not in text.lower()
    assert RED not in text

    score(path, as_of="2026-04-02")
    text, data = await both(path, HOME, 200)
    assert all(check["ok"] for check in data["integrity"]["checks"])
    assert "not finished" not in text
    assert "personalization-score" not in text


@pytest.mark.asyncio
async def test_a_replay_is_what_the_replay_function_says(shared):
    datasette = await serve(shared)
    with sqlite3.connect(shared) as db:
        expected = [found.to_dict() for found in replay(db, Selection())]
    for row in expected:
        data = (await get(datasette, f"{HOME}/replay/{row['rec_id']}.json")).json()
        assert {key: data[key] for key in row} == row
        assert (data["seal"]["seal_id"], data["seal"]["faults"]) == (2, [])


@pytest.mark.asyncio
async def test_a_replay_shows_points_sentences_and_links(shared):
    text, data = await both(shared, f"{HOME}/replay/1", 200)

    assert [part["name"] for part in data["components"]] == ["industry", "deadline", "risk"]
    for part in data["components"]:
        assert part["sentence"] in text
    assert f"+{data['components'][0]['points']}</text>" in text
    assert [row[1] for row in tables(text)["Points and reasons"][1:4]] == [
        str(part["points"]) for part in data["components"]
    ]
    assert data["item"]["title"] in text
    assert data["seal"]["root"] in text
    with sqlite3.connect(shared) as db:
        head = head_of(
            *db.execute(
                "SELECT origin, seal_id, tree_root FROM am_personalization_seal WHERE seal_id = 2"
            ).fetchone()
        )
    assert data["seal"]["head"] == format_checkpoint(head)
    for line in data["seal"]["head"].splitlines():
        assert f'<span class="pa-hash">{line}</span>' in text
    assert data["user_token_hash"] not in text
    item = f"/item/{data['recommendation_type']}/{data['item']['item_id']}"
    for link in (f"/customer/{data['profile_id']}", item, "/night/1"):
        assert f'href="{HOME}{link}"' in text


@pytest.mark.asyncio
async def test_every_link_of_our_pages_leads_somewhere(shared):
    datasette = await serve(shared, metadata=metadata("jpcite"))
    links = set()
    for page in EVERY_PAGE:
        text = (await get(datasette, page)).text
        found = {unescape(part.split('"')[0]) for part in text.split('href="')[1:]}
        assert found
        links |= {link.partition("#")[0] for link in found if link.startswith("/")}
    for link in sorted(links):
        response = await datasette.client.get(link)
        assert response.status_code in (200, 302), link


@pytest.mark.asyncio
async def test_the_item_is_compared_with_today_when_asked(shared, tmp_path):
    path = tmp_path / "jpcite.db"
    shutil.copy(shared, path)
    datasette = await serve(path)
    before = (await get(datasette, f"{HOME}/replay/1.json")).json()
    with sqlite3.connect(path) as db:
        db.execute("DELETE FROM jgrants_programs WHERE id = ?", (before["item"]["item_id"],))
    after = (await get(datasette, f"{HOME}/replay/1.json?now=on")).json()

    assert before["now"] is None
    assert after["now"]["standing"] == "no longer in the catalogue"
    assert after["verdict"] == "reproduced"
    assert "no longer in the catalogue" in (await get(datasette, f"{HOME}/replay/1?now=on")).text


@pytest.mark.asyncio
async def test_a_catalogue_that_cannot_be_read_is_named_and_the_replay_stands(shared, tmp_path):
    path = tmp_path / "jpcite.db"
    shutil.copy(shared, path)
    with sqlite3.connect(path) as db:
        db.execute("ALTER TABLE jgrants_programs RENAME COLUMN id TO number")
    datasette = await serve(path)
    data = (await get(datasette, f"{HOME}/replay/1.json?now=on")).json()

    assert (data["verdict"], data["now"]) == ("reproduced", None)
    assert "jgrants_programs" in data["now_fault"]
    assert data["now_fault"] in (await get(datasette, f"{HOME}/replay/1?now=on")).text


@pytest.mark.asyncio
async def test_the_page_of_an_erased_customers_row_says_so_and_names_no_hash(tampered):
    random = "e" * 64
    path = tampered(
        f"UPDATE am_personalization_profile SET user_token_hash = '{random}', preference_json = '{{}}'"
        " WHERE profile_id = (SELECT profile_id FROM am_personalization_recommendation_log WHERE rec_id = 1)"
    )
    db = sqlite3.connect(path, isolation_level=None)
    db.execute(
        "INSERT INTO am_personalization_erasure(profile_id, erased_at, legal_basis, log_rows) SELECT profile_id,"
        " '2026-05-01T00:00:00.000Z', 'objection', 1 FROM am_personalization_recommendation_log WHERE rec_id = 1"
    )
    db.close()
    text, data = await both(path, f"{HOME}/replay/1", 200)
    assert (data["verdict"], data["erased_at"], data["user_token_hash"]) == (
        "erased",
        "2026-05-01T00:00:00.000Z",
        None,
    )
    assert "The customer was erased, and nothing leads to them any more." in text
    assert re.search("a customer who was erased on <time[^>]*>2026-05-01 09:00 JST", text)
    assert random[:8] not in text
    assert GREEN in text


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("sql", "rec_id", "verdict", "says"),
    [
        (
            "UPDATE am_personalization_recommendation_log SET score = 77 WHERE rec_id = 1",
            1,
            "differs",
            "the first thing that differs: logged score",
        ),
        (
            "DELETE FROM am_personalization_decision",
            1,
            "evidence broken",
            "missing: the decision",
        ),
        (
            "INSERT INTO am_personalization_recommendation_log(profile_id, recommendation_type, score)"
            " VALUES (1, 'program', 50)",
            41,
            "no evidence",
            "Another program wrote this row",
        ),
        (
            "DELETE FROM am_personalization_evidence",
            1,
            "no evidence",
            "missing: the evidence",
        ),
        (
            "UPDATE am_personalization_seal SET root = replace(root, substr(root, 1, 1), 'x')",
            1,
            "reproduced",
            "the root at seal 1 is not that of the seals up to it",
        ),
        (
            "DELETE FROM am_personalization_profile WHERE profile_id = 1",
            1,
            "evidence broken",
            "a customer who is not in the file",
        ),
        (
            "UPDATE am_personalization_run SET model_json = '{}'",
            1,
            "differs",
            "The model of run 1 is not the one its digest was taken of",
        ),
    ],
)
@pytest.mark.sampled(3)
async def test_a_replay_that_fails_says_how_and_what_to_do(tampered, sql, rec_id, verdict, says):
    text, data = await both(tampered(sql), f"{HOME}/replay/{rec_id}", 200)

    assert data["verdict"] == verdict
    assert says.lower() in text.lower()
    assert "What to do now" in text
    assert GREEN not in text
    if says != "Another program wrote this row":
        assert RED in text
        assert "Keep this file as it is" in text
        assert "sqlite-utils personalization-verify jpcite.db" in text


@pytest.mark.asyncio
async def test_a_row_whose_evidence_was_taken_away_is_not_said_to_be_of_another_program(tampered):
    path = tampered("DELETE FROM am_personalization_evidence WHERE first_rec_id = 1")
    text, data = await both(path, f"{HOME}/replay/1", 200)

    assert (data["missing"], data["seal"]) == ("evidence", None)
    assert "Another program" not in text
    assert "what other programs wrote before it" not in text
    assert RED in text
    assert "missing: the evidence" in text
    assert "sqlite-utils personalization-verify jpcite.db" in text


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("rec_id", "error", "todo"),
    [
        ("999", "There is no recommendation 999 in the log.", "Check rec_id."),
        ("abc", "'abc' is not a rec_id.", "Give a whole number."),
        ("99999999999999999999", "'99999999999999999999' is not a rec_id.", "Give a whole number."),
        ("~3Cb~3E", "'~3Cb~3E' is not a rec_id.", "Give a whole number."),
    ],
)
async def test_an_unknown_recommendation_is_404(shared, rec_id, error, todo):
    text, data = await both(shared, f"{HOME}/replay/{rec_id}", 404)

    assert data == {
        "ok": False,
        "status": 404,
        "title": "No such recommendation",
        "error": error,
        "todo": todo,
        "links": {},
    }
    assert todo in text


@pytest.mark.asyncio
async def test_a_row_cut_out_of_the_log_is_404_and_said_to_be_missing(tampered):
    sql = "DELETE FROM am_personalization_recommendation_log WHERE rec_id = 5"
    _, data = await both(tampered(sql), f"{HOME}/replay/5", 404)

    assert "missing from the log, where run 1 has evidence" in data["error"]


@pytest.mark.asyncio
async def test_a_file_without_our_schema_says_how_to_prepare_it(tmp_path):
    path = tmp_path / "other.db"
    sqlite3.connect(path).close()
    for url in (HOME, f"{HOME}/replay/1"):
        text, data = await both(path, url, 404)
        assert data["title"] == "Nothing to audit here"
        assert "sqlite-utils personalization-migrate" in text
        japanese = await get((await serve(path)), url, 404, headers={"Accept-Language": "ja"})
        assert "監査の対象がありません" in japanese.text
        assert "sqlite-utils personalization-migrate" in japanese.text


@pytest.mark.asyncio
async def test_a_file_without_evidence_says_how_to_migrate_it(tmp_path):
    migrate(tmp_path / "jpcite.db", only=[STORAGE])
    for url in (HOME, f"{HOME}/replay/1"):
        text, data = await both(tmp_path / "jpcite.db", url, 409)
        assert data["error"] == "am_personalization_run not found in jpcite.db."
        assert "sqlite-utils personalization-migrate jpcite.db" in text


@pytest.mark.asyncio
async def test_an_empty_database_says_how_to_score_it(db_path):
    text, data = await both(db_path, HOME, 200)

    assert (data["nights"], data["logged_per_day"], data["scores"]) == ([], [], None)
    for sentence in ("There is no seal yet.", "There is no finished night yet."):
        assert sentence in text
    assert GREEN not in text
    assert '<svg class="pa-chart' not in text
    assert "sqlite-utils personalization-score jpcite.db" in text


@pytest.mark.asyncio
async def test_a_file_of_another_version_says_so(tampered):
    path = tampered("ALTER TABLE am_personalization_run_progress RENAME COLUMN status TO state")
    text, data = await both(path, HOME, 409)

    assert data["title"] == "The file was made by another version"
    assert "package_version" in text
    # Datasette 0.65 answers 400, 1.0 answers 200.
    question = await (await serve(path)).client.get("/jpcite/nights")
    assert "The file was made by another version" in question.text
    assert "sqlite-utils personalization-migrate jpcite.db" in question.text


@pytest.mark.asyncio
async def test_a_snapshot_answers_as_its_source_does(shared, tmp_path):
    snapshot(shared, tmp_path / "jpcite.db")
    for url in (f"{HOME}.json", f"{HOME}/replay/1.json"):
        source, copy = await serve(shared), await serve(immutables=[str(tmp_path / "jpcite.db")])
        assert (await get(copy, url)).json() == (await get(source, url)).json()
    now = (await get(copy, f"{HOME}/replay/1.json?now=on")).json()["now"]
    assert now["standing"] == "not known here"


@pytest.mark.asyncio
async def test_a_file_served_immutable_beside_a_full_wal_is_warned_of(shared, tmp_path, capsys):
    path = tmp_path / "jpcite.db"
    shutil.copy(shared, path)
    db = sqlite3.connect(path)
    db.execute("PRAGMA journal_mode = wal")
    db.execute("INSERT INTO api_keys (notify_email) VALUES ('x')")
    db.commit()
    datasette = await serve(immutables=[str(path)])
    warning = "jpcite.db is served with -i, but jpcite.db-wal beside it holds rows"
    text = (await get(datasette, HOME)).text
    data = (await get(datasette, f"{HOME}.json")).json()
    db.close()

    assert warning in capsys.readouterr().err
    assert warning in text
    assert data["warnings"][0]["reason"] == "wal_not_shown"
    assert data["warnings"][0]["sentence"].startswith(warning)


@pytest.mark.asyncio
async def test_nothing_is_warned_of_without_a_wal_or_without_immutable(shared, capsys):
    for datasette in (await serve(shared), await serve(immutables=[str(shared)])):
        assert (await get(datasette, f"{HOME}.json")).json()["warnings"] == []
    assert capsys.readouterr().err == ""


def without_nights(queries):
    del queries["nights"]


def with_another_night_scores(queries):
    queries["night_scores"]["sql"] = "SELECT 1"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("change", "says"),
    [
        (without_nights, "of another version than this viewer: nights missing or not the same"),
        (with_another_night_scores, "viewer: night_scores missing or not the same"),
        (dict.clear, "no question of this plugin is served for jpcite"),
    ],
)
async def test_questions_of_another_version_are_warned_of(shared, capsys, change, says):
    given = metadata("jpcite")
    change(given["databases"]["jpcite"]["queries"])
    datasette = await serve(shared, metadata=given)
    assert says in capsys.readouterr().err
    for url in (HOME, f"{HOME}/replay/1"):
        text = (await get(datasette, url)).text
        (warning,) = (await get(datasette, f"{url}.json")).json()["warnings"]
        assert warning["reason"] == "other_questions"
        assert says in warning["sentence"]
        assert "sqlite-utils personalization-metadata jpcite &gt; metadata.yml" in text


@pytest.mark.asyncio
async def test_the_questions_of_a_file_that_lacks_a_table_are_not_of_another_version(
    tmp_path, capsys
):
    migrate(tmp_path / "jpcite.db", only=[STORAGE, EVIDENCE])
    datasette = await serve(tmp_path / "jpcite.db")

    warnings = (await get(datasette, f"{HOME}.json")).json()["warnings"]
    assert [warning["reason"] for warning in warnings] == [
        "no_night",
        *["pending_migration"] * 2,
    ]
    assert capsys.readouterr().err == ""


@pytest.mark.asyncio
@pytest.mark.parametrize("level", ["instance", "database"])
@pytest.mark.parametrize("url", PAGES)
@pytest.mark.sampled(8, by="level")
async def test_pages_are_closed_to_whom_the_database_is_closed(shared, level, url):
    given = metadata("jpcite")
    closed = given if level == "instance" else given["databases"]["jpcite"]
    closed["allow"] = {"id": "root"}
    datasette = await serve(shared, metadata=given)
    denied = await get(datasette, url, 403)

    assert "recommendation" not in denied.text
    await get(datasette, f"{url}?database=jpcite", 403)
    await get(datasette, url, cookies=root(datasette))


@pytest.mark.asyncio
@pytest.mark.parametrize("url", [*PAGES, f"{HOME}/replay?rec_id=1"])
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
@pytest.mark.sampled(1, by="method")
async def test_pages_answer_no_method_that_could_write(shared, url, method):
    datasette = await serve(shared)
    before = shared.read_bytes()
    response = await getattr(datasette.client, method)(url)

    assert (response.status_code, response.headers["allow"]) == (405, "GET, HEAD")
    assert shared.read_bytes() == before


@pytest.mark.asyncio
async def test_reading_every_page_changes_nothing(shared):
    datasette = await serve(shared)
    before = shared.read_bytes()
    for url in (*PAGES, f"{HOME}/replay/1?now=on&proof=on", f"{HOME}/customer/1/receipt/1.html"):
        read = await datasette.client.get(url)
        head = await datasette.client.head(url)
        assert (read.status_code, head.status_code) in ((200, 200), (302, 302), (409, 409)), url

    assert shared.read_bytes() == before


@pytest.mark.asyncio
async def test_with_several_databases_one_is_asked_for(shared, tmp_path):
    other = tmp_path / "other.db"
    shutil.copy(shared, other)
    datasette = await serve(shared, other)
    choice = (await get(datasette, f"{HOME}.json", 400)).json()

    assert choice["links"] == {
        "jpcite": "/-/personalization.json?database=jpcite",
        "other": "/-/personalization.json?database=other",
    }
    for name in choice["links"]:
        for url in (f"{HOME}.json", f"{HOME}/replay/1.json"):
            data = (await get(datasette, f"{url}?database={name}")).json()
            assert data["database"] == name
    await get(datasette, f"{HOME}?database=nothing", 404)


@pytest.mark.asyncio
async def test_the_form_leads_to_the_replay(shared):
    datasette = await serve(shared)
    response = await get(datasette, f"{HOME}/replay?database=jpcite&rec_id=+7+", 302)

    assert response.headers["location"] == "/-/personalization/replay/7"
    await get(datasette, f"{HOME}/replay?rec_id=7abc", 400)
    found = await get(datasette, f"{HOME}/search?q=+7+")
    assert 'href="/-/personalization/replay/7"' in found.text


@pytest.mark.asyncio
async def test_rec_ids_anywhere_in_our_database_lead_to_their_replay(shared, tmp_path):
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as db:
        db.execute("CREATE TABLE t (rec_id INTEGER)")
        db.execute("INSERT INTO t VALUES (1)")
    datasette = await serve(shared, other)
    link = "/-/personalization/replay/1?database="
    for url in (
        "/jpcite/am_personalization_recommendation_log/1",
        "/jpcite/v_personalization_recent_recs?rec_id=1",
        "/jpcite/why_this_recommendation?rec_id=1",
    ):
        assert f"{link}jpcite" in (await get(datasette, url)).text
    assert link not in (await get(datasette, "/other/t")).text


@pytest.mark.asyncio
async def test_numbers_in_an_answer_lead_to_what_they_are_numbers_of(shared):
    datasette = await serve(shared)
    (row,) = (
        await get(datasette, "/jpcite/item_recommendations.json?_shape=array&size=1&item_id=EX-104")
    ).json()
    text = (await get(datasette, "/jpcite/item_recommendations?size=1&item_id=EX-104")).text
    links = {part.split('"')[0].replace("&amp;", "&") for part in text.split('href="')[1:]}

    for link in (
        f"/jpcite/customer_recommendations?customer={row['profile_id']}",
        f"/jpcite/night_integrity?night={row['run_id']}",
        f"/jpcite/item_recommendations?item_id=EX-104&type={row['recommendation_type']}&night={row['run_id']}",
        f"{HOME}/replay/{row['rec_id']}?database=jpcite",
    ):
        assert link in links
        await get(datasette, link)


@pytest.mark.asyncio
async def test_pages_say_times_in_japan_and_scripts_get_utc(shared):
    datasette = await serve(shared)
    for page in ("nights", "am_personalization_run", "v_personalization_recent_recs"):
        row, *_ = (await get(datasette, f"/jpcite/{page}.json?_shape=array")).json()
        moment = datetime.fromisoformat(row["served_at"].replace("Z", "+00:00"))
        japan = (moment + timedelta(hours=9)).strftime("%Y-%m-%d %H:%M JST")
        text = (await get(datasette, f"/jpcite/{page}")).text
        assert (
            f'<time datetime="{row["served_at"]}" title="{row["served_at"]}">{japan}</time>' in text
        )


@pytest.mark.asyncio
async def test_cells_of_other_databases_and_tables_are_left_alone(shared, tmp_path):
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as db:
        db.execute("CREATE TABLE t (run_id INTEGER, profile_id INTEGER, served_at TEXT)")
        db.execute("INSERT INTO t VALUES (1, 2, '2026-04-01T00:00:00.000Z')")
    datasette = await serve(shared, other)
    for url in ("/other/t", "/other?sql=select+*+from+t"):
        text = (await get(datasette, url, follow_redirects=True)).text
        assert "<time" not in text
        assert "night_integrity" not in text
        assert "personalization-tables.css" not in text
    assert "personalization-tables.css" in (await get(datasette, "/jpcite/nights")).text


@pytest.mark.asyncio
async def test_a_denied_page_says_what_is_shown_instead(shared):
    datasette = await serve(shared)
    page = await get(datasette, "/jpcite/api_keys", 403)
    data = (await get(datasette, "/jpcite/api_keys.json", 403)).json()

    assert "Not part of the audit" in page.text
    assert f'href="{HOME}?database=jpcite"' in page.text
    assert (data["ok"], data["status"], data["title"]) == (False, 403, "Not part of the audit")
    assert 'href="/jpcite/api_keys.json"' in page.text
    assert ".json" not in (await get(datasette, "/jpcite/api_keys.csv", 403)).text
    japanese = await get(datasette, "/jpcite/api_keys", 403, headers={"Accept-Language": "ja"})
    assert "<h1>監査の対象外です</h1>" in japanese.text


@pytest.mark.asyncio
async def test_who_may_not_see_the_database_is_not_led_into_it(shared):
    closed = metadata("jpcite")
    closed["databases"]["jpcite"]["allow"] = {"id": "root"}
    datasette = await serve(shared, metadata=closed)
    for url in ("/jpcite/api_keys", "/jpcite/nights", "/jpcite"):
        assert f'{HOME}?database=jpcite"' not in (await get(datasette, url, 403)).text


@pytest.mark.asyncio
async def test_menus_lead_home_for_whom_may_go_there(shared):
    datasette = await serve(shared)
    closed = await serve(shared, metadata={"databases": {"jpcite": {"allow": {"id": "root"}}}})

    assert f'href="{HOME}"' in (await get(datasette, "/")).text
    assert f'href="{HOME}?database=jpcite"' in (await get(datasette, "/jpcite")).text
    assert f'href="{HOME}"' not in (await get(closed, "/")).text


@pytest.mark.asyncio
async def test_pages_work_under_a_base_url(shared):
    datasette = await serve(shared, settings={"base_url": "/audit/"})
    text = (await get(datasette, f"{HOME}/replay/1")).text

    assert 'href="/audit/-/personalization"' in text
    assert 'href="/audit/-/static-plugins/' in text
    assert 'action="/audit/-/personalization/search"' in text
    assert 'href="/-/' not in text


@pytest.mark.asyncio
async def test_a_replay_names_the_rounds_it_stands_for_and_the_notice(tmp_path):
    rounds = [
        Item("program", "first", TITLES[0], industries="DE"),
        Item("program", "second", TITLES[1], industries="D"),
    ]
    model = load_model().constants
    with closing(scored_night(tmp_path, rounds, ['{"industry_pack": "D"}'], model=model)) as db:
        ((_, _, path),) = db.execute("PRAGMA database_list")
    text, data = await both(path, f"{HOME}/replay/1", 200)

    assert data["same_programme"] == [{"item_id": "first", "title": TITLES[0]}]
    assert f"and 1 more: {TITLES[0]} (first)" in re.sub("<[^>]+>", "", text)
    assert "<dt>Notice</dt><dd>14 days before it closes</dd>" in text


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("item_id", "says"),
    [("EX-102", "applications at any time"), ("EX-104", "closing date not known")],
)
async def test_a_replay_says_of_what_has_no_closing_date_which_it_is(shared, item_id, says):
    with closing(sqlite3.connect(shared)) as db:
        sql = "SELECT min(rec_id) FROM v_personalization_replay WHERE item_id = ?"
        (rec_id,) = db.execute(sql, (item_id,)).fetchone()
    text, _ = await both(shared, f"{HOME}/replay/{rec_id}", 200)

    assert f"<dt>Closes</dt><dd>{says}</dd>" in text


@pytest.mark.asyncio
async def test_each_of_several_databases_has_its_own_address_of_the_same_page(shared, tmp_path):
    other = tmp_path / "other one.db"
    shutil.copy(shared, other)
    datasette = await serve(shared, other, settings={"base_url": "/audit/"})
    for page in (HOME, f"{HOME}.json", f"{HOME}/replay/1", f"{HOME}/replay/1.json"):
        for wrong, status in (("", 400), ("&database=nothing", 404)):
            response = await get(datasette, f"{page}?lang=en{wrong}", status)
            if page.endswith(".json"):
                answer = response.json()
                assert (answer["ok"], answer["parameter"]) == (False, "database")
                assert answer["links"] == {
                    "jpcite": f"/audit{page}?database=jpcite&lang=en",
                    "other one": f"/audit{page}?database=other+one&lang=en",
                }
                for name, url in answer["links"].items():
                    inside = url.removeprefix("/audit")
                    assert (await get(datasette, inside)).json()["database"] == name
            else:
                assert f"/audit{page}?database=other+one&amp;lang=en" in response.text


@pytest.mark.asyncio
@pytest.mark.parametrize("url", (f"{HOME}.json", f"{HOME}/replay/1.json"))
async def test_json_of_ours_is_as_open_and_is_kept_as_long_as_datasettes(shared, url):
    datasette = await serve(shared, cors=True, settings={"default_cache_ttl": 17})
    ours = await get(datasette, url)
    theirs = await get(datasette, "/jpcite/nights.json")
    for name in ("access-control-allow-origin", "access-control-expose-headers", "cache-control"):
        assert ours.headers[name] == theirs.headers[name]
    for wrong in (f"{url}?database=nothing", "/jpcite/nights.json?nite=1"):
        refused = await datasette.client.get(wrong)
        assert refused.status_code in (400, 404)
        assert refused.headers["access-control-allow-origin"] == "*"
        assert "max-age" not in refused.headers.get("cache-control", "")
    asked = await datasette.client.options(url)
    assert (asked.status_code, asked.headers["access-control-allow-origin"]) == (200, "*")
    known = await datasette.client.get(url, cookies=root(datasette))
    assert known.headers["cache-control"].startswith("private")
    closed = await serve(shared, settings={"default_cache_ttl": 0})
    alone = await get(closed, url)
    assert "access-control-allow-origin" not in alone.headers
    assert alone.headers["cache-control"] == "no-cache"
    assert (await closed.client.options(url)).status_code == 405


@pytest.mark.asyncio
async def test_the_form_reads_full_width_digits(shared):
    datasette = await serve(shared)
    response = await get(datasette, f"{HOME}/replay?rec_id=%EF%BC%97%E3%80%80", 302)

    assert response.headers["location"] == f"{HOME}/replay/7"
    found = await get(datasette, f"{HOME}/search?q=%EF%BC%97%E3%80%80")
    assert 'href="/-/personalization/replay/7"' in found.text


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "address", ["/replay/99999999", "/night/99", "/customer/99999999", "/q/nothing"]
)
async def test_whoever_asks_for_what_is_not_there_can_search_for_it(tmp_path, address):
    datasette = await serve(shared_database(tmp_path / "jpcite.db"))
    page = (await get(datasette, f"{HOME}{address}", 404)).text
    assert f'action="{HOME}/search"' in page
    assert f'href="{HOME}/nights"' in page


@pytest.mark.asyncio
async def test_a_page_that_cannot_be_shown_names_no_database_that_may_not_be_seen(tmp_path):
    path = shared_database(tmp_path / "jpcite.db")
    metadata = yaml.safe_load(METADATA.read_text(encoding="utf-8"))
    metadata["databases"]["jpcite"]["allow"] = {"id": "root"}
    datasette = await serve(path, metadata=metadata)
    for address in ("/replay/99999999", "/replay/99999999?database=jpcite"):
        response = await datasette.client.get(f"{HOME}{address}")
        assert response.status_code in (403, 404)
        assert "pa-seek" not in response.text
