"""A customer's recommendations of one night, page by page, in the order of the log.

That is: programs, industry packs and amendments, best first within each, then saved searches. By default it is the
newest finished night, without what has closed since and what was handed over on an earlier day; an old night is handed
over as it was, if it is asked for. Handed over, and charged, is only what replays: a row that contradicts its evidence
is for the auditor. What stands for a whole type is never handed over.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from itertools import islice
from operator import index
from typing import Any, NamedTuple

from sqlite_utils_personalization.audit.replay import replay
from sqlite_utils_personalization.audit.replay_result import REPRODUCED, Replay
from sqlite_utils_personalization.audit.selection import Selection
from sqlite_utils_personalization.billing.delivery import (
    CHANNELS,
    UNIT_PRICE_YEN,
    Delivery,
    delivery_key,
    fact,
)
from sqlite_utils_personalization.billing.record import (
    known_deliveries,
    record_facts,
    require_deliveries,
)
from sqlite_utils_personalization.catalogue.saved_searches import numbered_searches
from sqlite_utils_personalization.clock import day_of, japan_day, right_now, utc
from sqlite_utils_personalization.customer_api.cursor import (
    LogPosition,
    cursor_at,
    is_given,
    not_given,
    other_filters,
    parse_cursor,
)
from sqlite_utils_personalization.customer_api.offer import (
    Offer,
    OfferedNight,
    find_night,
    offers,
)
from sqlite_utils_personalization.errors import InvalidInput
from sqlite_utils_personalization.formula.sentences import total_sentence
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.language import pgettext
from sqlite_utils_personalization.model.kinds import TYPES
from sqlite_utils_personalization.preferences.customer import profile_id_of
from sqlite_utils_personalization.transaction import transaction, write_transaction

# Recommendations on one page at most.
MOST = 100
# The night that is meant where none is named.
LATEST = "latest"


@dataclass(frozen=True)
class PreviewItem:
    """What a preview shows of a recommendation; as_of is the night's Japanese day.

    closes_on is the last day to apply, None if there is none or nobody knows it; days_left are the days until then from
    today, in Japan, negative once it has closed. closing says which: dated, rolling for applications at any time,
    unknown, or None of what does not close.
    """

    rec_id: int
    as_of: str
    recommendation_type: str
    title: str
    closes_on: str | None
    days_left: int | None
    closed: bool
    closing: str | None


@dataclass(frozen=True)
class RecommendedItem(PreviewItem):
    """A whole recommendation. points are per component; reasons, in this order, say why, and how they make the score.

    rank is among those of its type that night, from 1; served_at is UTC; verdict is what replaying it gave.
    same_programme are other rounds, frames and years of it, for which it stands. saved_search is the customer's own id
    of a saved search, None of anything else.
    """

    run_id: int
    served_at: str
    item_id: str
    rank: int
    score: int
    points: Mapping[str, int]
    reasons: tuple[str, ...]
    verdict: str
    same_programme: tuple[Mapping[str, str], ...]
    saved_search: str | None


@dataclass(frozen=True)
class Page:
    """Recommendations of one night, and what handing them over was charged: yen, tax excluded.

    next is where the following page begins, None at the end; a page may be short, or empty, before it. passed_over
    counts those that are not handed over, by why: placeholder, closed, delivered before, or the verdict if what was
    recommended cannot be replayed. A preview has titles and closing dates, and delivers nothing. delivered_before
    counts what was delivered that day already.
    """

    recommendations: tuple[PreviewItem, ...]
    next: str | None
    passed_over: Mapping[str, int]
    preview: bool
    delivered_new: int = 0
    delivered_before: int = 0
    charged_yen: int = 0
    unit_price_yen: int = UNIT_PRICE_YEN
    sentence: str = ""

    def to_dict(self) -> dict[str, Any]:
        """For JSON; keys are only ever added."""
        return asdict(self)


class ParsedQuery(NamedTuple):
    """The filters of one page, and where it begins, with the mark that this was given: None at the beginning."""

    recommendation_type: str | None
    night: str | None
    size: int
    preview: bool
    start: tuple[LogPosition, str] | None

    @property
    def filters(self) -> tuple[str | None, str | None, bool]:
        """What a cursor goes with."""
        return self.recommendation_type, self.night, self.preview


class _Found(NamedTuple):
    replayed: Replay
    is_free: bool
    searches: Mapping[str, str]


def recommendations(
    db: sqlite3.Connection,
    user_token_hash: str,
    *,
    recommendation_type: str | None = None,
    night: str | date | None = None,
    size: int = 10,
    after: str | None = None,
    channel: str | None = None,
    now: datetime | None = None,
) -> Page:
    """Return the page after the one that gave after, of this type if given, of the night of a day or of the latest one.

    Without a day, what has closed by now, and what was handed over on an earlier Japanese day, is left out. With a
    channel, each item is delivered on it, once a Japanese day however often and by whatever row or channel it is asked
    for, in the transaction that reads it; joins the caller's, which should be IMMEDIATE. Without one the page is a
    preview, and read-only. InvalidInput, UnknownCustomer, or DeliveryConflict if one is recorded otherwise; then
    nothing is delivered.
    """
    wanted = check_query(recommendation_type, night, size, after, channel)
    with transaction(db) if channel is None else write_transaction(db):
        if channel is not None:
            require_deliveries(db)
        # Once the file is locked, for that may take past midnight.
        now = now or right_now()
        day = japan_day(now)
        found, page = _read(db, profile_id_of(db, user_token_hash), wanted, day)
        if channel is None:
            return page
        delivered = _deliver(db, found, channel, day, now)
    return _charged(page, found, delivered, day)


def _read(
    db: sqlite3.Connection, customer: int, wanted: ParsedQuery, day: str
) -> tuple[list[_Found], Page]:
    night = find_night(db, day, wanted.night)
    start = _start(db, customer, wanted, night)
    passed_over: Counter[str] = Counter()
    searches = numbered_searches(db, customer)
    rows = _kept(_offered(db, customer, night, start, wanted, day), passed_over)
    found: list[_Found] = []
    following = next(rows, None)
    while following and len(found) < wanted.size:
        together = [following, *islice(rows, wanted.size - len(found) - 1)]
        # Reading on to what the next page begins with counts what is left out before it.
        following = next(rows, None)
        for one, replayed in zip(together, _replayed(db, together), strict=True):
            if replayed.verdict == REPRODUCED:
                found.append(_Found(replayed, one.is_free, searches))
            else:
                passed_over[replayed.verdict] += 1
    following_page = None
    if night and following:
        position = LogPosition(night.run_id, following.rec_id)
        following_page = cursor_at(db, customer, position, wanted.filters)
    titles = tuple(title(one.replayed, day) for one in found)
    sentence = _("a preview delivers nothing")
    page = Page(titles, following_page, dict(passed_over), preview=True, sentence=sentence)
    return found, page


def _offered(
    db: sqlite3.Connection,
    customer: int,
    night: OfferedNight | None,
    start: int,
    wanted: ParsedQuery,
    day: str,
) -> Iterable[Offer]:
    if night is None:
        return ()
    return offers(
        db,
        customer,
        night,
        day,
        whatever=wanted.night is not None,
        recommendation_type=wanted.recommendation_type,
        start=start,
    )


def _start(
    db: sqlite3.Connection, customer: int, wanted: ParsedQuery, night: OfferedNight | None
) -> int:
    """The first rec_id of the page. InvalidInput if its cursor is not one that this customer was given for it."""
    if wanted.start is None:
        return 1
    position, mark = wanted.start
    if not is_given(db, customer, position, wanted.filters, mark):
        raise not_given()
    if night is None or position.run_id != night.run_id:
        raise other_filters()
    return position.rec_id


def _kept(rows: Iterable[Offer], passed_over: Counter[str]) -> Iterator[Offer]:
    """Those that may be handed over; the others are counted as they are passed."""
    for row in rows:
        if row.passed_over is None:
            yield row
        else:
            passed_over[row.passed_over] += 1


def _replayed(db: sqlite3.Connection, rows: list[Offer]) -> Iterator[Replay]:
    rec_ids = [row.rec_id for row in rows]
    chosen = Selection(rec_ids=rec_ids)
    by_id = {found.rec_id: found for found in replay(db, chosen, below_cut=False)}
    return map(by_id.__getitem__, rec_ids)


def _deliver(
    db: sqlite3.Connection, found: list[_Found], channel: str, day: str, now: datetime
) -> list[Delivery]:
    """Record each whose item was not delivered today."""
    rec_ids = [one.replayed.rec_id for one in found if not one.is_free]
    # What is recorded stands, with its time: it may have been taken back since.
    known = known_deliveries(db, [delivery_key(rec_id, channel, day) for rec_id in rec_ids])
    facts = [fact(rec_id, channel=channel, slot=day) for rec_id in rec_ids]
    timed = [one if one.key in known else one._replace(delivered_at=utc(now)) for one in facts]
    return list(record_facts(db, timed))


def _charged(page: Page, found: list[_Found], delivered: list[Delivery], day: str) -> Page:
    new = [one.unit_price_yen for one in delivered if one.new]
    before = len(found) - len(new)
    sentences = []
    if new:
        text = _("{n} delivered for the first time on {day}, Japanese time", n=len(new), day=day)
        sentences.append(text)
    if before:
        text = _("{n} already delivered on {day}, not charged again", n=before, day=day)
        sentences.append(text)
    return replace(
        page,
        recommendations=tuple(item(one.replayed, day, one.searches) for one in found),
        preview=False,
        delivered_new=len(new),
        delivered_before=before,
        charged_yen=sum(new),
        unit_price_yen=new[0] if new else UNIT_PRICE_YEN,
        sentence=pgettext("sentences", "; ").join(sentences) or _("there was nothing to deliver"),
    )


def check_query(
    recommendation_type: str | None = None,
    night: str | date | None = None,
    size: int = 10,
    after: str | None = None,
    channel: str | None = None,
) -> ParsedQuery:
    """What is asked for; so a door may refuse it before it waits for the lock.

    InvalidInput names the argument that cannot be; its value is never repeated.
    """
    _check_one_of("type", recommendation_type, TYPES)
    _check_one_of("channel", channel, CHANNELS)
    try:
        rows = 0 if isinstance(size, bool) else index(size)
    except TypeError:
        rows = 0
    if not 1 <= rows <= MOST:
        raise InvalidInput(
            _("size is not a whole number from 1 to {most}", most=MOST), _("give one, or none")
        )
    day = None if night is None or night == LATEST else day_of(night, "night")
    filters = (recommendation_type, day, channel is None)
    start = None if after is None else parse_cursor(after, filters)
    return ParsedQuery(*filters[:2], rows, filters[2], start)


def _check_one_of(name: str, value: object, known: tuple[str, ...]) -> None:
    if value is not None and not (isinstance(value, str) and value in known):
        names = ", ".join(known)
        raise InvalidInput(
            _("{name} is not one of {names}", name=name, names=names),
            _("give one of them, or none"),
        )


def title(found: Replay, today: str) -> PreviewItem:
    """The preview of a replayed row on this Japanese day."""
    assert found.run
    assert found.found
    kind, candidate = found.logged.recommendation_type, found.found.candidate
    left = days_left(today, candidate.closes_on)
    return PreviewItem(
        found.rec_id,
        found.run.as_of,
        kind,
        candidate.title,
        candidate.closes_on,
        left,
        closed=left is not None and left < 0,
        closing=candidate.closing,
    )


def days_left(today: str, closes_on: str | None) -> int | None:
    """The days from today until an item closes, negative once it has; None without a closing date."""
    if closes_on is None:
        return None
    return (date.fromisoformat(closes_on) - date.fromisoformat(today)).days


def item(found: Replay, today: str, searches: Mapping[str, str]) -> RecommendedItem:
    """The whole of a replayed row on this Japanese day; searches are those of numbered_searches()."""
    assert found.run
    assert found.found
    assert found.position
    parts = found.components
    return RecommendedItem(
        **asdict(title(found, today)),
        run_id=found.run.run_id,
        served_at=found.logged.served_at,
        item_id=found.found.candidate.item_id,
        rank=found.position.rank,
        score=found.logged.score,
        points={part.name: part.points for part in parts},
        reasons=(*(part.sentence for part in parts), total_sentence(found.found)),
        verdict=found.verdict,
        same_programme=tuple(one._asdict() for one in found.same_programme),
        saved_search=(
            searches.get(found.found.candidate.item_id)
            if found.logged.recommendation_type == "saved_search"
            else None
        ),
    )
