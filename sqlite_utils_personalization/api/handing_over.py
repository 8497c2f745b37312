"""What a customer is handed over, by a door or in a digest, why, and what it cost: one night, its recommendations.

Yen are without tax, moments UTC, days and months those of Japan. Errors that every function here may raise beside its
own are NoSchema, Locked, Damaged, ReadOnly, and InvalidInput where an argument cannot be.
"""

import os
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, cast

from sqlite_utils_personalization.api.opened import (
    File,
    alone,
    check_callable,
    listed,
    path_of,
    reading,
    writing,
)
from sqlite_utils_personalization.api.shapes import (
    CustomersStatement,
    ExplainedAnswer,
    RecommendationsPage,
    RecordedDigests,
    WrittenDigests,
)
from sqlite_utils_personalization.billing.delivery import is_key
from sqlite_utils_personalization.billing.record import require_deliveries
from sqlite_utils_personalization.clock import day_of, japan_day
from sqlite_utils_personalization.customer_api import explain as explaining
from sqlite_utils_personalization.customer_api import recommendations as pages
from sqlite_utils_personalization.customer_api import statement as statements
from sqlite_utils_personalization.customer_api.envelope import envelope_of
from sqlite_utils_personalization.customer_api.offer import OfferedNight, find_night
from sqlite_utils_personalization.database import require_evidence
from sqlite_utils_personalization.digest import folder as folders
from sqlite_utils_personalization.digest.calendar import require_icalendar
from sqlite_utils_personalization.digest.contents import customers_of, digests
from sqlite_utils_personalization.digest.document import check_dismiss_url
from sqlite_utils_personalization.digest.sent import SaidSent, record_results
from sqlite_utils_personalization.errors import (
    InvalidInput,
    NotFound,
    PersonalizationError,
    short_repr,
)
from sqlite_utils_personalization.language import LANGUAGES, N_
from sqlite_utils_personalization.language import gettext as _

AnyPath = str | os.PathLike[str]


def recommendations(
    file: File,
    customer: str,
    *,
    type: str | None = None,  # noqa: A002  # as every door calls it
    night: str | date = pages.LATEST,
    size: int = 10,
    after: str | None = None,
    channel: str | None = None,
    timeout_s: float | None = None,
) -> RecommendationsPage:
    """A page of what a night recommends the customer with this whole user_token_hash.

    Without a channel it is a preview: titles and closing dates, read-only. With rest, mcp or digest each item is
    delivered on it, and charged once a Japanese day however often it is asked for. type is one of the four; night is a
    day, or latest: then what has closed, and what was handed over on an earlier day, is passed over. size is 1 to 100
    rows, after the next of the page before. NotFound if no customer has the hash; Conflict if a delivery was recorded
    otherwise, then nothing is delivered.
    """
    wanted = {"recommendation_type": type, "night": night, "size": size, "after": after}
    # So that nobody waits for the lock in vain.
    pages.check_query(**wanted, channel=channel)  # type: ignore[arg-type]
    user = _whole_hash(customer)
    opened = reading(file, timeout_s) if channel is None else writing(file, timeout_s)
    with opened as found:
        page = pages.recommendations(found.conn, user, **wanted, channel=channel)  # type: ignore[arg-type]
    return cast(RecommendationsPage, _plain(page.to_dict()))


def explain(
    file: File, customer: str, rec_id: int, *, timeout_s: float | None = None
) -> ExplainedAnswer:
    """Why a recommendation was made that the customer with this whole user_token_hash was handed over; read-only.

    NotFound for every other rec_id, and if no customer has the hash.
    """
    user = _whole_hash(customer)
    with reading(file, timeout_s) as found:
        made = explaining.explain(found.conn, user, rec_id)
        return cast(ExplainedAnswer, _plain(made.to_dict()))


def statement(
    file: File, customer: str, month: str | date | None = None, *, timeout_s: float | None = None
) -> CustomersStatement:
    """What the customer with this whole user_token_hash was handed over in a month, and what it costs; read-only.

    month is YYYY-MM, or a day in it, by default this one. NotFound if no customer has the hash.
    """
    user = _whole_hash(customer)
    with reading(file, timeout_s) as found:
        made = statements.statement(found.conn, user, month)
        return cast(CustomersStatement, _plain(made.to_dict()))


def _plain(value: Any) -> Any:
    """As JSON has it: lists, where there are tuples inside."""
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, tuple | list) else value


