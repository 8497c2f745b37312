"""A digest as a document: the JSON that every other form is made from, and what says why of each item."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from sqlite_utils_personalization.catalogue.candidate import ANY, NATIONWIDE
from sqlite_utils_personalization.catalogue.industries import DIVISIONS
from sqlite_utils_personalization.customer_api.envelope import SOURCE_URL, Envelope
from sqlite_utils_personalization.customer_api.recommendations import days_left
from sqlite_utils_personalization.digest.contents import Digest, DigestItem
from sqlite_utils_personalization.digest.texts import Texts
from sqlite_utils_personalization.errors import InvalidInput
from sqlite_utils_personalization.formula.evaluation import Evaluation

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
            "the address for dismissing is not one of the web", f"write it like {_EXAMPLE}"
        )
    if not any(name in url for name in ("{item_id}", "{rec_id}")):
        raise InvalidInput("the address for dismissing names no item", f"write it like {_EXAMPLE}")


def document(
    digest: Digest,
    texts: Texts,
    dismiss_url: str | None = None,
    envelope: Envelope = Envelope(),  # noqa: B008  # immutable
) -> dict[str, Any]:
    """The digest for JSON, with its sentences in one language; keys are only ever added.

    dismiss_url is the address by which an item is dismissed, with {type}, {item_id} and {rec_id} for what it is. A
    _billing_unit of true is the number of items, which are charged once they were sent.
    """
    heading, shown = ("subject", digest.items)
    if not digest.programs:
        heading, shown = ("subject_changes", digest.changes)
    programs, changes = (
        [_item(item, digest.day, texts, dismiss_url, envelope) for item in items]
        for items in (digest.programs, digest.changes)
    )
    made = {
        "format": FORMAT,
        "language": texts.language,
        "user_token_hash": digest.user_token_hash,
        "run_id": digest.night.run_id,
        "as_of": digest.night.as_of,
        "day": digest.day,
        "subject": texts(heading, day=texts.date(digest.day), count=len(shown)),
        "programs": programs,
        "changes": changes,
        "more": digest.more,
        "dismiss": None if dismiss_url else texts("dismiss"),
        "note": texts("night", as_of=texts.date(digest.night.as_of)),
    }
    return envelope.answer(made, charged=len(digest.items))


def _item(
    item: DigestItem, day: str, texts: Texts, dismiss_url: str | None, envelope: Envelope
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
        "area": _area(item.found, texts),
        "amount_yen": item.details.amount_yen,
        "url": item.details.url,
        "score": item.found.points.score,
        "reasons": list(_reasons(item.found, texts)),
        "others": list(item.others),
        "dismiss_url": _filled(dismiss_url, names) if dismiss_url else None,
        **({SOURCE_URL: item.details.url} if envelope.source_url else {}),
    }


def _area(found: Evaluation, texts: Texts) -> str:
    """In a few words: of many prefectures the customer's own, or the first."""
    prefectures = found.candidate.prefectures.split(",")
    if prefectures == [NATIONWIDE]:
        return texts("nationwide")
    if len(prefectures) <= _NAMED:
        return texts("and").join(prefectures)
    mine = found.declared.prefecture
    first = mine if mine in prefectures else prefectures[0]
    return texts("among", prefecture=first, count=len(prefectures) - 1)


def _filled(url: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        url = url.replace(f"{{{name}}}", quote(value, safe=""))
    return url


def _reasons(found: Evaluation, texts: Texts) -> Iterator[str]:
    """What speaks for the item, by the points that it has."""
    item, declared = found.candidate, found.declared
    if found.points.of("industry") and item.industries == ANY:
        yield texts("industry_any")
    elif found.points.of("industry"):
        shared = [DIVISIONS[one] for one in item.industries if one in (declared.industries or "")]
        yield texts("industry", names=texts("and").join(shared))
    if declared.prefecture and item.prefectures != NATIONWIDE:
        yield texts("prefecture", prefecture=declared.prefecture)
    if found.points.of("deadline") and item.closes_on:
        yield texts("deadline", days=declared.horizon_days)
    elif found.points.of("deadline") and item.rolling:
        yield texts("deadline_rolling")
    if found.points.of("risk") and declared.risk_level:
        yield texts("risk", level=texts(declared.risk_level))
