"""Every delivery and every charge of a month is in one class, and each planted fault in its own."""

import itertools
import random

import pytest
from delivered import connect
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reconciled import (
    AUGUST,
    CASES,
    JULY,
    USAGE,
    Case,
    empty,
    files,
    is_owed,
    key,
    plant,
    shown_key,
)

from sqlite_utils_personalization.billing.delivery import delivery_key
from sqlite_utils_personalization.billing.reconcile.classes import CLASSES, EXPLAINED, RULES
from sqlite_utils_personalization.billing.reconcile.reconcile import reconcile
from sqlite_utils_personalization.billing.reconcile.reconcile import reconciled_rows as rows
from sqlite_utils_personalization.billing.reconcile.result import ReconciledRow, Total
from sqlite_utils_personalization.billing.record import record_delivery
from sqlite_utils_personalization.clock import parse_month


@pytest.fixture
def db(db_path):
    db = empty(db_path)
    yield db
    db.close()


def classes(db):
    """Class by rec_id; a charge without a delivery under 0."""
    found = {}
    for row in rows(db):
        found.setdefault(row.rec_id or 0, []).append(row.kind)
    return found


@pytest.mark.parametrize("by_billing_key", (False, True))
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.kind}-{case[1:]}")
def test_a_planted_fault_is_in_its_class_and_alone(db, tmp_path, case, by_billing_key):
    planted = plant(db, [case], by_billing_key=by_billing_key)
    found = reconcile(db, "2026-07", **files(tmp_path, *planted))
    (row,) = rows(db)
    assert row.kind == case.kind, row
    assert found.totals[case.kind].rows == found.total.rows == 1
    assert found.total.owed_yen == (3 if is_owed(case) else 0)
    expected = 0 if case.kind in EXPLAINED else 2 if case.kind == "unverifiable" else 1
    assert found.exit_status == expected


def test_every_class_is_planted_and_every_rule_of_a_delivery_decides(db, tmp_path):
    assert {case.kind for case in CASES} == {*CLASSES}
    reconcile(db, "2026-07", **files(tmp_path, *plant(db, CASES)))
    others = {
        "a source cannot be read",
        "its event has no key to join it by",
        "only sums were given of what was metered",
        "the key of the delivery is not that of its content",
        "delivered before it was logged",
        "delivered later than now",
        "the slot is not the Japanese day of the delivery",
    }
    assert {row.because for row in rows(db)} == {rule.because for rule in RULES} - others


def test_the_rules_are_in_the_order_of_the_classes_and_one_of_them_always_holds():
    assert [kind for kind, _ in itertools.groupby(RULES, lambda rule: rule.kind)] == [*CLASSES]
    assert RULES[-1].when == "1"
    assert {*EXPLAINED} < {*CLASSES}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cases=st.lists(st.sampled_from(CASES), max_size=40), seed=st.integers(0, 2**32))
def test_any_mixture_is_told_apart_whatever_the_order_of_input(db_path, tmp_path, cases, seed):
    chance = random.Random(seed)
    answers = []
    for shuffled in (lambda rows: rows, lambda rows: chance.sample(rows, len(rows))):
        db = empty(db_path)
        given = files(tmp_path, *plant(db, cases, shuffled))
        found = reconcile(db, "2026-07", **given)
        answers.append((found.to_dict(), [row._replace(recorded_at=None) for row in rows(db)]))
        db.close()
    assert answers[0] == answers[1]

    shown = {row.delivery_key: row for row in answers[0][1]}
    assert [shown[shown_key(*one)].kind for one in enumerate(cases, 1)] == [
        case.kind for case in cases
    ]
    assert len(answers[0][1]) == len(cases)
    totals = found.totals
    assert {kind: total.rows for kind, total in totals.items() if total.rows} == {
        kind: len([case for case in cases if case.kind == kind])
        for kind in {case.kind for case in cases}
    }
    for kind, total in totals.items():
        of_kind = [row for row in shown.values() if row.kind == kind]
        assert total[1:] == tuple(
            sum(getattr(row, name) for row in of_kind) for name in Total._fields[1:]
        )
    assert found.total.owed_yen == 3 * sum(map(is_owed, cases))
    assert found.total.invoiced_yen == sum(sum(case.invoice) for case in cases)


