"""One meter for a whole product, as Stripe exports it: other endpoints, test mode, other meters, cancelled events."""

from itertools import count

import pytest
from click.testing import CliRunner
from reconciled import AUGUST, CASES, JULY, SECRET, Case, empty, key, plant, write_csv, write_json
from sqlite_utils.cli import cli

from sqlite_utils_personalization.billing.reconcile.reconcile import reconcile
from sqlite_utils_personalization.billing.reconcile.reconcile import reconciled_rows as rows
from sqlite_utils_personalization.billing.record import record_delivery, reverse_delivery
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.example import build

AT = 1784680200  # JULY in seconds since 1970
START, END = 1782831600, 1785510000  # of July 2026 in Japan
OTHERS = ("search-17", "search-18", "f00d" * 4)


@pytest.fixture
def db(db_path):
    """Two deliveries, and three events of other endpoints of the product."""
    db = empty(db_path)
    plant(db, [Case("matched")] * 2)
    meter(db, *OTHERS)
    yield db
    db.close()


def meter(db, *keys, endpoint="v1/search", quantity=1, ts=JULY, **other):
    for one in keys:
        event = {
            "billing_idempotency_key": one,
            "endpoint": endpoint,
            "quantity": quantity,
            "ts": ts,
        }
        event |= {"key_hash": SECRET, "status": 200, "metered": 1, **other}
        db.execute(
            f"INSERT INTO usage_events({', '.join(event)}) VALUES ({', '.join('?' * len(event))})",
            [*event.values()],
        )


def event(identifier, value="1", **other):
    return {
        "object": "billing.meter_event",
        "identifier": identifier,
        "event_name": "requests",
        "timestamp": AT,
        "payload": {"value": value},
        **other,
    }


def adjustment(identifier, **other):
    return {
        "object": "billing.meter_event_adjustment",
        "type": "cancel",
        "status": "complete",
        "cancel": {"identifier": identifier},
        **other,
    }


def summary(value, meter="mtr_1", **other):
    return {
        "aggregated_value": value,
        "start_time": START,
        "end_time": END,
        "meter": meter,
        **other,
    }


def classes(db):
    return [(row.rec_id, row.kind) for row in rows(db)]


@pytest.fixture
def stripe(tmp_path, db):
    numbers = count()

    def reconciled(*records, **given):
        path = write_json(tmp_path / f"{next(numbers)}.json", [*records])
        return reconcile(db, "2026-07", stripe=[path], **given)

    return reconciled


MATCHED = [(1, "matched"), (2, "matched")]


# The whole product


def test_events_of_other_endpoints_are_left_aside_in_stripe_and_invoice_too(db, stripe, tmp_path):
    lines = [(one, 3) for one in (key(1), key(2), *OTHERS)]
    invoice = write_csv(tmp_path / "i.csv", ("identifier", "amount"), lines)
    found = stripe(event(key(1)), event(key(2)), *map(event, OTHERS), invoiced=[invoice])
    assert classes(db) == MATCHED
    assert found.exit_status == 0
    assert found.sources.left_aside == 3
    assert found.sources.left_aside_exports == {"stripe": 3, "invoice": 3}


def test_usage_records_of_other_endpoints_are_left_aside_by_their_id(db, stripe):
    db.execute("UPDATE usage_events SET stripe_record_id = 'mbur_' || id")
    records = [{"id": f"mbur_{number}", "quantity": 1, "timestamp": AT} for number in range(1, 6)]
    found = stripe(*records)
    assert (classes(db), found.sources.left_aside_exports["stripe"]) == (MATCHED, 3)


def test_a_charge_that_usage_events_does_not_know_is_no_more_left_aside(db, stripe):
    stripe(event(key(1)), event(key(2)), event("search-99"))
    assert classes(db) == [(None, "orphan"), *MATCHED]


@pytest.mark.parametrize("other", [{"metered": 0}, {"status": 500}, {"ts": "2026-06-01T00:00:00Z"}])
def test_what_another_endpoint_did_not_meter_is_not_ours_either(db, stripe, other):
    meter(db, "search-20", **other)
    stripe(event(key(1)), event(key(2)), event("search-20"))
    assert classes(db) == MATCHED


@pytest.mark.parametrize(
    ("said", "kind"), [(5, "matched"), (2, "wrong amount"), (6, "wrong amount")]
)
def test_a_sum_of_the_whole_meter_is_compared_with_all_of_usage_events(db, stripe, said, kind):
    (one,) = stripe(summary(said)).sums
    assert (one.compared_with, one.expected, one.kind) == ("usage_events", 5, kind)
    assert classes(db) == MATCHED


