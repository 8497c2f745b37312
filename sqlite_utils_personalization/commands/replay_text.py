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
from sqlite_utils_personalization.audit.why_not import DIFFERS, WhyNot
from sqlite_utils_personalization.catalogue.candidate import Candidate
from sqlite_utils_personalization.catalogue.rule_names import rule_name
from sqlite_utils_personalization.commands.output import padded
from sqlite_utils_personalization.formula.descriptions import describe_declared, describe_item
from sqlite_utils_personalization.formula.evaluation import Constants, Evaluation
from sqlite_utils_personalization.formula.sentences import (
    and_more,
    component_name,
    days,
    total_sentence,
)
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.language import message_of, pgettext
from sqlite_utils_personalization.model.kinds import Declared

Line = tuple[str, str]
# Columns of a label.
_LABEL = 9
# Reasons that their sentences begin with.
_SAID = ("recommended", "left out", "same programme")


def replay_text(found: Replay) -> str:
    """One block for one recommendation."""
    logged = found.logged
    title = found.found.candidate.title if found.found else ""
    return _block(
        f"{logged.rec_id}  {logged.recommendation_type}  {title}".rstrip(),
        [
            (pgettext("label", "verdict"), _verdict(found)),
            *_night(found),
            (
                pgettext("label", "customer"),
                _(
                    "{customer} (profile {profile_id})",
                    customer=_customer(found),
                    profile_id=logged.profile_id,
                ),
            ),
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
    return _block(
        "  ".join(filter(None, (found.recommendation_type, found.item_id, found.title))),
        [
            (pgettext("label", "answer"), _answer(found)),
            (
                pgettext("label", "night"),
                _("{day}, run {run_id}", day=found.as_of, run_id=found.run_id),
            ),
            (pgettext("label", "customer"), _("profile {profile_id}", profile_id=found.profile_id)),
            *(_inputs(found.found) if found.found else ()),
            *(_points(components(scored), scored) if scored else ()),
            *([(pgettext("label", "would do"), _nearest(found))] if found.is_missing else ()),
        ],
    )


def _nearest(found: WhyNot) -> str:
    nearest = found.nearest
    if nearest is None:
        return _("no single change of what was declared")
    return _(
        "{change}: place {place} with {points} points",
        change=nearest.sentence,
        place=nearest.place,
        points=nearest.points,
    )


def _block(title: str, lines: Iterable[Line]) -> str:
    return "\n".join([title, *(f"    {padded(label, _LABEL)} {text}" for label, text in lines), ""])


def _customer(found: Replay) -> str:
    if found.erased_at is not None:
        return _("erased since {moment}", moment=found.erased_at)
    return found.logged.user_token_hash or _("gone")


def _verdict(found: Replay) -> str:
    values = {
        "verdict": message_of(found.verdict),
        "score": found.logged.score,
        "recomputed": found.recomputed_score,
        "moment": found.erased_at,
        "missing": found.missing,
        "differing": pgettext("list", ", ").join(found.differences),
    }
    if found.verdict == NO_EVIDENCE:
        # Which of the two it is takes the seals, and one row says nothing of those.
        return _(
            "{verdict}: another program wrote this row, with a score of {score}, unless personalization-verify has a"
            " finding",
            **values,
        )
    if found.verdict == ERASED:
        return _(
            "{verdict}: since {moment} nobody's, otherwise reproduced: logged {score}, recomputed {recomputed}",
            **values,
        )
    if found.missing:
        return _("{verdict}: its {missing} is missing - run personalization-verify", **values)
    if found.differences:
        return _("{verdict} in {differing}: logged {score}, recomputed {recomputed}", **values)
    return _("{verdict}: logged {score}, recomputed {recomputed}", **values)


def _answer(found: WhyNot) -> str:
    if found.reason in _SAID:
        return found.sentence
    name = _reason_names().get(found.reason, found.reason)
    return pgettext("why not", "{reason}: {sentence}", reason=name, sentence=found.sentence)


def _reason_names() -> dict[str, str]:
    return {
        "not eligible": pgettext("why not", "not eligible"),
        "no points": pgettext("why not", "no points"),
        "handed over before": pgettext("why not", "handed over before"),
        "below the cut": pgettext("why not", "below the cut"),
        "not in the catalogue": pgettext("why not", "not in the catalogue"),
        "not scored": pgettext("why not", "not scored"),
        "not a customer": pgettext("why not", "not a customer"),
        DIFFERS: pgettext("why not", "evidence differs"),
    }


def _night(found: Replay) -> Iterator[Line]:
    if found.run is None:
        yield pgettext("label", "served"), found.logged.served_at
        return
    run, moment = found.run, found.logged.served_at
    night = _(
        "{day}, run {run_id}, served {moment}", day=run.as_of, run_id=run.run_id, moment=moment
    )
    yield pgettext("label", "night"), night
    if found.found:
        yield pgettext("label", "model"), _model(found.found.constants, run.model_sha256[:12])


def _model(model: Constants, digest: str) -> str:
    weights = (f"{component_name(name)} {weight}" for name, weight in model.weights.items())
    values = {
        "weights": pgettext("list", ", ").join(weights),
        "urgent": days(model.urgent_days),
        "cap": model.cap,
        "notice": days(model.lead_days),
        "digest": digest,
    }
    if not model.lead_days:
        return _("{weights}, urgent {urgent}, cap {cap} (sha256 {digest})", **values)
    return _("{weights}, urgent {urgent}, cap {cap}, notice {notice} (sha256 {digest})", **values)


def _inputs(found: Evaluation) -> Iterator[Line]:
    yield pgettext("label", "declared"), _declared(found.declared)
    yield pgettext("label", "item"), _item(found.candidate)


def _declared(declared: Declared) -> str:
    said = [fact.phrase for fact in describe_declared(declared) if fact.is_known]
    return pgettext("list", ", ").join(said) or _("nothing")


def _item(item: Candidate) -> str:
    facts = describe_item(item)
    named = (facts[name].phrase for name in ("opens_on", "closes_on"))
    listed = (facts[name].text for name in ("prefectures", "industries"))
    return pgettext("list", ", ").join([item.item_id, *named, *listed, facts["risk_level"].phrase])


def _points(parts: Iterable[Component], found: Evaluation) -> Iterator[Line]:
    for part in parts:
        sentence = part.sentence
        if part.decided not in (None, part.points):
            sentence = _(
                "{sentence} - but stored is {points}", sentence=sentence, points=part.decided
            )
        yield component_name(part.name), f"{part.points!s:>3}  {sentence}"
    yield pgettext("label", "score"), f"{found.points.score!s:>3}  {total_sentence(found)}"


def _sealed(found: Replay) -> Iterator[Line]:
    if found.sealed:
        seal_id, faults = found.sealed
        yield pgettext("label", "seal"), _proof(seal_id, pgettext("sentences", "; ").join(faults))


def _proof(seal_id: int | None, faults: str) -> str:
    if not faults:
        return _("proved under seal {seal_id}", seal_id=seal_id)
    if seal_id:
        return _("not proved under seal {seal_id}: {faults}", seal_id=seal_id, faults=faults)
    return _("not proved under no seal: {faults}", faults=faults)


def _position(found: Replay) -> Iterator[Line]:
    if found.position is None:
        return
    rank, places, next_ = found.position
    yield pgettext("label", "rank"), _("{rank} of {places}", rank=rank, places=places)
    if next_:
        where = pgettext("label", "next") if next_.on_list else pgettext("label", "cut off")
        yield where, _("{title} ({item_id}), {points} points", **next_._asdict())


def _same_programme(found: Replay) -> Iterator[Line]:
    if found.same_programme:
        named = (_("{title} ({item_id})", **one._asdict()) for one in found.same_programme)
        yield pgettext("label", "programme"), and_more(named)


def _now(now: ThenNow) -> Iterator[Line]:
    yield pgettext("label", "today"), _(
        "{day}: {standing}", day=now.today, standing=message_of(now.standing)
    )
    names = _field_names()
    for fact in now.facts:
        if fact.changed:
            values = [_shown(value) for value in (fact.then, fact.now)]
            if fact.name == "left_out":
                values = [rule_name(value) for value in values]
            before, after = values
            name = names.get(fact.name, fact.name)
            yield "", _("{name}: {before} -> {after}", name=name, before=before, after=after)
    for change in now.amendments:
        yield (
            "",
            _(
                "amendment {diff_id}, seen {day}: {name} {before} -> {after}",
                diff_id=change.diff_id,
                day=change.detected_on,
                name=change.field_name,
                before=_shown(change.prev_value),
                after=_shown(change.new_value),
            ),
        )


def _field_names() -> dict[str, str]:
    return {
        "title": pgettext("field", "title"),
        "industries": pgettext("field", "industries"),
        "prefectures": pgettext("field", "prefectures"),
        "opens_on": pgettext("field", "opens_on"),
        "closes_on": pgettext("field", "closes_on"),
        "risk_level": pgettext("field", "risk_level"),
        "why": pgettext("field", "why"),
        "left_out": pgettext("field", "left_out"),
    }


def _shown(value: object) -> str:
    return pgettext("value", "none") if value is None else str(value)