def test_a_row_shows_event_time_and_processing_time(db):
    plant(db, [Case("matched")])
    db.execute("UPDATE usage_events SET stripe_synced_at = '2026-07-23 01:02:03'")
    reconcile(db, "2026-07")
    (row,) = rows(db)
    assert row._replace(recorded_at=None) == ReconciledRow(
        kind="matched",
        because="charged once, what it costs",
        delivery_key=key(1),
        delivery_id=1,
        rec_id=1,
        channel="digest",
        slot="2026-07-22",
        status=200,
        decided_at="2026-07-01T18:15:00.000Z",
        delivered_at=JULY,
        recorded_at=None,
        reversed_at=None,
        metered_at=JULY,
        metered_recorded_at="2026-07-23T01:02:03.000Z",
        usage_quantity=1,
        stripe_quantity=None,
        owed_yen=3,
        metered_yen=3,
        invoiced_yen=None,
    )
    assert row.recorded_at > JULY


@pytest.mark.parametrize(
    ("delivered_at", "name"),
    (
        ("2025-06-30T14:59:59.999Z", "2025-06"),
        ("2025-06-30T15:00:00.000Z", "2025-07"),
        ("2025-07-31T14:59:59.999Z", "2025-07"),
        ("2025-07-31T15:00:00.000Z", "2025-08"),
        ("2025-12-31T14:59:59.999Z", "2025-12"),
        ("2025-12-31T15:00:00.000Z", "2026-01"),
    ),
)
def test_a_month_is_a_japanese_calendar_month(db, delivered_at, name):
    plant(db, [])
    db.execute(
        "INSERT INTO am_personalization_recommendation_log(profile_id, recommendation_type, served_at)"
        " VALUES (1, 'program', '2025-01-01T00:00:00.000Z')"
    )
    record_delivery(db, 1, channel="digest", slot="issue-1", delivered_at=delivered_at)
    found = {
        asked: reconcile(db, asked).total.rows
        for asked in ("2025-05", "2025-06", "2025-07", "2025-08", "2025-12", "2026-01")
    }
    assert [asked for asked, rows in found.items() if rows] == [name]


@pytest.mark.parametrize(
    "name",
    ("2026", "2026-7", "2026-13", "2026-00", "2026-07-01", "0999-01", "9999-12", "２０２６-07", ""),
)
def test_what_is_no_month_is_refused(refuses, name):
    with refuses(f"{name!r} is not a month - write it like 2026-07"):
        parse_month(name)


def test_a_late_charge_shows_in_both_months_and_is_explained_in_both(db):
    plant(db, [Case("late", metered_at=AUGUST)])
    for name, kind in (("2026-06", None), ("2026-07", "late"), ("2026-08", "late")):
        found = reconcile(db, name)
        assert classes(db) == ({1: [kind]} if kind else {})
        assert found.exit_status == 0


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cases=st.lists(st.sampled_from(CASES), max_size=20))
def test_months_add_up_to_all_that_is_owed_and_metered(db_path, cases):
    dated = [case for case in cases if case.kind != "unverifiable"]
    db = empty(db_path)
    plant(db, dated)
    totals = [reconcile(db, f"2026-{number:02}").total for number in range(1, 13)]
    db.close()
    assert sum(total.owed_yen for total in totals) == 3 * sum(map(is_owed, dated))
    assert sum(total.metered_yen for total in totals) == 3 * sum(
        sum(case.usage) + sum(case.credits) for case in dated
    )


