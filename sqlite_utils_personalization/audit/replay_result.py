"""What a replay says of one log row."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict

from sqlite_utils_personalization.audit.ranking import OtherRound, RunnerUp
from sqlite_utils_personalization.formula.evaluation import Evaluation, Points
from sqlite_utils_personalization.formula.sentences import component_sentences, total_sentence
from sqlite_utils_personalization.language import N_
from sqlite_utils_personalization.model.kinds import COMPONENTS, POINTS

if TYPE_CHECKING:
    from sqlite_utils_personalization.audit.compare_today import ThenNow

REPRODUCED, DIFFERS = N_("reproduced"), N_("differs")
ERASED = N_("erased")
NO_EVIDENCE, BROKEN = N_("no evidence"), N_("evidence broken")
FAULTS = (DIFFERS, BROKEN)


class Logged(NamedTuple):
    """A log row; user_token_hash is None if its customer is gone or erased."""

    rec_id: int
    profile_id: int
    user_token_hash: str | None
    recommendation_type: str
    served_at: str
    score: int


class Run(NamedTuple):
    """The night a row belongs to."""

    run_id: int
    as_of: str
    again: int
    top_k: int
    model_sha256: str
    package_version: str


class Component(NamedTuple):
    """One part of a score: its points by the formula, those decided that night, and why."""

    name: str
    points: int
    decided: int | None
    sentence: str


class PlaceOnList(NamedTuple):
    """Where an item stood among those of its type on the customer's list, from 1, and what came next.

    runner_up is None where nothing else had a score, or where it was not looked for.
    """

    rank: int
    places: int
    runner_up: RunnerUp | None


class ProvedRow(NamedTuple):
    """The seal over a row, None if none covers it, and what keeps the row from being proved under it, if anything."""

    seal_id: int | None
    faults: tuple[str, ...]


class WasRead(TypedDict):
    """What the formula read, each None without evidence."""

    model: dict[str, Any] | None
    declared: dict[str, Any] | None
    item: dict[str, Any] | None


class WasListed(TypedDict):
    """Where the item stood among those of its type."""

    rank: int | None
    places: int | None
    runner_up: dict[str, Any] | None


class ReplayedRow(WasRead, WasListed):
    """One log row, what it was decided from, and what the formula makes of that; keys are only ever added."""

    rec_id: int
    verdict: str
    first_difference: str | None
    missing: str | None
    served_at: str
    user_token_hash: str | None
    profile_id: int
    recommendation_type: str
    score: int
    recomputed_score: int | None
    run: dict[str, Any] | None
    components: list[dict[str, Any]]
    total: dict[str, Any] | None
    same_programme: list[dict[str, str]]
    erased_at: str | None
    sealed: dict[str, Any] | None
    now: dict[str, Any] | None


@dataclass(frozen=True)
class Replay:
    """One log row, what it was decided from, and what the formula makes of that.

    verdict is reproduced, erased (reproduced, but its customer was erased), differs, no evidence (another program wrote
    the row) or evidence broken (a link leads nowhere). differences are, in this order, any of eligibility, those of
    COMPONENTS, score, logged_score, recommendation_type, served_at, customer, range (the rows beside it are another
    customer's), and of item, list and model, if one is
    not what its digest was taken of; missing is the first link that leads nowhere. found and decided are None where
    there is no evidence or it is broken; of a broken row the run may still be known. erased_at is when the customer
    was erased, whatever the verdict. sealed and now are None unless they were asked for. same_programme are the other
    rounds, frames and years of the item that the customer might have been given in its place.
    """

    logged: Logged
    verdict: str
    differences: tuple[str, ...] = ()
    missing: str | None = None
    run: Run | None = None
    candidate_id: int | None = None
    found: Evaluation | None = None
    decided: Points | None = None
    position: PlaceOnList | None = None
    erased_at: str | None = None
    sealed: ProvedRow | None = None
    same_programme: tuple[OtherRound, ...] = ()
    now: "ThenNow | None" = None

    @property
    def is_fault(self) -> bool:
        """Whether it differs from its evidence, its evidence is broken, or it was tried and not proved under a seal."""
        return self.verdict in FAULTS or bool(self.sealed and self.sealed.faults)

    @property
    def rec_id(self) -> int:
        return self.logged.rec_id

    @property
    def first_difference(self) -> str | None:
        return self.differences[0] if self.differences else None

    @property
    def recomputed_score(self) -> int | None:
        return self.found.points.score if self.found else None

    @property
    def components(self) -> tuple[Component, ...]:
        """In the order of COMPONENTS; empty without evidence."""
        if not self.found or not self.decided:
            return ()
        return components(self.found, self.decided)

    def to_dict(self) -> ReplayedRow:
        """What personalization-replay --json prints of the row."""
        return {
            "rec_id": self.rec_id,
            "verdict": self.verdict,
            "first_difference": self.first_difference,
            "missing": self.missing,
            "served_at": self.logged.served_at,
            "user_token_hash": self.logged.user_token_hash,
            "profile_id": self.logged.profile_id,
            "recommendation_type": self.logged.recommendation_type,
            "score": self.logged.score,
            "recomputed_score": self.recomputed_score,
            "run": self.run._asdict() if self.run else None,
            **inputs_dict(self.found),
            "components": [component._asdict() for component in self.components],
            "total": total_dict(self.found),
            **_position_dict(self.position),
            "same_programme": [one._asdict() for one in self.same_programme],
            "erased_at": self.erased_at,
            "sealed": self.sealed
            and {"seal_id": self.sealed.seal_id, "faults": list(self.sealed.faults)},
            "now": self.now.to_dict() if self.now else None,
        }

    def to_row(self) -> tuple[Any, ...]:
        """The row without nested values, for CSV and tables; its columns are ROW_COLUMNS."""
        logged, run, found = self.logged, self.run, self.found
        return (
            logged.rec_id,
            self.verdict,
            self.first_difference,
            run.run_id if run else None,
            run.as_of if run else None,
            logged.served_at,
            logged.user_token_hash,
            logged.recommendation_type,
            found.candidate.item_id if found else None,
            found.candidate.title if found else None,
            self.position.rank if self.position else None,
            *(found.points.parts if found else (None,) * len(COMPONENTS)),
            logged.score,
            self.recomputed_score,
            self.erased_at,
            self.sealed.seal_id if self.sealed else None,
            "; ".join(self.sealed.faults) or None if self.sealed else None,
        )


# Columns are only ever added, at the end.
ROW_COLUMNS = (
    "rec_id",
    "verdict",
    "first_difference",
    "run_id",
    "as_of",
    "served_at",
    "user_token_hash",
    "recommendation_type",
    "item_id",
    "title",
    "rank",
    *POINTS,
    "score",
    "recomputed_score",
    "erased_at",
    "seal_id",
    "seal_fault",
)


def components(found: Evaluation, decided: Points | None = None) -> tuple[Component, ...]:
    """The parts of a score; decided are the stored points, where any were stored."""
    stored = decided.parts if decided else (None,) * len(COMPONENTS)
    parts = zip(COMPONENTS, found.points.parts, stored, component_sentences(found), strict=True)
    return tuple(Component(*part) for part in parts)


def inputs_dict(found: Evaluation | None) -> WasRead:
    """model, declared and item: what the formula read; each None without evidence."""
    if found is None:
        return {"model": None, "declared": None, "item": None}
    item = found.candidate._asdict()
    for key in ("recommendation_type", "profile_id", "left_out", "rolling"):
        del item[key]
    said = {"why": why(found.candidate.why), "days_left": found.days_left}
    return {
        "model": found.constants.to_dict(),
        "declared": found.declared.to_dict(),
        "item": {**item, **said, "closing": found.candidate.closing},
    }


def total_dict(found: Evaluation | None) -> dict[str, Any] | None:
    """The sum, the score it is capped to, and the arithmetic in words."""
    if found is None:
        return None
    total = found.points.total if found.is_whole else None
    return {"points": total, "score": found.points.score, "sentence": total_sentence(found)}


def why(text: str) -> Any:
    """Where a candidate's facts come from, as an object; the text itself if it is not JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _position_dict(position: PlaceOnList | None) -> WasListed:
    if position is None:
        return {"rank": None, "places": None, "runner_up": None}
    rank, places, next_ = position
    return {"rank": rank, "places": places, "runner_up": next_._asdict() if next_ else None}
