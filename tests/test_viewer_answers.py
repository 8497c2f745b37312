"""What each question answers on two scored nights, over Datasette, against plain Python over the tables."""

import json
import sqlite3
from collections import Counter, defaultdict
from hashlib import sha256

import pytest

pytest.importorskip("datasette")

from viewer_fixtures import serve

from sqlite_utils_personalization import score
from sqlite_utils_personalization.billing.reconcile.reconcile import reconcile
from sqlite_utils_personalization.billing.reconcile.reconcile import reconciled_rows as rows
from sqlite_utils_personalization.billing.reconcile.result import keep
from sqlite_utils_personalization.billing.record import record_delivery
from sqlite_utils_personalization.example import AS_OF, build
from sqlite_utils_personalization.model.model import load_model
from sqlite_utils_personalization.preferences.customer import key_hash
from sqlite_utils_personalization.preferences.feedback import give_feedback
from sqlite_utils_personalization.viewer.queries.queries import questions, questions_table

LATER = "2026-04-05"
TYPES = ("program", "industry_pack", "saved_search", "amendment")
LOG = "am_personalization_recommendation_log"
OTHER_ROWS = f"INSERT INTO {LOG}(profile_id, recommendation_type, score) VALUES (1, 'program', 5)"
DELIVERY = """
INSERT INTO am_personalization_delivery (delivery_key, rec_id, channel, slot, delivered_at, status, unit_price_yen)
VALUES (hex(zeroblob(32)), 1, 'rest', '2026-04-06', '2026-04-06T00:00:00.000Z', 200, 3);
"""
# Between the nights: what customers declared, what the catalogue says, and rows that another program wrote.
CHANGES = f"""
UPDATE am_personalization_profile SET preference_json = '{{"industry_pack": "E"}}' WHERE profile_id = 4;
UPDATE am_personalization_profile SET preference_json = '[]' WHERE profile_id = 6;
UPDATE programs SET primary_name = '中小企業の賃上げ特別応援金' WHERE unified_id = 'EX-104';
DELETE FROM programs WHERE unified_id = 'EX-110';
INSERT INTO programs(unified_id, primary_name, prefecture, tier, excluded, application_window_json)
    VALUES ('EX-201', '都内工務店の防災工事支援', '東京都', 'A', 0, '{{"end_date": "2026-04-20"}}');
{OTHER_ROWS}; {OTHER_ROWS}; {OTHER_ROWS};
"""


def keep_a_month(path):
    db = sqlite3.connect(path, isolation_level=None)
    record_delivery(db, 2, channel="digest", slot="issue-1", delivered_at="2026-04-06T00:00:00Z")
    keep(db, reconcile(db, "2026-04"), rows(db))
    db.close()


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("answers") / "jpcite.db"
    build(path)
    with sqlite3.connect(path) as db:
        db.execute(
            "INSERT INTO am_personalization_profile (user_token_hash, preference_json) VALUES (?, '[]')",
            (sha256(b"rejected").hexdigest(),),
        )
    score(path, as_of=AS_OF)
    with sqlite3.connect(path) as db:
        db.executescript(CHANGES)
    other = path.with_name("other.json")
    other.write_text(json.dumps({**load_model().constants, "urgent_days": 30}), encoding="utf-8")
    score(path, as_of=LATER, shadow=other)
    keep_a_month(path)
    with sqlite3.connect(path) as db:
        db.executescript(f"{OTHER_ROWS}; {OTHER_ROWS}; {DELIVERY}")
    return path


@pytest.fixture(scope="module")
def tables(path):
    """The rows of every table of ours, as dictionaries."""
    db = sqlite3.connect(path)
    db.row_factory = sqlite3.Row
    names = (
        "profile",
        "recommendation_log",
        "run",
        "run_candidate",
        "candidate",
        "list",
        "decision",
    )
    names += ("evidence", "unserved", "seal", "run_progress")
    return {
        name: [dict(row) for row in db.execute(f"SELECT * FROM am_personalization_{name}")]
        for name in names
    }