def _whole_hash(customer: object) -> str:
    # Not repeated: it may be a raw key.
    if not is_key(customer):
        raise InvalidInput(
            "customer is no whole user_token_hash", "give all 64 lower-case hex digits of it"
        )
    return cast(str, customer)


def write_digests(
    file: File,
    folder: AnyPath,
    *,
    night: str | date = pages.LATEST,
    on: str | date | None = None,
    most: int = 5,
    lang: str = "ja",
    ics: bool = False,
    dismiss_url: str | None = None,
    envelope: AnyPath | Mapping[str, Any] | None = None,
    progress: Callable[[str, int, int], None] | None = None,
    timeout_s: float | None = None,
) -> WrittenDigests:
    """Write into a new folder, for each customer, what is new of a night; see docs/digest.md. The file is only read.

    night is a day, or latest; on is the day on which it is read, by default today; most, 1 to 100, how many programs
    one shows; lang ja or en. dismiss_url is where an item is dismissed, with {type}, {item_id} and {rec_id} in it;
    envelope what every answer carries besides, an object or the file of it. Conflict if the folder exists, NotFound if
    there is no such night that is finished.
    """
    check_callable(progress=progress)
    carried = envelope_of(envelope)
    if isinstance(most, bool) or not isinstance(most, int) or not 1 <= most <= 100:
        raise InvalidInput(f"most is {short_repr(most)}", "give a whole number from 1 to 100")
    if lang not in LANGUAGES:
        raise InvalidInput(f"lang is {short_repr(lang)}", f"give one of {', '.join(LANGUAGES)}")
    if ics:
        require_icalendar()
    check_dismiss_url(dismiss_url)
    target, day = Path(path_of(folder, "folder")), japan_day() if on is None else day_of(on, "on")
    with reading(file, timeout_s) as found:
        require_evidence(*found)
        chosen = _night(found.conn, day, night)
        total, unnamed = customers_of(found.conn, chosen)

        def tick(done: int) -> None:
            if progress:
                progress(N_("Digests"), done, total - unnamed)

        made = digests(found.conn, chosen, day, most, tick)
        count = folders.write_digests(target, made, lang, dismiss_url, ics, found.path, carried)
    return {
        "run_id": chosen.run_id,
        "as_of": chosen.as_of,
        "day": day,
        "folder": str(target),
        "digests": count,
        "nothing_new": total - unnamed - count,
        "unnamed": unnamed,
    }


def _night(db: sqlite3.Connection, day: str, night: str | date) -> OfferedNight:
    asked_for = None if night == pages.LATEST else day_of(night, "night")
    found = find_night(db, day, asked_for)
    if found is None:
        what = (
            _("there is no finished night of {day}", day=asked_for)
            if asked_for
            else _("there is no finished night up to {day}", day=day)
        )
        raise NotFound(what, _("run personalization-score first"))
    return found


def record_digests(
    file: File,
    folder: AnyPath,
    results: Iterable[SaidSent],
    *,
    refuse: Callable[[int, PersonalizationError], None] | None = None,
    timeout_s: float | None = None,
) -> RecordedDigests:
    """Record as delivered what was sent of the digests in a folder; 500 results at a time, each batch at once.

    Each is an object with user_token_hash and, if they are not true and now, sent and sent_at, or that as a line of
    JSON. What the customer had been handed otherwise, or what had closed, before it was sent is free. Each that cannot
    be taken is passed to refuse with its number, from 1; without refuse InvalidInput is raised at the end, and the
    others stand. The same again records nothing more. Commits as it goes: Conflict if a connection is in a transaction;
    NotFound if the folder is none of digests.
    """
    check_callable(refuse=refuse)
    results, faults = listed(results, "results"), list[str]()

    def refused(number: int, fault: PersonalizationError) -> None:
        first = _("number {number}: {fault}", number=number, fault=fault)
        faults.append(first if not (faults or refuse) else "")
        if refuse:
            refuse(number, fault)

    with alone(file, timeout_s) as found:
        require_deliveries(*found)
        done = list(record_results(found.conn, Path(path_of(folder, "folder")), results, refused))
    if faults and not refuse:
        raise InvalidInput(
            _("{n} of the results cannot be taken, first {first}", n=len(faults), first=faults[0]),
            _("the others are recorded; mend these and give them again"),
        )
    new, before, free, not_sent = map(sum, zip(*done, strict=True)) if done else (0, 0, 0, 0)
    return {
        "delivered": new,
        "already_delivered": before,
        "free": free,
        "not_sent": not_sent,
        "refused": len(faults),
    }