def test_without_stripe_and_invoice_nothing_is_asked_of_them(db):
    plant(db, [Case("matched"), Case("missing downstream", (1,), (), ())])
    found = reconcile(db, "2026-07")
    assert classes(db) == {1: ["matched"], 2: ["matched"]}
    assert found.sources.states == {
        "usage_events": "read",
        "stripe": "not given",
        "invoice": "not given",
    }


def test_a_delivery_under_a_key_of_another_content_is_conflicting(db):
    """As another program may write it, to be paid twice for one delivery."""
    plant(db, [Case("matched")])
    db.execute(
        "INSERT INTO am_personalization_delivery(delivery_key, rec_id, channel, slot, delivered_at, status,"
        " unit_price_yen) VALUES (?, 1, 'digest', '2026-07-22', ?, 200, 3)",
        ("f" * 64, JULY),
    )
    reconcile(db, "2026-07")
    assert classes(db) == {1: ["conflicting", "matched"]}


@pytest.mark.parametrize("channel", ["rest", "mcp"])
def test_only_the_slot_of_its_own_day_is_matched(db, channel):
    """As another program may write it, to be paid five times for one row."""
    plant(db, [])
    db.execute(
        "INSERT INTO am_personalization_recommendation_log(rec_id, profile_id, recommendation_type, score, served_at)"
        " VALUES (1, 1, 'program', 50, '2026-07-01T18:15:00.000Z')"
    )
    for slot in ("2026-07-22", "20260722", "2026-7-22", "yesterday", "2026-07-21"):
        mine = delivery_key(1, channel, slot)
        db.execute(
            "INSERT INTO am_personalization_delivery(delivery_key, rec_id, channel, slot, delivered_at, status,"
            " unit_price_yen) VALUES (?, 1, ?, ?, '2026-07-21T15:00:00.000Z', 200, 3)",
            (mine, channel, slot),
        )
        meter(db, mine)
    assert reconcile(db, "2026-07").exit_status == 1
    found = {row.slot: row.kind for row in rows(db)}
    assert [slot for slot, kind in found.items() if kind == "matched"] == ["2026-07-22"]
    assert [*found.values()].count("conflicting") == 4


def meter(db, key=None, endpoint="v1/other", **other):
    event = {"key_hash": "h", "ts": JULY, "status": 200, "metered": 1, **other}
    event |= {"billing_idempotency_key": key, "endpoint": endpoint}
    db.execute(
        f"INSERT INTO usage_events({', '.join(event)}) VALUES ({', '.join('?' * len(event))})",
        list(event.values()),
    )


@pytest.mark.parametrize(
    ("event", "asked", "found"),
    (
        ({"key": "0" * 64}, {}, {0: ["orphan"]}),
        ({"key": "0" * 64}, {"endpoint": "v1/*"}, {0: ["orphan"]}),
        ({"key": "0" * 64}, {"endpoint": "v2/*"}, {}),
        ({"key": None}, {}, {}),
        ({"key": "other-product-17"}, {}, {}),
        ({"key": "A" * 64}, {}, {}),
        ({"key": None}, {"endpoint": "v1/*"}, {0: ["unverifiable"]}),
        ({"key": None, "endpoint": "v1/Personalization/recs"}, {}, {0: ["unverifiable"]}),
        ({"key": "odd", "endpoint": "v1/personalization"}, {}, {0: ["orphan"]}),
        ({"key": "0" * 64, "metered": 0}, {}, {}),
        ({"key": "0" * 64, "status": 400}, {}, {}),
        ({"key": "0" * 64, "status": None}, {}, {0: ["orphan"]}),
        ({"key": "0" * 64, "status": 399}, {}, {0: ["orphan"]}),
        ({"key": "0" * 64, "ts": "2026-07-31T23:59:00+09:00"}, {}, {0: ["orphan"]}),
        ({"key": "0" * 64, "ts": "2026-07-31 23:59:00"}, {}, {}),
        ({"key": "0" * 64, "ts": "now"}, {}, {0: ["unverifiable"]}),
        ({"key": "0" * 64, "ts": "2026-99-99"}, {}, {0: ["unverifiable"]}),
        ({"key": "0" * 64, "quantity": 10**18}, {}, {0: ["unverifiable"]}),
    ),
)
def test_which_events_are_ours(db, event, asked, found):
    plant(db, [])
    meter(db, **event)
    reconcile(db, "2026-07", **asked)
    assert classes(db) == found


