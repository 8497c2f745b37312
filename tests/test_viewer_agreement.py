"""Page, JSON, command and question say the same of a recommendation, whichever is asked."""

import json
import random
import re
import sqlite3
from contextlib import closing
from html import unescape

import pytest

pytest.importorskip("datasette")

from click.testing import CliRunner
from sqlite_utils.cli import cli
from viewer_fixtures import serve, shared_database

from sqlite_utils_personalization import erase, score

HOME = "/-/personalization"
SAID = ("rec_id", "verdict", "score", "recomputed_score", "profile_id", "recommendation_type")
COMPONENTS = ("industry", "deadline", "risk")
OTHER_ROW = """
INSERT INTO am_personalization_recommendation_log (profile_id, recommendation_type, score) VALUES (1, 'program', 5)
"""


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """Three nights, a row of another program, a customer who was erased, and a score that was changed."""
    path = shared_database(tmp_path_factory.mktemp("agreement") / "jpcite.db")
    for as_of in ("2026-04-05", "2026-04-14"):
        score(path, as_of=as_of)
    with closing(sqlite3.connect(path)) as db, db:
        (erased,) = db.execute(
            "SELECT user_token_hash FROM am_personalization_profile WHERE profile_id = 2"
        ).fetchone()
        db.execute(OTHER_ROW)
        db.execute("DROP TRIGGER am_personalization_recommendation_log_no_update")
        db.execute(
            "UPDATE am_personalization_recommendation_log SET score = score - 1 WHERE rec_id = 5"
        )
    erase(path, erased)
    return path


@pytest.mark.asyncio
async def test_fifty_rows_are_the_same_on_page_json_command_and_question(path):
    with closing(sqlite3.connect(path)) as db:
        every = [
            one for (one,) in db.execute("SELECT rec_id FROM am_personalization_recommendation_log")
        ]
        (other,) = db.execute(
            "SELECT max(rec_id) FROM am_personalization_recommendation_log"
        ).fetchone()
        of_erased = [
            one
            for (one,) in db.execute(
                "SELECT rec_id FROM am_personalization_recommendation_log WHERE profile_id = 2"
            )
        ]
    chosen = sorted({*random.Random(50).sample(every, 50), other, 5, *of_erased[:2]})
    result = CliRunner().invoke(
        cli, ["personalization-replay", str(path), *map(str, chosen), "--json"]
    )
    assert result.exit_code == 1, "a row was changed"
    commanded = {row["rec_id"]: row for row in json.loads(result.stdout)}
    datasette = await serve(path)
    verdicts = set()
    for rec_id in chosen:
        row = commanded[rec_id]
        verdicts.add(row["verdict"])
        twin = (await datasette.client.get(f"{HOME}/replay/{rec_id}.json")).json()
        # Whether it is as it was sealed the page looks up unasked.
        row.pop("sealed", None)
        assert {name: twin[name] for name in row} == row
        url = f"/jpcite/why_this_recommendation.json?_shape=array&rec_id={rec_id}"
        (answer,) = (await datasette.client.get(url)).json()
        assert answer["verdict"] == row["verdict"]
        assert (answer["score"], answer["profile_id"]) == (row["score"], row["profile_id"])
        page = (await datasette.client.get(f"{HOME}/replay/{rec_id}")).text
        text = " ".join(unescape(re.sub(r"<[^>]+>", "", page)).split())
        assert f"Score {row['score']}" in text
        if row["item"] is None:
            continue
        assert answer["recomputed_score"] == row["recomputed_score"]
        assert [answer[f"{name}_points"] for name in COMPONENTS] == [
            part["decided"] for part in row["components"]
        ]
        assert (answer["item_id"], answer["title"]) == (
            row["item"]["item_id"],
            row["item"]["title"],
        )
        assert row["item"]["title"] in text
        assert all(part["sentence"] in text for part in row["components"])
        assert row["total"]["sentence"] in text
        is_right = row["verdict"] in ("reproduced", "erased")
        assert ("Reproduced, and as it was sealed" in text) == is_right
    assert verdicts == {"reproduced", "erased", "differs", "no evidence"}
