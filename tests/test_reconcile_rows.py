"""What a row of a reconciliation says where a source, a month or a charge ends: each figure worked out by hand."""

import pytest
from reconciled import ERASURE, JULY, RELATED, SECRET, USAGE, billing_key, empty, key, write_json

from sqlite_utils_personalization.billing.delivery import reversal_key
from sqlite_utils_personalization.billing.reconcile import reconcile as reconcile_module
from sqlite_utils_personalization.billing.reconcile.classes import CLASSES
from sqlite_utils_personalization.billing.reconcile.reconcile import reconcile
from sqlite_utils_personalization.billing.reconcile.reconcile import reconciled_rows as rows
from sqlite_utils_personalization.billing.reconcile.result import keep

# July 2026 in Japan, its first and its last moment and those beside them; and in seconds since 1970.
BEFORE, FIRST = "2026-06-30T14:59:59.999Z", "2026-06-30T15:00:00.000Z"
LAST, AFTER = "2026-07-31T14:59:59.999Z", "2026-07-31T15:00:00.000Z"
START, END = 1782831600, 1785510000


@pytest.fixture
def db(db_path):
    db = empty(db_path)
    db.execute(USAGE)
    yield db
    db.close()


@pytest.fixture
def july(db, tmp_path):
    """The rows of July, by what Stripe and the invoice have."""

    def reconciled(stripe=(), invoice=(), name="2026-07"):
        given = {"stripe": stripe, "invoiced": invoice}
        files = {k: [write_json(tmp_path / k, [*one])] for k, one in given.items() if one}
        reconcile(db, name, **files)
        return [*rows(db)]

    return reconciled


def deliver(db, number, at=JULY, status=200, price=3, customer=1):
    db.execute(
        "INSERT INTO am_personalization_recommendation_log(rec_id, profile_id, recommendation_type, score, served_at)"
        " VALUES (?, ?, 'program', 50, '2026-01-01T18:15:00.000Z')",
        (number, customer),
    )
    return _record(db, key(number), number, at, status, price, None)


def take_back(db, number, at, status=200):
    (of,) = db.execute(
        "SELECT delivery_id FROM am_personalization_delivery WHERE delivery_key = ?", (key(number),)
    ).fetchone()
    return _record(db, reversal_key(key(number)), number, at, status, 3, of)


def _record(db, named, number, at, status, price, of):
    return db.execute(
        "INSERT INTO am_personalization_delivery(delivery_key, rec_id, channel, slot, delivered_at, status,"
        " unit_price_yen, reversal_of) VALUES (?, ?, 'digest', '2026-07-22', ?, ?, ?, ?)",
        (named, number, at, status, price, of),
    ).lastrowid


def meter(db, named, at=JULY, quantity=1, **other):
    event = {"billing_idempotency_key": named, "ts": at, "quantity": quantity, "status": 200}
    event |= {"metered": 1, "key_hash": SECRET, "endpoint": "v1/personalization", **other}
    db.execute(
        f"INSERT INTO usage_events({', '.join(event)}) VALUES ({', '.join('?' * len(event))})",
        [*event.values()],
    )


def event(named, at=START, quantity=1, **other):
    return {"identifier": named, "value": quantity, "timestamp": at, **other}


def line(named, yen=3):
    return {"identifier": named, "amount": yen}


def shown(found, *names):
    return [tuple(getattr(row, name) for name in names) for row in found]


# Months


def test_a_month_has_what_was_delivered_from_its_first_moment_to_its_last_in_japan(db, july):
    for number, at in enumerate((BEFORE, FIRST, LAST, AFTER), 1):
        deliver(db, number, at)
    months = {
        name: shown(july(name=name), "rec_id", "owed_yen")
        for name in ("2026-06", "2026-07", "2026-08")
    }
    assert months == {
        "2026-06": [(1, 3)],
        "2026-07": [(2, 3), (3, 3)],
        "2026-08": [(4, 3)],
    }


def test_what_was_decided_is_counted_from_the_first_moment_of_a_month_to_its_last(db):
    for at in (BEFORE, FIRST, LAST, AFTER):
        db.execute(
            "INSERT INTO am_personalization_recommendation_log(profile_id, recommendation_type, score, served_at)"
            " VALUES (1, 'program', 50, ?)",
            (at,),
        )
    months = ("2026-05", "2026-06", "2026-07", "2026-08")
    assert [reconcile(db, name).decided for name in months] == [0, 1, 2, 1]