@pytest.mark.parametrize("by_billing_key", (False, True))
def test_what_is_metered_under_a_key_of_ours_is_ours_whatever_endpoint_is_asked_for(
    db, by_billing_key
):
    plant(db, [Case("matched")] * 2, by_billing_key=by_billing_key)
    meter(db, "0" * 64)
    found = reconcile(db, "2026-07", endpoint="v2/*")
    assert classes(db) == {1: ["matched"], 2: ["matched"]}
    assert found.sources.left_aside == 1


@pytest.mark.parametrize(("asked", "ours"), (({"endpoint": "v1/*"}, 0), ({}, 1)))
def test_an_event_of_no_endpoint_is_of_none_that_is_asked_for(db, asked, ours):
    plant(db, [])
    db.execute("DROP TABLE usage_events")
    db.execute(
        "CREATE TABLE usage_events (billing_idempotency_key TEXT, ts TEXT, status, metered, quantity)"
    )
    events = [("0" * 64, JULY, 200, 1, 1), ("other-product-17", JULY, 200, 1, 5)]
    db.executemany("INSERT INTO usage_events VALUES (?, ?, ?, ?, ?)", events)
    found = reconcile(db, "2026-07", **asked)
    assert [row.kind for row in rows(db)] == ["orphan"] * ours
    assert found.sources.left_aside == 2 - ours
    assert found.sources.aside_quantity == 6 - ours


def test_events_of_other_products_are_counted_and_left_aside(db):
    plant(db, [Case("matched")])
    for other in (None, "other-product-17"):
        meter(db, other)
    meter(db, "other-product-18", ts=AUGUST)
    assert reconcile(db, "2026-07").sources.left_aside == 2


def test_a_key_of_another_form_is_not_shown(db):
    plant(db, [])
    meter(db, "someone@example.com", endpoint="personalization")
    reconcile(db, "2026-07")
    (row,) = rows(db)
    assert (row.kind, row.delivery_key) == ("orphan", None)


def test_nothing_of_usage_events_but_key_quantity_and_times_is_shown(db, tmp_path):
    given = files(tmp_path, *plant(db, CASES))
    found = reconcile(db, "2026-07", **given)
    shown = repr((found.to_dict(), [*rows(db)]))
    assert "5ec4e7" not in shown
    assert "v1/personalization" not in shown


def test_a_month_before_anything_is_all_zero_and_agrees(db):
    plant(db, [])
    found = reconcile(db, "2020-01")
    assert (found.total, found.decided, found.exit_status, [*rows(db)]) == (
        Total(0, 0, 0, None),
        0,
        0,
        [],
    )
    assert [*found.totals] == [*CLASSES]


def test_what_was_decided_in_the_month_is_counted(db):
    plant(db, CASES)
    assert reconcile(db, "2026-07").decided == len(
        [case for case in CASES if case.is_delivered and case.is_logged]
    )
    assert reconcile(db, "2026-08").decided == 0


def test_a_reconciliation_can_be_repeated_on_one_connection_and_leaves_no_trace(db):
    plant(db, CASES)
    before = db.execute("SELECT count(*) FROM sqlite_master").fetchall()
    first = (reconcile(db, "2026-07"), [*rows(db)])
    assert (reconcile(db, "2026-07"), [*rows(db)]) == first
    assert db.execute("SELECT count(*) FROM sqlite_master").fetchall() == before


