"""Explaining one recommendation to the customer it was delivered to, and to nobody else."""

import json
from contextlib import closing
from datetime import datetime, timezone

import pytest
from scored import OTHERS, P, in_memory, tamper

from sqlite_utils_personalization.billing.record import record_delivery
from sqlite_utils_personalization.customer_api.explain import explain
from sqlite_utils_personalization.customer_api.recommendations import recommendations
from sqlite_utils_personalization.errors import UnknownCustomer

CUSTOMER_1 = "207d28c47238e89eee33d9249bdbebeb80dd9b6aab9aed05dff24fe783cbc0c0"
NOON = datetime(2026, 4, 2, 3, tzinfo=timezone.utc)
NOT_FOUND = "rec_id is not among what was delivered to you - list your recommendations first"


@pytest.fixture
def db():
    with closing(in_memory()) as db:
        yield db


@pytest.fixture
def page(db):
    return recommendations(db, CUSTOMER_1, size=2, channel="mcp", now=NOON)


def test_what_was_delivered_is_explained_by_what_was_declared_and_by_nothing_that_was_not(db, page):
    db.execute("PRAGMA query_only = 1")
    found = json.loads(json.dumps(explain(db, CUSTOMER_1, 43, now=NOON).to_dict()))
    assert found == {
        "rec_id": 43,
        "verdict": "reproduced",
        "differences": [],
        "recommendation": json.loads(json.dumps(vars(page.recommendations[0]))),
        "declared": {
            "industries": "D",
            "prefecture": "東京都",
            "deadline_horizon_days": 60,
            "risk_tolerance": "low",
        },
        "places": 4,
        "deliveries": [
            {
                "rec_id": 43,
                "recommendation_type": "program",
                "channel": "mcp",
                "slot": "2026-04-02",
                "delivered_at": "2026-04-02T03:00:00.000Z",
                "status": 200,
                "charge": "charged",
                "charged_yen": 3,
                "reversed_at": None,
            }
        ],
    }
    # What comes next has its price.
    assert "小規模事業者のバリアフリー改修補助" not in json.dumps(found, ensure_ascii=False)


def test_what_was_not_delivered_to_this_customer_is_not_found_whoever_has_it(db, page, refuses):
    ((another,),) = db.execute(
        f"SELECT min(rec_id) FROM {P}recommendation_log WHERE profile_id = 2"
    ).fetchall()
    record_delivery(db, another, channel="mcp", slot="2026-04-02", delivered_at=NOON)
    record_delivery(db, 45, channel="mcp", slot="2026-04-02", delivered_at=NOON, status=500)
    for rec_id in (another, 45, 46, 10_000, 2**53):
        with refuses(NOT_FOUND):
            explain(db, CUSTOMER_1, rec_id)


@pytest.mark.parametrize("rec_id", [0, -1, 2**53 + 1, True, "43", 43.0, None, [43]])
def test_what_is_no_rec_id_is_refused_without_being_repeated(db, refuses, rec_id):
    with refuses("rec_id is not a whole number from 1 - take it from a recommendation"):
        explain(db, CUSTOMER_1, rec_id)


def test_a_stranger_is_told_so(db):
    with pytest.raises(UnknownCustomer):
        explain(db, "f" * 64, 43)


def test_a_row_that_contradicts_its_evidence_shows_nothing_but_that(db, page):
    list_of_43 = f"(SELECT list_id FROM {P}evidence WHERE first_rec_id = 43)"
    tamper(
        db,
        f"UPDATE {P}decision SET industry_points = 1 WHERE list_id = {list_of_43} AND seq = 1",
    )
    found = explain(db, CUSTOMER_1, 43).to_dict()
    # It was paid for all the same.
    assert [one["charged_yen"] for one in found.pop("deliveries")] == [3]
    assert found == {
        "rec_id": 43,
        "verdict": "differs",
        "differences": ("industry", "list"),
        "recommendation": None,
        "declared": None,
        "places": None,
    }
    # Its own place is as it was, but the list is not the one that was digested.
    assert explain(db, CUSTOMER_1, 44).differences == ("list",)


def test_a_row_of_another_program_is_named_as_one(db):
    db.execute(OTHERS.replace("VALUES (8,", "VALUES (1,"))
    (rec_id,) = db.execute(f"SELECT max(rec_id) FROM {P}recommendation_log").fetchone()
    record_delivery(db, rec_id, channel="digest", slot="issue-1")
    found = explain(db, CUSTOMER_1, rec_id)
    assert (found.verdict, found.recommendation, found.declared) == ("no evidence", None, None)
