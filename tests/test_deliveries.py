"""A delivery is recorded once, whoever says it how often, and taken back only by a row of its own."""

import hashlib
import sqlite3
import subprocess
import sys
from datetime import datetime, timedelta, timezone

import pytest
from delivered import DELIVERY, connect, logged, rows

import sqlite_utils_personalization
from sqlite_utils_personalization import PersonalizationError
from sqlite_utils_personalization.billing import record
from sqlite_utils_personalization.billing.delivery import fact, is_key, is_success
from sqlite_utils_personalization.billing.record import (
    TOGETHER,
    record_deliveries,
    record_delivery,
    record_facts,
    reverse_delivery,
)
from sqlite_utils_personalization.errors import DeliveryConflict, InvalidInput

DIGEST = {"channel": "digest", "slot": "2026-07-22"}
AT = "2026-07-22T00:30:00.000Z"


@pytest.fixture
def db(db_path):
    db = connect(logged(db_path, 5))
    yield db
    db.close()


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def test_the_package_offers_what_it_names():
    names = sqlite_utils_personalization.__all__
    assert names == sorted(names) == sorted(sqlite_utils_personalization._HOMES)
    assert [
        name for name in names if not callable(getattr(sqlite_utils_personalization, name))
    ] == []


def test_a_delivery_is_recorded_with_its_key_its_price_and_both_times(db):
    found = record_delivery(db, 3, **DIGEST, delivered_at=AT)
    assert rows(db) == [found[:-2]]
    assert is_key(found.billing_key)
    assert found._replace(recorded_at="") == (
        *(1, sha256('[3,"digest","2026-07-22"]'), 3, "digest", "2026-07-22"),
        *(AT, "", 200, 3, None, sha256('[1,"program",3,"2026-07-22",0]')),
        *(found.billing_key, True),
    )
    assert found.recorded_at > "2026-07-22"
    assert not db.in_transaction


def test_without_a_time_it_was_delivered_now(db):
    before = datetime.now(timezone.utc) - timedelta(milliseconds=1)
    found = record_delivery(db, 3, **DIGEST)
    assert before <= datetime.fromisoformat(found.delivered_at.replace("Z", "+00:00"))
    assert found.delivered_at <= found.recorded_at


def test_the_same_fact_twice_is_one_row_and_says_so(db):
    first = record_delivery(db, 3, **DIGEST)
    again = record_delivery(db, 3, **DIGEST)
    assert (first.new, again) == (True, first._replace(new=False))
    assert (
        record_delivery(db, 3, **DIGEST, delivered_at=first.delivered_at, unit_price_yen=3) == again
    )
    assert len(rows(db)) == 1


def test_a_retry_that_says_nothing_of_the_price_takes_the_one_of_that_time(db):
    record_delivery(db, 3, **DIGEST, unit_price_yen=2)
    assert record_delivery(db, 3, **DIGEST).unit_price_yen == 2


@pytest.mark.parametrize(
    ("other", "said"),
    (
        ({"status": 500}, "with status 200, not 500"),
        ({"unit_price_yen": 4}, "with unit_price_yen 3, not 4"),
        (
            {"delivered_at": "2026-07-22T00:31:00Z"},
            f"with delivered_at {AT}, not 2026-07-22T00:31:00.000Z",
        ),
    ),
)
def test_the_same_key_with_other_content_is_refused(db, refuses, other, said):
    record_delivery(db, 3, **DIGEST, delivered_at=AT)
    before = rows(db)
    with refuses(
        f"rec_id 3 was delivered on digest in slot 2026-07-22 {said}"
        " - correct the fact, or reverse that delivery and use another slot"
    ):
        record_delivery(db, 3, **(DIGEST | other))
    with pytest.raises(DeliveryConflict):
        record_delivery(db, 3, **(DIGEST | other))
    assert rows(db) == before


@pytest.mark.parametrize(
    "other",
    ({"channel": "mcp"}, {"channel": "rest"}, {"slot": "2026-07-23"}, {"slot": "2026-07-22.2"}),
)
def test_another_channel_or_slot_is_another_delivery(db, other):
    record_delivery(db, 3, **DIGEST)
    assert record_delivery(db, 3, **(DIGEST | other), delivered_at=AT).new