def test_rows_of_one_class(db):
    plant(db, CASES)
    reconcile(db, "2026-07")
    every = [*rows(db)]
    for kind in CLASSES:
        assert [*rows(db, kind)] == [row for row in every if row.kind == kind]


@pytest.mark.parametrize(
    "column", ("metered", "status", "quantity", "billing_idempotency_key", "ts")
)
def test_a_source_without_a_column_is_unverifiable_never_equal(db, column):
    plant(db, [Case("matched")])
    names = [name for _, name, *_ in db.execute("PRAGMA table_info(usage_events)")]
    names.remove(column)
    db.execute(f"CREATE TABLE less AS SELECT {', '.join(names)} FROM usage_events")
    db.execute("DROP TABLE usage_events")
    db.execute("ALTER TABLE less RENAME TO usage_events")
    found = reconcile(db, "2026-07")
    assert classes(db) == {1: ["unverifiable"]}
    assert found.sources.faults == [f"usage_events has no column {column} - add it"]
    assert found.exit_status == 2


@pytest.mark.parametrize(
    "column", ("endpoint", "stripe_record_id", "stripe_synced_at", "key_hash", "id")
)
def test_the_other_columns_may_be_missing(db, column):
    plant(db, [])
    db.execute("DROP TABLE usage_events")
    db.execute(
        "\n".join(
            line
            for line in USAGE.replace(", ", ",\n").splitlines()
            if not line.strip().startswith(f"{column} ")
        )
    )
    db.execute(
        f"INSERT INTO usage_events(billing_idempotency_key, ts, status, metered{_others(column)}",
        ("0" * 64, JULY),
    )
    reconcile(db, "2026-07")
    assert classes(db) == {0: ["orphan"]}


def _others(missing):
    needed = [name for name in ("endpoint", "key_hash") if name != missing]
    names = "".join(f", {name}" for name in needed)
    return f"{names}) VALUES (?, ?, 200, 1{', 1' * len(needed)})"


def test_without_usage_events_and_stripe_everything_is_unverifiable(db):
    plant(db, [Case("matched")])
    db.execute("DROP TABLE usage_events")
    found = reconcile(db, "2026-07")
    assert classes(db) == {1: ["unverifiable"]}
    assert found.sources.faults == [
        "usage_events is not in the file - give what was metered with --stripe"
    ]


def test_a_usage_events_that_is_a_view_of_a_lost_table_is_unverifiable(db):
    plant(db, [Case("matched")])
    db.execute("ALTER TABLE usage_events RENAME TO gone")
    db.execute("CREATE VIEW usage_events AS SELECT * FROM gone")
    db.execute("DROP TABLE gone")
    found = reconcile(db, "2026-07")
    assert found.sources.states["usage_events"] == "cannot be read"
    assert found.sources.faults == [
        "usage_events cannot be read: no such table: main.gone - mend that table"
    ]


def test_a_usage_events_that_is_a_broken_view_is_unverifiable(db):
    plant(db, [Case("matched")])
    db.execute("ALTER TABLE usage_events RENAME TO gone")
    db.execute("CREATE VIEW usage_events AS SELECT *, abs(-9223372036854775808) AS x FROM gone")
    db.execute("DROP VIEW usage_events")
    db.execute(
        "CREATE VIEW usage_events AS SELECT metered, status, abs(-9223372036854775807 - 1) AS quantity,"
        " billing_idempotency_key, ts FROM gone"
    )
    found = reconcile(db, "2026-07")
    assert found.sources.faults == [
        "usage_events cannot be read: integer overflow - mend that table"
    ]
    assert classes(db) == {1: ["unverifiable"]}


def test_the_callers_connection_may_have_rows_of_another_kind(db_path):
    db = connect(db_path)
    db.row_factory = lambda cursor, row: {"row": row}
    assert reconcile(db, "2026-07").exit_status == 2
    db.close()
