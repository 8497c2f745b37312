"""Why an item is not on a customer's list, from what the night stored, and what would have brought it in."""

import sqlite3
from dataclasses import dataclass, replace
from typing import Any

from sqlite_utils_personalization.audit.handed_over import HandedOver, handed_over
from sqlite_utils_personalization.audit.nearest import DeclaredChange, nearest_change
from sqlite_utils_personalization.audit.ranking import Field, Ranked, evaluate, find_ranked
from sqlite_utils_personalization.audit.replay_result import (
    WasRead,
    components,
    inputs_dict,
    total_dict,
)
from sqlite_utils_personalization.audit.run_lookup import (
    Customer,
    RunItem,
    Standing,
    customer_of_run,
    item_of_run,
    standing,
)
from sqlite_utils_personalization.audit.selection import existing_run
from sqlite_utils_personalization.catalogue.rule_names import rule_name
from sqlite_utils_personalization.errors import NotIntact, PersonalizationError
from sqlite_utils_personalization.formula.declared import noted_reason
from sqlite_utils_personalization.formula.evaluation import NOT_READABLE, Evaluation, decoded_row
from sqlite_utils_personalization.formula.sentences import kinds, obstacles, total_sentence
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.language import pgettext
from sqlite_utils_personalization.model.kinds import Declared
from sqlite_utils_personalization.scoring.freeze import NOTHING_NEW

# The one that is a finding.
DIFFERS = "evidence differs"
# Every reason there is, and what it means.
REASONS = {
    "recommended": "the item is on the customer's list",
    "not eligible": "the item was not open, closed too soon, or was not for the declared prefecture or industry",
    "left out": "a rule kept the item out of the catalogue",
    "no points": "the item was eligible and scored 0",
    "same programme": "another round, frame or year of the same programme stands for it",
    "handed over before": "it has a place, and was passed over: delivered, dismissed or applied for, and nothing new",
    "below the cut": "as many items as a list holds ranked before it",
    "not in the catalogue": "that night's catalogue did not have the item for this customer",
    "not scored": "the run recommended the customer nothing, for a reason it noted",
    "not a customer": "the customer was not among those of that night",
    DIFFERS: "by the formula the item belongs on the list and is not there, or nothing can be evaluated",
}


def ties() -> tuple[str, ...]:
    """What tells two items apart whose points count as equal, term by term of the formula's rank_order."""
    return (
        _("it has fewer points"),
        _(
            "it is nationwide, while items of the declared prefecture come first among points that count as equal"
        ),
        _("it is for certain industries, while none was declared"),
        _("it has fewer points"),
        _("its industries are more, or not known"),
        _("it has no closing date"),
        _("it closes later"),
        _("its id comes later"),
    )


class WhyNotAnswer(WasRead):
    """Why one item was not recommended to one customer in one run, or that it was; keys are only ever added."""

    run_id: int
    as_of: str
    top_k: int
    profile_id: int
    recommendation_type: str | None
    item_id: str
    title: str | None
    reason: str
    sentence: str
    rule: str | None
    rec_id: int | None
    rank: int | None
    cut: int | None
    margin: int | None
    components: list[dict[str, Any]]
    total: dict[str, Any] | None
    nearest: dict[str, Any] | None
    handed_over: dict[str, Any] | None


@dataclass(frozen=True)
class WhyNot:
    """Why one item was not recommended to one customer in one run, or that it was.

    reason is a key of REASONS. rank counts from 1 among the eligible items of the type that scored; cut is the points
    of the last place of a full list, margin how many the item lacked; points are uncapped sums. found is what the
    formula says, where there is something to evaluate; nearest what would have brought the item in; before what was
    handed over, dismissed or applied for of the item, or of the one that stands for it.
    """

    run_id: int
    as_of: str
    top_k: int
    profile_id: int
    item_id: str
    recommendation_type: str | None
    reason: str = ""
    sentence: str = ""
    title: str | None = None
    left_out: str | None = None
    rec_id: int | None = None
    rank: int | None = None
    cut: int | None = None
    margin: int | None = None
    found: Evaluation | None = None
    nearest: DeclaredChange | None = None
    before: HandedOver | None = None

    @property
    def is_missing(self) -> bool:
        """Whether something declared otherwise might have brought the item in."""
        return is_missing(self.reason)

    def to_dict(self) -> WhyNotAnswer:
        """What personalization-why-not --json prints."""
        scored = self.found if self.found and self.found.is_eligible else None
        return {
            "run_id": self.run_id,
            "as_of": self.as_of,
            "top_k": self.top_k,
            "profile_id": self.profile_id,
            "recommendation_type": self.recommendation_type,
            "item_id": self.item_id,
            "title": self.title,
            "reason": self.reason,
            "sentence": self.sentence,
            "rule": self.left_out,
            "rec_id": self.rec_id,
            "rank": self.rank,
            "cut": self.cut,
            "margin": self.margin,
            **inputs_dict(self.found),
            "components": [part._asdict() for part in components(scored)] if scored else [],
            "total": total_dict(scored),
            "nearest": self.nearest.to_dict() if self.nearest else None,
            "handed_over": self.before._asdict() if self.before else None,
        }


