"""What a customer is told of deliveries and their price: what was charged, free, failed, or taken back."""

from contextlib import closing
from datetime import datetime, timezone

import pytest
from scored import P, in_memory

from sqlite_utils_personalization.billing.record import record_delivery, reverse_delivery
from sqlite_utils_personalization.customer_api.explain import explain
from sqlite_utils_personalization.customer_api.statement import statement
from sqlite_utils_personalization.errors import UnknownCustomer

CUSTOMER_1 = "207d28c47238e89eee33d9249bdbebeb80dd9b6aab9aed05dff24fe783cbc0c0"
# 2 May in Japan.
NOW = datetime(2026, 5, 1, 15, 30, tzinfo=timezone.utc)


@pytest.fixture
def db():
    with closing(in_memory()) as db:
        yield db


def deliver(db, rec_id, at, channel="digest", slot="issue-1", **other):
    return record_delivery(
        db, rec_id, channel=channel, slot=slot, delivered_at=f"{at}+09:00", **other
    ).delivery_id


def told(found):
    return [
        (one.rec_id, one.channel, one.charge, one.charged_yen, one.reversed_at is not None)
        for one in found.deliveries
    ]


def test_what_was_charged_free_failed_and_taken_back_is_told_apart(db):
    deliver(db, 43, "2026-05-01T00:00:00")
    deliver(db, 43, "2026-05-01T23:59:00", "rest", "2026-05-01")
    deliver(db, 44, "2026-05-02T10:00:00", status=500)
    taken_back = deliver(db, 44, "2026-05-02T11:00:00", slot="issue-2")
    reverse_delivery(db, taken_back)
    db.execute("PRAGMA query_only = 1")
    found = statement(db, CUSTOMER_1, now=NOW)
    assert told(found) == [
        (43, "digest", "charged", 3, False),
        (43, "rest", "free", 0, False),
        (44, "digest", "failed", 0, False),
        (44, "digest", "reversed", 0, True),
    ]
    assert (found.month, found.charged_yen) == ("2026-05", 3)
    assert explain(db, CUSTOMER_1, 44).deliveries == found.deliveries[2:]


def test_a_month_is_one_in_japan(db):
    deliver(db, 43, "2026-04-30T23:59:59", slot="issue-1")
    deliver(db, 43, "2026-05-01T00:00:00", slot="issue-2")
    assert [one.slot for one in statement(db, CUSTOMER_1, "2026-04").deliveries] == ["issue-1"]
    assert [one.slot for one in statement(db, CUSTOMER_1, "2026-05").deliveries] == ["issue-2"]
    assert statement(db, CUSTOMER_1, "2026-06").to_dict() == {
        "month": "2026-06",
        "deliveries": (),
        "charged_yen": 0,
    }


def test_another_customers_deliveries_are_not_told(db):
    ((other,),) = db.execute(
        f"SELECT min(rec_id) FROM {P}recommendation_log WHERE profile_id = 2"
    ).fetchall()
    deliver(db, other, "2026-05-01T10:00:00")
    assert statement(db, CUSTOMER_1, "2026-05").deliveries == ()
    with pytest.raises(UnknownCustomer):
        statement(db, "f" * 64, "2026-05")


@pytest.mark.parametrize(
    "month",
    ("", "2026", "2026-13", "2026-5", "2026-05-01", " 2026-05", "２０２６-05", 202605, "2026-05\n"),
)
def test_what_is_no_month_is_refused_without_being_repeated(db, refuses, month):
    with refuses("month is not a month - write it like 2026-07"):
        statement(db, CUSTOMER_1, month)