def test_an_invoice_of_the_whole_meter_is_compared_in_yen(db, tmp_path):
    meter(db, "search-21", quantity=4)
    path = write_csv(tmp_path / "i.csv", ("amount", "currency"), [(27, "jpy")])
    (one,) = reconcile(db, "2026-07", invoiced=[path]).sums
    assert (one.expected, one.kind) == (27, "matched")


def test_a_sum_beside_a_quantity_that_is_no_number_is_unverifiable(db, stripe):
    meter(db, "search-22", quantity="many")
    (one,) = stripe(summary(5)).sums
    assert one.kind == "unverifiable"


def test_what_others_metered_beyond_all_numbers_is_no_fault(db):
    meter(db, "search-23", "search-24", quantity=2**62)
    sources = reconcile(db, "2026-07").sources
    assert (sources.left_aside, sources.aside_quantity, sources.faults) == (5, None, [])


def test_an_event_without_a_status_is_billed(db):
    db.execute("UPDATE usage_events SET status = NULL")
    assert reconcile(db, "2026-07").totals["matched"].rows == 2


# Test mode, meters


@pytest.mark.parametrize("said", [False, "false", "FALSE", "False", "f", 0, "0"])
def test_test_mode_proves_nothing(db, stripe, said):
    found = stripe(
        event(key(1), livemode=said), event(key(2), livemode=True), summary(9, livemode=said)
    )
    assert classes(db) == [(1, "missing downstream"), (2, "matched")]
    assert (found.sources.test_mode, found.sums) == (2, [])


def test_a_livemode_that_says_neither_makes_nothing_of_it(stripe):
    found = stripe(event(key(1), livemode="perhaps"))
    assert found.sources.faults[0].endswith(
        "has a livemode that is neither true nor false - export it again"
    )


def test_one_meter_of_several_is_picked_by_its_name(db, stripe):
    other = event(key(1), event_name="tokens")
    stripe(event(key(1)), event(key(2)), other)
    assert classes(db) == [(1, "duplicate"), (2, "matched")]
    stripe(event(key(1)), event(key(2)), other, stripe_meter="requests")
    assert classes(db) == MATCHED


def test_sums_of_several_meters_are_not_added_up(db, stripe):
    found = stripe(summary(5), summary(70, "mtr_2"))
    assert found.sources.faults == ["sums are of 2 meters - pick one with --stripe-meter"]
    assert found.exit_status == 2
    assert stripe(summary(5), summary(70, "mtr_2"), stripe_meter="mtr_1").sums[0].kind == "matched"


def test_a_meter_that_is_not_there_is_a_fault(stripe):
    found = stripe(event(key(1)), stripe_meter="requets")
    assert found.sources.faults == [
        "no record is of the meter asked for - name another with --stripe-meter"
    ]


def test_a_record_that_names_no_meter_cannot_be_picked(stripe):
    record = event(key(1))
    del record["event_name"]
    (fault,) = stripe(record, stripe_meter="requests").sources.faults
    assert "names no meter" in fault


# Events that were taken back


def test_an_event_that_was_cancelled_is_no_charge(db, stripe):
    reverse_delivery(db, key(1))
    stripe(event(key(1)), event(key(2)), adjustment(key(1)))
    assert classes(db) == [(1, "reversed"), (2, "matched")]


def test_a_delivery_whose_event_was_cancelled_is_not_charged(db, stripe):
    stripe(adjustment(key(1)), event(key(1)), event(key(2)))
    assert classes(db) == [(1, "delivered but not charged"), (2, "matched")]


@pytest.mark.parametrize("other", [{"status": "pending"}, {"livemode": False}])
def test_what_is_not_cancelled_yet_stands(db, stripe, other):
    stripe(event(key(1)), event(key(2)), adjustment(key(1), **other))
    assert classes(db) == MATCHED


def test_a_cancelled_event_of_another_endpoint_is_not_in_the_sum(stripe):
    assert stripe(summary(4), adjustment(OTHERS[0])).sums[0].kind == "matched"


def test_an_adjustment_in_csv(db, tmp_path):
    reverse_delivery(db, key(1))
    header = ("object", "identifier", "value", "timestamp", "cancel.identifier")
    lines = [("billing.meter_event", key(number), 1, AT, "") for number in (1, 2)]
    lines += [("billing.meter_event_adjustment", "", "", "", key(1))]
    reconcile(db, "2026-07", stripe=[write_csv(tmp_path / "s.csv", header, lines)])
    assert classes(db) == [(1, "reversed"), (2, "matched")]


@pytest.mark.parametrize("other", [{"cancel": {}}, {"type": "raise"}, {"status": "lost"}])
def test_an_adjustment_that_cannot_be_read_is_a_fault(stripe, other):
    (fault,) = stripe(adjustment(key(1), **other)).sources.faults
    assert "is an adjustment that cancels nothing it names" in fault


