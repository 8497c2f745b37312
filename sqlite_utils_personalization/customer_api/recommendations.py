"""A customer's recommendations, page by page, newest night first and in the order of the log inside a night.

That is: programs, industry packs and amendments, best first within each, then saved searches. Handed over, and charged,
is only what replays: a row of another program says nothing of what was recommended, and one that contradicts its
evidence is for the auditor.
"""

import json
import sqlite3
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from itertools import islice
from typing import Any, NamedTuple

from sqlite_utils_personalization.audit.replay import replay
from sqlite_utils_personalization.audit.replay_result import REPRODUCED, Replay
from sqlite_utils_personalization.audit.selection import Selection
from sqlite_utils_personalization.billing.delivery import CHANNELS, UNIT_PRICE_YEN, Delivery
from sqlite_utils_personalization.billing.record import record_deliveries
from sqlite_utils_personalization.canonical import canonical_json
from sqlite_utils_personalization.clock import japan_day
from sqlite_utils_personalization.errors import InvalidRequest
from sqlite_utils_personalization.formula.sentences import total_sentence
from sqlite_utils_personalization.model.kinds import TYPES
from sqlite_utils_personalization.preferences.customer import profile_id_of
from sqlite_utils_personalization.transaction import transaction, write_transaction

# Recommendations on one page at most, and characters of a cursor.
MOST = 100
_LONGEST = 200
# Log rows of the customer that one page reads at most, so that a rare type costs no more than a common one.
READ = 10_000
# The index by customer and time ends in rec_id: nothing is sorted, and nothing before the cursor is read but its night.
ROWS = """
SELECT rec_id, served_at, recommendation_type FROM am_personalization_recommendation_log
WHERE profile_id = :profile_id {conditions} ORDER BY served_at DESC, rec_id LIMIT :read
"""
_AFTER = "AND served_at <= :served_at AND (served_at < :served_at OR rec_id > :rec_id)"
# The range is for the index, on every SQLite; a later run of the same night may leave others in between.
_OF_NIGHT = """
AND served_at >= (SELECT min(served_at) FROM am_personalization_run WHERE as_of = :night)
AND served_at <= (SELECT max(served_at) FROM am_personalization_run WHERE as_of = :night)
AND +served_at IN (SELECT served_at FROM am_personalization_run WHERE as_of = :night)
"""
_IS_THERE = """
SELECT 1 FROM am_personalization_recommendation_log
WHERE rec_id = :rec_id AND profile_id = :profile_id AND served_at = :served_at
"""


@dataclass(frozen=True)
class PreviewItem:
    """What a preview shows of a recommendation; as_of is the night's Japanese day."""

    rec_id: int
    as_of: str
    recommendation_type: str
    title: str


@dataclass(frozen=True)
class RecommendedItem(PreviewItem):
    """A whole recommendation. points are per component; reasons, in this order, say why, and how they make the score.

    rank is among those of its type that night, from 1; served_at is UTC; verdict is what replaying it gave.
    """

    run_id: int
    served_at: str
    item_id: str
    closes_on: str | None
    rank: int
    score: int
    points: Mapping[str, int]
    reasons: tuple[str, ...]
    verdict: str


@dataclass(frozen=True)
class Page:
    """Recommendations, newest night first, and what handing them over was charged: yen, tax excluded.

    next_cursor is None at the end; a page may be short, or empty, before it. left_out counts, by verdict, the log rows
    passed over because what was recommended in them cannot be replayed. A preview has titles, and delivers nothing.
    """

    items: tuple[PreviewItem, ...]
    next_cursor: str | None
    left_out: Mapping[str, int]
    preview: bool
    delivered_new: int = 0
    delivered_before: int = 0
    charged_yen: int = 0
    unit_price_yen: int = UNIT_PRICE_YEN
    because: str = "a preview delivers nothing"

    def to_dict(self) -> dict[str, Any]:
        """For JSON; keys are only ever added."""
        return asdict(self)


