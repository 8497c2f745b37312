"""A digest as a document: the JSON that every other form is made from, and what says why of each item."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from sqlite_utils_personalization.catalogue.candidate import ANY, NATIONWIDE
from sqlite_utils_personalization.catalogue.industries import DIVISIONS
from sqlite_utils_personalization.customer_api.envelope import SOURCE_URL, Envelope
from sqlite_utils_personalization.customer_api.recommendations import days_left
from sqlite_utils_personalization.digest.contents import Digest, DigestItem
from sqlite_utils_personalization.digest.texts import date_text
from sqlite_utils_personalization.errors import InvalidInput
from sqlite_utils_personalization.formula.evaluation import Evaluation
from sqlite_utils_personalization.formula.sentences import level_name
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.language import language, ngettext, pgettext

FORMAT = "personalization-digest/1"
# Prefectures that are named.
_NAMED = 3
_EXAMPLE = "https://example.com/dismiss?type={type}&item={item_id}"


def check_dismiss_url(url: str | None) -> None:
    """InvalidInput if it is no address of the web, or dismisses the same whatever the item."""
    if url is None:
        return
    if (
        not isinstance(url, str)
        or not url.startswith(("https://", "http://"))
        or not url.isprintable()
        or " " in url
    ):
        raise InvalidInput(
            _("the address for dismissing is not one of the web"),
            _("write it like {example}", example=_EXAMPLE),
        )
    if not any(name in url for name in ("{item_id}", "{rec_id}")):
        raise InvalidInput(
            _("the address for dismissing names no item"),
            _("write it like {example}", example=_EXAMPLE),
        )


def document(
    digest: Digest,
    dismiss_url: str | None = None,
    envelope: Envelope = Envelope(),  # noqa: B008  # immutable
) -> dict[str, Any]:
    """The digest for JSON, with its sentences in the language that is spoken; keys are only ever added.

    dismiss_url is the address by which an item is dismissed, with {type}, {item_id} and {rec_id} for what it is. A
    _billing_unit of true is the number of items, which are charged once they were sent.
    """
    programs, changes = (
        [_item(item, digest.day, dismiss_url, envelope) for item in items]
        for items in (digest.programs, digest.changes)
    )
    made = {
        "format": FORMAT,
        "language": language(),
        "user_token_hash": digest.user_token_hash,
        "run_id": digest.night.run_id,
        "as_of": digest.night.as_of,
        "day": digest.day,
        "subject": _subject(digest),
        "programs": programs,
        "changes": changes,
        "more": digest.more,
        "dismiss": None if dismiss_url else _how_to_dismiss(),
        "note": _note(digest),
    }
    return envelope.answer(made, charged=len(digest.items))


def _subject(digest: Digest) -> str:
    day = date_text(digest.day)
    if not digest.programs:
        n = len(digest.changes)
        return _("Changes in programs that interest you ({day}, {count})", day=day, count=n)
    return _("Subsidies and grants ({day}, {count} new)", day=day, count=len(digest.items))


def _how_to_dismiss() -> str:
    return _(
        'Say "dismissed" of what you do not want, by POST /v1/me/personalization/feedback or, from an AI agent, by the'
        " tool personalization_give_feedback: from the next day on it is not sent again."
    )


def _note(digest: Digest) -> str:
    return _(
        "Chosen by a fixed formula from what was public on {as_of} and from nothing but what you declared. Whether you"
        " may apply is for the call itself to say.",
        as_of=date_text(digest.night.as_of),
    )


def _item(
    item: DigestItem, day: str, dismiss_url: str | None, envelope: Envelope
) -> dict[str, Any]:
    found = item.found.candidate
    # Of an item it is dismissed what it is of: a change with its program.
    names = {"type": "program", "item_id": item.program_id, "rec_id": str(item.rec_id)}
    return {
        "rec_id": item.rec_id,
        "recommendation_type": found.recommendation_type,
        "item_id": found.item_id,
        "program_id": item.program_id,
        "title": found.title,
        "opens_on": found.opens_on,
        "closes_on": found.closes_on,
        "days_left": days_left(day, found.closes_on),
        "closing": found.closing,
        "prefectures": found.prefectures.split(","),
        "area": _area(item.found),
        "amount_yen": item.details.amount_yen,
        "url": item.details.url,
        "score": item.found.points.score,
        "reasons": list(_reasons(item.found)),
        "others": list(item.others),
        "dismiss_url": _filled(dismiss_url, names) if dismiss_url else None,
        **({SOURCE_URL: item.details.url} if envelope.source_url else {}),
    }


def _area(found: Evaluation) -> str:
    """In a few words: of many prefectures the customer's own, or the first."""
    prefectures = found.candidate.prefectures.split(",")
    if prefectures == [NATIONWIDE]:
        return _("nationwide")
    if len(prefectures) <= _NAMED:
        return pgettext("digest", "; ").join(prefectures)
    mine = found.declared.prefecture
    first = mine if mine in prefectures else prefectures[0]
    return ngettext(
        "{prefecture} and {n} more prefecture",
        "{prefecture} and {n} more prefectures",
        len(prefectures) - 1,
        prefecture=first,
    )


def _filled(url: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        url = url.replace(f"{{{name}}}", quote(value, safe=""))
    return url


def _reasons(found: Evaluation) -> Iterator[str]:
    """What speaks for the item, by the points that it has."""
    item, declared = found.candidate, found.declared
    if found.points.of("industry") and item.industries == ANY:
        yield _("for any industry")
    elif found.points.of("industry"):
        shared = [DIVISIONS[one] for one in item.industries if one in (declared.industries or "")]
        yield _("for the industry {names}", names=pgettext("digest", "; ").join(shared))
    if declared.prefecture and item.prefectures != NATIONWIDE:
        yield _("of {prefecture}", prefecture=declared.prefecture)
    if found.points.of("deadline") and item.closes_on:
        yield _("closes within the {days} days you declared", days=declared.horizon_days)
    elif found.points.of("deadline") and item.rolling:
        yield _("open at any time")
    if found.points.of("risk") and declared.risk_level:
        yield _("suits a risk tolerance of {level}", level=level_name(declared.risk_level))
