"""Examples of what a change does, each in one sentence: a place on a list, its points before and after, and why."""

import sqlite3
from collections.abc import Mapping
from typing import Any, TypedDict

from sqlite_utils_personalization.audit.impact.affected import Affected, Place, most
from sqlite_utils_personalization.audit.impact.again import Alteration, DecidedNight
from sqlite_utils_personalization.catalogue.candidate import Candidate
from sqlite_utils_personalization.catalogue.rule_names import rule_name
from sqlite_utils_personalization.formula.descriptions import describe_declared
from sqlite_utils_personalization.formula.evaluation import (
    NOT_READABLE,
    Evaluation,
    decoded_row,
    evaluate_alone,
)
from sqlite_utils_personalization.formula.sentences import (
    component_name,
    component_sentences,
    obstacles,
)
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.language import pgettext
from sqlite_utils_personalization.model.kinds import COMPONENTS, Declared, listed

_COHORT = f"SELECT {listed(Declared._fields)} FROM am_personalization_cohort WHERE cohort_id = ?"
_CANDIDATE = (
    f"SELECT {listed(Candidate._fields)} FROM am_personalization_candidate WHERE candidate_id = ?"
)


class ImpactExample(TypedDict):
    """One item on one list of one run, before and after; rank and score are None where it is not on the list.

    points are those of each component, also of what is not on the list; None where the catalogue has no such item.
    """

    run_id: int
    as_of: str
    declared: dict[str, Any]
    recommendation_type: str
    item_id: str
    title: str
    rank_before: int | None
    rank_after: int | None
    score_before: int | None
    score_after: int | None
    points_before: dict[str, int] | None
    points_after: dict[str, int] | None
    sentence: str


class ImpactCohort(TypedDict):
    """Customers who declared the same, of all nights, and rows of theirs that come, go, or move on the list."""

    declared: dict[str, Any]
    sentence: str
    profiles: int
    items_in: int
    items_out: int
    moved: int
    example: ImpactExample


class ImpactItem(TypedDict):
    """An item, and on how many lists of customers, of all nights, it comes, goes, or moves."""

    recommendation_type: str
    item_id: str
    title: str
    items_in: int
    items_out: int
    moved: int
    example: ImpactExample


class Explained:
    """The most concerned of some nights that were decided again."""

    def __init__(
        self,
        db: sqlite3.Connection,
        nights: Mapping[int, DecidedNight],
        change: Alteration,
        affected: Affected,
    ) -> None:
        self._db = db
        self._nights = nights
        self._change = change
        self._affected = affected

    def cohorts(self) -> list[ImpactCohort]:
        """The vectors of whom the most rows change, at most ten; read-only."""
        return [
            {
                "declared": self._declared(cohort_id).to_dict(),
                "sentence": declared_text(self._declared(cohort_id)),
                "profiles": one.customers,
                "items_in": one.rows["items_in"],
                "items_out": one.rows["items_out"],
                "moved": one.rows["moved"],
                "example": self._example(one.example),
            }
            for (cohort_id, _kind), one in most(self._affected.cohorts)
        ]

    def items(self) -> list[ImpactItem]:
        """The items that come, go or move on the most lists, at most ten; read-only."""
        found: list[ImpactItem] = []
        for (kind, item_id), one in most(self._affected.items):
            example = self._example(one.example)
            found.append(
                {
                    "recommendation_type": kind,
                    "item_id": item_id,
                    "title": example["title"],
                    "items_in": one.rows["items_in"],
                    "items_out": one.rows["items_out"],
                    "moved": one.rows["moved"],
                    "example": example,
                }
            )
        return found

    def _declared(self, cohort_id: int) -> Declared:
        row = self._db.execute(_COHORT, (cohort_id,)).fetchone()
        return Declared(*decoded_row(row))

    def _candidate(self, run_id: int, candidate_id: int | None) -> Candidate | None:
        if candidate_id is None:
            return None
        if new := self._affected.new.get((run_id, candidate_id)):
            return new
        row = self._db.execute(_CANDIDATE, (candidate_id,)).fetchone()
        return None if row is None else Candidate(*decoded_row(row))

    def _example(self, place: Place) -> ImpactExample:
        night, declared = self._nights[place.run_id], self._declared(place.cohort_id)
        before = self._candidate(place.run_id, place.candidate_before)
        after = self._candidate(place.run_id, place.candidate_after)
        item = after or before
        if item is None:
            raise LookupError("an item is missing")
        model = self._change.model.json if self._change.model else night.model_json
        was = _Side(
            night.as_of, declared, before, night.model_json, place.rank_before, place.points_before
        )
        would = _Side(night.as_of, declared, after, model, place.rank_after, place.points_after)
        return {
            "run_id": night.run_id,
            "as_of": night.as_of,
            "declared": declared.to_dict(),
            "recommendation_type": item.recommendation_type,
            "item_id": item.item_id,
            "title": item.title,
            "rank_before": was.rank,
            "rank_after": would.rank,
            "score_before": was.score if was.rank else None,
            "score_after": would.score if would.rank else None,
            "points_before": was.points,
            "points_after": would.points,
            "sentence": _sentence(was, would, self._change.top_k or night.top_k),
        }


