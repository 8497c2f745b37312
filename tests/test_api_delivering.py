"""Deliveries and months as functions: whose transaction it is, what is taken, and what the commands print of it."""

import csv
import io
import json
import sqlite3
import sys
import threading
from contextlib import closing
from datetime import date, datetime, timezone

import pytest
import sqlite_utils
from click.testing import CliRunner
from delivered import DELIVERY, connect, logged
from reconciled import CASES, Case, empty, files, plant

from sqlite_utils_personalization import (
    Conflict,
    InvalidInput,
    NoSchema,
    NotFound,
    PersonalizationError,
    reconcile,
    record_deliveries,
    record_delivery,
    reverse_deliveries,
    reverse_delivery,
)
from sqlite_utils_personalization.api.shapes import (
    ReconciledDelivery,
    ReconciledMonth,
    RecordedDelivery,
)
from sqlite_utils_personalization.commands.deliver import deliver
from sqlite_utils_personalization.commands.reconcile import reconcile as reconcile_command

DIGEST = {"channel": "digest", "slot": "2026-07-22"}
AT = "2026-07-22T00:30:00.000Z"


@pytest.fixture
def path(db_path):
    return logged(db_path, 500)


def kept(path):
    with closing(sqlite3.connect(path)) as db:
        return [rec_id for (rec_id,) in db.execute(f"SELECT rec_id FROM {DELIVERY} ORDER BY 1")]


def run(command, *arguments, **options):
    return CliRunner().invoke(command, [str(part) for part in arguments], **options)


def fail_after(function, *arguments, **options):
    function(*arguments, **options)
    raise ZeroDivisionError


# Recording


def test_the_rows_that_the_command_prints_are_what_the_functions_give(path):
    printed = json.loads(
        run(deliver, path, 1, 2, "--channel", "digest", "--slot", "issue-1").stdout
    )
    again = [record_delivery(path, rec_id, channel="digest", slot="issue-1") for rec_id in (1, 2)]
    assert [*again[0]] == [*RecordedDelivery.__annotations__] == [*printed[0]]
    assert again == [one | {"outcome": "already delivered"} for one in printed]
    assert [*record_deliveries(path, [1, 2], channel="digest", slot="issue-1")] == again
    taken = json.loads(
        run(deliver, path, 1, "--channel", "digest", "--slot", "issue-1", "--reverse").stdout
    )
    assert [reverse_delivery(path, 1)] == [one | {"outcome": "already reversed"} for one in taken]
    assert json.loads(json.dumps(again)) == again


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(200, "delivered"), (204, "delivered"), (500, "failed"), (304, "failed")],
)
def test_what_failed_is_not_called_delivered(path, status, outcome):
    arguments = (path, 1, "--channel", "digest", "--slot", "issue-1", "--status", status)
    assert run(deliver, *arguments).stderr == f"1 {outcome}\n"
    result = run(deliver, *arguments)
    assert result.stderr == f"1 already {outcome}\n"
    assert json.loads(result.stdout)[0]["outcome"] == f"already {outcome}"


@pytest.mark.parametrize("channel", ["rest", "mcp"])
@pytest.mark.parametrize(
    "slot",
    [
        *("20260722", "2026-7-22", "２０２６-07-22", "yesterday", "2026-07-32", "2026-02-29"),
        *(
            "2026-07",
            "2026-W30",
            "issue-7",
            "2026-07-22.2",
            " 2026-07-22",
            "2026-07-22\n",
            "",
            None,
        ),
        *("2026-07-21", "2026-07-23", date(2026, 7, 22), 20260722),
    ],
)
def test_a_slot_of_a_door_is_the_japanese_day_of_the_delivery_in_one_spelling(path, channel, slot):
    with pytest.raises(InvalidInput, match="slot"):
        record_delivery(path, 1, channel=channel, slot=slot, delivered_at=AT)
    assert kept(path) == []
    # The last moment of the day before in London, say.
    at = "2026-07-21T16:00:00+01:00"
    assert record_delivery(path, 1, channel=channel, slot="2026-07-22", delivered_at=at)


def test_a_slot_of_a_door_without_a_time_is_today(path):
    with pytest.raises(InvalidInput, match="the day in Japan of its delivery"):
        record_delivery(path, 1, channel="rest", slot="2026-07-22")


