"""Exports of Stripe, and invoices: joined row by row where they can be, else compared as sums, and never guessed."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reconciled import CASES, JULY, Case, empty, key, plant, write_csv, write_json

from sqlite_utils_personalization.billing.reconcile.reconcile import reconcile
from sqlite_utils_personalization.billing.reconcile.reconcile import reconciled_rows as rows

AT = 1784680200  # JULY in seconds since 1970
START, END = 1782831600, 1785510000  # of July 2026 in Japan


@pytest.fixture
def db(db_path):
    db = empty(db_path)
    yield db
    db.close()


@pytest.fixture
def stripe_only(db):
    """Three deliveries in a file without usage_events."""
    plant(db, [Case("matched", usage=())] * 3)
    db.execute("DROP TABLE usage_events")
    return db


def kinds(db):
    return [(row.rec_id, row.kind) for row in rows(db)]


def event(number, quantity="1", at=AT, **other):
    """A meter event as Stripe's API gives it."""
    payload = {"stripe_customer_id": "cus_5ec4e7", "value": quantity}
    return {
        "object": "billing.meter_event",
        "identifier": key(number),
        "event_name": "recommendation",
        "timestamp": at,
        "created": at + 5,
        "livemode": True,
        "payload": payload,
        **other,
    }


SHAPES = {
    "array": lambda records: json.dumps(records),
    "list object": lambda records: json.dumps(
        {"object": "list", "data": records, "has_more": False}
    ),
    "lines": lambda records: "".join(f"{json.dumps(record)}\n" for record in records),
    "byte order mark": lambda records: "\ufeff" + json.dumps(records),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_meter_events_are_joined_by_their_identifier(stripe_only, tmp_path, shape):
    path = tmp_path / "events.json"
    path.write_text(SHAPES[shape]([event(1), event(2, "2"), event(1, at=AT + 9)]), encoding="utf-8")
    found = reconcile(stripe_only, "2026-07", stripe=[path])
    assert kinds(stripe_only) == [
        (1, "duplicate"),
        (2, "wrong amount"),
        (3, "delivered but not charged"),
    ]
    assert found.exit_status == 1
    first, *_ = rows(stripe_only)
    assert (first.metered_at, first.metered_recorded_at) == (JULY, "2026-07-22T00:30:14.000Z")


def test_times_may_be_written_as_the_second_api_does(stripe_only, tmp_path):
    records = [event(number, at=AT, timestamp=JULY) for number in (1, 2, 3)]
    found = reconcile(stripe_only, "2026-07", stripe=[write_json(tmp_path / "s", records)])
    assert found.totals["matched"].rows == 3


@pytest.mark.parametrize("end", ("\n", "\r\n"))
@pytest.mark.parametrize("mark", ("", "\ufeff"))
def test_csv_of_any_line_end_with_and_without_byte_order_mark(stripe_only, tmp_path, end, mark):
    lines = ["Identifier,Event Name,Payload Value,Timestamp"]
    lines += [f'{key(number)},"a, b",1,{AT}' for number in (1, 2, 3)]
    path = tmp_path / "events.csv"
    path.write_bytes((mark + end.join([*lines, ""])).encode())
    assert reconcile(stripe_only, "2026-07", stripe=[path]).totals["matched"].rows == 3


def test_usage_records_are_joined_by_the_id_that_usage_events_keeps(db, tmp_path):
    plant(db, [Case("matched")] * 3)
    db.execute("UPDATE usage_events SET stripe_record_id = 'mbur_' || id")
    records = [
        {
            "id": f"mbur_{number}",
            "object": "usage_record",
            "quantity": quantity,
            "subscription_item": "si_1",
            "timestamp": AT,
        }
        for number, quantity in ((1, 1), (2, 5), (9, 1))
    ]
    path = write_json(tmp_path / "records.json", records)
    reconcile(db, "2026-07", stripe=[path])
    assert kinds(db) == [
        (None, "unverifiable"),
        (2, "conflicting"),
        (3, "missing downstream"),
        (1, "matched"),
    ]


def test_a_record_on_two_pages_of_an_export_counts_once(stripe_only, tmp_path):
    records = [event(number, id=f"m{number}") for number in (1, 2, 3, 2)]
    found = reconcile(stripe_only, "2026-07", stripe=[write_json(tmp_path / "s", records)])
    assert found.totals["matched"].rows == 3


def test_records_of_other_months_are_left_out(stripe_only, tmp_path):
    records = [event(7, at=START - 1), event(8, at=START), event(9, at=END - 1), event(10, at=END)]
    found = reconcile(stripe_only, "2026-07", stripe=[write_json(tmp_path / "s", records)])
    assert found.totals["orphan"].rows == 2


def test_several_files_are_one_source_and_their_order_does_not_matter(stripe_only, tmp_path):
    paths = [write_json(tmp_path / f"{number}.json", [event(number)]) for number in (1, 2, 3)]
    found = reconcile(stripe_only, "2026-07", stripe=paths)
    first = (found.to_dict(), [*rows(stripe_only)])
    again = reconcile(stripe_only, "2026-07", stripe=paths[::-1])
    assert (again.to_dict(), [*rows(stripe_only)]) == first
    assert found.totals["matched"].rows == 3


def summary(value, start=START, end=END, **other):
    return {
        "id": f"mtrusg_{value}_{start}",
        "object": "billing.meter_event_summary",
        "aggregated_value": value,
        "start_time": start,
        "end_time": end,
        "meter": "mtr_1",
        **other,
    }


@pytest.mark.parametrize(
    ("values", "kind"),
    (
        ([summary(3)], "matched"),
        ([summary(3.0)], "matched"),
        ([summary(2, end=END - 3600), summary(1, START + 3600)], "matched"),
        ([summary(3), summary(9, START - 3600, START), summary(9, END, END + 3600)], "matched"),
        ([summary(3), summary(3)], "matched"),
        ([summary(2)], "wrong amount"),
        ([summary(4)], "wrong amount"),
        ([summary(0)], "wrong amount"),
        ([summary(-3)], "wrong amount"),
    ),
)
def test_summaries_are_compared_as_a_sum_beside_usage_events(db, tmp_path, values, kind):
    plant(db, [Case("matched")] * 3)
    found = reconcile(db, "2026-07", stripe=[write_json(tmp_path / "s", values)])
    (one,) = found.sums
    assert (one.source, one.unit, one.compared_with, one.expected) == (
        "stripe",
        "quantity",
        "usage_events",
        3,
    )
    assert one.kind == kind
    assert found.totals["matched"].rows == 3
    assert found.exit_status == (0 if kind == "matched" else 1)
    assert found.sources.states["stripe"] == "only sums"


def test_sums_of_a_month_in_which_nothing_happened_are_zero(db, tmp_path):
    plant(db, [])
    stripe = write_json(tmp_path / "s", [summary(0)])
    invoice = write_json(tmp_path / "i", [{"amount": 0}])
    found = reconcile(db, "2026-07", stripe=[stripe], invoiced=[invoice])
    assert [tuple(one) for one in found.sums] == [
        ("stripe", "quantity", 0, "usage_events", 0, "matched"),
        ("invoice", "yen", 0, "usage_events", 0, "matched"),
    ]
    db.execute("DROP TABLE usage_events")
    found = reconcile(db, "2026-07", stripe=[stripe], invoiced=[invoice])
    assert [(one.compared_with, one.expected) for one in found.sums] == [("deliveries", 0)] * 2


def test_with_nothing_but_sums_no_row_can_be_verified(stripe_only, tmp_path):
    found = reconcile(stripe_only, "2026-07", stripe=[write_json(tmp_path / "s", [summary(3)])])
    assert {row.because for row in rows(stripe_only)} == {
        "only sums were given of what was metered"
    }
    assert [(one.compared_with, one.expected, one.kind) for one in found.sums] == [
        ("deliveries", 3, "matched")
    ]
    assert (found.totals["unverifiable"].rows, found.exit_status) == (3, 2)


def test_invoice_lines_without_a_key_are_compared_as_a_sum(db, tmp_path):
    plant(db, [Case("matched")] * 3)
    header = ("id", "amount", "currency", "quantity", "subscription_item")
    lines = [("il_1", 6, "jpy", 2, "si_1"), ("il_2", 4, "JPY", 1, "si_2")]
    found = reconcile(db, "2026-07", invoiced=[write_csv(tmp_path / "i.csv", header, lines)])
    (one,) = found.sums
    assert one == ("invoice", "yen", 10, "usage_events", 9, "wrong amount")
    assert found.totals["matched"].rows == 3


@pytest.mark.parametrize(
    ("content", "said"),
    (
        (b"", " is empty - export it again"),
        (b"\xef\xbb\xbf \r\n", " is empty - export it again"),
        ("identifier,value,timestamp\n".encode("utf-16"), " is not UTF-8 - export it as UTF-8"),
        ("identifier,value\n高橋".encode("shift_jis"), " is not UTF-8 - export it as UTF-8"),
        (b"{", " is not JSON - export it again"),
        (b"[" * 100_000, " is not JSON - export it again"),
        (b"[1]", " holds more than objects - give an array of records"),
        (
            b'{"object": "list", "data": [], "has_more": true}',
            " says has_more - export every page of it",
        ),
        (
            b"identifier,value,VALUE \n",
            " has two columns of one name - leave one of them out",
        ),
        (
            b"garbage",
            " has no column quantity or payload.value or payload_value or value or aggregated_value"
            " - export those, with a header",
        ),
        (
            b"identifier,value,timestamp\na,1\n",
            ": row 2 has 2 cells, the header 3 - export it again",
        ),
        (
            b'identifier,value,timestamp\n"a',
            " is not CSV (unexpected end of data) - export it again",
        ),
        (
            b'[{"id": "a", "quantity": 1}, {"id": "a", "quantity": 2}]',
            " has the id of another, and other content - export it again",
        ),
        (
            b'[{"identifier": "a", "timestamp": 1}]',
            " has no quantity, value or aggregated_value - export those too",
        ),
        (
            json.dumps([summary(3, START, END + 60)]).encode(),
            " sums up across an end of the month, 2026-06-30T15:00:00.000Z or 2026-07-31T15:00:00.000Z"
            " - export it by the hour",
        ),
        (
            json.dumps([summary(2.5)]).encode(),
            " is no summary: aggregated_value is an integer, start_time and end_time are times - export it again",
        ),
        (
            b'[{"aggregated_value": NaN, "start_time": 1, "end_time": 2}]',
            " is no summary: aggregated_value is an integer, start_time and end_time are times - export it again",
        ),
    ),
    ids=range(17),
)
def test_a_file_that_cannot_be_read_whole_makes_every_row_unverifiable(db, tmp_path, content, said):
    plant(db, [Case("matched"), Case("delivered but not charged", (), (), ())])
    path = tmp_path / "export"
    path.write_bytes(content)
    found = reconcile(db, "2026-07", stripe=[path])
    (fault,) = found.sources.faults
    assert fault.endswith(f"{path}{said}")
    assert [kind for _, kind in kinds(db)] == ["unverifiable"] * 2
    assert found.exit_status == 2
    assert found.sources.states["stripe"] == "cannot be read"


@pytest.mark.parametrize(
    ("line", "said"),
    (
        ({"amount": "3", "currency": "usd"}, "is not in jpy - leave out what is not in yen"),
        ({"identifier": "a"}, "has no amount - export the lines of the invoice"),
        ({"amount": "3.50"}, "has an amount that is no integer - yen have no decimals"),
        ({"amount": "３"}, "has an amount that is no integer - yen have no decimals"),
        ({"amount": True}, "has an amount that is no integer - yen have no decimals"),
    ),
)
def test_an_invoice_that_cannot_be_read_is_unverifiable(db, tmp_path, line, said):
    plant(db, [Case("matched")])
    path = write_json(tmp_path / "i.json", [line])
    found = reconcile(db, "2026-07", invoiced=[path])
    assert found.sources.faults == [f"record 1 of {path} {said}"]
    assert [kind for _, kind in kinds(db)] == ["unverifiable"]


@pytest.mark.parametrize(
    "quantity", ("1.5", "one", "", "1e3", "１", "0x1", None, True, [], 10**20, "9" * 40)
)
def test_a_quantity_that_is_no_integer_makes_its_row_unverifiable_and_no_other(
    stripe_only, tmp_path, quantity
):
    records = [event(1), event(2), {**event(3), "payload": {}, "quantity": quantity}]
    found = reconcile(stripe_only, "2026-07", stripe=[write_json(tmp_path / "s", records)])
    if quantity in (None, ""):
        # Not said at all, which is a fault of the export.
        assert len(found.sources.faults) == 1
    else:
        assert kinds(stripe_only)[0] == (3, "unverifiable")
        assert found.totals["matched"].rows == 2
    assert found.exit_status == 2


@pytest.mark.parametrize("at", ("", "yesterday", "2026-07-22", -1e30, None, "9" * 12))
def test_a_record_without_a_time_makes_its_row_unverifiable(stripe_only, tmp_path, at):
    records = [event(1), event(2), {**event(3), "timestamp": at}]
    reconcile(stripe_only, "2026-07", stripe=[write_json(tmp_path / "s", records)])
    assert kinds(stripe_only)[0] == (3, "unverifiable")


def test_a_header_without_rows_is_an_export_of_nothing(stripe_only, tmp_path):
    path = write_csv(tmp_path / "s.csv", ("identifier", "value", "timestamp"), [])
    found = reconcile(stripe_only, "2026-07", stripe=[path])
    assert found.totals["delivered but not charged"].rows == 3
    assert found.exit_status == 1


def test_nothing_else_of_an_export_is_shown(db, tmp_path):
    plant(db, CASES)
    path = write_json(tmp_path / "s.json", [event(number) for number in range(1, 60)])
    found = reconcile(db, "2026-07", stripe=[path])
    assert "cus_" not in repr((found, [*rows(db)]))


VALUES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(("", "高", "\ud800", "3", []))
)
NAMES = st.sampled_from(
    ("identifier", "id", "value", "quantity", "timestamp", "payload", "amount", "currency")
) | st.sampled_from(("aggregated_value", "start_time", "end_time", "created", "other"))
RECORDS = st.lists(st.dictionaries(NAMES, VALUES, max_size=6), max_size=4)
CONTENTS = st.binary(max_size=60) | st.builds(lambda records: json.dumps(records).encode(), RECORDS)


def added_up(values):
    found = [*values]
    return None if None in found else sum(found)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stripe=CONTENTS, invoice=CONTENTS)
def test_whatever_a_file_holds_the_delivery_is_in_one_class_and_all_is_added_up(
    db_path, tmp_path, stripe, invoice
):
    db = empty(db_path)
    plant(db, [Case("matched")])
    for name, content in (("stripe", stripe), ("invoice", invoice)):
        (tmp_path / name).write_bytes(content)
    found = reconcile(db, "2026-07", stripe=[tmp_path / "stripe"], invoiced=[tmp_path / "invoice"])
    every = [*rows(db)]
    assert [row.rec_id for row in every].count(1) == 1
    assert found.total == (
        len(every),
        *(added_up(getattr(row, name) for row in every) for name in found.total._fields[1:]),
    )
    known = found.sources.states["invoice"] == "read"
    assert [value is None for value in found.total] == [False, False, False, not known]
    db.close()