def declared_text(declared: Declared) -> str:
    """What was declared, in one line."""
    facts = [fact.phrase for fact in describe_declared(declared) if fact.is_known]
    return pgettext("list", ", ").join(facts) or _("nothing declared")


class _Side:
    """One side of an example: where it is, with which points, and what the formula says of it."""

    def __init__(
        self,
        as_of: str,
        declared: Declared,
        item: Candidate | None,
        model_json: str,
        rank: int | None,
        decided: tuple[int, ...] | None,
    ) -> None:
        self.rank = rank
        self.item = item
        self.found: Evaluation | None = None
        if item is not None:
            self.found = _evaluated(as_of, declared, item, model_json)
        parts = (*self.found.points.parts, self.found.points.score) if self.found else ()
        known = decided or parts
        self.score: int | None = known[-1] if known else None
        self.points = dict(zip(COMPONENTS, known[:-1], strict=True)) if known else None

    @property
    def obstacle(self) -> str:
        """Why it is no candidate for this vector; empty if it is."""
        if self.item is None:
            return _("not in the catalogue")
        if self.item.left_out:
            return rule_name(self.item.left_out)
        if self.found is None:
            return _("what is stored cannot be evaluated")
        return pgettext("sentences", "; ").join(obstacles(self.found))

    @property
    def text(self) -> str:
        """The score and what it is made of."""
        parts = pgettext("list", ", ").join(
            _("{component} {points}", component=component_name(name), points=points)
            for name, points in (self.points or {}).items()
        )
        return _("{score} points ({parts})", score=self.score, parts=parts)


def _evaluated(
    as_of: str, declared: Declared, item: Candidate, model_json: str
) -> Evaluation | None:
    try:
        found = evaluate_alone(as_of, declared, item, model_json)
    except (*NOT_READABLE, sqlite3.Error):
        return None
    return found if found.is_whole else None


def _sentence(was: _Side, would: _Side, top_k: int) -> str:
    said = _outcome(was, would, top_k)
    if not (was.found and would.found and was.points and would.points):
        return said
    changed = [
        text
        for name, text in zip(COMPONENTS, component_sentences(would.found), strict=True)
        if was.points[name] != would.points[name]
    ]
    if not changed or (not would.rank and would.obstacle):
        return said
    return _("{what}; now {why}", what=said, why=pgettext("sentences", "; ").join(changed))


def _outcome(was: _Side, would: _Side, top_k: int) -> str:
    values = {
        "rank_before": was.rank,
        "rank_after": would.rank,
        "before": was.text,
        "after": would.text,
        "top_k": top_k,
    }
    if was.rank and would.rank:
        return _(
            "was at place {rank_before} with {before}, would be at place {rank_after} with {after}",
            **values,
        )
    if was.rank and would.obstacle:
        return _(
            "was at place {rank_before} with {before}, would be left out: {why}",
            why=would.obstacle,
            **values,
        )
    if was.rank:
        return _(
            "was at place {rank_before} with {before}, would have {after} and none of the {top_k} places",
            **values,
        )
    if was.obstacle:
        return _(
            "was left out ({why}), would be at place {rank_after} with {after}",
            why=was.obstacle,
            **values,
        )
    return _(
        "had {before} and no place, would be at place {rank_after} with {after}",
        **values,
    )
