"""What stands in a customer's digest: what is new of a night, few, and what changed in what interests the customer.

New is what the night recommends, is still open, and was not handed over before, by the rule of the doors. Only what
replays is in it. Read-only.
"""

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby, islice
from typing import NamedTuple

from sqlite_utils_personalization.audit.replay import replay
from sqlite_utils_personalization.audit.replay_result import REPRODUCED, Replay
from sqlite_utils_personalization.audit.selection import Selection
from sqlite_utils_personalization.billing.delivery import is_key
from sqlite_utils_personalization.catalogue.details import Details, details
from sqlite_utils_personalization.customer_api.offer import OfferedNight, offers
from sqlite_utils_personalization.database import has_table
from sqlite_utils_personalization.formula.evaluation import Evaluation
from sqlite_utils_personalization.preferences.customer import active_condition
from sqlite_utils_personalization.preferences.feedback import TABLE as FEEDBACK
from sqlite_utils_personalization.preferences.feedback import said_by
from sqlite_utils_personalization.transaction import read_batches

# Customers whose rows are replayed together.
_TOGETHER = 200
# Whose rows a night logged: the first of each range, in order of profile_id. An erased customer's hash is nobody's.
_CUSTOMERS = """
SELECT e.first_rec_id, l.profile_id, p.user_token_hash FROM am_personalization_seal s
CROSS JOIN am_personalization_evidence e ON e.first_rec_id BETWEEN max(:after + 1, s.first_rec_id) AND s.last_rec_id
CROSS JOIN am_personalization_recommendation_log l ON l.rec_id = e.first_rec_id
CROSS JOIN am_personalization_profile p ON p.profile_id = l.profile_id
WHERE s.run_id = :run_id AND l.served_at = :served_at AND {living}
ORDER BY e.first_rec_id LIMIT :batch
"""


class DigestItem(NamedTuple):
    """One recommendation: what the night said of it, and what the catalogue says of its program today.

    others are the titles of what else of its family is open to the customer.
    """

    rec_id: int
    found: Evaluation
    program_id: str
    others: tuple[str, ...]
    details: Details


class Digest(NamedTuple):
    """What is new for one customer on a Japanese day; more is how many further programs are new and not shown.

    changes are those of programs that the customer said to be interested in.
    """

    user_token_hash: str
    night: OfferedNight
    day: str
    programs: tuple[DigestItem, ...]
    changes: tuple[DigestItem, ...]
    more: int

    @property
    def items(self) -> tuple[DigestItem, ...]:
        return self.programs + self.changes


class _Chosen(NamedTuple):
    user_token_hash: str
    interests: frozenset[str]
    programs: list[int]
    changes: list[int]


def digests(
    db: sqlite3.Connection,
    night: OfferedNight,
    day: str,
    most: int,
    tick: Callable[[int], None] = lambda done: None,
) -> Iterator[Digest]:
    """Yield a digest for each customer of the night for whom something is new on this day, in order of profile_id.

    most is how many programs, and how many changes, one shows at most; tick is told how many customers are done.
    """
    # A hash becomes a file name, and other programs write them.
    customers = (one for one in _customers(db, night) if is_key(one[1]))
    done = 0
    while together := list(islice(customers, _TOGETHER)):
        chosen = [_choose(db, night, day, *customer) for customer in together]
        tick(done := done + len(together))
        rows = _replayed(db, [number for one in chosen for number in one.programs + one.changes])
        known = details(db, {_program_id(row.found) for row in rows.values() if row.found})
        for one in chosen:
            programs = [rows[number] for number in one.programs if number in rows]
            changes = [
                row
                for row in (rows[number] for number in one.changes if number in rows)
                if row.found and _program_id(row.found) in one.interests
            ]
            if programs or changes:
                shown = [
                    tuple(_item(row, known) for row in found[:most])
                    for found in (programs, changes)
                ]
                more = max(0, len(programs) - most)
                yield Digest(one.user_token_hash, night, day, shown[0], shown[1], more)


def customers_of(db: sqlite3.Connection, night: OfferedNight) -> tuple[int, int]:
    """How many customers the night recommended something, and how many of them no file can be named by."""
    named = [is_key(user_token_hash) for _, user_token_hash in _customers(db, night)]
    return len(named), named.count(False)


def _customers(db: sqlite3.Connection, night: OfferedNight) -> Iterator[tuple[int, str]]:
    living = active_condition(db, "l.profile_id")
    at = {"run_id": night.run_id, "served_at": night.served_at}
    rows = (row[1:] for row in read_batches(db, _CUSTOMERS.format(living=living), at))
    return (customer for customer, _ in groupby(rows))


def _choose(
    db: sqlite3.Connection, night: OfferedNight, day: str, profile_id: int, user_token_hash: str
) -> _Chosen:
    interests = frozenset(
        said.item_id
        for said in (said_by(db, profile_id) if has_table(db, FEEDBACK) else ())
        if (said.recommendation_type, said.feedback) == ("program", "interested")
    )
    programs = _new(db, night, day, profile_id, "program")
    changes = _new(db, night, day, profile_id, "amendment") if interests else []
    return _Chosen(user_token_hash, interests, programs, changes)


def _new(
    db: sqlite3.Connection, night: OfferedNight, day: str, profile_id: int, kind: str
) -> list[int]:
    rows = offers(db, profile_id, night, day, whatever=False, recommendation_type=kind)
    return [row.rec_id for row in rows if row.passed_over is None and not row.is_free]


def _replayed(db: sqlite3.Connection, rec_ids: Sequence[int]) -> dict[int, Replay]:
    rows = replay(db, Selection(rec_ids=rec_ids), below_cut=False)
    return {row.rec_id: row for row in rows if row.verdict == REPRODUCED}


def _item(row: Replay, known: dict[str, Details]) -> DigestItem:
    assert row.found is not None
    program_id = _program_id(row.found)
    others = tuple(dict.fromkeys(one.title for one in row.same_programme))
    return DigestItem(row.rec_id, row.found, program_id, others, known.get(program_id, Details()))


def _program_id(found: Evaluation) -> str:
    """Of an amendment, that of the program that changed, if its source names one."""
    item = found.candidate
    of_change = item.recommendation_type == "amendment"
    return str(json.loads(item.why).get("program", "")) if of_change else item.item_id