class LogPosition(NamedTuple):
    """The last log row of a page."""

    served_at: str
    rec_id: int


class ParsedQuery(NamedTuple):
    """The filters of one page, and where it goes on: None at the beginning."""

    recommendation_type: str | None
    night: str | None
    limit: int
    after: LogPosition | None


class _Row(NamedTuple):
    position: LogPosition
    is_wanted: bool


def recommendations(
    db: sqlite3.Connection,
    user_token_hash: str,
    *,
    recommendation_type: str | None = None,
    night: str | None = None,
    limit: int = 10,
    cursor: str | None = None,
    channel: str | None = None,
    now: datetime | None = None,
) -> Page:
    """Return the page after cursor, of this type and night if given, night being its Japanese day.

    With a channel, each item is delivered on it, once a Japanese day however often it is asked for, in the transaction
    that reads it; joins the caller's, which should be IMMEDIATE. Without one the page is a preview, and read-only.
    InvalidRequest, UnknownCustomer, or DeliveryConflict if one is recorded otherwise; then nothing is delivered.
    """
    wanted = parse_query(recommendation_type, night, limit, cursor, channel)
    with transaction(db) if channel is None else write_transaction(db):
        found, page = _read(db, profile_id_of(db, user_token_hash), wanted)
        if channel is None:
            return page
        day = japan_day(now)
        rec_ids = [one.rec_id for one in found]
        delivered = record_deliveries(db, rec_ids, channel=channel, slot=day)
    return _charged(page, found, delivered, day)


def sql(wanted: ParsedQuery) -> str:
    """The rows that one page reads, at most."""
    conditions = (_AFTER if wanted.after else "", _OF_NIGHT if wanted.night else "")
    return ROWS.format(conditions=" ".join(conditions))


def _read(db: sqlite3.Connection, customer: int, wanted: ParsedQuery) -> tuple[list[Replay], Page]:
    rows, last = _rows(db, customer, wanted), None
    found: list[Replay] = []
    left_out: Counter[str] = Counter()
    while missing := wanted.limit - len(found):
        together = list(islice(rows, missing))
        if not together:
            break
        last = together[-1]
        for one in _replayed(db, together):
            if one.verdict == REPRODUCED:
                found.append(one)
            else:
                left_out[one.verdict] += 1
    goes_on = next(rows, None) is not None or (last is not None and not last.is_wanted)
    filters = wanted.recommendation_type, wanted.night
    next_cursor = cursor_after(last.position, *filters) if last and goes_on else None
    return found, Page(tuple(map(title, found)), next_cursor, dict(left_out), preview=True)


def _rows(db: sqlite3.Connection, customer: int, wanted: ParsedQuery) -> Iterator[_Row]:
    """Those of the type, in order; where reading stops before the end, a row that is not wanted says so."""
    at = {"profile_id": customer, "night": wanted.night, "read": READ}
    if wanted.after:
        at.update(wanted.after._asdict())
        if not db.execute(_IS_THERE, at).fetchone():
            raise _invalid()
    rows = db.execute(sql(wanted), at)
    for seen, (rec_id, served_at, kind) in enumerate(rows, 1):
        position = LogPosition(served_at, rec_id)
        if wanted.recommendation_type in (None, kind):
            yield _Row(position, True)
        if seen == READ:
            yield _Row(position, False)


def _replayed(db: sqlite3.Connection, rows: list[_Row]) -> Iterator[Replay]:
    rec_ids = [row.position.rec_id for row in rows if row.is_wanted]
    chosen = Selection(rec_ids=rec_ids)
    by_id = {found.rec_id: found for found in replay(db, chosen, below_cut=False)}
    return map(by_id.__getitem__, rec_ids)