@pytest.fixture
def ask(path):
    """A function that gives the rows of a question as a script gets them."""
    served = []

    async def ask(name, **form):
        if not served:
            served.append(await serve(path))
        query = "&".join(f"{key}={value}" for key, value in form.items())
        response = await served[0].client.get(f"/jpcite/{name}.json?_shape=array&{query}")
        assert response.status_code == 200
        return response.json()

    return ask


def offers(tables):
    """Every log row of a run with its list, decision and candidate, by rec_id."""
    lists = {row["list_id"]: row for row in tables["list"]}
    decisions = {(row["list_id"], row["seq"]): row for row in tables["decision"]}
    candidates = {row["candidate_id"]: row for row in tables["candidate"]}
    log = {row["rec_id"]: row for row in tables["recommendation_log"]}
    found = {}
    for evidence in tables["evidence"]:
        for at in range(evidence["n"]):
            rec_id, seq = evidence["first_rec_id"] + at, evidence["first_seq"] + at
            decision = decisions[evidence["list_id"], seq]
            candidate = candidates[decision["candidate_id"]]
            run_id = lists[evidence["list_id"]]["run_id"]
            found[rec_id] = {**candidate, **decision, **log[rec_id], "run_id": run_id}
    return found


def hashes(tables):
    return {row["profile_id"]: row["user_token_hash"] for row in tables["profile"]}


def logged(tables, run):
    """What stands in the log for a run, by the time it served."""
    return [row for row in tables["recommendation_log"] if row["served_at"] == run["served_at"]]


def per_type(rows):
    found = Counter(row["recommendation_type"] for row in rows)
    return {kind: found[kind] for kind in TYPES}


def why_not(row, run):
    """Why a candidate was not considered that night, None if it was."""
    if row["left_out"]:
        return row["left_out"]
    if row["opens_on"] and row["opens_on"] > run["as_of"]:
        return "not yet open"
    return "closed" if row["closes_on"] and row["closes_on"] < run["as_of"] else None


@pytest.mark.asyncio
async def test_nights(ask, tables):
    expected = [
        {
            "run_id": run["run_id"],
            "as_of": run["as_of"],
            "again": 0,
            "state": "finished",
            "profiles": 9,
            "rejected": run["run_id"],
            "logged": len(logged(tables, run)),
            **per_type(logged(tables, run)),
            "left_out_items": sum(
                why_not(row, run) is not None
                for row in tables["candidate"]
                if {"run_id": run["run_id"], "candidate_id": row["candidate_id"]}
                in tables["run_candidate"]
            ),
            "top_k": 10,
            "served_at": run["served_at"],
            "finished_at": progress["finished_at"],
            "model_sha256": run["model_sha256"],
            "package_version": run["package_version"],
        }
        for run, progress in zip(tables["run"], tables["run_progress"], strict=True)
    ][::-1]

    assert await ask("nights") == expected
    assert await ask("nights", size=1) == expected[:1]
    assert await ask("nights", size=1, after=2) == expected[1:]
    assert await ask("nights", until=AS_OF) == expected[1:]
    assert await ask("nights", since="2026-04-02", until="2026-04") == expected[:1]


@pytest.mark.asyncio
async def test_recommendations_per_day_are_the_rows_of_the_log(ask, tables):
    expected = [
        {
            "as_of": run["as_of"],
            "runs": 1,
            "logged": len(logged(tables, run)),
            **per_type(logged(tables, run)),
        }
        for run in tables["run"][::-1]
    ]

    assert await ask("recommendations_per_day") == expected
    assert await ask("recommendations_per_day", after=LATER) == expected[1:]
    assert await ask("recommendations_per_day", since=LATER) == expected[:1]


@pytest.mark.asyncio
async def test_recent_recommendations_are_the_rows_of_the_view(ask, path, tables):
    view = sqlite3.connect(path).execute(
        "SELECT rec_id, substr(user_token_hash, 1, 8), recommendation_type, score, served_at"
        " FROM v_personalization_recent_recs"
    )
    names = ("rec_id", "customer", "recommendation_type", "score", "served_at")
    found = await ask("recent_recommendations", size=1000)

    assert [tuple(row[name] for name in names) for row in found] == view.fetchall()
    for row in found:
        assert {key: row[key] for key in row if key != "customer"} in [
            {key: one[key] for key in row if key != "customer"}
            for one in history(tables, row["profile_id"])
        ]