def test_what_was_charged_in_a_month_but_delivered_in_another_is_owed_there_alone(db, july):
    for number, at in ((1, BEFORE), (2, AFTER)):
        deliver(db, number, at)
        meter(db, key(number))
    assert shown(july(), "rec_id", "kind", "owed_yen", "metered_yen") == [
        (1, "late", 0, 3),
        (2, "late", 0, 3),
    ]


@pytest.mark.parametrize("at", ("2026-05-15T00:00:00.000Z", "2026-09-15T00:00:00.000Z"))
def test_what_was_charged_in_another_month_is_looked_at_with_what_was_delivered_in_this(
    db, july, at
):
    for number, delivered_at in enumerate((BEFORE, FIRST, LAST, AFTER), 1):
        deliver(db, number, delivered_at)
        meter(db, key(number), at)
    assert shown(july(), "rec_id", "kind", "usage_quantity", "metered_yen") == [
        (2, "late", 1, 0),
        (3, "late", 1, 0),
    ]


def test_yen_metered_are_of_the_month_and_quantities_of_any_time(db, july):
    deliver(db, 1)
    for quantity, at in ((1, BEFORE), (2, FIRST), (4, LAST), (8, AFTER)):
        meter(db, key(1), at, quantity)
    (row,) = july([event(key(1), quantity=16)], [line(key(1), 64)])
    assert (row.usage_quantity, row.stripe_quantity) == (15, 16)
    assert (row.metered_yen, row.invoiced_yen) == (3 * (2 + 4), 64)
    assert row.metered_at == BEFORE


def test_without_usage_events_what_stripe_has_is_what_was_metered(db, july):
    deliver(db, 1)
    found = [(1, START - 1), (2, START), (4, END - 1), (8, END)]
    db.execute("DROP TABLE usage_events")
    (row,) = july([event(key(1), at, quantity) for quantity, at in found])
    assert (row.usage_quantity, row.stripe_quantity) == (None, 15)
    assert (row.metered_yen, row.invoiced_yen) == (3 * (2 + 4), None)


def test_what_nothing_charged_was_metered_with_nothing_or_no_source_says(db, july):
    deliver(db, 1)
    names = ("usage_quantity", "stripe_quantity", "metered_yen", "invoiced_yen")
    assert shown(july(), *names) == [(0, None, 0, None)]
    other = (event("f" * 64), line("f" * 64, 5))
    assert shown(july(other[:1], other[1:]), "kind", *names) == [
        ("orphan", 0, 1, 3, 5),
        ("delivered but not charged", 0, 0, 0, 0),
    ]
    db.execute("DROP TABLE usage_events")
    assert shown(july(other[:1]), *names) == [(None, 1, 3, None), (None, 0, 0, None)]
    assert shown(july(invoice=other[1:]), *names) == [(None, None, None, 5), (None, None, None, 0)]


@pytest.mark.parametrize("minutes", ("15:00", "15:59"))
def test_whether_a_charge_is_late_is_told_by_the_japanese_calendar(db, july, minutes):
    """Shortly after midnight in Japan both are of August, at whatever hour of July elsewhere."""
    deliver(db, 1, f"2026-07-31T{minutes}:00.000Z")
    meter(db, key(1), f"2026-07-31T{minutes}:30.000Z")
    assert shown(july(name="2026-08"), "kind") == [("matched",)]


@pytest.mark.parametrize(
    ("at", "kind"), ((BEFORE, "late"), (FIRST, "matched"), (LAST, "matched"), (AFTER, "late"))
)
def test_a_charge_is_late_from_midnight_in_japan_on(db, july, at, kind):
    deliver(db, 1)
    meter(db, key(1), at)
    assert shown(july(), "kind") == [(kind,)]


@pytest.mark.parametrize("at", (START - 1, END))
def test_of_two_sources_the_one_that_is_late_makes_it_late(db, july, at):
    deliver(db, 1)
    meter(db, key(1))
    assert shown(july([event(key(1), at)]), "kind", "metered_yen") == [("late", 3)]


