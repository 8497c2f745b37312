"""What the sender says was sent, recorded as deliveries: each line names a customer, whose digest is in the folder."""

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from sqlite_utils_personalization.billing.delivery import Delivery, Fact, fact, is_key
from sqlite_utils_personalization.billing.record import record_facts, require_deliveries
from sqlite_utils_personalization.canonical import strict_json
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.transaction import transaction

CHANNEL = "digest"
# Lines that are recorded in one transaction.
_TOGETHER = 500
_KEYS = ("user_token_hash", "sent", "sent_at")
_EXAMPLE = (
    'write it like {"user_token_hash": "...", "sent": true, "sent_at": "2026-07-22T09:00:00+09:00"}'
)
_OF_ONE = """
SELECT count(*) = json_array_length(?1) AND count(DISTINCT l.profile_id) = 1
FROM am_personalization_recommendation_log l JOIN am_personalization_run r ON r.served_at = l.served_at
WHERE l.rec_id IN (SELECT value FROM json_each(?1)) AND r.run_id = ?2
"""

Refuse = Callable[[int, PersonalizationError], None]


class Recorded(NamedTuple):
    """How many recommendations a batch recorded, how many were recorded before, and how many digests were not sent."""

    new: int
    before: int
    not_sent: int


class _SentDigest(NamedTuple):
    number: int
    facts: list[Fact]


def record_results(
    db: sqlite3.Connection, folder: Path, lines: Iterable[bytes], refuse: Refuse
) -> Iterator[Recorded]:
    """Record a batch of lines at a time, each in one transaction, and yield what that did.

    A line that cannot be taken is passed to refuse with its number, from 1, and left out. The same line again records
    nothing more. PersonalizationError if the folder is none of digests.
    """
    require_deliveries(db)
    numbered = (one for one in enumerate(lines, 1) if one[1].strip())
    while together := list(islice(numbered, _TOGETHER)):
        not_sent = 0
        results: list[_SentDigest] = []
        for number, line in together:
            try:
                said = _said(line)
                if said.get("sent", True):
                    results.append(_SentDigest(number, _facts(db, folder, said)))
                else:
                    not_sent += 1
            except PersonalizationError as fault:
                refuse(number, fault)
        recorded = _record(db, results, refuse)
        new = sum(one.new for one in recorded)
        yield Recorded(new, len(recorded) - new, not_sent)


def _record(db: sqlite3.Connection, results: list[_SentDigest], refuse: Refuse) -> list[Delivery]:
    numbers = [result.number for result in results for _ in result.facts]
    facts = [one for result in results for one in result.facts]
    with transaction(db, "IMMEDIATE"):
        return list(record_facts(db, facts, lambda at, fault: refuse(numbers[at], fault)))


def _said(line: bytes) -> dict[str, Any]:
    try:
        said = strict_json(line.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict) or not said.keys() <= {*_KEYS} or "user_token_hash" not in said:
        raise PersonalizationError("is not a result", _EXAMPLE)
    if not isinstance(said.get("sent", True), bool):
        raise PersonalizationError("sent is neither true nor false", _EXAMPLE)
    return said


def _facts(db: sqlite3.Connection, folder: Path, said: dict[str, Any]) -> list[Fact]:
    digest = _digest(folder, said["user_token_hash"])
    try:
        rec_ids = [item["rec_id"] for item in (*digest["programs"], *digest["changes"])]
        run_id, slot = digest["run_id"], digest["as_of"]
        is_of_one = db.execute(_OF_ONE, (json.dumps(rec_ids), run_id)).fetchone()[0]
        facts = [
            fact(rec_id, channel=CHANNEL, slot=slot, delivered_at=said.get("sent_at"))
            for rec_id in rec_ids
        ]
    except (KeyError, TypeError, sqlite3.Error, OverflowError):
        is_of_one = False
    if not is_of_one:
        raise PersonalizationError(
            "its digest is not one of this file",
            "name the folder and the file that belong together",
        )
    return facts


def _digest(folder: Path, user_token_hash: object) -> Any:
    # It becomes a file name, and is not repeated: it may be a raw key.
    if not is_key(user_token_hash):
        raise PersonalizationError("user_token_hash is not 64 lower-case hex digits", _EXAMPLE)
    try:
        return json.loads((folder / f"{user_token_hash}.json").read_bytes())
    except FileNotFoundError:
        raise PersonalizationError(
            "the folder has no digest for this customer", "name the folder that it was sent from"
        ) from None
    except (ValueError, RecursionError):
        raise PersonalizationError("its digest cannot be read", "render it again") from None
