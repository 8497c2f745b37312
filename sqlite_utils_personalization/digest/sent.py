"""What the sender says was sent, recorded as deliveries: each line names a customer, whose digest is in the folder.

What the customer had been handed otherwise, or what had closed, before it was sent is not recorded, and so not charged.
"""

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from sqlite_utils_personalization.billing.delivery import Fact, fact, is_key
from sqlite_utils_personalization.billing.record import (
    known_deliveries,
    record_facts,
    require_deliveries,
)
from sqlite_utils_personalization.canonical import strict_json
from sqlite_utils_personalization.clock import japan_day, parse_moment
from sqlite_utils_personalization.customer_api.offer import OfferedNight, offers
from sqlite_utils_personalization.digest.folder import LIST
from sqlite_utils_personalization.errors import InvalidInput, NotFound, PersonalizationError
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.transaction import transaction

CHANNEL = "digest"
# Lines that are recorded in one transaction.
_TOGETHER = 500
_KEYS = ("user_token_hash", "sent", "sent_at")
_EXAMPLE = '{"user_token_hash": "...", "sent": true, "sent_at": "2026-07-22T09:00:00+09:00"}'
# Whose all these rows are, and of which night; nothing where they are not all of one customer and that run.
_OF_ONE = """
SELECT min(l.profile_id), r.run_id, r.as_of, r.served_at, r.repeat_days
FROM am_personalization_run r CROSS JOIN am_personalization_recommendation_log l ON l.served_at = r.served_at
WHERE r.run_id = ?2 AND l.rec_id IN (SELECT value FROM json_each(?1))
GROUP BY r.run_id HAVING count(*) = json_array_length(?1) AND count(DISTINCT l.profile_id) = 1
"""

# What became of one digest: an object, or that as a line of JSON.
SaidSent = Mapping[str, Any] | str | bytes
Refuse = Callable[[int, PersonalizationError], None]


class Recorded(NamedTuple):
    """What a batch did: recommendations that were recorded, that were before, that are free, and digests not sent."""

    new: int
    before: int
    free: int
    not_sent: int


class _Sent(NamedTuple):
    """A digest that was sent: the number of its line, whose rows, of which night, as they would be recorded."""

    number: int
    profile_id: int
    night: OfferedNight
    facts: list[Fact]


def record_results(
    db: sqlite3.Connection, folder: Path, lines: Iterable[SaidSent], refuse: Refuse
) -> Iterator[Recorded]:
    """Record a batch of results at a time, each in one transaction, and yield what that did.

    A result that cannot be taken is passed to refuse with its number, from 1, and left out. The same again records
    nothing more. NotFound if the folder is none of digests.
    """
    require_deliveries(db)
    if not (folder / LIST).is_file():
        raise NotFound(
            _("{folder} has no {name}", folder=folder, name=LIST),
            _("name the folder that the digests were sent from"),
        )
    numbered = (one for one in enumerate(lines, 1) if not _is_blank(one[1]))
    while together := list(islice(numbered, _TOGETHER)):
        not_sent = 0
        sent: list[_Sent] = []
        for number, line in together:
            try:
                said = _said(line)
                if said.get("sent", True):
                    sent.append(_sent(db, folder, number, said))
                else:
                    not_sent += 1
            except PersonalizationError as fault:
                refuse(number, fault)
        yield _record(db, sent, refuse)._replace(not_sent=not_sent)


def _record(db: sqlite3.Connection, sent: list[_Sent], refuse: Refuse) -> Recorded:
    with transaction(db, "IMMEDIATE"):
        due = [(one.number, fact) for one in sent for fact in _due(db, one)]
        numbers, facts = [number for number, _ in due], [fact for _, fact in due]
        rows = list(record_facts(db, facts, lambda at, fault: refuse(numbers[at], fault)))
    new = sum(row.new for row in rows)
    free = sum(len(one.facts) for one in sent) - len(facts)
    return Recorded(new, len(rows) - new, free, 0)


def _due(db: sqlite3.Connection, sent: _Sent) -> Iterator[Fact]:
    """What is to be paid of it by the rule of the doors; what is recorded already says so itself."""
    known = known_deliveries(db, [one.key for one in sent.facts])
    moment = sent.facts[0].delivered_at if sent.facts else None
    day = japan_day(parse_moment(moment) if moment else None)
    found = offers(db, sent.profile_id, sent.night, day, whatever=False)
    offered = {row.rec_id for row in found if row.passed_over is None and not row.is_free}
    return (one for one in sent.facts if one.key in known or one.rec_id in offered)


def _like_it() -> str:
    return _("write it like {example}", example=_EXAMPLE)


def _is_blank(line: SaidSent) -> bool:
    return isinstance(line, str | bytes) and not line.strip()


def _said(line: SaidSent) -> Mapping[str, Any]:
    said: Any = line
    try:
        if isinstance(line, str | bytes):
            said = strict_json(line.decode("utf-8-sig") if isinstance(line, bytes) else line)
    except (ValueError, RecursionError):
        said = None
    if (
        not isinstance(said, Mapping)
        or not said.keys() <= {*_KEYS}
        or "user_token_hash" not in said
    ):
        raise InvalidInput(_("is not a result"), _like_it())
    if not isinstance(said.get("sent", True), bool):
        raise InvalidInput(_("{name} is neither true nor false", name="sent"), _like_it())
    return said


def _sent(db: sqlite3.Connection, folder: Path, number: int, said: Mapping[str, Any]) -> _Sent:
    digest = _digest(folder, said["user_token_hash"])
    try:
        rec_ids = [item["rec_id"] for item in (*digest["programs"], *digest["changes"])]
        found = db.execute(_OF_ONE, (json.dumps(rec_ids), digest["run_id"])).fetchone()
        slot = digest["as_of"]
    except (KeyError, TypeError, sqlite3.Error, OverflowError):
        found = None
    if found is None:
        raise PersonalizationError(
            _("its digest is not one of this file"),
            _("name the folder and the file that belong together"),
        )
    facts = [
        fact(rec_id, channel=CHANNEL, slot=slot, delivered_at=said.get("sent_at"))
        for rec_id in rec_ids
    ]
    return _Sent(number, found[0], OfferedNight(*found[1:]), facts)


def _digest(folder: Path, user_token_hash: object) -> Any:
    # It becomes a file name, and is not repeated: it may be a raw key.
    if not is_key(user_token_hash):
        raise InvalidInput(
            _("{name} is not 64 lower-case hex digits", name="user_token_hash"), _like_it()
        )
    try:
        return json.loads((folder / f"{user_token_hash}.json").read_bytes())
    except FileNotFoundError:
        raise NotFound(
            _("the folder has no digest for this customer"),
            _("name the folder that it was sent from"),
        ) from None
    except (ValueError, RecursionError):
        raise PersonalizationError(_("its digest cannot be read"), _("render it again")) from None