def test_what_others_metered_is_left_aside_as_far_as_it_is_of_the_month(db, tmp_path):
    for quantity, at in ((1, BEFORE), (2, FIRST), (4, LAST), (8, AFTER)):
        meter(db, None, at, quantity, endpoint="v1/search")
    for other in ({"metered": 0}, {"status": 400}):
        meter(db, None, quantity=16, endpoint="v1/search", **other)
    meter(db, "search-1", quantity=32, endpoint="v1/search")
    cancelled = {"type": "cancel", "cancel": {"identifier": "search-1"}}
    sources = reconcile(db, "2026-07", stripe=[write_json(tmp_path / "s", [cancelled])]).sources
    assert (sources.left_aside, sources.aside_quantity) == (2, 2 + 4)


def test_a_charge_under_a_key_of_ours_stays_ours_whoever_else_has_that_key(db, july):
    for endpoint in ("v1/personalization", "v1/search"):
        meter(db, "odd", endpoint=endpoint)
    found = july([event("odd")])
    assert shown(found, "kind", "usage_quantity", "stripe_quantity") == [("orphan", 1, 1)]


def test_what_others_metered_is_left_aside_beside_an_event_of_ours_without_a_key(db, july):
    meter(db, None)
    meter(db, "search-1", endpoint="v1/search")
    assert shown(july([event("search-1")]), "kind", "stripe_quantity") == [("unverifiable", 0)]


def test_of_an_export_what_is_left_aside_is_counted_as_far_as_it_is_of_the_month(db, tmp_path):
    meter(db, "search-1", endpoint="v1/search")
    times = (START - 1, START, END - 1, END)
    stripe = write_json(tmp_path / "s", [event("search-1", at) for at in times])
    invoice = write_json(tmp_path / "i", [line("search-1")] * 3)
    sources = reconcile(db, "2026-07", stripe=[stripe], invoiced=[invoice]).sources
    assert sources.left_aside_exports == {"stripe": 2, "invoice": 3}


def test_an_event_of_ours_stays_ours_beside_another_under_its_id(db, july):
    for endpoint in ("v1/personalization", "v1/search"):
        meter(db, None, endpoint=endpoint, stripe_record_id="mbur_1")
    found = july([{"id": "mbur_1", "quantity": 1, "timestamp": START}])
    assert shown(found, "kind", "usage_quantity", "stripe_quantity") == [("unverifiable", 1, 0)]


def test_charges_of_no_delivery_are_shown_in_the_order_of_their_times(db, july):
    for number, named in enumerate(("f" * 64, "0" * 64, "7" * 64)):
        meter(db, named, f"2026-07-0{number + 1}T00:00:00.000Z")
    assert shown(july(), "delivery_key") == [("f" * 64,), ("0" * 64,), ("7" * 64,)]


def test_a_charge_related_to_a_delivery_that_is_gone_is_nobodys(db, july):
    db.execute(RELATED, (billing_key(1), 7))
    meter(db, billing_key(1))
    assert shown(july(), "kind") == [("orphan",)]


# Status


@pytest.mark.parametrize(
    ("status", "kind", "owed"),
    (
        (199, "charged but not delivered", 0),
        (200, "matched", 3),
        (299, "matched", 3),
        (300, "charged but not delivered", 0),
    ),
)
def test_what_is_billable_is_a_status_from_200_to_299(db, july, status, kind, owed):
    deliver(db, 1, status=status)
    meter(db, key(1))
    assert shown(july(), "kind", "owed_yen") == [(kind, owed)]


# Charges without a key, and credits


def test_two_charges_that_say_the_same_and_no_key_are_two_rows(db, july):
    for _ in range(2):
        meter(db, None)
    assert (
        shown(july(), "kind", "delivery_key", "usage_quantity", "metered_yen")
        == [("unverifiable", None, 1, 3)] * 2
    )


@pytest.mark.parametrize("sign", (1, -1))
@pytest.mark.parametrize(("more", "is_read"), ((0, True), (1, False)))
def test_a_quantity_is_read_up_to_a_thousand_million(db, july, sign, more, is_read):
    deliver(db, 1)
    quantity = sign * (1_000_000_000 + more)
    meter(db, key(1), quantity=quantity)
    (row,) = july()
    assert (row.kind, row.usage_quantity) == (
        ("wrong amount", quantity) if is_read else ("unverifiable", 0)
    )
    db.execute("DROP TABLE usage_events")
    (row,) = july([event(key(1), quantity=quantity)])
    assert (row.kind, row.stripe_quantity) == (
        ("wrong amount", quantity) if is_read else ("unverifiable", 0)
    )


def test_an_event_without_a_key_takes_none_from_another_under_its_id(db, july):
    deliver(db, 1)
    for named in (key(1), None):
        meter(db, named, stripe_record_id="mbur_1")
    assert shown(july(), "rec_id", "kind") == [(None, "unverifiable"), (1, "matched")]