@pytest.mark.asyncio
async def test_a_customers_history_is_found_by_number_and_by_hash(ask, tables):
    for profile_id, token in hashes(tables).items():
        expected = history(tables, profile_id)
        assert await ask("customer_recommendations", customer=profile_id) == expected
        assert await ask("customer_recommendations", customer=token) == expected


def history(tables, profile_id):
    offered, token = offers(tables), hashes(tables)[profile_id]
    nights = {run["run_id"]: run["as_of"] for run in tables["run"]}
    ranks = {run_id: ranking(tables, run_id, profile_id) for run_id in nights}
    rows = [row for row in tables["recommendation_log"] if row["profile_id"] == profile_id]
    rows.sort(key=lambda row: (row["score"], -row["rec_id"]), reverse=True)
    rows.sort(key=lambda row: row["served_at"], reverse=True)
    return [
        {
            "rec_id": row["rec_id"],
            "run_id": offered.get(row["rec_id"], {}).get("run_id"),
            "as_of": nights.get(offered.get(row["rec_id"], {}).get("run_id")),
            "profile_id": profile_id,
            "customer": token[:8],
            "user_token_hash": token,
            "served_at": row["served_at"],
            "rank": ranks.get(offered.get(row["rec_id"], {}).get("run_id"), {}).get(
                (row["recommendation_type"], offered.get(row["rec_id"], {}).get("item_id")), (None,)
            )[0],
            "recommendation_type": row["recommendation_type"],
            "item_id": offered.get(row["rec_id"], {}).get("item_id"),
            "title": offered.get(row["rec_id"], {}).get("title"),
            "score": row["score"],
            "verdict": "reproduced" if row["rec_id"] in offered else "no evidence",
        }
        for row in rows
    ]


def ranking(tables, run_id, profile_id):
    """Place within its type and score of each item a customer was recommended in a run."""
    mine = [
        row
        for row in offers(tables).values()
        if (row["run_id"], row["profile_id"]) == (run_id, profile_id)
    ]
    places, found = Counter(), {}
    for row in sorted(mine, key=lambda row: row["rec_id"]):
        places[row["recommendation_type"]] += 1
        key = (row["recommendation_type"], row["item_id"])
        found[key] = (places[row["recommendation_type"]], row["score"])
    return found


@pytest.mark.asyncio
async def test_changes_are_those_between_the_two_nights(ask, tables):
    for profile_id in hashes(tables):
        before, after = (ranking(tables, run_id, profile_id) for run_id in (1, 2))
        nowhere = (None, None)
        expected = {
            (*key, *before.get(key, nowhere), *after.get(key, nowhere))
            for key in before.keys() | after.keys()
            if before.get(key) != after.get(key)
        }
        rows = await ask("customer_changes", customer=profile_id)
        compared = ("recommendation_type", "item_id", "rank_before", "score_before")
        compared += ("rank_after", "score_after")
        assert {tuple(row[name] for name in compared) for row in rows} == expected
        assert {(row["run_id_before"], row["run_id_after"]) for row in rows} in ({(1, 2)}, set())
        for row in rows:
            assert row["change"] == change(row["rank_before"], row["rank_after"])


def change(before, after):
    if before is None:
        return "new"
    if after is None:
        return "gone"
    return "up" if after < before else "down" if after > before else "score"


async def because(ask, profile_id, **form):
    rows = await ask("customer_changes", customer=profile_id, **form)
    return {row["item_id"]: (row["change"], row["reason"]) for row in rows}


@pytest.mark.asyncio
async def test_a_change_says_what_it_is_due_to(ask):
    builder = await because(ask, 1)

    assert builder["EX-201"] == ("new", "new in the catalogue")
    assert builder["EX-110"] == ("gone", "no longer in the catalogue")
    assert builder["EX-104"][1] == "item changed"
    # Open for 13 more days, of which 14 are notice.
    assert builder["EXjg0000000000001A"] == ("gone", "closes too soon")
    assert {reason for _, reason in (await because(ask, 4)).values()} == {"declaration changed"}
    assert {reason for _, reason in (await because(ask, 6)).values()} == {
        "rejected on one of the nights"
    }