# What was not given


def test_a_source_that_was_not_given_has_no_sum(db, stripe):
    found = reconcile(db, "2026-07")
    assert found.total == (2, 6, 6, None)
    assert {(row.stripe_quantity, row.invoiced_yen) for row in rows(db)} == {(None, None)}
    db.execute("DROP TABLE usage_events")
    assert stripe(summary(2)).total == (2, 6, None, None)


def test_what_has_no_sum_is_kept_as_such_and_printed_as_a_dash(fresh_path):
    build(fresh_path)
    arguments = ["personalization-reconcile", str(fresh_path), "--month", "2026-07", "--keep"]
    shown = CliRunner().invoke(cli, arguments)
    assert shown.exit_code == 2
    assert shown.stdout.splitlines()[-3].split() == ["total", "0", "0", "-", "-"]


# When


@pytest.mark.parametrize(
    ("delivered_at", "said"),
    [
        ("2026-07-01T18:14:59.999Z", "before it was logged, 2026-07-01T18:15:00.000Z"),
        ("2020-01-01T00:00Z", "before it was logged"),
        ("2099-01-01T00:00Z", "later than now"),
        ("2026-07-02T03:14:59+09:00", "before it was logged"),
    ],
)
def test_a_delivery_at_a_time_that_cannot_be_is_refused(db, delivered_at, said):
    with pytest.raises(PersonalizationError, match=said):
        record_delivery(db, 1, channel="digest", slot="issue-1", delivered_at=delivered_at)
    record_delivery(db, 1, channel="rest", slot="2026-07-02", delivered_at="2026-07-01T18:15:00Z")


@pytest.mark.parametrize(
    ("column", "value", "because"),
    [
        ("served_at", AUGUST, "delivered before it was logged"),
        ("served_at", "2026-07-22T00:30:00.001Z", "delivered before it was logged"),
        ("served_at", "2026-07-22 00:31:00", "delivered before it was logged"),
        ("served_at", JULY, None),
        ("served_at", "at noon", None),
    ],
)
def test_one_that_another_program_recorded_is_conflicting(db_path, column, value, because):
    db = empty(db_path)
    plant(db, [])
    db.execute(
        f"INSERT INTO am_personalization_recommendation_log(rec_id, profile_id, recommendation_type, {column})"
        " VALUES (1, 1, 'program', ?)",
        (value,),
    )
    _delivered(db, JULY)
    reconcile(db, "2026-07")
    (row,) = rows(db)
    assert (row.kind, row.because) == (
        ("conflicting", because) if because else ("delivered but not charged", "not charged")
    )
    db.close()


def test_one_that_another_program_recorded_for_later_is_conflicting(db_path):
    db = empty(db_path)
    plant(db, CASES[:1])
    db.execute("DROP TRIGGER am_personalization_delivery_no_update")
    db.execute("UPDATE am_personalization_delivery SET delivered_at = '2098-12-31T15:00:00.000Z'")
    reconcile(db, "2099-01")
    assert [row.because for row in rows(db)] == ["delivered later than now"]
    db.close()


def _delivered(db, at):
    db.execute(
        "INSERT INTO am_personalization_delivery(delivery_key, rec_id, channel, slot, delivered_at, status,"
        " unit_price_yen) VALUES (?, 1, 'digest', '2026-07-22', ?, 200, 3)",
        (key(1), at),
    )


def test_what_was_recorded_may_be_said_again_whatever_its_time(db_path):
    db = empty(db_path)
    plant(db, CASES[:1])
    again = record_delivery(db, 1, channel="digest", slot="2026-07-22", delivered_at=JULY)
    assert not again.new
    db.close()


def test_a_night_that_was_scored_after_its_day_counts_from_that_day(fresh_path, runner):
    runner.invoke(cli, ["personalization-example", str(fresh_path)])
    deliver = [
        "personalization-deliver",
        str(fresh_path),
        "1",
        "--channel",
        "digest",
        "--slot",
        "issue-1",
    ]
    early = runner.invoke(cli, [*deliver, "--delivered-at", "2026-03-31T14:59:59Z"])
    assert early.exit_code == 1
    assert runner.invoke(cli, [*deliver, "--delivered-at", "2026-03-31T15:00:00Z"]).exit_code == 0


@pytest.mark.parametrize(
    ("reversed_at", "said"),
    [("2026-07-22T00:29:59Z", "before it was delivered"), ("2099-01-01T00:00Z", "later than now")],
)
def test_a_reversal_at_a_time_that_cannot_be_is_refused(db, reversed_at, said):
    with pytest.raises(PersonalizationError, match=said):
        reverse_delivery(db, key(1), reversed_at)
    assert reverse_delivery(db, key(1), JULY).delivered_at == JULY