def test_each_charge_is_of_the_delivery_its_own_key_is_related_to(db, july):
    for number in (1, 2, 3):
        db.execute(RELATED, (billing_key(number), deliver(db, number)))
        meter(db, billing_key(number), quantity=number)
    found = july()
    assert sorted(shown(found, "rec_id", "usage_quantity")) == [(1, 1), (2, 2), (3, 3)]


def test_each_credit_is_of_the_delivery_that_its_own_reversal_takes_back(db, july):
    for number in (1, 2, 3):
        deliver(db, number)
        take_back(db, number, JULY)
        meter(db, reversal_key(key(number)), quantity=-number)
    found = july()
    assert sorted(shown(found, "rec_id", "usage_quantity")) == [(1, -1), (2, -2), (3, -3)]


def test_a_delivery_taken_back_in_its_month_is_one_row(db, july):
    deliver(db, 1)
    take_back(db, 1, LAST)
    assert shown(july(), "rec_id", "kind", "reversed_at") == [(1, "reversed", LAST)]


@pytest.mark.parametrize("source", ("usage_events", "stripe", "invoice"))
def test_a_credit_is_no_charge_of_what_an_erased_customer_was_delivered(db, july, source):
    db.execute(ERASURE)
    deliver(db, 1, customer=2)
    take_back(db, 1, JULY)
    back = reversal_key(key(1))
    if source == "usage_events":
        meter(db, back, quantity=-1)
    given = (
        [event(back, quantity=-1)] * (source == "stripe"),
        [line(back, -3)] * (source == "invoice"),
    )
    assert shown(july(*given), "kind") == [("erased",)]


def test_a_credit_in_usage_events_alone_is_what_was_metered(db, july):
    deliver(db, 1)
    take_back(db, 1, JULY)
    meter(db, reversal_key(key(1)), quantity=-1)
    (row,) = july([event(key(1))])
    assert (row.usage_quantity, row.stripe_quantity, row.metered_yen) == (-1, 1, -3)


def test_what_usage_events_has_is_what_was_metered_even_if_it_is_nothing(db, july):
    deliver(db, 1)
    meter(db, key(1), quantity=0)
    (row,) = july([event(key(1))])
    assert (row.usage_quantity, row.stripe_quantity, row.metered_yen) == (0, 1, 0)


def test_credits_that_come_to_nothing_leave_it_to_stripe(db, july):
    deliver(db, 1)
    take_back(db, 1, JULY)
    for quantity, at in ((1, BEFORE), (-1, JULY)):
        meter(db, reversal_key(key(1)), at, quantity)
    (row,) = july([event(key(1))])
    assert (row.usage_quantity, row.stripe_quantity, row.metered_yen) == (0, 1, 3)


def test_an_invoice_of_what_was_taken_back_at_stripe_stands(db, july):
    deliver(db, 1)
    meter(db, key(1))
    cancelled = {
        "object": "billing.meter_event_adjustment",
        "type": "cancel",
        "cancel": {"identifier": key(1)},
    }
    (row,) = july([event(key(1)), cancelled], [line(key(1))])
    assert (row.usage_quantity, row.stripe_quantity, row.invoiced_yen) == (0, 0, 3)
    assert row.because == "invoiced, but not metered"


@pytest.mark.parametrize("order", (1, -1))
def test_of_two_events_under_one_id_the_first_in_the_order_of_keys_has_the_record(db, july, order):
    numbers = sorted((1, 2), key=key)
    for number in numbers[::order]:
        deliver(db, number)
        meter(db, key(number), stripe_record_id="mbur_1")
    found = july([{"id": "mbur_1", "quantity": 1, "timestamp": START}])
    quantities = dict(shown(found, "rec_id", "stripe_quantity"))
    assert [quantities[number] for number in numbers] == [1, 0]


def test_a_record_is_joined_by_an_id_of_usage_events_and_of_no_other_record(db, tmp_path):
    deliver(db, 1)
    found = {"id": "m1", "quantity": 1, "timestamp": START}
    files = [
        write_json(tmp_path / name, [one])
        for name, one in (("a", {**found, "identifier": key(1)}), ("b", found))
    ]
    reconcile(db, "2026-07", stripe=files)
    assert shown(rows(db), "because", "rec_id", "stripe_quantity") == [
        ("its event has no key to join it by", None, 1),
        ("in the Stripe export, but not in usage_events", 1, 1),
    ]