def _charged(page: Page, found: list[Replay], delivered: list[Delivery], day: str) -> Page:
    new = [one.unit_price_yen for one in delivered if one.new]
    before = len(delivered) - len(new)
    sentences = []
    if new:
        sentences.append(f"{len(new)} delivered for the first time on {day}, Japanese time")
    if before:
        sentences.append(f"{before} already delivered on {day}, not charged again")
    return replace(
        page,
        items=tuple(map(item, found)),
        preview=False,
        delivered_new=len(new),
        delivered_before=before,
        charged_yen=sum(new),
        unit_price_yen=new[0] if new else UNIT_PRICE_YEN,
        because="; ".join(sentences) or "there was nothing to deliver",
    )


def cursor_after(last: LogPosition, *filters: str | None) -> str:
    """The text that stands for what comes after last under these filters.

    It is no secret and carries no signature: a forged one selects nothing that the same customer could not ask for
    anyway. The customer is therefore never read from it.
    """
    return urlsafe_b64encode(canonical_json([*last, *filters]).encode()).decode().rstrip("=")


def _position(text: str, *filters: str | None) -> LogPosition:
    """What cursor_after() was given. InvalidRequest if it was given something else, or other filters."""
    served_at, rec_id, *given = _decoded(text)
    if given != [*filters]:
        raise InvalidRequest("cursor belongs to another type or night", "begin again without it")
    return LogPosition(served_at, rec_id)


def _invalid() -> InvalidRequest:
    return InvalidRequest("cursor is not one that you were given", "begin again without it")


def _decoded(text: str) -> tuple[str, int, object, object]:
    try:
        if len(text) > _LONGEST:
            raise ValueError(text)
        decoded = urlsafe_b64decode(f"{text}{'=' * (-len(text) % 4)}".encode("ascii"))
        served_at, rec_id, kind, night = json.loads(decoded)
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise _invalid() from None
    if not isinstance(served_at, str) or type(rec_id) is not int or not 1 <= rec_id <= 2**53:
        raise _invalid()
    return served_at, rec_id, kind, night


def parse_query(
    recommendation_type: str | None,
    night: str | None,
    limit: int,
    cursor: str | None,
    channel: str | None,
) -> ParsedQuery:
    """InvalidRequest names the argument that cannot be; its value is never repeated."""
    _check_one_of("type", recommendation_type, TYPES)
    _check_one_of("channel", channel, CHANNELS)
    if not isinstance(limit, int) or isinstance(limit, bool) or not 1 <= limit <= MOST:
        raise InvalidRequest(f"limit is not a whole number from 1 to {MOST}", "give one, or none")
    if night is not None and not _is_day(night):
        raise InvalidRequest("night is not a day", "write it like 2026-07-22")
    after = None if cursor is None else _position(cursor, recommendation_type, night)
    return ParsedQuery(recommendation_type, night, limit, after)


def _check_one_of(name: str, value: str | None, known: tuple[str, ...]) -> None:
    if value is not None and value not in known:
        raise InvalidRequest(
            f"{name} is not one of {', '.join(known)}", "give one of them, or none"
        )


def _is_day(text: object) -> bool:
    try:
        return isinstance(text, str) and date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def title(found: Replay) -> PreviewItem:
    """The preview of a replayed row."""
    assert found.run
    assert found.found
    kind, name = found.logged.recommendation_type, found.found.candidate.title
    return PreviewItem(found.rec_id, found.run.as_of, kind, name)


def item(found: Replay) -> RecommendedItem:
    """The whole of a replayed row."""
    assert found.run
    assert found.found
    assert found.position
    parts, candidate = found.components, found.found.candidate
    return RecommendedItem(
        **asdict(title(found)),
        run_id=found.run.run_id,
        served_at=found.logged.served_at,
        item_id=candidate.item_id,
        closes_on=candidate.closes_on,
        rank=found.position.rank,
        score=found.logged.score,
        points={part.name: part.points for part in parts},
        reasons=(*(part.sentence for part in parts), total_sentence(found.found)),
        verdict=found.verdict,
    )