@pytest.mark.asyncio
async def test_what_was_handed_over_or_dismissed_is_gone_for_that(tmp_path):
    path = tmp_path / "jpcite.db"
    build(path)
    score(path, as_of=AS_OF)
    with sqlite3.connect(path, isolation_level=None) as db:
        rec_ids = dict(
            db.execute(
                "SELECT item_id, rec_id FROM v_personalization_replay JOIN"
                f" {LOG} USING (rec_id) WHERE profile_id = 2"
            )
        )
        record_delivery(
            db, rec_ids["EX-101"], channel="rest", slot=AS_OF, delivered_at=f"{AS_OF}T03:00:00Z"
        )
        give_feedback(db, key_hash(b"example-key-2"), "program", "EX-107", "dismissed")
    score(path, as_of="2026-04-02")
    datasette = await serve(path)
    rows = (
        await datasette.client.get("/jpcite/customer_changes.json?_shape=array&customer=2")
    ).json()
    found = {row["item_id"]: (row["change"], row["reason"]) for row in rows}
    onto = (
        await datasette.client.get(
            "/jpcite/item_recommendations.json?_shape=array&item_id=EXjg0000000000009A"
        )
    ).json()

    with sqlite3.connect(path, isolation_level=None) as db:
        give_feedback(db, key_hash(b"example-key-2"), "program", "EX-107", "withdrawn")
    score(path, as_of="2026-04-03")
    back = (
        await datasette.client.get(
            "/jpcite/customer_changes.json?_shape=array&customer=2&night=2026-04-03"
        )
    ).json()

    assert [row["reason"] for row in back if row["item_id"] == "EX-107"] == ["no longer kept back"]
    assert found["EX-101"] == ("gone", "handed over before")
    assert found["EX-107"] == ("gone", "dismissed or applied for")
    assert found["EXjg0000000000009A"][0] == "up"
    # Of a list that is given in parts, the row is still the right one.
    with sqlite3.connect(path) as db:
        for row in onto:
            sql = "SELECT item_id FROM v_personalization_replay WHERE rec_id = ?"
            assert db.execute(sql, (row["rec_id"],)).fetchone() == ("EXjg0000000000009A",)
    assert 2 in {row["profile_id"] for row in onto}


@pytest.mark.asyncio
async def test_the_two_nights_are_named_by_day_or_by_run(ask):
    changes = await ask("customer_changes", customer=1)

    assert {(row["as_of_before"], row["as_of_after"]) for row in changes} == {(AS_OF, LATER)}
    for night, before in ((LATER, AS_OF), (2, 1), ("latest", AS_OF), (LATER, "")):
        assert await ask("customer_changes", customer=1, night=night, before=before) == changes


@pytest.mark.asyncio
async def test_every_item_leads_to_its_customers_page_by_page(ask, tables):
    expected = defaultdict(list)
    for rec_id, row in sorted(offers(tables).items()):
        key = (row["run_id"], row["recommendation_type"], row["item_id"])
        expected[key].append((rec_id, row["profile_id"], row["score"]))
    for (run_id, kind, item_id), customers in expected.items():
        found = await ask("item_recommendations", item_id=item_id, type=kind, night=run_id)
        assert [(row["rec_id"], row["profile_id"], row["score"]) for row in found] == customers
    most = max(expected, key=lambda key: len(expected[key]))
    paged, after = [], ""
    while page := await ask(
        "item_recommendations", item_id=most[2], night=most[0], after=after, size=2
    ):
        paged += [row["rec_id"] for row in page]
        after = paged[-1]

    assert paged == [rec_id for rec_id, _, _ in expected[most]]
    assert len(paged) > 2


@pytest.mark.asyncio
async def test_an_item_says_who_on_the_latest_night(ask, tables):
    rec_id, offered = max(offers(tables).items())
    (row,) = [
        row
        for row in await ask("item_recommendations", item_id=offered["item_id"])
        if row["rec_id"] == rec_id
    ]

    assert row == {
        "rec_id": rec_id,
        "run_id": 2,
        "as_of": LATER,
        "profile_id": offered["profile_id"],
        "customer": hashes(tables)[offered["profile_id"]][:8],
        "recommendation_type": offered["recommendation_type"],
        "item_id": offered["item_id"],
        "title": offered["title"],
        "rank": ranking(tables, 2, offered["profile_id"])[
            offered["recommendation_type"], offered["item_id"]
        ][0],
        "score": offered["score"],
    }
    assert await ask("item_recommendations", item_id="EX-110") == []
    assert await ask("item_recommendations", item_id="EX-109", night=AS_OF) == []