def is_missing(reason: str) -> bool:
    """Whether, for this one of REASONS, something declared otherwise might have brought the item in."""
    return reason in ("not eligible", "no points", "same programme", "below the cut")


def why_not(
    db: sqlite3.Connection,
    profile_id: int,
    item_id: str,
    run_id: int | None = None,
    recommendation_type: str | None = None,
    *,
    with_nearest: bool = True,
) -> WhyNot:
    """Return why the item is not on the customer's list of a run, by default the latest; read-only.

    recommendation_type is needed only where the id occurs in several. The stored vector is used, whatever is declared
    today. Without with_nearest no change is looked for, which is most of the work. NotFound if there is no such run,
    InvalidInput if the id alone does not tell the type, NotIntact if what was stored cannot be evaluated.

    Example:

        found = why_not(db, profile_id(db, user_token_hash), "EX-110")
        print(found.reason, found.sentence, found.nearest)
    """
    run_id = existing_run(db, run_id)
    as_of, top_k = decoded_row(
        db.execute(
            "SELECT as_of, top_k FROM am_personalization_run WHERE run_id = ?", (run_id,)
        ).fetchone()
    )
    if not isinstance(top_k, int):
        raise NotIntact(f"top_k of run {run_id} is no number", "run personalization-verify")
    asked = WhyNot(run_id, as_of, top_k, profile_id, item_id, recommendation_type)
    try:
        return replace(asked, **_answer(db, asked, with_nearest))
    except PersonalizationError:
        # Some are ValueErrors too.
        raise
    except NOT_READABLE:
        raise NotIntact(
            f"what run {run_id} stored cannot be evaluated", "run personalization-verify"
        ) from None


def _answer(db: sqlite3.Connection, asked: WhyNot, with_nearest: bool) -> dict[str, Any]:
    customer = customer_of_run(db, asked.run_id, asked.profile_id)
    if customer is None:
        return _because("not a customer", _("not among the customers of that night"))
    # Whoever had all of it before has a list, and each item of it a reason of its own.
    if customer.declared is None or customer.reason not in (None, NOTHING_NEW):
        reason = noted_reason(customer.reason or "")
        sentence = _("nothing was recommended that night: {reason}", reason=reason)
        return _because("not scored", sentence)
    kind = asked.recommendation_type
    item = item_of_run(db, asked.run_id, asked.profile_id, asked.item_id, kind)
    if item is None:
        sentence = _("not in that night's catalogue for this customer")
        return _because("not in the catalogue", sentence)
    about = {"recommendation_type": item.recommendation_type, "title": item.title}
    if item.left_out is not None:
        name = rule_name(item.left_out)
        sentence = _("left out of that night's catalogue by the rule '{rule}'", rule=name)
        return about | _because("left out", sentence, left_out=item.left_out)
    return about | _evaluated(db, asked, customer, item, with_nearest)


def _because(reason: str, sentence: str, **facts: Any) -> dict[str, Any]:
    return {"reason": reason, "sentence": sentence, **facts}


