"""Reading a long answer a batch at a time costs no more at its end than at its beginning."""

from contextlib import closing

import pytest
from delivered import connect, logged

from sqlite_utils_personalization import score
from sqlite_utils_personalization import transaction as batches
from sqlite_utils_personalization.audit.replay import replay
from sqlite_utils_personalization.audit.selection import Selection
from sqlite_utils_personalization.billing.record import record_deliveries
from sqlite_utils_personalization.evidence.leaves import customer_leaves, event_leaves
from sqlite_utils_personalization.schema import migrate

CUSTOMERS = 400
EVERYONE = """
WITH RECURSIVE customer(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM customer WHERE n < ?)
INSERT INTO am_personalization_profile (user_token_hash, preference_json)
SELECT printf('%064d', n), '{"risk_tolerance": "low"}' FROM customer
"""


@pytest.fixture(autouse=True)
def small_batches(monkeypatch):
    monkeypatch.setattr(batches, "BATCH", 10)


@pytest.fixture(scope="module")
def night(tmp_path_factory):
    path = tmp_path_factory.mktemp("batches") / "jpcite.db"
    migrate(path)
    with closing(connect(path)) as db:
        db.execute(EVERYONE, (CUSTOMERS,))
        assert score(path, as_of="2026-04-01")["logged"] == CUSTOMERS * 4
        yield db


def costs(db, rows):
    """Hundreds of steps of SQLite's machine for the first third of the rows, and for the last."""
    hundreds = 0

    def step():
        nonlocal hundreds
        hundreds += 1

    db.set_progress_handler(step, 100)
    found = [hundreds for _ in rows]
    db.set_progress_handler(None, 0)
    assert len(found) >= CUSTOMERS
    third = len(found) // 3
    return found[third], found[-1] - found[-1 - third]


def test_leaves_of_customers(night):
    last_rec_id = 4 * CUSTOMERS
    list(customer_leaves(night, 1, 1, last_rec_id))
    first, last = costs(night, customer_leaves(night, 1, 1, last_rec_id, digested=True))
    assert last <= first * 1.1


def test_replays_of_a_run(night):
    first, last = costs(night, replay(night, Selection(run_id=1), below_cut=False))
    assert last <= first * 1.1


def test_leaves_of_events(db_path):
    logged(db_path, CUSTOMERS)
    with closing(connect(db_path)) as db:
        record_deliveries(db, range(1, CUSTOMERS + 1), channel="digest", slot="2026-04-01")
        first, last = costs(db, event_leaves(db, "am_personalization_delivery", 0, CUSTOMERS))
    assert last <= first * 1.1