def test_what_is_raised_inside_with_undoes_a_delivery(path):
    with closing(sqlite3.connect(path)) as db:
        with pytest.raises(ZeroDivisionError), db:
            fail_after(record_delivery, db, 1, **DIGEST)
        assert kept(path) == []
        with db:
            record_delivery(db, 1, **DIGEST)
    assert kept(path) == [1]


def test_where_each_statement_is_committed_so_is_a_delivery(path):
    for opened in (
        sqlite3.connect(path, isolation_level=None),
        sqlite_utils.Database(str(path)),
        path,
    ):
        record_delivery(opened, len(kept(path)) + 1, **DIGEST)
    assert kept(path) == [1, 2, 3]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="Python 3.12 brought autocommit")
def test_autocommit_is_what_python_says_it_is(path):
    with closing(sqlite3.connect(path, autocommit=False)) as db:
        record_delivery(db, 1, **DIGEST)
        assert kept(path) == []
        db.rollback()
        list(record_deliveries(db, [2, 3], **DIGEST))
        db.commit()
    assert kept(path) == [2, 3]


@pytest.mark.parametrize("level", [None, "", "IMMEDIATE"])
def test_what_threads_that_share_a_connection_are_told_is_kept_is_kept(path, level):
    db = sqlite3.connect(path, isolation_level=level, check_same_thread=False)
    acknowledged, errors = [], []

    def work(first):
        for rec_id in range(first, first + 50):
            try:
                record_delivery(db, rec_id, **DIGEST)
                if level is not None:
                    db.commit()
                acknowledged.append(rec_id)
            except Conflict as error:
                errors.append(error)

    threads = [threading.Thread(target=work, args=(at * 50 + 1,)) for at in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(acknowledged) == kept(path)
    assert len(acknowledged) + len(errors) == 400
    assert level is not None or not errors
    db.close()


def test_a_connection_is_not_taken_for_one_that_another_thread_closed(path):
    met = []

    def leave_open(rec_id):
        db = sqlite3.connect(path)
        record_delivery(db, rec_id, **DIGEST)
        met.append(id(db))
        db.close()

    again = 0
    for rec_id in range(1, 51):
        thread = threading.Thread(target=leave_open, args=(rec_id,))
        thread.start()
        thread.join()
        with closing(sqlite3.connect(path)) as db:
            again += id(db) in met
            db.execute("BEGIN")
            assert record_delivery(db, rec_id, **DIGEST)["outcome"] == "delivered"
            db.rollback()
    assert again


def test_many_are_taken_as_numbers_objects_and_lines_alike(path):
    said = [
        1,
        {"rec_id": 2, "delivered_at": datetime(2026, 7, 22, tzinfo=timezone.utc)},
        '{"rec_id": 3, "slot": "issue-3"}',
        b'{"rec_id": 4, "status": 500}',
        "",
    ]
    found = [*record_deliveries(path, iter(said), **DIGEST)]
    assert [(one["rec_id"], one["slot"], one["outcome"]) for one in found] == [
        (1, "2026-07-22", "delivered"),
        (2, "2026-07-22", "delivered"),
        (3, "issue-3", "delivered"),
        (4, "2026-07-22", "failed"),
    ]
    taken = [*reverse_deliveries(path, [1, {"rec_id": 3, "slot": "issue-3"}], **DIGEST)]
    assert [one["outcome"] for one in taken] == ["reversed", "reversed"]


def test_many_are_recorded_when_the_call_returns_whether_or_not_they_are_read(path):
    record_deliveries(path, range(1, 401), **DIGEST)
    assert len(kept(path)) == 400
    rows = record_deliveries(path, range(1, 401), **DIGEST)
    assert next(rows)["rec_id"] == 1
    assert len([*rows]) == 399


def test_every_fault_of_many_is_told_by_its_number_and_none_is_recorded(path):
    faults = {}
    with pytest.raises(InvalidInput, match="3 lines cannot be taken"):
        record_deliveries(
            path, [1, 0, {"rec_id": 2}, 999, {"rec": 3}], **DIGEST, refuse=faults.__setitem__
        )
    assert [*faults] == [2, 5, 4]
    assert isinstance(faults[4], NotFound)
    with pytest.raises(NotFound, match="rec_id 999"):
        record_deliveries(path, [1, 999], **DIGEST)
    assert kept(path) == []


def test_faults_leave_the_callers_transaction_as_it_was(path):
    with closing(sqlite3.connect(path)) as db:
        record_delivery(db, 1, **DIGEST)
        with pytest.raises(NotFound):
            record_deliveries(db, [2, 999], **DIGEST)
        with pytest.raises(Conflict):
            record_delivery(db, 1, **DIGEST, status=500)
        db.commit()
    assert kept(path) == [1]


@pytest.mark.parametrize(
    ("act", "kind"),
    [
        (lambda path: record_delivery(path, 999, **DIGEST), NotFound),
        (lambda path: record_delivery(path, None, **DIGEST), InvalidInput),
        (lambda path: record_delivery(path, 1, channel=["rest"], slot="x"), InvalidInput),
        (lambda path: record_delivery(path, 1, **DIGEST, delivered_at=5), InvalidInput),
        (lambda path: record_delivery(path, 1, **DIGEST, delivered_at="2099-01-01T00Z"), Conflict),
        (lambda path: record_delivery(path, 1, **DIGEST, unit_price_yen=-1), InvalidInput),
        (lambda path: record_delivery(path, 1, **DIGEST, timeout_s=-1), InvalidInput),
        (lambda path: record_deliveries(path, [1]), InvalidInput),
        (lambda path: record_deliveries(path, [[1]], **DIGEST), InvalidInput),
        (lambda path: record_deliveries(path, 1, **DIGEST), InvalidInput),
        (lambda path: record_deliveries(path, "12", **DIGEST), InvalidInput),
        (lambda path: record_deliveries(path, {"rec_id": 1}, **DIGEST), InvalidInput),
        (lambda path: record_deliveries(path, [1], **DIGEST, refuse="no"), InvalidInput),
        (lambda path: reverse_delivery(path, "\ud800"), NotFound),
        (lambda path: reverse_delivery(path, None), NotFound),
        (lambda path: reverse_delivery(path, 7), NotFound),
        (lambda path: reverse_delivery(path, 7, reversed_at="now"), InvalidInput),
        (lambda path: reverse_deliveries(path, [1], **DIGEST), NotFound),
        (lambda path: record_delivery(":memory:x", 1, **DIGEST), PersonalizationError),
        (lambda path: record_delivery(sqlite3.connect(":memory:"), 1, **DIGEST), NoSchema),
    ],
)
def test_an_error_is_of_its_kind(path, act, kind):
    with pytest.raises(kind):
        act(path)
    assert kept(path) == []


def test_a_reversal_is_final(path):
    found = record_delivery(path, 1, **DIGEST)
    taken = reverse_delivery(path, found["delivery_key"])
    assert (taken["outcome"], taken["reversal_of"]) == ("reversed", found["delivery_id"])
    with pytest.raises(Conflict, match="itself a reversal"):
        reverse_delivery(path, taken["delivery_id"])


# Reconciling


@pytest.fixture
def month(db_path, tmp_path):
    """The file with cases in it, and its exports."""

    def month(cases):
        db = empty(db_path)
        given = files(tmp_path, *plant(db, cases))
        with closing(connect(db_path)) as target:
            db.backup(target)
        db.close()
        return db_path, given

    return month


def options(given):
    return [part for name, paths in given.items() for part in (f"--{name}", paths[0])]


def test_what_reconcile_prints_is_what_the_function_gives(month):
    path, given = month(CASES)
    arguments = (path, "--month", "2026-07", *options(given))
    found, rows = reconcile(path, "2026-07", **given)
    rows = [*rows]
    assert [*found] == [*ReconciledMonth.__annotations__]
    assert {*map(tuple, rows)} == {tuple(ReconciledDelivery.__annotations__)}
    printed = json.loads(run(reconcile_command, *arguments, "--json").stdout)
    assert printed == {**found, "reconciled": rows}
    lines = run(reconcile_command, *arguments, "--nl").stdout.splitlines()
    assert [json.loads(line) for line in lines] == rows
    header, *_ = csv.reader(io.StringIO(run(reconcile_command, *arguments, "--csv").stdout))
    assert header == [*rows[0]]
    for class_ in found["totals"]:
        _, of_class = reconcile(path, date(2026, 7, 1), **given, class_=class_)
        assert [*of_class] == [row for row in rows if row["class"] == class_]


def test_a_connection_is_reconciled_where_it_stands_and_left_as_it_was(month):
    path, given = month(CASES)
    whole, rows = reconcile(path, "2026-07", **given)
    with closing(sqlite3.connect(path)) as db:
        db.row_factory = sqlite3.Row
        found, mine = reconcile(db, "2026-07", **given)
        assert next(mine) == next(rows)
        assert db.execute("SELECT 1 AS one").fetchone()["one"] == 1
        assert ([*mine], found) == ([*rows], whole)
        assert not db.in_transaction


def test_a_month_is_kept_with_the_callers_transaction(month):
    path, given = month(CASES[:9])
    rows = "SELECT count(*) FROM am_personalization_reconciled"
    with closing(sqlite3.connect(path)) as db:
        reconcile(db, "2026-07", **given, keep=True)
        db.rollback()
        assert db.execute(rows).fetchone() == (0,)
        reconcile(db, "2026-07", **given, keep=True)
        db.commit()
    with closing(sqlite3.connect(path)) as db:
        assert db.execute(rows).fetchone() > (0,)


@pytest.mark.parametrize(
    ("meter", "sources", "status"),
    [
        ("both", {"usage_events": "read", "stripe": "read"}, 1),
        ("usage_events", {"usage_events": "read", "stripe": "not asked for"}, 0),
        ("stripe", {"usage_events": "not asked for", "stripe": "read"}, 1),
    ],
)
def test_a_meter_that_is_not_asked_for_is_no_fault(month, meter, sources, status):
    path, given = month([Case("matched"), Case("missing downstream", (1,), (), ())])
    exports = [] if meter == "usage_events" else ["--stripe", given["stripe"][0]]
    result = run(
        reconcile_command, path, "--month", "2026-07", "--meter", meter, *exports, "--json"
    )
    found = json.loads(result.stdout)
    assert found["sources"] == {**sources, "invoice": "not given"}
    assert (found["faults"], found["exit_status"], result.exit_code) == ([], status, status)


def test_usage_events_that_cannot_be_read_are_no_fault_where_stripe_is_asked_for(month):
    path, given = month([Case("matched")])
    with closing(connect(path)) as db:
        db.execute("ALTER TABLE usage_events RENAME COLUMN quantity TO amount")
    stripe = given["stripe"]
    assert reconcile(path, "2026-07", stripe=stripe)[0]["exit_status"] == 2
    found, rows = reconcile(path, "2026-07", stripe=stripe[0], meter="stripe")
    assert (found["exit_status"], [row["class"] for row in rows]) == (0, ["matched"])


@pytest.mark.parametrize(
    "given",
    [
        {"meter": "usage_events", "stripe": ["a.csv"]},
        {"meter": "usage_events", "stripe_meter": "requests"},
        {"meter": "stripe"},
        {"meter": "stripe", "stripe": ["a.csv"], "endpoint": "v1/*"},
        {"meter": "invoice"},
        {"meter": None},
        {"class_": "lost"},
        {"class_": ["late"]},
        {"endpoint": 7},
        {"stripe_meter": ["requests"]},
        {"stripe": [7]},
        {"stripe": 7},
        {"month": "July"},
        {"month": 202607},
        {"month": None},
    ],
)
def test_what_cannot_be_reconciled_is_refused(month, given):
    path, _ = month([])
    with pytest.raises(InvalidInput):
        reconcile(path, **{"month": "2026-07", **given})


def test_the_name_of_a_meter_of_stripe_has_an_option_of_its_own(month):
    path, given = month([Case("matched")])
    stripe = given["stripe"][0]
    result = run(
        reconcile_command, path, "--month=2026-07", "--stripe", stripe, "--stripe-meter", "requests"
    )
    assert (result.exit_code, "names no meter" in result.stderr) == (2, True)
    assert run(reconcile_command, path, "--month=2026-07", "--meter", "requests").exit_code == 2


def test_a_month_without_deliveries_says_what_to_run(tmp_path):
    with closing(connect(tmp_path / "other.db")) as db:
        db.execute("CREATE TABLE t (a)")
    with pytest.raises(NoSchema):
        reconcile(tmp_path / "other.db", "2026-07")