@pytest.mark.asyncio
async def test_the_scores_of_a_night_are_those_of_the_log(ask, tables):
    for run in tables["run"]:
        counted = Counter((row["recommendation_type"], row["score"]) for row in logged(tables, run))
        expected = [
            {
                "run_id": run["run_id"],
                "as_of": run["as_of"],
                "recommendation_type": kind,
                "score": points,
                "logged": counted[kind, points],
            }
            for kind, points in sorted(counted, key=lambda key: (key[0], -key[1]))
        ]
        assert await ask("night_scores", night=run["as_of"]) == expected
        assert await ask("night_scores", night=run["run_id"], type="program") == [
            row for row in expected if row["recommendation_type"] == "program"
        ]


@pytest.mark.asyncio
async def test_nothing_recommended_names_the_customers_who_have_no_row(ask, tables):
    for run in tables["run"]:
        served = {row["profile_id"] for row in logged(tables, run)}
        rows = await ask("nothing_recommended", night=run["run_id"])
        assert [row["profile_id"] for row in rows] == sorted(set(hashes(tables)) - served)
    # Customer 8 declared nothing, 6 was mended into nonsense, 9 never was valid.
    rejected = ("rejected", "preference_json is not a JSON object")
    assert {row["profile_id"]: (row["reason"], row["sentence"]) for row in rows} == {
        6: rejected,
        8: ("nothing declared", None),
        9: rejected,
    }
    assert [row["profile_id"] for row in await ask("nothing_recommended", after=6, size=1)] == [8]


@pytest.mark.asyncio
async def test_rejected_preferences(ask, tables):
    profiles = {row["profile_id"]: row for row in tables["profile"]}
    expected = [
        {
            "run_id": 2,
            "as_of": LATER,
            "profile_id": profile_id,
            "customer": profiles[profile_id]["user_token_hash"][:8],
            "sentence": "preference_json is not a JSON object",
            "served_at": tables["run"][1]["served_at"],
            "last_updated_at": profiles[profile_id]["last_updated_at"],
        }
        for profile_id in (6, 9)
    ]

    assert await ask("rejected_preferences") == expected
    assert await ask("rejected_preferences", after=6) == expected[1:]
    assert [row["profile_id"] for row in await ask("rejected_preferences", night=AS_OF)] == [9]


@pytest.mark.asyncio
async def test_left_out_items(ask, tables):
    seen = {row["candidate_id"] for row in tables["run_candidate"] if row["run_id"] == 2}
    night = next(run for run in tables["run"] if run["run_id"] == 2)
    expected = [
        {
            "run_id": 2,
            "as_of": LATER,
            "candidate_id": row["candidate_id"],
            "recommendation_type": row["recommendation_type"],
            "item_id": row["item_id"],
            "title": row["title"],
            "rule": why_not(row, night),
            "opens_on": row["opens_on"],
            "closes_on": row["closes_on"],
            "closing": (
                "dated" if row["closes_on"] else {1: "rolling", 0: "unknown"}.get(row["rolling"])
            ),
        }
        for row in tables["candidate"]
        if row["candidate_id"] in seen and why_not(row, night)
    ]
    rows = await ask("left_out_items")

    assert rows == expected
    assert ("EX-108", "closed") in {(row["item_id"], row["rule"]) for row in rows}
    assert [row["item_id"] for row in await ask("left_out_items", rule="excluded")] == ["EX-109"]
    assert await ask("left_out_items", type="industry_pack") == []
    assert await ask("left_out_items", rule="not yet open", type="industry_pack") == []
    assert await ask("left_out_items", size=1, after=rows[0]["candidate_id"]) == rows[1:2]