@pytest.mark.parametrize(
    "given",
    (
        "2026-07-22T09:30:00+09:00",
        "2026-07-22 09:30:00.000999+09:00",
        "2026-07-22T00:30:00z",
        "2026-07-22T00:30Z",
        "2026-07-21T19:30:00.0-05:00",
        datetime(2026, 7, 22, 0, 30, tzinfo=timezone.utc),
    ),
)
def test_a_time_in_any_zone_is_kept_in_utc(db, given):
    assert record_delivery(db, 3, **DIGEST, delivered_at=given).delivered_at == AT


@pytest.mark.parametrize(
    ("given", "sentence"),
    (
        (
            {"rec_id": 6},
            "rec_id 6 is not in the log - give one that a night, or another program, logged",
        ),
        ({"rec_id": 0}, "rec_id is 0 - give an integer from 1 to 2^53"),
        ({"rec_id": True}, "rec_id is True - give an integer from 1 to 2^53"),
        ({"rec_id": "3"}, "rec_id is '3' - give an integer from 1 to 2^53"),
        ({"rec_id": 3.0}, "rec_id is 3.0 - give an integer from 1 to 2^53"),
        ({"rec_id": 2**53 + 1}, "rec_id is 9007199254740993 - give an integer from 1 to 2^53"),
        ({"status": 99}, "status is 99 - give an integer from 100 to 599"),
        ({"status": 600}, "status is 600 - give an integer from 100 to 599"),
        ({"unit_price_yen": -3}, "unit_price_yen is -3 - give an integer from 0 to 1000000"),
        ({"unit_price_yen": 3.5}, "unit_price_yen is 3.5 - give an integer from 0 to 1000000"),
        ({"channel": "fax"}, "channel is 'fax' - give one of rest, mcp, digest"),
        ({"channel": None}, "channel is None - give one of rest, mcp, digest"),
        (
            {"delivered_at": "2026-07-22"},
            "'2026-07-22' is not a time with its zone - write it like 2026-07-22T09:30:00+09:00",
        ),
        (
            {"delivered_at": datetime(2026, 7, 22)},
            "datetime.datetime(2026, 7, 22, 0, 0) is not a time with its zone"
            " - write it like 2026-07-22T09:30:00+09:00",
        ),
    ),
)
def test_what_cannot_be_a_delivery_is_refused_with_what_to_do(db, refuses, given, sentence):
    with refuses(sentence):
        record_delivery(db, **({"rec_id": 3} | DIGEST | given))
    assert rows(db) == []


@pytest.mark.parametrize(
    "slot",
    (
        "",
        "a" * 65,
        "2026-07-22\n",
        "someone@example.com",
        "高橋",
        "090-1234-5678",
        "09012345678",
        "taro.yamada",
        "192.168.0.1",
        "8010401001001",
        "2026-13-01",
        "issue-03-1234",
        "a b",
        "１",
        None,
        20260722,
        "20260722",
        "2026-7-22",
        "2026-07-2",
        "2026-02-29",
        "2026-W54",
        "2026-W00",
        "2025-W53",
        "2026-W1",
        "2026-07-22b",
        "2026-07-22.1",
        "2026-07-22.02",
        "2026-07-22 ",
        "２０２６-07-22",
        "yesterday",
        "weekly",
        "Tanaka-1985",
        "issue-07",
        "issue-0",
        "Issue-7",
        "issue7",
        "7",
        "a\0b",
    ),
)
def test_a_slot_with_room_for_an_address_or_a_name_is_refused_and_not_repeated(db, refuses, slot):
    with refuses(
        "slot is neither a day, a month or a week, nor the number of an issue"
        " - give one like 2026-07-22, 2026-07, 2026-W30 or issue-7"
    ):
        record_delivery(db, 3, channel="digest", slot=slot)