def test_the_time_of_a_charge_is_not_that_of_its_credit(db, july):
    deliver(db, 1)
    take_back(db, 1, JULY)
    meter(db, key(1), "2026-07-22T00:31:00.000Z")
    meter(db, reversal_key(key(1)), FIRST, quantity=-1, stripe_synced_at="2026-07-23 00:00:00")
    (row,) = july()
    assert row.kind == "reversed"
    assert row.metered_at == "2026-07-22T00:31:00.000Z"
    assert row.metered_recorded_at == "2026-07-23T00:00:00.000Z"


# Sums


def test_a_sum_is_compared_with_what_usage_events_has_of_the_month_at_its_price(db, tmp_path):
    """Another delivery's price, a charge of no delivery, and one of each moment at the ends of the month."""
    deliver(db, 1, price=5)
    deliver(db, 2)
    for quantity, at in ((1, BEFORE), (2, FIRST), (4, LAST), (8, AFTER)):
        meter(db, key(1), at, quantity)
    meter(db, key(2))
    meter(db, "f" * 64, quantity=10)
    stripe = write_json(tmp_path / "s", [event(key(1), quantity=100)])
    invoice = write_json(tmp_path / "i", [{"amount": 63}])
    (one,) = reconcile(db, "2026-07", stripe=[stripe], invoiced=[invoice]).sums
    assert one == ("invoice", "yen", 63, "usage_events", 5 * (2 + 4) + 3 + 3 * 10, "matched")


def test_without_usage_events_a_sum_is_compared_with_what_stripe_has(db, tmp_path):
    deliver(db, 1)
    db.execute("DROP TABLE usage_events")
    found = [(1, START - 1), (2, START), (4, END - 1), (8, END)]
    records = [event(key(1), at, quantity) for quantity, at in found]
    stripe = write_json(tmp_path / "s", records)
    invoice = write_json(tmp_path / "i", [line(key(1)), {"amount": 18}])
    (one,) = reconcile(db, "2026-07", stripe=[stripe], invoiced=[invoice]).sums
    assert one == ("invoice", "yen", 18, "stripe", 3 * (2 + 4), "matched")


def test_without_rows_of_any_source_a_sum_is_compared_with_what_was_delivered(db, tmp_path):
    for number, at in enumerate((BEFORE, FIRST, LAST, AFTER, JULY, JULY), 1):
        deliver(db, number, at, price=number, status=500 if number == 6 else 200)
    take_back(db, 5, JULY)
    db.execute("DROP TABLE usage_events")
    stripe = write_json(
        tmp_path / "s",
        [{"aggregated_value": 2, "start_time": START, "end_time": END, "meter": "mtr_1"}],
    )
    lines = [line(key(number)) for number in range(1, 7)]
    invoice = write_json(tmp_path / "i", [*lines, {"amount": 4}])
    found = reconcile(db, "2026-07", stripe=[stripe], invoiced=[invoice])
    assert found.sums == [
        ("stripe", "quantity", 2, "deliveries", 2, "matched"),
        ("invoice", "yen", 4, "deliveries", 2 + 3, "wrong amount"),
    ]


# One source alone


SOURCES = ("usage_events", "stripe", "invoice")


def said_by(db, source, named, n):
    """What the exports of Stripe and of the invoice have, if one of the sources alone says n of the key."""
    if source == "usage_events":
        meter(db, named, quantity=n)
    return (
        [event(named if source == "stripe" else "0" * 64, quantity=n if source == "stripe" else 0)],
        [line(named if source == "invoice" else "0" * 64, n if source == "invoice" else 0)],
    )


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize(
    ("n", "failed", "taken_back"),
    (
        (1, "the delivery failed", "reversed, but a charge stands"),
        (0, "not delivered, not charged", "taken back"),
        (-1, "credited more than was charged", "credited more than was charged"),
    ),
)
def test_what_one_source_alone_has_of_what_did_not_take_place_counts(
    db, july, source, n, failed, taken_back
):
    deliver(db, 1, status=500)
    deliver(db, 2)
    take_back(db, 2, JULY)
    for number, because in ((1, failed), (2, taken_back)):
        found = july(*said_by(db, source, key(number), n))
        assert (number, because) in shown(found, "rec_id", "because")