@pytest.mark.asyncio
async def test_rows_without_evidence_are_ranges_and_say_which_seal_covers_them(ask, tables):
    first = max(row["first_rec_id"] + row["n"] for row in tables["evidence"] if row["list_id"] <= 8)
    others = sorted({row["rec_id"] for row in tables["recommendation_log"]} - offers(tables).keys())
    between, since = others[:3], others[3:]
    assert first == between[0]
    rows = await ask("rows_without_evidence")

    # The commitments to the customers are sealed as 1, the first night as 2, what came between as 3.
    assert [
        (row["first_rec_id"], row["last_rec_id"], row["rec_ids"], row["sealed_by"]) for row in rows
    ] == [(between[0], between[2], 3, 3), (since[0], since[1], 2, None)]
    assert await ask("rows_without_evidence", size=1) == rows[:1]
    assert await ask("rows_without_evidence", after=between[2]) == rows[1:]
    assert await ask("rows_without_evidence", after=1) == rows
    assert await ask("rows_without_evidence", after=since[1]) == []


@pytest.mark.asyncio
@pytest.mark.parametrize("run_id", (1, 2))
async def test_an_untouched_night_shows_its_seal_and_no_fault(ask, tables, run_id):
    (row,) = await ask("night_integrity", night=run_id)
    (seal,) = [seal for seal in tables["seal"] if seal["run_id"] == run_id]
    run = tables["run"][run_id - 1]
    rows = len(logged(tables, run))

    assert row == {
        "run_id": run_id,
        "as_of": run["as_of"],
        "state": "finished",
        "finding": "nothing wrong at a glance",
        "rows_planned": rows,
        "rows_in_evidence": rows,
        "rows_sealed": rows,
        **{
            key: seal[key]
            for key in (
                "seal_id",
                "first_rec_id",
                "last_rec_id",
                "leaves",
                "root",
                "tree_root",
            )
        },
    }


SEALED = "the run is not the one that was sealed"
FAULTS = (
    ("DELETE FROM am_personalization_seal WHERE run_id = 2", "its seal is missing"),
    (
        "UPDATE am_personalization_run_progress SET status = 'running' WHERE run_id = 2",
        "not finished - run personalization-score for this night again",
    ),
    (
        "UPDATE am_personalization_seal SET origin = 'another log' WHERE seal_id = 3",
        "its seal does not follow from the one before it",
    ),
    (
        "DELETE FROM am_personalization_seal WHERE seal_id = 3",
        "its seal does not follow from the one before it",
    ),
    (
        "DELETE FROM am_personalization_evidence WHERE first_rec_id = (SELECT max(first_rec_id)"
        " FROM am_personalization_evidence)",
        "the evidence is not what was sealed",
    ),
    (
        f"DELETE FROM {LOG} WHERE rec_id > (SELECT max(last_rec_id) - 1 FROM am_personalization_seal)",
        "the log ends before what was sealed",
    ),
    *(
        (f"UPDATE am_personalization_run SET {change} WHERE run_id = 2", SEALED)
        for change in (
            "as_of = '2026-04-06'",
            "again = 1",
            "model_sha256 = printf('%064d', 0)",
            "package_version = 'x'",
            "top_k = 9",
            "served_at = 'x'",
            "started_at = 'x'",
            "customers_sha256 = printf('%064d', 0)",
            "candidates_sha256 = printf('%064d', 0)",
            "delivery_end = 9",
            "feedback_end = 9",
            "profiles = profiles + 1",
            "rejected = 0",
            "counts_json = replace(counts_json, 'rows', 'rowz')",
            "left_out_json = '{}'",
        )
    ),
)


@pytest.mark.parametrize(("fault", "finding"), FAULTS)
def test_a_night_that_was_tampered_with_says_so(path, fault, finding):
    db = sqlite3.connect(":memory:")
    with sqlite3.connect(path) as source:
        source.backup(db)
    for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        db.execute(f"DROP TRIGGER {name}")
    db.execute(fault)
    (question,) = [question for question in questions() if question.name == "night_integrity"]
    cursor = db.execute(question.sql, {"night": "2"})
    names = [column[0] for column in cursor.description]

    assert dict(zip(names, cursor.fetchone(), strict=True))["finding"] == finding