@pytest.mark.parametrize(
    "moment", ("0001-01-01T00:00:00+09:00", "9999-12-31T23:59:00-09:00", "now", 5, "9" * 5000)
)
def test_a_time_that_is_none_is_refused(db, moment):
    with pytest.raises(PersonalizationError, match="is not a time with its zone"):
        record_delivery(db, 3, **DIGEST, delivered_at=moment)


def test_a_page_is_recorded_in_its_order_and_repeats_count_once(db):
    record_delivery(db, 2, **DIGEST)
    found = record_deliveries(db, [4, 2, 4, 1], **DIGEST)
    assert [(one.rec_id, one.new) for one in found] == [
        (4, True),
        (2, False),
        (4, False),
        (1, True),
    ]
    assert [row[0] for row in rows(db, "rec_id")] == [2, 4, 1]
    assert record_deliveries(db, [], **DIGEST) == []


def test_a_page_with_one_bad_row_records_none(db, refuses):
    with refuses("rec_id 9 is not in the log - give one that a night, or another program, logged"):
        record_deliveries(db, [1, 2, 9], **DIGEST)
    assert rows(db) == []


def test_many_rounds_are_one_transaction(db_path, refuses):
    db = connect(logged(db_path, 2 * TOGETHER + 1))
    numbers = range(1, 2 * TOGETHER + 2)
    with refuses(
        "rec_id 5000 is not in the log - give one that a night, or another program, logged"
    ):
        record_deliveries(db, [*numbers, 5000], **DIGEST)
    assert rows(db) == []
    found = record_deliveries(db, numbers, **DIGEST)
    assert [one.rec_id for one in found] == [*numbers]
    assert rows(db, "rec_id") == [(number,) for number in numbers]
    db.close()


def test_it_joins_the_callers_transaction_and_leaves_it_open(db):
    db.execute("BEGIN IMMEDIATE")
    record_delivery(db, 1, **DIGEST)
    with pytest.raises(PersonalizationError):
        record_deliveries(db, [2, 9], **DIGEST)
    assert db.in_transaction
    assert rows(db, "rec_id") == [(1,)]
    db.execute("ROLLBACK")
    assert rows(db) == []


def test_any_connection_will_do(db_path):
    """Python's own way of opening transactions, and rows of another kind, change nothing."""
    db = sqlite3.connect(logged(db_path, 2))
    db.row_factory = sqlite3.Row
    assert record_delivery(db, 1, **DIGEST).new
    assert not db.in_transaction
    db.close()
    other = connect(db_path)
    assert len(rows(other)) == 1
    other.close()


def test_a_reversal_is_a_row_of_its_own_and_happens_once(db):
    taken = record_delivery(db, 3, **DIGEST, delivered_at=AT, status=201)
    record_delivery(db, 4, **DIGEST)
    reversal = reverse_delivery(db, taken.delivery_id)
    assert (reversal.reversal_of, reversal.new) == (1, True)
    assert reversal.delivery_key == sha256(f'["reversal","{taken.delivery_key}"]')
    assert (reversal.rec_id, reversal.status, reversal.unit_price_yen) == (3, 201, 3)
    assert reversal.delivered_at > AT
    for name in (taken.delivery_key, taken.billing_key):
        assert reverse_delivery(db, name) == reversal._replace(new=False)
    assert len({taken.billing_key, reversal.billing_key, taken.delivery_key}) == 3
    assert rows(db)[0] == taken[:-2]
    assert len(rows(db)) == 3
    assert record_delivery(db, 3, **DIGEST, status=201) == taken._replace(new=False)


def test_a_reversal_cannot_be_reversed(db, refuses):
    taken = record_delivery(db, 3, **DIGEST)
    reversal = reverse_delivery(db, taken.delivery_id)
    for name in (reversal.delivery_id, reversal.delivery_key):
        with refuses(
            "delivery 2 is itself a reversal, which is final"
            " - record the delivery under another slot if it took place after all"
        ):
            reverse_delivery(db, name)
    assert len(rows(db)) == 2


