"""A month with known faults: deliveries, and what usage_events, Stripe and the invoice say of them."""

import csv
import json
from hashlib import sha256
from typing import NamedTuple

from delivered import LOG, connect

from sqlite_utils_personalization.billing.delivery import delivery_key, reversal_key

USAGE = """
CREATE TABLE usage_events (
    id INTEGER PRIMARY KEY AUTOINCREMENT, key_hash TEXT NOT NULL, endpoint TEXT NOT NULL, ts TEXT NOT NULL,
    status INTEGER, metered INTEGER DEFAULT 0, stripe_record_id TEXT, stripe_synced_at TEXT,
    quantity INTEGER NOT NULL DEFAULT 1, billing_idempotency_key TEXT
)
"""
# The second customer was erased.
ERASURE = """
INSERT INTO am_personalization_erasure(profile_id, erased_at, legal_basis, log_rows)
VALUES (2, '2026-07-30T00:00:00.000Z', 'objection', 0)
"""
RELATED = "INSERT INTO am_personalization_billing_key(billing_key, delivery_id) VALUES (?, ?)"
SECRET = "5ec4e7" * 10 + "abcd"
JULY = "2026-07-22T00:30:00.000Z"
AUGUST = "2026-08-01T00:00:00.000Z"


class Case(NamedTuple):
    """One delivery and its charges: quantities in usage_events and at Stripe, yen on the invoice, and the class."""

    kind: str
    usage: tuple = (1,)
    stripe: tuple = (1,)
    invoice: tuple = (3,)
    status: int = 200
    reversed: bool = False
    credits: tuple = ()
    metered_at: str = JULY
    is_logged: bool = True
    is_delivered: bool = True
    is_erased: bool = False


# What an operator would call each of these, written down by hand.
CASES = (
    Case("matched"),
    Case("matched", (), (), (), status=500),
    Case("matched", (), (), (), status=304),
    Case("matched", (0,), (), (), status=404),
    Case("matched", status=204),
    Case("missing downstream", (1,), (), ()),
    Case("missing downstream", (1,), (1,), ()),
    Case("missing downstream", (1,), (), (3,)),
    Case("orphan", is_delivered=False),
    Case("orphan", (), (), (3,), is_delivered=False),
    Case("orphan", (1, 1), is_delivered=False),
    Case("orphan", is_logged=False),
    Case("duplicate", (1, 1), (1, 1), (3,)),
    Case("duplicate", (1, 1), (1,), (3,)),
    Case("duplicate", (1,), (1,), (3, 3)),
    Case("conflicting", (1,), (2,), (3,)),
    Case("conflicting", (), (1,), (3,)),
    Case("conflicting", (), (), (3,)),
    Case("late", metered_at=AUGUST),
    Case("late", metered_at="2026-06-30T14:59:59.999Z"),
    Case("wrong amount", (2,), (2,), (3,)),
    Case("wrong amount", (0,), (0,), (3,)),
    Case("wrong amount", (-1,), (-1,), (3,)),
    Case("wrong amount", (1,), (1,), (4,)),
    Case("wrong amount", (1,), (1,), (0,)),
    Case("wrong amount", (-1,), (), (), status=500),
    Case("charged but not delivered", status=500),
    Case("charged but not delivered", (1,), (), (), status=302),
    Case("charged but not delivered", reversed=True),
    Case("charged but not delivered", (1, 1), (1,), (), reversed=True, credits=(-1,)),
    Case("reversed", (), (), (), reversed=True),
    Case("reversed", (1,), (1,), (0,), reversed=True, credits=(-1,)),
    Case("reversed", (), (), (), status=500, reversed=True),
    Case("wrong amount", (1,), (1,), (0,), reversed=True, credits=(-2,)),
    Case("delivered but not charged", (), (), ()),
    Case("erased", (), (), (), is_erased=True),
    Case("erased", (), (), (), status=500, is_erased=True),
    Case("erased", (), (), (), reversed=True, is_erased=True),
    Case("erased", is_delivered=False, is_erased=True),
    Case("erased", (1, 1), (), (), is_delivered=False, is_erased=True),
    Case("unverifiable", ("much",), (1,), (3,)),
    Case("unverifiable", (1.5,), (1,), (3,)),
    Case("unverifiable", metered_at="yesterday"),
)