@pytest.mark.asyncio
async def test_why_says_who_by_number_and_the_short_hash(ask, tables):
    rec_id, offered = min(offers(tables).items())
    (row,) = await ask("why_this_recommendation", rec_id=rec_id)

    assert (row["profile_id"], row["customer"]) == (
        offered["profile_id"],
        hashes(tables)[offered["profile_id"]][:8],
    )
    assert (row["item_id"], row["score"], row["verdict"]) == (
        offered["item_id"],
        offered["score"],
        "reproduced",
    )


FORMS = {
    "why_this_recommendation": "rec_id=1",
    "item_recommendations": "item_id=EX-104",
    "customer_changes": "customer=1",
}


@pytest.mark.asyncio
async def test_the_fields_are_those_the_reference_lists_in_that_order(path):
    datasette, lines = await serve(path), {}
    for line in questions_table().splitlines()[2:]:
        _, _, name, _, fields, _ = line.split("|")
        lines[name.strip(" `")] = fields.strip()
    answered = {}
    for question in questions():
        form = {**FORMS, "customer_recommendations": "customer=1"}.get(question.name, "")
        response = await datasette.client.get(f"/jpcite/{question.name}.json?_shape=array&{form}")
        answered[question.name] = ", ".join(f"`{name}`" for name in response.json()[0])

    assert answered == lines


VIEWS = ("v_personalization_recent_recs", "v_personalization_replay")
PAGES = (
    "am_personalization_profile",
    "am_personalization_profile/1",
    LOG,
    f"{LOG}/1",
    f"{LOG}?_facet=profile_id",
    *VIEWS,
    *(f"{question.name}?{FORMS.get(question.name, '')}" for question in questions()),
)


@pytest.mark.asyncio
async def test_no_page_shows_a_whole_hash_unless_that_customer_was_selected(path, tables):
    datasette = await serve(path)
    pages = {page: await datasette.client.get(f"/jpcite/{page}") for page in PAGES}

    assert {response.status_code for response in pages.values()} == {200}
    assert [
        page
        for page, response in pages.items()
        for token in hashes(tables).values()
        if token in response.text
    ] == []


@pytest.mark.asyncio
async def test_a_table_shows_eight_digits_and_gives_scripts_all_of_them(path, tables):
    datasette, token = await serve(path), hashes(tables)[1]
    for table in ("am_personalization_profile", *VIEWS):
        page = await datasette.client.get(f"/jpcite/{table}?_size=max")
        data = await datasette.client.get(f"/jpcite/{table}.json?_shape=array&_size=max")
        csv = await datasette.client.get(f"/jpcite/{table}.csv")
        assert f"{token[:8]}…" in page.text
        assert token in {row["user_token_hash"] for row in data.json()}
        assert token in csv.text


@pytest.mark.asyncio
@pytest.mark.parametrize("facet", ("_facet", "_facet_array", "_facet_date", "_facet=score&_facet"))
@pytest.mark.sampled(2)
async def test_no_facet_lists_the_customers(path, tables, facet):
    datasette = await serve(path)
    for view in ("am_personalization_profile", *VIEWS):
        page = await datasette.client.get(f"/jpcite/{view}?{facet}=user_token_hash")
        assert page.status_code == 403
        assert [token for token in hashes(tables).values() if token in page.text] == []
    allowed = await datasette.client.get(f"/jpcite/{VIEWS[0]}?_facet=recommendation_type")
    assert allowed.status_code == 200


@pytest.mark.asyncio
@pytest.mark.parametrize("given", ("number", "hash"))
async def test_the_selected_customer_is_shown_whole(path, tables, given):
    datasette = await serve(path)
    token = hashes(tables)[1]
    customer = {"number": 1, "hash": token}[given]
    response = await datasette.client.get(f"/jpcite/customer_recommendations?customer={customer}")

    assert f">{token}<" in response.text


@pytest.mark.asyncio
async def test_a_list_leads_to_each_of_its_customers(ask):
    for row in await ask("recent_recommendations", size=5):
        history = await ask("customer_recommendations", customer=row["profile_id"])
        assert row["rec_id"] in {found["rec_id"] for found in history}
        assert {found["user_token_hash"][:8] for found in history} == {row["customer"]}