@pytest.mark.parametrize("name", (7, -1, 2**70, "f" * 64, "1", ""))
def test_what_was_never_delivered_cannot_be_reversed(db, refuses, name):
    record_delivery(db, 3, **DIGEST)
    with refuses(f"there is no delivery {name} - give its delivery_id or its key"):
        reverse_delivery(db, name)


def test_without_the_table_it_says_what_to_run(db, refuses):
    db.execute(f"DROP TABLE {DELIVERY}")
    for call in (lambda: record_delivery(db, 1, **DIGEST), lambda: reverse_delivery(db, 1)):
        with refuses(
            "am_personalization_delivery not found"
            " - run: sqlite-utils personalization-migrate with the path of the database"
        ):
            call()


DELIVER = """
import sqlite3, sys
from sqlite_utils_personalization.billing.record import record_delivery
db = sqlite3.connect(sys.argv[1], timeout=60, isolation_level=None)
sys.stdin.readline()
given = {"channel": "rest", "slot": "2026-07-22", "delivered_at": sys.argv[2]}
print(sum(record_delivery(db, rec_id, **given).new for rec_id in range(1, 101)))
"""


def test_two_processes_that_deliver_the_same_facts_at_once_write_each_once(db_path):
    logged(db_path, 100)
    both = [
        subprocess.Popen(
            [sys.executable, "-c", DELIVER, str(db_path), AT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for process in both:
        process.stdin.write("go\n")
        process.stdin.flush()
    written = [int(process.communicate()[0]) for process in both]
    db = connect(db_path)
    assert [process.returncode for process in both] == [0, 0]
    assert sum(written) == 100
    assert rows(db, "count(*), count(DISTINCT rec_id)") == [(100, 100)]
    db.close()


def day_of(db, *facts):
    """Each fact's price after it was recorded."""
    return [record_delivery(db, 3, **{**DIGEST, **one}).unit_price_yen for one in facts]


def test_an_item_is_charged_once_a_japanese_day_whatever_the_channel_and_slot(db):
    assert day_of(
        db,
        {"delivered_at": "2026-07-22T15:00:00+09:00"},
        {"delivered_at": "2026-07-22T23:59:59+09:00", "channel": "mcp"},
        {"delivered_at": "2026-07-21T15:00:00Z", "channel": "rest"},
        {"delivered_at": "2026-07-22T15:00:00Z", "channel": "rest", "slot": "2026-07-23"},
        {"delivered_at": "2026-07-21T14:59:59Z", "channel": "rest", "slot": "2026-07-21"},
    ) == [3, 0, 0, 3, 3]


def test_all_of_one_call_and_of_many_rounds_are_charged_once(db):
    facts = [
        {"channel": "digest", "slot": f"issue-{n}", "delivered_at": AT}
        for n in range(1, TOGETHER + 6)
    ]
    found = list(record_facts(db, [fact(3, **one) for one in facts]))
    assert [row.unit_price_yen for row in found] == [3, *[0] * (TOGETHER + 4)]


def test_a_price_that_is_said_of_what_was_charged_is_refused(db, refuses):
    record_delivery(db, 3, **DIGEST, delivered_at=AT)
    with refuses("rec_id 3, or its item, was charged that day - leave the price out, or say 0"):
        record_delivery(db, 3, channel="digest", slot="issue-1", delivered_at=AT, unit_price_yen=3)
    assert (
        record_delivery(db, 3, channel="digest", slot="issue-1", delivered_at=AT).unit_price_yen
        == 0
    )


@pytest.mark.parametrize("first", ({"status": 500}, {"unit_price_yen": 0}))
def test_what_failed_or_was_free_leaves_the_charge_to_the_next(db, first):
    day_of(db, {"delivered_at": AT, **first})
    assert day_of(
        db, {"delivered_at": AT, "slot": "issue-8"}, {"delivered_at": AT, "slot": "issue-9"}
    ) == [
        3,
        0,
    ]


def test_what_was_taken_back_may_be_charged_once_more(db):
    for n in range(1, 4):
        slot = {"delivered_at": AT, "slot": f"issue-{n}"}
        assert day_of(db, slot, {**slot, "slot": f"2026-07.{n + 1}"}) == [3, 0]
        reverse_delivery(db, hashlib.sha256(f'[3,"digest","issue-{n}"]'.encode()).hexdigest())


def test_the_database_itself_refuses_a_second_charge(db):
    found = record_delivery(db, 3, **DIGEST, delivered_at=AT)
    for verb in ("INSERT", "INSERT OR REPLACE"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            db.execute(
                f"{verb} INTO {DELIVERY}(delivery_key, rec_id, channel, slot, delivered_at, status,"
                " unit_price_yen, charge_key) VALUES (?, 4, 'rest', 'x', ?, 200, 3, ?)",
                ("f" * 64, AT, found.charge_key),
            )


def test_the_key_of_a_charge_is_of_the_customer_the_item_and_the_day(db):
    found = record_delivery(db, 3, **DIGEST, delivered_at="2026-07-21T15:00:00Z")
    assert found.charge_key == sha256('[1,"program",3,"2026-07-22",0]')


@pytest.mark.parametrize(
    ("name", "least", "most"),
    (("rec_id", 1, 2**53), ("status", 100, 599), ("unit_price_yen", 0, 1_000_000)),
)
def test_a_number_of_a_delivery_is_taken_to_its_very_bounds(name, least, most):
    said = {"rec_id": 1, "channel": "digest", "slot": "issue-1"}
    for number in (least, most):
        assert getattr(fact(**{**said, name: number}), name) == number
    for number in (least - 1, most + 1):
        with pytest.raises(
            InvalidInput, match=f"^{name} is {number} - give an integer from {least}"
        ):
            fact(**{**said, name: number})


def test_a_delivery_took_place_with_a_status_from_200_to_299_and_with_200_if_none_is_said():
    assert [is_success(status) for status in (199, 200, 299, 300)] == [False, True, True, False]
    assert fact(1, channel="digest", slot="issue-1").status == 200


@pytest.mark.parametrize(
    ("slot", "is_one"),
    (
        ("2025-W01", True),
        ("2025-W52", True),
        ("2025-W53", False),
        ("2026-W53", True),
        ("2026-W54", False),
        ("2026-W00", False),
    ),
)
def test_a_week_is_one_that_its_year_has(slot, is_one):
    if is_one:
        assert fact(1, channel="digest", slot=slot).slot == slot
    else:
        with pytest.raises(InvalidInput, match=r"^slot is neither a day, a month or a week"):
            fact(1, channel="digest", slot=slot)


@pytest.mark.parametrize("channel", ("rest", "mcp"))
def test_the_slot_of_what_is_read_is_a_day(channel):
    for slot in ("2026-07", "issue-1", "2026-W30", "2026-02-29", ""):
        with pytest.raises(InvalidInput, match=f"^slot is not a day, as it is for {channel}"):
            fact(1, channel=channel, slot=slot)


def test_a_delivery_and_what_takes_it_back_may_be_at_the_first_and_the_last_moment(db, monkeypatch):
    """Logged at one moment, and now is another: both count, and a millisecond beyond them does not."""
    logged_at, now = "2026-07-01T18:15:00.000Z", "2026-07-22T00:30:00.000Z"
    monkeypatch.setattr(record, "utc_now", lambda: now)
    for rec_id, at in ((1, logged_at), (2, now)):
        found = record_delivery(db, rec_id, delivered_at=at, **DIGEST)
        assert found.delivered_at == at
    for at, said in (
        ("2026-07-01T18:14:59.999Z", "before it was logged"),
        ("2026-07-22T00:30:00.001Z", "later than now"),
    ):
        with pytest.raises(PersonalizationError, match=said):
            record_delivery(db, 3, delivered_at=at, **DIGEST)
    for at, said in (
        ("2026-07-01T18:14:59.999Z", "before it was delivered"),
        ("2026-07-22T00:30:00.001Z", "later than now"),
    ):
        with pytest.raises(PersonalizationError, match=said):
            reverse_delivery(db, 1, at)
    assert reverse_delivery(db, 1, logged_at).delivered_at == logged_at
    assert reverse_delivery(db, 2, now).delivered_at == now