@pytest.mark.parametrize(
    "events", (((1, JULY), (-1, JULY)), ((0, AFTER),)), ids=("charged and credited", "late")
)
def test_what_failed_and_comes_to_nothing_is_not_charged(db, july, events):
    deliver(db, 1, status=500)
    for quantity, at in events:
        meter(db, key(1), at, quantity)
    assert shown(july(), "because") == [("not delivered, not charged",)]


def test_what_was_delivered_and_metered_below_zero_was_metered_wrongly(db, july):
    deliver(db, 1)
    meter(db, key(1), quantity=-1)
    assert shown(july(), "because") == [("metered with another quantity than 1",)]


# Erased customers, and times


def test_what_an_erased_customer_was_delivered_is_erased_only_if_nothing_charges_it(db, july):
    db.execute(ERASURE)
    for number in (1, 2, 3):
        deliver(db, number, customer=2)
    meter(db, key(1))
    found = july([event(key(1)), event(key(2))], [line(key(1)), line(key(2))])
    assert shown(found, "rec_id", "because") == [
        (3, "its customer was erased, and what related it to its charge"),
        (2, "in the Stripe export, but not in usage_events"),
        (1, "charged once, what it costs"),
    ]


def test_a_key_of_another_content_is_conflicting_whoever_was_erased(db, july):
    db.execute(ERASURE)
    deliver(db, 1, customer=2)
    _record(db, "f" * 64, 1, JULY, 200, 3, None)
    assert shown(july(), "delivery_key", "kind") == [(key(1), "erased"), ("f" * 64, "conflicting")]


@pytest.mark.parametrize(
    ("at", "kind"),
    (
        ("2026-07-22T00:29:59.999Z", "delivered but not charged"),
        (JULY, "delivered but not charged"),
        ("2026-07-22T00:30:00.001Z", "conflicting"),
    ),
)
def test_what_is_delivered_now_is_not_delivered_later_than_now(db, july, monkeypatch, at, kind):
    monkeypatch.setattr(reconcile_module, "utc_now", lambda: JULY)
    deliver(db, 1, at)
    assert shown(july(), "kind") == [(kind,)]


# The month as a whole


def test_what_is_explained_in_every_way_there_is_agrees(db, july):
    db.execute(ERASURE)
    for number in (1, 2, 3):
        deliver(db, number)
    deliver(db, 4, customer=2)
    meter(db, key(1))
    meter(db, key(2), AFTER)
    take_back(db, 3, JULY)
    assert {row.kind for row in july()} == {"matched", "late", "reversed", "erased"}
    assert reconcile(db, "2026-07").exit_status == 0


def test_what_is_kept_of_a_month_is_its_classes_and_every_row_that_is_not_matched(db):
    for number, at in ((1, BEFORE), (2, JULY), (3, JULY), (4, JULY)):
        deliver(db, number, at)
    meter(db, key(4))
    meter(db, "f" * 64)
    for name in ("2026-06", "2026-07", "2026-07"):
        keep(db, reconcile(db, name), rows(db))
    assert db.execute(
        "SELECT month, seq, class, rec_id FROM am_personalization_reconciled ORDER BY month, seq"
    ).fetchall() == [
        ("2026-06", 1, "delivered but not charged", 1),
        ("2026-07", 1, "orphan", None),
        ("2026-07", 2, "delivered but not charged", 2),
        ("2026-07", 3, "delivered but not charged", 3),
    ]
    found = db.execute(
        "SELECT position, class, row_count, owed_yen, metered_yen, invoiced_yen, first_seq, last_seq"
        " FROM am_personalization_reconciliation WHERE month = '2026-07' ORDER BY position"
    ).fetchall()
    nothing = (0, 0, 0, None, None, None)
    held = {
        "orphan": (1, 0, 3, None, 1, 1),
        "delivered but not charged": (2, 6, 0, None, 2, 3),
        "matched": (1, 3, 3, None, None, None),
    }
    assert found == [
        (position, name, *held.get(name, nothing)) for position, name in enumerate(CLASSES, 1)
    ]


def test_without_usage_events_nothing_is_known_to_be_of_others(db, tmp_path):
    db.execute("DROP TABLE usage_events")
    stripe = write_json(tmp_path / "s", [event("search-1")])
    sources = reconcile(db, "2026-07", stripe=[stripe]).sources
    assert (sources.left_aside, sources.aside_quantity, sources.test_mode) == (0, 0, 0)
    assert sources.left_aside_exports == {"stripe": 0, "invoice": 0}