def is_owed(case):
    return case.is_delivered and 200 <= case.status <= 299 and not case.reversed


def key(number):
    return delivery_key(number, "digest", "2026-07-22")


def billing_key(number):
    """Of what was delivered as rec_id number; of what takes it back, the same of -number."""
    return sha256(f"billing {number}".encode()).hexdigest()


def shown_key(number, case):
    """What case n is shown under: nothing leads from an erased customer's charge to its delivery."""
    return billing_key(number) if case.is_erased and not case.is_delivered else key(number)


def plant(db, cases, shuffled=lambda rows: rows, by_billing_key=False):
    """Deliver case n as rec_id n and meter it; what Stripe and the invoice have of all is returned as rows."""
    db.execute(USAGE)
    db.execute(ERASURE)
    usage, stripe, invoice = [], [], []
    for number, case in enumerate(cases, 1):
        if case.is_delivered:
            _deliver(db, number, case)
        elif case.is_erased:
            db.execute(RELATED, (billing_key(number), None))
        of, back = key(number), reversal_key(key(number))
        if case.is_erased or (by_billing_key and case.is_delivered):
            of, back = billing_key(number), billing_key(-number)
        at = case.metered_at
        usage += [(of, quantity, at) for quantity in case.usage]
        stripe += [(of, quantity, 1784680200) for quantity in case.stripe]
        invoice += [(of, yen) for yen in case.invoice]
        usage += [(back, quantity, at) for quantity in case.credits]
        stripe += [(back, quantity, 1784680200) for quantity in case.credits]
    db.executemany(
        "INSERT INTO usage_events(billing_idempotency_key, quantity, ts, status, metered, key_hash, endpoint)"
        f" VALUES (?, ?, ?, 200, 1, '{SECRET}', 'v1/personalization')",
        shuffled(usage),
    )
    return shuffled(stripe), shuffled(invoice)


def _deliver(db, number, case):
    if case.is_logged:
        db.execute(
            f"INSERT INTO {LOG}(rec_id, profile_id, recommendation_type, score, served_at)"
            " VALUES (?, ?, 'program', 50, '2026-07-01T18:15:00.000Z')",
            (number, 2 if case.is_erased else 1),
        )
    insert = (
        "INSERT INTO am_personalization_delivery(delivery_key, rec_id, channel, slot, delivered_at, status,"
        " unit_price_yen, reversal_of) VALUES (?, ?, 'digest', '2026-07-22', ?, ?, 3, ?)"
    )
    taken = db.execute(insert, (key(number), number, JULY, case.status, None)).lastrowid
    related = [(billing_key(number), taken)]
    if case.reversed:
        back = (reversal_key(key(number)), number, AUGUST, case.status, taken)
        related.append((billing_key(-number), db.execute(insert, back).lastrowid))
    db.executemany(RELATED, [(of, None if case.is_erased else one) for of, one in related])


def write_csv(path, header, rows):
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def write_json(path, value):
    path.write_text(json.dumps(value), encoding="utf-8")
    return path


def files(folder, stripe, invoice):
    return {
        "stripe": [write_csv(folder / "stripe.csv", ("identifier", "value", "timestamp"), stripe)],
        "invoiced": [write_csv(folder / "invoice.csv", ("identifier", "amount"), invoice)],
    }


def empty(path):
    """A copy in memory of the migrated file, with one customer."""
    db = connect(":memory:")
    source = connect(path)
    source.backup(db)
    source.close()
    customers = [(SECRET,), ("e" * 64,)]
    db.executemany("INSERT INTO am_personalization_profile(user_token_hash) VALUES (?)", customers)
    return db
