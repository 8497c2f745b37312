"""What a replay and a why-not say, as text for people."""

from collections.abc import Iterable, Iterator

from sqlite_utils_personalization.audit.compare_today import ThenNow
from sqlite_utils_personalization.audit.replay_result import (
    ERASED,
    NO_EVIDENCE,
    Component,
    Replay,
    components,
)
from sqlite_utils_personalization.audit.why_not import WhyNot
from sqlite_utils_personalization.catalogue.candidate import Candidate
from sqlite_utils_personalization.formula.descriptions import describe_declared, describe_item
from sqlite_utils_personalization.formula.evaluation import Evaluation
from sqlite_utils_personalization.formula.sentences import and_more, days, total_sentence
from sqlite_utils_personalization.model.kinds import Declared

Line = tuple[str, str]


def replay_text(found: Replay) -> str:
    """One block for one recommendation."""
    logged = found.logged
    title = found.found.candidate.title if found.found else ""
    return _block(
        f"{logged.rec_id}  {logged.recommendation_type}  {title}".rstrip(),
        [
            ("verdict", _verdict(found)),
            *_night(found),
            ("customer", f"{_customer(found)} (profile {logged.profile_id})"),
            *(_inputs(found.found) if found.found else ()),
            *(_points(found.components, found.found) if found.found else ()),
            *_position(found),
            *_same_programme(found),
            *_sealed(found),
            *(_now(found.now) if found.now else ()),
        ],
    )


def why_not_text(found: WhyNot) -> str:
    """One block for one question."""
    scored = found.found if found.found and found.found.is_eligible else None
    nearest = found.nearest
    would = (
        f"{nearest.sentence}: place {nearest.place} with {nearest.points} points"
        if nearest
        else "no single change of what was declared"
    )
    return _block(
        "  ".join(filter(None, (found.recommendation_type, found.item_id, found.title))),
        [
            ("answer", _answer(found)),
            ("night", f"{found.as_of}, run {found.run_id}"),
            ("customer", f"profile {found.profile_id}"),
            *(_inputs(found.found) if found.found else ()),
            *(_points(components(scored), scored) if scored else ()),
            *([("would do", would)] if found.is_missing else ()),
        ],
    )


def _block(title: str, lines: Iterable[Line]) -> str:
    return "\n".join([title, *(f"    {label:<9} {text}" for label, text in lines), ""])


def _customer(found: Replay) -> str:
    if found.erased_at is not None:
        return f"erased since {found.erased_at}"
    return found.logged.user_token_hash or "gone"


def _verdict(found: Replay) -> str:
    score = f"logged {found.logged.score}, recomputed {found.recomputed_score}"
    if found.verdict == NO_EVIDENCE:
        # Which of the two it is takes the seals, and one row says nothing of those.
        return (
            f"{found.verdict}: another program wrote this row, with a score of {found.logged.score},"
            " unless personalization-verify has a finding"
        )
    if found.verdict == ERASED:
        return f"{found.verdict}: since {found.erased_at} nobody's, otherwise reproduced: {score}"
    if found.missing:
        return f"{found.verdict}: its {found.missing} is missing - run personalization-verify"
    differing = f" in {', '.join(found.differences)}" if found.differences else ""
    return f"{found.verdict}{differing}: {score}"


def _answer(found: WhyNot) -> str:
    if found.sentence.startswith(found.reason):
        return found.sentence
    return f"{found.reason}: {found.sentence}"


def _night(found: Replay) -> Iterator[Line]:
    if found.run is None:
        yield "served", found.logged.served_at
        return
    run = found.run
    yield "night", f"{run.as_of}, run {run.run_id}, served {found.logged.served_at}"
    if found.found:
        model = found.found.constants
        weights = ", ".join(f"{name} {weight}" for name, weight in model.weights.items())
        yield (
            "model",
            (
                f"{weights}, urgent {days(model.urgent_days)}, cap {model.cap}{_notice(model.lead_days)}"
                f" (sha256 {run.model_sha256[:12]})"
            ),
        )


def _notice(lead_days: int) -> str:
    return f", notice {days(lead_days)}" if lead_days else ""


def _inputs(found: Evaluation) -> Iterator[Line]:
    yield "declared", _declared(found.declared)
    yield "item", _item(found.candidate)


def _declared(declared: Declared) -> str:
    said = [fact.phrase for fact in describe_declared(declared) if fact.is_known]
    return ", ".join(said) or "nothing"


def _item(item: Candidate) -> str:
    facts = describe_item(item)
    named = (facts[name].phrase for name in ("opens_on", "closes_on"))
    listed = (facts[name].text for name in ("prefectures", "industries"))
    return ", ".join([item.item_id, *named, *listed, facts["risk_level"].phrase])


def _points(parts: Iterable[Component], found: Evaluation) -> Iterator[Line]:
    for part in parts:
        note = "" if part.decided in (None, part.points) else f" - but stored is {part.decided}"
        yield part.name, f"{part.points!s:>3}  {part.sentence}{note}"
    yield "score", f"{found.points.score!s:>3}  {total_sentence(found)}"


def _sealed(found: Replay) -> Iterator[Line]:
    if found.sealed:
        seal_id, faults = found.sealed
        under = f"under seal {seal_id}" if seal_id else "under no seal"
        yield "seal", f"not proved {under}: {'; '.join(faults)}" if faults else f"proved {under}"


def _position(found: Replay) -> Iterator[Line]:
    if found.position is None:
        return
    rank, places, next_ = found.position
    yield "rank", f"{rank} of {places}"
    if next_:
        where = "next" if next_.on_list else "cut off"
        yield where, f"{next_.title} ({next_.item_id}), {next_.points} points"


def _same_programme(found: Replay) -> Iterator[Line]:
    if found.same_programme:
        named = (f"{one.title} ({one.item_id})" for one in found.same_programme)
        yield "programme", and_more(named)


def _now(now: ThenNow) -> Iterator[Line]:
    yield "today", f"{now.today}: {now.standing}"
    for fact in now.facts:
        if fact.changed:
            yield "", f"{fact.name}: {_shown(fact.then)} -> {_shown(fact.now)}"
    for change in now.amendments:
        values = f"{_shown(change.prev_value)} -> {_shown(change.new_value)}"
        yield (
            "",
            f"amendment {change.diff_id}, seen {change.detected_on}: {change.field_name} {values}",
        )


def _shown(value: object) -> str:
    return "none" if value is None else str(value)