def _evaluated(
    db: sqlite3.Connection, asked: WhyNot, customer: Customer, item: RunItem, with_nearest: bool
) -> dict[str, Any]:
    assert customer.declared is not None
    found = evaluate(db, asked.run_id, customer.declared, item.candidate_id)
    if not found.is_whole:
        sentence = _("what is stored cannot be evaluated - run personalization-verify")
        return _because(DIFFERS, sentence)
    field = Field(asked.run_id, item.recommendation_type, item.owner)
    stands = standing(db, asked.run_id, asked.profile_id, customer, item, asked.top_k)
    last, mine = find_ranked(db, field, customer.declared, place=stands.end, of=item.candidate_id)
    facts: dict[str, Any] = {
        "found": found,
        "rank": mine and mine.place,
        "cut": last and last.points,
    }
    if stands.how == "given":
        sentence = _recommended(mine, stands.rec_id)
        return _because("recommended", sentence, **facts, rec_id=stands.rec_id)
    if mine and not mine.is_behind and (missed := _missed(asked.item_id, mine, stands)):
        return missed | facts
    # Nothing declared otherwise brings in what was handed over before.
    if with_nearest and not handed_over(db, asked.run_id, asked.profile_id, item.candidate_id):
        facts["nearest"] = nearest_change(
            db, field, customer.declared, item.candidate_id, asked.top_k
        )
    if not found.is_eligible:
        return _because("not eligible", _both(obstacles(found)), **facts)
    if mine is not None and mine.is_behind:
        return _same_programme(db, asked, field, customer.declared, mine) | facts
    if mine is None or last is None:
        return _because("no points", total_sentence(found), **facts)
    sentence = _below(mine, last, kinds(item.recommendation_type))
    margin = max(0, last.points - mine.points)
    return _because("below the cut", sentence, **facts, margin=margin)


def _missed(item_id: str, mine: Ranked, stands: Standing) -> dict[str, Any] | None:
    """Why what is good enough is not on the list; None if the list ends before it."""
    at = {"place": mine.place, "points": mine.points}
    if stands.before:
        before = stands.before.sentence(item_id)
        sentence = _("place {place} with {points} points; {before}", before=before, **at)
        return _because("handed over before", sentence, before=stands.before)
    if stands.how == "unknown" and mine.place <= stands.end:
        sentence = _(
            "the formula gives it place {place} with {points} points, and no list has it"
            " - run personalization-verify",
            **at,
        )
        return _because(DIFFERS, sentence)
    return None


def _same_programme(
    db: sqlite3.Connection, asked: WhyNot, field: Field, declared: Declared, mine: Ranked
) -> dict[str, Any]:
    first, _mine = find_ranked(db, field, declared, place=mine.place)
    assert first is not None
    at: dict[str, Any] = {"title": first.title, "item_id": first.item_id, "place": first.place}
    before = handed_over(db, asked.run_id, asked.profile_id, first.candidate_id)
    if before:
        at["before"] = before.sentence(first.item_id)
        sentence = _(
            "same programme as {title} ({item_id}), place {place}; that was {before}", **at
        )
    else:
        sentence = _("same programme as {title} ({item_id}), place {place}", **at)
    return _because("same programme", sentence, before=before)


def _recommended(mine: Ranked | None, rec_id: int | None) -> str:
    if mine is None:
        if rec_id is None:
            return _("recommended, which the run has yet to log")
        return _("recommended, log row {rec_id}", rec_id=rec_id)
    if rec_id is None:
        return _("recommended in place {place}, which the run has yet to log", place=mine.place)
    return _("recommended in place {place}, log row {rec_id}", place=mine.place, rec_id=rec_id)


def _below(mine: Ranked, last: Ranked, named: str) -> str:
    values: dict[str, Any] = {
        "points": mine.points,
        "place": mine.place,
        "kinds": named,
        "last": last.place,
        "cut": last.points,
        "more": last.points - mine.points,
    }
    if mine.place < last.place:
        return _(
            "{points} points, place {place} among that night's {kinds}; the list ends with place {last} at {cut},"
            " and changes of what was marked as interesting come first",
            **values,
        )
    pairs = zip(mine.order, last.order, strict=True)
    at = next((at for at, (term, of_last) in enumerate(pairs) if term != of_last), -1)
    if at == 0:
        return _(
            "{points} points, place {place} among that night's {kinds}; the list ends with place {last} at {cut},"
            " {more} more",
            **values,
        )
    values["tie"] = ties()[at]
    if mine.points == last.points:
        return _(
            "{points} points, place {place} among that night's {kinds}; the list ends with place {last} at {cut} too,"
            " and {tie}",
            **values,
        )
    return _(
        "{points} points, place {place} among that night's {kinds}; the list ends with place {last} at {cut},"
        " and {tie}",
        **values,
    )


def _both(sentences: tuple[str, ...]) -> str:
    return pgettext("sentences", "; ").join(sentences)
